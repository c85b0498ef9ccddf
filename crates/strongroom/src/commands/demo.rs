//! The demo: a made-up house, served at once. Its root key lies beside its data, which nothing else may do.
//!
//! What must always hold: it fills nothing that it did not make: no folder, database or bucket with anything in it.

mod stand_ins;

use super::serve::{settle, told_to_stop, until_stopped};
use crate::cli;
use crate::config::server_of;
use crate::outcome::{WrongUse, say, say_json};
use custody::{BucketOptions, BucketPlace, Custody, CustodyError, OpenHouse, RootKey, Server, Settings};
use portal::serve::{Portal, ServeOptions};
use record::{Entropy, SystemClock, SystemEntropy};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

/// Where the demo's root key lies.
const KEY_FILE: &str = "demo-root.key";
/// Where the escrow of its epoch keys lies when its rows are on a server, which destroys nothing without one.
const ESCROW_FILE: &str = "demo-epochs";
/// Where the private keys of its made-up programs lie.
const PROGRAMS: &str = "programs";

/// Where rows and objects lie, when not in the folder.
struct Ground {
    server: Option<Server>,
    bucket: Option<BucketPlace>,
}

impl Ground {
    fn of(args: &cli::Demo) -> anyhow::Result<Self> {
        let server = args.database.as_deref().map(server_of).transpose()?;
        let options = BucketOptions { endpoint: args.objects_endpoint.clone(), ..BucketOptions::default() };
        let bucket = args.objects.as_deref().map(|url| BucketPlace::parse(url, &options)).transpose();
        Ok(Self { server, bucket: bucket.map_err(|error| WrongUse(error.to_string()))? })
    }
}

/// A folder that goes away with the demo.
struct Folder {
    path: PathBuf,
    goes: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.goes {
            drop(std::fs::remove_dir_all(&self.path));
        }
    }
}

fn folder(dir: Option<PathBuf>) -> anyhow::Result<Folder> {
    if let Some(path) = dir {
        return Ok(Folder { path, goes: false });
    }
    let mut bytes = [0_u8; 8];
    SystemEntropy.fill(&mut bytes);
    let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Folder { path: std::env::temp_dir().join(format!("strongroom-demo-{name}")), goes: true })
}

pub(crate) async fn run(args: cli::Demo) -> anyhow::Result<()> {
    if !args.listen.ip().is_loopback() {
        return Err(WrongUse("the demo is served on a loopback address only, such as 127.0.0.1:8080".to_owned()).into());
    }
    let listen = free_port(args.listen)?;
    let ground = Ground::of(&args)?;
    let folder = folder(args.dir)?;
    let url = format!("http://localhost:{}", listen.port());
    let custody = house(&folder.path, &ground, &url).await?;
    let node = custody.node_join().await?;
    settle(&custody).await?;
    let practices = stand_ins::practices(args.stand_ins, args.seed, custody.settings().day_of(custody.now()).parse()?)?;
    let people = custody.demo_fill(args.seed, &practices).await?;
    if ground.server.is_some() {
        escrow(&custody, &folder.path).await?;
    }
    let programs = programs(&custody, &folder.path).await?;
    let options = ServeOptions {
        listen,
        tls: None,
        trusted_proxies: Vec::new(),
        extra_hosts: Vec::new(),
        probe_public: false,
        demo: true,
        traces: None,
    };
    let portal = Portal::bind(custody.clone(), options).await?;
    let links = portal.handles().demo().cloned().unwrap_or_default();
    let listed: Vec<serde_json::Value> = people
        .iter()
        .map(|one| {
            let link = format!("{url}/demo/sign-in/{}", links.link(one.id, &SystemEntropy));
            serde_json::json!({"email": one.email, "role": one.role.as_str(), "customer": one.customer, "sign_in_url": link})
        })
        .collect();
    let stop = told_to_stop();
    if args.json {
        say_json(&serde_json::json!({
            "url": url, "people": listed, "programs": programs, "data_dir": folder.path,
        }))?;
    } else {
        tell(&url, &listed)?;
    }
    let done = until_stopped((custody, node), portal, &folder.path, stop).await;
    drop(folder);
    done
}

/// An escrow beside the root key, where no other house has it: the demo's keys can be destroyed, as they can in a folder.
async fn escrow(custody: &Custody, dir: &Path) -> anyhow::Result<()> {
    let file = dir.join(ESCROW_FILE);
    if !file.exists() {
        let root = RootKey::from_file_bytes(&std::fs::read(dir.join(KEY_FILE))?)?;
        custody.key_rekey(&root, None, Some(&file)).await?;
    }
    Ok(())
}

