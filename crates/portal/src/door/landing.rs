//! The door's own open routes: static files from one constant table, robots, health, and the landing page.

use super::address::SafePath;
use super::locked::{Kind, Locked, OPEN_ROUTES};
use super::problem::{Answer, Problem};
use super::reply::Reply;
use super::service::House;
use super::statics;
use super::take::Call;
use axum::http::Method;
use std::sync::Arc;

type OwnAnswer = fn(&Call) -> Answer;

/// Registers them.
pub(crate) fn own_routes<C: House>(locked: Locked<C>) -> Locked<C> {
    let own: [(&'static str, OwnAnswer); 5] = [
        ("/static/{file}", static_file),
        ("/robots.txt", robots),
        ("/healthz", |_| Ok(Reply::text("ok\n"))),
        // A closed gate answers 503 before any route is asked, so that reaching this is being ready.
        ("/readyz", |_| Ok(Reply::text("ready\n"))),
        ("/go", go),
    ];
    own.into_iter().fold(locked, |locked, (path, answer)| {
        let reason = OPEN_ROUTES.iter().find(|route| route.path == path).map_or("", |route| route.reason);
        let run = Arc::new(move |_house, _signed_in, call: Call| -> futures_util::future::BoxFuture<'static, Answer> {
            let answer = answer(&call);
            Box::pin(std::future::ready(answer))
        });
        locked.open_run(Method::GET, path, reason, Kind::Page, run)
    })
}

fn static_file(call: &Call) -> Answer {
    let name = call.params.first().map_or("", |(_, name)| name.as_str());
    let file = statics::STATIC.iter().find(|file| file.name == name).ok_or(Problem::NotHere)?;
    Ok(Reply::constant(file.content_type, file.bytes))
}

fn robots(_call: &Call) -> Answer {
    Ok(Reply::text("User-agent: *\nDisallow: /\n"))
}

/// A link from a mail comes from another site, so the browser keeps the strict session cookie back. This page
/// goes on to the path itself: a step from our own page, on which the cookie comes along.
fn go(call: &Call) -> Answer {
    let query = call.uri.query().unwrap_or_default();
    let to = url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "to").map(|(_, value)| value);
    let path = to.and_then(|to| SafePath::new(&to)).or_else(|| SafePath::new("/")).ok_or(Problem::Broken)?;
    Ok(Reply::html((call.landing)(&path)))
}
