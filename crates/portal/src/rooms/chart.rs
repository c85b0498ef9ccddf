//! Patients: found, shown, made, corrected, imported, linked; and breaking the glass.

use super::documents::rows;
use super::forms::{Why, after_touch, choice, errors_of, mistake};
use super::frame::{flash_of, frame, go, moment, page, witness};
use super::search::{Typed, day};
use super::show::{patient_facts, patient_row, tag};
use crate::door::take::{Fields, Form, Parts, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::accesses::BreakGlassPage;
use crate::pages::parts::{
    Choice, DateParts, DocumentRow, Empty, Errors, Fact, FieldError, How, Link, PageAction, PatientRow, Proposal,
    Weight,
};
use crate::pages::patients::{
    CareRow, ImportRow, ImportStep, PatientForm, PatientFormPage, PatientImportPage, PatientLinkPage, PatientListPage,
    PatientPage,
};
use axum::http::{Method, StatusCode};
use custody::{CustodyError, Desk, DocumentSearch, PatientBody};
use record::document::DocumentState;
use record::{Action, CustomerId, PatientId, Role, act};
use serde::Deserialize;

/// The largest table of patients, bytes.
const TABLE_BYTES_MAX: usize = 16 * 1024 * 1024;

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/patients", Opts::page("Patients").menu(70), list)
        .route(Method::POST, "/patients", Opts::form("Find patients"), find)
        .route(Method::GET, "/patients/new", Opts::page("New patient"), new)
        .route(Method::POST, "/patients/new", Opts::form("Make a patient"), create)
        .route(Method::GET, "/patients/import", Opts::page("Import patients"), import_form)
        .route(Method::POST, "/patients/import", Opts::stream("Import patients"), import)
        .route(Method::GET, "/patients/{pat}", Opts::page("Patient"), show)
        .route(Method::GET, "/patients/{pat}/edit", Opts::page("Correct a patient"), edit)
        .route(Method::POST, "/patients/{pat}/edit", Opts::form("Correct a patient"), change)
        .route(Method::GET, "/patients/{pat}/link", Opts::page("Link a patient"), link_form)
        .route(Method::POST, "/patients/{pat}/link", Opts::form("Link a patient"), link)
        .route(Method::GET, "/patients/{pat}/break-glass", Opts::page("Break the glass"), glass_form)
        .route(Method::POST, "/patients/{pat}/break-glass", Opts::form("Break the glass"), glass)
}

/// What the last act did, by a fixed word.
#[derive(Debug, Clone, Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: Option<String>,
}

/// What records staff can do; with how many records wait to be merged.
async fn list_actions(desk: &Desk<act::PatientSearch>, keeper: bool) -> Result<Vec<PageAction>, Problem> {
    if !keeper {
        return Ok(Vec::new());
    }
    let waiting = match desk.merges_waiting().await? {
        0 => "Records to merge".to_owned(),
        many => format!("Records to merge ({many})"),
    };
    let action = |label: &str, href: &str, weight: Weight| PageAction {
        label: label.to_owned(),
        href: href.to_owned(),
        how: How::Visit,
        weight,
        icon: "",
    };
    Ok(vec![
        action("New patient", "/patients/new", Weight::Primary),
        action("Import from a file", "/patients/import", Weight::Secondary),
        action(&waiting, "/patients/merges", Weight::Secondary),
    ])
}

async fn list(desk: Desk<act::PatientSearch>) -> Answer {
    let (chrome, me) = frame(&desk, "/patients").await?;
    page(&PatientListPage {
        chrome,
        rows: Vec::new(),
        pager: None,
        empty: Empty {
            title: "Find a patient".to_owned(),
            text: "Press / and write a surname, a name with a birth date, or a record number. The whole index is never listed.".to_owned(),
            action: Some(crate::pages::parts::Link { label: "Search".to_owned(), href: "/search".to_owned() }),
        },
        actions: list_actions(&desk, me.is(Role::RecordsStaff)).await?,
    })
}

