//! Numbered requests: what is closed without one, what opens inside one, and what is told of it.

use crate::filled::{PLANTED_NAME, filled, upload};
use crate::testing::{HOUR_MILLIS, Someone};
use crate::{CustodyError, Desk, Device, DocumentSearch, MatchTo, TraceForm};
use record::{Action, CustomerId, Outcome, PatientId, Purpose, RequestId, Role, act};

struct Scene {
    filled: crate::filled::Filled,
    editor: Someone,
    patient: PatientId,
}

/// A patient with one document that was delivered, and an editor.
async fn scene() -> Scene {
    let filled = filled().await;
    let house = &filled.house;
    house.step_up(&filled.first).await.unwrap();
    let editor = house.staff(&filled.first, Role::QaEditor, "Edna Editor").await;
    house
        .desk::<act::AssignmentGrant>(&filled.first)
        .await
        .assignment_grant(filled.clinic, editor.person)
        .await
        .unwrap();
    let search = DocumentSearch { last: PLANTED_NAME.to_owned(), ..DocumentSearch::default() };
    let found = house.desk::<act::PatientSearch>(&editor).await.patient_search(&search, None).await.unwrap();
    let patient = found[0].lines[0].id;
    let matching = house.desk::<act::DocumentMatch>(&editor).await;
    let stands = filled.custody().store().document_fetch(filled.documents[0]).await.unwrap().unwrap().revision;
    matching.document_match(filled.documents[0], MatchTo::Patient(patient), None, stands).await.unwrap();
    house.desk::<act::DocumentRead>(&editor).await.document_read(filled.documents[0], None).await.unwrap();
    Scene { filled, editor, patient }
}

impl Scene {
    async fn open(&self, by: &Someone, customer: CustomerId) -> Result<RequestId, CustodyError> {
        self.filled.house.step_up(by).await?;
        self.filled.house.desk::<act::RequestOpen>(by).await.request_open(customer, "R-2026-014", "She asks").await
    }

    async fn traces(&self, by: &Someone) -> Result<crate::Trace, CustodyError> {
        self.filled.house.desk::<act::PatientTrace>(by).await.patient_trace(self.patient, TraceForm::Page).await
    }

    async fn finds(&self, by: &Someone, request: RequestId) -> Result<usize, CustodyError> {
        let search = DocumentSearch { last: PLANTED_NAME.to_owned(), ..DocumentSearch::default() };
        let desk = self.filled.house.desk::<act::PatientSearch>(by).await;
        let found = desk.patient_search_requested(request, &search).await?;
        Ok(found.iter().map(|lines| lines.lines.len()).sum())
    }
}

fn is_closed<T>(result: &Result<T, CustodyError>) -> bool {
    matches!(result, Err(CustodyError::Refused(_) | CustodyError::Absent))
}

#[tokio::test]
async fn an_officer_sees_names_only_inside_a_numbered_request_at_that_practice_and_for_its_time() {
    let scene = scene().await;
    let (officer, house) = (&scene.filled.first, &scene.filled.house);
    assert!(is_closed(&scene.traces(officer).await), "without a request");
    scene.open(officer, scene.filled.other).await.unwrap();
    assert!(is_closed(&scene.traces(officer).await), "with one at another practice");
    let request = scene.open(officer, scene.filled.clinic).await.unwrap();
    assert_eq!(scene.finds(officer, request).await.unwrap(), 1);
    let trace = scene.traces(officer).await.unwrap();
    assert_eq!(trace.patient.show(&trace.shown).last, PLANTED_NAME);
    assert_eq!(trace.request.as_ref().map(|(id, number)| (*id, number.as_str())), Some((request, "R-2026-014")));
    // It counts for nobody else, and for nobody of another role.
    assert!(is_closed(&scene.traces(&scene.filled.second).await));
    assert!(is_closed(&scene.finds(&scene.filled.second, request).await));
    assert!(is_closed(&scene.traces(&scene.editor).await), "an editor who may read every document of hers");
    // The text stays closed inside of it, too.
    let read = house.desk::<act::DocumentRead>(officer).await.document_read(scene.filled.documents[0], None).await;
    assert!(is_closed(&read.map(|_| ())));
    house.desk::<act::RequestClose>(officer).await.request_close(request).await.unwrap();
    assert!(is_closed(&scene.traces(officer).await) && is_closed(&scene.finds(officer, request).await), "closed");
    let again = scene.open(officer, scene.filled.clinic).await.unwrap();
    assert_eq!(scene.finds(officer, again).await.unwrap(), 1);
}

