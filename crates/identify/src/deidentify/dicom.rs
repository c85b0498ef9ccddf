//! What comes to stand in values of DICOM, each of which has a form (PS3.5, 6.2), by the profile of PS3.15, annex E.
//!
//! Names of people become tokens, word by word, as everywhere. Of days the year stays as its 1 January (a year alone is no `DA`), of
//! moments the year; where dates are moved, times of day stay, else they become midnight. UIDs become UIDs under 2.25 (ISO/IEC
//! 9834-8), the same for the same one in every file of a run.
//!
//! What must always hold: what comes to stand has the form that a program asks for; a value that has not its form is emptied, as
//! nobody knows what it is.
//!
//! What it refuses to know: which attribute a value is of; the reader has said what may stand there.

use super::rewrite::{Change, Making, Rewriting};
use super::surrogate::{Surrogates, is_code, kept_as};
use super::{Method, dates, elders};
use crate::phi::Identifier;
use crate::read::{Field, Form, Part, What};
use std::ops::Range;

/// Characters of a group of a name (PS3.5, 6.2: PN).
const NAME_CHARS_MAX: usize = 64;
/// Letters of which a UID is made: of 27 kinds so many make 114 bits, and a UUID has 122 to choose.
const UID_LETTERS: usize = 24;
/// More pieces of a run's own letters are never needed.
const UID_PIECES_MAX: usize = 6;

impl Rewriting<'_> {
    /// A value that has a form; tells whether it was looked at as a whole.
    pub(super) fn formed(&mut self, making: &mut Making<'_>, field: &Field, form: Form) -> bool {
        let Some(value) = making.part.text.get(field.range()) else { return false };
        let shown = value.trim();
        match form {
            Form::Words(_) => return false,
            Form::Name => {
                self.report.count(Identifier::Name);
                self.name(making, field.range());
            }
            Form::Token(_) => {
                let kind = kind_of(field.meaning.what);
                self.report.count(kind);
                self.token(making, kind, field.range());
            }
            Form::Uid => {
                self.report.count(Identifier::OtherId);
                let (new, ours) = self.uid(shown);
                making.written(Change { range: field.range(), new, ours });
            }
            Form::Emptied | Form::Zeros => {
                self.report.emptied += 1;
                making.first_day(field.range(), String::new());
            }
            Form::Age => {
                let new = self.age(field, shown);
                making.first_day(field.range(), new);
            }
            Form::Day | Form::Moment | Form::Time if self.method == Method::Limited => {
                self.report.keep(Identifier::Date);
                making.first_day(field.range(), value.to_owned());
            }
            Form::Time => {
                let stays = self.method == Method::Pseudonym && is_time(shown);
                self.report.count(Identifier::Date);
                making.first_day(field.range(), if stays { value.to_owned() } else { "000000".to_owned() });
            }
            Form::Day | Form::Moment => {
                self.report.count(Identifier::Date);
                let new = self.day(field, shown, form);
                making.first_day(field.range(), new);
            }
        }
        true
    }

    /// `093Y` and whatever tells of somebody over 89.
    fn age(&mut self, field: &Field, shown: &str) -> String {
        if self.method == Method::Limited {
            self.report.keep(Identifier::Age);
            return shown.to_owned();
        }
        let is_age = matches!(shown.as_bytes(), [number @ .., b'D' | b'W' | b'M' | b'Y'] if number.len() == 3)
            && shown.bytes().take(3).all(|byte| byte.is_ascii_digit());
        let number = shown.get(..3).and_then(|digits| digits.parse::<i32>().ok()).filter(|_| is_age);
        let years = match (number, shown.bytes().last()) {
            (Some(years), Some(b'Y')) => years,
            (Some(months), Some(b'M')) => months / 12,
            (Some(_), _) => 0,
            (None, _) => i32::MAX,
        };
        let is_over = elders::age(years) == elders::OVER_89;
        if number.is_some() && !is_over && !self.elders.is_in(field.record) {
            return shown.to_owned();
        }
        self.report.count(Identifier::Age);
        // An earlier age of somebody over 89 tells the year of birth; what is no age may be anything.
        if number.is_some() && is_over { "090Y".to_owned() } else { String::new() }
    }

    /// A day, or a moment, by the method.
    fn day(&mut self, field: &Field, shown: &str, form: Form) -> String {
        let digits = shown.bytes().take_while(u8::is_ascii_digit).count();
        let (date, rest) = match form {
            Form::Moment => shown.split_at(digits.min(8)),
            _ => (shown, ""),
        };
        let is_old = field.meaning.what == What::BirthDate && self.elders.is_over_89(date);
        self.report.over_89 += u64::from(is_old);
        let year = dates::year_of(date, self.this_year);
        if self.method == Method::Pseudonym
            && !is_old
            && year.is_some_and(|year| year >= self.elders.floor)
            && let Some(written) = dates::Written::read(date, self.this_year).filter(|one| one.day().is_some())
            && is_time(rest)
        {
            let family = self.file.family(field.record, None);
            self.report.dates_shifted += 1;
            return format!("{}{rest}", written.shifted(self.surrogates.shift_days(&family)));
        }
        match year.map(|year| self.elders.year(year)) {
            Some(year) if form == Form::Moment => {
                self.report.dates_to_year += 1;
                format!("{year:04}")
            }
            Some(year) => {
                self.report.dates_to_year += 1;
                format!("{year:04}0101")
            }
            None => {
                self.report.dates_without_year += 1;
                String::new()
            }
        }
    }

    /// A UID in the place of another one. Its number is that of a UUID of the eighth version (RFC 9562), made of the letters that
    /// stand for the old one and of letters of the run, so that no other run gives the same by chance.
    fn uid(&mut self, old: &str) -> (String, bool) {
        let mut letters = self.letters_of(old);
        let mut ours = is_code(&letters);
        for piece in 0..UID_PIECES_MAX {
            if letters.len() >= UID_LETTERS {
                break;
            }
            // A blank stands in no UID, so that this is none.
            let more = self.letters_of(&format!("uids {piece}"));
            ours &= is_code(&more);
            letters.push_str(&more);
        }
        let number = letters.bytes().take(UID_LETTERS).fold(0_u128, |sum, letter| {
            let at = super::surrogate::place_of(letter).unwrap_or_default();
            sum.wrapping_mul(27).wrapping_add(at)
        });
        let uuid = (number >> 74 & 0xFFFF_FFFF_FFFF) << 80 | 8 << 76 | (number >> 62 & 0xFFF) << 64 | 2 << 62;
        (format!("2.25.{}", uuid | number & 0x3FFF_FFFF_FFFF_FFFF), ours)
    }

    /// The letters that stand for a value, in which every sign counts.
    fn letters_of(&mut self, value: &str) -> String {
        let surrogates: &mut dyn Surrogates = &mut *self.surrogates;
        let key = (kept_as(Identifier::OtherId), value.to_owned());
        let given = self.given.entry(key);
        given.or_insert_with_key(|(kind, value)| surrogates.surrogate(*kind, value).as_str().to_owned()).clone()
    }

    /// Values that have become longer than they may be: the letters stand without what says of which kind they are.
    pub(super) fn shortened(&mut self, part: &Part, changes: Vec<Change>) -> Vec<Change> {
        let mut out: Vec<Change> = Vec::with_capacity(changes.len());
        let mut changes = changes.into_iter().peekable();
        while let Some(change) = changes.next() {
            let form = part.form(change.range.start);
            let at = part.fields.partition_point(|field| field.range().end <= change.range.start);
            let mut together = vec![change];
            let Some(field) = part.fields.get(at).filter(|_| form.is_some()) else {
                out.append(&mut together);
                continue;
            };
            let mut end = together.last().map_or(0, |last| last.range.end);
            while let Some(next) = changes.next_if(|next| match form {
                Some(Form::Words(_) | Form::Token(_)) => next.range.end <= field.range().end,
                Some(Form::Name) => part.form(next.range.start) == form && is_one_name(part, end..next.range.start),
                _ => false,
            }) {
                end = next.range.end;
                together.push(next);
            }
            out.append(&mut match form {
                Some(Form::Words(most) | Form::Token(most))
                    if after(part, field.range(), &together) > usize::from(most) =>
                {
                    vec![self.bare(part, field, kind_of(field.meaning.what))]
                }
                Some(Form::Name) => self.short_name(part, at, together),
                _ => together,
            });
        }
        out
    }

    /// The changes of one group of letters of a name, which begins with this field.
    fn short_name(&mut self, part: &Part, first: usize, mut changes: Vec<Change>) -> Vec<Change> {
        let end = changes.last().map_or(0, |last| last.range.end);
        let fields = part.fields.get(first..).unwrap_or_default();
        let fields = &fields[..fields.partition_point(|field| field.range().start < end)];
        let (Some(start), Some(end)) = (fields.first(), fields.last()) else { return changes };
        let all = start.range().start..end.range().end;
        if after(part, all.clone(), &changes) > NAME_CHARS_MAX {
            changes.iter_mut().for_each(|change| without_kind(&mut change.new));
        }
        if after(part, all, &changes) > NAME_CHARS_MAX {
            changes = fields.iter().map(|field| self.bare(part, field, Identifier::Name)).collect();
        }
        changes
    }

    /// The letters alone, for all of a value.
    fn bare(&mut self, part: &Part, field: &Field, kind: Identifier) -> Change {
        let value = part.text.get(field.range()).unwrap_or_default();
        let new = self.code(kind, value);
        Change { range: field.range(), ours: is_code(&new), new }
    }
}

