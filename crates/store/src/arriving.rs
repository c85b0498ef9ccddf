//! Rows on their way from a customer that joins another to that other one.
//!
//! What must always hold: no text here is about two customers. What is to leave the one is first put, under the other's keys
//! already, into the other's table `arriving`; then it is taken out of the one, if it still is as it was read; and only
//! when all has left does it come in, in the order in which rows may point to each other. So whatever step dies, every row is
//! somewhere, and what is done twice is done once. Row-level security sees one customer in each transaction.

use crate::arriving_numbers::number_of;
use crate::binds::{Value, binds};
use crate::documents::{DOCUMENT, VERSION};
use crate::patients::{PATIENT, patient};
use crate::scope::Condition;
use crate::{BreakGlass, Document, DocumentVersion, Patient, PatientMerge, Recipient, RelatedPerson};
use crate::{Store, StoreError, Tx};
use policy::{DocumentFacts, PatientFacts, ResourceFacts};
use record::{BreakGlassId, CustomerId, DocumentId, MergeId, PatientId, Timestamp};
use std::collections::BTreeSet;

/// Rows that come in with one transaction.
const AT_ONCE: u32 = 500;
/// Things that one text asks about.
const ASKED_AT_ONCE: usize = 500;

/// A table that rows arrive in: its name, and its columns beside the customer.
struct Step {
    table: &'static str,
    columns: &'static str,
    /// What a row points to: which of its values names a row of which step. It waits until that is there.
    names: &'static [(usize, usize)],
}

const fn step(table: &'static str, columns: &'static str, names: &'static [(usize, usize)]) -> Step {
    Step { table, columns, names }
}

pub(crate) const PATIENTS: usize = 0;
pub(crate) const TOKENS: usize = 1;
pub(crate) const LINKS: usize = 2;
pub(crate) const RELATED: usize = 3;
const MESSAGES: usize = 4;
const MERGES: usize = 5;
const MERGED: usize = 6;
const GLASSES: usize = 7;
pub(crate) const DOCUMENTS: usize = 8;
const VERSIONS: usize = 9;
const RECIPIENTS: usize = 10;
const DAYS: usize = 11;

/// In the order in which they come in: what others point to comes first. A number, once given, is not given to another.
const STEPS: [Step; 12] = [
    step("patient", "patient_id, body, provisional, created_at, changed_at, revision", &[]),
    step("patient_token", "field, token, patient_id", &[(2, PATIENTS)]),
    // Which record went into which, when all of them are there with their numbers.
    step("patient", "patient_id, linked_to", &[(0, PATIENTS), (1, PATIENTS)]),
    step("related_person", "related_id, patient_id, kind, body, created_at, changed_at, revision", &[(1, PATIENTS)]),
    step("adt_patient", "patient_id, said_at", &[(0, PATIENTS)]),
    step(
        "patient_merge",
        "merge_id, prior_id, survivor_id, cause, state, proposed_at, proposed_by, decided_at, decided_by, undone_at, undone_by",
        &[(1, PATIENTS), (2, PATIENTS)],
    ),
    step("merge_moved", "merge_id, thing_id", &[(0, MERGES)]),
    step(
        "break_glass",
        "break_glass_id, person_id, patient_id, reason, from_at, to_at, reviewed_at, reviewed_by, verdict, note",
        &[(2, PATIENTS)],
    ),
    step(
        "document",
        "document_id, patient_id, author_id, uploader_id, kind, state, body, current_version, uploaded_at, delivered_at, \
         signed_at, signed_by, picked_up_at, picked_up_by, withdrawn_at, reason, moved_from, revision, confidentiality, restricted_by",
        &[(1, PATIENTS), (16, PATIENTS)],
    ),
    step("document_version", VERSION, &[(0, DOCUMENTS)]),
    step("recipient", "document_id, person_id, why, read_at", &[(0, DOCUMENTS)]),
    step("document_token", "field, token, document_id", &[(2, DOCUMENTS)]),
];

/// A place in the order in which rows come in; the default is before all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArrivingAt {
    step: i64,
    thing: String,
}

