//! What comes in twice, and what a clinician brings in themselves.

use super::{NewUpload, SameBytes, UploadCut};
use crate::filled::{Filled, filled};
use crate::testing::Someone;
use crate::{CustodyError, PatientBody, Uploaded};
use bytes::Bytes;
use record::document::{DocumentKind, DocumentState};
use record::{DocumentId, Role, act};

const SAID: &str = "Patient: Nobody, Known\nThe same words twice.\n";

async fn send(filled: &Filled, by: &Someone, new: NewUpload, bytes: &[u8]) -> Result<Uploaded, CustodyError> {
    let pieces: Vec<_> =
        bytes.chunks(64 * 1024).map(|one| Ok::<Bytes, UploadCut>(Bytes::copy_from_slice(one))).collect();
    let desk = filled.house.desk::<act::DocumentUpload>(by).await;
    desk.document_upload(new, futures_util::stream::iter(pieces)).await
}

fn new(filled: &Filled, name: &str) -> NewUpload {
    NewUpload { customer: Some(filled.clinic), file_name: name.to_owned(), ..NewUpload::default() }
}

/// A second of silence.
fn recording(seconds: u8) -> Vec<u8> {
    let mut wav =
        b"RIFF\x24\x10\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\x10\0\0".to_vec();
    wav.resize(44 + 4096 * usize::from(seconds), 0x80);
    wav
}

async fn count(filled: &Filled) -> usize {
    let store = filled.house.custody.store();
    store.version_page(filled.clinic, None, 500).await.unwrap().len()
}

#[tokio::test]
async fn the_same_bytes_are_kept_only_when_somebody_says_so_and_what_is_told_is_what_they_may_see() {
    let filled = filled().await;
    let first = send(&filled, &filled.typist, new(&filled, "monday.txt"), SAID.as_bytes()).await.unwrap();
    let many = count(&filled).await;
    let again = send(&filled, &filled.typist, new(&filled, "tuesday.txt"), SAID.as_bytes()).await;
    let Err(CustodyError::Same(same)) = again else { panic!("taken twice") };
    assert_eq!((same.document, same.version, same.may_be_version), (first.id, 1, true));
    let names = same.names.as_ref().unwrap();
    assert_eq!(names.file_name.show(&names.shown), "monday.txt");
    assert_eq!(count(&filled).await, many, "nothing was kept");
    assert!(filled.house.custody.store().upload_list_stale(filled.house.custody.now()).await.unwrap().is_empty());
    // A colleague is told that it came in, and not as what nor for whom.
    filled.house.step_up(&filled.first).await.unwrap();
    let colleague = filled.house.staff(&filled.first, Role::Transcriptionist, "Theo Typist").await;
    let grant = filled.house.desk::<act::AssignmentGrant>(&filled.first).await;
    grant.assignment_grant(filled.clinic, colleague.person).await.unwrap();
    let again = send(&filled, &colleague, new(&filled, "x.txt"), SAID.as_bytes()).await;
    let Err(CustodyError::Same(same)) = again else { panic!("taken twice") };
    assert!(same.names.is_none() && !same.may_be_version && same.document == first.id);
    // Another customer's file is another file: nothing is told across.
    let other = NewUpload { customer: Some(filled.other), ..new(&filled, "x.txt") };
    send(&filled, &filled.typist, other, SAID.as_bytes()).await.unwrap();
    let both = NewUpload { same: SameBytes::Keep, ..new(&filled, "both.txt") };
    assert_ne!(send(&filled, &filled.typist, both, SAID.as_bytes()).await.unwrap().id, first.id);
    let version = NewUpload { same: SameBytes::Keep, version_of: Some(first.id), ..new(&filled, "version.txt") };
    let version = send(&filled, &filled.typist, version, SAID.as_bytes()).await.unwrap();
    assert_eq!((version.id, version.version), (first.id, 2));
}

