//! What HL7 version 2 leaves to its senders: values of observations (OBX-5, of the data type in OBX-2, about what OBX-3 says) and the
//! parameters of queries (QPD, QRD, QRF).
//!
//! What must always hold: a value whose type is not known is read as words, by its form where it has one; an age is one by the code or
//! the name of what was observed, and its unit is asked before its number is believed.
//!
//! What it refuses to know: where the fields of other segments stand (that is [`super::hl7_meaning`]'s).

use super::escape::Signs;
use super::hl7_meaning::{Kind, form_of};
use super::meaning::label_words;
use super::years;
use super::{What, Who, meaning_of_label};

/// Words of a value that a name of an observation explains as a whole; more are a sentence.
const VALUE_WORDS_MAX: usize = 4;
const ADDRESS_WORDS_MAX: usize = 12;
/// A parameter with as many digits is somebody's number.
const PARAMETER_DIGITS_MIN: usize = 4;
/// The longest part of a name, in bytes.
const NAME_BYTES_MAX: usize = 40;
/// Operators of a query by selection, and what joins two of them (tables 0209 and 0210).
const OPERATORS: &[&str] = &["EQ", "NE", "LT", "GT", "LE", "GE", "CT", "GN", "AND", "OR"];

/// What OBX-5 of this segment holds, where OBX-2 and OBX-3 say it.
pub(super) fn observed(line: &str, signs: Signs) -> Option<Kind> {
    let mut fields = line.split(char::from(signs.field)).skip(2);
    let mut next = || fields.next().unwrap_or_default();
    let (kind, id, _, value, unit) = (next(), next(), next(), next(), next());
    let kind = kind.trim();
    let parts = |field: &'static [usize], of: &str| -> Vec<String> {
        let all: Vec<&str> = of.split(char::from(signs.component)).take(6).collect();
        field.iter().filter_map(|at| all.get(*at)).map(|part| (*part).to_owned()).collect()
    };
    // The code and its text, and those of the other system.
    let names = parts(&[1, 0, 4, 3], id);
    let is_number = matches!(kind, "NM" | "SN");
    if names.iter().any(|name| is_age(name)) {
        let units = parts(&[0, 1], unit);
        let unit = units.iter().find(|unit| !unit.trim().is_empty()).map_or("", |unit| unit.as_str());
        let number: String =
            value.split(char::from(signs.component)).nth(usize::from(kind == "SN")).unwrap_or_default().to_owned();
        let is_bare = number.trim_start_matches(['<', '>', '=', ' ']).starts_with(|one: char| one.is_ascii_digit());
        if let Some(what) = years::age_of_unit(&number, unit).filter(|_| is_bare && words_in(value) <= VALUE_WORDS_MAX)
        {
            return Some(if kind == "SN" { Kind::Compared(what) } else { Kind::All(what, Who::Patient) });
        }
    }
    let told = names.iter().find_map(|name| told(name)).filter(|what| explains(*what, value));
    by_type(kind, told).or_else(|| told.map(|what| Kind::All(what, Who::Patient))).or_else(|| {
        // A number is no date, whatever it looks like.
        is_number.then_some(Kind::All(What::FreeText, Who::Patient))
    })
}

/// Data types (table 0440) that are more than words.
fn by_type(kind: &str, told: Option<What>) -> Option<Kind> {
    let unknown = Who::Unknown;
    Some(match kind {
        "XPN" | "PN" => Kind::Name(unknown),
        "XCN" | "CN" | "CNN" | "PPN" => Kind::Provider,
        "XAD" | "AD" => Kind::Address(unknown),
        "SAD" => Kind::All(What::Street, unknown),
        "XTN" | "TN" => Kind::Contact(unknown),
        "CX" | "CK" => Kind::Number(told.unwrap_or(What::OtherId), unknown),
        "EI" => Kind::Entity(What::OtherId, unknown),
        "EIP" => Kind::Pair(What::OtherId, unknown),
        "DT" | "TS" | "DTM" => match told {
            Some(what @ (What::BirthDate | What::DeathDate)) => Kind::All(what, Who::Patient),
            _ => Kind::All(What::OtherDate, unknown),
        },
        "DR" => Kind::Range,
        "XON" => Kind::Organization,
        "HD" => Kind::Facility,
        "PL" => Kind::Location,
        "CE" | "CWE" | "CNE" | "CF" => Kind::Said,
        "NDL" => Kind::Signer,
        "DLN" => Kind::License,
        "RP" => Kind::Pointer,
        "ID" | "IS" | "SI" | "ED" => Kind::All(What::FreeText, Who::Patient),
        _ => return None,
    })
}

