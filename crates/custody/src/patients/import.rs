//! Patients from a table or from ADT messages: known by record number, and never mixed up for the sake of one.
//!
//! What must always hold: a record is rewritten only when number and person agree; who has the same number and is
//! somebody else, or the same name and birth date under another number, is proposed and never merged here; a message
//! that is older than what is known, or that came before, changes nothing; a dry run changes nothing at all. Whatever is
//! opened to compare was named in an act of its own.
//!
//! What it refuses to know: how a file is written (`identify` does), and whether two are one (persons do).

mod index;
mod reading;

use crate::ask::Question;
use crate::merges::Pair;
use crate::{Custody, CustodyError, Desk, PatientBody, RelatedBody};
use identify::{AdtPatient, hl7::Said};
use index::{Index, Standing};
use policy::{PatientFacts, ResourceFacts, Why};
use record::merge::MergeCause;
use record::{CustomerId, PatientId, Purpose, RelatedKind, Timestamp, act};
use store::Patient;

/// What is applied in one transaction.
const AT_ONCE: usize = 100;
/// How often a batch is tried again when somebody has changed a record that it was made from.
const TRIES: usize = 3;

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Patients that are new.
    pub new: usize,
    /// Patients that were there already, by record number, and were corrected.
    pub changed: usize,
    /// Messages that were applied before.
    pub passed: usize,
    /// Messages that are older than what is known of the patient.
    pub older: usize,
    /// Messages about something else.
    pub other: usize,
    /// Pairs of records that a person is asked about.
    pub proposed: usize,
    /// Guardians and guarantors that were put beside them.
    pub related: usize,
    /// Guardians and guarantors that were left out, because the patient has some of that kind already: what a practice
    /// wrote down by hand, court orders above all, is not overwritten by a table.
    pub related_kept: usize,
    /// Lines that could not be taken: line number and what to do.
    pub rejected: Vec<(u64, String)>,
}

impl ImportReport {
    fn add(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.passed += other.passed;
        self.older += other.older;
        self.other += other.other;
        self.proposed += other.proposed;
        self.related += other.related;
        self.related_kept += other.related_kept;
        self.rejected.extend(other.rejected);
    }
}

/// A row of a table, or a message.
pub(super) struct Unit {
    /// Its line in the file, from 1.
    line: u64,
    /// When it happened, if it says so.
    at: Option<Timestamp>,
    /// By what a message is known again, and by what its content.
    token: Option<(Vec<u8>, Vec<u8>)>,
    patients: Vec<Told>,
}

/// One patient of it.
pub(super) struct Told {
    who: AdtPatient,
    around: Vec<(RelatedKind, RelatedBody)>,
}

/// What a batch would write.
#[derive(Default)]
struct Plan {
    report: ImportReport,
    /// Records that are made or written anew, in the order in which it was found out.
    touched: Vec<PatientId>,
    related: Vec<(PatientId, Vec<(RelatedKind, RelatedBody)>)>,
    proposals: Vec<(PatientId, PatientId, MergeCause)>,
    tokens: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Plan {
    fn touch(&mut self, id: PatientId) {
        if !self.touched.contains(&id) {
            self.touched.push(id);
        }
    }

    fn reject(&mut self, line: u64, word: &str, say: &str) {
        self.report.rejected.push((line, format!("{word}: {say}")));
    }
}

impl Desk<act::PatientImport> {
    /// Patients from a table (CSV, tab- or semicolon-separated) or a file of ADT messages. A dry run changes nothing and
    /// says what would.
    ///
    /// # Errors
    /// [`CustodyError::Input`] when the file is neither.
    pub async fn patient_import(
        &self,
        customer: CustomerId,
        bytes: &[u8],
        dry_run: bool,
    ) -> Result<ImportReport, CustodyError> {
        self.patient_import_of(customer, bytes, (None, dry_run)).await
    }

