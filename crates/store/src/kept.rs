//! What is kept so that lists need not work it out: who cares for whom (`care`), and the names of a document's
//! patient by document (`document_name`).
//!
//! What must always hold: both say what `document`, `recipient` and `patient_token` say together, after every
//! transaction. So whatever changes those, here in the store, renews these in the same transaction. What is kept only
//! finds rows: what policy is told of a row is asked of the documents themselves, so a kept row too many opens nothing.

use crate::binds::{Value, binds};
use crate::scope::Condition;
use crate::{Store, StoreError, Tx, scope};
use record::document::DocumentState;
use record::{CustomerId, DocumentId, PatientId, PersonId};
use std::collections::BTreeSet;
use vault::Field;

/// The fields of names, which many patients share. What few share is found patient by patient.
pub(crate) const NAME_FIELDS: [Field; 4] = [Field::Given, Field::Surname, Field::SurnamePrefix, Field::SurnameSound];

/// Is this a field of names, so that its tokens are kept by document.
pub(crate) fn is_name(field: &str) -> bool {
    NAME_FIELDS.iter().any(|one| one.as_str() == field)
}

/// `says.field IN (…)` for the fields of names.
fn of_names(says: &str) -> String {
    let words: Vec<String> = NAME_FIELDS.iter().map(|field| format!("'{}'", field.as_str())).collect();
    format!("{says}.field IN ({})", words.join(", "))
}

/// Those who care for the patient $2 of the customer $1, as the documents say.
const CARING: &str = "SELECT cared.author_id AS person_id FROM document cared WHERE cared.patient_id = $2 \
    AND (cared.customer_id || '') = $1 AND (cared.state || '') IN ('delivered', 'signed') AND cared.author_id IS NOT NULL \
    UNION SELECT lies.person_id AS person_id FROM document cared CROSS JOIN recipient lies WHERE cared.patient_id = $2 \
    AND (cared.customer_id || '') = $1 AND (cared.state || '') IN ('delivered', 'signed') AND lies.document_id = cared.document_id";

/// Documents with the names of their patients, as documents and tokens say; what narrows it follows.
fn named_documents() -> String {
    format!(
        "document named CROSS JOIN patient_token says WHERE says.patient_id = named.patient_id \
         AND (says.customer_id || '') = named.customer_id AND {} AND (named.customer_id || '') = $1",
        of_names("says")
    )
}

/// Whose names are renewed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NamesOf {
    /// Those of one document.
    Document,
    /// Those of all documents of one patient.
    Patient,
}

/// What goes and what comes when names of the document or patient $2 of the customer $1 are renewed.
pub(crate) fn names_sql(of: NamesOf) -> [String; 2] {
    let which = match of {
        NamesOf::Document => "named.document_id = $2",
        NamesOf::Patient => "named.patient_id = $2",
    };
    let gone = format!(
        "DELETE FROM document_name WHERE customer_id = $1 AND document_id IN (SELECT named.document_id FROM document named \
         WHERE {which} AND (named.customer_id || '') = $1) AND NOT EXISTS (SELECT 1 FROM {} \
         AND named.document_id = document_name.document_id AND says.token = document_name.token)",
        named_documents()
    );
    let come = format!(
        "INSERT INTO document_name (token, document_id, customer_id) SELECT says.token, named.document_id, \
         named.customer_id FROM {} AND {which} ON CONFLICT DO NOTHING",
        named_documents()
    );
    [gone, come]
}

/// What a document says of who cares.
pub(crate) struct Says {
    pub(crate) customer: CustomerId,
    pub(crate) patient: Option<PatientId>,
    pub(crate) author: Option<PersonId>,
    pub(crate) state: DocumentState,
}

impl Says {
    /// Whose patient somebody has in care by this document.
    pub(crate) fn cared_for(&self) -> Option<PatientId> {
        self.patient.filter(|_| self.state.is_with_practice())
    }
}

impl Tx {
    /// Renews who cares for a patient, from all that is known of them.
    pub(crate) async fn care_renew_in_tx(
        &mut self,
        customer: CustomerId,
        patient: PatientId,
    ) -> Result<u64, StoreError> {
        let gone =
            format!("DELETE FROM care WHERE customer_id = $1 AND patient_id = $2 AND person_id NOT IN ({CARING})");
        let come = format!(
            "INSERT INTO care (person_id, patient_id, customer_id) SELECT caring.person_id, patient.patient_id, \
             patient.customer_id FROM ({CARING}) AS caring CROSS JOIN patient WHERE patient.patient_id = $2 \
             AND (patient.customer_id || '') = $1 ON CONFLICT DO NOTHING"
        );
        Ok(self.run(gone, binds![customer, patient]).await? + self.run(come, binds![customer, patient]).await?)
    }

