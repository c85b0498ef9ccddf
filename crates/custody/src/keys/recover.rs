//! The key table of a house on a database server, from its escrow: when the half beside the objects is lost with their
//! bucket, or when an older copy of the database was put back.
//!
//! What must always hold: an escrow of another house, and one that is older than the database, changes nothing; what is about
//! to be written is opened before; what the escrow has as destroyed stays destroyed.

use crate::backup::{BackupError, escrow};
use crate::keys::{EPOCH_DUE, EPOCH_ESCROW, key_error};
use crate::{Custody, CustodyError, OpenHouse};
use record::act;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use store::{LEASE, Store, StoreError};
use vault::{Half, KeyError, KeyRing, KeyRows};

/// What was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeysRecovered {
    /// The epoch that wraps the keys now.
    pub epoch: u32,
    /// How many keys there are.
    pub keys: u64,
    /// Halves that were not in their place and are now.
    pub halves: u64,
}

const OLDER: &str =
    "The database knows a newer epoch than this escrow: it is not the newest escrow, or nothing is to be recovered.";

const NODES: &str = "Another node works on this database. Stop all of them, then recover the keys.";
const DROPPED: &str = "The database has a live key or epoch that this escrow does not know and could not keep: it is not the newest \
    escrow, or not of this database. Nothing was changed.";

/// How often it is looked whether a node that went away without a word is still counted, and how often at most: until its lease
/// has ended.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS_MOST: u128 = LEASE.as_millis() / LOOK.as_millis() + 1;

async fn nodes_gone(store: &Store) -> Result<(), CustodyError> {
    for _ in 0..LOOKS_MOST {
        if store.nodes_beside().await? == 0 {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    Err(CustodyError::State(NODES))
}

/// The whole table as it will stand: the escrow's, what the database has beside it, and of destroyed epochs the halves that are
/// still to be destroyed.
fn recovered(kept: &KeyRows, there: &KeyRows) -> Result<KeyRows, CustodyError> {
    let mut rows = escrow::merge(kept, &there.keys);
    let known: BTreeSet<_> = rows.keys.iter().map(|row| row.name).collect();
    for row in there.keys.iter().filter(|row| !known.contains(&row.name)) {
        if row.is_live() {
            return Err(CustodyError::State(DROPPED));
        }
        rows.keys.push(row.clone());
    }
    rows.keys.sort_by_key(|row| row.name);
    let needed = rows.halves_needed();
    for row in &there.epochs {
        let half = row.half.filter(|half| !needed.contains(half));
        match rows.epochs.iter_mut().find(|one| one.number == row.number) {
            // The escrow names no half of what is destroyed; the row has to, until that was looked for and not found.
            Some(one) if one.live().is_none() => one.half = half,
            Some(_) => {}
            None if row.live().is_some() => return Err(CustodyError::State(DROPPED)),
            None => rows.epochs.push(row.clone()),
        }
    }
    rows.epochs.sort_by_key(|row| row.number);
    Ok(rows)
}

/// Lays a half where it should lie, unless exactly it lies there; whether it did. What lies there otherwise is damaged.
async fn half_recover(store: &Store, half: &Half) -> Result<bool, CustodyError> {
    match store.objects().half_read(half.name).await {
        Ok(Some(found)) if found == *half => return Ok(false),
        Ok(None) => {}
        // If we die after this: the escrow has it, and it is laid the next time.
        Ok(Some(_)) | Err(StoreError::Column { .. }) => store.objects().half_destroy(half.name).await?,
        Err(error) => return Err(error.into()),
    }
    store.objects().half_put(half).await?;
    if store.objects().half_read(half.name).await?.as_ref() == Some(half) {
        Ok(true)
    } else {
        Err(CustodyError::Broken("a half of an epoch key arrived otherwise than it left".to_owned()))
    }
}

/// Puts the escrow's key table into a stopped house's database and its half beside the objects, and opens the house.
///
/// # Errors
/// [`CustodyError`]; then rows are as they were.
pub async fn keys_recover(house: OpenHouse, epoch_escrow: &Path) -> Result<(Custody, KeysRecovered), CustodyError> {
    let store = &house.store;
    let kept = escrow::read(epoch_escrow)?;
    if store.meta_fetch("program").await?.as_deref() != Some(kept.house.as_str()) {
        return Err(BackupError::OtherHouse.into());
    }
    nodes_gone(store).await?;
    // Which place the objects have is settled before anything is laid there.
    store.objects_settle().await?;
    let there = store.key_rows().await?;
    if there.state().epoch_newest > kept.rows.state().epoch_newest {
        return Err(CustodyError::State(OLDER));
    }
    let rows = recovered(&kept.rows, &there)?;
    // All of what will stand in the table, by the escrow's halves: one that does not open is never written.
    KeyRing::unlock_halved(&house.root, &rows, &kept.halves).map_err(key_error)?;
    let mut halves = 0;
    for half in &kept.halves {
        halves += u64::from(half_recover(store, half).await?);
    }
    // If we die here: a half is in its place again; rows are as they were.
    let mut tx = store.begin("recover keys from the escrow").await?;
    if tx.key_rows_replace(&there.state(), (&rows.epochs, &rows.keys)).await? == 0 {
        return Err(key_error(KeyError::Stale));
    }
    if !rows.halves_due().is_empty() {
        // Where a certificate waits for its end already, that one stays.
        tx.epoch_due_begin(EPOCH_DUE, "").await?;
    }
    tx.meta_set(EPOCH_ESCROW, &escrow::path_text(epoch_escrow)?).await?;
    tx.commit().await?;
    // If we die here: the house opens; that its keys were recovered is not in its ledger.
    let done = KeysRecovered { epoch: rows.state().epoch_newest, keys: rows.keys.len() as u64, halves };
    let custody = Custody::open(house).await?;
    let words = format!("the keys of epoch {} and {halves} halves were recovered from the escrow", done.epoch);
    custody.note::<act::KeyRekey>("recovered", &words, None, []).await?;
    Ok((custody, done))
}
