//! The blind index leaks what docs/FORMATS-vault.md says, and no more than that.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers beside it too")]

#[path = "support/leak.rs"]
mod leak;

use leak::{Town, attack};
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
