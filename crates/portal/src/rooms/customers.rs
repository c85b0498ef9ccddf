//! Customers: their agreements and contacts, their first manager, who of us works for them.

use super::forms::{Which, after_touch, again, beside, choice, errors_of, mistake};
use super::frame::{flash_of, frame, go, page, witness};
use super::people::{Upon, invited_page, typed};
use super::search::day;
use crate::door::take::{Fields, Path, Path2, Query};
use crate::door::{Answer, Locked, Opts, Problem, Reply};
use crate::pages::customers::{
    AgreementNewPage, AgreementView, ContactForm, ContactRow, CustomerListPage, CustomerNewPage, CustomerPage,
    CustomerRow,
};
use crate::pages::parts::{DateParts, Empty, Errors, Fact, How, Link, PageAction, Tone, Weight};
use crate::pages::people::InvitePage;
use axum::http::Method;
use custody::{AgreementLine, AgreementStanding, AtEnd, ContactBody, CustomerView, Desk, NewAgreement, NoticesBy};
use record::civil::Day;
use record::{AgreementId, CustomerId, PersonId, Role, act};

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, "/customers", Opts::page("Customers").menu(120), list)
        .route(Method::GET, "/customers/new", Opts::page("Add a customer"), new_form)
        .route(Method::POST, "/customers/new", Opts::form("Add a customer"), new)
        .route(Method::GET, "/customers/{cus}", Opts::page("Customer"), show)
        .route(Method::GET, "/customers/{cus}/checkpoint", Opts::stream("Checkpoint for a customer"), checkpoint)
        .route(Method::GET, "/customers/{cus}/agreements/new", Opts::page("Record an agreement"), agreement_form)
        .route(Method::POST, "/customers/{cus}/agreements/new", Opts::form("Record an agreement"), agreement)
        .route(Method::POST, "/customers/{cus}/agreements/{agr}/end", Opts::form("End an agreement"), agreement_end)
        .route(Method::GET, "/customers/{cus}/manager", Opts::page("Invite a manager"), manager_form)
        .route(Method::POST, "/customers/{cus}/manager", Opts::form("Invite a manager"), manager)
        .route(Method::POST, "/customers/{cus}/assignments/{per}", Opts::form("Assign one of us"), assign)
        .route(Method::POST, "/customers/{cus}/assignments/{per}/end", Opts::form("End an assignment"), assign_end)
}

/// How an agreement stands, in words.
fn standing(standing: AgreementStanding, last: Option<&str>) -> (String, Tone) {
    let last = last.and_then(|text| Day::read(text).ok()).map(Day::us);
    match (standing, last) {
        (AgreementStanding::InForce, Some(last)) => (format!("in force until {last}"), Tone::Good),
        (AgreementStanding::InForce, None) => ("in force".to_owned(), Tone::Good),
        (AgreementStanding::NotYet, _) => ("not yet in force: no uploads".to_owned(), Tone::Due),
        (AgreementStanding::Over, Some(last)) => (format!("over since {last}: no uploads"), Tone::Danger),
        (AgreementStanding::Over, None) => ("over: no uploads".to_owned(), Tone::Danger),
        (AgreementStanding::Ended, _) => ("ended early: no uploads".to_owned(), Tone::Danger),
    }
}

