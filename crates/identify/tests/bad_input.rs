//! Bad input, hostile and otherwise: cut files, mixed charsets, endless lines, a million columns, deep nesting, packed files that
//! lie. What it takes where something would be looked at again and again shows in that these tests end at all.

#![expect(clippy::unwrap_used, reason = "a test file: what cannot be read fails the test")]

use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use strongroom_identify::deidentify::Drawn;
use strongroom_identify::read::{Format, Opaque, Part, Portion, ReadLimits, Summary, read};
use strongroom_identify::{Deidentifier, DeidentifyError, Finder, Identifier, Method};

struct Read {
    parts: Vec<Part>,
    opaque: Vec<Opaque>,
    summary: Summary,
}

impl Read {
    fn of(bytes: &[u8], name: &str, limits: &ReadLimits) -> Self {
        let (mut parts, mut opaque) = (Vec::new(), Vec::new());
        let mut sink = |portion| match portion {
            Portion::Text(part) => parts.push(part),
            Portion::Opaque { why, .. } => opaque.push(why),
        };
        let summary = read(bytes, name, limits, &mut sink).unwrap();
        Self { parts, opaque, summary }
    }

    fn text(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }

    fn is_damaged(&self) -> bool {
        self.opaque.iter().any(|why| matches!(why, Opaque::Damaged(_)))
    }
}

fn usual(bytes: &[u8], name: &str) -> Read {
    Read::of(bytes, name, &ReadLimits::default())
}

fn seeds(folder: &str) -> Vec<(String, Vec<u8>)> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "corpus", folder].iter().collect();
    let mut files: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |file: &PathBuf| file.file_name().unwrap().to_string_lossy().into_owned();
    files.iter().map(|file| (name(file), std::fs::read(file).unwrap())).collect()
}

fn has(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|here| here == word.as_bytes())
}

#[test]
fn of_a_file_that_is_cut_anywhere_every_word_before_the_cut_is_read() {
    const WORDS: &[&str] = &["Reyes", "Lee", "0047", "1962", "74101", "Ann", "DOB"];
    let folders =
        ["read_plain", "read_delimited", "read_json", "read_hl7", "read_xml", "read_html", "read_rtf", "read_sql"];
    let mut cuts = 0;
    for folder in folders {
        for (name, bytes) in seeds(folder) {
            for cut in 1..bytes.len() {
                let read = usual(&bytes[..cut], &name);
                let text = read.text();
                // Letters of wide charsets are no words as they lie there.
                for word in WORDS.iter().filter(|word| has(&bytes[..cut], word)) {
                    assert!(text.contains(word), "{folder}/{name} cut at {cut}: a word is not read");
                }
                cuts += 1;
            }
        }
    }
    assert!(cuts > 2_500, "{cuts}");
}

#[test]
fn a_packed_file_that_is_cut_anywhere_is_told_as_not_read() {
    for (name, bytes) in seeds("read_packed") {
        // The last bytes of a tar archive are padding.
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        let mut silent = Vec::new();
        for cut in 20..=end {
            let read = usual(&bytes[..cut], &name);
            let is_tar = read.summary.format == Format::Tar;
            // Between two members a tar archive ends as a whole one does.
            if read.opaque.is_empty() && !(is_tar && cut.is_multiple_of(512)) {
                silent.push(cut);
            }
        }
        // Before the letters by which tar is known, it is text or unknown bytes; within padding nothing is missing.
        if name.ends_with(".tar") {
            silent.retain(|cut| *cut > 262 && bytes[cut - 1] != 0 && bytes[*cut] != 0);
        }
        assert!(silent.is_empty(), "{name} cut at {silent:?} says nothing");
    }
}

#[test]
fn a_dicom_file_that_is_cut_within_a_tag_is_damaged() {
    let (_, whole) = seeds("read_dicom").into_iter().find(|(name, _)| name == "whole.dcm").unwrap();
    assert!(!usual(&whole, "").is_damaged());
    let mut quiet = 0;
    for cut in 134..whole.len() {
        quiet += usize::from(usual(&whole[..cut], "").opaque.is_empty());
    }
    // Where a tag ends, a file may end.
    assert!(quiet <= 9, "{quiet} cuts are not told");
}

