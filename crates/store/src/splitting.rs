//! Some patients of a customer who go to another one: who was chosen, what came of each, and what hangs on their charts. How far
//! it is, and by whose word: `joining.rs`. The rows on their way: `arriving.rs`.
//!
//! What must always hold: a chart leaves whole or not at all, in one transaction, and only if nothing that names its patients has
//! changed since it was read; each text is about one customer; what came of a patient is written in the transaction in which it
//! comes.

use crate::arriving::{among, number};
use crate::binds::{Row, binds};
use crate::breakglass::{BREAK_GLASS, break_glass};
use crate::documents::{DOCUMENT, document};
use crate::joining::ids_of;
use crate::merges::{MERGE, merge};
use crate::patients::{PATIENT, patient};
use crate::scope::Condition;
use crate::{
    BreakGlass, Document, JoiningCounts, JoiningState, Patient, PatientMerge, SplitMuch, Store, StoreError, Tx,
};
use record::{CustomerId, DocumentId, MembershipId, PatientId, PersonId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

/// Things that one text asks about.
const ASKED_AT_ONCE: usize = 500;

/// What comes, or came, of a patient who was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SplitFate {
    /// Is to move.
    Moves,
    /// Is the other one's.
    Moved,
    /// Stays: somebody wrote documents whose documents were not asked for.
    Others,
    /// Stays: something names this patient and one who stays.
    Connected,
    /// Stays: a document is held.
    Held,
    /// Is not here any more.
    Gone,
    /// Stays: something does not open, or is damaged.
    Broken,
    /// Stays: the split was ended half way.
    Stays,
}

impl SplitFate {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Moves, Self::Moved, Self::Others, Self::Connected, Self::Held, Self::Gone, Self::Broken, Self::Stays];

    /// As it stands in SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Moves => "moves",
            Self::Moved => "moved",
            Self::Others => "others",
            Self::Connected => "connected",
            Self::Held => "held",
            Self::Gone => "gone",
            Self::Broken => "broken",
            Self::Stays => "stays",
        }
    }
}

impl FromStr for SplitFate {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|one| one.as_str() == text).ok_or(())
    }
}

/// A patient who was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitPatient {
    /// Who.
    pub patient: PatientId,
    /// Is in the list that both managers say yes to.
    pub listed: bool,
    /// What comes, or came, of them.
    pub fate: SplitFate,
}

/// What ties two records of a customer to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitTied {
    /// The one went into the other: they cannot be in two places.
    Link,
    /// Somebody says that they are one patient's, or has merged them: nor these.
    Said,
    /// Somebody has said that they are two, or a document lay in the chart of the one by mistake. It goes along when both do, and
    /// holds nobody back.
    Memory,
}

impl FromStr for SplitTied {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "link" => Ok(Self::Link),
            "said" => Ok(Self::Said),
            "memory" => Ok(Self::Memory),
            _ => Err(()),
        }
    }
}

/// Two records of a customer that have to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitTie {
    /// The one.
    pub one: PatientId,
    /// The other.
    pub other: PatientId,
    /// How.
    pub tied: SplitTied,
}

impl SplitTie {
    /// Do both go, or neither.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.tied != SplitTied::Memory
    }
}

/// How many of a patient's documents some authors wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitWritten {
    /// About whom.
    pub patient: PatientId,
    /// They wrote some.
    pub some: bool,
    /// They wrote all.
    pub all: bool,
}

/// A split that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Whose patients they were.
    pub customer: CustomerId,
    /// Whose they are.
    pub into: CustomerId,
    /// The SHA-256 of the list.
    pub chosen: Vec<u8>,
    /// How many have moved.
    pub patients: u64,
    /// With how much.
    pub much: SplitMuch,
    /// What record numbers got that both had.
    pub prefix: String,
    /// The officer who prepared it, and when.
    pub prepared: (PersonId, Timestamp),
    /// The manager of the one who said yes, and when.
    pub given: (PersonId, Timestamp),
    /// The other's manager.
    pub agreed: (PersonId, Timestamp),
    /// Memberships that the other's manager took over.
    pub people: Vec<MembershipId>,
    /// When it began to be carried out.
    pub moving_at: Timestamp,
    /// When all of it was there, or it was ended.
    pub split_at: Timestamp,
    /// Who ended it half way; none when all have moved who could.
    pub ended_by: Option<PersonId>,
}

