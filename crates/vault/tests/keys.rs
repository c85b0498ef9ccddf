//! The life of keys: unlock, damage, rekey, the directory, audit bodies.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers beside it too")]

#[path = "support/house.rs"]
mod house;

use house::{House, YEAR};
use record::{CustomerId, DocumentId, Outcome, PersonId, SeededEntropy, SystemEntropy, act};
use strongroom_vault::{
    Column, DirectoryColumn, Field, Half, HalfName, KeyClass, KeyError, KeyRing, KeyRows, Known, Owner, RootKey, open,
};

fn unlock_error(root: &RootKey, rows: &KeyRows) -> KeyError {
    KeyRing::unlock(root, rows).unwrap_err()
}

#[test]
fn another_root_key_is_told_from_damage() {
    let house = House::new();
    let other = RootKey::generate(&SeededEntropy::new(99));
    assert_eq!(unlock_error(&other, house.ring.rows()), KeyError::WrongRoot);
    let mut rows = house.ring.rows().clone();
    rows.epochs[0].wrapped.as_mut().unwrap().bytes[20] ^= 1;
    assert!(matches!(unlock_error(&house.root, &rows), KeyError::Damaged { name, .. } if name == "epoch/1"));
}

#[test]
fn a_row_that_was_moved_swapped_or_changed_is_found() {
    let house = House::new();
    let rows = house.ring.rows();
    for at in 0..rows.keys.len() {
        // The bytes of each row in the place of each other one.
        for other in (0..rows.keys.len()).filter(|other| *other != at) {
            let mut swapped = rows.clone();
            swapped.keys[at].wrapped = rows.keys[other].wrapped.clone();
            assert!(matches!(unlock_error(&house.root, &swapped), KeyError::Damaged { .. }), "{at} {other}");
        }
        let mut renamed = rows.clone();
        renamed.keys[at].name.version += 1;
        assert!(matches!(unlock_error(&house.root, &renamed), KeyError::Damaged { .. }));
        let mut twice = rows.clone();
        twice.keys.push(rows.keys[at].clone());
        assert!(matches!(unlock_error(&house.root, &twice), KeyError::Twice { .. }));
    }
}

#[test]
fn a_table_that_is_not_whole_does_not_unlock() {
    let house = House::new();
    assert!(matches!(unlock_error(&house.root, &KeyRows::default()), KeyError::Missing(_)));
    let mut rows = house.ring.rows().clone();
    rows.keys.retain(|row| row.name.class != KeyClass::Directory);
    assert!(matches!(unlock_error(&house.root, &rows), KeyError::Missing(_)));
}

#[test]
fn a_row_marked_destroyed_is_not_loaded_even_when_its_bytes_are_still_there() {
    let house = House::new();
    let mut rows = house.ring.rows().clone();
    for row in &mut rows.keys {
        if row.name.owner == Owner::Customer(house.north) && row.name.class == KeyClass::Records {
            row.destroyed_at = Some(house.now());
        }
    }
    let ring = KeyRing::unlock(&house.root, &rows).unwrap();
    assert_eq!(ring.customers().collect::<Vec<_>>(), [house.south]);
}

#[test]
fn rekeying_changes_key_rows_only_and_the_old_root_opens_nothing_more() {
    let mut house = House::new();
    let document = DocumentId::from_bytes([3; 16]);
    let sealed = house.ring.seal_column(house.north, document, Column::DocumentTitle, b"made up").unwrap();
    let blind = house.ring.blind(house.north, Field::Surname, "smith").unwrap();
    let new_root = RootKey::generate(&SeededEntropy::new(5));
    let change = house.ring.rekey(&new_root, house.now(), &SystemEntropy).unwrap();
    let mut rows = house.ring.rows().clone();
    rows.apply(&change).unwrap();
    assert_eq!(unlock_error(&house.root, &rows), KeyError::WrongRoot);
    assert!(matches!(house.ring.after(&change), Err(KeyError::NeedsRoot)));
    // A second change made from the old state does not apply: it would bring the old epoch back.
    let stale = house.ring.rotate(house.north, house.now(), &SystemEntropy).unwrap();
    assert_eq!(rows.apply(&stale), Err(KeyError::Stale));

    house.ring = KeyRing::unlock(&new_root, &rows).unwrap();
    assert_eq!(house.ring.blind(house.north, Field::Surname, "smith").unwrap(), blind);
    let (permit, receipt) = house.both::<act::DocumentList>(house.north, &[document.into()]);
    let (opening, shown) = open(permit, receipt, &house.ring).unwrap();
    assert_eq!(opening.column(document, Column::DocumentTitle, &sealed).unwrap().show(&shown), "made up");
}

