//! Numbered requests of a privacy officer, and inside them who saw a patient within a year.

use super::forms::{Which, after_touch, again, beside, choice, errors_of};
use super::frame::{flash_of, frame, go, moment, page, thousands, witness};
use super::search::Typed;
use super::show::{born, done, patient_facts, tag};
use crate::door::take::{Fields, Form, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem, Reply};
use crate::pages::parts::{AccessRow, Empty, Errors, FieldError, Tone};
use crate::pages::requests::{FoundRow, RequestPage, RequestRow, RequestsPage, TracePage, TracedDocument};
use axum::http::Method;
use bytes::Bytes;
use custody::{CustodyError, Desk, HouseView, PatientLines, RequestLine, Trace, TraceDocument, TraceForm, TraceLine};
use record::{Action, Outcome, PatientId, RequestId, act};

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/requests", Opts::page("Requests").menu(95), list)
        .route(Method::POST, "/requests", Opts::form("Open a request"), open)
        .route(Method::GET, "/requests/{req}", Opts::page("Request"), show)
        .route(Method::POST, "/requests/{req}/patients", Opts::form("Find a patient inside a request"), find)
        .route(Method::POST, "/requests/{req}/close", Opts::form("Close a request"), close)
        .route(Method::GET, "/patients/{pat}/accesses", Opts::page("Who saw a patient"), trace)
        .route(Method::GET, "/patients/{pat}/accesses.csv", Opts::stream("Who saw a patient, as a table"), table)
}

fn row(custody: &HouseView, line: &RequestLine) -> RequestRow {
    RequestRow {
        href: format!("/requests/{}", line.id),
        number: line.number.clone(),
        reason: line.reason.clone(),
        who: line.who.clone(),
        customer: line.customer_name.clone(),
        from: moment(custody, line.from_at),
        until: moment(custody, line.to_at),
        open: line.open,
    }
}

async fn requests_page(
    desk: &Desk<act::RequestList>,
    fields: &Fields,
    errors: Errors,
) -> Result<RequestsPage, Problem> {
    let (mut chrome, _) = frame(desk, "/requests").await?;
    let (lines, witnessed) = desk.request_list().await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "opened this list", witnessed));
    let chosen = fields.one("customer").unwrap_or_default();
    let customers = beside::<_, act::CustomerList>(desk).customer_list().await?;
    let mut names: Vec<_> = customers.lines.iter().map(|line| (line.id.to_string(), line.name.clone())).collect();
    names.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(RequestsPage {
        chrome,
        customers: names.iter().map(|(id, name)| choice(id, name, chosen)).collect(),
        number: fields.one("number").unwrap_or_default().to_owned(),
        reason: fields.one("reason").unwrap_or_default().to_owned(),
        rows: lines.iter().map(|line| row(custody, line)).collect(),
        empty: Empty {
            title: "No request was opened yet".to_owned(),
            text: "What was asked, by whom and when stands here for six years, also after a request is over."
                .to_owned(),
            action: None,
        },
        errors,
    })
}

async fn list(desk: Desk<act::RequestList>, Query(which): Query<Which>) -> Answer {
    let mut shown = requests_page(&desk, &Fields::default(), Errors::none()).await?;
    shown.chrome.flash = flash_of(which.done.as_deref());
    page(&shown)
}

async fn open(desk: Desk<act::RequestOpen>, fields: Fields) -> Answer {
    let text = |name: &str| fields.one(name).unwrap_or_default();
    let opened = match text("customer").parse() {
        Ok(customer) => desk.request_open(customer, text("number"), text("reason")).await,
        Err(_) => Err(CustodyError::field("customer", "Choose the practice that it is about")),
    };
    match opened {
        Ok(id) => go(&format!("/requests/{id}")),
        Err(error) => {
            let problem = after_touch(error, "/requests");
            match errors_of(&problem) {
                Some(errors) => again(&requests_page(&beside(&desk), &fields, errors).await?),
                None => Err(problem),
            }
        }
    }
}

