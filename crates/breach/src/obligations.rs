//! Facts and law to obligations.
//!
//! What must always hold: each duty that could bind anybody of these facts is in the list with what it comes to; a day is the earliest of
//! those that may be right; an exemption, a notice that counts and a threshold that is not reached are said, and take nothing away.
//!
//! What it refuses to know: whether a breach is one (`assessment` belongs to a person), and what is sent.

use crate::calendar::{Holidays, plus_business_days};
use crate::facts::{CustomerFacts, Facts, Sender, first_minute};
use crate::law::{Amount, Counts, Duty, Hipaa, Holder, Kind, Law, Place, Relation, Start, Status};
use crate::sentence;
use record::Timestamp;
use record::civil::Day;
use serde::Serialize;

/// What a duty comes to under these facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It has to be done.
    Owed,
    /// The notice under HIPAA counts for it, on the condition that its words name; until that is shown it is owed.
    CountsIfNotified,
    /// Its law does not bind whoever is under HIPAA, on the condition that its words name.
    Exempt,
    /// Too few people, or too many.
    NotReached,
    /// It is no law yet, or was stopped.
    NotInForce,
}

/// When it has to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The last day; none where the law names no number, or where its clock does not run yet.
    pub day: Option<Day>,
    /// The last moment, for clocks of hours, Unix milliseconds.
    pub millis: Option<i64>,
    /// The last day if the operator is its customer's agent, so that the customer knew what the operator knew.
    pub as_agent: Option<Day>,
    /// The last day if it is not, once the customer has been told.
    pub not_as_agent: Option<Day>,
    /// What its clock waits for.
    pub waits_for: Option<&'static str>,
    /// The law names no number: without unreasonable delay, as soon as possible.
    pub without_number: bool,
}

/// A duty under these facts.
#[derive(Debug, Clone)]
pub struct Obligation<'l> {
    /// The duty.
    pub duty: &'l Duty,
    /// Whose.
    pub customer: String,
    /// Of people where; the duty's own jurisdiction but for duties that count each State by itself.
    pub place: Place,
    /// How many people count.
    pub people: u64,
    /// What it comes to.
    pub standing: Standing,
    /// When.
    pub due: Due,
    /// Who sends.
    pub sender: Sender,
    /// How it was computed, with the citation.
    pub sentence: String,
}

/// Every duty of the tables that has to do with these facts, customer by customer, the earliest first.
#[must_use]
pub fn obligations<'l>(law: &'l Law, facts: &Facts) -> Vec<Obligation<'l>> {
    let mut all: Vec<Obligation<'l>> =
        facts.customers.iter().flat_map(|customer| of_customer(law, facts, customer)).collect();
    all.extend(of_operator(law, facts));
    // What has no day stands behind what has one; of those whose law names no number nobody should be told later for that.
    all.sort_by_key(|one| {
        let day = one.due.day.map_or((1, None), |day| (0, Some(day)));
        (one.standing, day, one.customer.clone(), one.duty.id.clone())
    });
    all
}

/// Duties of the operator towards nobody's people: investors.
fn of_operator<'l>(law: &'l Law, facts: &Facts) -> Vec<Obligation<'l>> {
    let mut none = CustomerFacts {
        name: String::new(),
        agreement: crate::Agreement { sender: Sender::Operator, ..crate::Agreement::default() },
        told: crate::Told::default(),
        residents: std::collections::BTreeMap::new(),
        people: 0,
        part2: 0,
        bad_addresses: 0,
        unknown_more: false,
    };
    none.people = facts.customers.iter().map(|customer| customer.people).sum();
    let binds = |duty: &&Duty| {
        duty.counts == Counts::Nobody && (duty.holder != Holder::PublicCompany || facts.roles.public_company)
    };
    law.duties()
        .iter()
        .filter(binds)
        .map(|duty| one(facts, &none, duty, (&duty.jurisdiction, none.people), None))
        .collect()
}

fn of_customer<'l>(law: &'l Law, facts: &Facts, customer: &CustomerFacts) -> Vec<Obligation<'l>> {
    let mut all = Vec::new();
    for duty in law.duties().iter().filter(|duty| binds(duty, facts, customer)) {
        for (place, count) in counted(duty, customer) {
            let letters = match duty.relation {
                Some(_) => letters_due(law, facts, customer, &place),
                None => None,
            };
            all.push(one(facts, customer, duty, (&place, count), letters));
        }
    }
    all
}

