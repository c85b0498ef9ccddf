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

use crate::primitives::{KEY_LEN, NONCE_LEN, OpenKey, SealKey, TAG_LEN, expand_sha384, label, same};
use crate::secret::Secret;
use std::ops::Range;
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

/// Opens segments of one object, wherever they stand.
struct Segments {
    message: Message,
    key: Rotating<OpenKey>,
}

impl Segments {
    fn begin(shape: Shape, key: &Secret, aad: Vec<u8>, header: &[u8]) -> Result<Self, FloeError> {
        let message = Message::of_header(shape, key, aad, header)?;
        let key = Rotating { rotation: 0, key: OpenKey::new(&message.data_key(0)) };
        Ok(Self { message, key })
    }

    /// Appends the plaintext of one whole segment to `out`; nothing of it when it is not authentic.
    fn open(&mut self, segment: &[u8], position: u64, last: bool, out: &mut Vec<u8>) -> Result<(), FloeError> {
        let start = out.len();
        out.resize(start + segment.len().saturating_sub(SEGMENT_OVERHEAD), 0);
        let opened = self.open_into(segment, position, last, &mut out[start..]);
        if opened.is_err() {
            out.truncate(start);
        }
        opened
    }

    /// Opens one whole segment into `out`, which has exactly the plaintext's length; zeros when it is not authentic.
    fn open_into(&mut self, segment: &[u8], position: u64, last: bool, out: &mut [u8]) -> Result<(), FloeError> {
        let wrong = FloeError::Segment { position };
        let shape = self.message.shape;
        let length_fits = if last { segment.len() <= shape.segment_len } else { segment.len() == shape.segment_len };
        if !length_fits || segment.len() < SEGMENT_OVERHEAD || position >= SEGMENTS_MAX {
            return Err(wrong);
        }
        let expected = if last { u32::try_from(segment.len()).map_err(|_| wrong)? } else { NOT_LAST };
        let (length, rest) = segment.split_first_chunk::<4>().ok_or(wrong)?;
        if *length != expected.to_be_bytes() {
            return Err(wrong);
        }
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(wrong)?;
        let rotation = self.message.rotation(position);
        if rotation != self.key.rotation {
            self.key = Rotating { rotation, key: OpenKey::new(&self.message.data_key(rotation)) };
        }
        self.key.key.open_into(&segment_aad(position, last), nonce, rest, out).map_err(|_| wrong)
    }
}

/// Opens an object from its beginning to its end, fed in pieces of any size.
pub(crate) struct Unsealer {
    segments: Segments,
    position: u64,
    state: State,
    /// Ciphertext of a segment that is not whole yet.
    waiting: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
    /// Something was wrong; nothing more is given.
    Broken(FloeError),
}

impl Unsealer {
    pub(crate) fn begin(key: &Secret, aad: Vec<u8>, header: &[u8]) -> Result<Self, FloeError> {
        Self::begin_shaped(Shape::OURS, key, aad, header)
    }

    fn begin_shaped(shape: Shape, key: &Secret, aad: Vec<u8>, header: &[u8]) -> Result<Self, FloeError> {
        let segments = Segments::begin(shape, key, aad, header)?;
        Ok(Self { segments, position: 0, state: State::Reading, waiting: Vec::new() })
    }

    /// Takes more ciphertext and appends the plaintext of the segments that are whole.
    pub(crate) fn push(&mut self, sealed: &[u8], out: &mut Vec<u8>) -> Result<(), FloeError> {
        if let State::Broken(error) = self.state {
            return Err(error);
        }
        self.push_unbroken(sealed, out).inspect_err(|error| self.state = State::Broken(*error))
    }

