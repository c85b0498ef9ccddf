//! How an obligation was computed, in a sentence that a privacy officer can check, with its citation.
//!
//! What must always hold: every number that was used stands in it, and so does what was not known.

use crate::facts::{CustomerFacts, Facts, Moment};
use crate::law::{Amount, Confidence, Counts, Duty, Hipaa, Place, Relation, Start};
use crate::obligations::{Due, Standing};
use record::Timestamp;
use record::civil::Day;
use std::fmt::Write as _;

/// The sentence.
pub(crate) fn of(
    facts: &Facts,
    customer: &CustomerFacts,
    duty: &Duty,
    (place, people): (&Place, u64),
    standing: Standing,
    due: &Due,
) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(out, "{}: {}", duty.cite, who(duty, place, people, customer.unknown_more));
    let _ = write!(out, " {}.", when(facts, customer, duty, due));
    if standing == Standing::NotInForce {
        out.push_str(" It is no law: proposed, or stopped by a court.");
    }
    if matches!(duty.hipaa, Hipaa::Deemed | Hipaa::Exempt | Hipaa::Partial) {
        let _ = write!(out, " HIPAA: {}.", duty.hipaa_words.trim_end_matches('.'));
    }
    if let Some(since) = duty.since.filter(|since| *since > facts.discovered) {
        let _ = write!(
            out,
            " The table has this law as of {since}, after the discovery; what it said before is not in the table."
        );
    }
    let _ = write!(out, " {}; not reviewed by counsel.", confidence(duty.confidence));
    out
}

fn who(duty: &Duty, place: &Place, people: u64, at_least: bool) -> String {
    let least = if at_least { "at least " } else { "" };
    let many = match (duty.counts, people) {
        (Counts::Nobody, _) => return String::new(),
        (_, 1) => format!("{least}1 person"),
        _ => format!("{least}{people} people"),
    };
    let of = match duty.counts {
        Counts::Residents | Counts::ResidentsOfOne => format!("who live in {place}"),
        Counts::Part2 => "with records under 42 CFR Part 2".to_owned(),
        Counts::BadAddresses => "whom no letter reaches".to_owned(),
        Counts::Everybody | Counts::Nobody => "in all".to_owned(),
    };
    let reached = if duty.threshold.is_reached(people) { "reached" } else { "not reached" };
    format!("{many} {of} (threshold: {}; {reached}).", duty.threshold)
}

fn when(facts: &Facts, customer: &CustomerFacts, duty: &Duty, due: &Due) -> String {
    if due.without_number {
        return format!("The law names no number (\"{}\"): at once", duty.words);
    }
    if let Some(what) = due.waits_for {
        return format!("{} after {what}, which is not known yet", amount(duty.amount));
    }
    let Some(day) = due.day else { return "No day can be computed".to_owned() };
    let mut out = String::new();
    if let Some(start) = duty.start.filter(|_| duty.amount != Amount::None) {
        let _ = write!(out, "{} from {}", amount(duty.amount), beginning(facts, customer, start));
    }
    match duty.relation {
        Some(Relation::Before) => push(&mut out, "before the first letter"),
        Some(Relation::With) => push(&mut out, "not later than the letters"),
        None => {}
    }
    let _ = match due.millis {
        Some(millis) => write!(out, " = {}", Moment(Timestamp::from_unix_millis(millis))),
        None => write!(out, " = {day}"),
    };
    if let (Some(agreed), "hipaa.ba_to_ce") = (customer.agreement.report_days, duty.id.as_str()) {
        let _ = write!(out, "; by the agreement within {agreed} days, and the earlier day counts");
    }
    if let Some(until) = facts.silent_until().filter(|_| duty.is_federal_health_law()) {
        let _ = write!(out, "; law enforcement asked for silence until {until} (45 CFR 164.412)");
    }
    theories(&mut out, due);
    out.trim_start().to_owned()
}

/// Both theories of what the customer knew, where they come to different days.
fn theories(out: &mut String, due: &Due) {
    let (Some(agent), not) = (due.as_agent, due.not_as_agent) else { return };
    let _ = match not {
        Some(not) if not == agent => Ok(()),
        Some(not) => write!(out, "; {agent} if we are its agent, {not} if not"),
        None => write!(out, "; if we are not its agent, its clock begins when we tell it"),
    };
}

fn push(out: &mut String, words: &str) {
    if !out.is_empty() {
        out.push_str(", and ");
    }
    out.push_str(words);
}

fn amount(amount: Amount) -> String {
    match amount {
        Amount::None => String::new(),
        Amount::Days(days) => format!("{days} days"),
        Amount::BusinessDays(days) => format!("{days} business days"),
        Amount::Hours(hours) => format!("{hours} hours"),
    }
}

fn beginning(facts: &Facts, customer: &CustomerFacts, start: Start) -> String {
    let told = |what: &str, day: Option<Day>| day.map_or_else(|| what.to_owned(), |day| format!("{what} of {day}"));
    match start {
        Start::Discovery => format!("the discovery of {}", facts.discovered),
        Start::YearEnd => format!("the end of the year of discovery, {}", facts.discovered.year()),
        Start::Awareness => format!("awareness at {}", Moment(facts.aware_since())),
        Start::Determination => match facts.determined {
            Some(day) => format!("the determination of {day}"),
            None => format!("the discovery of {}, since no determination is known", facts.discovered),
        },
        Start::IndividualsTold => told("the first letter", customer.told.individuals),
        Start::HhsTold => told("the report to HHS", customer.told.hhs),
        Start::Materiality => told("the finding that it is material", facts.material_on),
    }
}

const fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Text => "Read from the law's text",
        Confidence::Secondary => "Read from a summary",
        Confidence::Memory => "From memory, so check it",
    }
}
