//! The key table of a house on a database server, from its escrow: when the half beside the objects is lost with their
//! bucket, or when an older copy of the database was put back.
//!
//! What must always hold: an escrow of another house, and one that is older than the database, changes nothing; what is about
//! to be written is opened before; what the escrow has as destroyed stays destroyed.

use crate::backup::{BackupError, escrow};
use crate::keys::{EPOCH_ESCROW, key_error};
use crate::{Custody, CustodyError, OpenHouse};
use record::act;
use std::path::Path;
use vault::KeyRing;

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
    let there = store.key_rows().await?;
    if there.state().epoch_newest > kept.rows.state().epoch_newest {
        return Err(CustodyError::State(OLDER));
    }
    let rows = escrow::merge(&kept.rows, &there.keys);
    KeyRing::unlock_halved(&house.root, &rows, &kept.halves).map_err(key_error)?;
    let mut halves = 0;
    for half in &kept.halves {
        if store.objects().half_read(half.name).await?.is_none() {
            store.objects().half_put(half).await?;
            halves += 1;
        }
    }
    // If we die here: a half is in its place again; rows are as they were.
    let mut tx = store.begin("recover keys from the escrow").await?;
    tx.key_rows_begin(&rows).await?;
    tx.meta_set(EPOCH_ESCROW, &escrow::path_text(epoch_escrow)?).await?;
    tx.commit().await?;
    // If we die here: the house opens; that its keys were recovered is not in its ledger.
    let done = KeysRecovered { epoch: rows.state().epoch_newest, keys: rows.keys.len() as u64, halves };
    let custody = Custody::open(house).await?;
    let words = format!("the keys of epoch {} and {halves} halves were recovered from the escrow", done.epoch);
    custody.note::<act::KeyRekey>("recovered", &words, None, []).await?;
    Ok((custody, done))
}
