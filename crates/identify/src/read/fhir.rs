//! What values of FHIR R4 mean (hl7.org/fhir/R4), by the resource and the keys that lead to them.
//!
//! What must always hold: what is not listed says nothing; displays of codes stay open, for people write names into
//! them; a contained resource belongs to the record around it.
//!
//! What it refuses to know: JSON and XML, and extensions other than by the names of their keys.

use super::fhir_address::{is_definition, is_definition_type, is_known_definition, is_resource_type};
use super::{Meaning, What, Who, meaning_of_label, years};

/// The namespace of resources in XML.
pub(super) const NAMESPACE: &str = "http://hl7.org/fhir";
/// An id of an element of a definition with as many digits may be somebody's number.
const ID_DIGITS_MIN: usize = 4;
/// How far a resource's type is looked for behind its beginning, in bytes.
const TYPE_BYTES_MAX: usize = 16 << 10;

/// Resources, as far as they differ in whose data they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Patient,
    Related,
    Practitioner,
    Organization,
    Coverage,
    Encounter,
    /// Appointments, and what they are chosen from.
    Scheduled,
    /// Who did what, and when.
    Witnessed,
    /// Where a document lies.
    Filed,
    /// Anybody at all.
    Person,
    /// A relative's illnesses.
    Family,
    Account,
    /// What says how others are written.
    Definition,
    Other,
}

/// What an object or a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// JSON that is no FHIR.
    Plain,
    /// An object that is a resource if it says its type.
    MayBeResource,
    Bundle,
    Resource(Resource),
    /// Something within a resource.
    Within(Resource, Who),
    Name(Who),
    Address(Who),
    Contact(Who),
    Identifier(Who),
    /// A code with its system, or an extension's address.
    Coding,
    Narrative,
    Attachment,
    Meta,
    Reference(Who),
    /// When something was.
    Period(Resource),
    /// An age with its unit.
    Age(Who),
    /// An amount with its unit, which may be an age by the code that stands beside it.
    Quantity(Who),
}

impl Resource {
    const fn who(self) -> Who {
        match self {
            Self::Patient => Who::Patient,
            Self::Related | Self::Family => Who::Relative,
            Self::Practitioner => Who::Provider,
            Self::Organization => Who::Organization,
            Self::Coverage => Who::Subscriber,
            Self::Encounter
            | Self::Scheduled
            | Self::Witnessed
            | Self::Filed
            | Self::Person
            | Self::Account
            | Self::Definition
            | Self::Other => Who::Unknown,
        }
    }
}

impl Kind {
    pub(super) const fn is_record(&self) -> bool {
        matches!(self, Self::Resource(_))
    }

    /// Does a value in it need its brothers to say what it is.
    pub(super) const fn has_brothers(&self) -> bool {
        matches!(self, Self::Contact(_) | Self::Identifier(_) | Self::Age(_) | Self::Quantity(_))
    }

    pub(super) const fn is_amount(&self) -> bool {
        matches!(self, Self::Age(_) | Self::Quantity(_))
    }

    pub(super) fn is_div(&self, key: &str) -> bool {
        *self == Self::Narrative && key == "div"
    }

    pub(super) fn is_packed(&self, key: &str) -> bool {
        matches!(self, Self::Attachment | Self::Resource(_)) && key == "data"
    }

    pub(super) const fn who(&self) -> Who {
        match self {
            Self::Name(who)
            | Self::Address(who)
            | Self::Contact(who)
            | Self::Identifier(who)
            | Self::Reference(who)
            | Self::Age(who)
            | Self::Quantity(who)
            | Self::Within(_, who) => *who,
            Self::Resource(resource) | Self::Period(resource) => resource.who(),
            _ => Who::Unknown,
        }
    }
}

/// Is a key spelled as elements are: letters of ASCII, the first one small.
pub(super) fn is_element(key: &str) -> bool {
    let letters = key.strip_prefix('_').unwrap_or(key).as_bytes();
    letters.first().is_some_and(u8::is_ascii_lowercase) && letters.iter().all(u8::is_ascii_alphabetic)
}

/// The type of the resource that begins here, if it is one.
pub(super) fn resource_type(text: &str, at: usize) -> Option<Kind> {
    const KEY: &[u8] = b"resourceType";
    let bytes = &text.as_bytes()[at..];
    let bytes = &bytes[..bytes.len().min(TYPE_BYTES_MAX)];
    let (mut depth, mut place) = (0_usize, 0);
    let mut last: &[u8] = b"";
    while place < bytes.len() {
        match bytes[place] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return None;
                }
            }
            b'"' => {
                let start = place + 1;
                let mut end = start;
                while end < bytes.len() && bytes[end] != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                let word = bytes.get(start..end)?;
                if depth == 1 && last == KEY {
                    return Some(kind_of(word));
                }
                last = if depth == 1 { word } else { b"" };
                place = end;
            }
            b',' if depth == 1 => last = b"",
            _ => {}
        }
        place += 1;
    }
    None
}

