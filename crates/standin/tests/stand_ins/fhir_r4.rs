//! Every FHIR resource held against HL7's own definitions of R4, as `tests/fhir/trim.py` keeps them (CC0): elements, how often
//! each, of which type, how primitives are written, codes of required value sets and of the systems that are known, and where
//! references may lead.
//!
//! What must always hold: damages are found, or the test of them fails.
//!
//! What it refuses to know: the definitions' rules in FHIRPath, which `tests/standin/check` looks at.

use crate::reading::{json, whole};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::OnceLock;

fn definitions() -> &'static Value {
    static R4: OnceLock<Value> = OnceLock::new();
    R4.get_or_init(|| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fhir/r4.json");
        serde_json::from_str(&std::fs::read_to_string(path).expect("the definitions are in the repository"))
            .expect("JSON")
    })
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn elements(definition: &str) -> &'static [Value] {
    definitions()["definitions"][definition]["elements"].as_array().map_or(&[], Vec::as_slice)
}

/// Everything that is wrong with one resource.
#[derive(Default)]
struct Judge {
    wrong: Vec<String>,
}

impl Judge {
    fn say(&mut self, path: &str, words: impl Into<String>) {
        self.wrong.push(format!("{path}: {}", words.into()));
    }

    fn resource(&mut self, resource: &Value) {
        let kind = text(resource, "resourceType");
        let Some(members) = resource.as_object().filter(|_| !elements(kind).is_empty()) else {
            return self.say(kind, "is no resource that is known");
        };
        let id = text(resource, "id");
        let fits = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '.';
        if id.is_empty() || id.len() > 64 || !id.chars().all(fits) {
            self.say(kind, "has no id, or one that is none");
        }
        let mut members = members.clone();
        members.remove("resourceType");
        self.object(&members, kind, kind);
    }

    /// `at` is the path of the element or type in the definitions.
    fn object(&mut self, members: &Map<String, Value>, at: &str, path: &str) {
        if members.is_empty() {
            return self.say(path, "is empty");
        }
        let mut left: BTreeSet<&str> = members.keys().map(String::as_str).collect();
        for child in elements(at.split('.').next().unwrap_or_default()) {
            let name = text(child, "path").strip_prefix(at).and_then(|rest| rest.strip_prefix('.'));
            let Some(name) = name.filter(|name| !name.contains('.')) else { continue };
            let mut there = 0;
            for (key, kind) in choices(name, child) {
                if let Some(value) = members.get(&key) {
                    left.remove(key.as_str());
                    there += 1;
                    self.element(value, child, kind, &format!("{path}.{key}"));
                }
            }
            if there > 1 {
                self.say(path, format!("{name} is there in two types"));
            }
            if there == 0 && child["min"].as_u64() > Some(0) {
                self.say(path, format!("{name} is missing"));
            }
        }
        for key in left {
            self.say(path, format!("{key} is no element"));
        }
    }

    fn element(&mut self, value: &Value, child: &Value, kind: &Value, path: &str) {
        let (most, least) = (text(child, "max"), child["min"].as_u64().unwrap_or(0));
        let is_many = most != "1";
        let Some(values) = value.as_array().filter(|_| is_many) else {
            if is_many || value.is_array() {
                return self.say(path, "is a list, or should be one");
            }
            return self.one(value, child, kind, path);
        };
        let count = values.len() as u64;
        if count < least.max(1) || most.parse().is_ok_and(|most: u64| count > most) {
            self.say(path, "is there too seldom or too often");
        }
        for value in values {
            self.one(value, child, kind, path);
        }
    }

    fn one(&mut self, value: &Value, child: &Value, kind: &Value, path: &str) {
        let code = text(kind, "code").rsplit('/').next().unwrap_or_default();
        let inside = match (child["same_as"].as_str(), code) {
            (Some(same), _) => Some(same),
            (None, "BackboneElement" | "Element") => Some(text(child, "path")),
            (None, _) if text(&definitions()["definitions"][code], "kind") == "complex-type" => Some(code),
            _ => None,
        };
        match (inside, value.as_object()) {
            (Some(at), Some(members)) => {
                self.object(members, at, path);
                self.link(value, kind, code, path);
            }
            (Some(_), None) => self.say(path, "is no object"),
            (None, _) if !is_written_as(code, value) => self.say(path, format!("{value} is not written as {code}")),
            (None, _) => {}
        }
        let allowed = child["codes"].as_str().and_then(|set| definitions()["codes"][set].as_array());
        if allowed.is_some_and(|allowed| value.is_string() && !allowed.contains(value)) {
            self.say(path, format!("{value} is not in {}", text(child, "codes")));
        }
    }

    /// What a reference and a coding say beyond their members.
    fn link(&mut self, value: &Value, kind: &Value, code: &str, path: &str) {
        if code == "Reference" {
            let to = text(value, "reference").split('/').next().unwrap_or_default();
            let targets = kind["targets"].as_array().map_or(&[][..], Vec::as_slice);
            if !targets.is_empty() && !targets.iter().any(|target| target == to || target == "Resource") {
                self.say(path, format!("{to} cannot stand here"));
            }
        }
        // Of LOINC only a few codes are kept there.
        let system = text(value, "system");
        if code == "Coding"
            && system != "http://loinc.org"
            && let Some(known) = definitions()["systems"][system].as_array()
            && !known.contains(&value["code"])
        {
            self.say(path, format!("{} is not in {system}", value["code"]));
        }
    }
}

