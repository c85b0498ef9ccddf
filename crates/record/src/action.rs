//! Every act there is. One table: nothing that is not here can be asked for, permitted or witnessed.
//!
//! Each action is a value of [`Action`] and a type in [`act`], so that a permit for one act cannot be
//! spent on another: `Permit<act::DocumentList>` does not open a document's content, it does not compile.
//!
//! An action without a row in the policy's golden table fails the build of `policy`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What comes out of the vault when the act is permitted and witnessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opens {
    /// Nothing that is sealed under a customer's key.
    Nothing,
    /// Sealed columns: names, identifiers, titles.
    Names,
    /// Sealed columns and sealed objects: the texts and files themselves.
    Content,
}

/// What the act is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// Documents.
    Document,
    /// Patients.
    Patient,
    /// A customer as a whole.
    Customer,
    /// A person, and what hangs on one: memberships, invitations, passkeys, sessions.
    Person,
    /// Oneself.
    Myself,
    /// The system as a whole: ledger, health, keys, backups, gate.
    System,
    /// An act of breaking the glass.
    BreakGlass,
}

/// Must the person have touched the passkey just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepUp {
    /// Being signed in is enough.
    No,
    /// A touch within the last five minutes.
    Fresh,
}

mod sealed {
    pub trait Sealed {}
}

/// An act as a type. Implemented by the types in [`act`] and by nothing else.
pub trait Act: sealed::Sealed + Send + Sync + 'static {
    /// The same act as a value.
    const ACTION: Action;
}

/// Acts that open sealed columns.
pub trait OpensNames: Act {}
/// Acts that open sealed objects too.
pub trait OpensContent: OpensNames {}

