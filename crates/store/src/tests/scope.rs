//! A list is what policy permits of everything: over made-up worlds in a real database, what the SQL of a scope
//! finds is what the scope says in memory, and what `decide` permits one by one.

#[path = "../../../policy/tests/shared/ask.rs"]
mod ask;
#[path = "../../../policy/tests/shared/worlds.rs"]
#[expect(dead_code, reason = "the worlds are shared with the policy's own tests, which make more of them")]
pub(crate) mod worlds;

use super::{TempDir, a_customer, a_document, a_patient, a_person, customer, person};
use crate::{Document, DocumentFilter, Patient, Store};
use ask::Asked;
use policy::scope::{document_scope, patient_scope};
use policy::{CustomerFacts, DocumentFacts, Facts, JoiningFacts, PatientFacts, Policy, PrincipalFacts, ResourceFacts};
use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{
    Action, CustomerId, DocumentId, ManualClock, PatientId, PersonId, Principal, Purpose, Resources, SeededEntropy,
};
use std::collections::BTreeSet;
use worlds::{Dice, NOW};

const DOCUMENT_ACTIONS: &[Action] =
    &[Action::DocumentList, Action::DocumentSearch, Action::DocumentStatus, Action::AccessList, Action::AccessReview];
const PATIENT_ACTIONS: &[Action] = &[Action::PatientSearch, Action::PatientShow, Action::AccessList];
const DOCUMENTS: u8 = 48;

struct World {
    documents: Vec<Document>,
    /// (document, person)
    inboxes: BTreeSet<(DocumentId, PersonId)>,
    patients: Vec<Patient>,
}

impl World {
    /// Three customers, four people, nine patients, documents in every state. The patients whose glasses the made-up
    /// askers break live at customers 1 and 2.
    async fn make(dice: &mut Dice, store: &Store) -> Self {
        let patient = |n: u8| {
            let whose = if n < 3 { [1, 1, 2][usize::from(n)] } else { 1 + n % 3 };
            a_patient(worlds::patient(n), customer(whose))
        };
        let patients: Vec<Patient> = (0..9).map(patient).collect();
        let mut documents = Vec::new();
        let mut inboxes = BTreeSet::new();
        for n in 0..DOCUMENTS {
            let here = customer(1 + n % 3);
            let own: Vec<PatientId> = patients.iter().filter(|one| one.customer == here).map(|one| one.id).collect();
            let mut new = a_document(DocumentId::from_bytes([n + 1; 16]), here);
            let some = |dice: &mut Dice| dice.pick(&[Some(person(0)), Some(person(1)), Some(person(2)), None]);
            new.state = dice.pick(DocumentState::ALL);
            new.kind = dice.pick(DocumentKind::ALL);
            new.confidentiality = dice.pick(Confidentiality::ALL);
            new.patient = if dice.percent(80) { Some(dice.pick(&own)) } else { None };
            new.author = some(dice);
            new.uploader = some(dice).map_or_else(|| "prg_nobody".to_owned(), |id| id.to_string());
            for _ in 0..dice.below(3) {
                inboxes.extend(some(dice).map(|who| (new.id, who)));
            }
            documents.push(new);
        }
        let mut tx = store.begin("make a world").await.unwrap();
        for n in 1..=3 {
            tx.customer_insert(&a_customer(customer(n))).await.unwrap();
        }
        for n in 0..4 {
            tx.person_insert(&a_person(person(n))).await.unwrap();
        }
        for one in &patients {
            tx.patient_insert(one).await.unwrap();
        }
        for one in &documents {
            tx.document_insert(one).await.unwrap();
        }
        for (document, who) in &inboxes {
            tx.recipient_add(*document, *who, false).await.unwrap();
        }
        tx.commit().await.unwrap();
        Self { documents, inboxes, patients }
    }

    /// Worked out here, and not by the database.
    fn in_care(&self, patient: PatientId, who: PersonId) -> bool {
        self.documents.iter().any(|one| {
            one.patient == Some(patient)
                && matches!(one.state, DocumentState::Delivered | DocumentState::Signed)
                && (one.author == Some(who) || self.inboxes.contains(&(one.id, who)))
        })
    }

    fn facts(&self, document: &Document, who: PersonId) -> DocumentFacts {
        DocumentFacts {
            id: document.id,
            customer: document.customer,
            state: document.state,
            kind: document.kind,
            confidentiality: document.confidentiality,
            author: document.author,
            uploader: document.uploader.parse().ok(),
            recipients: self.inboxes.iter().filter(|(id, _)| *id == document.id).map(|(_, who)| *who).collect(),
            patient: document.patient,
            in_care: document.patient.is_some_and(|patient| self.in_care(patient, who)),
            read_by_practice: false,
            delivered_at: document.delivered_at,
        }
    }
}

struct Asker<'a> {
    policy: &'a Policy,
    principal: Principal,
    facts: &'a PrincipalFacts,
}

