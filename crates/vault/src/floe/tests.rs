//! FLOE against the published vectors, against an independent implementation both ways, and against hostile bytes.

#[path = "../../../../fuzz/src/mutations.rs"]
mod mutations;

use super::open::last_segment_shaped;
use super::*;
use floe_rs::gcm::{FloeDecryptor, FloeEncryptor, FloeKey, Header, Segment};
use proptest::prelude::*;
use std::ops::Range;

const SEGMENT: u32 = SEGMENT_LEN as u32;

fn key(byte: u8) -> Secret {
    Secret::filled(|bytes| bytes.fill(byte))
}

fn sealed(plaintext: &[u8], aad: &[u8]) -> Vec<u8> {
    let mut sealer = Sealer::begin(&key(1), aad.to_vec(), [7; 32]);
    let mut out = sealer.header().to_vec();
    sealer.push(plaintext, &mut out).unwrap();
    sealer.finish(&mut out).unwrap();
    out
}

fn opened_with(key: &Secret, aad: &[u8], sealed: &[u8], piece: usize) -> Result<Vec<u8>, FloeError> {
    let header = &sealed[..sealed.len().min(HEADER_LEN)];
    let mut unsealer = Unsealer::begin(key, aad.to_vec(), header)?;
    let mut out = Vec::new();
    for bytes in sealed[header.len()..].chunks(piece) {
        unsealer.push(bytes, &mut out)?;
    }
    unsealer.finish()?;
    Ok(out)
}

fn opened(sealed: &[u8], aad: &[u8]) -> Result<Vec<u8>, FloeError> {
    opened_with(&key(1), aad, sealed, 100_000)
}

/// Bytes that differ from segment to segment.
fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8 ^ (at / PLAIN_SEGMENT_LEN) as u8).collect()
}

const EDGES: [usize; 12] = [
    0,
    1,
    15,
    PLAIN_SEGMENT_LEN - 1,
    PLAIN_SEGMENT_LEN,
    PLAIN_SEGMENT_LEN + 1,
    SEGMENT_LEN,
    2 * PLAIN_SEGMENT_LEN - 1,
    2 * PLAIN_SEGMENT_LEN,
    2 * PLAIN_SEGMENT_LEN + 1,
    3 * PLAIN_SEGMENT_LEN,
    3 * SEGMENT_LEN + 17,
];

fn opened_by_the_other(sealed: &[u8], aad: &[u8]) -> Vec<u8> {
    let header = Header::from_bytes(&sealed[..HEADER_LEN]).unwrap();
    let theirs = FloeDecryptor::<SEGMENT>::new(&FloeKey::from([1; 32]), aad, &header).unwrap();
    let body = &sealed[HEADER_LEN..];
    let count = body.len().div_ceil(SEGMENT_LEN);
    let mut plaintext = Vec::new();
    for (position, part) in body.chunks(SEGMENT_LEN).enumerate() {
        let segment = Segment::from_bytes(part).unwrap();
        let mut buffer = vec![0; segment.plaintext_size()];
        theirs.decrypt_segment(&segment, &mut buffer, position as u64, position + 1 == count).unwrap();
        plaintext.extend(buffer);
    }
    plaintext
}

fn sealed_by_the_other(plaintext: &[u8], aad: &[u8]) -> Vec<u8> {
    let theirs = FloeEncryptor::<SEGMENT>::new(&FloeKey::from([1; 32]), aad);
    let header = theirs.header();
    let mut sealed = vec![header.parameters().aead_id(), header.parameters().kdf_id()];
    sealed.extend(header.parameters().segment_length().to_be_bytes());
    sealed.extend(header.parameters().floe_iv_size().to_be_bytes());
    sealed.extend(header.iv().as_array());
    sealed.extend(header.tag().as_array());
    let parts: Vec<&[u8]> =
        if plaintext.is_empty() { vec![&[]] } else { plaintext.chunks(PLAIN_SEGMENT_LEN).collect() };
    for (position, part) in parts.iter().enumerate() {
        let mut buffer = vec![0; theirs.output_size(part)];
        theirs.encrypt_segment(part, &mut buffer, position as u64, position + 1 == parts.len()).unwrap();
        sealed.extend(buffer);
    }
    sealed
}

