//! A person as a record tells of them, and the blocks in which their like are looked for.
//!
//! What must always hold: texts are wiped when they are dropped; `Debug` tells which fields are there and no value; two records
//! of one person share at least one block, however one field of theirs is spoilt.
//!
//! What it refuses to know: weights.

use super::spelling::{digits, folded, soundex, words};
use crate::rows::Sex;
use ::record::civil::Day;
use std::fmt;
use zeroize::Zeroizing;

/// A text that is wiped when it is dropped.
pub type Word = Zeroizing<String>;

/// A person as a record tells of them. PHI; `Debug` tells which fields are there. Empty is unknown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PersonRecord {
    /// Family name.
    pub family: Word,
    /// Given name.
    pub given: Word,
    /// Middle names or initial.
    pub middle: Word,
    /// Jr, Sr, III.
    pub suffix: Word,
    /// Former family names: maiden names, aliases.
    pub former: Vec<Word>,
    /// Day of birth.
    pub born: Option<Day>,
    /// Sex.
    pub sex: Option<Sex>,
    /// The practice's own numbers for this person.
    pub numbers: Vec<Word>,
    /// Telephone numbers, as written.
    pub phones: Vec<Word>,
    /// E-mail addresses.
    pub emails: Vec<Word>,
    /// Street and house.
    pub street: Word,
    /// ZIP code.
    pub zip: Word,
}

impl fmt::Debug for PersonRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = [
            ("family", !self.family.is_empty()),
            ("given", !self.given.is_empty()),
            ("born", self.born.is_some()),
            ("sex", self.sex.is_some()),
            ("numbers", !self.numbers.is_empty()),
            ("phones", !self.phones.is_empty()),
            ("emails", !self.emails.is_empty()),
            ("street", !self.street.is_empty()),
            ("zip", !self.zip.is_empty()),
        ];
        f.debug_list().entries(fields.iter().filter(|field| field.1).map(|field| field.0)).finish()
    }
}

impl PersonRecord {
    /// With this name and birth day.
    #[must_use]
    pub fn named(family: &str, given: &str, born: Option<Day>) -> Self {
        Self { family: word(family), given: word(given), born, ..Self::default() }
    }

    /// Is nothing known that could tell who it is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.family.is_empty() && self.given.is_empty() && self.numbers.is_empty() && self.born.is_none()
    }
}

/// A text of our own that is wiped.
pub(crate) fn word(text: &str) -> Word {
    Zeroizing::new(text.trim().to_owned())
}

/// A block: records that share one are compared. PHI, until a key of the caller's has made a token of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockKey(String);

impl BlockKey {
    /// What the key is made of, for a blind index.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for BlockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlockKey(..)")
    }
}

/// The blocks that a record is in: its numbers, its birth day with day and month either way, how its family names sound with the year
/// of birth, and with the given name's first letter, its telephone numbers, its e-mail addresses.
pub fn blocks(record: &PersonRecord) -> impl Iterator<Item = BlockKey> + use<> {
    let mut keys = Vec::new();
    let mut add = |kind: char, text: String| {
        if !text.is_empty() {
            keys.push(BlockKey(format!("{kind}:{text}")));
        }
    };
    for number in &record.numbers {
        add('n', number_key(number));
    }
    if let Some(born) = record.born {
        // One key for both orders of day and month.
        let (low, high) = (born.month().min(born.day()), born.month().max(born.day()));
        add('b', format!("{}-{low}-{high}", born.year()));
    }
    let given = folded(&record.given).chars().next();
    for name in std::iter::once(&record.family).chain(&record.former) {
        for part in words(name) {
            let sound = soundex(&part);
            if let Some(born) = record.born {
                add('y', format!("{sound}-{}", born.year()));
            }
            if let Some(given) = given {
                add('g', format!("{sound}-{given}"));
            }
        }
    }
    for phone in &record.phones {
        let digits = digits(phone);
        add('p', digits.get(digits.len().saturating_sub(10)..).unwrap_or_default().to_owned());
    }
    for email in &record.emails {
        add('e', email.trim().to_ascii_lowercase());
    }
    keys.sort();
    keys.dedup();
    keys.into_iter()
}

/// A number without signs and leading zeros.
pub(super) fn number_key(number: &str) -> String {
    let plain: String = number.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let bare = plain.trim_start_matches('0');
    if bare.is_empty() { plain } else { bare.to_owned() }
}

/// A given name that stands for a newborn without one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Placeholder {
    pub(super) sex: Option<Sex>,
    /// "Boy A" is not "Boy B".
    pub(super) letter: Option<String>,
}

