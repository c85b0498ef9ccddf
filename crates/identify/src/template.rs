//! File-name templates: how a practice or a dictation system packs author, patient and date into a name.
//!
//! A template is literal text and fields in braces: `{author}_{patient_last}_{visit_date:MMDDYYYY}.{ext}`.
//! Matching backtracks nowhere: dates have a fixed length, every other field ends at the literal behind it,
//! and two fields of unknown length never touch. So time is linear in the name and a hostile name costs nothing.

use record::civil::Day;
use std::fmt;

/// Longest template and file name that are looked at, in bytes (the longest name of common file systems).
const BYTES_MAX: usize = 255;

/// A template such as `{author}_{patient_last}_{patient_first}_{visit_date:MMDDYYYY}_{record_number}.{ext}`.
///
/// Fields: `author`, `patient_last`, `patient_first`, `patient_middle`, `record_number`, `document_type`, `job`,
/// `ext`, `any` (skipped), and the dates `visit_date` and `birth_date` with a form after a colon, made of
/// `YYYY`, `YY`, `MM`, `DD`, `HH`, `mm`, `SS` and punctuation (without one: `MMDDYYYY`). Letters of literal
/// text match in either case. A brace of the name itself is written twice (`{{`, `}}`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileNameTemplate {
    source: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Text(TextField),
    Date(DateField, Vec<DatePart>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TextField {
    Author,
    PatientLast,
    PatientFirst,
    PatientMiddle,
    RecordNumber,
    DocumentType,
    Job,
    Ext,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DateField {
    Visit,
    Birth,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DatePart {
    Year4,
    Year2,
    Month,
    Day,
    /// Hours, minutes, seconds: two digits that are read and not kept.
    Time,
    Mark(char),
}

/// What a file name told. PHI; `Debug` tells only that it is there.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FileNameFields {
    /// Who dictated.
    pub author: Option<String>,
    /// Surname.
    pub patient_last: Option<String>,
    /// Given name.
    pub patient_first: Option<String>,
    /// Middle name or initial.
    pub patient_middle: Option<String>,
    /// Birth date.
    pub birth_date: Option<Day>,
    /// When the patient was seen.
    pub visit_date: Option<Day>,
    /// Record number.
    pub record_number: Option<String>,
    /// What the document is called.
    pub document_type: Option<String>,
    /// The job's number at the transcription company.
    pub job: Option<String>,
    /// Extension without its dot, lower case.
    pub ext: Option<String>,
}

impl fmt::Debug for FileNameFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileNameFields(..)")
    }
}

/// Why a template is refused, and at which character.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("character {at}: {what}")]
pub struct TemplateError {
    /// Position in the template, in characters from 1.
    pub at: usize,
    /// In words.
    pub what: &'static str,
}

