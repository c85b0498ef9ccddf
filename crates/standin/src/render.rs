//! One stream of events, written down in every format that was asked for.
//!
//! What must always hold: formats add nothing and decide nothing; the same patient has the same name, birth date and
//! numbers in all of them, but for what dirt spoils in tables and messages.
//!
//! What it refuses to know: how families and charts come about.

mod ccda;
mod csv;
mod docx;
mod fhir;
mod hl7;
mod json;
mod pdf;
mod truth;

use crate::chart::{Patient, Scene};
use crate::dirt::Spoilt;
use crate::note::{Document, documents};
use crate::out::{Out, OutError, Sheaf};
use crate::plan::Format;

/// Writes formatted text onto a String, which takes everything.
macro_rules! put {
    ($out:expr, $($rest:tt)*) => {{
        use std::fmt::Write as _;
        write!($out, $($rest)*).expect("a String takes everything")
    }};
}
pub(crate) use put;

/// A patient and all that is written about them.
pub(crate) struct Folder<'a> {
    pub(crate) scene: Scene<'a>,
    pub(crate) patient: Patient,
    pub(crate) documents: Vec<Document>,
    pub(crate) spoilt: Spoilt,
}

impl<'a> Folder<'a> {
    pub(crate) fn of(scene: &Scene<'a>, patient: Patient) -> Self {
        let documents = documents(scene, &patient);
        let spoilt = Spoilt::roll(scene, &patient);
        Self { scene: *scene, patient, documents, spoilt }
    }
}

/// What a practice has once, whoever its patients are.
pub(crate) fn practice<O: Out>(scene: &Scene<'_>, sheaf: &mut Sheaf<'_, O>) {
    let formats = scene.plan.formats;
    if formats.has(Format::Csv) {
        csv::headers(sheaf);
    }
    if formats.has(Format::Fhir) {
        fhir::practice(scene, sheaf);
    }
    if formats.has(Format::Truth) {
        truth::practice(scene, sheaf);
    }
}

/// All formats of one household.
pub(crate) fn household<O: Out>(
    scene: &Scene<'_>,
    folders: &[Folder<'_>],
    sheaf: &mut Sheaf<'_, O>,
) -> Result<(), OutError> {
    let formats = scene.plan.formats;
    let mut buffer = String::with_capacity(64 << 10);
    for folder in folders {
        if formats.has(Format::Csv) {
            csv::patient(folder, sheaf);
        }
        if formats.has(Format::Hl7v2) {
            hl7::patient(folder, sheaf);
        }
        if formats.has(Format::Fhir) {
            fhir::patient(folder, sheaf, &mut buffer);
        }
        if formats.has(Format::Ccda) {
            buffer.clear();
            ccda::document(folder, &mut buffer);
            sheaf.file(&format!("ccda/{}.xml", folder.patient.stem), buffer.as_bytes())?;
        }
        for document in &folder.documents {
            paper(document, sheaf, formats)?;
        }
        if formats.has(Format::Truth) {
            truth::patient(folder, sheaf);
        }
    }
    if formats.has(Format::Truth) {
        truth::household(scene, folders, sheaf);
    }
    sheaf.settle()
}

/// One document as text, as a word processor's file and as pages.
fn paper<O: Out>(document: &Document, sheaf: &mut Sheaf<'_, O>, formats: crate::plan::Formats) -> Result<(), OutError> {
    let (id, text) = (&document.id, document.note.text.as_str());
    if formats.has(Format::Text) {
        sheaf.file(&format!("text/{id}.txt"), text.as_bytes())?;
    }
    if formats.has(Format::Docx) {
        sheaf.file(&format!("docx/{id}.docx"), &docx::file(text)?)?;
    }
    if formats.has(Format::Pdf) {
        sheaf.file(&format!("pdf/{id}.pdf"), &pdf::file(text))?;
    }
    Ok(())
}