/// Could this duty have anything to do with a customer's people.
fn binds(duty: &Duty, facts: &Facts, customer: &CustomerFacts) -> bool {
    let by_role = match duty.holder {
        Holder::PhrVendor => facts.roles.phr_vendor,
        Holder::Part2Program => customer.part2 > 0,
        Holder::PublicCompany => false,
        Holder::CoveredEntity | Holder::BusinessAssociate | Holder::Controller | Holder::Processor => true,
    };
    let lives = |place: &Place| customer.residents.get(place).is_some_and(|count| *count > 0);
    let by_place = duty.jurisdiction.0 == "US" || lives(&duty.jurisdiction);
    by_role && by_place && duty.counts != Counts::Nobody
}

/// Where and how many people are counted for it.
fn counted(duty: &Duty, customer: &CustomerFacts) -> Vec<(Place, u64)> {
    let here = |count| vec![(duty.jurisdiction.clone(), count)];
    match duty.counts {
        Counts::Residents => here(customer.residents.get(&duty.jurisdiction).copied().unwrap_or(0)),
        Counts::ResidentsOfOne => {
            let of_country = |place: &Place| place.0.starts_with(&format!("{}-", duty.jurisdiction));
            let states = customer.residents.iter().filter(|(place, _)| of_country(place));
            states.map(|(place, count)| (place.clone(), *count)).collect()
        }
        Counts::Everybody => here(customer.people),
        Counts::Part2 => here(customer.part2),
        Counts::BadAddresses => here(customer.bad_addresses),
        Counts::Nobody => Vec::new(),
    }
}

/// The last day for letters to a customer's people who live in one place: the earliest that any law names which may bind. A notice under
/// HIPAA counts for another one only when it went out in time, so no such exception makes it later.
#[must_use]
pub fn letters_due(law: &Law, facts: &Facts, customer: &CustomerFacts, place: &Place) -> Option<Day> {
    let theirs = |duty: &&Duty| {
        duty.kind == Kind::Individual
            && duty.status == Status::InForce
            && duty.hipaa != Hipaa::Exempt
            && (duty.jurisdiction == *place || duty.jurisdiction.0 == "US")
            && binds(duty, facts, customer)
    };
    law.duties().iter().filter(theirs).filter_map(|duty| own_due(facts, customer, duty).day).min()
}

fn one<'l>(
    facts: &Facts,
    customer: &CustomerFacts,
    duty: &'l Duty,
    (place, people): (&Place, u64),
    letters: Option<Day>,
) -> Obligation<'l> {
    let mut due = own_due(facts, customer, duty);
    let before = |day: Day| if duty.relation == Some(Relation::Before) { day.plus_days(-1) } else { Some(day) };
    if duty.relation.is_some() {
        let sent = customer.told.individuals;
        let bound = [letters, sent].into_iter().flatten().min().and_then(before);
        due.without_number &= bound.is_none();
        due.day = [due.day, bound].into_iter().flatten().min();
    }
    let reached = duty.counts == Counts::Nobody || duty.threshold.is_reached(people);
    let standing = match (duty.status, reached, duty.hipaa) {
        (Status::Proposed | Status::Enjoined, _, _) => Standing::NotInForce,
        (_, false, _) => Standing::NotReached,
        (_, _, Hipaa::Exempt) => Standing::Exempt,
        (_, _, Hipaa::Deemed) => Standing::CountsIfNotified,
        _ => Standing::Owed,
    };
    let sender = if is_operators(duty) { Sender::Operator } else { customer.agreement.sender };
    let sentence = sentence::of(facts, customer, duty, (place, people), standing, &due);
    let customer = customer.name.clone();
    Obligation { duty, customer, place: place.clone(), people, standing, due, sender, sentence }
}

/// Is it the operator's own duty, and not its customer's.
const fn is_operators(duty: &Duty) -> bool {
    matches!(duty.holder, Holder::BusinessAssociate | Holder::Processor | Holder::PhrVendor | Holder::PublicCompany)
}

