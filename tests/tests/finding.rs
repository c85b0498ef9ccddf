//! The whole way from an open door to the person who must know: somebody put another server at the public address, as a
//! repair or a wrong proxy would. The outside probe finds it, the operator's command is told, the ledger holds it, the
//! portal is shut, and a restart does not open it.

use record::Outcome;
use record::action::Action;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use strongroom_tests::binary::{Browser, folder, until};
use strongroom_tests::work::WorkHouse;

/// Answers everybody with a page, as a portal would that came back without its lock.
fn open_to_everybody(listener: TcpListener) {
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut stream = stream;
                let mut asked = [0; 4096];
                drop(stream.read(&mut asked));
                let body = "<h1>Patients</h1>";
                drop(write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                ));
            });
        }
    });
}

#[test]
fn a_door_found_open_at_the_public_address_is_told_written_and_shut_and_stays_so() {
    let all = folder("finding");
    let (dir, told) = (all.path().join("data"), all.path().join("told"));
    let more = format!("probe_public = true\nalert_command = [\"sh\", \"-c\", \"cat >> {}\"]\n", told.display());
    let (house, ()) = WorkHouse::make(all.path(), (&dir, &[]), &more, |_| ());
    // The house listens elsewhere, as behind a proxy; at the public address somebody else answers.
    let inside = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
    let listen = inside.local_addr().expect("it has an address");
    drop(inside);
    let text = std::fs::read_to_string(&house.config).expect("the configuration is there");
    let text = text.replace(&format!("listen = \"{}\"", house.place.socket), &format!("listen = \"{listen}\""));
    std::fs::write(&house.config, text).expect("the configuration can be written");
    open_to_everybody(TcpListener::bind(house.place.socket).expect("the public address is free"));

    let served = house.serve();
    let said = until("the alert command was told", || {
        std::fs::read_to_string(&told)
            .ok()
            .filter(|text| text.contains("open_door: The outside probe found an open door"))
    });
    assert!(!said.contains("Patients"), "what the page showed is not passed on: {said}");
    // Asked behind the proxy, by the name that people use.
    let behind = |path: &str| {
        let mut stream = std::net::TcpStream::connect(listen).ok()?;
        let host = &house.place.host;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").ok()?;
        strongroom_tests::binary::read_answer(&mut stream, false).ok().map(|answer| answer.status)
    };
    until("the portal is shut", || (behind("/inbox") == Some(503)).then_some(()));
    served.stop();
    let again = house.serve();
    until("the portal answers", || (behind("/healthz") == Some(200)).then_some(()));
    assert_eq!(behind("/inbox"), Some(503), "a restart does not open what a finding closed");
    again.stop();
    assert!(Browser::at(&house.place.host).get("/inbox").is_ok_and(|answer| answer.status == 200), "the hole is there");

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let found = runtime.block_on(async {
        let store = house.ground.store().await.expect("it opens");
        let filter = store::EntryFilter { actions: vec![Action::AlertList.as_str().to_owned()], ..Default::default() };
        let entries = store.entry_list(&filter, 500).await.expect("entries can be read");
        let kinds: Vec<String> = store.alert_list().await.expect("alerts").into_iter().map(|one| one.kind).collect();
        store.close().await;
        let entries: Vec<_> =
            entries.iter().map(|one| ledger::leaf::decode(&one.leaf).expect("a leaf").entry).collect();
        (entries, kinds)
    });
    assert!(found.0.iter().any(|entry| entry.outcome == Outcome::Noted && entry.why == "open_door"), "{:?}", found.0);
    assert!(found.1.iter().any(|kind| kind == "open_door"), "officers find it in their list: {:?}", found.1);
}
