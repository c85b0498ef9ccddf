//! The lists of words, as one table of fingerprints that is read where it lies.
//!
//! What must always hold: looking a word up takes one bucket; the table is used as its bytes are, nothing is built when a
//! program starts; a table that is cut short or damaged answers "no list" and never panics.
//!
//! What it refuses to know: the words themselves. A fingerprint has 32 bits, so one unknown word in some 15,000 is taken
//! for a listed one.
//!
//! Form: `SRNT`, version 2 (u32), number of entries (u32), 65,537 bucket starts (u32), then the entries, sorted by
//! bucket and tag: all tags (u16), then all flags (u32). All numbers are little-endian. Bucket and tag are the low and the
//! next 16 bits of the word's hash. Tags lie apart, so that a bucket is one line of the cache.

/// A word of the language, in small letters in the dictionary, or a form of one.
pub(crate) const ENGLISH: u32 = 1;
/// A given name.
pub(crate) const GIVEN: u32 = 1 << 1;
/// A surname.
pub(crate) const SURNAME: u32 = 1 << 2;
/// A city or county: a word, or two words as a pair.
pub(crate) const CITY: u32 = 1 << 3;
/// One word of a city's name that has several.
pub(crate) const CITY_PART: u32 = 1 << 4;
/// A person's name that stands for a disease, a sign or an instrument; as a pair, with the noun that shows it.
pub(crate) const EPONYM: u32 = 1 << 5;
/// A drug, generic or brand.
pub(crate) const DRUG: u32 = 1 << 6;
/// A medical word, device, test, abbreviation or heading.
pub(crate) const TERM: u32 = 1 << 7;
/// A state, country, nation or language: never an identifier.
pub(crate) const REGION: u32 = 1 << 8;
/// A month, a day of the week or a holiday.
pub(crate) const CALENDAR: u32 = 1 << 9;
/// So frequent that in small letters it is no name.
pub(crate) const COMMON: u32 = 1 << 10;
/// A well-known firm: a word, or two words as a pair.
pub(crate) const COMPANY: u32 = 1 << 11;
/// A noun that names of organisations end in.
pub(crate) const HEAD: u32 = 1 << 12;
/// What stands before a name: Dr., Mrs.
pub(crate) const TITLE: u32 = 1 << 13;
/// What stands within a name: van, de, al.
pub(crate) const LINK: u32 = 1 << 14;
/// A word of the training texts: the model knows it by itself.
pub(crate) const VOCABULARY: u32 = 1 << 15;
/// How frequent it is as a surname: 0 not at all, 1 a hundred people or more, 7 a quarter of a million.
const SURNAME_CLASS_AT: u32 = 16;
/// How frequent it is as a given name, likewise.
const GIVEN_CLASS_AT: u32 = 19;
const CLASS_MASK: u32 = 7;

/// Somebody is called by it, however few.
pub(crate) const SURNAME_OR_GIVEN_CLASS: u32 = CLASS_MASK << SURNAME_CLASS_AT | CLASS_MASK << GIVEN_CLASS_AT;

/// The class of a surname, 0 to 7.
pub(crate) const fn surname_class(flags: u32) -> u32 {
    flags >> SURNAME_CLASS_AT & CLASS_MASK
}

/// The class of a given name, 0 to 7.
pub(crate) const fn given_class(flags: u32) -> u32 {
    flags >> GIVEN_CLASS_AT & CLASS_MASK
}

/// Flags with the class of a surname alone.
pub(crate) const fn of_surname_class(class: u32) -> u32 {
    (class & CLASS_MASK) << SURNAME_CLASS_AT
}

/// Flags with the class of a given name alone.
pub(crate) const fn of_given_class(class: u32) -> u32 {
    (class & CLASS_MASK) << GIVEN_CLASS_AT
}

/// What a table's bytes begin with.
pub(crate) const MAGIC: &[u8; 4] = b"SRNT";
/// The form above.
pub(crate) const VERSION: u32 = 2;
/// Buckets: the low 16 bits of the hash.
pub(crate) const BUCKETS: usize = 1 << 16;
const HEADER_BYTES: usize = 12;
const TAG_BYTES: usize = 2;
const FLAGS_BYTES: usize = 4;

