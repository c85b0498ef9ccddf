//! The ledger: pages of entries, proofs, checkpoints, the export; and its public part.
//!
//! What must always hold: entries are read by officers and auditors, and one's own by oneself; strangers see the
//! newest checkpoint and hash tiles, and for everything else beside them what they see everywhere.

use super::forms::{after_touch, beside, choice};
use super::frame::{Me, frame, moment, page, thousands, witness};
use crate::door::take::{Path, Query};
use crate::door::{Answer, Kind, Locked, Opts, Problem, PublicLedger, Reply};
use crate::pages::ledger::{CheckpointRow, CheckpointsPage, EntryPage, EntryRow, LedgerPage, WitnessState};
use crate::pages::parts::{Fact, Pager, Tone};
use axum::http::Method;
use bytes::Bytes;
use custody::{CustodyError, Desk, EntryLine, HouseView, LedgerFilter, LedgerProof};
use record::{Action, CustomerId, Outcome, Principal, ResourceId, Role, Timestamp, act};
use serde::Deserialize;
use std::convert::Infallible;

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/ledger", Opts::page("Ledger").menu(150), list)
        .route(Method::GET, "/ledger/entries/{index}", Opts::page("Entry and its proof"), entry)
        .route(Method::GET, "/ledger/entries/{index}/proof", Opts::stream("Proof of an entry"), proof)
        .route(Method::GET, "/ledger/checkpoints", Opts::page("Checkpoints"), checkpoints)
        .route(Method::POST, "/ledger/export", Opts::form("Export of the ledger"), export)
        .open(
            Method::GET,
            "/ledger/{*rest}",
            "the ledger's public part: the newest signed checkpoint and hash tiles, no entry",
            Kind::Page,
            public,
        )
}

/// What to look for. Fixed words, ids and numbers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Which {
    action: String,
    outcome: String,
    about: String,
    customer: Option<CustomerId>,
    before: Option<u64>,
}

/// What was typed into "entry number or id".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Nothing,
    Entry(u64),
    Thing(ResourceId),
    Unknown,
}

impl About {
    fn read(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::Nothing;
        }
        if let Ok(id) = text.parse() {
            return Self::Thing(id);
        }
        let digits: String = text.chars().filter(|letter| !matches!(letter, ',' | ' ')).collect();
        digits.parse().map_or(Self::Unknown, Self::Entry)
    }
}

impl Which {
    fn filter(&self) -> LedgerFilter {
        let mut filter = LedgerFilter {
            customer: self.customer,
            actions: self.action.parse::<Action>().into_iter().collect(),
            outcomes: outcome(&self.outcome).into_iter().collect(),
            ..LedgerFilter::default()
        };
        match About::read(&self.about) {
            About::Thing(ResourceId::PersonId(person)) => filter.person = Some(person),
            About::Thing(ResourceId::CustomerId(customer)) => filter.customer = Some(customer),
            About::Thing(id) => filter.about = Some(id),
            About::Nothing | About::Entry(_) | About::Unknown => {}
        }
        filter
    }

    /// The same page from another place on; only words that were understood stand in the address.
    fn address(&self, before: Option<u64>) -> String {
        let mut parts = Vec::new();
        if let Ok(action) = self.action.parse::<Action>() {
            parts.push(format!("action={action}"));
        }
        if let Some(outcome) = outcome(&self.outcome) {
            parts.push(format!("outcome={}", outcome.as_str()));
        }
        if let About::Thing(id) = About::read(&self.about) {
            parts.push(format!("about={id}"));
        }
        parts.extend(self.customer.map(|id| format!("customer={id}")));
        parts.extend(before.map(|place| format!("before={place}")));
        if parts.is_empty() { "/ledger".to_owned() } else { format!("/ledger?{}", parts.join("&")) }
    }
}

fn outcome(text: &str) -> Option<Outcome> {
    Outcome::ALL.iter().copied().find(|one| one.as_str() == text)
}

