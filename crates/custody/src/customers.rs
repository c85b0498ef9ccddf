//! Customers, their agreements, and which of the operator's people work for them.
//!
//! A customer's name is a business name and stands in clear; its contacts are people and are sealed under the
//! directory key. No agreement in force, no intake: policy looks at the days, and this file only keeps them.

use crate::ask::Question;
use crate::confidentiality::Restricts;
use crate::people::{Form, InvitationLine, PersonLine, question_at};
use crate::settings::year_of;
use crate::{ContactBody, Custody, CustodyError, Desk, Witnessed};
use record::civil::Day;
use record::{AgreementId, CustomerId, PersonId, Purpose, Role, Timestamp, act};
use std::collections::BTreeSet;
use store::{Agreement, Assignment, Customer, KeyShredState};
use vault::DirectoryColumn;

/// 45 CFR 164.410(b): a business associate tells the covered entity within 60 days.
const REPORTING_DAYS_MAX: u32 = 60;

/// Who writes to the people affected by a breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticesBy {
    /// The customer itself.
    Customer,
    /// The operator for it.
    Operator,
}

/// What happens to the records at an agreement's end (45 CFR 164.504(e)(2)(ii)(J)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtEnd {
    /// They go back.
    Return,
    /// They are destroyed.
    Destroy,
}

impl NoticesBy {
    /// As it stands in SQL and forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Operator => "operator",
        }
    }
}

impl AtEnd {
    /// As it stands in SQL and forms.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Return => "return",
            Self::Destroy => "destroy",
        }
    }
}

/// An agreement as it is typed in.
#[derive(Debug, Clone)]
pub struct NewAgreement {
    /// First day in force.
    pub from: Day,
    /// Last day in force; none = open.
    pub to: Option<Day>,
    /// Days within which we report a breach to them, 0 to 60.
    pub reporting_days: u32,
    /// Who sends notices.
    pub notices_by: NoticesBy,
    /// May work be done abroad.
    pub offshore: bool,
    /// May we de-identify.
    pub deidentify: bool,
    /// What happens to the records at its end.
    pub at_end: AtEnd,
    /// Two people reachable day and night.
    pub contacts: [ContactBody; 2],
}

/// How an agreement stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgreementStanding {
    /// Work may come in.
    InForce,
    /// Its first day is still to come.
    NotYet,
    /// Its last day is over.
    Over,
    /// Somebody ended it early.
    Ended,
}

/// One agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementLine {
    /// By which it is ended.
    pub id: AgreementId,
    /// How it stands today.
    pub standing: AgreementStanding,
    /// First day in force, `YYYY-MM-DD`.
    pub from_day: String,
    /// Last day in force; none = open.
    pub to_day: Option<String>,
    /// Days within which we report a breach.
    pub reporting_days: u32,
    /// Who sends notices: `customer` or `operator`.
    pub notices_by: String,
    /// May work be done abroad.
    pub offshore: bool,
    /// May we de-identify.
    pub deidentify: bool,
    /// `return` or `destroy`.
    pub at_end: String,
    /// Reachable day and night.
    pub contacts: Vec<ContactBody>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When somebody ended it early.
    pub ended_at: Option<Timestamp>,
}

/// One customer in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerLine {
    /// Its id.
    pub id: CustomerId,
    /// Its own name.
    pub name: String,
    /// The newest agreement's standing and last day; `None` when there never was one.
    pub agreement: Option<(AgreementStanding, Option<String>)>,
    /// How many people have a role there.
    pub people: u32,
    /// When it left.
    pub closed_at: Option<Timestamp>,
    /// The destruction of its keys was asked for, or is done.
    pub shred: bool,
}

/// The customers one may know of.
#[derive(Debug, Clone)]
pub struct CustomerLines {
    /// By name.
    pub lines: Vec<CustomerLine>,
    /// What the ledger witnessed.
    pub witnessed: Witnessed,
}

/// One customer.
#[derive(Debug, Clone)]
pub struct CustomerView {
    /// Its id.
    pub id: CustomerId,
    /// Its own name.
    pub name: String,
    /// Whom a closed door names.
    pub telephone: String,
    /// When it came.
    pub created_at: Timestamp,
    /// When it left.
    pub closed_at: Option<Timestamp>,
    /// Newest first.
    pub agreements: Vec<AgreementLine>,
    /// Its people.
    pub people: Vec<PersonLine>,
    /// What is out.
    pub invitations: Vec<InvitationLine>,
    /// Which of the operator's people work for it, by name, since when.
    pub assigned: Vec<(PersonId, String, Timestamp)>,
    /// What the ledger witnessed.
    pub witnessed: Witnessed,
}

