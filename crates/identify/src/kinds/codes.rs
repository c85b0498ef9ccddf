//! Codes: shapes, chapters and single codes of ICD-10-CM, LOINC, CPT, HCPCS and NDC, as far as they say a kind of data.
//!
//! ICD-10-CM codes are known by their shape once they have a dot; without one only where the place says that codes stand
//! there. CPT and HCPCS codes are plain numbers and count in such places alone. No descriptions are kept. Sources and
//! licences: `data/kinds/NOTICE`.
//!
//! What must always hold: F17 (nicotine) is no substance use, for 42 CFR 2.11 leaves tobacco out; Z38 (newborns by
//! how they were born) is not reproductive, for it stands in every newborn's own chart.
//!
//! What it refuses to know: negation: a code is one, whatever the words around it say.

use super::Topic;
use crate::phi::HealthData::{
    Diagnosis, Hiv, Immunization, Lab, Medication, MentalHealth, Procedure, Reproductive, SubstanceUse,
};

/// What a code says.
pub(super) type Says = (Topic, &'static str);

/// The longest ICD-10-CM code with its dot, in bytes.
const ICD_BYTES_MAX: usize = 8;

/// The ICD-10-CM code that begins here, in capitals and without its dot; how long it is as written; whether it has a dot.
pub(super) fn icd_at(text: &[u8], at: usize) -> Option<([u8; 7], usize, bool)> {
    let rest = text.get(at..)?;
    let rest = &rest[..rest.len().min(ICD_BYTES_MAX + 1)];
    let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.').unwrap_or(rest.len());
    let mut code = &rest[..end];
    while code.last() == Some(&b'.') {
        code = &code[..code.len() - 1];
    }
    let (head, has_dot) = (code.get(..3)?, code.get(3) == Some(&b'.'));
    let tail = if has_dot { &code[4..] } else { &code[3..] };
    let is_code = head[0].is_ascii_alphabetic()
        && head[1].is_ascii_digit()
        && (head[2].is_ascii_digit() || matches!(head[2], b'A' | b'B' | b'a' | b'b'))
        && tail.len() <= 4
        && !(has_dot && tail.is_empty())
        && tail.iter().all(u8::is_ascii_alphanumeric);
    if !is_code {
        return None;
    }
    let mut plain = [b' '; 7];
    for (place, byte) in plain.iter_mut().zip(head.iter().chain(tail)) {
        *place = byte.to_ascii_uppercase();
    }
    Some((plain, code.len(), has_dot))
}

/// What an ICD-10-CM code says, beside that it is a diagnosis.
pub(super) fn icd(code: &[u8; 7]) -> Option<Says> {
    let head = std::str::from_utf8(&code[..3]).unwrap_or_default();
    let all = std::str::from_utf8(code).unwrap_or_default().trim_end();
    let any = |starts: &[&str]| starts.iter().any(|start| all.starts_with(start));
    let says = |kind, why| Some((Topic::Health(kind), why));
    if ("B20".."B25").contains(&head) || any(&["Z21", "R75", "O987", "Z206", "Z114", "Z717", "B9735"]) {
        return says(Hiv, "hiv.code");
    }
    if ("F10".."F20").contains(&head) && head != "F17" {
        return says(SubstanceUse, "substance_use.code");
    }
    if any(&["Z7141", "Z7151", "O9931", "O9932", "P044", "P961"]) {
        return says(SubstanceUse, "substance_use.code");
    }
    if head.starts_with('F') && head >= "F20" || any(&["R45851", "R4588", "T1491", "Z133", "Z915", "Z8659", "O9934"]) {
        return says(MentalHealth, "mental_health.code");
    }
    if ("X71".."X84").contains(&head) {
        return says(MentalHealth, "mental_health.code");
    }
    if ("A50".."A65").contains(&head) || any(&["Z113", "Z202", "Z725", "Z224"]) {
        return Some((Topic::Sexual, "diagnosis.sexual_health"));
    }
    let reproductive = head.starts_with('O')
        || head.starts_with("Z3") && head != "Z38"
        || any(&["N97", "N46", "N96", "Z640", "Z793", "Z975", "Z9851", "Z9852"]);
    if reproductive { says(Reproductive, "reproductive.code") } else { None }
}

/// Is it an encounter for a vaccination.
pub(super) fn is_for_vaccine(code: &[u8; 7]) -> bool {
    code.starts_with(b"Z23")
}

/// Tests and questionnaires whose name alone is sensitive, by LOINC.
const LOINC: &[(&str, Topic, &str)] = &[
    ("7917-8", Topic::Health(Hiv), "hiv.test"),
    ("7918-6", Topic::Health(Hiv), "hiv.test"),
    ("31201-7", Topic::Health(Hiv), "hiv.test"),
    ("29893-5", Topic::Health(Hiv), "hiv.test"),
    ("56888-1", Topic::Health(Hiv), "hiv.test"),
    ("75622-1", Topic::Health(Hiv), "hiv.test"),
    ("20447-9", Topic::Health(Hiv), "hiv.test"),
    ("25836-8", Topic::Health(Hiv), "hiv.test"),
    ("5221-7", Topic::Health(Hiv), "hiv.test"),
    ("48345-3", Topic::Health(Hiv), "hiv.test"),
    ("3426-4", Topic::Health(SubstanceUse), "substance_use.test"),
    ("3397-7", Topic::Health(SubstanceUse), "substance_use.test"),
    ("3349-8", Topic::Health(SubstanceUse), "substance_use.test"),
    ("3879-4", Topic::Health(SubstanceUse), "substance_use.test"),
    ("3773-9", Topic::Health(SubstanceUse), "substance_use.test"),
    ("75624-7", Topic::Health(SubstanceUse), "substance_use.screening"),
    ("72109-2", Topic::Health(SubstanceUse), "substance_use.screening"),
    ("82667-7", Topic::Health(SubstanceUse), "substance_use.screening"),
    ("44261-6", Topic::Health(MentalHealth), "mental_health.screening"),
    ("44249-1", Topic::Health(MentalHealth), "mental_health.screening"),
    ("55758-7", Topic::Health(MentalHealth), "mental_health.screening"),
    ("69737-5", Topic::Health(MentalHealth), "mental_health.screening"),
    ("70274-6", Topic::Health(MentalHealth), "mental_health.screening"),
    ("73831-0", Topic::Health(MentalHealth), "mental_health.screening"),
    ("73832-8", Topic::Health(MentalHealth), "mental_health.screening"),
    ("71354-5", Topic::Health(MentalHealth), "mental_health.screening"),
    ("2106-3", Topic::Health(Reproductive), "reproductive.test"),
    ("2118-8", Topic::Health(Reproductive), "reproductive.test"),
    ("82810-3", Topic::Health(Reproductive), "reproductive.test"),
    ("11996-6", Topic::Health(Reproductive), "reproductive.test"),
    ("11778-8", Topic::Health(Reproductive), "reproductive.test"),
    ("21613-5", Topic::Sexual, "lab.sexual_health"),
    ("24111-7", Topic::Sexual, "lab.sexual_health"),
    ("36902-5", Topic::Sexual, "lab.sexual_health"),
    ("20507-0", Topic::Sexual, "lab.sexual_health"),
    ("22461-8", Topic::Sexual, "lab.sexual_health"),
    ("31147-2", Topic::Sexual, "lab.sexual_health"),
];

/// Observations about a vaccination or its payment, which are no results.
pub(super) const NO_RESULTS: &[&str] =
    &["64994-7", "30956-7", "29768-9", "29769-7", "30963-3", "30973-2", "59784-9", "59785-6", "69764-9", "75323-6"];

/// What a LOINC code says.
pub(super) fn loinc(code: &str) -> Option<Says> {
    LOINC.iter().find(|one| one.0 == code).map(|one| (one.1, one.2))
}

/// What a CPT or HCPCS code says; all five characters of it, in capitals.
pub(super) fn cpt(code: &str) -> Option<Says> {
    let health = |kind, why| Some((Topic::Health(kind), why));
    if let Ok(number) = code.parse::<u32>() {
        return match number {
            86_701..=86_703 | 86_689 | 87_389..=87_391 | 87_534..=87_539 | 87_806 | 87_900 | 87_901 => {
                health(Hiv, "hiv.code")
            }
            90_785..=90_899 | 96_127 | 96_130..=96_146 => health(MentalHealth, "mental_health.code"),
            80_305..=80_307 | 99_408 | 99_409 => health(SubstanceUse, "substance_use.code"),
            58_300..=58_301
            | 11_976
            | 11_981..=11_983
            | 59_000..=59_899
            | 76_801..=76_828
            | 81_025
            | 58_970..=58_976 => health(Reproductive, "reproductive.code"),
            87_490..=87_492 | 87_590..=87_592 | 86_592 | 86_593 | 86_780 => Some((Topic::Sexual, "lab.sexual_health")),
            90_460..=90_474 | 90_476..=90_759 | 91_300..=91_322 => health(Immunization, "immunization.code"),
            80_047..=89_398 => health(Lab, "lab.code"),
            100..=99_607 => health(Procedure, "procedure.code"),
            _ => None,
        };
    }
    let number = code.get(1..)?.parse::<u32>().ok()?;
    match (code.as_bytes()[0], number) {
        (b'H', 1..=50) | (b'G', 2_067..=2_088) | (b'J', 570..=575 | 592 | 2_315) => {
            health(SubstanceUse, "substance_use.code")
        }
        (b'H', 2_000..=2_037) => health(MentalHealth, "mental_health.code"),
        (b'J', 7_296..=7_307) | (b'S', 4_981 | 4_989 | 4_993) => health(Reproductive, "reproductive.code"),
        (b'J', _) => health(Medication, "medication.code"),
        (b'A'..=b'V', _) => health(Procedure, "procedure.code"),
        _ => None,
    }
}

/// Runs of digits with hyphens between them, as long as each other's.
fn is_shape(token: &[u8], runs: &[usize]) -> bool {
    let mut parts = token.split(|byte| *byte == b'-');
    runs.iter().all(|long| parts.next().is_some_and(|part| part.len() == *long && part.iter().all(u8::is_ascii_digit)))
        && parts.next().is_none()
}

/// Is it a drug's number in the national directory (NDC), with its hyphens.
pub(super) fn is_ndc(token: &[u8]) -> bool {
    [[5, 4, 2], [4, 4, 2], [5, 3, 2]].iter().any(|runs| is_shape(token, runs))
}

/// Is it shaped as a LOINC code, with its check digit.
pub(super) fn is_loinc(token: &[u8]) -> bool {
    let Some((head, [b'-', check])) = token.split_last_chunk::<2>().map(|(head, tail)| (head, *tail)) else {
        return false;
    };
    if !(3..=6).contains(&head.len()) || !head.iter().all(u8::is_ascii_digit) || !check.is_ascii_digit() {
        return false;
    }
    let sum: u32 = head
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let digit = u32::from(digit - b'0');
            let twice = digit * 2;
            if at % 2 == 1 { digit } else { twice / 10 + twice % 10 }
        })
        .sum();
    (10 - sum % 10) % 10 == u32::from(check - b'0')
}

