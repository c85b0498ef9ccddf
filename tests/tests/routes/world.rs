//! Whom the routes are tried by, and the things that they are tried upon.
//!
//! Two practices: at the first the row's people work, at the second their twins of the same role. Every thing is
//! made anew for each try, so that no try finds what another one left.

use bytes::Bytes;
use custody::{
    CustodyError, Desk, DirectoryBody, NamesOthers, NewProgram, NewUpload, PatientBody, ProgramKeys, RelatedBody,
    SameBytes, UploadCut,
};
use record::civil::Day;
use record::{
    Act, AgreementId, AlertId, BreakGlassId, CredentialId, CustomerId, DocumentId, Entropy as _, InvitationId,
    MembershipId, MergeId, PatientId, PersonId, ProgramId, RelatedKind, RelatedPersonId, RequestId, ResourceId, Right,
    Role, SessionId, Sha256, SystemEntropy, act,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use store::{Assignment, Membership, PersonState, SessionRow};
use strongroom_tests::{House, Visitor};

/// Surnames that stand in no other record, and words that stand in no other text: one pair for each practice.
pub(crate) const SURNAMES: [&str; 2] = ["Quenneville", "Vanterpool"];
pub(crate) const WORDS: [&str; 2] = ["heliotropecanary", "vermilioncanary"];

/// Guardians' surnames, which are no patient's.
pub(crate) const GUARDIANS: [&str; 2] = ["Zubizarreta", "Yardeni"];

/// Everybody by whom routes are tried.
pub(crate) const EVERYBODY: &[&str] = &[
    "ana.reyes",
    "ben.cho",
    "frida.holm",
    "mara.quist",
    "tess.bauer",
    "quinn.ferrara",
    "cora.whitfield",
    "jon.aziz",
    "ruth.okafor",
    "peter.lindqvist",
    "sam.idris",
    "alma.novak",
    "theo.marsh",
    "grace.tully",
    "dina.paz",
    "hugo.lang",
    "leo.grant",
    "quinn.elsewhere",
    "cora.elsewhere",
    "jon.elsewhere",
    "former.clinician",
    "suspended.clinician",
];

/// Who has the same role at the second practice. Who works for both has no twin.
const TWINS: &[(&str, &str)] = &[
    ("ana.reyes", "grace.tully"),
    ("frida.holm", "dina.paz"),
    ("mara.quist", "hugo.lang"),
    ("tess.bauer", "leo.grant"),
    ("quinn.ferrara", "quinn.elsewhere"),
    ("cora.whitfield", "cora.elsewhere"),
    ("jon.aziz", "jon.elsewhere"),
];
/// Whose role is for every practice.
const EVERYWHERE: &[&str] = &["ruth.okafor", "peter.lindqvist", "sam.idris", "alma.novak", "theo.marsh"];

/// May somebody do at the second practice what these may at the first.
pub(crate) fn is_allowed_elsewhere(by: &[&str], name: &str) -> bool {
    let twin_of = TWINS.iter().find(|(_, twin)| *twin == name).map(|(one, _)| *one);
    twin_of.is_some_and(|one| by.contains(&one)) || (EVERYWHERE.contains(&name) && by.contains(&name))
}

/// Has this person a place at the practice, and so knows that it exists.
pub(crate) fn knows(name: &str, side: usize) -> bool {
    let here = TWINS.iter().any(|(one, twin)| [*one, *twin][side] == name);
    here || EVERYWHERE.contains(&name) || (side == 0 && ["ben.cho", "suspended.clinician"].contains(&name))
}

/// What a route is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing {
    Nothing,
    Transcribed,
    Edited,
    /// With its author, unread.
    Delivered,
    Held,
    Unmatched,
    Withdrawn,
    /// A patient in the care of the practice's author.
    Patient,
    /// One without a record number.
    Provisional,
    /// Two records that are said to be one patient's.
    Merging,
    /// Two that were merged.
    Merged,
    /// A patient with a guardian of another name.
    Related,
    /// The same, where the patient alone is shown.
    Ward,
    /// The practice itself.
    Customer,
    /// Somebody with a role at the practice.
    Member,
    /// Somebody with a role at the operator.
    Staff,
    /// The same, working for the practice.
    Assigned,
    Glass,
    /// A numbered request that one of the privacy officers has opened.
    Request,
    /// A patient of a practice at which that officer has a request open.
    Requested,
    /// A document withdrawn there.
    RequestedDocument,
    /// A manager's invitation that waits for a second officer.
    Invitation,
    Agreement,
    /// A customer without an agreement, for whom an officer has asked that the keys be destroyed.
    Leaving,
    Alert,
    /// A program that was let in.
    Program,
    /// An entry of the ledger about an act of the practice's records staff.
    Entry,
}

