//! A demo house on a PostgreSQL that looks as if it had been at work for years: practices with tens of thousands of documents
//! and patients, a ledger with tens of thousands of entries, sessions, tokens and alerts of long ago. What the demo's people see of it
//! is truly sealed, so every page can be asked for.

use crate::house::{Folder, House, free_port};
use anyhow::Context as _;
use custody::{Custody, OpenHouse, RootKey};
use ledger::{Draft, Signer};
use record::{
    CustomerId, DocumentId, Entry, Intent, ManualClock, Outcome, PersonId, Principal, Purpose, Resources,
    SeededEntropy, SystemClock, SystemEntropy, act,
};
use std::path::PathBuf;
use std::sync::Arc;
use store::LedgerLog;
use store::trial::city::{self, NOW, Practice, Size};
use store::trial::{crowd, watching};

/// The same root key twice, because it cannot be cloned.
const ROOT: u64 = 17;
/// Made-up practices beside the demo's own.
const PRACTICES: u8 = 60;
/// Clinicians of each practice.
const CLINICIANS: usize = 40;
/// Enough that no plan that reads a whole table is ever the cheapest.
const SIZE: Size = Size { documents: 30_000, patients: 10_000 };
/// Entries of the ledger, in batches as custody's scribe writes them.
const BATCHES: usize = 40;
const BATCH: usize = 500;

/// The house, and since when its server's log is of interest.
pub struct Grown {
    /// Open, with the demo's people.
    pub house: House,
    /// Its database's folder.
    pub dir: PathBuf,
    /// Where in the server's log its growth ended.
    pub from: i64,
}

impl Grown {
    /// Makes it, on the server that `STRONGROOM_TEST_POSTGRES` names.
    ///
    /// # Errors
    /// When it cannot be made or served.
    pub async fn start() -> anyhow::Result<Self> {
        let folder = Folder::new("grown");
        let dir = folder.path().to_owned();
        let settings = House::settings(free_port()?, |settings| settings.opens_per_hour_max = u64::MAX / 4)?;
        let root = || RootKey::generate(&SeededEntropy::new(ROOT));
        let store = store::trial::open(&dir).await;
        Custody::begin(&store, &settings, &root(), &SystemClock, &SystemEntropy).await?;
        // The demo comes into an empty house only.
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let opened = OpenHouse { store: store.clone(), settings: settings.clone(), root: root(), clock, entropy };
        let demo = Custody::open(opened).await?;
        demo.demo_fill(1, &[]).await?;
        demo.close().await;
        drop(demo);
        store.close().await;
        drop(store);
        let store = store::trial::open(&dir).await;
        let (_, practices) = city::found(&store, &root(), PRACTICES).await;
        entries(LedgerLog::new(store.clone()), &practices).await?;
        store.close().await;
        drop(store);
        watching::begin(&dir).await;
        let house = House::over((folder, store::trial::open(&dir).await), settings, root()).await?;
        let rows = house.store.key_rows().await?;
        let ring = vault::KeyRing::unlock_halved(&root(), &rows, &house.store.halves_of(&rows).await?)?;
        let (practices, known) = with_the_demos(&house, practices).await?;
        city::staff(&dir, &ring, &practices, &known).await;
        city::grow(&dir, &ring, &practices, SIZE).await;
        crowd::fill(&dir).await;
        let from = watching::log_bytes(&dir).await;
        Ok(Self { house, dir, from })
    }
}

/// The demo's practices first, of which the first is the largest. Its busiest clinician is one of the demo's, and so is the one
/// with the fewest patients: lists are put together in different ways for the two.
async fn with_the_demos(house: &House, made_up: Vec<Practice>) -> anyhow::Result<(Vec<Practice>, Vec<PersonId>)> {
    let customers = house.store.customer_list().await?;
    let mut practices = Vec::new();
    let mut known = Vec::new();
    for (place, (name, busiest, idlest)) in
        [("Lakeside", "ana.reyes", Some("ben.cho")), ("Northfield", "grace.tully", None)].into_iter().enumerate()
    {
        let id = customers.iter().find(|one| one.name.starts_with(name)).context("a practice of the demo")?.id;
        let number = 200 + u8::try_from(place)?;
        let mut clinicians = vec![house.person(busiest).id];
        clinicians.extend((1..CLINICIANS - 1).map(|one| city::clinician(number, one)));
        clinicians.extend(idlest.map(|name| house.person(name).id));
        known.extend([Some(busiest), idlest].into_iter().flatten().map(|name| house.person(name).id));
        practices.push(Practice { id, clinicians });
    }
    practices.extend(made_up);
    Ok((practices, known))
}

/// Acts of long ago at the made-up practices, which name the documents that will be there.
async fn entries(log: LedgerLog, practices: &[Practice]) -> anyhow::Result<()> {
    let signer = Arc::new(Signer::from_seed("grown.example/ledger", [7; 32].into())?);
    for batch in 0..BATCHES {
        let drafts = (0..BATCH)
            .map(|n| {
                let number = batch * BATCH + n;
                let practice = &practices[number % practices.len()];
                let person = practice.clinicians[number % CLINICIANS];
                entry(number, practice.id, person)
            })
            .map(|entry| Draft { entry, sealed_body: vec![8; 120] })
            .collect();
        ledger::commit(drafts, &log, &signer, &SystemEntropy).await?;
    }
    Ok(())
}

fn entry(number: usize, customer: CustomerId, person: PersonId) -> Entry {
    let clock = ManualClock::at_unix_millis(NOW);
    let documents = (0..4).map(|one| DocumentId::from_bytes((number as u128 * 7 + one).to_be_bytes()).into());
    let intent = Intent::to::<act::DocumentRead>(
        &clock,
        &SystemEntropy,
        (Principal::Person(person), None),
        Some(customer),
        Resources::of(documents),
        Purpose::Treatment,
    );
    Entry::of(&intent, Outcome::Permitted, "")
}
