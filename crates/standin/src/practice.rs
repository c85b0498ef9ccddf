//! One practice: what it is called, where it is, who works there, which payers it bills.
//!
//! What must always hold: a practice depends on the seed and its number only.
//!
//! What it refuses to know: its patients.

use crate::dice::Dice;
use crate::lists::places;
use crate::people::{Address, Name, Origin, Sex, family, given};
use crate::plan::Plan;
use crate::reserved;
use crate::words::plain;

/// Who comes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Children,
    Families,
    Adults,
}

/// A doctor, a nurse practitioner.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    pub(crate) id: String,
    pub(crate) name: Name,
    pub(crate) sex: Sex,
    /// `MD`, `DO`, `NP`, `PA-C`
    pub(crate) degree: &'static str,
    pub(crate) npi: String,
}

/// An insurer, as the practice bills it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payer {
    pub(crate) name: &'static str,
    pub(crate) short: &'static str,
    pub(crate) plan: &'static str,
}

/// One practice.
#[derive(Debug, Clone)]
pub(crate) struct Practice {
    pub(crate) kind: Kind,
    /// `practice-0001`, its folder.
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) address: Address,
    /// The item of the list of cities where its patients live.
    pub(crate) city: &'static str,
    pub(crate) phone: String,
    pub(crate) fax: String,
    pub(crate) url: String,
    pub(crate) npi: String,
    pub(crate) hospital: &'static str,
    pub(crate) providers: Vec<Provider>,
    pub(crate) payers: Vec<Payer>,
    /// How its record numbers are written.
    mrn: MrnForm,
}

#[derive(Debug, Clone, Copy)]
enum MrnForm {
    Digits7,
    Lettered(char),
    Dashed,
}

impl Practice {
    /// The practice with this number, counted from 0.
    pub(crate) fn roll(plan: &Plan, number: u32) -> Self {
        let dice = &mut Dice::of(plan.seed, &[1, u64::from(number)]);
        let (kind, section) = match number % 3 {
            0 => (Kind::Children, "practice.children"),
            1 => (Kind::Families, "practice.families"),
            _ => (Kind::Adults, "practice.adults"),
        };
        let city = dice.pick(places().of("city"));
        let mut address = Address::roll(dice, city);
        address.unit = dice.chance(500).then_some("Suite 200");
        let first = dice.pick(places().of("practice.first"));
        let name = format!("{first} {}", dice.pick(places().of(section)));
        let mrn = match dice.below(3) {
            0 => MrnForm::Digits7,
            1 => MrnForm::Lettered(char::from(b'A' + dice.below(26) as u8)),
            _ => MrnForm::Dashed,
        };
        let providers = (0..dice.between(3, 6)).map(|at| provider(dice, number, at)).collect();
        let payers = places().of("payer").iter().filter_map(|item| payer(item)).collect();
        Self {
            kind,
            slug: format!("practice-{:04}", number + 1),
            phone: reserved::phone(dice, address.area_code),
            fax: reserved::phone(dice, address.area_code),
            url: format!("https://www.{}.{}", plain(first), dice.pick(&reserved::HOSTS)),
            npi: reserved::npi(dice),
            hospital: dice.pick(places().of("hospital")),
            name,
            address,
            city,
            providers,
            payers,
            mrn,
        }
    }

    /// The record number of the patient who came so-and-so-manieth, counted from 0.
    pub(crate) fn mrn(&self, ordinal: u32) -> String {
        match self.mrn {
            MrnForm::Digits7 => format!("{:07}", 1_000_317 + ordinal * 3),
            MrnForm::Lettered(letter) => format!("{letter}{:06}", 20_411 + ordinal),
            MrnForm::Dashed => {
                format!("{:02}-{:04}-{:02}", 10 + ordinal / 1_000_000, ordinal / 100 % 10_000, ordinal % 100)
            }
        }
    }
}

fn payer(item: &'static str) -> Option<Payer> {
    let mut parts = item.split('/');
    Some(Payer { name: parts.next()?, short: parts.next()?, plan: parts.next()? })
}

fn provider(dice: &mut Dice, practice: u32, at: i32) -> Provider {
    let (origin, sex) = (Origin::roll(dice), Sex::roll(dice));
    let middle = dice.chance(300).then(|| format!("{}.", char::from(b'A' + dice.below(26) as u8)));
    let name = Name { given: given(dice, origin, sex), middle, family: family(dice, origin), suffix: None };
    Provider {
        id: format!("pr-{:04}-{}", practice + 1, at + 1),
        name,
        sex,
        degree: dice.weighted(&[(60, "MD"), (15, "DO"), (15, "NP"), (10, "PA-C")]),
        npi: reserved::npi(dice),
    }
}
