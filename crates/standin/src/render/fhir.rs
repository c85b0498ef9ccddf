//! FHIR R4 (4.0.1) as NDJSON, one file for each type of resource, as bulk exports come.
//!
//! What must always hold: every reference leads to a resource of the same practice; ids hold no name; required elements
//! and invariants of R4 are met.
//!
//! What it refuses to know: profiles beyond R4 itself.

mod clinical;
mod money;

use super::Folder;
use super::json::{Json, List};
use crate::chart::Scene;
use crate::out::{Out, Sheaf};
use crate::people::{Address, Name, Person, Tie};
use crate::practice::Practice;

const SNOMED: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";
const ICD: &str = "http://hl7.org/fhir/sid/icd-10-cm";
const TERMINOLOGY: &str = "http://terminology.hl7.org/CodeSystem/";

/// The files of one practice.
const PRACTITIONERS: &str = "fhir/Practitioner.ndjson";
const ORGANIZATIONS: &str = "fhir/Organization.ndjson";
const PATIENTS: &str = "fhir/Patient.ndjson";
const RELATED: &str = "fhir/RelatedPerson.ndjson";
const ENCOUNTERS: &str = "fhir/Encounter.ndjson";
const OBSERVATIONS: &str = "fhir/Observation.ndjson";
const IMMUNIZATIONS: &str = "fhir/Immunization.ndjson";
const CONDITIONS: &str = "fhir/Condition.ndjson";
const MEDICATIONS: &str = "fhir/MedicationRequest.ndjson";
const ALLERGIES: &str = "fhir/AllergyIntolerance.ndjson";
const COVERAGES: &str = "fhir/Coverage.ndjson";
const CLAIMS: &str = "fhir/Claim.ndjson";
const DOCUMENTS: &str = "fhir/DocumentReference.ndjson";

/// Where identifiers of a practice come from; the host is one that nobody has.
fn system(practice: &Practice, what: &str) -> String {
    format!("{}/fhir/{what}", practice.url)
}

fn organization_id(number: u32) -> String {
    format!("org-{:04}", number + 1)
}

fn payer_id(number: u32, payer: usize) -> String {
    format!("payer-{:04}-{}", number + 1, payer + 1)
}

fn patient_id(folder: &Folder<'_>) -> String {
    format!("pt-{}", folder.patient.stem)
}

fn related_id(folder: &Folder<'_>, tie: &Tie) -> String {
    format!("rp-{}-{}", folder.patient.stem, tie.adult + 1)
}

/// Begins a resource of this type.
fn resource<'a>(out: &'a mut String, kind: &str, id: &str) -> Json<'a> {
    let mut json = Json::object(out);
    json.text("resourceType", kind).text("id", id);
    json
}

fn reference(json: &mut Json<'_>, key: &str, to: &str) {
    json.with(key, |json| {
        json.text("reference", to);
    });
}

/// `{"coding":[{…}],"text":…}`
fn concept(json: &mut Json<'_>, key: &str, coded: (&str, &str, &str)) {
    json.with(key, |json| codings(json, coded));
}

fn codings(json: &mut Json<'_>, (system, code, display): (&str, &str, &str)) {
    json.one("coding", |json| coding(json, (system, code, display)));
    if !display.is_empty() {
        json.text("text", display);
    }
}

fn coding(json: &mut Json<'_>, (system, code, display): (&str, &str, &str)) {
    // Those without a colon are HL7's own.
    let full = if system.contains(':') { system.to_owned() } else { format!("{TERMINOLOGY}{system}") };
    json.text("system", &full).text("code", code);
    if !display.is_empty() {
        json.text("display", display);
    }
}

fn human_name(list: &mut List<'_>, name: &Name, prefix: Option<&str>) {
    list.item(|json| {
        json.text("use", "official").text("text", &name.full()).text("family", &name.family);
        json.list("given", |list| {
            list.text(&name.given);
            if let Some(middle) = &name.middle {
                list.text(middle);
            }
        });
        if let Some(suffix) = name.suffix {
            json.list("suffix", |list| list.text(suffix));
        }
        if let Some(prefix) = prefix {
            json.list("prefix", |list| list.text(prefix));
        }
    });
}

fn postal(json: &mut Json<'_>, address: &Address) {
    json.text("use", "home");
    json.list("line", |list| {
        list.text(&address.street);
        if let Some(unit) = address.unit {
            list.text(unit);
        }
    });
    json.text("city", address.city).text("state", address.state).text("postalCode", &address.zip).text("country", "US");
}

/// Telephone, mail, address, sex and birth date, as Patient and RelatedPerson have them alike.
fn person(json: &mut Json<'_>, person: &Person) {
    json.list("telecom", |list| {
        list.item(|json| {
            json.text("system", "phone").text("value", &person.phone).text("use", "home");
        });
        if let Some(email) = &person.email {
            list.item(|json| {
                json.text("system", "email").text("value", email);
            });
        }
    });
    json.text("gender", person.sex.word()).shown("birthDate", person.born.iso());
    json.one("address", |json| postal(json, &person.address));
}

