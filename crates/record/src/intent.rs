//! What is asked: principal, action, a finite set of resources, purpose, time.

use crate::digest::Hasher;
use crate::{
    Act, Action, Clock, CustomerId, Entropy, IntentId, PersonId, ProgramId, ResourceId, SessionId, Sha256, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Principal {
    /// A person.
    Person(PersonId),
    /// Software with granted rights; the system's own jobs too.
    Program(ProgramId),
    /// Nobody that we know. Strangers are refused; their refusals are counted.
    Stranger,
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => fmt::Display::fmt(id, f),
            Self::Program(id) => fmt::Display::fmt(id, f),
            Self::Stranger => f.write_str("stranger"),
        }
    }
}

/// The text names no principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such principal")]
pub struct UnknownPrincipal;

impl std::str::FromStr for Principal {
    type Err = UnknownPrincipal;
    fn from_str(text: &str) -> Result<Self, UnknownPrincipal> {
        let program = || text.parse().map(Self::Program);
        text.parse().map(Self::Person).or_else(|_| program()).map_err(|_| UnknownPrincipal)
    }
}

/// Why, as HIPAA divides it (45 CFR 164.501, 164.506, 164.512).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Treatment.
    Treatment,
    /// Health care operations: transcription, quality, access review.
    Operations,
    /// Running the system itself.
    Administration,
    /// Emergency: the glass was broken.
    Emergency,
    /// Inside a numbered incident or request.
    Incident,
}

impl Purpose {
    /// Every one.
    pub const ALL: &'static [Self] =
        &[Self::Treatment, Self::Operations, Self::Administration, Self::Emergency, Self::Incident];

    /// As it stands in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Treatment => "treatment",
            Self::Operations => "operations",
            Self::Administration => "administration",
            Self::Emergency => "emergency",
            Self::Incident => "incident",
        }
    }
}

/// How many resources an intent lists by name before it names a count and a digest instead.
pub const RESOURCES_LISTED_MAX: usize = 500;

/// Which things the act is about: a finite set, always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resources {
    /// By name, at most [`RESOURCES_LISTED_MAX`], sorted, each once.
    Listed(Vec<ResourceId>),
    /// More than that: how many, and the digest of the sorted list, which is kept sealed.
    Counted {
        /// How many.
        count: u64,
        /// SHA-256 over the sorted list's text forms, framed.
        digest: Sha256,
        /// The list itself, for the process that states the intent; it is not part of the ledger's clear header.
        #[serde(skip)]
        list: Vec<ResourceId>,
    },
}

impl Resources {
    /// Sorts, removes repetition, and chooses the form by size.
    #[must_use]
    pub fn of(ids: impl IntoIterator<Item = ResourceId>) -> Self {
        let mut list: Vec<ResourceId> = ids.into_iter().collect();
        list.sort_unstable();
        list.dedup();
        if list.len() <= RESOURCES_LISTED_MAX {
            return Self::Listed(list);
        }
        let mut hasher = Hasher::default();
        for id in &list {
            hasher.update_framed(id.to_string().as_bytes());
        }
        Self::Counted { count: list.len() as u64, digest: hasher.finish(), list }
    }

    /// None: the act is about the principal or the system as a whole.
    #[must_use]
    pub const fn none() -> Self {
        Self::Listed(Vec::new())
    }

    /// All of them, sorted.
    #[must_use]
    pub fn as_slice(&self) -> &[ResourceId] {
        match self {
            Self::Listed(list) | Self::Counted { list, .. } => list,
        }
    }

    /// Is this one among them.
    #[must_use]
    pub fn contains(&self, id: &ResourceId) -> bool {
        self.as_slice().binary_search(id).is_ok()
    }
}

/// What is asked. Its digest binds permit and receipt together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    id: IntentId,
    principal: Principal,
    session: Option<SessionId>,
    action: Action,
    customer: Option<CustomerId>,
    resources: Resources,
    purpose: Purpose,
    at: Timestamp,
}

/// The digest over all fields of an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IntentDigest(Sha256);

impl IntentDigest {
    /// The digest itself.
    #[must_use]
    pub const fn as_sha256(&self) -> &Sha256 {
        &self.0
    }
}

