//! Training texts with labels, one after the other, without end.
//!
//! What must always hold: the n-th text is the same each time; labels lie where the pieces were put, whatever is done to
//! letters afterwards.
//!
//! What it refuses to know: the model.

use super::grammar::{Dice, Grammar, Piece};
use super::{Counted, Sources, counted, section};
use crate::phi::Identifier;
use std::collections::BTreeSet;

/// A text and the bytes that are names in it.
pub(super) struct Sample {
    pub(super) text: String,
    pub(super) spans: Vec<(usize, usize, Identifier)>,
}

/// Where the samples come from.
pub(super) struct Corpus<'a> {
    grammar: Grammar,
    templates: Vec<&'a str>,
}

/// The parts that made-up surnames are put together from: they look like names and are on no list.
const BEGINNINGS: &[&str] = &[
    "Bal", "Brun", "Cal", "Dar", "Dros", "Fal", "Gar", "Gor", "Hal", "Har", "Hol", "Jan", "Kar", "Kov", "Kra", "Lan",
    "Lev", "Mal", "Mar", "Mik", "Nor", "Ost", "Pal", "Pet", "Rad", "Ros", "Sal", "Schw", "Ser", "Sok", "Stan", "Tar",
    "Tor", "Ul", "Val", "Vas", "Vol", "Wal", "Wes", "Zel", "Abd", "Okaf", "Adey", "Chuk", "Mwan", "Nak", "Tak", "Yam",
    "Sri", "Chan", "Ven", "Ragh", "Subr", "Thir", "Kaw", "Shin", "Ech", "Ibar", "Goi", "Zub", "Del", "Bian", "Cas",
    "Fer", "Lind", "Berg", "Sund", "Hjal", "Kir", "Pap", "Theo", "Geor", "Dem", "Haw", "Bax", "Thorn", "Whit", "Black",
    "Ash", "Grim", "Stock",
];
const MIDDLES: &[&str] = &["", "", "", "a", "o", "en", "ar", "in", "ov", "an", "er", "el", "al", "i", "u", "ast", "im"];
const ENDINGS: &[&str] = &[
    "ski", "sky", "ova", "ov", "ev", "enko", "chuk", "son", "sen", "berg", "stein", "man", "mann", "feld", "ez", "es",
    "ano", "ini", "elli", "etti", "oni", "ardo", "eau", "ier", "ard", "wick", "ton", "ham", "ley", "ford", "field",
    "worth", "by", "well", "more", "dale", "oglu", "ian", "yan", "opoulos", "akis", "idis", "vić", "ić", "ek", "ak",
    "escu", "aru", "moto", "mura", "kawa", "saki", "wala", "ani", "nathan", "murthy", "swamy", "appa", "wu", "nde",
    "wi", "or", "eze", "ola", "ström", "dottir", "quist", "lund", "borg", "ga", "rria", "gui", "ndo", "eira", "inho",
];

/// The parts of given names of Korea and China that a hyphen joins: the second one is small.
const FIRST_HALVES: &[&str] = &[
    "Hyun", "Eun", "Mi", "Soon", "Young", "Ji", "Sung", "Jin", "Min", "Kyung", "Hye", "Su", "Seung", "Jae", "Dong",
    "Sang", "Yong", "Chang", "In", "Bo", "Ye", "Yu", "Ha", "Kyu", "Tae", "Jung", "Myung", "Chul", "Ok", "Xiao", "Mei",
    "Wei", "Jia", "Ruo", "Li", "Yi", "Shu", "Hui", "Zhi", "Pei", "Chia", "Ming", "Yun",
];
const SECOND_HALVES: &[&str] = &[
    "woo", "ja", "kyung", "hee", "sook", "jin", "min", "soo", "ho", "young", "hye", "mi", "ok", "joo", "ah", "seok",
    "chul", "hyun", "won", "il", "ae", "rim", "ling", "hua", "xi", "ting", "jie", "fang", "lan", "hui", "chen", "ying",
    "feng", "zhen", "mei", "wen", "yi",
];

