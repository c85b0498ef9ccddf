//! Tables of growth: what is measured of children of an age, and how far from the middle a measure lies.
//!
//! The figures lie in `data/growth.txt`, with their sources in `data/NOTICE`: the WHO's standards to two years, CDC's charts
//! from there to twenty, as CDC recommends.
//!
//! What must always hold: the same on every machine to the last bit, so powers and logarithms are reckoned here from sums,
//! products and quotients alone; beyond the last age its figures stay.
//!
//! What it refuses to know: anybody's own curve.

use crate::lists::growth;
use crate::people::Sex;
use std::sync::OnceLock;

/// Months of age from which children stand to be measured, and from which CDC's charts are used.
pub(crate) const STANDING_MONTHS: f64 = 24.0;
/// Months of age up to which heads are measured.
pub(crate) const HEAD_MONTHS: f64 = 36.0;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Length lying, then height, in cm.
    Height,
    /// Body mass index in kg/m².
    Index,
    /// Weight in kg.
    Weight,
    /// Circumference of the head in cm.
    Head,
}

impl Measure {
    const ALL: [Self; 4] = [Self::Height, Self::Index, Self::Weight, Self::Head];

    /// Names of the table to two years and of the one after it.
    const fn tables(self) -> (&'static str, &'static str) {
        match self {
            Self::Height => ("length", "stature"),
            Self::Index => ("index.small", "index.large"),
            Self::Weight => ("weight.small", "weight.large"),
            Self::Head => ("head.small", "head.large"),
        }
    }
}

/// The shape of a measure at one age: power, middle, spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Lms {
    power: f64,
    pub(crate) middle: f64,
    spread: f64,
}

/// Below it a power is none: the limit is the exponential.
const NO_POWER: f64 = 1e-4;

impl Lms {
    /// The value so many standard deviations from the middle.
    pub(crate) fn at(self, deviations: f64) -> f64 {
        let inside = self.power * self.spread * deviations;
        let exponent =
            if self.power.abs() < NO_POWER { self.spread * deviations } else { logarithm(1.0 + inside) / self.power };
        self.middle * exponential(exponent)
    }

    /// How many standard deviations a value lies from the middle.
    pub(crate) fn deviations(self, value: f64) -> f64 {
        let log = logarithm(value / self.middle);
        if self.power.abs() < NO_POWER {
            return log / self.spread;
        }
        (exponential(self.power * log) - 1.0) / (self.power * self.spread)
    }
}

type Rows = Vec<(f64, Lms)>;

/// Two tables for each measure and sex.
struct Tables(Vec<[Rows; 2]>);

fn read(name: &str) -> Rows {
    let row = |line: &&'static str| {
        let mut numbers = line.split(' ').filter_map(|number| number.parse::<f64>().ok());
        let mut next = || numbers.next();
        Some((next()?, Lms { power: next()?, middle: next()?, spread: next()? }))
    };
    growth().of(name).iter().filter_map(row).collect()
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let of = |measure: &Measure| {
            let (small, large) = measure.tables();
            ["girls", "boys"].map(|sex| [small, large].map(|name| read(&format!("{name}.{sex}"))))
        };
        Tables(Measure::ALL.iter().flat_map(of).collect())
    })
}

/// The shape of a measure at an age, in months and parts of them.
pub(crate) fn shape(measure: Measure, sex: Sex, months: f64) -> Lms {
    let place = measure as usize * 2 + usize::from(sex == Sex::Male);
    let rows = &tables().0[place][usize::from(months >= STANDING_MONTHS)];
    let after = rows.partition_point(|(age, _)| *age <= months);
    if after == 0 {
        return rows[0].1;
    }
    let (from, low) = rows[after - 1];
    let Some((to, high)) = rows.get(after).copied() else { return low };
    let share = (months - from) / (to - from);
    let between = |low: f64, high: f64| low + (high - low) * share;
    Lms {
        power: between(low.power, high.power),
        middle: between(low.middle, high.middle),
        spread: between(low.spread, high.spread),
    }
}

/// Of a hundred children of the same age and sex so many lie below: 1 to 99.
pub(crate) fn percentile(deviations: f64) -> i32 {
    // The normal distribution's tail by Abramowitz and Stegun 26.2.17, right to seven digits.
    let far = deviations.abs();
    let near = 1.0 / (1.0 + 0.231_641_9 * far);
    let sum = near
        * (0.319_381_530
            + near * (-0.356_563_782 + near * (1.781_477_937 + near * (-1.821_255_978 + near * 1.330_274_429))));
    let tail = sum * exponential(-far * far / 2.0) / 2.506_628_274_631;
    let below = if deviations > 0.0 { 1.0 - tail } else { tail };
    ((below * 100.0 + 0.5) as i32).clamp(1, 99)
}

