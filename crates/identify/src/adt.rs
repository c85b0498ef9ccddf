//! Patients out of ADT messages: who is registered, corrected, or said to be one with another.
//!
//! Taken: A01, A04, A28 (somebody is there), A08, A31 (somebody is corrected), A40, A34, A18 (two numbers are one patient).
//! Every other event is passed by. What a message does not say stays as it is; `""` deletes.
//!
//! What must always hold: a record number is taken only when it is plain which one it is (PID-3 with its type and its
//! assigning authority); what is in doubt is rejected with a fixed word and no value. A newborn or a stranger without
//! a name of their own is never known by that name.
//!
//! What it refuses to know: who is known already, and whether two are one. Persons say that.

use crate::hl7::{Broken, Exchange, Item, Message, Piece, Said, Segment};
use record::civil::Day;
use std::collections::BTreeSet;
use std::fmt;

/// Longest value that is taken, characters; as in tables.
const VALUE_CHARS_MAX: usize = 120;
/// Longest control id or name of a sender, bytes (MSH-10 is 199 letters at most since 2.8).
const KEY_BYTES_MAX: usize = 400;
/// Pairs of numbers that one message may join.
const PAIRS_MAX: usize = 100;
const MINUTE_MILLIS: i64 = 60_000;
const DAY_MILLIS: i64 = 24 * 60 * MINUTE_MILLIS;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdtEvent {
    /// Somebody is registered or admitted.
    Register,
    /// What is known of somebody changes.
    Update,
    /// Two record numbers are one patient.
    Merge,
}

/// What a message says of one patient. PHI; `Debug` tells nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct AdtPatient {
    /// The practice's own number for the patient.
    pub record_number: String,
    /// The number that is to be no longer used (MRG-1), in a merge.
    pub prior_number: Option<String>,
    /// Surname.
    pub last: Said,
    /// Given name.
    pub first: Said,
    /// Middle names.
    pub middle: Said,
    /// Birth date.
    pub born: Said<Day>,
    /// Sex: `female`, `male`, `other`, `unknown`.
    pub sex: Said,
    /// A newborn or somebody unknown: the name is none of their own.
    pub unnamed: bool,
}

impl fmt::Debug for AdtPatient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdtPatient(..)")
    }
}

/// One message. PHI; `Debug` tells its place only.
#[derive(Clone, PartialEq, Eq)]
pub struct AdtMessage {
    /// The line of the file on which it begins, from 1.
    pub line: u64,
    /// By what it is known again: sender, time and control id (MSH-3, MSH-4, MSH-7, MSH-10).
    pub key: Vec<u8>,
    /// Where it lies in the file.
    pub range: std::ops::Range<usize>,
    /// When it happened, milliseconds since 1970: EVN-2, else MSH-7. One without a zone counts as UTC.
    pub at_millis: i64,
    /// What happened.
    pub event: AdtEvent,
    /// To whom; several only in a merge.
    pub patients: Vec<AdtPatient>,
}

impl fmt::Debug for AdtMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AdtMessage(line {}, {:?})", self.line, self.event)
    }
}

/// Why a message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AdtReject {
    /// Its separators cannot be taken.
    Separators,
    /// Its charset is not read here, or its bytes are none of it.
    Charset,
    /// A line in it is no segment.
    StrayLine,
    /// MSH-10 is missing.
    ControlId,
    /// Neither EVN-2 nor MSH-7 is a time.
    Time,
    /// PID is missing, or MRG where it is needed.
    Segment,
    /// It cannot be told which the record number is.
    RecordNumber,
    /// The number is of another assigning authority than was asked for.
    Authority,
    /// The number that goes is the one that stays.
    SameNumber,
    /// Surname or given name is missing.
    Name,
    /// PID-7 is no day.
    BirthDate,
    /// A value is too long, or holds what no name holds.
    Value,
}

