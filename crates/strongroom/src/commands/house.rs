//! Opening a house from the command line, and the commands that need one open.

use crate::admin::{Order, carry_out};
use crate::cli::{self, At, LedgerCommand};
use crate::config::{Config, server_in, server_of};
use crate::outcome::{WrongUse, say, say_json};
use custody::{Custody, OpenHouse, PassphraseParams, RootKey};
use record::{Clock as _, Entropy, SystemClock, SystemEntropy};
use std::path::Path;
use std::sync::Arc;

/// Where the salt and cost of a passphrase are kept; not secret.
const PASSPHRASE_FILE: &str = "passphrase";

/// The configuration that these arguments name.
pub(crate) fn config_at(at: &At) -> anyhow::Result<Config> {
    match (&at.config, &at.dir) {
        (Some(file), _) => Config::read(file),
        (None, Some(dir)) => Config::of_dir(dir),
        (None, None) => Err(WrongUse("say which house: --config FILE or --dir DIR".to_owned()).into()),
    }
}

/// Opens the house with its root key.
pub(crate) async fn open(config: &Config, root_key: Option<&Path>) -> anyhow::Result<Custody> {
    open_with(config, root_of(config, root_key, None).await?).await
}

/// The same with the key in hand.
pub(crate) async fn open_with(config: &Config, root: RootKey) -> anyhow::Result<Custody> {
    let custody = open_alone(config, root).await?;
    // On a server the others must know that this command is at work, until it ends.
    drop(custody.node_join().await?);
    Ok(custody)
}

/// The same before it has joined the other nodes of a house whose rows lie on a server.
pub(crate) async fn open_alone(config: &Config, root: RootKey) -> anyhow::Result<Custody> {
    Ok(Custody::open(at_hand(config, root).await?).await?)
}

/// What is needed to open it.
async fn at_hand(config: &Config, root: RootKey) -> anyhow::Result<OpenHouse> {
    let store = match config.server()? {
        Some(server) => custody::open_node(&server, &config.dir).await?,
        None => custody::open_store(&config.dir, false).await?,
    };
    let store = match config.bucket()? {
        Some(place) => store.with_bucket(&place).map_err(custody::CustodyError::from)?,
        None => store,
    };
    // Where several machines work, the time is the database's.
    let clock: Arc<dyn record::Clock> = match store.server_clock() {
        Some(clock) => clock,
        None => Arc::new(SystemClock),
    };
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    Ok(OpenHouse { store, settings: config.settings()?, root, clock, entropy })
}

/// The keys of a house on a database server, from their escrow.
pub(crate) async fn recover(order: &cli::KeyRecover) -> anyhow::Result<()> {
    let at = &order.at;
    let config = config_at(at)?;
    let root = root_of(&config, at.root_key.as_deref(), None).await?;
    let (custody, done) = custody::keys_recover(at_hand(&config, root).await?, &order.epoch_escrow).await?;
    custody.close().await;
    if at.json {
        return say_json(&serde_json::json!({"epoch": done.epoch, "keys": done.keys, "halves": done.halves}));
    }
    say(&format!(
        "{} keys of epoch {} stand in the database, and {} halves were laid beside the objects. The house opens again.",
        done.keys, done.epoch, done.halves
    ))
}

/// The root key: from the file that was named, from the configured one, from the keyholder, or from the passphrase, whose salt and cost lie
/// in the data folder, or in a backup (`beside`).
pub(crate) async fn root_of(
    config: &Config,
    root_key: Option<&Path>,
    beside: Option<&Path>,
) -> anyhow::Result<RootKey> {
    if let (None, Some(held)) = (root_key, &config.root_key) {
        return held.root_key().await;
    }
    if let Some(file) = root_key.or(config.root_key_file.as_deref()) {
        let bytes = std::fs::read(file)
            .map_err(|error| WrongUse(format!("cannot read the root key's file: {}", error.kind())))?;
        return Ok(RootKey::from_file_bytes(&bytes)?);
    }
    crate::module::passphrase_check()?;
    let here = std::fs::read_to_string(config.dir.join(PASSPHRASE_FILE));
    let found = here.or_else(|error| match beside {
        Some(folder) => std::fs::read_to_string(folder.join(PASSPHRASE_FILE)),
        None => Err(error),
    });
    let params = found.map_err(|_| {
        WrongUse("there is no root key: give --root-key FILE, or root_key_file in the configuration".to_owned())
    })?;
    let params: PassphraseParams = params.trim().parse()?;
    let phrase = match &config.passphrase_file {
        Some(file) => std::fs::read_to_string(file)?,
        None => asked("Passphrase: ")?,
    };
    Ok(RootKey::from_passphrase(phrase.trim_end_matches(['\r', '\n']), &params)?)
}

