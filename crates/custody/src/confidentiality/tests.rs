//! The rule for what comes in, the author's word, and what it means to each: lists, searches, pages, copies, the glass.

use super::{Restricts, restrict};
use crate::testing::{House, Someone, house};
use crate::{CustodyError, DocumentSearch, DocumentView, NamesOthers, NewUpload, PatientBody, UploadCut, VersionBody};
use bytes::Bytes;
use identify::HealthData;
use record::civil::Day;
use record::document::Confidentiality;
use record::{CustomerId, DocumentId, PatientId, PersonId, Role, Timestamp, act};
use std::ops::ControlFlow;
use store::Document;

const COUNSELLED: &str =
    "Patient: Underway, Lacey\nDOB: 02/27/2015\n\nSOCIAL: opioid use disorder, on buprenorphine.\n";
const PLAIN: &str = "Patient: Underway, Lacey\nDOB: 02/27/2015\n\nASSESSMENT: otitis media. Amoxicillin.\n";

fn blank() -> Document {
    Document::blank(DocumentId::from_bytes([1; 16]), CustomerId::from_bytes([1; 16]), Timestamp::from_unix_millis(0))
}

#[test]
fn what_comes_in_is_kept_as_the_practice_has_said_and_a_later_version_takes_nothing_back() {
    let (counselled, plain) =
        (VersionBody::of(COUNSELLED.as_bytes(), "a.txt"), VersionBody::of(PLAIN.as_bytes(), "b.txt"));
    let mut document = blank();
    restrict(&mut document, &Restricts::at_first(), &plain);
    assert_eq!(document.confidentiality, Confidentiality::Normal);
    restrict(&mut document, &Restricts::at_first(), &counselled);
    assert_eq!(document.confidentiality, Confidentiality::Restricted);
    restrict(&mut document, &Restricts::at_first(), &plain);
    assert_eq!(document.confidentiality, Confidentiality::Restricted, "the first version is still there to be read");
    let more = Restricts::at_first().with(HealthData::SubstanceUse, Confidentiality::VeryRestricted);
    restrict(&mut document, &more, &counselled);
    assert_eq!(document.confidentiality, Confidentiality::VeryRestricted);
    let mut open = blank();
    restrict(&mut open, &Restricts::default(), &counselled);
    assert_eq!(open.confidentiality, Confidentiality::Normal, "the practice has no rule");
}

#[test]
fn what_a_person_has_said_stands_whatever_comes_in() {
    let mut document = blank();
    document.restricted_by = Some(PersonId::from_bytes([1; 16]));
    restrict(&mut document, &Restricts::at_first(), &VersionBody::of(COUNSELLED.as_bytes(), "a.txt"));
    assert_eq!(document.confidentiality, Confidentiality::Normal);
}

#[test]
fn a_rule_is_kept_in_words_and_only_for_what_is_sensitive() {
    let rule = Restricts::at_first()
        .with(HealthData::Medication, Confidentiality::VeryRestricted)
        .with(HealthData::SubstanceUse, Confidentiality::Normal);
    assert_eq!(rule.of(HealthData::Medication), Confidentiality::Normal);
    let rows: Vec<_> = rule.rows().into_iter().collect();
    assert_eq!(rows, [("adolescent_confidential".to_owned(), Confidentiality::Restricted)]);
}

struct Practice {
    house: House,
    clinic: CustomerId,
    manager: Someone,
    records: Someone,
    author: Someone,
    /// Gets copies.
    cared: Someone,
    patient: PatientId,
    typist: Someone,
    editor: Someone,
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
    let cared = house.member(&manager, clinic, Role::Clinician, "Carl Carer").await;
    let body = PatientBody {
        last: "Underway".to_owned(),
        first: "Lacey".to_owned(),
        born: Some(Day::new(2015, 2, 27).unwrap()),
        record_number: "LP-1".to_owned(),
        ..PatientBody::default()
    };
    let patient = house.desk::<act::PatientCreate>(&records).await.patient_create(clinic, &body).await.unwrap();
    let editor = staff.pop().unwrap();
    let typist = staff.pop().unwrap();
    Practice { house, clinic, manager, records, author, cared, patient, typist, editor }
}

