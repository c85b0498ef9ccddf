//! The one way to plaintext: a permit and a receipt for the same intent are spent, and what the intent names opens.
//!
//! What must always hold: key and AAD come from the intent and from the row that it names, never from another
//! parameter; a resource that the intent does not name does not open; an act that opens names does not open
//! texts; both tokens are consumed, so one act is one permit and one entry.
//!
//! What it refuses to know: who the principal is and whether the answer was right. That is `policy`'s, and the
//! ledger has it.

use crate::floe::{FloeError, PLAIN_AT, Ranges, SEGMENT_OVERHEAD, Unsealer};
use crate::keys::{CustomerKeys, KeyError, KeyRing, SealError, WrappedKey};
use crate::phi::{Phi, Shown};
use crate::place::{Column, Rendition, object_place};
use ledger::Receipt;
use policy::Permit;
use record::action::{OpensContent, OpensNames};
use record::{CustomerId, DocumentId, Intent, Outcome, ResourceId, Resources, act};
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

/// Nothing opens, and why. Holds ids, never PHI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Permit and receipt are of different intents.
    #[error("the receipt is not for what was permitted")]
    IntentsDiffer,
    /// The entry does not say that the act was permitted.
    #[error("the ledger's entry does not say permitted")]
    NotPermitted,
    /// The permit is for another act than its type says.
    #[error("the permit is for another act")]
    OtherAct,
    /// The intent names no customer, so there is no key.
    #[error("the intent names no customer")]
    NoCustomer,
    /// The customer's keys are not here: shredded, or never there.
    #[error("the keys of {0} are not here")]
    KeysGone(CustomerId),
    /// The list of resources is not the one that its digest names, or is out of order.
    #[error("the intent's resources are not in their form")]
    Resources,
    /// The intent does not name this.
    #[error("the intent does not name {0}")]
    NotNamed(ResourceId),
    /// The intent does not name one other customer to whom things go, or names several.
    #[error("the intent does not name one customer to whom things go")]
    Nowhere,
    /// No such row has such a column.
    #[error("rows of this kind have no such column")]
    Column,
    /// The value is not text.
    #[error("the opened value is not UTF-8")]
    NotText,
    /// A key or a value does not open.
    #[error("a key or a value does not open")]
    Key(#[from] KeyError),
    /// A sealed object does not open.
    #[error("the sealed object does not open")]
    Object(#[from] FloeError),
}

/// Spends a permit and its receipt. What comes back opens what the intent names, and nothing else.
///
/// The keys stay in the opening even when the ring is replaced meanwhile; a long stream asks policy again with a
/// new intent (HOUSE 1).
///
/// # Errors
/// [`OpenError`]. Both tokens are gone in any case: a refused opening is asked for anew, and witnessed anew.
#[expect(clippy::needless_pass_by_value, reason = "both tokens are consumed: one act is one permit and one entry")]
pub fn open<A: OpensNames>(
    permit: Permit<A>,
    receipt: Receipt,
    ring: &KeyRing,
) -> Result<(Opening<A>, Shown), OpenError> {
    let intent = permit.intent().clone();
    if receipt.intent_digest() != intent.digest().as_sha256() || receipt.intent() != intent.id() {
        return Err(OpenError::IntentsDiffer);
    }
    if receipt.outcome() != Outcome::Permitted {
        return Err(OpenError::NotPermitted);
    }
    if intent.action() != A::ACTION {
        return Err(OpenError::OtherAct);
    }
    // A long list is in the digest by its own digest only. It is made again from the list, so that no list can be
    // put beside the digest of another; and the search below needs it sorted.
    if !resources_hold(intent.resources()) {
        return Err(OpenError::Resources);
    }
    let customer = intent.customer().ok_or(OpenError::NoCustomer)?;
    let keys = ring.customer(customer).ok_or(OpenError::KeysGone(customer))?;
    Ok((Opening { intent, keys: Arc::clone(keys), act: PhantomData }, Shown::granted()))
}

fn resources_hold(resources: &Resources) -> bool {
    Resources::of(resources.as_slice().iter().copied()) == *resources
}

/// What a permitted and witnessed act may open.
pub struct Opening<A: OpensNames> {
    intent: Intent,
    keys: Arc<CustomerKeys>,
    act: PhantomData<fn() -> A>,
}

impl<A: OpensNames> fmt::Debug for Opening<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opening({} {})", A::ACTION, self.intent.id())
    }
}

