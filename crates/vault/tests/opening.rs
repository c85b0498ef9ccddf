//! What opens, and what does not: two tokens, one intent, one customer, one place.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers beside it too")]

#[path = "support/house.rs"]
mod house;

use house::{House, YEAR};
use ledger::Receipt;
use policy::{CustomerFacts, Facts, JoiningFacts, Permit, PrincipalFacts, Refusal};
use record::{
    CustomerId, DocumentId, Intent, IntentId, Outcome, PatientId, PersonId, Principal, ProgramId, Purpose, ResourceId,
    Resources, SystemEntropy, act,
};
use strongroom_vault::floe::{FloeError, HEADER_LEN, SEGMENT_LEN, last_segment_at};
use strongroom_vault::{Column, KeyError, KeyRing, OpenError, Rendition, RenditionKind, SealError, WrappedKey, open};

const TEXT: &str = "Jane Roe (made up), 1961-04-03";

fn document(byte: u8) -> DocumentId {
    DocumentId::from_bytes([byte; 16])
}

const TEXT_OF_FIRST: Rendition = Rendition { version: 1, kind: RenditionKind::Text };

fn column_sealed(house: &House, byte: u8) -> Vec<u8> {
    house.ring.seal_column(house.north, document(byte), Column::DocumentTitle, TEXT.as_bytes()).unwrap()
}

fn object_sealed(house: &House, plaintext: &[u8]) -> (Vec<u8>, WrappedKey) {
    let (mut sealer, wrapped) =
        house.ring.seal_object(house.north, document(3), TEXT_OF_FIRST, &SystemEntropy).unwrap();
    let mut sealed = sealer.header().to_vec();
    sealer.push(plaintext, &mut sealed).unwrap();
    sealer.finish(&mut sealed).unwrap();
    (sealed, wrapped)
}

#[test]
fn a_permit_and_its_receipt_open_what_the_intent_names() {
    let house = House::new();
    let (permit, receipt) = house.both::<act::DocumentList>(house.north, &[document(3).into()]);
    let (opening, shown) = open(permit, receipt, &house.ring).unwrap();
    let title = opening.column(document(3), Column::DocumentTitle, &column_sealed(&house, 3)).unwrap();
    assert_eq!(title.show(&shown), TEXT);
    assert!(!format!("{opening:?} {title:?} {shown:?}").contains("Roe"));
}

#[test]
fn a_receipt_for_another_intent_opens_nothing() {
    let house = House::new();
    let ids = [document(3).into()];
    let permit = house.permit::<act::DocumentList>(house.north, &ids);
    // The same question, asked again: another intent.
    let (_, receipt) = house.both::<act::DocumentList>(house.north, &ids);
    assert_eq!(open(permit, receipt, &house.ring).unwrap_err(), OpenError::IntentsDiffer);
}

#[test]
fn an_entry_that_does_not_say_permitted_opens_nothing() {
    let house = House::new();
    for outcome in Outcome::ALL.iter().filter(|outcome| **outcome != Outcome::Permitted) {
        let permit = house.permit::<act::DocumentList>(house.north, &[document(3).into()]);
        let receipt = house.receipt(permit.intent(), *outcome);
        assert_eq!(open(permit, receipt, &house.ring).unwrap_err(), OpenError::NotPermitted, "{outcome:?}");
    }
}

#[test]
fn what_the_intent_does_not_name_does_not_open() {
    let house = House::new();
    let (permit, receipt) = house.both::<act::DocumentRead>(house.north, &[document(4).into()]);
    let (opening, _) = open(permit, receipt, &house.ring).unwrap();
    let column = opening.column(document(3), Column::DocumentTitle, &column_sealed(&house, 3));
    assert_eq!(column.unwrap_err(), OpenError::NotNamed(document(3).into()));
    let (sealed, wrapped) = object_sealed(&house, TEXT.as_bytes());
    let object = opening.object(document(3), TEXT_OF_FIRST, &wrapped, &sealed[..HEADER_LEN]);
    assert_eq!(object.unwrap_err(), OpenError::NotNamed(document(3).into()));
    // The same bytes said to be of the document that is named: another place, so they do not open.
    let moved = opening.column(document(4), Column::DocumentTitle, &column_sealed(&house, 3));
    assert!(matches!(moved.unwrap_err(), OpenError::Key(KeyError::Sealed(_))));
    let moved = opening.object(document(4), TEXT_OF_FIRST, &wrapped, &sealed[..HEADER_LEN]);
    assert!(matches!(moved.unwrap_err(), OpenError::Key(KeyError::Damaged { .. })));
}

