//! Commands at the machine through the running server's socket: nobody before somebody has confirmed, and then that
//! person and nobody more. And whoever speaks to the socket in another way than the command does.

use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use strongroom_tests::binary::run;
use strongroom_tests::terminal::{House, confirm};

#[test]
fn a_command_is_done_in_the_name_of_whoever_confirmed_it_and_with_no_other_rights() {
    let house = House::start("terminal-confirmed");
    let (ruth, tess) = (house.demo.sign_in("ruth.okafor"), house.demo.sign_in("tess.bauer"));
    let meta = std::fs::symlink_metadata(house.folder.path().join("house/admin.sock")).expect("the socket is there");
    assert!(meta.file_type().is_socket() && meta.permissions().mode() & 0o777 == 0o600, "for its owner alone");

    let waiting = house.command(&["customer", "list"]);
    let page = ruth.post("/terminal", &[("code", &waiting.code)]).expect("the portal answers");
    assert!(page.status == 200 && page.text().contains("list the customers"), "what it would do is shown");
    assert_eq!(confirm(&ruth, "AAAA-BBBB"), 422, "a guess is no code");
    assert_eq!(confirm(&ruth, &waiting.code), 303);
    let code = waiting.code.clone();
    let (status, out, said) = waiting.end();
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(out["customers"].as_array().map(Vec::len), Some(3), "an officer knows all: {out}");
    assert_eq!(confirm(&ruth, &code), 422, "once");

    // A transcriptionist lets a command act in their name, and it may no more than they may.
    let waiting = house.command(&["ledger", "tail"]);
    assert_eq!(confirm(&tess, &waiting.code), 303);
    let (status, out, said) = waiting.end();
    assert_eq!((status, out), (Some(3), Value::Null), "{said}");

    // And all of it is in the ledger, by the person's name.
    let waiting = house.command(&["ledger", "tail", "--count", "200"]);
    assert_eq!(confirm(&ruth, &waiting.code), 303);
    let (status, out, said) = waiting.end();
    assert_eq!(status, Some(0), "{said}");
    let entries = out["entries"].as_array().expect("entries");
    let seen = |action: &str, outcome: &str| {
        entries.iter().filter(|one| one["action"] == action && one["outcome"] == outcome).count()
    };
    assert!(seen("terminal.confirm", "permitted") >= 3 && seen("customer.list", "permitted") >= 1);
    assert_eq!(seen("ledger.list", "refused"), 1, "{out}");
    house.demo.stop();
}

#[test]
fn an_administrator_backs_up_the_running_house_without_the_root_key_and_anybody_verifies_it() {
    let house = House::start("terminal-backup");
    let (alma, sam) = (house.demo.sign_in("alma.novak"), house.demo.sign_in("sam.idris"));
    let place = |name: &str| house.folder.path().join(name).display().to_string();
    let (to, escrow) = (place("backup"), place("escrow"));
    let arguments = ["backup", "--to", &to, "--epoch-escrow", &escrow, "--verify"];
    let waiting = house.command(&arguments);
    assert_eq!(confirm(&sam, &waiting.code), 303);
    let (status, _, said) = waiting.end();
    assert_eq!(status, Some(3), "a security officer makes no backups: {said}");
    let waiting = house.command(&arguments);
    assert_eq!(confirm(&alma, &waiting.code), 303);
    let (status, out, said) = waiting.end();
    assert_eq!(status, Some(0), "{said}");
    assert!(out["entries"].as_u64() > Some(0) && out["problems"].as_array().is_some_and(Vec::is_empty), "{out}");
    // Without any secret, and without the house.
    let key = place("backup.pub");
    std::fs::write(&key, out["key"].as_str().expect("a key")).expect("written");
    let whole = run(&["backup", "--verify-only", &to, "--key", &key, "--json"]);
    assert_eq!(whole.status.code(), Some(0), "{}", String::from_utf8_lossy(&whole.stderr));
    let sets = Path::new(&to).join("sets");
    let set = std::fs::read_dir(sets).expect("sets").next().expect("a set").expect("a set").path();
    let mut bytes = std::fs::read(set.join("objects.txt")).expect("the list of objects");
    bytes[10] ^= 1;
    std::fs::write(set.join("objects.txt"), bytes).expect("damaged");
    assert_eq!(run(&["backup", "--verify-only", &to]).status.code(), Some(1), "damage is a finding");
    assert_eq!(run(&["backup", "--verify-only", &place("nowhere")]).status.code(), Some(2));
    house.demo.stop();
}

