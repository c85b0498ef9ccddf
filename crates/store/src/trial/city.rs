//! A city of made-up practices, laid into a database directly: names by Zipf's law, columns truly sealed and tokens truly
//! blind under the house's own keys. For benchmarks, and for tests that ask how an engine goes about a house of some size.
//!
//! What must always hold: whatever a page may show opens, so that pages can be asked for it. What only takes up room (sessions,
//! entries of nobody's acts) stands in [`super::crowd`].

use super::names::name;
use super::rows::{Cell, Rows, Sink};
use crate::{Customer, Store};
use record::civil::Day;
use record::{
    AgreementId, CustomerId, DocumentId, MembershipId, ObjectId, PatientId, PersonId, ProgramId, SeededEntropy,
    Timestamp,
};
use std::path::Path;
use vault::{Column, DirectoryColumn, KeyRing, KeyRows, PatientTokens, RootKey};

/// When it is in the city.
pub const NOW: i64 = 1_790_000_000_000;
const YEAR: i16 = 2026;
/// Customers of the city that benchmarks measure.
pub const CUSTOMERS: u8 = 100;
/// Clinicians of each customer.
const CLINICIANS: usize = 40;
const SURNAMES: usize = 5000;
const GIVENS: usize = 800;
const PERSONS: &str = "person (person_id, directory, email_index, passkey_owner, state, created_at)";
const MEMBERSHIPS: &str = "membership (membership_id, person_id, customer_id, role, from_at, granted_by)";

/// A practice to be filled, whose keys the house has.
#[derive(Debug, Clone)]
pub struct Practice {
    /// Which.
    pub id: CustomerId,
    /// Who writes documents there, the busiest first.
    pub clinicians: Vec<PersonId>,
}

/// How much there is to be.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Documents in all; the first practice gets half of them.
    pub documents: usize,
    /// Patients in all, likewise.
    pub patients: usize,
}

/// Draws ranks so that the second is half as frequent as the first, the third a third, and so on.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(n: usize) -> Self {
        let mut sum = 0.0;
        let cumulated: Vec<f64> = (1..=n)
            .map(|rank| {
                sum += 1.0 / rank as f64;
                sum
            })
            .collect();
        Self(cumulated.into_iter().map(|value| value / sum).collect())
    }
    fn draw(&self, dice: &mut Dice) -> usize {
        let share = dice.share();
        self.0.partition_point(|value| *value < share).min(self.0.len() - 1)
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same seed gives the same city.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).expect("it is less than a usize")
    }
    /// Between 0 and 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

const fn customer(n: u8) -> CustomerId {
    CustomerId::from_bytes([n; 16])
}

/// A clinician of the city, by practice and place.
#[must_use]
pub fn clinician(customer: u8, n: usize) -> PersonId {
    PersonId::from_bytes((u128::from(customer) << 64 | (n as u128 + 1)).to_be_bytes())
}

/// Who keeps the records of the first practice, and has brought every document.
pub const RECORDS_STAFF: PersonId = PersonId::from_bytes([0xee; 16]);

/// The hundred practices that benchmarks measure.
#[must_use]
pub fn practices() -> Vec<Practice> {
    let practice = |n| Practice { id: customer(n), clinicians: (0..CLINICIANS).map(|one| clinician(n, one)).collect() };
    (0..CUSTOMERS).map(practice).collect()
}

/// Begins a house in an empty store, with the same keys each time; the ring of all customers.
///
/// # Panics
/// When it cannot: this is for tests.
pub async fn begin(store: &Store) -> KeyRing {
    let (entropy, now) = (SeededEntropy::new(1), Timestamp::from_unix_millis(NOW));
    let root = RootKey::generate(&entropy);
    let rows = KeyRows::begin(&root, YEAR, now, &entropy);
    let mut ring = KeyRing::unlock(&root, &rows).expect("the root key has just wrapped them");
    let mut tx = store.begin("begin a house").await.expect("a transaction");
    tx.key_rows_begin(&rows).await.expect("keys are kept");
    tx.ledger_begin().await.expect("a ledger begins");
    for n in 0..CUSTOMERS {
        let change = ring.customer_begin(customer(n), YEAR, now, &entropy).expect("a customer's keys");
        assert!(tx.key_change(&change).await.expect("keys are kept") > 0);
        ring = ring.after(&change).expect("they follow from those before");
    }
    let program = ProgramId::from_bytes([1; 16]).to_string();
    for (fact, value) in [
        ("format", "1"),
        ("operator", "Bench"),
        ("made_for", "work"),
        ("origin", "portal.example/strongroom"),
        ("program", &program),
    ] {
        tx.meta_set(fact, value).await.expect("a fact is kept");
    }
    tx.commit().await.expect("a commit");
    ring
}