const NEXT: &str = "SELECT step, thing, content FROM arriving WHERE customer_id = $1 \
    AND (step > $2 OR (step = $2 AND thing > $3)) ORDER BY step, thing LIMIT $4";

/// How many documents, patients, merges and broken glasses a customer has.
pub(crate) const LEFT: &str = "SELECT (SELECT COUNT(*) FROM document WHERE customer_id = $1) \
    + (SELECT COUNT(*) FROM patient WHERE customer_id = $1) \
    + (SELECT COUNT(*) FROM patient_merge WHERE customer_id = $1) \
    + (SELECT COUNT(*) FROM break_glass WHERE customer_id = $1) AS many";

/// A row on its way. What is sealed in it is under the keys of whom it goes to.
#[derive(Debug, Clone)]
pub struct Arriving {
    pub(crate) step: usize,
    /// Which row of the table: the same row has the same one.
    pub(crate) thing: String,
    values: Vec<Value>,
}

pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A blind token of a patient or a document.
pub type Token = (String, Vec<u8>);

impl Arriving {
    fn new(step: usize, thing: impl ToString, values: Vec<Value>) -> Self {
        Self { step, thing: thing.to_string(), values }
    }

    /// A patient, and into which other record it went.
    #[must_use]
    pub fn patient(row: &Patient) -> Vec<Self> {
        let values =
            binds![row.id, row.body.clone(), row.provisional, row.created_at, row.changed_at, number(row.revision)];
        let link = row.linked_to.map(|to| Self::new(LINKS, row.id, binds![row.id, to]));
        [Some(Self::new(PATIENTS, row.id, values)), link].into_iter().flatten().collect()
    }

    /// How a patient is found.
    #[must_use]
    pub fn patient_tokens(id: PatientId, tokens: &[Token]) -> Vec<Self> {
        Self::tokens(TOKENS, &id.to_string(), tokens)
    }

    /// How a document is found.
    #[must_use]
    pub fn document_tokens(id: DocumentId, tokens: &[Token]) -> Vec<Self> {
        Self::tokens(DAYS, &id.to_string(), tokens)
    }

    fn tokens(step: usize, id: &str, tokens: &[Token]) -> Vec<Self> {
        let thing = |(field, token): &Token| format!("{id}/{field}/{}", data_encoding::HEXLOWER.encode(token));
        let one = |token: &Token| Self::new(step, thing(token), binds![&token.0, token.1.clone(), id]);
        tokens.iter().map(one).collect()
    }

    /// Somebody around a patient.
    #[must_use]
    pub fn related(row: &RelatedPerson) -> Self {
        let (id, patient, body) = (row.id, row.patient, row.body.clone());
        let values = binds![id, patient, row.kind.as_str(), body, row.created_at, row.changed_at, number(row.revision)];
        Self::new(RELATED, id, values)
    }

    /// How new the newest message about a patient is.
    #[must_use]
    pub fn said_at(patient: PatientId, at: Timestamp) -> Self {
        Self::new(MESSAGES, patient, binds![patient, at])
    }

    /// A merge of two patients, or the proposal of one. `thing`: the same proposal has the same one, however often it is made.
    #[must_use]
    pub fn merge(row: &PatientMerge, thing: &str) -> Self {
        let mut values = row.values();
        // The second one is the customer, who is another from now on.
        values.remove(1);
        Self::new(MERGES, thing, values)
    }

    /// What a merge moved.
    #[must_use]
    pub fn merge_moved(merge: MergeId, things: &[String]) -> Vec<Self> {
        let one = |thing: &String| Self::new(MERGED, format!("{merge}/{thing}"), binds![merge, thing]);
        things.iter().map(one).collect()
    }

    /// A broken glass.
    #[must_use]
    pub fn break_glass(row: &BreakGlass) -> Self {
        let values = binds![
            row.id,
            row.person,
            row.patient,
            row.reason.clone(),
            row.from_at,
            row.to_at,
            row.reviewed_at,
            row.reviewed_by,
            row.verdict.clone(),
            row.note.clone()
        ];
        Self::new(GLASSES, row.id, values)
    }

