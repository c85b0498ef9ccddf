//! What a visit costs and who pays.
//!
//! Service numbers are those of CPT; what they are called here are our own words, and the prices are made up.
//!
//! What must always hold: charges are the sum of the lines; what is paid, written off and owed is what was charged.
//!
//! What it refuses to know: contracts of real payers.

use super::{Patient, Reason, Scene, Visit};
use crate::calendar::Date;
use crate::dice::Dice;

/// How far a claim has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// The patient has no coverage: there is no claim.
    SelfPay,
    Paid,
    Denied,
    Pending,
}

impl Status {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SelfPay => "self_pay",
            Self::Paid => "paid",
            Self::Denied => "denied",
            Self::Pending => "pending",
        }
    }
}

/// One service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) cpt: &'static str,
    pub(crate) what: &'static str,
    pub(crate) count: u32,
    /// For each, in cents.
    pub(crate) cents: u32,
}

/// What a visit cost. All amounts in cents.
#[derive(Debug, Clone)]
pub(crate) struct Bill {
    pub(crate) number: String,
    pub(crate) invoice: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) charged: u32,
    pub(crate) paid: u32,
    pub(crate) written_off: u32,
    pub(crate) owed: u32,
    pub(crate) status: Status,
    pub(crate) due: Date,
}

impl Bill {
    /// Before it is written.
    pub(super) const fn none() -> Self {
        Self {
            number: String::new(),
            invoice: String::new(),
            lines: Vec::new(),
            charged: 0,
            paid: 0,
            written_off: 0,
            owed: 0,
            status: Status::Pending,
            due: Date::new(1970, 1, 1),
        }
    }
}

/// `123.45`
pub(crate) fn dollars(cents: u32) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

pub(super) fn fill(scene: &Scene<'_>, dice: &mut Dice, patient: &mut Patient) {
    for place in 0..patient.visits.len() {
        let visit = &patient.visits[place];
        let shots = patient.vaccines.iter().filter(|each| each.visit == Some(place) && !each.refused).count();
        let lines = lines(visit, patient.age(visit.date), shots as u32);
        let charged: u32 = lines.iter().map(|line| line.count * line.cents).sum();
        let status = match (&patient.coverage, visit.date.days_to(scene.reference)) {
            (None, _) => Status::SelfPay,
            (Some(_), ..21) => Status::Pending,
            (Some(_), _) => dice.weighted(&[(90, Status::Paid), (10, Status::Denied)]),
        };
        let (paid, written_off) = match status {
            Status::Paid => (charged / 100 * dice.between(52, 74) as u32, charged / 100 * dice.between(10, 24) as u32),
            Status::SelfPay | Status::Denied | Status::Pending => (0, 0),
        };
        let owed = if status == Status::Pending { 0 } else { charged - paid - written_off };
        let tail = format!("{}{:03}", &patient.stem[5..], place + 1);
        patient.visits[place].bill = Bill {
            number: format!("CLM{tail}"),
            invoice: format!("INV{tail}"),
            due: visit.date.plus_days(dice.between(30, 60)),
            lines,
            charged,
            paid,
            written_off,
            owed,
            status,
        };
    }
}

fn lines(visit: &Visit, years: i32, shots: u32) -> Vec<Line> {
    let line = |cpt, what, count, cents| Line { cpt, what, count, cents };
    let mut lines = vec![match (visit.reason, years) {
        (Reason::Well, ..1) => line("99391", "well visit, infant", 1, 15_500),
        (Reason::Well, 1..5) => line("99392", "well visit, small child", 1, 16_200),
        (Reason::Well, 5..12) => line("99393", "well visit, child", 1, 16_100),
        (Reason::Well, 12..18) => line("99394", "well visit, adolescent", 1, 17_700),
        (Reason::Well, 18..40) => line("99395", "well visit, young adult", 1, 18_000),
        (Reason::Well, 40..65) => line("99396", "well visit, adult", 1, 19_100),
        (Reason::Well, _) => line("99397", "well visit, older adult", 1, 20_600),
        (Reason::Sick, _) => line("99213", "office visit, low complexity", 1, 13_100),
        (Reason::Follow, _) => line("99214", "office visit, moderate complexity", 1, 18_900),
    }];
    if shots > 0 {
        lines.push(line("90460", "giving a vaccine, first component", shots, 3_200));
    }
    for lab in &visit.labs {
        lines.push(match lab.kind.key {
            "strep" => line("87880", "rapid strep test", 1, 3_400),
            "urine" => line("81003", "urine test strip", 1, 1_200),
            "a1c" => line("83036", "hemoglobin A1c", 1, 3_900),
            "ldl" => line("80061", "lipid panel", 1, 5_200),
            "tsh" => line("84443", "thyrotropin", 1, 6_100),
            "bilirubin" => line("82247", "bilirubin", 1, 2_400),
            "lead" => line("83655", "lead", 1, 3_300),
            _ => line("85018", "hemoglobin", 1, 1_500),
        });
    }
    match visit.ailment.and_then(|ailment| ailment.service) {
        Some("94640") => lines.push(line("94640", "inhalation treatment", 1, 5_800)),
        Some("93000") => lines.push(line("93000", "electrocardiogram", 1, 7_400)),
        Some("73110") => lines.push(line("73110", "wrist films", 1, 9_600)),
        Some("36415") => lines.push(line("36415", "drawing blood", 1, 1_100)),
        _ => {}
    }
    lines
}
