//! A practice leaves one house and another house takes it in, by the real binary: every digest, version, access and proof
//! verifies there, and what was changed on the way is refused with a word for it.

use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use strongroom_tests::binary::{Browser, between, files_below, run};
use strongroom_tests::terminal::{House, confirm};

const THERE: &str = "Lakeside Pediatrics";
const HERE: &str = "Northfield Orthopedics";

fn one(house: &House, statement: &str) -> String {
    house.ground().rows(statement).pop().unwrap_or_default()
}

fn count(house: &House, statement: &str) -> u64 {
    one(house, statement).parse().expect("a number")
}

fn customer(house: &House, name: &str) -> String {
    one(house, &format!("SELECT customer_id FROM customer WHERE name = '{name}'"))
}

/// Runs a command that somebody confirms: exit code, report, what it said.
fn confirmed(house: &House, who: &Browser, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let waiting = house.command(arguments);
    assert_eq!(confirm(who, &waiting.code), 303, "{arguments:?}");
    waiting.end()
}

/// A practice leaves: what was exported where, and under which secret.
struct Left {
    customer: String,
    export: PathBuf,
    secret: PathBuf,
    report: Value,
}

impl Left {
    /// By its manager's word, with the operator's command.
    fn of(house: &House, manager: &Browser, name: &str) -> Self {
        let customer = customer(house, name);
        let page = format!("/customers/{customer}/leaving");
        assert_eq!(manager.post(&page, &[]).expect("the portal answers").status, 303);
        let export = house.folder.path().join(format!("export-of-{}", name.len()));
        let to = export.display().to_string();
        let (code, report, said) = confirmed(house, manager, &["customer", "leave", "export", &customer, "--out", &to]);
        assert_eq!(code, Some(0), "{said}");
        // The secret is shown to the manager, once, and to nobody at the machine.
        let shown = manager.post(&format!("{page}/secret"), &[]).expect("the portal answers");
        assert_eq!(shown.status, 200, "{}", shown.text());
        let text = shown.text();
        let pre: Vec<&str> =
            text.split("<pre class=\"note\">").skip(1).filter_map(|one| one.split('<').next()).collect();
        let secret = pre.iter().find(|one| one.matches('-').count() == 12).expect("a secret on the page");
        assert!(!said.contains(secret) && !report.to_string().contains(secret));
        assert_eq!(manager.post(&format!("{page}/secret"), &[]).expect("the portal answers").status, 409);
        let file = house.folder.path().join(format!("secret-of-{}", name.len()));
        std::fs::write(&file, secret).expect("written");
        Self { customer, export, secret: file, report }
    }

    fn digest(&self) -> String {
        self.report["manifest_sha256"].as_str().expect("a digest").to_owned()
    }

    /// Verifies it offline, and writes it in clear if a folder is named: exit code, report, what it said.
    fn open(&self, out: Option<&Path>, more: &[&str]) -> (Option<i32>, Value, String) {
        let (export, secret) = (self.export.display().to_string(), self.secret.display().to_string());
        let mut arguments = vec!["customer", "leave", "open", &export, "--json"];
        if !more.contains(&"--secret-file") {
            arguments.extend(["--secret-file", &secret]);
        }
        arguments.extend(more);
        let to = out.map(|out| out.display().to_string()).unwrap_or_default();
        if out.is_some() {
            arguments.extend(["--out", &to]);
        }
        let done = run(&arguments);
        let report = serde_json::from_slice(&done.stdout).unwrap_or(Value::Null);
        (done.status.code(), report, String::from_utf8_lossy(&done.stderr).into_owned())
    }
}