    /// The same; `authority`: whose record numbers are the practice's own, where a sender names several.
    ///
    /// # Errors
    /// As with [`Self::patient_import`].
    pub async fn patient_import_of(
        &self,
        customer: CustomerId,
        bytes: &[u8],
        (authority, dry_run): (Option<&str>, bool),
    ) -> Result<ImportReport, CustodyError> {
        // Asked before a byte is read.
        drop(self.ask(Question::of(customer, Purpose::Operations)).await?);
        let (mut report, units) = self.custody.units_read(customer, bytes, authority)?;
        let mut index = Index::default();
        for some in units.chunks(AT_ONCE) {
            // A long file goes on only as long as its reader may: not when their place has ended, or the practice joins another.
            if !self.could(Some(customer)).await? {
                return Err(CustodyError::Refused(Why::NotPermitted));
            }
            if !dry_run {
                index = Index::default();
            }
            report.add(self.batch(customer, some, (&mut index, dry_run)).await?);
        }
        report.rejected.sort();
        Ok(report)
    }

    async fn batch(
        &self,
        customer: CustomerId,
        units: &[Unit],
        (index, dry_run): (&mut Index, bool),
    ) -> Result<ImportReport, CustodyError> {
        for _ in 0..TRIES {
            self.index_fill(customer, units, index).await?;
            let plan = self.plan(customer, units, index).await?;
            // A dry run goes as far as knowing everything that would be written.
            if dry_run {
                return self.custody.around_counted(customer, plan, index).await;
            }
            match self.apply(customer, plan, index).await {
                Err(CustodyError::Changed) => *index = Index::default(),
                done => return done,
            }
        }
        Err(CustodyError::Changed)
    }

    /// Opens whoever has one of the numbers, or one of the names with the birth date, and is not known yet.
    async fn index_fill(&self, customer: CustomerId, units: &[Unit], index: &mut Index) -> Result<(), CustodyError> {
        let custody = &self.custody;
        let mut wanted = Vec::new();
        for told in units.iter().flat_map(|unit| &unit.patients) {
            wanted.extend(custody.candidates(customer, &told.who, index).await?);
        }
        wanted.sort_unstable();
        wanted.dedup();
        for some in wanted.chunks(AT_ONCE) {
            let patients = custody.store().patient_fetch_many(customer, some).await?;
            let told = patients.iter().map(|patient| ResourceFacts::Patient(facts_of(patient)));
            let question = Question::of(customer, Purpose::Operations).with_all(told);
            let (opening, shown) = self.ask(question).await?.open(&custody.ring())?;
            for patient in patients {
                let body = crate::documents::patient_open(&opening, &shown, &patient)?.into_shown(&shown);
                let said_at = custody.store().adt_said_at(customer, patient.id).await?;
                let number = custody.number_token(customer, &body.record_number)?;
                index.put(Standing { is_new: false, said_at, number, body, patient });
            }
        }
        Ok(())
    }

    async fn plan(&self, customer: CustomerId, units: &[Unit], index: &mut Index) -> Result<Plan, CustodyError> {
        let mut plan = Plan::default();
        for unit in units {
            if let Some((token, content)) = &unit.token {
                let before = match index.messages.get(token) {
                    Some(content) => Some(content.clone()),
                    None => self.custody.store().adt_message_find(customer, token).await?,
                };
                match before {
                    Some(known) if known == *content => {
                        plan.report.passed += 1;
                        continue;
                    }
                    Some(_) => {
                        plan.reject(unit.line, "reused", "another message came with this control id and time");
                        continue;
                    }
                    None => {}
                }
                if unit.at.is_some_and(|at| at.millis_since(self.custody.now()) > reading::AHEAD_MILLIS) {
                    plan.reject(unit.line, "time", "it says that it happens tomorrow or later");
                    continue;
                }
            }
            let rejected = plan.report.rejected.len();
            for told in &unit.patients {
                self.custody.plan_one(customer, (unit, told), index, &mut plan)?;
            }
            // What was rejected is looked at again when it comes again, perhaps after somebody has mended what hindered it.
            if let Some((token, content)) = unit.token.clone().filter(|_| plan.report.rejected.len() == rejected) {
                index.messages.insert(token.clone(), content.clone());
                plan.tokens.push((token, content));
            }
        }
        Ok(plan)
    }

