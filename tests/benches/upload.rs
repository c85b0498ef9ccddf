//! A large recording comes in over HTTP: bytes a second until it is acknowledged (received, sealed, digested, durable),
//! beside what SHA-256 and the disk do alone, in turns within one run; and the most memory that the process ever had
//! while four gibibytes came in.
//!
//! `cargo xtask bench upload`. The goals are 0.8 of the slower of the two, and less than 64 MB.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

extern crate store as strongroom_store;

#[path = "support/served.rs"]
#[expect(dead_code, reason = "the benchmark of opens needs more of it")]
mod served;
#[path = "../../crates/store/benches/support/turns.rs"]
#[expect(dead_code, reason = "the other benchmarks need more of it")]
mod turns;

use served::{Crew, Folder, status_kib};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use strongroom_tests::binary::{Browser, Demo, read_answer};
use turns::{now, rounds, say};

const TURN_BYTES: u64 = 512 << 20;
const LARGE_BYTES: u64 = 4 << 30;
const PIECE_BYTES: usize = 1 << 20;

/// A recording without sound: the head of a WAVE file, and zeros.
fn head_of_recording(bytes: u64) -> Vec<u8> {
    let size = u32::try_from(bytes - 8).unwrap_or(u32::MAX);
    let mut head = [b"RIFF".as_slice(), &size.to_le_bytes(), b"WAVEfmt ", &16_u32.to_le_bytes()].concat();
    head.extend([1, 0, 1, 0]);
    head.extend(16_000_u32.to_le_bytes());
    head.extend(32_000_u32.to_le_bytes());
    head.extend([2, 0, 16, 0]);
    head.extend(b"data");
    head.extend((size - 36).to_le_bytes());
    head
}

/// Sends it, and waits until it is acknowledged; megabytes (10⁶) a second.
fn upload(tess: &Browser, query: &str, bytes: u64) -> f64 {
    let mut stream = tess.connect().unwrap();
    let mut request = tess.head("POST", &format!("/upload/file?{query}&kind=dictation"));
    request.push_str(&format!("X-Csrf: {}\r\nX-File-Name: long.wav\r\nContent-Length: {bytes}\r\n\r\n", tess.csrf()));
    let start = now();
    stream.write_all(request.as_bytes()).unwrap();
    let head = head_of_recording(bytes);
    stream.write_all(&head).unwrap();
    let piece = vec![0_u8; PIECE_BYTES];
    let mut left = bytes - head.len() as u64;
    while left > 0 {
        let some = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE_BYTES);
        stream.write_all(&piece[..some]).unwrap();
        left -= some as u64;
    }
    let answer = read_answer(&mut stream, false).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    bytes as f64 / 1e6 / start.elapsed().as_secs_f64()
}

fn digest(bytes: u64) -> f64 {
    let piece = vec![0x5a_u8; PIECE_BYTES];
    let (mut hasher, start) = (record::digest::Hasher::default(), now());
    for _ in 0..bytes / PIECE_BYTES as u64 {
        hasher.update(&piece);
    }
    std::hint::black_box(hasher.finish());
    bytes as f64 / 1e6 / start.elapsed().as_secs_f64()
}

fn disk(dir: &Path, bytes: u64) -> f64 {
    let path = dir.join("disk");
    let (mut file, piece, start) = (File::create(&path).unwrap(), vec![0x5a_u8; PIECE_BYTES], now());
    for _ in 0..bytes / PIECE_BYTES as u64 {
        file.write_all(&piece).unwrap();
    }
    file.sync_all().unwrap();
    let rate = bytes as f64 / 1e6 / start.elapsed().as_secs_f64();
    std::fs::remove_file(path).unwrap();
    rate
}

fn main() {
    let folder = Folder::new("upload");
    let demo = Demo::start(&folder.0.join("data"), &folder.0.join("demo.log"));
    let crew = Crew::of(&demo);
    let at_rest = status_kib(demo.pid(), "VmHWM");
    let large = upload(&crew.tess, &crew.query, LARGE_BYTES);
    let most = status_kib(demo.pid(), "VmHWM");
    let mebibytes = |kib: u64| kib as f64 * 1024.0 / 1e6;
    say("most memory before any upload", "we", "", "MB", mebibytes(at_rest));
    say("most memory after an upload of 4 GiB", "we", "", "MB", mebibytes(most));
    say("an upload of 4 GiB", "we", "", "MB/s", large);
    // The first round warms up and does not count.
    for round in 0..=rounds() {
        let (hash, disk) = (digest(TURN_BYTES), disk(&folder.0, TURN_BYTES));
        let we = upload(&crew.tess, &crew.query, TURN_BYTES);
        if round > 0 {
            let row = "upload of 512 MiB until it is acknowledged";
            say(row, "limit", "the slower of SHA-256 and disk", "MB/s", hash.min(disk));
            say(row, "we", "", "MB/s", we);
            say("SHA-256 alone", "limit", "SHA-256", "MB/s", hash);
            say("512 MiB written and durable", "limit", "disk", "MB/s", disk);
        }
    }
}
