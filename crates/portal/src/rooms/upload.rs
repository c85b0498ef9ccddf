//! Uploading: one file as a raw body with progress, or many as a plain form without any script.

use super::forms::choice;
use super::frame::{frame, page, size};
use super::show::tag;
use crate::door::take::{Headers, Parts, Query, RawBody, is_utf8};
use crate::door::{Answer, Locked, Opts, Problem, Reply};
use crate::pages::parts::{Choice, Errors, Tone};
use crate::pages::upload::{UploadPage, UploadResult, UploadedPage};
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use custody::{CustodyError, Desk, HouseView, NewUpload, PatientBody, SameBytes, SameFile, UploadCut, Uploaded};
use futures_util::StreamExt as _;
use percent_encoding::percent_decode_str;
use record::civil::Day;
use record::document::DocumentKind;
use record::{CustomerId, DocumentId, PatientId, PersonId, act};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};

/// How file names are made unless somebody says otherwise, in the page's short words.
const TEMPLATE: &str = "{author}_{last}_{first}_{date}_{mrn}";

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/upload", Opts::page("Upload").menu(80), form)
        .route(Method::POST, "/upload", Opts::stream("Upload many"), many)
        .route(Method::POST, "/upload/file", Opts::stream("Upload one"), one)
}

/// What the form begins with: ids and fixed words.
#[derive(Clone, Copy, Default, Deserialize)]
struct Begin {
    /// The files are a new version of this document.
    #[serde(default)]
    version_of: Option<DocumentId>,
}

async fn form(desk: Desk<act::DocumentUpload>, Query(begin): Query<Begin>) -> Answer {
    let (chrome, _) = frame(&desk, "/upload").await?;
    let custody = desk.house();
    let places = desk.upload_places().await?;
    let customers: Vec<Choice> =
        places.iter().map(|place| choice(&place.customer.to_string(), &place.name, "-")).collect();
    let several = places.len() > 1;
    let mut authors = vec![choice("", "As the file says", "")];
    for place in &places {
        for (id, name) in &place.authors {
            let label = if several { format!("{name}, {}", place.name) } else { name.clone() };
            authors.push(choice(&id.to_string(), &label, ""));
        }
    }
    let mut kinds = vec![choice("", "By its content", "")];
    kinds.extend(DocumentKind::ALL.iter().map(|kind| choice(kind.as_str(), kind.label(), "")));
    let max_bytes = custody.settings().file_bytes_max;
    page(&UploadPage {
        chrome,
        closed: customers.is_empty().then(|| {
            "You are not assigned to a customer with an agreement in force. Ask the privacy officer.".to_owned()
        }),
        customers,
        kinds,
        authors,
        template: TEMPLATE.to_owned(),
        version_of: begin.version_of.map(|id| id.to_string()).unwrap_or_default(),
        same: same_choices(),
        max_bytes,
        max_text: size(max_bytes),
        errors: Errors::none(),
    })
}

fn same_choices() -> Vec<Choice> {
    vec![choice("", "Leave it out and tell me", ""), choice("keep", "Keep both", "")]
}

/// What is said of a file beside its bytes. Ids, fixed words and a template: no PHI in the address.
#[derive(Clone, Default, Deserialize)]
struct Said {
    #[serde(default)]
    customer: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    author: String,
    #[serde(default)]
    patient: String,
    #[serde(default)]
    template: String,
    #[serde(default)]
    version_of: String,
    /// `keep`: also what came in before.
    #[serde(default)]
    same: String,
}

impl Said {
    fn upload(&self, file_name: &str) -> NewUpload {
        NewUpload {
            customer: self.customer.parse::<CustomerId>().ok(),
            file_name: file_name.to_owned(),
            kind: self.kind.parse().ok(),
            author: self.author.parse::<PersonId>().ok(),
            patient: self.patient.parse::<PatientId>().ok(),
            visit: None,
            template: long_words(&self.template),
            said: PatientBody::default(),
            version_of: self.version_of.parse::<DocumentId>().ok(),
            same: if self.same == "keep" { SameBytes::Keep } else { SameBytes::Ask },
        }
    }
}

