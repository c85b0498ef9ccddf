//! The blind index over patients: which tokens a patient has, and which tokens a search asks for.
//!
//! A token is a normalised word with the field it stands in. [`crate::KeyRing::blind`] turns it into 32 bytes by
//! HMAC-SHA-256 under the customer's key for that field; only those bytes are stored. What a thief of the rows
//! learns from them is measured in `benches/index_leak.rs` and told in docs/FORMATS-vault.md.
//!
//! What must always hold: patients are indexed, not documents; a birth date never stands alone; the same name
//! gives the same tokens however it is typed (case, accents, hyphens, apostrophes, order of double surnames).
//!
//! What it refuses to know: where rows are kept, how results are ranked.

mod name;
mod sound;

pub use name::normalised;
pub use sound::sound_of;

use name::name_parts;
use record::civil::Day;
use std::fmt;

/// What a token is about. Each field has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// A given name, whole.
    Given,
    /// A surname or a part of a double one, whole.
    Surname,
    /// The first three letters of a surname or of a part.
    SurnamePrefix,
    /// How a surname sounds ([`sound_of`]).
    SurnameSound,
    /// Birth date together with a surname.
    SurnameBirth,
    /// Birth date together with how a surname sounds.
    SoundBirth,
    /// The customer's record number, whole.
    RecordNumber,
    /// A surname of a patient's guardian or a part of a double one, whole; over patients.
    GuardianSurname,
    /// The day of a visit, over documents and not over patients; found by the very day only.
    VisitDay,
    /// The whole bytes of an original, over documents' versions: the same file when it comes again.
    Original,
    /// The path of a file below the share it was imported from, over documents: the same place when it comes again.
    SharePath,
    /// A message of a sender's system, over messages: the same one when it comes again.
    AdtMessage,
}

impl Field {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::Given,
        Self::Surname,
        Self::SurnamePrefix,
        Self::SurnameSound,
        Self::SurnameBirth,
        Self::SoundBirth,
        Self::RecordNumber,
        Self::GuardianSurname,
        Self::VisitDay,
        Self::Original,
        Self::SharePath,
        Self::AdtMessage,
    ];

    /// As it stands in SQL and in the key's derivation.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Surname => "surname",
            Self::SurnamePrefix => "surname_prefix",
            Self::SurnameSound => "surname_sound",
            Self::SurnameBirth => "surname_birth",
            Self::SoundBirth => "sound_birth",
            Self::RecordNumber => "record_number",
            Self::GuardianSurname => "guardian_surname",
            Self::VisitDay => "visit_day",
            Self::Original => "original",
            Self::SharePath => "share_path",
            Self::AdtMessage => "adt_message",
        }
    }
}

/// A token in clear: PHI, so it does not print itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token {
    /// What it is about.
    pub field: Field,
    /// The normalised word.
    pub word: String,
}

impl Token {
    fn of(field: Field, word: impl Into<String>) -> Self {
        Self { field, word: word.into() }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}, ..)", self.field.as_str())
    }
}

/// The most tokens that one patient or one search has; the rest is left out, so that a hostile name of a thousand
/// words does not make a thousand rows.
pub const TOKENS_MAX: usize = 64;

/// What is known of a patient's name, for the index. Given names and surnames may hold several words.
#[derive(Clone, Copy, Default)]
pub struct PatientTokens<'a> {
    /// Given and middle names.
    pub given: &'a str,
    /// Surnames, former ones too.
    pub surname: &'a str,
    /// Birth date.
    pub birth: Option<Day>,
    /// Record number at this customer.
    pub record_number: Option<&'a str>,
}

impl fmt::Debug for PatientTokens<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientTokens(..)")
    }
}

