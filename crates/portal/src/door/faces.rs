//! How the door itself looks: its error pages and its landing page. Handed in, so that the door knows no template.

use super::address::SafePath;
use super::problem::{FieldProblem, escape};
use crate::pages::Chrome;
use crate::pages::entrance::GoPage;
use crate::pages::parts::{Errors, FieldError, Link};
use crate::pages::problem::ProblemPage;
use askama::Template;
use std::sync::Arc;

/// What an error page is made from.
#[derive(Debug, Clone, Copy)]
pub struct ErrorPage<'a> {
    /// The status, 400–503.
    pub status: u16,
    /// A few words.
    pub title: &'static str,
    /// What to do next.
    pub sentence: &'static str,
    /// Fields that need another look.
    pub fields: &'a [FieldProblem],
}

/// Makes a whole HTML page. The same input gives the same page, always, whoever asks.
pub type RenderError = Arc<dyn Fn(&ErrorPage<'_>) -> String + Send + Sync>;
/// Makes the page that goes on to this path.
pub type RenderLanding = Arc<dyn Fn(&SafePath) -> String + Send + Sync>;

/// The door's own pages.
#[derive(Clone)]
pub struct Faces {
    /// For every [`Problem`](super::Problem).
    pub error: RenderError,
    /// For `/go`.
    pub landing: RenderLanding,
}

impl Faces {
    /// Pages without any template; `telephone` is whom to call while the portal cannot help.
    #[must_use]
    pub fn plain(telephone: Option<&str>) -> Self {
        let telephone = telephone.map(ToOwned::to_owned);
        Self { error: Arc::new(move |page| plain_error(page, telephone.as_deref())), landing: Arc::new(plain_landing) }
    }

    /// The portal's own pages, in the frame that strangers see.
    #[must_use]
    pub fn of_pages(operator: &str, telephone: &str) -> Self {
        let chrome = Chrome::for_strangers(operator, telephone);
        let landing_chrome = chrome.clone();
        let plain = Self::plain(Some(telephone));
        let plain_landing = Arc::clone(&plain.landing);
        Self {
            error: Arc::new(move |page| {
                // A template that fails must not take the refusal with it.
                error_page(&chrome, page).render().unwrap_or_else(|_| (plain.error)(page))
            }),
            landing: Arc::new(move |path| {
                let page = GoPage { chrome: landing_chrome.clone(), to: path.as_str().to_owned() };
                page.render().unwrap_or_else(|_| plain_landing(path))
            }),
        }
    }
}

fn error_page(chrome: &Chrome, from: &ErrorPage<'_>) -> ProblemPage {
    let mut page = ProblemPage::new(chrome.clone(), from.status);
    (page.title, page.text) = (from.title, from.sentence);
    let error = |field: &FieldProblem| FieldError { field: field.field.to_owned(), message: field.sentence.clone() };
    page.errors = Errors(from.fields.iter().map(error).collect());
    let link = |label: &str, href: &str| vec![Link { label: label.to_owned(), href: href.to_owned() }];
    page.links = match from.status {
        401 => link("Sign in", "/sign-in"),
        421 | 503 => Vec::new(),
        _ => link("Go to my first page", "/"),
    };
    page
}

fn plain_error(page: &ErrorPage<'_>, telephone: Option<&str>) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head><body><main>\
         <h1>{title}</h1><p>{sentence}</p>",
        title = escape(page.title),
        sentence = escape(page.sentence),
    );
    for field in page.fields {
        html.push_str(&format!("<p>{}</p>", escape(&field.sentence)));
    }
    if let Some(telephone) = telephone.filter(|_| page.status >= 500) {
        html.push_str(&format!("<p>In a hurry, call {}.</p>", escape(telephone)));
    }
    html.push_str("</main></body></html>\n");
    html
}

fn plain_landing(path: &SafePath) -> String {
    let path = escape(path.as_str());
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"refresh\" content=\"0; url={path}\"><title>Going on</title></head>\
         <body><main><h1>Going on</h1><p><a href=\"{path}\">Go on to the page</a></p></main></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::{ErrorPage, Faces};
    use crate::door::{FieldProblem, SafePath};

    fn page(status: u16, fields: &[FieldProblem]) -> ErrorPage<'_> {
        ErrorPage { status, title: "Title", sentence: "Sentence.", fields }
    }

    #[test]
    fn a_closed_door_shows_a_telephone_number_in_every_face() {
        for faces in [Faces::plain(Some("+1 555 0100")), Faces::of_pages("Prairie", "+1 555 0100")] {
            assert!((faces.error)(&page(503, &[])).contains("+1 555 0100"));
        }
    }

    #[test]
    fn data_is_escaped_in_every_face() {
        let field = FieldProblem { field: "birth_date", sentence: "Write <month>".to_owned() };
        let path = SafePath::new("/x?a='b'&c=d").expect("a good path");
        for faces in [Faces::plain(Some("<b>")), Faces::of_pages("<b>", "<b>")] {
            let html = (faces.error)(&page(422, std::slice::from_ref(&field)));
            assert!(html.contains("Title") && html.contains("month") && !html.contains("<month>"), "{html}");
            assert!(!(faces.error)(&page(503, &[])).contains("<b>"));
            let html = (faces.landing)(&path);
            assert!(html.contains("&#39;b&#39;&") && !html.contains("='b'"), "{html}");
        }
    }
}
