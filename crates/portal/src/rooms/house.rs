//! How the house is: alerts and how they are closed, the gate and how it is opened again, health.

use super::forms::{Which, after_touch, again, beside};
use super::frame::{flash_of, frame, go, moment, page, size, thousands, witness};
use super::handles::Handles;
use crate::door::gate::{Gate, ReopenError, Standing};
use crate::door::take::{Fields, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::house::{
    AlertRow, AlertsPage, ClosedRoute, FirstDayPage, FirstStep, GatePage, HealthPage, HealthRow,
};
use crate::pages::parts::{Empty, Errors, Fact, FieldError, How, Link, PageAction, PostLink, Tone, ViewTab, Weight};
use axum::http::Method;
use custody::{AlertLine, CustodyError, Desk, HouseView, Verdict};
use record::{AlertId, act};
use serde::Deserialize;

pub(super) fn routes(locked: Locked, handles: &Handles) -> Locked {
    let (shown, opened, walked) = (handles.gate.clone(), handles.gate.clone(), handles.gate.clone());
    locked
        .route(Method::GET, "/alerts", Opts::page("Alerts").menu(140), alerts)
        .route(Method::POST, "/alerts/{alr}/close", Opts::form("Close an alert"), close)
        .route(
            Method::GET,
            "/gate",
            Opts::page("Gate").menu(160),
            move |desk: Desk<act::AlertList>, Query(which): Query<Which>| {
                let gate = shown.clone();
                async move { gate_page(&desk, &gate, &which).await }
            },
        )
        .route(Method::POST, "/gate/reopen", Opts::form("Open the gate again"), move |desk: Desk<act::GateReopen>| {
            let gate = opened.clone();
            async move { reopen(&desk, &gate).await }
        })
        .route(Method::GET, "/health", Opts::page("Health").menu(170), health)
        .route(
            Method::POST,
            "/health/walk",
            Opts::form("Walk the outside probe now"),
            move |desk: Desk<act::HealthShow>| {
                let gate = walked.clone();
                async move { walk(&desk, &gate).await }
            },
        )
        .route(Method::GET, "/first-day", Opts::page("First day").menu(125), first_day)
}

/// Which alerts.
#[derive(Debug, Clone, Default, Deserialize)]
struct View {
    #[serde(default)]
    view: Option<String>,
    #[serde(default)]
    done: Option<String>,
}

/// The words of a detector, as people read them.
fn detector(kind: &str) -> String {
    kind.replace('_', " ")
}

fn row(custody: &HouseView, line: &AlertLine, may_close: bool) -> AlertRow {
    let closed = line
        .closed
        .as_ref()
        .map(|how| format!("Closed by {}, {}: {}", how.by, custody.settings().time_of(how.at), how.word));
    AlertRow {
        id: line.id.to_string(),
        at: moment(custody, line.at),
        text: line.sentence.clone(),
        tone: if closed.is_some() { Tone::Plain } else { Tone::Danger },
        detector: detector(&line.kind),
        contained: String::new(),
        entry: line.entry.map_or_else(|| "not yet written".to_owned(), thousands),
        href: line.entry.map(|index| format!("/ledger/entries/{index}")).unwrap_or_default(),
        close_action: (may_close && closed.is_none()).then(|| format!("/alerts/{}/close", line.id)),
        closed: closed.unwrap_or_default(),
    }
}

async fn alerts_page(desk: &Desk<act::AlertList>, view: &View, errors: Errors) -> Result<AlertsPage, Problem> {
    let (mut chrome, _) = frame(desk, "/alerts").await?;
    let found = desk.alert_list().await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "opened this list", found.witnessed));
    chrome.flash = flash_of(view.done.as_deref());
    let may_close = beside::<_, act::AlertClose>(desk).could(None).await?;
    let old = view.view.as_deref() == Some("closed");
    let open = found.lines.iter().filter(|line| line.closed.is_none()).count();
    let tab = |label: &str, href: &str, count: Option<usize>, current: bool| ViewTab {
        label: label.to_owned(),
        href: href.to_owned(),
        count: count.map(|many| u32::try_from(many).unwrap_or(u32::MAX)),
        current,
    };
    let shown = found.lines.iter().filter(|line| line.closed.is_some() == old);
    Ok(AlertsPage {
        chrome,
        tabs: vec![tab("Open", "/alerts", Some(open), !old), tab("Closed", "/alerts?view=closed", None, old)],
        rows: shown.map(|line| row(custody, line, may_close)).collect(),
        empty: Empty {
            title: if old { "No alert was closed yet" } else { "No open alerts" }.to_owned(),
            text: "What the detectors and the outside probe have to say appears here, each in one sentence.".to_owned(),
            action: None,
        },
        errors,
    })
}