/// When, by the duty's own clock.
fn own_due(facts: &Facts, customer: &CustomerFacts, duty: &Duty) -> Due {
    let mut due = Due::default();
    let Some(start) = duty.start else {
        due.without_number = duty.relation.is_none();
        return due;
    };
    if let Amount::Hours(hours) = duty.amount {
        // Hours from a discovery count from its first minute, too, unless the moment is known.
        let last = facts.aware_since().plus_secs(i64::from(hours) * 3_600);
        due.millis = Some(last.unix_millis());
        due.day = facts.discovered.plus_days(days_between(facts, last));
        return due;
    }
    if duty.amount == Amount::None {
        due.without_number = true;
        return due;
    }
    let run = |from: Day| silenced(facts, duty, ended(duty, start, from));
    match start {
        Start::IndividualsTold => {
            waiting(&mut due, customer.told.individuals.map(run), "the first letter to individuals")
        }
        Start::HhsTold => waiting(&mut due, customer.told.hhs.map(run), "the report to HHS"),
        Start::Materiality => waiting(&mut due, facts.material_on.map(run), "the day on which it is found material"),
        Start::Determination => due.day = run(facts.determined.unwrap_or(facts.discovered).max(facts.discovered)),
        Start::Discovery | Start::YearEnd | Start::Awareness if is_operators(duty) => {
            let agreed = customer.agreement.report_days.filter(|_| duty.id == "hipaa.ba_to_ce");
            let agreed = agreed.and_then(|days| facts.discovered.plus_days(i32::try_from(days).ok()?));
            due.day = [run(facts.discovered), agreed].into_iter().flatten().min();
        }
        Start::Discovery | Start::YearEnd | Start::Awareness => {
            due.as_agent = run(facts.discovered);
            due.not_as_agent = customer.told.customer.map(|day| day.max(facts.discovered)).and_then(run);
            due.day = match customer.agreement.is_agent {
                Some(false) => due.not_as_agent,
                _ => due.as_agent,
            };
            if due.day.is_none() && customer.agreement.is_agent == Some(false) {
                due.waits_for = Some("the day on which the customer is told");
            }
        }
    }
    due
}

fn waiting(due: &mut Due, day: Option<Option<Day>>, what: &'static str) {
    due.day = day.flatten();
    if due.day.is_none() {
        due.waits_for = Some(what);
    }
}

/// Where a clock ends that begins on this day.
fn ended(duty: &Duty, start: Start, from: Day) -> Option<Day> {
    let from = match start {
        Start::YearEnd => Day::new(from.year(), 12, 31)?,
        _ => from,
    };
    match duty.amount {
        Amount::Days(days) => from.plus_days(i32::try_from(days).ok()?),
        Amount::BusinessDays(days) => {
            let holidays = if duty.jurisdiction.0 == "US" { Holidays::Federal } else { Holidays::EveryState };
            plus_business_days(from, days, holidays)
        }
        Amount::None | Amount::Hours(_) => None,
    }
}

/// Law enforcement may ask for silence; that moves the days of HIPAA and Part 2 and no other, since other laws have rules of their own.
fn silenced(facts: &Facts, duty: &Duty, day: Option<Day>) -> Option<Day> {
    match facts.silent_until().filter(|_| duty.is_federal_health_law()) {
        Some(until) => day.map(|day| day.max(until)),
        None => day,
    }
}

/// Whole days from the discovery's first minute (UTC) to this moment.
fn days_between(facts: &Facts, last: Timestamp) -> i32 {
    let first = first_minute(facts.discovered);
    i32::try_from(last.millis_since(first).div_euclid(86_400_000)).unwrap_or(i32::MAX)
}

/// What became of an obligation between two states of knowledge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum Change {
    /// It was not there.
    New {
        /// Whose, which and where.
        what: String,
        /// As it stands now.
        standing: Standing,
        /// Its last day.
        due: Option<Day>,
    },
    /// It is gone, because nobody lives there any more.
    Gone {
        /// Whose, which and where.
        what: String,
    },
    /// It comes to something else.
    Other {
        /// Whose, which and where.
        what: String,
        /// Before.
        was: (Standing, Option<Day>, u64),
        /// Now.
        is: (Standing, Option<Day>, u64),
    },
}

/// What changed, in the order of the newer list; then what is gone.
#[must_use]
pub fn differences(before: &[Obligation<'_>], now: &[Obligation<'_>]) -> Vec<Change> {
    let what = |one: &Obligation<'_>| format!("{} {} {}", one.customer, one.duty.id, one.place).trim_start().to_owned();
    let state = |one: &Obligation<'_>| (one.standing, one.due.day, one.people);
    let old: std::collections::HashMap<String, &Obligation<'_>> = before.iter().map(|one| (what(one), one)).collect();
    let new: std::collections::HashSet<String> = now.iter().map(what).collect();
    let changed = now.iter().filter_map(|one| match old.get(&what(one)) {
        None => Some(Change::New { what: what(one), standing: one.standing, due: one.due.day }),
        Some(was) if state(was) == state(one) => None,
        Some(was) => Some(Change::Other { what: what(one), was: state(was), is: state(one) }),
    });
    let gone = before.iter().map(what).filter(|what| !new.contains(what)).map(|what| Change::Gone { what });
    changed.chain(gone).collect()
}
