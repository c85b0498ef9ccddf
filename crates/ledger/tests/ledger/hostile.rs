//! Hostile bytes: nothing panics, nothing is believed, no promise of length makes room.

use crate::memory::{Dice, MemoryLog, block_on, leaves, signer};
use proptest::prelude::*;
use strongroom_ledger::leaf::{bundle, bundle_leaves, decode};
use strongroom_ledger::{
    Finding, KeptReceipt, Note, Part, SignedCheckpoint, TilePath, Verifier, export, sign_head, verify_export,
};

fn whole(size: u64) -> Vec<u8> {
    let entries = leaves(size);
    let log = MemoryLog::of(&entries);
    let mut bytes = export::start(crate::memory::ORIGIN, size);
    bytes.extend(export::checkpoint(&block_on(sign_head(&log, &signer())).unwrap().to_string()));
    for part in export::plan(size) {
        let content = match part {
            Part::Tile { id, .. } => log.tile_set().tile(id).unwrap().to_bytes(),
            Part::Entries { index, width } => {
                let from = usize::try_from(index * 256).unwrap();
                bundle(entries[from..from + usize::from(width)].iter().map(Vec::as_slice)).unwrap()
            }
        };
        bytes.extend(export::part(&part, &content));
    }
    bytes.extend(export::end(size));
    bytes
}

fn is_sound(bytes: &[u8]) -> bool {
    verify_export(bytes, &signer().verifier(), &[]).unwrap().is_sound()
}

#[test]
fn an_export_cut_anywhere_or_with_one_bit_changed_is_never_sound() {
    let bytes = whole(5);
    assert!(is_sound(&bytes));
    for end in 0..bytes.len() {
        assert!(!is_sound(&bytes[..end]), "cut at {end}");
    }
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1 << (place % 8);
        assert!(!is_sound(&changed), "byte {place}");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(!is_sound(&longer));
}

#[test]
fn parts_in_another_order_are_refused() {
    let (size, log) = (600_u64, MemoryLog::of(&leaves(600)));
    let mut bytes = export::start(crate::memory::ORIGIN, size);
    bytes.extend(export::checkpoint(&block_on(sign_head(&log, &signer())).unwrap().to_string()));
    let tile = |index| {
        let id = strongroom_ledger::TileId { level: 0, index };
        let part = Part::Tile { id, width: 256 };
        export::part(&part, &log.tile_set().tile(id).unwrap().to_bytes())
    };
    bytes.extend(tile(1));
    bytes.extend(tile(0));
    let report = verify_export(bytes.as_slice(), &signer().verifier(), &[]).unwrap();
    assert!(report.findings.iter().any(|finding| matches!(finding, Finding::Malformed { .. })), "{report}");
}

#[test]
fn huge_sizes_and_lengths_end_at_once() {
    for size in [1, 256, 1 << 32, u64::MAX - 1, u64::MAX] {
        let mut bytes = export::start(crate::memory::ORIGIN, size);
        assert!(!is_sound(&bytes));
        for kind in [b'T', b'E', b'C', b'H', b'Z', b'?'] {
            let mut bytes = bytes.clone();
            bytes.extend([kind, 0xff, 0xff, 0xff, 0xff]);
            assert!(!is_sound(&bytes));
        }
        bytes.extend(export::end(size));
        assert!(!is_sound(&bytes));
    }
    // A source that fails is an error, not a finding.
    struct Broken;
    impl std::io::Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk said no"))
        }
    }
    assert!(verify_export(Broken, &signer().verifier(), &[]).is_err());
}

#[test]
fn what_is_not_canonical_is_no_leaf() {
    let leaf = leaves(1).remove(0);
    assert!(decode(&leaf).is_ok());
    // A second spelling of the same header: one more space.
    let header_len = usize::from(u16::from_be_bytes([leaf[33], leaf[34]]));
    let mut spaced = leaf.clone();
    spaced.insert(36, b' ');
    spaced[33..35].copy_from_slice(&u16::try_from(header_len + 1).unwrap().to_be_bytes());
    assert!(decode(&spaced).is_err());
    for end in 0..35 + header_len {
        assert!(decode(&leaf[..end]).is_err(), "cut at {end}");
    }
    for version in [0, 2, 255] {
        let mut other = leaf.clone();
        other[0] = version;
        assert!(decode(&other).is_err());
    }
    assert!(decode(&vec![1; 65_536]).is_err());
}

