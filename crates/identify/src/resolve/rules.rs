//! What no weight can outvote.
//!
//! Twins share family name, birth day, sex as often as not, address, telephone, guarantor: everything but the given name. So two
//! different given names with the same birth day are never one person unless the practice's own number says so, and a
//! given name that is one letter off ("Jayden", "Kayden") is never certain without it. A newborn's "Baby Boy" stands for no name
//! and is certain by a number alone. Father and son share a name and an address.
//!
//! What must always hold: these rules only make answers more careful, never less.
//!
//! What it refuses to know: weights.

use super::SameName;
use super::nicknames::stand_for;
use super::record::Known;
use super::spelling::words;
use super::weigh::{Born, Compared, Family, Given, Same, is_close, is_short_form};

/// What may come of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They are two people.
    Never,
    /// A person has to look.
    AtMostLikely,
    MayBeCertain,
}

/// Between a parent and a child of the same name lie at least so many years.
const GENERATION_YEARS: i16 = 12;

pub(super) fn judge(compared: &Compared, seen: &Known, candidate: &Known) -> Verdict {
    if compared.number != Same::Yes && are_two(compared, seen, candidate) {
        return Verdict::Never;
    }
    if is_contradicted(compared, seen, candidate) {
        return Verdict::AtMostLikely;
    }
    let certain = if compared.number == Same::Yes { by_number(compared) } else { by_name(compared) };
    if certain { Verdict::MayBeCertain } else { Verdict::AtMostLikely }
}

/// Two people, whatever else agrees.
fn are_two(compared: &Compared, seen: &Known, candidate: &Known) -> bool {
    let letter = |known: &Known| known.placeholder.as_ref().and_then(|placeholder| placeholder.letter.clone());
    let letters_differ = letter(seen).zip(letter(candidate)).is_some_and(|(one, other)| one != other);
    let is_newborn = compared.given == Given::Placeholder;
    letters_differ
        || is_newborn && compared.sex == Same::No
        || compared.given == Given::Different && compared.born == Born::Exact
        // "Daniel" and "Danielle" are twins as often as one child.
        || compared.given == Given::Close && compared.sex == Same::No
        || compared.given == Given::Different && (compared.sex == Same::No || compared.family == Family::Different)
        || is_generation(compared, seen, candidate)
}

/// Father and son: one name, another suffix or a generation between them.
fn is_generation(compared: &Compared, seen: &Known, candidate: &Known) -> bool {
    let years = seen.born.zip(candidate.born).map_or(0, |(one, other)| (one.year() - other.year()).abs());
    years >= GENERATION_YEARS && compared.born != Born::Exact
}

fn is_contradicted(compared: &Compared, seen: &Known, candidate: &Known) -> bool {
    compared.sex == Same::No
        || compared.suffix == Same::No
        || matches!(compared.born, Born::Different | Born::SameYear)
        || compared.given == Given::Different
        || is_generation(compared, seen, candidate)
        // Newborns of one birth who are told apart by a letter that the other record leaves out.
        || compared.given == Given::Placeholder
            && seen.placeholder.as_ref().map(|one| &one.letter) != candidate.placeholder.as_ref().map(|one| &one.letter)
            && compared.number != Same::Yes
}

/// The practice's own number agrees: the rest must not speak against it.
fn by_number(compared: &Compared) -> bool {
    let named = matches!(compared.family, Family::Exact | Family::Part | Family::Close);
    let given = !matches!(compared.given, Given::Unknown | Given::Different);
    let born = matches!(compared.born, Born::Exact | Born::Swapped | Born::OneDigit);
    let married = compared.family == Family::Different
        && compared.born == Born::Exact
        && matches!(compared.given, Given::Exact | Given::Nickname);
    named && (given || born) || married
}

