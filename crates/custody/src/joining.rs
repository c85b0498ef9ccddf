//! A practice joins another, or some of its patients go to another: an officer prepares it, the managers of both say yes, and then
//! all that the one has, or the charts of those patients, becomes the other's, under the other's keys.
//!
//! What must always hold: nobody at the operator says yes for a practice, and no person says yes for both; whoever says yes
//! says it to what they were shown; nobody of the one practice becomes somebody of the other but by the other's manager;
//! nothing moves while keys are to be destroyed, a practice leaves, or a document is held at either; patients are proposed as
//! the same and never merged. Each transaction is one customer's (`store/src/arriving.rs`).
//!
//! What it refuses to know: why the one joins the other.

mod carrying;
mod checking;
mod choosing;
mod coming;
mod ending;
mod numbers;
mod predecessors;
mod said;
mod splitting;

pub use carrying::JoiningMoved;
pub use choosing::{LinesTold, SplitBy, SplitLine, SplitLines, SplitPrepared, SplitTo, split_numbers_read};
pub use ending::TakenBack;
pub use said::JoinSeen;

use crate::ask::Question;
use crate::{Custody, CustodyError, Desk, Witnessed, directory};
use data_encoding::HEXLOWER;
use policy::JoiningFacts;
use record::{CustomerId, MembershipId, PersonId, Purpose, Role, Timestamp, act};
use store::{Joining, JoiningCounts, JoiningState, KeyShredState, Membership, Split, SplitFate, SplitMuch};

/// The longest prefix of record numbers, characters.
const PREFIX_CHARS_MAX: usize = 8;

/// One of the two practices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoiningSide {
    /// Which.
    pub id: CustomerId,
    /// Its name.
    pub name: String,
}

/// Somebody of the practice that joins, whom the other one's manager may take over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoiningPerson {
    /// Their place.
    pub membership: MembershipId,
    /// Their name.
    pub name: String,
    /// As what.
    pub role: Role,
    /// Until when, where the place has an end: it has the same at the other practice.
    pub until: Option<Timestamp>,
    /// It is whoever looks: nobody takes over themselves.
    pub is_asker: bool,
}

/// What whoever looks may do next about it for their practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoiningStep {
    /// Say yes.
    Yes,
    /// Wait for the other one's yes.
    Wait,
    /// Nothing more: it is agreed, carried out, or done.
    Done,
}

/// That only some patients move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitSeen {
    /// The SHA-256 of the list of them, in hexadecimal.
    pub list: String,
    /// How many of those who were chosen stay, as far as it is known; the other practice is not told.
    pub stays: Option<u64>,
    /// How many have moved, once it is done.
    pub moved: Option<u64>,
    /// And with how much.
    pub went: Option<SplitMuch>,
    /// How much the manager of the one was shown who said yes.
    pub given: Option<SplitMuch>,
    /// How much the other one's was shown.
    pub agreed: Option<SplitMuch>,
    /// Who ended it half way, by name; none when all have moved who could, or it is not done.
    pub ended: Option<String>,
}

/// One joining, as one of the two practices sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoiningView {
    /// Who joins.
    pub joins: JoiningSide,
    /// Whom.
    pub into: JoiningSide,
    /// What record numbers get that both have.
    pub prefix: String,
    /// How far it is.
    pub state: JoiningState,
    /// What is next for whoever looks.
    pub step: JoiningStep,
    /// What would move; the other practice sees it once this one has said yes.
    pub counts: Option<JoiningCounts>,
    /// Who prepared it, by name, and when.
    pub prepared: (String, Timestamp),
    /// The manager of the one that joins who said yes, and when.
    pub given: Option<(String, Timestamp)>,
    /// The other one's.
    pub agreed: Option<(String, Timestamp)>,
    /// How many places of people are taken over.
    pub taken_over: usize,
    /// When it began to be carried out.
    pub moving_at: Option<Timestamp>,
    /// When all of it was there.
    pub joined_at: Option<Timestamp>,
    /// Whom the other one's manager may take over, when it is theirs to say yes.
    pub people: Vec<JoiningPerson>,
    /// What stands in the way, in words; empty when nothing does.
    pub hindered: &'static str,
    /// What a yes is said to.
    pub seen: JoinSeen,
    /// When only some patients move.
    pub split: Option<SplitSeen>,
}

