//! Policy's answers. A permit is made in this crate and nowhere else; it cannot be copied, made up or read from bytes.

use record::{Act, Intent};
use std::fmt;
use std::marker::PhantomData;

/// Policy's answer to an intent.
#[derive(Debug)]
#[must_use]
pub enum Decision<A: Act> {
    /// They may.
    Permit(Permit<A>),
    /// They may not.
    Refusal(Refusal),
}

impl<A: Act> Decision<A> {
    /// The permit, or the refusal as an error.
    ///
    /// # Errors
    /// The [`Refusal`], when that was the answer.
    pub fn permitted(self) -> Result<Permit<A>, Box<Refusal>> {
        match self {
            Self::Permit(permit) => Ok(permit),
            Self::Refusal(refusal) => Err(Box::new(refusal)),
        }
    }
}

/// One intent to do `A` is permitted. Half of what opens a seal; the other half is the ledger's receipt.
#[must_use]
pub struct Permit<A: Act> {
    intent: Intent,
    act: PhantomData<fn() -> A>,
}

impl<A: Act> Permit<A> {
    pub(crate) const fn mint(intent: Intent) -> Self {
        Self { intent, act: PhantomData }
    }

    /// What is permitted.
    #[must_use]
    pub const fn intent(&self) -> &Intent {
        &self.intent
    }
}

impl<A: Act> fmt::Debug for Permit<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permit({} {})", A::ACTION, self.intent.id())
    }
}

/// The intent is not permitted, and why, in a word. Holds no PHI.
#[derive(Debug, thiserror::Error)]
#[error("refused: {why}")]
#[must_use]
pub struct Refusal {
    intent: Intent,
    why: Why,
}

impl Refusal {
    pub(crate) const fn of(intent: Intent, why: Why) -> Self {
        Self { intent, why }
    }

    /// What was asked.
    #[must_use]
    pub const fn intent(&self) -> &Intent {
        &self.intent
    }

    /// Why not.
    #[must_use]
    pub const fn why(&self) -> Why {
        self.why
    }
}

macro_rules! whys {
    ($($(#[$doc:meta])* $name:ident, $text:literal;)*) => {
        /// Why an intent was refused. The order is that of weight: of several reasons the first one is given.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Why { $($(#[$doc])* $name,)* }

        impl Why {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            /// As it stands in the ledger and in the policies' `@why`.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $text,)* } }
        }

        impl std::str::FromStr for Why {
            type Err = UnknownWhy;
            fn from_str(text: &str) -> Result<Self, UnknownWhy> {
                match text { $($text => Ok(Self::$name),)* _ => Err(UnknownWhy) }
            }
        }
    };
}

whys! {
    /// A policy failed while it was evaluated, or the question did not fit the schema. Refused, and an alarm is due.
    PolicyError, "policy_error";
    /// The intent is for another act than the one decided on.
    WrongAction, "wrong_action";
    /// The facts and the intent do not speak of the same things.
    FactsMismatch, "facts_mismatch";
    /// Something the intent names has no facts.
    FactsMissing, "facts_missing";
    /// Something belongs to another customer than the one the intent names.
    OtherCustomer, "other_customer";
    /// The act needs something to act upon, or a customer, and the intent names none.
    NothingNamed, "nothing_named";
    /// The act has nothing to do with things of a kind that the intent names.
    OutOfPlace, "out_of_place";
    /// The person is suspended.
    Suspended, "suspended";
    /// There is no live session.
    NotSignedIn, "not_signed_in";
    /// The program has not begun, has ended or was revoked.
    NotInForce, "not_in_force";
    /// The program was not granted this, or its token does not carry it.
    NoRight, "no_right";
    /// No policy permits it. The usual refusal.
    NotPermitted, "not_permitted";
    /// The purpose claims an incident, and there is none.
    NoIncident, "no_incident";
    /// An officer has fewer than two passkeys.
    SecondPasskey, "second_passkey";
    /// Nobody confirms or reviews what they asked for or did themselves.
    OwnAct, "own_act";
    /// No agreement in force, no intake of PHI.
    NoAgreement, "no_agreement";
    /// All is well but for a touch of the passkey within the last five minutes.
    StepUp, "step_up";
}

/// The text is none of the words of [`Why`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such reason for a refusal")]
pub struct UnknownWhy;

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Why;

    #[test]
    fn every_reason_round_trips_through_text() {
        for why in Why::ALL {
            assert_eq!(why.as_str().parse(), Ok(*why));
        }
    }
}
