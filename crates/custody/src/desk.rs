//! The desk: who is calling, for which act, and the custody that answers.
//!
//! A use case is a method on `Desk<act::X>`; a desk for one act has no method of another. The portal's
//! extractor makes a desk from the session; it hands out no store and no decision.

use crate::{Custody, CustodyError, DocumentView, ProbeLine, ProgramIn, Recovering, Settings, SignedInNow, WhoAmI};
use ledger::Head;
use record::{Act, CustomerId, PersonId, SessionId, Timestamp, act};
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
    view: HouseView,
    pub(crate) signed_in: Option<SignedIn>,
    /// A customer's program with a live token. Never beside a person.
    pub(crate) program: Option<ProgramIn>,
    // The command line with the root key in hand and no server running: acts as the system's own job.
    pub(crate) job: bool,
    act: PhantomData<fn() -> A>,
}

impl<A: Act> Desk<A> {
    /// A desk for the act `A`. Being at a desk is no permission: every method asks policy.
    pub fn at(custody: Custody, signed_in: Option<SignedIn>) -> Self {
        let view = HouseView(custody.clone());
        Self { custody, view, signed_in, program: None, job: false, act: PhantomData }
    }

    /// A desk for a program. Being at a desk is no permission here either.
    pub fn of_program(custody: Custody, program: ProgramIn) -> Self {
        let view = HouseView(custody.clone());
        Self { custody, view, signed_in: None, program: Some(program), job: false, act: PhantomData }
    }

    /// The same person or program at the desk of another act.
    pub fn beside<B: Act>(&self) -> Desk<B> {
        match &self.program {
            Some(program) => Desk::of_program(self.custody.clone(), program.clone()),
            None => Desk::at(self.custody.clone(), self.signed_in.clone()),
        }
    }

    /// A desk for the command line with no server running: who holds the root key acts as the system's own job, for the
    /// short list of acts that policy knows for it. The root key itself is asked for, so that nothing that serves
    /// people can make such a desk.
    pub fn of_root(custody: Custody, _root: &RootKey) -> Self {
        let view = HouseView(custody.clone());
        Self { custody, view, signed_in: None, program: None, job: true, act: PhantomData }
    }

    /// Who is signed in, if anybody.
    #[must_use]
    pub const fn signed_in(&self) -> Option<&SignedIn> {
        self.signed_in.as_ref()
    }

    /// The program at the desk, if it is one.
    #[must_use]
    pub const fn program(&self) -> Option<&ProgramIn> {
        self.program.as_ref()
    }

    /// The house, for what is no act: its name, its clock, its settings.
    #[must_use]
    pub const fn house(&self) -> &HouseView {
        &self.view
    }
}

/// What a page may know of the house without any act. It is not [`Custody`]: what the system's own jobs do, no page can
/// do, because it cannot name it.
#[derive(Debug)]
pub struct HouseView(Custody);

impl HouseView {
    /// How the house is set up.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        self.0.settings()
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// A customer's own name, for tags.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn customer_name(&self, id: CustomerId) -> Result<String, CustodyError> {
        self.0.customer_name(id).await
    }

    /// Who somebody is, for the head of their own pages.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn who(&self, signed_in: &SignedIn) -> Result<WhoAmI, CustodyError> {
        self.0.who(signed_in).await
    }

    /// How much waits in one of a person's own lists.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn view_count(&self, person: PersonId, view: DocumentView) -> Result<u64, CustodyError> {
        self.0.view_count(person, view).await
    }

    /// Is the form for an invitation's second secret to be shown.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn invitation_look(&self, link_secret: &str) -> Result<bool, CustodyError> {
        self.0.invitation_look(link_secret).await
    }

    /// How the outside probe's last walk went.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn probe_last(&self) -> Result<Option<ProbeLine>, CustodyError> {
        self.0.probe_last().await
    }

    /// The largest head of the ledger that was signed, which is public.
    #[must_use]
    pub fn ledger_head(&self) -> Option<Head> {
        self.0.ledger_head()
    }

    /// Where programs ask for tokens.
    #[must_use]
    pub fn token_address(&self) -> String {
        self.0.token_address()
    }

    /// A lost last officer was recovered within thirty days: since when, for every page.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn officer_recovery_shown(&self) -> Result<Option<Timestamp>, CustodyError> {
        self.0.officer_recovery_shown().await
    }
}

impl Desk<act::SessionEnd> {
    /// Locks the screen until the next touch.
    ///
    /// # Errors
    /// When nobody is signed in, or the store cannot.
    pub async fn lock(&self) -> Result<(), CustodyError> {
        let signed_in = self.signed_in.as_ref().ok_or(CustodyError::Refused(policy::Why::NotSignedIn))?;
        self.custody.session_lock(signed_in).await
    }
}

impl Desk<act::PersonEnrol> {
    /// Somebody lost every passkey and has a recovery code. An officer is told and has to confirm.
    ///
    /// # Errors
    /// When store or ledger cannot; never for what was typed.
    pub async fn recover(&self, email: &str, code: &str) -> Result<Recovering, CustodyError> {
        self.custody.recover(email, code).await
    }
}

impl Desk<act::SessionStart> {
    /// The demo's way in: as one of its made-up people, without a passkey.
    ///
    /// # Errors
    /// When this is no demo.
    pub async fn demo_sign_in(&self, person: PersonId) -> Result<SignedInNow, CustodyError> {
        self.custody.demo_sign_in(person).await
    }
}
