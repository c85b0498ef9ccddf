//! Documents, their versions, and in whose inbox they lie.

use crate::binds::{Row, Value, binds};
use crate::scope::Condition;
use crate::{Store, StoreError, Tx, dialect, scope};
use policy::DocumentFacts;
use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{CustomerId, DocumentId, ObjectId, PatientId, PersonId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// A document as it is kept.
#[derive(Debug, Clone)]
pub struct Document {
    /// Which.
    pub id: DocumentId,
    /// Whose PHI.
    pub customer: CustomerId,
    /// About whom; none = not matched.
    pub patient: Option<PatientId>,
    /// Who spoke it.
    pub author: Option<PersonId>,
    /// Who brought it in: a person's or a program's id.
    pub uploader: String,
    /// What it is.
    pub kind: DocumentKind,
    /// Where it stands.
    pub state: DocumentState,
    /// Sealed: title, visit date, what the file said of the patient.
    pub body: Vec<u8>,
    /// The newest version.
    pub current_version: u32,
    /// When it came in.
    pub uploaded_at: Timestamp,
    /// When the practice got it.
    pub delivered_at: Option<Timestamp>,
    /// When its author signed.
    pub signed_at: Option<Timestamp>,
    /// Who signed.
    pub signed_by: Option<PersonId>,
    /// When the practice picked it up.
    pub picked_up_at: Option<Timestamp>,
    /// Who picked it up.
    pub picked_up_by: Option<PersonId>,
    /// When it was taken out of every inbox.
    pub withdrawn_at: Option<Timestamp>,
    /// Sealed: why it is held, withdrawn or moved.
    pub reason: Option<Vec<u8>>,
    /// In whose chart it lay wrongly before it was moved.
    pub moved_from: Option<PatientId>,
    /// Who of the practice may see it.
    pub confidentiality: Confidentiality,
    /// Who said so; none = by the practice's rule when it came in.
    pub restricted_by: Option<PersonId>,
    /// Counts every change; 0 for a new one. What was read at one revision is written only over that revision.
    pub revision: u64,
}

impl Document {
    /// A document as it comes in, before anything is known of it: delivered, signed, picked up by nobody.
    #[must_use]
    pub const fn blank(id: DocumentId, customer: CustomerId, uploaded_at: Timestamp) -> Self {
        Self {
            id,
            customer,
            patient: None,
            author: None,
            uploader: String::new(),
            kind: DocumentKind::Transcript,
            state: DocumentState::Unmatched,
            body: Vec::new(),
            current_version: 1,
            uploaded_at,
            delivered_at: None,
            signed_at: None,
            signed_by: None,
            picked_up_at: None,
            picked_up_by: None,
            withdrawn_at: None,
            reason: None,
            moved_from: None,
            confidentiality: Confidentiality::Normal,
            restricted_by: None,
            revision: 0,
        }
    }

    /// In the order of [`DOCUMENT`].
    pub(crate) fn values(&self) -> Vec<Value> {
        binds![
            self.id,
            self.customer,
            self.patient,
            self.author,
            &self.uploader,
            self.kind.as_str(),
            self.state.as_str(),
            self.body.clone(),
            self.current_version,
            self.uploaded_at,
            self.delivered_at,
            self.signed_at,
            self.signed_by,
            self.picked_up_at,
            self.picked_up_by,
            self.withdrawn_at,
            self.reason.clone(),
            self.moved_from,
            i64::try_from(self.revision).unwrap_or(i64::MAX),
            self.confidentiality.as_str(),
            self.restricted_by
        ]
    }
}

/// One version. Append-only.
#[derive(Debug, Clone)]
pub struct DocumentVersion {
    /// Of which document.
    pub document: DocumentId,
    /// Counts up from 1.
    pub version: u32,
    /// What the bytes are, found by looking at them.
    pub media: String,
    /// Sealed: what the uploader called it.
    pub file_name: Vec<u8>,
    /// The file as it came.
    pub original_object: ObjectId,
    /// Its key, wrapped.
    pub original_key: Vec<u8>,
    /// Size of the plaintext.
    pub original_bytes: u64,
    /// SHA-256 of the ciphertext.
    pub original_digest: Vec<u8>,
    /// The text found in it.
    pub text_object: Option<ObjectId>,
    /// Its key, wrapped.
    pub text_key: Option<Vec<u8>>,
    /// Why there is no text, in fixed words.
    pub opaque: Option<String>,
    /// `not_scanned` or `clean`.
    pub scan: String,
    /// When.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// Sealed: the manifest. None for what came in before there were any: anything may be in it.
    pub body: Option<Vec<u8>>,
}

impl DocumentVersion {
    /// In the order of [`VERSION`].
    pub(crate) fn values(&self) -> Vec<Value> {
        binds![
            self.document,
            self.version,
            &self.media,
            self.file_name.clone(),
            self.original_object,
            self.original_key.clone(),
            i64::try_from(self.original_bytes).unwrap_or(i64::MAX),
            self.original_digest.clone(),
            self.text_object,
            self.text_key.clone(),
            self.opaque.clone(),
            &self.scan,
            self.made_at,
            &self.made_by,
            self.body.clone()
        ]
    }
}

/// In whose inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Which document.
    pub document: DocumentId,
    /// Whose inbox.
    pub person: PersonId,
    /// As author, or as a copy.
    pub as_author: bool,
    /// First opened by this person.
    pub read_at: Option<Timestamp>,
}

