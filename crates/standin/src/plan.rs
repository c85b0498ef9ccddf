//! What is asked for: how many practices and patients, from which seed, in which formats, how dirty.
//!
//! What must always hold: two equal plans make the same bytes, and a plan that asks for nothing sensible is refused
//! before anything is made.
//!
//! What it refuses to know: today's date and any randomness: both are in the plan.

use record::civil::Day;
use std::fmt;
use std::str::FromStr;

/// Practices of one plan. 10,000 folders are as many as people look through.
const PRACTICES_MAX: u32 = 10_000;
/// Patients of one plan: a third of the people of the United States.
const PATIENTS_MAX: u32 = 100_000_000;
/// Visits, or documents, of one patient; a household is held in memory at once.
const PER_PATIENT_MAX: u32 = 1_000;

/// A format in which the families are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Tables: patients, guardians, visits, vaccines, claims, invoices, documents.
    Csv,
    /// HL7 version 2.5.1: ADT, VXU, ORU, MDM.
    Hl7v2,
    /// C-CDA: one Continuity of Care Document for each patient.
    Ccda,
    /// FHIR R4 as NDJSON.
    Fhir,
    /// Notes, letters and dictations as plain text.
    Text,
    /// The same documents as word processor files.
    Docx,
    /// The same documents as pages.
    Pdf,
    /// What is true: spans of PHI, patients, families, duplicates, dirt.
    Truth,
}

impl Format {
    /// All of them.
    pub const ALL: &'static [Self] =
        &[Self::Csv, Self::Hl7v2, Self::Ccda, Self::Fhir, Self::Text, Self::Docx, Self::Pdf, Self::Truth];

    /// The name that scripts rely on; also the folder's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Hl7v2 => "hl7v2",
            Self::Ccda => "ccda",
            Self::Fhir => "fhir",
            Self::Text => "text",
            Self::Docx => "docx",
            Self::Pdf => "pdf",
            Self::Truth => "truth",
        }
    }
}

/// A set of formats. Text form: `csv,fhir,text`, or `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Formats(u8);

impl Formats {
    /// Every format.
    pub const ALL: Self = Self(u8::MAX);
    /// No format.
    pub const NONE: Self = Self(0);

    /// This set and one more.
    #[must_use]
    pub const fn with(self, format: Format) -> Self {
        Self(self.0 | (1 << format as u8))
    }
    /// Is it in the set.
    #[must_use]
    pub const fn has(self, format: Format) -> bool {
        self.0 & (1 << format as u8) != 0
    }
}

impl fmt::Display for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Format::ALL.iter().filter(|format| self.has(**format)).map(|each| each.as_str()).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Formats {
    type Err = PlanError;
    fn from_str(text: &str) -> Result<Self, PlanError> {
        let mut formats = Self::NONE;
        for name in text.split(',').map(str::trim) {
            if name == "all" {
                return Ok(Self::ALL);
            }
            let format = Format::ALL.iter().find(|format| format.as_str() == name).ok_or(PlanError::Format)?;
            formats = formats.with(*format);
        }
        Ok(formats)
    }
}

/// How often, in a thousand, tables and messages are spoilt in the ways in which they really are. FHIR, C-CDA and documents
/// stay clean, so that one can be held against the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dirt {
    /// Patients whose row, and registration message, comes twice.
    pub duplicates: u32,
    /// Patients who have a second record number, with the name written a little differently.
    pub two_numbers: u32,
    /// Patients whose birth date has day and month swapped in the table, out of those for whom that is another date.
    pub swapped_dates: u32,
    /// Patients whose row is Windows-1252 in a file that is otherwise UTF-8.
    pub cp1252: u32,
    /// Patients whose street was cut to the width of some older system's column.
    pub truncated: u32,
    /// Visits that belong to a record number that nobody has.
    pub orphans: u32,
    /// Patients whose name has two letters swapped in the table.
    pub typos: u32,
}

impl Dirt {
    /// None at all.
    pub const NONE: Self =
        Self { duplicates: 0, two_numbers: 0, swapped_dates: 0, cp1252: 0, truncated: 0, orphans: 0, typos: 0 };

    /// Every kind at the same rate.
    #[must_use]
    pub const fn at(per_mille: u32) -> Self {
        Self {
            duplicates: per_mille,
            two_numbers: per_mille,
            swapped_dates: per_mille,
            cp1252: per_mille,
            truncated: per_mille,
            orphans: per_mille,
            typos: per_mille,
        }
    }

    const fn rates(self) -> [u32; 7] {
        [self.duplicates, self.two_numbers, self.swapped_dates, self.cp1252, self.truncated, self.orphans, self.typos]
    }
}

