//! The ledger cannot write: the disk is full, or somebody holds the database. Nothing opens; signing in and alerts go on
//! from the reserve, and all of it is in the ledger afterwards. Through the real binary, with a passkey in software.

use record::action::Action;
use record::{Entry, Outcome};
use std::path::Path;
use strongroom_tests::Ground;
use strongroom_tests::binary::{Answer, Browser, entries, folder, until};
use strongroom_tests::passkey::SoftKey;
use strongroom_tests::work::{Served, SmallDisk, WorkHouse};

/// Stands in every transcript of the demo, and on no other page.
const CANARY: &str = "Made up for the demo";
const TELEPHONE: &str = "+1 608 555 0100";

/// A served house, somebody who may read, and somebody with a passkey.
struct Scene {
    house: WorkHouse,
    served: Served,
    ana: Browser,
    read: String,
    key: SoftKey,
}

fn a_document_of(browser: &Browser) -> String {
    let page = browser.get("/inbox").expect("the portal answers").text();
    let piece = page.split("\"/documents/doc_").nth(1).expect("the demo has delivered something");
    format!("/documents/doc_{}", piece.split('"').next().unwrap_or_default())
}

impl Scene {
    fn begin(all: &Path, dir: &Path, prefix: &[String]) -> Self {
        let told = all.join("told");
        let more = format!("alert_command = [\"sh\", \"-c\", \"cat >> {}\"]\n", told.display());
        let (house, (ana, read)) = WorkHouse::make(all, (dir, prefix), &more, |demo| {
            let ana = demo.sign_in("ana.reyes");
            let read = a_document_of(&ana);
            (ana, read)
        });
        let invitation = house.invite_officer();
        let served = house.serve();
        let key = served.enrol(&invitation);
        let scene = Self { house, served, ana, read, key };
        assert!(scene.open().text().contains(CANARY), "it opens while all is well");
        scene
    }

    fn open(&self) -> Answer {
        self.ana.get(&self.read).expect("the portal answers")
    }

    /// What must hold while the ledger cannot write. The browser of whoever signed in meanwhile.
    fn assert_goes_on_without_a_ledger(&self, told: &Path) -> Browser {
        let closed = self.open();
        assert_eq!(closed.status, 503, "{}", closed.text());
        assert!(closed.text().contains(TELEPHONE) && !closed.text().contains(CANARY), "{}", closed.text());
        let (answer, kim) = self.served.sign_in(&self.key);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.header("set-cookie").is_some());
        // The session is one: pages that open nothing come.
        assert_eq!(kim.get("/help").expect("the portal answers").status, 200);
        let second = self.served.sign_in(&self.key).1;
        assert_eq!(second.post("/sign-out", &[]).expect("the portal answers").status, 303);
        assert!(second.get("/help").expect("the portal answers").status == 303, "who signs out is out");
        let said = until("the alert command was told", || {
            std::fs::read_to_string(told).ok().filter(|text| text.contains("ledger_cannot_write"))
        });
        assert!(!said.contains(CANARY) && !said.contains("doc_"), "{said}");
        kim
    }

    /// What must hold afterwards.
    fn assert_all_is_back(&self, kim: &Browser, told: &Path) {
        until("what waited was written", || {
            let text = std::fs::read_to_string(told).unwrap_or_default();
            text.contains("ledger_writes_again").then_some(())
        });
        assert!(self.open().text().contains(CANARY), "it opens again");
        assert_eq!(kim.get("/help").expect("the portal answers").status, 200, "the same session goes on");
    }
}

