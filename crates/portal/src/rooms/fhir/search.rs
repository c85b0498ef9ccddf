//! A search, as it was asked for: which parameters there are stands in one table for each type of resource, and from it come
//! what is read, what the statement of capabilities says and how the route is described.

use crate::door::Problem;
use crate::door::about::{About, Content, fhir_id};
use crate::door::take::{Call, Incoming, Take, is_utf8};
use record::Timestamp;
use serde_json::{Value, json};
use std::str::FromStr;

const UNKNOWN: &str = "One of the parameters, or how it is used, is not known here; /fhir/R4/metadata says which are. \
                       Names and record numbers are searched by POST to _search.";

/// How a parameter is written (R4, 3.1.1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Id,
    Reference,
    Token,
    Date,
    Text,
}

impl Kind {
    /// What FHIR calls it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Id | Self::Token => "token",
            Self::Reference => "reference",
            Self::Date => "date",
            Self::Text => "string",
        }
    }
}

/// A parameter that is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Param {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) words: &'static str,
}

pub(super) const fn param(name: &'static str, kind: Kind, words: &'static str) -> Param {
    Param { name, kind, words }
}

/// What stands in every search beside its own parameters: the format, which is JSON, how many, and where to go on.
const ALWAYS: [&str; 4] = ["_format", "_pretty", "_count", "_page"];

/// What was asked for: names and values, in their order, none of them looked at yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pairs: Vec<(String, String)>,
    /// So many of them stood in the address.
    in_address: usize,
}

impl Take for Asked {
    /// From the query, and from the form where one was posted.
    async fn take(call: &mut Call) -> Result<Self, Problem> {
        let query = call.uri.query().unwrap_or_default().as_bytes().to_vec();
        let form = match std::mem::replace(&mut call.body, Incoming::None) {
            Incoming::Form(bytes) => bytes.to_vec(),
            _ => Vec::new(),
        };
        if !is_utf8(&query) || !is_utf8(&form) {
            return Err(Problem::Malformed);
        }
        let mut pairs: Vec<_> = url::form_urlencoded::parse(&query).into_owned().collect();
        let in_address = pairs.len();
        pairs.extend(url::form_urlencoded::parse(&form).into_owned());
        Ok(Self { pairs, in_address })
    }
}

impl Asked {
    /// Nothing that says who or what is looked for stands in the address.
    pub(super) fn posted(self) -> Result<Self, Problem> {
        let said = self.pairs.iter().take(self.in_address).any(|(name, _)| !ALWAYS.contains(&name.as_str()));
        if said {
            Err(Problem::NotSupported("Say names and numbers in the body, not in the address."))
        } else {
            Ok(self)
        }
    }

    /// A format was named.
    pub(super) fn names_format(&self) -> bool {
        self.pairs.iter().any(|(name, _)| name == "_format")
    }

    /// Every parameter is known, and none of them says nothing.
    pub(super) fn read(self, known: &[Param]) -> Result<Search, Problem> {
        let mut search = Search { pairs: Vec::new(), limit: None, page: None };
        for (name, value) in self.pairs {
            if !known.iter().any(|param| param.name == name) && !ALWAYS.contains(&name.as_str()) || value.is_empty() {
                return Err(Problem::NotSupported(UNKNOWN));
            }
            search.pairs.push((name, value));
        }
        if let Some(format) = search.one("_format")? {
            let known = ["json", "application/json", "application/fhir+json"];
            if !known.contains(&format.as_str()) {
                return Err(Problem::NotSupported("Answers are JSON."));
            }
        }
        search.one("_pretty")?;
        search.page = search.one("_page")?;
        if let Some(count) = search.one("_count")? {
            search.limit = Some(count.parse().ok().filter(|many| *many > 0).ok_or(Problem::NotSupported(UNKNOWN))?);
        }
        Ok(search)
    }
}

/// A search whose parameters are all known.
#[derive(Debug, Clone, Default)]
pub(super) struct Search {
    pairs: Vec<(String, String)>,
    limit: Option<u32>,
    pub(super) page: Option<String>,
}

impl Search {
    /// How many are wanted: never more than `most`, however many were asked for.
    pub(super) fn limit(&self, usual: u32, most: u32) -> u32 {
        self.limit.unwrap_or(usual).clamp(1, most)
    }

    /// Its value, if it was said; twice would be "and", which is done for dates alone.
    pub(super) fn one(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let mut all = self.all(name);
        match (all.pop(), all.is_empty()) {
            (one, true) => Ok(one),
            (_, false) => Err(Problem::NotSupported(UNKNOWN)),
        }
    }