/// A page, newest first, and whether there is more.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Is there a next one.
    pub more: bool,
}

pub(crate) const DOCUMENT: &str = "document.document_id, document.customer_id, document.patient_id, document.author_id, document.uploader_id, \
    document.kind, document.state, document.body, document.current_version, document.uploaded_at, document.delivered_at, \
    document.signed_at, document.signed_by, document.picked_up_at, document.picked_up_by, document.withdrawn_at, \
    document.reason, document.moved_from, document.revision, document.confidentiality, document.restricted_by";
pub(crate) const VERSION: &str = "document_id, version, media, file_name, original_object, original_key, original_bytes, original_digest, \
    text_object, text_key, opaque, scan, made_at, made_by, body";

/// The columns of a version where its document is read beside it.
fn version_columns() -> String {
    VERSION
        .replace("document_id", "document_version.document_id AS document_id")
        .replace(" body", " document_version.body AS body")
}

pub(crate) fn document(row: &Row) -> Result<Document, StoreError> {
    Ok(Document {
        id: row.word("document_id")?,
        customer: row.word("customer_id")?,
        patient: row.maybe_word("patient_id")?,
        author: row.maybe_word("author_id")?,
        uploader: row.text("uploader_id")?,
        kind: row.word("kind")?,
        state: row.word("state")?,
        body: row.bytes("body")?,
        current_version: version_number(row, "current_version")?,
        uploaded_at: row.at("uploaded_at")?,
        delivered_at: row.maybe_at("delivered_at")?,
        signed_at: row.maybe_at("signed_at")?,
        signed_by: row.maybe_word("signed_by")?,
        picked_up_at: row.maybe_at("picked_up_at")?,
        picked_up_by: row.maybe_word("picked_up_by")?,
        withdrawn_at: row.maybe_at("withdrawn_at")?,
        reason: row.maybe_bytes("reason")?,
        moved_from: row.maybe_word("moved_from")?,
        revision: row.count("revision")?,
        confidentiality: row.word("confidentiality")?,
        restricted_by: row.maybe_word("restricted_by")?,
    })
}

fn version_number(row: &Row, column: &'static str) -> Result<u32, StoreError> {
    u32::try_from(row.int(column)?).map_err(|_| StoreError::Column { column })
}