/// The made-up practices' programs, each with the private half of its key in a file of the demo's folder. A demo that is
/// served again finds those of the first time.
async fn programs(custody: &Custody, dir: &Path) -> anyhow::Result<Vec<serde_json::Value>> {
    let folder = dir.join(PROGRAMS);
    let list = folder.join("list.json");
    if list.exists() {
        return Ok(serde_json::from_slice(&std::fs::read(&list)?)?);
    }
    std::fs::create_dir_all(&folder)?;
    let mut made = Vec::new();
    for one in custody.demo_programs().await? {
        let file = folder.join(format!("{}.jwk", one.id));
        super::init::write_private(&file, one.private_jwk.as_bytes())?;
        made.push(serde_json::json!({
            "client_id": one.id, "customer": one.customer, "key_file": file, "kid": "demo", "alg": "ES384",
        }));
    }
    super::init::write_private(&list, serde_json::to_string(&made)?.as_bytes())?;
    Ok(made)
}

/// Port 0 takes a free one now, because the passkeys' origin has to be known before anything is served.
fn free_port(listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    if listen.port() != 0 {
        return Ok(listen);
    }
    let probe = std::net::TcpListener::bind(listen)?;
    Ok(probe.local_addr()?)
}

/// Is there anything in it. A folder that cannot be read is no place for a demo.
fn holds_anything(dir: &Path) -> std::io::Result<bool> {
    match std::fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

async fn house(dir: &Path, ground: &Ground, url: &str) -> anyhow::Result<Custody> {
    let key_file = dir.join(KEY_FILE);
    let (has_database, has_key) = (dir.join("strongroom.db").exists(), key_file.exists());
    // Before any store is opened: opening a node's folder makes its reserve anew, which only that node's keys can read.
    if !has_key && holds_anything(dir)? {
        let why = "this folder was not made by the demo: name one that is empty or not there yet";
        return Err(WrongUse(why.to_owned()).into());
    }
    let mut settings = Settings::new("Prairie Transcription (demo)", Url::parse(url)?);
    settings.demo = true;
    settings.telephone = "+1 608 555 0100".to_owned();
    settings.security_contact = Some("mailto:security@prairie.example".to_owned());
    settings.root_key_file = Some(key_file.clone());
    let store = match &ground.server {
        Some(_) if has_database => {
            return Err(WrongUse("this folder has a demo with a database of its own".to_owned()).into());
        }
        Some(server) => custody::open_node(server, dir).await?,
        None => custody::open_store(dir, !has_database).await?,
    };
    let store = match &ground.bucket {
        Some(place) => store.with_bucket(place).map_err(CustodyError::from)?,
        None => store,
    };
    let is_new = store.meta_fetch("format").await.map_err(CustodyError::from)?.is_none();
    if is_new == has_key {
        // Another house's rows, or those that went with this key are elsewhere.
        return Err(WrongUse("this database was not made for this folder's demo, or holds something".to_owned()).into());
    }
    if is_new && !store.objects().list().await.map_err(CustodyError::from)?.is_empty() {
        return Err(WrongUse("there are objects of another house where the demo's are to be".to_owned()).into());
    }
    let clock: Arc<dyn record::Clock> = match store.server_clock() {
        Some(clock) => clock,
        None => Arc::new(SystemClock),
    };
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let root = if is_new {
        let root = RootKey::generate(&SystemEntropy);
        super::init::write_private(&key_file, root.to_file_line().as_bytes())?;
        Custody::begin(&store, &settings, &root, clock.as_ref(), entropy.as_ref()).await?;
        root
    } else {
        RootKey::from_file_bytes(&std::fs::read(&key_file)?)?
    };
    Ok(Custody::open(OpenHouse { store, settings, root, clock, entropy }).await?)
}

fn tell(url: &str, people: &[serde_json::Value]) -> anyhow::Result<()> {
    say(&format!("The demo is at {url}. Everybody and everything in it is made up.\n"))?;
    say("Sign in by one of these links (each works once):\n")?;
    for one in people {
        let text = |name: &str| one.get(name).and_then(serde_json::Value::as_str).unwrap_or("the operator").to_owned();
        say(&format!("  {:<18} {:<24} {}", text("role"), text("customer"), text("sign_in_url")))?;
    }
    say("\nStop it with Ctrl-C.")
}
