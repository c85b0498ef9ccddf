//! Ciphertext on its way into a bucket. What fits one part is put at the end; of more, parts go while others come in.

use super::{Bucket, BucketFault, failed};
use crate::StoreError;
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path as Key;
use object_store::{Error, MultipartId, ObjectStore as _, PutMode, PutOptions, PutPayload};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// One part, bytes. S3 asks for at least five megabytes in all parts but the last, and takes ten thousand of them.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Parts that S3 takes.
const PARTS_MAX: usize = 10_000;
/// Parts that are on their way while the next one fills: with it, the memory of one upload.
const PARTS_ON_WAY: usize = 2;

const DOING: &str = "write an object";

/// An object on its way. Dropped unfinished, it leaves nothing under its name.
pub(in crate::objects) struct BucketWriter {
    bucket: Arc<Bucket>,
    key: Key,
    /// Taken when it is made, where there is one: it is dropped on threads that have none of their own.
    runtime: Handle,
    filling: Vec<u8>,
    sent: Option<Sent>,
}

/// What has gone already, when it is more than one part.
struct Sent {
    upload: MultipartId,
    arrived: Vec<PartId>,
    on_way: VecDeque<JoinHandle<object_store::Result<PartId>>>,
}

impl std::fmt::Debug for BucketWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BucketWriter(..)")
    }
}

impl BucketWriter {
    pub(super) fn new(bucket: Arc<Bucket>, key: Key) -> Self {
        Self { bucket, key, runtime: Handle::current(), filling: Vec::new(), sent: None }
    }

    pub(in crate::objects) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), StoreError> {
        while !bytes.is_empty() {
            // A full part goes only when more follows: one alone is put whole.
            if self.filling.len() == PART_BYTES {
                self.part_send().await?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(PART_BYTES - self.filling.len()));
            self.filling.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    pub(in crate::objects) fn write_here(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        if self.filling.len() + bytes.len() <= PART_BYTES {
            self.filling.extend_from_slice(bytes);
            return Ok(());
        }
        let runtime = self.runtime.clone();
        runtime.block_on(self.write(bytes))
    }

    /// Sends the part that is full, as soon as there is a place on the way.
    async fn part_send(&mut self) -> Result<(), StoreError> {
        if self.sent.is_none() {
            let begun = self.bucket.s3.create_multipart(&self.key).await;
            let upload = begun.map_err(failed("begin an object"))?;
            self.sent = Some(Sent { upload, arrived: Vec::new(), on_way: VecDeque::new() });
        }
        let sent = self.sent.as_mut().expect("it was begun above");
        if sent.on_way.len() >= PARTS_ON_WAY {
            sent.arrive().await?;
        }
        let number = sent.arrived.len() + sent.on_way.len();
        if number >= PARTS_MAX {
            return Err(StoreError::Server("an object in a bucket has at most 80 GB".to_owned()));
        }
        let payload = PutPayload::from(std::mem::replace(&mut self.filling, Vec::with_capacity(PART_BYTES)));
        let (s3, key, upload) = (self.bucket.s3.clone(), self.key.clone(), sent.upload.clone());
        let going = self.runtime.spawn(async move { s3.put_part(&key, &upload, number, payload).await });
        sent.on_way.push_back(going);
        Ok(())
    }

    /// Makes it durable under its name.
    pub(in crate::objects) async fn finish(mut self) -> Result<(), StoreError> {
        if self.sent.is_none() {
            let payload = PutPayload::from(std::mem::take(&mut self.filling));
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            let put = self.bucket.s3.put_opts(&self.key, payload, options).await;
            return put.map(drop).map_err(created);
            // If we die before the answer: the object is there in full or not at all, and no row names it.
        }
        self.part_send().await?;
        let sent = self.sent.as_mut().expect("there is a part");
        while !sent.on_way.is_empty() {
            sent.arrive().await?;
        }
        // For a server that does not know the condition of the completion. Names are random, so nobody else writes this one.
        if self.bucket.size_of(&self.key).await?.is_some() {
            return Err(StoreError::ObjectExists);
        }
        let parts = std::mem::take(&mut sent.arrived);
        // If we die here: parts that the sweeper removes with their upload's row. After it: the object is there in full.
        self.bucket.creating.complete_multipart(&self.key, &sent.upload, parts).await.map_err(created)?;
        self.sent = None;
        Ok(())
    }
}

/// Why nothing new has this name.
pub(super) fn created(error: Error) -> StoreError {
    match error {
        Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. } => {
            StoreError::ObjectExists
        }
        error => failed(DOING)(error),
    }
}

impl Sent {
    /// Waits for the part that has been on its way for the longest.
    async fn arrive(&mut self) -> Result<(), StoreError> {
        let Some(going) = self.on_way.pop_front() else { return Ok(()) };
        let stopped = |_| StoreError::Bucket { doing: DOING, fault: BucketFault::BrokenOff };
        self.arrived.push(going.await.map_err(stopped)?.map_err(failed(DOING))?);
        Ok(())
    }
}

impl Drop for BucketWriter {
    fn drop(&mut self) {
        let Some(sent) = self.sent.take() else { return };
        for going in &sent.on_way {
            going.abort();
        }
        // Best effort: what stays behind is parts that have no name, and the sweeper removes them with their upload's row.
        let (s3, key) = (self.bucket.s3.clone(), self.key.clone());
        drop(self.runtime.spawn(async move {
            for going in sent.on_way {
                drop(going.await);
            }
            drop(s3.abort_multipart(&key, &sent.upload).await);
        }));
    }
}