#[tokio::test]
async fn a_request_is_over_after_a_working_day() {
    let scene = scene().await;
    let request = scene.open(&scene.filled.first, scene.filled.clinic).await.unwrap();
    // Worked on to the last minute, in one session.
    for _ in 0..47 {
        scene.filled.house.later(HOUR_MILLIS / 6);
        assert_eq!(scene.finds(&scene.filled.first, request).await.unwrap(), 1);
    }
    scene.filled.house.later(HOUR_MILLIS / 6);
    assert!(is_closed(&scene.finds(&scene.filled.first, request).await));
    assert!(is_closed(&scene.traces(&scene.filled.first).await));
}

#[tokio::test]
async fn who_saw_her_is_found_by_patient_and_by_document_and_says_who_looked_in_vain() {
    let scene = scene().await;
    let house = &scene.filled.house;
    // Read before anybody knew whose it was: the entry names the document alone.
    let late = upload(house, &scene.filled.typist, scene.filled.clinic, 77).await;
    house.desk::<act::DocumentRead>(&scene.filled.typist).await.document_read(late, None).await.unwrap();
    let matching = house.desk::<act::DocumentMatch>(&scene.editor).await;
    let stands = house.custody.store().document_fetch(late).await.unwrap().unwrap().revision;
    matching.document_match(late, MatchTo::Patient(scene.patient), None, stands).await.unwrap();
    // Somebody who may not.
    let refused = house.desk::<act::DocumentRead>(&scene.filled.second).await.document_read(late, None).await;
    assert!(is_closed(&refused.map(|_| ())));
    scene.open(&scene.filled.first, scene.filled.clinic).await.unwrap();
    let trace = scene.traces(&scene.filled.first).await.unwrap();
    let opened: Vec<_> = trace.lines.iter().filter(|line| line.is_opening()).collect();
    let by = |name: &str, outcome: Outcome| {
        opened
            .iter()
            .map(|about| &about.line)
            .filter(|line| line.who == name && line.outcome == outcome && line.action == Action::DocumentRead)
            .count()
    };
    assert_eq!(by("Edna Editor", Outcome::Permitted), 1);
    assert_eq!(by("Tessa Typist", Outcome::Permitted), 1, "before it was matched");
    assert_eq!(by("Second Officer", Outcome::Refused), 1);
    assert!(opened.iter().all(|about| !about.line.role.is_empty()) && !trace.more);
    assert_eq!(trace.documents.len(), 2);
    assert!(trace.documents.iter().all(|one| one.may == [Action::DocumentWithdraw]));
    // A year later it is history, and the ledger still has it.
    house.later(367 * 24 * HOUR_MILLIS);
    house.custody.audit_year_ensure().await.unwrap();
    let secret = house.sign_in(&scene.filled.first.key, Device::Own).await.unwrap();
    let session = house.session(&secret).await;
    let opens = Desk::<act::RequestOpen>::at(house.custody.clone(), session.clone());
    opens.request_open(scene.filled.clinic, "R-2027-1", "She asks again").await.unwrap();
    let trace = Desk::<act::PatientTrace>::at(house.custody.clone(), session)
        .patient_trace(scene.patient, TraceForm::Page)
        .await
        .unwrap();
    assert!(trace.lines.iter().all(|about| about.line.action == Action::PatientTrace));
}

#[tokio::test]
async fn what_was_asked_is_in_the_ledger_and_with_the_other_officers_before_anything_is_shown() {
    let scene = scene().await;
    let custody = &scene.filled.house.custody;
    let from = custody.store().ledger_size().await.unwrap();
    let request = scene.open(&scene.filled.first, scene.filled.clinic).await.unwrap();
    scene.traces(&scene.filled.first).await.unwrap();
    let entries = custody.store().entry_range(from, 50).await.unwrap();
    let leaves: Vec<_> = entries.iter().map(|stored| ledger::leaf::decode(&stored.leaf).unwrap()).collect();
    let opened = leaves.iter().position(|leaf| leaf.entry.action == Action::RequestOpen).unwrap();
    let traced = leaves.iter().position(|leaf| leaf.entry.action == Action::PatientTrace).unwrap();
    assert!(opened < traced);
    assert_eq!(leaves[traced].entry.purpose, Purpose::Incident);
    assert!(leaves[opened].entry.resources.as_slice().contains(&request.into()));
    let alerts = custody.store().alert_list().await.unwrap();
    assert!(alerts.iter().any(|alert| alert.kind == "request_opened"));
    let row = custody.store().request_fetch(request).await.unwrap().unwrap();
    assert!(!crate::filled::holds(&row.body, b"R-2026-014") && !crate::filled::holds(&row.body, b"She asks"));
    let (lines, _) =
        scene.filled.house.desk::<act::RequestList>(&scene.filled.first).await.request_list().await.unwrap();
    assert_eq!((lines[0].number.as_str(), lines[0].reason.as_str(), lines[0].own), ("R-2026-014", "She asks", true));
    let other = scene.filled.house.desk::<act::RequestList>(&scene.filled.second).await.request_list().await;
    assert!(is_closed(&other.map(|_| ())), "a security officer sees no reasons");
}

