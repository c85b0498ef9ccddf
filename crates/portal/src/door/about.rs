//! How a program's route is described: what it takes, what it answers, and each type once. The description that is served
//! (`OpenAPI` 3.1) is made from the same table as the routes, so that the two cannot differ.

use axum::http::Method;
use record::{Action, Right};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::locked::Kind;
use super::programs::speaks_fhir;

/// Types by their name, each described once.
pub(crate) type Schemas = BTreeMap<&'static str, Value>;

/// A type that stands in a request or an answer.
pub(crate) trait Described {
    /// May it be left out.
    const OPTIONAL: bool = false;
    /// What it looks like, as a JSON schema (2020-12).
    fn schema(schemas: &mut Schemas) -> Value;
}

/// `described! { /// words struct Name { /// words field: Type } }`: the type, how it is read and written, and its schema.
macro_rules! described {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $said:literal])+ $field:ident: $kind:ty,)* })*) => { $(
        $(#[doc = $doc])+
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct $name { $($(#[doc = $said])+ pub(crate) $field: $kind,)* }

        impl $crate::door::about::Described for $name {
            fn schema(schemas: &mut $crate::door::about::Schemas) -> serde_json::Value {
                use $crate::door::about::{Described, field};
                if !schemas.contains_key(stringify!($name)) {
                    // Named first, so that a type that holds itself would end.
                    schemas.insert(stringify!($name), serde_json::Value::Null);
                    let mut properties = serde_json::Map::new();
                    let mut required: Vec<&str> = Vec::new();
                    $(
                        let schema = field(<$kind as Described>::schema(schemas), concat!($($said),+));
                        properties.insert(stringify!($field).to_owned(), schema);
                        if !<$kind as Described>::OPTIONAL { required.push(stringify!($field)); }
                    )*
                    let words = concat!($($doc),+).trim();
                    let schema = serde_json::json!({
                        "type": "object", "description": words, "properties": properties, "required": required,
                        "additionalProperties": false,
                    });
                    schemas.insert(stringify!($name), schema);
                }
                serde_json::json!({ "$ref": concat!("#/components/schemas/", stringify!($name)) })
            }
        }
    )* };
}
pub(crate) use described;

/// A field's schema with its words.
pub(crate) fn field(schema: Value, words: &str) -> Value {
    let mut schema = schema;
    if let Some(object) = schema.as_object_mut() {
        object.insert("description".to_owned(), words.trim().into());
    }
    schema
}

impl Described for String {
    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "string"})
    }
}

impl Described for u32 {
    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "integer", "minimum": 0, "maximum": u32::MAX})
    }
}

impl Described for u64 {
    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "integer", "minimum": 0})
    }
}

impl Described for bool {
    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "boolean"})
    }
}

impl<T: Described> Described for Vec<T> {
    fn schema(schemas: &mut Schemas) -> Value {
        json!({"type": "array", "items": T::schema(schemas)})
    }
}

impl<T: Described> Described for Option<T> {
    const OPTIONAL: bool = true;
    fn schema(schemas: &mut Schemas) -> Value {
        json!({"anyOf": [T::schema(schemas), {"type": "null"}]})
    }
}

impl Described for record::civil::Day {
    fn schema(_: &mut Schemas) -> Value {
        json!({"type": "string", "format": "date"})
    }
}

macro_rules! ids {
    ($($id:ident)*) => { $(
        impl Described for record::$id {
            fn schema(_: &mut Schemas) -> Value { id(record::$id::PREFIX) }
        }
    )* };
}
ids!(DocumentId PatientId PersonId CustomerId AgreementId);

/// An id as FHIR writes it, without the end of the pattern.
pub(crate) fn fhir_id(prefix: &str) -> String {
    format!("^{prefix}-[0-7][0-9a-hjkmnp-tv-z]{{25}}")
}

