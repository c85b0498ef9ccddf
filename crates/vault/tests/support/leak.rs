//! A town of made-up patients, and a thief who counts.

use record::civil::Day;
use record::{CustomerId, Entropy, SeededEntropy, Timestamp};
use std::collections::HashMap;
use strongroom_vault::{Field, KeyRing, KeyRows, PatientTokens, RootKey, guardian_tokens};

/// Distinct surnames in the town's world.
const SURNAMES: usize = 20_000;
const GIVEN: usize = 2_000;

pub(crate) struct Town {
    ring: KeyRing,
    customer: CustomerId,
    patients: Vec<(usize, usize, Day)>,
    /// Surname of the one guardian that each patient has: a practice of children, which is the worst case.
    guardians: Vec<usize>,
    surnames: Vec<String>,
    given: Vec<String>,
    surname_weights: Vec<f64>,
    given_weights: Vec<f64>,
}

pub(crate) struct Leak {
    pub(crate) rows: usize,
    pub(crate) values: usize,
    pub(crate) rows_named: usize,
    pub(crate) values_named: usize,
    pub(crate) top_ten_named: usize,
}

impl Town {
    /// So many patients; `head` holds the commonest surnames, one on a line.
    pub(crate) fn of(patients: usize, head: &str) -> Self {
        let entropy = SeededEntropy::new(11);
        let root = RootKey::generate(&entropy);
        let now = Timestamp::from_unix_millis(0);
        let customer = CustomerId::from_bytes([1; 16]);
        let ring = KeyRing::unlock(&root, &KeyRows::begin(&root, 2026, now, &entropy)).unwrap();
        let ring = ring.after(&ring.customer_begin(customer, 2026, now, &entropy).unwrap()).unwrap();
        let mut surnames: Vec<String> = head.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect();
        surnames.extend((0..SURNAMES).map(|number| made_up(number, 7)));
        surnames.truncate(SURNAMES);
        let given: Vec<String> = (0..GIVEN).map(|number| made_up(number, 3)).collect();
        // A model, not fitted to a census: its head is heavier than the United States' (Smith is under 1 % there), which
        // makes counting easier for the thief.
        let surname_weights = zipf(SURNAMES, 0.75);
        let given_weights = zipf(GIVEN, 0.9);
        let mut dice = Dice(entropy);
        let patients: Vec<(usize, usize, Day)> =
            (0..patients).map(|_| (dice.pick(&surname_weights), dice.pick(&given_weights), dice.day())).collect();
        // Seven in ten guardians bear the child's surname.
        let other = |dice: &mut Dice| dice.pick(&surname_weights);
        let guardians = patients
            .iter()
            .map(|(surname, _, _)| if dice.unit() < 0.7 { *surname } else { other(&mut dice) })
            .collect();
        Self { ring, customer, patients, guardians, surnames, given, surname_weights, given_weights }
    }

    fn tokens(&self, surname: &str, given: &str, birth: Option<Day>, field: Field) -> Vec<String> {
        if field == Field::GuardianSurname {
            return guardian_tokens(surname).into_iter().map(|token| token.word).collect();
        }
        let tokens = PatientTokens { given, surname, birth, record_number: None }.tokens();
        tokens.into_iter().filter(|token| token.field == field).map(|token| token.word).collect()
    }
}

/// Cumulative weights of ranks 1.. under rank^-s, adding up to 1.
fn zipf(count: usize, s: f64) -> Vec<f64> {
    let mut sum = 0.0;
    let mut sums: Vec<f64> = (1..=count)
        .map(|rank| {
            sum += (rank as f64).powf(-s);
            sum
        })
        .collect();
    sums.iter_mut().for_each(|value| *value /= sum);
    sums
}