/// The table, borrowed from the program itself or from whoever builds one.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    starts: &'a [u8],
    tags: &'a [u8],
    flags: &'a [u8],
}

impl<'a> Table<'a> {
    /// Takes the bytes as they are; anything that is no table is an empty one.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let starts_end = HEADER_BYTES + (BUCKETS + 1) * 4;
        if !bytes.starts_with(MAGIC) || bytes.len() < starts_end || u32_at(bytes, 4) != VERSION {
            return Self { starts: &[], tags: &[], flags: &[] };
        }
        let count = u32_at(bytes, 8) as usize;
        let tags_end = starts_end.saturating_add(count.saturating_mul(TAG_BYTES)).min(bytes.len());
        Self { starts: &bytes[HEADER_BYTES..starts_end], tags: &bytes[starts_end..tags_end], flags: &bytes[tags_end..] }
    }

    /// The lists that a word or pair is on.
    pub(crate) fn flags(&self, hash: u64) -> u32 {
        let (bucket, tag) = place(hash);
        if self.starts.is_empty() {
            return 0;
        }
        let (from, to) = (u32_at(self.starts, bucket * 4), u32_at(self.starts, bucket * 4 + 4));
        u32_at(self.flags, self.place_of(from as usize, to as usize, tag).saturating_mul(FLAGS_BYTES))
    }

    /// The lists that each of many words or pairs is on, in their order. All are asked for their bucket, then for their tag, then for
    /// their flags: a processor waits for the memory of many of them at a time, where one by one it would wait for each.
    pub(crate) fn each_flags(&self, hashes: &[u64], flags: &mut Vec<u32>) {
        flags.clear();
        let mut buckets = [(0, 0, 0); ASKED_AT_ONCE];
        let mut places = [NOWHERE; ASKED_AT_ONCE];
        for some in hashes.chunks(ASKED_AT_ONCE) {
            for (bucket, hash) in buckets.iter_mut().zip(some) {
                let (at, tag) = place(*hash);
                *bucket = (u32_at(self.starts, at * 4) as usize, u32_at(self.starts, at * 4 + 4) as usize, tag);
            }
            for (found, (from, to, tag)) in places.iter_mut().zip(&buckets[..some.len()]) {
                *found = self.place_of(*from, *to, *tag);
            }
            // Beyond the end stands 0, which is no list.
            flags.extend(places[..some.len()].iter().map(|at| u32_at(self.flags, at.saturating_mul(FLAGS_BYTES))));
        }
    }

    /// Where in its bucket a tag stands. Without a branch for each tag, as far as buckets are of the usual size.
    fn place_of(&self, from: usize, to: usize, tag: u16) -> usize {
        let window =
            self.tags.get(from * TAG_BYTES..).and_then(|rest| rest.first_chunk::<{ BUCKET_USUAL * TAG_BYTES }>());
        let long = to.saturating_sub(from);
        if let Some(window) = window.filter(|_| long <= BUCKET_USUAL) {
            let same = window
                .chunks_exact(TAG_BYTES)
                .enumerate()
                .fold(0_u32, |same, (at, two)| same | u32::from(u16::from_le_bytes([two[0], two[1]]) == tag) << at);
            let same = same & !(u32::MAX << long);
            return if same == 0 { NOWHERE } else { from + same.trailing_zeros() as usize };
        }
        let tags = self.tags.get(from * TAG_BYTES..to * TAG_BYTES).unwrap_or_default();
        let found = tags.chunks_exact(TAG_BYTES).position(|two| u16::from_le_bytes([two[0], two[1]]) == tag);
        found.map_or(NOWHERE, |at| from + at)
    }
}

/// Words that are asked for at once.
const ASKED_AT_ONCE: usize = 32;
/// Nearly all buckets hold no more; there are six and a half in the middle.
const BUCKET_USUAL: usize = 16;
/// No place in the table.
const NOWHERE: usize = usize::MAX;

/// Bucket and tag of a hash.
#[expect(clippy::cast_possible_truncation, reason = "bucket and tag are 16 bits of the hash each")]
pub(crate) const fn place(hash: u64) -> (usize, u16) {
    (hash as u16 as usize, (hash >> 16) as u16)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at.saturating_add(4)).map_or(0, |four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}
