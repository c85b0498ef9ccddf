//! How long a file and a function may be, and what a file says of itself first.

use super::{Finding, Report, rust};
use crate::tree::Source;

/// A file's lines without its tests: from here on one keeps an eye on it.
const FILE_LINES_AIM: usize = 300;
/// A file's lines without its tests: here it stops.
const FILE_LINES_MAX: usize = 800;
/// A function's lines of code.
const FUNCTION_LINES_MAX: usize = 70;
/// From this length on a file says at its head what it is for.
const HEAD_FROM_LINES: usize = 150;
/// A head of fewer letters says nothing.
const HEAD_LETTERS_MIN: usize = 20;

/// Lengths and heads of one file.
pub(super) fn check(source: &Source, report: &mut Report) {
    match source.extension() {
        "rs" => check_rust(source, report),
        "js" | "mjs" => check_length(source, source.text.lines().count(), report),
        _ => {}
    }
}

fn check_rust(source: &Source, report: &mut Report) {
    let code = rust::blanked(&source.text);
    let tests = rust::test_modules(&code);
    check_head(source, report);
    if source.is_test() {
        return;
    }
    check_length(source, rust::lines_outside(&code, &tests), report);
    for function in rust::functions(&code, &tests) {
        if function.lines_of_code > FUNCTION_LINES_MAX {
            let what = format!(
                "fn {} has {} lines of code, at most {FUNCTION_LINES_MAX}",
                function.name, function.lines_of_code
            );
            report.findings.push(Finding::at(&source.path, function.line, "function length", what));
        }
    }
}

fn check_length(source: &Source, lines: usize, report: &mut Report) {
    if lines > FILE_LINES_MAX {
        let what = format!("{lines} lines without tests, at most {FILE_LINES_MAX}: divide it");
        report.findings.push(Finding::whole(&source.path, "file length", what));
    } else if lines > FILE_LINES_AIM {
        let what = format!("{lines} lines without tests, aim at {FILE_LINES_AIM}");
        report.warnings.push(Finding::whole(&source.path, "file length", what));
    }
}

fn check_head(source: &Source, report: &mut Report) {
    let is_root = matches!(source.name(), "lib.rs" | "main.rs");
    // A compile-fail case shows one mistake and is named after it; it needs no head.
    if source.path.contains("/compile_fail/") || (!is_root && source.text.lines().count() <= HEAD_FROM_LINES) {
        return;
    }
    let head: Vec<&str> = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
    let letters = head.iter().flat_map(|line| line.chars()).filter(|letter| letter.is_alphabetic()).count();
    if letters < HEAD_LETTERS_MIN {
        let what = "opens with `//!`: what it is for, what must always hold, what it refuses to know";
        report.findings.push(Finding::at(&source.path, 1, "head", what));
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::Report;
    use crate::tree::Source;

    fn report(path: &str, text: String) -> Report {
        let mut report = Report::default();
        check(&Source { path: path.to_owned(), text, executable: false }, &mut report);
        report
    }

    const HEAD: &str = "//! This file is for testing what is said at the head.\n";

    #[test]
    fn a_function_of_71_lines_is_found_and_one_of_70_is_not() {
        let function = |lines: usize| format!("{HEAD}fn f() {{\n{}}}\n", "    g();\n".repeat(lines - 2));
        assert_eq!(report("crates/a/src/a.rs", function(71)).findings.len(), 1);
        assert_eq!(report("crates/a/src/a.rs", function(70)).findings.len(), 0);
        assert_eq!(report("crates/a/tests/a.rs", function(71)).findings.len(), 0);
    }

    #[test]
    fn a_file_of_801_lines_is_found_and_301_are_a_warning() {
        let file = |lines: usize| format!("{HEAD}{}", "const A: u8 = 1;\n".repeat(lines - 1));
        assert_eq!(report("crates/a/src/a.rs", file(801)).findings.len(), 1);
        let growing = report("crates/a/src/a.rs", file(301));
        assert_eq!((growing.findings.len(), growing.warnings.len()), (0, 1));
        assert_eq!(report("crates/a/src/a.rs", file(300)).warnings.len(), 0);
    }

    #[test]
    fn a_root_without_a_head_or_with_an_empty_one_is_found() {
        assert_eq!(report("crates/a/src/lib.rs", "pub fn f() {}\n".into()).findings.len(), 1);
        assert_eq!(report("crates/a/src/lib.rs", "//! placeholder\n".into()).findings.len(), 1);
        assert_eq!(report("crates/a/src/lib.rs", HEAD.into()).findings.len(), 0);
        assert_eq!(report("crates/a/src/small.rs", "pub fn f() {}\n".into()).findings.len(), 0);
    }
}