/// What a resource of this type is.
pub(super) fn kind_of(name: &[u8]) -> Kind {
    Kind::Resource(match name {
        b"Bundle" | b"Parameters" => return Kind::Bundle,
        b"Patient" => Resource::Patient,
        b"RelatedPerson" => Resource::Related,
        b"Practitioner" | b"PractitionerRole" => Resource::Practitioner,
        b"Organization" | b"Location" | b"HealthcareService" | b"Endpoint" | b"InsurancePlan" => Resource::Organization,
        b"Coverage" => Resource::Coverage,
        b"Encounter" => Resource::Encounter,
        b"Appointment" | b"AppointmentResponse" | b"Slot" | b"Subscription" => Resource::Scheduled,
        b"AuditEvent" | b"Provenance" => Resource::Witnessed,
        b"DocumentReference" => Resource::Filed,
        b"Person" => Resource::Person,
        b"FamilyMemberHistory" => Resource::Family,
        b"Account" => Resource::Account,
        name if std::str::from_utf8(name).is_ok_and(is_definition_type) => Resource::Definition,
        _ => Resource::Other,
    })
}

/// What stands under a key of something.
pub(super) fn child(parent: &Kind, key: &str, parent_is_object: bool) -> Kind {
    if !parent_is_object {
        // Elements of a list are what the list is.
        return *parent;
    }
    let who = parent.who();
    match (parent, key) {
        (Kind::Plain, "resource") => Kind::MayBeResource,
        (Kind::Plain, _) => Kind::Plain,
        (_, "contained" | "resource") => Kind::MayBeResource,
        (Kind::Bundle, "meta") | (_, "meta") => Kind::Meta,
        (Kind::Bundle | Kind::MayBeResource, _) => *parent,
        (Kind::Resource(_) | Kind::Within(..), "text") => Kind::Narrative,
        // A name that is more than a string is a person's, whatever it stands in.
        (Kind::Resource(_) | Kind::Within(..), "name") => Kind::Name(who),
        (Kind::Resource(_) | Kind::Within(..), _) if is_age(key) => Kind::Age(who),
        (Kind::Resource(_) | Kind::Within(..), "valueQuantity") => Kind::Quantity(who),
        (_, "valueHumanName") => Kind::Name(who),
        (_, "address" | "valueAddress") => Kind::Address(who),
        (_, "telecom" | "valueContactPoint") => Kind::Contact(who),
        (_, "identifier" | "valueIdentifier" | "masterIdentifier" | "groupIdentifier") => Kind::Identifier(who),
        (Kind::Identifier(_), "type") => Kind::Coding,
        (_, "coding" | "valueCoding" | "class") => Kind::Coding,
        (_, "attachment" | "valueAttachment" | "content" | "photo" | "contentAttachment" | "presentedForm") => {
            Kind::Attachment
        }
        (Kind::Resource(resource), "period" | "actualPeriod" | "billablePeriod" | "effectivePeriod") => {
            Kind::Period(*resource)
        }
        (Kind::Resource(Resource::Patient), "contact") => Kind::Within(Resource::Related, Who::Relative),
        (Kind::Resource(resource), "contact") => Kind::Within(*resource, Who::Provider),
        (Kind::Resource(resource) | Kind::Within(resource, _), _) => {
            Kind::Within(*resource, of_role(key).unwrap_or(who))
        }
        (Kind::Identifier(who), "assigner") => Kind::Reference(*who),
        _ => *parent,
    }
}

/// Whom a key of a resource speaks of.
fn of_role(key: &str) -> Option<Who> {
    Some(match key {
        "subject" | "patient" | "beneficiary" => Who::Patient,
        "subscriber" | "policyHolder" => Who::Subscriber,
        "performer"
        | "practitioner"
        | "provider"
        | "author"
        | "editor"
        | "reviewer"
        | "endorser"
        | "contributor"
        | "requester"
        | "generalPractitioner"
        | "asserter"
        | "recorder"
        | "participant"
        | "careTeam"
        | "authenticator"
        | "enterer"
        | "individual" => Who::Provider,
        "organization"
        | "managingOrganization"
        | "serviceProvider"
        | "custodian"
        | "insurer"
        | "payor"
        | "facility"
        | "location" => Who::Organization,
        _ => return None,
    })
}

/// An age, or how old somebody was at least and at most.
fn is_age(key: &str) -> bool {
    key.strip_suffix("Age")
        .or_else(|| key.strip_suffix("Range"))
        .is_some_and(|front| matches!(front, "age" | "onset" | "deceased" | "abatement" | "value" | "starts"))
        && key != "valueRange"
}

