//! Children grow as children do: nobody shrinks, what is written fits together, and everybody keeps near a place of their own.

use crate::reading::{iso, many, rows, texts};
use std::collections::BTreeMap;

/// Age in days, height in cm, weight in kg, head in cm, index.
type Measured = (i32, f64, f64, Option<f64>, Option<f64>);

fn days(iso: &str) -> i32 {
    let part = |from: usize, to: usize| iso[from..to].parse::<i32>().expect("digits");
    part(0, 4) * 365 + part(0, 4) / 4 + part(5, 7) * 30 + part(5, 7) / 2 + part(8, 10)
}

/// Measures of everybody of `many`, in the order of visits.
fn people() -> Vec<Vec<Measured>> {
    let mut all: BTreeMap<String, Vec<Measured>> = BTreeMap::new();
    for (path, table) in texts(many(), "csv/visits.csv") {
        let patients = std::str::from_utf8(&many()[&path.replace("visits", "patients")]).expect("UTF-8");
        let born: BTreeMap<String, i32> =
            rows(patients).iter().map(|row| (row["mrn"].clone(), days(&iso(&row["birth_date"])))).collect();
        for row in rows(table) {
            let number = |column: &str| row[column].parse::<f64>().ok();
            let age = days(&iso(&row["date"])) - born[&row["mrn"]];
            let measured = (
                age,
                number("height_cm").expect("a height"),
                number("weight_kg").expect("a weight"),
                number("head_cm"),
                number("bmi"),
            );
            all.entry(format!("{path}{}", row["mrn"])).or_default().push(measured);
        }
    }
    all.into_values().collect()
}

#[test]
fn nobody_shrinks_and_heads_are_measured_to_three_years() {
    let (mut pairs, mut heads) = (0, 0);
    for person in people() {
        for pair in person.windows(2) {
            assert!(pair[0].1 <= pair[1].1, "{pair:?}");
            assert!(pair[0].3.zip(pair[1].3).is_none_or(|(before, after)| before <= after), "{pair:?}");
            pairs += 1;
        }
        for (age, _, _, head, _) in person {
            // Days are reckoned roughly here.
            assert!(age > 1_080 || head.is_some(), "{age}");
            assert!(age < 1_112 || head.is_none(), "{age}");
            heads += usize::from(head.is_some());
        }
    }
    assert!(pairs > 500 && heads > 100, "{pairs} {heads}");
}

#[test]
fn the_index_is_that_of_weight_and_height() {
    let mut looked = 0;
    for (age, height, weight, _, index) in people().into_iter().flatten() {
        if let Some(index) = index {
            let is = weight / (height * height / 10_000.0);
            assert!((is - index).abs() < 0.06 && age > 720, "{age} {height} {weight} {index}");
            looked += 1;
        }
    }
    assert!(looked > 500, "{looked}");
}

#[test]
fn small_children_are_as_tall_as_the_charts_say() {
    // Median length at 12 months is 74.0 cm for girls and 75.7 for boys (WHO 2006), its deviation 2.6 and 2.4 cm.
    let at_one: Vec<f64> =
        people().into_iter().flatten().filter(|one| (355..405).contains(&one.0)).map(|one| one.1).collect();
    let mean = at_one.iter().sum::<f64>() / at_one.len() as f64;
    assert!(at_one.len() > 12 && (73.0..77.5).contains(&mean), "{} {mean}", at_one.len());
    assert!(at_one.iter().all(|height| (65.0..86.0).contains(height)), "{at_one:?}");
}
