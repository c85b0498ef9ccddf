//! The feed: entries of the ledger as lines for the operator's log collector (docs/FORMATS-export.md).
//!
//! What must always hold: giving lines out is an act; every line stands under a checkpoint that was signed before it
//! was written; lines come in the order of the ledger and each at least once, because the cursor moves only after the
//! receiver has taken them; a receiver that is slow or gone holds up nothing but the feed.

use crate::alerts::hand_over;
use crate::ask::Question;
use crate::{Custody, CustodyError, Desk, Witnessed};
use ledger::{Feed, Format};
use record::{Purpose, Timestamp, act};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Entries read at once: a few megabytes of lines at most.
const ENTRIES_AT_ONCE: u32 = 500;
/// Handings-over in one turn of the job, so that a stop waits for one turn and no longer.
const TURNS_AT_ONCE: u32 = 40;
/// How long the operator's command may take for one of them.
const COMMAND_TIME: Duration = Duration::from_secs(30);
/// The running server asks policy again after so long, and that is an entry.
const ASKED_MILLIS: i64 = 60 * 60 * 1000;
/// The next entry that the receiver has not taken, in the facts of the house.
const CURSOR: &str = "feed_next";

/// Where the lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedSink {
    /// A file, appended to; opened anew for each batch, so that it can be moved away.
    Append(PathBuf),
    /// A command that reads lines on its standard input and exits 0 once it has taken them all.
    Command(Vec<String>),
}

/// The feed that the server keeps up by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPlan {
    /// In which form.
    pub format: Format,
    /// Where to.
    pub sink: FeedSink,
}

/// When the job was permitted last.
#[derive(Debug, Default)]
pub(crate) struct FeedAsked(Mutex<Option<Timestamp>>);

/// What a feed into a file has written.
#[derive(Debug, Clone, Copy)]
pub struct FeedWritten {
    /// Lines.
    pub lines: u64,
    /// The first entry that is not in it: what the next one is asked for with.
    pub next: u64,
    /// The entry of asking for it.
    pub witnessed: Witnessed,
}

impl Custody {
    /// A feed under the head as it is now, signed.
    async fn feed_of(&self, format: Format) -> Result<Feed, CustodyError> {
        let signed = ledger::sign_head(&self.0.log, &self.0.signer)
            .await
            .map_err(|error| CustodyError::Broken(format!("the ledger: {error}")))?;
        Ok(Feed {
            format,
            origin: self.0.signer.name().to_owned(),
            host: self.settings().public_url.host_str().unwrap_or_default().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            head: *signed.head(),
        })
    }

    /// The lines from `next` on, and the entry after the last of them; no lines at the end.
    async fn feed_lines(&self, feed: &Feed, next: u64) -> Result<(String, u64), CustodyError> {
        let mut lines = String::new();
        let mut after = next;
        for entry in self.store().entry_range(next, ENTRIES_AT_ONCE).await? {
            // What was written since the head was signed comes under the next one.
            if entry.index >= feed.head.size {
                break;
            }
            if entry.index != after {
                return Err(CustodyError::Broken("an entry of the ledger is missing".to_owned()));
            }
            lines.push_str(&feed.line(entry.index, &entry.leaf));
            after += 1;
        }
        Ok((lines, after))
    }

    /// Every entry from `since` on into a new file, for whoever was permitted.
    async fn feed_write(&self, wanted: &FeedWanted, witnessed: Witnessed) -> Result<FeedWritten, CustodyError> {
        let feed = self.feed_of(wanted.format).await?;
        if wanted.since > feed.head.size {
            return Err(CustodyError::field("since", "The ledger has fewer entries than that"));
        }
        let out = wanted.out.clone();
        let mut file = tokio::task::spawn_blocking(move || create(&out))
            .await
            .map_err(|_| CustodyError::Broken("the feed was stopped".to_owned()))?
            .map_err(|error| CustodyError::Broken(format!("the file cannot be made: {}", error.kind())))?;
        let mut next = wanted.since;
        loop {
            let (lines, after) = self.feed_lines(&feed, next).await?;
            let last = after == next;
            let written = tokio::task::spawn_blocking(move || {
                file.write_all(lines.as_bytes())?;
                if last {
                    file.sync_all()?;
                }
                Ok::<_, std::io::Error>(file)
            });
            file = written
                .await
                .map_err(|_| CustodyError::Broken("the feed was stopped".to_owned()))?
                .map_err(|error| CustodyError::Broken(format!("the file cannot be written: {}", error.kind())))?;
            next = after;
            if last {
                return Ok(FeedWritten { lines: next - wanted.since, next, witnessed });
            }
        }
    }

