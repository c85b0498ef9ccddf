//! A demo house in a folder of its own, served on a free port of this machine by the code that serves every other one.

use crate::ground::{BUCKET_OF_TESTS, Ground};
use crate::visitor::{Place, Visitor};
use anyhow::Context as _;
use custody::{Custody, DemoPerson, Desk, OpenHouse, RootKey, Settings, SignedIn};
use portal::door::{OpenRow, ProgramRow, RouteRow};
use portal::rooms::DemoLinks;
use portal::serve::{Portal, ServeOptions};
use record::{Act, Clock, Entry, Principal, SessionId, SystemClock, SystemEntropy, Timestamp};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;
use store::Store;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

/// A folder that goes with the test.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A name that nobody else has; the folder itself is made by whoever uses it.
    #[must_use]
    pub fn new(what: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("strongroom-{what}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// The machine's clock, set forward by hand: sessions end and minutes pass without waiting for them.
#[derive(Debug, Default)]
pub struct ShiftedClock(AtomicI64);

impl ShiftedClock {
    /// So many seconds pass.
    pub fn forward_secs(&self, secs: i64) {
        self.0.fetch_add(secs * 1000, Ordering::SeqCst);
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus_millis(self.0.load(Ordering::SeqCst))
    }
}

/// A house at work.
pub struct House {
    /// The house itself, for what no visitor can know.
    pub custody: Custody,
    /// What lies in it.
    pub store: Store,
    /// Its clock.
    pub clock: Arc<ShiftedClock>,
    /// Everybody of the demo.
    pub people: Vec<DemoPerson>,
    /// The locked routes, as the door itself lists them.
    pub table: Vec<RouteRow>,
    /// The open routes, likewise.
    pub open: Vec<OpenRow>,
    /// The programs' routes, likewise.
    pub programs: Vec<ProgramRow>,
    /// Where it is served.
    pub place: Place,
    links: DemoLinks,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
    // Last, so that the folder goes when nobody is in it any more.
    folder: Folder,
}

impl House {
    /// A filled demo house that answers, with limits on documents an hour out of the way.
    ///
    /// # Errors
    /// When it cannot be made or served.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with(|settings| settings.opens_per_hour_max = u64::MAX / 4).await
    }

    /// The same with settings of one's own.
    ///
    /// # Errors
    /// When it cannot be made or served.
    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> anyhow::Result<Self> {
        let folder = Folder::new("routes");
        let store = custody::trial_store(folder.path()).await;
        let store = match custody::trial_bucket_server() {
            Some(endpoint) => store.with_bucket(&custody::trial_bucket(endpoint, folder.path(), BUCKET_OF_TESTS))?,
            None => store,
        };
        let root = RootKey::generate(&SystemEntropy);
        let settings = Self::settings(free_port()?, change)?;
        Custody::begin(&store, &settings, &root, &SystemClock, &SystemEntropy).await?;
        Self::over((folder, store), settings, root).await
    }

    /// A demo's settings, served at this address.
    ///
    /// # Errors
    /// When the address is none.
    pub fn settings(listen: SocketAddr, change: impl FnOnce(&mut Settings)) -> anyhow::Result<Settings> {
        let mut settings =
            Settings::new("Prairie Transcription (demo)", Url::parse(&format!("http://localhost:{}", listen.port()))?);
        settings.demo = true;
        settings.telephone = "+1 608 555 0100".to_owned();
        change(&mut settings);
        Ok(settings)
    }

    /// A store in which a house has begun and nobody is: filled as a demo, and served where its settings say.
    ///
    /// # Errors
    /// When it cannot be opened or served.
    pub async fn over((folder, store): (Folder, Store), settings: Settings, root: RootKey) -> anyhow::Result<Self> {
        let port = settings.public_url.port().context("a demo's address has a port")?;
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let clock = Arc::new(ShiftedClock::default());
        let entropy = Arc::new(SystemEntropy);
        let opened = OpenHouse { store: store.clone(), settings, root, clock: Arc::clone(&clock) as _, entropy };
        let custody = Custody::open(opened).await?;
        let people = custody.demo_fill(1, &[]).await?;
        let options = ServeOptions {
            listen,
            tls: None,
            // So that each stranger of a test has an address, and a limit, of their own.
            trusted_proxies: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            extra_hosts: Vec::new(),
            probe_public: false,
            demo: true,
            traces: None,
        };
        let portal = Portal::bind(custody.clone(), options).await?;
        let (table, open) = (portal.door().table().to_vec(), portal.door().open_table().to_vec());
        let programs = portal.door().program_table().to_vec();
        let links = portal.handles().demo().cloned().context("a demo has links")?;
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(portal.run(async move { drop(stopped.await) }));
        let place = Place::at(listen);
        let house = Self {
            custody,
            store,
            clock,
            people,
            table,
            open,
            programs,
            place,
            links,
            stop: Some(stop),
            running: Some(running),
            folder,
        };
        house.ready().await?;
        Ok(house)
    }

    async fn ready(&self) -> anyhow::Result<()> {
        let visitor = self.stranger();
        for _ in 0..600 {
            if visitor.get("/readyz").await.is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        anyhow::bail!("the gate did not open within thirty seconds: the outside probe found something")
    }

    /// The data folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// What it stands on.
    #[must_use]
    pub fn ground(&self) -> Ground {
        Ground::of(self.dir())
    }

    /// Somebody of the demo, by the beginning of their address.
    ///
    /// # Panics
    /// When there is nobody of that name.
    #[must_use]
    pub fn person(&self, name: &str) -> &DemoPerson {
        self.people.iter().find(|one| one.email.starts_with(name)).expect("one of the demo's people")
    }

    /// Nobody: a browser without a session.
    #[must_use]
    pub fn stranger(&self) -> Visitor {
        Visitor::nobody(&self.place)
    }

    /// A one-time link that signs this person in: its path.
    #[must_use]
    pub fn link(&self, person: record::PersonId) -> String {
        format!("/demo/sign-in/{}", self.links.link(person, &SystemEntropy))
    }

    /// A browser that has just followed this person's one-time link: signed in, and freshly touched.
    ///
    /// # Errors
    /// When the link does not sign in.
    pub async fn sign_in(&self, person: record::PersonId) -> anyhow::Result<Visitor> {
        let mut visitor = self.stranger();
        let answer = visitor.get(&self.link(person)).await?;
        anyhow::ensure!(answer.status == 303, "a link of the demo signs in; {} came", answer.status);
        visitor.take_cookie(&answer)?;
        visitor.learn_token().await?;
        Ok(visitor)
    }

    /// A desk in this process for somebody who has just touched a passkey: to put things into the house that a
    /// test then comes for over the socket.
    pub fn desk<A: Act>(&self, person: record::PersonId) -> Desk<A> {
        let now = self.clock.now();
        let session = SessionId::mint(self.clock.as_ref(), &SystemEntropy);
        Desk::at(
            self.custody.clone(),
            Some(SignedIn {
                person,
                session,
                csrf: String::new(),
                started_at: now,
                step_up_at: Some(now),
                idle_until: now.plus_secs(60),
                locked: false,
                shared: false,
            }),
        )
    }

    /// The time it is in this house.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How many entries the ledger has.
    #[must_use]
    pub fn ledger_size(&self) -> u64 {
        self.custody.ledger_head().map_or(0, |head| head.size)
    }

    /// The entries from an index on, oldest first.
    ///
    /// # Errors
    /// When the store cannot, or an entry does not read.
    pub async fn entries_since(&self, from: u64) -> anyhow::Result<Vec<Entry>> {
        let stored = self.store.entry_range(from, 10_000).await?;
        stored.iter().map(|one| Ok(ledger::leaf::decode(&one.leaf)?.entry)).collect()
    }

    /// Those among them that are this person's acts.
    ///
    /// # Errors
    /// As [`Self::entries_since`].
    pub async fn acts_since(&self, from: u64, person: record::PersonId) -> anyhow::Result<Vec<Entry>> {
        let mut entries = self.entries_since(from).await?;
        entries.retain(|entry| entry.principal == Principal::Person(person));
        Ok(entries)
    }

    /// Drains and closes.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(running) = self.running.take() {
            drop(running.await);
        }
        self.custody.close().await;
    }
}

/// Ports from here on, below those that the system gives to connections which did not ask for one (on Linux 32768 and above): one of
/// those could be taken between the look and the listening.
const FIRST_PORT: u32 = 12_000;
const PORTS: u32 = 20_000;

/// A port that was free a moment ago: the passkeys' origin has to be known before anything is served.
///
/// # Errors
/// When there is none.
pub fn free_port() -> anyhow::Result<SocketAddr> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    // Each test is a process, and many run beside each other: they begin to look far apart.
    let start = std::process::id().wrapping_mul(197);
    for _ in 0..PORTS {
        let step = ASKED.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST_PORT + start.wrapping_add(step) % PORTS)?;
        let place = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if std::net::TcpListener::bind(place).is_ok() {
            return Ok(place);
        }
    }
    anyhow::bail!("there is no free port")
}