struct Tables {
    patients: Rows,
    patient_tokens: Rows,
    documents: Rows,
    recipients: Rows,
    versions: Rows,
}

impl Tables {
    fn new() -> Self {
        Self {
            patients: Rows::of(
                "patient (patient_id, customer_id, body, provisional, linked_to, created_at, changed_at)",
            ),
            patient_tokens: Rows::of("patient_token (customer_id, field, token, patient_id)"),
            documents: Rows::of(
                "document (document_id, customer_id, patient_id, author_id, uploader_id, kind, state, body, \
                 current_version, uploaded_at, delivered_at, picked_up_at, revision)",
            ),
            recipients: Rows::of("recipient (customer_id, document_id, person_id, why, read_at)"),
            versions: Rows::of(
                "document_version (customer_id, document_id, version, media, file_name, original_object, original_key, \
                 original_bytes, original_digest, scan, made_at, made_by)",
            ),
        }
    }

    async fn flush(&mut self, sink: &mut Sink) {
        for rows in [
            &mut self.patients,
            &mut self.patient_tokens,
            &mut self.documents,
            &mut self.recipients,
            &mut self.versions,
        ] {
            rows.flush(sink).await;
        }
    }
}

/// Lays the city that benchmarks measure into the store of this folder, which nobody has open: customers, people, and what
/// [`grow`] adds.
///
/// # Panics
/// When it cannot: this is for tests.
pub async fn build(dir: &Path, ring: &KeyRing, size: Size) {
    let mut sink = super::sink(dir).await;
    people(&mut sink, ring).await;
    fill(&mut sink, ring, &practices(), size).await;
    sink.done().await;
}

/// Begins made-up practices with forty clinicians each in a house that is there and that nobody has open; the ring with theirs.
///
/// # Panics
/// When it cannot: this is for tests.
pub async fn found(store: &Store, root: &RootKey, many: u8) -> (KeyRing, Vec<Practice>) {
    let (entropy, now) = (SeededEntropy::new(3), Timestamp::from_unix_millis(NOW));
    let rows = store.key_rows().await.expect("keys are there");
    let halves = store.halves_of(&rows).await.expect("halves can be read");
    let mut ring = KeyRing::unlock_halved(root, &rows, &halves).expect("it is their root key");
    let practices: Vec<Practice> = practices().into_iter().take(usize::from(many)).collect();
    let mut tx = store.begin("begin practices").await.expect("a transaction");
    for (n, practice) in practices.iter().enumerate() {
        let change = ring.customer_begin(practice.id, YEAR, now, &entropy).expect("a customer's keys");
        assert!(tx.key_change(&change).await.expect("keys are kept") > 0);
        ring = ring.after(&change).expect("they follow from those before");
        tx.customer_insert(&Customer {
            id: practice.id,
            name: format!("Customer {n}"),
            telephone: "555-010-0000".to_owned(),
            created_at: now,
            closed_at: None,
        })
        .await
        .expect("a customer is kept");
    }
    tx.commit().await.expect("a commit");
    (ring, practices)
}

/// Those among the clinicians who are not there yet begin to work.
///
/// # Panics
/// When it cannot: this is for tests.
pub async fn staff(dir: &Path, ring: &KeyRing, practices: &[Practice], known: &[PersonId]) {
    let mut sink = super::sink(dir).await;
    let (mut persons, mut memberships) = (Rows::of(PERSONS), Rows::of(MEMBERSHIPS));
    for practice in practices {
        for id in practice.clinicians.iter().filter(|id| !known.contains(id)) {
            persons.add(&mut sink, person(ring, *id)).await;
            memberships.add(&mut sink, member(*id, practice.id, "clinician")).await;
        }
    }
    persons.flush(&mut sink).await;
    memberships.flush(&mut sink).await;
    sink.done().await;
}

/// Adds patients and documents to practices that are there. They are older than everything that came in by itself.
///
/// # Panics
/// When it cannot: this is for tests.
pub async fn grow(dir: &Path, ring: &KeyRing, practices: &[Practice], size: Size) {
    let mut sink = super::sink(dir).await;
    fill(&mut sink, ring, practices, size).await;
    sink.done().await;
}

/// Half of everything is the first practice's.
fn whose(dice: &mut Dice, practices: &[Practice]) -> usize {
    if dice.below(2) == 0 { 0 } else { 1 + dice.below(practices.len() - 1) }
}

