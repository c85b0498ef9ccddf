//! How one file of an export is sealed under the export's secret (docs/FORMATS-leaving.md).
//!
//! A backup's sealing (`backup/sealing.rs`) pulls a whole file through; here rows and originals are pushed as they are
//! opened, and read back as they are wanted. What must always hold: each file has a key of its own, derived from the
//! secret, the export and its name; whatever was cut, moved, swapped or changed does not open.

use super::LeavingError;
use crate::secret;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA384, KeyType, Salt};
use record::digest::Hasher;
use record::{Entropy, IntentId, Sha256};
use std::io::{Read, Write};
use zeroize::Zeroizing;

const MAGIC: &[u8; 8] = b"srleave\x01";
const LABEL: &str = "strongroom leaving v1";
const SEGMENT_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
/// Groups of the secret: 260 bits.
const SECRET_GROUPS: usize = 13;
const SECRET_CHARS: usize = SECRET_GROUPS * 4;

/// The secret of one export. Prints nothing.
pub struct ExportSecret(Zeroizing<String>);

impl std::fmt::Debug for ExportSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ExportSecret(..)")
    }
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

impl ExportSecret {
    /// A new one.
    pub(super) fn new(entropy: &dyn Entropy) -> Self {
        Self(Zeroizing::new(secret::spoken_normal(&secret::spoken(entropy, SECRET_GROUPS))))
    }

    /// As somebody typed it, or as it lies in a file.
    ///
    /// # Errors
    /// [`LeavingError::SecretForm`]; nothing of it is repeated.
    pub fn read(text: &str) -> Result<Self, LeavingError> {
        let normal = Zeroizing::new(secret::spoken_normal(text));
        if normal.len() == SECRET_CHARS { Ok(Self(normal)) } else { Err(LeavingError::SecretForm) }
    }

    /// As it is shown, in groups.
    pub(super) fn show(&self) -> Zeroizing<String> {
        let groups: Vec<&str> =
            self.0.as_bytes().chunks(4).map(|group| str::from_utf8(group).unwrap_or_default()).collect();
        Zeroizing::new(groups.join("-"))
    }

    /// As it is sealed until somebody has taken it.
    pub(super) fn normal(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn key(&self, export: IntentId, file: &str) -> Result<RandomizedNonceKey, LeavingError> {
        let mut info = Vec::new();
        frame(&mut info, LABEL.as_bytes());
        frame(&mut info, file.as_bytes());
        let mut key = Zeroizing::new([0_u8; 32]);
        let salt = Salt::new(HKDF_SHA384, &export.to_bytes());
        let secret = salt.extract(self.0.as_bytes());
        let info = [info.as_slice()];
        let expanded = secret.expand(&info, Length(key.len()));
        expanded.and_then(|okm| okm.fill(&mut key[..])).map_err(|_| LeavingError::Sealing)?;
        RandomizedNonceKey::new(&AES_256_GCM, &key[..]).map_err(|_| LeavingError::Sealing)
    }
}

fn frame(to: &mut Vec<u8>, part: &[u8]) {
    to.extend_from_slice(&(part.len() as u64).to_be_bytes());
    to.extend_from_slice(part);
}

/// Key and place of one file.
struct Seal {
    key: RandomizedNonceKey,
    place: Vec<u8>,
    position: u64,
}

impl Seal {
    fn new(secret: &ExportSecret, export: IntentId, file: &str) -> Result<Self, LeavingError> {
        let mut place = Vec::new();
        for part in [LABEL, &export.to_string(), file] {
            frame(&mut place, part.as_bytes());
        }
        Ok(Self { key: secret.key(export, file)?, place, position: 0 })
    }

    fn next_aad(&mut self, last: bool) -> Vec<u8> {
        let mut aad = self.place.clone();
        aad.extend_from_slice(&self.position.to_be_bytes());
        aad.push(u8::from(last));
        self.position += 1;
        aad
    }
}

/// Seals what is pushed into it.
pub(super) struct SealedWriter<W> {
    to: W,
    seal: Seal,
    hasher: Hasher,
    bytes: u64,
    waiting: Zeroizing<Vec<u8>>,
}

impl<W: Write> SealedWriter<W> {
    pub(super) fn new(to: W, secret: &ExportSecret, export: IntentId, file: &str) -> Result<Self, LeavingError> {
        let seal = Seal::new(secret, export, file)?;
        let waiting = Zeroizing::new(Vec::with_capacity(SEGMENT_BYTES + TAG_BYTES));
        let mut writer = Self { to, seal, hasher: Hasher::default(), bytes: 0, waiting };
        writer.out(MAGIC)?;
        writer.out(&export.to_bytes())?;
        Ok(writer)
    }

