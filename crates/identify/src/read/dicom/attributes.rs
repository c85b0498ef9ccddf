//! What an attribute of DICOM is: its value representation (PS3.6), and what the Basic Application Level Confidentiality Profile
//! (PS3.15, table E.1-1) does with it.
//!
//! The profile is followed with these of its options: descriptors, comments and structured content are searched instead of emptied;
//! patients' characteristics (sex, size, weight) stay; dates and ages go by the method of the run. Most of the table follows from the
//! value representation alone (each name of a person, each day, each UID but those of classes, each title of an application), so that
//! only the rest is listed here.
//!
//! What must always hold: what is in no list and not in PS3.6 either is treated as the strictest.
//!
//! What it refuses to know: values.

use super::super::{Meaning, What, Who};
use std::sync::LazyLock;

/// Group and element as one number.
pub(super) type Tag = u32;

pub(super) const TRANSFER_SYNTAX: Tag = 0x0002_0010;
pub(super) const CHARACTER_SET: Tag = 0x0008_0005;
pub(super) const CODE_SCHEME: Tag = 0x0008_0102;
pub(super) const CODE_WORDS: Tag = 0x0008_0104;
pub(super) const CLASS: Tag = 0x0008_0016;
pub(super) const MODALITY: Tag = 0x0008_0060;
pub(super) const BURNED_IN: Tag = 0x0028_0301;
pub(super) const DOCUMENT: Tag = 0x0042_0011;
pub(super) const PIXELS: Tag = 0x7FE0_0010;

/// Value representations, sorted by attribute.
static KINDS: LazyLock<Vec<(Tag, [u8; 2])>> = LazyLock::new(|| {
    let mut kinds = Vec::with_capacity(5_200);
    for line in include_str!("../../../data/dicom/attributes.txt").lines() {
        let mut words = line.split(' ');
        let (Some(group), Some(kind)) = (words.next().and_then(hex), words.next()) else { continue };
        let Ok(kind) = <[u8; 2]>::try_from(kind.as_bytes()) else { continue };
        kinds.extend(words.filter_map(hex).map(|element| (group << 16 | element, kind)));
    }
    kinds.sort_unstable();
    kinds
});

fn hex(word: &str) -> Option<u32> {
    u32::from_str_radix(word, 16).ok()
}

/// The value representation that PS3.6 gives to an attribute; none where it does not know it.
pub(super) fn kind_of(tag: Tag) -> Option<[u8; 2]> {
    let (group, element) = (tag >> 16, tag & 0xFFFF);
    if element == 0 {
        return Some(*b"UL");
    }
    // Groups of overlays and of curves repeat (PS3.5, 7.6).
    if group % 2 == 0 && (0x6002..=0x60FE).contains(&group) {
        return kind_of(0x6000 << 16 | element);
    }
    if group % 2 == 0 && matches!(group, 0x5000..=0x50FE | 0x6000) {
        return repeating(group, element);
    }
    let at = KINDS.binary_search_by_key(&tag, |(tag, _)| *tag).ok()?;
    KINDS.get(at).map(|(_, kind)| *kind)
}

/// Of curves what is text, and of overlays what they are made of (PS3.6).
const fn repeating(group: u32, element: u32) -> Option<[u8; 2]> {
    Some(match (group, element) {
        (0x6000, 0x0010..=0x0012 | 0x0050..=0x0052 | 0x0100..=0x0102) => *b"US",
        (0x6000, 0x0015 | 0x1302) => *b"IS",
        (0x6000, 0x1301 | 0x1303) => *b"DS",
        (0x6000, 0x0040) => *b"CS",
        (0x6000, 0x0022 | 0x0045 | 0x1500) | (_, 0x0022 | 0x2500) => *b"LO",
        (0x6000, 0x3000) => *b"OW",
        (0x6000, 0x4000) | (_, 0x200E) => *b"LT",
        _ => return None,
    })
}

