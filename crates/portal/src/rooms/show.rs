//! From what custody opened to what a row shows.

use super::frame::moment;
use crate::pages::parts::{DocumentRow, Fact, OpenedRow, PatientRow, Tone};
use custody::{DocumentLine, DocumentLines, HistoryLine, HouseView, PatientBody, PatientLine, Shown};
use record::Action;
use record::document::DocumentState;
use record::tag::Tag;

/// What stands where no patient is matched yet.
const NO_PATIENT: &str = "No patient yet";

/// "born 03/09/2017", or nothing.
pub(super) fn born(patient: &PatientBody) -> String {
    patient.born.map(|day| format!("born {}", day.us())).unwrap_or_default()
}

fn number(patient: &PatientBody) -> String {
    if patient.record_number.is_empty() { String::new() } else { format!("MRN {}", patient.record_number) }
}

/// At least two identifiers of a patient, where they are known.
pub(super) fn patient_facts(patient: &PatientBody) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            facts.push(Fact { name: name.to_owned(), value });
        }
    };
    fact("Birth date", patient.born.map(record::civil::Day::us).unwrap_or_default());
    fact("Record number", patient.record_number.clone());
    fact("Sex", patient.sex.clone());
    facts
}

pub(super) fn tag(name: &str) -> Tag {
    Tag::Phi { customer: name.to_owned() }
}

/// One document as a row.
pub(super) fn document_row(custody: &HouseView, lines: &DocumentLines, line: &DocumentLine) -> DocumentRow {
    let shown = &lines.shown;
    let body = line.body.show(shown);
    let known = line.patient.as_ref().map(|(_, patient)| patient.show(shown));
    // What the document itself says of its patient stands in while nobody is matched; it is marked as such.
    let said = (!body.said.last.is_empty()).then_some(&body.said);
    let patient = known.or(said);
    let mut notes = Vec::new();
    if known.is_none() && said.is_some() {
        notes.push("as the document says; not matched");
    }
    if line.provisional {
        notes.push("provisional patient");
    }
    if line.moved {
        notes.push("moved from another chart");
    }
    DocumentRow {
        href: format!("/documents/{}", line.id),
        patient: patient.map_or_else(|| NO_PATIENT.to_owned(), PatientBody::name),
        identifier: patient.map(born).unwrap_or_default(),
        record_number: patient.map(number).unwrap_or_default(),
        kind: line.kind,
        visit_date: body.visit.map(record::civil::Day::us).unwrap_or_default(),
        author: if line.author_name.is_empty() { body.said_author.clone() } else { line.author_name.clone() },
        state: line.state,
        tag: tag(&lines.customer_name),
        unread: line.unread,
        picked_up: line.picked_up.as_ref().map(|(who, at)| format!("{who}, {}", custody.settings().time_of(*at))),
        arrived: moment(custody, line.delivered_at.unwrap_or(line.uploaded_at)),
        note: notes.join(", "),
        note_tone: if notes.is_empty() { Tone::Plain } else { Tone::Due },
        broken_glass: line.broken_glass,
    }
}

/// One patient as a row.
pub(super) fn patient_row(shown: &Shown, customer_name: &str, line: &PatientLine) -> PatientRow {
    let patient = line.patient.show(shown);
    PatientRow {
        href: format!("/patients/{}", line.id),
        name: patient.name(),
        born: patient.born.map(record::civil::Day::us).unwrap_or_default(),
        record_number: patient.record_number.clone(),
        documents: u32::try_from(line.documents).unwrap_or(u32::MAX),
        tag: tag(customer_name),
        provisional: line.provisional,
        broken_glass: line.broken_glass_until.is_some(),
    }
}

