//! Sealing and opening, memory to memory on one core, beside the bare primitive (`RandomizedNonceKey` over 64 KiB
//! buffers), interleaved in one run so that a noisy machine disturbs both alike. The best round counts. Input is
//! written anew before each round, so that it lies in the same caches for everybody.
//!
//! `cargo bench -p strongroom-vault --bench seal`; the goal is a ratio of 0.9 or more.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers beside it too")]

#[path = "../tests/support/house.rs"]
#[expect(dead_code, reason = "the tests use more of the house than the benchmark does")]
mod house;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use house::House;
use record::{DocumentId, SystemEntropy, act};
use std::hint::black_box;
use strongroom_vault::floe::{HEADER_LEN, PLAIN_AT, PLAIN_SEGMENT_LEN, SEGMENT_LEN};
use strongroom_vault::{Rendition, RenditionKind, WrappedKey, open};

/// Segments in one round: 16 MiB.
const SEGMENTS: usize = 256;
const ROUNDS: usize = 60;
const PLACE: Rendition = Rendition { version: 1, kind: RenditionKind::Original };

fn seconds(work: impl FnOnce()) -> f64 {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
    let start = std::time::Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// The best of the rounds of each runner, gigabytes (10^9) of plaintext a second; the runners take turns.
fn best(bytes: usize, runners: &mut [&mut dyn FnMut() -> f64]) -> Vec<f64> {
    let mut least = vec![f64::INFINITY; runners.len()];
    for _ in 0..ROUNDS {
        for (runner, least) in runners.iter_mut().zip(&mut least) {
            *least = least.min(runner());
        }
    }
    least.into_iter().map(|seconds| bytes as f64 / seconds / 1e9).collect()
}

fn document() -> DocumentId {
    DocumentId::from_bytes([3; 16])
}

fn seal_rates(house: &House) -> Vec<f64> {
    let peer_key = RandomizedNonceKey::new(&AES_256_GCM, &[7; 32]).expect("32 bytes");
    let mut peer_buffer = vec![1_u8; SEGMENTS * SEGMENT_LEN];
    let mut our_buffer = vec![1_u8; SEGMENTS * SEGMENT_LEN];
    let plaintext = vec![1_u8; SEGMENTS * PLAIN_SEGMENT_LEN];
    let mut out = Vec::with_capacity(SEGMENTS * SEGMENT_LEN + HEADER_LEN);
    let begin = || house.ring.seal_object(house.north, document(), PLACE, &SystemEntropy).expect("keys are there").0;
    let mut peer = || {
        peer_buffer.fill(1);
        seconds(|| {
            for segment in peer_buffer.chunks_mut(SEGMENT_LEN) {
                let data = &mut segment[..PLAIN_SEGMENT_LEN];
                let _ = black_box(peer_key.seal_in_place_separate_tag(Aad::from([0_u8; 9]), data).expect("seals"));
            }
        })
    };
    let mut in_place = || {
        our_buffer.fill(1);
        seconds(|| {
            let mut sealer = begin();
            for segment in our_buffer.chunks_mut(SEGMENT_LEN) {
                sealer.segment_in_place(segment).expect("seals");
            }
            sealer.last_in_place(&mut [0; 32]).expect("seals");
        })
    };
    let mut pushed = || {
        out.clear();
        seconds(|| {
            let mut sealer = begin();
            sealer.push(&plaintext, &mut out).expect("seals");
            sealer.finish(&mut out).expect("seals");
        })
    };
    best(SEGMENTS * PLAIN_SEGMENT_LEN, &mut [&mut peer, &mut in_place, &mut pushed])
}

fn sealed(house: &House) -> (Vec<u8>, WrappedKey) {
    let (mut sealer, wrapped) =
        house.ring.seal_object(house.north, document(), PLACE, &SystemEntropy).expect("keys are there");
    let mut sealed = sealer.header().to_vec();
    sealer.push(&vec![1_u8; SEGMENTS * PLAIN_SEGMENT_LEN], &mut sealed).expect("seals");
    sealer.finish(&mut sealed).expect("seals");
    (sealed, wrapped)
}

fn open_rates(house: &House) -> Vec<f64> {
    let (sealed, wrapped) = sealed(house);
    let (permit, receipt) = house.both::<act::DocumentRead>(house.north, &[document().into()]);
    let (opening, shown) = open(permit, receipt, &house.ring).expect("both tokens are there");
    let (header, body) = sealed.split_at(HEADER_LEN);

    let peer_key = RandomizedNonceKey::new(&AES_256_GCM, &[7; 32]).expect("32 bytes");
    let mut peer_sealed = vec![1_u8; SEGMENTS * SEGMENT_LEN];
    let mut nonces = Vec::new();
    for segment in peer_sealed.chunks_mut(SEGMENT_LEN) {
        let data = &mut segment[PLAIN_AT..PLAIN_AT + PLAIN_SEGMENT_LEN];
        let (nonce, tag) = peer_key.seal_in_place_separate_tag(Aad::from([0_u8; 9]), data).expect("seals");
        segment[PLAIN_AT + PLAIN_SEGMENT_LEN..].copy_from_slice(tag.as_ref());
        nonces.push(*nonce.as_ref());
    }
    // Opening in place destroys its input, so each segment is put into the one buffer outside the measured time, as a
    // download reads one after the other into it.
    let mut peer_buffer = vec![0; SEGMENT_LEN];
    let mut peer = || {
        let mut time = 0.0;
        for (segment, nonce) in peer_sealed.chunks(SEGMENT_LEN).zip(&nonces) {
            peer_buffer.copy_from_slice(segment);
            time += seconds(|| {
                let nonce = Nonce::assume_unique_for_key(*nonce);
                black_box(
                    peer_key.open_in_place(nonce, Aad::from([0_u8; 9]), &mut peer_buffer[PLAIN_AT..]).expect("opens"),
                );
            });
        }
        time
    };
    let mut buffer = vec![0; SEGMENT_LEN];
    let mut by_segment = || {
        let mut time = 0.0;
        let mut reader = None;
        time += seconds(|| reader = Some(opening.object(document(), PLACE, &wrapped, header).expect("opens")));
        let mut reader = reader.expect("it was begun");
        for segment in body.chunks(SEGMENT_LEN) {
            buffer.clear();
            buffer.extend_from_slice(segment);
            let mut plain = None;
            time += seconds(|| plain = Some(reader.segment(std::mem::take(&mut buffer)).expect("opens")));
            buffer = plain.expect("it was opened").into_shown(&shown).into_buffer();
        }
        reader.finish().expect("whole");
        time
    };
    let mut by_piece = || {
        seconds(|| {
            let mut reader = opening.object(document(), PLACE, &wrapped, header).expect("opens");
            for piece in body.chunks(256 * 1024) {
                black_box(reader.push(piece).expect("opens"));
            }
            reader.finish().expect("whole");
        })
    };
    best(SEGMENTS * PLAIN_SEGMENT_LEN, &mut [&mut peer, &mut by_segment, &mut by_piece])
}

#[expect(clippy::print_stdout, reason = "a benchmark says what it measured")]
fn main() {
    let house = House::new();
    for (what, names, rates) in [
        ("seal", ["RandomizedNonceKey", "in place", "push"], seal_rates(&house)),
        ("open", ["RandomizedNonceKey", "segment", "push"], open_rates(&house)),
    ] {
        for (name, rate) in names.iter().zip(&rates) {
            println!("{what:5} {name:20} {rate:6.2} GB/s  ratio {:.3}", rate / rates[0]);
        }
    }
}
