//! Whose a document is: a person says it, from what we propose or from a search; and says it anew for one that was withdrawn.

use super::document::{From, opened_so_far};
use super::forms::{beside, mistake};
use super::frame::{frame, go, page, witness};
use super::show::{born, patient_facts, tag};
use crate::door::take::{Fields, Form, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::document::{MatchPage, MovePage};
use crate::pages::parts::{Agrees, DateParts, DocumentBrief, Errors, Fact, FieldError, Proposal, Reason, Tone};
use axum::http::{Method, StatusCode};
use custody::{Agreement, Agreements, CustodyError, Desk, Fit, MatchDesk, MatchTo, Slip};
use record::{CustomerId, DocumentId, PatientId, act};
use serde::Deserialize;

/// People of a document's heading whose names are shown.
const NAMES_SHOWN: usize = 4;

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/documents/{doc}/match", Opts::page("Match"), match_look)
        .route(Method::POST, "/documents/{doc}/match", Opts::form("Match"), match_to)
        .route(Method::GET, "/documents/{doc}/move", Opts::page("Move"), move_form)
        .route(Method::POST, "/documents/{doc}/move", Opts::form("Move"), move_to)
}

fn fit_in_words(fit: Fit) -> (&'static str, Tone) {
    match fit {
        Fit::Fits => ("Fits", Tone::Good),
        Fit::MayFit => ("May fit", Tone::Due),
        Fit::HardlyFits => ("Hardly fits", Tone::Plain),
    }
}

/// What agrees, what nearly does, and what does not; what is not said is left out.
fn reasons(of: &Agreements) -> Vec<Reason> {
    let all = [("surname", of.family), ("given name", of.given), ("birth date", of.born), ("record number", of.number)];
    all.into_iter()
        .filter_map(|(name, agreement)| match agreement {
            Agreement::Unknown => None,
            Agreement::Same => Some(Reason { text: name.to_owned(), agrees: Agrees::Yes }),
            Agreement::Nearly(slip) => {
                Some(Reason { text: format!("{name}: {}", slip_in_words(slip)), agrees: Agrees::Nearly })
            }
            Agreement::Differs => Some(Reason { text: name.to_owned(), agrees: Agrees::No }),
        })
        .collect()
}

fn slip_in_words(slip: Slip) -> &'static str {
    match slip {
        Slip::PartOfName => "a part of it",
        Slip::Spelling => "spelt otherwise",
        Slip::ShortForm => "a short form",
        Slip::Initial => "an initial",
        Slip::MiddleName => "a middle name",
        Slip::Newborn => "a newborn without a name",
        Slip::DayAndMonth => "day and month swapped",
        Slip::OneDigit => "one digit differs",
    }
}

/// Who is proposed; chosen is who was before, or who alone fits.
fn proposals(found: &MatchDesk, before: &str) -> Vec<Proposal> {
    let chosen = |id: PatientId| match before {
        "" => found.fits == Some(id),
        patient => patient == id.to_string(),
    };
    let proposal = |one: &custody::Proposal| {
        let patient = one.patient.show(&found.shown);
        let (fit, fit_tone) = fit_in_words(one.fit);
        Proposal {
            patient: one.id.to_string(),
            name: patient.name(),
            born: patient.born.map(record::civil::Day::us).unwrap_or_default(),
            record_number: patient.record_number.clone(),
            fit,
            fit_tone,
            reasons: reasons(&one.agreements),
            selected: chosen(one.id),
        }
    };
    found.proposals.iter().map(proposal).collect()
}