/// A diagnosis by its code.
pub(super) const DIAGNOSIS: Says = (Topic::Health(Diagnosis), "diagnosis.code");
/// A drug by its code.
pub(super) const DRUG: Says = (Topic::Health(Medication), "medication.code");
/// A vaccination by a code of a diagnosis.
pub(super) const VACCINE: Says = (Topic::Health(Immunization), "immunization.code");

#[cfg(test)]
mod tests {
    use super::super::structure::section;
    use super::{LOINC, NO_RESULTS, Topic, cpt, icd, icd_at, is_loinc, is_ndc};
    use crate::phi::HealthData;

    #[test]
    fn every_loinc_code_in_the_tables_has_the_check_digit_that_it_must_have() {
        for code in LOINC.iter().map(|one| one.0).chain(NO_RESULTS.iter().copied()) {
            assert!(is_loinc(code.as_bytes()), "{code}");
        }
        for code in ["11450-4", "10160-0", "30954-2", "8716-3", "11369-6", "48768-6", "47519-4"] {
            assert!(is_loinc(code.as_bytes()) && section(code).is_some(), "{code}");
        }
        assert!(!is_loinc(b"44261-7") && !is_loinc(b"555-1234") && !is_loinc(b"1-1"));
    }

    fn kind(code: &str) -> Option<Topic> {
        let (plain, long, _) = icd_at(code.as_bytes(), 0)?;
        assert_eq!(long, code.len(), "{code}");
        icd(&plain).map(|one| one.0)
    }