#[test]
fn one_customers_permit_opens_nothing_of_anothers() {
    let house = House::new();
    let (permit, receipt) = house.both::<act::DocumentRead>(house.south, &[document(3).into()]);
    let (opening, _) = open(permit, receipt, &house.ring).unwrap();
    let column = opening.column(document(3), Column::DocumentTitle, &column_sealed(&house, 3));
    assert!(matches!(column.unwrap_err(), OpenError::Key(KeyError::Sealed(_))));
    let (sealed, wrapped) = object_sealed(&house, TEXT.as_bytes());
    let object = opening.object(document(3), TEXT_OF_FIRST, &wrapped, &sealed[..HEADER_LEN]);
    assert!(matches!(object.unwrap_err(), OpenError::Key(KeyError::Orphan { .. })));
    // A row whose key id was changed to the other customer's does not open either.
    let key_id = format!("records/{}", house.south);
    let object = opening.object(document(3), TEXT_OF_FIRST, &WrappedKey { key_id, ..wrapped }, &sealed[..HEADER_LEN]);
    assert!(matches!(object.unwrap_err(), OpenError::Key(KeyError::Damaged { .. })));
}

#[test]
fn a_value_carried_to_another_column_row_or_rendition_does_not_open() {
    let house = House::new();
    let (permit, receipt) = house.both::<act::DocumentRead>(house.north, &[document(3).into()]);
    let (opening, _) = open(permit, receipt, &house.ring).unwrap();
    let sealed = column_sealed(&house, 3);
    for column in [Column::DocumentBody, Column::DocumentVersionBody { version: 1 }, Column::DocumentProposals] {
        assert!(opening.column(document(3), column, &sealed).is_err(), "{column:?}");
    }
    assert_eq!(opening.column(document(3), Column::PatientBody, &sealed).unwrap_err(), OpenError::Column);
    let (sealed, wrapped) = object_sealed(&house, TEXT.as_bytes());
    for rendition in
        [Rendition { version: 2, ..TEXT_OF_FIRST }, Rendition { version: 1, kind: RenditionKind::Original }]
    {
        assert!(opening.object(document(3), rendition, &wrapped, &sealed[..HEADER_LEN]).is_err(), "{rendition:?}");
    }
}

#[test]
fn a_spoiled_column_does_not_open_and_never_panics() {
    let house = House::new();
    let (permit, receipt) = house.both::<act::DocumentRead>(house.north, &[document(3).into()]);
    let (opening, _) = open(permit, receipt, &house.ring).unwrap();
    let sealed = column_sealed(&house, 3);
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(opening.column(document(3), Column::DocumentTitle, &changed).is_err(), "byte {at}");
        assert!(opening.column(document(3), Column::DocumentTitle, &sealed[..at]).is_err(), "cut at {at}");
    }
    let not_text = house.ring.seal_column(house.north, document(3), Column::DocumentTitle, &[0xff, 0xfe]).unwrap();
    let error = opening.column(document(3), Column::DocumentTitle, &not_text).unwrap_err();
    assert_eq!(error, OpenError::NotText);
}

