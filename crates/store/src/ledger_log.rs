//! The ledger's durable log in the database, and what is asked of its entries.
//!
//! What must always hold: head, entries and tiles change in one transaction or not at all; the swap of the
//! head names the old size and root; once a commit of the store has failed, whoever's it was, every later answer
//! is an error until the store is opened anew, because nobody knows what the disk holds (fsyncgate).

use crate::binds::{Row, Value, binds};
use crate::scope::Condition;
use crate::{Store, StoreError, Tx};
use ledger::{Appended, DurableLog, Edge, Head, Prepared, SignedCheckpoint, Tile, TileId};
use record::{CustomerId, ResourceId, Sha256, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Rows in one INSERT: a text of this width is prepared once and reused.
const ROWS_AT_ONCE: usize = 64;
const DOING: &str = "write the ledger";

/// The one ledger of this store.
#[derive(Clone)]
pub struct LedgerLog {
    store: Store,
    edge: Arc<Mutex<KnownEdge>>,
}

/// The tiles that this handle's last append wrote, and the head that the same transaction wrote. As long as the head
/// that is read from the database is that one, nobody has written a tile since, and these are the stored ones.
#[derive(Default)]
struct KnownEdge {
    /// As it was last read from the database.
    read: Option<Head>,
    written: Option<Head>,
    tiles: BTreeMap<(u8, u64), Tile>,
    /// The tree's right edge under the head that was written.
    edge: Option<Edge>,
}

/// An entry as it is kept.
#[derive(Debug, Clone)]
pub struct StoredEntry {
    /// Its place, from 0.
    pub index: u64,
    /// The leaf's bytes.
    pub leaf: Vec<u8>,
}

/// Which entries are wanted; newest first.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    /// Only by this principal.
    pub principal: Option<String>,
    /// Only about this customer.
    pub customer: Option<CustomerId>,
    /// Only those that name this thing.
    pub resource: Option<ResourceId>,
    /// Only these actions, when not empty.
    pub actions: Vec<String>,
    /// Only these outcomes, when not empty.
    pub outcomes: Vec<String>,
    /// Only from this time on.
    pub from: Option<Timestamp>,
    /// Only before this index.
    pub before: Option<u64>,
}

impl std::fmt::Debug for LedgerLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LedgerLog(..)")
    }
}

impl KnownEdge {
    /// All of the wanted tiles, if the head last read is the one under which they were written.
    fn known(&self, wanted: &[TileId]) -> Option<Vec<Tile>> {
        if self.read.is_none() || self.read != self.written {
            return None;
        }
        wanted.iter().map(|id| self.tiles.get(&(id.level, id.index)).cloned()).collect()
    }

    /// Only the newest of each level stays: the next append asks for those.
    fn wrote(&mut self, prepared: &Prepared) {
        let follows = self.written.as_ref() == Some(prepared.expected());
        self.written = Some(*prepared.new_head());
        self.edge = Some(prepared.edge().clone());
        if !follows {
            self.tiles.clear();
        }
        for tile in prepared.tiles() {
            let TileId { level, index } = tile.id();
            self.tiles.retain(|place, _| place.0 != level || place.1 + 1 >= index);
            self.tiles.insert((level, index), tile.clone());
        }
    }
}

/// Before the attempt after this many: up to a millisecond, then up to two, four, at most 64, and at least half of it.
fn wait_for(attempt: u32, draw: u64) -> Duration {
    let most_micros = 1000_u64 << attempt.saturating_sub(1).min(6);
    // Other bits of the draw at each attempt, so that two rivals do not meet again and again.
    let drawn = draw.rotate_left(attempt.wrapping_mul(7)) % (most_micros / 2);
    Duration::from_micros(most_micros / 2 + drawn)
}

