//! The demo: a made-up operator, three customers, people of every role, patients, documents in every state.
//!
//! What must always hold: it works in a house that was made for it and in no other; documents and patients come
//! in by the same desks, policy and ledger as in a house for work; only people are put in directly, because
//! nobody can touch a passkey for them.

mod practice;
mod programs;

use crate::confidentiality::Restricts;
use crate::{
    ContactBody, Custody, CustodyError, Desk, DirectoryBody, NamesOthers, NewUpload, PatientBody, RelatedBody,
    SignedIn, UploadCut, directory,
};
use bytes::Bytes;
use policy::Why;
use record::civil::Day;
use record::document::DocumentKind;
use record::{
    Act, AgreementId, CustomerId, DocumentId, Entropy as _, MembershipId, PatientId, PersonId, RelatedKind, Role,
    SeededEntropy, SessionId, act,
};
use store::{Agreement, Assignment, Customer, Membership, Person, PersonState};
use vault::DirectoryColumn;

pub use practice::{DemoNote, DemoPatient, DemoPractice};
pub use programs::DemoProgram;

/// One made-up person, for the list that the demo prints.
#[derive(Debug, Clone)]
pub struct DemoPerson {
    /// Who.
    pub id: PersonId,
    /// Their made-up address.
    pub email: String,
    /// What they are first of all.
    pub role: Role,
    /// Where; none = at the operator.
    pub customer: Option<String>,
}

const CUSTOMERS: [(&str, &str); 3] = [
    ("Lakeside Pediatrics", "+1 608 555 0110"),
    ("Harbor Clinic", "+1 608 555 0120"),
    ("Northfield Orthopedics", "+1 608 555 0130"),
];

/// Name, address, and each place: customer by number, or the operator.
type MadeUp<'a> = (&'a str, &'a str, &'a [(Option<usize>, Role)]);

const PEOPLE: &[MadeUp<'static>] = &[
    ("Ruth Okafor", "ruth.okafor", &[(None, Role::PrivacyOfficer)]),
    ("Peter Lindqvist", "peter.lindqvist", &[(None, Role::PrivacyOfficer)]),
    ("Sam Idris", "sam.idris", &[(None, Role::SecurityOfficer)]),
    ("Alma Novak", "alma.novak", &[(None, Role::Administrator)]),
    ("Theo Marsh", "theo.marsh", &[(None, Role::Auditor)]),
    ("Cora Whitfield", "cora.whitfield", &[(None, Role::Coordinator)]),
    ("Jon Aziz", "jon.aziz", &[(None, Role::Analyst)]),
    ("Tess Bauer", "tess.bauer", &[(None, Role::Transcriptionist)]),
    ("Leo Grant", "leo.grant", &[(None, Role::Transcriptionist)]),
    ("Quinn Ferrara", "quinn.ferrara", &[(None, Role::QaEditor)]),
    // One doctor at two practices: one inbox, two tags.
    ("Ana Reyes, MD", "ana.reyes", &[(Some(0), Role::Clinician), (Some(1), Role::Clinician)]),
    ("Ben Cho, MD", "ben.cho", &[(Some(0), Role::Clinician)]),
    ("Frida Holm", "frida.holm", &[(Some(0), Role::RecordsStaff)]),
    ("Mara Quist", "mara.quist", &[(Some(0), Role::PracticeManager)]),
    ("Omar Haddad, DO", "omar.haddad", &[(Some(1), Role::Clinician)]),
    ("Nell Pruitt", "nell.pruitt", &[(Some(1), Role::RecordsStaff)]),
    ("Ivo Brandt", "ivo.brandt", &[(Some(1), Role::PracticeManager)]),
    ("Grace Tully, MD", "grace.tully", &[(Some(2), Role::Clinician)]),
    ("Dina Paz", "dina.paz", &[(Some(2), Role::RecordsStaff)]),
    ("Hugo Lang", "hugo.lang", &[(Some(2), Role::PracticeManager)]),
];

