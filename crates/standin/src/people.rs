//! The people of a household and what ties them: names, addresses, guardians, guarantors, coverage.
//!
//! What must always hold: nobody here is anybody; names come from lists, numbers from [`crate::reserved`].
//!
//! What it refuses to know: how they are written down.

use crate::calendar::Date;
use crate::dice::Dice;
use crate::lists::{names, places};
use crate::reserved;

/// Where a family's names come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Anglo,
    Hispanic,
    Vietnamese,
    Arabic,
    Indian,
    Hawaiian,
    EastAsian,
    Slavic,
    African,
}

impl Origin {
    #[cfg(test)]
    pub(crate) const ALL: [Self; 9] = [
        Self::Anglo,
        Self::Hispanic,
        Self::Vietnamese,
        Self::Arabic,
        Self::Indian,
        Self::Hawaiian,
        Self::EastAsian,
        Self::Slavic,
        Self::African,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Anglo => "anglo",
            Self::Hispanic => "hispanic",
            Self::Vietnamese => "vietnamese",
            Self::Arabic => "arabic",
            Self::Indian => "indian",
            Self::Hawaiian => "hawaiian",
            Self::EastAsian => "eastasian",
            Self::Slavic => "slavic",
            Self::African => "african",
        }
    }

    /// Shares made up so that none is rare; they are no statement about any population.
    pub(crate) fn roll(dice: &mut Dice) -> Self {
        dice.weighted(&[
            (36, Self::Anglo),
            (18, Self::Hispanic),
            (7, Self::Vietnamese),
            (7, Self::Arabic),
            (8, Self::Indian),
            (5, Self::Hawaiian),
            (7, Self::EastAsian),
            (5, Self::Slavic),
            (7, Self::African),
        ])
    }

    /// Language at home (ISO 639-1).
    pub(crate) fn language(self, dice: &mut Dice) -> &'static str {
        if dice.chance(600) {
            return "en";
        }
        match self {
            Self::Hispanic => "es",
            Self::Vietnamese => "vi",
            Self::Arabic => "ar",
            Self::Indian => "hi",
            Self::EastAsian => dice.pick(&["zh", "ko", "ja"]),
            Self::Slavic => dice.pick(&["pl", "uk", "ru"]),
            Self::Anglo | Self::Hawaiian | Self::African => "en",
        }
    }
}

/// Administrative sex, as all formats here know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sex {
    Female,
    Male,
}

impl Sex {
    pub(crate) fn roll(dice: &mut Dice) -> Self {
        if dice.chance(500) { Self::Female } else { Self::Male }
    }
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Female => Self::Male,
            Self::Male => Self::Female,
        }
    }
    /// `F`, `M`
    pub(crate) const fn letter(self) -> &'static str {
        self.say("F", "M")
    }
    pub(crate) const fn word(self) -> &'static str {
        self.say("female", "male")
    }
    pub(crate) const fn say(self, female: &'static str, male: &'static str) -> &'static str {
        match self {
            Self::Female => female,
            Self::Male => male,
        }
    }
}

/// A name in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) given: String,
    pub(crate) middle: Option<String>,
    pub(crate) family: String,
    pub(crate) suffix: Option<&'static str>,
}

impl Name {
    /// `Maria Luz Peña Reyes`
    pub(crate) fn full(&self) -> String {
        let mut out = self.given.clone();
        for part in self.middle.iter().map(String::as_str).chain([self.family.as_str()]).chain(self.suffix) {
            out.push(' ');
            out.push_str(part);
        }
        out
    }
    /// `Maria Peña Reyes`
    pub(crate) fn short(&self) -> String {
        format!("{} {}", self.given, self.family)
    }
    /// `Peña Reyes, Maria`
    pub(crate) fn turned(&self) -> String {
        format!("{}, {}", self.family, self.given)
    }
}

/// A given name of that origin.
pub(crate) fn given(dice: &mut Dice, origin: Origin, sex: Sex) -> String {
    dice.pick(names().of(&format!("{}.{}", origin.as_str(), sex.word()))).to_owned()
}

/// A family name of that origin: some from a list, some put together.
pub(crate) fn family(dice: &mut Dice, origin: Origin) -> String {
    let listed = names().of(&format!("{}.family", origin.as_str()));
    match origin {
        Origin::Anglo if dice.chance(600) => {
            format!("{}{}", dice.pick(names().of("anglo.stem")), dice.pick(names().of("anglo.ending")))
        }
        Origin::Anglo if dice.chance(60) => {
            format!("{}{}", dice.pick(&["O'", "Mc", "Mac", "Fitz", "St. "]), dice.pick(listed))
        }
        // Two family names, the father's and the mother's.
        Origin::Hispanic if dice.chance(550) => two(dice, listed, ' '),
        Origin::Anglo | Origin::Hawaiian | Origin::Indian if dice.chance(90) => two(dice, listed, '-'),
        _ => dice.pick(listed).to_owned(),
    }
}

fn two(dice: &mut Dice, listed: &[&'static str], between: char) -> String {
    let first = dice.pick(listed);
    let second = dice.pick(listed);
    if first == second { first.to_owned() } else { format!("{first}{between}{second}") }
}

/// Where somebody lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) street: String,
    pub(crate) unit: Option<&'static str>,
    pub(crate) city: &'static str,
    pub(crate) state: &'static str,
    pub(crate) zip: String,
    /// Area code of telephones there.
    pub(crate) area_code: &'static str,
}

