//! Who is proposed for a document, and why: by what was said of its patient, and by whom its heading names.

use super::{ByNumber, Fit, MatchDesk, MatchTo};
use crate::testing::{House, Someone, house};
use crate::{CustodyError, NewUpload, PatientBody, UploadCut};
use bytes::Bytes;
use identify::resolve::{Agreement, Slip};
use record::civil::Day;
use record::{CustomerId, PatientId, Role, act};

struct Practice {
    house: House,
    clinic: CustomerId,
    manager: Someone,
    editor: Someone,
    typist: Someone,
    lacey: PatientId,
    basil: PatientId,
}

/// Twins, somebody of another family with the same given name, and a namesake of another age.
async fn practice() -> Practice {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let clinic = house.customer(&first, "Lakeside Pediatrics").await;
    let typist = house.staff(&first, Role::Transcriptionist, "Tessa Typist").await;
    let editor = house.staff(&first, Role::QaEditor, "Quentin Editor").await;
    for staff in [&typist, &editor] {
        house.desk::<act::AssignmentGrant>(&first).await.assignment_grant(clinic, staff.person).await.unwrap();
    }
    let manager = house.manager((&first, &second), clinic, "Mona Manager").await;
    let records = house.member(&manager, clinic, Role::RecordsStaff, "Rita Records").await;
    let mut ids = Vec::new();
    for (last, given, born, number) in [
        ("Underway", "Lacey", "2015-02-07", "LP-1"),
        ("Underway", "Basil", "2015-02-07", "LP-2"),
        ("Overcast", "Lacey", "2011-06-30", "LP-3"),
        ("Underway", "Lacey", "1984-11-12", "LP-4"),
    ] {
        let body = PatientBody {
            last: last.to_owned(),
            first: given.to_owned(),
            born: Some(Day::read(born).unwrap()),
            record_number: number.to_owned(),
            ..PatientBody::default()
        };
        let desk = house.desk::<act::PatientCreate>(&records).await;
        ids.push(desk.patient_create(clinic, &body).await.unwrap());
    }
    Practice { clinic, manager, editor, typist, lacey: ids[0], basil: ids[1], house }
}

impl Practice {
    /// What an editor sees of a note that came in with these words said of its patient.
    async fn look(&self, text: &'static str, said: (&str, &str, &str)) -> MatchDesk {
        let new = NewUpload {
            customer: Some(self.clinic),
            file_name: "note.txt".to_owned(),
            said: PatientBody {
                last: said.0.to_owned(),
                first: said.1.to_owned(),
                born: Day::read(said.2).ok(),
                ..PatientBody::default()
            },
            ..NewUpload::default()
        };
        let bytes = futures_util::stream::iter([Ok::<_, UploadCut>(Bytes::from_static(text.as_bytes()))]);
        let desk = self.house.desk::<act::DocumentUpload>(&self.typist).await;
        let document = desk.document_upload(new, bytes).await.unwrap().id;
        self.house.desk::<act::DocumentMatch>(&self.editor).await.document_match_look(document).await.unwrap()
    }
}

fn fit_of(seen: &MatchDesk, patient: PatientId) -> Option<Fit> {
    seen.proposals.iter().find(|one| one.id == patient).map(|one| one.fit)
}

#[tokio::test]
async fn a_note_whose_heading_says_all_fits_one_patient_and_no_twin_nor_namesake() {
    let practice = practice().await;
    let text = "Patient: Underway, Lacey\nDOB: 02/07/2015\nMRN: LP-1\n\nASSESSMENT: otitis media.\n";
    let seen = practice.look(text, ("", "", "")).await;
    assert_eq!(seen.fits, Some(practice.lacey));
    assert_eq!(seen.proposals[0].id, practice.lacey, "the best comes first");
    assert_eq!(fit_of(&seen, practice.basil), Some(Fit::HardlyFits), "a twin shares all but the given name");
    let fitting = seen.proposals.iter().filter(|one| one.fit == Fit::Fits).count();
    assert_eq!(fitting, 1);
    let version = seen.version.as_ref().unwrap().show(&seen.shown);
    assert_eq!(version.names(4), ["Underway, Lacey"]);
}

#[tokio::test]
async fn slips_are_told_and_fit_no_more_than_perhaps() {
    let practice = practice().await;
    let seen = practice.look("Patient: Underway, Lacy\nDOB: 07/02/2015\n\nWell child visit.\n", ("", "", "")).await;
    let proposal = &seen.proposals[0];
    assert_eq!((proposal.id, proposal.fit), (practice.lacey, Fit::MayFit));
    assert_eq!(proposal.agreements.family, Agreement::Same);
    assert_eq!(proposal.agreements.given, Agreement::Nearly(Slip::Spelling));
    assert_eq!(proposal.agreements.born, Agreement::Nearly(Slip::DayAndMonth));
    assert_eq!(seen.fits, None);
}

#[tokio::test]
async fn nobody_is_chosen_beforehand_where_what_was_said_and_the_text_differ() {
    let practice = practice().await;
    let text = "Patient: Underway, Basil\nDOB: 02/07/2015\n\nWell child visit.\n";
    let seen = practice.look(text, ("Underway", "Lacey", "2015-02-07")).await;
    assert_eq!(fit_of(&seen, practice.lacey), Some(Fit::Fits), "it fits what was said");
    assert_eq!(fit_of(&seen, practice.basil), Some(Fit::Fits), "it fits the text");
    assert_eq!(seen.fits, None);
}

