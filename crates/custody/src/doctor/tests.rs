//! What the careful stranger says of a house: one line for each thing that is looked at, and what is wrong named plainly.

use crate::filled::{Filled, filled};
use crate::testing::HOUR_MILLIS;
use crate::{Check, Examined, Settings, Verdict, WitnessSink, doctor};
use std::os::unix::fs::PermissionsExt as _;

async fn examined(filled: &Filled, settings: &Settings, listen: Option<&str>) -> Vec<Check> {
    let dir = filled.dir();
    let listen = listen.map(|text| text.parse().unwrap());
    let examined = Examined { dir: &dir, settings, listen, tls: false };
    doctor(&examined, Some(filled.custody().store()), filled.house.clock.as_ref()).await
}

fn verdict(checks: &[Check], name: &str) -> Verdict {
    checks.iter().filter(|check| check.name == name).map(|check| check.verdict).max().expect("a check of this name")
}

#[tokio::test]
async fn a_root_key_beside_the_data_is_red_and_only_a_demo_may() {
    let filled = filled().await;
    let mut settings = filled.custody().settings().clone();
    let checks = examined(&filled, &settings, None).await;
    assert_eq!(verdict(&checks, "Root key"), Verdict::Good, "a passphrase lies in no file");
    settings.root_key_file = Some(filled.dir().join("root.key"));
    assert_eq!(verdict(&examined(&filled, &settings, None).await, "Root key"), Verdict::Bad, "its file is not there");
    std::fs::write(filled.dir().join("root.key"), b"x").unwrap();
    assert_eq!(verdict(&examined(&filled, &settings, None).await, "Root key"), Verdict::Bad);
    settings.demo = true;
    assert_eq!(verdict(&examined(&filled, &settings, None).await, "Root key"), Verdict::Late);
}

#[tokio::test]
async fn without_a_witness_it_is_red() {
    let filled = filled().await;
    let mut settings = filled.custody().settings().clone();
    let checks = examined(&filled, &settings, None).await;
    assert_eq!(verdict(&checks, "Witness"), Verdict::Bad);
    assert_eq!(checks[0].verdict, Verdict::Bad, "the worst comes first");
    settings.witness = Some(WitnessSink::Append(filled.dir().join("beside")));
    assert_eq!(verdict(&examined(&filled, &settings, None).await, "Witness"), Verdict::Late, "on the same volume");
    settings.witness = Some(WitnessSink::Command(vec!["true".to_owned()]));
    assert_eq!(verdict(&examined(&filled, &settings, None).await, "Witness"), Verdict::Good);
}

#[tokio::test]
async fn backups_and_the_escrow_are_looked_for() {
    let filled = filled().await;
    let settings = filled.custody().settings().clone();
    let checks = examined(&filled, &settings, None).await;
    assert_eq!(verdict(&checks, "Kept lists"), Verdict::Good);
    assert_eq!(verdict(&checks, "Last backup"), Verdict::Bad);
    assert_eq!(verdict(&checks, "Escrow of epoch keys"), Verdict::Late);
    filled.custody().backup_create(&filled.backup()).await.unwrap();
    let checks = examined(&filled, &settings, None).await;
    assert_eq!(verdict(&checks, "Last backup"), Verdict::Good);
    assert_ne!(verdict(&checks, "Escrow of epoch keys"), Verdict::Bad);
    let older = std::fs::read(filled.escrow()).unwrap();
    filled.custody().key_rekey(&crate::filled::root(), None, None).await.unwrap();
    std::fs::write(filled.escrow(), older).unwrap();
    assert_eq!(
        verdict(&examined(&filled, &settings, None).await, "Escrow of epoch keys"),
        Verdict::Bad,
        "an old epoch"
    );
    std::fs::remove_file(filled.escrow()).unwrap();
    assert_eq!(verdict(&examined(&filled, &settings, None).await, "Escrow of epoch keys"), Verdict::Bad, "gone");
}

#[tokio::test]
async fn a_clock_that_was_put_back_and_files_that_stand_open_are_seen() {
    let filled = filled().await;
    let settings = filled.custody().settings().clone();
    let checks = examined(&filled, &settings, None).await;
    assert_eq!((verdict(&checks, "Clock"), verdict(&checks, "File modes")), (Verdict::Good, Verdict::Good));
    assert_eq!(verdict(&checks, "Deleted rows"), Verdict::Good);
    filled.house.later(-2 * HOUR_MILLIS);
    assert_eq!(verdict(&examined(&filled, &settings, None).await, "Clock"), Verdict::Bad);
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(filled.dir().join("strongroom.db"), open).unwrap();
    assert_eq!(verdict(&examined(&filled, &settings, None).await, "File modes"), Verdict::Bad);
}

