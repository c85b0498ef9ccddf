//! The oracle: who may do what, in plain Rust, written from `docs/policy/WHO-MAY-DO-WHAT.md` alone. It shares no
//! code with the policies, the engine or the scopes, so that a mistake in one is not a mistake in both.

use record::document::Confidentiality::{Normal, VeryRestricted};
use record::document::DocumentState::{
    self, Delivered, Dictated, Edited, EnteredInError, Held, Signed, Transcribed, Unmatched, Withdrawn,
};
use record::{Action, CustomerId, Intent, PatientId, PersonId, Principal, Purpose, ResourceId, Right, Role};
use strongroom_policy::{DocumentFacts, Facts, ResourceFacts};

const MINUTE: i64 = 60_000;
const SKEW: i64 = 5_000;

struct Who<'a> {
    me: Option<PersonId>,
    at: i64,
    customer: Option<CustomerId>,
    principal: Principal,
    /// One of the system's own jobs.
    job: bool,
    /// A customer's program; what it may not is forbidden beforehand.
    program: bool,
    facts: &'a Facts,
}

impl Who<'_> {
    fn alive(&self, role: Role, customer: Option<CustomerId>) -> bool {
        self.me.is_some()
            && self.facts.principal.memberships.iter().any(|m| {
                m.role == role
                    && m.customer == customer
                    && m.from.unix_millis() <= self.at
                    && m.to.is_none_or(|to| self.at < to.unix_millis())
            })
    }
    /// At the practice the intent is about.
    fn here(&self, role: Role) -> bool {
        at_practice(role) && self.customer.is_some() && self.alive(role, self.customer)
    }
    /// At the operator.
    fn staff(&self, role: Role) -> bool {
        !at_practice(role) && self.alive(role, None)
    }
    fn assigned(&self, role: Role) -> bool {
        self.staff(role) && self.customer.is_some_and(|c| self.facts.principal.assigned.contains(&c))
    }
    fn officer(&self) -> bool {
        self.staff(Role::PrivacyOfficer) || self.staff(Role::SecurityOfficer)
    }
    fn practice_staff(&self) -> bool {
        self.here(Role::Clinician) || self.here(Role::RecordsStaff)
    }
    fn glass(&self, patient: Option<PatientId>) -> bool {
        self.me.is_some()
            && patient.is_some()
            && self.facts.principal.broken_glass.iter().any(|g| {
                Some(g.patient) == patient
                    && Some(g.customer) == self.customer
                    && g.from.unix_millis() <= self.at
                    && self.at < g.to.unix_millis()
                    && self.at - g.from.unix_millis() < 240 * MINUTE
            })
    }
    fn in_request(&self) -> bool {
        self.me.is_some()
            && self.customer.is_some()
            && self.facts.principal.requests.iter().any(|r| {
                Some(r.customer) == self.customer
                    && r.from.unix_millis() <= self.at
                    && self.at < r.to.unix_millis()
                    && self.at - r.from.unix_millis() < 480 * MINUTE
            })
    }
    fn requester(&self) -> bool {
        self.staff(Role::PrivacyOfficer) && self.in_request()
    }
    fn is_me(&self, person: Option<PersonId>) -> bool {
        person.is_some() && person == self.me
    }
    /// Was it the asker who brought this in.
    fn brought(&self, document: &DocumentFacts) -> bool {
        document.uploader == Some(self.principal)
    }
}

const fn at_practice(role: Role) -> bool {
    matches!(role, Role::Clinician | Role::RecordsStaff | Role::PracticeManager)
}

/// May this be done.
pub(crate) fn may(action: Action, intent: &Intent, facts: &Facts) -> bool {
    let me = match intent.principal() {
        Principal::Person(id) => Some(id),
        _ => None,
    };
    let job = matches!(intent.principal(), Principal::Program(_)) && facts.principal.system_job;
    let program = matches!(intent.principal(), Principal::Program(_)) && !job;
    let principal = intent.principal();
    let who = Who { me, principal, at: intent.at().unix_millis(), customer: intent.customer(), job, program, facts };
    in_order(action, intent, facts) && !forbidden(action, intent, &who) && permitted(action, intent, &who)
}

