//! The checkpoints that were kept, and whether somebody outside has them too.

use crate::ask::Question;
use crate::{CustodyError, Desk, Witnessed};
use record::{Purpose, Timestamp, act};

/// Checkpoints on one page.
const PAGE_CHECKPOINTS: u32 = 50;

/// One signed head of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointLine {
    /// How many entries it covers.
    pub size: u64,
    /// When it was kept here.
    pub at: Timestamp,
    /// The root, in base64, as the note says it.
    pub root: String,
    /// A checkpoint that covers it is with the witness.
    pub kept_outside: bool,
}

/// A page of checkpoints.
#[derive(Debug)]
pub struct Checkpoints {
    /// Newest first.
    pub lines: Vec<CheckpointLine>,
    /// For the next page; none at the end.
    pub before: Option<u64>,
    /// The ledger's public key.
    pub key: String,
    /// The last hand-over to the witness: when, and did it arrive; none when there was none.
    pub witness: Option<(Timestamp, bool)>,
    /// The entry of looking.
    pub witnessed: Witnessed,
}

impl Desk<act::LedgerList> {
    /// The last hand-over to the witness: when, and did it arrive. Said at the head of the ledger's pages.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn witness_standing(&self) -> Result<Option<(Timestamp, bool)>, CustodyError> {
        Ok(self.custody.store().witness_last().await?.map(|run| (run.at, run.ok)))
    }

    /// The checkpoints that were kept, newest first, before a given size.
    ///
    /// # Errors
    /// [`CustodyError`].
    pub async fn checkpoint_list(&self, before: Option<u64>) -> Result<Checkpoints, CustodyError> {
        let witnessed = self.ask(Question::house(Purpose::Administration)).await?.witnessed();
        let store = self.custody.store();
        let kept = store.checkpoint_newest(before, PAGE_CHECKPOINTS).await?;
        let outside = store.witness_kept_size().await?;
        let lines: Vec<CheckpointLine> = kept
            .into_iter()
            .map(|(size, note, at)| CheckpointLine {
                size,
                at,
                root: note.lines().nth(2).unwrap_or_default().to_owned(),
                // Whoever holds a later head can be shown that this one came before it.
                kept_outside: outside.is_some_and(|kept| kept >= size),
            })
            .collect();
        let full = lines.len() == PAGE_CHECKPOINTS as usize;
        Ok(Checkpoints {
            before: lines.last().filter(|_| full).map(|line| line.size),
            lines,
            key: self.custody.ledger_verifier().to_string(),
            witness: self.witness_standing().await?,
            witnessed,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{MINUTE_MILLIS, house};
    use record::act;

    #[tokio::test]
    async fn kept_checkpoints_are_listed_newest_first_and_nobody_outside_has_them_yet() {
        let house = house().await;
        let (first, _) = house.two_officers().await;
        house.custody.checkpoint().await.unwrap();
        house.later(2 * MINUTE_MILLIS);
        let desk = house.desk::<act::LedgerList>(&first).await;
        desk.ledger_list(&crate::LedgerFilter::default(), None).await.unwrap();
        let note = house.custody.checkpoint().await.unwrap();
        let page = house.desk::<act::LedgerList>(&first).await.checkpoint_list(None).await.unwrap();
        assert!(page.lines.len() >= 2 && page.lines.is_sorted_by(|one, next| one.size > next.size));
        assert_eq!(page.lines[0].root, note.lines().nth(2).unwrap());
        assert!(page.witness.is_none() && page.lines.iter().all(|line| !line.kept_outside));
        let older =
            house.desk::<act::LedgerList>(&first).await.checkpoint_list(Some(page.lines[0].size)).await.unwrap();
        assert_eq!(older.lines, page.lines[1..]);
    }
}
