//! What structure says about a value: which thing, and whose.
//!
//! What must always hold: a meaning comes from the place of a value (a field's number, a path, a column by its name or by
//! all that a sample of it holds), never from one value alone; [`What::Unknown`] is always allowed, [`What::Code`] only
//! where a place holds codes and nothing else.
//!
//! What it refuses to know: whether the value fits its place.

mod labels;

use labels::{ABOUT, ANYWHERE, HEADS, LABELS, NUMBER_DIGITS_MIN, OTHER_AGES, OWNERS, TAILS, WHICH};

/// Whose thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Who {
    /// The place does not say.
    #[default]
    Unknown,
    /// The patient.
    Patient,
    /// A guardian, a parent, next of kin, an emergency contact, another relative.
    Relative,
    /// Who pays.
    Guarantor,
    /// In whose name the insurance runs.
    Subscriber,
    /// Who treats, orders, writes, signs.
    Provider,
    /// A practice, a hospital, an insurer, an employer.
    Organization,
}

/// Which thing it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum What {
    /// The place does not say.
    #[default]
    Unknown,
    /// A name in one piece.
    FullName,
    /// A family name.
    FamilyName,
    /// A first name.
    GivenName,
    /// A middle name or initial.
    MiddleName,
    /// Dr, Jr, MD.
    NameAffix,
    /// The day of birth.
    BirthDate,
    /// The day of death.
    DeathDate,
    /// Sex or gender.
    Sex,
    /// Race, ethnicity, language, marital status: of many people at once.
    Demographic,
    /// An age.
    Age,
    /// An age that is over 89 by its unit, whatever its number.
    AgeOver89,
    /// A medical record number, or another number that a provider gave to a person.
    RecordNumber,
    /// A social security number.
    Ssn,
    /// A driver's licence.
    DriverLicense,
    /// A telephone number.
    Phone,
    /// A fax number.
    Fax,
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// A telephone number, fax number or e-mail address: the place does not say which.
    Contact,
    /// Street, house, unit; a line of an address.
    Street,
    /// An address in one piece.
    Address,
    /// City or town.
    City,
    /// County or district.
    County,
    /// State.
    State,
    /// ZIP code.
    Zip,
    /// Country.
    Country,
    /// An account, a claim, a visit or an order by its number.
    Account,
    /// A number that an insurance gave: member, subscriber, policy.
    HealthPlanId,
    /// The number or name of a group that is insured.
    GroupNumber,
    /// NPI, DEA or licence number.
    ProviderId,
    /// The name of an organisation.
    OrganizationName,
    /// A device or its serial number.
    DeviceId,
    /// Another number that is one person's or thing's.
    OtherId,
    /// The id of a resource, or an address that leads to one or to a file: it has the form of an address and must keep it.
    Link,
    /// When somebody was seen, admitted, discharged.
    VisitDate,
    /// Another date or time.
    OtherDate,
    /// A date with a time where neither may be left out.
    Moment,
    /// Words that somebody wrote.
    FreeText,
    /// A code, a unit, a type, an address of a definition: never anything about who somebody is.
    Code,
}

/// What structure says about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Meaning {
    /// Which thing.
    pub what: What,
    /// Whose.
    pub who: Who,
}

impl Meaning {
    /// Nothing is said.
    pub const UNKNOWN: Self = Self { what: What::Unknown, who: Who::Unknown };
    /// A code.
    pub const CODE: Self = Self { what: What::Code, who: Who::Unknown };
    /// Words.
    pub const FREE_TEXT: Self = Self { what: What::FreeText, who: Who::Unknown };

    /// This, of that person.
    #[must_use]
    pub const fn of(what: What, who: Who) -> Self {
        Self { what, who }
    }
}

/// The longest label that is looked at, in bytes; longer ones are sentences.
const LABEL_BYTES_MAX: usize = 48;
/// Words of a label that are looked at.
const LABEL_WORDS_MAX: usize = 8;

/// What a column, a key or an element of this name holds.
#[must_use]
pub fn meaning_of_label(label: &str) -> Meaning {
    if label.len() > LABEL_BYTES_MAX {
        return Meaning::UNKNOWN;
    }
    let plain: String = label
        .chars()
        .map(unaccented)
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    let what = |name: &str| LABELS.iter().find(|(known, _)| *known == name).map(|(_, what)| *what);
    if let Some(found) = what(&plain) {
        return Meaning::of(found, own_who(&plain));
    }
    for (owner, who) in OWNERS {
        if let Some(found) = plain.strip_prefix(owner).and_then(what) {
            return of_owner(found, *who);
        }
    }
    by_words(&label_words(label))
}

