//! People around a patient: guardians and guarantors, put beside one, corrected, ended by a date.

use super::forms::{choice, errors_of, mistake};
use super::frame::{frame, go, page, witness};
use super::search::day;
use super::show::{patient_facts, tag};
use crate::door::take::{Form, Path, Path2};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::parts::{DateParts, Errors, Fact};
use crate::pages::related::{RelatedFormPage, RelatedRow, RelatedTyped};
use axum::http::{Method, StatusCode};
use custody::{CustodyError, Desk, RelatedBody, RelatedForm, RelatedLine, Shown};
use record::civil::Day;
use record::{PatientId, RelatedKind, RelatedPersonId, act};
use serde::Deserialize;

pub(super) fn routes(locked: Locked) -> Locked {
    let (put, correct) = ("Put somebody beside a patient", "Correct somebody around a patient");
    locked
        .route(Method::GET, "/patients/{pat}/related/new", Opts::page(put), new)
        .route(Method::POST, "/patients/{pat}/related/new", Opts::form(put), create)
        .route(Method::GET, "/patients/{pat}/related/{rel}", Opts::page(correct), edit)
        .route(Method::POST, "/patients/{pat}/related/{rel}", Opts::form(correct), change)
}

/// What was typed about a guardian or guarantor.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Typed {
    kind: String,
    family: String,
    given: String,
    relation: String,
    phone: String,
    address: String,
    may_consent: String,
    may_pick_up: String,
    court_order: String,
    from_month: String,
    from_day: String,
    from_year: String,
    to_month: String,
    to_day: String,
    to_year: String,
    /// Of which change the form spoke.
    revision: String,
}

/// A day in three boxes: none when all are empty, a mistake when they are none.
fn boxes(field: &'static str, parts: [&String; 3]) -> Result<Option<Day>, Problem> {
    if parts.iter().all(|part| part.trim().is_empty()) {
        return Ok(None);
    }
    let [month, of_month, year] = parts;
    day(month, of_month, year)
        .map(Some)
        .ok_or_else(|| mistake(field, "Write the date as month, day and year with four digits"))
}

impl Typed {
    fn body(&self) -> Result<RelatedBody, Problem> {
        Ok(RelatedBody {
            last: self.family.clone(),
            first: self.given.clone(),
            relation: self.relation.clone(),
            telephone: self.phone.clone(),
            address: self.address.clone(),
            may_consent: !self.may_consent.is_empty(),
            may_pick_up: !self.may_pick_up.is_empty(),
            court_order: self.court_order.clone(),
            from: boxes("from", [&self.from_month, &self.from_day, &self.from_year])?,
            to: boxes("to", [&self.to_month, &self.to_day, &self.to_year])?,
        })
    }

    fn of(body: &RelatedBody) -> Self {
        let parts = |day: Option<Day>| {
            day.map_or_else(Default::default, |day| {
                (day.month().to_string(), day.day().to_string(), day.year().to_string())
            })
        };
        let ((from_month, from_day, from_year), (to_month, to_day, to_year)) = (parts(body.from), parts(body.to));
        let tick = |yes: bool| if yes { "yes".to_owned() } else { String::new() };
        Self {
            family: body.last.clone(),
            given: body.first.clone(),
            relation: body.relation.clone(),
            phone: body.telephone.clone(),
            address: body.address.clone(),
            may_consent: tick(body.may_consent),
            may_pick_up: tick(body.may_pick_up),
            court_order: body.court_order.clone(),
            from_month,
            from_day,
            from_year,
            to_month,
            to_day,
            to_year,
            ..Self::default()
        }
    }

    fn form(&self) -> RelatedTyped {
        let date = |month: &String, day: &String, year: &String| DateParts {
            month: month.clone(),
            day: day.clone(),
            year: year.clone(),
        };
        RelatedTyped {
            family: self.family.clone(),
            given: self.given.clone(),
            relation: self.relation.clone(),
            phone: self.phone.clone(),
            address: self.address.clone(),
            may_consent: !self.may_consent.is_empty(),
            may_pick_up: !self.may_pick_up.is_empty(),
            court_order: self.court_order.clone(),
            from: date(&self.from_month, &self.from_day, &self.from_year),
            to: date(&self.to_month, &self.to_day, &self.to_year),
        }
    }
}

