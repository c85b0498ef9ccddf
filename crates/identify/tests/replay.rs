//! Replays a small corpus, and deterministic mutations of it, through every parser, every reader and every search.
//!
//! The same seeds feed the coverage-guided targets in the `fuzz` folder. Here the rounds are few and always the
//! same; `STRONGROOM_FUZZ_ROUNDS=100000 cargo test -p strongroom-identify --test replay` runs long. What must hold of readers and
//! searches stands in `fuzz/src/files.rs`.

#![expect(clippy::unwrap_used, reason = "a test file: what cannot be read fails the test")]

/// As the `fuzz` folder calls it.
extern crate strongroom_identify as identify;

#[path = "../../../fuzz/src/files.rs"]
mod files;
#[path = "../../../fuzz/src/mutations.rs"]
#[expect(dead_code, reason = "each target here says how many rounds it takes")]
mod mutations;

use identify::{Charset, FileNameTemplate, Kind, Limits, Sniffed};
use std::io::{Cursor, Write};
use std::path::PathBuf;

/// A small generator (xorshift64*), so that a failure can be repeated from its round.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(value).unwrap() % sides.max(1)
    }
}

fn seeds(folder: &str) -> Vec<Vec<u8>> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "corpus", folder].iter().collect();
    let mut files: Vec<PathBuf> = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} has no seeds");
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

