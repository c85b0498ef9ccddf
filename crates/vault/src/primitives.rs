//! Every cryptographic primitive and every label, in one place: AES-256-GCM, HMAC-SHA-256, HKDF-Expand-SHA-384, Argon2id.
//!
//! What must always hold: nothing outside this file names `aws_lc_rs` or `argon2`; each key has one use, told
//! apart by a label in [`label`]; nonces are drawn by the cryptographic module itself (NIST SP 800-38D 8.2.2,
//! which is what the module's FIPS validation approves for sealing), so they are the one kind of randomness that
//! does not come from `record::Entropy`.
//!
//! What it refuses to know: whose data it is, where it lies, who may read it.

use crate::secret::Secret;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, RandomizedNonceKey, UnboundKey};
use aws_lc_rs::{constant_time, hmac};
use zeroize::Zeroizing;

/// Length of every symmetric key, bytes.
pub(crate) const KEY_LEN: usize = 32;
/// Length of an AES-GCM nonce, bytes.
pub(crate) const NONCE_LEN: usize = 12;
/// Length of an AES-GCM tag, bytes.
pub(crate) const TAG_LEN: usize = 16;

/// Labels of derivations and of places. Each one is used for one thing; none is ever given another meaning.
pub(crate) mod label {
    /// HMAC-SHA-256 under the root key: its own name, so that a wrong key is told from a damaged row.
    pub(crate) const ROOT_NAME: &[u8] = b"strongroom v1 root name";
    /// Records key → the key that wraps object keys.
    pub(crate) const OBJECT_WRAP: &[u8] = b"strongroom v1 records object wrap";
    /// Records key → the key that seals columns.
    pub(crate) const COLUMN: &[u8] = b"strongroom v1 records column";
    /// Index key → one key for each field; the field's name follows, framed.
    pub(crate) const BLIND: &[u8] = b"strongroom v1 blind index";
    /// Index key → fingerprints of a file's blocks.
    pub(crate) const BLIND_BLOCKS: &[u8] = b"strongroom v1 blind blocks";
    /// Directory key → the key that seals directory columns.
    pub(crate) const DIRECTORY: &[u8] = b"strongroom v1 directory column";
    /// Directory key → the blind index over e-mail addresses and the like.
    pub(crate) const DIRECTORY_BLIND: &[u8] = b"strongroom v1 directory blind index";
    /// Audit key → the key that seals bodies of ledger entries.
    pub(crate) const AUDIT: &[u8] = b"strongroom v1 audit body";

    /// Root key → the key that seals halves.
    pub(crate) const HALF_SEAL: &[u8] = b"strongroom v1 root half seal";
    /// Root key and half together → the key that wraps an epoch key.
    pub(crate) const EPOCH_JOINED: &[u8] = b"strongroom v1 root and half epoch wrap";

    /// Place of a wrapped epoch key.
    pub(crate) const PLACE_EPOCH: &[u8] = b"strongroom v1 place epoch key";
    /// Place of an epoch key that is wrapped by root key and half together.
    pub(crate) const PLACE_EPOCH_JOINED: &[u8] = b"strongroom v1 place epoch key with half";
    /// Place of a half.
    pub(crate) const PLACE_HALF: &[u8] = b"strongroom v1 place half";
    /// Place of a wrapped key of a class.
    pub(crate) const PLACE_KEY: &[u8] = b"strongroom v1 place key";
    /// Place of a wrapped object key.
    pub(crate) const PLACE_OBJECT_KEY: &[u8] = b"strongroom v1 place object key";
    /// Place of a sealed object.
    pub(crate) const PLACE_OBJECT: &[u8] = b"strongroom v1 place object";
    /// Place of a sealed column.
    pub(crate) const PLACE_COLUMN: &[u8] = b"strongroom v1 place column";
    /// Place of a sealed directory column.
    pub(crate) const PLACE_DIRECTORY: &[u8] = b"strongroom v1 place directory column";
    /// Place of the sealed body of a ledger entry.
    pub(crate) const PLACE_AUDIT: &[u8] = b"strongroom v1 place audit body";