/// Rule 9: facts and intent speak of the same things.
fn in_order(action: Action, intent: &Intent, facts: &Facts) -> bool {
    let named = intent.resources().as_slice();
    let count = |id: ResourceId| facts.resources.iter().filter(|f| f.id() == id).count();
    if facts.resources.iter().any(|f| !named.contains(&f.id()) || count(f.id()) != 1) {
        return false;
    }
    if facts.customer.is_some_and(|told| Some(told.id) != intent.customer()) {
        return false;
    }
    for fact in &facts.resources {
        let fine = match fact {
            ResourceFacts::Document(d) => Some(d.customer) == intent.customer(),
            ResourceFacts::Patient(p) => Some(p.customer) == intent.customer(),
            ResourceFacts::Related(r) => {
                Some(r.patient.customer) == intent.customer()
                    && matches!(
                        action,
                        Action::PatientShow
                            | Action::PatientMergeShow
                            | Action::PatientMergeUndo
                            | Action::RelatedCreate
                            | Action::RelatedChange
                            | Action::CustomerExport
                            | Action::CustomerTakeIn
                            | Action::CustomerJoinRun
                    )
                    && facts.resources.iter().any(|f| matches!(f, ResourceFacts::Patient(p) if *p == r.patient))
            }
            ResourceFacts::BreakGlass(b) => Some(b.customer) == intent.customer(),
            ResourceFacts::Person(p) if upon_people(action) => p.customer == intent.customer(),
            ResourceFacts::Person(p) => p.customer.is_none() || p.customer == intent.customer(),
        };
        if !fine {
            return false;
        }
    }
    named.iter().all(|id| match id {
        ResourceId::DocumentId(_)
        | ResourceId::PatientId(_)
        | ResourceId::RelatedPersonId(_)
        | ResourceId::BreakGlassId(_) => count(*id) == 1,
        ResourceId::PersonId(person) if upon_oneself(action) => intent.principal() == Principal::Person(*person),
        ResourceId::PersonId(_) => !upon_people(action) || count(*id) == 1,
        ResourceId::CustomerId(customer) => {
            matches!(action, Action::CustomerList | Action::CustomerJoinRun)
                || (action == Action::CustomerCreate && intent.customer().is_none())
                || Some(*customer) == intent.customer()
        }
        _ => !opens_something(action),
    })
}

fn upon_people(action: Action) -> bool {
    use Action::*;
    matches!(action, InvitationConfirm | MembershipEnd | StaffEnd | PersonReEnrol | SessionRevoke)
}

fn upon_oneself(action: Action) -> bool {
    use Action::*;
    matches!(
        action,
        SessionStart
            | SessionEnd
            | SessionStepUp
            | PersonEnrol
            | CredentialAdd
            | CredentialRemove
            | TerminalConfirm
            | AccessList
    )
}

fn opens_something(action: Action) -> bool {
    use Action::*;
    matches!(
        action,
        DocumentList
            | DocumentSearch
            | DocumentRead
            | DocumentDownload
            | DocumentPrint
            | DocumentHistory
            | DocumentMatch
            | DocumentDeliver
            | DocumentMove
            | PatientSearch
            | PatientShow
            | PatientTrace
            | PatientChange
            | PatientImport
            | PatientLink
            | PatientMergeShow
            | PatientMergeConfirm
            | PatientMergeUndo
            | RelatedCreate
            | RelatedChange
            | BreakGlassStart
            | BreakGlassReview
            | BreakGlassList
            | AccessList
            | AccessReview
            | CustomerExport
            | CustomerJoinRun
            | CustomerSplitList
    )
}