/// Of whom a name speaks that says no more: `Guardian`, `ordering provider`. What stands under it may be a name or a number.
pub(super) fn who_of_label(label: &str) -> Option<Who> {
    if label.len() > LABEL_BYTES_MAX {
        return None;
    }
    let words = label_words(label);
    let whole: String = words.concat();
    let is_owner = |word: &str| OWNERS.iter().find(|(owner, _)| *owner == word).map(|(_, who)| *who);
    is_owner(&whole).or_else(|| {
        let all = words.iter().map(|word| is_owner(word)).collect::<Option<Vec<Who>>>()?;
        all.last().copied()
    })
}

/// `patient…` speaks of the patient, and of some names it is known whose they are.
fn own_who(plain: &str) -> Who {
    if plain.starts_with("patient") {
        return Who::Patient;
    }
    let owner = OWNERS.iter().filter(|(owner, _)| plain.starts_with(owner) && plain.len() > owner.len() + 1);
    match plain {
        "billedto" | "billto" | "responsibleparty" => Who::Guarantor,
        "emergencycontact" | "nextofkin" => Who::Relative,
        _ => owner.map(|(_, who)| *who).find(|who| *who == Who::Provider).unwrap_or_default(),
    }
}

/// The name of an organisation is no person's.
const fn of_owner(what: What, who: Who) -> Meaning {
    match (what, who) {
        (What::FullName, Who::Organization) => Meaning::of(What::OrganizationName, who),
        _ => Meaning::of(what, who),
    }
}

/// The letters of Spanish names of columns without their accents.
const fn unaccented(letter: char) -> char {
    match letter {
        'á' | 'Á' => 'a',
        'é' | 'É' => 'e',
        'í' | 'Í' => 'i',
        'ó' | 'Ó' => 'o',
        'ú' | 'Ú' | 'ü' | 'Ü' => 'u',
        'ñ' | 'Ñ' => 'n',
        other => other,
    }
}

/// The words of a name in small letters: `OrderingProviderNPI`, `policy #`.
pub(super) fn label_words(label: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    let letters: Vec<char> = label.chars().map(unaccented).collect();
    for (at, letter) in letters.iter().copied().enumerate() {
        let goes_on = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
        let humps =
            letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_uppercase() && goes_on);
        let begins = humps || !before.is_ascii_alphanumeric();
        if letter == '#' {
            words.push("number".to_owned());
        } else if letter.is_ascii_alphanumeric() {
            let small = letter.to_ascii_lowercase();
            match words.last_mut() {
                Some(word) if !begins => word.push(small),
                _ => words.push(small.to_string()),
            }
        }
        before = letter;
    }
    for word in &mut words {
        if matches!(word.as_str(), "no" | "num" | "nbr") {
            "number".clone_into(word);
        }
    }
    words.truncate(LABEL_WORDS_MAX);
    words
}

/// What the words of a longer name say.
fn by_words(words: &[String]) -> Meaning {
    let count = words.len();
    let owner = |words: &[String]| {
        let of = |word: &String| OWNERS.iter().find(|(owner, _)| owner == word).map(|(_, who)| *who);
        words.iter().rev().find_map(of).unwrap_or_default()
    };
    let joined: String = words.concat();
    if let Some((_, what)) = LABELS.iter().find(|(known, _)| *known == joined) {
        return Meaning::of(*what, own_who(&joined));
    }
    for long in (1..=3).rev().filter(|long| *long < count) {
        let (front, back) = words.split_at(count - long);
        let tail: String = back.concat();
        // `ip address` and `is email` are no addresses of somebody; what is asked about is not what it is.
        let asks = front.iter().any(|word| matches!(word.as_str(), "is" | "has" | "no" | "valid" | "ip" | "mac"));
        if let Some((_, what)) = TAILS.iter().find(|(known, _)| *known == tail && !asks) {
            return Meaning::of(*what, owner(front));
        }
        if tail == "name" && owner(&front[front.len() - 1..]) != Who::Unknown {
            return of_owner(What::FullName, owner(&front[front.len() - 1..]));
        }
    }
    let Some((first, rest)) = words.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        return Meaning::UNKNOWN;
    };
    let is_which = |word: &String| WHICH.contains(&word.as_str()) || OWNERS.iter().any(|(owner, _)| owner == word);
    match HEADS.iter().find(|(known, _)| known == first) {
        Some((_, what)) if rest.iter().all(is_which) => Meaning::of(*what, owner(rest)),
        _ => anywhere(words).map_or(Meaning::UNKNOWN, |what| Meaning::of(what, owner(words))),
    }
}

