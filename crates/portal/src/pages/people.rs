//! People: roles, invitations, the operator's staff and whom they work for.

use super::Chrome;
use super::parts::{Choice, DateParts, Empty, Errors, Fact, Hidden, Link, Moment, PageAction, PostLink, Tone};
use askama::Template;

/// One person at a place.
#[derive(Debug, Clone, Default)]
pub struct PersonRow {
    /// Name as people write it.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role in words.
    pub role: String,
    /// Since when.
    pub since: Moment,
    /// Last sign-in; `None` when never.
    pub last_sign_in: Option<Moment>,
    /// How many passkeys; `None` when that, and the last sign-in, is none of the reader's business.
    pub passkeys: Option<u32>,
    /// A word such as "ended", "needs a second passkey"; empty for none.
    pub note: String,
    /// How it is meant.
    pub tone: Tone,
    /// What can be done: end the role, enrol anew, end sessions.
    pub actions: Vec<PageAction>,
}

/// One invitation that is out.
#[derive(Debug, Clone, Default)]
pub struct InvitationRow {
    /// For whom.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role in words.
    pub role: String,
    /// Who asked for it.
    pub asked_by: String,
    /// Until when it holds.
    pub expires: Moment,
    /// Where it stands, such as "waits for a second officer".
    pub state: String,
    /// How that is meant.
    pub tone: Tone,
    /// Confirm it; `None` when this person may not (nobody confirms their own request).
    pub confirm: Option<PostLink>,
    /// Take it back; `None` when this person may not.
    pub withdraw: Option<PostLink>,
}

/// People and invitations at one customer.
#[derive(Debug, Template)]
#[template(path = "people.html")]
pub struct PeoplePage {
    /// The frame.
    pub chrome: Chrome,
    /// The customer's name.
    pub place: String,
    /// Its people.
    pub rows: Vec<PersonRow>,
    /// What is out.
    pub invitations: Vec<InvitationRow>,
    /// Where to invite; `None` when this person may not.
    pub invite_href: Option<String>,
    /// The programs that work there; `None` when this person may not see them.
    pub programs_href: Option<String>,
    /// What is kept to those who treat; `None` when this person may not say so.
    pub restricts_href: Option<String>,
    /// What to say when there is nobody.
    pub empty: Empty,
}

/// Invite somebody.
#[derive(Debug, Template)]
#[template(path = "invite.html")]
pub struct InvitePage {
    /// The frame.
    pub chrome: Chrome,
    /// Where to, such as the customer's name.
    pub place: String,
    /// Name as typed. Field `name`.
    pub name: String,
    /// E-mail as typed. Field `email`.
    pub email: String,
    /// Telephone as typed: the second secret is told there. Field `phone`.
    pub phone: String,
    /// Roles one may give. Field `role`.
    pub roles: Vec<Choice>,
    /// Until when an auditor's role lasts; `None` where roles have no end of their own. Fields `until_*`.
    pub until: Option<DateParts>,
    /// A second officer must confirm it.
    pub needs_second: bool,
    /// Where it posts, after a touch.
    pub action: String,
    /// Where "Not now" leads.
    pub back: String,
    /// What is wrong.
    pub errors: Errors,
}

/// The invitation is made, or confirmed: the link and the words, shown once. Where a second officer confirms, the one
/// who asks sees the link and the one who confirms sees the words, so that neither of them can enrol alone.
#[derive(Debug, Template)]
#[template(path = "invited.html")]
pub struct InvitedPage {
    /// The frame.
    pub chrome: Chrome,
    /// For whom.
    pub name: String,
    /// Role and place in words.
    pub role: String,
    /// Their telephone.
    pub phone: String,
    /// The one-time link; empty when somebody else has it, or when a passkey of theirs opens the place anyway.
    pub link: String,
    /// The second secret, told by telephone; empty when somebody else has it or none is needed.
    pub words: String,
    /// A second officer has to confirm before anything holds.
    pub waits: bool,
    /// Until when; `None` when nothing is out.
    pub expires: Option<Moment>,
    /// Whom to tell that this was asked for: name, and how to reach them.
    pub tell: Vec<Fact>,
    /// Back to the people.
    pub back: String,
}

/// One act that cannot be undone, or that hits somebody: a page of its own to confirm it.
#[derive(Debug, Template)]
#[template(path = "confirm.html")]
pub struct ConfirmPage {
    /// The frame.
    pub chrome: Chrome,
    /// A question, such as "End Dr. Moss's role at Lakeside Pediatrics?".
    pub title: String,
    /// What will happen, a sentence each.
    pub effects: Vec<String>,
    /// The button: a verb.
    pub button: String,
    /// It is red.
    pub grave: bool,
    /// It needs a fresh touch.
    pub needs_touch: bool,
    /// A reason is asked for. Field `reason`, with what was typed.
    pub reason: Option<String>,
    /// Its name must be typed, because it cannot be undone. Field `typed`.
    pub type_this: Option<String>,
    /// What the form sends beside.
    pub hidden: Vec<Hidden>,
    /// Where it posts.
    pub action: String,
    /// Where "Not now" leads.
    pub back: String,
    /// What is wrong.
    pub errors: Errors,
}

/// One of the operator's people.
#[derive(Debug, Clone, Default)]
pub struct StaffRow {
    /// The person's page with assignments.
    pub href: String,
    /// Name.
    pub name: String,
    /// Roles in words.
    pub roles: String,
    /// Last sign-in; `None` when never.
    pub last_sign_in: Option<Moment>,
    /// How many passkeys; `None` when that, and the last sign-in, is none of the reader's business.
    pub passkeys: Option<u32>,
    /// For whom they work, in words, such as "Lakeside Pediatrics, Harbor Clinic".
    pub assigned: String,
    /// A word such as "one passkey, needs two"; empty for none.
    pub note: String,
    /// How it is meant.
    pub tone: Tone,
}

/// The operator's people.
#[derive(Debug, Template)]
#[template(path = "staff.html")]
pub struct StaffPage {
    /// The frame.
    pub chrome: Chrome,
    /// They.
    pub rows: Vec<StaffRow>,
    /// What waits for this officer's confirmation, at practices too.
    pub waiting: Vec<InvitationRow>,
    /// What is out.
    pub invitations: Vec<InvitationRow>,
    /// Where to invite; `None` when this person may not.
    pub invite_href: Option<String>,
}

/// For whom one person of the operator works.
#[derive(Debug, Clone, Default)]
pub struct AssignmentRow {
    /// The customer.
    pub customer: String,
    /// Since when; `None` when not assigned.
    pub since: Option<Moment>,
    /// Grant or end it.
    pub change: Option<PostLink>,
}

/// One person of the operator.
#[derive(Debug, Template)]
#[template(path = "staff_person.html")]
pub struct StaffPersonPage {
    /// The frame.
    pub chrome: Chrome,
    /// Who.
    pub person: PersonRow,
    /// For whom they work, and for whom they could.
    pub assignments: Vec<AssignmentRow>,
    /// Back to all.
    pub back: Link,
}
