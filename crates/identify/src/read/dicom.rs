//! DICOM (PS3.5, PS3.10): the texts of a file's tags. Pixels are opaque.
//!
//! What must always hold: lengths are never believed beyond the file; items of sequences are read as tags like any
//! other; a new value is as long as the old one, padded with blanks, so that no length around it changes.
//!
//! What it refuses to know: pixels, in which names may be burnt; and character sets beyond UTF-8 and Latin letters.

use super::escape::Escape;
use super::weave::Weaver;
use super::{Meaning, NO_COLUMN, Opaque, Place, Reading, What, Who};

/// Values of bytes up to so many are numbers; larger ones are told as not read.
const BINARY_BYTES_MAX: usize = 16;
/// A length that is not said.
const UNKNOWN_LENGTH: u32 = u32::MAX;
/// Values longer than this are no texts, in bytes.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// Deflated transfer syntax (PS3.5, A.5).
const DEFLATED: &[u8] = b"1.2.840.10008.1.2.1.99";
const IMPLICIT: &[u8] = b"1.2.840.10008.1.2";
const BIG_ENDIAN: &[u8] = b"1.2.840.10008.1.2.2";

struct Tag {
    group: u16,
    element: u16,
    kind: [u8; 2],
    /// Where the value begins, and how long it says it is.
    value: usize,
    length: u32,
}

#[derive(Clone, Copy)]
struct Syntax {
    explicit: bool,
    big: bool,
}

/// Reads the tags.
pub(super) fn read(reading: &mut Reading<'_>, bytes: &[u8], place: &Place) {
    let mut weaver = Weaver::new(reading, place);
    weaver.record = weaver.record.saturating_add(1);
    let mut syntax = Syntax { explicit: true, big: false };
    let mut next = syntax;
    let mut at = 132;
    let mut told = false;
    while at + 8 <= bytes.len() {
        // The group of the file itself is always written the same way.
        if bytes.get(at..at + 2) != Some(&[2, 0]) {
            syntax = next;
        }
        let Some(tag) = tag_at(bytes, at, syntax) else {
            weaver.opaque(Opaque::Damaged(at as u64));
            at = bytes.len();
            break;
        };
        let end = tag.value.saturating_add(tag.length as usize);
        if (tag.group, tag.element) == (0x7FE0, 0x0010) {
            let part = weaver.place.name.clone();
            weaver.reading.opaque(part, Opaque::Image);
        }
        // Sequences, and values that are items: what is inside are tags.
        let opens = tag.group == 0xFFFE || &tag.kind == b"SQ";
        if opens || tag.length == UNKNOWN_LENGTH {
            if (tag.group, tag.element) == (0x7FE0, 0x0010) {
                at = bytes.len();
                break;
            }
            at = tag.value;
            continue;
        }
        if end > bytes.len() {
            weaver.opaque(Opaque::Damaged(at as u64));
            at = bytes.len();
            break;
        }
        let value = &bytes[tag.value..end];
        if (tag.group, tag.element) == (2, 0x0010) {
            let name = value.trim_ascii_end().strip_suffix(b"\0").unwrap_or(value);
            if name == DEFLATED {
                let part = weaver.place.name.clone();
                weaver.reading.opaque(part, Opaque::Packing);
                at = bytes.len();
                break;
            }
            next = Syntax { explicit: name != IMPLICIT, big: name == BIG_ENDIAN };
        }
        one(&mut weaver, &tag, value, &mut told);
        weaver.rest();
        at = end;
    }
    // A tag that breaks off; padding is zeros.
    if bytes.get(at..).is_some_and(|rest| rest.iter().any(|byte| *byte != 0)) {
        weaver.opaque(Opaque::Damaged(at as u64));
    }
    weaver.finish();
}

fn tag_at(bytes: &[u8], at: usize, syntax: Syntax) -> Option<Tag> {
    let two = |at: usize| {
        let pair: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(if syntax.big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    };
    let four = |at: usize| {
        let word: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if syntax.big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) })
    };
    let (group, element) = (two(at)?, two(at + 2)?);
    if group == 0xFFFE || !syntax.explicit {
        return Some(Tag { group, element, kind: *b"UN", value: at + 8, length: four(at + 4)? });
    }
    let kind: [u8; 2] = bytes.get(at + 4..at + 6)?.try_into().ok()?;
    // PS3.5, 7.1.2: these have two bytes that say nothing, and a long length.
    let long = matches!(
        &kind,
        b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT" | b"UV"
    );
    if !kind.iter().all(u8::is_ascii_uppercase) {
        return None;
    }
    Some(if long {
        Tag { group, element, kind, value: at + 12, length: four(at + 8)? }
    } else {
        Tag { group, element, kind, value: at + 8, length: u32::from(two(at + 6)?) }
    })
}

