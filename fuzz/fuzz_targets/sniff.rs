//! Any head under any of a few names: no panic, and nothing refused is accepted.
#![no_main]

use identify::{Kind, sniff};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for name in ["x.docx", "x.pdf", "x", "x.exe"] {
        if let Ok(kind) = sniff(bytes, name).accept() {
            assert!(Kind::ACCEPTED.contains(&kind) && name != "x.exe");
        }
    }
});
