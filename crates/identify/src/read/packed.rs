//! Packed files: zip (DOCX and XLSX too), gzip, tar. Each member is read as what it is.
//!
//! What must always hold: no member is unpacked beyond the limits, whatever it says of its size; members that cannot be
//! read are said; a member that was changed is packed again, and the others stay byte for byte.
//!
//! What it refuses to know: paths as places on a disk. A member's name is a label.

mod beside;
mod between;

use super::edit::{Change, EditError};
use super::layer::{Codec, Layer};
use super::sheets::Sheets;
use super::{Opaque, Place, Reading, office, read_bytes};
use flate2::read::MultiGzDecoder;
use std::collections::{BTreeMap, HashMap};
use std::io::{Cursor, Read, Write};
use std::ops::Range;
use std::sync::Arc;

/// Below this size of a member its ratio says nothing, in bytes.
const RATIO_FROM_BYTES: usize = 1 << 20;
/// A block of a tar archive, in bytes.
const BLOCK: usize = 512;

pub(super) use beside::{owners_of, with_words, words_of};

/// Reads at most so much; when there is more, or when it cannot be unpacked, why, and how many bytes were unpacked for it.
fn bounded(from: impl Read, most: usize) -> Result<Vec<u8>, (Opaque, u64)> {
    let mut out = Vec::new();
    let limit = (most as u64).saturating_add(1);
    let ended = from.take(limit).read_to_end(&mut out);
    match ended {
        Err(_) => Err((Opaque::Damaged(0), out.len() as u64)),
        Ok(_) if out.len() > most => Err((Opaque::TooLarge, out.len() as u64)),
        Ok(_) => Ok(out),
    }
}

impl Reading<'_> {
    /// How much a member of so many packed bytes may unpack to.
    fn room(&self, packed: usize) -> usize {
        let ratio = packed.saturating_mul(self.limits.packed_ratio_max).max(RATIO_FROM_BYTES);
        let left = usize::try_from(self.limits.packed_bytes_max.saturating_sub(self.unpacked)).unwrap_or(usize::MAX);
        ratio.min(left).min(self.limits.packed_member_bytes_max)
    }
}

/// Reads a zip archive.
pub(super) fn read_zip(reading: &mut Reading<'_>, bytes: &[u8], place: &Place) {
    // Counted before the library allocates for each of them.
    let entries = bytes.windows(4).filter(|window| window == b"PK\x01\x02").count();
    if entries > reading.limits.packed_entries_max {
        return reading.opaque(place.name.clone(), Opaque::TooLarge);
    }
    let Ok(mut archive) = zip::ZipArchive::new(Cursor::new(bytes)) else {
        return reading.opaque(place.name.clone(), Opaque::Damaged(0));
    };
    if archive.has_duplicate_names() {
        // Programs disagree which of two members of one name is meant; the library shows one of them.
        reading.opaque(place.name.clone(), Opaque::Damaged(0));
    }
    said_beside(reading, &label_of(archive.comment()), place);
    if between::holds_more(bytes, &mut archive) {
        reading.opaque(place.name.clone(), Opaque::UnknownBinary);
    }
    let is_office = archive.file_names_raw().any(|name| name == b"[Content_Types].xml");
    let sheets = if is_office { sheets_of(reading, &mut archive) } else { Sheets::default() };
    for index in 0..archive.len() {
        let member = match archive.by_index_raw(index) {
            Ok(member) => {
                said_of(reading, bytes, &member, place);
                (label_of(member.name_raw()), member.encrypted(), member.compressed_size())
            }
            Err(_) => {
                reading.opaque(place.name.clone(), Opaque::Damaged(0));
                continue;
            }
        };
        let (name, encrypted, packed) = member;
        if is_office && office::is_look(&name) {
            continue;
        }
        let layer = |inside_bytes_max| {
            let under = place.layer.clone();
            Arc::new(Layer { codec: Codec::Zip(index), range: 0..bytes.len(), map: None, under, inside_bytes_max })
        };
        let inner = place.inner(&name, layer(0));
        if encrypted {
            reading.opaque(inner.name, Opaque::Encrypted);
            continue;
        }
        let room = reading.room(usize::try_from(packed).unwrap_or(usize::MAX));
        let inside = match archive.by_index(index) {
            Ok(file) => bounded(file, room),
            Err(_) => Err((Opaque::Packing, 0)),
        };
        match inside {
            Err((why, unpacked)) => {
                // What was unpacked in vain has cost as much: many members that are too large cost no more than one file may.
                reading.unpacked += unpacked;
                reading.opaque(inner.name, why);
            }
            Ok(inside) => {
                reading.unpacked += inside.len() as u64;
                let inner = place.inner(&name, layer(inside.len()));
                if inside.is_empty() {
                    reading.name_alone(&inner);
                } else if is_office && office::is_words(&name) {
                    office::read(reading, &inside, &name, &inner, &sheets);
                } else {
                    read_bytes(reading, &inside, &name, &inner);
                }
            }
        }
    }
}

