//! Bytes on their way in: looked at, sealed, digested, handed to the scanner, and read for their text when small enough.
//!
//! What must always hold: memory stays constant whatever the size; no plaintext touches the disk.

use super::Coming;
use crate::{Custody, CustodyError, VersionBody};
use identify::{ExtractError, Kind, Limits, sniff};
use record::digest::Hasher;
use std::process::Stdio;
use std::sync::Arc;
use store::ObjectWriter;
use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinHandle;
use vault::{BlindFile, Sealer, floe};

/// How much of the beginning is looked at before anything is decided.
pub(super) const HEAD_BYTES: usize = identify::sniff::HEAD_BYTES;
/// How long the scanner may take over one piece, and over its answer at the end.
const SCANNER_PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);
/// Files whose text is read at once: a hostile PDF can take half a gigabyte of memory for a second (measured), so that
/// sixty of them sent together must wait for each other.
static READERS: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);

/// What was taken in of the bytes.
pub(super) struct Taken {
    pub(super) size_bytes: u64,
    pub(super) digest: Vec<u8>,
    /// By what the same bytes are known when they come again.
    pub(super) known_by: [u8; 32],
    pub(super) kind: Kind,
    /// The plaintext, when it is small enough to be read for its text; wiped when dropped.
    pub(super) text_of: Option<zeroize::Zeroizing<Vec<u8>>>,
    pub(super) scanned: bool,
}

pub(super) fn sniffed(head: &[u8], name: &str) -> Result<Kind, CustodyError> {
    if head.is_empty() {
        return Err(CustodyError::File("the file is empty"));
    }
    sniff(head, name).accept().map_err(|refused| match refused {
        identify::NotAccepted::Empty => CustodyError::File("the file is empty"),
        identify::NotAccepted::Mismatch(_) => {
            CustodyError::File("the file is not what its name says; save it again in its own format")
        }
        _ => CustodyError::File("this kind of file is not taken; send text, PDF, DOCX, RTF, a recording or a scan"),
    })
}

/// Why there is no text, where there should be one.
pub(super) const UNREADABLE: &str = "cannot be read here; the original can be downloaded";

/// What was read of a file.
pub(super) struct FileRead {
    pub(super) text: Option<String>,
    /// Why there is no text.
    pub(super) opaque: Option<&'static str>,
    pub(super) holds: VersionBody,
}

/// The text of a file, and what it holds, or why there is none. A reader that panics on a hostile file takes nothing with it.
///
/// # Errors
/// [`CustodyError::File`] for what nobody could open at the other end either: half a file, or a trap.
pub(super) async fn read_file(
    kind: Kind,
    bytes: Option<zeroize::Zeroizing<Vec<u8>>>,
    name: &str,
) -> Result<FileRead, CustodyError> {
    let Some(bytes) = bytes else {
        let (why, closed) = if kind.is_audio() { ("recording", "audio") } else { ("too large to show", "too_large") };
        return Ok(FileRead { text: None, opaque: Some(why), holds: VersionBody::closed(closed) });
    };
    let cut_short = kind == Kind::Pdf && !has_pdf_end(&bytes);
    // A permit is never refused: nobody closes this semaphore.
    let _turn = READERS.acquire().await;
    let bytes = Arc::new(bytes);
    let same = Arc::clone(&bytes);
    let read = tokio::task::spawn_blocking(move || identify::text_of(kind, &same, &Limits::default())).await;
    let (text, opaque) = match read {
        Ok(Ok(extracted)) => match extracted.opaque {
            Some(why) => (None, Some(why)),
            None => (Some(extracted.text), None),
        },
        Ok(Err(ExtractError::Malformed(_) | ExtractError::Bomb(_))) if kind == Kind::Docx || cut_short => {
            return Err(CustodyError::File("the file is damaged or not whole; save it again and send it again"));
        }
        // Programs write stranger PDF than we read: what ends as it should is kept, and can be downloaded.
        Ok(Err(_)) | Err(_) => (None, Some(UNREADABLE)),
    };
    Ok(FileRead { text, opaque, holds: VersionBody::read(bytes, name.to_owned()).await })
}

/// Does a PDF have its last line where readers look for it (ISO 32000-1, 7.5.5; they allow some bytes behind it).
fn has_pdf_end(bytes: &[u8]) -> bool {
    const END: &[u8] = b"%%EOF";
    bytes[bytes.len().saturating_sub(2048)..].windows(END.len()).any(|window| window == END)
}

/// Segments that are sealed in one turn of a thread: half a megabyte.
const SEGMENTS_AT_ONCE: usize = 8;

/// Room for some segments: plaintext is copied to where it is sealed, and nowhere else.
struct Batch {
    bytes: zeroize::Zeroizing<Vec<u8>>,
    /// Plaintext so far, bytes.
    filled: usize,
}