/// The page's short words for the parts of a file name, in the reader's own; the ending is no part of it here.
fn long_words(template: &str) -> String {
    if template.is_empty() {
        return String::new();
    }
    let long = [
        ("{last}", "{patient_last}"),
        ("{first}", "{patient_first}"),
        ("{mrn}", "{record_number}"),
        ("{date}", "{visit_date}"),
    ];
    let text = long.iter().fold(template.to_owned(), |text, (short, long)| text.replace(short, long));
    format!("{text}.{{ext}}")
}

/// What a script is told about one file.
#[derive(Serialize)]
struct Told {
    outcome: &'static str,
    tone: &'static str,
    message: String,
    href: String,
}

/// What a script is told about a file that came in before: what to ask, and which answers there are.
#[derive(Serialize)]
struct ToldSame {
    detail: String,
    same: SameOf,
}

#[derive(Serialize)]
struct SameOf {
    document: String,
    href: Option<String>,
    may_be_version: bool,
}

/// "This file came in on … as …, filed for …": with its names for those who might list it.
pub(super) fn came_before(custody: &HouseView, same: &SameFile) -> String {
    let when = custody.settings().time_of(same.uploaded_at);
    let stands = format!("{}, {}", same.kind.label(), same.state.label()).to_lowercase();
    let Some(names) = &same.names else {
        return format!("This file came in before, on {when} ({stands}). Nothing was kept.");
    };
    let name = names.file_name.show(&names.shown);
    let filed = match &names.patient {
        Some(patient) => format!("filed for {}", patient.show(&names.shown).name()),
        None => "not matched to a patient yet".to_owned(),
    };
    format!("This file came in on {when} as {name}, {filed} ({stands}). Nothing was kept.")
}

fn outcome(done: &Uploaded) -> (&'static str, Tone, String) {
    let scanned = if done.scanned { "" } else { " Not scanned for malware." };
    if done.matched {
        ("Matched", Tone::Good, format!("The patient was found by record number and name.{scanned}"))
    } else if done.state == record::document::DocumentState::Dictated {
        ("Waiting to be typed", Tone::Good, format!("A recording.{scanned}"))
    } else {
        ("Unmatched", Tone::Due, format!("A person must say whose it is.{scanned}"))
    }
}

async fn one(desk: Desk<act::DocumentUpload>, Query(said): Query<Said>, headers: Headers, body: RawBody) -> Answer {
    let name = headers.get("x-file-name").ok_or(Problem::Malformed)?;
    let name = percent_decode_str(name).decode_utf8().map_err(|_| Problem::Malformed)?.into_owned();
    let mut upload = said.upload(&name);
    // What was typed of the patient comes as a header, form-encoded: PHI stays out of the address.
    let fields = headers.get("x-fields").unwrap_or_default().as_bytes();
    if !is_utf8(fields) {
        return Err(Problem::Malformed);
    }
    for (field, value) in url::form_urlencoded::parse(fields) {
        match field.as_ref() {
            "family" => upload.said.last = value.into_owned(),
            "given" => upload.said.first = value.into_owned(),
            "record_number" => upload.said.record_number = value.into_owned(),
            "visit" | "visit_date" => upload.visit = Day::read(&value).ok(),
            _ => {}
        }
    }
    let broke = Arc::new(OnceLock::new());
    let seen = Arc::clone(&broke);
    let bytes = body.map(move |piece| {
        piece.map_err(|problem| {
            seen.get_or_init(|| problem);
            UploadCut
        })
    });
    let done = match desk.document_upload(upload, Box::pin(bytes)).await {
        Err(CustodyError::Same(same)) => {
            let of = SameOf {
                document: same.document.to_string(),
                href: same.names.as_ref().map(|_| format!("/documents/{}", same.document)),
                may_be_version: same.may_be_version,
            };
            let told = ToldSame { detail: came_before(desk.house(), &same), same: of };
            return Ok(Reply::json(&told)?.status(StatusCode::CONFLICT));
        }
        // Custody knows only that the body broke off; the door knows why.
        Err(CustodyError::File(say)) => {
            return Err(match broke.get() {
                Some(problem @ (Problem::TooLarge | Problem::TooSlow)) => problem.clone(),
                _ => CustodyError::File(say).into(),
            });
        }
        done => done?,
    };
    let (outcome, tone, message) = outcome(&done);
    let told = Told { outcome, tone: tone.class(), message, href: format!("/documents/{}", done.id) };
    Ok(Reply::json(&told)?.status(StatusCode::CREATED))
}

