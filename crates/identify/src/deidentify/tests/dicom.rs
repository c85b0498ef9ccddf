//! Files of DICOM, built here byte by byte: ordinary ones in every way to write them, and hostile ones.

use super::{Deidentified, Deidentifier, DeidentifyError, Method, day, keyed, name, ran, token};
use crate::phi::Identifier;
use crate::read::{Opaque, Portion, ReadLimits, read};

/// How elements are written.
#[derive(Clone, Copy, PartialEq)]
enum Syntax {
    Explicit,
    Implicit,
    Big,
}

impl Syntax {
    const fn uid(self) -> &'static str {
        match self {
            Self::Explicit => "1.2.840.10008.1.2.1",
            Self::Implicit => "1.2.840.10008.1.2",
            Self::Big => "1.2.840.10008.1.2.2",
        }
    }

    fn two(self, number: u16) -> [u8; 2] {
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    fn four(self, number: u32) -> [u8; 4] {
        if self == Self::Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    /// The heading of an element.
    fn head(self, tag: u32, kind: &[u8; 2], length: u32) -> Vec<u8> {
        let group = u16::try_from(tag >> 16).unwrap();
        let mut out = [self.two(group), self.two(u16::try_from(tag & 0xFFFF).unwrap())].concat();
        let is_long = matches!(kind, [b'O', _] | b"SQ" | b"UC" | b"UN" | b"UR" | b"UT");
        match (self == Self::Implicit || group == 0xFFFE, is_long) {
            (true, _) => out.extend(self.four(length)),
            (false, true) => {
                out.extend([kind[0], kind[1], 0, 0]);
                out.extend(self.four(length));
            }
            (false, false) => {
                out.extend(kind);
                out.extend(self.two(u16::try_from(length).unwrap()));
            }
        }
        out
    }

    fn element(self, tag: u32, kind: &[u8; 2], value: &[u8]) -> Vec<u8> {
        let mut value = value.to_vec();
        if value.len() % 2 == 1 {
            value.push(if matches!(kind, b"UI" | b"OB" | b"UN") { 0 } else { b' ' });
        }
        [self.head(tag, kind, u32::try_from(value.len()).unwrap()), value].concat()
    }

    /// A sequence of items, with lengths or without.
    fn sequence(self, tag: u32, items: &[Vec<u8>], bounded: bool) -> Vec<u8> {
        let (mut inside, end) = (Vec::new(), [self.head(0xFFFE_E00D, b"UN", 0), self.head(0xFFFE_E0DD, b"UN", 0)]);
        for item in items {
            let long = if bounded { u32::try_from(item.len()).unwrap() } else { u32::MAX };
            inside.extend(self.head(0xFFFE_E000, b"UN", long));
            inside.extend(item);
            if !bounded {
                inside.extend(&end[0]);
            }
        }
        let long = if bounded { u32::try_from(inside.len()).unwrap() } else { u32::MAX };
        let mut out = self.head(tag, b"SQ", long);
        out.extend(inside);
        if !bounded {
            out.extend(&end[1]);
        }
        out
    }

    /// A file of these elements, with a heading whose length is said.
    fn file(self, elements: &[Vec<u8>]) -> Vec<u8> {
        let heading = [
            Self::Explicit.element(0x0002_0001, b"OB", &[0, 1]),
            Self::Explicit.element(0x0002_0002, b"UI", b"1.2.840.10008.5.1.4.1.1.2"),
            Self::Explicit.element(0x0002_0003, b"UI", INSTANCE.as_bytes()),
            Self::Explicit.element(0x0002_0010, b"UI", self.uid().as_bytes()),
        ]
        .concat();
        let long = u32::try_from(heading.len()).unwrap();
        let mut out = vec![0; 128];
        out.extend(b"DICM");
        out.extend(Self::Explicit.element(0x0002_0000, b"UL", &long.to_le_bytes()));
        out.extend(heading);
        out.extend(elements.concat());
        out
    }
}

const INSTANCE: &str = "1.2.826.0.1.3680043.2.1125.77";
const ALL: [Syntax; 3] = [Syntax::Explicit, Syntax::Implicit, Syntax::Big];

/// A patient's file, with a sequence in a sequence.
fn patient(of: Syntax, bounded: bool) -> Vec<u8> {
    let inner = of.sequence(
        0x0040_A730,
        &[[of.element(0x0008_1155, b"UI", INSTANCE.as_bytes()), of.element(0x0040_A123, b"PN", b"QUXLEY^VERN")]
            .concat()],
        bounded,
    );
    let outer = of.sequence(0x0008_1140, &[of.element(0x0008_1155, b"UI", INSTANCE.as_bytes()), inner], bounded);
    of.file(&[
        of.element(0x0008_0005, b"CS", b"ISO_IR 100"),
        of.element(0x0008_0016, b"UI", b"1.2.840.10008.5.1.4.1.1.2"),
        of.element(0x0008_0018, b"UI", INSTANCE.as_bytes()),
        of.element(0x0008_0020, b"DA", b"20180304"),
        of.element(0x0008_0030, b"TM", b"101530.25"),
        of.element(0x0008_002A, b"DT", b"20180304101530.25"),
        of.element(0x0008_0050, b"SH", b"A-9912345"),
        of.element(0x0008_0060, b"CS", b"CT"),
        of.element(0x0008_1030, b"LO", b"CHEST for Vern Quxley"),
        outer,
        of.element(0x0010_0010, b"PN", b"QUXLEY^VERN"),
        of.element(0x0010_0020, b"LO", b"A-7781"),
        of.element(0x0010_0030, b"DA", b"19610304"),
        of.element(0x0010_0040, b"CS", b"M"),
        of.element(0x0010_1010, b"AS", b"057Y"),
        of.element(0x0010_1030, b"DS", b"81.5"),
        of.element(0x0010_1040, b"LO", b"12 Elm St, Springfield"),
        of.element(0x0028_0010, b"US", &of.two(512)),
        of.element(0x0029_0010, b"LO", b"GEMS_IDEN_01"),
        of.element(0x0029_1010, b"OB", b"QUXLEY\x01\x02 and more that is no text\0"),
        of.element(0x7FE0_0010, b"OW", &[1, 2, 3, 4]),
    ])
}

/// All text of a file, and what is not read.
fn texts(bytes: &[u8]) -> (String, Vec<Opaque>) {
    let (mut all, mut opaque) = (String::new(), Vec::new());
    read(bytes, "", &ReadLimits::default(), &mut |portion| match portion {
        Portion::Text(part) => all.push_str(&part.text),
        Portion::Opaque { why, .. } => opaque.push(why),
    })
    .unwrap();
    (all, opaque)
}

fn refused(bytes: &[u8]) -> DeidentifyError {
    let run = |method| Deidentifier::new(method, day()).file(bytes, "", &mut keyed()).map(|_: Deidentified| ());
    run(Method::SafeHarbor).expect_err("it comes out")
}

fn has(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[test]
fn a_picture_comes_out_with_names_numbers_days_and_uids_replaced_however_it_is_written() {
    for of in ALL {
        for bounded in [true, false] {
            let before = patient(of, bounded);
            let done = ran(Method::SafeHarbor, &before, "a.dcm");
            let (text, opaque) = texts(&done.bytes);
            assert_eq!(opaque, [Opaque::Seen], "the structure still holds");
            for gone in ["QUXLEY", "Quxley", "VERN", "7781", "9912345", "0304", "1015", "Elm", INSTANCE] {
                assert!(!has(&done.bytes, gone), "{gone} is left: {text}");
            }
            let person = format!("{}^{}", name("quxley"), name("vern"));
            for stays in [
                format!("PatientName: {person}\n"),
                format!("PatientID: {}\n", token(Identifier::Mrn, "a7781")),
                "PatientBirthDate: 19610101\n".to_owned(),
                "StudyDate: 20180101\n".to_owned(),
                "(0008,0030): 000000\n".to_owned(),
                "(0008,002a): 2018\n".to_owned(),
                "PatientAge: 057Y\n".to_owned(),
                "81.5".to_owned(),
                "GEMS_IDEN_01".to_owned(),
                "CHEST for ".to_owned(),
            ] {
                assert!(text.contains(&stays), "{stays} is missing in {text}");
            }
            let uids: Vec<&str> =
                text.lines().filter_map(|line| line.split_once(": 2.25.")).map(|(_, uid)| uid).collect();
            assert_eq!(uids.len(), 4);
            assert!(uids.iter().all(|uid| uid == &uids[0] && uid.len() <= 39));
            assert!(done.bytes.ends_with(&of.element(0x7FE0_0010, b"OW", &[1, 2, 3, 4])));
            let heading = u32::from_le_bytes(done.bytes[140..144].try_into().unwrap());
            let first = 144 + usize::try_from(heading).unwrap();
            assert_eq!(
                done.bytes[first..first + 4],
                [of.two(8), of.two(5)].concat()[..],
                "the heading's length is right"
            );
            assert_eq!((done.report.pictures, done.report.emptied), (1, 2));
            assert!(done.report.label(Method::SafeHarbor).contains("nobody has looked at its pictures"));
            // The same again, as everything that comes out can be read.
            ran(Method::SafeHarbor, &done.bytes, "a.dcm");
        }
    }
}

#[test]
fn a_limited_data_set_keeps_days_and_a_pseudonym_moves_them_with_their_time() {
    let before = patient(Syntax::Explicit, true);
    let (limited, _) = texts(&ran(Method::Limited, &before, "").bytes);
    for stays in ["20180304", "101530.25", "19610304", "20180304101530.25", "057Y"] {
        assert!(limited.contains(stays), "{stays}");
    }
    assert!(!limited.contains("QUXLEY") && !limited.contains("7781"));
    let (moved, _) = texts(&ran(Method::Pseudonym, &before, "").bytes);
    assert!(!moved.contains("0304") && moved.contains("(0008,0030): 101530.25\n"));
    let line = moved.lines().find(|line| line.starts_with("(0008,002a): ")).unwrap();
    assert!(line.ends_with("101530.25") && line.len() == "(0008,002a): 20180304101530.25".len(), "{line}");
}

#[test]
fn all_written_with_an_older_length_of_a_group_says_the_new_one() {
    let of = Syntax::Explicit;
    let name = of.element(0x0010_0010, b"PN", b"QUXLEY^VERN");
    let sequence = of.sequence(0x0010_0050, &[of.element(0x0008_0100, b"SH", b"X")], false);
    let long = u32::try_from(name.len() + sequence.len()).unwrap();
    let file = of.file(&[
        of.element(0x0010_0000, b"UL", &long.to_le_bytes()),
        name,
        sequence,
        of.element(0x0020_0013, b"IS", b"1"),
    ]);
    let done = ran(Method::SafeHarbor, &file, "").bytes;
    let at = done.windows(6).position(|six| six == [0x10, 0, 0, 0, b'U', b'L']).unwrap() + 8;
    let said = usize::try_from(u32::from_le_bytes(done[at..at + 4].try_into().unwrap())).unwrap();
    assert_eq!(done[at + 4 + said..at + 8 + said], [0x20, 0, 0x13, 0]);
}

#[test]
fn people_over_89_have_no_birth_year_and_no_age() {
    let of = Syntax::Explicit;
    let file = of.file(&[
        of.element(0x0008_0020, b"DA", b"20180304"),
        of.element(0x0010_0030, b"DA", b"19200304"),
        of.element(0x0010_1010, b"AS", b"097Y"),
    ]);
    let (text, _) = texts(&ran(Method::SafeHarbor, &file, "").bytes);
    assert!(text.contains("PatientBirthDate: 19360101") && text.contains("PatientAge: 090Y"), "{text}");
}

#[test]
fn values_that_are_not_what_they_should_be_are_emptied() {
    let of = Syntax::Explicit;
    let file = of.file(&[
        of.element(0x0008_0020, b"DA", b"QUXLEY"),
        of.element(0x0008_0030, b"TM", b"VERN Q"),
        of.element(0x0010_1010, b"AS", b"VERN"),
        of.element(0x0010_0010, b"OB", b"QUXLEY^VERN\0"),
        of.element(0x0028_0010, b"UN", b"Quxley Vern Quxley"),
        of.element(0x0028_0F10, b"US", b"Quxley Vern Quxley"),
        of.element(0x0028_2000, b"OB", b"Quxley\x01\x02\x03 Vern Quxley of Springfield\0"),
        of.element(0x0009_0010, b"LO", b"GEMS_IDEN_01"),
        of.element(0x0009_1001, b"LO", b"Quxley"),
        of.element(0x0009_1002, b"FD", b"Quxley\x01\x02"),
        of.sequence(0x0009_1003, &[of.element(0x0008_0104, b"LO", b"Quxley")], true),
        of.element(0x6000_3000, b"OW", b"Quxley\x01\x02"),
    ]);
    let done = ran(Method::SafeHarbor, &file, "");
    for word in ["Quxley", "QUXLEY", "Vern", "VERN"] {
        assert!(!has(&done.bytes, word), "{word}");
    }
    assert!(has(&done.bytes, "GEMS_IDEN_01"));
    assert!(done.bytes.ends_with(&of.element(0x6000_3000, b"OW", &[0; 8])));
}

#[test]
fn the_preamble_is_zeroed() {
    let mut file = patient(Syntax::Explicit, true);
    file[..11].copy_from_slice(b"VERN QUXLEY");
    let done = ran(Method::SafeHarbor, &file, "");
    assert_eq!(done.bytes[..132], [&[0; 128][..], b"DICM"].concat()[..]);
    file[..8].copy_from_slice(b"II*\0\x08\0\0\0");
    assert_eq!(ran(Method::SafeHarbor, &file, "").bytes[..132], done.bytes[..132]);
}

#[test]
fn a_name_in_letters_that_nobody_here_can_read_is_emptied_and_one_in_readable_letters_is_a_token() {
    let of = Syntax::Explicit;
    let file = |set: &[u8], value: &[u8]| {
        of.file(&[
            of.element(0x0008_0005, b"CS", set),
            of.element(0x0010_0010, b"PN", value),
            of.element(0x0010_4000, b"LT", value),
        ])
    };
    let japanese = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B";
    let done = ran(Method::SafeHarbor, &file(b"\\ISO 2022 IR 87", japanese), "").bytes;
    let (text, _) = texts(&done);
    assert!(text.contains(&format!("PatientName: {}^{}=\n", name("yamada"), name("tarou"))), "{text}");
    assert!(!done.contains(&0x1B) && !has(&done, "Yamada"));
    let russian = [0xBB, 0xEE, b'^', 0xB8];
    let done = ran(Method::SafeHarbor, &file(b"ISO_IR 144", &russian), "").bytes;
    assert!(!done.contains(&0xBB) && !done.contains(&0xB8));
    for (set, value) in [("ISO_IR 192", "Müßig^Zoë".as_bytes()), ("ISO_IR 100", b"M\xFC\xDFig^Zo\xEB".as_slice())] {
        let (text, _) = texts(&ran(Method::SafeHarbor, &file(set.as_bytes(), value), "").bytes);
        assert!(text.contains(&format!("PatientName: {}^{}\n", name("müßig"), name("zoë"))), "{text}");
    }
}

#[test]
fn what_would_become_too_long_for_its_kind_is_the_letters_alone() {
    let of = Syntax::Explicit;
    let file = of.file(&[
        of.element(0x0008_0050, b"SH", b"A-9912345\\A-9912346"),
        of.element(0x0008_1010, b"SH", b"ELM CLINIC CT 1"),
        of.element(0x0010_0010, b"PN", b"VAN DER QUXLEY^VERN OBRAND^TILDA"),
        of.element(0x0010_2180, b"SH", b"Dr Vern Quxley"),
    ]);
    let (text, _) = texts(&ran(Method::SafeHarbor, &file, "").bytes);
    for line in text.lines().filter(|line| !line.starts_with("(0002") && !line.starts_with("(0008,0018")) {
        let (_, value) = line.split_once(": ").unwrap();
        let most = if line.starts_with("PatientName") { 64 } else { 33 };
        assert!(value.len() <= most, "{line}");
    }
    assert!(!text.contains("QUXLEY") && !text.contains("Quxley") && !text.contains("ELM"), "{text}");
}

#[test]
fn pixels_that_show_text_stop_everything_and_other_pixels_are_told() {
    let of = Syntax::Explicit;
    let with = |modality: &[u8], burnt: Option<&[u8]>| {
        let mut elements = vec![of.element(0x0008_0060, b"CS", modality)];
        elements.extend(burnt.map(|burnt| of.element(0x0028_0301, b"CS", burnt)));
        elements.push(of.element(0x7FE0_0010, b"OW", &[1, 2, 3, 4]));
        of.file(&elements)
    };
    let image = DeidentifyError::Opaque { count: 1, why: Opaque::Image };
    assert_eq!(refused(&with(b"CT", Some(b"YES"))), image);
    assert_eq!(refused(&with(b"US", None)), image);
    for (modality, burnt) in [(b"CT", None), (b"CT", Some(b"NO".as_slice())), (b"US", Some(b"NO"))] {
        assert_eq!(ran(Method::SafeHarbor, &with(modality, burnt), "").report.pictures, 1);
    }
}

#[test]
fn packed_pixels_stay_byte_for_byte() {
    let of = Syntax::Explicit;
    let mut pixels = of.head(0x7FE0_0010, b"OB", u32::MAX);
    for fragment in [b"".as_slice(), b"\x01\x02\x03\x04QUXLEY^VERN\0", b"56"] {
        pixels.extend(of.head(0xFFFE_E000, b"UN", u32::try_from(fragment.len()).unwrap()));
        pixels.extend(fragment);
    }
    pixels.extend(of.head(0xFFFE_E0DD, b"UN", 0));
    let rest = of.element(0xFFFC_FFFC, b"OB", b"Quxley\0\0");
    let file = of.file(&[of.element(0x0010_0010, b"PN", b"QUXLEY^VERN"), pixels.clone(), rest]);
    let done = ran(Method::SafeHarbor, &file, "").bytes;
    assert!(done.ends_with(&[pixels, of.element(0xFFFC_FFFC, b"OB", b"")].concat()));
}

#[test]
fn a_document_in_a_file_is_read_as_what_it_is() {
    let of = Syntax::Explicit;
    let with = |document: &[u8]| of.file(&[of.element(0x0042_0011, b"OB", document)]);
    let cda = super::CDA;
    let done = ran(Method::SafeHarbor, &with(cda), "").bytes;
    assert!(has(&done, "<ClinicalDocument") && has(&done, &name("quxley")) && !has(&done, "Quxley"));
    assert!(matches!(refused(&with(b"%PDF-1.4 (Vern Quxley) endobj")), DeidentifyError::Opaque { .. }));
}

#[test]
fn a_directory_of_files_tells_where_its_records_are_now() {
    let of = Syntax::Explicit;
    let record = |next: u32, name: &[u8]| {
        let (next, kind) =
            (of.element(0x0004_1400, b"UL", &next.to_le_bytes()), of.element(0x0004_1430, b"CS", b"PATIENT"));
        let path = of.element(0x0004_1500, b"CS", b"77654033\\CR1");
        [next, kind, path, of.element(0x0010_0010, b"PN", name)].concat()
    };
    let made = |first: u32, second: u32| {
        let records = of.sequence(0x0004_1220, &[record(second, b"QUXLEY^VERN"), record(0, b"OBRAND^TILDA")], true);
        of.file(&[of.element(0x0004_1200, b"UL", &first.to_le_bytes()), records])
    };
    let items = |bytes: &[u8]| -> Vec<u32> {
        let is_item = |at: &usize| bytes[*at..*at + 4] == [0xFE, 0xFF, 0, 0xE0];
        (0..bytes.len() - 4).filter(is_item).map(|at| u32::try_from(at).unwrap()).collect()
    };
    let places = items(&made(0, 0));
    let done = ran(Method::SafeHarbor, &made(places[0], places[1]), "").bytes;
    let now = items(&done);
    assert!(places != now && !has(&done, "77654033"));
    for place in now {
        assert!(done.windows(4).any(|four| four == place.to_le_bytes()), "{place}");
    }
}

#[test]
fn files_whose_structure_is_broken_do_not_come_out() {
    let of = Syntax::Explicit;
    let name = of.element(0x0010_0010, b"PN", b"QUXLEY^VERN");
    let open = |many: usize| {
        [of.head(0x0008_1140, b"SQ", u32::MAX), of.head(0xFFFE_E000, b"UN", u32::MAX)].concat().repeat(many)
    };
    let short = [of.head(0x0008_1140, b"SQ", 12), of.head(0xFFFE_E000, b"UN", 40), name.clone()].concat();
    let left_over = [of.head(0x0008_1140, b"SQ", 4), vec![1, 2, 3, 4]].concat();
    let beyond = of.head(0x0010_0010, b"PN", 60_000);
    for broken in [open(1), open(100_000), short, left_over, beyond, of.head(0xFFFE_E00D, b"UN", 0), vec![8, 0, 5]] {
        let file = of.file(&[name.clone(), broken]);
        let why = refused(&file);
        assert!(matches!(why, DeidentifyError::Opaque { why: Opaque::Damaged(_), .. }), "{why}");
    }
    let whole = patient(of, true);
    for cut in (140..whole.len()).filter(|cut| whole.len() - cut != 16) {
        if let Ok(done) = Deidentifier::new(Method::SafeHarbor, day()).file(&whole[..cut], "", &mut keyed()) {
            assert!(!texts(&done.bytes).1.iter().any(|why| matches!(why, Opaque::Damaged(_))), "cut at {cut}");
        }
    }
}

#[test]
fn a_value_whose_length_has_two_bytes_does_not_grow_beyond_them() {
    let of = Syntax::Explicit;
    let words = "Vern Quxley, ".repeat(5_000);
    let file =
        of.file(&[of.element(0x0010_0010, b"PN", b"QUXLEY^VERN"), of.element(0x0010_4000, b"LT", words.as_bytes())]);
    // Longer than such a text may be, it is the letters alone.
    let done = ran(Method::SafeHarbor, &file, "").bytes;
    assert!(!has(&done, "Quxley") && done.len() < file.len());
}

#[test]
fn one_uid_has_one_uid_in_its_place_in_all_files_of_a_run_and_no_two_share_one() {
    let of = Syntax::Explicit;
    let file = |uid: &str| of.file(&[of.element(0x0020_000D, b"UI", uid.as_bytes())]);
    let run = Deidentifier::new(Method::SafeHarbor, day());
    let entropy = record::SeededEntropy::new(7);
    let mut drawn = super::Drawn::new(&entropy, []);
    let mut new = |uid: &str| {
        let done = run.file(&file(uid), "", &mut drawn).unwrap();
        let (text, _) = texts(&done.bytes);
        text.lines().find_map(|line| line.strip_prefix("(0020,000d): ")).unwrap().to_owned()
    };
    let (first, other) = (new("1.2.3.11"), new("1.2.31.1"));
    assert_ne!(first, other);
    assert_eq!(new("1.2.3.11"), first);
    assert!(first.starts_with("2.25.") && first.len() > 30 && first.len() <= 64);
    assert_eq!(new("1.2.840.10008.1.4.1.1"), "1.2.840.10008.1.4.1.1");
}

#[test]
fn files_in_an_archive_are_changed_where_they_lie() {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, of) in [("a.dcm", Syntax::Explicit), ("b.dcm", Syntax::Implicit)] {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut writer, &patient(of, false)).unwrap();
    }
    let packed = writer.finish().unwrap().into_inner();
    let done = ran(Method::SafeHarbor, &packed, "a.zip");
    let (text, opaque) = texts(&done.bytes);
    assert_eq!(opaque, [Opaque::Seen; 2]);
    assert_eq!(text.matches(&format!("PatientName: {}^{}\n", name("quxley"), name("vern"))).count(), 2);
    assert_eq!(done.report.pictures, 2);
}