fn one(weaver: &mut Weaver<'_, '_>, tag: &Tag, value: &[u8], told: &mut bool) {
    let is_text = match &tag.kind {
        b"AE" | b"AS" | b"CS" | b"DA" | b"DS" | b"DT" | b"IS" | b"LO" | b"LT" | b"PN" | b"SH" | b"ST" | b"TM"
        | b"UC" | b"UI" | b"UR" | b"UT" => true,
        // Nobody says what it is: text if it looks like some.
        b"UN" => {
            value.len() >= 2
                && value.iter().all(|byte| matches!(byte, b' '..=b'~' | 0xA0.. | b'\r' | b'\n' | b'\t' | 0))
        }
        _ => false,
    };
    let long = value.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |last| last + 1);
    let is_pixels = (tag.group, tag.element) == (0x7FE0, 0x0010);
    let is_binary = matches!(&tag.kind, [b'O', _] | b"UN") && !is_text;
    if is_text && long > TEXT_BYTES_MAX {
        weaver.opaque(Opaque::TooLarge);
    } else if is_binary && long > BINARY_BYTES_MAX && !is_pixels && !*told {
        // A whole document may lie in it, as in (0042,0011). Pictures have many of them: it is said once.
        *told = true;
        weaver.opaque(Opaque::UnknownBinary);
    }
    if !is_text || long == 0 || long > TEXT_BYTES_MAX {
        return;
    }
    let start = tag.value;
    let label = name_of(tag).map_or_else(|| format!("({:04x},{:04x})", tag.group, tag.element), str::to_owned);
    weaver.gap(&format!("{label}: "), start - 8..start);
    let meaning = meaning_of(tag);
    if &tag.kind == b"PN" || (tag.group, tag.element) == (0x0010, 0x0010) {
        // Family, given, middle, prefix, suffix.
        let mut at = 0;
        for (number, part) in value[..long].split(|byte| matches!(byte, b'^' | b'=')).enumerate() {
            if number > 0 {
                weaver.bytes(&value[at - 1..at], start + at - 1, Escape::Fixed);
            }
            let what = [What::FamilyName, What::GivenName, What::MiddleName].get(number).copied();
            weaver.begin(Meaning::of(what.unwrap_or(What::NameAffix), meaning.who), NO_COLUMN);
            weaver.bytes(part, start + at, Escape::Dicom);
            weaver.end();
            at += part.len() + 1;
        }
    } else {
        if meaning != Meaning::UNKNOWN {
            weaver.begin(meaning, NO_COLUMN);
        }
        weaver.bytes(&value[..long], start, Escape::Dicom);
        weaver.end();
    }
    weaver.gap("\n", start + long..start + value.len());
}

fn name_of(tag: &Tag) -> Option<&'static str> {
    Some(match (tag.group, tag.element) {
        (0x0008, 0x0020) => "StudyDate",
        (0x0008, 0x0050) => "AccessionNumber",
        (0x0008, 0x0080) => "InstitutionName",
        (0x0008, 0x0081) => "InstitutionAddress",
        (0x0008, 0x0090) => "ReferringPhysicianName",
        (0x0008, 0x1030) => "StudyDescription",
        (0x0008, 0x1048) => "PhysiciansOfRecord",
        (0x0008, 0x1050) => "PerformingPhysicianName",
        (0x0008, 0x1070) => "OperatorsName",
        (0x0010, 0x0010) => "PatientName",
        (0x0010, 0x0020) => "PatientID",
        (0x0010, 0x0030) => "PatientBirthDate",
        (0x0010, 0x0040) => "PatientSex",
        (0x0010, 0x1010) => "PatientAge",
        (0x0010, 0x1040) => "PatientAddress",
        (0x0010, 0x2154) => "PatientTelephoneNumbers",
        (0x0010, 0x4000) => "PatientComments",
        (0x0020, 0x0010) => "StudyID",
        _ => return None,
    })
}

/// PS3.6 and PS3.15, table E.1-1.
fn meaning_of(tag: &Tag) -> Meaning {
    use Who::{Organization, Patient, Provider};
    let of = Meaning::of;
    match (tag.group, tag.element) {
        (0x0010, 0x0010 | 0x1001 | 0x1005) => of(What::FullName, Patient),
        (0x0010, 0x1060) | (0x0010, 0x2297) => of(What::FullName, Who::Relative),
        (0x0010, 0x0020 | 0x1000 | 0x1002) => of(What::RecordNumber, Patient),
        (0x0010, 0x0030) => of(What::BirthDate, Patient),
        (0x0010, 0x0040) => of(What::Sex, Patient),
        (0x0010, 0x1010) => of(What::Age, Patient),
        (0x0010, 0x1040) => of(What::Address, Patient),
        (0x0010, 0x2154) => of(What::Phone, Patient),
        (0x0010, 0x4000 | 0x21B0) | (0x0020, 0x4000) | (0x0032, 0x4000) => of(What::FreeText, Patient),
        (0x0008, 0x0020..=0x0023) => of(What::VisitDate, Patient),
        (0x0008, 0x0050) | (0x0020, 0x0010) => of(What::Account, Patient),
        (0x0008, 0x0080 | 0x1010 | 0x1040) => of(What::OrganizationName, Organization),
        (0x0008, 0x0081) => of(What::Address, Organization),
        (0x0018, 0x1000) => of(What::DeviceId, Organization),
        _ => match &tag.kind {
            b"PN" => of(What::FullName, Provider),
            b"DA" | b"DT" | b"TM" => of(What::OtherDate, Who::Unknown),
            // Addresses of definitions and of instances look alike; instances are one patient's.
            b"UI" if tag.group == 0x0020 || (tag.group, tag.element) == (0x0008, 0x0018) => of(What::OtherId, Patient),
            b"UI" | b"CS" | b"DS" | b"IS" | b"AE" => Meaning::CODE,
            _ => Meaning::UNKNOWN,
        },
    }
}
