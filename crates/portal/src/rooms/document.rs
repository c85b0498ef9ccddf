//! One document: read, print, download, who opened it, and everything that can happen to it.

use super::confidentiality::{kept_to, kind_in_words};
use super::forms::{Why, after_touch, beside, choice};
use super::frame::{flash_of, frame, go, moment, page, size, witness};
use super::show::{is_closed, opened_row, patient_facts, tag};
use crate::door::take::{Fields, Form, Path, Path2, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::document::{Body, DocumentPage, DocumentPrintPage, Notice, ReasonPage, ReasonedAct, VersionRow};
use crate::pages::parts::{Choice, DocumentBrief, Errors, Fact, How, OpenedRow, PageAction, TextBlock, Tone, Weight};
use axum::http::Method;
use custody::{
    CustodyError, Desk, DocumentText, Doubt, HealthData, HistoryLine, Holds, HouseView, NamesOthers, OpenDocument,
};
use record::document::{Confidentiality, DocumentState};
use record::{Action, DocumentId, PatientId, act};
use serde::Deserialize;

pub(super) fn routes(locked: Locked) -> Locked {
    let locked = locked
        .route(Method::GET, "/documents/{doc}", Opts::page("Document"), read)
        .route(Method::GET, "/documents/{doc}/versions/{version}", Opts::page("Older version"), read_version)
        .route(Method::GET, "/documents/{doc}/print", Opts::page("Print"), print)
        .route(Method::POST, "/documents/{doc}/advance", Opts::form("Move forward"), advance)
        .route(Method::POST, "/documents/{doc}/deliver", Opts::form("Deliver"), deliver)
        .route(Method::POST, "/documents/{doc}/undo-delivery", Opts::form("Take delivery back"), undo_delivery)
        .route(Method::POST, "/documents/{doc}/pick-up", Opts::form("Mark as picked up"), pick_up)
        .route(Method::POST, "/documents/{doc}/sign", Opts::form("Sign"), sign)
        .route(Method::POST, "/documents/{doc}/release", Opts::form("Let go"), release);
    locked
        .route(Method::GET, "/documents/{doc}/withdraw", Opts::page("Withdraw"), withdraw_form)
        .route(Method::POST, "/documents/{doc}/withdraw", Opts::form("Withdraw"), withdraw)
        .route(Method::GET, "/documents/{doc}/hold", Opts::page("Hold"), hold_form)
        .route(Method::POST, "/documents/{doc}/hold", Opts::form("Hold"), hold)
        .route(Method::GET, "/documents/{doc}/enter-in-error", Opts::page("Entered in error"), error_form)
        .route(Method::POST, "/documents/{doc}/enter-in-error", Opts::form("Mark as entered in error"), enter_in_error)
}

/// What the last act did, by a fixed word.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Done {
    #[serde(default)]
    done: Option<String>,
}

fn patient_name(opened: &OpenDocument) -> String {
    let body = opened.body.show(&opened.shown);
    match &opened.patient {
        Some((_, patient)) => patient.show(&opened.shown).name(),
        None if body.said.last.is_empty() => "No patient yet".to_owned(),
        None => format!("{} (as the document says)", body.said.name()),
    }
}

fn facts(opened: &OpenDocument) -> Vec<Fact> {
    let shown = &opened.shown;
    let body = opened.body.show(shown);
    let patient = opened.patient.as_ref().map_or(&body.said, |(_, patient)| patient.show(shown));
    let mut facts = patient_facts(patient);
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            facts.push(Fact { name: name.to_owned(), value });
        }
    };
    fact("Visit", body.visit.map(record::civil::Day::us).unwrap_or_default());
    fact("Author", if opened.author_name.is_empty() { body.said_author.clone() } else { opened.author_name.clone() });
    fact("Title", body.title.clone());
    if opened.confidentiality != Confidentiality::Normal {
        let by = if opened.restricted_by_hand { "as its author has said" } else { "by the practice's rule" };
        fact("Kept to", format!("{} ({by})", kept_to(opened.confidentiality)));
    }
    fact("Holds", holds(opened).as_ref().map(holds_in_words).unwrap_or_default());
    facts
}

/// What the version that is shown holds; none for what came in before anybody looked.
fn holds(opened: &OpenDocument) -> Option<Holds> {
    opened.holds.as_ref().map(|body| body.show(&opened.shown).holds())
}

