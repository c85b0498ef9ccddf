//! Golden cases of federal law, of the European Union and the United Kingdom: days, thresholds to the person, theories of discovery,
//! silence for law enforcement, and public cases with their dates.

use record::civil::Day;
use std::collections::BTreeMap;
use strongroom_breach::{
    Agreement, CustomerFacts, Facts, HeldBack, Law, Moment, Obligation, Place, Roles, Sender, Standing, Told,
    differences, letters_due, obligations,
};

fn day(text: &str) -> Day {
    Day::read(text).expect("a day")
}

fn moment(text: &str) -> Moment {
    serde_json::from_value(serde_json::Value::from(text)).expect("a moment")
}

fn law() -> Law {
    Law::embedded().expect("the embedded tables")
}

/// A practice with so many people, all of one place.
fn practice(people: u64, place: &str) -> CustomerFacts {
    CustomerFacts {
        name: "Elm Street Pediatrics".to_owned(),
        agreement: Agreement::default(),
        told: Told::default(),
        residents: BTreeMap::from([(Place(place.to_owned()), people)]),
        people,
        part2: 0,
        bad_addresses: 0,
        unknown_more: false,
    }
}

fn facts(discovered: &str, customer: CustomerFacts) -> Facts {
    Facts {
        known_on: day(discovered).plus_days(300).expect("a day"),
        discovered: day(discovered),
        determined: None,
        aware_at: None,
        material_on: None,
        roles: Roles::default(),
        held_back: None,
        customers: vec![customer],
    }
}

fn find<'a, 'l>(all: &'a [Obligation<'l>], id: &str) -> &'a Obligation<'l> {
    all.iter().find(|one| one.duty.id == id).unwrap_or_else(|| panic!("{id} is in the list"))
}

fn due(facts: &Facts, id: &str) -> Option<Day> {
    find(&obligations(&law(), facts), id).due.day
}

fn standing(facts: &Facts, id: &str) -> Standing {
    find(&obligations(&law(), facts), id).standing
}

#[test]
fn sixty_days_are_those_of_the_public_cases() {
    for (case, discovered, sixty) in [
        ("PJ&A", "2023-05-02", "2023-07-01"),
        ("TriZetto", "2025-10-02", "2025-12-01"),
        ("Connexin, the anomaly", "2022-08-26", "2022-10-25"),
        ("Connexin, the finding", "2022-09-13", "2022-11-12"),
        ("Middletown", "2018-01-29", "2018-03-30"),
        ("Best Medical", "2016-01-15", "2016-03-15"),
        // Over a leap day, and over the end of a year.
        ("leap year", "2024-01-15", "2024-03-15"),
        ("end of a year", "2025-12-10", "2026-02-08"),
    ] {
        let facts = facts(discovered, practice(700, "US-NJ"));
        for id in ["hipaa.individual", "hipaa.ba_to_ce", "hipaa.media", "hipaa.hhs_from_500"] {
            let expected = if id == "hipaa.hhs_from_500" {
                letters_due(&law(), &facts, &facts.customers[0], &Place("US".into()))
            } else {
                Some(day(sixty))
            };
            assert_eq!(due(&facts, id), expected, "{case}: {id}");
        }
        assert_eq!(due(&facts, "hipaa.hhs_from_500"), Some(day(sixty)), "{case}");
    }
}

#[test]
fn fewer_than_five_hundred_are_reported_sixty_days_after_the_year_of_discovery() {
    for (discovered, expected) in [
        ("2019-06-01", "2020-02-29"),
        ("2025-01-01", "2026-03-01"),
        ("2025-12-31", "2026-03-01"),
        ("2026-11-24", "2027-03-01"),
        ("2023-12-31", "2024-02-29"),
    ] {
        assert_eq!(
            due(&facts(discovered, practice(499, "US-PA")), "hipaa.hhs_below_500"),
            Some(day(expected)),
            "{discovered}"
        );
    }
}

#[test]
fn five_hundred_is_five_hundred_for_hhs_and_not_yet_for_the_press() {
    for (people, below, from, press) in [
        (1, Standing::Owed, Standing::NotReached, Standing::NotReached),
        (499, Standing::Owed, Standing::NotReached, Standing::NotReached),
        (500, Standing::NotReached, Standing::Owed, Standing::NotReached),
        (501, Standing::NotReached, Standing::Owed, Standing::Owed),
    ] {
        let facts = facts("2026-03-07", practice(people, "US-KS"));
        assert_eq!(standing(&facts, "hipaa.hhs_below_500"), below, "{people}");
        assert_eq!(standing(&facts, "hipaa.hhs_from_500"), from, "{people}");
        assert_eq!(standing(&facts, "hipaa.media"), press, "{people}");
    }
}

