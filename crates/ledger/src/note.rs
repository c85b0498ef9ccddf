//! Signed notes and verifier keys (C2SP signed-note), Ed25519 only.
//!
//! What must always hold: nothing of a note is believed before a known key's signature over its exact bytes has
//! been checked; a signature of a known key that fails spoils the whole note; sizes are bounded before parsing.
//!
//! What it refuses to know: what a text means (`checkpoint`).

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use data_encoding::BASE64;
use record::Sha256;
use std::fmt;
use std::str::FromStr;

/// The largest note that is read, in bytes: a checkpoint is under 1 KiB, sixteen post-quantum cosignatures are 80 KiB.
pub const NOTE_BYTES_MAX: usize = 256 * 1024;
/// The most signatures that are read; C2SP asks for at least 16.
pub const SIGNATURES_MAX: usize = 64;
/// Signature type of a plain Ed25519 signature over the text.
pub(crate) const TYPE_ED25519: u8 = 0x01;
/// Signature type of a timestamped cosignature over a checkpoint.
pub(crate) const TYPE_COSIGNATURE: u8 = 0x04;

/// The text is no note, no key, or not signed by whom it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not of the form that C2SP signed-note gives.
    #[error("not a signed note")]
    Form,
    /// Not a verifier key, or not of the type that is needed here.
    #[error("not a verifier key of the form name+id+key")]
    Key,
    /// A key name is empty, or has a space, a plus or a control character.
    #[error("a key name may not be empty nor hold spaces, plus signs or controls")]
    Name,
    /// No signature by the key.
    #[error("the note is not signed by the key it needs")]
    NotSigned,
    /// A signature by the key does not verify.
    #[error("the signature does not verify")]
    BadSignature,
    /// The text of the note is not a checkpoint of this ledger.
    #[error("the note is not a checkpoint of this ledger")]
    Checkpoint,
}

fn name_is_good(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && !name.contains(|letter: char| letter.is_whitespace() || letter == '+' || letter.is_control())
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// Whose key.
    pub name: String,
    /// The key's short id; it finds a key and proves nothing.
    pub key_id: u32,
    /// What follows the id.
    pub signature: Vec<u8>,
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.key_id.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.signature);
        writeln!(f, "— {} {}", self.name, BASE64.encode(&bytes))
    }
}

/// A note as parsed. Its text is not to be believed before a [`Verifier`] has checked it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    pub(crate) const fn new(text: String, signatures: Vec<SignatureLine>) -> Self {
        Self { text, signatures }
    }
    /// The signed text, with its last newline.
    #[must_use]
    pub fn unverified_text(&self) -> &str {
        &self.text
    }
    /// The signature lines as they stand.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }
    pub(crate) fn push(&mut self, line: SignatureLine) {
        if self.signatures.len() < SIGNATURES_MAX && !self.signatures.contains(&line) {
            self.signatures.push(line);
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| fmt::Display::fmt(line, f))
    }
}

/// Signature lines one after the other, each ending in a newline, at most [`SIGNATURES_MAX`].
///
/// # Errors
/// [`NoteError::Form`].
pub fn signature_lines(text: &str) -> Result<Vec<SignatureLine>, NoteError> {
    if text.len() > NOTE_BYTES_MAX {
        return Err(NoteError::Form);
    }
    let lines = text.strip_suffix('\n').ok_or(NoteError::Form)?;
    let mut signatures = Vec::new();
    for line in lines.split('\n') {
        let (name, encoded) = line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or(NoteError::Form)?;
        let bytes = BASE64.decode(encoded.as_bytes()).map_err(|_| NoteError::Form)?;
        let (key_id, signature) = bytes.split_first_chunk::<4>().ok_or(NoteError::Form)?;
        if !name_is_good(name) || signature.is_empty() || signatures.len() == SIGNATURES_MAX {
            return Err(NoteError::Form);
        }
        signatures.push(SignatureLine {
            name: name.to_owned(),
            key_id: u32::from_be_bytes(*key_id),
            signature: signature.to_vec(),
        });
    }
    Ok(signatures)
}

impl FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX || note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::Form);
        }
        // The last empty line divides text and signatures; the text keeps its own last newline.
        let split = note.rfind("\n\n").ok_or(NoteError::Form)?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        Ok(Self { text: text.to_owned(), signatures: signature_lines(lines)? })
    }
}