    fn push_unbroken(&mut self, mut sealed: &[u8], out: &mut Vec<u8>) -> Result<(), FloeError> {
        while !sealed.is_empty() {
            if self.state == State::Ended {
                return Err(FloeError::Extended);
            }
            if self.waiting.is_empty() {
                // Whole segments are opened from where they lie, without a copy.
                if let Some(len) = self.segment_len(sealed)?
                    && sealed.len() >= len
                {
                    let (segment, rest) = sealed.split_at(len);
                    self.append_one(segment, out)?;
                    sealed = rest;
                    continue;
                }
            }
            let wanted = self.segment_len(&self.waiting)?.unwrap_or(4);
            let taken = sealed.len().min(wanted - self.waiting.len());
            self.waiting.extend_from_slice(&sealed[..taken]);
            sealed = &sealed[taken..];
            if self.segment_len(&self.waiting)? == Some(self.waiting.len()) {
                let mut waiting = std::mem::take(&mut self.waiting);
                self.append_one(&waiting, out)?;
                waiting.clear();
                self.waiting = waiting;
            }
        }
        Ok(())
    }

    /// Opens one whole segment into `out`, whose old bytes are overwritten: the fast way, without a copy.
    pub(crate) fn segment(&mut self, segment: &[u8], out: &mut Vec<u8>) -> Result<(), FloeError> {
        match self.state {
            State::Broken(error) => return Err(error),
            State::Ended => return Err(FloeError::Extended),
            State::Reading if !self.waiting.is_empty() => return Err(FloeError::Misuse),
            State::Reading => {}
        }
        // A buffer that is used again has this length already, so nothing is filled twice.
        out.resize(segment.len().saturating_sub(SEGMENT_OVERHEAD), 0);
        self.open_one(segment, out).inspect_err(|error| {
            out.clear();
            self.state = State::Broken(*error);
        })
    }

    /// How long the segment that begins here is; `None` while its length field is not whole.
    fn segment_len(&self, bytes: &[u8]) -> Result<Option<usize>, FloeError> {
        let Some(length) = bytes.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length);
        let full = self.segments.message.shape.segment_len;
        if length == NOT_LAST {
            return Ok(Some(full));
        }
        // The field is not authenticated yet, so it is bounded before anything waits for so many bytes.
        match usize::try_from(length) {
            Ok(length) if (SEGMENT_OVERHEAD..=full).contains(&length) => Ok(Some(length)),
            _ => Err(FloeError::Segment { position: self.position }),
        }
    }

    fn open_one(&mut self, segment: &[u8], out: &mut [u8]) -> Result<(), FloeError> {
        let last = segment.first_chunk::<4>() != Some(&NOT_LAST.to_be_bytes());
        if !last && self.position == SEGMENTS_MAX - 1 {
            return Err(FloeError::Segment { position: self.position });
        }
        self.segments.open_into(segment, self.position, last, out)?;
        self.position += 1;
        if last {
            self.state = State::Ended;
        }
        Ok(())
    }

    fn append_one(&mut self, segment: &[u8], out: &mut Vec<u8>) -> Result<(), FloeError> {
        let start = out.len();
        out.resize(start + segment.len().saturating_sub(SEGMENT_OVERHEAD), 0);
        let opened = self.open_one(segment, &mut out[start..]);
        if opened.is_err() {
            out.truncate(start);
        }
        opened
    }

    /// The end of the bytes: was it the end of the object.
    pub(crate) fn finish(self) -> Result<(), FloeError> {
        match self.state {
            State::Ended => Ok(()),
            State::Broken(error) => Err(error),
            State::Reading => Err(FloeError::Truncated),
        }
    }
}

/// Opens parts of an object whose length has been authenticated by its last segment.
pub(crate) struct Ranges {
    segments: Segments,
    plain_len: u64,
    last: u64,
}

/// Where the last segment of a sealed object of this length lies, bytes from its start.
///
/// # Errors
/// [`FloeError::Truncated`] when no object has this length.
pub fn last_segment_at(sealed_len: u64) -> Result<Range<u64>, FloeError> {
    last_segment_shaped(Shape::OURS, sealed_len).map(|(_, range)| range)
}

