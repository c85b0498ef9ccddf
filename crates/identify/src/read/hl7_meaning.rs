//! What the fields of HL7 version 2 hold (chapters 2A, 3, 4, 6, 7 of the standard, 2.3 to 2.8), for the segments that
//! tell of people.
//!
//! What must always hold: a segment or a field that is not listed says what its form shows (`17^LEE^ANN` is somebody with a
//! number, whatever segment it stands in) or nothing; coded texts stay open, for people write names into them.
//!
//! What it refuses to know: values of listed fields, except for the types that stand beside a number or an address.

use super::{Meaning, What, Who};
use crate::names::lists::{self, Listed};

/// Where a value stands in its segment; all numbers from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaf {
    pub(super) component: usize,
    pub(super) sub_component: usize,
}

/// The segment that is being read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    name: [u8; 3],
}

/// The data type of a field, as far as it divides what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A person's name: XPN.
    Name(Who),
    /// A provider with number and name: XCN.
    Provider,
    /// An address: XAD.
    Address(Who),
    /// A number to call: XTN.
    Contact(Who),
    /// A number with its type: CX, EI.
    Number(What, Who),
    /// An organisation: XON.
    Organization,
    /// A place in a house: PL.
    Location,
    /// A program or a facility: HD.
    Facility,
    /// A code with its text: CWE.
    Coded,
    /// All of it is this.
    All(What, Who),
}

impl Segment {
    pub(super) const fn named(name: [u8; 3]) -> Self {
        Self { name }
    }

    /// Is the field one of words, in which `&` is a letter as often as a sign.
    pub(super) fn has_words(&self, field: usize) -> bool {
        matches!((&self.name, field), (b"OBX", 5) | (b"NTE", 3))
    }

    pub(super) fn kind(&self, field: usize) -> Option<Kind> {
        match &self.name {
            b"PID" => pid(field),
            b"NK1" => nk1(field),
            b"GT1" => gt1(field),
            b"IN1" | b"IN2" => insurance(self.name[2], field),
            b"PV1" | b"PV2" | b"PD1" | b"MRG" | b"ROL" | b"EVN" | b"SCH" | b"ACC" => visit(self.name, field),
            b"OBX" | b"OBR" | b"ORC" | b"NTE" | b"TXA" | b"SPM" => order(self.name, field),
            b"MSH" | b"FHS" | b"BHS" => header(field),
            _ => other(self.name, field),
        }
    }
}

const fn date(what: What) -> Kind {
    Kind::All(what, Who::Unknown)
}

fn pid(field: usize) -> Option<Kind> {
    use What::{Account, Address, BirthDate, Code, County, DeathDate, DriverLicense, RecordNumber, Sex, Ssn};
    let own = |what| Kind::All(what, Who::Patient);
    Some(match field {
        1 | 24 | 25 | 30 | 31 => own(Code),
        2..=4 => Kind::Number(RecordNumber, Who::Patient),
        5 | 9 => Kind::Name(Who::Patient),
        6 => Kind::Name(Who::Relative),
        7 => own(BirthDate),
        8 => own(Sex),
        10 | 15..=17 | 22 | 26..=28 | 32 | 35 | 36 | 38 | 39 => Kind::Coded,
        11 => Kind::Address(Who::Patient),
        12 => own(County),
        13 | 14 | 40 => Kind::Contact(Who::Patient),
        18 => Kind::Number(Account, Who::Patient),
        19 => own(Ssn),
        20 => own(DriverLicense),
        21 => Kind::Number(RecordNumber, Who::Relative),
        23 => own(Address),
        29 => own(DeathDate),
        33 => date(What::OtherDate),
        34 => Kind::Facility,
        _ => return None,
    })
}

fn nk1(field: usize) -> Option<Kind> {
    use Who::Relative;
    Some(match field {
        1 => Kind::All(What::Code, Relative),
        2 | 26 | 30 => Kind::Name(Relative),
        3 | 7 => Kind::Coded,
        4 | 32 => Kind::Address(Relative),
        5 | 6 | 31 | 40 | 41 => Kind::Contact(Relative),
        8 | 9 => date(What::OtherDate),
        12 | 33 => Kind::Number(What::OtherId, Relative),
        13 => Kind::Organization,
        15 => Kind::All(What::Sex, Relative),
        16 => Kind::All(What::BirthDate, Relative),
        37 => Kind::All(What::Ssn, Relative),
        _ => return None,
    })
}

