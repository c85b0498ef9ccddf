//! Nothing readable at rest: what people typed, sent and were shown is searched for in everything that a thief of the
//! disk, the logs or a backup would have, after a crash.

use custody::{BackupSettings, Custody, OpenHouse, RestoreOrder, RootKey, Settings};
use record::{SystemClock, SystemEntropy};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use strongroom_tests::binary::{Browser, Demo, files_below, folder, form, sql, strongroom};
use strongroom_tests::planted::{Hit, Searcher};
use strongroom_tests::share::docx;

/// Words that stand nowhere but in what these tests type and send.
const SURNAME: &str = "Zwyckenthaler";
const GIVEN: &str = "Oxanthiabelle";
const RECORD_NUMBER: &str = "QXJ7790KVW";
const BORN: [&str; 2] = ["07/29/1903", "1903-07-29"];
const IN_TEXT: &str = "harpsichordectomy";
const IN_RTF: &str = "marimbaplasty";
const IN_DOCX: &str = "glockenspielitis";
const IN_NAME: &str = "Bassoonington";
const REASON: &str = "pumpernickelemergency";
const WITHDRAWN: &str = "kaleidoscopicmistake";
const SEARCHED: &str = "Quetzalcoatlson";
const REFUSED: &str = "Refusedbyitsnameson";
const ADDRESS: &str = "Vichyssoisefarm";
/// And words of the made-up house itself: its patients, its texts, its people.
const OF_THE_DEMO: [&str; 9] = [
    "Bergstrom",
    "Rasmussen",
    "Thackeray",
    "Zielinski",
    "rescue inhaler",
    "Lungs clear",
    "Lindqvist",
    "cora.whitfield",
    "@demo.example",
];

fn forms(hits: &[Hit], file: &str) -> Vec<(&'static str, u32)> {
    let mut forms: Vec<_> =
        hits.iter().filter(|hit| hit.file.ends_with(file)).map(|hit| (hit.form, hit.packed)).collect();
    forms.sort_unstable();
    forms.dedup();
    forms
}

#[test]
fn what_is_hidden_plainly_is_found_in_every_form() {
    let dir = folder("control");
    let put = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).expect("a file is written");
    let line = format!("seen today: {}, again\n", SURNAME.to_uppercase());
    let wide = |big: bool| -> Vec<u8> {
        line.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let gzip = {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(line.as_bytes()).expect("it packs");
        packer.finish().expect("it packs")
    };
    let zlib = {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(data_encoding::BASE64.encode(line.as_bytes()).as_bytes()).expect("it packs");
        packer.finish().expect("it packs")
    };
    put("plain", line.as_bytes());
    put("wide-little", &wide(false));
    put("wide-big", &wide(true));
    for shift in 0..3 {
        let shifted = format!("{}{line}", &"##"[..shift]);
        put(&format!("base64-{shift}"), data_encoding::BASE64.encode(shifted.as_bytes()).as_bytes());
        put(
            &format!("base64url-{shift}"),
            data_encoding::BASE64URL_NOPAD.encode(format!("{}{SURNAME}", &"##"[..shift]).as_bytes()).as_bytes(),
        );
    }
    put("hex", data_encoding::HEXUPPER.encode(line.as_bytes()).as_bytes());
    put("gzip", &[b"noise before it ".as_slice(), &gzip].concat());
    put("half-a-gzip", &gzip[..gzip.len() - 9]);
    put("zlib", &[b"x".as_slice(), &zlib].concat());
    put("docx", &docx(&line));
    put(&format!("{SURNAME}.txt"), b"nothing inside");
    sql(
        &dir.path().join("database"),
        &format!("CREATE TABLE patient (name TEXT); INSERT INTO patient VALUES ('{SURNAME}')"),
    );
    put("clean", &[7_u8; 4096]);

    let files = files_below(dir.path());
    let hits = Searcher::new(&[SURNAME]).files(&files);
    for (file, form) in [
        ("plain", ("UTF-8", 0)),
        ("wide-little", ("UTF-16LE", 0)),
        ("wide-big", ("UTF-16BE", 0)),
        ("base64-0", ("base64", 0)),
        ("base64-1", ("base64", 0)),
        ("base64-2", ("base64", 0)),
        ("base64url-0", ("base64", 0)),
        ("base64url-1", ("base64", 0)),
        ("base64url-2", ("base64", 0)),
        ("hex", ("hex", 0)),
        ("gzip", ("UTF-8", 1)),
        ("half-a-gzip", ("UTF-8", 1)),
        ("zlib", ("base64", 1)),
        ("docx", ("UTF-8", 1)),
        ("database", ("UTF-8", 0)),
    ] {
        assert!(forms(&hits, file).contains(&form), "{file}: {:?}", forms(&hits, file));
    }
    assert!(hits.iter().any(|hit| hit.file.to_string_lossy().contains(SURNAME)), "a name of a file");
    assert!(forms(&hits, "clean").is_empty());
    assert!(Searcher::new(&["Absentwordson"]).files(&files).is_empty());
}

