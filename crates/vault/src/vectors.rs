//! The test vectors of docs/FORMATS-vault.md, `tests/vectors/vault.txt`: what was written once must open for ever.
//!
//! Lines are `name = hex`. `UPDATE_GOLDEN=1` writes the file anew, which is only right when a format got a new version.

use crate::floe::{HEADER_LEN, Sealer, Unsealer};
use crate::keys::{EpochRow, Half, HalfName, KeyClass, KeyName, KeyRow, KeyRows, ObjectKey, Owner};
use crate::place::{Column, DirectoryColumn, Rendition, RenditionKind, object_place};
use crate::primitives::{SealKey, derive, joined, label};
use crate::secret::Secret;
use crate::{Field, KeyRing, PassphraseParams, RootKey, WrappedKey};
use data_encoding::HEXLOWER;
use record::{CustomerId, DocumentId, PersonId, SeededEntropy, Timestamp};
use std::collections::BTreeMap;

const PLACE: Rendition = Rendition { version: 1, kind: RenditionKind::Text };

fn counting(from: u8) -> Secret {
    Secret::filled(|bytes| bytes.iter_mut().zip(from..).for_each(|(place, byte)| *place = byte))
}

fn root() -> RootKey {
    RootKey::from_file_bytes(HEXLOWER.encode(counting(0).expose()).as_bytes()).unwrap()
}

fn customer() -> CustomerId {
    CustomerId::from_bytes([1; 16])
}

/// For whom an object was sealed that is this customer's by now.
fn another() -> CustomerId {
    CustomerId::from_bytes([4; 16])
}

fn document() -> DocumentId {
    DocumentId::from_bytes([2; 16])
}

fn person() -> PersonId {
    PersonId::from_bytes([3; 16])
}

fn names() -> Vec<KeyName> {
    let of = |owner, class| KeyName { owner, class, version: 1 };
    let customer = Owner::Customer(customer());
    vec![
        of(customer, KeyClass::Records),
        of(customer, KeyClass::Index),
        of(customer, KeyClass::Audit { year: 2026 }),
        of(Owner::Operator, KeyClass::Directory),
    ]
}

/// Rows over the root key 00…1f: epoch key 20…3f, the other keys 40…5f, 41…60, 42…61, 43…62.
fn make() -> BTreeMap<String, Vec<u8>> {
    let now = Timestamp::from_unix_millis(0);
    let mut lines = BTreeMap::new();
    let mut line = |name: &str, bytes: &[u8]| lines.insert(name.to_owned(), bytes.to_vec());
    let epoch = EpochRow::wrap(&root(), 1, &counting(0x20), now);
    line("epoch/1", &epoch.wrapped.clone().unwrap().to_bytes());
    let with = SealKey::new(&counting(0x20));
    let mut keys = Vec::new();
    for (number, name) in (0..).zip(names()) {
        let row = KeyRow::wrap((1, &with), name, &counting(0x40 + number), now);
        line(&name.to_string(), &row.wrapped.clone().unwrap().to_bytes());
        keys.push(row);
    }
    let ring = KeyRing::unlock(&root(), &KeyRows { epochs: vec![epoch], keys }).unwrap();
    let (mut sealer, wrapped) = ring.seal_object(customer(), document(), PLACE, &SeededEntropy::new(1)).unwrap();
    let mut object = sealer.header().to_vec();
    sealer.push(b"made up", &mut object).unwrap();
    sealer.finish(&mut object).unwrap();
    line("object", &object);
    line("object key", &wrapped.to_bytes());
    let key = ObjectKey { secret: counting(0x70), sealed_for: None };
    let taken = ring.object_key_take(customer(), document(), PLACE, (another(), key)).unwrap();
    line("object key from another", &taken.to_bytes());
    line("column", &ring.seal_column(customer(), document(), Column::DocumentTitle, b"made up").unwrap());
    line("directory column", &ring.directory_seal(person(), DirectoryColumn::PersonBody, b"made up").unwrap());
    line("audit body", &ring.audit_seal(Owner::Customer(customer()), 2026, b"entry", b"made up").unwrap());
    line("blind surname garcia", &ring.blind(customer(), Field::Surname, "garcia").unwrap());
    line("blind directory", &ring.directory_blind("email", "ann@example.org"));
    line("derived column key of 00…1f", derive(&counting(0), label::COLUMN, b"").expose());
    line("joined key of 00…1f and 60…7f", joined(&counting(0), &counting(0x60), label::EPOCH_JOINED).expose());
    let name = HalfName::from_bytes([4; 16]);
    line("half", &Half::seal(&root(), name, &counting(0x60)).sealed.to_bytes());
    let halved = EpochRow::wrap_halved(&root(), (name, &counting(0x60)), 2, &counting(0x22), now);
    line("epoch/2", &halved.wrapped.unwrap().to_bytes());
    lines
}

fn stored() -> BTreeMap<String, Vec<u8>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/vault.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let text: String =
            make().iter().map(|(name, bytes)| format!("{name} = {}\n", HEXLOWER.encode(bytes))).collect();
        std::fs::write(path, text).unwrap();
    }
    let text = std::fs::read_to_string(path).unwrap();
    let read = |line: &str| {
        let (name, hex) = line.split_once(" = ").unwrap();
        (name.to_owned(), HEXLOWER.decode(hex.as_bytes()).unwrap())
    };
    text.lines().map(read).collect()
}

