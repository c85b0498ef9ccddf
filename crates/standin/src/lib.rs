//! Stand-ins: made-up families, their records in every format that practices meet, and what is true about them, from a seed.
//!
//! Nobody needs production data to test, to teach or to rehearse: [`make`] writes practices with families, visits,
//! vaccines, bills and notes as CSV, HL7 version 2, C-CDA, FHIR R4, text, DOCX and PDF, so that the same family stands in all
//! of them, together with the truth (where PHI stands in each text, who belongs to whom, who is there twice).
//!
//! What must always hold: seed, plan and version decide every byte; a practice can be made alone and comes out the same;
//! no number, telephone, mail or web address can belong to anybody (`reserved`); at most one household is in memory.
//!
//! What it refuses to know: clock, folders, randomness from outside; real people.
//!
//! ```
//! use record::civil::Day;
//! use standin::{Formats, InMemory, Plan, make};
//!
//! let day = Day::new(2026, 6, 1).expect("a day of the calendar");
//! let plan = Plan { formats: "csv,text".parse::<Formats>().expect("formats"), ..Plan::new(1, 5, 42, day) };
//! let mut files = InMemory::default();
//! let made = make(&plan, &mut files).expect("memory takes everything");
//! assert_eq!(made.patients, 5);
//! assert!(files.files.contains_key("practice-0001/csv/patients.csv"));
//! ```

mod calendar;
mod chart;
mod dice;
mod dirt;
mod household;
mod lists;
mod note;
mod out;
mod people;
mod plan;
mod practice;
mod render;
mod reserved;
mod words;

pub use out::{Counted, InMemory, Out, OutError};
pub use plan::{Counts, Dirt, Factor, Format, Formats, Plan, PlanError};

use calendar::Date;
use chart::Scene;
use dice::Dice;
use household::Rolling;
use out::Sheaf;
use render::Folder;

/// Why nothing, or not everything, was made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// Nothing was made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The sink failed; what it had taken before stays.
    #[error(transparent)]
    Out(#[from] OutError),
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Made {
    /// Practices.
    pub practices: u64,
    /// Households.
    pub households: u64,
    /// Patients; as many as were asked for.
    pub patients: u64,
    /// Visits.
    pub visits: u64,
    /// Notes, letters and dictations, each once however many formats it was written in.
    pub documents: u64,
    /// Files.
    pub files: u64,
    /// Bytes of all files.
    pub bytes: u64,
}

impl Made {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            practices: self.practices + other.practices,
            households: self.households + other.households,
            patients: self.patients + other.patients,
            visits: self.visits + other.visits,
            documents: self.documents + other.documents,
            files: self.files + other.files,
            bytes: self.bytes + other.bytes,
        }
    }
}

/// Makes everything that the plan asks for, practice by practice.
///
/// # Errors
/// [`MakeError::Plan`] before anything is made; [`MakeError::Out`] when the sink fails.
pub fn make(plan: &Plan, out: &mut impl Out) -> Result<Made, MakeError> {
    plan.check()?;
    let mut made = Made::default();
    for index in 0..plan.practices {
        made = made.and(practice(plan, index, out)?);
    }
    Ok(made)
}

/// Makes one practice of the plan, counted from 0: the same files that [`make`] writes under its folder. Practices may be
/// made in any order, or each on a core of its own.
///
/// # Errors
/// [`MakeError::Plan`] before anything is made, also when there is no such practice; [`MakeError::Out`] when the sink fails.
pub fn practice(plan: &Plan, index: u32, out: &mut impl Out) -> Result<Made, MakeError> {
    plan.check()?;
    if index >= plan.practices {
        return Err(PlanError::Practices.into());
    }
    let practice = practice::Practice::roll(plan, index);
    let reference = Date::from(plan.reference_date);
    let mut sheaf = Sheaf::new(out, practice.slug.clone());
    let mut made = Made { practices: 1, ..Made::default() };
    let wanted = u64::from(plan.patients_of(index));
    let rolling = Rolling { practice: &practice, reference };
    let mut household_number = 0;
    while household_number == 0 || made.patients < wanted {
        let dice = &mut Dice::of(plan.seed, &[2, u64::from(index), u64::from(household_number)]);
        let room = usize::try_from(wanted - made.patients).unwrap_or(usize::MAX);
        let household = rolling.household(dice, room);
        let scene =
            Scene { plan, practice: &practice, number: index, reference, household: &household, household_number };
        if household_number == 0 {
            render::practice(&scene, &mut sheaf);
        }
        let first = u32::try_from(made.patients).expect("a plan has at most a hundred million patients");
        let members = household.members.iter().take(room).cloned().zip(first..);
        let folders: Vec<Folder<'_>> =
            members.map(|(member, ordinal)| Folder::of(&scene, chart::patient(&scene, member, ordinal))).collect();
        if !folders.is_empty() {
            render::household(&scene, &folders, &mut sheaf)?;
            made.households += 1;
        }
        for folder in &folders {
            made.patients += 1;
            made.visits += folder.patient.visits.len() as u64;
            made.documents += folder.documents.len() as u64;
        }
        household_number += 1;
    }
    (made.files, made.bytes) = sheaf.finish()?;
    Ok(made)
}