    fn out(&mut self, bytes: &[u8]) -> Result<(), LeavingError> {
        self.to.write_all(bytes).map_err(LeavingError::io("write the export"))?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn segment(&mut self, last: bool) -> Result<(), LeavingError> {
        let aad = self.seal.next_aad(last);
        let mut segment = std::mem::take(&mut *self.waiting);
        let sealed = self.seal.key.seal_in_place_append_tag(Aad::from(&aad), &mut segment);
        let nonce = sealed.map_err(|_| LeavingError::Sealing)?;
        let length = u32::try_from(NONCE_LEN + segment.len()).expect("a segment is under 70,000 bytes");
        self.out(&length.to_be_bytes())?;
        self.out(nonce.as_ref())?;
        self.out(&segment)?;
        // The buffer holds ciphertext by now.
        segment.clear();
        *self.waiting = segment;
        Ok(())
    }

    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), LeavingError> {
        while !bytes.is_empty() {
            // A full segment is sealed only when more follows: the last one carries its own mark.
            if self.waiting.len() == SEGMENT_BYTES {
                self.segment(false)?;
            }
            let (taken, rest) = bytes.split_at(bytes.len().min(SEGMENT_BYTES - self.waiting.len()));
            self.waiting.extend_from_slice(taken);
            bytes = rest;
        }
        Ok(())
    }

    /// The end: what it was written to, its size and digest.
    pub(super) fn finish(mut self) -> Result<(W, u64, Sha256), LeavingError> {
        self.segment(true)?;
        Ok((self.to, self.bytes, self.hasher.finish()))
    }
}

/// Opens one file, piece by piece.
pub(super) struct SealedReader<R> {
    from: R,
    seal: Seal,
    file: String,
    hasher: Hasher,
    bytes: u64,
    /// The length of the next segment; none behind the last.
    ahead: Option<usize>,
    open: Zeroizing<Vec<u8>>,
    at: usize,
}

/// Whose file this is, by its head.
pub(super) fn export_of(from: &mut impl Read, file: &str) -> Result<IntentId, LeavingError> {
    let mut head = [0_u8; 24];
    from.read_exact(&mut head).map_err(|_| LeavingError::Changed(file.to_owned()))?;
    let (magic, id) = head.split_at(MAGIC.len());
    let id: Option<[u8; 16]> = id.try_into().ok();
    match id {
        Some(id) if magic == MAGIC => Ok(IntentId::from_bytes(id)),
        _ => Err(LeavingError::Changed(file.to_owned())),
    }
}

impl<R: Read> SealedReader<R> {
    pub(super) fn new(mut from: R, secret: &ExportSecret, export: IntentId, file: &str) -> Result<Self, LeavingError> {
        if export_of(&mut from, file)? != export {
            return Err(LeavingError::OtherExport(file.to_owned()));
        }
        let mut hasher = Hasher::default();
        hasher.update(MAGIC);
        hasher.update(&export.to_bytes());
        let (seal, open) = (Seal::new(secret, export, file)?, Zeroizing::new(Vec::new()));
        let mut reader = Self { from, seal, file: file.to_owned(), hasher, bytes: 24, ahead: None, open, at: 0 };
        reader.ahead = reader.length()?;
        if reader.ahead.is_none() { Err(reader.changed()) } else { Ok(reader) }
    }

    fn changed(&self) -> LeavingError {
        LeavingError::Changed(self.file.clone())
    }

    fn raw(&mut self, most: usize) -> Result<Vec<u8>, LeavingError> {
        let mut bytes = Vec::with_capacity(most);
        let reading = Read::by_ref(&mut self.from).take(most as u64).read_to_end(&mut bytes);
        reading.map_err(LeavingError::io("read the export"))?;
        self.hasher.update(&bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes)
    }

    fn length(&mut self) -> Result<Option<usize>, LeavingError> {
        let head = self.raw(4)?;
        if head.is_empty() {
            return Ok(None);
        }
        let length = head.as_slice().try_into().map(u32::from_be_bytes).map_err(|_| self.changed())?;
        let length = usize::try_from(length).map_err(|_| self.changed())?;
        let fits = (NONCE_LEN + TAG_BYTES..=NONCE_LEN + TAG_BYTES + SEGMENT_BYTES).contains(&length);
        if fits { Ok(Some(length)) } else { Err(self.changed()) }
    }

    /// The next segment; false when there is none.
    fn next_segment(&mut self) -> Result<bool, LeavingError> {
        let Some(length) = self.ahead else { return Ok(false) };
        let mut segment = self.raw(length)?;
        if segment.len() != length {
            return Err(self.changed());
        }
        self.ahead = self.length()?;
        let mut sealed = Zeroizing::new(segment.split_off(NONCE_LEN));
        let nonce = Nonce::try_assume_unique_for_key(&segment).map_err(|_| self.changed())?;
        let aad = self.seal.next_aad(self.ahead.is_none());
        let opened = self.seal.key.open_in_place(nonce, Aad::from(&aad), &mut sealed).map(|plain| plain.len());
        let length = opened.map_err(|_| LeavingError::Changed(self.file.clone()))?;
        sealed.truncate(length);
        (self.open, self.at) = (sealed, 0);
        Ok(true)
    }

