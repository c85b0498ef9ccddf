//! How a copy of the database is sealed into a backup, and how the manifest is signed (docs/FORMATS-backup.md).
//!
//! The vault opens what is a customer's, against permit and receipt; this file opens a whole database whose columns
//! stay sealed, against the root key and the escrow. The keys come from the ring and open nothing else.

use super::BackupError;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use data_encoding::BASE64;
use record::Sha256;
use record::digest::Hasher;
use std::io::{Read, Write};
use zeroize::Zeroizing;

const MAGIC: &[u8; 9] = b"srbackdb\x01";
const SEGMENT_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
/// Signature type of plain Ed25519 in a verifier key (C2SP signed-note).
const TYPE_ED25519: u8 = 1;

/// Key and place of one sealed database.
pub(super) struct Seal {
    key: RandomizedNonceKey,
    place: Vec<u8>,
}

impl Seal {
    pub(super) fn new(key: &Zeroizing<[u8; 32]>, set: &str, house: &str) -> Result<Self, BackupError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key[..]).map_err(|_| BackupError::Seal)?;
        let mut place = Vec::new();
        for part in ["strongroom backup database v1", set, house] {
            place.extend_from_slice(&(part.len() as u64).to_be_bytes());
            place.extend_from_slice(part.as_bytes());
        }
        Ok(Self { key, place })
    }

    fn aad(&self, position: u64, last: bool) -> Vec<u8> {
        let mut aad = self.place.clone();
        aad.extend_from_slice(&position.to_be_bytes());
        aad.push(u8::from(last));
        aad
    }

    /// Seals all of `from` into `to`. Size and SHA-256 of what was written.
    pub(super) fn seal(&self, from: &mut impl Read, to: &mut impl Write) -> Result<(u64, Sha256), BackupError> {
        let io = || BackupError::io("seal the database");
        let mut out = Measured { to, hasher: Hasher::default(), bytes: 0 };
        out.put(MAGIC).map_err(io())?;
        let mut position = 0_u64;
        let mut ahead = take(from, SEGMENT_BYTES).map_err(io())?;
        loop {
            let next = if ahead.len() < SEGMENT_BYTES { Vec::new() } else { take(from, SEGMENT_BYTES).map_err(io())? };
            let last = next.is_empty();
            let aad = self.aad(position, last);
            let nonce =
                self.key.seal_in_place_append_tag(Aad::from(&aad), &mut ahead).map_err(|_| BackupError::Seal)?;
            let length = u32::try_from(NONCE_LEN + ahead.len()).expect("a segment is under 70,000 bytes");
            out.put(&length.to_be_bytes()).map_err(io())?;
            out.put(nonce.as_ref()).map_err(io())?;
            out.put(&ahead).map_err(io())?;
            if last {
                return Ok((out.bytes, out.hasher.finish()));
            }
            ahead = next;
            position += 1;
        }
    }

    /// Opens all of `from` into `to`. What was written before an error is not to be used.
    pub(super) fn open(&self, from: &mut impl Read, to: &mut impl Write) -> Result<(), BackupError> {
        let io = || BackupError::io("open the sealed database");
        if take(from, MAGIC.len()).map_err(io())? != MAGIC {
            return Err(BackupError::Form("the sealed database"));
        }
        let mut position = 0_u64;
        let mut head = take(from, 4).map_err(io())?;
        loop {
            let length = head.as_slice().try_into().map(u32::from_be_bytes).map_err(|_| BackupError::Seal)?;
            let length = usize::try_from(length).map_err(|_| BackupError::Seal)?;
            if !(NONCE_LEN + TAG_BYTES..=NONCE_LEN + TAG_BYTES + SEGMENT_BYTES).contains(&length) {
                return Err(BackupError::Seal);
            }
            let mut segment = take(from, length).map_err(io())?;
            let next = take(from, 4).map_err(io())?;
            let last = next.is_empty();
            if segment.len() != length {
                return Err(BackupError::Seal);
            }
            let sealed = segment.split_off(NONCE_LEN);
            let nonce = Nonce::try_assume_unique_for_key(&segment).map_err(|_| BackupError::Seal)?;
            let mut sealed = sealed;
            let aad = self.aad(position, last);
            let plain = self.key.open_in_place(nonce, Aad::from(&aad), &mut sealed).map_err(|_| BackupError::Seal)?;
            to.write_all(plain).map_err(io())?;
            if last {
                return Ok(());
            }
            head = next;
            position += 1;
        }
    }
}

struct Measured<'w, W> {
    to: &'w mut W,
    hasher: Hasher,
    bytes: u64,
}