async fn many(desk: Desk<act::DocumentUpload>, mut parts: Parts) -> Answer {
    let (chrome, _) = frame(&desk, "/upload").await?;
    let mut said = Said::default();
    let mut results: Vec<UploadResult> = Vec::new();
    while let Some(part) = parts.next().await? {
        match part.name().map(ToOwned::to_owned).as_deref() {
            Some("customer") => said.customer = part.text().await?,
            Some("kind") => said.kind = part.text().await?,
            Some("author") => said.author = part.text().await?,
            Some("template") => said.template = part.text().await?,
            Some("version_of") => said.version_of = part.text().await?,
            Some("same") => said.same = part.text().await?,
            Some("file" | "files") => {
                let name = part.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    drop(part.text().await?);
                    continue;
                }
                let customer_name = name_of(&desk, said.customer.parse().ok()).await?;
                results.push(take(&desk, said.upload(&name), &customer_name, part).await?);
            }
            _ => drop(part.text().await?),
        }
    }
    let good = results.iter().filter(|result| result.href.is_some()).count();
    let said = format!("{good} of {} taken in", results.len());
    page(&UploadedPage { chrome, said, results, more_href: "/upload".to_owned() })
}

/// The practice's name for the tag; nothing is looked up that was not named.
pub(super) async fn name_of(desk: &Desk<act::DocumentUpload>, customer: Option<CustomerId>) -> Result<String, Problem> {
    match customer {
        Some(id) => Ok(desk.house().customer_name(id).await?),
        None => Ok(String::new()),
    }
}

/// One file of a plain form, and what became of it.
pub(super) async fn take(
    desk: &Desk<act::DocumentUpload>,
    upload: NewUpload,
    customer_name: &str,
    part: crate::door::take::Part,
) -> Result<UploadResult, Problem> {
    let bytes = futures_util::stream::unfold(part, |mut part| async move {
        match part.chunk().await {
            Ok(Some(piece)) => Some((Ok::<Bytes, UploadCut>(piece), part)),
            Ok(None) => None,
            Err(_) => Some((Err(UploadCut), part)),
        }
    });
    let name = upload.file_name.clone();
    let result = |outcome: &str, tone: Tone, message: String| UploadResult {
        name: name.clone(),
        size: String::new(),
        outcome: outcome.to_owned(),
        tone,
        message,
        href: None,
        tag: None,
        version_href: None,
    };
    match desk.document_upload(upload, Box::pin(bytes)).await {
        Ok(done) => {
            let (word, tone, message) = outcome(&done);
            Ok(UploadResult {
                size: size(done.size_bytes),
                href: Some(format!("/documents/{}", done.id)),
                tag: Some(tag(customer_name)),
                ..result(word, tone, message)
            })
        }
        Err(CustodyError::Same(same)) => Ok(UploadResult {
            // Its names are shown, so whose they are is too.
            tag: same.names.as_ref().map(|_| tag(customer_name)),
            version_href: same.may_be_version.then(|| format!("/upload?version_of={}", same.document)),
            ..result("Came in before", Tone::Due, came_before(desk.house(), &same))
        }),
        Err(CustodyError::File(why) | CustodyError::State(why)) => {
            Ok(result("Not taken", Tone::Danger, why.to_owned()))
        }
        Err(CustodyError::Input(fields)) => {
            let say = fields.first().map_or("Look at the form again", |one| one.say);
            Ok(result("Not taken", Tone::Danger, say.to_owned()))
        }
        Err(CustodyError::TooLarge { max_bytes }) => {
            Ok(result("Not taken", Tone::Danger, format!("Larger than {}", size(max_bytes))))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{TEMPLATE, long_words};

    #[test]
    fn the_page_s_words_for_file_names_are_those_that_are_read() {
        assert_eq!(long_words(TEMPLATE), "{author}_{patient_last}_{patient_first}_{visit_date}_{record_number}.{ext}");
        assert_eq!(long_words(""), "");
    }
}