#[test]
fn an_independent_implementation_opens_what_we_seal_and_we_open_what_it_seals() {
    for len in EDGES {
        let plaintext = bytes(len);
        assert_eq!(opened_by_the_other(&sealed(&plaintext, b"aad"), b"aad"), plaintext, "{len}");
        assert_eq!(opened(&sealed_by_the_other(&plaintext, b"aad"), b"aad").unwrap(), plaintext, "{len}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_length_goes_there_and_back_in_pieces_of_any_size(
        len in 0_usize..4 * SEGMENT_LEN,
        push in 1_usize..3 * SEGMENT_LEN,
        pull in 1_usize..3 * SEGMENT_LEN,
        aad in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let plaintext = bytes(len);
        let mut sealer = Sealer::begin(&key(1), aad.clone(), [7; 32]);
        let mut whole = sealer.header().to_vec();
        for piece in plaintext.chunks(push) {
            sealer.push(piece, &mut whole).unwrap();
        }
        sealer.finish(&mut whole).unwrap();
        prop_assert_eq!(whole.len() as u64, sealed_len(len as u64));
        prop_assert_eq!(&opened_with(&key(1), &aad, &whole, pull).unwrap(), &plaintext);
        prop_assert_eq!(&opened_by_the_other(&whole, &aad), &plaintext);
        prop_assert_eq!(&opened(&sealed_by_the_other(&plaintext, &aad), &aad).unwrap(), &plaintext);
    }

    #[test]
    fn any_range_is_that_part_of_the_whole(len in 1_usize..4 * SEGMENT_LEN, a in any::<u64>(), b in any::<u64>()) {
        let plaintext = bytes(len);
        let whole = sealed(&plaintext, b"aad");
        let (from, to) = (a % len as u64, b % len as u64);
        let range = from.min(to)..from.max(to) + 1;
        let got = range_of(&whole, &range).unwrap();
        prop_assert_eq!(&got[..], &plaintext[range.start as usize..range.end as usize]);
    }

    #[test]
    fn random_bytes_never_open_and_never_panic(junk in proptest::collection::vec(any::<u8>(), 0..400), piece in 1_usize..90) {
        prop_assert!(opened_with(&key(1), b"aad", &junk, piece).is_err());
        let mut headed = sealed(b"x", b"aad")[..HEADER_LEN].to_vec();
        headed.extend(&junk);
        prop_assert!(opened_with(&key(1), b"aad", &headed, piece).is_err());
    }
}

fn ranges(whole: &[u8]) -> Result<Ranges, FloeError> {
    let last = last_segment_at(whole.len() as u64)?;
    let last = &whole[last.start as usize..last.end as usize];
    Ranges::begin(&key(1), b"aad".to_vec(), &whole[..HEADER_LEN], whole.len() as u64, last)
}

fn range_of(whole: &[u8], range: &Range<u64>) -> Result<Vec<u8>, FloeError> {
    let mut ranges = ranges(whole)?;
    let needed = ranges.sealed_range(range)?;
    let mut out = Vec::new();
    ranges.open(range, &whole[needed.start as usize..needed.end as usize], &mut out)?;
    Ok(out)
}

#[test]
fn ranges_at_every_edge_are_exact_and_bad_ones_are_refused() {
    for len in EDGES {
        let plaintext = bytes(len);
        let whole = sealed(&plaintext, b"aad");
        assert_eq!(ranges(&whole).unwrap().plain_len(), len as u64);
        for from in EDGES.into_iter().filter(|from| *from < len) {
            for to in EDGES.into_iter().filter(|to| *to > from && *to <= len) {
                let got = range_of(&whole, &(from as u64..to as u64)).unwrap();
                assert!(got == plaintext[from..to], "{from}..{to} of {len}");
            }
        }
        let end = len as u64;
        for wrong in [0..0, 0..end + 1, end..end + 1, 5..5, u64::MAX - 1..u64::MAX] {
            assert_eq!(range_of(&whole, &wrong).unwrap_err(), FloeError::Range, "{wrong:?} of {len}");
        }
    }
}

#[test]
fn a_range_of_an_object_that_was_cut_or_grown_is_refused() {
    let whole = sealed(&bytes(3 * PLAIN_SEGMENT_LEN + 5), b"aad");
    let segments_cut = &whole[..HEADER_LEN + 2 * SEGMENT_LEN];
    for cut in [segments_cut, &whole[..whole.len() - 1], &whole[..HEADER_LEN], &whole[..HEADER_LEN + 31]] {
        assert!(range_of(cut, &(0..1)).is_err(), "{}", cut.len());
    }
    let mut grown = whole.clone();
    grown.extend_from_slice(&whole[HEADER_LEN..]);
    assert!(range_of(&grown, &(0..1)).is_err());
    // A segment of the middle that is changed: that range fails, others do not.
    let mut changed = whole;
    changed[HEADER_LEN + SEGMENT_LEN + 100] ^= 1;
    let per = PLAIN_SEGMENT_LEN as u64;
    assert_eq!(range_of(&changed, &(per - 1..per + 1)).unwrap_err(), FloeError::Segment { position: 1 });
    assert!(range_of(&changed, &(0..per)).is_ok());
}

#[test]
fn the_lengths_told_beforehand_are_the_lengths_found() {
    for len in EDGES {
        assert_eq!(sealed(&bytes(len), b"").len() as u64, sealed_len(len as u64), "{len}");
    }
}

#[test]
fn sealing_in_place_writes_the_same_format() {
    let plaintext = bytes(2 * PLAIN_SEGMENT_LEN + 9);
    let mut sealer = Sealer::begin(&key(1), b"aad".to_vec(), [7; 32]);
    let mut whole = sealer.header().to_vec();
    let parts: Vec<&[u8]> = plaintext.chunks(PLAIN_SEGMENT_LEN).collect();
    for part in &parts[..2] {
        let mut segment = vec![0; SEGMENT_LEN];
        segment[PLAIN_AT..PLAIN_AT + part.len()].copy_from_slice(part);
        sealer.segment_in_place(&mut segment).unwrap();
        whole.extend(segment);
    }
    assert_eq!(sealer.segment_in_place(&mut vec![0; SEGMENT_LEN - 1]), Err(FloeError::Misuse));
    let mut last = vec![0; SEGMENT_OVERHEAD + 9];
    last[PLAIN_AT..PLAIN_AT + 9].copy_from_slice(parts[2]);
    sealer.last_in_place(&mut last).unwrap();
    whole.extend(last);
    assert_eq!(opened(&whole, b"aad").unwrap(), plaintext);

    let mut waiting = Sealer::begin(&key(1), Vec::new(), [7; 32]);
    waiting.push(b"x", &mut Vec::new()).unwrap();
    assert_eq!(waiting.segment_in_place(&mut vec![0; SEGMENT_LEN]), Err(FloeError::Misuse));
}

#[test]
fn sealing_the_same_twice_gives_different_bytes() {
    let (first, second) = (sealed(&bytes(100), b"aad"), sealed(&bytes(100), b"aad"));
    assert_ne!(first[HEADER_LEN..], second[HEADER_LEN..]);
}

/// Ways to spoil a sealed object of five segments.
fn hostile(whole: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut cases = Vec::new();
    let mut case = |what: &str, bytes: Vec<u8>| cases.push((what.to_owned(), bytes));
    let at = |segment: usize| HEADER_LEN + segment * SEGMENT_LEN;
    let count = (whole.len() - HEADER_LEN).div_ceil(SEGMENT_LEN);
    // One bit, in each part of the header and of the first, a middle and the last segment.
    for place in [0, 1, 2, 5, 6, 9, 10, 41, 42, 73] {
        let mut changed = whole.to_vec();
        changed[place] ^= 1;
        case(&format!("header bit at {place}"), changed);
    }
    for segment in [0, 2, count - 1] {
        let end = whole.len().min(at(segment + 1));
        for place in [
            at(segment),
            at(segment) + 3,
            at(segment) + 4,
            at(segment) + 15,
            at(segment) + 16,
            end - 17,
            end - 16,
            end - 1,
        ] {
            let mut changed = whole.to_vec();
            changed[place] ^= 0x80;
            case(&format!("bit at {place} of segment {segment}"), changed);
        }
    }
    for len in [
        0,
        1,
        HEADER_LEN - 1,
        HEADER_LEN,
        HEADER_LEN + 1,
        HEADER_LEN + 31,
        at(1) - 1,
        at(1),
        at(1) + 4,
        at(count - 1),
        whole.len() - 1,
    ] {
        case(&format!("cut to {len}"), whole[..len].to_vec());
    }
    for (a, b) in [(0, 1), (1, 3), (2, 3)] {
        let mut changed = whole.to_vec();
        changed[at(a)..at(a + 1)].copy_from_slice(&whole[at(b)..at(b + 1)]);
        case(&format!("segment {b} in place of {a}"), changed.clone());
        changed[at(b)..at(b + 1)].copy_from_slice(&whole[at(a)..at(a + 1)]);
        case(&format!("segments {a} and {b} exchanged"), changed);
    }
    for segment in 0..count - 1 {
        let mut changed = whole[..at(segment)].to_vec();
        changed.extend_from_slice(&whole[at(segment + 1)..]);
        case(&format!("segment {segment} left out"), changed);
    }
    for (what, more) in [
        ("a zero byte", vec![0]),
        ("the last segment again", whole[at(count - 1)..].to_vec()),
        ("itself", whole.to_vec()),
    ] {
        case(&format!("followed by {what}"), [whole, &more[..]].concat());
    }
    for length in [0_u32, 31, 32, SEGMENT_LEN as u32, SEGMENT_LEN as u32 + 1, u32::MAX - 1] {
        let mut changed = whole.to_vec();
        changed[at(0)..at(0) + 4].copy_from_slice(&length.to_be_bytes());
        case(&format!("first length {length}"), changed);
    }
    let mut unlast = whole.to_vec();
    unlast[at(count - 1)..at(count - 1) + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    case("last segment said not to be", unlast);
    let other = sealed_again(whole.len());
    case("header of another object", [&other[..HEADER_LEN], &whole[HEADER_LEN..]].concat());
    case("first segment of another object", [&whole[..HEADER_LEN], &other[at(0)..at(1)], &whole[at(1)..]].concat());
    case("last segment of another object", [&whole[..at(count - 1)], &other[at(count - 1)..]].concat());
    cases
}

/// Another object of the same length under the same key and AAD, with an IV of its own.
fn sealed_again(whole_len: usize) -> Vec<u8> {
    let plain = (0..=whole_len).find(|len| sealed_len(*len as u64) == whole_len as u64).unwrap();
    let mut sealer = Sealer::begin(&key(1), b"aad".to_vec(), [8; 32]);
    let mut out = sealer.header().to_vec();
    sealer.push(&bytes(plain), &mut out).unwrap();
    sealer.finish(&mut out).unwrap();
    out
}

#[test]
fn sixty_and_more_hostile_objects_do_not_open() {
    let plaintext = bytes(4 * PLAIN_SEGMENT_LEN + 100);
    let whole = sealed(&plaintext, b"aad");
    assert_eq!(opened(&whole, b"aad").unwrap(), plaintext);
    let cases = hostile(&whole);
    assert!(cases.len() >= 60, "{}", cases.len());
    for (what, spoiled) in cases {
        for piece in [1000, 65_536, 10_000_000] {
            let header = &spoiled[..spoiled.len().min(HEADER_LEN)];
            let Ok(mut unsealer) = Unsealer::begin(&key(1), b"aad".to_vec(), header) else { continue };
            let mut out = Vec::new();
            let pushed = spoiled[header.len()..].chunks(piece).try_for_each(|bytes| unsealer.push(bytes, &mut out));
            assert!(pushed.and_then(|()| unsealer.finish()).is_err(), "{what}");
            let mut by_segment = Unsealer::begin(&key(1), b"aad".to_vec(), header).unwrap();
            let opened = spoiled[header.len()..].chunks(SEGMENT_LEN).try_for_each(|segment| {
                let mut segment = segment.to_vec();
                by_segment
                    .segment_in_place(&mut segment)
                    .inspect_err(|_| assert!(segment.iter().all(|byte| *byte == 0)))
            });
            assert!(opened.and_then(|()| by_segment.finish()).is_err(), "{what}");
            // What had come out before was authentic, whatever followed.
            assert!(plaintext.starts_with(&out), "{what}");
        }
    }
    assert_eq!(opened(&whole, b"other"), Err(FloeError::Header));
    assert_eq!(opened_with(&key(2), b"aad", &whole, 1 << 20), Err(FloeError::Header));
}

#[test]
fn after_the_first_error_nothing_more_comes_out() {
    let whole = sealed(&bytes(3 * PLAIN_SEGMENT_LEN), b"aad");
    let mut unsealer = Unsealer::begin(&key(1), b"aad".to_vec(), &whole[..HEADER_LEN]).unwrap();
    let mut out = Vec::new();
    let (first, second) = (&whole[HEADER_LEN..HEADER_LEN + SEGMENT_LEN], &whole[HEADER_LEN + SEGMENT_LEN..]);
    let mut spoiled = first.to_vec();
    spoiled[50] ^= 1;
    assert_eq!(unsealer.push(&spoiled, &mut out), Err(FloeError::Segment { position: 0 }));
    assert_eq!(unsealer.push(first, &mut out), Err(FloeError::Segment { position: 0 }));
    let mut second = second.to_vec();
    assert_eq!(unsealer.segment_in_place(&mut second), Err(FloeError::Segment { position: 0 }));
    assert!(second.iter().all(|byte| *byte == 0), "nothing unauthentic is left to be read");
    assert!(out.is_empty());
    assert_eq!(unsealer.finish(), Err(FloeError::Segment { position: 0 }));
}

struct Vector {
    shape: Shape,
    plaintext: Vec<u8>,
    sealed: Vec<u8>,
}

fn hex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes()).unwrap()
}