#[tokio::test]
async fn a_long_file_is_known_again_and_one_byte_makes_another() {
    let filled = filled().await;
    let mut long = recording(0);
    long.resize(3 * 1024 * 1024 + 17, 0x81);
    let dictation = |name: &str| NewUpload { kind: Some(DocumentKind::Dictation), ..new(&filled, name) };
    send(&filled, &filled.typist, dictation("a.wav"), &long).await.unwrap();
    assert!(matches!(send(&filled, &filled.typist, dictation("b.wav"), &long).await, Err(CustodyError::Same(_))));
    *long.last_mut().unwrap() ^= 1;
    send(&filled, &filled.typist, dictation("b.wav"), &long).await.unwrap();
}

#[tokio::test]
async fn what_a_file_is_known_by_says_nothing_without_the_key() {
    let filled = filled().await;
    send(&filled, &filled.typist, new(&filled, "a.txt"), SAID.as_bytes()).await.unwrap();
    let elsewhere = NewUpload { customer: Some(filled.other), ..new(&filled, "a.txt") };
    send(&filled, &filled.typist, elsewhere, SAID.as_bytes()).await.unwrap();
    let ring = filled.house.custody.ring();
    let token = |customer| {
        let mut file = ring.blind_file(customer).unwrap();
        file.update(SAID.as_bytes());
        file.finish()
    };
    let (here, there) = (token(filled.clinic), token(filled.other));
    assert_ne!(here, there, "two customers with one file are not seen to have it");
    assert_ne!(&here[..], record::Sha256::of(SAID.as_bytes()).as_bytes());
    let mut tx = filled.house.custody.store().begin("look").await.unwrap();
    assert!(tx.original_find(filled.clinic, &here).await.unwrap().is_some());
    assert!(tx.original_find(filled.clinic, &there).await.unwrap().is_none());
}

struct Practice {
    filled: Filled,
    doctor: Someone,
    colleague: Someone,
}

async fn practice() -> Practice {
    let filled = filled().await;
    let house = &filled.house;
    house.step_up(&filled.first).await.unwrap();
    house.step_up(&filled.second).await.unwrap();
    let manager = house.manager((&filled.first, &filled.second), filled.clinic, "Max Manager").await;
    let doctor = house.member(&manager, filled.clinic, Role::Clinician, "Ann Author").await;
    let colleague = house.member(&manager, filled.clinic, Role::Clinician, "Carl Colleague").await;
    Practice { filled, doctor, colleague }
}

impl Practice {
    async fn reads(&self, who: &Someone, id: DocumentId) -> bool {
        self.filled.house.desk::<act::DocumentRead>(who).await.document_read(id, None).await.is_ok()
    }
}

#[tokio::test]
async fn a_clinician_sends_a_dictation_in_their_own_name_and_it_waits_to_be_typed() {
    let practice = practice().await;
    let Practice { filled, doctor, colleague } = &practice;
    let said = PatientBody { last: "Spoken".to_owned(), first: "Of".to_owned(), ..PatientBody::default() };
    let sent = NewUpload { said, ..new(filled, "dictation.wav") };
    let sent = send(filled, doctor, sent, &recording(1)).await.unwrap();
    assert_eq!(sent.state, DocumentState::Dictated);
    let row = filled.house.custody.store().document_fetch(sent.id).await.unwrap().unwrap();
    assert_eq!((row.kind, row.author), (DocumentKind::Dictation, Some(doctor.person)));
    // Ids sort by time, to the millisecond.
    filled.house.later(1);
    let letter = send(filled, doctor, new(filled, "letter.txt"), b"Dear colleague\n").await.unwrap();
    let row = filled.house.custody.store().document_fetch(letter.id).await.unwrap().unwrap();
    assert_eq!((row.kind, row.state), (DocumentKind::Letter, DocumentState::Dictated));
    // Who types it hears it, and so does who sent it, until it is taken on; nobody else at the practice does.
    assert!(filled.reads(letter.id).await);
    assert!(practice.reads(doctor, letter.id).await && !practice.reads(colleague, letter.id).await);
    filled.house.desk::<act::DocumentAdvance>(&filled.typist).await.document_advance(letter.id).await.unwrap();
    assert!(!practice.reads(doctor, letter.id).await, "in work it is nobody's at the practice");
    // Their own list says where everything stands, and nothing of anybody else's.
    let (lines, _, _) = filled.house.desk::<act::DocumentStatus>(doctor).await.document_status(None).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.id).collect::<Vec<_>>(), [letter.id, sent.id]);
}

