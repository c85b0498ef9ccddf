//! What is written in the place of each finding of a part.
//!
//! What must always hold: changes are sorted, do not overlap, cross no structure and never leave a place empty; a word of a name is
//! one token wherever it stands, alone or within a full name.
//!
//! What it refuses to know: bytes. It changes text; the readers write it back.

use super::dates::{self, Written};
use super::elders::{self, Elders};
use super::people::{Families, FileFamilies};
use super::report::Report;
use super::surrogate::{Surrogates, blank, canonical, is_code, kept_as, token};
use super::{Method, zip};
use crate::phi::{Finding, Identifier};
use crate::read::{Field, Part, What, is_resource_type};
use std::collections::HashMap;
use std::ops::Range;

/// Words beside names that name nobody.
const TITLES: &[&str] = &[
    "dr", "mr", "mrs", "ms", "miss", "mx", "prof", "doctor", "md", "rn", "np", "phd", "dds", "lpn", "cnm", "arnp",
    "fnp",
];
/// Words between names. In capitals they may be names themselves.
const LINKS: &[&str] = &["and", "or", "the", "of"];
/// A server's address names an organisation; one that nobody can have (RFC 2606) stands in its place.
const SERVER: &str = "https://example.invalid/";
/// A version of a resource with more digits may be more than that.
const VERSION_DIGITS_MAX: usize = 4;
/// The year of a moment that has none which people could have lived in, such as the first one that a computer counts.
const NO_YEAR: i32 = 1_900;

/// New text for a stretch of a part's text.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) range: Range<usize>,
    pub(super) new: String,
    /// Has it the form that it must have; what has not is found again by the second pass.
    pub(super) ours: bool,
}

/// What all parts of a file are changed by.
pub(super) struct Rewriting<'a> {
    pub(super) method: Method,
    pub(super) this_year: i32,
    pub(super) elders: &'a Elders,
    pub(super) families: &'a Families,
    pub(super) file: &'a FileFamilies,
    pub(super) surrogates: &'a mut dyn Surrogates,
    pub(super) report: &'a mut Report,
    /// What was asked for already, and the answers.
    pub(super) given: HashMap<(Identifier, String), String>,
}

/// Changes of one part in the making.
pub(super) struct Making<'p> {
    pub(super) part: &'p Part,
    changes: Vec<Change>,
}

impl Making<'_> {
    fn ours(&mut self, range: Range<usize>, new: String) {
        if self.part.text.get(range.clone()).is_some_and(|old| old != new) {
            self.changes.push(Change { range, new, ours: true });
        }
    }
}

impl Making<'_> {
    /// A year, where a whole day or a moment must stand: its first day; 90, where it stands for all who are older. Changed even if it is
    /// the same, because it is ours then, and what was meant by it was the year, or was not said.
    pub(super) fn first_day(&mut self, range: Range<usize>, new: String) {
        self.changes.push(Change { range, new, ours: true });
    }

    pub(super) fn written(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// An age, or the one category of all ages over 89; as a number, where one has to stand, it is 90.
    fn age(&mut self, range: Range<usize>, new: &str) {
        match new == elders::OVER_89 && self.part.is_bare_number(range.start) {
            true => self.first_day(range, "90".to_owned()),
            false => self.ours(range, new.to_owned()),
        }
    }

    fn year(&mut self, range: Range<usize>, year: i32) {
        match self.part.is_day_number(range.start) {
            true => self.first_day(range, format!("{year:04}-01-01")),
            false => self.ours(range, year.to_string()),
        }
    }
}

