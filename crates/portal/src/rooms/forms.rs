//! What forms share: mistakes come back beside their fields, a missing touch leads to the touch and back.

use super::frame::page;
use crate::door::{Answer, FieldProblem, Problem, SafePath};
use crate::pages::parts::{Choice, Errors, FieldError};
use askama::Template;
use axum::http::StatusCode;
use custody::Desk;
use record::{Act, CustomerId};
use serde::Deserialize;

/// What a page's address may say: ids and fixed words, never text of people.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    pub(super) customer: Option<CustomerId>,
    #[serde(default)]
    pub(super) done: Option<String>,
}

/// A reason: one of the ready ones, and a word more.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Why {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    word: String,
}

impl Why {
    /// The two as one.
    pub(super) fn text(&self) -> String {
        let parts = [self.reason.trim(), self.word.trim()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
    }
}

/// The mistakes of a form, if that is what went wrong.
pub(super) fn errors_of(problem: &Problem) -> Option<Errors> {
    let Problem::Invalid(fields) = problem else { return None };
    let error = |one: &FieldProblem| FieldError { field: one.field.to_owned(), message: one.sentence.clone() };
    Some(Errors(fields.iter().map(error).collect()))
}

/// A touch that was missing when a form came in leads back to the page with the form.
pub(super) fn after_touch(problem: impl Into<Problem>, form: &str) -> Problem {
    match problem.into() {
        Problem::StepUp(_) => Problem::StepUp(SafePath::new(form)),
        other => other,
    }
}

/// The form again, with its mistakes: 422.
pub(super) fn again(template: &impl Template) -> Answer {
    Ok(page(template)?.status(StatusCode::UNPROCESSABLE_ENTITY))
}

/// A mistake that shows before custody is asked.
pub(super) fn mistake(field: &'static str, sentence: &str) -> Problem {
    Problem::Invalid(vec![FieldProblem { field, sentence: sentence.to_owned() }])
}

/// The desk for another act of the same person: an act of its own, asked of policy for itself.
pub(super) fn beside<A: Act, B: Act>(desk: &Desk<A>) -> Desk<B> {
    desk.beside()
}

/// One choice among several.
pub(super) fn choice(value: &str, label: &str, chosen: &str) -> Choice {
    Choice { value: value.to_owned(), label: label.to_owned(), hint: String::new(), selected: value == chosen }
}

#[cfg(test)]
mod tests {
    use super::{Why, after_touch, errors_of, mistake};
    use crate::door::Problem;

    #[test]
    fn a_missing_touch_leads_back_to_the_form_and_nothing_else_changes() {
        let Problem::StepUp(Some(path)) = after_touch(Problem::StepUp(None), "/staff/invite") else {
            panic!("the way back is lost")
        };
        assert_eq!(path.as_str(), "/staff/invite");
        assert_eq!(after_touch(Problem::NotHere, "/staff/invite"), Problem::NotHere);
        assert_eq!(after_touch(Problem::StepUp(None), "//evil.example"), Problem::StepUp(None));
    }

    #[test]
    fn a_reason_and_a_word_are_one_sentence_and_empty_ones_none() {
        let why = |reason: &str, word: &str| Why { reason: reason.to_owned(), word: word.to_owned() }.text();
        assert_eq!(why("Wrong patient", " said the author "), "Wrong patient: said the author");
        assert_eq!((why("", "x"), why(" ", "")), ("x".to_owned(), String::new()));
    }

    #[test]
    fn only_mistakes_of_the_form_are_shown_in_the_form() {
        let errors = errors_of(&mistake("name", "Write a name.")).expect("a mistake");
        assert_eq!(errors.of("name"), Some("Write a name."));
        assert!(errors_of(&Problem::NotHere).is_none());
    }
}