/// SHA-256 of every original of an opened export, with how often it is there.
fn originals(opened: &Path) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    for line in std::fs::read_to_string(opened.join("originals.ndjson")).expect("it is there").lines() {
        let row: Value = serde_json::from_str(line).expect("a row");
        let path = opened.join(row["path"].as_str().expect("a path"));
        let bytes = std::fs::read(&path).expect("an original");
        let digest = record::Sha256::of(&bytes).to_string();
        assert_eq!(row["sha256"].as_str(), Some(digest.as_str()), "{path:?}");
        *found.entry(digest).or_default() += 1;
    }
    found
}

/// The files of an export as they were, so that each attempt begins with them.
struct Kept(Vec<(PathBuf, Vec<u8>)>);

impl Kept {
    fn of(dir: &Path) -> Self {
        Self(files_below(dir).into_iter().map(|path| (path.clone(), std::fs::read(path).expect("a file"))).collect())
    }
    fn lay(&self) {
        self.0.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).expect("written"));
    }
}

fn changed_on_the_way_is_refused(left: &Left, foreign: &Left) {
    let kept = Kept::of(&left.export);
    let part = left.export.join("part-00003.sealed");
    let refused = |says: &str, code: i32| {
        let (ended, _, said) = left.open(None, &[]);
        assert!(ended == Some(code) && said.contains(says), "{says}: {ended:?} {said}");
        kept.lay();
    };
    let mut bytes = std::fs::read(&part).expect("a part");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&part, &bytes).expect("written");
    refused("part-00003.sealed was changed", 1);
    std::fs::remove_file(&part).expect("removed");
    refused("part-00003.sealed is missing", 1);
    std::fs::copy(foreign.export.join("part-00003.sealed"), &part).expect("copied");
    refused("part-00003.sealed belongs to another export", 1);
    std::fs::copy(left.export.join("part-00002.sealed"), &part).expect("copied");
    refused("part-00003.sealed was changed", 1);
    std::fs::remove_file(left.export.join("manifest.sealed")).expect("removed");
    refused("never finished", 2);
    let wrong = foreign.secret.display().to_string();
    let (code, _, said) = left.open(None, &["--secret-file", &wrong]);
    assert!(code == Some(2) && said.contains("secret is not this export's"), "{said}");
    let (code, _, said) = left.open(None, &["--expect", &foreign.digest()]);
    assert!(code == Some(1) && said.contains("digest"), "{said}");
    let (code, _, said) = left.open(None, &["--expect", &left.digest()]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_practice_leaves_one_house_and_another_takes_it_in_with_every_digest_version_access_and_proof() {
    let there = House::start("leaving-there");
    let mut here = House::start("leaving-here");
    let place = there.folder.path().to_path_buf();
    let mara = there.demo.sign_in("mara.quist");
    let ruth = there.demo.sign_in("ruth.okafor");

    // Nobody at the operator exports, and not even the manager before the practice has said that it leaves.
    let id = customer(&there, THERE);
    let to = place.join("too-early").display().to_string();
    let export = ["customer", "leave", "export", &id, "--out", &to];
    let (code, _, said) = confirmed(&there, &mara, &export);
    assert!(code == Some(2) && said.contains("has not said that it leaves"), "{said}");
    assert_eq!(confirmed(&there, &ruth, &export).0, Some(3));
    assert!(!place.join("too-early").exists());
    let left = Left::of(&there, &mara, THERE);
    assert_eq!(confirmed(&there, &ruth, &export).0, Some(3), "nor afterwards");

    // What lies outside is sealed, tagged and closed.
    for path in files_below(&left.export) {
        assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
        if path.extension().is_some_and(|end| end == "sealed") {
            let bytes = std::fs::read(&path).expect("a file");
            assert!(!bytes.windows(THERE.len()).any(|some| some == THERE.as_bytes()), "{path:?}");
        }
    }
    assert!(std::fs::read_to_string(left.export.join("README.txt")).expect("a note").starts_with("PHI – Lakeside"));

    // All of it is there, and verifies without any house.
    let opened = place.join("opened");
    let (code, report, said) = left.open(Some(&opened), &[]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(report["manifest_sha256"], left.report["manifest_sha256"]);
    let of = |what: &str| report["counts"][what].as_u64().expect("a count");
    let rows = |table: &str| count(&there, &format!("SELECT COUNT(*) FROM {table} WHERE customer_id = '{id}'"));
    assert_eq!((of("documents"), of("versions")), (rows("document"), rows("document_version")));
    assert_eq!((of("patients"), of("related")), (rows("patient"), rows("related_person")));
    assert!(of("documents") > 5 && of("entries") > 20, "{report}");
    let key = place.join("there.pub").display().to_string();
    std::fs::write(&key, one(&there, "SELECT value FROM meta WHERE name = 'ledger_key'")).expect("written");
    let ledger = opened.join("ledger.ndjson");
    let verified = run(&["ledger", "verify", "--export", &ledger.display().to_string(), "--key", &key, "--json"]);
    let verified: Value = serde_json::from_slice(&verified.stdout).expect("a report");
    assert_eq!(verified["entries"].as_u64(), Some(of("entries")));

    // The other house takes it in, and is killed on the way.
    let new = customer(&here, HERE);
    let before = count(&here, &format!("SELECT COUNT(*) FROM document WHERE customer_id = '{new}'"));
    let (from, secret, digest) = (left.export.display().to_string(), left.secret.display().to_string(), left.digest());
    let taking =
        ["import", "practice", &from, "--customer", &new, "--secret-file", &secret, "--key", &key, "--expect", &digest];
    let named = |name: &'static str| [&taking[..], &["--name", name]].concat();
    let hugo = here.demo.sign_in("hugo.lang");
    let (code, _, said) = confirmed(&here, &hugo, &named("Somebody Else"));
    assert!(code == Some(2) && said.contains("not the name"), "{said}");
    let sam = here.demo.sign_in("sam.idris");
    assert_eq!(confirmed(&here, &sam, &named(HERE)).0, Some(3), "nobody at the operator takes a practice in");
    let part = left.export.join("part-00003.sealed");
    let good = std::fs::read(&part).expect("a part");
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    std::fs::write(&part, bad).expect("written");
    let (code, _, said) = confirmed(&here, &hugo, &named(HERE));
    assert!(code == Some(1) && said.contains("part-00003.sealed was changed"), "{said}");
    assert_eq!(count(&here, "SELECT COUNT(*) FROM taken_in"), 0, "nothing came in of what does not verify");
    std::fs::write(&part, good).expect("written");
    let mut hugo = hugo;
    for millis in [20, 60, 150] {
        let waiting = here.command(&named(HERE));
        assert_eq!(confirm(&hugo, &waiting.code), 303);
        std::thread::sleep(Duration::from_millis(millis));
        here = here.killed();
        drop(waiting.end());
        hugo = here.demo.sign_in("hugo.lang");
    }
    let (code, report, said) = confirmed(&here, &hugo, &named(HERE));
    assert_eq!(code, Some(0), "{said}");
    assert!(report["tally"]["outside"].as_array().is_some_and(Vec::is_empty), "{report}");
    let after = count(&here, &format!("SELECT COUNT(*) FROM document WHERE customer_id = '{new}'"));
    assert_eq!(after - before, of("documents") + 1, "every document, and the other house's ledger");
    // Once more: nothing is there twice.
    let (_, again, _) = confirmed(&here, &hugo, &named(HERE));
    assert_eq!(again["tally"]["documents"].as_u64(), Some(0), "{again}");
    assert_eq!(count(&here, &format!("SELECT COUNT(*) FROM document WHERE customer_id = '{new}'")), after);

    verifies_here(&here, (&hugo, &new), (&opened, &key), of("entries"));
    let ivo = there.demo.sign_in("ivo.brandt");
    changed_on_the_way_is_refused(&left, &Left::of(&there, &ivo, "Harbor Clinic"));
    goes_only_after_its_word(&there, (&mara, &ruth), &left);
}

/// What came in is every digest in every version, and the accesses of the other house still prove themselves.
fn verifies_here(here: &House, (hugo, new): (&Browser, &str), (opened, key): (&Path, &str), entries: u64) {
    // A document of every state is on its pages, and the other house's ledger can be read and verified.
    let states = |house: &House, customer: &str| {
        let text = format!("SELECT DISTINCT state FROM document WHERE customer_id = '{customer}' ORDER BY state");
        house.ground().rows(&text)
    };
    assert!(states(here, new).len() > 5, "{:?}", states(here, new));
    let left = Left::of(here, hugo, HERE);
    let again = here.folder.path().join("opened-again");
    assert_eq!(left.open(Some(&again), &[]).0, Some(0));
    let (were, are) = (originals(opened), originals(&again));
    for (digest, many) in &were {
        assert!(are.get(digest).is_some_and(|there| there >= many), "{digest} is not there as often");
    }
    let text = format!(
        "SELECT document_id FROM document WHERE customer_id = '{new}' AND kind = 'letter' AND patient_id IS NULL AND state = 'delivered'"
    );
    let history = one(here, &text);
    let file = again.join(format!("originals/{history}/1.txt"));
    let verified = run(&["ledger", "verify", "--export", &file.display().to_string(), "--key", key, "--json"]);
    let report: Value = serde_json::from_slice(&verified.stdout).expect("a report");
    assert_eq!(report["entries"].as_u64(), Some(entries), "{report}");
    // An entry that somebody changed is named.
    let mut text = std::fs::read_to_string(&file).expect("a ledger");
    let at = text.rfind("\"leaf\":\"AQ").expect("an entry") + "\"leaf\":\"AQ".len();
    let other = if text.as_bytes()[at + 4] == b'A' { "B" } else { "A" };
    text.replace_range(at + 4..at + 5, other);
    std::fs::write(&file, text).expect("written");
    let verified = run(&["ledger", "verify", "--export", &file.display().to_string(), "--key", key]);
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.code() == Some(1) && said.contains("it was changed"), "{said}");
    let dina = here.demo.sign_in("dina.paz");
    let page = dina.get(&format!("/documents/{history}")).expect("the portal answers").text();
    assert!(page.contains("Ledger of Lakeside Pediatrics") && page.contains("document.read"), "{page}");
}

/// The manager's word, then the hold; before either nobody destroys anything.
fn goes_only_after_its_word(there: &House, (mara, ruth): (&Browser, &Browser), left: &Left) {
    let id = left.customer.as_str();
    let ask = || {
        let agreements = format!("UPDATE agreement SET ended_at = 1 WHERE customer_id = '{id}'");
        there.ground().change(&agreements);
        let reason = "They have left.";
        let arguments = ["key", "shred", "ask", "--customer", id, "--name", THERE, "--reason", reason];
        confirmed(there, ruth, &arguments)
    };
    let refused = |why: &str| {
        let (code, _, said) = ask();
        assert!(code == Some(2) && said.contains(why), "{code:?} {said}");
    };
    refused("has not confirmed");
    let page = mara.get(&format!("/customers/{id}/leaving")).expect("the portal answers").text();
    assert!(page.contains(&left.digest()), "{page}");
    let export = between(&page, "name=\"export\" value=\"", "\"").expect("an export to confirm").to_owned();
    let confirming = format!("/customers/{id}/leaving/confirm");
    let other = "int_00000000000000000000000000";
    assert_eq!(mara.post(&confirming, &[("export", other)]).expect("the portal answers").status, 409);
    assert_eq!(mara.post(&confirming, &[("export", &export)]).expect("the portal answers").status, 303);
    refused("hold");
    // Until then it is taken back with one touch.
    let withdraw = format!("/customers/{id}/leaving/withdraw");
    assert_eq!(mara.post(&withdraw, &[]).expect("the portal answers").status, 303);
}
