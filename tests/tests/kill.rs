//! The process is killed at random moments while people upload, deliver, open and download. Whatever was acknowledged
//! before is there afterwards, the ledger verifies, and what never ended is closed as unknown.

use record::action::Action;
use record::{Entropy as _, IntentId, Outcome, ResourceId, SystemEntropy};
use std::collections::{BTreeSet, HashMap};
use std::io::{Read as _, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use strongroom_tests::Ground;
use strongroom_tests::binary::{Answer, Browser, Demo, Said, between, entries_of, folder};

/// How often it is killed; `STRONGROOM_KILLS` says otherwise for a longer run.
const KILLS: u32 = 6;
/// Larger than what sockets hold, so that a download whose reader sleeps is under way when the end comes.
const LARGE_BYTES: usize = 24 << 20;

/// A document whose upload was acknowledged.
#[derive(Clone)]
struct Kept {
    path: String,
    bytes: Vec<u8>,
    delivered: bool,
}

/// What clients were told, across all rounds.
#[derive(Default)]
struct Told {
    kept: Mutex<Vec<Kept>>,
    /// Entries that stood at the foot of a page that arrived whole, with the document that it showed.
    opened: Mutex<Vec<(u64, String)>>,
    downloaded: AtomicU64,
    number: AtomicU64,
}

/// Who works, and about whom.
struct Crew {
    tess: Browser,
    quinn: Browser,
    ana: Browser,
    query: String,
    header: String,
    _said: Said,
}

fn crew(demo: &Demo) -> Crew {
    let (tess, quinn, ana) = (demo.sign_in("tess.bauer"), demo.sign_in("quinn.ferrara"), demo.sign_in("ana.reyes"));
    let lakeside =
        tess.customers().into_iter().find(|(name, _)| name.contains("Lakeside")).expect("tess works there").1;
    let inbox = ana.get("/inbox").expect("the portal answers").text();
    // The first lines of a transcript that the demo has delivered: they match whatever begins with them.
    let header = inbox.split("\"/documents/doc_").skip(1).find_map(|piece| {
        let path = format!("/documents/doc_{}", piece.split('"').next().unwrap_or_default());
        let text = ana.get(&format!("{path}/file")).ok()?.text();
        let is_plain = text.starts_with("Patient: ") && text.contains("MRN: LP");
        is_plain.then(|| text.split("\n\n").next().unwrap_or_default().to_owned())
    });
    Crew {
        tess,
        quinn,
        ana,
        query: format!("customer={lakeside}"),
        header: header.expect("the demo has delivered a text"),
        _said: demo.witness(),
    }
}

impl Crew {
    /// One upload; what it was told is kept.
    fn upload(&self, told: &Told, filler: usize) -> Option<()> {
        let number = told.number.fetch_add(1, Ordering::SeqCst);
        let mut text = format!("{}\n\nTHE TEXT\nThis is number n{number}n.\n", self.header);
        while text.len() < filler {
            text.push_str("And it goes on with one more line like every other line of a long dictation.\n");
        }
        let answer = self.tess.upload(&self.query, &format!("kept-{number}.txt"), "", text.as_bytes()).ok()?;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.json()["outcome"], "Matched", "{}", answer.text());
        let path = answer.json()["href"].as_str()?.to_owned();
        told.kept.lock().expect("no panic").push(Kept { path, bytes: text.into_bytes(), delivered: false });
        Some(())
    }

    /// Delivers the oldest that is not yet delivered, as far as anybody was told.
    fn deliver(&self, told: &Told) -> Option<()> {
        let due = told.kept.lock().expect("no panic").iter().find(|one| !one.delivered).map(|one| one.path.clone());
        let Some(path) = due else {
            return nothing_yet();
        };
        let answer = self.quinn.post(&format!("{path}/deliver"), &[]).ok()?;
        // A delivery whose answer never arrived may have happened.
        let before = answer.status == 404 && self.ana.get(&path).ok()?.status == 200;
        assert!(answer.status == 303 || before, "{}", answer.text());
        for one in told.kept.lock().expect("no panic").iter_mut().filter(|one| one.path == path) {
            one.delivered = true;
        }
        Some(())
    }

    fn delivered(told: &Told) -> Option<Kept> {
        let kept = told.kept.lock().expect("no panic");
        let all: Vec<&Kept> = kept.iter().filter(|one| one.delivered).collect();
        (!all.is_empty()).then(|| all[random(all.len() as u64) as usize].clone())
    }

    fn open(&self, told: &Told) -> Option<()> {
        let Some(one) = Self::delivered(told) else { return nothing_yet() };
        let answer = self.ana.get(&one.path).ok()?;
        assert_shows(&answer, &one);
        let entry = between(&answer.text(), "/ledger/entries/", "\"").and_then(|text| text.parse().ok());
        told.opened.lock().expect("no panic").push((entry.expect("a page says its entry"), one.path));
        Some(())
    }

    fn download(&self, told: &Told) -> Option<()> {
        let Some(one) = Self::delivered(told) else { return nothing_yet() };
        let answer = self.ana.get(&format!("{}/file", one.path)).ok()?;
        assert!(answer.status == 200 && answer.body == one.bytes, "{}: not what was sent", one.path);
        told.downloaded.fetch_add(1, Ordering::SeqCst);
        Some(())
    }

    /// Asks for a large file and reads only its head: when the process dies, these bytes are on their way.
    fn stall(&self, path: &str) -> std::net::TcpStream {
        let mut stream = self.ana.connect().expect("the portal listens");
        let head = self.ana.head("GET", &format!("{path}/file")) + "\r\n";
        stream.write_all(head.as_bytes()).expect("the portal listens");
        let mut first = [0_u8; 15];
        stream.read_exact(&mut first).expect("the portal answers");
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        stream
    }
}