impl Practice {
    /// Comes in and is delivered, with a copy to the one who cares.
    async fn delivered(&self, text: &'static str) -> DocumentId {
        let document = self.uploaded(text).await;
        self.deliver(document, NamesOthers::Ask).await.unwrap();
        document
    }

    async fn deliver(&self, document: DocumentId, names: NamesOthers) -> Result<(), CustodyError> {
        let desk = self.house.desk::<act::DocumentDeliver>(&self.editor).await;
        desk.document_deliver(document, &[self.cared.person], names).await.map(drop)
    }

    async fn uploaded(&self, text: &'static str) -> DocumentId {
        let new = NewUpload {
            customer: Some(self.clinic),
            file_name: "note.txt".to_owned(),
            author: Some(self.author.person),
            patient: Some(self.patient),
            ..NewUpload::default()
        };
        let bytes = futures_util::stream::iter([Ok::<_, UploadCut>(Bytes::from_static(text.as_bytes()))]);
        let desk = self.house.desk::<act::DocumentUpload>(&self.typist).await;
        desk.document_upload(new, bytes).await.unwrap().id
    }

    async fn reads(&self, who: &Someone, document: DocumentId) -> bool {
        match self.house.desk::<act::DocumentRead>(who).await.document_read(document, None).await {
            Ok(_) => true,
            Err(CustodyError::Refused(_) | CustodyError::Absent) => false,
            Err(error) => panic!("{error:?}"),
        }
    }

    /// How many documents lists, the chart, a search and the history show of this one.
    async fn sees(&self, who: &Someone, document: DocumentId) -> [bool; 4] {
        let shows = |found: crate::DocumentsFound| {
            found.customers.iter().flat_map(|one| &one.lines).any(|line| line.id == document)
        };
        let wanted = DocumentSearch { text: "underway".to_owned(), ..DocumentSearch::default() };
        let list = self.house.desk::<act::DocumentList>(who).await;
        let search = self.house.desk::<act::DocumentSearch>(who).await;
        let history = self.house.desk::<act::DocumentHistory>(who).await;
        [
            shows(list.document_list(DocumentView::All, None, None).await.unwrap()),
            shows(list.document_chart(self.clinic, self.patient).await.unwrap()),
            shows(search.document_search(&wanted, None, None).await.unwrap()),
            history.document_history(document).await.is_ok(),
        ]
    }

    async fn is_open_to(&self, who: &Someone, document: DocumentId) -> bool {
        let sees = self.sees(who, document).await;
        let reads = self.reads(who, document).await;
        assert!(sees.iter().all(|one| *one == reads), "{sees:?} and {reads}");
        reads
    }
}

#[tokio::test]
async fn what_is_sensitive_is_kept_to_those_who_treat_and_opens_by_the_glass() {
    let practice = practice().await;
    let (counselled, plain) = (practice.delivered(COUNSELLED).await, practice.delivered(PLAIN).await);
    let Practice { house, records, author, cared, .. } = &practice;
    for (who, document, open) in
        [(records, plain, true), (records, counselled, false), (author, counselled, true), (cared, counselled, true)]
    {
        assert_eq!(practice.is_open_to(who, document).await, open);
    }
    // The author narrows it, and a copy does not reach it any more.
    let desk = house.desk::<act::DocumentRestrict>(author).await;
    desk.document_restrict(counselled, Confidentiality::VeryRestricted).await.unwrap();
    assert!(practice.is_open_to(author, counselled).await);
    assert!(!practice.is_open_to(cared, counselled).await);
    // Nobody else says who sees it.
    for who in [records, cared, &practice.manager, &practice.editor] {
        let desk = house.desk::<act::DocumentRestrict>(who).await;
        let said = desk.document_restrict(counselled, Confidentiality::Normal).await;
        assert!(matches!(said, Err(CustodyError::Refused(_) | CustodyError::Absent)));
    }
    for who in [records, cared] {
        let desk = house.desk::<act::BreakGlassStart>(who).await;
        desk.break_glass_start(practice.patient, "The patient is here and cannot speak", 1).await.unwrap();
        assert!(practice.is_open_to(who, counselled).await, "care is not stopped");
    }
    let desk = house.desk::<act::DocumentRestrict>(author).await;
    desk.document_restrict(counselled, Confidentiality::Normal).await.unwrap();
    let other = house.member(&practice.manager, practice.clinic, Role::RecordsStaff, "Rolf Records").await;
    assert!(practice.is_open_to(&other, counselled).await, "the author has opened it");
}