async fn list(desk: Desk<act::CustomerList>, Query(which): Query<Which>) -> Answer {
    let (mut chrome, _) = frame(&desk, "/customers").await?;
    let found = desk.customer_list().await?;
    chrome.witness = Some(witness(desk.house(), "opened this list", found.witnessed));
    chrome.flash = flash_of(which.done.as_deref());
    let may_add = beside::<_, act::CustomerCreate>(&desk).could(None).await?;
    let shows = beside::<_, act::CustomerShow>(&desk);
    let mut rows = Vec::new();
    for line in found.lines {
        let (agreement, tone) = match &line.agreement {
            _ if line.closed_at.is_some() => ("has left".to_owned(), Tone::Plain),
            Some((how, last)) => standing(*how, last.as_deref()),
            None => ("none: no uploads".to_owned(), Tone::Danger),
        };
        // Who may know of a customer need not be one who may look at its people and contacts.
        let may_show = shows.could(Some(line.id)).await?;
        let sees_end = line.shred && beside::<_, act::KeyShredShow>(&desk).could(Some(line.id)).await?;
        let href = match (may_show, sees_end) {
            (true, _) => format!("/customers/{}", line.id),
            (false, true) => format!("/customers/{}/destruction", line.id),
            (false, false) => String::new(),
        };
        rows.push(CustomerRow { href, name: line.name, agreement, tone, people: line.people });
    }
    let href = "/customers/new".to_owned();
    page(&CustomerListPage {
        chrome,
        rows,
        empty: Empty {
            title: "No customers yet".to_owned(),
            text: "A customer is a practice, clinic or hospital whose records are held. With an agreement in force its documents can come in.".to_owned(),
            action: may_add.then(|| Link { label: "Add a customer".to_owned(), href: href.clone() }),
        },
        new_href: may_add.then_some(href),
    })
}

async fn new_page(
    desk: &Desk<act::CustomerCreate>,
    (name, phone): (&str, &str),
    errors: Errors,
) -> Result<CustomerNewPage, Problem> {
    if !desk.could(None).await? {
        return Err(Problem::NotHere);
    }
    let (chrome, _) = frame(desk, "/customers").await?;
    let (name, phone) = (name.to_owned(), phone.to_owned());
    Ok(CustomerNewPage { chrome, name, phone, action: "/customers/new".to_owned(), errors })
}

async fn new_form(desk: Desk<act::CustomerCreate>) -> Answer {
    page(&new_page(&desk, ("", ""), Errors::none()).await?)
}

async fn new(desk: Desk<act::CustomerCreate>, fields: Fields) -> Answer {
    let name = fields.one("name").unwrap_or_default();
    let phone = fields.one("phone").unwrap_or_default();
    match desk.customer_create(name, phone).await.map_err(|error| after_touch(error, "/customers/new")) {
        Ok(id) => go(&format!("/customers/{id}?done=saved")),
        Err(problem) => match errors_of(&problem) {
            Some(errors) => again(&new_page(&desk, (name, phone), errors).await?),
            None => Err(problem),
        },
    }
}

fn agreement_view(customer: CustomerId, line: &AgreementLine, may_end: bool) -> AgreementView {
    let (state, tone) = standing(line.standing, line.to_day.as_deref());
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let us = |day: &str| Day::read(day).map_or_else(|_| day.to_owned(), Day::us);
    let fact = |name: &str, value: String| Fact { name: name.to_owned(), value };
    let notices = if line.notices_by == NoticesBy::Customer.as_str() { "the customer" } else { "us, in their name" };
    let at_end = if line.at_end == AtEnd::Return.as_str() { "records go back" } else { "records are destroyed" };
    let live = matches!(line.standing, AgreementStanding::InForce | AgreementStanding::NotYet);
    let end = PageAction {
        label: "End the agreement".to_owned(),
        href: format!("/customers/{customer}/agreements/{}/end", line.id),
        how: How::PostAfterTouch,
        weight: Weight::Danger,
        icon: "",
    };
    AgreementView {
        state,
        tone,
        facts: vec![
            fact("From", us(&line.from_day)),
            fact("To", line.to_day.as_deref().map_or_else(|| "open".to_owned(), us)),
            fact("We report within", format!("{} days", line.reporting_days)),
            fact("Notices are sent by", notices.to_owned()),
            fact("Offshore", yes(line.offshore)),
            fact("De-identify", yes(line.deidentify)),
            fact("At the end", at_end.to_owned()),
        ],
        actions: if live && may_end { vec![end] } else { Vec::new() },
    }
}