/// What an archive says of a member, beside its name.
fn said_of(reading: &mut Reading<'_>, bytes: &[u8], member: &zip::read::ZipFile<'_, Cursor<&[u8]>>, place: &Place) {
    said_beside(reading, member.comment(), place);
    match beside::fields_of(bytes, member.header_start(), member.central_header_start()) {
        None => reading.opaque(place.name.clone(), Opaque::UnknownBinary),
        Some(names) => {
            let own = label_of(member.name_raw());
            names.iter().filter(|name| **name != own).for_each(|name| said_beside(reading, name, place));
        }
    }
}

/// A comment on an archive or on one of its members: what people write there is looked at as a name is.
fn said_beside(reading: &mut Reading<'_>, comment: &str, place: &Place) {
    if !comment.trim().is_empty() {
        let layer = Layer::slice(0..0, place.layer.clone());
        reading.name_alone(&place.inner(comment, Arc::new(layer)));
    }
}

/// What the strings and columns of a workbook mean, if it is one that can be looked at.
fn sheets_of(reading: &Reading<'_>, archive: &mut zip::ZipArchive<Cursor<&[u8]>>) -> Sheets {
    let names: Vec<String> = archive.file_names_raw().map(label_of).collect();
    let mut text = |index: usize| {
        let packed = archive.by_index_raw(index).ok().filter(|member| !member.encrypted())?.compressed_size();
        let room = reading.room(usize::try_from(packed).unwrap_or(usize::MAX));
        String::from_utf8(bounded(archive.by_index(index).ok()?, room).ok()?).ok()
    };
    if !names.iter().any(|name| name == "xl/workbook.xml" || name.starts_with("xl/worksheets/")) {
        return Sheets::default();
    }
    // A workbook whose cells hold their own words has no shared ones.
    let mut part = |wanted: &str| names.iter().position(|name| name == wanted).and_then(&mut text).unwrap_or_default();
    let (strings, styles, book) = (part("xl/sharedStrings.xml"), part("xl/styles.xml"), part("xl/workbook.xml"));
    let is_sheet = |name: &str| name.starts_with("xl/worksheets/") && name.ends_with(".xml");
    let is_cache = |name: &str| name.starts_with("xl/pivotCache/pivotCacheDefinition") && name.ends_with(".xml");
    let mut all = |wanted: &dyn Fn(&str) -> bool| -> Vec<(String, String)> {
        let named = names.iter().enumerate().filter(|(_, name)| wanted(name));
        named.filter_map(|(index, name)| Some((name.clone(), text(index)?))).collect()
    };
    let (sheets, caches) = (all(&is_sheet), all(&is_cache));
    Sheets::of(&sheets, &strings, &styles, &book).with_caches(&caches)
}

/// A member's name; letters that are no UTF-8 are shown as such.
fn label_of(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// A zip archive in memory, with its directory read.
pub(super) type Archive<'a> = zip::ZipArchive<Cursor<&'a [u8]>>;

/// A member of a zip archive, unpacked. The archive is opened when the first one is asked for.
pub(super) fn zip_member<'a>(
    bytes: &'a [u8],
    archive: &mut Option<Archive<'a>>,
    index: usize,
    most: usize,
) -> Result<Vec<u8>, EditError> {
    let archive = match archive {
        Some(archive) => archive,
        None => archive.insert(zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| EditError::OtherSource)?),
    };
    let member = archive.by_index(index).map_err(|_| EditError::OtherSource)?;
    bounded(member, most).map_err(|_| EditError::OtherSource)
}

