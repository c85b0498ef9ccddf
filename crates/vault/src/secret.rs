//! Key bytes: wiped when dropped, never cloned, never printed; and the root key with its two providers.
//!
//! The root key comes from a file on another volume or from a passphrase. It is never written by this crate; it
//! wraps epoch keys and does nothing else.

use crate::primitives::{Argon2Cost, KEY_LEN, MacKey, argon2id, label};
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};
use record::Entropy;
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

/// 32 secret bytes, on the heap so that moving it leaves no copy on the stack.
pub(crate) struct Secret(Box<[u8; KEY_LEN]>);

impl Secret {
    /// Zeros that `fill` makes into a key.
    pub(crate) fn filled(fill: impl FnOnce(&mut [u8; KEY_LEN])) -> Self {
        let mut secret = Self(Box::new([0_u8; KEY_LEN]));
        fill(&mut secret.0);
        secret
    }
    /// A new key.
    pub(crate) fn random(entropy: &dyn Entropy) -> Self {
        Self::filled(|bytes| entropy.fill(bytes))
    }
    /// From exactly 32 bytes.
    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == KEY_LEN).then(|| Self::filled(|place| place.copy_from_slice(bytes)))
    }
    /// The bytes, for a primitive.
    pub(crate) fn expose(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The root key could not be had. Nothing of what was given is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RootKeyError {
    /// The file is neither 32 raw bytes nor one line of base64 or hexadecimal for 32 bytes.
    #[error("the key file holds neither 32 raw bytes nor one line of base64 or hexadecimal for 32 bytes")]
    FileForm,
    /// All bytes are equal, as in a file that was made but never filled.
    #[error("the key file holds the same byte over and over; it was never filled")]
    NotRandom,
    /// The passphrase is shorter than [`PASSPHRASE_CHARS_MIN`].
    #[error("the passphrase is shorter than {PASSPHRASE_CHARS_MIN} characters")]
    PassphraseShort,
    /// The stored parameters cannot be read or ask for too little or too much work.
    #[error("the stored passphrase parameters are not acceptable")]
    Params,
}

/// The shortest passphrase that is taken, in characters. The thief has the salt and all the time there is.
pub const PASSPHRASE_CHARS_MIN: usize = 12;

/// The key above all keys. It wraps epoch keys.
pub struct RootKey {
    pub(crate) secret: Secret,
    name: String,
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(..)")
    }
}

impl RootKey {
    fn of(secret: Secret) -> Self {
        let name = format!("root/{}", HEXLOWER.encode(&MacKey::new(&secret).tag(&[label::ROOT_NAME])));
        Self { secret, name }
    }

    /// A new one.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self::of(Secret::random(entropy))
    }

    /// From the bytes of a key file: 32 raw bytes, or one line of 64 hexadecimal digits, or of base64 for 32 bytes.
    ///
    /// # Errors
    /// [`RootKeyError::FileForm`] for anything else (32 printable characters too: that is a short text, not a
    /// key), [`RootKeyError::NotRandom`] for one byte repeated.
    pub fn from_file_bytes(bytes: &[u8]) -> Result<Self, RootKeyError> {
        // 32 random bytes are all printable once in 10^13 keys; a 128-bit key in hexadecimal always is.
        let raw = bytes.len() == KEY_LEN && !bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
        let decoded = if raw { Zeroizing::new(bytes.to_vec()) } else { Self::decode_line(bytes)? };
        let secret = Secret::from_slice(&decoded).ok_or(RootKeyError::FileForm)?;
        if decoded.iter().all(|byte| *byte == decoded[0]) {
            return Err(RootKeyError::NotRandom);
        }
        Ok(Self::of(secret))
    }

    fn decode_line(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, RootKeyError> {
        if bytes.len() > 128 {
            return Err(RootKeyError::FileForm);
        }
        let line = bytes.trim_ascii();
        let encodings: &[data_encoding::Encoding] = match line.len() {
            64 => &[HEXLOWER_PERMISSIVE],
            44 => &[BASE64, BASE64URL],
            43 => &[BASE64_NOPAD, BASE64URL_NOPAD],
            _ => &[],
        };
        encodings
            .iter()
            .find_map(|encoding| encoding.decode(line).ok())
            .map(Zeroizing::new)
            .ok_or(RootKeyError::FileForm)
    }

    /// From a passphrase by Argon2id (RFC 9106). The passphrase is read as NFKC, so that two keyboards agree.
    ///
    /// # Errors
    /// [`RootKeyError::PassphraseShort`], [`RootKeyError::Params`].
    pub fn from_passphrase(passphrase: &str, params: &PassphraseParams) -> Result<Self, RootKeyError> {
        params.check()?;
        let normal = Zeroizing::new(passphrase.trim_end_matches(['\r', '\n']).nfkc().collect::<String>());
        if normal.chars().count() < PASSPHRASE_CHARS_MIN {
            return Err(RootKeyError::PassphraseShort);
        }
        argon2id(normal.as_bytes(), &params.salt, params.cost).map(Self::of).ok_or(RootKeyError::Params)
    }

    /// The line to write into a new key file: base64 and a newline. The caller chooses the place and mode 0400.
    #[must_use]
    pub fn to_file_line(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}\n", BASE64.encode(self.secret.expose())))
    }

    /// Its name, which tells nothing about it: the same key has the same name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Salt and cost of the passphrase provider. Stored in clear beside the data; worthless without the passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassphraseParams {
    salt: [u8; 16],
    cost: Argon2Cost,
}

