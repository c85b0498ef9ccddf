//! What `decide` refuses before any policy is asked, and the reasons that people and the ledger are given.

#[path = "shared/ask.rs"]
mod ask;
#[path = "shared/worlds.rs"]
#[expect(dead_code, reason = "the worlds are shared with the oracle, which makes whole requests of them")]
mod worlds;

use ask::Asked;
use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{
    Action, CustomerId, Intent, ManualClock, Principal, ProgramId, Purpose, ResourceId, Resources, Role, SeededEntropy,
    SessionId, Timestamp, act,
};
use std::sync::OnceLock;
use strongroom_policy::{
    CustomerFacts, Decision, DocumentFacts, Facts, JoiningFacts, MembershipFact, PatientFacts, PersonFacts, Policy,
    PrincipalFacts, ResourceFacts, SignInFact, Why,
};
use worlds::{NOW, customer, document, me, patient, person};

fn policy() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| Policy::embedded().expect("the embedded policies are in order"))
}

fn somebody(role: Role) -> PrincipalFacts {
    let at = if role.side() == record::Side::Customer { Some(customer(1)) } else { None };
    PrincipalFacts {
        memberships: vec![MembershipFact { customer: at, role, from: NOW, to: None }],
        assigned: vec![customer(1)],
        signed_in: Some(SignInFact { at: NOW, step_up_at: Some(NOW) }),
        passkeys: 2,
        ..PrincipalFacts::default()
    }
}

fn letter(n: u8) -> DocumentFacts {
    DocumentFacts {
        id: document(n),
        customer: customer(1),
        state: DocumentState::Delivered,
        kind: DocumentKind::Letter,
        confidentiality: Confidentiality::Normal,
        author: Some(me()),
        uploader: None,
        recipients: vec![],
        patient: Some(patient(1)),
        in_care: false,
        read_by_practice: false,
        delivered_at: None,
    }
}

/// The usual request: I, a clinician, read my own delivered letter.
struct Request {
    action: Action,
    principal: Principal,
    customer: Option<CustomerId>,
    resources: Resources,
    purpose: Purpose,
    facts: Facts,
}

fn usual() -> Request {
    Request {
        action: Action::DocumentRead,
        principal: Principal::Person(me()),
        customer: Some(customer(1)),
        resources: Resources::of([document(1).into()]),
        purpose: Purpose::Treatment,
        facts: Facts {
            principal: somebody(Role::Clinician),
            resources: vec![ResourceFacts::Document(letter(1))],
            customer: None,
        },
    }
}

fn answer(change: impl FnOnce(&mut Request)) -> Result<(), Why> {
    let mut request = usual();
    change(&mut request);
    let Request { action, principal, customer, resources, purpose, facts } = request;
    let asked = Asked { principal, customer, resources, purpose };
    let clock = ManualClock::at_unix_millis(NOW.unix_millis());
    ask::decide(policy(), ask::intent(action, &clock, &SeededEntropy::new(1), &asked), &facts)
}

fn name(request: &mut Request, ids: &[ResourceId]) {
    request.resources = Resources::of(ids.iter().copied());
}

#[test]
fn an_author_reads_their_own_delivered_letter() {
    assert_eq!(answer(|_| ()), Ok(()));
}

#[test]
fn an_intent_for_another_act_is_refused() {
    let (clock, entropy) = (ManualClock::at_unix_millis(NOW.unix_millis()), SeededEntropy::new(1));
    let who = (Principal::Person(me()), None);
    let resources = Resources::of([document(1).into()]);
    let intent =
        Intent::to::<act::DocumentList>(&clock, &entropy, who, Some(customer(1)), resources, Purpose::Treatment);
    match policy().decide::<act::DocumentRead>(intent, &usual().facts) {
        Decision::Refusal(refusal) => {
            assert_eq!(refusal.why(), Why::WrongAction);
            assert_eq!(refusal.intent().action(), Action::DocumentList);
        }
        Decision::Permit(permit) => panic!("{permit:?}"),
    }
}

#[test]
fn facts_that_are_missing_too_many_or_told_twice_are_a_refusal() {
    assert_eq!(answer(|request| request.facts.resources.clear()), Err(Why::FactsMissing));
    let two = [document(1).into(), document(2).into()];
    assert_eq!(answer(|request| name(request, &two)), Err(Why::FactsMissing));
    let more = ResourceFacts::Document(letter(2));
    assert_eq!(answer(|request| request.facts.resources.push(more)), Err(Why::FactsMismatch));
    let twice = ResourceFacts::Document(letter(1));
    assert_eq!(answer(|request| request.facts.resources.push(twice)), Err(Why::FactsMismatch));
    // The id of a patient is not the id of a document with the same bytes.
    let disguised = PatientFacts { id: patient(1), customer: customer(1), in_care: true, provisional: false };
    assert_eq!(
        answer(|request| request.facts.resources = vec![ResourceFacts::Patient(disguised)]),
        Err(Why::FactsMismatch)
    );
}