fn row(custody: &HouseView, line: &EntryLine) -> EntryRow {
    let who = match line.principal {
        Principal::Person(id) if line.name.is_empty() => id.to_string(),
        Principal::Person(_) => line.name.clone(),
        Principal::Program(_) => "the system".to_owned(),
        Principal::Stranger => "a stranger".to_owned(),
    };
    let first = line.resources.first().map(ToString::to_string).unwrap_or_default();
    let resources = match (line.resources_count, first.is_empty()) {
        (0, _) => String::new(),
        (1, false) => first,
        (many, false) => format!("{first} and {} more", many - 1),
        (many, true) => format!("{} things", thousands(many)),
    };
    EntryRow {
        href: format!("/ledger/entries/{}", line.index),
        index: thousands(line.index),
        at: moment(custody, line.at),
        principal: if line.unreadable { String::new() } else { who },
        action: if line.unreadable { "unreadable" } else { line.action.as_str() }.to_owned(),
        outcome: line.outcome.as_str().to_owned(),
        tone: match line.outcome {
            Outcome::Refused | Outcome::Failed => Tone::Danger,
            Outcome::Unknown => Tone::Due,
            Outcome::Permitted | Outcome::Done | Outcome::Noted => Tone::Plain,
        },
        customer: line.customer_name.clone(),
        resources,
        why: line.why.clone(),
    }
}

fn witness_state(custody: &HouseView, last: Option<(Timestamp, bool)>) -> WitnessState {
    let (text, tone) = match last {
        None => ("nobody outside keeps our checkpoints yet".to_owned(), Tone::Danger),
        Some((at, true)) => (format!("kept outside since {}", custody.settings().time_of(at)), Tone::Good),
        Some((at, false)) => {
            (format!("the witness did not take it at {}", custody.settings().time_of(at)), Tone::Danger)
        }
    };
    WitnessState { text, tone }
}

async fn list(desk: Desk<act::LedgerList>, Query(which): Query<Which>) -> Answer {
    if let About::Entry(index) = About::read(&which.about) {
        return super::frame::go(&format!("/ledger/entries/{index}"));
    }
    let (mut chrome, _) = frame(&desk, "/ledger").await?;
    let found = if About::read(&which.about) == About::Unknown {
        None
    } else {
        Some(desk.ledger_list(&which.filter(), which.before).await?)
    };
    let custody = desk.house();
    chrome.witness = found.as_ref().map(|found| witness(custody, "read this page", found.witnessed));
    let mut actions = vec![choice("", "All acts", &which.action)];
    actions.extend(Action::ALL.iter().map(|one| choice(one.as_str(), one.as_str(), &which.action)));
    let mut outcomes = vec![choice("", "All outcomes", &which.outcome)];
    outcomes.extend(Outcome::ALL.iter().map(|one| choice(one.as_str(), one.as_str(), &which.outcome)));
    let rows: Vec<EntryRow> = found.iter().flat_map(|found| &found.lines).map(|line| row(custody, line)).collect();
    let next = found.as_ref().and_then(|found| found.before);
    let may_export = beside::<_, act::LedgerExport>(&desk).could(None).await?;
    page(&LedgerPage {
        size: thousands(custody.ledger_head().map_or(0, |head| head.size)),
        witness_state: witness_state(custody, desk.witness_standing().await?),
        actions,
        outcomes,
        about: which.about.trim().to_owned(),
        pager: (next.is_some() || which.before.is_some()).then(|| Pager {
            text: format!("{} shown, newest first", rows.len()),
            previous: which.before.map(|_| which.address(None)),
            next: next.map(|next| which.address(Some(next))),
            again: Vec::new(),
        }),
        rows,
        export_action: may_export.then(|| "/ledger/export".to_owned()),
        checkpoints_href: "/ledger/checkpoints".to_owned(),
        chrome,
    })
}

/// The proof of an entry: for those whose office it is any entry's, for everybody one of their own.
async fn proven(desk: &Desk<act::LedgerProve>, index: u64) -> Result<LedgerProof, Problem> {
    let me = Me::at(desk).await?;
    // Asked by office, so that looking at one's own proof is not written down as a refusal.
    let proof = if me.is_any(&[Role::PrivacyOfficer, Role::SecurityOfficer, Role::Auditor]) {
        desk.ledger_prove(index).await
    } else {
        beside::<_, act::AccessList>(desk).entry_own_prove(index).await
    };
    Ok(proof?)
}

fn facts(line: &EntryLine) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: String| facts.push(Fact { name: name.to_owned(), value });
    fact("Purpose", line.purpose.as_str().to_owned());
    if let Some(bytes) = line.bytes_out {
        fact("Bytes that left", thousands(bytes));
    }
    if let Some(words) = &line.words {
        fact("Words", words.clone());
    }
    if line.resources.len() > 1 {
        fact("All of them", line.resources.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    }
    facts
}