macro_rules! vectors {
    ($($name:literal, $segment_len:expr, $rotation_bits:expr;)*) => {
        /// The vectors published beside the specification (github.com/Snowflake-Labs/floe-specification, kats/,
        /// Apache-2.0): made by its C++, Go and Java implementations and by an earlier public Java one.
        fn published() -> Vec<(&'static str, Vector)> {
            vec![$(($name, Vector {
                shape: Shape { segment_len: $segment_len, rotation_bits: $rotation_bits },
                plaintext: hex(include_str!(concat!("../../tests/vectors/floe_", $name, "_pt.txt"))),
                sealed: hex(include_str!(concat!("../../tests/vectors/floe_", $name, "_ct.txt"))),
            }),)*]
        }
    };
}

vectors! {
    "cpp_GCM256_IV256_64", 64, 20;
    "go_GCM256_IV256_64", 64, 20;
    "java_GCM256_IV256_64", 64, 20;
    "pub_java_GCM256_IV256_64", 64, 20;
    "cpp_rotation", 40, 2;
    "go_rotation", 40, 2;
    "java_rotation", 40, 2;
    "pub_java_rotation", 40, 2;
    "java_lastSegAligned", 40, 20;
    "java_lastSegEmpty", 40, 20;
    "java_GCM256_IV256_4K", 4096, 20;
}

