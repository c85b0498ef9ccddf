//! Checkpoints: a signed head of the ledger (C2SP tlog-checkpoint), and what a witness says about one
//! (C2SP tlog-cosignature, the Ed25519 form).
//!
//! What must always hold: whoever holds a [`SignedCheckpoint`] holds one whose signature was checked or just made;
//! a [`Signer`] never signs two heads of one size with different roots, nor a head smaller than one it has signed.

use crate::note::{NamedKey, Note, NoteError, SigningKey, TYPE_COSIGNATURE, Verifier, signature_lines};
use crate::tree::{Head, empty_root};
use data_encoding::BASE64;
use record::Sha256;
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// What a checkpoint says: which ledger, how many entries, which root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The ledger's name.
    pub origin: String,
    /// Size and root.
    pub head: Head,
}

impl Checkpoint {
    /// Reads the text of a note. Extension lines are refused: this ledger writes none, and nobody can audit them.
    ///
    /// # Errors
    /// [`NoteError::Checkpoint`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut lines = text.strip_suffix('\n').ok_or(NoteError::Checkpoint)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::Checkpoint);
        };
        let size = parse_decimal(size).ok_or(NoteError::Checkpoint)?;
        let root = parse_hash(root).ok_or(NoteError::Checkpoint)?;
        if origin.is_empty() || (size == 0 && root != empty_root()) {
            return Err(NoteError::Checkpoint);
        }
        Ok(Self { origin: origin.to_owned(), head: Head { size, root } })
    }
}

impl fmt::Display for Checkpoint {
    /// The note text, with its last newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.head.size, BASE64.encode(self.head.root.as_bytes()))
    }
}

/// A decimal number in its one spelling.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = digits && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// A hash in base64, in its one spelling.
pub(crate) fn parse_hash(text: &str) -> Option<Sha256> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Sha256::from_bytes)
}

/// A checkpoint whose signature is good. Text form: the signed note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Reads a signed note and checks it: signed by this ledger's key, and a checkpoint of this ledger.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open(note: &str, verifier: &Verifier) -> Result<Self, NoteError> {
        let note: Note = note.parse()?;
        let checkpoint = Checkpoint::parse(verifier.verified_text(&note)?)?;
        if checkpoint.origin != verifier.name() {
            return Err(NoteError::Checkpoint);
        }
        Ok(Self { checkpoint, note })
    }

    /// Which ledger, how many entries, which root.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
    /// Size and root.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.checkpoint.head
    }
    /// The signed note.
    #[must_use]
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// When this witness cosigned, in seconds since 1970, by its own clock; `None` when it has not.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`] when a line carries the witness's name and key id and does not verify.
    pub fn cosigned_at(&self, witness: &Witness) -> Result<Option<u64>, NoteError> {
        let mut latest = None;
        for line in witness.0.lines(&self.note) {
            let (time, signature) = line.signature.split_first_chunk::<8>().ok_or(NoteError::BadSignature)?;
            let time = u64::from_be_bytes(*time);
            if i64::try_from(time).is_err() {
                return Err(NoteError::BadSignature);
            }
            let message = format!("cosignature/v1\ntime {time}\n{}", self.note.unverified_text());
            witness.0.check(message.as_bytes(), signature)?;
            latest = latest.max(Some(time));
        }
        Ok(latest)
    }

    /// Takes over what a witness answered (C2SP tlog-witness, `add-checkpoint`): lines of the known witness that
    /// verify; everything else is ignored. Says whether it has cosigned now.
    ///
    /// # Errors
    /// [`NoteError`] when the answer is no list of signature lines, or a line of the known witness does not verify.
    pub fn add_cosignatures(&mut self, answer: &str, witness: &Witness) -> Result<Option<u64>, NoteError> {
        let heard = Note::new(self.note.unverified_text().to_owned(), signature_lines(answer)?);
        let heard = Self { checkpoint: self.checkpoint.clone(), note: heard };
        let time = heard.cosigned_at(witness)?;
        witness.0.lines(&heard.note).for_each(|line| self.note.push(line.clone()));
        Ok(time)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.note, f)
    }
}

/// A witness's public key (vkey of type 4).
#[derive(Clone, PartialEq, Eq)]
pub struct Witness(NamedKey);

impl Witness {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }
}

impl FromStr for Witness {
    type Err = NoteError;
    fn from_str(vkey: &str) -> Result<Self, NoteError> {
        NamedKey::parse(vkey, TYPE_COSIGNATURE).map(Self)
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Witness({self})")
    }
}

/// The body that `add-checkpoint` of a witness takes (C2SP tlog-witness).
#[must_use]
pub fn witness_request(old_size: u64, proof: &[Sha256], checkpoint: &SignedCheckpoint) -> String {
    let lines: String = proof.iter().map(|hash| format!("{}\n", BASE64.encode(hash.as_bytes()))).collect();
    format!("old {old_size}\n{lines}\n{checkpoint}")
}