/// A thing that was made: the values that stand for it in paths and forms.
#[derive(Debug, Clone, Default)]
pub(crate) struct Made {
    pub(crate) values: BTreeMap<&'static str, String>,
    /// What the ledger must name when it is opened.
    pub(crate) named: Vec<ResourceId>,
}

impl Made {
    fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.values.insert(name, value.to_string());
        self
    }
    fn naming(mut self, id: impl Into<ResourceId>) -> Self {
        self.named.push(id.into());
        self
    }
}

/// Sessions of one person that are over, each in its own way.
pub(crate) struct Dead {
    pub(crate) revoked: String,
    pub(crate) idle: String,
    pub(crate) over: String,
}

pub(crate) struct World {
    pub(crate) house: House,
    people: BTreeMap<&'static str, PersonId>,
    customers: [CustomerId; 2],
    next: AtomicU32,
}

fn text(side: usize, body: &PatientBody) -> String {
    let born = body.born.map(Day::us).unwrap_or_default();
    format!(
        "Patient: {}, {}\nDOB: {born}\nMRN: {}\n\nHISTORY\n{} was mentioned twice.\n",
        body.last, body.first, body.record_number, WORDS[side]
    )
}

impl World {
    pub(crate) async fn begin() -> Self {
        Self::over(House::start().await.expect("a demo house starts")).await
    }

    /// The same in a house that is there already.
    pub(crate) async fn over(house: House) -> Self {
        let customers = house.store.customer_list().await.expect("the demo has customers");
        let named =
            |name: &str| customers.iter().find(|one| one.name.starts_with(name)).expect("a practice of the demo").id;
        let customers = [named("Lakeside"), named("Northfield")];
        let people = EVERYBODY.iter().filter(|name| house.people.iter().any(|one| one.email.starts_with(**name)));
        let people = people.map(|name| (*name, house.person(name).id)).collect();
        let mut world = Self { house, people, customers, next: AtomicU32::new(1) };
        world.staff_apart().await;
        for (name, role) in [("former.clinician", Role::Clinician), ("suspended.clinician", Role::Clinician)] {
            let (person, _) = world.member(0, role, name == "former.clinician").await;
            world.people.insert(name, person);
        }
        world
    }

    /// The operator's people of each role work for one of the two practices only.
    async fn staff_apart(&mut self) {
        let now = self.house.now();
        for (name, role) in [
            ("quinn.elsewhere", Role::QaEditor),
            ("cora.elsewhere", Role::Coordinator),
            ("jon.elsewhere", Role::Analyst),
        ] {
            let (person, _) = self.staff(role).await;
            self.people.insert(name, person);
            self.assign(1, person).await;
        }
        let mut tx = self.house.store.begin("part the staff").await.expect("a transaction");
        for name in ["tess.bauer", "quinn.ferrara", "cora.whitfield", "jon.aziz"] {
            tx.assignment_end(self.customers[1], self.people[name], now).await.expect("an assignment ends");
        }
        tx.assignment_end(self.customers[0], self.people["leo.grant"], now).await.expect("an assignment ends");
        tx.commit().await.expect("a commit");
    }

    pub(crate) fn person(&self, name: &str) -> PersonId {
        self.people[name]
    }

    pub(crate) fn known(&self, name: &str) -> Option<PersonId> {
        self.people.get(name).copied()
    }

    pub(crate) fn number(&self) -> u32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    fn desk<A: Act>(&self, name: &str) -> Desk<A> {
        self.house.desk(self.person(name))
    }

