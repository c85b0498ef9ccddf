//! `strongroom incident`, as somebody uses it at a clean machine on a bad day.

use std::fs;
use strongroom_tests::binary::{folder, run};

#[test]
fn the_example_is_a_file_of_facts_and_comes_to_obligations_a_difference_and_a_calendar() {
    let place = folder("incident-example");
    let example = run(&["incident", "obligations", "--example"]);
    assert!(example.status.success());
    let facts = place.path().join("facts.toml");
    fs::write(&facts, &example.stdout).expect("a file of facts");
    let facts = facts.to_str().expect("a plain name").to_owned();
    let told = run(&["incident", "obligations", &facts]);
    let text = String::from_utf8(told.stdout).expect("text");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    for words in [
        "2026-03-27  Elm Street Pediatrics: tell the covered entity [hipaa.ba_to_ce]",
        "2026-05-06  Elm Street Pediatrics: tell the Secretary of HHS",
        "2026-03-27  Elm Street Pediatrics: tell Dept of Public Health (CDPH)",
        "[hipaa.media]",
        "not legal advice",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // A week later ten times as many are known.
    let more = fs::read_to_string(&facts)
        .expect("facts")
        .replace("people = 612", "people = 6120")
        .replace("US-MO = 48", "US-MO = 5556");
    let later = place.path().join("later.toml");
    fs::write(&later, more).expect("a file of facts");
    let later = later.to_str().expect("a plain name");
    let calendar = place.path().join("deadlines.ics");
    let calendar_name = calendar.to_str().expect("a plain name");
    let changed = run(&["incident", "obligations", later, "--changed-since", &facts, "--calendar", calendar_name]);
    let text = String::from_utf8(changed.stdout).expect("text");
    assert!(
        text.contains("~ Elm Street Pediatrics mo.agency US-MO: not reached") && text.contains("5556 people"),
        "{text}"
    );
    assert!(!text.contains("ks.individual"), "nothing changed in Kansas: {text}");
    assert!(fs::read_to_string(&calendar).expect("a calendar").starts_with("BEGIN:VCALENDAR\r\n"));
    // Nothing is written over.
    let again = run(&["incident", "obligations", later, "--calendar", calendar_name]);
    assert_eq!(again.status.code(), Some(2));
}

#[test]
fn wrong_facts_are_one_clear_sentence_and_doubtful_ones_are_told_first() {
    let place = folder("incident-wrong");
    let write = |name: &str, text: &str| {
        let path = place.path().join(name);
        fs::write(&path, text).expect("a file");
        path.to_str().expect("a plain name").to_owned()
    };
    for bad in ["discovered = 7", "known_on = \"2026-02-30\"\ndiscovered = \"2026-02-01\"\ncustomers = []", "nonsense"]
    {
        let ended = run(&["incident", "obligations", &write("bad.toml", bad)]);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(2), "{bad}: {said}");
        assert!(said.lines().count() == 1 && said.contains("bad.toml"), "{said}");
    }
    let odd = "known_on = \"2026-03-01\"\ndiscovered = \"2026-03-07\"\n[[customers]]\nname = \"Oak\"\npeople = 3\n[customers.residents]\nUS-ZZ = 3\n";
    let ended = run(&["incident", "obligations", &write("odd.toml", odd), "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&ended.stdout).expect("one object");
    assert_eq!(told["problems"].as_array().map(Vec::len), Some(2), "{told}");
    assert!(
        told["obligations"].as_array().is_some_and(|all| all.iter().all(|one| one["reviewed_by_counsel"] == false))
    );
    assert!(told["obligations"].as_array().is_some_and(|all| all.iter().any(|one| one["duty"] == "hipaa.individual")));
}