fn text_of(patient: &str, word: &str) -> String {
    format!(
        "Patient: {patient}\nDOB: {}\nMRN: {RECORD_NUMBER}\nDate of Service: 11/02/2026\nDictated by: Ana Reyes, MD\n\n\
         HISTORY\nComes from {ADDRESS} for {word}.\n",
        BORN[0]
    )
}

/// Uploads a file for the first practice and tells its path.
fn uploaded(tess: &Browser, query: &str, name: &str, bytes: &[u8]) -> String {
    let fields =
        form(&[("family", SURNAME), ("given", GIVEN), ("record_number", RECORD_NUMBER), ("visit", "2026-11-02")]);
    let answer = tess.upload(query, name, &fields, bytes).expect("the portal answers");
    assert_eq!(answer.status, 201, "{name}: {}", answer.text());
    let told = answer.json();
    assert_eq!(told["outcome"], "Matched", "{told}");
    told["href"].as_str().expect("it tells where it is").to_owned()
}

/// Everything that people do with a record, each step seen to have worked.
fn a_day_at_work(demo: &Demo) {
    let (frida, tess, quinn) = (demo.sign_in("frida.holm"), demo.sign_in("tess.bauer"), demo.sign_in("quinn.ferrara"));
    let (ana, ben) = (demo.sign_in("ana.reyes"), demo.sign_in("ben.cho"));
    let moved = |answer: std::io::Result<strongroom_tests::binary::Answer>, what: &str| -> String {
        let answer = answer.expect("the portal answers");
        assert_eq!(answer.status, 303, "{what}: {}", answer.text());
        answer.header("location").unwrap_or_default().to_owned()
    };
    let born = [("born_month", "7"), ("born_day", "29"), ("born_year", "1903")];
    let mut about = vec![("family", SURNAME), ("given", GIVEN), ("record_number", RECORD_NUMBER)];
    about.extend(born);
    let patient = moved(frida.post("/patients/new", &about), "a new patient");
    let patient = patient.split('?').next().unwrap_or_default().to_owned();
    let customers = tess.customers();
    let (_, lakeside) = customers.iter().find(|(name, _)| name.contains("Lakeside")).expect("tess works for Lakeside");

    let query = format!("customer={lakeside}");
    let who = format!("{SURNAME}, {GIVEN}");
    let rtf = format!("{{\\rtf1\\ansi {}}}", text_of(&who, IN_RTF).replace('\n', "\\par\n"));
    let documents = [
        (
            uploaded(&tess, &query, &format!("{IN_NAME}_{SURNAME}_visit.txt"), text_of(&who, IN_TEXT).as_bytes()),
            IN_TEXT,
        ),
        (uploaded(&tess, &query, &format!("{IN_NAME}.rtf"), rtf.as_bytes()), IN_RTF),
        (uploaded(&tess, &query, &format!("{IN_NAME}.docx"), &docx(&text_of(&who, IN_DOCX))), IN_DOCX),
    ];
    for (path, word) in &documents {
        moved(quinn.post(&format!("{path}/deliver"), &[]), "deliver");
        for last in ["", "/print"] {
            let page = ana.get(&format!("{path}{last}")).expect("the portal answers");
            assert!(page.status == 200 && page.text().contains(word) && page.text().contains(SURNAME), "{path}{last}");
        }
        let file = ana.get(&format!("{path}/file")).expect("the portal answers");
        assert!(file.status == 200 && file.header("content-disposition").is_some_and(|name| name.contains(IN_NAME)));
    }
    for (words, found) in [(SURNAME, true), (SEARCHED, false)] {
        let page = ana.post("/search", &[("q", words)]).expect("the portal answers");
        assert!(page.status == 200 && page.text().contains(GIVEN) == found, "search for {words}");
    }
    let glass = [("reason", "Emergency"), ("word", REASON), ("hours", "1")];
    moved(ben.post(&format!("{patient}/break-glass"), &glass), "break the glass");
    assert!(ben.get(&documents[0].0).expect("the portal answers").text().contains(IN_TEXT));
    moved(
        quinn.post(&format!("{}/withdraw", documents[1].0), &[("reason", "Wrong document"), ("word", WITHDRAWN)]),
        "withdraw",
    );

    // What is refused, cut short or asked for in vain leaves no words either.
    let exe = tess
        .upload(&query, &format!("{REFUSED}.exe"), "", format!("MZ {REFUSED}").as_bytes())
        .expect("the portal answers");
    assert_eq!(exe.status, 422);
    for path in [format!("/patients/{REFUSED}"), format!("/documents?q={REFUSED}"), format!("/{REFUSED}")] {
        drop(ana.get(&path).expect("the portal answers"));
    }
    drop(demo.stranger().get(&format!("/sign-in?next=/patients/{REFUSED}")).expect("the portal answers"));
    let mut half = tess.connect().expect("the portal listens");
    let head = format!(
        "{}X-Csrf: {}\r\nX-File-Name: {IN_NAME}-half.txt\r\nContent-Length: 900000\r\n\r\n{}",
        tess.head("POST", &format!("/upload/file?{query}")),
        tess.csrf(),
        text_of(&who, IN_TEXT).repeat(1000)
    );
    half.write_all(head.as_bytes()).expect("it takes the beginning");
    half.flush().expect("it takes the beginning");
}

