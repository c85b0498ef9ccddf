//! Numbered requests, and who saw a patient.

use super::Shelf;
use super::made_up::*;
use super::pages::parts::*;
use super::pages::requests::*;
use record::document::DocumentState as S;

fn row(number: &str, reason: &str, open: bool) -> RequestRow {
    RequestRow {
        href: s("/requests/req_01kamadeup"),
        number: s(number),
        reason: s(reason),
        who: s("Ines Calloway"),
        customer: s(LAKESIDE),
        from: at(21, "10:02"),
        until: at(21, "18:02"),
        open,
    }
}

/// The list, one request, a patient's year.
pub(crate) fn requests(shelf: &mut Shelf) {
    let list = |rows: Vec<RequestRow>, problems: &[(&str, &str)]| RequestsPage {
        chrome: officer("Requests"),
        customers: vec![chosen("cus_1", LAKESIDE, ""), choice("cus_2", HARBOR)],
        number: String::new(),
        reason: String::new(),
        rows,
        empty: empty("No request was opened yet", "What was asked, by whom and when stands here for six years.", None),
        errors: errors(problems),
    };
    let rows = vec![
        row("R-2026-014", "The patient asks who has seen her record", true),
        row("R-2026-013", "The practice asks about a letter", false),
    ];
    shelf.plain("requests", &list(rows, &[]));
    shelf.plain("requests-empty", &list(Vec::new(), &[]));
    shelf.plain(
        "requests-error",
        &list(
            Vec::new(),
            &[("number", "Write the request's number, such as R-2026-014"), ("reason", "Write why, in a few words")],
        ),
    );
    let one = |rows: Vec<FoundRow>, open: bool, problems: &[(&str, &str)]| RequestPage {
        chrome: officer("Requests"),
        tag: tag(LAKESIDE),
        request: row("R-2026-014", "The patient asks who has seen her record", open),
        may_look: open,
        family: s("Marlow"),
        given: String::new(),
        record_number: String::new(),
        action: s("/requests/req_01kamadeup/patients"),
        close_action: s("/requests/req_01kamadeup/close"),
        rows,
        errors: errors(problems),
    };
    let found = |name: &str, born: &str, number: &str, provisional: bool| FoundRow {
        href: s("/patients/pat_01kamadeup/accesses"),
        name: s(name),
        born: s(born),
        record_number: s(number),
        provisional,
    };
    let marlows =
        vec![found("Marlow, Teresa", "09/03/2017", "41288", false), found("Marlowe, Tessa", "09/03/2017", "", true)];
    shelf.phi("request", &one(Vec::new(), true, &[]));
    shelf.phi("request-found", &one(marlows, true, &[]));
    shelf.phi("request-nobody", &one(Vec::new(), true, &[("family", "Nobody of this name was found")]));
    shelf.phi("request-over", &one(Vec::new(), false, &[]));
    let document = |title: &str, state: S, closed: bool| TracedDocument {
        title: s(title),
        file: s("Well child visit"),
        author: s("Dr. Ada Okonkwo-Moss"),
        state,
        arrived: at(19, "11:20"),
        withdraw_href: (!closed).then(|| s("/documents/doc_01kamadeup/withdraw?from=pat_01kamadeup")),
        move_href: closed.then(|| s("/documents/doc_01kamadeup/move?from=pat_01kamadeup")),
        error_href: closed.then(|| s("/documents/doc_01kamadeup/enter-in-error?from=pat_01kamadeup")),
    };
    let trace = |seen: Vec<AccessRow>, documents: Vec<TracedDocument>, more: bool| TracePage {
        chrome: officer("Requests"),
        tag: tag(LAKESIDE),
        name: s("Marlow, Teresa"),
        identifier: s("born 09/03/2017"),
        facts: vec![fact("Birth date", "09/03/2017"), fact("Record number", "41288")],
        request: s("R-2026-014"),
        back: s("/requests/req_01kamadeup"),
        said: s("3 openings by 2 people within a year"),
        from: at(20, "00:00"),
        more,
        named: seen.iter().take(1).cloned().collect(),
        seen,
        documents,
        csv_href: s("/patients/pat_01kamadeup/accesses.csv"),
    };
    let seen: Vec<AccessRow> = (0..3)
        .map(|number| {
            let glass = number == 1;
            let row = access(number, "Dr. Ada Okonkwo-Moss", "read", "permitted", Tone::Plain);
            AccessRow { about: s("Transcript, visit 11/19/2026"), href: String::new(), broken_glass: glass, ..row }
        })
        .collect();
    let documents = vec![
        document("Transcript, visit 11/19/2026", S::Delivered, false),
        document("Letter, visit 10/02/2026", S::Withdrawn, true),
    ];
    shelf.phi("trace", &trace(seen, documents, true));
    shelf.phi("trace-empty", &trace(Vec::new(), Vec::new(), false));
}
