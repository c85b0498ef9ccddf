//! The targets: each is one parser of ours, with what must hold of whatever comes out of it.
//!
//! The files `parsers.rs` and `door.rs` are part of a test too (`tests/tests/fuzzed.rs`), which replays the corpus and
//! some mutations of it in each run.

#[cfg(feature = "door")]
mod door;
mod parsers;

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
    #[cfg(feature = "door")]
    let all = parsers::TARGETS.iter().chain(door::TARGETS);
    #[cfg(not(feature = "door"))]
    let all = parsers::TARGETS.iter();
    all.copied().find(|(known, _)| *known == name).map(|(name, run)| Target { name, run })
}
