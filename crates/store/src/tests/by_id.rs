//! Every text about a customer's things carries the customer, or stands here with its reason.

use std::collections::BTreeMap;

/// Tables whose rows are a customer's.
const OWNED: &[&str] = &[
    "agreement",
    "assignment",
    "break_glass",
    "customer_leaving",
    "document",
    "document_token",
    "document_version",
    "membership",
    "patient",
    "patient_token",
    "recipient",
    "related_person",
    "split_patient",
    "taken_in",
    "upload",
];

const ADDRESS: &str = "an address has the id only; the row says whose it is, and policy is asked about that customer \
                       before anything of it is shown";
const WHOLE_ROW: &str = "writes a whole row, the customer among its columns";
const OF_DOCUMENT: &str = "rows hang on one document, which was fetched and asked about before";
const OF_PERSON: &str =
    "a person's own places and glasses at all customers, from which policy works out what counts where";
const PART: &str = "a part of a list's text; the customer is a condition of the whole, which the tests of lists hold";
const OWN_UPLOAD: &str = "an upload on its way, by the id that the same request made";

/// Function → why its text names no customer.
const WITHOUT: &[(&str, &str)] = &[
    ("agreement_insert", WHOLE_ROW),
    ("break_glass_fetch", ADDRESS),
    ("break_glass_insert", WHOLE_ROW),
    ("break_glass_open", OF_PERSON),
    ("document_fetch", ADDRESS),
    ("document_insert", WHOLE_ROW),
    ("ids_sql", PART),
    ("membership_fetch", ADDRESS),
    ("membership_insert", WHOLE_ROW),
    ("membership_list_by_people", OF_PERSON),
    ("membership_list_by_person", OF_PERSON),
    ("object_page_sql", "a backup takes the ciphertext of all customers, and opens none"),
    ("page_sql", PART),
    ("patient_fetch", ADDRESS),
    ("recipient_clear", OF_DOCUMENT),
    ("recipient_list", OF_DOCUMENT),
    ("recipient_read", OF_DOCUMENT),
    ("recipients_in_tx", OF_DOCUMENT),
    ("upload_abandon", OWN_UPLOAD),
    ("upload_commit", OWN_UPLOAD),
    ("upload_forget", OWN_UPLOAD),
    ("upload_touch", OWN_UPLOAD),
    ("version_list", OF_DOCUMENT),
    ("version_rewrap", "keys are wrapped anew for the very row that was read; no plaintext is seen"),
];

/// Does this text ask or change one of the tables.
fn is_about(text: &str, table: &str) -> bool {
    ["FROM ", "UPDATE ", "INTO ", "JOIN "].iter().any(|verb| {
        text.match_indices(&format!("{verb}{table}")).any(|(at, found)| {
            let next = text[at + found.len()..].chars().next().unwrap_or(' ');
            !(next.is_ascii_alphanumeric() || next == '_')
        })
    })
}

/// Functions of a source text whose SQL is about a customer's rows and names no customer.
fn without_customer(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let functions = code.split("fn ").skip(1).filter_map(|part| {
        let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        (!name.is_empty()).then_some((name, part))
    });
    functions
        .filter(|(_, text)| OWNED.iter().any(|table| is_about(text, table)) && !text.contains("customer_id"))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn a_text_without_a_customer_is_seen_and_one_with_it_is_not() {
    let seen = "pub async fn wrong(&self) { \"SELECT body FROM patient WHERE patient_id = $1\" }
                pub async fn right(&self) { \"SELECT body FROM patient WHERE customer_id = $1 AND patient_id = $2\" }
                pub async fn other(&self) { \"DELETE FROM patient_tokens_of_nobody\" }
                pub async fn changes(&self) { \"UPDATE related_person SET body = $2 WHERE related_id = $1\" }";
    assert_eq!(without_customer(seen), ["wrong", "changes"]);
}

#[test]
fn every_text_about_a_customers_rows_carries_the_customer_or_a_reason() {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|end| end != "rs") || path.ends_with("tests.rs") {
            continue;
        }
        for name in without_customer(&std::fs::read_to_string(&path).unwrap()) {
            found.insert(name, path.display().to_string());
        }
    }
    let listed: BTreeMap<&str, &str> = WITHOUT.iter().copied().collect();
    let new: Vec<_> = found.iter().filter(|(name, _)| !listed.contains_key(name.as_str())).collect();
    assert!(new.is_empty(), "carry the customer, or stand in the list with a reason: {new:?}");
    let gone: Vec<_> = listed.keys().filter(|name| !found.contains_key(**name)).collect();
    assert!(gone.is_empty(), "these carry the customer now, or are gone: {gone:?}");
    assert!(listed.values().all(|reason| reason.len() > 30), "a reason is a sentence");
}