impl PatientTokens<'_> {
    /// The tokens to be stored for this patient: sorted, each once, at most [`TOKENS_MAX`].
    #[must_use]
    pub fn tokens(&self) -> Vec<Token> {
        let mut tokens: Vec<Token> =
            name_parts(self.given).into_iter().map(|word| Token::of(Field::Given, word)).collect();
        for word in name_parts(self.surname) {
            if let Some(prefix) = prefix_of(&word) {
                tokens.push(Token::of(Field::SurnamePrefix, prefix));
            }
            let sound = sound_of(&word);
            if let Some(day) = self.birth {
                tokens.push(Token::of(Field::SurnameBirth, birth_word(day, &word)));
                tokens.extend(sound.as_ref().map(|code| Token::of(Field::SoundBirth, birth_word(day, code))));
            }
            tokens.extend(sound.map(|code| Token::of(Field::SurnameSound, code)));
            tokens.push(Token::of(Field::Surname, word));
        }
        let number = self.record_number.map(record_number_word).filter(|word| !word.is_empty());
        tokens.extend(number.map(|word| Token::of(Field::RecordNumber, word)));
        tokens.sort_unstable();
        tokens.dedup();
        tokens.truncate(TOKENS_MAX);
        tokens
    }
}

/// The tokens to be stored for a patient for whom somebody of this surname speaks. Whole parts only: the front desk
/// has the guardian on the telephone and can ask how the name is written, and each further field would tell a thief more.
#[must_use]
pub fn guardian_tokens(surname: &str) -> Vec<Token> {
    name_parts(surname).into_iter().map(|word| Token::of(Field::GuardianSurname, word)).collect()
}

/// One word of a search: any of these tokens will do.
pub type AnyOf = Vec<Token>;

/// What a search asks for: patients that have a token of every group.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// One group for each word.
    pub all_of: Vec<AnyOf>,
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Query({} groups)", self.all_of.len())
    }
}

/// How near a name must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Match {
    /// The word itself, or three letters that a surname begins with.
    Exact,
    /// What sounds alike as well.
    Alike,
}

impl Query {
    /// What a line of text asks for: words are names or record numbers, in any order; a birth date narrows the
    /// surnames among them. A birth date alone asks for nothing: the answer is an empty query.
    #[must_use]
    pub fn of_text(text: &str, near: Match) -> Self {
        let mut names = Vec::new();
        let mut numbers = Vec::new();
        let mut birth = None;
        for word in text.split([' ', '\t', ',', ';']).filter(|word| !word.is_empty()).take(TOKENS_MAX) {
            if let Ok(day) = Day::read(word) {
                // Eight digits are a date or a record number: both are asked for below.
                birth = Some(day);
                if word.bytes().all(|byte| byte.is_ascii_digit()) {
                    numbers.push((word, true));
                }
            } else if word.chars().any(char::is_numeric) {
                numbers.push((word, false));
            } else {
                names.push(word);
            }
        }
        let words = name_parts(&names.join(" "));
        // Where the date may as well be a record number and no name stands beside it, it is the number.
        let date_is_number = words.is_empty() && numbers.iter().any(|(_, is_date)| *is_date);
        let mut query = Self::default();
        for (word, is_date) in numbers {
            if !is_date || date_is_number {
                query.all_of.push(vec![Token::of(Field::RecordNumber, record_number_word(word))]);
            }
        }
        let birth = birth.filter(|_| !date_is_number);
        if birth.is_some() && words.is_empty() {
            return Self::default();
        }
        // `of_text` joins whole names too (O'Brien, de la Cruz); a search asks for the single words only.
        let single: Vec<&String> = words.iter().filter(|word| !is_join_of_others(word, &words)).collect();
        query.all_of.extend(single.iter().map(|word| name_group(word, near)));
        if let Some(day) = birth {
            query.all_of.push(single.iter().flat_map(|word| birth_group(word, day, near)).collect());
        }
        query
    }

    /// What a form with a field for each asks for. A birth date without surname asks for nothing.
    #[must_use]
    pub fn of_fields(patient: &PatientTokens<'_>, near: Match) -> Self {
        let mut query = Self::default();
        let words = |text: &str| -> Vec<String> {
            let all = name_parts(text);
            all.iter().filter(|word| !is_join_of_others(word, &all)).cloned().collect()
        };
        query.all_of.extend(words(patient.given).into_iter().map(|word| vec![Token::of(Field::Given, word)]));
        let surnames = words(patient.surname);
        if patient.birth.is_some() && surnames.is_empty() {
            return Self::default();
        }
        for word in &surnames {
            query.all_of.push(match patient.birth {
                Some(day) => birth_group(word, day, near),
                None => surname_group(word, near),
            });
        }
        if let Some(number) = patient.record_number.map(record_number_word).filter(|word| !word.is_empty()) {
            query.all_of.push(vec![Token::of(Field::RecordNumber, number)]);
        }
        query
    }
}