fn assert_shows(answer: &Answer, one: &Kept) {
    let text = String::from_utf8_lossy(&one.bytes).into_owned();
    let word = between(&text, "number n", "n.").expect("its number").to_owned();
    assert!(
        answer.status == 200 && answer.text().contains(&format!("number n{word}n.")),
        "{}: {}",
        one.path,
        answer.status
    );
}

/// There is nothing to do; a moment later there may be.
fn nothing_yet() -> Option<()> {
    thread::sleep(Duration::from_millis(2));
    Some(())
}

fn random(below: u64) -> u64 {
    let mut bytes = [0_u8; 8];
    SystemEntropy.fill(&mut bytes);
    u64::from_be_bytes(bytes) % below
}

/// Everybody works until the process is killed under their hands.
fn work_and_kill(demo: Demo, crew: &Crew, told: &Told, (large, kill): (&str, fn(Demo))) {
    // Whoever found nothing to do when the end came would wait for it for ever.
    let over = AtomicBool::new(false);
    let until_it_breaks = |work: &(dyn Fn() -> Option<()> + Sync)| {
        let mut goes_on = true;
        while goes_on {
            goes_on = work().is_some() && !over.load(Ordering::SeqCst);
        }
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| until_it_breaks(&|| crew.upload(told, 2_000)));
            scope.spawn(|| until_it_breaks(&|| crew.open(told)));
        }
        scope.spawn(|| until_it_breaks(&|| crew.upload(told, 700_000)));
        scope.spawn(|| until_it_breaks(&|| crew.deliver(told)));
        scope.spawn(|| until_it_breaks(&|| crew.download(told)));
        let _stalled = crew.stall(large);
        // Every act is several ways to the servers there, and as much is to be under way.
        let slower = if demo.ground().is_on_a_server() { 4 } else { 1 };
        thread::sleep(Duration::from_millis(slower * (200 + random(1_300))));
        kill(demo);
        over.store(true, Ordering::SeqCst);
    });
}

