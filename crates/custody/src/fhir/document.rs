//! `DocumentReference`: what is known of a document, and where its bytes are.

use super::{BinaryName, LOINC, Logical, Place, coding, finished, reference};
use crate::{DocumentBody, DocumentLine, Shown};
use record::civil::Day;
use record::document::{Confidentiality, DocumentKind, DocumentState};
use record::{DocumentId, PatientId, Timestamp};
use serde_json::{Value, json};

const CATEGORY: &str = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category";
const CATEGORY_CODE: &str = "clinical-note";
const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
/// The largest that FHIR's `unsignedInt` holds.
const SIZE_MAX: u64 = i32::MAX as u64;

/// A document with one of its versions.
pub struct DocumentTold<'a> {
    /// What is known of it.
    pub line: &'a DocumentLine,
    /// Which version the bytes are of.
    pub version: u32,
    /// What the bytes are.
    pub media: &'a str,
    /// How many.
    pub size_bytes: u64,
    /// When they came in.
    pub made_at: Timestamp,
    /// What the uploader called them, where that was opened.
    pub file_name: Option<&'a str>,
}

/// What is known of a document, opened.
pub(crate) struct Known<'a> {
    pub(crate) id: DocumentId,
    pub(crate) kind: DocumentKind,
    pub(crate) state: DocumentState,
    pub(crate) confidentiality: Confidentiality,
    pub(crate) title: &'a str,
    pub(crate) visit: Option<Day>,
    pub(crate) patient: Option<PatientId>,
    /// By id and name.
    pub(crate) author: Option<(String, &'a str)>,
    pub(crate) uploaded_at: Timestamp,
    pub(crate) delivered_at: Option<Timestamp>,
    pub(crate) signed_at: Option<Timestamp>,
}

/// The bytes of one of its versions.
pub(crate) struct Attached<'a> {
    pub(crate) version: u32,
    pub(crate) media: &'a str,
    pub(crate) size_bytes: u64,
    pub(crate) made_at: Timestamp,
    pub(crate) file_name: Option<&'a str>,
    /// Where they are.
    pub(crate) url: String,
}

/// A document.
#[must_use]
pub fn document_reference(place: &Place, told: &DocumentTold<'_>, shown: &Shown) -> Value {
    let line = told.line;
    let DocumentBody { title, visit, .. } = line.body.show(shown);
    let known = Known {
        id: line.id,
        kind: line.kind,
        state: line.state,
        confidentiality: line.confidentiality,
        title,
        visit: *visit,
        patient: line.patient.as_ref().map(|(id, _)| *id),
        author: line.author.map(|id| (id.to_string(), line.author_name.as_str())),
        uploaded_at: line.uploaded_at,
        delivered_at: line.delivered_at,
        signed_at: line.signed_at,
    };
    let binary = BinaryName { document: line.id, version: told.version };
    let attached = Attached {
        version: told.version,
        media: told.media,
        size_bytes: told.size_bytes,
        made_at: told.made_at,
        file_name: told.file_name,
        url: format!("{}/Binary/{binary}", place.base),
    };
    document_of(place, &known, attached)
}

/// The same of what was opened before.
pub(crate) fn document_of(place: &Place, known: &Known<'_>, attached: Attached<'_>) -> Value {
    let visit = known.visit.map(|day| day.to_string());
    let arrived = known.signed_at.or(known.delivered_at).unwrap_or(known.uploaded_at);
    let mut meta = place.meta();
    meta["lastUpdated"] = arrived.to_string().into();
    finished(json!({
        "resourceType": "DocumentReference",
        "id": Logical(known.id).to_string(),
        "meta": meta,
        "identifier": [{"use": "usual", "system": place.ids(), "value": known.id.to_string()}],
        "status": if known.state == DocumentState::EnteredInError { "entered-in-error" } else { "current" },
        "docStatus": doc_status(known.state, attached.version),
        "type": {"coding": kind_codings(place, known.kind), "text": known.kind.label()},
        "category": [{"coding": [coding(CATEGORY, CATEGORY_CODE, "Clinical Note")]}],
        "subject": known.patient.map(|id| reference("Patient", Logical(id))),
        "date": known.delivered_at.unwrap_or(known.uploaded_at).to_string(),
        "author": [known.author.as_ref().map(|(id, name)| place.known_as("Practitioner", id, name))],
        "custodian": place.organization(),
        "description": known.title,
        "securityLabel": [{"coding": [confidentiality_coding(known.confidentiality)]}],
        "content": [{
            "attachment": {
                "contentType": attached.media,
                "url": attached.url,
                "size": (attached.size_bytes <= SIZE_MAX).then_some(attached.size_bytes),
                "title": attached.file_name,
                "creation": attached.made_at.to_string(),
            },
        }],
        "context": {"period": {"start": visit, "end": visit}},
    }))
}