const SURNAMES: [&str; 24] = [
    "Abbott",
    "Bergstrom",
    "Castillo",
    "Dupree",
    "Eklund",
    "Fontaine",
    "Garza",
    "Hollis",
    "Ibarra",
    "Jansen",
    "Kowalski",
    "Lindgren",
    "Moreau",
    "Nguyen",
    "O'Brien",
    "Petrov",
    "Quigley",
    "Rasmussen",
    "Sandoval",
    "Thackeray",
    "Ulrich",
    "Vance",
    "Whitlock",
    "Zielinski",
];
const GIVEN: [&str; 16] = [
    "Adele", "Bruno", "Clara", "Desmond", "Elena", "Felix", "Greta", "Hector", "Iris", "Jonas", "Katya", "Lionel",
    "Mina", "Nils", "Opal", "Rafael",
];
const COMPLAINTS: [(&str, &str, &str); 6] = [
    (
        "Follow-up of asthma",
        "Breathing has been easy since the last visit; the rescue inhaler was used twice this month.",
        "Continue the daily inhaler. Return in three months.",
    ),
    (
        "Well-child visit",
        "Eating and sleeping well. Growth follows the same curve as before. No concerns from the family.",
        "Vaccines given as due. Next visit in six months.",
    ),
    (
        "Sprained ankle",
        "Twisted the left ankle on the stairs three days ago. Swelling has gone down; walking without crutches.",
        "Ankle brace for two weeks, then exercises. Call if pain returns.",
    ),
    (
        "Blood pressure check",
        "Readings at home between 128 and 134 over 80. No dizziness.",
        "Same dose. Keep the log. Laboratory tests before the next visit.",
    ),
    (
        "Sore throat",
        "Two days of sore throat, no fever. Rapid test negative.",
        "Fluids and rest. Return if fever appears.",
    ),
    (
        "Knee pain",
        "Right knee hurts when climbing stairs. No locking. Mild swelling after long walks.",
        "Physical therapy twice a week for six weeks. Imaging if there is no change.",
    ),
];

/// Picks by a seed, so that the same seed gives the same demo.
struct Dice(SeededEntropy);

impl Dice {
    fn below(&self, bound: usize) -> usize {
        let mut bytes = [0_u8; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_be_bytes(bytes) % bound as u64).unwrap_or(0)
    }
    fn of<'a, T>(&self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Everybody and everything that was put in so far.
struct Cast {
    customers: Vec<CustomerId>,
    people: Vec<DemoPerson>,
}

impl Cast {
    fn person(&self, email: &str) -> Result<PersonId, CustodyError> {
        let found = self.people.iter().find(|one| one.email.starts_with(email)).map(|one| one.id);
        found.ok_or(CustodyError::Refused(Why::NotSignedIn))
    }
}

impl Custody {
    /// Fills a demo house, and brings in practices that were made up elsewhere. The same seed gives the same names and texts. One that
    /// is filled already stays as it is.
    ///
    /// # Errors
    /// [`CustodyError::State`] anywhere but in a demo house.
    pub async fn demo_fill(&self, seed: u64, practices: &[DemoPractice]) -> Result<Vec<DemoPerson>, CustodyError> {
        if !self.settings().demo {
            return Err(CustodyError::State("a house for work is not filled with made-up people"));
        }
        if !self.store().customer_list().await?.is_empty() {
            return self.demo_people().await;
        }
        let dice = Dice(SeededEntropy::new(seed));
        let mut cast = Cast { customers: Vec::new(), people: Vec::new() };
        for (name, telephone) in CUSTOMERS {
            cast.customers.push(self.demo_customer(name, telephone).await?);
        }
        for practice in practices {
            cast.customers.push(self.demo_customer(&practice.name, &practice.telephone).await?);
        }
        for made_up in PEOPLE {
            let person = self.demo_person(&cast.customers, made_up).await?;
            cast.people.push(person);
        }
        for (at, records) in [(0, "frida.holm"), (1, "nell.pruitt"), (2, "dina.paz")] {
            let patients = self.demo_patients(&dice, cast.customers[at], cast.person(records)?, at).await?;
            self.demo_documents(&dice, &cast, at, &patients).await?;
        }
        for (at, practice) in (CUSTOMERS.len()..).zip(practices) {
            self.demo_practice(&mut cast, at, practice).await?;
        }
        Ok(cast.people)
    }

    /// The people of a demo house that is filled already.
    async fn demo_people(&self) -> Result<Vec<DemoPerson>, CustodyError> {
        let mut people = Vec::new();
        for person in self.store().person_list().await? {
            let entry = directory::open(&self.ring(), &person)?;
            let held = self.store().membership_list_by_person(person.id).await?;
            let Some(first) = held.first() else { continue };
            let customer = match first.customer {
                Some(id) => Some(self.customer_name(id).await?),
                None => None,
            };
            people.push(DemoPerson { id: person.id, email: entry.email, role: first.role, customer });
        }
        Ok(people)
    }