/// A new passphrase, asked for twice; its salt and cost are kept in the folder.
pub(crate) fn passphrase_new(dir: &Path) -> anyhow::Result<RootKey> {
    crate::module::passphrase_check()?;
    let phrase = asked("New passphrase: ")?;
    if asked("The same again: ")? != phrase {
        return Err(WrongUse("the two passphrases differ".to_owned()).into());
    }
    let params = PassphraseParams::generate(&SystemEntropy);
    let root = RootKey::from_passphrase(phrase.trim_end_matches(['\r', '\n']), &params)?;
    super::init::write_private(&dir.join(PASSPHRASE_FILE), format!("{params}\n").as_bytes())?;
    Ok(root)
}

/// A line from standard input; on a terminal it is not shown.
pub(super) fn asked(prompt: &str) -> anyhow::Result<String> {
    use std::io::{BufRead as _, Write as _};
    let input = std::io::stdin();
    let quiet = rustix::termios::tcgetattr(&input).ok();
    if let Some(before) = &quiet {
        write!(std::io::stderr(), "{prompt}")?;
        let mut silent = before.clone();
        silent.local_modes.remove(rustix::termios::LocalModes::ECHO);
        rustix::termios::tcsetattr(&input, rustix::termios::OptionalActions::Flush, &silent)?;
    }
    let mut line = String::new();
    let read = input.lock().read_line(&mut line);
    if let Some(before) = &quiet {
        rustix::termios::tcsetattr(&input, rustix::termios::OptionalActions::Flush, before)?;
        writeln!(std::io::stderr())?;
    }
    read?;
    if line.trim().is_empty() {
        return Err(WrongUse("no passphrase was given".to_owned()).into());
    }
    Ok(line)
}

/// An officer who is made offline, with the root key in hand.
pub(crate) async fn officer(officer: cli::Officer, recover: bool) -> anyhow::Result<()> {
    let config = config_at(&officer.at)?;
    let custody = open(&config, officer.at.root_key.as_deref()).await?;
    let invited = if recover {
        custody.officer_recover(&officer.email, &officer.name).await?
    } else {
        custody.first_officer(&officer.email, &officer.name).await?
    };
    custody.close().await;
    let origin =
        portal::door::PublicUrl::parse(&config.public_url).map_err(|error| WrongUse(error.to_string()))?.origin();
    let link = format!("{origin}/invitation/{}", invited.link_secret.unwrap_or_default());
    let spoken = invited.spoken.unwrap_or_default();
    if officer.at.json {
        return say_json(&serde_json::json!({"enrolment_url": link, "spoken": spoken}));
    }
    say(&format!("Enrol within 72 hours at\n  {link}\nwith the second secret\n  {spoken}"))
}

fn notes_of(files: &[std::path::PathBuf]) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file)
            .map_err(|error| WrongUse(format!("cannot read {}: {}", file.display(), error.kind())))?;
        notes.extend(custody::checkpoints_read(&text));
    }
    Ok(notes)
}

pub(crate) async fn ledger(args: cli::LedgerArgs) -> anyhow::Result<()> {
    match args.command {
        LedgerCommand::Verify(order) => ledger_verify(order).await,
        LedgerCommand::Export(order) => ledger_export(order).await,
        LedgerCommand::Tail { at, count } => carry_out(&at, Order::LedgerTail { count }, None).await,
        LedgerCommand::Prove { at, index } => carry_out(&at, Order::LedgerProve { index }, None).await,
    }
}

