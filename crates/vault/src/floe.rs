//! Sealed objects: C2SP FLOE (c2sp.org/FLOE) with AES-256-GCM, HKDF-Expand-SHA-384 and 64 KiB segments.
//!
//! What must always hold: constant memory both ways, whatever the length; nothing that was not authenticated is
//! given out; truncation, extension, reordering and exchange of segments are errors; after the first error an
//! opener gives nothing more. Sealing is open to everybody, so [`Sealer`] is public; opening is not, so
//! [`Unsealer`] and [`Ranges`] are only reached through [`crate::Opening`].
//!
//! What it refuses to know: whose object it is. Key and AAD are given by the key ring.
//!
//! Layout (docs/FORMATS-vault.md): header of 74 bytes, then segments of 65,536 bytes, the last one shorter or as
//! long: length (4), nonce (12), ciphertext, tag (16).

mod open;

pub use open::last_segment_at;
pub(crate) use open::{Ranges, Unsealer};

use crate::primitives::{KEY_LEN, NONCE_LEN, SealKey, TAG_LEN, expand_sha384, label, same};
use crate::secret::Secret;
use zeroize::{Zeroize, Zeroizing};

/// Length of the header before the first segment, bytes.
pub const HEADER_LEN: usize = 74;
/// Length of every segment but the last, bytes.
pub const SEGMENT_LEN: usize = 64 * 1024;
/// What a segment adds to its plaintext, bytes: length, nonce, tag.
pub const SEGMENT_OVERHEAD: usize = 4 + NONCE_LEN + TAG_LEN;
/// How much plaintext a full segment carries, bytes.
pub const PLAIN_SEGMENT_LEN: usize = SEGMENT_LEN - SEGMENT_OVERHEAD;
/// Where the plaintext lies in a segment that is sealed in place, bytes from its start.
pub const PLAIN_AT: usize = 4 + NONCE_LEN;

const IV_LEN: usize = 32;
const PARAMS_LEN: usize = 10;
const HEADER_TAG_LEN: usize = 32;
/// The length field of every segment but the last.
const NOT_LAST: u32 = u32::MAX;
/// At most 2^40 segments (the specification's `AEAD_MAX_SEGMENTS`).
const SEGMENTS_MAX: u64 = 1 << 40;

/// A sealed object cannot be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FloeError {
    /// The header has another length, other parameters, or was not made with this key for this place.
    #[error("the header is not that of this object under this key")]
    Header,
    /// A segment is damaged, out of place, or not of this object.
    #[error("segment {position} of the sealed object is damaged or not of this place")]
    Segment {
        /// Counted from 0.
        position: u64,
    },
    /// The bytes end before the last segment.
    #[error("the sealed object is cut off")]
    Truncated,
    /// Bytes follow after the last segment.
    #[error("bytes follow after the end of the sealed object")]
    Extended,
    /// The range begins behind the end or is empty.
    #[error("the range is not within the object")]
    Range,
    /// More than 2^40 segments.
    #[error("the object is too long to be sealed")]
    TooLong,
    /// A segment that is sealed in place has the wrong length, or bytes of an earlier push still wait.
    #[error("a segment sealed in place must have the full length and nothing waiting before it")]
    Misuse,
}

/// The length of the sealed object, header included, for a plaintext of this length.
#[must_use]
pub const fn sealed_len(plain_len: u64) -> u64 {
    let full = PLAIN_SEGMENT_LEN as u64;
    let segments = if plain_len == 0 { 1 } else { plain_len.div_ceil(full) };
    HEADER_LEN as u64 + plain_len + segments * SEGMENT_OVERHEAD as u64
}

/// What differs between our objects and the published test vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    /// Length of a full segment, bytes.
    segment_len: usize,
    /// How many low bits of a position share a key.
    rotation_bits: u32,
}

impl Shape {
    const OURS: Self = Self { segment_len: SEGMENT_LEN, rotation_bits: 20 };

    const fn plain_len(self) -> usize {
        self.segment_len - SEGMENT_OVERHEAD
    }

    /// AEAD 0 (AES-256-GCM), KDF 0 (HKDF-Expand-SHA-384), segment length, IV length.
    fn params(self) -> [u8; PARAMS_LEN] {
        let mut bytes = [0_u8; PARAMS_LEN];
        let segment_len = u32::try_from(self.segment_len).expect("a segment is 64 KiB");
        bytes[2..6].copy_from_slice(&segment_len.to_be_bytes());
        bytes[6..].copy_from_slice(&(IV_LEN as u32).to_be_bytes());
        bytes
    }
}