    /// A document.
    #[must_use]
    pub fn document(row: &Document) -> Self {
        let mut values = row.values();
        values.remove(1);
        Self::new(DOCUMENTS, row.id, values)
    }

    /// A version of a document.
    #[must_use]
    pub fn version(row: &DocumentVersion) -> Self {
        Self::new(VERSIONS, format!("{}/{}", row.document, row.version), row.values())
    }

    /// A place in an inbox.
    #[must_use]
    pub fn recipient(row: &Recipient) -> Self {
        let why = if row.as_author { "author" } else { "copy" };
        let values = binds![row.document, row.person, why, row.read_at];
        Self::new(RECIPIENTS, format!("{}/{}", row.document, row.person), values)
    }

    /// Is this the token by which a patient is found who is on the way.
    #[must_use]
    pub fn is_token(&self, (field, token): (&str, &[u8])) -> bool {
        self.step == TOKENS
            && text(self.values.first()) == Some(field)
            && matches!(self.values.get(1), Some(Value::Bytes(had)) if had.as_slice() == token)
    }

    /// Its values, one after the other: a letter, and for what is not nothing its length in four bytes and itself.
    pub(crate) fn content(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut put = |letter: u8, bytes: &[u8]| {
            out.push(letter);
            out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend(bytes);
        };
        for value in &self.values {
            match value {
                Value::Text(text) | Value::Customer(text) | Value::Whose(text) => put(b't', text.as_bytes()),
                Value::Int(number) => put(b'i', &number.to_be_bytes()),
                Value::Bytes(bytes) => put(b'b', bytes),
                Value::NoText => put(b'T', &[]),
                Value::NoInt => put(b'I', &[]),
                Value::NoBytes => put(b'B', &[]),
            }
        }
        out
    }
}

pub(crate) fn values_of(mut content: &[u8]) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    while let Some((head, rest)) = content.split_first_chunk::<5>() {
        let [letter, a, b, c, d] = *head;
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?;
        let (bytes, after) = rest.split_at_checked(length)?;
        values.push(match (letter, length) {
            (b't', _) => Value::Text(str::from_utf8(bytes).ok()?.to_owned()),
            (b'i', 8) => Value::Int(i64::from_be_bytes(bytes.try_into().ok()?)),
            (b'b', _) => Value::Bytes(bytes.to_vec()),
            (b'T', 0) => Value::NoText,
            (b'I', 0) => Value::NoInt,
            (b'B', 0) => Value::NoBytes,
            _ => return None,
        });
        content = after;
    }
    content.is_empty().then_some(values)
}

/// `IN (…)` over some ids, the customer in the first place.
pub(crate) fn among<T: Copy + Into<Value>>(customer: CustomerId, ids: &[T]) -> (String, Vec<Value>) {
    let mut condition = Condition::default();
    condition.place(customer);
    let places: Vec<String> = ids.iter().map(|id| condition.place(*id)).collect();
    (format!("IN ({})", places.join(", ")), condition.values)
}

