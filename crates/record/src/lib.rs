//! The words of Strongroom: ids, states, roles, actions, intents, ledger entries, time and randomness.
//!
//! Every other room speaks with these types, so that one word means one thing in code, SQL, URLs and on
//! screen (the glossary stands in `ARCHITECTURE.md`).
//!
//! What must always hold: no I/O, no async, nothing of ours below it; an id of one kind is never taken
//! for an id of another; time and randomness come in as parameters.
//!
//! What it refuses to know: who may do what (`policy`), how bytes are sealed (`vault`), where they lie
//! (`store`). `Phi` and `Shown` live in `vault`, see `docs/decisions/0001-phi-lives-in-the-vault.md`.

pub mod action;
pub mod civil;
pub mod clock;
pub mod digest;
pub mod document;
pub mod entropy;
pub mod entry;
pub mod id;
pub mod intent;
pub mod merge;
pub mod related;
pub mod right;
pub mod role;
pub mod tag;

pub use action::{Act, Action, act};
pub use clock::{Clock, ManualClock, SystemClock, Timestamp};
pub use digest::Sha256;
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use entry::{Entry, Outcome};
pub use id::{
    AgreementId, AlertId, BreakGlassId, ContactId, CredentialId, CustomerId, DocumentId, IntentId, InvitationId,
    MembershipId, MergeId, NodeId, ObjectId, PatientId, PersonId, ProgramId, RelatedPersonId, RequestId, ResourceId,
    SessionId, UploadId,
};
pub use intent::{Intent, Principal, Purpose, Resources};
pub use related::RelatedKind;
pub use right::{Right, rights_read, rights_written};
pub use role::{Role, Side};
