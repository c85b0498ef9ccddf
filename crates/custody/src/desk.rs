//! The desk: who is calling, for which act, and the custody that answers.
//!
//! A use case is a method on `Desk<act::X>`; a desk for one act has no method of another. The portal's
//! extractor makes a desk from the session; it hands out no store and no decision.

use crate::Custody;
use record::{Act, PersonId, SessionId, Timestamp};
use std::marker::PhantomData;
use vault::RootKey;

/// A person with a live session.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub person: PersonId,
    /// The session's name in the ledger (not its secret).
    pub session: SessionId,
    /// The token that forms of this session carry.
    pub csrf: String,
    /// When the session began.
    pub started_at: Timestamp,
    /// The last touch of the passkey.
    pub step_up_at: Option<Timestamp>,
    /// When it ends if nothing is done.
    pub idle_until: Timestamp,
    /// Idle-locked: nothing but a touch of the passkey brings it back.
    pub locked: bool,
    /// On a device that several people use.
    pub shared: bool,
}

/// Who is calling, for which act.
#[must_use]
pub struct Desk<A: Act> {
    pub(crate) custody: Custody,
    pub(crate) signed_in: Option<SignedIn>,
    // The command line with the root key in hand and no server running: acts as the system's own job.
    pub(crate) job: bool,
    act: PhantomData<fn() -> A>,
}

impl<A: Act> Desk<A> {
    /// A desk for the act `A`. Being at a desk is no permission: every method asks policy.
    pub const fn at(custody: Custody, signed_in: Option<SignedIn>) -> Self {
        Self { custody, signed_in, job: false, act: PhantomData }
    }

    /// A desk for the command line with no server running: who holds the root key acts as the system's own job, for the
    /// short list of acts that policy knows for it. The root key itself is asked for, so that nothing that serves
    /// people can make such a desk.
    pub const fn of_root(custody: Custody, _root: &RootKey) -> Self {
        Self { custody, signed_in: None, job: true, act: PhantomData }
    }

    /// Who is signed in, if anybody.
    #[must_use]
    pub const fn signed_in(&self) -> Option<&SignedIn> {
        self.signed_in.as_ref()
    }

    /// The house, for what is no act: its name, its clock, its settings.
    #[must_use]
    pub const fn custody(&self) -> &Custody {
        &self.custody
    }
}
