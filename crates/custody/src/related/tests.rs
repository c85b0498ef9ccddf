//! Who is around a patient: who may see and write it, what finds the patient, and that nobody overwrites unseen.

use crate::testing::{House, Someone, house};
use crate::{CustodyError, DocumentSearch, PatientBody, RelatedBody};
use record::civil::Day;
use record::{CustomerId, Outcome, PatientId, RelatedKind, Role, act};

struct Practice {
    house: House,
    customer: CustomerId,
    records: Someone,
    manager: Someone,
    clinician: Someone,
    officer: Someone,
}

async fn practice() -> Practice {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let customer = house.customer(&first, "Lakeside Pediatrics").await;
    let manager = house.manager((&first, &second), customer, "Mona Manager").await;
    let records = house.member(&manager, customer, Role::RecordsStaff, "Rita Records").await;
    let clinician = house.member(&manager, customer, Role::Clinician, "Carl Clinician").await;
    Practice { house, customer, records, manager, clinician, officer: first }
}

fn child(number: &str) -> PatientBody {
    PatientBody {
        last: "Delacroix".to_owned(),
        first: "Nora".to_owned(),
        born: Day::new(2016, 5, 4),
        record_number: number.to_owned(),
        ..PatientBody::default()
    }
}

fn mother(last: &str) -> RelatedBody {
    RelatedBody {
        last: last.to_owned(),
        first: "Ines".to_owned(),
        relation: "mother".to_owned(),
        may_consent: true,
        may_pick_up: true,
        ..RelatedBody::default()
    }
}

impl Practice {
    async fn child(&self, number: &str) -> PatientId {
        let desk = self.house.desk::<act::PatientCreate>(&self.records).await;
        desk.patient_create(self.customer, &child(number)).await.unwrap()
    }

    async fn put(&self, patient: PatientId, kind: RelatedKind, body: &RelatedBody) -> record::RelatedPersonId {
        self.house.desk::<act::RelatedCreate>(&self.records).await.related_create(patient, kind, body).await.unwrap()
    }

    async fn found_by(&self, guardian: &str) -> Vec<PatientId> {
        let search = DocumentSearch { guardian: guardian.to_owned(), ..DocumentSearch::default() };
        let desk = self.house.desk::<act::PatientSearch>(&self.records).await;
        let found = desk.patient_search(&search, None).await.unwrap();
        found.iter().flat_map(|lines| lines.lines.iter().map(|line| line.id)).collect()
    }

    async fn around(&self, patient: PatientId) -> Vec<(String, bool, u64)> {
        let page = self.house.desk::<act::PatientShow>(&self.records).await.patient_show(patient).await.unwrap();
        let line = |one: &crate::RelatedLine| (one.body.show(&page.shown).name(), one.in_force, one.revision);
        page.related.iter().map(line).collect()
    }
}

#[tokio::test]
async fn a_guardians_surname_finds_the_child_until_it_is_corrected_and_a_guarantors_finds_nobody() {
    let practice = practice().await;
    let patient = practice.child("LP-1").await;
    let other = practice.child("LP-2").await;
    let id = practice.put(patient, RelatedKind::Guardian, &mother("Okonjo-Reed")).await;
    practice.put(patient, RelatedKind::Guardian, &mother("Delacroix")).await;
    practice.put(other, RelatedKind::Guarantor, &mother("Payer")).await;
    assert_eq!(practice.found_by("okonjo reed").await, [patient]);
    assert_eq!(practice.found_by("delacroix").await, [patient], "the other child's own name is no guardian's");
    assert!(practice.found_by("payer").await.is_empty());
    let desk = practice.house.desk::<act::RelatedChange>(&practice.records).await;
    desk.related_change(patient, id, &mother("Adeyemi"), 0).await.unwrap();
    assert!(practice.found_by("okonjo").await.is_empty());
    assert_eq!(practice.found_by("adeyemi").await, [patient]);
    assert_eq!(practice.found_by("delacroix").await, [patient], "the other guardian's name still finds the child");
    // Correcting the child leaves the guardians' names in the index.
    let desk = practice.house.desk::<act::PatientChange>(&practice.records).await;
    desk.patient_change(patient, &PatientBody { first: "Norah".to_owned(), ..child("LP-1") }, 0).await.unwrap();
    assert_eq!(practice.found_by("adeyemi").await, [patient]);
}