#[test]
fn a_document_within_a_dicom_file_is_told_as_not_read() {
    let mut file = vec![0; 128];
    file.extend_from_slice(b"DICM");
    let document = b"%PDF-1.4 (Ann Reyes was seen) endobj";
    file.extend_from_slice(&[0x42, 0, 0x11, 0, b'O', b'B', 0, 0, 36, 0, 0, 0]);
    file.extend_from_slice(document);
    let read = usual(&file, "");
    assert_eq!(read.summary.format, Format::Dicom);
    // What is no whole document of its kind.
    assert_eq!(read.opaque, [Opaque::Damaged(0)]);
}

#[test]
fn a_number_is_found_in_every_charset_and_between_bytes_of_others() {
    const NUMBER: &str = "234-56-7891";
    let text = format!("Zoe was here.\r\nSSN: {NUMBER}\r\nZoe left again.\r\n");
    let wide = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let (little, big) = (wide(u16::to_le_bytes), wide(u16::to_be_bytes));
    let with = |before: &[u8], after: &[u8]| [before, text.as_bytes(), after].concat();
    let files: Vec<(&str, Vec<u8>, usize)> = vec![
        ("utf-8", with(b"", b""), 11),
        ("utf-8 behind a mark", with(b"\xEF\xBB\xBF", b""), 11),
        ("utf-16, little end first, with a mark", [b"\xFF\xFE", &little[..]].concat(), 22),
        ("utf-16, big end first, with a mark", [b"\xFE\xFF", &big[..]].concat(), 22),
        ("utf-16 without a mark", little.clone(), 22),
        ("utf-16, big end first, without a mark", big, 22),
        ("utf-16 with half a letter at its end", [b"\xFF\xFE", &little[..], b"Z"].concat(), 22),
        ("windows-1252", with(b"Zo\xEB \x93here\x94\r\n", b"\xE9t\xE9"), 11),
        ("utf-8 and windows-1252", with("Zoë Anaïs ".as_bytes(), b" Zo\xEB\r\n"), 11),
        ("bytes that no charset has", with(b"\x81\x8D\xC3\x28\xF0\x28\x8C\x28 ", b"\xFF\xFF"), 11),
        ("nulls around it", with(b"\0\0\0 ", b"\0\0"), 11),
        ("half a letter of utf-8 at the end", with("Zoë ".as_bytes(), b"\xE2\x82"), 11),
    ];
    for (name, bytes, long) in files {
        let read = usual(&bytes, "x.txt");
        let mut found = Vec::new();
        for part in &read.parts {
            let mut here = Vec::new();
            Finder::default().find(part.text.as_bytes(), &mut here);
            let is_number = |one: &&strongroom_identify::Finding| one.kind == Identifier::Ssn;
            found.extend(here.iter().filter(is_number).map(|one| part.map.source(one.range())));
        }
        assert_eq!(found.len(), 1, "{name}: {:?}", read.opaque);
        let place = usize::try_from(found[0].start).unwrap()..usize::try_from(found[0].end).unwrap();
        assert_eq!(place.len(), long, "{name}");
        let digits: Vec<u8> = bytes[place].iter().copied().filter(|byte| *byte != 0).collect();
        assert_eq!(digits, NUMBER.as_bytes(), "{name}");
    }
}

/// Where a line without an end stands in each format: its name, what is before it and what behind.
const ENDLESS: &[(&str, &str, &str)] = &[
    ("a.txt", "", ""),
    ("a.csv", "a,b\n1,\"", "\"\n"),
    ("a.json", "{\"a\":\"", "\"}"),
    ("a.xml", "<?xml version=\"1.0\"?><a>", "</a>"),
    ("a.html", "<html><p title=\"", "\">x</html>"),
    ("a.hl7", "MSH|^~\\&|A\rPID|1||", "\r"),
    ("a.rtf", "{\\rtf1 ", "}"),
    ("a.sql", "INSERT INTO a VALUES ('", "');"),
    ("a.eml", "Received: x\nFrom: a@b.c\nTo: ", "\n\nx"),
];

fn reads_endless_lines(long: usize) {
    for (name, before, behind) in ENDLESS {
        let mut bytes = before.as_bytes().to_vec();
        bytes.resize(bytes.len() + long, b'x');
        bytes.extend_from_slice(behind.as_bytes());
        let limits = ReadLimits::default();
        let (mut total, mut largest, mut opaque) = (0, 0, 0);
        let summary = read(&bytes, name, &limits, &mut |portion| match portion {
            Portion::Text(part) => {
                total += part.text.bytes().filter(|byte| *byte == b'x').count();
                largest = largest.max(part.text.len());
            }
            Portion::Opaque { .. } => opaque += 1,
        })
        .unwrap();
        assert!(total >= long, "{name}: {total} letters of {long}");
        assert!(largest <= limits.portion_bytes * 2, "{name}: a portion of {largest} bytes");
        assert!(summary.cuts_inside > 0 && opaque == 0, "{name}: a line was cut, and nobody says so");
    }
}