/// What belongs to an organisation or a device, or stands for somebody as a number, and comes out as a token.
const TOKENS: &[(Tag, What)] = &[
    // Paths of files, in which folders are called by patients' numbers.
    (0x0004_1500, What::OtherId),
    (0x0008_0050, What::Account),
    (0x0008_0080, What::OrganizationName),
    (0x0008_1010, What::OrganizationName),
    (0x0008_1040, What::OrganizationName),
    (0x0010_0020, What::RecordNumber),
    (0x0010_1000, What::RecordNumber),
    (0x0010_1090, What::RecordNumber),
    (0x0010_2299, What::OrganizationName),
    (0x0012_0010, What::OrganizationName),
    (0x0012_0020, What::OtherId),
    (0x0012_0031, What::OrganizationName),
    (0x0012_0040, What::RecordNumber),
    (0x0012_0042, What::RecordNumber),
    (0x0012_0060, What::OrganizationName),
    (0x0012_0081, What::OrganizationName),
    (0x0018_1000, What::DeviceId),
    (0x0020_0010, What::Account),
    (0x0032_1033, What::OrganizationName),
    (0x0038_0010, What::Account),
    (0x0038_0060, What::Account),
    (0x0040_0009, What::Account),
    (0x0040_0253, What::Account),
    (0x0040_050A, What::Account),
    (0x0040_0512, What::OtherId),
    (0x0040_0551, What::OtherId),
    (0x0040_06FA, What::OtherId),
    (0x0040_1001, What::Account),
    (0x0040_1006, What::Account),
    (0x0040_1007, What::Account),
    (0x0040_2006, What::Account),
    (0x0040_2007, What::Account),
    (0x0040_2016, What::Account),
    (0x0040_2017, What::Account),
    (0x0040_4036, What::OrganizationName),
    (0x0040_A027, What::OrganizationName),
    (0x0050_001B, What::OtherId),
    (0x0088_0130, What::OtherId),
    (0x2100_0160, What::OtherId),
    (0x300A_00B2, What::DeviceId),
    (0x3010_001B, What::DeviceId),
    (0x3010_0043, What::DeviceId),
    (0x4008_0040, What::Account),
    (0x4008_0200, What::Account),
];

/// What is emptied, by group: addresses, telephones, issuers, places, devices, what a label says.
const EMPTIED: &[(u32, &[u32])] = &[
    (0x0002, &[0x0016, 0x0017, 0x0018, 0x0026, 0x0027, 0x0028, 0x0100, 0x0102]),
    (0x0004, &[0x1130, 0x1141]),
    (0x0008, &[0x0054, 0x0055, 0x0081, 0x0092, 0x0094, 0x0201]),
    (0x0010, &[0x0021, 0x0033, 0x0034, 0x0035, 0x1040, 0x1050, 0x1080, 0x1081, 0x2150, 0x2152, 0x2154, 0x2155, 0x21F0]),
    (0x0012, &[0x0021, 0x0022, 0x0030, 0x0032, 0x0041, 0x0043, 0x0050, 0x0055, 0x0071, 0x0073, 0x0082]),
    (
        0x0016,
        &[
            0x002B, 0x004D, 0x004F, 0x0051, 0x0070, 0x0071, 0x0072, 0x0073, 0x0074, 0x0075, 0x0076, 0x0077, 0x0078,
            0x0079, 0x007A, 0x007B, 0x007C, 0x007D, 0x007E, 0x007F, 0x0080, 0x0081, 0x0082, 0x0083, 0x0084, 0x0085,
            0x0086, 0x0087, 0x0088, 0x0089, 0x008A, 0x008B, 0x008C, 0x008D, 0x008E,
        ],
    ),
    (
        0x0018,
        &[
            0x1004, 0x1005, 0x1006, 0x1007, 0x1008, 0x1009, 0x1010, 0x1011, 0x100B, 0x700A, 0x9367, 0x9371, 0x9373,
            0x9379,
        ],
    ),
    (0x0020, &[0x3401]),
    (0x0032, &[0x0012, 0x1020]),
    (0x0038, &[0x0011, 0x001E, 0x0061, 0x0300, 0x0400]),
    (
        0x0040,
        &[
            0x0010, 0x0011, 0x0031, 0x0032, 0x0242, 0x0243, 0x1005, 0x1102, 0x1103, 0x1104, 0x2009, 0x2010, 0x2011,
            0xA353, 0xA354, 0xE001,
        ],
    ),
    (0x0072, &[0x0008]),
    (0x0088, &[0x0910]),
    (0x0400, &[0x0115, 0x0120, 0x0310, 0x0404, 0x0520, 0x0563, 0x0564]),
    (0x2200, &[0x0002, 0x0005]),
    (0x3008, &[0x0105]),
    (0x4000, &[0x0010]),
    (0x4008, &[0x0042, 0x011A, 0x0202]),
];