/// Composition status: only its author's signature makes a document final.
const fn doc_status(state: DocumentState, version: u32) -> &'static str {
    match state {
        DocumentState::EnteredInError => "entered-in-error",
        DocumentState::Signed if version > 1 => "amended",
        DocumentState::Signed => "final",
        _ => "preliminary",
    }
}

/// HL7's code for who may see it (code system Confidentiality), so that whoever takes it over keeps it as it was kept.
fn confidentiality_coding(confidentiality: Confidentiality) -> Value {
    let (code, display) = match confidentiality {
        Confidentiality::Normal => ("N", "normal"),
        Confidentiality::Restricted => ("R", "restricted"),
        Confidentiality::VeryRestricted => ("V", "very restricted"),
    };
    coding(CONFIDENTIALITY, code, display)
}

/// Our own word, and LOINC's where it has one that says no more than we know.
fn kind_codings(place: &Place, kind: DocumentKind) -> Vec<Value> {
    let own = coding(&place.system("document-kind"), kind.as_str(), kind.label());
    let of_loinc = loinc(kind).map(|(code, display)| coding(LOINC, code, display));
    of_loinc.into_iter().chain([own]).collect()
}

const fn loinc(kind: DocumentKind) -> Option<(&'static str, &'static str)> {
    match kind {
        DocumentKind::Transcript => Some(("34109-9", "Note")),
        DocumentKind::Letter => Some(("51852-2", "Letter")),
        DocumentKind::Dictation | DocumentKind::Scan => None,
    }
}

/// The kinds that a search by type (`system|code`, or a code alone) asks for; all when it is a category that all have.
#[must_use]
pub fn kinds_of(place: &Place, system: Option<&str>, code: &str) -> Vec<DocumentKind> {
    let own = place.system("document-kind");
    let fits = |kind: &DocumentKind| {
        let ours = system.is_none_or(|system| system == own) && kind.as_str() == code;
        let theirs = system.is_none_or(|system| system == LOINC) && loinc(*kind).is_some_and(|(one, _)| one == code);
        let category = system.is_none_or(|system| system == CATEGORY) && code == CATEGORY_CODE;
        ours || theirs || category
    };
    DocumentKind::ALL.iter().copied().filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::{CATEGORY, kinds_of};
    use crate::fhir::Place;
    use record::document::DocumentKind;

    #[test]
    fn a_type_is_searched_by_our_word_or_by_loincs() {
        let place = Place { base: "https://x.example/fhir/R4".into(), operator: "O".into(), customer: "C".into() };
        let all = |system, code| kinds_of(&place, system, code);
        assert_eq!(all(None, "scan"), [DocumentKind::Scan]);
        assert_eq!(all(Some("http://loinc.org"), "51852-2"), [DocumentKind::Letter]);
        assert_eq!(all(Some("https://x.example/fhir/R4/CodeSystem/document-kind"), "letter"), [DocumentKind::Letter]);
        assert_eq!(all(Some(CATEGORY), "clinical-note"), DocumentKind::ALL);
        for (system, code) in
            [(Some("http://loinc.org"), "scan"), (Some("http://x"), "34109-9"), (None, ""), (None, "clinical")]
        {
            assert_eq!(all(system, code), [], "{system:?} {code}");
        }
    }
}
