//! Four cases of each duty of each State, computed by another hand from the table of laws alone, without our data or code
//! (`golden_states.csv`): from how many people on, by which day, and what a notice under HIPAA does to it.

use record::civil::Day;
use std::collections::{BTreeMap, BTreeSet};
use strongroom_breach::{Agreement, CustomerFacts, Facts, Hipaa, Law, Place, Roles, Standing, Told, obligations};

#[derive(serde::Deserialize)]
struct Golden {
    row: String,
    duty: String,
    reached_from: u64,
    discovered: Day,
    determined: Day,
    letters: Day,
    hhs: Day,
    due: String,
    hipaa: Hipaa,
}

impl Golden {
    /// The duty's id in our tables.
    fn id(&self) -> String {
        format!("{}.{}", self.row.to_lowercase().replace('-', "_"), self.duty.replace("agency_after_hhs", "after_hhs"))
    }

    fn facts(&self, people: u64) -> Facts {
        let state = self.row.split('-').next().expect("a State");
        let told = Told { customer: None, individuals: Some(self.letters), hhs: Some(self.hhs) };
        Facts {
            known_on: self.discovered.plus_days(300).expect("a day"),
            discovered: self.discovered,
            determined: Some(self.determined),
            aware_at: None,
            material_on: None,
            roles: Roles::default(),
            held_back: None,
            customers: vec![CustomerFacts {
                name: "Elm Street Pediatrics".to_owned(),
                agreement: Agreement::default(),
                told,
                residents: BTreeMap::from([(Place(format!("US-{state}")), people)]),
                people: people.max(1),
                part2: 0,
                bad_addresses: 0,
                unknown_more: false,
            }],
        }
    }
}

#[test]
fn every_duty_of_every_state_comes_to_the_day_that_another_hand_computed() {
    let law = Law::embedded().expect("the embedded tables");
    let mut reader = csv::Reader::from_reader(include_str!("golden_states.csv").as_bytes());
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for golden in reader.deserialize::<Golden>() {
        let golden = golden.expect("a line of the golden table");
        let id = golden.id();
        let facts = golden.facts(golden.reached_from);
        let all = obligations(&law, &facts);
        let Some(one) = all.iter().find(|one| one.duty.id == id) else {
            wrong.push(format!("{id} is not in the list"));
            continue;
        };
        let due = if one.due.without_number {
            "no_number".to_owned()
        } else {
            one.due.day.map_or_else(String::new, |day| day.to_string())
        };
        if due != golden.due {
            wrong.push(format!("{id} of {}: {due}, not {}: {}", golden.discovered, golden.due, one.sentence));
        }
        if one.duty.hipaa != golden.hipaa {
            wrong.push(format!("{id}: HIPAA {:?}, not {:?}", one.duty.hipaa, golden.hipaa));
        }
        let fewer = golden.facts(golden.reached_from - 1);
        let all = obligations(&law, &fewer);
        let below = all.iter().find(|one| one.duty.id == id);
        if one.standing == Standing::NotReached || below.is_some_and(|below| below.standing != Standing::NotReached) {
            wrong.push(format!("{id}: not reached from {} on", golden.reached_from));
        }
        seen.insert(id);
    }
    let ours: BTreeSet<String> =
        law.duties().iter().filter(|duty| duty.jurisdiction.0.starts_with("US-")).map(|duty| duty.id.clone()).collect();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(seen, ours, "each duty is in both");
}