#[tokio::test]
async fn what_is_restricted_is_matched_by_editors_and_unseen_by_records_staff() {
    let practice = practice().await;
    let came = async |text: &'static str| {
        let new = NewUpload {
            customer: Some(practice.clinic),
            file_name: "note.txt".to_owned(),
            author: Some(practice.author.person),
            ..NewUpload::default()
        };
        let bytes = futures_util::stream::iter([Ok::<_, UploadCut>(Bytes::from_static(text.as_bytes()))]);
        let desk = practice.house.desk::<act::DocumentUpload>(&practice.typist).await;
        desk.document_upload(new, bytes).await.unwrap().id
    };
    let (restricted, plain) = (came(COUNSELLED).await, came(PLAIN).await);
    for (who, document, sees) in [
        (&practice.records, plain, true),
        (&practice.records, restricted, false),
        (&practice.editor, plain, true),
        (&practice.editor, restricted, true),
    ] {
        let desk = practice.house.desk::<act::DocumentMatch>(who).await;
        assert_eq!(desk.document_match_look(document).await.is_ok(), sees);
        let desk = practice.house.desk::<act::DocumentList>(who).await;
        let listed = desk.document_list(DocumentView::Unmatched, None, None).await.unwrap();
        assert_eq!(listed.customers.iter().flat_map(|one| &one.lines).any(|row| row.id == document), sees);
    }
}

#[tokio::test]
async fn the_manager_says_what_is_restricted_and_it_holds_for_what_comes_in() {
    let practice = practice().await;
    let before = practice.delivered(COUNSELLED).await;
    let desk = practice.house.desk::<act::CustomerRestrict>(&practice.manager).await;
    desk.customer_restrict(practice.clinic, &Restricts::default()).await.unwrap();
    let after =
        practice.delivered("Patient: Underway, Lacey\nDOB: 02/27/2015\n\nOpioid use disorder, second note.\n").await;
    assert!(!practice.reads(&practice.records, before).await, "what is there stays as it is");
    assert!(practice.reads(&practice.records, after).await);
    let desk = practice.house.desk::<act::CustomerShow>(&practice.manager).await;
    assert_eq!(desk.customer_restricts(practice.clinic).await.unwrap().restricts, Restricts::default());
    for who in [&practice.records, &practice.author, &practice.editor] {
        let desk = practice.house.desk::<act::CustomerRestrict>(who).await;
        assert!(desk.customer_restrict(practice.clinic, &Restricts::at_first()).await.is_err());
    }
}

#[tokio::test]
async fn a_note_that_names_another_patient_is_not_delivered_unasked_and_asks_under_new_keys_too() {
    let practice = practice().await;
    let other = practice.uploaded("Patient: Overcast, Basil\nDOB: 03/01/2012\n\nWell child visit.\n").await;
    assert!(matches!(practice.deliver(other, NamesOthers::Ask).await, Err(CustodyError::State(_))));
    assert!(!practice.reads(&practice.cared, other).await, "nothing went out");
    let stands = practice.house.custody.store().document_fetch(other).await.unwrap().unwrap().revision;
    for before in [stands + 1, stands.wrapping_sub(1)] {
        let answer = practice.deliver(other, NamesOthers::DeliverAt(before)).await;
        assert!(matches!(answer, Err(CustodyError::State(_))), "it was asked about another text, or another patient");
    }
    practice.deliver(other, NamesOthers::DeliverAt(stands)).await.unwrap();
    let asks = async || {
        let desk = practice.house.desk::<act::DocumentRead>(&practice.author).await;
        let opened = desk.document_read(other, None).await.unwrap();
        let patient = opened.patient.as_ref().unwrap().1.show(&opened.shown);
        let body = opened.holds.as_ref().unwrap().show(&opened.shown);
        body.somebody_else(patient).map(|(_, names)| names)
    };
    assert_eq!(asks().await.unwrap(), ["Overcast, Basil"]);
    practice.house.custody.key_rotate(practice.clinic, &mut |_| ControlFlow::Continue(())).await.unwrap();
    assert_eq!(asks().await.unwrap(), ["Overcast, Basil"], "under new keys");
}
