//! People at a practice: who has which role, who is invited, and how that ends.
//!
//! What must always hold: link and words stand on a page once and never in an address; a page offers only what policy
//! would permit; whoever asks for an invitation that needs a second person sees its link, the second sees its words.

use super::entrance::invitation_link;
use super::forms::{Which, after_touch, again, beside, errors_of};
use super::frame::{Me, customer_filter, flash_of, frame, go, moment, page, witness};
use crate::door::take::{Fields, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::parts::{Choice, Empty, Errors, Fact, How, Link, PageAction, PostLink, Tone, Weight};
use crate::pages::people::{InvitationRow, InvitePage, InvitedPage, PeoplePage, PersonRow};
use axum::http::Method;
use custody::{Confirmed, CustodyError, Desk, DirectoryBody, HouseView, InvitationLine, Invited, PersonLine};
use record::{Act, CustomerId, InvitationId, MembershipId, PersonId, Role, Side, act};
use std::collections::BTreeSet;

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/people", Opts::page("People").menu(90), list)
        .route(Method::GET, "/people/invite", Opts::page("Invite a person"), invite_form)
        .route(Method::POST, "/people/invite", Opts::form("Invite a person"), invite)
        .route(Method::POST, "/people/{mem}/end", Opts::form("End a role"), end)
        .route(Method::POST, "/people/{per}/re-enrol", Opts::form("Enrol somebody anew"), re_enrol)
        .route(Method::POST, "/people/{per}/sign-out-everywhere", Opts::form("End somebody's sessions"), sign_out)
        .route(Method::POST, "/invitations/{inv}/confirm", Opts::form("Confirm an invitation"), confirm)
}

/// Whom of these people what can be done upon, and where that posts.
pub(super) struct Upon {
    /// `?customer=…` at a practice, nothing at the operator.
    query: String,
    /// Where it posts: `/people` or `/staff`.
    base: &'static str,
    end: BTreeSet<PersonId>,
    re_enrol: BTreeSet<PersonId>,
    revoke: BTreeSet<PersonId>,
    /// Ending a role at the operator needs a touch.
    end_how: How,
}

impl Upon {
    /// At a practice (`Some`) or at the operator.
    pub(super) async fn of<A: Act>(
        desk: &Desk<A>,
        place: Option<CustomerId>,
        people: &[PersonLine],
        invitations: &[InvitationLine],
    ) -> Result<Self, Problem> {
        let all: Vec<PersonId> = people.iter().map(|one| one.person).collect();
        let with_invited = all.iter().copied().chain(invitations.iter().map(|one| one.person));
        let with_invited: Vec<PersonId> = with_invited.collect();
        let end = match place {
            Some(_) => beside::<A, act::MembershipEnd>(desk).could_upon(place, with_invited).await?,
            None => beside::<A, act::StaffEnd>(desk).could_upon(place, with_invited).await?,
        };
        Ok(Self {
            query: place.map(|customer| format!("?customer={customer}")).unwrap_or_default(),
            base: if place.is_some() { "/people" } else { "/staff" },
            end,
            re_enrol: beside::<A, act::PersonReEnrol>(desk).could_upon(place, all.clone()).await?,
            revoke: beside::<A, act::SessionRevoke>(desk).could_upon(place, all).await?,
            end_how: if place.is_some() { How::Post } else { How::PostAfterTouch },
        })
    }

    fn href(&self, of: &impl std::fmt::Display, what: &str) -> String {
        format!("{}/{of}/{what}{}", self.base, self.query)
    }

    /// What can be done upon this person, apart from single roles.
    pub(super) fn on_person(&self, line: &PersonLine) -> Vec<PageAction> {
        let mut actions = Vec::new();
        let mut add = |yes: bool, label: &str, what: &str, how: How| {
            if yes {
                let (label, href) = (label.to_owned(), self.href(&line.person, what));
                actions.push(PageAction { label, href, how, weight: Weight::Secondary, icon: "" });
            }
        };
        add(self.re_enrol.contains(&line.person), "Enrol anew", "re-enrol", How::PostAfterTouch);
        add(self.revoke.contains(&line.person), "Sign out everywhere", "sign-out-everywhere", How::Post);
        actions
    }

    /// Ending one of this person's roles.
    pub(super) fn end_role(&self, person: PersonId, membership: MembershipId, label: &str) -> Option<PageAction> {
        let (label, href) = (label.to_owned(), self.href(&membership, "end"));
        let action = PageAction { label, href, how: self.end_how, weight: Weight::Danger, icon: "" };
        self.end.contains(&person).then_some(action)
    }

