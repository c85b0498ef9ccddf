//! What archives say beside their members: who owns a member, extended headers of tar, extra fields of zip.
//!
//! Owners and the words of extended headers are text, read and written back as any other; whatever holds more than is known here, or
//! cannot be written back, is said to be opaque, so that nothing passes that nobody has looked at.
//!
//! What must always hold: a header that was changed has its length and its sum again; an extended header's records have their lengths.
//!
//! What it refuses to know: what stands in members.

use super::super::edit::EditError;
use super::super::escape::{Around, Escape};
use super::super::layer::{Codec, Layer};
use super::super::weave::Weaver;
use super::super::{Meaning, NO_COLUMN, Opaque, Place, Reading, What, Who};
use super::{BLOCK, text_until_nul};
use std::ops::Range;
use std::sync::Arc;

/// Where a header has the names of its member's owner and of the owner's group (POSIX.1-1988, ustar).
const USER: Range<usize> = 265..297;
const GROUP: Range<usize> = 297..329;
/// Accounts of machines, which are nobody's.
const ACCOUNTS: &[&str] = &[
    "root",
    "wheel",
    "staff",
    "users",
    "user",
    "admin",
    "administrators",
    "nobody",
    "nogroup",
    "daemon",
    "bin",
    "sys",
    "system",
    "www-data",
    "ubuntu",
    "debian",
    "docker",
    "runner",
    "postgres",
    "mysql",
    "node",
    "jenkins",
    "vagrant",
    "ec2-user",
    "none",
    "everyone",
    "domain users",
    "sudo",
    "adm",
    "default",
    "app",
    "build",
    "git",
    "nginx",
    "apache",
];
/// Records of extended headers that are numbers, or that are read as names of members (pax, 3.1.3, and what star and GNU add).
const NUMBERS: &[&str] = &[
    "path",
    "linkpath",
    "atime",
    "mtime",
    "ctime",
    "size",
    "uid",
    "gid",
    "charset",
    "hdrcharset",
    "LIBARCHIVE.creationtime",
    "SCHILY.dev",
    "SCHILY.ino",
    "SCHILY.nlink",
    "SCHILY.realsize",
    "SCHILY.devmajor",
    "SCHILY.devminor",
    "SCHILY.fflags",
    "SCHILY.filetype",
    "LIBARCHIVE.symlinktype",
    "LIBARCHIVE.xattr.com.apple.provenance",
    "SCHILY.xattr.com.apple.provenance",
    "RHT.security.selinux",
];
/// Records that are words.
const WORDS: &[&str] = &["uname", "gname", "comment"];
/// Extra fields of zip that hold times, numbers of users, lengths and checksums (APPNOTE 4.5.2 and 4.6.1), and two that are only empty.
const FIELDS: &[u16] = &[0x0001, 0x000A, 0x5455, 0x5855, 0x7855, 0x7875, 0x9901, 0xCAFE, 0xD935];
/// A name and a comment of a member in UTF-8 (4.6.9, 4.6.8).
const NAMES: [u16; 2] = [0x7075, 0x6375];
/// Room that Microsoft's programs leave for a name to grow into, all of it zeros behind a signature and a length.
const GROWTH: u16 = 0xA220;

/// One record of an extended header: its key, its value, and all of it.
struct Record {
    key: Range<usize>,
    value: Range<usize>,
    all: Range<usize>,
}

impl Record {
    fn is_words(&self, bytes: &[u8]) -> bool {
        let key = bytes.get(self.key.clone()).unwrap_or_default();
        !NUMBERS.iter().any(|known| known.as_bytes() == key) && !key.starts_with(b"GNU.sparse.")
    }
}

/// The records of an extended header; none if it has another form.
fn records(bytes: &[u8]) -> Option<Vec<Record>> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let rest = bytes.get(at..)?;
        let blank = rest.iter().take(12).position(|byte| *byte == b' ')?;
        let long: usize = std::str::from_utf8(&rest[..blank]).ok()?.parse().ok()?;
        let record = rest.get(blank + 1..long)?;
        let equals = record.iter().position(|byte| *byte == b'=')?;
        if record.last() != Some(&b'\n') || equals + 1 > record.len() - 1 {
            return None;
        }
        let start = at + blank + 1;
        found.push(Record { key: start..start + equals, value: start + equals + 1..at + long - 1, all: at..at + long });
        at += long;
    }
    Some(found)
}