/// Why somebody has to look at it before it goes out.
fn doubt(opened: &OpenDocument) -> Option<Doubt> {
    let (_, patient) = opened.patient.as_ref()?;
    match &opened.holds {
        Some(body) => body.show(&opened.shown).doubt(patient.show(&opened.shown)),
        None => Some(Doubt::Unread),
    }
}

/// The kinds of data of a version, and what nobody could look into.
fn holds_in_words(holds: &Holds) -> String {
    let mut said = kinds_in_words(holds.kinds.difference(&holds.sensitive));
    if holds.people > 1 {
        let more = if holds.more { "more than " } else { "" };
        said.insert(0, format!("{more}{} people's records", holds.people));
    }
    said.extend(holds.opaque.iter().map(|(what, count)| match count {
        1 => (*what).to_owned(),
        _ => format!("{what} ({count} times)"),
    }));
    said.join(", ")
}

fn kinds_in_words<'a>(kinds: impl IntoIterator<Item = &'a HealthData>) -> Vec<String> {
    kinds.into_iter().map(|kind| kind_in_words(*kind).to_owned()).collect()
}

fn notices(custody: &HouseView, opened: &OpenDocument) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut notice = |tone: Tone, text: String| notices.push(Notice { tone, text, link: None });
    if opened.state == DocumentState::Unmatched {
        notice(Tone::Due, "No patient could be named with certainty. A person must say whose this is.".to_owned());
    }
    let ready = matches!(opened.state, DocumentState::Transcribed | DocumentState::Edited);
    let patient = || patient_name(opened);
    match doubt(opened).filter(|_| ready) {
        Some(Doubt::NamesOthers(others)) => notice(
            Tone::Due,
            format!(
                "This text names somebody else: {}. Read its heading, and deliver it only if it is about {}.",
                others.join("; "),
                patient()
            ),
        ),
        Some(Doubt::Unread) => notice(
            Tone::Due,
            format!(
                "Nobody could look into this file, so nobody knows whom it names. Download it, look, and deliver it only if it \
                 is about {}.",
                patient()
            ),
        ),
        None => {}
    }
    if let Some(holds) = holds(opened).filter(|holds| !holds.sensitive.is_empty()) {
        notice(
            Tone::Plain,
            format!("Sensitive: {}. Think twice before you pass it on.", kinds_in_words(&holds.sensitive).join(", ")),
        );
    }
    if opened.moved {
        notice(Tone::Due, "This document lay in another patient's chart before it was moved here.".to_owned());
    }
    if let Some((who, at)) = &opened.signed {
        notice(Tone::Good, format!("Signed by {who}, {}", custody.settings().time_of(*at)));
    }
    if let Some((who, at)) = &opened.picked_up {
        notice(Tone::Plain, format!("Picked up by {who}, {}", custody.settings().time_of(*at)));
    }
    notices
}