    async fn names_renew_in_tx(&mut self, of: NamesOf, values: Vec<Value>) -> Result<u64, StoreError> {
        let mut changed = 0;
        for sql in names_sql(of) {
            changed += self.run(sql, values.clone()).await?;
        }
        Ok(changed)
    }

    /// Renews the names of one document.
    pub(crate) async fn document_names_renew_in_tx(
        &mut self,
        customer: CustomerId,
        document: DocumentId,
    ) -> Result<u64, StoreError> {
        self.names_renew_in_tx(NamesOf::Document, binds![customer, document]).await
    }

    /// The names of documents that are new.
    pub(crate) async fn document_names_come_in_tx(
        &mut self,
        customer: CustomerId,
        documents: &[DocumentId],
    ) -> Result<(), StoreError> {
        // The first place is the customer's, as in every text over `named_documents`.
        let mut condition = Condition::default();
        condition.place(customer);
        let places: Vec<String> = documents.iter().map(|id| condition.place(*id)).collect();
        let sql = format!(
            "INSERT INTO document_name (token, document_id, customer_id) SELECT says.token, named.document_id, \
             named.customer_id FROM {} AND named.document_id IN ({}) ON CONFLICT DO NOTHING",
            named_documents(),
            places.join(", ")
        );
        self.run(sql, condition.values).await.map(|_| ())
    }

    /// Keeps that the authors of new documents care for their patients.
    pub(crate) async fn care_comes_of_authors_in_tx(
        &mut self,
        customer: CustomerId,
        documents: &[DocumentId],
    ) -> Result<(), StoreError> {
        let mut condition = Condition::default();
        let customer = condition.place(customer);
        let places: Vec<String> = documents.iter().map(|id| condition.place(*id)).collect();
        let sql = format!(
            "INSERT INTO care (person_id, patient_id, customer_id) \
             SELECT said.author_id, said.patient_id, said.customer_id FROM document said \
             WHERE (said.customer_id || '') = {customer} AND said.document_id IN ({}) AND said.patient_id IS NOT NULL \
             AND said.author_id IS NOT NULL AND said.state IN ('delivered', 'signed') ON CONFLICT DO NOTHING",
            places.join(", ")
        );
        self.run(sql, condition.values).await.map(|_| ())
    }

    /// Renews the names of all documents of one patient.
    pub(crate) async fn patient_names_renew_in_tx(
        &mut self,
        customer: CustomerId,
        patient: PatientId,
    ) -> Result<u64, StoreError> {
        self.names_renew_in_tx(NamesOf::Patient, binds![customer, patient]).await
    }

    /// What a document says of who cares, as this transaction sees it.
    pub(crate) async fn document_says_in_tx(&mut self, document: DocumentId) -> Result<Option<Says>, StoreError> {
        let sql = "SELECT customer_id, patient_id, author_id, state FROM document WHERE document_id = $1";
        let row = self.row(sql, binds![document]).await?;
        row.map(|row| {
            Ok(Says {
                customer: row.word("customer_id")?,
                patient: row.maybe_word("patient_id")?,
                author: row.maybe_word("author_id")?,
                state: row.word("state")?,
            })
        })
        .transpose()
    }

    /// In whose inboxes a document lies, as this transaction sees it.
    pub(crate) async fn recipients_in_tx(&mut self, document: DocumentId) -> Result<Vec<PersonId>, StoreError> {
        let rows = self.rows("SELECT person_id FROM recipient WHERE document_id = $1", binds![document]).await?;
        rows.iter().map(|row| row.word("person_id")).collect()
    }

    /// Keeps that those of a delivered document care for its patient. What other documents say is not looked at, so it
    /// takes no longer for a patient with many.
    pub(crate) async fn care_comes_in_tx(&mut self, document: DocumentId) -> Result<(), StoreError> {
        let said = "FROM document said WHERE said.document_id = $1 AND said.patient_id IS NOT NULL \
                    AND said.state IN ('delivered', 'signed')";
        let sql = format!(
            "INSERT INTO care (person_id, patient_id, customer_id) \
             SELECT caring.person_id, caring.patient_id, caring.customer_id FROM ( \
             SELECT said.author_id AS person_id, said.patient_id AS patient_id, said.customer_id AS customer_id {said} \
             AND said.author_id IS NOT NULL UNION \
             SELECT lies.person_id, said.patient_id, said.customer_id {} AND lies.document_id = said.document_id) AS caring \
             WHERE 1 = 1 ON CONFLICT DO NOTHING",
            said.replace("document said", "document said CROSS JOIN recipient lies")
        );
        self.run(sql, binds![document]).await.map(|_| ())
    }

