//! `strongroom incident`: who must be told what by when, from a file of facts, on a machine without a server.
//!
//! What must always hold: what is wrong with the facts is told before anything that follows from them, and takes nothing away; each
//! output says that it is no legal advice; a file that is there already is not written over.

use crate::cli::{IncidentArgs, IncidentCommand, ObligationsArgs};
use crate::outcome::{WrongUse, say, say_json};
use anyhow::Context as _;
use breach::{ADVICE, Change, Due, Facts, Law, Obligation, Problem, Standing, calendar, differences, obligations};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

/// What was asked for.
pub(crate) fn incident(args: &IncidentArgs) -> anyhow::Result<()> {
    match &args.command {
        IncidentCommand::Obligations(args) => told(args),
    }
}

/// Facts to begin with.
const EXAMPLE: &str = include_str!("incident/example.toml");

fn told(args: &ObligationsArgs) -> anyhow::Result<()> {
    let Some(path) = args.facts.as_deref().filter(|_| !args.example) else { return say(EXAMPLE.trim_end()) };
    let (law, facts) = (Law::embedded()?, read(path)?);
    let (all, problems) = (obligations(&law, &facts), facts.problems(&law));
    let before = args.changed_since.as_deref().map(read).transpose()?;
    let before = before.as_ref().map(|before| obligations(&law, before));
    let changes = before.as_ref().map(|before| differences(before, &all));
    let without = args.calendar.as_deref().map(|path| written(path, &all, &facts)).transpose()?;
    let is_shown = |one: &&Obligation<'_>| args.all || is_open(one.standing);
    let shown: Vec<&Obligation<'_>> = all.iter().filter(is_shown).collect();
    if args.json {
        let lines: Vec<_> = shown.iter().map(|one| object(one)).collect();
        return say_json(&serde_json::json!({
            "advice": ADVICE, "problems": problems, "obligations": lines, "changes": changes, "without_a_day": without,
        }));
    }
    for Problem(problem) in &problems {
        say(&format!("! {problem}"))?;
    }
    match &changes {
        Some(changes) => changes.iter().try_for_each(|change| say(&in_words(change)))?,
        None => shown.iter().try_for_each(|one| paragraph(one))?,
    }
    if let (Some(without), Some(path)) = (without, &args.calendar) {
        say(&format!("{}: written; {without} open obligations have no day and are not in it", path.display()))?;
    }
    say(ADVICE)
}

const fn is_open(standing: Standing) -> bool {
    matches!(standing, Standing::Owed | Standing::CountsIfNotified)
}

fn read(path: &Path) -> anyhow::Result<Facts> {
    let text = std::fs::read_to_string(path).map_err(|error| WrongUse(format!("{}: {error}", path.display())))?;
    toml::from_str(&text).map_err(|error| WrongUse(format!("{}: {}", path.display(), error.message())).into())
}

/// Writes the calendar; says how many have no day.
fn written(path: &Path, all: &[Obligation<'_>], facts: &Facts) -> anyhow::Result<usize> {
    let (text, without) = calendar(all, facts.known_on);
    let mut file = File::create_new(path).map_err(|error| WrongUse(format!("{}: {error}", path.display())))?;
    file.write_all(text.as_bytes()).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(without)
}

fn object(one: &Obligation<'_>) -> serde_json::Value {
    serde_json::json!({
        "duty": one.duty.id, "customer": one.customer, "place": one.place, "people": one.people, "standing": one.standing,
        "due": one.due, "to": one.duty.to, "holder": one.duty.holder, "sender": one.sender, "citation": one.duty.cite,
        "confidence": one.duty.confidence, "source": one.duty.source, "computed": one.sentence, "reviewed_by_counsel": false,
    })
}

fn paragraph(one: &Obligation<'_>) -> anyhow::Result<()> {
    let whose = if one.customer.is_empty() { "we" } else { &one.customer };
    let standing = match one.standing {
        Standing::Owed => "",
        Standing::CountsIfNotified => "  (a notice under HIPAA counts, on its condition)",
        Standing::Exempt => "  (not bound, on its condition)",
        Standing::NotReached => "  (too few people, or too many)",
        Standing::NotInForce => "  (no law)",
    };
    say(&format!(
        "{}  {whose}: tell {} [{}]; {} sends{standing}",
        when(&one.due),
        one.duty.to,
        one.duty.id,
        one.sender
    ))?;
    say(&format!("            {}", one.sentence))
}

fn when(due: &Due) -> String {
    match (due.day, due.without_number) {
        (Some(day), _) => day.to_string(),
        (None, true) => "at once    ".trim_end().to_owned() + "   ",
        (None, false) => "waiting   ".to_owned(),
    }
}

fn in_words(change: &Change) -> String {
    let day = |day: &Option<record::civil::Day>| day.map_or_else(|| "no day".to_owned(), |day| day.to_string());
    let state = |(standing, due, people): &(Standing, Option<record::civil::Day>, u64)| {
        format!("{}, {}, {people} people", name(*standing), day(due))
    };
    match change {
        Change::New { what, standing, due } => format!("+ {what}: {}, {}", name(*standing), day(due)),
        Change::Gone { what } => format!("- {what}: nobody is counted there any more"),
        Change::Other { what, was, is } => format!("~ {what}: {} → {}", state(was), state(is)),
    }
}

const fn name(standing: Standing) -> &'static str {
    match standing {
        Standing::Owed => "owed",
        Standing::CountsIfNotified => "counts if notified under HIPAA",
        Standing::Exempt => "not bound",
        Standing::NotReached => "not reached",
        Standing::NotInForce => "no law",
    }
}
