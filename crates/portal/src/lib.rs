//! The door: pages and HTTP.
//!
//! What must always hold: parse, one call of custody, render. No decision is made here and no SQL is known here;
//! a request reaches custody only through a `Desk` that the [`door`] made.

pub mod acme;
pub mod door;
#[cfg(test)]
#[path = "../../../fuzz/src/mutations.rs"]
mod mutations;
pub mod pages;
pub mod rooms;
pub mod serve;