    /// FLOE (c2sp.org/FLOE): header tag.
    pub(crate) const FLOE_HEADER_TAG: &[u8] = b"HEADER_TAG:";
    /// FLOE: key of the message.
    pub(crate) const FLOE_MESSAGE_KEY: &[u8] = b"MESSAGE_KEY:";
    /// FLOE: key of up to 2^20 segments.
    pub(crate) const FLOE_DATA_KEY: &[u8] = b"DEK:";
}

/// The bytes did not open: wrong key, wrong place, or they were changed. Nothing more is said, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed bytes do not open here: wrong key, wrong place, or changed")]
pub struct NotAuthentic;

/// Names a place for AAD: a label and fields, each with its length before it (4 bytes, big-endian), so that two
/// places never have the same bytes.
pub(crate) struct Place(Vec<u8>);

impl Place {
    /// A place of this kind.
    pub(crate) fn new(label: &[u8]) -> Self {
        Self(Vec::with_capacity(128)).field(label)
    }
    /// One more field.
    pub(crate) fn field(mut self, bytes: &[u8]) -> Self {
        let len = u32::try_from(bytes.len()).expect("fields of a place are names and ids, far below 4 GiB");
        self.0.extend_from_slice(&len.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }
    /// One more field that is a number.
    pub(crate) fn number(self, number: u32) -> Self {
        self.field(&number.to_be_bytes())
    }
    /// The bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
    /// The bytes, to keep.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// AES-256-GCM, sealing. The module draws each nonce. At most 2^32 seals for one key (SP 800-38D 8.3).
pub(crate) struct SealKey(RandomizedNonceKey);

impl SealKey {
    /// For this key.
    pub(crate) fn new(key: &Secret) -> Self {
        Self(RandomizedNonceKey::new(&AES_256_GCM, key.expose()).expect("an AES-256 key of 32 bytes"))
    }

    /// Seals `data` where it lies; writes nonce and tag beside it.
    pub(crate) fn seal_in_place(
        &self,
        aad: &[u8],
        nonce_out: &mut [u8; NONCE_LEN],
        data: &mut [u8],
        tag_out: &mut [u8; TAG_LEN],
    ) {
        let (nonce, tag) = self
            .0
            .seal_in_place_separate_tag(Aad::from(aad), data)
            .expect("sealing fails only without randomness or over 64 GiB, and neither is so here");
        nonce_out.copy_from_slice(nonce.as_ref());
        tag_out.copy_from_slice(tag.as_ref());
    }

    /// Appends nonce, ciphertext and tag to `out`.
    pub(crate) fn seal_to(&self, aad: &[u8], plaintext: &[u8], out: &mut Vec<u8>) {
        let mut nonce = [0_u8; NONCE_LEN];
        let mut tag = [0_u8; TAG_LEN];
        let start = out.len();
        // Reserved first: a buffer that grows while plaintext lies in it would leave a copy behind.
        out.reserve(NONCE_LEN + plaintext.len() + TAG_LEN);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(plaintext);
        self.seal_in_place(aad, &mut nonce, &mut out[start + NONCE_LEN..], &mut tag);
        out[start..start + NONCE_LEN].copy_from_slice(&nonce);
        out.extend_from_slice(&tag);
    }
}

/// AES-256-GCM, opening. In place only: that is the way of opening that the module's documentation names for FIPS.
pub(crate) struct OpenKey(RandomizedNonceKey);

impl OpenKey {
    /// For this key.
    pub(crate) fn new(key: &Secret) -> Self {
        Self(RandomizedNonceKey::new(&AES_256_GCM, key.expose()).expect("an AES-256 key of 32 bytes"))
    }

    /// Opens ciphertext and tag where they lie: plaintext comes in place of the ciphertext. On failure all of it is
    /// overwritten with zeros, so that nothing unauthentic is left to be read.
    pub(crate) fn open_in_place(
        &self,
        aad: &[u8],
        nonce: &[u8; NONCE_LEN],
        ciphertext_and_tag: &mut [u8],
    ) -> Result<(), NotAuthentic> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place(nonce, Aad::from(aad), ciphertext_and_tag).map(|_| ());
        opened.map_err(|_| {
            ciphertext_and_tag.fill(0);
            NotAuthentic
        })
    }

    /// Opens ciphertext and tag and appends the plaintext to `out`; nothing on failure.
    pub(crate) fn open_to(
        &self,
        aad: &[u8],
        nonce: &[u8; NONCE_LEN],
        ciphertext_and_tag: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), NotAuthentic> {
        let plain_len = ciphertext_and_tag.len().checked_sub(TAG_LEN).ok_or(NotAuthentic)?;
        let start = out.len();
        out.extend_from_slice(ciphertext_and_tag);
        let opened = self.open_in_place(aad, nonce, &mut out[start..]);
        out.truncate(if opened.is_ok() { start + plain_len } else { start });
        opened
    }

    /// Opens what [`SealKey::seal_to`] wrote.
    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(NotAuthentic)?;
        let mut plaintext = Zeroizing::new(Vec::with_capacity(rest.len()));
        self.open_to(aad, nonce, rest, &mut plaintext)?;
        Ok(plaintext)
    }
}

