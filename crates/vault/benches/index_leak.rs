//! What the blind index tells a thief who holds its rows, and knows how common each surname is.
//!
//! Made-up patients: surnames by a Zipf law, given names likewise, birth dates uniform over ninety years. The thief
//! sees rows of (patient, field, 32 bytes), knows the law exactly (which no real thief does) and knows which field a
//! row is of. The attack ranks the 32-byte values of a field by how often they come and pairs them with the names
//! ranked by how common they are. Counted is the share of rows, and of distinct values, that are named rightly.
//!
//! `cargo bench -p strongroom-vault --bench index_leak [-- FILE]`: FILE holds surnames, commonest first, one on a
//! line; without it they are made of syllables. The numbers stand in docs/FORMATS-vault.md.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers beside it too")]

#[path = "../tests/support/leak.rs"]
mod leak;

use leak::{Town, attack, visits};
use strongroom_vault::Field;

#[expect(clippy::print_stdout, reason = "a benchmark says what it measured")]
fn main() {
    let file = std::env::args().skip(1).find(|word| !word.starts_with("--"));
    let head = file.map(|path| std::fs::read_to_string(path).expect("the file of surnames can be read"));
    for patients in [1_000, 10_000, 100_000] {
        let town = Town::of(patients, head.as_deref().unwrap_or(""));
        println!("{patients} patients");
        for field in [
            Field::Surname,
            Field::SurnamePrefix,
            Field::SurnameSound,
            Field::Given,
            Field::SurnameBirth,
            Field::SoundBirth,
            Field::GuardianSurname,
        ] {
            let leak = attack(&town, field);
            println!(
                "  {:15} rows {:7}  values {:6}  rows named {:5.1} %  values named {:5.2} %  commonest ten named {:2}",
                field.as_str(),
                leak.rows,
                leak.values,
                100.0 * leak.rows_named as f64 / leak.rows as f64,
                100.0 * leak.values_named as f64 / leak.values as f64,
                leak.top_ten_named
            );
        }
    }
    for a_day in [1, 5, 20, 80] {
        let leak = visits(a_day);
        println!(
            "visit_day, about {a_day} documents a day: documents {:6}  days {:4}  named by count {:5.1} %  by upload {:5.1} %",
            leak.documents,
            leak.days,
            100.0 * leak.named_by_count as f64 / leak.documents as f64,
            100.0 * leak.named_by_upload as f64 / leak.documents as f64
        );
    }
}