pub(crate) fn version(row: &Row) -> Result<DocumentVersion, StoreError> {
    Ok(DocumentVersion {
        document: row.word("document_id")?,
        version: version_number(row, "version")?,
        media: row.text("media")?,
        file_name: row.bytes("file_name")?,
        original_object: row.word("original_object")?,
        original_key: row.bytes("original_key")?,
        original_bytes: row.count("original_bytes")?,
        original_digest: row.bytes("original_digest")?,
        text_object: row.maybe_word("text_object")?,
        text_key: row.maybe_bytes("text_key")?,
        opaque: row.maybe_text("opaque")?,
        scan: row.text("scan")?,
        made_at: row.at("made_at")?,
        made_by: row.text("made_by")?,
        body: row.maybe_bytes("body")?,
    })
}

fn recipient(row: &Row) -> Result<Recipient, StoreError> {
    Ok(Recipient {
        document: row.word("document_id")?,
        person: row.word("person_id")?,
        as_author: row.text("why")? == "author",
        read_at: row.maybe_at("read_at")?,
    })
}

fn facts_of(document: &Document, recipients: &[Recipient], in_care: bool) -> DocumentFacts {
    DocumentFacts {
        id: document.id,
        customer: document.customer,
        state: document.state,
        kind: document.kind,
        confidentiality: document.confidentiality,
        author: document.author,
        uploader: document.uploader.parse().ok(),
        read_by_practice: recipients.iter().any(|one| one.read_at.is_some()) || document.picked_up_at.is_some(),
        recipients: recipients.iter().map(|one| one.person).collect(),
        patient: document.patient,
        in_care,
        delivered_at: document.delivered_at,
    }
}