    async fn demo_customer(&self, name: &str, telephone: &str) -> Result<CustomerId, CustodyError> {
        let id = CustomerId::mint(self.clock(), self.entropy());
        let now = self.now();
        let change = self
            .ring()
            .customer_begin(id, crate::settings::year_of(now), now, self.entropy())
            .map_err(CustodyError::seal)?;
        self.key_change(&change).await?;
        let agreement = AgreementId::mint(self.clock(), self.entropy());
        let contact = |who: &str| ContactBody {
            name: who.to_owned(),
            email: format!("{}@demo.example", who.to_lowercase().replace(' ', ".")),
            telephone: telephone.to_owned(),
        };
        let contacts =
            serde_json::to_vec(&[contact("Day Contact"), contact("Night Contact")]).map_err(CustodyError::seal)?;
        let contacts = self
            .ring()
            .directory_seal(agreement, DirectoryColumn::AgreementBody, &contacts)
            .map_err(CustodyError::seal)?;
        let mut tx = self.store().begin("make a demo customer").await?;
        tx.customer_insert(&Customer {
            id,
            name: name.to_owned(),
            telephone: telephone.to_owned(),
            created_at: now,
            closed_at: None,
        })
        .await?;
        tx.customer_restrict(id, &Restricts::at_first().rows()).await?;
        tx.agreement_insert(&Agreement {
            id: agreement,
            customer: id,
            from_day: "2026-01-01".to_owned(),
            to_day: None,
            reporting_days: 10,
            notices_by: "operator".to_owned(),
            offshore: false,
            deidentify: true,
            at_end: "return".to_owned(),
            contacts,
            created_at: now,
            created_by: "demo".to_owned(),
            ended_at: None,
        })
        .await?;
        tx.commit().await?;
        Ok(id)
    }

    async fn demo_person(
        &self,
        customers: &[CustomerId],
        (name, address, places): &MadeUp<'_>,
    ) -> Result<DemoPerson, CustodyError> {
        let id = PersonId::mint(self.clock(), self.entropy());
        let now = self.now();
        let email = format!("{address}@demo.example");
        let body =
            DirectoryBody { name: (*name).to_owned(), email: email.clone(), telephone: "+1 608 555 0199".to_owned() };
        let mut owner = vec![0_u8; 16];
        self.entropy().fill(&mut owner);
        let person = Person {
            id,
            directory: directory::seal(&self.ring(), id, &body)?,
            email_index: directory::email_index(&self.ring(), &email),
            passkey_owner: owner,
            state: PersonState::Active,
            created_at: now,
        };
        let mut tx = self.store().begin("make a demo person").await?;
        tx.person_insert(&person).await?;
        for (customer, role) in *places {
            tx.membership_insert(&Membership {
                id: MembershipId::mint(self.clock(), self.entropy()),
                person: id,
                customer: customer.map(|at| customers[at]),
                role: *role,
                from_at: now,
                to_at: None,
                granted_by: "demo".to_owned(),
            })
            .await?;
            if matches!(role, Role::Transcriptionist | Role::QaEditor | Role::Coordinator | Role::Analyst) {
                for customer in customers {
                    let (customer, granted_by) = (*customer, "demo".to_owned());
                    tx.assignment_insert(&Assignment { customer, person: id, from_at: now, to_at: None, granted_by })
                        .await?;
                }
            }
        }
        tx.commit().await?;
        let (customer, role) = places[0];
        let customer = match customer {
            Some(at) => Some(self.customer_name(customers[at]).await?),
            None => None,
        };
        Ok(DemoPerson { id, email, role, customer })
    }

    /// A desk for a made-up person, as if they had just touched a passkey.
    fn demo_desk<A: Act>(&self, person: PersonId) -> Desk<A> {
        let now = self.now();
        Desk::at(
            self.clone(),
            Some(SignedIn {
                person,
                session: SessionId::mint(self.clock(), self.entropy()),
                csrf: String::new(),
                started_at: now,
                step_up_at: Some(now),
                idle_until: now.plus_secs(60),
                locked: false,
                shared: false,
            }),
        )
    }

    async fn demo_patients(
        &self,
        dice: &Dice,
        customer: CustomerId,
        records: PersonId,
        at: usize,
    ) -> Result<Vec<(PatientId, PatientBody)>, CustodyError> {
        let desk = self.demo_desk::<act::PatientCreate>(records);
        let mut made = Vec::new();
        for number in 0..12_usize {
            let year = if at == 0 { 2010 + dice.below(14) } else { 1940 + dice.below(65) };
            let body = PatientBody {
                last: SURNAMES[(at * 8 + number) % SURNAMES.len()].to_owned(),
                first: (*dice.of(&GIVEN)).to_owned(),
                middle: String::new(),
                born: Day::new(
                    i16::try_from(year).unwrap_or(2000),
                    1 + i8::try_from(dice.below(12)).unwrap_or(0),
                    1 + i8::try_from(dice.below(28)).unwrap_or(0),
                ),
                record_number: format!("{}{:05}", ["LP", "HC", "NO"][at], 40_000 + number * 137),
                sex: String::new(),
            };
            let id = desk.patient_create(customer, &body).await?;
            self.demo_family(records, (id, &body), number).await?;
            made.push((id, body));
        }
        Ok(made)
    }