impl<A: OpensNames> Opening<A> {
    /// What was permitted and witnessed.
    #[must_use]
    pub const fn intent(&self) -> &Intent {
        &self.intent
    }

    fn named(&self, resource: ResourceId) -> Result<ResourceId, OpenError> {
        if self.intent.resources().contains(&resource) { Ok(resource) } else { Err(OpenError::NotNamed(resource)) }
    }

    /// Opens a column of a row that the intent names, as bytes.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn column_bytes(
        &self,
        resource: impl Into<ResourceId>,
        column: Column,
        sealed: &[u8],
    ) -> Result<Phi<Vec<u8>>, OpenError> {
        let resource = self.named(resource.into())?;
        if !column.belongs_to(&resource) {
            return Err(OpenError::Column);
        }
        let mut value = self.keys.column_open(&resource, column, sealed)?;
        Ok(Phi::opened(std::mem::take(&mut *value)))
    }

    /// Opens a column of a row that the intent names, as text.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn column(
        &self,
        resource: impl Into<ResourceId>,
        column: Column,
        sealed: &[u8],
    ) -> Result<Phi<String>, OpenError> {
        let bytes = self.column_bytes(resource, column, sealed)?.into_inner();
        // The error would hold the bytes; it is dropped here.
        String::from_utf8(bytes).map(Phi::opened).map_err(|_| OpenError::NotText)
    }
}

impl<A: OpensContent> Opening<A> {
    /// Begins to open an object of a document that the intent names, from its beginning. `header` are its first
    /// [`crate::floe::HEADER_LEN`] bytes.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn object(
        &self,
        document: DocumentId,
        rendition: Rendition,
        wrapped: &WrappedKey,
        header: &[u8],
    ) -> Result<ObjectReader, OpenError> {
        self.named(document.into())?;
        let key = self.keys.object_key(document, rendition, wrapped)?;
        let place = object_place(key.sealed_for.unwrap_or(self.keys.customer), document, rendition);
        Ok(ObjectReader(Unsealer::begin(&key.secret, place, header)?))
    }

    /// Begins to open parts of an object. `sealed_len` is its whole length; `last_segment` are the bytes of
    /// [`crate::floe::last_segment_at`], which prove that length before anything is answered from it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn object_ranges(
        &self,
        document: DocumentId,
        rendition: Rendition,
        wrapped: &WrappedKey,
        header: &[u8],
        (sealed_len, last_segment): (u64, &[u8]),
    ) -> Result<RangeReader, OpenError> {
        self.named(document.into())?;
        let key = self.keys.object_key(document, rendition, wrapped)?;
        let place = object_place(key.sealed_for.unwrap_or(self.keys.customer), document, rendition);
        Ok(RangeReader(Ranges::begin(&key.secret, place, header, sealed_len, last_segment)?))
    }
}

impl Opening<act::CustomerJoinRun> {
    /// To whom things go: to the one customer whom the intent names beside its own. Policy has looked whether both managers
    /// want that, and the ledger has it.
    fn destination(&self) -> Result<CustomerId, OpenError> {
        let mut beside = self.intent.customers_beside();
        match (beside.next(), beside.next()) {
            (Some(to), None) => Ok(to),
            _ => Err(OpenError::Nowhere),
        }
    }