impl Store {
    /// One document, whoever asks; what may be done with it is policy's word.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_fetch(&self, id: DocumentId) -> Result<Option<Document>, StoreError> {
        let sql = format!("SELECT {DOCUMENT} FROM document WHERE document_id = $1");
        self.row("fetch a document", sql, binds![id]).await?.as_ref().map(document).transpose()
    }

    /// Several documents, whoever asks, in the order of their ids: one question, however many they are, and one for each
    /// customer whose they are.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_fetch_many(&self, ids: &BTreeSet<DocumentId>) -> Result<Vec<Document>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let doing = "fetch documents";
        let mut condition = Condition::default();
        let places: Vec<String> = ids.iter().map(|id| condition.place(id.to_string())).collect();
        let mut whose: BTreeMap<CustomerId, Vec<DocumentId>> = BTreeMap::new();
        for row in self.rows(doing, dialect::whose_documents(self.engine(), &places), condition.values).await? {
            whose.entry(row.word("customer_id")?).or_default().push(row.word("document_id")?);
        }
        let mut found = Vec::with_capacity(ids.len());
        for (customer, ids) in whose {
            let mut condition = Condition::default();
            let customer = condition.place(customer);
            let places: Vec<String> = ids.iter().map(|id| condition.place(*id)).collect();
            let sql = format!(
                "SELECT {DOCUMENT} FROM document WHERE (customer_id || '') = {customer} AND document_id IN ({})",
                places.join(", ")
            );
            for row in self.rows(doing, sql, condition.values).await? {
                found.push(document(&row)?);
            }
        }
        found.sort_by_key(|one| one.id);
        Ok(found)
    }

    /// All versions, newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn version_list(&self, id: DocumentId) -> Result<Vec<DocumentVersion>, StoreError> {
        let sql = format!("SELECT {VERSION} FROM document_version WHERE document_id = $1 ORDER BY version DESC");
        self.rows("list versions", sql, binds![id]).await?.iter().map(version).collect()
    }

    /// The newest version of each of these documents of a customer.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn version_newest_many(
        &self,
        customer: CustomerId,
        ids: &[DocumentId],
    ) -> Result<Vec<DocumentVersion>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut condition = Condition::default();
        let customer = condition.place(customer);
        let places: Vec<String> = ids.iter().map(|id| condition.place(*id)).collect();
        let columns = version_columns();
        let sql = format!(
            "SELECT {columns} FROM document JOIN document_version ON document_version.document_id = document.document_id \
             AND document_version.version = document.current_version \
             WHERE document.customer_id = {customer} AND document.document_id IN ({})",
            places.join(", ")
        );
        self.rows("list newest versions", sql, condition.values).await?.iter().map(version).collect()
    }

    /// Every version there is, for re-wrapping keys and for backups, in order, after a given one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn version_page(
        &self,
        customer: CustomerId,
        after: Option<(DocumentId, u32)>,
        limit: u32,
    ) -> Result<Vec<DocumentVersion>, StoreError> {
        let (document_after, version_after) =
            after.map_or_else(|| (String::new(), 0), |(id, number)| (id.to_string(), i64::from(number)));
        let columns = version_columns();
        let sql = format!(
            "SELECT {columns} FROM document_version JOIN document ON document.document_id = document_version.document_id \
             WHERE document.customer_id = $1 AND (document_version.document_id > $2 OR (document_version.document_id = $2 AND version > $3)) \
             ORDER BY document_version.document_id, version LIMIT $4"
        );
        let rows =
            self.rows("page through versions", sql, binds![customer, document_after, version_after, limit]).await?;
        rows.iter().map(version).collect()
    }

    /// How many bytes of plaintext a customer's originals hold, every version of them.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn customer_bytes(&self, customer: CustomerId) -> Result<u64, StoreError> {
        let sql = "SELECT held_bytes FROM customer WHERE customer_id = $1";
        let row = self.row("look up a customer's bytes", sql, binds![customer]).await?;
        row.map_or(Ok(0), |row| row.count("held_bytes"))
    }

    /// In whose inboxes a document lies.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn recipient_list(&self, id: DocumentId) -> Result<Vec<Recipient>, StoreError> {
        let rows = self
            .rows(
                "list recipients",
                "SELECT document_id, person_id, why, read_at FROM recipient WHERE document_id = $1 ORDER BY person_id",
                binds![id],
            )
            .await?;
        rows.iter().map(recipient).collect()
    }

    /// Is this patient in this person's care: author or recipient of some delivered or signed document here.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn in_care(
        &self,
        customer: CustomerId,
        patient: PatientId,
        person: PersonId,
    ) -> Result<bool, StoreError> {
        let mut condition = Condition::default();
        let (customer, patient, who) = (condition.place(customer), condition.place(patient), condition.place(person));
        let sql = format!("SELECT 1 AS yes WHERE {}", scope::caring(&who, &patient, &customer));
        let row = self.row("look whether a patient is in care", sql, condition.values).await?;
        Ok(row.is_some())
    }

    /// In whose inboxes several documents of one customer lie: one question, however many they are.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn recipient_list_many(
        &self,
        customer: CustomerId,
        ids: &[DocumentId],
    ) -> Result<BTreeMap<DocumentId, Vec<Recipient>>, StoreError> {
        let mut found: BTreeMap<DocumentId, Vec<Recipient>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let mut condition = Condition::default();
        let customer = condition.place(customer);
        let places: Vec<String> = ids.iter().map(|id| condition.place(*id)).collect();
        let sql = format!(
            "SELECT recipient.document_id AS document_id, person_id, why, read_at FROM recipient \
             JOIN document ON document.document_id = recipient.document_id \
             WHERE document.customer_id = {customer} AND recipient.document_id IN ({}) ORDER BY recipient.document_id, person_id",
            places.join(", ")
        );
        for row in self.rows("list recipients", sql, condition.values).await? {
            let one = recipient(&row)?;
            found.entry(one.document).or_default().push(one);
        }
        Ok(found)
    }

    /// Those of these patients of a customer who are in this person's care: one question, however many they are.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn in_care_many(
        &self,
        customer: CustomerId,
        patients: &BTreeSet<PatientId>,
        person: PersonId,
    ) -> Result<BTreeSet<PatientId>, StoreError> {
        if patients.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut condition = Condition::default();
        let place = condition.place(customer);
        let places: Vec<String> = patients.iter().map(|id| condition.place(*id)).collect();
        let in_care = scope::caring(&condition.place(person), "patient.patient_id", "patient.customer_id");
        let sql = format!(
            "SELECT patient.patient_id AS patient_id FROM patient WHERE patient.customer_id = {place} \
             AND patient.patient_id IN ({}) AND {in_care}",
            places.join(", ")
        );
        let rows = self.rows("look whether patients are in care", sql, condition.values).await?;
        rows.iter().map(|row| row.word("patient_id")).collect()
    }

    /// What policy is told about a page of one customer's documents when this person asks, in their order: two
    /// questions, however many they are. A document of another customer is left out.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_facts_many(
        &self,
        customer: CustomerId,
        documents: &[Document],
        asker: Option<PersonId>,
    ) -> Result<Vec<DocumentFacts>, StoreError> {
        let own: Vec<&Document> = documents.iter().filter(|document| document.customer == customer).collect();
        let ids: Vec<DocumentId> = own.iter().map(|document| document.id).collect();
        let mut inboxes = self.recipient_list_many(customer, &ids).await?;
        let patients = own.iter().filter_map(|document| document.patient).collect();
        let in_care = match asker {
            Some(person) => self.in_care_many(customer, &patients, person).await?,
            None => BTreeSet::new(),
        };
        let facts = |document: &&Document| {
            let recipients = inboxes.remove(&document.id).unwrap_or_default();
            let in_care = document.patient.is_some_and(|patient| in_care.contains(&patient));
            facts_of(document, &recipients, in_care)
        };
        Ok(own.iter().map(facts).collect())
    }

    /// What policy is told about a document when this person asks.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_facts(
        &self,
        document: &Document,
        asker: Option<PersonId>,
    ) -> Result<DocumentFacts, StoreError> {
        let recipients = self.recipient_list(document.id).await?;
        let in_care = match (asker, document.patient) {
            (Some(person), Some(patient)) => self.in_care(document.customer, patient, person).await?,
            _ => false,
        };
        Ok(facts_of(document, &recipients, in_care))
    }
}

