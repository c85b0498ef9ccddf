//! What happened to one patient: visits, vaccines, problems, medicines, results, bills. The one stream of events that
//! every format is written from.
//!
//! What must always hold: nothing happens before birth or after the reference date; visits stand in order; a chart
//! depends on the seed, the practice and the patient's place in it only, never on which formats are written.
//!
//! What it refuses to know: how it is written down, and what notes say about it.

mod billing;
pub(crate) mod catalogue;
mod growth;
mod vaccines;
mod visits;

use crate::calendar::Date;
use crate::dice::Dice;
use crate::household::{Household, Member};
use crate::people::{Coverage, Custody, Sex};
use crate::plan::Plan;
use crate::practice::Practice;
pub(crate) use billing::{Bill, Status, dollars};
pub(crate) use catalogue::{Ailment, Drug, LabKind};
pub(crate) use vaccines::Vaccine;

/// Where a chart is made: everything around the patient.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) practice: &'a Practice,
    /// Number of the practice, from 0.
    pub(crate) number: u32,
    pub(crate) reference: Date,
    pub(crate) household: &'a Household,
    /// Number of the household in its practice, from 0.
    pub(crate) household_number: u32,
}

/// Why somebody came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    Well,
    Sick,
    Follow,
}

impl Reason {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Sick => "sick",
            Self::Follow => "follow_up",
        }
    }
}

/// What was measured at a visit. Whole numbers, so that every format writes the same.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vitals {
    /// Tenths of a kilogram.
    pub(crate) weight: i32,
    /// Millimetres.
    pub(crate) height: i32,
    /// Circumference of the head in millimetres, to three years.
    pub(crate) head: Option<i32>,
    /// Body mass index in tenths, from two years on.
    pub(crate) index: Option<i32>,
    /// Of a hundred of the same age and sex so many weigh less: 1 to 99, to twenty years.
    pub(crate) percentile: Option<i32>,
    /// Tenths of a degree Fahrenheit.
    pub(crate) temperature: i32,
    /// Beats a minute.
    pub(crate) pulse: i32,
    /// Breaths a minute.
    pub(crate) breaths: i32,
    /// Per cent.
    pub(crate) saturation: i32,
    /// Millimetres of mercury, from three years on.
    pub(crate) pressure: Option<(i32, i32)>,
}

/// A result.
#[derive(Debug, Clone)]
pub(crate) struct Lab {
    pub(crate) kind: &'static LabKind,
    /// As it is written: `7.4`, `POSITIVE`.
    pub(crate) value: String,
    pub(crate) abnormal: bool,
    /// The specimen's number.
    pub(crate) accession: String,
}

/// One visit.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) id: String,
    pub(crate) date: Date,
    /// Minutes after midnight.
    pub(crate) minute: i32,
    pub(crate) reason: Reason,
    pub(crate) ailment: Option<&'static Ailment>,
    /// Place among the practice's providers.
    pub(crate) provider: usize,
    pub(crate) vitals: Vitals,
    pub(crate) labs: Vec<Lab>,
    pub(crate) bill: Bill,
}

impl Visit {
    /// What it was for, as a code: a well visit has one, too.
    pub(crate) fn code(&self, age_years: i32) -> (&'static str, &'static str) {
        match self.ailment {
            Some(ailment) => (ailment.icd, ailment.name),
            None if age_years >= 18 => {
                ("Z00.00", "Encounter for general adult medical examination without abnormal findings")
            }
            None => ("Z00.129", "Encounter for routine child health examination without abnormal findings"),
        }
    }
}

/// Something that somebody has or had.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Problem {
    pub(crate) ailment: &'static Ailment,
    pub(crate) since: Date,
    /// The visit at which it was first seen.
    pub(crate) visit: usize,
}

/// Something that was prescribed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Medication {
    pub(crate) drug: &'static Drug,
    pub(crate) from: Date,
    pub(crate) visit: usize,
    pub(crate) active: bool,
}