impl FileNameTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// [`TemplateError`] says where and why.
    pub fn parse(template: &str) -> Result<Self, TemplateError> {
        let read = Self::part(template)?;
        if !read
            .parts
            .iter()
            .any(|part| !matches!(part, Part::Literal(_) | Part::Text(TextField::Any | TextField::Ext)))
        {
            return Err(TemplateError { at: 1, what: "the template has no field that tells anything" });
        }
        Ok(read)
    }

    /// One part of a path's template, which need not tell anything.
    pub(crate) fn part(template: &str) -> Result<Self, TemplateError> {
        if template.len() > BYTES_MAX {
            return Err(TemplateError { at: BYTES_MAX, what: "the template is longer than a file name can be" });
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut characters = template.chars().enumerate().map(|(at, c)| (at + 1, c)).peekable();
        while let Some((at, character)) = characters.next() {
            let doubled = characters.peek().is_some_and(|next| next.1 == character);
            match character {
                '{' | '}' if doubled => {
                    characters.next();
                    push_literal(&mut parts, character);
                }
                '{' => {
                    let mut field = String::new();
                    loop {
                        match characters.next() {
                            Some((_, '}')) => break,
                            Some((_, '{')) | None => {
                                return Err(TemplateError { at, what: "this brace is not closed" });
                            }
                            Some((_, inside)) => field.push(inside),
                        }
                    }
                    push_field(&mut parts, at, &field)?;
                }
                '}' => return Err(TemplateError { at, what: "this brace closes nothing; write }} for a brace" }),
                '/' | '\\' => return Err(TemplateError { at, what: "a file name holds no path" }),
                c if c.is_control() => {
                    return Err(TemplateError { at, what: "a file name holds no control character" });
                }
                c => push_literal(&mut parts, c),
            }
        }
        Ok(Self { source: template.to_owned(), parts })
    }

    /// The template as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The fields of a file name (its last path part), or `None` when the name does not follow the template.
    ///
    /// Fields are trimmed; an empty one, or a date that the calendar does not have, is no match: a wrong
    /// proposal is worse than none.
    #[must_use]
    pub fn fields(&self, file_name: &str) -> Option<FileNameFields> {
        self.part_fields(file_name.rsplit(['/', '\\']).next().unwrap_or_default())
    }

    /// The same of one part of a path, in which a backslash is a character like others.
    pub(crate) fn part_fields(&self, name: &str) -> Option<FileNameFields> {
        if name.len() > BYTES_MAX {
            return None;
        }
        let mut fields = FileNameFields::default();
        let mut rest = name;
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                Part::Literal(literal) => rest = strip_literal(rest, literal)?,
                Part::Date(field, form) => {
                    let (day, after) = read_date(rest, form)?;
                    let place = match field {
                        DateField::Visit => &mut fields.visit_date,
                        DateField::Birth => &mut fields.birth_date,
                    };
                    *place = Some(day);
                    rest = after;
                }
                Part::Text(field) => {
                    let end = match parts.peek() {
                        None => rest.len(),
                        // The extension begins at the last dot: `Op.Note.docx`.
                        Some(Part::Literal(literal)) if literal == "." && self.ends_in_extension() => {
                            if self.is_before_extension(field) { rest.rfind('.')? } else { find(rest, literal)? }
                        }
                        Some(Part::Literal(literal)) => find(rest, literal)?,
                        Some(Part::Date(_, form)) => find_date(rest, form)?,
                        // `parse` refuses two fields of unknown length in a row.
                        Some(Part::Text(_)) => return None,
                    };
                    let value = rest.get(..end)?.trim();
                    fields.put(*field, value)?;
                    rest = rest.get(end..)?;
                }
            }
        }
        rest.is_empty().then_some(fields)
    }

    /// Does a field that tells something stand in both.
    pub(crate) fn shares_field_with(&self, other: &Self) -> bool {
        self.parts.iter().any(|one| other.parts.iter().any(|two| one.repeats(two)))
    }

    fn ends_in_extension(&self) -> bool {
        matches!(self.parts.as_slice(), [.., Part::Literal(dot), Part::Text(TextField::Ext)] if dot == ".")
    }

    /// Is it the field right before `.{ext}`?
    fn is_before_extension(&self, field: &TextField) -> bool {
        matches!(self.parts.as_slice(), [.., Part::Text(last), Part::Literal(_), Part::Text(TextField::Ext)] if last == field)
    }
}

impl Part {
    fn repeats(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a == b && *b != TextField::Any,
            (Self::Date(a, _), Self::Date(b, _)) => a == b,
            _ => false,
        }
    }
}

impl FileNameFields {
    /// What these say, and where they say nothing, what the others say.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            author: self.author.or(other.author),
            patient_last: self.patient_last.or(other.patient_last),
            patient_first: self.patient_first.or(other.patient_first),
            patient_middle: self.patient_middle.or(other.patient_middle),
            birth_date: self.birth_date.or(other.birth_date),
            visit_date: self.visit_date.or(other.visit_date),
            record_number: self.record_number.or(other.record_number),
            document_type: self.document_type.or(other.document_type),
            job: self.job.or(other.job),
            ext: self.ext.or(other.ext),
        }
    }

    fn put(&mut self, field: TextField, value: &str) -> Option<()> {
        if value.is_empty() || value.chars().any(|c| crate::extract::shown(c) != Some(c)) {
            return None;
        }
        let place = match field {
            TextField::Author => &mut self.author,
            TextField::PatientLast => &mut self.patient_last,
            TextField::PatientFirst => &mut self.patient_first,
            TextField::PatientMiddle => &mut self.patient_middle,
            TextField::RecordNumber => &mut self.record_number,
            TextField::DocumentType => &mut self.document_type,
            TextField::Job => &mut self.job,
            TextField::Ext => {
                self.ext = Some(value.to_lowercase());
                return Some(());
            }
            TextField::Any => return Some(()),
        };
        *place = Some(value.to_owned());
        Some(())
    }
}

fn push_literal(parts: &mut Vec<Part>, character: char) {
    if let Some(Part::Literal(literal)) = parts.last_mut() {
        literal.push(character);
    } else {
        parts.push(Part::Literal(character.to_string()));
    }
}