fn joined_given(dice: &mut Dice) -> String {
    let first = FIRST_HALVES[dice.below(FIRST_HALVES.len())];
    format!("{first}-{}", SECOND_HALVES[dice.below(SECOND_HALVES.len())])
}

/// How somebody signs in a hurry: "mk", "tjo".
fn small_initials(dice: &mut Dice) -> String {
    const LETTERS: &[u8] = b"abcdefghjklmnprstvwy";
    (0..2 + dice.below(2)).map(|_| char::from(LETTERS[dice.below(LETTERS.len())])).collect()
}

fn made_up(dice: &mut Dice) -> String {
    let beginning = BEGINNINGS[dice.below(BEGINNINGS.len())];
    let middle = MIDDLES[dice.below(MIDDLES.len())];
    format!("{beginning}{middle}{}", ENDINGS[dice.below(ENDINGS.len())])
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// How often a name of each class is drawn: about as the root of how many people have it, so that rare ones are seen too.
const DRAWN: [usize; 8] = [0, 10, 22, 45, 90, 180, 360, 700];

/// A dictionary's word that is on no list of names: in training it stands where names stand and is none.
fn is_plain_word(word: &str, named: &BTreeSet<String>) -> bool {
    (4..=12).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase()) && !named.contains(word)
}

/// The parts that medical words are put together from: no list has them all, and none is a name.
const ROOTS: &[&str] = &[
    "hyper",
    "hypo",
    "peri",
    "endo",
    "cardio",
    "neuro",
    "gastro",
    "hepato",
    "nephro",
    "osteo",
    "arthro",
    "myo",
    "dermato",
    "entero",
    "pulmo",
    "broncho",
    "uretero",
    "cysto",
    "cholecysto",
    "thyro",
    "immuno",
    "hemato",
    "lympho",
    "angio",
    "vaso",
    "intra",
    "inter",
    "sub",
    "para",
    "trans",
    "retro",
    "supra",
    "infra",
    "poly",
    "micro",
    "macro",
    "radio",
    "chemo",
    "cryo",
    "electro",
    "thrombo",
    "leuko",
    "erythro",
    "pneumo",
    "laparo",
    "hystero",
    "mammo",
    "rhino",
    "oto",
    "ophthalmo",
    "tacro",
];
const TAILS: &[&str] = &[
    "itis",
    "ectomy",
    "oscopy",
    "emia",
    "algia",
    "plasty",
    "gram",
    "graphy",
    "pathy",
    "osis",
    "ic",
    "al",
    "ular",
    "tomy",
    "stomy",
    "lysis",
    "genic",
    "trophy",
    "sclerosis",
    "cardial",
    "vascular",
    "spinal",
    "thoracic",
    "pril",
    "statin",
    "olol",
    "azole",
    "mycin",
    "cillin",
    "mab",
    "tinib",
    "vir",
    "dipine",
    "sartan",
    "prazole",
    "zosin",
    "cortisol",
    "globin",
    "cyte",
    "penia",
    "megaly",
    "rrhea",
    "rrhage",
    "deficiency",
    "tension",
    "thermia",
    "glycemia",
    "plegia",
    "paresis",
    "oma",
    "therapy",
];

fn medical(dice: &mut Dice) -> String {
    format!("{}{}", ROOTS[dice.below(ROOTS.len())], TAILS[dice.below(TAILS.len())])
}

/// The one name of which a phrase like "Wagner grade" is made: people are called so too.
fn eponym_surname(phrase: &str) -> Option<String> {
    let (name, _) = phrase.rsplit_once(' ')?;
    let is_one = name.len() > 3 && name.chars().all(char::is_alphabetic);
    is_one.then(|| name.to_owned())
}

/// A long word as forms and notes cut it short: "Auth", "Emer", "Coord".
fn clipped(word: &str) -> Option<String> {
    let kept = 3 + word.len() % 3;
    (word.len() >= 7).then(|| capitalised(&word[..kept]))
}

