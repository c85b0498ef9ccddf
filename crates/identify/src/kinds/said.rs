//! Who is spoken of, and whether something is there or denied, as a text goes on.
//!
//! A denial reaches over the words that follow it to the end of the sentence, or to a word that turns it ("denies anxiety
//! but has panic attacks"); "depression: denied" is one too. A relative reaches to the end of the sentence, unless it is
//! the relative who speaks ("mother reports that ..."); under a heading "Family History" all is said of relatives.
//!
//! What must always hold: one small state, moved word by word.
//!
//! What it refuses to know: what is denied, and of which kind of data a denial says something.

/// A denial reaches over so many words.
const DENIAL_WORDS: u8 = 14;
/// A relative speaks if a verb of speaking stands among so many words behind.
const SPEAKS_WORDS: u8 = 3;

const DENIES: &[&str] =
    &["no", "not", "denies", "denied", "denying", "without", "never", "neither", "nor", "deny", "negative"];
const TURNS: &[&str] = &[
    "but",
    "however",
    "except",
    "although",
    "though",
    "reports",
    "endorses",
    "admits",
    "positive",
    "has",
    "presents",
    "taking",
    "takes",
    "on",
    "started",
    "diagnosed",
    "does",
    "is",
    "was",
    "will",
];
const RELATIVES: &[&str] = &[
    "mother",
    "father",
    "mom",
    "dad",
    "mum",
    "parents",
    "maternal",
    "paternal",
    "brother",
    "sister",
    "sibling",
    "siblings",
    "aunt",
    "uncle",
    "cousin",
    "grandmother",
    "grandfather",
    "grandparents",
    "stepfather",
    "stepmother",
    "fhx",
];
const SPEAKS: &[&str] = &[
    "reports",
    "states",
    "says",
    "denies",
    "notes",
    "called",
    "brought",
    "brings",
    "accompanied",
    "concerned",
    "asks",
    "asked",
    "worried",
    "thinks",
    "feels",
    "describes",
    "believes",
    "wants",
    "requests",
    "and",
    "agrees",
    "consents",
    "present",
    "reported",
    "stated",
    "confirms",
    "here",
    "will",
    "aware",
];
/// Words behind a finding that deny it.
const DENIED_AFTER: &[&str] = &["denied", "denies", "negative", "none", "absent", "no", "never", "deferred"];

/// How a word turns what is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    Denies,
    /// A denial that somebody speaks.
    DeniesSpeaking,
    Turns,
    /// A turn that somebody speaks.
    TurnsSpeaking,
    Speaks,
    Relative,
}

/// Every word that turns what is said.
pub(super) fn controls() -> impl Iterator<Item = (&'static str, Control)> {
    let speaks = |word: &&str| SPEAKS.contains(word);
    let denies =
        move |word: &&'static str| (*word, if speaks(word) { Control::DeniesSpeaking } else { Control::Denies });
    let turns = move |word: &&'static str| (*word, if speaks(word) { Control::TurnsSpeaking } else { Control::Turns });
    let others = SPEAKS.iter().filter(|word| !DENIES.contains(word) && !TURNS.contains(word));
    DENIES
        .iter()
        .map(denies)
        .chain(TURNS.iter().map(turns))
        .chain(others.map(|word| (*word, Control::Speaks)))
        .chain(RELATIVES.iter().map(|word| (*word, Control::Relative)))
}

/// Where a text stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said {
    denial: u8,
    relative: bool,
    /// Words until it is clear whether the relative speaks.
    may_speak: u8,
    family_heading: bool,
}

impl Said {
    /// One word, and how it turns what is said, if it does.
    pub(super) fn word(&mut self, control: Option<Control>) {
        self.denial = self.denial.saturating_sub(1);
        let may_speak = self.may_speak;
        self.may_speak = may_speak.saturating_sub(1);
        match control {
            None => {}
            Some(Control::Denies) => {
                self.denial = DENIAL_WORDS;
                self.speaks(may_speak, false);
            }
            Some(Control::DeniesSpeaking) => {
                self.denial = DENIAL_WORDS;
                self.speaks(may_speak, true);
            }
            Some(Control::Turns) => self.denial = 0,
            Some(Control::TurnsSpeaking) => {
                self.denial = 0;
                self.speaks(may_speak, true);
            }
            Some(Control::Speaks) => self.speaks(may_speak, true),
            Some(Control::Relative) => {
                self.relative = true;
                self.may_speak = SPEAKS_WORDS;
            }
        }
    }

    const fn speaks(&mut self, may_speak: u8, does: bool) {
        if may_speak > 0 && does {
            (self.relative, self.may_speak) = (false, 0);
        }
    }

    /// A sentence ends.
    pub(super) fn end_sentence(&mut self) {
        (self.denial, self.relative, self.may_speak) = (0, false, 0);
    }

    /// A heading stands here; under this one relatives are spoken of.
    pub(super) fn heading(&mut self, is_family: bool) {
        self.end_sentence();
        self.family_heading = is_family;
    }

    /// "Family history of".
    pub(super) const fn family_if(&mut self, it_is: bool) {
        if it_is {
            (self.relative, self.may_speak) = (true, 0);
        }
    }

    pub(super) const fn is_denied(&self) -> bool {
        self.denial > 0
    }

    pub(super) const fn of_relative(&self) -> bool {
        self.relative || self.family_heading
    }
}

/// Is what was just said denied by what follows: "depression: denied", "suicidal ideation - none".
pub(super) fn denied_after(rest: &str) -> bool {
    let rest = &rest[..rest.floor_char_boundary(32)];
    let rest = rest.trim_start_matches([' ', ':', '-', '=', '(', '\t', ',']);
    let rest = rest.strip_prefix("screening").or_else(|| rest.strip_prefix("screen")).unwrap_or(rest);
    let rest = rest.strip_prefix("use").unwrap_or(rest).trim_start_matches([' ', ':', '-', '=', '(', '\t']);
    let rest = ["is ", "was "].iter().find_map(|verb| rest.strip_prefix(verb)).unwrap_or(rest);
    let end = rest.find(|one: char| !one.is_ascii_alphabetic()).unwrap_or(rest.len());
    // "Depression. No rash" denies the rash.
    DENIED_AFTER.iter().any(|word| rest[..end].eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::{Said, controls, denied_after};

    fn after(text: &str) -> Said {
        let mut said = Said::default();
        for word in text.split_whitespace() {
            said.word(controls().find(|one| one.0 == word).map(|one| one.1));
        }
        said
    }

    #[test]
    fn a_denial_reaches_to_the_word_that_turns_it() {
        assert!(after("denies chest pain headache or").is_denied());
        assert!(!after("denies anxiety but has").is_denied());
        assert!(!after("no fever patient reports").is_denied());
    }

    #[test]
    fn a_relative_who_speaks_is_not_the_one_spoken_of() {
        assert!(after("mother with").of_relative());
        assert!(after("his father has").of_relative());
        assert!(!after("mother reports that he has").of_relative());
    }

    #[test]
    fn what_follows_can_deny() {
        assert!(denied_after(": denied"));
        assert!(denied_after(" screen negative"));
        assert!(!denied_after(". No rash"));
        assert!(!denied_after(" since 2019"));
    }
}