/// What was done, in a word for people.
pub(super) const fn done(action: Action) -> &'static str {
    match action {
        Action::DocumentRead => "read",
        Action::DocumentDownload => "downloaded",
        Action::DocumentPrint => "printed",
        Action::DocumentHistory => "looked who opened it",
        Action::DocumentUpload => "uploaded",
        Action::DocumentAdvance => "moved forward",
        Action::DocumentMatch => "matched",
        Action::DocumentDeliver => "delivered",
        Action::DocumentUndoDelivery => "took the delivery back",
        Action::DocumentPickUp => "picked up",
        Action::DocumentSign => "signed",
        Action::DocumentHold => "held",
        Action::DocumentRelease => "let go",
        Action::DocumentWithdraw => "withdrew",
        Action::DocumentMove => "moved",
        Action::DocumentEnterInError => "marked as entered in error",
        Action::DocumentRestrict => "said who may see it",
        Action::CustomerRestrict => "said what is restricted",
        Action::DocumentList => "listed",
        Action::DocumentSearch => "searched documents",
        Action::DocumentStatus => "looked at the status",
        Action::PatientSearch => "searched patients",
        Action::PatientShow => "opened the patient's page",
        Action::PatientTrace => "asked who saw the patient",
        Action::RequestOpen => "opened a request",
        Action::RequestClose => "closed a request",
        Action::RequestList => "looked at requests",
        Action::PatientCreate => "made a patient",
        Action::PatientChange => "corrected a patient",
        Action::PatientImport => "imported patients",
        Action::PatientLink => "linked a patient",
        Action::RelatedCreate => "opened or filled in the form for a guardian or guarantor",
        Action::RelatedChange => "opened or corrected a guardian or guarantor",
        Action::BreakGlassStart => "broke the glass",
        Action::BreakGlassReview => "reviewed a broken glass",
        Action::BreakGlassList => "looked at broken glasses",
        Action::SessionStart => "signed in",
        Action::SessionEnd => "signed out",
        Action::SessionStepUp => "touched the passkey",
        Action::PersonList => "looked at people",
        Action::PersonInvite | Action::ManagerInvite | Action::StaffInvite => "invited somebody",
        Action::MembershipEnd | Action::StaffEnd => "ended a role",
        Action::AccessReview => "reviewed accesses",
        Action::LedgerList => "read the ledger",
        Action::LedgerProve => "asked for a proof",
        Action::CredentialAdd => "added a passkey",
        Action::CredentialRemove => "took a passkey away",
        Action::PersonEnrol => "enrolled",
        Action::PersonReEnrol => "asked for a new enrolment",
        Action::InvitationConfirm => "confirmed an invitation",
        Action::SessionRevoke => "ended somebody's sessions",
        Action::StaffList => "looked at staff",
        Action::CustomerList => "looked at customers",
        Action::CustomerShow => "looked at a customer",
        Action::CustomerCreate => "added a customer",
        Action::AgreementCreate => "recorded an agreement",
        Action::AgreementEnd => "ended an agreement",
        Action::AssignmentGrant => "assigned somebody",
        Action::AssignmentEnd => "ended an assignment",
        Action::AccessList => "looked at own accesses",
        Action::AlertList => "looked at alerts",
        Action::AlertClose => "closed an alert",
        Action::GateReopen => "opened the gate again",
        Action::HealthShow => "looked at the health",
        Action::LedgerExport => "took the ledger along",
        _ => merge_done(action),
    }
}

/// The same of two records that are said to be one patient's.
const fn merge_done(action: Action) -> &'static str {
    match action {
        Action::PatientMergeShow => "looked at two records side by side",
        Action::PatientMergePropose => "said that two records are one patient's",
        Action::PatientMergeConfirm => "merged two records",
        Action::PatientMergeRefuse => "said that two records are not one patient's",
        Action::PatientMergeUndo => "took a merge back",
        _ => action.as_str(),
    }
}

/// One line of "who opened it".
pub(super) fn opened_row(custody: &HouseView, line: &HistoryLine) -> OpenedRow {
    OpenedRow {
        who: line.who.clone(),
        role: line.role.clone(),
        what: done(line.action).to_owned(),
        at: moment(custody, line.at),
        entry: super::frame::thousands(line.index),
        href: String::new(),
        broken_glass: line.broken_glass,
    }
}

/// Does a document in this state still speak.
pub(super) const fn is_closed(state: DocumentState) -> bool {
    matches!(state, DocumentState::Withdrawn | DocumentState::EnteredInError)
}
