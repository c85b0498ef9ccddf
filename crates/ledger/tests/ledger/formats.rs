//! The bytes of docs/FORMATS-ledger.md: what is written down there is what the code writes and reads.

use crate::memory::{MemoryLog, block_on, signer};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use data_encoding::{BASE64, HEXLOWER};
use record::{
    CustomerId, DocumentId, Entry, IntentId, Outcome, PersonId, Principal, Purpose, Resources, Sha256, Timestamp,
};
use strongroom_ledger::leaf::{decode, encode};
use strongroom_ledger::tree::leaf_hash;
use strongroom_ledger::{Note, NoteError, SignedCheckpoint, Verifier, Witness, export, sign_head, verify_export};

/// The entry of the written vectors.
fn entry() -> Entry {
    Entry {
        v: 1,
        at: Timestamp::from_unix_millis(1_700_000_000_000),
        intent: IntentId::from_bytes([1; 16]),
        intent_digest: Sha256::of(b"intent"),
        principal: Principal::Person(PersonId::from_bytes([2; 16])),
        session: None,
        action: record::Action::DocumentRead,
        outcome: Outcome::Permitted,
        customer: Some(CustomerId::from_bytes([3; 16])),
        resources: Resources::of([DocumentId::from_bytes([4; 16]).into()]),
        purpose: Purpose::Treatment,
        why: String::new(),
        bytes_out: None,
    }
}

fn leaf() -> Vec<u8> {
    let salt = std::array::from_fn(|place| u8::try_from(place).unwrap());
    encode(&entry(), b"sealed", &salt).unwrap()
}

/// Every line of the document's code blocks, one after the other.
fn written(name: &str) -> String {
    let document = include_str!("../../../../docs/FORMATS-ledger.md");
    let start = format!("```text {name}\n");
    let from = document.find(&start).unwrap_or_else(|| panic!("no vector {name}")) + start.len();
    document[from..].split("```").next().unwrap().to_owned()
}

#[test]
fn the_leaf_is_the_written_one() {
    let leaf = leaf();
    assert_eq!(HEXLOWER.encode(&leaf), written("leaf").replace('\n', ""));
    assert_eq!(leaf_hash(&leaf).to_string(), written("leaf-hash").trim());
    assert_eq!(std::str::from_utf8(&leaf[35..leaf.len() - 6]).unwrap(), written("header").trim());
    let read = decode(&leaf).unwrap();
    assert_eq!((read.entry, read.sealed_body.as_slice()), (entry(), b"sealed".as_slice()));
}

#[test]
fn the_key_the_checkpoint_and_the_export_are_the_written_ones() {
    let signed = block_on(sign_head(&MemoryLog::of(&[leaf()]), &signer())).unwrap();
    assert_eq!(signer().verifier().to_string(), written("vkey").trim());
    assert_eq!(signed.to_string(), written("checkpoint"));
    let mut bytes = export::start(crate::memory::ORIGIN, 1);
    bytes.extend(export::checkpoint(&signed.to_string()));
    for part in export::plan(1) {
        let content = match part {
            export::Part::Tile { .. } => leaf_hash(&leaf()).as_bytes().to_vec(),
            export::Part::Entries { .. } => strongroom_ledger::leaf::bundle([leaf().as_slice()]).unwrap(),
        };
        bytes.extend(export::part(&part, &content));
    }
    bytes.extend(export::end(1));
    assert_eq!(Sha256::of(&bytes).to_string(), written("export-sha256").trim());
    assert!(verify_export(bytes.as_slice(), &signer().verifier(), &[]).unwrap().is_sound());
}

#[test]
fn a_published_note_verifies_under_its_published_key() {
    // C2SP signed-note, "Example".
    let key: Verifier = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k".parse().unwrap();
    let text = "This is an example message.\n\n— example.com/foo \
                Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let note: Note = text.parse().unwrap();
    assert_eq!(key.verified_text(&note), Ok("This is an example message.\n"));
    assert_eq!(note.to_string(), text);
    let other: Note = text.replace("example message", "example massage").parse().unwrap();
    assert_eq!(key.verified_text(&other), Err(NoteError::BadSignature));
    assert_eq!(signer().verifier().verified_text(&note), Err(NoteError::NotSigned));
}

