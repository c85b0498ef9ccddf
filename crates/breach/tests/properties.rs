//! What must hold of any facts: days are never later than any rule that applies, and more facts take nothing away in silence.

use proptest::prelude::*;
use record::civil::Day;
use std::collections::BTreeMap;
use strongroom_breach::{
    Agreement, CustomerFacts, Facts, Hipaa, Kind, Law, Obligation, Place, Relation, Roles, Standing, Status, Told,
    obligations,
};

fn law() -> Law {
    Law::embedded().expect("the embedded tables")
}

fn any_day() -> impl Strategy<Value = Day> {
    (2016_i16..2032, 1_i8..13, 1_i8..29).prop_map(|(year, month, day)| Day::new(year, month, day).expect("a day"))
}

fn any_place() -> impl Strategy<Value = Place> {
    let mut places: Vec<Place> =
        law().duties().iter().map(|duty| duty.jurisdiction.clone()).filter(|place| place.0 != "US").collect();
    places.sort();
    places.dedup();
    proptest::sample::select(places)
}

prop_compose! {
    fn any_customer()(
        residents in proptest::collection::btree_map(any_place(), 0_u64..3_000, 0..6),
        elsewhere in 0_u64..50,
        part2 in 0_u64..20,
        bad_addresses in 0_u64..20,
        report_days in proptest::option::of(0_u32..100),
        is_agent in proptest::option::of(any::<bool>()),
        told in proptest::option::of(0_i32..90),
        letters in proptest::option::of(0_i32..90),
    ) -> (CustomerFacts, Option<i32>, Option<i32>) {
        let people = residents.values().sum::<u64>() + elsewhere;
        let agreement = Agreement { report_days, is_agent, ..Agreement::default() };
        let customer = CustomerFacts { name: "One".to_owned(), agreement, told: Told::default(), residents, people, part2, bad_addresses, unknown_more: false };
        (customer, told, letters)
    }
}

prop_compose! {
    fn any_facts()(discovered in any_day(), (mut customer, told, letters) in any_customer(), determined in proptest::option::of(0_i32..60), vendor in any::<bool>()) -> Facts {
        let after = |days: Option<i32>| days.and_then(|days| discovered.plus_days(days));
        customer.told = Told { customer: after(told), individuals: after(letters), hhs: after(letters) };
        Facts {
            known_on: discovered.plus_days(120).expect("a day"),
            discovered,
            determined: after(determined),
            aware_at: None,
            material_on: None,
            roles: Roles { phr_vendor: vendor, public_company: false },
            held_back: None,
            customers: vec![customer],
        }
    }
}

fn key(one: &Obligation<'_>) -> (String, String, String) {
    (one.customer.clone(), one.duty.id.clone(), one.place.0.clone())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whoever_lives_somewhere_has_letters_no_later_than_any_law_of_that_place_or_of_hipaa(facts in any_facts()) {
        let law = law();
        let all = obligations(&law, &facts);
        for (place, _) in facts.customers[0].residents.iter().filter(|(_, count)| **count > 0) {
            let letters = strongroom_breach::letters_due(&law, &facts, &facts.customers[0], place);
            for one in all.iter().filter(|one| one.duty.kind == Kind::Individual && one.standing != Standing::Exempt) {
                if (one.place == *place || one.place.0 == "US")
                    && one.duty.status == Status::InForce
                    && let Some(day) = one.due.day
                {
                        prop_assert!(letters.is_some_and(|letters| letters <= day), "{}: {letters:?} and {day}", one.duty.id);
                }
            }
            for one in all.iter().filter(|one| one.place == *place && one.duty.relation.is_some()) {
                let bound = if one.duty.relation == Some(Relation::Before) { letters.and_then(|day| day.plus_days(-1)) } else { letters };
                prop_assert!(bound.is_none() || one.due.day <= bound && one.due.day.is_some(), "{}", one.duty.id);
            }
        }
    }

    #[test]
    fn more_people_and_more_places_take_no_duty_out_of_the_list(facts in any_facts(), place in any_place(), more in 1_u64..5_000) {
        let law = law();
        let before = obligations(&law, &facts);
        let mut now = facts.clone();
        *now.customers[0].residents.entry(place).or_default() += more;
        now.customers[0].people += more;
        let after: BTreeMap<_, _> = obligations(&law, &now).into_iter().map(|one| (key(&one), one)).collect();
        for one in &before {
            let Some(then) = after.get(&key(one)) else { return Err(TestCaseError::fail(format!("{} is gone", one.duty.id))) };
            prop_assert_eq!(one.due.day, then.due.day, "{}", &one.duty.id);
            // "Fewer than" gives way to "or more", and to nothing else.
            if one.standing == Standing::Owed && then.standing != Standing::Owed {
                let other = one.duty.id.replace("below_500", "from_500");
                let sibling = after.values().find(|then| then.duty.id == other);
                prop_assert!(other != one.duty.id && sibling.is_some_and(|one| one.standing == Standing::Owed), "{}", &one.duty.id);
            }
        }
    }

    #[test]
    fn a_determination_that_becomes_known_never_moves_a_day_before_what_was_said_without_it(facts in any_facts()) {
        let law = law();
        let without = Facts { determined: None, ..facts.clone() };
        for (one, then) in obligations(&law, &without).iter().map(|one| (key(one), one)).collect::<BTreeMap<_, _>>().values().zip(
            obligations(&law, &facts).iter().map(|one| (key(one), one)).collect::<BTreeMap<_, _>>().values(),
        ) {
            prop_assert!(one.due.day <= then.due.day || one.due.day.is_none(), "{}", &one.duty.id);
        }
    }

    #[test]
    fn each_obligation_has_a_day_or_says_why_it_has_none_and_cites_its_law(facts in any_facts()) {
        for one in obligations(&law(), &facts) {
            let said = one.due.day.is_some() || one.due.without_number || one.due.waits_for.is_some() || one.due.millis.is_some();
            let bad_address = one.duty.start.is_none() && one.duty.relation.is_none();
            prop_assert!(said || bad_address || one.duty.relation.is_some(), "{}: {:?}", &one.duty.id, &one.due);
            prop_assert!(one.sentence.starts_with(&one.duty.cite) && one.sentence.contains("not reviewed by counsel"));
            prop_assert!(one.duty.hipaa == Hipaa::None || one.sentence.contains("HIPAA: "), "{}", &one.sentence);
        }
    }
}
