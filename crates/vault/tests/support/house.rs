//! A small house for tests and benchmarks: a policy, a ledger in memory, a key ring. It mints no tokens: it asks
//! policy and commits to a ledger like everybody else.

use ledger::{Appended, Draft, DurableLog, Head, Prepared, Receipt, SignedCheckpoint, Signer, Tile, TileId, commit};
use policy::{
    CustomerFacts, DocumentFacts, Facts, JoiningFacts, MembershipFact, PatientFacts, Permit, Policy, PrincipalFacts,
    ResourceFacts, SignInFact,
};
use record::document::{DocumentKind, DocumentState};
use record::{
    Act, CustomerId, DocumentId, Entry, Intent, ManualClock, Outcome, PatientId, PersonId, Principal, Purpose,
    ResourceId, Resources, Role, SeededEntropy, SystemEntropy, Timestamp,
};
use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use strongroom_vault::{KeyRing, KeyRows, RootKey};

/// Noon of a day in 2026, milliseconds.
pub(crate) const NOON: i64 = 1_790_000_000_000;
/// The year of [`NOON`].
pub(crate) const YEAR: i16 = 2026;

pub(crate) struct House {
    pub(crate) clock: ManualClock,
    pub(crate) policy: Policy,
    pub(crate) root: RootKey,
    pub(crate) ring: KeyRing,
    pub(crate) north: CustomerId,
    pub(crate) south: CustomerId,
    log: MemoryLog,
    signer: Signer,
}

impl House {
    /// Two customers with keys.
    pub(crate) fn new() -> Self {
        let entropy = SeededEntropy::new(1);
        let now = Timestamp::from_unix_millis(NOON);
        let root = RootKey::generate(&entropy);
        let (north, south) = (CustomerId::from_bytes([1; 16]), CustomerId::from_bytes([2; 16]));
        let mut ring = KeyRing::unlock(&root, &KeyRows::begin(&root, YEAR, now, &entropy)).unwrap();
        for customer in [north, south] {
            ring = ring.after(&ring.customer_begin(customer, YEAR, now, &entropy).unwrap()).unwrap();
        }
        Self {
            clock: ManualClock::at_unix_millis(NOON),
            policy: Policy::embedded().unwrap(),
            root,
            ring,
            north,
            south,
            log: MemoryLog::default(),
            signer: Signer::from_seed("example.org/test", [7; 32].into()).unwrap(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(NOON)
    }

    /// What records staff of this customer ask for, permitted.
    pub(crate) fn permit<A: Act>(&self, customer: CustomerId, ids: &[ResourceId]) -> Permit<A> {
        let person = PersonId::from_bytes([9; 16]);
        let intent = Intent::to::<A>(
            &self.clock,
            &SystemEntropy,
            (Principal::Person(person), None),
            Some(customer),
            Resources::of(ids.iter().copied()),
            Purpose::Treatment,
        );
        let from = self.now().plus_secs(-60);
        let membership = MembershipFact { customer: Some(customer), role: Role::RecordsStaff, from, to: None };
        let signed_in = SignInFact { at: from, step_up_at: Some(from) };
        let facts = Facts {
            principal: PrincipalFacts {
                memberships: vec![membership],
                signed_in: Some(signed_in),
                passkeys: 2,
                ..PrincipalFacts::default()
            },
            resources: ids.iter().filter_map(|id| resource_facts(customer, *id)).collect(),
            customer: Some(CustomerFacts {
                id: customer,
                agreement_in_force: true,
                requested_by: None,
                joining: JoiningFacts::default(),
            }),
        };
        self.policy.decide::<A>(intent, &facts).permitted().unwrap()
    }

    /// The ledger's receipt for an entry about this intent.
    pub(crate) fn receipt(&self, intent: &Intent, outcome: Outcome) -> Receipt {
        let draft = Draft { entry: Entry::of(intent, outcome, ""), sealed_body: Vec::new() };
        let committed = block_on(commit(vec![draft], &self.log, &self.signer, &SystemEntropy)).unwrap();
        committed.receipts.into_iter().next().unwrap()
    }

    /// Asked, permitted, witnessed.
    pub(crate) fn both<A: Act>(&self, customer: CustomerId, ids: &[ResourceId]) -> (Permit<A>, Receipt) {
        let permit = self.permit::<A>(customer, ids);
        let receipt = self.receipt(permit.intent(), Outcome::Permitted);
        (permit, receipt)
    }
}

pub(crate) fn resource_facts(customer: CustomerId, id: ResourceId) -> Option<ResourceFacts> {
    match id {
        ResourceId::DocumentId(id) => Some(ResourceFacts::Document(document_facts(customer, id))),
        ResourceId::PatientId(id) => Some(ResourceFacts::Patient(patient_facts(customer, id))),
        _ => None,
    }
}

fn document_facts(customer: CustomerId, id: DocumentId) -> DocumentFacts {
    DocumentFacts {
        id,
        customer,
        state: DocumentState::Delivered,
        kind: DocumentKind::Transcript,
        confidentiality: record::document::Confidentiality::Normal,
        author: None,
        uploader: None,
        recipients: Vec::new(),
        patient: None,
        in_care: false,
        read_by_practice: false,
        delivered_at: Some(Timestamp::from_unix_millis(NOON)),
    }
}

fn patient_facts(customer: CustomerId, id: PatientId) -> PatientFacts {
    PatientFacts { id, customer, in_care: false, provisional: false }
}

type Tiles = BTreeMap<(u8, u64), Tile>;

/// A ledger's log in memory.
#[derive(Default)]
struct MemoryLog(Mutex<Option<(Head, Tiles)>>);

impl DurableLog for MemoryLog {
    async fn pause(&self, _attempt: u32, _draw: u64) {}

    type Error = std::convert::Infallible;

    async fn head(&self) -> Result<Head, Self::Error> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(state.as_ref().map_or_else(Head::empty, |(head, _)| *head))
    }

    async fn tiles(&self, wanted: &[TileId]) -> Result<Vec<Tile>, Self::Error> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let find = |id: &TileId| state.as_ref().and_then(|(_, tiles)| tiles.get(&(id.level, id.index)).cloned());
        Ok(wanted.iter().filter_map(find).collect())
    }

    async fn append(&self, prepared: &Prepared) -> Result<Appended, Self::Error> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (head, tiles) = state.get_or_insert_with(|| (Head::empty(), BTreeMap::new()));
        if head != prepared.expected() {
            return Ok(Appended::HeadMoved);
        }
        *head = *prepared.new_head();
        for tile in prepared.tiles() {
            tiles.insert((tile.id().level, tile.id().index), tile.clone());
        }
        Ok(Appended::Done)
    }

    async fn checkpoint_store(&self, _: &SignedCheckpoint) -> Result<(), Self::Error> {
        Ok(())
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
