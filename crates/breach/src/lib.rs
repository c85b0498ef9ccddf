//! Who must be told: from the facts of an incident and tables of law to obligations, each with its day, its computation in a sentence
//! and its citation.
//!
//! Law is data (`data/`), not code: a duty says whom it binds, whom it serves, from how many people on, from what and how long its
//! clock runs, and what a notice under HIPAA does to it. Decision support, and no legal advice: [`ADVICE`] belongs on every output.
//!
//! What must always hold: a day is never later than any rule that applies; what is not known is said and never guessed; more facts
//! never silently take an obligation away: what a duty comes to ([`Standing`]) changes, and the duty stays in the list.
//!
//! What it refuses to know: who the people are (`custody` counts them), what a notice says, and what day it is.

mod calendar;
mod facts;
mod ics;
mod law;
mod obligations;
mod sentence;

pub use calendar::{Holidays, plus_business_days};
pub use facts::{Agreement, CustomerFacts, Facts, HeldBack, Moment, Problem, Roles, Sender, Told};
pub use ics::calendar;
pub use law::{
    Amount, Confidence, Counts, Duty, Hipaa, Holder, Kind, Law, LawError, Place, Relation, Start, Status, Threshold,
};
pub use obligations::{Change, Due, Obligation, Standing, differences, letters_due, obligations};

/// What every output has to say.
pub const ADVICE: &str = "This is decision support and not legal advice. The rules were read from the sources that are named and have \
not been reviewed by counsel.";