async fn alerts(desk: Desk<act::AlertList>, Query(view): Query<View>) -> Answer {
    page(&alerts_page(&desk, &view, Errors::none()).await?)
}

async fn close(desk: Desk<act::AlertClose>, Path(id): Path<AlertId>, fields: Fields) -> Answer {
    let field = format!("word-{id}");
    match desk.alert_close(id, fields.one(&field).unwrap_or_default()).await {
        Ok(_) => go("/alerts?done=closed"),
        Err(CustodyError::Input(mistakes)) => {
            let error = |say: &str| FieldError { field: field.clone(), message: say.to_owned() };
            let errors = Errors(mistakes.iter().map(|one| error(one.say)).collect());
            again(&alerts_page(&beside(&desk), &View::default(), errors).await?)
        }
        Err(error) => Err(error.into()),
    }
}

async fn gate_page(desk: &Desk<act::AlertList>, gate: &Gate, which: &Which) -> Answer {
    let (mut chrome, _) = frame(desk, "/gate").await?;
    // What the probe said is among the alerts: whoever may read those may read this.
    let seen = desk.alert_list().await?.witnessed;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "looked at the gate", seen));
    chrome.flash = flash_of(which.done.as_deref());
    let closed = gate.closings();
    let shut = matches!(gate.standing(), Standing::Closed { .. });
    let may_open = beside::<_, act::GateReopen>(desk).could(None).await?;
    let last = custody.probe_last().await?;
    page(&GatePage {
        chrome,
        shut,
        reopen: (may_open && !closed.is_empty()).then(|| PostLink {
            label: "Open again what has passed".to_owned(),
            action: "/gate/reopen".to_owned(),
            hidden: Vec::new(),
        }),
        passed: closed.iter().any(|one| one.passed_since),
        routes: closed
            .into_iter()
            .map(|one| ClosedRoute {
                route: one.route.map_or_else(|| "the whole portal".to_owned(), |route| route.to_string()),
                why: one.why,
                passed: one.passed_since,
            })
            .collect(),
        last_walk: last.as_ref().map_or_else(|| "not kept yet".to_owned(), |walk| walk.sentence.clone()),
        last_walk_at: last.map(|walk| moment(custody, walk.at)),
        walk: None,
    })
}

async fn reopen(desk: &Desk<act::GateReopen>, gate: &Gate) -> Answer {
    if !desk.could(None).await? {
        // Asked all the same, so that the refusal is written down.
        desk.gate_reopen().await.map_err(|error| after_touch(error, "/gate"))?;
        return Err(Problem::NotHere);
    }
    // Looked at before the act, so that the ledger holds no reopening of what stays shut.
    let closed = gate.closings();
    let conflict = |error: ReopenError| match error {
        ReopenError::NothingClosed => Problem::Conflict("Nothing is shut."),
        ReopenError::NotPassed => Problem::Conflict("No walk has passed since. It can be opened when one has."),
    };
    if closed.is_empty() {
        return Err(conflict(ReopenError::NothingClosed));
    }
    if !closed.iter().any(|one| one.passed_since) {
        return Err(conflict(ReopenError::NotPassed));
    }
    desk.gate_reopen().await.map_err(|error| after_touch(error, "/gate"))?;
    gate.reopen().map_err(conflict)?;
    go("/gate?done=reopened")
}

const fn tone(verdict: Verdict) -> (Tone, &'static str) {
    match verdict {
        Verdict::Good => (Tone::Good, "good"),
        Verdict::Late => (Tone::Due, "see to it"),
        Verdict::Bad => (Tone::Danger, "wrong"),
    }
}

