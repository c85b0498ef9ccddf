//! Whose a document is: who of the practice's patients it may be, and a person who says so.
//!
//! Two things speak for a patient: what was said of them when the document came in, and whom its own heading names. Either is held
//! against the index (`identify::resolve`), and what comes of it is shown with what agrees, what nearly does and what does not.
//!
//! What must always hold: without a person, a document goes into a chart only by a number and a name that agree with one patient
//! ([`ByNumber`]), and never by a number alone; nobody is chosen beforehand whom the text contradicts; the ledger names every patient who
//! is opened to be proposed; a document that somebody else has matched meanwhile is left as it is.
//!
//! What it refuses to know: how records are weighed.

use crate::ask::Question;
use crate::documents::{body_open, patient_open, purpose_of};
use crate::manifest::version_body_open;
use crate::{Custody, CustodyError, Desk, OpenedDocument, OpenedPatient, OpenedVersion, PatientBody, Shown, Witnessed};
use identify::resolve::{Agreement, Agreements, Frequencies, PersonRecord, Resolution, agreements, resolve};
use policy::{PatientFacts, ResourceFacts};
use record::document::{DocumentState, Step};
use record::{CustomerId, DocumentId, PatientId, PersonId, act};
use std::collections::{BTreeMap, BTreeSet};
use store::{Patient, PatientMatch};
use vault::Field;

/// How many patients are proposed for a document.
const PROPOSALS_MAX: u32 = 8;
/// People of a document's heading who are held against the index; one that names more is a list, which a person has to read.
const NAMED_MAX: usize = 4;
/// How many patients a practice is taken to have. A larger index asks for more before anybody is said to fit; few are larger.
const PATIENTS: u32 = 100_000;

/// Whom a record number with a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByNumber {
    /// Nobody here has this number, or none is said.
    Nobody,
    /// Somebody has it, and the names do not say that it is one patient.
    Somebody,
    /// This patient.
    One(PatientId),
}

/// By what a patient is looked for: tokens of what is said of them.
struct Asked {
    number: Vec<u8>,
    last: BTreeSet<Vec<u8>>,
    first: BTreeSet<Vec<u8>>,
    born: BTreeSet<Vec<u8>>,
}

/// Do these agree with what is known, where both are known.
fn agree(said: &BTreeSet<Vec<u8>>, known: Option<&BTreeSet<Vec<u8>>>) -> bool {
    said.is_empty() || known.is_none_or(|known| !known.is_disjoint(said))
}

/// How a patient fits what a document says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// This patient: more than one thing that is theirs agrees and nothing contradicts.
    Fits,
    /// Perhaps.
    MayFit,
    /// Little speaks for it.
    HardlyFits,
}

/// A patient that a document may be about, and what speaks for it.
pub struct Proposal {
    /// Who.
    pub id: PatientId,
    /// As the index knows them.
    pub patient: OpenedPatient,
    /// Not yet linked to a known one.
    pub provisional: bool,
    /// How well.
    pub fit: Fit,
    /// How what the document says stands to what is known.
    pub agreements: Agreements,
}

/// What a person needs to say whose document it is.
pub struct MatchDesk {
    /// Which.
    pub id: DocumentId,
    /// Whose PHI.
    pub customer: CustomerId,
    /// Their name, for the tag.
    pub customer_name: String,
    /// What was opened for whom.
    pub shown: Shown,
    /// Where it stands.
    pub state: DocumentState,
    /// Of which change this is; the match says it, so that it overwrites nothing unseen.
    pub revision: u64,
    /// What the document says of its patient and author.
    pub body: OpenedDocument,
    /// Who spoke it, by name.
    pub author_name: String,
    /// What its newest version holds, and whom its heading names.
    pub version: Option<OpenedVersion>,
    /// Who it may be, best first; the patient it is matched to already is among them.
    pub proposals: Vec<Proposal>,
    /// The one who fits, if it is one, and neither what was said nor the text speaks against them.
    pub fits: Option<PatientId>,
    /// To whom it is matched already.
    pub matched: Option<PatientId>,
    /// The entry.
    pub witnessed: Witnessed,
}

/// Whose document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchTo {
    /// This known patient.
    Patient(PatientId),
    /// Somebody who is not in the index yet: a provisional patient is made from what the document says.
    Provisional,
}