#[test]
fn a_document_of_several_segments_opens_as_a_stream_and_in_ranges() {
    let house = House::new();
    let plaintext: Vec<u8> = (0..200_000_u32).map(|at| (at % 253) as u8).collect();
    let (sealed, wrapped) = object_sealed(&house, &plaintext);
    let (permit, receipt) = house.both::<act::DocumentDownload>(house.north, &[document(3).into()]);
    let (opening, shown) = open(permit, receipt, &house.ring).unwrap();
    let (header, body) = sealed.split_at(HEADER_LEN);

    let mut reader = opening.object(document(3), TEXT_OF_FIRST, &wrapped, header).unwrap();
    let mut whole = Vec::new();
    for piece in body.chunks(10_000) {
        whole.extend_from_slice(reader.push(piece).unwrap().show(&shown));
    }
    reader.finish().unwrap();
    assert!(whole == plaintext);

    let mut reader = opening.object(document(3), TEXT_OF_FIRST, &wrapped, header).unwrap();
    let mut whole = Vec::new();
    for segment in body.chunks(SEGMENT_LEN) {
        whole.extend_from_slice(reader.segment(segment.to_vec()).unwrap().show(&shown));
    }
    assert_eq!(reader.segment(vec![0; SEGMENT_LEN]).unwrap_err(), FloeError::Extended);
    assert!(whole == plaintext);

    let len = sealed.len() as u64;
    let last = last_segment_at(len).unwrap();
    let tail = &sealed[last.start as usize..];
    let mut ranges = opening.object_ranges(document(3), TEXT_OF_FIRST, &wrapped, header, (len, tail)).unwrap();
    assert_eq!(ranges.plain_len(), 200_000);
    let range = 65_000..140_000;
    let needed = ranges.sealed_range(&range).unwrap();
    let part = ranges.open(&range, &sealed[needed.start as usize..needed.end as usize]).unwrap();
    assert!(part.show(&shown)[..] == plaintext[65_000..140_000]);

    let mut cut = opening.object(document(3), TEXT_OF_FIRST, &wrapped, header).unwrap();
    let _ = cut.push(&body[..SEGMENT_LEN * 2]).unwrap();
    assert_eq!(cut.finish(), Err(FloeError::Truncated));
}

#[test]
fn a_long_list_opens_its_members_and_nothing_else() {
    let house = House::new();
    let ids: Vec<ResourceId> = (0..600_u128).map(|n| PatientId::from_bytes(n.to_be_bytes()).into()).collect();
    let (permit, receipt) = house.both::<act::PatientSearch>(house.north, &ids);
    let (opening, shown) = open(permit, receipt, &house.ring).unwrap();
    let sealed = house.ring.seal_column(house.north, ids[599], Column::PatientBody, TEXT.as_bytes()).unwrap();
    assert_eq!(opening.column(ids[599], Column::PatientBody, &sealed).unwrap().show(&shown), TEXT);
    let foreign = PatientId::from_bytes([0xee; 16]);
    let error = opening.column(foreign, Column::PatientBody, &sealed).unwrap_err();
    assert_eq!(error, OpenError::NotNamed(foreign.into()));
}

#[test]
fn shredded_keys_open_nothing_whatever_rows_are_put_back() {
    let house = House::new();
    let before = house.ring.rows().clone();
    let (change, certificate) = house
        .ring
        .shred_customer(house.north, &house.root, (house.now(), Some(house.now().plus_secs(60))), &SystemEntropy)
        .unwrap();
    let mut after = before.clone();
    after.apply(&change).unwrap();
    let ring = KeyRing::unlock(&house.root, &after).unwrap();

    let (permit, receipt) = house.both::<act::DocumentList>(house.north, &[document(3).into()]);
    assert_eq!(open(permit, receipt, &ring).unwrap_err(), OpenError::KeysGone(house.north));
    let seal = ring.seal_column(house.north, document(3), Column::DocumentTitle, b"x");
    assert_eq!(seal.unwrap_err(), SealError::NoCustomer(house.north));
    assert_eq!(ring.customers().collect::<Vec<_>>(), [house.south]);
    assert!(ring.has_audit_year(strongroom_vault::Owner::Customer(house.north), YEAR), "audit keys are untouched");
    assert!(ring.customer_begin(house.north, YEAR, house.now(), &SystemEntropy).is_err(), "no second life");

    // A backup of the key rows without the epoch rows: what is put back has no key above it.
    let mut undone = after.clone();
    undone.keys = before.keys;
    assert!(matches!(KeyRing::unlock(&house.root, &undone), Err(KeyError::Orphan { .. })));

    let text = certificate.to_string();
    assert!(text.contains(&format!("destroyed: records/{}/1", house.north)), "{text}");
    assert!(text.contains("destroyed: epoch/1") && text.contains("expire by"), "{text}");
    let json = serde_json::to_string(&certificate).unwrap();
    assert_eq!(serde_json::from_str::<strongroom_vault::ShredCertificate>(&json).unwrap(), certificate);
    // The other customer lives on.
    assert!(ring.seal_column(house.south, document(3), Column::DocumentTitle, b"x").is_ok());
}

