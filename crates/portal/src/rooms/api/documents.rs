//! Documents, their bytes and their text.

use super::said::{self, DocumentMade, DocumentPage, DocumentSheet, Version};
use crate::door::about::{About, Content, Described as _, Schemas};
use crate::door::take::{Headers, Path, Path2, Query, RawBody};
use crate::door::{Answer, Locked, Problem, Reply};
use crate::rooms::file::{tags, wanted};
use axum::http::{Method, StatusCode};
use custody::{Desk, DocumentText, Feed, Fetched, NewUpload, UploadCut};
use futures_util::StreamExt as _;
use record::civil::Day;
use record::document::DocumentKind;
use record::{DocumentId, PatientId, PersonId, act};
use serde::Deserialize;
use serde_json::json;

/// Rows that are given when no number is asked for.
const LIMIT_USUAL: u32 = 50;

pub(super) fn routes(locked: Locked) -> Locked {
    let list = |summary| {
        About::json(summary)
            .query(
                "since",
                "Where to go on, as `next` said; from the beginning without it.",
                json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{75}$"}),
            )
            .query("limit", "At most so many.", json!({"type": "integer", "minimum": 1, "maximum": 500}))
            .answers(200, "A page of documents.", Some(Content::json::<DocumentPage>()))
            .leads_to(("getDocumentsDoc", "doc", "/documents/0/id"))
            .leads_to(("getDocumentsDocContent", "doc", "/documents/0/id"))
            .leads_to(("getDocumentsDocText", "doc", "/documents/0/id"))
            .leads_to(("postDocumentsDocAcknowledgement", "doc", "/documents/0/id"))
            .refuses(422, "A field needs another look.")
    };
    let bytes = |summary| {
        About::stream(summary)
            .header("Range", "Some of the bytes (RFC 9110).", json!({"type": "string"}))
            .header("If-None-Match", "Tags of what is there already.", json!({"type": "string"}))
            .answers(200, "All bytes.", Some(Content::bytes()))
            .with("ETag", "Names these very bytes.")
            .answers(206, "The bytes that were asked for.", Some(Content::bytes()))
            .answers(304, "What is there already is what is here.", None)
            .refuses(416, "No byte of the range is in the file.")
    };
    let text = |summary| {
        About::json(summary)
            .answers(200, "The text.", Some(Content::text()))
            .refuses(409, "There is no text in this version; take its bytes.")
    };
    let sheet =
        About::json("One document with its versions").answers(200, "It.", Some(Content::json::<DocumentSheet>()));
    coming_in(locked)
        .program_route(
            Method::GET,
            "/api/v1/documents",
            list("Documents in the order in which they arrived"),
            documents,
        )
        .program_route(
            Method::GET,
            "/api/v1/deliveries",
            list("Documents that nobody has acknowledged yet"),
            deliveries,
        )
        .program_route(Method::GET, "/api/v1/documents/{doc}", sheet, document)
        .program_route(Method::GET, "/api/v1/documents/{doc}/content", bytes("The newest version's bytes"), content)
        .program_route(
            Method::GET,
            "/api/v1/documents/{doc}/versions/{version}/content",
            bytes("A version's bytes"),
            content_of,
        )
        .program_route(Method::GET, "/api/v1/documents/{doc}/text", text("The newest version's text"), text_newest)
        .program_route(
            Method::GET,
            "/api/v1/documents/{doc}/versions/{version}/text",
            text("A version's text"),
            text_of,
        )
}

/// What programs bring, and what they acknowledge.
fn coming_in(locked: Locked) -> Locked {
    let key = json!({"type": "string", "pattern": "^[!-~]{1,128}$"});
    let name = json!({"type": "string", "pattern": "^([A-Za-z0-9._~-]|%20){1,120}$"});
    let upload = About::stream("Bring a document in")
        .header("Idempotency-Key", "A word of the program's own; the same word is the same request.", key)
        .required()
        .header("X-File-Name", "What the file is called, percent-encoded UTF-8.", name)
        .required()
        .query("kind", "What it is.", DocumentKind::schema(&mut Schemas::new()))
        .query("author", "Who spoke it: a clinician of the practice.", PersonId::schema(&mut Schemas::new()))
        .query("patient", "About whom.", PatientId::schema(&mut Schemas::new()))
        .query("visit_date", "The day of the visit.", json!({"type": "string", "format": "date"}))
        .body(Content::bytes())
        .answers(201, "It is durable.", Some(Content::json::<DocumentMade>()))
        .with("Location", "Where the document is.")
        .leads_to(("getDocumentsDoc", "doc", "/id"))
        .leads_to(("getDocumentsDocText", "doc", "/id"))
        .refuses(409, "No agreement is in force, or the first request with this key is under way.")
        .refuses(413, "Larger than is taken.")
        .refuses(415, "Not bytes.")
        .refuses(422, "A field or the file needs another look, or the key was used for something else.");
    let acknowledge = About::json("Say that a document has arrived")
        .answers(204, "It is written down.", None)
        .refuses(409, "Somebody else has changed the document meanwhile.");
    locked.program_route(Method::POST, "/api/v1/documents", upload, bring).program_route(
        Method::POST,
        "/api/v1/documents/{doc}/acknowledgement",
        acknowledge,
        acknowledged,
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    since: Option<String>,
    limit: Option<u32>,
}

/// What is said of a file that comes in. Ids, words and a day; no name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Brought {
    kind: Option<DocumentKind>,
    author: Option<PersonId>,
    patient: Option<PatientId>,
    visit_date: Option<Day>,
}