async fn ledger_verify(order: cli::LedgerVerify) -> anyhow::Result<()> {
    let since = notes_of(&order.since)?;
    let given = match &order.key {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| WrongUse(format!("cannot read the key: {}", error.kind())))?;
            Some(
                text.trim()
                    .parse::<ledger::Verifier>()
                    .map_err(|_| WrongUse("the key's file holds no verifier key".to_owned()))?,
            )
        }
        None => None,
    };
    if let Some(file) = order.export.as_deref()
        && custody::is_history(file)?
    {
        return history_verify(file, given.as_ref(), order.json);
    }
    let (sound, report, json) = if let Some(dir) = &order.dir {
        let store = custody::open_store(dir, false).await?;
        let key = match given {
            Some(key) => key,
            None => custody::ledger_key_of(&store)
                .await?
                .ok_or_else(|| WrongUse("this folder names no ledger key; give --key".to_owned()))?,
        };
        let report = custody::verify_dir(&store, &key, &since).await?;
        store.close().await;
        (
            report.is_sound(),
            report.to_string(),
            serde_json::json!({"sound": report.is_sound(), "first_bad_entry": report.first_bad_entry(), "report": report.to_string()}),
        )
    } else {
        let file = order.export.as_deref().unwrap_or(Path::new(""));
        let key = given.ok_or_else(|| WrongUse("give the public key: --key FILE".to_owned()))?;
        let report = custody::verify_file(file, &key, &since).await?;
        (report.is_sound(), report.to_string(), serde_json::to_value(&report)?)
    };
    if order.json {
        say_json(&json)?;
    } else {
        say(report.trim_end())?;
    }
    if sound { Ok(()) } else { Err(crate::outcome::Finding("the ledger does not hold".to_owned()).into()) }
}

/// A practice's own part of a ledger, as an export of the practice holds it, and as a house that took it in keeps it.
fn history_verify(file: &Path, key: Option<&custody::Verifier>, json: bool) -> anyhow::Result<()> {
    let found = custody::history_verify(file, key)?;
    if json {
        return say_json(
            &serde_json::json!({"customer_id": found.customer, "key": found.key, "entries": found.entries, "ledger_size": found.ledger_size, "key_was_given": key.is_some()}),
        );
    }
    say(&format!(
        "{} entries of {}, each proven to be in the ledger of {} entries that {} signed.",
        found.entries, found.customer, found.ledger_size, found.key
    ))?;
    if key.is_some() {
        Ok(())
    } else {
        say("The key is the one in the file: give --key to hold it against one kept elsewhere.")
    }
}

async fn ledger_export(order: cli::LedgerExport) -> anyhow::Result<()> {
    use std::io::Write as _;
    if let Some(format) = order.format {
        let out = std::path::absolute(&order.out)?;
        return carry_out(&order.at, Order::LedgerFeed { format, since: order.since, out }, None).await;
    }
    let config = config_at(&order.at)?;
    let custody = open(&config, order.at.root_key.as_deref()).await?;
    let mut export = custody.ledger_export().await?;
    let mut options = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = std::io::BufWriter::new(options.write(true).create_new(true).open(&order.out)?);
    while let Some(piece) = export.bytes.recv().await {
        file.write_all(&piece?)?;
    }
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
    let beside = order.out.with_extension("pub");
    std::fs::write(&beside, format!("{}\n", custody.ledger_verifier()))?;
    custody.close().await;
    if order.at.json {
        return say_json(&serde_json::json!({"out": order.out, "key": beside, "entries": export.size}));
    }
    say(&format!("{} entries in {}; the public key is in {}.", export.size, order.out.display(), beside.display()))
}