#[test]
fn patients_are_imported_by_the_practices_own_records_staff_and_by_nobody_else() {
    let house = House::start("terminal-import");
    let (frida, ruth) = (house.demo.sign_in("frida.holm"), house.demo.sign_in("ruth.okafor"));
    let waiting = house.command(&["customer", "list"]);
    assert_eq!(confirm(&ruth, &waiting.code), 303);
    let (_, out, _) = waiting.end();
    let lakeside = out["customers"].as_array().into_iter().flatten().find(|one| one["name"] == "Lakeside Pediatrics");
    let lakeside = lakeside.and_then(|one| one["customer_id"].as_str()).expect("it is there").to_owned();
    let table = house.folder.path().join("patients.csv").display().to_string();
    let text =
        "last name,first name,date of birth,record number\nOstrander,Mia,04/05/2015,LP-900001\n,Nobody,,LP-900002\n";
    std::fs::write(&table, text).expect("a table");
    let import = ["import", "patients", &table, "--customer", &lakeside];
    let waiting = house.command(&import);
    assert_eq!(confirm(&ruth, &waiting.code), 303);
    let (status, out, said) = waiting.end();
    assert_eq!((status, out), (Some(3), Value::Null), "an officer reads and writes no patients: {said}");
    let dry = [&import[..], &["--dry-run"]].concat();
    for (arguments, found) in [(&dry[..], false), (&import[..], true)] {
        let waiting = house.command(arguments);
        let page = frida.post("/terminal", &[("code", &waiting.code)]).expect("the portal answers");
        assert!(page.text().contains("import patients of") && !page.text().contains("Ostrander"));
        assert_eq!(confirm(&frida, &waiting.code), 303);
        let (status, out, said) = waiting.end();
        assert_eq!(status, Some(1), "one line was rejected: {said}");
        assert!(said.contains("line 3") && !said.contains("Nobody"), "{said}");
        assert_eq!((out["new"].as_u64(), out["dry_run"].as_bool()), (Some(1), Some(!found)), "{out}");
        let page = frida.post("/patients", &[("family", "ostrander"), ("customer", &lakeside)]);
        assert_eq!(page.expect("the portal answers").text().contains("Ostrander"), found);
    }
    assert_eq!(
        run(&["import", "patients", "/nowhere.csv", "--config", &house.config(), "--customer", &lakeside])
            .status
            .code(),
        Some(2)
    );
    house.demo.stop();
}

/// Everything that the socket says until it hangs up.
fn answers(mut stream: UnixStream, bytes: &[u8]) -> String {
    // What is refused early may be hung up on before all of it was read.
    drop(stream.write_all(bytes));
    drop(stream.shutdown(std::net::Shutdown::Write));
    let mut said = Vec::new();
    drop(stream.read_to_end(&mut said));
    String::from_utf8(said).expect("lines of text")
}

#[test]
fn whoever_speaks_nonsense_to_the_socket_is_hung_up_on_and_the_portal_goes_on() {
    let house = House::start("terminal-hostile");
    let order = |text: &str| format!("{{\"v\":1,\"order\":{text}}}\n").into_bytes();
    let import = r#"{"do":"import.people","with":{"customer":null,"dry_run":true}}"#;
    let long = [br#"{"v":1,"order":""#.to_vec(), vec![b'a'; 200_000], b"\"}\n".to_vec()].concat();
    let too_much = {
        let piece = format!("{{\"piece\":\"{}\"}}\n", "AAAA".repeat(12_000));
        [order(import), piece.repeat(1000).into_bytes()].concat()
    };
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("half a line", b"{\"v\":1,".to_vec()),
        ("a request of another kind", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec()),
        ("no text", vec![0xff; 4096]),
        ("a line without an end", vec![b'a'; 1 << 20]),
        ("a long line", long),
        ("an order that is not known", order(r#"{"do":"document.read","with":{"document":"doc_1"}}"#)),
        ("a field too many", order(r#"{"do":"customer.list","with":{"as":"root"}}"#)),
        ("another version", b"{\"v\":2,\"order\":{\"do\":\"customer.list\",\"with\":{}}}\n".to_vec()),
        ("a file that is too large", too_much),
        ("a file that ends wrong", [order(import), b"{\"end\":7}\n".to_vec()].concat()),
        ("a file that is no base64", [order(import), b"{\"piece\":\"%%%%\"}\n".to_vec()].concat()),
        ("a word after the order", [order(r#"{"do":"customer.list","with":{}}"#), b"more\n".to_vec()].concat()),
    ] {
        let said = answers(house.socket(), &bytes);
        assert!(!said.contains("\"done\"") && !said.contains("\"confirmed\""), "{what}: {said}");
        let last = said.lines().last().unwrap_or_default();
        assert!(last.is_empty() || last.contains("\"failed\""), "{what}: {said}");
    }
    // Commands that nobody confirms take each other's room, and no more: whoever goes makes room again.
    let many: Vec<UnixStream> = (0..40).map(|_| house.socket()).collect();
    drop(many);
    let ruth = house.demo.sign_in("ruth.okafor");
    let waiting = strongroom_tests::binary::until("there is room again", || {
        let waiting = house.command(&["customer", "list"]);
        (!waiting.code.is_empty()).then_some(waiting)
    });
    assert_eq!(confirm(&ruth, &waiting.code), 303);
    assert_eq!(waiting.end().0, Some(0));
    house.demo.stop();
}
