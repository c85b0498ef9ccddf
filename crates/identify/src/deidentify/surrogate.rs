//! What stands in the place of what was found: tokens such as `[NAME 3K7Q9B]`, and where their letters come from.
//!
//! What must always hold: a token's letters are none that could make a word (no vowels), and what is no such token is not taken for
//! one by the second pass; the same value of the same kind has the same letters, and two values never the same by chance alone;
//! `Debug` tells numbers only.
//!
//! What it refuses to know: cryptography. Random bytes and keyed digests come from the caller.

use crate::phi::Identifier;
use record::Entropy;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

/// Letters and digits of codes: without vowels, so that no code is a word or a name, and without 0, 1, L and S, which are read as
/// others.
const ALPHABET: &[u8; 27] = b"23456789BCDFGHJKMNPQRTVWXYZ";
/// Letters of a random code: 27^6 is 387 million, and codes that were given are not given again.
const DRAWN_LEN: usize = 6;
/// Random bytes that are asked for at once.
const SPARE_BYTES: usize = 96;
/// Letters of a keyed code, which nobody can look up: of 27^12 a million values meet by chance once in 300,000 runs.
const KEYED_LEN: usize = 12;
/// Shorter ones are no codes.
const CODE_LEN_MIN: usize = 4;
/// Dates are moved by at most so many days, either way.
const SHIFT_DAYS_MAX: i32 = 180;

/// The letters of a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Surrogate(String);

impl Surrogate {
    /// Of these letters. They are looked at when they are used: what is no code is found by the second pass.
    #[must_use]
    pub const fn new(code: String) -> Self {
        Self(code)
    }

    /// The letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Surrogate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Surrogate({} letters)", self.0.len())
    }
}

/// Where surrogates come from.
pub trait Surrogates {
    /// The same canonical value of the same kind gets the same surrogate for ever; another value gets another one. Kinds that stand
    /// for the same thing (every number of a person, telephone and fax) are asked for as one kind.
    fn surrogate(&mut self, kind: Identifier, canonical: &str) -> Surrogate;

    /// By how many days the dates of a family are moved: −180 to 180, never 0, and always the same.
    fn shift_days(&mut self, family: &str) -> i32;
}

/// Random surrogates, kept in a table: nothing about a value can be learnt from its surrogate, as 45 CFR 164.514(c) asks.
pub struct Drawn<'a> {
    entropy: &'a dyn Entropy,
    codes: HashMap<(Identifier, String), String>,
    given: HashSet<String>,
    shifts: BTreeMap<String, i32>,
    /// Random bytes that are not used yet, the next one last: asking for a few costs as much as asking for many.
    spare: Vec<u8>,
}

/// A line of a table of surrogates. It is PHI.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// Of what kind the value is.
    pub kind: Identifier,
    /// The value, in its canonical form.
    pub canonical: String,
    /// Its surrogate.
    pub code: String,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({})", self.kind)
    }
}

impl fmt::Debug for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Drawn({} surrogates)", self.codes.len())
    }
}

impl<'a> Drawn<'a> {
    /// With the lines of a table of an earlier run, if there are any. Lines whose code is none, or was given before, are left out.
    #[must_use]
    pub fn new(entropy: &'a dyn Entropy, lines: impl IntoIterator<Item = Line>) -> Self {
        let (codes, given, shifts) = (HashMap::new(), HashSet::new(), BTreeMap::new());
        let mut drawn = Self { entropy, codes, given, shifts, spare: Vec::new() };
        for Line { kind, canonical, code } in lines {
            if is_code(&code) && drawn.given.insert(code.clone()) {
                drawn.codes.insert((kind, canonical), code);
            }
        }
        drawn
    }

    /// The table, in an order that is the same every time.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        let line = |((kind, canonical), code): (&(Identifier, String), &String)| Line {
            kind: *kind,
            canonical: canonical.clone(),
            code: code.clone(),
        };
        let mut lines: Vec<Line> = self.codes.iter().map(line).collect();
        lines.sort_by(|one, other| (one.kind, &one.canonical).cmp(&(other.kind, &other.canonical)));
        lines
    }

    fn draw(&mut self) -> String {
        loop {
            let mut code = String::with_capacity(DRAWN_LEN);
            while code.len() < DRAWN_LEN {
                let Some(byte) = self.spare.pop() else {
                    self.spare.resize(SPARE_BYTES, 0);
                    self.entropy.fill(&mut self.spare);
                    continue;
                };
                // Above 243, nine times 27, letters would not be equally likely.
                if byte < 243 {
                    code.push(letter(usize::from(byte) % 27));
                }
            }
            if self.given.insert(code.clone()) {
                return code;
            }
        }
    }
}

impl Surrogates for Drawn<'_> {
    fn surrogate(&mut self, kind: Identifier, canonical: &str) -> Surrogate {
        let key = (kind, canonical.to_owned());
        if let Some(code) = self.codes.get(&key) {
            return Surrogate::new(code.clone());
        }
        let code = self.draw();
        self.codes.insert(key, code.clone());
        Surrogate::new(code)
    }

    fn shift_days(&mut self, family: &str) -> i32 {
        if let Some(days) = self.shifts.get(family) {
            return *days;
        }
        let mut bytes = [0_u8; 8];
        self.entropy.fill(&mut bytes);
        let days = days_of(bytes);
        self.shifts.insert(family.to_owned(), days);
        days
    }
}

/// Surrogates that follow from a key: the same key gives the same ones without a table. `mac` is a keyed digest, such as HMAC-SHA-256
/// (FIPS 198-1). For determinations by an expert (164.514(b)(1)), not for Safe Harbor: 164.514(c).
pub struct Keyed<F> {
    mac: F,
}