/// The message key and what every derivation of one object shares.
struct Message {
    shape: Shape,
    key: Zeroizing<[u8; 48]>,
    iv: [u8; IV_LEN],
    aad: Vec<u8>,
}

impl Message {
    fn kdf(shape: Shape, key: &[u8], iv: &[u8], aad: &[u8], purpose: &[&[u8]], out: &mut [u8]) {
        let params = shape.params();
        let mut info: Vec<&[u8]> = vec![&params, iv];
        info.extend_from_slice(purpose);
        info.push(aad);
        expand_sha384(key, &info, out);
    }

    /// The message of this IV, and the header that commits to key and AAD.
    fn start(shape: Shape, key: &Secret, iv: [u8; IV_LEN], aad: Vec<u8>) -> (Self, [u8; HEADER_LEN]) {
        let mut header = [0_u8; HEADER_LEN];
        header[..PARAMS_LEN].copy_from_slice(&shape.params());
        header[PARAMS_LEN..PARAMS_LEN + IV_LEN].copy_from_slice(&iv);
        let tag = &mut header[PARAMS_LEN + IV_LEN..];
        debug_assert_eq!(tag.len(), HEADER_TAG_LEN);
        Self::kdf(shape, key.expose(), &iv, &aad, &[label::FLOE_HEADER_TAG], tag);
        let mut message_key = Zeroizing::new([0_u8; 48]);
        Self::kdf(shape, key.expose(), &iv, &aad, &[label::FLOE_MESSAGE_KEY], &mut message_key[..]);
        (Self { shape, key: message_key, iv, aad }, header)
    }

    /// The message that this header begins, when it was made with this key for this place.
    fn of_header(shape: Shape, key: &Secret, aad: Vec<u8>, header: &[u8]) -> Result<Self, FloeError> {
        if header.len() != HEADER_LEN || header[..PARAMS_LEN] != shape.params() {
            return Err(FloeError::Header);
        }
        let mut iv = [0_u8; IV_LEN];
        iv.copy_from_slice(&header[PARAMS_LEN..PARAMS_LEN + IV_LEN]);
        let (message, expected) = Self::start(shape, key, iv, aad);
        // The whole header at once, in constant time: the tag is a secret until it has been compared.
        if same(&expected, header) { Ok(message) } else { Err(FloeError::Header) }
    }

    /// Which key a position falls under: the position without its low bits.
    fn rotation(&self, position: u64) -> u64 {
        (position >> self.shape.rotation_bits) << self.shape.rotation_bits
    }

    fn data_key(&self, rotation: u64) -> Secret {
        Secret::filled(|bytes: &mut [u8; KEY_LEN]| {
            let purpose = [label::FLOE_DATA_KEY, &rotation.to_be_bytes()[..]];
            Self::kdf(self.shape, &self.key[..], &self.iv, &self.aad, &purpose, bytes);
        })
    }
}

/// AAD of a segment: where it stands, and whether it is the last.
fn segment_aad(position: u64, last: bool) -> [u8; 9] {
    let mut aad = [0_u8; 9];
    aad[..8].copy_from_slice(&position.to_be_bytes());
    aad[8] = u8::from(last);
    aad
}

/// A key of up to 2^20 segments, kept while the positions stay under it.
struct Rotating<K> {
    rotation: u64,
    key: K,
}

/// Seals an object as its bytes come. Give [`Self::header`] out first, then what `push` and `finish` append.
///
/// If the process dies between, the object has no last segment and never opens: nothing half-sealed is taken
/// for a whole.
pub struct Sealer {
    message: Message,
    header: [u8; HEADER_LEN],
    key: Rotating<SealKey>,
    position: u64,
    /// Plaintext of the segment that is being filled.
    waiting: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(..)")
    }
}

impl Sealer {
    pub(crate) fn begin(key: &Secret, aad: Vec<u8>, iv: [u8; IV_LEN]) -> Self {
        Self::begin_shaped(Shape::OURS, key, aad, iv)
    }

    fn begin_shaped(shape: Shape, key: &Secret, aad: Vec<u8>, iv: [u8; IV_LEN]) -> Self {
        let (message, header) = Message::start(shape, key, iv, aad);
        let key = Rotating { rotation: 0, key: SealKey::new(&message.data_key(0)) };
        Self { message, header, key, position: 0, waiting: Zeroizing::new(Vec::new()) }
    }

    /// The first [`HEADER_LEN`] bytes of the sealed object.
    #[must_use]
    pub const fn header(&self) -> &[u8; HEADER_LEN] {
        &self.header
    }