async fn bring(
    desk: Desk<act::DocumentUpload>,
    Query(about): Query<Brought>,
    headers: Headers,
    body: RawBody,
) -> Answer {
    let key = headers.get("idempotency-key").unwrap_or_default();
    let name = headers.get("x-file-name").unwrap_or_default();
    let file_name = percent_encoding::percent_decode_str(name).decode_utf8().map_err(|_| Problem::Malformed)?;
    let new = NewUpload {
        file_name: file_name.into_owned(),
        kind: about.kind,
        author: about.author,
        patient: about.patient,
        visit: about.visit_date,
        ..NewUpload::default()
    };
    let bytes = body.map(|piece| piece.map_err(|_| UploadCut));
    let done = desk.document_upload_once(key, new, bytes).await?;
    let made = DocumentMade {
        id: done.id,
        version: done.version,
        state: done.state,
        has_text: done.readable,
        size_bytes: done.size_bytes,
        entry: done.entry,
    };
    let entry = done.again.map_or(done.entry, |again| again.index);
    let reply = Reply::json(&made)?.status(StatusCode::CREATED);
    Ok(reply.located(&format!("/api/v1/documents/{}", done.id))?.entry(entry))
}

async fn acknowledged(desk: Desk<act::DocumentPickUp>, Path(id): Path<DocumentId>) -> Answer {
    let witnessed = desk.document_pick_up(id).await?;
    Ok(Reply::nothing().entry(witnessed.index))
}

async fn documents(desk: Desk<act::DocumentList>, Query(asked): Query<Asked>) -> Answer {
    feed(&desk, asked, false).await
}

async fn deliveries(desk: Desk<act::DocumentList>, Query(asked): Query<Asked>) -> Answer {
    feed(&desk, asked, true).await
}

async fn feed(desk: &Desk<act::DocumentList>, asked: Asked, unacknowledged: bool) -> Answer {
    let Asked { since, limit } = asked;
    let fed = desk
        .document_feed(&Feed { since, limit: limit.unwrap_or(LIMIT_USUAL), unacknowledged, ..Feed::default() })
        .await?;
    let lines = &fed.lines;
    let page = DocumentPage {
        tag: said::tag(&lines.customer_name),
        documents: lines.lines.iter().map(|line| said::document(line, &lines.shown)).collect(),
        next: fed.next,
        more: fed.more,
    };
    Ok(Reply::json(&page)?.entry(lines.witnessed.index))
}

async fn document(desk: Desk<act::DocumentList>, Path(id): Path<DocumentId>) -> Answer {
    let sheet = desk.document_sheet(id).await?;
    let versions = sheet.versions.iter().map(|one| Version {
        version: one.version,
        media_type: one.media.clone(),
        size_bytes: one.size_bytes,
        file_name: one.file_name.show(&sheet.shown).clone(),
        made_by: one.made_by.clone(),
        made_at: one.made_at.to_string(),
        scanned: one.scanned,
        has_text: one.opaque.is_none(),
    });
    let told = DocumentSheet {
        tag: said::tag(&sheet.customer_name),
        document: said::document(&sheet.line, &sheet.shown),
        versions: versions.collect(),
    };
    Ok(Reply::json(&told)?.entry(sheet.witnessed.index))
}

async fn content(
    desk: Desk<act::DocumentDownload>,
    Path(id): Path<DocumentId>,
    method: Method,
    headers: Headers,
) -> Answer {
    fetch(&desk, (id, None), &method, &headers).await
}

async fn content_of(
    desk: Desk<act::DocumentDownload>,
    Path2(id, version): Path2<DocumentId, u32>,
    method: Method,
    headers: Headers,
) -> Answer {
    fetch(&desk, (id, Some(version)), &method, &headers).await
}

async fn fetch(
    desk: &Desk<act::DocumentDownload>,
    (id, version): (DocumentId, Option<u32>),
    method: &Method,
    headers: &Headers,
) -> Answer {
    let file = match desk.document_fetch(id, version, (wanted(method, headers), &tags(headers))).await? {
        Fetched::Same { tag, witnessed } => return Ok(Reply::not_modified().tag(&tag)?.entry(witnessed.index)),
        Fetched::Bytes(file) => file,
    };
    let (tag, entry) = (file.tag.clone(), file.witnessed.index);
    Ok(crate::rooms::file::reply(file).tag(&tag)?.entry(entry))
}

async fn text_newest(desk: Desk<act::DocumentRead>, Path(id): Path<DocumentId>) -> Answer {
    read(&desk, id, None).await
}

async fn text_of(desk: Desk<act::DocumentRead>, Path2(id, version): Path2<DocumentId, u32>) -> Answer {
    read(&desk, id, Some(version)).await
}

async fn read(desk: &Desk<act::DocumentRead>, id: DocumentId, version: Option<u32>) -> Answer {
    let opened = desk.document_read(id, version).await?;
    match &opened.text {
        DocumentText::Text(text) => Ok(Reply::text(text.show(&opened.shown).clone()).entry(opened.witnessed.index)),
        DocumentText::Opaque(_) => Err(Problem::Conflict("There is no text in this version. Take its bytes.")),
    }
}
