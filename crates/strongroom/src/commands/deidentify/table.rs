//! The table of surrogates between runs, sealed: docs/FORMATS.md, "A table of surrogates".
//!
//! What must always hold: the table is PHI and lies on the disk sealed only; a key is used for one purpose; what does not open is an
//! error, and never an empty table.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use identify::deidentify::Line;
use zeroize::Zeroizing;

/// What a table begins with: a mark, and version 1.
const HEAD: &[u8; 4] = b"SRS\x01";
/// The least that a key file holds, in bytes.
pub(super) const KEY_BYTES_MIN: usize = 32;

/// A key for one purpose: HMAC-SHA-256 of the purpose under what the key file holds.
pub(super) fn key_for(secret: &[u8], purpose: &str) -> Zeroizing<[u8; 32]> {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), purpose.as_bytes());
    let mut key = Zeroizing::new([0_u8; 32]);
    key.copy_from_slice(tag.as_ref());
    key
}

fn sealing_key(secret: &[u8]) -> RandomizedNonceKey {
    let key = key_for(secret, "strongroom deidentify table v1");
    RandomizedNonceKey::new(&AES_256_GCM, &key[..]).expect("an AES-256 key has 32 bytes, and so has this one")
}

/// The bytes of a table.
pub(super) fn sealed(secret: &[u8], lines: &[Line]) -> Vec<u8> {
    let mut plain = Zeroizing::new(Vec::new());
    for line in lines {
        for text in [line.kind.as_str(), &line.canonical, &line.code] {
            let length =
                u32::try_from(text.len()).expect("a value of a file that is under 2 GiB is shorter than 4 GiB");
            plain.extend_from_slice(&length.to_be_bytes());
            plain.extend_from_slice(text.as_bytes());
        }
    }
    let mut sealed = plain.to_vec();
    let nonce = sealing_key(secret)
        .seal_in_place_append_tag(Aad::from(&HEAD[..]), &mut sealed)
        .expect("sealing fails only without randomness or over 64 GiB, and neither is so here");
    let mut out = Vec::with_capacity(HEAD.len() + NONCE_LEN + sealed.len());
    out.extend_from_slice(HEAD);
    out.extend_from_slice(nonce.as_ref());
    out.extend_from_slice(&sealed);
    out
}

/// The lines of a table; `None` if the key does not open it or it is no table.
pub(super) fn opened(secret: &[u8], bytes: &[u8]) -> Option<Vec<Line>> {
    let rest = bytes.strip_prefix(HEAD)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>()?;
    let mut data = Zeroizing::new(ciphertext.to_vec());
    let plain = sealing_key(secret)
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(&HEAD[..]), &mut data)
        .ok()?;
    let mut rest = &*plain;
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let (kind, canonical, code) = (text(&mut rest)?, text(&mut rest)?, text(&mut rest)?);
        lines.push(Line { kind: kind.parse().ok()?, canonical, code });
    }
    Some(lines)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (text, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *rest = after;
    String::from_utf8(text.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::{opened, sealed};
    use identify::Identifier;
    use identify::deidentify::Line;

    #[test]
    fn a_table_opens_under_its_key_alone_and_holds_nothing_in_clear() {
        let line = Line { kind: Identifier::Name, canonical: "quxley".to_owned(), code: "3K7Q9B".to_owned() };
        let bytes = sealed(&[7; 32], std::slice::from_ref(&line));
        assert_eq!(opened(&[7; 32], &bytes), Some(vec![line]));
        assert_eq!(opened(&[8; 32], &bytes), None);
        assert!(!bytes.windows(6).any(|six| six == b"quxley"));
        let mut torn = bytes.clone();
        torn.pop();
        assert_eq!(opened(&[7; 32], &torn), None);
    }
}
