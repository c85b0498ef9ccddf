//! The emergency door, in one go: shut, opened with a reason, an alert at once, used, reviewed by somebody else, shut.

use crate::testing::{House, Someone, house};
use crate::{CustodyError, NamesOthers, NewUpload, PatientBody, UploadCut};
use bytes::Bytes;
use record::{Action, CustomerId, DocumentId, PatientId, Role, act};

struct Practice {
    house: House,
    clinic: CustomerId,
    manager: Someone,
    /// Nothing of the patient is theirs.
    colleague: Someone,
    patient: PatientId,
    document: DocumentId,
}

async fn practice() -> Practice {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let clinic = house.customer(&first, "Lakeside Pediatrics").await;
    let mut staff = Vec::new();
    for (role, name) in [(Role::Transcriptionist, "Tessa Typist"), (Role::QaEditor, "Quentin Editor")] {
        let one = house.staff(&first, role, name).await;
        house.desk::<act::AssignmentGrant>(&first).await.assignment_grant(clinic, one.person).await.unwrap();
        staff.push(one);
    }
    let manager = house.manager((&first, &second), clinic, "Mona Manager").await;
    let records = house.member(&manager, clinic, Role::RecordsStaff, "Rita Records").await;
    let author = house.member(&manager, clinic, Role::Clinician, "Ada Author").await;
    let colleague = house.member(&manager, clinic, Role::Clinician, "Carl Colleague").await;
    let body = PatientBody {
        last: "Quill".to_owned(),
        first: "Nora".to_owned(),
        record_number: "LP-1".to_owned(),
        ..PatientBody::default()
    };
    let patient = house.desk::<act::PatientCreate>(&records).await.patient_create(clinic, &body).await.unwrap();
    let new = NewUpload {
        customer: Some(clinic),
        file_name: "note.txt".to_owned(),
        author: Some(author.person),
        patient: Some(patient),
        ..NewUpload::default()
    };
    let bytes = futures_util::stream::iter([Ok::<_, UploadCut>(Bytes::from_static(b"Patient: Quill, Nora\nWell.\n"))]);
    let document = house.desk::<act::DocumentUpload>(&staff[0]).await.document_upload(new, bytes).await.unwrap().id;
    house
        .desk::<act::DocumentDeliver>(&staff[1])
        .await
        .document_deliver(document, &[], NamesOthers::Ask)
        .await
        .unwrap();
    Practice { house, clinic, manager, colleague, patient, document }
}

impl Practice {
    async fn read(&self) -> Result<(), CustodyError> {
        self.house.desk::<act::DocumentRead>(&self.colleague).await.document_read(self.document, None).await.map(drop)
    }
    async fn alerts(&self) -> Vec<String> {
        let alerts = self.house.custody.store().alert_list().await.unwrap();
        alerts.into_iter().map(|alert| alert.kind).filter(|kind| kind.starts_with("break_glass")).collect()
    }
    async fn break_it(&self) -> record::BreakGlassId {
        let desk = self.house.desk::<act::BreakGlassStart>(&self.colleague).await;
        desk.break_glass_start(self.patient, "The patient is here and cannot speak", 1).await.unwrap()
    }
}

#[tokio::test]
async fn the_glass_opens_alerts_is_reviewed_by_somebody_else_and_closes() {
    let practice = practice().await;
    assert!(matches!(practice.read().await, Err(CustodyError::Refused(_))), "shut before");
    let desk = practice.house.desk::<act::BreakGlassStart>(&practice.colleague).await;
    let silent = desk.break_glass_start(practice.patient, "", 1).await;
    assert!(matches!(silent, Err(CustodyError::Input(_))), "not without a reason");
    assert!(practice.alerts().await.is_empty());

    let glass = practice.break_it().await;
    assert_eq!(practice.alerts().await, ["break_glass"], "an alert at once");
    practice.read().await.unwrap();
    practice.house.desk::<act::PatientShow>(&practice.colleague).await.patient_show(practice.patient).await.unwrap();
    let desk = practice.house.desk::<act::DocumentHistory>(&practice.manager).await;
    let history = desk.document_history(practice.document).await.unwrap();
    let marked = history.iter().filter(|line| line.action == Action::DocumentRead && line.broken_glass).count();
    assert_eq!(marked, 1, "whoever looks who opened it sees that the glass was broken");
    let entries = practice.house.custody.store().entry_range(0, 1_000).await.unwrap();
    let emergencies = entries.iter().map(|stored| ledger::leaf::decode(&stored.leaf).unwrap().entry);
    let emergencies: Vec<Action> =
        emergencies.filter(|one| one.purpose == record::Purpose::Emergency).map(|one| one.action).collect();
    assert_eq!(emergencies, [Action::BreakGlassStart, Action::DocumentRead, Action::PatientShow]);
    let own = practice.house.desk::<act::BreakGlassReview>(&practice.colleague).await;
    assert!(own.break_glass_review(glass, true, "It was me and it was fine").await.is_err(), "nobody their own");
    let review = practice.house.desk::<act::BreakGlassReview>(&practice.manager).await;
    review.break_glass_review(glass, false, "The patient was not in the house").await.unwrap();
    assert!(matches!(practice.read().await, Err(CustodyError::Refused(_))), "not justified ends it at once");
    assert_eq!(practice.alerts().await.len(), 2);
    let again = review.break_glass_review(glass, true, "On second thought it was right").await;
    assert!(matches!(again, Err(CustodyError::State(_))), "a review is closed once");
    let list = practice.house.desk::<act::BreakGlassList>(&practice.manager).await;
    let lines = list.break_glass_list(practice.clinic).await.unwrap().lines;
    let opened: Vec<_> = lines[0].opened.iter().map(|line| line.line.action).collect();
    assert_eq!(opened, [Action::PatientShow, Action::DocumentRead], "the review shows what was opened");
    assert!(lines.len() == 1 && lines[0].review.as_ref().is_some_and(|review| review.2 == "not_justified"));
}

#[tokio::test]
async fn the_glass_closes_by_itself_when_its_hour_is_over() {
    let practice = practice().await;
    practice.break_it().await;
    practice.read().await.unwrap();
    practice.house.later(10 * 60_000);
    practice.read().await.unwrap();
    // Somebody at work: the session lives on, the hour does not.
    for _ in 0..5 {
        practice.house.later(10 * 60_000);
        drop(practice.house.session(&practice.colleague.secret).await);
    }
    practice.house.later(1);
    assert!(matches!(practice.read().await, Err(CustodyError::Refused(_))));
}
