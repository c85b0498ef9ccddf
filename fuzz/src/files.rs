//! Files of every format that is read, and whatever is looked for in them: what must hold of what comes out.
//!
//! What must always hold: whatever the bytes, places lie within the file and in its order; what is read as it stands is what
//! stands there; edits change what they name and nothing around it; findings, manifests and answers keep their promises. Part of
//! `crates/identify/tests/replay.rs` too, so this file needs identify and nothing that takes long to build.
//!
//! What it refuses to know: what a text means.

use identify::deidentify::{Drawn, Method};
use identify::manifest::Manifest;
use identify::read::{Edits, Format, Opaque, Part, Portion, ReadLimits, Summary, edit, read};
use identify::resolve::{Frequencies, Index, PersonRecord, blocks, resolve, same_name, sex_of};
use identify::search::{Said, Search};
use identify::{Deidentifier, DeidentifyError, FindOptions, FindStream, Finder, Finding, health_data};
use record::SeededEntropy;
use record::civil::Day;
use std::io::{Cursor, Write as _};
use std::sync::OnceLock;

/// A parser by its name, which is that of its folder of seeds.
pub(crate) type Parser = (&'static str, fn(&[u8]));

/// Every target of this file.
pub(crate) const TARGETS: &[Parser] = &[
    ("read_plain", read_plain),
    ("read_delimited", read_delimited),
    ("read_xlsx", read_xlsx),
    ("read_json", read_json),
    ("read_fhir", read_json),
    ("read_hl7", read_hl7),
    ("read_xml", read_xml),
    ("read_html", read_html),
    ("read_docx", read_docx),
    ("read_rtf", read_rtf),
    ("read_pdf", read_pdf),
    ("read_mail", read_mail),
    ("read_sql", read_sql),
    ("read_packed", read_packed),
    ("read_dicom", read_dicom),
    ("deidentify", deidentified),
    ("find", found),
    ("manifest", manifest),
    ("heading", heading),
    ("kinds", kinds),
    ("resolve", resolved),
];

/// A new text that every format writes as it is.
const NEW: &str = "Zqx";
/// The smallest portion that readers keep to, in bytes.
const PORTION_BYTES: usize = 4_096;
/// Places that are edited in one file.
const EDITS_MAX: usize = 4;

/// Small limits, so that every limit is met.
fn limits() -> ReadLimits {
    ReadLimits {
        portion_bytes: PORTION_BYTES,
        decoded_bytes_max: 32 << 10,
        depth_max: 24,
        packed_depth_max: 3,
        packed_entries_max: 64,
        packed_member_bytes_max: 256 << 10,
        packed_bytes_max: 1 << 20,
        packed_ratio_max: 200,
        columns_max: 64,
    }
}

/// All that a reading handed over.
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
        let summary = read(bytes, name, limits, &mut sink).expect("there is room to read");
        Self { parts, opaque, summary }
    }

    fn text(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }

    /// Was all of it read.
    fn is_whole(&self) -> bool {
        self.opaque.iter().all(|why| matches!(why, Opaque::Damaged(_) | Opaque::DocumentType))
    }
}

/// Reads with small limits and with the usual ones, and asks of both what must hold.
fn check(bytes: &[u8], name: &str) {
    for limits in [limits(), ReadLimits::default()] {
        let read = Read::of(bytes, name, &limits);
        assert_eq!(read.summary.parts, read.parts.len() as u64);
        assert_eq!(read.summary.opaque, read.opaque.len() as u64);
        assert_eq!(read.summary.text_bytes, read.parts.iter().map(|part| part.text.len() as u64).sum::<u64>());
        assert!(read.summary.format == Format::Empty || !read.parts.is_empty() || says_nothing(bytes, &read));
        for part in &read.parts {
            check_part(bytes, part, &read.summary, &limits);
        }
        check_covered(bytes, &read);
        if limits == ReadLimits::default() {
            check_edits(bytes, name, &read);
            check_json(bytes, &read);
        }
    }
}

/// May a file that is not empty come to no text: something in it is not read, or it holds signs alone.
fn says_nothing(bytes: &[u8], read: &Read) -> bool {
    let packed = matches!(read.summary.format, Format::Zip | Format::Gzip | Format::Tar | Format::Pdf | Format::Dicom);
    packed || !read.opaque.is_empty() || read.summary.format != Format::Text || bytes.len() <= 3
}

