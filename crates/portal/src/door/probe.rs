//! The outside probe: walks the whole table over the network socket as a stranger, and says what stood open.
//!
//! What must always hold: every row of the table is walked, in every way of [`walk`](Probe::walk); anything but
//! the few constant answers that strangers get is a finding; a locked route that answers 404 or 405 is one too,
//! because the request got past the lock.
//!
//! What it refuses to know: how the router works. It sees what a stranger sees.

mod client;
mod judge;
mod walk;

pub use client::{Target, TargetError};
pub use walk::{EVERY, OnAlert, Probe, ProbeAlert};

use super::gate::RouteKey;
use axum::http::StatusCode;
use std::fmt;

/// How much a finding closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// The route alone.
    Route,
    /// The portal: sign-in, people or PHI stand open.
    Whole,
}

/// What was found at an open door. Never holds what came out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A stranger was let in.
    Opened(StatusCode),
    /// Refused, but only after the lock.
    PastTheLock(StatusCode),
    /// A redirect to another site, or from a lock to anything but the way in.
    Redirect,
    /// The status of a refusal over a body that is none of the constant ones.
    Body(StatusCode),
    /// A security header is missing or different.
    Header(&'static str),
}

/// One open door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub route: RouteKey,
    /// What it closes.
    pub reach: Reach,
    /// How it was asked.
    pub how: &'static str,
    /// What was found.
    pub what: What,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { route, how, .. } = self;
        match &self.what {
            What::Opened(status) => write!(f, "{route} answered a stranger ({how}) with {}", status.as_u16()),
            What::PastTheLock(status) => {
                write!(f, "{route} let a stranger ({how}) past the lock and answered {}", status.as_u16())
            }
            What::Redirect => write!(f, "{route} sent a stranger ({how}) to another place than the way in"),
            What::Body(status) => {
                write!(f, "{route} answered a stranger ({how}) with {} and an unknown body", status.as_u16())
            }
            What::Header(name) => write!(f, "{route} answered ({how}) without a right {name} header"),
        }
    }
}

/// One request that could not be made, after three tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeError {
    /// Where.
    pub route: RouteKey,
    /// How it was asked.
    pub how: &'static str,
    /// Why, in words without data.
    pub error: String,
}

/// What one walk has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProbeReport {
    /// How many requests were answered.
    pub requests: u32,
    /// Doors that stood open.
    pub findings: Vec<Finding>,
    /// Requests that could not be made.
    pub errors: Vec<ProbeError>,
}

impl ProbeReport {
    /// Nothing found, and nothing left unasked.
    #[must_use]
    pub const fn has_passed(&self) -> bool {
        self.findings.is_empty() && self.errors.is_empty()
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        self.findings.extend(other.findings);
        self.errors.extend(other.errors);
    }
}

#[cfg(test)]
mod tests;