    #[test]
    fn chapters_and_single_codes_of_diagnoses_say_their_kind() {
        let is = |code: &str, said: Option<HealthData>| assert_eq!(kind(code), said.map(Topic::Health), "{code}");
        is("F10.20", Some(HealthData::SubstanceUse));
        is("F1120", Some(HealthData::SubstanceUse));
        is("F17.210", None);
        is("F32.9", Some(HealthData::MentalHealth));
        is("F90.2", Some(HealthData::MentalHealth));
        is("F03.90", None);
        is("R45.851", Some(HealthData::MentalHealth));
        is("B20", Some(HealthData::Hiv));
        is("Z21", Some(HealthData::Hiv));
        is("Z30.09", Some(HealthData::Reproductive));
        is("Z3A.12", Some(HealthData::Reproductive));
        is("O80", Some(HealthData::Reproductive));
        is("Z38.00", None);
        is("J06.9", None);
        is("S52.501A", None);
        assert_eq!(kind("A56.02"), Some(Topic::Sexual));
    }

    #[test]
    fn what_is_no_code_has_no_shape_of_one() {
        for text in ["AB1.2", "A1", "4.5", "T1", "12.34", "A12.34567"] {
            assert!(icd_at(text.as_bytes(), 0).is_none(), "{text}");
        }
        assert!(is_ndc(b"00071-0155-23") && !is_ndc(b"555-12-3456") && !is_ndc(b"217-555-0142"));
    }

    #[test]
    fn numbers_of_services_say_their_kind_by_their_range() {
        let is = |code: &str, said| assert_eq!(cpt(code).map(|one| one.0), Some(Topic::Health(said)), "{code}");
        is("90834", HealthData::MentalHealth);
        is("90471", HealthData::Immunization);
        is("80307", HealthData::SubstanceUse);
        is("H0020", HealthData::SubstanceUse);
        is("87389", HealthData::Hiv);
        is("85025", HealthData::Lab);
        is("99213", HealthData::Procedure);
        is("J1100", HealthData::Medication);
        assert_eq!(cpt("ABCDE"), None);
    }
}