fn id(prefix: &str) -> Value {
    // Crockford's base32: no i, l, o and u; 130 bits of letters hold 128.
    json!({"type": "string", "pattern": format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$")})
}

macro_rules! words {
    ($($kind:ty),*) => { $(
        impl Described for $kind {
            fn schema(_: &mut Schemas) -> Value {
                json!({"type": "string", "enum": <$kind>::ALL.iter().map(|word| word.as_str()).collect::<Vec<_>>()})
            }
        }
    )* };
}
words!(record::document::DocumentKind, record::document::DocumentState, record::Role);

/// A body of one kind.
#[derive(Clone, Copy)]
pub(crate) struct Content {
    kind: &'static str,
    schema: fn(&mut Schemas) -> Value,
}

impl Content {
    /// JSON of this type.
    pub(crate) const fn json<T: Described>() -> Self {
        Self { kind: "application/json", schema: T::schema }
    }
    /// Bytes as they are.
    pub(crate) const fn bytes() -> Self {
        Self { kind: "application/octet-stream", schema: |_| json!({}) }
    }
    /// Bytes, said to be what they are.
    pub(crate) const fn any() -> Self {
        Self { kind: "*/*", schema: |_| json!({}) }
    }
    /// A FHIR resource. Its definition is FHIR's; what is said here is only that it is one.
    pub(crate) const fn fhir() -> Self {
        Self { kind: FHIR, schema: resource }
    }
    /// A search that is posted, as FHIR posts it.
    pub(crate) const fn search() -> Self {
        Self { kind: "application/x-www-form-urlencoded", schema: |_| json!({"type": "object"}) }
    }
    const fn outcome() -> Self {
        Self { kind: FHIR, schema: outcome }
    }
    /// Plain text.
    pub(crate) const fn text() -> Self {
        Self { kind: "text/plain", schema: |_| json!({"type": "string"}) }
    }
    const fn problem() -> Self {
        Self { kind: "application/problem+json", schema: problem }
    }
}

const FHIR: &str = "application/fhir+json";

fn resource(schemas: &mut Schemas) -> Value {
    schemas.entry("Resource").or_insert_with(|| {
        json!({
            "type": "object", "description": "A resource of FHIR R4 (4.0.1).",
            "properties": {"resourceType": {"type": "string"}}, "required": ["resourceType"],
        })
    });
    json!({"$ref": "#/components/schemas/Resource"})
}

fn outcome(schemas: &mut Schemas) -> Value {
    schemas.entry("OperationOutcome").or_insert_with(|| {
        json!({
            "type": "object", "description": "Why a request was not done, as FHIR says it. It never repeats what was sent.",
            "properties": {"resourceType": {"const": "OperationOutcome"}, "issue": {"type": "array", "minItems": 1}},
            "required": ["resourceType", "issue"],
        })
    });
    json!({"$ref": "#/components/schemas/OperationOutcome"})
}

/// What every refusal says (RFC 9457).
fn problem(schemas: &mut Schemas) -> Value {
    let text = || json!({"type": "string"});
    schemas.entry("Problem").or_insert_with(|| {
        json!({
            "type": "object", "description": "Why a request was not done (RFC 9457). It never repeats what was sent.",
            "properties": {
                "type": text(), "title": text(), "status": {"type": "integer"}, "detail": text(),
                "fields": {"type": "array", "items": {
                    "type": "object", "properties": {"field": text(), "sentence": text()}, "required": ["field", "sentence"],
                }},
            },
            "required": ["type", "title", "status", "detail"],
        })
    });
    json!({"$ref": "#/components/schemas/Problem"})
}

/// Something that may be said in the query or a header.
#[derive(Clone)]
struct Param {
    place: &'static str,
    name: &'static str,
    words: &'static str,
    schema: Value,
    required: bool,
}

/// A header that an answer carries.
type Header = (&'static str, &'static str);
/// What an answer leads on to: the operation's name, its parameter, and where in the body that stands (RFC 6901).
type Link = (&'static str, &'static str, &'static str);

/// One answer.
#[derive(Clone)]
struct Said {
    status: u16,
    words: &'static str,
    content: Option<Content>,
    headers: Vec<Header>,
    links: Vec<Link>,
}

/// How a route is described.
#[derive(Clone)]
#[must_use]
pub(crate) struct About {
    pub(crate) kind: Kind,
    pub(crate) summary: &'static str,
    params: Vec<Param>,
    body: Option<Content>,
    answers: Vec<Said>,
    refusals: Vec<(u16, &'static str)>,
}

impl About {
    /// A route where JSON comes or goes.
    pub(crate) fn json(summary: &'static str) -> Self {
        Self { kind: Kind::Json, summary, params: Vec::new(), body: None, answers: Vec::new(), refusals: Vec::new() }
    }
    /// A route where bytes come or go.
    pub(crate) fn stream(summary: &'static str) -> Self {
        Self { kind: Kind::Stream, ..Self::json(summary) }
    }
    /// A search that is posted.
    pub(crate) fn form(summary: &'static str) -> Self {
        Self { kind: Kind::Form, ..Self::json(summary) }
    }
    /// It reads this from the query.
    pub(crate) fn query(self, name: &'static str, words: &'static str, schema: Value) -> Self {
        self.param("query", name, words, schema)
    }
    /// It reads this header.
    pub(crate) fn header(self, name: &'static str, words: &'static str, schema: Value) -> Self {
        self.param("header", name, words, schema)
    }
    fn param(mut self, place: &'static str, name: &'static str, words: &'static str, schema: Value) -> Self {
        self.params.push(Param { place, name, words, schema, required: false });
        self
    }
    /// The last one named must be there.
    pub(crate) fn required(mut self) -> Self {
        self.params.iter_mut().next_back().into_iter().for_each(|param| param.required = true);
        self
    }
    /// It reads this body.
    pub(crate) const fn body(mut self, body: Content) -> Self {
        self.body = Some(body);
        self
    }
    /// It answers so.
    pub(crate) fn answers(mut self, status: u16, words: &'static str, content: Option<Content>) -> Self {
        self.answers.push(Said { status, words, content, headers: Vec::new(), links: Vec::new() });
        self
    }
    /// The last answer named carries this header.
    pub(crate) fn with(mut self, name: &'static str, words: &'static str) -> Self {
        self.answers.iter_mut().next_back().into_iter().for_each(|answer| answer.headers.push((name, words)));
        self
    }
    /// The last answer named leads on to this.
    pub(crate) fn leads_to(mut self, link: Link) -> Self {
        self.answers.iter_mut().next_back().into_iter().for_each(|answer| answer.links.push(link));
        self
    }
    /// It may refuse so, beside what every route may.
    pub(crate) fn refuses(mut self, status: u16, words: &'static str) -> Self {
        self.refusals.push((status, words));
        self
    }
}

/// One route of the programs' part, as the table has it.
#[derive(Clone)]
pub struct ProgramRow {
    /// The method; GET stands for HEAD too.
    pub method: Method,
    /// The path with its parameters.
    pub path: &'static str,
    /// The act that its desk is for.
    pub action: Action,
    pub(crate) about: About,
}

impl std::fmt::Debug for ProgramRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({})", self.method, self.path, self.action)
    }
}

impl ProgramRow {
    /// Every status that the description allows.
    #[must_use]
    pub fn statuses(&self) -> Vec<u16> {
        let own = self.about.answers.iter().map(|one| one.status);
        let own = own.chain(self.about.refusals.iter().map(|(status, _)| *status));
        own.chain(ALWAYS.iter().map(|(status, _)| *status)).collect()
    }
}

/// What any route of the programs' part may answer.
const ALWAYS: &[(u16, &str)] = &[
    (400, "The request cannot be read."),
    (401, "No live token."),
    (404, "Not here, or not this program's to see or do. Nobody can tell which."),
    (429, "Too many requests; Retry-After says when."),
    (503, "Nothing was done; try again."),
];

/// The description of all of these routes.
pub(crate) fn openapi(rows: &[ProgramRow]) -> Value {
    let mut schemas = Schemas::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for row in rows {
        let operation = operation(row, &mut schemas);
        paths.entry(row.path).or_default().insert(row.method.as_str().to_ascii_lowercase(), operation);
    }
    let scopes: BTreeMap<&str, &str> = Right::ALL.iter().map(|right| (right.as_str(), right.label())).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Strongroom", "version": "1",
            "description": "For programs of a practice, over that practice's own records. Every answer is an act in the ledger; its entry's place stands in Strongroom-Entry.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A token from /oauth2/token, five minutes long."},
                "program": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/oauth2/token", "scopes": scopes}}},
            },
        },
    })
}

