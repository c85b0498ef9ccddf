//! Inclusion and consistency proofs (RFC 6962, 2.1.1 and 2.1.2): made from tiles, checked from nothing but hashes.
//!
//! What must always hold: a proof has exactly one accepted form; checking takes at most 64 steps, whatever
//! it is fed.

use crate::tile::{TILE_WIDTH, TileId, TileSet};
use crate::tree::{Head, TreeError, fold_peaks, node_hash};
use record::Sha256;
use std::ops::Range;

/// Entries whose subtree root stands in a proof.
type Span = Range<u64>;

/// RFC 6962's split: the largest power of two smaller than `size` (2 or more).
const fn split(size: u64) -> u64 {
    1 << (63 - (size - 1).leading_zeros())
}

/// The full subtrees that make up a span, left to right, as (height, place at that height).
fn subtrees(span: &Span) -> impl Iterator<Item = (u32, u64)> {
    let (mut at, end) = (span.start, span.end);
    std::iter::from_fn(move || {
        let height = (end - at).checked_ilog2()?;
        let place = at >> height;
        at += 1 << height;
        Some((height, place))
    })
}

/// Where the hashes of a full subtree lie: level, first place, how many.
fn stored(height: u32, place: u64) -> (u8, u64, u64) {
    let level = u8::try_from(height / 8).expect("a height is at most 63");
    (level, place << (height % 8), 1 << (height % 8))
}

fn tiles_of(spans: &[Span]) -> Vec<TileId> {
    let subtrees = spans.iter().flat_map(subtrees);
    let mut tiles: Vec<TileId> = subtrees
        .map(|(height, place)| {
            let (level, first, _) = stored(height, place);
            TileId { level, index: first / u64::from(TILE_WIDTH) }
        })
        .collect();
    tiles.sort_unstable();
    tiles.dedup();
    tiles
}

fn span_hash(span: &Span, tiles: &TileSet) -> Result<Sha256, TreeError> {
    let mut peaks = Vec::new();
    for (height, place) in subtrees(span) {
        let (level, first, count) = stored(height, place);
        let missing = TreeError::Missing(TileId { level, index: first / u64::from(TILE_WIDTH) });
        let mut hashes = Vec::new();
        for n in first..first + count {
            hashes.push(*tiles.hash(level, n).ok_or(missing)?);
        }
        // A full subtree: pair up until one is left.
        while hashes.len() > 1 {
            hashes = hashes.chunks_exact(2).map(|pair| node_hash(&pair[0], &pair[1])).collect();
        }
        peaks.extend(hashes);
    }
    fold_peaks(&peaks).ok_or(TreeError::Beyond)
}

fn span_hashes(spans: &[Span], tiles: &TileSet) -> Result<Vec<Sha256>, TreeError> {
    spans.iter().map(|span| span_hash(span, tiles)).collect()
}

/// The siblings on the way from the entry up to the root, lowest first.
fn inclusion_spans(index: u64, size: u64) -> Vec<Span> {
    let (mut spans, mut within) = (Vec::new(), 0..size);
    while within.end - within.start > 1 {
        let middle = within.start + split(within.end - within.start);
        if index < middle {
            spans.push(middle..within.end);
            within.end = middle;
        } else {
            spans.push(within.start..middle);
            within.start = middle;
        }
    }
    spans.reverse();
    spans
}

/// RFC 6962's SUBPROOF, lowest first. `old` is neither 0 nor `new`.
fn consistency_spans(old: u64, new: u64) -> Vec<Span> {
    let (mut spans, mut within) = (Vec::new(), 0..new);
    while within.end != old {
        let middle = within.start + split(within.end - within.start);
        if old <= middle {
            spans.push(middle..within.end);
            within.end = middle;
        } else {
            spans.push(within.start..middle);
            within.start = middle;
        }
    }
    // The subtree where the old tree ends stands in the proof, unless it is the whole old tree: that root is known.
    if within.start > 0 {
        spans.push(within);
    }
    spans.reverse();
    spans
}

/// The tiles that [`inclusion`] reads.
#[must_use]
pub fn inclusion_tiles(index: u64, size: u64) -> Vec<TileId> {
    if index < size { tiles_of(&inclusion_spans(index, size)) } else { Vec::new() }
}