#[tokio::test]
async fn nobody_sends_in_a_colleagues_name_nor_elsewhere_nor_without_an_agreement() {
    let Practice { filled, doctor, colleague } = &practice().await;
    let closed =
        |result: Result<Uploaded, CustodyError>| matches!(result, Err(CustodyError::Refused(_) | CustodyError::Absent));
    let as_colleague = NewUpload { author: Some(colleague.person), ..new(filled, "a.txt") };
    assert!(closed(send(filled, doctor, as_colleague, b"Words\n").await));
    let elsewhere = NewUpload { customer: Some(filled.other), ..new(filled, "a.txt") };
    assert!(closed(send(filled, doctor, elsewhere, b"Words\n").await));
    // Not over somebody else's dictation, and not over what is in work.
    let own = send(filled, colleague, new(filled, "own.wav"), &recording(1)).await.unwrap();
    let over = |id: DocumentId| NewUpload { version_of: Some(id), ..new(filled, "over.wav") };
    assert!(closed(send(filled, doctor, over(own.id), &recording(2)).await));
    assert!(closed(send(filled, doctor, over(filled.documents[0]), &recording(2)).await));
    // Spoken anew it stays a dictation.
    let anew = send(filled, colleague, over(own.id), &recording(3)).await.unwrap();
    assert_eq!((anew.version, anew.state), (2, DocumentState::Dictated));
    let agreements = filled.house.custody.store().agreement_list(filled.clinic).await.unwrap();
    filled.house.step_up(&filled.first).await.unwrap();
    let ends = filled.house.desk::<act::AgreementEnd>(&filled.first).await;
    ends.agreement_end(filled.clinic, agreements[0].id).await.unwrap();
    assert!(closed(send(filled, doctor, new(filled, "late.txt"), b"Words\n").await));
}

#[tokio::test]
async fn a_file_is_known_by_its_bytes_however_they_came_and_by_nothing_else() {
    let filled = filled().await;
    let ring = filled.custody().ring();
    let bytes: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
    let known = |customer, bytes: &[u8], piece: usize| {
        let mut file = ring.blind_file(customer).unwrap();
        bytes.chunks(piece).for_each(|piece| file.update(piece));
        file.finish()
    };
    let whole = known(filled.clinic, &bytes, 1 << 20);
    for piece in [1_000, 65_000, 65_536, 70_001] {
        assert_eq!(known(filled.clinic, &bytes, piece), whole, "{piece}");
    }
    assert_ne!(known(filled.other, &bytes, 1 << 20), whole, "another customer's key");
    let mut others = vec![bytes[..bytes.len() - 1].to_vec(), [bytes.as_slice(), &[0]].concat(), Vec::new(), vec![0]];
    for at in [0, 65_499, 65_503, 65_536, 199_999] {
        let mut other = bytes.clone();
        other[at] ^= 1;
        others.push(other);
    }
    // The second and the first block in each other's place.
    let block = vault::floe::PLAIN_SEGMENT_LEN;
    others.push([&bytes[block..2 * block], &bytes[..block], &bytes[2 * block..]].concat());
    let all: std::collections::BTreeSet<_> = others.iter().map(|other| known(filled.clinic, other, 1 << 20)).collect();
    assert!(all.len() == others.len() && !all.contains(&whole));
}
