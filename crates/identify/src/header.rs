//! The header lines of a transcript, from which a match is proposed and never made.
//!
//! Transcripts begin with lines such as `Patient: Mary Lee   DOB: 03/09/2017   MRN: A-17`. Labels are found
//! where a line, a column (two spaces or a tab) or a value before them ends; a value ends where the next
//! label begins. The first sensible value of a field wins: later lines are more often prose.

use record::civil::Day;
use std::fmt;

/// The months by their names, in small letters.
pub(crate) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Lines that are looked at.
const LINES_MAX: usize = 40;
/// Characters of a line that are looked at, and of a value that is kept.
const LINE_CHARS_MAX: usize = 400;
const VALUE_CHARS_MAX: usize = 100;

/// What the first lines say. Everything is PHI; `Debug` tells only which fields are there.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HeaderFields {
    /// The patient's name as written.
    pub patient_name: Option<String>,
    /// The birth date.
    pub birth_date: Option<Day>,
    /// The record number (MRN, chart number) as written.
    pub record_number: Option<String>,
    /// When the patient was seen.
    pub visit_date: Option<Day>,
    /// Who dictated.
    pub author: Option<String>,
    /// What the document calls itself ("Operative Report").
    pub document_type: Option<String>,
}

impl fmt::Debug for HeaderFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = [
            ("patient_name", self.patient_name.is_some()),
            ("birth_date", self.birth_date.is_some()),
            ("record_number", self.record_number.is_some()),
            ("visit_date", self.visit_date.is_some()),
            ("author", self.author.is_some()),
            ("document_type", self.document_type.is_some()),
        ];
        f.debug_list().entries(fields.iter().filter(|field| field.1).map(|field| field.0)).finish()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Patient,
    Birth,
    Record,
    Visit,
    Author,
    Type,
    /// A label that ends the value before it and is not kept.
    Other,
}

/// Labels, lower case, words divided by one space. Longer ones stand before their beginnings.
const LABELS: &[(&str, Field)] = &[
    ("patient name", Field::Patient),
    ("name of patient", Field::Patient),
    ("patient's name", Field::Patient),
    ("patient dob", Field::Birth),
    ("patient date of birth", Field::Birth),
    ("patient id", Field::Record),
    ("patient no", Field::Record),
    ("patient number", Field::Record),
    ("patient mrn", Field::Record),
    ("patient", Field::Patient),
    ("pt name", Field::Patient),
    ("pt", Field::Patient),
    ("re", Field::Patient),
    ("name", Field::Patient),
    ("date of birth", Field::Birth),
    ("birth date", Field::Birth),
    ("birthdate", Field::Birth),
    ("dob", Field::Birth),
    ("d.o.b.", Field::Birth),
    ("d.o.b", Field::Birth),
    ("medical record number", Field::Record),
    ("medical record no", Field::Record),
    ("medical record", Field::Record),
    ("record number", Field::Record),
    ("record no", Field::Record),
    ("mrn", Field::Record),
    ("mr#", Field::Record),
    ("mr #", Field::Record),
    ("mr", Field::Record),
    ("chart number", Field::Record),
    ("chart no", Field::Record),
    ("chart", Field::Record),
    ("date of service", Field::Visit),
    ("date of visit", Field::Visit),
    ("date of exam", Field::Visit),
    ("date of examination", Field::Visit),
    ("date of procedure", Field::Visit),
    ("date of operation", Field::Visit),
    ("date of surgery", Field::Visit),
    ("date of consultation", Field::Visit),
    ("date of encounter", Field::Visit),
    ("date seen", Field::Visit),
    ("service date", Field::Visit),
    ("visit date", Field::Visit),
    ("encounter date", Field::Visit),
    ("exam date", Field::Visit),
    ("dos", Field::Visit),
    ("d.o.s.", Field::Visit),
    ("dictated by", Field::Author),
    ("dictating physician", Field::Author),
    ("dictating provider", Field::Author),
    ("dictator", Field::Author),
    ("author", Field::Author),
    ("attending physician", Field::Author),
    ("attending", Field::Author),
    ("provider", Field::Author),
    ("physician", Field::Author),
    ("surgeon", Field::Author),
    ("clinician", Field::Author),
    ("document type", Field::Type),
    ("report type", Field::Type),
    ("type of report", Field::Type),
    ("note type", Field::Type),
    ("document", Field::Type),
    ("date dictated", Field::Other),
    ("date transcribed", Field::Other),
    ("date of dictation", Field::Other),
    ("date of transcription", Field::Other),
    ("date of admission", Field::Other),
    ("date of discharge", Field::Other),
    ("admission date", Field::Other),
    ("discharge date", Field::Other),
    ("dictated", Field::Other),
    ("transcribed by", Field::Other),
    ("transcribed", Field::Other),
    ("referring physician", Field::Other),
    ("referring provider", Field::Other),
    ("primary care physician", Field::Other),
    ("primary care provider", Field::Other),
    ("assistant surgeon", Field::Other),
    ("assistant", Field::Other),
    ("anesthesiologist", Field::Other),
    ("account number", Field::Other),
    ("account no", Field::Other),
    ("account", Field::Other),
    ("acct", Field::Other),
    ("job number", Field::Other),
    ("job", Field::Other),
    ("date", Field::Other),
    ("age", Field::Other),
    ("sex", Field::Other),
    ("gender", Field::Other),
    ("ssn", Field::Other),
    ("phone", Field::Other),
    ("telephone", Field::Other),
    ("fax", Field::Other),
    ("address", Field::Other),
    ("insurance", Field::Other),
    ("facility", Field::Other),
    ("location", Field::Other),
    ("department", Field::Other),
    ("clinic", Field::Other),
    ("room", Field::Other),
    ("cc", Field::Other),
    ("pcp", Field::Other),
];