/// The signer will not put its name to this head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// A larger head is signed already.
    #[error("a larger head of {} entries is signed already", .0.size)]
    Behind(Head),
    /// A head of the same size and another root is signed already: the ledger has forked.
    #[error("another head of {} entries is signed already", .0.size)]
    Forked(Head),
}

/// Holds a ledger's signing key. Not `Clone`: the memory of what was signed must be one.
pub struct Signer {
    key: SigningKey,
    signed: Mutex<Option<Head>>,
}

impl Signer {
    /// From the 32 bytes of an Ed25519 seed (RFC 8032), which are wiped. The name is the ledger's origin, such as
    /// `records.example.com/ledger`.
    ///
    /// # Errors
    /// [`NoteError::Name`] for a name that no signed note can carry.
    #[expect(clippy::needless_pass_by_value, reason = "taking the seed by value is what wipes it")]
    pub fn from_seed(name: &str, seed: Zeroizing<[u8; 32]>) -> Result<Self, NoteError> {
        Ok(Self { key: SigningKey::from_seed(name, &seed)?, signed: Mutex::new(None) })
    }

    /// The ledger's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.key.name()
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        self.key.verifier()
    }

    /// Tells a fresh process what was signed before (the newest checkpoint at hand, best one kept elsewhere), so
    /// that a ledger which no longer contains it is never extended. A smaller head than known changes nothing.
    ///
    /// # Errors
    /// [`SignError::Forked`] when another head of that size is signed already.
    pub fn resume(&self, newest: &SignedCheckpoint) -> Result<(), SignError> {
        match self.note_signed(*newest.head()) {
            Err(SignError::Behind(_)) => Ok(()),
            other => other,
        }
    }

    /// The largest head that this signer has signed or was told of.
    #[must_use]
    pub fn largest(&self) -> Option<Head> {
        *self.signed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_signed(&self, head: Head) -> Result<(), SignError> {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        match *signed {
            Some(known) if known.size > head.size => return Err(SignError::Behind(known)),
            Some(known) if known.size == head.size && known.root != head.root => return Err(SignError::Forked(known)),
            _ => *signed = Some(head),
        }
        Ok(())
    }

    /// Signs a head. In this crate only: the caller has read it back as durable.
    pub(crate) fn sign(&self, head: Head) -> Result<SignedCheckpoint, SignError> {
        self.note_signed(head)?;
        Ok(self.sign_again(head))
    }

    /// The same signature once more: only for a head that was signed before.
    pub(crate) fn sign_again(&self, head: Head) -> SignedCheckpoint {
        let checkpoint = Checkpoint { origin: self.name().to_owned(), head };
        let note = self.key.sign(checkpoint.to_string());
        SignedCheckpoint { checkpoint, note }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::{SignError, Signer};
    use crate::tree::Head;
    use record::Sha256;
    use zeroize::Zeroizing;

    #[test]
    fn a_signer_signs_no_second_head_of_a_size_and_none_behind_its_largest() {
        let head = |size, text: &str| Head { size, root: Sha256::of(text.as_bytes()) };
        let signer = || Signer::from_seed("records.example.com/ledger", Zeroizing::new([1; 32])).unwrap();
        let (one, other) = (signer(), signer());
        let ten = one.sign(head(10, "a")).unwrap();
        assert_eq!(one.sign(head(10, "a")).unwrap(), ten, "the same head gives the same signature");
        assert_eq!(one.sign(head(10, "b")), Err(SignError::Forked(head(10, "a"))));
        assert_eq!(one.sign(head(9, "a")), Err(SignError::Behind(head(10, "a"))));
        assert_eq!(one.largest(), Some(head(10, "a")));
        assert_eq!(one.resume(&other.sign(head(9, "c")).unwrap()), Ok(()), "an older one changes nothing");
        assert_eq!(one.resume(&other.sign(head(10, "b")).unwrap()), Err(SignError::Forked(head(10, "a"))));
        assert_eq!(one.resume(&signer().sign(head(12, "d")).unwrap()), Ok(()));
        assert_eq!(one.sign(head(11, "e")), Err(SignError::Behind(head(12, "d"))));
        assert_eq!(format!("{one:?}"), "Signer(records.example.com/ledger)");
    }

    #[test]
    fn a_name_that_no_note_can_carry_is_refused() {
        for name in ["", "a b", "a+b", "a\nb", "a\u{2003}b", &"a".repeat(256)] {
            assert!(Signer::from_seed(name, Zeroizing::new([1; 32])).is_err(), "{name:?}");
        }
    }
}
