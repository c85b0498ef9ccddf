//! The door: every way in, and the lock on each.
//!
//! What must always hold: nothing is served that does not stand in the one table of [`Locked`]; a stranger gets
//! the same answer for everything that is not open; every answer carries the same security headers; the gate
//! stays closed until the [`probe`] has walked the table from outside.
//!
//! What it refuses to know: who may do what (custody asks policy), and how pages look (`pages`).

pub(crate) mod about;
pub mod address;
mod call;
pub mod cookie;
pub mod counts;
mod csrf;
pub mod faces;
pub mod gate;
pub mod headers;
mod key_fetcher;
mod landing;
pub mod limits;
pub mod locked;
mod pattern;
pub mod probe;
pub mod problem;
mod programs;
pub mod reply;
pub mod server;
pub mod service;
pub mod statics;
pub mod take;
pub mod traces;

#[cfg(test)]
pub(crate) mod testing;

pub use about::ProgramRow;
pub(crate) use about::openapi;
pub use address::{PublicUrl, SafePath};
pub use faces::Faces;
pub use gate::Gate;
pub use key_fetcher::KeyFetcher;
pub use locked::{
    DEMO_ROUTES, Hall, Kind, Locked, OPEN_ROUTES, OPEN_ROUTES_MAX, OpenRow, Opts, PublicLedger, RouteRow, Setup,
};
pub use problem::{Answer, FieldProblem, Problem};
pub use reply::Reply;
pub use service::{Door, Setting};
