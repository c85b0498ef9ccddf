//! What structure says about a value: which thing, and whose.
//!
//! What must always hold: a meaning comes from the place of a value (a field's number, a path, a column by its name or by
//! all that a sample of it holds), never from one value alone; [`What::Unknown`] is always allowed, [`What::Code`] only
//! where a place holds codes and nothing else.
//!
//! What it refuses to know: whether the value fits its place.

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

/// What columns, keys and elements are called, without blanks and signs, in small letters. Of longer names the words at
/// their end and at their beginning are asked ([`TAILS`], [`HEADS`]).
const LABELS: &[(&str, What)] = &[
    ("lname", What::FamilyName),
    ("lastname", What::FamilyName),
    ("surname", What::FamilyName),
    ("familyname", What::FamilyName),
    ("family", What::FamilyName),
    ("last", What::FamilyName),
    ("apellido", What::FamilyName),
    ("apellidos", What::FamilyName),
    ("primerapellido", What::FamilyName),
    ("segundoapellido", What::FamilyName),
    ("apellidopaterno", What::FamilyName),
    ("apellidomaterno", What::FamilyName),
    ("fname", What::GivenName),
    ("firstname", What::GivenName),
    ("givenname", What::GivenName),
    ("given", What::GivenName),
    ("first", What::GivenName),
    ("primernombre", What::GivenName),
    ("preferredname", What::GivenName),
    ("mname", What::MiddleName),
    ("middlename", What::MiddleName),
    ("middleinitial", What::MiddleName),
    ("middle", What::MiddleName),
    ("mi", What::MiddleName),
    ("initial", What::MiddleName),
    ("segundonombre", What::MiddleName),
    ("name", What::FullName),
    ("fullname", What::FullName),
    ("patientname", What::FullName),
    ("nombre", What::FullName),
    ("nombrecompleto", What::FullName),
    ("paciente", What::FullName),
    ("billedto", What::FullName),
    ("billto", What::FullName),
    ("responsibleparty", What::FullName),
    ("emergencycontact", What::FullName),
    ("nextofkin", What::FullName),
    ("preferredname", What::FullName),
    ("nickname", What::FullName),
    ("physicianname", What::FullName),
    ("attendingphysician", What::FullName),
    ("referringphysician", What::FullName),
    ("dob", What::BirthDate),
    ("birthdate", What::BirthDate),
    ("dateofbirth", What::BirthDate),
    ("birthtime", What::BirthDate),
    ("birthday", What::BirthDate),
    ("bdate", What::BirthDate),
    ("fechanacimiento", What::BirthDate),
    ("fechadenacimiento", What::BirthDate),
    ("dod", What::DeathDate),
    ("deathdate", What::DeathDate),
    ("dateofdeath", What::DeathDate),
    ("deceaseddate", What::DeathDate),
    ("fechadefuncion", What::DeathDate),
    ("fechadedefuncion", What::DeathDate),
    ("sex", What::Sex),
    ("gender", What::Sex),
    ("birthsex", What::Sex),
    ("sexo", What::Sex),
    ("genero", What::Sex),
    ("race", What::Demographic),
    ("ethnicity", What::Demographic),
    ("ethnicgroup", What::Demographic),
    ("raceethnicity", What::Demographic),
    ("language", What::Demographic),
    ("preferredlanguage", What::Demographic),
    ("primarylanguage", What::Demographic),
    ("maritalstatus", What::Demographic),
    ("raza", What::Demographic),
    ("etnia", What::Demographic),
    ("idioma", What::Demographic),
    ("estadocivil", What::Demographic),
    ("age", What::Age),
    ("edad", What::Age),
    ("mrn", What::RecordNumber),
    ("medicalrecordnumber", What::RecordNumber),
    ("recordnumber", What::RecordNumber),
    ("chartnumber", What::RecordNumber),
    ("chartno", What::RecordNumber),
    ("patientid", What::RecordNumber),
    ("patientnum", What::RecordNumber),
    ("patientnumber", What::RecordNumber),
    ("pid", What::RecordNumber),
    ("patid", What::RecordNumber),
    ("chart", What::RecordNumber),
    ("chartid", What::RecordNumber),
    ("emrid", What::RecordNumber),
    ("ehrid", What::RecordNumber),
    ("epicid", What::RecordNumber),
    ("empi", What::RecordNumber),
    ("empiid", What::RecordNumber),
    ("mpi", What::RecordNumber),
    ("mpiid", What::RecordNumber),
    ("clientid", What::RecordNumber),
    ("clientnumber", What::RecordNumber),
    ("residentid", What::RecordNumber),
    ("expediente", What::RecordNumber),
    ("numerodeexpediente", What::RecordNumber),
    ("historiaclinica", What::RecordNumber),
    ("ssn", What::Ssn),
    ("socialsecuritynumber", What::Ssn),
    ("socialsecurity", What::Ssn),
    ("segurosocial", What::Ssn),
    ("numerodesegurosocial", What::Ssn),
    ("nss", What::Ssn),
    ("driverslicense", What::DriverLicense),
    ("driverlicense", What::DriverLicense),
    ("driverslicensenumber", What::DriverLicense),
    ("driverlicensenumber", What::DriverLicense),
    ("dlnumber", What::DriverLicense),
    ("licensenumber", What::DriverLicense),
    ("licenseno", What::DriverLicense),
    ("licencia", What::DriverLicense),
    ("phone", What::Phone),
    ("phonenumber", What::Phone),
    ("homephone", What::Phone),
    ("workphone", What::Phone),
    ("cellphone", What::Phone),
    ("mobilephone", What::Phone),
    ("cell", What::Phone),
    ("mobile", What::Phone),
    ("telephone", What::Phone),
    ("tel", What::Phone),
    ("telefono", What::Phone),
    ("celular", What::Phone),
    ("movil", What::Phone),
    ("contactnumber", What::Phone),
    ("fax", What::Fax),
    ("faxnumber", What::Fax),
    ("email", What::Email),
    ("emailaddress", What::Email),
    ("mail", What::Email),
    ("correo", What::Email),
    ("correoelectronico", What::Email),
    ("url", What::Url),
    ("website", What::Url),
    ("street", What::Street),
    ("address1", What::Street),
    ("address2", What::Street),
    ("addressline1", What::Street),
    ("addressline2", What::Street),
    ("streetaddress", What::Street),
    ("streetaddressline", What::Street),
    ("apartment", What::Street),
    ("apt", What::Street),
    ("calle", What::Street),
    ("address", What::Address),
    ("addr", What::Address),
    ("homeaddress", What::Address),
    ("direccion", What::Address),
    ("domicilio", What::Address),
    ("city", What::City),
    ("town", What::City),
    ("ciudad", What::City),
    ("municipio", What::City),
    ("county", What::County),
    ("state", What::State),
    ("region", What::State),
    ("zip", What::Zip),
    ("zipcode", What::Zip),
    ("postalcode", What::Zip),
    ("pcode", What::Zip),
    ("postcode", What::Zip),
    ("codigopostal", What::Zip),
    ("country", What::Country),
    ("account", What::Account),
    ("accountnumber", What::Account),
    ("acctno", What::Account),
    ("acct", What::Account),
    ("acctid", What::Account),
    ("accountid", What::Account),
    ("accountno", What::Account),
    ("claimid", What::Account),
    ("claimno", What::Account),
    ("invoiceid", What::Account),
    ("invoiceno", What::Account),
    ("claimnumber", What::Account),
    ("invoicenumber", What::Account),
    ("encounterid", What::Account),
    ("visitid", What::Account),
    ("visitnumber", What::Account),
    ("encounternumber", What::Account),
    ("csn", What::Account),
    ("har", What::Account),
    ("orderid", What::Account),
    ("ordernumber", What::Account),
    ("requisitionnumber", What::Account),
    ("memberid", What::HealthPlanId),
    ("subscriberid", What::HealthPlanId),
    ("policynumber", What::HealthPlanId),
    ("insuranceid", What::HealthPlanId),
    ("medicareid", What::HealthPlanId),
    ("medicaidid", What::HealthPlanId),
    ("medicare", What::HealthPlanId),
    ("medicaid", What::HealthPlanId),
    ("medicarenumber", What::HealthPlanId),
    ("medicaidnumber", What::HealthPlanId),
    ("mbi", What::HealthPlanId),
    ("hicn", What::HealthPlanId),
    ("membernumber", What::HealthPlanId),
    ("subscribernumber", What::HealthPlanId),
    ("insurancenumber", What::HealthPlanId),
    ("insuredid", What::HealthPlanId),
    ("policyid", What::HealthPlanId),
    ("beneficiaryid", What::HealthPlanId),
    ("groupnumber", What::GroupNumber),
    ("groupid", What::GroupNumber),
    ("groupno", What::GroupNumber),
    ("npi", What::ProviderId),
    ("providernpi", What::ProviderId),
    ("dea", What::ProviderId),
    ("deanumber", What::ProviderId),
    ("organization", What::OrganizationName),
    ("employer", What::OrganizationName),
    ("practice", What::OrganizationName),
    ("facility", What::OrganizationName),
    ("hospital", What::OrganizationName),
    ("school", What::OrganizationName),
    ("deviceid", What::DeviceId),
    ("serialnumber", What::DeviceId),
    ("udi", What::DeviceId),
    ("subj", What::OtherId),
    ("subjid", What::OtherId),
    ("subjectid", What::OtherId),
    ("subjectnumber", What::OtherId),
    ("subjectno", What::OtherId),
    ("usubjid", What::OtherId),
    ("participantid", What::OtherId),
    ("personid", What::OtherId),
    ("passport", What::OtherId),
    ("passportnumber", What::OtherId),
    ("pasaporte", What::OtherId),
    ("cedula", What::OtherId),
    ("dni", What::OtherId),
    ("curp", What::OtherId),
    ("licenseplate", What::OtherId),
    ("platenumber", What::OtherId),
    ("vin", What::OtherId),
    ("employeeid", What::OtherId),
    ("employeenumber", What::OtherId),
    ("employeeno", What::OtherId),
    ("studentid", What::OtherId),
    ("studentnumber", What::OtherId),
    ("badgenumber", What::OtherId),
    ("casenumber", What::OtherId),
    ("caseno", What::OtherId),
    ("incidentnumber", What::OtherId),
    ("jobnumber", What::OtherId),
    ("rxnumber", What::OtherId),
    ("accessionnumber", What::OtherId),
    ("accession", What::OtherId),
    ("accessionid", What::OtherId),
    ("prescriptionnumber", What::OtherId),
    ("specimenid", What::OtherId),
    ("barcode", What::OtherId),
    ("visitdate", What::VisitDate),
    ("encounterdate", What::VisitDate),
    ("admissiondate", What::VisitDate),
    ("dischargedate", What::VisitDate),
    ("dateofservice", What::VisitDate),
    ("dos", What::VisitDate),
    ("date", What::OtherDate),
    ("startdate", What::OtherDate),
    ("enddate", What::OtherDate),
    ("timestamp", What::OtherDate),
    ("note", What::FreeText),
    ("notes", What::FreeText),
    ("comment", What::FreeText),
    ("comments", What::FreeText),
    ("notetext", What::FreeText),
    ("narrative", What::FreeText),
    ("description", What::FreeText),
    ("transcript", What::FreeText),
];