#[tokio::test]
async fn whoever_may_not_see_the_chart_neither_sees_nor_writes_who_is_around_the_patient() {
    let practice = practice().await;
    let patient = practice.child("LP-1").await;
    let id = practice.put(patient, RelatedKind::Guardian, &mother("Okonjo")).await;
    let house = &practice.house;
    for who in [&practice.clinician, &practice.manager, &practice.officer] {
        let shown = house.desk::<act::PatientShow>(who).await.patient_show(patient).await;
        assert!(matches!(shown, Err(CustodyError::Refused(_))));
        let desk = house.desk::<act::RelatedCreate>(who).await;
        let made = desk.related_create(patient, RelatedKind::Guardian, &mother("Thief")).await;
        assert!(matches!(made, Err(CustodyError::Refused(_))));
        assert!(matches!(desk.related_look(patient).await, Err(CustodyError::Refused(_))));
        let desk = house.desk::<act::RelatedChange>(who).await;
        // Whatever revision is guessed: the answer is the refusal, not that it has changed.
        for revision in [0, 7] {
            let changed = desk.related_change(patient, id, &mother("Thief"), revision).await;
            assert!(matches!(changed, Err(CustodyError::Refused(_))));
        }
    }
    assert_eq!(practice.around(patient).await, [("Okonjo, Ines".to_owned(), true, 0)]);
    let other = practice.child("LP-2").await;
    let desk = house.desk::<act::RelatedChange>(&practice.records).await;
    let crossed = desk.related_change(other, id, &mother("Okonjo"), 0).await;
    assert!(matches!(crossed, Err(CustodyError::Absent)), "not around this patient");
}

#[tokio::test]
async fn two_corrections_of_one_guardian_do_not_overwrite_each_other() {
    let practice = practice().await;
    let patient = practice.child("LP-1").await;
    let id = practice.put(patient, RelatedKind::Guardian, &mother("Okonjo")).await;
    let desk = practice.house.desk::<act::RelatedChange>(&practice.records).await;
    let ended = RelatedBody { to: Day::new(2026, 11, 20), ..mother("Okonjo") };
    desk.related_change(patient, id, &ended, 0).await.unwrap();
    let late = desk.related_change(patient, id, &mother("Okonjo"), 0).await;
    assert!(matches!(late, Err(CustodyError::Changed)), "{late:?}");
    // Ended by a date, and still on the chart.
    assert_eq!(practice.around(patient).await, [("Okonjo, Ines".to_owned(), false, 1)]);
    desk.related_change(patient, id, &mother("Okonjo"), 1).await.unwrap();
    assert_eq!(practice.around(patient).await, [("Okonjo, Ines".to_owned(), true, 2)]);
}

#[tokio::test]
async fn two_corrections_of_one_patient_do_not_overwrite_each_other() {
    let practice = practice().await;
    let patient = practice.child("LP-1").await;
    let desk = practice.house.desk::<act::PatientChange>(&practice.records).await;
    let first = PatientBody { first: "Norah".to_owned(), ..child("LP-1") };
    desk.patient_change(patient, &first, 0).await.unwrap();
    let second = PatientBody { last: "Dupont".to_owned(), ..child("LP-1") };
    let late = desk.patient_change(patient, &second, 0).await;
    assert!(matches!(late, Err(CustodyError::Changed)), "{late:?}");
    let page = practice.house.desk::<act::PatientShow>(&practice.records).await.patient_show(patient).await.unwrap();
    assert_eq!(page.line.patient.show(&page.shown).name(), "Delacroix, Norah");
    assert_eq!(page.revision, 1);
    // A table has the last word, and whoever has the form open is told.
    let table = b"last name,first name,record number\nDelacroix,Nadia,LP-1\n";
    let import = practice.house.desk::<act::PatientImport>(&practice.records).await;
    import.patient_import(practice.customer, table, false).await.unwrap();
    assert!(matches!(desk.patient_change(patient, &second, 1).await, Err(CustodyError::Changed)));
    desk.patient_change(patient, &second, 2).await.unwrap();
}

#[tokio::test]
async fn a_table_brings_guardians_once_and_never_over_what_was_written_by_hand() {
    let practice = practice().await;
    let table = "last name,first name,date of birth,record number,guardian last name,guardian first name,guardian relation,\
                 guardian phone,parent2 last,guarantor last name\n\
                 Delacroix,Nora,2016-05-04,LP-1,Okonjo,Ines,mother,608 555 0142,Delacroix,Payer\n\
                 Delacroix,Remy,2018-05-04,LP-2,,,,,,\n";
    let import = practice.house.desk::<act::PatientImport>(&practice.records).await;
    let dry = import.patient_import(practice.customer, table.as_bytes(), true).await.unwrap();
    assert!(practice.found_by("okonjo").await.is_empty(), "a dry run keeps nothing");
    let done = import.patient_import(practice.customer, table.as_bytes(), false).await.unwrap();
    assert_eq!(dry, done);
    assert_eq!((done.new, done.related, done.related_kept, done.rejected.len()), (2, 3, 0, 0));
    let [patient] = practice.found_by("okonjo").await[..] else { panic!("one child") };
    assert_eq!(practice.found_by("delacroix").await, [patient], "the second guardian");
    let around = practice.around(patient).await;
    assert_eq!(around.len(), 3);
    let changed = table.replace("Okonjo,Ines", "Stranger,Eve");
    let again = import.patient_import(practice.customer, changed.as_bytes(), false).await.unwrap();
    assert_eq!((again.changed, again.related, again.related_kept), (2, 0, 3));
    assert_eq!(practice.around(patient).await, around);
    assert!(practice.found_by("stranger").await.is_empty());
}

