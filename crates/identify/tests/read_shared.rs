//! Reads every sample of the shared data: nothing fails, nothing changes without being asked, and what is changed is
//! read again as it was written. (`STRONGROOM_SHARED` says where they are, else they lie beside the checkout.) The samples are not in this repository; without them each test says so and ends.

#![expect(clippy::unwrap_used, reason = "a test file: what cannot be read fails the test")]

use std::path::{Path, PathBuf};
use strongroom_identify::read::{Format, Opaque, Part, Portion, ReadLimits, Summary, What, edit, read};

fn shared() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let said = std::env::var_os("STRONGROOM_SHARED").map(PathBuf::from);
    let found = said.into_iter().chain([beside]).find(|place| place.join("ehr").is_dir());
    if found.is_none() {
        say("skipped: the shared data is not here");
    }
    found
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn say(line: &str) {
    eprintln!("{line}");
}

fn files(under: &Path, out: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(under).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, out);
        } else {
            out.push(path);
        }
    }
}

struct Read {
    parts: Vec<Part>,
    opaque: Vec<Opaque>,
    summary: Summary,
}

fn all(bytes: &[u8], name: &str) -> Read {
    let (mut parts, mut opaque) = (Vec::new(), Vec::new());
    let mut sink = |portion| match portion {
        Portion::Text(part) => parts.push(part),
        Portion::Opaque { why, .. } => opaque.push(why),
    };
    let summary = read(bytes, name, &ReadLimits::default(), &mut sink).unwrap();
    Read { parts, opaque, summary }
}

fn each(folder: &str, mut check: impl FnMut(&Path, &[u8], Read)) -> usize {
    let Some(shared) = shared() else { return 0 };
    let mut paths = Vec::new();
    files(&shared.join(folder), &mut paths);
    for path in &paths {
        let bytes = std::fs::read(path).unwrap();
        let read = all(&bytes, path.file_name().unwrap().to_str().unwrap());
        check(path, &bytes, read);
    }
    paths.len()
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|own| own.eq_ignore_ascii_case(extension))
}

/// Every place of every part is within the source and in its order, and what is read as it stands is what stands there.
fn check_map(path: &Path, bytes: &[u8], part: &Part) {
    let mut last = 0;
    // Every letter of the small ones, every hundredth of the large ones.
    let step = if part.text.len() > 20_000 { 101 } else { 1 };
    for (at, letter) in part.text.char_indices().step_by(step) {
        let source = part.map.source(at..at + letter.len_utf8());
        assert!(source.start <= source.end && source.start >= last, "{}: the map goes back at {at}", path.display());
        last = source.start;
        if part.name.is_none() {
            assert!(source.end <= bytes.len() as u64, "{}: the map leaves the file", path.display());
        }
    }
    let mut start = 0;
    for field in &part.fields {
        assert!(field.end > field.start && field.start >= start, "{}", path.display());
        assert!(part.text.get(field.range()).is_some(), "{}: a field ends within a letter", path.display());
        start = field.start;
    }
}

#[test]
fn every_sample_is_read_whole_with_a_map_and_no_damage() {
    let mut fragments = 0;
    for (folder, least) in [("ehr/hl7v2", 100), ("ehr/ccda", 700), ("ehr/fhir", 100), ("ehr/flat", 40)] {
        let count = each(folder, |path, bytes, read| {
            // Pictures of DICOM have bytes beside the pixels that nobody explains, and they are said.
            let unknown = |why: &Opaque| *why == Opaque::UnknownBinary && !is(path, "dcm");
            let damaged = read.opaque.iter().any(|why| matches!(why, Opaque::Damaged(_)) || unknown(why));
            // Some published examples are fragments whose tags do not close: said to be damaged, and read nevertheless.
            assert!(!damaged || folder == "ehr/ccda" && is(path, "xml"), "{}: {:?}", path.display(), read.opaque);
            assert!(!damaged || !read.parts.is_empty(), "{}", path.display());
            fragments += usize::from(damaged);
            assert!(!read.parts.is_empty() || !read.opaque.is_empty() || bytes.is_empty(), "{}", path.display());
            for part in &read.parts {
                check_map(path, bytes, part);
            }
        });
        assert!(count == 0 || count >= least, "{folder}: {count}");
    }
    say(&format!("{fragments} fragments"));
    assert!(fragments <= 40, "{fragments}");
}