    /// Each role of each person as a row.
    pub(super) fn rows(&self, custody: &HouseView, people: &[PersonLine], me: PersonId) -> Vec<PersonRow> {
        let mut rows = Vec::new();
        for line in people {
            let (note, tone) = note(line, me);
            for (place, role) in line.roles.iter().enumerate() {
                let mut actions: Vec<PageAction> =
                    self.end_role(line.person, role.membership, "End the role").into_iter().collect();
                if place == 0 {
                    actions.extend(self.on_person(line));
                }
                let until = role.to.map(|to| format!(" until {}", custody.settings().day_of(to))).unwrap_or_default();
                rows.push(PersonRow {
                    name: line.entry.name.clone(),
                    email: line.entry.email.clone(),
                    role: format!("{}{until}", role.role.label()),
                    since: moment(custody, role.from),
                    last_sign_in: line.last_sign_in.map(|at| moment(custody, at)),
                    passkeys: line.passkeys,
                    note: note.to_owned(),
                    tone,
                    actions,
                });
            }
        }
        rows
    }

    /// What is out.
    pub(super) fn invitations(&self, custody: &HouseView, lines: &[InvitationLine]) -> Vec<InvitationRow> {
        let row = |line: &InvitationLine| InvitationRow {
            withdraw: line.membership.filter(|_| self.end.contains(&line.person)).map(|membership| PostLink {
                label: "Take it back".to_owned(),
                action: self.href(&membership, "end"),
                hidden: Vec::new(),
            }),
            ..invitation_row(custody, line)
        };
        lines.iter().map(row).collect()
    }
}

/// One invitation as a row, with its confirmation where this person may.
pub(super) fn invitation_row(custody: &HouseView, line: &InvitationLine) -> InvitationRow {
    let (state, tone) = if line.waits_for_second {
        ("waits for a second officer", Tone::Due)
    } else {
        ("waits to be taken up", Tone::Plain)
    };
    InvitationRow {
        name: line.entry.name.clone(),
        email: line.entry.email.clone(),
        role: line.role.map_or("New enrolment", Role::label).to_owned(),
        asked_by: if line.asked_by.is_empty() { "the system".to_owned() } else { line.asked_by.clone() },
        expires: moment(custody, line.expires_at),
        state: state.to_owned(),
        tone,
        confirm: line.may_confirm.then(|| PostLink {
            label: "Confirm".to_owned(),
            action: format!("/invitations/{}/confirm", line.invitation),
            hidden: Vec::new(),
        }),
        withdraw: None,
    }
}

/// A word about somebody.
pub(super) fn note(line: &PersonLine, me: PersonId) -> (&'static str, Tone) {
    if line.suspended {
        ("suspended", Tone::Danger)
    } else if line.needs_second_passkey {
        ("one passkey, needs two", Tone::Due)
    } else if line.person == me {
        ("you", Tone::Plain)
    } else if line.passkeys.is_none() {
        ("works elsewhere too", Tone::Plain)
    } else {
        ("", Tone::Plain)
    }
}

/// The practices that this person manages.
fn managed(me: &Me) -> Vec<(CustomerId, String)> {
    let mine = me.who.places.iter().filter(|place| place.role == Role::PracticeManager);
    mine.filter_map(|place| place.customer.clone()).collect()
}

fn place_of(which: &Which, me: &Me) -> Result<CustomerId, Problem> {
    which.customer.or_else(|| managed(me).first().map(|(id, _)| *id)).ok_or(Problem::NotHere)
}