impl AdtReject {
    /// The word for it in lists of rejects.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Separators => "separators",
            Self::Charset => "charset",
            Self::StrayLine => "stray_line",
            Self::ControlId => "control_id",
            Self::Time => "time",
            Self::Segment => "segment",
            Self::RecordNumber => "record_number",
            Self::Authority => "authority",
            Self::SameNumber => "same_number",
            Self::Name => "name",
            Self::BirthDate => "birth_date",
            Self::Value => "value",
        }
    }

    /// The same as a sentence.
    #[must_use]
    pub const fn say(self) -> &'static str {
        match self {
            Self::Separators => "MSH-1 and MSH-2 are no separators",
            Self::Charset => "its charset is not read here: UTF-8, ASCII and 8859/1 are",
            Self::StrayLine => "a line in it is no segment",
            Self::ControlId => "MSH-10, its control id, is missing",
            Self::Time => "neither EVN-2 nor MSH-7 is a time",
            Self::Segment => "PID is missing, or MRG",
            Self::RecordNumber => "it cannot be told which the record number is",
            Self::Authority => "its record number is another assigning authority's",
            Self::SameNumber => "the number that goes is the one that stays",
            Self::Name => "surname or given name is missing",
            Self::BirthDate => "PID-7 is no day",
            Self::Value => "a value is too long or holds hidden letters",
        }
    }
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdtLine {
    /// It is taken.
    Taken(AdtMessage),
    /// An event that is none of the index's.
    Passed,
    /// The line on which it begins, and why not.
    Rejected(u64, AdtReject),
}

/// Reads what the messages of a file say of patients. `authority`: whose numbers (CX-4, namespace or universal id) are
/// the practice's own; none said, those of the one authority that the whole file names.
#[must_use]
pub fn patients_from_adt(exchange: &Exchange<'_>, authority: Option<&str>) -> Vec<AdtLine> {
    let read = |item: &Item<'_>| match item {
        Item::Around(_) => None,
        Item::Broken(line, _, Broken::Separators) => Some(AdtLine::Rejected(*line, AdtReject::Separators)),
        Item::Broken(line, _, Broken::Charset) => Some(AdtLine::Rejected(*line, AdtReject::Charset)),
        Item::Message(message) => Some(match message_of(message, authority) {
            Ok(Some(taken)) => AdtLine::Taken(taken),
            Ok(None) => AdtLine::Passed,
            Err(why) => AdtLine::Rejected(message.line, why),
        }),
    };
    exchange.items.iter().filter_map(read).collect()
}

/// The assigning authorities of the record numbers in a file's messages, so that a file of two is not taken for one's.
#[must_use]
pub fn authorities_of(exchange: &Exchange<'_>) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for message in exchange.messages() {
        if event_of(message).is_none() {
            continue;
        }
        let numbers = message.segments().filter_map(|segment| match segment.name() {
            "PID" => number_of(&segment.field(3), None).ok(),
            "MRG" => number_of(&segment.field(1), None).ok(),
            _ => None,
        });
        all.extend(numbers.map(|number| number.authority).filter(|authority| !authority.is_empty()));
    }
    all
}

fn event_of(message: &Message<'_>) -> Option<AdtEvent> {
    let header = message.segment("MSH")?;
    let kind = header.field(9);
    let (code, trigger) = (component(&kind, 1), component(&kind, 2));
    if code.value()? != "ADT" {
        return None;
    }
    let trigger = trigger.value().or_else(|| message.segment("EVN")?.field(1).said().value())?;
    match trigger.as_str() {
        "A01" | "A04" | "A28" => Some(AdtEvent::Register),
        "A08" | "A31" => Some(AdtEvent::Update),
        "A40" | "A34" | "A18" => Some(AdtEvent::Merge),
        _ => None,
    }
}

/// A component of a field's first repetition.
fn component(field: &Piece<'_>, number: usize) -> Said {
    field.part(1).part(number).said()
}

fn message_of(message: &Message<'_>, authority: Option<&str>) -> Result<Option<AdtMessage>, AdtReject> {
    let Some(event) = event_of(message) else { return Ok(None) };
    if message.has_stray_lines() {
        return Err(AdtReject::StrayLine);
    }
    let header = message.segment("MSH").ok_or(AdtReject::Segment)?;
    if header.field(10).said().value().is_none() {
        return Err(AdtReject::ControlId);
    }
    let mut key = Vec::new();
    for number in [3, 4, 7, 10] {
        key.extend(header.field(number).raw());
        key.push(0x1F);
    }
    if key.len() > KEY_BYTES_MAX {
        return Err(AdtReject::Value);
    }
    let said_at = |field: Piece<'_>| field.said().value().and_then(|text| millis_of(&text));
    let happened = message.segment("EVN").and_then(|segment| said_at(segment.field(2)));
    let at_millis = happened.or_else(|| said_at(header.field(7))).ok_or(AdtReject::Time)?;
    let patients = if event == AdtEvent::Merge {
        pairs_of(message, authority)?
    } else {
        vec![patient_of(&message.segment("PID").ok_or(AdtReject::Segment)?, authority)?]
    };
    Ok(Some(AdtMessage { line: message.line, key, range: message.range(), at_millis, event, patients }))
}