    fn all(&mut self, name: &str) -> Vec<String> {
        let (wanted, rest) = std::mem::take(&mut self.pairs).into_iter().partition(|(one, _)| one == name);
        self.pairs = rest;
        let wanted: Vec<(String, String)> = wanted;
        wanted.into_iter().map(|(_, value)| value).collect()
    }

    /// Its value, where one alone is looked for. FHIR writes "or" as a comma, which would be taken for a part of the value,
    /// and be answered as if there were nobody.
    pub(super) fn alone(&mut self, name: &str) -> Result<Option<String>, Problem> {
        match self.one(name)? {
            Some(text) if text.contains(',') => Err(Problem::NotSupported("Look for one at a time.")),
            one => Ok(one),
        }
    }

    /// One id of this type. What is no such id is nobody's.
    pub(super) fn id<T: FromStr>(&mut self, name: &str) -> Result<Option<Result<T, NoSuch>>, Problem> {
        Ok(self.alone(name)?.map(|text| text.parse().map_err(|_| NoSuch)))
    }

    /// A reference to something of ours: `Patient/pat-…`, the same below our address, or the id alone where it can be only
    /// of one type.
    pub(super) fn reference<T: FromStr>(
        &mut self,
        name: &str,
        (base, kind): (&str, &str),
    ) -> Result<Option<Result<T, NoSuch>>, Problem> {
        let Some(text) = self.alone(name)? else { return Ok(None) };
        let here = behind(&text, base).unwrap_or(&text);
        Ok(Some(behind(here, kind).unwrap_or(here).parse().map_err(|_| NoSuch)))
    }

    /// Tokens of which one must fit: `system|code,code`.
    pub(super) fn tokens(&mut self, name: &str) -> Result<Option<Vec<Token>>, Problem> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        let token = |one: &str| match one.split_once('|') {
            // A code without any system: ours all have one.
            Some(("", code)) => (Some(String::new()), code.to_owned()),
            Some((system, code)) => (Some(system.to_owned()), code.to_owned()),
            None => (None, one.to_owned()),
        };
        Ok(Some(text.split(',').map(token).collect()))
    }

    /// From when on and before when; both ends may be said.
    pub(super) fn span(&mut self, name: &str) -> Result<Span, Problem> {
        let mut span = Span::default();
        for text in self.all(name) {
            span = span.and(moment(&text).ok_or(Problem::NotSupported("A date is not written as FHIR writes dates."))?);
        }
        Ok(span)
    }
}

/// What stands behind a part of a reference and its slash.
pub(super) fn behind<'t>(text: &'t str, part: &str) -> Option<&'t str> {
    text.strip_prefix(part)?.strip_prefix('/')
}

/// A system, where one was said, and a code.
pub(super) type Token = (Option<String>, String);

/// What was named is nothing that could be here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoSuch;

/// From when on, and before when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub(super) from: Option<Timestamp>,
    pub(super) before: Option<Timestamp>,
}

impl Span {
    fn and(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            before: match (self.before, other.before) {
                (Some(one), Some(two)) => Some(one.min(two)),
                (one, two) => one.or(two),
            },
        }
    }
}

/// `ge2026-11-01`, `lt2026`, `2026-11-22T10:00:00Z`: a moment is as long as it was written precisely (R4, 3.1.1.4.8). What
/// has no zone is UTC.
fn moment(text: &str) -> Option<Span> {
    let (prefix, value) = match text.get(..2) {
        Some(prefix) if prefix.bytes().all(|byte| byte.is_ascii_lowercase()) => (prefix, text.get(2..)?),
        _ => ("eq", text),
    };
    let (first, behind) = length(value)?;
    let (first, behind) = (Some(first), Some(behind));
    Some(match prefix {
        "eq" => Span { from: first, before: behind },
        "ge" => Span { from: first, before: None },
        "gt" | "sa" => Span { from: behind, before: None },
        "le" => Span { from: None, before: behind },
        "lt" | "eb" => Span { from: None, before: first },
        _ => return None,
    })
}