    /// Some bytes that come next, at most so many; none at the end.
    pub(super) fn some(&mut self, most: usize) -> Result<Zeroizing<Vec<u8>>, LeavingError> {
        while self.at == self.open.len() {
            if !self.next_segment()? {
                return Ok(Zeroizing::new(Vec::new()));
            }
        }
        let to = self.open.len().min(self.at + most);
        let bytes = Zeroizing::new(self.open[self.at..to].to_vec());
        self.at = to;
        Ok(bytes)
    }

    /// Exactly so many bytes. Room is made as they come, not as they are promised.
    pub(super) fn exactly(&mut self, length: usize) -> Result<Zeroizing<Vec<u8>>, LeavingError> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(length.min(SEGMENT_BYTES)));
        while bytes.len() < length {
            let some = self.some(length - bytes.len())?;
            if some.is_empty() {
                return Err(self.changed());
            }
            bytes.extend_from_slice(&some);
        }
        Ok(bytes)
    }

    /// All that is left, at most so many bytes.
    pub(super) fn rest(&mut self, most: usize) -> Result<Zeroizing<Vec<u8>>, LeavingError> {
        let mut bytes = Zeroizing::new(Vec::new());
        loop {
            let some = self.some(SEGMENT_BYTES)?;
            if some.is_empty() {
                return Ok(bytes);
            }
            if bytes.len() + some.len() > most {
                return Err(self.changed());
            }
            bytes.extend_from_slice(&some);
        }
    }

    /// There is nothing behind this: size and digest of the sealed file.
    pub(super) fn finish(mut self) -> Result<(u64, Sha256), LeavingError> {
        if !self.some(1)?.is_empty() {
            return Err(self.changed());
        }
        Ok((self.bytes, self.hasher.finish()))
    }
}

#[cfg(test)]
mod tests {
    use super::{ExportSecret, SEGMENT_BYTES, SealedReader, SealedWriter};
    use crate::leaving::LeavingError;
    use record::{IntentId, SeededEntropy, Sha256};

    const EXPORT: IntentId = IntentId::from_bytes([7; 16]);

    fn secret(seed: u64) -> ExportSecret {
        ExportSecret::new(&SeededEntropy::new(seed))
    }

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut writer = SealedWriter::new(Vec::new(), &secret(1), EXPORT, "part-00001").unwrap();
        plain.chunks(1000).for_each(|piece| writer.push(piece).unwrap());
        let (out, bytes, digest) = writer.finish().unwrap();
        assert_eq!((bytes, digest), (out.len() as u64, Sha256::of(&out)));
        out
    }

    fn opened(sealed: &[u8], name: &str, seed: u64) -> Result<Vec<u8>, LeavingError> {
        let mut reader = SealedReader::new(sealed, &secret(seed), EXPORT, name)?;
        let all = reader.rest(1 << 20)?;
        let (bytes, digest) = reader.finish()?;
        assert_eq!((bytes, digest), (sealed.len() as u64, Sha256::of(sealed)));
        Ok(all.to_vec())
    }

    #[test]
    fn what_was_sealed_comes_back_whatever_its_length() {
        for length in [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES] {
            let plain: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            assert_eq!(opened(&sealed(&plain), "part-00001", 1).unwrap(), plain, "{length}");
        }
    }

    #[test]
    fn what_was_cut_swapped_changed_or_is_of_another_name_or_secret_does_not_open() {
        let good = sealed(&vec![3; 2 * SEGMENT_BYTES + 5]);
        assert!(opened(&good, "part-00002", 1).is_err(), "under another name");
        assert!(opened(&good, "part-00001", 2).is_err(), "with another secret");
        let whole = 4 + 12 + SEGMENT_BYTES + 16;
        assert!(opened(&good[..24 + 2 * whole], "part-00001", 1).is_err(), "the last segment is gone");
        let swapped = [&good[..24], &good[24 + whole..24 + 2 * whole], &good[24..24 + whole], &good[24 + 2 * whole..]];
        assert!(opened(&swapped.concat(), "part-00001", 1).is_err(), "two segments changed places");
        assert!(opened(&[&good[..], &[0]].concat(), "part-00001", 1).is_err(), "bytes follow");
        for place in [0, 7, 8, 23, 24, 30, good.len() - 1] {
            let mut changed = good.clone();
            changed[place] ^= 1;
            assert!(opened(&changed, "part-00001", 1).is_err(), "byte {place}");
        }
        for cut in [0, 8, 23, 24, 40, good.len() - 1] {
            assert!(opened(&good[..cut], "part-00001", 1).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_secret_is_read_as_people_write_it_and_shows_itself_to_nobody() {
        let one = secret(5);
        let shown = one.show();
        assert_eq!((shown.len(), shown.matches('-').count()), (52 + 12, 12));
        let typed = format!(" {} \n", shown.to_lowercase().replace('-', " "));
        assert_eq!(ExportSecret::read(&typed).unwrap().normal(), one.normal());
        assert_eq!(format!("{one:?}"), "ExportSecret(..)");
        for wrong in ["", "ABCD-2345", &format!("{}A", shown.as_str())] {
            assert!(matches!(ExportSecret::read(wrong), Err(LeavingError::SecretForm)), "{wrong}");
        }
    }
}
