//! XML, and clinical documents (CDA R2, C-CDA) and resources of FHIR in it.
//!
//! The text has a line for each element that says something: its name, its attributes, its text; narratives read as
//! they are shown. Document type declarations are refused: none of their entities is resolved, and that one was there
//! is said.
//!
//! What must always hold: one pass with a bounded stack; attributes and comments are text too; elements that do not
//! close are said to be damaged and read nevertheless.
//!
//! What it refuses to know: schemas.

use super::encoded::{self, Encoded};
use super::escape::Escape;
use super::fhir::{self, Kind};
use super::fhir_address::is_resource_type;
use super::fhir_levels::Levels;
use super::grid::Grid;
use super::tags::{self, Attribute, Tag, Tags, local};
use super::weave::Weaver;
use super::{Meaning, NO_COLUMN, Opaque, Place, Reading, What, Who, meaning_of_label, transfer};
use std::ops::Range;

/// A telephone number has as many digits.
const PHONE_DIGITS_MIN: usize = 7;
/// The arc of HL7's object identifiers under which national numbers stand.
const REGISTRIES: &str = "2.16.840.1.113883.4.";

/// Reads XML.
pub(super) fn read(reading: &mut Reading<'_>, text: &str, place: &Place) {
    let mut weaver = Weaver::new(reading, place);
    weaver.record = weaver.record.saturating_add(1);
    let (stack, packed, grid, levels) = (Vec::new(), Vec::new(), Grid::default(), Levels::default());
    let mut document = Document { weaver, text, stack, levels, deeper: 0, packed, damaged: None, grid };
    document.all();
    let packed = std::mem::take(&mut document.packed);
    document.weaver.finish();
    for (number, encoded) in packed.into_iter().enumerate() {
        encoded::read(reading, text, encoded, number, place);
    }
}

/// An element that is open.
struct Element {
    name: Range<usize>,
    who: Who,
    /// Was its name written before its text.
    labelled: bool,
    /// Does its text read as a page.
    narrative: bool,
    /// Is its text base64.
    packed: bool,
    /// A part of a name that is the family's name at birth or a spouse's (qualifiers BR and SP).
    is_name_of_birth: bool,
    /// First names so far within it.
    given: u32,
    /// What it holds as an element of FHIR, if it is one.
    fhir: Option<Kind>,
}

struct Document<'t, 'r, 'a> {
    weaver: Weaver<'r, 'a>,
    text: &'t str,
    stack: Vec<Element>,
    /// The elements of FHIR among them.
    levels: Levels<'t>,
    /// Elements that are open beyond the limit.
    deeper: usize,
    packed: Vec<Encoded>,
    damaged: Option<usize>,
    /// Tables of narratives.
    grid: Grid,
}

impl<'t> Document<'t, '_, '_> {
    fn all(&mut self) {
        let mut tags = Tags::new(self.text);
        while let Some(tag) = tags.next() {
            match tag {
                Tag::Open(name, empty) => self.open(name, empty, &mut tags),
                Tag::Close(name) => self.close(name, &mut tags),
                Tag::Doctype(range) => {
                    let part = self.weaver.place.name.clone();
                    self.weaver.reading.opaque(part, Opaque::DocumentType);
                    tags::aside(&mut self.weaver, self.text, range);
                }
                Tag::Aside(range) => tags::aside(&mut self.weaver, self.text, range),
                Tag::Text(range) => self.words(range, Escape::Markup, &mut tags),
                Tag::Cdata(range) => self.words(range, Escape::Cdata, &mut tags),
            }
            self.weaver.rest();
        }
        if !self.stack.is_empty() || self.deeper > 0 {
            self.damaged.get_or_insert(self.text.len());
        }
        if let Some(at) = tags.broken.or(self.damaged) {
            self.weaver.opaque(Opaque::Damaged(at as u64));
        }
    }