fn check_part(bytes: &[u8], part: &Part, summary: &Summary, limits: &ReadLimits) {
    let text = part.text.as_str();
    if text.is_empty() {
        // A name in an archive that holds nothing.
        assert!(part.name.is_some() && part.fields.is_empty(), "an empty part");
        return;
    }
    let whole = matches!(summary.format, Format::Pdf | Format::Dicom | Format::Zip | Format::Gzip | Format::Tar);
    // Pages and values of DICOM come whole, and each has a limit of its own.
    assert!(whole || text.len() <= limits.portion_bytes.max(PORTION_BYTES) * 2, "a portion of {} bytes", text.len());
    let mut last = 0;
    let step = if text.len() > 20_000 { 37 } else { 1 };
    for (at, letter) in text.char_indices().step_by(step) {
        let source = part.map.source(at..at + letter.len_utf8());
        assert!(source.start >= last && source.end >= source.start, "the map goes back at {at}");
        last = source.start;
        if part.name.is_none() {
            assert!(source.end <= bytes.len() as u64, "the map leaves the file at {at}");
            // What is one letter of both is the same letter.
            if letter.is_ascii_alphanumeric() && source.end - source.start == 1 {
                assert_eq!(char::from(bytes[index(source.start)]), letter, "another letter at {at}");
            }
        }
    }
    let mut from = 0;
    for field in &part.fields {
        assert!(field.start >= from && field.end > field.start, "fields are not in order at {}", field.start);
        assert!(text.get(field.range()).is_some(), "a field ends within a letter at {}", field.start);
        from = field.end;
    }
    let places: Vec<u32> = part.records.iter().map(|(place, _)| *place).collect();
    assert!(places.is_sorted() && places.iter().all(|place| text.is_char_boundary(*place as usize)));
    assert_eq!(places.first(), Some(&0), "the beginning is of no record");
    assert!(part.columns.len() <= limits.columns_max);
}

fn index(place: u64) -> usize {
    usize::try_from(place).expect("a place in memory")
}

/// Of formats whose bytes are their text, every letter and every digit comes out.
fn check_covered(bytes: &[u8], read: &Read) {
    let plain = matches!(
        read.summary.format,
        Format::Text | Format::Delimited | Format::Hl7 | Format::Json | Format::NdJson | Format::Sql
    );
    // Of markup within JSON the tags are no text.
    let markup = bytes.windows(4).any(|four| four == b"<div") || read.summary.format == Format::Fhir;
    if !plain || markup || read.summary.letters.is_some() || read.parts.iter().any(|part| part.name.is_some()) {
        return;
    }
    let mut seen = vec![false; bytes.len()];
    for part in &read.parts {
        for (at, letter) in part.text.char_indices() {
            let source = part.map.source(at..at + letter.len_utf8());
            seen[index(source.start)..index(source.end)].fill(true);
        }
    }
    if let Some(at) = (0..bytes.len()).find(|at| bytes[*at].is_ascii_alphanumeric() && !seen[*at]) {
        assert!(!read.is_whole(), "the letter at {at} is not read, and nobody says so");
    }
    if read.summary.format == Format::Text {
        assert!(read.is_whole() && read.text().as_bytes() == bytes, "plain text is its bytes");
    }
}

