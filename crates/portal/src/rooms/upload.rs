//! Uploading: one file as a raw body with progress, or many as a plain form without any script.

use super::frame::{frame, page, size};
use super::show::tag;
use crate::door::take::{Headers, Parts, Query, RawBody, is_utf8};
use crate::door::{Answer, Locked, Opts, Problem, Reply};
use crate::pages::parts::{Choice, Errors, Tone};
use crate::pages::upload::{UploadPage, UploadResult, UploadedPage};
use axum::http::{Method, StatusCode};
use bytes::Bytes;
use custody::{CustodyError, Desk, NewUpload, PatientBody, UploadCut, Uploaded};
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

async fn form(desk: Desk<act::DocumentUpload>) -> Answer {
    let (chrome, _) = frame(&desk, "/upload").await?;
    let custody = desk.custody();
    let places = desk.upload_places().await?;
    let choice = |value: String, label: String| Choice { value, label, hint: String::new(), selected: false };
    let customers: Vec<Choice> =
        places.iter().map(|place| choice(place.customer.to_string(), place.name.clone())).collect();
    let several = places.len() > 1;
    let mut authors = vec![choice(String::new(), "As the file says".to_owned())];
    for place in &places {
        for (id, name) in &place.authors {
            let label = if several { format!("{name}, {}", place.name) } else { name.clone() };
            authors.push(choice(id.to_string(), label));
        }
    }
    let mut kinds = vec![choice(String::new(), "By its content".to_owned())];
    kinds.extend(DocumentKind::ALL.iter().map(|kind| choice(kind.as_str().to_owned(), kind.label().to_owned())));
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
        max_bytes,
        max_text: size(max_bytes),
        errors: Errors::none(),
    })
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
    let mut results = Vec::new();
    while let Some(part) = parts.next().await? {
        match part.name().map(ToOwned::to_owned).as_deref() {
            Some("customer") => said.customer = part.text().await?,
            Some("kind") => said.kind = part.text().await?,
            Some("author") => said.author = part.text().await?,
            Some("template") => said.template = part.text().await?,
            Some("file" | "files") => {
                let name = part.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    drop(part.text().await?);
                    continue;
                }
                results.push(take(&desk, &said, &name, part).await?);
            }
            _ => drop(part.text().await?),
        }
    }
    let good = results.iter().filter(|result| result.href.is_some()).count();
    let said = format!("{good} of {} taken in", results.len());
    page(&UploadedPage { chrome, said, results })
}

async fn take(
    desk: &Desk<act::DocumentUpload>,
    said: &Said,
    name: &str,
    part: crate::door::take::Part,
) -> Result<UploadResult, Problem> {
    let bytes = futures_util::stream::unfold(part, |mut part| async move {
        match part.chunk().await {
            Ok(Some(piece)) => Some((Ok::<Bytes, UploadCut>(piece), part)),
            Ok(None) => None,
            Err(_) => Some((Err(UploadCut), part)),
        }
    });
    let customer_name = match said.customer.parse::<CustomerId>() {
        Ok(id) => desk.custody().customer_name(id).await?,
        Err(_) => String::new(),
    };
    let result = |outcome: &str, tone: Tone, message: String| UploadResult {
        name: name.to_owned(),
        size: String::new(),
        outcome: outcome.to_owned(),
        tone,
        message,
        href: None,
        tag: None,
    };
    match desk.document_upload(said.upload(name), Box::pin(bytes)).await {
        Ok(done) => {
            let (word, tone, message) = outcome(&done);
            Ok(UploadResult {
                size: size(done.size_bytes),
                href: Some(format!("/documents/{}", done.id)),
                tag: Some(tag(&customer_name)),
                ..result(word, tone, message)
            })
        }
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
