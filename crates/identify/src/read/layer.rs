//! What lies between a text and the file: charsets, transfer encodings, packed files.
//!
//! A layer can be taken off (bytes in, bytes out) and put on again around bytes that were changed. Where each stretch
//! of what is inside has its own place outside, the layer has a map and a change outside is as small as inside;
//! where it has none (packed files), the packed part is packed again.
//!
//! What must always hold: taking off gives the same bytes each time; putting on again what was not changed is never
//! asked for; nothing grows beyond what the first reading was allowed.
//!
//! What it refuses to know: what the bytes mean.

use super::edit::EditError;
use super::letters::{self, Letters};
use super::map::{How, OffsetMap};
use super::{packed, transfer};
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// What kind of layer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    /// Bytes that are no UTF-8 by themselves.
    Letters(Letters),
    /// A stretch of the bytes, as it is.
    Slice,
    /// RFC 2045, 6.7.
    QuotedPrintable,
    /// RFC 4648, 4.
    Base64,
    /// RFC 4648, 8.
    Hex,
    /// RFC 1952.
    Gzip,
    /// A member of a zip archive, by its place in the directory.
    Zip(usize),
    /// A member of a tar archive, whose header begins at this byte.
    Tar(usize),
    /// Whose a member of a tar archive is, by its header.
    TarOwners(usize),
    /// The words of an extended header of a tar archive, whose own header begins at this byte.
    TarWords(usize),
    /// A file of DICOM, whose lengths follow its values.
    Dicom,
}

/// One layer, and what lies under it.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) codec: Codec,
    /// The bytes that it stands for in what lies under it.
    pub(super) range: Range<usize>,
    /// From the bytes inside to those outside.
    pub(super) map: Option<OffsetMap>,
    pub(super) under: Option<Arc<Layer>>,
    /// How large it may be inside.
    pub(super) inside_bytes_max: usize,
}

impl Layer {
    pub(super) const fn map(&self) -> Option<&OffsetMap> {
        // The whole of a base64 text has its map too, but a change inside of it is never small.
        self.map.as_ref()
    }

    pub(super) const fn under(&self) -> Option<&Arc<Self>> {
        self.under.as_ref()
    }

    /// Is a change inside a change of as few bytes outside.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.codec, Codec::Letters(_) | Codec::Slice | Codec::QuotedPrintable)
    }

    /// A stretch of what lies under it.
    pub(super) fn slice(range: Range<usize>, under: Option<Arc<Self>>) -> Self {
        Self::same(Codec::Slice, range, under)
    }

    /// A stretch of what lies under it, by whose rules.
    pub(super) fn same(codec: Codec, range: Range<usize>, under: Option<Arc<Self>>) -> Self {
        let mut map = OffsetMap::default();
        map.push(range.len(), range.clone(), How::Same, super::escape::Escape::Plain);
        Self { codec, inside_bytes_max: range.len(), range, map: Some(map), under }
    }

    /// The bytes inside.
    pub(super) fn take_off<'a>(&self, outer: &'a [u8]) -> Result<Cow<'a, [u8]>, EditError> {
        let bytes = outer.get(self.range.clone()).ok_or(EditError::OtherSource)?;
        Ok(match self.codec {
            Codec::Slice | Codec::Dicom => Cow::Borrowed(bytes),
            Codec::Letters(letters) => Cow::Owned(letters::decode(bytes, letters).0.into_bytes()),
            Codec::QuotedPrintable => Cow::Owned(transfer::quoted_printable(bytes).0),
            Codec::Base64 => Cow::Owned(transfer::base64(bytes).0),
            Codec::Hex => Cow::Owned(transfer::hex(bytes).0),
            Codec::Gzip => Cow::Owned(packed::gunzip(bytes, self.inside_bytes_max).ok_or(EditError::OtherSource)?),
            Codec::Zip(index) => Cow::Owned(packed::zip_member(bytes, &mut None, index, self.inside_bytes_max)?),
            Codec::Tar(_) => Cow::Borrowed(bytes),
            Codec::TarOwners(_) => Cow::Owned(packed::owners_of(bytes).ok_or(EditError::OtherSource)?),
            Codec::TarWords(_) => Cow::Owned(packed::words_of(bytes).ok_or(EditError::OtherSource)?),
        })
    }

    /// New bytes inside as they are written outside, where a change inside is as small outside.
    pub(super) fn small(&self, inside: &[u8]) -> Result<Vec<u8>, EditError> {
        match self.codec {
            Codec::Letters(letters) => letters::encode(inside, letters),
            Codec::QuotedPrintable => Ok(transfer::to_quoted_printable(inside)),
            _ => Ok(inside.to_vec()),
        }
    }

    /// All bytes inside as they are written outside.
    pub(super) fn put_on(&self, outer: &[u8], inside: &[u8]) -> Result<Vec<u8>, EditError> {
        let old = outer.get(self.range.clone()).ok_or(EditError::OtherSource)?;
        match self.codec {
            Codec::Base64 => Ok(transfer::to_base64(inside, old)),
            Codec::Hex => Ok(transfer::to_hex(inside, old)),
            Codec::Gzip => packed::gzip(inside, old),
            _ => Err(EditError::NotEditable),
        }
    }
}
