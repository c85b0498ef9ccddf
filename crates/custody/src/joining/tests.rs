//! A practice joins another: who decides, what moves, what is refused, and that no moment of dying loses anything.

mod agreed;
mod meanwhile;

use super::{JoinSeen, JoinTo, JoinYes, JoiningMoved, JoiningStep};
use crate::filled::{Filled, PLANTED_NAME, PLANTED_TEXT, filled, root, upload};
use crate::testing::Someone;
use crate::{
    Approved, CustodyError, DocumentSearch, DocumentText, PatientBody, RelatedBody, ShredDecided, ShredOrder, ShredSeen,
};
use record::civil::Day;
use record::merge::{MergeCause, MergeState};
use record::{BreakGlassId, CustomerId, DocumentId, MembershipId, Outcome, PatientId, RelatedKind, Role, act};
use std::ops::ControlFlow;
use store::{EntryFilter, JoiningState, SealedColumn};
use vault::Column;

/// A clinic that is to join another, whose manager is there too.
struct Two {
    filled: Filled,
    olaf: Someone,
}

async fn two() -> Two {
    two_of(filled().await).await
}

async fn two_of(filled: Filled) -> Two {
    let olaf = filled.house.manager((&filled.first, &filled.second), filled.other, "Olaf Other").await;
    let patients = filled.custody().store().patient_page_of(filled.clinic, None, 10).await.unwrap();
    let mother = RelatedBody { last: "Ravensworth".to_owned(), first: "Ines".to_owned(), ..RelatedBody::default() };
    let desk = filled.house.desk::<act::RelatedCreate>(&filled.records).await;
    desk.related_create(patients[0].id, RelatedKind::Guardian, &mother).await.unwrap();
    Two { filled, olaf }
}

impl Two {
    async fn prepare(&self) -> Result<(), CustodyError> {
        self.filled.house.step_up(&self.filled.first).await.unwrap();
        let desk = self.filled.house.desk::<act::CustomerJoinPrepare>(&self.filled.first).await;
        let (joins, into) = (self.filled.clinic, self.filled.other);
        desk.join_prepare(&JoinTo { joins, into, prefix: "L-".to_owned() }).await.map(|_| ())
    }

    async fn row(&self) -> store::Joining {
        self.filled.custody().store().joining_fetch(self.filled.clinic).await.unwrap().unwrap()
    }

    async fn seen(&self, customer: CustomerId, by: &Someone) -> JoinSeen {
        let page = self.filled.house.desk::<act::CustomerJoinShow>(by).await.joining_show(customer).await.unwrap();
        page.joinings[0].seen
    }

    async fn yes(
        &self,
        by: &Someone,
        (customer, seen): (CustomerId, JoinSeen),
        people: Vec<MembershipId>,
    ) -> Result<(), CustodyError> {
        self.filled.house.step_up(by).await.unwrap();
        let yes = JoinYes { customer, joins: self.filled.clinic, seen, people };
        self.filled.house.desk::<act::CustomerJoin>(by).await.join_yes(&yes).await.map(|_| ())
    }

    /// Prepared, and both have said yes; these of the clinic are taken over.
    async fn agreed(&self, take: &[&Someone]) {
        self.prepare().await.unwrap();
        let (clinic, other) = (self.filled.clinic, self.filled.other);
        let seen = self.seen(clinic, &self.filled.manager).await;
        self.yes(&self.filled.manager, (clinic, seen), Vec::new()).await.unwrap();
        let places = self.filled.custody().store().membership_list_at(Some(clinic)).await.unwrap();
        let now = self.filled.custody().now();
        let taken = places
            .iter()
            .filter(|one| one.in_force(now) && take.iter().any(|who| who.person == one.person))
            .map(|one| one.id);
        let seen = self.seen(other, &self.olaf).await;
        self.yes(&self.olaf, (other, seen), taken.collect()).await.unwrap();
    }

