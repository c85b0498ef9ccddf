//! Messages and tables: what they make, correct and propose, and what they never do by themselves.

use crate::testing::{House, Someone, house};
use crate::{CustodyError, DocumentSearch, ImportReport, PatientBody, PatientLines};
use record::civil::Day;
use record::merge::MergeCause;
use record::{Action, CustomerId, PatientId, Role, act};
use store::EntryFilter;

struct Practice {
    house: House,
    clinic: CustomerId,
    records: Someone,
    clinician: Someone,
}

async fn practice() -> Practice {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let clinic = house.customer(&first, "Lakeside Pediatrics").await;
    let manager = house.manager((&first, &second), clinic, "Mona Manager").await;
    let records = house.member(&manager, clinic, Role::RecordsStaff, "Rita Records").await;
    let clinician = house.member(&manager, clinic, Role::Clinician, "Carl Clinician").await;
    Practice { house, clinic, records, clinician }
}

/// A message: event, control id, minute of the day, and what follows the header.
fn message(event: &str, id: &str, minute: u32, rest: &str) -> String {
    let at = format!("20261120{:02}{:02}00", minute / 60, minute % 60);
    format!("MSH|^~\\&|EHR|LPC|||{at}||ADT^{event}|{id}|P|2.5\rEVN|{event}|{at}\r{rest}\r")
}

fn pid(number: &str, name: &str, born: &str) -> String {
    format!("PID|1||{number}^^^LPC^MR||{name}||{born}|F")
}

impl Practice {
    async fn take(&self, file: &str) -> ImportReport {
        let desk = self.house.desk::<act::PatientImport>(&self.records).await;
        let dry = desk.patient_import(self.clinic, file.as_bytes(), true).await.unwrap();
        let done = desk.patient_import(self.clinic, file.as_bytes(), false).await.unwrap();
        assert_eq!(dry, done, "a dry run says what is done");
        done
    }

    async fn lines(&self, number: &str) -> Vec<PatientLines> {
        let search = DocumentSearch { record_number: number.to_owned(), ..DocumentSearch::default() };
        self.house.desk::<act::PatientSearch>(&self.records).await.patient_search(&search, None).await.unwrap()
    }

    async fn known(&self, number: &str) -> Vec<(PatientId, PatientBody, bool)> {
        let lines = self.lines(number).await;
        let of = |lines: &PatientLines| -> Vec<_> {
            let line = |one: &crate::PatientLine| (one.id, one.patient.show(&lines.shown).clone(), one.provisional);
            lines.lines.iter().map(line).collect()
        };
        lines.iter().flat_map(of).collect()
    }

    async fn one(&self, number: &str) -> (PatientId, PatientBody, bool) {
        let mut found = self.known(number).await;
        assert_eq!(found.len(), 1, "{number}");
        found.remove(0)
    }

    /// What waits: prior, survivor and cause.
    async fn proposed(&self) -> Vec<(String, String, MergeCause)> {
        let desk = self.house.desk::<act::PatientMergeShow>(&self.records).await;
        let list = desk.merge_list().await.unwrap();
        let lines = list.iter().flat_map(|lines| lines.lines.iter().map(|line| (&lines.shown, line)));
        lines
            .map(|(shown, line)| {
                let number = |body: &crate::OpenedPatient| body.show(shown).record_number.clone();
                (number(&line.prior), number(&line.survivor), line.cause)
            })
            .collect()
    }
}

fn words(report: &ImportReport) -> Vec<(u64, &str)> {
    report.rejected.iter().map(|(line, say)| (*line, say.split(':').next().unwrap_or_default())).collect()
}

