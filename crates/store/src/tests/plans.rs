//! How the engine goes about a page: by the one way that was named, without sorting where the way has the order. The
//! engine has no statistics here, as in use; what it would choose by itself walks through a whole practice.

use super::{customer, patient_id, person, store};
use crate::document_list::page_plan;
use crate::kept::{NamesOf, names_sql};
use crate::patients::search_sql;
use crate::{DocumentFilter, Store};
use policy::scope::{DocumentClause, DocumentScope, PatientRelation, PatientScope, Relation};
use record::document::Confidentiality;
use record::document::DocumentState::{self, Delivered, Dictated, Held, Signed};

const SORT: &str = "USE TEMP B-TREE FOR ORDER BY";

fn scope(states: &[DocumentState]) -> DocumentScope {
    let clause = |who| DocumentClause { states: states.to_vec(), most: Confidentiality::VeryRestricted, who };
    let any_of = vec![
        clause(Relation::AuthorIs(person(1))),
        clause(Relation::RecipientIs(person(1))),
        clause(Relation::PatientInCareOf(person(1))),
    ];
    DocumentScope { any_of }
}

fn token(n: u8) -> (String, Vec<u8>) {
    ("surname".to_owned(), vec![n; 32])
}

/// The index that the ids of the page are found by, and whether they are sorted afterwards. The first line is about the
/// rows of these ids.
fn first(plan: &[String]) -> (&str, bool) {
    assert!(plan[0].contains("sqlite_autoindex_document_1 (document_id=?)"), "{plan:#?}");
    let by = plan[1..].iter().find(|line| line.contains("USING") && !line.contains("TEMP")).unwrap();
    let index = by.split(" INDEX ").nth(1).unwrap().split(' ').next().unwrap();
    (index, plan.iter().any(|line| line == SORT))
}

#[tokio::test]
async fn a_page_of_documents_is_found_by_its_way() {
    let (_dir, store) = store().await;
    let base = || DocumentFilter::all(customer(1), scope(&[Delivered, Signed]));
    let names = |groups: &[&[(String, Vec<u8>)]]| DocumentFilter {
        patient_groups: groups.iter().map(|group| group.to_vec()).collect(),
        ..base()
    };
    let number = ("record_number".to_owned(), vec![4; 32]);
    let by_customer = "sqlite_autoindex_document_2";
    let who = Some(person(1));
    for (filter, index, sorted) in [
        (base(), by_customer, false),
        (names(&[&[token(1)], &[token(2)]]), "sqlite_autoindex_document_name_1", false),
        (names(&[&[token(1), token(3)], &[token(2)]]), "sqlite_autoindex_document_name_1", false),
        (names(&[&[number], &[token(2)]]), "document_by_patient", true),
        (DocumentFilter { patients: Some(vec![patient_id(1), patient_id(2)]), ..base() }, "document_by_patient", true),
        (DocumentFilter { chart_of: Some(patient_id(1)), ..base() }, "document_by_patient", true),
        (DocumentFilter { inbox_of: who, ..base() }, "recipient_by_person", false),
        (DocumentFilter { unread_by: who, inbox_of: who, ..base() }, "recipient_unread", false),
        (DocumentFilter { author: who, ..base() }, "document_by_author", false),
        (DocumentFilter { uploader: who, ..base() }, "document_by_uploader", false),
        (DocumentFilter { states: vec![Signed], author: who, ..base() }, "document_by_author", false),
        (DocumentFilter::all(customer(1), scope(&[Held])), "document_by_state", false),
    ] {
        let plan = page_plan(&store, &filter, None).await;
        assert_eq!(first(&plan), (index, sorted), "{filter:?}\n{plan:#?}");
        assert!(!plan.iter().any(|line| line.starts_with("SCAN") && !line.ends_with("CONSTANT ROW")), "{plan:#?}");
    }
}