#[test]
fn the_press_is_told_for_each_state_by_itself_and_thresholds_count_each_customer_by_itself() {
    let mut one = practice(900, "US-KS");
    one.residents = BTreeMap::from([(Place("US-KS".into()), 501), (Place("US-MO".into()), 399)]);
    let mut other = practice(400, "US-KS");
    other.name = "Oak Clinic".to_owned();
    let mut facts = facts("2026-03-07", one);
    facts.customers.push(other);
    let law = law();
    let all = obligations(&law, &facts);
    let press: Vec<_> =
        all.iter().filter(|one| one.duty.id == "hipaa.media" && one.standing == Standing::Owed).collect();
    assert_eq!(press.len(), 1, "901 people of Kansas are of two practices");
    assert_eq!((press[0].place.0.as_str(), press[0].people), ("US-KS", 501));
    let hhs: Vec<_> =
        all.iter().filter(|one| one.duty.id == "hipaa.hhs_from_500" && one.standing == Standing::Owed).collect();
    assert_eq!(hhs.len(), 1);
}

#[test]
fn ten_bad_addresses_ask_for_a_home_page() {
    for (bad, few, many) in [
        (0, Standing::NotReached, Standing::NotReached),
        (9, Standing::Owed, Standing::NotReached),
        (10, Standing::NotReached, Standing::Owed),
    ] {
        let mut customer = practice(600, "US-IN");
        customer.bad_addresses = bad;
        let facts = facts("2026-03-07", customer);
        assert_eq!(standing(&facts, "hipaa.substitute_below_10"), few, "{bad}");
        assert_eq!(standing(&facts, "hipaa.substitute_from_10"), many, "{bad}");
    }
}

#[test]
fn both_theories_of_what_the_customer_knew_are_kept_and_the_earlier_day_counts() {
    let mut facts = facts("2016-01-15", practice(700, "US-TX"));
    let law = law();
    let told = |facts: &mut Facts, agent, day| {
        facts.customers[0].agreement.is_agent = agent;
        facts.customers[0].told.customer = day;
    };
    told(&mut facts, None, None);
    let all = obligations(&law, &facts);
    let letters = find(&all, "hipaa.individual");
    assert_eq!(
        (letters.due.as_agent, letters.due.not_as_agent, letters.due.day),
        (Some(day("2016-03-15")), None, Some(day("2016-03-15")))
    );
    assert!(
        letters.sentence.contains("if we are not its agent, its clock begins when we tell it"),
        "{}",
        letters.sentence
    );
    told(&mut facts, None, Some(day("2016-02-20")));
    let all = obligations(&law, &facts);
    let letters = find(&all, "hipaa.individual");
    assert_eq!((letters.due.not_as_agent, letters.due.day), (Some(day("2016-04-20")), Some(day("2016-03-15"))));
    assert!(letters.sentence.contains("2016-03-15 if we are its agent, 2016-04-20 if not"), "{}", letters.sentence);
    told(&mut facts, Some(false), Some(day("2016-02-20")));
    assert_eq!(due(&facts, "hipaa.individual"), Some(day("2016-04-20")));
    told(&mut facts, Some(false), None);
    let all = obligations(&law, &facts);
    let letters = find(&all, "hipaa.individual");
    assert_eq!((letters.due.day, letters.due.waits_for), (None, Some("the day on which the customer is told")));
}

#[test]
fn an_agreement_makes_the_day_earlier_and_never_later() {
    for (days, expected) in
        [(None, "2016-03-15"), (Some(20), "2016-02-04"), (Some(0), "2016-01-15"), (Some(90), "2016-03-15")]
    {
        let mut facts = facts("2016-01-15", practice(700, "US-TX"));
        facts.customers[0].agreement.report_days = days;
        assert_eq!(due(&facts, "hipaa.ba_to_ce"), Some(day(expected)), "{days:?}");
    }
}