impl<F> fmt::Debug for Keyed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyed(..)")
    }
}

impl<F: Fn(&[u8]) -> [u8; 32]> Keyed<F> {
    /// By this keyed digest.
    pub const fn new(mac: F) -> Self {
        Self { mac }
    }

    fn digest(&self, label: &str, value: &str) -> [u8; 32] {
        let mut message = Vec::with_capacity(label.len() + value.len() + 16);
        for part in ["strongroom.deidentify.v1", label, value] {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part.as_bytes());
        }
        (self.mac)(&message)
    }
}

impl<F: Fn(&[u8]) -> [u8; 32]> Surrogates for Keyed<F> {
    fn surrogate(&mut self, kind: Identifier, canonical: &str) -> Surrogate {
        let digest = self.digest(kind.as_str(), canonical);
        let mut number = digest[..16].iter().fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
        let mut code = String::with_capacity(KEYED_LEN);
        for _ in 0..KEYED_LEN {
            // A remainder of 27 is an index of the alphabet.
            code.push(letter(usize::try_from(number % 27).unwrap_or_default()));
            number /= 27;
        }
        Surrogate::new(code)
    }

    fn shift_days(&mut self, family: &str) -> i32 {
        let digest = self.digest("shift", family);
        days_of(std::array::from_fn(|at| digest[at]))
    }
}

/// −180 to 180 without 0; 360 divides 2^64 so nearly that the difference is none.
fn days_of(bytes: [u8; 8]) -> i32 {
    let step = i32::try_from(u64::from_be_bytes(bytes) % 360).unwrap_or_default();
    if step < SHIFT_DAYS_MAX { step - SHIFT_DAYS_MAX } else { step - SHIFT_DAYS_MAX + 1 }
}

fn letter(at: usize) -> char {
    char::from(ALPHABET[at % 27])
}

/// Which letter of codes it is, from 0.
pub(super) fn place_of(letter: u8) -> Option<u128> {
    ALPHABET.iter().zip(0..).find(|(one, _)| **one == letter).map(|(_, at)| at)
}

/// The form in which values are compared: small letters, no signs, no blanks.
pub(super) fn canonical(text: &str) -> String {
    text.chars().filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// As what kind a value is asked for.
pub(super) const fn kept_as(kind: Identifier) -> Identifier {
    match kind {
        Identifier::Fax => Identifier::Phone,
        Identifier::Ssn
        | Identifier::Mrn
        | Identifier::HealthPlan
        | Identifier::Account
        | Identifier::License
        | Identifier::Vehicle
        | Identifier::Device
        | Identifier::Biometric => Identifier::OtherId,
        other => other,
    }
}

/// A token as it is written in texts.
pub(super) fn token(kind: Identifier, surrogate: &Surrogate) -> String {
    format!("[{} {}]", kind.as_str().to_ascii_uppercase(), surrogate.as_str())
}

/// A token without its letters: that something of this kind stood here.
pub(super) fn blank(kind: Identifier) -> String {
    format!("[{}]", kind.as_str().to_ascii_uppercase())
}

/// A code of this alphabet.
pub(super) fn is_code(text: &str) -> bool {
    text.len() >= CODE_LEN_MIN && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::{Drawn, Keyed, Surrogates, canonical, is_code};
    use crate::phi::Identifier;
    use record::SeededEntropy;
    use std::collections::HashSet;

    fn keyed() -> Keyed<impl Fn(&[u8]) -> [u8; 32]> {
        Keyed::new(|message| *record::Sha256::of(message).as_bytes())
    }

    #[test]
    fn a_value_keeps_its_code_and_no_two_values_share_one() {
        let entropy = SeededEntropy::new(1);
        let mut drawn = Drawn::new(&entropy, []);
        let codes: HashSet<String> = (0..5_000)
            .map(|number| drawn.surrogate(Identifier::Name, &number.to_string()).as_str().to_owned())
            .collect();
        assert_eq!(codes.len(), 5_000);
        assert!(codes.iter().all(|code| is_code(code)));
        let first = drawn.surrogate(Identifier::Name, "0");
        assert_eq!(drawn.surrogate(Identifier::Name, "0"), first);
        let other = SeededEntropy::new(2);
        let mut again = Drawn::new(&other, drawn.lines());
        assert_eq!(again.surrogate(Identifier::Name, "0"), first);
        assert_eq!(again.lines(), drawn.lines());
    }

    #[test]
    fn a_keyed_code_follows_from_value_and_kind() {
        let one = keyed().surrogate(Identifier::Name, "smith");
        assert_eq!(keyed().surrogate(Identifier::Name, "smith"), one);
        assert_ne!(keyed().surrogate(Identifier::Place, "smith"), one);
        assert!(is_code(one.as_str()));
    }

    #[test]
    fn shifts_are_within_half_a_year_either_way_and_never_none() {
        let mut all = HashSet::new();
        for number in 0..20_000 {
            all.insert(keyed().shift_days(&number.to_string()));
        }
        assert_eq!(all.len(), 360);
        assert!(!all.contains(&0) && all.iter().all(|days| (-180..=180).contains(days)));
    }

    #[test]
    fn words_are_no_codes_and_spelling_makes_no_difference() {
        assert!(!is_code("SMITH") && !is_code("") && !is_code("3k7q") && is_code("3K7Q"));
        assert_eq!(canonical("O'NEIL"), canonical("oneil"));
        assert_eq!(canonical("(555) 201-3344"), "5552013344");
    }
}
