//! How the engine goes about a page: by the one way that was named, without sorting where the way has the order. The
//! engine has no statistics here, as in use; what it would choose by itself walks through a whole practice.

use super::{customer, patient_id, person, store};
use crate::DocumentFilter;
use crate::document_list::page_plan;
use crate::patients::search_sql;
use policy::scope::{DocumentClause, DocumentScope, PatientRelation, PatientScope, Relation};
use record::document::DocumentState::{self, Delivered, Held, Signed};

const SORT: &str = "USE TEMP B-TREE FOR ORDER BY";

fn scope(states: &[DocumentState]) -> DocumentScope {
    let clause = |who| DocumentClause { states: states.to_vec(), who };
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

/// The index that the rows of the page are found by, and whether they are sorted afterwards.
fn first(plan: &[String]) -> (&str, bool) {
    let by = plan.iter().find(|line| line.contains("USING") && !line.contains("TEMP")).unwrap();
    let index = by.split(" INDEX ").nth(1).unwrap().split(' ').next().unwrap();
    (index, plan.iter().any(|line| line == SORT))
}

#[tokio::test]
async fn a_page_of_documents_is_found_by_its_way() {
    let (_dir, store) = store().await;
    let base = || DocumentFilter::all(customer(1), scope(&[Delivered, Signed]));
    let names = || DocumentFilter { patient_groups: vec![vec![token(1), token(3)], vec![token(2)]], ..base() };
    let by_customer = "sqlite_autoindex_document_2";
    let who = Some(person(1));
    for (filter, few, index, sorted) in [
        (base(), false, by_customer, false),
        (names(), false, by_customer, false),
        (names(), true, "document_by_patient", true),
        (
            DocumentFilter { patients: Some(vec![patient_id(1), patient_id(2)]), ..base() },
            false,
            "document_by_patient",
            true,
        ),
        (DocumentFilter { chart_of: Some(patient_id(1)), ..base() }, false, "document_by_patient", true),
        (DocumentFilter { inbox_of: who, ..base() }, false, "recipient_by_person", false),
        (DocumentFilter { unread_by: who, inbox_of: who, ..base() }, false, "recipient_unread", false),
        (DocumentFilter { author: who, ..base() }, false, "document_by_author", false),
        (DocumentFilter { uploader: who, ..base() }, false, "document_by_uploader", false),
        (DocumentFilter { states: vec![Signed], author: who, ..base() }, false, "document_by_author", false),
        (DocumentFilter::all(customer(1), scope(&[Held])), false, "document_by_state", false),
    ] {
        let plan = page_plan(&store, &filter, few).await;
        assert_eq!(first(&plan), (index, sorted), "{filter:?}\n{plan:#?}");
        assert!(!plan.iter().any(|line| line.starts_with("SCAN")), "{plan:#?}");
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
