//! How one patient's rows are spoilt, and the true value that went with each spoiling.
//!
//! What must always hold: what is spoilt depends on the seed and the patient only; whatever is spoilt is in the truth.
//!
//! What it refuses to know: tables and messages.

use crate::calendar::Date;
use crate::chart::{Patient, Scene};
use crate::dice::Dice;
use crate::people::Name;
use crate::words::without_marks;

/// Streets were cut to so many letters by some older system.
const STREET_LETTERS: usize = 12;

/// What is spoilt for one patient.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spoilt {
    pub(crate) duplicate: bool,
    /// A second record number, and the name as it stands there.
    pub(crate) second: Option<(String, Name)>,
    pub(crate) swapped_date: bool,
    pub(crate) cp1252: bool,
    pub(crate) truncated: bool,
    /// The name with two letters swapped.
    pub(crate) typo: Option<String>,
    /// A record number that nobody has, for one visit.
    pub(crate) orphan: Option<String>,
}

impl Spoilt {
    pub(crate) fn roll(scene: &Scene<'_>, patient: &Patient) -> Self {
        let dirt = scene.plan.dirt;
        let dice = &mut Dice::of(scene.plan.seed, &[5, u64::from(scene.number), u64::from(patient.ordinal)]);
        let person = &patient.member.person;
        let second = dice.chance(dirt.two_numbers).then(|| {
            // Numbers far behind those that the practice gives out.
            (scene.practice.mrn(7_000_000 + patient.ordinal), variant(dice, &person.name))
        });
        let typo = dice.chance(dirt.typos).then(|| swapped_letters(dice, &person.name.family)).flatten();
        Self {
            second,
            typo,
            duplicate: dice.chance(dirt.duplicates),
            swapped_date: dice.chance(dirt.swapped_dates) && swapped(person.born).is_some(),
            cp1252: dice.chance(dirt.cp1252),
            truncated: dice.chance(dirt.truncated) && person.address.street.chars().count() > STREET_LETTERS,
            orphan: dice.chance(dirt.orphans).then(|| scene.practice.mrn(8_000_000 + patient.ordinal)),
        }
    }

    /// What was spoilt, by the names that the truth uses.
    pub(crate) fn kinds(&self) -> Vec<&'static str> {
        let all = [
            (self.duplicate, "duplicate"),
            (self.second.is_some(), "two_numbers"),
            (self.swapped_date, "swapped_date"),
            (self.cp1252, "cp1252"),
            (self.truncated, "truncated"),
            (self.typo.is_some(), "typo"),
            (self.orphan.is_some(), "orphan"),
        ];
        all.into_iter().filter(|(is, _)| *is).map(|(_, kind)| kind).collect()
    }
}

/// Day and month swapped, where that is another day of the calendar.
pub(crate) fn swapped(date: Date) -> Option<Date> {
    let (year, month, day) = date.parts();
    (day <= 12 && day != month).then(|| Date::new(year, day, month))
}

/// As much of a street as the column held.
pub(crate) fn cut(street: &str) -> String {
    street.chars().take(STREET_LETTERS).collect()
}

/// The same name as another front desk wrote it.
fn variant(dice: &mut Dice, name: &Name) -> Name {
    let mut other = name.clone();
    match dice.below(4) {
        0 => other.middle = None,
        1 => (other.given, other.family) = (without_marks(&name.given), without_marks(&name.family)),
        2 => other.family = name.family.split([' ', '-']).next().unwrap_or(&name.family).to_owned(),
        _ => other.given = swapped_letters(dice, &name.given).unwrap_or_else(|| name.given.clone()),
    }
    other
}

/// Two neighbours swapped, when there are two that differ.
fn swapped_letters(dice: &mut Dice, name: &str) -> Option<String> {
    let mut letters: Vec<char> = name.chars().collect();
    let places: Vec<usize> = (1..letters.len().saturating_sub(1))
        .filter(|at| letters[*at] != letters[at + 1] && letters[*at].is_lowercase() && letters[at + 1].is_lowercase())
        .collect();
    if places.is_empty() {
        return None;
    }
    let at = dice.pick(&places);
    letters.swap(at, at + 1);
    Some(letters.into_iter().collect())
}

/// Windows-1252, as an older system would have written it: what it lacks loses its marks.
pub(crate) fn cp1252(text: &str) -> Vec<u8> {
    text.chars().flat_map(cp1252_letter).collect()
}

/// One letter; several bytes only when marks are taken off something that is several letters.
fn cp1252_letter(letter: char) -> Vec<u8> {
    let code = u32::from(letter);
    match letter {
        'ʻ' | '‘' => vec![0x91],
        '’' => vec![0x92],
        '“' => vec![0x93],
        '”' => vec![0x94],
        '–' => vec![0x96],
        'Š' => vec![0x8A],
        'š' => vec![0x9A],
        'Ž' => vec![0x8E],
        'ž' => vec![0x9E],
        _ if code < 0x80 || (0xA0..0x100).contains(&code) => vec![code as u8],
        _ => without_marks(&letter.to_string()).bytes().map(|byte| if byte.is_ascii() { byte } else { b'?' }).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{cp1252, swapped, swapped_letters};
    use crate::calendar::Date;
    use crate::dice::Dice;

    #[test]
    fn day_and_month_are_swapped_only_when_that_is_another_day() {
        assert_eq!(swapped(Date::new(2019, 3, 9)), Some(Date::new(2019, 9, 3)));
        assert_eq!(swapped(Date::new(2019, 3, 3)), None);
        assert_eq!(swapped(Date::new(2019, 3, 13)), None);
    }

    #[test]
    fn letters_that_windows_1252_lacks_lose_their_marks() {
        assert_eq!(cp1252("Peña"), b"Pe\xF1a");
        assert_eq!(cp1252("Nguyễn"), b"Nguyen");
        assert_eq!(cp1252("Kaʻeo"), b"Ka\x91eo");
    }

    #[test]
    fn a_typo_is_another_word_of_the_same_letters() {
        let typo = swapped_letters(&mut Dice::of(1, &[]), "Marsh").expect("it has different letters");
        let sorted = |text: &str| {
            let mut letters: Vec<char> = text.chars().collect();
            letters.sort_unstable();
            letters
        };
        assert_ne!(typo, "Marsh");
        assert_eq!(sorted(&typo), sorted("Marsh"));
        assert_eq!(swapped_letters(&mut Dice::of(1, &[]), "Ng"), None);
    }
}