/// Everything that names some patients, but for what hangs on a document or a patient alone.
#[derive(Debug, Clone, Default)]
pub struct SplitCharts {
    /// These patients, and whoever went into one of them.
    pub patients: Vec<Patient>,
    /// Documents about them.
    pub documents: Vec<Document>,
    /// Broken glasses.
    pub glasses: Vec<BreakGlass>,
    /// Merges and proposals.
    pub merges: Vec<PatientMerge>,
}

/// Of which change each row is that names some patients: two that are equal say that nothing has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SplitStand(BTreeSet<(String, String, String)>);

/// A way in which rows name patients: a word for it, which row, the columns that every change of it changes, from where, and
/// the column with the patient.
type Naming = (&'static str, &'static str, &'static [&'static str], &'static str, &'static str);

const OF_MERGE: &[&str] = &["state", "proposed_at", "decided_at", "undone_at"];

const NAMES: &[Naming] = &[
    ("patient", "patient_id", &["revision"], "patient WHERE customer_id = $1", "patient_id"),
    ("into", "patient_id", &["revision"], "patient WHERE (customer_id || '') = $1", "linked_to"),
    ("document", "document_id", &["revision"], "document WHERE (customer_id || '') = $1", "patient_id"),
    ("around", "related_id", &["revision"], "related_person WHERE customer_id = $1", "patient_id"),
    ("message", "patient_id", &["said_at"], "adt_patient WHERE customer_id = $1", "patient_id"),
    ("glass", "break_glass_id", &["to_at", "reviewed_at"], "break_glass WHERE customer_id = $1", "patient_id"),
    ("prior", "merge_id", OF_MERGE, "patient_merge WHERE customer_id = $1", "prior_id"),
    ("survivor", "merge_id", OF_MERGE, "patient_merge WHERE customer_id = $1", "survivor_id"),
    (
        "inbox",
        "(recipient.document_id || ' ' || recipient.person_id || ' ' || recipient.why)",
        &["recipient.read_at"],
        "recipient JOIN document ON document.document_id = recipient.document_id WHERE recipient.customer_id = $1 \
         AND (document.customer_id || '') = $1",
        "document.patient_id",
    ),
];

fn stand_sql(among: &str) -> String {
    // Column by column, and not a sum of them: two changes that cancel each other out are two changes.
    let column = |name: &&str| format!("COALESCE(CAST({name} AS TEXT), '-')");
    let one = |(kind, id, columns, from, by): &Naming| {
        let mark = columns.iter().map(column).collect::<Vec<_>>().join(" || ' ' || ");
        format!("SELECT '{kind}' AS kind, {id} AS id, {mark} AS mark FROM {from} AND {by} {among}")
    };
    NAMES.iter().map(one).collect::<Vec<_>>().join(" UNION ALL ")
}

fn stand_add(stand: &mut SplitStand, rows: &[Row]) -> Result<(), StoreError> {
    for row in rows {
        stand.0.insert((row.text("kind")?, row.text("id")?, row.text("mark")?));
    }
    Ok(())
}

fn chosen(row: &Row) -> Result<SplitPatient, StoreError> {
    Ok(SplitPatient { patient: row.word("patient_id")?, listed: row.yes("listed")?, fate: row.word("fate")? })
}

const SPLIT: &str = "customer_id, into_id, chosen, patients, documents, bytes, prefix, prepared_by, prepared_at, given_by, given_at, \
    agreed_by, agreed_at, people, moving_at, split_at, ended_by";

fn split(row: &Row) -> Result<Split, StoreError> {
    Ok(Split {
        customer: row.word("customer_id")?,
        into: row.word("into_id")?,
        chosen: row.bytes("chosen")?,
        patients: row.count("patients")?,
        much: SplitMuch { documents: row.count("documents")?, bytes: row.count("bytes")? },
        prefix: row.text("prefix")?,
        prepared: (row.word("prepared_by")?, row.at("prepared_at")?),
        given: (row.word("given_by")?, row.at("given_at")?),
        agreed: (row.word("agreed_by")?, row.at("agreed_at")?),
        people: ids_of(&row.text("people")?, "people")?,
        moving_at: row.at("moving_at")?,
        split_at: row.at("split_at")?,
        ended_by: row.maybe_word("ended_by")?,
    })
}

