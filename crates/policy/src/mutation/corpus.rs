//! The directed corpus: every action × every kind of asker × every kind of thing.

use super::ask::{self, Asked};
use crate::{
    BreakGlassFacts, BrokenGlassFact, CustomerFacts, DocumentFacts, Facts, JoiningFacts, MembershipFact, PatientFacts,
    PersonFacts, PrincipalFacts, ProgramFact, RelatedFacts, RequestFact, ResourceFacts, SignInFact,
};
use record::action::Subject;
use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{
    Action, BreakGlassId, CustomerId, DocumentId, Intent, ManualClock, PatientId, PersonId, Principal, ProgramId,
    Purpose, RelatedPersonId, ResourceId, Resources, Right, Role, SeededEntropy, Side, Timestamp,
};

const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
const HOME: CustomerId = CustomerId::from_bytes([1; 16]);
const ME: PersonId = PersonId::from_bytes([1; 16]);
const COLLEAGUE: PersonId = PersonId::from_bytes([2; 16]);
const MY_PROGRAM: ProgramId = ProgramId::from_bytes([1; 16]);
const PATIENT: PatientId = PatientId::from_bytes([1; 16]);

/// The actions that have a scope over documents.
pub(super) const DOCUMENT_SCOPES: &[Action] =
    &[Action::DocumentList, Action::DocumentSearch, Action::DocumentStatus, Action::AccessList, Action::AccessReview];
/// The actions that have a scope over patients.
pub(super) const PATIENT_SCOPES: &[Action] = &[Action::PatientSearch, Action::PatientShow, Action::AccessList];

/// One request and the facts to it.
pub(super) struct Case {
    pub(super) intent: Intent,
    pub(super) facts: Facts,
}

#[derive(Clone)]
struct Asker {
    principal: Principal,
    facts: PrincipalFacts,
    purpose: Purpose,
}

fn person(roles: &[Role], assigned: bool) -> Asker {
    let membership = |role: &Role| MembershipFact {
        customer: (role.side() == Side::Customer).then_some(HOME),
        role: *role,
        from: NOW,
        to: None,
    };
    let facts = PrincipalFacts {
        memberships: roles.iter().map(membership).collect(),
        assigned: if assigned { vec![HOME] } else { vec![] },
        signed_in: Some(SignInFact { at: NOW, step_up_at: Some(NOW) }),
        passkeys: 2,
        ..PrincipalFacts::default()
    };
    Asker { principal: Principal::Person(ME), facts, purpose: Purpose::Operations }
}

fn granted(rights: &[Right], customer: CustomerId, (from, to): (Timestamp, Timestamp)) -> Asker {
    let fact = ProgramFact { customer, rights: rights.iter().copied().collect(), from, to };
    let facts = PrincipalFacts { program: Some(fact), ..PrincipalFacts::default() };
    Asker { principal: Principal::Program(MY_PROGRAM), facts, purpose: Purpose::Operations }
}

fn askers() -> Vec<Asker> {
    let mut all = vec![person(&[], true)];
    for role in Role::ALL {
        all.push(person(&[*role], true));
        if role.side() == Side::Operator {
            all.push(person(&[*role], false));
        }
    }
    // Permitted a document by one role, and its patient's name by none.
    all.push(person(&[Role::PracticeManager, Role::QaEditor, Role::Transcriptionist], false));
    let program = |system_job| {
        let facts = PrincipalFacts { system_job, ..PrincipalFacts::default() };
        Asker { principal: Principal::Program(MY_PROGRAM), facts, purpose: Purpose::Operations }
    };
    let stranger = Asker { principal: Principal::Stranger, ..program(false) };
    all.extend([program(true), program(false), stranger.clone()]);
    all.extend(Right::ALL.iter().map(|right| granted(&[*right], HOME, (NOW, NOW.plus_millis(1)))));
    // And with one flaw each: no right, at another customer, over, not begun; and a claimed incident.
    let whole = granted(Right::ALL, HOME, (NOW, NOW.plus_millis(1)));
    all.extend([
        granted(&[], HOME, (NOW, NOW.plus_millis(1))),
        granted(Right::ALL, CustomerId::from_bytes([9; 16]), (NOW, NOW.plus_millis(1))),
        granted(Right::ALL, HOME, (NOW.plus_millis(-1), NOW)),
        granted(Right::ALL, HOME, (NOW.plus_millis(1), NOW.plus_millis(2))),
        Asker { purpose: Purpose::Incident, ..whole.clone() },
        whole,
    ]);
    // Incidents are claimed by programs and strangers too.
    all.extend([program(true), stranger].map(|asker| Asker { purpose: Purpose::Incident, ..asker }));
    all
}