/// No number agrees: name and birth day have to, and a second thing where one of them is spoilt.
fn by_name(compared: &Compared) -> bool {
    let given = matches!(compared.given, Given::Exact | Given::Nickname);
    let family = matches!(compared.family, Family::Exact | Family::Part);
    let more = compared.shares_contact() || compared.middle == Same::Yes;
    if compared.middle == Same::No || !given {
        return false;
    }
    match compared.born {
        // Another number within one practice is another chart, until something else says that it is the same person.
        Born::Exact if family => compared.number != Same::No || more,
        Born::Exact => compared.family == Family::Close && compared.shares_contact() && compared.number != Same::No,
        Born::Swapped | Born::OneDigit => {
            compared.family == Family::Exact && compared.shares_contact() && compared.number != Same::No
        }
        _ => false,
    }
}

/// Words beside a name that are none of it.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "miss", "mx", "master", "patient", "pt", "the", "jr", "sr", "ii", "iii", "iv", "junior",
    "senior", "md", "do", "phd", "rn", "np", "pa", "dr", "esq", "minor", "child", "son", "daughter", "of", "nee",
    "aka",
];

/// Does a written name belong to this person. Order, commas, titles, initials, nicknames, one wrong letter, a former name and a part of a
/// double name are all the same.
pub(super) fn same_name(written: &str, patient: &Known) -> SameName {
    let all = words(written);
    let named: Vec<&str> = all.iter().map(String::as_str).filter(|word| !TITLES.contains(word)).collect();
    if named.is_empty() || patient.family.is_empty() && patient.given.is_empty() {
        return SameName::Unclear;
    }
    let is_placeholder =
        |word: &&str| matches!(*word, "baby" | "newborn" | "infant" | "babyboy" | "babygirl" | "unnamed");
    let newborn = named.iter().any(is_placeholder) || patient.placeholder.is_some();
    let is_family = |word: &str| is_family(word, patient);
    let is_given = |word: &str| is_given(word, patient);
    // "De la Cruz" is three words here and may be one there.
    let joined = named.concat();
    let family = named.iter().any(|word| is_family(word))
        || patient.family.len() > 3 && joined.contains(&patient.family)
        || named.windows(2).any(|pair| is_family(&pair.concat()));
    let given = named.iter().filter(|word| !is_family(word)).any(|word| is_given(word))
        || named.len() >= 2 && named.windows(2).any(|pair| is_given(&pair.concat()))
        // A family name that is also the given name: "Thomas Thomas".
        || named.len() >= 2 && named.iter().filter(|word| is_given(word)).count() >= 2;
    match (family, given) {
        (true, true) => SameName::Same,
        (true, false) if newborn => SameName::Unclear,
        (true, false) => {
            let others = named.iter().filter(|word| word.chars().count() > 1 && !is_family(word)).count();
            if others == 0 { SameName::Unclear } else { SameName::Different }
        }
        // A given name alone, of several words or not.
        (false, true) if named.iter().all(|word| is_given(word)) => SameName::Unclear,
        _ => SameName::Different,
    }
}

/// Does the written name hold this person's given name: somebody may have married.
pub(super) fn same_given(written: &str, patient: &Known) -> bool {
    words(written).iter().any(|word| word.chars().count() > 1 && is_given(word, patient))
}

/// Does the written name hold this person's family name, written as it is known.
pub(super) fn same_family(written: &str, patient: &Known) -> bool {
    words(written).iter().any(|word| word.chars().count() > 1 && *word == patient.family)
}

fn is_family(word: &str, patient: &Known) -> bool {
    word == patient.family
        || patient.family_parts.iter().any(|part| part == word || is_close(word, part))
        || is_close(word, &patient.family)
}

fn is_given(word: &str, patient: &Known) -> bool {
    let names = std::iter::once(&patient.given).chain(&patient.middle).filter(|name| !name.is_empty());
    let is_initial = |name: &str| word.chars().count() == 1 && name.starts_with(word);
    let is_written_short = |name: &str| name.chars().count() == 1 && word.starts_with(name);
    let joined = patient.middle.first().is_some_and(|middle| {
        word.len() == patient.given.len() + middle.len() && word.starts_with(&patient.given) && word.ends_with(middle)
    });
    joined
        || names.into_iter().any(|name| {
            word == name
                || stand_for(word, name)
                || is_close(word, name)
                || is_short_form(word, name)
                || is_initial(name)
                || is_written_short(name)
        })
}
