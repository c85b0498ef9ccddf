//! The way in: signing in, invitations, passkeys, recovery codes, the lock.

use super::Chrome;
use super::parts::{Errors, Hidden, Moment, PostLink};
use askama::Template;

/// Sign in with a passkey. No e-mail address is asked for, so none can be tried out.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to go afterwards, a path on this site.
    pub next: String,
    /// What went wrong just now, in words; `None` at first.
    pub problem: Option<String>,
    /// Somebody's session was ended for being idle, or by signing out.
    pub signed_out: bool,
}

/// The page that links from mail reach first: a Strict cookie is sent on the second hop only.
#[derive(Debug, Template)]
#[template(path = "go.html")]
pub struct GoPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to go on, a path on this site.
    pub to: String,
}

/// An invitation's landing page. It says nothing about whom it is for, and looking at it uses nothing up:
/// mail scanners follow links.
#[derive(Debug, Template)]
#[template(path = "invitation.html")]
pub struct InvitationPage {
    /// The frame.
    pub chrome: Chrome,
    /// Where the form posts.
    pub action: String,
    /// The link's secret, sent back in the form.
    pub token: String,
    /// What is wrong: field `words` is the second secret.
    pub errors: Errors,
    /// It was used, or is over; the form is not shown.
    pub gone: bool,
}

/// One passkey a person has.
#[derive(Debug, Clone, Default)]
pub struct PasskeyRow {
    /// What the person calls it.
    pub label: String,
    /// When it was enrolled.
    pub added: Moment,
    /// When it was last used; `None` when never.
    pub used: Option<Moment>,
    /// How to take it away; `None` when it is the last one, or one of an officer's last two.
    pub remove: Option<PostLink>,
}

/// Enrol passkeys: one, or two for officers.
#[derive(Debug, Template)]
#[template(path = "enrol.html")]
pub struct EnrolPage {
    /// The frame.
    pub chrome: Chrome,
    /// Who is enrolling.
    pub name: String,
    /// Role and place, such as "Clinician at Lakeside Pediatrics".
    pub place: String,
    /// How many are needed.
    pub needed: usize,
    /// Those enrolled so far.
    pub passkeys: Vec<PasskeyRow>,
    /// Both secrets of the invitation, which the button sends again.
    pub hidden: Vec<Hidden>,
    /// What went wrong just now.
    pub problem: Option<String>,
    /// Where to go when enough are enrolled.
    pub next: String,
}

impl EnrolPage {
    /// Are there enough.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.passkeys.len() >= self.needed
    }
    /// Which one comes next, counted from 1.
    #[must_use]
    pub fn ordinal(&self) -> usize {
        self.passkeys.len() + 1
    }
}

/// Recovery codes, shown once.
#[derive(Debug, Template)]
#[template(path = "recovery_codes.html")]
pub struct RecoveryCodesPage {
    /// The frame.
    pub chrome: Chrome,
    /// The codes.
    pub codes: Vec<String>,
    /// Where "I have kept them" leads.
    pub next: String,
}

/// A recovery code was sent: it opens a new enrolment and nothing else. The page is the same whatever was typed.
#[derive(Debug, Template)]
#[template(path = "recover.html")]
pub struct RecoverPage {
    /// The frame.
    pub chrome: Chrome,
    /// The one-time link to go on with, once an officer has called.
    pub link: String,
    /// Until when it holds.
    pub until: Moment,
}

/// The session is locked: a touch brings the page back, or another person takes over.
#[derive(Debug, Template)]
#[template(path = "locked.html")]
pub struct LockedPage {
    /// The frame; its `signed_in` is not shown, so that the screen tells no name but `name`.
    pub chrome: Chrome,
    /// Whose session it is.
    pub name: String,
    /// Where to go on, a path on this site.
    pub next: String,
    /// What went wrong just now.
    pub problem: Option<String>,
}

/// A fresh touch is needed before this act.
#[derive(Debug, Template)]
#[template(path = "step_up.html")]
pub struct StepUpPage {
    /// The frame.
    pub chrome: Chrome,
    /// What is about to be done, such as "sign one transcript". No PHI.
    pub what: String,
    /// Where the ceremony begins.
    pub action: String,
    /// What it sends beside: where to go on.
    pub hidden: Vec<Hidden>,
    /// Where "Not now" leads.
    pub back: String,
    /// What went wrong just now.
    pub problem: Option<String>,
}

/// My own passkeys and recovery codes.
#[derive(Debug, Template)]
#[template(path = "passkeys.html")]
pub struct PasskeysPage {
    /// The frame.
    pub chrome: Chrome,
    /// Mine.
    pub passkeys: Vec<PasskeyRow>,
    /// How many recovery codes are unused.
    pub codes_left: usize,
    /// Where the form for new codes posts.
    pub new_codes_action: String,
}
