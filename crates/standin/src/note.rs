//! Documents: notes, letters, calls and dictations about one visit, with the place of every identifier in them.
//!
//! What must always hold: a span's bytes are the identifier, whole and nothing more; the same document is made
//! whatever formats are written.
//!
//! What it refuses to know: files and formats.

mod grammar;
mod papers;
mod slots;
mod styles;
mod voice;

use crate::calendar::Date;
use crate::chart::{Patient, Scene};
use crate::dice::Dice;
pub(crate) use styles::Style;
pub(crate) use voice::Note;

/// Names of kinds of identifiers, as `scan` prints them.
pub(crate) mod kind {
    pub(crate) const NAME: &str = "name";
    pub(crate) const DATE: &str = "date";
    pub(crate) const AGE: &str = "age";
    pub(crate) const PHONE: &str = "phone";
    pub(crate) const FAX: &str = "fax";
    pub(crate) const EMAIL: &str = "email";
    pub(crate) const SSN: &str = "ssn";
    pub(crate) const MRN: &str = "mrn";
    pub(crate) const HEALTH_PLAN: &str = "health_plan";
    pub(crate) const ACCOUNT: &str = "account";
    pub(crate) const LICENSE: &str = "license";
    pub(crate) const DEVICE: &str = "device";
    pub(crate) const URL: &str = "url";
    pub(crate) const ADDRESS: &str = "address";
    pub(crate) const PLACE: &str = "place";
    pub(crate) const ZIP: &str = "zip";
    pub(crate) const ORGANIZATION: &str = "organization";
}

/// One document.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) style: Style,
    pub(crate) date: Date,
    /// The visit it is about.
    pub(crate) visit: Option<usize>,
    /// Place among the practice's providers: the author.
    pub(crate) provider: usize,
    pub(crate) note: Note,
}

/// The documents about a patient.
pub(crate) fn documents(scene: &Scene<'_>, patient: &Patient) -> Vec<Document> {
    let dice = &mut Dice::of(scene.plan.seed, &[4, u64::from(scene.number), u64::from(patient.ordinal)]);
    let mut about: Vec<Option<usize>> = Vec::new();
    match scene.plan.documents_of(scene.number, patient.ordinal) {
        Some(count) => {
            let visits = patient.visits.len();
            // The newest visits first, then round again.
            about.extend((0..count as usize).map(|at| (visits > 0).then(|| visits - 1 - at % visits)));
        }
        None => {
            for (at, visit) in patient.visits.iter().enumerate() {
                let share = if visit.ailment.is_some() { 520 } else { 260 };
                if dice.chance(share) {
                    about.push(Some(at));
                }
            }
        }
    }
    let number = |(place, visit): (usize, Option<usize>)| document(scene, patient, dice, (place, visit));
    about.into_iter().enumerate().map(number).collect()
}

fn document(scene: &Scene<'_>, patient: &Patient, dice: &mut Dice, (place, visit): (usize, Option<usize>)) -> Document {
    let seen = visit.map(|at| &patient.visits[at]);
    let style = Style::roll(dice, seen, patient);
    let date = seen.map_or(patient.registered, |visit| visit.date);
    let provider = seen.map_or(patient.provider, |visit| visit.provider);
    let facts = slots::Facts::of(scene, patient, dice, (seen, provider, date));
    let note = styles::write(&facts, style, dice);
    Document { id: format!("d-{}-{:03}", patient.stem, place + 1), style, date, visit, provider, note }
}