impl Batch {
    fn of(segments: usize) -> Self {
        Self { bytes: zeroize::Zeroizing::new(vec![0; segments * floe::SEGMENT_LEN]), filled: 0 }
    }

    fn segments(&self) -> usize {
        self.bytes.len() / floe::SEGMENT_LEN
    }

    fn is_full(&self) -> bool {
        self.filled == self.segments() * floe::PLAIN_SEGMENT_LEN
    }

    /// Takes what there is room for in one segment; how many bytes.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let (segment, within) = (self.filled / floe::PLAIN_SEGMENT_LEN, self.filled % floe::PLAIN_SEGMENT_LEN);
        let taken = bytes.len().min(floe::PLAIN_SEGMENT_LEN - within);
        let at = segment * floe::SEGMENT_LEN + floe::PLAIN_AT + within;
        self.bytes[at..at + taken].copy_from_slice(&bytes[..taken]);
        self.filled += taken;
        taken
    }
}

/// What seals, digests and writes, on a thread that may wait for the disk, while the next bytes come in.
struct Sealing {
    sealer: Sealer,
    writer: ObjectWriter,
    digest: Hasher,
    known_by: BlindFile,
}

impl Sealing {
    fn out(&mut self, bytes: &[u8]) -> Result<(), CustodyError> {
        self.digest.update(bytes);
        Ok(self.writer.write_here(bytes)?)
    }

    /// A full batch that is not the last.
    fn full(mut self, mut batch: Batch) -> Result<(Self, Batch), CustodyError> {
        for segment in batch.bytes.chunks_mut(floe::SEGMENT_LEN) {
            self.known_by.update(&segment[floe::PLAIN_AT..floe::PLAIN_AT + floe::PLAIN_SEGMENT_LEN]);
            self.sealer.segment_in_place(segment).map_err(CustodyError::seal)?;
        }
        self.out(&batch.bytes)?;
        batch.filled = 0;
        Ok((self, batch))
    }

    /// The last batch, perhaps empty.
    fn last(mut self, mut batch: Batch) -> Result<(ObjectWriter, Hasher, [u8; 32]), CustodyError> {
        let before = batch.filled.saturating_sub(1) / floe::PLAIN_SEGMENT_LEN;
        let last_len = batch.filled - before * floe::PLAIN_SEGMENT_LEN + floe::SEGMENT_OVERHEAD;
        let (full, rest) = batch.bytes.split_at_mut(before * floe::SEGMENT_LEN);
        for segment in full.chunks_mut(floe::SEGMENT_LEN) {
            self.known_by.update(&segment[floe::PLAIN_AT..floe::PLAIN_AT + floe::PLAIN_SEGMENT_LEN]);
            self.sealer.segment_in_place(segment).map_err(CustodyError::seal)?;
        }
        let Self { sealer, mut writer, mut digest, mut known_by } = self;
        known_by.update(&rest[floe::PLAIN_AT..floe::PLAIN_AT + last_len - floe::SEGMENT_OVERHEAD]);
        sealer.last_in_place(&mut rest[..last_len]).map_err(CustodyError::seal)?;
        let sealed = &batch.bytes[..before * floe::SEGMENT_LEN + last_len];
        digest.update(sealed);
        writer.write_here(sealed)?;
        Ok((writer, digest, known_by.finish()))
    }
}

/// Where the sealing is while bytes come in.
enum Turn {
    /// Nothing was full yet; there is no second batch.
    Idle(Box<Sealing>),
    Busy(JoinHandle<Result<(Sealing, Batch), CustodyError>>),
    /// Something went wrong; nothing more is taken.
    Over,
}

impl Turn {
    /// Waits until the last full batch is written, and gives it back empty.
    async fn done(&mut self) -> Result<(Sealing, Option<Batch>), CustodyError> {
        match std::mem::replace(self, Self::Over) {
            Self::Idle(sealing) => Ok((*sealing, None)),
            Self::Busy(working) => working.await.map_err(|_| stopped())?.map(|(sealing, batch)| (sealing, Some(batch))),
            Self::Over => Err(stopped()),
        }
    }
}

fn stopped() -> CustodyError {
    CustodyError::Broken("the sealing of an upload was stopped".to_owned())
}

/// Bytes on their way into a sealed object, a digest, the scanner, and, when small enough, the text reader.
pub(super) struct Intake {
    batch: Batch,
    turn: Turn,
    size_bytes: u64,
    max_bytes: u64,
    kind: Kind,
    kept: Option<zeroize::Zeroizing<Vec<u8>>>,
    scanner: Option<Scanner>,
}