#[tokio::test]
async fn messages_register_and_correct_and_the_same_ones_again_change_nothing() {
    let practice = practice().await;
    let file = [
        message("A04", "1", 600, &pid("LP-1", "Quill^Nora^Jane", "20160504")),
        message("A28", "2", 601, &pid("LP-2", "Fox^Bo", "20150101")),
        message("A08", "3", 602, &pid("LP-1", "Quill^Norah", "")),
        message("A02", "4", 603, &pid("LP-1", "Quill^Nobody", "")),
        message("A08", "5", 604, "PID|1||LP-2^^^LPC^MR||^^\"\"||\"\"|\"\""),
    ]
    .concat();
    let done = practice.take(&file).await;
    assert_eq!((done.new, done.changed, done.other, done.rejected.len()), (2, 2, 1, 0));
    let (_, nora, _) = practice.one("LP-1").await;
    assert_eq!((nora.first.as_str(), nora.middle.as_str(), nora.born), ("Norah", "Jane", Day::new(2016, 5, 4)));
    let (_, bo, _) = practice.one("LP-2").await;
    assert_eq!((bo.last.as_str(), bo.first.as_str(), bo.born, bo.sex.as_str()), ("Fox", "Bo", None, ""), "deleted");
    let again = practice.take(&file).await;
    assert_eq!((again.new, again.changed, again.passed, again.other), (0, 0, 4, 1));
    assert!(practice.one("LP-1").await.1 == nora);
}

#[tokio::test]
async fn a_message_that_is_older_than_what_is_known_does_not_overwrite_it() {
    let practice = practice().await;
    practice.take(&message("A04", "1", 600, &pid("LP-1", "Quill^Nora", "20160504"))).await;
    practice.take(&message("A08", "2", 660, &pid("LP-1", "Quill^Norah", "20160504"))).await;
    let late = practice.take(&message("A08", "3", 630, &pid("LP-1", "Quill^Nonna", "20160504"))).await;
    assert_eq!((late.older, late.changed), (1, 0));
    assert_eq!(practice.one("LP-1").await.1.first, "Norah");
    // One that would hinder all that follow is none that is taken.
    let ahead = message("A08", "4", 600, &pid("LP-1", "Quill^Late", "")).replace("20261120", "20991120");
    assert_eq!(words(&practice.take(&ahead).await), [(1, "time")]);
    let reused = message("A08", "2", 660, &pid("LP-1", "Quill^Else", "20160504"));
    assert_eq!(words(&practice.take(&reused).await), [(1, "reused")]);
    assert_eq!(practice.one("LP-1").await.1.first, "Norah");
}

#[tokio::test]
async fn a_newborn_is_provisional_until_it_has_a_name_and_never_loses_it_to_a_word_for_none() {
    let practice = practice().await;
    practice.take(&message("A01", "1", 600, &pid("LP-1", "Quill^BABY GIRL", "20261120"))).await;
    let (id, _, provisional) = practice.one("LP-1").await;
    assert!(provisional);
    practice.take(&message("A08", "2", 610, &pid("LP-1", "Ames^Nora", "20261120"))).await;
    let (same, body, provisional) = practice.one("LP-1").await;
    assert_eq!((same, body.name().as_str(), provisional), (id, "Ames, Nora", false));
    practice.take(&message("A08", "3", 620, &pid("LP-1", "Quill^BABY GIRL", "20261120"))).await;
    assert_eq!(practice.one("LP-1").await.1.name(), "Ames, Nora");
}

