//! Bad input over a real socket: a clear status, nothing stored, nothing lost, and the portal goes on.

use std::io::Write as _;
use std::thread;
use strongroom_tests::binary::{Answer, Browser, between, files_below, folder, read_answer, until};
use strongroom_tests::house::House;
use tokio::runtime::Runtime;

/// The limit on one file in these tests, bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;
const GOOD: &str = "Patient: Doe, Jane\nDOB: 01/02/1960\n\nAll is well.\n";

/// A house in this process, and who sends it bad things.
struct Scene {
    runtime: Runtime,
    house: House,
    tess: Browser,
    query: String,
}

impl Scene {
    fn begin(scan: Option<Vec<String>>) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let house = runtime.block_on(House::start_with(|settings| {
            settings.file_bytes_max = FILE_BYTES_MAX;
            settings.scan_command = scan;
            settings.opens_per_hour_max = u64::MAX / 4;
        }));
        let house = house.expect("a house");
        let tess = signed_in(&house, "tess.bauer");
        let lakeside =
            tess.customers().into_iter().find(|(name, _)| name.contains("Lakeside")).expect("tess works there").1;
        Self { runtime, house, tess, query: format!("customer={lakeside}") }
    }

    fn upload(&self, name: &str, bytes: &[u8]) -> Answer {
        self.tess.upload(&format!("{}&same=keep", self.query), name, "", bytes).expect("the portal answers")
    }

    /// The same, by somebody who does not say what is to become of a file that came in before.
    fn upload_once(&self, name: &str, bytes: &[u8]) -> Answer {
        self.tess.upload(&self.query, name, "", bytes).expect("the portal answers")
    }

    /// Everything that a bad request must leave as it was: rows of every kind, and every object.
    fn kept(&self) -> (Vec<String>, usize) {
        let ground = self.house.ground();
        let statement = format!(
            "SELECT COUNT(*) FROM document UNION ALL SELECT COUNT(*) FROM document_version \
             UNION ALL SELECT COUNT(*) FROM patient UNION ALL SELECT COUNT(*) FROM upload WHERE {} \
             UNION ALL SELECT COUNT(*) FROM person UNION ALL SELECT COUNT(*) FROM session \
             UNION ALL SELECT COALESCE(SUM(revision), 0) FROM document",
            ground.uploads_left()
        );
        (ground.rows(&statement), ground.objects().len())
    }

    /// After whatever came: the portal answers, and a good file is still taken and comes back as it was.
    fn assert_goes_on(&self) {
        assert_eq!(self.tess.get("/healthz").expect("the portal answers").status, 200);
        let good = self.upload("good.txt", GOOD.as_bytes());
        assert_eq!(good.status, 201, "{}", good.text());
        let path = good.json()["href"].as_str().expect("where it is").to_owned();
        let back = self.tess.get(&format!("{path}/file")).expect("the portal answers");
        assert_eq!(back.body, GOOD.as_bytes());
    }

    fn end(self) {
        self.runtime.block_on(self.house.stop());
    }
}

fn signed_in(house: &House, who: &str) -> Browser {
    let mut browser = Browser::at(&house.place.host);
    browser.sign_in_by(&house.link(house.person(who).id));
    browser
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let packed = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in parts {
        archive.start_file(*name, packed).expect("a part begins");
        archive.write_all(bytes).expect("a part is written");
    }
    archive.finish().expect("the archive ends").into_inner()
}

fn docx(body: &str) -> Vec<u8> {
    let types =
        b"<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";
    let body = format!(
        "<?xml version=\"1.0\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">\
         <w:body><w:p><w:r><w:t>{body}</w:t></w:r></w:p></w:body></w:document>"
    );
    archive(&[("[Content_Types].xml", types), ("word/document.xml", body.as_bytes())])
}

/// A clear answer: a status that fits, a sentence that does not repeat what was sent.
fn assert_clear(what: &str, answer: &Answer, fitting: &[u16]) {
    let text = answer.text();
    assert!(fitting.contains(&answer.status), "{what}: {} {text}", answer.status);
    assert!(answer.header("content-security-policy").is_some(), "{what} has the door's headers");
    assert!(!text.contains("Doe, Jane") && !text.contains("panicked"), "{what}: {text}");
}

