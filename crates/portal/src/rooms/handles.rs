//! What a few rooms hold besides custody: the gate, and the demo's one-time links.

use crate::door::{Gate, counts::RequestCounts};
use data_encoding::BASE64URL_NOPAD;
use record::{Entropy, PersonId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One-time links that sign a made-up person in. They exist in the demo only, in memory only.
#[derive(Clone, Default)]
pub struct DemoLinks(Arc<Mutex<HashMap<String, PersonId>>>);

impl DemoLinks {
    /// A new link for this person: the secret that stands in its address.
    #[must_use]
    pub fn link(&self, person: PersonId, entropy: &dyn Entropy) -> String {
        let mut bytes = [0_u8; 32];
        entropy.fill(&mut bytes);
        let secret = BASE64URL_NOPAD.encode(&bytes);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.clone(), person);
        secret
    }

    /// Uses a link up.
    #[must_use]
    pub fn take(&self, secret: &str) -> Option<PersonId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(secret)
    }
}

/// What a few rooms hold besides custody.
#[derive(Clone)]
pub struct Handles {
    /// Opened again by an officer's act.
    pub(crate) gate: Gate,
    /// The demo's links; none anywhere else, and then the route is not there.
    pub(crate) demo: Option<DemoLinks>,
    /// How many requests there were, as the door counts them.
    pub(crate) counts: RequestCounts,
}

impl Handles {
    /// For a house for work, or for the demo.
    #[must_use]
    pub fn new(gate: Gate, demo: bool) -> Self {
        Self { gate, demo: demo.then(DemoLinks::default), counts: RequestCounts::default() }
    }

    /// The demo's links.
    #[must_use]
    pub const fn demo(&self) -> Option<&DemoLinks> {
        self.demo.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::DemoLinks;
    use record::{PersonId, SeededEntropy};

    #[test]
    fn a_link_signs_in_once() {
        let links = DemoLinks::default();
        let person = PersonId::from_bytes([7; 16]);
        let secret = links.link(person, &SeededEntropy::new(1));
        assert_eq!(links.take(&secret), Some(person));
        assert_eq!(links.take(&secret), None);
        assert_eq!(links.take("guessed"), None);
    }
}
