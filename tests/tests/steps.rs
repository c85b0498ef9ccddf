//! SIGKILL at each step that makes something durable, by the tracer and not by a hook in the product: the real binary
//! dies on its way into the N-th flush, link, rename or removal of an upload, an opening, a rotation, a rekeying and a
//! backup. Afterwards nothing acknowledged is missing, the ledger verifies, what can be resumed ends well, nothing lies
//! there in clear and `doctor` finds nothing that it did not find before.
//!
//! Each run draws some of the steps with a seed that it prints; `STRONGROOM_STEPS=all` tries every one,
//! `STRONGROOM_STEPS=seed:count` repeats a draw. The tracer counts for each thread by itself, so a step is "the N-th of
//! its kind on one thread"; a draw that no thread reaches is counted as untouched and the work must then be whole.

use record::{Entropy as _, SystemEntropy};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use strongroom_tests::binary::{Browser, files_below, folder, run, sql, until};
use strongroom_tests::house::Folder;
use strongroom_tests::planted::Searcher;
use strongroom_tests::work::{Served, WorkHouse};

/// Stands in every transcript of the demo, and nowhere in clear.
const CANARY: &str = "Made up for the demo";
/// What makes something durable, or makes it be there under a name or no longer.
const STEPS: &str = "fsync,fdatasync,link,linkat,rename,renameat,renameat2,unlink,unlinkat,ftruncate,mkdir";
/// Steps that each scenario tries unless told otherwise.
const DRAWN: usize = 3;

/// A step: which system call, and the how manieth of a thread.
type Step = (String, u32);

/// The house, and what was in it before anybody was killed.
struct Scene {
    all: Folder,
    house: WorkHouse,
    master: PathBuf,
    ana: Browser,
    tess: Browser,
    lakeside: String,
    read: String,
    text: String,
    customer: String,
    wrong_before: BTreeSet<String>,
}

fn assert_tracer() {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).output();
    let tried = tried.expect("the program strace is installed (package strace)");
    let said = String::from_utf8_lossy(&tried.stderr).into_owned();
    assert!(tried.status.success(), "this machine does not allow tracing (ptrace), so no step can be hit: {said}");
}

fn copy(from: &Path, to: &Path) {
    drop(std::fs::remove_dir_all(to));
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp runs");
    assert!(copied.success());
}

impl Scene {
    fn begin() -> Self {
        assert_tracer();
        let all = folder("steps");
        let dir = all.path().join("data");
        let (house, (ana, tess, lakeside, read, text)) = WorkHouse::make(all.path(), (&dir, &[]), "", |demo| {
            let (ana, tess) = (demo.sign_in("ana.reyes"), demo.sign_in("tess.bauer"));
            let lakeside =
                tess.customers().into_iter().find(|(name, _)| name.contains("Lakeside")).expect("tess works there").1;
            let inbox = ana.get("/inbox").expect("the portal answers").text();
            let found = inbox.split("\"/documents/doc_").skip(1).find_map(|piece| {
                let path = format!("/documents/doc_{}", piece.split('"').next().unwrap_or_default());
                let text = ana.get(&format!("{path}/file")).ok()?.text();
                (text.starts_with("Patient: ") && text.contains(CANARY)).then_some((path, text))
            });
            let (read, text) = found.expect("the demo has delivered a text");
            (ana, tess, lakeside, read, text)
        });
        let customer = lakeside.clone();
        let master = all.path().join("master");
        copy(&house.dir, &master);
        let mut scene =
            Self { all, house, master, ana, tess, lakeside, read, text, customer, wrong_before: BTreeSet::new() };
        scene.wrong_before = scene.wrong_now();
        scene
    }

    /// The house as it was, and no backup of it.
    fn fresh(&self) {
        copy(&self.master, &self.house.dir);
        for name in ["backup", "escrow"] {
            let path = self.all.path().join(name);
            drop(std::fs::remove_dir_all(&path));
            drop(std::fs::remove_file(&path));
        }
    }