/// A witness made here from the words of C2SP tlog-cosignature: its key, and the line it answers with.
fn witness(seed: u8, name: &str, time: u64, body: &str) -> (Witness, String) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let mut key = vec![4];
    key.extend_from_slice(pair.public_key().as_ref());
    let id = Sha256::of(&[name.as_bytes(), b"\n", &key].concat()).as_bytes()[..4].to_vec();
    let signature = pair.sign(format!("cosignature/v1\ntime {time}\n{body}").as_bytes());
    let line = [id.as_slice(), &time.to_be_bytes(), signature.as_ref()].concat();
    let vkey = format!("{name}+{}+{}", HEXLOWER.encode(&id), BASE64.encode(&key));
    (vkey.parse().unwrap(), format!("— {name} {}\n", BASE64.encode(&line)))
}

#[test]
fn a_witness_is_believed_for_this_checkpoint_and_no_other() {
    let signed = block_on(sign_head(&MemoryLog::of(&[leaf()]), &signer())).unwrap();
    let body = signed.checkpoint().to_string();
    let (known, answer) = witness(9, "witness.example/w1", 1_679_315_147, &body);
    let (unknown, foreign) = witness(10, "witness.example/w2", 1_679_315_147, &body);
    assert_eq!(known.to_string().parse::<Witness>().unwrap(), known);
    let mut checkpoint = signed.clone();
    assert_eq!(checkpoint.cosigned_at(&known), Ok(None));
    assert_eq!(checkpoint.add_cosignatures(&format!("{foreign}{answer}"), &known), Ok(Some(1_679_315_147)));
    let reread = SignedCheckpoint::open(&checkpoint.to_string(), &signer().verifier()).unwrap();
    assert_eq!(reread.cosigned_at(&known), Ok(Some(1_679_315_147)));
    assert_eq!(reread.cosigned_at(&unknown), Ok(None), "an unknown line is not taken over");
    // The same line again adds nothing.
    assert!(checkpoint.add_cosignatures(&answer, &known).is_ok());
    assert_eq!(checkpoint, reread);
    let (_, elsewhere) = witness(9, "witness.example/w1", 1_679_315_147, "records.example.com/ledger\n0\n");
    let mut fresh = signed.clone();
    assert_eq!(fresh.add_cosignatures(&elsewhere, &known), Err(NoteError::BadSignature));
    assert_eq!(fresh, signed, "nothing of a bad answer is kept");
    for wrong in ["", "\n", "no line", "— witness.example/w1 AAAA\n", &answer[..answer.len() - 1]] {
        assert!(fresh.add_cosignatures(wrong, &known).is_err(), "{wrong:?}");
    }
    let (_, beyond) = witness(9, "witness.example/w1", u64::MAX, &body);
    assert!(fresh.add_cosignatures(&beyond, &known).is_err());
}

#[test]
fn a_checkpoint_of_another_origin_is_refused_even_under_the_ledgers_own_key() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let name = crate::memory::ORIGIN;
    let note = |origin: &str| {
        let body = format!("{origin}\n1\n{}\n", BASE64.encode(leaf_hash(&leaf()).as_bytes()));
        let key = [&[1], pair.public_key().as_ref()].concat();
        let id = Sha256::of(&[name.as_bytes(), b"\n", &key].concat());
        let line = [&id.as_bytes()[..4], pair.sign(body.as_bytes()).as_ref()].concat();
        format!("{body}\n— {name} {}\n", BASE64.encode(&line))
    };
    assert!(SignedCheckpoint::open(&note(name), &signer().verifier()).is_ok());
    let other = SignedCheckpoint::open(&note("other.example.com/ledger"), &signer().verifier());
    assert_eq!(other, Err(NoteError::Checkpoint));
}