    /// Children have guardians, one of them under a court's order; some adults have a guarantor.
    async fn demo_family(
        &self,
        records: PersonId,
        (patient, body): (PatientId, &PatientBody),
        number: usize,
    ) -> Result<(), CustodyError> {
        let desk = self.demo_desk::<act::RelatedCreate>(records);
        let somebody = |first: &str, relation: &str| RelatedBody {
            last: body.last.clone(),
            first: first.to_owned(),
            relation: relation.to_owned(),
            telephone: format!("+1 608 555 01{:02}", 40 + number),
            ..RelatedBody::default()
        };
        // Of age at eighteen; the demo's day is in November 2026.
        let is_minor = body.born.is_some_and(|day| day.year() > 2008);
        if !is_minor {
            if number % 4 == 1 {
                let guarantor =
                    RelatedBody { address: "12 Elm Street, Madison".to_owned(), ..somebody("Gail", "spouse") };
                desk.related_create(patient, RelatedKind::Guarantor, &guarantor).await?;
            }
            return Ok(());
        }
        let mut mother = RelatedBody { may_consent: true, may_pick_up: true, ..somebody("Marta", "mother") };
        if number % 3 == 2 {
            // Found by a name that is not the child's own.
            mother.last = "Okonjo-Reed".to_owned();
        }
        if number == 3 {
            "Sole custody; no contact with the father. County court, order of 03/09/2025."
                .clone_into(&mut mother.court_order);
            mother.from = Day::new(2025, 3, 9);
            let father = RelatedBody { to: Day::new(2025, 3, 8), ..somebody("Paul", "father") };
            desk.related_create(patient, RelatedKind::Guardian, &father).await?;
        }
        desk.related_create(patient, RelatedKind::Guardian, &mother).await?;
        if number.is_multiple_of(2) {
            let payer = RelatedBody { address: "12 Elm Street, Madison".to_owned(), ..somebody("Rosa", "grandmother") };
            desk.related_create(patient, RelatedKind::Guarantor, &payer).await?;
        }
        Ok(())
    }

    async fn demo_upload(&self, by: PersonId, new: NewUpload, bytes: Vec<u8>) -> Result<DocumentId, CustodyError> {
        let stream = futures_util::stream::iter([Ok::<Bytes, UploadCut>(Bytes::from(bytes))]);
        // Made-up dictations are all the same second of silence.
        let new = NewUpload { same: crate::SameBytes::Keep, ..new };
        Ok(self.demo_desk::<act::DocumentUpload>(by).document_upload(new, stream).await?.id)
    }

    /// Documents in every state that exists.
    async fn demo_documents(
        &self,
        dice: &Dice,
        cast: &Cast,
        at: usize,
        patients: &[(PatientId, PatientBody)],
    ) -> Result<(), CustodyError> {
        let customer = cast.customers[at];
        let (typist, editor) = (cast.person("tess.bauer")?, cast.person("quinn.ferrara")?);
        let authors: Vec<(PersonId, &str)> = match at {
            0 => vec![(cast.person("ana.reyes")?, "Ana Reyes, MD"), (cast.person("ben.cho")?, "Ben Cho, MD")],
            1 => vec![(cast.person("ana.reyes")?, "Ana Reyes, MD"), (cast.person("omar.haddad")?, "Omar Haddad, DO")],
            _ => vec![(cast.person("grace.tully")?, "Grace Tully, MD")],
        };
        let records = cast.person(["frida.holm", "nell.pruitt", "dina.paz"][at])?;
        for number in 0..16_usize {
            let (patient, body) = dice.of(patients);
            let (author, author_name) = authors[number % authors.len()];
            let visit = Day::new(2026, 11, 1 + i8::try_from(number).unwrap_or(0));
            let text = transcript(dice, body, author_name, visit);
            let mut new = NewUpload {
                customer: Some(customer),
                author: Some(author),
                visit,
                patient: Some(*patient),
                ..NewUpload::default()
            };
            new.file_name = format!("{}-{number:03}.txt", ["lp", "hc", "no"][at]);
            let state = STATES[number % STATES.len()];
            if state == "dictated" {
                new.kind = Some(DocumentKind::Dictation);
                new.patient = None;
                new.file_name = format!("dictation-{number:03}.wav");
                self.demo_upload(typist, new, recording(dice)).await?;
                continue;
            }
            if state == "unmatched" {
                new.patient = None;
                let text = text.replace(&body.record_number, "(not given)");
                self.demo_upload(typist, new, text.into_bytes()).await?;
                continue;
            }
            if number % 5 == 4 {
                new.file_name = new.file_name.replace(".txt", ".rtf");
                self.demo_forward(&self.demo_upload(typist, new, rtf(&text)).await?, state, (editor, author, records))
                    .await?;
                continue;
            }
            let id = self.demo_upload(typist, new, text.into_bytes()).await?;
            self.demo_forward(&id, state, (editor, author, records)).await?;
        }
        Ok(())
    }