    fn directory(&self) -> DirectoryBody {
        let number = self.number();
        DirectoryBody {
            name: format!("Newcomer Number{number}"),
            email: format!("newcomer{number}@demo.example"),
            telephone: "+1 608 555 0177".to_owned(),
        }
    }

    /// Somebody invited is at work at once, as if they had enrolled.
    async fn begin_work(&self, person: PersonId, customer: Option<CustomerId>, role: Role, over: bool) -> MembershipId {
        let now = self.house.now();
        let id = MembershipId::mint(self.house.clock.as_ref(), &SystemEntropy);
        let mut tx = self.house.store.begin("begin work").await.expect("a transaction");
        tx.person_set_state(person, PersonState::Active).await.expect("a state");
        tx.membership_insert(&Membership {
            id,
            person,
            customer,
            role,
            from_at: now.plus_secs(-3600),
            to_at: over.then(|| now.plus_secs(-60)),
            granted_by: "test".to_owned(),
        })
        .await
        .expect("a membership");
        tx.commit().await.expect("a commit");
        id
    }

    async fn member(&self, side: usize, role: Role, over: bool) -> (PersonId, MembershipId) {
        let manager = ["mara.quist", "hugo.lang"][side];
        let invited =
            self.desk::<act::PersonInvite>(manager).person_invite(self.customers[side], role, &self.directory()).await;
        let person = invited.expect("a manager invites").person;
        (person, self.begin_work(person, Some(self.customers[side]), role, over).await)
    }

    async fn staff(&self, role: Role) -> (PersonId, MembershipId) {
        let invited = self
            .house
            .desk::<act::StaffInvite>(self.house.person("ruth.okafor").id)
            .staff_invite(role, &self.directory(), None)
            .await;
        let person = invited.expect("an officer invites").person;
        (person, self.begin_work(person, None, role, false).await)
    }

    async fn assign(&self, side: usize, person: PersonId) {
        let assignment = Assignment {
            customer: self.customers[side],
            person,
            from_at: self.house.now(),
            to_at: None,
            granted_by: "test".to_owned(),
        };
        let mut tx = self.house.store.begin("assign").await.expect("a transaction");
        tx.assignment_insert(&assignment).await.expect("an assignment");
        tx.commit().await.expect("a commit");
    }

    pub(crate) async fn suspend(&self, name: &str) {
        let mut tx = self.house.store.begin("suspend").await.expect("a transaction");
        tx.person_set_state(self.person(name), PersonState::Suspended).await.expect("a state");
        tx.commit().await.expect("a commit");
    }

    /// Somebody who has just signed in. Who is suspended was so a moment later.
    pub(crate) async fn visitor(&self, name: &str) -> Visitor {
        let person = self.person(name);
        if name.starts_with("suspended") {
            let mut tx = self.house.store.begin("let in").await.expect("a transaction");
            tx.person_set_state(person, PersonState::Active).await.expect("a state");
            tx.commit().await.expect("a commit");
        }
        let visitor = self.house.sign_in(person).await.unwrap_or_else(|error| panic!("{name} signs in: {error:?}"));
        if name.starts_with("suspended") {
            self.suspend(name).await;
        }
        visitor
    }

    /// Sessions of this person that are over. The clock moves on by sixteen minutes.
    pub(crate) async fn dead(&self, name: &str) -> Dead {
        let revoked = self.visitor(name).await;
        let answer = revoked.form("/sign-out", &[]).await.expect("signing out answers");
        assert_eq!(answer.status, 303);
        let idle = self.visitor(name).await;
        self.house.clock.forward_secs(16 * 60);
        let secret = |visitor: Visitor| visitor.secret.expect("a session");
        Dead { revoked: secret(revoked), idle: secret(idle), over: self.session_over(name).await }
    }