#[tokio::test]
async fn a_request_has_a_number_and_a_reason_and_only_its_opener_closes_it() {
    let scene = scene().await;
    let house = &scene.filled.house;
    house.step_up(&scene.filled.first).await.unwrap();
    let desk = house.desk::<act::RequestOpen>(&scene.filled.first).await;
    for (number, reason) in
        [("", "x"), ("none", "x"), ("Quillfeather, Nora 1", "x"), ("R-1", " "), (&"1".repeat(33), "x")]
    {
        let refused = desk.request_open(scene.filled.clinic, number, reason).await;
        assert!(matches!(refused, Err(CustodyError::Input(_))), "{number:?} {reason:?}");
    }
    let absent = CustomerId::from_bytes([9; 16]);
    assert!(is_closed(&desk.request_open(absent, "R-1", "x").await));
    let request = scene.open(&scene.filled.first, scene.filled.clinic).await.unwrap();
    let other = house.desk::<act::RequestClose>(&scene.filled.second).await.request_close(request).await;
    assert!(is_closed(&other), "a security officer has none");
    let closes = house.desk::<act::RequestClose>(&scene.filled.first).await;
    closes.request_close(request).await.unwrap();
    assert!(matches!(closes.request_close(request).await, Err(CustodyError::State(_))));
    assert!(is_closed(&closes.request_close(RequestId::from_bytes([9; 16])).await));
}

#[tokio::test]
async fn who_looked_at_a_provisional_patient_is_found_over_every_link() {
    let scene = scene().await;
    let (house, officer) = (&scene.filled.house, &scene.filled.first);
    let custody = scene.filled.custody();
    let mut chain = Vec::new();
    for first in ["Baby", "Baby Nora"] {
        let body = crate::PatientBody { last: PLANTED_NAME.to_owned(), first: first.to_owned(), ..Default::default() };
        let patient = custody.patient_blank(scene.filled.clinic);
        let mut tx = custody.store().begin("a newborn").await.unwrap();
        custody.patient_insert_in_tx(&mut tx, &patient, &body).await.unwrap();
        tx.commit().await.unwrap();
        chain.push(patient.id);
    }
    // In vain, which is in a trace as well.
    let looked = house.desk::<act::PatientShow>(&scene.editor).await.patient_show(chain[0]).await;
    assert!(is_closed(&looked));
    for (from, to) in [(chain[0], chain[1]), (chain[1], scene.patient)] {
        let mut linked = custody.store().patient_fetch(from).await.unwrap().unwrap();
        linked.linked_to = Some(to);
        let mut tx = custody.store().begin("link").await.unwrap();
        assert_eq!(tx.patient_update(&linked).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }
    scene.open(officer, scene.filled.clinic).await.unwrap();
    let trace = scene.traces(officer).await.unwrap();
    assert!(trace.lines.iter().any(|about| about.line.action == Action::PatientShow && about.is_opening()));
}

#[tokio::test]
async fn a_refused_trace_asks_no_more_than_one_for_nobody() {
    let scene = scene().await;
    let typist = &scene.filled.typist;
    let store = scene.filled.custody().store();
    let asked = async |patient: PatientId| {
        let desk = scene.filled.house.desk::<act::PatientTrace>(typist).await;
        let before = store.questions_asked();
        assert!(is_closed(&desk.patient_trace(patient, TraceForm::Table).await));
        store.questions_asked() - before
    };
    let (there, nobody) = (asked(scene.patient).await, asked(PatientId::from_bytes([7; 16])).await);
    assert!(there.abs_diff(nobody) <= 1, "{there} for one who is there, {nobody} for nobody");
}