    /// The next entry that the receiver of the configured feed has not taken.
    ///
    /// # Errors
    /// When the store cannot.
    pub(crate) async fn feed_next(&self) -> Result<u64, CustodyError> {
        Ok(self.store().meta_fetch(CURSOR).await?.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// Hands what is new to the receiver of the configured feed. How many lines it took.
    ///
    /// # Errors
    /// [`CustodyError`], and what was not taken is tried again by the next turn.
    pub async fn feed_send(&self) -> Result<u64, CustodyError> {
        let Some(plan) = self.settings().feed.clone() else { return Ok(0) };
        let mut next = self.feed_next().await?;
        let size = self.ledger_head().map_or(0, |head| head.size);
        if next == size {
            return Ok(0);
        }
        self.feed_asked().await?;
        let feed = self.feed_of(plan.format).await?;
        if next > feed.head.size {
            return Err(CustodyError::Broken(format!(
                "the feed was sent {next} entries and the ledger has {}: it was rolled back, or restored from a backup",
                feed.head.size
            )));
        }
        let from = next;
        for _ in 0..TURNS_AT_ONCE {
            let (lines, after) = self.feed_lines(&feed, next).await?;
            if after == next {
                break;
            }
            deliver(&plan.sink, lines).await?;
            // If we die here: the receiver has them and the cursor does not say so; they come again.
            let mut tx = self.store().begin("move the feed's cursor").await?;
            tx.meta_set(CURSOR, &after.to_string()).await?;
            tx.commit().await?;
            next = after;
        }
        Ok(next - from)
    }

    /// The job's permit, an entry each hour in which there is something to give out.
    async fn feed_asked(&self) -> Result<(), CustodyError> {
        let now = self.now();
        let before = *self.0.feed_asked.0.lock().unwrap_or_else(PoisonError::into_inner);
        if before.is_some_and(|at| now.millis_since(at) < ASKED_MILLIS) {
            return Ok(());
        }
        let words = "entries are handed to the receiver of the configured feed as they come";
        drop(self.ask_job::<act::LedgerExport>(Question::house(Purpose::Administration).saying(words)).await?);
        *self.0.feed_asked.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(())
    }
}

/// Which lines are wanted, and where.
#[derive(Debug, Clone)]
pub struct FeedWanted {
    /// In which form.
    pub format: Format,
    /// From which entry on.
    pub since: u64,
    /// A file that is not there yet.
    pub out: PathBuf,
}

impl Desk<act::LedgerExport> {
    /// Entries as lines into a file of this machine.
    ///
    /// # Errors
    /// [`CustodyError`]; what was written of the file then is not the whole.
    pub async fn ledger_feed(&self, wanted: &FeedWanted) -> Result<FeedWritten, CustodyError> {
        let words = format!("entries from {} on as {} lines", wanted.since, wanted.format);
        let granted = self.ask(Question::house(Purpose::Administration).saying(&words)).await?;
        self.custody.feed_write(wanted, granted.witnessed()).await
    }
}

fn create(path: &Path) -> std::io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

async fn deliver(sink: &FeedSink, lines: String) -> Result<(), CustodyError> {
    match sink {
        FeedSink::Command(argv) => hand_over(argv, &lines, COMMAND_TIME)
            .await
            .map_err(|error| CustodyError::Broken(format!("the feed's receiver did not take the lines: {error}"))),
        FeedSink::Append(path) => {
            let path = path.clone();
            tokio::task::spawn_blocking(move || append(&path, lines.as_bytes()))
                .await
                .map_err(|_| CustodyError::Broken("the feed was stopped".to_owned()))?
                .map_err(|error| CustodyError::Broken(format!("the feed's file cannot be written: {}", error.kind())))
        }
    }
}

/// Appends whole lines, and waits until they are on their disk.
fn append(path: &Path, lines: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    // Half a line of a process that died must not run into the first of ours.
    if file.seek(SeekFrom::End(0))? > 0 {
        let mut last = [0_u8];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    file.write_all(lines)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
