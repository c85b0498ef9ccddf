//! The pages: what each one shows, as plain data, and the template that shows it.
//!
//! A page is a struct of display data (strings, small enums, lists) that a handler fills from what custody gave it,
//! and then renders with `askama::Template::render`. What must always hold:
//!
//! - Pages decide nothing and look nothing up. What a person may not do is simply not in `actions`.
//! - Everything is escaped; no template marks data as safe.
//! - No inline style, no inline script, no event attributes: the content security policy forbids them all.
//! - Every page that holds PHI carries its [`Tag`](record::tag::Tag) in words. No PHI in `<title>`, in addresses or
//!   in browser storage: searching is a POST, because a GET would write names into history and logs.
//! - Everything but passkeys works without JavaScript.

pub mod accesses;
pub mod chrome;
pub mod confidentiality;
pub mod customers;
pub mod document;
pub mod documents;
pub mod entrance;
pub mod house;
pub mod joining;
pub mod leaving;
pub mod ledger;
pub mod merges;
pub mod parts;
pub mod patients;
pub mod people;
pub mod problem;
pub mod programs;
pub mod related;
pub mod requests;
pub mod search;
pub mod upload;

#[cfg(test)]
mod contrast;
#[cfg(test)]
mod gallery;

pub use chrome::{Banner, Chrome, CustomerChoice, Flash, NavItem, WhoAmI, Witness};