impl<W: Write> Measured<'_, W> {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.to.write_all(bytes)?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// As many bytes as there are, at most `most`.
fn take(from: &mut impl Read, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(most.min(SEGMENT_BYTES) + TAG_BYTES);
    Read::by_ref(from).take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Signs manifests. The verifying half is the ledger's own reader of signed notes.
pub(super) struct ManifestSigner {
    pair: Ed25519KeyPair,
    name: String,
}

impl ManifestSigner {
    pub(super) fn new(name: &str, seed: &Zeroizing<[u8; 32]>) -> Result<Self, BackupError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed[..]).map_err(|_| BackupError::Seal)?;
        Ok(Self { pair, name: name.to_owned() })
    }

    fn typed_key(&self) -> Vec<u8> {
        let mut bytes = vec![TYPE_ED25519];
        bytes.extend_from_slice(self.pair.public_key().as_ref());
        bytes
    }

    fn id(&self) -> [u8; 4] {
        let mut bytes = format!("{}\n", self.name).into_bytes();
        bytes.extend(self.typed_key());
        let [a, b, c, d, ..] = *Sha256::of(&bytes).as_bytes();
        [a, b, c, d]
    }

    /// The public half as text (C2SP vkey).
    pub(super) fn vkey(&self) -> String {
        let id = u32::from_be_bytes(self.id());
        format!("{}+{id:08x}+{}", self.name, BASE64.encode(&self.typed_key()))
    }

    /// The signed note.
    pub(super) fn sign(&self, text: &str) -> String {
        let mut line = self.id().to_vec();
        line.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        format!("{text}\n— {} {}\n", self.name, BASE64.encode(&line))
    }
}

#[cfg(test)]
mod tests {
    use super::{ManifestSigner, SEGMENT_BYTES, Seal};
    use ledger::{Note, Verifier};
    use zeroize::Zeroizing;

    fn seal(set: &str) -> Seal {
        Seal::new(&Zeroizing::new([7; 32]), set, "prg_house").unwrap()
    }

    fn sealed(plain: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let (bytes, digest) = seal("one").seal(&mut &plain[..], &mut out).unwrap();
        assert_eq!((bytes, digest), (out.len() as u64, record::Sha256::of(&out)));
        out
    }

    fn opened(set: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        seal(set).open(&mut &sealed[..], &mut out).ok().map(|()| out)
    }

    #[test]
    fn a_database_of_any_length_comes_back_as_it_was() {
        for length in [0, 1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 3 * SEGMENT_BYTES] {
            let plain: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            assert_eq!(opened("one", &sealed(&plain)), Some(plain), "{length}");
        }
    }

    /// docs/FORMATS-backup.md, "Vectors".
    #[test]
    fn the_published_vectors_hold() {
        let blob =
            "73726261636b646201000000264d4c460d6a6af0ffce6b496a978be343ef7974c5de69bc2f25138b443fc09d626dad0bca36b5";
        let blob = data_encoding::HEXLOWER.decode(blob.as_bytes()).unwrap();
        assert_eq!(opened("one", &blob).as_deref(), Some(&b"strongroom"[..]));
        let signer = ManifestSigner::new("prg_house/backup", &Zeroizing::new([9; 32])).unwrap();
        assert_eq!(signer.vkey(), "prg_house/backup+3ef36d8d+Af0XJDhaoMdbZPt4zWAvodmR/ev3axPFjtcC6sg16fYY");
    }

    #[test]
    fn what_was_cut_moved_swapped_or_changed_does_not_open() {
        let plain = vec![3; 2 * SEGMENT_BYTES + 5];
        let good = sealed(&plain);
        assert_eq!(opened("two", &good), None, "of another set");
        let whole = 4 + 12 + SEGMENT_BYTES + 16;
        assert_eq!(opened("one", &good[..9 + 2 * whole]), None, "the last segment is gone");
        let mut swapped = good[..9].to_vec();
        swapped.extend_from_slice(&good[9 + whole..9 + 2 * whole]);
        swapped.extend_from_slice(&good[9..9 + whole]);
        swapped.extend_from_slice(&good[9 + 2 * whole..]);
        assert_eq!(opened("one", &swapped), None, "two segments changed places");
        let mut longer = good.clone();
        longer.push(0);
        assert_eq!(opened("one", &longer), None, "bytes follow");
        for place in [0, 8, 9, 14, 30, good.len() - 1] {
            let mut changed = good.clone();
            changed[place] ^= 1;
            assert_eq!(opened("one", &changed), None, "byte {place}");
        }
        for cut in [0, 8, 9, 12, 40, good.len() - 1] {
            assert_eq!(opened("one", &good[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn the_ledgers_own_reader_takes_the_signature_and_no_other() {
        let signer = ManifestSigner::new("prg_house/backup", &Zeroizing::new([9; 32])).unwrap();
        let other = ManifestSigner::new("prg_house/backup", &Zeroizing::new([8; 32])).unwrap();
        let note: Note = signer.sign("strongroom backup v1\nline\n").parse().unwrap();
        let key: Verifier = signer.vkey().parse().unwrap();
        assert_eq!(key.verified_text(&note), Ok("strongroom backup v1\nline\n"));
        assert!(other.vkey().parse::<Verifier>().unwrap().verified_text(&note).is_err());
    }
}