/// Natural logarithm of something above nothing: halved or doubled to near one, then 2 artanh.
fn logarithm(value: f64) -> f64 {
    let (mut near, mut twos) = (value.max(1e-9), 0.0);
    while near > 1.5 {
        near /= 2.0;
        twos += 1.0;
    }
    while near < 0.75 {
        near *= 2.0;
        twos -= 1.0;
    }
    let step = (near - 1.0) / (near + 1.0);
    let (square, mut power, mut sum) = (step * step, step, 0.0);
    // The step is at most a fifth: ten terms leave less than the last bit.
    for odd in 0..11 {
        sum += power / f64::from(2 * odd + 1);
        power *= square;
    }
    2.0 * sum + twos * std::f64::consts::LN_2
}

/// e to this power: halved until it is small, then the series, then squared back.
fn exponential(value: f64) -> f64 {
    let (mut small, mut squarings) = (value.clamp(-60.0, 60.0), 0);
    while small.abs() > 0.25 {
        small /= 2.0;
        squarings += 1;
    }
    let (mut term, mut sum) = (1.0, 1.0);
    for place in 1..12 {
        term *= small / f64::from(place);
        sum += term;
    }
    for _ in 0..squarings {
        sum *= sum;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::{Measure, exponential, logarithm, percentile, shape};
    use crate::people::Sex;

    #[test]
    fn every_table_begins_and_ends_where_it_should_and_its_ages_rise() {
        for measure in Measure::ALL {
            let (small, large) = measure.tables();
            let last = if measure == Measure::Head { 36.0 } else { 240.0 };
            for (name, from, to) in [(small, 0.0, 24.0), (large, 24.0, last)] {
                for sex in ["girls", "boys"] {
                    let rows = super::read(&format!("{name}.{sex}"));
                    assert_eq!(rows.len(), crate::lists::growth().of(&format!("{name}.{sex}")).len(), "{name}");
                    assert!(rows.windows(2).all(|pair| pair[0].0 < pair[1].0), "{name}");
                    assert!((rows[0].0 - from).abs() < 0.6 && (rows[rows.len() - 1].0 - to).abs() < 0.6, "{name}");
                }
            }
        }
    }

    #[test]
    fn published_percentiles_come_out_of_the_tables() {
        // From the printed charts: WHO girls' length and boys' weight at 12 months, CDC boys' stature and girls' weight and
        // index at 10 years and 6 months, and CDC boys' stature at 20 years. In standard deviations: 3rd, 50th, 95th.
        let near = |measure, sex, months, deviations, wanted: f64| {
            let is = shape(measure, sex, months).at(deviations);
            assert!((is / wanted - 1.0).abs() < 0.006, "{measure:?} {sex:?} {months}: {is} and not {wanted}");
        };
        near(Measure::Height, Sex::Female, 12.0, 0.0, 74.0);
        near(Measure::Height, Sex::Female, 12.0, -2.0, 68.9);
        near(Measure::Weight, Sex::Male, 12.0, 0.0, 9.6);
        near(Measure::Weight, Sex::Male, 12.0, 2.0, 12.0);
        near(Measure::Head, Sex::Male, 6.0, 0.0, 43.3);
        near(Measure::Height, Sex::Male, 126.5, 0.0, 141.0);
        near(Measure::Index, Sex::Female, 120.5, 0.0, 16.9);
        near(Measure::Index, Sex::Female, 120.5, 1.645, 23.0);
        near(Measure::Height, Sex::Male, 240.0, 0.0, 176.8);
    }

    #[test]
    fn a_value_and_its_deviation_lead_to_each_other() {
        for months in [0.0, 1.3, 11.9, 30.0, 100.0, 239.0] {
            for deviations in [-2.4, -0.3, 0.0, 1.0, 2.1] {
                let shape = shape(Measure::Index, Sex::Female, months);
                assert!((shape.deviations(shape.at(deviations)) - deviations).abs() < 1e-9);
            }
        }
        assert_eq!([-1.88, 0.0, 1.03].map(percentile), [3, 50, 85]);
    }

    #[test]
    fn powers_and_logarithms_are_those_of_the_platform_but_for_the_last_digits() {
        for value in [0.05, 0.3, 0.74, 0.99, 1.0, 1.2, 1.51, 3.7, 40.0] {
            assert!((logarithm(value) - f64::ln(value)).abs() < 1e-12, "{value}");
            assert!((exponential(value) / f64::exp(value) - 1.0).abs() < 1e-12, "{value}");
            assert!((exponential(-value) / f64::exp(-value) - 1.0).abs() < 1e-12, "{value}");
        }
    }
}
