//! A thousand attacks on a ledger at rest: every one is found, and an unharmed ledger is not accused.

use crate::memory::{Dice, MemoryLog, block_on, leaves, signer, stranger};
use record::Sha256;
use std::collections::BTreeMap;
use strongroom_ledger::leaf::bundle;
use strongroom_ledger::tree::leaf_hash;
use strongroom_ledger::verify::Blame;
use strongroom_ledger::{Edge, Finding, Part, Signer, Tile, TileId, VerifyReport, export, sign_head, verify_export};

/// A ledger as it lies in an export, open to whoever has the disk.
#[derive(Clone)]
struct Book {
    leaves: Vec<Vec<u8>>,
    /// Level 0, as the tiles state it.
    hashes: Vec<Sha256>,
    /// Tiles above, and level-0 tiles, that were changed by hand.
    changed: BTreeMap<TileId, Tile>,
    notes: Vec<String>,
}

fn sign(leaves: &[Vec<u8>], signer: &Signer) -> String {
    block_on(sign_head(&MemoryLog::of(leaves), signer)).unwrap().to_string()
}

impl Book {
    fn new(size: u64, dice: &Dice) -> Self {
        let leaves = leaves(size);
        let mut sizes: Vec<usize> = (0..4).map(|_| dice.below(leaves.len() + 1)).collect();
        sizes.push(leaves.len());
        sizes.sort_unstable();
        sizes.dedup();
        let notes = sizes.iter().map(|size| sign(&leaves[..*size], &signer())).collect();
        let mut book = Self { leaves, hashes: Vec::new(), changed: BTreeMap::new(), notes };
        book.rebuild();
        book
    }

    /// As an attacker does who knows the format: the tiles follow the entries.
    fn rebuild(&mut self) {
        self.hashes = self.leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    }

    fn tiles(&self) -> BTreeMap<TileId, Tile> {
        let (mut edge, mut tiles) = (Edge::default(), Vec::new());
        self.hashes.iter().for_each(|hash| edge.push(*hash, |tile| tiles.push(tile)));
        tiles.extend(edge.partials());
        tiles.into_iter().map(|tile| (tile.id(), tile)).chain(self.changed.clone()).collect()
    }

    fn export(&self) -> Vec<u8> {
        let (size, tiles) = (self.hashes.len() as u64, self.tiles());
        let mut bytes = export::start(crate::memory::ORIGIN, size);
        self.notes.iter().for_each(|note| bytes.extend(export::checkpoint(note)));
        for part in export::plan(size) {
            let content = match part {
                Part::Tile { id, .. } => tiles[&id].to_bytes(),
                Part::Entries { index, .. } => {
                    let from = usize::try_from(index * 256).unwrap().min(self.leaves.len());
                    // Whatever is more than the tiles hold lies in the last bundle.
                    let last = (index + 1) * 256 >= size;
                    let until = if last { self.leaves.len() } else { (from + 256).min(self.leaves.len()) };
                    bundle(self.leaves[from..until].iter().map(Vec::as_slice)).unwrap()
                }
            };
            bytes.extend(export::part(&part, &content));
        }
        bytes.extend(export::end(size));
        bytes
    }

    fn verify(&self, kept: &[String]) -> VerifyReport {
        let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
        verify_export(self.export().as_slice(), &signer().verifier(), &kept).unwrap()
    }
}

/// What must be said of an attack.
#[derive(Debug)]
enum Expect {
    /// This entry is named.
    Entry(u64, Blame),
    /// An interval that holds this entry.
    Around(u64),
    Truncated,
    Unsigned,
    Tile(u8),
    Checkpoint,
    /// A fork, and an interval that holds this entry.
    Fork(u64),
}

const KINDS: usize = 16;

fn other_leaf(dice: &Dice) -> Vec<u8> {
    let draft = crate::memory::draft(1_000_000 + dice.number() % 1_000_000);
    strongroom_ledger::leaf::encode(&draft.entry, &draft.sealed_body, &[5; 32]).unwrap()
}

fn changed_leaf(leaf: &[u8], dice: &Dice) -> Vec<u8> {
    // In the salt or the sealed body, so that the entry still reads well: the hardest to see.
    let mut leaf = leaf.to_vec();
    let place = if dice.below(2) == 0 { 1 + dice.below(32) } else { leaf.len() - 1 };
    leaf[place] ^= 1 << dice.below(8);
    leaf
}

