//! Secrets that people and browsers carry: made here, kept as hashes only.

use data_encoding::BASE64URL_NOPAD;
use record::{Entropy, InvitationId, PersonId, Sha256};
use subtle::ConstantTimeEq as _;
use vault::KeyRing;

/// Length of a cookie's or link's secret in characters: 256 bits in base64url.
pub(crate) const SECRET_CHARS: usize = 43;
/// Letters and digits that are not mistaken for each other over the telephone.
const SPOKEN: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Groups of a second secret: 40 bits, against which five guesses are taken.
const SECOND_GROUPS: usize = 2;
/// Groups of a recovery code: 80 bits.
const CODE_GROUPS: usize = 4;

/// 256 random bits for a cookie or a link.
pub(crate) fn secret(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; 32];
    entropy.fill(&mut bytes);
    BASE64URL_NOPAD.encode(&bytes)
}

/// As it is kept. Plain SHA-256 is enough for 256 random bits: there is nothing to try out.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    Sha256::of(secret.as_bytes()).as_bytes().to_vec()
}

/// `groups` groups of four characters, 20 bits each, to be told by telephone or kept on paper.
pub(crate) fn spoken(entropy: &dyn Entropy, groups: usize) -> String {
    let mut bytes = vec![0_u8; groups * 4];
    entropy.fill(&mut bytes);
    letters(&bytes)
}

fn letters(bytes: &[u8]) -> String {
    let letters: Vec<char> = bytes.iter().map(|byte| char::from(SPOKEN[usize::from(byte & 31)])).collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// As it is compared: upper case, only letters and digits.
pub(crate) fn spoken_normal(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// A new second secret for an invitation that nobody has to confirm.
pub(crate) fn second_new(entropy: &dyn Entropy) -> String {
    spoken(entropy, SECOND_GROUPS)
}

/// The second secret of an invitation that somebody has to confirm. It is derived from the keys, so that it is nowhere
/// until the second person asks for it: whoever asked for the invitation has the link and not this.
pub(crate) fn second_of_confirmed(ring: &KeyRing, invitation: InvitationId) -> String {
    letters(&ring.directory_blind("spoken-confirmed", &invitation.to_string())[..SECOND_GROUPS * 4])
}

/// A second secret as it is kept: a MAC, because 40 bits alone could be tried out by whoever has the table.
pub(crate) fn second_mac(ring: &KeyRing, invitation: InvitationId, spoken: &str) -> Vec<u8> {
    ring.directory_blind("spoken", &format!("{invitation}:{}", spoken_normal(spoken))).to_vec()
}

/// A new recovery code.
pub(crate) fn code_new(entropy: &dyn Entropy) -> String {
    spoken(entropy, CODE_GROUPS)
}

/// A recovery code as it is kept.
pub(crate) fn code_mac(ring: &KeyRing, person: PersonId, code: &str) -> Vec<u8> {
    ring.directory_blind("recovery", &format!("{person}:{}", spoken_normal(code))).to_vec()
}

/// Are they the same, in a time that does not tell where they differ.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}
