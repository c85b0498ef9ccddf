//! Commands that are orders: each becomes one [`Order`], and goes through the running server or is done here.

use super::house::{config_at, officer, open_with, root_of};
use crate::admin::{Order, carry_out};
use crate::cli::{
    self, CustomerCommand, GateCommand, ImportCommand, KeyCommand, KeyRekey, MergeCommand, OneProgram, PersonCommand,
    Place, ProgramCommand, ProgramKeyCommand, ShredCommand, SplitCommand,
};
use crate::outcome::{WrongUse, say, say_json};
use custody::RootKey;
use record::{Clock as _, Right, SystemClock, SystemEntropy};
use std::path::PathBuf;

/// The longest file of a public key, bytes.
const KEY_FILE_BYTES_MAX: usize = 16 * 1024;

pub(crate) async fn customer(args: cli::CustomerArgs) -> anyhow::Result<()> {
    match args.command {
        CustomerCommand::List(at) => carry_out(&at, Order::CustomerList {}, None).await,
        CustomerCommand::Add { at, name, telephone } => {
            carry_out(&at, Order::CustomerAdd { name, telephone }, None).await
        }
        CustomerCommand::Show { at, customer } => carry_out(&at, Order::CustomerShow { customer }, None).await,
        CustomerCommand::Leave { command } => super::leaving::leave(command).await,
        CustomerCommand::Merge { command } => merge(command).await,
        CustomerCommand::Split { command } => split(command).await,
    }
}

async fn split(command: SplitCommand) -> anyhow::Result<()> {
    let (at, order) = match command {
        SplitCommand::Prepare(wanted) => {
            let cli::SplitPrepare { customer, into, prefix, patients, author, at } = wanted;
            let order = Order::SplitPrepare { customer, into, prefix, authors: author };
            return carry_out(&at, order, patients.as_deref()).await;
        }
        SplitCommand::Show { customer, at } => (at, Order::JoinShow { customer }),
        SplitCommand::Run { customer, at } => (at, Order::SplitRun { customer }),
        SplitCommand::End { customer, at } => (at, Order::SplitEnd { customer }),
        SplitCommand::Withdraw { customer, at } => (at, Order::JoinWithdraw { customer }),
    };
    carry_out(&at, order, None).await
}

async fn merge(command: MergeCommand) -> anyhow::Result<()> {
    let (at, order) = match command {
        MergeCommand::Prepare { customer, into, prefix, at } => (at, Order::JoinPrepare { customer, into, prefix }),
        MergeCommand::Show { customer, at } => (at, Order::JoinShow { customer }),
        MergeCommand::Run { customer, at } => (at, Order::JoinRun { customer }),
        MergeCommand::Withdraw { customer, at } => (at, Order::JoinWithdraw { customer }),
    };
    carry_out(&at, order, None).await
}

pub(crate) async fn person(args: cli::PersonArgs) -> anyhow::Result<()> {
    match args.command {
        PersonCommand::List(Place { at, customer }) => carry_out(&at, Order::PersonList { customer }, None).await,
        PersonCommand::Invite { place: Place { at, customer }, role, name, email, telephone } => {
            carry_out(&at, Order::PersonInvite { customer, role, name, email, telephone }, None).await
        }
        PersonCommand::End { place: Place { at, customer }, membership } => {
            carry_out(&at, Order::PersonEnd { customer, membership }, None).await
        }
        PersonCommand::SignOut { place: Place { at, customer }, person } => {
            carry_out(&at, Order::PersonSignOut { customer, person }, None).await
        }
        PersonCommand::FirstOfficer(args) => officer(args, false).await,
        PersonCommand::RecoverOfficer(args) => officer(args, true).await,
    }
}

