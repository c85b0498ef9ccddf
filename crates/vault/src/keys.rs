//! The key ring: root → epoch → one key per class → one random key per object (docs/FORMATS-vault.md).
//!
//! What must always hold: rows hold wrapped keys only; a key row names which key wraps it; destroying the epoch
//! key destroys what was not wrapped anew; a destroyed row is never loaded, whatever else it holds.
//!
//! What it refuses to know: where rows are kept. Functions that change keys take a ring and give rows; the store
//! writes them in one transaction, and the ring that follows is made by [`KeyRing::after`] or [`KeyRing::unlock`].

mod half;
mod life;
mod ring;
mod row;

pub use half::{Half, HalfName, HalfNameError};
pub use life::ShredCertificate;
pub(crate) use ring::CustomerKeys;
pub use ring::{BlindFile, KeyRing, Known, SealError};
#[cfg(test)]
pub(crate) use row::ObjectKey;
pub use row::{
    Algorithm, EpochRow, KeyChange, KeyClass, KeyError, KeyName, KeyNameError, KeyRow, KeyRows, KeyTableState, Owner,
    WrappedKey,
};