/// As which kind a value goes that goes whatever it looks like.
const fn kind_of(what: What) -> Identifier {
    match what {
        What::RecordNumber => Identifier::Mrn,
        What::Account => Identifier::Account,
        What::DeviceId => Identifier::Device,
        What::OrganizationName => Identifier::Organization,
        _ => Identifier::OtherId,
    }
}

/// Is it a time of day, with a fraction and a zone.
fn is_time(text: &str) -> bool {
    text.len() <= 24 && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b'+' | b'-'))
}

/// How many characters a stretch has when these changes are made in it.
fn after(part: &Part, range: Range<usize>, changes: &[Change]) -> usize {
    let old = part.text.get(range).map_or(0, |text| text.chars().count());
    let out: usize =
        changes.iter().filter_map(|one| part.text.get(one.range.clone())).map(|one| one.chars().count()).sum();
    let new: usize = changes.iter().map(|one| one.new.chars().count()).sum();
    (old + new).saturating_sub(out)
}

/// Does what stands between two changes divide no names, and no groups of letters of one.
fn is_one_name(part: &Part, between: Range<usize>) -> bool {
    part.text.get(between).is_some_and(|text| !text.contains(['=', '\\', '\n']))
}

/// `[NAME 3K7Q9B]` as `3K7Q9B`.
fn without_kind(token: &mut String) {
    let bare = token.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(|rest| rest.split_once(' '));
    if let Some(code) = bare.map(|(_, code)| code.to_owned()) {
        *token = code;
    }
}