async fn entry(desk: Desk<act::LedgerProve>, Path(index): Path<u64>) -> Answer {
    let (mut chrome, _) = frame(&desk, "/ledger").await?;
    let proof = proven(&desk, index).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "asked for this proof", proof.witnessed));
    page(&EntryPage {
        chrome,
        entry: row(custody, &proof.line),
        facts: facts(&proof.line),
        leaf: proof.leaf_hash.to_string(),
        path: proof.path.iter().map(ToString::to_string).collect(),
        checkpoint: proof.checkpoint,
        // Custody gives no proof that does not hold: it was computed again just now.
        verified: true,
        key: proof.key,
        download_href: format!("/ledger/entries/{index}/proof"),
    })
}

/// A text as a file to keep.
fn file(name: &str, text: String) -> Reply {
    let size = text.len() as u64;
    Reply::attachment(name, Some(size), one(text.into()))
}

fn one(bytes: Bytes) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
    futures_util::stream::once(async move { Ok(bytes) })
}

async fn proof(desk: Desk<act::LedgerProve>, Path(index): Path<u64>) -> Answer {
    let proof = proven(&desk, index).await?;
    Ok(file(&format!("entry-{index}.tlog-proof"), proof.text))
}

async fn checkpoints(desk: Desk<act::LedgerList>, Query(which): Query<Which>) -> Answer {
    let (mut chrome, _) = frame(&desk, "/ledger").await?;
    let found = desk.checkpoint_list(which.before).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "read this page", found.witnessed));
    let rows: Vec<CheckpointRow> = found
        .lines
        .into_iter()
        .map(|line| CheckpointRow {
            size: thousands(line.size),
            at: moment(custody, line.at),
            root: line.root,
            kept_by: if line.kept_outside { "the witness".to_owned() } else { String::new() },
            tone: if line.kept_outside { Tone::Good } else { Tone::Due },
        })
        .collect();
    let path = "/ledger/checkpoints";
    page(&CheckpointsPage {
        chrome,
        witness_state: witness_state(custody, found.witness),
        pager: (found.before.is_some() || which.before.is_some()).then(|| Pager {
            text: format!("{} shown, newest first", rows.len()),
            previous: which.before.map(|_| path.to_owned()),
            next: found.before.map(|next| format!("{path}?before={next}")),
            again: Vec::new(),
        }),
        rows,
        public_key: found.key,
    })
}

async fn export(desk: Desk<act::LedgerExport>) -> Answer {
    let export = desk.ledger_export().await.map_err(|error| after_touch(error, "/ledger"))?;
    let name = format!("ledger-{}.export", export.size);
    let bytes = futures_util::stream::unfold(export.bytes, |mut frames| async move {
        let next: Result<Bytes, CustodyError> = frames.recv().await?;
        Some((next, frames))
    });
    Ok(Reply::attachment(&name, None, bytes))
}

async fn public(ledger: PublicLedger, Path(rest): Path<String>) -> Answer {
    if rest == "checkpoint" {
        return Ok(Reply::text(ledger.checkpoint().await?));
    }
    match ledger.tile(&rest).await? {
        Some(bytes) => {
            let size = bytes.len() as u64;
            Ok(Reply::attachment("tile", Some(size), one(bytes.into())))
        }
        None => Err(ledger.not_here()),
    }
}

#[cfg(test)]
mod tests {
    use super::{About, Which};
    use record::{DocumentId, PersonId, ResourceId};

    #[test]
    fn a_number_is_an_entry_and_an_id_is_a_thing() {
        let document = DocumentId::from_bytes([7; 16]);
        assert_eq!(About::read(" 48,213 "), About::Entry(48_213));
        assert_eq!(About::read(&document.to_string()), About::Thing(ResourceId::DocumentId(document)));
        assert_eq!((About::read("  "), About::read("Tessa Marlowe")), (About::Nothing, About::Unknown));
        let person = PersonId::from_bytes([7; 16]);
        let which = Which { about: person.to_string(), ..Which::default() };
        assert_eq!((which.filter().person, which.filter().about), (Some(person), None));
    }

    #[test]
    fn an_address_repeats_nothing_that_was_not_understood() {
        let typed = Which {
            action: "document.read\"><script>".to_owned(),
            outcome: "refused".to_owned(),
            about: "Tessa Marlowe".to_owned(),
            customer: None,
            before: Some(9),
        };
        assert_eq!(typed.address(Some(3)), "/ledger?outcome=refused&before=3");
        assert_eq!(Which::default().address(None), "/ledger");
    }
}