    /// Takes a typed document to the state that the demo wants to show.
    async fn demo_forward(
        &self,
        id: &DocumentId,
        state: &str,
        (editor, author, records): (PersonId, PersonId, PersonId),
    ) -> Result<(), CustodyError> {
        let id = *id;
        if state == "transcribed" {
            return Ok(());
        }
        if state == "held" {
            self.demo_desk::<act::DocumentHold>(editor)
                .document_hold(id, "Question to the author: which knee?")
                .await?;
            return Ok(());
        }
        self.demo_desk::<act::DocumentAdvance>(editor).document_advance(id).await?;
        if state == "edited" {
            return Ok(());
        }
        self.demo_desk::<act::DocumentDeliver>(editor).document_deliver(id, &[], NamesOthers::Ask).await?;
        match state {
            "picked_up" => drop(self.demo_desk::<act::DocumentPickUp>(records).document_pick_up(id).await?),
            "signed" => {
                let _ = self.demo_desk::<act::DocumentRead>(author).document_read(id, None).await?;
                self.demo_desk::<act::DocumentSign>(author).document_sign(id).await?;
            }
            "withdrawn" => {
                self.demo_desk::<act::DocumentWithdraw>(editor).document_withdraw(id, "Wrong patient").await?;
            }
            "entered_in_error" => {
                self.demo_desk::<act::DocumentEnterInError>(author).document_enter_in_error(id, "Duplicate").await?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// What the demo shows, in this order, over and over.
const STATES: &[&str] = &[
    "delivered",
    "delivered",
    "signed",
    "picked_up",
    "dictated",
    "transcribed",
    "edited",
    "held",
    "unmatched",
    "withdrawn",
    "entered_in_error",
    "delivered",
    "signed",
    "delivered",
];

fn transcript(dice: &Dice, patient: &PatientBody, author: &str, visit: Option<Day>) -> String {
    let (title, history, plan) = *dice.of(&COMPLAINTS);
    let visit = visit.map(Day::us).unwrap_or_default();
    let born = patient.born.map(Day::us).unwrap_or_default();
    format!(
        "Patient: {}\nDOB: {born}\nMRN: {}\nDate of Service: {visit}\nDictated by: {author}\nDocument type: {title}\n\n\
         HISTORY OF PRESENT ILLNESS\n{history}\n\nEXAMINATION\nAlert, no distress. Lungs clear. Heart regular, no murmur.\n\n\
         ASSESSMENT AND PLAN\n{plan}\n\n(Made up for the demo. No such person exists.)\n",
        patient.name(),
        patient.record_number
    )
}

/// The same text as RTF, so that the reader for it is seen at work.
fn rtf(text: &str) -> Vec<u8> {
    let body: String = text
        .chars()
        .map(|one| match one {
            '\n' => "\\par\n".to_owned(),
            '\\' | '{' | '}' => format!("\\{one}"),
            other => other.to_string(),
        })
        .collect();
    format!("{{\\rtf1\\ansi\\deff0{{\\fonttbl{{\\f0 Arial;}}}}\\f0\\fs22 {body}}}").into_bytes()
}

/// A second of quiet noise: RIFF WAVE, 8 kHz, 8 bit, mono.
fn recording(dice: &Dice) -> Vec<u8> {
    let samples: Vec<u8> = (0..8000).map(|_| 126 + u8::try_from(dice.below(4)).unwrap_or(0)).collect();
    let mut wav = b"RIFF".to_vec();
    wav.extend_from_slice(&(36 + 8000_u32).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&8000_u32.to_le_bytes());
    wav.extend_from_slice(&8000_u32.to_le_bytes());
    wav.extend_from_slice(b"\x01\0\x08\0data");
    wav.extend_from_slice(&8000_u32.to_le_bytes());
    wav.extend_from_slice(&samples);
    wav
}