fn authority(body: &RelatedBody) -> String {
    let may = [(body.may_consent, "may consent to treatment"), (body.may_pick_up, "may pick up records")];
    may.into_iter().filter(|(yes, _)| *yes).map(|(_, what)| what).collect::<Vec<_>>().join(", ")
}

fn dates(body: &RelatedBody) -> String {
    match (body.from, body.to) {
        (None, None) => String::new(),
        (Some(from), None) => format!("from {}", from.us()),
        (None, Some(to)) => format!("until {}", to.us()),
        (Some(from), Some(to)) => format!("{} to {}", from.us(), to.us()),
    }
}

/// Somebody around a patient as a row on the patient's page.
pub(super) fn row(patient: PatientId, may_change: bool, shown: &Shown, line: &RelatedLine) -> RelatedRow {
    let body = line.body.show(shown);
    let says = authority(body);
    RelatedRow {
        name: body.name(),
        kind: line.kind.label().to_owned(),
        relation: body.relation.clone(),
        phone: body.telephone.clone(),
        address: body.address.clone(),
        authority: match (line.kind, says.is_empty()) {
            (RelatedKind::Guarantor, _) => String::new(),
            (RelatedKind::Guardian, true) => "no authority written down".to_owned(),
            (RelatedKind::Guardian, false) => says,
        },
        court_order: body.court_order.clone(),
        dates: dates(body),
        not_in_force: !line.in_force,
        change_href: if may_change { format!("/patients/{patient}/related/{}", line.id) } else { String::new() },
    }
}

/// What is kept, for whoever met another's change.
fn kept(line: &RelatedLine, shown: &Shown) -> Vec<Fact> {
    let body = line.body.show(shown);
    let mut facts: Vec<Fact> = [
        ("Name", body.name()),
        ("Relation", body.relation.clone()),
        ("Telephone", body.telephone.clone()),
        ("Address", body.address.clone()),
        ("May", authority(body)),
        ("Court order", body.court_order.clone()),
        ("Dates", dates(body)),
    ]
    .into_iter()
    .map(|(name, value)| Fact { name: name.to_owned(), value })
    .collect();
    facts.retain(|fact| !fact.value.is_empty());
    facts
}

fn kinds(chosen: &str) -> Vec<crate::pages::parts::Choice> {
    let mut guardian = choice("guardian", "Guardian", chosen);
    "Speaks for the patient: a parent, or whom a court has put in that place.".clone_into(&mut guardian.hint);
    let mut guarantor = choice("guarantor", "Guarantor", chosen);
    "Pays; has no say over the records by that.".clone_into(&mut guarantor.hint);
    vec![guardian, guarantor]
}

async fn new_page(desk: &Desk<act::RelatedCreate>, id: PatientId, typed: &Typed, errors: Errors) -> Answer {
    let (mut chrome, _) = frame(desk, "/patients").await?;
    let around = desk.related_look(id).await?;
    chrome.witness = Some(witness(desk.house(), "opened this", around.witnessed));
    let patient = around.patient.show(&around.shown);
    let chosen = if typed.kind.is_empty() { "guardian" } else { typed.kind.as_str() };
    page(&RelatedFormPage {
        chrome,
        tag: tag(&around.customer_name),
        patient: patient.name(),
        facts: patient_facts(patient),
        kinds: kinds(chosen),
        form: typed.form(),
        has_say: true,
        kept: Vec::new(),
        revision: 0,
        action: format!("/patients/{id}/related/new"),
        back: format!("/patients/{id}"),
        errors,
    })
}

async fn new(desk: Desk<act::RelatedCreate>, Path(id): Path<PatientId>) -> Answer {
    new_page(&desk, id, &Typed::default(), Errors::none()).await
}

