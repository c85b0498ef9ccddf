//! Roles, at a customer or at the operator (`HOUSE`: words).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where a role is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// At a practice, clinic or hospital.
    Customer,
    /// At the firm that runs this Strongroom.
    Operator,
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident, $text:literal, $side:ident, $label:literal;)*) => {
        /// What a membership lets a person be.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Role { $($(#[$doc])* $name,)* }

        impl Role {
            /// Every role, in the order of the golden table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            /// Where it is held.
            #[must_use]
            pub const fn side(self) -> Side { match self { $(Self::$name => Side::$side,)* } }
            /// As it stands in code, SQL and URLs.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $text,)* } }
            /// As people read it.
            #[must_use]
            pub const fn label(self) -> &'static str { match self { $(Self::$name => $label,)* } }
        }

        impl FromStr for Role {
            type Err = UnknownRole;
            fn from_str(text: &str) -> Result<Self, UnknownRole> {
                match text { $($text => Ok(Self::$name),)* _ => Err(UnknownRole) }
            }
        }
    };
}

roles! {
    /// Author or provider: reads what is theirs, or their patients'.
    Clinician, "clinician", Customer, "Clinician";
    /// Front desk, medical assistant, HIM: the practice's delivered documents.
    RecordsStaff, "records_staff", Customer, "Records staff";
    /// Grants roles at the practice, reviews accesses, keeps the agreement.
    PracticeManager, "practice_manager", Customer, "Practice manager";
    /// Types and uploads.
    Transcriptionist, "transcriptionist", Operator, "Transcriptionist";
    /// Edits and delivers.
    QaEditor, "qa_editor", Operator, "QA editor";
    /// Status and names of jobs, no text.
    Coordinator, "coordinator", Operator, "Coordinator";
    /// Converts and troubleshoots; works on stand-ins unless lent more.
    Analyst, "analyst", Operator, "Analyst";
    /// Records only inside a numbered incident or request.
    PrivacyOfficer, "privacy_officer", Operator, "Privacy officer";
    /// Alerts, containment, keys; no PHI.
    SecurityOfficer, "security_officer", Operator, "Security officer";
    /// Keeps the system running; no PHI.
    Administrator, "administrator", Operator, "Administrator";
    /// Reads ledger and evidence, no PHI; outside auditors expire.
    Auditor, "auditor", Operator, "Auditor";
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such role")]
pub struct UnknownRole;

impl Role {
    /// Officers hold two passkeys and review what others do.
    #[must_use]
    pub const fn is_officer(self) -> bool {
        matches!(self, Self::PrivacyOfficer | Self::SecurityOfficer)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn every_role_round_trips_through_text() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(*role));
        }
    }
}
