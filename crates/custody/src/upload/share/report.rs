//! What an import did, or would do: numbers for anybody, names for one file that is closed to others.

use crate::CustodyError;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use store::ShareError;

/// Why a file stays outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportReject {
    /// It is a link.
    Link,
    /// It is no plain file.
    Special,
    /// The system does not let us read it.
    Unreadable,
    /// It lies too deep.
    Deep,
    /// It is too large.
    Large,
    /// It changed while it was read.
    Changed,
    /// It has no bytes.
    Empty,
    /// Its path follows no rule.
    NoRule,
    /// It is of a kind that is not taken, or not of the kind that its name says.
    Kind,
    /// Nobody could open it at the other end either: damaged, or a trap.
    Damaged,
    /// The malware scanner did not find it clean.
    NotClean,
    /// Its patient is not known with certainty, and the map rejects those.
    NoPatient,
    /// Its author is not known, and the map rejects those.
    NoAuthor,
    /// The same bytes came in before.
    Same,
    /// Another file came in from this very path before.
    Replaced,
}

impl ImportReject {
    /// In words, without anything of the file.
    #[must_use]
    pub const fn say(self) -> &'static str {
        match self {
            Self::Link => "a link; links are not followed",
            Self::Special => "no plain file: a pipe, a socket or a device",
            Self::Unreadable => "it cannot be read",
            Self::Deep => "it lies more than 64 folders deep",
            Self::Large => "it is too large",
            Self::Changed => "it changed while it was read",
            Self::Empty => "it is empty",
            Self::NoRule => "its path follows no rule of the map",
            Self::Kind => "its kind is not taken, or is not what its name says",
            Self::Damaged => "it is damaged or not whole",
            Self::NotClean => "the malware scanner did not find it clean",
            Self::NoPatient => "its patient is not known with certainty",
            Self::NoAuthor => "its author is not known",
            Self::Same => "the same bytes came in before",
            Self::Replaced => "another file came in from this path before",
        }
    }
}

impl From<ShareError> for ImportReject {
    fn from(error: ShareError) -> Self {
        match error {
            ShareError::Link => Self::Link,
            ShareError::Special => Self::Special,
            ShareError::Unreadable => Self::Unreadable,
            ShareError::Deep => Self::Deep,
            ShareError::Large => Self::Large,
            ShareError::Changed => Self::Changed,
        }
    }
}

/// Counts of an import. Nothing in it names a patient or a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportTally {
    /// Files on the share that were looked at so far, and what is no file.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Documents that came in, or would.
    pub taken: u64,
    /// Their bytes.
    pub taken_bytes: u64,
    /// Those of them whose patient is known with certainty.
    pub matched: u64,
    /// Those of them whose patient is not.
    pub unmatched: u64,
    /// Those that were to be delivered and whose text names somebody else than their patient: they wait for a person. A look
    /// opens nobody's record, and counts none.
    pub names_others: u64,
    /// Those that were to be delivered and which nobody could look into: they wait, too.
    pub unread: u64,
    /// Those of them whose author is not known.
    pub without_author: u64,
    /// Files that came in by an earlier run from this share.
    pub came_before: u64,
    /// Files that came in, and whose documents have gone to another practice with their patients: they are passed by.
    pub went: u64,
    /// Files that stay outside, by reason.
    pub rejected: BTreeMap<ImportReject, u64>,
    /// Documents by the number of the rule that they follow, from 1.
    pub by_rule: BTreeMap<usize, u64>,
    /// Documents by author: ids of people here.
    pub by_author: BTreeMap<record::PersonId, u64>,
    /// Documents by the year of the visit.
    pub by_year: BTreeMap<i16, u64>,
}

impl ImportTally {
    /// How many stay outside.
    #[must_use]
    pub fn rejects(&self) -> u64 {
        self.rejected.values().sum()
    }

    pub(super) fn reject(&mut self, why: ImportReject) {
        *self.rejected.entry(why).or_default() += 1;
    }
}

