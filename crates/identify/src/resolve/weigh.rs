//! Two records compared field by field, and what each outcome weighs.
//!
//! m and u are estimates, written beside each weight; the ones about errors follow what record linkage reports of registries (a
//! few in a hundred names misspelt or changed, one in thirty birth dates wrong, a third of the telephone numbers out of date),
//! and those about chance follow from how many values there are: 25,000 birth days within 70 years, one in two for sex. Family
//! names weigh by how common they are: in the country (2010 census, the fifty most common) and in the index itself.
//!
//! What must always hold: telephone, mail, street and ZIP code are a household's and not a person's, so together they weigh
//! as much as the heaviest of them and no more.
//!
//! What it refuses to know: which sum is enough.

use super::Frequencies;
use super::nicknames::stand_for;
use super::record::Known;
use super::spelling::{jaro_winkler, one_edit};
use crate::rows::Sex;
use ::record::civil::Day;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Unknown,
    Exact,
    /// A part of a double name, or a former name.
    Part,
    Close,
    Different,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Unknown,
    Exact,
    Nickname,
    Initial,
    Close,
    /// The one's middle name is the other's given name.
    Middle,
    /// One of them is a newborn without a name.
    Placeholder,
    Different,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Born {
    Unknown,
    Exact,
    /// Day and month are swapped.
    Swapped,
    /// One digit differs, or two neighbours are swapped.
    OneDigit,
    SameYear,
    Different,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Same {
    Unknown,
    Yes,
    No,
}

/// How two records compare.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compared {
    pub(super) family: Family,
    pub(super) given: Given,
    pub(super) middle: Same,
    pub(super) suffix: Same,
    pub(super) born: Born,
    pub(super) sex: Same,
    pub(super) number: Same,
    pub(super) phone: Same,
    pub(super) email: Same,
    pub(super) street: Same,
    pub(super) zip: Same,
}

impl Compared {
    /// Does anything of the household agree that few households share.
    pub(super) fn shares_contact(&self) -> bool {
        [self.phone, self.email, self.street].contains(&Same::Yes)
    }
}

pub(super) fn compare(one: &Known, other: &Known) -> Compared {
    let swapped = !one.family.is_empty() && one.family == other.given && one.given == other.family;
    Compared {
        family: if swapped { Family::Part } else { family(one, other) },
        given: if swapped { Given::Exact } else { given(one, other) },
        middle: middle(one, other),
        suffix: same(&one.suffix, &other.suffix),
        born: born(one.born, other.born),
        sex: sex(one, other),
        number: any(&one.numbers, &other.numbers),
        phone: any(&one.phones, &other.phones),
        email: any(&one.emails, &other.emails),
        street: same(&one.street, &other.street),
        zip: same(&one.zip, &other.zip),
    }
}

fn same(one: &str, other: &str) -> Same {
    match (one.is_empty() || other.is_empty(), one == other) {
        (true, _) => Same::Unknown,
        (false, true) => Same::Yes,
        (false, false) => Same::No,
    }
}

fn any(one: &[String], other: &[String]) -> Same {
    match (one.is_empty() || other.is_empty(), one.iter().any(|value| other.contains(value))) {
        (true, _) => Same::Unknown,
        (false, true) => Same::Yes,
        (false, false) => Same::No,
    }
}

/// Are two names one letter apart, long enough that this says something, and begin alike.
pub(super) fn is_close(one: &str, other: &str) -> bool {
    let short = one.chars().count().min(other.chars().count());
    match short {
        0..=3 => false,
        4 => one_edit(one, other) && one.chars().next() == other.chars().next(),
        _ => one_edit(one, other) || jaro_winkler(one, other) >= 0.94,
    }
}

/// "Vern" for "Vernon": a short form that no table needs to hold.
pub(super) fn is_short_form(one: &str, other: &str) -> bool {
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    short.chars().count() >= 3 && long.len() > short.len() && long.starts_with(short)
}