    /// A column of a row that the intent names, sealed for the same row of the customer to whom things go. The value stays in
    /// here.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn column_carry(
        &self,
        ring: &KeyRing,
        resource: impl Into<ResourceId>,
        column: Column,
        sealed: &[u8],
    ) -> Result<Vec<u8>, OpenError> {
        let (resource, to) = (self.named(resource.into())?, self.destination()?);
        let value = self.keys.column_open(&resource, column, sealed)?;
        ring.seal_column(to, resource, column, &value).map_err(|error| match error {
            SealError::NoCustomer(id) => OpenError::KeysGone(id),
            SealError::Column | SealError::TooLong => OpenError::Column,
        })
    }

    /// The key of an object of a document that the intent names, wrapped for the customer to whom things go. The object itself
    /// is neither read nor written, and neither is the key seen.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn object_key_carry(
        &self,
        ring: &KeyRing,
        document: DocumentId,
        rendition: Rendition,
        wrapped: &WrappedKey,
    ) -> Result<WrappedKey, OpenError> {
        self.named(document.into())?;
        let to = self.destination()?;
        let key = self.keys.object_key(document, rendition, wrapped)?;
        let from = self.keys.customer;
        ring.object_key_take(to, document, rendition, (from, key)).map_err(|_| OpenError::KeysGone(to))
    }
}

/// Opens one object from its beginning to its end in constant memory.
pub struct ObjectReader(Unsealer);

impl fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObjectReader(..)")
    }
}

impl ObjectReader {
    /// Takes the next sealed bytes after the header, in pieces of any size, and gives the plaintext of the
    /// segments that became whole (perhaps none). Every byte given is authentic; whether it was all is said by
    /// [`Self::finish`].
    ///
    /// # Errors
    /// [`FloeError`]; after the first one nothing more is given.
    pub fn push(&mut self, sealed: &[u8]) -> Result<Phi<Vec<u8>>, FloeError> {
        let mut out = Vec::new();
        self.0.push(sealed, &mut out)?;
        Ok(Phi::opened(out))
    }

    /// Opens exactly one whole segment ([`crate::floe::SEGMENT_LEN`] bytes; the last one is shorter) where it lies in its buffer: the fast
    /// way, without a copy.
    ///
    /// # Errors
    /// [`FloeError`]; the buffer is gone then.
    pub fn segment(&mut self, mut sealed: Vec<u8>) -> Result<Phi<PlainSegment>, FloeError> {
        self.0.segment_in_place(&mut sealed)?;
        Ok(Phi::opened(PlainSegment(sealed)))
    }

    /// The end of the sealed bytes.
    ///
    /// # Errors
    /// [`FloeError::Truncated`] when it was not the end of the object.
    pub fn finish(self) -> Result<(), FloeError> {
        self.0.finish()
    }
}

/// The plaintext of one segment, in the buffer that its ciphertext came in.
pub struct PlainSegment(Vec<u8>);

impl PlainSegment {
    /// The buffer, to read the next segment into. What it holds is still PHI.
    #[must_use]
    pub fn into_buffer(self) -> Vec<u8> {
        self.0
    }
}

impl std::ops::Deref for PlainSegment {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0[PLAIN_AT..self.0.len() - (SEGMENT_OVERHEAD - PLAIN_AT)]
    }
}

impl AsRef<[u8]> for PlainSegment {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for PlainSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainSegment(..)")
    }
}

/// Opens ranges of one object, in any order.
pub struct RangeReader(Ranges);

impl fmt::Debug for RangeReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RangeReader(..)")
    }
}

impl RangeReader {
    /// The length of the plaintext, authenticated, bytes.
    #[must_use]
    pub const fn plain_len(&self) -> u64 {
        self.0.plain_len()
    }

    /// Which bytes of the sealed object must be read for this range of plaintext.
    ///
    /// # Errors
    /// [`FloeError::Range`] when it is empty or not within the object.
    pub fn sealed_range(&self, plain: &Range<u64>) -> Result<Range<u64>, FloeError> {
        self.0.sealed_range(plain)
    }

    /// Exactly this range of plaintext; `sealed` are the bytes of [`Self::sealed_range`]. Memory is as large as
    /// the range: the caller cuts a long one into pieces.
    ///
    /// # Errors
    /// [`FloeError`]; then nothing of the range is given.
    pub fn open(&mut self, plain: &Range<u64>, sealed: &[u8]) -> Result<Phi<Vec<u8>>, FloeError> {
        let mut out = Vec::new();
        self.0.open(plain, sealed, &mut out)?;
        Ok(Phi::opened(out))
    }
}