#[test]
fn a_line_without_an_end_comes_in_portions_and_its_cuts_are_counted() {
    reads_endless_lines(6 << 20);
    // And one of 64 MiB.
    let bytes = vec![b'x'; 64 << 20];
    let mut total = 0;
    let summary = read(&bytes, "a.txt", &ReadLimits::default(), &mut |portion| {
        if let Portion::Text(part) = portion {
            total += part.text.len();
        }
    });
    assert_eq!(total, 64 << 20);
    assert!(summary.unwrap().parts >= 16);
}

#[test]
#[ignore = "a gibibyte for each format, one after the other; docs/SECURITY-CHECKS.md says what came of it"]
fn a_line_of_a_gibibyte_comes_in_portions() {
    reads_endless_lines(1 << 30);
}

#[test]
fn a_million_columns_are_read_and_only_so_many_names_are_kept() {
    let columns = 1_000_000;
    let mut table: Vec<String> = (0..columns).map(|number| format!("c{number}")).collect();
    table[0] = "last_name".to_owned();
    let text = format!("{}\n{}\n", table.join(","), vec!["7"; columns].join(","));
    let read = usual(text.as_bytes(), "a.csv");
    assert_eq!(read.summary.format, Format::Delimited);
    assert!(read.parts.iter().all(|part| part.columns.len() <= ReadLimits::default().columns_max));
    // The cells of the header are fields too: nobody stands in them.
    assert_eq!(read.parts.iter().map(|part| part.fields.len()).sum::<usize>(), 2 * columns);
    assert_eq!(read.text(), text);
}

#[test]
fn what_is_nested_a_hundred_thousand_deep_is_read_to_its_bottom() {
    let deep = 100_000;
    let nested = |open: &str, close: &str| format!("{}Reyes{}", open.repeat(deep), close.repeat(deep));
    let files = [
        ("a.json", nested("{\"a\":", "}").replace("Reyes", "\"Reyes\"")),
        ("a.json", nested("[", "]").replace("Reyes", "\"Reyes\"")),
        ("a.json", nested("[{\"resourceType\":\"Bundle\",\"entry\":", "}]").replace("Reyes", "\"Reyes\"")),
        ("a.json", nested("[", "")),
        ("a.xml", format!("<?xml version=\"1.0\"?>{}", nested("<a>", "</a>"))),
        ("a.xml", format!("<?xml version=\"1.0\"?>{}", nested("<a b='1'>", ""))),
        ("a.html", format!("<html>{}", nested("<div>", "</div>"))),
        ("a.rtf", format!("{{\\rtf1 {}", nested("{", "}"))),
        ("a.rtf", format!("{{\\rtf1 {}", nested("{\\b ", ""))),
        ("a.sql", format!("INSERT INTO a VALUES {}", nested("(", ")"))),
        ("a.txt", nested("(", ")")),
    ];
    for (name, text) in files {
        let read = usual(text.as_bytes(), name);
        assert!(read.text().contains("Reyes"), "{name} {:?}: what lies deep is not read", &text[..40]);
        let told = read.is_damaged() || matches!(read.summary.format, Format::Html | Format::Sql | Format::Text);
        assert!(told, "{name}: it is nested beyond the limit, and nobody says so");
    }
}

#[test]
fn mail_parts_within_parts_are_read_to_their_bottom() {
    let mut mail = "Received: x\nFrom: a@example.org\nTo: b@example.org\n".to_owned();
    for number in 0..200 {
        mail += &format!("Content-Type: multipart/mixed; boundary=\"b{number}\"\n\n--b{number}\n");
    }
    mail += "\nReyes was here\n";
    let read = usual(mail.as_bytes(), "a.eml");
    assert_eq!(read.summary.format, Format::Mail);
    assert!(read.text().contains("Reyes"));
}