    /// What `doctor` calls wrong.
    fn wrong_now(&self) -> BTreeSet<String> {
        let told = self.house.run(&["doctor", "--json"]);
        let lines = String::from_utf8_lossy(&told.stdout).into_owned();
        let checks = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let checks: Vec<_> = checks.collect();
        assert!(checks.len() > 5, "doctor examines: {lines}");
        checks.iter().filter(|one| one["verdict"] == "fail").map(|one| one["name"].to_string()).collect()
    }

    /// What must hold after every death, with the house served anew.
    fn assert_whole(&self, what: &str) -> Served {
        let clear = Searcher::new(&[CANARY]).files(&files_below(self.all.path()));
        assert_eq!(clear, Vec::new(), "{what}: in clear");
        let served = self.house.serve();
        let page = self.ana.get(&self.read).expect("the portal answers");
        assert!(page.status == 200 && page.text().contains(CANARY), "{what}: {}", page.status);
        let file = self.ana.get(&format!("{}/file", self.read)).expect("the portal answers");
        assert_eq!(file.text(), self.text, "{what}: the original comes back as it was");
        served
    }

    fn assert_verifies(&self, what: &str) {
        let dir = self.house.dir.to_str().expect("a path in UTF-8");
        let verified = run(&["ledger", "verify", "--dir", dir]);
        assert_eq!(verified.status.code(), Some(0), "{what}: {}", String::from_utf8_lossy(&verified.stdout));
        let wrong: Vec<String> = self.wrong_now().difference(&self.wrong_before).cloned().collect();
        assert!(wrong.is_empty(), "{what}: doctor now finds {wrong:?}");
        self.assert_objects_whole(what);
    }

    /// Every version has its objects, and every object a version or an upload by which the sweeper finds it.
    fn assert_objects_whole(&self, what: &str) {
        let ids = |statement: &str| -> BTreeSet<String> {
            let rows = sql(&self.house.dir.join("strongroom.db"), statement);
            rows.iter().flat_map(|row| row.split_whitespace()).map(ToOwned::to_owned).collect()
        };
        let named = ids("SELECT original_object FROM document_version UNION ALL \
             SELECT text_object FROM document_version WHERE text_object IS NOT NULL");
        let coming = ids("SELECT objects FROM upload WHERE state <> 'committed'");
        let there: BTreeSet<String> = files_below(&self.house.dir.join("objects"))
            .iter()
            .filter_map(|file| file.file_name().map(|name| name.to_string_lossy().into_owned()))
            .collect();
        assert!(named.is_subset(&there), "{what}: versions without objects");
        let lost: Vec<_> = there.iter().filter(|one| !named.contains(*one) && !coming.contains(*one)).collect();
        assert!(lost.is_empty(), "{what}: objects that nobody would ever remove: {lost:?}");
    }
}

/// Which steps a trace shows: for each kind, up to the most that one thread took.
fn steps_of(trace: &Path) -> Vec<Step> {
    let text = std::fs::read_to_string(trace).expect("the tracer wrote what it saw");
    let mut counts: BTreeMap<(String, String), u32> = BTreeMap::new();
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let Some((call, _)) = rest.trim_start().split_once('(') else { continue };
        if STEPS.split(',').any(|one| one == call) {
            *counts.entry((call.to_owned(), thread.to_owned())).or_insert(0) += 1;
        }
    }
    let mut most: BTreeMap<String, u32> = BTreeMap::new();
    for ((call, _), count) in counts {
        let entry = most.entry(call).or_insert(0);
        *entry = (*entry).max(count);
    }
    most.into_iter().flat_map(|(call, count)| (1..=count).map(move |n| (call.clone(), n))).collect()
}