impl Asker<'_> {
    fn permits(&self, action: Action, customer: CustomerId, row: ResourceFacts) -> bool {
        let asked = Asked {
            principal: self.principal,
            customer: Some(customer),
            resources: Resources::of([row.id()]),
            purpose: Purpose::Operations,
        };
        let facts = Facts {
            principal: self.facts.clone(),
            resources: vec![row],
            customer: Some(CustomerFacts {
                id: customer,
                agreement_in_force: true,
                requested_by: None,
                joining: JoiningFacts::default(),
            }),
        };
        let clock = ManualClock::at_unix_millis(NOW.unix_millis());
        ask::decide(self.policy, ask::intent(action, &clock, &SeededEntropy::new(1), &asked), &facts).is_ok()
    }
}

/// Every page of a list, a few rows at a time.
async fn paged(store: &Store, mut filter: DocumentFilter) -> Vec<DocumentId> {
    let mut found = Vec::new();
    loop {
        let page = store.document_list(&filter, 7).await.unwrap();
        found.extend(page.items.iter().map(|document| document.id));
        filter.before = page.items.last().map(|document| document.id);
        if !page.more {
            return found;
        }
    }
}

async fn documents_agree(store: &Store, world: &World, asker: &Asker<'_>, action: Action, here: CustomerId) -> usize {
    let scope = document_scope(action, asker.facts, asker.principal, here, NOW);
    let filter = DocumentFilter::all(here, scope.clone());
    let found = paged(store, filter.clone()).await;
    let mut held = Vec::new();
    for document in world.documents.iter().rev() {
        let facts = world.facts(document, worlds::me());
        let holds = document.customer == here && scope.holds(&facts, asker.principal);
        let permitted = asker.permits(action, here, ResourceFacts::Document(facts));
        assert_eq!(holds, permitted, "{action} {}\n{:#?}", document.id, asker.facts);
        if holds {
            held.push(document.id);
        }
    }
    assert_eq!(found, held, "{action} at {here}\n{:#?}\n{scope:#?}", asker.facts);
    assert_eq!(store.document_count(&filter, 1000).await.unwrap(), held.len() as u64);
    held.len()
}

async fn patients_agree(store: &Store, world: &World, asker: &Asker<'_>, action: Action, here: CustomerId) -> usize {
    let scope = patient_scope(action, asker.facts, asker.principal, here, NOW);
    let page = store.patient_search(here, &scope, &[], None, 100).await.unwrap();
    let found: Vec<PatientId> = page.items.iter().map(|patient| patient.id).collect();
    let mut held = Vec::new();
    for patient in world.patients.iter().rev() {
        let in_care = world.in_care(patient.id, worlds::me());
        let facts = PatientFacts { id: patient.id, customer: patient.customer, in_care, provisional: false };
        let holds = patient.customer == here && scope.holds(&facts, asker.principal);
        let permitted = asker.permits(action, here, ResourceFacts::Patient(facts));
        assert_eq!(holds, permitted, "{action} {}\n{:#?}", patient.id, asker.facts);
        if holds {
            held.push(patient.id);
        }
    }
    assert_eq!(found, held, "{action} at {here}\n{:#?}\n{scope:#?}", asker.facts);
    held.len()
}

/// What the store tells policy is what is so, asked one by one or for a page at once.
async fn facts_agree(store: &Store, world: &World) {
    for here in [customer(1), customer(2), customer(3)] {
        for who in [person(0), person(1)] {
            let many = store.document_facts_many(here, &world.documents, Some(who)).await.unwrap();
            let own: Vec<&Document> = world.documents.iter().filter(|one| one.customer == here).collect();
            assert_eq!(many.len(), own.len());
            for (document, told) in own.into_iter().zip(many) {
                assert_eq!(told, world.facts(document, who));
                assert_eq!(store.document_facts(document, Some(who)).await.unwrap(), told);
            }
        }
    }
}

#[tokio::test]
async fn a_list_from_the_database_is_what_policy_permits_of_everything() {
    let worlds: u64 = std::env::var("STRONGROOM_WORLDS").ok().map_or(3, |text| text.parse().expect("a number"));
    let policy = Policy::embedded().expect("the embedded policies are in order");
    let mut dice = Dice(164_312);
    let (mut seen, mut asked) = (0, 0);
    for _ in 0..worlds {
        let dir = TempDir::new();
        let store = dir.open().await;
        let world = World::make(&mut dice, &store).await;
        facts_agree(&store, &world).await;
        for _ in 0..12 {
            let principal = if dice.percent(4) { Principal::Stranger } else { Principal::Person(worlds::me()) };
            for action in DOCUMENT_ACTIONS {
                let facts = worlds::principal_facts(&mut dice, Some(*action));
                let asker = Asker { policy: &policy, principal, facts: &facts };
                let here = dice.pick(&[customer(1), customer(1), customer(2), customer(3)]);
                seen += documents_agree(&store, &world, &asker, *action, here).await;
                asked += 16;
            }
            for action in PATIENT_ACTIONS {
                let facts = worlds::principal_facts(&mut dice, Some(*action));
                let asker = Asker { policy: &policy, principal, facts: &facts };
                let here = dice.pick(&[customer(1), customer(1), customer(2), customer(3)]);
                seen += patients_agree(&store, &world, &asker, *action, here).await;
                asked += 3;
            }
        }
    }
    assert!(seen * 20 > asked, "worlds in which nearly nothing is seen prove little: {seen} of {asked}");
}
