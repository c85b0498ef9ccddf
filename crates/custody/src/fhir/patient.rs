//! Patient.

use super::{Logical, Place, concept, finished, reference};
use crate::{OpenedPatient, PatientBody, Shown};
use record::PatientId;
use serde_json::{Value, json};

/// A patient of the index.
#[must_use]
pub fn patient(place: &Place, (id, opened): (PatientId, &OpenedPatient), shown: &Shown) -> Value {
    patient_of(place, id, opened.show(shown))
}

/// The same of what was opened before.
pub(crate) fn patient_of(place: &Place, id: PatientId, body: &PatientBody) -> Value {
    let PatientBody { last, first, middle, born, record_number, sex } = body;
    let given: Vec<&str> = [first.as_str(), middle.as_str()].into_iter().filter(|one| !one.is_empty()).collect();
    let mut identifiers = vec![json!({"use": "secondary", "system": place.ids(), "value": id.to_string()})];
    if !record_number.is_empty() {
        identifiers.push(json!({
            "use": "usual",
            "type": concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR", "Medical record number"),
            "value": record_number,
            "assigner": {"display": place.customer},
        }));
    }
    finished(json!({
        "resourceType": "Patient",
        "id": Logical(id).to_string(),
        "meta": place.meta(),
        "identifier": identifiers,
        "active": true,
        "name": [{"use": "official", "family": last, "given": given}],
        "gender": gender(sex),
        "birthDate": born.map(|day| day.to_string()),
        "managingOrganization": place.organization(),
    }))
}

/// The same, of a record that went into another: whoever still has its id is told where to look.
#[must_use]
pub fn replaced_by(mut resource: Value, other: PatientId) -> Value {
    resource["active"] = false.into();
    resource["link"] = json!([{"other": reference("Patient", Logical(other)), "type": "replaced-by"}]);
    resource
}

/// What FHIR calls it (administrative gender); what the practice wrote and FHIR has no word for is `other`.
fn gender(written: &str) -> Option<&'static str> {
    Some(match written.trim().to_lowercase().as_str() {
        "" => return None,
        "f" | "female" | "woman" | "girl" => "female",
        "m" | "male" | "man" | "boy" => "male",
        "u" | "unknown" | "?" => "unknown",
        _ => "other",
    })
}

#[cfg(test)]
mod tests {
    use super::gender;

    #[test]
    fn a_sex_is_told_in_fhirs_words() {
        assert_eq!(
            [" F", "male", "U", "intersex", " "].map(gender),
            [Some("female"), Some("male"), Some("unknown"), Some("other"), None]
        );
    }
}
