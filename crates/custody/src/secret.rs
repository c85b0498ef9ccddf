//! Secrets that people and browsers carry: made here, kept as hashes only.

use data_encoding::BASE64URL_NOPAD;
use record::Entropy;

/// Length of a cookie's or link's secret in characters: 256 bits in base64url.
pub(crate) const SECRET_CHARS: usize = 43;
/// Letters and digits that are not mistaken for each other over the telephone.
const SPOKEN: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// 256 random bits for a cookie or a link.
pub(crate) fn secret(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; 32];
    entropy.fill(&mut bytes);
    BASE64URL_NOPAD.encode(&bytes)
}

/// `groups` groups of four characters, 20 bits each, to be told by telephone or kept on paper.
pub(crate) fn spoken(entropy: &dyn Entropy, groups: usize) -> String {
    let mut bytes = vec![0_u8; groups * 4];
    entropy.fill(&mut bytes);
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(SPOKEN[usize::from(byte & 31)])).collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// As it is compared: upper case, only letters and digits.
pub(crate) fn spoken_normal(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}