#[test]
fn notes_that_are_not_exactly_notes_are_refused() {
    let good = block_on(sign_head(&MemoryLog::of(&leaves(3)), &signer())).unwrap().to_string();
    let open = |text: &str| SignedCheckpoint::open(text, &signer().verifier());
    assert!(open(&good).is_ok());
    let lines: Vec<&str> = good.lines().collect();
    let body =
        |first: &str, size: &str, root: &str, rest: &str| format!("{first}\n{size}\n{root}\n{rest}\n{}\n", lines[4]);
    assert_eq!(body(lines[0], lines[1], lines[2], ""), good);
    for wrong in [
        String::new(),
        "\n\n".to_owned(),
        good.trim_end().to_owned(),
        format!("{good}\n"),
        good.replace("\n\n", "\n"),
        good.replace('\n', "\r\n"),
        good.replacen("— ", "- ", 1),
        body(lines[0], "03", lines[2], ""),
        body(lines[0], "+3", lines[2], ""),
        body(lines[0], "-3", lines[2], ""),
        body(lines[0], "4", lines[2], ""),
        body(lines[0], "18446744073709551616", lines[2], ""),
        body(lines[0], lines[1], "AAAA", ""),
        body(lines[0], lines[1], lines[2], "more\n"),
        body("another.example/ledger", lines[1], lines[2], ""),
        body("", lines[1], lines[2], ""),
        good.lines().take(3).fold(String::new(), |text, line| text + line + "\n") + "\n",
    ] {
        assert!(open(&wrong).is_err(), "{wrong:?}");
    }
    // A good signature beside a bad one by the same key spoils the note.
    let mut bytes = data_encoding::BASE64.decode(lines[4].rsplit(' ').next().unwrap().as_bytes()).unwrap();
    bytes[20] ^= 1;
    let bad = format!("{good}— {} {}\n", crate::memory::ORIGIN, data_encoding::BASE64.encode(&bytes));
    assert!(open(&bad).is_err());
    // A stranger's signature beside it is nobody's business.
    let foreign = format!("{good}— somebody.example AAAAAAAA\n");
    assert!(open(&foreign).is_ok());
    // More signatures than anybody needs.
    assert!(open(&(good.clone() + &"— somebody.example AAAAAAAA\n".repeat(64))).is_err());
    assert!(open(&(good + &"— somebody.example AAAAAAAA\n".repeat(15))).is_ok());
}

#[test]
fn keys_that_are_not_exactly_keys_are_refused() {
    let good = signer().verifier().to_string();
    assert!(good.parse::<Verifier>().is_ok());
    assert!(good.parse::<strongroom_ledger::Witness>().is_err(), "a ledger's key is not a witness's");
    let (name, rest) = good.split_once('+').unwrap();
    let (id, key) = rest.split_once('+').unwrap();
    for wrong in [
        String::new(),
        "+".to_owned(),
        "++".to_owned(),
        format!("{name}+{id}"),
        format!("other+{id}+{key}"),
        format!("{name}+00000000+{key}"),
        format!("{name}+{}+{key}", id.to_uppercase() + "0"),
        format!("{name}+{id}+AAAA"),
        format!("na me+{id}+{key}"),
        format!("{good} "),
    ] {
        assert!(wrong.parse::<Verifier>().is_err(), "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), seed in any::<u64>()) {
        let _ = decode(&bytes);
        prop_assert!(bundle_leaves(&bytes).count() <= 1 + bytes.len() / 2);
        let text = String::from_utf8_lossy(&bytes);
        let _ = text.parse::<Note>();
        let _ = text.parse::<Verifier>();
        let _ = text.parse::<TilePath>();
        let _ = KeptReceipt::verify(&text, &signer().verifier());
        let _ = is_sound(&bytes);
        // A true export with some bytes overwritten.
        let (mut export, dice) = (whole(3), Dice::new(seed));
        for byte in &bytes {
            let place = dice.below(export.len());
            export[place] = *byte;
        }
        let _ = is_sound(&export);
    }
}
