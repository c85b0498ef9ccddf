//! The house as a whole: the handle that everything else holds, opened once with the root key.

use crate::keys::halves::UNHALVED_UNTIL;
use crate::scribe::Scribe;
use crate::settings::{Settings, year_of};
use crate::{CustodyError, words::DirectoryBody};
use ledger::{Head, Signer, Verifier};
use policy::Policy;
use record::{Clock, CustomerId, Entropy, PersonId, Principal, ProgramId, Timestamp};
use std::sync::{Arc, RwLock};
use store::{BucketPlace, LedgerLog, ObjectsCarried, Server, Store, TableMoved};
use vault::{HalfName, KeyChange, KeyRing, KeyRows, RootKey};
use zeroize::Zeroizing;

/// What is needed to open a house.
pub struct OpenHouse {
    /// Where it lies.
    pub store: Store,
    /// What the operator decided.
    pub settings: Settings,
    /// The key above all others; used here and let go.
    pub root: RootKey,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// The handle that everything else holds; cheap to clone.
#[derive(Clone)]
pub struct Custody(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) log: LedgerLog,
    pub(crate) scribe: Scribe,
    pub(crate) signer: Arc<Signer>,
    pub(crate) policy: Policy,
    // Replaced as a whole when keys change; what was opened with the old one stays opened.
    ring: RwLock<Arc<KeyRing>>,
    pub(crate) settings: Settings,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) program: ProgramId,
    pub(crate) passkeys: crate::passkeys::Passkeys,
    pub(crate) refusals: crate::ask::RefusalMeter,
    // Apart: whoever only says that they are a program uses up nothing of that program's.
    pub(crate) token_refusals: crate::ask::RefusalMeter,
    pub(crate) alarm: crate::alerts::AlarmState,
    pub(crate) terminals: crate::terminals::Terminals,
    // Counted when the orphans are looked for, for the metrics.
    pub(crate) orphans: std::sync::atomic::AtomicU64,
    pub(crate) feed_asked: crate::feed::FeedAsked,
    pub(crate) tally: crate::metrics::Tally,
    pub(crate) standby: crate::reserve::Standby,
    pub(crate) programs_keys: crate::programs::FetchedKeys,
    pub(crate) programs_in_hand: crate::programs::InHand,
    // Held while a backup is being made.
    pub(crate) backing_up: tokio::sync::Mutex<()>,
    pub(crate) together: crate::nodes::Together,
    pub(crate) certificate: crate::certificate::Served,
}

impl std::fmt::Debug for Custody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Custody(..)")
    }
}

/// How often the year's audit keys are made anew because another node was making them.
const YEAR_TRIES: u32 = 8;

/// The name under which this house signs its ledger: host of its public address, then a fixed word.
fn origin_of(settings: &Settings) -> String {
    format!("{}/strongroom", settings.public_url.host_str().unwrap_or("localhost"))
}