/// `getDocumentsDocContent`: from the method and the path, so that it is there once.
fn name(row: &ProgramRow) -> String {
    let words = row
        .path
        .trim_start_matches("/api/v1/")
        .trim_start_matches("/fhir/R4/")
        .split(|sign: char| !sign.is_ascii_alphanumeric());
    let mut name = row.method.as_str().to_ascii_lowercase();
    for word in words.filter(|word| !word.is_empty()) {
        name.push_str(&word[..1].to_ascii_uppercase());
        name.push_str(&word[1..]);
    }
    name
}

fn operation(row: &ProgramRow, schemas: &mut Schemas) -> Value {
    let in_path = row.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut params: Vec<Value> = in_path
        .map(|name| {
            let schema = match name {
                "version" => json!({"type": "integer", "minimum": 1, "maximum": 1_000_000}),
                "index" => json!({"type": "integer", "minimum": 0, "maximum": i64::MAX}),
                "binary" => json!({"type": "string", "pattern": format!("{}\\.[1-9][0-9]{{0,8}}$", fhir_id("doc"))}),
                id_of if speaks_fhir(row.path) => json!({"type": "string", "pattern": fhir_id(id_of) + "$"}),
                id_of => id(id_of),
            };
            json!({"in": "path", "name": name, "required": true, "schema": schema})
        })
        .collect();
    params.extend(row.about.params.iter().map(|one| {
        json!({"in": one.place, "name": one.name, "description": one.words, "required": one.required, "schema": one.schema})
    }));
    let mut answers = Map::new();
    let mut said = |status: u16, words: &str, content: Option<Content>, (headers, links): (&[Header], &[Link])| {
        let mut answer = json!({"description": words});
        if let Some(content) = content {
            answer["content"] = json!({ content.kind: {"schema": (content.schema)(schemas)} });
        }
        for (name, words) in headers {
            answer["headers"][name] = json!({"description": words, "schema": {"type": "string"}});
        }
        for (operation, param, place) in links {
            let there = format!("$response.body#{place}");
            answer["links"][operation] = json!({"operationId": operation, "parameters": { *param: there }});
        }
        answers.insert(status.to_string(), answer);
    };
    let refusal = if speaks_fhir(row.path) { Content::outcome() } else { Content::problem() };
    for (status, words) in ALWAYS.iter().chain(&row.about.refusals) {
        said(*status, words, Some(refusal), (&[], &[]));
    }
    for one in &row.about.answers {
        said(one.status, one.words, one.content, (&one.headers, &one.links));
    }
    let right = Right::of(row.action).map_or("", Right::as_str);
    let mut operation = json!({
        "operationId": name(row), "summary": row.about.summary, "parameters": params, "responses": answers,
        "security": [{"token": []}, {"program": [right]}],
    });
    if let Some(body) = row.about.body {
        operation["requestBody"] =
            json!({"required": true, "content": { body.kind: {"schema": (body.schema)(schemas)} }});
    }
    operation
}
