//! The tables: one duty a line, as data.
//!
//! What must always hold: a line that cannot be read whole refuses the table, so that no duty is dropped; ids are unique; a line says
//! what it was read from.
//!
//! What it refuses to know: any fact.

use record::civil::Day;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Federal law, the European Union, the United Kingdom.
const DUTIES: &str = include_str!("../data/duties.csv");
/// The States and the District of Columbia.
const STATE_DUTIES: &str = include_str!("../data/state_duties.csv");

/// Where somebody lives, or whose law it is: `US`, `US-KS`, `EU`, `GB`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Place(pub String);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a duty is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Tell the people.
    Individual,
    /// Tell them otherwise, because a letter does not reach them.
    Substitute,
    /// Tell a State's attorney general or agency.
    Agency,
    /// Tell a federal or national regulator.
    Regulator,
    /// Tell the credit bureaus.
    Bureaus,
    /// Tell the press.
    Media,
    /// Tell whoever the data belongs to.
    Owner,
    /// Tell investors.
    Investors,
}

/// Whom a duty binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holder {
    /// A customer under HIPAA.
    CoveredEntity,
    /// The operator under HIPAA.
    BusinessAssociate,
    /// A customer with records under 42 CFR Part 2.
    Part2Program,
    /// A vendor of personal health records that HIPAA does not bind.
    PhrVendor,
    /// A company whose shares are registered.
    PublicCompany,
    /// A customer under the GDPR.
    Controller,
    /// The operator under the GDPR.
    Processor,
}

/// Who is counted for a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// The customer's people who live under this law.
    Residents,
    /// The customer's people of each State by itself.
    ResidentsOfOne,
    /// All of the customer's people.
    Everybody,
    /// Those with records under 42 CFR Part 2.
    Part2,
    /// Those whom no letter reaches.
    BadAddresses,
    /// Nobody: the incident itself counts.
    Nobody,
}

/// From how many people on, or below how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// From the first one on.
    Any,
    /// More than so many.
    MoreThan(u64),
    /// So many or more.
    AtLeast(u64),
    /// Fewer than so many, but somebody.
    Below(u64),
}

impl Threshold {
    /// Is it reached by so many.
    #[must_use]
    pub const fn is_reached(self, count: u64) -> bool {
        match self {
            Self::Any => count > 0,
            Self::MoreThan(many) => count > many,
            Self::AtLeast(many) => count >= many,
            Self::Below(many) => count > 0 && count < many,
        }
    }

    fn read(text: &str) -> Option<Self> {
        let number = |text: &str| text.parse().ok();
        Some(match text {
            "any" => Self::Any,
            _ if text.starts_with(">=") => Self::AtLeast(number(&text[2..])?),
            _ if text.starts_with('>') => Self::MoreThan(number(&text[1..])?),
            _ if text.starts_with('<') => Self::Below(number(&text[1..])?),
            _ => return None,
        })
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("anybody"),
            Self::MoreThan(many) => write!(f, "more than {many}"),
            Self::AtLeast(many) => write!(f, "{many} or more"),
            Self::Below(many) => write!(f, "fewer than {many}"),
        }
    }
}

/// From what a clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// The first day on which the breach was known, or would have been with reasonable diligence.
    Discovery,
    /// The day on which an investigation found that it was one.
    Determination,
    /// The moment of awareness.
    Awareness,
    /// The end of the calendar year of discovery.
    YearEnd,
    /// The first letter to individuals.
    IndividualsTold,
    /// The report to HHS.
    HhsTold,
    /// The day on which a company found it material.
    Materiality,
}

/// How long a clock runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// The law names no number.
    None,
    /// Calendar days.
    Days(u32),
    /// Business days.
    BusinessDays(u32),
    /// Hours, from the minute on.
    Hours(u32),
}

/// How a duty stands to the letters to individuals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Before them.
    Before,
    /// Not later than them.
    With,
}

