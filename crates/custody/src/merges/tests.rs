//! Two records become one and two again: exactly, by whoever may, and never for the sake of reading.

use crate::testing::{House, MINUTE_MILLIS, Someone, house};
use crate::{CustodyError, DocumentBody, DocumentSearch, MergeDesk, NewUpload, PatientBody, RelatedBody, UploadCut};
use bytes::Bytes;
use record::civil::Day;
use record::document::DocumentState;
use record::merge::MergeState;
use record::{Action, CustomerId, DocumentId, MergeId, Outcome, PatientId, RelatedKind, Role, act};
use std::collections::BTreeSet;
use store::{Document, EntryFilter};

struct Practice {
    house: House,
    clinic: CustomerId,
    records: Someone,
    manager: Someone,
    ada: Someone,
    cora: Someone,
    other: CustomerId,
    other_records: Someone,
}

async fn practice() -> Practice {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let clinic = house.customer(&first, "Lakeside Pediatrics").await;
    let other = house.customer(&first, "Hill Cardiology").await;
    let manager = house.manager((&first, &second), clinic, "Mona Manager").await;
    let other_manager = house.manager((&first, &second), other, "Otto Manager").await;
    let records = house.member(&manager, clinic, Role::RecordsStaff, "Rita Records").await;
    let ada = house.member(&manager, clinic, Role::Clinician, "Ada Author").await;
    let cora = house.member(&manager, clinic, Role::Clinician, "Cora Clinician").await;
    let other_records = house.member(&other_manager, other, Role::RecordsStaff, "Oda Records").await;
    Practice { house, clinic, records, manager, ada, cora, other, other_records }
}

fn body(last: &str, number: &str) -> PatientBody {
    PatientBody {
        last: last.to_owned(),
        first: "Nora".to_owned(),
        born: Day::new(2016, 5, 4),
        record_number: number.to_owned(),
        ..PatientBody::default()
    }
}

impl Practice {
    async fn patient(&self, last: &str, number: &str) -> PatientId {
        let desk = self.house.desk::<act::PatientCreate>(&self.records).await;
        desk.patient_create(self.clinic, &body(last, number)).await.unwrap()
    }