async fn find(desk: Desk<act::PatientSearch>, Form(typed): Form<Typed>) -> Answer {
    let (mut chrome, me) = frame(&desk, "/patients").await?;
    let found = desk.patient_search(&typed.search(), typed.only()).await?;
    chrome.witness = found.first().map(|lines| witness(desk.house(), "searched", lines.witnessed));
    let rows: Vec<PatientRow> = found
        .iter()
        .flat_map(|lines| lines.lines.iter().map(|line| patient_row(&lines.shown, &lines.customer_name, line)))
        .collect();
    page(&PatientListPage {
        chrome,
        rows,
        pager: None,
        empty: Empty {
            title: "Nobody found".to_owned(),
            text: "Try the first three letters of the surname, or the record number.".to_owned(),
            action: None,
        },
        actions: list_actions(&desk, me.is(Role::RecordsStaff)).await?,
    })
}

async fn show(desk: Desk<act::PatientShow>, Path(id): Path<PatientId>, Query(done): Query<Done>) -> Answer {
    let (mut chrome, me) = frame(&desk, "/patients").await?;
    let shown = match desk.patient_show(id).await {
        Ok(shown) => shown,
        // Somebody of a practice whose patient this may be is shown the one way there is; who is no patient of
        // theirs, and who is nobody's, look alike.
        Err(CustodyError::Refused(_) | CustodyError::Absent) if me.is_any(&[Role::Clinician]) => {
            return go(&format!("/patients/{id}/break-glass"));
        }
        Err(error) => return Err(error.into()),
    };
    let custody = desk.house();
    let beside = desk.beside::<act::DocumentList>();
    let chart = beside.document_chart(shown.customer, id).await?;
    chrome.witness = Some(witness(custody, "opened this", shown.witnessed));
    chrome.flash = flash_of(done.done.as_deref());
    let patient = shown.line.patient.show(&shown.shown);
    let mut actions = Vec::new();
    let mut add = |yes: bool, label: &str, last: &str| {
        if yes {
            actions.push(PageAction {
                label: label.to_owned(),
                href: format!("/patients/{id}/{last}"),
                how: How::Visit,
                weight: Weight::Secondary,
                icon: "",
            });
        }
    };
    let is_here = shown.went_into.is_none();
    add(shown.may.contains(&Action::PatientChange) && is_here, "Correct", "edit");
    let links = shown.may.contains(&Action::PatientLink) && shown.line.provisional && is_here;
    add(links, "Link to a known patient", "link");
    add(shown.may.contains(&Action::PatientMergePropose) && is_here, "Merge with another record", "merge");
    let looks = me.is_any(&[Role::Clinician, Role::RecordsStaff]) && shown.line.broken_glass_until.is_none();
    add(looks && is_here, "See what is restricted", "break-glass");
    let documents = rows(custody, &chart);
    let care = care_of(&documents);
    page(&PatientPage {
        tag: tag(&shown.customer_name),
        name: patient.name(),
        facts: patient_facts(patient),
        provisional: match (shown.line.provisional && is_here, patient.record_number.is_empty()) {
            (false, _) => "",
            (true, true) => "provisional: no record number yet",
            (true, false) => "provisional: no name of their own yet",
        },
        went_into: shown.went_into.map(|into| format!("/patients/{into}")),
        merges: merge_links(&shown),
        related: shown
            .related
            .iter()
            .map(|line| super::related::row(id, shown.may.contains(&Action::RelatedChange), &shown.shown, line))
            .collect(),
        related_new_href: (shown.may.contains(&Action::RelatedCreate) && is_here)
            .then(|| format!("/patients/{id}/related/new")),
        actions,
        documents,
        empty: Empty {
            title: "No documents you may see".to_owned(),
            text: "Documents about this patient appear here once they are delivered.".to_owned(),
            action: None,
        },
        care,
        broken_glass_until: shown.line.broken_glass_until.map(|at| moment(custody, at)),
        chrome,
    })
}