impl Intent {
    /// States an intent to do `A`. One customer at most: work across customers is one intent for each.
    #[must_use]
    pub fn to<A: Act>(
        clock: &dyn Clock,
        entropy: &dyn Entropy,
        who: (Principal, Option<SessionId>),
        customer: Option<CustomerId>,
        resources: Resources,
        purpose: Purpose,
    ) -> Self {
        Self {
            id: IntentId::mint(clock, entropy),
            principal: who.0,
            session: who.1,
            action: A::ACTION,
            customer,
            resources,
            purpose,
            at: clock.now(),
        }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> IntentId {
        self.id
    }
    /// Who asks.
    #[must_use]
    pub const fn principal(&self) -> Principal {
        self.principal
    }
    /// In which session.
    #[must_use]
    pub const fn session(&self) -> Option<SessionId> {
        self.session
    }
    /// To do what.
    #[must_use]
    pub const fn action(&self) -> Action {
        self.action
    }
    /// Whose PHI.
    #[must_use]
    pub const fn customer(&self) -> Option<CustomerId> {
        self.customer
    }
    /// With which things.
    #[must_use]
    pub const fn resources(&self) -> &Resources {
        &self.resources
    }
    /// Customers that it names beside the one whose PHI it is about.
    pub fn customers_beside(&self) -> impl Iterator<Item = CustomerId> {
        self.resources.as_slice().iter().filter_map(move |id| match id {
            ResourceId::CustomerId(customer) if Some(*customer) != self.customer => Some(*customer),
            _ => None,
        })
    }
    /// Why.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }
    /// When.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// SHA-256 over every field, framed, so that two different intents never agree.
    #[must_use]
    pub fn digest(&self) -> IntentDigest {
        let mut hasher = Hasher::default();
        hasher.update_framed(b"strongroom intent v1");
        hasher.update_framed(&self.id.to_bytes());
        hasher.update_framed(self.principal.to_string().as_bytes());
        hasher.update_framed(self.session.map(|id| id.to_string()).unwrap_or_default().as_bytes());
        hasher.update_framed(self.action.as_str().as_bytes());
        hasher.update_framed(self.customer.map(|id| id.to_string()).unwrap_or_default().as_bytes());
        match &self.resources {
            Resources::Listed(list) => {
                hasher.update_framed(b"listed");
                for id in list {
                    hasher.update_framed(id.to_string().as_bytes());
                }
            }
            Resources::Counted { count, digest, .. } => {
                hasher.update_framed(b"counted");
                hasher.update_framed(&count.to_be_bytes());
                hasher.update_framed(digest.as_bytes());
            }
        }
        hasher.update_framed(self.purpose.as_str().as_bytes());
        hasher.update_framed(&self.at.unix_millis().to_be_bytes());
        IntentDigest(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::{Intent, Principal, Purpose, Resources};
    use crate::{CustomerId, DocumentId, ManualClock, ResourceId, SeededEntropy, act};

    fn ids(count: u8) -> Vec<ResourceId> {
        (0..count).map(|n| DocumentId::from_bytes([n; 16]).into()).collect()
    }

    #[test]
    fn resources_are_sorted_and_named_once() {
        let mut twice = ids(3);
        twice.extend(ids(3));
        twice.reverse();
        assert_eq!(Resources::of(twice), Resources::Listed(ids(3)));
    }

    #[test]
    fn a_long_list_is_a_count_and_a_digest_and_still_knows_its_members() {
        let many: Vec<ResourceId> = (0..501_u128).map(|n| DocumentId::from_bytes(n.to_be_bytes()).into()).collect();
        let resources = Resources::of(many.clone());
        assert!(matches!(&resources, Resources::Counted { count: 501, .. }));
        assert!(resources.contains(&many[500]));
        assert!(!resources.contains(&DocumentId::from_bytes([9; 16]).into()));
    }

    #[test]
    fn customers_beside_are_those_that_are_named_and_not_its_own() {
        let customer = |n: u8| CustomerId::from_bytes([n; 16]);
        let mut named = ids(3);
        named.push(customer(2).into());
        named.push(customer(1).into());
        let (clock, entropy) = (ManualClock::at_unix_millis(5), SeededEntropy::new(1));
        let intent = Intent::to::<act::CustomerJoinRun>(
            &clock,
            &entropy,
            (Principal::Stranger, None),
            Some(customer(1)),
            Resources::of(named),
            Purpose::Administration,
        );
        assert_eq!(intent.customers_beside().collect::<Vec<_>>(), [customer(2)]);
    }

    #[test]
    fn each_field_changes_the_digest() {
        let clock = ManualClock::at_unix_millis(5);
        let make = |seed: u64, list: Vec<ResourceId>, purpose: Purpose| {
            Intent::to::<act::DocumentRead>(
                &clock,
                &SeededEntropy::new(seed),
                (Principal::Stranger, None),
                None,
                Resources::of(list),
                purpose,
            )
            .digest()
        };
        let base = make(1, ids(1), Purpose::Treatment);
        assert_eq!(base, make(1, ids(1), Purpose::Treatment));
        assert_ne!(base, make(2, ids(1), Purpose::Treatment));
        assert_ne!(base, make(1, ids(2), Purpose::Treatment));
        assert_ne!(base, make(1, ids(1), Purpose::Emergency));
    }
}