/// What makes readers look at the same bytes again and again, where they are careless.
const TRAPS: &[(&str, &str, &str)] = &[
    ("a.txt", "", "x"),
    ("a.json", "", "[{},"),
    ("a.json", "[", "{\"a\":{},"),
    ("a.json", "[", "{\"a\":[{\"b\":1}]},"),
    ("a.json", "{\"resourceType\":\"Bundle\",\"entry\":[", "{\"resource\":{\"a\":1}},"),
    ("a.json", "{\"a\":\"", "\\u"),
    ("a.json", "{\"a\":\"", "\\\\"),
    ("a.json", "{\"a\":\"<div>", "<b>&amp;\\u00e9"),
    ("a.json", "", "{\"a\":1}\n"),
    ("a.json", "", "{\"a\":}\n"),
    ("a.json", "", "{\"a\"\n"),
    ("a.xml", "<a>", "<"),
    ("a.xml", "<a>", "<!"),
    ("a.xml", "<a>", "<!--"),
    ("a.xml", "<a>", "<![CDATA["),
    ("a.xml", "<a>", "<!DOCTYPE ["),
    ("a.xml", "<a>", "<b c=\"'"),
    ("a.xml", "<a>", "<b "),
    ("a.xml", "<a ", "b=1 "),
    ("a.xml", "<a>", "</b"),
    ("a.xml", "<a>", "</b>"),
    ("a.xml", "<a>", "&"),
    ("a.xml", "<a>", "&#x41;"),
    ("a.xml", "<a>", "<b/>"),
    ("a.xml", "<ClinicalDocument xmlns='urn:hl7-org:v3'><section><text>", "<td>1<b>"),
    ("a.html", "<html>", "<script>"),
    ("a.html", "<html><script>", "</"),
    ("a.html", "<html>", "<table><tr><td>"),
    ("a.rtf", "{\\rtf1", "\\'"),
    ("a.rtf", "{\\rtf1", "\\u-10179?"),
    ("a.rtf", "{\\rtf1", "{\\*\\x"),
    ("a.rtf", "{\\rtf1", "\\bin9999999 "),
    ("a.eml", "Received: x\nFrom: a@b.c\n", "To: =?"),
    ("a.eml", "Received: x\nFrom: a@b.c\n", "Subject: =?utf-8?B?YQ==?=\n"),
    ("a.eml", "Received: x\nFrom: a@b.c\nContent-Type: multipart/x; boundary=b\n\n", "--b\n\n"),
    ("a.eml", "Received: x\nFrom: a@b.c\n", "\n\nFrom a\n"),
    ("a.mbox", "", "From a\r\nReceived: x\r\nTo: b@c.d\r\n\r\n"),
    ("a.sql", "-- MySQL\n", "INSERT INTO a VALUES (1,'b');\n"),
    ("a.sql", "", "'"),
    ("a.sql", "-- MySQL\n'", "\\"),
    ("a.sql", "", "/*"),
    ("a.sql", "", "/* */ -- "),
    ("a.sql", "", "(a,"),
    ("a.sql", "", "COPY a (b) FROM stdin;\n"),
    ("a.sql", "", "CREATE TABLE a (b int);\n"),
    ("a.hl7", "MSH|^~\\&|A\rPID|", "\\X41"),
    ("a.hl7", "MSH|^~\\&|A\rPID|||", "1^^^&~"),
    ("a.hl7", "", "MSH|^~\\&|A\r"),
    ("a.hl7", "MSH|^~\\&|A\rOBX|", "|"),
    ("a.csv", "a,b\n", "\"\""),
    ("a.csv", "a,b\n", "\","),
    ("a.csv", "a,b\n", "\r\n"),
    ("a.csv", "sep=;\n", ";"),
    ("a.pdf", "%PDF-1.4\n", "1 0 obj<<"),
    ("a.pdf", "%PDF-1.4\n", "xref\n0 1\ntrailer<<>>startxref\n9\n%%EOF\n"),
];

/// A trap of so many bytes.
fn trap(before: &str, unit: &str, long: usize) -> Vec<u8> {
    format!("{before}{}", unit.repeat(long / unit.len())).into_bytes()
}

#[test]
fn no_reader_looks_at_the_same_bytes_again_and_again() {
    for (name, before, unit) in TRAPS {
        // A reader that looked at the rest at each place would take 10^11 steps here, which are minutes.
        let bytes = trap(before, unit, 600_000);
        let read = Read::of(&bytes, name, &ReadLimits { portion_bytes: 64 << 10, ..ReadLimits::default() });
        assert!(read.summary.text_bytes <= 6 * bytes.len() as u64, "{name} {unit:?}: {}", read.summary.text_bytes);
    }
}

