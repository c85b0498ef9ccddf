//! Looks for words in files, in every form in which a careless program leaves them there: plain in any case, as
//! UTF-16, base64 at each of its three offsets, hex, and all of these inside gzip or zlib.
//!
//! A search that finds nothing proves nothing by itself: the tests first let it find what they hid.

use data_encoding::{BASE64, BASE64URL, HEXLOWER};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Shorter words would be found in noise.
const WORD_CHARS_MIN: usize = 8;
/// How much of one packed stream is unpacked.
const UNPACKED_MAX: u64 = 4 << 20;
/// Packed within packed is followed so deep.
const DEPTH_MAX: u32 = 2;

/// One place where a word lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The file.
    pub file: PathBuf,
    /// The word.
    pub word: String,
    /// In which form.
    pub form: &'static str,
    /// How many packings around it.
    pub packed: u32,
}

/// Bytes that must not be there.
struct Pattern {
    bytes: Vec<u8>,
    word: usize,
    form: &'static str,
}

/// Patterns by their first two bytes, so that a file is walked once.
#[derive(Default)]
struct Index {
    by_start: BTreeMap<[u8; 2], Vec<Pattern>>,
    is_start: Vec<bool>,
}

impl Index {
    fn add(&mut self, bytes: Vec<u8>, word: usize, form: &'static str) {
        if self.is_start.is_empty() {
            self.is_start = vec![false; 1 << 16];
        }
        let start = [bytes[0], bytes[1]];
        self.is_start[usize::from(u16::from_be_bytes(start))] = true;
        self.by_start.entry(start).or_default().push(Pattern { bytes, word, form });
    }

    fn find(&self, hay: &[u8], mut found: impl FnMut(&Pattern)) {
        for (at, pair) in hay.windows(2).enumerate() {
            if !self.is_start[usize::from(u16::from_be_bytes([pair[0], pair[1]]))] {
                continue;
            }
            for pattern in self.by_start.get(&[pair[0], pair[1]]).into_iter().flatten() {
                if hay[at..].starts_with(&pattern.bytes) {
                    found(pattern);
                }
            }
        }
    }
}

/// Knows the words.
pub struct Searcher {
    words: Vec<String>,
    /// Compared with the bytes as they are.
    exact: Index,
    /// Compared with the bytes in lower case.
    folded: Index,
}

impl std::fmt::Debug for Searcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Searcher({} words)", self.words.len())
    }
}

/// The letters of a base64 text that this word alone decides, when it begins at an offset of `shift` bytes.
fn base64_core(bytes: &[u8], shift: usize, url: bool) -> Vec<u8> {
    let mut padded = vec![0_u8; shift];
    padded.extend_from_slice(bytes);
    let text = if url { BASE64URL.encode(&padded) } else { BASE64.encode(&padded) };
    let (from, to) = ((shift * 8).div_ceil(6), padded.len() * 8 / 6);
    text.as_bytes()[from..to].to_vec()
}

fn utf16(word: &str, big: bool) -> Vec<u8> {
    word.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

impl Searcher {
    /// For these words.
    ///
    /// # Panics
    /// When a word is so short that noise would hold it.
    pub fn new(words: &[&str]) -> Self {
        let (mut exact, mut folded) = (Index::default(), Index::default());
        for (number, word) in words.iter().enumerate() {
            assert!(word.chars().count() >= WORD_CHARS_MIN, "{word} is too short to be looked for");
            let lower = word.to_lowercase();
            folded.add(lower.clone().into_bytes(), number, "UTF-8");
            folded.add(utf16(&lower, false), number, "UTF-16LE");
            folded.add(utf16(&lower, true), number, "UTF-16BE");
            for case in [(*word).to_owned(), lower.clone(), word.to_uppercase()] {
                for bytes in [case.clone().into_bytes(), utf16(&case, false)] {
                    folded.add(HEXLOWER.encode(&bytes).into_bytes(), number, "hex");
                    for shift in 0..3 {
                        exact.add(base64_core(&bytes, shift, false), number, "base64");
                        exact.add(base64_core(&bytes, shift, true), number, "base64");
                    }
                }
            }
        }
        Self { words: words.iter().map(|word| (*word).to_owned()).collect(), exact, folded }
    }

    /// All hits in these files, each form of each word once a file.
    ///
    /// # Panics
    /// When a file cannot be read: what was not looked at is not clean.
    pub fn files(&self, files: &[PathBuf]) -> Vec<Hit> {
        let mut hits = Vec::new();
        for file in files {
            // The name itself may say it.
            let name = file.to_string_lossy().into_owned();
            self.bytes(file, name.as_bytes(), DEPTH_MAX, &mut hits);
            let bytes = std::fs::read(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            self.bytes(file, &bytes, 0, &mut hits);
        }
        hits.sort();
        hits.dedup();
        hits
    }

    fn bytes(&self, file: &Path, bytes: &[u8], packed: u32, hits: &mut Vec<Hit>) {
        let mut take = |pattern: &Pattern| {
            let word = self.words[pattern.word].clone();
            hits.push(Hit { file: file.to_path_buf(), word, form: pattern.form, packed });
        };
        self.exact.find(bytes, &mut take);
        self.folded.find(&bytes.to_ascii_lowercase(), &mut take);
        if packed >= DEPTH_MAX {
            return;
        }
        for at in 0..bytes.len().saturating_sub(6) {
            if let Some(inside) = unpacked(&bytes[at..]) {
                self.bytes(file, &inside, packed + 1, hits);
            }
        }
    }
}

/// What a packed stream that begins here holds; half a stream counts too.
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut inside = Vec::new();
    // RFC 1952 and RFC 1950: the first bytes of gzip, and those of zlib whose check agrees. RFC 1951 alone, as in ZIP,
    // has no mark of its own: it is looked for behind a ZIP entry's header.
    let read = match bytes {
        [0x1f, 0x8b, 8, ..] => flate2::read::GzDecoder::new(bytes).take(UNPACKED_MAX).read_to_end(&mut inside),
        [0x78, check @ (0x01 | 0x5e | 0x9c | 0xda), ..] if (0x7800 + u32::from(*check)) % 31 == 0 => {
            flate2::read::ZlibDecoder::new(bytes).take(UNPACKED_MAX).read_to_end(&mut inside)
        }
        [b'P', b'K', 3, 4, rest @ ..] if rest.len() > 26 => {
            let lengths = usize::from(u16::from_le_bytes([rest[22], rest[23]]))
                + usize::from(u16::from_le_bytes([rest[24], rest[25]]));
            let data = rest.get(26 + lengths..)?;
            flate2::read::DeflateDecoder::new(data).take(UNPACKED_MAX).read_to_end(&mut inside)
        }
        _ => return None,
    };
    drop(read);
    (inside.len() >= WORD_CHARS_MIN).then_some(inside)
}