/// Titles that stand alone on a line and say what the document is.
const TITLES: &[&str] = &[
    "operative report",
    "operative note",
    "procedure note",
    "progress note",
    "office visit",
    "office note",
    "clinic note",
    "follow-up note",
    "consultation",
    "consultation report",
    "consultation note",
    "discharge summary",
    "history and physical",
    "history & physical",
    "admission note",
    "emergency department note",
    "radiology report",
    "pathology report",
    "letter",
    "soap note",
    "initial evaluation",
    "physical therapy evaluation",
    "telephone note",
    "transfer summary",
    "death summary",
    "addendum",
    "well child visit",
    "immunization record",
];

/// Labels of a house's own, beside the usual ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderLabels(Vec<(String, Field)>);

/// Labels of a house's own, at most, and the longest one in characters.
const OWN_LABELS_MAX: usize = 64;
const OWN_LABEL_CHARS_MAX: usize = 40;

impl HeaderLabels {
    /// Adds a label (`Pt Name`, without its colon) for a field: `patient_name`, `birth_date`, `record_number`,
    /// `visit_date`, `author`, `document_type`, or `other` for one that ends the value before it and is not kept.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn add(&mut self, field: &str, label: &str) -> Result<(), &'static str> {
        let field = match field {
            "patient_name" => Field::Patient,
            "birth_date" => Field::Birth,
            "record_number" => Field::Record,
            "visit_date" => Field::Visit,
            "author" => Field::Author,
            "document_type" => Field::Type,
            "other" => Field::Other,
            _ => {
                return Err(
                    "the fields of header lines are patient_name, birth_date, record_number, visit_date, author, \
                     document_type and other",
                );
            }
        };
        let label = label.trim().trim_end_matches(':').trim_end();
        if label.is_empty() || label.chars().count() > OWN_LABEL_CHARS_MAX || label.contains([':', '：', '\n']) {
            return Err("a label has one to forty characters and no colon");
        }
        if self.0.len() == OWN_LABELS_MAX {
            return Err("there are more than 64 labels");
        }
        self.0.push((label.to_owned(), field));
        Ok(())
    }
}

/// Reads the usual header lines among the first forty that are not blank.
///
/// Time is linear in those lines; the rest of the text is not looked at.
#[must_use]
pub fn header_fields(text: &str) -> HeaderFields {
    header_fields_with(text, &HeaderLabels::default())
}

/// The same with labels of a house's own beside the usual ones.
#[must_use]
pub fn header_fields_with(text: &str, own: &HeaderLabels) -> HeaderFields {
    read(text, own, Wanted::All)
}

/// The patient's name alone, as [`header_fields`] says it: what stands behind it is not looked at.
pub(crate) fn patient_name(text: &str) -> Option<String> {
    read(text, &HeaderLabels::default(), Wanted::Patient).patient_name
}

/// Which fields somebody wants to know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    All,
    Patient,
}