    /// A session that was used to its last minute: twelve hours are over, and it is not idle.
    async fn session_over(&self, name: &str) -> String {
        let mut bytes = [0_u8; 32];
        SystemEntropy.fill(&mut bytes);
        let secret = data_encoding::BASE64URL_NOPAD.encode(&bytes);
        let now = self.house.now();
        let row = SessionRow {
            id: SessionId::mint(self.house.clock.as_ref(), &SystemEntropy),
            secret_hash: Sha256::of(secret.as_bytes()).as_bytes().to_vec(),
            person: self.person(name),
            csrf: "token".to_owned(),
            created_at: now.plus_secs(-12 * 3600 - 1),
            step_up_at: Some(now),
            idle_until: now.plus_secs(15 * 60),
            ends_at: now.plus_secs(-1),
            revoked_at: None,
            shared: false,
            locked_at: None,
        };
        let mut tx = self.house.store.begin("keep a session").await.expect("a transaction");
        tx.session_insert(&row).await.expect("a session");
        tx.commit().await.expect("a commit");
        secret
    }

    async fn patient(&self, side: usize, record_number: bool) -> (PatientId, PatientBody) {
        let number = self.number();
        let body = PatientBody {
            last: SURNAMES[side].to_owned(),
            first: "Odile".to_owned(),
            born: Day::new(1980, 2, 3),
            record_number: if record_number { format!("TT{number:06}") } else { String::new() },
            ..PatientBody::default()
        };
        let desk = self.desk::<act::PatientCreate>(["frida.holm", "dina.paz"][side]);
        (desk.patient_create(self.customers[side], &body).await.expect("records staff make a patient"), body)
    }

    async fn upload(&self, side: usize, patient: Option<PatientId>, body: &PatientBody) -> DocumentId {
        let author = self.person(["ana.reyes", "grace.tully"][side]);
        let mut said = text(side, body);
        if patient.is_none() {
            said = said.replace(&body.record_number, "(not given)");
        }
        let new = NewUpload {
            customer: Some(self.customers[side]),
            author: Some(author),
            patient,
            file_name: format!("job-{}.txt", self.number()),
            same: SameBytes::Keep,
            ..NewUpload::default()
        };
        let stream = futures_util::stream::iter([Ok::<Bytes, UploadCut>(Bytes::from(said))]);
        let desk = self.desk::<act::DocumentUpload>(["tess.bauer", "leo.grant"][side]);
        desk.document_upload(new, stream).await.expect("a transcriptionist uploads").id
    }

    async fn document(&self, side: usize, thing: Thing) -> Result<(DocumentId, PatientId), CustodyError> {
        let editor = ["quinn.ferrara", "quinn.elsewhere"][side];
        let (patient, body) = self.patient(side, true).await;
        let id = self.upload(side, (thing != Thing::Unmatched).then_some(patient), &body).await;
        match thing {
            Thing::Transcribed | Thing::Unmatched => return Ok((id, patient)),
            Thing::Held => {
                self.desk::<act::DocumentHold>(editor).document_hold(id, "A question").await?;
                return Ok((id, patient));
            }
            _ => {}
        }
        self.desk::<act::DocumentAdvance>(editor).document_advance(id).await?;
        if thing == Thing::Edited {
            return Ok((id, patient));
        }
        self.desk::<act::DocumentDeliver>(editor).document_deliver(id, &[], NamesOthers::Ask).await?;
        if thing == Thing::Withdrawn {
            self.desk::<act::DocumentWithdraw>(editor).document_withdraw(id, "Wrong patient").await?;
        }
        Ok((id, patient))
    }

