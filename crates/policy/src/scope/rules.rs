//! The clauses of the scopes as a table, one beside each policy that lists or searches, named alike.

use record::document::Confidentiality::{self, Normal, Restricted, VeryRestricted};
use record::document::DocumentState::{
    self, Delivered, Dictated, Edited, EnteredInError, Held, Signed, Transcribed, Unmatched, Withdrawn,
};
use record::{Action, Role};

/// For whom a clause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Holder {
    /// Whoever holds this role.
    Role(Role),
    /// A customer's program that was granted the act.
    Program,
}

/// How a document must be related to the asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Anyone,
    Author,
    Recipient,
    Uploader,
    InCare,
    GlassBroken,
}

/// One clause over documents. For roles at the operator other than officers it counts where they are assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DocumentRule {
    pub(crate) actions: &'static [Action],
    pub(crate) holder: Holder,
    pub(crate) states: &'static [DocumentState],
    pub(crate) who: Who,
    /// Up to what confidentiality.
    pub(crate) most: Confidentiality,
}

/// How a patient must be related to the asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatientWho {
    Anyone,
    InCare,
    GlassBroken,
    /// Any, while a numbered request of the asker is open at the customer.
    InRequest,
}

/// One clause over patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PatientRule {
    pub(crate) actions: &'static [Action],
    pub(crate) holder: Holder,
    pub(crate) who: PatientWho,
}

const LOOKING: &[Action] = &[Action::DocumentList, Action::DocumentSearch, Action::AccessList];
const LISTING: &[Action] = &[Action::DocumentList, Action::AccessList];
const PROGRAM: &[Action] = &[Action::DocumentList, Action::DocumentSearch];
const STATUS: &[Action] = &[Action::DocumentStatus];
const REVIEW: &[Action] = &[Action::AccessReview];
const WITH_PRACTICE: &[DocumentState] = &[Delivered, Signed];
const ONCE_WITH_PRACTICE: &[DocumentState] = &[Delivered, Signed, Withdrawn, EnteredInError];
const IN_WORK: &[DocumentState] = &[Dictated, Transcribed, Edited, Unmatched, Held];