#[test]
fn rotation_moves_object_keys_and_columns_and_can_be_stopped_anywhere() {
    let mut house = House::new();
    let (sealed, wrapped) = object_sealed(&house, TEXT.as_bytes());
    let column = column_sealed(&house, 3);
    let change = house.ring.rotate(house.north, house.now(), &SystemEntropy).unwrap();
    house.ring = house.ring.after(&change).unwrap();

    // Before anything is moved, what was sealed by the old version opens; new things carry the new version.
    let read = |house: &House, wrapped: &WrappedKey, column: &[u8]| {
        let (permit, receipt) = house.both::<act::DocumentRead>(house.north, &[document(3).into()]);
        let (opening, shown) = open(permit, receipt, &house.ring)?;
        let mut reader = opening.object(document(3), TEXT_OF_FIRST, wrapped, &sealed[..HEADER_LEN])?;
        assert_eq!(reader.push(&sealed[HEADER_LEN..])?.show(&shown), TEXT.as_bytes());
        let title = opening.column(document(3), Column::DocumentTitle, column)?;
        assert_eq!(title.show(&shown), TEXT);
        Ok::<(), OpenError>(())
    };
    read(&house, &wrapped, &column).unwrap();
    assert_eq!(object_sealed(&house, b"new").1.version, 2);

    let moved = house.ring.rewrap_object_key(house.north, document(3), TEXT_OF_FIRST, &wrapped).unwrap().unwrap();
    assert_eq!(moved.version, 2);
    let again = house.ring.rewrap_object_key(house.north, document(3), TEXT_OF_FIRST, &moved).unwrap();
    assert_eq!(again, None, "a second run finds nothing to do");
    let resealed = house.ring.reseal_column(house.north, document(3), Column::DocumentTitle, &column).unwrap().unwrap();
    assert_eq!(house.ring.reseal_column(house.north, document(3), Column::DocumentTitle, &resealed).unwrap(), None);
    read(&house, &moved, &resealed).unwrap();

    // Now the old version can go; what was moved lives on, what was not is gone.
    let destroyed = house.ring.shred_version((house.north, 1), &house.root, (house.now(), None), &SystemEntropy);
    let (change, _) = destroyed.unwrap();
    let mut rows = house.ring.rows().clone();
    rows.apply(&change).unwrap();
    house.ring = KeyRing::unlock(&house.root, &rows).unwrap();
    read(&house, &moved, &resealed).unwrap();
    assert!(matches!(read(&house, &wrapped, &resealed), Err(OpenError::Key(KeyError::NoKey(_)))));
    let newest = house.ring.shred_version((house.north, 2), &house.root, (house.now(), None), &SystemEntropy);
    assert!(matches!(newest, Err(KeyError::NoKey(_))), "the newest version is not destroyed this way");
}

#[test]
fn an_intent_list_is_named_by_its_own_id() {
    let house = House::new();
    let intent = IntentId::from_bytes([5; 16]);
    assert!(house.ring.seal_column(house.north, intent, Column::IntentResources, b"[]").is_ok());
    let wrong = house.ring.seal_column(house.north, intent, Column::PatientBody, b"{}");
    assert_eq!(wrong.unwrap_err(), SealError::Column);
}