/// Capitals that stand for something and name nobody.
fn acronym(dice: &mut Dice) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIKLMNOPRSTUVWX";
    (0..2 + dice.below(5)).map(|_| char::from(LETTERS[dice.below(LETTERS.len())])).collect()
}

impl<'a> Corpus<'a> {
    /// Reads grammar, lists and texts.
    pub(super) fn new(sources: &Sources<'a>) -> Self {
        let mut grammar = Grammar::new(sources.grammar);
        let capital = |text: &'a str| text.lines().map(|line| capitalised(line.trim()));
        let own = |name: &str| section(sources.own, name).into_iter().map(|entry| capitalised_words(&entry));
        for (name, list, class) in counted(sources.census) {
            let symbol = if list == Counted::Given { "list_given" } else { "list_surname" };
            grammar.add(symbol, &capitalised_words(name), DRAWN[class as usize & 7]);
            if list == Counted::Surname {
                grammar.add("list_upper", &name.to_uppercase(), DRAWN[class as usize & 7]);
            }
        }
        grammar.list("list_city", capital(sources.cities));
        grammar.list("list_county", capital(sources.counties));
        grammar.list("list_hospital", capital(sources.hospitals));
        grammar.list("own_given", own("given"));
        grammar.list("own_surname", own("surname"));
        grammar.list("own_city", own("city"));
        grammar.list("own_company", own("company"));
        grammar.list("own_region", own("region"));
        grammar.list("own_calendar", own("calendar"));
        grammar.list("own_eponym", own("eponym"));
        grammar.list("own_drug", own("drug"));
        grammar.list("own_brand", own("brand"));
        grammar.list("own_capitals", section(sources.own, "capitals").into_iter());
        grammar.list("own_short", section(sources.own, "short").into_iter());
        grammar
            .list("eponym_name", own("eponym").filter_map(|entry| entry.rsplit_once(' ').map(|two| two.0.to_owned())));
        grammar.list("eponym_surname", own("eponym").filter_map(|entry| eponym_surname(&entry)));
        grammar.list("own_term", own("term"));
        let frequent = |&(_, list, class): &(&str, Counted, u32)| class >= if list == Counted::Given { 3 } else { 4 };
        let named: BTreeSet<String> = counted(sources.census)
            .filter(frequent)
            .map(|(name, _, _)| name.to_lowercase())
            .chain(sources.cities.lines().map(str::to_lowercase))
            .chain(section(sources.own, "given").into_iter().map(|name| name.to_lowercase()))
            .chain(section(sources.own, "surname").into_iter().map(|name| name.to_lowercase()))
            .collect();
        let mut dice = Dice(0x6e61_6d65);
        grammar.list("made_up", (0..6_000).map(|_| made_up(&mut dice)));
        grammar.list("joined_given", (0..1_500).map(|_| joined_given(&mut dice)));
        grammar.list("small_initials", (0..600).map(|_| small_initials(&mut dice)));
        let words = || sources.english.lines().filter(|word| is_plain_word(word, &named));
        grammar.list("word", words().map(str::to_owned));
        grammar.list("Word", words().map(capitalised));
        grammar.list("clip", words().filter_map(clipped).filter(|word| !named.contains(&word.to_lowercase())));
        grammar.list("WU", words().map(str::to_uppercase));
        let endings = ["s", "ed", "ing", "er", "y", "ly", "ish", "less", "able"];
        grammar.list("form", words().step_by(7).map(|word| format!("{word}{}", endings[word.len() % endings.len()])));
        grammar.list("acronym", (0..3_000).map(|_| acronym(&mut dice)));
        grammar.list("medical", (0..4_000).map(|_| medical(&mut dice)));
        let is_text = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
        Self { grammar, templates: sources.templates.lines().filter(is_text).collect() }
    }