impl Address {
    /// Somewhere in or near this city (an item of the list of cities).
    pub(crate) fn roll(dice: &mut Dice, city: &'static str) -> Self {
        let mut parts = city.split('/');
        let mut part = || parts.next().unwrap_or_default();
        let (city, state, prefix, area_code) = (part(), part(), part(), part());
        let highest = if dice.chance(400) { 9_999 } else { 480 };
        let house = dice.between(1, highest);
        let direction = if dice.chance(150) { dice.pick(&["N ", "S ", "E ", "W ", "NE ", "SW "]) } else { "" };
        let first = dice.pick(places().of("street.first"));
        let street = if dice.chance(30) {
            format!("P.O. Box {}", dice.between(11, 9_899))
        } else {
            format!("{house} {direction}{first} {}", dice.pick(places().of("street.last")))
        };
        let unit = dice.chance(220).then(|| dice.pick(places().of("unit")));
        Self { street, unit, city, state, zip: format!("{prefix}{:02}", dice.between(1, 60)), area_code }
    }
}

/// Anybody: patient, guardian, guarantor.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: Name,
    pub(crate) sex: Sex,
    pub(crate) born: Date,
    pub(crate) address: Address,
    pub(crate) phone: String,
    pub(crate) email: Option<String>,
    pub(crate) ssn: Option<String>,
}

impl Person {
    pub(crate) fn roll(dice: &mut Dice, name: Name, sex: Sex, born: Date, address: Address) -> Self {
        let phone = reserved::phone(dice, address.area_code);
        let email = dice.chance(650).then(|| reserved::email(dice, &name.given, &name.family, born.year()));
        let ssn = dice.chance(700).then(|| reserved::ssn(dice));
        Self { name, sex, born, address, phone, email, ssn }
    }
}

/// What an adult is to a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Mother,
    Father,
    Stepmother,
    Stepfather,
    FosterParent,
    Grandmother,
    Grandfather,
    Aunt,
    LegalGuardian,
    Spouse,
}

impl Relation {
    /// As people say it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Mother => "mother",
            Self::Father => "father",
            Self::Stepmother => "stepmother",
            Self::Stepfather => "stepfather",
            Self::FosterParent => "foster parent",
            Self::Grandmother => "grandmother",
            Self::Grandfather => "grandfather",
            Self::Aunt => "aunt",
            Self::LegalGuardian => "legal guardian",
            Self::Spouse => "spouse",
        }
    }
    /// HL7 RoleCode, for FHIR and C-CDA.
    pub(crate) const fn role_code(self) -> &'static str {
        match self {
            Self::Mother => "MTH",
            Self::Father => "FTH",
            Self::Stepmother => "STPMTH",
            Self::Stepfather => "STPFTH",
            Self::FosterParent => "PRNFOST",
            Self::Grandmother => "GRMTH",
            Self::Grandfather => "GRFTH",
            Self::Aunt => "AUNT",
            Self::LegalGuardian => "GUARD",
            Self::Spouse => "SPS",
        }
    }
    /// What the patient is to such an adult who insures them: HL7 table 0063 with its word, and FHIR's code.
    pub(crate) const fn insured(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Mother | Self::Father => ("CHD", "Child", "child"),
            Self::Stepmother | Self::Stepfather => ("SCH", "Stepchild", "child"),
            Self::FosterParent => ("FCH", "Foster child", "other"),
            Self::Grandmother | Self::Grandfather => ("GCH", "Grandchild", "other"),
            Self::Aunt => ("EXF", "Extended family", "other"),
            Self::LegalGuardian => ("WRD", "Ward of court", "other"),
            Self::Spouse => ("SPO", "Spouse", "spouse"),
        }
    }
    /// HL7 table 0063, for version 2.
    pub(crate) const fn table_0063(self) -> &'static str {
        match self {
            Self::Mother => "MTH",
            Self::Father => "FTH",
            Self::Stepmother | Self::Stepfather => "OTH",
            // FCH is the child, and the table has no foster parent.
            Self::FosterParent => "CGV",
            Self::Grandmother | Self::Grandfather => "GRP",
            Self::Aunt => "EXF",
            Self::LegalGuardian => "GRD",
            Self::Spouse => "SPO",
        }
    }
}

/// Who decides for a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Custody {
    /// With another guardian.
    Joint,
    /// Alone.
    Sole,
    /// Lives with the child and may not decide.
    Household,
    /// By order of a court, foster care or guardianship.
    ByOrder,
    /// May not be told: an order says so.
    NoContact,
    /// An adult's relative.
    Kin,
}

impl Custody {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Joint => "joint",
            Self::Sole => "sole",
            Self::Household => "household",
            Self::ByOrder => "by_order",
            Self::NoContact => "no_contact",
            Self::Kin => "kin",
        }
    }
}

/// What an adult of the household is to one patient.
#[derive(Debug, Clone)]
pub(crate) struct Tie {
    /// Place in [`crate::household::Household::adults`].
    pub(crate) adult: usize,
    pub(crate) relation: Relation,
    pub(crate) custody: Custody,
    /// Number and date of a court's order.
    pub(crate) order: Option<(String, Date)>,
}

/// Who insures a patient.
#[derive(Debug, Clone)]
pub(crate) struct Coverage {
    /// Place in the practice's payers.
    pub(crate) payer: usize,
    pub(crate) member: String,
    pub(crate) group: String,
    /// The adult in whose name it is; the patient when none.
    pub(crate) subscriber: Option<usize>,
    pub(crate) from: Date,
}