fn last_segment_shaped(shape: Shape, sealed_len: u64) -> Result<(u64, Range<u64>), FloeError> {
    let body = sealed_len.checked_sub(HEADER_LEN as u64).ok_or(FloeError::Truncated)?;
    let full = shape.segment_len as u64;
    let segments = body.div_ceil(full);
    if segments == 0 || segments > SEGMENTS_MAX {
        return Err(FloeError::Truncated);
    }
    let start = HEADER_LEN as u64 + (segments - 1) * full;
    if sealed_len - start < SEGMENT_OVERHEAD as u64 {
        return Err(FloeError::Truncated);
    }
    Ok((segments - 1, start..sealed_len))
}

impl Ranges {
    /// `last_segment` are the bytes of [`last_segment_at`]. Opening it proves the object's length.
    pub(crate) fn begin(
        key: &Secret,
        aad: Vec<u8>,
        header: &[u8],
        sealed_len: u64,
        last_segment: &[u8],
    ) -> Result<Self, FloeError> {
        Self::begin_shaped(Shape::OURS, key, aad, header, sealed_len, last_segment)
    }

    fn begin_shaped(
        shape: Shape,
        key: &Secret,
        aad: Vec<u8>,
        header: &[u8],
        sealed_len: u64,
        last_segment: &[u8],
    ) -> Result<Self, FloeError> {
        let mut segments = Segments::begin(shape, key, aad, header)?;
        let (last, range) = last_segment_shaped(shape, sealed_len)?;
        if last_segment.len() as u64 != range.end - range.start {
            return Err(FloeError::Truncated);
        }
        let mut tail = Zeroizing::new(Vec::new());
        segments.open(last_segment, last, true, &mut tail)?;
        let plain_len = last * shape.plain_len() as u64 + tail.len() as u64;
        Ok(Self { segments, plain_len, last })
    }

    /// The length of the plaintext, bytes.
    pub(crate) const fn plain_len(&self) -> u64 {
        self.plain_len
    }

    /// Which bytes of the sealed object hold this range of plaintext: whole segments.
    pub(crate) fn sealed_range(&self, plain: &Range<u64>) -> Result<Range<u64>, FloeError> {
        if plain.start >= plain.end || plain.end > self.plain_len {
            return Err(FloeError::Range);
        }
        let shape = self.segments.message.shape;
        let (per, full) = (shape.plain_len() as u64, shape.segment_len as u64);
        let first = plain.start / per;
        let last = (plain.end - 1) / per;
        let end = if last == self.last {
            self.last * full + (self.plain_len - self.last * per) + SEGMENT_OVERHEAD as u64
        } else {
            (last + 1) * full
        };
        Ok(HEADER_LEN as u64 + first * full..HEADER_LEN as u64 + end)
    }

    /// Appends exactly this range of plaintext; `sealed` are the bytes of [`Self::sealed_range`].
    pub(crate) fn open(&mut self, plain: &Range<u64>, sealed: &[u8], out: &mut Vec<u8>) -> Result<(), FloeError> {
        let range = self.sealed_range(plain)?;
        if sealed.len() as u64 != range.end - range.start {
            return Err(FloeError::Truncated);
        }
        let shape = self.segments.message.shape;
        let per = shape.plain_len() as u64;
        let start = out.len();
        let mut segment_plain = Zeroizing::new(Vec::with_capacity(shape.plain_len()));
        let mut position = plain.start / per;
        for segment in sealed.chunks(shape.segment_len) {
            segment_plain.clear();
            let opened = self.segments.open(segment, position, position == self.last, &mut segment_plain);
            if let Err(error) = opened {
                // All or nothing: the caller asked for one range, not for the good part of it.
                out[start..].zeroize();
                out.truncate(start);
                return Err(error);
            }
            let base = position * per;
            let within = |at: u64| usize::try_from(at.saturating_sub(base)).unwrap_or(usize::MAX);
            let (from, to) = (within(plain.start), within(plain.end).min(segment_plain.len()));
            out.extend_from_slice(&segment_plain[from..to]);
            position += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