pub(crate) async fn program(args: cli::ProgramArgs) -> anyhow::Result<()> {
    let set = |rights: Vec<Right>| record::rights_written(&rights.into_iter().collect());
    match args.command {
        ProgramCommand::List { at, customer } => carry_out(&at, Order::ProgramList { customer }, None).await,
        ProgramCommand::Add { at, customer, name, rights, key, jwks_url, days } => {
            let key = key.as_deref().map(public_key).transpose()?;
            carry_out(&at, Order::ProgramAdd { customer, name, rights: set(rights), key, jwks_url, days }, None).await
        }
        ProgramCommand::Key { command } => program_key(command).await,
        ProgramCommand::Rights { of: OneProgram { at, customer, program }, rights } => {
            carry_out(&at, Order::ProgramRights { customer, program, rights: set(rights) }, None).await
        }
        ProgramCommand::Expire { of: OneProgram { at, customer, program }, days } => {
            carry_out(&at, Order::ProgramExpire { customer, program, days }, None).await
        }
        ProgramCommand::Revoke(OneProgram { at, customer, program }) => {
            carry_out(&at, Order::ProgramRevoke { customer, program }, None).await
        }
    }
}

async fn program_key(command: ProgramKeyCommand) -> anyhow::Result<()> {
    match command {
        ProgramKeyCommand::Add { of: OneProgram { at, customer, program }, key } => {
            let key = public_key(&key)?;
            carry_out(&at, Order::ProgramKeyAdd { customer, program, key }, None).await
        }
        ProgramKeyCommand::Rotate { of: OneProgram { at, customer, program }, key, overlap } => {
            let order = Order::ProgramKeyRotate { customer, program, key: public_key(&key)?, overlap_hours: overlap };
            carry_out(&at, order, None).await
        }
        ProgramKeyCommand::End { of: OneProgram { at, customer, program }, kid } => {
            carry_out(&at, Order::ProgramKeyEnd { customer, program, kid }, None).await
        }
    }
}

/// A public key's file: a few kilobytes, and never a private one, which would then have travelled.
fn public_key(file: &std::path::Path) -> anyhow::Result<String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| WrongUse(format!("the key's file cannot be read: {error}")))?;
    if text.len() > KEY_FILE_BYTES_MAX || text.contains("PRIVATE KEY") || text.contains("\"d\"") {
        let say = "this is no public key (JWK); the private half stays with the program and nobody else";
        return Err(WrongUse(say.to_owned()).into());
    }
    Ok(text)
}

pub(crate) async fn key(args: cli::KeyArgs) -> anyhow::Result<()> {
    match args.command {
        KeyCommand::Rotate(of) => carry_out(&of.at, Order::KeyRotate { customer: of.customer }, None).await,
        KeyCommand::Rekey(order) => rekey(order).await,
        KeyCommand::Hold(at) => hold(&at).await,
        KeyCommand::Recover(order) => super::house::recover(&order).await,
        KeyCommand::Shred { command } => shred(command).await,
    }
}

async fn rekey(order: KeyRekey) -> anyhow::Result<()> {
    let absolute = |path: &std::path::PathBuf| std::path::absolute(path);
    // The new root key is on its disk before anything depends on it, and goes over no socket.
    if let Some(file) = &order.new_root_key {
        let root = RootKey::generate(&SystemEntropy);
        super::init::write_private(file, root.to_file_line().as_bytes())?;
    }
    let wanted = Order::KeyRekey {
        new_root_key: order.new_root_key.as_ref().map(absolute).transpose()?,
        epoch_escrow: order.epoch_escrow.as_ref().map(absolute).transpose()?,
        epoch_escrow_lost: order.epoch_escrow_lost,
    };
    carry_out(&order.at, wanted, None).await
}