async fn fill(sink: &mut Sink, ring: &KeyRing, practices: &[Practice], size: Size) {
    let (mut tables, mut dice) = (Tables::new(), Dice(7));
    let known = patients(sink, (ring, practices), &mut tables, &mut dice, size.patients).await;
    let busy: Vec<Zipf> = practices.iter().map(|one| Zipf::new(one.clinicians.len())).collect();
    for n in 0..size.documents {
        let whose = whose(&mut dice, practices);
        let patient = known[whose][dice.below(known[whose].len())];
        let author = busy[whose].draw(&mut dice);
        let id = DocumentId::from_bytes(((n as u128) << 80 | u128::from(dice.next())).to_be_bytes());
        let one = New { id, practice: &practices[whose], patient, author };
        document(sink, ring, &mut tables, &mut dice, &one).await;
    }
    tables.flush(sink).await;
    // What is kept for lists, as the migration that brings it in fills it, but for what is kept already.
    let kept = include_str!("../../migrations/0002_kept_lists.sql");
    let from = kept.find("INSERT INTO care").expect("the migration fills what it makes");
    for sql in kept[from..].split(';').filter(|sql| sql.contains("INSERT")) {
        sink.say(&format!("{sql} ON CONFLICT DO NOTHING")).await;
    }
}

async fn people(sink: &mut Sink, ring: &KeyRing) {
    let mut customers = Rows::of("customer (customer_id, name, telephone, created_at, held_bytes)");
    let mut agreements = Rows::of(
        "agreement (agreement_id, customer_id, from_day, reporting_days, notices_by, offshore, deidentify, at_end, \
         contacts, created_at, created_by)",
    );
    let (mut persons, mut memberships) = (Rows::of(PERSONS), Rows::of(MEMBERSHIPS));
    let text = |text: &str| Cell::Text(text.to_owned());
    persons.add(sink, person(ring, RECORDS_STAFF)).await;
    memberships.add(sink, member(RECORDS_STAFF, customer(0), "records_staff")).await;
    for n in 0..CUSTOMERS {
        let whose = customer(n).to_string();
        let row = vec![
            Cell::Text(whose.clone()),
            Cell::Text(format!("Customer {n}")),
            text("555-010-0000"),
            Cell::Int(NOW),
            Cell::Int(0),
        ];
        customers.add(sink, row).await;
        let row = vec![
            Cell::Text(AgreementId::from_bytes([n; 16]).to_string()),
            Cell::Text(whose),
            text("2026-01-01"),
            Cell::Int(10),
            text("customer"),
            Cell::Int(0),
            Cell::Int(0),
            text("return"),
            Cell::Bytes(vec![0; 64]),
            Cell::Int(NOW),
            text("bench"),
        ];
        agreements.add(sink, row).await;
        for one in 0..CLINICIANS {
            persons.add(sink, person(ring, clinician(n, one))).await;
            memberships.add(sink, member(clinician(n, one), customer(n), "clinician")).await;
        }
    }
    for rows in [&mut customers, &mut agreements, &mut persons, &mut memberships] {
        rows.flush(sink).await;
    }
}