fn standing(agreement: &Agreement, today: &str) -> AgreementStanding {
    if agreement.ended_at.is_some() {
        AgreementStanding::Ended
    } else if agreement.in_force(today) {
        AgreementStanding::InForce
    } else if today < agreement.from_day.as_str() {
        AgreementStanding::NotYet
    } else {
        AgreementStanding::Over
    }
}

impl Custody {
    fn agreement_contacts(&self, agreement: &Agreement) -> Result<Vec<ContactBody>, CustodyError> {
        let bytes = self
            .ring()
            .directory_open(agreement.id, DirectoryColumn::AgreementBody, &agreement.contacts)
            .map_err(CustodyError::seal)?;
        serde_json::from_slice(&bytes)
            .map_err(|_| CustodyError::Broken("an agreement's contacts cannot be read".to_owned()))
    }

    /// Everybody known to be reachable at a customer, from all its agreements, each once.
    /// A customer's agreements, for somebody who was permitted to see them.
    pub(crate) async fn agreement_lines(&self, id: CustomerId) -> Result<Vec<AgreementLine>, CustodyError> {
        let today = self.settings().day_of(self.now());
        let mut agreements = Vec::new();
        for one in self.store().agreement_list(id).await? {
            agreements.push(AgreementLine {
                id: one.id,
                standing: standing(&one, &today),
                contacts: self.agreement_contacts(&one)?,
                from_day: one.from_day,
                to_day: one.to_day,
                reporting_days: one.reporting_days,
                notices_by: one.notices_by,
                offshore: one.offshore,
                deidentify: one.deidentify,
                at_end: one.at_end,
                created_at: one.created_at,
                ended_at: one.ended_at,
            });
        }
        Ok(agreements)
    }

    pub(crate) async fn contacts_of(&self, customer: CustomerId) -> Result<Vec<ContactBody>, CustodyError> {
        let mut found: Vec<ContactBody> = Vec::new();
        for agreement in self.store().agreement_list(customer).await? {
            for contact in self.agreement_contacts(&agreement)? {
                if !found.contains(&contact) {
                    found.push(contact);
                }
            }
        }
        Ok(found)
    }

    async fn customer_line(&self, customer: Customer, today: &str) -> Result<CustomerLine, CustodyError> {
        let now = self.now();
        let agreements = self.store().agreement_list(customer.id).await?;
        let best = agreements.iter().find(|one| one.in_force(today)).or_else(|| agreements.first());
        let held = self.store().membership_list_at(Some(customer.id)).await?;
        let people: BTreeSet<PersonId> = held.iter().filter(|one| one.in_force(now)).map(|one| one.person).collect();
        Ok(CustomerLine {
            id: customer.id,
            agreement: best.map(|one| (standing(one, today), one.to_day.clone())),
            people: u32::try_from(people.len()).unwrap_or(u32::MAX),
            name: customer.name,
            closed_at: customer.closed_at,
            shred: self.store().key_shred_fetch(customer.id).await?.is_some(),
        })
    }
}

impl Desk<act::CustomerCreate> {
    /// A new customer, with keys of its own.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with fields `name`, `phone`; [`CustodyError::Refused`].
    pub async fn customer_create(&self, name: &str, telephone: &str) -> Result<CustomerId, CustodyError> {
        let custody = &self.custody;
        let mut form = Form::default();
        let name = form.name("name", name);
        let telephone = form.telephone("phone", telephone);
        form.done()?;
        let id = CustomerId::mint(custody.clock(), custody.entropy());
        let _granted = self.ask(Question::house(Purpose::Administration).also(id)).await?;
        // The tag says the name: two customers of one name could be taken for each other.
        let taken = custody.store().customer_list().await?;
        if taken.iter().any(|one| one.name.to_lowercase() == name.to_lowercase()) {
            return Err(CustodyError::field(
                "name",
                "There is a customer of this name. Add the town, or what tells them apart.",
            ));
        }
        let now = custody.now();
        let change =
            custody.ring().customer_begin(id, year_of(now), now, custody.entropy()).map_err(CustodyError::seal)?;
        // Keys first: a death after this line leaves keys of a customer who is not there, and they open nothing.
        custody.key_change(&change).await?;
        let mut tx = custody.store().begin("create a customer").await?;
        tx.customer_insert(&Customer { id, name, telephone, created_at: now, closed_at: None }).await?;
        tx.customer_restrict(id, &Restricts::at_first().rows()).await?;
        tx.commit().await?;
        Ok(id)
    }
}