fn push_field(parts: &mut Vec<Part>, at: usize, field: &str) -> Result<(), TemplateError> {
    let (name, form) = field.split_once(':').map_or((field, None), |(name, form)| (name, Some(form)));
    let date = |field| Ok(Part::Date(field, date_form(form.unwrap_or("MMDDYYYY"), at)?));
    let part = match name {
        "visit_date" => date(DateField::Visit)?,
        "birth_date" => date(DateField::Birth)?,
        _ => Part::Text(text_field(name).ok_or(TemplateError {
            at,
            what: "no such field; there are author, patient_last, patient_first, patient_middle, birth_date, visit_date, \
                   record_number, document_type, job, ext and any",
        })?),
    };
    if matches!(part, Part::Text(_)) && form.is_some() {
        return Err(TemplateError { at, what: "only dates have a form after a colon" });
    }
    if matches!((parts.last(), &part), (Some(Part::Text(_)), Part::Text(_))) {
        return Err(TemplateError { at, what: "two fields touch; put a character between them" });
    }
    if parts.iter().any(|other| other.repeats(&part)) {
        return Err(TemplateError { at, what: "this field stands twice" });
    }
    parts.push(part);
    Ok(())
}

fn text_field(name: &str) -> Option<TextField> {
    Some(match name {
        "author" => TextField::Author,
        "patient_last" => TextField::PatientLast,
        "patient_first" => TextField::PatientFirst,
        "patient_middle" => TextField::PatientMiddle,
        "record_number" => TextField::RecordNumber,
        "document_type" => TextField::DocumentType,
        "job" => TextField::Job,
        "ext" => TextField::Ext,
        "any" => TextField::Any,
        _ => return None,
    })
}

fn date_form(form: &str, at: usize) -> Result<Vec<DatePart>, TemplateError> {
    let mut parts = Vec::new();
    let mut rest = form;
    while let Some(first) = rest.chars().next() {
        let known = [
            ("YYYY", DatePart::Year4),
            ("YY", DatePart::Year2),
            ("MM", DatePart::Month),
            ("DD", DatePart::Day),
            ("HH", DatePart::Time),
            ("mm", DatePart::Time),
            ("SS", DatePart::Time),
        ];
        if let Some((text, part)) = known.iter().find(|(text, _)| rest.starts_with(text)) {
            parts.push(*part);
            rest = &rest[text.len()..];
        } else if first.is_alphanumeric() {
            return Err(TemplateError {
                at,
                what: "a date is written with YYYY, YY, MM, DD, HH, mm, SS and punctuation",
            });
        } else {
            parts.push(DatePart::Mark(first));
            rest = &rest[first.len_utf8()..];
        }
    }
    let count = |wanted: &[DatePart]| parts.iter().filter(|part| wanted.contains(part)).count();
    if count(&[DatePart::Year4, DatePart::Year2]) != 1 || count(&[DatePart::Month]) != 1 || count(&[DatePart::Day]) != 1
    {
        return Err(TemplateError { at, what: "a date needs one year, one month and one day" });
    }
    Ok(parts)
}

fn strip_literal<'a>(text: &'a str, literal: &str) -> Option<&'a str> {
    let start = text.get(..literal.len())?;
    start.eq_ignore_ascii_case(literal).then(|| &text[literal.len()..])
}

/// First place after the first character at which the literal stands.
fn find(text: &str, literal: &str) -> Option<usize> {
    text.char_indices().skip(1).map(|(at, _)| at).find(|&at| strip_literal(&text[at..], literal).is_some())
}

/// First place after the first character at which a date of this form stands.
fn find_date(text: &str, form: &[DatePart]) -> Option<usize> {
    text.char_indices().skip(1).map(|(at, _)| at).find(|&at| read_date(&text[at..], form).is_some())
}

fn read_date<'a>(text: &'a str, form: &[DatePart]) -> Option<(Day, &'a str)> {
    let (mut year, mut month, mut day) = (0, 0, 0);
    let mut rest = text;
    let take = |rest: &mut &'a str, count: usize| -> Option<i16> {
        let digits = rest.get(..count)?;
        *rest = &rest[count..];
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    for part in form {
        match part {
            DatePart::Year4 => year = take(&mut rest, 4)?,
            // Windows' own reading of two digits: to 49 this century, from 50 the last.
            DatePart::Year2 => {
                let short = take(&mut rest, 2)?;
                year = short + if short < 50 { 2_000 } else { 1_900 };
            }
            DatePart::Month => month = take(&mut rest, 2)?,
            DatePart::Day => day = take(&mut rest, 2)?,
            DatePart::Time => {
                take(&mut rest, 2)?;
            }
            DatePart::Mark(mark) => rest = rest.strip_prefix(*mark)?,
        }
    }
    let day = Day::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?)?;
    Some((day, rest))
}

#[cfg(test)]
mod tests {
    use super::FileNameTemplate;
    use proptest::prelude::*;
    use record::civil::Day;