impl Query {
    /// The same, of patients for whom somebody of this surname speaks.
    #[must_use]
    pub fn with_guardian(mut self, surname: &str) -> Self {
        let all = name_parts(surname);
        let single = all.iter().filter(|word| !is_join_of_others(word, &all));
        self.all_of.extend(single.map(|word| vec![Token::of(Field::GuardianSurname, word)]));
        self
    }
}

fn surname_group(word: &str, near: Match) -> AnyOf {
    let mut group = vec![Token::of(Field::Surname, word)];
    if word.chars().count() == 3 {
        group.push(Token::of(Field::SurnamePrefix, word));
    }
    if near == Match::Alike {
        group.extend(sound_of(word).map(|code| Token::of(Field::SurnameSound, code)));
    }
    group
}

fn name_group(word: &str, near: Match) -> AnyOf {
    let mut group = surname_group(word, near);
    group.push(Token::of(Field::Given, word));
    group
}

fn birth_group(word: &str, day: Day, near: Match) -> AnyOf {
    let mut group = vec![Token::of(Field::SurnameBirth, birth_word(day, word))];
    if near == Match::Alike {
        group.extend(sound_of(word).map(|code| Token::of(Field::SoundBirth, birth_word(day, &code))));
    }
    group
}

fn birth_word(day: Day, word: &str) -> String {
    format!("{day} {word}")
}

/// Three letters a surname begins with; none for a shorter one, which would be the whole name.
fn prefix_of(word: &str) -> Option<String> {
    let prefix: String = word.chars().take(3).collect();
    (prefix.chars().count() == 3).then_some(prefix)
}

/// A record number without spaces and punctuation, in small letters: `MRN-00 123` is `mrn00123`. Leading zeros
/// stay: they tell numbers apart.
fn record_number_word(text: &str) -> String {
    normalised(text).chars().filter(|letter| letter.is_alphanumeric()).take(64).collect()
}

