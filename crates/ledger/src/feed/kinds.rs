//! Which class of OCSF an act is, and how grave an entry is. One table; an act without a row does not compile.
//!
//! A row that changes is another meaning for whoever has written a rule on it: then [`TABLE_VERSION`] goes up.

use record::{Action, Entry, Outcome};

/// The version of this table, which each event states.
pub(super) const TABLE_VERSION: &str = "1";

/// A class of OCSF with its activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// API Activity, 6003.
    Api(Api),
    /// Authentication, 3002.
    Authentication(Authentication),
    /// Entity Management, 3004.
    Entity(EntityActivity),
}

/// The activities of API Activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    Create = 1,
    Read = 2,
    Update = 3,
    Delete = 4,
}

/// The activities of Authentication that there are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Authentication {
    Logon = 1,
    Logoff = 2,
    /// "Other": a touch within a session.
    Again = 99,
}

/// The activities of Entity Management that there are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntityActivity {
    Create = 1,
    Read = 2,
    Update = 3,
    Delete = 4,
    Enroll = 6,
    Unenroll = 7,
}

impl Kind {
    /// Category, class, activity, and the activity's name.
    pub(super) const fn numbers(self) -> (u32, u32, u32, &'static str) {
        match self {
            Self::Api(one) => (6, 6003, one as u32, one.name()),
            Self::Authentication(one) => (3, 3002, one as u32, one.name()),
            Self::Entity(one) => (3, 3004, one as u32, one.name()),
        }
    }

    /// The class by name.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Api(_) => "API Activity",
            Self::Authentication(_) => "Authentication",
            Self::Entity(_) => "Entity Management",
        }
    }
}

impl Api {
    const fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Read => "Read",
            Self::Update => "Update",
            Self::Delete => "Delete",
        }
    }
}

impl Authentication {
    const fn name(self) -> &'static str {
        match self {
            Self::Logon => "Logon",
            Self::Logoff => "Logoff",
            Self::Again => "Step-up",
        }
    }
}

impl EntityActivity {
    const fn name(self) -> &'static str {
        match self {
            Self::Create => "Create",
            Self::Read => "Read",
            Self::Update => "Update",
            Self::Delete => "Delete",
            Self::Enroll => "Enroll",
            Self::Unenroll => "Unenroll",
        }
    }
}

/// The class of an act: what touches records is API Activity, what touches people, rights, customers and keys is Entity
/// Management, coming and going is Authentication.
pub(super) const fn kind(action: Action) -> Kind {
    use Action as A;
    use EntityActivity as E;
    // One line holds what belongs together; every act stands in one of them, or this does not compile.
    match action {
        A::DocumentList | A::DocumentSearch | A::DocumentRead | A::DocumentDownload => Kind::Api(Api::Read),
        A::DocumentPrint | A::DocumentHistory | A::DocumentStatus | A::PatientSearch => Kind::Api(Api::Read),
        A::PatientMergeShow => Kind::Api(Api::Read),
        A::PatientMergePropose => Kind::Api(Api::Create),
        A::PatientMergeConfirm | A::PatientMergeRefuse | A::PatientMergeUndo => Kind::Api(Api::Update),
        A::PatientShow | A::PatientTrace | A::BreakGlassList | A::RequestList => Kind::Api(Api::Read),
        A::AccessList | A::AccessReview | A::LedgerList | A::LedgerProve | A::LedgerTrail | A::LedgerReceipt => {
            Kind::Api(Api::Read)
        }
        A::LedgerExport | A::AlertList | A::HealthShow | A::CustomerExport => Kind::Api(Api::Read),
        A::CustomerSplitList => Kind::Api(Api::Read),
        A::DocumentUpload | A::PatientCreate | A::PatientImport | A::RelatedCreate => Kind::Api(Api::Create),
        A::RequestOpen | A::BreakGlassStart | A::BackupCreate | A::BackupRestore => Kind::Api(Api::Create),
        A::CustomerTakeIn => Kind::Api(Api::Create),
        A::DocumentAdvance | A::DocumentMatch | A::DocumentDeliver => Kind::Api(Api::Update),
        A::DocumentUndoDelivery | A::DocumentPickUp | A::DocumentSign | A::DocumentHold | A::DocumentRestrict => {
            Kind::Api(Api::Update)
        }
        A::DocumentRelease | A::DocumentWithdraw | A::DocumentMove | A::PatientChange => Kind::Api(Api::Update),
        A::PatientLink | A::RelatedChange | A::RequestClose | A::BreakGlassReview => Kind::Api(Api::Update),
        A::AlertClose | A::GateReopen | A::CustomerJoinRun => Kind::Api(Api::Update),
        A::DocumentEnterInError => Kind::Api(Api::Delete),
        A::SessionStart => Kind::Authentication(Authentication::Logon),
        A::SessionEnd | A::SessionRevoke => Kind::Authentication(Authentication::Logoff),
        A::SessionStepUp | A::TerminalConfirm => Kind::Authentication(Authentication::Again),
        A::CustomerList | A::CustomerShow | A::PersonList | A::ProgramList | A::StaffList => Kind::Entity(E::Read),
        A::KeyShredShow | A::KeyUnwrap | A::CustomerLeaveShow | A::CustomerJoinShow => Kind::Entity(E::Read),
        A::CustomerCreate | A::AgreementCreate | A::ProgramRegister | A::PersonInvite => Kind::Entity(E::Create),
        A::ManagerInvite | A::StaffInvite => Kind::Entity(E::Create),
        A::InvitationConfirm | A::ProgramChange | A::AssignmentGrant | A::KeyRotate => Kind::Entity(E::Update),
        A::KeyRekey | A::KeyShredAsk | A::CustomerRestrict | A::CustomerLeave => Kind::Entity(E::Update),
        A::CustomerJoinPrepare | A::CustomerJoin => Kind::Entity(E::Update),
        A::AgreementEnd | A::ProgramRevoke | A::MembershipEnd | A::StaffEnd => Kind::Entity(E::Delete),
        A::AssignmentEnd | A::KeyShred => Kind::Entity(E::Delete),
        A::PersonEnrol | A::PersonReEnrol | A::CredentialAdd | A::OfficerRecover => Kind::Entity(E::Enroll),
        A::CredentialRemove => Kind::Entity(E::Unenroll),
    }
}

/// How grave an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gravity {
    /// Work.
    Usual,
    /// A refusal, a failure, an act with weight: somebody may want to look.
    Notable,
    /// An alert, a broken glass, an end that nobody knows, an entry that cannot be read: somebody must look.
    Grave,
}

/// How grave an entry is; one that cannot be read is grave.
pub(super) fn gravity(entry: Option<&Entry>) -> Gravity {
    let Some(entry) = entry else { return Gravity::Grave };
    match (entry.outcome, entry.action) {
        (Outcome::Unknown, _)
        | (Outcome::Noted, Action::AlertList)
        | (
            Outcome::Permitted,
            Action::BreakGlassStart | Action::OfficerRecover | Action::KeyShred | Action::BackupRestore,
        ) => Gravity::Grave,
        (Outcome::Refused | Outcome::Failed, _) => Gravity::Notable,
        (Outcome::Permitted | Outcome::Done | Outcome::Noted, _) => Gravity::Usual,
    }
}