/// Buttons for what policy would permit, the next thing to do first.
fn actions(opened: &OpenDocument) -> Vec<PageAction> {
    let path = format!("/documents/{}", opened.id);
    let may = |action: Action| opened.may.contains(&action);
    let mut list: Vec<PageAction> = Vec::new();
    let mut add = |yes: bool, label: &str, last: &str, how: How, weight: Weight, icon: &'static str| {
        if yes {
            list.push(PageAction { label: label.to_owned(), href: format!("{path}{last}"), how, weight, icon });
        }
    };
    use Weight::{Danger, Primary, Secondary};
    let unmatched = opened.state == DocumentState::Unmatched;
    add(may(Action::DocumentMatch) && unmatched, "Match to a patient", "/match", How::Visit, Primary, "");
    let ready = matches!(opened.state, DocumentState::Transcribed | DocumentState::Edited);
    let asks = doubt(opened).is_some();
    add(may(Action::DocumentMatch) && ready && asks, "Match to another patient", "/match", How::Visit, Primary, "");
    let anyway = format!("/deliver?anyway={}", opened.revision);
    let (deliver, to, weight) = match asks {
        true => ("Deliver anyway", anyway.as_str(), Secondary),
        false => ("Deliver to the practice", "/deliver", Primary),
    };
    // Of an earlier version it is not said what the newest one, which would go out, holds.
    let newest = opened.versions.iter().all(|one| one.version <= opened.version);
    add(may(Action::DocumentDeliver) && ready && newest, deliver, to, How::Post, weight, "");
    add(may(Action::DocumentSign), "Sign", "/sign", How::PostAfterTouch, Primary, "");
    add(may(Action::DocumentPrint), "Print", "/print", How::Visit, Secondary, "");
    add(may(Action::DocumentDownload), "Download original", "/file", How::Download, Secondary, "");
    let advance = if opened.state == DocumentState::Dictated { "Mark as typed" } else { "Mark as edited" };
    add(
        may(Action::DocumentAdvance)
            && opened.state != DocumentState::Edited
            && opened.state != DocumentState::Unmatched,
        advance,
        "/advance",
        How::Post,
        Secondary,
        "",
    );
    add(
        may(Action::DocumentPickUp) && opened.picked_up.is_none(),
        "Mark as picked up",
        "/pick-up",
        How::Post,
        Secondary,
        "",
    );
    add(may(Action::DocumentRestrict), "Who may see it", "/confidentiality", How::Visit, Secondary, "");
    add(may(Action::DocumentRelease), "Let go", "/release", How::Post, Secondary, "");
    add(
        may(Action::DocumentMatch) && !unmatched && !(ready && asks),
        "Match to another patient",
        "/match",
        How::Visit,
        Secondary,
        "",
    );
    add(may(Action::DocumentHold), "Hold", "/hold", How::Visit, Secondary, "");
    add(may(Action::DocumentUndoDelivery), "Take the delivery back", "/undo-delivery", How::Post, Secondary, "");
    add(may(Action::DocumentMove), "Move to the right patient", "/move", How::Visit, Secondary, "");
    add(may(Action::DocumentWithdraw), "Withdraw", "/withdraw", How::Visit, Danger, "");
    add(may(Action::DocumentEnterInError), "Mark as entered in error", "/enter-in-error", How::Visit, Danger, "");
    let mut primary_seen = false;
    for action in &mut list {
        if action.weight == Primary {
            // One primary button a page: the first thing to do next.
            if primary_seen {
                action.weight = Secondary;
            }
            primary_seen = true;
        }
    }
    list
}

fn versions(custody: &HouseView, opened: &OpenDocument) -> Vec<VersionRow> {
    opened
        .versions
        .iter()
        .map(|row| VersionRow {
            number: row.version,
            by: row.made_by.clone(),
            at: moment(custody, row.made_at),
            what: format!(
                "{}, {}{}",
                row.media,
                size(row.size_bytes),
                if row.scanned { "" } else { ", not scanned for malware" }
            ),
            href: format!("/documents/{}/versions/{}", opened.id, row.version),
            current: row.version == opened.version,
        })
        .collect()
}

fn body(opened: &OpenDocument) -> Body {
    if is_closed(opened.state) {
        return Body::Closed { why: "It was withdrawn or never true, and is kept only as evidence.".to_owned() };
    }
    match &opened.text {
        DocumentText::Text(text) => Body::Text(TextBlock::split(text.show(&opened.shown))),
        DocumentText::Opaque(why) => {
            let bytes =
                opened.versions.iter().find(|row| row.version == opened.version).map_or(0, |row| row.size_bytes);
            Body::OriginalOnly { what: format!("{why}, {}", size(bytes)) }
        }
    }
}

fn digest(opened: &OpenDocument) -> String {
    opened.versions.iter().find(|row| row.version == opened.version).map(|row| row.digest.clone()).unwrap_or_default()
}

async fn show(desk: Desk<act::DocumentRead>, id: DocumentId, version: Option<u32>, done: Done) -> Answer {
    let (mut chrome, _) = frame(&desk, "/documents").await?;
    let opened = desk.document_read(id, version).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "opened this", opened.witnessed));
    chrome.flash = flash_of(done.done.as_deref());
    let history = if opened.may.contains(&Action::DocumentHistory) {
        beside::<_, act::DocumentHistory>(&desk).document_history(id).await?
    } else {
        Vec::new()
    };
    page(&DocumentPage {
        chrome,
        tag: tag(&opened.customer_name),
        kind: opened.kind,
        state: opened.state,
        patient: patient_name(&opened),
        patient_href: opened.patient.as_ref().map(|(id, _)| format!("/patients/{id}")),
        facts: facts(&opened),
        notices: notices(custody, &opened),
        broken_glass_until: opened.broken_glass_until.map(|at| moment(custody, at)),
        actions: actions(&opened),
        body: body(&opened),
        version: opened.version,
        digest: digest(&opened),
        versions: versions(custody, &opened),
        opened: openings(custody, &history),
    })
}

