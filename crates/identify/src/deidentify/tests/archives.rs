//! What archives say beside their members: owners, extended headers, extra fields, names. All of it is made up.

use super::{Method, day, keyed, ran};
use crate::read::Opaque;
use crate::{Deidentified, Deidentifier, DeidentifyError};

fn run(bytes: &[u8], name: &str) -> Result<Deidentified, DeidentifyError> {
    Deidentifier::new(Method::SafeHarbor, day()).file(bytes, name, &mut keyed())
}

/// A member of a tar archive.
fn member(kind: u8, name: &str, owners: [&str; 2], content: &[u8]) -> Vec<u8> {
    let mut header = vec![0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[265..265 + owners[0].len()].copy_from_slice(owners[0].as_bytes());
    header[297..297 + owners[1].len()].copy_from_slice(owners[1].as_bytes());
    sign(&mut header);
    header.extend_from_slice(content);
    header.resize(header.len().next_multiple_of(512), 0);
    header
}

fn sign(header: &mut [u8]) {
    header[148..156].fill(b' ');
    let sum: u32 = header[..512].iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

fn tar(members: &[Vec<u8>]) -> Vec<u8> {
    let mut out = members.concat();
    out.resize(out.len() + 1_024, 0);
    out
}

fn record(key: &str, value: &str) -> String {
    let bare = key.len() + value.len() + 3;
    let long = (bare + 1..).find(|long| *long == bare + long.to_string().len()).unwrap();
    format!("{long} {key}={value}\n")
}

/// Every header has the sum of its bytes, and a length that leads to the next one.
fn is_sound(bytes: &[u8]) -> bool {
    let mut at = 0;
    while bytes[at..at + 512].iter().any(|byte| *byte != 0) {
        let mut header = bytes[at..at + 512].to_vec();
        sign(&mut header);
        let size = std::str::from_utf8(&header[124..135]).unwrap();
        let size = usize::from_str_radix(size.trim_matches(['\0', ' ']), 8).unwrap();
        if header[148..154] != bytes[at + 148..at + 154] {
            return false;
        }
        at += 512 + size.next_multiple_of(512);
    }
    bytes[at..].iter().all(|byte| *byte == 0)
}

fn has(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|here| here == word.as_bytes())
}

#[test]
fn whoever_owns_a_member_is_called_otherwise_and_machines_are_not() {
    let note = b"Patient: Vern Quxley\nMRN: 778812\n";
    let archive = tar(&[
        member(b'5', "notes", ["vquxley", "staff"], b""),
        member(b'0', "notes/a.txt", ["vern.quxley", "obrand-lab"], note),
        member(b'0', "notes/b.txt", ["root", "wheel"], b"well\n"),
    ]);
    let out = ran(Method::SafeHarbor, &archive, "a.tar").bytes;
    for gone in ["quxley", "Quxley", "obrand", "778812"] {
        assert!(!has(&out, gone), "{gone}");
    }
    assert!(is_sound(&out) && has(&out, "root\0") && has(&out, "wheel\0") && has(&out, "staff\0"));
    assert_eq!(run(&out, "a.tar").unwrap().bytes.len(), out.len(), "a copy of the copy is as long");
}

#[test]
fn the_words_of_extended_headers_are_read_and_their_lengths_are_right() {
    let words = [
        record("mtime", "1520158500.25"),
        record("uname", "vern.quxley"),
        record("comment", "chart of Vern Quxley, MRN 778812"),
        record("path", "notes/visit.txt"),
        record("gname", "users"),
    ]
    .concat();
    for kind in *b"xg" {
        let archive = tar(&[
            member(kind, "pax", ["root", "root"], words.as_bytes()),
            member(b'0', "notes/a.txt", ["", ""], b"well\n"),
        ]);
        let out = ran(Method::SafeHarbor, &archive, "a.tar").bytes;
        assert!(is_sound(&out));
        for gone in ["quxley", "Quxley", "778812"] {
            assert!(!has(&out, gone), "{gone}");
        }
        for kept in
            ["23 mtime=1520158500.25\n", "24 path=notes/visit.txt\n", "15 gname=users\n", "comment=chart of [NAME "]
        {
            assert!(has(&out, kept), "{kept}");
        }
        assert!(run(&out, "a.tar").is_ok());
    }
}

#[test]
fn what_nobody_reads_in_a_header_refuses_the_archive() {
    let extended = |words: &str| {
        let member = [member(b'x', "pax", ["", ""], words.as_bytes()), member(b'0', "a.txt", ["", ""], b"well\n")];
        run(&tar(&member), "a.tar").map(|_| ())
    };
    let opaque = |why| Err(DeidentifyError::Opaque { count: 1, why });
    assert_eq!(extended(&record("LIBARCHIVE.xattr.user.note", "VmVybiBRdXhsZXk=")), opaque(Opaque::UnknownBinary));
    assert_eq!(extended(&record("comment", "Vern\nQuxley")), opaque(Opaque::UnknownBinary));
    assert_eq!(extended("99 comment=Vern Quxley\n"), opaque(Opaque::Damaged(512)));
    assert_eq!(extended(&record("path", "charts of Vern Quxley.txt")), Err(DeidentifyError::PartName));
    assert_eq!(extended(&record("linkpath", "charts of Vern Quxley.txt")), Err(DeidentifyError::PartName));
    assert_eq!(extended(&record("mtime", "1.5")), Ok(()));
    let mut behind = member(b'0', "a.txt", ["", ""], b"well\n");
    behind[512 + 5..512 + 16].copy_from_slice(b"Vern Quxley");
    assert_eq!(run(&tar(&[behind]), "a.tar").map(|_| ()), opaque(Opaque::Damaged(517)));
    let mut behind = member(b'0', "a.txt", ["root", ""], b"well\n");
    behind[271..282].copy_from_slice(b"Vern Quxley");
    sign(&mut behind);
    assert_eq!(run(&tar(&[behind]), "a.tar").map(|_| ()), opaque(Opaque::Damaged(0)));
    let link =
        [member(b'K', "././@LongLink", ["", ""], b"charts of Vern Quxley.txt\0"), member(b'2', "a", ["", ""], b"")];
    assert_eq!(run(&tar(&link), "a.tar").map(|_| ()), Err(DeidentifyError::PartName));
}

/// A zip archive of one stored member with these extra fields in its own header and in the directory.
fn zip(name: &str, extra: &[(u16, &[u8])]) -> Vec<u8> {
    let content = b"well\n";
    let extra: Vec<u8> = extra
        .iter()
        .flat_map(|(id, field)| {
            let long = u16::try_from(field.len()).unwrap();
            [id.to_le_bytes().as_slice(), long.to_le_bytes().as_slice(), field].concat()
        })
        .collect();
    let mut crc = flate2::Crc::new();
    crc.update(content);
    let size = u32::try_from(content.len()).unwrap().to_le_bytes();
    let lengths =
        [u16::try_from(name.len()).unwrap().to_le_bytes(), u16::try_from(extra.len()).unwrap().to_le_bytes()].concat();
    let sums = [crc.sum().to_le_bytes(), size, size].concat();
    let begin = [20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
    let own = [b"PK\x03\x04".as_slice(), &begin, &sums, &lengths, name.as_bytes(), &extra, content].concat();
    let directory =
        [b"PK\x01\x02\x14\0".as_slice(), &begin, &sums, &lengths, &[0; 10], &[0; 4], name.as_bytes(), &extra].concat();
    let end = [
        b"PK\x05\x06\0\0\0\0\x01\0\x01\0".as_slice(),
        &u32::try_from(directory.len()).unwrap().to_le_bytes(),
        &u32::try_from(own.len()).unwrap().to_le_bytes(),
        &[0, 0],
    ]
    .concat();
    [own, directory, end].concat()
}

#[test]
fn extra_fields_of_a_zip_are_known_or_refuse_it() {
    let ran = |extra: &[(u16, &[u8])]| run(&zip("note.txt", extra), "a.zip").map(|_| ());
    let times = [0x01, 0, 0, 0, 0];
    assert_eq!(ran(&[(0x5455, &times), (0x7875, &[1, 4, 0, 0, 0, 0, 4, 0, 0, 0, 0])]), Ok(()));
    assert_eq!(ran(&[(0xA220, &[0x28, 0xA0, 4, 0, 0, 0, 0, 0])]), Ok(()));
    assert_eq!(ran(&[(0x7075, b"\x01\0\0\0\0note.txt")]), Ok(()));
    assert_eq!(ran(&[(0x7075, b"\x01\0\0\0\0chart of Vern Quxley.txt")]), Err(DeidentifyError::PartName));
    assert_eq!(ran(&[(0x6375, b"\x01\0\0\0\0chart of Vern Quxley")]), Err(DeidentifyError::PartName));
    let opaque = Err(DeidentifyError::Opaque { count: 1, why: Opaque::UnknownBinary });
    assert_eq!(ran(&[(0x4453, b"S-1-5-21-Vern-Quxley")]), opaque);
    assert_eq!(ran(&[(0x1234, b"Vern Quxley")]), opaque);
}

#[test]
fn names_of_members_that_name_somebody_refuse_the_archive_and_names_of_resources_do_not() {
    let ran = |name: &str| run(&zip(name, &[]), "a.zip").map(|_| ());
    for name in ["JohnSmith.xml", "Smith_John.txt", "smith-john.csv", "notes/John Smith/a.txt", "JohnSmith.txt"] {
        assert_eq!(ran(name), Err(DeidentifyError::PartName), "{name}");
    }
    let plain = [
        "Patient.ndjson",
        "MedicationAdministration.json",
        "ExplanationOfBenefit.json",
        "CareTeam.ndjson",
        "CarePlan.json",
        "DiagnosticReport.ndjson",
        "PractitionerRole.json",
        "README.md",
        "patients.csv",
        "PatientList.csv",
        "labs/results.txt",
        "document.xml",
        "CCDA.xml",
        "Encounter_2.ndjson",
        "ImagingStudy.json",
        "ServiceRequest.json",
        "RelatedPerson.json",
        "AllergyIntolerance.ndjson",
        "index.html",
        "data.json",
    ];
    let refused: Vec<&str> = plain.into_iter().filter(|name| ran(name).is_err()).collect();
    assert_eq!(refused, [""; 0]);
}

#[test]
fn bytes_that_belong_to_no_member_of_a_zip_refuse_it() {
    let opaque = Err(DeidentifyError::Opaque { count: 1, why: Opaque::UnknownBinary });
    let whole = zip("note.txt", &[]);
    assert_eq!(run(&whole, "a.zip").map(|_| ()), Ok(()));
    // A member that no directory tells of.
    let hidden = whole.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let before = [&whole[..hidden], &whole].concat();
    assert_eq!(run(&before, "a.zip").map(|_| ()), opaque);
    let note = b"PK\x03\x04 the chart of Vern Quxley, born 03/04/1961";
    assert_eq!(run(&[note, &whole[..]].concat(), "a.zip").map(|_| ()), opaque);
}

#[test]
fn every_heading_of_a_gzip_is_looked_at() {
    let packed = |name: &str, comment: &str, extra: &[u8]| {
        let mut builder = flate2::GzBuilder::new();
        for (is_said, said) in [(true, name), (false, comment)].into_iter().filter(|(_, said)| !said.is_empty()) {
            builder = if is_said { builder.filename(said) } else { builder.comment(said) };
        }
        if !extra.is_empty() {
            builder = builder.extra(extra);
        }
        let mut writer = builder.write(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut writer, b"well\n").unwrap();
        writer.finish().unwrap()
    };
    let both = |later: Vec<u8>| run(&[packed("note.txt", "", b""), later].concat(), "note.gz").map(|_| ());
    assert_eq!(both(packed("other.txt", "", b"")), Ok(()));
    assert_eq!(both(packed("", "", b"BC\x02\0\x1b\0")), Ok(()));
    assert_eq!(both(packed("chart of Vern Quxley.txt", "", b"")), Err(DeidentifyError::PartName));
    assert_eq!(both(packed("", "chart of Vern Quxley", b"")), Err(DeidentifyError::PartName));
    let opaque = Err(DeidentifyError::Opaque { count: 1, why: Opaque::UnknownBinary });
    assert_eq!(both(packed("", "", b"VQ\x0b\0Vern Quxley")), opaque);
}