pub(crate) async fn backup(order: cli::Backup) -> anyhow::Result<()> {
    if let Some(from) = &order.verify_only {
        return backup_verify(from, order.key.as_deref(), order.at.json).await;
    }
    let config = config_at(&order.at)?;
    let to = order.to.as_ref().ok_or_else(|| WrongUse("say where to: --to DIR".to_owned()))?;
    // The server works in another folder than this command.
    let absolute = |path: &Path| std::path::absolute(path);
    let wanted =
        Order::Backup { to: absolute(to)?, epoch_escrow: order.epoch_escrow.as_deref().map(absolute).transpose()? };
    let done = crate::admin::ask(&config, order.at.root_key.as_deref(), wanted.clone(), None).await?;
    // Salt and cost are no secret, and without them the passphrase opens nothing after the disk is lost.
    let (here, there) = (config.dir.join(PASSPHRASE_FILE), to.join(PASSPHRASE_FILE));
    if here.exists() && !there.exists() {
        super::init::write_private(&there, &std::fs::read(here)?)?;
    }
    let text = |name: &str| done[name].as_str().unwrap_or_default().to_owned();
    let mut problems: Vec<String> = done["damaged"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str())
        .map(ToOwned::to_owned)
        .collect();
    if order.verify {
        let key: ledger::Verifier = text("key").parse()?;
        problems.extend(custody::backup_verify(to, Some(&text("set")), Some(&key)).await?.problems);
    }
    if order.at.json {
        let mut out = done;
        out["problems"] = serde_json::json!(problems);
        say_json(&out)?;
    } else {
        for line in crate::admin::lines(&wanted, &done) {
            say(&line)?;
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(crate::outcome::Finding(problems.join("; ")).into()) }
}

/// Without any secret, and without the house: only what lies in the backup's folder.
async fn backup_verify(from: &Path, key: Option<&Path>, json: bool) -> anyhow::Result<()> {
    let key = match key {
        Some(file) => {
            let text = std::fs::read_to_string(file)
                .map_err(|error| WrongUse(format!("cannot read {}: {}", file.display(), error.kind())))?;
            let key = text.trim().parse().map_err(|_| WrongUse("the file holds no public key".to_owned()))?;
            Some(key)
        }
        None => None,
    };
    let found = match custody::backup_verify(from, None, key.as_ref()).await {
        Ok(found) => found,
        Err(error @ custody::BackupError::Io { .. }) => return Err(WrongUse(error.to_string()).into()),
        Err(error) => return Err(crate::outcome::Finding(error.to_string()).into()),
    };
    let whose = if key.is_some() { "signed by the key that was given" } else { "signed by the key it names itself" };
    if json {
        say_json(&serde_json::json!({
            "whole": found.problems.is_empty(), "set": found.set, "entries": found.entries, "objects": found.objects,
            "key_given": key.is_some(), "problems": found.problems,
        }))?;
    } else {
        say(&format!("Set {}: {} entries, {} objects, {whose}.", found.set, found.entries, found.objects))?;
    }
    if found.problems.is_empty() { Ok(()) } else { Err(crate::outcome::Finding(found.problems.join("; ")).into()) }
}

pub(crate) async fn restore(order: cli::Restore) -> anyhow::Result<()> {
    let mut config = Config::read(&order.config)?;
    let root = root_of(&config, order.root_key.as_deref(), Some(&order.from)).await?;
    if order.drill {
        let custody = open(&config, order.root_key.as_deref()).await?;
        let drill = custody::DrillOrder { from: order.from, into: order.dir, epoch_escrow: order.epoch_escrow };
        let done = custody.restore_drill(&drill, root).await;
        custody.close().await;
        let done = done?;
        if order.json {
            say_json(
                &serde_json::json!({"ok": done.ok, "set": done.set, "entries": done.entries, "objects": done.objects, "keys_opened": done.keys_opened, "problems": done.problems}),
            )?;
        } else {
            say(&format!(
                "Set {}: {} entries, {} objects, {} keys unwrap.",
                done.set, done.entries, done.objects, done.keys_opened
            ))?;
        }
        return if done.ok { Ok(()) } else { Err(crate::outcome::Finding(done.problems.join("; ")).into()) };
    }
    config.dir.clone_from(&order.dir);
    let what = custody::RestoreOrder {
        from: order.from,
        set: None,
        into: order.dir,
        epoch_escrow: order.epoch_escrow,
        key: None,
        outside: notes_of(&order.checkpoint)?,
    };
    let (custody, done) =
        custody::restore(&what, config.settings()?, root, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?;
    let (there, here) = (what.from.join(PASSPHRASE_FILE), config.dir.join(PASSPHRASE_FILE));
    if there.exists() {
        super::init::write_private(&here, &std::fs::read(there)?)?;
    }
    custody.close().await;
    if order.json {
        return say_json(
            &serde_json::json!({"set": done.set, "entries": done.entries, "objects": done.objects, "missing": done.missing, "gap": done.gap, "origin": done.origin}),
        );
    }
    say(&done.gap)
}

pub(crate) async fn doctor(at: At) -> anyhow::Result<()> {
    let config = config_at(&at)?;
    let settings = config.settings()?;
    let examined = custody::Examined {
        dir: &config.dir,
        settings: &settings,
        listen: Some(config.listen),
        tls: config.served_by()?.is_some(),
    };
    let node = match config.server()? {
        Some(server) => match custody::open_node(&server, &config.dir).await {
            Ok(store) => Some(store),
            Err(error) => {
                let say = format!("the house could not be looked into: {error}");
                return Err(crate::outcome::Finding(say).into());
            }
        },
        None => None,
    };
    let mut checks = custody::doctor(&examined, node.as_ref(), &SystemClock).await;
    if let Some(place) = config.bucket()? {
        checks.extend(custody::doctor_bucket(&place, &SystemEntropy).await);
    }
    if let Some(served_by) = config.served_by()? {
        let span = portal::serve::certificate_span(&portal::serve::certificate_file(&served_by));
        checks.push(custody::doctor_certificate(span, SystemClock.now()));
    }
    checks.push(custody::Check {
        name: "Module",
        verdict: custody::Verdict::Good,
        sentence: format!("{}.", crate::module::words()),
    });
    checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
    told_checks(&checks, at.json)
}

/// Says what was looked at; an error when something is not in order.
pub(super) fn told_checks(checks: &[custody::Check], json: bool) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    for check in checks {
        if json {
            say_json(
                &serde_json::json!({"name": check.name, "verdict": check.verdict.as_str(), "sentence": check.sentence}),
            )?;
        } else {
            say(&format!("{:<5} {:<18} {}", check.verdict.as_str(), check.name, check.sentence))?;
        }
        if check.verdict == custody::Verdict::Bad {
            failed.push(check.name);
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(crate::outcome::Finding(format!("not in order: {}", failed.join(", "))).into())
    }
}

/// The schema on a server, and a house's database carried there.
pub(crate) async fn migrate(order: cli::Migrate) -> anyhow::Result<()> {
    if order.objects_to.is_some() || order.objects_to_folder {
        return super::carry::run(&order).await;
    }
    let owner = match (&order.to, &order.to_file) {
        (Some(url), _) => server_of(url)?,
        (None, Some(file)) => server_in(file)?,
        (None, None) => return Err(WrongUse("say which database: --to URL or --to-file FILE".to_owned()).into()),
    };
    let role = order.role.as_deref().ok_or_else(|| WrongUse("say as which role nodes come: --role NAME".to_owned()))?;
    let Some(from) = &order.from else {
        custody::server_migrate(&owner, role).await?;
        return if order.json {
            say_json(&serde_json::json!({"schema": "up to date", "role": role}))
        } else {
            say(&format!("The schema is up to date; {role} may work in it."))
        };
    };
    let at = At {
        config: order.config.clone(),
        dir: Some(from.clone()),
        root_key: order.root_key.clone(),
        json: order.json,
    };
    let config = config_at(&at)?;
    let bucket = config.bucket()?;
    let root = root_of(&config, at.root_key.as_deref(), Some(from)).await?;
    let wanted = custody::MoveOrder { dir: from, bucket: bucket.as_ref(), owner: &owner, role, root: &root };
    let moved = custody::database_move(&wanted, &SystemClock, &SystemEntropy).await?;
    if order.json {
        let tables = moved
            .iter()
            .map(|one| serde_json::json!({"table": one.table, "rows": one.rows, "digest": one.digest.to_string()}));
        return say_json(&serde_json::json!({"tables": tables.collect::<Vec<_>>(), "role": role}));
    }
    for one in &moved {
        say(&format!("{:<20} {:>10} rows  {}", one.table, one.rows, one.digest))?;
    }
    say(&format!(
        "All of it is on the server, row for row. Write its address into {} as database or database_file; the file \
         strongroom.db.carried-over there is not used any more: keep it until the server's first backup was tried, then destroy it.",
        from.join("strongroom.toml").display()
    ))
}
