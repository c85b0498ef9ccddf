//! Sealed objects in a bucket of an S3-compatible server.
//!
//! An object that fits one part is put whole, with `If-None-Match: *`. A larger one is sent in parts while the next
//! bytes come in, and its completion carries the same condition; a server that does not know the condition there is
//! held off by a look before it, and by names that are 128 random bits. Acknowledged is what the server has
//! acknowledged; each part is signed together with its SHA-256, so that what arrives is what was sent.
//!
//! What must always hold: nothing is waited for or repeated without an end; no error and no log names credentials; a
//! failure leaves an object in full or not at all.

mod halves;
mod look;
mod place;
mod wire;
mod writer;

pub use look::BucketSeen;
pub use place::{BucketOptions, BucketPlace};
pub(super) use writer::BucketWriter;

use super::relative_path;
use crate::StoreError;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpError, HttpErrorKind};
use object_store::multipart::MultipartStore as _;
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, ClientOptions, Error, GetOptions, GetRange, HeaderMap, HeaderValue, ObjectStore as _,
    ObjectStoreExt as _, RetryConfig,
};
use record::ObjectId;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use wire::Wire;

/// How often one thing is tried again when the server says that it is its own fault.
const RETRIES_MAX: usize = 5;
/// Uploads that were left behind for one name, listed at once; more come with the next look.
const LEFTOVER_ROUNDS_MAX: usize = 100;

/// What went wrong between us and a bucket, without any address or name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BucketFault {
    /// 401 or 403.
    #[error("it refuses us; look at the credentials and at the bucket's policy")]
    Refused,
    /// There is no such bucket.
    #[error("there is no such bucket")]
    NoBucket,
    /// It could not be connected to, or its certificate is not one that was vouched for.
    #[error("its server cannot be reached, or its certificate does not hold")]
    Unreached,
    /// It did not answer in time.
    #[error("its server did not answer in time")]
    Silent,
    /// The connection broke, or the answer ended before its end.
    #[error("its server broke off")]
    BrokenOff,
    /// Another status, after all repetitions.
    #[error("its server answered with status {0}")]
    Status(u16),
    /// Something else.
    #[error("its server said something that was not understood")]
    NotUnderstood,
}

impl BucketFault {
    fn of(error: &Error) -> Self {
        match error {
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => return Self::Refused,
            Error::NotFound { .. } => return Self::NoBucket,
            _ => {}
        }
        let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(one) = source {
            if let Some(http) = one.downcast_ref::<HttpError>() {
                return Self::of_http(http.kind());
            }
            if let Some(status) = status_in(&one.to_string()) {
                return if matches!(status, 401 | 403) { Self::Refused } else { Self::Status(status) };
            }
            source = one.source();
        }
        Self::NotUnderstood
    }

    fn of_http(kind: HttpErrorKind) -> Self {
        match kind {
            HttpErrorKind::Connect => Self::Unreached,
            HttpErrorKind::Timeout => Self::Silent,
            HttpErrorKind::Request | HttpErrorKind::Interrupted => Self::BrokenOff,
            _ => Self::NotUnderstood,
        }
    }
}

/// The status in the library's own words, which has no other way of saying it.
fn status_in(said: &str) -> Option<u16> {
    let (_, rest) = said.split_once("non-2xx status code: ")?;
    rest.get(..3)?.parse().ok()
}

fn failed(doing: &'static str) -> impl FnOnce(Error) -> StoreError {
    move |error| StoreError::Bucket { doing, fault: BucketFault::of(&error) }
}

/// The same where a name that is not there means the object.
fn unread(doing: &'static str) -> impl FnOnce(Error) -> StoreError {
    move |error| match error {
        Error::NotFound { .. } => StoreError::ObjectMissing,
        error => failed(doing)(error),
    }
}

/// A bucket.
pub(super) struct Bucket {
    place: BucketPlace,
    s3: AmazonS3,
    /// Says `If-None-Match: *` with all that it does: the completion of what came in parts has no other way to say it.
    creating: AmazonS3,
    wire: Wire,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bucket({})", self.place)
    }
}

impl Bucket {
    pub(super) fn open(place: &BucketPlace) -> Result<Self, StoreError> {
        let wire = Wire::new(place.is_plain_http(), place.ca_file.as_deref(), place.patience)?;
        let build = |headers: HeaderMap| {
            let retries = RetryConfig {
                backoff: BackoffConfig {
                    init_backoff: Duration::from_millis(100),
                    max_backoff: Duration::from_secs(5),
                    base: 2.0,
                },
                max_retries: RETRIES_MAX,
                retry_timeout: place.patience.all,
            };
            let builder = AmazonS3Builder::new()
                .with_bucket_name(&place.name)
                .with_endpoint(place.endpoint.as_str().trim_end_matches('/'))
                .with_region(&place.region)
                .with_virtual_hosted_style_request(false)
                .with_allow_http(place.is_plain_http())
                .with_disable_bulk_delete(true)
                .with_client_options(ClientOptions::new().with_default_headers(headers))
                .with_retry(retries)
                .with_http_connector(wire.clone());
            let built = place.introduced(builder)?.build();
            built.map_err(|_| StoreError::Server("the bucket's options do not fit together".to_owned()))
        };
        let only_new = HeaderMap::from_iter([(hyper::header::IF_NONE_MATCH, HeaderValue::from_static("*"))]);
        let (s3, creating) = (build(HeaderMap::new())?, build(only_new)?);
        Ok(Self { place: place.clone(), s3, creating, wire })
    }

    pub(super) fn name(&self) -> String {
        self.place.to_string()
    }

