//! What is known of an incident, at one moment.
//!
//! What must always hold: facts that contradict each other, or that cannot be, are told one by one ([`Facts::problems`]); nothing is put
//! right in silence, and obligations are computed all the same, by the earlier of two days.
//!
//! What it refuses to know: names of people. Only how many of them live where.

use crate::law::{Law, Place};
use record::Timestamp;
use record::civil::Day;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Facts of one incident, as they were known on one day.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The day on which they were known.
    pub known_on: Day,
    /// The first day on which the operator knew, or would have known with reasonable diligence (45 CFR 164.410(a)(2)).
    pub discovered: Day,
    /// The day on which the investigation found that it was a breach; laws that count from it are counted from discovery until then.
    #[serde(default)]
    pub determined: Option<Day>,
    /// The moment of awareness, for clocks of hours. The discovery's first minute (UTC) until it is known.
    #[serde(default)]
    pub aware_at: Option<Moment>,
    /// The day on which a registered company found it material.
    #[serde(default)]
    pub material_on: Option<Day>,
    /// What laws bind the operator and its customers beside HIPAA.
    #[serde(default)]
    pub roles: Roles,
    /// A law-enforcement official asked for silence.
    #[serde(default)]
    pub held_back: Option<HeldBack>,
    /// Whose people they are.
    pub customers: Vec<CustomerFacts>,
}

/// A moment; written with its offset from UTC, `2026-03-28T23:30:00+01:00` (RFC 3339).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub Timestamp);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0.unix_millis()) {
            Ok(moment) => fmt::Display::fmt(&moment, f),
            Err(_) => write!(f, "{} ms", self.0.unix_millis()),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let moment = text.parse::<jiff::Timestamp>();
        let moment = moment.map_err(|_| serde::de::Error::custom("not a moment; write 2026-03-28T23:30:00+01:00"))?;
        Ok(Self(Timestamp::from_unix_millis(moment.as_millisecond())))
    }
}

/// Laws that bind only some.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    /// The operator sells personal health records to people themselves, and HIPAA does not bind it (16 CFR 318).
    pub phr_vendor: bool,
    /// The operator's shares are registered with the SEC.
    pub public_company: bool,
}

/// A request of law enforcement (45 CFR 164.412).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "form")]
pub enum HeldBack {
    /// In writing, for the time that it names.
    Written {
        /// Its last day.
        until: Day,
    },
    /// Said: documented with the official's name, for thirty days at most.
    Oral {
        /// The day on which it was said.
        on: Day,
    },
}

/// Who sends the notices of a customer, by the agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// The customer itself, whose dated proof closes the obligation.
    #[default]
    Customer,
    /// The operator on its behalf.
    Operator,
    /// Counsel.
    Counsel,
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Customer => "the customer",
            Self::Operator => "we, on the customer's behalf",
            Self::Counsel => "counsel",
        })
    }
}

/// What the agreement with a customer says of breaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Agreement {
    /// Calendar days from discovery within which we report.
    pub report_days: Option<u32>,
    /// Who sends.
    pub sender: Sender,
    /// Is the operator the customer's agent under the federal common law, so that what it knows the customer knows. Nobody has said,
    /// if it is left out: both are computed, and the earlier day counts.
    pub is_agent: Option<bool>,
}

/// What has been told already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Told {
    /// The customer, by us.
    pub customer: Option<Day>,
    /// The first letter to individuals.
    pub individuals: Option<Day>,
    /// The report to HHS.
    pub hhs: Option<Day>,
}

/// A customer and how many of its people are affected.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerFacts {
    /// Who it is.
    pub name: String,
    /// What was agreed.
    #[serde(default)]
    pub agreement: Agreement,
    /// What was told.
    #[serde(default)]
    pub told: Told,
    /// People by where they live: `US-KS`, `EU`, `GB`. Who lives in two places is counted in both, and once in `people`.
    #[serde(default)]
    pub residents: BTreeMap<Place, u64>,
    /// All people.
    pub people: u64,
    /// Those of them with records under 42 CFR Part 2.
    #[serde(default)]
    pub part2: u64,
    /// Those of them whom no letter reaches.
    #[serde(default)]
    pub bad_addresses: u64,
    /// People of whom nobody knows how many there are stand in opaque parts too: counts are "at least".
    #[serde(default)]
    pub unknown_more: bool,
}