#[tokio::test]
async fn a_merge_message_proposes_and_moves_nothing_until_a_person_confirms() {
    let practice = practice().await;
    let people = [
        message("A04", "1", 600, &pid("LP-1", "Quill^Nora", "20160504")),
        message("A04", "2", 601, &pid("LP-2", "Quille^Nora", "20160504")),
    ];
    practice.take(&people.concat()).await;
    let (prior, survivor) = (practice.one("LP-1").await.0, practice.one("LP-2").await.0);
    let rest = format!("{}\rMRG|LP-1^^^LPC^MR", pid("LP-2", "Quille^Nora", "20160504"));
    let done = practice.take(&message("A40", "3", 602, &rest)).await;
    assert_eq!((done.proposed, done.rejected.len()), (1, 0));
    assert_eq!(practice.proposed().await, [("LP-1".to_owned(), "LP-2".to_owned(), MergeCause::Message)]);
    let store = practice.house.custody.store();
    assert_eq!(store.patient_fetch(prior).await.unwrap().unwrap().linked_to, None);
    let filter = EntryFilter { resource: Some(prior.into()), ..EntryFilter::default() };
    let entries = store.entry_list(&filter, 50).await.unwrap();
    let entries: Vec<_> = entries.iter().map(|one| ledger::leaf::decode(&one.leaf).unwrap().entry).collect();
    let asked: Vec<_> = entries.iter().filter(|one| one.action == Action::PatientMergePropose).collect();
    assert!(asked.len() == 1 && asked[0].names(&survivor.into()), "one entry that names both");

    let desk = practice.house.desk::<act::PatientMergeShow>(&practice.records).await;
    let waits = desk.merge_list().await.unwrap()[0].lines[0].id;
    let seen = desk.merge_show(waits).await.unwrap();
    let seen = [(prior, seen.prior.revision), (survivor, seen.survivor.revision)];
    let confirm = practice.house.desk::<act::PatientMergeConfirm>(&practice.records).await;
    confirm.merge_confirm(waits, survivor, seen).await.unwrap();
    // What a message says under the number that went is for a person; and the merge is not proposed anew.
    let old = practice.take(&message("A08", "4", 610, &pid("LP-1", "Quill^Else", "20160504"))).await;
    assert_eq!((words(&old), old.changed), (vec![(1, "merged_number")], 0));
    assert_eq!(practice.take(&message("A40", "5", 611, &rest)).await.proposed, 0);
    let unknown = rest.replace("LP-1", "LP-77");
    assert_eq!(words(&practice.take(&message("A40", "6", 612, &unknown)).await), [(1, "prior_unknown")]);
}

#[tokio::test]
async fn the_same_name_under_another_number_is_proposed_once_and_twins_are_not() {
    let practice = practice().await;
    let table = "last name,first name,date of birth,record number\n";
    let before = format!("{table}Quill,Nora,2016-05-04,LP-1\nQuill,Nelly,2016-05-04,LP-2\n");
    assert_eq!(practice.take(&before).await.proposed, 0, "twins");
    let done = practice.take(&format!("{table}QUILL,Nora,2016-05-04,LP-3\n")).await;
    assert_eq!((done.new, done.proposed), (1, 1));
    assert_eq!(practice.proposed().await, [("LP-3".to_owned(), "LP-1".to_owned(), MergeCause::SameName)]);
    let desk = practice.house.desk::<act::PatientMergeShow>(&practice.records).await;
    let waits = desk.merge_list().await.unwrap()[0].lines[0].id;
    practice.house.desk::<act::PatientMergeRefuse>(&practice.records).await.merge_refuse(waits).await.unwrap();
    let again = practice.take(&format!("{table}QUILL,Nora,2016-05-04,LP-3\n")).await;
    assert_eq!((again.new, again.changed, again.proposed), (0, 1, 0), "a person has said that they are two");
    // Two newborns of one day have no name of their own.
    let babies = ["LP-5", "LP-6"].map(|number| message("A28", number, 600, &pid(number, "Fox^BABY BOY", "20261120")));
    assert_eq!(practice.take(&babies.concat()).await.proposed, 0);
}

