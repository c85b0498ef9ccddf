//! Who opened what: my last accesses, the practice's review, broken glasses and their reviews.

use super::frame::{flash_of, frame, go, moment, page, thousands, with_done, witness};
use super::show::{born, done, tag};
use crate::door::take::{Fields, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::accesses::{
    AccessReviewPage, BreakGlassListPage, BreakGlassReviewPage, DayCount, GlassRow, MyAccessesPage,
};
use crate::pages::parts::{AccessRow, Choice, Empty, Errors, Pager, Tone};
use axum::http::Method;
use custody::{AccessLine, Desk, GlassLine, GlassLines, HouseView, NamedPatients};
use record::{BreakGlassId, CustomerId, Outcome, PersonId, act};
use serde::Deserialize;
use std::collections::BTreeMap;

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/me/accesses", Opts::page("My last accesses"), mine)
        .route(Method::GET, "/accesses", Opts::page("Accesses").menu(100), review_first)
        .route(Method::GET, "/customers/{cus}/accesses", Opts::page("Accesses of a customer"), review)
        .route(Method::POST, "/customers/{cus}/accesses", Opts::form("Accesses of one person"), review_person)
        .route(Method::GET, "/break-glass", Opts::page("Broken glass").menu(110), glasses_first)
        .route(Method::GET, "/customers/{cus}/break-glass", Opts::page("Broken glass of a customer"), glasses)
        .route(Method::GET, "/customers/{cus}/break-glass/{brk}", Opts::page("Review of a broken glass"), glass)
        .route(Method::POST, "/break-glass/{brk}/review", Opts::form("Close a review"), glass_review)
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Which {
    #[serde(default)]
    before: Option<u64>,
    #[serde(default)]
    done: Option<String>,
}

fn row(custody: &HouseView, names: &[NamedPatients], line: &AccessLine) -> AccessRow {
    let known = names.iter().find_map(|names| {
        let patient = names.patients.get(&line.patient?)?;
        Some(patient.show(&names.shown))
    });
    let refused = line.line.outcome == Outcome::Refused;
    let about = match (&known, line.document, line.named) {
        (Some(patient), _, _) => patient.name(),
        (None, Some(_), _) => "a document".to_owned(),
        (None, None, 0) => String::new(),
        (None, None, 1) => "one record".to_owned(),
        (None, None, many) => format!("{many} records"),
    };
    AccessRow {
        at: moment(custody, line.line.at),
        who: line.line.who.clone(),
        role: line.line.role.clone(),
        what: done(line.line.action).to_owned(),
        about,
        identifier: known.map(born).unwrap_or_default(),
        href: line.document.filter(|_| known.is_some()).map(|id| format!("/documents/{id}")).unwrap_or_default(),
        tag: line.customer.as_ref().map(|(_, name)| tag(name)),
        outcome: line.line.outcome.as_str().to_owned(),
        tone: if refused { Tone::Danger } else { Tone::Plain },
        entry: thousands(line.line.index),
        broken_glass: line.line.broken_glass,
    }
}

async fn mine(desk: Desk<act::AccessList>) -> Answer {
    let (mut chrome, _) = frame(&desk, "/me/accesses").await?;
    let accesses = desk.access_list().await?;
    let custody = desk.house();
    chrome.witness = accesses.names.first().map(|names| witness(custody, "opened this list", names.witnessed));
    page(&MyAccessesPage {
        chrome,
        rows: accesses.lines.iter().map(|line| row(custody, &accesses.names, line)).collect(),
        empty: Empty {
            title: "Nothing yet".to_owned(),
            text: "Whatever you open appears here, with its entry in the ledger.".to_owned(),
            action: None,
        },
    })
}

/// The customer whose people one answers for: the first of one's own, or the first that an officer may know of.
async fn first_customer<A: record::Act>(desk: &Desk<A>) -> Result<CustomerId, Problem> {
    let (_, me) = frame(desk, "/").await?;
    if let Some((id, _)) = me.customers().first() {
        return Ok(*id);
    }
    let beside = desk.beside::<act::CustomerList>();
    let lines = beside.customer_list().await?;
    lines.lines.first().map(|line| line.id).ok_or(Problem::NotHere)
}

async fn review_first(desk: Desk<act::AccessReview>) -> Answer {
    let customer = first_customer(&desk).await?;
    go(&format!("/customers/{customer}/accesses"))
}

async fn review(desk: Desk<act::AccessReview>, Path(customer): Path<CustomerId>, Query(which): Query<Which>) -> Answer {
    review_page(desk, customer, None, which.before).await
}

async fn review_person(desk: Desk<act::AccessReview>, Path(customer): Path<CustomerId>, fields: Fields) -> Answer {
    let person = fields.one("person").and_then(|text| text.parse().ok());
    review_page(desk, customer, person, None).await
}

async fn review_page(
    desk: Desk<act::AccessReview>,
    customer: CustomerId,
    person: Option<PersonId>,
    before: Option<u64>,
) -> Answer {
    let (mut chrome, _) = frame(&desk, "/accesses").await?;
    let (accesses, people) = desk.access_review(customer, person, before).await?;
    let custody = desk.house();
    chrome.witness = accesses.witnessed.map(|witnessed| witness(custody, "opened this list", witnessed));
    let path = format!("/customers/{customer}/accesses");
    let mut days: BTreeMap<String, u32> = BTreeMap::new();
    for line in &accesses.lines {
        *days.entry(custody.settings().day_of(line.line.at)).or_default() += 1;
    }
    let usual = median(&days.values().copied().collect::<Vec<_>>());
    let rows: Vec<AccessRow> = accesses.lines.iter().map(|line| row(custody, &accesses.names, line)).collect();
    let everybody =
        Choice { value: String::new(), label: "Everybody".to_owned(), hint: String::new(), selected: person.is_none() };
    let one = |(id, name): (PersonId, String)| Choice {
        value: id.to_string(),
        label: name,
        hint: String::new(),
        selected: person == Some(id),
    };
    page(&AccessReviewPage {
        chrome,
        tag: tag(&custody.customer_name(customer).await?),
        people: std::iter::once(everybody).chain(people.into_iter().map(one)).collect(),
        action: path.clone(),
        said: format!("{} accesses on this page", rows.len()),
        days: days
            .into_iter()
            .map(|(day, count)| DayCount { unusual: usual > 0 && count > 3 * usual, day, count })
            .collect(),
        pager: accesses.next.map(|next| Pager {
            text: format!("{} shown, newest first", rows.len()),
            previous: before.map(|_| path.clone()),
            next: Some(format!("{path}?before={next}")),
            again: Vec::new(),
        }),
        rows,
        empty: Empty {
            title: "No accesses yet".to_owned(),
            text: "Who opens what of this practice appears here.".to_owned(),
            action: None,
        },
        errors: Errors::none(),
    })
}

fn median(counts: &[u32]) -> u32 {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

fn glass_row(custody: &HouseView, lines: &GlassLines, line: &GlassLine) -> GlassRow {
    let (state, tone) = match &line.review {
        Some((at, who, verdict)) => {
            let word = if verdict == "justified" { "Justified" } else { "Not justified" };
            let tone = if verdict == "justified" { Tone::Good } else { Tone::Danger };
            (format!("{word}, {who}, {}", custody.settings().time_of(*at)), tone)
        }
        None => ("Review is open".to_owned(), Tone::Due),
    };
    GlassRow {
        href: format!("/customers/{}/break-glass/{}", lines.customer, line.id),
        who: line.who.clone(),
        role: String::new(),
        patient: line.patient.to_string(),
        identifier: String::new(),
        reason: line.reason.show(&lines.shown).clone(),
        from: moment(custody, line.from_at),
        until: moment(custody, line.to_at),
        opened: u32::try_from(line.opened.len()).unwrap_or(u32::MAX),
        state,
        tone,
        tag: tag(&lines.customer_name),
    }
}

async fn glasses_first(desk: Desk<act::BreakGlassList>, Query(which): Query<Which>) -> Answer {
    let customer = first_customer(&desk).await?;
    go(&with_done(&format!("/customers/{customer}/break-glass"), which.done.as_deref()))
}

async fn glasses(
    desk: Desk<act::BreakGlassList>,
    Path(customer): Path<CustomerId>,
    Query(which): Query<Which>,
) -> Answer {
    let (mut chrome, _) = frame(&desk, "/break-glass").await?;
    let lines = desk.break_glass_list(customer).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "opened this list", lines.witnessed));
    chrome.flash = flash_of(which.done.as_deref());
    page(&BreakGlassListPage {
        chrome,
        rows: lines.lines.iter().map(|line| glass_row(custody, &lines, line)).collect(),
        empty: Empty { title: "No glass was broken".to_owned(), text: "When somebody opens the record of a patient who is not in their care, it appears here and must be reviewed.".to_owned(), action: None },
    })
}