    /// Makes a thing at one of the two practices.
    pub(crate) async fn make(&self, side: usize, thing: Thing) -> Made {
        let made = Made::default().with("cus", self.customers[side]);
        // People a form may name: whoever speaks there, and a colleague.
        let made = made.with("aut", self.person(["ana.reyes", "grace.tully"][side]));
        match thing {
            Thing::Nothing => made,
            Thing::Customer => made,
            Thing::Transcribed
            | Thing::Edited
            | Thing::Delivered
            | Thing::Held
            | Thing::Unmatched
            | Thing::Withdrawn => {
                let (id, _) = self.document(side, thing).await.expect("a document in this state");
                let (other, _) = self.patient(side, true).await;
                made.with("doc", id).with("version", 1).with("pat2", other).naming(id)
            }
            Thing::Patient => {
                let (_, id) = self.document(side, Thing::Delivered).await.expect("a delivered document");
                made.with("pat", id).naming(id)
            }
            Thing::Related | Thing::Ward => {
                let (_, id) = self.document(side, Thing::Delivered).await.expect("a delivered document");
                let body = RelatedBody { last: GUARDIANS[side].to_owned(), ..RelatedBody::default() };
                let desk = self.desk::<act::RelatedCreate>(["frida.holm", "dina.paz"][side]);
                let made_id = desk.related_create(id, RelatedKind::Guardian, &body).await;
                let rel = made_id.expect("records staff put a guardian beside a patient");
                let made = made.with("pat", id).with("rel", rel).naming(id);
                if thing == Thing::Related { made.naming(rel) } else { made }
            }
            Thing::Provisional => {
                let (id, _) = self.patient(side, false).await;
                let (other, _) = self.patient(side, true).await;
                made.with("pat", id).with("pat2", other).naming(id)
            }
            Thing::Merging | Thing::Merged => {
                let ((prior, _), (survivor, _)) = (self.patient(side, true).await, self.patient(side, true).await);
                let by = ["frida.holm", "dina.paz"][side];
                let propose = self.desk::<act::PatientMergePropose>(by).merge_propose(prior, survivor).await;
                let id = propose.expect("records staff say that two records are one patient's");
                if thing == Thing::Merged {
                    let seen = [(prior, 0), (survivor, 0)];
                    let confirm = self.desk::<act::PatientMergeConfirm>(by).merge_confirm(id, survivor, seen).await;
                    confirm.expect("records staff merge them");
                }
                made.with("mrg", id).with("pat", prior).with("pat2", survivor).naming(prior).naming(survivor)
            }
            Thing::Member => {
                let (person, membership) = self.member(side, Role::RecordsStaff, false).await;
                made.with("per", person).with("mem", membership)
            }
            Thing::Staff | Thing::Assigned => {
                let (person, membership) = self.staff(Role::Transcriptionist).await;
                if thing == Thing::Assigned {
                    self.assign(side, person).await;
                }
                made.with("per", person).with("mem", membership)
            }
            Thing::Program => {
                let new = NewProgram {
                    customer: self.customers[side],
                    name: "Made-up EMR".to_owned(),
                    rights: [Right::PatientsRead].into(),
                    keys: ProgramKeys::Pasted(super::rows::PUBLIC_KEY.to_owned()),
                    days: 30,
                };
                let desk = self.desk::<act::ProgramRegister>(["mara.quist", "hugo.lang"][side]);
                let (id, _) = desk.program_register(&new).await.expect("a manager lets a program in");
                made.with("prg", id)
            }
            Thing::Glass => {
                let (patient, _) = self.patient(side, true).await;
                let by = ["ben.cho", "dina.paz"][side];
                let id = self.desk::<act::BreakGlassStart>(by).break_glass_start(patient, "An emergency", 1).await;
                let id = id.expect("the glass breaks");
                made.with("brk", id).with("pat", patient).naming(id)
            }
            Thing::Request | Thing::Requested | Thing::RequestedDocument => {
                let number = format!("R-2026-{:04}", self.number());
                let desk = self.desk::<act::RequestOpen>("peter.lindqvist");
                let opened = desk.request_open(self.customers[side], &number, "The patient asks").await;
                let made = made.with("req", opened.expect("an officer opens a request"));
                if thing == Thing::Request {
                    return made;
                }
                let state = if thing == Thing::Requested { Thing::Delivered } else { Thing::Withdrawn };
                let (id, patient) = self.document(side, state).await.expect("a document");
                let (other, _) = self.patient(side, true).await;
                let made = made.with("pat", patient).with("doc", id).with("pat2", other);
                if thing == Thing::Requested { made.naming(patient) } else { made.naming(id) }
            }
            Thing::Invitation => {
                let invited = self
                    .desk::<act::ManagerInvite>("ruth.okafor")
                    .manager_invite(self.customers[side], &self.directory())
                    .await;
                made.with("inv", invited.expect("an officer invites a manager").invitation.expect("it waits"))
            }
            Thing::Agreement => {
                let contact = |name: &str| custody::ContactBody {
                    name: name.to_owned(),
                    email: format!("{}@demo.example", name.replace(' ', ".").to_lowercase()),
                    telephone: "+1 608 555 0166".to_owned(),
                };
                let typed = custody::NewAgreement {
                    from: Day::new(2030, 1, 1).expect("a day"),
                    to: None,
                    reporting_days: 10,
                    notices_by: custody::NoticesBy::Customer,
                    offshore: false,
                    deidentify: false,
                    at_end: custody::AtEnd::Return,
                    contacts: [contact("Day Contact"), contact("Night Contact")],
                };
                let made_now = self
                    .desk::<act::AgreementCreate>("ruth.okafor")
                    .agreement_create(self.customers[side], &typed)
                    .await;
                made.with("agr", made_now.expect("an agreement is recorded"))
            }
            Thing::Leaving => {
                let mut salt = [0_u8; 8];
                record::SystemEntropy.fill(&mut salt);
                let name = format!("Leaving Clinic {}", u64::from_be_bytes(salt));
                let desk = self.desk::<act::CustomerCreate>("ruth.okafor");
                let customer = desk.customer_create(&name, "+1 608 555 0177").await.expect("a customer");
                let reason = "They have left.".to_owned();
                let order = custody::ShredOrder { customer, name, reason, copies_expire_on: None };
                let asked = self.desk::<act::KeyShredAsk>("ruth.okafor").key_shred_ask(&order).await;
                asked.expect("an officer asks for the destruction of keys");
                let shown = self.desk::<act::KeyShredShow>("ruth.okafor").key_shred_show(customer).await;
                let (.., at) = shown.expect("it can be looked at").asked.expect("it is asked for");
                made.with("cus", customer).with("asked", at.unix_millis())
            }
            Thing::Alert => {
                self.house.custody.alert("test", "This alert is a test").await;
                let alerts = self.house.store.alert_list().await.expect("alerts");
                let id = alerts.iter().map(|one| one.id).max().expect("an alert");
                made.with("alr", id)
            }
            Thing::Entry => {
                let from = self.house.ledger_size();
                drop(self.patient(side, true).await);
                let by = self.person(["frida.holm", "dina.paz"][side]);
                let entries = self.house.entries_since(from).await.expect("entries");
                let place = entries
                    .iter()
                    .position(|one| one.principal == record::Principal::Person(by))
                    .expect("an act of theirs");
                made.with("index", from + place as u64)
            }
        }
    }