/// A public key with its name and type, as a vkey names it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct NamedKey {
    pub(crate) name: String,
    kind: u8,
    public: [u8; 32],
}

impl NamedKey {
    fn new(name: &str, kind: u8, public: [u8; 32]) -> Result<Self, NoteError> {
        if !name_is_good(name) {
            return Err(NoteError::Name);
        }
        Ok(Self { name: name.to_owned(), kind, public })
    }

    /// C2SP signed-note: the first four bytes of SHA-256(name, newline, type, key).
    fn id(&self) -> u32 {
        let mut hasher = record::digest::Hasher::default();
        hasher.update(self.name.as_bytes());
        hasher.update(&[b'\n', self.kind]);
        hasher.update(&self.public);
        let digest: Sha256 = hasher.finish();
        let [a, b, c, d, ..] = *digest.as_bytes();
        u32::from_be_bytes([a, b, c, d])
    }

    /// Reads a vkey of one type.
    pub(crate) fn parse(vkey: &str, kind: u8) -> Result<Self, NoteError> {
        let (name, rest) = vkey.split_once('+').ok_or(NoteError::Key)?;
        let (id, encoded) = rest.split_once('+').ok_or(NoteError::Key)?;
        let bytes = BASE64.decode(encoded.as_bytes()).map_err(|_| NoteError::Key)?;
        let (found, public) = bytes.split_first().ok_or(NoteError::Key)?;
        let public = <[u8; 32]>::try_from(public).map_err(|_| NoteError::Key)?;
        let key = Self::new(name, *found, public)?;
        if *found != kind || id != format!("{:08x}", key.id()) {
            return Err(NoteError::Key);
        }
        Ok(key)
    }

    /// The one signature of this key on the note: absent is `NotSigned`. With several lines by the same key, all count.
    pub(crate) fn lines<'a>(&'a self, note: &'a Note) -> impl Iterator<Item = &'a SignatureLine> {
        let id = self.id();
        note.signatures.iter().filter(move |line| line.key_id == id && line.name == self.name)
    }

    pub(crate) fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), NoteError> {
        UnparsedPublicKey::new(&ED25519, &self.public).verify(message, signature).map_err(|_| NoteError::BadSignature)
    }
}

impl fmt::Display for NamedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![self.kind];
        bytes.extend_from_slice(&self.public);
        write!(f, "{}+{:08x}+{}", self.name, self.id(), BASE64.encode(&bytes))
    }
}

/// The public half of a ledger's key. Text form: a C2SP vkey; `Display` and `FromStr` round-trip.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier(NamedKey);

impl Verifier {
    /// The ledger's name: the origin line of its checkpoints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The text of the note, once the signature is seen to be good.
    ///
    /// # Errors
    /// [`NoteError::NotSigned`] or [`NoteError::BadSignature`].
    pub fn verified_text<'a>(&self, note: &'a Note) -> Result<&'a str, NoteError> {
        let mut signed = Err(NoteError::NotSigned);
        for line in self.0.lines(note) {
            self.0.check(note.text.as_bytes(), &line.signature)?;
            signed = Ok(note.text.as_str());
        }
        signed
    }
}

impl FromStr for Verifier {
    type Err = NoteError;
    fn from_str(vkey: &str) -> Result<Self, NoteError> {
        NamedKey::parse(vkey, TYPE_ED25519).map(Self)
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({self})")
    }
}

/// The signing half, inside the cryptographic library, which wipes it when it is dropped.
pub(crate) struct SigningKey {
    pair: Ed25519KeyPair,
    key: NamedKey,
}

impl SigningKey {
    pub(crate) fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| NoteError::Key)?;
        let public = <[u8; 32]>::try_from(pair.public_key().as_ref()).map_err(|_| NoteError::Key)?;
        Ok(Self { pair, key: NamedKey::new(name, TYPE_ED25519, public)? })
    }
    pub(crate) fn name(&self) -> &str {
        &self.key.name
    }
    pub(crate) fn verifier(&self) -> Verifier {
        Verifier(self.key.clone())
    }
    pub(crate) fn sign(&self, text: String) -> Note {
        let signature = self.pair.sign(text.as_bytes()).as_ref().to_vec();
        let line = SignatureLine { name: self.key.name.clone(), key_id: self.key.id(), signature };
        Note::new(text, vec![line])
    }
}