#[test]
fn killed_at_random_moments_nothing_acknowledged_is_missing() {
    let kills = std::env::var("STRONGROOM_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let all = folder("kill");
    let (dir, log) = (all.path().join("data"), all.path().join("stderr.log"));
    let told = Told::default();
    let mut large = String::new();
    for round in 0..kills {
        let demo = Demo::start(&dir, &log);
        let crew = crew(&demo);
        if round == 0 {
            crew.upload(&told, LARGE_BYTES).expect("a large file is taken");
            crew.deliver(&told).expect("it is delivered");
            told.kept.lock().expect("no panic")[0].path.clone_into(&mut large);
        }
        // Whoever starts the next time finds the lease of the one before; only after the last the house is nobody's, so that all that
        // never ended can be closed.
        let kill = if round + 1 == kills { Demo::kill } else { Demo::kill_within_its_lease };
        work_and_kill(demo, &crew, &told, (&large, kill));
    }
    let demo = Demo::start(&dir, &log);
    let crew = crew(&demo);
    let kept = told.kept.lock().expect("no panic").clone();
    for one in &kept {
        if !one.delivered {
            drop(crew.quinn.post(&format!("{}/deliver", one.path), &[]).expect("the portal answers"));
        }
        assert_shows(&crew.ana.get(&one.path).expect("the portal answers"), one);
        let file = crew.ana.get(&format!("{}/file", one.path)).expect("the portal answers");
        assert!(file.status == 200 && file.body == one.bytes, "{} came back otherwise", one.path);
    }
    let ground = demo.ground();
    demo.stop();
    ground.assert_verifies();

    let opened = told.opened.lock().expect("no panic").clone();
    let downloaded = told.downloaded.load(Ordering::SeqCst);
    // Work was done in every sense, or the test shows nothing.
    assert!(kept.len() as u64 > 2 * u64::from(kills) && !opened.is_empty() && downloaded > 0);
    let unknown = tokio::runtime::Runtime::new().expect("a runtime").block_on(entries_hold(&ground, &opened));
    assert!(unknown >= u64::from(kills), "{unknown} acts were closed as unknown, one download a kill never ended");
    objects_hold(&ground);
}

/// Every opening that was acknowledged has its entry; every act that owes a word has one. How many are unknown.
async fn entries_hold(ground: &Ground, opened: &[(u64, String)]) -> u64 {
    let store = ground.store().await.expect("it opens");
    let entries = entries_of(&store).await;
    for (index, path) in opened {
        let entry =
            usize::try_from(*index).ok().and_then(|at| entries.get(at)).expect("an acknowledged entry is there");
        let named = entry.resources.as_slice().iter().any(|id| path.ends_with(&id.to_string()));
        assert!(
            entry.action == Action::DocumentRead && entry.outcome == Outcome::Permitted && named,
            "{index}: {entry:?}"
        );
    }
    let mut owed: HashMap<IntentId, (Action, Vec<ResourceId>)> = HashMap::new();
    let mut unknown = 0;
    for entry in &entries {
        match (entry.action, entry.outcome) {
            (Action::DocumentDownload | Action::DocumentUpload, Outcome::Permitted) => {
                owed.insert(entry.intent, (entry.action, entry.resources.as_slice().to_vec()));
            }
            (_, Outcome::Permitted | Outcome::Refused) => {}
            (_, outcome) => {
                unknown += u64::from(outcome == Outcome::Unknown && entry.why == "never_ended");
                assert!(
                    owed.remove(&entry.intent).is_some()
                        || !matches!(entry.action, Action::DocumentDownload | Action::DocumentUpload)
                );
            }
        }
    }
    for (action, named) in owed.into_values() {
        assert_eq!(action, Action::DocumentUpload, "a download without a last word");
        let id = named.iter().find_map(|named| if let ResourceId::DocumentId(id) = named { Some(*id) } else { None });
        let id = id.expect("an upload names its document");
        let document = store.document_fetch(id).await.expect("the store answers");
        assert!(document.is_some(), "an upload without a last word and without a document: {id}");
    }
    store.close().await;
    unknown
}

/// Every version has its objects, and every object has a version, or an upload row by which the sweeper finds it.
fn objects_hold(ground: &Ground) {
    let ids = |statement: &str| -> BTreeSet<String> {
        ground.rows(statement).iter().flat_map(|row| row.split_whitespace()).map(ToOwned::to_owned).collect()
    };
    let named = ids("SELECT original_object FROM document_version UNION ALL \
         SELECT text_object FROM document_version WHERE text_object IS NOT NULL");
    let coming = ids("SELECT objects FROM upload WHERE state <> 'committed'");
    let there: BTreeSet<String> = ground.objects().into_iter().collect();
    let missing: Vec<_> = named.difference(&there).collect();
    assert!(missing.is_empty(), "versions without objects: {missing:?}");
    let lost: Vec<_> = there.iter().filter(|one| !named.contains(*one) && !coming.contains(*one)).collect();
    assert!(lost.is_empty(), "objects that nobody would ever remove: {lost:?}");
}