/// Somebody with the roles, and one flaw each.
fn flawed() -> Vec<Asker> {
    let whole = person(Role::ALL, true);
    let change = |change: &dyn Fn(&mut Asker)| {
        let mut asker = whole.clone();
        change(&mut asker);
        asker
    };
    let mut all = vec![
        whole.clone(),
        change(&|asker| asker.facts.suspended = true),
        change(&|asker| asker.facts.signed_in = None),
        change(&|asker| asker.facts.passkeys = 1),
        change(&|asker| asker.facts.signed_in = Some(SignInFact { at: NOW, step_up_at: None })),
        change(&|asker| asker.purpose = Purpose::Incident),
    ];
    for role in [Role::PrivacyOfficer, Role::SecurityOfficer, Role::Administrator] {
        for passkeys in [0, 1] {
            let mut asker = person(&[role], true);
            asker.facts.passkeys = passkeys;
            all.push(asker);
        }
    }
    all
}

/// What is asked about, besides who asks.
#[derive(Clone, Default)]
struct Thing {
    told: Vec<ResourceFacts>,
    named: Vec<ResourceId>,
    customer: Option<CustomerId>,
    glass_broken: bool,
    in_request: bool,
    no_agreement: bool,
    requested_by: Option<PersonId>,
    joining: JoiningFacts,
}

fn thing(told: Vec<ResourceFacts>) -> Thing {
    Thing { named: told.iter().map(ResourceFacts::id).collect(), told, customer: Some(HOME), ..Thing::default() }
}

fn document(state: DocumentState) -> DocumentFacts {
    DocumentFacts {
        id: DocumentId::from_bytes([1; 16]),
        customer: HOME,
        state,
        kind: DocumentKind::Transcript,
        confidentiality: Confidentiality::Normal,
        author: None,
        uploader: Some(Principal::Person(COLLEAGUE)),
        recipients: vec![],
        patient: Some(PATIENT),
        in_care: false,
        read_by_practice: false,
        delivered_at: Some(NOW),
    }
}

fn documents() -> Vec<Thing> {
    let mut all = Vec::new();
    for state in DocumentState::ALL {
        let with = |change: &dyn Fn(&mut DocumentFacts)| {
            let mut facts = document(*state);
            change(&mut facts);
            thing(vec![ResourceFacts::Document(facts)])
        };
        all.push(with(&|_| ()));
        all.push(Thing { glass_broken: true, ..with(&|_| ()) });
        all.push(Thing { in_request: true, ..with(&|_| ()) });
        all.push(with(&|document| document.author = Some(ME)));
        all.push(with(&|document| (document.author, document.uploader) = (Some(ME), Some(Principal::Person(ME)))));
        all.push(with(&|document| document.recipients = vec![ME]));
        all.push(with(&|document| document.uploader = Some(Principal::Person(ME))));
        all.push(with(&|document| document.uploader = Some(Principal::Program(MY_PROGRAM))));
        all.push(with(&|document| document.in_care = true));
    }
    all.extend([Confidentiality::Restricted, Confidentiality::VeryRestricted].into_iter().flat_map(kept_apart));
    all.extend(kept_apart_elsewhere());
    all
}

fn kept(confidentiality: Confidentiality, state: DocumentState, change: impl FnOnce(&mut DocumentFacts)) -> Thing {
    let mut facts = DocumentFacts { confidentiality, ..document(state) };
    change(&mut facts);
    thing(vec![ResourceFacts::Document(facts)])
}

/// Every relation in one state that the practice sees.
fn kept_apart(confidentiality: Confidentiality) -> Vec<Thing> {
    let delivered = |change: &dyn Fn(&mut DocumentFacts)| kept(confidentiality, DocumentState::Delivered, change);
    vec![
        delivered(&|_| ()),
        Thing { glass_broken: true, ..delivered(&|_| ()) },
        delivered(&|document| document.author = Some(ME)),
        delivered(&|document| document.recipients = vec![ME]),
        delivered(&|document| document.in_care = true),
        delivered(&|document| document.uploader = Some(Principal::Program(MY_PROGRAM))),
    ]
}

