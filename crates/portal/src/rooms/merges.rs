//! Two records that are said to be one patient's: what waits, both side by side, decided, taken back, said by hand.

use super::chart::namesakes;
use super::forms::{after_touch, choice, errors_of, mistake};
use super::frame::{flash_of, frame, go, moment, page, witness};
use super::show::{patient_facts, tag};
use crate::door::take::{Fields, Form, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::merges::{MergeListPage, MergeNewPage, MergePage, MergePlace, MergeRow, MergeStep, PairRow};
use crate::pages::parts::{Empty, Errors, Fact, Hidden};
use axum::http::{Method, StatusCode};
use custody::{CustodyError, Desk, DocumentSearch, HouseView, MergeDesk, MergeLines, MergeSide, PatientBody};
use record::merge::{MergeCause, MergeState};
use record::{Action, MergeId, PatientId, RelatedKind, act};
use serde::Deserialize;

pub(super) fn routes(locked: Locked) -> Locked {
    let say = "Say that two records are one patient's";
    locked
        .route(Method::GET, "/patients/merges", Opts::page("Records to merge"), list)
        .route(Method::GET, "/patients/merges/{mrg}", Opts::page("Two records side by side"), show)
        .route(Method::POST, "/patients/merges/{mrg}/confirm", Opts::form("Merge two records"), confirm)
        .route(Method::POST, "/patients/merges/{mrg}/refuse", Opts::form("Leave two records apart"), refuse)
        .route(Method::POST, "/patients/merges/{mrg}/undo", Opts::form("Take a merge back"), undo)
        .route(Method::GET, "/patients/{pat}/merge", Opts::page(say), propose_form)
        .route(Method::POST, "/patients/{pat}/merge", Opts::form(say), propose)
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: Option<String>,
}

const fn why(cause: MergeCause) -> &'static str {
    match cause {
        MergeCause::Message => "a message of your system says so",
        MergeCause::Person => "somebody here says so",
        MergeCause::SameName => "same name and birth date, other number",
        MergeCause::SameNumber => "same number, another person",
        MergeCause::Link => "a provisional patient was linked",
    }
}