async fn read(desk: Desk<act::DocumentRead>, Path(id): Path<DocumentId>, Query(done): Query<Done>) -> Answer {
    show(desk, id, None, done).await
}

async fn read_version(desk: Desk<act::DocumentRead>, Path2(id, version): Path2<DocumentId, u32>) -> Answer {
    show(desk, id, Some(version), Done::default()).await
}

async fn print(desk: Desk<act::DocumentPrint>, Path(id): Path<DocumentId>) -> Answer {
    let (mut chrome, me) = frame(&desk, "/documents").await?;
    let opened = desk.document_print(id, None).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "printed this", opened.witnessed));
    let text = match &opened.text {
        DocumentText::Text(text) => TextBlock::split(text.show(&opened.shown)),
        DocumentText::Opaque(why) => {
            vec![TextBlock::Paragraph(format!("There is no text to print ({why}). Download the original."))]
        }
    };
    page(&DocumentPrintPage {
        chrome,
        tag: tag(&opened.customer_name),
        kind: opened.kind,
        state: opened.state,
        patient: patient_name(&opened),
        facts: facts(&opened),
        version: opened.version,
        digest: digest(&opened),
        text,
        signed: opened
            .signed
            .as_ref()
            .map(|(who, at)| format!("Signed by {who}, {}", custody.settings().time_of(*at)))
            .unwrap_or_default(),
        printed_by: me.who.name.clone(),
        printed_at: moment(custody, opened.witnessed.at),
        back: format!("/documents/{id}"),
    })
}

async fn advance(desk: Desk<act::DocumentAdvance>, Path(id): Path<DocumentId>) -> Answer {
    desk.document_advance(id).await?;
    go(&format!("/documents/{id}?done=advanced"))
}

/// At which change it was asked whether a text that names somebody else is to be delivered.
#[derive(serde::Deserialize)]
struct Asked {
    anyway: Option<u64>,
}

async fn deliver(
    desk: Desk<act::DocumentDeliver>,
    Path(id): Path<DocumentId>,
    Query(asked): Query<Asked>,
    fields: Fields,
) -> Answer {
    let copies: Vec<_> = fields.all("copy").filter_map(|text| text.parse().ok()).collect();
    let names = asked.anyway.map_or(NamesOthers::Ask, NamesOthers::DeliverAt);
    desk.document_deliver(id, &copies, names).await?;
    go("/queue?done=delivered")
}

async fn undo_delivery(desk: Desk<act::DocumentUndoDelivery>, Path(id): Path<DocumentId>) -> Answer {
    desk.document_undo_delivery(id).await?;
    go(&format!("/documents/{id}?done=undone"))
}

async fn pick_up(desk: Desk<act::DocumentPickUp>, Path(id): Path<DocumentId>) -> Answer {
    desk.document_pick_up(id).await?;
    go(&format!("/documents/{id}?done=picked-up"))
}

async fn sign(desk: Desk<act::DocumentSign>, Path(id): Path<DocumentId>) -> Answer {
    desk.document_sign(id).await.map_err(|error| after_touch(error, &format!("/documents/{id}")))?;
    go(&format!("/documents/{id}?done=signed"))
}

async fn release(desk: Desk<act::DocumentRelease>, Path(id): Path<DocumentId>) -> Answer {
    desk.document_release(id).await?;
    go(&format!("/documents/{id}?done=released"))
}

fn reasons(act: ReasonedAct) -> Vec<Choice> {
    let words: &[&str] = match act {
        ReasonedAct::Withdraw | ReasonedAct::UndoDelivery => {
            &["Wrong patient", "Wrong practice", "Wrong document", "Needs correction"]
        }
        ReasonedAct::EnterInError => &["Wrong patient", "Duplicate", "Was never true"],
        ReasonedAct::Hold => &["Question to the author", "Needs a second look", "Audio unclear"],
    };
    words.iter().map(|word| choice(word, word, "")).collect()
}