/// What can be done with a customer, the next thing to do first.
async fn actions(desk: &Desk<act::CustomerShow>, view: &CustomerView) -> Result<Vec<PageAction>, Problem> {
    let id = view.id;
    let has_manager = view.people.iter().any(|one| one.roles.iter().any(|role| role.role == Role::PracticeManager));
    let in_force = view.agreements.iter().any(|one| one.standing == AgreementStanding::InForce);
    let mut list = Vec::new();
    let mut add = |yes: bool, label: &str, last: &str, weight: Weight| {
        if yes {
            let href = format!("/customers/{id}/{last}");
            list.push(PageAction { label: label.to_owned(), href, how: How::Visit, weight, icon: "" });
        }
    };
    let here = Some(id);
    let records = beside::<_, act::AgreementCreate>(desk).could(here).await?;
    let invites = beside::<_, act::ManagerInvite>(desk).could(here).await?;
    let (first, later) = (Weight::Primary, Weight::Secondary);
    add(
        records && !view.agreements.is_empty(),
        "Record a new agreement",
        "agreements/new",
        if in_force { later } else { first },
    );
    add(invites && !has_manager, "Invite the first manager", "manager", if in_force { first } else { later });
    add(invites && has_manager, "Invite another manager", "manager", later);
    add(beside::<_, act::AccessReview>(desk).could(here).await?, "Accesses", "accesses", later);
    add(beside::<_, act::BreakGlassList>(desk).could(here).await?, "Broken glass", "break-glass", later);
    add(beside::<_, act::ProgramList>(desk).could(here).await?, "Programs", "programs", later);
    add(true, "What is restricted", "confidentiality", later);
    add(beside::<_, act::CustomerLeaveShow>(desk).could(here).await?, "Leaving", "leaving", later);
    add(beside::<_, act::CustomerJoinShow>(desk).could(here).await?, "Joining", "joining", later);
    // Nobody is led to the end of somebody's records while work comes in.
    let ends = !in_force && beside::<_, act::KeyShredShow>(desk).could(here).await?;
    add(ends, "Destroy the keys", "destruction", later);
    Ok(list)
}

async fn show(desk: Desk<act::CustomerShow>, Path(id): Path<CustomerId>, Query(which): Query<Which>) -> Answer {
    let (mut chrome, me) = frame(&desk, "/customers").await?;
    let view = desk.customer_show(id).await?;
    let custody = desk.house();
    chrome.witness = Some(witness(custody, "opened this", view.witnessed));
    chrome.flash = flash_of(which.done.as_deref());
    let upon = Upon::of(&desk, Some(id), &view.people, &view.invitations).await?;
    let may_end = beside::<_, act::AgreementEnd>(&desk).could(Some(id)).await?;
    let may_record = beside::<_, act::AgreementCreate>(&desk).could(Some(id)).await?;
    let now = view.agreements.iter().find(|one| one.standing == AgreementStanding::InForce);
    let newest = now.or_else(|| view.agreements.first());
    let contact = |one: &ContactBody| ContactRow {
        name: one.name.clone(),
        phone: one.telephone.clone(),
        email: one.email.clone(),
    };
    let since = |(_, name, at): &(PersonId, String, record::Timestamp)| Fact {
        name: name.clone(),
        value: format!("since {}", custody.settings().day_of(*at)),
    };
    page(&CustomerPage {
        actions: actions(&desk, &view).await?,
        agreement: newest.map(|line| agreement_view(id, line, may_end)),
        agreement_href: may_record.then(|| format!("/customers/{id}/agreements/new")),
        contacts: newest.map(|line| line.contacts.iter().map(contact).collect()).unwrap_or_default(),
        people: upon.rows(custody, &view.people, me.signed_in.person),
        invitations: upon.invitations(custody, &view.invitations),
        assigned: view.assigned.iter().map(since).collect(),
        id: id.to_string(),
        name: view.name,
        chrome,
    })
}

/// What a customer keeps outside, to hold us to our ledger.
async fn checkpoint(desk: Desk<act::CustomerShow>, Path(id): Path<CustomerId>) -> Answer {
    let kept = desk.customer_checkpoint(id).await?;
    Ok(Reply::text(format!("{kept}\n\n{}", kept.note)))
}