#[test]
fn the_published_vectors_open_from_the_beginning_and_in_ranges() {
    let aad = b"This is AAD".to_vec();
    for (name, vector) in published() {
        let header = &vector.sealed[..HEADER_LEN];
        let mut unsealer = Unsealer::begin_shaped(vector.shape, &key(0), aad.clone(), header).unwrap();
        let mut out = Vec::new();
        for piece in vector.sealed[HEADER_LEN..].chunks(17) {
            unsealer.push(piece, &mut out).unwrap();
        }
        unsealer.finish().unwrap();
        assert_eq!(out, vector.plaintext, "{name}");

        let len = vector.sealed.len() as u64;
        let (_, last) = last_segment_shaped(vector.shape, len).unwrap();
        let last = &vector.sealed[last.start as usize..];
        let mut ranges = Ranges::begin_shaped(vector.shape, &key(0), aad.clone(), header, len, last).unwrap();
        assert_eq!(ranges.plain_len(), vector.plaintext.len() as u64, "{name}");
        let range = 1..ranges.plain_len() - 1;
        let needed = ranges.sealed_range(&range).unwrap();
        let mut part = Vec::new();
        ranges.open(&range, &vector.sealed[needed.start as usize..needed.end as usize], &mut part).unwrap();
        assert_eq!(part, vector.plaintext[1..vector.plaintext.len() - 1], "{name}");
    }
}

