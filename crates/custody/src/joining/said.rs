//! What a manager's yes is said to, and what is told when more goes than that.
//!
//! What must always hold: a yes names which preparing, or which yes before it, it answers, and of a split how much was shown to
//! whoever said it; more than that does not go untold.

use super::Joining;
use crate::{Custody, CustodyError};
use record::Timestamp;
use std::fmt;
use std::str::FromStr;
use store::{JoiningCounts, Split, SplitMuch};

/// What a yes is said to. As text: the time in milliseconds, and of a split documents and bytes, with full stops between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoinSeen {
    /// When it was prepared, or when the other manager said yes.
    pub at: Timestamp,
    /// How much would move with some patients, as it was shown; none when all move, or when nothing was shown.
    pub much: Option<SplitMuch>,
}

impl JoinSeen {
    /// As it is shown now: what was prepared, or what the other manager has said yes to, and of a split how much it is.
    pub(super) fn of(row: &Joining, given_at: Option<Timestamp>, counts: Option<JoiningCounts>) -> Self {
        let much = |counts: JoiningCounts| SplitMuch { documents: counts.documents, bytes: counts.bytes };
        let much = counts.filter(|_| row.chosen.is_some()).map(much);
        Self { at: given_at.unwrap_or(row.prepared_at), much }
    }
}

impl fmt::Display for JoinSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.at.unix_millis())?;
        self.much.map_or(Ok(()), |much| write!(f, ".{}.{}", much.documents, much.bytes))
    }
}

impl FromStr for JoinSeen {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, much) = text.split_once('.').map_or((text, None), |(at, much)| (at, Some(much)));
        let at = Timestamp::from_unix_millis(at.parse().map_err(|_| ())?);
        let Some(much) = much else { return Ok(Self { at, much: None }) };
        let (documents, bytes) = much.split_once('.').ok_or(())?;
        let count = |text: &str| text.parse().map_err(|_| ());
        Ok(Self { at, much: Some(SplitMuch { documents: count(documents)?, bytes: count(bytes)? }) })
    }
}

/// How much of a split was shown to whoever says yes, for the sealed words of an entry; empty when all move.
pub(super) fn much_words(row: &Joining, seen: JoinSeen) -> String {
    let much = seen.much.filter(|_| row.chosen.is_some());
    much.map_or_else(String::new, |much| format!(", {} documents of {} bytes", much.documents, much.bytes))
}

/// What both managers were shown, at least.
fn shown(row: &Joining) -> Option<SplitMuch> {
    let (given, agreed) = (row.given_seen?, row.agreed_seen?);
    Some(SplitMuch { documents: given.documents.min(agreed.documents), bytes: given.bytes.min(agreed.bytes) })
}

const fn is_more(goes: SplitMuch, shown: SplitMuch) -> bool {
    goes.documents > shown.documents || goes.bytes > shown.bytes
}

/// With how much whoever has gone went, for an alert.
pub(super) fn went_words(row: &Joining, done: &Split) -> String {
    let much = done.much;
    let more = match shown(row).filter(|shown| is_more(much, *shown)) {
        Some(shown) => {
            format!(
                ", more than the {} documents of {} bytes that both managers were shown",
                shown.documents, shown.bytes
            )
        }
        None => String::new(),
    };
    format!("{} patients with {} documents of {} bytes{more}", done.patients, much.documents, much.bytes)
}

impl Custody {
    /// A practice goes on writing after both have said yes: says so when more would go by now than they were shown.
    pub(super) async fn split_grown_tell(&self, row: &Joining) -> Result<(), CustodyError> {
        let Some(shown) = shown(row) else { return Ok(()) };
        let to_go = self.store().split_counts(row.customer).await?;
        let goes = SplitMuch { documents: row.gone.documents + to_go.documents, bytes: row.gone.bytes + to_go.bytes };
        if is_more(goes, shown) {
            let (one, other) = (self.customer_name(row.customer).await?, self.customer_name(row.into).await?);
            // Names that stand on every tag, and counts; no PHI.
            let say = format!(
                "More goes from {one} to {other} than both managers were shown when they said yes: {} documents of {} bytes, and \
                 not {} of {}.",
                goes.documents, goes.bytes, shown.documents, shown.bytes
            );
            self.alert("joining_grew", &say).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::JoinSeen;
    use record::Timestamp;
    use store::SplitMuch;

    #[test]
    fn what_was_seen_reads_as_it_is_written_and_half_of_it_is_nothing() {
        let at = Timestamp::from_unix_millis(1_789_913_600_000);
        for much in [None, Some(SplitMuch { documents: 1204, bytes: 220_118_904 })] {
            let seen = JoinSeen { at, much };
            assert_eq!(seen.to_string().parse(), Ok(seen));
        }
        for wrong in ["", "x", "1.", "1.2", "1.2.", "1.2.3.4", "1.-2.3", ".2.3"] {
            assert_eq!(wrong.parse::<JoinSeen>(), Err(()), "{wrong}");
        }
    }
}
