//! Words that have no place here: other machines' addresses and paths, and code that says "later".
//!
//! The banned words are put together from parts, so that this file does not find itself.
//!
//! What must always hold: lock files that tools write in their own format are exempt by name, not by pattern.

use super::{Finding, Report, rust};
use crate::tree::Source;

/// Written by cargo in its own format; its sources are checked by `licences`.
const EXEMPT: &[&str] = &["Cargo.lock", "fuzz/Cargo.lock"];

/// Hosts of package registries: a package is named by name and version, and comes from wherever its tool is set to.
fn registry_hosts() -> Vec<String> {
    let hosts: &[(&str, &str)] = &[
        ("crates", "io"),
        ("lib", "rs/crates"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("proxy.golang", "org"),
    ];
    hosts.iter().map(|(name, end)| format!("{name}.{end}")).collect()
}

/// Folders that exist on one machine only.
fn machine_folders() -> Vec<String> {
    ["work", "root", "tmp", "home/runner"].iter().map(|name| format!("/{name}/")).collect()
}

/// Macros that say "later".
fn unfinished() -> Vec<String> {
    ["todo", "unimplemented"].iter().map(|name| format!("{name}!")).collect()
}

/// The words of one file.
pub(super) fn check(source: &Source, report: &mut Report) {
    if EXEMPT.contains(&source.path.as_str()) {
        return;
    }
    for (number, line) in source.text.lines().enumerate() {
        let lower = line.to_lowercase();
        for host in registry_hosts() {
            if lower.contains(&host) {
                let what = format!("`{host}` is a registry's host; name the package instead");
                report.findings.push(Finding::at(&source.path, number + 1, "registry host", what));
            }
        }
        for folder in machine_folders() {
            if begins_a_path(line, &folder) {
                let what = format!("`{folder}` is a path of one machine; take a relative one or ask the system");
                report.findings.push(Finding::at(&source.path, number + 1, "machine path", what));
            }
        }
    }
    // A compile-fail case is never run: there the macro stands for a value of any type.
    if source.is_rust() && !source.path.contains("/compile_fail/") {
        check_unfinished(source, report);
    }
    check_forged(source, report);
    if source.name() == "package-lock.json" && source.text.contains("\"resolved\"") {
        let what = "lock lines name no address: npm install --omit-lockfile-registry-resolved";
        report.findings.push(Finding::whole(&source.path, "registry host", what));
    }
}

/// Does `folder` begin a path here, and is not the middle of a longer one such as `https://host/work/`.
fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|letter| {
            !letter.is_alphanumeric() && !matches!(letter, '.' | '/' | '}' | '_' | '-' | '~' | ')' | '*')
        })
    })
}

fn check_unfinished(source: &Source, report: &mut Report) {
    let code = rust::blanked(&source.text);
    for word in unfinished() {
        for (at, _) in code.match_indices(&word) {
            let what = format!("`{word}` is a step not taken: take it, or return an error that says so");
            report.findings.push(Finding::at(&source.path, rust::line_of(&code, at), "unfinished", what));
        }
    }
}

/// A page is given its desk by the door, which looked the session up; one that makes a session or a desk by itself has
/// forged who is asking.
fn check_forged(source: &Source, report: &mut Report) {
    if !source.path.starts_with("crates/portal/src/rooms/") || source.name() == "tests.rs" {
        return;
    }
    let code = rust::blanked(&source.text);
    for (word, end) in [("SignedIn", " {"), ("Desk", "::at("), (">", "::at(")] {
        for (at, _) in code.match_indices(&format!("{word}{end}")) {
            let what = format!("`{word}{end}` in a page: take the desk that the door gave, or `desk.beside()`");
            report.findings.push(Finding::at(&source.path, rust::line_of(&code, at), "forged desk", what));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{check, machine_folders, registry_hosts, unfinished};
    use crate::tidy::Report;
    use crate::tree::Source;

    fn findings(path: &str, text: String) -> usize {
        let mut report = Report::default();
        check(&Source { path: path.to_owned(), text, executable: false }, &mut report);
        report.findings.len()
    }

    #[test]
    fn hosts_of_registries_are_found_in_any_file_but_the_lock_file() {
        for host in registry_hosts() {
            assert_eq!(findings("README.md", format!("see https://{host}/x")), 1, "{host}");
            assert_eq!(findings("Cargo.lock", format!("see https://{host}/x")), 0, "{host}");
        }
    }

    #[test]
    fn paths_of_one_machine_are_found_and_addresses_are_not() {
        for folder in machine_folders() {
            assert_eq!(findings("a.md", format!("cd {folder}x")), 1, "{folder}");
            assert_eq!(findings("a.rs", format!("\"{folder}x\"")), 1, "{folder}");
            assert_eq!(findings("a.md", format!("https://example.org{folder}x and data{folder}x")), 0, "{folder}");
        }
    }

    #[test]
    fn unfinished_code_is_found_and_talk_of_it_is_not() {
        for word in unfinished() {
            assert_eq!(findings("a.rs", format!("fn a() {{ {word}() }}")), 1, "{word}");
            assert_eq!(findings("crates/a/tests/compile_fail/b.rs", format!("fn a() {{ {word}() }}")), 0, "{word}");
            assert_eq!(findings("a.rs", format!("// {word}()\nfn a() {{ b(\"{word}()\") }}")), 0, "{word}");
        }
    }

    #[test]
    fn a_page_that_forges_who_asks_is_found() {
        for forged in ["let a = SignedIn { person };", "Desk::<act::X>::at(c, None)", "Desk::at(c, None)"] {
            assert_eq!(findings("crates/portal/src/rooms/a.rs", format!("fn a() {{ {forged} }}")), 1, "{forged}");
            assert_eq!(findings("crates/portal/src/door/a.rs", format!("fn a() {{ {forged} }}")), 0, "{forged}");
        }
    }

    #[test]
    fn a_lock_file_with_addresses_is_found() {
        assert_eq!(findings("tests/browser/package-lock.json", "\"resolved\": \"x\"".into()), 1);
    }
}