#[test]
fn silence_for_law_enforcement_moves_federal_days_alone_and_thirty_days_if_it_was_only_said() {
    let mut facts = facts("2026-01-05", practice(700, "US-CO"));
    let before = (due(&facts, "hipaa.individual"), due(&facts, "co.agency"));
    facts.held_back = Some(HeldBack::Written { until: day("2026-05-01") });
    assert_eq!((due(&facts, "hipaa.individual"), due(&facts, "co.agency")), (Some(day("2026-05-01")), before.1));
    facts.held_back = Some(HeldBack::Oral { on: day("2026-02-20") });
    assert_eq!(due(&facts, "hipaa.individual"), Some(day("2026-03-22")));
    // It ends before the day anyhow.
    facts.held_back = Some(HeldBack::Oral { on: day("2026-01-06") });
    assert_eq!(due(&facts, "hipaa.individual"), before.0);
}

#[test]
fn hours_run_over_the_change_of_clocks_and_from_the_discoverys_first_minute_if_nobody_knows_better() {
    // 2026-03-28T23:30+01:00 in Berlin; 72 hours later it is 2026-04-01T00:30+02:00.
    let mut facts = facts("2026-03-28", practice(40, "EU"));
    facts.aware_at = Some(moment("2026-03-28T23:30:00+01:00"));
    let law = law();
    let all = obligations(&law, &facts);
    let authority = find(&all, "gdpr.authority");
    assert_eq!((authority.due.millis, authority.due.day), (Some(1_774_996_200_000), Some(day("2026-03-31"))));
    facts.aware_at = None;
    assert_eq!(due(&facts, "gdpr.authority"), Some(day("2026-03-31")));
    let all = obligations(&law, &facts);
    assert!(find(&all, "gdpr.individual").due.without_number && find(&all, "gdpr.controller").due.without_number);
    assert_eq!(find(&all, "gdpr.omnibus").standing, Standing::NotInForce);
    assert!(!all.iter().any(|one| one.duty.id == "uk.authority"), "nobody lives there");
    assert_eq!(due(&self::facts("2026-03-28", practice(1, "GB")), "uk.authority"), Some(day("2026-03-31")));
}

#[test]
fn part_2_is_reported_apart_and_counts_its_own_people() {
    let mut customer = practice(900, "US-OH");
    assert!(
        !obligations(&law(), &facts("2026-03-07", customer.clone()))
            .iter()
            .any(|one| one.duty.id.starts_with("part2."))
    );
    customer.part2 = 499;
    let facts = facts("2026-03-07", customer);
    assert_eq!(standing(&facts, "part2.regulator_below_500"), Standing::Owed);
    assert_eq!(standing(&facts, "part2.regulator_from_500"), Standing::NotReached);
    assert_eq!(standing(&facts, "hipaa.hhs_from_500"), Standing::Owed);
    assert_eq!(due(&facts, "part2.regulator_below_500"), Some(day("2027-03-01")));
}

#[test]
fn investors_and_vendors_of_health_records_are_asked_about_only_where_somebody_is_one() {
    let mut facts = facts("2026-06-29", practice(600, "US-WY"));
    let has = |facts: &Facts, id: &str| obligations(&law(), facts).iter().any(|one| one.duty.id == id);
    assert!(!has(&facts, "sec.8k") && !has(&facts, "ftc.individual"));
    facts.roles = Roles { phr_vendor: true, public_company: true };
    assert_eq!(
        find(&obligations(&law(), &facts), "sec.8k").due.waits_for,
        Some("the day on which it is found material")
    );
    // Four business days over Independence Day, which is a Saturday in 2026 and observed on the Friday.
    facts.material_on = Some(day("2026-06-30"));
    assert_eq!(due(&facts, "sec.8k"), Some(day("2026-07-07")));
    assert_eq!(due(&facts, "ftc.individual"), Some(day("2026-08-28")));
    assert_eq!(standing(&facts, "ftc.media"), Standing::Owed);
}

#[test]
fn a_changed_fact_is_told_in_a_difference_and_nothing_else_is() {
    let mut customer = practice(400, "US-NM");
    customer.agreement = Agreement { sender: Sender::Operator, ..Agreement::default() };
    let (law, before) = (law(), facts("2026-03-07", customer));
    let mut now = before.clone();
    now.customers[0].people = 460_000;
    *now.customers[0].residents.get_mut(&Place("US-NM".into())).expect("there") = 459_969;
    let (one, other) = (obligations(&law, &before), obligations(&law, &now));
    assert!(differences(&one, &one).is_empty());
    let told: Vec<String> =
        differences(&one, &other).iter().map(|change| serde_json::to_string(change).expect("JSON")).collect();
    assert!(
        told.iter()
            .any(|line| line.contains("hipaa.hhs_from_500") && line.contains("not_reached") && line.contains("owed")),
        "{told:?}"
    );
    assert!(told.iter().all(|line| !line.contains("\"gone\"")), "{told:?}");
    let sender = find(&other, "hipaa.individual");
    assert_eq!((sender.sender, find(&other, "hipaa.ba_to_ce").sender), (Sender::Operator, Sender::Operator));
}

