//! Seals one file into another, as an upload does it: for comparing what sealing costs with other programs that
//! encrypt files. The keys are made for the occasion and thrown away, so nothing opens what comes out.
//!
//!     cargo run --release -p strongroom-vault --example seal_file -- IN OUT

use record::Clock as _;
use record::{CustomerId, DocumentId, SystemClock, SystemEntropy};
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use strongroom_vault::floe::{PLAIN_AT, PLAIN_SEGMENT_LEN, SEGMENT_LEN};
use strongroom_vault::{KeyRing, KeyRows, Rendition, RenditionKind, RootKey};

fn fill(input: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut names = std::env::args_os().skip(1);
    let (Some(from), Some(to)) = (names.next(), names.next()) else {
        return Err("give the file to seal and the file to write".into());
    };
    let (entropy, now) = (SystemEntropy, SystemClock.now());
    let root = RootKey::generate(&entropy);
    let ring = KeyRing::unlock(&root, &KeyRows::begin(&root, 2026, now, &entropy))?;
    let customer = CustomerId::mint(&SystemClock, &entropy);
    let ring = ring.after(&ring.customer_begin(customer, 2026, now, &entropy)?)?;
    let document = DocumentId::mint(&SystemClock, &entropy);
    let rendition = Rendition { version: 1, kind: RenditionKind::Original };
    let (mut sealer, _key) = ring.seal_object(customer, document, rendition, &entropy)?;
    let mut input = File::open(from)?;
    let mut output = BufWriter::with_capacity(1 << 20, File::create_new(to)?);
    output.write_all(sealer.header())?;
    // One segment is read ahead, because the last one is sealed as the last.
    let mut segment = vec![0_u8; SEGMENT_LEN];
    let mut next = vec![0_u8; SEGMENT_LEN];
    let plain = PLAIN_AT..PLAIN_AT + PLAIN_SEGMENT_LEN;
    let mut filled = fill(&mut input, &mut segment[plain.clone()])?;
    loop {
        let more = if filled == PLAIN_SEGMENT_LEN { fill(&mut input, &mut next[plain.clone()])? } else { 0 };
        if more == 0 {
            let whole = filled + (SEGMENT_LEN - PLAIN_SEGMENT_LEN);
            sealer.last_in_place(&mut segment[..whole])?;
            output.write_all(&segment[..whole])?;
            break;
        }
        sealer.segment_in_place(&mut segment)?;
        output.write_all(&segment)?;
        std::mem::swap(&mut segment, &mut next);
        filled = more;
    }
    output.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    Ok(())
}
