//! A million documents of a hundred customers, laid into the database directly: names by Zipf's law, one customer
//! with half of everything, columns truly sealed and tokens truly blind under a made-up key ring.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking, helpers beside it too")]

use crate::names::name;
use crate::turns::Dice;
use record::civil::Day;
use record::{
    AgreementId, CustomerId, DocumentId, MembershipId, PatientId, PersonId, ProgramId, SeededEntropy, Timestamp,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use std::path::Path;
use strongroom_store::Store;
use vault::{Column, DirectoryColumn, KeyRing, KeyRows, PatientTokens, RootKey};

pub(crate) const NOW: i64 = 1_790_000_000_000;
const YEAR: i16 = 2026;
const CUSTOMERS: u8 = 100;
/// Clinicians of each customer.
const CLINICIANS: usize = 40;
const SURNAMES: usize = 5000;
const GIVENS: usize = 800;
const ROWS_AT_ONCE: usize = 200;

enum Cell {
    Text(String),
    Int(i64),
    Bytes(Vec<u8>),
    Null,
}

/// Rows on their way into one table.
struct Rows {
    start: &'static str,
    columns: usize,
    rows: Vec<Vec<Cell>>,
}

impl Rows {
    const fn of(start: &'static str, columns: usize) -> Self {
        Self { start, columns, rows: Vec::new() }
    }

    async fn add(&mut self, connection: &mut SqliteConnection, row: Vec<Cell>) {
        self.rows.push(row);
        if self.rows.len() >= ROWS_AT_ONCE {
            self.flush(connection).await;
        }
    }

    async fn flush(&mut self, connection: &mut SqliteConnection) {
        if self.rows.is_empty() {
            return;
        }
        let row = |at: usize| {
            let list: Vec<String> =
                (1..=self.columns).map(|column| format!("${}", at * self.columns + column)).collect();
            format!("({})", list.join(", "))
        };
        let places: Vec<String> = (0..self.rows.len()).map(row).collect();
        let sql = format!("INSERT INTO {} VALUES {}", self.start, places.join(", "));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for cell in self.rows.drain(..).flatten() {
            query = match cell {
                Cell::Text(text) => query.bind(text),
                Cell::Int(number) => query.bind(number),
                Cell::Bytes(bytes) => query.bind(bytes),
                Cell::Null => query.bind(None::<String>),
            };
        }
        query.execute(connection).await.unwrap();
    }
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

pub(crate) const fn customer(n: u8) -> CustomerId {
    CustomerId::from_bytes([n; 16])
}

pub(crate) fn clinician(customer: u8, n: usize) -> PersonId {
    PersonId::from_bytes((u128::from(customer) << 64 | (n as u128 + 1)).to_be_bytes())
}

pub(crate) const RECORDS_STAFF: PersonId = PersonId::from_bytes([0xee; 16]);

/// Begins a house in an empty store, with the same keys each time; the ring of all customers.
pub(crate) async fn begin(store: &Store) -> KeyRing {
    let (entropy, now) = (SeededEntropy::new(1), Timestamp::from_unix_millis(NOW));
    let root = RootKey::generate(&entropy);
    let rows = KeyRows::begin(&root, YEAR, now, &entropy);
    let mut ring = KeyRing::unlock(&root, &rows).unwrap();
    let mut tx = store.begin("begin a house").await.unwrap();
    tx.key_rows_begin(&rows).await.unwrap();
    tx.ledger_begin().await.unwrap();
    for n in 0..CUSTOMERS {
        let change = ring.customer_begin(customer(n), YEAR, now, &entropy).unwrap();
        assert!(tx.key_change(&change).await.unwrap() > 0);
        ring = ring.after(&change).unwrap();
    }
    let program = ProgramId::from_bytes([1; 16]).to_string();
    for (fact, value) in [
        ("format", "1"),
        ("operator", "Bench"),
        ("made_for", "work"),
        ("origin", "portal.example/strongroom"),
        ("program", &program),
    ] {
        tx.meta_set(fact, value).await.unwrap();
    }
    tx.commit().await.unwrap();
    ring
}

struct Tables {
    patients: Rows,
    patient_tokens: Rows,
    documents: Rows,
    recipients: Rows,
    versions: Rows,
}

/// Fills a database whose schema is there and that nobody else has open.
pub(crate) async fn build(database: &Path, ring: &KeyRing, documents: usize) {
    let options = SqliteConnectOptions::new()
        .filename(database)
        .foreign_keys(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", "-500000");
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    connection.execute("BEGIN").await.unwrap();
    people(&mut connection, ring).await;
    let mut tables = Tables {
        patients: Rows::of(
            "patient (patient_id, customer_id, body, provisional, linked_to, created_at, changed_at)",
            7,
        ),
        patient_tokens: Rows::of("patient_token (customer_id, field, token, patient_id)", 4),
        documents: Rows::of(
            "document (document_id, customer_id, patient_id, author_id, uploader_id, kind, state, body, current_version, \
             uploaded_at, delivered_at, picked_up_at, revision)",
            13,
        ),
        recipients: Rows::of("recipient (document_id, person_id, why, read_at)", 4),
        versions: Rows::of(
            "document_version (document_id, version, media, file_name, original_object, original_key, original_bytes, \
             original_digest, scan, made_at, made_by)",
            11,
        ),
    };
    let mut dice = Dice(7);
    let known = patients(&mut connection, ring, &mut tables, &mut dice, documents / 4).await;
    let busy = Zipf::new(CLINICIANS);
    for n in 0..documents {
        let whose = if dice.below(2) == 0 { 0 } else { 1 + u8::try_from(dice.below(99)).unwrap() };
        let own = &known[usize::from(whose)];
        let patient = own[dice.below(own.len())];
        let author = busy.draw(&mut dice);
        document(&mut connection, ring, &mut tables, &mut dice, (n, whose, patient, author)).await;
    }
    for rows in [
        &mut tables.patients,
        &mut tables.patient_tokens,
        &mut tables.documents,
        &mut tables.recipients,
        &mut tables.versions,
    ] {
        rows.flush(&mut connection).await;
    }
    // What is kept for lists, as the migration that brings it in fills it.
    let kept = include_str!("../../migrations/0002_kept_lists.sql");
    connection.execute(&kept[kept.find("INSERT INTO care").unwrap()..]).await.unwrap();
    connection.execute("COMMIT").await.unwrap();
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    connection.close().await.unwrap();
}

async fn people(connection: &mut SqliteConnection, ring: &KeyRing) {
    let mut customers = Rows::of("customer (customer_id, name, telephone, created_at, held_bytes)", 5);
    let mut agreements = Rows::of(
        "agreement (agreement_id, customer_id, from_day, reporting_days, notices_by, offshore, deidentify, at_end, \
         contacts, created_at, created_by)",
        11,
    );
    let mut persons = Rows::of("person (person_id, directory, email_index, passkey_owner, state, created_at)", 6);
    let mut memberships = Rows::of("membership (membership_id, person_id, customer_id, role, from_at, granted_by)", 6);
    let text = |text: &str| Cell::Text(text.to_owned());
    let person = |id: PersonId| {
        let bytes = id.to_bytes().to_vec();
        let entry = format!(r#"{{"name":"Dr. {id}","email":"{id}@example.org","telephone":"555-010-0000"}}"#);
        let directory = ring.directory_seal(id, DirectoryColumn::PersonBody, entry.as_bytes()).unwrap();
        vec![
            Cell::Text(id.to_string()),
            Cell::Bytes(directory),
            Cell::Bytes(bytes.clone()),
            Cell::Bytes(bytes),
            text("active"),
            Cell::Int(NOW),
        ]
    };
    let member = |id: PersonId, at: CustomerId, role: &str| {
        vec![
            Cell::Text(MembershipId::from_bytes(id.to_bytes()).to_string()),
            Cell::Text(id.to_string()),
            Cell::Text(at.to_string()),
            text(role),
            Cell::Int(NOW - 86_400_000),
            Cell::Text(RECORDS_STAFF.to_string()),
        ]
    };
    persons.add(connection, person(RECORDS_STAFF)).await;
    memberships.add(connection, member(RECORDS_STAFF, customer(0), "records_staff")).await;
    for n in 0..CUSTOMERS {
        let whose = customer(n).to_string();
        let row = vec![
            Cell::Text(whose.clone()),
            Cell::Text(format!("Customer {n}")),
            text("555-010-0000"),
            Cell::Int(NOW),
            Cell::Int(0),
        ];
        customers.add(connection, row).await;
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
        agreements.add(connection, row).await;
        for one in 0..CLINICIANS {
            persons.add(connection, person(clinician(n, one))).await;
            memberships.add(connection, member(clinician(n, one), customer(n), "clinician")).await;
        }
    }
    for rows in [&mut customers, &mut agreements, &mut persons, &mut memberships] {
        rows.flush(connection).await;
    }
}

async fn patients(
    connection: &mut SqliteConnection,
    ring: &KeyRing,
    tables: &mut Tables,
    dice: &mut Dice,
    many: usize,
) -> Vec<Vec<PatientId>> {
    let (surnames, givens) = (Zipf::new(SURNAMES), Zipf::new(GIVENS));
    let mut known: Vec<Vec<PatientId>> = vec![Vec::new(); usize::from(CUSTOMERS)];
    for n in 0..many {
        let whose = if n % 2 == 0 { 0 } else { 1 + u8::try_from(n / 2 % 99).unwrap() };
        let id = PatientId::from_bytes(((n as u128) << 80 | u128::from(dice.next())).to_be_bytes());
        let (last, first) = (name(surnames.draw(dice), "son"), name(givens.draw(dice), "a"));
        let born =
            Day::new(1930 + i16::try_from(dice.below(90)).unwrap(), 1 + i8::try_from(dice.below(12)).unwrap(), 7);
        let number = format!("MRN{n}");
        let body =
            format!(r#"{{"last":"{last}","first":"{first}","born":"{}","record_number":"{number}"}}"#, born.unwrap());
        let sealed = ring.seal_column(customer(whose), id, Column::PatientBody, body.as_bytes()).unwrap();
        let row = vec![
            Cell::Text(id.to_string()),
            Cell::Text(customer(whose).to_string()),
            Cell::Bytes(sealed),
            Cell::Int(0),
            Cell::Null,
            Cell::Int(NOW),
            Cell::Int(NOW),
        ];
        tables.patients.add(connection, row).await;
        let tokens = PatientTokens { given: &first, surname: &last, birth: born, record_number: Some(&number) };
        for token in tokens.tokens() {
            let mac = ring.blind(customer(whose), token.field, &token.word).unwrap();
            let row = vec![
                Cell::Text(customer(whose).to_string()),
                Cell::Text(token.field.as_str().to_owned()),
                Cell::Bytes(mac.to_vec()),
                Cell::Text(id.to_string()),
            ];
            tables.patient_tokens.add(connection, row).await;
        }
        known[usize::from(whose)].push(id);
    }
    known
}

async fn document(
    connection: &mut SqliteConnection,
    ring: &KeyRing,
    tables: &mut Tables,
    dice: &mut Dice,
    (n, whose, patient, author): (usize, u8, PatientId, usize),
) {
    let id = DocumentId::from_bytes(((n as u128) << 80 | u128::from(dice.next())).to_be_bytes());
    let state = match dice.below(100) {
        0 => "edited",
        1 => "transcribed",
        2..=11 => "delivered",
        _ => "signed",
    };
    let with_practice = matches!(state, "delivered" | "signed");
    let body = format!(
        r#"{{"title":"Consultation {n}","visit":"2026-03-07","said_author":"Dr. {author}","said":{{"last":"x","first":"y"}}}}"#
    );
    let sealed = ring.seal_column(customer(whose), id, Column::DocumentBody, body.as_bytes()).unwrap();
    let at = || Cell::Int(NOW);
    let when = |yes: bool| if yes { Cell::Int(NOW) } else { Cell::Null };
    let row = vec![
        Cell::Text(id.to_string()),
        Cell::Text(customer(whose).to_string()),
        Cell::Text(patient.to_string()),
        Cell::Text(clinician(whose, author).to_string()),
        Cell::Text(RECORDS_STAFF.to_string()),
        Cell::Text("transcript".to_owned()),
        Cell::Text(state.to_owned()),
        Cell::Bytes(sealed),
        Cell::Int(1),
        at(),
        when(with_practice),
        when(state == "signed"),
        Cell::Int(0),
    ];
    tables.documents.add(connection, row).await;
    if with_practice {
        let mut inbox = vec![(author, "author")];
        let copy = dice.below(CLINICIANS * 4);
        if copy < CLINICIANS && copy != author {
            inbox.push((copy, "copy"));
        }
        for (who, why) in inbox {
            let person = clinician(whose, who);
            let read = when(dice.below(20) != 0);
            let row =
                vec![Cell::Text(id.to_string()), Cell::Text(person.to_string()), Cell::Text(why.to_owned()), read];
            tables.recipients.add(connection, row).await;
        }
    }
    let row = vec![
        Cell::Text(id.to_string()),
        Cell::Int(1),
        Cell::Text("text/plain".to_owned()),
        Cell::Bytes(vec![3; 64]),
        Cell::Text(record::ObjectId::from_bytes(id.to_bytes()).to_string()),
        Cell::Bytes(vec![4; 80]),
        Cell::Int(4096),
        Cell::Bytes(vec![5; 32]),
        Cell::Text("clean".to_owned()),
        at(),
        Cell::Text(RECORDS_STAFF.to_string()),
    ];
    tables.versions.add(connection, row).await;
}
