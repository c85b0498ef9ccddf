//! The envelope of a sealed value (format, key version, nonce, ciphertext, tag) and the padding of columns.

use crate::primitives::NotAuthentic;
use zeroize::Zeroizing;

/// The first byte of a sealed column, directory column or audit body.
const ENVELOPE_FORMAT: u8 = 1;
/// The longest value of a column, bytes. Longer things are objects.
pub const COLUMN_LEN_MAX: usize = 1024 * 1024;
/// Values up to [`FINE_LEN_MAX`] are padded to a multiple of this.
const BUCKET_FINE: usize = 64;
const FINE_LEN_MAX: usize = 1024;
/// Longer ones to a multiple of this.
const BUCKET_COARSE: usize = 512;

/// Format and key version, then what `seal` appends.
pub(crate) fn envelope(key_version: u32, seal: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![ENVELOPE_FORMAT];
    out.extend_from_slice(&key_version.to_be_bytes());
    seal(&mut out);
    out
}

/// Key version and the rest. A format that is not known does not open.
pub(crate) fn envelope_read(sealed: &[u8]) -> Result<(u32, &[u8]), NotAuthentic> {
    match sealed.split_first_chunk::<5>() {
        Some(([ENVELOPE_FORMAT, a, b, c, d], body)) => Ok((u32::from_be_bytes([*a, *b, *c, *d]), body)),
        _ => Err(NotAuthentic),
    }
}

/// Length (4 bytes, big-endian), value, zeros up to the bucket. `None` over [`COLUMN_LEN_MAX`].
pub(crate) fn column_pad(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let len = u32::try_from(value.len()).ok().filter(|_| value.len() <= COLUMN_LEN_MAX)?;
    let whole = 4 + value.len();
    let bucket = if whole <= FINE_LEN_MAX { BUCKET_FINE } else { BUCKET_COARSE };
    let mut padded = Zeroizing::new(Vec::with_capacity(whole.next_multiple_of(bucket)));
    padded.extend_from_slice(&len.to_be_bytes());
    padded.extend_from_slice(value);
    padded.resize(whole.next_multiple_of(bucket), 0);
    Some(padded)
}

/// The value of [`column_pad`]. The bytes were authentic, so a wrong form is ours; it is an error all the same.
pub(crate) fn column_unpad(mut padded: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
    let (length, rest) = padded.split_first_chunk::<4>().ok_or(NotAuthentic)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| NotAuthentic)?;
    if length > rest.len() {
        return Err(NotAuthentic);
    }
    padded.drain(..4);
    padded.truncate(length);
    Ok(padded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_usual_length_are_equally_long_when_sealed() {
        let lens: Vec<usize> = ["Ng", "Abernathy-Featherstonehaugh, Bartholomew"]
            .iter()
            .map(|name| column_pad(name.as_bytes()).unwrap().len())
            .collect();
        assert_eq!(lens, [64, 64]);
    }

    #[test]
    fn padding_comes_off_again_at_every_length_near_a_bucket() {
        for len in (0..200).chain(1000..1100).chain([COLUMN_LEN_MAX]) {
            let value = vec![7_u8; len];
            let padded = column_pad(&value).unwrap();
            assert!(padded.len().is_multiple_of(64));
            assert_eq!(*column_unpad(padded).unwrap(), value);
        }
        assert!(column_pad(&vec![0; COLUMN_LEN_MAX + 1]).is_none());
    }

    #[test]
    fn a_length_that_lies_is_an_error() {
        assert!(column_unpad(Zeroizing::new(vec![])).is_err());
        assert!(column_unpad(Zeroizing::new(vec![0, 0, 0, 2, 1])).is_err());
        assert!(column_unpad(Zeroizing::new(vec![255; 64])).is_err());
        assert!(envelope_read(&[2, 0, 0, 0, 1]).is_err());
        assert!(envelope_read(&[1, 0, 0, 0]).is_err());
    }
}
