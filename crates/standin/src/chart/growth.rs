//! How large people are, and what else is measured.
//!
//! Children follow the tables of CDC and WHO ([`tables`]): each has a place in them, keeps it, and wanders a little about it.
//! Weight is what height and body mass index make together, so the three always fit. What comes after twenty is our own: the height
//! stays, the weight rises by a seventh to thirty and stays then. Not for anything that touches a patient.
//!
//! What must always hold: nobody's height or head shrinks; a person's measures depend on their chart's dice only.
//!
//! What it refuses to know: illnesses that change growth.

pub(crate) mod tables;

use super::{Patient, Reason, Vitals};
use crate::calendar::Date;
use crate::dice::Dice;
use crate::people::Sex;
use tables::{HEAD_MONTHS, Measure, STANDING_MONTHS, percentile, shape};

/// Months of age at which growing ends, with the tables.
const GROWN_MONTHS: f64 = 240.0;
/// Days of a month: 365.25 / 12.
const MONTH_DAYS: f64 = 30.4375;
/// Tables of the index were fitted between the 3rd and the 97th percentile; far beyond them they are no longer anybody's.
const INDEX_MOST: f64 = 2.1;

/// Where a person stands in the tables, in standard deviations, and what was measured last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Build {
    height: f64,
    index: f64,
    head: f64,
    /// How far height, index and head have wandered from their places.
    wander: [f64; 3],
    /// Millimetres.
    last_height: i32,
    last_head: i32,
}

impl Build {
    pub(super) fn roll(dice: &mut Dice) -> Self {
        let height = dice.bell().clamp(-2.6, 2.6);
        // American children have become heavier than those of the charts; heads go a little with heights.
        let index = (0.35 + 0.95 * dice.bell()).clamp(-INDEX_MOST, INDEX_MOST);
        let head = (0.4 * height + 0.85 * dice.bell()).clamp(-2.6, 2.6);
        Self { height, index, head, wander: [0.0; 3], last_height: 0, last_head: 0 }
    }

    /// One visit further.
    fn step(&mut self, dice: &mut Dice, months: f64) {
        let sizes = if months < GROWN_MONTHS { [0.04, 0.09, 0.04] } else { [0.0, 0.04, 0.0] };
        for (wander, size) in self.wander.iter_mut().zip(sizes) {
            *wander = *wander * 0.8 + size * dice.bell();
        }
    }

    /// Height in millimetres and weight in tenths of a kilogram.
    fn size(&mut self, sex: Sex, months: f64) -> (i32, i32) {
        let age = months.min(GROWN_MONTHS);
        let [height_off, index_off, _] = self.wander;
        let height = shape(Measure::Height, sex, age).at(self.height + height_off);
        // Lying children are longer than standing ones: whoever was measured just before two years has not shrunk since.
        self.last_height = self.last_height.max(rounded(height * 10.0));
        let index = shape(Measure::Index, sex, age).at((self.index + index_off).clamp(-INDEX_MOST, INDEX_MOST));
        let later = ((months - GROWN_MONTHS) / 120.0).clamp(0.0, 1.0) / 7.0;
        let metres = f64::from(self.last_height) / 1_000.0;
        (self.last_height, rounded(index * (1.0 + later) * metres * metres * 10.0))
    }

    /// Circumference of the head in millimetres.
    fn head(&mut self, sex: Sex, months: f64) -> i32 {
        let head = shape(Measure::Head, sex, months).at(self.head + self.wander[2]);
        self.last_head = self.last_head.max(rounded(head * 10.0));
        self.last_head
    }
}

fn rounded(value: f64) -> i32 {
    (value + 0.5) as i32
}