/// Who has opened it, for those who may know; nothing for everybody else, whether it is there or not.
pub(super) async fn opened_so_far<A: record::Act>(desk: &Desk<A>, id: DocumentId) -> Result<Vec<OpenedRow>, Problem> {
    match beside::<_, act::DocumentHistory>(desk).document_history(id).await {
        Ok(history) => Ok(openings(desk.house(), &history)),
        Err(CustodyError::Refused(_) | CustodyError::Absent) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Looking at this list is in it too, with every reading; what people ask is who opened the document.
fn openings(custody: &HouseView, history: &[HistoryLine]) -> Vec<OpenedRow> {
    let other = |line: &&HistoryLine| line.action != Action::DocumentHistory;
    history.iter().filter(other).map(|line| opened_row(custody, line)).collect()
}

/// Where one came from: the page of who saw a patient, to which one is led back.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct From {
    #[serde(default)]
    from: Option<PatientId>,
}

impl From {
    /// The address of a form, so that the way back is not lost when it is sent.
    pub(super) fn form(self, id: DocumentId, last: &str) -> String {
        match self.from {
            Some(patient) => format!("/documents/{id}/{last}?from={patient}"),
            None => format!("/documents/{id}/{last}"),
        }
    }

    /// On to what was done: where one came from, or else there.
    pub(super) fn on(self, done: &str, or: &str) -> Answer {
        match self.from {
            Some(patient) => go(&format!("/patients/{patient}/accesses?done={done}")),
            None => go(&format!("{or}?done={done}")),
        }
    }

    pub(super) fn back(self, id: DocumentId) -> String {
        match self.from {
            Some(patient) => format!("/patients/{patient}/accesses"),
            None => format!("/documents/{id}"),
        }
    }
}

/// The form before an act that needs a reason, for whoever could do it. It names no patient: whoever may withdraw
/// need not be one who may read.
async fn reason_form<A: record::Act>(
    desk: &Desk<A>,
    id: DocumentId,
    (act, last): (ReasonedAct, &str),
    from: From,
) -> Answer {
    let tag_of = desk.document_could(id).await?;
    let (chrome, _) = frame(desk, "/documents").await?;
    page(&ReasonPage {
        chrome,
        act,
        document: DocumentBrief {
            href: from.back(id),
            title: "The document you came from".to_owned(),
            patient: String::new(),
            identifier: String::new(),
            author: String::new(),
            state: tag_of.state,
            tag: tag(&tag_of.customer_name),
        },
        reasons: reasons(act),
        word: String::new(),
        opened: opened_so_far(desk, id).await?,
        action: from.form(id, last),
        errors: Errors::none(),
    })
}

async fn withdraw_form(
    desk: Desk<act::DocumentWithdraw>,
    Path(id): Path<DocumentId>,
    Query(from): Query<From>,
) -> Answer {
    reason_form(&desk, id, (ReasonedAct::Withdraw, "withdraw"), from).await
}

async fn withdraw(
    desk: Desk<act::DocumentWithdraw>,
    Path(id): Path<DocumentId>,
    Query(from): Query<From>,
    Form(why): Form<Why>,
) -> Answer {
    desk.document_withdraw(id, &why.text()).await?;
    from.on("withdrawn", "/")
}

async fn hold_form(desk: Desk<act::DocumentHold>, Path(id): Path<DocumentId>) -> Answer {
    reason_form(&desk, id, (ReasonedAct::Hold, "hold"), From::default()).await
}

async fn hold(desk: Desk<act::DocumentHold>, Path(id): Path<DocumentId>, Form(why): Form<Why>) -> Answer {
    desk.document_hold(id, &why.text()).await?;
    go("/held?done=held")
}

async fn error_form(
    desk: Desk<act::DocumentEnterInError>,
    Path(id): Path<DocumentId>,
    Query(from): Query<From>,
) -> Answer {
    reason_form(&desk, id, (ReasonedAct::EnterInError, "enter-in-error"), from).await
}

async fn enter_in_error(
    desk: Desk<act::DocumentEnterInError>,
    Path(id): Path<DocumentId>,
    Query(from): Query<From>,
    Form(why): Form<Why>,
) -> Answer {
    let back = from.form(id, "enter-in-error");
    desk.document_enter_in_error(id, &why.text()).await.map_err(|error| after_touch(error, &back))?;
    from.on("entered-in-error", "/")
}