/// What a word says that means one thing wherever it stands.
fn anywhere(words: &[String]) -> Option<What> {
    let found = words.iter().find_map(|word| ANYWHERE.iter().find(|(known, _)| known == word));
    let (_, what) = found?;
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    // `MRN-7781244` is no name of anything but somebody.
    if words.iter().any(|word| word.bytes().filter(u8::is_ascii_digit).count() >= NUMBER_DIGITS_MIN) {
        return None;
    }
    let is_other = has(ABOUT) || *what == What::Age && has(OTHER_AGES);
    (!is_other).then_some(*what)
}

#[cfg(test)]
mod tests {
    use super::{Meaning, What, Who, meaning_of_label, who_of_label};

    #[test]
    fn labels_are_known_however_they_are_spelled() {
        for label in ["Last Name", "last_name", "LASTNAME", "lastName"] {
            assert_eq!(meaning_of_label(label).what, What::FamilyName, "{label}");
        }
        assert_eq!(meaning_of_label("Guarantor Phone"), Meaning::of(What::Phone, Who::Guarantor));
        assert_eq!(meaning_of_label("patient_dob"), Meaning::of(What::BirthDate, Who::Patient));
        assert_eq!(meaning_of_label("provider name"), Meaning::of(What::FullName, Who::Provider));
        assert_eq!(meaning_of_label("drug name"), Meaning::UNKNOWN);
    }

    #[test]
    fn longer_labels_are_read_by_the_words_at_their_ends() {
        for (label, what, who) in [
            ("author_npi", What::ProviderId, Who::Provider),
            ("OrderingProviderNPI", What::ProviderId, Who::Provider),
            ("sibling_dob", What::BirthDate, Who::Relative),
            ("old_mrn", What::RecordNumber, Who::Unknown),
            ("mother_ssn", What::Ssn, Who::Relative),
            ("ssn_last4", What::Ssn, Who::Unknown),
            ("phone_home", What::Phone, Who::Unknown),
            ("work phone number", What::Phone, Who::Unknown),
            ("mailing_zip", What::Zip, Who::Unknown),
            ("Rendering Provider Last Name", What::FamilyName, Who::Provider),
            ("attending_name", What::FullName, Who::Provider),
            ("hospital_name", What::OrganizationName, Who::Organization),
            ("administered_date", What::OtherDate, Who::Unknown),
            ("Policy #", What::HealthPlanId, Who::Unknown),
            ("Attending Physician", What::FullName, Who::Provider),
            ("SSN (full)", What::Ssn, Who::Unknown),
            ("PAT_MRN_ID", What::RecordNumber, Who::Unknown),
            ("PAT_ENC_CSN_ID", What::Account, Who::Unknown),
            ("Medicaid", What::HealthPlanId, Who::Unknown),
            ("Chart #", What::RecordNumber, Who::Unknown),
            ("ageAtDiagnosis", What::Age, Who::Unknown),
            ("patient_age_years", What::Age, Who::Patient),
            ("Fecha de Nacimiento", What::BirthDate, Who::Unknown),
            ("Teléfono de la Madre", What::Phone, Who::Relative),
            ("Nombre del paciente", What::FullName, Who::Patient),
            ("Número de Seguro Social", What::Ssn, Who::Unknown),
            ("correo electrónico", What::Email, Who::Unknown),
        ] {
            assert_eq!(meaning_of_label(label), Meaning::of(what, who), "{label}");
        }
        for label in [
            "has_ssn",
            "mrn_type",
            "age_group",
            "bone age",
            "MRN-7781244",
            "gestational_age_weeks",
            "charted",
            "page",
            "dosage",
        ] {
            assert_eq!(meaning_of_label(label), Meaning::UNKNOWN, "{label}");
        }
        for label in
            ["drug_name", "ip_address", "has_phone", "phone_type", "zip_score", "update", "lab_id", "cvx", "lot"]
        {
            assert_eq!(meaning_of_label(label), Meaning::UNKNOWN, "{label}");
        }
    }

    #[test]
    fn a_label_that_only_names_a_role_says_whose_it_is() {
        assert_eq!(who_of_label("Guardian"), Some(Who::Relative));
        assert_eq!(who_of_label("ordering_provider"), Some(Who::Provider));
        assert_eq!(who_of_label("guardian_note"), None);
        assert_eq!(who_of_label("status"), None);
    }
}
