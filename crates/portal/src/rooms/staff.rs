//! The operator's own people: roles, invitations, and for whom each of them works.

use super::forms::{Which, after_touch, again, beside, errors_of};
use super::frame::{flash_of, frame, go, moment, page, witness};
use super::people::{Upon, invitation_row, invited_page, note, role_choices, typed};
use super::search::day;
use crate::door::take::{Fields, Path, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::parts::{DateParts, Errors, Link, PageAction, PostLink, Weight};
use crate::pages::people::{AssignmentRow, InvitationRow, InvitePage, PersonRow, StaffPage, StaffPersonPage, StaffRow};
use axum::http::Method;
use custody::{CustodyError, Desk, HouseView, InvitationLine, PersonLine};
use record::civil::Day;
use record::{MembershipId, PersonId, Role, Side, Timestamp, act};

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/staff", Opts::page("Staff").menu(130), list)
        .route(Method::GET, "/staff/invite", Opts::page("Invite one of our people"), invite_form)
        .route(Method::POST, "/staff/invite", Opts::form("Invite one of our people"), invite)
        .route(Method::GET, "/staff/{per}", Opts::page("One of our people"), show)
        .route(Method::POST, "/staff/{mem}/end", Opts::form("End a role of ours"), end)
        .route(Method::POST, "/staff/{per}/re-enrol", Opts::form("Enrol one of us anew"), re_enrol)
        .route(Method::POST, "/staff/{per}/sign-out-everywhere", Opts::form("End sessions of one of us"), sign_out)
}

fn roles(line: &PersonLine) -> String {
    line.roles.iter().map(|one| one.role.label()).collect::<Vec<_>>().join(", ")
}

fn row(custody: &HouseView, line: &PersonLine, me: PersonId) -> StaffRow {
    let (note, tone) = note(line, me);
    let assigned: Vec<&str> = line.assigned.iter().map(|(_, name, _)| name.as_str()).collect();
    StaffRow {
        href: format!("/staff/{}", line.person),
        name: line.entry.name.clone(),
        roles: roles(line),
        last_sign_in: line.last_sign_in.map(|at| moment(custody, at)),
        passkeys: line.passkeys,
        assigned: if assigned.is_empty() { "no customer".to_owned() } else { assigned.join(", ") },
        note: note.to_owned(),
        tone,
    }
}

async fn list(desk: Desk<act::StaffList>, Query(which): Query<Which>) -> Answer {
    let (mut chrome, me) = frame(&desk, "/staff").await?;
    let people = desk.staff_list().await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "opened this list", people.witnessed));
    chrome.flash = flash_of(which.done.as_deref());
    let upon = Upon::of(&desk, None, &[], &people.invitations).await?;
    let may_invite = beside::<_, act::StaffInvite>(&desk).could(None).await?;
    page(&StaffPage {
        chrome,
        rows: people.people.iter().map(|line| row(custody, line, me.signed_in.person)).collect(),
        waiting: waiting(&desk).await?,
        invitations: upon.invitations(custody, &people.invitations),
        invite_href: may_invite.then(|| "/staff/invite".to_owned()),
    })
}

/// What waits for this officer, each with its place.
async fn waiting(desk: &Desk<act::StaffList>) -> Result<Vec<InvitationRow>, Problem> {
    let lines = desk.invitations_to_confirm().await?;
    let row = |(line, place): &(InvitationLine, String)| {
        let row = invitation_row(desk.house(), line);
        InvitationRow { role: format!("{} at {place}", row.role), ..row }
    };
    Ok(lines.iter().map(row).collect())
}

async fn show(desk: Desk<act::StaffList>, Path(id): Path<PersonId>, Query(which): Query<Which>) -> Answer {
    let (mut chrome, me) = frame(&desk, "/staff").await?;
    let people = desk.staff_list().await?;
    let custody = desk.house();
    let line = people.people.iter().find(|line| line.person == id).ok_or(Problem::NotHere)?;
    chrome.witness = Some(witness(custody, "opened this", people.witnessed));
    chrome.flash = flash_of(which.done.as_deref());
    let upon = Upon::of(&desk, None, std::slice::from_ref(line), &[]).await?;
    let mut actions: Vec<PageAction> = line
        .roles
        .iter()
        .filter_map(|role| upon.end_role(id, role.membership, &format!("End the role of {}", role.role.label())))
        .collect();
    actions.extend(upon.on_person(line));
    actions.sort_by_key(|action| action.weight == Weight::Danger);
    let (word, tone) = note(line, me.signed_in.person);
    page(&StaffPersonPage {
        person: PersonRow {
            name: line.entry.name.clone(),
            email: line.entry.email.clone(),
            role: roles(line),
            since: line.roles.iter().map(|role| role.from).min().map(|at| moment(custody, at)).unwrap_or_default(),
            last_sign_in: line.last_sign_in.map(|at| moment(custody, at)),
            passkeys: line.passkeys,
            note: word.to_owned(),
            tone,
            actions,
        },
        assignments: assignments(&desk, line).await?,
        back: Link { label: "All staff".to_owned(), href: "/staff".to_owned() },
        chrome,
    })
}