impl Rewriting<'_> {
    /// All changes of a part.
    pub(super) fn part(&mut self, part: &Part, findings: &[Finding]) -> Vec<Change> {
        let mut making = Making { part, changes: Vec::new() };
        let mut whole: Vec<Range<usize>> = Vec::new();
        for field in &part.fields {
            if self.field(&mut making, field, findings) {
                whole.push(field.range());
            }
        }
        let found = self.family_found(part, findings);
        for finding in findings {
            let at = whole.partition_point(|range| range.end <= finding.start);
            if whole.get(at).is_some_and(|range| range.start < finding.end) {
                continue;
            }
            self.finding(&mut making, finding, found.as_deref());
        }
        if self.method != Method::Limited {
            self.words(&mut making);
        }
        let mut changes = making.changes;
        // Of two changes of one place the first one that was made stays: what was found, before what words around it tell.
        changes.sort_by_key(|change| change.range.start);
        let mut end = 0;
        changes.retain(|change| {
            let free = change.range.start >= end;
            end = if free { change.range.end } else { end };
            free
        });
        self.shortened(part, changes)
    }

    /// A value that is changed as a whole because of its place; tells whether it was.
    fn field(&mut self, making: &mut Making<'_>, field: &Field, findings: &[Finding]) -> bool {
        let part = making.part;
        let Some(value) = part.text.get(field.range()) else { return false };
        if let Some(form) = part.form(field.start as usize)
            && self.formed(making, field, form)
        {
            return true;
        }
        if field.meaning.what == What::Link {
            let at = findings.partition_point(|finding| finding.end <= field.start as usize);
            let is_found = findings.get(at).is_some_and(|finding| finding.start < field.end as usize);
            return self.link(making, field.range(), value, is_found);
        }
        if part.is_identifier(field.start as usize) {
            return self.identifier(making, field, findings);
        }
        if self.method == Method::Limited || part.stretches(field.range()) != [field.range()] {
            return false;
        }
        let shown = value.trim();
        match field.meaning.what {
            What::Age if self.elders.is_in(field.record) => {
                let Some(age) = elders::age_of(shown) else { return false };
                self.report.count(Identifier::Age);
                making.age(field.range(), elders::age(age));
                true
            }
            What::AgeOver89 if shown.bytes().any(|byte| byte.is_ascii_digit()) => {
                // "90+" would be read with the unit that stands beside it.
                self.report.count(Identifier::Age);
                making.ours(field.range(), blank(Identifier::Age));
                true
            }
            What::BirthDate if self.elders.is_over_89(shown) => {
                self.report.count(Identifier::Date);
                self.report.over_89 += 1;
                let year =
                    dates::year_of(shown, self.this_year).map_or(self.elders.floor, |year| self.elders.year(year));
                making.year(trimmed(part, field.range()), year);
                true
            }
            What::DeathDate | What::VisitDate | What::OtherDate if shown.len() == 4 => {
                let year = dates::year_of(shown, self.this_year).filter(|year| *year < self.elders.floor);
                if year.is_some() {
                    making.ours(trimmed(part, field.range()), self.elders.floor.to_string());
                }
                year.is_some()
            }
            What::Zip if shown.bytes().any(|byte| byte.is_ascii_digit()) => {
                self.report.count(Identifier::Zip);
                self.zip(making, trimmed(part, field.range()));
                true
            }
            _ => false,
        }
    }

    /// The name of a thing of the document, in which somebody was found: all of it becomes another such name, the same wherever the
    /// thing is spoken of.
    fn identifier(&mut self, making: &mut Making<'_>, field: &Field, findings: &[Finding]) -> bool {
        let part = making.part;
        let first = findings.partition_point(|finding| finding.end <= field.start as usize);
        let mut here = findings[first..].iter().take_while(|finding| finding.start < field.end as usize);
        let limited = self.method == Method::Limited;
        let Some(found) = here.find(|finding| !(limited && self.stays(part, finding))) else { return false };
        let value = part.text.get(field.range()).unwrap_or_default();
        let code = self.code(Identifier::OtherId, value);
        let ours = is_code(&code);
        self.report.count(found.kind);
        making.changes.push(Change { range: field.range(), new: format!("ID_{code}"), ours });
        true
    }

    /// `Patient/123`, `urn:uuid:…`, `https://…/Patient/123`, `Patient?name=…`, `#1`: to what kind of thing it leads stays, and whom it
    /// names goes, whatever it looks like: the same id must have the same one in its place everywhere.
    fn link(&mut self, making: &mut Making<'_>, range: Range<usize>, value: &str, is_found: bool) -> bool {
        let link = Link::read(value);
        if !is_found && !link.id.chars().any(char::is_alphanumeric) && !link.server {
            return false;
        }
        self.report.count(Identifier::OtherId);
        let mut new = if link.server { SERVER.to_owned() } else { link.scheme.to_owned() };
        new.push_str(link.kind);
        let mut ours = true;
        if link.id.chars().any(char::is_alphanumeric) {
            let code = self.code(Identifier::OtherId, link.id);
            ours = is_code(&code);
            let slash = if link.kind.is_empty() { "" } else { "/" };
            new = format!("{new}{slash}ID-{code}{}", link.version);
        }
        making.changes.push(Change { range, new, ours });
        true
    }

    /// The letters that stand for a value.
    pub(super) fn code(&mut self, kind: Identifier, value: &str) -> String {
        let kind = kept_as(kind);
        let mut canonical = canonical(value);
        if kind == Identifier::Phone && canonical.len() == 11 && canonical.starts_with('1') {
            canonical.remove(0);
        }
        let surrogates = &mut *self.surrogates;
        let given = self.given.entry((kind, canonical));
        given.or_insert_with_key(|(kind, canonical)| surrogates.surrogate(*kind, canonical).as_str().to_owned()).clone()
    }

    pub(super) fn token(&mut self, making: &mut Making<'_>, kind: Identifier, range: Range<usize>) {
        let Some(value) = making.part.text.get(range.clone()) else { return };
        if !value.chars().any(char::is_alphanumeric) {
            return;
        }
        let code = self.code(kind, value);
        let ours = is_code(&code);
        let new = token(kind, &super::Surrogate::new(code));
        making.changes.push(Change { range, new, ours });
    }

    fn finding(&mut self, making: &mut Making<'_>, finding: &Finding, found: Option<&str>) {
        if self.method == Method::Limited && self.stays(making.part, finding) {
            self.report.keep(finding.kind);
            return;
        }
        self.report.count(finding.kind);
        for piece in making.part.stretches(finding.range()) {
            let piece = trimmed(making.part, piece);
            match finding.kind {
                Identifier::Name => self.name(making, piece),
                Identifier::Date => self.date(making, piece, found),
                Identifier::Age => making.age(piece, elders::OVER_89),
                Identifier::Zip => self.zip(making, piece),
                kind => self.token(making, kind, piece),
            }
        }
    }

    /// Does 45 CFR 164.514(e)(2) let it stay in a limited data set: dates, ages, town or city, state, ZIP code.
    fn stays(&self, part: &Part, finding: &Finding) -> bool {
        self.method.keeps(finding.kind) && !is_county(part, finding)
    }

    pub(super) fn name(&mut self, making: &mut Making<'_>, range: Range<usize>) {
        let part = making.part;
        let Some(text) = part.text.get(range.clone()) else { return };
        let all = words(text);
        let structured = field_at(part, range.start)
            .is_some_and(|field| !matches!(field.meaning.what, What::Unknown | What::FreeText));
        for word in &all {
            let written = &text[word.clone()];
            // A title alone is somebody's name, where a name must stand.
            let kept = all.len() > 1 && (is_title(written) || !structured && is_link(written));
            if !kept {
                self.token(making, Identifier::Name, range.start + word.start..range.start + word.end);
            }
        }
    }

    fn zip(&mut self, making: &mut Making<'_>, range: Range<usize>) {
        let Some(value) = making.part.text.get(range.clone()) else { return };
        match zip::shortened(value) {
            Some((three, restricted)) => {
                self.report.zips_restricted += u64::from(restricted);
                making.ours(range, three);
            }
            None => making.ours(range, blank(Identifier::Zip)),
        }
    }

    fn date(&mut self, making: &mut Making<'_>, range: Range<usize>, found: Option<&str>) {
        let part = making.part;
        let Some(old) = part.text.get(range.clone()) else { return };
        if dates::is_time(old) {
            return making.ours(range, old.replace(|one: char| one.is_ascii_digit(), "0"));
        }
        let field = field_at(part, range.start);
        let year = dates::year_of(old, self.this_year);
        if self.method == Method::Pseudonym
            && year.is_none_or(|year| year >= self.elders.floor)
            && let Some(written) = Written::read(old, self.this_year)
        {
            let family = self.file.family(record_at(part, range.start), found);
            self.report.dates_shifted += 1;
            return making.ours(range, written.shifted(self.surrogates.shift_days(&family)));
        }
        let is_moment = part.is_moment(range.start);
        match year.or(is_moment.then_some(NO_YEAR)).map(|year| self.elders.year(year)) {
            Some(year) => {
                self.report.dates_to_year += 1;
                let is_instant = field.is_some_and(|field| is_instant(field, &range));
                if is_moment || is_instant && dates::is_instant(old) {
                    making.first_day(range, format!("{year}-01-01T00:00:00Z"));
                } else {
                    making.year(range, year);
                }
            }
            None => {
                self.report.dates_without_year += 1;
                making.ours(range, blank(Identifier::Date));
            }
        }
    }

    /// Bare years and ages that tell of somebody over 89, in values that are words and in text that is no value.
    fn words(&mut self, making: &mut Making<'_>) {
        let part = making.part;
        let mut at = 0;
        let mut open: Vec<(Range<usize>, u32)> = Vec::new();
        let mut record = part.fields.first().map_or(0, |field| field.record);
        for field in &part.fields {
            open.push((at..field.start as usize, record));
            record = field.record;
            at = field.end as usize;
            if matches!(field.meaning.what, What::FreeText | What::Unknown) {
                open.push((field.range(), record));
            }
        }
        open.push((at..part.text.len(), record));
        for (range, record) in open.into_iter().filter(|(range, _)| !range.is_empty()) {
            for (told, new) in self.elders.told_in(&part.text, range, record) {
                if part.stretches(told.clone()) == [told.clone()] {
                    self.report.over_89 += 1;
                    making.ours(told, new);
                }
            }
        }
    }

    /// Whose dates stand in a text that has no records: the first family of the run that it names.
    fn family_found(&self, part: &Part, findings: &[Finding]) -> Option<String> {
        if self.method != Method::Pseudonym {
            return None;
        }
        let names = findings.iter().filter(|finding| finding.kind == Identifier::Name);
        let texts = names.filter_map(|finding| part.text.get(finding.range()));
        self.families.among(texts.flat_map(|text| words(text).into_iter().map(move |word| &text[word])))
    }
}