/// The merges of which this record is a part, for whoever may look at them.
fn merge_links(shown: &custody::PatientPage) -> Vec<Link> {
    let may = shown.may.contains(&Action::PatientMergeShow);
    let link = |(at, id): (usize, &record::MergeId)| Link {
        label: format!("Merge {} of this record", at + 1),
        href: format!("/patients/merges/{id}"),
    };
    shown.merges.iter().enumerate().filter(|_| may).map(link).collect()
}

/// Whose documents of this patient are at the practice: they have the patient in their care.
fn care_of(documents: &[DocumentRow]) -> Vec<CareRow> {
    let mut authors: Vec<&str> = documents
        .iter()
        .filter(|row| matches!(row.state, DocumentState::Delivered | DocumentState::Signed))
        .map(|row| row.author.as_str())
        .filter(|author| !author.is_empty())
        .collect();
    authors.sort_unstable();
    let many = |who: &str| authors.iter().filter(|author| **author == who).count();
    let why = |count: usize| {
        if count == 1 { "author of one document".to_owned() } else { format!("author of {count} documents") }
    };
    let mut rows: Vec<CareRow> = authors
        .iter()
        .map(|who| CareRow { who: (*who).to_owned(), role: String::new(), why: why(many(who)) })
        .collect();
    rows.dedup_by(|one, other| one.who == other.who);
    rows
}

/// What was typed about a patient.
#[derive(Clone, Default, Deserialize)]
struct About {
    #[serde(default)]
    family: String,
    #[serde(default)]
    given: String,
    #[serde(default)]
    born_month: String,
    #[serde(default)]
    born_day: String,
    #[serde(default)]
    born_year: String,
    #[serde(default)]
    record_number: String,
    #[serde(default)]
    customer: String,
    /// Of which change the form spoke.
    #[serde(default)]
    revision: String,
}

impl About {
    fn body(&self) -> Result<PatientBody, Problem> {
        let typed = [&self.born_month, &self.born_day, &self.born_year].iter().any(|box_| !box_.trim().is_empty());
        let born = day(&self.born_month, &self.born_day, &self.born_year);
        if typed && born.is_none() {
            return Err(mistake("born_month", "Write the birth date as month, day and year with four digits"));
        }
        Ok(PatientBody {
            last: self.family.clone(),
            first: self.given.clone(),
            middle: String::new(),
            born,
            record_number: self.record_number.clone(),
            sex: String::new(),
        })
    }

    fn form(&self, customers: &[(CustomerId, String)]) -> PatientForm {
        PatientForm {
            family: self.family.clone(),
            given: self.given.clone(),
            born: DateParts {
                month: self.born_month.clone(),
                day: self.born_day.clone(),
                year: self.born_year.clone(),
            },
            record_number: self.record_number.clone(),
            customers: choices(customers, &self.customer),
        }
    }
}

fn choices(customers: &[(CustomerId, String)], chosen: &str) -> Vec<Choice> {
    customers.iter().map(|(id, name)| choice(&id.to_string(), name, chosen)).collect()
}

async fn new(desk: Desk<act::PatientCreate>) -> Answer {
    form_page(&desk, &About::default(), Errors::none()).await
}

async fn form_page(desk: &Desk<act::PatientCreate>, about: &About, errors: Errors) -> Answer {
    let (chrome, me) = frame(desk, "/patients").await?;
    page(&PatientFormPage {
        chrome,
        tag: None,
        form: about.form(&me.customers()),
        action: "/patients/new".to_owned(),
        back: "/patients".to_owned(),
        revision: 0,
        kept: Vec::new(),
        alike: Vec::new(),
        errors,
    })
}

