//! What files are called: by a noun of the field, never by "where the rest goes".

use super::{Finding, Report};
use crate::tree::Source;

/// Names under which anything may be put, so that nothing is found again.
const SAY_NOTHING: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc", "stuff"];

/// Scripts that are started by name.
const STARTED: &[&str] = &["bin/demo", "bin/test", ".ci/run"];

/// The name of one file.
pub(super) fn check(source: &Source, report: &mut Report) {
    let mut found = |what: String| report.findings.push(Finding::whole(&source.path, "file name", what));
    if source.name() == "mod.rs" {
        found("write `foo.rs` beside `foo/`, never `mod.rs`".into());
    }
    if matches!(source.extension(), "rs" | "js" | "mjs" | "css" | "sql" | "html") {
        for part in source.path.split('/') {
            let stem = part.split_once('.').map_or(part, |(stem, _)| stem);
            if SAY_NOTHING.contains(&stem) {
                found(format!("`{stem}` says nothing; name it after what it holds"));
            }
        }
    }
    if STARTED.contains(&source.path.as_str()) && !source.executable {
        found("is started by name, so it must be executable (chmod +x)".into());
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::Report;
    use crate::tree::Source;

    fn findings(path: &str, executable: bool) -> usize {
        let mut report = Report::default();
        check(&Source { path: path.to_owned(), text: String::new(), executable }, &mut report);
        report.findings.len()
    }

    #[test]
    fn names_that_say_nothing_are_found() {
        for path in
            ["crates/a/src/utils.rs", "crates/a/src/common/x.rs", "crates/a/src/x/mod.rs", "tests/browser/helpers.mjs"]
        {
            assert_eq!(findings(path, false), 1, "{path}");
        }
        assert_eq!(findings("crates/a/src/commonwealth.rs", false), 0);
    }

    #[test]
    fn a_script_that_cannot_be_started_is_found() {
        assert_eq!(findings("bin/test", false), 1);
        assert_eq!(findings("bin/test", true), 0);
    }
}