/// UIDs of classes, of ways to encode and of lists of codes: what kind of thing it is, and nobody's.
const CLASSES: &[Tag] = &[
    0x0002_0002,
    0x0002_0010,
    0x0002_0012,
    0x0004_1510,
    0x0004_1512,
    0x0004_151A,
    0x0008_0016,
    0x0008_001A,
    0x0008_001B,
    0x0008_0062,
    0x0008_010C,
    0x0008_010D,
    0x0008_0117,
    0x0008_0118,
    0x0008_040E,
    0x0008_1150,
    0x0008_115A,
    0x0008_3002,
    0x0034_0003,
    0x0400_0010,
    0x0400_0510,
    0x3010_0052,
    0x3010_0053,
];

/// Bytes that are numbers and no text: tables of colours and of values, surfaces, offsets, the samples of curves in time. With the
/// version of the heading. All other bytes may hold anything, and are emptied.
const NUMBERS: &[(Tag, Tag)] = &[
    (0x0002_0001, 0x0002_0001),
    (0x0028_1201, 0x0028_1224),
    (0x0028_1408, 0x0028_1408),
    (0x0028_3006, 0x0028_3006),
    (0x0064_0009, 0x0064_0009),
    (0x0066_0016, 0x0066_0016),
    (0x0066_0021, 0x0066_0029),
    (0x0066_0040, 0x0066_0043),
    (0x0066_0121, 0x0066_0125),
    (0x0066_0129, 0x0066_0129),
    (0x5400_0100, 0x5400_0112),
    (0x5400_100A, 0x5400_100A),
    (0x7FE0_0001, 0x7FE0_0003),
];

/// Sequences of codes that stand for people, institutions, plans and places.
const NAMING: &[Tag] =
    &[0x0008_0082, 0x0008_1041, 0x0010_0050, 0x0040_1101, 0x0040_4025, 0x0040_4027, 0x0040_4028, 0x0040_4030];

/// Is it a sequence of codes that stand for somebody.
pub(super) fn names_somebody(tag: Tag) -> bool {
    NAMING.contains(&tag)
}

/// Words about machines, ways to make a picture and lists of codes, in which nobody is named: makers and models, versions, kernels,
/// sequences, coils, filters, scales, dimensions, segmentation programs.
const TECHNICAL: &[Tag] = &[
    0x0002_0013,
    0x0008_0070,
    0x0008_0100,
    CODE_SCHEME,
    0x0008_0103,
    0x0008_010F,
    0x0008_0115,
    0x0008_0119,
    0x0008_1090,
    0x0018_0024,
    0x0018_0085,
    0x0018_1016,
    0x0018_1018,
    0x0018_1019,
    0x0018_1020,
    0x0018_1160,
    0x0018_1210,
    0x0018_1250,
    0x0018_1251,
    0x0018_9005,
    0x0020_1040,
    0x0020_9421,
    0x0028_1054,
    0x0028_1055,
    0x0028_3003,
    0x0040_08EA,
    0x0040_DB00,
    0x0062_0009,
];

/// Lists of codes whose words are the same everywhere (PS3.16, 8).
pub(super) fn is_common_scheme(name: &[u8]) -> bool {
    const SCHEMES: &[&[u8]] = &[
        b"DCM",
        b"SCT",
        b"SRT",
        b"SNM3",
        b"SNM",
        b"LN",
        b"UCUM",
        b"FMA",
        b"RADLEX",
        b"NCIt",
        b"UMLS",
        b"MDC",
        b"I10",
        b"I9C",
        b"I9",
        b"CD8",
        b"ACR",
        b"BI",
        b"C4",
        b"C5",
        b"RXNORM",
        b"NDC",
        b"ISO639_1",
        b"ISO3166_1",
        b"DCMUID",
    ];
    SCHEMES.contains(&name)
}