async fn create(desk: Desk<act::PatientCreate>, Form(about): Form<About>) -> Answer {
    let (_, me) = frame(&desk, "/patients").await?;
    let customers = me.customers();
    let customer =
        about.customer.parse().ok().or_else(|| customers.first().map(|(id, _)| *id)).ok_or(Problem::NotHere)?;
    let made = match about.body() {
        Ok(body) => desk.patient_create(customer, &body).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match made {
        Ok(id) => go(&format!("/patients/{id}?done=saved")),
        Err(problem) => match errors_of(&problem) {
            Some(errors) => Ok(form_page(&desk, &about, errors).await?.status(StatusCode::UNPROCESSABLE_ENTITY)),
            None => Err(problem),
        },
    }
}

/// The patient as they are, for the form that corrects them.
struct Known {
    body: PatientBody,
    customer_name: String,
    revision: u64,
}

/// An act of its own.
async fn known(desk: &Desk<act::PatientChange>, id: PatientId) -> Result<Known, Problem> {
    let beside = desk.beside::<act::PatientShow>();
    let shown = beside.patient_show(id).await?;
    let body = shown.line.patient.show(&shown.shown).clone();
    Ok(Known { body, customer_name: shown.customer_name, revision: shown.revision })
}

async fn edit(desk: Desk<act::PatientChange>, Path(id): Path<PatientId>) -> Answer {
    let known = known(&desk, id).await?;
    let body = known.body.clone();
    let about = About {
        family: body.last,
        given: body.first,
        born_month: body.born.map(|day| day.month().to_string()).unwrap_or_default(),
        born_day: body.born.map(|day| day.day().to_string()).unwrap_or_default(),
        born_year: body.born.map(|day| day.year().to_string()).unwrap_or_default(),
        record_number: body.record_number,
        ..About::default()
    };
    edit_page(&desk, (id, &known), &about, Vec::new(), Errors::none()).await
}

async fn edit_page(
    desk: &Desk<act::PatientChange>,
    (id, known): (PatientId, &Known),
    about: &About,
    kept: Vec<Fact>,
    errors: Errors,
) -> Answer {
    let (chrome, _) = frame(desk, "/patients").await?;
    // A form with mistakes goes on speaking of the change it was made from; one that met another's correction shows
    // that, and speaks of it from then on.
    let revision = if errors.is_empty() { known.revision } else { about.revision.parse().unwrap_or(u64::MAX) };
    page(&PatientFormPage {
        chrome,
        tag: Some(tag(&known.customer_name)),
        form: about.form(&[]),
        action: format!("/patients/{id}/edit"),
        back: format!("/patients/{id}"),
        revision,
        kept,
        alike: Vec::new(),
        errors,
    })
}

async fn change(desk: Desk<act::PatientChange>, Path(id): Path<PatientId>, Form(about): Form<About>) -> Answer {
    let known = known(&desk, id).await?;
    let was = known.body.clone();
    // A form that does not say which change it was made from was made from none that is.
    let revision = about.revision.parse().unwrap_or(u64::MAX);
    let changed = match about.body() {
        // What the form does not ask for stays as it was.
        Ok(body) => {
            match desk.patient_change(id, &PatientBody { middle: was.middle, sex: was.sex, ..body }, revision).await {
                Err(CustodyError::Changed) => return changed_meanwhile(&desk, id, &about).await,
                other => other.map_err(Problem::from),
            }
        }
        Err(problem) => Err(problem),
    };
    match changed {
        Ok(_) => go(&format!("/patients/{id}?done=saved")),
        Err(problem) => match errors_of(&problem) {
            Some(errors) => Ok(edit_page(&desk, (id, &known), &about, Vec::new(), errors)
                .await?
                .status(StatusCode::UNPROCESSABLE_ENTITY)),
            None => Err(problem),
        },
    }
}

/// Shows what is kept now beside what was typed; the form then speaks of what it shows.
async fn changed_meanwhile(desk: &Desk<act::PatientChange>, id: PatientId, about: &About) -> Answer {
    let known = known(desk, id).await?;
    let mut kept = vec![Fact { name: "Name".to_owned(), value: known.body.name() }];
    kept.extend(patient_facts(&known.body));
    Ok(edit_page(desk, (id, &known), about, kept, Errors::none()).await?.status(StatusCode::CONFLICT))
}

async fn import_form(desk: Desk<act::PatientImport>) -> Answer {
    let (chrome, me) = frame(&desk, "/patients").await?;
    page(&PatientImportPage {
        chrome,
        step: ImportStep::Choose,
        action: "/patients/import".to_owned(),
        customers: choices(&me.customers(), ""),
        errors: Errors::none(),
    })
}

async fn import(desk: Desk<act::PatientImport>, mut parts: Parts) -> Answer {
    let (chrome, me) = frame(&desk, "/patients").await?;
    let customers = me.customers();
    let mut customer = customers.first().map(|(id, _)| *id);
    let mut table = Vec::new();
    let mut only_check = false;
    let mut authority = String::new();
    while let Some(mut part) = parts.next().await? {
        match part.name() {
            Some("customer") => customer = part.text().await?.parse().ok().or(customer),
            Some("do") => only_check = part.text().await? == "check",
            Some("authority") => authority = part.text().await?.trim().to_owned(),
            Some("file") => {
                while let Some(piece) = part.chunk().await? {
                    if table.len() + piece.len() > TABLE_BYTES_MAX {
                        return Err(Problem::TooLarge);
                    }
                    table.extend_from_slice(&piece);
                }
            }
            _ => drop(part.text().await?),
        }
    }
    let customer = customer.ok_or(Problem::NotHere)?;
    let authority = Some(authority.as_str()).filter(|name| !name.is_empty());
    let report = match desk.patient_import_of(customer, &table, (authority, only_check)).await {
        Ok(report) => report,
        Err(CustodyError::Input(fields)) => {
            let errors = Errors(
                fields
                    .iter()
                    .map(|one| FieldError { field: one.field.to_owned(), message: one.say.to_owned() })
                    .collect(),
            );
            let again = PatientImportPage {
                chrome,
                step: ImportStep::Choose,
                action: "/patients/import".to_owned(),
                customers: choices(&customers, ""),
                errors,
            };
            return Ok(page(&again)?.status(StatusCode::UNPROCESSABLE_ENTITY));
        }
        Err(error) => return Err(error.into()),
    };
    let said = said_of(&report);
    let _ = ImportRow::default();
    page(&PatientImportPage {
        chrome,
        step: ImportStep::Done { said, href: if only_check { "/patients/import" } else { "/patients" }.to_owned() },
        action: "/patients/import".to_owned(),
        customers: Vec::new(),
        errors: Errors::none(),
    })
}

/// What an import did, in words; of what was not taken, at most twenty lines.
fn said_of(report: &custody::ImportReport) -> String {
    let mut said = format!("{} new, {} corrected", report.new, report.changed);
    for (many, what) in [
        (report.passed, "messages came before"),
        (report.older, "older than what is known"),
        (report.other, "messages about something else"),
    ] {
        if many > 0 {
            said = format!("{said}, {many} {what}");
        }
    }
    if report.proposed > 0 {
        let pairs = if report.proposed == 1 { "pair" } else { "pairs" };
        said = format!("{said}; {} {pairs} of records to look at under Records to merge", report.proposed);
    }
    if report.related > 0 {
        said = format!("{said}, {} guardians and guarantors added", report.related);
    }
    if report.related_kept > 0 {
        said = format!(
            "{said}; {} guardians and guarantors left out, because those patients have some already: correct them on the chart",
            report.related_kept
        );
    }
    if !report.rejected.is_empty() {
        let lines: Vec<String> =
            report.rejected.iter().take(20).map(|(line, what)| format!("line {line}: {what}")).collect();
        said = format!("{said}; {} not taken ({})", report.rejected.len(), lines.join("; "));
    }
    said
}

async fn link_form(desk: Desk<act::PatientLink>, Path(id): Path<PatientId>) -> Answer {
    let (chrome, _) = frame(&desk, "/patients").await?;
    let beside = desk.beside::<act::PatientShow>();
    let shown = beside.patient_show(id).await?;
    let patient = shown.line.patient.show(&shown.shown);
    let beside = desk.beside::<act::PatientSearch>();
    let proposals =
        namesakes(&beside, (shown.customer, &patient.last), |line| line.id != id && !line.provisional).await?;
    page(&PatientLinkPage {
        chrome,
        tag: tag(&shown.customer_name),
        name: patient.name(),
        facts: patient_facts(patient),
        proposals,
        action: format!("/patients/{id}/link"),
        back: format!("/patients/{id}"),
        errors: Errors::none(),
    })
}

async fn link(desk: Desk<act::PatientLink>, Path(id): Path<PatientId>, fields: Fields) -> Answer {
    let known: PatientId = fields.one("patient").unwrap_or_default().parse().map_err(|_| Problem::NotHere)?;
    desk.patient_link(id, known).await?;
    go(&format!("/patients/{known}?done=linked"))
}

/// The form says nothing of who this is: names open only once the glass is broken.
async fn glass_page(desk: &Desk<act::BreakGlassStart>, id: PatientId, errors: Errors) -> Answer {
    let (chrome, me) = frame(desk, "/patients").await?;
    let names: Vec<String> = me.customers().into_iter().map(|(_, name)| name).collect();
    page(&BreakGlassPage {
        chrome,
        tag: tag(&names.join(", ")),
        patient: "A patient who is not in your care".to_owned(),
        identifier: String::new(),
        reasons: vec![
            choice("Emergency", "Emergency: the patient needs care now", ""),
            choice("Covering", "I am covering for a colleague", ""),
            choice("Patient asked", "The patient asked me", ""),
        ],
        word: String::new(),
        hours: vec![
            choice("1", "1 hour", "1"),
            choice("2", "2 hours", "1"),
            choice("3", "3 hours", "1"),
            choice("4", "4 hours", "1"),
        ],
        action: format!("/patients/{id}/break-glass"),
        back: "/patients".to_owned(),
        errors,
    })
}

async fn glass_form(desk: Desk<act::BreakGlassStart>, Path(id): Path<PatientId>) -> Answer {
    glass_page(&desk, id, Errors::none()).await
}

/// A reason, and for how many hours.
#[derive(Debug, Clone, Default, Deserialize)]
struct GlassForm {
    #[serde(flatten)]
    why: Why,
    #[serde(default)]
    hours: Option<String>,
}

async fn glass(desk: Desk<act::BreakGlassStart>, Path(id): Path<PatientId>, Form(form): Form<GlassForm>) -> Answer {
    let hours = form.hours.as_deref().and_then(|text| text.parse().ok()).unwrap_or(1);
    let back = format!("/patients/{id}/break-glass");
    match desk.break_glass_start(id, &form.why.text(), hours).await {
        Ok(_) => go(&format!("/patients/{id}?done=glass")),
        Err(error) => {
            let problem = after_touch(error, &back);
            match errors_of(&problem) {
                Some(errors) => Ok(glass_page(&desk, id, errors).await?.status(StatusCode::UNPROCESSABLE_ENTITY)),
                None => Err(problem),
            }
        }
    }
}

/// Patients of a practice with this surname, or one that sounds like it, of whom one is to be chosen.
pub(super) async fn namesakes(
    desk: &Desk<act::PatientSearch>,
    (customer, surname): (CustomerId, &str),
    fits: impl Fn(&custody::PatientLine) -> bool + Send + Sync,
) -> Result<Vec<Proposal>, Problem> {
    let search = DocumentSearch { last: surname.to_owned(), alike: true, ..DocumentSearch::default() };
    let mut proposals = Vec::new();
    for lines in desk.patient_search(&search, Some(customer)).await? {
        for line in lines.lines.iter().filter(|line| fits(line)) {
            let other = line.patient.show(&lines.shown);
            proposals.push(Proposal {
                patient: line.id.to_string(),
                name: other.name(),
                born: other.born.map(record::civil::Day::us).unwrap_or_default(),
                record_number: other.record_number.clone(),
                ..Proposal::default()
            });
        }
    }
    Ok(proposals)
}