/// The proof that entry `index` is in the tree of `size` entries, sibling first, as RFC 6962 orders it.
///
/// # Errors
/// [`TreeError`] when the tree is not that large or a tile is missing.
pub fn inclusion(index: u64, size: u64, tiles: &TileSet) -> Result<Vec<Sha256>, TreeError> {
    if index >= size {
        return Err(TreeError::Beyond);
    }
    span_hashes(&inclusion_spans(index, size), tiles)
}

/// Does the proof lead from this leaf, at this place, to this head.
#[must_use]
pub fn inclusion_holds(index: u64, leaf_hash: &Sha256, head: &Head, proof: &[Sha256]) -> bool {
    if index >= head.size {
        return false;
    }
    let spans = inclusion_spans(index, head.size);
    if spans.len() != proof.len() {
        return false;
    }
    let root = spans.iter().zip(proof).fold(*leaf_hash, |hash, (span, sibling)| {
        if span.start > index { node_hash(&hash, sibling) } else { node_hash(sibling, &hash) }
    });
    root == head.root
}

/// The tiles that [`consistency`] reads.
#[must_use]
pub fn consistency_tiles(old: u64, new: u64) -> Vec<TileId> {
    if old == 0 || old >= new { Vec::new() } else { tiles_of(&consistency_spans(old, new)) }
}

/// The proof that the tree of `old` entries is the beginning of the tree of `new` entries. Empty for `old` 0 or `new`.
///
/// # Errors
/// [`TreeError`] when `old` is larger than `new` or a tile is missing.
pub fn consistency(old: u64, new: u64, tiles: &TileSet) -> Result<Vec<Sha256>, TreeError> {
    if old > new {
        return Err(TreeError::Beyond);
    }
    if old == 0 || old == new { Ok(Vec::new()) } else { span_hashes(&consistency_spans(old, new), tiles) }
}

/// Does the proof show that `old` is the beginning of `new`.
#[must_use]
pub fn consistency_holds(old: &Head, new: &Head, proof: &[Sha256]) -> bool {
    if old.size == 0 || old.size == new.size {
        let same = if old.size == 0 { *old == Head::empty() } else { old.root == new.root };
        return same && proof.is_empty() && (new.size > 0 || *new == Head::empty());
    }
    if old.size > new.size {
        return false;
    }
    let spans = consistency_spans(old.size, new.size);
    if spans.len() != proof.len() {
        return false;
    }
    let mut steps = spans.iter().zip(proof).peekable();
    // Where the old tree ends in a subtree of its own, the proof begins with that; else the old root is that subtree.
    let first = steps.next_if(|(span, _)| span.end == old.size);
    let first = first.map_or(old.root, |(_, hash)| *hash);
    let (old_root, new_root) = steps.fold((first, first), |(old_root, new_root), (span, hash)| {
        // To the right lies what came after the old tree; to the left what both have.
        if span.start >= old.size {
            (old_root, node_hash(&new_root, hash))
        } else {
            (node_hash(hash, &old_root), node_hash(hash, &new_root))
        }
    });
    old_root == old.root && new_root == new.root
}

#[cfg(test)]
mod tests {
    use super::{consistency, consistency_holds, consistency_tiles, inclusion, inclusion_holds, inclusion_tiles};
    use crate::tile::TileSet;
    use crate::tree::tests::{leaves, naive_root};
    use crate::tree::{Edge, Head};
    use proptest::prelude::*;
    use record::Sha256;