    /// Forgets that these people care for a patient, unless some document still says so.
    pub(crate) async fn care_goes_in_tx(
        &mut self,
        customer: CustomerId,
        patient: PatientId,
        people: impl IntoIterator<Item = PersonId>,
    ) -> Result<(), StoreError> {
        let mut condition = Condition::default();
        let (customer, patient) = (condition.place(customer), condition.place(patient));
        let places: Vec<String> = people.into_iter().map(|person| condition.place(person)).collect();
        if places.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "DELETE FROM care WHERE person_id IN ({}) AND patient_id = {patient} AND customer_id = {customer} AND NOT {}",
            places.join(", "),
            scope::caring("care.person_id", &patient, &customer)
        );
        self.run(sql, condition.values).await.map(|_| ())
    }

    /// Renews all that is kept of a patient; how many rows were wrong. 0, unless somebody changed the database by hand.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn kept_renew(&mut self, customer: CustomerId, patient: PatientId) -> Result<u64, StoreError> {
        Ok(self.care_renew_in_tx(customer, patient).await? + self.patient_names_renew_in_tx(customer, patient).await?)
    }
}

/// Some patients of a customer, and whether what is kept of them is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPage {
    /// The last of the page: where the next one begins. None: there are no more.
    pub last: Option<PatientId>,
    /// Those of whom something else is kept than what is so.
    pub wrong: BTreeSet<PatientId>,
}

/// Patients after $2 and up to $3 of whom something else is kept than what is so.
fn wrong_sql() -> [String; 5] {
    let within = |column: &str| format!("{column} > $2 AND {column} <= $3");
    let care = "NOT EXISTS (SELECT 1 FROM care WHERE care.person_id = WHO AND care.patient_id = cared.patient_id \
                AND care.customer_id = $1)";
    let cared = format!(
        "(cared.customer_id || '') = $1 AND {} AND (cared.state || '') IN ('delivered', 'signed')",
        within("cared.patient_id")
    );
    let so = scope::caring("kept.person_id", "kept.patient_id", "$1");
    [
        format!(
            "SELECT DISTINCT cared.patient_id AS patient_id FROM document cared WHERE {cared} \
             AND cared.author_id IS NOT NULL AND {}",
            care.replace("WHO", "cared.author_id")
        ),
        format!(
            "SELECT DISTINCT cared.patient_id AS patient_id FROM document cared CROSS JOIN recipient lies WHERE {cared} \
             AND lies.document_id = cared.document_id AND {}",
            care.replace("WHO", "lies.person_id")
        ),
        format!(
            "SELECT DISTINCT kept.patient_id AS patient_id FROM care kept WHERE (kept.customer_id || '') = $1 AND {} AND NOT {so}",
            within("kept.patient_id")
        ),
        format!(
            "SELECT DISTINCT named.patient_id AS patient_id FROM {} AND {} AND NOT EXISTS (SELECT 1 FROM document_name kept \
             WHERE kept.token = says.token AND kept.document_id = named.document_id)",
            named_documents(),
            within("named.patient_id")
        ),
        format!(
            "SELECT DISTINCT about.patient_id AS patient_id FROM document about CROSS JOIN document_name kept \
             WHERE {} AND (about.customer_id || '') = $1 AND kept.document_id = about.document_id \
             AND NOT EXISTS (SELECT 1 FROM {} AND named.document_id = kept.document_id AND says.token = kept.token)",
            within("about.patient_id"),
            named_documents()
        ),
    ]
}

impl Store {
    /// Looks at a page of a customer's patients, after a given one: is what is kept of them so.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn kept_check(
        &self,
        customer: CustomerId,
        after: Option<PatientId>,
        limit: u32,
    ) -> Result<KeptPage, StoreError> {
        let doing = "look at what is kept of patients";
        let after = after.map_or_else(String::new, |id| id.to_string());
        let sql =
            "SELECT patient_id FROM patient WHERE customer_id = $1 AND patient_id > $2 ORDER BY patient_id LIMIT $3";
        let rows = self.rows(doing, sql, binds![customer, &after, limit]).await?;
        let Some(last) = rows.last().map(|row| row.word::<PatientId>("patient_id")).transpose()? else {
            return Ok(KeptPage { last: None, wrong: BTreeSet::new() });
        };
        let mut wrong = BTreeSet::new();
        for sql in wrong_sql() {
            for row in self.rows(doing, sql, binds![customer, &after, last]).await? {
                wrong.insert(row.word("patient_id")?);
            }
        }
        Ok(KeptPage { last: Some(last), wrong })
    }
}
