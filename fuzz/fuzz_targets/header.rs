//! Any text as the head of a transcript.
#![no_main]

use identify::header_fields;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let fields = header_fields(text);
    for value in
        [&fields.patient_name, &fields.record_number, &fields.author, &fields.document_type].into_iter().flatten()
    {
        assert!(!value.is_empty() && value.chars().count() <= 100);
    }
});