async fn list(desk: Desk<act::PersonList>, Query(which): Query<Which>) -> Answer {
    let (mut chrome, me) = frame(&desk, "/people").await?;
    let customer = place_of(&which, &me)?;
    let people = desk.person_list(customer).await?;
    let custody = desk.house();
    let mine = managed(&me);
    customer_filter(&mut chrome, &mine, Some(customer), "/people");
    // There is no page of all practices' people: each list is an act at one practice.
    chrome.customers.retain(|choice| choice.href != "/people");
    chrome.witness = Some(witness(custody, "opened this list", people.witnessed));
    chrome.flash = flash_of(which.done.as_deref());
    let upon = Upon::of(&desk, Some(customer), &people.people, &people.invitations).await?;
    let invite = format!("/people/invite?customer={customer}");
    let may_invite = beside::<_, act::PersonInvite>(&desk).could(Some(customer)).await?;
    let sees_programs = beside::<_, act::ProgramList>(&desk).could(Some(customer)).await?;
    let restricts = beside::<_, act::CustomerRestrict>(&desk).could(Some(customer)).await?;
    page(&PeoplePage {
        restricts_href: restricts.then(|| format!("/customers/{customer}/confidentiality")),
        programs_href: sees_programs.then(|| format!("/customers/{customer}/programs")),
        chrome,
        place: custody.customer_name(customer).await?,
        rows: upon.rows(custody, &people.people, me.signed_in.person),
        invitations: upon.invitations(custody, &people.invitations),
        empty: Empty {
            title: "Nobody yet".to_owned(),
            text: "People whom you invite appear here, with their roles.".to_owned(),
            action: may_invite.then(|| Link { label: "Invite a person".to_owned(), href: invite.clone() }),
        },
        invite_href: may_invite.then_some(invite),
    })
}

/// The roles of one side, with what each of them is for.
pub(super) fn role_choices(side: Side, chosen: &str) -> Vec<Choice> {
    let hint = |role: Role| match role {
        Role::Clinician => "Dictates, reads and signs. Sees patients in their own care.",
        Role::RecordsStaff => "Front desk: finds, prints and files what is delivered.",
        Role::PracticeManager => "Invites people and looks at who opened what.",
        Role::Transcriptionist => "Types and uploads, for assigned customers.",
        Role::QaEditor => "Edits, matches and delivers, for assigned customers.",
        Role::Coordinator => "Status and names of jobs, no text.",
        Role::Analyst => "Converts and troubleshoots, on stand-ins.",
        Role::PrivacyOfficer | Role::SecurityOfficer => "Needs two passkeys, and a second officer confirms.",
        Role::Administrator => "Keeps the system running, sees no record. A second officer confirms.",
        Role::Auditor => "Reads the ledger and no record. A second officer confirms.",
    };
    let choice = |role: &Role| Choice {
        value: role.as_str().to_owned(),
        label: role.label().to_owned(),
        hint: hint(*role).to_owned(),
        selected: role.as_str() == chosen,
    };
    Role::ALL.iter().filter(|role| role.side() == side).map(choice).collect()
}

/// What was typed about somebody who is to be invited.
pub(super) fn typed(fields: &Fields) -> DirectoryBody {
    let text = |name: &str| fields.one(name).unwrap_or_default().to_owned();
    DirectoryBody { name: text("name"), email: text("email"), telephone: text("phone") }
}

async fn invite_page(
    desk: &Desk<act::PersonInvite>,
    customer: CustomerId,
    fields: Option<&Fields>,
    errors: Errors,
) -> Result<InvitePage, Problem> {
    if !desk.could(Some(customer)).await? {
        return Err(Problem::NotHere);
    }
    let (chrome, _) = frame(desk, "/people").await?;
    let body = fields.map(typed).unwrap_or_default();
    Ok(InvitePage {
        chrome,
        place: desk.house().customer_name(customer).await?,
        name: body.name,
        email: body.email,
        phone: body.telephone,
        roles: role_choices(Side::Customer, fields.and_then(|one| one.one("role")).unwrap_or_default()),
        until: None,
        needs_second: false,
        action: format!("/people/invite?customer={customer}"),
        back: format!("/people?customer={customer}"),
        errors,
    })
}

async fn invite_form(desk: Desk<act::PersonInvite>, Query(which): Query<Which>) -> Answer {
    let customer = place_of(&which, &Me::at(&desk).await?)?;
    page(&invite_page(&desk, customer, None, Errors::none()).await?)
}

async fn invite(desk: Desk<act::PersonInvite>, Query(which): Query<Which>, fields: Fields) -> Answer {
    let customer = place_of(&which, &Me::at(&desk).await?)?;
    let role = fields.one("role").unwrap_or_default().parse::<Role>().ok();
    let invited = match role {
        Some(role) => desk.person_invite(customer, role, &typed(&fields)).await,
        None => Err(CustodyError::field("role", "Choose a role.")),
    };
    let form = format!("/people/invite?customer={customer}");
    match invited.map_err(|error| after_touch(error, &form)) {
        Ok(invited) => {
            let place = desk.house().customer_name(customer).await?;
            let role = format!("{} at {place}", role.map_or("", Role::label));
            invited_page(&desk, invited, &role, &format!("/people?customer={customer}")).await
        }
        Err(problem) => match errors_of(&problem) {
            Some(errors) => again(&invite_page(&desk, customer, Some(&fields), errors).await?),
            None => Err(problem),
        },
    }
}