/// Edits of a few stretches: each is written where it is asked for, or not at all.
fn check_edits(bytes: &[u8], name: &str, before: &Read) {
    let nothing: Vec<(&Part, Edits<'_>)> = before.parts.iter().map(|part| (part, [].as_slice())).collect();
    assert!(edit(bytes, &nothing).as_deref() == Ok(bytes), "no edit is a change");
    let fields: Vec<(&Part, std::ops::Range<usize>)> =
        before.parts.iter().flat_map(|part| part.fields.iter().map(move |field| (part, field.range()))).collect();
    let every = fields.len().div_ceil(EDITS_MAX).max(1);
    // Attachments of a few letters are not told from words, so that only what lies in no other is replaced whole.
    let whole = before.parts.iter().filter(|part| part.name.is_none()).take(2).map(|part| (part, 0..part.text.len()));
    for (part, range) in fields.into_iter().step_by(every).chain(whole) {
        for stretch in part.stretches(range.clone()).into_iter().take(2) {
            assert!(stretch.start >= range.start && stretch.end <= range.end && stretch.start < stretch.end);
            check_edit(bytes, name, before, part, stretch);
        }
    }
    // Places that are none.
    for part in before.parts.iter().take(1) {
        let long = part.text.len();
        for range in [0..long + 1, long / 2..long / 3, long..long, 1..2, 0..1] {
            let _ = part.edit(bytes, &[(range, NEW)]);
        }
    }
}

fn check_edit(bytes: &[u8], name: &str, before: &Read, part: &Part, stretch: std::ops::Range<usize>) {
    let Some(old) = part.text.get(stretch.clone()) else { return };
    let changed = match part.edit(bytes, &[(stretch.clone(), NEW)]) {
        Ok(changed) => changed,
        Err(why) => {
            use identify::read::EditError::{NotEditable, NotRepresentable};
            assert!(matches!(why, NotEditable | NotRepresentable), "{why} at {stretch:?}");
            return;
        }
    };
    let after = Read::of(&changed, name, &ReadLimits::default());
    let kind = |read: &Read| (read.summary.format, read.summary.letters);
    let same_kind = kind(&after) == kind(before) && after.opaque.len() <= before.opaque.len();
    if same_kind && old != NEW {
        assert!(after.text().contains(NEW), "what was written at {stretch:?} is not read again");
    }
    // A value of DICOM changes the lengths before it.
    let has_lengths = before.summary.format == Format::Dicom;
    assert!(!has_lengths || part.name.is_some() || same_kind, "what was written at {stretch:?} breaks the file");
    if part.name.is_none() && before.summary.letters.is_none() && !has_lengths {
        check_around(bytes, &changed, part.map.source(stretch));
    }
}

/// Every byte outside of an edit is as it was, but for quotes around a value that had none.
fn check_around(bytes: &[u8], changed: &[u8], source: std::ops::Range<u64>) {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b",:;[](){}".contains(byte);
    let (start, end) = (index(source.start), index(source.end));
    let before = bytes[..start].iter().rposition(ends).map_or(0, |at| at + 1);
    let behind = bytes[end..].iter().position(ends).unwrap_or(bytes.len() - end);
    assert!(changed.starts_with(&bytes[..before]), "an edit changed what stands before it");
    assert!(changed.ends_with(&bytes[end + behind..]), "an edit changed what stands behind it");
}

/// JSON stays JSON, and its strings are read.
fn check_json(bytes: &[u8], read: &Read) {
    if !matches!(read.summary.format, Format::Json | Format::Fhir) || !read.opaque.is_empty() {
        return;
    }
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else { return };
    let text = read.text();
    let mut open = vec![&value];
    while let Some(value) = open.pop() {
        match value {
            serde_json::Value::String(said) => {
                let plain = said.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ');
                assert!(!plain || said.len() > 200 || text.contains(said), "a string is not read");
            }
            serde_json::Value::Array(values) => open.extend(values),
            serde_json::Value::Object(values) => open.extend(values.values()),
            _ => {}
        }
    }
    for part in &read.parts {
        let edits: Vec<_> = part.fields.iter().map(|field| (field.range(), NEW)).collect();
        if let Ok(changed) = part.edit(bytes, &edits) {
            assert!(serde_json::from_slice::<serde_json::Value>(&changed).is_ok(), "an edit broke the JSON");
        }
    }
}

fn read_plain(bytes: &[u8]) {
    check(bytes, "x.txt");
}

fn read_delimited(bytes: &[u8]) {
    check(bytes, "x.csv");
}

fn read_json(bytes: &[u8]) {
    check(bytes, "x.json");
}

fn read_hl7(bytes: &[u8]) {
    check(bytes, "x.hl7");
}

fn read_xml(bytes: &[u8]) {
    check(bytes, "x.xml");
}

fn read_html(bytes: &[u8]) {
    check(bytes, "x.html");
}

fn read_rtf(bytes: &[u8]) {
    check(bytes, "x.rtf");
}

fn read_pdf(bytes: &[u8]) {
    check(bytes, "x.pdf");
}

fn read_mail(bytes: &[u8]) {
    check(bytes, "x.eml");
}

fn read_sql(bytes: &[u8]) {
    check(bytes, "x.sql");
}

/// A zip archive of these members, as they are.
fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in members {
        writer.start_file(*name, stored).expect("a member begins");
        writer.write_all(bytes).expect("a member is written");
    }
    writer.finish().expect("the archive ends").into_inner()
}

/// The bytes as the shared strings and as a sheet, and as the container.
fn read_xlsx(bytes: &[u8]) {
    let types = ("[Content_Types].xml", b"<Types/>".as_slice());
    check(&zipped(&[types, ("xl/sharedStrings.xml", bytes), ("xl/worksheets/sheet1.xml", bytes)]), "x.xlsx");
    check(bytes, "x.xlsx");
}

/// The bytes as the document and as its notes, and as the container.
fn read_docx(bytes: &[u8]) {
    let types = ("[Content_Types].xml", b"<Types/>".as_slice());
    check(&zipped(&[types, ("word/document.xml", bytes), ("docProps/core.xml", bytes)]), "x.docx");
    check(bytes, "x.docx");
}

