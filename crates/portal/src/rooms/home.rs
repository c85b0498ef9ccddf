//! The first page: on to where this person's day begins. And the help page.

use super::forms::Which;
use super::frame::{Me, frame, go, page, with_done};
use crate::door::take::Query;
use crate::door::{Answer, Locked, Opts};
use crate::pages::house::HelpPage;
use axum::http::Method;
use custody::Desk;
use record::act;

pub(super) fn routes(locked: Locked) -> Locked {
    locked.route(Method::GET, "/", Opts::page("First page"), home).route(Method::GET, "/help", Opts::page("Help"), help)
}

async fn home(desk: Desk<act::SessionStepUp>, Query(which): Query<Which>) -> Answer {
    let me = Me::at(&desk).await?;
    go(&with_done(me.first_page(), which.done.as_deref()))
}

async fn help(desk: Desk<act::SessionStepUp>) -> Answer {
    let (chrome, _) = frame(&desk, "/help").await?;
    page(&HelpPage { chrome, ask: Vec::new() })
}
