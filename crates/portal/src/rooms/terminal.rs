//! Where a person lets one command at the machine act in their name: type its code, see what it would do, touch.

use super::forms::Which;
use super::forms::{after_touch, again};
use super::frame::{flash_of, frame, go, moment, page};
use crate::door::take::{Fields, Query};
use crate::door::{Answer, Locked, Opts, Problem};
use crate::pages::house::{TerminalAsks, TerminalPage};
use crate::pages::parts::{Errors, FieldError};
use axum::http::Method;
use custody::{CustodyError, Desk};
use record::act;

const PAGE: &str = "/terminal";
const WRONG: &str = "No command waits with this code. Look at it again; a code lives five minutes and is used once.";

pub(super) fn routes(locked: Locked) -> Locked {
    locked
        .route(Method::GET, PAGE, Opts::page("Confirm a command"), ask)
        .route(Method::POST, PAGE, Opts::form("Look at a command"), look)
        .route(Method::POST, "/terminal/confirm", Opts::form("Confirm a command"), confirm)
}

async fn form(
    desk: &Desk<act::TerminalConfirm>,
    asks: Option<TerminalAsks>,
    wrong: Option<&str>,
) -> Result<TerminalPage, Problem> {
    let (chrome, _) = frame(desk, PAGE).await?;
    let error = |message: &str| FieldError { field: "code".to_owned(), message: message.to_owned() };
    Ok(TerminalPage { chrome, asks, errors: Errors(wrong.map(error).into_iter().collect()) })
}

async fn ask(desk: Desk<act::TerminalConfirm>, Query(which): Query<Which>) -> Answer {
    let mut shown = form(&desk, None, None).await?;
    shown.chrome.flash = flash_of(which.done.as_deref());
    page(&shown)
}

async fn look(desk: Desk<act::TerminalConfirm>, fields: Fields) -> Answer {
    let code = fields.one("code").unwrap_or_default();
    match desk.terminal_look(code).await {
        Ok(line) => {
            let since = moment(desk.house(), line.asked_at);
            let asks = TerminalAsks { words: line.words, since, code: code.to_owned() };
            page(&form(&desk, Some(asks), None).await?)
        }
        Err(CustodyError::NotProven) => again(&form(&desk, None, Some(WRONG)).await?),
        Err(error) => Err(error.into()),
    }
}

async fn confirm(desk: Desk<act::TerminalConfirm>, fields: Fields) -> Answer {
    match desk.terminal_confirm(fields.one("code").unwrap_or_default()).await {
        Ok(_) => go("/terminal?done=confirmed"),
        Err(CustodyError::NotProven) => again(&form(&desk, None, Some(WRONG)).await?),
        Err(error) => Err(after_touch(error, PAGE)),
    }
}