/// The archive with these members changed; the others are copied as they lie there.
pub(super) fn zip_again(outer: &[u8], members: &[(usize, Vec<u8>)]) -> Result<Vec<u8>, EditError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(outer)).map_err(|_| EditError::OtherSource)?;
    // Another member is so damaged that it cannot be copied.
    let wrong = |_| EditError::NotEditable;
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::with_capacity(outer.len())));
    writer.set_raw_comment(archive.comment().into()).map_err(wrong)?;
    let members: HashMap<usize, &[u8]> = members.iter().map(|(index, inside)| (*index, inside.as_slice())).collect();
    for index in 0..archive.len() {
        let changed = members.get(&index);
        let member = archive.by_index_raw(index).map_err(wrong)?;
        match changed {
            None => writer.raw_copy_file(member).map_err(wrong)?,
            Some(inside) => {
                let (name, options) = (label_of(member.name_raw()), member.options());
                drop(member);
                writer.start_file(name, options).map_err(wrong)?;
                writer.write_all(inside).map_err(|_| EditError::NotEditable)?;
            }
        }
    }
    Ok(writer.finish().map_err(wrong)?.into_inner())
}

/// Reads what one gzip holds.
pub(super) fn read_gzip(reading: &mut Reading<'_>, bytes: &[u8], name: &str, place: &Place) {
    let room = reading.room(bytes.len());
    let mut members = between::Members::new(bytes);
    match bounded(&mut members, room) {
        Err((why, unpacked)) => {
            reading.unpacked += unpacked;
            reading.opaque(place.name.clone(), why);
        }
        Ok(inside) => {
            reading.unpacked += inside.len() as u64;
            let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".tgz")).unwrap_or(name);
            let plain = plain.rsplit(['/', '\\']).next().unwrap_or(plain);
            let layer = Layer {
                codec: Codec::Gzip,
                range: 0..bytes.len(),
                map: None,
                under: place.layer.clone(),
                inside_bytes_max: inside.len(),
            };
            if members.has_fields {
                reading.opaque(place.name.clone(), Opaque::UnknownBinary);
            }
            // The name that the file had when it was packed stays in its header; whoever looks at names has to see that one.
            let packed = members.name.as_deref().map(label_of).filter(|name| !name.is_empty());
            for said in members.said.iter().map(|said| label_of(said)) {
                said_beside(reading, &said, place);
            }
            let label = packed.as_deref().unwrap_or(if plain.is_empty() { "unpacked" } else { plain });
            read_bytes(reading, &inside, plain, &place.inner(label, Arc::new(layer)));
        }
    }
}

/// What a gzip holds.
pub(super) fn gunzip(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    bounded(MultiGzDecoder::new(bytes), most).ok()
}

/// Packs again, under the name and the time that the old one bore.
pub(super) fn gzip(inside: &[u8], old: &[u8]) -> Result<Vec<u8>, EditError> {
    let header = flate2::read::GzDecoder::new(old);
    let mut builder = flate2::GzBuilder::new();
    if let Some(header) = header.header() {
        builder = builder.mtime(header.mtime());
        if let Some(name) = header.filename() {
            builder = builder.filename(name);
        }
    }
    let mut writer = builder.write(Vec::new(), flate2::Compression::default());
    writer.write_all(inside).map_err(|_| EditError::NotEditable)?;
    writer.finish().map_err(|_| EditError::NotEditable)
}

