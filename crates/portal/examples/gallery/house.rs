//! Ledger, alerts, gate, health, first day, help, problems.

use super::Shelf;
use super::made_up::*;
use super::pages::house::*;
use super::pages::ledger::*;
use super::pages::parts::*;
use super::pages::problem::ProblemPage;

fn entry(index: &str, principal: &str, action: &str, outcome: &str, tone: Tone, why: &str) -> EntryRow {
    EntryRow {
        href: s("/ledger/48213"),
        index: s(index),
        at: at(20, "14:03"),
        principal: s(principal),
        action: s(action),
        outcome: s(outcome),
        tone,
        customer: s(LAKESIDE),
        resources: s("doc_01kamadeup7q2m9x4t8w3z5r6n0"),
        why: s(why),
    }
}

fn kept() -> WitnessState {
    WitnessState { text: s("kept outside 4 minutes ago by witness.example"), tone: Tone::Good }
}

const CHECKPOINT: &str = "prairie.example/strongroom\n48220\nq1ZbTn3mQ0fYwVtqk1vK7cRj3Yx0uH1m5aXo2Wb9s8E=\n\n— prairie.example/strongroom mAdEuP0aB3x9…=\n";

/// Entries, proofs, checkpoints.
pub(crate) fn ledger(shelf: &mut Shelf) {
    let page = |rows: Vec<EntryRow>| LedgerPage {
        chrome: officer("Ledger"),
        size: s("48,220"),
        witness_state: if rows.is_empty() {
            WitnessState { text: s("nobody outside keeps our checkpoints"), tone: Tone::Danger }
        } else {
            kept()
        },
        actions: vec![chosen("", "All acts", ""), choice("document.read", "document.read")],
        outcomes: vec![chosen("", "All outcomes", ""), choice("refused", "refused")],
        about: String::new(),
        pager: if rows.is_empty() { None } else { pager("48,171–48,220 of 48,220") },
        rows,
        export_action: Some(s("/ledger/export")),
        checkpoints_href: s("/ledger/checkpoints"),
    };
    shelf.plain(
        "ledger",
        &page(vec![
            entry("48,220", "Ines Calloway", "ledger.list", "permitted", Tone::Plain, ""),
            entry("48,219", "strangers", "session.start", "refused", Tone::Danger, "17 in one minute"),
            entry("48,213", "Dr. Ada Okonkwo-Moss", "document.read", "permitted", Tone::Plain, ""),
            entry("48,212", "Gale Purdy", "document.print", "done", Tone::Plain, ""),
            entry("48,211", "R. Fenn, NP", "document.read", "refused", Tone::Danger, "not_in_care"),
            entry("48,210", "probe", "gate.walk", "noted", Tone::Plain, "74 routes locked"),
        ]),
    );
    shelf.plain("ledger-empty", &page(Vec::new()));
    let proof = |verified| EntryPage {
        chrome: officer("Ledger"),
        entry: entry("48,213", "Dr. Ada Okonkwo-Moss", "document.read", "permitted", Tone::Plain, ""),
        facts: vec![fact("Purpose", "treatment"), fact("Session", "ses_01kamadeup"), fact("Bytes that left", "4,118")],
        leaf: s("3f9a0c61b2d47e85a90c1f22d3e4b5a69788c0ffee0123456789abcdef012345"),
        path: (0..6).map(|n| format!("{n}b7e4a8d0356f1e2d3c4b5a697887766554433221100ffeeddccbbaa99889f2{n}")).collect(),
        checkpoint: s(CHECKPOINT),
        verified,
        key: s("prairie.example/strongroom+a1b2c3d4+AdEuPmAdEuPmAdEuPmAdEuPmAdEuPmAdEuPmAdEuPmA="),
        download_href: s("/ledger/48213/proof"),
    };
    shelf.plain("entry", &proof(true));
    shelf.plain("entry-broken", &proof(false));
    let row = |size: &str, kept_by: &str, tone| CheckpointRow {
        size: s(size),
        at: at(20, "14:05"),
        root: s("q1ZbTn3mQ0fYwVtqk1vK7cRj3Yx0uH1m5aXo2Wb9s8E="),
        kept_by: s(kept_by),
        tone,
    };
    let checkpoints = |rows: Vec<CheckpointRow>| CheckpointsPage {
        chrome: officer("Ledger"),
        witness_state: WitnessState { text: s("Kept outside 4 minutes ago by witness.example."), tone: Tone::Good },
        rows,
        public_key: s("prairie.example/strongroom+a1b2c3d4+AdEuPmAdEuPmAdEuPmAdEuPmAdEuPmAdEuPmAdEuPmA="),
        pager: None,
    };
    shelf.plain(
        "checkpoints",
        &checkpoints(vec![row("48,220", "", Tone::Due), row("48,213", "witness.example", Tone::Good)]),
    );
    shelf.plain("checkpoints-empty", &checkpoints(Vec::new()));
}

