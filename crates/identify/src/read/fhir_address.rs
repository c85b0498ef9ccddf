//! Addresses in resources of FHIR R4: which of them name a definition that everybody shares, and which lead to somebody.
//!
//! What must always hold: an address that asks (`?`), that holds an e-mail address, a long number or one resource of one server is
//! never taken for a definition's.
//!
//! What it refuses to know: what is written in the place of the others.

/// Types of resources of R4 (hl7.org/fhir/R4/resourcelist.html) that are about people, things and events.
const TYPES: &[&str] = &[
    "Account",
    "AdverseEvent",
    "AllergyIntolerance",
    "Appointment",
    "AppointmentResponse",
    "AuditEvent",
    "Basic",
    "Binary",
    "BiologicallyDerivedProduct",
    "BodyStructure",
    "Bundle",
    "CarePlan",
    "CareTeam",
    "CatalogEntry",
    "ChargeItem",
    "Claim",
    "ClaimResponse",
    "ClinicalImpression",
    "Communication",
    "CommunicationRequest",
    "Composition",
    "Condition",
    "Consent",
    "Contract",
    "Coverage",
    "CoverageEligibilityRequest",
    "CoverageEligibilityResponse",
    "DetectedIssue",
    "Device",
    "DeviceMetric",
    "DeviceRequest",
    "DeviceUseStatement",
    "DiagnosticReport",
    "DocumentManifest",
    "DocumentReference",
    "EffectEvidenceSynthesis",
    "Encounter",
    "Endpoint",
    "EnrollmentRequest",
    "EnrollmentResponse",
    "EpisodeOfCare",
    "Evidence",
    "EvidenceVariable",
    "ExplanationOfBenefit",
    "FamilyMemberHistory",
    "Flag",
    "Goal",
    "Group",
    "GuidanceResponse",
    "HealthcareService",
    "ImagingStudy",
    "Immunization",
    "ImmunizationEvaluation",
    "ImmunizationRecommendation",
    "InsurancePlan",
    "Invoice",
    "Linkage",
    "List",
    "Location",
    "MeasureReport",
    "Media",
    "Medication",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationKnowledge",
    "MedicationRequest",
    "MedicationStatement",
    "MedicinalProduct",
    "MedicinalProductAuthorization",
    "MedicinalProductContraindication",
    "MedicinalProductIndication",
    "MedicinalProductIngredient",
    "MedicinalProductInteraction",
    "MedicinalProductManufactured",
    "MedicinalProductPackaged",
    "MedicinalProductPharmaceutical",
    "MedicinalProductUndesirableEffect",
    "MessageHeader",
    "MolecularSequence",
    "NutritionOrder",
    "Observation",
    "OperationOutcome",
    "Organization",
    "OrganizationAffiliation",
    "Parameters",
    "Patient",
    "PaymentNotice",
    "PaymentReconciliation",
    "Person",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Provenance",
    "QuestionnaireResponse",
    "RelatedPerson",
    "RequestGroup",
    "ResearchStudy",
    "ResearchSubject",
    "RiskAssessment",
    "RiskEvidenceSynthesis",
    "Schedule",
    "ServiceRequest",
    "Slot",
    "Specimen",
    "Subscription",
    "Substance",
    "SubstanceNucleicAcid",
    "SubstancePolymer",
    "SubstanceProtein",
    "SubstanceReferenceInformation",
    "SubstanceSourceMaterial",
    "SubstanceSpecification",
    "SupplyDelivery",
    "SupplyRequest",
    "Task",
    "TestReport",
    "VerificationResult",
    "VisionPrescription",
];

/// Types of resources that are definitions.
const DEFINITIONS: &[&str] = &[
    "ActivityDefinition",
    "CapabilityStatement",
    "ChargeItemDefinition",
    "CodeSystem",
    "CompartmentDefinition",
    "ConceptMap",
    "DeviceDefinition",
    "EventDefinition",
    "ExampleScenario",
    "GraphDefinition",
    "ImplementationGuide",
    "Library",
    "Measure",
    "MessageDefinition",
    "NamingSystem",
    "ObservationDefinition",
    "OperationDefinition",
    "PlanDefinition",
    "Questionnaire",
    "ResearchDefinition",
    "ResearchElementDefinition",
    "SearchParameter",
    "SpecimenDefinition",
    "StructureDefinition",
    "StructureMap",
    "TerminologyCapabilities",
    "TestScript",
    "ValueSet",
];

/// Hosts of definitions that everybody shares; those below them are theirs too.
const HOSTS: &[&str] = &[
    "hl7.org",
    "loinc.org",
    "snomed.info",
    "unitsofmeasure.org",
    "nlm.nih.gov",
    "cdc.gov",
    "cms.gov",
    "ama-assn.org",
    "ada.org",
    "nubc.org",
    "nucc.org",
    "ncpdp.org",
    "who.int",
    "whocc.no",
    "fda.gov",
    "nema.org",
    "ihe.net",
    "w3.org",
    "ietf.org",
    "iana.org",
    "iso.org",
    "ieee.org",
    "ihtsdo.org",
    "fhir.org",
    "healthit.gov",
    "smarthealthit.org",
    "ohdsi.org",
    "usps.com",
    "x12.org",
    "human-phenotype-ontology.org",
    "genenames.org",
    "purl.org",
];

