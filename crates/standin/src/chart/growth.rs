//! How large people are, and what else is measured.
//!
//! The middle values are our own: rounded by hand to what is generally known of American children, joined by straight
//! lines. APPROXIMATE: they are good for made-up records and for nothing that touches a child.
//!
//! What must always hold: nobody shrinks before sixty, and each person stays near their own curve.
//!
//! What it refuses to know: tables of percentiles.

use super::{Patient, Reason, Vitals};
use crate::calendar::Date;
use crate::dice::Dice;
use crate::people::Sex;

/// Months → girls' weight in kg and height in cm, boys' weight and height.
const MIDDLE: [(i32, [f64; 4]); 17] = [
    (0, [3.3, 49.5, 3.4, 50.0]),
    (2, [5.1, 57.0, 5.5, 58.5]),
    (4, [6.4, 62.0, 7.0, 64.0]),
    (6, [7.3, 65.5, 7.9, 67.5]),
    (9, [8.3, 70.0, 9.0, 72.0]),
    (12, [9.2, 74.0, 9.9, 76.0]),
    (18, [10.6, 80.5, 11.3, 82.0]),
    (24, [12.0, 86.0, 12.6, 87.5]),
    (36, [13.9, 94.5, 14.4, 95.5]),
    (60, [17.9, 108.0, 18.4, 109.0]),
    (84, [22.8, 121.5, 23.0, 122.0]),
    (108, [29.0, 133.0, 28.5, 133.5]),
    (132, [37.0, 144.0, 36.0, 143.5]),
    (156, [46.0, 157.0, 45.5, 156.5]),
    (180, [52.5, 162.0, 56.5, 170.0]),
    (216, [57.0, 163.5, 67.0, 176.0]),
    (360, [69.0, 163.5, 82.0, 176.5]),
];

/// What one person keeps for life: how far from the middle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Build {
    weight: f64,
    height: f64,
}

impl Build {
    pub(super) fn roll(dice: &mut Dice) -> Self {
        // Deviations of about 4 % in height and 12 % in weight, the two a little alike.
        let (shared, own) = (dice.bell(), dice.bell());
        Self { weight: 1.0 + 0.06 * shared + 0.07 * own, height: 1.0 + 0.03 * shared }
    }
}

fn middle(months: i32, sex: Sex) -> (f64, f64) {
    let at = if sex == Sex::Female { 0 } else { 2 };
    let last = MIDDLE[MIDDLE.len() - 1];
    let after = MIDDLE.iter().position(|(from, _)| *from > months).unwrap_or(0);
    if after == 0 {
        return (last.1[at], last.1[at + 1]);
    }
    let ((from, low), (to, high)) = (MIDDLE[after - 1], MIDDLE[after]);
    let share = f64::from(months - from) / f64::from(to - from);
    let between = |place: usize| low[place] + (high[place] - low[place]) * share;
    (between(at), between(at + 1))
}

/// What is measured on a day.
pub(super) fn vitals(dice: &mut Dice, patient: &Patient, build: Build, (on, reason): (Date, Reason)) -> Vitals {
    let months = patient.member.person.born.months_to(on);
    let (weight, height) = middle(months, patient.sex());
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
    let round = |value: f64| value as i32;
    Vitals {
        weight: round(weight * build.weight * 10.0 + 0.5),
        height: round(height * build.height * 10.0 + 0.5),
        temperature,
        pulse,
        breaths,
        saturation: dice.between(if reason == Reason::Sick { 93 } else { 97 }, 100),
        pressure,
    }
}

#[cfg(test)]
mod tests {
    use super::{MIDDLE, middle};
    use crate::people::Sex;

    #[test]
    fn the_middle_never_shrinks_and_meets_its_points() {
        for sex in [Sex::Female, Sex::Male] {
            let mut before = (0.0, 0.0);
            for months in 0..1_200 {
                let now = middle(months, sex);
                assert!(now.0 >= before.0 && now.1 >= before.1, "{months}");
                before = now;
            }
        }
        assert_eq!(middle(24, Sex::Male), (MIDDLE[7].1[2], MIDDLE[7].1[3]));
        assert_eq!(middle(900, Sex::Female), (69.0, 163.5));
    }
}