/// What a value means.
pub(super) fn meaning(kind: &Kind, key: &str, raw: &str) -> Meaning {
    let who = kind.who();
    let of = |what| Meaning::of(what, who);
    if let Some(meaning) = of_address(kind, key, raw) {
        return meaning;
    }
    if is_code(key) {
        return Meaning::CODE;
    }
    if is_moment(kind, key, raw) {
        return of(What::Moment);
    }
    match (kind, key) {
        (Kind::Coding | Kind::Narrative, "display") => Meaning::UNKNOWN,
        (Kind::Coding, "version") | (_, "resourceType" | "versionId") => Meaning::CODE,
        (Kind::Age(_), "value") => of(What::Age),
        (Kind::Quantity(_), "value") | (_, "valueInteger") => Meaning::FREE_TEXT,
        (_, "ageString" | "onsetString" | "abatementString" | "deceasedString")
            if is_number(raw) && years::is_over_89(raw) =>
        {
            of(What::Age)
        }
        (_, "bornDate" | "bornString") if raw.starts_with(|one: char| one.is_ascii_digit()) => of(What::BirthDate),
        (_, "deceasedDate") => of(What::DeathDate),
        (Kind::Resource(Resource::Family | Resource::Account) | Kind::Within(_, Who::Provider), "name")
        | (_, "authorString") => of(What::FullName),
        (Kind::Name(_), "family") => of(What::FamilyName),
        (Kind::Name(_), "given") => of(What::GivenName),
        (Kind::Name(_), "prefix" | "suffix") => of(What::NameAffix),
        (Kind::Name(_), "text" | "name") => of(What::FullName),
        (Kind::Address(_), "line") => of(What::Street),
        (Kind::Address(_), "city") => of(What::City),
        (Kind::Address(_), "district") => of(What::County),
        (Kind::Address(_), "state") => of(What::State),
        (Kind::Address(_), "postalCode") => of(What::Zip),
        (Kind::Address(_), "country") => of(What::Country),
        (Kind::Address(_), "text") => of(What::Address),
        (Kind::Contact(_), "value") => of(What::Contact),
        (Kind::Identifier(_), "value") => of(What::OtherId),
        (Kind::Attachment, "title") => Meaning::FREE_TEXT,
        (Kind::Period(Resource::Encounter), _) => of(What::VisitDate),
        (Kind::Resource(Resource::Organization), "name" | "alias") => of(What::OrganizationName),
        // `Patient.name.given`; whoever has a number in such a place is somebody.
        (Kind::Within(Resource::Definition, _), "id")
            if raw.bytes().filter(u8::is_ascii_digit).count() < ID_DIGITS_MIN =>
        {
            Meaning::CODE
        }
        (_, "id" | "reference" | "fullUrl" | "valueUuid") => of(What::Link),
        (_, "birthDate") => of(What::BirthDate),
        (_, "deceasedDateTime") => of(What::DeathDate),
        (_, "subscriberId") => of(What::HealthPlanId),
        (_, "gender") => of(What::Sex),
        (
            _,
            "description" | "conclusion" | "comment" | "instruction" | "text" | "patientInstruction" | "valueString"
            | "valueMarkdown" | "summary",
        ) => Meaning::of(What::FreeText, Who::Unknown),
        (_, "display") => display(who),
        _ if is_date(key) && raw.bytes().take(4).all(|byte| byte.is_ascii_digit()) => of(What::OtherDate),
        _ => match own_field(meaning_of_label(key).what, who) {
            // Elements of the type dateTime that stand in lists, and in extensions.
            Meaning::UNKNOWN if is_whole_date(raw) => of(What::OtherDate),
            meaning => meaning,
        },
    }
}

/// What stands where addresses do: those of definitions are codes, and all others lead to somebody.
fn of_address(kind: &Kind, key: &str, raw: &str) -> Option<Meaning> {
    let is_shared = match (kind, key) {
        // Where resources, pages of them and documents lie; what a server is asked for.
        (Kind::Bundle, "url" | "location") | (Kind::Attachment, "url") | (_, "valueUrl" | "valueUri") => {
            is_known_definition(raw) || is_resource_type(raw)
        }
        (_, "system" | "url" | "valueCanonical" | "valueOid" | "implicitRules")
        | (_, "instantiatesCanonical" | "instantiatesUri" | "questionnaire")
        | (Kind::Meta, "profile" | "source") => is_definition(raw),
        _ => return None,
    };
    Some(if is_shared { Meaning::CODE } else { Meaning::of(What::Link, kind.who()) })
}