fn family(one: &Known, other: &Known) -> Family {
    if one.family.is_empty() || other.family.is_empty() {
        return Family::Unknown;
    }
    if one.family == other.family {
        return Family::Exact;
    }
    let shares = |part: &String| other.family_parts.contains(part) || *part == other.family;
    if one.family_parts.iter().any(shares) || other.family_parts.contains(&one.family) {
        return Family::Part;
    }
    if is_close(&one.family, &other.family) { Family::Close } else { Family::Different }
}

fn given(one: &Known, other: &Known) -> Given {
    if one.placeholder.is_some() || other.placeholder.is_some() {
        return Given::Placeholder;
    }
    let (a, b) = (one.given.as_str(), other.given.as_str());
    if a.is_empty() || b.is_empty() {
        return Given::Unknown;
    }
    let joined = |known: &Known| known.middle.first().map(|middle| format!("{}{middle}", known.given));
    if a == b || joined(one).as_deref() == Some(b) || joined(other).as_deref() == Some(a) {
        return Given::Exact;
    }
    let is_initial = |short: &str, long: &str| short.chars().count() == 1 && long.starts_with(short);
    if is_initial(a, b) || is_initial(b, a) {
        return Given::Initial;
    }
    if stand_for(a, b) {
        return Given::Nickname;
    }
    if is_close(a, b) || is_short_form(a, b) {
        return Given::Close;
    }
    let is_middle = |name: &str, known: &Known| name.len() > 1 && known.middle.iter().any(|middle| middle == name);
    if is_middle(a, other) || is_middle(b, one) { Given::Middle } else { Given::Different }
}

fn middle(one: &Known, other: &Known) -> Same {
    let (Some(a), Some(b)) = (one.middle.first(), other.middle.first()) else { return Same::Unknown };
    let agrees = a == b || a.starts_with(b.as_str()) && b.len() == 1 || b.starts_with(a.as_str()) && a.len() == 1;
    if agrees || is_close(a, b) { Same::Yes } else { Same::No }
}

fn sex(one: &Known, other: &Known) -> Same {
    let said = |known: &Known| {
        let of_placeholder = known.placeholder.as_ref().and_then(|placeholder| placeholder.sex);
        known.sex.or(of_placeholder).filter(|sex| matches!(sex, Sex::Female | Sex::Male))
    };
    match (said(one), said(other)) {
        (Some(a), Some(b)) if a == b => Same::Yes,
        (Some(_), Some(_)) => Same::No,
        _ => Same::Unknown,
    }
}

fn born(one: Option<Day>, other: Option<Day>) -> Born {
    // Systems that must have a date write this one where they have none.
    let real = |day: &Day| !(day.year() <= 1900 && day.month() == 1 && day.day() == 1);
    let (Some(a), Some(b)) = (one.filter(real), other.filter(real)) else { return Born::Unknown };
    if a == b {
        return Born::Exact;
    }
    if a.year() == b.year() && a.month() == b.day() && a.day() == b.month() {
        return Born::Swapped;
    }
    let digits = |day: Day| format!("{:04}{:02}{:02}", day.year(), day.month(), day.day());
    if one_edit(&digits(a), &digits(b)) && digits(a).len() == digits(b).len() {
        return Born::OneDigit;
    }
    if a.year() == b.year() { Born::SameYear } else { Born::Different }
}