/// A pronounceable name, another one for each number.
fn made_up(number: usize, salt: usize) -> String {
    const ONSETS: [&str; 16] = ["b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "br", "st"];
    const VOWELS: [&str; 5] = ["a", "e", "i", "o", "u"];
    const ENDS: [&str; 10] = ["n", "r", "l", "s", "ck", "tt", "ng", "rd", "z", "m"];
    // Multiplying by a number prime to the modulus walks through all, not in order of the alphabet.
    let mixed = (number * 48_271 + salt * 7_919) % (16 * 5 * 16 * 5 * 10);
    let (a, rest) = (mixed % 16, mixed / 16);
    let (b, rest) = (rest % 5, rest / 5);
    let (c, rest) = (rest % 16, rest / 16);
    let (d, e) = (rest % 5, rest / 5);
    [ONSETS[a], VOWELS[b], ONSETS[c], VOWELS[d], ENDS[e]].concat()
}

struct Dice(SeededEntropy);

impl Dice {
    fn unit(&mut self) -> f64 {
        let mut bytes = [0_u8; 8];
        self.0.fill(&mut bytes);
        (u64::from_be_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64
    }
    fn pick(&mut self, sums: &[f64]) -> usize {
        let at = self.unit();
        sums.partition_point(|sum| *sum < at).min(sums.len() - 1)
    }
    fn day(&mut self) -> Day {
        let of = |count: f64, unit: f64| (count * unit) as i16;
        let (year, month, day) = (of(90.0, self.unit()), of(12.0, self.unit()), of(28.0, self.unit()));
        Day::new(1930 + year, month as i8 + 1, day as i8 + 1).unwrap()
    }
}

/// Ranks the stored values by count, ranks the words by how common they are in the world, pairs them by rank.
pub(crate) fn attack(town: &Town, field: Field) -> Leak {
    let mut counts: HashMap<[u8; 32], usize> = HashMap::new();
    let mut truth: HashMap<[u8; 32], String> = HashMap::new();
    for ((surname, given, birth), guardian) in town.patients.iter().zip(&town.guardians) {
        let surname = if field == Field::GuardianSurname { guardian } else { surname };
        for word in town.tokens(&town.surnames[*surname], &town.given[*given], Some(*birth), field) {
            let value = town.ring.blind(town.customer, field, &word).unwrap();
            *counts.entry(value).or_default() += 1;
            truth.insert(value, word);
        }
    }
    let mut values: Vec<([u8; 32], usize)> = counts.into_iter().collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let guesses = world(town, field);
    let named = |(place, (value, _)): &(usize, &([u8; 32], usize))| guesses.get(*place) == truth.get(value);
    let right: Vec<(usize, usize)> =
        values.iter().enumerate().filter(named).map(|(place, (_, count))| (place, *count)).collect();
    Leak {
        rows: values.iter().map(|(_, count)| count).sum(),
        values: values.len(),
        rows_named: right.iter().map(|(_, count)| count).sum(),
        values_named: right.len(),
        top_ten_named: right.iter().filter(|(place, _)| *place < 10).count(),
    }
}

/// The words of a field, commonest first, as the thief knows them from public lists.
fn world(town: &Town, field: Field) -> Vec<String> {
    let (names, sums) = match field {
        Field::Given => (&town.given, &town.given_weights),
        _ => (&town.surnames, &town.surname_weights),
    };
    let mut weights: HashMap<String, f64> = HashMap::new();
    let mut before = 0.0;
    for (name, sum) in names.iter().zip(sums) {
        let (surname, given) = if field == Field::Given { ("", name.as_str()) } else { (name.as_str(), "") };
        // Birth dates are uniform: the thief has no better guess than any one day.
        let birth = matches!(field, Field::SurnameBirth | Field::SoundBirth).then(|| Day::new(1970, 1, 1).unwrap());
        for word in town.tokens(surname, given, birth, field) {
            *weights.entry(word).or_default() += sum - before;
        }
        before = *sum;
    }
    let mut words: Vec<(String, f64)> = weights.into_iter().collect();
    words.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    words.into_iter().map(|(word, _)| word).collect()
}

/// What a thief names of the days of visits: by counting, and by the times of upload, which stand beside them in clear.
pub(crate) struct VisitLeak {
    pub(crate) documents: usize,
    pub(crate) days: usize,
    pub(crate) named_by_count: usize,
    pub(crate) named_by_upload: usize,
}

/// Three years of five working days a week with about so many documents a day, fewer on Fridays. A document comes in
/// on the day of the visit (40 %), the next day (35 %), the day after (15 %) or up to a week later.
pub(crate) fn visits(a_day: usize) -> VisitLeak {
    let town = Town::of(1, "");
    let mut dice = Dice(SeededEntropy::new(12));
    let all: Vec<Day> = std::iter::successors(Day::new(2023, 1, 2), |day| day.tomorrow()).take(3 * 365).collect();
    let busy = |at: usize| [1.2, 1.1, 1.0, 1.0, 0.7][at % 7];
    let working: Vec<usize> = (0..all.len()).filter(|at| at % 7 < 5).collect();
    // Token -> its day, and when its documents came in.
    let mut rows: HashMap<[u8; 32], (usize, Vec<usize>)> = HashMap::new();
    for at in &working {
        let token = town.ring.blind(town.customer, Field::VisitDay, &all[*at].to_string()).unwrap();
        let mean = busy(*at) * a_day as f64;
        let many = (mean * (0.7 + 0.6 * dice.unit())).round() as usize;
        for _ in 0..many {
            let lag = dice.pick(&[0.4, 0.75, 0.9, 0.92, 0.94, 0.96, 0.98, 1.0]);
            rows.entry(token).or_insert_with(|| (*at, Vec::new())).1.push(at + lag);
        }
    }
    // By count: the busiest values are paired with the days that a thief expects to be busiest.
    let mut by_count: Vec<_> = rows.iter().collect();
    by_count.sort_by(|a, b| b.1.1.len().cmp(&a.1.1.len()).then(a.0.cmp(b.0)));
    let mut expected = working.clone();
    expected.sort_by(|a, b| busy(*b).total_cmp(&busy(*a)).then(a.cmp(b)));
    let counted = by_count.iter().zip(&expected).filter(|((_, (day, _)), guess)| day == *guess);
    // By upload: the first document of a day's visits came in on that day.
    let told = rows.values().filter(|(day, came)| came.iter().min() == Some(day));
    VisitLeak {
        documents: rows.values().map(|(_, came)| came.len()).sum(),
        days: rows.len(),
        named_by_count: counted.map(|((_, (_, came)), _)| came.len()).sum(),
        named_by_upload: told.map(|(_, came)| came.len()).sum(),
    }
}