fn mutate(seed: &[u8], others: &[Vec<u8>], words: &[&[u8]], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.roll(6) {
        let at = dice.roll(bytes.len() + 1).min(bytes.len());
        match dice.roll(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.roll(8),
            1 if at < bytes.len() => bytes[at] = u8::try_from(dice.roll(256)).unwrap(),
            2 => bytes.truncate(at),
            3 => {
                let word = words[dice.roll(words.len())];
                bytes.splice(at..at, word.iter().copied());
            }
            4 => {
                let end = (at + dice.roll(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            5 => {
                let end = (at + dice.roll(200)).min(bytes.len());
                let piece = bytes[at..end].repeat(1 + dice.roll(20));
                bytes.splice(at..at, piece);
            }
            _ => {
                let other = &others[dice.roll(others.len())];
                let from = dice.roll(other.len());
                let to = (from + dice.roll(120)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

/// Runs every seed and its mutations.
fn replay(folder: &str, words: &[&[u8]], parse: impl Fn(&[u8])) {
    let rounds: usize = std::env::var("STRONGROOM_FUZZ_ROUNDS").map_or(400, |rounds| rounds.parse().unwrap());
    let seeds = seeds(folder);
    let mut dice = Dice(0x5EED_0000_0000_0001);
    for seed in &seeds {
        parse(seed);
    }
    for round in 0..rounds {
        let seed = &seeds[round % seeds.len()];
        parse(&mutate(seed, &seeds, words, &mut dice));
    }
}

/// Small limits, so that every limit is met.
fn limits() -> Limits {
    Limits {
        text_bytes_max: 20_000,
        inflated_bytes_max: 1 << 20,
        operators_max: 20_000,
        depth_max: 24,
        ..Limits::default()
    }
}

/// What must hold of every text that comes out.
fn read(kind: Kind, bytes: &[u8]) {
    let limits = limits();
    let Ok(read) = identify::text_of(kind, bytes, &limits) else { return };
    assert!(read.text.len() <= limits.text_bytes_max);
    assert!(read.title.as_ref().is_none_or(|title| title.chars().count() <= 200 && !title.contains('\n')));
    let bad = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t' | '\u{c}'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!read.text.contains(bad));
    let _ = identify::header_fields(&read.text);
}

#[test]
fn rtf_survives() {
    let words: [&[u8]; 12] = [
        b"{",
        b"}",
        b"\\",
        b"\\u-10179?",
        b"\\uc99",
        b"\\bin99999999 ",
        b"\\'",
        b"{\\*\\x ",
        b"\\par",
        b"\\v",
        b"{\\info{\\title ",
        b"\\u55357?",
    ];
    replay("rtf", &words, |bytes| read(Kind::Rtf, bytes));
}

#[test]
fn pdf_survives() {
    let words: [&[u8]; 14] = [
        b"<<",
        b">>",
        b"[",
        b"]",
        b"(",
        b")",
        b" 0 R",
        b"/Filter",
        b"/FlateDecode",
        b"stream\n",
        b"/Prev 0",
        b"99999999999",
        b"/Kids[1 0 R]",
        b"/Type/ObjStm",
    ];
    // The seeds are whole files, so that mutations reach behind the object parser.
    let texts =
        seeds("pdf").iter().filter_map(|seed| identify::text_of(Kind::Pdf, seed, &limits()).ok()).collect::<Vec<_>>();
    assert!(texts.iter().filter(|read| read.text.contains("Patient: Ann")).count() == 2);
    assert!(texts.iter().any(|read| read.opaque == Some("encrypted")));
    replay("pdf", &words, |bytes| read(Kind::Pdf, bytes));
}

#[test]
fn docx_survives() {
    let words: [&[u8]; 10] = [
        b"<w:p>",
        b"</w:p>",
        b"<w:del>",
        b"<!DOCTYPE x>",
        b"&amp;",
        b"&#0;",
        b"&x;",
        b"<![CDATA[",
        b"<w:tbl><w:tr><w:tc>",
        b"<w:br/>",
    ];
    replay("xml", &words, |xml| {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        writer.start_file("word/document.xml", stored).unwrap();
        writer.write_all(xml).unwrap();
        read(Kind::Docx, &writer.finish().unwrap().into_inner());
        // And the bytes themselves as a container.
        read(Kind::Docx, xml);
    });
}

#[test]
fn text_survives_in_every_charset() {
    replay("text", &[b"\xFF\xFE", b"\xD8\x00", b"\r", b"\x00", b"\xE2\x80\xAE"], |bytes| {
        for charset in [Charset::Utf8, Charset::Utf8Bom, Charset::Utf16Le, Charset::Utf16Be, Charset::Windows1252] {
            read(Kind::Text(charset), bytes);
        }
    });
}

#[test]
fn tables_survive() {
    let words: [&[u8]; 9] = [b"\"", b",", b"\r", b"\n", b";", b"\t", b"sep=|\n", b"\xFF\xFE", b"last,first,dob,mrn\n"];
    replay("table", &words, |bytes| {
        let _ = identify::read_table(bytes, &limits());
        let _ = identify::patients_from_csv(bytes, &limits());
        let _ = identify::people_from_csv(bytes, &limits());
    });
}

#[test]
fn header_lines_survive() {
    let words: [&[u8]; 8] =
        [b"Patient:", b"DOB:", b"\n", b"  ", b"\t", "：".as_bytes(), b"2/30/2024", "\u{202e}".as_bytes()];
    replay("header", &words, |bytes| {
        let fields = identify::header_fields(&String::from_utf8_lossy(bytes));
        for value in
            [&fields.patient_name, &fields.record_number, &fields.author, &fields.document_type].into_iter().flatten()
        {
            assert!(!value.is_empty() && value.chars().count() <= 100 && !value.contains(['\n', '\u{202e}', '\0']));
        }
    });
}

#[test]
fn templates_and_names_survive() {
    let words: [&[u8]; 8] = [b"{", b"}", b"{{", b"{author}", b"{visit_date:", b"YYYY", b"{ext}", b"_"];
    let fixed = FileNameTemplate::parse("{author}_{patient_last}_{visit_date:MMDDYYYY}_{record_number}.{ext}").unwrap();
    replay("template", &words, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        // First line the template, the rest a name.
        let (template, name) = text.split_once('\n').unwrap_or((&text, ""));
        let _ = fixed.fields(name);
        if let Ok(template) = FileNameTemplate::parse(template) {
            let _ = template.fields(name);
        }
        let safe = identify::safe_file_name(name);
        assert!(!safe.is_empty() && safe.len() <= 150 && identify::safe_file_name(&safe) == safe);
    });
}

#[test]
fn sniffing_survives_and_never_takes_what_it_refuses() {
    let words: [&[u8]; 8] =
        [b"PK\x03\x04", b"word/document.xml", b"xl/", b"<html>", b"%PDF-", b"\xFF\xFB\x90", b"ftypM4A ", b"OggS"];
    replay("sniff", &words, |bytes| {
        for name in ["x.docx", "x.pdf", "x", "x.exe", "x.txt"] {
            let sniffed: Sniffed = identify::sniff(bytes, name);
            if let Ok(kind) = sniffed.accept() {
                assert!(Kind::ACCEPTED.contains(&kind) && name != "x.exe");
            }
        }
    });
}

/// Real transcripts, when somebody has some: set `STRONGROOM_SAMPLES` to a folder of CSV or text files.
#[test]
#[ignore = "needs samples that are not part of the repository"]
fn real_samples_are_read() {
    let folder = std::env::var("STRONGROOM_SAMPLES").expect("set STRONGROOM_SAMPLES to a folder");
    let mut read_files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Ok(kind) = identify::sniff(&bytes, &name).accept() else { continue };
        let read = identify::text_of(kind, &bytes, &Limits::default()).unwrap();
        assert!(read.opaque.is_some() || !read.text.is_empty());
        if name.ends_with(".csv") {
            let table = identify::read_table(&bytes, &Limits::default()).unwrap();
            assert!(table.rows.iter().all(|(_, cells)| cells.len() == table.header.len()));
            assert!(!table.rows.is_empty());
        }
        read_files += 1;
    }
    assert!(read_files > 0);
}

#[test]
fn hl7_survives() {
    let words: [&[u8]; 12] = [
        b"MSH|^~\\&|",
        b"\rPID|1||7^^^A^MR||",
        b"\rMRG|7",
        b"\\X41\\",
        b"\\.sp9\\",
        b"\"\"",
        b"\r\n",
        b"\x1c\r\x0b",
        b"BHS|^~\\&|\r",
        b"BTS|1\r",
        b"~",
        b"^ADT^A40|",
    ];
    replay("hl7", &words, |bytes| {
        let Ok(exchange) = identify::read_hl7(bytes, &limits()) else { return };
        assert_eq!(exchange.write_back(), bytes);
        let lines = identify::patients_from_adt(&exchange, None);
        assert!(lines.len() <= exchange.items.len());
        let _ = identify::adt::authorities_of(&exchange);
    });
}

/// Gives each target of the `fuzz` folder that is wanted its seeds and so many mutations of them.
fn replay_targets(wanted: impl Fn(&str) -> Option<usize>) {
    let mut count = 0;
    for (name, run) in files::TARGETS {
        let Some(rounds) = wanted(name) else { continue };
        let folder = if *name == "read_pdf" { "pdf" } else { name };
        mutations::replay_rounds(name, &seeds(folder), rounds, run);
        count += 1;
    }
    assert!(count > 0);
}

#[test]
fn every_reader_keeps_its_promises_over_its_corpus_and_mutations_of_it() {
    replay_targets(|name| name.starts_with("read_").then_some(100));
}

#[test]
fn what_is_deidentified_reads_as_what_it_was_or_does_not_come_out() {
    replay_targets(|name| (name == "deidentify").then_some(60));
}

#[test]
fn every_search_keeps_its_promises_over_its_corpus_and_mutations_of_it() {
    replay_targets(|name| match name {
        "find" => Some(100),
        "manifest" | "heading" => Some(60),
        "kinds" => Some(60),
        "resolve" => Some(200),
        _ => None,
    });
}