pub(crate) fn number(value: u64) -> Value {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

/// `($1, $2), ($3, $4)`: places for `rows` rows of `columns` values.
fn places(rows: usize, columns: usize) -> String {
    let row = |at: usize| {
        let list: Vec<String> = (1..=columns).map(|column| format!("${}", at * columns + column)).collect();
        format!("({})", list.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// Many rows by few texts; `end` follows the values.
pub(crate) async fn insert_many(
    tx: &mut Tx,
    start: &str,
    end: &str,
    columns: usize,
    rows: Vec<Vec<Value>>,
) -> Result<(), StoreError> {
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let some: Vec<Vec<Value>> = rows.by_ref().take(ROWS_AT_ONCE).collect();
        let sql = format!("{start} VALUES {} {end}", places(some.len(), columns));
        tx.run(sql, some.into_iter().flatten().collect()).await?;
    }
    Ok(())
}

impl LedgerLog {
    /// The ledger of this store. That a commit has failed is known to the store, and so to every handle.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, edge: Arc::default() }
    }

    fn remembered(&self) -> MutexGuard<'_, KnownEdge> {
        self.edge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sound(&self) -> Result<(), StoreError> {
        if self.store.is_broken() { Err(StoreError::FlushFailed) } else { Ok(()) }
    }

    async fn append_in_tx(tx: &mut Tx, prepared: &Prepared) -> Result<Appended, StoreError> {
        let (old, new) = (prepared.expected(), prepared.new_head());
        let swapped = tx
            .run(
                "UPDATE ledger_head SET size = $1, root = $2 WHERE ledger = 'main' AND size = $3 AND root = $4",
                vec![
                    number(new.size),
                    Value::from(&new.root.as_bytes()[..]),
                    number(old.size),
                    Value::from(&old.root.as_bytes()[..]),
                ],
            )
            .await?;
        if swapped == 0 {
            return Ok(Appended::HeadMoved);
        }
        let mut entries = Vec::with_capacity(prepared.entries().len());
        let mut touches = Vec::new();
        for prepared in prepared.entries() {
            let entry = &prepared.entry;
            entries.push(vec![
                number(prepared.index),
                Value::from(prepared.leaf.clone()),
                Value::from(entry.at),
                Value::from(entry.principal.to_string()),
                Value::from(entry.customer),
                Value::from(entry.action.as_str()),
                Value::from(entry.outcome.as_str()),
            ]);
            for resource in entry.resources.as_slice() {
                touches.push(vec![Value::from(*resource), number(prepared.index)]);
            }
        }
        insert_many(
            tx,
            "INSERT INTO ledger_entry (idx, leaf, at, principal, customer_id, action, outcome)",
            "",
            7,
            entries,
        )
        .await?;
        // A thing that is named twice is one touch, and no reason to lose the whole batch.
        let twice = "ON CONFLICT (resource_id, idx) DO NOTHING";
        insert_many(tx, "INSERT INTO ledger_touch (resource_id, idx)", twice, 2, touches).await?;
        let tiles = prepared
            .tiles()
            .iter()
            .map(|tile| {
                vec![Value::Int(i64::from(tile.id().level)), number(tile.id().index), Value::from(tile.to_bytes())]
            })
            .collect();
        insert_many(
            tx,
            "INSERT INTO ledger_tile (level, n, hashes)",
            "ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes",
            3,
            tiles,
        )
        .await?;
        Ok(Appended::Done)
    }
}

impl DurableLog for LedgerLog {
    type Error = StoreError;

    async fn head(&self) -> Result<Head, StoreError> {
        self.sound()?;
        let row = self
            .store
            .row("read the ledger's head", "SELECT size, root FROM ledger_head WHERE ledger = 'main'", binds![])
            .await?;
        let row = row.ok_or_else(|| StoreError::Folder("there is no ledger in this database".to_owned()))?;
        let root = row.bytes("root")?.try_into().map_err(|_| StoreError::Column { column: "root" })?;
        let head = Head { size: row.count("size")?, root: Sha256::from_bytes(root) };
        self.remembered().read = Some(head);
        Ok(head)
    }

    fn edge(&self, head: &Head) -> Option<Edge> {
        // Once a commit has failed, the tiles are asked for, and their answer is an error.
        self.sound().ok()?;
        let known = self.remembered();
        known.edge.clone().filter(|_| known.written.as_ref() == Some(head))
    }

    async fn pause(&self, attempt: u32, draw: u64) {
        tokio::time::sleep(wait_for(attempt, draw)).await;
    }

    async fn tiles(&self, wanted: &[TileId]) -> Result<Vec<Tile>, StoreError> {
        self.sound()?;
        if let Some(known) = self.remembered().known(wanted) {
            return Ok(known);
        }
        let mut found = Vec::with_capacity(wanted.len());
        for some in wanted.chunks(ROWS_AT_ONCE) {
            let mut condition = Condition::default();
            let any: Vec<String> = some
                .iter()
                .map(|id| {
                    let level = condition.place(i64::from(id.level));
                    let n = condition.place(number(id.index));
                    format!("(level = {level} AND n = {n})")
                })
                .collect();
            let sql = format!("SELECT level, n, hashes FROM ledger_tile WHERE {}", any.join(" OR "));
            for row in self.store.rows("read the ledger's tiles", sql, condition.values).await? {
                found.push(tile(&row)?);
            }
        }
        Ok(found)
    }

    async fn append(&self, prepared: &Prepared) -> Result<Appended, StoreError> {
        self.sound()?;
        let mut tx = self.store.begin(DOING).await?;
        let appended = Self::append_in_tx(&mut tx, prepared).await?;
        if appended == Appended::Done {
            // If we die here: nothing was written. If during the commit: all of it or nothing.
            tx.commit_here().await?;
            self.remembered().wrote(prepared);
            // If we die after: the entries are durable, nobody has a receipt, nothing was opened.
        }
        Ok(appended)
    }

    async fn checkpoint_store(&self, checkpoint: &SignedCheckpoint) -> Result<(), StoreError> {
        // Kept lazily, by whoever publishes it: the same head gives the same signature again.
        let _ = checkpoint;
        self.sound()
    }
}

fn tile(row: &Row) -> Result<Tile, StoreError> {
    let level = u8::try_from(row.int("level")?).map_err(|_| StoreError::Column { column: "level" })?;
    Tile::from_bytes(TileId { level, index: row.count("n")? }, &row.bytes("hashes")?)
        .map_err(|_| StoreError::Column { column: "hashes" })
}

pub(crate) fn stored(row: &Row) -> Result<StoredEntry, StoreError> {
    Ok(StoredEntry { index: row.count("idx")?, leaf: row.bytes("leaf")? })
}

impl Store {
    /// A page of entries, newest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn entry_list(&self, filter: &EntryFilter, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        // What named one thing is walked by that thing, the newest first, and ends when there is enough: a document that was
        // opened ten thousand times is found as quickly as a new one.
        let (from, idx) = if filter.resource.is_some() {
            ("ledger_touch CROSS JOIN ledger_entry", "ledger_touch.idx")
        } else {
            ("ledger_entry", "ledger_entry.idx")
        };
        let mut condition = Condition::default();
        condition.and(if filter.resource.is_some() { "ledger_entry.idx = ledger_touch.idx" } else { "1 = 1" });
        let mut equals = |sql: &str, value: Option<Value>| {
            if let Some(value) = value {
                let place = condition.place(value);
                condition.and(&sql.replace("??", &place));
            }
        };
        equals("principal = ??", filter.principal.clone().map(Value::from));
        equals("customer_id = ??", filter.customer.map(Value::from));
        equals("at >= ??", filter.from.map(Value::from));
        equals(&format!("{idx} < ??"), filter.before.map(number));
        equals("ledger_touch.resource_id = ??", filter.resource.map(Value::from));
        for (column, words) in [("action", &filter.actions), ("outcome", &filter.outcomes)] {
            if !words.is_empty() {
                let places: Vec<String> = words.iter().map(|word| condition.place(word)).collect();
                condition.and(&format!("{column} IN ({})", places.join(", ")));
            }
        }
        let limit = condition.place(limit);
        let sql =
            format!("SELECT {idx} AS idx, leaf FROM {from} WHERE {} ORDER BY {idx} DESC LIMIT {limit}", condition.sql);
        self.rows("list entries", sql, condition.values).await?.iter().map(stored).collect()
    }

    /// Entries from an index on, oldest first: for bundles, exports and the detectors.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn entry_range(&self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        let rows = self
            .rows(
                "read entries",
                "SELECT idx, leaf FROM ledger_entry WHERE idx >= $1 ORDER BY idx LIMIT $2",
                vec![number(from), Value::from(limit)],
            )
            .await?;
        rows.iter().map(stored).collect()
    }

    /// Every hash tile, for exports and backups.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn tile_list(&self) -> Result<Vec<Tile>, StoreError> {
        let rows =
            self.rows("list tiles", "SELECT level, n, hashes FROM ledger_tile ORDER BY level, n", binds![]).await?;
        rows.iter().map(tile).collect()
    }

    /// The newest kept checkpoint.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn checkpoint_last(&self) -> Result<Option<(u64, String)>, StoreError> {
        let row = self
            .row(
                "find the last checkpoint",
                "SELECT size, note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1",
                binds![],
            )
            .await?;
        row.map(|row| Ok((row.count("size")?, row.text("note")?))).transpose()
    }

    /// Kept checkpoints with the time of keeping, newest first, below a given size.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn checkpoint_newest(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, String, Timestamp)>, StoreError> {
        let sql = "SELECT size, note, at FROM ledger_checkpoint WHERE size < $1 ORDER BY size DESC LIMIT $2";
        let before = number(before.unwrap_or(i64::MAX.unsigned_abs()));
        let rows = self.rows("page back through checkpoints", sql, vec![before, Value::from(limit)]).await?;
        rows.iter().map(|row| Ok((row.count("size")?, row.text("note")?, row.at("at")?))).collect()
    }

    /// The largest head that a witness took.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn witness_kept_size(&self) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT size FROM witness_run WHERE ok = 1 ORDER BY size DESC LIMIT 1";
        let row = self.row("find what the witness has", sql, binds![]).await?;
        row.map(|row| row.count("size")).transpose()
    }

    /// All kept checkpoints, oldest first.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn checkpoint_list(&self) -> Result<Vec<(u64, String)>, StoreError> {
        let rows =
            self.rows("list checkpoints", "SELECT size, note FROM ledger_checkpoint ORDER BY size", binds![]).await?;
        rows.iter().map(|row| Ok((row.count("size")?, row.text("note")?))).collect()
    }
}