/// What policy says to the system's own job, which would carry these from one customer to others. That the one joins `agreed`
/// is what both managers have said.
fn carrying_asked(
    house: &House,
    (customer, to): (CustomerId, &[CustomerId]),
    agreed: CustomerId,
    ids: &[ResourceId],
) -> Result<Permit<act::CustomerJoinRun>, Box<Refusal>> {
    let who = (Principal::Program(ProgramId::from_bytes([8; 16])), None);
    let named = Resources::of(ids.iter().copied().chain(to.iter().map(|id| ResourceId::from(*id))));
    let intent = Intent::to::<act::CustomerJoinRun>(
        &house.clock,
        &SystemEntropy,
        who,
        Some(customer),
        named,
        Purpose::Administration,
    );
    let facts = Facts {
        principal: PrincipalFacts { system_job: true, ..PrincipalFacts::default() },
        resources: ids.iter().filter_map(|id| house::resource_facts(customer, *id)).collect(),
        customer: Some(CustomerFacts {
            id: customer,
            agreement_in_force: true,
            requested_by: Some(PersonId::from_bytes([9; 16])),
            joining: JoiningFacts { agreed_into: Some(agreed), comes_in: true },
        }),
    };
    house.policy.decide::<act::CustomerJoinRun>(intent, &facts).permitted()
}

/// What it is permitted when the one joins the other, and its receipt.
fn carrying(
    house: &House,
    (customer, to): (CustomerId, CustomerId),
    ids: &[ResourceId],
) -> (Permit<act::CustomerJoinRun>, Receipt) {
    let permit = carrying_asked(house, (customer, &[to]), to, ids).unwrap();
    let receipt = house.receipt(permit.intent(), Outcome::Permitted);
    (permit, receipt)
}

#[test]
fn what_may_be_carried_to_one_customer_is_carried_to_no_third() {
    let mut house = House::new();
    let third = CustomerId::from_bytes([3; 16]);
    let begun = house.ring.customer_begin(third, YEAR, house.now(), &SystemEntropy).unwrap();
    house.ring = house.ring.after(&begun).unwrap();
    let named = [document(3).into()];
    let (_, wrapped) = object_sealed(&house, TEXT.as_bytes());
    let sealed = column_sealed(&house, 3);
    // Where things go is in what was permitted and witnessed; nobody who carries them says it again.
    let (permit, receipt) = carrying(&house, (house.north, house.south), &named);
    assert!(permit.intent().resources().contains(&house.south.into()));
    let (opening, _) = open(permit, receipt, &house.ring).unwrap();
    let carried = opening.column_carry(&house.ring, document(3), Column::DocumentTitle, &sealed).unwrap();
    let opens = |customer| {
        let (permit, receipt) = house.both::<act::DocumentList>(customer, &named);
        let (opening, _) = open(permit, receipt, &house.ring).unwrap();
        opening.column(document(3), Column::DocumentTitle, &carried).is_ok()
    };
    assert!(opens(house.south) && !opens(third) && !opens(house.north));
    // To a third, to a third as well, and the other way round: policy says no.
    for to in [&[third][..], &[house.south, third], &[]] {
        let asked = carrying_asked(&house, (house.north, to), house.south, &named);
        assert_eq!(asked.is_ok(), to.is_empty(), "{to:?}");
    }
    assert!(carrying_asked(&house, (house.south, &[house.north]), house.south, &named).is_err());
    // What comes in is carried nowhere.
    let permit = carrying_asked(&house, (house.north, &[]), house.south, &named).unwrap();
    let receipt = house.receipt(permit.intent(), Outcome::Permitted);
    let (opening, _) = open(permit, receipt, &house.ring).unwrap();
    let nowhere = opening.column_carry(&house.ring, document(3), Column::DocumentTitle, &sealed);
    assert_eq!(nowhere.unwrap_err(), OpenError::Nowhere);
    let nowhere = opening.object_key_carry(&house.ring, document(3), TEXT_OF_FIRST, &wrapped);
    assert_eq!(nowhere.unwrap_err(), OpenError::Nowhere);
}

