//! The way in: signing in, taking an invitation up, the first passkey, a recovery code. These routes are open.
//!
//! What must always hold: nothing here tells whether an address, an invitation or a code exists; looking at a link
//! uses nothing up, because mail scanners follow links; secrets go into a page once and never into an address, but
//! for the link that the invitation itself is.

use super::ceremony::{Said, Step, Told, asked, next_of};
use super::forms::{again, beside};
use super::frame::{go, moment, page, porch};
use super::handles::DemoLinks;
use crate::door::take::{Fields, Json, Path, Query};
use crate::door::{Answer, Kind, Locked, Problem, Reply};
use crate::pages::entrance::{EnrolPage, InvitationPage, RecoverPage, SignInPage};
use crate::pages::parts::{Errors, FieldError, Hidden};
use axum::http::Method;
use custody::{CustodyError, Desk, Device, HouseView, SignedIn, SignedInNow};
use record::{Act, act};
use serde::Deserialize;
use std::str::FromStr;

/// What stands at the words, whatever was wrong.
const WRONG_WORDS: &str =
    "That did not work. Ask for the words again by telephone: the fifth wrong try ends the invitation.";
/// The same for somebody who is signed in.
const WRONG_PERSON: &str = "That did not work. If this invitation is for somebody else, or for a new passkey, sign out first and open the link again.";

pub(super) fn routes(locked: Locked, demo: Option<DemoLinks>) -> Locked {
    let locked = locked
        .open(Method::GET, "/sign-in", "where people sign in", Kind::Page, sign_in)
        .open(
            Method::POST,
            "/sign-in/{*step}",
            "start and finish of signing in, or of a first passkey after an invitation was used",
            Kind::Json,
            ceremony_step,
        )
        .open(
            Method::GET,
            "/invitation/{secret}",
            "where an invitation's link arrives; shows a button, uses nothing up",
            Kind::Page,
            invitation,
        )
        .open(
            Method::POST,
            "/invitation/{way}",
            "uses an invitation with its second secret, or a recovery code, which opens only a new enrolment",
            Kind::Form,
            invitation_post,
        );
    let Some(links) = demo else { return locked };
    locked.open(
        Method::GET,
        "/demo/sign-in/{secret}",
        "signs a made-up person in by a one-time link; the demo has no passkeys yet",
        Kind::Page,
        move |desk: Desk<act::SessionStart>, Path(secret): Path<String>, method: Method| {
            let links = links.clone();
            async move { demo_sign_in(&desk, &links, &secret, &method).await }
        },
    )
}

/// Where to go on, and whether somebody has just left.
#[derive(Debug, Clone, Default, Deserialize)]
struct Way {
    #[serde(default)]
    next: String,
    #[serde(default)]
    out: Option<String>,
}

async fn sign_in(desk: Desk<act::SessionStart>, Query(way): Query<Way>) -> Answer {
    let next = next_of(&way.next);
    if desk.signed_in().is_some() {
        return Ok(Reply::see_other(&next));
    }
    page(&SignInPage {
        chrome: porch(desk.house()).await?,
        next: next.as_str().to_owned(),
        problem: None,
        signed_out: way.out.is_some(),
    })
}

/// Whoever was signed in in this browser before is so no longer.
async fn leave<A: Act>(desk: &Desk<A>) {
    let before: Option<&SignedIn> = desk.signed_in();
    if before.is_some() && beside::<A, act::SessionEnd>(desk).sign_out().await.is_err() {
        tracing::error!("a session that was replaced could not be ended");
    }
}

fn told(now: &SignedInNow, next: &str, codes: Vec<String>) -> Answer {
    let told = Told { next: next.to_owned(), csrf: now.csrf.clone(), person: now.person.to_string(), codes };
    Reply::json(&told)?.session(&now.session_secret)
}

/// Which ceremony, and which half of it: `start`, `finish`, `enrol/start`, `enrol/finish`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ceremony {
    SignIn(Step),
    Enrol(Step),
}

impl FromStr for Ceremony {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text.strip_prefix("enrol/") {
            Some(step) => step.parse().map(Self::Enrol),
            None => text.parse().map(Self::SignIn),
        }
    }
}

async fn ceremony_step(desk: Desk<act::SessionStart>, Path(which): Path<Ceremony>, Json(said): Json<Said>) -> Answer {
    match which {
        Ceremony::SignIn(step) => sign_in_step(desk, step, said).await,
        Ceremony::Enrol(step) => enrol_step(beside(&desk), step, said).await,
    }
}