/// The value of a record, as a name of a member.
pub(super) fn record(bytes: &[u8], wanted: &str) -> Option<String> {
    let found = records(bytes)?.into_iter().rfind(|one| bytes.get(one.key.clone()) == Some(wanted.as_bytes()))?;
    let value = String::from_utf8_lossy(bytes.get(found.value)?).into_owned();
    Some(value.chars().take(4_096).collect())
}

/// The words of an extended header, a line for each record that has some.
pub(in super::super) fn words_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for record in records(bytes)?.iter().filter(|record| record.is_words(bytes)) {
        out.extend_from_slice(bytes.get(record.key.start..record.value.end)?);
        out.push(b'\n');
    }
    Some(out)
}

/// An extended header with other words; its keys stay.
pub(in super::super) fn with_words(old: &[u8], words: &[u8]) -> Result<Vec<u8>, EditError> {
    let mut lines = words.split(|byte| *byte == b'\n');
    let mut out = Vec::with_capacity(old.len());
    for record in records(old).ok_or(EditError::OtherSource)? {
        if !record.is_words(old) {
            out.extend_from_slice(old.get(record.all).ok_or(EditError::OtherSource)?);
            continue;
        }
        let line = lines.next().ok_or(EditError::NotEditable)?;
        let key = old.get(record.key).ok_or(EditError::OtherSource)?;
        if !line.starts_with(key) {
            return Err(EditError::NotEditable);
        }
        // The length counts itself.
        let bare = line.len() + 2;
        let mut long = bare + 1;
        while long != bare + long.to_string().len() {
            long += 1;
        }
        out.extend_from_slice(format!("{long} ").as_bytes());
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    Ok(out)
}

/// The owner's name and the group's, a line each.
pub(in super::super) fn owners_of(header: &[u8]) -> Option<Vec<u8>> {
    let [user, group] = [USER, GROUP].map(|range| header.get(range).map(text_until_nul));
    Some(format!("{}\n{}\n", user?, group?).into_bytes())
}

/// A header with other owners; its sum is not counted yet.
pub(in super::super) fn with_owners(header: &mut [u8], owners: &[u8]) -> Result<(), EditError> {
    let mut lines = owners.split(|byte| *byte == b'\n');
    for range in [USER, GROUP] {
        let name = lines.next().ok_or(EditError::NotEditable)?;
        let place = header.get_mut(range).ok_or(EditError::OtherSource)?;
        // A name ends with a zero.
        let (front, rest) = place.split_at_mut_checked(name.len()).ok_or(EditError::NotRepresentable)?;
        if rest.is_empty() {
            return Err(EditError::NotRepresentable);
        }
        front.copy_from_slice(name);
        rest.fill(0);
    }
    Ok(())
}

/// Reads the owners of a member, whose header begins at this byte.
pub(super) fn read_owners(reading: &mut Reading<'_>, bytes: &[u8], at: usize, place: &Place) {
    let Some(header) = bytes.get(at..at + BLOCK) else { return };
    // Without this sign there are no such names.
    if header.get(257..262).is_none_or(|sign| sign != b"ustar") {
        return;
    }
    let ends = [0..100, 157..257, USER, GROUP].into_iter().all(|range| {
        let field = header.get(range).unwrap_or_default();
        field.iter().skip_while(|byte| **byte != 0).all(|byte| *byte == 0)
    });
    let is_text = [USER, GROUP]
        .into_iter()
        .all(|range| header.get(range).is_some_and(|name| std::str::from_utf8(name).is_ok() && !name.contains(&b'\n')));
    if !ends || !is_text {
        return reading.opaque(place.name.clone(), Opaque::Damaged(at as u64));
    }
    let inside = owners_of(header).unwrap_or_default();
    let text = std::str::from_utf8(&inside).unwrap_or_default();
    if text.trim().is_empty() {
        return;
    }
    let layer = Layer {
        codec: Codec::TarOwners(at),
        range: at..at + BLOCK,
        map: None,
        under: place.layer.clone(),
        inside_bytes_max: BLOCK,
    };
    let mut weaver = Weaver::new(reading, &Place { layer: Some(Arc::new(layer)), ..place.clone() });
    let mut start = 0;
    for line in text.split_terminator('\n') {
        account(&mut weaver, text, start..start + line.len());
        start += line.len() + 1;
        weaver.gap("\n", start - 1..start);
    }
    weaver.finish();
}

/// An account is somebody's unless it is a machine's.
fn account(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>) {
    let name = text[range.clone()].to_ascii_lowercase();
    let is_machines = ACCOUNTS.contains(&name.as_str()) || name.starts_with('_');
    weaver.begin(if is_machines { Meaning::CODE } else { Meaning::of(What::FullName, Who::Unknown) }, NO_COLUMN);
    weaver.copy(text, range, Escape::Identifier(Around::Line));
    weaver.end();
}

/// Reads the words of an extended header.
pub(super) fn read_extended(
    reading: &mut Reading<'_>,
    bytes: &[u8],
    (at, range): (usize, Range<usize>),
    place: &Place,
) {
    let inside = bytes.get(range.clone()).unwrap_or_default();
    let Some(words) = words_of(inside) else {
        return reading.opaque(place.name.clone(), Opaque::Damaged(range.start as u64));
    };
    let (many, lines) = (records(inside).unwrap_or_default(), words.iter().filter(|byte| **byte == b'\n').count());
    let many: Vec<_> = many.iter().filter(|record| record.is_words(inside)).collect();
    // Attributes of a file system may hold anything, most of it packed; a value of several lines could not be told from two.
    let is_closed = many.iter().any(|record| {
        let key = inside.get(record.key.clone()).unwrap_or_default();
        !WORDS.iter().any(|known| known.as_bytes() == key)
    });
    let text = std::str::from_utf8(&words).ok().filter(|_| lines == many.len() && !is_closed);
    let Some(text) = text else {
        return reading.opaque(place.name.clone(), Opaque::UnknownBinary);
    };
    if text.is_empty() {
        return;
    }
    let layer = Layer {
        codec: Codec::TarWords(at),
        range,
        map: None,
        under: place.layer.clone(),
        inside_bytes_max: words.len(),
    };
    let mut weaver = Weaver::new(reading, &Place { layer: Some(Arc::new(layer)), ..place.clone() });
    let mut start = 0;
    for line in text.split_terminator('\n') {
        let equals = start + line.find('=').unwrap_or(0);
        let (key, value) = (&text[start..equals], equals + 1..start + line.len());
        weaver.value(text, start..equals, Escape::Line, Meaning::CODE);
        weaver.gap(": ", equals..equals + 1);
        if matches!(key, "uname" | "gname") {
            account(&mut weaver, text, value);
        } else {
            weaver.copy(text, value, Escape::Line);
        }
        start += line.len() + 1;
        weaver.gap("\n", start - 1..start);
    }
    weaver.finish();
}

/// What the extra fields of a member of a zip archive hold, in its own header and in the directory: names and comments, to be looked
/// at as such, and whether there is anything else that nobody reads here.
pub(super) fn fields_of(bytes: &[u8], own: u64, directory: u64) -> Option<Vec<String>> {
    let mut names = Vec::new();
    // APPNOTE 4.3.7 and 4.3.12: lengths of the name and of the fields, and where the name begins.
    for (at, sign, lengths, name) in [(own, b"PK\x03\x04", 26, 30), (directory, b"PK\x01\x02", 28, 46)] {
        let header = bytes.get(usize::try_from(at).ok()?..)?;
        if !header.starts_with(sign) {
            return None;
        }
        let two = |at: usize| Some(usize::from(u16::from_le_bytes(header.get(at..at + 2)?.try_into().ok()?)));
        let (name_bytes, extra_bytes) = (two(lengths)?, two(lengths + 2)?);
        names.push(String::from_utf8_lossy(header.get(name..name + name_bytes)?).into_owned());
        let mut extra = header.get(name + name_bytes..name + name_bytes + extra_bytes)?;
        while let Some((head, rest)) = extra.split_at_checked(4) {
            let id = u16::from_le_bytes([head[0], head[1]]);
            let (field, next) = rest.split_at_checked(usize::from(u16::from_le_bytes([head[2], head[3]])))?;
            extra = next;
            let is_known = FIELDS.contains(&id) || id == GROWTH && field.iter().skip(4).all(|byte| *byte == 0);
            if NAMES.contains(&id) {
                // A version and a checksum stand before it.
                names.push(String::from_utf8_lossy(field.get(5..).unwrap_or_default()).into_owned());
            } else if !is_known && field.iter().any(|byte| *byte != 0) {
                return None;
            }
        }
        if extra.iter().any(|byte| *byte != 0) {
            return None;
        }
    }
    Some(names)
}