    async fn document(&self, patient: PatientId, author: &Someone) -> DocumentId {
        let custody = &self.house.custody;
        let id = DocumentId::mint(custody.clock(), custody.entropy());
        let body = DocumentBody { title: "Note".to_owned(), ..DocumentBody::default() };
        let document = Document {
            patient: Some(patient),
            author: Some(author.person),
            uploader: self.records.person.to_string(),
            state: DocumentState::Delivered,
            body: custody.document_seal(id, self.clinic, &body).unwrap(),
            delivered_at: Some(custody.now()),
            ..Document::blank(id, self.clinic, custody.now())
        };
        let mut tx = custody.store().begin("a document").await.unwrap();
        tx.document_insert(&document).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn guardian(&self, patient: PatientId, last: &str) {
        let body = RelatedBody { last: last.to_owned(), ..RelatedBody::default() };
        let desk = self.house.desk::<act::RelatedCreate>(&self.records).await;
        desk.related_create(patient, RelatedKind::Guardian, &body).await.unwrap();
    }

    async fn of(&self, document: DocumentId) -> PatientId {
        self.house.custody.store().document_fetch(document).await.unwrap().unwrap().patient.unwrap()
    }

    async fn found(&self, search: DocumentSearch) -> Vec<PatientId> {
        let desk = self.house.desk::<act::PatientSearch>(&self.records).await;
        let found = desk.patient_search(&search, None).await.unwrap();
        found.iter().flat_map(|lines| lines.lines.iter().map(|line| line.id)).collect()
    }

    async fn numbered(&self, number: &str) -> Vec<PatientId> {
        self.found(DocumentSearch { record_number: number.to_owned(), ..DocumentSearch::default() }).await
    }

    async fn guarded(&self, last: &str) -> Vec<PatientId> {
        self.found(DocumentSearch { guardian: last.to_owned(), ..DocumentSearch::default() }).await
    }

    async fn propose(&self, prior: PatientId, survivor: PatientId) -> MergeId {
        let desk = self.house.desk::<act::PatientMergePropose>(&self.records).await;
        desk.merge_propose(prior, survivor).await.unwrap()
    }

    async fn look(&self, id: MergeId) -> MergeDesk {
        self.house.desk::<act::PatientMergeShow>(&self.records).await.merge_show(id).await.unwrap()
    }

    /// Looks, and confirms what was seen.
    async fn confirm(&self, id: MergeId, keep: PatientId) -> Result<(), CustodyError> {
        let seen = self.look(id).await;
        let seen = [(seen.prior.id, seen.prior.revision), (seen.survivor.id, seen.survivor.revision)];
        self.house.step_up(&self.records).await.unwrap();
        self.house.desk::<act::PatientMergeConfirm>(&self.records).await.merge_confirm(id, keep, seen).await.map(drop)
    }

    async fn undo(&self, id: MergeId) -> Result<crate::Undone, CustodyError> {
        self.house.step_up(&self.records).await.unwrap();
        self.house.desk::<act::PatientMergeUndo>(&self.records).await.merge_undo(id).await
    }

    async fn nothing_kept_is_wrong(&self) {
        let wrong = self.house.custody.store().kept_check(self.clinic, None, 50).await.unwrap().wrong;
        assert!(wrong.is_empty(), "what is kept for lists says what documents and tokens say");
    }

    async fn reads(&self, who: &Someone, document: DocumentId) -> bool {
        let listed = self.house.desk::<act::DocumentHistory>(who).await.document_history(document).await;
        listed.is_ok()
    }
}

#[tokio::test]
async fn a_merge_moves_all_of_a_record_and_taking_it_back_restores_exactly_what_was() {
    let practice = practice().await;
    let (prior, survivor) = (practice.patient("Quill", "LP-1").await, practice.patient("Quill", "LP-2").await);
    let (first, second) =
        (practice.document(prior, &practice.ada).await, practice.document(survivor, &practice.cora).await);
    practice.guardian(prior, "Okonjo").await;
    practice.guardian(survivor, "Adeyemi").await;
    let id = practice.propose(prior, survivor).await;
    assert_eq!(practice.of(first).await, prior, "a proposal moves nothing");
    let seen = practice.look(id).await;
    assert_eq!((seen.prior.documents, seen.survivor.documents), (1, 1));
    assert_eq!((seen.prior.related.len(), seen.survivor.related.len()), (1, 1));
    assert_eq!(seen.may, [Action::PatientMergeConfirm, Action::PatientMergeRefuse, Action::PatientMergeUndo]);

    practice.confirm(id, survivor).await.unwrap();
    assert_eq!((practice.of(first).await, practice.of(second).await), (survivor, survivor));
    assert_eq!(practice.numbered("LP-1").await, [survivor], "found by the number that went");
    assert_eq!(practice.numbered("LP-2").await, [survivor]);
    assert_eq!((practice.guarded("okonjo").await, practice.guarded("adeyemi").await), (vec![survivor], vec![survivor]));
    practice.nothing_kept_is_wrong().await;
    // A correction leaves the number that went among those by which the patient is found.
    let desk = practice.house.desk::<act::PatientShow>(&practice.records).await;
    let revision = desk.patient_show(survivor).await.unwrap().revision;
    let change = practice.house.desk::<act::PatientChange>(&practice.records).await;
    change.patient_change(survivor, &body("Quill-Ames", "LP-2"), revision).await.unwrap();
    assert_eq!(practice.numbered("LP-1").await, [survivor]);
    let gone = change.patient_change(prior, &body("Quill", "LP-1"), 1).await;
    assert!(matches!(gone, Err(CustodyError::State(_))), "a record that went is not corrected: {gone:?}");
    let after = practice.document(survivor, &practice.cora).await;

    let done = practice.undo(id).await.unwrap();
    assert_eq!((done.documents, done.related, done.stayed), (1, 1, 2));
    assert_eq!(practice.of(first).await, prior);
    assert_eq!((practice.of(second).await, practice.of(after).await), (survivor, survivor), "what came later stays");
    assert_eq!((practice.numbered("LP-1").await, practice.numbered("LP-2").await), (vec![prior], vec![survivor]));
    assert_eq!((practice.guarded("okonjo").await, practice.guarded("adeyemi").await), (vec![prior], vec![survivor]));
    practice.nothing_kept_is_wrong().await;
    assert_eq!(practice.look(id).await.state, MergeState::Undone);
    assert!(matches!(practice.undo(id).await, Err(CustodyError::State(_))), "it is taken back once");
}

#[tokio::test]
async fn what_somebody_moved_elsewhere_after_a_merge_stays_there_when_it_is_taken_back() {
    let practice = practice().await;
    let (prior, survivor) = (practice.patient("Quill", "LP-1").await, practice.patient("Quill", "LP-2").await);
    let right = practice.patient("Right", "LP-3").await;
    let (first, second) =
        (practice.document(prior, &practice.ada).await, practice.document(prior, &practice.ada).await);
    let id = practice.propose(prior, survivor).await;
    practice.confirm(id, survivor).await.unwrap();
    let store = practice.house.custody.store();
    let mut moved = store.document_fetch(first).await.unwrap().unwrap();
    moved.patient = Some(right);
    let mut tx = store.begin("move it").await.unwrap();
    assert_eq!(tx.document_update(&moved, DocumentState::Delivered).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(practice.undo(id).await.unwrap().documents, 1);
    assert_eq!((practice.of(first).await, practice.of(second).await), (right, prior));
    practice.nothing_kept_is_wrong().await;
}

#[tokio::test]
async fn what_a_later_merge_brought_back_is_the_later_ones_to_give_back() {
    let practice = practice().await;
    let (prior, survivor) = (practice.patient("Quill", "LP-1").await, practice.patient("Quill", "LP-2").await);
    let right = practice.patient("Quill", "LP-3").await;
    let document = practice.document(prior, &practice.ada).await;
    let first = practice.propose(prior, survivor).await;
    practice.confirm(first, survivor).await.unwrap();
    let store = practice.house.custody.store();
    let mut moved = store.document_fetch(document).await.unwrap().unwrap();
    moved.patient = Some(right);
    let mut tx = store.begin("move it").await.unwrap();
    assert_eq!(tx.document_update(&moved, DocumentState::Delivered).await.unwrap(), 1);
    tx.commit().await.unwrap();
    practice.house.later(1000);
    let second = practice.propose(right, survivor).await;
    practice.confirm(second, survivor).await.unwrap();
    assert_eq!(practice.of(document).await, survivor);
    assert_eq!(practice.undo(first).await.unwrap().documents, 0, "it never was theirs again");
    assert_eq!(practice.of(document).await, survivor);
    assert_eq!(practice.undo(second).await.unwrap().documents, 1);
    assert_eq!(practice.of(document).await, right);
    practice.nothing_kept_is_wrong().await;
}

#[tokio::test]
async fn nobody_merges_in_order_to_read() {
    let practice = practice().await;
    let (prior, survivor) = (practice.patient("Quill", "LP-1").await, practice.patient("Quill", "LP-2").await);
    let (adas, coras) =
        (practice.document(prior, &practice.ada).await, practice.document(survivor, &practice.cora).await);
    assert!(practice.reads(&practice.ada, adas).await && !practice.reads(&practice.ada, coras).await);
    let waits = practice.propose(prior, survivor).await;
    let house = &practice.house;
    for who in [&practice.ada, &practice.manager, &practice.other_records] {
        house.step_up(who).await.unwrap();
        for id in [waits, MergeId::from_bytes([9; 16])] {
            // Refused and absent are one answer at the door; here they are either.
            let shut = |error: Option<CustodyError>| {
                assert!(matches!(error, Some(CustodyError::Refused(_) | CustodyError::Absent)), "{error:?}");
            };
            shut(house.desk::<act::PatientMergeShow>(who).await.merge_show(id).await.err());
            let seen = [(prior, 0), (survivor, 0)];
            let confirm = house.desk::<act::PatientMergeConfirm>(who).await;
            shut(confirm.merge_confirm(id, survivor, seen).await.err());
            shut(house.desk::<act::PatientMergeRefuse>(who).await.merge_refuse(id).await.err());
            shut(house.desk::<act::PatientMergeUndo>(who).await.merge_undo(id).await.err());
            let propose = house.desk::<act::PatientMergePropose>(who).await;
            shut(propose.merge_propose(prior, survivor).await.err());
        }
    }
    for who in [&practice.ada, &practice.manager] {
        let list = house.desk::<act::PatientMergeShow>(who).await.merge_list().await;
        assert!(matches!(list, Err(CustodyError::Refused(_))));
        assert_eq!(house.desk::<act::PatientSearch>(who).await.merges_waiting().await.unwrap(), 0);
    }
    assert!(!practice.reads(&practice.ada, coras).await, "a proposal opens nothing");
    practice.confirm(waits, survivor).await.unwrap();
    // By the rules of the chart that both documents lie in now, and by no other.
    assert!(practice.reads(&practice.ada, coras).await && practice.reads(&practice.cora, adas).await);
    practice.undo(waits).await.unwrap();
    assert!(!practice.reads(&practice.ada, coras).await && !practice.reads(&practice.cora, adas).await);
    assert!(practice.reads(&practice.ada, adas).await);
}

#[tokio::test]
async fn records_of_two_customers_are_never_one() {
    let practice = practice().await;
    let ours = practice.patient("Quill", "LP-1").await;
    let desk = practice.house.desk::<act::PatientCreate>(&practice.other_records).await;
    let theirs = desk.patient_create(practice.other, &body("Quill", "LP-1")).await.unwrap();
    for who in [&practice.records, &practice.other_records] {
        let desk = practice.house.desk::<act::PatientMergePropose>(who).await;
        for (prior, survivor) in [(ours, theirs), (theirs, ours)] {
            let crossed = desk.merge_propose(prior, survivor).await;
            assert!(matches!(crossed, Err(CustodyError::Absent)), "{crossed:?}");
        }
    }
    assert_eq!(
        practice.house.desk::<act::PatientMergeShow>(&practice.records).await.merge_list().await.unwrap().len(),
        1
    );
}

#[tokio::test]
async fn records_that_go_into_one_another_in_a_row_are_taken_back_from_the_end() {
    let practice = practice().await;
    let mut all = Vec::new();
    for number in ["LP-1", "LP-2", "LP-3"] {
        all.push(practice.patient("Quill", number).await);
    }
    let document = practice.document(all[0], &practice.ada).await;
    let (first, waits) = (practice.propose(all[0], all[1]).await, practice.propose(all[0], all[2]).await);
    practice.confirm(first, all[1]).await.unwrap();
    // What still waits is about the record into which the other went.
    let seen = practice.look(waits).await;
    assert_eq!((seen.prior.id, seen.survivor.id), (all[1], all[2]));
    practice.confirm(waits, all[2]).await.unwrap();
    assert_eq!(practice.of(document).await, all[2]);
    for number in ["LP-1", "LP-2", "LP-3"] {
        assert_eq!(practice.numbered(number).await, [all[2]], "{number}");
    }
    let round = practice.house.desk::<act::PatientMergePropose>(&practice.records).await;
    for (prior, survivor) in [(all[2], all[0]), (all[1], all[0]), (all[2], all[2])] {
        let round = round.merge_propose(prior, survivor).await;
        assert!(matches!(round, Err(CustodyError::State(_))), "no circle: {round:?}");
    }
    let early = practice.undo(first).await;
    assert!(matches!(early, Err(CustodyError::State(_))), "the later one first: {early:?}");
    practice.undo(waits).await.unwrap();
    assert_eq!(practice.of(document).await, all[1]);
    practice.undo(first).await.unwrap();
    assert_eq!(practice.of(document).await, all[0]);
    for (number, patient) in [("LP-1", all[0]), ("LP-2", all[1]), ("LP-3", all[2])] {
        assert_eq!(practice.numbered(number).await, [patient], "{number}");
    }
    practice.nothing_kept_is_wrong().await;
}

#[tokio::test]
async fn nobody_confirms_what_they_have_not_seen_nor_without_a_touch_nor_twice() {
    let practice = practice().await;
    let (prior, survivor) = (practice.patient("Quill", "LP-1").await, practice.patient("Quill", "LP-2").await);
    let id = practice.propose(prior, survivor).await;
    let again = practice.house.desk::<act::PatientMergePropose>(&practice.records).await;
    assert!(matches!(again.merge_propose(survivor, prior).await, Err(CustodyError::State(_))), "it waits already");
    let seen = [(prior, 0), (survivor, 0)];
    practice.house.later(6 * MINUTE_MILLIS);
    let desk = practice.house.desk::<act::PatientMergeConfirm>(&practice.records).await;
    assert!(matches!(desk.merge_confirm(id, survivor, seen).await, Err(CustodyError::Refused(_))), "no touch");
    let change = practice.house.desk::<act::PatientChange>(&practice.records).await;
    change.patient_change(prior, &body("Other", "LP-1"), 0).await.unwrap();
    practice.house.step_up(&practice.records).await.unwrap();
    let desk = practice.house.desk::<act::PatientMergeConfirm>(&practice.records).await;
    let unseen = desk.merge_confirm(id, survivor, seen).await;
    assert!(matches!(unseen, Err(CustodyError::Changed)), "{unseen:?}");
    let seen = [(prior, 1), (survivor, 0)];
    let third = practice.patient("Third", "LP-3").await;
    let neither = desk.merge_confirm(id, third, seen).await;
    assert!(matches!(neither, Err(CustodyError::Input(_))), "{neither:?}");
    // The other way round than proposed, as the person chose.
    desk.merge_confirm(id, prior, seen).await.unwrap();
    let store = practice.house.custody.store();
    assert_eq!(store.patient_fetch(survivor).await.unwrap().unwrap().linked_to, Some(prior));
    for late in [desk.merge_confirm(id, prior, seen).await.map(drop), {
        let refuse = practice.house.desk::<act::PatientMergeRefuse>(&practice.records).await;
        refuse.merge_refuse(id).await.map(drop)
    }] {
        assert!(matches!(late, Err(CustodyError::State(_))), "{late:?}");
    }
}

#[tokio::test]
async fn each_step_is_one_entry_that_names_both_records() {
    let practice = practice().await;
    let (prior, survivor) = (practice.patient("Quill", "LP-1").await, practice.patient("Quill", "LP-2").await);
    let refused = practice.propose(prior, survivor).await;
    practice.house.desk::<act::PatientMergeRefuse>(&practice.records).await.merge_refuse(refused).await.unwrap();
    let id = practice.propose(prior, survivor).await;
    practice.confirm(id, survivor).await.unwrap();
    practice.undo(id).await.unwrap();
    let filter = EntryFilter { resource: Some(prior.into()), ..EntryFilter::default() };
    let entries = practice.house.custody.store().entry_list(&filter, 50).await.unwrap();
    let entries: Vec<_> = entries.iter().map(|one| ledger::leaf::decode(&one.leaf).unwrap().entry).collect();
    for (action, times) in [
        (Action::PatientMergePropose, 2),
        (Action::PatientMergeRefuse, 1),
        (Action::PatientMergeConfirm, 1),
        (Action::PatientMergeUndo, 1),
    ] {
        let of: Vec<_> = entries.iter().filter(|one| one.action == action).collect();
        assert_eq!(of.len(), times, "{action}");
        assert!(of.iter().all(|one| one.outcome == Outcome::Permitted && one.names(&survivor.into())), "{action}");
    }
}

#[tokio::test]
async fn an_upload_for_a_record_that_went_is_for_the_one_it_went_into() {
    let practice = practice().await;
    let (prior, survivor) = (practice.patient("Quill", "LP-1").await, practice.patient("Quill", "LP-2").await);
    let id = practice.propose(prior, survivor).await;
    practice.confirm(id, survivor).await.unwrap();
    let mut of = BTreeSet::new();
    for (named, text) in [(Some(prior), "Note one.\n"), (None, "Patient: Quill, Nora\nMRN: LP-1\n\nNote two.\n")] {
        let new = NewUpload {
            customer: Some(practice.clinic),
            file_name: "note.txt".to_owned(),
            author: Some(practice.ada.person),
            patient: named,
            ..NewUpload::default()
        };
        let bytes = futures_util::stream::iter([Ok::<_, UploadCut>(Bytes::from_static(text.as_bytes()))]);
        let desk = practice.house.desk::<act::DocumentUpload>(&practice.ada).await;
        of.insert(practice.of(desk.document_upload(new, bytes).await.unwrap().id).await);
    }
    assert_eq!(of, BTreeSet::from([survivor]));
}

#[tokio::test]
async fn a_record_that_went_still_has_its_page_for_whoever_sees_the_other_and_a_link_is_taken_back_too() {
    let practice = practice().await;
    let desk = practice.house.desk::<act::PatientCreate>(&practice.records).await;
    let newborn = desk.patient_create(practice.clinic, &body("Quill", "")).await.unwrap();
    let known = practice.patient("Quill", "LP-2").await;
    let document = practice.document(newborn, &practice.ada).await;
    practice.house.step_up(&practice.records).await.unwrap();
    practice.house.desk::<act::PatientLink>(&practice.records).await.patient_link(newborn, known).await.unwrap();
    for who in [&practice.ada, &practice.records] {
        let page = practice.house.desk::<act::PatientShow>(who).await.patient_show(newborn).await.unwrap();
        assert_eq!(page.went_into, Some(known));
    }
    let shut = practice.house.desk::<act::PatientShow>(&practice.cora).await.patient_show(newborn).await;
    assert!(matches!(shut, Err(CustodyError::Refused(_))));
    let page = practice.house.desk::<act::PatientShow>(&practice.records).await.patient_show(known).await.unwrap();
    let [merge] = page.merges[..] else { panic!("one merge") };
    practice.undo(merge).await.unwrap();
    assert_eq!(practice.of(document).await, newborn);
    let page = practice.house.desk::<act::PatientShow>(&practice.records).await.patient_show(newborn).await.unwrap();
    assert!(page.went_into.is_none() && page.line.provisional && page.merges.is_empty());
}