/// An agreement as it was typed.
struct Typed<'f>(Option<&'f Fields>);

impl Typed<'_> {
    fn text(&self, name: &str) -> String {
        self.0.and_then(|fields| fields.one(name)).unwrap_or_default().trim().to_owned()
    }

    fn date(&self, name: &str) -> DateParts {
        let part = |last: &str| self.text(&format!("{name}_{last}"));
        DateParts { month: part("month"), day: part("day"), year: part("year") }
    }

    fn day(&self, name: &str) -> Option<Day> {
        let DateParts { month, day: of_month, year } = self.date(name);
        day(&month, &of_month, &year)
    }

    fn contact(&self, place: u8) -> ContactForm {
        let part = |last: &str| self.text(&format!("contact{place}_{last}"));
        ContactForm { name: part("name"), phone: part("phone"), email: part("email") }
    }

    fn yes(&self, name: &'static str) -> Result<bool, Problem> {
        match self.text(name).as_str() {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(mistake(name, "Choose yes or no.")),
        }
    }

    fn read(&self) -> Result<NewAgreement, Problem> {
        let a_day = "Write the day as month, day and year with four digits.";
        let body = |form: ContactForm| ContactBody { name: form.name, email: form.email, telephone: form.phone };
        let to = self.date("to");
        let open = [&to.month, &to.day, &to.year].iter().all(|part| part.is_empty());
        Ok(NewAgreement {
            from: self.day("from").ok_or_else(|| mistake("from", a_day))?,
            to: if open { None } else { Some(self.day("to").ok_or_else(|| mistake("to", a_day))?) },
            reporting_days: self
                .text("reporting_days")
                .parse()
                .map_err(|_| mistake("reporting_days", "Write a number of days, at most 60."))?,
            notices_by: match self.text("notices").as_str() {
                "customer" => NoticesBy::Customer,
                "operator" => NoticesBy::Operator,
                _ => return Err(mistake("notices", "Choose who sends them.")),
            },
            offshore: self.yes("offshore")?,
            deidentify: self.yes("deidentify")?,
            at_end: match self.text("at_end").as_str() {
                "return" => AtEnd::Return,
                "destroy" => AtEnd::Destroy,
                _ => return Err(mistake("at_end", "Choose what happens to the records.")),
            },
            contacts: [body(self.contact(1)), body(self.contact(2))],
        })
    }

    fn page(&self, chrome: crate::pages::Chrome, (id, name): (CustomerId, String), errors: Errors) -> AgreementNewPage {
        let yes_no = |field: &str| {
            let chosen = self.text(field);
            vec![choice("yes", "Yes", &chosen), choice("no", "No", &chosen)]
        };
        let (notices, at_end) = (self.text("notices"), self.text("at_end"));
        AgreementNewPage {
            chrome,
            customer: name,
            from: self.date("from"),
            to: self.date("to"),
            reporting_days: self.text("reporting_days"),
            notices: vec![
                choice("customer", "The customer", &notices),
                choice("operator", "We do, in their name", &notices),
            ],
            offshore: yes_no("offshore"),
            deidentify: yes_no("deidentify"),
            at_end: vec![
                choice("return", "The records go back", &at_end),
                choice("destroy", "The records are destroyed", &at_end),
            ],
            contacts: [self.contact(1), self.contact(2)],
            action: format!("/customers/{id}/agreements/new"),
            back: format!("/customers/{id}"),
            errors,
        }
    }
}

async fn agreement_page(
    desk: &Desk<act::AgreementCreate>,
    id: CustomerId,
    fields: Option<&Fields>,
    errors: Errors,
) -> Result<AgreementNewPage, Problem> {
    if !desk.could(Some(id)).await? {
        return Err(Problem::NotHere);
    }
    let (chrome, _) = frame(desk, "/customers").await?;
    let name = desk.house().customer_name(id).await?;
    Ok(Typed(fields).page(chrome, (id, name), errors))
}