/// `deceased[x]` is `deceasedBoolean` or `deceasedDateTime`.
fn choices<'a>(name: &str, child: &'a Value) -> Vec<(String, &'a Value)> {
    let kinds = child["types"].as_array().map_or(&[][..], Vec::as_slice);
    match name.strip_suffix("[x]") {
        None => vec![(name.to_owned(), kinds.first().unwrap_or(&Value::Null))],
        Some(stem) => kinds
            .iter()
            .map(|kind| {
                let code = text(kind, "code");
                (format!("{stem}{}{}", code[..1].to_uppercase(), &code[1..]), kind)
            })
            .collect(),
    }
}

/// Digits as in a pattern: `9` stands for one, anything else for itself.
fn is_like(text: &str, pattern: &str) -> bool {
    let fits = |(byte, mark): (u8, u8)| if mark == b'9' { byte.is_ascii_digit() } else { byte == mark };
    text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(fits)
}

/// How a primitive is written (FHIR R4, 2.24.0.1).
fn is_written_as(code: &str, value: &Value) -> bool {
    let said = value.as_str().unwrap_or_default();
    let is_day = |text: &str| is_like(text, "9999") || is_like(text, "9999-99") || is_like(text, "9999-99-99");
    let is_moment = |text: &str| {
        is_like(text, "9999-99-99T99:99:99Z")
            || is_like(text, "9999-99-99T99:99:99-99:99")
            || is_like(text, "9999-99-99T99:99:99+99:99")
    };
    match code {
        "boolean" => value.is_boolean(),
        "decimal" => value.is_number(),
        "integer" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        "unsignedInt" => value.as_u64().is_some_and(|number| i32::try_from(number).is_ok()),
        "positiveInt" => value.as_u64().is_some_and(|number| number > 0 && i32::try_from(number).is_ok()),
        "date" => is_day(said),
        "dateTime" => is_day(said) || is_moment(said),
        "instant" => is_moment(said),
        "time" => is_like(said, "99:99:99"),
        "code" => !said.is_empty() && said.trim() == said && !said.contains("  "),
        "uri" | "url" | "canonical" => !said.is_empty() && !said.contains(char::is_whitespace),
        "base64Binary" => {
            let whole = said.trim_end_matches('=');
            !said.is_empty()
                && said.len().is_multiple_of(4)
                && said.len() - whole.len() <= 2
                && whole.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/')
        }
        "string" | "markdown" | "id" | "String" => !said.is_empty(),
        _ => false,
    }
}

fn wrong(resource: &Value) -> Vec<String> {
    let mut judge = Judge::default();
    judge.resource(resource);
    judge.wrong
}

#[test]
fn every_resource_is_as_the_definitions_of_r4_want_it() {
    let mut kinds = BTreeSet::new();
    for (_, resource) in json(whole(), "/fhir/") {
        assert_eq!(wrong(&resource), Vec::<String>::new(), "{resource}");
        kinds.insert(text(&resource, "resourceType").to_owned());
    }
    assert_eq!(kinds.len(), 13, "{kinds:?}");
}

/// The kind of resource, and what is done to one of them.
type Damage = (&'static str, fn(&mut Value));

#[test]
fn damages_are_found() {
    let all = json(whole(), "/fhir/");
    let some =
        |kind: &str| all.iter().find(|(_, one)| text(one, "resourceType") == kind).expect("there is one").1.clone();
    let damages: [Damage; 14] = [
        ("Encounter", |one| drop(one.as_object_mut().expect("an object").remove("status"))),
        ("Encounter", |one| one["status"] = "done".into()),
        ("Encounter", |one| one["colour"] = "red".into()),
        ("Encounter", |one| one["period"]["start"] = "2024-01-01T10:00:00".into()),
        ("Encounter", |one| one["subject"]["reference"] = "Practitioner/pr-1".into()),
        ("Patient", |one| one["gender"] = "F".into()),
        ("Patient", |one| one["birthDate"] = "03/09/2017".into()),
        ("Patient", |one| one["id"] = "pt_1".into()),
        ("Patient", |one| one["name"] = one["name"][0].clone()),
        ("Patient", |one| one["name"][0]["given"] = Value::Array(Vec::new())),
        ("Observation", |one| one["valueString"] = "also a word".into()),
        ("Observation", |one| one["category"][0]["coding"][0]["code"] = "vitals".into()),
        ("Immunization", |one| one["primarySource"] = "yes".into()),
        ("Claim", |one| one["item"][0]["sequence"] = 0.into()),
    ];
    for (at, (kind, damage)) in damages.into_iter().enumerate() {
        let mut one = some(kind);
        damage(&mut one);
        assert_ne!(wrong(&one), Vec::<String>::new(), "damage {at} of {kind}");
    }
}