/// Is it a county's name, which no limited data set holds.
pub(super) fn is_county(part: &Part, finding: &Finding) -> bool {
    field_at(part, finding.start).is_some_and(|field| field.meaning.what == What::County)
}

/// The words of a name: letters and digits, with apostrophes in them; `'s` at the end is none of it.
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    let is_apostrophe = |one: char| matches!(one, '\'' | '\u{2019}' | '\u{2bb}' | '\u{2bc}');
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, one) in text.char_indices() {
        let end = at + one.len_utf8();
        let joins = found.last().is_some_and(|word| word.end == at);
        if one.is_alphanumeric() {
            match found.last_mut() {
                Some(word) if joins => word.end = end,
                _ => found.push(at..end),
            }
        } else if is_apostrophe(one) && joins && text[end..].starts_with(char::is_alphanumeric) {
            let rest = &text[end..];
            let possessive = rest.starts_with(['s', 'S']) && !rest[1..].starts_with(char::is_alphanumeric);
            if let Some(word) = found.last_mut().filter(|_| !possessive) {
                word.end = end;
            }
        }
    }
    // The letter behind a possessive apostrophe.
    found.retain(|word| {
        let before = text[..word.start].chars().next_back();
        let possessive =
            before.is_some_and(is_apostrophe) && word.start > 2 && matches!(&text[word.clone()], "s" | "S");
        !possessive
    });
    found
}

