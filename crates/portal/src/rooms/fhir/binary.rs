//! Binary: the bytes of one version of a document, as they are or inside a resource.

use super::place;
use super::search::{Asked, Kind, Param, param};
use crate::door::about::{About, Content};
use crate::door::take::{Headers, Path};
use crate::door::{Answer, Locked, Problem, Reply};
use crate::rooms::file::{self, wanted};
use axum::http::Method;
use bytes::{Bytes, BytesMut};
use custody::fhir::{BinaryName, Logical};
use custody::{CustodyError, Desk, Download, Fetched, Wanted};
use data_encoding::BASE64;
use futures_util::Stream;
use record::act;
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// There is nothing to search: who has a document's address has that of its bytes.
const NONE: &[Param] = &[param("_format", Kind::Token, "JSON, for the bytes inside a resource.")];

pub(super) fn routes(locked: Locked) -> Locked {
    let about = About::stream("A version's bytes: as they are, or inside a resource for whoever accepts FHIR's JSON")
        .header("Accept", "What is read.", json!({"enum": ["*/*", "application/fhir+json"]}))
        .header("Range", "Some of the bytes as they are (RFC 9110).", json!({"type": "string"}))
        .header("If-None-Match", "Tags of what is there already.", json!({"type": "string"}))
        .answers(200, "All bytes.", Some(Content::any()))
        .with("ETag", "Names these very bytes.")
        .answers(206, "The bytes that were asked for.", Some(Content::any()))
        .answers(304, "What is there already is what is here.", None)
        .refuses(416, "No byte of the range is in the file.");
    locked.program_route(Method::GET, "/fhir/R4/Binary/{binary}", about, read)
}

/// Does whoever asks read resources, and not bytes (R4, 2.1.0.6).
fn wants_resource(headers: &Headers, asked: Asked) -> Result<bool, Problem> {
    let format = asked.names_format();
    asked.read(NONE)?;
    let accept = headers.get("accept").unwrap_or_default();
    // Plain JSON can be what the bytes themselves are.
    let named = |one: &str| {
        let mut parts = one.split(';').map(str::trim);
        parts.next() == Some("application/fhir+json") && !parts.any(|part| part == "q=0")
    };
    Ok(format || accept.split(',').any(named))
}

/// The resource's tag is another than that of the bytes: who has one of them does not have the other.
const OF_RESOURCE: &str = "-resource";

async fn read(
    desk: Desk<act::DocumentDownload>,
    Path(name): Path<BinaryName>,
    method: Method,
    headers: Headers,
    asked: Asked,
) -> Answer {
    let resource = wants_resource(&headers, asked)?;
    let place = place(&desk).await?;
    // A range is of the bytes themselves; a resource is told whole.
    let bytes = if resource { Wanted::Whole } else { wanted(&method, &headers) };
    let known = file::tags(&headers).into_iter().filter_map(|tag| match (resource, tag.strip_suffix(OF_RESOURCE)) {
        (true, Some(bytes)) => Some(bytes.to_owned()),
        (false, None) => Some(tag),
        // Whatever there is.
        _ => (tag == "*").then_some(tag),
    });
    let known: Vec<String> = known.collect();
    let ours = |tag: &str| if resource { format!("{tag}{OF_RESOURCE}") } else { tag.to_owned() };
    let file = match desk.document_fetch(name.document, Some(name.version), (bytes, &known)).await? {
        Fetched::Same { tag, witnessed } => {
            return Ok(Reply::not_modified().tag(&ours(&tag))?.varies().entry(witnessed.index));
        }
        Fetched::Bytes(file) => file,
    };
    let (tag, entry, media) = (file.tag.clone(), file.witnessed.index, file.media.clone());
    let reply = if resource {
        let head = json!({
            "resourceType": "Binary", "id": name.to_string(), "meta": place.meta(), "contentType": media,
            "securityContext": {"reference": format!("DocumentReference/{}", Logical(name.document))},
        });
        Reply::fhir_stream(inside(&head, file))
    } else {
        file::reply(file).media(&media)?
    };
    Ok(reply.tag(&ours(&tag))?.varies().entry(entry))
}

/// Where a resource stands that is written as its bytes come.
enum Stage {
    Head(String),
    Data,
    Over,
}

/// The resource with the bytes in base64, in constant memory. A cut is an error, so that nobody takes a part for the whole.
fn inside(head: &Value, file: Download) -> impl Stream<Item = Result<Bytes, CustodyError>> + Send + 'static {
    let mut head = head.to_string();
    // FHIR knows no empty element: of an empty file there is no data.
    let empty = file.size_bytes == 0;
    if !empty {
        head.truncate(head.len() - 1);
        head.push_str(",\"data\":\"");
    }
    let start = (Stage::Head(head), file.bytes, BytesMut::new());
    futures_util::stream::unfold(start, move |(stage, mut bytes, mut left)| async move {
        match stage {
            Stage::Head(head) => Some((Ok(Bytes::from(head)), (Stage::Data, bytes, left))),
            Stage::Data if empty => None,
            Stage::Data => match piece(&mut bytes, &mut left).await {
                Some(Ok(text)) => Some((Ok(text), (Stage::Data, bytes, left))),
                Some(Err(error)) => Some((Err(error), (Stage::Over, bytes, left))),
                None => {
                    let end = BASE64.encode(&left) + "\"}";
                    Some((Ok(Bytes::from(end)), (Stage::Over, bytes, left)))
                }
            },
            Stage::Over => None,
        }
    })
}

/// The next bytes in base64, in whole groups of three; what is left over waits for the next.
async fn piece(
    bytes: &mut mpsc::Receiver<Result<Bytes, CustodyError>>,
    left: &mut BytesMut,
) -> Option<Result<Bytes, CustodyError>> {
    loop {
        match bytes.recv().await? {
            Ok(more) => left.extend_from_slice(&more),
            Err(error) => return Some(Err(error)),
        }
        let whole = left.len() / 3 * 3;
        if whole > 0 {
            return Some(Ok(Bytes::from(BASE64.encode(&left.split_to(whole)))));
        }
    }
}