/// Each PID of a merge with the MRG that follows it.
fn pairs_of(message: &Message<'_>, authority: Option<&str>) -> Result<Vec<AdtPatient>, AdtReject> {
    let mut pairs = Vec::new();
    let mut stays = None;
    for segment in message.segments() {
        match segment.name() {
            "PID" if stays.is_some() => return Err(AdtReject::Segment),
            "PID" => stays = Some(patient_of(&segment, authority)?),
            "MRG" => {
                let patient = stays.take().ok_or(AdtReject::Segment)?;
                let prior = number_of(&segment.field(1), authority)?.value;
                if prior == patient.record_number {
                    return Err(AdtReject::SameNumber);
                }
                pairs.push(AdtPatient { prior_number: Some(prior), ..patient });
            }
            _ => {}
        }
    }
    if pairs.is_empty() || pairs.len() > PAIRS_MAX || stays.is_some() {
        return Err(AdtReject::Segment);
    }
    Ok(pairs)
}

struct Number {
    value: String,
    authority: String,
    kind: String,
    names: Vec<String>,
}

/// The record number among the identifiers of a field (CX): the one of type MR; where none is, the only one there is.
fn number_of(field: &Piece<'_>, authority: Option<&str>) -> Result<Number, AdtReject> {
    let word = |said: Said| said.value().unwrap_or_default().trim().to_owned();
    let mut all: Vec<Number> = field
        .parts()
        .filter_map(|one| {
            let value = word(one.part(1).said());
            // The namespace and the universal id both name an authority (HD).
            let names: Vec<String> = one.part(4).parts().take(2).map(|part| word(part.said())).collect();
            let authority = names.iter().find(|name| !name.is_empty()).cloned().unwrap_or_default();
            (!value.is_empty()).then(|| Number { value, authority, kind: word(one.part(5).said()), names })
        })
        .collect();
    if all.is_empty() {
        return Err(AdtReject::RecordNumber);
    }
    if let Some(wanted) = authority {
        all.retain(|one| one.names.iter().any(|name| name == wanted));
        if all.is_empty() {
            return Err(AdtReject::Authority);
        }
    }
    let is_record = |one: &Number| matches!(one.kind.as_str(), "MR" | "MRT");
    if all.iter().any(is_record) {
        all.retain(is_record);
    }
    // The same number said twice is one.
    all.dedup_by(|one, other| one.value == other.value && one.authority == other.authority);
    let [_] = all.as_slice() else { return Err(AdtReject::RecordNumber) };
    let number = all.remove(0);
    // Without a type, a number for something else altogether would be taken: social security, a driver's licence.
    let fits = matches!(number.kind.as_str(), "" | "MR" | "MRT" | "PI" | "PT");
    if !fits || !is_fit(&number.value) { Err(AdtReject::RecordNumber) } else { Ok(number) }
}

fn is_fit(text: &str) -> bool {
    text.chars().count() <= VALUE_CHARS_MAX && !text.chars().any(char::is_control)
}

fn patient_of(segment: &Segment<'_>, authority: Option<&str>) -> Result<AdtPatient, AdtReject> {
    let number = number_of(&segment.field(3), authority)?;
    let name = name_of(&segment.field(5));
    let part = |at: usize| name.map_or(Said::Nothing, |name| clean(name.part(at).said()));
    let (last, first, middle) = (part(1), part(2), part(3));
    for said in [&last, &first, &middle] {
        if matches!(said, Said::Value(text) if !is_fit(text)) {
            return Err(AdtReject::Value);
        }
    }
    // Nobody is without a name because a message says so: a name is replaced, never deleted.
    let keep = |said: Said| if said == Said::Deleted { Said::Nothing } else { said };
    let (last, first) = (keep(last), keep(first));
    let unnamed = number.kind == "MRT" || is_unnamed(&last, &first);
    Ok(AdtPatient {
        record_number: number.value,
        prior_number: None,
        last,
        first,
        middle,
        born: born_of(&segment.field(7))?,
        sex: sex_of(&segment.field(8)),
        unnamed,
    })
}

fn clean(said: Said) -> Said {
    match said {
        Said::Value(text) => {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if text.is_empty() { Said::Nothing } else { Said::Value(text) }
        }
        other => other,
    }
}