/// What something that exists was counted to hold, so that as much, or so many times as much, can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Practices.
    pub practices: u32,
    /// Patients in all of them.
    pub patients: u32,
    /// Visits of all patients; as they come when `None`.
    pub visits: Option<u64>,
    /// Documents of all patients; as they come when `None`.
    pub documents: Option<u64>,
}

impl Counts {
    /// So many times as many patients, visits and documents, in as many practices.
    #[must_use]
    pub fn times(self, factor: Factor) -> Self {
        let times = |count: u64| {
            let many = u128::from(count) * u128::from(factor.0) / u128::from(Factor::ONE.0);
            u64::try_from(many).unwrap_or(u64::MAX)
        };
        // More than can be asked for is refused by the plan's own check.
        let patients = u32::try_from(times(u64::from(self.patients))).unwrap_or(u32::MAX);
        Self { patients, visits: self.visits.map(times), documents: self.documents.map(times), ..self }
    }
}

/// How many times as much, in thousandths. Text form: `3`, `0.25`, `12.5`; 0.001 to 10000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor(u32);

impl Factor {
    /// Once.
    pub const ONE: Self = Self(1_000);
}

impl FromStr for Factor {
    type Err = PlanError;
    fn from_str(text: &str) -> Result<Self, PlanError> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 3 || whole.len() > 5 {
            return Err(PlanError::Factor);
        }
        let thousandths = format!("{whole}{part:0<3}").parse::<u32>().map_err(|_| PlanError::Factor)?;
        if (1..=10_000_000).contains(&thousandths) { Ok(Self(thousandths)) } else { Err(PlanError::Factor) }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How many practices, 1 to 10,000. Their kinds take turns: children, families, adults.
    pub practices: u32,
    /// How many patients in all practices together, divided evenly; the first ones get what is left over.
    pub patients: u32,
    /// The same seed makes the same people.
    pub seed: u64,
    /// The day on which the records were taken: nothing is younger.
    pub reference_date: Day,
    /// Which formats are written.
    pub formats: Formats,
    /// How dirty tables and messages are.
    pub dirt: Dirt,
    /// So many visits for each patient; by the schedule of visits and illnesses when `None`. At most 1,000.
    pub visits_per_patient: Option<u32>,
    /// So many documents for each patient; as they come when `None`. At most 1,000.
    pub documents_per_patient: Option<u32>,
    /// So many visits in all, divided evenly over all patients, when `visits_per_patient` is `None`.
    pub visits: Option<u64>,
    /// So many documents in all, divided evenly over all patients, when `documents_per_patient` is `None`.
    pub documents: Option<u64>,
}

impl Plan {
    /// All formats, clean, as many visits and documents as come.
    #[must_use]
    pub const fn new(practices: u32, patients: u32, seed: u64, reference_date: Day) -> Self {
        Self {
            practices,
            patients,
            seed,
            reference_date,
            formats: Formats::ALL,
            dirt: Dirt::NONE,
            visits_per_patient: None,
            documents_per_patient: None,
            visits: None,
            documents: None,
        }
    }

    /// As large as something that was counted.
    #[must_use]
    pub const fn like(self, counts: Counts) -> Self {
        let Counts { practices, patients, visits, documents } = counts;
        Self { practices, patients, visits, documents, visits_per_patient: None, documents_per_patient: None, ..self }
    }

    /// Visits of the patient in this place of a practice, both counted from 0; `None` when they come as they come.
    pub(crate) fn visits_of(&self, practice: u32, ordinal: u32) -> Option<u32> {
        self.visits_per_patient.or_else(|| Some(self.share(self.visits?, practice, ordinal)))
    }

    /// Documents of that patient.
    pub(crate) fn documents_of(&self, practice: u32, ordinal: u32) -> Option<u32> {
        self.documents_per_patient.or_else(|| Some(self.share(self.documents?, practice, ordinal)))
    }

    /// One patient's share of what all have: all shares together are the total.
    fn share(&self, total: u64, practice: u32, ordinal: u32) -> u32 {
        let before = self.patients / self.practices * practice + practice.min(self.patients % self.practices);
        let until = |patients: u32| u128::from(total) * u128::from(patients) / u128::from(self.patients.max(1));
        let place = before + ordinal;
        u32::try_from(until(place + 1) - until(place)).unwrap_or(u32::MAX)
    }

    /// Patients of the practice with this number, counted from 0.
    #[must_use]
    pub const fn patients_of(&self, practice: u32) -> u32 {
        let each = self.patients / self.practices;
        each + if practice < self.patients % self.practices { 1 } else { 0 }
    }

