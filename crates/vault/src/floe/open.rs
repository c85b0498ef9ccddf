//! Opening sealed objects: from the beginning to the end, or in ranges. Reached through [`crate::Opening`] only.

use super::{FloeError, HEADER_LEN, Message, NOT_LAST, Rotating, SEGMENT_OVERHEAD, SEGMENTS_MAX, Shape, segment_aad};
use crate::primitives::{NONCE_LEN, OpenKey};
use crate::secret::Secret;
use std::ops::Range;
use zeroize::{Zeroize, Zeroizing};

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
        let wrong = FloeError::Segment { position };
        self.begin_segment(segment, position, last)?;
        let (nonce, rest) = segment[4..].split_first_chunk::<NONCE_LEN>().ok_or(wrong)?;
        self.key.key.open_to(&segment_aad(position, last), nonce, rest, out).map_err(|_| wrong)
    }

    /// Opens one whole segment where it lies; the plaintext is then between [`super::PLAIN_AT`] and the tag.
    fn open_in_place(&mut self, segment: &mut [u8], position: u64, last: bool) -> Result<(), FloeError> {
        let wrong = FloeError::Segment { position };
        self.begin_segment(segment, position, last)?;
        let (nonce, rest) = segment[4..].split_first_chunk_mut::<NONCE_LEN>().ok_or(wrong)?;
        self.key.key.open_in_place(&segment_aad(position, last), nonce, rest).map_err(|_| wrong)
    }

    /// Sees that length and length field fit the place, and takes the key of this position.
    fn begin_segment(&mut self, segment: &[u8], position: u64, last: bool) -> Result<(), FloeError> {
        let wrong = FloeError::Segment { position };
        let shape = self.message.shape;
        let length_fits = if last { segment.len() <= shape.segment_len } else { segment.len() == shape.segment_len };
        if !length_fits || segment.len() < SEGMENT_OVERHEAD || position >= SEGMENTS_MAX {
            return Err(wrong);
        }
        let expected = if last { u32::try_from(segment.len()).map_err(|_| wrong)? } else { NOT_LAST };
        if segment[..4] != expected.to_be_bytes() {
            return Err(wrong);
        }
        let rotation = self.message.rotation(position);
        if rotation != self.key.rotation {
            self.key = Rotating { rotation, key: OpenKey::new(&self.message.data_key(rotation)) };
        }
        Ok(())
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

    pub(super) fn begin_shaped(shape: Shape, key: &Secret, aad: Vec<u8>, header: &[u8]) -> Result<Self, FloeError> {
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

    /// Opens one whole segment where it lies, the fast way: the plaintext is then at [`super::PLAIN_AT`], without the tag
    /// at the end. When it is not authentic the segment is overwritten with zeros.
    pub(crate) fn segment_in_place(&mut self, segment: &mut [u8]) -> Result<(), FloeError> {
        let opened = match self.state {
            State::Broken(error) => Err(error),
            State::Ended => Err(FloeError::Extended),
            State::Reading if !self.waiting.is_empty() => Err(FloeError::Misuse),
            State::Reading => self.last_of(segment).and_then(|last| {
                self.segments.open_in_place(segment, self.position, last)?;
                self.advance(last);
                Ok(())
            }),
        };
        opened.inspect_err(|error| {
            segment.fill(0);
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

    /// Does this segment say that it is the last one.
    fn last_of(&self, segment: &[u8]) -> Result<bool, FloeError> {
        let last = segment.first_chunk::<4>() != Some(&NOT_LAST.to_be_bytes());
        // The highest position is kept for a last segment, as the specification asks.
        if !last && self.position == SEGMENTS_MAX - 1 {
            return Err(FloeError::Segment { position: self.position });
        }
        Ok(last)
    }

    const fn advance(&mut self, last: bool) {
        self.position += 1;
        if last {
            self.state = State::Ended;
        }
    }

    fn append_one(&mut self, segment: &[u8], out: &mut Vec<u8>) -> Result<(), FloeError> {
        let last = self.last_of(segment)?;
        self.segments.open(segment, self.position, last, out)?;
        self.advance(last);
        Ok(())
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

pub(super) fn last_segment_shaped(shape: Shape, sealed_len: u64) -> Result<(u64, Range<u64>), FloeError> {
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

    pub(super) fn begin_shaped(
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
        for (position, segment) in (plain.start / per..).zip(sealed.chunks(shape.segment_len)) {
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
        }
        Ok(())
    }
}