/// All joinings of a practice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoiningPage {
    /// Whose.
    pub customer: CustomerId,
    /// Their name.
    pub name: String,
    /// The one that it joins, and those that join it.
    pub joinings: Vec<JoiningView>,
    /// The entry of looking.
    pub witnessed: Witnessed,
}

/// What an officer prepares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinTo {
    /// Who joins.
    pub joins: CustomerId,
    /// Whom.
    pub into: CustomerId,
    /// What record numbers get that both have.
    pub prefix: String,
}

/// A manager's yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinYes {
    /// For which practice.
    pub customer: CustomerId,
    /// Which joining: by who joins.
    pub joins: CustomerId,
    /// What was seen, as the page said it.
    pub seen: JoinSeen,
    /// Whose places are taken over; for the practice that is joined.
    pub people: Vec<MembershipId>,
}

const NONE: &str = "There is no such joining of this practice.";
const AT_THE_OTHER: &str =
    "Something stands in the way at the other practice. Your privacy officer at the operator knows what.";
const NO_MANAGER: &str = "Somebody who said yes does not manage their practice any more. Take it back, and have it prepared and agreed upon anew.";
const OTHERWISE: &str = "It stands otherwise by now. Look at it again.";

fn prefix_checked(prefix: &str) -> Option<&str> {
    let fits = (1..=PREFIX_CHARS_MAX).contains(&prefix.chars().count());
    let plain = prefix.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    // With a letter: the index knows letters and digits only, and digits before a number make another one's number of it.
    (fits && plain && prefix.bytes().any(|byte| byte.is_ascii_alphabetic())).then_some(prefix)
}

/// What a yes to a split is said to, for the sealed words of an entry; empty when all move.
fn list_words(row: &Joining) -> String {
    row.chosen.as_deref().map_or_else(String::new, |list| format!(" (list sha256:{})", HEXLOWER.encode(list)))
}

/// What happens, in the names that stand on every tag.
fn move_words(row: &Joining, (one, other): (&str, &str)) -> String {
    if row.chosen.is_none() {
        format!("{one} joins {other}")
    } else {
        format!("some patients of {one} move to {other}")
    }
}

impl Custody {
    /// A joining that is prepared, agreed upon or carried out, and in which this customer has a part.
    async fn joining_open(&self, customer: CustomerId) -> Result<Vec<Joining>, CustodyError> {
        let mut all = self.store().joining_list_into(customer).await?;
        all.extend(self.store().joining_fetch(customer).await?);
        all.retain(|one| one.state != JoiningState::Joined);
        Ok(all)
    }