fn needs_touch(action: Action) -> bool {
    use Action::*;
    matches!(
        action,
        DocumentSign
            | DocumentEnterInError
            | PatientLink
            | PatientMergeConfirm
            | PatientMergeUndo
            | RequestOpen
            | BreakGlassStart
            | CustomerCreate
            | CustomerLeave
            | CustomerRestrict
            | CustomerJoinPrepare
            | CustomerJoin
            | AgreementCreate
            | AgreementEnd
            | PersonInvite
            | ProgramRegister
            | ProgramChange
            | ManagerInvite
            | StaffInvite
            | InvitationConfirm
            | StaffEnd
            | AssignmentGrant
            | PersonReEnrol
            | CredentialAdd
            | CredentialRemove
            | LedgerExport
            | GateReopen
            | KeyRotate
            | KeyRekey
            | KeyShredAsk
            | KeyShred
            | TerminalConfirm
    )
}

/// Rules 1 to 7.
fn forbidden(action: Action, intent: &Intent, who: &Who<'_>) -> bool {
    use Action::*;
    if intent.purpose() == Purpose::Incident && !who.in_request() {
        return true;
    }
    let told = &who.facts.principal;
    if who.me.is_some() {
        let recent = |then: i64, minutes: i64| who.at - then <= minutes * MINUTE && then - who.at <= SKEW;
        let in_session = told.signed_in.is_some_and(|s| recent(s.at.unix_millis(), 12 * 60));
        let touched = told.signed_in.and_then(|s| s.step_up_at).is_some_and(|touch| recent(touch.unix_millis(), 5));
        let passkey_act =
            matches!(action, SessionStart | SessionEnd | SessionStepUp | CredentialAdd | CredentialRemove);
        if told.suspended
            || (!in_session && action != SessionStart)
            || (who.officer() && told.passkeys < 2 && !passkey_act)
            || (needs_touch(action) && !touched)
        {
            return true;
        }
    }
    let agreement = who.facts.customer.is_some_and(|c| c.agreement_in_force);
    if let (Principal::Program(_), false) = (intent.principal(), who.job) {
        let Some(program) = &told.program else { return true };
        let lives = program.from.unix_millis() <= who.at && who.at < program.to.unix_millis();
        let may = action == SessionStart
            || intent.customer() == Some(program.customer)
                && program.rights.iter().any(|right| stands_for(*right).contains(&action));
        if !lives || !may {
            return true;
        }
    }
    if matches!(action, DocumentUpload | PatientCreate | PatientImport | CustomerTakeIn) && !agreement {
        return true;
    }
    let asked_by = who.facts.customer.and_then(|c| c.requested_by);
    if action == KeyShred && (asked_by.is_none() || who.is_me(asked_by)) {
        return true;
    }
    if action == CustomerJoin && who.is_me(asked_by) || action == CustomerJoinRun && !joining_agreed(intent, who) {
        return true;
    }
    who.facts.resources.iter().any(|fact| match (action, fact) {
        (InvitationConfirm, ResourceFacts::Person(p)) => {
            p.requested_by.is_none() || who.is_me(p.requested_by) || who.is_me(Some(p.id))
        }
        (PersonReEnrol, ResourceFacts::Person(p)) => who.is_me(Some(p.id)),
        (BreakGlassReview, ResourceFacts::BreakGlass(b)) => who.is_me(Some(b.person)),
        _ => false,
    })
}

/// Rule 7: what leaves a practice goes to the one other that the intent names, as both managers have agreed; what comes in
/// comes from somebody with whom they have.
fn joining_agreed(intent: &Intent, who: &Who<'_>) -> bool {
    let Some(told) = who.facts.customer else { return false };
    let mut others = Vec::new();
    for id in intent.resources().as_slice() {
        if let ResourceId::CustomerId(other) = id
            && intent.customer() != Some(*other)
        {
            others.push(*other);
        }
    }
    match others.as_slice() {
        [] => told.joining.comes_in,
        [into] => told.joining.agreed_into == Some(*into),
        _ => false,
    }
}