/// What is measured on a day.
pub(super) fn vitals(dice: &mut Dice, patient: &Patient, build: &mut Build, (on, reason): (Date, Reason)) -> Vitals {
    let sex = patient.sex();
    let exact = f64::from(patient.member.person.born.days_to(on)) / MONTH_DAYS;
    build.step(dice, exact);
    let (height, weight) = build.size(sex, exact);
    let deviations = shape(Measure::Weight, sex, exact).deviations(f64::from(weight) / 10.0);
    let months = exact as i32;
    let is_feverish = reason == Reason::Sick && dice.chance(350);
    let temperature = if is_feverish { dice.between(1_004, 1_036) } else { dice.between(974, 992) };
    let (pulse, breaths) = match months {
        ..12 => (dice.between(110, 150), dice.between(28, 44)),
        12..72 => (dice.between(88, 124), dice.between(20, 30)),
        72..156 => (dice.between(70, 104), dice.between(16, 24)),
        _ => (dice.between(58, 96), dice.between(12, 19)),
    };
    let years = months / 12;
    let pressure =
        (years >= 3).then(|| (dice.between(88, 104) + years.min(60) * 2 / 3, dice.between(50, 64) + years.min(60) / 4));
    Vitals {
        weight,
        height,
        head: (exact <= HEAD_MONTHS).then(|| build.head(sex, exact)),
        index: (exact >= STANDING_MONTHS).then(|| index(weight, height)),
        percentile: (exact < GROWN_MONTHS).then(|| percentile(deviations)),
        temperature,
        pulse,
        breaths,
        saturation: dice.between(if reason == Reason::Sick { 93 } else { 97 }, 100),
        pressure,
    }
}

/// Body mass index in tenths, of what is written down: tenths of a kilogram and millimetres.
fn index(weight: i32, height: i32) -> i32 {
    let square = i64::from(height) * i64::from(height);
    i32::try_from((i64::from(weight) * 1_000_000 + square / 2) / square.max(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::tables::{Measure, shape};
    use super::{Build, index};
    use crate::dice::Dice;
    use crate::people::Sex;

    #[test]
    fn nobody_shrinks_and_everybody_keeps_near_their_place_in_the_tables() {
        for seed in 0..60 {
            let dice = &mut Dice::of(seed, &[]);
            let sex = Sex::roll(dice);
            let mut build = Build::roll(dice);
            let (mut before, mut head_before) = (0, 0);
            for months in 0..1_000 {
                let months = f64::from(months);
                build.step(dice, months);
                let (height, weight) = build.size(sex, months);
                assert!(height >= before && weight > 10, "{months}");
                before = height;
                if months <= 36.0 {
                    let head = build.head(sex, months);
                    assert!(head >= head_before && (280..560).contains(&head), "{months}: {head}");
                    head_before = head;
                }
                if (30.0..168.0).contains(&months) {
                    let is = shape(Measure::Height, sex, months).deviations(f64::from(height) / 10.0);
                    assert!((is - build.height).abs() < 0.45, "{months}: {is} and not {}", build.height);
                }
            }
        }
    }

    #[test]
    fn height_and_index_make_the_weights_of_the_weight_tables() {
        // An independent look: the tables of weight are used for nothing but percentiles.
        for sex in [Sex::Female, Sex::Male] {
            for months in [0.0, 1.0, 3.0, 6.0, 12.0, 18.0, 26.0, 48.0, 96.0, 132.0, 168.0, 216.0] {
                let mut build =
                    Build { height: 0.0, index: 0.0, head: 0.0, wander: [0.0; 3], last_height: 0, last_head: 0 };
                let (_, weight) = build.size(sex, months);
                let middle = shape(Measure::Weight, sex, months).middle;
                let off = f64::from(weight) / 10.0 / middle - 1.0;
                assert!(off.abs() < 0.05, "{sex:?} {months}: {weight} and {middle}");
            }
        }
    }

    #[test]
    fn the_index_is_that_of_the_figures_written_down() {
        assert_eq!(index(200, 1_100), 165);
        assert_eq!(index(825, 1_765), 265);
    }
}