impl Custody {
    /// A new house in an empty store: first keys, an empty ledger, the facts about it.
    ///
    /// # Errors
    /// When there is a house already, or the store cannot.
    pub async fn begin(
        store: &Store,
        settings: &Settings,
        root: &RootKey,
        clock: &dyn Clock,
        entropy: &dyn Entropy,
    ) -> Result<(), CustodyError> {
        if store.meta_fetch("format").await?.is_some() {
            return Err(CustodyError::State("there is a strongroom in this folder already"));
        }
        let now = clock.now();
        let (rows, half) = if store.is_on_server() {
            KeyRows::begin_halved(root, year_of(now), now, entropy)
        } else {
            (KeyRows::begin(root, year_of(now), now, entropy), None)
        };
        if let Some(half) = &half {
            store.objects().half_put(half).await?;
        }
        let mut tx = store.begin("begin a house").await?;
        tx.key_rows_begin(&rows).await?;
        tx.ledger_begin().await?;
        for (name, value) in [
            ("format", "1".to_owned()),
            ("operator", settings.operator.clone()),
            ("made_for", if settings.demo { "demo".to_owned() } else { "work".to_owned() }),
            ("origin", origin_of(settings)),
            ("program", ProgramId::mint(clock, entropy).to_string()),
        ] {
            tx.meta_set(name, &value).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Opens a house: unlocks the keys, validates the policies, holds the ledger against what was signed before.
    ///
    /// # Errors
    /// When anything promised does not hold: the wrong root key, a policy that does not validate, a ledger
    /// that was rolled back, a demo folder opened for work or the other way round.
    pub async fn open(house: OpenHouse) -> Result<Self, CustodyError> {
        let OpenHouse { store, settings, root, clock, entropy } = house;
        let made_for = store.meta_fetch("made_for").await?.unwrap_or_default();
        let wanted = if settings.demo { "demo" } else { "work" };
        if made_for != wanted {
            return Err(CustodyError::Broken(format!(
                "this folder was made for {made_for}, not for {wanted}; it is not opened"
            )));
        }
        if !store.is_on_server() && store.meta_fetch(CARRIED).await?.is_some() {
            return Err(CustodyError::State(
                "The rows of this house were carried to a database server, or may have been. Look there; docs/operating/postgresql.md.",
            ));
        }
        store.objects_settle().await?;
        let ring = crate::keys::halves::unlocked(&store, &root).await?;
        let policy = Policy::embedded().map_err(|error| CustodyError::Broken(format!("the policies: {error}")))?;
        let origin = store.meta_fetch("origin").await?.unwrap_or_default();
        let program = store.meta_fetch("program").await?.and_then(|text| text.parse().ok());
        let program = program.ok_or_else(|| CustodyError::Broken("this house has no program id".to_owned()))?;
        let seed = Zeroizing::new(ring.directory_blind("ledger-signer", &origin));
        let signer = Signer::from_seed(&origin, seed).map_err(|error| CustodyError::Broken(error.to_string()))?;
        if let Some((_, note)) = store.checkpoint_last().await? {
            let newest = ledger::SignedCheckpoint::open(&note, &signer.verifier())
                .map_err(|_| CustodyError::Broken("the last checkpoint is not signed by this house".to_owned()))?;
            signer
                .resume(&newest)
                .map_err(|_| CustodyError::Broken("the ledger is behind its last checkpoint".to_owned()))?;
        }
        let signer = Arc::new(signer);
        let log = LedgerLog::new(store.clone());
        // The head is signed once before anybody is served: a ledger that was rolled back stops the house here.
        ledger::sign_head(&log, &signer).await.map_err(|error| CustodyError::Broken(format!("the ledger: {error}")))?;
        let scribe = Scribe::start(log.clone(), Arc::clone(&signer), Arc::clone(&entropy));
        let passkeys = crate::passkeys::Passkeys::new(&settings)?;
        let refusals = crate::ask::RefusalMeter::of(store::Counted::Refusal);
        let alarm = crate::alerts::AlarmState::default();
        let (standby, found) = crate::reserve::Standby::open(store.dir().to_owned()).await;
        let custody = Self(Arc::new(Inner {
            store,
            log,
            scribe,
            signer,
            policy,
            ring: RwLock::new(Arc::new(ring)),
            settings,
            clock,
            entropy,
            program,
            passkeys,
            refusals,
            token_refusals: crate::ask::RefusalMeter::of(store::Counted::TokenRefusal),
            alarm,
            terminals: crate::terminals::Terminals::default(),
            orphans: std::sync::atomic::AtomicU64::new(0),
            feed_asked: crate::feed::FeedAsked::default(),
            tally: crate::metrics::Tally::default(),
            standby,
            programs_keys: crate::programs::FetchedKeys::default(),
            programs_in_hand: crate::programs::InHand::default(),
            backing_up: tokio::sync::Mutex::new(()),
            together: crate::nodes::Together::default(),
            certificate: crate::certificate::Served::default(),
        }));
        custody.audit_year_ensure().await?;
        custody.half_ensure(&root).await;
        drop(root);
        custody.reserve_found(found).await?;
        Ok(custody)
    }

    /// What the operator decided.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Who fetches the keys of programs that keep them at an address of their own; without it, none of those is known.
    pub fn keys_fetched_by(&self, fetcher: Arc<dyn crate::FetchKeys>) {
        self.0.programs_keys.fetcher_set(fetcher);
    }

    /// Lets go of the store. Nothing is lost without it.
    pub async fn close(&self) {
        self.alerts_written().await;
        // What was written until now stands under a kept checkpoint, or the next verification could not vouch for it.
        if self.checkpoint_last_keep().await.is_err() {
            tracing::warn!("no checkpoint could be kept at the end");
        }
        self.store().close().await;
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.0.clock.as_ref()
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.0.entropy.as_ref()
    }

    /// The keys as they are now.
    pub(crate) fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.0.ring.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    pub(crate) fn ring_replace(&self, ring: KeyRing) {
        *self.0.ring.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(ring);
    }

    /// Writes a key change that needs no root key, and follows it.
    pub(crate) async fn key_change(&self, change: &KeyChange) -> Result<(), CustodyError> {
        let ring = self.ring().after(change).map_err(CustodyError::seal)?;
        let mut tx = self.store().begin("change keys").await?;
        if tx.key_change(change).await? == 0 {
            drop(tx);
            // Another node was faster; the next try goes by what it left.
            self.keys_follow().await?;
            return Err(CustodyError::State("the keys were changed by somebody else meanwhile; try again"));
        }
        tx.commit().await?;
        self.keys_changed(ring).await
    }

    /// Audit keys for this year, when there are none yet. Run at the start and each day.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn audit_year_ensure(&self) -> Result<(), CustodyError> {
        let now = self.now();
        let year = year_of(now);
        let mut tries = 0..YEAR_TRIES;
        loop {
            let change = self.ring().audit_year_begin(year, now, self.entropy()).map_err(CustodyError::seal)?;
            if change.keys.is_empty() {
                return Ok(());
            }
            match self.key_change(&change).await {
                // Every node looks for them at the turn of the year.
                Err(CustodyError::State(_) | CustodyError::Store(store::StoreError::Overtaken { .. }))
                    if tries.next().is_some() =>
                {
                    self.keys_follow().await?;
                }
                done => return done,
            }
        }
    }

    /// The system's own jobs act as this program.
    pub(crate) fn program(&self) -> Principal {
        Principal::Program(self.0.program)
    }

    /// The public key of this house's ledger, in the form that public tools read.
    #[must_use]
    pub fn ledger_verifier(&self) -> Verifier {
        self.0.signer.verifier()
    }

    /// The largest head that was signed.
    #[must_use]
    pub fn ledger_head(&self) -> Option<Head> {
        self.0.signer.largest()
    }

    /// A customer's own name, for tags.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn customer_name(&self, id: CustomerId) -> Result<String, CustodyError> {
        Ok(self.store().customer_fetch(id).await?.map(|customer| customer.name).unwrap_or_default())
    }