/// As many digits, with or without signs between them, are a number of somebody.
const NUMBER_DIGITS_MIN: usize = 7;
/// An arc of an object identifier that is as long is a number of somebody, too.
const ARC_DIGITS_MIN: usize = 9;
/// A plain word (`ombCategory`) with as many digits is none.
const WORD_DIGITS_MAX: usize = 3;

/// Is this the name of a type of resource.
pub(crate) fn is_resource_type(name: &str) -> bool {
    TYPES.binary_search(&name).is_ok() || is_definition_type(name)
}

/// Is this the name of a type of definitions.
pub(super) fn is_definition_type(name: &str) -> bool {
    DEFINITIONS.binary_search(&name).is_ok()
}

/// Is it the address of a definition: a code system, a profile, an extension, a naming system.
pub(super) fn is_definition(address: &str) -> bool {
    let Some((scheme, rest)) = address.split_once(':') else { return is_word(address) };
    match scheme {
        "urn" => is_shared_urn(rest),
        "http" | "https" => {
            let snomed = is_of_host(rest, "snomed.info");
            let is_quiet = snomed || !rest.contains(['?', '@']) && !has_number(rest);
            is_quiet && !leads_to_one(rest) && !rest.contains('@')
        }
        _ => false,
    }
}

/// Is it an address that is surely a definition's: as [`is_definition`], and of a host that has nothing else.
pub(super) fn is_known_definition(address: &str) -> bool {
    let rest = address.split_once(':').map_or("", |(_, rest)| rest);
    is_definition(address) && (!address.contains("//") || HOSTS.iter().any(|host| is_of_host(rest, host)))
}

/// A name without any address: of an extension within another one, of a type.
fn is_word(name: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'$');
    name.bytes().all(is_sign) && name.bytes().filter(u8::is_ascii_digit).count() <= WORD_DIGITS_MAX
}

/// `oid:2.16.840.1.113883.6.1`, `ietf:rfc:3986`, `iso:std:iso:11073:10101`.
fn is_shared_urn(rest: &str) -> bool {
    match rest.split_once(':') {
        Some(("oid", arcs)) => {
            arcs.split('.').all(|arc| arc.len() < ARC_DIGITS_MIN && arc.bytes().all(|byte| byte.is_ascii_digit()))
        }
        Some(("ietf" | "iso" | "hl7-org" | "ihe" | "us" | "nhin" | "dicom" | "gov", more)) => {
            !more.contains(['?', '@']) && !has_number(more)
        }
        _ => false,
    }
}

/// `//host/…`, by the host or one below it.
fn is_of_host(rest: &str, host: &str) -> bool {
    let named = rest.trim_start_matches('/').split(['/', ':', '?', '#']).next().unwrap_or_default();
    named.strip_suffix(host).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

fn has_number(text: &str) -> bool {
    let mut digits = 0;
    text.bytes().any(|byte| {
        digits = match byte {
            b'0'..=b'9' => digits + 1,
            b'-' | b'.' | b'(' | b')' | b'+' | b' ' => digits,
            _ => 0,
        };
        digits >= NUMBER_DIGITS_MIN
    })
}

/// `…/Patient/17`: a type that is no definition's, and what stands behind it.
fn leads_to_one(rest: &str) -> bool {
    let mut before = "";
    rest.split('/').any(|piece| {
        let found = TYPES.binary_search(&before).is_ok() && !piece.is_empty();
        before = piece;
        found
    })
}

/// The type of resource that a reference leads to: `Patient/17`, `https://…/Patient/17/_history/2`.
pub(super) fn type_of(reference: &str) -> Option<&str> {
    reference.split(['/', '?']).rfind(|piece| is_resource_type(piece))
}

#[cfg(test)]
mod tests {
    use super::{DEFINITIONS, TYPES, is_definition, is_known_definition, type_of};

    #[test]
    fn lists_are_in_order_so_that_they_can_be_searched() {
        assert!(TYPES.is_sorted() && DEFINITIONS.is_sorted());
    }

    #[test]
    fn addresses_of_definitions_are_told_from_those_that_lead_to_somebody() {
        for address in [
            "http://loinc.org",
            "http://snomed.info/sct/900000000000207008",
            "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
            "urn:oid:2.16.840.1.113883.6.238",
            "urn:ietf:bcp:47",
            "ombCategory",
            "http://terminology.hl7.org/CodeSystem/v2-0203",
        ] {
            assert!(is_known_definition(address), "{address}");
        }
        assert!(is_definition("http://hospital.example.org/mrn"));
        assert!(!is_known_definition("http://hospital.example.org/mrn"));
        for address in [
            "http://hospital.example.org/Patient/quxley",
            "http://hl7.org/fhir/Patient/quxley",
            "https://x.example/fhir?name=quxley",
            "https://x.example/quxley@example.org",
            "https://x.example/512-44-9981",
            "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
            "urn:oid:1.2.512449981",
            "Patient/17",
            "mailto:quxley",
        ] {
            assert!(!is_definition(address), "{address}");
        }
        assert_eq!(type_of("https://x.example/fhir/Patient/17/_history/2"), Some("Patient"));
        assert_eq!(type_of("urn:uuid:17"), None);
    }
}
