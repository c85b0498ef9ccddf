//! May they: `decide(intent, facts)` gives a permit or a refusal. Pure and total.
//!
//! The rules themselves are Cedar policies under `policies/`, written to be read by a privacy officer, and
//! in words in `docs/policy/WHO-MAY-DO-WHAT.md`. They are embedded, validated against their schema in strict
//! mode before anything starts, and the smallest complaint refuses to start.
//!
//! What must always hold: deny is what you get by writing nothing; a forbid beats every permit; an error while
//! a policy is evaluated is a refusal, although Cedar itself would skip that policy and go on; every thing that
//! an intent names has facts, of the customer the intent names, or the answer is no; a [`Permit`] is made here
//! and nowhere else, and binds to one intent and one act.
//!
//! What it refuses to know: where facts come from (`custody` gathers them), how an answer is witnessed
//! (`ledger`), what a permit opens (`vault`).

mod clock_rules;
mod decision;
mod engine;
mod facts;
#[cfg(test)]
mod mutation;
mod question;
pub mod scope;

pub use clock_rules::{
    GLASS_MILLIS_MAX, REQUEST_MILLIS_MAX, SESSION_MILLIS_MAX, SKEW_MILLIS_MAX, STEP_UP_MILLIS_MAX, UNDO_MILLIS_MAX,
};
pub use decision::{Decision, Permit, Refusal, UnknownWhy, Why};
pub use engine::Policy;
pub use engine::load::PolicyError;
pub use facts::{
    BreakGlassFacts, BrokenGlassFact, CustomerFacts, DocumentFacts, Facts, JoiningFacts, MembershipFact, PatientFacts,
    PersonFacts, PrincipalFacts, ProgramFact, RelatedFacts, RequestFact, ResourceFacts, SignInFact,
};

// The oracle and the worlds under tests/shared name this crate as strangers do; unit tests use them too.
#[cfg(test)]
extern crate self as strongroom_policy;

#[cfg(test)]
mod tests {
    use super::Policy;

    #[test]
    fn the_embedded_policies_are_in_order() {
        if let Err(error) = Policy::embedded() {
            panic!("{error}");
        }
    }
}