/// Both sign-ins, the sign-out and the alert are in the ledger, late, in order, once; and it verifies.
fn assert_witnessed_late(ground: &Ground) {
    let all = entries(ground);
    let late: Vec<&Entry> = all.iter().filter(|entry| entry.why.starts_with("late")).collect();
    let of = |action: Action| late.iter().filter(|entry| entry.action == action).count();
    assert_eq!((of(Action::SessionStart), of(Action::SessionEnd)), (2, 1), "{late:?}");
    assert_eq!(late.iter().filter(|entry| entry.why == "late_ledger_cannot_write").count(), 1);
    let sessions: Vec<&&Entry> = late.iter().filter(|entry| entry.action != Action::AlertList).collect();
    assert!(sessions.windows(2).all(|pair| pair[0].at <= pair[1].at), "in the order in which they happened");
    assert!(sessions.iter().all(|entry| entry.outcome == Outcome::Permitted));
    let listed = ground.rows("SELECT kind FROM alert WHERE kind LIKE 'ledger%' ORDER BY alert_id");
    assert_eq!(listed, ["ledger_cannot_write", "ledger_writes_again"]);
    ground.assert_verifies();
}

#[test]
fn while_the_database_is_locked_people_sign_in_alerts_are_told_and_nothing_opens() {
    let all = folder("reserve-locked");
    let (dir, told) = (all.path().join("data"), all.path().join("told"));
    let scene = Scene::begin(all.path(), &dir, &[]);
    let lock = scene.house.ground.lock();
    let kim = scene.assert_goes_on_without_a_ledger(&told);
    drop(lock);
    scene.assert_all_is_back(&kim, &told);
    scene.served.stop();
    assert_witnessed_late(&scene.house.ground);
}

#[test]
fn killed_while_the_database_is_locked_the_next_start_writes_down_who_signed_in() {
    let all = folder("reserve-killed");
    let (dir, told) = (all.path().join("data"), all.path().join("told"));
    let scene = Scene::begin(all.path(), &dir, &[]);
    let lock = scene.house.ground.lock();
    let kim = scene.assert_goes_on_without_a_ledger(&told);
    scene.served.kill();
    drop(lock);
    let served = scene.house.serve();
    let gone = kim.get("/help").expect("the portal answers");
    assert_eq!(gone.status, 303, "a session that only memory knew is over, and its person signs in again");
    let (answer, _) = served.sign_in(&scene.key);
    assert_eq!(answer.status, 200, "{}", answer.text());
    served.stop();
    let late = entries(&scene.house.ground).iter().filter(|entry| entry.why == "late").count();
    assert_eq!(late, 3, "two sign-ins and a sign-out");
    scene.house.ground.assert_verifies();
}

#[test]
fn on_a_full_disk_people_sign_in_alerts_are_told_and_nothing_opens() {
    let all = folder("reserve-full");
    let (disk, told) = (all.path().join("disk"), all.path().join("told"));
    std::fs::create_dir(&disk).expect("a folder can be made");
    // Without the right to mount there is no small disk to fill: that is said, and is no pass in silence.
    let Some(small) = SmallDisk::mount(&disk, 32) else {
        panic!("a file system could not be mounted here: run this as root, in a container that may mount");
    };
    let dir = disk.join("data");
    let scene = Scene::begin(all.path(), &dir, &small.prefix());
    let outside = small.seen_from_here(&dir);
    let filler = outside.with_file_name("filler");
    fill(&filler);
    // What the database had set aside for its log is used up first, by openings that are still witnessed.
    let mut closed = 0;
    until("the ledger has no room left", || {
        closed = if scene.open().status == 503 { closed + 1 } else { 0 };
        (closed == 5).then_some(())
    });
    let kim = scene.assert_goes_on_without_a_ledger(&told);
    std::fs::remove_file(&filler).expect("the filler can be removed");
    scene.assert_all_is_back(&kim, &told);
    scene.served.stop();
    // The disk goes with its namespace: it is looked at from a copy.
    let kept = all.path().join("kept");
    let copied = std::process::Command::new("cp").arg("-a").arg(&outside).arg(&kept).status().expect("cp runs");
    assert!(copied.success());
    assert_witnessed_late(&Ground::embedded(&kept));
}

/// Fills a disk to its last byte.
fn fill(filler: &Path) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(filler).expect("a file can be made");
    for piece in [1 << 20, 4096, 1] {
        let bytes = vec![b'x'; piece];
        while file.write_all(&bytes).is_ok() {}
    }
}
