//! Sealed: the format of sealed objects, the key ring, sealed columns, and the blind index.
//!
//! What must always hold: the plaintext of anything that is a customer's comes out against a `Permit` and a
//! `Receipt` for the same intent, both spent by [`open`], and as [`Phi`], which cannot be rendered or serialised
//! without the [`Shown`] that the same call gave; key and additional data are taken from the intent; one
//! customer's key opens nothing of another's. No feature of this crate, nor of `policy` or `ledger`, mints a token.
//!
//! What it refuses to know: who may do what (`policy`), what was witnessed (`ledger`), where rows and objects lie
//! (`store`). It does no I/O and starts no task.
//!
//! The bytes are told in `docs/FORMATS-vault.md`; why `Phi` lives here, in
//! `docs/decisions/0001-phi-lives-in-the-vault.md`.

mod blind;
pub mod floe;
mod keys;
mod opening;
mod phi;
mod place;
mod primitives;
mod sealed;
mod secret;
#[cfg(test)]
mod vectors;

pub use blind::{AnyOf, Field, Match, PatientTokens, Query, TOKENS_MAX, Token, guardian_tokens, normalised, sound_of};
pub use floe::{FloeError, Sealer};
pub use keys::{
    Algorithm, BlindFile, EpochRow, Half, HalfName, HalfNameError, KeyChange, KeyClass, KeyError, KeyName,
    KeyNameError, KeyRing, KeyRow, KeyRows, KeyTableState, Known, Owner, SealError, ShredCertificate, WrappedKey,
};
pub use opening::{ObjectReader, OpenError, Opening, PlainSegment, RangeReader, open};
pub use phi::{Phi, Shown};
pub use place::{Column, DirectoryColumn, Rendition, RenditionKind};
pub use primitives::NotAuthentic;
pub use sealed::COLUMN_LEN_MAX;
pub use secret::{PASSPHRASE_CHARS_MIN, PassphraseParams, RootKey, RootKeyError};
