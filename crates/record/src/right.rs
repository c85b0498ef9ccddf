//! What a program can be granted at a customer: one table, in the words of SMART's system scopes.
//!
//! A right is a scope of the form `system/Resource.letters` (SMART App Launch 2.2, chapter "scopes"). Each one stands for a
//! few acts, and an act that no right stands for is done by no program at all. A program has rights at exactly one
//! customer, by that customer's manager; what a token carries is a part of them.

use crate::Action;
use std::collections::BTreeSet;

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident, $scope:literal, $label:literal, [$($action:ident),+];)*) => {
        /// One thing that a program can be granted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Right { $($(#[$doc])* $name,)* }

        impl Right {
            /// Every one, as they stand on a form.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            /// The scope, as programs ask for it and as it is kept.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $scope,)* } }
            /// In plain words, for the person who grants it.
            #[must_use]
            pub const fn label(self) -> &'static str { match self { $(Self::$name => $label,)* } }
            /// The acts that it stands for.
            #[must_use]
            pub const fn actions(self) -> &'static [Action] { match self { $(Self::$name => &[$(Action::$action),+],)* } }
        }

        impl std::str::FromStr for Right {
            type Err = UnknownRight;
            fn from_str(text: &str) -> Result<Self, UnknownRight> {
                match text { $($scope => Ok(Self::$name),)* _ => Err(UnknownRight) }
            }
        }
    };
}

/// The text names no right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such right")]
pub struct UnknownRight;

rights! {
    /// Lists of documents and what is known of each, without text.
    DocumentsRead, "system/DocumentReference.rs", "See which documents there are, and whose", [DocumentList, DocumentSearch];
    /// The texts and files themselves.
    ContentRead, "system/Binary.r", "Read and take the documents themselves", [DocumentRead, DocumentDownload];
    /// New documents.
    DocumentsCreate, "system/DocumentReference.c", "Bring documents in", [DocumentUpload];
    /// Acknowledging that a document has arrived.
    DocumentsUpdate, "system/DocumentReference.u", "Say that a document has arrived", [DocumentPickUp];
    /// Finding and reading patients.
    PatientsRead, "system/Patient.rs", "Find patients, and see what is known of each", [PatientSearch, PatientShow];
    /// New patients.
    PatientsCreate, "system/Patient.c", "Add patients", [PatientCreate];
    /// Correcting patients.
    PatientsUpdate, "system/Patient.u", "Correct patients", [PatientChange];
    /// The customer's own agreements.
    AgreementsRead, "system/Organization.rs", "See the practice's agreements", [CustomerShow];
    /// Who works at the customer, and as what.
    PeopleRead, "system/PractitionerRole.rs", "See who works at the practice, and as what", [PersonList];
    /// Ledger entries that concern the customer, and their proofs.
    LedgerRead, "system/AuditEvent.rs", "See what was done with the practice's records, and fetch the proof of it", [LedgerTrail, LedgerReceipt];
}

impl Right {
    /// The right that stands for this act, if any does.
    #[must_use]
    pub fn of(action: Action) -> Option<Self> {
        Self::ALL.iter().copied().find(|right| right.actions().contains(&action))
    }
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Rights from a list with single spaces, as OAuth writes scopes (RFC 6749, 3.3).
///
/// # Errors
/// [`UnknownRight`] when the list is empty or any word in it is no right.
pub fn rights_read(text: &str) -> Result<BTreeSet<Right>, UnknownRight> {
    text.split(' ').map(str::parse).collect()
}

/// The same, written.
#[must_use]
pub fn rights_written(rights: &BTreeSet<Right>) -> String {
    rights.iter().map(|right| right.as_str()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Right, rights_read, rights_written};
    use crate::action::StepUp;

    #[test]
    fn every_right_round_trips_and_no_two_stand_for_one_act() {
        let mut acts: Vec<_> = Right::ALL.iter().flat_map(|right| right.actions()).collect();
        let many = acts.len();
        acts.sort();
        acts.dedup();
        assert_eq!(acts.len(), many);
        for right in Right::ALL {
            assert_eq!(right.as_str().parse(), Ok(*right));
            // A program has no passkey to touch, so nothing that needs one is ever a program's.
            assert!(right.actions().iter().all(|action| action.step_up() == StepUp::No), "{right}");
        }
        let all = Right::ALL.iter().copied().collect();
        assert_eq!(rights_read(&rights_written(&all)), Ok(all));
        for wrong in
            ["", " ", "system/*.cruds", "system/Patient.rs ", "user/Patient.rs", "system/Patient.rs  system/Patient.u"]
        {
            assert!(rights_read(wrong).is_err(), "{wrong:?}");
        }
    }
}
