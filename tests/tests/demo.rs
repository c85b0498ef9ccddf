//! The demo with a practice of stand-ins: families whose charts and documents are read as those of any other practice.

use std::net::SocketAddr;
use std::process::Command;
use strongroom_tests::binary::{Demo, folder, strongroom};
use strongroom_tests::ground::Ground;

#[test]
fn a_practice_of_stand_ins_is_worked_in_like_any_other() {
    let dir = folder("demo-stand-ins");
    let log = dir.path().with_extension("log");
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let at = dir.path().join("demo");
    let demo = Demo::start_with(Command::new(strongroom()), (&at, Ground::of(&at)), &log, listen, 12);

    let records = demo.sign_in("records.3");
    let list = records.get("/documents").expect("the portal answers").text();
    let documents: Vec<&str> =
        list.split("href=\"/documents/doc_").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(documents.len() >= 8, "what twelve families were written about: {}", documents.len());
    let page = records.get(&format!("/documents/doc_{}", documents[0])).expect("the portal answers").text();
    assert!(page.contains("Holds") && page.contains("PHI –"), "{page}");
    let clinicians = demo.addresses("clinician").into_iter().filter(|address| address.ends_with(".3@demo.example"));
    let in_inboxes: usize = clinicians
        .map(|address| {
            demo.sign_in(address).get("/inbox").expect("the portal answers").text().matches("/documents/doc_").count()
        })
        .sum();
    assert!(in_inboxes >= documents.len() / 2, "what was written lies with those who wrote it: {in_inboxes}");
    demo.stop();
}