    /// Names in braces that nothing stands behind: mistakes in the texts.
    pub(super) fn unknown(&self) -> Vec<String> {
        self.templates.iter().flat_map(|line| self.grammar.unknown(line)).map(str::to_owned).collect()
    }

    /// How many texts there are to fill.
    pub(super) fn len(&self) -> usize {
        self.templates.len()
    }

    /// The n-th sample: one to four texts, in one manner of writing.
    pub(super) fn sample(&self, number: u64) -> Sample {
        let mut dice = Dice(number.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x7374_726f_6e67);
        let count = 1 + dice.below(4);
        let mut pieces: Vec<Piece> = Vec::new();
        for part in 0..count {
            if part > 0 {
                let between = ["\n", " ", " ", "\n\n"][dice.below(4)];
                pieces.push((between.to_owned(), None));
            }
            let template = self.templates[dice.below(self.templates.len())];
            pieces.extend(self.grammar.fill(template, &mut dice));
        }
        let manner = dice.below(100);
        let mut sample = Sample { text: String::new(), spans: Vec::new() };
        for (piece, kind) in pieces {
            let written = match manner {
                0..14 => dictated(&piece),
                14..25 => piece.to_uppercase(),
                25..29 if kind.is_some() => damaged(&piece, &mut dice),
                29..32 if kind.is_some() => piece.to_uppercase(),
                _ => piece,
            };
            let written = written.replace("\\n", "\n").replace("\\N", "\n").replace("\\t", "\t").replace("\\T", "\t");
            let start = sample.text.len();
            sample.text.push_str(&written);
            if let Some(kind) = kind {
                sample.spans.push((start, sample.text.len(), kind));
            }
        }
        if dice.below(100) < WRAPPED {
            wrap(&mut sample.text, &mut dice);
        }
        sample
    }
}

/// Of a hundred samples so many have lines that end anywhere.
const WRAPPED: usize = 20;

/// Ends lines where there were blanks; places stay as they are.
fn wrap(text: &mut String, dice: &mut Dice) {
    let mut line = dice.below(60);
    let limit = 40 + dice.below(40);
    let wrapped = text.chars().map(|letter| {
        line = if letter == '\n' { 0 } else { line + 1 };
        if letter == ' ' && line > limit {
            line = 0;
            return '\n';
        }
        letter
    });
    *text = wrapped.collect();
}

fn capitalised_words(entry: &str) -> String {
    entry.split(' ').map(capitalised).collect::<Vec<_>>().join(" ")
}

/// As it is said and typed without looking: small letters, titles as words, few signs.
fn dictated(piece: &str) -> String {
    let mut text = piece.to_lowercase();
    for (from, to) in [("dr.", "doctor"), ("mrs.", "missus"), ("mr.", "mister"), ("ms.", "miss"), ("st.", "saint")] {
        text = text.replace(from, to);
    }
    text.replace(", ", " ")
}

/// One letter as a scanner may read it.
fn damaged(piece: &str, dice: &mut Dice) -> String {
    let pairs = [("o", "0"), ("l", "1"), ("rn", "m"), ("e", "c"), ("i", "l"), ("S", "5"), ("h", "b"), ("m", "rn")];
    let (from, to) = pairs[dice.below(pairs.len())];
    piece.replacen(from, to, 1)
}

#[cfg(test)]
mod tests {
    use super::{clipped, eponym_surname};

    #[test]
    fn a_phrase_gives_the_one_name_that_people_have_too() {
        assert_eq!(eponym_surname("Zorn grade").as_deref(), Some("Zorn"));
        for none in ["Zorn-Weber grade", "Van Zorn grade", "Zorn", "Iv line"] {
            assert_eq!(eponym_surname(none), None, "{none}");
        }
    }

    #[test]
    fn long_words_are_cut_short_as_forms_do() {
        assert_eq!(clipped("occupation").as_deref(), Some("Occu"));
        assert_eq!(clipped("yearly"), None);
    }
}
