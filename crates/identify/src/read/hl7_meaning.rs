//! What the fields of HL7 version 2 hold (chapters 2A, 3, 4, 6, 7 of the standard, 2.3 to 2.8), for the segments that
//! tell of people.
//!
//! What must always hold: a segment or a field that is not listed says what its form shows (`17^LEE^ANN` is somebody with a
//! number, whatever segment it stands in) or nothing; coded texts stay open, for people write names into them.
//!
//! What it refuses to know: values of listed fields, except for the types that stand beside a number or an address.

use super::escape::Signs;
use super::hl7_observed::{is_operator, is_parameter, observed, parameter};
use super::{Meaning, What, Who};
use crate::names::lists::{self, Listed};

/// Who numbers providers for all of the United States.
const REGISTERS: &[&str] = &["NPI", "NPPES", "DEA", "UPIN", "CMS", "CMS-NPPES", "USDEA"];

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
    /// What OBX-5 holds, where the fields before it say it.
    observed: Option<Kind>,
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
    /// A code with its text as somebody's answer, whose code may be a word.
    Said,
    /// A person with a number that somebody gave to them: XCN of a patient.
    Subject,
    /// Who reads, types or signs, in one component; when, and where: NDL.
    Signer,
    /// A number and the name of whoever gave it: EI.
    Entity(What, Who),
    /// Two of these, in one component each: EIP.
    Pair(What, Who),
    /// Two days: DR.
    Range,
    /// A number with its signs: SN.
    Compared(What),
    /// A driver's licence: DLN.
    License,
    /// Where a document lies: RP.
    Pointer,
    /// A parameter that names the field that it asks for: QIP, QSC.
    Asked { segment: [u8; 3], field: usize, component: usize },
    /// All of it is this.
    All(What, Who),
}

impl Segment {
    /// The segment that stands on this line.
    pub(super) fn of(name: [u8; 3], line: &str, signs: Signs) -> Self {
        let observed = if name == *b"OBX" { observed(line, signs) } else { None };
        Self { name, observed }
    }

    /// Is the field one of words, in which `&` is a letter as often as a sign.
    pub(super) const fn has_words(&self, field: usize) -> bool {
        let has_parts = matches!(
            self.observed,
            Some(
                Kind::Name(_)
                    | Kind::Provider
                    | Kind::Address(_)
                    | Kind::Number(..)
                    | Kind::Entity(..)
                    | Kind::Pair(..)
                    | Kind::Organization
                    | Kind::Location
                    | Kind::Facility
                    | Kind::Signer
                    | Kind::Pointer
            )
        );
        match (&self.name, field) {
            (b"OBX", 5) => !has_parts,
            (b"NTE", 3) => true,
            _ => false,
        }
    }

    /// What one repetition of a field holds that [`Segment::kind`] does not know.
    pub(super) fn guess(&self, field: usize, repetition: &str, signs: Signs) -> Option<Kind> {
        match (&self.name, field) {
            (b"OBX", 5) => form_of(repetition, signs.component).or(Some(Kind::All(What::FreeText, Who::Patient))),
            (b"OBR", 32..=35) => Some(signer(repetition, signs)),
            (name, field) if is_parameter(*name, field) => parameter(repetition, signs),
            _ => form_of(repetition, signs.component),
        }
    }

    /// Is what a field holds known by its form alone.
    pub(super) fn is_guess(&self, field: usize) -> bool {
        self.kind(field).is_none() && !matches!((&self.name, field), (b"OBR", 32..=35))
    }

