//! The blind index leaks what docs/FORMATS-vault.md says, and no more than that.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers beside it too")]

#[path = "support/leak.rs"]
mod leak;

use leak::{Town, attack, visits};
use strongroom_vault::Field;

#[test]
fn a_thief_who_counts_names_the_common_surnames_and_few_others() {
    let town = Town::of(10_000, "");
    let surname = attack(&town, Field::Surname);
    let share = surname.rows_named as f64 / surname.rows as f64;
    // Both ways: a leak that grew is an alarm, and a leak of none would mean that the attack no longer works.
    assert!((0.005..0.15).contains(&share), "{share}");
    assert!(surname.top_ten_named >= 2, "{}", surname.top_ten_named);
    assert!(surname.values_named * 20 < surname.values, "{} of {}", surname.values_named, surname.values);
}

#[test]
fn a_birth_date_is_not_found_by_counting() {
    let town = Town::of(10_000, "");
    let birth = attack(&town, Field::SurnameBirth);
    assert!(birth.values * 10 > birth.rows * 9, "nearly every value comes once");
    assert_eq!(birth.rows_named, 0);
}

#[test]
fn a_guardians_surname_leaks_no_more_than_a_patients_own() {
    let town = Town::of(10_000, "");
    let (own, guardian) = (attack(&town, Field::Surname), attack(&town, Field::GuardianSurname));
    let share = |leak: &leak::Leak| leak.rows_named as f64 / leak.rows as f64;
    assert!((0.005..0.15).contains(&share(&guardian)), "{}", share(&guardian));
    assert!(share(&guardian) < share(&own) + 0.05, "{} and {}", share(&guardian), share(&own));
}

#[test]
fn a_day_of_visits_is_not_found_by_counting_but_by_the_uploads_beside_it() {
    let leak = visits(20);
    assert!(leak.days > 700, "three years of working days");
    assert!(leak.named_by_count * 20 < leak.documents, "{} of {}", leak.named_by_count, leak.documents);
    // The time of upload stands in clear, so this is no secret of the index: docs/THREATS.md says so.
    assert!(leak.named_by_upload * 10 > leak.documents * 9, "{} of {}", leak.named_by_upload, leak.documents);
    let one = visits(1);
    assert!(one.named_by_upload * 4 < one.documents * 3, "with one document a day it is a guess");
}
