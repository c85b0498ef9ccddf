//! The scribe: gathers what is to be written into the ledger and commits it in groups, without a timer.
//!
//! All that queued while the last commit was on its way becomes one durable batch. Whoever waits gets a
//! receipt, or an error: then nothing may be opened or done.

use crate::Durations;
use ledger::{CommitError, Draft, Receipt, Signer};
use record::{Entropy, Entry};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use store::{LedgerLog, StoreError};
use tokio::sync::{mpsc, oneshot};

/// Entries in one batch: bounds the memory and the time of one transaction.
const BATCH_MAX: usize = 512;
/// Acts that may wait at once; beyond that the door says 503.
const QUEUE_MAX: usize = 4096;

type Answer = Result<Receipt, Unwritten>;

/// The ledger did not write it. Nothing may be opened or done.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the ledger did not write it")]
pub(crate) struct Unwritten;

struct Line {
    draft: Draft,
    answer: oneshot::Sender<Answer>,
}

/// The handle by which acts are handed to the scribe; cheap to clone.
#[derive(Clone)]
pub(crate) struct Scribe {
    lines: mpsc::Sender<Line>,
    /// The last batch failed.
    failing: Arc<AtomicBool>,
    /// How long commits took, and how many failed.
    commits: Arc<Mutex<(Durations, u64)>>,
}

impl Scribe {
    /// Starts the scribe. It ends when every handle is gone.
    pub(crate) fn start(log: LedgerLog, signer: Arc<Signer>, entropy: Arc<dyn Entropy>) -> Self {
        let (lines, mut queue) = mpsc::channel::<Line>(QUEUE_MAX);
        let failing = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&failing);
        let commits = Arc::new(Mutex::new((Durations::default(), 0)));
        let counted = Arc::clone(&commits);
        tokio::spawn(async move {
            let mut batch = Vec::with_capacity(BATCH_MAX);
            while queue.recv_many(&mut batch, BATCH_MAX).await > 0 {
                let began = tokio::time::Instant::now();
                let written = write(&log, &signer, (entropy.as_ref(), &told), std::mem::take(&mut batch)).await;
                let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
                match written {
                    Written::All => counted.0.add(began.elapsed()),
                    Written::Failed => counted.1 += 1,
                    Written::Nothing => {}
                }
            }
        });
        Self { lines, failing, commits }
    }

    /// How long commits took since the start, and how many failed.
    pub(crate) fn commits(&self) -> (Durations, u64) {
        *self.commits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As if the last batch had failed, or gone well.
    #[cfg(test)]
    pub(crate) fn failing_set(&self, failing: bool) {
        self.failing.store(failing, Ordering::SeqCst);
    }

    /// Did the last batch fail.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::SeqCst)
    }

    /// How many lines wait.
    pub(crate) fn waiting(&self) -> usize {
        self.lines.max_capacity() - self.lines.capacity()
    }

    /// Writes one entry and waits until it is durable and under a signed checkpoint.
    pub(crate) async fn write(&self, entry: Entry, sealed_body: Vec<u8>) -> Answer {
        let (answer, waiting) = oneshot::channel();
        let line = Line { draft: Draft { entry, sealed_body }, answer };
        self.lines.try_send(line).map_err(|_| Unwritten)?;
        waiting.await.map_err(|_| Unwritten)?
    }
}

/// What became of a batch.
enum Written {
    All,
    Failed,
    /// No line of it could be an entry.
    Nothing,
}

/// Whether it could is known before anybody is answered, so that whoever was answered finds it so.
async fn write(
    log: &LedgerLog,
    signer: &Signer,
    (entropy, failing): (&dyn Entropy, &AtomicBool),
    batch: Vec<Line>,
) -> Written {
    let (drafts, answers): (Vec<Draft>, Vec<oneshot::Sender<Answer>>) =
        batch.into_iter().filter(fits).map(|line| (line.draft, line.answer)).unzip();
    if drafts.is_empty() {
        return Written::Nothing;
    }
    match ledger::commit(drafts, log, signer, entropy).await {
        Ok(committed) => {
            failing.store(false, Ordering::SeqCst);
            for (receipt, answer) in committed.receipts.into_iter().zip(answers) {
                // Whoever asked may have gone; the entry stays, and closes as unknown.
                drop(answer.send(Ok(receipt)));
            }
            Written::All
        }
        Err(error) => {
            failing.store(true, Ordering::SeqCst);
            tell(&error);
            for answer in answers {
                drop(answer.send(Err(Unwritten)));
            }
            Written::Failed
        }
    }
}

/// A draft that cannot be an entry must not take its whole batch with it.
fn fits(line: &Line) -> bool {
    line.draft.check().is_ok()
}

fn tell(error: &CommitError<StoreError>) {
    tracing::error!(error = %error, cause = ?std::error::Error::source(error).map(ToString::to_string), "the ledger did not write");
}
