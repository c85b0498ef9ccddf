//! How far it is, on standard error: a bar that is drawn over on a terminal, a line every few seconds elsewhere.

use super::wire::Measure;
use record::{Clock as _, SystemClock, Timestamp};
use std::io::{IsTerminal as _, Write as _};

/// Between two lines where nobody watches, milliseconds.
const LINE_EVERY_MILLIS: i64 = 5000;
/// Signs of the bar.
const BAR: u64 = 24;

/// What was told so far.
#[derive(Default)]
pub(super) struct Progress {
    began: Option<(Timestamp, Measure)>,
    told_at: Option<Timestamp>,
    /// A bar stands on the terminal's last line.
    drawn: bool,
}

impl Progress {
    /// A line of words.
    pub(super) fn say(&mut self, text: &str) {
        self.end();
        // Nothing is left to tell it to if standard error is gone.
        drop(writeln!(std::io::stderr(), "{text}"));
    }

    /// How far it is now.
    pub(super) fn measure(&mut self, now: Measure) {
        let at = SystemClock.now();
        let (began_at, first) = *self.began.get_or_insert((at, now));
        let terminal = std::io::stderr().is_terminal();
        let waited = self.told_at.is_none_or(|told| at.millis_since(told) >= LINE_EVERY_MILLIS);
        if !terminal && !waited && now.files < now.files_all {
            return;
        }
        self.told_at = Some(at);
        let line = line(now, now.files.saturating_sub(first.files), at.millis_since(began_at));
        let end = if terminal { "" } else { "\n" };
        let begin = if terminal { "\r\x1b[K" } else { "" };
        drop(write!(std::io::stderr(), "{begin}{line}{end}"));
        self.drawn = terminal;
    }

    /// Nothing more is drawn over.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.drawn) {
            drop(writeln!(std::io::stderr()));
        }
    }
}

fn line(now: Measure, done: u64, millis: i64) -> String {
    let filled = (now.files * BAR).checked_div(now.files_all).unwrap_or(BAR);
    let bar: String = (0..BAR).map(|at| if at < filled { '#' } else { '.' }).collect();
    // Where no bytes are gone through, what is counted are things of a practice and not files.
    let mut line = match now.bytes_all {
        0 => format!("[{bar}] {} of {}", now.files, now.files_all),
        all => format!(
            "[{bar}] {} of {} files, {} of {} MB",
            now.files,
            now.files_all,
            now.bytes / 1_000_000,
            all / 1_000_000
        ),
    };
    let millis = u64::try_from(millis).unwrap_or_default();
    if let Some(pace) = (done * 1000).checked_div(millis).filter(|pace| *pace > 0) {
        let unit = if now.bytes_all == 0 { "" } else { " files" };
        let left = now.files_all.saturating_sub(now.files) / pace;
        line.push_str(&format!(", {pace}{unit}/s, {}:{:02} left", left / 60, left % 60));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{Measure, line};

    #[test]
    fn a_line_says_how_far_it_is_and_how_long_it_takes() {
        let now = Measure { files: 5000, files_all: 20_000, bytes: 50_000_000, bytes_all: 200_000_000 };
        assert_eq!(
            line(now, 5000, 5000),
            "[######..................] 5000 of 20000 files, 50 of 200 MB, 1000 files/s, 0:15 left"
        );
        assert!(line(now, 0, 0).ends_with("MB"), "nothing is guessed from nothing");
        let none = Measure { files: 0, files_all: 0, bytes: 0, bytes_all: 0 };
        assert!(line(none, 0, 0).starts_with("[####"));
        let things = Measure { files: 10, files_all: 40, bytes: 0, bytes_all: 0 };
        assert_eq!(line(things, 10, 1000), "[######..................] 10 of 40, 10/s, 0:03 left");
    }
}