fn is_join_of_others(word: &str, words: &[String]) -> bool {
    name::is_join(word, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(tokens: &[Token], field: Field) -> Vec<&str> {
        tokens.iter().filter(|token| token.field == field).map(|token| token.word.as_str()).collect()
    }

    /// The store's rule, in memory: a patient has a token of every group.
    fn finds(query: &Query, tokens: &[Token]) -> bool {
        !query.all_of.is_empty() && query.all_of.iter().all(|group| group.iter().any(|token| tokens.contains(token)))
    }

    fn patient(given: &'static str, surname: &'static str) -> Vec<Token> {
        let birth = Day::new(1961, 4, 3);
        PatientTokens { given, surname, birth, record_number: Some("00-4711") }.tokens()
    }

    #[test]
    fn a_patient_has_the_tokens_of_the_format() {
        let tokens = patient("María José", "García-Márquez");
        assert_eq!(words(&tokens, Field::Given), ["jose", "maria", "mariajose"]);
        assert_eq!(words(&tokens, Field::Surname), ["garcia", "garciamarquez", "marquez"]);
        assert_eq!(words(&tokens, Field::SurnamePrefix), ["gar", "mar"]);
        assert_eq!(
            words(&tokens, Field::SurnameBirth),
            ["1961-04-03 garcia", "1961-04-03 garciamarquez", "1961-04-03 marquez"]
        );
        assert_eq!(words(&tokens, Field::RecordNumber), ["004711"]);
    }

    #[test]
    fn a_name_is_found_however_it_is_typed() {
        let cases = [
            ("Siobhán", "O’Brien", "obrien siobhan"),
            ("Siobhán", "O'Brien", "O BRIEN"),
            ("Juan", "de la Cruz", "cruz juan"),
            ("Juan", "de la Cruz", "Juan de la Cruz"),
            ("Juan", "Pérez López", "LOPEZ, juan"),
            ("Anne-Marie", "Smith-Jones", "anne jones"),
            ("Anne-Marie", "Smith-Jones", "annemarie smithjones"),
            ("Jürgen", "Groß", "gross jurgen"),
            ("Søren", "Ångström Jr.", "angstrom soren"),
            ("Li", "Ng", "ng"),
            ("Robert", "Smith", "smi"),
            ("Robert", "Smith", "smith 4/3/1961"),
            ("Robert", "Smith", "00-4711"),
            ("Robert", "Smith", "robert 004711"),
        ];
        for (given, surname, text) in cases {
            assert!(finds(&Query::of_text(text, Match::Exact), &patient(given, surname)), "{text}");
        }
    }

    #[test]
    fn what_sounds_alike_is_found_only_when_asked_for() {
        for (stored, typed) in
            [("Smyth", "Smith"), ("Gonzales", "Gonzalez"), ("Stephens", "Stevens"), ("Browne", "Brown")]
        {
            assert!(!finds(&Query::of_text(typed, Match::Exact), &patient("Ann", stored)), "{typed}");
            assert!(finds(&Query::of_text(typed, Match::Alike), &patient("Ann", stored)), "{typed}");
        }
        let dated = Query::of_text("Smith 1961-04-03", Match::Alike);
        assert!(finds(&dated, &patient("Ann", "Smyth")));
    }

    #[test]
    fn a_birth_date_alone_asks_for_nothing_and_a_wrong_one_finds_nothing() {
        for text in ["4/3/1961", "1961-04-03", "", "  ,", "-"] {
            assert_eq!(Query::of_text(text, Match::Alike), Query::default(), "{text}");
        }
        assert!(!finds(&Query::of_text("smith 4/4/1961", Match::Exact), &patient("Robert", "Smith")));
        let birth = PatientTokens { birth: Day::new(1961, 4, 3), ..PatientTokens::default() };
        assert_eq!(Query::of_fields(&birth, Match::Alike), Query::default());
    }

    #[test]
    fn a_child_is_found_by_the_guardians_surname_and_by_no_other_field_of_that_name() {
        let child: Vec<Token> = patient("Ann", "Smith").into_iter().chain(guardian_tokens("García Márquez")).collect();
        for asked in ["garcia", "Marquez", "GARCIA MARQUEZ", "garcía-márquez"] {
            assert!(finds(&Query::default().with_guardian(asked), &child), "{asked}");
            assert!(!finds(&Query::of_text(asked, Match::Alike), &child), "{asked} is no name of the child");
        }
        assert!(!finds(&Query::default().with_guardian("smith"), &child), "the child's own name is no guardian's");
        assert!(!finds(&Query::default().with_guardian("gar"), &child), "no prefix");
        assert_eq!(Query::default().with_guardian("  "), Query::default());
        assert!(!finds(&Query::of_text("smith", Match::Exact).with_guardian("jones"), &child), "both must agree");
    }

    #[test]
    fn eight_digits_alone_are_a_record_number() {
        let query = Query::of_text("19610403", Match::Exact);
        assert_eq!(query.all_of, vec![vec![Token::of(Field::RecordNumber, "19610403")]]);
    }

    #[test]
    fn the_form_with_a_field_for_each_finds_the_same() {
        let stored = patient("Juan", "de la Cruz");
        let asked =
            PatientTokens { given: "juan", surname: "De La CRUZ", birth: Day::new(1961, 4, 3), record_number: None };
        assert!(finds(&Query::of_fields(&asked, Match::Exact), &stored));
        let other = PatientTokens { given: "juana", ..asked };
        assert!(!finds(&Query::of_fields(&other, Match::Exact), &stored));
    }

    #[test]
    fn a_hostile_name_makes_a_bounded_number_of_rows() {
        let long = "abcdefgh-ijkl ".repeat(5000);
        let tokens = PatientTokens { given: &long, surname: &long, ..PatientTokens::default() }.tokens();
        assert!(tokens.len() <= TOKENS_MAX);
        assert!(Query::of_text(&long, Match::Alike).all_of.len() <= TOKENS_MAX);
        let varied: String =
            (0..5000).map(|n| format!("{}{} ", char::from(b'a' + (n % 26) as u8), "x".repeat(n % 40))).collect();
        assert!(PatientTokens { given: "", surname: &varied, ..PatientTokens::default() }.tokens().len() <= TOKENS_MAX);
    }

    #[test]
    fn tokens_do_not_print_themselves() {
        assert!(!format!("{:?}", patient("Robert", "Smith")).contains("smith"));
    }
}
