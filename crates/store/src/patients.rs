//! Patients and the blind index over them.

use crate::binds::{Row, Value, binds};
use crate::scope::Condition;
use crate::{Page, Store, StoreError, Tx, scope};
use policy::scope::PatientScope;
use record::{CustomerId, PatientId, Timestamp};
use std::collections::BTreeSet;
use vault::Field;

/// A patient as kept.
#[derive(Debug, Clone)]
pub struct Patient {
    /// Who.
    pub id: PatientId,
    /// Whose patient.
    pub customer: CustomerId,
    /// Sealed: name, birth date, record number, sex.
    pub body: Vec<u8>,
    /// Not yet sure who this is.
    pub provisional: bool,
    /// The known patient this one turned out to be.
    pub linked_to: Option<PatientId>,
    /// When.
    pub created_at: Timestamp,
    /// Last change.
    pub changed_at: Timestamp,
    /// Counts every change; an update names the one it was made from.
    pub revision: u64,
}

/// A patient that some tokens speak for.
#[derive(Debug, Clone)]
pub struct PatientMatch {
    /// Who.
    pub patient: Patient,
    /// How many of the tokens agree.
    pub agreeing: u64,
}

/// Alternatives of which one must agree: field and MAC.
pub(crate) type TokenGroup = Vec<(String, Vec<u8>)>;

/// A token that this many patients have is common, and counted no further. Few in tests, so that they meet both sides.
pub(crate) const COMMON: u32 = if cfg!(test) { 6 } else { 1000 };

/// The ids of patients who have every group's token, in no order and without a limit.
pub(crate) fn named_sql(condition: &mut Condition, customer: &str, groups: &[TokenGroup]) -> String {
    walks(condition, customer, groups, "")
}

/// The first group leads: its tokens are walked through in the order of the ids, so that whoever sorts by them and
/// takes a page has it when the page is full. The others, and `more`, are looked at for each.
fn walks(condition: &mut Condition, customer: &str, groups: &[TokenGroup], more: &str) -> String {
    let Some((lead, others)) = groups.split_first() else {
        return "SELECT patient_id FROM patient WHERE 1 = 0".to_owned();
    };
    let mut rest = String::new();
    for group in others {
        rest.push_str(&format!(" AND ({})", condition.named(customer, group, "lead.patient_id")));
    }
    let walk = |(field, token): &(String, Vec<u8>)| {
        let (field, token) = (condition.place(field), condition.place(token.clone()));
        format!(
            "SELECT lead.patient_id AS patient_id FROM patient_token lead WHERE lead.customer_id = {customer} \
             AND lead.field = {field} AND lead.token = {token}{rest}{more}"
        )
    };
    lead.iter().map(walk).collect::<Vec<_>>().join(" UNION ")
}

pub(crate) const PATIENT: &str = "patient.patient_id, patient.customer_id, patient.body, patient.provisional, patient.linked_to, \
    patient.created_at, patient.changed_at, patient.revision";

pub(crate) fn patient(row: &Row) -> Result<Patient, StoreError> {
    Ok(Patient {
        id: row.word("patient_id")?,
        customer: row.word("customer_id")?,
        body: row.bytes("body")?,
        provisional: row.yes("provisional")?,
        linked_to: row.maybe_word("linked_to")?,
        created_at: row.at("created_at")?,
        changed_at: row.at("changed_at")?,
        revision: row.count("revision")?,
    })
}

/// A page of patients; `groups` as [`Store::groups_by_size`] gives them.
pub(crate) fn search_sql(
    customer: CustomerId,
    patients_in: &PatientScope,
    groups: &[TokenGroup],
    before: Option<PatientId>,
    limit: u32,
) -> (String, Vec<Value>) {
    let mut condition = Condition::default();
    let place = condition.place(customer);
    let limit_place = condition.place(limit.saturating_add(1));
    let from = if groups.is_empty() {
        condition.and(&format!("patient.customer_id = {place} AND patient.linked_to IS NULL"));
        if let Some(before) = before {
            let before = condition.place(before);
            condition.and(&format!("patient.patient_id < {before}"));
        }
        scope::patients(&mut condition, patients_in);
        let wanted = std::mem::take(&mut condition.sql);
        format!("{wanted} ORDER BY patient.patient_id DESC LIMIT {limit_place}")
    } else {
        let mut more = before.map_or_else(String::new, |id| format!(" AND lead.patient_id < {}", condition.place(id)));
        scope::patients(&mut condition, patients_in);
        more.push_str(&format!(
            " AND (SELECT 1 FROM patient WHERE patient.patient_id = lead.patient_id AND (patient.customer_id || '') = {place} \
             AND patient.linked_to IS NULL AND {}) IS NOT NULL",
            std::mem::take(&mut condition.sql)
        ));
        let walks = walks(&mut condition, &place, groups, &more);
        let ids = format!("{walks} ORDER BY patient_id DESC LIMIT {limit_place}");
        format!("patient.patient_id IN ({ids}) ORDER BY patient.patient_id DESC")
    };
    (format!("SELECT {PATIENT} FROM patient WHERE {from}"), condition.values)
}

