//! What the structure of messages, resources and documents says about kinds of data.
//!
//! What must always hold: a name that is not listed says nothing; an observation in a message is a result only if it is
//! no note.
//!
//! What it refuses to know: values, except for the code that says what an observation is of.

use super::{Sign, Topic};
use crate::phi::HealthData::{self, *};
use crate::read::{Part, What, Who};

/// What a segment of HL7 version 2 is about (chapters 3, 4, 6, 7 of the standard).
pub(super) fn segment(name: &[u8]) -> Option<HealthData> {
    Some(match name {
        b"DG1" | b"PRB" | b"AL1" | b"IAM" | b"DRG" => Diagnosis,
        b"PR1" => Procedure,
        b"RXE" | b"RXO" | b"RXD" | b"RXG" | b"RXR" | b"RXC" => Medication,
        b"RXA" => Immunization,
        b"SPM" | b"SAC" => Lab,
        b"IN1" | b"IN2" | b"IN3" => Insurance,
        b"FT1" | b"IVC" | b"PSS" | b"PSG" | b"PSL" | b"ADJ" => Claim,
        b"PMT" | b"PYE" => Payment,
        b"GT1" => Guarantor,
        b"NK1" => Guardian,
        b"PRD" | b"PV1" | b"ROL" => Provider,
        _ => return None,
    })
}

/// Kinds of values of an observation that are results, and not notes or pictures (table 0125).
pub(super) fn is_result(value_type: &str) -> bool {
    matches!(value_type, "NM" | "SN" | "CE" | "CWE" | "CNE" | "ST" | "IS" | "NA" | "DT" | "TM" | "TS" | "NR")
}

/// What a resource of FHIR R4 is about.
pub(super) fn resource(name: &str) -> Option<HealthData> {
    Some(match name {
        "Condition" | "AllergyIntolerance" | "FamilyMemberHistory" | "ClinicalImpression" | "RiskAssessment" => {
            Diagnosis
        }
        "Procedure" | "ServiceRequest" | "DeviceUseStatement" => Procedure,
        "MedicationRequest"
        | "MedicationStatement"
        | "MedicationAdministration"
        | "MedicationDispense"
        | "Medication" => Medication,
        "Observation" | "DiagnosticReport" | "Specimen" | "ImagingStudy" => Lab,
        "Immunization" | "ImmunizationRecommendation" | "ImmunizationEvaluation" => Immunization,
        "Coverage" | "CoverageEligibilityRequest" | "CoverageEligibilityResponse" => Insurance,
        "Claim" | "ClaimResponse" | "ExplanationOfBenefit" | "Invoice" | "ChargeItem" => Claim,
        "PaymentNotice" | "PaymentReconciliation" | "Account" => Payment,
        "Practitioner" | "PractitionerRole" | "CareTeam" => Provider,
        "RelatedPerson" => Guardian,
        _ => return None,
    })
}

/// What a section of a clinical document is about, by its LOINC code (C-CDA R2.1).
pub(super) fn section(loinc: &str) -> Option<HealthData> {
    Some(match loinc {
        "11450-4" | "11348-0" | "48765-2" | "46241-6" | "51848-0" | "11535-2" | "29308-4" | "46239-0" => Diagnosis,
        "47519-4" | "29554-3" | "59768-2" | "8724-7" => Procedure,
        "10160-0" | "10183-2" | "29549-3" | "42346-7" | "66149-6" => Medication,
        "30954-2" | "8716-3" | "26436-6" | "26438-2" => Lab,
        "11369-6" => Immunization,
        "48768-6" => Insurance,
        _ => return None,
    })
}

/// What an element of a clinical document is about, by its name.
pub(super) fn element(name: &str) -> Option<HealthData> {
    Some(match name {
        "guardian" | "guardianPerson" => Guardian,
        "assignedAuthor" | "assignedEntity" | "encounterParticipant" => Provider,
        "manufacturedMaterial" | "manufacturedProduct" | "substanceAdministration" => Medication,
        _ => return None,
    })
}

/// What single values say by their meaning.
pub(super) fn fields(part: &Part, seen: &mut dyn FnMut(u32, Sign)) {
    for field in &part.fields {
        let says = match (field.meaning.what, field.meaning.who) {
            (What::FamilyName | What::FullName | What::ProviderId, Who::Provider) => (Provider, "provider.structure"),
            (What::FamilyName | What::FullName, Who::Guarantor) => (Guarantor, "guarantor.structure"),
            (What::HealthPlanId | What::GroupNumber, _) => (Insurance, "insurance.structure"),
            (What::ProviderId, _) => (Provider, "provider.structure"),
            (What::Age, Who::Patient | Who::Unknown) => {
                if let Some(age) = part.text.get(field.range()).and_then(|age| age.trim().parse::<u8>().ok()) {
                    seen(field.record, Sign::Age(age));
                }
                continue;
            }
            _ => continue,
        };
        seen(field.record, Sign::Says(Topic::Health(says.0), says.1));
    }
}

/// The rule's name for what structure says.
pub(super) const fn why(kind: HealthData) -> &'static str {
    match kind {
        Diagnosis => "diagnosis.structure",
        Procedure => "procedure.structure",
        Medication => "medication.structure",
        Lab => "lab.structure",
        Immunization => "immunization.structure",
        Insurance => "insurance.structure",
        Claim => "claim.structure",
        Payment => "payment.structure",
        Provider => "provider.structure",
        Guardian => "guardian.structure",
        Guarantor => "guarantor.structure",
        Hiv => "hiv.structure",
        MentalHealth => "mental_health.structure",
        SubstanceUse => "substance_use.structure",
        Reproductive => "reproductive.structure",
        AdolescentConfidential => "adolescent.marked",
    }
}
