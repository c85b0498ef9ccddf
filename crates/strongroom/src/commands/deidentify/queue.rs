//! The queue of what `deidentify` was not sure about: a file of lines, one for each place, and the person who decides.
//!
//! What must always hold: the queue shows words out of the files, so it is written for its owner alone and never with the output; a
//! decision holds for the very bytes that it was made about; a line that is none stops everything, and nothing is decided by default.
//!
//! What it refuses to know: files other than by their digests.

use crate::outcome::WrongUse;
use anyhow::Context as _;
use identify::Identifier;
use identify::deidentify::{Decided, Doubt, Spot};
use record::Sha256;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

/// Largest queue that is read, in bytes.
const QUEUE_BYTES_MAX: u64 = 1 << 30;

/// One place, as it stands in the queue.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// The digest of the file, in hexadecimal.
    file: String,
    part: usize,
    start: usize,
    end: usize,
    kind: String,
    why: String,
    before: String,
    text: String,
    after: String,
    decision: Option<Decision>,
}

/// What a person says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Goes,
    Stays,
}

/// All lines, in the order of the files. PHI.
pub(super) struct Queue {
    path: PathBuf,
    lines: BTreeMap<usize, Vec<Line>>,
    /// Decisions of an earlier run, by the digest of their file.
    earlier: BTreeMap<String, Vec<Line>>,
}

impl Queue {
    /// The queue of an earlier run; an empty one, where there is none yet.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let mut earlier: BTreeMap<String, Vec<Line>> = BTreeMap::new();
        let text = match std::fs::metadata(path) {
            Ok(about) if about.len() > QUEUE_BYTES_MAX => {
                return Err(WrongUse("the queue is larger than 1 GiB".to_owned()).into());
            }
            Ok(_) => std::fs::read_to_string(path).context("reading the queue")?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).context("reading the queue"),
        };
        for (number, text) in text.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            // What is wrong with it may repeat what stands in it.
            let line: Line = serde_json::from_str(text).map_err(|_| {
                WrongUse(format!(
                    "line {} of the queue is none; \"decision\" is null, \"goes\" or \"stays\"",
                    number + 1
                ))
            })?;
            if line.decision.is_some() {
                earlier.entry(line.file.clone()).or_default().push(line);
            }
        }
        Ok(Self { path: path.to_owned(), lines: BTreeMap::new(), earlier })
    }

    /// What was decided about these bytes.
    pub(super) fn decided(&self, number: usize, bytes: &[u8]) -> Vec<Decided> {
        let file = Sha256::of(bytes).to_string();
        let now = self.lines.get(&number).into_iter().flatten();
        let all = self.earlier.get(&file).into_iter().flatten().chain(now.filter(|line| line.file == file));
        all.filter_map(|line| {
            let kind = line.kind.parse::<Identifier>().unwrap_or(Identifier::OtherId);
            let goes_as = (line.decision? == Decision::Goes).then_some(kind);
            Some(Decided { spot: Spot { part: line.part, range: line.start..line.end }, goes_as })
        })
        .collect()
    }

    /// Puts what is still to be decided about these bytes into the queue, behind what was.
    pub(super) fn put(&mut self, number: usize, bytes: &[u8], doubts: Vec<Doubt>) {
        let file = Sha256::of(bytes).to_string();
        let lines = self.lines.entry(number).or_default();
        lines.retain(|line| line.decision.is_some());
        lines.extend(doubts.into_iter().map(|doubt| {
            let [before, text, after] = doubt.around;
            Line {
                file: file.clone(),
                part: doubt.spot.part,
                start: doubt.spot.range.start,
                end: doubt.spot.range.end,
                kind: doubt.kind.as_str().to_owned(),
                why: doubt.why.to_owned(),
                before,
                text,
                after,
                decision: None,
            }
        }));
    }

    /// Keeps it for its owner alone.
    pub(super) fn keep(&self) -> anyhow::Result<()> {
        let mut out = Vec::new();
        for line in self.earlier.values().flatten().chain(self.lines.values().flatten()) {
            serde_json::to_writer(&mut out, line).context("writing the queue")?;
            out.push(b'\n');
        }
        super::replace_private(&self.path, &out)
    }

    /// Asks a person about one place after the other, until all are decided or they have had enough.
    pub(super) fn ask(&mut self, answers: &mut dyn BufRead, screen: &mut dyn Write) -> std::io::Result<()> {
        let mut lines: Vec<&mut Line> =
            self.lines.values_mut().flatten().filter(|line| line.decision.is_none()).collect();
        if lines.is_empty() {
            return writeln!(screen, "There is nothing to decide.");
        }
        writeln!(screen, "{HELP}")?;
        let (mut at, mut said) = (0, String::new());
        while let Some(line) = lines.get(at) {
            if line.decision.is_some() {
                at += 1;
                continue;
            }
            writeln!(screen, "\n{} of {}: {}", at + 1, lines.len(), line.why)?;
            writeln!(screen, "  …{} »{}« {}…", shown(&line.before), shown(&line.text), shown(&line.after))?;
            write!(screen, "  g, s, G, S, b, q? ")?;
            screen.flush()?;
            said.clear();
            if answers.read_line(&mut said)? == 0 {
                return writeln!(screen);
            }
            let (decision, everywhere) = match said.trim() {
                "g" => (Decision::Goes, false),
                "s" => (Decision::Stays, false),
                "G" => (Decision::Goes, true),
                "S" => (Decision::Stays, true),
                "b" => {
                    // The last one that was decided is asked about again.
                    let back = lines[..at].iter().rposition(|line| line.decision.is_some());
                    if let Some(back) = back {
                        lines[back].decision = None;
                        at = back;
                    }
                    continue;
                }
                "q" => return Ok(()),
                _ => {
                    writeln!(screen, "{HELP}")?;
                    continue;
                }
            };
            let text = line.text.clone();
            for (index, line) in lines.iter_mut().enumerate() {
                if index == at || everywhere && line.decision.is_none() && line.text == text {
                    line.decision = Some(decision);
                }
            }
        }
        Ok(())
    }
}

