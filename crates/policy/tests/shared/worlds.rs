//! Made-up worlds from a seed: small enough that people, patients and documents keep meeting, hostile enough that
//! every rule about facts, customers and time is broken now and then.

use super::ask::{self, Asked};
use record::action::Subject;
use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{
    Action, BreakGlassId, CustomerId, DocumentId, Intent, ManualClock, PatientId, PersonId, Principal, ProgramId,
    Purpose, RelatedPersonId, ResourceId, Resources, Right, Role, SeededEntropy, SessionId, Side, Timestamp,
};
use std::collections::BTreeSet;
use strongroom_policy::{
    BreakGlassFacts, BrokenGlassFact, CustomerFacts, DocumentFacts, Facts, JoiningFacts, MembershipFact, PatientFacts,
    PersonFacts, PrincipalFacts, ProgramFact, RelatedFacts, RequestFact, ResourceFacts, SignInFact,
};

pub(crate) const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
const MINUTE: i64 = 60_000;

/// SplitMix64 (Steele, Lea and Flood 2014): the same seed gives the same world.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
    pub(crate) fn percent(&mut self, n: u64) -> bool {
        self.below(100) < n
    }
    pub(crate) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).expect("a small number")]
    }
}

pub(crate) fn customer(n: u8) -> CustomerId {
    CustomerId::from_bytes([n; 16])
}
pub(crate) fn person(n: u8) -> PersonId {
    PersonId::from_bytes([n; 16])
}
pub(crate) fn patient(n: u8) -> PatientId {
    PatientId::from_bytes([n; 16])
}
pub(crate) fn document(n: u8) -> DocumentId {
    DocumentId::from_bytes([n; 16])
}
pub(crate) fn glass(n: u8) -> BreakGlassId {
    BreakGlassId::from_bytes([n; 16])
}
/// The asker.
pub(crate) fn me() -> PersonId {
    person(0)
}

fn around(dice: &mut Dice, spans: &[i64]) -> Timestamp {
    NOW.plus_millis(dice.pick(spans))
}

/// Any role, and more often than not one that has something to do with the action.
fn role_for(dice: &mut Dice, action: Option<Action>) -> Role {
    let usual: &[Role] = match action.map(|action| (action, action.subject())) {
        Some((Action::DocumentMove | Action::DocumentEnterInError, _)) => &[Role::QaEditor, Role::PrivacyOfficer],
        Some((Action::DocumentUpload, _)) => &[Role::Transcriptionist, Role::QaEditor, Role::Clinician],
        Some((Action::DocumentUndoDelivery | Action::DocumentDeliver, _)) => &[Role::QaEditor],
        Some((Action::DocumentSign | Action::DocumentPickUp, _)) => &[Role::Clinician, Role::RecordsStaff],
        Some((_, Subject::Document)) => {
            &[Role::Clinician, Role::RecordsStaff, Role::Transcriptionist, Role::QaEditor, Role::Coordinator]
        }
        Some((Action::PatientTrace, _)) => &[Role::PrivacyOfficer],
        Some((_, Subject::Patient)) => &[Role::Clinician, Role::RecordsStaff, Role::PrivacyOfficer],
        Some((_, Subject::BreakGlass)) => &[Role::PracticeManager, Role::PrivacyOfficer],
        Some((_, Subject::System)) => &[Role::PrivacyOfficer, Role::SecurityOfficer, Role::Administrator],
        _ => Role::ALL,
    };
    if dice.percent(55) { dice.pick(usual) } else { dice.pick(Role::ALL) }
}

fn membership(dice: &mut Dice, action: Option<Action>) -> MembershipFact {
    let role = role_for(dice, action);
    let home = dice.pick(&[customer(1), customer(1), customer(1), customer(2)]);
    let right_side = if role.side() == Side::Customer { Some(home) } else { None };
    let wrong_side = if right_side.is_some() { None } else { Some(home) };
    MembershipFact {
        customer: if dice.percent(96) { right_side } else { wrong_side },
        role,
        from: around(dice, &[-90 * MINUTE, -90 * MINUTE, -90 * MINUTE, -1, 0, 0, 1, 90 * MINUTE]),
        to: match dice.below(8) {
            0 => Some(around(dice, &[-MINUTE, 0])),
            1 => Some(around(dice, &[1, MINUTE])),
            _ => None,
        },
    }
}