#[test]
fn of_two_changes_from_one_state_one_is_refused_so_that_no_key_is_lost() {
    let house = House::new();
    let new_customer = CustomerId::from_bytes([3; 16]);
    let changes = [
        house.ring.customer_begin(new_customer, YEAR, house.now(), &SystemEntropy).unwrap(),
        house.ring.rekey(&house.root, house.now(), &SystemEntropy).unwrap(),
        house.ring.rotate(house.north, house.now(), &SystemEntropy).unwrap(),
        house.ring.audit_year_begin(YEAR + 1, house.now(), &SystemEntropy).unwrap(),
    ];
    for first in &changes {
        for second in &changes {
            let mut rows = house.ring.rows().clone();
            rows.apply(first).unwrap();
            assert_eq!(rows.apply(second), Err(KeyError::Stale));
        }
    }
}

#[test]
fn a_customers_keys_are_made_once() {
    let house = House::new();
    let again = house.ring.customer_begin(house.north, YEAR, house.now(), &SystemEntropy);
    assert_eq!(again.unwrap_err(), KeyError::Exists(house.north));
}

#[test]
fn the_directory_opens_its_own_rows_and_nothing_of_a_customers() {
    let house = House::new();
    let (one, two) = (PersonId::from_bytes([1; 16]), PersonId::from_bytes([2; 16]));
    let sealed = house.ring.directory_seal(one, DirectoryColumn::PersonBody, b"ann@example.org").unwrap();
    assert_eq!(house.ring.directory_open(one, DirectoryColumn::PersonBody, &sealed).unwrap(), b"ann@example.org");
    assert!(house.ring.directory_open(two, DirectoryColumn::PersonBody, &sealed).is_err());
    assert!(house.ring.directory_open(one, DirectoryColumn::ContactBody, &sealed).is_err());
    let document = DocumentId::from_bytes([3; 16]);
    let customers = house.ring.seal_column(house.north, document, Column::DocumentTitle, b"PHI").unwrap();
    for column in [DirectoryColumn::PersonBody, DirectoryColumn::AlertBody] {
        assert!(house.ring.directory_open(document, column, &customers).is_err());
    }
    let mail = house.ring.directory_blind("email", "ann@example.org");
    assert_eq!(mail, house.ring.directory_blind("email", "ann@example.org"));
    assert_ne!(mail, house.ring.directory_blind("telephone", "ann@example.org"));
}

#[test]
fn an_audit_body_opens_for_its_entry_owner_and_year_only() {
    let mut house = House::new();
    let owner = Owner::Customer(house.north);
    let sealed = house.ring.audit_seal(owner, YEAR, b"int_1 permitted", b"body").unwrap();
    assert_eq!(house.ring.audit_open(owner, YEAR, b"int_1 permitted", &sealed).unwrap(), b"body");
    assert!(house.ring.audit_open(owner, YEAR, b"int_2 permitted", &sealed).is_err());
    assert!(house.ring.audit_open(Owner::Operator, YEAR, b"int_1 permitted", &sealed).is_err());
    assert!(house.ring.audit_open(Owner::Customer(house.south), YEAR, b"int_1 permitted", &sealed).is_err());
    let next = house.ring.audit_seal(owner, YEAR + 1, b"e", b"body");
    assert!(matches!(next, Err(KeyError::NoKey(_))));
    let change = house.ring.audit_year_begin(YEAR + 1, house.now(), &SystemEntropy).unwrap();
    assert_eq!(change.keys.len(), 3, "operator and both customers");
    house.ring = house.ring.after(&change).unwrap();
    let sealed = house.ring.audit_seal(owner, YEAR + 1, b"e", b"body").unwrap();
    assert!(house.ring.audit_open(owner, YEAR, b"e", &sealed).is_err());
    let again = house.ring.audit_year_begin(YEAR + 1, house.now(), &SystemEntropy).unwrap();
    assert!(again.keys.is_empty());
    // The receipts of a house are of no use here: audit bodies hold no record content, so none is asked for.
    let permit = house.permit::<act::DocumentList>(house.north, &[]);
    let _ = house.receipt(permit.intent(), Outcome::Permitted);
}

#[test]
fn blind_tokens_differ_by_customer_field_and_word() {
    let house = House::new();
    let ring = &house.ring;
    let base = ring.blind(house.north, Field::Surname, "smith").unwrap();
    assert_eq!(base, ring.blind(house.north, Field::Surname, "smith").unwrap());
    assert_ne!(base, ring.blind(house.south, Field::Surname, "smith").unwrap());
    assert_ne!(base, ring.blind(house.north, Field::Given, "smith").unwrap());
    assert_ne!(base, ring.blind(house.north, Field::Surname, "smyth").unwrap());
    assert!(ring.blind(CustomerId::from_bytes([8; 16]), Field::Surname, "smith").is_err());
}

#[test]
fn rows_round_trip_as_the_store_keeps_them() {
    let house = House::new();
    let mut rows = house.ring.rows().clone();
    for row in &mut rows.keys {
        row.name = row.name.to_string().parse().unwrap();
        let bytes = row.wrapped.as_ref().unwrap().to_bytes();
        row.wrapped = Some(strongroom_vault::WrappedKey::from_bytes(&bytes).unwrap());
    }
    assert!(KeyRing::unlock(&house.root, &rows).is_ok());
}

