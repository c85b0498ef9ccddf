//! What was agreed upon, by whom, and until when: nothing else is carried out.

use super::{Two, begun, said, two};
use crate::CustodyError;
use crate::ask::Question;
use record::{CustomerId, MembershipId, Purpose, Role, act};
use store::{EntryFilter, JoiningState, Membership};

async fn place(two: &Two, of: &crate::testing::Someone, customer: CustomerId) -> Membership {
    let (store, now) = (two.filled.custody().store(), two.filled.custody().now());
    let places = store.membership_list_at(Some(customer)).await.unwrap();
    places.into_iter().find(|one| one.person == of.person && one.in_force(now)).unwrap()
}

#[tokio::test]
async fn the_job_says_where_things_go_and_is_believed_in_nothing_else() {
    let two = two().await;
    let filled = &two.filled;
    let (clinic, other) = (filled.clinic, filled.other);
    let third = filled.house.customer(&filled.first, "Third Practice").await;
    let asks = async |from: CustomerId, to: Option<CustomerId>| {
        // Whose yes it rests on is no longer told by whoever asks.
        let mut question = Question::of(from, Purpose::Administration).asked_by(Some(two.olaf.person));
        if let Some(to) = to {
            question = question.also(to);
        }
        filled.custody().ask_job::<act::CustomerJoinRun>(question).await.is_ok()
    };
    assert!(!asks(clinic, Some(other)).await, "nobody has agreed");
    two.prepare().await.unwrap();
    let seen = two.seen(clinic, &filled.manager).await;
    two.yes(&filled.manager, (clinic, seen), Vec::new()).await.unwrap();
    assert!(!asks(clinic, Some(other)).await, "one word is not two");
    let seen = two.seen(other, &two.olaf).await;
    two.yes(&two.olaf, (other, seen), Vec::new()).await.unwrap();
    assert!(asks(clinic, Some(other)).await);
    let otherwise = [(clinic, Some(third)), (clinic, None), (other, Some(clinic)), (third, Some(other)), (third, None)];
    for (from, to) in otherwise {
        assert!(!asks(from, to).await, "{from} {to:?}");
    }
    assert!(!asks(other, None).await, "nothing is moved yet, so nothing comes in");
    begun(&two).await;
    assert!(asks(other, None).await);
    for (from, to) in otherwise {
        assert!(!asks(from, to).await, "{from} {to:?}");
    }
    assert!(two.run(usize::MAX).await.unwrap().finished);
    assert!(!asks(clinic, Some(other)).await && !asks(other, None).await, "it is over");
}

#[tokio::test]
async fn a_yes_of_somebody_who_is_no_manager_any_more_moves_nothing() {
    let two = two().await;
    let filled = &two.filled;
    two.agreed(&[]).await;
    let gone = place(&two, &filled.manager, filled.clinic).await;
    let mut tx = filled.custody().store().begin("no manager any more").await.unwrap();
    assert_eq!(tx.membership_end(Some(filled.clinic), gone.id, filled.custody().now()).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert!(said(two.run(usize::MAX).await).contains("does not manage"));
    assert_eq!(two.row().await.state, JoiningState::Agreed);
    assert!(two.reads(filled.documents[0]).await);
}

#[tokio::test]
async fn a_place_for_a_time_is_shown_with_its_end_and_taken_over_with_it() {
    let two = two().await;
    let filled = &two.filled;
    let (store, now) = (filled.custody().store(), filled.custody().now());
    let until = Some(now.plus_secs(90 * 86_400));
    let locum = Membership {
        id: MembershipId::from_bytes([7; 16]),
        person: filled.typist.person,
        customer: Some(filled.clinic),
        role: Role::Clinician,
        from_at: now,
        to_at: until,
        granted_by: filled.manager.person.to_string(),
    };
    let mut tx = store.begin("a locum").await.unwrap();
    tx.membership_insert(&locum).await.unwrap();
    tx.commit().await.unwrap();
    two.prepare().await.unwrap();
    let seen = two.seen(filled.clinic, &filled.manager).await;
    two.yes(&filled.manager, (filled.clinic, seen), Vec::new()).await.unwrap();
    let page = filled.house.desk::<act::CustomerJoinShow>(&two.olaf).await.joining_show(filled.other).await.unwrap();
    let shown = |id: MembershipId| page.joinings[0].people.iter().find(|one| one.membership == id).unwrap().until;
    assert_eq!(shown(locum.id), until);
    assert_eq!(shown(place(&two, &filled.records, filled.clinic).await.id), None);
    two.yes(&two.olaf, (filled.other, page.joinings[0].seen), vec![locum.id]).await.unwrap();
    // Whom they take over stands in the ledger.
    let actions = vec!["customer.join".to_owned()];
    let filter = EntryFilter { customer: Some(filled.other), actions, ..EntryFilter::default() };
    let entries = store.entry_list(&filter, 10).await.unwrap();
    let entry = |one: &store::StoredEntry| ledger::leaf::decode(&one.leaf).unwrap().entry;
    assert!(entries.iter().map(entry).any(|one| one.names(&locum.id.into())));
    assert!(two.run(usize::MAX).await.unwrap().finished);
    assert_eq!(place(&two, &filled.typist, filled.other).await.to_at, until);
}

#[tokio::test]
async fn the_review_of_a_broken_glass_shows_what_was_opened_before_the_joining() {
    let two = two().await;
    let filled = &two.filled;
    let patient = filled.custody().store().patient_page_of(filled.clinic, None, 1).await.unwrap().remove(0).id;
    filled.house.step_up(&filled.records).await.unwrap();
    let desk = filled.house.desk::<act::BreakGlassStart>(&filled.records).await;
    let glass = desk.break_glass_start(patient, "The patient is here and cannot speak", 1).await.unwrap();
    filled.house.desk::<act::PatientShow>(&filled.records).await.patient_show(patient).await.unwrap();
    two.agreed(&[&filled.records]).await;
    assert!(two.run(usize::MAX).await.unwrap().finished);
    let before = filled.house.desk::<act::BreakGlassList>(&filled.manager).await;
    assert!(matches!(before.break_glass_list(filled.other).await, Err(CustodyError::Refused(_))));
    let desk = filled.house.desk::<act::BreakGlassList>(&two.olaf).await;
    let page = desk.break_glass_list(filled.other).await.unwrap();
    assert_eq!(page.lines.iter().map(|one| one.id).collect::<Vec<_>>(), [glass]);
    let opened: Vec<_> = page.lines[0].opened.iter().map(|one| one.line.action).collect();
    assert_eq!(opened, [record::Action::PatientShow], "written with the clinic, and seen by the other's manager");
    assert_eq!(page.lines[0].reason.show(&page.shown), "The patient is here and cannot speak");
}