/// What a notice under HIPAA does to a duty: of each duty by itself, never of a law as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hipaa {
    /// Nothing.
    None,
    /// It counts for this one, on the condition that the table words.
    Deemed,
    /// Whoever is under HIPAA is not bound.
    Exempt,
    /// It counts for a part.
    Partial,
}

/// Whether a duty is law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is.
    InForce,
    /// It may become so.
    Proposed,
    /// A court has stopped it.
    Enjoined,
}

/// What a line was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The law's own text.
    Text,
    /// Somebody's summary.
    Secondary,
    /// Nothing that was stored.
    Memory,
}

/// One duty.
#[derive(Debug, Clone)]
pub struct Duty {
    /// Its name in these tables: `hipaa.individual`, `ks.agency`.
    pub id: String,
    /// Whose law.
    pub jurisdiction: Place,
    /// What is to be done.
    pub kind: Kind,
    /// Whom it binds.
    pub holder: Holder,
    /// To whom, in words.
    pub to: String,
    /// Who is counted.
    pub counts: Counts,
    /// From how many on.
    pub threshold: Threshold,
    /// From what its clock runs; none where it has none of its own.
    pub start: Option<Start>,
    /// How long.
    pub amount: Amount,
    /// How it stands to the letters.
    pub relation: Option<Relation>,
    /// What a notice under HIPAA does to it.
    pub hipaa: Hipaa,
    /// In the words of the table, with the condition.
    pub hipaa_words: String,
    /// Whether it is law.
    pub status: Status,
    /// Since when in this form.
    pub since: Option<Day>,
    /// Citation.
    pub cite: String,
    /// Deadline and threshold in the law's words, shortened.
    pub words: String,
    /// What the line was made from.
    pub source: String,
    /// What kind of thing that is.
    pub confidence: Confidence,
}

impl Duty {
    /// Is it one of HIPAA's, to which 45 CFR 164.412 (delay for law enforcement) applies.
    #[must_use]
    pub fn is_federal_health_law(&self) -> bool {
        self.id.starts_with("hipaa.") || self.id.starts_with("part2.")
    }
}

/// A table that cannot be used. It names the line, and nothing of it is left out in silence.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the table of duties cannot be used: {why}")]
pub struct LawError {
    line: u64,
    why: String,
}

/// All duties.
#[derive(Debug, Clone)]
pub struct Law {
    duties: Vec<Duty>,
}

/// A line as it is written.
#[derive(Deserialize)]
struct Row {
    id: String,
    jurisdiction: Place,
    duty: Kind,
    holder: Holder,
    to: String,
    counts: Counts,
    threshold: String,
    start: Option<Start>,
    amount: Option<u32>,
    unit: String,
    relation: Option<Relation>,
    hipaa: Hipaa,
    hipaa_words: String,
    status: Status,
    since: Option<Day>,
    cite: String,
    words: String,
    source: String,
    confidence: Confidence,
}

impl Row {
    fn duty(self) -> Result<Duty, String> {
        let amount = match (self.amount, self.unit.as_str()) {
            (None, "") => Amount::None,
            (Some(count), "days") => Amount::Days(count),
            (Some(count), "business_days") => Amount::BusinessDays(count),
            (Some(count), "hours") => Amount::Hours(count),
            _ => return Err("a clock has a number and a unit, or neither".to_owned()),
        };
        if amount != Amount::None && self.start.is_none() {
            return Err("a clock has a beginning".to_owned());
        }
        let threshold = Threshold::read(&self.threshold).ok_or("the threshold is any, >N, >=N or <N")?;
        if self.cite.is_empty() || self.words.is_empty() || self.to.is_empty() {
            return Err("citation, words and addressee are not empty".to_owned());
        }
        Ok(Duty {
            id: self.id,
            jurisdiction: self.jurisdiction,
            kind: self.duty,
            holder: self.holder,
            to: self.to,
            counts: self.counts,
            threshold,
            start: self.start,
            amount,
            relation: self.relation,
            hipaa: self.hipaa,
            hipaa_words: self.hipaa_words,
            status: self.status,
            since: self.since,
            cite: self.cite,
            words: self.words,
            source: self.source,
            confidence: self.confidence,
        })
    }
}

