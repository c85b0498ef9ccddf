//! Answers that were worked out before.
//!
//! What is put to the policies holds no ids and no times, only the few words that they are written in, so that most
//! questions of a day were asked before; and the policies do not change while the process runs. An answer depends on
//! nothing but what stands in [`Asked`] (everything of the question is in it, one view at a time), so that the answer
//! of then is the answer of now. A failure is not remembered: it is worked out, and alarms, each time.

use crate::Why;
use crate::question::{Asker, View};
use record::{Action, Purpose};
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

/// Answers kept at once. A day of a large house has some hundred different questions; when somebody finds more, all are
/// forgotten and it begins anew.
pub(super) const ANSWERS_MAX: usize = 8192;

/// All that one evaluation depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub(super) action: Action,
    pub(super) purpose: Purpose,
    pub(super) touched: bool,
    pub(super) asker: Asker,
    pub(super) view: View,
}

/// What was answered.
#[derive(Debug, Default)]
pub(super) struct Answers(RwLock<HashMap<Asked, Result<(), Why>>>);

impl Answers {
    pub(super) fn find(&self, asked: &Asked) -> Option<Result<(), Why>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(asked).copied()
    }

    pub(super) fn keep(&self, asked: Asked, answer: Result<(), Why>) {
        if answer == Err(Why::PolicyError) {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ANSWERS_MAX {
            known.clear();
        }
        known.insert(asked, answer);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[cfg(test)]
mod tests {
    use super::{ANSWERS_MAX, Answers, Asked};
    use crate::Why;
    use crate::question::{Asker, View};
    use record::{Action, Purpose, Role};
    use std::collections::BTreeSet;

    fn asked(passkeys: u32) -> Asked {
        asked_in(passkeys, false)
    }

    fn asked_in(passkeys: u32, in_request: bool) -> Asked {
        let roles = BTreeSet::from([Role::Auditor]);
        let (signed_in, suspended, assigned, has_place) = (true, false, false, true);
        let asker = Asker::Person { signed_in, suspended, passkeys, assigned, has_place, in_request, roles };
        Asked {
            action: Action::LedgerList,
            purpose: Purpose::Administration,
            touched: false,
            asker,
            view: View::System,
        }
    }

    #[test]
    fn an_answer_is_found_again_only_by_the_very_same_question() {
        let answers = Answers::default();
        answers.keep(asked(2), Ok(()));
        answers.keep(asked(1), Err(Why::NotPermitted));
        assert_eq!((answers.find(&asked(2)), answers.find(&asked(1))), (Some(Ok(())), Some(Err(Why::NotPermitted))));
        assert_eq!(answers.find(&asked(3)), None);
        for other in [
            Asked { action: Action::LedgerProve, ..asked(2) },
            Asked { purpose: Purpose::Operations, ..asked(2) },
            Asked { touched: true, ..asked(2) },
            Asked { asker: Asker::Stranger, ..asked(2) },
            Asked { view: View::Myself, ..asked(2) },
            asked_in(2, true),
        ] {
            assert_eq!(answers.find(&other), None, "{other:?}");
        }
        answers.keep(asked(4), Err(Why::PolicyError));
        assert_eq!(answers.find(&asked(4)), None, "a failure is worked out each time");
    }

    #[test]
    fn there_are_never_too_many() {
        let answers = Answers::default();
        for passkeys in 0..=u32::try_from(ANSWERS_MAX).unwrap_or(u32::MAX) {
            answers.keep(asked(passkeys), Ok(()));
            assert!(answers.len() <= ANSWERS_MAX);
        }
        assert_eq!(answers.len(), 1, "it began anew");
    }
}