    /// Why a customer's keys are not destroyed or made anew, and why it does not leave, now; empty when no joining stands in
    /// the way.
    pub(crate) async fn joining_hindered(&self, customer: CustomerId) -> Result<&'static str, CustodyError> {
        let open = self.joining_open(customer).await?;
        Ok(if open.is_empty() {
            ""
        } else {
            "A joining or a split of this customer is prepared or under way. Take it back, end it half way, or wait for its end."
        })
    }

    /// What policy is told about joinings of a customer: what both managers have agreed upon, as it stands in the store.
    pub(crate) async fn joining_facts(&self, customer: CustomerId) -> Result<JoiningFacts, CustodyError> {
        let agreed = |row: &Joining| {
            matches!(row.state, JoiningState::Agreed | JoiningState::Moving)
                && row.given_by.is_some()
                && row.agreed_by.is_some()
        };
        let own = self.store().joining_fetch(customer).await?.filter(agreed);
        let others = self.store().joining_list_into(customer).await?;
        Ok(JoiningFacts {
            agreed_into: own.map(|row| row.into),
            comes_in: others.iter().any(|row| agreed(row) && row.state == JoiningState::Moving),
        })
    }

    /// Are both who said yes managers of their practices still. Who is none any more has no word there.
    async fn words_stand(&self, row: &Joining) -> Result<(), CustodyError> {
        let now = self.now();
        for (customer, by) in [(row.customer, row.given_by), (row.into, row.agreed_by)] {
            let places = self.store().membership_list_at(Some(customer)).await?;
            let manages =
                |one: &Membership| Some(one.person) == by && one.role == Role::PracticeManager && one.in_force(now);
            if !places.iter().any(manages) {
                return Err(CustodyError::State(NO_MANAGER));
            }
        }
        Ok(())
    }

    /// What stands in the way of this joining; empty when nothing does.
    async fn join_hindered(&self, row: &Joining) -> Result<&'static str, CustodyError> {
        let (first, second) = (self.side_hindered(row.customer, row).await?, self.side_hindered(row.into, row).await?);
        Ok(if first.is_empty() { second } else { first })
    }

    /// What stands in the way, as somebody of one side may know it: what it is at the other side is told once that one's
    /// manager has said yes.
    async fn hindered_seen(&self, row: &Joining, customer: CustomerId) -> Result<&'static str, CustodyError> {
        let other = if customer == row.customer { row.into } else { row.customer };
        let own = self.side_hindered(customer, row).await?;
        if !own.is_empty() {
            return Ok(own);
        }
        let said_yes = if other == row.customer { row.given_by } else { row.agreed_by };
        match self.side_hindered(other, row).await? {
            "" => Ok(""),
            hindered if said_yes.is_some() => Ok(hindered),
            _ => Ok(AT_THE_OTHER),
        }
    }

    /// What stands in the way at one of the two.
    async fn side_hindered(&self, one: CustomerId, row: &Joining) -> Result<&'static str, CustodyError> {
        let store = self.store();
        if store.customer_fetch(one).await?.is_none_or(|customer| customer.closed_at.is_some()) {
            return Ok("One of the two practices is closed.");
        }
        if !self.ring().customers().any(|live| live == one) {
            return Ok("One of the two practices has no keys here: they were destroyed.");
        }
        if store.leaving_fetch(one).await?.is_some() {
            return Ok("One of the two practices leaves. That is taken back first.");
        }
        if store.key_shred_fetch(one).await?.is_some_and(|row| row.state != KeyShredState::Destroyed) {
            return Ok("The destruction of keys is asked for at one of the two practices. That is taken back first.");
        }
        if self.key_rotation_is_open(one).await? {
            return Ok("The keys of one of the two practices are being rotated. That is finished first.");
        }
        // Of a practice that is split the patients stay whose documents are held, and all others may go.
        if row.chosen.is_none() && store.documents_held_count(one).await? > 0 {
            return Ok("Documents are held at one of the two practices. They are released or withdrawn first.");
        }
        if self.joining_open(one).await?.iter().any(|open| open.customer != row.customer) {
            return Ok("Another joining of one of the two practices is under way.");
        }
        let today = self.settings().day_of(self.now());
        if one == row.into && !store.agreement_list(one).await?.iter().any(|agreement| agreement.in_force(&today)) {
            return Ok("No agreement is in force with the practice that is joined.");
        }
        Ok("")
    }

    /// The places of the practice that joins that are live now.
    async fn joining_places(&self, joins: CustomerId) -> Result<Vec<Membership>, CustodyError> {
        let now = self.now();
        let mut places = self.store().membership_list_at(Some(joins)).await?;
        places.retain(|one| one.in_force(now));
        Ok(places)
    }

    async fn joining_side(&self, id: CustomerId) -> Result<JoiningSide, CustodyError> {
        Ok(JoiningSide { id, name: self.customer_name(id).await? })
    }

    async fn named_at(
        &self,
        by: Option<PersonId>,
        at: Option<Timestamp>,
    ) -> Result<Option<(String, Timestamp)>, CustodyError> {
        let Some(at) = at else { return Ok(None) };
        Ok(Some((self.name_of_person(by).await?, at)))
    }

    /// One joining as this practice sees it. What the other one holds, and who works there, is shown once that one's manager
    /// has said yes.
    async fn joining_view(
        &self,
        row: &Joining,
        customer: CustomerId,
        me: Option<PersonId>,
    ) -> Result<JoiningView, CustodyError> {
        let is_joined = customer == row.into;
        let given = row.state != JoiningState::Prepared;
        let step = match row.state {
            JoiningState::Prepared if !is_joined => JoiningStep::Yes,
            JoiningState::Given if is_joined => JoiningStep::Yes,
            JoiningState::Prepared | JoiningState::Given => JoiningStep::Wait,
            _ => JoiningStep::Done,
        };
        let mut people = Vec::new();
        if is_joined && step == JoiningStep::Yes {
            let places = self.joining_places(row.customer).await?;
            let names = directory::names(self, places.iter().map(|one| one.person).collect()).await?;
            people = places
                .iter()
                .map(|one| JoiningPerson {
                    membership: one.id,
                    name: names.get(&one.person).cloned().unwrap_or_default(),
                    role: one.role,
                    until: one.to_at,
                    is_asker: Some(one.person) == me,
                })
                .collect();
            people.sort_by(|one, other| (&one.name, one.role).cmp(&(&other.name, other.role)));
        }
        let stands = matches!(row.state, JoiningState::Prepared | JoiningState::Given | JoiningState::Agreed);
        let counts = match &row.chosen {
            _ if !stands || (is_joined && !given) => None,
            None => Some(self.store().joining_counts(row.customer).await?),
            Some(_) => Some(self.store().split_counts(row.customer).await?),
        };
        Ok(JoiningView {
            joins: self.joining_side(row.customer).await?,
            into: self.joining_side(row.into).await?,
            prefix: row.prefix.clone(),
            state: row.state,
            step,
            counts,
            prepared: (self.name_of_person(Some(row.prepared_by)).await?, row.prepared_at),
            given: self.named_at(row.given_by, row.given_at).await?,
            agreed: self.named_at(row.agreed_by, row.agreed_at).await?,
            taken_over: row.people.len(),
            moving_at: row.moving_at,
            joined_at: row.joined_at,
            people,
            hindered: if stands || ending::is_endable(row) { self.hindered_seen(row, customer).await? } else { "" },
            seen: JoinSeen::of(row, is_joined.then_some(row.given_at).flatten(), counts),
            split: match &row.chosen {
                Some(list) => Some(SplitSeen {
                    list: HEXLOWER.encode(list),
                    stays: if is_joined { None } else { Some(self.split_stay_count(row.customer).await?) },
                    moved: None,
                    went: None,
                    given: row.given_seen,
                    agreed: row.agreed_seen,
                    ended: None,
                }),
                None => None,
            },
        })
    }

    /// How many who were chosen do not move.
    async fn split_stay_count(&self, customer: CustomerId) -> Result<u64, CustodyError> {
        let all = self.store().split_patients(customer).await?;
        let stay = all.iter().filter(|one| !matches!(one.fate, SplitFate::Moves | SplitFate::Moved));
        Ok(stay.count() as u64)
    }

    /// A split that was carried out, as one of the two practices sees it. `newest`: whoever stayed is still listed.
    async fn split_view(
        &self,
        done: &Split,
        (customer, newest): (CustomerId, Option<Timestamp>),
    ) -> Result<JoiningView, CustodyError> {
        let named =
            async |(by, at): (PersonId, Timestamp)| Ok::<_, CustodyError>((self.name_of_person(Some(by)).await?, at));
        let is_listed = customer == done.customer && newest == Some(done.moving_at);
        let ended = match done.ended_by {
            Some(by) => Some(self.name_of_person(Some(by)).await?),
            None => None,
        };
        Ok(JoiningView {
            joins: self.joining_side(done.customer).await?,
            into: self.joining_side(done.into).await?,
            prefix: done.prefix.clone(),
            state: JoiningState::Joined,
            step: JoiningStep::Done,
            counts: None,
            prepared: named(done.prepared).await?,
            given: Some(named(done.given).await?),
            agreed: Some(named(done.agreed).await?),
            taken_over: done.people.len(),
            moving_at: Some(done.moving_at),
            joined_at: Some(done.split_at),
            people: Vec::new(),
            hindered: "",
            seen: JoinSeen { at: done.prepared.1, much: None },
            split: Some(SplitSeen {
                list: HEXLOWER.encode(&done.chosen),
                stays: if is_listed { Some(self.split_stay_count(customer).await?) } else { None },
                moved: Some(done.patients),
                went: Some(done.much),
                given: None,
                agreed: None,
                ended,
            }),
        })
    }
}