/// Words before a label that say whose it is.
const OWNERS: &[(&str, Who)] = &[
    ("patient", Who::Patient),
    ("pt", Who::Patient),
    ("child", Who::Patient),
    ("paciente", Who::Patient),
    ("guardian", Who::Relative),
    ("mother", Who::Relative),
    ("father", Who::Relative),
    ("mom", Who::Relative),
    ("dad", Who::Relative),
    ("parent", Who::Relative),
    ("spouse", Who::Relative),
    ("contact", Who::Relative),
    ("emergencycontact", Who::Relative),
    ("emergency", Who::Relative),
    ("nextofkin", Who::Relative),
    ("nok", Who::Relative),
    ("caregiver", Who::Relative),
    ("sibling", Who::Relative),
    ("brother", Who::Relative),
    ("sister", Who::Relative),
    ("twin", Who::Relative),
    ("partner", Who::Relative),
    ("husband", Who::Relative),
    ("wife", Who::Relative),
    ("son", Who::Relative),
    ("daughter", Who::Relative),
    ("madre", Who::Relative),
    ("padre", Who::Relative),
    ("tutor", Who::Relative),
    ("esposo", Who::Relative),
    ("esposa", Who::Relative),
    ("guarantor", Who::Guarantor),
    ("billedto", Who::Guarantor),
    ("billto", Who::Guarantor),
    ("responsibleparty", Who::Guarantor),
    ("subscriber", Who::Subscriber),
    ("insured", Who::Subscriber),
    ("policyholder", Who::Subscriber),
    ("provider", Who::Provider),
    ("physician", Who::Provider),
    ("doctor", Who::Provider),
    ("author", Who::Provider),
    ("clinician", Who::Provider),
    ("practitioner", Who::Provider),
    ("prescriber", Who::Provider),
    ("surgeon", Who::Provider),
    ("attending", Who::Provider),
    ("referring", Who::Provider),
    ("ordering", Who::Provider),
    ("rendering", Who::Provider),
    ("performing", Who::Provider),
    ("supervising", Who::Provider),
    ("dictator", Who::Provider),
    ("nurse", Who::Provider),
    ("medico", Who::Provider),
    ("practice", Who::Organization),
    ("facility", Who::Organization),
    ("employer", Who::Organization),
    ("hospital", Who::Organization),
    ("clinic", Who::Organization),
    ("pharmacy", Who::Organization),
    ("insurer", Who::Organization),
    ("payer", Who::Organization),
    ("payor", Who::Organization),
];

