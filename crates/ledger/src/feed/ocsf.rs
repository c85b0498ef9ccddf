//! Open Cybersecurity Schema Framework, version 1.5.0: API Activity, Authentication, Entity Management.

use super::Line;
use super::kinds::{self, Gravity, Kind};
use record::{Entry, Outcome, Principal, ResourceId, Resources};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The schema that the events keep to.
pub(super) const SCHEMA_VERSION: &str = "1.5.0";

/// Severity and its caption.
const fn severity(gravity: Gravity) -> (u8, &'static str) {
    match gravity {
        Gravity::Usual => (1, "Informational"),
        Gravity::Notable => (2, "Low"),
        Gravity::Grave => (3, "Medium"),
    }
}

/// `status_id` and its caption.
const fn status(outcome: Outcome) -> (u8, &'static str) {
    match outcome {
        Outcome::Permitted | Outcome::Done => (1, "Success"),
        Outcome::Refused | Outcome::Failed => (2, "Failure"),
        Outcome::Unknown => (0, "Unknown"),
        Outcome::Noted => (99, "noted"),
    }
}

fn user(principal: Principal) -> Value {
    match principal {
        Principal::Person(id) => json!({"uid": id, "type_id": 1, "type": "User"}),
        Principal::Program(id) => json!({"uid": id, "type_id": 3, "type": "System"}),
        Principal::Stranger => json!({"name": "stranger", "type_id": 0, "type": "Unknown"}),
    }
}

fn thing(id: &ResourceId) -> Value {
    json!({"uid": id.to_string(), "type": id.prefix()})
}

pub(super) fn event(line: &Line<'_>) -> impl Serialize + use<> {
    // What cannot be read is told as a reading of the ledger that nobody knows the end of.
    let kind = line.entry.as_ref().map_or(Kind::Api(kinds::Api::Read), |entry| kinds::kind(entry.action));
    let (category, class, activity, activity_name) = kind.numbers();
    let (severity_id, severity) = severity(kinds::gravity(line.entry.as_ref()));
    let mut event = Map::new();
    let mut set = |name: &str, value: Value| drop(event.insert(name.to_owned(), value));
    set("category_uid", json!(category));
    set("class_uid", json!(class));
    set("class_name", json!(kind.class()));
    set("activity_id", json!(activity));
    set("activity_name", json!(activity_name));
    set("type_uid", json!(class * 100 + activity));
    set("severity_id", json!(severity_id));
    set("severity", json!(severity));
    set("metadata", metadata(line));
    set("unmapped", unmapped(line));
    match &line.entry {
        Some(entry) => {
            of_entry(&mut event, entry);
            of_class(&mut event, kind, (line, entry));
        }
        None => {
            set("time", json!(0));
            set("status_id", json!(0));
            set("status", json!("Unknown"));
            set("status_detail", json!("unreadable"));
            set("actor", json!({"app_name": "strongroom"}));
            set("api", json!({"operation": "unreadable"}));
            set("src_endpoint", json!({"name": NO_ADDRESS}));
        }
    }
    event
}

/// The ledger holds no addresses of callers.
const NO_ADDRESS: &str = "not-recorded";

fn of_entry(event: &mut Map<String, Value>, entry: &Entry) {
    let (status_id, status) = status(entry.outcome);
    let mut set = |name: &str, value: Value| drop(event.insert(name.to_owned(), value));
    set("time", json!(entry.at.unix_millis()));
    set("status_id", json!(status_id));
    set("status", json!(status));
    set("status_code", json!(entry.outcome));
    if !entry.why.is_empty() {
        set("status_detail", json!(entry.why));
    }
}

/// What the class asks for.
fn of_class(event: &mut Map<String, Value>, kind: Kind, (line, entry): (&Line<'_>, &Entry)) {
    let mut set = |name: &str, value: Value| drop(event.insert(name.to_owned(), value));
    let mut actor = json!({"user": user(entry.principal)});
    if let Some(session) = entry.session {
        actor["session"] = json!({"uid": session});
    }
    set("actor", actor);
    let (_, listed) = line.resources();
    match kind {
        Kind::Api(_) => {
            set("api", json!({"operation": entry.action, "service": {"name": "strongroom"}}));
            set("src_endpoint", json!({"name": NO_ADDRESS}));
            if !listed.is_empty() {
                set("resources", listed.iter().map(thing).collect());
            }
        }
        Kind::Authentication(_) => {
            // Whose session it is: the one that is named, or whoever acts.
            let of_another = listed.iter().find(|id| matches!(id, ResourceId::PersonId(_)));
            let whose = of_another.map_or_else(|| user(entry.principal), |id| json!({"uid": id.to_string()}));
            set("user", whose);
            set("service", json!({"name": "strongroom"}));
            if let Some(session) = entry.session {
                set("session", json!({"uid": session}));
            }
        }
        Kind::Entity(_) => {
            let customer = entry.customer.map(ResourceId::from);
            let entity = listed
                .first()
                .or(customer.as_ref())
                .map_or_else(|| json!({"uid": line.feed.origin, "type": "house"}), thing);
            set("entity", entity);
        }
    }
}

fn metadata(line: &Line<'_>) -> Value {
    let mut metadata = json!({
        "version": SCHEMA_VERSION,
        "product": {"name": "Strongroom", "vendor_name": "Strongroom", "version": line.feed.version},
        "log_name": line.feed.origin,
        "log_version": kinds::TABLE_VERSION,
        "uid": line.leaf_hash,
        "sequence": line.index,
    });
    if let Some(entry) = &line.entry {
        metadata["correlation_uid"] = json!(entry.intent);
        metadata["event_code"] = json!(entry.action);
        if let Some(customer) = entry.customer {
            metadata["tenant_uid"] = json!(customer);
        }
    }
    metadata
}

/// What the schema has no place for: above all, what proves the line.
fn unmapped(line: &Line<'_>) -> Value {
    let (count, listed) = line.resources();
    let mut all = json!({
        "index": line.index,
        "leaf_hash": line.leaf_hash,
        "checkpoint": {"origin": line.feed.origin, "size": line.feed.head.size, "root": line.feed.head.root},
        "resources_count": count,
    });
    if let Some(entry) = &line.entry {
        all["purpose"] = json!(entry.purpose);
        all["bytes_out"] = json!(entry.bytes_out);
        // The other classes have no list of their own.
        all["resources"] = listed.iter().map(|id| json!(id.to_string())).collect();
        if let Resources::Counted { digest, .. } = &entry.resources {
            all["resources_digest"] = json!(digest);
        }
    }
    all
}
