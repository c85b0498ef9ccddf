//! Measuring in turns, and what the numbers of all turns come to.
//!
//! What must always hold: a ratio is taken within a round and only then is the median of the rounds taken, so
//! that noise which hits both sides of a round cancels out; the first turn warms up and does not count.
//!
//! What it refuses to know: what is measured.

use anyhow::{Context, Result};

/// Which side of a row a number belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Side {
    /// What the machine can do at most.
    Limit,
    /// What others do.
    Peer,
    /// What we do.
    We,
}

impl Side {
    pub(super) const ALL: [Self; 3] = [Self::Limit, Self::Peer, Self::We];
}

/// One measured number.
#[derive(Debug, Clone, serde::Deserialize)]
pub(super) struct Sample {
    /// What is measured; samples of one row belong together.
    pub row: String,
    pub side: Side,
    /// Who, for limit and peer: "RandomizedNonceKey".
    #[serde(default)]
    pub who: String,
    /// Of the value, e.g. `GB/s`; more is better, unless it is a time.
    pub unit: String,
    pub value: f64,
}

/// A side that can be measured once.
pub(super) struct Contender<'a> {
    pub row: &'static str,
    pub side: Side,
    pub who: &'static str,
    pub unit: &'static str,
    /// Measures once and gives the value in `unit`.
    pub once: Box<dyn FnMut() -> Result<f64> + 'a>,
}

/// Lets every contender have its turn, `rounds` times over, after one turn that does not count.
pub(super) fn in_turns(rounds: u32, contenders: &mut [Contender<'_>]) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for round in 0..=rounds {
        for contender in contenders.iter_mut() {
            let value = (contender.once)().with_context(|| format!("measuring {}", contender.row))?;
            if round > 0 {
                samples.push(Sample {
                    row: contender.row.to_owned(),
                    side: contender.side,
                    who: contender.who.to_owned(),
                    unit: contender.unit.to_owned(),
                    value,
                });
            }
        }
    }
    Ok(samples)
}

/// A row of the table: the sides of one measurement.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    pub name: String,
    pub unit: String,
    /// For limit, peer, we: who, median, lowest, highest.
    pub sides: [Option<Spread>; 3],
    /// Median over the rounds of we ÷ limit, and of we ÷ peer.
    pub of_limit: Option<f64>,
    pub of_peer: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spread {
    pub who: String,
    pub median: f64,
    pub lowest: f64,
    pub highest: f64,
}

/// Samples in the order in which they were measured become rows in the order in which they first appeared.
pub(super) fn rows(samples: &[Sample]) -> Vec<Row> {
    let mut names: Vec<&str> = Vec::new();
    for sample in samples {
        if !names.contains(&sample.row.as_str()) {
            names.push(&sample.row);
        }
    }
    names.into_iter().map(|name| row(name, samples)).collect()
}

fn row(name: &str, samples: &[Sample]) -> Row {
    let of = |side: Side| -> Vec<&Sample> {
        samples.iter().filter(|sample| sample.row == name && sample.side == side).collect()
    };
    let [limit, peer, we] = Side::ALL.map(of);
    Row {
        name: name.to_owned(),
        unit: samples.iter().find(|sample| sample.row == name).map(|sample| sample.unit.clone()).unwrap_or_default(),
        of_limit: ratio(&we, &limit),
        of_peer: ratio(&we, &peer),
        sides: [spread(&limit), spread(&peer), spread(&we)],
    }
}

fn spread(samples: &[&Sample]) -> Option<Spread> {
    let values: Vec<f64> = samples.iter().map(|sample| sample.value).collect();
    Some(Spread {
        who: samples.first()?.who.clone(),
        median: median(&values)?,
        lowest: values.iter().copied().fold(f64::INFINITY, f64::min),
        highest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    })
}

/// The median of the ratios within each round: what one round's noise did to both sides cancels out.
fn ratio(we: &[&Sample], other: &[&Sample]) -> Option<f64> {
    let pairs: Vec<f64> = we.iter().zip(other).map(|(ours, theirs)| ours.value / theirs.value).collect();
    median(&pairs)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        count if count % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::{Contender, Side, in_turns, median, rows};
    use std::cell::RefCell;

    #[test]
    fn sides_take_turns_and_the_first_turn_does_not_count() {
        let order = RefCell::new(String::new());
        let contender = |side, letter: char, value: f64| Contender {
            row: "r",
            side,
            who: "",
            unit: "x/s",
            once: Box::new({
                let order = &order;
                move || {
                    order.borrow_mut().push(letter);
                    Ok(value)
                }
            }),
        };
        let mut contenders = [contender(Side::Limit, 'l', 10.0), contender(Side::We, 'w', 9.0)];
        let samples = in_turns(3, &mut contenders).expect("measured");
        assert_eq!(*order.borrow(), "lwlwlwlw");
        assert_eq!(samples.len(), 6);
        let rows = rows(&samples);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].of_limit, rows[0].of_peer), (Some(0.9), None));
    }

    #[test]
    fn the_median_of_an_even_count_lies_between() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0]), Some(2.5));
    }
}
