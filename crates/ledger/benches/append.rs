//! How fast the tree grows, proofs are made, and a ledger is verified, on one core, without a disk.
//!
//! `cargo bench -p strongroom-ledger --bench append`. Each number is the best of five runs, interleaved.

use record::{
    CustomerId, DocumentId, Entry, Intent, ManualClock, Outcome, Principal, Purpose, Resources, SeededEntropy, Sha256,
    act,
};
use std::hint::black_box;
use std::io::Write;
use strongroom_ledger::leaf::{bundle, encode};
use strongroom_ledger::tree::leaf_hash;
use strongroom_ledger::{Edge, Head, Part, Signer, TileId, TileSet, export, proof, verify_export};
use zeroize::Zeroizing;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn seconds(work: impl FnOnce()) -> f64 {
    let start = std::time::Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn leaves(count: u64) -> Vec<Vec<u8>> {
    let (clock, entropy) = (ManualClock::at_unix_millis(1), SeededEntropy::new(1));
    let leaf = |number: u64| {
        let intent = Intent::to::<act::DocumentRead>(
            &clock,
            &entropy,
            (Principal::Stranger, None),
            Some(CustomerId::from_bytes([1; 16])),
            Resources::of([DocumentId::from_bytes(u128::from(number).to_be_bytes()).into()]),
            Purpose::Treatment,
        );
        let entry = Entry::of(&intent, Outcome::Permitted, "");
        encode(&entry, &[0; 64], Sha256::of(&number.to_be_bytes()).as_bytes()).expect("a small entry fits")
    };
    (0..count).map(leaf).collect()
}

fn export_of(leaves: &[Vec<u8>], tiles: &TileSet) -> Vec<u8> {
    let size = leaves.len() as u64;
    let mut bytes = export::start("bench.example/ledger", size);
    for part in export::plan(size) {
        let content = match part {
            Part::Tile { id, .. } => tiles.tile(id).expect("every tile of the plan exists").to_bytes(),
            Part::Entries { index, width } => {
                let from = usize::try_from(index * 256).expect("the benchmark fits in memory");
                let leaves = leaves[from..from + usize::from(width)].iter();
                bundle(leaves.map(Vec::as_slice)).expect("small leaves fit")
            }
        };
        bytes.extend(export::part(&part, &content));
    }
    bytes.extend(export::end(size));
    bytes
}

fn main() -> std::io::Result<()> {
    const COUNT: u32 = 200_000;
    let leaves = leaves(u64::from(COUNT));
    let hashes: Vec<Sha256> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    let (mut edge, mut tiles) = (Edge::default(), TileSet::default());
    hashes.iter().for_each(|hash| edge.push(*hash, |tile| tiles.insert(tile)));
    edge.partials().for_each(|tile| tiles.insert(tile));
    let export = export_of(&leaves, &tiles);
    let head: Head = edge.head();
    let key =
        Signer::from_seed("bench.example/ledger", Zeroizing::new([1; 32])).map_err(std::io::Error::other)?.verifier();
    let mut best = [f64::MAX; 5];
    for _ in 0..5 {
        let runs = [
            seconds(|| {
                hashes.iter().for_each(|hash| {
                    black_box(leaf_hash(hash.as_bytes()));
                })
            }),
            seconds(|| {
                let mut edge = Edge::default();
                hashes.iter().for_each(|hash| {
                    edge.push(*hash, |tile| {
                        black_box(tile);
                    })
                });
                black_box(edge.root());
            }),
            seconds(|| {
                // As one commit after another does: the edge from its tiles, one leaf, the root.
                for size in u64::from(COUNT) - 1000..u64::from(COUNT) {
                    let few: TileSet = Edge::tiles_of(size).filter_map(|id: TileId| tiles.tile(id).cloned()).collect();
                    let mut edge = Edge::from_tiles(size, &few).expect("every tile is at hand");
                    black_box(edge.root());
                    edge.push(hashes[0], |_| {});
                    black_box(edge.root());
                }
            }),
            seconds(|| {
                for index in 0..1000 {
                    let proof = proof::inclusion(index * 199, head.size, &tiles).expect("every tile is at hand");
                    black_box(proof::inclusion_holds(index, &hashes[0], &head, &proof));
                }
            }),
            seconds(|| {
                black_box(verify_export(export.as_slice(), &key, &[]).is_ok());
            }),
        ];
        best.iter_mut().zip(runs).for_each(|(best, run)| *best = best.min(run));
    }
    let count = f64::from(COUNT);
    let mut out = std::io::stdout().lock();
    writeln!(out, "SHA-256 of 33 bytes (the limit)      {:>12.0} /s", count / best[0])?;
    writeln!(out, "tree append                          {:>12.0} /s", count / best[1])?;
    writeln!(out, "commit of one, without log and key   {:>12.0} /s", 1000.0 / best[2])?;
    writeln!(out, "inclusion proof, made and checked    {:>12.0} /s", 1000.0 / best[3])?;
    writeln!(out, "offline verification                 {:>12.0} entries/s", count / best[4])
}