impl Store {
    /// One patient.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_fetch(&self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        let sql = format!("SELECT {PATIENT} FROM patient WHERE patient_id = $1");
        self.row("fetch a patient", sql, binds![id]).await?.as_ref().map(patient).transpose()
    }

    /// Several patients of one customer.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_fetch_many(
        &self,
        customer: CustomerId,
        ids: &[PatientId],
    ) -> Result<Vec<Patient>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut condition = Condition::default();
        let place = condition.place(customer);
        let places: Vec<String> = ids.iter().map(|id| condition.place(*id)).collect();
        let sql = format!(
            "SELECT {PATIENT} FROM patient WHERE customer_id = {place} AND patient_id IN ({})",
            places.join(", ")
        );
        self.rows("fetch patients", sql, condition.values).await?.iter().map(patient).collect()
    }

    /// Patients in scope who have every group's token: each group is a set of alternatives (field, MAC) of which one
    /// must agree. Newest patients first; linked ones are left out. No groups: all in scope.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_search(
        &self,
        customer: CustomerId,
        patients_in: &PatientScope,
        groups: &[TokenGroup],
        before: Option<PatientId>,
        limit: u32,
    ) -> Result<Page<Patient>, StoreError> {
        let groups = if groups.is_empty() { Some(Vec::new()) } else { self.groups_by_size(customer, groups).await? };
        let Some(groups) = groups else { return Ok(Page { items: Vec::new(), more: false }) };
        let groups: Vec<TokenGroup> = groups.into_iter().map(|(_, group)| group).collect();
        let (sql, values) = search_sql(customer, patients_in, &groups, before, limit);
        let rows = self.rows("search patients", sql, values).await?;
        let more = rows.len() > limit as usize;
        let items = rows.iter().take(limit as usize).map(patient).collect::<Result<_, _>>()?;
        Ok(Page { items, more })
    }

    /// The groups with the alternatives that any patient has at all, the one that fewest patients have first; `None`
    /// when a group is nobody's. Counting stops early: beyond that, all are common.
    pub(crate) async fn groups_by_size(
        &self,
        customer: CustomerId,
        groups: &[TokenGroup],
    ) -> Result<Option<Vec<(u64, TokenGroup)>>, StoreError> {
        let mut condition = Condition::default();
        let (customer, most) = (condition.place(customer), condition.place(COMMON));
        let count = |(at, (field, token)): (usize, &(String, Vec<u8>))| {
            let (field, token) = (condition.place(field), condition.place(token.clone()));
            format!(
                "SELECT {at} AS place, COUNT(*) AS many FROM (SELECT 1 FROM patient_token WHERE customer_id = {customer} \
                 AND field = {field} AND token = {token} LIMIT {most}) AS counted"
            )
        };
        let texts: Vec<String> = groups.iter().flatten().enumerate().map(count).collect();
        if texts.is_empty() {
            return Ok(None);
        }
        let rows = self.rows("count a name's patients", texts.join(" UNION ALL "), condition.values).await?;
        let mut many = vec![0_u64; texts.len()];
        for row in &rows {
            let at = usize::try_from(row.count("place")?).unwrap_or(usize::MAX);
            *many.get_mut(at).ok_or(StoreError::Column { column: "place" })? = row.count("many")?;
        }
        let mut many = many.into_iter();
        let mut sized: Vec<(u64, TokenGroup)> = Vec::with_capacity(groups.len());
        for group in groups {
            let mut had = TokenGroup::new();
            let mut sum = 0;
            for (one, count) in group.iter().zip(&mut many) {
                if count > 0 {
                    had.push(one.clone());
                }
                sum += count;
            }
            if had.is_empty() {
                return Ok(None);
            }
            sized.push((sum, had));
        }
        sized.sort_by_key(|(sum, group)| (*sum, group.len()));
        Ok(Some(sized))
    }

    /// Patients of a customer for whom any of these tokens speaks, those with most agreeing first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_propose(
        &self,
        customer: CustomerId,
        tokens: &[(String, Vec<u8>)],
        limit: u32,
    ) -> Result<Vec<PatientMatch>, StoreError> {
        if tokens.is_empty() {
            return Ok(Vec::new());
        }
        let mut condition = Condition::default();
        let place = condition.place(customer);
        // One walk for each token; joined by OR, the engine might walk through all tokens of the customer instead.
        let walks: Vec<String> = tokens
            .iter()
            .map(|(field, token)| {
                let (field, token) = (condition.place(field), condition.place(token.clone()));
                format!("SELECT patient_id FROM patient_token WHERE customer_id = {place} AND field = {field} AND token = {token}")
            })
            .collect();
        let limit_place = condition.place(limit);
        let sql = format!(
            "SELECT {PATIENT}, agreed.many AS many FROM (SELECT patient_id, COUNT(*) AS many FROM ({}) AS each_one \
             GROUP BY patient_id) AS agreed CROSS JOIN patient WHERE agreed.patient_id = patient.patient_id \
             AND patient.customer_id = {place} AND patient.linked_to IS NULL \
             ORDER BY agreed.many DESC, patient.patient_id LIMIT {limit_place}",
            walks.join(" UNION ALL ")
        );
        let rows = self.rows("propose patients", sql, condition.values).await?;
        rows.iter().map(|row| Ok(PatientMatch { patient: patient(row)?, agreeing: row.count("many")? })).collect()
    }

    /// Patients that were linked to this one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_linked(&self, customer: CustomerId, id: PatientId) -> Result<Vec<PatientId>, StoreError> {
        let rows = self
            .rows(
                "list linked patients",
                "SELECT patient_id FROM patient WHERE customer_id = $1 AND linked_to = $2 ORDER BY patient_id",
                binds![customer, id],
            )
            .await?;
        rows.iter().map(|row| row.word("patient_id")).collect()
    }
}

