//! Pairs of records by hand, and families made by rule and spoilt in the ways in which records are.

use super::record::word;
use super::{Frequencies, Index, PersonRecord, Resolution, SameName, blocks, resolve, same_name, sex_of};
use record::civil::Day;

/// "Family, Given Middle; 2010-03-09; F; #17; @street; +phone; former NAME; sfx Jr".
fn person(text: &str) -> PersonRecord {
    let mut parts = text.split(';').map(str::trim);
    let (family, given) = parts.next().unwrap().split_once(',').unwrap();
    let mut made = PersonRecord::named(family, given, None);
    for part in parts {
        if let Some(number) = part.strip_prefix('#') {
            made.numbers.push(word(number));
        } else if let Some(street) = part.strip_prefix('@') {
            made.street = word(street);
        } else if let Some(phone) = part.strip_prefix('+') {
            made.phones.push(word(phone));
        } else if let Some(name) = part.strip_prefix("former ") {
            made.former.push(word(name));
        } else if let Some(suffix) = part.strip_prefix("sfx ") {
            made.suffix = word(suffix);
        } else if let Ok(day) = Day::read(part) {
            made.born = Some(day);
        } else if !part.is_empty() {
            made.sex = Some(sex_of(part).unwrap());
        }
    }
    made
}

fn answer(seen: &str, known: &[&str]) -> Resolution<usize> {
    let known: Vec<PersonRecord> = known.iter().map(|text| person(text)).collect();
    resolve(&person(seen), known.iter().enumerate(), &Frequencies::of_size(10_000))
}

const fn letter(resolution: &Resolution<usize>) -> char {
    match resolution {
        Resolution::Certain(_) => 'C',
        Resolution::Likely(_) => 'L',
        Resolution::New => 'N',
        Resolution::Ambiguous(_) => 'A',
    }
}