/// The page of a request: the search, and whom it found.
async fn request_page(
    desk: &Desk<act::RequestList>,
    id: RequestId,
    typed: &Typed,
    found: Option<&[PatientLines]>,
) -> Result<RequestPage, Problem> {
    let (mut chrome, _) = frame(desk, "/requests").await?;
    let (line, witnessed) = desk.request_show(id).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "opened this request", witnessed));
    let mut rows = Vec::new();
    for lines in found.unwrap_or_default() {
        chrome.witness = Some(witness(custody, "searched", lines.witnessed));
        for one in &lines.lines {
            let patient = one.patient.show(&lines.shown);
            rows.push(FoundRow {
                href: format!("/patients/{}/accesses", one.id),
                name: patient.name(),
                born: patient.born.map(record::civil::Day::us).unwrap_or_default(),
                record_number: patient.record_number.clone(),
                provisional: one.provisional,
            });
        }
    }
    let mut errors = Errors::none();
    if found.is_some() && rows.is_empty() {
        let message = "Nobody of this name was found; try the first three letters, or the record number".to_owned();
        errors.0.push(FieldError { field: "family".to_owned(), message });
    }
    Ok(RequestPage {
        tag: tag(&line.customer_name),
        request: row(custody, &line),
        may_look: line.own && line.open,
        family: typed.family.clone(),
        given: typed.given.clone(),
        record_number: typed.record_number.clone(),
        action: format!("/requests/{id}/patients"),
        close_action: format!("/requests/{id}/close"),
        rows,
        errors,
        chrome,
    })
}

async fn show(desk: Desk<act::RequestList>, Path(id): Path<RequestId>) -> Answer {
    page(&request_page(&desk, id, &Typed::default(), None).await?)
}

async fn find(desk: Desk<act::PatientSearch>, Path(id): Path<RequestId>, Form(typed): Form<Typed>) -> Answer {
    match desk.patient_search_requested(id, &typed.search()).await {
        Ok(found) => page(&request_page(&beside(&desk), id, &typed, Some(&found)).await?),
        Err(error) => {
            let problem = Problem::from(error);
            match errors_of(&problem) {
                Some(Errors(mut all)) => {
                    all.iter_mut().for_each(|one| "family".clone_into(&mut one.field));
                    let shown = request_page(&beside(&desk), id, &typed, None).await?;
                    again(&RequestPage { errors: Errors(all), ..shown })
                }
                None => Err(problem),
            }
        }
    }
}

async fn close(desk: Desk<act::RequestClose>, Path(id): Path<RequestId>) -> Answer {
    desk.request_close(id).await?;
    go("/requests?done=request-closed")
}

fn access_row(custody: &HouseView, trace: &Trace, about: &TraceLine) -> AccessRow {
    let document = about.document.and_then(|id| trace.documents.iter().find(|one| one.id == id));
    let line = &about.line;
    AccessRow {
        at: moment(custody, line.at),
        who: line.who.clone(),
        role: line.role.clone(),
        what: done(line.action).to_owned(),
        about: document.map(|one| title(trace, one)).unwrap_or_default(),
        identifier: String::new(),
        href: String::new(),
        tag: Some(tag(&trace.customer_name)),
        outcome: line.outcome.as_str().to_owned(),
        tone: if line.outcome == Outcome::Refused { Tone::Danger } else { Tone::Plain },
        entry: thousands(line.index),
        broken_glass: line.broken_glass,
    }
}

/// Kind and day of a document: by this an officer knows which one is meant, without a word of it.
fn title(trace: &Trace, document: &TraceDocument) -> String {
    let body = document.body.show(&trace.shown);
    match body.visit {
        Some(day) => format!("{}, visit {}", document.kind.label(), day.us()),
        None => document.kind.label().to_owned(),
    }
}

fn document_row(custody: &HouseView, trace: &Trace, patient: PatientId, one: &TraceDocument) -> TracedDocument {
    let may = |action: Action| one.may.contains(&action);
    let href = |yes: bool, last: &str| yes.then(|| format!("/documents/{}/{last}?from={patient}", one.id));
    TracedDocument {
        title: title(trace, one),
        file: one.body.show(&trace.shown).title.clone(),
        author: one.author_name.clone(),
        state: one.state,
        arrived: moment(custody, one.uploaded_at),
        withdraw_href: href(may(Action::DocumentWithdraw), "withdraw"),
        move_href: href(may(Action::DocumentMove), "move"),
        error_href: href(may(Action::DocumentEnterInError), "enter-in-error"),
    }
}

