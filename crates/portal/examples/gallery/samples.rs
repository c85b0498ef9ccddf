//! Every page in every state, rendered with made-up data. Shared by the gallery and by the tests.

mod charts;
mod house;
mod joining;
mod made_up;
mod people;
mod requests;
mod work;

use super::pages;
use askama::Template;

/// One page in one state.
pub(crate) struct Sample {
    /// A name fit for a file.
    pub(crate) name: &'static str,
    /// The page.
    pub(crate) html: String,
    /// It holds PHI, so that the tag must stand on it.
    pub(crate) phi: bool,
}

/// Collects rendered pages.
#[derive(Default)]
pub(crate) struct Shelf(Vec<Sample>, Option<askama::Error>);

impl Shelf {
    /// A page that holds PHI.
    pub(crate) fn phi(&mut self, name: &'static str, page: &impl Template) {
        self.put(name, page, true);
    }
    /// A page that holds none.
    pub(crate) fn plain(&mut self, name: &'static str, page: &impl Template) {
        self.put(name, page, false);
    }
    fn put(&mut self, name: &'static str, page: &impl Template, phi: bool) {
        match page.render() {
            Ok(html) => self.0.push(Sample { name, html, phi }),
            Err(error) => self.1 = Some(error),
        }
    }
}

/// Every page in every state.
pub(crate) fn all() -> Result<Vec<Sample>, askama::Error> {
    let mut shelf = Shelf::default();
    work::entrance(&mut shelf);
    work::lists(&mut shelf);
    work::document(&mut shelf);
    work::forms(&mut shelf);
    charts::patients(&mut shelf);
    people::accesses(&mut shelf);
    requests::requests(&mut shelf);
    people::people(&mut shelf);
    people::customers(&mut shelf);
    house::ledger(&mut shelf);
    house::house(&mut shelf);
    house::problems(&mut shelf);
    match shelf.1 {
        None => Ok(shelf.0),
        Some(error) => Err(error),
    }
}

/// One made-up row, for tests that put something else into it.
#[cfg(test)]
pub(crate) fn made_up_row() -> pages::parts::DocumentRow {
    made_up::row(0, record::document::DocumentState::Delivered)
}
