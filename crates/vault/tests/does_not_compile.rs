//! What must not compile does not; and no feature of the three crates that mint or spend tokens helps.

use std::path::Path;

#[test]
fn two_tokens_cannot_be_forged_skipped_copied_or_spent_twice() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

#[test]
fn no_feature_mints_tokens() {
    for room in ["policy", "ledger", "vault", "record"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(room).join("Cargo.toml");
        let manifest = std::fs::read_to_string(&path).unwrap();
        // A feature would be the place where a test's token-maker hides. There is none, so there is none to review.
        let section = manifest.lines().any(|line| line.trim().starts_with("[features"));
        let inline =
            manifest.lines().any(|line| line.trim().starts_with("features.") || line.trim().starts_with("features ="));
        assert!(!section && !inline, "{room} has features");
        assert!(!manifest.contains("optional = true"), "{room} has optional dependencies, which are features");
    }
}

#[test]
fn nothing_in_the_sources_is_compiled_for_a_feature() {
    for room in ["policy", "ledger", "vault", "record"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(room).join("src");
        let mut waiting = vec![folder];
        let mut files = 0;
        while let Some(path) = waiting.pop() {
            if path.is_dir() {
                waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                files += 1;
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(!text.contains("feature ="), "{}", path.display());
            }
        }
        assert!(files > 3, "{room}");
    }
}
