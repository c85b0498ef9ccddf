//! A practice that leaves, and one that another house exported.

use super::house::asked;
use crate::admin::{Order, carry_out, carry_out_with};
use crate::cli::{Known, LeaveCommand, LeaveOpen, TakeIn};
use crate::outcome::{WrongUse, say, say_json};
use custody::{ExportOpen, ExportOpened, ExportSecret, digest_read, export_open};
use std::path::Path;
use zeroize::Zeroizing;

/// The longest file of a secret, bytes.
const SECRET_FILE_BYTES_MAX: u64 = 4096;

pub(crate) async fn leave(command: LeaveCommand) -> anyhow::Result<()> {
    match command {
        LeaveCommand::Export { customer, out, at } => {
            let out = std::path::absolute(&out)?;
            carry_out(&at, Order::LeaveExport { customer, out }, None).await
        }
        LeaveCommand::Show { customer, at } => carry_out(&at, Order::LeaveShow { customer }, None).await,
        LeaveCommand::Open(order) => open(order).await,
    }
}

/// The secret, from its file or typed; never from the command line, which others on the machine can see.
fn secret_of(file: Option<&Path>) -> anyhow::Result<Zeroizing<String>> {
    let Some(file) = file else { return Ok(Zeroizing::new(asked("The export's secret: ")?)) };
    let cannot = |error: std::io::Error| WrongUse(format!("cannot read the secret's file: {}", error.kind()));
    if std::fs::metadata(file).map_err(cannot)?.len() > SECRET_FILE_BYTES_MAX {
        return Err(WrongUse("the secret's file holds more than a secret".to_owned()).into());
    }
    Ok(Zeroizing::new(std::fs::read_to_string(file).map_err(cannot)?))
}

/// The public key of a ledger, from its file.
fn key_of(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| WrongUse(format!("cannot read the key's file: {}", error.kind())))?;
    let key: custody::Verifier =
        text.trim().parse().map_err(|_| WrongUse("the key's file holds no public key of a ledger".to_owned()))?;
    Ok(key.to_string())
}

fn said(opened: &ExportOpened) -> serde_json::Value {
    serde_json::json!({
        "customer_id": opened.customer, "customer_name": opened.customer_name, "operator": opened.operator,
        "made_at": opened.made_at.to_string(), "manifest_sha256": opened.digest.to_string(), "counts": opened.counts,
    })
}

/// Verifies an export, and writes it in clear.
async fn open(order: LeaveOpen) -> anyhow::Result<()> {
    let LeaveOpen { export, out, known: Known { secret_file, expect, key }, json } = order;
    let wanted = ExportOpen {
        from: export,
        secret: ExportSecret::read(&secret_of(secret_file.as_deref())?)?,
        key: key.as_deref().map(key_of).transpose()?.and_then(|key| key.parse().ok()),
        digest: expect.as_deref().map(digest_read).transpose()?,
    };
    let to = out.clone();
    let opened = tokio::task::spawn_blocking(move || export_open(wanted, to.as_deref())).await??;
    if json {
        return say_json(&said(&opened));
    }
    say(&format!("PHI – {}: everything verifies. {}.", opened.customer_name, opened.counts))?;
    say(&format!("Manifest: sha256:{}", opened.digest))?;
    match out {
        Some(out) => say(&format!("It lies in clear in {}: keep that folder closed to others.", out.display())),
        None => Ok(()),
    }
}

pub(crate) async fn take_in(order: TakeIn) -> anyhow::Result<()> {
    let TakeIn { at, export, customer, name, known: Known { secret_file, expect, key } } = order;
    let secret = secret_of(secret_file.as_deref())?;
    // What cannot be meant is said before anybody is asked to confirm it.
    ExportSecret::read(&secret)?;
    let order = Order::ImportPractice {
        customer,
        name,
        export: std::path::absolute(&export)?,
        expect: expect.as_deref().map(digest_read).transpose()?.map(|digest| digest.to_string()),
        key: key.as_deref().map(key_of).transpose()?,
    };
    carry_out_with(&at, order, secret.trim().as_bytes()).await
}