async fn create(desk: Desk<act::RelatedCreate>, Path(id): Path<PatientId>, Form(typed): Form<Typed>) -> Answer {
    let kind = typed.kind.parse::<RelatedKind>();
    let made = match (typed.body(), kind) {
        (Ok(body), Ok(kind)) => desk.related_create(id, kind, &body).await.map_err(Problem::from),
        (Err(problem), _) => Err(problem),
        (_, Err(_)) => Err(mistake("kind", "Choose guardian or guarantor")),
    };
    match made {
        Ok(_) => go(&format!("/patients/{id}?done=saved")),
        Err(problem) => match errors_of(&problem) {
            Some(errors) => Ok(new_page(&desk, id, &typed, errors).await?.status(StatusCode::UNPROCESSABLE_ENTITY)),
            None => Err(problem),
        },
    }
}

/// How the form for a correction comes back.
enum Again {
    /// As it stands, opened for the first time.
    Fresh,
    /// With mistakes; it goes on speaking of the change it was made from.
    Mistakes(Typed, Errors),
    /// Beside what somebody else has kept meanwhile; it speaks of that from then on.
    Changed(Typed),
}

async fn edit_page(
    desk: &Desk<act::RelatedChange>,
    (id, who): (PatientId, RelatedPersonId),
    again: Again,
) -> Result<(RelatedFormPage, StatusCode), Problem> {
    let (mut chrome, _) = frame(desk, "/patients").await?;
    let around: RelatedForm = desk.related_look(id).await?;
    let line = around.related.iter().find(|one| one.id == who).ok_or(Problem::NotHere)?;
    chrome.witness = Some(witness(desk.house(), "opened this", around.witnessed));
    let patient = around.patient.show(&around.shown);
    let (typed, errors, kept, revision, status) = match again {
        Again::Fresh => {
            let typed = Typed::of(line.body.show(&around.shown));
            (typed, Errors::none(), Vec::new(), line.revision, StatusCode::OK)
        }
        Again::Mistakes(typed, errors) => {
            let revision = typed.revision.parse().unwrap_or(u64::MAX);
            (typed, errors, Vec::new(), revision, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Again::Changed(typed) => {
            (typed, Errors::none(), kept(line, &around.shown), line.revision, StatusCode::CONFLICT)
        }
    };
    let page = RelatedFormPage {
        chrome,
        tag: tag(&around.customer_name),
        patient: patient.name(),
        facts: patient_facts(patient),
        kinds: Vec::new(),
        form: typed.form(),
        has_say: line.kind == RelatedKind::Guardian,
        kept,
        revision,
        action: format!("/patients/{id}/related/{who}"),
        back: format!("/patients/{id}"),
        errors,
    };
    Ok((page, status))
}

async fn edit(desk: Desk<act::RelatedChange>, path: Path2<PatientId, RelatedPersonId>) -> Answer {
    let (filled, status) = edit_page(&desk, (path.0, path.1), Again::Fresh).await?;
    Ok(page(&filled)?.status(status))
}

async fn change(
    desk: Desk<act::RelatedChange>,
    path: Path2<PatientId, RelatedPersonId>,
    Form(typed): Form<Typed>,
) -> Answer {
    let (id, who) = (path.0, path.1);
    // A form that does not say which change it was made from was made from none that is.
    let revision = typed.revision.parse().unwrap_or(u64::MAX);
    let changed = match typed.body() {
        Ok(body) => desk.related_change(id, who, &body, revision).await,
        Err(problem) => return mistaken(&desk, (id, who), typed, problem).await,
    };
    match changed {
        Ok(()) => go(&format!("/patients/{id}?done=saved")),
        Err(CustodyError::Changed) => {
            let (filled, status) = edit_page(&desk, (id, who), Again::Changed(typed)).await?;
            Ok(page(&filled)?.status(status))
        }
        Err(error) => mistaken(&desk, (id, who), typed, error.into()).await,
    }
}

async fn mistaken(
    desk: &Desk<act::RelatedChange>,
    ids: (PatientId, RelatedPersonId),
    typed: Typed,
    problem: Problem,
) -> Answer {
    let Some(errors) = errors_of(&problem) else { return Err(problem) };
    let (filled, status) = edit_page(desk, ids, Again::Mistakes(typed, errors)).await?;
    Ok(page(&filled)?.status(status))
}