#[test]
fn an_epoch_with_a_half_opens_with_both_and_never_with_the_root_key_alone() {
    let house = House::new();
    let change = house.ring.halve(&house.root, house.now(), &SystemEntropy).unwrap();
    let half = change.half.clone().unwrap();
    let mut rows = house.ring.rows().clone();
    rows.apply(&change).unwrap();
    assert!(rows.is_halved() && rows.halves_needed() == [half.name] && rows.halves_due().is_empty());
    let opens = |rows: &KeyRows, halves: &[Half]| KeyRing::unlock_halved(&house.root, rows, halves);
    let ring = opens(&rows, std::slice::from_ref(&half)).unwrap();
    assert_eq!(ring.customers().count(), 2);
    assert!(matches!(opens(&rows, &[]), Err(KeyError::NoHalf { name }) if name == "epoch/2"));
    // Another half under its name, its name taken out of the row, and the root key's old way of wrapping.
    let other = house.ring.halve(&house.root, house.now(), &SystemEntropy).unwrap().half.unwrap();
    let renamed = Half { name: half.name, ..other };
    assert!(matches!(opens(&rows, &[renamed]), Err(KeyError::Damaged { .. })));
    let mut unnamed = rows.clone();
    unnamed.epochs.iter_mut().for_each(|row| row.half = None);
    assert!(matches!(opens(&unnamed, std::slice::from_ref(&half)), Err(KeyError::Damaged { .. })));
    let root = RootKey::generate(&SeededEntropy::new(99));
    assert_eq!(KeyRing::unlock_halved(&root, &rows, &[half]).unwrap_err(), KeyError::WrongRoot);
}

#[test]
fn whoever_keeps_every_row_opens_nothing_of_a_destroyed_customer_without_the_half_that_is_gone() {
    let mut house = House::new();
    let mut rows = house.ring.rows().clone();
    let first = house.ring.halve(&house.root, house.now(), &SystemEntropy).unwrap();
    rows.apply(&first).unwrap();
    house.ring =
        KeyRing::unlock_halved(&house.root, &rows, &first.half.clone().into_iter().collect::<Vec<_>>()).unwrap();
    let kept = rows.clone();
    let when = (house.now(), None);
    let (change, certificate) = house.ring.shred_customer(house.north, &house.root, when, &SystemEntropy).unwrap();
    rows.apply(&change).unwrap();
    let (old, new) = (first.half.unwrap(), change.half.unwrap());
    assert_eq!(rows.halves_due(), [(2, old.name)]);
    assert!(certificate.to_string().contains(&old.name.to_string()), "{certificate}");
    let after = KeyRing::unlock_halved(&house.root, &rows, std::slice::from_ref(&new)).unwrap();
    assert_eq!(after.customers().collect::<Vec<_>>(), [house.south]);
    // The dump of before with the half of now, and what of it has no epoch put beside what is there now.
    assert!(matches!(
        KeyRing::unlock_halved(&house.root, &kept, std::slice::from_ref(&new)),
        Err(KeyError::NoHalf { .. })
    ));
    let mut mixed = rows.clone();
    mixed.keys.clone_from(&kept.keys);
    assert!(matches!(KeyRing::unlock_halved(&house.root, &mixed, &[new]), Err(KeyError::Orphan { .. })));
    // The control: with the old half it opens, so that its going is all that there is.
    assert_eq!(KeyRing::unlock_halved(&house.root, &kept, &[old]).unwrap().customers().count(), 2);
}

#[test]
fn who_knows_a_new_epoch_follows_with_the_root_key_and_nobody_else_does() {
    let house = House::new();
    let change = house.ring.halve(&house.root, house.now(), &SystemEntropy).unwrap();
    let mut rows = house.ring.rows().clone();
    rows.apply(&change).unwrap();
    assert_eq!(house.ring.follow(rows.clone(), Known::ByAll).unwrap_err(), KeyError::NeedsRoot);
    let halves: Vec<Half> = change.half.into_iter().collect();
    let next = house.ring.follow_with(&house.root, (&rows, &halves), Known::ByAll).unwrap();
    // That the half of a destroyed epoch is known to be gone is no news.
    let mut later = rows.clone();
    later.epochs[0].half = Some(HalfName::from_bytes([1; 16]));
    assert!(next.follow(later, Known::ByAll).is_ok());
}

#[test]
fn a_table_that_has_lost_a_key_without_a_new_epoch_is_not_followed() {
    let house = House::new();
    let rows = house.ring.rows().clone();
    assert!(house.ring.follow(rows.clone(), Known::ByAll).is_ok());
    for at in 0..rows.keys.len() {
        let mut removed = rows.clone();
        removed.keys.remove(at);
        assert!(matches!(house.ring.follow(removed, Known::ByAll).unwrap_err(), KeyError::Missing(_)), "{at}");
        let mut emptied = rows.clone();
        emptied.keys[at].wrapped = None;
        assert!(matches!(house.ring.follow(emptied, Known::ByAll).unwrap_err(), KeyError::Missing(_)), "{at}");
    }
}