impl Desk<act::CustomerList> {
    /// The customers one may know of: where one has a role, is assigned, or, for officers and administrators, all.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] for whoever has no place at all.
    pub async fn customer_list(&self) -> Result<CustomerLines, CustodyError> {
        let (custody, now) = (&self.custody, self.custody.now());
        let me = if self.job { None } else { Some(self.person()?) };
        let held = match me {
            Some(person) => custody.store().membership_list_by_person(person).await?,
            None => Vec::new(),
        };
        let held: Vec<_> = held.into_iter().filter(|one| one.in_force(now)).collect();
        let is_staff = held.iter().any(|one| one.customer.is_none());
        let knows_all = self.job
            || held.iter().any(|one| {
                one.customer.is_none()
                    && matches!(one.role, Role::PrivacyOfficer | Role::SecurityOfficer | Role::Administrator)
            });
        let mut mine: BTreeSet<CustomerId> = held.iter().filter_map(|one| one.customer).collect();
        if let Some(person) = me.filter(|_| is_staff) {
            let assigned = custody.store().assignment_list_by_person(person).await?;
            let live = assigned.iter().filter(|one| one.from_at <= now && one.to_at.is_none_or(|to| now < to));
            mine.extend(live.map(|one| one.customer));
        }
        let mut customers = custody.store().customer_list().await?;
        customers.retain(|one| knows_all || mine.contains(&one.id));
        // Policy is asked about exactly these: were this filter too wide, the whole page would be refused.
        let question = customers.iter().fold(Question::house(Purpose::Operations), |asked, one| asked.also(one.id));
        let witnessed = self.ask(question).await?.witnessed();
        let today = custody.settings().day_of(now);
        let mut lines = Vec::with_capacity(customers.len());
        for customer in customers {
            lines.push(custody.customer_line(customer, &today).await?);
        }
        Ok(CustomerLines { lines, witnessed })
    }
}

impl Desk<act::CustomerShow> {
    /// One customer: agreements, contacts, people, who works for it.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] or [`CustodyError::Absent`]; the door answers both alike.
    pub async fn customer_show(&self, id: CustomerId) -> Result<CustomerView, CustodyError> {
        let (custody, now) = (&self.custody, self.custody.now());
        let Some(customer) = custody.store().customer_fetch(id).await? else { return self.absent(id).await };
        let witnessed = self.ask(question_at(Some(id))).await?.witnessed();
        let agreements = custody.agreement_lines(id).await?;
        let (people, invitations) = custody.people_at(Some(id), self.person()?).await?;
        let mut assigned = Vec::new();
        for one in custody.store().assignment_list_at(id).await? {
            if one.from_at <= now && one.to_at.is_none_or(|to| now < to) {
                let name = custody.directory_entry(one.person).await?.map(|entry| entry.name).unwrap_or_default();
                assigned.push((one.person, name, one.from_at));
            }
        }
        Ok(CustomerView {
            id,
            name: customer.name,
            telephone: customer.telephone,
            created_at: customer.created_at,
            closed_at: customer.closed_at,
            agreements,
            people,
            invitations,
            assigned,
            witnessed,
        })
    }
}

/// The six fields of the two contacts, as the form names them.
const CONTACT_FIELDS: [[&str; 3]; 2] =
    [["contact1_name", "contact1_email", "contact1_phone"], ["contact2_name", "contact2_email", "contact2_phone"]];

fn agreement_check(typed: &NewAgreement) -> Result<[ContactBody; 2], CustodyError> {
    let mut form = Form::default();
    if typed.to.is_some_and(|to| to < typed.from) {
        form.mistake("to", "The last day comes before the first.");
    }
    if typed.reporting_days > REPORTING_DAYS_MAX {
        form.mistake("reporting_days", "At most 60 days (45 CFR 164.410).");
    }
    let mut contact = |place: usize| {
        let [name, email, phone] = CONTACT_FIELDS[place];
        let typed = &typed.contacts[place];
        ContactBody {
            name: form.name(name, &typed.name),
            email: form.email(email, &typed.email),
            telephone: form.telephone(phone, &typed.telephone),
        }
    };
    let contacts = [contact(0), contact(1)];
    if contacts[0].email.to_lowercase() == contacts[1].email.to_lowercase() {
        form.mistake("contact2_email", "Name two different people.");
    }
    form.done()?;
    Ok(contacts)
}

