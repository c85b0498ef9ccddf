//! `decide` and the hand-written oracle say the same about a million made-up requests.
//!
//! A debug build asks 20,000 of them, because Cedar is slow there; a release build asks 1,000,000; `STRONGROOM_ORACLE=N`
//! asks N. The seed is fixed, so that a disagreement can be looked at again.

#[path = "shared/ask.rs"]
mod ask;
#[path = "shared/oracle.rs"]
mod rules;
#[path = "shared/worlds.rs"]
mod worlds;

use record::Action;
use std::collections::{BTreeMap, BTreeSet};
use strongroom_policy::{Policy, Why};
use worlds::Dice;

fn how_many() -> u64 {
    let default = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };
    std::env::var("STRONGROOM_ORACLE").ok().map_or(default, |text| text.parse().expect("STRONGROOM_ORACLE is a number"))
}

#[test]
fn policy_and_the_hand_written_oracle_agree_on_every_request() {
    let policy = Policy::embedded().expect("the embedded policies are in order");
    let mut dice = Dice(20_180_402);
    let mut permitted: BTreeMap<Action, u64> = BTreeMap::new();
    let mut whys: BTreeSet<Why> = BTreeSet::new();
    let count = how_many();
    for round in 0..count {
        let action = Action::ALL[usize::try_from(round).expect("fits") % Action::ALL.len()];
        let (intent, facts) = worlds::request(&mut dice, action);
        let oracle = rules::may(action, &intent, &facts);
        let answer = ask::decide(&policy, intent.clone(), &facts);
        assert_eq!(answer.is_ok(), oracle, "round {round}: {answer:?}\n{intent:#?}\n{facts:#?}");
        match answer {
            Ok(()) => *permitted.entry(action).or_default() += 1,
            Err(why) => drop(whys.insert(why)),
        }
    }
    // Requests that are all refused would agree on anything: every action was permitted now and then, and every
    // reason that a request can meet was met.
    if count >= 20_000 {
        for action in Action::ALL {
            assert!(permitted.contains_key(action), "{action} was never permitted");
        }
        for why in Why::ALL.iter().filter(|why| !matches!(why, Why::PolicyError | Why::WrongAction)) {
            assert!(whys.contains(why), "no request was refused with {why}");
        }
    }
}
