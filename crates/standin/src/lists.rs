//! The lists that lie in `data/`: names, places, phrases, words, ailments, growth, read once.
//!
//! What must always hold: every section that code asks for is there and not empty, which the tests look at.
//!
//! What it refuses to know: what becomes of the items.

use std::collections::HashMap;
use std::sync::OnceLock;

/// Sections of one file.
pub(crate) struct Lists(HashMap<&'static str, Vec<&'static str>>);

/// How items are divided.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Divided {
    ByCommas,
    ByLines,
}

impl Lists {
    fn read(text: &'static str, divided: Divided) -> Self {
        let mut sections: HashMap<&'static str, Vec<&'static str>> = HashMap::new();
        let mut section = "";
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = name_of(line) {
                section = name;
                continue;
            }
            let items = sections.entry(section).or_default();
            match divided {
                Divided::ByLines => items.push(line),
                Divided::ByCommas => items.extend(line.split(',').map(str::trim).filter(|item| !item.is_empty())),
            }
        }
        Self(sections)
    }

    /// The items of a section.
    pub(crate) fn of(&self, section: &str) -> &[&'static str] {
        self.0.get(section).expect("every section that is asked for lies in data/, and a test looks")
    }

    /// All names of sections that begin so, in order.
    pub(crate) fn sections(&self, start: &str) -> Vec<&'static str> {
        let mut names: Vec<_> = self.0.keys().copied().filter(|name| name.starts_with(start)).collect();
        names.sort_unstable();
        names
    }
}

/// `[name]`, alone on its line, without anything that an alternative of a phrase has.
fn name_of(line: &'static str) -> Option<&'static str> {
    let name = line.strip_prefix('[')?.strip_suffix(']')?;
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.' || byte == b'_').then_some(name)
}

/// Names of people, by origin.
pub(crate) fn names() -> &'static Lists {
    static NAMES: OnceLock<Lists> = OnceLock::new();
    NAMES.get_or_init(|| Lists::read(include_str!("../data/names.txt"), Divided::ByCommas))
}

/// Streets, cities, practices, payers.
pub(crate) fn places() -> &'static Lists {
    static PLACES: OnceLock<Lists> = OnceLock::new();
    PLACES.get_or_init(|| Lists::read(include_str!("../data/places.txt"), Divided::ByCommas))
}

/// What notes are made of.
pub(crate) fn phrases() -> &'static Lists {
    static PHRASES: OnceLock<Lists> = OnceLock::new();
    PHRASES.get_or_init(|| Lists::read(include_str!("../data/phrases.txt"), Divided::ByLines))
}

/// Words that stand in for one another in notes.
pub(crate) fn words() -> &'static Lists {
    static WORDS: OnceLock<Lists> = OnceLock::new();
    WORDS.get_or_init(|| Lists::read(include_str!("../data/words.txt"), Divided::ByCommas))
}

/// What people have and what is done about it.
pub(crate) fn ailments() -> &'static Lists {
    static AILMENTS: OnceLock<Lists> = OnceLock::new();
    AILMENTS.get_or_init(|| Lists::read(include_str!("../data/ailments.txt"), Divided::ByLines))
}

/// Shapes of what is measured of children, by age.
pub(crate) fn growth() -> &'static Lists {
    static GROWTH: OnceLock<Lists> = OnceLock::new();
    GROWTH.get_or_init(|| Lists::read(include_str!("../data/growth.txt"), Divided::ByLines))
}

#[cfg(test)]
mod tests {
    use super::{Lists, name_of, names, places};
    use crate::people::Origin;

    #[test]
    fn every_origin_has_names_and_every_place_its_parts() {
        for origin in Origin::ALL {
            for what in ["female", "male", "family"] {
                assert!(names().of(&format!("{}.{what}", origin.as_str())).len() >= 20);
            }
        }
        for city in places().of("city") {
            let parts: Vec<&str> = city.split('/').collect();
            assert!(parts.len() == 4 && parts[1].len() == 2 && parts[2].len() == 3 && parts[3].len() == 3, "{city}");
        }
        assert!(places().of("payer").iter().all(|payer| payer.split('/').count() == 3));
    }

    #[test]
    fn a_line_of_alternatives_is_no_name_of_a_section() {
        assert_eq!(name_of("[plan.sick]"), Some("plan.sick"));
        assert_eq!(name_of("[Mom|Dad] says [so]"), None);
        assert_eq!(Lists::read("[a]\nb", super::Divided::ByLines).of("a"), ["b"]);
    }
}
