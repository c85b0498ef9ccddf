//! One request for a row of the table, and what came of it.

use super::rows::{Body, Row};
use super::world::{Made, World};
use record::{Entry, Outcome};
use strongroom_tests::{Answer, Ask, Visitor};

/// Says something to whoever runs the tests with `--nocapture`.
#[expect(clippy::print_stdout, reason = "lists and times are part of what these tests are for")]
pub(crate) fn say(text: &str) {
    println!("{text}");
}

/// In which way the request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Plain,
    Head,
    Range,
    /// By a script, which is told in JSON.
    Script,
    NoToken,
    WrongToken,
    ForeignOrigin,
    ForeignSite,
}

impl Manner {
    pub(crate) const FORGED: &'static [Self] =
        &[Self::NoToken, Self::WrongToken, Self::ForeignOrigin, Self::ForeignSite];
}

/// A request and what came of it.
pub(crate) struct Tried {
    /// The answer with the thing's ids taken out, so that two things can be compared.
    pub(crate) answer: Answer,
    /// This person's entries that it made.
    pub(crate) acts: Vec<Entry>,
    /// All entries that it made.
    pub(crate) entries: usize,
    plain: String,
}

impl Tried {
    pub(crate) fn holds(&self, mark: &str) -> bool {
        self.plain.contains(mark) || self.answer.headers.iter().any(|(_, value)| value.contains(mark))
    }
    pub(crate) fn alike(&self, other: &Self) -> bool {
        self.answer == other.answer
    }
    pub(crate) fn refusals(&self) -> usize {
        self.acts.iter().filter(|entry| entry.outcome == Outcome::Refused).count()
    }
    pub(crate) fn short(&self) -> String {
        let text: String = self.answer.text().chars().take(120).collect();
        format!("{} {} {text:?}", self.answer.status, self.answer.location())
    }
    /// In what they differ, for a finding.
    pub(crate) fn differs(&self, other: &Self) -> String {
        if self.answer.status != other.answer.status {
            return format!("{} | {}", self.short(), other.short());
        }
        let headers: Vec<_> = self.answer.headers.iter().filter(|one| !other.answer.headers.contains(one)).collect();
        let (one, two) = (self.answer.text(), other.answer.text());
        let at = one.chars().zip(two.chars()).take_while(|(a, b)| a == b).count();
        let around = |text: &str| text.chars().skip(at.saturating_sub(60)).take(160).collect::<String>();
        format!("status {}, headers {headers:?}, bodies {:?} | {:?}", self.answer.status, around(&one), around(&two))
    }
}

fn filled(text: &str, made: &Made, number: u32) -> String {
    let mut text = text.replace("{n}", &number.to_string());
    for (name, value) in &made.values {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}

/// The line at the foot that says when it was witnessed and as which entry: each request has its own.
fn without_witness(text: &str) -> String {
    const LINK: &str = "<a href=\"/ledger/entries/";
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(LINK) {
        let (said, _when) = before.rsplit_once(" at ").unwrap_or((before, ""));
        out.push_str(said);
        rest = after.split_once("</a>").map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// Ids out of an answer: what is left must not depend on them.
fn without(text: &str, row: &Row, made: &Made, number: u32) -> String {
    let mut text = without_witness(text);
    let carried = row.names();
    for (name, value) in &made.values {
        if !carried.iter().any(|one| one == name) {
            continue;
        }
        let stands = format!("{{{name}}}");
        match *name {
            // Plain numbers stand in many places; these are the ones that an address has.
            "index" => {
                for slash in ["/", "%2F"] {
                    text = text.replace(&format!("entries{slash}{value}"), &format!("entries{slash}{stands}"));
                }
            }
            "version" => {}
            _ => text = text.replace(value, &stands).replace(&value.replace('_', "%5F"), &stands),
        }
    }
    // What was typed comes back in a form with mistakes.
    for typed in [format!("comer{number}@"), format!("number {number}"), format!("NF{number}"), format!("CO{number}")] {
        text = text.replace(&typed, "{n}");
    }
    text
}

fn multipart(fields: &[(String, String)], file: &str) -> (String, String) {
    let boundary = "a-line-that-stands-nowhere-else";
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    let disposition = "form-data; name=\"file\"; filename=\"table.csv\"";
    body.push_str(&format!(
        "--{boundary}\r\ncontent-disposition: {disposition}\r\ncontent-type: text/plain\r\n\r\n{file}\r\n"
    ));
    body.push_str(&format!("--{boundary}--\r\n"));
    (format!("multipart/form-data; boundary={boundary}"), body)
}

fn ask(world: &World, visitor: &Visitor, row: &Row, made: &Made, (manner, number): (Manner, u32)) -> Ask {
    let mut path = filled(row.path, made, number);
    if !row.query.is_empty() {
        path = format!("{path}?{}", filled(row.query, made, number));
    }
    let token = match manner {
        Manner::NoToken => String::new(),
        Manner::WrongToken => "A".repeat(43),
        _ => visitor.token.clone(),
    };
    let mut fields: Vec<(String, String)> = Vec::new();
    if manner != Manner::NoToken {
        fields.push(("csrf".to_owned(), token.clone()));
    }
    fields.extend(row.fields.iter().map(|(name, value)| (filled(name, made, number), filled(value, made, number))));
    let mut ask = match row.body {
        Body::None => Ask::get(&path),
        Body::Form => Ask::form(&path, &fields),
        Body::Multipart(file) => {
            let (kind, body) = multipart(&fields, &filled(file, made, number));
            Ask::post(&path, &kind, body.into())
        }
        Body::Raw => {
            let ask = Ask::post(&path, "application/octet-stream", "Nothing is said of anybody here.\n".into());
            ask.with("x-file-name", "note.txt").with("x-csrf", &token)
        }
    };
    if row.method != "GET" {
        ask = ask.with("origin", &world.house.place.origin);
    }
    match manner {
        Manner::Head => ask.method = hyper::Method::HEAD,
        Manner::Range => ask = ask.with("range", "bytes=0-40"),
        Manner::Script => ask = ask.with("accept", "application/json").with("sec-fetch-mode", "cors"),
        Manner::ForeignOrigin => ask = ask.with("origin", "https://elsewhere.example"),
        Manner::ForeignSite => ask = ask.with("sec-fetch-site", "cross-site"),
        Manner::Plain | Manner::NoToken | Manner::WrongToken => {}
    }
    ask
}

/// Makes the request of this row upon this thing.
pub(crate) async fn call(
    world: &World,
    (name, visitor): (&str, &Visitor),
    row: &Row,
    made: &Made,
    manner: Manner,
) -> Tried {
    let from = world.house.ledger_size();
    let number = world.number();
    let ask = ask(world, visitor, row, made, (manner, number));
    let answer = visitor.send(ask).await.unwrap_or_else(|error| panic!("{} by {name}: {error:?}", row.title()));
    let entries = world.house.entries_since(from).await.expect("entries are read");
    let acts = match world.known(name) {
        Some(person) => {
            entries.iter().filter(|entry| entry.principal == record::Principal::Person(person)).cloned().collect()
        }
        None => Vec::new(),
    };
    let plain = answer.text();
    let headers = answer.headers.into_iter().map(|(key, value)| (key, without(&value, row, made, number))).collect();
    let body = without(&plain, row, made, number).into();
    Tried { answer: Answer { status: answer.status, headers, body }, acts, entries: entries.len(), plain }
}