impl Desk<act::CustomerJoinShow> {
    /// How far the joinings of a practice are.
    ///
    /// # Errors
    /// [`CustodyError::Refused`] or [`CustodyError::Absent`]; the door answers both alike.
    pub async fn joining_show(&self, customer: CustomerId) -> Result<JoiningPage, CustodyError> {
        let custody = &self.custody;
        let Some(known) = custody.store().customer_fetch(customer).await? else { return self.absent(customer).await };
        let witnessed = self.ask(Question::of(customer, Purpose::Administration)).await?.witnessed();
        let mut rows: Vec<Joining> = custody.store().joining_fetch(customer).await?.into_iter().collect();
        rows.extend(custody.store().joining_list_into(customer).await?);
        let me = self.signed_in.as_ref().map(|one| one.person);
        let mut joinings = Vec::with_capacity(rows.len());
        let is_open = rows.iter().any(|row| row.customer == customer && row.chosen.is_some());
        for row in &rows {
            joinings.push(custody.joining_view(row, customer, me).await?);
        }
        let from = custody.store().split_list_from(customer).await?;
        // Whoever stayed is listed until the next choice.
        let newest = from.first().filter(|_| !is_open).map(|done| done.moving_at);
        let splits = from.into_iter().chain(custody.store().split_list_into(customer).await?);
        for done in splits {
            joinings.push(custody.split_view(&done, (customer, newest)).await?);
        }
        Ok(JoiningPage { customer, name: known.name, joinings, witnessed })
    }
}

