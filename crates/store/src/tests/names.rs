//! Names: what the blind index finds is what having a token of every group means, whatever is common and whatever rare.

use super::scope::worlds::Dice;
use super::{a_document, a_patient, customer, peopled, store};
use crate::{Document, DocumentFilter, Patient, Store};
use policy::scope::{DocumentClause, DocumentScope, PatientRelation, PatientScope, Relation};
use record::document::{Confidentiality, DocumentState};
use record::{DocumentId, PatientId};
use std::collections::{BTreeMap, BTreeSet};

type Token = (String, Vec<u8>);

struct Town {
    patients: Vec<Patient>,
    tokens: BTreeMap<PatientId, BTreeSet<Token>>,
    documents: Vec<Document>,
}

/// Low numbers are common: the first is everybody's second, the last hardly anybody's.
fn token(dice: &mut Dice) -> Token {
    let field = dice.pick(&["surname", "given"]);
    let n = (0..7).find(|_| dice.percent(35)).unwrap_or(7);
    // No two fields have a token in common: each has a key of its own.
    (field.to_owned(), vec![n + 16 * u8::from(field == "given"); 32])
}

async fn town(dice: &mut Dice, store: &Store) -> Town {
    let id = |n: u8| [n; 16];
    let patients: Vec<Patient> = (1..=60)
        .map(|n| {
            let mut one = a_patient(PatientId::from_bytes(id(n)), customer(if n % 6 == 0 { 2 } else { 1 }));
            if n % 11 == 0 {
                one.linked_to = Some(PatientId::from_bytes(id(if n % 6 == 0 { 6 } else { 1 })));
            }
            one
        })
        .collect();
    let mut tokens = BTreeMap::new();
    let mut documents = Vec::new();
    for n in 0..120_u8 {
        let about = &patients[usize::try_from(dice.below(60)).unwrap()];
        let mut new = a_document(DocumentId::from_bytes(id(n + 1)), about.customer);
        new.patient = dice.percent(90).then_some(about.id);
        documents.push(new);
    }
    let mut tx = store.begin("make a town").await.unwrap();
    for one in &patients {
        let own: BTreeSet<Token> = (0..1 + dice.below(4)).map(|_| token(dice)).collect();
        tx.patient_insert(one).await.unwrap();
        let list: Vec<Token> = own.iter().cloned().collect();
        tx.patient_tokens_set(one.customer, one.id, &list).await.unwrap();
        tokens.insert(one.id, own);
    }
    for one in &documents {
        tx.document_insert(one).await.unwrap();
    }
    tx.commit().await.unwrap();
    Town { patients, tokens, documents }
}

impl Town {
    fn has(&self, patient: PatientId, groups: &[Vec<Token>]) -> bool {
        groups.iter().all(|group| group.iter().any(|one| self.tokens[&patient].contains(one)))
    }
}

async fn patients(store: &Store, groups: &[Vec<Token>]) -> Vec<PatientId> {
    let anyone = PatientScope { any_of: vec![PatientRelation::Anyone] };
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = store.patient_search(customer(1), &anyone, groups, before, 4).await.unwrap();
        found.extend(page.items.iter().map(|one| one.id));
        before = found.last().copied();
        if !page.more {
            return found;
        }
    }
}

#[tokio::test]
async fn what_the_index_finds_is_who_has_a_token_of_every_group() {
    let (_dir, store) = store().await;
    peopled(&store).await;
    let mut dice = Dice(11);
    let town = town(&mut dice, &store).await;
    let clause = DocumentClause {
        states: DocumentState::ALL.to_vec(),
        most: Confidentiality::VeryRestricted,
        who: Relation::Anyone,
    };
    let scope = DocumentScope { any_of: vec![clause] };
    let (mut many, mut few, mut none) = (0, 0, 0);
    for _ in 0..400 {
        let groups: Vec<Vec<Token>> = (0..1 + dice.below(3))
            .map(|_| (0..dice.pick(&[1, 1, 2, 3, 0])).map(|_| token(&mut dice)).collect())
            .collect();
        let here: Vec<&Patient> = town.patients.iter().rev().filter(|one| one.customer == customer(1)).collect();
        let known = here.iter().filter(|one| one.linked_to.is_none() && town.has(one.id, &groups));
        assert_eq!(patients(&store, &groups).await, known.map(|one| one.id).collect::<Vec<_>>(), "{groups:?}");
        let filter =
            DocumentFilter { patient_groups: groups.clone(), ..DocumentFilter::all(customer(1), scope.clone()) };
        let of = |one: &&Document| {
            one.customer == customer(1) && one.patient.is_some_and(|patient| town.has(patient, &groups))
        };
        let expected: Vec<DocumentId> = town.documents.iter().rev().filter(of).map(|one| one.id).collect();
        let found = store.document_list(&filter, 1000).await.unwrap().items;
        assert_eq!(found.iter().map(|one| one.id).collect::<Vec<_>>(), expected, "{groups:?}");
        assert_eq!(store.document_count(&filter, 1000).await.unwrap(), expected.len() as u64);
        let people = here.iter().filter(|one| town.has(one.id, &groups)).count();
        *(if people >= 6 {
            &mut many
        } else if people > 0 {
            &mut few
        } else {
            &mut none
        }) += 1;
    }
    assert!(many > 20 && few > 20 && none > 20, "all sides are met: {many}, {few}, {none}");
}