fn ring_of(lines: &BTreeMap<String, Vec<u8>>) -> KeyRing {
    let now = Timestamp::from_unix_millis(0);
    let wrapped = |name: &str| Some(WrappedKey::from_bytes(&lines[name]).unwrap());
    let epoch = EpochRow { number: 1, wrapped: wrapped("epoch/1"), half: None, created_at: now, destroyed_at: None };
    let row = |name: KeyName| KeyRow { name, wrapped: wrapped(&name.to_string()), created_at: now, destroyed_at: None };
    KeyRing::unlock(&root(), &KeyRows { epochs: vec![epoch], keys: names().into_iter().map(row).collect() }).unwrap()
}

#[test]
fn what_was_written_once_opens_for_ever() {
    let lines = stored();
    let ring = ring_of(&lines);
    let keys = ring.customer(customer()).unwrap();
    let column = keys.column_open(&document().into(), Column::DocumentTitle, &lines["column"]).unwrap();
    assert_eq!(column.as_slice(), b"made up");
    let wrapped = WrappedKey::from_bytes(&lines["object key"]).unwrap();
    let key = keys.object_key(document(), PLACE, &wrapped).unwrap();
    assert!(key.sealed_for.is_none());
    let taken = WrappedKey::from_bytes(&lines["object key from another"]).unwrap();
    let taken = keys.object_key(document(), PLACE, &taken).unwrap();
    assert_eq!((taken.secret.expose(), taken.sealed_for), (counting(0x70).expose(), Some(another())));
    let object = &lines["object"];
    let place = object_place(customer(), document(), PLACE);
    let mut unsealer = Unsealer::begin(&key.secret, place, &object[..HEADER_LEN]).unwrap();
    let mut plaintext = Vec::new();
    unsealer.push(&object[HEADER_LEN..], &mut plaintext).unwrap();
    unsealer.finish().unwrap();
    assert_eq!(plaintext, b"made up");
    let directory = ring.directory_open(person(), DirectoryColumn::PersonBody, &lines["directory column"]).unwrap();
    assert_eq!(directory, b"made up");
    let audit = ring.audit_open(Owner::Customer(customer()), 2026, b"entry", &lines["audit body"]).unwrap();
    assert_eq!(audit, b"made up");
}

#[test]
fn what_is_not_random_is_written_the_same_for_ever() {
    let (then, now) = (stored(), make());
    assert_eq!(then.keys().collect::<Vec<_>>(), now.keys().collect::<Vec<_>>());
    for name in
        ["blind surname garcia", "blind directory", "derived column key of 00…1f", "joined key of 00…1f and 60…7f"]
    {
        assert_eq!(then[name], now[name], "{name}");
    }
    // Computed apart, with Python's hmac, from the words of the format.
    let apart = |name: &str| HEXLOWER.encode(&then[name]);
    assert_eq!(
        apart("derived column key of 00…1f"),
        "398de6b0bda4d4152dcdea047f3fd351cc7e3f2431c6a5344ac5e223e23f3f80"
    );
    assert_eq!(
        apart("joined key of 00…1f and 60…7f"),
        "3d6afcaec97a244f318d2b8b8370bf80640a27b636e08cfec4a059e3a0c3a85e"
    );
    assert_eq!(apart("blind surname garcia"), "33261105875c1a80e8f8a45f6a65afbdee43c3799d2ef3aa383be85880496e15");
    // The header of an object is a function of key, IV and place; both came from the seed.
    assert_eq!(then["object"][..HEADER_LEN], now["object"][..HEADER_LEN]);
    for (name, bytes) in &then {
        assert_eq!(bytes.len(), now[name].len(), "{name}");
    }
    let root_name = "root/80c7d784559a582e69e500d1d6977a22b7de2c4b178f89ee4ef34c0a062b1e5e";
    assert_eq!(root().name(), root_name);
    let params = "argon2id v=19 m=65536 t=3 p=1 salt=000102030405060708090a0b0c0d0e0f";
    assert_eq!(params.parse::<PassphraseParams>().unwrap().to_string(), params);
}

#[test]
fn an_epoch_with_a_half_that_was_written_once_opens_for_ever() {
    let lines = stored();
    let name = HalfName::from_bytes([4; 16]);
    let half = Half { name, sealed: WrappedKey::from_bytes(&lines["half"]).unwrap() };
    let now = Timestamp::from_unix_millis(0);
    let wrapped = Some(WrappedKey::from_bytes(&lines["epoch/2"]).unwrap());
    let row = EpochRow { number: 2, wrapped, half: Some(name), created_at: now, destroyed_at: None };
    let secret = row.secret(&root(), std::slice::from_ref(&half)).unwrap().unwrap();
    assert_eq!(secret.expose(), counting(0x22).expose());
}

#[test]
fn a_sealer_that_is_dropped_half_way_leaves_nothing_that_opens() {
    let mut out = Vec::new();
    let mut sealer = Sealer::begin(&counting(1), b"aad".to_vec(), [9; 32]);
    let header = *sealer.header();
    sealer.push(&vec![7; 200_000], &mut out).unwrap();
    drop(sealer);
    let mut unsealer = Unsealer::begin(&counting(1), b"aad".to_vec(), &header).unwrap();
    let mut plaintext = Vec::new();
    unsealer.push(&out, &mut plaintext).unwrap();
    assert!(unsealer.finish().is_err());
}