impl Tx {
    /// A new document.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_insert(&mut self, new: &Document) -> Result<(), StoreError> {
        let columns = DOCUMENT.replace("document.", "");
        let sql = format!(
            "INSERT INTO document ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)"
        );
        self.run(sql, new.values()).await?;
        if new.patient.is_some() {
            self.care_comes_in_tx(new.id).await?;
            self.document_names_renew_in_tx(new.customer, new.id).await?;
        }
        Ok(())
    }

    /// Writes a document's changed fields, provided it still stands in `was` and nothing else about it has changed
    /// since it was read either; 0 when somebody was faster.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_update(&mut self, now: &Document, was: DocumentState) -> Result<u64, StoreError> {
        let before = self.document_says_in_tx(now.id).await?;
        let changed = self.document_write_in_tx(now, was).await?;
        let Some(before) = before.filter(|_| changed > 0) else { return Ok(changed) };
        self.care_comes_in_tx(now.id).await?;
        if let Some(patient) = before.cared_for() {
            let stays = now.patient == Some(patient) && now.state.is_with_practice();
            let mut lost = if stays { Vec::new() } else { self.recipients_in_tx(now.id).await? };
            lost.extend(before.author.filter(|_| !stays || before.author != now.author));
            self.care_goes_in_tx(now.customer, patient, lost).await?;
        }
        if before.patient != now.patient {
            self.document_names_renew_in_tx(now.customer, now.id).await?;
        }
        Ok(changed)
    }

    async fn document_write_in_tx(&mut self, now: &Document, was: DocumentState) -> Result<u64, StoreError> {
        self.run(
            "UPDATE document SET patient_id = $3, author_id = $4, state = $5, body = $6, current_version = $7, delivered_at = $8, \
             signed_at = $9, signed_by = $10, picked_up_at = $11, picked_up_by = $12, withdrawn_at = $13, reason = $14, moved_from = $15, \
             confidentiality = $16, restricted_by = $17, revision = revision + 1 \
             WHERE customer_id = $1 AND document_id = $2 AND state = $18 AND revision = $19",
            binds![
                now.customer, now.id, now.patient, now.author, now.state.as_str(), now.body.clone(), now.current_version,
                now.delivered_at, now.signed_at, now.signed_by, now.picked_up_at, now.picked_up_by, now.withdrawn_at,
                now.reason.clone(), now.moved_from, now.confidentiality.as_str(), now.restricted_by, was.as_str(), i64::try_from(now.revision).unwrap_or(i64::MAX)
            ],
        )
        .await
    }

    /// A new version, counted into what its customer holds.
    ///
    /// # Errors
    /// When the database cannot, or the number is taken.
    pub async fn version_insert(&mut self, new: &DocumentVersion) -> Result<(), StoreError> {
        let size_bytes = i64::try_from(new.original_bytes).unwrap_or(i64::MAX);
        let sql = format!(
            "INSERT INTO document_version (customer_id, {VERSION}) VALUES \
             ((SELECT customer_id FROM document WHERE document_id = $1), \
              $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        );
        self.run(sql, new.values()).await?;
        self.run(
            "UPDATE customer SET held_bytes = held_bytes + $2 \
             WHERE customer_id = (SELECT customer_id FROM document WHERE document_id = $1)",
            binds![new.document, size_bytes],
        )
        .await
        .map(|_| ())
    }

    /// Puts newly wrapped keys in the place of old ones, if nobody else did.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn version_rewrap(
        &mut self,
        row: &DocumentVersion,
        original_key: &[u8],
        text_key: Option<Vec<u8>>,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE document_version SET original_key = $4, text_key = $5 WHERE document_id = $1 AND version = $2 AND original_key = $3",
            binds![row.document, row.version, row.original_key.clone(), original_key, text_key],
        )
        .await
    }

    /// Lays a document into an inbox, once.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn recipient_add(
        &mut self,
        document: DocumentId,
        person: PersonId,
        as_author: bool,
    ) -> Result<u64, StoreError> {
        let why = if as_author { "author" } else { "copy" };
        let sql = "INSERT INTO recipient (customer_id, document_id, person_id, why, read_at) VALUES \
                   ((SELECT customer_id FROM document WHERE document_id = $1), $1, $2, $3, NULL) \
                   ON CONFLICT DO NOTHING";
        let added = self.run(sql, binds![document, person, why]).await?;
        self.care_comes_in_tx(document).await?;
        Ok(added)
    }

    /// Takes a document out of every inbox.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn recipient_clear(&mut self, document: DocumentId) -> Result<u64, StoreError> {
        let people = self.recipients_in_tx(document).await?;
        let gone = self.run("DELETE FROM recipient WHERE document_id = $1", binds![document]).await?;
        if let Some(says) = self.document_says_in_tx(document).await?
            && let Some(patient) = says.cared_for()
        {
            self.care_goes_in_tx(says.customer, patient, people).await?;
        }
        Ok(gone)
    }

    /// Remembers the first time somebody opened it.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn recipient_read(
        &mut self,
        document: DocumentId,
        person: PersonId,
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        self.run(
            "UPDATE recipient SET read_at = $3 WHERE document_id = $1 AND person_id = $2 AND read_at IS NULL",
            binds![document, person, at],
        )
        .await
    }

    /// Sets the blind tokens of a document, in place of those it had.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn document_tokens_set(
        &mut self,
        customer: CustomerId,
        id: DocumentId,
        tokens: &[(String, Vec<u8>)],
    ) -> Result<(), StoreError> {
        self.run("DELETE FROM document_token WHERE customer_id = $1 AND document_id = $2", binds![customer, id])
            .await?;
        for (field, token) in tokens {
            self.run(
                "INSERT INTO document_token (customer_id, field, token, document_id) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (customer_id, field, token, document_id) DO NOTHING",
                binds![customer, field, token.clone(), id],
            )
            .await?;
        }
        Ok(())
    }
}