/// What each right of a program stands for.
fn stands_for(right: Right) -> &'static [Action] {
    use Action::*;
    match right {
        Right::DocumentsRead => &[DocumentList, DocumentSearch],
        Right::ContentRead => &[DocumentRead, DocumentDownload],
        Right::DocumentsCreate => &[DocumentUpload],
        Right::DocumentsUpdate => &[DocumentPickUp],
        Right::PatientsRead => &[PatientSearch, PatientShow],
        Right::PatientsCreate => &[PatientCreate],
        Right::PatientsUpdate => &[PatientChange],
        Right::AgreementsRead => &[CustomerShow],
        Right::PeopleRead => &[PersonList],
        Right::LedgerRead => &[LedgerTrail, LedgerReceipt],
    }
}

fn permitted(action: Action, intent: &Intent, who: &Who<'_>) -> bool {
    if let Some(verdict) = whole_act(action, intent, who) {
        if !verdict {
            return false;
        }
    } else if !(subject_named(action, intent) || is_page(action) && empty_page(action, who)) {
        return false;
    }
    let things = who.facts.resources.iter().all(|fact| match fact {
        ResourceFacts::Document(d) => document(action, d, who),
        ResourceFacts::Patient(p) => patient(action, p.id, p.in_care, who),
        ResourceFacts::Related(r) => patient(action, r.patient.id, r.patient.in_care, who),
        ResourceFacts::Person(p) => !upon_people(action) || person(action, p.customer.is_none(), who),
        ResourceFacts::BreakGlass(b) => glass(action, who.is_me(Some(b.person)), who),
    });
    let customers = intent.resources().as_slice().iter().all(|id| match id {
        ResourceId::CustomerId(customer) if action == Action::CustomerList => customer_listed(*customer, who),
        _ => true,
    });
    things && customers
}

fn is_page(action: Action) -> bool {
    use Action::*;
    matches!(action, DocumentList | DocumentSearch | DocumentStatus | PatientSearch | PatientMergeShow | CustomerList)
}

fn subject_named(action: Action, intent: &Intent) -> bool {
    let prefix = match action.as_str().split('.').next() {
        Some("document") => "doc",
        Some("patient" | "related") => "pat",
        Some("customer") => "cus",
        _ if action == Action::BreakGlassStart => "pat",
        _ if action == Action::BreakGlassReview => "brk",
        _ => "per",
    };
    (intent.customer().is_some() || matches!(prefix, "cus" | "per"))
        && intent.resources().as_slice().iter().any(|id| id.prefix() == prefix)
}

fn empty_page(action: Action, who: &Who<'_>) -> bool {
    use Action::*;
    let (typist, editor) = (who.assigned(Role::Transcriptionist), who.assigned(Role::QaEditor));
    match action {
        DocumentList => who.practice_staff() || typist || editor || who.program,
        DocumentSearch => who.practice_staff() || editor || who.program,
        PatientSearch => who.practice_staff() || editor || who.requester() || who.program,
        PatientMergeShow => who.here(Role::RecordsStaff),
        DocumentStatus => typist || editor || who.assigned(Role::Coordinator) || who.here(Role::Clinician),
        CustomerList if who.job => true,
        CustomerList => {
            who.me.is_some()
                && Role::ALL.iter().any(|role| {
                    who.staff(*role)
                        || (at_practice(*role)
                            && who
                                .facts
                                .principal
                                .memberships
                                .iter()
                                .any(|m| m.customer.is_some() && who.alive(*role, m.customer)))
                })
        }
        _ => false,
    }
}

