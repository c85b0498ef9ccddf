//! The JSON of a passkey's ceremony: `start` asks the browser, `finish` brings its answer.
//!
//! The secret by which the answer is brought travels in the JSON of `start` and comes back in that of `finish`: it
//! lives five minutes, is used once, and is worth nothing without the passkey.

use crate::door::{Answer, Problem, Reply, SafePath};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::str::FromStr;

/// Which half of a ceremony.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Start,
    Finish,
}

impl FromStr for Step {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "start" => Ok(Self::Start),
            "finish" => Ok(Self::Finish),
            _ => Err(()),
        }
    }
}

/// What the script sends. No `Debug`: it carries secrets.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    pub(super) ceremony: String,
    credential: Value,
    pub(super) next: String,
    pub(super) shared: String,
    pub(super) label: String,
    pub(super) token: String,
    pub(super) words: String,
}

impl Said {
    /// The passkey's answer as JSON text.
    pub(super) fn answer(&self) -> Result<String, Problem> {
        if self.credential.is_object() { Ok(self.credential.to_string()) } else { Err(Problem::Malformed) }
    }

    /// What its owner calls the passkey.
    pub(super) fn label(&self) -> &str {
        let label = self.label.trim();
        if label.is_empty() { "My passkey" } else { label }
    }

    /// Where to go on: a path of this site, else the first page.
    pub(super) fn next(&self) -> SafePath {
        next_of(&self.next)
    }
}

/// A path of this site that is worth going on to, else the first page.
pub(super) fn next_of(text: &str) -> SafePath {
    SafePath::new(text)
        .filter(|path| !["/sign-in", "/locked", "/step-up", "/sign-out"].iter().any(|own| leads_to(path.as_str(), own)))
        .or_else(|| SafePath::new("/"))
        .expect("one slash is a path of this site")
}

fn leads_to(path: &str, own: &str) -> bool {
    path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/']))
}

/// What the script is told when it is done.
#[derive(Default, Serialize)]
pub(super) struct Told {
    pub(super) next: String,
    pub(super) csrf: String,
    pub(super) person: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) codes: Vec<String>,
}

/// What the browser is asked.
pub(super) fn asked(challenge: &str, ceremony: &str) -> Answer {
    let challenge: Value = serde_json::from_str(challenge).map_err(|_| Problem::Broken)?;
    Reply::json(&json!({ "publicKey": challenge["publicKey"], "ceremony": ceremony }))
}

/// The passkey has to be touched first; then the script begins again.
pub(super) fn touch_first() -> Answer {
    Reply::json(&json!({ "touch": true }))
}

#[cfg(test)]
mod tests {
    use super::{Said, Step, next_of};

    #[test]
    fn one_goes_on_to_a_page_of_this_site_and_never_round_in_a_circle() {
        assert_eq!(next_of("/documents/doc_1?done=signed").as_str(), "/documents/doc_1?done=signed");
        for wrong in ["", "//evil.example", "https://evil.example", "/sign-in?next=%2F", "/locked", "/step-up/start"] {
            assert_eq!(next_of(wrong).as_str(), "/", "{wrong}");
        }
        assert_eq!(next_of("/lockedness").as_str(), "/lockedness");
    }

    #[test]
    fn a_ceremony_has_two_halves_and_an_answer_is_an_object() {
        assert_eq!(("start".parse(), "finish".parse()), (Ok(Step::Start), Ok(Step::Finish)));
        assert!("Start".parse::<Step>().is_err() && "".parse::<Step>().is_err());
        for text in [r#"{"credential":"x"}"#, "{}", r#"{"credential":[]}"#] {
            let said: Said = serde_json::from_str(text).expect("JSON of this test");
            assert!(said.answer().is_err(), "{text}");
        }
        let said: Said = serde_json::from_str(r#"{"credential":{"id":"a"},"csrf":"x"}"#).expect("JSON of this test");
        assert_eq!((said.answer(), said.label()), (Ok(r#"{"id":"a"}"#.to_owned()), "My passkey"));
    }
}