impl Store {
    /// Patients of a customer to whom nothing points any more but those around them, after a given one: those who can leave.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_patient_page(
        &self,
        customer: CustomerId,
        after: Option<PatientId>,
        limit: u32,
    ) -> Result<Vec<Patient>, StoreError> {
        let after = after.map_or_else(String::new, |id| id.to_string());
        let none = |from: &str| format!(" AND NOT EXISTS (SELECT 1 FROM {from})");
        let sql = format!(
            "SELECT {PATIENT} FROM patient WHERE patient.customer_id = $1 AND patient.patient_id > $2{}{}{}{}{} \
             ORDER BY patient.patient_id LIMIT $3",
            none("patient gone WHERE gone.linked_to = patient.patient_id AND (gone.customer_id || '') = $1"),
            none("document about WHERE about.patient_id = patient.patient_id AND (about.customer_id || '') = $1"),
            none("document moved WHERE moved.moved_from = patient.patient_id AND (moved.customer_id || '') = $1"),
            none(
                "patient_merge said WHERE said.customer_id = $1 \
                 AND (said.prior_id = patient.patient_id OR said.survivor_id = patient.patient_id)"
            ),
            none("break_glass broke WHERE broke.patient_id = patient.patient_id AND (broke.customer_id || '') = $1"),
        );
        self.rows("page through patients who leave", sql, binds![customer, after, limit])
            .await?
            .iter()
            .map(patient)
            .collect()
    }

    /// Merges of a customer after a given one, with what each moved.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_merge_page(
        &self,
        customer: CustomerId,
        after: Option<MergeId>,
        limit: u32,
    ) -> Result<Vec<(PatientMerge, Vec<String>)>, StoreError> {
        let mut found = Vec::new();
        for merge in self.merge_page(customer, after, limit).await? {
            let sql = "SELECT thing_id FROM merge_moved WHERE customer_id = $1 AND merge_id = $2 ORDER BY thing_id";
            let rows = self.rows("list what a merge moved", sql, binds![customer, merge.id]).await?;
            let things = rows.iter().map(|row| row.text("thing_id")).collect::<Result<_, _>>()?;
            found.push((merge, things));
        }
        Ok(found)
    }

    /// How many rows wait to come in to this customer.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_count(&self, customer: CustomerId) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) AS many FROM arriving WHERE customer_id = $1";
        self.row("count what arrives", sql, binds![customer]).await?.map_or(Ok(0), |row| row.count("many"))
    }

    /// How many documents, patients, merges and broken glasses have not left this customer.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_left(&self, customer: CustomerId) -> Result<u64, StoreError> {
        self.row("count what has not left", LEFT, binds![customer]).await?.map_or(Ok(0), |row| row.count("many"))
    }

    /// Does a patient wait to come in to this customer whom this token finds.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_has_token(
        &self,
        customer: CustomerId,
        (field, token): (&str, &[u8]),
    ) -> Result<bool, StoreError> {
        let like = format!("%/{field}/{}", data_encoding::HEXLOWER.encode(token));
        let sql = "SELECT thing FROM arriving WHERE customer_id = $1 AND step = $2 AND thing LIKE $3 LIMIT 1";
        let row = self.row("look for a token that arrives", sql, binds![customer, number(TOKENS as u64), like]).await?;
        Ok(row.is_some())
    }

    /// Which documents and patients wait to come in to this customer after this place, as policy is told of them: what the
    /// act names.
    ///
    /// # Errors
    /// When the database cannot, or a row that waits is damaged.
    pub async fn arriving_next(
        &self,
        customer: CustomerId,
        after: &ArrivingAt,
    ) -> Result<Vec<ResourceFacts>, StoreError> {
        Ok(self.arriving_page(customer, after).await?.0)
    }

    /// The same, and the place after them; none when nothing waits there.
    ///
    /// # Errors
    /// When the database cannot, or a row that waits is damaged.
    pub async fn arriving_page(
        &self,
        customer: CustomerId,
        after: &ArrivingAt,
    ) -> Result<(Vec<ResourceFacts>, Option<ArrivingAt>), StoreError> {
        let values = binds![customer, after.step, &after.thing, AT_ONCE];
        let rows = self.rows("look what arrives next", NEXT, values).await?;
        let last = rows
            .last()
            .map(|row| Ok::<_, StoreError>(ArrivingAt { step: row.int("step")?, thing: row.text("thing")? }));
        let mut facts = Vec::new();
        for row in &rows {
            let values = values_of(&row.bytes("content")?);
            facts.extend(match usize::try_from(row.int("step")?) {
                Ok(PATIENTS) => Some(values.as_deref().and_then(|values| patient_facts(customer, values))),
                Ok(DOCUMENTS) => Some(values.as_deref().and_then(|values| document_facts(customer, values))),
                _ => None,
            });
        }
        let damaged = StoreError::Column { column: "arriving.content" };
        Ok((facts.into_iter().collect::<Option<_>>().ok_or(damaged)?, last.transpose()?))
    }
}

