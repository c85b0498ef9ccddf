//! Families hang together: ages, twins, guardians, visits, vaccines.

use crate::reading::{iso, json, made, many, plan, rows, said, texts, whole};
use standin::{Dirt, Plan};
use std::collections::{BTreeMap, BTreeSet};

/// Whole years between two ISO dates, roughly: a birthday not yet reached counts.
fn years(from: &str, to: &str) -> i32 {
    let year = |date: &str| date[..4].parse::<i32>().expect("a year");
    year(to) - year(from) - i32::from(to[5..] < from[5..])
}

#[test]
fn children_are_younger_than_those_who_raise_them_and_have_at_most_three() {
    let files = many();
    let born: BTreeMap<String, String> = json(files, "truth/patients.ndjson")
        .iter()
        .map(|(folder, patient)| (format!("{folder}{}", said(patient, "mrn")), said(patient, "birth_date").to_owned()))
        .collect();
    let (mut shapes, mut pairs) = (BTreeSet::new(), 0);
    for (folder, family) in json(files, "truth/families.ndjson") {
        shapes.insert(said(&family, "shape").to_owned());
        let adults = family["adults"].as_array().expect("a list");
        let mut guardians: BTreeMap<&str, usize> = BTreeMap::new();
        for tie in family["ties"].as_array().expect("a list").iter().filter(|tie| said(tie, "relation") != "spouse") {
            let at = usize::try_from(tie["adult"].as_u64().expect("a number")).expect("it fits") - 1;
            let child = &born[&format!("{folder}{}", said(tie, "mrn"))];
            assert!(years(said(&adults[at], "birth_date"), child) >= 15, "{family}");
            *guardians.entry(said(tie, "mrn")).or_default() += 1;
            pairs += 1;
        }
        assert!(guardians.values().all(|count| *count <= 3), "{family}");
    }
    assert!(pairs > 200 && shapes.len() >= 11, "{pairs} {shapes:?}");
}

#[test]
fn twins_share_a_birth_date_and_nobody_else_of_a_household_was_born_within_nine_months() {
    let files = many();
    let mut households: BTreeMap<(String, u64), Vec<(String, bool)>> = BTreeMap::new();
    for (folder, patient) in json(files, "truth/patients.ndjson") {
        let household = patient["household"].as_u64().expect("a number");
        let twin = patient["twin"].as_bool().expect("a truth value");
        households.entry((folder, household)).or_default().push((said(&patient, "birth_date").to_owned(), twin));
    }
    let mut pairs = 0;
    for children in households.values() {
        for (at, (one, twin)) in children.iter().enumerate() {
            for (other, other_twin) in &children[at + 1..] {
                if one == other {
                    assert!(*twin && *other_twin, "{one}");
                    pairs += 1;
                }
            }
        }
    }
    assert!(pairs >= 2, "{pairs} pairs of twins");
}

#[test]
fn nothing_happens_before_birth_or_after_the_reference_date() {
    let files = whole();
    let (mut visits, mut vaccines) = (0, 0);
    for (path, table) in texts(files, "patients.csv") {
        let people = rows(table);
        let born: BTreeMap<&str, String> =
            people.iter().map(|row| (row["mrn"].as_str(), iso(&row["birth_date"]))).collect();
        let folder = path.split('/').next().expect("a folder");
        let check = |name: &str, count: &mut usize| {
            let text = str::from_utf8(&files[&format!("{folder}/csv/{name}.csv")]).expect("UTF-8");
            for row in rows(text) {
                let date = iso(&row["date"]);
                assert!(born[row["mrn"].as_str()] <= date && date.as_str() <= "2026-06-01", "{row:?}");
                *count += 1;
            }
        };
        check("visits", &mut visits);
        check("vaccines", &mut vaccines);
    }
    assert!(visits > 200 && vaccines > 300, "{visits} {vaccines}");
}

#[test]
fn some_are_late_some_refuse_and_newborns_come_without_a_name() {
    let files = many();
    let all: Vec<_> = texts(files, "vaccines.csv").flat_map(|(_, text)| rows(text)).collect();
    let refused = all.iter().filter(|row| row["status"] == "refused").count();
    assert!(refused * 200 > all.len() && refused * 10 < all.len(), "{refused} of {}", all.len());
    let placeholders =
        texts(files, "adt.hl7").flat_map(|(_, text)| text.split('\r')).filter(|line| line.contains("^BABY ")).count();
    assert!(placeholders > 2, "{placeholders}");
}

#[test]
fn bills_add_up() {
    let files = whole();
    let cents = |text: &str| text.replace('.', "").parse::<i64>().expect("an amount");
    let mut looked = 0;
    for row in texts(files, "invoices.csv").flat_map(|(_, text)| rows(text)) {
        let sum = cents(&row["paid"]) + cents(&row["written_off"]) + cents(&row["owed"]);
        assert_eq!(sum, cents(&row["charged"]), "{row:?}");
        looked += 1;
    }
    assert!(looked > 20, "{looked}");
}

#[test]
fn dirt_appears_at_its_rate_and_the_truth_says_where() {
    let plan = Plan { patients: 450, ..plan() };
    let dirty = Plan { dirt: Dirt::at(200), formats: "csv,truth".parse().expect("formats"), ..plan };
    let files = made(&dirty);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, spoilt) in json(&files, "truth/dirt.ndjson") {
        *counts.entry(said(&spoilt, "kind").to_owned()).or_default() += 1;
    }
    for kind in ["duplicate", "two_numbers", "cp1252", "orphan"] {
        assert!((60..120).contains(&counts[kind]), "{kind}: {counts:?}");
    }
    // Not every birth date can be swapped, not every street is long, not every name has two letters to swap.
    for (kind, least) in [("swapped_date", 18), ("truncated", 40), ("typo", 55)] {
        assert!((least..120).contains(&counts[kind]), "{kind}: {counts:?}");
    }
    assert!(many().keys().all(|path| !path.contains("dirt")));
    let bytes: Vec<u8> = (1..=3).flat_map(|at| files[&format!("practice-000{at}/csv/patients.csv")].clone()).collect();
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    assert!(lines.iter().filter(|line| str::from_utf8(line).is_err()).count() >= counts["cp1252"]);
    let repeated = lines.windows(2).filter(|pair| pair[0] == pair[1] && !pair[0].is_empty()).count();
    assert_eq!(repeated, counts["duplicate"]);
    assert_eq!(json(&files, "truth/duplicates.ndjson").len(), counts["two_numbers"]);
}