/// For whom this person works, and for whom they could.
async fn assignments(desk: &Desk<act::StaffList>, line: &PersonLine) -> Result<Vec<AssignmentRow>, Problem> {
    let custody = desk.house();
    let (grants, ends) = (beside::<_, act::AssignmentGrant>(desk), beside::<_, act::AssignmentEnd>(desk));
    let mut rows = Vec::new();
    for customer in beside::<_, act::CustomerList>(desk).customer_list().await?.lines {
        let since = line.assigned.iter().find(|(id, _, _)| *id == customer.id).map(|(_, _, since)| *since);
        let path = format!("/customers/{}/assignments/{}", customer.id, line.person);
        let post = |label: &str, action: String| PostLink { label: label.to_owned(), action, hidden: Vec::new() };
        let change = match since {
            Some(_) => ends.could(Some(customer.id)).await?.then(|| post("End", format!("{path}/end"))),
            None => grants.could(Some(customer.id)).await?.then(|| post("Assign", path)),
        };
        if since.is_some() || change.is_some() {
            let since = since.map(|at| moment(custody, at));
            rows.push(AssignmentRow { customer: customer.name, since, change });
        }
    }
    Ok(rows)
}

fn until_of(fields: &Fields) -> DateParts {
    let text = |name: &str| fields.one(name).unwrap_or_default().to_owned();
    DateParts { month: text("until_month"), day: text("until_day"), year: text("until_year") }
}

/// The end of the day that was typed; nothing when no box was filled.
fn until_read(custody: &HouseView, typed: &DateParts) -> Result<Option<Timestamp>, CustodyError> {
    if [&typed.month, &typed.day, &typed.year].iter().all(|part| part.trim().is_empty()) {
        return Ok(None);
    }
    day(&typed.month, &typed.day, &typed.year)
        .and_then(|last| day_end(last, &custody.settings().time_zone))
        .map(Some)
        .ok_or_else(|| CustodyError::field("until", "Write the day as month, day and year with four digits."))
}

/// The moment at which this day is over in a zone.
fn day_end(last: Day, zone: &str) -> Option<Timestamp> {
    let next = jiff::civil::Date::new(last.year(), last.month(), last.day()).ok()?.tomorrow().ok()?;
    let begins = next.in_tz(zone).ok()?;
    Some(Timestamp::from_unix_millis(begins.timestamp().as_millisecond()))
}

async fn invite_page(
    desk: &Desk<act::StaffInvite>,
    fields: Option<&Fields>,
    errors: Errors,
) -> Result<InvitePage, Problem> {
    if !desk.could(None).await? {
        return Err(Problem::NotHere);
    }
    let (chrome, _) = frame(desk, "/staff").await?;
    let body = fields.map(typed).unwrap_or_default();
    Ok(InvitePage {
        chrome,
        place: desk.house().settings().operator.clone(),
        name: body.name,
        email: body.email,
        phone: body.telephone,
        roles: role_choices(Side::Operator, fields.and_then(|one| one.one("role")).unwrap_or_default()),
        until: Some(fields.map(until_of).unwrap_or_default()),
        needs_second: false,
        action: "/staff/invite".to_owned(),
        back: "/staff".to_owned(),
        errors,
    })
}

async fn invite_form(desk: Desk<act::StaffInvite>) -> Answer {
    page(&invite_page(&desk, None, Errors::none()).await?)
}

async fn invite(desk: Desk<act::StaffInvite>, fields: Fields) -> Answer {
    let role = fields.one("role").unwrap_or_default().parse::<Role>().ok();
    let invited = match (role, until_read(desk.house(), &until_of(&fields))) {
        (Some(role), Ok(until)) => desk.staff_invite(role, &typed(&fields), until).await,
        (_, Err(error)) => Err(error),
        (None, _) => Err(CustodyError::field("role", "Choose a role.")),
    };
    match invited.map_err(|error| after_touch(error, "/staff/invite")) {
        Ok(invited) => {
            let role = format!("{} at {}", role.map_or("", Role::label), desk.house().settings().operator);
            invited_page(&desk, invited, &role, "/staff").await
        }
        Err(problem) => match errors_of(&problem) {
            Some(errors) => again(&invite_page(&desk, Some(&fields), errors).await?),
            None => Err(problem),
        },
    }
}

async fn end(desk: Desk<act::StaffEnd>, Path(id): Path<MembershipId>) -> Answer {
    desk.staff_end(id).await.map_err(|error| after_touch(error, "/staff"))?;
    go("/staff?done=ended")
}

async fn re_enrol(desk: Desk<act::PersonReEnrol>, Path(id): Path<PersonId>) -> Answer {
    let invited = desk.person_re_enrol(None, id).await.map_err(|error| after_touch(error, &format!("/staff/{id}")))?;
    invited_page(&desk, invited, "A new enrolment", &format!("/staff/{id}")).await
}

async fn sign_out(desk: Desk<act::SessionRevoke>, Path(id): Path<PersonId>) -> Answer {
    desk.session_revoke(None, id).await?;
    go(&format!("/staff/{id}?done=signed-out"))
}

#[cfg(test)]
mod tests {
    use super::day_end;
    use record::civil::Day;

    #[test]
    fn a_last_day_is_over_at_midnight_where_the_house_is() {
        let day = Day::new(2026, 3, 7).expect("a day");
        let end = day_end(day, "America/New_York").expect("a zone");
        assert_eq!(end.to_string(), "2026-03-08T05:00:00.000Z");
        // The night in which clocks go forward is an hour shorter.
        let next = day_end(Day::new(2026, 3, 8).expect("a day"), "America/New_York").expect("a zone");
        assert_eq!(next.millis_since(end), 23 * 3_600_000);
        assert!(day_end(day, "Nowhere/Land").is_none());
    }
}
