//! What is not told: findings that somebody has looked at, each with a reason and a day on which it is told again.
//!
//! What must always hold: nothing is ignored without a reason, nothing for ever, and nothing in a file whose own words are
//! unclear: an unknown word in it, a day that is none, or a path that says everything is wrong use.

use crate::outcome::WrongUse;
use identify::{Finding, Identifier};
use record::civil::Day;
use serde::Deserialize;
use std::path::Path;

/// One file of `[[ignore]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    #[serde(default)]
    ignore: Vec<Line>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// With `*` (within a name), `**` (any folders) and `?`.
    path: String,
    /// All, if none stand there.
    #[serde(default)]
    kinds: Vec<String>,
    reason: String,
    /// The last day, as YYYY-MM-DD.
    until: String,
}

/// What is not told, today.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    lines: Vec<(String, Vec<Identifier>)>,
    /// How many lines are past their day.
    pub(super) expired: usize,
}

impl Ignored {
    /// Reads such a file.
    pub(super) fn read(file: &Path, today: Day) -> anyhow::Result<Self> {
        let wrong = |why: String| WrongUse(format!("{}: {why}", file.display()));
        let text = std::fs::read_to_string(file).map_err(|_| wrong("cannot be read".to_owned()))?;
        Self::parse(&text, today).map_err(|why| wrong(why).into())
    }

    fn parse(text: &str, today: Day) -> Result<Self, String> {
        let said: Said = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let mut ignored = Self::default();
        for (number, line) in said.ignore.into_iter().enumerate() {
            let wrong = |why: &str| Err(format!("ignore {}: {why}", number + 1));
            if line.reason.trim().is_empty() {
                return wrong("a reason is needed");
            }
            if line.path.trim_matches(['*', '/', '.']).is_empty() {
                return wrong("the path says everything; name what was looked at");
            }
            let Ok(until) = line.until.parse::<Day>() else {
                return wrong("until is a day as YYYY-MM-DD");
            };
            let Ok(kinds) = line.kinds.iter().map(|kind| kind.parse()).collect::<Result<Vec<Identifier>, _>>() else {
                return wrong("there is no such kind; see strongroom scan --help");
            };
            if until < today {
                ignored.expired += 1;
            } else {
                ignored.lines.push((line.path, kinds));
            }
        }
        Ok(ignored)
    }

    /// Whether this is not told.
    pub(super) fn covers(&self, path: &str, finding: &Finding) -> bool {
        self.lines.iter().any(|(pattern, kinds)| {
            (kinds.is_empty() || kinds.contains(&finding.kind)) && fits(pattern.as_bytes(), path.as_bytes())
        })
    }
}

/// Whether a path fits a pattern: `*` and `?` stay within a name, `**` goes over folders. A pattern without a slash is
/// looked for in every folder. Linear in pattern times path, whatever stands in them.
fn fits(pattern: &[u8], path: &[u8]) -> bool {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    if !pattern.contains(&b'/') {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        return reaches(pattern, name);
    }
    reaches(pattern.strip_prefix(b"/").unwrap_or(pattern), path)
        || (!pattern.starts_with(b"/") && path.starts_with(b"/") && reaches(pattern, &path[1..]))
}

/// All places in the pattern that the path so far can have reached, one step a byte.
fn reaches(pattern: &[u8], path: &[u8]) -> bool {
    let stars = |mut reached: Vec<bool>| {
        for at in 0..pattern.len() {
            if reached[at] && pattern[at] == b'*' {
                reached[at + 1] = true;
                // `**/` may stand for no folder at all.
                if pattern[at..].starts_with(b"**/") {
                    reached[at + 3] = true;
                }
            }
        }
        reached
    };
    let mut reached = vec![false; pattern.len() + 1];
    reached[0] = true;
    reached = stars(reached);
    for byte in path {
        let mut next = vec![false; pattern.len() + 1];
        for at in (0..pattern.len()).filter(|at| reached[*at]) {
            let is_double = pattern[at..].starts_with(b"**") || (at > 0 && pattern[at - 1..].starts_with(b"**"));
            match pattern[at] {
                b'*' if is_double || *byte != b'/' => next[at] = true,
                b'?' if *byte != b'/' => next[at + 1] = true,
                literal if literal == *byte && literal != b'*' => next[at + 1] = true,
                _ => {}
            }
        }
        reached = stars(next);
    }
    reached[pattern.len()]
}

#[cfg(test)]
mod tests {
    use super::{Ignored, fits};
    use identify::{Confidence, Finding, Identifier};

    fn finding(kind: Identifier) -> Finding {
        Finding { start: 0, end: 1, kind, confidence: Confidence::CERTAIN, rule: "test" }
    }

    #[test]
    fn patterns_fit_as_people_expect() {
        let fitting = [
            ("*.csv", "a/b/patients.csv"),
            ("tests/**", "tests/a/b.txt"),
            ("tests/**/b.txt", "tests/b.txt"),
            ("tests/**/b.txt", "tests/a/c/b.txt"),
            ("**/made_up/*.txt", "x/made_up/1.txt"),
            ("tests/?.txt", "./tests/1.txt"),
        ];
        for (pattern, path) in fitting {
            assert!(fits(pattern.as_bytes(), path.as_bytes()), "{pattern} {path}");
        }
        let not = [("tests/*", "tests/a/b.txt"), ("*.csv", "a.csv/b"), ("tests/?.txt", "tests/10.txt"), ("a", "b")];
        for (pattern, path) in not {
            assert!(!fits(pattern.as_bytes(), path.as_bytes()), "{pattern} {path}");
        }
    }

    #[test]
    fn nothing_is_ignored_without_a_reason_or_for_ever_or_everywhere() {
        let today = "2026-11-22".parse().unwrap();
        let said = |text: &str| Ignored::parse(text, today);
        assert!(said("[[ignore]]\npath = 'a'\nuntil = '2027-01-01'\n").is_err());
        assert!(said("[[ignore]]\npath = 'a'\nreason = ' '\nuntil = '2027-01-01'\n").is_err());
        assert!(said("[[ignore]]\npath = 'a'\nreason = 'made up'\n").is_err());
        assert!(said("[[ignore]]\npath = '**/*'\nreason = 'made up'\nuntil = '2027-01-01'\n").is_err());
        assert!(said("[[ignore]]\npath = 'a'\nkind = 'name'\nreason = 'made up'\nuntil = '2027-01-01'\n").is_err());
    }

    #[test]
    fn what_is_past_its_day_is_told_again() {
        let today = "2026-11-22".parse().unwrap();
        let line = |until: &str| {
            format!("[[ignore]]\npath = 'a/*'\nkinds = ['date']\nreason = 'made up'\nuntil = '{until}'\n")
        };
        let ignored = Ignored::parse(&line("2026-11-22"), today).unwrap();
        assert!(ignored.covers("a/b", &finding(Identifier::Date)));
        assert!(!ignored.covers("a/b", &finding(Identifier::Name)));
        let late = Ignored::parse(&line("2026-11-21"), today).unwrap();
        assert!(!late.covers("a/b", &finding(Identifier::Date)));
        assert_eq!(late.expired, 1);
    }
}
