//! What is asked once is done once: requests that carry a key of the program's own making.
//!
//! Whoever got no answer asks again with the same key, and gets the answer of then. What must always hold: the same key with
//! anything else is refused, and nothing of it is done; while the first one is under way, a second one waits for nobody and
//! does nothing; an answer is kept for a day, and holds ids and fixed words only.

use super::ProgramIn;
use crate::ask::Question;
use crate::{CustodyError, Desk, NewUpload, SameBytes, UploadCut, Uploaded, Witnessed};
use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use record::document::DocumentState;
use record::{CustomerId, DocumentId, ProgramId, Purpose, Sha256, act};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};

/// How long an answer is kept, seconds.
const KEPT_SECS: i64 = 24 * 3_600;
/// The longest key, characters.
const KEY_CHARS_MAX: usize = 128;

/// The answer to an upload, as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: DocumentId,
    version: u32,
    state: String,
    readable: bool,
    size_bytes: u64,
    entry: u64,
}

/// What became of a file, now or when it was first asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedOnce {
    /// The document.
    pub id: DocumentId,
    /// Its version.
    pub version: u32,
    /// Where it stood.
    pub state: DocumentState,
    /// Was text found in it.
    pub readable: bool,
    /// Size, bytes.
    pub size_bytes: u64,
    /// The entry of its coming in.
    pub entry: u64,
    /// It had come in before with this very request; this is the entry of telling so.
    pub again: Option<Witnessed>,
}

/// Bytes on their way in, and their digest.
type Seen = Arc<Mutex<Option<Context>>>;

fn seen_digest(seen: &Seen) -> String {
    let context = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
    context.map(|context| data_encoding::HEXLOWER.encode(context.finish().as_ref())).unwrap_or_default()
}

/// The words of a request without its bytes, in one text.
fn words_of(new: &NewUpload) -> String {
    let text = |one: Option<String>| one.unwrap_or_default();
    [
        new.file_name.clone(),
        text(new.kind.map(|kind| kind.as_str().to_owned())),
        text(new.author.map(|id| id.to_string())),
        text(new.patient.map(|id| id.to_string())),
        text(new.visit.map(|day| day.to_string())),
    ]
    .join("\u{1f}")
}

impl Desk<act::DocumentUpload> {
    /// Takes a file in for the program's customer, once for each key.
    ///
    /// # Errors
    /// [`CustodyError::Input`] when the key was used for something else; [`CustodyError::State`] while the first request with
    /// it is under way; otherwise as an upload. After a failure the key is free again.
    pub async fn document_upload_once(
        &self,
        key: &str,
        new: NewUpload,
        bytes: impl Stream<Item = Result<Bytes, UploadCut>> + Unpin + Send,
    ) -> Result<UploadedOnce, CustodyError> {
        if key.is_empty() || key.len() > KEY_CHARS_MAX || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(CustodyError::field("idempotency_key", "Give a key of 1 to 128 letters, digits and signs"));
        }
        let program = self.program_there()?.clone();
        let new = NewUpload { customer: Some(program.customer), same: SameBytes::Keep, ..new };
        let key_hash = Sha256::of(key.as_bytes()).as_bytes().to_vec();
        let place: (CustomerId, ProgramId) = (program.customer, program.program);
        let words = words_of(&new);
        let seen: Seen = Arc::new(Mutex::new(Some(Context::new(&SHA256))));
        let looking = Arc::clone(&seen);
        let mut bytes = bytes.inspect(move |piece| {
            if let (Ok(piece), Some(context)) = (piece, looking.lock().unwrap_or_else(PoisonError::into_inner).as_mut())
            {
                context.update(piece);
            }
        });
        let now = self.custody.now();
        let mut tx = self.custody.store().begin("begin an answer").await?;
        let known = tx.program_answer_begin(place, key_hash.clone(), (now, now.plus_secs(KEPT_SECS))).await?;
        tx.commit().await?;
        if let Some(known) = known {
            while let Some(piece) = bytes.next().await {
                piece.map_err(|_| CustodyError::File("the upload broke off; send the file again"))?;
            }
            return self.told_again(&program, known, &self.asked_mac(&program, &words, &seen_digest(&seen))).await;
        }
        // If we die below: the key is taken for a day, and the program, which got no answer, takes another one.
        let done = self.document_upload(new, bytes).await;
        let answered = done.as_ref().ok().map(|done| {
            (
                self.asked_mac(&program, &words, &seen_digest(&seen)),
                serde_json::to_string(&kept(done)).unwrap_or_default(),
            )
        });
        let mut tx = self.custody.store().begin("keep an answer").await?;
        tx.program_answer_end(place, key_hash, answered.as_ref().map(|(asked, text)| (asked.clone(), text.as_str())))
            .await?;
        tx.commit().await?;
        done.map(|done| UploadedOnce {
            id: done.id,
            version: done.version,
            state: done.state,
            readable: done.readable,
            size_bytes: done.size_bytes,
            entry: done.witnessed.index,
            again: None,
        })
    }

    fn asked_mac(&self, program: &ProgramIn, words: &str, digest: &str) -> Vec<u8> {
        let said = format!("{}:{}:{digest}:{words}", program.customer, program.program);
        self.custody.ring().directory_blind("program-asked", &said).to_vec()
    }

    async fn told_again(
        &self,
        program: &ProgramIn,
        known: store::KeptAnswer,
        asked: &[u8],
    ) -> Result<UploadedOnce, CustodyError> {
        let (Some(then), Some(answer)) = (known.asked, known.answer) else {
            return Err(CustodyError::State("The first request with this key is still under way. Ask again later."));
        };
        if !crate::secret::same(&then, asked) {
            return Err(CustodyError::field(
                "idempotency_key",
                "This key was used for something else. Take another one",
            ));
        }
        let broken = |_| CustodyError::Broken("a kept answer cannot be read".to_owned());
        let kept: Kept = serde_json::from_str(&answer).map_err(broken)?;
        // Telling it is an act of its own, by the rights of now.
        let question = Question::of(program.customer, Purpose::Operations).also(program.program);
        let witnessed = self.ask(question).await?.witnessed();
        let state = kept.state.parse().map_err(|_| CustodyError::Broken("a kept answer cannot be read".to_owned()))?;
        Ok(UploadedOnce {
            id: kept.id,
            version: kept.version,
            state,
            readable: kept.readable,
            size_bytes: kept.size_bytes,
            entry: kept.entry,
            again: Some(witnessed),
        })
    }
}

fn kept(done: &Uploaded) -> Kept {
    Kept {
        id: done.id,
        version: done.version,
        state: done.state.as_str().to_owned(),
        readable: done.readable,
        size_bytes: done.size_bytes,
        entry: done.witnessed.index,
    }
}