/// Acts upon oneself, the system or a customer as a whole; `None` for acts upon things.
fn whole_act(action: Action, intent: &Intent, who: &Who<'_>) -> Option<bool> {
    use Action::*;
    let job = who.job;
    let (privacy, security) = (who.staff(Role::PrivacyOfficer), who.staff(Role::SecurityOfficer));
    let (manager, admin) = (who.here(Role::PracticeManager), who.staff(Role::Administrator));
    let at_customer = who.facts.customer.is_some();
    let verdict = match action {
        SessionStart => who.me.is_some() || who.program || intent.principal() == Principal::Stranger,
        PersonEnrol => who.me.is_some() || intent.principal() == Principal::Stranger,
        SessionEnd | SessionStepUp | CredentialAdd | CredentialRemove | TerminalConfirm | AccessList => {
            who.me.is_some()
        }

        CustomerCreate | StaffInvite | RequestList => privacy,
        StaffList => privacy || security || admin,
        AlertList => privacy || security || who.staff(Role::Auditor),
        LedgerList | LedgerProve | LedgerExport => privacy || security || who.staff(Role::Auditor) || job,
        AlertClose => privacy || security,
        GateReopen => privacy || security || job,
        HealthShow => security || admin || job,
        KeyRotate | KeyRekey => security || job,
        BackupCreate => admin || job,
        BackupRestore | OfficerRecover | KeyUnwrap => job,

        DocumentUpload => {
            at_customer
                && (who.assigned(Role::Transcriptionist)
                    || who.assigned(Role::QaEditor)
                    || who.here(Role::Clinician)
                    || who.program)
        }
        PatientCreate => at_customer && (who.here(Role::RecordsStaff) || who.program),
        PatientImport => at_customer && who.here(Role::RecordsStaff),
        CustomerShow | PersonList => at_customer && (manager || privacy || who.program),
        AccessReview | BreakGlassList => at_customer && (manager || privacy),
        PersonInvite | ProgramRegister | ProgramChange => at_customer && manager,
        ProgramList | ProgramRevoke => at_customer && (manager || privacy || security),
        LedgerTrail | LedgerReceipt => at_customer && who.program,
        AgreementCreate | AgreementEnd | ManagerInvite | AssignmentGrant | AssignmentEnd | RequestOpen
        | RequestClose => at_customer && privacy,
        KeyShredShow | CustomerLeaveShow => at_customer && (privacy || security || manager),
        CustomerLeave | CustomerRestrict | CustomerExport | CustomerTakeIn => at_customer && manager,
        KeyShredAsk | KeyShred => at_customer && (privacy || security),
        CustomerJoinShow => at_customer && (privacy || manager),
        CustomerJoinPrepare => at_customer && privacy,
        CustomerJoin | CustomerSplitList => at_customer && manager,
        CustomerJoinRun => at_customer && job,
        _ => return None,
    };
    Some(verdict)
}

fn customer_listed(customer: CustomerId, who: &Who<'_>) -> bool {
    let admin = who.staff(Role::Administrator);
    let home = Role::ALL.iter().any(|role| at_practice(*role) && who.alive(*role, Some(customer)));
    let staff = Role::ALL.iter().any(|role| who.staff(*role));
    who.job || who.officer() || admin || home || (staff && who.facts.principal.assigned.contains(&customer))
}

fn document(action: Action, d: &DocumentFacts, who: &Who<'_>) -> bool {
    clinician(action, d, who)
        || records_staff(action, d, who)
        || manager(action, d.state, who)
        || transcriptionist(action, d, who)
        || qa_editor(action, d, who)
        || coordinator(action, d.state, who)
        || privacy_officer(action, d.state, who)
        || program(action, d, who)
        || joins(action, who)
}

/// The system's own job moves what two practices have agreed upon.
fn joins(action: Action, who: &Who<'_>) -> bool {
    who.job && action == Action::CustomerJoinRun
}

fn program(action: Action, d: &DocumentFacts, who: &Who<'_>) -> bool {
    use Action::*;
    who.program
        && match (action, d.state) {
            (DocumentList | DocumentSearch | DocumentRead | DocumentDownload | DocumentPickUp, Delivered | Signed) => {
                d.confidentiality == Normal
            }
            (DocumentList | DocumentRead | DocumentDownload | DocumentUpload, Dictated) => who.brought(d),
            _ => false,
        }
}