/// "12 openings by 4 people", counted.
fn said(trace: &Trace) -> String {
    let openings: Vec<_> = trace.lines.iter().filter(|line| is_seen(line)).collect();
    let mut people: Vec<&str> = openings.iter().map(|one| one.line.who.as_str()).collect();
    people.sort_unstable();
    people.dedup();
    let plural =
        |many: usize, one: &str, more: &str| if many == 1 { format!("1 {one}") } else { format!("{many} {more}") };
    format!(
        "{} by {} within a year",
        plural(openings.len(), "opening", "openings"),
        plural(people.len(), "person", "people")
    )
}

fn is_seen(line: &TraceLine) -> bool {
    line.is_opening() && line.line.outcome == Outcome::Permitted
}

async fn trace(desk: Desk<act::PatientTrace>, Path(id): Path<PatientId>, Query(which): Query<Which>) -> Answer {
    let (mut chrome, _) = frame(&desk, "/requests").await?;
    let trace = desk.patient_trace(id, TraceForm::Page).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "asked who saw her or him", trace.witnessed));
    chrome.flash = flash_of(which.done.as_deref());
    let patient = trace.patient.show(&trace.shown);
    let (seen, named): (Vec<_>, Vec<_>) = trace.lines.iter().partition(|line| is_seen(line));
    let rows = |lines: &[&TraceLine]| lines.iter().map(|line| access_row(custody, &trace, line)).collect::<Vec<_>>();
    page(&TracePage {
        tag: tag(&trace.customer_name),
        name: patient.name(),
        identifier: born(patient),
        facts: patient_facts(patient),
        request: trace.request.as_ref().map(|(_, number)| number.clone()).unwrap_or_default(),
        back: trace.request.as_ref().map_or_else(|| "/requests".to_owned(), |(id, _)| format!("/requests/{id}")),
        said: said(&trace),
        from: moment(custody, trace.from),
        more: trace.more,
        seen: rows(&seen),
        named: rows(&named),
        documents: trace.documents.iter().map(|one| document_row(custody, &trace, id, one)).collect(),
        csv_href: format!("/patients/{id}/accesses.csv"),
        chrome,
    })
}

async fn table(desk: Desk<act::PatientTrace>, Path(id): Path<PatientId>) -> Answer {
    let trace = desk.patient_trace(id, TraceForm::Table).await?;
    let text = csv(desk.house(), &trace);
    let length = text.len() as u64;
    let whole = futures_util::stream::iter([Ok::<Bytes, std::io::Error>(Bytes::from(text))]);
    // The name of the file is no name of a person.
    Ok(Reply::attachment(&format!("accesses-{id}.csv"), Some(length), whole))
}

/// RFC 4180. A field that a spreadsheet would take for a formula is made text by an apostrophe before it.
fn csv(custody: &HouseView, trace: &Trace) -> String {
    let patient = trace.patient.show(&trace.shown);
    let request = trace.request.as_ref().map(|(_, number)| number.as_str()).unwrap_or_default();
    let mut out = String::new();
    let mut line = |fields: &[&str]| {
        let quoted: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
        out.push_str(&quoted.join(","));
        out.push_str("\r\n");
    };
    line(&[&format!("PHI – {}", trace.customer_name), &patient.name(), &born(patient), request]);
    if trace.more {
        line(&["There is more than is in this table: ask for the ledger itself"]);
    }
    line(&["when", "who", "role", "what", "about", "outcome", "glass broken", "entry"]);
    for one in &trace.lines {
        let row = access_row(custody, trace, one);
        let glass = if row.broken_glass { "yes" } else { "" };
        line(&[
            &row.at.iso,
            &row.who,
            &row.role,
            &row.what,
            &row.about,
            &row.outcome,
            glass,
            &one.line.index.to_string(),
        ]);
    }
    out
}

fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_table_holds_no_formulas_and_no_torn_fields() {
        assert_eq!(quoted("O\"Neil, Ann"), "\"O\"\"Neil, Ann\"");
        for formula in ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1"] {
            assert!(quoted(formula).starts_with("\"'"), "{formula}");
        }
    }
}