fn key_of(dir: &Path) -> RootKey {
    RootKey::from_file_bytes(&std::fs::read(dir.join("demo-root.key")).expect("the demo keeps its key beside"))
        .expect("a root key")
}

fn settings() -> Settings {
    let mut settings = Settings::new("Prairie Transcription (demo)", "http://localhost:1".parse().expect("an address"));
    settings.demo = true;
    settings
}

async fn house(dir: &Path, root: RootKey) -> Result<Custody, custody::CustodyError> {
    let store = custody::open_store(dir, false).await?;
    Custody::open(OpenHouse {
        store,
        settings: settings(),
        root,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    })
    .await
}

fn copy(from: &Path, to: &Path) {
    for file in files_below(from) {
        let target = to.join(file.strip_prefix(from).expect("it lies below"));
        std::fs::create_dir_all(target.parent().expect("it has a folder")).expect("a folder can be made");
        std::fs::copy(&file, target).expect("a file can be copied");
    }
}

#[test]
fn after_a_crash_nobody_reads_a_word_in_data_logs_backup_or_temporary_files() {
    let all = folder("at-rest");
    let (dir, log, temporary) = (all.path().join("data"), all.path().join("stderr.log"), all.path().join("tmp"));
    std::fs::create_dir(&temporary).expect("a folder can be made");
    let mut command = Command::new(strongroom());
    command.env("TMPDIR", &temporary);
    let demo = Demo::start_by(command, &dir, &log);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", demo.pid())).expect("the system tells limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("there is such a limit");
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"], "core dumps are off: {core}");
    a_day_at_work(&demo);
    let said = demo.said();
    assert!(!said.is_empty(), "the log that is searched is the log that was written");
    demo.kill();
    let crashed = files_below(&dir);
    assert!(crashed.iter().any(|file| file.ends_with("strongroom.db-wal")), "the crash left a write-ahead log");

    let words: Vec<&str> = [
        SURNAME,
        GIVEN,
        RECORD_NUMBER,
        BORN[0],
        BORN[1],
        IN_TEXT,
        IN_RTF,
        IN_DOCX,
        IN_NAME,
        REASON,
        WITHDRAWN,
        SEARCHED,
        REFUSED,
        ADDRESS,
    ]
    .into_iter()
    .chain(OF_THE_DEMO)
    .collect();
    let searcher = Searcher::new(&words);
    // What is no secret lies there in clear, so the search does look into the database.
    assert!(!Searcher::new(&["Lakeside Pediatrics"]).files(&crashed).is_empty());
    // As the crash left it, before anybody tidies up.
    assert_eq!(searcher.files(&files_below(all.path())), Vec::new());

    let (backup, escrow) = (all.path().join("backup"), all.path().join("escrow"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let report = runtime.block_on(async {
        let custody = house(&dir, key_of(&dir)).await.expect("the house opens with its key");
        let order = BackupSettings { to: backup.clone(), epoch_escrow: Some(escrow.clone()) };
        let report = custody.backup_create(&order).await.expect("a backup is made");
        custody.close().await;
        report
    });
    assert!(report.objects_copied >= 3 && report.damaged.is_empty(), "{report:?}");
    let searched = files_below(all.path());
    let in_backup = searched.iter().filter(|file| file.starts_with(&backup)).count();
    assert!(in_backup as u64 > report.objects_copied, "the backup lies among what is searched");
    assert_eq!(searcher.files(&searched), Vec::new());

    nothing_opens_without_the_root_key(&all.path().join("stolen"), &dir, (&backup, &escrow), &runtime);
}

fn nothing_opens_without_the_root_key(
    stolen: &Path,
    dir: &Path,
    (backup, escrow): (&PathBuf, &PathBuf),
    runtime: &tokio::runtime::Runtime,
) {
    use std::os::unix::fs::PermissionsExt as _;
    copy(dir, stolen);
    std::fs::set_permissions(stolen, std::fs::Permissions::from_mode(0o700)).expect("a folder can be closed");
    std::fs::remove_file(stolen.join("demo-root.key")).expect("the key lies beside");
    let start = || {
        let arguments = ["demo", "--listen", "127.0.0.1:0", "--json", "--dir"];
        let output = Command::new(strongroom()).args(arguments).arg(stolen).output().expect("the binary starts");
        assert!(output.stdout.is_empty(), "nothing is served");
        output.status.code()
    };
    assert_eq!(start(), Some(2), "no key");
    let other = RootKey::generate(&SystemEntropy);
    std::fs::write(stolen.join("demo-root.key"), other.to_file_line().as_bytes()).expect("a key can be written");
    assert_eq!(start(), Some(4), "another key");
    let opened = runtime.block_on(house(stolen, RootKey::generate(&SystemEntropy)));
    assert!(opened.is_err(), "another key");

    let order = RestoreOrder {
        from: backup.clone(),
        set: None,
        into: stolen.with_file_name("restored"),
        epoch_escrow: escrow.clone(),
        key: None,
        outside: Vec::new(),
    };
    let restore = |root: RootKey, order: RestoreOrder| {
        runtime.block_on(async move {
            custody::restore(&order, settings(), root, Arc::new(SystemClock), Arc::new(SystemEntropy))
                .await
                .map(|(custody, _)| custody)
        })
    };
    assert!(restore(RootKey::generate(&SystemEntropy), order.clone()).is_err(), "a backup and another key");
    let without_escrow = RestoreOrder { epoch_escrow: stolen.join("no-such-file"), ..order.clone() };
    assert!(restore(key_of(dir), without_escrow).is_err(), "a backup and the key without the escrow");
    assert!(files_below(&order.into).is_empty(), "nothing was put there");
    // With both it comes back, so the refusals above were the key's doing.
    let custody = restore(key_of(dir), order).unwrap_or_else(|error| panic!("the backup restores: {error}"));
    runtime.block_on(custody.close());
}