    /// Well-formed names of things that are not there.
    pub(crate) fn absent(&self, like: &Made) -> Made {
        let (clock, entropy) = (self.house.clock.as_ref(), &SystemEntropy);
        let mut absent = Made::default();
        for (name, value) in &like.values {
            let id = match *name {
                "rel" => RelatedPersonId::mint(clock, entropy).to_string(),
                "doc" => DocumentId::mint(clock, entropy).to_string(),
                "pat" | "pat2" => PatientId::mint(clock, entropy).to_string(),
                "cus" => CustomerId::mint(clock, entropy).to_string(),
                "per" | "aut" => PersonId::mint(clock, entropy).to_string(),
                "mem" => MembershipId::mint(clock, entropy).to_string(),
                "mrg" => MergeId::mint(clock, entropy).to_string(),
                "brk" => BreakGlassId::mint(clock, entropy).to_string(),
                "inv" => InvitationId::mint(clock, entropy).to_string(),
                "agr" => AgreementId::mint(clock, entropy).to_string(),
                "req" => RequestId::mint(clock, entropy).to_string(),
                "prg" => ProgramId::mint(clock, entropy).to_string(),
                "alr" => AlertId::mint(clock, entropy).to_string(),
                "key" => CredentialId::mint(clock, entropy).to_string(),
                // An entry that will not be written while this test lives.
                "index" => (900_000_000 + u64::from(self.number())).to_string(),
                "version" | "asked" => value.clone(),
                other => panic!("no such thing as {other}"),
            };
            absent.values.insert(name, id);
        }
        absent
    }
}