#[test]
fn a_key_says_for_whom_its_object_was_sealed_and_nobody_else_can() {
    let house = House::new();
    let (sealed, wrapped) = object_sealed(&house, TEXT.as_bytes());
    let (permit, receipt) = carrying(&house, (house.north, house.south), &[document(3).into()]);
    let (opening, _) = open(permit, receipt, &house.ring).unwrap();
    let ring = &house.ring;
    let carried = opening.object_key_carry(ring, document(3), TEXT_OF_FIRST, &wrapped).unwrap();
    let column = opening.column_carry(ring, document(3), Column::DocumentTitle, &column_sealed(&house, 3)).unwrap();
    // Only what the intent names is carried.
    let other = opening.object_key_carry(ring, document(4), TEXT_OF_FIRST, &wrapped);
    assert_eq!(other.unwrap_err(), OpenError::NotNamed(document(4).into()));
    let other = opening.column_carry(ring, document(4), Column::DocumentTitle, &column_sealed(&house, 4));
    assert_eq!(other.unwrap_err(), OpenError::NotNamed(document(4).into()));
    let nobody = CustomerId::from_bytes([6; 16]);
    let (permit, receipt) = carrying(&house, (house.north, nobody), &[document(3).into()]);
    let (to_nobody, _) = open(permit, receipt, ring).unwrap();
    let gone = to_nobody.object_key_carry(ring, document(3), TEXT_OF_FIRST, &wrapped);
    assert_eq!(gone.unwrap_err(), OpenError::KeysGone(nobody));
    // The one's object opens for the other, under the other's key, from the same bytes.
    let opens = |customer, key: &WrappedKey| {
        let (permit, receipt) = house.both::<act::DocumentRead>(customer, &[document(3).into()]);
        let (opening, shown) = open(permit, receipt, &house.ring).unwrap();
        let mut reader = opening.object(document(3), TEXT_OF_FIRST, key, &sealed[..HEADER_LEN])?;
        let text = reader.push(&sealed[HEADER_LEN..])?;
        reader.finish()?;
        Ok::<_, OpenError>(text.show(&shown).clone())
    };
    assert_eq!(opens(house.south, &carried).unwrap(), TEXT.as_bytes());
    assert!(opens(house.north, &carried).is_err() && opens(house.south, &wrapped).is_err());
    let (permit, receipt) = house.both::<act::DocumentList>(house.south, &[document(3).into()]);
    let (there, shown) = open(permit, receipt, &house.ring).unwrap();
    assert_eq!(there.column(document(3), Column::DocumentTitle, &column).unwrap().show(&shown), TEXT);
    // The word for whom it was sealed is within the seal: neither left out nor put in by whoever has the row.
    let bytes = carried.to_bytes();
    assert_eq!(WrappedKey::from_bytes(&bytes).unwrap(), carried);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(
            WrappedKey::from_bytes(&changed).is_err()
                || opens(house.south, &WrappedKey::from_bytes(&changed).unwrap()).is_err()
        );
    }
    // A key of this customer's own object, carried on to its own row, does not become another's.
    let mut cut = carried.clone();
    cut.algorithm = strongroom_vault::Algorithm::Aes256Gcm;
    assert!(opens(house.south, &cut).is_err());
    // Rotated, and carried on to a third, it goes on saying so.
    let change = house.ring.rotate(house.south, house.now(), &SystemEntropy).unwrap();
    let ring = house.ring.after(&change).unwrap();
    let rotated = ring.rewrap_object_key(house.south, document(3), TEXT_OF_FIRST, &carried).unwrap().unwrap();
    assert_eq!((rotated.version, rotated.algorithm), (2, carried.algorithm));
    let (permit, receipt) = carrying(&house, (house.south, house.north), &[document(3).into()]);
    let (opening, _) = open(permit, receipt, &ring).unwrap();
    let back = opening.object_key_carry(&ring, document(3), TEXT_OF_FIRST, &rotated).unwrap();
    assert_eq!(opens(house.north, &back).unwrap(), TEXT.as_bytes());
}