    fn name(&self, back: usize) -> &'t str {
        let at = self.stack.len().checked_sub(back + 1);
        at.and_then(|at| self.stack.get(at)).map_or("", |element| local(&self.text[element.name.clone()]))
    }

    fn in_narrative(&self) -> bool {
        self.stack.last().is_some_and(|element| element.narrative)
    }

    fn open(&mut self, name: Range<usize>, empty: bool, tags: &mut Tags<'_>) {
        let here = local(&self.text[name.clone()]);
        let narrative = self.in_narrative();
        if narrative {
            tags::html_piece(&mut self.weaver, self.text, tags, Tag::Open(name.clone(), true), &mut self.grid);
        } else {
            self.new_line(name.start);
        }
        let who = who_of(here).or(self.stack.last().map(|element| element.who)).unwrap_or_default();
        let packed = tags.attributes.iter().any(|one| {
            local(&self.text[one.name.clone()]) == "representation" && &self.text[one.value.clone()] == "B64"
        });
        let is_name_of_birth = matches!(tags.value("qualifier"), "BR" | "SP");
        let is_narrative = narrative || here == "text" && self.name(0) == "section" || here == "div";
        let fhir = self.fhir_of(here, tags);
        let labelled = false;
        let element =
            Element { name, who, labelled, narrative: is_narrative, packed, is_name_of_birth, given: 0, fhir };
        let given = u32::from(here == "given");
        if let Some(parent) = self.stack.last_mut() {
            parent.given += given;
        }
        if self.stack.len() >= self.weaver.reading.limits.depth_max {
            self.damaged.get_or_insert(element.name.start);
            if !empty {
                self.deeper += 1;
            }
            return;
        }
        self.stack.push(element);
        if let Some(kind) = fhir {
            self.levels.open(kind, here);
        }
        if !narrative {
            let attributes = std::mem::take(&mut tags.attributes);
            self.attributes(&attributes);
            tags.attributes = attributes;
        }
        if empty {
            self.close_to(self.stack.len().saturating_sub(1));
        }
    }

    /// What an element that opens holds, if it is one of FHIR. A resource is a record, unless it stands within another one.
    fn fhir_of(&mut self, here: &'t str, tags: &Tags<'_>) -> Option<Kind> {
        let Some(parent) = self.stack.last() else {
            let text = self.text;
            let is_fhir = tags
                .attributes
                .iter()
                .any(|one| text[one.name.clone()].starts_with("xmlns") && &text[one.value.clone()] == fhir::NAMESPACE);
            return is_fhir.then(|| fhir::kind_of(here.as_bytes()));
        };
        let parent = parent.fhir?;
        if !is_resource_type(here) {
            return Some(fhir::child(&parent, here, true));
        }
        let kind = fhir::kind_of(here.as_bytes());
        let contained = self.stack.iter().any(|element| element.fhir.is_some_and(|kind| kind.is_record()));
        if kind.is_record() && !contained {
            self.weaver.record = self.weaver.record.saturating_add(1);
            self.weaver.rest();
        }
        Some(kind)
    }

    /// Closes all elements but so many.
    fn close_to(&mut self, depth: usize) {
        for element in self.stack.drain(depth.min(self.stack.len())..).rev() {
            if element.fhir.is_some() {
                self.levels.close(&mut self.weaver);
            }
        }
    }

    fn new_line(&mut self, at: usize) {
        if !self.weaver.at_line_start() {
            self.weaver.gap("\n", at..at);
        }
    }

    fn attributes(&mut self, attributes: &[Attribute]) {
        // The element that holds this one says what its value is.
        let above = self.stack.len().checked_sub(2).and_then(|at| self.stack.get(at)).and_then(|element| element.fhir);
        let here = self.stack.last().and_then(|element| element.fhir).and(above);
        for attribute in attributes {
            let name = &self.text[attribute.name.clone()];
            let value = &self.text[attribute.value.clone()];
            // Names of namespaces and types are the schema's.
            if value.is_empty() || name.starts_with("xmlns") || name.starts_with("xsi:") || name.starts_with("xml:") {
                continue;
            }
            if !self.label(attribute.name.start) {
                self.weaver.gap(" ", attribute.name.start..attribute.name.start);
            }
            self.weaver.gap(name, attribute.name.clone());
            self.weaver.gap("=", attribute.name.end..attribute.value.start);
            let is_value = name == "value" && here.is_some();
            let element = self.name(0);
            let said = here.is_some_and(|kind| is_value && kind.is_packed(element)) && transfer::is_base64(value);
            let range = attribute.value.clone();
            let found = if said { Some(Encoded::base64(range)) } else { encoded::in_value(self.text, range) };
            if let Some(found) = found {
                self.weaver.gap("[...]", found.range.clone());
                self.packed.push(found);
                continue;
            }
            let meaning = match here {
                Some(kind) if is_value => fhir::meaning(&kind, element, value),
                Some(kind) if matches!(name, "id" | "url") => fhir::meaning(&kind, name, value),
                _ => self.of_attribute(local(name), value, attributes),
            };
            if meaning != Meaning::UNKNOWN {
                // How a number is called stands before it, and is no part of it.
                self.weaver.begin(meaning, NO_COLUMN);
            }
            tags::copy_text(&mut self.weaver, self.text, attribute.value.clone(), Escape::Attribute(attribute.quote));
            let field = self.weaver.end();
            if is_value {
                self.levels.leaf(1, element, value, field);
            }
        }
    }

    /// Writes the element's name before what it says first; says whether it did.
    fn label(&mut self, at: usize) -> bool {
        let Some(element) = self.stack.last_mut().filter(|element| !element.labelled) else { return false };
        element.labelled = true;
        let range = element.name.clone();
        let name = &self.text[range];
        // Its place is that of what it stands before: children may have come between.
        self.weaver.gap(local(name), at..at);
        self.weaver.gap(": ", at..at);
        true
    }

    fn words(&mut self, range: Range<usize>, escape: Escape, tags: &mut Tags<'_>) {
        if self.in_narrative() {
            let tag = if escape == Escape::Cdata { Tag::Cdata(range) } else { Tag::Text(range) };
            return tags::html_piece(&mut self.weaver, self.text, tags, tag, &mut self.grid);
        }
        let here = &self.text[range.clone()];
        let begin = range.start + (here.len() - here.trim_ascii_start().len());
        let end = begin + here.trim_ascii().len();
        if begin >= end {
            return;
        }
        let words = &self.text[begin..end];
        let said = self.stack.last().is_some_and(|element| element.packed) && transfer::is_base64(words);
        let found = if said { Some(Encoded::base64(begin..end)) } else { encoded::in_value(self.text, begin..end) };
        if let Some(found) = found {
            self.label(begin);
            self.weaver.gap("[...]", found.range.clone());
            self.packed.push(found);
            return;
        }
        if !self.label(begin) {
            self.weaver.gap(" ", begin..begin);
        }
        let meaning = self.of_text();
        if meaning != Meaning::UNKNOWN {
            self.weaver.begin(meaning, NO_COLUMN);
        }
        if escape == Escape::Markup {
            tags::copy_text(&mut self.weaver, self.text, begin..end, escape);
        } else {
            self.weaver.copy(self.text, begin..end, escape);
        }
        self.weaver.end();
    }

    fn close(&mut self, name: Range<usize>, tags: &mut Tags<'_>) {
        if self.in_narrative() {
            tags::html_piece(&mut self.weaver, self.text, tags, Tag::Close(name.clone()), &mut self.grid);
        }
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let written = &self.text[name.clone()];
        let open = self.stack.iter().rposition(|element| &self.text[element.name.clone()] == written);
        match open {
            Some(at) => {
                if at + 1 < self.stack.len() {
                    self.damaged.get_or_insert(name.start);
                }
                self.close_to(at);
            }
            None => {
                self.damaged.get_or_insert(name.start);
            }
        }
        if !self.in_narrative() {
            self.new_line(tags.range.end);
        }
    }

    /// What the text of the element that is open means.
    fn of_text(&self) -> Meaning {
        let who = self.stack.last().map(|element| element.who).unwrap_or_default();
        let name = self.name(0);
        let given = self.stack.len().checked_sub(2).map_or(0, |at| self.stack[at].given);
        let what = match name {
            "given" if given > 1 => What::MiddleName,
            "given" => What::GivenName,
            "family" => What::FamilyName,
            // The name at birth, or of a spouse, which stands before or behind the own one.
            "prefix" | "suffix" if self.stack.last().is_some_and(|element| element.is_name_of_birth) => {
                What::FamilyName
            }
            "prefix" | "suffix" => What::NameAffix,
            _ if self.name(1) == "addr" && of_address(name).is_some() => of_address(name).unwrap_or_default(),
            "name" if who == Who::Organization || self.name(1).ends_with("rganization") => What::OrganizationName,
            "name" => What::FullName,
            "streetAddressLine" => What::Street,
            "addr" => What::Address,
            "originalText" | "title" | "text" | "reference" => What::FreeText,
            // Software that wrote the document.
            "softwareName" | "manufacturerModelName" => return Meaning::UNKNOWN,
            _ => return owned(meaning_of_label(name), who),
        };
        Meaning::of(what, who)
    }

    /// What an attribute of the element that is open means.
    fn of_attribute(&self, name: &str, value: &str, all: &[Attribute]) -> Meaning {
        let who = self.stack.last().map(|element| element.who).unwrap_or_default();
        let element = self.name(0);
        let what = match (element, name) {
            ("id" | "setId", "extension") => self.of_number(who, all),
            // An object identifier is a number of ours all; a UUID is one document's, one person's.
            ("id" | "setId", "root") if value.contains('-') => What::OtherId,
            // Whoever gives social security and provider numbers is one and the same for all.
            (_, "assigningAuthorityName") if self.root(all).starts_with(REGISTRIES) => return Meaning::CODE,
            (_, "assigningAuthorityName") => return Meaning::of(What::OrganizationName, Who::Organization),
            ("telecom", "value") => of_scheme(value),
            ("birthTime", "value") => What::BirthDate,
            ("deceasedTime", "value") => What::DeathDate,
            ("administrativeGenderCode", "code" | "displayName") => What::Sex,
            ("effectiveTime" | "time" | "low" | "high" | "center" | "signatureTime", "value")
                if value.len() >= 4 && value.as_bytes()[..4].iter().all(u8::is_ascii_digit) =>
            {
                let visit = self.stack.iter().rev().take(4);
                let visit = visit.map(|one| local(&self.text[one.name.clone()]));
                if visit.into_iter().any(|name| matches!(name, "encompassingEncounter" | "encounter" | "serviceEvent"))
                {
                    What::VisitDate
                } else {
                    What::OtherDate
                }
            }
            (_, "displayName" | "originalText") => return Meaning::UNKNOWN,
            (
                _,
                "code"
                | "codeSystem"
                | "codeSystemName"
                | "codeSystemVersion"
                | "classCode"
                | "moodCode"
                | "typeCode"
                | "unit"
                | "root"
                | "nullFlavor"
                | "use"
                | "mediaType"
                | "operator"
                | "inversionInd"
                | "determinerCode"
                | "contextControlCode"
                | "representation"
                | "qualifier"
                | "negationInd"
                | "contextConductionInd"
                | "institutionSpecified"
                | "ID",
            ) => return Meaning::CODE,
            (_, "value") => return owned(meaning_of_label(element), who),
            (_, name) => return owned(meaning_of_label(name), who),
        };
        Meaning::of(what, who)
    }

    fn root(&self, all: &[Attribute]) -> &'t str {
        let root = all.iter().find(|one| &self.text[one.name.clone()] == "root");
        root.map_or("", |one| &self.text[one.value.clone()])
    }

    fn of_number(&self, who: Who, all: &[Attribute]) -> What {
        let root = self.root(all);
        match root {
            "2.16.840.1.113883.4.1" => What::Ssn,
            "2.16.840.1.113883.4.6" | "2.16.840.1.113883.4.814" => What::ProviderId,
            "2.16.840.1.113883.4.572" | "2.16.840.1.113883.4.927" => What::HealthPlanId,
            _ if root.starts_with("2.16.840.1.113883.4.3.") => What::DriverLicense,
            _ if who == Who::Patient && self.name(1) == "patientRole" => What::RecordNumber,
            _ => What::OtherId,
        }
    }
}

