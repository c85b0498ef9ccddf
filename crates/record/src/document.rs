//! What a document is and the states it passes through.
//!
//! dictated → transcribed → edited → delivered → signed; delivering may skip what was not needed. Beside
//! the way: held, unmatched, withdrawn, entered in error. A transition takes the state and gives the next
//! one or says that it cannot be; there are no setters.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! words {
    ($(#[$outer:meta])* $enum:ident { $($(#[$doc:meta])* $name:ident, $text:literal, $label:literal;)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $enum { $($(#[$doc])* $name,)* }

        impl $enum {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
            /// As it stands in code, SQL and URLs.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $text,)* } }
            /// As people read it.
            #[must_use]
            pub const fn label(self) -> &'static str { match self { $(Self::$name => $label,)* } }
        }

        impl FromStr for $enum {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text { $($text => Ok(Self::$name),)* _ => Err(UnknownWord) }
            }
        }

        impl fmt::Display for $enum {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
    };
}

/// The text is none of the known words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such word")]
pub struct UnknownWord;

words! {
    /// What a document is.
    DocumentKind {
        /// A typed report.
        Transcript, "transcript", "Transcript";
        /// A recording.
        Dictation, "dictation", "Dictation";
        /// A letter to somebody.
        Letter, "letter", "Letter";
        /// A picture of paper.
        Scan, "scan", "Scan";
    }
}

words! {
    /// Where a document stands.
    DocumentState {
        /// Spoken, waiting to be typed.
        Dictated, "dictated", "Dictated";
        /// Typed, waiting to be edited.
        Transcribed, "transcribed", "Transcribed";
        /// Edited, waiting to be delivered.
        Edited, "edited", "Edited";
        /// In the practice's hands.
        Delivered, "delivered", "Delivered";
        /// Signed by its author.
        Signed, "signed", "Signed";
        /// Kept back by a person, with a reason.
        Held, "held", "Held";
        /// No patient could be named with certainty; its author still sees it.
        Unmatched, "unmatched", "Unmatched";
        /// Taken out of every inbox at once.
        Withdrawn, "withdrawn", "Withdrawn";
        /// Was never true; kept, marked, and not shown as true.
        EnteredInError, "entered_in_error", "Entered in error";
    }
}

words! {
    /// Who of a practice may see a document that is with it. The words are those of HL7's codes N, R and V (code system
    /// Confidentiality); the later, the fewer people.
    Confidentiality {
        /// Whoever works with the practice's documents.
        Normal, "normal", "Normal";
        /// Those who treat its patient: its author, those it was sent to, and those in whose care the patient is.
        Restricted, "restricted", "Restricted";
        /// Its author.
        VeryRestricted, "very_restricted", "Very restricted";
    }
}

/// What can happen to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The recording was typed.
    Transcribe,
    /// The typing was edited.
    Edit,
    /// A person named the patient.
    Match,
    /// It goes to the practice.
    Deliver,
    /// Delivery is taken back while nobody has read it.
    UndoDelivery,
    /// The author signs.
    Sign,
    /// A person keeps it back.
    Hold,
    /// A person lets a held one go on.
    Release,
    /// Out of every inbox.
    Withdraw,
    /// A withdrawn one goes to the right patient or practice.
    Move,
    /// It was never true.
    EnterInError,
}

/// This step cannot be taken from this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a document that is {from} cannot take the step {step:?}")]
pub struct InvalidTransition {
    /// Where it stands.
    pub from: DocumentState,
    /// What was tried.
    pub step: Step,
}

impl DocumentState {
    /// The state after `step`.
    ///
    /// # Errors
    /// [`InvalidTransition`] when the step cannot be taken from here.
    pub const fn after(self, step: Step) -> Result<Self, InvalidTransition> {
        use DocumentState as S;
        let next = match (self, step) {
            (S::Dictated, Step::Transcribe) | (S::Held, Step::Release) => S::Transcribed,
            (S::Transcribed | S::Edited, Step::Edit) | (S::Delivered, Step::UndoDelivery) => S::Edited,
            (S::Unmatched, Step::Match | Step::Edit) => S::Edited,
            (S::Transcribed | S::Edited | S::Unmatched, Step::Deliver) => S::Delivered,
            (S::Delivered, Step::Sign) => S::Signed,
            (S::Dictated | S::Transcribed | S::Edited | S::Unmatched, Step::Hold) => S::Held,
            (S::Delivered | S::Signed | S::Transcribed | S::Edited | S::Unmatched | S::Held, Step::Withdraw) => {
                S::Withdrawn
            }
            (S::Withdrawn, Step::Move) => S::Edited,
            (S::Withdrawn | S::Delivered | S::Signed, Step::EnterInError) => S::EnteredInError,
            (from, step) => return Err(InvalidTransition { from, step }),
        };
        Ok(next)
    }

    /// May the practice see it in its lists.
    #[must_use]
    pub const fn is_with_practice(self) -> bool {
        matches!(self, Self::Delivered | Self::Signed)
    }

    /// Is it still being worked on at the operator.
    #[must_use]
    pub const fn is_in_work(self) -> bool {
        matches!(self, Self::Dictated | Self::Transcribed | Self::Edited | Self::Held | Self::Unmatched)
    }
}

#[cfg(test)]
mod tests {
    use super::{DocumentState as S, Step};

    #[test]
    fn a_transcript_goes_the_usual_way() {
        let mut state = S::Dictated;
        for (step, next) in [
            (Step::Transcribe, S::Transcribed),
            (Step::Edit, S::Edited),
            (Step::Deliver, S::Delivered),
            (Step::Sign, S::Signed),
            (Step::Withdraw, S::Withdrawn),
            (Step::Move, S::Edited),
        ] {
            state = state.after(step).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(state, next);
        }
    }

    #[test]
    fn nothing_signed_is_edited_and_nothing_wrong_is_delivered() {
        assert!(S::Signed.after(Step::Edit).is_err());
        assert!(S::Signed.after(Step::UndoDelivery).is_err());
        assert!(S::EnteredInError.after(Step::Deliver).is_err());
        assert!(S::Withdrawn.after(Step::Deliver).is_err());
        assert!(S::Dictated.after(Step::Deliver).is_err());
    }
}