/// The steps that this run tries.
#[expect(clippy::print_stderr, reason = "a draw that fails must be repeatable")]
fn drawn(what: &str, mut steps: Vec<Step>) -> Vec<Step> {
    assert!(!steps.is_empty(), "{what} makes something durable");
    let mut bytes = [0; 8];
    SystemEntropy.fill(&mut bytes);
    let (mut seed, mut count) = (u64::from_be_bytes(bytes), DRAWN);
    match std::env::var("STRONGROOM_STEPS").ok().as_deref() {
        Some("all") => return steps,
        Some(text) => {
            let (said, many) = text.split_once(':').expect("STRONGROOM_STEPS is all or seed:count");
            seed = said.parse().expect("a number");
            count = many.parse().expect("a number");
        }
        None => {}
    }
    eprintln!("{what}: {count} of {} steps, STRONGROOM_STEPS={seed}:{count}", steps.len());
    let mut tried = Vec::new();
    while tried.len() < count && !steps.is_empty() {
        // xorshift64*: the same seed draws the same steps.
        seed = seed.max(1);
        seed ^= seed >> 12;
        seed ^= seed << 25;
        seed ^= seed >> 27;
        let at = (seed.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % steps.len();
        tried.push(steps.remove(at));
    }
    tried
}

fn inject((call, n): &Step) -> String {
    format!("inject={call}:signal=SIGKILL:when={n}")
}

/// A command of the house under the tracer, with its `--config`.
fn traced(scene: &Scene, tracer: &[&str], arguments: &[&str]) -> std::process::ExitStatus {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq"]).args(tracer).arg(strongroom_tests::binary::strongroom());
    command.args(arguments).arg("--config").arg(&scene.house.config);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().expect("strace runs")
}

/// Kills a command at its steps; the same command must then end well by itself.
fn kill_command(what: &str, scene: &Scene, arguments: &[&str]) {
    scene.fresh();
    let trace = scene.all.path().join("trace");
    let trace_text = trace.to_str().expect("a path in UTF-8").to_owned();
    let untouched = traced(scene, &["-o", &trace_text, "-e", &format!("trace={STEPS}")], arguments);
    assert_eq!(untouched.code(), Some(0), "{what} works: {}", scene.house.said());
    let mut killed = 0;
    for step in drawn(what, steps_of(&trace)) {
        let here = format!("{what} at {step:?}");
        scene.fresh();
        let calls = format!("trace={}", step.0);
        let ended = traced(scene, &["-o", "/dev/null", "-e", &calls, "-e", &inject(&step)], arguments);
        match (ended.signal(), ended.code()) {
            (Some(9), _) => killed += 1,
            (_, Some(0)) => {}
            _ => panic!("{here}: it ended as {ended}"),
        }
        let again = scene.house.run(arguments);
        assert_eq!(again.status.code(), Some(0), "{here}, again: {}", String::from_utf8_lossy(&again.stderr));
        scene.assert_whole(&here).stop();
        scene.assert_verifies(&here);
    }
    assert!(killed > 0, "{what}: no step was hit, so nothing was shown");
}

#[test]
fn a_rotation_killed_at_its_steps_goes_on_where_it_was() {
    let scene = Scene::begin();
    let customer = scene.customer.clone();
    kill_command("rotate", &scene, &["key", "rotate", "--customer", &customer]);
}

#[test]
fn a_rekeying_killed_at_its_steps_is_done_or_undone() {
    let scene = Scene::begin();
    let escrow = scene.all.path().join("escrow");
    kill_command("rekey", &scene, &["key", "rekey", "--epoch-escrow", escrow.to_str().expect("a path in UTF-8")]);
}

#[test]
fn a_backup_killed_at_its_steps_is_made_by_the_next_run_and_verifies() {
    let scene = Scene::begin();
    let (to, escrow) = (scene.all.path().join("backup"), scene.all.path().join("escrow"));
    let (to, escrow) = (to.to_str().expect("a path in UTF-8"), escrow.to_str().expect("a path in UTF-8"));
    kill_command("backup", &scene, &["backup", "--to", to, "--epoch-escrow", escrow, "--verify"]);
}

/// A tracer that has taken hold of every thread of a process.
struct Tracer(Child);

impl Tracer {
    fn attach(pid: u32, arguments: &[&str]) -> Self {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-p", &pid.to_string()]).args(arguments);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let tracer = Self(child.expect("strace runs"));
        until("every thread is traced", || {
            let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
            let traced = |path: PathBuf| {
                let status = std::fs::read_to_string(path.join("status")).unwrap_or_default();
                status.lines().any(|line| line.starts_with("TracerPid:") && !line.ends_with("\t0"))
            };
            threads.flatten().all(|thread| traced(thread.path())).then_some(())
        });
        tracer
    }

    /// Lets go of the process, if it lives.
    fn detach(mut self) {
        drop(Command::new("kill").args(["-INT", &self.0.id().to_string()]).status());
        drop(self.0.wait());
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Kills the server at the steps of one request. `act` says what was acknowledged; `check` looks for it afterwards.
fn kill_request(
    what: &str,
    scene: &Scene,
    act: impl Fn(&Scene) -> Option<String>,
    check: impl Fn(&Scene, Option<String>, &str),
) {
    scene.fresh();
    let trace = scene.all.path().join("trace");
    let served = scene.house.serve();
    let calls = format!("trace={STEPS}");
    let tracer = Tracer::attach(served.pid(), &["-o", trace.to_str().expect("a path in UTF-8"), "-e", &calls]);
    assert!(act(scene).is_some(), "{what} works");
    tracer.detach();
    served.stop();
    let mut killed = 0;
    for step in drawn(what, steps_of(&trace)) {
        let here = format!("{what} at {step:?}");
        scene.fresh();
        let mut served = scene.house.serve();
        let calls = format!("trace={}", step.0);
        let tracer = Tracer::attach(served.pid(), &["-o", "/dev/null", "-e", &calls, "-e", &inject(&step)]);
        let told = act(scene);
        if told.is_none() {
            until("the process is dead", || (!served.is_alive()).then_some(()));
            killed += 1;
        }
        tracer.detach();
        served.kill();
        let served = scene.assert_whole(&here);
        check(scene, told, &here);
        served.stop();
        scene.assert_verifies(&here);
    }
    assert!(killed > 0, "{what}: no step was hit, so nothing was shown");
}

#[test]
fn an_upload_killed_at_its_steps_is_whole_when_it_was_acknowledged_and_otherwise_whole_or_nothing() {
    let scene = Scene::begin();
    let text = format!("{}\nOne more line, killed at a step.\n", scene.text);
    // The same bytes come again after each step: whatever is known of those before, they are kept.
    let query = format!("customer={}&same=keep", scene.lakeside);
    let upload = |scene: &Scene| {
        let answer = scene.tess.upload(&query, "step.txt", "", text.as_bytes()).ok()?;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["href"].as_str().map(ToOwned::to_owned)
    };
    kill_request("upload", &scene, upload, |scene, told, here| {
        if let Some(path) = told {
            let back = scene.tess.get(&format!("{path}/file")).expect("the portal answers");
            assert!(back.status == 200 && back.body == text.as_bytes(), "{here}: acknowledged and not there");
        }
        // And the next one is taken.
        assert!(upload(scene).is_some(), "{here}: the next upload is taken");
    });
}

#[test]
fn an_opening_killed_at_its_steps_has_its_entry_when_the_page_came() {
    let scene = Scene::begin();
    let open = |scene: &Scene| {
        let answer = scene.ana.get(&scene.read).ok()?;
        assert!(answer.status == 200 && answer.text().contains(CANARY), "{}", answer.text());
        let entry = answer.text();
        let entry = entry.split("/ledger/entries/").nth(1)?.split('"').next()?.to_owned();
        Some(entry)
    };
    kill_request("open", &scene, open, |scene, told, here| {
        if let Some(index) = told {
            let rows = sql(
                &scene.house.dir.join("strongroom.db"),
                &format!("SELECT action, outcome FROM ledger_entry WHERE idx = {index}"),
            );
            assert_eq!(rows, ["document.read|permitted"], "{here}");
        }
    });
}
