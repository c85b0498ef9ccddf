//! A long page asks the database no more questions than a short one.

use crate::testing::{House, Someone, house};
use crate::{DocumentBody, DocumentSearch, DocumentView, PAGE_ROWS, PatientBody};
use record::document::DocumentState;
use record::{CustomerId, DocumentId, Role, act};
use std::collections::BTreeMap;
use store::{Document, Patient};

struct Practice {
    house: House,
    clinic: CustomerId,
    records: Someone,
    doctors: Vec<Someone>,
    coordinator: Someone,
}

async fn practice() -> Practice {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let clinic = house.customer(&first, "Lakeside Pediatrics").await;
    let manager = house.manager((&first, &second), clinic, "Mona Manager").await;
    let records = house.member(&manager, clinic, Role::RecordsStaff, "Rita Records").await;
    let mut doctors = Vec::new();
    for name in ["Ada Author", "Cora Copied"] {
        doctors.push(house.member(&manager, clinic, Role::Clinician, name).await);
    }
    let coordinator = house.staff(&first, Role::Coordinator, "Colin Coordinator").await;
    house.desk::<act::AssignmentGrant>(&first).await.assignment_grant(clinic, coordinator.person).await.unwrap();
    Practice { house, clinic, records, doctors, coordinator }
}

impl Practice {
    /// Delivers so many documents, each about a patient of its own, by the first doctor and for the second.
    async fn deliver(&self, many: usize) -> Vec<DocumentId> {
        let custody = &self.house.custody;
        let mut ids = Vec::new();
        let mut tx = custody.store().begin("fill a practice").await.unwrap();
        for n in 0..many {
            self.house.later(1);
            let patient = Patient { provisional: false, ..custody.patient_blank(self.clinic) };
            let body = PatientBody {
                last: "Quillfeather".to_owned(),
                first: format!("Nora{n}"),
                record_number: format!("LP-{n}"),
                ..PatientBody::default()
            };
            custody.patient_insert_in_tx(&mut tx, &patient, &body).await.unwrap();
            let id = DocumentId::mint(custody.clock(), custody.entropy());
            let body = DocumentBody { title: format!("Note {n}"), ..DocumentBody::default() };
            let document = Document {
                patient: Some(patient.id),
                author: Some(self.doctors[0].person),
                uploader: self.records.person.to_string(),
                state: DocumentState::Delivered,
                body: custody.document_seal(id, self.clinic, &body).unwrap(),
                delivered_at: Some(custody.now()),
                picked_up_at: Some(custody.now()),
                picked_up_by: Some(self.records.person),
                ..Document::blank(id, self.clinic, custody.now())
            };
            tx.document_insert(&document).await.unwrap();
            for doctor in &self.doctors {
                tx.recipient_add(id, doctor.person, false).await.unwrap();
            }
            ids.push(id);
        }
        tx.commit().await.unwrap();
        ids
    }

    /// What each list finds, and how many questions it asks.
    async fn lists(&self) -> BTreeMap<String, (usize, u64)> {
        let store = self.house.custody.store();
        let mut counted = BTreeMap::new();
        let wanted = DocumentSearch { text: "quillfeather".to_owned(), ..DocumentSearch::default() };
        let rows = |found: crate::DocumentsFound| found.customers.iter().map(|one| one.lines.len()).sum();
        macro_rules! count {
            ($name:expr, $act:ident, $who:expr, $ask:expr) => {
                let desk = self.house.desk::<act::$act>($who).await;
                let before = store.questions_asked();
                let found: usize = $ask(desk).await;
                counted.insert($name.to_string(), (found, store.questions_asked() - before));
            };
        }
        for (name, who) in [("records staff", &self.records), ("clinician", &self.doctors[1])] {
            for view in [DocumentView::All, DocumentView::Inbox, DocumentView::Unread] {
                count!(format!("{view:?}, {name}"), DocumentList, who, async |desk: crate::Desk<act::DocumentList>| {
                    rows(desk.document_list(view, None, None).await.unwrap())
                });
            }
            count!(
                format!("search, {name}"),
                DocumentSearch,
                who,
                async |desk: crate::Desk<act::DocumentSearch>| rows(
                    desk.document_search(&wanted, None, None).await.unwrap()
                )
            );
            count!(format!("patients, {name}"), PatientSearch, who, async |desk: crate::Desk<act::PatientSearch>| {
                let found = desk.patient_search(&wanted, None).await.unwrap();
                assert!(found.iter().flat_map(|one| &one.lines).all(|line| line.documents == 1));
                found.iter().map(|one| one.lines.len()).sum()
            });
        }
        count!("status", DocumentStatus, &self.coordinator, async |desk: crate::Desk<act::DocumentStatus>| {
            desk.document_status(None).await.unwrap().0.len()
        });
        counted
    }
}

#[tokio::test]
async fn a_long_page_asks_no_more_questions_than_a_short_one() {
    let practice = practice().await;
    practice.deliver(5).await;
    let short = practice.lists().await;
    practice.deliver(PAGE_ROWS + 5).await;
    let long = practice.lists().await;
    assert_eq!(short.len(), 11);
    for (name, (found, asked)) in &short {
        let (found_more, asked_more) = long[name];
        let nothing = name.ends_with("records staff") && (name.starts_with("Inbox") || name.starts_with("Unread"));
        let expected = if nothing { (0, 0) } else { (5, PAGE_ROWS) };
        assert_eq!((*found, found_more), expected, "{name}");
        assert_eq!(*asked, asked_more, "{name}: {short:#?} {long:#?}");
    }
}

#[tokio::test]
async fn the_list_of_accesses_asks_no_more_questions_when_it_is_long() {
    let practice = practice().await;
    let ids = practice.deliver(30).await;
    let doctor = &practice.doctors[0];
    let store = practice.house.custody.store();
    let mut asked = Vec::new();
    for some in [&ids[..3], &ids[3..]] {
        for id in some {
            // There is no text to open; that somebody asked for it is an access all the same.
            drop(practice.house.desk::<act::DocumentRead>(doctor).await.document_read(*id, None).await);
        }
        let desk = practice.house.desk::<act::AccessList>(doctor).await;
        let before = store.questions_asked();
        let found = desk.access_list().await.unwrap();
        let named: usize = found.names.iter().map(|one| one.patients.len()).sum();
        asked.push((named, store.questions_asked() - before));
    }
    assert_eq!((asked[0].0, asked[1].0), (3, 30));
    assert_eq!(asked[0].1, asked[1].1);
}

#[tokio::test]
async fn looking_over_what_is_kept_for_lists_finds_nothing_wrong_by_itself() {
    let practice = practice().await;
    practice.deliver(12).await;
    let custody = &practice.house.custody;
    assert_eq!(custody.kept_mend().await.unwrap(), 0);
    assert_eq!(custody.alert_counts().get("kept_lists_wrong"), None);
}