impl Intake {
    pub(super) async fn begin(
        custody: &Custody,
        coming: &Coming,
        sealer: Sealer,
        kind: Kind,
        max_bytes: u64,
    ) -> Result<Self, CustodyError> {
        let mut writer = custody.store().objects().create(coming.original).await?;
        let mut digest = Hasher::default();
        digest.update(sealer.header());
        writer.write(sealer.header()).await?;
        let scanner = custody.settings().scan_command.as_deref();
        let scanner = scanner.map(|command| Scanner::start(command, SCANNER_PATIENCE)).transpose()?;
        let known_by = custody.ring().blind_file(coming.customer).map_err(CustodyError::seal)?;
        let kept = if kind.is_audio() { None } else { Some(zeroize::Zeroizing::new(Vec::new())) };
        let turn = Turn::Idle(Box::new(Sealing { sealer, writer, digest, known_by }));
        // Most files are small: one segment to begin with.
        Ok(Self { batch: Batch::of(1), turn, size_bytes: 0, max_bytes, kind, kept, scanner })
    }

    pub(super) async fn take(&mut self, mut bytes: &[u8]) -> Result<(), CustodyError> {
        self.size_bytes += bytes.len() as u64;
        if self.size_bytes > self.max_bytes {
            return Err(CustodyError::TooLarge { max_bytes: self.max_bytes });
        }
        if let Some(kept) = &mut self.kept {
            if kept.len() + bytes.len() > Limits::default().input_bytes_max {
                self.kept = None;
            } else {
                kept.extend_from_slice(bytes);
            }
        }
        if let Some(scanner) = &mut self.scanner {
            scanner.feed(bytes).await?;
        }
        while !bytes.is_empty() {
            // A full batch is sealed only when more follows: the last segment carries its own mark.
            if self.batch.is_full() {
                let (sealing, empty) = self.turn.done().await?;
                let empty = empty.filter(|batch| batch.segments() == SEGMENTS_AT_ONCE);
                let empty = empty.unwrap_or_else(|| Batch::of(SEGMENTS_AT_ONCE));
                let full = std::mem::replace(&mut self.batch, empty);
                self.turn = Turn::Busy(tokio::task::spawn_blocking(move || sealing.full(full)));
            }
            let taken = self.batch.take(bytes);
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> Result<Taken, CustodyError> {
        let (sealing, _) = self.turn.done().await?;
        let batch = self.batch;
        let last = tokio::task::spawn_blocking(move || sealing.last(batch)).await;
        let (writer, digest, known_by) = last.map_err(|_| stopped())??;
        let scanned = match self.scanner.take() {
            Some(scanner) => {
                scanner.finish().await?;
                true
            }
            None => false,
        };
        writer.finish().await?;
        Ok(Taken {
            size_bytes: self.size_bytes,
            digest: digest.finish().as_bytes().to_vec(),
            known_by,
            kind: self.kind,
            text_of: self.kept,
            scanned,
        })
    }
}

/// Shows a whole file to the malware scanner; was there one.
///
/// # Errors
/// [`CustodyError::File`] when it is not clean, [`CustodyError::Broken`] when the scanner cannot be started.
pub(super) async fn scanned(custody: &Custody, bytes: &[u8]) -> Result<bool, CustodyError> {
    let Some(command) = custody.settings().scan_command.as_deref() else { return Ok(false) };
    let mut scanner = Scanner::start(command, SCANNER_PATIENCE)?;
    scanner.feed(bytes).await?;
    scanner.finish().await?;
    Ok(true)
}

/// A malware scanner that reads the file on its standard input. When it is set and fails, nothing comes in.
struct Scanner {
    child: tokio::process::Child,
    input: Option<tokio::process::ChildStdin>,
    /// For one piece, and for the answer at the end.
    patience: std::time::Duration,
}

impl Scanner {
    fn start(command: &[String], patience: std::time::Duration) -> Result<Self, CustodyError> {
        let [program, arguments @ ..] = command else {
            return Err(CustodyError::Broken("scan_command is empty".to_owned()));
        };
        let mut command = tokio::process::Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        // A passphrase may be among our own variables.
        command.env_clear().envs(crate::alerts::passed_on());
        let started = command.spawn();
        let mut child = started.map_err(|_| {
            CustodyError::Broken("the malware scanner cannot be started; nothing is taken in".to_owned())
        })?;
        let input = child.stdin.take();
        Ok(Self { child, input, patience })
    }

    async fn feed(&mut self, bytes: &[u8]) -> Result<(), CustodyError> {
        let Some(input) = &mut self.input else { return Ok(()) };
        match tokio::time::timeout(self.patience, input.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => {
                // A scanner that has seen enough closes its input; its exit code is what counts.
                self.input = None;
                Ok(())
            }
            Err(_) => Err(CustodyError::File("the malware scanner did not answer in time; nothing was taken in")),
        }
    }

    async fn finish(mut self) -> Result<(), CustodyError> {
        self.input = None;
        match tokio::time::timeout(self.patience, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Err(_) => Err(CustodyError::File("the malware scanner did not answer in time; nothing was taken in")),
            Ok(_) => Err(CustodyError::File("the malware scanner did not find the file clean; it was not taken in")),
        }
    }
}

#[cfg(test)]
mod tests;