fn line_of(body: &PatientBody) -> String {
    let born = body.born.map(|day| format!("born {}", day.us())).unwrap_or_default();
    let number = if body.record_number.is_empty() { String::new() } else { format!("MRN {}", body.record_number) };
    let parts = [body.name(), born, number];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn place(custody: &HouseView, lines: &MergeLines) -> MergePlace {
    let row = |line: &custody::MergeLine| MergeRow {
        href: format!("/patients/merges/{}", line.id),
        prior: line_of(line.prior.show(&lines.shown)),
        survivor: line_of(line.survivor.show(&lines.shown)),
        why: why(line.cause).to_owned(),
        since: moment(custody, line.proposed_at),
    };
    MergePlace { tag: tag(&lines.customer_name), rows: lines.lines.iter().map(row).collect(), more: lines.more }
}

async fn list(desk: Desk<act::PatientMergeShow>, Query(done): Query<Done>) -> Answer {
    let (mut chrome, _) = frame(&desk, "/patients").await?;
    let found = desk.merge_list().await?;
    chrome.flash = flash_of(done.done.as_deref());
    chrome.witness = found.first().map(|lines| witness(desk.house(), "looked at this list", lines.witnessed));
    page(&MergeListPage {
        chrome,
        places: found.iter().filter(|lines| !lines.lines.is_empty()).map(|lines| place(desk.house(), lines)).collect(),
        empty: Empty {
            title: "Nothing waits".to_owned(),
            text: "Two records that may be one patient’s appear here when your system sends a merge (ADT A40), when an import finds the same name under another number, or when somebody says so on a patient’s page.".to_owned(),
            action: Some(crate::pages::parts::Link { label: "Patients".to_owned(), href: "/patients".to_owned() }),
        },
    })
}

/// What is known of both, line by line.
fn compared(custody: &HouseView, seen: &MergeDesk) -> Vec<PairRow> {
    let (left, right) = (seen.prior.patient.show(&seen.shown), seen.survivor.patient.show(&seen.shown));
    let mut rows = Vec::new();
    let mut add = |name: &str, left: String, right: String, tells: bool| {
        let differs = tells && left.to_lowercase() != right.to_lowercase();
        let plain = |text: String| if text.is_empty() { "–".to_owned() } else { text };
        rows.push(PairRow { name: name.to_owned(), left: plain(left), right: plain(right), differs });
    };
    let born = |body: &PatientBody| body.born.map(record::civil::Day::us).unwrap_or_default();
    add("Family name", left.last.clone(), right.last.clone(), true);
    add("Given names", given(left), given(right), true);
    add("Birth date", born(left), born(right), true);
    add("Sex", left.sex.clone(), right.sex.clone(), true);
    add("Record number", left.record_number.clone(), right.record_number.clone(), true);
    let around = |side: &MergeSide, kind: RelatedKind| {
        let of = side.related.iter().filter(|one| one.kind == kind);
        of.map(|one| one.body.show(&seen.shown).name()).collect::<Vec<_>>().join("; ")
    };
    for (name, kind) in [("Guardians", RelatedKind::Guardian), ("Guarantors", RelatedKind::Guarantor)] {
        add(name, around(&seen.prior, kind), around(&seen.survivor, kind), true);
    }
    let many = |side: &MergeSide| side.documents.to_string();
    add("Documents you may list", many(&seen.prior), many(&seen.survivor), false);
    let since = |side: &MergeSide| moment(custody, side.created_at).text;
    add("In the index since", since(&seen.prior), since(&seen.survivor), false);
    rows
}

fn given(body: &PatientBody) -> String {
    [body.first.as_str(), body.middle.as_str()]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join(" ")
}

fn step_of(seen: &MergeDesk) -> MergeStep {
    let said = |text: &str| MergeStep::Nothing { said: text.to_owned() };
    let hidden = |name: &str, value: String| Hidden { name: name.to_owned(), value };
    match seen.state {
        MergeState::Proposed if seen.is_one_already && seen.may.contains(&Action::PatientMergeRefuse) => {
            said("Both are one record already, by another merge.")
        }
        MergeState::Proposed if seen.may.contains(&Action::PatientMergeConfirm) => {
            let side = |side: &MergeSide| {
                let body = side.patient.show(&seen.shown);
                choice(&side.id.to_string(), &line_of(body), &seen.survivor.id.to_string())
            };
            MergeStep::Decide {
                keep: vec![side(&seen.survivor), side(&seen.prior)],
                seen: vec![
                    hidden("prior", seen.prior.id.to_string()),
                    hidden("prior_revision", seen.prior.revision.to_string()),
                    hidden("survivor", seen.survivor.id.to_string()),
                    hidden("survivor_revision", seen.survivor.revision.to_string()),
                ],
            }
        }
        MergeState::Merged if seen.may.contains(&Action::PatientMergeUndo) => MergeStep::Undo {
            said: format!(
                "Taking it back gives {} back to the record that went, with the guardians and guarantors it had. What came to the other record since stays there.",
                if seen.would_go_back == 1 {
                    "one document".to_owned()
                } else {
                    format!("{} documents", seen.would_go_back)
                }
            ),
        },
        MergeState::Refused => said("They were left apart. Say so on a patient’s page if they are one after all."),
        MergeState::Undone => said("The merge was taken back."),
        MergeState::Proposed | MergeState::Merged => said("Somebody of the practice’s records staff decides."),
    }
}

fn facts_of(custody: &HouseView, seen: &MergeDesk) -> Vec<Fact> {
    let fact = |name: &str, value: String| Fact { name: name.to_owned(), value };
    let by = |(who, at): &(String, record::Timestamp)| format!("{who}, {}", moment(custody, *at).text);
    let mut facts =
        vec![fact("Why", why(seen.cause).to_owned()), fact("Proposed", moment(custody, seen.proposed_at).text)];
    let decided = if seen.state == MergeState::Refused { "Left apart by" } else { "Merged by" };
    facts.extend(seen.decided.as_ref().map(|said| fact(decided, by(said))));
    facts.extend(seen.undone.as_ref().map(|said| fact("Taken back by", by(said))));
    facts
}

async fn show_page(desk: &Desk<act::PatientMergeShow>, id: MergeId, (done, errors): (Option<&str>, Errors)) -> Answer {
    let (mut chrome, _) = frame(desk, "/patients").await?;
    let seen = desk.merge_show(id).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "looked at both", seen.witnessed));
    chrome.flash = flash_of(done);
    let rows = compared(custody, &seen);
    let differ = rows.iter().filter(|row| row.differs).count();
    let (left, right) = if seen.state == MergeState::Merged { ("Went", "Stayed") } else { ("One record", "The other") };
    page(&MergePage {
        chrome,
        heading: match seen.state {
            MergeState::Proposed => "Are these one patient?",
            MergeState::Merged => "These two are one record",
            MergeState::Refused | MergeState::Undone => "These are two patients",
        },
        tag: tag(&seen.customer_name),
        facts: facts_of(custody, &seen),
        left: left.to_owned(),
        right: right.to_owned(),
        left_href: format!("/patients/{}", seen.prior.id),
        right_href: format!("/patients/{}", seen.survivor.id),
        said: match differ {
            0 => "Nothing differs.".to_owned(),
            1 => "One line differs.".to_owned(),
            many => format!("{many} lines differ."),
        },
        rows,
        step: step_of(&seen),
        action: format!("/patients/merges/{id}"),
        errors,
    })
}

async fn show(desk: Desk<act::PatientMergeShow>, Path(id): Path<MergeId>, Query(done): Query<Done>) -> Answer {
    show_page(&desk, id, (done.done.as_deref(), Errors::none())).await
}