    pub(super) fn kind(&self, field: usize) -> Option<Kind> {
        match &self.name {
            b"OBX" if field == 5 => self.observed,
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
        (b"SCH", 1 | 2) => Kind::Entity(Account, Patient),
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
        (b"NTE", 3) | (b"OBR", 13) => Kind::All(FreeText, Who::Patient),
        (b"OBX", 14 | 19) | (b"ORC", 9 | 15) | (b"OBR", 6 | 14 | 22 | 27 | 36) => date(OtherDate),
        (b"OBR", 7 | 8) | (b"TXA", 4 | 6 | 7 | 8) | (b"SPM", 17) => date(VisitDate),
        (b"SPM", 18) => date(OtherDate),
        (b"OBX", 16 | 25) | (b"ORC", 10 | 11 | 12 | 19) | (b"OBR", 10 | 16 | 28) => Kind::Provider,
        (b"TXA", 5 | 9 | 10 | 11 | 22 | 23) | (b"NTE", 5) => Kind::Provider,
        (b"OBX", 23) | (b"ORC", 21) => Kind::Organization,
        (b"OBX", 24) | (b"ORC", 22 | 24) => Kind::Address(Who::Organization),
        (b"ORC", 14 | 23) | (b"OBR", 17) => Kind::Contact(Who::Provider),
        (b"ORC", 2..=4) | (b"OBR", 2 | 3) | (b"TXA", 12..=15) => Kind::Entity(Account, Who::Patient),
        (b"OBR", 18..=21) => Kind::Number(Account, Who::Patient),
        (b"ORC", 8) | (b"OBR", 29) | (b"SPM", 2 | 3) => Kind::Pair(Account, Who::Patient),
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
    use What::{Code, FreeText, OtherDate, OtherId};
    Some(match (&name, field) {
        (b"MSA", 1) | (b"QRD", 2 | 3 | 5 | 7 | 12) => Kind::All(Code, Who::Unknown),
        // The number of the message that is answered, and of the query: as in MSH-10.
        (b"MSA", 2) | (b"QAK" | b"QID", 1) | (b"QPD", 2) | (b"QRD", 4) => Kind::All(OtherId, Who::Unknown),
        (b"MSA", 3) => Kind::All(FreeText, Who::Unknown),
        (b"QPD", 1) | (b"QID", 2) | (b"QAK", 3) | (b"QRD", 9) => Kind::Coded,
        (b"QRD", 1 | 6) | (b"QRF", 2 | 3) => date(OtherDate),
        (b"QRD", 8) => Kind::Subject,
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

/// NDL, whose first component holds a person in its parts; senders put an XCN there as well.
fn signer(repetition: &str, signs: Signs) -> Kind {
    let mut parts = repetition.split(char::from(signs.component));
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let has_parts = signs.sub_component != 0 && first.contains(char::from(signs.sub_component));
    if !has_parts && second.chars().any(char::is_alphabetic) { Kind::Provider } else { Kind::Signer }
}

/// What a value means. `near` is the value with what follows it in its repetition.
pub(super) fn meaning_of(kind: Kind, leaf: Leaf, near: &str, signs: Signs) -> Meaning {
    let at = leaf.component;
    let follows = |far: usize| near.split(char::from(signs.component)).nth(far).unwrap_or_default();
    let value = || follows(0).split(char::from(signs.sub_component)).next().unwrap_or_default();
    let organization = |what| (what, Who::Organization);
    let (what, who) = match kind {
        Kind::All(what, who) => (if at > 1 && is_date(what) { What::Code } else { what }, who),
        Kind::Name(who) => (name_part(at), who),
        Kind::Provider => (provider_part(at, leaf.sub_component, value()), Who::Provider),
        Kind::Subject if at == 1 => (What::RecordNumber, Who::Patient),
        Kind::Subject => (provider_part(at, leaf.sub_component, value()), Who::Patient),
        Kind::Signer => match at {
            1 => (provider_part(leaf.sub_component, 1, value()), Who::Provider),
            2 | 3 => (What::OtherDate, Who::Provider),
            7 if leaf.sub_component == 1 => organization(What::OrganizationName),
            // A room, a bed, a floor.
            5 | 6 | 8 | 11 => organization(What::Code),
            _ => organization(What::Unknown),
        },
        Kind::Address(who) => (address_part(at), who),
        Kind::Contact(who) => (contact_part(at, follows(2), value()), who),
        Kind::Number(what, who) => match at {
            1 => (number_type(follows(4)).unwrap_or(what), who),
            4 | 6 if leaf.sub_component == 1 => organization(What::OrganizationName),
            7 | 8 => (What::OtherDate, who),
            _ => (What::Code, who),
        },
        Kind::Entity(what, who) => (entity_part(at, what), who),
        Kind::Pair(what, who) => (entity_part(leaf.sub_component, what), who),
        Kind::Organization => organization(organization_part(at, leaf.sub_component, value())),
        Kind::Location => match at {
            4 | 7 if leaf.sub_component == 1 => organization(What::OrganizationName),
            _ => organization(What::Unknown),
        },
        Kind::Facility if at == 1 => organization(What::OrganizationName),
        Kind::Facility => organization(What::Code),
        Kind::Range => (What::OtherDate, Who::Unknown),
        Kind::Compared(what) => (if matches!(at, 2 | 4) { what } else { What::Code }, Who::Patient),
        Kind::License => match at {
            1 => (What::DriverLicense, Who::Unknown),
            3 => (What::OtherDate, Who::Unknown),
            _ => (What::Unknown, Who::Unknown),
        },
        // A path or an address; it often says whose document lies there.
        Kind::Pointer => (if at == 1 { What::Url } else { What::Unknown }, Who::Unknown),
        Kind::Asked { .. } if at == 1 || is_operator(value()) => (What::Code, Who::Unknown),
        Kind::Asked { segment, field, component } => {
            let place = Leaf { component, sub_component: leaf.sub_component };
            let known = Segment { name: segment, observed: None }.kind(field);
            return known.map_or(Meaning::UNKNOWN, |kind| meaning_of(kind, place, value(), signs));
        }
        // The code and its system; the texts are anybody's words.
        Kind::Coded => (if matches!(at, 2 | 5 | 9 | 12) { What::Unknown } else { What::Code }, Who::Unknown),
        Kind::Said => (if matches!(at, 1 | 2 | 4 | 5 | 9 | 12) { What::Unknown } else { What::Code }, Who::Unknown),
    };
    Meaning::of(what, who)
}

/// EI: a number, and whoever gave it.
const fn entity_part(component: usize, what: What) -> What {
    match component {
        1 => what,
        2 => What::Unknown,
        _ => What::Code,
    }
}

/// XON. A number of an organisation that is a word names it.
fn organization_part(component: usize, sub_component: usize, value: &str) -> What {
    match component {
        3 | 10 if value.bytes().any(|byte| byte.is_ascii_digit()) => What::OtherId,
        1 | 3 | 10 => What::OrganizationName,
        6 | 8 if sub_component == 1 => What::OrganizationName,
        _ => What::Code,
    }
}

const fn is_date(what: What) -> bool {
    matches!(what, What::BirthDate | What::DeathDate | What::VisitDate | What::OtherDate)
}

const fn name_part(component: usize) -> What {
    match component {
        1 => What::FamilyName,
        2 | 15 => What::GivenName,
        3 => What::MiddleName,
        4..=6 => What::NameAffix,
        10 | 12 | 13 => What::OtherDate,
        _ => What::Code,
    }
}

/// XCN: a number, the parts of a name, who gave the number, and when it holds (PPN: when it was).
fn provider_part(component: usize, sub_component: usize, value: &str) -> What {
    match component {
        // Where senders have no number they write the name, or what somebody logs in with.
        1 if !value.bytes().any(|byte| byte.is_ascii_digit()) => What::FullName,
        1 => What::ProviderId,
        2..=7 => name_part(component - 1),
        // Registers of the whole country are no organisation that somebody goes to.
        9 | 14 if sub_component == 1 && REGISTERS.contains(&value) => What::Code,
        9 | 14 if sub_component == 1 => What::OrganizationName,
        15 | 17 | 19 | 20 => What::OtherDate,
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
        // Since version 2.7: to whom a letter goes or where that is, a comment, and a number of the address.
        19 => What::Address,
        20 => What::FreeText,
        23 => What::OtherId,
        _ => What::Code,
    }
}

fn contact_part(component: usize, equipment: &str, value: &str) -> What {
    // A name or a sentence where a number should stand.
    let has_words = value.split(|one: char| !one.is_alphabetic()).any(|word| word.len() >= 4);
    match component {
        1 | 5..=8 | 12 if value.contains('@') => What::Email,
        1 | 7 | 12 if has_words => What::FreeText,
        1 if equipment == "FX" => What::Fax,
        1 | 7 | 12 => What::Phone,
        4 if value.contains('@') => What::Email,
        4 | 9 => What::FreeText,
        // The code of an area is a place smaller than a state.
        6 | 8 | 11 | 17 => What::OtherId,
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