fn gt1(field: usize) -> Option<Kind> {
    use Who::Guarantor;
    Some(match field {
        1 => Kind::All(What::Code, Guarantor),
        2 => Kind::Number(What::Account, Guarantor),
        3 | 42 => Kind::Name(Guarantor),
        4 | 45 => Kind::Name(Who::Relative),
        5 => Kind::Address(Guarantor),
        6 | 7 | 18 | 46 => Kind::Contact(Guarantor),
        8 => Kind::All(What::BirthDate, Guarantor),
        9 => Kind::All(What::Sex, Guarantor),
        12 => Kind::All(What::Ssn, Guarantor),
        13 | 14 => date(What::OtherDate),
        16 => Kind::Name(Who::Organization),
        17 => Kind::Address(Who::Organization),
        19 => Kind::Number(What::OtherId, Guarantor),
        21 | 51 => Kind::Organization,
        _ => return None,
    })
}

fn insurance(which: u8, field: usize) -> Option<Kind> {
    use What::{BirthDate, GroupNumber, HealthPlanId, OtherDate, OtherId, Sex, Ssn};
    use Who::Subscriber;
    if which == b'2' {
        return Some(match field {
            1 => Kind::Number(OtherId, Subscriber),
            2 => Kind::All(Ssn, Subscriber),
            3 => Kind::Provider,
            6 | 8 => Kind::All(HealthPlanId, Subscriber),
            7 | 9 => Kind::Name(Subscriber),
            61 => Kind::Number(HealthPlanId, Subscriber),
            63 | 64 => Kind::Contact(Subscriber),
            _ => return None,
        });
    }
    Some(match field {
        1 => Kind::All(What::Code, Subscriber),
        2 | 17 => Kind::Coded,
        3 => Kind::Number(OtherId, Who::Organization),
        4 | 11 => Kind::Organization,
        5 => Kind::Address(Who::Organization),
        6 => Kind::Name(Who::Organization),
        7 => Kind::Contact(Who::Organization),
        8 | 9 => Kind::All(GroupNumber, Subscriber),
        10 | 49 => Kind::Number(HealthPlanId, Subscriber),
        12 | 13 | 24 | 26 | 29 => date(OtherDate),
        16 => Kind::Name(Subscriber),
        18 => Kind::All(BirthDate, Subscriber),
        19 => Kind::Address(Subscriber),
        36 => Kind::All(HealthPlanId, Subscriber),
        43 => Kind::All(Sex, Subscriber),
        44 => Kind::Address(Who::Organization),
        _ => return None,
    })
}

fn visit(name: [u8; 3], field: usize) -> Option<Kind> {
    use What::{Account, OtherDate, RecordNumber, VisitDate};
    use Who::Patient;
    Some(match (&name, field) {
        (b"PV1", 3 | 6 | 11 | 42 | 43) => Kind::Location,
        (b"PV1", 5 | 19 | 50) => Kind::Number(Account, Patient),
        (b"PV1", 7 | 8 | 9 | 17 | 52) => Kind::Provider,
        (b"PV1", 44 | 45) | (b"PV2", 8 | 9) => Kind::All(VisitDate, Patient),
        (b"PV2", 10 | 17) => date(OtherDate),
        (b"PV2", 13) | (b"ROL", 4) | (b"PD1", 4) | (b"EVN", 5) | (b"SCH", 12 | 16 | 20) => Kind::Provider,
        (b"PV2", 23) | (b"PD1", 3) => Kind::Organization,
        (b"MRG", 1 | 2 | 4) => Kind::Number(RecordNumber, Patient),
        (b"MRG", 3 | 5 | 6) => Kind::Number(Account, Patient),
        (b"MRG", 7) => Kind::Name(Patient),
        (b"ROL", 5 | 6) | (b"EVN", 2 | 3 | 6) | (b"ACC", 1) => date(OtherDate),
        (b"ROL", 11) => Kind::Address(Who::Provider),
        (b"ROL", 12) | (b"SCH", 13 | 17) => Kind::Contact(Who::Provider),
        (b"SCH", 1 | 2) => Kind::Number(Account, Patient),
        (b"SCH", 14 | 18) | (b"ACC", 9) => Kind::Address(Who::Unknown),
        (b"EVN", 7) => Kind::Facility,
        _ => return None,
    })
}