impl Desk<act::CustomerJoinPrepare> {
    /// Asks about one of the two; the answer is written with that one.
    async fn prepare_ask(&self, customer: CustomerId, words: &str) -> Result<Witnessed, CustodyError> {
        if self.custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let question = Question::of(customer, Purpose::Administration).saying(words);
        Ok(self.ask(question).await?.witnessed())
    }

    /// An officer prepares that one practice joins another. Nothing changes by it.
    ///
    /// # Errors
    /// [`CustodyError::Input`] with the field `prefix`; [`CustodyError::State`] when something stands in the way.
    pub async fn join_prepare(&self, order: &JoinTo) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        let (joins, into) = (order.joins, order.into);
        let words = format!("{joins} is to join {into}, if both want it");
        let witnessed = self.prepare_ask(joins, &words).await?;
        self.prepare_ask(into, &words).await?;
        let Some(prefix) = prefix_checked(&order.prefix) else {
            let say = "Write at most eight letters, digits and hyphens, and one letter at least";
            return Err(CustodyError::field("prefix", say));
        };
        if joins == into {
            return Err(CustodyError::State("A practice does not join itself."));
        }
        let row = self.joining_new((joins, into), prefix.to_owned(), None)?;
        match custody.join_hindered(&row).await? {
            "" => {}
            hindered => return Err(CustodyError::State(hindered)),
        }
        let mut tx = custody.store().begin("prepare a joining").await?;
        if tx.joining_prepare(&row).await? == 0 {
            return Err(CustodyError::State("It is prepared already."));
        }
        tx.commit().await?;
        let (one, other) = (custody.customer_name(joins).await?, custody.customer_name(into).await?);
        let say = format!("It is prepared that {one} joins {other}. Both managers decide.");
        custody.alert("joining_prepared", &say).await;
        Ok(witnessed)
    }

    /// As it is prepared by whoever is at this desk.
    fn joining_new(
        &self,
        (customer, into): (CustomerId, CustomerId),
        prefix: String,
        chosen: Option<Vec<u8>>,
    ) -> Result<Joining, CustodyError> {
        Ok(Joining {
            customer,
            into,
            prefix,
            state: JoiningState::Prepared,
            prepared_by: self.person()?,
            prepared_at: self.custody.now(),
            given_by: None,
            given_at: None,
            agreed_by: None,
            agreed_at: None,
            people: Vec::new(),
            moving_at: None,
            joined_at: None,
            chosen,
            authors: Vec::new(),
            given_seen: None,
            agreed_seen: None,
            gone: SplitMuch::default(),
            run: 0,
        })
    }
}

impl Desk<act::CustomerJoin> {
    /// The joining in which this practice has a part, and the policy's answer; whose word came before is known to policy. The
    /// entry says who joins and names whoever is taken over.
    async fn join_ask(&self, yes: &JoinYes) -> Result<(Joining, Witnessed), CustodyError> {
        let (customer, joins) = (yes.customer, yes.joins);
        if self.custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let row = self.custody.store().joining_fetch(joins).await?;
        let row = row.filter(|row| row.customer == customer || row.into == customer);
        let before = row.as_ref().map(|row| match row.given_by {
            Some(given_by) if row.into == customer => given_by,
            _ => row.prepared_by,
        });
        let whom = row.as_ref().map_or_else(|| "nobody".to_owned(), |row| row.into.to_string());
        // The list, and how much of it was shown to them.
        let some = row.as_ref().map(|row| format!("{}{}", list_words(row), said::much_words(row, yes.seen)));
        let words = format!("the practice says yes: {joins} joins {whom}{}", some.unwrap_or_default());
        let mut question = Question::of(customer, Purpose::Administration).asked_by(before).saying(&words);
        for one in &yes.people {
            question = question.also(*one);
        }
        let witnessed = self.ask(question).await?.witnessed();
        // One answer for a joining of others and for one that nobody prepared.
        row.map(|row| (row, witnessed)).ok_or(CustodyError::State(NONE))
    }