/// Must a moment stand here, with its day and its time: elements of R4 of the type instant.
pub(super) fn is_moment(kind: &Kind, key: &str, raw: &str) -> bool {
    let is_instant = matches!(
        (kind, key),
        (_, "lastUpdated" | "issued" | "timestamp" | "valueInstant" | "when" | "lastModified" | "time")
            | (Kind::Resource(Resource::Scheduled), "start" | "end")
            | (Kind::Resource(Resource::Witnessed), "recorded")
            | (Kind::Resource(Resource::Filed), "date")
    );
    is_instant && is_whole_date(raw) && raw.contains('T')
}

/// `2018-03`, `2018-03-04`, `2018-03-04T10:15:00.000-05:00`: nothing else has this form.
fn is_whole_date(raw: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        raw.as_bytes().get(range).is_some_and(|piece| piece.iter().all(u8::is_ascii_digit))
    };
    let is_month = digits(0..4) && raw.as_bytes().get(4) == Some(&b'-') && digits(5..7);
    let is_day = is_month && raw.as_bytes().get(7) == Some(&b'-') && digits(8..10);
    let is_time = |byte: u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'+' | b'-' | b'Z');
    match raw.len() {
        0..7 => false,
        7 => is_month,
        10 => is_day,
        _ => is_day && raw.as_bytes().get(10) == Some(&b'T') && raw.bytes().skip(11).all(is_time),
    }
}

/// A number, with its unit at most.
fn is_number(raw: &str) -> bool {
    raw.starts_with(|one: char| one.is_ascii_digit()) && raw.split_whitespace().count() <= 2
}

/// A label that is no key of FHIR's: in an extension, or another system's own field.
const fn own_field(what: What, who: Who) -> Meaning {
    match what {
        // Names of things stand under `name` in most resources.
        What::FullName | What::Unknown => Meaning::UNKNOWN,
        what => Meaning::of(what, who),
    }
}

/// Who is shown beside a reference.
const fn display(who: Who) -> Meaning {
    match who {
        Who::Organization => Meaning::of(What::OrganizationName, who),
        // Words, until the reference beside it says whose name it is.
        Who::Unknown => Meaning::FREE_TEXT,
        _ => Meaning::of(What::FullName, who),
    }
}

/// Keys under which R4 has codes and nothing else (bound to value sets as required, or of the types code and uri).
fn is_code(key: &str) -> bool {
    matches!(
        key,
        "code"
            | "use"
            | "status"
            | "intent"
            | "unit"
            | "language"
            | "type"
            | "priority"
            | "criticality"
            | "category"
            | "contentType"
            | "mode"
            | "severity"
            | "kind"
            | "rank"
            | "comparator"
            | "currency"
            | "relationship"
            | "docStatus"
    )
}

fn is_date(key: &str) -> bool {
    key.ends_with("Date")
        || key.ends_with("DateTime")
        || key.ends_with("Time")
        || matches!(
            key,
            "date"
                | "start"
                | "end"
                | "issued"
                | "authored"
                | "authoredOn"
                | "recorded"
                | "created"
                | "lastUpdated"
                | "sent"
                | "received"
                | "timestamp"
                | "indexed"
                | "valueInstant"
                | "collectedDateTime"
                | "period"
        )
}

/// What a value beside `value` says that it is.
pub(super) fn said_by(kind: &Kind, key: &str, raw: &str) -> Option<What> {
    match (kind, key) {
        (Kind::Contact(_), "system") => Some(match raw {
            "phone" | "sms" | "pager" => What::Phone,
            "fax" => What::Fax,
            "email" => What::Email,
            "url" => What::Url,
            _ => What::Contact,
        }),
        (Kind::Identifier(_), "system") => by_system(raw),
        (Kind::Identifier(_), "code") => Some(match raw {
            "MR" | "MRN" | "PI" | "PT" => What::RecordNumber,
            "SS" | "SB" => What::Ssn,
            "DL" => What::DriverLicense,
            "NPI" | "DEA" | "MD" | "PRN" => What::ProviderId,
            "MB" | "MC" | "MA" | "SN" => What::HealthPlanId,
            "AN" | "VN" | "FILL" | "PLAC" => What::Account,
            _ => return None,
        }),
        _ => None,
    }
}

/// Naming systems of identifiers: FHIR R4, "Known Identifier Systems", and their object identifiers.
fn by_system(system: &str) -> Option<What> {
    let ends = |what: &[&str]| what.iter().any(|end| system.ends_with(end));
    if ends(&["sid/us-ssn", "2.16.840.1.113883.4.1"]) {
        Some(What::Ssn)
    } else if ends(&["sid/us-npi", "2.16.840.1.113883.4.6", "sid/us-dea"]) {
        Some(What::ProviderId)
    } else if ends(&["sid/us-medicare", "sid/us-mbi", "2.16.840.1.113883.4.572"]) {
        Some(What::HealthPlanId)
    } else if system.contains("2.16.840.1.113883.4.3.") {
        // Driver's licences, one arc for each state.
        Some(What::DriverLicense)
    } else {
        None
    }
}