fn order(name: [u8; 3], field: usize) -> Option<Kind> {
    use What::{Account, FreeText, OtherDate, VisitDate};
    Some(match (&name, field) {
        (b"OBX", 1 | 2 | 4 | 6..=8 | 11) | (b"NTE", 1 | 2) | (b"OBR", 1 | 25) | (b"ORC", 1 | 5) => {
            Kind::All(What::Code, Who::Unknown)
        }
        (b"OBX", 3) | (b"OBR", 4) => Kind::Coded,
        (b"OBX", 5) | (b"NTE", 3) | (b"OBR", 13) => Kind::All(FreeText, Who::Patient),
        (b"OBX", 14 | 19) | (b"ORC", 9 | 15) | (b"OBR", 6 | 14 | 22 | 27 | 36) => date(OtherDate),
        (b"OBR", 7 | 8) | (b"TXA", 4 | 6 | 7 | 8) | (b"SPM", 17) => date(VisitDate),
        (b"SPM", 18) => date(OtherDate),
        (b"OBX", 16 | 25) | (b"ORC", 10 | 11 | 12 | 19) | (b"OBR", 10 | 16 | 28 | 32..=35) => Kind::Provider,
        (b"TXA", 5 | 9 | 10 | 11 | 22 | 23) | (b"NTE", 5) => Kind::Provider,
        (b"OBX", 23) | (b"ORC", 21) => Kind::Organization,
        (b"OBX", 24) | (b"ORC", 22 | 24) => Kind::Address(Who::Organization),
        (b"ORC", 14 | 23) | (b"OBR", 17) => Kind::Contact(Who::Provider),
        (b"ORC", 2..=4) | (b"OBR", 2 | 3 | 18..=21) | (b"TXA", 12..=15) | (b"SPM", 2) => {
            Kind::Number(Account, Who::Patient)
        }
        (b"NTE", 6) => date(OtherDate),
        _ => return None,
    })
}

fn header(field: usize) -> Option<Kind> {
    Some(match field {
        3 | 5 | 9 | 11 | 12 | 15..=21 => Kind::All(What::Code, Who::Unknown),
        4 | 6 => Kind::Facility,
        7 => date(What::OtherDate),
        10 => Kind::All(What::OtherId, Who::Unknown),
        _ => return None,
    })
}

fn other(name: [u8; 3], field: usize) -> Option<Kind> {
    use What::{FreeText, OtherDate, OtherId};
    Some(match (&name, field) {
        (b"AL1", 3) | (b"DG1", 3) | (b"PR1", 3) | (b"RXA", 5 | 17) | (b"RXE", 2) | (b"RXO", 1) | (b"IAM", 3) => {
            Kind::Coded
        }
        (b"AL1", 5) | (b"DG1", 4) | (b"PR1", 4) => Kind::All(FreeText, Who::Patient),
        (b"AL1", 6) | (b"DG1", 5 | 19) | (b"PR1", 5) | (b"RXA", 3 | 4 | 16 | 22) | (b"RXE", 18) => date(OtherDate),
        (b"DG1", 16) | (b"PR1", 8 | 11 | 12) | (b"RXA", 10) | (b"AIP", 3) | (b"RXE", 13 | 14) => Kind::Provider,
        (b"RXA", 15) => Kind::All(OtherId, Who::Unknown),
        (b"RXA", 11) | (b"AIL", 3) => Kind::Location,
        (b"CTD" | b"PRD", 2) => Kind::Name(Who::Provider),
        (b"CTD" | b"PRD", 3) => Kind::Address(Who::Provider),
        (b"CTD" | b"PRD", 5) => Kind::Contact(Who::Provider),
        (b"CTD" | b"PRD", 7) => Kind::Number(What::ProviderId, Who::Provider),
        _ => return None,
    })
}

/// What kind of thing one repetition of a field is that no table lists, by its components.
pub(super) fn form_of(repetition: &str, component: u8) -> Option<Kind> {
    let parts: Vec<&str> = repetition.split(char::from(component)).collect();
    let at = |index: usize| parts.get(index).copied().unwrap_or_default();
    if parts.len() == 1 {
        return is_day(at(0)).then_some(date(What::OtherDate));
    }
    let is_zip = at(4).len() >= 5 && at(4).bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let is_state = at(3).len() == 2 && at(3).bytes().all(|byte| byte.is_ascii_uppercase());
    if is_zip && is_state && !at(2).is_empty() {
        return Some(Kind::Address(Who::Unknown));
    }
    let is_use = matches!(at(1), "PRN" | "ORN" | "WPN" | "VHN" | "ASN" | "EMR" | "NET" | "BPN" | "PRS");
    if is_use && matches!(at(2), "PH" | "FX" | "MD" | "CP" | "SAT" | "Internet" | "X.400" | "BP" | "TDD" | "TTY") {
        return Some(Kind::Contact(Who::Unknown));
    }
    if number_type(at(4)).is_some() && at(0).bytes().any(|byte| byte.is_ascii_digit()) {
        return Some(Kind::Number(What::OtherId, Who::Unknown));
    }
    let (first, second) = (name_word(at(0)), name_word(at(1)));
    let is_number = at(0).is_empty() || at(0).bytes().any(|byte| byte.is_ascii_digit());
    let third = name_word(at(2));
    // Behind a code stand its text and its system, which is no given name.
    let is_given = |one: &Listed| one.is_given() || !one.is_upper && second.as_ref().is_some_and(Listed::is_surname);
    if is_number && second.as_ref().is_some_and(is_name) && third.as_ref().is_some_and(is_given) {
        return Some(Kind::Provider);
    }
    let is_person = first.as_ref().is_some_and(Listed::is_surname) && second.as_ref().is_some_and(Listed::is_given);
    let is_sure = [&first, &second].into_iter().flatten().any(Listed::is_name_alone);
    (is_person && is_sure).then_some(Kind::Name(Who::Unknown))
}