/// The moment's first millisecond, and the first behind it.
fn length(value: &str) -> Option<(Timestamp, Timestamp)> {
    use jiff::ToSpan as _;
    use jiff::civil::Date;
    let at = |date: Date| {
        let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Timestamp::from_unix_millis(zoned.timestamp().as_millisecond()))
    };
    let number = |part: &str, digits: usize| {
        let fits = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| part.parse::<i16>().ok()).flatten()
    };
    if let Some((_, clock)) = value.split_once('T') {
        let zoned = clock.contains(['Z', '+', '-']);
        let text = if zoned { value.to_owned() } else { format!("{value}Z") };
        let minutes_only = clock.split(['Z', '+', '-']).next()?.matches(':').count() == 1;
        let first = Timestamp::from_unix_millis(text.parse::<jiff::Timestamp>().ok()?.as_millisecond());
        let long = if minutes_only {
            60_000
        } else if clock.contains('.') {
            1
        } else {
            1_000
        };
        return Some((first, first.plus_millis(long)));
    }
    let mut parts = value.splitn(3, '-');
    let year = number(parts.next()?, 4)?;
    let month = parts.next().map(|part| number(part, 2).and_then(|month| i8::try_from(month).ok()));
    let day = parts.next().map(|part| number(part, 2).and_then(|day| i8::try_from(day).ok()));
    let (first, long) = match (month, day) {
        (None, None) => (Date::new(year, 1, 1).ok()?, 1.year()),
        (Some(month), None) => (Date::new(year, month?, 1).ok()?, 1.month()),
        (Some(month), Some(day)) => (Date::new(year, month?, day?).ok()?, 1.day()),
        (None, Some(_)) => return None,
    };
    Some((at(first)?, at(first.checked_add(long).ok()?)?))
}

/// The address of this very search, or of what comes behind it: its words hold no name.
pub(super) fn address(base: &str, kind: &str, asked: &Asked, page: Option<&str>) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in asked.pairs.iter().filter(|(name, _)| page.is_none() || name != "_page") {
        query.append_pair(name, value);
    }
    if let Some(page) = page {
        query.append_pair("_page", page);
    }
    let query = query.finish();
    if query.is_empty() { format!("{base}/{kind}") } else { format!("{base}/{kind}?{query}") }
}

/// A search by GET, described.
pub(super) fn by_get(summary: &'static str, known: &[Param]) -> About {
    let described = known.iter().fold(About::json(summary), |about, one| about.query(one.name, one.words, schema(one)));
    let described = described
        .query("_count", "At most so many.", json!({"type": "integer", "minimum": 1, "maximum": 1000}))
        .query("_format", "JSON is all there is.", json!({"enum": ["json", "application/fhir+json"]}));
    answers(described)
}

/// The same by POST.
pub(super) fn by_post(summary: &'static str) -> About {
    answers(About::form(summary).body(Content::search()))
        .refuses(413, "Longer than a search can be.")
        .refuses(415, "Not a form.")
}

fn answers(about: About) -> About {
    about
        .answers(200, "A bundle of what was found.", Some(Content::fhir()))
        .refuses(422, "A parameter needs another look.")
}

