//! What is kept for lists is what documents, inboxes and tokens say, after whatever happens to them.

use super::scope::worlds::Dice;
use super::{a_document, a_patient, customer, document_id, patient_id, peopled, person, store};
use crate::Store;
use record::document::DocumentState;
use record::{CustomerId, PatientId};
use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use std::collections::{BTreeMap, BTreeSet};

const PATIENTS: u8 = 8;

/// Patients with an even number are customer 2's.
fn whose(patient: u8) -> CustomerId {
    customer(if patient.is_multiple_of(2) { 2 } else { 1 })
}

async fn texts(store: &Store, sql: &str) -> Vec<Vec<String>> {
    let rows = store.reader().await.fetch_all(AssertSqlSafe(sql.to_owned())).await.unwrap();
    rows.iter().map(|row| (0..row.len()).map(|at| row.try_get::<String, _>(at).unwrap()).collect()).collect()
}

type Rows = BTreeSet<Vec<String>>;

/// What is kept: care and names.
async fn kept(store: &Store) -> (Rows, Rows) {
    let care = texts(store, "SELECT person_id, patient_id, customer_id FROM care").await;
    let names = texts(store, "SELECT hex(token), document_id, customer_id FROM document_name").await;
    (care.into_iter().collect(), names.into_iter().collect())
}

/// What should be, worked out here and not by the database.
async fn so(store: &Store) -> (Rows, Rows) {
    let documents = texts(
        store,
        "SELECT document_id, customer_id, COALESCE(patient_id, ''), COALESCE(author_id, ''), state FROM document",
    )
    .await;
    let mut inboxes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in texts(store, "SELECT document_id, person_id FROM recipient").await {
        inboxes.entry(row[0].clone()).or_default().push(row[1].clone());
    }
    let mut tokens: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for row in texts(store, "SELECT patient_id, field, hex(token) FROM patient_token").await {
        tokens.entry(row[0].clone()).or_default().push((row[1].clone(), row[2].clone()));
    }
    let (mut care, mut names) = (Rows::new(), Rows::new());
    for row in documents {
        let [id, customer, patient, author, state] = &row[..] else { panic!("five columns") };
        if patient.is_empty() {
            continue;
        }
        if state == "delivered" || state == "signed" {
            let caring = inboxes.get(id).into_iter().flatten().chain([author]).filter(|one| !one.is_empty());
            care.extend(caring.map(|who| vec![who.clone(), patient.clone(), customer.clone()]));
        }
        for (field, token) in tokens.get(patient).into_iter().flatten() {
            if ["given", "surname", "surname_prefix", "surname_sound"].contains(&field.as_str()) {
                names.insert(vec![token.clone(), id.clone(), customer.clone()]);
            }
        }
    }
    (care, names)
}

fn some_tokens(dice: &mut Dice) -> Vec<(String, Vec<u8>)> {
    let fields = ["given", "surname", "surname_prefix", "surname_sound", "record_number", "surname_birth"];
    let token = |dice: &mut Dice| {
        let at = u8::try_from(dice.below(6)).unwrap();
        (fields[usize::from(at)].to_owned(), vec![at * 16 + u8::try_from(dice.below(3)).unwrap(); 32])
    };
    (0..dice.below(5)).map(|_| token(dice)).collect::<BTreeSet<_>>().into_iter().collect()
}

fn some_patient(dice: &mut Dice) -> u8 {
    1 + u8::try_from(dice.below(u64::from(PATIENTS))).unwrap()
}