/// What the last words of a longer name say, put together: `author_npi`, `rendering provider last name`. Only what means the
/// same whatever stands before it: a `drug_name` is nobody's, and a `lab_id` may be anything.
const TAILS: &[(&str, What)] = &[
    ("npi", What::ProviderId),
    ("dea", What::ProviderId),
    ("dob", What::BirthDate),
    ("birthdate", What::BirthDate),
    ("dateofbirth", What::BirthDate),
    ("mrn", What::RecordNumber),
    ("ssn", What::Ssn),
    ("phone", What::Phone),
    ("phonenumber", What::Phone),
    ("telephone", What::Phone),
    ("fax", What::Fax),
    ("faxnumber", What::Fax),
    ("email", What::Email),
    ("emailaddress", What::Email),
    ("zip", What::Zip),
    ("zipcode", What::Zip),
    ("postalcode", What::Zip),
    ("streetaddress", What::Street),
    ("addressline", What::Street),
    ("firstname", What::GivenName),
    ("givenname", What::GivenName),
    ("fname", What::GivenName),
    ("lastname", What::FamilyName),
    ("familyname", What::FamilyName),
    ("surname", What::FamilyName),
    ("lname", What::FamilyName),
    ("middlename", What::MiddleName),
    ("memberid", What::HealthPlanId),
    ("subscriberid", What::HealthPlanId),
    ("policynumber", What::HealthPlanId),
    ("accountnumber", What::Account),
    ("csn", What::Account),
    ("empi", What::RecordNumber),
    ("medicaidid", What::HealthPlanId),
    ("medicareid", What::HealthPlanId),
    ("date", What::OtherDate),
    ("datetime", What::OtherDate),
    ("timestamp", What::OtherDate),
];