/// The page that asks whose document it is: what we propose, and who was found by what was typed.
async fn match_page(desk: &Desk<act::DocumentMatch>, id: DocumentId, form: &MoveForm, mut errors: Errors) -> Answer {
    let (mut chrome, me) = frame(desk, "/unmatched").await?;
    let found = desk.document_match_look(id).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "opened this", found.witnessed));
    let shown = &found.shown;
    let body = found.body.show(shown);
    let mut says = vec![Fact { name: "Patient".to_owned(), value: body.said.name() }];
    says.extend(patient_facts(&body.said));
    says.extend(body.visit.map(|day| Fact { name: "Visit".to_owned(), value: day.us() }));
    let author = if found.author_name.is_empty() { body.said_author.clone() } else { found.author_name.clone() };
    says.push(Fact { name: "Author".to_owned(), value: author.clone() });
    let matched = found.proposals.iter().find(|one| Some(one.id) == found.matched);
    says.extend(matched.map(|one| Fact { name: "Matched to".to_owned(), value: one.patient.show(shown).name() }));
    says.retain(|fact| !fact.value.is_empty());
    // Whom its heading names is told where it is not what was said already.
    let names = found.version.as_ref().map(|version| version.show(shown).names(NAMES_SHOWN)).unwrap_or_default();
    if names.iter().any(|name| *name != body.said.name()) {
        says.push(Fact { name: "Its text names".to_owned(), value: names.join("; ") });
    }
    let mut proposals = proposals(&found, &form.patient);
    let looked_for = found_patients(desk, form, Some(found.customer)).await?;
    if form.is_filled() && looked_for.is_empty() {
        errors.0.push(nobody_found());
    }
    proposals.extend(
        looked_for.into_iter().filter(|one| !found.proposals.iter().any(|known| known.id.to_string() == one.patient)),
    );
    page(&MatchPage {
        document: DocumentBrief {
            // Records staff name the patient first; only then is the text theirs to read.
            href: if me.is(record::Role::QaEditor) { format!("/documents/{id}") } else { String::new() },
            title: if body.title.is_empty() { "Document".to_owned() } else { body.title.clone() },
            patient: body.said.name(),
            identifier: born(&body.said),
            author,
            state: found.state,
            tag: tag(&found.customer_name),
        },
        says,
        proposals,
        action: format!("/documents/{id}/match"),
        revision: found.revision,
        look_action: format!("/documents/{id}/match"),
        family: form.family.clone(),
        given: form.given.clone(),
        born: form.born(),
        record_number: form.record_number.clone(),
        provisional_action: Some(format!("/documents/{id}/match")),
        errors,
        chrome,
    })
}

async fn match_look(desk: Desk<act::DocumentMatch>, Path(id): Path<DocumentId>) -> Answer {
    match_page(&desk, id, &MoveForm::default(), Errors::none()).await
}