    /// Writes a batch: first each proposal is asked for and witnessed, then all is one transaction.
    async fn apply(&self, customer: CustomerId, plan: Plan, index: &Index) -> Result<ImportReport, CustodyError> {
        let (custody, by) = (&self.custody, self.who().0.to_string());
        let mut report = plan.report;
        let mut merges = Vec::new();
        report.proposed = 0;
        for (prior, survivor, cause) in &plan.proposals {
            let (prior, survivor) = (index.patient(*prior)?, index.patient(*survivor)?);
            let merge = custody.merge_new((prior, survivor), *cause, &by);
            if !custody.store().merge_is_known(&merge).await? {
                let pair = Pair { merge, prior: prior.clone(), survivor: survivor.clone() };
                let _ = self.beside::<act::PatientMergePropose>().merge_propose_ask(&pair).await?;
                merges.push(pair.merge);
            }
        }
        let mut tx = custody.store().begin("import patients").await?;
        for id in &plan.touched {
            let known = index.standing(*id)?;
            let body = custody.patient_seal(customer, *id, &known.body)?;
            let patient = Patient { body, changed_at: custody.now(), ..known.patient.clone() };
            if known.is_new {
                tx.patient_insert(&patient).await?;
            } else if tx.patient_update(&patient).await? == 0 {
                return Err(CustodyError::Changed);
            }
            tx.patient_tokens_set(customer, *id, &custody.patient_tokens(customer, &known.body)?).await?;
            if let Some(at) = known.said_at {
                tx.adt_said_set(customer, *id, at).await?;
            }
        }
        for (id, around) in &plan.related {
            custody.import_related_in_tx(&mut tx, (customer, *id), around, &mut report).await?;
        }
        for merge in &merges {
            report.proposed += usize::try_from(tx.merge_propose(merge).await?).unwrap_or_default();
        }
        for (token, content) in &plan.tokens {
            if tx.adt_message_insert(customer, token, content).await? == 0 {
                return Err(CustodyError::Changed);
            }
        }
        // If we die here: nothing of this batch is there, and the next run takes it again.
        tx.commit().await?;
        Ok(report)
    }
}

pub(super) fn facts_of(patient: &Patient) -> PatientFacts {
    PatientFacts { id: patient.id, customer: patient.customer, in_care: false, provisional: patient.provisional }
}

impl Custody {
    /// For a dry run: how many of those around patients would come in.
    async fn around_counted(
        &self,
        customer: CustomerId,
        plan: Plan,
        index: &Index,
    ) -> Result<ImportReport, CustodyError> {
        let mut report = plan.report;
        for (id, around) in &plan.related {
            let is_new = index.standing(*id)?.is_new;
            let there = if is_new { Vec::new() } else { self.store().related_list(customer, *id).await? };
            for (kind, _) in around {
                let has = there.iter().any(|one| one.kind == *kind);
                *(if has { &mut report.related_kept } else { &mut report.related }) += 1;
            }
        }
        Ok(report)
    }