impl Tx {
    /// The ledger begins, empty; nothing happens when there is one.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn ledger_begin(&mut self) -> Result<(), StoreError> {
        let head = Head::empty();
        self.run(
            "INSERT INTO ledger_head (ledger, size, root) VALUES ('main', $1, $2) ON CONFLICT (ledger) DO NOTHING",
            vec![number(head.size), Value::from(&head.root.as_bytes()[..])],
        )
        .await
        .map(|_| ())
    }

    /// Keeps a signed checkpoint.
    ///
    /// # Errors
    /// When the database cannot.
    pub async fn checkpoint_insert(&mut self, size: u64, note: &str, at: Timestamp) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO ledger_checkpoint (size, note, at) VALUES ($1, $2, $3) ON CONFLICT (size) DO UPDATE SET note = excluded.note",
            vec![number(size), Value::from(note), Value::from(at)],
        )
        .await
        .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::wait_for;
    use std::time::Duration;

    #[test]
    fn the_wait_among_rivals_grows_is_never_nothing_and_never_long() {
        for draw in [0, 1, 499, u64::MAX, 0x0123_4567_89ab_cdef] {
            for (attempt, most) in [(1, 1), (2, 2), (3, 4), (7, 64), (32, 64), (u32::MAX, 64)] {
                let (wait, most) = (wait_for(attempt, draw), Duration::from_millis(most));
                assert!(wait >= most / 2 && wait < most, "attempt {attempt}, draw {draw}: {wait:?}");
            }
        }
        assert_ne!(wait_for(3, 1_000), wait_for(3, 1_001), "two rivals do not wait alike");
    }
}