fn sign_in(dice: &mut Dice) -> Option<SignInFact> {
    let hours = 12 * 60 * MINUTE;
    let at = match dice.below(20) {
        0 => around(dice, &[-hours, -hours - 1, 4_999, 5_000, 5_001, MINUTE]),
        _ => around(dice, &[0, -MINUTE, -60 * MINUTE]),
    };
    let step_up_at = match dice.below(10) {
        0 => None,
        1 => Some(around(dice, &[-5 * MINUTE - 1, -60 * MINUTE, 5_001])),
        _ => Some(around(dice, &[0, -MINUTE, -5 * MINUTE, 5_000])),
    };
    dice.percent(96).then_some(SignInFact { at, step_up_at })
}

fn broken_glass(dice: &mut Dice) -> BrokenGlassFact {
    let four_hours = 240 * MINUTE;
    BrokenGlassFact {
        customer: dice.pick(&[customer(1), customer(1), customer(2)]),
        patient: patient(u8::try_from(dice.below(3)).expect("small")),
        from: around(dice, &[0, 1, -MINUTE, -MINUTE, -four_hours, -four_hours + 1]),
        to: around(dice, &[0, 1, MINUTE, MINUTE, 2 * four_hours]),
    }
}

fn request_open(dice: &mut Dice) -> RequestFact {
    let eight_hours = 480 * MINUTE;
    RequestFact {
        customer: dice.pick(&[customer(1), customer(1), customer(2)]),
        from: around(dice, &[0, 1, -MINUTE, -MINUTE, -eight_hours, -eight_hours + 1]),
        to: around(dice, &[0, 1, MINUTE, MINUTE, 2 * eight_hours]),
    }
}

/// Facts about the asker. Six in ten have nothing wrong with session, passkeys and times, so that rights are met too.
pub(crate) fn principal_facts(dice: &mut Dice, action: Option<Action>) -> PrincipalFacts {
    let mut facts = PrincipalFacts {
        memberships: (0..dice.pick(&[1, 1, 1, 2, 2, 3, 0])).map(|_| membership(dice, action)).collect(),
        assigned: [customer(1), customer(2)].into_iter().filter(|_| dice.percent(75)).collect(),
        signed_in: sign_in(dice),
        passkeys: u32::try_from(dice.pick(&[0_u64, 1, 2, 2, 2, 3])).expect("small"),
        suspended: dice.percent(3),
        broken_glass: (0..dice.pick(&[0, 0, 1, 2])).map(|_| broken_glass(dice)).collect(),
        requests: (0..dice.pick(&[0, 0, 1, 2])).map(|_| request_open(dice)).collect(),
        system_job: dice.percent(50),
        program: dice.percent(92).then(|| program(dice, action)),
    };
    if dice.percent(60) {
        facts.signed_in = Some(SignInFact { at: NOW.plus_millis(-MINUTE), step_up_at: Some(NOW) });
        facts.passkeys = 2;
        facts.suspended = false;
        for membership in &mut facts.memberships {
            membership.from = NOW.plus_millis(-MINUTE);
            membership.to = None;
            membership.customer = (membership.role.side() == Side::Customer).then_some(customer(1));
        }
    }
    facts
}

/// What a program was granted: any rights, and more often than not the one that the action needs.
fn program(dice: &mut Dice, action: Option<Action>) -> ProgramFact {
    let mut rights: BTreeSet<Right> = Right::ALL.iter().copied().filter(|_| dice.percent(30)).collect();
    if dice.percent(70) {
        rights.extend(action.and_then(Right::of));
    }
    ProgramFact {
        customer: dice.pick(&[customer(1), customer(1), customer(1), customer(1), customer(2)]),
        rights,
        from: around(dice, &[-MINUTE, -MINUTE, -MINUTE, -MINUTE, 0, 1]),
        to: around(dice, &[MINUTE, MINUTE, MINUTE, MINUTE, 1, 0]),
    }
}

/// The asker, as a program.
pub(crate) fn my_program() -> ProgramId {
    ProgramId::from_bytes([0; 16])
}

fn somebody(dice: &mut Dice) -> Option<Principal> {
    if dice.percent(20) {
        return Some(Principal::Program(dice.pick(&[my_program(), my_program(), ProgramId::from_bytes([1; 16])])));
    }
    some_person(dice).map(Principal::Person)
}

fn some_person(dice: &mut Dice) -> Option<PersonId> {
    dice.pick(&[Some(me()), Some(me()), Some(person(1)), Some(person(2)), None])
}