/// A word beside names that names nobody.
pub(super) fn is_title(word: &str) -> bool {
    let small = word.to_ascii_lowercase();
    TITLES.contains(&small.as_str())
}

/// A word between names, in small letters.
pub(super) fn is_link(word: &str) -> bool {
    LINKS.contains(&word)
}

/// Must a moment stand here: some elements of FHIR.
fn is_instant(field: &Field, range: &Range<usize>) -> bool {
    field.meaning.what == What::Moment && field.range() == *range
}

/// An address that leads to a resource, in its parts.
#[derive(Debug, PartialEq, Eq)]
struct Link<'a> {
    /// `urn:uuid:`, `#`.
    scheme: &'a str,
    /// Does it begin with a server's address.
    server: bool,
    /// The type of the resource.
    kind: &'a str,
    /// Whose it is: an id, or what is asked for.
    id: &'a str,
    /// `/_history/2`.
    version: &'a str,
}

impl<'a> Link<'a> {
    fn read(value: &'a str) -> Self {
        if let Some(at) = value.find("://") {
            return Self { server: true, scheme: "", ..Self::path(&value[at + 3..], true) };
        }
        for scheme in ["urn:uuid:", "urn:oid:", "#"] {
            if let Some(id) = value.strip_prefix(scheme) {
                return Self { scheme: &value[..scheme.len()], server: false, kind: "", id, version: "" };
            }
        }
        Self::path(value, false)
    }