/// The list of rejects: the one place for names, closed to others. Without one they are only counted.
pub(super) struct Rejects(Option<csv::Writer<File>>);

impl Rejects {
    /// Makes the file, new and outside the share: whoever may write on the share is not to be handed the list.
    pub(super) fn create(path: Option<&Path>, share: &Path) -> Result<Self, CustodyError> {
        let Some(path) = path else { return Ok(Self(None)) };
        let say = |say: &'static str| CustodyError::field("rejects", say);
        let share = share.canonicalize().map_err(|_| CustodyError::field("share", "There is no such folder"))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = folder.canonicalize().map_err(|_| say("There is no folder for the list of rejects"))?;
        if folder.starts_with(&share) {
            return Err(say("The list of rejects cannot lie on the share itself"));
        }
        let made = File::options().write(true).create_new(true).mode(0o600).open(path);
        let file = made.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => say("The list of rejects is there already; name another file"),
            _ => say("The list of rejects cannot be made"),
        })?;
        let mut list = csv::Writer::from_writer(file);
        list.write_record(["path", "reason", "words"]).map_err(|_| unwritable())?;
        Ok(Self(Some(list)))
    }

    pub(super) fn add(&mut self, path: &[u8], why: ImportReject) -> Result<(), CustodyError> {
        let Some(list) = &mut self.0 else { return Ok(()) };
        let code = serde_json::to_value(why).map_err(CustodyError::seal)?;
        let code = code.as_str().unwrap_or_default();
        list.write_record([shown(path).as_str(), code, why.say()]).map_err(|_| unwritable())
    }

    pub(super) fn flush(&mut self) -> Result<(), CustodyError> {
        self.0.as_mut().map_or(Ok(()), |list| list.flush().map_err(|_| unwritable()))
    }
}

fn unwritable() -> CustodyError {
    CustodyError::State("the list of rejects cannot be written; nothing more was taken in")
}

/// A path for a table: what is no text or no sign to be shown is written as `%` and two digits, and a path that a
/// spreadsheet would take for a formula begins with an apostrophe.
fn shown(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for piece in path.utf8_chunks() {
        for letter in piece.valid().chars() {
            if letter.is_control() || crate::people::typed::is_hidden(letter) {
                let mut bytes = [0; 4];
                letter.encode_utf8(&mut bytes).bytes().for_each(|byte| text.push_str(&format!("%{byte:02X}")));
            } else {
                text.push(letter);
            }
        }
        piece.invalid().iter().for_each(|byte| text.push_str(&format!("%{byte:02X}")));
    }
    if text.starts_with(['=', '+', '-', '@']) {
        text.insert(0, '\'');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{ImportReject, Rejects, shown};
    use crate::testing::TempDir;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_path_in_the_list_is_no_formula_and_hides_nothing() {
        assert_eq!(shown("a/SMITH_2014.doc".as_bytes()), "a/SMITH_2014.doc");
        assert_eq!(shown(b"=cmd|x.txt"), "'=cmd|x.txt");
        assert_eq!(shown(b"a\n\xff.txt"), "a%0A%FF.txt");
        assert_eq!(shown("a\u{202e}txt.exe".as_bytes()), "a%E2%80%AEtxt.exe");
    }

    #[test]
    fn the_list_is_closed_to_others_new_and_not_on_the_share() {
        let dir = TempDir::new();
        let share = dir.path().join("share");
        std::fs::create_dir_all(share.join("below")).unwrap();
        let path = dir.path().join("rejects.csv");
        let mut list = Rejects::create(Some(&path), &share).unwrap();
        list.add(b"x,y.txt", ImportReject::NoRule).unwrap();
        list.flush().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "path,reason,words\n\"x,y.txt\",no_rule,its path follows no rule of the map\n");
        assert!(Rejects::create(Some(&path), &share).is_err(), "nothing is written over");
        for inside in ["share/rejects.csv", "share/below/rejects.csv", "share/../share/r.csv", "nowhere/r.csv"] {
            assert!(Rejects::create(Some(&dir.path().join(inside)), &share).is_err(), "{inside}");
        }
    }
}