/// The keyholder of the configuration wraps the root key, which is in hand.
async fn hold(at: &cli::At) -> anyhow::Result<()> {
    let config = config_at(at)?;
    let held = config.root_key.as_ref().ok_or_else(|| WrongUse("the configuration has no [root_key]".to_owned()))?;
    let file = at.root_key.as_deref().ok_or_else(|| WrongUse("say which root key: --root-key FILE".to_owned()))?;
    let root = root_of(&config, Some(file), None).await?;
    held.hold(&root).await?;
    if at.json {
        return say_json(&serde_json::json!({"held_file": held.held_file(), "keyholder": held.name()}));
    }
    say(&format!(
        "{} has wrapped it into {}, and gave the same back. Take the root key's own file into its safes now.",
        held.name(),
        held.held_file().display()
    ))
}

async fn shred(command: ShredCommand) -> anyhow::Result<()> {
    match command {
        ShredCommand::Ask { of, name, reason, copies_expire } => {
            let customer = of.customer;
            let order = Order::KeyShredAsk { customer, name, reason, copies_expire_on: copies_expire };
            carry_out(&of.at, order, None).await
        }
        ShredCommand::Withdraw(of) => carry_out(&of.at, Order::KeyShredWithdraw { customer: of.customer }, None).await,
        ShredCommand::Approve { of, name } => {
            carry_out(&of.at, Order::KeyShredApprove { customer: of.customer, name }, None).await
        }
        ShredCommand::Show(of) => carry_out(&of.at, Order::KeyShredShow { customer: of.customer }, None).await,
        ShredCommand::Finish(at) => shred_finish(&at).await,
    }
}

/// What two officers decided, carried out by whoever holds the root key.
async fn shred_finish(at: &cli::At) -> anyhow::Result<()> {
    let config = config_at(at)?;
    let root = root_of(&config, at.root_key.as_deref(), None).await?;
    let custody = open_with(&config, root_of(&config, at.root_key.as_deref(), None).await?).await?;
    let done = custody.key_shred_finish(Some(root)).await;
    custody.close().await;
    let done = done?;
    if at.json {
        let texts: Vec<&str> = done.iter().map(|one| one.text.as_str()).collect();
        return say_json(&serde_json::json!({"certificates": texts}));
    }
    if done.is_empty() {
        return say("Nothing waits for the root key.");
    }
    done.iter().try_for_each(|one| say(&one.text))
}

pub(crate) async fn import(args: cli::ImportArgs) -> anyhow::Result<()> {
    let cli::ImportArgs { command: Some(command), .. } = args else { return share(args).await };
    match command {
        ImportCommand::Patients { at, file, customer, authority, dry_run } => {
            carry_out(&at, Order::ImportPatients { customer, authority, dry_run }, Some(&file)).await
        }
        ImportCommand::Practice(order) => super::leaving::take_in(order).await,
        ImportCommand::People { place: Place { at, customer }, file, dry_run } => {
            carry_out(&at, Order::ImportPeople { customer, dry_run }, Some(&file)).await
        }
    }
}

/// Documents from a folder. The map is read here for what has to be confirmed, and again by whoever carries it out.
async fn share(args: cli::ImportArgs) -> anyhow::Result<()> {
    let cli::ImportArgs { share: Some(share), map: Some(map), rejects, dry_run, at, .. } = args else {
        return Err(WrongUse("name the folder and its map".to_owned()).into());
    };
    let text =
        std::fs::read(&map).map_err(|error| WrongUse(format!("cannot read {}: {}", map.display(), error.kind())))?;
    let read = crate::admin::map_of(&text)?;
    let rejects = rejects.unwrap_or_else(|| {
        let now = SystemClock.now().to_string().replace([':', '.'], "-");
        PathBuf::from(format!("import-rejects-{now}.csv"))
    });
    let order = Order::ImportShare {
        customer: read.customer,
        name: read.customer_name,
        share: std::path::absolute(&share)?,
        rejects: std::path::absolute(&rejects)?,
        dry_run,
    };
    carry_out(&at, order, Some(&map)).await
}

pub(crate) async fn gate(args: cli::GateArgs) -> anyhow::Result<()> {
    let GateCommand::Reopen(at) = args.command;
    carry_out(&at, Order::GateReopen {}, None).await
}
