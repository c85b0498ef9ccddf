//! Licences, sources and bans of everything that is built in, by the rules of `deny.toml`.
//!
//! cargo-deny reads the same file and knows advisories too; it is not on every machine, so what can be known
//! from `cargo metadata` is checked here always.
//!
//! What must always hold: an expression that cannot be read, or a package that states no licence, is a finding.

use super::{Finding, Report};
use anyhow::{Context, Result};
use cargo_metadata::{Metadata, Package};
use std::collections::BTreeSet;
use std::path::Path;

/// The part of `deny.toml` that is used here; the rest is cargo-deny's.
#[derive(serde::Deserialize)]
struct Rules {
    licenses: Licences,
    bans: Bans,
}

#[derive(serde::Deserialize)]
struct Licences {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(serde::Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(serde::Deserialize)]
struct Banned {
    #[serde(rename = "crate")]
    name: String,
}

/// Every package that can be built on this machine.
pub(super) fn check(top: &Path, metadata: &Metadata, report: &mut Report) -> Result<()> {
    let text = std::fs::read_to_string(top.join("deny.toml")).context("reading deny.toml")?;
    let rules: Rules = toml::from_str(&text).context("reading deny.toml")?;
    let ours: BTreeSet<_> = metadata.workspace_members.iter().collect();
    let others: Vec<&Package> = metadata.packages.iter().filter(|package| !ours.contains(&package.id)).collect();
    report.looked_at.push(format!("licences of {} packages", others.len()));
    for package in others {
        report.findings.extend(judge(package.name.as_ref(), package.license.as_deref(), &rules));
        if package.source.as_ref().is_none_or(|source| !source.is_crates_io()) {
            let what = "comes from somewhere else than the default registry";
            report.findings.push(Finding::whole(package.name.as_ref(), "sources", what));
        }
    }
    Ok(())
}

fn judge(name: &str, licence: Option<&str>, rules: &Rules) -> Vec<Finding> {
    let mut found = Vec::new();
    if rules.bans.deny.iter().any(|banned| banned.name == name) {
        found.push(Finding::whole(name, "bans", "is banned by deny.toml, which says why"));
    }
    let mut allowed: Vec<&str> = rules.licenses.allow.iter().map(String::as_str).collect();
    for exception in rules.licenses.exceptions.iter().filter(|exception| exception.name == name) {
        allowed.extend(exception.allow.iter().map(String::as_str));
    }
    match licence {
        None => found.push(Finding::whole(name, "licences", "states no licence")),
        Some(expression) if permitted(expression, &allowed) == Some(true) => {}
        Some(expression) => {
            found.push(Finding::whole(name, "licences", format!("`{expression}` is not allowed by deny.toml")));
        }
    }
    found
}

/// Is a licence expression (SPDX, annex D; `/` is the older way to write OR) satisfied by what is allowed.
/// `None` when it cannot be read.
fn permitted(expression: &str, allowed: &[&str]) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader { words: &words, at: 0, allowed };
    let answer = reader.any_of()?;
    (reader.at == words.len()).then_some(answer)
}

struct Reader<'a> {
    words: &'a [&'a str],
    at: usize,
    allowed: &'a [&'a str],
}

impl Reader<'_> {
    fn any_of(&mut self) -> Option<bool> {
        let mut answer = self.all_of()?;
        while self.take("OR") {
            answer |= self.all_of()?;
        }
        Some(answer)
    }

    fn all_of(&mut self) -> Option<bool> {
        let mut answer = self.one()?;
        while self.take("AND") {
            answer &= self.one()?;
        }
        Some(answer)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let answer = self.any_of()?;
            return self.take(")").then_some(answer);
        }
        let name = *self.words.get(self.at)?;
        if matches!(name, "AND" | "OR" | "WITH" | ")") {
            return None;
        }
        self.at += 1;
        if self.take("WITH") {
            let with = *self.words.get(self.at)?;
            self.at += 1;
            return Some(self.allowed.contains(&format!("{name} WITH {with}").as_str()));
        }
        Some(self.allowed.contains(&name))
    }

    fn take(&mut self, word: &str) -> bool {
        let is_next = self.words.get(self.at) == Some(&word);
        self.at += usize::from(is_next);
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::{Rules, judge, permitted};

    #[test]
    fn expressions_mean_what_they_say() {
        let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];
        for (expression, answer) in [
            ("MIT", Some(true)),
            ("GPL-3.0-only", Some(false)),
            ("GPL-3.0-only OR MIT", Some(true)),
            ("GPL-3.0-only/MIT", Some(true)),
            ("GPL-3.0-only AND MIT", Some(false)),
            ("ISC AND (GPL-3.0-only OR MIT)", Some(true)),
            ("MIT OR ISC AND GPL-3.0-only", Some(true)),
            ("Apache-2.0 WITH LLVM-exception", Some(true)),
            ("Apache-2.0", Some(false)),
            ("MIT AND", None),
            ("(MIT", None),
            ("MIT ISC", None),
            ("", None),
        ] {
            assert_eq!(permitted(expression, &allowed), answer, "{expression}");
        }
    }

    #[test]
    fn a_banned_or_unlicensed_or_unreadable_package_is_found() {
        let rules: Rules = toml::from_str(
            "[licenses]\nallow = [\"MIT\"]\nexceptions = [{ crate = \"b\", allow = [\"X\"] }]\n[bans]\ndeny = [{ crate = \"openssl\", reason = \"x\" }]",
        )
        .expect("rules");
        assert_eq!(judge("a", Some("MIT"), &rules).len(), 0);
        assert_eq!(judge("a", Some("X"), &rules).len(), 1);
        assert_eq!(judge("b", Some("X"), &rules).len(), 0);
        assert_eq!(judge("a", Some("MIT AND"), &rules).len(), 1);
        assert_eq!(judge("a", None, &rules).len(), 1);
        assert_eq!(judge("openssl", Some("MIT"), &rules).len(), 1);
    }
}
