//! A practice that leaves, and one that another house exported: carried out in the name of the manager who confirmed it.

use super::perform::Caller;
use super::wire::{Measure, News};
use crate::outcome::{Refused, WrongUse};
use custody::{ExportOpen, ExportSecret, LeavingState, TakeInOrder, digest_read};
use record::{CustomerId, act};
use serde_json::{Value, json};
use std::path::PathBuf;

/// An export that is to be taken in.
pub(super) struct Said {
    pub(super) customer: CustomerId,
    pub(super) name: String,
    pub(super) export: PathBuf,
    pub(super) expect: Option<String>,
    pub(super) key: Option<String>,
}

impl Caller {
    /// Somebody still waits for it, and the server is not being stopped.
    pub(super) fn goes_on(&self) -> anyhow::Result<()> {
        if self.told.is_closed() {
            return Err(Refused("nobody is listening any more; run it again and it goes on".to_owned()).into());
        }
        if self.stopped.as_ref().is_some_and(|stopped| *stopped.borrow()) {
            let say = "the server is being stopped; run it again afterwards and it goes on where it was";
            return Err(Refused(say.to_owned()).into());
        }
        Ok(())
    }

    pub(super) fn measure(&self, (files, bytes): (u64, u64), (files_all, bytes_all): (u64, u64)) {
        // Whoever watched may have gone; the part is done.
        drop(self.told.send(News::Measure(Measure { files, files_all, bytes, bytes_all })));
    }

    /// Everything of a practice that leaves, into sealed files.
    pub(super) async fn leave_export(&self, customer: CustomerId, out: PathBuf) -> anyhow::Result<Value> {
        let mut export = self.desk::<act::CustomerExport>().await?.export_begin(customer, &out).await?;
        let done = self.leave_export_run(&mut export).await;
        let Some((digest, counts)) = export.done() else {
            export.stop().await;
            return Err(done.err().unwrap_or_else(|| anyhow::anyhow!("the export ended early")));
        };
        Ok(json!({
            "out": out, "export": export.id(), "manifest_sha256": digest.to_string(), "counts": counts,
        }))
    }

    async fn leave_export_run(&self, export: &mut custody::PracticeExport) -> anyhow::Result<()> {
        loop {
            // Asked anew for each part: who has signed out, or gone away from the terminal, exports nothing more.
            self.goes_on()?;
            let more = self.desk::<act::CustomerExport>().await?.export_next(export).await?;
            let now = export.measure();
            self.measure((now.documents, now.bytes), (now.documents_all, now.bytes_all));
            if !more {
                return Ok(());
            }
        }
    }

    /// How far a leaving is.
    pub(super) async fn leave_show(&self, customer: CustomerId) -> anyhow::Result<Value> {
        let view = self.desk::<act::CustomerLeaveShow>().await?.leaving_show(customer).await?;
        let export = view.export.as_ref().map(|one| {
            json!({
                "export": one.id, "at": one.at.to_string(), "manifest_sha256": one.digest, "counts": one.counts,
                "secret_taken": one.secret_taken_at.is_some(), "outdated": one.outdated,
            })
        });
        Ok(json!({
            "customer_id": customer, "name": view.name, "state": view.state.map(LeavingState::as_str), "export": export,
            "begun_by": view.begun.as_ref().map(|(name, _)| name), "begun_at": view.begun.map(|(_, at)| at.to_string()),
            "confirmed_by": view.confirmed.as_ref().map(|(name, _)| name),
            "confirmed_at": view.confirmed.map(|(_, at)| at.to_string()),
            "hold_until": view.hold_until.map(|at| at.to_string()),
        }))
    }

    /// Another house's export of a practice comes in; its secret came along as the file.
    pub(super) async fn take_in(&self, said: Said, secret: &[u8]) -> anyhow::Result<Value> {
        let secret = str::from_utf8(secret).map_err(|_| WrongUse("the secret is no text".to_owned()))?;
        let key = said.key.map(|key| key.parse()).transpose();
        let key = key.map_err(|_| WrongUse("the key is no public key of a ledger".to_owned()))?;
        let digest = said.expect.as_deref().map(digest_read).transpose()?;
        let export = ExportOpen { from: said.export, secret: ExportSecret::read(secret)?, key, digest };
        let order = TakeInOrder { export, customer: said.customer, customer_name: said.name };
        self.tell("verifying all of it before anything is kept".to_owned());
        let mut take = self.desk::<act::CustomerTakeIn>().await?.take_in_begin(order).await?;
        let (digest, all) = (take.digest().to_string(), take.all());
        if let Err(error) = self.take_in_run(&mut take).await {
            take.stop().await;
            return Err(error);
        }
        let tally = take.finish().await;
        Ok(json!({"customer_id": said.customer, "manifest_sha256": digest, "documents_all": all.0, "tally": tally}))
    }

    async fn take_in_run(&self, take: &mut custody::TakeIn) -> anyhow::Result<()> {
        loop {
            self.goes_on()?;
            let more = self.desk::<act::CustomerTakeIn>().await?.take_in_next(take).await?;
            self.measure(take.gone_through(), take.all());
            if !more {
                return Ok(());
            }
        }
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// What came of an export, in lines.
pub(super) fn exported(out: &Value) -> Vec<String> {
    let n = |name: &str| number(&out["counts"][name]);
    vec![
        format!(
            "Exported: {} documents in {} versions ({} bytes), {} patients, {} people around them, {} entries of the ledger.",
            n("documents"),
            n("versions"),
            n("bytes"),
            n("patients"),
            n("related"),
            n("entries")
        ),
        format!("Manifest: sha256:{}", out["manifest_sha256"].as_str().unwrap_or_default()),
        "The manager takes the secret in the portal, on the practice's page, and confirms it there.".to_owned(),
    ]
}

/// How far a leaving is, in lines.
pub(super) fn shown(out: &Value) -> Vec<String> {
    let text = |name: &str| out[name].as_str().unwrap_or_default();
    let Some(state) = out["state"].as_str() else {
        return vec![format!("{} has not said that it leaves.", text("name"))];
    };
    let mut all = vec![format!("{}: {state}, begun by {} at {}", text("name"), text("begun_by"), text("begun_at"))];
    if let Some(digest) = out["export"]["manifest_sha256"].as_str() {
        all.push(format!("  manifest sha256:{digest}, {} documents", number(&out["export"]["counts"]["documents"])));
    }
    if let Some(until) = out["hold_until"].as_str() {
        all.push(format!("  confirmed by {} at {}, held until {until}", text("confirmed_by"), text("confirmed_at")));
    }
    all
}

/// What came in, in lines.
pub(super) fn taken_in(out: &Value) -> Vec<String> {
    let n = |name: &str| number(&out["tally"][name]);
    vec![
        format!(
            "{} documents in {} versions ({} bytes) taken in, {} patients, {} matched to patients here, {} to be looked at, {} people \
             around them, {} entries of the other house's ledger; {} were there already.",
            n("documents"),
            n("versions"),
            n("bytes"),
            n("patients"),
            n("patients_matched"),
            n("patients_proposed"),
            n("related"),
            n("entries"),
            n("came_before")
        ),
        format!("Manifest: sha256:{}", out["manifest_sha256"].as_str().unwrap_or_default()),
    ]
}

/// That something stays outside makes the command end with 1.
pub(super) fn outside(out: &Value) -> Option<String> {
    let list = out["tally"]["outside"].as_array().filter(|list| !list.is_empty())?;
    let ids: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
    Some(format!("{} documents stay outside, by their ids there: {}", ids.len(), ids.join(", ")))
}