/// Whoever may see how the house is may have it looked at; the walk itself is a stranger's and opens nothing.
async fn walk(desk: &Desk<act::HealthShow>, gate: &Gate) -> Answer {
    desk.health().await?;
    gate.walk_ask();
    go("/health?done=walking")
}

async fn first_day(desk: Desk<act::StaffList>) -> Answer {
    let (mut chrome, _) = frame(&desk, "/first-day").await?;
    let day = desk.first_day().await?;
    chrome.witness = Some(witness(desk.house(), "opened this list", day.witnessed));
    let step = |done: bool, title: &str, text: &str, action: Option<(&str, &str)>| FirstStep {
        title: title.to_owned(),
        text: text.to_owned(),
        action: action.map(|(label, href)| Link { label: label.to_owned(), href: href.to_owned() }),
        done,
    };
    let steps = vec![
        step(
            day.second_passkey,
            "A second passkey for yourself",
            "On another device, so that a lost one does not lock you out.",
            Some(("Add a passkey", "/me/passkeys")),
        ),
        step(
            day.second_officer,
            "A second officer",
            "What has weight needs two people; nobody confirms their own.",
            Some(("Invite an officer", "/staff/invite")),
        ),
        step(
            day.witness,
            "A witness for the ledger",
            "Somebody outside keeps its checkpoints: a [witness] in the configuration, a command or a file elsewhere.",
            None,
        ),
        step(
            day.backup,
            "A backup, and where it lies",
            "strongroom backup, to another volume; the epoch escrow to a third place.",
            None,
        ),
        step(
            day.customer,
            "The first customer, with its agreement",
            "Without an agreement in force nothing is taken in.",
            Some(("Add a customer", "/customers/new")),
        ),
        step(
            day.manager,
            "Its manager",
            "From the customer's page; another officer confirms. The manager invites the doctors.",
            Some(("Choose the customer", "/customers")),
        ),
        step(
            day.staff,
            "Somebody who types",
            "A transcriptionist or an editor.",
            Some(("Invite staff", "/staff/invite")),
        ),
        step(
            day.assigned,
            "Who works for whom",
            "From the person's page: nobody sees a customer's work who is not assigned to it.",
            Some(("Choose somebody", "/staff")),
        ),
    ];
    page(&FirstDayPage { chrome, steps })
}

async fn health(desk: Desk<act::HealthShow>, Query(which): Query<Which>) -> Answer {
    let (mut chrome, _) = frame(&desk, "/health").await?;
    let found = desk.health().await?;
    let custody = desk.house();
    chrome.witness = found.witnessed.map(|seen| witness(custody, "opened this", seen));
    chrome.flash = flash_of(which.done.as_deref());
    let (all, _) = tone(found.verdict());
    let said = match found.verdict() {
        Verdict::Good => "Everything is as it should be.",
        Verdict::Late => "Something has to be seen to.",
        Verdict::Bad => "Something is wrong and has to be seen to now.",
    };
    let fact = |name: &str, value: String| Fact { name: name.to_owned(), value };
    page(&HealthPage {
        chrome,
        said: said.to_owned(),
        tone: all,
        rows: found
            .lines
            .iter()
            .map(|line| {
                let (tone, word) = tone(line.verdict);
                HealthRow {
                    name: line.name.to_owned(),
                    value: line.sentence.clone(),
                    tone,
                    word: word.to_owned(),
                    advice: line.advice.to_owned(),
                    at: line.at.map(|at| moment(custody, at)),
                    filled: line.filled_percent,
                }
            })
            .collect(),
        facts: vec![
            fact("Version", found.version.to_owned()),
            fact("Ledger", format!("{} entries", thousands(found.ledger_entries))),
            fact("Database", size(found.database_bytes)),
            fact("Open alerts", thousands(found.alerts_open)),
        ],
        actions: vec![PageAction {
            label: "Walk the outside probe now".to_owned(),
            href: "/health/walk".to_owned(),
            how: How::Post,
            weight: Weight::Secondary,
            icon: "",
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::{detector, tone};
    use crate::pages::parts::Tone;
    use custody::Verdict;

    #[test]
    fn kinds_and_verdicts_are_words_for_people() {
        assert_eq!(detector("witness_failed"), "witness failed");
        assert_eq!(tone(Verdict::Bad), (Tone::Danger, "wrong"));
    }
}