async fn sign_in_step(desk: Desk<act::SessionStart>, step: Step, said: Said) -> Answer {
    match step {
        Step::Start => {
            let started = desk.sign_in_start().await?;
            asked(&started.challenge, &started.ceremony)
        }
        Step::Finish => {
            let device = if said.shared.is_empty() { Device::Own } else { Device::Shared };
            let now = desk.sign_in_finish(&said.ceremony, &said.answer()?, device).await?;
            leave(&desk).await;
            told(&now, said.next().as_str(), Vec::new())
        }
    }
}

async fn invitation_page(custody: &HouseView, secret: &str, wrong: Option<&str>) -> Result<InvitationPage, Problem> {
    let error = |message: &str| FieldError { field: "words".to_owned(), message: message.to_owned() };
    Ok(InvitationPage {
        chrome: porch(custody).await?,
        action: "/invitation/use".to_owned(),
        token: secret.to_owned(),
        errors: Errors(wrong.map(error).into_iter().collect()),
        gone: !custody.invitation_look(secret).await?,
    })
}

async fn invitation(desk: Desk<act::PersonEnrol>, Path(secret): Path<String>) -> Answer {
    page(&invitation_page(desk.house(), &secret, None).await?)
}

async fn invitation_post(desk: Desk<act::PersonEnrol>, Path(way): Path<String>, fields: Fields) -> Answer {
    match way.as_str() {
        "use" => invitation_use(desk, fields).await,
        "recover" => recover(desk, fields).await,
        _ => Err(Problem::NotHere),
    }
}

async fn invitation_use(desk: Desk<act::PersonEnrol>, fields: Fields) -> Answer {
    let token = fields.one("token").unwrap_or_default();
    let words = fields.one("words").unwrap_or_default();
    if desk.signed_in().is_some() {
        // Somebody who has a passkey here takes up one more place with it.
        return match desk.invitation_accept(token, words).await {
            Ok(_) => go("/"),
            Err(CustodyError::NotProven | CustodyError::Refused(_)) => {
                again(&invitation_page(desk.house(), token, Some(WRONG_PERSON)).await?)
            }
            Err(error) => Err(error.into()),
        };
    }
    let started = match desk.enrol_start(token, words).await {
        Ok(started) => started,
        Err(CustodyError::NotProven) => {
            return again(&invitation_page(desk.house(), token, Some(WRONG_WORDS)).await?);
        }
        Err(error) => return Err(error.into()),
    };
    let places: Vec<String> =
        started.places.iter().map(|(role, place)| format!("{} at {place}", role.label())).collect();
    let hidden = |name: &str, value: &str| Hidden { name: name.to_owned(), value: value.to_owned() };
    page(&EnrolPage {
        chrome: porch(desk.house()).await?,
        name: started.name,
        place: places.join(", "),
        needed: started.passkeys_needed,
        passkeys: Vec::new(),
        // The ceremony begins anew when the button is pressed: five minutes may be over by then.
        hidden: vec![hidden("token", token), hidden("words", words)],
        problem: None,
        next: "/".to_owned(),
    })
}

async fn enrol_step(desk: Desk<act::PersonEnrol>, step: Step, said: Said) -> Answer {
    match step {
        Step::Start => {
            let started = desk.enrol_start(&said.token, &said.words).await?;
            asked(&started.challenge, &started.ticket)
        }
        Step::Finish => {
            let enrolled = desk.enrol_finish(&said.ceremony, &said.answer()?, said.label()).await?;
            leave(&desk).await;
            let next = if enrolled.needs_second_passkey { "/me/passkeys" } else { "/" };
            told(&enrolled.signed_in, next, enrolled.recovery_codes)
        }
    }
}

async fn recover(desk: Desk<act::PersonEnrol>, fields: Fields) -> Answer {
    let custody = desk.house();
    let email = fields.one("email").unwrap_or_default();
    let begun = desk.recover(email, fields.one("code").unwrap_or_default()).await?;
    page(&RecoverPage {
        chrome: porch(custody).await?,
        link: invitation_link(custody, &begun.link_secret),
        until: moment(custody, begun.expires_at),
    })
}

/// The whole address of an invitation, as it is sent by mail.
pub(super) fn invitation_link(custody: &HouseView, secret: &str) -> String {
    let base = custody.settings().public_url.as_str().trim_end_matches('/');
    format!("{base}/invitation/{secret}")
}

async fn demo_sign_in(desk: &Desk<act::SessionStart>, links: &DemoLinks, secret: &str, method: &Method) -> Answer {
    // Only looking whether the link is there does not use it up.
    if *method != Method::GET {
        return Err(Problem::NotHere);
    }
    let person = links.take(secret).ok_or(Problem::NotHere)?;
    let now = desk.demo_sign_in(person).await?;
    leave(desk).await;
    go("/")?.session(&now.session_secret)
}