    /// What stands behind a server's address, or instead of it.
    fn path(value: &'a str, server: bool) -> Self {
        let (path, asked) = value.find('?').map_or((value, ""), |at| value.split_at(at));
        let (path, version) = path.find("/_history/").map_or((path, ""), |at| path.split_at(at));
        let digits = version.trim_start_matches("/_history/");
        let is_version = digits.len() <= VERSION_DIGITS_MAX && digits.bytes().all(|byte| byte.is_ascii_digit());
        let version = if is_version { version } else { "" };
        let whole = Self { scheme: "", server, kind: "", id: value, version: "" };
        let mut pieces = path.split('/').filter(|piece| !piece.is_empty()).rev();
        let Some(last) = pieces.next() else { return whole };
        if is_resource_type(last) && (server || path == last) {
            return Self { kind: last, id: asked, ..whole };
        }
        let (mut id, mut before) = (last, pieces.next());
        // `Patient/123/$everything`.
        if last.starts_with('$') {
            (id, before) = (before.unwrap_or_default(), pieces.next());
        }
        let kind = before.filter(|kind| is_resource_type(kind)).unwrap_or_default();
        match (kind, asked) {
            ("", "") => Self { id: id.rsplit(['#', ':']).next().unwrap_or(id), ..whole },
            ("", _) => whole,
            _ => Self { kind, id: id.rsplit(['#', ':']).next().unwrap_or(id), version, ..whole },
        }
    }
}

/// Without blanks at its ends.
fn trimmed(part: &Part, range: Range<usize>) -> Range<usize> {
    let Some(text) = part.text.get(range.clone()) else { return range };
    let start = range.start + (text.len() - text.trim_start().len());
    start..start + text.trim().len()
}

/// The field that a place is in.
fn field_at(part: &Part, at: usize) -> Option<&Field> {
    let index = part.fields.partition_point(|field| field.end as usize <= at);
    part.fields.get(index).filter(|field| field.start as usize <= at)
}

/// The record that a place is in: that of the field before it, or the first one's.
fn record_at(part: &Part, at: usize) -> u32 {
    let index = part.fields.partition_point(|field| field.start as usize <= at);
    part.fields.get(index.saturating_sub(1)).map_or(0, |field| field.record)
}

#[cfg(test)]
mod tests {
    use super::{Link, words};

    #[test]
    fn an_address_is_read_in_its_parts_and_what_leads_to_somebody_is_told_from_what_says_where() {
        for (value, kind, id, version) in [
            ("Patient/17", "Patient", "17", ""),
            ("17", "", "17", ""),
            ("urn:uuid:a-1", "", "a-1", ""),
            ("#1", "", "1", ""),
            ("Patient/17/_history/2", "Patient", "17", "/_history/2"),
            ("Patient/17/_history/5551234", "Patient", "17", ""),
            ("https://x.example/fhir/Patient/17", "Patient", "17", ""),
            ("https://x.example/Patient/17/$everything?start=2018", "Patient", "17", ""),
            ("https://x.example/fhir/Patient?name=quxley", "Patient", "?name=quxley", ""),
            ("Patient?name=quxley", "Patient", "?name=quxley", ""),
            ("https://x.example/fhir/Patient", "Patient", "", ""),
            ("https://x.example/quxley", "", "quxley", ""),
            ("https://x.example/fhir?_getpages=1", "", "x.example/fhir?_getpages=1", ""),
            ("Quxley/17", "", "17", ""),
        ] {
            let link = Link::read(value);
            assert_eq!((link.kind, link.id, link.version), (kind, id, version), "{value}");
        }
    }

    #[test]
    fn a_name_is_cut_into_words_and_a_possessive_is_none() {
        let of = |text: &str| -> Vec<String> { words(text).into_iter().map(|word| text[word].to_owned()).collect() };
        assert_eq!(of("SMITH, John T."), ["SMITH", "John", "T"]);
        assert_eq!(of("O'Brien-Ng's"), ["O'Brien", "Ng"]);
        assert_eq!(of("Zoë D’Angelo"), ["Zoë", "D’Angelo"]);
        assert_eq!(of("'"), [""; 0]);
    }
}
