//! A new house: the folder, the root key, the first keys, the configuration, the first privacy officer's invitation.

use crate::cli;
use crate::outcome::{WrongUse, say, say_json};
use custody::{Custody, OpenHouse, RootKey, Settings};
use record::{Entropy, SystemClock, SystemEntropy};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use url::Url;

pub(crate) async fn run(args: cli::Init) -> anyhow::Result<()> {
    if args.dir.join("strongroom.db").exists() {
        return Err(WrongUse("there is a strongroom in this folder already".to_owned()).into());
    }
    let public_url = portal::door::PublicUrl::parse(&args.public_url).map_err(|error| WrongUse(error.to_string()))?;
    let mut settings = Settings::new(&args.operator, Url::parse(&args.public_url)?);
    settings.telephone.clone_from(&args.telephone);
    let key_file = match (&args.root_key, args.passphrase) {
        (Some(file), _) => Some(file.clone()),
        (None, true) => {
            // Before anything is made.
            crate::module::passphrase_check()?;
            None
        }
        (None, false) => {
            return Err(WrongUse(
                "say where the root key is kept: --root-key FILE on another volume, or --passphrase".to_owned(),
            )
            .into());
        }
    };
    let store = custody::open_store(&args.dir, true).await?;
    let root = match &key_file {
        Some(file) if file.exists() => RootKey::from_file_bytes(&std::fs::read(file)?)?,
        Some(file) => {
            let root = RootKey::generate(&SystemEntropy);
            write_private(file, root.to_file_line().as_bytes())?;
            root
        }
        None => super::house::passphrase_new(&args.dir)?,
    };
    let clock: Arc<dyn record::Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    Custody::begin(&store, &settings, &root, clock.as_ref(), entropy.as_ref()).await?;
    write_config(&args, key_file.as_deref())?;
    let custody = Custody::open(OpenHouse { store, settings, root, clock, entropy }).await?;
    let name = args.officer_name.clone().unwrap_or_else(|| args.officer.clone());
    let invited = custody.first_officer(&args.officer, &name).await?;
    custody.close().await;
    let link = format!("{}/invitation/{}", public_url.origin(), invited.link_secret.clone().unwrap_or_default());
    let spoken = invited.spoken.clone().unwrap_or_default();
    if args.json {
        return say_json(&serde_json::json!({"dir": args.dir, "enrolment_url": link, "spoken": spoken}));
    }
    say(&format!("A strongroom for {} is in {}.", args.operator, args.dir.display()))?;
    say(&format!(
        "\nThe first privacy officer enrols, within 72 hours and after `strongroom serve --dir {}`, at\n  {link}",
        args.dir.display()
    ))?;
    say(&format!("and will be asked for the second secret, to be told by telephone:\n  {spoken}"))?;
    say(
        "\nKeep the root key (file or passphrase) where the data and its backups are not. Without it nothing opens again.",
    )
}

/// A file that only its owner reads; never over an existing one.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

fn quoted(text: &str) -> String {
    // A JSON string is a TOML basic string as well.
    serde_json::Value::String(text.to_owned()).to_string()
}

fn write_config(args: &cli::Init, key_file: Option<&Path>) -> anyhow::Result<()> {
    let path =
        |path: &Path| quoted(&std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()).display().to_string());
    let mut text = format!(
        "# What every line means stands in docs/operating/install.md.\ndir = {}\noperator = {}\npublic_url = {}\ntelephone = {}\n",
        path(&args.dir),
        quoted(&args.operator),
        quoted(&args.public_url),
        quoted(&args.telephone)
    );
    if let Some(file) = key_file {
        text.push_str(&format!("root_key_file = {}\n", path(file)));
    }
    text.push_str("\n# Checkpoints of the ledger go outside, or `strongroom doctor` stays red:\n# [witness]\n# append_file = \"/media/witness/checkpoints\"\n");
    write_private(&args.dir.join("strongroom.toml"), text.as_bytes())
}
