//! The other half of what wraps an epoch key, where rows lie on a database server (docs/FORMATS-vault.md).
//!
//! A server keeps what is deleted: in its log, its archive, its copies. So an epoch's row there does not open with the
//! root key alone. What it lacks lies elsewhere, and can be destroyed there.

use super::row::{KeyError, WrappedKey};
use crate::primitives::{OpenKey, Place, SealKey, derive, joined, label};
use crate::secret::{RootKey, Secret};
use data_encoding::HEXLOWER;
use record::Entropy;
use std::fmt;
use std::str::FromStr;

/// Under which name a half lies: random, so that no two are ever laid under one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HalfName([u8; 16]);

/// A text is not the name of a half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the name of a half")]
pub struct HalfNameError;

const PREFIX: &str = "hlf_";

impl HalfName {
    /// Of these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(super) fn mint(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for HalfName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", HEXLOWER.encode(&self.0))
    }
}

impl FromStr for HalfName {
    type Err = HalfNameError;
    fn from_str(text: &str) -> Result<Self, HalfNameError> {
        let digits = text.strip_prefix(PREFIX).ok_or(HalfNameError)?;
        let bytes = HEXLOWER.decode(digits.as_bytes()).map_err(|_| HalfNameError)?;
        bytes.try_into().map(Self).map_err(|_| HalfNameError)
    }
}

/// A half as it lies: sealed by the root key. Worthless without that and without the epoch's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Half {
    /// Its name.
    pub name: HalfName,
    /// Its bytes.
    pub sealed: WrappedKey,
}

impl Half {
    pub(crate) fn seal(root: &RootKey, name: HalfName, half: &Secret) -> Self {
        let with = SealKey::new(&derive(&root.secret, label::HALF_SEAL, b""));
        Self { name, sealed: WrappedKey::wrap(root.name().to_owned(), 1, &with, &place(root, name), half) }
    }

    pub(super) fn open(&self, root: &RootKey) -> Result<Secret, KeyError> {
        if self.sealed.key_id != root.name() {
            return Err(KeyError::WrongRoot);
        }
        let with = OpenKey::new(&derive(&root.secret, label::HALF_SEAL, b""));
        let opened = self.sealed.unwrap_with(&with, &place(root, self.name));
        opened.map_err(|source| KeyError::Damaged { name: self.name.to_string(), source })
    }
}

/// What wraps an epoch key: made of both.
pub(super) fn both(root: &RootKey, half: &Secret) -> Secret {
    joined(&root.secret, half, label::EPOCH_JOINED)
}

fn place(root: &RootKey, name: HalfName) -> Vec<u8> {
    Place::new(label::PLACE_HALF).field(root.name().as_bytes()).field(name.as_bytes()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::SeededEntropy;

    #[test]
    fn a_name_round_trips_and_nothing_else_is_one() {
        let name = HalfName::from_bytes([7; 16]);
        assert_eq!(name.to_string().parse(), Ok(name));
        for wrong in ["", "hlf_", "hlf_07", "07070707070707070707070707070707", "hlf_../0707070707070707070707070707"] {
            assert_eq!(wrong.parse::<HalfName>(), Err(HalfNameError), "{wrong}");
        }
        assert!(name.to_string().to_uppercase().parse::<HalfName>().is_err());
    }

    #[test]
    fn a_half_opens_under_its_root_and_its_name_only() {
        let (root, other) = (RootKey::generate(&SeededEntropy::new(1)), RootKey::generate(&SeededEntropy::new(2)));
        let secret = Secret::random(&SeededEntropy::new(3));
        let half = Half::seal(&root, HalfName::from_bytes([7; 16]), &secret);
        assert_eq!(half.open(&root).unwrap().expose(), secret.expose());
        assert!(matches!(half.open(&other), Err(KeyError::WrongRoot)));
        let moved = Half { name: HalfName::from_bytes([8; 16]), ..half.clone() };
        assert!(matches!(moved.open(&root), Err(KeyError::Damaged { .. })));
        let mut changed = half;
        changed.sealed.bytes[20] ^= 1;
        assert!(matches!(changed.open(&root), Err(KeyError::Damaged { .. })));
    }
}