/// Which documents.
pub(crate) const DOCUMENTS: &[DocumentRule] = &[
    // clinician-documents
    DocumentRule {
        actions: LOOKING,
        holder: Holder::Role(Role::Clinician),
        states: WITH_PRACTICE,
        who: Who::Author,
        most: VeryRestricted,
    },
    DocumentRule {
        actions: LOOKING,
        holder: Holder::Role(Role::Clinician),
        states: WITH_PRACTICE,
        who: Who::Recipient,
        most: Restricted,
    },
    DocumentRule {
        actions: LOOKING,
        holder: Holder::Role(Role::Clinician),
        states: WITH_PRACTICE,
        who: Who::InCare,
        most: Restricted,
    },
    DocumentRule {
        actions: LOOKING,
        holder: Holder::Role(Role::Clinician),
        states: WITH_PRACTICE,
        who: Who::GlassBroken,
        most: VeryRestricted,
    },
    // clinician-own-unmatched
    DocumentRule {
        actions: LOOKING,
        holder: Holder::Role(Role::Clinician),
        states: &[Unmatched],
        who: Who::Author,
        most: VeryRestricted,
    },
    // clinician-own-dictations
    DocumentRule {
        actions: LISTING,
        holder: Holder::Role(Role::Clinician),
        states: &[Dictated],
        who: Who::Uploader,
        most: VeryRestricted,
    },
    // clinician-own-status
    DocumentRule {
        actions: STATUS,
        holder: Holder::Role(Role::Clinician),
        states: DocumentState::ALL,
        who: Who::Uploader,
        most: VeryRestricted,
    },
    // records-staff-documents
    DocumentRule {
        actions: LOOKING,
        holder: Holder::Role(Role::RecordsStaff),
        states: WITH_PRACTICE,
        who: Who::Anyone,
        most: Normal,
    },
    DocumentRule {
        actions: LOOKING,
        holder: Holder::Role(Role::RecordsStaff),
        states: WITH_PRACTICE,
        who: Who::GlassBroken,
        most: VeryRestricted,
    },
    // records-staff-unmatched
    DocumentRule {
        actions: &[Action::DocumentList],
        holder: Holder::Role(Role::RecordsStaff),
        states: &[Unmatched],
        who: Who::Anyone,
        most: Normal,
    },
    // transcriptionist-dictations
    DocumentRule {
        actions: LISTING,
        holder: Holder::Role(Role::Transcriptionist),
        states: &[Dictated],
        who: Who::Anyone,
        most: VeryRestricted,
    },
    DocumentRule {
        actions: STATUS,
        holder: Holder::Role(Role::Transcriptionist),
        states: &[Dictated],
        who: Who::Anyone,
        most: VeryRestricted,
    },
    // transcriptionist-own-work
    DocumentRule {
        actions: LISTING,
        holder: Holder::Role(Role::Transcriptionist),
        states: &[Transcribed, Edited, Held, Unmatched],
        who: Who::Uploader,
        most: VeryRestricted,
    },
    // transcriptionist-own-status
    DocumentRule {
        actions: STATUS,
        holder: Holder::Role(Role::Transcriptionist),
        states: DocumentState::ALL,
        who: Who::Uploader,
        most: VeryRestricted,
    },
    // editor-work
    DocumentRule {
        actions: LOOKING,
        holder: Holder::Role(Role::QaEditor),
        states: IN_WORK,
        who: Who::Anyone,
        most: VeryRestricted,
    },
    // editor-mends-withdrawn
    DocumentRule {
        actions: LOOKING,
        holder: Holder::Role(Role::QaEditor),
        states: &[Withdrawn],
        who: Who::Anyone,
        most: VeryRestricted,
    },
    // work-status
    DocumentRule {
        actions: STATUS,
        holder: Holder::Role(Role::QaEditor),
        states: DocumentState::ALL,
        who: Who::Anyone,
        most: VeryRestricted,
    },
    DocumentRule {
        actions: STATUS,
        holder: Holder::Role(Role::Coordinator),
        states: DocumentState::ALL,
        who: Who::Anyone,
        most: VeryRestricted,
    },
    // access-review-documents-manager
    DocumentRule {
        actions: REVIEW,
        holder: Holder::Role(Role::PracticeManager),
        states: ONCE_WITH_PRACTICE,
        who: Who::Anyone,
        most: VeryRestricted,
    },
    // access-review-documents-privacy-officer
    DocumentRule {
        actions: REVIEW,
        holder: Holder::Role(Role::PrivacyOfficer),
        states: DocumentState::ALL,
        who: Who::Anyone,
        most: VeryRestricted,
    },
    // program-documents
    DocumentRule { actions: PROGRAM, holder: Holder::Program, states: WITH_PRACTICE, who: Who::Anyone, most: Normal },
    // program-own-uploads
    DocumentRule {
        actions: &[Action::DocumentList],
        holder: Holder::Program,
        states: &[Dictated],
        who: Who::Uploader,
        most: VeryRestricted,
    },
];

const PAGES: &[Action] = &[Action::PatientShow, Action::AccessList];

/// Which patients.
pub(crate) const PATIENTS: &[PatientRule] = &[
    // practice-finds-patients
    PatientRule { actions: &[Action::PatientSearch], holder: Holder::Role(Role::Clinician), who: PatientWho::Anyone },
    PatientRule {
        actions: &[Action::PatientSearch],
        holder: Holder::Role(Role::RecordsStaff),
        who: PatientWho::Anyone,
    },
    // clinician-patients
    PatientRule { actions: PAGES, holder: Holder::Role(Role::Clinician), who: PatientWho::InCare },
    PatientRule { actions: PAGES, holder: Holder::Role(Role::Clinician), who: PatientWho::GlassBroken },
    // records-staff-patients
    PatientRule { actions: PAGES, holder: Holder::Role(Role::RecordsStaff), who: PatientWho::Anyone },
    // editor-matches-patients
    PatientRule { actions: &[Action::PatientSearch], holder: Holder::Role(Role::QaEditor), who: PatientWho::Anyone },
    // request-patients
    PatientRule {
        actions: &[Action::PatientSearch],
        holder: Holder::Role(Role::PrivacyOfficer),
        who: PatientWho::InRequest,
    },
    // program-patients
    PatientRule {
        actions: &[Action::PatientSearch, Action::PatientShow],
        holder: Holder::Program,
        who: PatientWho::Anyone,
    },
];