/// A few of what is kept most apart in a state of each other policy and scope: enough to tell whether it looks at the
/// confidentiality. All of them would double the time and the memory of the tests.
fn kept_apart_elsewhere() -> Vec<Thing> {
    let most = Confidentiality::VeryRestricted;
    let mut all = vec![Thing { glass_broken: true, ..kept(most, DocumentState::Signed, |_| ()) }];
    // Records staff match what is normal and nothing else.
    all.push(kept(Confidentiality::Restricted, DocumentState::Unmatched, |_| ()));
    for state in [DocumentState::Dictated, DocumentState::Signed, DocumentState::Unmatched, DocumentState::Withdrawn] {
        all.push(kept(most, state, |_| ()));
        all.push(kept(most, state, |document| {
            (document.author, document.uploader) = (Some(ME), Some(Principal::Person(ME)));
        }));
        all.push(kept(most, state, |document| document.uploader = Some(Principal::Program(MY_PROGRAM))));
    }
    all
}

fn undoing() -> Vec<Thing> {
    let mut late = document(DocumentState::Delivered);
    late.delivered_at = None;
    let mut read = document(DocumentState::Delivered);
    read.read_by_practice = true;
    [late, read].map(|document| thing(vec![ResourceFacts::Document(document)])).into()
}

fn patient(in_care: bool) -> ResourceFacts {
    ResourceFacts::Patient(PatientFacts { id: PATIENT, customer: HOME, in_care, provisional: false })
}

fn patients() -> Vec<Thing> {
    vec![
        thing(vec![patient(false)]),
        thing(vec![patient(true)]),
        Thing { glass_broken: true, ..thing(vec![patient(false)]) },
        Thing { in_request: true, ..thing(vec![patient(false)]) },
    ]
}

fn patients_with_guardians() -> Vec<Thing> {
    let around = |in_care| {
        let patient = PatientFacts { id: PATIENT, customer: HOME, in_care, provisional: false };
        ResourceFacts::Related(RelatedFacts { id: RelatedPersonId::from_bytes([1; 16]), patient })
    };
    vec![
        thing(vec![patient(false), around(false)]),
        thing(vec![patient(true), around(true)]),
        thing(vec![patient(false), around(true)]),
        thing(vec![around(true)]),
    ]
}

fn patients_with_documents() -> Vec<Thing> {
    let mut all = Vec::new();
    for state in [DocumentState::Delivered, DocumentState::Unmatched, DocumentState::Withdrawn] {
        for of_patient in [Some(PATIENT), None] {
            let mut facts = document(state);
            (facts.author, facts.uploader, facts.patient) = (Some(ME), Some(Principal::Person(ME)), of_patient);
            all.push(thing(vec![ResourceFacts::Document(facts), patient(false)]));
        }
    }
    all
}

/// A patient and a document beside each other, outside and inside a numbered request.
fn with_document(state: DocumentState) -> Vec<Thing> {
    let both = || thing(vec![ResourceFacts::Document(document(state)), patient(false)]);
    vec![both(), Thing { in_request: true, ..both() }]
}

fn people() -> Vec<Thing> {
    let mut all = Vec::new();
    for customer in [Some(HOME), None] {
        for id in [COLLEAGUE, ME] {
            for requested_by in [Some(PersonId::from_bytes([3; 16])), Some(ME), None] {
                let fact = ResourceFacts::Person(PersonFacts { id, customer, requested_by });
                all.push(Thing { customer, ..thing(vec![fact]) });
            }
        }
    }
    all
}

fn glasses() -> Vec<ResourceFacts> {
    let id = BreakGlassId::from_bytes([1; 16]);
    [COLLEAGUE, ME].map(|person| ResourceFacts::BreakGlass(BreakGlassFacts { id, customer: HOME, person })).into()
}

/// As two have agreed, otherwise than they have, and coming in.
fn joining(one: &Thing) -> Vec<Thing> {
    let into = CustomerId::from_bytes([2; 16]);
    let agreed = JoiningFacts { agreed_into: Some(into), comes_in: false };
    let to = |customers: &[CustomerId], joining| {
        let named = one.named.iter().copied().chain(customers.iter().map(|id| (*id).into()));
        Thing { named: named.collect(), joining, ..one.clone() }
    };
    let third = CustomerId::from_bytes([3; 16]);
    let comes_in = JoiningFacts { agreed_into: None, comes_in: true };
    vec![to(&[into], agreed), to(&[third], agreed), to(&[into, third], agreed), to(&[], agreed), to(&[], comes_in)]
}

