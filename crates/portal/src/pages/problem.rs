//! When something is not possible: what it means and what to do next. Never what exists.

use super::Chrome;
use super::parts::{Errors, Link};
use askama::Template;

/// A page for an error status. The words depend on the status alone, so that "not yours" and "not there" are alike.
#[derive(Debug, Template)]
#[template(path = "problem.html")]
pub struct ProblemPage {
    /// The frame; for strangers [`Chrome::for_strangers`], so that the page is the same for everybody.
    pub chrome: Chrome,
    /// The HTTP status.
    pub status: u16,
    /// A title.
    pub title: &'static str,
    /// What it means and what to do.
    pub text: &'static str,
    /// What is wrong, where it is the input (422).
    pub errors: Errors,
    /// Where to go from here.
    pub links: Vec<Link>,
}

impl ProblemPage {
    /// The page for this status, with the usual way on.
    #[must_use]
    pub fn new(chrome: Chrome, status: u16) -> Self {
        let (title, text) = words(status);
        let link = |label: &str, href: &str| Link { label: label.to_owned(), href: href.to_owned() };
        let links = match status {
            401 => vec![link("Sign in", "/sign-in")],
            421 | 503 => Vec::new(),
            _ if chrome.signed_in.is_some() => vec![link("Go to my first page", "/")],
            _ => vec![link("Go to the sign-in page", "/sign-in")],
        };
        Self { chrome, status, title, text, errors: Errors::none(), links }
    }

    /// Does the door stand shut, so that the telephone is the way.
    #[must_use]
    pub const fn is_shut(&self) -> bool {
        self.status == 503
    }
}

/// Title and text for a status.
const fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => (
            "This request could not be read",
            "Something was cut off or changed on its way. Go back, reload the page and do it again.",
        ),
        401 => {
            ("Please sign in", "Your session is over, or you have not signed in yet. Nothing you did before is lost.")
        }
        403 => (
            "This is not open to you",
            "Your role does not include this. Ask your practice manager, or the officer who invited you.",
        ),
        404 => (
            "Not here, or not yours",
            "There is nothing here that you may see. If you expected something, ask the person who sent you the link, or your practice manager.",
        ),
        405 => ("That cannot be done here", "Go back and use the buttons on the page."),
        408 => (
            "That took too long",
            "The connection was too slow or broke off. What was not finished is not kept: send it again.",
        ),
        409 => (
            "Somebody was faster",
            "This has changed since you opened it. Go back, reload the page and look again before you go on.",
        ),
        413 => (
            "That is too big",
            "The file or form is larger than what is taken here. Nothing was kept. Send it in smaller parts, or call us.",
        ),
        421 => ("Wrong address", "This address does not belong to this portal. Check the link you were given."),
        422 => ("Some things need another look", "Nothing was kept. Go back and correct what is named here."),
        429 => (
            "A little slower, please",
            "There were many requests in a short time. Wait a minute and go on. If a patient waits for you, call us.",
        ),
        503 => (
            "The door is shut for the moment",
            "We keep it shut until everything has been checked. Your records are safe. If a patient needs something now, call us: a person can help.",
        ),
        _ => (
            "That did not work",
            "The mistake is ours and has been noted. Nothing was half done. Try again in a minute; if it happens again, call us.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{Chrome, ProblemPage};
    use askama::Template;

    #[test]
    fn a_shut_door_shows_a_telephone_number() {
        let chrome = Chrome::for_strangers("Prairie Transcription", "+1 555 010 7788");
        let html = ProblemPage::new(chrome, 503).render().unwrap();
        assert!(html.contains("tel:+15550107788"), "{html}");
    }

    #[test]
    fn not_yours_and_not_there_have_one_page() {
        let chrome = Chrome::for_strangers("Prairie Transcription", "");
        let one = ProblemPage::new(chrome.clone(), 404).render().unwrap();
        assert_eq!(one, ProblemPage::new(chrome, 404).render().unwrap());
    }
}