fn read(text: &str, own: &HeaderLabels, wanted: Wanted) -> HeaderFields {
    let mut fields = HeaderFields::default();
    let mut pending: Option<Field> = None;
    let wants = |field: Field| wanted == Wanted::All || field == Field::Patient;
    let lines = text.split(['\n', '\u{c}', '\r']).filter(|line| !line.trim().is_empty()).take(LINES_MAX);
    for line in lines {
        let line = beginning(line);
        let labels = labels_in(line, own);
        let before = line.get(..labels.first().map_or(line.len(), |label| label.start)).unwrap_or_default();
        if let Some(field) = pending.take().filter(|field| wants(*field)) {
            // `Patient:` alone on its line, the name on the next one.
            fields.put(field, before);
        }
        if labels.is_empty() && wanted == Wanted::All {
            fields.put_title(line);
        }
        for (index, label) in labels.iter().enumerate() {
            let end = labels.get(index + 1).map_or(line.len(), |next| next.start);
            let value = line.get(label.end..end).unwrap_or_default();
            if value.trim().is_empty() && index + 1 == labels.len() {
                pending = Some(label.field);
            }
            if wants(label.field) {
                fields.put(label.field, value);
            }
        }
        if wanted == Wanted::Patient && fields.patient_name.is_some() {
            break;
        }
    }
    fields
}

/// As much of a line as is looked at.
fn beginning(line: &str) -> &str {
    if line.len() <= LINE_CHARS_MAX {
        return line;
    }
    line.char_indices().nth(LINE_CHARS_MAX).map_or(line, |(end, _)| &line[..end])
}

/// The colon of Chinese and Japanese type.
const WIDE_COLON: char = '：';

/// Labels that end with one letter: how many, and their places in [`LABELS`].
#[derive(Clone, Copy)]
struct Ending {
    count: usize,
    labels: [u8; ENDING_MAX],
}

/// Labels that end with the same letter are no more than these, which the compiler checks.
const ENDING_MAX: usize = 40;

/// Nearly all colons stand behind something else, and its last letter says which labels it could be.
static ENDINGS: [Ending; 32] = endings();

const fn endings() -> [Ending; 32] {
    let mut endings = [Ending { count: 0, labels: [0; ENDING_MAX] }; 32];
    let mut at = 0;
    while at < LABELS.len() {
        let label = LABELS[at].0.as_bytes();
        let ending = &mut endings[ending_of(label[label.len() - 1])];
        ending.labels[ending.count] = at as u8;
        ending.count += 1;
        at += 1;
    }
    endings
}

/// Of letters the same in any case; signs share one.
const fn ending_of(byte: u8) -> usize {
    if byte.is_ascii_alphabetic() { (byte & 31) as usize } else { 0 }
}

struct Label {
    field: Field,
    start: usize,
    /// After the colon.
    end: usize,
}

/// Labels of a line with their places, left to right.
fn labels_in(line: &str, own: &HeaderLabels) -> Vec<Label> {
    let mut found = Vec::new();
    let mut from = 0;
    let bytes = line.as_bytes();
    for colon in (0..bytes.len()).filter(|at| matches!(bytes[*at], b':' | 0xef)) {
        let wide = bytes[colon] != b':';
        if wide && !line[colon..].starts_with(WIDE_COLON) {
            continue;
        }
        let colon_end = colon + if wide { WIDE_COLON.len_utf8() } else { 1 };
        let before = line.get(from..colon).unwrap_or_default();
        if let Some((field, length)) = label_at_end(before, own) {
            found.push(Label { field, start: colon - length, end: colon_end });
            from = colon_end;
        }
    }
    found
}

/// The label with which this text ends, and its length in bytes.
fn label_at_end(text: &str, own: &HeaderLabels) -> Option<(Field, usize)> {
    let trimmed = text.trim_end_matches([' ', '\t', '#', '.']);
    let label = |text: &str, label: &str| -> Option<usize> {
        // Most labels end otherwise, which one letter shows.
        if !text.as_bytes().last()?.eq_ignore_ascii_case(label.as_bytes().last()?) {
            return None;
        }
        let start = text.len().checked_sub(label.len())?;
        let end = text.get(start..)?;
        // Before a label stands nothing, white space or a mark, so that `impatient:` is no `patient:`.
        let is_word_start = text.get(..start)?.chars().next_back().is_none_or(|c| !c.is_alphanumeric());
        (is_word_start && end.eq_ignore_ascii_case(label)).then_some(start)
    };
    let mut best: Option<(usize, Field)> = None;
    let both = [text, trimmed];
    for tried in &both[..if text.len() == trimmed.len() { 1 } else { 2 }] {
        let Some(last) = tried.as_bytes().last() else { continue };
        let ending = &ENDINGS[ending_of(*last)];
        let usual = ending.labels[..ending.count].iter().map(|at| LABELS[usize::from(*at)]);
        let own = own.0.iter().map(|(name, field)| (name.as_str(), *field));
        for (name, field) in usual.chain(own) {
            if let Some(start) = label(tried, name).filter(|start| best.is_none_or(|(first, _)| *start < first)) {
                best = Some((start, field));
            }
        }
    }
    let (start, field) = best?;
    // Prose ends in such words too ("she told the patient: rest"): a short label needs a column before it.
    let lead = &text[..start];
    let is_column = lead.trim().is_empty()
        || lead.ends_with("  ")
        || lead.ends_with(['\t', '\u{a0}'])
        || lead.trim_end().ends_with([',', ';', '|', ')', '.'])
        || lead.trim_end().chars().next_back().is_some_and(|c| c.is_ascii_digit())
        || matches!(field, Field::Birth | Field::Record | Field::Other)
        || text.len() - start >= "dictated by".len();
    is_column.then_some((field, text.len() - start))
}