    /// Carries it out until the how-manieth word of progress, or to its end.
    async fn run(&self, words: usize) -> Result<JoiningMoved, CustodyError> {
        self.filled.house.step_up(&self.filled.first).await.unwrap();
        let mut heard = 0;
        let mut progress = |_: &JoiningMoved| {
            heard += 1;
            if heard >= words { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let desk = self.filled.house.desk::<act::CustomerJoinPrepare>(&self.filled.first).await;
        desk.join_run(self.filled.clinic, &mut progress).await
    }

    async fn patient(&self, by: &Someone, customer: CustomerId, body: PatientBody) -> PatientId {
        self.filled.house.desk::<act::PatientCreate>(by).await.patient_create(customer, &body).await.unwrap()
    }

    async fn found(&self, by: &Someone, search: DocumentSearch) -> Vec<PatientId> {
        let desk = self.filled.house.desk::<act::PatientSearch>(by).await;
        let found = desk.patient_search(&search, None).await.unwrap();
        found.iter().flat_map(|lines| lines.lines.iter().map(|line| line.id)).collect()
    }

    async fn reads(&self, id: DocumentId) -> bool {
        let open = self.filled.house.desk::<act::DocumentRead>(&self.filled.typist).await.document_read(id, None).await;
        open.is_ok_and(|open| match &open.text {
            DocumentText::Text(text) => text.show(&open.shown).contains(PLANTED_TEXT),
            DocumentText::Opaque(_) => false,
        })
    }
}

fn number(number: &str) -> DocumentSearch {
    DocumentSearch { record_number: number.to_owned(), ..DocumentSearch::default() }
}

fn body(last: &str, first: &str, number: &str) -> PatientBody {
    PatientBody {
        last: last.to_owned(),
        first: first.to_owned(),
        born: Day::new(2016, 5, 4),
        record_number: number.to_owned(),
        ..PatientBody::default()
    }
}

fn said<T>(done: Result<T, CustodyError>) -> &'static str {
    match done {
        Err(CustodyError::State(said)) => said,
        Err(other) => panic!("refused otherwise: {other:?}"),
        Ok(_) => panic!("nothing stood in the way"),
    }
}

#[tokio::test]
async fn both_managers_say_yes_and_all_of_the_one_becomes_the_others_under_the_others_keys() {
    let two = two().await;
    let filled = &two.filled;
    let store = filled.custody().store();
    let before = store.patient_page_of(filled.clinic, None, 10).await.unwrap();
    let history = async || {
        let desk = filled.house.desk::<act::DocumentHistory>(&filled.first).await;
        desk.document_history(filled.documents[0]).await.unwrap().len()
    };
    for _ in 0..3 {
        assert!(two.reads(filled.documents[0]).await);
    }
    let seen_before = history().await;
    two.agreed(&[&filled.records]).await;
    let moved = two.run(usize::MAX).await.unwrap();
    assert!(moved.finished && moved.damaged == 0);
    // Who opened it before, and that it was moved: with each of the two.
    assert!(seen_before > 3 && history().await >= seen_before + 2);
    assert_eq!((moved.documents, moved.patients, moved.taken_over), (3, 1, 1));
    assert_eq!(store.joining_counts(filled.clinic).await.unwrap(), store::JoiningCounts::default());
    assert_eq!(store.joining_counts(filled.other).await.unwrap().documents, 4);
    assert_eq!(store.arriving_count(filled.other).await.unwrap(), 0);
    // By the same ids, to whoever may: the typist works for the other one, too.
    for id in &filled.documents {
        assert_eq!(store.document_fetch(*id).await.unwrap().unwrap().customer, filled.other);
        assert!(two.reads(*id).await);
    }
    // Found by name, number and guardian in the other's index, by who was taken over.
    let name = DocumentSearch { last: PLANTED_NAME.to_owned(), ..DocumentSearch::default() };
    let guardian = DocumentSearch { guardian: "Ravensworth".to_owned(), ..DocumentSearch::default() };
    for search in [name, guardian, number("LP-778812")] {
        assert_eq!(two.found(&filled.records, search).await, [before[0].id]);
    }
    let kept = store.kept_check(filled.other, None, 100).await.unwrap();
    assert!(kept.wrong.is_empty(), "{kept:?}");
    // Nobody has a place at the clinic any more, and only who was ticked has one at the other.
    let now = filled.custody().now();
    assert!(store.membership_list_at(Some(filled.clinic)).await.unwrap().iter().all(|one| !one.in_force(now)));
    let here: Vec<_> = store.membership_list_at(Some(filled.other)).await.unwrap();
    assert!(
        here.iter().any(|one| one.person == filled.records.person && one.granted_by == two.olaf.person.to_string())
    );
    assert!(here.iter().all(|one| one.person != filled.manager.person));
    assert!(store.customer_fetch(filled.clinic).await.unwrap().unwrap().closed_at.is_some());
    assert!(store.agreement_list(filled.clinic).await.unwrap().iter().all(|one| one.ended_at.is_some()));
    assert_eq!(two.row().await.state, JoiningState::Joined);
    // Once more is nothing.
    assert!(two.run(usize::MAX).await.unwrap().finished);
}

#[tokio::test]
async fn each_page_is_an_act_with_each_of_the_two_that_names_what_is_on_it() {
    let two = two().await;
    two.agreed(&[]).await;
    two.run(usize::MAX).await.unwrap();
    for customer in [two.filled.clinic, two.filled.other] {
        let filter = EntryFilter { customer: Some(customer), ..EntryFilter::default() };
        let entries = two.filled.custody().store().entry_list(&filter, 200).await.unwrap();
        let entries: Vec<_> = entries.iter().map(|one| ledger::leaf::decode(&one.leaf).unwrap().entry).collect();
        // At the one it is looked at before the door closes, and then moved.
        let times = if customer == two.filled.clinic { 2 } else { 1 };
        let acts = |outcome| {
            entries.iter().filter(move |one| one.action.as_str() == "customer.join_run" && one.outcome == outcome)
        };
        for id in &two.filled.documents {
            assert_eq!(acts(Outcome::Permitted).filter(|one| one.names(&(*id).into())).count(), times);
        }
        assert_eq!(acts(Outcome::Permitted).count(), acts(Outcome::Done).count());
        // And each at the one says where things go.
        let to = |one: &&record::Entry| one.names(&two.filled.other.into());
        let named = acts(Outcome::Permitted).filter(to).count();
        assert_eq!(named, if times == 2 { acts(Outcome::Permitted).count() } else { 0 });
        assert!(acts(Outcome::Permitted).all(|one| one.principal == two.filled.custody().program()));
    }
}

#[tokio::test]
async fn the_keys_of_the_one_are_not_needed_any_more_and_those_of_the_other_take_everything_with_them() {
    let two = two().await;
    let filled = &two.filled;
    if filled.custody().store().is_on_server() {
        return;
    }
    two.agreed(&[]).await;
    two.run(usize::MAX).await.unwrap();
    let shred = async |customer: CustomerId, name: &str| {
        filled.house.step_up(&filled.first).await.unwrap();
        for one in filled.custody().store().agreement_list(customer).await.unwrap() {
            let desk = filled.house.desk::<act::AgreementEnd>(&filled.first).await;
            drop(desk.agreement_end(customer, one.id).await);
        }
        let reason = "The practice is another's now.".to_owned();
        let order = ShredOrder { customer, name: name.to_owned(), reason, copies_expire_on: None };
        filled.house.desk::<act::KeyShredAsk>(&filled.first).await.key_shred_ask(&order).await.unwrap();
        filled.house.step_up(&filled.second).await.unwrap();
        let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
        let decided = ShredDecided { customer, what: ShredSeen::Name(name.to_owned()) };
        let done = desk.key_shred_approve(&decided, Some(root())).await.unwrap();
        assert!(matches!(done, Approved::Shredded(_)));
    };
    // Older backups hold what was the clinic's under its own keys: those go first.
    filled.house.step_up(&filled.first).await.unwrap();
    for one in filled.custody().store().agreement_list(filled.other).await.unwrap() {
        let desk = filled.house.desk::<act::AgreementEnd>(&filled.first).await;
        drop(desk.agreement_end(filled.other, one.id).await);
    }
    let (reason, name) = ("They leave.".to_owned(), "Hill Cardiology".to_owned());
    let order = ShredOrder { customer: filled.other, name, reason, copies_expire_on: None };
    let desk = filled.house.desk::<act::KeyShredAsk>(&filled.first).await;
    assert!(said(desk.key_shred_ask(&order).await).contains("has joined this one"));
    shred(filled.clinic, "Lakeside Pediatrics").await;
    assert!(two.reads(filled.documents[0]).await, "the clinic's keys are gone, and nothing was under them");
    shred(filled.other, "Hill Cardiology").await;
    assert!(!two.reads(filled.documents[0]).await && !two.reads(filled.foreign).await);
}

#[tokio::test]
async fn nobody_decides_but_the_two_managers_each_for_their_own_and_no_person_for_both() {
    let two = two().await;
    let filled = &two.filled;
    two.prepare().await.unwrap();
    let (clinic, other) = (filled.clinic, filled.other);
    let seen = two.seen(clinic, &filled.manager).await;
    for one in [&filled.first, &filled.second, &filled.records, &filled.typist, &two.olaf] {
        let done = two.yes(one, (clinic, seen), Vec::new()).await;
        assert!(matches!(done, Err(CustodyError::Refused(_))), "{done:?}");
    }
    // The other one's turn comes second.
    assert!(said(two.yes(&two.olaf, (other, seen), Vec::new()).await).contains("says yes first"));
    // Nor does anybody but an officer prepare or carry out.
    filled.house.step_up(&filled.manager).await.unwrap();
    let desk = filled.house.desk::<act::CustomerJoinPrepare>(&filled.manager).await;
    let order = JoinTo { joins: other, into: clinic, prefix: "X-".to_owned() };
    assert!(matches!(desk.join_prepare(&order).await, Err(CustodyError::Refused(_))));
    assert!(matches!(desk.join_run(clinic, &mut |_| ControlFlow::Continue(())).await, Err(CustodyError::Refused(_))));
    // A manager of both says one of the two words.
    let now = filled.custody().now();
    let both = store::Membership {
        id: MembershipId::from_bytes([7; 16]),
        person: filled.manager.person,
        customer: Some(other),
        role: Role::PracticeManager,
        from_at: now,
        to_at: None,
        granted_by: two.olaf.person.to_string(),
    };
    let mut tx = filled.custody().store().begin("a manager of both").await.unwrap();
    tx.membership_insert(&both).await.unwrap();
    tx.commit().await.unwrap();
    two.yes(&filled.manager, (clinic, seen), Vec::new()).await.unwrap();
    let seen = two.seen(other, &two.olaf).await;
    let done = two.yes(&filled.manager, (other, seen), Vec::new()).await;
    assert!(matches!(done, Err(CustodyError::Refused(_))), "{done:?}");
    // What was seen is what is said yes to, and nobody takes over who is not there.
    let earlier = JoinSeen { at: now.plus_secs(-9), ..seen };
    assert!(matches!(two.yes(&two.olaf, (other, earlier), Vec::new()).await, Err(CustodyError::Changed)));
    let nobody = vec![MembershipId::from_bytes([9; 16])];
    assert!(said(two.yes(&two.olaf, (other, seen), nobody).await).contains("otherwise"));
    // Not carried out on one word, and taken back by either.
    assert!(said(two.run(usize::MAX).await).contains("Both managers"));
    filled.house.step_up(&two.olaf).await.unwrap();
    filled.house.desk::<act::CustomerJoin>(&two.olaf).await.join_no(other, clinic).await.unwrap();
    assert!(filled.custody().store().joining_fetch(clinic).await.unwrap().is_none());
}

#[tokio::test]
async fn nobody_takes_over_themselves_and_the_one_sees_nothing_of_the_other_before_its_yes() {
    let two = two().await;
    let filled = &two.filled;
    two.prepare().await.unwrap();
    let (clinic, other) = (filled.clinic, filled.other);
    let now = filled.custody().now();
    let own = store::Membership {
        id: MembershipId::from_bytes([7; 16]),
        person: two.olaf.person,
        customer: Some(clinic),
        role: Role::Clinician,
        from_at: now,
        to_at: None,
        granted_by: filled.manager.person.to_string(),
    };
    let mut tx = filled.custody().store().begin("a clinician at the one").await.unwrap();
    tx.membership_insert(&own).await.unwrap();
    tx.commit().await.unwrap();
    let page = async || filled.house.desk::<act::CustomerJoinShow>(&two.olaf).await.joining_show(other).await.unwrap();
    let seen = page().await.joinings.remove(0);
    assert_eq!((seen.counts, seen.people.len(), seen.step), (None, 0, JoiningStep::Wait));
    let seen = two.seen(clinic, &filled.manager).await;
    two.yes(&filled.manager, (clinic, seen), Vec::new()).await.unwrap();
    let seen = page().await.joinings.remove(0);
    assert_eq!((seen.counts.unwrap().documents, seen.step), (3, JoiningStep::Yes));
    assert!(seen.people.iter().any(|one| one.is_asker && one.membership == own.id));
    let done = two.yes(&two.olaf, (other, seen.seen), vec![own.id]).await;
    assert!(matches!(done, Err(CustodyError::Input(fields)) if fields[0].field == "people"));
}

#[tokio::test]
async fn whatever_else_is_under_way_at_either_stands_in_the_way_and_the_other_way_round() {
    let two = two().await;
    let filled = &two.filled;
    crate::leaving::tests::leaves(filled).await;
    assert!(said(two.prepare().await).contains("leaves"));
    filled.house.step_up(&filled.manager).await.unwrap();
    filled.house.desk::<act::CustomerLeave>(&filled.manager).await.leave_withdraw(filled.clinic).await.unwrap();
    two.prepare().await.unwrap();
    assert!(said(two.prepare().await).contains("already"));
    // The same two the other way round, meanwhile.
    let desk = filled.house.desk::<act::CustomerJoinPrepare>(&filled.first).await;
    let back = JoinTo { joins: filled.other, into: filled.clinic, prefix: "X".to_owned() };
    assert!(said(desk.join_prepare(&back).await).contains("Another joining"));
    let begun = filled.house.desk::<act::CustomerLeave>(&filled.manager).await.leave_begin(filled.clinic).await;
    assert!(said(begun).contains("joining"));
    filled.house.step_up(&filled.second).await.unwrap();
    let rotated = filled.house.desk::<act::KeyRotate>(&filled.second).await;
    assert!(said(rotated.key_rotate(filled.other, &mut |_| ControlFlow::Continue(())).await).contains("joining"));
    // No agreement with the one that is joined.
    for one in filled.custody().store().agreement_list(filled.other).await.unwrap() {
        let desk = filled.house.desk::<act::AgreementEnd>(&filled.first).await;
        desk.agreement_end(filled.other, one.id).await.unwrap();
    }
    let seen = two.seen(filled.clinic, &filled.manager).await;
    // What it is at the other is not the clinic's to know before the other's yes.
    assert!(said(two.yes(&filled.manager, (filled.clinic, seen), Vec::new()).await).contains("at the other practice"));
    let page = filled.house.desk::<act::CustomerJoinShow>(&filled.manager).await;
    assert!(page.joining_show(filled.clinic).await.unwrap().joinings[0].hindered.contains("at the other practice"));
    let page = filled.house.desk::<act::CustomerJoinShow>(&two.olaf).await;
    assert!(page.joining_show(filled.other).await.unwrap().joinings[0].hindered.contains("agreement"));
    let prefix = JoinTo { joins: filled.clinic, into: filled.other, prefix: "a b".to_owned() };
    assert!(matches!(desk.join_prepare(&prefix).await, Err(CustodyError::Input(_))));
    assert!(
        said(desk.join_prepare(&JoinTo { joins: filled.clinic, into: filled.clinic, prefix: "A".to_owned() }).await)
            .contains("itself")
    );
}

#[tokio::test]
async fn stopped_at_any_step_nothing_is_lost_and_nothing_is_there_twice() {
    for words in 1..40 {
        let two = two().await;
        let filled = &two.filled;
        let store = filled.custody().store();
        two.agreed(&[&filled.records]).await;
        let moved = two.run(words).await.unwrap();
        if moved.finished {
            assert!(words > 3, "each table is a step");
            return;
        }
        if two.row().await.state == JoiningState::Agreed {
            assert!(two.reads(filled.documents[0]).await, "only looked at so far");
            assert!(two.run(usize::MAX).await.unwrap().finished, "{words}");
            continue;
        }
        assert_eq!(two.row().await.state, JoiningState::Moving);
        // What is on its way cannot be read, and is not forgotten: a backup waits for it.
        let back =
            two.filled.house.desk::<act::CustomerJoin>(&two.olaf).await.join_no(filled.other, filled.clinic).await;
        assert!(said(back).contains("cannot be taken back"));
        let left = store.arriving_left(filled.clinic).await.unwrap();
        assert!(
            left > 0 || store.arriving_count(filled.other).await.unwrap() > 0 || two.reads(filled.documents[0]).await
        );
        assert!(two.run(usize::MAX).await.unwrap().finished, "{words}");
        assert_eq!(store.joining_counts(filled.other).await.unwrap().documents, 4);
        assert_eq!(store.patient_page_of(filled.other, None, 10).await.unwrap().len(), 1);
        for id in &filled.documents {
            assert!(two.reads(*id).await, "{words}");
        }
    }
    panic!("it never ended");
}

#[tokio::test]
async fn what_was_put_and_did_not_leave_before_the_process_died_is_put_anew() {
    let two = two().await;
    let filled = &two.filled;
    let store = filled.custody().store();
    two.agreed(&[]).await;
    // As if it had died between the two transactions of the first page: the rows wait, and are still there.
    let mut row = store.document_fetch(filled.documents[0]).await.unwrap().unwrap();
    row.body = vec![0; 40];
    let stale = store::Arriving::document(&row);
    let mut tx = store.begin("died in between").await.unwrap();
    tx.arriving_put(filled.other, &[stale]).await.unwrap();
    tx.commit().await.unwrap();
    assert!(two.run(usize::MAX).await.unwrap().finished);
    assert!(two.reads(filled.documents[0]).await);
}

#[tokio::test]
async fn patients_of_both_are_proposed_and_numbers_of_both_are_kept_apart() {
    let two = two().await;
    let filled = &two.filled;
    let store = filled.custody().store();
    let oda = filled.house.member(&two.olaf, filled.other, Role::RecordsStaff, "Oda Records").await;
    // The same number and somebody else; the same person under another number; nobody's twin.
    let number_of = two.patient(&oda, filled.other, body("Someone", "Else", "LP-778812")).await;
    let same = two.patient(&oda, filled.other, body(PLANTED_NAME, "Nora", "HC-1")).await;
    two.patient(&oda, filled.other, body(PLANTED_NAME, "Cora", "HC-2")).await;
    let joining = two.found(&filled.records, number("LP-778812")).await[0];
    // A record that went into another one, with a number of its own.
    let gone = two.patient(&filled.records, filled.clinic, body(PLANTED_NAME, "N", "LP-2")).await;
    let mut row = store.patient_fetch(gone).await.unwrap().unwrap();
    row.linked_to = Some(joining);
    let mut tx = store.begin("linked").await.unwrap();
    assert_eq!(tx.patient_update(&row).await.unwrap(), 1);
    tx.commit().await.unwrap();
    two.agreed(&[]).await;
    let moved = two.run(usize::MAX).await.unwrap();
    assert_eq!((moved.patients, moved.prefixed, moved.proposed), (2, 1, 2), "{moved:?}");
    let waiting = store.merge_list(filled.other, MergeState::Proposed, None, 10).await.unwrap();
    let mut pairs: Vec<_> = waiting.iter().map(|one| (one.prior, one.survivor, one.cause)).collect();
    pairs.sort();
    let mut expected = vec![(joining, number_of, MergeCause::SameNumber), (joining, same, MergeCause::SameName)];
    expected.sort();
    assert_eq!(pairs, expected);
    assert_eq!(two.found(&oda, number("LP-778812")).await, [number_of]);
    assert_eq!(two.found(&oda, number("L-LP-778812")).await, [joining]);
    // The record that went still points there, and is found by its number.
    assert_eq!(store.patient_fetch(gone).await.unwrap().unwrap().linked_to, Some(joining));
    let found = two.found(&oda, number("LP-2")).await;
    assert_eq!(found, [joining]);
}

/// Spoils the first document's row, or puts it back.
async fn spoilt(two: &Two, column: SealedColumn, with: Option<Vec<u8>>) -> Vec<u8> {
    let store = two.filled.custody().store();
    let row = store.sealed_page(two.filled.clinic, column, None, 10).await.unwrap().remove(0);
    let mut tx = store.begin("damage").await.unwrap();
    assert_eq!(tx.sealed_replace(column, &row, with.unwrap_or_else(|| vec![1; 60])).await.unwrap(), 1);
    tx.commit().await.unwrap();
    row.sealed
}

/// As if the check had passed and the damage had come after it.
async fn begun(two: &Two) {
    let row = two.row().await;
    let mut tx = two.filled.custody().store().begin("begun").await.unwrap();
    assert_eq!(tx.joining_move(row.customer, row.agreed_at.unwrap(), row.agreed_at.unwrap()).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn glasses(two: &Two, ids: std::ops::Range<u8>, sound: &[u8]) {
    let filled = &two.filled;
    let store = filled.custody().store();
    let patient = store.patient_page_of(filled.clinic, None, 1).await.unwrap().remove(0).id;
    let now = filled.custody().now();
    let mut tx = store.begin("glasses").await.unwrap();
    for n in ids {
        let id = BreakGlassId::from_bytes([n; 16]);
        let sealed = filled.custody().ring().seal_column(filled.clinic, id, Column::BreakGlassReason, sound).unwrap();
        let glass = store::BreakGlass {
            id,
            customer: filled.clinic,
            person: filled.records.person,
            patient,
            reason: if sound.is_empty() { vec![1; 60] } else { sealed },
            from_at: now,
            to_at: now,
            reviewed_at: None,
            reviewed_by: None,
            verdict: None,
            note: None,
        };
        tx.break_glass_insert(&glass).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn no_door_closes_while_something_does_not_open() {
    for column in [SealedColumn::DocumentBody, SealedColumn::PatientBody] {
        let two = two().await;
        two.agreed(&[]).await;
        let was = spoilt(&two, column, None).await;
        let moved = two.run(usize::MAX).await.unwrap();
        assert_eq!((moved.finished, moved.damaged, moved.documents, moved.patients), (false, 1, 0, 0));
        assert_eq!(two.row().await.state, JoiningState::Agreed);
        let mut open = 0;
        for id in &two.filled.documents {
            assert_eq!(
                two.filled.custody().store().document_fetch(*id).await.unwrap().unwrap().customer,
                two.filled.clinic
            );
            open += usize::from(two.reads(*id).await);
        }
        assert!(open >= 2, "the others still are read where they are");
        let alerts = two.filled.custody().store().alert_list().await.unwrap();
        assert!(alerts.iter().any(|one| one.kind == "joining_damaged" && one.sentence.contains("Nothing was moved")));
        // Mended, it begins and ends.
        spoilt(&two, column, Some(was)).await;
        assert!(two.run(usize::MAX).await.unwrap().finished);
        assert!(two.reads(two.filled.documents[0]).await);
    }
    let two = two().await;
    two.agreed(&[]).await;
    glasses(&two, 1..2, b"").await;
    let moved = two.run(usize::MAX).await.unwrap();
    assert_eq!((moved.finished, moved.damaged, two.row().await.state), (false, 1, JoiningState::Agreed));
}

#[tokio::test]
async fn damage_that_comes_later_keeps_its_own_chart_waiting_and_fails_no_page() {
    for column in [SealedColumn::DocumentBody, SealedColumn::PatientBody] {
        let two = two().await;
        let store = two.filled.custody().store();
        two.agreed(&[]).await;
        begun(&two).await;
        let was = spoilt(&two, column, None).await;
        // As often as one likes: it neither fails nor ends.
        for _ in 0..2 {
            let moved = two.run(usize::MAX).await.unwrap();
            assert_eq!((moved.finished, moved.damaged), (false, 1), "{column:?}");
        }
        assert_eq!(two.row().await.state, JoiningState::Moving);
        assert!(store.arriving_left(two.filled.clinic).await.unwrap() > 0);
        spoilt(&two, column, Some(was)).await;
        assert!(two.run(usize::MAX).await.unwrap().finished);
        assert_eq!(store.joining_counts(two.filled.other).await.unwrap().documents, 4);
        for id in &two.filled.documents {
            assert!(two.reads(*id).await);
        }
    }
    // A glass that does not open keeps its patient.
    let two = two().await;
    two.agreed(&[]).await;
    begun(&two).await;
    glasses(&two, 1..2, b"").await;
    let moved = two.run(usize::MAX).await.unwrap();
    assert_eq!((moved.finished, moved.damaged, moved.patients), (false, 1, 0));
}

#[tokio::test]
async fn more_glasses_than_one_page_holds_leave_all() {
    let two = two().await;
    two.agreed(&[]).await;
    glasses(&two, 1..202, b"an emergency").await;
    assert!(two.run(usize::MAX).await.unwrap().finished);
    let there = two.filled.custody().store().break_glass_page(two.filled.other, None, 500).await.unwrap();
    assert_eq!(there.len(), 201);
}

#[tokio::test]
async fn a_number_with_the_prefix_is_nobody_elses() {
    let two = two().await;
    let filled = &two.filled;
    let oda = filled.house.member(&two.olaf, filled.other, Role::RecordsStaff, "Oda Records").await;
    two.patient(&oda, filled.other, body("Someone", "Else", "LP-778812")).await;
    let joining = two.found(&filled.records, number("LP-778812")).await[0];
    // Whose own number is what the other's would become: the index knows no hyphens.
    let own = two.patient(&filled.records, filled.clinic, body("Third", "Thea", "LLP-778812")).await;
    let digits = JoinTo { joins: filled.clinic, into: filled.other, prefix: "1-".to_owned() };
    filled.house.step_up(&filled.first).await.unwrap();
    let desk = filled.house.desk::<act::CustomerJoinPrepare>(&filled.first).await;
    assert!(matches!(desk.join_prepare(&digits).await, Err(CustodyError::Input(_))), "digits make another's number");
    two.agreed(&[]).await;
    assert!(two.run(usize::MAX).await.unwrap().finished);
    assert_eq!(two.found(&oda, number("L-LP-778812")).await, [own]);
    assert_eq!(two.found(&oda, number("L-LP-778812-x2")).await, [joining]);
}

#[tokio::test]
async fn one_run_at_a_time_and_none_beside_a_backup() {
    let two = two().await;
    two.agreed(&[]).await;
    let held = two.filled.custody().0.backing_up.lock().await;
    assert!(said(two.run(usize::MAX).await).contains("Try again"));
    drop(held);
    assert_eq!(two.row().await.state, JoiningState::Agreed);
    assert!(two.run(usize::MAX).await.unwrap().finished);
}

#[tokio::test]
async fn what_was_anothers_is_as_old_as_it_was_there_when_copies_are_asked_for() {
    let mut filled = filled().await;
    let since = filled.custody().store().customer_fetch(filled.clinic).await.unwrap().unwrap().created_at;
    filled.house.clock.advance_millis(120_000);
    filled.other = filled.house.customer(&filled.first, "Hill Pediatrics").await;
    let two = two_of(filled).await;
    let custody = two.filled.custody();
    assert!(custody.records_since(two.filled.other).await.unwrap() > since);
    two.agreed(&[]).await;
    two.run(usize::MAX).await.unwrap();
    assert_eq!(custody.records_since(two.filled.other).await.unwrap(), since);
}

#[tokio::test]
async fn keys_of_what_joined_are_rotated_like_all_others_and_new_versions_come_under_the_others_name() {
    let two = two().await;
    let filled = &two.filled;
    two.agreed(&[]).await;
    two.run(usize::MAX).await.unwrap();
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyRotate>(&filled.second).await;
    let done = desk.key_rotate(filled.other, &mut |_| ControlFlow::Continue(())).await.unwrap();
    assert!(done.finished && done.damaged == 0 && done.versions == 4, "{done:?}");
    assert!(two.reads(filled.documents[0]).await);
    let new = upload(&filled.house, &filled.typist, filled.other, 12).await;
    assert!(two.reads(new).await);
    // The clinic is closed: nothing comes in for it.
    let file_name = "late.txt".to_owned();
    let new = crate::NewUpload { customer: Some(filled.clinic), file_name, ..crate::NewUpload::default() };
    let bytes = futures_util::stream::iter([Ok::<bytes::Bytes, crate::UploadCut>(bytes::Bytes::from_static(b"x"))]);
    let desk = filled.house.desk::<act::DocumentUpload>(&filled.typist).await;
    let late = desk.document_upload(new, bytes).await.map(|done| done.id);
    assert!(matches!(late, Err(CustodyError::Refused(_))), "{late:?}");
}