/// One attack of this kind somewhere; `None` where the ledger is too small for it.
fn attack(kind: usize, book: &mut Book, dice: &Dice) -> Option<Expect> {
    let count = book.leaves.len();
    let place = dice.below(count);
    let at = place as u64;
    let rebuilt = kind % 2 == 1;
    let expect = match kind {
        // An entry is edited.
        0 | 1 => {
            book.leaves[place] = changed_leaf(&book.leaves[place], dice);
            at
        }
        // An entry is deleted.
        2 | 3 => {
            book.leaves.remove(place);
            at
        }
        // Two entries change places.
        4 | 5 => {
            let other = dice.below(count);
            if other == place {
                return None;
            }
            book.leaves.swap(place, other);
            at.min(other as u64)
        }
        // An entry is slipped in, before the last.
        6 | 7 => {
            book.leaves.insert(place, other_leaf(dice));
            at
        }
        _ => return attack_tiles_and_signatures(kind, book, place, dice),
    };
    if rebuilt {
        book.rebuild();
        return Some(Expect::Around(expect));
    }
    Some(Expect::Entry(expect, Blame::Entry))
}

fn attack_tiles_and_signatures(kind: usize, book: &mut Book, place: usize, dice: &Dice) -> Option<Expect> {
    let at = place as u64;
    match kind {
        // The end is cut off, with or without the checkpoints over it.
        8 | 9 => {
            book.leaves.truncate(place);
            book.rebuild();
            let fits = |note: &String| note.lines().nth(1).is_some_and(|size| size.parse::<u64>().unwrap() <= at);
            if kind == 9 {
                book.notes.retain(fits);
            }
            Some(Expect::Truncated)
        }
        // Rolled back to an earlier signed head, whole in itself.
        10 => {
            let note = book.notes.first()?.clone();
            let size: usize = note.lines().nth(1)?.parse().ok()?;
            if size == book.leaves.len() {
                return None;
            }
            book.leaves.truncate(size);
            book.rebuild();
            book.notes.truncate(1);
            Some(Expect::Truncated)
        }
        // Another history from here on, signed with the ledger's own key.
        11 => {
            book.leaves[place] = other_leaf(dice);
            book.rebuild();
            let sizes: Vec<usize> =
                book.notes.iter().map(|note| note.lines().nth(1).unwrap().parse().unwrap()).collect();
            book.notes = sizes.iter().map(|size| sign(&book.leaves[..*size], &signer())).collect();
            Some(Expect::Fork(at))
        }
        // A hash of a level-0 tile.
        12 => {
            book.hashes[place] = Sha256::of(b"another");
            Some(Expect::Entry(at, Blame::Tile))
        }
        // A hash of a tile above.
        13 => {
            let above: Vec<Tile> = book.tiles().into_values().filter(|tile| tile.id().level > 0).collect();
            if above.is_empty() {
                return None;
            }
            let tile = dice.pick(&above);
            let mut hashes = tile.hashes().to_vec();
            let hash = dice.below(hashes.len());
            hashes[hash] = Sha256::of(b"another");
            book.changed.insert(tile.id(), Tile::new(tile.id(), hashes).unwrap());
            Some(Expect::Tile(tile.id().level))
        }
        // A checkpoint by another key, or with another root under the true signature.
        14 => {
            let note = dice.below(book.notes.len());
            book.notes[note] = if dice.below(2) == 0 {
                sign(&book.leaves, &stranger())
            } else {
                let mut lines: Vec<String> = book.notes[note].lines().map(str::to_owned).collect();
                lines[2] = data_encoding::BASE64.encode(Sha256::of(b"another").as_bytes());
                lines.join("\n") + "\n"
            };
            Some(Expect::Checkpoint)
        }
        // Entries are added behind the last signed head.
        _ => {
            (0..=dice.below(3)).for_each(|_| book.leaves.push(other_leaf(dice)));
            book.rebuild();
            Some(Expect::Unsigned)
        }
    }
}

fn says(report: &VerifyReport, expect: &Expect) -> bool {
    let within = |at: &u64| report.interval().is_some_and(|(after, until)| (after..until).contains(at));
    let has = |wanted: &dyn Fn(&Finding) -> bool| report.findings.iter().any(wanted);
    match expect {
        Expect::Entry(entry, blame) => {
            report.findings.first() == Some(&Finding::Entry { entry: *entry, blame: *blame })
        }
        Expect::Around(at) => within(at),
        Expect::Truncated => has(&|finding| matches!(finding, Finding::Truncated { .. })),
        Expect::Unsigned => has(&|finding| matches!(finding, Finding::Unsigned { .. })),
        Expect::Tile(level) => has(&|finding| matches!(finding, Finding::Tile { level: found, .. } if found == level)),
        Expect::Checkpoint => has(&|finding| matches!(finding, Finding::Checkpoint { .. })),
        Expect::Fork(at) => within(at) && has(&|finding| matches!(finding, Finding::Fork { .. })),
    }
}

