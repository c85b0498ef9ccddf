//! What is said in requests and answers, each type once.

use crate::door::about::described;
use custody::{DocumentBody, DocumentLine, OpenedPatient, PatientBody, Shown};
use record::civil::Day;
use record::document::{DocumentKind, DocumentState};
use record::{AgreementId, CustomerId, DocumentId, PatientId, PersonId, Role, Timestamp};

described! {
    /// Somebody by name.
    PersonRef {
        /// Who.
        id: PersonId,
        /// As they write it.
        name: String,
    }

    /// A patient as the practice's index knows one.
    Patient {
        /// Which.
        id: PatientId,
        /// Surname.
        family: String,
        /// Given name.
        given: String,
        /// Middle names or initial.
        middle: String,
        /// Birth date.
        birth_date: Option<Day>,
        /// The practice's own number.
        record_number: String,
        /// As the practice writes it.
        sex: String,
        /// Not yet linked to a known patient.
        provisional: bool,
    }

    /// One document, without its text.
    Document {
        /// Which.
        id: DocumentId,
        /// What it is.
        kind: DocumentKind,
        /// Where it stands.
        state: DocumentState,
        /// The line by which it is found in a list.
        title: String,
        /// The day of the visit.
        visit_date: Option<Day>,
        /// About whom, when that is known.
        patient: Option<Patient>,
        /// Who spoke it.
        author: Option<PersonRef>,
        /// When it came in.
        uploaded_at: String,
        /// When the practice got it.
        delivered_at: Option<String>,
        /// When its author signed.
        signed_at: Option<String>,
        /// When the practice said that it has arrived.
        acknowledged_at: Option<String>,
        /// The newest version.
        version: u32,
    }

    /// Documents in the order in which they arrived or were signed.
    DocumentPage {
        /// The label that stands on everything here.
        tag: String,
        /// They.
        documents: Vec<Document>,
        /// Where the next request goes on, as `since`. Worth something to this program only.
        next: String,
        /// There are more already.
        more: bool,
    }

    /// One version of a document.
    Version {
        /// Counted from 1.
        version: u32,
        /// What the bytes are.
        media_type: String,
        /// Their length.
        size_bytes: u64,
        /// What the uploader called it.
        file_name: String,
        /// Who brought it.
        made_by: String,
        /// When.
        made_at: String,
        /// A malware scanner has found it clean.
        scanned: bool,
        /// Text was found in it.
        has_text: bool,
    }

    /// One document with its versions.
    DocumentSheet {
        /// The label that stands on everything here.
        tag: String,
        /// It.
        document: Document,
        /// Its versions, newest first.
        versions: Vec<Version>,
    }

    /// Who is looked for: a record number, or a surname with a birth date or a given name.
    PatientSearch {
        /// The practice's own number.
        record_number: Option<String>,
        /// Surname.
        family: Option<String>,
        /// Given name.
        given: Option<String>,
        /// Birth date; only together with a surname.
        birth_date: Option<Day>,
    }

    /// A patient as they are to be written down.
    PatientForm {
        /// Surname.
        family: String,
        /// Given name.
        given: String,
        /// Middle names or initial.
        middle: Option<String>,
        /// Birth date.
        birth_date: Option<Day>,
        /// The practice's own number; without one the patient is provisional.
        record_number: Option<String>,
        /// As the practice writes it.
        sex: Option<String>,
    }

    /// A correction: the patient as they are to be, all of it.
    PatientCorrection {
        /// Of which change the patient was when they were looked at.
        revision: u64,
        /// As they are to be.
        patient: PatientForm,
    }

    /// A patient that was written down.
    PatientMade {
        /// Which.
        id: PatientId,
    }

    /// A document that came in.
    DocumentMade {
        /// Which.
        id: DocumentId,
        /// Its version.
        version: u32,
        /// Where it stands: it waits for the people who type and edit.
        state: DocumentState,
        /// Text was found in it.
        has_text: bool,
        /// Its length.
        size_bytes: u64,
        /// The entry of its coming in.
        entry: u64,
    }

    /// Patients that were found.
    PatientPage {
        /// The label that stands on everything here.
        tag: String,
        /// They, at most fifty.
        patients: Vec<Patient>,
        /// There are more; say more of who is looked for.
        more: bool,
    }

    /// One patient, and of which change it is.
    PatientSheet {
        /// The label that stands on everything here.
        tag: String,
        /// The patient.
        patient: Patient,
        /// Say it with a correction, so that it overwrites nothing unseen.
        revision: u64,
    }

    /// An agreement between the practice and whoever runs this house.
    Agreement {
        /// Which.
        id: AgreementId,
        /// In force today.
        in_force: bool,
        /// The first day.
        from: String,
        /// The last day; open when there is none.
        to: Option<String>,
        /// Days within which the practice is told of an incident.
        reporting_days: u32,
    }

    /// The practice and its agreements.
    AgreementPage {
        /// Whose.
        customer: CustomerId,
        /// They.
        agreements: Vec<Agreement>,
    }

    /// Somebody who works at the practice.
    Person {
        /// Who.
        id: PersonId,
        /// As they write it.
        name: String,
        /// As what.
        roles: Vec<Role>,
    }

    /// Who works at the practice.
    PersonPage {
        /// Whose.
        customer: CustomerId,
        /// They.
        people: Vec<Person>,
    }

    /// The proof that an entry is in the ledger.
    Receipt {
        /// The entry's place.
        index: u64,
        /// When.
        at: String,
        /// What.
        action: String,
        /// How it ended.
        outcome: String,
        /// Who or what.
        principal: String,
        /// The whole proof as text (C2SP tlog-proof).
        proof: String,
        /// The signed checkpoint that it leads to.
        checkpoint: String,
        /// The ledger's public key.
        key: String,
    }
}

/// The label.
pub(super) fn tag(customer_name: &str) -> String {
    record::tag::Tag::Phi { customer: customer_name.to_owned() }.to_string()
}

pub(super) fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

/// A patient, against what was opened.
pub(super) fn patient((id, opened): (PatientId, &OpenedPatient), provisional: bool, shown: &Shown) -> Patient {
    let PatientBody { last, first, middle, born, record_number, sex } = opened.show(shown).clone();
    Patient { id, family: last, given: first, middle, birth_date: born, record_number, sex, provisional }
}

impl From<PatientForm> for PatientBody {
    fn from(form: PatientForm) -> Self {
        Self {
            last: form.family,
            first: form.given,
            middle: form.middle.unwrap_or_default(),
            born: form.birth_date,
            record_number: form.record_number.unwrap_or_default(),
            sex: form.sex.unwrap_or_default(),
        }
    }
}

/// A document, against what was opened.
pub(super) fn document(line: &DocumentLine, shown: &Shown) -> Document {
    let DocumentBody { title, visit, .. } = line.body.show(shown).clone();
    Document {
        id: line.id,
        kind: line.kind,
        state: line.state,
        title,
        visit_date: visit,
        patient: line.patient.as_ref().map(|(id, one)| patient((*id, one), line.provisional, shown)),
        author: line.author.map(|id| PersonRef { id, name: line.author_name.clone() }),
        uploaded_at: line.uploaded_at.to_string(),
        delivered_at: time(line.delivered_at),
        signed_at: time(line.signed_at),
        acknowledged_at: time(line.picked_up.as_ref().map(|(_, at)| *at)),
        version: line.version,
    }
}