/// What is seen, who is known, what has to come of it: certain, likely, new.
const PAIRS: &[(&str, &str, char)] = &[
    // One person, written otherwise.
    ("Lee, Mary; 2010-03-09; F; #17", "Lee, Mary; 2010-03-09; F; #17", 'C'),
    ("Lee, Mary; 2010-03-09; F", "Lee, Mary; 2010-03-09; F; #17", 'C'),
    ("LEE, MARY; 2010-03-09", "Lee, Mary Ann; 2010-03-09; F", 'C'),
    ("Lee, Mary Ann; 2010-03-09", "Lee, Maryann; 2010-03-09", 'C'),
    ("Obrien, Sean; 1980-05-06", "O'Brien, Seán; 1980-05-06", 'C'),
    ("Smith, Bob; 1961-02-03", "Smith, Robert; 1961-02-03", 'C'),
    ("Quigley, Peggy; 1950-02-03; F", "Quigley, Margaret; 1950-02-03; F", 'C'),
    ("Garza-Luna, Ana; 1990-04-05", "Garza, Ana; 1990-04-05", 'C'),
    ("Luna, Ana; 1990-04-05; F", "Garza Luna, Ana; 1990-04-05; F", 'C'),
    ("Jones, Carol; 1970-10-11; F", "Miller, Carol; 1970-10-11; F; former Jones", 'C'),
    ("Miller, Carol; 1970-10-11; F; #8", "Jones, Carol; 1970-10-11; F; #8", 'C'),
    ("Nguyen, Van; 1970-10-11; #008", "Nguyen, Van; 1970-10-11; #8", 'C'),
    ("Mary, Lee; 2010-03-09; F; +2175550142", "Lee, Mary; 2010-03-09; F; +217-555-0142", 'C'),
    ("Abernathy, Cole; 2010-03-09; +2175550142", "Abernethy, Cole; 2010-03-09; +(217) 555-0142", 'C'),
    ("Abernathy, Cole; 2010-09-03; @12 Elm St", "Abernathy, Cole; 2010-03-09; @12 Elm St.", 'C'),
    ("Abernathy, Cole; 2010-03-19; @12 Elm St", "Abernathy, Cole; 2010-03-09; @12 Elm St", 'C'),
    ("Abernathy, Jayden; 2010-03-09; #5", "Abernathy, Jaydn; 2010-03-09; #5", 'C'),
    ("Smith, J; 1961-02-03; #5", "Smith, John; 1961-02-03; #5", 'C'),
    ("Smith, John; 1961-02-03; #5; sfx Jr", "Smith, John; 1961-02-03; #5; sfx Jr.", 'C'),
    ("Smith Jr, John; 1961-02-03; #5", "Smith, John; 1961-02-03; #5; sfx Junior", 'C'),
    ("Smith, Baby Boy; 2024-01-05; #5", "Smith, Liam; 2024-01-05; M; #5", 'C'),
    // Perhaps one person: somebody has to look.
    ("Lee, Mary", "Lee, Mary; 2010-03-09; +2175550142", 'L'),
    ("Lee, Mary; +2175550142", "Lee, Mary; 2010-03-09; +2175550142", 'L'),
    ("Abernathy, Cole", "Abernathy, Cole; 2010-03-09", 'L'),
    ("Abernethy, Cole; 2010-03-09", "Abernathy, Cole; 2010-03-09", 'L'),
    ("Abernathy, Cole; 2010-09-03", "Abernathy, Cole; 2010-03-09", 'L'),
    ("Abernathy, Jayden; 2010-03-09; M", "Abernathy, Kayden; 2010-03-09; M", 'L'),
    ("Abernathy, C; 2010-03-09", "Abernathy, Cole; 2010-03-09", 'L'),
    ("Abernathy, Cole; 2010-03-09; F", "Abernathy, Cole; 2010-03-09; M", 'L'),
    ("Abernathy, Cole; 2010-03-09; #6", "Abernathy, Cole; 2010-03-09; #7", 'L'),
    ("Abernathy, Cole; 2011-11-29; #6", "Abernathy, Cole; 2010-03-09; #6", 'L'),
    ("Abernathy, Cole James; 2010-03-09", "Abernathy, Cole Peter; 2010-03-09", 'L'),
    ("Abernathy, Vera; 2010-03-09; #6; F", "Abernathy, Cole; 2010-03-09; #6; M", 'L'),
    ("Smith, Baby Boy; 2024-01-05", "Smith, Liam; 2024-01-05; M; +2175550142", 'L'),
    ("Abernathy, BABY BOY; 2024-01-05; +2175550142", "Abernathy, Liam; 2024-01-05; M; +2175550142", 'L'),
    ("Abernathy, Boy A; 2024-01-05; +2175550142", "Abernathy, Baby Boy A; 2024-01-05; M; +2175550142", 'L'),
    ("Abernathy, Newborn; 2024-01-05; +2175550142", "Abernathy, Babygirl; 2024-01-05; +2175550142", 'L'),
    (",; #6", "Abernathy, Cole; 2010-03-09; #6", 'L'),
    ("Smith, John; sfx Jr; @12 Elm St", "Smith, John; 1961-02-03; sfx Sr; @12 Elm St", 'L'),
    ("Abernathy, John; 1961-02-03; sfx Jr", "Abernathy, John; 1961-02-03; sfx Sr", 'L'),
    ("Abernathy, Dan; 2010-03-09; M", "Abernathy, Danielle; 2010-03-09; F", 'N'),
    ("Abernathy, Daniel; 2010-03-09; M", "Abernathy, Danielle; 2010-03-09; F", 'N'),
    // Two people.
    (
        "Abernathy, Vera; 2010-03-09; F; @12 Elm St; +2175550142",
        "Abernathy, Cole; 2010-03-09; M; @12 Elm St; +2175550142",
        'N',
    ),
    (
        "Abernathy, Nora; 2010-03-09; F; @12 Elm St; +2175550142",
        "Abernathy, Vera; 2010-03-09; F; @12 Elm St; +2175550142",
        'N',
    ),
    ("Abernathy, Ian; 2010-03-09; M; @12 Elm St", "Abernathy, Dan; 2010-03-09; M; @12 Elm St", 'N'),
    ("Abernathy, Baby Boy A; 2024-01-05; +2175550142", "Abernathy, Baby Boy B; 2024-01-05; +2175550142", 'N'),
    ("Abernathy, Girl Two; 2024-01-05; +2175550142", "Abernathy, Girl One; 2024-01-05; +2175550142", 'N'),
    ("Abernathy, Baby Girl; 2024-01-05; +2175550142", "Abernathy, Baby Boy; 2024-01-05; +2175550142", 'N'),
    ("Abernathy, Baby Girl; 2024-01-05; +2175550142", "Abernathy, Cole; 2024-01-05; M; +2175550142", 'N'),
    (
        "Abernathy, John; 1985-02-03; @12 Elm St; +2175550142",
        "Abernathy, John; 1955-02-03; @12 Elm St; +2175550142",
        'N',
    ),
    ("Abernathy, John; 1985-02-03; sfx Jr; @12 Elm St", "Abernathy, John; 1955-02-03; sfx Sr; @12 Elm St", 'N'),
    ("Smith, John; 1985-07-13", "Smith, John; 1961-02-03", 'N'),
    ("Smith, John", "Smith, John; 1961-02-03", 'L'),
    ("Smith, Mary; 1961-02-03", "Jones, Mary; 1961-02-03", 'L'),
    ("Smith, Mary; 1961-02-03", "Jones, Carl; 1961-02-03", 'N'),
    ("Smith, Mary; 1961-02-03; @12 Elm St", "Jones, Carl; 1961-02-03; @12 Elm St", 'N'),
    ("Abernathy, Mary; 1990-02-03; +2175550142", "Abernathy, Cole; 2010-03-09; +2175550142", 'N'),
    (
        "Abernathy, Mary; 2008-02-03; +2175550142; @12 Elm St",
        "Abernathy, Cole; 2010-03-09; +2175550142; @12 Elm St",
        'N',
    ),
    ("Rossi, Vera; 1930-12-24; #6", "Abernathy, Cole; 2010-03-09; #6", 'N'),
    ("Smith, John; 1900-01-01", "Smith, John; 1900-01-01", 'L'),
    ("Smith, ; 1961-02-03", "Smith, John; 1961-02-03", 'L'),
    (",;", "Abernathy, Cole; 2010-03-09", 'N'),
];