/// Which record stays, and what the person was shown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Decided {
    keep: String,
    prior: String,
    prior_revision: String,
    survivor: String,
    survivor_revision: String,
}

impl Decided {
    fn seen(&self) -> Option<[(PatientId, u64); 2]> {
        let one = |id: &str, revision: &str| Some((id.parse().ok()?, revision.parse().ok()?));
        Some([one(&self.prior, &self.prior_revision)?, one(&self.survivor, &self.survivor_revision)?])
    }
}

async fn confirm(
    desk: Desk<act::PatientMergeConfirm>,
    Path(id): Path<MergeId>,
    Form(decided): Form<Decided>,
) -> Answer {
    let back = format!("/patients/merges/{id}");
    // A form that does not say what it showed has shown nothing; and who may not, hears no more than that.
    let nobody = PatientId::from_bytes([0; 16]);
    let seen = decided.seen().unwrap_or([(nobody, 0); 2]);
    let keep = decided.keep.parse().unwrap_or(nobody);
    match desk.merge_confirm(id, keep, seen).await {
        Ok(_) => go(&format!("{back}?done=merged")),
        Err(CustodyError::Changed) => {
            let say = "Somebody has changed one of the two meanwhile: look at both again.";
            let errors = errors_of(&mistake("keep", say)).unwrap_or_default();
            let again = show_page(&desk.beside(), id, (None, errors)).await?;
            Ok(again.status(StatusCode::CONFLICT))
        }
        Err(error) => {
            let problem = after_touch(error, &back);
            match errors_of(&problem) {
                Some(errors) => {
                    let again = show_page(&desk.beside(), id, (None, errors)).await?;
                    Ok(again.status(StatusCode::UNPROCESSABLE_ENTITY))
                }
                None => Err(problem),
            }
        }
    }
}

async fn refuse(desk: Desk<act::PatientMergeRefuse>, Path(id): Path<MergeId>) -> Answer {
    desk.merge_refuse(id).await?;
    go("/patients/merges?done=merge-refused")
}

async fn undo(desk: Desk<act::PatientMergeUndo>, Path(id): Path<MergeId>) -> Answer {
    let back = format!("/patients/merges/{id}");
    desk.merge_undo(id).await.map_err(|error| after_touch(error, &back))?;
    go(&format!("{back}?done=merge-undone"))
}

async fn propose_page(
    desk: &Desk<act::PatientMergeShow>,
    id: PatientId,
    (record_number, errors): (String, Errors),
) -> Answer {
    let (mut chrome, _) = frame(desk, "/patients").await?;
    let one = desk.merge_look(id).await?;
    chrome.witness = Some(witness(desk.house(), "looked at this", one.witnessed));
    let patient = one.patient.show(&one.shown);
    let beside = desk.beside::<act::PatientSearch>();
    let proposals = namesakes(&beside, (one.customer, &patient.last), |line| line.id != id).await?;
    page(&MergeNewPage {
        chrome,
        tag: tag(&one.customer_name),
        name: patient.name(),
        facts: patient_facts(patient),
        record_number,
        proposals,
        action: format!("/patients/{id}/merge"),
        back: format!("/patients/{id}"),
        errors,
    })
}

async fn propose_form(desk: Desk<act::PatientMergeShow>, Path(id): Path<PatientId>) -> Answer {
    propose_page(&desk, id, (String::new(), Errors::none())).await
}

/// The one other record of the same practice that has this number.
async fn numbered(
    desk: &Desk<act::PatientMergePropose>,
    id: PatientId,
    number: &str,
) -> Result<Option<PatientId>, Problem> {
    let one = desk.beside::<act::PatientMergeShow>().merge_look(id).await?;
    let search = DocumentSearch { record_number: number.to_owned(), ..DocumentSearch::default() };
    let found = desk.beside::<act::PatientSearch>().patient_search(&search, Some(one.customer)).await?;
    let mut others = found.iter().flat_map(|lines| &lines.lines).map(|line| line.id).filter(|other| *other != id);
    Ok(others.next().filter(|_| others.next().is_none()))
}

async fn propose(desk: Desk<act::PatientMergePropose>, Path(id): Path<PatientId>, fields: Fields) -> Answer {
    let number = fields.one("record_number").unwrap_or_default().trim().to_owned();
    let chosen: Option<PatientId> = fields.one("patient").and_then(|text| text.parse().ok());
    let (other, say) = if number.is_empty() {
        (chosen, "Write the number of the other record, or choose one")
    } else {
        (numbered(&desk, id, &number).await?, "No other patient here has this number, or several have it")
    };
    let Some(other) = other else {
        let errors = errors_of(&mistake("record_number", say)).unwrap_or_default();
        let again = propose_page(&desk.beside(), id, (number, errors)).await?;
        return Ok(again.status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    let merge = desk.merge_propose(id, other).await?;
    go(&format!("/patients/merges/{merge}"))
}
