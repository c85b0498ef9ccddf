//! When somebody comes, and what for: the schedule of well visits (Bright Futures: 3–5 days, 1, 2, 4, 6, 9, 12, 15, 18, 24
//! and 30 months, then yearly), illnesses in between, follow-ups of what stays.
//!
//! What must always hold: visits lie between registration and the reference date, in order; a count that was asked for
//! is met exactly.
//!
//! What it refuses to know: bills and vaccines.

use super::catalogue::{all, lab};
use super::growth::{Build, vitals};
use super::{Ailment, Bill, Lab, LabKind, Medication, Patient, Problem, Reason, Scene, Visit};
use crate::calendar::Date;
use crate::dice::Dice;

/// Months of age at the well visits before the yearly ones.
const FIRST_VISITS: [i32; 10] = [1, 2, 4, 6, 9, 12, 15, 18, 24, 30];

pub(super) fn fill(scene: &Scene<'_>, dice: &mut Dice, patient: &mut Patient) {
    let mut dates = well_dates(scene, dice, patient);
    let days = patient.registered.days_to(scene.reference);
    let years = patient.age(scene.reference);
    // Illnesses in a thousand years of life: made up, small children more often.
    let rate = if years < 5 { 1_700 } else { 800 };
    let count = (days * rate / 365 + dice.between(0, 999)) / 1_000;
    for _ in 0..count {
        dates.push((any_day(scene, dice, patient), Reason::Sick));
    }
    dates.sort_by_key(|(date, _)| *date);
    if let Some(wanted) = scene.plan.visits_of(scene.number, patient.ordinal) {
        while dates.len() < wanted as usize {
            dates.push((any_day(scene, dice, patient), Reason::Sick));
        }
        dates.truncate(wanted as usize);
        dates.sort_by_key(|(date, _)| *date);
    }
    let mut build = Build::roll(dice);
    for (place, (date, reason)) in dates.into_iter().enumerate() {
        add(scene, dice, patient, (place, date, reason, &mut build));
    }
}

fn any_day(scene: &Scene<'_>, dice: &mut Dice, patient: &Patient) -> Date {
    let days = patient.registered.days_to(scene.reference);
    patient.registered.plus_days(dice.between(0, days)).open_day().min(scene.reference)
}

fn well_dates(scene: &Scene<'_>, dice: &mut Dice, patient: &Patient) -> Vec<(Date, Reason)> {
    let born = patient.member.person.born;
    let last = born.months_to(scene.reference);
    let mut dates = Vec::new();
    let mut add = |dice: &mut Dice, date: Date, attended: u32| {
        if date >= patient.registered && date <= scene.reference && dice.chance(attended) {
            dates.push((date, Reason::Well));
        }
    };
    let first_days = dice.between(3, 5);
    add(dice, born.plus_days(first_days), 940);
    for months in FIRST_VISITS.into_iter().filter(|months| *months <= last) {
        let late = dice.between(0, 18);
        add(dice, born.plus_months(months).plus_days(late).open_day(), 900);
    }
    let first_year = (born.years_to(patient.registered)).max(3);
    for years in first_year..=(last / 12).max(first_year) {
        let late = dice.between(0, 120);
        let attended = if years < 19 { 780 } else { 450 };
        add(dice, born.plus_years(years).plus_days(late).open_day(), attended);
    }
    dates
}

fn add(
    scene: &Scene<'_>,
    dice: &mut Dice,
    patient: &mut Patient,
    (place, date, reason, build): (usize, Date, Reason, &mut Build),
) {
    let (ailment, reason) = match reason {
        Reason::Sick => what_for(dice, patient, date),
        _ => (None, reason),
    };
    let provider = if dice.chance(700) { patient.provider } else { dice.below(scene.practice.providers.len()) };
    let minute = dice.between(8 * 4, 17 * 4) * 15;
    let vitals = vitals(dice, patient, build, (date, reason));
    let labs = labs(dice, patient, (date, ailment));
    let id = format!("v-{}-{:03}", patient.stem, place + 1);
    if let Some(ailment) = ailment.filter(|_| reason != Reason::Follow) {
        patient.problems.push(Problem { ailment, since: date, visit: place });
        if let Some(drug) = ailment.drug {
            let active = ailment.is_chronic || date.days_to(scene.reference) < 14;
            patient.medications.push(Medication { drug, from: date, visit: place, active });
        }
    }
    let bill = Bill::none();
    patient.visits.push(Visit { id, date, minute, reason, ailment, provider, vitals, labs, bill });
}

/// An illness of that age, or one more look at one that stays.
fn what_for(dice: &mut Dice, patient: &Patient, date: Date) -> (Option<&'static Ailment>, Reason) {
    let known: Vec<_> = patient.problems.iter().filter(|problem| problem.ailment.is_chronic).collect();
    if !known.is_empty() && dice.chance(450) {
        let at = dice.below(known.len());
        return (Some(known[at].ailment), Reason::Follow);
    }
    let months = patient.member.person.born.months_to(date);
    let is_known = |ailment: &Ailment| ailment.is_chronic && known.iter().any(|each| each.ailment.icd == ailment.icd);
    let fits = |ailment: &&Ailment| {
        (ailment.months.0..=ailment.months.1).contains(&months)
            && ailment.sex.is_none_or(|sex| sex == patient.sex())
            && !is_known(ailment)
    };
    let fitting: Vec<&'static Ailment> = all().iter().filter(fits).collect();
    if fitting.is_empty() {
        return (None, Reason::Well);
    }
    let first = dice.pick(&fitting);
    // Sensitive classes are rarer than ears and noses.
    let chosen = if first.class.is_some() && dice.chance(600) { dice.pick(&fitting) } else { first };
    (Some(chosen), Reason::Sick)
}

fn labs(dice: &mut Dice, patient: &Patient, (date, ailment): (Date, Option<&'static Ailment>)) -> Vec<Lab> {
    let mut kinds: Vec<&'static LabKind> = ailment.and_then(|ailment| ailment.lab).into_iter().collect();
    // Haemoglobin and lead at the visits at twelve and twenty-four months.
    let months = patient.member.person.born.months_to(date);
    if ailment.is_none() && (matches!(months, 12 | 24)) {
        kinds.extend(lab("hemoglobin"));
        kinds.extend(lab("lead"));
    }
    kinds.into_iter().map(|kind| result(dice, kind, date)).collect()
}

fn result(dice: &mut Dice, kind: &'static LabKind, date: Date) -> Lab {
    let accession = format!("L{}{:05}", date.year() % 100, dice.below(100_000));
    let Some((from, to)) = kind.range else {
        return Lab { kind, value: kind.normal.to_owned(), abnormal: true, accession };
    };
    let value = dice.between(from, to);
    Lab { kind, value: format!("{}.{}", value / 10, value % 10), abnormal: value > kind.above, accession }
}