impl PassphraseParams {
    /// New salt; 256 MiB, 3 passes, 4 lanes.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut salt = [0_u8; 16];
        entropy.fill(&mut salt);
        Self { salt, cost: Argon2Cost { memory_kib: 256 * 1024, passes: 3, lanes: 4 } }
    }

    /// The same salt with other costs.
    ///
    /// # Errors
    /// [`RootKeyError::Params`] below 64 MiB or 3 passes, above 4 GiB or 64 passes, or with no or over 16 lanes.
    pub fn with_cost(&self, memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, RootKeyError> {
        let params = Self { salt: self.salt, cost: Argon2Cost { memory_kib, passes, lanes } };
        params.check()?;
        Ok(params)
    }

    /// Too little would help a thief who swaps the file; too much would keep the door shut.
    fn check(&self) -> Result<(), RootKeyError> {
        let Argon2Cost { memory_kib, passes, lanes } = self.cost;
        let fine = (64 * 1024..=4 * 1024 * 1024).contains(&memory_kib)
            && (3..=64).contains(&passes)
            && (1..=16).contains(&lanes);
        if fine { Ok(()) } else { Err(RootKeyError::Params) }
    }
}

impl fmt::Display for PassphraseParams {
    /// `argon2id v=19 m=262144 t=3 p=4 salt=…` (docs/FORMATS-vault.md).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Argon2Cost { memory_kib, passes, lanes } = self.cost;
        let salt = HEXLOWER.encode(&self.salt);
        write!(f, "argon2id v=19 m={memory_kib} t={passes} p={lanes} salt={salt}")
    }
}

impl std::str::FromStr for PassphraseParams {
    type Err = RootKeyError;
    fn from_str(text: &str) -> Result<Self, RootKeyError> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let ["argon2id", "v=19", memory, passes, lanes, salt] = words.as_slice() else {
            return Err(RootKeyError::Params);
        };
        let number = |word: &str, key: &str| -> Result<u32, RootKeyError> {
            word.strip_prefix(key).and_then(|digits| digits.parse().ok()).ok_or(RootKeyError::Params)
        };
        let salt = salt.strip_prefix("salt=").and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok());
        let salt = salt.and_then(|bytes| bytes.try_into().ok()).ok_or(RootKeyError::Params)?;
        Self { salt, cost: Argon2Cost { memory_kib: 0, passes: 0, lanes: 0 } }.with_cost(
            number(memory, "m=")?,
            number(passes, "t=")?,
            number(lanes, "p=")?,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::SeededEntropy;

    #[test]
    fn a_key_file_may_be_raw_or_one_line() {
        let root = RootKey::generate(&SeededEntropy::new(1));
        let raw = root.secret.expose().to_vec();
        let lines = [
            raw.clone(),
            root.to_file_line().as_bytes().to_vec(),
            HEXLOWER.encode(&raw).into_bytes(),
            HEXLOWER.encode(&raw).to_uppercase().into_bytes(),
            BASE64URL_NOPAD.encode(&raw).into_bytes(),
            format!("  {}\r\n", BASE64.encode(&raw)).into_bytes(),
        ];
        for line in lines {
            assert_eq!(RootKey::from_file_bytes(&line).unwrap().name(), root.name());
        }
    }

    #[test]
    fn what_is_no_key_is_not_taken_for_one() {
        for wrong in [&b""[..], &[7; 31], &[7; 33], &[0; 4096], b"0123456789abcdef0123456789abcdef", b"correct horse\n"]
        {
            assert_eq!(RootKey::from_file_bytes(wrong).unwrap_err(), RootKeyError::FileForm);
        }
        assert_eq!(RootKey::from_file_bytes(&[0; 32]).unwrap_err(), RootKeyError::NotRandom);
        assert_eq!(RootKey::from_file_bytes(&[b'0'; 64]).unwrap_err(), RootKeyError::NotRandom);
    }

    #[test]
    fn a_passphrase_gives_the_same_key_again_and_its_parameters_round_trip() {
        let params = PassphraseParams::generate(&SeededEntropy::new(2)).with_cost(64 * 1024, 3, 1).unwrap();
        let again: PassphraseParams = params.to_string().parse().unwrap();
        assert_eq!(params, again);
        let first = RootKey::from_passphrase("cafe\u{301} at the corner", &params).unwrap();
        let second = RootKey::from_passphrase("caf\u{e9} at the corner\n", &again).unwrap();
        assert_eq!(first.name(), second.name());
        assert_eq!(RootKey::from_passphrase("short", &params).unwrap_err(), RootKeyError::PassphraseShort);
    }

    #[test]
    fn weak_or_absurd_parameters_are_refused() {
        let salt = "00112233445566778899aabbccddeeff";
        for text in [
            format!("argon2id v=19 m=8 t=3 p=1 salt={salt}"),
            format!("argon2id v=19 m=65536 t=1 p=1 salt={salt}"),
            format!("argon2id v=19 m=4294967295 t=3 p=1 salt={salt}"),
            format!("argon2id v=19 m=65536 t=3 p=0 salt={salt}"),
            format!("argon2i v=19 m=65536 t=3 p=1 salt={salt}"),
            "argon2id v=19 m=65536 t=3 p=1 salt=00".to_owned(),
            String::new(),
        ] {
            assert_eq!(text.parse::<PassphraseParams>().unwrap_err(), RootKeyError::Params, "{text}");
        }
    }

    #[test]
    fn no_key_shows_itself() {
        let root = RootKey::generate(&SeededEntropy::new(3));
        assert_eq!(format!("{root:?} {:?}", root.secret), "RootKey(..) Secret(..)");
    }
}