#[test]
fn a_notice_that_counts_for_a_states_law_is_said_with_its_condition_and_takes_nothing_away() {
    let facts = facts("2026-03-07", practice(2_000, "US-AL"));
    let law = law();
    let all = obligations(&law, &facts);
    let alabama = find(&all, "al.individual");
    assert_eq!((alabama.standing, alabama.due.day), (Standing::CountsIfNotified, Some(day("2026-04-21"))));
    assert!(
        alabama.sentence.contains("timely copies AG") && alabama.sentence.contains("not reviewed by counsel"),
        "{}",
        alabama.sentence
    );
    assert_eq!(find(&all, "al.agency").standing, Standing::Owed);
    assert_eq!(letters_due(&law, &facts, &facts.customers[0], &Place("US-AL".into())), Some(day("2026-04-21")));
    let exempt = self::facts("2026-03-07", practice(2_000, "US-TN"));
    assert_eq!(standing(&exempt, "tn.individual"), Standing::Exempt);
    assert_eq!(letters_due(&law, &exempt, &exempt.customers[0], &Place("US-TN".into())), Some(day("2026-05-06")));
}

#[test]
fn what_contradicts_itself_or_is_not_known_is_said() {
    let mut customer = practice(100, "US-QQ");
    customer.told = Told { customer: Some(day("2026-01-01")), individuals: Some(day("2030-01-01")), hhs: None };
    customer.residents.insert(Place("US-KS".into()), 120);
    customer.part2 = 101;
    customer.unknown_more = true;
    let mut facts = facts("2026-03-07", customer);
    facts.known_on = day("2026-03-01");
    facts.determined = Some(day("2026-03-05"));
    facts.aware_at = Some(moment("1970-01-01T00:00:00Z"));
    let mut twin = practice(10, "US-KS");
    twin.residents.clear();
    facts.customers.push(twin);
    let said: Vec<String> = facts.problems(&law()).iter().map(ToString::to_string).collect();
    for words in [
        "lies after the day on which it is known",
        "lies before the discovery",
        "moment of awareness",
        "was told on 2026-01-01, before the discovery",
        "which lies in the future",
        "for which the tables have no law",
        "120 people live in US-KS, and 100 are affected",
        "counted in two places",
        "more people have Part 2 records",
        "least number",
        "nobody knows where they live",
        "stands there twice",
    ] {
        assert!(said.iter().any(|line| line.contains(words)), "{words}: {said:#?}");
    }
    assert!(self::facts("2026-03-07", practice(10, "US-KS")).problems(&law()).is_empty());
    assert!(!obligations(&law(), &facts).is_empty(), "they are computed all the same");
}

#[test]
fn a_calendar_has_each_open_duty_with_a_day_and_says_how_many_have_none() {
    let facts = facts("2026-03-07", practice(2_000, "US-AL"));
    let law = law();
    let all = obligations(&law, &facts);
    let (calendar, without) = strongroom_breach::calendar(&all, facts.known_on);
    let open: Vec<_> =
        all.iter().filter(|one| matches!(one.standing, Standing::Owed | Standing::CountsIfNotified)).collect();
    assert_eq!(calendar.matches("BEGIN:VEVENT").count() + without, open.len());
    assert!(without > 0 && calendar.contains("UID:Elm Street Pediatrics/hipaa.individual/US@strongroom"), "{calendar}");
    assert!(calendar.contains("DTSTART;VALUE=DATE:20260506") && calendar.ends_with("END:VCALENDAR\r\n"));
    // A day that moves keeps its UID.
    let mut later = facts.clone();
    later.discovered = day("2026-03-08");
    let (moved, _) = strongroom_breach::calendar(&obligations(&law, &later), facts.known_on);
    let uids = |text: &str| {
        text.replace("\r\n ", "")
            .lines()
            .filter(|line| line.starts_with("UID:"))
            .map(str::to_owned)
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(uids(&calendar), uids(&moved));
}