    fn template(text: &str) -> FileNameTemplate {
        FileNameTemplate::parse(text).unwrap()
    }

    #[test]
    fn the_usual_name_is_taken_apart() {
        let usual = template("{author}_{patient_last}_{patient_first}_{visit_date:MMDDYYYY}_{record_number}.{ext}");
        let fields = usual.fields("up/load/DrLee_O'Hara-Smith_Mary Ann_03092017_A-17.2.DOCX").unwrap();
        assert_eq!(fields.author.as_deref(), Some("DrLee"));
        assert_eq!(fields.patient_last.as_deref(), Some("O'Hara-Smith"));
        assert_eq!(fields.patient_first.as_deref(), Some("Mary Ann"));
        assert_eq!(fields.visit_date, Day::new(2017, 3, 9));
        assert_eq!(fields.record_number.as_deref(), Some("A-17.2"));
        assert_eq!(fields.ext.as_deref(), Some("docx"));
    }

    #[test]
    fn a_name_that_does_not_follow_proposes_nothing() {
        let usual = template("{patient_last}_{visit_date:YYYY-MM-DD}.{ext}");
        for name in [
            "",
            "Lee.txt",
            "Lee_2017-02-30.txt",
            "_2017-03-09.txt",
            "Lee_2017-03-09",
            "Lee_2017-03-09x.txt",
            "Lee_20170309.txt",
            "L\u{202e}ee_2017-03-09.txt",
            " _2017-03-09.txt",
            "Lee_２０１７-03-09.txt",
        ] {
            assert_eq!(usual.fields(name), None, "{name:?}");
        }
        assert_eq!(usual.fields(&format!("{}_2017-03-09.txt", "a".repeat(300))), None);
    }

    #[test]
    fn dates_may_touch_a_field_and_have_other_forms() {
        let fields =
            template("{job}{visit_date:YYMMDD}-{birth_date:MM.DD.YYYY}").fields("J4170309-12.31.1949").unwrap();
        assert_eq!(fields.job.as_deref(), Some("J4"));
        assert_eq!((fields.visit_date, fields.birth_date), (Day::new(2017, 3, 9), Day::new(1949, 12, 31)));
        let timed = template("{author}-{visit_date:YYYYMMDDHHmmSS}.{ext}").fields("lee-20170309141500.dss").unwrap();
        assert_eq!(timed.visit_date, Day::new(2017, 3, 9));
    }

    #[test]
    fn literals_match_in_either_case_and_braces_are_doubled() {
        let fields = template("OP {{{record_number}}} {any}.{ext}").fields("op {17} whatever.pdf").unwrap();
        assert_eq!(fields.record_number.as_deref(), Some("17"));
    }

    #[test]
    fn a_wrong_template_says_where_and_why() {
        let cases = [
            ("{author", 1, "not closed"),
            ("a}b", 2, "closes nothing"),
            ("x{name}", 2, "no such field"),
            ("{author}{patient_last}", 9, "touch"),
            ("{author}_{author}", 10, "twice"),
            ("{visit_date:MMDD}", 1, "one year"),
            ("{visit_date:MMDDYYYYx}", 1, "is written with"),
            ("{author:X}", 1, "only dates"),
            ("a/{author}", 2, "no path"),
            ("{any}.{ext}", 1, "tells anything"),
            ("", 1, "tells anything"),
        ];
        for (text, at, what) in cases {
            let error = FileNameTemplate::parse(text).unwrap_err();
            assert_eq!(error.at, at, "{text}");
            assert!(error.what.contains(what), "{text}: {}", error.what);
        }
        assert!(FileNameTemplate::parse(&"é".repeat(200)).is_err());
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_out(author in "[A-Za-z]{1,9}", last in "[A-Za-z' -]{0,8}[A-Za-z]", number in "[0-9A-Z.]{1,9}") {
            let name = format!("{author}_{last}_03092017_{number}.txt");
            let fields = template("{author}_{patient_last}_{visit_date:MMDDYYYY}_{record_number}.{ext}").fields(&name).unwrap();
            prop_assert_eq!(fields.author.unwrap(), author);
            prop_assert_eq!(fields.patient_last.unwrap(), last.trim());
            prop_assert_eq!(fields.record_number.unwrap(), number);
        }

        #[test]
        fn anything_is_parsed_and_matched_without_a_panic(text in "(\\{author\\}|\\{visit_date:MMDDYYYY\\}|\\{ext\\}|[.{}_:é]|.){0,12}", name in ".{0,60}") {
            if let Ok(template) = FileNameTemplate::parse(&text) {
                let _ = template.fields(&name);
            }
        }
    }
}