impl Desk<act::AgreementCreate> {
    /// Records an agreement.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with fields `to`, `reporting_days`, `contact1_name` and so on;
    /// [`CustodyError::Refused`], [`CustodyError::Absent`].
    pub async fn agreement_create(
        &self,
        customer: CustomerId,
        typed: &NewAgreement,
    ) -> Result<AgreementId, CustodyError> {
        let custody = &self.custody;
        let contacts = agreement_check(typed)?;
        if custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let id = AgreementId::mint(custody.clock(), custody.entropy());
        let _granted = self.ask(question_at(Some(customer)).also(id)).await?;
        let shred = custody.store().key_shred_fetch(customer).await?;
        if shred.is_some_and(|row| row.state != KeyShredState::Destroyed) {
            return Err(CustodyError::State(
                "The destruction of this customer's keys is asked for. Take it back first.",
            ));
        }
        let json = serde_json::to_vec(&contacts).map_err(CustodyError::seal)?;
        let sealed =
            custody.ring().directory_seal(id, DirectoryColumn::AgreementBody, &json).map_err(CustodyError::seal)?;
        let agreement = Agreement {
            id,
            customer,
            from_day: typed.from.to_string(),
            to_day: typed.to.map(|day| day.to_string()),
            reporting_days: typed.reporting_days,
            notices_by: typed.notices_by.as_str().to_owned(),
            offshore: typed.offshore,
            deidentify: typed.deidentify,
            at_end: typed.at_end.as_str().to_owned(),
            contacts: sealed,
            created_at: custody.now(),
            created_by: self.asker(),
            ended_at: None,
        };
        let mut tx = custody.store().begin("record an agreement").await?;
        tx.agreement_insert(&agreement).await?;
        tx.commit().await?;
        Ok(id)
    }
}

impl Desk<act::AgreementEnd> {
    /// Ends an agreement now: nothing more comes in under it.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], [`CustodyError::Absent`]; [`CustodyError::State`] when it had ended.
    pub async fn agreement_end(&self, customer: CustomerId, id: AgreementId) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        let agreements = custody.store().agreement_list(customer).await?;
        if !agreements.iter().any(|one| one.id == id) {
            return self.absent(id).await;
        }
        let witnessed = self.ask(question_at(Some(customer)).also(id)).await?.witnessed();
        let mut tx = custody.store().begin("end an agreement").await?;
        if tx.agreement_end(customer, id, custody.now()).await? == 0 {
            return Err(CustodyError::State("This agreement has ended already."));
        }
        tx.commit().await?;
        Ok(witnessed)
    }
}

impl Desk<act::AssignmentGrant> {
    /// One of the operator's people may work for this customer.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], [`CustodyError::Absent`]; [`CustodyError::State`] when they do already.
    pub async fn assignment_grant(&self, customer: CustomerId, person: PersonId) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        if custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        if !custody.has_place_at(person, None).await? {
            return self.absent(person).await;
        }
        let witnessed = self.ask(question_at(Some(customer)).also(person)).await?.witnessed();
        let now = custody.now();
        let given = custody.store().assignment_list_by_person(person).await?;
        if given.iter().any(|one| one.customer == customer && one.to_at.is_none_or(|to| now < to)) {
            return Err(CustodyError::State("This person works for this customer already."));
        }
        let assignment = Assignment { customer, person, from_at: now, to_at: None, granted_by: self.asker() };
        let mut tx = custody.store().begin("assign a person").await?;
        tx.assignment_insert(&assignment).await?;
        tx.commit().await?;
        Ok(witnessed)
    }
}

impl Desk<act::AssignmentEnd> {
    /// One of the operator's people no longer works for this customer, from the next request on.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], [`CustodyError::Absent`]; [`CustodyError::State`] when they did not.
    pub async fn assignment_end(&self, customer: CustomerId, person: PersonId) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        if custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let witnessed = self.ask(question_at(Some(customer)).also(person)).await?.witnessed();
        let mut tx = custody.store().begin("end an assignment").await?;
        if tx.assignment_end(customer, person, custody.now()).await? == 0 {
            return Err(CustodyError::State("This person does not work for this customer."));
        }
        tx.commit().await?;
        Ok(witnessed)
    }
}