async fn glass(
    desk: Desk<act::BreakGlassList>,
    crate::door::take::Path2(customer, id): crate::door::take::Path2<CustomerId, BreakGlassId>,
) -> Answer {
    let (mut chrome, _) = frame(&desk, "/break-glass").await?;
    let lines = desk.break_glass_list(customer).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "opened this", lines.witnessed));
    let line = lines.lines.iter().find(|line| line.id == id).ok_or(Problem::NotHere)?;
    let glass = glass_row(custody, &lines, line);
    let open = line.review.is_none() && !line.own;
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        hint: String::new(),
        selected: false,
    };
    page(&BreakGlassReviewPage {
        chrome,
        closed: match (&line.review, line.own) {
            (Some(_), _) => Some(glass.state.clone()),
            (None, true) => Some("You broke this glass yourself; somebody else must review it.".to_owned()),
            (None, false) => None,
        },
        glass,
        opened: line.opened.iter().map(|one| row(custody, &[], one)).collect(),
        verdicts: if open {
            vec![choice("justified", "Justified"), choice("not_justified", "Not justified: it ends now")]
        } else {
            Vec::new()
        },
        word: String::new(),
        action: format!("/break-glass/{id}/review"),
        errors: Errors::none(),
    })
}

async fn glass_review(desk: Desk<act::BreakGlassReview>, Path(id): Path<BreakGlassId>, fields: Fields) -> Answer {
    let justified = match fields.one("verdict") {
        Some("justified") => true,
        Some("not_justified") => false,
        _ => {
            return Err(Problem::Invalid(vec![crate::door::FieldProblem {
                field: "verdict",
                sentence: "Choose how it is judged".to_owned(),
            }]));
        }
    };
    desk.break_glass_review(id, justified, fields.one("word").unwrap_or_default()).await?;
    go("/break-glass?done=reviewed")
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_usual_day_is_the_middle_one() {
        assert_eq!((median(&[]), median(&[9]), median(&[1, 2, 100])), (0, 9, 2));
    }
}
