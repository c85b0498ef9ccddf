//! Ailments, drugs and results, as `data/ailments.txt` lists them.
//!
//! What must always hold: a drug or a result that an ailment names is in the list; the tests look at every line.
//!
//! What it refuses to know: who has what.

use crate::lists::ailments;
use crate::people::Sex;
use std::sync::OnceLock;

/// A drug as it is prescribed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Drug {
    pub(crate) name: &'static str,
    /// RxNorm concept of the ingredient.
    pub(crate) rxnorm: &'static str,
    pub(crate) form: &'static str,
    pub(crate) directions: &'static str,
}

/// A test in a laboratory.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LabKind {
    pub(crate) key: &'static str,
    pub(crate) loinc: &'static str,
    pub(crate) name: &'static str,
    /// UCUM; empty for results in words.
    pub(crate) unit: &'static str,
    /// Tenths from and to which results are rolled.
    pub(crate) range: Option<(i32, i32)>,
    /// Normal range as printed, or the one result in words.
    pub(crate) normal: &'static str,
    /// Tenths above which a result is abnormal.
    pub(crate) above: i32,
}

/// Something that people have.
#[derive(Debug)]
pub(crate) struct Ailment {
    pub(crate) icd: &'static str,
    pub(crate) name: &'static str,
    pub(crate) months: (i32, i32),
    pub(crate) is_chronic: bool,
    pub(crate) sex: Option<Sex>,
    pub(crate) drug: Option<&'static Drug>,
    pub(crate) lab: Option<&'static LabKind>,
    pub(crate) service: Option<&'static str>,
    /// One of the sensitive classes of health data, by its name.
    pub(crate) class: Option<&'static str>,
    /// What is done about it under anesthesia: a section of the phrases.
    pub(crate) operation: Option<&'static str>,
    pub(crate) lay: &'static str,
    pub(crate) exam: &'static str,
    pub(crate) plan: &'static str,
}

/// `{Drug}` in a plan is this drug; the rest of a line is cut at `|`.
fn cells(line: &'static str) -> Vec<&'static str> {
    line.split('|').map(str::trim).collect()
}

fn tenths(text: &str) -> Option<i32> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    Some(whole.parse::<i32>().ok()? * 10 + part.get(..1)?.parse::<i32>().ok()?)
}

fn drugs() -> &'static [Drug] {
    static DRUGS: OnceLock<Vec<Drug>> = OnceLock::new();
    DRUGS.get_or_init(|| {
        let read = |line: &&'static str| match cells(line)[..] {
            [name, rxnorm, form, directions] => Some(Drug { name, rxnorm, form, directions }),
            _ => None,
        };
        ailments().of("drug").iter().filter_map(read).collect()
    })
}

fn labs() -> &'static [LabKind] {
    static LABS: OnceLock<Vec<LabKind>> = OnceLock::new();
    LABS.get_or_init(|| {
        let read = |line: &&'static str| match cells(line)[..] {
            [key, loinc, name, unit, range, normal] => {
                let range = range.split_once('-').and_then(|(from, to)| Some((tenths(from)?, tenths(to)?)));
                let above = normal.split_once('-').and_then(|(_, to)| tenths(to)).unwrap_or(0);
                Some(LabKind { key, loinc, name, unit, range, normal, above })
            }
            _ => None,
        };
        ailments().of("lab").iter().filter_map(read).collect()
    })
}

/// The test with this key.
pub(crate) fn lab(key: &str) -> Option<&'static LabKind> {
    labs().iter().find(|lab| lab.key == key)
}

fn ailment(section: &'static str) -> Option<Ailment> {
    let lines = ailments().of(section);
    let field = |name: &str| {
        lines.iter().find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name).map(|(_, value)| value))
    };
    let (icd, name) = field("icd")?.split_once(" | ")?;
    let (from, to) = field("months")?.split_once('-')?;
    Some(Ailment {
        icd,
        name,
        months: (from.parse().ok()?, to.parse().ok()?),
        is_chronic: field("course") == Some("chronic"),
        sex: field("sex").map(|_| Sex::Female),
        drug: field("drug").and_then(|name| drugs().iter().find(|drug| drug.name == name)),
        lab: field("lab").and_then(lab),
        service: field("services"),
        class: field("class"),
        operation: field("operation"),
        lay: field("lay")?,
        exam: field("exam")?,
        plan: field("plan")?,
    })
}

/// All ailments, in the order of their keys.
pub(crate) fn all() -> &'static [Ailment] {
    static ALL: OnceLock<Vec<Ailment>> = OnceLock::new();
    ALL.get_or_init(|| ailments().sections("ailment.").into_iter().filter_map(ailment).collect())
}

#[cfg(test)]
mod tests {
    use super::{all, drugs, labs};
    use crate::lists::ailments;

    #[test]
    fn every_line_of_the_catalogue_is_read_and_every_name_in_it_is_found() {
        let sections = ailments().sections("ailment.");
        assert_eq!(all().len(), sections.len());
        assert_eq!(drugs().len(), ailments().of("drug").len());
        assert_eq!(labs().len(), ailments().of("lab").len());
        for (ailment, section) in all().iter().zip(sections) {
            let names = |key: &str| ailments().of(section).iter().any(|line| line.starts_with(key));
            assert_eq!(ailment.drug.is_some(), names("drug: "), "{section}");
            assert_eq!(ailment.lab.is_some(), names("lab: "), "{section}");
            assert!(ailment.months.0 < ailment.months.1, "{section}");
            let asks = ailment.plan.to_lowercase().contains("{drug}");
            assert!(!asks || ailment.drug.is_some(), "{section} speaks of a drug and has none");
        }
    }
}