/// What is done with an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Numbers that are no text.
    Number,
    /// What a device has seen or measured.
    Seen,
    /// A whole document.
    Document,
    /// Emptied.
    Emptied,
    /// Zeros, as many as there were.
    Zeros,
    /// Part of how the file is written: it is read and never changed.
    Fixed,
    /// A value of a kind that has one form.
    Formed,
    /// A number or a name that goes whatever it looks like.
    Token(What),
    /// Words, a code or a number in digits.
    Words,
}

/// What is done with an attribute of this kind; `known` if PS3.6 has it.
pub(super) fn treatment(tag: Tag, kind: [u8; 2], known: bool) -> Treatment {
    let (group, element) = (tag >> 16, tag & 0xFFFF);
    if let Some((_, what)) = TOKENS.iter().find(|(one, _)| *one == tag) {
        return Treatment::Token(*what);
    }
    let is_emptied = |(of, elements): &(u32, &[u32])| *of == group && elements.contains(&element);
    if EMPTIED.iter().any(is_emptied) {
        return Treatment::Emptied;
    }
    match tag {
        TRANSFER_SYNTAX | CHARACTER_SET => return Treatment::Fixed,
        DOCUMENT => return Treatment::Document,
        0x7FE0_0008 | 0x7FE0_0009 | PIXELS | 0x5400_1010 | 0x5600_0020 => return Treatment::Seen,
        _ => {}
    }
    match &kind {
        b"UI" if CLASSES.contains(&tag) => Treatment::Words,
        b"PN" | b"DA" | b"TM" | b"DT" | b"AS" | b"UI" => Treatment::Formed,
        b"AE" | b"UR" => Treatment::Emptied,
        b"CS" | b"DS" | b"IS" | b"LO" | b"LT" | b"SH" | b"ST" | b"UC" | b"UT" => Treatment::Words,
        b"US" | b"SS" | b"UL" | b"SL" | b"FL" | b"FD" | b"AT" | b"SV" | b"UV" if known => Treatment::Number,
        _ if NUMBERS.iter().any(|(first, last)| (*first..=*last).contains(&tag)) => Treatment::Number,
        // What is drawn over a picture may be its patient's name.
        _ if matches!(group, 0x6000..=0x60FE) && element == 0x3000 => Treatment::Zeros,
        _ => Treatment::Emptied,
    }
}

/// What a value means, for whoever searches it.
pub(super) fn meaning_of(tag: Tag, kind: [u8; 2]) -> Meaning {
    use Who::{Organization, Patient, Provider};
    let of = Meaning::of;
    match tag {
        0x0010_0010 | 0x0010_1001 | 0x0010_1005 => return of(What::FullName, Patient),
        0x0010_1060 | 0x0010_2297 => return of(What::FullName, Who::Relative),
        0x0010_0030 => return of(What::BirthDate, Patient),
        0x0010_0040 => return of(What::Sex, Patient),
        0x0010_1010 => return of(What::Age, Patient),
        0x0010_1040 => return of(What::Address, Patient),
        0x0010_2154 => return of(What::Phone, Patient),
        0x0010_2160 => return of(What::Demographic, Patient),
        0x0008_0020..=0x0008_0023 => return of(What::VisitDate, Patient),
        0x0008_0081 => return of(What::Address, Organization),
        0x0008_0094 | 0x0040_1103 | 0x0040_2010 => return of(What::Phone, Provider),
        _ => {}
    }
    if let Some((_, what)) = TOKENS.iter().find(|(one, _)| *one == tag) {
        let who = if matches!(what, What::OrganizationName | What::DeviceId) { Organization } else { Patient };
        return of(*what, who);
    }
    if TECHNICAL.contains(&tag) {
        return Meaning::CODE;
    }
    match &kind {
        b"PN" => of(What::FullName, Provider),
        b"DA" | b"DT" => of(What::OtherDate, Who::Unknown),
        b"AS" => of(What::Age, Who::Unknown),
        b"UI" if CLASSES.contains(&tag) => Meaning::CODE,
        // What many patients share, such as a device's, says nothing of whom a file is about.
        b"UI" if tag >> 16 == 0x0020 || tag == 0x0008_0018 => of(What::OtherId, Patient),
        b"UI" => of(What::OtherId, Who::Unknown),
        b"CS" | b"DS" | b"IS" | b"AE" | b"TM" => Meaning::CODE,
        _ => Meaning::FREE_TEXT,
    }
}