/// What the first word of a longer name says, where the others only say which one: `phone_home`, `ssn_last4`.
const HEADS: &[(&str, What)] = &[
    ("npi", What::ProviderId),
    ("dob", What::BirthDate),
    ("mrn", What::RecordNumber),
    ("ssn", What::Ssn),
    ("phone", What::Phone),
    ("telephone", What::Phone),
    ("fax", What::Fax),
    ("email", What::Email),
    ("zip", What::Zip),
    ("zipcode", What::Zip),
    ("address", What::Street),
    // Spanish says whose it is behind what it is: `nombre de la madre`.
    ("nombre", What::FullName),
    ("apellido", What::FamilyName),
    ("apellidos", What::FamilyName),
    ("telefono", What::Phone),
    ("celular", What::Phone),
    ("correo", What::Email),
    ("direccion", What::Address),
    ("domicilio", What::Address),
];

/// Words that mean one thing wherever they stand in a name: `PAT_MRN_ID`, `SSN (full)`.
const ANYWHERE: &[(&str, What)] = &[
    ("ssn", What::Ssn),
    ("mrn", What::RecordNumber),
    ("empi", What::RecordNumber),
    ("npi", What::ProviderId),
    ("dob", What::BirthDate),
    ("csn", What::Account),
    ("age", What::Age),
    ("edad", What::Age),
];

/// A word of a name with as many digits is a number.
const NUMBER_DIGITS_MIN: usize = 4;

/// Words of what is said about a number, and is not the number.
const ABOUT: &[&str] = &[
    "is",
    "has",
    "valid",
    "verified",
    "type",
    "count",
    "status",
    "flag",
    "source",
    "system",
    "score",
    "match",
    "matched",
    "check",
    "authority",
    "assigner",
];

/// Words beside `age` of what is not a person's, or is not in years.
const OTHER_AGES: &[&str] = &[
    "days",
    "weeks",
    "months",
    "hours",
    "gestational",
    "bone",
    "mean",
    "median",
    "average",
    "avg",
    "range",
    "group",
    "max",
    "min",
    "specimen",
    "account",
    "claim",
];

/// Words that say which of several things of one kind it is.
const WHICH: &[&str] = &[
    "home",
    "work",
    "cell",
    "mobile",
    "primary",
    "secondary",
    "day",
    "evening",
    "other",
    "alt",
    "alternate",
    "number",
    "no",
    "num",
    "line",
    "last4",
    "1",
    "2",
    "3",
    "of",
    "de",
    "del",
    "la",
    "el",
];

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
    (!has(ABOUT) && !(*what == What::Age && has(OTHER_AGES))).then_some(*what)
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
