//! A house whose sealed objects lie in a bucket, by the real binary: carried over from the demo's folder, served, killed in
//! the middle of an upload, carried back. The bucket is one in the process; with `STRONGROOM_TEST_S3` also on that server.

use fake_bucket::FakeBucket;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use strongroom_tests::binary::{Browser, files_below, folder, until};
use strongroom_tests::work::WorkHouse;

/// Stands in every transcript of the demo, and on no other page.
const CANARY: &str = "Made up for the demo";
/// More than two parts of an object.
const LARGE_BYTES: usize = 20 << 20;

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The credentials, in a file as it must be, outside of the data folder.
fn key_file(all: &Path) -> PathBuf {
    use std::io::Write as _;
    let path = all.join("bucket-keys");
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let text =
        format!("aws_access_key_id = {}\naws_secret_access_key = {}\n", fake_bucket::KEY_ID, fake_bucket::SECRET);
    file.and_then(|mut file| file.write_all(text.as_bytes())).expect("the file can be written");
    path
}

fn a_document_of(browser: &Browser) -> String {
    let page = browser.get("/inbox").expect("the portal answers").text();
    let piece = page.split("\"/documents/doc_").nth(1).expect("the demo has delivered something");
    format!("/documents/doc_{}", piece.split('"').next().unwrap_or_default())
}

fn lakeside(tess: &Browser) -> String {
    let customers = tess.customers();
    let (_, id) = customers.iter().find(|(name, _)| name.contains("Lakeside")).expect("tess works there");
    format!("customer={id}")
}

/// A house with somebody who reads and somebody who sends.
struct Carried {
    house: WorkHouse,
    ana: Browser,
    tess: Browser,
    read: String,
    query: String,
    bucket: String,
}

impl Carried {
    /// Makes the demo's house and carries its objects into the bucket at `endpoint`.
    fn make(all: &Path, endpoint: &str) -> Self {
        let keys = key_file(all);
        let more = format!("objects_endpoint = {endpoint:?}\nobjects_key_file = {keys:?}\n");
        let (house, (ana, tess, read, query)) = WorkHouse::make_embedded(all, &all.join("data"), &more, |demo| {
            let (ana, tess) = (demo.sign_in("ana.reyes"), demo.sign_in("tess.bauer"));
            let (read, query) = (a_document_of(&ana), lakeside(&tess));
            (ana, tess, read, query)
        });
        let prefix = all.file_name().and_then(|name| name.to_str()).expect("a folder of ours has a name");
        let bucket = format!("s3://{}/{prefix}", fake_bucket::BUCKET);
        Self { house, ana, tess, read, query, bucket }
    }

    fn objects_in_folder(&self) -> usize {
        files_below(&self.house.dir.join("objects")).len()
    }

    fn send(&self, name: &str, text: &[u8]) -> String {
        let taken = self.tess.upload(&self.query, name, "", text).expect("the portal answers");
        let log = self.house.said();
        let end: Vec<&str> = log.lines().rev().take(20).collect();
        assert_eq!(taken.status, 201, "{name}: {end:#?}");
        taken.json()["href"].as_str().expect("an upload has an address").to_owned()
    }
}

fn a_large_text() -> Vec<u8> {
    let mut text = b"Patient: Nobody, Known\n".to_vec();
    while text.len() < LARGE_BYTES {
        text.extend_from_slice(format!("Line {} of a dictation that goes on and on.\n", text.len()).as_bytes());
    }
    text
}

/// Carries it over, serves it, reads, sends, kills it, and carries it back.
fn there_and_back(all: &Path, endpoint: &str, fake: Option<&FakeBucket>) {
    let carried = Carried::make(all, endpoint);
    let Carried { house, ana, tess, read, .. } = &carried;
    let before = carried.objects_in_folder();
    // Begun in a bucket while its objects lie in the folder, it would have lost them all.
    let url = ["--objects", carried.bucket.as_str()];
    let refused = house.run(&[&["serve"], &url[..]].concat());
    assert!(!refused.status.success() && said(&refused).contains("carry them over first"), "{}", said(&refused));
    let moved = house.run(&["migrate", "--objects-to", &carried.bucket, "--json"]);
    assert!(moved.status.success() && said(&moved).contains(&format!("\"objects\":{before}")), "{}", said(&moved));
    assert_eq!(carried.objects_in_folder(), before, "nothing is removed where it lay");
    // No demo is begun among them.
    let mut demo = house.command();
    demo.args(["demo", "--json", "--listen", "127.0.0.1:0", "--objects-endpoint", endpoint]).args(url);
    demo.env("AWS_ACCESS_KEY_ID", fake_bucket::KEY_ID).env("AWS_SECRET_ACCESS_KEY", fake_bucket::SECRET);
    let refused = demo.arg("--dir").arg(all.join("another")).output().expect("the binary starts");
    assert!(refused.status.code() == Some(2) && said(&refused).contains("of another house"), "{}", said(&refused));
    let forgotten = house.run(&["serve"]);
    assert!(!forgotten.status.success() && said(&forgotten).contains("lie in a bucket"), "{}", said(&forgotten));
    // From here on the folder is not looked at.
    std::fs::remove_dir_all(house.dir.join("objects")).expect("the folder can be removed");
    let config = std::fs::read_to_string(&house.config).expect("the configuration can be read");
    std::fs::write(&house.config, format!("objects = {:?}\n{config}", carried.bucket)).expect("and written");
    let served = house.serve();
    let file = ana.get(&format!("{read}/file")).expect("the portal answers");
    assert!(file.status == 200 && file.text().contains(CANARY), "{}", file.status);
    let text = a_large_text();
    let large = format!("{}/file", carried.send("large.txt", &text));
    assert!(tess.get(&large).expect("the portal answers").body == text, "it comes back as it went");
    let part = tess.send("GET", &large, &[("Range", "bytes=9000000-9000099")], b"").expect("the portal answers");
    assert_eq!((part.status, &part.body[..]), (206, &text[9_000_000..9_000_100]));
    if let Some(fake) = fake {
        killed_while_it_comes_in(&carried, served, fake);
    } else {
        served.stop();
    }
    let back = house.run(&["migrate", "--objects-to-folder", "--json"]);
    assert!(back.status.success(), "{}", said(&back));
    std::fs::write(&house.config, config).expect("the configuration can be written");
    let served = house.serve();
    assert!(tess.get(&large).expect("the portal answers").body == text, "it came back with the others");
    served.stop();
    let log = house.said();
    for secret in [fake_bucket::SECRET, fake_bucket::KEY_ID] {
        assert!(!log.contains(secret), "a credential is in the log");
    }
}