#[test]
fn another_customers_document_is_refused_however_it_is_dressed_up() {
    let theirs = || ResourceFacts::Document(DocumentFacts { customer: customer(2), in_care: true, ..letter(1) });
    assert_eq!(answer(|request| request.facts.resources = vec![theirs()]), Err(Why::OtherCustomer));
    assert_eq!(answer(|request| request.customer = Some(customer(2))), Err(Why::OtherCustomer));
    // Asked for at its own practice, where the asker has no place.
    assert_eq!(
        answer(|request| {
            request.customer = Some(customer(2));
            request.facts.resources = vec![theirs()];
        }),
        Err(Why::NotPermitted)
    );
    assert_eq!(answer(|request| request.customer = None), Err(Why::NothingNamed));
    let told = CustomerFacts {
        id: customer(2),
        agreement_in_force: true,
        requested_by: None,
        joining: JoiningFacts::default(),
    };
    assert_eq!(answer(|request| request.facts.customer = Some(told)), Err(Why::OtherCustomer));
    // One good and one foreign: all or nothing.
    assert_eq!(
        answer(|request| {
            name(request, &[document(1).into(), document(2).into()]);
            let theirs = DocumentFacts { customer: customer(2), ..letter(2) };
            request.facts.resources.push(ResourceFacts::Document(theirs));
        }),
        Err(Why::OtherCustomer)
    );
}

#[test]
fn what_joins_goes_where_both_managers_have_agreed_and_nowhere_else() {
    let moves = |to: &[u8], joining: JoiningFacts| {
        answer(|request| {
            request.action = Action::CustomerJoinRun;
            request.principal = Principal::Program(ProgramId::from_bytes([0; 16]));
            request.purpose = Purpose::Administration;
            request.facts.principal = PrincipalFacts { system_job: true, ..PrincipalFacts::default() };
            // Who is told to have said yes does not count: only what the store has.
            let told =
                CustomerFacts { id: customer(1), agreement_in_force: true, requested_by: Some(person(9)), joining };
            request.facts.customer = Some(told);
            let to = to.iter().map(|n| ResourceId::from(customer(*n)));
            name(request, &[ResourceId::from(document(1))].into_iter().chain(to).collect::<Vec<_>>());
        })
    };
    let into = |n: u8| JoiningFacts { agreed_into: Some(customer(n)), comes_in: false };
    let comes_in = JoiningFacts { agreed_into: None, comes_in: true };
    assert_eq!(moves(&[2], into(2)), Ok(()));
    assert_eq!(moves(&[1, 2], into(2)), Ok(()), "its own name beside it says nothing");
    assert_eq!(moves(&[3], into(2)), Err(Why::OwnAct), "into a third");
    assert_eq!(moves(&[2, 3], into(2)), Err(Why::OwnAct), "and into a third");
    assert_eq!(moves(&[2], comes_in), Err(Why::OwnAct), "the other way round");
    assert_eq!(moves(&[2], JoiningFacts::default()), Err(Why::OwnAct), "nobody has agreed");
    assert_eq!(moves(&[], comes_in), Ok(()));
    assert_eq!(moves(&[], into(2)), Err(Why::OwnAct), "nowhere");
    assert_eq!(moves(&[], JoiningFacts::default()), Err(Why::OwnAct), "nobody comes in");
}

#[test]
fn one_forbidden_row_refuses_the_page() {
    let page = |foreign: Option<u8>| {
        answer(|request| {
            request.action = Action::DocumentList;
            name(request, &(0..50).map(|n| document(n).into()).collect::<Vec<_>>());
            request.facts.resources = (0..50)
                .map(|n| {
                    let author = if foreign == Some(n) { person(9) } else { me() };
                    ResourceFacts::Document(DocumentFacts { author: Some(author), ..letter(n) })
                })
                .collect();
        })
    };
    assert_eq!(page(None), Ok(()));
    for n in [0, 25, 49] {
        assert_eq!(page(Some(n)), Err(Why::NotPermitted));
    }
}

