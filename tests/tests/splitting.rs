//! Some patients of a practice go to another by the real binary: prepared and carried out at the machine, decided by two managers
//! in the portal, killed on the way, while the practice goes on.

use serde_json::Value;
use std::time::Duration;
use strongroom_tests::binary::{Browser, between};
use strongroom_tests::terminal::{House, confirm};

const FROM: &str = "Lakeside Pediatrics";
const INTO: &str = "Harbor Clinic";

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

/// Says yes to what the page shows.
fn yes(who: &Browser, customer: &str, from: &str) -> u16 {
    let path = format!("/customers/{customer}/joining");
    let page = who.get(&path).expect("the portal answers").text();
    let seen = between(&page, "name=\"seen\" value=\"", "\"").unwrap_or_default().to_owned();
    who.post(&path, &[("joins", from), ("seen", seen.as_str())]).expect("the portal answers").status
}

/// Is it prepared, agreed upon or being carried out.
fn is_open(house: &House, from: &str) -> bool {
    !all(house, &format!("SELECT state FROM customer_joining WHERE customer_id = '{from}'")).is_empty()
}

#[test]
fn some_patients_go_to_another_practice_by_two_words_and_a_command_that_is_killed_on_the_way() {
    let mut house = House::start("splitting");
    let (from, into) = (customer(&house, FROM), customer(&house, INTO));
    let (ruth, sam) = (house.demo.sign_in("ruth.okafor"), house.demo.sign_in("sam.idris"));
    let (ivo, mara) = (house.demo.sign_in("ivo.brandt"), house.demo.sign_in("mara.quist"));
    let file = house.folder.path().join("leaving.csv");
    let file_name = file.display().to_string();
    let prepare =
        ["customer", "split", "prepare", &from, "--into", &into, "--prefix", "L-", "--patients", file_name.as_str()];
    // One number that nobody has: it is told by its line, and nothing is prepared.
    std::fs::write(&file, "record_number\nLP40000\nLP99999\n").expect("a file");
    let (code, report, said) = confirmed(&house, &ruth, &prepare);
    assert!(code == Some(1) && said.contains("line 3") && !said.contains("LP99999"), "{said}");
    assert!(report["prepared"] == false && !is_open(&house, &from), "{report}");
    std::fs::write(&file, "record_number\nLP40000\nLP40137\nLP40274\n").expect("a file");
    for one in [&sam, &mara] {
        assert_eq!(confirmed(&house, one, &prepare).0, Some(3));
    }
    let (code, report, said) = confirmed(&house, &ruth, &prepare);
    assert_eq!(code, Some(0), "{said}");
    let listed = report["patients"].as_u64().expect("a number");
    assert!(listed >= 1, "{report}");

    // The one's manager looks at names; the other's sees none of them, before and after the first yes.
    let list = format!("/customers/{from}/joining/patients");
    let page = mara.get(&list).expect("the portal answers");
    assert!(page.status == 200 && page.text().contains("LP40"), "{}", page.text());
    assert!(page.text().contains("PHI – Lakeside Pediatrics"));
    for (who, path) in [(&ivo, list.clone()), (&ruth, list.clone()), (&ivo, format!("/customers/{from}/joining"))] {
        assert_eq!(who.get(&path).expect("the portal answers").status, 404);
    }
    let run_it = ["customer", "split", "run", from.as_str()];
    let (code, _, said) = confirmed(&house, &ruth, &run_it);
    assert!(code == Some(2) && said.contains("Both managers"), "{said}");
    let (code, _, said) = confirmed(&house, &ruth, &["customer", "merge", "run", &from]);
    assert!(code == Some(2) && said.contains("Nobody has prepared"), "{said}");
    assert_eq!(yes(&ivo, &into, &from), 409, "the other's turn comes second");
    assert_eq!(yes(&mara, &from, &from), 303);
    let seen = ivo.get(&format!("/customers/{into}/joining")).expect("the portal answers").text();
    assert!(seen.contains("What would move") && !seen.contains("LP40"), "{seen}");
    assert_eq!(yes(&ivo, &into, &from), 303);

    let tables = ["document", "document_version", "patient", "related_person", "recipient"];
    let of = |house: &House, table: &str| count(house, table, &from) + count(house, table, &into);
    let before = tables.map(|table| of(&house, table));
    let (had, went) = (count(&house, "patient", &from), count(&house, "patient", &into));
    let chosen = format!("SELECT patient_id FROM split_patient WHERE customer_id = '{from}' AND listed = 1");
    let chosen = all(&house, &chosen);
    let mut ruth = ruth;
    for millis in [40, 120] {
        if !is_open(&house, &from) {
            break;
        }
        let waiting = house.command(&run_it);
        assert_eq!(confirm(&ruth, &waiting.code), 303);
        std::thread::sleep(Duration::from_millis(millis));
        house = house.killed();
        drop(waiting.end());
        ruth = house.demo.sign_in("ruth.okafor");
    }
    if is_open(&house, &from) {
        let (code, report, said) = confirmed(&house, &ruth, &run_it);
        assert!(code == Some(0) && report["finished"] == true, "{report} {said}");
    }
    assert_eq!(tables.map(|table| of(&house, table)), before, "{tables:?}");
    assert_eq!(count(&house, "arriving", &into), 0);
    let moved = chosen.iter().filter(|id| {
        !all(&house, &format!("SELECT 1 FROM patient WHERE patient_id = '{id}' AND customer_id = '{into}'")).is_empty()
    });
    let moved = moved.count() as u64;
    assert!(moved >= 1 && moved <= listed);
    assert_eq!((count(&house, "patient", &from), count(&house, "patient", &into)), (had - moved, went + moved));
    let astray = "SELECT document_id FROM document WHERE patient_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM patient \
                  WHERE patient.patient_id = document.patient_id AND patient.customer_id = document.customer_id)";
    assert!(all(&house, astray).is_empty(), "no chart is torn");

    // The practice goes on with all others, and whoever has gone is the other's, by the same address.
    let (frida, nell) = (house.demo.sign_in("frida.holm"), house.demo.sign_in("nell.pruitt"));
    let patients = all(&house, "SELECT patient_id || ' ' || customer_id FROM patient WHERE linked_to IS NULL");
    for line in &patients {
        let (id, whose) = line.split_once(' ').expect("two words");
        let status = |who: &Browser| who.get(&format!("/patients/{id}")).expect("the portal answers").status;
        let expected = if *whose == from {
            (200, 404)
        } else if *whose == into {
            (404, 200)
        } else {
            (404, 404)
        };
        assert_eq!((status(&frida), status(&nell)), expected, "{line}");
    }
    let (code, _, said) = confirmed(&house, &ruth, &["customer", "split", "end", &from]);
    assert!(code == Some(2) && said.contains("No split"), "{said}");
    let (_, shown, _) = confirmed(&house, &ruth, &["customer", "split", "show", &from]);
    assert!(shown["joinings"][0]["state"] == "joined" && shown["joinings"][0]["what"] == "some", "{shown}");
    assert_eq!(shown["joinings"][0]["moved"].as_u64(), Some(moved), "{shown}");
    let ground = house.ground();
    house.demo.stop();
    ground.assert_verifies();
}
