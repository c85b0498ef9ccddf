//! The records that an import compares with: those with the same numbers, and those with the same names and birth dates.

use crate::{Custody, CustodyError, PatientBody};
use identify::{AdtPatient, hl7::Said};
use record::civil::Day;
use record::{CustomerId, PatientId, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use store::Patient;
use vault::{Field, PatientTokens};

/// How many records with one number, or one name and birth date, are looked at.
pub(super) const CANDIDATES_MAX: u32 = 16;

/// Surname, given name and birth date.
type KnownAs = (String, String, Day);

/// A record as it is, or as it will be when the batch is written.
pub(super) struct Standing {
    /// Made by this import, and not written yet.
    pub(super) is_new: bool,
    /// When the newest message about it happened.
    pub(super) said_at: Option<Timestamp>,
    /// What its own record number is known by; those that went into it are others.
    pub(super) number: Option<Vec<u8>>,
    pub(super) body: PatientBody,
    pub(super) patient: Patient,
}

/// Surnames, as the blind index divides them: parts of double ones too.
fn surnames(text: &str) -> BTreeSet<String> {
    let tokens = PatientTokens { surname: text, ..PatientTokens::default() }.tokens();
    tokens.into_iter().filter(|token| token.field == Field::Surname).map(|token| token.word).collect()
}

fn plain(text: &str) -> String {
    vault::normalised(text).chars().filter(|letter| letter.is_alphanumeric()).collect()
}

fn is_same(one: &str, other: &str) -> bool {
    !plain(one).is_empty() && plain(one) == plain(other)
}

/// Writes what is said over what is known; what is not said stays.
fn over(known: &mut String, said: &Said) {
    match said {
        Said::Nothing => {}
        Said::Deleted => known.clear(),
        Said::Value(text) => known.clone_from(text),
    }
}

impl Standing {
    /// Is what is said about the person of this record, as far as names and birth date go. The number is the same.
    pub(super) fn is_person(&self, who: &AdtPatient) -> bool {
        // Who has no name of their own is known by the number alone, and overwrites no name.
        if who.unnamed {
            return true;
        }
        let (Said::Value(last), Said::Value(first)) = (&who.last, &who.first) else {
            return match &who.last {
                Said::Value(last) => !surnames(last).is_disjoint(&surnames(&self.body.last)),
                _ => true,
            };
        };
        let born = match (&who.born, self.body.born) {
            (Said::Value(said), Some(known)) => Some(*said == known),
            _ => None,
        };
        let given = is_same(first, &self.body.first);
        // A name written otherwise, or a birth date corrected; a namesake differs in both.
        !surnames(last).is_disjoint(&surnames(&self.body.last)) && (given || born != Some(false))
            // Somebody who took another name.
            || given && born == Some(true)
            // A newborn or a stranger whose name is known now.
            || self.patient.provisional && born != Some(false)
    }

    /// Takes over what is said; did anything change.
    pub(super) fn take(&mut self, who: &AdtPatient) -> bool {
        let was = (self.body.clone(), self.patient.provisional);
        // A name that stands for none does not overwrite one, and nothing that comes with it does.
        if !who.unnamed || self.patient.provisional {
            over(&mut self.body.last, &who.last);
            over(&mut self.body.first, &who.first);
            over(&mut self.body.middle, &who.middle);
            match &who.born {
                Said::Nothing => {}
                Said::Deleted => self.body.born = None,
                Said::Value(day) => self.body.born = Some(*day),
            }
            over(&mut self.body.sex, &who.sex);
        }
        let named = matches!((&who.last, &who.first), (Said::Value(_), Said::Value(_)));
        if named && !who.unnamed && !self.body.record_number.is_empty() {
            self.patient.provisional = false;
        }
        was != (self.body.clone(), self.patient.provisional)
    }

    /// Surname, given name and birth date, when all three are known.
    fn known_as(&self) -> Option<KnownAs> {
        let (last, first) = (plain(&self.body.last), plain(&self.body.first));
        let born = self.body.born.filter(|_| !last.is_empty() && !first.is_empty())?;
        Some((last, first, born))
    }
}

/// What is known so far. In a dry run it is kept for the whole file, because nothing is written meanwhile.
#[derive(Default)]
pub(super) struct Index {
    by_id: BTreeMap<PatientId, Standing>,
    by_number: BTreeMap<Vec<u8>, Vec<PatientId>>,
    /// Whoever is or was known so; whether they still are is looked at when it matters.
    by_name: BTreeMap<KnownAs, BTreeSet<PatientId>>,
    asked: BTreeSet<Vec<u8>>,
    /// Messages of this import.
    pub(super) messages: BTreeMap<Vec<u8>, Vec<u8>>,
}

fn lost() -> CustodyError {
    CustodyError::Broken("an import lost sight of a record".to_owned())
}

impl Index {
    pub(super) fn put(&mut self, standing: Standing) {
        let id = standing.patient.id;
        self.by_id.entry(id).or_insert(standing);
        self.named(id);
    }

    /// Keeps by which name a record is found, after it was made or changed.
    pub(super) fn named(&mut self, id: PatientId) {
        if let Some(known_as) = self.by_id.get(&id).and_then(Standing::known_as) {
            // A name and a birth date that so many have tell nobody apart.
            let all = self.by_name.entry(known_as).or_default();
            if all.len() < CANDIDATES_MAX as usize {
                all.insert(id);
            }
        }
    }

    pub(super) fn put_new(&mut self, standing: Standing) {
        if let Some(token) = standing.number.clone() {
            self.by_number.entry(token).or_default().push(standing.patient.id);
        }
        self.put(standing);
    }

    pub(super) fn standing(&self, id: PatientId) -> Result<&Standing, CustodyError> {
        self.by_id.get(&id).ok_or_else(lost)
    }

    pub(super) fn standing_mut(&mut self, id: PatientId) -> Result<&mut Standing, CustodyError> {
        self.by_id.get_mut(&id).ok_or_else(lost)
    }

    pub(super) fn patient(&self, id: PatientId) -> Result<&Patient, CustodyError> {
        self.standing(id).map(|standing| &standing.patient)
    }

    /// Who has this number, oldest first.
    pub(super) fn by_number(&self, token: &[u8]) -> Vec<PatientId> {
        self.by_number.get(token).cloned().unwrap_or_default()
    }

    /// Records with the same surname, given name and birth date. Twins have one given name each, and are not among them.
    pub(super) fn alike(&self, id: PatientId) -> Result<Vec<PatientId>, CustodyError> {
        let Some(known_as) = self.standing(id)?.known_as() else { return Ok(Vec::new()) };
        let is_so = |other: &PatientId| {
            let standing = self.by_id.get(other).filter(|other| other.patient.linked_to.is_none());
            *other != id && standing.and_then(Standing::known_as).as_ref() == Some(&known_as)
        };
        Ok(self.by_name.get(&known_as).into_iter().flatten().copied().filter(is_so).collect())
    }
}

impl Custody {
    /// What a record number is known by; none for an empty one.
    pub(crate) fn number_token(&self, customer: CustomerId, number: &str) -> Result<Option<Vec<u8>>, CustodyError> {
        let body = PatientBody { record_number: number.to_owned(), ..PatientBody::default() };
        let tokens = self.patient_tokens(customer, &body)?;
        Ok(tokens.into_iter().find(|(field, _)| field == Field::RecordNumber.as_str()).map(|(_, token)| token))
    }

    /// Records that have to be looked at for one patient of an import and are not in the index yet.
    pub(super) async fn candidates(
        &self,
        customer: CustomerId,
        who: &AdtPatient,
        index: &mut Index,
    ) -> Result<Vec<PatientId>, CustodyError> {
        let store = self.store();
        let mut found = Vec::new();
        for number in [Some(who.record_number.as_str()), who.prior_number.as_deref()].into_iter().flatten() {
            let Some(token) = self.number_token(customer, number)? else { continue };
            if !index.asked.insert(token.clone()) {
                continue;
            }
            let field = Field::RecordNumber.as_str();
            let ids = store.patients_with_token(customer, (field, &token), CANDIDATES_MAX).await?;
            let mut standing: Vec<PatientId> = Vec::new();
            for patient in store.patient_fetch_many(customer, &ids).await? {
                let last = self.patient_survivor(patient).await?.id;
                if !standing.contains(&last) {
                    standing.push(last);
                }
            }
            standing.sort_unstable();
            found.extend(&standing);
            let known = index.by_number.entry(token).or_default();
            // Those that this import made come after those that were there.
            standing.retain(|id| !known.contains(id));
            known.splice(0..0, standing);
        }
        if let (Said::Value(last), Said::Value(born)) = (&who.last, &who.born) {
            let body = PatientBody { last: last.clone(), born: Some(*born), ..PatientBody::default() };
            let born = |field: &str| field == Field::SurnameBirth.as_str();
            let mut tokens = self.patient_tokens(customer, &body)?;
            tokens.retain(|(field, token)| born(field) && index.asked.insert(token.clone()));
            let alike = store.patient_propose(customer, &tokens, CANDIDATES_MAX).await?;
            found.extend(alike.iter().map(|one| one.patient.id));
        }
        found.retain(|id| !index.by_id.contains_key(id));
        Ok(found)
    }
}