/// The page that shows link and words once.
pub(super) async fn invited_page<A: Act>(desk: &Desk<A>, invited: Invited, role: &str, back: &str) -> Answer {
    let custody = desk.house();
    let (mut chrome, _) = frame(desk, "").await?;
    chrome.witness = Some(witness(custody, "did this", invited.witnessed));
    page(&InvitedPage {
        chrome,
        name: invited.entry.name,
        role: role.to_owned(),
        phone: invited.entry.telephone,
        link: invited.link_secret.map(|secret| invitation_link(custody, &secret)).unwrap_or_default(),
        words: invited.spoken.unwrap_or_default(),
        waits: invited.waits_for_second,
        expires: invited.expires_at.map(|at| moment(custody, at)),
        tell: invited
            .tell
            .into_iter()
            .map(|one| Fact { name: one.name, value: format!("{}, {}", one.telephone, one.email) })
            .collect(),
        back: back.to_owned(),
    })
}

async fn end(desk: Desk<act::MembershipEnd>, Path(id): Path<MembershipId>, Query(which): Query<Which>) -> Answer {
    let customer = which.customer.ok_or(Problem::NotHere)?;
    desk.membership_end(customer, id).await?;
    go(&format!("{}done=ended", list_of(&desk, customer).await?))
}

/// Back to where such a list stands for this person: a manager's own, or the customer's page for officers.
async fn list_of<A: Act>(desk: &Desk<A>, customer: CustomerId) -> Result<String, Problem> {
    let me = Me::at(desk).await?;
    let own = managed(&me).iter().any(|(id, _)| *id == customer);
    Ok(if own { format!("/people?customer={customer}&") } else { format!("/customers/{customer}?") })
}

async fn re_enrol(desk: Desk<act::PersonReEnrol>, Path(id): Path<PersonId>, Query(which): Query<Which>) -> Answer {
    let customer = which.customer.ok_or(Problem::NotHere)?;
    let back = list_of(&desk, customer).await?;
    let back = back.trim_end_matches(['?', '&']);
    let invited = desk.person_re_enrol(Some(customer), id).await.map_err(|error| after_touch(error, back))?;
    invited_page(&desk, invited, "A new enrolment", back).await
}

async fn sign_out(desk: Desk<act::SessionRevoke>, Path(id): Path<PersonId>, Query(which): Query<Which>) -> Answer {
    let customer = which.customer.ok_or(Problem::NotHere)?;
    desk.session_revoke(Some(customer), id).await?;
    go(&format!("{}done=signed-out", list_of(&desk, customer).await?))
}

async fn confirm(desk: Desk<act::InvitationConfirm>, Path(id): Path<InvitationId>) -> Answer {
    let confirmed = desk.invitation_confirm(id).await.map_err(|error| after_touch(error, "/staff"))?;
    confirmed_page(&desk, confirmed).await
}

async fn confirmed_page(desk: &Desk<act::InvitationConfirm>, confirmed: Confirmed) -> Answer {
    let custody = desk.house();
    let (mut chrome, _) = frame(desk, "").await?;
    chrome.witness = Some(witness(custody, "confirmed this", confirmed.witnessed));
    page(&InvitedPage {
        chrome,
        name: confirmed.entry.name,
        role: "You have confirmed what somebody else asked for".to_owned(),
        phone: confirmed.entry.telephone,
        link: String::new(),
        expires: confirmed.spoken.is_some().then(|| moment(custody, confirmed.expires_at)),
        words: confirmed.spoken.unwrap_or_default(),
        waits: false,
        tell: Vec::new(),
        back: "/".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::role_choices;
    use record::Side;

    #[test]
    fn each_side_offers_its_own_roles_and_the_chosen_one_stays_chosen() {
        let practice = role_choices(Side::Customer, "clinician");
        assert_eq!(practice.len(), 3);
        assert!(practice.iter().all(|one| one.selected == (one.value == "clinician") && !one.hint.is_empty()));
        let operator = role_choices(Side::Operator, "clinician");
        assert!(operator.len() == 8 && operator.iter().all(|one| !one.selected));
    }
}