async fn match_to(desk: Desk<act::DocumentMatch>, Path(id): Path<DocumentId>, fields: Fields) -> Answer {
    let text = |name: &str| fields.one(name).unwrap_or_default().to_owned();
    let author = fields.one("author").and_then(|text| text.parse().ok());
    let to = match (text("do").as_str(), text("patient").as_str()) {
        ("provisional", _) => MatchTo::Provisional,
        ("find", _) => {
            let form = MoveForm {
                family: text("family"),
                given: text("given"),
                born_month: text("born_month"),
                born_day: text("born_day"),
                born_year: text("born_year"),
                record_number: text("record_number"),
                ..MoveForm::default()
            };
            return match_page(&desk, id, &form, Errors::none()).await;
        }
        (_, "") => {
            let choose = FieldError {
                field: "patient".to_owned(),
                message: "Choose the patient whose document it is".to_owned(),
            };
            let page = match_page(&desk, id, &MoveForm::default(), Errors(vec![choose])).await?;
            return Ok(page.status(StatusCode::UNPROCESSABLE_ENTITY));
        }
        (_, patient) => MatchTo::Patient(patient.parse::<PatientId>().map_err(|_| Problem::NotHere)?),
    };
    // A form that does not say which change it was made from was made from none that is.
    let revision = fields.one("revision").and_then(|text| text.parse().ok()).unwrap_or(u64::MAX);
    match desk.document_match(id, to, author, revision).await {
        Ok(_) => go("/unmatched?done=matched"),
        Err(CustodyError::Changed) => {
            let said = FieldError {
                field: "patient".to_owned(),
                message: "Somebody else has changed this document since you opened it. Look, and choose again"
                    .to_owned(),
            };
            let form = MoveForm { patient: text("patient"), ..MoveForm::default() };
            Ok(match_page(&desk, id, &form, Errors(vec![said])).await?.status(StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

/// Where a withdrawn document goes.
#[derive(Debug, Clone, Default, Deserialize)]
struct MoveForm {
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
    patient: String,
    #[serde(default)]
    reason: String,
    #[serde(default, rename = "do")]
    what: String,
}

impl MoveForm {
    /// Whether somebody was looked for.
    fn is_filled(&self) -> bool {
        !self.family.is_empty() || !self.record_number.is_empty()
    }

    fn born(&self) -> DateParts {
        DateParts { month: self.born_month.clone(), day: self.born_day.clone(), year: self.born_year.clone() }
    }
}

fn nobody_found() -> FieldError {
    FieldError {
        field: "family".to_owned(),
        message: "Nobody of this name was found; try the record number".to_owned(),
    }
}

/// The patients that fit what was typed: a search, which is an act of its own.
async fn found_patients<A: record::Act>(
    desk: &Desk<A>,
    form: &MoveForm,
    customer: Option<CustomerId>,
) -> Result<Vec<Proposal>, Problem> {
    if !form.is_filled() {
        return Ok(Vec::new());
    }
    let search = custody::DocumentSearch {
        last: form.family.clone(),
        first: form.given.clone(),
        record_number: form.record_number.clone(),
        born: super::search::day(&form.born_month, &form.born_day, &form.born_year),
        alike: true,
        ..custody::DocumentSearch::default()
    };
    let mut found = Vec::new();
    for lines in beside::<_, act::PatientSearch>(desk).patient_search(&search, customer).await? {
        for line in &lines.lines {
            let patient = line.patient.show(&lines.shown);
            found.push(Proposal {
                patient: line.id.to_string(),
                name: patient.name(),
                born: patient.born.map(record::civil::Day::us).unwrap_or_default(),
                record_number: patient.record_number.clone(),
                ..Proposal::default()
            });
        }
    }
    Ok(found)
}

async fn move_page(desk: &Desk<act::DocumentMove>, id: DocumentId, form: &MoveForm, from: From) -> Answer {
    let tag_of = desk.document_could(id).await?;
    let (chrome, _) = frame(desk, "/documents").await?;
    let mut errors = Errors::none();
    // Only a patient of the same practice can be its patient.
    let proposals = found_patients(desk, form, Some(tag_of.customer)).await?;
    if form.is_filled() && proposals.is_empty() {
        errors.0.push(nobody_found());
    }
    page(&MovePage {
        chrome,
        document: DocumentBrief {
            href: from.back(id),
            title: "The withdrawn document".to_owned(),
            patient: String::new(),
            identifier: String::new(),
            author: String::new(),
            state: tag_of.state,
            tag: tag(&tag_of.customer_name),
        },
        customers: Vec::new(),
        proposals,
        family: form.family.clone(),
        given: form.given.clone(),
        born: form.born(),
        record_number: form.record_number.clone(),
        reason: form.reason.clone(),
        opened: opened_so_far(desk, id).await?,
        action: from.form(id, "move"),
        errors,
    })
}

async fn move_form(desk: Desk<act::DocumentMove>, Path(id): Path<DocumentId>, Query(from): Query<From>) -> Answer {
    move_page(&desk, id, &MoveForm::default(), from).await
}

async fn move_to(
    desk: Desk<act::DocumentMove>,
    Path(id): Path<DocumentId>,
    Query(from): Query<From>,
    Form(form): Form<MoveForm>,
) -> Answer {
    if form.what != "move" {
        return Ok(move_page(&desk, id, &form, from).await?.status(StatusCode::OK));
    }
    let to: PatientId = form.patient.parse().map_err(|_| mistake("patient", "Choose the right patient"))?;
    desk.document_move(id, to, &form.reason).await?;
    from.on("moved", &format!("/documents/{id}"))
}
