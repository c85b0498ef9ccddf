//! The JSON API of programs. Parse → one call of custody → JSON, as with pages.
//!
//! What must always hold: a route here takes a token and nothing else; the customer is the token's and never the
//! request's; no name stands in an address; every answer carries the place of its entry in the ledger.

mod documents;
mod patients;
mod practice;
mod said;

use crate::door::{Kind, Locked, Problem, Reply};
use axum::http::Method;
use custody::Desk;
use record::{Act, CustomerId};
use std::sync::Arc;

/// The programs' rooms, and their description, made from the same table.
pub(super) fn routes(locked: Locked) -> Locked {
    let locked = documents::routes(locked);
    let locked = patients::routes(locked);
    let locked = practice::routes(locked);
    let described: Arc<str> = crate::door::openapi(locked.program_table()).to_string().into();
    locked.open_run(
        Method::GET,
        "/api/v1/openapi.json",
        "describes what programs can ask for (OpenAPI); the same for everybody, no data",
        Kind::Page,
        Arc::new(move |_custody, _comer, _call| {
            let described = Arc::clone(&described);
            Box::pin(async move { Ok(Reply::json_text(described.to_string())) })
        }),
    )
}

/// For whom the program at the desk works.
pub(super) fn customer<A: Act>(desk: &Desk<A>) -> Result<CustomerId, Problem> {
    desk.program().map(|program| program.customer).ok_or(Problem::NotHere)
}