fn things(action: Action) -> Vec<Thing> {
    let nothing = Thing { customer: Some(HOME), ..Thing::default() };
    let glasses = || glasses().into_iter();
    let mut all = match action.subject() {
        Subject::Document => documents(),
        Subject::Patient => patients(),
        Subject::Person => people(),
        Subject::BreakGlass => glasses().map(|glass| thing(vec![glass])).collect(),
        Subject::Customer if action == Action::CustomerList => {
            let named = |n: u8| Thing { named: vec![CustomerId::from_bytes([n; 16]).into()], ..Thing::default() };
            vec![named(1), named(9), Thing::default()]
        }
        Subject::Customer => vec![nothing.clone(), Thing { no_agreement: true, ..nothing.clone() }],
        Subject::Myself | Subject::System => vec![Thing::default()],
    };
    match action {
        Action::DocumentUpload | Action::AccessList => all.extend(documents().into_iter().chain(patients())),
        Action::AccessReview => all.extend(documents()),
        Action::PatientCreate | Action::PatientImport | Action::CustomerSplitList => all.extend(patients()),
        Action::PatientShow
        | Action::PatientMergeShow
        | Action::PatientMergeUndo
        | Action::RelatedCreate
        | Action::RelatedChange => all.extend(patients_with_guardians()),
        Action::BreakGlassList => all.extend(glasses().map(|glass| thing(vec![glass]))),
        Action::BreakGlassStart => all.extend(glasses().map(|glass| thing(vec![patient(false), glass]))),
        Action::DocumentUndoDelivery => all.extend(undoing()),
        Action::KeyShred | Action::CustomerJoin => {
            all.extend([ME, COLLEAGUE].map(|by| Thing { requested_by: Some(by), ..nothing.clone() }));
        }
        Action::CustomerJoinRun => {
            let told = documents().into_iter().chain(patients()).chain(patients_with_guardians());
            let told = told.chain(glasses().map(|glass| thing(vec![glass])));
            all.extend(told.flat_map(|one| joining(&one).into_iter().take(1)));
            all.extend(joining(&nothing));
            all.extend(documents());
        }
        Action::CustomerExport | Action::CustomerTakeIn => {
            all.extend(documents().into_iter().chain(patients()).chain(patients_with_guardians()));
        }
        Action::PatientTrace => all.extend(with_document(DocumentState::Delivered)),
        Action::DocumentMove => all.extend(with_document(DocumentState::Withdrawn)),
        _ => {}
    }
    match action {
        Action::DocumentList
        | Action::DocumentSearch
        | Action::DocumentRead
        | Action::DocumentDownload
        | Action::DocumentPrint
        | Action::DocumentHistory
        | Action::DocumentMatch
        | Action::DocumentDeliver
        | Action::DocumentMove
        | Action::AccessList => all.extend(patients_with_documents()),
        _ => {}
    }
    if matches!(
        action,
        Action::DocumentList
            | Action::DocumentSearch
            | Action::DocumentStatus
            | Action::PatientSearch
            | Action::PatientMergeShow
    ) {
        all.push(Thing { in_request: true, ..nothing.clone() });
        all.push(nothing);
    }
    all
}

fn case(action: Action, asker: &Asker, thing: &Thing) -> Case {
    let mut facts = Facts {
        principal: asker.facts.clone(),
        resources: thing.told.clone(),
        customer: thing.customer.map(|id| CustomerFacts {
            id,
            agreement_in_force: !thing.no_agreement,
            requested_by: thing.requested_by,
            joining: thing.joining,
        }),
    };
    if thing.glass_broken {
        let (from, to) = (NOW, NOW.plus_millis(1));
        facts.principal.broken_glass.push(BrokenGlassFact { customer: HOME, patient: PATIENT, from, to });
    }
    if thing.in_request {
        facts.principal.requests.push(RequestFact { customer: HOME, from: NOW, to: NOW.plus_millis(1) });
    }
    let asked = Asked {
        principal: asker.principal,
        customer: thing.customer,
        resources: Resources::of(thing.named.iter().copied()),
        purpose: asker.purpose,
    };
    let clock = ManualClock::at_unix_millis(NOW.unix_millis());
    Case { intent: ask::intent(action, &clock, &SeededEntropy::new(1), &asked), facts }
}

/// All of them.
pub(super) fn all() -> Vec<Case> {
    let (askers, flawed) = (askers(), flawed());
    let mut all = Vec::new();
    for action in Action::ALL {
        let things = things(*action);
        for thing in &things {
            all.extend(askers.iter().map(|asker| case(*action, asker, thing)));
        }
        // The flaws show on anything that somebody with every role may do; the first such thing is enough.
        let whole = &flawed[0];
        let may = |thing: &&Thing| {
            let case = case(*action, whole, thing);
            super::rules::may(*action, &case.intent, &case.facts)
        };
        for thing in things.iter().filter(may).take(2) {
            all.extend(flawed.iter().map(|asker| case(*action, asker, thing)));
        }
    }
    all
}
