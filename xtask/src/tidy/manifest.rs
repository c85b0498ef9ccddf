//! What the root manifest and the migrations say for themselves: a dependency what it is for, a migration why.

use super::{Finding, Report};
use crate::tree::Source;
use anyhow::{Context, Result};

/// Root manifest and migrations.
pub(super) fn check(sources: &[Source], report: &mut Report) -> Result<()> {
    let root = sources.iter().find(|source| source.path == "Cargo.toml").context("the checkout has no Cargo.toml")?;
    report.findings.extend(dependencies(root));
    for member in sources.iter().filter(|source| source.name() == "Cargo.toml" && source.path != "Cargo.toml") {
        if !member.path.starts_with("fuzz/") {
            report.findings.extend(versions(member)?);
        }
    }
    for migration in sources.iter().filter(|source| source.path.contains("/migrations/") && source.extension() == "sql")
    {
        report.findings.extend(why(migration));
    }
    Ok(())
}

/// Each line of `[workspace.dependencies]` says what it is for, at its end or right above; ours are known by their folder.
fn dependencies(root: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    let (mut inside, mut above_is_comment) = (false, false);
    for (number, line) in root.text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.starts_with('[') {
            inside = trimmed == "[workspace.dependencies]";
        }
        let names_something = inside && trimmed.contains('=') && !trimmed.starts_with('#');
        if names_something && !trimmed.contains("path =") {
            let says = trimmed.rsplit_once('#').is_some_and(|(_, words)| words.trim().len() >= 3);
            if !says && !above_is_comment {
                let what = "say in a comment what this dependency is for";
                found.push(Finding::at(&root.path, number + 1, "dependencies", what));
            }
        }
        above_is_comment = trimmed.starts_with('#');
    }
    found
}

/// One feature set for the workspace: members name versions nowhere, the root does.
fn versions(member: &Source) -> Result<Vec<Finding>> {
    let parsed: toml::Table = member.text.parse().with_context(|| format!("reading {}", member.path))?;
    let mut found = Vec::new();
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let Some(table) = parsed.get(section).and_then(toml::Value::as_table) else { continue };
        for (name, value) in table {
            if value.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                let what =
                    format!("{name}: write `{name}.workspace = true` and put version and features into the root");
                found.push(Finding::whole(&member.path, "dependencies", what));
            }
        }
    }
    Ok(found)
}

/// A migration opens with a comment that says why.
fn why(migration: &Source) -> Vec<Finding> {
    let lines = migration.text.lines().map(str::trim).skip_while(|line| line.is_empty());
    let head: String = lines.take_while(|line| line.starts_with("--")).collect::<Vec<_>>().join(" ").to_lowercase();
    if ["why", "because", "so that"].iter().any(|word| head.contains(word)) {
        return Vec::new();
    }
    vec![Finding::at(&migration.path, 1, "migrations", "open with a `--` comment that says why this change is made")]
}

#[cfg(test)]
mod tests {
    use super::{dependencies, versions, why};
    use crate::tree::Source;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned(), executable: false }
    }

    #[test]
    fn a_dependency_that_does_not_say_what_for_is_found() {
        let text = "[workspace.dependencies]\na = { path = \"crates/a\" }\n# for b\nb = \"1\"\nc = \"1\" # for c\nd = \"1\"\n[x]\ne = \"1\"\n";
        let found = dependencies(&source("Cargo.toml", text));
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [6]);
    }

    #[test]
    fn a_member_with_a_version_of_its_own_is_found() {
        let member = source(
            "crates/a/Cargo.toml",
            "[dependencies]\na.workspace = true\nb = \"1\"\n[dev-dependencies]\nc = { version = \"2\" }\n",
        );
        assert_eq!(versions(&member).expect("toml").len(), 2);
    }

    #[test]
    fn a_migration_without_a_why_is_found() {
        assert_eq!(why(&source("a/migrations/0001.sql", "CREATE TABLE a (b TEXT);")).len(), 1);
        assert_eq!(why(&source("a/migrations/0001.sql", "-- Why: b must be kept.\nCREATE TABLE a (b TEXT);")).len(), 0);
    }
}