    /// Seals plaintext that lies at `PLAIN_AT..len - TAG` of `segment`, where it lies.
    fn seal_in_place(&mut self, segment: &mut [u8], last: bool) -> Result<(), FloeError> {
        // The highest position is kept for a last segment, as the specification asks.
        if self.position >= SEGMENTS_MAX || (!last && self.position == SEGMENTS_MAX - 1) {
            return Err(FloeError::TooLong);
        }
        let rotation = self.message.rotation(self.position);
        if rotation != self.key.rotation {
            self.key = Rotating { rotation, key: SealKey::new(&self.message.data_key(rotation)) };
        }
        let len = u32::try_from(segment.len()).map_err(|_| FloeError::Misuse)?;
        let (length, rest) = segment.split_first_chunk_mut::<4>().ok_or(FloeError::Misuse)?;
        let (nonce, rest) = rest.split_first_chunk_mut::<NONCE_LEN>().ok_or(FloeError::Misuse)?;
        let (data, tag) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or(FloeError::Misuse)?;
        *length = if last { len } else { NOT_LAST }.to_be_bytes();
        self.key.key.seal_in_place(&segment_aad(self.position, last), nonce, data, tag);
        self.position += 1;
        Ok(())
    }

    /// Seals one full segment where it lies: `segment` is [`SEGMENT_LEN`] bytes with plaintext at
    /// [`PLAIN_AT`]` .. `[`PLAIN_AT`]` + `[`PLAIN_SEGMENT_LEN`]. The fast way: no byte is copied.
    ///
    /// # Errors
    /// [`FloeError::Misuse`] for another length or when bytes of a push still wait, [`FloeError::TooLong`].
    pub fn segment_in_place(&mut self, segment: &mut [u8]) -> Result<(), FloeError> {
        if segment.len() != self.message.shape.segment_len || !self.waiting.is_empty() {
            return Err(FloeError::Misuse);
        }
        self.seal_in_place(segment, false)
    }

    /// Seals the last segment where it lies; its plaintext is `segment.len() - `[`SEGMENT_OVERHEAD`] bytes at
    /// [`PLAIN_AT`], from none to a full segment's.
    ///
    /// # Errors
    /// As [`Self::segment_in_place`].
    pub fn last_in_place(mut self, segment: &mut [u8]) -> Result<(), FloeError> {
        if segment.len() > self.message.shape.segment_len || !self.waiting.is_empty() {
            return Err(FloeError::Misuse);
        }
        self.seal_in_place(segment, true)
    }

    /// Appends one segment of this plaintext to `out` and seals it there.
    fn append(&mut self, plaintext: &[u8], last: bool, out: &mut Vec<u8>) -> Result<(), FloeError> {
        let start = out.len();
        // Reserved first: a buffer that grows while plaintext lies in it would leave a copy behind.
        out.reserve(plaintext.len() + SEGMENT_OVERHEAD);
        out.extend_from_slice(&[0; PLAIN_AT]);
        out.extend_from_slice(plaintext);
        out.extend_from_slice(&[0; TAG_LEN]);
        let sealed = self.seal_in_place(&mut out[start..], last);
        if sealed.is_err() {
            out[start..].zeroize();
            out.truncate(start);
        }
        sealed
    }

    /// Takes more plaintext, in pieces of any size, and appends the segments that are full to `out`.
    ///
    /// # Errors
    /// [`FloeError::TooLong`] after 2^40 segments.
    pub fn push(&mut self, mut plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), FloeError> {
        let full = self.message.shape.plain_len();
        // A full segment is sealed only when more follows: the last one carries its own mark.
        while !plaintext.is_empty() {
            if self.waiting.is_empty() && plaintext.len() > full {
                let (segment, rest) = plaintext.split_at(full);
                self.append(segment, false, out)?;
                plaintext = rest;
                continue;
            }
            if self.waiting.len() == full {
                let mut waiting = std::mem::take(&mut self.waiting);
                self.append(&waiting, false, out)?;
                waiting.zeroize();
                self.waiting = waiting;
                continue;
            }
            let room = full - self.waiting.len();
            let taken = plaintext.len().min(room);
            self.waiting.reserve_exact(room);
            self.waiting.extend_from_slice(&plaintext[..taken]);
            plaintext = &plaintext[taken..];
        }
        Ok(())
    }

    /// Appends the last segment to `out`.
    ///
    /// # Errors
    /// [`FloeError::TooLong`].
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), FloeError> {
        let waiting = std::mem::take(&mut self.waiting);
        self.append(&waiting, true, out)
    }
}

#[cfg(test)]
mod tests;