/// Each record held against the patients: how well each of them fits, and by which record best.
fn fits(seen: &[PersonRecord], patients: &[(PatientId, PersonRecord)]) -> BTreeMap<PatientId, (Fit, f64, Agreements)> {
    let frequencies = Frequencies::of_size(PATIENTS);
    let mut best = BTreeMap::new();
    for one in seen {
        let candidates = patients.iter().map(|(id, record)| (*id, record));
        let resolution = resolve(one, candidates, &frequencies);
        for (id, record) in patients {
            let bits = |list: &[(PatientId, f64)]| list.iter().find(|found| found.0 == *id).map(|found| found.1);
            let (fit, bits) = match &resolution {
                Resolution::Certain(certain) if certain == id => (Fit::Fits, f64::INFINITY),
                Resolution::Likely(list) | Resolution::Ambiguous(list) => {
                    bits(list).map_or((Fit::HardlyFits, f64::NEG_INFINITY), |bits| (Fit::MayFit, bits))
                }
                Resolution::Certain(_) | Resolution::New => (Fit::HardlyFits, f64::NEG_INFINITY),
            };
            let now = (fit, bits, agreements(one, record));
            let is_better = |was: &(Fit, f64, Agreements)| {
                (now.0, -now.1) < (was.0, -was.1) || now.0 == was.0 && agreeing(&now.2) > agreeing(&was.2)
            };
            if best.get(id).is_none_or(is_better) {
                best.insert(*id, now);
            }
        }
    }
    best
}

/// How many things agree.
fn agreeing(of: &Agreements) -> usize {
    [of.family, of.given, of.born, of.number].iter().filter(|one| **one == Agreement::Same).count()
}

impl Custody {
    fn asked(&self, customer: CustomerId, said: &PatientBody) -> Result<Option<Asked>, CustodyError> {
        if said.record_number.trim().is_empty() {
            return Ok(None);
        }
        // Twins may share a middle name.
        let first = said.first.split_whitespace().next().unwrap_or_default().to_owned();
        let named = PatientBody { first, middle: String::new(), ..said.clone() };
        let tokens = self.patient_tokens(customer, &named)?;
        let of =
            |field: Field| tokens.iter().filter(move |(name, _)| name == field.as_str()).map(|(_, mac)| mac.clone());
        Ok(of(Field::RecordNumber).next().map(|number| Asked {
            number,
            last: of(Field::Surname).collect(),
            first: of(Field::Given).collect(),
            born: of(Field::SurnameBirth).collect(),
        }))
    }

    /// Whose each of these is, in their order: the one patient whose record number and surname agree, whose given name does where one is
    /// said, and whose birth date does where both are known. Twins share all but their given names, a father and his son may share
    /// those, too, and a number is soon mistyped.
    pub(crate) async fn patients_certain(
        &self,
        customer: CustomerId,
        said: impl Iterator<Item = &PatientBody> + Send,
    ) -> Result<Vec<ByNumber>, CustodyError> {
        let asked: Result<Vec<Option<Asked>>, CustodyError> = said.map(|body| self.asked(customer, body)).collect();
        let asked = asked?;
        let numbers: BTreeSet<Vec<u8>> = asked.iter().flatten().map(|one| one.number.clone()).collect();
        let numbers: Vec<Vec<u8>> = numbers.into_iter().collect();
        let fields = (Field::RecordNumber.as_str(), numbers.as_slice());
        let surnames = self.store().patients_by_number(customer, fields, Field::Surname.as_str()).await?;
        let given = self.store().patients_by_number(customer, fields, Field::Given.as_str()).await?;
        let births = self.store().patients_by_number(customer, fields, Field::SurnameBirth.as_str()).await?;
        let whose = |asked: &Option<Asked>| {
            let Some(said) = asked else { return ByNumber::Nobody };
            let Some(here) = surnames.get(&said.number) else { return ByNumber::Nobody };
            let called = |id: &PatientId| given.get(&said.number).and_then(|names| names.get(id));
            let born = |id: &PatientId| births.get(&said.number).and_then(|days| days.get(id));
            let fits = |id: &PatientId| {
                let named = said.first.is_empty() || called(id).is_some_and(|names| !names.is_disjoint(&said.first));
                named && agree(&said.born, born(id))
            };
            let mut agreeing = here.iter().filter(|(id, names)| !names.is_disjoint(&said.last) && fits(id));
            match (agreeing.next(), agreeing.next()) {
                (Some((id, _)), None) => ByNumber::One(*id),
                _ => ByNumber::Somebody,
            }
        };
        Ok(asked.iter().map(whose).collect())
    }