impl HeaderFields {
    fn put(&mut self, field: Field, raw: &str) {
        let value = tidy(raw);
        if value.is_empty() {
            return;
        }
        match field {
            Field::Patient => set(&mut self.patient_name, name(&value)),
            Field::Author => set(&mut self.author, name(&value)),
            Field::Birth => set(&mut self.birth_date, first_day(&value)),
            Field::Visit => set(&mut self.visit_date, first_day(&value)),
            Field::Record => set(&mut self.record_number, record_number(&value)),
            Field::Type => set(&mut self.document_type, Some(value)),
            Field::Other => {}
        }
    }

    fn put_title(&mut self, line: &str) {
        if self.document_type.is_some() {
            return;
        }
        let line = tidy(line);
        if TITLES.contains(&line.to_lowercase().as_str()) {
            set(&mut self.document_type, Some(line));
        }
    }
}

fn set<T>(place: &mut Option<T>, value: Option<T>) {
    if place.is_none() {
        *place = value;
    }
}

/// One line, single spaces, no marks at the ends, bounded, nothing invisible.
fn tidy(raw: &str) -> String {
    let shown = raw.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let shown: String = shown.filter(|&c| crate::extract::shown(c) == Some(c)).take(VALUE_CHARS_MAX).collect();
    let joined = shown.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    joined.trim_matches(|c: char| matches!(c, ' ' | ',' | ';' | '|' | '_' | '*' | '#' | ':' | '-' | '=')).to_owned()
}

/// A name has letters, no digits and few words; anything else is a sentence or a placeholder.
fn name(value: &str) -> Option<String> {
    let is_name = value.chars().any(char::is_alphabetic)
        && !value.chars().any(|c| c.is_ascii_digit() || matches!(c, '?' | '!' | '[' | ']' | '<' | '>'))
        && value.split(' ').count() <= 8;
    is_name.then(|| value.to_owned())
}

/// The first word that is no filler and holds a digit.
pub(crate) fn record_number(value: &str) -> Option<String> {
    let word =
        value.split(' ').find(|word| !matches!(word.to_ascii_lowercase().as_str(), "#" | "no" | "no." | "number"))?;
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let fits = word.chars().count() <= 32
        && word.chars().any(|c| c.is_ascii_digit())
        && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '/' | '.' | '_'));
    fits.then(|| word.to_owned())
}

/// The first date in a value: as [`Day::read`] takes it, or with the month in letters (`March 9, 2017`, `9 Mar 2017`).
pub(crate) fn first_day(value: &str) -> Option<Day> {
    let words: Vec<&str> = value.split([' ', ',', ';', '(', ')']).filter(|word| !word.is_empty()).take(12).collect();
    let numeric = |word: &str| Day::read(word.trim_end_matches('.')).ok();
    if let Some(day) = words.iter().find_map(|word| numeric(word)) {
        return Some(day);
    }
    words.windows(3).find_map(|three| {
        let number =
            |word: &str| word.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '.').parse::<i16>().ok();
        let (day, month, year) = match (month(three[0]), month(three[1])) {
            (Some(month), _) => (number(three[1])?, month, number(three[2])?),
            (None, Some(month)) => (number(three[0])?, month, number(three[2])?),
            (None, None) => return None,
        };
        Day::new(year, month, i8::try_from(day).ok()?)
    })
}