    /// What one patient of a unit means for the records as they are known so far.
    fn plan_one(
        &self,
        customer: CustomerId,
        (unit, told): (&Unit, &Told),
        index: &mut Index,
        plan: &mut Plan,
    ) -> Result<(), CustodyError> {
        let who = &told.who;
        let number = self.number_token(customer, &who.record_number)?;
        let by_number = number.as_ref().map(|token| index.by_number(token)).unwrap_or_default();
        if by_number.len() >= index::CANDIDATES_MAX as usize {
            plan.reject(unit.line, "several_have_number", "too many records have this number already");
            return Ok(());
        }
        let mut same_number = by_number.clone();
        same_number.retain(|id| index.standing(*id).is_ok_and(|one| one.number == number));
        if same_number.is_empty() && !by_number.is_empty() {
            // Under a number that went into another record nobody is made or rewritten: a person looks at it.
            plan.reject(unit.line, "merged_number", "this number went into another record");
            return Ok(());
        }
        let agreeing = same_number.iter().copied().find(|id| index.standing(*id).is_ok_and(|one| one.is_person(who)));
        let id = match agreeing {
            Some(id) => {
                self.plan_known(unit, (id, who), index, plan)?;
                id
            }
            None => {
                let (Said::Value(_), Said::Value(_)) = (&who.last, &who.first) else {
                    plan.reject(unit.line, "name", "nobody has this number, and surname or given name is missing");
                    return Ok(());
                };
                let id = self.plan_new(customer, (unit, who), index, plan)?;
                if let Some(other) = same_number.first() {
                    plan.proposals.push((id, *other, MergeCause::SameNumber));
                    plan.report.proposed += 1;
                }
                id
            }
        };
        if !told.around.is_empty() {
            plan.related.push((id, told.around.clone()));
        }
        if agreeing.is_none() && !who.unnamed {
            for other in index.alike(id)?.into_iter().filter(|other| !same_number.contains(other)) {
                plan.proposals.push((id, other, MergeCause::SameName));
                plan.report.proposed += 1;
            }
        }
        match &who.prior_number {
            Some(prior) => self.plan_merge(customer, (unit, prior, id), index, plan),
            None => Ok(()),
        }
    }

    fn plan_known(
        &self,
        unit: &Unit,
        (id, who): (PatientId, &AdtPatient),
        index: &mut Index,
        plan: &mut Plan,
    ) -> Result<(), CustodyError> {
        let known = index.standing_mut(id)?;
        if let (Some(at), Some(said_at)) = (unit.at, known.said_at)
            && at < said_at
        {
            plan.report.older += 1;
            return Ok(());
        }
        plan.report.changed += 1;
        let differs = known.take(who);
        let newer = unit.at.is_some() && known.said_at != unit.at;
        known.said_at = unit.at.or(known.said_at);
        if differs || newer {
            plan.touch(id);
            index.named(id);
        }
        Ok(())
    }

    fn plan_new(
        &self,
        customer: CustomerId,
        (unit, who): (&Unit, &AdtPatient),
        index: &mut Index,
        plan: &mut Plan,
    ) -> Result<PatientId, CustodyError> {
        plan.report.new += 1;
        let provisional = who.unnamed || who.record_number.is_empty();
        let patient = Patient { provisional, ..self.patient_blank(customer) };
        let id = patient.id;
        let body = PatientBody { record_number: who.record_number.clone(), ..PatientBody::default() };
        let number = self.number_token(customer, &who.record_number)?;
        let mut standing = Standing { is_new: true, said_at: unit.at, number, body, patient };
        standing.take(who);
        standing.patient.provisional = provisional;
        index.put_new(standing);
        plan.touch(id);
        Ok(id)
    }

    /// A message says that a number is no longer used: whose it is, and `survivor`, are proposed.
    fn plan_merge(
        &self,
        customer: CustomerId,
        (unit, prior, survivor): (&Unit, &str, PatientId),
        index: &Index,
        plan: &mut Plan,
    ) -> Result<(), CustodyError> {
        let number = self.number_token(customer, prior)?;
        match number.as_ref().map(|token| index.by_number(token)).unwrap_or_default()[..] {
            [] => plan.reject(unit.line, "prior_unknown", "nobody has the number that is to go"),
            // By an earlier merge they are one already.
            [one] if one == survivor => {}
            [one] => {
                plan.proposals.push((one, survivor, MergeCause::Message));
                plan.report.proposed += 1;
            }
            _ => plan.reject(unit.line, "prior_several", "several have the number that is to go"),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
