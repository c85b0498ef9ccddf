//! Any bytes read as a PDF. A panic of the object parser is contained in the crate, and still ends the run here.
#![no_main]

use identify::{Kind, Limits, text_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits =
        Limits { text_bytes_max: 20_000, inflated_bytes_max: 4 << 20, operators_max: 50_000, ..Limits::default() };
    if let Ok(read) = text_of(Kind::Pdf, bytes, &limits) {
        assert!(read.text.len() <= limits.text_bytes_max);
    }
});