#[test]
fn a_long_list_is_decided_upon_whole_and_one_whose_members_are_lost_is_refused() {
    let ids: Vec<record::DocumentId> = (0..600_u128).map(|n| record::DocumentId::from_bytes(n.to_be_bytes())).collect();
    let counted = Resources::of(ids.iter().map(|id| (*id).into()));
    let told: Vec<ResourceFacts> =
        ids.iter().map(|id| ResourceFacts::Document(DocumentFacts { id: *id, ..letter(0) })).collect();
    let ask = |resources: Resources, told: Vec<ResourceFacts>| {
        answer(|request| {
            request.action = Action::DocumentList;
            request.resources = resources;
            request.facts.resources = told;
        })
    };
    assert_eq!(ask(counted.clone(), told.clone()), Ok(()));
    let Resources::Counted { count, digest, list } = counted else { panic!("600 are counted") };
    let without = |count, list| Resources::Counted { count, digest, list };
    assert_eq!(ask(without(count, vec![]), vec![]), Err(Why::FactsMismatch));
    assert_eq!(ask(without(1, list.clone()), told.clone()), Err(Why::FactsMismatch));
    assert_eq!(ask(without(0, vec![]), vec![]), Err(Why::FactsMismatch));
    let unsorted = Resources::Listed(vec![document(2).into(), document(1).into()]);
    assert_eq!(ask(unsorted, vec![]), Err(Why::FactsMismatch));
    assert_eq!(ask(Resources::Listed(list), told), Err(Why::FactsMismatch));
}

#[test]
fn nothing_is_read_without_naming_it_and_nothing_is_smuggled_in_beside_it() {
    assert_eq!(
        answer(|request| {
            name(request, &[]);
            request.facts.resources.clear();
        }),
        Err(Why::NothingNamed)
    );
    let beside = |id: ResourceId| answer(|request| name(request, &[document(1).into(), id]));
    assert_eq!(beside(SessionId::from_bytes([1; 16]).into()), Err(Why::OutOfPlace));
    assert_eq!(beside(record::ObjectId::from_bytes([1; 16]).into()), Err(Why::OutOfPlace));
    assert_eq!(beside(customer(2).into()), Err(Why::OtherCustomer));
    assert_eq!(beside(worlds::glass(1).into()), Err(Why::FactsMissing));
    assert_eq!(beside(patient(1).into()), Err(Why::FactsMissing));
    assert_eq!(beside(customer(1).into()), Ok(()));
}

#[test]
fn a_patients_name_goes_with_the_document_about_them_and_no_other() {
    let with = |id: u8| {
        answer(|request| {
            name(request, &[document(1).into(), patient(id).into()]);
            let facts = PatientFacts { id: patient(id), customer: customer(1), in_care: true, provisional: false };
            request.facts.resources.push(ResourceFacts::Patient(facts));
        })
    };
    assert_eq!(with(1), Ok(()));
    assert_eq!(with(2), Err(Why::NotPermitted));
}

#[test]
fn rights_of_persons_count_for_persons_and_rights_of_jobs_for_programs() {
    assert_eq!(answer(|request| request.principal = Principal::Stranger), Err(Why::NotPermitted));
    let program = Principal::Program(ProgramId::from_bytes(me().to_bytes()));
    assert_eq!(
        answer(|request| {
            request.principal = program;
            request.facts.principal.system_job = true;
        }),
        Err(Why::NotPermitted)
    );
    let unwrap = |principal: Principal, system_job: bool| {
        answer(|request| {
            request.action = Action::KeyUnwrap;
            request.principal = principal;
            request.facts.resources.clear();
            name(request, &[]);
            request.facts.principal.system_job = system_job;
        })
    };
    assert_eq!(unwrap(program, true), Ok(()));
    assert_eq!(unwrap(program, false), Err(Why::OtherCustomer), "a program that works for nobody");
    assert_eq!(unwrap(Principal::Person(me()), true), Err(Why::NotPermitted));
    assert_eq!(unwrap(Principal::Stranger, true), Err(Why::NotPermitted));
}

#[test]
fn a_role_on_the_wrong_side_or_out_of_its_time_is_no_role() {
    let membership =
        |change: fn(&mut MembershipFact)| answer(|request| change(&mut request.facts.principal.memberships[0]));
    assert_eq!(membership(|fact| fact.customer = None), Err(Why::NotPermitted));
    assert_eq!(membership(|fact| fact.customer = Some(customer(2))), Err(Why::NotPermitted));
    assert_eq!(membership(|fact| fact.to = Some(NOW)), Err(Why::NotPermitted));
    assert_eq!(membership(|fact| fact.to = Some(NOW.plus_millis(1))), Ok(()));
    assert_eq!(membership(|fact| fact.from = NOW.plus_millis(1)), Err(Why::NotPermitted));
    // An officer's role that somebody wrote down at a customer.
    assert_eq!(
        answer(|request| {
            request.action = Action::LedgerList;
            request.facts.resources.clear();
            name(request, &[]);
            request.facts.principal = somebody(Role::PrivacyOfficer);
            request.facts.principal.memberships[0].customer = Some(customer(1));
        }),
        Err(Why::NotPermitted)
    );
}

