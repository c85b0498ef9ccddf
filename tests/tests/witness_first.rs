//! Witness first: when the ledger cannot write, nothing opens and nothing is half done; whoever comes is answered 503
//! without a word of what they asked for, and afterwards all goes on.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use strongroom_tests::binary::{Answer, Browser, Demo, between, files_below, folder, sql_within, strongroom, until};

/// Stands in every transcript of the demo, and on no other page.
const CANARY: &str = "Made up for the demo";
const UPLOADED: &str = "Patient: Doe, Jane\n\nWitnessed before it is opened.\n";

/// Who works in these tests, and on which documents.
struct Work {
    ana: Browser,
    tess: Browser,
    quinn: Browser,
    /// Delivered, in Ana's inbox.
    read: String,
    /// Typed, and not yet delivered.
    due: String,
    lakeside: String,
}

/// A delivered document of Lakeside in this person's inbox, and its original: one with a record number of theirs.
fn delivered_to(browser: &Browser) -> (String, Answer) {
    let page = browser.get("/inbox").expect("the portal answers").text();
    for piece in page.split("\"/documents/doc_").skip(1) {
        let path = format!("/documents/doc_{}", piece.split('"').next().unwrap_or_default());
        let file = browser.get(&format!("{path}/file")).expect("the portal answers");
        if file.status == 200 && file.text().contains(CANARY) && file.text().contains("MRN: LP") {
            return (path, file);
        }
    }
    panic!("the demo has delivered nothing to this person");
}

impl Work {
    fn begin(demo: &Demo) -> Self {
        let (ana, tess, quinn) = (demo.sign_in("ana.reyes"), demo.sign_in("tess.bauer"), demo.sign_in("quinn.ferrara"));
        let lakeside =
            tess.customers().into_iter().find(|(name, _)| name.contains("Lakeside")).expect("tess works there").1;
        let (read, file) = delivered_to(&ana);
        let page = ana.get(&read).expect("the portal answers");
        assert!(page.status == 200 && page.text().contains(CANARY), "it opens while all is well");
        // Nearly the same once more, so that it is matched by what it says and can be delivered, and is no file that came
        // in before.
        let body = [file.body.as_slice(), b"\nOnce more.\n"].concat();
        let named = file.header("content-disposition").unwrap_or_default().to_owned();
        let name = between(&named, "filename=\"", "\"").expect("a file has a name");
        let query = format!("customer={lakeside}");
        let uploaded = tess.upload(&query, name, "", &body).expect("the portal answers");
        assert_eq!(
            (uploaded.status, uploaded.json()["outcome"].as_str()),
            (201, Some("Matched")),
            "{}",
            uploaded.text()
        );
        let due = uploaded.json()["href"].as_str().expect("where it is").to_owned();
        Self { ana, tess, quinn, read, due, lakeside }
    }

    /// Everything that needs a witness, at once: each waits for the ledger as long as it is patient.
    fn try_all(&self) -> Vec<(&'static str, Answer)> {
        let read = |last: &str| self.ana.get(&format!("{}{last}", self.read));
        let upload = || self.tess.upload(&format!("customer={}", self.lakeside), "late.txt", "", UPLOADED.as_bytes());
        let deliver = || self.quinn.post(&format!("{}/deliver", self.due), &[]);
        let range = || self.ana.send("GET", &format!("{}/file", self.read), &[("Range", "bytes=0-9")], &[]);
        thread::scope(|scope| {
            let tries = vec![
                ("read", scope.spawn(move || read(""))),
                ("print", scope.spawn(move || read("/print"))),
                ("download", scope.spawn(move || read("/file"))),
                ("range", scope.spawn(range)),
                ("list", scope.spawn(|| self.ana.get("/inbox"))),
                ("search", scope.spawn(|| self.ana.post("/search", &[("q", "Bergstrom")]))),
                ("upload", scope.spawn(upload)),
                ("deliver", scope.spawn(deliver)),
            ];
            let answered = |(what, tried): (&'static str, thread::ScopedJoinHandle<'_, std::io::Result<Answer>>)| {
                (what, tried.join().expect("no panic").expect("the portal answers"))
            };
            tries.into_iter().map(answered).collect()
        })
    }
}

/// What can be counted from outside: documents, versions, deliveries, uploads; and the objects on the disk.
fn counted(demo: &Demo, dir: &Path) -> (Vec<String>, usize) {
    let ground = demo.ground();
    let statement = format!(
        "SELECT COUNT(*), SUM(current_version), COUNT(delivered_at) FROM document \
         UNION ALL SELECT COUNT(*), 0, 0 FROM document_version \
         UNION ALL SELECT COUNT(*), 0, 0 FROM upload WHERE {}",
        ground.uploads_left()
    );
    if ground.is_on_a_server() {
        return (ground.rows(&statement), ground.objects().len());
    }
    let rows = sql_within(demo.pid(), &dir.join("strongroom.db"), &statement);
    (rows, files_below(&seen_from_here(demo, &dir.join("objects"))).len())
}

