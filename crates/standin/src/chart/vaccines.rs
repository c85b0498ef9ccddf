//! Vaccines: the American schedule in outline, those who are late and those who refuse.
//!
//! Codes are CVX and MVX (CDC). Ages are those of the schedule for children and adolescents and for adults as of 2024,
//! simplified: no high-risk groups, one product for each vaccine.
//!
//! What must always hold: no dose before birth, after the reference date, or within 28 days of the one before.
//!
//! What it refuses to know: whether somebody is protected.

use super::{Patient, Scene};
use crate::calendar::Date;
use crate::dice::Dice;
use crate::household::Attitude;

/// A vaccine as it is recorded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct VaccineKind {
    pub(crate) cvx: &'static str,
    pub(crate) name: &'static str,
    /// Manufacturer: MVX code and name.
    pub(crate) maker: (&'static str, &'static str),
    /// Months of age at each dose.
    months: &'static [i32],
    /// Born before this year nobody got it as a child.
    since: i32,
    /// The ones that families refuse first.
    contested: bool,
}

const SANOFI: (&str, &str) = ("PMC", "Sanofi Pasteur");
const MERCK: (&str, &str) = ("MSD", "Merck and Co., Inc.");
const GSK: (&str, &str) = ("SKB", "GlaxoSmithKline");
const PFIZER: (&str, &str) = ("PFR", "Pfizer, Inc");

const fn kind(
    (cvx, name): (&'static str, &'static str),
    maker: (&'static str, &'static str),
    months: &'static [i32],
    (since, contested): (i32, bool),
) -> VaccineKind {
    VaccineKind { cvx, name, maker, months, since, contested }
}

const SCHEDULE: [VaccineKind; 14] = [
    kind(("08", "Hep B, adolescent or pediatric"), GSK, &[0, 1, 6], (1992, false)),
    kind(("116", "rotavirus, pentavalent"), MERCK, &[2, 4, 6], (2006, false)),
    kind(("20", "DTaP"), SANOFI, &[2, 4, 6, 15, 48], (1992, false)),
    kind(("48", "Hib (PRP-T)"), SANOFI, &[2, 4, 6, 12], (1991, false)),
    kind(("133", "Pneumococcal conjugate PCV 13"), PFIZER, &[2, 4, 6, 12], (2010, false)),
    kind(("10", "IPV"), SANOFI, &[2, 4, 6, 48], (1999, false)),
    kind(("03", "MMR"), MERCK, &[12, 48], (1972, true)),
    kind(("21", "varicella"), MERCK, &[12, 48], (1996, false)),
    kind(("83", "Hep A, ped/adol, 2 dose"), GSK, &[12, 18], (2006, false)),
    kind(("115", "Tdap"), GSK, &[132, 252, 372, 492, 612, 732, 852], (1960, false)),
    kind(("165", "HPV9"), MERCK, &[132, 138], (2003, true)),
    kind(("114", "meningococcal MCV4P"), SANOFI, &[132, 192], (1995, false)),
    kind(("187", "zoster recombinant"), GSK, &[600, 603], (1900, false)),
    kind(("216", "Pneumococcal conjugate PCV20"), PFIZER, &[780], (1900, false)),
];

const FLU: VaccineKind = kind(("150", "Influenza, split virus, quadrivalent, PF"), SANOFI, &[], (1900, true));
const FLU_TRIVALENT: VaccineKind = kind(("140", "Influenza, split virus, trivalent, PF"), SANOFI, &[], (1900, true));
static FLU_KINDS: [VaccineKind; 2] = [FLU, FLU_TRIVALENT];
static KINDS: [VaccineKind; 14] = SCHEDULE;

/// A dose that was given, or refused.
#[derive(Debug, Clone)]
pub(crate) struct Vaccine {
    pub(crate) kind: &'static VaccineKind,
    pub(crate) date: Date,
    /// From 1.
    pub(crate) dose: u32,
    pub(crate) lot: String,
    pub(crate) site: (&'static str, &'static str),
    /// The visit at which it was given; none for what is known from elsewhere.
    pub(crate) visit: Option<usize>,
    pub(crate) refused: bool,
}

const SITES: [(&str, &str); 4] =
    [("LT", "Left thigh"), ("RT", "Right thigh"), ("LD", "Left deltoid"), ("RD", "Right deltoid")];

pub(super) fn fill(scene: &Scene<'_>, dice: &mut Dice, patient: &mut Patient) {
    let born = patient.member.person.born;
    for kind in KINDS.iter().filter(|kind| born.year() >= kind.since) {
        series(scene, dice, patient, kind);
    }
    flu(scene, dice, patient);
    patient.vaccines.sort_by_key(|vaccine| vaccine.date);
}

fn series(scene: &Scene<'_>, dice: &mut Dice, patient: &mut Patient, kind: &'static VaccineKind) {
    let attitude = scene.household.vaccines;
    let mut before: Option<Date> = None;
    let mut dose = 1;
    for months in kind.months {
        let late = match attitude {
            Attitude::Behind => dice.between(20, 400),
            _ => dice.between(0, 20),
        };
        let due = patient.member.person.born.plus_months(*months).plus_days(if *months == 0 { 0 } else { late });
        let due = before.map_or(due, |before| due.max(before.plus_days(28)));
        // Catching up takes time, and adults forget.
        let forgotten = if *months > 216 { 500 } else { 30 };
        if due > scene.reference || dice.chance(forgotten) {
            continue;
        }
        let given = give(scene, dice, patient, (kind, due, dose));
        before = Some(given.date);
        let refused = given.refused;
        patient.vaccines.push(given);
        if refused {
            return;
        }
        dose += 1;
    }
}

/// Each autumn from six months on, for those who come.
fn flu(scene: &Scene<'_>, dice: &mut Dice, patient: &mut Patient) {
    let first = patient.member.person.born.plus_months(6).max(patient.registered);
    let mut dose = 1;
    for year in first.year()..=scene.reference.year() {
        let due = Date::new(year, 9, 15).plus_days(dice.between(0, 70)).open_day();
        if due < first || due > scene.reference || !dice.chance(550) {
            continue;
        }
        let kind = if year >= 2024 { &FLU_KINDS[1] } else { &FLU_KINDS[0] };
        let given = give(scene, dice, patient, (kind, due, dose));
        dose += u32::from(!given.refused);
        patient.vaccines.push(given);
    }
}

fn give(
    scene: &Scene<'_>,
    dice: &mut Dice,
    patient: &Patient,
    (kind, due, dose): (&'static VaccineKind, Date, u32),
) -> Vaccine {
    let visit = patient.visits.iter().position(|visit| visit.date >= due && due.days_to(visit.date) <= 40);
    let refused = match scene.household.vaccines {
        Attitude::RefusesAll => due >= patient.registered,
        Attitude::RefusesSome => kind.contested,
        _ => false,
    };
    Vaccine {
        kind,
        date: visit.map_or(due, |at| patient.visits[at].date),
        dose,
        lot: format!(
            "{}{:04}{}",
            char::from(b'A' + dice.below(26) as u8),
            dice.below(10_000),
            dice.pick(&["A", "B", "AA", "CX"])
        ),
        site: SITES[dice.below(2) + if patient.age(due) >= 3 { 2 } else { 0 }],
        visit,
        refused,
    }
}