/// The practice itself, its people, its payers.
pub(super) fn practice<O: Out>(scene: &Scene<'_>, sheaf: &mut Sheaf<'_, O>) {
    let practice = scene.practice;
    let mut out = String::new();
    let mut json = resource(&mut out, "Organization", &organization_id(scene.number));
    json.one("identifier", |json| {
        json.text("system", "http://hl7.org/fhir/sid/us-npi").text("value", &practice.npi);
    });
    json.plain("active", true).text("name", &practice.name);
    json.list("telecom", |list| {
        for (system, value) in [("phone", &practice.phone), ("fax", &practice.fax), ("url", &practice.url)] {
            list.item(|json| {
                json.text("system", system).text("value", value);
            });
        }
    });
    json.one("address", |json| {
        json.list("line", |list| list.text(&practice.address.street));
        json.text("city", practice.address.city).text("state", practice.address.state);
        json.text("postalCode", &practice.address.zip);
    });
    json.end_line();
    for (at, payer) in practice.payers.iter().enumerate() {
        let mut json = resource(&mut out, "Organization", &payer_id(scene.number, at));
        json.plain("active", true).text("name", payer.name);
        json.end_line();
    }
    sheaf.grow(ORGANIZATIONS).extend_from_slice(out.as_bytes());
    out.clear();
    for provider in &practice.providers {
        let mut json = resource(&mut out, "Practitioner", &provider.id);
        json.one("identifier", |json| {
            json.text("system", "http://hl7.org/fhir/sid/us-npi").text("value", &provider.npi);
        });
        json.plain("active", true).list("name", |list| human_name(list, &provider.name, Some("Dr.")));
        json.text("gender", provider.sex.word());
        json.one("qualification", |json| concept(json, "code", ("v2-0360", degree(provider.degree), "")));
        json.end_line();
    }
    sheaf.grow(PRACTITIONERS).extend_from_slice(out.as_bytes());
}

/// Everything about one patient.
pub(super) fn patient<O: Out>(folder: &Folder<'_>, sheaf: &mut Sheaf<'_, O>, buffer: &mut String) {
    let mut write = |path: &'static str, make: &dyn Fn(&Folder<'_>, &mut String)| {
        buffer.clear();
        make(folder, buffer);
        if !buffer.is_empty() {
            sheaf.grow(path).extend_from_slice(buffer.as_bytes());
        }
    };
    write(PATIENTS, &patients);
    write(RELATED, &related);
    write(ENCOUNTERS, &clinical::encounters);
    write(OBSERVATIONS, &clinical::observations);
    write(IMMUNIZATIONS, &clinical::immunizations);
    write(CONDITIONS, &clinical::conditions);
    write(MEDICATIONS, &clinical::medications);
    write(ALLERGIES, &clinical::allergies);
    write(DOCUMENTS, &clinical::documents);
    write(COVERAGES, &money::coverage);
    write(CLAIMS, &money::claims);
}

/// As HL7's table of degrees has it.
fn degree(degree: &'static str) -> &'static str {
    if degree == "PA-C" { "PA" } else { degree }
}

fn patients(folder: &Folder<'_>, out: &mut String) {
    let patient = &folder.patient;
    let mut json = resource(out, "Patient", &patient_id(folder));
    json.list("identifier", |list| {
        list.item(|json| {
            concept(json, "type", ("v2-0203", "MR", ""));
            json.text("system", &system(folder.scene.practice, "mrn")).text("value", &patient.mrn);
        });
        if let Some(ssn) = &patient.member.person.ssn {
            list.item(|json| {
                concept(json, "type", ("v2-0203", "SS", ""));
                json.text("system", "http://hl7.org/fhir/sid/us-ssn").text("value", ssn);
            });
        }
    });
    json.plain("active", true).list("name", |list| {
        human_name(list, &patient.member.person.name, None);
        if let Some(placeholder) = patient.member.newborn_as {
            list.item(|json| {
                json.text("use", "old").text("family", &patient.member.person.name.family);
                json.list("given", |list| list.text(placeholder));
            });
        }
    });
    person(&mut json, &patient.member.person);
    if patient.member.twin {
        json.plain("multipleBirthBoolean", true);
    }
    if !patient.member.ties.is_empty() {
        json.list("contact", |list| {
            for tie in &patient.member.ties {
                list.item(|json| contact(json, folder, tie));
            }
        });
    }
    json.one("communication", |json| concept(json, "language", ("urn:ietf:bcp:47", patient.member.language, "")));
    let provider = &folder.scene.practice.providers[patient.provider];
    json.one("generalPractitioner", |json| {
        json.shown("reference", format_args!("Practitioner/{}", provider.id));
    });
    reference(&mut json, "managingOrganization", &format!("Organization/{}", organization_id(folder.scene.number)));
    json.end_line();
}

fn contact(json: &mut Json<'_>, folder: &Folder<'_>, tie: &Tie) {
    let adult = &folder.scene.household.adults[tie.adult];
    json.one("relationship", |json| codings(json, ("v3-RoleCode", tie.relation.role_code(), tie.relation.word())));
    json.with("name", |json| {
        json.text("family", &adult.name.family).list("given", |list| list.text(&adult.name.given));
    });
    json.one("telecom", |json| {
        json.text("system", "phone").text("value", &adult.phone);
    });
}

fn related(folder: &Folder<'_>, out: &mut String) {
    for tie in &folder.patient.member.ties {
        let adult = &folder.scene.household.adults[tie.adult];
        let mut json = resource(out, "RelatedPerson", &related_id(folder, tie));
        json.plain("active", tie.custody != crate::people::Custody::NoContact);
        reference(&mut json, "patient", &format!("Patient/{}", patient_id(folder)));
        json.one("relationship", |json| codings(json, ("v3-RoleCode", tie.relation.role_code(), tie.relation.word())));
        json.list("name", |list| human_name(list, &adult.name, None));
        person(&mut json, adult);
        json.end_line();
    }
}
