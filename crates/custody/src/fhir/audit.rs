//! `AuditEvent`: an entry of the ledger, coded as IHE's Basic Audit Log Patterns code it (BALP 1.1).
//!
//! A reading that was permitted follows the patterns Read and `PatientRead`. One element there cannot be filled: the
//! client's network address is not in the ledger, and its place says so.

use super::{Logical, Place, coding, concept, finished, reference};
use crate::EntryLine;
use record::{Action, Outcome, Principal, Purpose, ResourceId};
use serde_json::{Value, json};

const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const EVENT_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const INTERACTION: &str = "http://hl7.org/fhir/restful-interaction";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const OBJECT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";
const ACT_REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const BALP: &str = "https://profiles.ihe.net/ITI/BALP";

/// What kind of event an act is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    /// Something was looked at, found, made, changed or marked as untrue.
    Rest(Rest),
    /// Somebody came or went: DICOM's code and display.
    Authentication(&'static str, &'static str),
    /// People, rights, keys: DICOM's code and display.
    Security(&'static str, &'static str),
    /// Records came in or left together.
    Moved(&'static str, &'static str),
    /// The ledger itself was looked at.
    LogUsed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Read,
    Search,
    Create,
    Update,
    Delete,
}

const LOGIN: Event = Event::Authentication("110122", "Login");
const LOGOUT: Event = Event::Authentication("110123", "Logout");
const OVERRIDE: Event = Event::Security("110127", "Emergency Override Started");
const OVERRIDE_OVER: Event = Event::Security("110138", "Emergency Override Stopped");
const ROLES: Event = Event::Security("110136", "Security Roles Changed");
const PEOPLE: Event = Event::Security("110137", "User security Attributes Changed");
const OBJECTS: Event = Event::Security("110135", "Object Security Attributes Changed");
const RESTRICTED: Event = Event::Security("110132", "Use of Restricted Function");
const EXPORT: Event = Event::Moved("110106", "Export");
const IMPORT: Event = Event::Moved("110107", "Import");

const fn event(action: Action) -> Event {
    use Action as A;
    // Every act stands in one of these lines, or this does not compile.
    match action {
        A::DocumentRead | A::DocumentDownload | A::DocumentPrint | A::DocumentHistory => Event::Rest(Rest::Read),
        A::PatientShow | A::PatientTrace | A::CustomerShow | A::KeyShredShow => Event::Rest(Rest::Read),
        A::CustomerLeaveShow | A::CustomerJoinShow | A::PatientMergeShow => Event::Rest(Rest::Read),
        A::DocumentList | A::DocumentSearch | A::DocumentStatus | A::PatientSearch => Event::Rest(Rest::Search),
        A::CustomerSplitList => Event::Rest(Rest::Search),
        A::RequestList | A::BreakGlassList | A::CustomerList | A::PersonList => Event::Rest(Rest::Search),
        A::StaffList | A::ProgramList | A::AlertList | A::HealthShow => Event::Rest(Rest::Search),
        A::DocumentUpload | A::PatientCreate | A::RelatedCreate | A::RequestOpen => Event::Rest(Rest::Create),
        A::CustomerCreate | A::AgreementCreate => Event::Rest(Rest::Create),
        A::DocumentAdvance | A::DocumentMatch | A::DocumentDeliver | A::DocumentUndoDelivery => {
            Event::Rest(Rest::Update)
        }
        A::DocumentPickUp | A::DocumentSign | A::DocumentHold | A::DocumentRelease => Event::Rest(Rest::Update),
        A::DocumentWithdraw | A::DocumentMove | A::PatientChange | A::PatientLink => Event::Rest(Rest::Update),
        A::RelatedChange | A::RequestClose | A::AgreementEnd | A::AlertClose => Event::Rest(Rest::Update),
        A::PatientMergePropose => Event::Rest(Rest::Create),
        A::PatientMergeConfirm | A::PatientMergeRefuse | A::PatientMergeUndo => Event::Rest(Rest::Update),
        A::DocumentEnterInError => Event::Rest(Rest::Delete),
        A::SessionStart | A::SessionStepUp | A::TerminalConfirm => LOGIN,
        A::SessionEnd | A::SessionRevoke => LOGOUT,
        A::BreakGlassStart => OVERRIDE,
        A::BreakGlassReview => OVERRIDE_OVER,
        A::PersonInvite | A::ManagerInvite | A::StaffInvite | A::InvitationConfirm => ROLES,
        A::MembershipEnd | A::StaffEnd | A::AssignmentGrant | A::AssignmentEnd => ROLES,
        A::ProgramRegister | A::ProgramChange | A::ProgramRevoke => ROLES,
        A::PersonEnrol | A::PersonReEnrol | A::CredentialAdd | A::CredentialRemove | A::OfficerRecover => PEOPLE,
        A::KeyRotate | A::KeyRekey | A::KeyShredAsk | A::KeyShred | A::KeyUnwrap => OBJECTS,
        A::CustomerJoinRun => OBJECTS,
        A::GateReopen
        | A::CustomerRestrict
        | A::DocumentRestrict
        | A::CustomerLeave
        | A::CustomerJoinPrepare
        | A::CustomerJoin => RESTRICTED,
        A::BackupCreate | A::CustomerExport => EXPORT,
        A::PatientImport | A::BackupRestore | A::CustomerTakeIn => IMPORT,
        A::AccessList | A::AccessReview | A::LedgerList | A::LedgerProve => Event::LogUsed,
        A::LedgerTrail | A::LedgerReceipt | A::LedgerExport => Event::LogUsed,
    }
}