/// The word of a part of a name, if it may be one.
fn name_word(part: &str) -> Option<Listed> {
    let fits = |one: char| one.is_alphabetic() || matches!(one, ' ' | '-' | '\'' | '.');
    let is_one = !part.is_empty() && part.len() <= 40 && part.chars().all(fits);
    lists::all(part).into_iter().next().filter(|word| is_one && word.has_capital)
}

const fn is_name(word: &Listed) -> bool {
    word.is_surname() || word.is_given() || !word.is_ordinary()
}

/// `20180304`, with or without a time.
fn is_day(value: &str) -> bool {
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let number =
        |range: std::ops::Range<usize>| value.get(range).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    matches!(digits, 8 | 10 | 12 | 14)
        && (1_880..2_100).contains(&number(0..4))
        && (1..=12).contains(&number(4..6))
        && (1..=31).contains(&number(6..8))
        && value.bytes().skip(digits).all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.'))
}

/// What a value means. `near` is the value with what follows it in its repetition, divided by `component`.
pub(super) fn meaning_of(kind: Kind, leaf: Leaf, near: &str, component: u8) -> Meaning {
    let at = leaf.component;
    let follows = |far: usize| near.split(char::from(component)).nth(far).unwrap_or_default();
    let (what, who) = match kind {
        Kind::All(what, who) => (if at > 1 && is_date(what) { What::Code } else { what }, who),
        Kind::Name(who) => (name_part(at), who),
        Kind::Provider => (provider_part(at), Who::Provider),
        Kind::Address(who) => (address_part(at), who),
        Kind::Contact(who) => (contact_part(at, follows(2)), who),
        Kind::Number(what, who) => match at {
            1 => (number_type(follows(4)).unwrap_or(what), who),
            4 | 6 if leaf.sub_component == 1 => (What::OrganizationName, Who::Organization),
            7 | 8 => (What::OtherDate, who),
            _ => (What::Code, who),
        },
        Kind::Organization => match at {
            1 => (What::OrganizationName, Who::Organization),
            3 | 10 => (What::OtherId, Who::Organization),
            6 if leaf.sub_component == 1 => (What::OrganizationName, Who::Organization),
            _ => (What::Code, Who::Organization),
        },
        Kind::Location => match at {
            4 | 7 if leaf.sub_component == 1 => (What::OrganizationName, Who::Organization),
            _ => (What::Unknown, Who::Organization),
        },
        Kind::Facility if at == 1 => (What::OrganizationName, Who::Organization),
        Kind::Facility => (What::Code, Who::Organization),
        // The code and its system; the texts are anybody's words.
        Kind::Coded => (if matches!(at, 2 | 5 | 9) { What::Unknown } else { What::Code }, Who::Unknown),
    };
    Meaning::of(what, who)
}

const fn is_date(what: What) -> bool {
    matches!(what, What::BirthDate | What::DeathDate | What::VisitDate | What::OtherDate)
}

const fn name_part(component: usize) -> What {
    match component {
        1 => What::FamilyName,
        2 => What::GivenName,
        3 => What::MiddleName,
        4..=6 => What::NameAffix,
        10 | 12 | 13 => What::OtherDate,
        _ => What::Code,
    }
}

/// XCN: a number, the parts of a name, and when it holds.
const fn provider_part(component: usize) -> What {
    match component {
        1 => What::ProviderId,
        2..=7 => name_part(component - 1),
        17 | 19 | 20 => What::OtherDate,
        _ => What::Code,
    }
}

const fn address_part(component: usize) -> What {
    match component {
        1 | 2 | 8 => What::Street,
        3 => What::City,
        4 => What::State,
        5 => What::Zip,
        6 => What::Country,
        9 | 10 => What::County,
        12..=14 => What::OtherDate,
        _ => What::Code,
    }
}

fn contact_part(component: usize, equipment: &str) -> What {
    match component {
        1 if equipment == "FX" => What::Fax,
        1 => What::Phone,
        4 => What::Email,
        5..=8 | 12 => What::Phone,
        13 | 14 => What::OtherDate,
        _ => What::Code,
    }
}

/// Table 0203.
fn number_type(code: &str) -> Option<What> {
    Some(match code {
        "MR" | "PI" | "PT" | "U" | "PRC" => What::RecordNumber,
        "SS" => What::Ssn,
        "DL" => What::DriverLicense,
        "AN" | "VN" => What::Account,
        "NPI" | "DEA" | "MD" | "PRN" | "DN" | "LN" => What::ProviderId,
        "MC" | "MA" | "MB" | "HC" | "NIIP" | "PN" => What::HealthPlanId,
        _ => return None,
    })
}
