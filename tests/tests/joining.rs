//! One practice joins another by the real binary: prepared and carried out at the machine, decided by two managers in the
//! portal, killed on the way.

use serde_json::Value;
use std::time::Duration;
use strongroom_tests::binary::{Browser, between};
use strongroom_tests::terminal::{House, confirm};

const JOINS: &str = "Harbor Clinic";
const INTO: &str = "Lakeside Pediatrics";

fn all(house: &House, statement: &str) -> Vec<String> {
    house.ground().rows(statement)
}

fn count(house: &House, table: &str, customer: &str) -> u64 {
    let text = format!("SELECT COUNT(*) FROM {table} WHERE customer_id = '{customer}'");
    all(house, &text).pop().unwrap_or_default().parse().expect("a number")
}

fn customer(house: &House, name: &str) -> String {
    all(house, &format!("SELECT customer_id FROM customer WHERE name = '{name}'")).pop().expect("a customer")
}

/// Runs a command that somebody confirms: exit code, report, what it said.
fn confirmed(house: &House, who: &Browser, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let waiting = house.command(arguments);
    assert_eq!(confirm(who, &waiting.code), 303, "{arguments:?}");
    waiting.end()
}

/// Says yes to what the page shows, and takes these over.
fn yes(who: &Browser, customer: &str, joins: &str, people: &[&str]) -> u16 {
    let path = format!("/customers/{customer}/joining");
    let page = who.get(&path).expect("the portal answers").text();
    let seen = between(&page, "name=\"seen\" value=\"", "\"").unwrap_or_default().to_owned();
    let mut form = vec![("joins", joins), ("seen", seen.as_str())];
    form.extend(people.iter().map(|one| ("people", *one)));
    who.post(&path, &form).expect("the portal answers").status
}

#[test]
fn two_practices_become_one_by_two_words_and_a_command_that_is_killed_on_the_way() {
    let mut house = House::start("joining");
    let (joins, into) = (customer(&house, JOINS), customer(&house, INTO));
    let (ruth, sam) = (house.demo.sign_in("ruth.okafor"), house.demo.sign_in("sam.idris"));
    let (ivo, mara) = (house.demo.sign_in("ivo.brandt"), house.demo.sign_in("mara.quist"));
    let prepare = ["customer", "merge", "prepare", &joins, "--into", &into, "--prefix", "H-"];
    let (code, _, said) = confirmed(&house, &ruth, &prepare);
    assert!(code == Some(2) && said.contains("held"), "{said}");
    // What is held is let go.
    all(&house, "UPDATE document SET state = 'edited' WHERE state = 'held'");
    for one in [&sam, &ivo] {
        assert_eq!(confirmed(&house, one, &prepare).0, Some(3));
    }
    let (code, _, said) = confirmed(&house, &ruth, &prepare);
    assert_eq!(code, Some(0), "{said}");
    let run_it = ["customer", "merge", "run", &joins];
    let (code, _, said) = confirmed(&house, &ruth, &run_it);
    assert!(code == Some(2) && said.contains("Both managers"), "{said}");

    // The one that joins first, then the other; nobody else, and nobody for the other.
    assert_eq!(yes(&ruth, &joins, &joins, &[]), 404);
    assert_eq!(yes(&mara, &joins, &joins, &[]), 404);
    assert_eq!(yes(&mara, &into, &joins, &[]), 409);
    assert_eq!(yes(&ivo, &joins, &joins, &[]), 303);
    let place = |role: &str| {
        let text = format!("SELECT membership_id FROM membership WHERE customer_id = '{joins}' AND role = '{role}'");
        all(&house, &text)
    };
    let taken: Vec<String> = place("clinician").into_iter().chain(place("records_staff")).collect();
    let taken: Vec<&str> = taken.iter().map(String::as_str).collect();
    assert_eq!(yes(&mara, &into, &joins, &taken), 303);

    let of = |table: &str| count(&house, table, &joins) + count(&house, table, &into);
    let tables = ["document", "document_version", "patient", "related_person", "recipient", "patient_token"];
    let before = tables.map(of);
    let newest = format!("SELECT document_id FROM document WHERE customer_id = '{joins}' AND state = 'delivered'");
    let moved = all(&house, &newest);
    let omar = house.demo.sign_in("omar.haddad");
    let read = moved.iter().find(|id| omar.get(&format!("/documents/{id}")).is_ok_and(|page| page.status == 200));
    let read = format!("/documents/{}", read.expect("a document of his"));
    let mut ruth = ruth;
    for millis in [30, 90, 200] {
        let waiting = house.command(&run_it);
        assert_eq!(confirm(&ruth, &waiting.code), 303);
        std::thread::sleep(Duration::from_millis(millis));
        house = house.killed();
        drop(waiting.end());
        ruth = house.demo.sign_in("ruth.okafor");
    }
    let (code, report, said) = confirmed(&house, &ruth, &run_it);
    assert!(code == Some(0) && report["finished"] == true, "{report} {said}");
    let after = tables.map(|table| {
        assert_eq!(count(&house, table, &joins), 0, "{table}");
        count(&house, table, &into)
    });
    assert_eq!(after[..5], before[..5], "{tables:?}");
    assert_eq!(count(&house, "arriving", &into), 0);
    // Whoever was taken over reads the same document by the same address, under the other one's tag; the manager who was not has
    // no place any more.
    let omar = house.demo.sign_in("omar.haddad");
    let page = omar.get(&read).expect("the portal answers");
    assert!(page.status == 200 && page.text().contains("PHI – Lakeside Pediatrics"), "{}", page.text());
    let nell = house.demo.sign_in("nell.pruitt");
    assert_eq!(nell.get(&read).expect("the portal answers").status, 200);
    let ivo = house.demo.sign_in("ivo.brandt");
    assert_eq!(ivo.get(&format!("/customers/{joins}/joining")).expect("the portal answers").status, 404);
    let dina = house.demo.sign_in("dina.paz");
    assert_eq!(dina.get(&read).expect("the portal answers").status, 404, "a third practice sees nothing of it");
    let (_, shown, _) = confirmed(&house, &ruth, &["customer", "merge", "show", &into]);
    assert_eq!(shown["joinings"][0]["state"], "joined", "{shown}");
    let ground = house.ground();
    house.demo.stop();
    ground.assert_verifies();
}