/// Is this the code or the name of somebody's age: LOINC "Age - Reported", "Age", "Age calculated", "Current age or age at death".
fn is_age(name: &str) -> bool {
    years::is_age_code(name.trim()) || name.len() <= 48 && label_words(name).first().is_some_and(|word| word == "age")
}

/// What the name of an observation says of its value, where it means the same for whoever sends it.
fn told(name: &str) -> Option<What> {
    if name.trim() == "21112-8" {
        // LOINC "Birth date".
        return Some(What::BirthDate);
    }
    // Alone these are the first and the last of something else, and cells of the blood.
    let is_vague = matches!(
        name.trim().to_ascii_lowercase().as_str(),
        "first" | "last" | "family" | "given" | "cell" | "mobile" | "name" | "mail"
    );
    let what = meaning_of_label(name).what;
    let is_told = matches!(
        what,
        What::BirthDate
            | What::DeathDate
            | What::Ssn
            | What::RecordNumber
            | What::DriverLicense
            | What::Phone
            | What::Fax
            | What::Email
            | What::Street
            | What::Address
            | What::City
            | What::Zip
            | What::HealthPlanId
            | What::Account
            | What::ProviderId
            | What::FullName
            | What::FamilyName
            | What::GivenName
    );
    (is_told && !is_vague).then_some(what)
}

/// May a value be all of this; what is not is read as words.
fn explains(what: What, value: &str) -> bool {
    let words = words_in(value);
    let has_digit = value.bytes().any(|byte| byte.is_ascii_digit());
    match what {
        What::Email => words == 1 && value.contains('@'),
        What::Street | What::Address => words <= ADDRESS_WORDS_MAX,
        What::City | What::FullName | What::FamilyName | What::GivenName => words <= VALUE_WORDS_MAX && !has_digit,
        _ => words <= VALUE_WORDS_MAX && has_digit,
    }
}

fn words_in(value: &str) -> usize {
    value.split_whitespace().take(ADDRESS_WORDS_MAX + 1).count()
}

/// Is this field one of the parameters of a query, which mean whatever the query says.
pub(super) const fn is_parameter(name: [u8; 3], field: usize) -> bool {
    matches!((&name, field), (b"QPD" | b"ERQ", 3..) | (b"QRF", 4 | 5) | (b"SPR", 4) | (b"VTQ", 5))
}

/// What kind of thing one parameter of a query is.
pub(super) fn parameter(repetition: &str, signs: Signs) -> Option<Kind> {
    let component = char::from(signs.component);
    if let Some(asked) = asked(repetition.split(component).next().unwrap_or_default()) {
        return Some(asked);
    }
    if let Some(kind) = form_of(repetition, signs.component) {
        return Some(kind);
    }
    let parts: Vec<&str> = repetition.split(component).take(5).collect();
    let at = |index: usize| parts.get(index).copied().unwrap_or_default();
    let digits = |part: &str| part.bytes().filter(u8::is_ascii_digit).count();
    if digits(at(0)) > 0 && at(1).is_empty() && !at(3).is_empty() {
        // A number with whoever gave it, and without its type.
        return Some(Kind::Number(What::RecordNumber, Who::Patient));
    }
    if is_name_part(at(0)) && is_name_part(at(1)) {
        return Some(Kind::Name(Who::Patient));
    }
    let is_number = parts.len() == 1
        && digits(at(0)) >= PARAMETER_DIGITS_MIN
        && at(0).bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_number.then_some(Kind::All(What::OtherId, Who::Patient))
}

/// `@PID.5.1`: a field of a segment, and a component of it.
fn asked(name: &str) -> Option<Kind> {
    let mut parts = name.trim().trim_start_matches('@').split('.');
    let segment: [u8; 3] = parts.next()?.as_bytes().try_into().ok()?;
    let is_name = segment.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let field = parts.next()?.parse().ok().filter(|_| is_name)?;
    let component = parts.next().and_then(|part| part.parse().ok()).unwrap_or(1);
    Some(Kind::Asked { segment, field, component })
}

/// Is a value of a selection no value but an operator.
pub(super) fn is_operator(value: &str) -> bool {
    OPERATORS.contains(&value)
}

fn is_name_part(part: &str) -> bool {
    let fits = |one: char| one.is_alphabetic() || matches!(one, ' ' | '-' | '\'' | '.');
    part.len() <= NAME_BYTES_MAX && part.starts_with(char::is_uppercase) && part.chars().all(fits)
}
