//! Searching: by POST, so that no name ever stands in an address, a history or a log.

use super::documents::rows;
use super::frame::{frame, page, witness};
use super::show::patient_row;
use crate::door::take::Form;
use crate::door::{Answer, Locked, Opts};
use crate::pages::parts::{DateParts, Errors, FieldError};
use crate::pages::search::{Found, SearchPage, SearchQuery};
use axum::http::{Method, StatusCode};
use custody::{CustodyError, Desk, DocumentSearch};
use record::civil::Day;
use record::{CustomerId, act};
use serde::Deserialize;

pub(super) fn routes(locked: Locked) -> Locked {
    locked.route(Method::GET, "/search", Opts::page("Search"), form).route(
        Method::POST,
        "/search",
        Opts::form("Search"),
        search,
    )
}

/// What was typed.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    pub(super) q: String,
    #[serde(default)]
    pub(super) family: String,
    #[serde(default)]
    pub(super) given: String,
    #[serde(default)]
    pub(super) born_month: String,
    #[serde(default)]
    pub(super) born_day: String,
    #[serde(default)]
    pub(super) born_year: String,
    #[serde(default)]
    pub(super) record_number: String,
    #[serde(default)]
    guardian: String,
    #[serde(default)]
    author: String,
    #[serde(default)]
    from_month: String,
    #[serde(default)]
    from_day: String,
    #[serde(default)]
    from_year: String,
    #[serde(default)]
    to_month: String,
    #[serde(default)]
    to_day: String,
    #[serde(default)]
    to_year: String,
    #[serde(default)]
    pub(super) customer: String,
}

/// Three boxes as a day; nothing when they are not one.
pub(super) fn day(month: &str, day: &str, year: &str) -> Option<Day> {
    Day::read(&format!("{}/{}/{}", month.trim(), day.trim(), year.trim())).ok()
}

impl Typed {
    pub(super) fn search(&self) -> DocumentSearch {
        DocumentSearch {
            text: self.q.clone(),
            last: self.family.clone(),
            first: self.given.clone(),
            born: day(&self.born_month, &self.born_day, &self.born_year),
            record_number: self.record_number.clone(),
            guardian: self.guardian.clone(),
            author: self.author.clone(),
            visit_from: day(&self.from_month, &self.from_day, &self.from_year),
            visit_to: day(&self.to_month, &self.to_day, &self.to_year),
            alike: true,
        }
    }

    pub(super) fn query(&self) -> SearchQuery {
        SearchQuery {
            words: self.q.clone(),
            family: self.family.clone(),
            guardian: self.guardian.clone(),
            given: self.given.clone(),
            born: DateParts {
                month: self.born_month.clone(),
                day: self.born_day.clone(),
                year: self.born_year.clone(),
            },
            record_number: self.record_number.clone(),
            author: self.author.clone(),
            visit_from: DateParts {
                month: self.from_month.clone(),
                day: self.from_day.clone(),
                year: self.from_year.clone(),
            },
            visit_to: DateParts { month: self.to_month.clone(), day: self.to_day.clone(), year: self.to_year.clone() },
        }
    }

    pub(super) fn only(&self) -> Option<CustomerId> {
        self.customer.parse().ok()
    }
}

async fn form(desk: Desk<act::DocumentSearch>) -> Answer {
    let (chrome, _) = frame(&desk, "/search").await?;
    page(&SearchPage {
        chrome,
        query: SearchQuery::default(),
        customers: Vec::new(),
        errors: Errors::none(),
        found: None,
    })
}

async fn search(desk: Desk<act::DocumentSearch>, Form(typed): Form<Typed>) -> Answer {
    let (mut chrome, _) = frame(&desk, "/search").await?;
    let custody = desk.house();
    let wanted = typed.search();
    let found = match desk.document_search(&wanted, typed.only(), None).await {
        Ok(found) => found,
        Err(CustodyError::Input(fields)) => {
            let errors =
                fields.iter().map(|one| FieldError { field: "q".to_owned(), message: one.say.to_owned() }).collect();
            let again =
                SearchPage { chrome, query: typed.query(), customers: Vec::new(), errors: Errors(errors), found: None };
            return Ok(page(&again)?.status(StatusCode::UNPROCESSABLE_ENTITY));
        }
        Err(error) => return Err(error.into()),
    };
    // Patients are asked for beside: by name only, and as an act of its own.
    let beside = desk.beside::<act::PatientSearch>();
    let patients = match beside.patient_search(&wanted, typed.only()).await {
        Ok(found) => found,
        Err(CustodyError::Input(_) | CustodyError::Refused(_)) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    chrome.witness = found.customers.first().map(|lines| witness(custody, "searched", lines.witnessed));
    let rows = rows(custody, &found);
    let patients: Vec<_> = patients
        .iter()
        .flat_map(|lines| lines.lines.iter().map(|line| patient_row(&lines.shown, &lines.customer_name, line)))
        .collect();
    let plural = |many: usize, one: &str| format!("{many} {one}{}", if many == 1 { "" } else { "s" });
    let more = if found.next.is_some() { " (the newest of more)" } else { "" };
    let said = format!("{} and {}{more}", plural(patients.len(), "patient"), plural(rows.len(), "document"));
    let found = Found { said, patients, rows, pager: None, break_glass_href: None };
    page(&SearchPage {
        chrome,
        query: typed.query(),
        customers: Vec::new(),
        errors: Errors::none(),
        found: Some(found),
    })
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn three_boxes_are_a_day_or_nothing() {
        assert_eq!(day("3", " 9", "2017").map(|day| day.to_string()), Some("2017-03-09".to_owned()));
        assert!(day("", "", "").is_none() && day("13", "1", "2017").is_none());
    }
}