/// HMAC-SHA-256 (FIPS 198-1).
pub(crate) struct MacKey(hmac::Key);

impl MacKey {
    /// For this key.
    pub(crate) fn new(key: &Secret) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.expose()))
    }
    /// The tag over the parts, each framed.
    pub(crate) fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut tag = self.begin();
        parts.iter().for_each(|part| tag.framed(part));
        tag.finish()
    }
    /// A tag over what comes piece by piece.
    pub(crate) fn begin(&self) -> MacTag {
        MacTag(hmac::Context::with_key(&self.0))
    }
}

/// A tag on its way.
pub(crate) struct MacTag(hmac::Context);

impl MacTag {
    /// A part with its length before it.
    pub(crate) fn framed(&mut self, part: &[u8]) {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
    }
    /// Bytes without a length before them.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
    pub(crate) fn finish(self) -> [u8; 32] {
        let mut tag = [0_u8; 32];
        tag.copy_from_slice(self.0.sign().as_ref());
        tag
    }
}

/// A keyed fingerprint of long blocks, 128 bits each: GMAC (AES-256-GCM over no plaintext), numbered by the block's place.
///
/// It is no seal: the same number comes again for each file, so two fingerprints that somebody sees would tell the key. They
/// go into a [`MacTag`] and nowhere else, as a universal hash within a pseudo-random function. It is twelve times as fast
/// as HMAC-SHA-256, which a file of gigabytes notices.
pub(crate) struct BlockKey(LessSafeKey);

impl BlockKey {
    /// For this key.
    pub(crate) fn new(key: &Secret) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.expose()).expect("an AES-256 key of 32 bytes")))
    }

    /// The fingerprint of the block at this place.
    pub(crate) fn fingerprint(&self, place: u64, block: &[u8]) -> [u8; TAG_LEN] {
        let mut nonce = [0_u8; NONCE_LEN];
        nonce[NONCE_LEN - 8..].copy_from_slice(&place.to_be_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(block), &mut []);
        let mut fingerprint = [0_u8; TAG_LEN];
        fingerprint.copy_from_slice(tag.expect("nothing is sealed, and no block is over 64 GiB").as_ref());
        fingerprint
    }
}

/// HKDF-Expand with SHA-384 (RFC 5869 2.3) for at most one block, 48 bytes: T(1) = HMAC(prk, info ‖ 0x01).
///
/// Written over HMAC because the module's approved HKDF begins with Extract, and FLOE asks for Expand alone.
pub(crate) fn expand_sha384(prk: &[u8], info: &[&[u8]], out: &mut [u8]) {
    assert!(out.len() <= 48, "one block is all that is ever asked for");
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA384, prk));
    for part in info {
        context.update(part);
    }
    context.update(&[1]);
    let tag = context.sign();
    out.copy_from_slice(&tag.as_ref()[..out.len()]);
}