#[tokio::test]
async fn what_is_someones_own_is_found_by_who_they_care_for() {
    let (_dir, store) = store().await;
    let base = || DocumentFilter::all(customer(1), scope(&[Dictated, Delivered, Signed]));
    for groups in [vec![], vec![vec![token(1), token(3)], vec![token(2)]]] {
        let filter = DocumentFilter { patient_groups: groups.clone(), ..base() };
        let plan = page_plan(&store, &filter, Some(person(1))).await;
        let at = |wanted: &str| {
            plan.iter().position(|line| line.contains(wanted)).unwrap_or_else(|| panic!("{wanted}: {plan:#?}"))
        };
        let care = at("sqlite_autoindex_care_1 (person_id=?");
        // The names are looked at before the patient's documents are.
        let names = plan.iter().position(|line| line.contains("says"));
        let documents = at("document_by_patient (patient_id=?");
        assert!(care < documents && names.is_none_or(|names| care < names), "{plan:#?}");
        assert_eq!(names.is_some(), !groups.is_empty());
        let theirs = ["document_by_author (author_id=?", "recipient_by_person (person_id=?"];
        if groups.is_empty() {
            for index in theirs {
                at(index);
            }
        } else {
            // Of somebody with that name, but for those in their care, only what is still on its way is left.
            at("document_by_state (customer_id=? AND state=?");
            assert!(!plan.iter().any(|line| theirs.iter().any(|index| line.contains(index))), "{plan:#?}");
        }
    }
}

#[tokio::test]
async fn whether_somebody_cares_is_looked_up_and_not_worked_out_along_a_walk() {
    let (_dir, store) = store().await;
    let filter = DocumentFilter::all(customer(1), scope(&[Delivered, Signed]));
    for groups in [vec![], vec![vec![token(1)], vec![token(2)]]] {
        let plan = page_plan(&store, &DocumentFilter { patient_groups: groups, ..filter.clone() }, None).await;
        assert!(
            plan.iter().any(|line| line.contains("sqlite_autoindex_care_1 (person_id=? AND patient_id=?")),
            "{plan:#?}"
        );
        assert!(!plan.iter().any(|line| line.contains("document_by_patient")), "{plan:#?}");
    }
}

#[tokio::test]
async fn a_page_of_patients_ends_the_walk_along_a_name_when_it_is_full() {
    let (_dir, store) = store().await;
    let anyone = PatientScope { any_of: vec![PatientRelation::Anyone] };
    for groups in [vec![], vec![vec![token(1)], vec![token(2)]], vec![vec![token(1), token(3)], vec![token(2)]]] {
        let (sql, values) = search_sql(customer(1), &anyone, &groups, Some(patient_id(9)), 200);
        let plan = store.explain(&sql, values).await;
        assert!(!plan.iter().any(|line| line == SORT || line.starts_with("SCAN")), "{plan:#?}");
    }
}

#[tokio::test]
async fn renewing_names_reads_one_patients_tokens_and_not_a_practices() {
    let (_dir, store) = store().await;
    for of in [NamesOf::Document, NamesOf::Patient] {
        for sql in names_sql(of) {
            let plan = store.explain(&sql, vec![customer(1).into(), patient_id(1).into()]).await;
            let tokens: Vec<&String> = plan.iter().filter(|line| line.contains(" says ")).collect();
            assert!(!tokens.is_empty(), "{plan:#?}");
            for line in tokens {
                assert!(line.contains("patient_token_by_patient (patient_id=? AND field=?"), "{of:?} {plan:#?}");
            }
            assert!(!plan.iter().any(|line| line.starts_with("SCAN")), "{of:?} {plan:#?}");
        }
    }
}

#[tokio::test]
async fn filling_what_is_kept_reads_each_patients_tokens_by_patient() {
    let (_dir, store) = store().await;
    let (_, sql) = Store::migrations()[1];
    let fill = &sql[sql.find("INSERT INTO document_name").unwrap()..];
    let plan = store.explain(fill.trim_end().trim_end_matches(';'), Vec::new()).await;
    assert!(plan.iter().any(|line| line.contains("patient_token_by_patient (patient_id=? AND field=?")), "{plan:#?}");
}