impl Tx {
    /// A new patient.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_insert(&mut self, new: &Patient) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO patient (patient_id, customer_id, body, provisional, linked_to, created_at, changed_at, revision) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
            binds![
                new.id,
                new.customer,
                new.body.clone(),
                new.provisional,
                new.linked_to,
                new.created_at,
                new.changed_at
            ],
        )
        .await
        .map(|_| ())
    }

    /// Writes a patient's changed fields; how many rows (0 when somebody has changed it since it was read).
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_update(&mut self, now: &Patient) -> Result<u64, StoreError> {
        self.run(
            "UPDATE patient SET body = $3, provisional = $4, linked_to = $5, changed_at = $6, revision = revision + 1 \
             WHERE customer_id = $1 AND patient_id = $2 AND revision = $7",
            binds![
                now.customer,
                now.id,
                now.body.clone(),
                now.provisional,
                now.linked_to,
                now.changed_at,
                i64::try_from(now.revision).unwrap_or(i64::MAX)
            ],
        )
        .await
    }

    /// Sets the blind tokens of a patient's own names and numbers, in place of those it had, and the names of their
    /// documents with them; the tokens of guardians stay.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_tokens_set(
        &mut self,
        customer: CustomerId,
        id: PatientId,
        tokens: &[(String, Vec<u8>)],
    ) -> Result<(), StoreError> {
        // Most corrections and imports change no name: then nothing is written, and no document's names either.
        let had =
            "SELECT field, token FROM patient_token WHERE (customer_id || '') = $1 AND patient_id = $2 AND field <> $3";
        let guardians = Field::GuardianSurname.as_str();
        let had = self.rows(had, binds![customer, id, guardians]).await?;
        let had: BTreeSet<(String, Vec<u8>)> =
            had.iter().map(|row| Ok((row.text("field")?, row.bytes("token")?))).collect::<Result<_, StoreError>>()?;
        if had == tokens.iter().cloned().collect() {
            return Ok(());
        }
        self.run(
            "DELETE FROM patient_token WHERE (customer_id || '') = $1 AND patient_id = $2 AND field <> $3",
            binds![customer, id, guardians],
        )
        .await?;
        self.patient_tokens_add(customer, id, tokens).await?;
        self.former_numbers_add(customer, id).await?;
        self.patient_names_renew_in_tx(customer, id).await.map(|_| ())
    }

    /// Adds blind tokens to those a patient has; those of names are kept by document only once
    /// [`Self::patient_tokens_set`] has set them, those of guardians never are.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_tokens_add(
        &mut self,
        customer: CustomerId,
        id: PatientId,
        tokens: &[(String, Vec<u8>)],
    ) -> Result<(), StoreError> {
        for (field, token) in tokens {
            self.run(
                "INSERT INTO patient_token (customer_id, field, token, patient_id) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (customer_id, field, token, patient_id) DO NOTHING",
                binds![customer, field, token.clone(), id],
            )
            .await?;
        }
        Ok(())
    }

    /// Which patient has this token; for imports, inside the transaction.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn patient_by_token(
        &mut self,
        customer: CustomerId,
        field: &str,
        token: &[u8],
    ) -> Result<Option<PatientId>, StoreError> {
        let row = self
            .row(
                "SELECT patient_id FROM patient_token WHERE customer_id = $1 AND field = $2 AND token = $3 ORDER BY patient_id LIMIT 1",
                binds![customer, field, token],
            )
            .await?;
        row.map(|row| row.word("patient_id")).transpose()
    }

    /// Moves a provisional patient's documents to the known one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn documents_relink(
        &mut self,
        customer: CustomerId,
        from: PatientId,
        to: PatientId,
    ) -> Result<u64, StoreError> {
        let sql =
            "UPDATE document SET patient_id = $3, revision = revision + 1 WHERE customer_id = $1 AND patient_id = $2";
        let moved = self.run(sql, binds![customer, from, to]).await?;
        if moved > 0 {
            self.care_renew_in_tx(customer, from).await?;
            self.kept_renew(customer, to).await?;
        }
        Ok(moved)
    }
}
