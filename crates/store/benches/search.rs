//! Searching a million documents of a hundred customers, one of which has half of them, by 8 clients at once, a page
//! of 50: what a search takes from the typed words to the opened page, as custody does it: blind tokens, patients by
//! index, documents in policy's scope, facts, `decide`, a receipt from the ledger by group commit, and the opening of
//! every column on the page. Left out are the session, the names of authors, and the making of HTML. Bare fdatasync
//! takes its turns in the same run.
//!
//! `cargo xtask bench search`. The goal is p99 of at most 50 ms, or 3 × the p99 of fdatasync + 20 ms.
//! `STRONGROOM_BENCH_DATA` keeps and uses again the data of an earlier run; `STRONGROOM_BENCH_DOCUMENTS` says how many.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "support/city.rs"]
mod city;
#[path = "support/turns.rs"]
mod turns;

use city::{NOW, RECORDS_STAFF, clinician, customer, name, ring};
use policy::scope::document_scope;
use policy::{CustomerFacts, Facts, MembershipFact, PatientFacts, Policy, PrincipalFacts, ResourceFacts, SignInFact};
use record::{
    Action, Entry, Intent, ManualClock, Outcome, PatientId, PersonId, Principal, Purpose, Resources, Role,
    SystemEntropy, Timestamp, act,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use strongroom_store::{DocumentFilter, LedgerLog, Store, StoreOptions};
use turns::{Dice, Scribe, TempDir, fdatasync, now, quantile, rounds, say};
use vault::{Column, KeyRing, Match, Query};

const TURN: Duration = Duration::from_secs(3);
const CLIENTS: usize = 8;
const PAGE_ROWS: u32 = 50;

struct House {
    store: Store,
    ring: KeyRing,
    policy: Policy,
    scribe: Scribe,
}

/// Who looks, and as what.
#[derive(Clone, Copy)]
struct Asker {
    person: PersonId,
    role: Role,
}

impl Asker {
    fn facts(self) -> PrincipalFacts {
        let from = Timestamp::from_unix_millis(NOW - 60_000);
        let membership = MembershipFact { customer: Some(customer(0)), role: self.role, from, to: None };
        let signed_in = Some(SignInFact { at: from, step_up_at: Some(from) });
        PrincipalFacts { memberships: vec![membership], signed_in, passkeys: 2, ..PrincipalFacts::default() }
    }
}

/// One search from its words to the opened page; how many documents were on it.
async fn search(house: &House, asker: Asker, text: &str) -> usize {
    let (here, now) = (customer(0), Timestamp::from_unix_millis(NOW));
    let facts = asker.facts();
    let principal = Principal::Person(asker.person);
    let scope = document_scope(Action::DocumentSearch, &facts, principal, here, now);
    let mut filter = DocumentFilter::all(here, scope);
    let query = Query::of_text(text, Match::Exact);
    let mac = |token: &vault::Token| {
        (token.field.as_str().to_owned(), house.ring.blind(here, token.field, &token.word).unwrap().to_vec())
    };
    filter.patient_groups = query.all_of.iter().map(|group| group.iter().map(mac).collect()).collect();
    let page = house.store.document_list(&filter, PAGE_ROWS).await.unwrap();
    let documents = page.items;
    let told = house.store.document_facts_many(here, &documents, Some(asker.person)).await.unwrap();
    // A patient is in care exactly when a document about them says so.
    let about: BTreeMap<PatientId, bool> =
        told.iter().filter_map(|facts| Some((facts.patient?, facts.in_care))).collect();
    let ids: Vec<PatientId> = about.keys().copied().collect();
    let patients = house.store.patient_fetch_many(here, &ids).await.unwrap();
    let patient_facts = patients.iter().map(|patient| {
        let in_care = about[&patient.id];
        ResourceFacts::Patient(PatientFacts { id: patient.id, customer: here, in_care, provisional: false })
    });
    let resources: Vec<ResourceFacts> = told.into_iter().map(ResourceFacts::Document).chain(patient_facts).collect();
    let intent = Intent::to::<act::DocumentSearch>(
        &ManualClock::at_unix_millis(NOW),
        &SystemEntropy,
        (principal, None),
        Some(here),
        Resources::of(resources.iter().map(ResourceFacts::id)),
        Purpose::Treatment,
    );
    let facts =
        Facts { principal: facts, resources, customer: Some(CustomerFacts { id: here, agreement_in_force: true }) };
    let permit = house.policy.decide::<act::DocumentSearch>(intent, &facts).permitted().unwrap();
    let receipt = house.scribe.write(Entry::of(permit.intent(), Outcome::Permitted, ""), Vec::new()).await;
    let (opening, shown) = vault::open(permit, receipt, &house.ring).unwrap();
    for document in &documents {
        let opened = opening.column(document.id, Column::DocumentBody, &document.body).unwrap();
        assert!(opened.into_shown(&shown).contains("Consultation"));
    }
    for patient in &patients {
        let opened = opening.column(patient.id, Column::PatientBody, &patient.body).unwrap();
        assert!(opened.into_shown(&shown).contains("record_number"));
    }
    documents.len()
}

/// What is typed, by its number.
type Words = fn(usize) -> String;

/// Every kind of search, and whether it may find nothing.
fn searches() -> Vec<(&'static str, Asker, Words)> {
    let staff = Asker { person: RECORDS_STAFF, role: Role::RecordsStaff };
    // The least busy of the practice's clinicians: in the longest list they own the fewest rows.
    let doctor = Asker { person: clinician(0, 39), role: Role::Clinician };
    vec![
        ("commonest surname, records staff", staff, |_| name(0, "son")),
        ("commonest surname and given name, records staff", staff, |_| format!("{} {}", name(0, "son"), name(0, "a"))),
        ("common names, records staff", staff, |n| format!("{} {}", name(n % 40, "son"), name(n / 40 % 40, "a"))),
        ("rare surname, records staff", staff, |n| name(4000 + n % 900, "son")),
        ("record number, records staff", staff, |n| format!("MRN{}", n * 2)),
        ("no hit, records staff", staff, |n| format!("nobody{n}x")),
        ("commonest surname, clinician", doctor, |_| name(0, "son")),
        ("commonest surname and given name, clinician", doctor, |_| format!("{} {}", name(0, "son"), name(0, "a"))),
        ("rare surname, clinician", doctor, |n| name(4000 + n % 900, "son")),
        ("no hit, clinician", doctor, |n| format!("nobody{n}x")),
    ]
}

/// Eight clients search for one turn; how long each search took in milliseconds, sorted.
async fn turn(house: &Arc<House>, asker: Asker, words: Words, round: u32) -> Vec<f64> {
    let start = now();
    let running: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let house = Arc::clone(house);
            tokio::spawn(async move {
                let mut dice = Dice(u64::from(round) * 100 + client as u64);
                let mut times = Vec::new();
                while start.elapsed() < TURN {
                    let text = words(dice.below(10_000));
                    let before = now();
                    search(&house, asker, &text).await;
                    times.push(before.elapsed().as_secs_f64() * 1e3);
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for one in running {
        times.extend(one.await.unwrap());
    }
    times.sort_by(f64::total_cmp);
    times
}

async fn open(dir: PathBuf) -> Store {
    let store = Store::open(StoreOptions { dir, create: true }).await.unwrap();
    let mut tx = store.begin("begin the ledger").await.unwrap();
    tx.ledger_begin().await.unwrap();
    tx.commit().await.unwrap();
    store
}

#[tokio::main]
async fn main() {
    let many = std::env::var("STRONGROOM_BENCH_DOCUMENTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let temp = TempDir::new("search");
    let kept = std::env::var_os("STRONGROOM_BENCH_DATA").map(PathBuf::from);
    let dir = kept.clone().unwrap_or_else(|| temp.0.clone());
    let ring = ring();
    if !dir.join("strongroom.db").exists() {
        open(dir.clone()).await.close().await;
        city::build(&dir.join("strongroom.db"), &ring, many).await;
    }
    let store = open(dir.clone()).await;
    let scribe = Scribe::start(LedgerLog::new(store.clone()));
    let house = Arc::new(House { store, ring, policy: Policy::embedded().unwrap(), scribe });
    // The first round warms up and does not count.
    for round in 0..=rounds() {
        for (row, asker, words) in searches() {
            let bare = fdatasync(&dir, Duration::from_millis(500));
            let times = turn(&house, asker, words, round).await;
            if round > 0 {
                say(&format!("{row}: p99"), "limit", "fdatasync", "ms", quantile(&bare, 0.99));
                say(&format!("{row}: p99"), "we", "", "ms", quantile(&times, 0.99));
                say(&format!("{row}: p50"), "limit", "fdatasync", "ms", quantile(&bare, 0.5));
                say(&format!("{row}: p50"), "we", "", "ms", quantile(&times, 0.5));
            }
        }
    }
}