/// What is wrong with facts, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem(pub String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Facts {
    /// The moment from which hours count.
    #[must_use]
    pub fn aware_since(&self) -> Timestamp {
        self.aware_at.map_or_else(|| first_minute(self.discovered), |moment| moment.0)
    }

    /// The last day for which silence was asked for.
    #[must_use]
    pub fn silent_until(&self) -> Option<Day> {
        match self.held_back? {
            HeldBack::Written { until } => Some(until),
            HeldBack::Oral { on } => on.plus_days(30),
        }
    }

    /// What contradicts itself, cannot be, or is not known.
    #[must_use]
    pub fn problems(&self, law: &Law) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut say = |bad: bool, text: String| {
            if bad {
                found.push(Problem(text));
            }
        };
        let (known, discovered) = (self.known_on, self.discovered);
        say(
            discovered > known,
            format!("the discovery, {discovered}, lies after the day on which it is known, {known}"),
        );
        if let Some(day) = self.determined {
            say(day < discovered, format!("the determination, {day}, lies before the discovery, {discovered}"));
            say(day > known, format!("the determination, {day}, lies in the future"));
        }
        if self.aware_since() < first_minute(discovered) {
            say(true, format!("the moment of awareness lies before the day of discovery, {discovered}"));
        }
        say(self.customers.is_empty(), "no customer is named, so nobody is told".to_owned());
        let mut names: Vec<&str> = self.customers.iter().map(|one| one.name.as_str()).collect();
        names.sort_unstable();
        for two in names.windows(2).filter(|two| two[0] == two[1]) {
            say(true, format!("{} stands there twice; its people are counted apart", two[0]));
        }
        for customer in &self.customers {
            found.extend(customer.problems(self, law));
        }
        found
    }
}

impl CustomerFacts {
    fn problems(&self, facts: &Facts, law: &Law) -> Vec<Problem> {
        let (name, mut found) = (&self.name, Vec::new());
        let mut say = |text: String| found.push(Problem(format!("{name}: {text}")));
        for (what, told) in [
            ("was told", self.told.customer),
            ("letters went out", self.told.individuals),
            ("HHS was told", self.told.hhs),
        ] {
            if let Some(day) = told.filter(|day| *day < facts.discovered) {
                say(format!("{what} on {day}, before the discovery"));
            }
            if let Some(day) = told.filter(|day| *day > facts.known_on) {
                say(format!("{what} on {day}, which lies in the future"));
            }
        }
        for (place, count) in &self.residents {
            if !law.knows(place) {
                say(format!("{count} people live in {place}, for which the tables have no law; ask counsel"));
            }
            if *count > self.people {
                say(format!("{count} people live in {place}, and {} are affected in all", self.people));
            }
        }
        let placed: u64 = self.residents.values().sum();
        if placed < self.people {
            say(format!(
                "of {} people nobody knows where they live; the laws of their States are not in this list",
                self.people - placed
            ));
        }
        if placed > self.people {
            say(format!("{} people are counted in two places or more; each place's law is kept", placed - self.people));
        }
        if self.part2 > self.people || self.bad_addresses > self.people {
            say("more people have Part 2 records, or no address, than are affected".to_owned());
        }
        if self.unknown_more {
            say(format!("{} is the least number: parts that nobody can read may name more people", self.people));
        }
        found
    }
}

/// The first minute of a day, UTC.
pub(crate) fn first_minute(day: Day) -> Timestamp {
    // Days since 1970-01-01, by the civil calendar's 400-year cycles (proleptic Gregorian).
    let (month, year) = (i64::from(day.month()), i64::from(day.year()) - i64::from(day.month() <= 2));
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(day.day()) - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Timestamp::from_unix_millis(days * 86_400_000)
}

#[cfg(test)]
mod tests {
    use super::first_minute;
    use record::civil::Day;

    #[test]
    fn the_first_minute_of_a_day_is_that_of_the_calendar() {
        for (day, seconds) in [
            ("1970-01-01", 0),
            ("1969-12-31", -86_400),
            ("2000-02-29", 951_782_400),
            ("2024-03-01", 1_709_251_200),
            ("2026-11-24", 1_795_478_400),
        ] {
            assert_eq!(first_minute(Day::read(day).expect("a day")).unix_millis(), seconds * 1_000, "{day}");
        }
    }
}