/// `cargo test --release -p strongroom-identify --test bad_input -- --ignored --nocapture traps` writes what
/// each takes for n and 4 n bytes; nothing is asserted of time.
#[test]
#[ignore = "tells times, for a person to look at"]
#[expect(clippy::print_stderr, clippy::disallowed_methods, reason = "it measures, and tells what it has measured")]
fn traps_of_four_times_the_size_take_four_times_as_long() {
    for (name, before, unit) in TRAPS {
        let took = [1 << 20, 4 << 20, 16 << 20].map(|long| {
            let bytes = trap(before, unit, long);
            let began = std::time::Instant::now();
            let read = usual(&bytes, name);
            assert_ne!(read.summary.format, Format::Empty);
            began.elapsed().as_secs_f64() * 1_000.0
        });
        let [one, four, sixteen] = took;
        eprintln!(
            "{:>5.1} and {:>5.1} times: {one:>9.2} ms, {four:>9.2} ms, {sixteen:>9.2} ms: {name} {unit:?}",
            four / one,
            sixteen / four
        );
    }
}

fn zipped(members: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

/// Limits of which bombs of a few megabytes are beyond.
fn tight() -> ReadLimits {
    ReadLimits { packed_member_bytes_max: 1 << 20, packed_bytes_max: 3 << 20, ..ReadLimits::default() }
}

#[test]
fn a_bomb_ends_where_the_limit_is() {
    let zeros = vec![b' '; 4 << 20];
    for bytes in [zipped(&[("a.txt", &zeros)], zip::CompressionMethod::Deflated), gzipped(&zeros)] {
        assert!(bytes.len() < 100_000);
        let read = Read::of(&bytes, "", &tight());
        assert_eq!(read.opaque, [Opaque::TooLarge]);
        assert_eq!(read.summary.text_bytes, 0);
    }
    // Small by the limit of its size, and far larger than packed.
    let read = usual(&gzipped(&zeros), "");
    assert_eq!(read.opaque, [Opaque::TooLarge], "a thousand times larger than packed");
}

#[test]
fn what_was_unpacked_in_vain_counts_too() {
    let zeros = vec![b' '; 2 << 20];
    let bombs: Vec<String> = (0..8).map(|number| format!("{number}.txt")).collect();
    let mut members: Vec<(&str, &[u8])> = bombs.iter().map(|name| (name.as_str(), zeros.as_slice())).collect();
    members.push(("honest.txt", b"Ann Reyes"));
    let read = Read::of(&zipped(&members, zip::CompressionMethod::Deflated), "", &tight());
    // Each of the first three cost a mebibyte, which is all that there is.
    assert_eq!(read.opaque, vec![Opaque::TooLarge; 9]);
}

#[test]
fn a_million_members_are_too_many_before_any_is_looked_at() {
    let mut bytes = b"PK\x03\x04".to_vec();
    let mut entry = vec![0; 46];
    entry[..4].copy_from_slice(b"PK\x01\x02");
    for _ in 0..1_000_000 {
        bytes.extend_from_slice(&entry);
    }
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\xFF\xFF\xFF\xFF\0\0\0\0\x04\0\0\0\0\0");
    assert_eq!(usual(&bytes, "a.zip").opaque, [Opaque::TooLarge]);
    let mut tar = vec![0; 512];
    tar[..1].copy_from_slice(b"a");
    tar[156] = b'0';
    tar[257..263].copy_from_slice(b"ustar\0");
    let limits = ReadLimits { packed_entries_max: 100, ..ReadLimits::default() };
    assert_eq!(Read::of(&tar.repeat(1_000), "a.tar", &limits).opaque, [Opaque::TooLarge]);
}

#[test]
fn members_of_one_name_are_told_and_none_of_them_is_called_clean() {
    let mut bytes = zipped(&[("a.txt", b"Ann Reyes"), ("b.txt", b"Bo Lee")], zip::CompressionMethod::Stored);
    // The writer refuses what others write.
    for at in 0..bytes.len() - 5 {
        if &bytes[at..at + 5] == b"b.txt" {
            bytes[at] = b'a';
        }
    }
    let read = usual(&bytes, "");
    assert!(read.is_damaged(), "{:?}", read.opaque);
}

#[test]
fn sizes_that_lie_are_not_believed() {
    let honest = zipped(&[("a.txt", b"Ann Reyes was here")], zip::CompressionMethod::Stored);
    let mut tried = 0;
    for at in 0..honest.len() - 4 {
        if honest[at..at + 4] != [18, 0, 0, 0] {
            continue;
        }
        for size in [0, 1, 17, 19, 0x7FFF_FFFF, u32::MAX] {
            let mut bytes = honest.clone();
            bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
            let read = usual(&bytes, "");
            assert!(read.text().contains("Ann Reyes was here") || !read.opaque.is_empty(), "{size} at {at}");
            assert!(read.summary.text_bytes <= 18);
            tried += 1;
        }
    }
    assert!(tried >= 24, "{tried}");
}

#[test]
fn packed_within_packed_is_read_so_far_as_the_limit_says_and_told_beyond() {
    let limit = ReadLimits::default().packed_depth_max;
    let mut bytes = b"Ann Reyes".to_vec();
    for depth in 1..=limit + 2 {
        bytes = gzipped(&bytes);
        let read = usual(&bytes, "");
        if depth <= limit {
            assert_eq!((read.text().as_str(), read.opaque.len()), ("Ann Reyes", 0), "{depth} deep");
        } else {
            assert_eq!((read.text().as_str(), read.opaque.as_slice()), ("", [Opaque::TooDeep].as_slice()));
        }
    }
}

#[test]
fn archives_one_behind_the_other_are_all_read() {
    let (_, tar) = seeds("read_packed").into_iter().find(|(name, _)| name == "two.tar").unwrap();
    let read = usual(&tar.repeat(2), "a.tar");
    assert_eq!(read.text().matches("Ann Reyes").count(), 2);
    let two = [gzipped(b"Ann Reyes "), gzipped(b"Bo Lee")].concat();
    assert_eq!(usual(&two, "a.gz").text(), "Ann Reyes Bo Lee");
}

#[test]
fn the_name_that_a_gzip_was_packed_from_is_told() {
    let mut writer = flate2::GzBuilder::new().filename("Reyes Ann.txt").write(Vec::new(), flate2::Compression::fast());
    writer.write_all(b"was here").unwrap();
    let read = usual(&writer.finish().unwrap(), "export.gz");
    assert_eq!(read.parts[0].name.as_deref(), Some("Reyes Ann.txt"));
}

#[test]
fn names_in_an_archive_that_hold_nothing_are_told() {
    let zip = zipped(&[("Reyes Ann/", b""), ("Lee Bo.txt", b"")], zip::CompressionMethod::Stored);
    let names = |read: &Read| read.parts.iter().map(|part| part.name.clone().unwrap()).collect::<Vec<_>>();
    assert_eq!(names(&usual(&zip, "")), ["Reyes Ann/", "Lee Bo.txt"]);
    let mut tar = vec![0; 1_024];
    for (at, name, kind) in [(0, "Reyes Ann/", b'5'), (512, "Lee Bo.txt", b'0')] {
        tar[at..at + name.len()].copy_from_slice(name.as_bytes());
        tar[at + 156] = kind;
        tar[at + 257..at + 263].copy_from_slice(b"ustar\0");
    }
    assert_eq!(names(&usual(&tar, "")), ["Reyes Ann/", "Lee Bo.txt"]);
    let day = record::civil::Day::new(2026, 6, 1).unwrap();
    let run = Deidentifier::new(Method::SafeHarbor, day);
    let entropy = record::SeededEntropy::new(1);
    let refused = run.file(&zip, "", &mut Drawn::new(&entropy, []));
    assert_eq!(refused, Err(DeidentifyError::PartName));
}

#[test]
fn bytes_that_rich_text_passes_over_are_told() {
    let read = usual(b"{\\rtf1 Ann\\bin9999 Reyes was here}", "");
    assert!(read.opaque.contains(&Opaque::UnknownBinary));
}

#[test]
fn a_number_at_every_place_around_the_end_of_a_portion_is_found_or_its_cut_is_counted() {
    let limits = ReadLimits { portion_bytes: 4_096, ..ReadLimits::default() };
    for (line, step) in [("word word word\n", 1), ("word ", 3), ("x", 7)] {
        for before in (8_192 - 40..8_192 + 8).step_by(step) {
            let mut text = line.repeat(before / line.len() + 1);
            text.truncate(before);
            text += &format!(" SSN: 234-56-7891 {}", line.repeat(400));
            let read = Read::of(text.as_bytes(), "x.txt", &limits);
            assert!(read.parts.len() > 1);
            let mut found = Vec::new();
            for part in &read.parts {
                Finder::default().find(part.text.as_bytes(), &mut found);
            }
            let numbers = found.iter().filter(|one| one.kind == Identifier::Ssn).count();
            assert!(numbers == 1 || read.summary.cuts_inside > 0, "{line:?} {before}");
            assert!(numbers == 1 || !line.ends_with('\n'), "{line:?} {before}");
        }
    }
}