/// What a label says, of whom the place speaks.
fn owned(meaning: Meaning, who: Who) -> Meaning {
    match meaning.what {
        What::Unknown | What::FullName => Meaning::UNKNOWN,
        what => Meaning::of(what, if meaning.who == Who::Unknown { who } else { meaning.who }),
    }
}

/// TEL: an address of any scheme (RFC 3986), or what people write where one should stand.
fn of_scheme(value: &str) -> What {
    let (scheme, rest) =
        value.split_once(':').map_or((String::new(), value), |(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    match scheme.as_str() {
        "http" | "https" | "ftp" | "file" | "nfs" | "telnet" | "mllp" if !rest.is_empty() => What::Url,
        _ if value.contains('@') => What::Email,
        "fax" | "x-text-fax" if digits >= PHONE_DIGITS_MIN => What::Fax,
        _ if digits >= PHONE_DIGITS_MIN => What::Phone,
        // An extension, or a number that is cut.
        _ if digits > 0 => What::OtherId,
        "mailto" | "sip" | "im" | "xmpp" if !rest.trim().is_empty() => What::Url,
        _ => What::FreeText,
    }
}

/// Parts of an address (CDA R2, data type AD).
fn of_address(name: &str) -> Option<What> {
    Some(match name {
        "houseNumber"
        | "houseNumberNumeric"
        | "buildingNumberSuffix"
        | "streetName"
        | "streetNameBase"
        | "streetNameType"
        | "postBox"
        | "unitID"
        | "unitType"
        | "direction"
        | "additionalLocator"
        | "deliveryAddressLine"
        | "deliveryInstallationType"
        | "deliveryInstallationArea"
        | "deliveryInstallationQualifier"
        | "deliveryMode"
        | "deliveryModeIdentifier" => What::Street,
        "careOf" => What::FullName,
        "precinct" | "censusTract" => What::County,
        _ => return None,
    })
}

/// Elements of a CDA header that say of whom they speak; those inside go on speaking of the same.
fn who_of(element: &str) -> Option<Who> {
    Some(match element {
        "patientRole" | "patient" | "recordTarget" | "subject" => Who::Patient,
        "guardian" | "participant" | "relatedEntity" | "associatedEntity" | "guardianPerson" | "relatedSubject" => {
            Who::Relative
        }
        "author"
        | "legalAuthenticator"
        | "authenticator"
        | "dataEnterer"
        | "performer"
        | "encounterParticipant"
        | "responsibleParty"
        | "assignedEntity"
        | "assignedAuthor"
        | "informationRecipient"
        | "intendedRecipient" => Who::Provider,
        "custodian"
        | "providerOrganization"
        | "representedOrganization"
        | "scopingOrganization"
        | "healthCareFacility"
        | "serviceProviderOrganization"
        | "representedCustodianOrganization"
        | "guardianOrganization"
        | "receivedOrganization"
        | "wholeOrganization"
        | "manufacturerOrganization" => Who::Organization,
        _ => return None,
    })
}