    /// A manager says yes for their practice: first for the one that joins, then for the one that is joined, by two people.
    ///
    /// # Errors
    /// [`CustodyError::Refused`], also for whoever prepared it or said the other yes; [`CustodyError::Changed`] when it stands
    /// otherwise than it was seen; [`CustodyError::State`] when something stands in the way; [`CustodyError::Input`] with the
    /// field `people`.
    pub async fn join_yes(&self, yes: &JoinYes) -> Result<Witnessed, CustodyError> {
        let custody = &self.custody;
        let (row, witnessed) = self.join_ask(yes).await?;
        let me = self.person()?;
        match custody.hindered_seen(&row, yes.customer).await? {
            "" => {}
            hindered => return Err(CustodyError::State(hindered)),
        }
        let now = custody.now();
        let mut tx = custody.store().begin("say yes to a joining").await?;
        let (by, done) = if yes.customer == row.customer {
            (JoiningState::Given, tx.joining_give(row.customer, yes.seen.at, (me, now)).await?)
        } else {
            if me == row.prepared_by {
                return Err(CustodyError::State("Whoever prepared it does not say yes to it."));
            }
            if row.state != JoiningState::Given {
                return Err(CustodyError::State("The manager of the practice that joins says yes first."));
            }
            custody.people_checked(&row, &yes.people, me).await?;
            (JoiningState::Agreed, tx.joining_agree(row.customer, yes.seen.at, (me, now), &yes.people).await?)
        };
        if done == 0 {
            return Err(CustodyError::Changed);
        }
        if row.chosen.is_some() {
            // A yes to some patients is one to so much: whoever was shown nothing has said it to nothing.
            let much = yes.seen.much.ok_or(CustodyError::Changed)?;
            tx.split_seen(row.customer, by, much).await?;
        }
        tx.commit().await?;
        // Names that stand on every tag; no PHI.
        let (one, other) = (custody.customer_name(row.customer).await?, custody.customer_name(row.into).await?);
        let who = if yes.customer == row.customer { &one } else { &other };
        custody.alert("joining_yes", &format!("{who} says yes: {}.", move_words(&row, (&one, &other)))).await;
        Ok(witnessed)
    }

    /// A manager of either takes it back, as long as it is not carried out; a split that is being carried out, or was stopped,
    /// is ended half way: who has moved stays there, and nobody else moves.
    ///
    /// # Errors
    /// [`CustodyError::State`] when it is carried out and no split, or something is on its way at this moment.
    pub async fn join_no(&self, customer: CustomerId, joins: CustomerId) -> Result<TakenBack, CustodyError> {
        if self.custody.store().customer_fetch(customer).await?.is_none() {
            return self.absent(customer).await;
        }
        let row = self.custody.store().joining_fetch(joins).await?;
        let row = row.filter(|row| row.customer == customer || row.into == customer);
        // Whoever said yes may say no: nobody's earlier word is told to policy.
        let words = ending::back_words(row.as_ref(), joins);
        let question = Question::of(customer, Purpose::Administration).saying(&words);
        drop(self.ask(question).await?);
        let row = row.ok_or(CustodyError::State(NONE))?;
        self.custody.joining_back(&row, self.person()?).await
    }
}

impl Custody {
    /// Are these places of the practice that joins, and none of them the asker's own.
    async fn people_checked(&self, row: &Joining, people: &[MembershipId], me: PersonId) -> Result<(), CustodyError> {
        let places = self.joining_places(row.customer).await?;
        for id in people {
            match places.iter().find(|one| one.id == *id) {
                None => return Err(CustodyError::State(OTHERWISE)),
                Some(one) if one.person == me => {
                    return Err(CustodyError::field(
                        "people",
                        "Nobody takes over themselves: another manager adds you",
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