/// The bytes as the container, and as a member of a zip and of a tar archive.
fn read_packed(bytes: &[u8]) {
    check(bytes, "x.gz");
    check(&zipped(&[("a.txt", b"Jane Lee"), ("b.bin", bytes)]), "x.zip");
    let mut tar = vec![0; 512];
    tar[..5].copy_from_slice(b"b.bin");
    tar[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
    tar[156] = b'0';
    tar[257..263].copy_from_slice(b"ustar\0");
    tar.extend_from_slice(bytes);
    tar.resize(tar.len().next_multiple_of(512) + 1_024, 0);
    check(&tar, "x.tar");
}

fn read_dicom(bytes: &[u8]) {
    check(bytes, "x.dcm");
    // The bytes as what stands behind the mark.
    let mut file = vec![0; 128];
    file.extend_from_slice(b"DICM");
    file.extend_from_slice(bytes);
    check(&file, "x.dcm");
}

fn search() -> &'static Search {
    static SEARCH: OnceLock<Search> = OnceLock::new();
    SEARCH.get_or_init(Search::new)
}

/// What comes out reads as the same format without anything unread, and the same comes out again; or nothing comes out.
fn deidentified(bytes: &[u8]) {
    static RUNS: OnceLock<[Deidentifier; 3]> = OnceLock::new();
    let day = Day::new(2026, 6, 1).expect("a day of the calendar");
    let runs = RUNS.get_or_init(|| {
        [Method::SafeHarbor, Method::Limited, Method::Pseudonym].map(|method| Deidentifier::new(method, day))
    });
    let run = &runs[bytes.len() % 3];
    let entropy = SeededEntropy::new(1);
    let once = || run.file(bytes, "", &mut Drawn::new(&entropy, []));
    let first = match once() {
        Ok(first) => first,
        Err(why) => {
            let by_format = matches!(why, DeidentifyError::Read(_));
            assert!(!by_format, "there is room to read");
            return;
        }
    };
    assert_eq!((first.report.bytes_in, first.report.bytes_out), (bytes.len() as u64, first.bytes.len() as u64));
    let before = Read::of(bytes, "", &ReadLimits::default());
    let after = Read::of(&first.bytes, "", &ReadLimits::default());
    assert_eq!(after.summary.format, before.summary.format);
    assert!(after.opaque.iter().chain(&before.opaque).all(|why| why.is_told_alone()));
    if serde_json::from_slice::<serde_json::Value>(bytes).is_ok() {
        assert!(serde_json::from_slice::<serde_json::Value>(&first.bytes).is_ok(), "it was JSON");
    }
    let texts = |read: &Read| read.parts.iter().map(|part| part.name.clone()).collect::<Vec<_>>();
    let (old, new) = (texts(&before), texts(&after));
    // Of a file of DICOM everything may have been emptied; another name of a member that is packed again is gone.
    let may_lose = matches!(before.summary.format, Format::Dicom | Format::Zip | Format::Gzip);
    assert!(old == new || may_lose && new.iter().all(|name| old.contains(name)), "it has other parts");
}

/// The findings of the whole and of any two halves are the same, in order, within the text and between characters.
fn found(bytes: &[u8]) {
    let small = |min, max, margin| FindOptions {
        part_bytes_min: min,
        part_bytes_max: max,
        margin_bytes: margin,
        ..FindOptions::default()
    };
    for options in [FindOptions::default(), small(16, 32, 24), small(300, 600, 64)] {
        let mut whole = Vec::new();
        Finder::new(options).find(bytes, &mut whole);
        sound(bytes, &whole);
        let every = bytes.len().div_ceil(12).max(1);
        for at in (0..=bytes.len()).step_by(every) {
            let (mut stream, mut halves) = (FindStream::new(options), Vec::new());
            stream.push(&bytes[..at], |finding| halves.push(finding));
            stream.push(&bytes[at..], |finding| halves.push(finding));
            stream.finish(|finding| halves.push(finding));
            assert!(halves == whole, "split at {at}");
        }
    }
}

fn sound(bytes: &[u8], findings: &[Finding]) {
    let text = str::from_utf8(bytes).ok();
    let mut end = 0;
    for finding in findings {
        assert!(finding.start >= end && finding.end > finding.start && finding.end <= bytes.len());
        assert!(text.is_none_or(|text| text.get(finding.range()).is_some()), "within a letter at {}", finding.start);
        end = finding.end;
    }
}

/// A manifest is JSON, counts everything that was found and nothing else, and holds no word of the file.
fn manifest(bytes: &[u8]) {
    of_file(bytes, "");
}