fn clinician(action: Action, d: &DocumentFacts, who: &Who<'_>) -> bool {
    use Action::*;
    if !who.here(Role::Clinician) {
        return false;
    }
    let mine = who.is_me(d.author);
    let addressed = d.recipients.iter().any(|person| who.is_me(Some(*person)));
    let care = d.in_care && d.patient.is_some();
    match (action, d.state) {
        (
            DocumentList | DocumentSearch | DocumentRead | DocumentDownload | DocumentPrint | DocumentHistory
            | DocumentPickUp | AccessList,
            Delivered | Signed,
        ) => mine || who.glass(d.patient) || (addressed || care) && d.confidentiality < VeryRestricted,
        (DocumentRestrict, Delivered | Signed) => mine,
        (
            DocumentList | DocumentSearch | DocumentRead | DocumentDownload | DocumentPrint | DocumentHistory
            | AccessList,
            Unmatched,
        )
        | (DocumentSign, Delivered)
        | (DocumentEnterInError, Delivered | Signed) => mine,
        (DocumentUpload, Dictated) => mine && who.brought(d),
        (DocumentList | DocumentRead | DocumentDownload | AccessList, Dictated) | (DocumentStatus, _) => who.brought(d),
        _ => false,
    }
}

fn records_staff(action: Action, d: &DocumentFacts, who: &Who<'_>) -> bool {
    use Action::*;
    let kept_from_them = d.confidentiality != Normal && !who.glass(d.patient);
    who.here(Role::RecordsStaff)
        && match d.state {
            Delivered | Signed if kept_from_them => false,
            Withdrawn | EnteredInError if kept_from_them && action == DocumentHistory => false,
            Delivered | Signed => matches!(
                action,
                DocumentList
                    | DocumentSearch
                    | DocumentRead
                    | DocumentDownload
                    | DocumentPrint
                    | DocumentHistory
                    | DocumentPickUp
                    | DocumentWithdraw
                    | AccessList
            ),
            Unmatched => d.confidentiality == Normal && matches!(action, DocumentList | DocumentMatch),
            Withdrawn => matches!(action, DocumentHistory | DocumentEnterInError),
            EnteredInError => action == DocumentHistory,
            _ => false,
        }
}

fn manager(action: Action, state: DocumentState, who: &Who<'_>) -> bool {
    use Action::*;
    who.here(Role::PracticeManager)
        && match action {
            DocumentHistory | AccessReview => matches!(state, Delivered | Signed | Withdrawn | EnteredInError),
            DocumentWithdraw => matches!(state, Delivered | Signed),
            CustomerExport | CustomerTakeIn => true,
            _ => false,
        }
}

fn transcriptionist(action: Action, d: &DocumentFacts, who: &Who<'_>) -> bool {
    use Action::*;
    let own = who.brought(d);
    who.assigned(Role::Transcriptionist)
        && match action {
            DocumentUpload => d.state == Dictated || own && matches!(d.state, Transcribed | Edited | Unmatched),
            DocumentList | DocumentRead | DocumentDownload | DocumentAdvance | AccessList => {
                d.state == Dictated || own && matches!(d.state, Transcribed | Edited | Held | Unmatched)
            }
            DocumentStatus => d.state == Dictated || own,
            _ => false,
        }
}

fn qa_editor(action: Action, d: &DocumentFacts, who: &Who<'_>) -> bool {
    use Action::*;
    let in_work = matches!(d.state, Dictated | Transcribed | Edited | Unmatched | Held);
    who.assigned(Role::QaEditor)
        && match action {
            DocumentList | DocumentSearch | DocumentRead | DocumentHistory | AccessList => {
                in_work || d.state == Withdrawn
            }
            DocumentDownload | DocumentMatch => in_work,
            DocumentUpload | DocumentAdvance | DocumentHold => in_work && d.state != Held,
            DocumentDeliver => matches!(d.state, Transcribed | Edited | Unmatched),
            DocumentUndoDelivery => {
                let since = d.delivered_at.map(|then| who.at - then.unix_millis());
                d.state == Delivered
                    && !d.read_by_practice
                    && since.is_some_and(|since| (-SKEW..=10 * MINUTE).contains(&since))
            }
            DocumentRelease => d.state == Held,
            DocumentWithdraw => matches!(d.state, Transcribed | Edited | Unmatched | Held | Delivered | Signed),
            DocumentMove | DocumentEnterInError => d.state == Withdrawn,
            DocumentStatus => true,
            _ => false,
        }
}

