//! A command at the machine is nobody until somebody lets it be them.

use crate::testing::{MINUTE_MILLIS, house};
use crate::{CustodyError, Desk};
use policy::Why;
use record::act;

#[tokio::test]
async fn a_command_acts_as_whoever_confirmed_it_with_a_touch_and_only_while_their_session_lives() {
    let house = house().await;
    let (first, _) = house.two_officers().await;
    let asked = house.custody.terminal_ask("customer list").unwrap();
    let code = asked.code.clone();
    house.later(6 * MINUTE_MILLIS);
    // Too late for this one: codes live five minutes.
    let desk = house.desk::<act::TerminalConfirm>(&first).await;
    assert!(matches!(desk.terminal_confirm(&code).await, Err(CustodyError::NotProven)));
    let asked = house.custody.terminal_ask("customer list").unwrap();
    let code = asked.code.to_lowercase().replace('-', " ");
    assert_eq!(desk.terminal_look(&code).await.unwrap().words, "customer list");
    assert!(matches!(desk.terminal_confirm(&code).await, Err(CustodyError::Refused(Why::StepUp))), "not untouched");
    house.step_up(&first).await.unwrap();
    let desk = house.desk::<act::TerminalConfirm>(&first).await;
    let (line, _) = desk.terminal_confirm(&code).await.unwrap();
    assert_eq!(line.words, "customer list");
    assert!(matches!(desk.terminal_confirm(&code).await, Err(CustodyError::NotProven)), "once");
    let confirmed = asked.confirmed().await.unwrap();
    let acting = house.custody.terminal_person(&confirmed).await.unwrap().unwrap();
    assert_eq!(acting.person, first.person);
    let listed = Desk::<act::CustomerList>::at(house.custody.clone(), Some(acting)).customer_list().await;
    assert!(listed.is_ok());
    house.desk::<act::SessionEnd>(&first).await.sign_out().await.unwrap();
    assert!(house.custody.terminal_person(&confirmed).await.unwrap().is_none(), "signing out ends it");
}

#[tokio::test]
async fn codes_cannot_be_guessed_and_commands_that_are_gone_make_room() {
    let house = house().await;
    let (first, second) = house.two_officers().await;
    let mut waiting = Vec::new();
    for _ in 0..super::WAITING_MAX {
        waiting.push(house.custody.terminal_ask("backup").unwrap());
    }
    assert!(matches!(house.custody.terminal_ask("backup"), Err(CustodyError::TooOften)));
    drop(waiting);
    let asked = house.custody.terminal_ask("backup").unwrap();
    let desk = house.desk::<act::TerminalConfirm>(&first).await;
    for number in 0..40 {
        assert!(desk.terminal_look(&format!("AAAA-{number:04}")).await.is_err());
    }
    assert!(desk.terminal_look(&asked.code).await.is_err(), "after too many guesses the right one is no better");
    let desk = house.desk::<act::TerminalConfirm>(&second).await;
    assert!(desk.terminal_look(&asked.code).await.is_ok(), "and nobody else pays for it");
    let nobody = Desk::<act::TerminalConfirm>::at(house.custody.clone(), None);
    assert!(matches!(nobody.terminal_look(&asked.code).await, Err(CustodyError::Refused(_))));
}