    /// Is this a plan that can be carried out.
    ///
    /// # Errors
    /// [`PlanError`] says what is wrong with it.
    pub fn check(&self) -> Result<(), PlanError> {
        if !(1..=PRACTICES_MAX).contains(&self.practices) {
            return Err(PlanError::Practices);
        }
        if self.patients > PATIENTS_MAX {
            return Err(PlanError::Patients);
        }
        if !(1950..=2150).contains(&self.reference_date.year()) {
            return Err(PlanError::Date);
        }
        if self.formats == Formats::NONE {
            return Err(PlanError::Format);
        }
        if self.dirt.rates().iter().any(|rate| *rate > 1000) {
            return Err(PlanError::Dirt);
        }
        let most = self.visits_per_patient.max(self.documents_per_patient).map_or(0, u64::from);
        let all = self.visits.max(self.documents).unwrap_or(0);
        let in_all_max = u64::from(self.patients) * u64::from(PER_PATIENT_MAX);
        if most > u64::from(PER_PATIENT_MAX) || all > in_all_max { Err(PlanError::PerPatient) } else { Ok(()) }
    }
}

/// Why a plan cannot be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// None, or too many.
    #[error("ask for 1 to 10000 practices")]
    Practices,
    /// Too many.
    #[error("ask for at most 100000000 patients")]
    Patients,
    /// Far from today.
    #[error("the reference date must lie between 1950 and 2150")]
    Date,
    /// None, or an unknown one.
    #[error("formats are all, or some of: csv,hl7v2,ccda,fhir,text,docx,pdf,truth")]
    Format,
    /// More than always.
    #[error("dirt is counted in thousandths: 0 to 1000")]
    Dirt,
    /// More visits or documents than one household can hold in memory.
    #[error("ask for at most 1000 visits and 1000 documents for each patient")]
    PerPatient,
    /// Nothing, too much, or no number.
    #[error("a factor is a number from 0.001 to 10000 with at most three digits behind its point")]
    Factor,
}

#[cfg(test)]
mod tests {
    use super::{Counts, Dirt, Factor, Format, Formats, Plan, PlanError};
    use record::civil::Day;

    fn plan() -> Plan {
        Plan::new(3, 10, 1, Day::new(2026, 6, 1).expect("a day"))
    }

    #[test]
    fn patients_are_divided_evenly_and_none_is_lost() {
        let plan = plan();
        assert_eq!([0, 1, 2].map(|practice| plan.patients_of(practice)), [4, 3, 3]);
    }

    #[test]
    fn shares_of_all_patients_together_are_what_was_asked_for() {
        let counted = Counts { practices: 3, patients: 10, visits: Some(37), documents: Some(4) };
        let plan = plan().like(counted.times("2.5".parse().expect("a factor")));
        assert_eq!((plan.patients, plan.visits, plan.documents), (25, Some(92), Some(10)));
        let mut all = (0, 0);
        for practice in 0..3 {
            for ordinal in 0..plan.patients_of(practice) {
                let visits = plan.visits_of(practice, ordinal).expect("counted");
                assert!((3..=4).contains(&visits), "{visits}");
                all = (all.0 + visits, all.1 + plan.documents_of(practice, ordinal).expect("counted"));
            }
        }
        assert_eq!(all, (92, 10));
        assert_eq!(Plan { visits: Some(25_001), ..plan }.check(), Err(PlanError::PerPatient));
    }

    #[test]
    fn a_factor_is_a_number_above_nothing() {
        for wrong in ["", "0", "-1", "1e3", "0.0001", "2,5", "10001", ".5", "5."] {
            assert_eq!(wrong.parse::<Factor>(), Err(PlanError::Factor), "{wrong}");
        }
        assert_eq!(["1", "0.25", "10000"].map(str::parse), [Ok(Factor::ONE), Ok(Factor(250)), Ok(Factor(10_000_000))]);
    }

    #[test]
    fn formats_round_trip_through_their_names() {
        let some = Formats::NONE.with(Format::Fhir).with(Format::Csv);
        assert_eq!(some.to_string(), "csv,fhir");
        assert_eq!("fhir, csv".parse(), Ok(some));
        assert_eq!(Formats::ALL.to_string().parse(), Ok(Formats::ALL));
        assert_eq!("csv,word".parse::<Formats>(), Err(PlanError::Format));
    }

    #[test]
    fn plans_that_cannot_be_carried_out_are_refused() {
        assert_eq!(plan().check(), Ok(()));
        assert_eq!(Plan { practices: 0, ..plan() }.check(), Err(PlanError::Practices));
        assert_eq!(Plan { formats: Formats::NONE, ..plan() }.check(), Err(PlanError::Format));
        assert_eq!(Plan { dirt: Dirt { orphans: 1001, ..Dirt::NONE }, ..plan() }.check(), Err(PlanError::Dirt));
        assert_eq!(Plan { documents_per_patient: Some(1001), ..plan() }.check(), Err(PlanError::PerPatient));
    }
}
