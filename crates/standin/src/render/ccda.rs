//! C-CDA release 2.1: one Continuity of Care Document (CCD) for each patient, with narrative and entries.
//!
//! What must always hold: well-formed XML, every text escaped; what an entry says stands in the narrative, too.
//!
//! What it refuses to know: vocabularies beyond those that the other formats use.

mod sections;

use super::{Folder, put};
use crate::calendar::Date;
use crate::people::{Address, Name, Person};
use std::fmt;

/// Text between tags or in an attribute.
struct Safe<'a>(&'a str);

impl fmt::Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut from = 0;
        for (at, byte) in self.0.bytes().enumerate() {
            let escaped = match byte {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => continue,
            };
            f.write_str(&self.0[from..at])?;
            f.write_str(escaped)?;
            from = at + 1;
        }
        f.write_str(&self.0[from..])
    }
}

/// Root of instance ids: a UUID-derived arc would be longer; this one is HL7's own for examples.
const EXAMPLES: &str = "2.16.840.1.113883.19";

fn telecom(out: &mut String, number: &str) {
    put!(out, "<telecom value=\"tel:+1({}){}\" use=\"HP\"/>", &number[1..4], &number[6..]);
}

fn address(out: &mut String, address: &Address) {
    put!(out, "<addr use=\"HP\"><streetAddressLine>{}</streetAddressLine>", Safe(&address.street));
    if let Some(unit) = address.unit {
        put!(out, "<streetAddressLine>{}</streetAddressLine>", Safe(unit));
    }
    put!(out, "<city>{}</city><state>{}</state>", Safe(address.city), address.state);
    put!(out, "<postalCode>{}</postalCode><country>US</country></addr>", address.zip);
}

fn name(out: &mut String, name: &Name) {
    put!(out, "<name use=\"L\"><given>{}</given>", Safe(&name.given));
    if let Some(middle) = &name.middle {
        put!(out, "<given>{}</given>", Safe(middle));
    }
    put!(out, "<family>{}</family>", Safe(&name.family));
    if let Some(suffix) = name.suffix {
        put!(out, "<suffix>{suffix}</suffix>");
    }
    out.push_str("</name>");
}

/// `20170309080000-0500`
fn moment(date: Date) -> String {
    format!("{}080000-0500", date.compact())
}

/// The whole document.
pub(super) fn document(folder: &Folder<'_>, out: &mut String) {
    let (scene, patient) = (&folder.scene, &folder.patient);
    let now = moment(scene.reference);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ClinicalDocument xmlns=\"urn:hl7-org:v3\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:sdtc=\"urn:hl7-org:sdtc\">");
    out.push_str("<realmCode code=\"US\"/><typeId root=\"2.16.840.1.113883.1.3\" extension=\"POCD_HD000040\"/>");
    out.push_str("<templateId root=\"2.16.840.1.113883.10.20.22.1.1\" extension=\"2015-08-01\"/><templateId root=\"2.16.840.1.113883.10.20.22.1.2\" extension=\"2015-08-01\"/>");
    put!(out, "<id root=\"{EXAMPLES}.5\" extension=\"ccd-{}\"/>", patient.stem);
    out.push_str("<code code=\"34133-9\" codeSystem=\"2.16.840.1.113883.6.1\" codeSystemName=\"LOINC\" displayName=\"Summarization of Episode Note\"/>");
    put!(out, "<title>Continuity of Care Document</title><effectiveTime value=\"{now}\"/>");
    out.push_str(
        "<confidentialityCode code=\"N\" codeSystem=\"2.16.840.1.113883.5.25\"/><languageCode code=\"en-US\"/>\n",
    );
    record_target(folder, out);
    author(folder, out, &now);
    let practice = scene.practice;
    put!(
        out,
        "<custodian><assignedCustodian><representedCustodianOrganization><id root=\"2.16.840.1.113883.4.6\" extension=\"{}\"/>",
        practice.npi
    );
    put!(out, "<name>{}</name>", Safe(&practice.name));
    telecom(out, &practice.phone);
    address(out, &practice.address);
    out.push_str("</representedCustodianOrganization></assignedCustodian></custodian>\n");
    participants(folder, out);
    put!(
        out,
        "<documentationOf><serviceEvent classCode=\"PCPR\"><effectiveTime><low value=\"{}\"/><high value=\"{}\"/></effectiveTime></serviceEvent></documentationOf>\n",
        patient.registered.compact(),
        scene.reference.compact()
    );
    out.push_str("<component><structuredBody>\n");
    sections::all(folder, out);
    out.push_str("</structuredBody></component></ClinicalDocument>\n");
}