impl Rest {
    const fn interaction(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Search => "search-type",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

impl Event {
    /// What was done, by a letter: create, read, update, delete, execute.
    fn letter(self) -> &'static str {
        match self {
            Self::Rest(Rest::Create) | Self::Moved("110107", _) => "C",
            Self::Rest(Rest::Read) | Self::Moved(..) | Self::LogUsed => "R",
            Self::Rest(Rest::Update) => "U",
            Self::Rest(Rest::Delete) => "D",
            Self::Rest(Rest::Search) | Self::Authentication(..) | Self::Security(..) => "E",
        }
    }

    fn kind(self) -> Value {
        match self {
            Self::Rest(_) => coding(EVENT_TYPE, "rest", "RESTful Operation"),
            Self::Authentication(..) => coding(DCM, "110114", "User Authentication"),
            Self::Security(..) => coding(DCM, "110113", "Security Alert"),
            Self::Moved(code, display) => coding(DCM, code, display),
            Self::LogUsed => coding(DCM, "110101", "Audit Log Used"),
        }
    }

    fn subkind(self) -> Option<Value> {
        match self {
            Self::Rest(rest) => Some(coding(INTERACTION, rest.interaction(), rest.interaction())),
            Self::Authentication(code, display) | Self::Security(code, display) => Some(coding(DCM, code, display)),
            Self::Moved(..) | Self::LogUsed => None,
        }
    }
}

/// The acts that a search by a letter asks for.
#[must_use]
pub fn actions_of(letter: &str) -> Vec<Action> {
    Action::ALL.iter().copied().filter(|action| event(*action).letter() == letter).collect()
}

const fn outcome(outcome: Outcome) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Permitted | Outcome::Done | Outcome::Noted => ("0", "Success"),
        Outcome::Refused => ("4", "Minor failure"),
        Outcome::Failed | Outcome::Unknown => ("8", "Serious failure"),
    }
}

/// The outcomes that a search by FHIR's code asks for.
#[must_use]
pub fn outcomes_of(code: &str) -> Vec<Outcome> {
    Outcome::ALL.iter().copied().filter(|one| outcome(*one).0 == code).collect()
}

const fn purpose(purpose: Purpose) -> (&'static str, &'static str) {
    match purpose {
        Purpose::Treatment => ("TREAT", "treatment"),
        Purpose::Operations => ("HOPERAT", "healthcare operations"),
        Purpose::Administration => ("HSYSADMIN", "health system administration"),
        Purpose::Emergency => ("BTG", "break the glass"),
        Purpose::Incident => ("HCOMPL", "health compliance"),
    }
}

/// An entry.
#[must_use]
pub fn audit_event(place: &Place, line: &EntryLine) -> Value {
    let event = event(line.action);
    let (code, _) = if line.unreadable { ("12", "") } else { outcome(line.outcome) };
    let (reason, reason_words) = purpose(line.purpose);
    let why = if line.why.is_empty() { String::new() } else { format!(": {}", line.why) };
    let read = event == Event::Rest(Rest::Read) && matches!(line.outcome, Outcome::Permitted | Outcome::Done);
    let things = entities(place, line);
    let of = |kind: &str| things.iter().filter(|one| one["type"]["code"] == *kind).count();
    // The patterns have room for one thing that was read, and for one patient.
    let profile = match (read, of("2"), of("1")) {
        (true, 1, 1) => Some(format!("{BALP}/StructureDefinition/IHE.BasicAudit.PatientRead")),
        (true, 1, 0) => Some(format!("{BALP}/StructureDefinition/IHE.BasicAudit.Read")),
        _ => None,
    };
    let mut meta = place.meta();
    meta["profile"] = json!([profile]);
    finished(json!({
        "resourceType": "AuditEvent",
        "id": line.index.to_string(),
        "meta": meta,
        "type": event.kind(),
        "subtype": [event.subkind()],
        "action": event.letter(),
        "recorded": line.at.to_string(),
        "outcome": code,
        "outcomeDesc": format!("{}{why}", line.outcome.as_str()),
        "purposeOfEvent": [concept(ACT_REASON, reason, reason_words)],
        "agent": agents(place, line, event),
        "source": {
            "site": place.base,
            "observer": {"display": place.operator},
            "type": [coding("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server")],
        },
        "entity": things.into_iter().chain([in_the_ledger(place, line)]).chain(transaction(line)).collect::<Vec<_>>(),
    }))
}

