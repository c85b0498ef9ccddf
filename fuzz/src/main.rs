//! One program for all targets: `STRONGROOM_FUZZ_TARGET` says which parser gets the bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use strongroom_fuzz::{Target, target};

static CHOSEN: OnceLock<Target> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let chosen = CHOSEN.get_or_init(|| {
        let name = std::env::var("STRONGROOM_FUZZ_TARGET").expect("STRONGROOM_FUZZ_TARGET names a target");
        target(&name).unwrap_or_else(|| panic!("there is no target {name} in this build"))
    });
    (chosen.run)(bytes);
});