fn record_target(folder: &Folder<'_>, out: &mut String) {
    let (patient, practice) = (&folder.patient, folder.scene.practice);
    let person = &patient.member.person;
    put!(
        out,
        "<recordTarget><patientRole><id root=\"{EXAMPLES}.{}\" extension=\"{}\"/>",
        folder.scene.number + 10,
        patient.mrn
    );
    if let Some(ssn) = &person.ssn {
        put!(out, "<id root=\"2.16.840.1.113883.4.1\" extension=\"{ssn}\"/>");
    }
    address(out, &person.address);
    telecom(out, &person.phone);
    if let Some(email) = &person.email {
        put!(out, "<telecom value=\"mailto:{email}\"/>");
    }
    out.push_str("<patient>");
    name(out, &person.name);
    put!(
        out,
        "<administrativeGenderCode code=\"{}\" codeSystem=\"2.16.840.1.113883.5.1\"/><birthTime value=\"{}\"/>",
        person.sex.letter(),
        person.born.compact()
    );
    out.push_str("<raceCode nullFlavor=\"UNK\"/><ethnicGroupCode nullFlavor=\"UNK\"/>");
    if patient.age(folder.scene.reference) < 18 {
        for tie in patient.member.ties.iter().filter(|tie| tie.custody != crate::people::Custody::NoContact) {
            let adult = &folder.scene.household.adults[tie.adult];
            put!(
                out,
                "<guardian><code code=\"{}\" displayName=\"{}\" codeSystem=\"2.16.840.1.113883.5.111\"/>",
                tie.relation.role_code(),
                tie.relation.word()
            );
            address(out, &adult.address);
            telecom(out, &adult.phone);
            out.push_str("<guardianPerson>");
            name(out, &adult.name);
            out.push_str("</guardianPerson></guardian>");
        }
    }
    put!(
        out,
        "<languageCommunication><languageCode code=\"{}\"/></languageCommunication></patient>",
        patient.member.language
    );
    put!(
        out,
        "<providerOrganization><id root=\"2.16.840.1.113883.4.6\" extension=\"{}\"/><name>{}</name>",
        practice.npi,
        Safe(&practice.name)
    );
    telecom(out, &practice.phone);
    address(out, &practice.address);
    out.push_str("</providerOrganization></patientRole></recordTarget>\n");
}

fn author(folder: &Folder<'_>, out: &mut String, now: &str) {
    let practice = folder.scene.practice;
    let provider = &practice.providers[folder.patient.provider];
    put!(
        out,
        "<author><time value=\"{now}\"/><assignedAuthor><id root=\"2.16.840.1.113883.4.6\" extension=\"{}\"/>",
        provider.npi
    );
    address(out, &practice.address);
    telecom(out, &practice.phone);
    out.push_str("<assignedPerson>");
    name(out, &provider.name);
    out.push_str("</assignedPerson></assignedAuthor></author>\n");
}

/// Relatives of a grown patient, and who holds the insurance.
fn participants(folder: &Folder<'_>, out: &mut String) {
    let patient = &folder.patient;
    let mut associated = |class: &str, code: &str, person: &Person| {
        put!(
            out,
            "<participant typeCode=\"IND\"><associatedEntity classCode=\"{class}\"><code code=\"{code}\" codeSystem=\"2.16.840.1.113883.5.111\"/>"
        );
        address(out, &person.address);
        telecom(out, &person.phone);
        out.push_str("<associatedPerson>");
        name(out, &person.name);
        out.push_str("</associatedPerson></associatedEntity></participant>\n");
    };
    for tie in patient.member.ties.iter().filter(|tie| tie.custody != crate::people::Custody::NoContact) {
        associated("NOK", tie.relation.role_code(), &folder.scene.household.adults[tie.adult]);
    }
}