/// How many characters one value may have (PS3.5, 6.2).
pub(super) const fn chars_max(kind: [u8; 2]) -> u16 {
    match &kind {
        b"SH" | b"CS" | b"AE" | b"DS" => 16,
        b"IS" => 12,
        b"LO" => 64,
        b"ST" => 1_024,
        b"LT" => 10_240,
        _ => u16::MAX,
    }
}

/// The short name of an attribute that is met in every file.
pub(super) const fn name_of(tag: Tag) -> Option<&'static str> {
    Some(match tag {
        0x0008_0020 => "StudyDate",
        0x0008_0050 => "AccessionNumber",
        0x0008_0080 => "InstitutionName",
        0x0008_0081 => "InstitutionAddress",
        0x0008_0090 => "ReferringPhysicianName",
        0x0008_1030 => "StudyDescription",
        0x0008_1048 => "PhysiciansOfRecord",
        0x0008_1050 => "PerformingPhysicianName",
        0x0008_1070 => "OperatorsName",
        0x0010_0010 => "PatientName",
        0x0010_0020 => "PatientID",
        0x0010_0030 => "PatientBirthDate",
        0x0010_0040 => "PatientSex",
        0x0010_1010 => "PatientAge",
        0x0010_1040 => "PatientAddress",
        0x0010_2154 => "PatientTelephoneNumbers",
        0x0010_4000 => "PatientComments",
        0x0020_0010 => "StudyID",
        _ => return None,
    })
}

/// Pictures of these kinds show text as a rule, or faces: photographs, ultrasound, what was copied from a screen or from paper
/// (PS3.3, C.7.3.1.1.1).
pub(super) fn shows_text(attribute: Tag, value: &[u8]) -> bool {
    const MODALITIES: &[&[u8]] =
        &[b"US", b"SC", b"OT", b"XC", b"ES", b"GM", b"OP", b"DOC", b"SM", b"IVUS", b"HC", b"DMS"];
    const CLASSES: &[&[u8]] = &[
        b"1.2.840.10008.5.1.4.1.1.7",
        b"1.2.840.10008.5.1.4.1.1.6.",
        b"1.2.840.10008.5.1.4.1.1.3.",
        b"1.2.840.10008.5.1.4.1.1.77.1.",
        b"1.2.840.10008.5.1.4.1.1.104.",
    ];
    match attribute {
        MODALITY => MODALITIES.contains(&value),
        CLASS => CLASSES.iter().any(|class| value.starts_with(class)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{EMPTIED, KINDS, TOKENS, Treatment, kind_of, treatment};

    #[test]
    fn every_attribute_of_the_table_is_one_of_the_standard() {
        assert!(KINDS.len() > 5_000 && KINDS.is_sorted_by(|one, next| one.0 < next.0));
        assert!(TOKENS.is_sorted_by_key(|(tag, _)| *tag));
        let emptied = EMPTIED.iter().flat_map(|(group, elements)| elements.iter().map(move |one| group << 16 | one));
        let unknown: Vec<String> = emptied
            .chain(TOKENS.iter().map(|(tag, _)| *tag))
            .filter(|tag| kind_of(*tag).is_none())
            .map(|tag| format!("{tag:08x}"))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn bytes_of_which_nothing_is_known_do_not_stay() {
        assert_eq!(treatment(0x0028_0010, *b"US", true), Treatment::Number);
        assert_eq!(treatment(0x0028_0F10, *b"US", false), Treatment::Emptied);
        assert_eq!(treatment(0x0028_2000, *b"OB", true), Treatment::Emptied);
        assert_eq!(treatment(0x6002_3000, *b"OW", true), Treatment::Zeros);
        assert_eq!(kind_of(0x6002_3000), Some(*b"OW"));
        assert_eq!(kind_of(0x0010_0010), Some(*b"PN"));
        assert_eq!(kind_of(0x0029_1010), None);
    }
}
