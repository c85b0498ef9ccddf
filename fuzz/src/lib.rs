//! The targets: each is one parser of ours, with what must hold of whatever comes out of it.
//!
//! The files `files.rs`, `parsers.rs`, `uploads.rs` and `door.rs` are parts of tests too (`crates/identify/tests/replay.rs`,
//! `tests/tests/fuzzed.rs`), which replay the corpus and some mutations of it in each run.

#[cfg(feature = "door")]
mod door;
mod files;
mod parsers;
mod uploads;

/// One parser.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name on the command line, and of its folder in `fuzz/corpus`.
    pub name: &'static str,
    /// Gives it any bytes.
    pub run: fn(&[u8]),
}

/// The target of this name, when this build has it.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    let all = files::TARGETS.iter().chain(parsers::TARGETS).chain(uploads::TARGETS);
    #[cfg(feature = "door")]
    let all = all.chain(door::TARGETS);
    all.copied().find(|(known, _)| *known == name).map(|(name, run)| Target { name, run })
}
