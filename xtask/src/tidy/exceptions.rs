//! Exceptions say why: a lint is set aside by `#[expect(…, reason = "…")]`, a test is left out by `#[ignore = "…"]`,
//! a later step is marked with the issue that will take it.
//!
//! The marks are put together from parts, so that this file does not find itself.

use super::{Finding, Report, rust};
use crate::tree::Source;

/// Marks without an address: nobody comes back for them.
fn marks() -> [String; 3] {
    [["FIX", "ME"], ["XX", "X"], ["TO", "DO"]].map(|parts| parts.concat())
}

/// The exceptions of one file.
pub(super) fn check(source: &Source, report: &mut Report) {
    if !source.is_rust() {
        return;
    }
    let code = rust::blanked(&source.text);
    let macros = rust::macros(&code);
    let mut found = |at: usize, what: &str| {
        report.findings.push(Finding::at(&source.path, rust::line_of(&code, at), "exceptions", what));
    };
    for (opening, what) in [
        ("[allow(", "write #[expect(…, reason = \"…\")]: an allowance outlives what it was for"),
        ("[expect(", "say the reason: #[expect(…, reason = \"…\")]"),
        ("[ignore", "say why the test is left out: #[ignore = \"…\"]"),
    ] {
        for (at, _) in code.match_indices(opening) {
            let is_attribute = code[..at].ends_with('#') || code[..at].ends_with("#!");
            let end = code[at..].find(']').map_or(code.len(), |offset| at + offset);
            let inside = &code[at + opening.len()..end];
            let says_why = match opening {
                // What a macro makes may need an exception in one place and not in another: there nothing can be expected.
                "[allow(" => inside.contains("reason") && macros.iter().any(|body| body.contains(&at)),
                "[expect(" => inside.contains("reason"),
                _ => inside.trim_start().starts_with('='),
            };
            if is_attribute && !says_why {
                found(at, what);
            }
        }
    }
    for mark in marks() {
        for (at, _) in source.text.match_indices(&mark) {
            let in_code = code[at..].starts_with(&mark);
            let part_of_word = source.text[..at].ends_with(char::is_alphanumeric)
                || source.text[at + mark.len()..].starts_with(char::is_alphanumeric);
            let has_address = source.text[at + mark.len()..].starts_with("(#");
            if !in_code && !part_of_word && !has_address && in_comment(&source.text, at) {
                found(at, "name the issue, or write BUG: for a known hole");
            }
        }
    }
}

/// Does a line comment stand before this place on its line.
fn in_comment(text: &str, at: usize) -> bool {
    text[..at].rsplit('\n').next().is_some_and(|before| before.contains("//"))
}

#[cfg(test)]
mod tests {
    use super::{check, marks};
    use crate::tidy::Report;
    use crate::tree::Source;

    fn findings(text: &str) -> usize {
        let mut report = Report::default();
        check(&Source { path: "a.rs".to_owned(), text: text.to_owned(), executable: false }, &mut report);
        report.findings.len()
    }

    #[test]
    fn an_exception_without_a_reason_is_found() {
        for text in ["#[allow(dead_code)]", "#![allow(dead_code, reason = \"x\")]", "#[expect(dead_code)]", "#[ignore]"]
        {
            assert_eq!(findings(text), 1, "{text}");
        }
        for text in ["#[expect(dead_code, reason = \"x\")]", "#[ignore = \"x\"]", "// #[allow(dead_code)]", "a[ignore]"]
        {
            assert_eq!(findings(text), 0, "{text}");
        }
    }

    #[test]
    fn a_mark_without_an_issue_is_found_in_comments_only() {
        for mark in marks() {
            assert_eq!(findings(&format!("// {mark}: later\n")), 1, "{mark}");
            assert_eq!(findings(&format!("// {mark}(#12): later\nlet a = \"{mark}\";\n")), 0, "{mark}");
        }
    }
}