#[test]
fn files_that_are_not_what_is_taken_here_leave_nothing() {
    let scene = Scene::begin(None);
    let whole = docx("All is well.");
    let bomb = docx(&" ".repeat(90 << 20));
    assert!(bomb.len() < FILE_BYTES_MAX as usize, "small enough to be taken: {}", bomb.len());
    let many: Vec<(String, Vec<u8>)> = (0..4_500).map(|number| (format!("word/media/{number}"), Vec::new())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let many = [
        &[("[Content_Types].xml", b"<Types/>".as_slice()), ("word/document.xml", b"<w/>".as_slice())],
        many.as_slice(),
    ]
    .concat();
    let many = archive(&many);
    let pdf = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pag";
    let html = b"<!doctype html><html><script>alert(1)</script></html>";
    let cases: Vec<(&str, &[u8])> = vec![
        ("program.exe", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0"),
        ("program.txt", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0"),
        ("elf.pdf", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
        ("page.html", html),
        ("page.txt", html),
        ("drawing.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
        ("script.sh", b"#!/bin/sh\nrm -rf /\n"),
        ("transcript.txt.exe", b"only text\n"),
        ("archive.zip", &whole),
        ("transcript.txt", &whole),
        ("transcript.pdf", &whole),
        ("letter.docx", pdf),
        ("no-word-inside.docx", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        ("empty.txt", b""),
        ("half.pdf", pdf),
        ("half.docx", &whole[..whole.len() / 2]),
        ("bomb.docx", &bomb),
        ("many-parts.docx", &many),
    ];
    let before = scene.kept();
    for (name, bytes) in cases {
        assert_clear(name, &scene.upload(name, bytes), &[422]);
        assert_eq!(scene.kept(), before, "{name} left something");
    }
    scene.assert_goes_on();
    scene.end();
}

#[test]
fn too_large_too_slow_and_broken_off_leave_nothing() {
    let scene = Scene::begin(None);
    let before = scene.kept();
    let large = vec![b'a'; FILE_BYTES_MAX as usize + 1];
    assert_clear("announced", &scene.upload("large.txt", &large), &[413]);
    let tess = &scene.tess;
    let begin = |more: &str| {
        let mut stream = tess.connect().expect("the portal listens");
        let head = format!(
            "{}X-Csrf: {}\r\nX-File-Name: slow.txt\r\n{more}\r\n\r\n",
            tess.head("POST", &format!("/upload/file?{}", scene.query)),
            tess.csrf()
        );
        stream.write_all(head.as_bytes()).expect("the portal listens");
        stream
    };
    thread::scope(|scope| {
        // The door's patience is half a minute: this one waits beside the others.
        let slow = scope.spawn(|| {
            let mut stream = begin("Content-Length: 4000");
            stream.write_all(GOOD.as_bytes()).expect("the beginning is taken");
            read_answer(&mut stream, false).expect("it is told")
        });
        let mut chunked = begin("Transfer-Encoding: chunked");
        for piece in large.chunks(64 << 10) {
            let sent = write!(chunked, "{:x}\r\n", piece.len())
                .and_then(|()| chunked.write_all(piece))
                .and_then(|()| chunked.write_all(b"\r\n"));
            if sent.is_err() {
                break;
            }
        }
        drop(chunked.write_all(b"0\r\n\r\n"));
        assert_clear("unannounced", &read_answer(&mut chunked, false).expect("it is told"), &[413]);

        let mut cut = begin("Content-Length: 500000");
        cut.write_all(&large[..200_000]).expect("the beginning is taken");
        drop(cut);
        assert_clear("too slow", &slow.join().expect("no panic"), &[408]);
    });
    until("nothing is left of what broke off", || (scene.kept() == before).then_some(()));
    scene.assert_goes_on();
    scene.end();
}

#[test]
fn a_customers_quota_and_the_limit_on_one_file_hold_and_leave_nothing() {
    let scene = Scene::begin(None);
    let lakeside = scene.query.trim_start_matches("customer=").to_owned();
    let held = || -> u64 {
        let statement = format!("SELECT held_bytes FROM customer WHERE customer_id = '{lakeside}'");
        scene.house.ground().rows(&statement)[0].parse().expect("a number")
    };
    // All but a little of the quota is taken: by a number, so that nobody waits for gigabytes.
    let quota = scene.house.custody.settings().customer_bytes_max;
    let set = |bytes: u64| {
        let statement = format!("UPDATE customer SET held_bytes = {bytes} WHERE customer_id = '{lakeside}'");
        scene.house.ground().change(&statement);
    };
    set(quota - 1_000);
    let before = scene.kept();
    let large = GOOD.repeat(40);
    assert!(large.len() > 1_000);
    assert_clear("over the quota", &scene.upload("large.txt", large.as_bytes()), &[413]);
    assert_eq!((scene.kept(), held()), (before.clone(), quota - 1_000), "nothing stored, nothing counted");
    let small = scene.upload("small.txt", GOOD.as_bytes());
    assert_eq!(small.status, 201, "what fits is taken: {}", small.text());
    assert_eq!(held(), quota - 1_000 + GOOD.len() as u64);
    set(quota);
    let before = scene.kept();
    assert_clear("not a byte left", &scene.upload("one.txt", b"A line.\n"), &[413]);
    assert_eq!(scene.kept(), before);
    // Another customer's room is their own.
    let harbor =
        scene.tess.customers().into_iter().find(|(name, _)| name.contains("Harbor")).expect("tess works there").1;
    let other = scene.tess.upload(&format!("customer={harbor}"), "other.txt", "", GOOD.as_bytes());
    assert_eq!(other.expect("the portal answers").status, 201);
    set(0);
    let edge = vec![b'a'; FILE_BYTES_MAX as usize];
    assert_eq!(scene.upload("edge.txt", &edge).status, 201, "the limit itself is allowed");
    let before = scene.kept();
    let over = vec![b'a'; FILE_BYTES_MAX as usize + 1];
    assert_clear("over the limit", &scene.upload("over.txt", &over), &[413]);
    assert_eq!(scene.kept(), before);
    scene.assert_goes_on();
    scene.end();
}

#[test]
fn names_that_play_tricks_are_refused_or_made_harmless() {
    let scene = Scene::begin(None);
    let before = scene.house.ground().objects().len();
    for name in [
        "../../../../etc/passwd.txt",
        "..\\..\\windows\\system32\\note.txt",
        "/absolute.txt",
        "C:\\note.txt",
        "line\r\nSet-Cookie: a=b.txt",
        "nul\0byte.txt",
        "quote\";filename=evil.txt",
        "\u{202e}fdp.txt",
        "\u{2066}hidden\u{2069}.txt",
        "zero\u{200b}width.txt",
        "con.txt",
        ".hidden.txt",
        "trailing. .txt",
        "ünïcödé-名前.txt",
        "%2e%2e%2fpercent.txt",
    ] {
        let answer = scene.upload(name, GOOD.as_bytes());
        assert_eq!(answer.status, 201, "{name:?}: {}", answer.text());
        let path = answer.json()["href"].as_str().expect("where it is").to_owned();
        let back = scene.tess.get(&format!("{path}/file")).expect("the portal answers");
        let named = back.header("content-disposition").expect("an attachment with a name").to_owned();
        assert!(named.starts_with("attachment"), "{name:?}: {named}");
        let plain = between(&named, "filename=\"", "\"").expect("a plain name").to_owned();
        assert!(
            !plain.contains(['/', '\\', ':', ';', '\u{202e}']) && !plain.starts_with('.') && plain.ends_with(".txt"),
            "{name:?}: {plain}"
        );
        let encoded = named.split("filename*=").nth(1).unwrap_or_default().to_ascii_uppercase();
        for bad in ["%2F", "%5C", "%00", "%0D", "%0A", "%E2%80%AE", "%E2%81%A6", "%E2%80%8B"] {
            assert!(!encoded.contains(bad), "{name:?}: {encoded}");
        }
        assert!(back.header("set-cookie").is_none());
    }
    let made = scene.house.ground().objects();
    let files = files_below(scene.house.dir()).into_iter().map(|file| file.to_string_lossy().into_owned());
    assert!(made.len() > before && made.iter().cloned().chain(files).all(|name| !name.contains("passwd")));

    let before = scene.kept();
    let bad = |name: &str| {
        let headers = [("X-Csrf", scene.tess.csrf()), ("X-File-Name", name)];
        scene
            .tess
            .send("POST", &format!("/upload/file?{}", scene.query), &headers, GOOD.as_bytes())
            .expect("the portal answers")
    };
    assert_clear("no UTF-8", &bad("%ff%fe.txt"), &[400]);
    assert_clear("half a letter", &bad("%e2%82.txt"), &[400]);
    assert_clear("bytes outside of ASCII", &bad("n\u{e4}me.txt"), &[400]);
    assert_clear("nothing", &bad(""), &[400, 422]);
    assert_clear("blanks", &bad("%20%20"), &[422]);
    assert_clear("too long", &bad(&format!("{}.txt", "n".repeat(300))), &[422]);
    let headers = [("X-Csrf", scene.tess.csrf())];
    let none = scene.tess.send("POST", &format!("/upload/file?{}", scene.query), &headers, GOOD.as_bytes());
    assert_clear("no name", &none.expect("the portal answers"), &[400]);
    assert_eq!(scene.kept(), before);
    scene.assert_goes_on();
    scene.end();
}

#[test]
fn words_beside_a_file_that_do_not_fit_leave_nothing_of_the_file() {
    let scene = Scene::begin(None);
    let harbor =
        scene.tess.customers().into_iter().find(|(name, _)| name.contains("Harbor")).expect("tess works there").1;
    // Somebody else's patient and somebody else's clinician: known there, and nothing of theirs here.
    let one = |statement: &str| scene.house.ground().rows(statement).pop().expect("there is one");
    let patient = one(&format!("SELECT patient_id FROM patient WHERE customer_id = '{harbor}' LIMIT 1"));
    let stranger = scene.house.person("grace.tully").id;
    let before = scene.kept();
    let query = &scene.query;
    for (what, query, fitting) in [
        ("no customer", String::new(), vec![422]),
        ("a customer that is none", "customer=cus_nonsense".to_owned(), vec![422]),
        ("a customer that is not there", "customer=cus_00000000000000000000000000".to_owned(), vec![404, 422]),
        ("a foreign patient", format!("{query}&patient={patient}"), vec![404, 422]),
        ("a foreign clinician", format!("{query}&author={stranger}"), vec![404, 422]),
        ("a version of nothing", format!("{query}&version_of=doc_00000000000000000000000000"), vec![404]),
        ("the same field twice", format!("{query}&customer={harbor}"), vec![400]),
    ] {
        let answer = scene.tess.upload(&query, "good.txt", "", GOOD.as_bytes()).expect("the portal answers");
        assert_clear(what, &answer, &fitting);
        assert_eq!(scene.kept(), before, "{what} left something");
    }
    for fields in ["family=%E2%80%AEspoof", "given=a%00b", &format!("record_number={}", "9".repeat(500)), "family=%ff"]
    {
        let answer = scene.tess.upload(query, "good.txt", fields, GOOD.as_bytes()).expect("the portal answers");
        assert_clear(fields, &answer, &[400, 422]);
        assert_eq!(scene.kept(), before, "{fields} left something");
    }
    // The same file twice is two documents, each whole, when somebody said so: nothing is lost by taking it again.
    let twice = [scene.upload("good.txt", GOOD.as_bytes()), scene.upload("good.txt", GOOD.as_bytes())];
    assert!(twice.iter().all(|answer| answer.status == 201) && twice[0].json()["href"] != twice[1].json()["href"]);
    scene.assert_goes_on();
    scene.end();
}

#[test]
fn a_file_that_came_in_before_is_kept_only_when_somebody_says_so() {
    let scene = Scene::begin(None);
    let first = scene.upload_once("first name.txt", GOOD.as_bytes());
    assert_eq!(first.status, 201, "{}", first.text());
    let path = first.json()["href"].as_str().expect("where it is").to_owned();
    let before = scene.kept();
    let again = scene.upload_once("another name.txt", GOOD.as_bytes());
    assert_eq!(again.status, 409, "{}", again.text());
    let told = again.json();
    let sentence = told["detail"].as_str().expect("a sentence");
    assert!(sentence.contains("as first name.txt") && sentence.contains("Nothing was kept"), "{sentence}");
    assert_eq!(told["same"]["href"].as_str(), Some(path.as_str()));
    assert_eq!(told["same"]["may_be_version"], true);
    assert_eq!(scene.kept(), before, "what was not taken left something");
    // One byte more is another file; the same one, kept as a version, is no new document.
    assert_eq!(scene.upload_once("other.txt", format!("{GOOD} ").as_bytes()).status, 201);
    let document = told["same"]["document"].as_str().expect("which");
    let query = format!("version_of={document}&same=keep");
    let version = scene.tess.upload(&query, "again.txt", "", GOOD.as_bytes()).expect("the portal answers");
    assert_eq!(version.status, 201, "{}", version.text());
    assert_eq!(version.json()["href"].as_str(), Some(path.as_str()));
    // Many at once with the same bytes: one is kept.
    let bytes = format!("{GOOD}Once only.\n");
    let statuses: Vec<u16> = thread::scope(|scope| {
        let send = || scene.upload_once("once.txt", bytes.as_bytes()).status;
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 201 | 409)), "{statuses:?}");
    scene.assert_goes_on();
    scene.end();
}

#[test]
fn bad_ranges_are_answered_whole_or_refused() {
    let scene = Scene::begin(None);
    let bytes: Vec<u8> = GOOD.bytes().cycle().take(200_000).collect();
    let path = scene.upload("range.txt", &bytes).json()["href"].as_str().expect("where it is").to_owned();
    let ask = |range: &str| {
        scene.tess.send("GET", &format!("{path}/file"), &[("Range", range)], &[]).expect("the portal answers")
    };
    for (from, to) in [(0_usize, 0), (0, 99), (65_530, 65_545), (131_000, 199_999), (199_999, 199_999)] {
        let answer = ask(&format!("bytes={from}-{to}"));
        assert_eq!(answer.status, 206);
        assert_eq!(answer.header("content-range"), Some(format!("bytes {from}-{to}/200000").as_str()));
        assert!(answer.body == bytes[from..=to], "{from}-{to}");
    }
    for (range, from) in
        [("bytes=5-", 5), ("bytes=-5", 199_995), ("bytes=-999999999", 0), ("bytes=0-18446744073709551615", 0)]
    {
        let answer = ask(range);
        assert!(answer.status == 206 && answer.body == bytes[from..], "{range}: {}", answer.status);
        assert_eq!(answer.header("content-range"), Some(format!("bytes {from}-199999/200000").as_str()), "{range}");
    }
    for range in ["bytes=5-2", "bytes=-", "bytes=a-b", "bytes=0-1,5-9", "lines=1-2", "bytes=200000-,0-1", "bytes=0 -1"]
    {
        let answer = ask(range);
        assert!(answer.status == 200 && answer.body == bytes, "{range}: {}", answer.status);
        assert_eq!(answer.header("content-range"), None, "{range}");
    }
    for range in [
        "bytes=200000-",
        "bytes=200000-200001",
        "bytes=18446744073709551614-18446744073709551615",
        "bytes=-0",
        "bytes=-0,200000-",
    ] {
        let answer = ask(range);
        assert_eq!(answer.status, 416, "{range}");
        assert_eq!(answer.header("content-range"), Some("bytes */200000"), "{range}");
        assert!(!answer.text().contains("All is well"), "{range}");
    }
    let unchanged = [("Range", "bytes=0-9"), ("If-Range", "\"some-tag\"")];
    let answer = scene.tess.send("GET", &format!("{path}/file"), &unchanged, &[]).expect("the portal answers");
    assert!(answer.status == 200 && answer.body == bytes, "a range that hangs on a validator there is none of");
    let head =
        scene.tess.send("HEAD", &format!("{path}/file"), &[("Range", "bytes=0-9")], &[]).expect("the portal answers");
    assert!(head.body.is_empty() && head.status == 200, "a range is defined for GET alone: {}", head.status);
    scene.assert_goes_on();
    scene.end();
}

#[test]
fn malformed_forms_and_passkeys_are_refused() {
    let scene = Scene::begin(None);
    let (tess, frida) = (&scene.tess, signed_in(&scene.house, "frida.holm"));
    let stranger = Browser::at(&scene.house.place.host);
    let before = scene.kept();
    let json = [("Content-Type", "application/json")];
    let deep = "[".repeat(100_000);
    let large = format!("{{\"ceremony\":\"{}\"}}", "a".repeat(300 << 10));
    let hollow = r#"{"ceremony":"AAAA","credential":{"id":"","rawId":"","response":{},"type":"public-key"}}"#;
    let bodies: [&[u8]; 12] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\"text\"",
        b"{\"ceremony\":1}",
        b"{\"credential\":[]}",
        b"{\"ceremony\":\"x\",\"credential\":{}}",
        hollow.as_bytes(),
        deep.as_bytes(),
        b"{\"ceremony\":\"\xff\xfe\"}",
        large.as_bytes(),
    ];
    for path in ["/sign-in/finish", "/sign-in/enrol/finish", "/sign-in/enrol/start"] {
        for body in bodies {
            let answer = stranger.send("POST", path, &json, body).expect("the portal answers");
            assert_clear(
                &format!("{path} {:?}", &body[..body.len().min(60)]),
                &answer,
                &[400, 403, 413, 415, 422, 429],
            );
            assert!(answer.header("set-cookie").is_none());
        }
    }
    for (kind, body) in [("text/plain", "{}"), ("application/x-www-form-urlencoded", "a=b")] {
        let answer = stranger.send("POST", "/sign-in/finish", &[("Content-Type", kind)], body.as_bytes());
        assert_clear(kind, &answer.expect("the portal answers"), &[415]);
    }
    let nonsense = stranger.send("POST", "/sign-in/nonsense", &json, b"{}").expect("the portal answers");
    assert_clear("a step that is none", &nonsense, &[401, 404]);

    let wide = "x".repeat(70 << 10);
    assert_clear("a form too large", &frida.post("/patients/new", &[("family", &wide)]).expect("it answers"), &[413]);
    let typed = |kind: &str, body: &[u8]| {
        let headers = [("Content-Type", kind), ("X-Csrf", frida.csrf())];
        frida.send("POST", "/patients/new", &headers, body).expect("the portal answers")
    };
    assert_clear("a form of another kind", &typed("application/json", b"{}"), &[415]);
    assert_clear("a form of no kind", &typed("", b"family=A&given=B"), &[415]);
    assert_clear("no UTF-8", &typed("application/x-www-form-urlencoded", b"family=%ff%fe&given=B"), &[400, 422]);
    assert_clear("nothing typed", &frida.post("/patients/new", &[]).expect("it answers"), &[400, 422]);
    for family in ["", " ", "a\u{0}b", "bell\u{7}", "\u{202e}reversed", "zero\u{200b}width", &"n".repeat(5000)] {
        let answer = frida.post("/patients/new", &[("family", family), ("given", "Ada")]).expect("it answers");
        assert_clear(&format!("family {family:.20?}"), &answer, &[422]);
    }
    for (month, day, year) in
        [("13", "1", "1990"), ("2", "30", "1990"), ("x", "y", "z"), ("1", "1", "99999"), ("1", "1", "-1")]
    {
        let born = [("family", "Doe"), ("given", "Jo"), ("born_month", month), ("born_day", day), ("born_year", year)];
        assert_clear("a day that is none", &frida.post("/patients/new", &born).expect("it answers"), &[422]);
    }
    multipart(&scene, &frida);
    paths(&scene, &stranger);
    assert_eq!(scene.kept(), before);
    let none =
        tess.send("POST", "/patients/new", &[("Content-Type", "application/x-www-form-urlencoded")], b"family=A");
    assert_clear("no token", &none.expect("the portal answers"), &[403]);
    scene.assert_goes_on();
    scene.end();
}

/// Multipart forms that are broken in one way each.
fn multipart(scene: &Scene, frida: &Browser) {
    let send = |browser: &Browser, path: &str, kind: &str, body: &[u8]| {
        browser.send("POST", path, &[("Content-Type", kind)], body).expect("the portal answers")
    };
    let kind = "multipart/form-data; boundary=edge";
    let part = |name: &str, more: &str, bytes: &str| {
        format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{bytes}\r\n")
    };
    let token = |browser: &Browser| part("csrf", "", browser.csrf());
    let file = |name: &str, bytes: &str| part("file", &format!("; filename=\"{name}\""), bytes);
    let tess = &scene.tess;
    assert_clear("no boundary", &send(tess, "/upload", "multipart/form-data", b"--edge"), &[400]);
    assert_clear(
        "no token first",
        &send(tess, "/upload", kind, (file("a.txt", GOOD) + "--edge--\r\n").as_bytes()),
        &[403],
    );
    assert_clear("nothing inside", &send(tess, "/upload", kind, b""), &[400, 403]);
    let cut = token(tess)
        + &part("customer", "", scene.query.trim_start_matches("customer="))
        + "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cut.txt\"\r\n\r\nhalf of";
    let answer = send(tess, "/upload", kind, cut.as_bytes());
    assert!(
        answer.status == 200 && answer.text().contains("Not taken") || matches!(answer.status, 400 | 422),
        "cut: {} {}",
        answer.status,
        answer.text()
    );
    let table = token(frida) + &file("patients.csv", "\0\u{1}\u{2} no table at all") + "--edge--\r\n";
    assert_clear("a table that is none", &send(frida, "/patients/import", kind, table.as_bytes()), &[422]);
}

/// Addresses, methods and bytes that no browser sends.
fn paths(scene: &Scene, stranger: &Browser) {
    let tess = &scene.tess;
    for path in [
        "/documents/doc_",
        "/documents/%2e%2e/%2e%2e",
        "/documents/doc_%00",
        "//documents",
        "/documents/doc_00000000000000000000000000/versions/-1",
        "/documents/doc_00000000000000000000000000/versions/99999999999",
    ] {
        assert_clear(path, &tess.get(path).expect("the portal answers"), &[400, 404]);
    }
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        for browser in [tess, stranger] {
            assert_clear(
                method,
                &browser.send(method, "/upload", &[], &[]).expect("the portal answers"),
                &[401, 403, 405],
            );
        }
    }
    for bytes in [
        &b"\0\0\0\0\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\r\n\r\n",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n",
    ] {
        let mut stream = stranger.connect().expect("the portal listens");
        stream.write_all(bytes).expect("the portal listens");
        if let Ok(answer) = read_answer(&mut stream, false) {
            assert!((400..=505).contains(&answer.status), "{}", answer.status);
        }
    }
    let many: Vec<(String, String)> = (0..200).map(|number| (format!("X-Many-{number}"), "y".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    if let Ok(answer) = stranger.send("GET", "/sign-in", &many, &[]) {
        assert!(matches!(answer.status, 400 | 431), "{}", answer.status);
    }
    let long = format!("/sign-in?next=/{}", "a".repeat(100 << 10));
    if let Ok(answer) = stranger.get(&long) {
        assert!(matches!(answer.status, 400 | 414 | 431), "{}", answer.status);
    }
}

#[test]
fn a_scanner_decides_and_whatever_fails_it_keeps_the_file_out() {
    let folder = folder("scanner");
    let (program, script) = (folder.path().join("scanner"), folder.path().join("script"));
    let says = |text: &str| std::fs::write(&script, text).expect("a script can be written");
    std::os::unix::fs::symlink("/bin/sh", &program).expect("a link can be made");
    says("cat >/dev/null");
    let scene = Scene::begin(Some(vec![program.display().to_string(), script.display().to_string()]));
    let long = GOOD.repeat(10_000);
    for script in ["cat >/dev/null", "exit 0", "! grep -q EICAR"] {
        says(script);
        for text in [GOOD, long.as_str()] {
            let answer = scene.upload("scanned.txt", text.as_bytes());
            assert_eq!(answer.status, 201, "{script}: {}", answer.text());
            assert!(!answer.text().contains("Not scanned"), "{script}");
            let page =
                scene.tess.get(answer.json()["href"].as_str().expect("where it is")).expect("the portal answers");
            assert!(page.status == 200 && !page.text().contains("not scanned for malware"), "{script}");
        }
    }
    let before = scene.kept();
    assert_clear("a word", &scene.upload("bad.txt", b"here is EICAR in a text\n"), &[422]);
    for script in ["cat >/dev/null; exit 1", "exit 1", "kill -9 $$", "no-such-program", "cat >/dev/null; exit 2"] {
        says(script);
        for text in [GOOD, long.as_str()] {
            assert_clear(script, &scene.upload("scanned.txt", text.as_bytes()), &[422]);
        }
    }
    std::fs::remove_file(&program).expect("the scanner can be taken away");
    assert_clear("no scanner", &scene.upload("scanned.txt", GOOD.as_bytes()), &[500, 503]);
    assert_eq!(scene.kept(), before, "what was not found clean left something");
    std::os::unix::fs::symlink("/bin/sh", &program).expect("a link can be made");
    says("cat >/dev/null");
    scene.assert_goes_on();
    scene.end();
}

#[test]
fn without_a_scanner_everybody_is_told_so() {
    let scene = Scene::begin(None);
    let answer = scene.upload("plain.txt", GOOD.as_bytes());
    assert!(answer.status == 201 && answer.text().contains("Not scanned for malware"), "{}", answer.text());
    let page = scene.tess.get(answer.json()["href"].as_str().expect("where it is")).expect("the portal answers");
    assert!(page.text().contains("not scanned for malware"));
    scene.end();
}
