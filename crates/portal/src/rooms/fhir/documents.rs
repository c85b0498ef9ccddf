//! `DocumentReference`, read and searched.

use super::search::{Asked, Kind, NoSuch, Param, Search, address, by_get, by_post, param};
use super::{Found, bundle, place};
use crate::door::about::{About, Content};
use crate::door::take::Path;
use crate::door::{Answer, Locked, Problem, Reply};
use axum::http::Method;
use custody::fhir::{DocumentTold, Logical, Place, document_reference, kinds_of};
use custody::{Desk, DocumentSheet, Feed};
use record::document::DocumentKind;
use record::{DocumentId, PatientId, act};
use serde_json::Value;

/// Rows of a page when no number is asked for; and the most.
const USUAL: u32 = 50;
const MOST: u32 = 500;

/// What documents are searched by.
pub(super) const PARAMS: &[Param] = &[
    param("_id", Kind::Id, "One document."),
    param("patient", Kind::Reference, "About whom."),
    param("subject", Kind::Reference, "The same."),
    param("category", Kind::Token, "All of ours are clinical notes."),
    param("type", Kind::Token, "What it is, in our words or LOINC's."),
    param("status", Kind::Token, "Everything that programs see is current."),
    param("date", Kind::Date, "When the practice got it."),
    param("_lastUpdated", Kind::Date, "When the practice got it, or its author signed."),
];

pub(super) fn routes(locked: Locked) -> Locked {
    let one = About::json("One document, as FHIR says it").answers(200, "It.", Some(Content::fhir()));
    let by_get = by_get("Documents, the earliest first", PARAMS).leads_to((
        "getDocumentReferenceDoc",
        "doc",
        "/entry/0/resource/id",
    ));
    locked
        .program_route(Method::GET, "/fhir/R4/DocumentReference", by_get, find)
        .program_route(Method::POST, "/fhir/R4/DocumentReference/_search", by_post("The same, posted"), find)
        .program_route(Method::GET, "/fhir/R4/DocumentReference/{doc}", one, read)
}

async fn read(desk: Desk<act::DocumentList>, Path(Logical(id)): Path<Logical<DocumentId>>) -> Answer {
    let place = place(&desk).await?;
    let sheet = desk.document_sheet(id).await?;
    let entry = sheet.witnessed.index;
    Ok(Reply::fhir(&of_sheet(&place, &sheet).ok_or(Problem::NotHere)?).entry(entry))
}

/// A document that was opened by itself, with what its file is called.
fn of_sheet(place: &Place, sheet: &DocumentSheet) -> Option<Value> {
    let newest = sheet.versions.first()?;
    let told = DocumentTold {
        line: &sheet.line,
        version: newest.version,
        media: &newest.media,
        size_bytes: newest.size_bytes,
        made_at: newest.made_at,
        file_name: Some(newest.file_name.show(&sheet.shown)),
    };
    Some(document_reference(place, &told, &sheet.shown))
}

/// What can be found, or nothing whatever is there.
enum Wanted {
    One(DocumentId),
    Page(Feed),
    Nothing,
}

fn wanted(search: &mut Search, place: &Place) -> Result<Wanted, Problem> {
    let id = search.id::<Logical<DocumentId>>("_id")?;
    let about = search.reference::<Logical<PatientId>>("patient", (&place.base, "Patient"))?;
    let about = match (about, search.reference("subject", (&place.base, "Patient"))?) {
        (Some(_), Some(_)) => return Err(Problem::NotSupported("Say the patient once.")),
        (one, other) => one.or(other),
    };
    let current = search.tokens("status")?.is_none_or(|all| all.iter().any(|(_, code)| code == "current"));
    let kinds = kinds(search, place)?;
    let (delivered, arrived) = (search.span("date")?, search.span("_lastUpdated")?);
    let feed = Feed {
        since: search.page.clone(),
        limit: search.limit(USUAL, MOST),
        unacknowledged: false,
        about: about.transpose().ok().flatten().map(|Logical(id)| id),
        kinds,
        arrived: (arrived.from, arrived.before),
        delivered: (delivered.from, delivered.before),
    };
    if let Some(id) = id {
        // By its id it is looked for alone: what else was asked would have to be told of something that was not opened.
        let alone = about.is_none() && feed.kinds.is_none() && feed.arrived == (None, None) && current;
        if !alone || feed.delivered != (None, None) {
            return Err(Problem::NotSupported("Search by _id alone."));
        }
        return Ok(id.map_or(Wanted::Nothing, |Logical(id)| Wanted::One(id)));
    }
    let nobody = about == Some(Err(NoSuch));
    Ok(if nobody || !current { Wanted::Nothing } else { Wanted::Page(feed) })
}

/// The kinds that both type and category leave; none named is all.
fn kinds(search: &mut Search, place: &Place) -> Result<Option<Vec<DocumentKind>>, Problem> {
    let mut left: Option<Vec<DocumentKind>> = None;
    for name in ["type", "category"] {
        let Some(tokens) = search.tokens(name)? else { continue };
        let fits: Vec<DocumentKind> =
            tokens.iter().flat_map(|(system, code)| kinds_of(place, system.as_deref(), code)).collect();
        let before = left.unwrap_or_else(|| DocumentKind::ALL.to_vec());
        left = Some(before.into_iter().filter(|kind| fits.contains(kind)).collect());
    }
    Ok(left)
}

async fn find(desk: Desk<act::DocumentList>, asked: Asked) -> Answer {
    let place = place(&desk).await?;
    let own = address(&place.base, "DocumentReference", &asked, None);
    let mut search = asked.clone().read(PARAMS)?;
    // What nobody can find is looked for all the same: it is asked about and written down like everything else.
    let nothing = Feed { limit: 1, kinds: Some(Vec::new()), ..Feed::default() };
    let feed = match wanted(&mut search, &place)? {
        Wanted::Page(feed) => feed,
        Wanted::Nothing => nothing,
        Wanted::One(id) => match desk.document_sheet(id).await.map_err(Problem::from) {
            Ok(sheet) => {
                let found = Found { resources: of_sheet(&place, &sheet).into_iter().collect(), ..Found::default() };
                return Ok(Reply::fhir(&bundle(&place.base, &own, found)).entry(sheet.witnessed.index));
            }
            Err(Problem::NotHere) => nothing,
            Err(problem) => return Err(problem),
        },
    };
    let fed = desk.document_feed(&feed).await.map_err(place_is_page)?;
    let resources = fed.lines.lines.iter().filter_map(|line| {
        let newest = fed.newest.get(&line.id)?;
        let told = DocumentTold {
            line,
            version: newest.version,
            media: &newest.media,
            size_bytes: newest.size_bytes,
            made_at: newest.made_at,
            file_name: None,
        };
        Some(document_reference(&place, &told, &fed.lines.shown))
    });
    let found = Found {
        resources: resources.collect(),
        next: fed.rest.as_deref().map(|page| address(&place.base, "DocumentReference", &asked, Some(page))),
        cut: None,
    };
    Ok(Reply::fhir(&bundle(&place.base, &own, found)).entry(fed.lines.witnessed.index))
}

/// A place that was not given to this program: as FHIR has it, a page that is not there.
pub(super) fn place_is_page(error: custody::CustodyError) -> Problem {
    match Problem::from(error) {
        Problem::Invalid(fields) if fields.iter().any(|one| one.field == "since") => {
            Problem::NotSupported("Go on with the address that was given to this program as next.")
        }
        problem => problem,
    }
}