fn coordinator(action: Action, state: DocumentState, who: &Who<'_>) -> bool {
    use Action::*;
    who.assigned(Role::Coordinator)
        && match action {
            DocumentStatus => true,
            DocumentHold => matches!(state, Dictated | Transcribed | Edited | Unmatched),
            DocumentRelease => state == Held,
            _ => false,
        }
}

fn privacy_officer(action: Action, state: DocumentState, who: &Who<'_>) -> bool {
    use Action::*;
    who.staff(Role::PrivacyOfficer)
        && match action {
            DocumentHistory | AccessReview => true,
            PatientTrace => who.in_request(),
            DocumentMove | DocumentEnterInError => who.in_request() && state == Withdrawn,
            DocumentWithdraw => matches!(state, Transcribed | Edited | Unmatched | Held | Delivered | Signed),
            _ => false,
        }
}

fn patient(action: Action, id: PatientId, in_care: bool, who: &Who<'_>) -> bool {
    use Action::*;
    let with_document =
        who.facts.resources.iter().any(|fact| matches!(fact, ResourceFacts::Document(d) if d.patient == Some(id)));
    let (doctor, records) = (who.here(Role::Clinician), who.here(Role::RecordsStaff));
    let (typist, editor) = (who.assigned(Role::Transcriptionist), who.assigned(Role::QaEditor));
    match action {
        DocumentList | DocumentRead | DocumentDownload => {
            with_document && (doctor || records || typist || editor || who.program)
        }
        DocumentSearch => with_document && (doctor || records || editor || who.program),
        DocumentHistory => with_document && (doctor || records || editor),
        DocumentPrint => with_document && (doctor || records),
        DocumentDeliver => with_document && editor,
        AccessList => {
            records || doctor && (in_care || who.glass(Some(id))) || with_document && (doctor || typist || editor)
        }
        DocumentUpload => typist || editor || doctor || who.program,
        DocumentMatch => records || editor,
        DocumentMove => editor || who.requester(),
        PatientSearch => doctor || records || editor || who.requester() || who.program,
        PatientTrace => who.requester(),
        PatientShow => records || doctor && (in_care || who.glass(Some(id))) || who.program,
        PatientCreate | PatientChange => records || who.program,
        PatientImport | PatientLink | RelatedCreate | RelatedChange => records,
        PatientMergeShow | PatientMergePropose | PatientMergeConfirm | PatientMergeRefuse | PatientMergeUndo => records,
        BreakGlassStart => doctor || records,
        CustomerExport | CustomerTakeIn | CustomerSplitList => who.here(Role::PracticeManager),
        CustomerJoinRun => who.job,
        _ => false,
    }
}

fn person(action: Action, at_operator: bool, who: &Who<'_>) -> bool {
    use Action::*;
    let manager = who.here(Role::PracticeManager) && !at_operator;
    match action {
        InvitationConfirm => who.officer(),
        MembershipEnd => manager,
        StaffEnd => who.officer() && at_operator,
        PersonReEnrol => manager || who.staff(Role::PrivacyOfficer) || who.staff(Role::SecurityOfficer) && at_operator,
        SessionRevoke => manager || who.officer(),
        _ => false,
    }
}

fn glass(action: Action, mine: bool, who: &Who<'_>) -> bool {
    use Action::*;
    match action {
        BreakGlassStart => mine && who.practice_staff(),
        BreakGlassList | BreakGlassReview => who.here(Role::PracticeManager) || who.staff(Role::PrivacyOfficer),
        CustomerJoinRun => joins(action, who),
        _ => false,
    }
}
