//! An export comes in at another practice: by its manager alone, under ids of its own, once, and mapped only where that is sure.

use super::{TakeInOrder, TakeInTally};
use crate::filled::{Filled, PLANTED_NAME, filled};
use crate::leaving::tests::{exported, furnished, leaves, secret};
use crate::leaving::{ExportOpen, ExportSecret};
use crate::testing::Someone;
use crate::{CustodyError, PatientBody};
use record::{Role, act};
use std::path::PathBuf;

struct Moved {
    filled: Filled,
    from: PathBuf,
    secret: String,
    /// Of the other practice.
    manager: Someone,
}

/// The clinic has everything exported; the other practice has a manager.
async fn moved() -> Moved {
    let filled = filled().await;
    furnished(&filled).await;
    leaves(&filled).await;
    let (from, _) = exported(&filled).await;
    let secret = secret(&filled).await;
    let manager = filled.house.manager((&filled.first, &filled.second), filled.other, "Olaf Other").await;
    Moved { filled, from, secret, manager }
}

impl Moved {
    fn order(&self) -> TakeInOrder {
        let secret = ExportSecret::read(&self.secret).unwrap();
        let export = ExportOpen { from: self.from.clone(), secret, key: None, digest: None };
        TakeInOrder { export, customer: self.filled.other, customer_name: "Hill Cardiology".to_owned() }
    }

    /// Takes in so many parts, or all.
    async fn taken(&self, by: &Someone, parts: usize) -> Result<TakeInTally, CustodyError> {
        let house = &self.filled.house;
        let mut take = house.desk::<act::CustomerTakeIn>(by).await.take_in_begin(self.order()).await?;
        for _ in 0..parts {
            if !house.desk::<act::CustomerTakeIn>(by).await.take_in_next(&mut take).await? {
                return Ok(take.finish().await);
            }
        }
        let tally = take.tally().clone();
        take.stop().await;
        Ok(tally)
    }

    async fn patient_there(&self, last: &str) {
        let records =
            self.filled.house.member(&self.manager, self.filled.other, Role::RecordsStaff, "Rolf Records").await;
        let body = PatientBody {
            last: last.to_owned(),
            first: "Nora".to_owned(),
            record_number: "LP-778812".to_owned(),
            ..PatientBody::default()
        };
        let desk = self.filled.house.desk::<act::PatientCreate>(&records).await;
        desk.patient_create(self.filled.other, &body).await.unwrap();
    }
}

#[tokio::test]
async fn what_comes_in_has_ids_of_this_house_and_is_mapped_only_where_number_and_surname_agree() {
    for (last, matched, proposed) in [(PLANTED_NAME, 1, 0), ("Somebodyelse", 0, 1)] {
        let moved = moved().await;
        moved.patient_there(last).await;
        let store = moved.filled.custody().store();
        let before = store.document_page_of(moved.filled.other, None, 100).await.unwrap().len();
        let tally = moved.taken(&moved.manager, usize::MAX).await.unwrap();
        assert_eq!((tally.documents, tally.versions, tally.outside.len()), (3, 4, 0), "{tally:?}");
        assert_eq!((tally.patients, tally.patients_matched, tally.patients_proposed), (0, matched, proposed), "{last}");
        // What a practice has of somebody it knows is not mixed with what another house had.
        assert_eq!(tally.related, proposed);
        let documents = store.document_page_of(moved.filled.other, None, 100).await.unwrap();
        assert_eq!(documents.len(), before + 4, "three documents and the other house's ledger");
        assert!(documents.iter().all(|one| !moved.filled.documents.contains(&one.id)));
        let patients = store.patient_page_of(moved.filled.other, None, 100).await.unwrap();
        assert_eq!(patients.len() as u64, 1 + proposed);
        assert_eq!(patients.iter().filter(|one| one.provisional).count() as u64, proposed);
        let there = store.patient_page_of(moved.filled.clinic, None, 100).await.unwrap();
        assert!(patients.iter().all(|one| one.id != there[0].id));
        // Everything is of one customer, and is opened under its own keys by whoever may there.
        let text = documents.iter().find(|one| one.current_version == 2).unwrap();
        let desk = moved.filled.house.desk::<act::DocumentRead>(&moved.filled.typist).await;
        assert!(desk.document_read(text.id, None).await.is_err(), "brought by somebody else");
    }
}

#[tokio::test]
async fn what_was_stopped_goes_on_and_nothing_comes_in_twice() {
    let moved = moved().await;
    let store = moved.filled.custody().store();
    let many = async || store.document_page_of(moved.filled.other, None, 100).await.unwrap().len();
    let before = many().await;
    // The parts of people and patients, and then somebody pulls the plug.
    let first = moved.taken(&moved.manager, 2).await.unwrap();
    assert_eq!((first.patients, first.documents, many().await), (1, 0, before));
    let second = moved.taken(&moved.manager, usize::MAX).await.unwrap();
    assert_eq!((second.patients, second.documents, second.came_before), (0, 3, 1));
    let third = moved.taken(&moved.manager, usize::MAX).await.unwrap();
    assert_eq!((third.documents, third.came_before, many().await), (0, 5, before + 4));
    assert!(store.upload_list_stale(moved.filled.custody().now().plus_secs(999)).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_the_manager_takes_a_practice_in_and_only_with_an_agreement_in_force() {
    let moved = moved().await;
    for one in [&moved.filled.first, &moved.filled.second, &moved.filled.typist, &moved.filled.manager] {
        assert!(matches!(moved.taken(one, 1).await, Err(CustodyError::Refused(_))));
    }
    let wrong = TakeInOrder { customer_name: "Lakeside Pediatrics".to_owned(), ..moved.order() };
    let desk = moved.filled.house.desk::<act::CustomerTakeIn>(&moved.manager).await;
    assert!(matches!(desk.take_in_begin(wrong).await, Err(CustodyError::State(_))));
    let store = moved.filled.custody().store();
    let mut tx = store.begin("end agreements").await.unwrap();
    for one in store.agreement_list(moved.filled.other).await.unwrap() {
        tx.agreement_end(moved.filled.other, one.id, moved.filled.custody().now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let refused = moved.taken(&moved.manager, 1).await;
    assert!(matches!(refused, Err(CustodyError::Refused(why)) if why.as_str() == "no_agreement"));
}

#[tokio::test]
async fn what_changed_since_an_earlier_export_is_told_of_and_not_passed_over() {
    let moved = moved().await;
    let first = moved.taken(&moved.manager, usize::MAX).await.unwrap();
    assert!(first.outside.is_empty(), "{first:?}");
    // A version more in the old house, and so another export.
    furnished(&moved.filled).await;
    let out = moved.filled.outside.path().join("export");
    std::fs::rename(&out, moved.filled.outside.path().join("earlier")).unwrap();
    let (from, _) = exported(&moved.filled).await;
    let again = Moved { from, secret: secret(&moved.filled).await, ..moved };
    let second = again.taken(&again.manager, usize::MAX).await.unwrap();
    let changed = again.filled.documents[0].to_string();
    assert!(second.outside.contains(&changed), "{second:?}");
    assert_eq!((second.documents, second.came_before), (0, 2));
}

#[tokio::test]
async fn a_signature_of_another_house_is_its_word_and_nobodys_here() {
    let moved = moved().await;
    let store = moved.filled.custody().store();
    moved.taken(&moved.manager, usize::MAX).await.unwrap();
    for one in store.document_page_of(moved.filled.other, None, 100).await.unwrap() {
        assert_eq!((one.signed_by, one.picked_up_by), (None, None), "{}", one.id);
    }
}