#[test]
fn a_reason_is_given_only_where_it_was_all_that_stood_in_the_way() {
    let sign = |author: record::PersonId, touch: Option<Timestamp>| {
        answer(|request| {
            request.action = Action::DocumentSign;
            let letter = DocumentFacts { author: Some(author), ..letter(1) };
            request.facts.resources = vec![ResourceFacts::Document(letter)];
            request.facts.principal.signed_in = Some(SignInFact { at: NOW, step_up_at: touch });
        })
    };
    assert_eq!(sign(me(), Some(NOW)), Ok(()));
    assert_eq!(sign(me(), None), Err(Why::StepUp));
    assert_eq!(sign(me(), Some(NOW.plus_millis(-300_001))), Err(Why::StepUp));
    assert_eq!(sign(person(9), None), Err(Why::NotPermitted));

    let upload = |assigned: bool, agreement_in_force: bool| {
        answer(|request| {
            request.action = Action::DocumentUpload;
            request.facts.principal = somebody(Role::Transcriptionist);
            request.facts.principal.assigned.retain(|_| assigned);
            request.facts.customer = Some(CustomerFacts {
                id: customer(1),
                agreement_in_force,
                requested_by: None,
                joining: JoiningFacts::default(),
            });
            name(request, &[]);
            request.facts.resources.clear();
        })
    };
    assert_eq!(upload(true, true), Ok(()));
    assert_eq!(upload(true, false), Err(Why::NoAgreement));
    assert_eq!(upload(false, false), Err(Why::NotPermitted));
}

#[test]
fn suspension_and_a_missing_session_come_before_everything_else() {
    assert_eq!(answer(|request| request.facts.principal.suspended = true), Err(Why::Suspended));
    assert_eq!(answer(|request| request.facts.principal.signed_in = None), Err(Why::NotSignedIn));
    assert_eq!(answer(|request| request.purpose = Purpose::Incident), Err(Why::NoIncident));
    let myself = |suspended: bool| {
        answer(|request| {
            request.action = Action::SessionEnd;
            request.customer = None;
            name(request, &[]);
            request.facts.resources.clear();
            request.facts.principal.suspended = suspended;
        })
    };
    assert_eq!(myself(false), Ok(()));
    assert_eq!(myself(true), Err(Why::Suspended));
}

#[test]
fn officers_confirm_what_others_asked_for_and_never_their_own() {
    let confirm = |passkeys: u32, id: record::PersonId, requested_by: Option<record::PersonId>| {
        answer(|request| {
            request.action = Action::InvitationConfirm;
            request.facts.principal = somebody(Role::PrivacyOfficer);
            request.facts.principal.passkeys = passkeys;
            name(request, &[id.into()]);
            let fact = PersonFacts { id, customer: Some(customer(1)), requested_by };
            request.facts.resources = vec![ResourceFacts::Person(fact)];
        })
    };
    assert_eq!(confirm(2, person(3), Some(person(4))), Ok(()));
    assert_eq!(confirm(1, person(3), Some(person(4))), Err(Why::SecondPasskey));
    assert_eq!(confirm(2, person(3), Some(me())), Err(Why::OwnAct));
    assert_eq!(confirm(2, person(3), None), Err(Why::OwnAct));
    assert_eq!(confirm(2, me(), Some(person(4))), Err(Why::OwnAct));
}

#[test]
fn an_act_upon_oneself_names_nobody_else() {
    let accesses = |id: record::PersonId| {
        answer(|request| {
            request.action = Action::AccessList;
            name(request, &[id.into()]);
            request.facts.resources.clear();
        })
    };
    assert_eq!(accesses(me()), Ok(()));
    assert_eq!(accesses(person(9)), Err(Why::OutOfPlace));
}

#[test]
fn refusals_and_permits_show_ids_and_words_only() {
    let asked = usual();
    let (clock, entropy) = (ManualClock::at_unix_millis(NOW.unix_millis()), SeededEntropy::new(1));
    let intent = || {
        let who = (asked.principal, None);
        let resources = asked.resources.clone();
        Intent::to::<act::DocumentRead>(&clock, &entropy, who, asked.customer, resources, asked.purpose)
    };
    let permit = policy().decide::<act::DocumentRead>(intent(), &asked.facts).permitted().expect("permitted");
    assert_eq!(format!("{permit:?}"), format!("Permit(document.read {})", permit.intent().id()));
    let refusal = policy().decide::<act::DocumentRead>(intent(), &Facts::default()).permitted().expect_err("no facts");
    assert_eq!(refusal.to_string(), "refused: facts_missing");
}
