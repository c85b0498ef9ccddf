//! What values of a resource of FHIR say of each other: an identifier's type of its value, a unit of an age, a code of what was
//! observed, a reference of the name beside it.
//!
//! What must always hold: a value whose brothers come later has a meaning until then that is no less careful.
//!
//! What it refuses to know: how resources are written; JSON and XML tell of what they open, hold and close.

use super::fhir::{self, Kind};
use super::fhir_address::type_of;
use super::weave::{FieldId, Weaver};
use super::{Meaning, What, Who, years};

/// From a code's value up to the element `code`: the coding, and in JSON the list of them.
const CODE_LEVELS_MAX: usize = 4;
/// From an identifier's type up to the identifier.
const TYPE_LEVELS_MAX: usize = 5;
/// Numbers and units that are longer are none.
const WORD_BYTES_MAX: usize = 32;

/// An object, a list or an element that is open.
struct Level<'t> {
    kind: Kind,
    /// The name under which it stands.
    key: &'t str,
    /// The value of which a brother says what it is.
    value: Option<FieldId>,
    said: Option<What>,
    number: &'t str,
    units: [&'t str; 2],
    /// Is what is observed here an age.
    is_age: bool,
    /// The number of a quantity below, and what it is if it is an age.
    quantity: Option<(FieldId, Option<What>)>,
    /// The name beside a reference, and whose it is.
    display: Option<FieldId>,
    shown: Option<What>,
}

/// All that are open.
#[derive(Default)]
pub(super) struct Levels<'t>(Vec<Level<'t>>);

impl<'t> Levels<'t> {
    pub(super) fn open(&mut self, kind: Kind, key: &'t str) {
        let (value, said, quantity, display, shown) = (None, None, None, None, None);
        let (number, units, is_age) = ("", ["", ""], false);
        self.0.push(Level { kind, key, value, said, number, units, is_age, quantity, display, shown });
    }

    /// A value under a name, in the level that is so many below the top.
    pub(super) fn leaf(&mut self, below: usize, key: &str, raw: &'t str, field: Option<FieldId>) {
        let depth = self.0.len().saturating_sub(below);
        let Some(level) = depth.checked_sub(1).and_then(|top| self.0.get_mut(top)) else { return };
        let kind = level.kind;
        let word = raw.get(..raw.len().min(WORD_BYTES_MAX)).unwrap_or_default();
        match key {
            "value" if kind.has_brothers() => {
                level.value = field;
                level.number = word;
                return;
            }
            "unit" if kind.is_amount() => level.units[1] = word,
            "code" if kind.is_amount() => level.units[0] = word,
            "valueInteger" => level.quantity = field.map(|field| (field, Some(What::Age))),
            "display" if kind != Kind::Coding => level.display = field,
            "reference" | "type" if level.shown.is_none() => level.shown = shown_by(raw),
            _ => {}
        }
        if key == "code" && kind == Kind::Coding && years::is_age_code(raw) || key == "text" && is_age_word(raw) {
            self.observes_age(depth);
        }
        // The type of an identifier is a coding two or three levels below it.
        let near = depth.saturating_sub(TYPE_LEVELS_MAX);
        if let Some(level) = self.0[near..depth].iter_mut().rev().find(|level| level.kind.has_brothers())
            && let Some(what) = fhir::said_by(&level.kind, key, raw)
        {
            level.said = Some(what);
        }
    }

    /// The code that was read last is that of an age: so is what is observed where the code stands.
    fn observes_age(&mut self, depth: usize) {
        let near = depth.saturating_sub(CODE_LEVELS_MAX);
        let code = self.0[near..depth].iter().rposition(|level| level.key == "code");
        if let Some(level) = code.and_then(|far| (near + far).checked_sub(1)).and_then(|at| self.0.get_mut(at)) {
            level.is_age = true;
        }
    }

    /// The one that was opened last is closed.
    pub(super) fn close(&mut self, weaver: &mut Weaver<'_, '_>) {
        let Some(level) = self.0.pop() else { return };
        let who = level.kind.who();
        if let (Some(field), Some(what)) = (level.display, level.shown) {
            let who = if what == What::OrganizationName { Who::Organization } else { Who::Unknown };
            weaver.means(field, Meaning::of(what, who));
        }
        if let (true, Some((field, Some(what)))) = (level.is_age, level.quantity) {
            weaver.means(field, Meaning::of(what, who));
        }
        let Some(field) = level.value else { return };
        match level.kind {
            Kind::Age(who) => {
                // How old somebody was when something began says nothing of today's age, unless it is over 89.
                let told = age_of(&level).filter(|what| *what != What::Age || years::is_over_89(level.number));
                weaver.means(field, told.map_or(Meaning::FREE_TEXT, |what| Meaning::of(what, who)));
            }
            Kind::Quantity(_) => {
                let age = age_of(&level);
                if let Some(above) = self.0.last_mut() {
                    above.quantity = Some((field, age));
                }
            }
            _ => {
                if let Some(what) = level.said {
                    weaver.means(field, Meaning::of(what, who));
                }
            }
        }
    }
}

/// What kind of age a quantity is, by the code of its unit or the unit's name.
fn age_of(level: &Level<'_>) -> Option<What> {
    let mut units = level.units.iter().filter(|unit| !unit.is_empty()).peekable();
    if units.peek().is_none() {
        return years::age_of_unit(level.number, "");
    }
    units.find_map(|unit| years::age_of_unit(level.number, unit))
}

fn is_age_word(text: &str) -> bool {
    text.eq_ignore_ascii_case("age")
        || text.eq_ignore_ascii_case("current age")
        || text.eq_ignore_ascii_case("patient age")
}

/// Whose name stands beside a reference to this.
fn shown_by(reference: &str) -> Option<What> {
    match type_of(reference)? {
        "Patient" | "Practitioner" | "RelatedPerson" | "Person" | "PractitionerRole" => Some(What::FullName),
        "Organization" | "Location" => Some(What::OrganizationName),
        _ => None,
    }
}