#[test]
fn every_sample_is_taken_for_what_it_is() {
    each("ehr", |path, bytes, read| {
        let format = read.summary.format;
        if is(path, "hl7") {
            assert_eq!(format, Format::Hl7, "{}", path.display());
        } else if is(path, "ndjson") {
            assert!(matches!(format, Format::NdJson | Format::Fhir), "{}: {format:?}", path.display());
        } else if is(path, "json") {
            assert!(matches!(format, Format::Json | Format::Fhir), "{}: {format:?}", path.display());
        } else if is(path, "xml") || is(path, "ccd") {
            assert!(matches!(format, Format::Xml | Format::Cda), "{}: {format:?}", path.display());
        } else if is(path, "dcm") && bytes.len() > 132 {
            // Shorter ones are links that were checked out as their targets' names.
            assert_eq!(format, Format::Dicom, "{}", path.display());
        } else if path.ends_with("data/patients.txt") {
            assert_eq!(format, Format::Delimited);
            assert!(read.parts[0].columns.iter().any(|name| name == "dob"));
        }
    });
}

#[test]
fn an_edit_that_changes_nothing_changes_nothing() {
    each("ehr", |path, bytes, read| {
        // Each part alone would be unpacked and packed once more: minutes for the definitions.
        if is(path, "gz") {
            return;
        }
        for part in read.parts.iter().filter(|part| part.is_editable()) {
            assert!(part.edit(bytes, &[]).unwrap() == bytes, "{}", path.display());
            // Each field as it is: only spellings of escapes may differ, so the text must be the same again.
            let edits: Vec<_> = part.fields.iter().map(|field| (field.range(), &part.text[field.range()])).collect();
            match part.edit(bytes, &edits) {
                Ok(same) if same == bytes => {}
                Ok(same) => {
                    let again = all(&same, path.file_name().unwrap().to_str().unwrap());
                    let found = again.parts.iter().any(|other| other.name == part.name && other.text == part.text);
                    assert!(found, "{}: another text after an edit of nothing", path.display());
                }
                Err(why) => panic!("{}: {why}", path.display()),
            }
        }
    });
}

/// A value unlike any in the samples, with the signs of every format in it.
const NEW: &str = "Zö \"q\" |^~\\&<x>, 'y'; {z}";

#[test]
fn every_edited_field_is_read_again_as_it_was_written() {
    let mut edited = 0_usize;
    each("ehr", |path, bytes, read| {
        let name = path.file_name().unwrap().to_str().unwrap();
        if read.parts.len() != 1 || is(path, "dcm") || is(path, "gz") || bytes.len() > 2_000_000 {
            return;
        }
        let part = &read.parts[0];
        let named = |what| !matches!(what, What::Code | What::Unknown | What::FreeText);
        let fields: Vec<_> = part.fields.iter().filter(|field| named(field.meaning.what)).take(400).collect();
        let edits: Vec<_> = fields.iter().map(|field| (field.range(), NEW)).collect();
        let Ok(changed) = part.edit(bytes, &edits) else {
            assert!(matches!(read.summary.format, Format::Delimited), "{}", path.display());
            return;
        };
        let again = all(&changed, name);
        assert_eq!(again.opaque.len(), read.opaque.len(), "{}", path.display());
        let text: String = again.parts.iter().map(|part| part.text.as_str()).collect();
        assert_eq!(text.matches(NEW).count(), edits.len(), "{}", path.display());
        // And everything else stayed as it was.
        let mut expected = part.text.clone();
        for (range, new) in edits.iter().rev() {
            expected.replace_range(range.clone(), new);
        }
        assert!(text == expected, "{}: something else changed too", path.display());
        edited += edits.len();
    });
    say(&format!("{edited} fields edited and read again"));
}

#[test]
fn parts_of_one_file_are_edited_together() {
    each("ehr/flat", |path, bytes, read| {
        if read.parts.len() < 2 || !read.parts.iter().all(Part::is_editable) {
            return;
        }
        let edits: Vec<_> = read.parts.iter().map(|part| (part, &[][..])).collect();
        assert!(edit(bytes, &edits).unwrap() == bytes, "{}", path.display());
    });
}