/// The legal name among the names of a field (XPN-7 `L`), else the first of no type, else the first.
fn name_of<'a>(field: &Piece<'a>) -> Option<Piece<'a>> {
    let kind = |name: &Piece<'_>| name.part(7).said().value().unwrap_or_default();
    let of = |wanted: &str| field.parts().find(|name| !name.raw().is_empty() && kind(name) == wanted);
    of("L").or_else(|| of("")).or_else(|| field.parts().next())
}

fn born_of(field: &Piece<'_>) -> Result<Said<Day>, AdtReject> {
    match field.said() {
        Said::Nothing => Ok(Said::Nothing),
        Said::Deleted => Ok(Said::Deleted),
        Said::Value(text) => {
            let digits: String = text.trim().chars().take_while(char::is_ascii_digit).collect();
            match digits.len() {
                // A year or a month alone is no birth date, and is not made one.
                4 | 6 => Ok(Said::Nothing),
                8.. => day_of(&digits).map(Said::Value).ok_or(AdtReject::BirthDate),
                _ => Err(AdtReject::BirthDate),
            }
        }
    }
}

fn day_of(digits: &str) -> Option<Day> {
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<i16>().ok();
    let short = |from: usize, to: usize| number(from, to).and_then(|value| i8::try_from(value).ok());
    Day::new(number(0, 4)?, short(4, 6)?, short(6, 8)?)
}

fn sex_of(field: &Piece<'_>) -> Said {
    match field.said() {
        Said::Value(text) => match text.trim() {
            "F" => Said::Value("female".to_owned()),
            "M" => Said::Value("male".to_owned()),
            "O" | "A" | "N" | "X" => Said::Value("other".to_owned()),
            "U" => Said::Value("unknown".to_owned()),
            _ => Said::Nothing,
        },
        other => other,
    }
}

/// Names that stand where none is known: newborns, who are called after their mother, and strangers.
fn is_unnamed(last: &Said, first: &Said) -> bool {
    let letters = |said: &Said| match said {
        Said::Value(text) => text.chars().filter(|letter| letter.is_alphabetic()).collect::<String>().to_uppercase(),
        _ => String::new(),
    };
    let (last, first) = (letters(last), letters(first));
    let newborn = ["BABY", "NEWBORN", "INFANT"].iter().any(|word| first.starts_with(word))
        || first.strip_suffix(['A', 'B', 'C']).is_some_and(|rest| matches!(rest, "BOY" | "GIRL" | "BB" | "BG"))
        || matches!(first.as_str(), "BOY" | "GIRL" | "MALE" | "FEMALE" | "BB" | "BG");
    let unknown = |name: &str| matches!(name, "UNKNOWN" | "UNIDENTIFIED" | "TRAUMA" | "UNK");
    newborn || unknown(&last) || unknown(&first) || last == "DOE" && matches!(first.as_str(), "JOHN" | "JANE" | "BABY")
}

/// `YYYYMMDD[HH[MM[SS[.s…]]]][±ZZZZ]` as milliseconds since 1970.
fn millis_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let (said, zone) = text.find(['+', '-']).map_or((text, ""), |at| text.split_at(at));
    let whole = said.split('.').next()?;
    if !matches!(whole.len(), 8 | 10 | 12 | 14) || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |text: Option<&str>| text.map_or(Some(0), |two| two.parse::<i64>().ok());
    let (hours, minutes) = (number(whole.get(8..10))?, number(whole.get(10..12))?);
    let seconds = number(whole.get(12..14))?;
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let offset = match zone.split_at_checked(1) {
        None => 0,
        Some((sign, hhmm)) if hhmm.len() == 4 && hhmm.bytes().all(|byte| byte.is_ascii_digit()) => {
            let minutes = number(hhmm.get(..2))? * 60 + number(hhmm.get(2..))?;
            if sign == "-" { -minutes } else { minutes }
        }
        Some(_) => return None,
    };
    let days = days_since_1970(day_of(whole)?);
    Some(days * DAY_MILLIS + (hours * 60 + minutes - offset) * MINUTE_MILLIS + seconds * 1_000)
}

/// Days of the proleptic Gregorian calendar since 1970-01-01: years begin in March, so that the leap day is their last.
fn days_since_1970(day: Day) -> i64 {
    let (month, date) = (i64::from(day.month()), i64::from(day.day()));
    let year = i64::from(day.year()) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + date - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests;