#[tokio::test]
async fn a_given_name_alone_proposes_nobody() {
    let practice = practice().await;
    let seen = practice.look("Patient: Nightfall, Lacey\n\nWell child visit.\n", ("", "", "")).await;
    assert!(seen.proposals.is_empty(), "{}", seen.proposals.len());
}

#[tokio::test]
async fn a_twins_note_under_the_other_ones_number_waits_for_a_person() {
    let practice = practice().await;
    let matched = async |text| practice.look(text, ("", "", "")).await.matched;
    assert_eq!(matched("Patient: Underway, Lacey\nDOB: 02/07/2015\nMRN: LP-1\n\nCough.\n").await, Some(practice.lacey));
    assert_eq!(matched("Patient: Underway, Basil\nDOB: 02/07/2015\nMRN: LP-1\n\nRash.\n").await, None);
    let seen = practice.look("Patient: Underway, L.\nDOB: 02/07/2015\nMRN: LP-1\n\nFever.\n", ("", "", "")).await;
    assert_eq!((seen.matched, seen.fits), (None, Some(practice.lacey)), "an initial is one press away");
}

#[tokio::test]
async fn a_middle_name_that_twins_share_is_no_given_name_that_agrees() {
    let practice = practice().await;
    let said = |first: &str, number: &str| PatientBody {
        last: "Underway".to_owned(),
        first: first.to_owned(),
        record_number: number.to_owned(),
        ..PatientBody::default()
    };
    let all = [
        said("Lacey Ann", "LP-1"),
        said("Basil Lacey", "LP-1"),
        said("", "LP-1"),
        said("Lacey", "LP-9"),
        said("Lacey", ""),
    ];
    let whose = practice.house.custody.patients_certain(practice.clinic, all.iter()).await.unwrap();
    let (lacey, somebody, nobody) = (ByNumber::One(practice.lacey), ByNumber::Somebody, ByNumber::Nobody);
    assert_eq!(whose, [lacey, somebody, lacey, nobody, nobody]);
}

#[tokio::test]
async fn a_namesake_of_another_age_gets_no_note_by_a_mistyped_number() {
    let practice = practice().await;
    let matched = async |text| practice.look(text, ("", "", "")).await.matched;
    // LP-4 is her mother's, who is called so, too.
    assert_eq!(matched("Patient: Underway, Lacey\nDOB: 02/07/2015\nMRN: LP-4\n\nCough.\n").await, None);
    assert_eq!(matched("Patient: Underway, Lacey\nMRN: LP-1\n\nRash.\n").await, Some(practice.lacey));
    let said = |born: Option<Day>| PatientBody {
        last: "Underway".to_owned(),
        first: "Lacey".to_owned(),
        born,
        record_number: "LP-4".to_owned(),
        ..PatientBody::default()
    };
    let all = [said(Day::read("2015-02-07").ok()), said(None)];
    let whose = practice.house.custody.patients_certain(practice.clinic, all.iter()).await.unwrap();
    assert_eq!(whose[0], ByNumber::Somebody);
    assert!(matches!(whose[1], ByNumber::One(_)), "{:?}", whose[1]);
}

#[tokio::test]
async fn an_author_who_is_known_stays_whoever_says_whose_it_is() {
    let practice = practice().await;
    let house = &practice.house;
    let mut authors = Vec::new();
    for name in ["Ada Author", "Olga Other"] {
        authors.push(house.member(&practice.manager, practice.clinic, Role::Clinician, name).await.person);
    }
    let desk = house.desk::<act::DocumentMatch>(&practice.editor).await;
    for known in [Some(authors[0]), None] {
        let new = NewUpload {
            customer: Some(practice.clinic),
            file_name: "note.txt".to_owned(),
            author: known,
            ..NewUpload::default()
        };
        let text = if known.is_some() { "Rash.\n" } else { "Cough.\n" };
        let bytes = futures_util::stream::iter([Ok::<_, UploadCut>(Bytes::from_static(text.as_bytes()))]);
        let upload = house.desk::<act::DocumentUpload>(&practice.typist).await;
        let document = upload.document_upload(new, bytes).await.unwrap().id;
        let revision = house.custody.store().document_fetch(document).await.unwrap().unwrap().revision;
        let named = desk.document_match(document, MatchTo::Patient(practice.lacey), Some(authors[1]), revision).await;
        if known.is_some() {
            assert!(matches!(named, Err(CustodyError::Input(_))), "{named:?}");
            desk.document_match(document, MatchTo::Patient(practice.lacey), known, revision).await.unwrap();
        } else {
            named.unwrap();
        }
        let kept = house.custody.store().document_fetch(document).await.unwrap().unwrap().author;
        assert_eq!(kept, known.or(Some(authors[1])));
    }
}

#[tokio::test]
async fn whom_a_document_is_matched_to_is_shown_though_it_says_nothing_of_anybody() {
    let practice = practice().await;
    let new = NewUpload {
        customer: Some(practice.clinic),
        file_name: "note.txt".to_owned(),
        patient: Some(practice.lacey),
        ..NewUpload::default()
    };
    let bytes = futures_util::stream::iter([Ok::<_, UploadCut>(Bytes::from_static(b"Well child visit.\n"))]);
    let desk = practice.house.desk::<act::DocumentUpload>(&practice.typist).await;
    let document = desk.document_upload(new, bytes).await.unwrap().id;
    let desk = practice.house.desk::<act::DocumentMatch>(&practice.editor).await;
    let seen = desk.document_match_look(document).await.unwrap();
    assert_eq!(
        seen.proposals.iter().map(|one| (one.id, one.fit)).collect::<Vec<_>>(),
        [(practice.lacey, Fit::HardlyFits)]
    );
    assert_eq!(seen.fits, None);
}
