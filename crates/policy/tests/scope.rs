//! A row is in the scope if and only if `decide` permits it: list == filter(all, decide), over made-up worlds.

#[path = "shared/ask.rs"]
mod ask;
#[path = "shared/worlds.rs"]
#[expect(dead_code, reason = "the worlds are shared with the oracle, which makes whole requests of them")]
mod worlds;

use ask::Asked;
use record::{Action, CustomerId, ManualClock, Principal, Purpose, ResourceId, Resources, SeededEntropy};
use strongroom_policy::scope::{document_scope, patient_scope};
use strongroom_policy::{CustomerFacts, Facts, JoiningFacts, Policy, PrincipalFacts, ResourceFacts};
use worlds::{Dice, NOW};

fn permits(
    policy: &Policy,
    action: Action,
    who: (Principal, &PrincipalFacts),
    customer: CustomerId,
    row: ResourceFacts,
) -> bool {
    let id: ResourceId = row.id();
    let asked = Asked {
        principal: who.0,
        customer: Some(customer),
        resources: Resources::of([id]),
        purpose: Purpose::Operations,
    };
    let facts = Facts {
        principal: who.1.clone(),
        resources: vec![row],
        customer: Some(CustomerFacts {
            id: customer,
            agreement_in_force: true,
            requested_by: None,
            joining: JoiningFacts::default(),
        }),
    };
    let clock = ManualClock::at_unix_millis(NOW.unix_millis());
    ask::decide(policy, ask::intent(action, &clock, &SeededEntropy::new(1), &asked), &facts).is_ok()
}

fn worlds() -> u64 {
    let default = if cfg!(debug_assertions) { 1_000 } else { 20_000 };
    std::env::var("STRONGROOM_WORLDS").ok().map_or(default, |text| text.parse().expect("STRONGROOM_WORLDS is a number"))
}

#[test]
fn a_list_is_what_policy_permits_of_everything() {
    const DOCUMENTS: &[Action] = &[
        Action::DocumentList,
        Action::DocumentSearch,
        Action::DocumentStatus,
        Action::AccessList,
        Action::AccessReview,
    ];
    const PATIENTS: &[Action] = &[Action::PatientSearch, Action::PatientShow, Action::AccessList];
    let policy = Policy::embedded().expect("the embedded policies are in order");
    let mut dice = Dice(45_164_312);
    let (mut seen, mut unseen) = (0_u64, 0_u64);
    for _ in 0..worlds() {
        let (action, patients_of) = (dice.pick(DOCUMENTS), dice.pick(PATIENTS));
        let facts = worlds::principal_facts(&mut dice, Some(action));
        let here = dice.pick(&[worlds::customer(1), worlds::customer(1), worlds::customer(2)]);
        let stranger = dice.percent(3);
        let principal = match (stranger, dice.percent(25)) {
            (true, _) => Principal::Stranger,
            (false, true) => Principal::Program(worlds::my_program()),
            (false, false) => Principal::Person(worlds::me()),
        };
        let scope = document_scope(action, &facts, principal, here, NOW);
        for n in 0..8 {
            let row = worlds::document_facts(&mut dice, worlds::document(n), here);
            let listed = scope.holds(&row, principal);
            let permitted = permits(&policy, action, (principal, &facts), here, ResourceFacts::Document(row.clone()));
            assert_eq!(listed, permitted, "{action}\n{facts:#?}\n{row:#?}\n{scope:#?}");
            *(if listed { &mut seen } else { &mut unseen }) += 1;
        }
        let scope = patient_scope(patients_of, &facts, principal, here, NOW);
        for n in 0..3 {
            let row = worlds::patient_facts(&mut dice, worlds::patient(n), here);
            let listed = scope.holds(&row, principal);
            let permitted = permits(&policy, patients_of, (principal, &facts), here, ResourceFacts::Patient(row));
            assert_eq!(listed, permitted, "{patients_of}\n{facts:#?}\n{row:#?}\n{scope:#?}");
            *(if listed { &mut seen } else { &mut unseen }) += 1;
        }
    }
    assert!(seen * 20 > unseen, "worlds in which nearly nothing is seen prove little: {seen} of {}", seen + unseen);
}

#[test]
fn any_other_action_has_an_empty_scope() {
    let mut dice = Dice(1);
    let who = Principal::Person(worlds::me());
    for action in Action::ALL {
        let facts = worlds::principal_facts(&mut dice, None);
        let known = action.as_str();
        if !["document.list", "document.search", "document.status", "access.list", "access.review"].contains(&known) {
            assert!(document_scope(*action, &facts, who, worlds::customer(1), NOW).any_of.is_empty(), "{action}");
        }
        if !["patient.search", "patient.show", "access.list"].contains(&known) {
            assert!(patient_scope(*action, &facts, who, worlds::customer(1), NOW).any_of.is_empty(), "{action}");
        }
    }
}