/// The process dies while parts go up; nothing has the object's name, and nothing is readable in the bucket.
fn killed_while_it_comes_in(carried: &Carried, served: strongroom_tests::work::Served, fake: &FakeBucket) {
    let names = fake.keys();
    let text = [b"Patient: Somebody, Else\n".to_vec(), a_large_text()].concat();
    let parts = fake.asked(fake_bucket::Op::Part);
    std::thread::scope(|scope| {
        // Its part never gets an answer, so the end comes while it is on its way.
        fake.fail_next(fake_bucket::Op::Part, fake_bucket::Fault::Stall);
        let sending = scope.spawn(|| carried.tess.upload(&carried.query, "killed.txt", "", &text));
        until("a part is on its way", || (fake.asked(fake_bucket::Op::Part) > parts).then_some(()));
        served.kill();
        let answer = sending.join().expect("no panic");
        assert!(!answer.is_ok_and(|answer| answer.status == 201), "nothing was acknowledged");
    });
    assert_eq!(fake.keys(), names, "nothing has the name of what was not acknowledged");
    // Its parts stay until its row is an hour old; what the sweeper does then: custody's in_bucket.rs.
    assert_eq!(fake.on_way().len(), 1);
    for key in fake.keys() {
        let bytes = fake.object(&key).expect("it is there");
        for word in [CANARY, "Patient:", "dictation that goes on"] {
            let readable = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!readable && !key.contains(word), "{word:?} can be read in {key}");
        }
    }
    let again = carried.house.serve();
    let file = carried.ana.get(&format!("{}/file", carried.read)).expect("the portal answers");
    assert!(file.status == 200 && file.text().contains(CANARY), "{}", file.status);
    carried.send("killed.txt", &text);
    again.stop();
}

#[test]
fn a_house_is_carried_into_a_bucket_served_there_killed_and_carried_back() {
    let all = folder("bucket");
    let fake = FakeBucket::start();
    there_and_back(all.path(), &fake.endpoint(), Some(&fake));
    if let Some(endpoint) = std::env::var("STRONGROOM_TEST_S3").ok().filter(|endpoint| !endpoint.is_empty()) {
        let all = folder("bucket-elsewhere");
        there_and_back(all.path(), &endpoint, None);
    }
}

#[test]
fn doctor_and_config_check_try_the_bucket_and_no_message_holds_a_credential() {
    let all = folder("bucket-doctor");
    let fake = FakeBucket::start();
    let carried = Carried::make(all.path(), &fake.endpoint());
    let house = &carried.house;
    let config = std::fs::read_to_string(&house.config).expect("the configuration can be read");
    let with = |objects: &str| {
        std::fs::write(&house.config, format!("objects = {objects:?}\n{config}")).expect("it can be written");
        let check = house.command().args(["config", "check"]).arg(&house.config).output().expect("the binary starts");
        (check.status.code(), said(&check))
    };
    let (code, good) = with(&carried.bucket);
    assert!(code == Some(0) && good.contains("never overwritten"), "{good}");
    let doctor = said(&house.run(&["doctor"]));
    assert!(doctor.contains("never overwritten") && doctor.contains("keeps nothing of what is removed"), "{doctor}");
    fake.open_to_public();
    fake.forget_conditions();
    let (code, bad) = with(&carried.bucket);
    assert!(
        code == Some(1) && bad.contains("lets an object be overwritten") && bad.contains("lets the public in"),
        "{bad}"
    );
    let (code, absent) = with("s3://another/house");
    assert!(code == Some(1) && absent.contains("no such bucket"), "{absent}");
    let (code, secret) = with("s3://AKIASECRET:hunter2hunter2@records/house");
    assert!(code == Some(2) && !secret.contains("hunter2") && !secret.contains("AKIASECRET"), "{secret}");
    for text in [good, doctor, bad, absent] {
        assert!(!text.contains(fake_bucket::SECRET) && !text.contains(fake_bucket::KEY_ID), "{text}");
    }
    assert!(fake.keys().is_empty(), "the probes are gone");
}