    /// A person's own entry in the directory; nothing when there is none.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn directory_entry(&self, id: PersonId) -> Result<Option<DirectoryBody>, CustodyError> {
        let Some(person) = self.store().person_fetch(id).await? else { return Ok(None) };
        crate::directory::open(&self.ring(), &person).map(Some)
    }
}

/// Opens a node of a house whose database is on a server: the folder holds objects and what is on its way.
///
/// # Errors
/// When the folder is in use, the server cannot be reached, our role there is too mighty, or its schema is not ours.
pub async fn open_node(server: &Server, dir: &std::path::Path) -> Result<Store, CustodyError> {
    Ok(Store::open_server(server, store::StoreOptions { dir: dir.to_path_buf(), create: true }).await?)
}

/// Makes or changes the schema on a server, as its owner, for the nodes' role.
///
/// # Errors
/// When the server refuses, or was changed by a newer program.
pub async fn server_migrate(owner: &Server, role: &str) -> Result<(), CustodyError> {
    Ok(Store::server_migrate(owner, role).await?)
}

/// A stopped house that is carried to a server, and how.
#[derive(Debug)]
pub struct MoveOrder<'a> {
    /// Its folder.
    pub dir: &'a std::path::Path,
    /// The bucket with its objects, if they lie in one.
    pub bucket: Option<&'a BucketPlace>,
    /// The database, as its schema's owner reaches it.
    pub owner: &'a Server,
    /// The role as which nodes come.
    pub role: &'a str,
    /// The root key: keys are wrapped anew on the way, so that the server's log has none that it alone opens.
    pub root: &'a RootKey,
}