fn month(word: &str) -> Option<i8> {
    let word = word.trim_end_matches('.').to_lowercase();
    let at = MONTHS.iter().position(|month| word.len() >= 3 && month.starts_with(&word))?;
    i8::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::header_fields;
    use proptest::prelude::*;
    use record::civil::Day;

    #[test]
    fn the_usual_head_is_read() {
        let text = "VALLEY ORTHOPEDICS\n\nOPERATIVE REPORT\n\nPatient: Lee, Mary Ann    DOB: 03/09/2017   MRN: A-1734\n\
                    Date of Service: March 9, 2024\tDictated by: Samuel Ray, MD\n\nHISTORY: The patient: well.\n";
        let fields = header_fields(text);
        assert_eq!(fields.patient_name.as_deref(), Some("Lee, Mary Ann"));
        assert_eq!(fields.birth_date, Day::new(2017, 3, 9));
        assert_eq!(fields.record_number.as_deref(), Some("A-1734"));
        assert_eq!(fields.visit_date, Day::new(2024, 3, 9));
        assert_eq!(fields.author.as_deref(), Some("Samuel Ray, MD"));
        assert_eq!(fields.document_type.as_deref(), Some("OPERATIVE REPORT"));
    }

    #[test]
    fn labels_are_known_in_their_many_forms() {
        let text =
            "PATIENT NAME: Zoë O'Hara\nD.O.B.: 9 Mar 2017\nMedical Record #: 00123\nDOS: 20240309\nSurgeon: A. Ray";
        let fields = header_fields(text);
        assert_eq!(fields.patient_name.as_deref(), Some("Zoë O'Hara"));
        assert_eq!(fields.birth_date, Day::new(2017, 3, 9));
        assert_eq!(fields.record_number.as_deref(), Some("00123"));
        assert_eq!(fields.visit_date, Day::new(2024, 3, 9));
        assert_eq!(fields.author.as_deref(), Some("A. Ray"));
        assert_eq!(header_fields("RE: Mary Lee, DOB: 1/2/1990").patient_name.as_deref(), Some("Mary Lee"));
        assert_eq!(header_fields("Pt: Mary Lee DOB: 1/2/1990").patient_name.as_deref(), Some("Mary Lee"));
    }

    #[test]
    fn a_value_may_stand_on_the_next_line() {
        let fields = header_fields("Patient:\n  Mary Lee\nMRN:\n17\nDOB:\nDictated by:\nA. Ray\n");
        assert_eq!(fields.patient_name.as_deref(), Some("Mary Lee"));
        assert_eq!(fields.record_number.as_deref(), Some("17"));
        assert_eq!(fields.birth_date, None);
        assert_eq!(fields.author.as_deref(), Some("A. Ray"));
    }

    #[test]
    fn what_is_not_sensible_is_not_proposed() {
        let text = "Patient: ____\nDOB: unknown\nMRN: pending\nDate of Service: 02/30/2024\nProvider: 12345";
        assert_eq!(header_fields(text), super::HeaderFields::default());
        assert_eq!(header_fields("I told the impatient: wait").patient_name, None);
        assert_eq!(header_fields("we asked the patient: does it hurt?").patient_name, None);
        assert_eq!(header_fields("Referring Physician: B. Kim").author, None);
        assert_eq!(header_fields("Assistant surgeon: B. Kim").author, None);
    }

    #[test]
    fn the_first_value_wins_and_only_the_first_lines_count() {
        let text = "Patient: Mary Lee\nPatient: Ann Ray\n";
        assert_eq!(header_fields(text).patient_name.as_deref(), Some("Mary Lee"));
        let late = format!("{}Patient: Mary Lee", "words\n".repeat(40));
        assert_eq!(header_fields(&late).patient_name, None);
    }

    #[test]
    fn tricks_with_invisible_characters_do_not_reach_the_value() {
        let fields = header_fields("Patient: Ma\u{202e}ry\u{200b} Lee\u{0}\nMRN: 1\u{202e}7");
        assert_eq!(fields.patient_name.as_deref(), Some("Mary Lee"));
        assert_eq!(fields.record_number.as_deref(), Some("17"));
    }

    #[test]
    fn debug_tells_which_fields_and_no_value() {
        assert_eq!(format!("{:?}", header_fields("Patient: Mary Lee")), "[\"patient_name\"]");
    }

    proptest! {
        #[test]
        fn anything_is_read_without_a_panic(text in "(Patient|DOB|MRN|Date of Service|:|：| |\t|\n|3/9/2017|é|.){0,40}") {
            let _ = header_fields(&text);
        }

        #[test]
        fn the_patient_asked_for_alone_is_the_patient_of_all_fields(
            text in "((Patient|Re|DOB|MRN|Author): ?|Mary Lee|Ann|7|\n|  |, |é){0,30}"
        ) {
            prop_assert_eq!(super::patient_name(&text), header_fields(&text).patient_name);
        }
    }
}