/// Reads a tar archive (POSIX ustar and pax, GNU long names).
pub(super) fn read_tar(reading: &mut Reading<'_>, bytes: &[u8], place: &Place) {
    let mut at = 0;
    let mut long_name: Option<String> = None;
    let mut members = 0;
    while let Some(header) = bytes.get(at..at + BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            // The end, or what lies between archives that were put one behind the other.
            at += BLOCK;
            continue;
        }
        let size = number(&header[124..136]).and_then(|size| usize::try_from(size).ok());
        let start = at + BLOCK;
        let Some(end) = size.and_then(|size| start.checked_add(size)).filter(|end| *end <= bytes.len()) else {
            return reading.opaque(place.name.clone(), Opaque::Damaged(at as u64));
        };
        members += 1;
        if members > reading.limits.packed_entries_max {
            return reading.opaque(place.name.clone(), Opaque::TooLarge);
        }
        let name = long_name.take().unwrap_or_else(|| name_of(header));
        beside::read_owners(reading, bytes, at, place);
        let padding = bytes.get(end..end.next_multiple_of(BLOCK).min(bytes.len())).unwrap_or_default();
        if padding.iter().any(|byte| *byte != 0) {
            reading.opaque(place.name.clone(), Opaque::Damaged(end as u64));
        }
        match header[156] {
            b'0' | 0 | b'7' => {
                let mut slice = Layer::slice(start..end, place.layer.clone());
                slice.codec = Codec::Tar(at);
                if start == end {
                    reading.name_alone(&place.inner(&name, Arc::new(slice)));
                    at = end;
                    continue;
                }
                read_bytes(reading, &bytes[start..end], &name, &place.inner(&name, Arc::new(slice)));
            }
            b'L' => long_name = Some(text_until_nul(&bytes[start..end])),
            b'x' | b'g' => {
                beside::read_extended(reading, bytes, (at, start..end), place);
                if let Some(target) = beside::record(&bytes[start..end], "linkpath") {
                    said_beside(reading, &target, place);
                }
                long_name = beside::record(&bytes[start..end], "path");
            }
            // Folders, links and devices hold nothing, but they have names, and so has what a link points to.
            b'1'..=b'6' => {
                let target = text_until_nul(&header[157..257]);
                for name in [name, target].iter().filter(|name| !name.is_empty()) {
                    reading.name_alone(&place.inner(name, Arc::new(Layer::slice(start..end, place.layer.clone()))));
                }
            }
            b'K' => said_beside(reading, &text_until_nul(&bytes[start..end]), place),
            _ => {
                let name = place.inner(&name, Arc::new(Layer::slice(start..end, None))).name;
                reading.opaque(name, Opaque::Packing);
            }
        }
        at = end.next_multiple_of(BLOCK);
    }
    if bytes.get(at..).is_some_and(|rest| rest.iter().any(|byte| *byte != 0)) {
        reading.opaque(place.name.clone(), Opaque::Damaged(at as u64));
    }
}

fn text_until_nul(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end.min(4_096)]).into_owned()
}

fn name_of(header: &[u8]) -> String {
    let (prefix, name) = (text_until_nul(&header[345..500]), text_until_nul(&header[..100]));
    if prefix.is_empty() || &header[257..263] != b"ustar\0" { name } else { format!("{prefix}/{name}") }
}

/// A number of a header: octal digits, or bytes behind a high bit.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let bytes = field[field.len() - 8..].try_into().ok()?;
        return Some(u64::from_be_bytes(bytes));
    }
    let digits = text_until_nul(field);
    let digits = digits.trim();
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

/// What changes in the members of a tar archive, each by the place of its header.
#[derive(Default)]
pub(super) struct TarChanges {
    members: BTreeMap<usize, TarMember>,
}

#[derive(Default)]
struct TarMember {
    owners: Option<Vec<u8>>,
    inside: Option<(Range<usize>, Vec<u8>)>,
}

impl TarChanges {
    /// What it holds, or an extended header as a whole.
    pub(super) fn inside(&mut self, header_at: usize, range: Range<usize>, inside: Vec<u8>) {
        self.members.entry(header_at).or_default().inside = Some((range, inside));
    }

    /// Whose it is.
    pub(super) fn owners(&mut self, header_at: usize, owners: Vec<u8>) {
        self.members.entry(header_at).or_default().owners = Some(owners);
    }

    /// Headers with the size, the owners and the sum that they have now, and what members hold with their padding.
    pub(super) fn into_changes(self, outer: &[u8]) -> Result<Vec<Change>, EditError> {
        let mut changes = Vec::new();
        for (at, member) in self.members {
            let old = outer.get(at..at + BLOCK).ok_or(EditError::OtherSource)?;
            let mut header = old.to_vec();
            if let Some(owners) = member.owners {
                beside::with_owners(&mut header, &owners)?;
            }
            if let Some((range, mut inside)) = member.inside {
                if inside.len() == range.len() {
                    changes.push(Change { range, new: inside });
                } else {
                    let size = format!("{:011o}\0", inside.len());
                    if size.len() > 12 {
                        return Err(EditError::NotEditable);
                    }
                    header[124..136].copy_from_slice(size.as_bytes());
                    let padded = range.end.next_multiple_of(BLOCK).min(outer.len());
                    inside.resize(inside.len().next_multiple_of(BLOCK), 0);
                    changes.push(Change { range: range.start..padded, new: inside });
                }
            }
            if header != old {
                header[148..156].fill(b' ');
                let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
                header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
                changes.push(Change { range: at..at + BLOCK, new: header });
            }
        }
        Ok(changes)
    }
}