/// The weight of a record's comparison, without what one of so many has to begin with.
pub(super) fn bits(compared: &Compared, seen: &Known, frequencies: &Frequencies) -> f64 {
    let ratio = |m: f64, u: f64| (m / u).log2();
    let family = match compared.family {
        Family::Unknown => 0.0,
        // m: nine in ten write it alike. A name that nobody else here has says no more than one in 5,000 does.
        Family::Exact => ratio(0.93, frequencies.family(&seen.family).clamp(1.0 / 5_000.0, 0.2)),
        Family::Part => ratio(0.02, 0.0006),
        Family::Close => ratio(0.03, 0.0015),
        Family::Different => ratio(0.02, 0.99),
    };
    let given = match compared.given {
        Given::Unknown => 0.0,
        // u: the commonest given names of a year are each given to one in a hundred, most far less often.
        Given::Exact => ratio(0.88, 1.0 / 120.0),
        Given::Nickname => ratio(0.04, 0.002),
        Given::Initial => ratio(0.95, 0.08),
        Given::Close => ratio(0.03, 0.004),
        Given::Middle => ratio(0.02, 0.004),
        Given::Placeholder => 0.0,
        Given::Different => ratio(0.01, 0.98),
    };
    let born = match compared.born {
        Born::Unknown => 0.0,
        Born::Exact => ratio(0.97, 1.0 / 25_000.0),
        Born::Swapped => ratio(0.01, 1.0 / 25_000.0),
        Born::OneDigit => ratio(0.012, 0.0008),
        Born::SameYear => ratio(0.002, 0.012),
        Born::Different => ratio(0.004, 0.98),
    };
    let sex = either(compared.sex, ratio(0.99, 0.5), ratio(0.01, 0.5));
    // u: numbers of other systems meet by chance; m: one in twelve has two numbers, or another house's.
    let number = either(compared.number, ratio(0.9, 1e-5), ratio(0.08, 0.99));
    let middle = either(compared.middle, ratio(0.9, 0.08), ratio(0.03, 0.9));
    let suffix = either(compared.suffix, ratio(0.9, 0.3), ratio(0.03, 0.7));
    family + given + born + sex + number + middle + suffix + household(compared)
}

fn either(same: Same, yes: f64, no: f64) -> f64 {
    match same {
        Same::Unknown => 0.0,
        Same::Yes => yes,
        Same::No => no,
    }
}

/// What is a household's: the heaviest that agrees.
fn household(compared: &Compared) -> f64 {
    let weights = [
        (compared.phone, (0.6_f64 / 0.002).log2()),
        (compared.email, (0.5_f64 / 0.002).log2()),
        (compared.street, (0.7_f64 / 0.005).log2()),
        (compared.zip, (0.85_f64 / 0.1).log2()),
    ];
    let agreeing = weights.iter().filter(|one| one.0 == Same::Yes).map(|one| one.1).fold(0.0, f64::max);
    let differs = weights.iter().any(|one| one.0 == Same::No);
    // People move and change numbers, which says little.
    if agreeing > 0.0 || !differs { agreeing } else { -1.0 }
}

/// Bearers of a family name in 100,000: United States Census Bureau, "Frequently Occurring Surnames from the 2010 Census".
const NATIONAL: &[(&str, f64)] = &[
    ("smith", 828.0),
    ("johnson", 655.0),
    ("williams", 551.0),
    ("brown", 487.0),
    ("jones", 483.0),
    ("garcia", 395.0),
    ("miller", 394.0),
    ("davis", 378.0),
    ("rodriguez", 371.0),
    ("martinez", 359.0),
    ("hernandez", 353.0),
    ("lopez", 297.0),
    ("gonzalez", 285.0),
    ("wilson", 272.0),
    ("anderson", 266.0),
    ("thomas", 256.0),
    ("taylor", 254.0),
    ("moore", 246.0),
    ("jackson", 240.0),
    ("martin", 238.0),
    ("lee", 235.0),
    ("perez", 231.0),
    ("thompson", 225.0),
    ("white", 224.0),
    ("harris", 212.0),
    ("sanchez", 208.0),
    ("clark", 191.0),
    ("ramirez", 189.0),
    ("lewis", 180.0),
    ("robinson", 180.0),
    ("walker", 177.0),
    ("young", 164.0),
    ("allen", 164.0),
    ("king", 158.0),
    ("wright", 156.0),
    ("scott", 149.0),
    ("torres", 149.0),
    ("nguyen", 149.0),
    ("hill", 147.0),
    ("flores", 147.0),
    ("green", 146.0),
    ("adams", 145.0),
    ("nelson", 144.0),
    ("baker", 142.0),
    ("hall", 138.0),
    ("rivera", 133.0),
    ("campbell", 132.0),
    ("mitchell", 131.0),
    ("carter", 129.0),
    ("roberts", 128.0),
];

/// How often a family name is borne in the country; 0 where the list does not say.
pub(super) fn national(name: &str) -> f64 {
    NATIONAL.iter().find(|one| one.0 == name).map_or(0.0, |one| one.1 / 100_000.0)
}
