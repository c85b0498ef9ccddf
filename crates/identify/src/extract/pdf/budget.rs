//! One purse for everything that a PDF may ask to be done again and again.

use crate::Limits;
use lopdf::{Dictionary, Document, Object, Stream};

/// What may still be inflated and how many operators may still be run.
pub(super) struct Budget {
    bytes_left: usize,
    operators_left: usize,
}

/// Least charge for unpacking a stream, so that empty ones are not free.
const STREAM_CHARGE_BYTES: usize = 2_048;

impl Budget {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self { bytes_left: limits.inflated_bytes_max, operators_left: limits.operators_max }
    }

    pub(super) const fn is_spent(&self) -> bool {
        self.bytes_left == 0 || self.operators_left == 0
    }

    /// One operator; `false` when there are no more.
    pub(super) const fn operator(&mut self) -> bool {
        self.operators_left = self.operators_left.saturating_sub(1);
        !self.is_spent()
    }

    /// Work worth so many bytes.
    pub(super) const fn charge(&mut self, bytes: usize) {
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
    }

    /// A stream's content. Each filter of a chain is run and charged by itself: a chain may inflate to much and
    /// then shrink to nothing.
    pub(super) fn content(&mut self, document: &Document, stream: &Stream) -> Option<Vec<u8>> {
        self.charge(STREAM_CHARGE_BYTES.max(stream.content.len()));
        let Ok(filter) = stream.dict.get(b"Filter") else {
            return (!self.is_spent()).then(|| stream.content.clone());
        };
        let filters = list(document, filter);
        let parameters = stream.dict.get(b"DecodeParms").map(|object| list(document, object)).unwrap_or_default();
        if filters.len() > Stream::MAX_FILTERS {
            return None;
        }
        let mut content: Option<Vec<u8>> = None;
        for (index, filter) in filters.iter().enumerate() {
            if self.is_spent() {
                return None;
            }
            let mut dict = Dictionary::new();
            dict.set("Filter", (*filter).clone());
            if let Some(Object::Dictionary(parameters)) = parameters.get(index) {
                dict.set("DecodeParms", parameters.clone());
            }
            let input = content.take().unwrap_or_else(|| stream.content.clone());
            match Stream::new(dict, input).decompressed_content_with_limit(self.bytes_left) {
                Ok(output) => {
                    self.charge(STREAM_CHARGE_BYTES.max(output.len()));
                    content = Some(output);
                }
                Err(lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. })) => {
                    self.bytes_left = 0;
                    return None;
                }
                Err(_) => {
                    // How much was inflated before it failed is not told; a few such streams end the reading.
                    self.charge(self.bytes_left / 16 + STREAM_CHARGE_BYTES);
                    return None;
                }
            }
        }
        Some(content.unwrap_or_else(|| stream.content.clone()))
    }
}

/// One object or an array of them, references followed.
fn list<'a>(document: &'a Document, object: &'a Object) -> Vec<&'a Object> {
    match super::resolve(document, object) {
        Some(Object::Array(items)) => items.iter().take(32).filter_map(|item| super::resolve(document, item)).collect(),
        Some(other) => vec![other],
        None => Vec::new(),
    }
}