pub(crate) fn document_facts(dice: &mut Dice, id: DocumentId, customer: CustomerId) -> DocumentFacts {
    DocumentFacts {
        id,
        customer,
        state: dice.pick(DocumentState::ALL),
        kind: dice.pick(DocumentKind::ALL),
        confidentiality: dice.pick(Confidentiality::ALL),
        author: some_person(dice),
        uploader: somebody(dice),
        recipients: (0..dice.below(3))
            .filter_map(|_| if dice.percent(60) { some_person(dice) } else { None })
            .collect(),
        patient: dice.pick(&[None, Some(patient(0)), Some(patient(1)), Some(patient(2))]),
        in_care: dice.percent(25),
        read_by_practice: dice.percent(40),
        delivered_at: match dice.below(3) {
            0 => None,
            _ => Some(around(dice, &[0, -MINUTE, -10 * MINUTE, -10 * MINUTE - 1, 5_000, 5_001])),
        },
    }
}

pub(crate) fn patient_facts(dice: &mut Dice, id: PatientId, customer: CustomerId) -> PatientFacts {
    PatientFacts { id, customer, in_care: dice.percent(35), provisional: dice.percent(20) }
}

fn resource_facts(dice: &mut Dice, id: ResourceId, asked: Option<CustomerId>, action: Action) -> Option<ResourceFacts> {
    let here = asked.unwrap_or(customer(1));
    let there = if dice.percent(98) { here } else { customer(3) };
    match id {
        ResourceId::DocumentId(id) => Some(ResourceFacts::Document(document_facts(dice, id, there))),
        ResourceId::PatientId(id) => Some(ResourceFacts::Patient(patient_facts(dice, id, there))),
        ResourceId::RelatedPersonId(id) => {
            let around = patient(u8::try_from(dice.below(4)).expect("small"));
            Some(ResourceFacts::Related(RelatedFacts { id, patient: patient_facts(dice, around, there) }))
        }
        ResourceId::BreakGlassId(id) => {
            let person = dice.pick(&[me(), person(1)]);
            Some(ResourceFacts::BreakGlass(BreakGlassFacts { id, customer: there, person }))
        }
        ResourceId::PersonId(id) if action.subject() == Subject::Person || dice.percent(50) => {
            let customer = if dice.percent(93) { asked } else { dice.pick(&[None, Some(there)]) };
            let requested_by = dice.pick(&[None, Some(me()), Some(person(1)), Some(person(2))]);
            Some(ResourceFacts::Person(PersonFacts { id, customer, requested_by }))
        }
        _ => None,
    }
}

fn some_id(dice: &mut Dice, prefix: &str) -> ResourceId {
    let n = u8::try_from(dice.below(4)).expect("small");
    match prefix {
        "doc" => document(n).into(),
        "pat" => patient(n).into(),
        "per" => person(n).into(),
        "rel" => RelatedPersonId::from_bytes([n; 16]).into(),
        "brk" => glass(n).into(),
        "cus" => customer(n).into(),
        "ses" => SessionId::from_bytes([n; 16]).into(),
        "prg" => ProgramId::from_bytes([n; 16]).into(),
        _ => record::ObjectId::from_bytes([n; 16]).into(),
    }
}

fn resources(dice: &mut Dice, action: Action, asked: Option<CustomerId>) -> Vec<ResourceId> {
    let usual: &[&str] = match action.subject() {
        Subject::Document => &["doc", "doc", "doc", "pat"],
        Subject::Patient if action == Action::BreakGlassStart => &["pat", "brk"],
        Subject::Patient if matches!(action, Action::PatientShow | Action::RelatedCreate | Action::RelatedChange) => {
            &["pat", "pat", "rel"]
        }
        Subject::Patient if action == Action::PatientTrace => &["pat", "pat", "doc"],
        Subject::Patient => &["pat"],
        Subject::Person => &["per"],
        Subject::BreakGlass => &["brk"],
        Subject::Customer if action == Action::CustomerList => &["cus"],
        Subject::Customer if action == Action::DocumentUpload => &["doc", "pat", "per"],
        Subject::Customer if action == Action::AccessReview => &["doc"],
        Subject::Customer if action == Action::BreakGlassList => &["brk"],
        Subject::Customer if action == Action::CustomerJoinRun => &["cus", "cus", "doc"],
        Subject::Customer => &["pat"],
        Subject::Myself if action == Action::AccessList => &["doc", "pat", "pat"],
        Subject::Myself | Subject::System => &["per", "ses"],
    };
    let about_things = !matches!(action.subject(), Subject::Customer | Subject::Myself | Subject::System);
    let count = if about_things { dice.pick(&[1, 1, 1, 2, 2, 3, 0]) } else { dice.pick(&[0, 0, 0, 1, 2]) };
    let mut list: Vec<ResourceId> = (0..count)
        .map(|_| {
            let prefix = dice.pick(usual);
            some_id(dice, prefix)
        })
        .collect();
    if dice.percent(6) {
        let prefix = dice.pick(&["doc", "pat", "rel", "per", "brk", "cus", "ses", "prg", "obj"]);
        list.push(some_id(dice, prefix));
    }
    if let (Some(customer), true) = (asked, dice.percent(10)) {
        list.push(customer.into());
    }
    list
}