pub(crate) fn text(value: Option<&Value>) -> Option<&str> {
    match value? {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// In the order of the table's columns.
fn patient_facts(customer: CustomerId, values: &[Value]) -> Option<ResourceFacts> {
    let (id, provisional) = (text(values.first())?.parse().ok()?, matches!(values.get(2)?, Value::Int(1)));
    Some(ResourceFacts::Patient(PatientFacts { id, customer, in_care: false, provisional }))
}

fn document_facts(customer: CustomerId, values: &[Value]) -> Option<ResourceFacts> {
    Some(ResourceFacts::Document(DocumentFacts {
        id: text(values.first())?.parse().ok()?,
        customer,
        patient: text(values.get(1)).and_then(|id| id.parse().ok()),
        author: text(values.get(2)).and_then(|id| id.parse().ok()),
        uploader: text(values.get(3))?.parse().ok(),
        kind: text(values.get(4))?.parse().ok()?,
        state: text(values.get(5))?.parse().ok()?,
        confidentiality: text(values.get(18))?.parse().ok()?,
        recipients: Vec::new(),
        in_care: false,
        read_by_practice: false,
        delivered_at: None,
    }))
}

impl Tx {
    /// Puts rows where they wait to come in to this customer; what waits there already is put anew. A document or a patient
    /// comes before what is its own.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn arriving_put(&mut self, customer: CustomerId, rows: &[Arriving]) -> Result<(), StoreError> {
        for row in rows {
            if matches!(row.step, PATIENTS | DOCUMENTS) {
                let sql = "SELECT thing FROM arriving WHERE customer_id = $1 AND step = $2 AND thing = $3";
                let values = binds![customer, number(row.step as u64), &row.thing];
                if self.row(sql, values).await?.is_some() {
                    // What it had when it was put before, another number for one, is not left beside what it has now.
                    self.arriving_forget(customer, std::slice::from_ref(&row.thing)).await?;
                }
            }
            self.run(
                "INSERT INTO arriving (customer_id, step, thing, content) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (customer_id, step, thing) DO UPDATE SET content = excluded.content",
                binds![customer, number(row.step as u64), &row.thing, row.content()],
            )
            .await?;
        }
        Ok(())
    }

    /// The next rows after this place come in, but those that point to what is not there, and numbers that somebody else has
    /// by now: they wait. How many, and the place after them; none when that was all.
    ///
    /// # Errors
    /// When the database cannot, or a row that waits is damaged.
    pub async fn arriving_come(
        &mut self,
        customer: CustomerId,
        after: &ArrivingAt,
    ) -> Result<(u64, Option<ArrivingAt>), StoreError> {
        let damaged = || StoreError::Column { column: "arriving.content" };
        let rows = self.rows(NEXT, binds![customer, after.step, &after.thing, AT_ONCE]).await?;
        let (mut many, mut last) = (0, None);
        let (mut documents, mut lie): (Vec<DocumentId>, BTreeSet<DocumentId>) = Default::default();
        for row in &rows {
            let at = usize::try_from(row.int("step")?).ok().filter(|at| *at < STEPS.len()).ok_or_else(damaged)?;
            let (thing, values) = (row.text("thing")?, values_of(&row.bytes("content")?).ok_or_else(damaged)?);
            last = Some(ArrivingAt { step: number(at as u64), thing: thing.clone() });
            if !self.arriving_can_come(customer, at, &values).await? {
                continue;
            }
            let values = self.arriving_placed(customer, (at, thing.as_str()), values).await?;
            many += 1;
            self.arriving_insert(customer, at, values).await?;
            let document = |text: &str| text.parse::<DocumentId>().map_err(|_| damaged());
            match at {
                DOCUMENTS => documents.push(document(&thing)?),
                RECIPIENTS => {
                    lie.insert(document(thing.split('/').next().unwrap_or_default())?);
                }
                _ => {}
            }
            let sql = "DELETE FROM arriving WHERE customer_id = $1 AND step = $2 AND thing = $3";
            self.run(sql, binds![customer, number(at as u64), thing]).await?;
        }
        if !documents.is_empty() {
            self.document_names_come_in_tx(customer, &documents).await?;
            self.care_comes_of_authors_in_tx(customer, &documents).await?;
        }
        for document in lie {
            self.care_comes_in_tx(document).await?;
        }
        Ok((many, last))
    }

    /// Is all there that this row points to.
    async fn arriving_can_come(
        &mut self,
        customer: CustomerId,
        at: usize,
        values: &[Value],
    ) -> Result<bool, StoreError> {
        for (place, step) in STEPS[at].names {
            let Some(id) = text(values.get(*place)) else { continue };
            let Step { table, columns, .. } = &STEPS[*step];
            let column = columns.split(',').next().unwrap_or_default();
            let sql = format!("SELECT {column} FROM {table} WHERE customer_id = $1 AND {column} = $2");
            if self.row(sql, binds![customer, id]).await?.is_none() {
                return Ok(false);
            }
        }
        match number_of(values).filter(|_| at == TOKENS) {
            Some(told) => Ok(!self.arriving_number_is_taken(customer, told).await?),
            None => Ok(true),
        }
    }

    async fn arriving_insert(
        &mut self,
        customer: CustomerId,
        at: usize,
        mut values: Vec<Value>,
    ) -> Result<(), StoreError> {
        if at == LINKS {
            return self.arriving_link(customer, &values).await;
        }
        values.insert(0, customer.into());
        if at == VERSIONS && values.len() == VERSION.split(',').count() {
            // It was put down before versions had manifests.
            values.push(Value::NoBytes);
        }
        let Step { table, columns, .. } = &STEPS[at];
        let places: Vec<String> = (1..=values.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "INSERT INTO {table} (customer_id, {columns}) VALUES ({}) ON CONFLICT DO NOTHING",
            places.join(", ")
        );
        self.run(sql, values).await.map(|_| ())
    }

    /// The one record points to the other again, which is found by the numbers that went into it, and so is whatever that
    /// one went into.
    async fn arriving_link(&mut self, customer: CustomerId, values: &[Value]) -> Result<(), StoreError> {
        let damaged = || StoreError::Column { column: "arriving.content" };
        let id = |at: usize| text(values.get(at)).and_then(|id| id.parse::<PatientId>().ok()).ok_or_else(damaged);
        let (patient, to) = (id(0)?, id(1)?);
        // Somebody has put the two together the other way round meanwhile: they are one, and two that go into each other
        // would both be hidden.
        let chain = self.arriving_chain(customer, to).await?.filter(|chain| !chain.contains(&patient));
        let Some(chain) = chain else { return Ok(()) };
        let sql = "UPDATE patient SET linked_to = $3 WHERE customer_id = $1 AND patient_id = $2 AND linked_to IS NULL";
        self.run(sql, binds![customer, patient, to]).await?;
        for one in chain {
            self.former_numbers_add(customer, one).await?;
        }
        Ok(())
    }

    /// Takes documents out of a customer, with all that hangs on them, as far as they are still as they were read. How many.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn depart_documents(
        &mut self,
        customer: CustomerId,
        read: &[(DocumentId, u64)],
    ) -> Result<u64, StoreError> {
        let mut gone = 0;
        for some in read.chunks(ASKED_AT_ONCE) {
            let ids: Vec<DocumentId> = some.iter().map(|(id, _)| *id).collect();
            let (among_all, values) = among(customer, &ids);
            let sql = format!("SELECT {DOCUMENT} FROM document WHERE customer_id = $1 AND document_id {among_all}");
            let mut stand = BTreeSet::new();
            for row in self.rows(sql, values).await? {
                stand.insert((row.word::<DocumentId>("document_id")?, row.count("revision")?));
            }
            let ids: Vec<DocumentId> = some.iter().filter(|one| stand.contains(one)).map(|(id, _)| *id).collect();
            if ids.is_empty() {
                continue;
            }
            let (among, values) = among(customer, &ids);
            for table in
                ["document_name", "document_token", "original_token", "imported_file", "recipient", "document_version"]
            {
                let sql = format!("DELETE FROM {table} WHERE customer_id = $1 AND document_id {among}");
                self.run(sql, values.clone()).await?;
            }
            let sql = format!("DELETE FROM document WHERE customer_id = $1 AND document_id {among}");
            gone += self.run(sql, values).await?;
        }
        Ok(gone)
    }

    /// Takes patients out of a customer, with those around them, as far as they are still as they were read. How many.
    ///
    /// # Errors
    /// When the database cannot, or something still points to one of them.
    pub async fn depart_patients(
        &mut self,
        customer: CustomerId,
        read: &[(PatientId, u64)],
    ) -> Result<u64, StoreError> {
        let mut gone = 0;
        for some in read.chunks(ASKED_AT_ONCE) {
            let ids: Vec<PatientId> = some.iter().map(|(id, _)| *id).collect();
            let (among_all, values) = among(customer, &ids);
            let sql = format!(
                "SELECT {PATIENT} FROM patient WHERE patient.customer_id = $1 AND patient.patient_id {among_all}"
            );
            let mut stand = BTreeSet::new();
            for row in self.rows(sql, values).await? {
                stand.insert((row.word::<PatientId>("patient_id")?, row.count("revision")?));
            }
            let ids: Vec<PatientId> = some.iter().filter(|one| stand.contains(one)).map(|(id, _)| *id).collect();
            if ids.is_empty() {
                continue;
            }
            let (among, values) = among(customer, &ids);
            for table in ["patient_token", "care", "adt_patient", "related_person"] {
                let sql = format!("DELETE FROM {table} WHERE customer_id = $1 AND patient_id {among}");
                self.run(sql, values.clone()).await?;
            }
            let sql = format!("DELETE FROM patient WHERE customer_id = $1 AND patient_id {among}");
            gone += self.run(sql, values).await?;
        }
        Ok(gone)
    }

    /// Takes merges out of a customer, with what they moved. How many.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn depart_merges(&mut self, customer: CustomerId, ids: &[MergeId]) -> Result<u64, StoreError> {
        let mut gone = 0;
        for some in ids.chunks(ASKED_AT_ONCE) {
            let (among, values) = among(customer, some);
            let sql = format!("DELETE FROM merge_moved WHERE customer_id = $1 AND merge_id {among}");
            self.run(sql, values.clone()).await?;
            let sql = format!("DELETE FROM patient_merge WHERE customer_id = $1 AND merge_id {among}");
            gone += self.run(sql, values).await?;
        }
        Ok(gone)
    }

    /// Takes broken glasses out of a customer. How many.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn depart_glasses(&mut self, customer: CustomerId, ids: &[BreakGlassId]) -> Result<u64, StoreError> {
        let mut gone = 0;
        for some in ids.chunks(ASKED_AT_ONCE) {
            let (among, values) = among(customer, some);
            let sql = format!("DELETE FROM break_glass WHERE customer_id = $1 AND break_glass_id {among}");
            gone += self.run(sql, values).await?;
        }
        Ok(gone)
    }

    /// Lets go of what is known by a customer's own index only: messages that were applied, and what was taken in.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn depart_known(&mut self, customer: CustomerId) -> Result<(), StoreError> {
        for sql in ["DELETE FROM adt_message WHERE customer_id = $1", "DELETE FROM taken_in WHERE customer_id = $1"] {
            self.run(sql, binds![customer]).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Arriving, DAYS, values_of};
    use crate::binds::{Value, binds};

    #[test]
    fn what_waits_reads_as_what_was_put_and_damage_is_no_row() {
        let values =
            binds!["a", 7_i64, vec![1_u8, 2], None::<String>, Option::<record::Timestamp>::None, None::<Vec<u8>>];
        let content = Arriving::new(DAYS, "x", values.clone()).content();
        assert_eq!(format!("{:?}", values_of(&content).unwrap()), format!("{values:?}"));
        assert!(matches!(values_of(&[]), Some(none) if none.is_empty()));
        for cut in 1..content.len() {
            let read = values_of(&content[..cut]);
            assert!(read.is_none_or(|some| some.len() < values.len()), "{cut}");
        }
        assert!(values_of(b"q\0\0\0\0").is_none());
        assert!(values_of(b"i\0\0\0\x01a").is_none());
        let wide: Vec<Value> = Vec::new();
        assert!(Arriving::new(DAYS, "x", wide).content().is_empty());
    }
}