async fn agreement_form(desk: Desk<act::AgreementCreate>, Path(id): Path<CustomerId>) -> Answer {
    page(&agreement_page(&desk, id, None, Errors::none()).await?)
}

async fn agreement(desk: Desk<act::AgreementCreate>, Path(id): Path<CustomerId>, fields: Fields) -> Answer {
    let form = format!("/customers/{id}/agreements/new");
    let made = match Typed(Some(&fields)).read() {
        Ok(typed) => desk.agreement_create(id, &typed).await.map_err(|error| after_touch(error, &form)),
        Err(problem) => Err(problem),
    };
    match made {
        Ok(_) => go(&format!("/customers/{id}?done=saved")),
        Err(problem) => match errors_of(&problem) {
            Some(errors) => again(&agreement_page(&desk, id, Some(&fields), errors).await?),
            None => Err(problem),
        },
    }
}

async fn agreement_end(desk: Desk<act::AgreementEnd>, Path2(id, agreement): Path2<CustomerId, AgreementId>) -> Answer {
    let back = format!("/customers/{id}");
    desk.agreement_end(id, agreement).await.map_err(|error| after_touch(error, &back))?;
    go(&format!("{back}?done=ended"))
}

async fn manager_page(
    desk: &Desk<act::ManagerInvite>,
    id: CustomerId,
    fields: Option<&Fields>,
    errors: Errors,
) -> Result<InvitePage, Problem> {
    if !desk.could(Some(id)).await? {
        return Err(Problem::NotHere);
    }
    let (chrome, _) = frame(desk, "/customers").await?;
    let body = fields.map(typed).unwrap_or_default();
    let role = Role::PracticeManager.as_str();
    Ok(InvitePage {
        chrome,
        place: desk.house().customer_name(id).await?,
        name: body.name,
        email: body.email,
        phone: body.telephone,
        roles: vec![choice(role, Role::PracticeManager.label(), role)],
        until: None,
        needs_second: true,
        action: format!("/customers/{id}/manager"),
        back: format!("/customers/{id}"),
        errors,
    })
}

async fn manager_form(desk: Desk<act::ManagerInvite>, Path(id): Path<CustomerId>) -> Answer {
    page(&manager_page(&desk, id, None, Errors::none()).await?)
}

async fn manager(desk: Desk<act::ManagerInvite>, Path(id): Path<CustomerId>, fields: Fields) -> Answer {
    let form = format!("/customers/{id}/manager");
    match desk.manager_invite(id, &typed(&fields)).await.map_err(|error| after_touch(error, &form)) {
        Ok(invited) => {
            let place = desk.house().customer_name(id).await?;
            invited_page(&desk, invited, &format!("Practice manager at {place}"), &format!("/customers/{id}")).await
        }
        Err(problem) => match errors_of(&problem) {
            Some(errors) => again(&manager_page(&desk, id, Some(&fields), errors).await?),
            None => Err(problem),
        },
    }
}

async fn assign(desk: Desk<act::AssignmentGrant>, Path2(id, person): Path2<CustomerId, PersonId>) -> Answer {
    let back = format!("/staff/{person}");
    desk.assignment_grant(id, person).await.map_err(|error| after_touch(error, &back))?;
    go(&format!("{back}?done=assigned"))
}

async fn assign_end(desk: Desk<act::AssignmentEnd>, Path2(id, person): Path2<CustomerId, PersonId>) -> Answer {
    desk.assignment_end(id, person).await?;
    go(&format!("/staff/{person}?done=ended"))
}

#[cfg(test)]
mod tests {
    use super::standing;
    use crate::pages::parts::Tone;
    use custody::AgreementStanding as S;

    #[test]
    fn only_an_agreement_in_force_looks_good() {
        assert_eq!(standing(S::InForce, Some("2027-12-31")), ("in force until 12/31/2027".to_owned(), Tone::Good));
        for how in [S::NotYet, S::Over, S::Ended] {
            let (words, tone) = standing(how, None);
            assert!(words.ends_with("no uploads") && tone != Tone::Good, "{words}");
        }
    }
}
