//! Any bytes as an import table of patients and of people.
#![no_main]

use identify::{Limits, patients_from_csv, people_from_csv};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits::default();
    let _ = patients_from_csv(bytes, &limits);
    let _ = people_from_csv(bytes, &limits);
});