/// A record made ready to be compared.
#[derive(Default)]
pub(super) struct Known {
    pub(super) family: String,
    /// Parts of the family name and former ones, which may stand for it.
    pub(super) family_parts: Vec<String>,
    pub(super) given: String,
    pub(super) middle: Vec<String>,
    pub(super) suffix: String,
    pub(super) placeholder: Option<Placeholder>,
    pub(super) born: Option<Day>,
    pub(super) sex: Option<Sex>,
    pub(super) numbers: Vec<String>,
    pub(super) phones: Vec<String>,
    pub(super) emails: Vec<String>,
    pub(super) street: String,
    pub(super) zip: String,
}

impl Drop for Known {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        let lists = [&mut self.family_parts, &mut self.middle, &mut self.numbers, &mut self.phones, &mut self.emails];
        lists.into_iter().for_each(Zeroize::zeroize);
        let texts = [&mut self.family, &mut self.given, &mut self.suffix, &mut self.street, &mut self.zip];
        texts.into_iter().for_each(Zeroize::zeroize);
    }
}

impl Known {
    pub(super) fn of(record: &PersonRecord) -> Self {
        let mut given: Vec<String> = words(&record.given);
        let mut family_words = words(&record.family);
        let mut suffix = suffix(&record.suffix).unwrap_or_default();
        for names in [&mut family_words, &mut given] {
            if names.len() > 1
                && let Some(found) = names.last().and_then(|last| self::suffix(last))
            {
                names.pop();
                if suffix.is_empty() {
                    suffix = found;
                }
            }
        }
        let placeholder = placeholder(&given);
        let mut middle: Vec<String> = words(&record.middle);
        if placeholder.is_none() && given.len() > 1 {
            middle.splice(0..0, given.drain(1..));
        }
        let mut family_parts = family_words.clone();
        family_parts.extend(record.former.iter().flat_map(|name| words(name)));
        family_parts.extend(record.former.iter().map(|name| folded(name)));
        family_parts.retain(|part| part.len() > 1);
        family_parts.sort();
        family_parts.dedup();
        let zip = digits(&record.zip);
        Self {
            family: family_words.concat(),
            family_parts,
            given: if placeholder.is_some() { String::new() } else { given.concat() },
            middle,
            suffix,
            placeholder,
            born: record.born,
            sex: record.sex,
            numbers: record.numbers.iter().map(|number| number_key(number)).filter(|key| !key.is_empty()).collect(),
            phones: record.phones.iter().map(|phone| last_ten(phone)).filter(|phone| phone.len() >= 7).collect(),
            emails: record.emails.iter().map(|mail| mail.trim().to_ascii_lowercase()).collect(),
            street: words(&record.street).concat(),
            zip: zip.get(..5).unwrap_or_default().to_owned(),
        }
    }
}

fn last_ten(phone: &str) -> String {
    let digits = digits(phone);
    digits[digits.len().saturating_sub(10)..].to_owned()
}

/// What tells father and son apart.
fn suffix(word: &str) -> Option<String> {
    let plain = folded(word);
    matches!(plain.as_str(), "jr" | "sr" | "ii" | "iii" | "iv" | "junior" | "senior").then(|| {
        match plain.as_str() {
            "junior" => "jr",
            "senior" => "sr",
            other => other,
        }
        .to_owned()
    })
}

/// "BABY BOY", "Boy A", "Newborn", "Babygirl", "BG", "Infant Male".
fn placeholder(given: &[String]) -> Option<Placeholder> {
    let mut found = Placeholder::default();
    let mut says = false;
    for (at, name) in given.iter().enumerate() {
        match name.as_str() {
            "baby" | "newborn" | "infant" | "nb" | "unnamed" | "bb" | "bg" | "babyboy" | "babygirl" | "boy"
            | "girl" => {
                says = true;
                if matches!(name.as_str(), "babyboy" | "boy") {
                    found.sex = Some(Sex::Male);
                } else if matches!(name.as_str(), "babygirl" | "girl" | "bg") {
                    found.sex = Some(Sex::Female);
                }
            }
            "male" if says => found.sex = Some(Sex::Male),
            "female" if says => found.sex = Some(Sex::Female),
            "one" | "two" | "three" | "1" | "2" | "3" if says => found.letter = Some(letter_of(name)),
            letter if says && letter.len() == 1 => found.letter = Some(letter.to_owned()),
            // "Boy of Mary": the mother's name follows.
            "of" if says => break,
            // A name that only begins so ("Baby Ann" is a name) is none.
            _ if at == 0 => return None,
            _ => {}
        }
    }
    says.then_some(found)
}

fn letter_of(number: &str) -> String {
    match number {
        "one" | "1" => "a",
        "two" | "2" => "b",
        _ => "c",
    }
    .to_owned()
}