/// A key for one use, from a key and the label (and fields) of that use.
pub(crate) fn derive(key: &Secret, label: &[u8], field: &[u8]) -> Secret {
    let info = Place::new(label).field(field);
    Secret::filled(|bytes| expand_sha384(key.expose(), &[info.as_bytes()], bytes))
}

/// A key for one use that nobody has who lacks either of two keys: HMAC keyed by both, one behind the other (SP 800-133r2
/// 6.3), which are 64 bytes and so within one block of SHA-384.
pub(crate) fn joined(first: &Secret, second: &Secret, label: &[u8]) -> Secret {
    let mut both = Zeroizing::new([0_u8; 2 * KEY_LEN]);
    both[..KEY_LEN].copy_from_slice(first.expose());
    both[KEY_LEN..].copy_from_slice(second.expose());
    let info = Place::new(label).field(b"");
    Secret::filled(|bytes| expand_sha384(&both[..], &[info.as_bytes()], bytes))
}

/// Are they the same; takes as long wherever they differ.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(left, right).is_ok()
}

/// What Argon2id costs (RFC 9106): memory in KiB, passes, lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Argon2Cost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

/// Argon2id, version 0x13 (RFC 9106). `None` when the parameters are outside what the algorithm takes.
pub(crate) fn argon2id(passphrase: &[u8], salt: &[u8], cost: Argon2Cost) -> Option<Secret> {
    let params = argon2::Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(KEY_LEN)).ok()?;
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut good = false;
    let secret = Secret::filled(|bytes| good = argon.hash_password_into(passphrase, salt, bytes).is_ok());
    good.then_some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::hkdf;

    struct Len(usize);
    impl hkdf::KeyType for Len {
        fn len(&self) -> usize {
            self.0
        }
    }

    #[test]
    fn expand_agrees_with_the_librarys_own_hkdf() {
        for (prk, info, len) in [(&[7_u8; 48][..], &b"HEADER_TAG:"[..], 32), (&[1; 32], b"x", 48), (&[0; 32], b"", 1)] {
            let mut ours = vec![0_u8; len];
            expand_sha384(prk, &[info], &mut ours);
            let mut theirs = vec![0_u8; len];
            let library = hkdf::Prk::new_less_safe(hkdf::HKDF_SHA384, prk);
            library.expand(&[info], Len(len)).unwrap().fill(&mut theirs).unwrap();
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn two_places_never_have_the_same_bytes() {
        let split = |a: &[u8], b: &[u8]| Place::new(b"p").field(a).field(b).into_bytes();
        assert_ne!(split(b"ab", b"c"), split(b"a", b"bc"));
        assert_ne!(split(b"", b"abc"), split(b"abc", b""));
    }

    #[test]
    fn what_was_sealed_opens_only_with_the_same_key_place_and_bytes() {
        let key = Secret::filled(|bytes| bytes.fill(5));
        let other = Secret::filled(|bytes| bytes.fill(6));
        let mut sealed = Vec::new();
        SealKey::new(&key).seal_to(b"here", b"made up", &mut sealed);
        assert_eq!(OpenKey::new(&key).open(b"here", &sealed).unwrap().as_slice(), b"made up");
        assert!(OpenKey::new(&key).open(b"there", &sealed).is_err());
        assert!(OpenKey::new(&other).open(b"here", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(OpenKey::new(&key).open(b"here", &changed).is_err(), "byte {place}");
            assert!(OpenKey::new(&key).open(b"here", &sealed[..place]).is_err(), "cut at {place}");
        }
    }

    #[test]
    fn argon2id_gives_the_published_bytes() {
        // RFC 9106 5.3 uses a secret and associated data, which we never do; this vector is from the reference
        // implementation's test file: t=2, m=2^16 KiB, p=1, password "password", salt "somesalt".
        let cost = Argon2Cost { memory_kib: 1 << 16, passes: 2, lanes: 1 };
        let secret = argon2id(b"password", b"somesalt", cost).unwrap();
        let hex = data_encoding::HEXLOWER.encode(secret.expose());
        assert_eq!(hex, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
    }
}
