//! The city as benchmarks ask it: every kind of search and list, who asks, and eight clients who do so at once.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking, helpers beside it too")]

use crate::turns::{Dice, now};
use record::{CustomerId, ManualClock, PersonId, SeededEntropy, SessionId, SystemEntropy, Timestamp, act};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use store::trial::{self, city, name};
use strongroom_custody::{
    Custody, Desk, DocumentSearch, DocumentView, DocumentsFound, OpenHouse, RootKey, Settings, SignedIn,
};

pub(crate) const TURN: Duration = Duration::from_secs(3);
pub(crate) const CLIENTS: usize = 8;
/// As the city has it.
const ENTROPY: u64 = 1;

/// The clinicians of the largest practice, the busiest first.
fn clinician(n: usize) -> PersonId {
    PersonId::from_bytes((n as u128 + 1).to_be_bytes())
}

fn signed_in(person: PersonId) -> SignedIn {
    let at = |seconds: i64| Timestamp::from_unix_millis(city::NOW + seconds * 1000);
    SignedIn {
        person,
        session: SessionId::from_bytes(person.to_bytes()),
        csrf: String::new(),
        started_at: at(-60),
        step_up_at: Some(at(-60)),
        idle_until: at(600),
        locked: false,
        shared: false,
    }
}

/// What is asked for.
#[derive(Clone, Copy)]
pub(crate) enum Ask {
    /// The words of the search box, by a number.
    Search(fn(usize) -> String),
    /// A list.
    List(DocumentView),
}

/// How many documents were on the page.
pub(crate) async fn ask(custody: &Custody, person: PersonId, ask: Ask, n: usize) -> usize {
    let who = Some(signed_in(person));
    let found: DocumentsFound = match ask {
        Ask::Search(words) => {
            let wanted = DocumentSearch { text: words(n), ..DocumentSearch::default() };
            let desk = Desk::<act::DocumentSearch>::at(custody.clone(), who);
            desk.document_search(&wanted, None, None).await.unwrap()
        }
        Ask::List(view) => {
            let desk = Desk::<act::DocumentList>::at(custody.clone(), who);
            desk.document_list(view, None, None).await.unwrap()
        }
    };
    found.customers.iter().map(|one| one.lines.len()).sum()
}

/// Every kind of search, who asks, and how many documents there are to be at least.
pub(crate) fn asks() -> Vec<(&'static str, PersonId, Ask, usize)> {
    let staff = city::RECORDS_STAFF;
    // Of forty: the first, who cares for most patients of the practice; one in the middle; and the last.
    let (busy, usual, doctor) = (clinician(0), clinician(15), clinician(39));
    let common: fn(usize) -> String = |_| name(0, "son");
    let both: fn(usize) -> String = |_| format!("{} {}", name(0, "son"), name(0, "a"));
    let names: fn(usize) -> String = |n| format!("{} {}", name(n % 40, "son"), name(n / 40 % 40, "a"));
    let rare: fn(usize) -> String = |n| name(4000 + n % 900, "son");
    let number: fn(usize) -> String = |n| format!("MRN{}", n * 2);
    let nobody: fn(usize) -> String = |n| format!("nobody{n}x");
    let none_together: fn(usize) -> String = |n| format!("{} {}", name(n % 40, "son"), name(700 + n % 90, "a"));
    vec![
        ("commonest surname, records staff", staff, Ask::Search(common), 50),
        ("commonest surname and given name, records staff", staff, Ask::Search(both), 50),
        ("common names, records staff", staff, Ask::Search(names), 0),
        ("common surname and rare given name, records staff", staff, Ask::Search(none_together), 0),
        ("rare surname, records staff", staff, Ask::Search(rare), 0),
        ("record number, records staff", staff, Ask::Search(number), 0),
        ("no hit, records staff", staff, Ask::Search(nobody), 0),
        ("commonest surname, least busy clinician", doctor, Ask::Search(common), 50),
        ("commonest surname and given name, least busy clinician", doctor, Ask::Search(both), 50),
        ("common names, least busy clinician", doctor, Ask::Search(names), 0),
        ("rare surname, least busy clinician", doctor, Ask::Search(rare), 0),
        ("no hit, least busy clinician", doctor, Ask::Search(nobody), 0),
        ("commonest surname and given name, usual clinician", usual, Ask::Search(both), 50),
        ("commonest surname and given name, busiest clinician", busy, Ask::Search(both), 50),
        ("list of all, least busy clinician", doctor, Ask::List(DocumentView::All), 50),
        ("list of unread, least busy clinician", doctor, Ask::List(DocumentView::Unread), 1),
    ]
}

/// Eight clients ask for one turn; how long each answer took in milliseconds, sorted.
pub(crate) async fn turn(custody: &Custody, person: PersonId, what: Ask, least: usize, round: u32) -> Vec<f64> {
    let start = now();
    let running: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let custody = custody.clone();
            tokio::spawn(async move {
                let mut dice = Dice(u64::from(round) * 100 + client as u64);
                let mut times = Vec::new();
                while start.elapsed() < TURN {
                    let n = dice.below(10_000);
                    let before = now();
                    let found = ask(&custody, person, what, n).await;
                    times.push(before.elapsed().as_secs_f64() * 1e3);
                    assert!(found >= least, "{found} documents on the page");
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

pub(crate) async fn open(dir: PathBuf) -> (Store, Custody) {
    let store = trial::open(&dir).await;
    let settings = Settings::new("Bench", "https://portal.example".parse().unwrap());
    let root = RootKey::generate(&SeededEntropy::new(ENTROPY));
    let clock = Arc::new(ManualClock::at_unix_millis(city::NOW));
    let house = OpenHouse { store: store.clone(), settings, root, clock, entropy: Arc::new(SystemEntropy) };
    let custody = Custody::open(house).await.unwrap();
    let largest = CustomerId::from_bytes([0; 16]);
    assert_eq!(custody.customer_name(largest).await.unwrap(), "Customer 0");
    (store, custody)
}