macro_rules! markers {
    ($name:ident, Nothing) => {};
    ($name:ident, Names) => {
        impl OpensNames for act::$name {}
    };
    ($name:ident, Content) => {
        impl OpensNames for act::$name {}
        impl OpensContent for act::$name {}
    };
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident, $text:literal, $subject:ident, $opens:ident, $step:ident;)*) => {
        /// Every act there is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $($(#[$doc])* $name,)* }

        /// The same acts as types.
        pub mod act {
            $($(#[$doc])* #[derive(Debug)] pub enum $name {})*
        }

        $(
            impl sealed::Sealed for act::$name {}
            impl Act for act::$name { const ACTION: Action = Action::$name; }
            markers!($name, $opens);
        )*

        impl Action {
            /// Every one, in the order of the golden table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            /// As it stands in the ledger, in policies and in SQL: noun first, then verb.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $text,)* } }
            /// What the act is about.
            #[must_use]
            pub const fn subject(self) -> Subject { match self { $(Self::$name => Subject::$subject,)* } }
            /// What comes out of the vault.
            #[must_use]
            pub const fn opens(self) -> Opens { match self { $(Self::$name => Opens::$opens,)* } }
            /// Must the person have touched the passkey just now.
            #[must_use]
            pub const fn step_up(self) -> StepUp { match self { $(Self::$name => StepUp::$step,)* } }
        }

        impl FromStr for Action {
            type Err = UnknownAction;
            fn from_str(text: &str) -> Result<Self, UnknownAction> {
                match text { $($text => Ok(Self::$name),)* _ => Err(UnknownAction) }
            }
        }
    };
}

/// The text names no action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such action")]
pub struct UnknownAction;

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Action {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

actions! {
    // Documents, the main job.
    /// A page of documents: names, dates and states.
    DocumentList, "document.list", Document, Names, No;
    /// A page of documents found by patient, author or date.
    DocumentSearch, "document.search", Document, Names, No;
    /// Read one document on screen.
    DocumentRead, "document.read", Document, Content, No;
    /// Take the original file.
    DocumentDownload, "document.download", Document, Content, No;
    /// Print one document.
    DocumentPrint, "document.print", Document, Content, No;
    /// Who has opened it, and what happened to it.
    DocumentHistory, "document.history", Document, Names, No;
    /// Status and job names of documents in work, no text.
    DocumentStatus, "document.status", Document, Nothing, No;
    /// A new document, or a new version, comes in.
    DocumentUpload, "document.upload", Customer, Nothing, No;
    /// Put a document forward: typed, edited.
    DocumentAdvance, "document.advance", Document, Nothing, No;
    /// Name the patient or the author.
    DocumentMatch, "document.match", Document, Names, No;
    /// Give it to the practice. Opens whom its text names, to compare it with its patient.
    DocumentDeliver, "document.deliver", Document, Names, No;
    /// Take a delivery back while nobody has read it.
    DocumentUndoDelivery, "document.undo_delivery", Document, Nothing, No;
    /// Mark as picked up by the practice.
    DocumentPickUp, "document.pick_up", Document, Nothing, No;
    /// The author signs.
    DocumentSign, "document.sign", Document, Nothing, Fresh;
    /// Keep back.
    DocumentHold, "document.hold", Document, Nothing, No;
    /// Let a held one go on.
    DocumentRelease, "document.release", Document, Nothing, No;
    /// Out of every inbox, at once.
    DocumentWithdraw, "document.withdraw", Document, Nothing, No;
    /// To the right patient or practice, with a reason.
    DocumentMove, "document.move", Document, Names, No;
    /// It was never true.
    DocumentEnterInError, "document.enter_in_error", Document, Nothing, Fresh;
    /// Its author says who of the practice may see it.
    DocumentRestrict, "document.restrict", Document, Nothing, No;

    // Patients.
    /// A page of patients found by name, birth date or record number.
    PatientSearch, "patient.search", Patient, Names, No;
    /// One patient's page.
    PatientShow, "patient.show", Patient, Names, No;
    /// A new patient by hand.
    PatientCreate, "patient.create", Customer, Nothing, No;
    /// Correct a patient.
    PatientChange, "patient.change", Patient, Names, No;
    /// Many patients from a file.
    PatientImport, "patient.import", Customer, Names, No;
    /// A provisional patient is this known one.
    PatientLink, "patient.link", Patient, Names, Fresh;
    /// The two records that are said to be one patient's, side by side, and which wait for a decision.
    PatientMergeShow, "patient.merge_show", Patient, Names, No;
    /// Say that two records are one patient's.
    PatientMergePropose, "patient.merge_propose", Patient, Nothing, No;
    /// They are: the one goes into the other.
    PatientMergeConfirm, "patient.merge_confirm", Patient, Names, Fresh;
    /// They are not.
    PatientMergeRefuse, "patient.merge_refuse", Patient, Nothing, No;
    /// Take a merge back: each has again what was theirs.
    PatientMergeUndo, "patient.merge_undo", Patient, Names, Fresh;
    /// A guardian or guarantor is put beside a patient.
    RelatedCreate, "related.create", Patient, Names, No;
    /// A guardian or guarantor is corrected, or ends on a day.
    RelatedChange, "related.change", Patient, Names, No;
    /// Who has opened anything of this patient, inside a numbered request.
    PatientTrace, "patient.trace", Patient, Names, No;
    /// Open a numbered request at a customer, with a reason.
    RequestOpen, "request.open", Customer, Nothing, Fresh;
    /// Close a numbered request.
    RequestClose, "request.close", Customer, Nothing, No;
    /// The numbered requests, with number and reason.
    RequestList, "request.list", System, Nothing, No;
    /// Break the glass for a patient who is not in one's care.
    BreakGlassStart, "break_glass.start", Patient, Names, Fresh;
    /// Close the review of a broken glass.
    BreakGlassReview, "break_glass.review", BreakGlass, Names, No;
    /// Which glasses were broken.
    BreakGlassList, "break_glass.list", Customer, Names, No;

    // Customers, agreements, people.
    /// The customers one may know of.
    CustomerList, "customer.list", Customer, Nothing, No;
    /// One customer: agreement, contacts, people.
    CustomerShow, "customer.show", Customer, Nothing, No;
    /// A new customer.
    CustomerCreate, "customer.create", System, Nothing, Fresh;
    /// How far a customer's leaving is.
    CustomerLeaveShow, "customer.leave_show", Customer, Nothing, No;
    /// Which kinds of data a practice keeps to those who treat.
    CustomerRestrict, "customer.restrict", Customer, Nothing, Fresh;
    /// A customer leaves: begun, the export's secret taken, what was exported confirmed, taken back.
    CustomerLeave, "customer.leave", Customer, Nothing, Fresh;
    /// Everything that is held of a customer who leaves, into a sealed export.
    CustomerExport, "customer.export", Customer, Content, No;
    /// What another house exported of a practice comes in.
    CustomerTakeIn, "customer.take_in", Customer, Nothing, No;
    /// How far it is that a customer joins another.
    CustomerJoinShow, "customer.join_show", Customer, Nothing, No;
    /// That a customer joins another: prepared, taken back, carried out as both have agreed.
    CustomerJoinPrepare, "customer.join_prepare", Customer, Nothing, Fresh;
    /// A practice's own word on joining, or on being joined: yes, or taken back.
    CustomerJoin, "customer.join", Customer, Nothing, Fresh;
    /// Records of a customer that joins another are moved under the other's keys.
    CustomerJoinRun, "customer.join_run", Customer, Names, No;
    /// Which patients of a customer are to move to another one, or stayed.
    CustomerSplitList, "customer.split_list", Customer, Names, No;
    /// Record an agreement.
    AgreementCreate, "agreement.create", Customer, Nothing, Fresh;
    /// End an agreement.
    AgreementEnd, "agreement.end", Customer, Nothing, Fresh;
    /// People and roles at a customer or at the operator.
    PersonList, "person.list", Customer, Nothing, No;
    /// Invite a person to a role at a customer.
    PersonInvite, "person.invite", Customer, Nothing, Fresh;
    /// Invite a customer's first manager; a second officer confirms.
    ManagerInvite, "manager.invite", Customer, Nothing, Fresh;
    /// Invite a person to a role at the operator.
    StaffInvite, "staff.invite", System, Nothing, Fresh;
    /// The operator's people.
    StaffList, "staff.list", System, Nothing, No;
    /// Confirm what another officer asked for.
    InvitationConfirm, "invitation.confirm", Person, Nothing, Fresh;
    /// End a person's role at a customer.
    MembershipEnd, "membership.end", Person, Nothing, No;
    /// End a person's role at the operator.
    StaffEnd, "staff.end", Person, Nothing, Fresh;
    /// Staff of the operator may work for this customer.
    AssignmentGrant, "assignment.grant", Customer, Nothing, Fresh;
    /// Staff of the operator no longer work for this customer.
    AssignmentEnd, "assignment.end", Customer, Nothing, No;
    /// A person lost every passkey: a new enrolment.
    PersonReEnrol, "person.re_enrol", Person, Nothing, Fresh;
    /// End all sessions of a person.
    SessionRevoke, "session.revoke", Person, Nothing, No;

    // Programs of a customer.
    /// The programs that may work for a customer.
    ProgramList, "program.list", Customer, Nothing, No;
    /// Let a program work for a customer, with rights, a key and an end.
    ProgramRegister, "program.register", Customer, Nothing, Fresh;
    /// Give a program another key, other rights or another end.
    ProgramChange, "program.change", Customer, Nothing, Fresh;
    /// A program does nothing more, from now on.
    ProgramRevoke, "program.revoke", Customer, Nothing, No;

    // Oneself.
    /// Sign in.
    SessionStart, "session.start", Myself, Nothing, No;
    /// Sign out.
    SessionEnd, "session.end", Myself, Nothing, No;
    /// Touch the passkey again.
    SessionStepUp, "session.step_up", Myself, Nothing, No;
    /// Enrol by an invitation.
    PersonEnrol, "person.enrol", Myself, Nothing, No;
    /// One's own passkeys.
    CredentialAdd, "credential.add", Myself, Nothing, Fresh;
    /// Take one's own passkey away.
    CredentialRemove, "credential.remove", Myself, Nothing, Fresh;
    /// Let one command at the machine be done in one's name.
    TerminalConfirm, "terminal.confirm", Myself, Nothing, Fresh;
    /// One's last accesses.
    AccessList, "access.list", Myself, Names, No;

    // The system.
    /// Who opened what at a practice.
    AccessReview, "access.review", Customer, Names, No;
    /// A page of the ledger.
    LedgerList, "ledger.list", System, Nothing, No;
    /// A proof for one entry.
    LedgerProve, "ledger.prove", System, Nothing, No;
    /// Entries that concern a customer, for a program of that customer.
    LedgerTrail, "ledger.trail", Customer, Nothing, No;
    /// A proof for one entry that concerns a customer, for a program of that customer.
    LedgerReceipt, "ledger.receipt", Customer, Nothing, No;
    /// All entries, for an offline verifier.
    LedgerExport, "ledger.export", System, Nothing, Fresh;
    /// What detectors and the probe said.
    AlertList, "alert.list", System, Nothing, No;
    /// Close an alert with a word.
    AlertClose, "alert.close", System, Nothing, No;
    /// Open the gate again after the probe has passed.
    GateReopen, "gate.reopen", System, Nothing, Fresh;
    /// How the system is.
    HealthShow, "health.show", System, Nothing, No;
    /// New key versions from now on.
    KeyRotate, "key.rotate", System, Nothing, Fresh;
    /// Wrap all keys anew under a new root or epoch key.
    KeyRekey, "key.rekey", System, Nothing, Fresh;
    /// How far the destruction of a customer's keys is, and its certificate.
    KeyShredShow, "key.shred_show", Customer, Nothing, No;
    /// Ask that a customer's keys be destroyed, or take that back.
    KeyShredAsk, "key.shred_ask", Customer, Nothing, Fresh;
    /// Destroy a customer's keys, as another officer has asked.
    KeyShred, "key.shred", Customer, Nothing, Fresh;
    /// A sealed copy of everything.
    BackupCreate, "backup.create", System, Nothing, No;
    /// Everything from a sealed copy.
    BackupRestore, "backup.restore", System, Nothing, No;
    /// The last officer is lost: an offline act with the root key.
    OfficerRecover, "officer.recover", System, Nothing, No;
    /// Unwrap a customer's key into this process's memory.
    KeyUnwrap, "key.unwrap", System, Nothing, No;
}

#[cfg(test)]
mod tests {
    use super::{Action, act};
    use crate::Act;

    #[test]
    fn every_action_round_trips_and_its_type_says_the_same() {
        for action in Action::ALL {
            assert_eq!(action.as_str().parse(), Ok(*action));
        }
        assert_eq!(act::DocumentRead::ACTION, Action::DocumentRead);
    }
}