#[tokio::test]
async fn somebody_else_under_the_same_number_overwrites_nobody() {
    let practice = practice().await;
    practice.take(&message("A04", "1", 600, &pid("LP-1", "Quill^Nora", "20160504"))).await;
    let done = practice.take(&message("A08", "2", 610, &pid("LP-1", "Marsh^Otto", "19510203"))).await;
    assert_eq!((done.new, done.changed, done.proposed), (1, 0, 1));
    assert_eq!(practice.proposed().await, [("LP-1".to_owned(), "LP-1".to_owned(), MergeCause::SameNumber)]);
    let names = |found: Vec<(PatientId, PatientBody, bool)>| {
        let mut names: Vec<String> = found.into_iter().map(|one| one.1.name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(practice.known("LP-1").await), ["Marsh, Otto", "Quill, Nora"]);
    // From now on each is known by number and person.
    practice.take(&message("A08", "3", 620, &pid("LP-1", "Marsh^Ottokar", "19510203"))).await;
    practice.take(&message("A08", "4", 620, &pid("LP-1", "Ames^Nora", "20160504"))).await;
    assert_eq!(names(practice.known("LP-1").await), ["Ames, Nora", "Marsh, Ottokar"], "a new surname, the same person");
    let table = "last name,first name,date of birth,record number\nFox,Bo,1990-01-01,LP-1\n";
    let done = practice.take(table).await;
    assert_eq!((done.new, done.changed, done.proposed), (1, 0, 1), "and a table neither");
}

#[tokio::test]
async fn numbers_of_several_authorities_are_taken_only_when_it_is_said_whose() {
    let practice = practice().await;
    let file = [
        message("A04", "1", 600, &pid("LP-1", "Quill^Nora", "20160504")),
        message("A04", "2", 601, &pid("LP-1", "Marsh^Otto", "19510203").replace("^LPC^", "^HOSP^")),
    ]
    .concat();
    let desk = practice.house.desk::<act::PatientImport>(&practice.records).await;
    let doubt = desk.patient_import(practice.clinic, file.as_bytes(), false).await;
    assert!(matches!(doubt, Err(CustodyError::Input(_))), "{doubt:?}");
    assert!(practice.known("LP-1").await.is_empty());
    let done = desk.patient_import_of(practice.clinic, file.as_bytes(), (Some("LPC"), false)).await.unwrap();
    assert_eq!((done.new, words(&done)), (1, vec![(4, "authority")]));
}

#[tokio::test]
async fn nobody_but_records_staff_imports_and_what_is_rejected_says_no_name() {
    let practice = practice().await;
    let file = [
        message("A08", "1", 600, &pid("LP-1", "Quill", "20160504")),
        message("A08", "2", 600, &pid("LP-2", "Quill^Nora", "2016")),
        message("A08", "3", 600, "PID|1||LP-3~LP-4||Quill^Nora"),
        message("A08", "4", 600, &pid("LP-5", "Quill^Nora", "20161350")),
        message("A08", "5", 600, &pid("LP-6", "Quill^Nora\\XE280AE\\", "20160504")),
    ]
    .concat();
    for who in [&practice.clinician] {
        let desk = practice.house.desk::<act::PatientImport>(who).await;
        let shut = desk.patient_import(practice.clinic, file.as_bytes(), false).await;
        assert!(matches!(shut, Err(CustodyError::Refused(_))));
    }
    let done = practice.take(&file).await;
    assert_eq!(words(&done), [(1, "name"), (7, "record_number"), (10, "birth_date"), (13, "value")]);
    assert!(done.rejected.iter().all(|(_, say)| !say.contains("Quill") && !say.contains("LP-")));
}

#[tokio::test]
async fn many_messages_go_batch_by_batch_and_a_dry_run_counts_as_if_it_had_kept_them() {
    let practice = practice().await;
    let mut file = String::new();
    for n in 0..230 {
        file.push_str(&message(
            "A04",
            &format!("a{n}"),
            600,
            &pid(&format!("LP-{n}"), &format!("Quill{n}^Nora"), "20160504"),
        ));
    }
    for n in 0..230 {
        file.push_str(&message("A08", &format!("b{n}"), 700, &pid(&format!("LP-{n}"), &format!("Quill{n}^Norah"), "")));
    }
    let done = practice.take(&file).await;
    assert_eq!((done.new, done.changed, done.proposed, done.rejected.len()), (230, 230, 0, 0));
    assert_eq!(practice.one("LP-229").await.1.first, "Norah");
}