fn person(ring: &KeyRing, id: PersonId) -> Vec<Cell> {
    let bytes = id.to_bytes().to_vec();
    let entry = format!(r#"{{"name":"Dr. {id}","email":"{id}@example.org","telephone":"555-010-0000"}}"#);
    let directory = ring.directory_seal(id, DirectoryColumn::PersonBody, entry.as_bytes()).expect("it can be sealed");
    vec![
        Cell::Text(id.to_string()),
        Cell::Bytes(directory),
        Cell::Bytes(bytes.clone()),
        Cell::Bytes(bytes),
        Cell::Text("active".to_owned()),
        Cell::Int(NOW),
    ]
}

fn member(id: PersonId, at: CustomerId, role: &str) -> Vec<Cell> {
    vec![
        Cell::Text(MembershipId::from_bytes(id.to_bytes()).to_string()),
        Cell::Text(id.to_string()),
        Cell::Text(at.to_string()),
        Cell::Text(role.to_owned()),
        Cell::Int(NOW - 86_400_000),
        Cell::Text(RECORDS_STAFF.to_string()),
    ]
}

async fn patients(
    sink: &mut Sink,
    (ring, practices): (&KeyRing, &[Practice]),
    tables: &mut Tables,
    dice: &mut Dice,
    many: usize,
) -> Vec<Vec<PatientId>> {
    let (surnames, givens) = (Zipf::new(SURNAMES), Zipf::new(GIVENS));
    let mut known: Vec<Vec<PatientId>> = vec![Vec::new(); practices.len()];
    for n in 0..many {
        let place = if n % 2 == 0 { 0 } else { 1 + n / 2 % (practices.len() - 1) };
        let whose = practices[place].id;
        let id = PatientId::from_bytes(((n as u128) << 80 | u128::from(dice.next())).to_be_bytes());
        let (last, first) = (name(surnames.draw(dice), "son"), name(givens.draw(dice), "a"));
        let year = 1930 + i16::try_from(dice.below(90)).expect("less than ninety");
        let month = 1 + i8::try_from(dice.below(12)).expect("less than twelve");
        let born = Day::new(year, month, 7).expect("every month has a seventh");
        let number = format!("MRN{n}");
        let body = format!(r#"{{"last":"{last}","first":"{first}","born":"{born}","record_number":"{number}"}}"#);
        let sealed = ring.seal_column(whose, id, Column::PatientBody, body.as_bytes()).expect("it can be sealed");
        let row = vec![
            Cell::Text(id.to_string()),
            Cell::Text(whose.to_string()),
            Cell::Bytes(sealed),
            Cell::Int(0),
            Cell::Null,
            Cell::Int(NOW),
            Cell::Int(NOW),
        ];
        tables.patients.add(sink, row).await;
        let tokens = PatientTokens { given: &first, surname: &last, birth: Some(born), record_number: Some(&number) };
        for token in tokens.tokens() {
            let mac = ring.blind(whose, token.field, &token.word).expect("the customer's keys are there");
            let row = vec![
                Cell::Text(whose.to_string()),
                Cell::Text(token.field.as_str().to_owned()),
                Cell::Bytes(mac.to_vec()),
                Cell::Text(id.to_string()),
            ];
            tables.patient_tokens.add(sink, row).await;
        }
        known[place].push(id);
    }
    // Documents name them.
    tables.flush(sink).await;
    known
}

/// A document to be made.
struct New<'p> {
    id: DocumentId,
    practice: &'p Practice,
    patient: PatientId,
    /// Which of the practice's clinicians.
    author: usize,
}

/// One of a hundred is in work, one of ten waits to be signed.
fn state(dice: &mut Dice) -> &'static str {
    match dice.below(100) {
        0 => "edited",
        1 => "transcribed",
        2..=11 => "delivered",
        _ => "signed",
    }
}

async fn document(sink: &mut Sink, ring: &KeyRing, tables: &mut Tables, dice: &mut Dice, new: &New<'_>) {
    let (id, whose) = (new.id, new.practice.id);
    let state = state(dice);
    let with_practice = matches!(state, "delivered" | "signed");
    let (author, title) = (new.author, id.to_string());
    let body = format!(
        r#"{{"title":"Consultation {}","visit":"2026-03-07","said_author":"Dr. {author}","said":{{"last":"x","first":"y"}}}}"#,
        &title[title.len() - 6..]
    );
    let sealed = ring.seal_column(whose, id, Column::DocumentBody, body.as_bytes()).expect("it can be sealed");
    let when = |yes: bool| if yes { Cell::Int(NOW) } else { Cell::Null };
    let row = vec![
        Cell::Text(id.to_string()),
        Cell::Text(whose.to_string()),
        Cell::Text(new.patient.to_string()),
        Cell::Text(new.practice.clinicians[author].to_string()),
        Cell::Text(RECORDS_STAFF.to_string()),
        Cell::Text("transcript".to_owned()),
        Cell::Text(state.to_owned()),
        Cell::Bytes(sealed),
        Cell::Int(1),
        Cell::Int(NOW),
        when(with_practice),
        when(state == "signed"),
        Cell::Int(0),
    ];
    tables.documents.add(sink, row).await;
    if with_practice {
        let mut inbox = vec![(author, "author")];
        let copy = dice.below(new.practice.clinicians.len() * 4);
        if copy < new.practice.clinicians.len() && copy != author {
            inbox.push((copy, "copy"));
        }
        for (who, why) in inbox {
            let read = when(dice.below(20) != 0);
            let row = vec![
                Cell::Text(whose.to_string()),
                Cell::Text(id.to_string()),
                Cell::Text(new.practice.clinicians[who].to_string()),
                Cell::Text(why.to_owned()),
                read,
            ];
            tables.recipients.add(sink, row).await;
        }
    }
    let row = vec![
        Cell::Text(whose.to_string()),
        Cell::Text(id.to_string()),
        Cell::Int(1),
        Cell::Text("text/plain".to_owned()),
        Cell::Bytes(vec![3; 64]),
        Cell::Text(ObjectId::from_bytes(id.to_bytes()).to_string()),
        Cell::Bytes(vec![4; 80]),
        Cell::Int(4096),
        Cell::Bytes(vec![5; 32]),
        Cell::Text("clean".to_owned()),
        Cell::Int(NOW),
        Cell::Text(RECORDS_STAFF.to_string()),
    ];
    tables.versions.add(sink, row).await;
}