/// One request: what is asked, and the facts, which now and then do not fit it.
pub(crate) fn request(dice: &mut Dice, action: Action) -> (Intent, Facts) {
    let at_operator = matches!(action.subject(), Subject::Person | Subject::System | Subject::Myself);
    let customer_asked = match dice.below(20) {
        0 => None,
        1 | 2 => Some(customer(2)),
        3..=9 if at_operator || action == Action::CustomerList => None,
        _ => Some(customer(1)),
    };
    let list = resources(dice, action, customer_asked);
    let asked = Asked {
        principal: match dice.below(25) {
            0 => Principal::Stranger,
            1 => Principal::Program(my_program()),
            2..=6 if action.subject() == Subject::System => Principal::Program(my_program()),
            2..=12 if action == Action::CustomerJoinRun => Principal::Program(my_program()),
            2..=9 if Right::of(action).is_some() => Principal::Program(my_program()),
            _ => Principal::Person(me()),
        },
        customer: customer_asked,
        resources: Resources::of(list.clone()),
        purpose: dice.pick(&[
            Purpose::Treatment,
            Purpose::Treatment,
            Purpose::Operations,
            Purpose::Operations,
            Purpose::Administration,
            Purpose::Emergency,
            Purpose::Operations,
            Purpose::Treatment,
            Purpose::Operations,
            Purpose::Treatment,
            Purpose::Treatment,
            Purpose::Incident,
        ]),
    };
    let named = asked.resources.as_slice().to_vec();
    let mut told: Vec<ResourceFacts> =
        named.iter().filter_map(|id| resource_facts(dice, *id, customer_asked, action)).collect();
    // Acts that fit one state only would hardly ever meet it.
    let fitting = match action {
        Action::DocumentUndoDelivery | Action::DocumentSign => Some(DocumentState::Delivered),
        Action::DocumentMove | Action::DocumentEnterInError => Some(DocumentState::Withdrawn),
        Action::DocumentRelease => Some(DocumentState::Held),
        _ => None,
    };
    for fact in &mut told {
        if let (ResourceFacts::Document(document), Some(state), true) = (fact, fitting, dice.percent(50)) {
            document.state = state;
        }
    }
    // Whoever is around a patient is told with that patient's facts; now and then with others.
    let patients: Vec<PatientFacts> = told
        .iter()
        .filter_map(|fact| if let ResourceFacts::Patient(patient) = fact { Some(*patient) } else { None })
        .collect();
    for fact in &mut told {
        if let (ResourceFacts::Related(related), false, true) = (fact, patients.is_empty(), dice.percent(85)) {
            related.patient = dice.pick(&patients);
        }
    }
    match dice.below(60) {
        0 => drop(told.pop()),
        1 => told.extend(told.first().cloned()),
        2 => told.extend(resource_facts(dice, document(9).into(), customer_asked, action)),
        _ => {}
    }
    let about = match dice.below(40) {
        0 => None,
        1 => Some(customer(3)),
        _ => customer_asked,
    };
    let facts = Facts {
        principal: principal_facts(dice, Some(action)),
        resources: told,
        customer: about.map(|id| CustomerFacts {
            id,
            agreement_in_force: dice.percent(85),
            requested_by: dice.pick(&[None, Some(me()), Some(person(1)), Some(person(2))]),
            joining: JoiningFacts {
                agreed_into: dice.pick(&[None, Some(customer(0)), Some(customer(2)), Some(customer(3))]),
                comes_in: dice.percent(50),
            },
        }),
    };
    let clock = ManualClock::at_unix_millis(NOW.unix_millis());
    (ask::intent(action, &clock, &SeededEntropy::new(1), &asked), facts)
}
