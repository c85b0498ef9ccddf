//! A large recording comes in over HTTP: bytes a second until it is acknowledged (received, sealed, digested, durable),
//! beside what SHA-256 and the disk do alone, in turns within one run; and the most memory that the process ever had
//! while four gibibytes came in.

use super::Section;
use super::report::table;
use super::rounds::{Sample, Side, rows};
use super::served::{Crew, Demo, Folder, most_memory, release_binary};
use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const TURN_BYTES: u64 = 512 << 20;
/// The head of a WAVE file counts its bytes in 32 bits.
const LARGE_BYTES: u64 = (4 << 30) - 1;
const PIECE_BYTES: usize = 1 << 20;

pub(super) fn measure(top: &Path, folder: &Path, rounds: u32) -> Result<Section> {
    let binary = release_binary(top)?;
    let folder = Folder::new(folder, "upload")?;
    let demo = Demo::start(&binary, &folder)?;
    let crew = Crew::of(&demo)?;
    let before = most_memory(demo.pid())?;
    let large = upload(&crew, LARGE_BYTES)?;
    let most = most_memory(demo.pid())?;
    let mut all = vec![
        sample("most memory before any upload", Side::We, "", "MB", before),
        sample("most memory after an upload of 4 GiB", Side::We, "", "MB", most),
        sample("an upload of 4 GiB", Side::We, "", "MB/s", large),
    ];
    // The first round warms up and does not count.
    for round in 0..=rounds {
        let (hash, disk) = (digest()?, disk(&folder.0)?);
        let we = upload(&crew, TURN_BYTES)?;
        if round > 0 {
            let row = "512 MiB until it is acknowledged";
            all.push(sample(row, Side::Limit, "the slower of SHA-256 and disk", "MB/s", hash.min(disk)));
            all.push(sample(row, Side::We, "", "MB/s", we));
            all.push(sample("512 MiB digested", Side::Limit, "openssl, SHA-256", "MB/s", hash));
            all.push(sample("512 MiB written and durable", Side::Limit, "disk", "MB/s", disk));
        }
    }
    demo.stop()?;
    let heading = "A large upload over HTTP, and the memory it takes";
    Ok(Section { name: "upload", heading, body: table(&rows(&all)) })
}

fn sample(row: &str, side: Side, who: &str, unit: &str, value: f64) -> Sample {
    Sample { row: row.to_owned(), side, who: who.to_owned(), unit: unit.to_owned(), value }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn megabytes_a_second(bytes: u64, since: Instant) -> f64 {
    bytes as f64 / 1e6 / since.elapsed().as_secs_f64()
}

/// A recording without sound: the head of a WAVE file; zeros follow.
fn head_of_recording(bytes: u64) -> Result<Vec<u8>> {
    let size = u32::try_from(bytes - 8).context("a recording of at most 4 GiB")?;
    // PCM, one channel, 16,000 samples a second of 16 bits.
    let format = [&[1, 0, 1, 0], &16_000_u32.to_le_bytes()[..], &32_000_u32.to_le_bytes(), &[2, 0, 16, 0]].concat();
    let parts = [
        b"RIFF",
        &size.to_le_bytes()[..],
        b"WAVEfmt ",
        &16_u32.to_le_bytes(),
        &format,
        b"data",
        &(size - 36).to_le_bytes(),
    ];
    Ok(parts.concat())
}

/// Sends it, and waits until it is acknowledged; megabytes a second.
fn upload(crew: &Crew, bytes: u64) -> Result<f64> {
    let (query, head) = (format!("{}&kind=dictation&same=keep", crew.query), head_of_recording(bytes)?);
    let start = now();
    let told = crew.tess.send(&query, "long.wav", &head, bytes)?;
    let rate = megabytes_a_second(bytes, start);
    ensure!(told["outcome"] == "Waiting to be typed", "the upload was not taken: {told}");
    Ok(rate)
}

/// What SHA-256 does alone, by the openssl program over zeros that it reads from a pipe.
fn digest() -> Result<f64> {
    let start = now();
    let mut openssl = Command::new("openssl")
        .args(["dgst", "-sha256"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("openssl is not installed here (Debian package openssl)")?;
    let mut input = openssl.stdin.take().context("a pipe to openssl")?;
    let piece = vec![0_u8; PIECE_BYTES];
    for _ in 0..TURN_BYTES / PIECE_BYTES as u64 {
        input.write_all(&piece).context("writing to openssl")?;
    }
    drop(input);
    ensure!(openssl.wait()?.success(), "openssl failed");
    Ok(megabytes_a_second(TURN_BYTES, start))
}

fn disk(folder: &Path) -> Result<f64> {
    let path = folder.join("disk");
    let (mut file, piece, start) = (File::create(&path)?, vec![0x5a_u8; PIECE_BYTES], now());
    for _ in 0..TURN_BYTES / PIECE_BYTES as u64 {
        file.write_all(&piece).context("writing")?;
    }
    file.sync_all().context("making durable")?;
    let rate = megabytes_a_second(TURN_BYTES, start);
    std::fs::remove_file(path)?;
    Ok(rate)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_head_of_a_recording_counts_what_follows() {
        let head = super::head_of_recording(1000).expect("small enough");
        assert_eq!((head.len(), &head[..4], &head[8..16]), (44, &b"RIFF"[..], &b"WAVEfmt "[..]));
        assert_eq!(u32::from_le_bytes(head[4..8].try_into().expect("four bytes")), 992);
        assert_eq!(u32::from_le_bytes(head[40..44].try_into().expect("four bytes")), 956);
        assert!(super::head_of_recording(5 << 30).is_err());
    }
}