/// On one line, and nothing that a terminal would obey.
fn shown(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_trick = |one: char| one.is_control() || matches!(one, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    words.chars().map(|one| if is_trick(one) { '\u{fffd}' } else { one }).collect()
}

const HELP: &str =
    "g: it goes; s: it stays; G, S: and so does the same word in every place; b: back; q: enough for now.";

#[cfg(test)]
mod tests {
    use super::{Decision, Queue};
    use identify::Identifier;
    use identify::deidentify::{Doubt, Spot};

    const BYTES: &[u8] = b"of these";

    fn queue(words: &[&str]) -> Queue {
        let path = std::env::temp_dir().join("strongroom-queue-that-is-never-written");
        let mut queue =
            Queue { path, lines: std::collections::BTreeMap::new(), earlier: std::collections::BTreeMap::new() };
        let doubts = words.iter().enumerate().map(|(at, word)| Doubt {
            spot: Spot { part: 0, range: at..at + 1 },
            kind: Identifier::Name,
            why: "a capital, and on no list",
            around: ["seen by ".to_owned(), (*word).to_owned(), " today".to_owned()],
        });
        queue.put(0, BYTES, doubts.collect());
        queue
    }

    fn asked(words: &[&str], answers: &str) -> (Vec<Option<Decision>>, String) {
        let mut queue = queue(words);
        let mut screen = Vec::new();
        queue.ask(&mut answers.as_bytes(), &mut screen).unwrap();
        let decisions = queue.lines.values().flatten().map(|line| line.decision).collect();
        (decisions, String::from_utf8(screen).unwrap())
    }

    #[test]
    fn each_place_is_shown_and_decided_and_the_same_word_at_once_if_one_wants() {
        use Decision::{Goes, Stays};
        let (decisions, screen) = asked(&["Kaylor", "Tegaderm", "Kaylor", "Oxley"], "G\ns\ng\n");
        assert_eq!(decisions, [Some(Goes), Some(Stays), Some(Goes), Some(Goes)]);
        assert!(screen.contains("1 of 4: a capital, and on no list\n  …seen by »Kaylor« today…"), "{screen}");
    }

    #[test]
    fn one_can_go_back_ask_for_help_and_stop() {
        use Decision::{Goes, Stays};
        assert_eq!(asked(&["Kaylor", "Oxley"], "s\nb\ng\nx\nq\n").0, [Some(Goes), None]);
        assert_eq!(asked(&["Kaylor", "Oxley"], "s\n").0, [Some(Stays), None], "the end of answers decides nothing");
        assert_eq!(asked(&["Kaylor"], "b\nyes\n").0, [None]);
    }

    #[test]
    fn what_a_file_says_to_the_terminal_is_not_passed_on() {
        let (_, screen) = asked(&["Kay\u{1b}]0;lor\u{202e}"], "s\n");
        assert!(screen.contains("»Kay\u{fffd}]0;lor\u{fffd}«"), "{screen}");
    }

    #[test]
    fn decisions_are_of_the_bytes_that_they_were_made_about() {
        let mut queue = queue(&["Kaylor", "Oxley"]);
        queue.ask(&mut &b"g\ns\n"[..], &mut Vec::new()).unwrap();
        let decided = queue.decided(0, BYTES);
        assert_eq!(decided.len(), 2);
        assert_eq!(decided[0].goes_as, Some(Identifier::Name));
        assert_eq!(decided[1].goes_as, None);
        assert!(queue.decided(0, b"of others").is_empty());
    }
}