impl Store {
    /// Who of this customer was chosen, in the order of their ids.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_patients(&self, customer: CustomerId) -> Result<Vec<SplitPatient>, StoreError> {
        let sql = "SELECT patient_id, listed, fate FROM split_patient WHERE customer_id = $1 ORDER BY patient_id";
        self.rows("list who was chosen to move", sql, binds![customer]).await?.iter().map(chosen).collect()
    }

    /// Some of those who were chosen and have not moved, after a given one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_page(
        &self,
        customer: CustomerId,
        after: Option<PatientId>,
        limit: u32,
    ) -> Result<Vec<SplitPatient>, StoreError> {
        let after = after.map_or_else(String::new, |id| id.to_string());
        let sql = "SELECT patient_id, listed, fate FROM split_patient WHERE customer_id = $1 AND patient_id > $2 \
                   AND fate <> 'moved' ORDER BY patient_id LIMIT $3";
        let rows = self.rows("page through who was chosen to move", sql, binds![customer, after, limit]).await?;
        rows.iter().map(chosen).collect()
    }

    /// How much would move with those who are to move.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_counts(&self, customer: CustomerId) -> Result<JoiningCounts, StoreError> {
        let about = "FROM split_patient chosen JOIN document ON document.patient_id = chosen.patient_id \
                     AND (document.customer_id || '') = $1";
        let who = "WHERE chosen.customer_id = $1 AND chosen.fate = 'moves'";
        let sql = format!(
            "SELECT (SELECT COUNT(*) FROM split_patient chosen {who}) AS patients, \
             (SELECT COUNT(*) {about} {who}) AS documents, \
             (SELECT CAST(COALESCE(SUM(version.original_bytes), 0) AS BIGINT) {about} \
              JOIN document_version version ON version.customer_id = $1 AND version.document_id = document.document_id \
              {who}) AS bytes"
        );
        let row = self.row("count what would move", sql, binds![customer]).await?;
        row.map_or(Ok(JoiningCounts::default()), |row| {
            Ok(JoiningCounts {
                documents: row.count("documents")?,
                patients: row.count("patients")?,
                bytes: row.count("bytes")?,
            })
        })
    }

    /// Records of a customer that have to do with each other: one went into the other, or is said to have or not to have, or a
    /// document that is about the one lay in the other's chart.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_ties(&self, customer: CustomerId) -> Result<Vec<SplitTie>, StoreError> {
        let sql = "SELECT patient_id AS one, linked_to AS other, 'link' AS tied FROM patient \
                   WHERE customer_id = $1 AND linked_to IS NOT NULL \
                   UNION ALL SELECT prior_id, survivor_id, CASE WHEN state IN ('proposed', 'merged') THEN 'said' ELSE 'memory' END \
                   FROM patient_merge WHERE customer_id = $1 \
                   UNION ALL SELECT moved_from, patient_id, 'memory' FROM document \
                   WHERE customer_id = $1 AND moved_from IS NOT NULL AND patient_id IS NOT NULL";
        let rows = self.rows("look what ties records together", sql, binds![customer]).await?;
        let tie =
            |row: &Row| Ok(SplitTie { one: row.word("one")?, other: row.word("other")?, tied: row.word("tied")? });
        rows.iter().map(tie).collect()
    }

    /// Patients of a customer about whom a document is held.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_held(&self, customer: CustomerId) -> Result<Vec<PatientId>, StoreError> {
        let sql = "SELECT DISTINCT patient_id FROM document \
                   WHERE customer_id = $1 AND state = 'held' AND patient_id IS NOT NULL";
        let rows = self.rows("look whose documents are held", sql, binds![customer]).await?;
        rows.iter().map(|row| row.word("patient_id")).collect()
    }

    /// Patients of a customer about whom there are documents, and whether these authors wrote some of them, or all.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_written(
        &self,
        customer: CustomerId,
        authors: &[PersonId],
    ) -> Result<Vec<SplitWritten>, StoreError> {
        let (among, values) = among(customer, authors);
        let theirs = format!("CASE WHEN author_id {among} THEN 1 ELSE 0 END");
        let sql = format!(
            "SELECT patient_id, MAX({theirs}) AS some_theirs, MIN({theirs}) AS all_theirs FROM document \
             WHERE customer_id = $1 AND patient_id IS NOT NULL GROUP BY patient_id ORDER BY patient_id"
        );
        let rows = self.rows("look who wrote about whom", sql, values).await?;
        let written = |row: &Row| {
            let (some, all) = (row.yes("some_theirs")?, row.yes("all_theirs")?);
            Ok(SplitWritten { patient: row.word("patient_id")?, some, all })
        };
        rows.iter().map(written).collect()
    }

    /// Of which change everything is that names these patients.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_stand(&self, customer: CustomerId, ids: &[PatientId]) -> Result<SplitStand, StoreError> {
        let mut stand = SplitStand::default();
        for some in ids.chunks(ASKED_AT_ONCE) {
            let (among, values) = among(customer, some);
            stand_add(&mut stand, &self.rows("look what names patients", stand_sql(&among), values).await?)?;
        }
        Ok(stand)
    }

    /// Who of these is this customer's.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_here(&self, customer: CustomerId, ids: &[PatientId]) -> Result<BTreeSet<PatientId>, StoreError> {
        let mut here = BTreeSet::new();
        for some in ids.chunks(ASKED_AT_ONCE) {
            let (among, values) = among(customer, some);
            let sql = format!("SELECT patient_id FROM patient WHERE customer_id = $1 AND patient_id {among}");
            for row in self.rows("look who is here", sql, values).await? {
                here.insert(row.word("patient_id")?);
            }
        }
        Ok(here)
    }

    /// About how many rows the chart of each of these is: documents, versions, places in inboxes, people around, and broken
    /// glasses. Nobody stands here who has none.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_sizes(
        &self,
        customer: CustomerId,
        ids: &[PatientId],
    ) -> Result<BTreeMap<PatientId, u64>, StoreError> {
        let mut sizes = BTreeMap::new();
        for some in ids.chunks(ASKED_AT_ONCE) {
            let (among, values) = among(customer, some);
            let about = format!("(document.customer_id || '') = $1 AND document.patient_id {among}");
            let hang = |table: &str| {
                format!(
                    "SELECT document.patient_id AS patient_id FROM document JOIN {table} hangs ON hangs.customer_id = $1 \
                     AND hangs.document_id = document.document_id WHERE {about}"
                )
            };
            let own =
                |table: &str| format!("SELECT patient_id FROM {table} WHERE customer_id = $1 AND patient_id {among}");
            let rows = [
                format!("SELECT document.patient_id AS patient_id FROM document WHERE {about}"),
                hang("document_version"),
                hang("recipient"),
                own("related_person"),
                own("break_glass"),
            ];
            let sql = format!(
                "SELECT patient_id, COUNT(*) AS many FROM ({}) AS each_one GROUP BY patient_id ORDER BY patient_id",
                rows.join(" UNION ALL ")
            );
            for row in self.rows("count the rows of charts", sql, values).await? {
                sizes.insert(row.word("patient_id")?, row.count("many")?);
            }
        }
        Ok(sizes)
    }

    /// Everything that names these patients.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_charts(&self, customer: CustomerId, ids: &[PatientId]) -> Result<SplitCharts, StoreError> {
        let mut charts =
            SplitCharts { patients: self.patient_fetch_many(customer, ids).await?, ..SplitCharts::default() };
        let (mut patients, mut merges) = (BTreeSet::new(), BTreeSet::new());
        patients.extend(charts.patients.iter().map(|one| one.id));
        for some in ids.chunks(ASKED_AT_ONCE) {
            let (among, values) = among(customer, some);
            let sql = format!(
                "SELECT {PATIENT} FROM patient WHERE (patient.customer_id || '') = $1 AND patient.linked_to {among}"
            );
            for row in self.rows("list who went into a patient", sql, values.clone()).await? {
                let one = patient(&row)?;
                if patients.insert(one.id) {
                    charts.patients.push(one);
                }
            }
            let sql = format!(
                "SELECT {DOCUMENT} FROM document WHERE (document.customer_id || '') = $1 AND document.patient_id {among}"
            );
            for row in self.rows("list documents of patients", sql, values.clone()).await? {
                charts.documents.push(document(&row)?);
            }
            let sql = format!("SELECT {BREAK_GLASS} FROM break_glass WHERE customer_id = $1 AND patient_id {among}");
            for row in self.rows("list glasses broken for patients", sql, values.clone()).await? {
                charts.glasses.push(break_glass(&row)?);
            }
            for by in ["prior_id", "survivor_id"] {
                let sql = format!("SELECT {MERGE} FROM patient_merge WHERE customer_id = $1 AND {by} {among}");
                for row in self.rows("list merges of patients", sql, values.clone()).await? {
                    let one = merge(&row)?;
                    if merges.insert(one.id) {
                        charts.merges.push(one);
                    }
                }
            }
        }
        Ok(charts)
    }

    /// What a merge moved.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_merge_moved(
        &self,
        customer: CustomerId,
        merge: record::MergeId,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT thing_id FROM merge_moved WHERE customer_id = $1 AND merge_id = $2 ORDER BY thing_id";
        let rows = self.rows("list what a merge moved", sql, binds![customer, merge]).await?;
        rows.iter().map(|row| row.text("thing_id")).collect()
    }

    /// Splits of this customer that were carried out, the newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_list_from(&self, customer: CustomerId) -> Result<Vec<Split>, StoreError> {
        let sql = format!("SELECT {SPLIT} FROM customer_split WHERE customer_id = $1 ORDER BY moving_at DESC");
        self.rows("list splits of a customer", sql, binds![customer]).await?.iter().map(split).collect()
    }

    /// Splits by which patients came to this customer, the newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_list_into(&self, customer: CustomerId) -> Result<Vec<Split>, StoreError> {
        let sql = format!("SELECT {SPLIT} FROM customer_split WHERE into_id = $1 ORDER BY moving_at DESC, customer_id");
        self.rows("list splits into a customer", sql, binds![customer]).await?.iter().map(split).collect()
    }
}