#[tokio::test]
async fn addresses_that_cannot_work_are_seen_before_anybody_tries() {
    let filled = filled().await;
    let mut settings = filled.custody().settings().clone();
    assert_eq!(verdict(&examined(&filled, &settings, Some("127.0.0.1:8080")).await, "Address"), Verdict::Good);
    assert_eq!(verdict(&examined(&filled, &settings, Some("0.0.0.0:443")).await, "Address"), Verdict::Bad);
    for wrong in ["http://portal.example", "https://192.0.2.7", "https://[2001:db8::1]"] {
        settings.public_url = wrong.parse().unwrap();
        assert_eq!(verdict(&examined(&filled, &settings, None).await, "Address"), Verdict::Bad, "{wrong}");
    }
    settings.public_url = "http://localhost:8080".parse().unwrap();
    assert_eq!(verdict(&examined(&filled, &settings, None).await, "Address"), Verdict::Good);
}

#[tokio::test]
async fn a_folder_in_use_or_not_there_is_never_said_to_be_fine() {
    let filled = filled().await;
    let settings = filled.custody().settings().clone();
    let dir = filled.dir();
    let look = Examined { dir: &dir, settings: &settings, listen: None, tls: false };
    let checks = doctor(&look, None, filled.house.clock.as_ref()).await;
    assert_eq!(verdict(&checks, "Database"), Verdict::Late, "a server has it");
    let nowhere = filled.outside.path().join("nowhere");
    let look = Examined { dir: &nowhere, ..look };
    let checks = doctor(&look, None, filled.house.clock.as_ref()).await;
    assert_eq!((verdict(&checks, "Database"), verdict(&checks, "File modes")), (Verdict::Bad, Verdict::Bad));
    assert!(!nowhere.exists(), "looking makes nothing");
}

#[tokio::test]
async fn on_a_server_the_half_of_the_epoch_key_is_looked_for() {
    let filled = filled().await;
    let store = filled.custody().store();
    if !store.is_on_server() {
        return;
    }
    let settings = filled.custody().settings().clone();
    let name = "Epoch key's half";
    assert_eq!(verdict(&examined(&filled, &settings, None).await, name), Verdict::Good);
    let half = store.key_rows().await.unwrap().halves_needed()[0];
    store.objects().half_destroy(half).await.unwrap();
    assert_eq!(verdict(&examined(&filled, &settings, None).await, name), Verdict::Bad, "the next start opens nothing");
}

#[tokio::test]
async fn on_a_server_a_half_that_is_not_the_escrows_and_an_escrow_that_is_away_are_red() {
    if store::trial::server_place().is_none() {
        return;
    }
    let filled = filled().await;
    let settings = filled.custody().settings().clone();
    let found = async |name: &str| verdict(&examined(&filled, &settings, None).await, name);
    assert_eq!(found("Epoch key's half").await, Verdict::Good);
    assert_ne!(found("Escrow of epoch keys").await, Verdict::Bad);
    let store = filled.custody().store();
    let rows = store.key_rows().await.unwrap();
    let half = store.halves_of(&rows).await.unwrap().remove(0);
    // It can be read, and is not what was laid.
    let mut other = half.clone();
    *other.sealed.bytes.last_mut().unwrap() ^= 1;
    store.objects().half_destroy(half.name).await.unwrap();
    store.objects().half_put(&other).await.unwrap();
    assert_eq!(found("Epoch key's half").await, Verdict::Bad);
    let house = crate::OpenHouse {
        store: store.clone(),
        settings: settings.clone(),
        root: crate::filled::root(),
        clock: std::sync::Arc::clone(&filled.house.clock) as _,
        entropy: std::sync::Arc::new(record::SeededEntropy::new(41)),
    };
    let (_, done) = crate::keys_recover(house, &filled.escrow()).await.unwrap();
    assert_eq!(done.halves, 1, "it is put where the other one was");
    assert_eq!(found("Epoch key's half").await, Verdict::Good);
    std::fs::remove_file(filled.escrow()).unwrap();
    assert_eq!(found("Escrow of epoch keys").await, Verdict::Bad);
}
