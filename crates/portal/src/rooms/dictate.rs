//! A clinician's own page: a dictation or a letter, in their own name, on its way to be typed.

use super::forms::{beside, choice};
use super::frame::{frame, moment, page, size};
use super::search::day;
use super::upload::{name_of, take};
use crate::door::take::Parts;
use crate::door::{Answer, Locked, Opts};
use crate::pages::parts::Errors;
use crate::pages::upload::{DictatePage, SentRow, UploadedPage};
use axum::http::Method;
use custody::{CustodyError, Desk, NewUpload, PatientBody, SameBytes};
use record::act;

/// Of what was sent before, so many lines.
const SENT_MAX: usize = 10;

pub(super) fn routes(locked: Locked) -> Locked {
    locked.route(Method::GET, "/dictate", Opts::page("Dictate").menu(60), form).route(
        Method::POST,
        "/dictate",
        Opts::stream("Send dictations"),
        send,
    )
}

async fn form(desk: Desk<act::DocumentUpload>) -> Answer {
    let (chrome, _) = frame(&desk, "/dictate").await?;
    let custody = desk.house();
    let places = desk.upload_places().await?;
    let customers: Vec<_> = places.iter().map(|place| choice(&place.customer.to_string(), &place.name, "-")).collect();
    let sent = match beside::<_, act::DocumentStatus>(&desk).document_status(None).await {
        Ok((lines, _, _)) => lines,
        // Whoever sends nothing has nothing to see here.
        Err(CustodyError::Refused(_)) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let row = |line: &custody::StatusLine| SentRow {
        kind: line.kind.label().to_owned(),
        customer: line.customer_name.clone(),
        state: line.state,
        at: moment(custody, line.uploaded_at),
    };
    page(&DictatePage {
        chrome,
        closed: customers.is_empty().then(|| {
            "You are no clinician of a practice with an agreement in force. Ask your practice's manager.".to_owned()
        }),
        customers,
        sent: sent.iter().take(SENT_MAX).map(row).collect(),
        max_text: size(custody.settings().file_bytes_max),
        errors: Errors::none(),
    })
}

async fn send(desk: Desk<act::DocumentUpload>, mut parts: Parts) -> Answer {
    let (chrome, _) = frame(&desk, "/dictate").await?;
    let mut new = NewUpload { same: SameBytes::Ask, ..NewUpload::default() };
    let mut said = PatientBody::default();
    let mut visit: [String; 3] = Default::default();
    let mut results = Vec::new();
    while let Some(part) = parts.next().await? {
        match part.name().map(ToOwned::to_owned).as_deref() {
            Some("customer") => new.customer = part.text().await?.parse().ok(),
            Some("family") => said.last = part.text().await?,
            Some("given") => said.first = part.text().await?,
            Some("record_number") => said.record_number = part.text().await?,
            Some("visit_month") => visit[0] = part.text().await?,
            Some("visit_day") => visit[1] = part.text().await?,
            Some("visit_year") => visit[2] = part.text().await?,
            Some("file" | "files") => {
                let name = part.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    drop(part.text().await?);
                    continue;
                }
                let customer_name = name_of(&desk, new.customer).await?;
                let visit = day(&visit[0], &visit[1], &visit[2]);
                let upload = NewUpload { file_name: name, said: said.clone(), visit, ..new.clone() };
                results.push(take(&desk, upload, &customer_name, part).await?);
            }
            _ => drop(part.text().await?),
        }
    }
    let good = results.iter().filter(|result| result.href.is_some()).count();
    let said = format!("{good} of {} taken in", results.len());
    page(&UploadedPage { chrome, said, results, more_href: "/dictate".to_owned() })
}
