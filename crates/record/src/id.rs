//! Every id is its own type, minted from a clock and entropy, and carries its kind as a prefix in text.
//!
//! An id is 128 bits: 48 bits of milliseconds since 1970 and 80 random bits, so that ids made later sort
//! later and nobody can guess the next one. Text form: `doc_` and 26 characters of lower-case Crockford
//! base32. `Display` and `FromStr` round-trip. The registry below is append-only.

use crate::{Clock, Entropy};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The text was not an id of the kind that was asked for. It does not repeat the text, which may be hostile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_ and 26 characters")]
pub struct IdError {
    prefix: &'static str,
}

fn encode(value: u128) -> String {
    let mut text = [0_u8; 26];
    let mut rest = value;
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn decode(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    // 26 × 5 = 130 bits: the first character may only carry three.
    if bytes.len() != 26 || !(b'0'..=b'7').contains(&bytes[0]) {
        return None;
    }
    bytes.iter().try_fold(0_u128, |value, byte| {
        let digit = ALPHABET.iter().position(|known| known == byte)?;
        Some((value << 5) | digit as u128)
    })
}

fn mint(clock: &dyn Clock, entropy: &dyn Entropy) -> u128 {
    let millis = u128::from(clock.now().unix_millis().max(0).unsigned_abs()) & ((1 << 48) - 1);
    let mut random = [0_u8; 16];
    entropy.fill(&mut random[6..]);
    (millis << 80) | u128::from_be_bytes(random)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(u128);

            impl $name {
                /// The kind, as it stands before the underscore.
                pub const PREFIX: &'static str = $prefix;

                /// A new id, never given before.
                #[must_use]
                pub fn mint(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
                    Self(mint(clock, entropy))
                }

                /// The 16 bytes, big-endian, for encodings on disk.
                #[must_use]
                pub const fn to_bytes(self) -> [u8; 16] {
                    self.0.to_be_bytes()
                }

                /// From the 16 bytes of [`Self::to_bytes`].
                #[must_use]
                pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                    Self(u128::from_be_bytes(bytes))
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}_{}", $prefix, encode(self.0))
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Display::fmt(self, f)
                }
            }

            impl FromStr for $name {
                type Err = IdError;
                fn from_str(text: &str) -> Result<Self, IdError> {
                    text.strip_prefix($prefix)
                        .and_then(|rest| rest.strip_prefix('_'))
                        .and_then(decode)
                        .map(Self)
                        .ok_or(IdError { prefix: $prefix })
                }
            }

            impl Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
                }
            }

            impl From<$name> for ResourceId {
                fn from(id: $name) -> Self {
                    Self::$name(id)
                }
            }
        )*

        /// Any one thing that an intent can name.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ResourceId {
            $(#[doc = concat!("`", $prefix, "_…`")] $name($name),)*
        }

        impl ResourceId {
            /// The kind of thing, as it stands before the underscore.
            #[must_use]
            pub const fn prefix(&self) -> &'static str {
                match self { $(Self::$name(_) => $prefix,)* }
            }

            /// The 16 bytes behind the prefix.
            #[must_use]
            pub const fn to_bytes(self) -> [u8; 16] {
                match self { $(Self::$name(id) => id.to_bytes(),)* }
            }
        }

        impl fmt::Display for ResourceId {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$name(id) => fmt::Display::fmt(id, f),)* }
            }
        }

        impl FromStr for ResourceId {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                match text.split_once('_').map(|(prefix, _)| prefix) {
                    $(Some($prefix) => text.parse().map(Self::$name),)*
                    _ => Err(IdError { prefix: "…" }),
                }
            }
        }
    };
}

// Append-only: a prefix, once given, is never given to another kind.
ids! {
    /// Whose PHI is held: a practice, clinic, hospital.
    CustomerId, "cus";
    /// A person who acts.
    PersonId, "per";
    /// A program with granted rights.
    ProgramId, "prg";
    /// A person's role at a customer or at the operator, from–to.
    MembershipId, "mem";
    /// A patient of one customer.
    PatientId, "pat";
    /// A document: transcript, dictation, letter or scan.
    DocumentId, "doc";
    /// The sealed bytes of one version of one rendition of a document.
    ObjectId, "obj";
    /// A business associate agreement.
    AgreementId, "agr";
    /// An invitation to enrol, one time.
    InvitationId, "inv";
    /// A passkey.
    CredentialId, "key";
    /// A signed-in session (its name for the ledger, never its secret).
    SessionId, "ses";
    /// An act of breaking the glass.
    BreakGlassId, "brk";
    /// What a detector or the probe said.
    AlertId, "alr";
    /// One upload on its way in.
    UploadId, "upl";
    /// One stated intent.
    IntentId, "int";
    /// A contact of a customer who can be reached day and night.
    ContactId, "con";
    /// A person around a patient: guardian or guarantor.
    RelatedPersonId, "rel";
    /// A numbered request, inside which a privacy officer sees names.
    RequestId, "req";
    /// One process that serves, among several on one database.
    NodeId, "nod";
    /// Two records of a customer that are said to be one patient's.
    MergeId, "mrg";
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ResourceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResourceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ManualClock, SeededEntropy};

    #[test]
    fn an_id_round_trips_through_text_and_sorts_by_time() {
        let clock = ManualClock::at_unix_millis(1_700_000_000_000);
        let entropy = SeededEntropy::new(1);
        let first = DocumentId::mint(&clock, &entropy);
        clock.advance_millis(1);
        let second = DocumentId::mint(&clock, &entropy);
        assert!(first < second);
        assert!(first.to_string() < second.to_string());
        assert_eq!(first.to_string().parse::<DocumentId>(), Ok(first));
        assert_eq!(first.to_string().parse::<ResourceId>(), Ok(ResourceId::DocumentId(first)));
    }

    #[test]
    fn an_id_of_one_kind_is_not_read_as_another() {
        let id = DocumentId::from_bytes([7; 16]).to_string();
        assert!(id.parse::<PatientId>().is_err());
        for wrong in ["", "doc_", "doc", "doc_8zzzzzzzzzzzzzzzzzzzzzzzzz", &id.to_uppercase(), &format!("{id}0")] {
            assert!(wrong.parse::<DocumentId>().is_err(), "{wrong}");
        }
    }
}