/// Somebody whom the practice treats, with all that happened.
#[derive(Debug, Clone)]
pub(crate) struct Patient {
    /// `0001-0000012`: practice and place, the stem of all ids.
    pub(crate) stem: String,
    pub(crate) ordinal: u32,
    pub(crate) mrn: String,
    pub(crate) account: String,
    pub(crate) member: Member,
    pub(crate) registered: Date,
    pub(crate) coverage: Option<Coverage>,
    /// The adult who pays; the patient when none.
    pub(crate) guarantor: Option<usize>,
    /// Place among the practice's providers.
    pub(crate) provider: usize,
    pub(crate) allergy: Option<&'static str>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) medications: Vec<Medication>,
    pub(crate) vaccines: Vec<Vaccine>,
    pub(crate) visits: Vec<Visit>,
}

impl Patient {
    /// Whole years on that day.
    pub(crate) fn age(&self, on: Date) -> i32 {
        self.member.person.born.years_to(on)
    }
    pub(crate) const fn sex(&self) -> Sex {
        self.member.person.sex
    }
    /// The adult whom one calls: the first who may be told.
    pub(crate) fn contact(&self) -> Option<&crate::people::Tie> {
        self.member.ties.iter().find(|tie| tie.custody != Custody::NoContact)
    }
}

/// What people are allergic to; most to nothing.
const ALLERGIES: [&str; 8] =
    ["Penicillin", "Peanut", "Egg", "Sulfonamide antibiotic", "Latex", "Tree nuts", "Bee venom", "Cow's milk protein"];

/// The chart of one member of the household.
pub(crate) fn patient(scene: &Scene<'_>, member: Member, ordinal: u32) -> Patient {
    let dice = &mut Dice::of(scene.plan.seed, &[3, u64::from(scene.number), u64::from(ordinal)]);
    let born = member.person.born;
    // Charts begin up to five years before the reference date, as they do after a change of systems.
    let registered = scene.reference.plus_days(-dice.between(0, 5 * 365)).max(born);
    let coverage = coverage(scene, dice, &member, registered);
    let is_grown = born.years_to(scene.reference) >= 18;
    let payer = member.ties.iter().find(|tie| tie.custody != Custody::NoContact && !is_by_state(scene, tie.custody));
    let guarantor = if is_grown && dice.chance(650) { None } else { payer.map(|tie| tie.adult) };
    let mut patient = Patient {
        stem: format!("{:04}-{:07}", scene.number + 1, ordinal + 1),
        ordinal,
        mrn: scene.practice.mrn(ordinal),
        account: format!("{}{:06}", dice.between(10, 99), dice.below(1_000_000)),
        member,
        registered,
        coverage,
        guarantor,
        provider: dice.below(scene.practice.providers.len()),
        allergy: dice.chance(220).then(|| dice.pick(&ALLERGIES)),
        problems: Vec::new(),
        medications: Vec::new(),
        vaccines: Vec::new(),
        visits: Vec::new(),
    };
    visits::fill(scene, dice, &mut patient);
    vaccines::fill(scene, dice, &mut patient);
    billing::fill(scene, dice, &mut patient);
    patient
}

/// A court's order makes the state pay, not the foster parent.
fn is_by_state(scene: &Scene<'_>, custody: Custody) -> bool {
    custody == Custody::ByOrder && scene.household.shape.is_by_order()
}

fn coverage(scene: &Scene<'_>, dice: &mut Dice, member: &Member, from: Date) -> Option<Coverage> {
    if dice.chance(60) {
        return None;
    }
    let payers = &scene.practice.payers;
    let age = member.person.born.years_to(scene.reference);
    // Those past sixty-five mostly have a plan made for them, which nobody else has.
    let fits = |at: &usize| (payers[*at].plan == "Medicare Advantage") == (age >= 66);
    let fitting: Vec<usize> = (0..payers.len()).filter(fits).collect();
    let payer = dice.pick(&fitting);
    let holder = member.ties.iter().find(|tie| tie.custody != Custody::NoContact).map(|tie| tie.adult);
    let own = member.is_adult.is_some() || payers[payer].plan == "Medicaid";
    Some(Coverage {
        payer,
        member: format!("{}{:09}", payers[payer].short, dice.below(1_000_000_000)),
        group: format!("G{:05}", dice.below(100_000)),
        subscriber: if own { None } else { holder },
        from: from.plus_days(-dice.between(0, 300)).max(member.person.born),
    })
}
