//! What a decision costs: one document, and pages of fifty rows that differ as much as real ones do.
//!
//! `cargo bench -p strongroom-policy --bench decide`; prints microseconds, the median of many runs.

use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{
    CustomerId, DocumentId, Intent, ManualClock, PatientId, PersonId, Principal, Purpose, Resources, Role,
    SeededEntropy, Timestamp, act,
};
use std::time::Instant;
use strongroom_policy::{
    Decision, DocumentFacts, Facts, MembershipFact, PatientFacts, Policy, PrincipalFacts, ResourceFacts, SignInFact,
};

const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
const HOME: CustomerId = CustomerId::from_bytes([1; 16]);
const ME: PersonId = PersonId::from_bytes([1; 16]);
const RUNS: usize = 2_000;

fn facts(role: Role, rows: u8, kinds: u8) -> Facts {
    let mut resources = Vec::new();
    for n in 0..rows {
        let patient = PatientId::from_bytes([n; 16]);
        let kind = n % kinds;
        resources.push(ResourceFacts::Document(DocumentFacts {
            id: DocumentId::from_bytes([n; 16]),
            customer: HOME,
            state: if kind & 1 == 0 { DocumentState::Delivered } else { DocumentState::Signed },
            kind: DocumentKind::Transcript,
            confidentiality: Confidentiality::Normal,
            author: (kind & 2 == 0).then_some(ME),
            uploader: None,
            recipients: if kind & 2 == 0 { vec![] } else { vec![ME] },
            patient: Some(patient),
            in_care: true,
            read_by_practice: false,
            delivered_at: Some(NOW),
        }));
        let named = PatientFacts { id: patient, customer: HOME, in_care: true, provisional: false };
        resources.push(ResourceFacts::Patient(named));
    }
    let membership = MembershipFact { customer: Some(HOME), role, from: NOW, to: None };
    let principal = PrincipalFacts {
        memberships: vec![membership],
        signed_in: Some(SignInFact { at: NOW, step_up_at: None }),
        passkeys: 1,
        ..PrincipalFacts::default()
    };
    Facts { principal, resources, customer: None }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the clock on the wall")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "a benchmark reports on stdout")]
fn main() {
    let policy = Policy::embedded().expect("the embedded policies are in order");
    let (clock, entropy) = (ManualClock::at_unix_millis(NOW.unix_millis()), SeededEntropy::new(1));
    for (name, role, rows, kinds) in [
        ("one document and its patient", Role::Clinician, 1, 1),
        ("a page of 50 rows alike, with patients", Role::RecordsStaff, 50, 1),
        ("a page of 50 rows of 4 kinds, with patients", Role::Clinician, 50, 4),
    ] {
        let facts = facts(role, rows, kinds);
        let mut times: Vec<f64> = (0..RUNS)
            .map(|_| {
                let resources = Resources::of(facts.resources.iter().map(ResourceFacts::id));
                let who = (Principal::Person(ME), None);
                let intent =
                    Intent::to::<act::DocumentList>(&clock, &entropy, who, Some(HOME), resources, Purpose::Treatment);
                let start = now();
                let decision = policy.decide::<act::DocumentList>(intent, &facts);
                let micros = start.elapsed().as_secs_f64() * 1e6;
                assert!(matches!(decision, Decision::Permit(_)), "{decision:?}");
                micros
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("{name}: median {:.0} µs, p99 {:.0} µs", times[RUNS / 2], times[RUNS * 99 / 100]);
    }
}