impl Tx {
    /// Who of this customer was chosen, in place of whoever was chosen before.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_choose(&mut self, customer: CustomerId, chosen: &[SplitPatient]) -> Result<(), StoreError> {
        self.split_forget(customer).await?;
        for one in chosen {
            self.run(
                "INSERT INTO split_patient (customer_id, patient_id, listed, fate) VALUES ($1, $2, $3, $4)",
                binds![customer, one.patient, one.listed, one.fate.as_str()],
            )
            .await?;
        }
        Ok(())
    }

    /// Nobody of this customer is chosen any more.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_forget(&mut self, customer: CustomerId) -> Result<u64, StoreError> {
        self.run("DELETE FROM split_patient WHERE customer_id = $1", binds![customer]).await
    }

    /// How much whoever just said yes was shown: `by` is how far it is by that yes. 0 when it stands otherwise.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_seen(
        &mut self,
        customer: CustomerId,
        by: JoiningState,
        seen: SplitMuch,
    ) -> Result<u64, StoreError> {
        let (documents, bytes) = match by {
            JoiningState::Given => ("given_documents", "given_bytes"),
            _ => ("agreed_documents", "agreed_bytes"),
        };
        let sql = format!(
            "UPDATE customer_joining SET {documents} = $2, {bytes} = $3 WHERE customer_id = $1 AND state = $4 AND chosen IS NOT NULL"
        );
        self.run(sql, binds![customer, number(seen.documents), number(seen.bytes), by.as_str()]).await
    }

    /// What comes of these who were to move. How many.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_fate(
        &mut self,
        customer: CustomerId,
        ids: &[PatientId],
        fate: SplitFate,
    ) -> Result<u64, StoreError> {
        let mut many = 0;
        for some in ids.chunks(ASKED_AT_ONCE) {
            let mut condition = Condition::default();
            let (customer, fate) = (condition.place(customer), condition.place(fate.as_str()));
            let places: Vec<String> = some.iter().map(|id| condition.place(*id)).collect();
            let sql = format!(
                "UPDATE split_patient SET fate = {fate} WHERE customer_id = {customer} AND fate = 'moves' \
                 AND patient_id IN ({})",
                places.join(", ")
            );
            many += self.run(sql, condition.values).await?;
        }
        Ok(many)
    }

    /// The same as [`Store::split_stand`], as this transaction sees it.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_stand(&mut self, customer: CustomerId, ids: &[PatientId]) -> Result<SplitStand, StoreError> {
        let mut stand = SplitStand::default();
        for some in ids.chunks(ASKED_AT_ONCE) {
            let (among, values) = among(customer, some);
            let rows = self.rows(stand_sql(&among), values).await?;
            stand_add(&mut stand, &rows)?;
        }
        Ok(stand)
    }

    /// Takes whole charts out of a customer, and counts their bytes with the other one. What they are known by when their files
    /// come again is kept; that a document of somebody else's lay in one of these charts is not. False when not all of it was as
    /// it was read: then this transaction is given up.
    ///
    /// # Errors
    /// When the database cannot, or something still points to one of them.
    pub async fn split_depart(
        &mut self,
        (customer, into): (CustomerId, CustomerId),
        charts: &SplitCharts,
    ) -> Result<bool, StoreError> {
        let documents: Vec<(DocumentId, u64)> = charts.documents.iter().map(|one| (one.id, one.revision)).collect();
        let patients: Vec<(PatientId, u64)> = charts.patients.iter().map(|one| (one.id, one.revision)).collect();
        let merges: Vec<record::MergeId> = charts.merges.iter().map(|one| one.id).collect();
        let glasses: Vec<record::BreakGlassId> = charts.glasses.iter().map(|one| one.id).collect();
        let bytes = self.split_bytes(customer, &documents).await?;
        self.split_tokens_keep(customer, &documents).await?;
        let gone_merges = self.depart_merges(customer, &merges).await?;
        let gone_glasses = self.depart_glasses(customer, &glasses).await?;
        let gone_documents = self.depart_documents(customer, &documents).await?;
        self.split_memories_end(customer, &patients).await?;
        let gone = [gone_merges, gone_glasses, gone_documents, self.depart_patients(customer, &patients).await?];
        let read = [merges.len(), glasses.len(), documents.len(), patients.len()];
        if gone != read.map(|many| many as u64) {
            return Ok(false);
        }
        let sql = "UPDATE customer SET held_bytes = CASE WHEN held_bytes > $2 THEN held_bytes - $2 ELSE 0 END \
                   WHERE customer_id = $1";
        self.run(sql, binds![customer, bytes]).await?;
        let sql = "UPDATE customer SET held_bytes = held_bytes + $2 WHERE customer_id = $1";
        self.run(sql, binds![into, bytes]).await?;
        let sql = "UPDATE customer_joining SET gone_documents = gone_documents + $2, gone_bytes = gone_bytes + $3 \
                   WHERE customer_id = $1 AND state = 'moving' AND chosen IS NOT NULL";
        self.run(sql, binds![customer, number(gone_documents), bytes]).await?;
        Ok(true)
    }

    /// Whoever imports the same files again is to know that they have gone: by their bytes and their places, and no document.
    async fn split_tokens_keep(
        &mut self,
        customer: CustomerId,
        documents: &[(DocumentId, u64)],
    ) -> Result<(), StoreError> {
        for some in documents.chunks(ASKED_AT_ONCE) {
            let ids: Vec<DocumentId> = some.iter().map(|(id, _)| *id).collect();
            let (among, values) = among(customer, &ids);
            for (kind, table) in [("original", "original_token"), ("path", "imported_file")] {
                let sql = format!(
                    "INSERT INTO gone_token (customer_id, kind, token) SELECT customer_id, '{kind}', token FROM {table} \
                     WHERE customer_id = $1 AND document_id {among} ON CONFLICT DO NOTHING"
                );
                self.run(sql, values.clone()).await?;
            }
        }
        Ok(())
    }

    /// Documents that stay, and lay in the chart of one of these before somebody corrected it, lay in nobody's from now on: the
    /// ledger knows whose.
    async fn split_memories_end(
        &mut self,
        customer: CustomerId,
        patients: &[(PatientId, u64)],
    ) -> Result<(), StoreError> {
        for some in patients.chunks(ASKED_AT_ONCE) {
            let ids: Vec<PatientId> = some.iter().map(|(id, _)| *id).collect();
            let (among, values) = among(customer, &ids);
            let sql = format!(
                "UPDATE document SET moved_from = NULL, revision = revision + 1 \
                 WHERE (customer_id || '') = $1 AND moved_from {among}"
            );
            self.run(sql, values).await?;
        }
        Ok(())
    }

    /// Plaintext bytes of all versions of these documents.
    async fn split_bytes(&mut self, customer: CustomerId, documents: &[(DocumentId, u64)]) -> Result<i64, StoreError> {
        let mut bytes = 0;
        for some in documents.chunks(ASKED_AT_ONCE) {
            let ids: Vec<DocumentId> = some.iter().map(|(id, _)| *id).collect();
            let (among, values) = among(customer, &ids);
            let sql = format!(
                "SELECT CAST(COALESCE(SUM(original_bytes), 0) AS BIGINT) AS bytes FROM document_version \
                 WHERE customer_id = $1 AND document_id {among}"
            );
            bytes += self.row(sql, values).await?.map_or(Ok(0), |row| row.int("bytes"))?;
        }
        Ok(bytes)
    }

    /// All who were to move are there: the split is kept as done, and whoever stayed stays listed. 0 when it was not being
    /// carried out, somebody is still to move, or something still waits to come in.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_end(&mut self, sides: (CustomerId, CustomerId), at: Timestamp) -> Result<u64, StoreError> {
        self.split_close(sides, at, None).await
    }

    /// It is ended half way: whoever was still to move stays, and whoever has moved stays where they are. 0 as with
    /// [`Self::split_end`].
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn split_stop(
        &mut self,
        (customer, into): (CustomerId, CustomerId),
        (by, at): (PersonId, Timestamp),
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE split_patient SET fate = 'stays' WHERE customer_id = $1 AND fate = 'moves'";
        self.run(sql, binds![customer]).await?;
        self.split_close((customer, into), at, Some(by)).await
    }

    async fn split_close(
        &mut self,
        (customer, into): (CustomerId, CustomerId),
        at: Timestamp,
        ended_by: Option<PersonId>,
    ) -> Result<u64, StoreError> {
        if !self.joining_is_moving(customer).await? {
            return Ok(0);
        }
        let sql = "SELECT COUNT(*) AS many FROM arriving WHERE customer_id = $1";
        let waits = self.split_many(sql, into).await?;
        let sql = "SELECT COUNT(*) AS many FROM split_patient WHERE customer_id = $1 AND fate = 'moves'";
        if waits > 0 || self.split_many(sql, customer).await? > 0 {
            return Ok(0);
        }
        let sql = "SELECT COUNT(*) AS many FROM split_patient WHERE customer_id = $1 AND fate = 'moved'";
        let moved = self.split_many(sql, customer).await?;
        let sql = format!(
            "INSERT INTO customer_split ({SPLIT}) SELECT customer_id, into_id, chosen, $2, gone_documents, gone_bytes, prefix, \
             prepared_by, prepared_at, given_by, given_at, agreed_by, agreed_at, people, moving_at, $3, $4 FROM customer_joining \
             WHERE customer_id = $1 AND state = 'moving' AND chosen IS NOT NULL"
        );
        let done = self.run(sql, binds![customer, moved, at, ended_by]).await?;
        let sql = "DELETE FROM split_patient WHERE customer_id = $1 AND fate = 'moved'";
        self.run(sql, binds![customer]).await?;
        let sql = "DELETE FROM customer_joining WHERE customer_id = $1 AND state = 'moving' AND chosen IS NOT NULL";
        self.run(sql, binds![customer]).await?;
        Ok(done)
    }

    async fn split_many(&mut self, sql: &'static str, customer: CustomerId) -> Result<i64, StoreError> {
        self.row(sql, binds![customer]).await?.map_or(Ok(0), |row| row.int("many"))
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMES, SplitFate, stand_sql};

    #[test]
    fn every_fate_reads_as_it_is_written_and_each_way_of_naming_is_asked_once() {
        for fate in SplitFate::ALL {
            assert_eq!(fate.as_str().parse(), Ok(*fate));
        }
        assert_eq!("".parse::<SplitFate>(), Err(()));
        assert_eq!(stand_sql("IN ($2)").matches(" UNION ALL ").count(), NAMES.len() - 1);
    }
}