    /// Patients of a customer for whom a record speaks: by its number, or by two things of the name and the birth date.
    async fn patients_alike(
        &self,
        customer: CustomerId,
        record: &PersonRecord,
    ) -> Result<Vec<PatientMatch>, CustodyError> {
        let body = PatientBody {
            last: record.family.to_string(),
            first: record.given.to_string(),
            middle: record.middle.to_string(),
            born: record.born,
            record_number: record.numbers.first().map(|number| number.to_string()).unwrap_or_default(),
            sex: String::new(),
        };
        let tokens = self.patient_tokens(customer, &body)?;
        let (numbers, names): (Vec<_>, Vec<_>) =
            tokens.into_iter().partition(|(field, _)| field == Field::RecordNumber.as_str());
        // How a name begins agrees by chance.
        let names: Vec<_> = names.into_iter().filter(|(field, _)| field != Field::SurnamePrefix.as_str()).collect();
        let mut found = self.store().patient_propose(customer, &numbers, PROPOSALS_MAX).await?;
        let alike = self.store().patient_propose(customer, &names, PROPOSALS_MAX).await?;
        found.extend(alike.into_iter().filter(|one| one.agreeing >= 2));
        found.truncate(PROPOSALS_MAX as usize);
        Ok(found)
    }
}

/// What was opened of a document to say whose it is.
struct Said {
    body: OpenedDocument,
    version: Option<OpenedVersion>,
    /// What was said first, then whom the heading names.
    records: Vec<PersonRecord>,
}

impl Said {
    fn of(body: OpenedDocument, version: Option<OpenedVersion>, shown: &Shown) -> Self {
        let said = body.show(shown).said.record();
        let named = version.as_ref().map(|version| version.show(shown).named(NAMED_MAX)).unwrap_or_default();
        // What was said stays though it says nothing: whom the document is matched to is shown beside it.
        let records = std::iter::once(said).chain(named.into_iter().filter(|record| !record.is_empty())).collect();
        Self { body, version, records }
    }

    /// The patients who were opened, best first, and the one who fits.
    fn proposals(
        &self,
        opened: Vec<(Patient, OpenedPatient)>,
        (first, second): (&Shown, &Shown),
    ) -> (Vec<Proposal>, Option<PatientId>) {
        let records: Vec<(PatientId, PersonRecord)> =
            opened.iter().map(|(row, patient)| (row.id, patient.show(second).record())).collect();
        let mut fits = fits(&self.records, &records);
        let mut ranked: Vec<(f64, Proposal)> = opened
            .into_iter()
            .filter_map(|(row, patient)| {
                let (fit, bits, agreements) = fits.remove(&row.id)?;
                Some((bits, Proposal { id: row.id, patient, provisional: row.provisional, fit, agreements }))
            })
            .collect();
        ranked.sort_by(|(bits, one), (other_bits, other)| {
            (one.fit.cmp(&other.fit))
                .then(other_bits.total_cmp(bits))
                .then(agreeing(&other.agreements).cmp(&agreeing(&one.agreements)))
        });
        let proposals: Vec<Proposal> = ranked.into_iter().map(|(_, one)| one).collect();
        let mut fitting = proposals.iter().filter(|one| one.fit == Fit::Fits);
        let only = fitting.next().filter(|_| fitting.next().is_none());
        let fits = only.filter(|one| !self.speaks_against(one.patient.show(second), first)).map(|one| one.id);
        (proposals, fits)
    }

    /// Does the text name somebody else than this patient.
    fn speaks_against(&self, patient: &PatientBody, shown: &Shown) -> bool {
        self.version.as_ref().is_some_and(|version| version.show(shown).somebody_else(patient).is_some())
    }
}

