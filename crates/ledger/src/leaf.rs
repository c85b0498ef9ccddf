//! An entry as it lies in the tree: version, salt, clear header, sealed body (docs/FORMATS-ledger.md).
//!
//! What must always hold: an entry has one encoding; every leaf carries 32 fresh random bytes, so that the public
//! hash tiles say nothing about it, not even to somebody who guesses its text.

use crate::tree::leaf_hash;
use record::intent::RESOURCES_LISTED_MAX;
use record::{Entropy, Entry, Resources, Sha256};

/// The version byte that this code writes and reads.
pub const LEAF_VERSION: u8 = 1;
/// Random bytes in a leaf.
pub const SALT_BYTES: usize = 32;
/// The largest leaf, in bytes: tlog-tiles prefixes each entry with a 16-bit length.
pub const LEAF_BYTES_MAX: usize = 65_535;
/// Version, salt, length of the header.
const FIXED_BYTES: usize = 1 + SALT_BYTES + 2;

/// An entry on its way into the ledger.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The clear header.
    pub entry: Entry,
    /// What only the holder of the audit key reads; already sealed, may be empty.
    pub sealed_body: Vec<u8>,
}

impl Draft {
    /// Would [`crate::commit`] take it. One bad draft refuses its whole batch, so whoever queues for others asks this first.
    ///
    /// # Errors
    /// [`LeafError`] as `commit` would say it.
    pub fn check(&self) -> Result<(), LeafError> {
        encode(&self.entry, &self.sealed_body, &[0; SALT_BYTES]).map(|_| ())
    }
}

/// The bytes are no leaf, or the entry cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Header and body together exceed [`LEAF_BYTES_MAX`].
    #[error("the entry is larger than 65,535 bytes")]
    TooLarge,
    /// Fewer bytes than the lengths say.
    #[error("the entry is cut short")]
    Short,
    /// A version that this program does not know.
    #[error("the entry has version {0}, which this program does not know")]
    Version(u8),
    /// The header is not the canonical JSON of an entry.
    #[error("the entry's header is not in canonical form")]
    Header,
}

/// A leaf, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The clear header.
    pub entry: Entry,
    /// The salt.
    pub salt: [u8; SALT_BYTES],
    /// The sealed body.
    pub sealed_body: Vec<u8>,
}

/// The canonical bytes of a header; `None` for an entry that has none.
fn header(entry: &Entry) -> Option<Vec<u8>> {
    let sorted = match &entry.resources {
        Resources::Listed(list) => list.len() <= RESOURCES_LISTED_MAX && list.windows(2).all(|pair| pair[0] < pair[1]),
        Resources::Counted { .. } => true,
    };
    if entry.v != LEAF_VERSION || !sorted {
        return None;
    }
    serde_json::to_vec(entry).ok()
}

/// The bytes of a leaf.
///
/// # Errors
/// [`LeafError::TooLarge`], or [`LeafError::Header`] when version, or order and number of the resources, are not canonical.
pub fn encode(entry: &Entry, sealed_body: &[u8], salt: &[u8; SALT_BYTES]) -> Result<Vec<u8>, LeafError> {
    let header = header(entry).ok_or(LeafError::Header)?;
    let total = FIXED_BYTES.saturating_add(header.len()).saturating_add(sealed_body.len());
    if total > LEAF_BYTES_MAX {
        return Err(LeafError::TooLarge);
    }
    let header_len = u16::try_from(header.len()).map_err(|_| LeafError::TooLarge)?;
    let mut bytes = Vec::with_capacity(total);
    bytes.push(LEAF_VERSION);
    bytes.extend_from_slice(salt);
    bytes.extend_from_slice(&header_len.to_be_bytes());
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(sealed_body);
    Ok(bytes)
}

/// Reads the bytes of a leaf.
///
/// # Errors
/// [`LeafError`] for everything that [`encode`] would not have written.
pub fn decode(bytes: &[u8]) -> Result<Leaf, LeafError> {
    if bytes.len() > LEAF_BYTES_MAX {
        return Err(LeafError::TooLarge);
    }
    let (version, rest) = bytes.split_first().ok_or(LeafError::Short)?;
    if *version != LEAF_VERSION {
        return Err(LeafError::Version(*version));
    }
    let (salt, rest) = rest.split_first_chunk::<SALT_BYTES>().ok_or(LeafError::Short)?;
    let (header_len, rest) = rest.split_first_chunk::<2>().ok_or(LeafError::Short)?;
    let (text, body) = rest.split_at_checked(usize::from(u16::from_be_bytes(*header_len))).ok_or(LeafError::Short)?;
    let entry: Entry = serde_json::from_slice(text).map_err(|_| LeafError::Header)?;
    if header(&entry).as_deref() != Some(text) {
        return Err(LeafError::Header);
    }
    Ok(Leaf { entry, salt: *salt, sealed_body: body.to_vec() })
}

/// A leaf with a fresh salt, and its hash.
pub(crate) fn salted(draft: &Draft, entropy: &dyn Entropy) -> Result<(Vec<u8>, Sha256), LeafError> {
    let mut salt = [0_u8; SALT_BYTES];
    entropy.fill(&mut salt);
    let bytes = encode(&draft.entry, &draft.sealed_body, &salt)?;
    let hash = leaf_hash(&bytes);
    Ok((bytes, hash))
}

/// The bytes of an entry bundle (C2SP tlog-tiles): each leaf after its 16-bit length.
///
/// # Errors
/// [`LeafError::TooLarge`] for a leaf that no 16-bit length can state.
pub fn bundle<'a>(leaves: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, LeafError> {
    let mut bytes = Vec::new();
    for leaf in leaves {
        let len = u16::try_from(leaf.len()).map_err(|_| LeafError::TooLarge)?;
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(leaf);
    }
    Ok(bytes)
}

/// The leaves of an entry bundle, one after the other; ends with an error where the bytes are cut short.
pub fn bundle_leaves(bytes: &[u8]) -> impl Iterator<Item = Result<&[u8], LeafError>> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest.take().filter(|bytes| !bytes.is_empty())?;
        let split = bytes
            .split_first_chunk::<2>()
            .and_then(|(len, after)| after.split_at_checked(usize::from(u16::from_be_bytes(*len))));
        let Some((leaf, after)) = split else { return Some(Err(LeafError::Short)) };
        rest = Some(after);
        Some(Ok(leaf))
    })
}
