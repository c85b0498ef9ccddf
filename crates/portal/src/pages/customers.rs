//! Customers and their agreements.

use super::Chrome;
use super::parts::{Choice, DateParts, Empty, Errors, Fact, PageAction, Tone};
use super::people::{InvitationRow, PersonRow};
use askama::Template;

/// One customer in the list.
#[derive(Debug, Clone, Default)]
pub struct CustomerRow {
    /// Its page; empty when this person may not open it.
    pub href: String,
    /// Its name.
    pub name: String,
    /// The agreement in words, such as "in force until 12/31/2027".
    pub agreement: String,
    /// How that is meant.
    pub tone: Tone,
    /// How many people it has.
    pub people: u32,
}

/// The customers one may know of.
#[derive(Debug, Template)]
#[template(path = "customer_list.html")]
pub struct CustomerListPage {
    /// The frame.
    pub chrome: Chrome,
    /// They.
    pub rows: Vec<CustomerRow>,
    /// What to say when there are none.
    pub empty: Empty,
    /// Where to make a new one; `None` when this person may not.
    pub new_href: Option<String>,
}

/// A contact reachable day and night.
#[derive(Debug, Clone, Default)]
pub struct ContactRow {
    /// Name.
    pub name: String,
    /// Telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

/// One agreement.
#[derive(Debug, Clone, Default)]
pub struct AgreementView {
    /// In force, ended, not yet begun; in words.
    pub state: String,
    /// How that is meant.
    pub tone: Tone,
    /// From, to, reporting days, who sends notices and so on.
    pub facts: Vec<Fact>,
    /// End it; empty when this person may not.
    pub actions: Vec<PageAction>,
}

/// One customer.
#[derive(Debug, Template)]
#[template(path = "customer.html")]
pub struct CustomerPage {
    /// The frame.
    pub chrome: Chrome,
    /// Its name.
    pub name: String,
    /// Its id, for support.
    pub id: String,
    /// What can be done here.
    pub actions: Vec<PageAction>,
    /// The agreement; `None` when there was never one.
    pub agreement: Option<AgreementView>,
    /// Where to record one; `None` when this person may not.
    pub agreement_href: Option<String>,
    /// Reachable day and night.
    pub contacts: Vec<ContactRow>,
    /// Its people.
    pub people: Vec<PersonRow>,
    /// What is out.
    pub invitations: Vec<InvitationRow>,
    /// Who of the operator's people works for it, and since when.
    pub assigned: Vec<Fact>,
}

/// A new customer.
#[derive(Debug, Template)]
#[template(path = "customer_new.html")]
pub struct CustomerNewPage {
    /// The frame.
    pub chrome: Chrome,
    /// Name as typed. Field `name`.
    pub name: String,
    /// Telephone as typed. Field `phone`.
    pub phone: String,
    /// Where it posts, after a touch.
    pub action: String,
    /// What is wrong.
    pub errors: Errors,
}

/// A contact as typed. Fields `contact1_name`, … and `contact2_name`, …
#[derive(Debug, Clone, Default)]
pub struct ContactForm {
    /// Name.
    pub name: String,
    /// Telephone, day and night.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

/// Record an agreement.
#[derive(Debug, Template)]
#[template(path = "agreement_new.html")]
pub struct AgreementNewPage {
    /// The frame.
    pub chrome: Chrome,
    /// The customer's name.
    pub customer: String,
    /// In force from. Fields `from_*`.
    pub from: DateParts,
    /// In force to; may stay empty. Fields `to_*`.
    pub to: DateParts,
    /// Days within which we report a breach to them. Field `reporting_days`.
    pub reporting_days: String,
    /// Who sends notices. Field `notices`.
    pub notices: Vec<Choice>,
    /// May people outside the country work on it. Field `offshore`.
    pub offshore: Vec<Choice>,
    /// May we de-identify. Field `deidentify`.
    pub deidentify: Vec<Choice>,
    /// At the end: return or destroy. Field `at_end`.
    pub at_end: Vec<Choice>,
    /// Two contacts reachable day and night.
    pub contacts: [ContactForm; 2],
    /// Where it posts, after a touch.
    pub action: String,
    /// Where "Not now" leads.
    pub back: String,
    /// What is wrong.
    pub errors: Errors,
}

/// What this person can do next about a destruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DestructionStep {
    /// Nothing.
    None,
    /// Ask for it.
    Ask,
    /// They asked; another officer decides.
    Waits,
    /// Decide.
    Approve,
    /// It is decided and waits for the root key; it can still be taken back.
    Decided,
}

/// The end of a customer's records.
#[derive(Debug, Template)]
#[template(path = "destruction.html")]
pub struct DestructionPage {
    /// The frame.
    pub chrome: Chrome,
    /// The customer's name.
    pub name: String,
    /// How far it is, in words.
    pub state: String,
    /// How that is meant.
    pub tone: Tone,
    /// Who asked, why, who decided, when.
    pub facts: Vec<Fact>,
    /// What stands in the way; empty when nothing does.
    pub hindered: String,
    /// What can be done.
    pub step: DestructionStep,
    /// When it was asked for, milliseconds since 1970: what is decided is what was looked at.
    pub asked_at: i64,
    /// As it was typed.
    pub typed_name: String,
    /// As it was typed.
    pub reason: String,
    /// What was destroyed; empty before.
    pub certificate: String,
    /// Where the forms post.
    pub action: String,
    /// The customer's page.
    pub back: String,
    /// What is wrong: fields `name`, `reason`, `copies`.
    pub errors: Errors,
}

impl DestructionPage {
    /// Three empty boxes.
    #[must_use]
    pub fn copies(&self) -> DateParts {
        DateParts::default()
    }
}
