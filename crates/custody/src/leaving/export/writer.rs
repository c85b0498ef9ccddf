//! A part on its way to the disk, on a thread that may wait for it.

use super::super::LeavingError;
use super::super::folder::{create, publish};
use super::super::frames::{FrameWriter, Table};
use super::super::rows::{PartLine, part_name};
use super::super::sealed::SealedWriter;
use super::{PracticeExport, flushed};
use crate::CustodyError;
use bytes::Bytes;
use std::io::BufWriter;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

/// Pieces that wait for a slow disk: with segments of 64 KiB, half a megabyte.
const PIECES_WAITING: usize = 8;
const BUFFER_BYTES: usize = 256 * 1024;

enum Put {
    Row(Table, Zeroizing<Vec<u8>>),
    File(String, u64),
    Piece(Bytes),
    /// All of it was put; without this the part is not kept.
    End,
}

/// A part that is being written. Dropped unfinished, it leaves nothing under its name.
pub(super) struct PartWriter {
    puts: mpsc::Sender<Put>,
    task: JoinHandle<Result<PartLine, LeavingError>>,
}

impl PartWriter {
    pub(super) fn begin(export: &PracticeExport) -> Self {
        let name = part_name(export.parts.len() + 1);
        let (dir, secret, id) = (export.out.clone(), Arc::clone(&export.secret), export.id);
        let (puts, mut waiting) = mpsc::channel(PIECES_WAITING);
        let task = tokio::task::spawn_blocking(move || {
            let on_its_way = dir.join(format!("{name}.new"));
            let written = (|| {
                let file = BufWriter::with_capacity(BUFFER_BYTES, create(&on_its_way)?);
                let mut frames = FrameWriter::new(SealedWriter::new(file, &secret, id, &name)?);
                loop {
                    match waiting.blocking_recv() {
                        Some(Put::Row(table, row)) => frames.row(table, &row)?,
                        Some(Put::File(path, size)) => frames.file(&path, size)?,
                        Some(Put::Piece(piece)) => frames.piece(&piece)?,
                        Some(Put::End) => break,
                        None => return Err(LeavingError::Stopped),
                    }
                }
                let (file, bytes, sha256) = frames.finish()?.finish()?;
                publish(flushed(file)?, (&dir, &name))?;
                Ok(PartLine { name: name.clone(), bytes, sha256 })
            })();
            if written.is_err() {
                // A disk that is full has room again.
                drop(std::fs::remove_file(&on_its_way));
            }
            written
        });
        Self { puts, task }
    }

    async fn put(&mut self, put: Put) -> Result<(), CustodyError> {
        if self.puts.send(put).await.is_ok() {
            return Ok(());
        }
        // The thread has ended, and says why.
        let ended = (&mut self.task).await.map_err(|_| LeavingError::Stopped)?;
        Err(ended.err().unwrap_or(LeavingError::Stopped).into())
    }

    pub(super) async fn row(&mut self, table: Table, row: Zeroizing<Vec<u8>>) -> Result<(), CustodyError> {
        self.put(Put::Row(table, row)).await
    }

    pub(super) async fn file(&mut self, path: &str, size: u64) -> Result<(), CustodyError> {
        self.put(Put::File(path.to_owned(), size)).await
    }

    pub(super) async fn piece(&mut self, piece: Bytes) -> Result<(), CustodyError> {
        self.put(Put::Piece(piece)).await
    }

    pub(super) async fn finish(mut self) -> Result<PartLine, CustodyError> {
        self.put(Put::End).await?;
        Ok(self.task.await.map_err(|_| LeavingError::Stopped)??)
    }
}