#[tokio::test]
async fn a_linked_newborns_guardian_goes_along_to_the_known_patient() {
    let practice = practice().await;
    let newborn = PatientBody { first: "Baby girl".to_owned(), ..child("") };
    let desk = practice.house.desk::<act::PatientCreate>(&practice.records).await;
    let provisional = desk.patient_create(practice.customer, &newborn).await.unwrap();
    practice.put(provisional, RelatedKind::Guardian, &mother("Okonjo")).await;
    let known = practice.child("LP-1").await;
    practice.house.step_up(&practice.records).await.unwrap();
    let link = practice.house.desk::<act::PatientLink>(&practice.records).await;
    link.patient_link(provisional, known).await.unwrap();
    assert_eq!(practice.found_by("okonjo").await, [known]);
    assert_eq!(practice.around(known).await.len(), 1);
    let desk = practice.house.desk::<act::RelatedCreate>(&practice.records).await;
    let late = desk.related_create(provisional, RelatedKind::Guardian, &mother("Okonjo")).await;
    assert!(matches!(late, Err(CustodyError::State(_))), "{late:?}");
}

#[tokio::test]
async fn what_cannot_be_taken_is_told_at_its_field_and_a_guarantor_has_no_say() {
    let practice = practice().await;
    let patient = practice.child("LP-1").await;
    let desk = practice.house.desk::<act::RelatedCreate>(&practice.records).await;
    for (field, wrong) in [
        ("family", RelatedBody::default()),
        ("given", RelatedBody { first: "a".repeat(121), ..mother("Okonjo") }),
        ("relation", RelatedBody { relation: "mot\u{202e}her".to_owned(), ..mother("Okonjo") }),
        ("court_order", RelatedBody { court_order: "a".repeat(501), ..mother("Okonjo") }),
        ("to", RelatedBody { from: Day::new(2026, 2, 2), to: Day::new(2026, 2, 1), ..mother("Okonjo") }),
    ] {
        match desk.related_create(patient, RelatedKind::Guardian, &wrong).await {
            Err(CustodyError::Input(fields)) => assert_eq!(fields[0].field, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    practice.put(patient, RelatedKind::Guarantor, &mother("Payer")).await;
    let page = practice.house.desk::<act::PatientShow>(&practice.records).await.patient_show(patient).await.unwrap();
    let payer = page.related[0].body.show(&page.shown);
    assert!(!payer.may_consent && !payer.may_pick_up, "paying gives no say");
    for _ in 1..super::RELATED_MAX {
        practice.put(patient, RelatedKind::Guarantor, &mother("Payer")).await;
    }
    let full = desk.related_create(patient, RelatedKind::Guarantor, &mother("Payer")).await;
    assert!(matches!(full, Err(CustodyError::State(_))), "{full:?}");
    assert_eq!(practice.around(patient).await.len() as u64, super::RELATED_MAX);
}

#[tokio::test]
async fn an_entry_says_that_somebody_was_ended_and_names_patient_and_guardian_and_no_name() {
    let practice = practice().await;
    let patient = practice.child("LP-1").await;
    let id = practice.put(patient, RelatedKind::Guardian, &mother("Okonjo")).await;
    let ended = RelatedBody { to: Day::new(2026, 11, 20), ..mother("Okonjo") };
    let desk = practice.house.desk::<act::RelatedChange>(&practice.records).await;
    desk.related_change(patient, id, &ended, 0).await.unwrap();
    let filter = store::EntryFilter { resource: Some(id.into()), ..store::EntryFilter::default() };
    let entries = practice.house.custody.store().entry_list(&filter, 10).await.unwrap();
    let last = entries.iter().max_by_key(|one| one.index).unwrap();
    let last = ledger::leaf::decode(&last.leaf).unwrap();
    assert_eq!((last.entry.action, last.entry.outcome), (record::Action::RelatedChange, Outcome::Permitted));
    assert!(last.entry.names(&patient.into()) && last.entry.names(&id.into()));
    let words = practice.house.custody.words_open(&last.entry, &last.sealed_body);
    assert_eq!(words.as_deref(), Some("guardian until 2026-11-20"));
}

#[tokio::test]
async fn two_links_at_once_hide_nobody() {
    let practice = practice().await;
    let desk = practice.house.desk::<act::PatientCreate>(&practice.records).await;
    let mut two = Vec::new();
    for first in ["Baby one", "Baby two"] {
        let newborn = PatientBody { first: first.to_owned(), ..child("") };
        two.push(desk.patient_create(practice.customer, &newborn).await.unwrap());
    }
    practice.house.step_up(&practice.records).await.unwrap();
    let (one, other) = (
        practice.house.desk::<act::PatientLink>(&practice.records).await,
        practice.house.desk::<act::PatientLink>(&practice.records).await,
    );
    let (one, other) = tokio::join!(one.patient_link(two[0], two[1]), other.patient_link(two[1], two[0]));
    assert!(one.is_ok() != other.is_ok(), "one of them: {one:?}, {other:?}");
    let store = practice.house.custody.store();
    let mut shown = 0;
    for id in &two {
        shown += usize::from(store.patient_fetch(*id).await.unwrap().unwrap().linked_to.is_none());
    }
    assert_eq!(shown, 1);
}
