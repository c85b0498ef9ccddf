//! Any bytes read as Rich Text.
#![no_main]

use identify::{Kind, Limits, text_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { text_bytes_max: 20_000, ..Limits::default() };
    if let Ok(read) = text_of(Kind::Rtf, bytes, &limits) {
        assert!(read.text.len() <= limits.text_bytes_max);
    }
});
