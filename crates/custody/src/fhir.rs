//! What we hold, as FHIR R4 resources (4.0.1): one mapping, for programs and for whoever leaves with their records.
//!
//! What must always hold: a resource is made from what an act has opened, against the `Shown` that came with it, and holds
//! nothing beyond that; the label "PHI – Customer" is on every one that shows PHI; a reference leads to a thing of the same
//! customer. Which elements are filled, and from what: docs/FHIR.md.

mod audit;
mod document;
mod patient;

pub use audit::{actions_of, audit_event, outcomes_of};
pub(crate) use document::{Attached, Known, document_of};
pub use document::{DocumentTold, document_reference, kinds_of};
pub(crate) use patient::patient_of;
pub use patient::{patient, replaced_by};

use record::tag::Tag;
use serde_json::{Map, Value, json};
use std::fmt::Display;
use std::str::FromStr;

/// The version of FHIR that all of this is.
pub const FHIR_VERSION: &str = "4.0.1";

const LOINC: &str = "http://loinc.org";

/// Whose resources these are, and where they are.
#[derive(Debug, Clone)]
pub struct Place {
    /// The address of the FHIR endpoint, without a slash at its end.
    pub base: String,
    /// Who runs the house.
    pub operator: String,
    /// Whose.
    pub customer: String,
}

impl Place {
    /// The system of our own words of this kind.
    fn system(&self, kind: &str) -> String {
        format!("{}/CodeSystem/{kind}", self.base)
    }

    /// The system of our own ids.
    fn ids(&self) -> String {
        format!("{}/NamingSystem/id", self.base)
    }

    /// The label, where FHIR has labels.
    #[must_use]
    pub fn meta(&self) -> Value {
        let tag = Tag::Phi { customer: self.customer.clone() }.to_string();
        json!({"tag": [{"system": self.system("tag"), "code": "phi", "display": tag}]})
    }

    /// Something of ours that FHIR has no address for here: by its id, and by its name where that is known.
    fn known_as(&self, kind: &str, id: impl Display, name: &str) -> Value {
        json!({"type": kind, "identifier": {"system": self.ids(), "value": id.to_string()}, "display": name})
    }

    /// The customer.
    fn organization(&self) -> Value {
        json!({"type": "Organization", "display": self.customer})
    }
}

/// One of our ids as FHIR writes ids: there is no underscore in those (R4, 2.24.0.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logical<T>(pub T);

/// The text is no such id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such id")]
pub struct NoSuchId;

impl<T: Display> Display for Logical<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.to_string().replacen('_', "-", 1))
    }
}

impl<T: FromStr> FromStr for Logical<T> {
    type Err = NoSuchId;
    fn from_str(text: &str) -> Result<Self, NoSuchId> {
        if text.contains('_') {
            return Err(NoSuchId);
        }
        text.replacen('-', "_", 1).parse().map(Self).map_err(|_| NoSuchId)
    }
}

/// The bytes of one version, as a `Binary` is named: `doc-….2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BinaryName {
    /// Of which document.
    pub document: record::DocumentId,
    /// Which version.
    pub version: u32,
}

impl Display for BinaryName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", Logical(self.document), self.version)
    }
}

impl FromStr for BinaryName {
    type Err = NoSuchId;
    fn from_str(text: &str) -> Result<Self, NoSuchId> {
        let (document, version) = text.split_once('.').ok_or(NoSuchId)?;
        let number: u32 = version.parse().map_err(|_| NoSuchId)?;
        // One name for one thing: no sign, no leading zero.
        if number.to_string() != version {
            return Err(NoSuchId);
        }
        Ok(Self { document: document.parse::<Logical<_>>()?.0, version: number })
    }
}

/// A code with its system and, where it is given, its display.
fn coding(system: &str, code: &str, display: &str) -> Value {
    json!({"system": system, "code": code, "display": display})
}

fn concept(system: &str, code: &str, display: &str) -> Value {
    json!({"coding": [coding(system, code, display)]})
}

pub(crate) fn reference(kind: &str, id: impl Display) -> Value {
    json!({"reference": format!("{kind}/{id}"), "type": kind})
}

/// FHIR knows no empty texts, lists and objects, and no null: what is empty is left out.
fn without_empty(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::Array(items) => {
            let items: Vec<Value> = items.into_iter().filter_map(without_empty).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        Value::Object(fields) => {
            let fields: Map<String, Value> =
                fields.into_iter().filter_map(|(name, value)| Some((name, without_empty(value)?))).collect();
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        other => Some(other),
    }
}

/// The resource, with nothing empty in it.
#[must_use]
pub fn finished(resource: Value) -> Value {
    without_empty(resource).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::{BinaryName, Logical, finished};
    use record::DocumentId;
    use serde_json::json;

    #[test]
    fn ids_are_written_as_fhir_writes_ids_and_read_back() {
        let id = DocumentId::from_bytes([7; 16]);
        let text = Logical(id).to_string();
        assert!(text.starts_with("doc-") && !text.contains('_') && text.len() <= 64, "{text}");
        assert_eq!(text.parse(), Ok(Logical(id)));
        let name = BinaryName { document: id, version: 12 };
        assert_eq!(name.to_string().parse(), Ok(name));
        let patient = text.replace("doc", "pat");
        for wrong in [id.to_string().as_str(), "", "-", "doc-", &patient, &format!("{text} "), &format!("{text}.1")] {
            assert!(wrong.parse::<Logical<DocumentId>>().is_err(), "{wrong:?}");
        }
        for wrong in [
            ".1",
            "",
            "x.1",
            &text,
            &format!("{text}."),
            &format!("{text}.01"),
            &format!("{text}.+1"),
            &format!("{text}.-1"),
        ] {
            assert!(wrong.parse::<BinaryName>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn nothing_empty_is_left_in_a_resource() {
        let resource = json!({"a": null, "b": "", "c": [null, {"d": " "}], "e": {"f": [{}, "g"]}, "h": false, "i": 0});
        assert_eq!(finished(resource), json!({"e": {"f": ["g"]}, "h": false, "i": 0}));
    }
}