#[test]
fn keys_rotate_by_position_when_sealing_too() {
    let shape = Shape { segment_len: 40, rotation_bits: 2 };
    let plaintext: Vec<u8> = (0..100).collect();
    let mut sealer = Sealer::begin_shaped(shape, &key(0), b"a".to_vec(), [3; 32]);
    let mut whole = sealer.header().to_vec();
    sealer.push(&plaintext, &mut whole).unwrap();
    sealer.finish(&mut whole).unwrap();
    let open = |rotation_bits: u32| {
        let shape = Shape { rotation_bits, ..shape };
        let mut unsealer = Unsealer::begin_shaped(shape, &key(0), b"a".to_vec(), &whole[..HEADER_LEN]).unwrap();
        let mut out = Vec::new();
        unsealer.push(&whole[HEADER_LEN..], &mut out).map(|()| out)
    };
    assert_eq!(open(2).unwrap(), plaintext);
    assert_eq!(open(20), Err(FloeError::Segment { position: 4 }));
}

/// Whatever is done to a sealed object: what comes out before the error is a beginning of what went in, and a range that
/// opens holds what stood there.
#[test]
fn no_mutation_of_a_sealed_object_opens_to_anything_else() {
    let plains = [bytes(0), bytes(40), bytes(PLAIN_SEGMENT_LEN), bytes(PLAIN_SEGMENT_LEN + 9)];
    let seeds: Vec<Vec<u8>> = plains.iter().map(|plain| sealed(plain, b"place")).collect();
    let (mut opened_whole, mut refused) = (0, 0);
    mutations::replay("sealed object", &seeds, |hostile| {
        let header = &hostile[..hostile.len().min(HEADER_LEN)];
        let mut out = Vec::new();
        let whole = Unsealer::begin(&key(1), b"place".to_vec(), header).and_then(|mut unsealer| {
            hostile[header.len()..].chunks(70_000).try_for_each(|piece| unsealer.push(piece, &mut out))?;
            unsealer.finish()
        });
        match whole {
            Ok(()) => {
                assert!(seeds.iter().any(|seed| seed == hostile) && plains.contains(&out));
                opened_whole += 1;
            }
            Err(_) => refused += 1,
        }
        // Every seed is sealed under one key at one place, so a beginning of any of them may come out.
        assert!(plains.iter().any(|plain| plain.starts_with(&out)));
        let last = last_segment_at(hostile.len() as u64);
        let Ok((from, to)) = last.map(|last| (last.start as usize, last.end as usize)) else { return };
        let Some(segment) = hostile.get(from..to) else { return };
        let length = hostile.len() as u64;
        let Ok(mut ranges) = Ranges::begin(&key(1), b"place".to_vec(), header, length, segment) else { return };
        let plain = 0..ranges.plain_len().min(5);
        let Ok(span) = ranges.sealed_range(&plain) else { return };
        let mut part = Vec::new();
        if ranges.open(&plain, &hostile[span.start as usize..span.end as usize], &mut part).is_ok() {
            assert!(plains.iter().any(|whole| whole.starts_with(&part)));
        }
    });
    assert!(opened_whole >= seeds.len() && refused > 0, "{opened_whole} opened, {refused} refused");
}