impl Desk<act::DocumentMatch> {
    /// What is needed to say whose document it is: what it says, and who it may be.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn document_match_look(&self, id: DocumentId) -> Result<MatchDesk, CustodyError> {
        let found = self.document_find(id).await?;
        let (custody, customer) = (&self.custody, found.document.customer);
        let newest = custody.store().version_newest_many(customer, &[id]).await?;
        // What the document says is sealed: it opens under a first act that names the document alone.
        let first = self.document_ask(&found, "").await?;
        let (opening, shown) = first.open(&custody.ring())?;
        let body = body_open(&opening, &shown, &found.document)?;
        let version = newest.first().map(|row| version_body_open(&opening, &shown, row)).transpose()?.flatten();
        let said = Said::of(body, version, &shown);
        let mut proposed: Vec<PatientMatch> = Vec::new();
        for record in &said.records {
            let alike = custody.patients_alike(customer, record).await?;
            proposed.extend(alike);
        }
        let matched = custody.store().patient_fetch_many(customer, found.document.patient.as_slice()).await?;
        proposed.extend(matched.into_iter().map(|patient| PatientMatch { patient, agreeing: 0 }));
        let mut seen = BTreeSet::new();
        proposed.retain(|one| seen.insert(one.patient.id));
        // Who it may be opens under a second one that names the patients.
        let mut question = Question::of(customer, purpose_of(&found.facts, customer))
            .with_all(found.resources.iter().take(1).cloned());
        for one in &proposed {
            let facts = custody.patient_facts(&one.patient, None).await?;
            question = question.with(ResourceFacts::Patient(facts));
        }
        let granted = custody.ask_as::<act::DocumentMatch>(self.who(), found.facts.clone(), question).await?;
        let witnessed = granted.witnessed();
        let (opening, second) = granted.open(&custody.ring())?;
        let opened: Result<Vec<(Patient, OpenedPatient)>, CustodyError> = proposed
            .into_iter()
            .map(|one| patient_open(&opening, &second, &one.patient).map(|opened| (one.patient, opened)))
            .collect();
        let (proposals, fits) = said.proposals(opened?, (&shown, &second));
        let author_name = match found.document.author {
            Some(id) => custody.directory_entry(id).await?.map(|entry| entry.name).unwrap_or_default(),
            None => String::new(),
        };
        Ok(MatchDesk {
            id,
            customer,
            customer_name: custody.customer_name(customer).await?,
            state: found.document.state,
            revision: found.document.revision,
            version: said.version,
            body: said.body,
            shown: second,
            author_name,
            proposals,
            fits,
            matched: found.document.patient,
            witnessed,
        })
    }

    /// A person says whose document it is, and who spoke it where nobody is known to have, as it stood at `revision`.
    ///
    /// # Errors
    /// [`CustodyError::Changed`] when somebody has matched or moved it since. [`CustodyError::Input`] for an author who is
    /// not of this practice, or not the one who is known: whoever could name another here would decide who may see what is
    /// kept to its author.
    pub async fn document_match(
        &self,
        id: DocumentId,
        to: MatchTo,
        author: Option<PersonId>,
        revision: u64,
    ) -> Result<PatientId, CustodyError> {
        let mut found = self.document_find(id).await?;
        found.resources.truncate(1);
        let customer = found.document.customer;
        let custody = &self.custody;
        let (patient, new) = match to {
            MatchTo::Patient(patient) => match custody.store().patient_fetch(patient).await? {
                Some(row) if row.customer == customer && row.linked_to.is_none() => (row, false),
                _ => return self.absent(patient).await,
            },
            MatchTo::Provisional => (custody.patient_blank(customer), true),
        };
        let facts = PatientFacts { id: patient.id, customer, in_care: false, provisional: patient.provisional };
        found.resources.push(ResourceFacts::Patient(facts));
        let known = found.document.author;
        let words = match author {
            Some(author) if known.is_none() => format!("its author was named: {author}"),
            _ => String::new(),
        };
        let granted = self.document_ask(&found, &words).await?;
        if found.document.revision != revision {
            return Err(CustodyError::Changed);
        }
        if let Some(author) = author {
            custody.check_author(customer, author).await?;
            if known.is_some_and(|known| known != author) {
                return Err(CustodyError::field("author", "Somebody else is known to be its author"));
            }
        }
        let (opening, shown) = granted.open(&custody.ring())?;
        let said = body_open(&opening, &shown, &found.document)?.into_shown(&shown).said;
        let was = found.document.state;
        let mut document = found.document;
        if was == DocumentState::Unmatched {
            document.state =
                was.after(Step::Match).map_err(|_| CustodyError::State("the document is matched already"))?;
        }
        document.patient = Some(patient.id);
        document.author = known.or(author);
        let mut tx = custody.store().begin("match a document").await?;
        if new {
            let body = custody.patient_seal(customer, patient.id, &said)?;
            tx.patient_insert(&Patient { body, ..patient.clone() }).await?;
            tx.patient_tokens_set(customer, patient.id, &custody.patient_tokens(customer, &said)?).await?;
        }
        let stands = tx.patients_stand(customer, &[patient.id]).await?;
        if !stands || tx.document_update(&document, was).await? == 0 {
            return Err(CustodyError::Changed);
        }
        tx.commit().await?;
        Ok(patient.id)
    }
}

#[cfg(test)]
mod tests;