    /// RFC 6962, 2.1.1: PATH(m, D[n]).
    fn naive_path(m: usize, leaves: &[Sha256]) -> Vec<Sha256> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut path, sibling) = if m < left.len() {
            (naive_path(m, left), naive_root(right))
        } else {
            (naive_path(m - left.len(), right), naive_root(left))
        };
        path.push(sibling);
        path
    }

    /// RFC 6962, 2.1.2: SUBPROOF(m, D[n], b).
    fn naive_subproof(m: usize, leaves: &[Sha256], whole: bool) -> Vec<Sha256> {
        if m == leaves.len() {
            return if whole { Vec::new() } else { vec![naive_root(leaves)] };
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut proof, sibling) = if m <= left.len() {
            (naive_subproof(m, left, whole), naive_root(right))
        } else {
            (naive_subproof(m - left.len(), right, false), naive_root(left))
        };
        proof.push(sibling);
        proof
    }

    fn tree(leaves: &[Sha256]) -> TileSet {
        let (mut edge, mut tiles) = (Edge::default(), TileSet::default());
        leaves.iter().for_each(|leaf| edge.push(*leaf, |tile| tiles.insert(tile)));
        edge.partials().for_each(|tile| tiles.insert(tile));
        tiles
    }

    /// Only the tiles that were asked for, as a log answers.
    fn only(tiles: &TileSet, wanted: &[crate::TileId]) -> TileSet {
        wanted.iter().filter_map(|id| tiles.tile(*id).cloned()).collect()
    }

    fn head(leaves: &[Sha256]) -> Head {
        Head { size: leaves.len() as u64, root: naive_root(leaves) }
    }

    #[test]
    fn every_proof_of_every_small_tree_is_that_of_the_rfc_and_no_other_place_or_size_accepts_it() {
        let all = leaves(33);
        let tiles = tree(&all);
        for size in 1..=all.len() {
            let new = head(&all[..size]);
            for index in 0..size {
                let proof = inclusion(index as u64, size as u64, &tiles).unwrap();
                assert_eq!(proof, naive_path(index, &all[..size]));
                for other in 0..=size as u64 {
                    let holds = inclusion_holds(other, &all[index], &new, &proof);
                    assert_eq!(holds, other == index as u64, "{index} of {size} at {other}");
                }
            }
            for old in 0..=size {
                let proof = consistency(old as u64, size as u64, &tiles).unwrap();
                let naive = if old == 0 { Vec::new() } else { naive_subproof(old, &all[..size], true) };
                assert_eq!(proof, naive, "{old} of {size}");
                for other in 0..=size {
                    // The root of another size, under the size that was proved.
                    let wrong = Head { size: old as u64, root: naive_root(&all[..other]) };
                    assert_eq!(consistency_holds(&wrong, &new, &proof), other == old, "{old} of {size}, {other}");
                }
            }
        }
        assert!(inclusion(33, 33, &tiles).is_err() && consistency(34, 33, &tiles).is_err());
    }

    #[test]
    fn proofs_for_absurd_sizes_are_refused_at_once() {
        let root = Sha256::of(b"root");
        let (old, new) = (Head { size: 1 << 63, root }, Head { size: u64::MAX, root });
        for count in [0, 1, 63, 64, 65, 1000] {
            let proof = vec![root; count];
            assert!(!inclusion_holds(u64::MAX - 1, &root, &new, &proof));
            assert!(!consistency_holds(&old, &new, &proof));
            assert!(!consistency_holds(&new, &old, &proof));
            assert!(!consistency_holds(&Head { size: 0, root }, &new, &proof));
        }
        assert!(inclusion(5, u64::MAX, &TileSet::default()).is_err());
        assert!(consistency(5, u64::MAX, &TileSet::default()).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn proofs_from_just_the_named_tiles_are_those_of_the_rfc(size in 1_usize..1400, at in any::<prop::sample::Index>(), old in any::<prop::sample::Index>(), bit in 0_usize..256) {
            let all = leaves(size as u64);
            let tiles = tree(&all);
            let (index, old, new) = (at.index(size), 1 + old.index(size), head(&all));
            let few = only(&tiles, &inclusion_tiles(index as u64, size as u64));
            let mut proof = inclusion(index as u64, size as u64, &few).unwrap();
            prop_assert_eq!(&proof, &naive_path(index, &all));
            prop_assert!(inclusion_holds(index as u64, &all[index], &new, &proof));
            let few = only(&tiles, &consistency_tiles(old as u64, size as u64));
            let mut consistent = consistency(old as u64, size as u64, &few).unwrap();
            prop_assert_eq!(&consistent, &naive_subproof(old, &all, true));
            prop_assert!(consistency_holds(&head(&all[..old]), &new, &consistent));
            // One bit anywhere, or one hash more, and nothing holds.
            for (place, proof) in [(at.index(proof.len().max(1)), &mut proof), (at.index(consistent.len().max(1)), &mut consistent)] {
                if let Some(hash) = proof.get_mut(place) {
                    let mut bytes = *hash.as_bytes();
                    bytes[bit / 8] ^= 1 << (bit % 8);
                    *hash = Sha256::from_bytes(bytes);
                } else {
                    proof.push(new.root);
                }
            }
            prop_assert!(!inclusion_holds(index as u64, &all[index], &new, &proof));
            prop_assert!(!consistency_holds(&head(&all[..old]), &new, &consistent));
        }
    }
}