/// Plain text, so that what is found goes by headings.
fn heading(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    of_file(format!("Seen in the office today.\n{text}").as_bytes(), "x.txt");
}

fn of_file(bytes: &[u8], name: &str) {
    let (manifest, seen) = Manifest::of(search(), bytes, name, &limits()).expect("there is room to read");
    let mut told = 0;
    let mut opaque = 0;
    let said = search().file(bytes, name, &limits(), &mut |said| match said {
        Said::Part { part, findings } => {
            let places: Vec<Finding> = findings
                .iter()
                .map(|one| Finding { start: one.text.start, end: one.text.end, ..one.finding })
                .collect();
            sound(part.text.as_bytes(), &places);
            told += findings.len() as u64;
        }
        Said::Opaque { .. } => opaque += 1,
    });
    assert_eq!(said.expect("there is room to read").text_bytes, manifest.text_bytes);
    let counted = manifest.people.iter().map(|person| &person.counted).chain([&manifest.unassigned]);
    let sum: u64 = counted.flat_map(|one| &one.identifiers).map(|(_, count)| u64::from(*count)).sum();
    assert_eq!(sum, told, "a finding is counted twice or not at all");
    assert_eq!(manifest.opaque.iter().map(|(_, count)| count).sum::<u64>(), opaque);
    assert!(manifest.people.iter().zip(0..).all(|(person, at)| person.ordinal == at));
    assert!(seen.iter().all(|one| (one.ordinal as usize) < manifest.people.len()));
    let json = manifest.json();
    let value = serde_json::from_str::<serde_json::Value>(&json);
    assert!(value.is_ok_and(|value| value.is_object()) && !json.contains('\n'), "a manifest is one line of JSON");
    let own = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.,:{}[]\"".contains(&byte);
    assert!(json.bytes().all(own), "a manifest has words of its own");
    for one in &seen {
        let words = [&one.record.family, &one.record.given].into_iter().filter(|word| word.len() > 3);
        assert!(words.into_iter().all(|word| !json.contains(word.as_str()) || word.bytes().all(own)));
    }
}

/// Evidence is in order, each piece once and explained.
fn kinds(bytes: &[u8]) {
    for name in ["x.txt", "x.csv"] {
        let read = Read::of(bytes, name, &limits());
        for age in [None, Some(5), Some(15), Some(40)] {
            let kinds = health_data(&read.parts, age);
            let evidence = kinds.evidence();
            assert!(evidence.windows(2).all(|two| (two[0].kind, two[0].why) < (two[1].kind, two[1].why)));
            for one in evidence {
                assert!(one.count > 0 && kinds.has(one.kind) && !identify::kinds::explained(one.why).is_empty());
            }
            assert_eq!(kinds.is_empty(), kinds.kinds().count() == 0);
        }
    }
}

/// A person of a line: family|given|middle|suffix|born|sex|number|phone|email|street|zip.
fn person(line: &str) -> PersonRecord {
    let mut cells = line.split('|');
    let mut next = || cells.next().unwrap_or_default();
    let (family, given) = (next(), next());
    let (middle, suffix) = (next().to_owned().into(), next().to_owned().into());
    let (born, sex) = (Day::read(next()).ok(), sex_of(next()));
    let mut list = || next().split('~').filter(|one| !one.is_empty()).map(|one| one.to_owned().into()).collect();
    let (numbers, phones, emails) = (list(), list(), list());
    let (street, zip) = (next().to_owned().into(), next().to_owned().into());
    let named = PersonRecord::named(family, given, born);
    PersonRecord { middle, suffix, sex, numbers, phones, emails, street, zip, ..named }
}

/// The answer does not go by the order of candidates; who is asked for by what is their own is never unknown.
fn resolved(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let people: Vec<PersonRecord> = text.lines().take(12).map(person).collect();
    let mut frequencies = Frequencies::of_size(1_000);
    let mut index = Index::new();
    for (id, one) in people.iter().enumerate() {
        frequencies.add(one);
        index.add(id, one.clone());
    }
    for one in &people {
        let forward = resolve(one, people.iter().enumerate(), &frequencies);
        let backward = resolve(one, people.iter().enumerate().rev().chain(people.iter().enumerate()), &frequencies);
        assert!(forward == backward, "the order of candidates decides");
        let _ = index.resolve(one);
        assert!(blocks(one).eq(blocks(&one.clone())));
        assert!(text.lines().take(12).all(|line| same_name(line, one) == same_name(line, one)));
        assert!(!format!("{one:?}").contains("@"), "Debug tells a value");
    }
}