#[test]
fn a_name_of_a_hundred_thousand_parts_and_as_many_values_take_no_longer_than_their_length() {
    let of = Syntax::Explicit;
    let parts = "Quxley^".repeat(30_000);
    let values = "1.2.3\\".repeat(10_000);
    let file = of.file(&[
        of.element(0x0010_1001, b"UT", parts.as_bytes()),
        of.element(0x0020_000D, b"UT", values.as_bytes()),
        of.element(0x0008_1030, b"UT", "Vern Quxley\\".repeat(3_000).as_bytes()),
    ]);
    let done = ran(Method::SafeHarbor, &file, "").bytes;
    assert!(!has(&done, "Quxley") && !has(&done, "1.2.3\\"));
}

#[test]
fn codes_of_common_lists_stay_and_codes_that_stand_for_people_do_not() {
    let of = Syntax::Explicit;
    let code = |value: &[u8], scheme: &[u8], words: &[u8]| {
        [
            of.element(0x0008_0100, b"SH", value),
            of.element(0x0008_0102, b"SH", scheme),
            of.element(0x0008_0104, b"LO", words),
        ]
        .concat()
    };
    let file = of.file(&[
        of.sequence(0x0008_2218, &[code(b"T-A0100", b"SRT", b"Brain Smith")], true),
        of.sequence(0x0040_1101, &[code(b"17", b"99LOCAL", b"Vern Quxley")], true),
        of.sequence(0x0040_A043, &[code(b"18", b"99LOCAL", b"Seen by Dr Vern Quxley")], false),
    ]);
    let done = ran(Method::SafeHarbor, &file, "").bytes;
    assert!(has(&done, "Brain Smith") && has(&done, "T-A0100") && has(&done, "Seen by"));
    assert!(!has(&done, "Quxley"));
}

#[test]
fn a_sequence_whose_kind_was_not_known_is_read_as_one() {
    let (of, inner) = (Syntax::Explicit, Syntax::Implicit);
    let item = inner.element(0x0040_A123, b"PN", b"QUXLEY^VERN");
    let items = [inner.head(0xFFFE_E000, b"UN", u32::try_from(item.len()).unwrap()), item].concat();
    for bounded in [true, false] {
        let long = if bounded { u32::try_from(items.len()).unwrap() } else { u32::MAX };
        let mut sequence = [of.head(0x0040_A073, b"UN", long), items.clone()].concat();
        if !bounded {
            sequence.extend(of.head(0xFFFE_E0DD, b"UN", 0));
        }
        let (text, _) = texts(&ran(Method::SafeHarbor, &of.file(&[sequence]), "").bytes);
        assert!(text.contains(&format!("(0040,a123): {}^{}\n", name("quxley"), name("vern"))), "{text}");
    }
}
