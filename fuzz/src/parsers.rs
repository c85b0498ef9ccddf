//! Words and the ledger.

use ledger::{Checkpoint, KeptReceipt, Note, SignedCheckpoint, Signer, TilePath, Verifier};
use record::civil::Day;
use record::{Action, Entry, ResourceId, Role, Sha256};
use std::io::Cursor;
use std::sync::OnceLock;

/// A parser by its name, which is that of its folder of seeds.
pub(crate) type Parser = (&'static str, fn(&[u8]));

/// Every target of this file.
pub(crate) const TARGETS: &[Parser] = &[
    ("leaf", leaf),
    ("bundle", bundle),
    ("note", note),
    ("receipt", receipt),
    ("tile_path", tile_path),
    ("export", export),
    ("id", id),
    ("day", day),
    ("entry", entry),
];

fn verifier() -> &'static Verifier {
    static KEY: OnceLock<Verifier> = OnceLock::new();
    KEY.get_or_init(|| {
        let seed = zeroize::Zeroizing::new([7; 32]);
        Signer::from_seed("localhost/strongroom", seed).expect("a name and a seed").verifier()
    })
}

/// What is read is written again as the same bytes: an entry has one encoding.
fn leaf(bytes: &[u8]) {
    if let Ok(leaf) = ledger::leaf::decode(bytes) {
        let again = ledger::leaf::encode(&leaf.entry, &leaf.sealed_body, &leaf.salt);
        assert_eq!(again.as_deref(), Ok(bytes));
    }
}

fn bundle(bytes: &[u8]) {
    let leaves: Result<Vec<&[u8]>, _> = ledger::leaf::bundle_leaves(bytes).collect();
    if let Ok(leaves) = leaves {
        assert_eq!(ledger::leaf::bundle(leaves).as_deref(), Ok(bytes));
    }
}

fn note(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(note) = text.parse::<Note>() {
        assert!(verifier().verified_text(&note).is_err() || text.contains("localhost/strongroom"));
        let _ = Checkpoint::parse(note.unverified_text());
    }
    let _ = SignedCheckpoint::open(&text, verifier());
    let _ = ledger::note::signature_lines(&text);
    let _ = text.parse::<Verifier>();
    let _ = text.parse::<ledger::Witness>();
}

fn receipt(bytes: &[u8]) {
    if let Ok(kept) = KeptReceipt::verify(&String::from_utf8_lossy(bytes), verifier()) {
        let _ = kept.leaf();
    }
}

/// A path has one spelling.
fn tile_path(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(path) = text.parse::<TilePath>() {
        assert_eq!(path.to_string(), text);
    }
}

/// Whatever the bytes are, there is a report or a reason, and nothing forged is sound.
fn export(bytes: &[u8]) {
    let _ = ledger::verify_export(Cursor::new(bytes), verifier(), &[]);
}

/// An id has one spelling.
fn id(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(id) = text.parse::<ResourceId>() {
        assert_eq!(id.to_string(), text);
    }
    if let Ok(digest) = text.parse::<Sha256>() {
        assert_eq!(digest.to_string().parse::<Sha256>().ok(), Some(digest));
    }
    if let Ok(action) = text.parse::<Action>() {
        assert_eq!(action.as_str(), text);
    }
    let _ = text.parse::<Role>();
}

fn day(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(day) = text.parse::<Day>() {
        assert_eq!(day.to_string().parse::<Day>().ok(), Some(day));
    }
    if let Ok(day) = Day::read(text) {
        assert_eq!(day.to_string().parse::<Day>().ok(), Some(day));
    }
}

fn entry(bytes: &[u8]) {
    if let Ok(entry) = serde_json::from_slice::<Entry>(bytes) {
        let again = serde_json::to_vec(&entry).expect("an entry is JSON");
        assert_eq!(serde_json::from_slice::<Entry>(&again).ok(), Some(entry));
    }
}