/// Who did it, with what, at what. A person's browser has no name; no address is kept of anybody's.
fn agents(place: &Place, line: &EntryLine, event: Event) -> Vec<Value> {
    let (source, destination) = (("110153", "Source Role ID"), ("110152", "Destination Role ID"));
    // What is read flows from the server to the client; everything else the other way (BALP, Query).
    let (client, server) = if event == Event::Rest(Rest::Read) { (destination, source) } else { (source, destination) };
    let not_kept = json!({"extension": [{
        "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "not-asked",
    }]});
    let role = |(code, display)| concept(DCM, code, display);
    let mut agents = Vec::new();
    let client_is = match line.principal {
        Principal::Person(id) => {
            agents.push(json!({
                "type": concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP", "information recipient"),
                "who": place.known_as("Practitioner", id, &line.name), "name": line.name, "requestor": true,
            }));
            json!({"display": "a browser"})
        }
        Principal::Program(id) => place.known_as("Device", id, &line.name),
        Principal::Stranger => json!({"display": "nobody we know"}),
    };
    let asks = !matches!(line.principal, Principal::Person(_));
    agents.push(json!({"type": role(client), "who": client_is, "requestor": asks, "network": not_kept}));
    agents.push(json!({
        "type": role(server), "who": {"display": place.operator}, "requestor": false,
        "network": {"address": place.base, "type": "5"},
    }));
    agents
}

/// What it was done with.
fn entities(place: &Place, line: &EntryLine) -> Vec<Value> {
    let object = |what: Value| json!({"what": what, "type": coding(ENTITY_TYPE, "2", "System Object"), "role": coding(OBJECT_ROLE, "4", "Domain Resource")});
    let mut entities = Vec::new();
    let only_patients = !line.resources.iter().any(|id| matches!(id, ResourceId::DocumentId(_)));
    for id in &line.resources {
        match id {
            ResourceId::DocumentId(id) => entities.push(object(reference("DocumentReference", Logical(*id)))),
            ResourceId::PatientId(id) => {
                let what = reference("Patient", Logical(*id));
                if only_patients {
                    entities.push(object(what.clone()));
                }
                entities.push(json!({
                    "what": what, "type": coding(ENTITY_TYPE, "1", "Person"), "role": coding(OBJECT_ROLE, "1", "Patient"),
                }));
            }
            other => entities.push(json!({
                "what": {"identifier": {"system": place.ids(), "value": other.to_string()}},
                "type": coding(ENTITY_TYPE, "4", "Other"),
            })),
        }
    }
    entities
}

/// Where it stands in the ledger, by which its proof is asked for, and what has no element of its own.
fn in_the_ledger(place: &Place, line: &EntryLine) -> Value {
    let detail = |kind: &str, value: String| json!({"type": kind, "valueString": value});
    let mut details =
        vec![detail("action", line.action.to_string()), detail("outcome", line.outcome.as_str().to_owned())];
    if line.resources.is_empty() && line.resources_count > 0 {
        details.push(detail("resources", line.resources_count.to_string()));
    }
    if let Some(bytes) = line.bytes_out {
        details.push(detail("bytes_out", bytes.to_string()));
    }
    json!({
        "what": {"identifier": {"system": format!("{}/NamingSystem/ledger", place.base), "value": line.index.to_string()}},
        "type": coding(ENTITY_TYPE, "4", "Other"),
        "role": coding(OBJECT_ROLE, "13", "Security Resource"),
        "detail": details,
    })
}

/// Which act: every entry of one act has the same.
fn transaction(line: &EntryLine) -> Option<Value> {
    let intent = line.intent?;
    Some(json!({
        "what": {"identifier": {"value": intent.to_string()}},
        "type": coding(&format!("{BALP}/CodeSystem/BasicAuditEntityType"), "XrequestId", "XrequestId"),
    }))
}

#[cfg(test)]
mod tests {
    use super::{actions_of, outcomes_of};
    use record::{Action, Outcome};

    #[test]
    fn every_act_has_one_letter_and_every_outcome_one_code() {
        let many: usize = ["C", "R", "U", "D", "E"].map(|letter| actions_of(letter).len()).iter().sum();
        assert_eq!(many, Action::ALL.len());
        assert!(actions_of("R").contains(&Action::DocumentRead) && actions_of("D") == [Action::DocumentEnterInError]);
        let many: usize = ["0", "4", "8", "12"].map(|code| outcomes_of(code).len()).iter().sum();
        assert_eq!(many, Outcome::ALL.len());
        assert_eq!((actions_of("x"), outcomes_of("1")), (Vec::new(), Vec::new()));
    }
}
