//! A line of the ledger, in its clear part: what the detectors read and an auditor may see. No PHI.

use crate::{
    Action, CustomerId, Intent, IntentId, Principal, Purpose, ResourceId, Resources, SessionId, Sha256, Timestamp,
};
use serde::{Deserialize, Serialize};

/// How an act ended, or how it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Permitted: written before anything opened or changed.
    Permitted,
    /// Refused by policy.
    Refused,
    /// Done: a later word on a permitted act that streamed bytes or ran long.
    Done,
    /// It failed after it was permitted; nothing came out.
    Failed,
    /// Nobody can say how it ended: the process died or the connection broke.
    Unknown,
    /// The system says something itself: an alert, a checkpoint kept elsewhere, a drill.
    Noted,
}

impl Outcome {
    /// Every one.
    pub const ALL: &'static [Self] =
        &[Self::Permitted, Self::Refused, Self::Done, Self::Failed, Self::Unknown, Self::Noted];

    /// As it stands in the ledger.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permitted => "permitted",
            Self::Refused => "refused",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Noted => "noted",
        }
    }
}

/// The clear header of an entry. Its canonical bytes are JSON with exactly these fields in this order
/// (docs/FORMATS.md); at most 65,535 bytes together with the sealed body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Format version, 1.
    pub v: u8,
    /// When.
    pub at: Timestamp,
    /// Which intent this is about: a later entry on the same act carries the same id.
    pub intent: IntentId,
    /// SHA-256 of the whole intent, which the receipt hands on to the vault.
    pub intent_digest: Sha256,
    /// Who.
    pub principal: Principal,
    /// In which session.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session: Option<SessionId>,
    /// What.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// Whose PHI.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub customer: Option<CustomerId>,
    /// With which things.
    pub resources: Resources,
    /// Why.
    pub purpose: Purpose,
    /// A fixed word that explains the outcome (which rule refused, which step failed). Never free text.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
    /// How many bytes left, where bytes left.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub bytes_out: Option<u64>,
}

impl Entry {
    /// The entry that says how policy answered, or how the act ended.
    #[must_use]
    pub fn of(intent: &Intent, outcome: Outcome, why: &str) -> Self {
        Self {
            v: 1,
            at: intent.at(),
            intent: intent.id(),
            intent_digest: *intent.digest().as_sha256(),
            principal: intent.principal(),
            session: intent.session(),
            action: intent.action(),
            outcome,
            customer: intent.customer(),
            resources: intent.resources().clone(),
            purpose: intent.purpose(),
            why: why.to_owned(),
            bytes_out: None,
        }
    }

    /// Does it name this thing.
    #[must_use]
    pub fn names(&self, id: &ResourceId) -> bool {
        self.resources.contains(id)
    }
}