#[test]
fn a_thousand_seeded_attacks_are_all_found_and_named() {
    const SIZES: [u64; 12] = [1, 2, 3, 7, 16, 64, 100, 255, 256, 257, 300, 513];
    let books: Vec<Book> = SIZES.iter().map(|size| Book::new(*size, &Dice::new(*size))).collect();
    let (mut tried, mut seed, mut of_kind) = (0, 0, [0_u32; KINDS]);
    while tried < 1000 {
        seed += 1;
        let dice = Dice::new(seed);
        let whole = dice.pick(&books);
        let kind = dice.below(KINDS);
        let mut book = whole.clone();
        let Some(expect) = attack(kind, &mut book, &dice) else { continue };
        // The newest head was kept elsewhere, and perhaps some before it.
        let newest = whole.notes.len() - 1;
        let kept: Vec<String> = (0..=newest)
            .filter(|place| *place == newest || dice.below(2) == 0)
            .map(|place| whole.notes[place].clone())
            .collect();
        let report = book.verify(&kept);
        assert!(!report.is_sound(), "seed {seed}, kind {kind}: not found");
        assert!(says(&report, &expect), "seed {seed}, kind {kind}, {expect:?}:\n{report}");
        tried += 1;
        of_kind[kind] += 1;
    }
    assert!(of_kind.iter().all(|count| *count >= 15), "every kind was tried: {of_kind:?}");
}

#[test]
fn an_unharmed_ledger_is_sound_whichever_checkpoints_were_kept() {
    for size in [1, 2, 255, 256, 257, 511, 512, 700] {
        let dice = Dice::new(size);
        let book = Book::new(size, &dice);
        assert!(book.verify(&[]).is_sound(), "{size}");
        let report = book.verify(&book.notes);
        assert!(report.is_sound(), "{size}: {report}");
        assert_eq!((report.entries, report.kept_elsewhere), (size, book.notes.len() as u64));
        // Its own checkpoints were lost, the newest was kept.
        let bare = Book { notes: Vec::new(), ..book.clone() };
        assert!(bare.verify(&book.notes).is_sound());
        assert!(!bare.verify(&[]).is_sound(), "nothing signed is nothing shown");
    }
    let empty = Book { leaves: vec![], hashes: vec![], changed: BTreeMap::new(), notes: vec![sign(&[], &signer())] };
    assert!(empty.verify(&empty.notes).is_sound());
}

#[test]
fn a_ledger_of_three_levels_is_verified_and_its_attacks_are_named() {
    let entries = leaves(65_800);
    let mut book =
        Book { notes: vec![sign(&entries, &signer())], leaves: entries, hashes: vec![], changed: BTreeMap::new() };
    book.rebuild();
    assert!(book.verify(&[]).is_sound());
    book.leaves[65_700] = changed_leaf(&book.leaves[65_700], &Dice::new(5));
    let id = TileId { level: 2, index: 0 };
    book.changed.insert(id, Tile::new(id, vec![Sha256::of(b"another")]).unwrap());
    let entry = Finding::Entry { entry: 65_700, blame: Blame::Entry };
    assert_eq!(book.verify(&[]).findings, [entry, Finding::Tile { level: 2, index: 0 }]);
}

#[test]
fn the_interval_is_the_narrowest_between_checkpoints_that_can_be_trusted() {
    let entries = leaves(100);
    let notes: Vec<String> = [20, 40, 60, 80, 100].iter().map(|size| sign(&entries[..*size], &signer())).collect();
    let mut book = Book { leaves: entries, hashes: vec![], changed: BTreeMap::new(), notes: notes.clone() };
    book.leaves[45] = changed_leaf(&book.leaves[45], &Dice::new(1));
    book.rebuild();
    assert_eq!(book.verify(&[]).interval(), Some((40, 60)), "by the ledger's own checkpoints");
    // The forger has the key and signs anew: only those kept elsewhere count.
    book.notes = [20, 40, 60, 80, 100].iter().map(|size| sign(&book.leaves[..*size], &signer())).collect();
    let report = book.verify(&[notes[0].clone(), notes[3].clone()]);
    assert_eq!(report.interval(), Some((20, 80)));
    assert!(report.findings.contains(&Finding::Fork { one: 80, other: 100 }), "{report}");
    assert!(book.verify(&[]).is_sound(), "without a checkpoint kept elsewhere nobody can tell");
}

#[test]
fn a_checkpoint_of_another_ledger_is_no_trusted_checkpoint() {
    let book = Book::new(10, &Dice::new(1));
    let foreign = sign(&book.leaves, &stranger());
    let kept = [foreign.as_str()];
    assert!(verify_export(book.export().as_slice(), &signer().verifier(), &kept).is_err());
    assert!(!verify_export(book.export().as_slice(), &stranger().verifier(), &[]).unwrap().is_sound());
}