    /// What an object is called in the bucket.
    fn key(&self, id: ObjectId) -> Key {
        let relative = relative_path(id);
        let parts = relative.iter().filter_map(|part| part.to_str());
        Key::from_iter(self.place.prefix.split('/').filter(|part| !part.is_empty()).chain(parts))
    }

    pub(super) fn create(self: &Arc<Self>, id: ObjectId) -> BucketWriter {
        BucketWriter::new(Arc::clone(self), self.key(id))
    }

    pub(super) async fn read(&self, id: ObjectId, offset: u64) -> Result<BucketReader, StoreError> {
        let mut options = GetOptions::default();
        if offset > 0 {
            options.range = Some(GetRange::Offset(offset));
        }
        match self.s3.get_opts(&self.key(id), options).await {
            Ok(found) => Ok(BucketReader { coming: found.into_stream(), rest: Bytes::new() }),
            Err(error) => {
                // A file may be read from behind its end; here that is an error of its own.
                if offset > 0 && self.size_bytes(id).await?.ok_or(StoreError::ObjectMissing)? <= offset {
                    return Ok(BucketReader { coming: futures_util::stream::empty().boxed(), rest: Bytes::new() });
                }
                Err(unread("open an object")(error))
            }
        }
    }

    pub(super) async fn read_range(&self, id: ObjectId, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let found = match self.s3.get_opts(&self.key(id), options).await {
            Ok(found) => found,
            Err(error) => {
                if self.size_bytes(id).await?.ok_or(StoreError::ObjectMissing)? <= range.start {
                    return Ok(Vec::new());
                }
                return Err(unread("open an object")(error));
            }
        };
        let reader = BucketReader { coming: found.into_stream(), rest: Bytes::new() };
        reader.all(range.end - range.start).await
    }

    pub(super) async fn read_all(&self, id: ObjectId, bytes_max: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.s3.get(&self.key(id)).await.map_err(unread("open an object"))?;
        if found.meta.size > bytes_max {
            return Ok(None);
        }
        let size = found.meta.size;
        BucketReader { coming: found.into_stream(), rest: Bytes::new() }.all(size).await.map(Some)
    }

    pub(super) async fn pieces(
        &self,
        id: ObjectId,
        head_bytes: usize,
        piece_bytes: usize,
    ) -> Result<(Vec<u8>, BucketPieces), StoreError> {
        let mut reader = self.read(id, 0).await?;
        let head = reader.piece(head_bytes).await?;
        Ok((head, BucketPieces { reader, piece_bytes }))
    }

    pub(super) async fn size_bytes(&self, id: ObjectId) -> Result<Option<u64>, StoreError> {
        self.size_of(&self.key(id)).await
    }

    async fn size_of(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        match self.s3.head(key).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("look at an object")(error)),
        }
    }

    /// What was on its way under this name goes first: a completion that is late finds nothing to complete.
    pub(super) async fn remove_orphan(&self, id: ObjectId) -> Result<(), StoreError> {
        let (key, doing) = (self.key(id), "remove an orphan");
        for _ in 0..LEFTOVER_ROUNDS_MAX {
            let left = self.leftovers(&key).await?;
            if left.is_empty() {
                break;
            }
            for upload in left {
                match self.s3.abort_multipart(&key, &upload).await {
                    Ok(()) | Err(Error::NotFound { .. }) => {}
                    Err(error) => return Err(failed(doing)(error)),
                }
            }
        }
        match self.s3.delete(&key).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(doing)(error)),
        }
    }

    pub(super) async fn list(&self) -> Result<Vec<ObjectId>, StoreError> {
        let prefix = Key::from_iter(self.place.prefix.split('/').filter(|part| !part.is_empty()));
        let mut coming = self.s3.list(Some(&prefix));
        let mut found = Vec::new();
        while let Some(one) = coming.next().await {
            let key = one.map_err(failed("list objects"))?.location;
            // What is not called as an object of ours is called is not ours.
            let id = key.filename().and_then(|name| name.parse().ok());
            found.extend(id.filter(|id| self.key(*id) == key));
        }
        found.sort_unstable();
        Ok(found)
    }
}

/// An object being read.
pub(super) struct BucketReader {
    coming: BoxStream<'static, object_store::Result<Bytes>>,
    rest: Bytes,
}

impl std::fmt::Debug for BucketReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BucketReader(..)")
    }
}

impl BucketReader {
    /// Fills the buffer as far as the object goes.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, StoreError> {
        let mut filled = 0;
        while filled < buffer.len() {
            if self.rest.is_empty() {
                match self.coming.next().await {
                    Some(bytes) => self.rest = bytes.map_err(failed("read an object"))?,
                    None => break,
                }
            }
            let taken = self.rest.split_to(self.rest.len().min(buffer.len() - filled));
            buffer[filled..filled + taken.len()].copy_from_slice(&taken);
            filled += taken.len();
        }
        Ok(filled)
    }

    async fn piece(&mut self, length: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; length];
        let filled = self.read(&mut bytes).await?;
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// All that comes, of which there must not be more than was said.
    async fn all(mut self, bytes_max: u64) -> Result<Vec<u8>, StoreError> {
        let doing = "read an object";
        let mut all = Vec::new();
        while let Some(bytes) = self.coming.next().await {
            all.extend_from_slice(&bytes.map_err(failed(doing))?);
            if all.len() as u64 > bytes_max {
                return Err(StoreError::Bucket { doing, fault: BucketFault::NotUnderstood });
            }
        }
        Ok(all)
    }
}

/// An object that comes in pieces.
#[derive(Debug)]
pub(super) struct BucketPieces {
    reader: BucketReader,
    piece_bytes: usize,
}

impl BucketPieces {
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        let piece = self.reader.piece(self.piece_bytes).await?;
        Ok(Some(piece).filter(|piece| !piece.is_empty()))
    }
}
