//! What structure says about a value: which thing, and whose.
//!
//! What must always hold: a meaning comes from the place of a value (a field's number, a path, a column's name),
//! never from the value itself; [`What::Unknown`] is always allowed, [`What::Code`] only where a place holds codes
//! and nothing else.
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
    /// An age.
    Age,
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
    /// When somebody was seen, admitted, discharged.
    VisitDate,
    /// Another date or time.
    OtherDate,
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

/// What columns, keys and elements are called, without blanks and signs, in small letters. Exact names only: what a
/// longer name means is judged by whoever sees the whole column.
const LABELS: &[(&str, What)] = &[
    ("lname", What::FamilyName),
    ("lastname", What::FamilyName),
    ("surname", What::FamilyName),
    ("familyname", What::FamilyName),
    ("family", What::FamilyName),
    ("last", What::FamilyName),
    ("fname", What::GivenName),
    ("firstname", What::GivenName),
    ("givenname", What::GivenName),
    ("given", What::GivenName),
    ("first", What::GivenName),
    ("preferredname", What::GivenName),
    ("mname", What::MiddleName),
    ("middlename", What::MiddleName),
    ("middleinitial", What::MiddleName),
    ("middle", What::MiddleName),
    ("mi", What::MiddleName),
    ("initial", What::MiddleName),
    ("name", What::FullName),
    ("fullname", What::FullName),
    ("patientname", What::FullName),
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
    ("dod", What::DeathDate),
    ("deathdate", What::DeathDate),
    ("dateofdeath", What::DeathDate),
    ("deceaseddate", What::DeathDate),
    ("sex", What::Sex),
    ("gender", What::Sex),
    ("birthsex", What::Sex),
    ("age", What::Age),
    ("mrn", What::RecordNumber),
    ("medicalrecordnumber", What::RecordNumber),
    ("recordnumber", What::RecordNumber),
    ("chartnumber", What::RecordNumber),
    ("chartno", What::RecordNumber),
    ("patientid", What::RecordNumber),
    ("patientnum", What::RecordNumber),
    ("patientnumber", What::RecordNumber),
    ("pid", What::RecordNumber),
    ("ssn", What::Ssn),
    ("socialsecuritynumber", What::Ssn),
    ("socialsecurity", What::Ssn),
    ("driverslicense", What::DriverLicense),
    ("driverlicense", What::DriverLicense),
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
    ("fax", What::Fax),
    ("faxnumber", What::Fax),
    ("email", What::Email),
    ("emailaddress", What::Email),
    ("mail", What::Email),
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
    ("address", What::Address),
    ("addr", What::Address),
    ("homeaddress", What::Address),
    ("city", What::City),
    ("town", What::City),
    ("county", What::County),
    ("state", What::State),
    ("region", What::State),
    ("zip", What::Zip),
    ("zipcode", What::Zip),
    ("postalcode", What::Zip),
    ("pcode", What::Zip),
    ("postcode", What::Zip),
    ("country", What::Country),
    ("account", What::Account),
    ("accountnumber", What::Account),
    ("acctno", What::Account),
    ("acct", What::Account),
    ("claimnumber", What::Account),
    ("invoicenumber", What::Account),
    ("encounterid", What::Account),
    ("visitid", What::Account),
    ("memberid", What::HealthPlanId),
    ("subscriberid", What::HealthPlanId),
    ("policynumber", What::HealthPlanId),
    ("insuranceid", What::HealthPlanId),
    ("medicareid", What::HealthPlanId),
    ("medicaidid", What::HealthPlanId),
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
    ("guardian", Who::Relative),
    ("mother", Who::Relative),
    ("father", Who::Relative),
    ("parent", Who::Relative),
    ("spouse", Who::Relative),
    ("contact", Who::Relative),
    ("emergencycontact", Who::Relative),
    ("nextofkin", Who::Relative),
    ("nok", Who::Relative),
    ("guarantor", Who::Guarantor),
    ("subscriber", Who::Subscriber),
    ("insured", Who::Subscriber),
    ("provider", Who::Provider),
    ("physician", Who::Provider),
    ("doctor", Who::Provider),
    ("practice", Who::Organization),
    ("facility", Who::Organization),
    ("employer", Who::Organization),
];

/// The longest label that is looked at, in bytes; longer ones are sentences.
const LABEL_BYTES_MAX: usize = 48;

/// What a column, a key or an element of this name holds.
#[must_use]
pub fn meaning_of_label(label: &str) -> Meaning {
    if label.len() > LABEL_BYTES_MAX {
        return Meaning::UNKNOWN;
    }
    let plain: String =
        label.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
    let what = |name: &str| LABELS.iter().find(|(known, _)| *known == name).map(|(_, what)| *what);
    if let Some(found) = what(&plain) {
        let who = if plain.starts_with("patient") { Who::Patient } else { Who::Unknown };
        return Meaning::of(found, who);
    }
    for (owner, who) in OWNERS {
        if let Some(found) = plain.strip_prefix(owner).and_then(what) {
            return Meaning::of(found, *who);
        }
    }
    Meaning::UNKNOWN
}

#[cfg(test)]
mod tests {
    use super::{Meaning, What, Who, meaning_of_label};

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
}