fn schema(param: &Param) -> Value {
    let any = "[0-7][0-9a-hjkmnp-tv-z]{25}$";
    match (param.kind, param.name) {
        (Kind::Reference, "entity") => {
            json!({"type": "string", "pattern": format!("^(DocumentReference/doc|Patient/pat)-{any}")})
        }
        (Kind::Reference, _) => json!({"type": "string", "pattern": format!("^(Patient/)?pat-{any}")}),
        (Kind::Date, _) => {
            json!({"type": "string", "pattern": "^(eq|ge|gt|le|lt)?20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$"})
        }
        (Kind::Id, _) => json!({"type": "string", "pattern": format!("({}|{})$", fhir_id("doc"), fhir_id("pat"))}),
        (Kind::Token, "action") => json!({"enum": ["C", "R", "U", "D", "E"]}),
        (Kind::Token, "outcome") => json!({"enum": ["0", "4", "8", "12"]}),
        (Kind::Token, "status") => json!({"enum": ["current", "superseded", "entered-in-error"]}),
        (Kind::Token | Kind::Text, _) => json!({"type": "string", "minLength": 1}),
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, Kind, Param, Problem, Search, address, moment, param};
    use record::{DocumentId, PatientId};

    const KNOWN: &[Param] =
        &[param("patient", Kind::Reference, "x"), param("date", Kind::Date, "x"), param("type", Kind::Token, "x")];

    fn asked(query: &str) -> Asked {
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Asked { in_address: pairs.len(), pairs }
    }

    fn search(query: &str) -> Result<Search, Problem> {
        asked(query).read(KNOWN)
    }

    #[test]
    fn what_is_not_known_is_refused_and_not_passed_over() {
        assert!(search("patient=x&date=2026&_count=5&_format=json&_pretty=true").is_ok());
        for wrong in [
            "_include=DocumentReference:subject",
            "_revinclude=Provenance:target",
            "_include:iterate=*",
            "_has:AuditEvent:entity:type=rest",
            "subject.name=Quigley",
            "patient.identifier=1",
            "patient:Patient.name=Q",
            "patient:missing=true",
            "type:not=x",
            "date:missing=false",
            "_sort=date",
            "_summary=count",
            "_elements=id",
            "_total=accurate",
            "_contained=both",
            "_filter=x",
            "_query=x",
            "_count=0",
            "_count=-1",
            "_count=x",
            "_format=xml",
            "patient=",
            "Patient=x",
        ] {
            assert!(matches!(search(wrong), Err(Problem::NotSupported(_))), "{wrong}");
        }
        let mut twice = search("patient=a&patient=b").unwrap();
        assert!(twice.one("patient").is_err());
    }

    #[test]
    fn no_count_asks_for_more_than_is_given_at_once() {
        for (query, many) in [("", 50), ("_count=7", 7), ("_count=500", 100), ("_count=4294967295", 100)] {
            assert_eq!(search(query).unwrap().limit(50, 100), many, "{query}");
        }
        assert!(search("_count=4294967296").is_err());
    }

    #[test]
    fn a_reference_is_to_one_type_at_our_own_address() {
        let id = PatientId::from_bytes([9; 16]).to_string().replace('_', "-");
        let base = "https://x.example/fhir/R4";
        let read = |text: &str| {
            let mut search = Search { pairs: vec![("patient".into(), text.into())], ..Search::default() };
            search
                .reference::<custody::fhir::Logical<PatientId>>("patient", (base, "Patient"))
                .unwrap()
                .unwrap()
                .is_ok()
        };
        assert!(read(&id) && read(&format!("Patient/{id}")) && read(&format!("{base}/Patient/{id}")));
        for wrong in [
            format!("Group/{id}"),
            format!("https://y.example/fhir/R4/Patient/{id}"),
            format!("Patient/{}", id.replace("pat", "doc")),
            format!("Patient/{id}/_history/1"),
            "Patient/".to_owned(),
            "*".to_owned(),
        ] {
            assert!(!read(&wrong), "{wrong}");
        }
        let mut search = Search { pairs: vec![("_id".into(), "*".into())], ..Search::default() };
        assert!(search.id::<custody::fhir::Logical<DocumentId>>("_id").unwrap().unwrap().is_err());
    }

    #[test]
    fn a_moment_is_as_long_as_it_was_written_precisely() {
        let told = |text: &str| {
            let span = moment(text)?;
            Some((span.from.map(|at| at.to_string()), span.before.map(|at| at.to_string())))
        };
        let at = |text: &str| Some(format!("{text}Z"));
        assert_eq!(told("2026"), Some((at("2026-01-01T00:00:00.000"), at("2027-01-01T00:00:00.000"))));
        assert_eq!(told("ge2026-11"), Some((at("2026-11-01T00:00:00.000"), None)));
        assert_eq!(told("gt2026-12-31"), Some((at("2027-01-01T00:00:00.000"), None)));
        assert_eq!(told("le2024-02-29"), Some((None, at("2024-03-01T00:00:00.000"))));
        assert_eq!(told("lt2026-11-22T10:00:00+02:00"), Some((None, at("2026-11-22T08:00:00.000"))));
        assert_eq!(
            told("2026-11-22T10:00:01.5Z"),
            Some((at("2026-11-22T10:00:01.500"), at("2026-11-22T10:00:01.501")))
        );
        for wrong in [
            "",
            "x",
            "26",
            "2026-13",
            "2026-02-30",
            "ne2026",
            "ap2026",
            "2026-1-1",
            "ge",
            "2026-11-22T",
            "20260101",
            "+2026",
        ] {
            assert_eq!(told(wrong), None, "{wrong:?}");
        }
        let mut both = search("date=ge2026-01-01&date=lt2026-02&date=ge2025").unwrap();
        let span = both.span("date").unwrap();
        assert_eq!(
            (span.from.unwrap().to_string(), span.before.unwrap().to_string()),
            ("2026-01-01T00:00:00.000Z".to_owned(), "2026-02-01T00:00:00.000Z".to_owned())
        );
    }

    #[test]
    fn the_address_of_the_rest_is_that_of_the_search_with_another_place() {
        let asked = asked("patient=Patient/pat-1&_page=old&type=a|b");
        let url = address("https://x/fhir/R4", "DocumentReference", &asked, Some("new"));
        assert_eq!(url, "https://x/fhir/R4/DocumentReference?patient=Patient%2Fpat-1&type=a%7Cb&_page=new");
        assert!(address("https://x/fhir/R4", "DocumentReference", &asked, None).contains("_page=old"));
    }
}