impl Law {
    /// The tables that this program was built with.
    ///
    /// # Errors
    /// [`LawError`]; a test reads them, so none is to be expected.
    pub fn embedded() -> Result<Self, LawError> {
        let mut law = Self::read(DUTIES)?;
        law.duties.extend(Self::read(STATE_DUTIES)?.duties);
        Ok(law)
    }

    /// A table of the same columns, such as counsel's own.
    ///
    /// # Errors
    /// [`LawError`] with the first line that cannot be used.
    pub fn read(table: &str) -> Result<Self, LawError> {
        let mut duties: Vec<Duty> = Vec::new();
        let mut ids = BTreeSet::new();
        let mut reader = csv::Reader::from_reader(table.as_bytes());
        for (at, row) in reader.deserialize::<Row>().enumerate() {
            // The first line names the columns.
            let line = at as u64 + 2;
            let duty = row.map_err(|error| error.to_string()).and_then(Row::duty);
            let duty = duty.map_err(|why| LawError { line, why })?;
            if !ids.insert(duty.id.clone()) {
                return Err(LawError { line, why: "its id stands there already".to_owned() });
            }
            duties.push(duty);
        }
        Ok(Self { duties })
    }

    /// The duties, in the order of the tables.
    #[must_use]
    pub fn duties(&self) -> &[Duty] {
        &self.duties
    }

    /// Has anybody a law of his own for this place.
    #[must_use]
    pub fn knows(&self, place: &Place) -> bool {
        self.duties.iter().any(|duty| duty.jurisdiction == *place)
    }
}

#[cfg(test)]
mod tests {
    use super::{Law, Place, Threshold};
    use std::collections::BTreeSet;

    #[test]
    fn the_tables_are_whole_and_know_every_state() {
        let law = Law::embedded().expect("the embedded tables");
        let states: BTreeSet<&str> =
            law.duties().iter().filter_map(|duty| duty.jurisdiction.0.strip_prefix("US-")).collect();
        assert_eq!(states.len(), 51, "{states:?}");
        assert!(law.knows(&Place("EU".to_owned())) && !law.knows(&Place("US-XX".to_owned())));
        for state in &states {
            let own = |kind| {
                law.duties().iter().any(|duty| duty.jurisdiction.0 == format!("US-{state}") && duty.kind == kind)
            };
            assert!(own(super::Kind::Individual) && own(super::Kind::Owner), "{state}");
        }
    }

    #[test]
    fn a_table_with_a_bad_line_is_refused_with_its_number() {
        let head = super::DUTIES.lines().next().expect("a heading");
        let line = super::DUTIES.lines().nth(1).expect("a line");
        for (bad, why) in [
            (line.replace(",60,days,", ",60,weeks,"), "a number and a unit"),
            (line.replace(",any,", ",some,"), "threshold"),
            (line.replace("in_force", "perhaps"), "perhaps"),
            (line.replace("45 CFR 164.410", ""), "not empty"),
            (format!("{line}\n{line}"), "already"),
        ] {
            assert_ne!(bad, line, "{why}");
            let error = Law::read(&format!("{head}\n{bad}\n")).expect_err(why).to_string();
            assert!(error.contains(why) && error.contains("line "), "{error}");
        }
    }

    #[test]
    fn thresholds_are_read_to_the_person() {
        for (text, reached, not) in
            [("any", 1, 0), (">500", 501, 500), (">=500", 500, 499), ("<500", 499, 500), ("<10", 9, 0)]
        {
            let threshold = Threshold::read(text).expect(text);
            assert!(threshold.is_reached(reached) && !threshold.is_reached(not), "{text}");
        }
    }
}