async fn world(store: &Store) {
    peopled(store).await;
    let mut tx = store.begin("make patients").await.unwrap();
    for n in 1..=PATIENTS {
        tx.patient_insert(&a_patient(patient_id(n), whose(n))).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// One thing that happens; what it is called.
async fn happens(dice: &mut Dice, store: &Store, documents: &mut u8) -> &'static str {
    let what = dice.below(100);
    let some = |dice: &mut Dice| dice.pick(&[Some(person(1)), Some(person(2)), Some(person(3)), None]);
    let any = document_id(1 + u8::try_from(dice.below(u64::from((*documents).max(1)))).unwrap());
    let found = store.document_fetch(any).await.unwrap();
    let mut tx = store.begin("something happens").await.unwrap();
    let name = match (what, found) {
        (0..25, _) | (_, None) if *documents < 60 => {
            let about = some_patient(dice);
            let mut new = a_document(document_id(*documents + 1), whose(about));
            (new.state, new.author) = (dice.pick(DocumentState::ALL), some(dice));
            new.patient = dice.percent(80).then(|| patient_id(about));
            tx.document_insert(&new).await.unwrap();
            *documents += 1;
            "inserted"
        }
        (25..50, Some(mut now)) => {
            let was = now.state;
            now.state = dice.pick(DocumentState::ALL);
            now.author = some(dice);
            let about = some_patient(dice);
            if whose(about) == now.customer {
                now.patient = dice.percent(85).then(|| patient_id(about));
            }
            let read = if dice.percent(15) { DocumentState::Held } else { was };
            tx.document_update(&now, read).await.unwrap();
            "updated"
        }
        (50..65, Some(now)) => {
            tx.recipient_add(now.id, dice.pick(&[person(1), person(2), person(3), person(4)]), false).await.unwrap();
            "sent"
        }
        (65..72, Some(now)) => {
            tx.recipient_clear(now.id).await.unwrap();
            "taken back"
        }
        (72..80, _) => {
            let (from, to) = (some_patient(dice), some_patient(dice));
            if whose(from) == whose(to) {
                tx.documents_relink(whose(from), patient_id(from), patient_id(to)).await.unwrap();
            }
            "relinked"
        }
        _ => {
            let about = some_patient(dice);
            tx.patient_tokens_set(whose(about), patient_id(about), &some_tokens(dice)).await.unwrap();
            "named"
        }
    };
    // Some of it comes to nothing.
    if dice.percent(90) {
        tx.commit().await.unwrap();
    }
    name
}

/// Patients of whom the database finds something else kept than what is so, a few at a time.
async fn wrong(store: &Store) -> BTreeSet<PatientId> {
    let mut found = BTreeSet::new();
    for here in [customer(1), customer(2), customer(3)] {
        let mut after = None;
        loop {
            let page = store.kept_check(here, after, 3).await.unwrap();
            found.extend(page.wrong);
            after = page.last;
            if after.is_none() {
                break;
            }
        }
    }
    found
}

#[tokio::test]
async fn what_is_kept_is_what_is_so_after_whatever_happens() {
    let mut dice = Dice(2_026);
    let (mut cared, mut named) = (0, 0);
    for _ in 0..3 {
        let (_dir, store) = store().await;
        world(&store).await;
        let mut documents = 0;
        let mut happened = BTreeMap::new();
        for step in 0..150 {
            let what = happens(&mut dice, &store, &mut documents).await;
            *happened.entry(what).or_insert(0) += 1;
            let (care, names) = kept(&store).await;
            cared += care.len();
            named += names.len();
            assert_eq!((care, names), so(&store).await, "after {step} things, the last {what}");
        }
        assert_eq!(wrong(&store).await, BTreeSet::new());
        assert!(happened.len() == 6 && happened.values().all(|times| *times > 3), "{happened:?}");
    }
    assert!(cared > 1000 && named > 1000, "worlds in which nearly nothing is kept prove little: {cared}, {named}");
}

#[tokio::test]
async fn a_row_too_many_or_too_few_is_found_and_mended() {
    let (_dir, store) = store().await;
    world(&store).await;
    let mut tx = store.begin("test").await.unwrap();
    let token = ("surname".to_owned(), vec![7; 32]);
    for n in 1..=PATIENTS {
        tx.patient_tokens_set(whose(n), patient_id(n), &[token.clone(), ("given".to_owned(), vec![n + 50; 32])])
            .await
            .unwrap();
        let mut new = a_document(document_id(n), whose(n));
        (new.patient, new.author) = (Some(patient_id(n)), Some(person(1)));
        tx.document_insert(&new).await.unwrap();
        tx.recipient_add(new.id, person(2), false).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(wrong(&store).await, BTreeSet::new());
    let whole = kept(&store).await;
    let (three, four) = (patient_id(3), patient_id(4));
    let damages = [
        (format!("DELETE FROM care WHERE patient_id = '{three}' AND person_id = '{}'", person(1)), three),
        (format!("DELETE FROM care WHERE patient_id = '{four}' AND person_id = '{}'", person(2)), four),
        (format!("INSERT INTO care VALUES ('{}', '{three}', '{}')", person(5), customer(1)), three),
        (
            format!(
                "DELETE FROM document_name WHERE document_id = '{}' AND token = x'{}'",
                document_id(4),
                "07".repeat(32)
            ),
            four,
        ),
        (
            format!(
                "INSERT INTO document_name VALUES (x'{}', '{}', '{}')",
                "09".repeat(32),
                document_id(3),
                customer(1)
            ),
            three,
        ),
    ];
    for (damage, patient) in damages {
        let done = store.writer().await.execute(AssertSqlSafe(damage.clone())).await.unwrap();
        assert_eq!(done.rows_affected(), 1, "{damage}");
        assert_eq!(wrong(&store).await, BTreeSet::from([patient]), "{damage}");
        let whose = if patient == three { customer(1) } else { customer(2) };
        let mut tx = store.begin("mend").await.unwrap();
        assert_eq!(tx.kept_renew(whose, patient).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(kept(&store).await, whole, "{damage}");
    }
}

#[tokio::test]
async fn a_folder_from_before_is_brought_up_to_what_would_have_been_kept() {
    let (_dir, store) = store().await;
    world(&store).await;
    let mut dice = Dice(5);
    let mut documents = 0;
    for _ in 0..120 {
        happens(&mut dice, &store, &mut documents).await;
    }
    let whole = kept(&store).await;
    assert!(!whole.0.is_empty() && !whole.1.is_empty());
    // As the first migration left it; then the second.
    let (_, second) = Store::migrations()[1];
    for sql in ["DROP TABLE care", "DROP TABLE document_name"] {
        store.writer().await.execute(sql).await.unwrap();
    }
    store.writer().await.execute(second).await.unwrap();
    assert_eq!(kept(&store).await, whole);
}

#[tokio::test]
async fn what_is_kept_finds_rows_and_is_no_fact() {
    let (_dir, store) = store().await;
    world(&store).await;
    let mut tx = store.begin("test").await.unwrap();
    let mut new = a_document(document_id(1), whose(1));
    (new.patient, new.author) = (Some(patient_id(1)), Some(person(1)));
    tx.document_insert(&new).await.unwrap();
    tx.commit().await.unwrap();
    let planted = format!("INSERT INTO care VALUES ('{}', '{}', '{}')", person(5), patient_id(1), whose(1));
    store.writer().await.execute(AssertSqlSafe(planted)).await.unwrap();
    // Whoever writes a row into the table is told no more by it: policy hears what the documents say.
    assert!(!store.in_care(whose(1), patient_id(1), person(5)).await.unwrap());
    let both = BTreeSet::from([patient_id(1)]);
    assert!(store.in_care_many(whose(1), &both, person(5)).await.unwrap().is_empty());
    assert!(store.in_care(whose(1), patient_id(1), person(1)).await.unwrap());
}