/// Alerts, gate, health, first day, help.
pub(crate) fn house(shelf: &mut Shelf) {
    let alert = |id: &str, text: &str, tone, contained: &str, closed: &str| AlertRow {
        id: s(id),
        at: at(20, "13:58"),
        text: s(text),
        tone,
        detector: s("outside probe"),
        contained: s(contained),
        entry: s("48,190"),
        href: s("/ledger/48190"),
        close_action: closed.is_empty().then(|| format!("/alerts/{id}/close")),
        closed: s(closed),
    };
    let alerts = |rows, problems: &[(&str, &str)]| AlertsPage {
        chrome: officer("Alerts"),
        tabs: vec![tab("Open", 2, true), tab("Closed", 31, false)],
        rows,
        empty: empty(
            "No open alerts.",
            "Detectors and the outside probe write here. Each alert is one sentence, and says what was done at once.",
            None,
        ),
        errors: errors(problems),
    };
    let some = || {
        vec![
            alert(
                "alr_1",
                "A stranger got an answer of an unknown body from GET /to-print.",
                Tone::Danger,
                "the route is shut",
                "",
            ),
            alert(
                "alr_2",
                "Gale Purdy opened 92 documents on Nov 16; on other days it is 20 to 40.",
                Tone::Due,
                "",
                "",
            ),
            alert(
                "alr_3",
                "The last backup is older than 26 hours.",
                Tone::Good,
                "",
                "Closed by Tom Reyes-Lund on Nov 19, 08:11: disk was full, backed up since.",
            ),
        ]
    };
    shelf.plain("alerts", &alerts(some(), &[]));
    shelf.plain("alerts-error", &alerts(some(), &[("word-alr_1", "Write a word before you close it")]));
    shelf.plain("alerts-empty", &alerts(Vec::new(), &[]));

    let gate = |shut, routes: Vec<ClosedRoute>, passed| GatePage {
        chrome: officer("Gate"),
        shut,
        reopen: (!routes.is_empty()).then(|| post("Open it again", "/gate/reopen")),
        routes,
        last_walk: s("74 routes, all locked"),
        last_walk_at: Some(at(20, "14:00")),
        passed,
        walk: Some(post("Walk now", "/gate/walk")),
    };
    let closed = || {
        vec![ClosedRoute {
            route: s("GET /to-print"),
            why: s("a body outside the constant set, status 200"),
            passed: true,
        }]
    };
    shelf.plain("gate", &gate(false, Vec::new(), true));
    shelf.plain("gate-route-shut", &gate(false, closed(), true));
    shelf.plain("gate-shut", &gate(true, closed(), false));
    let terminal = |asks, errors| TerminalPage { chrome: officer("Gate"), asks, errors };
    shelf.plain("terminal", &terminal(None, Errors::none()));
    let wrong = FieldError { field: s("code"), message: s("No command waits with this code.") };
    shelf.plain("terminal-wrong", &terminal(None, Errors(vec![wrong])));
    let asks =
        TerminalAsks { words: s("key rotate Lakeside Pediatrics"), since: at(20, "14:02"), code: s("K7QM-2RTA") };
    shelf.plain("terminal-asks", &terminal(Some(asks), Errors::none()));

    let check = |name: &str, tone, word: &str, value: &str, advice: &str, filled| HealthRow {
        name: s(name),
        value: s(value),
        tone,
        word: s(word),
        advice: s(advice),
        at: Some(at(20, "14:00")),
        filled,
    };
    let health = HealthPage {
        chrome: officer("Health"),
        said: s("One thing is late; everything else is well."),
        tone: Tone::Due,
        rows: vec![
            check(
                "Last restore drill",
                Tone::Due,
                "late",
                "Aug 2, 110 days ago",
                "Run strongroom restore into an empty folder.",
                None,
            ),
            check("Last backup", Tone::Good, "good", "today 02:10, verified", "", None),
            check("Disk", Tone::Good, "good", "412 GB of 1 TB", "", Some(41)),
            check("Outside probe", Tone::Good, "good", "74 routes, all locked", "", None),
            check("Witness", Tone::Good, "good", "kept outside 4 minutes ago", "", None),
            check("Root key", Tone::Good, "good", "on another volume than the data", "", None),
        ],
        facts: vec![
            fact("Version", "0.1.0"),
            fact("Database", "SQLite 3.51"),
            fact("Objects", "18,402"),
            fact("Up since", "Nov 2"),
        ],
        actions: vec![action("Back up now", How::Post, Weight::Primary, "")],
    };
    shelf.plain("health", &health);

    let step = |title: &str, text: &str, action: Option<Link>, done| FirstStep {
        title: s(title),
        text: s(text),
        action,
        done,
    };
    let day = FirstDayPage {
        chrome: officer("First day"),
        steps: vec![
            step("Make your two passkeys", "Two things that you carry apart.", None, true),
            step("Put the root key on another volume", "A stolen disk then opens nothing.", None, true),
            step(
                "Name a witness",
                "Checkpoints kept outside show a changed past.",
                Some(link("Choose a witness", "/health")),
                false,
            ),
            step(
                "Invite a second officer",
                "So that nobody confirms their own request.",
                Some(link("Invite an officer", "/staff/invite")),
                false,
            ),
            step(
                "Add the first customer",
                "And record its agreement: without one nothing can be uploaded.",
                Some(link("Add a customer", "/customers/new")),
                false,
            ),
            step("Try a restore", "A backup that was never restored is a hope.", None, false),
        ],
    };
    shelf.plain("first-day", &day);
    let ask = vec![
        fact("Access at Lakeside Pediatrics", "June Albright, +1 (555) 010-3344"),
        fact("Privacy officer", "Ines Calloway, +1 (555) 010-7790"),
    ];
    shelf.plain("help", &HelpPage { chrome: doctor(""), ask });
}

/// Error pages, for people and for strangers.
pub(crate) fn problems(shelf: &mut Shelf) {
    for (name, status) in [
        ("problem-400", 400),
        ("problem-401", 401),
        ("problem-404", 404),
        ("problem-409", 409),
        ("problem-413", 413),
        ("problem-421", 421),
        ("problem-429", 429),
        ("problem-500", 500),
        ("problem-503", 503),
    ] {
        shelf.plain(name, &ProblemPage::new(stranger(), status));
    }
    let mut inside = doctor("");
    inside.witness = None;
    shelf.plain("problem-404-inside", &ProblemPage::new(inside.clone(), 404));
    let mut page = ProblemPage::new(inside, 422);
    page.errors = errors(&[("born", "There is no February 30: look at the day")]);
    shelf.plain("problem-422", &page);
}
