//! What the columns of a table say about kinds of data, and their cells read with that in mind.
//!
//! What must always hold: an empty cell, and one that says that there is nothing, is no evidence; a column's name decides
//! which codes its cells may be.
//!
//! What it refuses to know: what a column holds whose name says nothing: its words are read like any other's.

use super::scan::{Context, Scanner};
use super::{Sign, Topic};
use crate::phi::HealthData::{self, *};
use crate::read::{NO_COLUMN, Part};

/// Words in a column's name, in small letters, with what they say; all of them count. A word stands for itself, a word
/// with `*` for all that begin so.
const WORDS: &[(&str, HealthData, &str)] = &[
    ("icd*", Diagnosis, "diagnosis.column"),
    ("dx*", Diagnosis, "diagnosis.column"),
    ("diag*", Diagnosis, "diagnosis.column"),
    ("problem*", Diagnosis, "diagnosis.column"),
    ("condition*", Diagnosis, "diagnosis.column"),
    ("allerg*", Diagnosis, "diagnosis.column"),
    ("snomed*", Diagnosis, "diagnosis.column"),
    ("complaint", Diagnosis, "diagnosis.column"),
    ("cpt*", Procedure, "procedure.column"),
    ("hcpcs*", Procedure, "procedure.column"),
    ("procedure*", Procedure, "procedure.column"),
    ("proc", Procedure, "procedure.column"),
    ("surgery", Procedure, "procedure.column"),
    ("rxnorm*", Medication, "medication.column"),
    ("ndc*", Medication, "medication.column"),
    ("medication*", Medication, "medication.column"),
    ("meds", Medication, "medication.column"),
    ("drug*", Medication, "medication.column"),
    ("prescription*", Medication, "medication.column"),
    ("rx", Medication, "medication.column"),
    ("sig", Medication, "medication.column"),
    ("result*", Lab, "lab.column"),
    ("lab*", Lab, "lab.column"),
    ("observation*", Lab, "lab.column"),
    ("weight*", Lab, "lab.column"),
    ("bmi", Lab, "lab.column"),
    ("systolic*", Lab, "lab.column"),
    ("cvx*", Immunization, "immunization.column"),
    ("vaccin*", Immunization, "immunization.column"),
    ("immuniz*", Immunization, "immunization.column"),
    ("payer*", Insurance, "insurance.column"),
    ("payor*", Insurance, "insurance.column"),
    ("insur*", Insurance, "insurance.column"),
    ("policy*", Insurance, "insurance.column"),
    ("subscriber*", Insurance, "insurance.column"),
    ("medicaid*", Insurance, "insurance.column"),
    ("medicare*", Insurance, "insurance.column"),
    ("member", Insurance, "insurance.column"),
    ("memberid", Insurance, "insurance.column"),
    ("claim*", Claim, "claim.column"),
    ("invoice*", Claim, "claim.column"),
    ("charge*", Claim, "claim.column"),
    ("billed", Claim, "claim.column"),
    ("paid", Payment, "payment.column"),
    ("payment*", Payment, "payment.column"),
    ("owed", Payment, "payment.column"),
    ("balance*", Payment, "payment.column"),
    ("copay*", Payment, "payment.column"),
    ("card", Payment, "payment.column"),
    ("bank*", Payment, "payment.column"),
    ("routing", Payment, "payment.column"),
    ("provider*", Provider, "provider.column"),
    ("physician*", Provider, "provider.column"),
    ("doctor*", Provider, "provider.column"),
    ("npi", Provider, "provider.column"),
    ("attending*", Provider, "provider.column"),
    ("prescriber*", Provider, "provider.column"),
    ("clinician*", Provider, "provider.column"),
    ("guardian*", Guardian, "guardian.column"),
    ("mother*", Guardian, "guardian.column"),
    ("father*", Guardian, "guardian.column"),
    ("parent*", Guardian, "guardian.column"),
    ("nok", Guardian, "guardian.column"),
    ("kin", Guardian, "guardian.column"),
    ("custody", Guardian, "guardian.column"),
    ("guarantor*", Guarantor, "guarantor.column"),
    ("responsible", Guarantor, "guarantor.column"),
    ("hiv*", Hiv, "hiv.column"),
    ("phq*", MentalHealth, "mental_health.column"),
    ("psych*", MentalHealth, "mental_health.column"),
    ("pregnan*", Reproductive, "reproductive.column"),
    ("lmp", Reproductive, "reproductive.column"),
    ("gravida", Reproductive, "reproductive.column"),
    ("contracepti*", Reproductive, "reproductive.column"),
];

/// Cells that say that there is nothing.
const NOTHING: &[&str] = &["none", "n/a", "na", "nil", "null", "unknown", "-", "0", "no", "false"];

/// What one column says.
#[derive(Debug, Default)]
struct Column {
    says: Vec<(HealthData, &'static str)>,
    context: Context,
}

fn column(name: &str) -> Column {
    let mut found = Column::default();
    let spread: String = spread(name);
    for word in spread.split(|one: char| !one.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        for (pattern, kind, why) in WORDS {
            let fits = match pattern.strip_suffix('*') {
                Some(stem) => word.starts_with(stem),
                None => word == *pattern,
            };
            if fits && !found.says.contains(&(*kind, *why)) {
                found.says.push((*kind, why));
            }
        }
    }
    let has = |kind| found.says.iter().any(|(said, _)| *said == kind);
    found.context = Context {
        icd: has(Diagnosis),
        cpt: has(Procedure) || spread.contains("service_code"),
        ndc: has(Medication),
        loinc: has(Lab) || spread.contains("loinc"),
    };
    found
}

/// In small letters, with a `_` where a capital begins a word.
fn spread(name: &str) -> String {
    let mut spread = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && was_small {
            spread.push('_');
        }
        was_small = letter.is_ascii_lowercase();
        spread.push(letter.to_ascii_lowercase());
    }
    spread
}

/// Reads a table's cells.
pub(super) fn scan_cells(part: &Part, seen: &mut dyn FnMut(u32, Sign)) {
    let columns: Vec<Column> = part.columns.iter().map(|name| column(name)).collect();
    let plain = Column::default();
    // The names of the columns are none of their cells.
    for field in part.fields.iter().filter(|field| field.column != NO_COLUMN) {
        let column = columns.get(field.column as usize).unwrap_or(&plain);
        let Some(value) = part.text.get(field.range()) else { continue };
        let shown = value.trim();
        if shown.is_empty() || shown.len() <= 7 && NOTHING.iter().any(|nothing| shown.eq_ignore_ascii_case(nothing)) {
            continue;
        }
        for (kind, why) in &column.says {
            seen(field.record, Sign::Says(Topic::Health(*kind), why));
        }
        Scanner::new(shown, column.context).run(&mut |_, sign| seen(field.record, sign));
    }
}

#[cfg(test)]
mod tests {
    use super::{HealthData, column};

    #[test]
    fn a_columns_name_is_read_word_by_word() {
        let says = |name: &str| column(name).says.iter().map(|one| one.0).collect::<Vec<_>>();
        assert_eq!(says("diagnosis_code"), [HealthData::Diagnosis]);
        assert_eq!(says("primaryDxCode"), [HealthData::Diagnosis]);
        assert_eq!(says("GuarantorLastName"), [HealthData::Guarantor]);
        assert_eq!(says("last_name"), []);
        assert_eq!(says("remember_me"), []);
        assert!(column("ICD10").context.icd);
        assert!(!column("comment").context.icd);
    }
}