#[test]
fn each_pair_by_hand_comes_out_as_a_person_would_say() {
    assert!(PAIRS.len() >= 60);
    let wrong: Vec<_> = PAIRS
        .iter()
        .map(|(seen, known, expected)| (seen, known, expected, answer(seen, &[known])))
        .filter(|(_, _, expected, found)| letter(found) != **expected)
        .map(|(seen, known, expected, found)| format!("{seen} | {known}: {expected} {found:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn twins_are_told_apart_when_both_are_known_and_a_third_name_is_neither() {
    let known = ["Abernathy, Jayden; 2010-03-09; M; @12 Elm St", "Abernathy, Kayden; 2010-03-09; M; @12 Elm St"];
    assert_eq!(answer("Abernathy, Kayden; 2010-03-09; M; @12 Elm St", &known), Resolution::Certain(1));
    assert_eq!(letter(&answer("Abernathy, Otis; 2010-03-09; M; @12 Elm St", &known)), 'N');
}

#[test]
fn somebody_who_is_known_twice_is_ambiguous_in_whatever_order() {
    let known = ["Abernathy, Cole; 2010-03-09; #7", "Abernathy, Cole; 2010-03-09; #8", "Abernathy, Vera; 2010-03-09"];
    let Resolution::Ambiguous(found) = answer("Abernathy, Cole; 2010-03-09", &known) else { panic!() };
    assert_eq!(found.iter().map(|one| one.0).collect::<Vec<_>>(), [0, 1]);
    let people: Vec<_> = known.iter().map(|text| person(text)).collect();
    let backwards = people.iter().enumerate().rev();
    let again = resolve(&person("Abernathy, Cole; 2010-03-09"), backwards, &Frequencies::of_size(10_000));
    assert_eq!(again, Resolution::Ambiguous(found));
}

#[test]
fn the_larger_the_index_the_more_it_takes() {
    let one = |patients| {
        let known = person("Smith, John; 1961-02-03");
        resolve(&person("Smith, John; 1961-02-03"), [(1, &known)], &Frequencies::of_size(patients))
    };
    assert_eq!(one(10_000), Resolution::Certain(1));
    assert!(matches!(one(3_000_000), Resolution::Likely(_)));
}

#[test]
fn two_records_of_one_person_share_a_block_however_one_field_is_spoilt() {
    for (seen, known, expected) in PAIRS {
        if *expected == 'N' {
            continue;
        }
        let mine: Vec<_> = blocks(&person(seen)).collect();
        assert!(blocks(&person(known)).any(|key| mine.contains(&key)), "{seen} | {known}");
    }
    assert_eq!(format!("{:?}", blocks(&person("Lee, Mary; 2010-03-09")).next().unwrap()), "BlockKey(..)");
    assert_eq!(format!("{:?}", person("Lee, Mary; 2010-03-09")), r#"["family", "given", "born"]"#);
}

#[test]
fn a_written_name_is_the_same_in_all_the_forms_in_which_people_write_names() {
    let mary = person("Lee-Ortiz, Mary Ann; former Quigley");
    for name in [
        "Mary Lee-Ortiz",
        "Lee-Ortiz, Mary",
        "LEE ORTIZ, MARY A.",
        "Mrs. Mary Lee",
        "Molly Ortiz",
        "M. Lee",
        "Ann Lee",
        "Mary Quigley",
        "Leeortiz Mary",
        "maryann lee ortiz",
        "Mary Oritz",
    ] {
        assert_eq!(same_name(name, &mary), SameName::Same, "{name}");
    }
    for name in ["Carl Lee", "Mary Abernathy", "John Smith", "Lee, Vera"] {
        assert_eq!(same_name(name, &mary), SameName::Different, "{name}");
    }
    for name in ["Mrs. Lee", "Mary", "", "Baby Girl Lee"] {
        assert_eq!(same_name(name, &mary), SameName::Unclear, "{name}");
    }
    assert_eq!(same_name("Jin-Soo", &person("Chang, Jin-Soo Shen")), SameName::Unclear);
    let cruz = person("de la Cruz, José");
    assert_eq!(same_name("Delacruz, Jose", &cruz), SameName::Same);
    assert_eq!(same_name("Jose De La Cruz", &cruz), SameName::Same);
}

/// A generator of numbers for tests; deterministic.
struct Dice(u64);

impl Dice {
    fn below(&mut self, many: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % many
    }
    fn one<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

const FAMILIES: &[&str] = &[
    "Smith",
    "Johnson",
    "Garcia",
    "Abernathy",
    "Nguyen",
    "Lopez",
    "Olsen",
    "Kowalski",
    "Haddad",
    "Okafor",
    "Petrov",
    "Tanaka",
    "Brandt",
    "Fischer",
    "Moreau",
    "Rinaldi",
    "Silva",
    "Novak",
    "Larsen",
    "Whitaker",
];
const GIVEN: &[&str] = &[
    "Robert", "Mary", "James", "Linda", "Thomas", "Olivia", "Noah", "Emma", "Daniel", "Sofia", "Ethan", "Grace",
    "Victor", "Helen", "Marcus", "Irene", "Oscar", "Paula", "Felix", "Nadia", "Hugo", "Clara", "Simon", "Tessa",
];

fn rolled(dice: &mut Dice, number: usize) -> Vec<PersonRecord> {
    let family = dice.one(FAMILIES);
    let (street, phone) = (format!("{} Elm Street", dice.below(9_000)), format!("217555{:04}", dice.below(10_000)));
    let count = 1 + dice.below(4);
    let day = |dice: &mut Dice| {
        Day::new(
            i16::try_from(1940 + dice.below(84)).unwrap(),
            i8::try_from(1 + dice.below(12)).unwrap(),
            i8::try_from(1 + dice.below(28)).unwrap(),
        )
    };
    let twins = dice.below(8) == 0;
    let born = day(dice);
    let first = dice.below(GIVEN.len());
    (0..count)
        .map(|at| {
            // Nobody gives two children one name.
            let given = GIVEN[(first + at * 5) % GIVEN.len()];
            let mut made = PersonRecord::named(family, given, if twins { born } else { day(dice) });
            made.street = word(&street);
            made.phones.push(word(&phone));
            made.numbers.push(word(&format!("{}{at}", 10_000 + number)));
            made
        })
        .collect()
}

/// The same person as another system has them: no number, and one thing spoilt.
fn spoilt(dice: &mut Dice, person: &PersonRecord) -> PersonRecord {
    let mut made = person.clone();
    made.numbers.clear();
    match dice.below(8) {
        0 => made.family = word(&made.family.to_uppercase()),
        1 => made.street = word("1 New Road"),
        2 => made.phones.clear(),
        3 if made.family.len() > 5 => {
            let mut letters: Vec<char> = made.family.chars().collect();
            letters.swap(2, 3);
            made.family = word(&letters.into_iter().collect::<String>());
        }
        4 => made.given = word(&made.given.chars().take(1).collect::<String>()),
        5 => {
            let born = made.born.unwrap();
            made.born = Day::new(born.year(), born.day(), born.month()).or(made.born);
        }
        6 => made.family = word(&format!("{}-{}", *made.family, dice.one(FAMILIES))),
        _ => {}
    }
    made
}

#[test]
fn of_made_up_families_hardly_anybody_is_merged_with_another_and_most_are_found() {
    let mut dice = Dice(7);
    let mut index = Index::new();
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for number in 0..1_200 {
        for one in rolled(&mut dice, number) {
            // One in five is not in the index, while the rest of the household is.
            if dice.below(5) == 0 {
                outside.push(one);
            } else {
                index.add(inside.len(), one.clone());
                inside.push(one);
            }
        }
    }
    let (mut right, mut wrong, mut proposed, mut all) = (0_u32, 0_u32, 0_u32, 0_u32);
    for (id, one) in inside.iter().enumerate() {
        all += 1;
        match index.resolve(&spoilt(&mut dice, one)) {
            Resolution::Certain(found) if found == id => right += 1,
            // Two of one household who were given one name and one birth day are one to anybody.
            Resolution::Certain(found) => {
                wrong += u32::from(inside[found].given != one.given || inside[found].born != one.born)
            }
            Resolution::Likely(some) | Resolution::Ambiguous(some) => {
                proposed += u32::from(some.iter().any(|candidate| candidate.0 == id));
            }
            Resolution::New => {}
        }
    }
    let strangers = outside
        .iter()
        .map(|one| spoilt(&mut dice, one))
        .filter(|one| matches!(index.resolve(one), Resolution::Certain(_)))
        .count();
    let share = f64::from(right) / f64::from(all);
    let seen = f64::from(right + proposed) / f64::from(all);

    assert_eq!((wrong, strangers), (0, 0));
    assert!(share > 0.75 && seen > 0.99, "{share} {seen}");
}
