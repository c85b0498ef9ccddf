//! Asking policy about an action known only as a value: states the intent and decides, as custody does with types.

use record::{Act, Action, Clock, CustomerId, Entropy, Intent, Principal, Purpose, Resources, act};
use strongroom_policy::{Decision, Facts, Policy, Why};

/// Everything of an intent but its action.
pub(crate) struct Asked {
    pub(crate) principal: Principal,
    pub(crate) customer: Option<CustomerId>,
    pub(crate) resources: Resources,
    pub(crate) purpose: Purpose,
}

fn state<A: Act>(clock: &dyn Clock, entropy: &dyn Entropy, asked: &Asked) -> Intent {
    let who = (asked.principal, None);
    Intent::to::<A>(clock, entropy, who, asked.customer, asked.resources.clone(), asked.purpose)
}

fn answer<A: Act>(policy: &Policy, intent: Intent, facts: &Facts) -> Result<(), Why> {
    match policy.decide::<A>(intent, facts) {
        Decision::Permit(permit) => {
            assert_eq!(permit.intent().action(), A::ACTION);
            Ok(())
        }
        Decision::Refusal(refusal) => Err(refusal.why()),
    }
}

macro_rules! acts {
    ($($name:ident)*) => {
        /// The intent to do this.
        pub(crate) fn intent(action: Action, clock: &dyn Clock, entropy: &dyn Entropy, asked: &Asked) -> Intent {
            match action { $(Action::$name => state::<act::$name>(clock, entropy, asked),)* }
        }
        /// What policy says to it.
        pub(crate) fn decide(policy: &Policy, intent: Intent, facts: &Facts) -> Result<(), Why> {
            match intent.action() { $(Action::$name => answer::<act::$name>(policy, intent, facts),)* }
        }
    };
}

// Without a word here for a new action nothing in this folder compiles, so that it cannot go untested.
acts! {
    DocumentList DocumentSearch DocumentRead DocumentDownload DocumentPrint DocumentHistory DocumentStatus
    DocumentUpload DocumentAdvance DocumentMatch DocumentDeliver DocumentUndoDelivery DocumentPickUp DocumentSign
    DocumentHold DocumentRelease DocumentWithdraw DocumentMove DocumentEnterInError DocumentRestrict
    PatientSearch PatientShow PatientTrace PatientCreate PatientChange PatientImport PatientLink RelatedCreate RelatedChange
    PatientMergeShow PatientMergePropose PatientMergeConfirm PatientMergeRefuse PatientMergeUndo
    RequestOpen RequestClose RequestList
    BreakGlassStart BreakGlassReview BreakGlassList
    CustomerRestrict CustomerLeaveShow CustomerLeave CustomerExport CustomerTakeIn
    CustomerJoinShow CustomerJoinPrepare CustomerJoin CustomerJoinRun CustomerSplitList
    CustomerList CustomerShow CustomerCreate AgreementCreate AgreementEnd PersonList PersonInvite ManagerInvite
    StaffInvite StaffList InvitationConfirm MembershipEnd StaffEnd AssignmentGrant AssignmentEnd PersonReEnrol
    SessionRevoke SessionStart SessionEnd SessionStepUp PersonEnrol CredentialAdd CredentialRemove TerminalConfirm AccessList
    AccessReview ProgramList ProgramRegister ProgramChange ProgramRevoke LedgerTrail LedgerReceipt LedgerList LedgerProve LedgerExport AlertList AlertClose GateReopen HealthShow KeyRotate KeyRekey
    KeyShredShow KeyShredAsk KeyShred BackupCreate BackupRestore OfficerRecover KeyUnwrap
}
