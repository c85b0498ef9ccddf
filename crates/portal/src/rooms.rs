//! The rooms behind the door: one handler for each endpoint. Parse → one call of custody → fill a page → render.
//!
//! What must always hold: a handler makes no decision and looks nothing up beside its one use case and the
//! frame; opened PHI becomes display text here, against the `Shown` that came with it, and goes nowhere but
//! into the page; no PHI in an address.

mod accesses;
mod api;
mod ceremony;
mod chart;
mod confidentiality;
mod customers;
mod destruction;
mod dictate;
mod document;
mod documents;
mod entrance;
mod fhir;
mod file;
mod forms;
mod frame;
mod handles;
mod home;
mod house;
mod joining;
mod leaving;
mod ledger;
mod merges;
mod myself;
mod people;
mod programs;
mod related;
mod requests;
mod search;
mod show;
mod staff;
mod terminal;
#[cfg(test)]
mod tests;
mod token;
mod upload;
mod watch;
mod whose;

use crate::door::Locked;

pub use handles::{DemoLinks, Handles};

/// Every room of the house, on its route.
pub fn all(locked: Locked, handles: &Handles) -> Locked {
    let locked = entrance::routes(locked, handles.demo().cloned());
    let locked = myself::routes(locked);
    let locked = home::routes(locked);
    let locked = documents::routes(locked);
    let locked = document::routes(locked);
    let locked = whose::routes(locked);
    let locked = file::routes(locked);
    let locked = search::routes(locked);
    let locked = chart::routes(locked);
    let locked = related::routes(locked);
    let locked = merges::routes(locked);
    let locked = upload::routes(locked);
    let locked = dictate::routes(locked);
    let locked = requests::routes(locked);
    let locked = people::routes(locked);
    let locked = customers::routes(locked);
    let locked = confidentiality::routes(locked);
    let locked = leaving::routes(locked);
    let locked = joining::routes(locked);
    let locked = destruction::routes(locked);
    let locked = programs::routes(locked);
    let locked = staff::routes(locked);
    let locked = ledger::routes(locked);
    let locked = house::routes(locked, handles);
    let locked = terminal::routes(locked);
    let locked = watch::routes(locked, handles);
    let locked = fhir::routes(locked);
    let locked = api::routes(locked);
    accesses::routes(locked)
}