fn assert_closed(answers: &[(&'static str, Answer)]) {
    for (what, answer) in answers {
        let text = answer.text();
        assert_eq!(answer.status, 503, "{what}: {text}");
        assert!(answer.header("retry-after").is_some(), "{what} says when to come back");
        for word in [CANARY, "Patient", "MRN", "Bergstrom", "doc_", "pat_"] {
            assert!(!text.contains(word), "{what} holds {word}: {text}");
        }
    }
}

fn assert_open(work: &Work) {
    for (what, answer) in work.try_all() {
        let good = match what {
            "upload" => 201,
            "deliver" => 303,
            "range" => 206,
            _ => 200,
        };
        assert_eq!(answer.status, good, "{what}: {}", answer.text());
        if matches!(what, "read" | "print" | "download") {
            assert!(answer.text().contains(CANARY), "{what}");
        }
    }
}

/// What must answer whatever the ledger does: the way in, and whether the process is alive.
fn assert_the_door_answers(demo: &Demo) {
    for path in ["/sign-in", "/healthz", "/readyz"] {
        let answer = demo.stranger().get(path).expect("the portal answers");
        assert_eq!(answer.status, 200, "{path}");
    }
    let nobody = demo.stranger().get("/documents/doc_00000000000000000000000000").expect("the portal answers");
    assert_eq!(nobody.header("location").is_some(), nobody.status == 303, "a stranger is sent to the way in");
}

#[test]
fn while_the_database_is_locked_nothing_opens_and_nothing_is_half_done() {
    let all = folder("locked");
    let (dir, log) = (all.path().join("data"), all.path().join("stderr.log"));
    let demo = Demo::start(&dir, &log);
    let work = Work::begin(&demo);
    let before = counted(&demo, &dir);
    let lock = demo.ground().lock();
    let answers = work.try_all();
    assert_closed(&answers);
    assert_the_door_answers(&demo);
    assert!(demo.said().contains("the ledger did not write"), "standard error says why");
    drop(lock);
    // A refused upload takes its own row away as soon as it can.
    assert_eq!(
        before,
        until("nothing is left of what was refused", || Some(counted(&demo, &dir)).filter(|now| *now == before))
    );
    assert_open(&work);
    let ground = demo.ground();
    demo.stop();
    ground.assert_verifies();
}

/// The binary in a mount namespace of its own, with a small disk at `disk` that nobody else sees.
fn on_a_small_disk(disk: &Path) -> Option<Command> {
    let script = format!("mount -t tmpfs -o size=40m,mode=0700 none '{0}' && exec \"$@\"", disk.display());
    let tried = Command::new("unshare").args(["--mount", "sh", "-c", &script, "sh", "true"]).output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script, "sh"]).arg(strongroom());
    Some(command)
}

/// How the disk of that process looks from here.
fn seen_from_here(demo: &Demo, path: &Path) -> PathBuf {
    Path::new(&format!("/proc/{}/root", demo.pid())).join(path.strip_prefix("/").expect("an absolute path"))
}

#[test]
fn on_a_full_disk_nothing_opens_and_room_or_a_new_start_opens_it_again() {
    let all = folder("full");
    let (disk, log) = (all.path().join("disk"), all.path().join("stderr.log"));
    std::fs::create_dir(&disk).expect("a folder can be made");
    let Some(command) = on_a_small_disk(&disk) else {
        // Said in the log of the run: a container that may not mount cannot show this.
        say_untried("a file system could not be mounted here; the full disk was not tried");
        return;
    };
    let dir = disk.join("data");
    let mut demo = Demo::start_by(command, &dir, &log);
    let work = Work::begin(&demo);
    let outside = seen_from_here(&demo, &dir);
    let before = counted(&demo, &dir);
    let filler = outside.with_file_name("filler");
    fill(&filler);
    // What the database had set aside for its log is used up first, by openings that are still witnessed.
    let mut closed_in_a_row = 0;
    until("the ledger has no room left", || {
        let answer = work.ana.get(&work.read).expect("the portal answers");
        assert!(answer.status == 503 || answer.status == 200 && answer.text().contains("entry "), "{}", answer.text());
        closed_in_a_row = if answer.status == 503 { closed_in_a_row + 1 } else { 0 };
        (closed_in_a_row == 5).then_some(())
    });
    assert_closed(&work.try_all());
    assert_the_door_answers(&demo);
    assert!(demo.is_alive());
    assert_eq!(counted(&demo, &dir).0[..2], before.0[..2], "no document came or changed");
    std::fs::remove_file(&filler).expect("the filler can be removed");
    assert_eq!(
        before,
        until("nothing is left of what was refused", || Some(counted(&demo, &dir)).filter(|now| *now == before))
    );
    assert_open(&work);
    // The disk goes with its process: it is looked at from a copy, as the crash would leave it.
    let kept = all.path().join("kept");
    let stopped = Command::new("kill").args(["-STOP", &demo.pid().to_string()]).status().expect("kill runs");
    assert!(stopped.success());
    for file in files_below(&outside) {
        let target = kept.join(file.strip_prefix(&outside).expect("it lies below"));
        std::fs::create_dir_all(target.parent().expect("it has a folder")).expect("a folder can be made");
        std::fs::copy(&file, target).expect("a file can be copied");
    }
    demo.kill();
    std::fs::set_permissions(&kept, std::fs::Permissions::from_mode(0o700)).expect("a folder can be closed");
    let demo = Demo::start(&kept, &log);
    assert!(demo.sign_in("ana.reyes").get(&work.read).expect("the portal answers").text().contains(CANARY));
    let ground = demo.ground();
    demo.stop();
    ground.assert_verifies();
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

#[expect(clippy::print_stderr, reason = "a test that could not try says so")]
fn say_untried(what: &str) {
    eprintln!("{what}");
}