/// Carries a stopped house's embedded database to a server, all or nothing, compared row for row. The keys come there under a
/// new epoch, whose half lies beside the objects (docs/decisions/0027).
///
/// # Errors
/// When the folder is in use, there is a house on the server already, something arrived otherwise than it left, or a half
/// could not be destroyed where the objects lie.
pub async fn database_move(
    order: &MoveOrder<'_>,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<Vec<TableMoved>, CustodyError> {
    let dir = order.dir;
    let store = Store::open(store::StoreOptions { dir: dir.to_path_buf(), create: false }).await?;
    let store = match order.bucket {
        Some(place) => store.with_bucket(place)?,
        None => store,
    };
    if store.meta_fetch(crate::keys::EPOCH_DUE).await?.is_some() {
        return Err(CustodyError::State(
            "A change of the keys is not finished. Start the house once more, then carry it over.",
        ));
    }
    store.objects_settle().await?;
    let (rows, half) = keys_for_a_server(&store, order.root, clock.now(), entropy).await?;
    // Said before anything is there: whatever becomes of the answer, the same house is never served from two places.
    carried_mark(&store, Some(clock.now())).await?;
    let moved = match store.move_to_server(order.owner, order.role, &rows).await {
        Ok(moved) => moved,
        Err(error) => {
            // Only a lost answer to the last word leaves open what the server has.
            if !error.is_unsure() {
                carried_mark(&store, None).await?;
                drop(store.objects().half_destroy(half).await);
            }
            store.close().await;
            return Err(error.into());
        }
    };
    store.close().await;
    // Renamed while the folder's lock is held. If we die here: the rows are in both places, and this one is not opened.
    let renamed = std::fs::rename(dir.join("strongroom.db"), dir.join("strongroom.db.carried-over"));
    let renamed = renamed.and_then(|()| std::fs::File::open(dir)?.sync_all());
    drop(store);
    match renamed {
        Ok(()) => Ok(moved),
        Err(_) => Err(CustodyError::State("All of it is on the server, but strongroom.db could not be renamed.")),
    }
}

/// The key table as it comes to a server: wrapped anew under an epoch with a half, which lies in its place when this returns.
/// The embedded database keeps its own.
async fn keys_for_a_server(
    store: &Store,
    root: &RootKey,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<(KeyRows, HalfName), CustodyError> {
    match crate::keys::halves::place_hindered(store, entropy).await? {
        "" => {}
        hindered => return Err(CustodyError::State(hindered)),
    }
    let ring = crate::keys::halves::unlocked(store, root).await?;
    let change = ring.halve(root, now, entropy).map_err(CustodyError::seal)?;
    let mut rows = ring.rows().clone();
    rows.apply(&change).map_err(CustodyError::seal)?;
    let half = change.half.ok_or_else(|| CustodyError::Broken("a new epoch came without its half".to_owned()))?;
    // If we die after this: a half that no row names.
    store.objects().half_put(&half).await?;
    // By what lies there: a table that does not open is never carried.
    KeyRing::unlock_halved(root, &rows, &store.halves_of(&rows).await?).map_err(CustodyError::seal)?;
    Ok((rows, half.name))
}

/// The fact that this database's rows are, or may be, on a server.
const CARRIED: &str = "carried_to_a_server";

async fn carried_mark(store: &Store, at: Option<Timestamp>) -> Result<(), CustodyError> {
    let mut tx = store.begin("remember that the house is carried over").await?;
    if let Some(at) = at {
        tx.meta_set(CARRIED, "yes").await?;
        // The file that stays behind opens with the root key alone: it counts as a copy of the server's rows of before.
        tx.meta_set(UNHALVED_UNTIL, &at.unix_millis().to_string()).await?;
    } else {
        tx.meta_remove(CARRIED).await?;
        tx.meta_remove(UNHALVED_UNTIL).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Carries a stopped house's objects into a bucket, or (`to` is `None`) back into its folder; each is read back and
/// compared, and nothing is removed. `source` is how the bucket is reached that has them now. Can be stopped and run again.
///
/// # Errors
/// When they lie there already, or one of them arrived otherwise than it left: the house stays where it was then.
pub async fn objects_carry(
    store: &Store,
    source: Option<&BucketPlace>,
    to: Option<&BucketPlace>,
    told: impl FnMut(&ObjectsCarried),
) -> Result<ObjectsCarried, CustodyError> {
    Ok(store.objects_carry(source, to, told).await?)
}

/// Opens the data folder, or makes it, and takes its lock.
///
/// # Errors
/// When it is in use, not there, or not to be made.
pub async fn open_store(dir: &std::path::Path, create: bool) -> Result<Store, CustodyError> {
    Ok(Store::open(store::StoreOptions { dir: dir.to_path_buf(), create }).await?)
}
