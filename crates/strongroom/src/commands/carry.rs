//! Carrying a stopped house's sealed objects into a bucket, or back into its folder.

use super::house::config_at;
use crate::cli::{At, Migrate};
use crate::outcome::{WrongUse, say, say_json};
use custody::ObjectsCarried;
use std::io::{IsTerminal as _, Write as _};

/// How wide the bar is, letters.
const BAR: u64 = 30;

pub(super) async fn run(order: &Migrate) -> anyhow::Result<()> {
    let at = At { config: order.config.clone(), dir: order.from.clone(), root_key: None, json: order.json };
    let config = config_at(&at)?;
    let store = match config.server()? {
        Some(server) => custody::open_node(&server, &config.dir).await?,
        None => custody::open_store(&config.dir, false).await?,
    };
    let to = order.objects_to.as_deref().map(|url| config.bucket_of(url)).transpose()?;
    let source = config.bucket()?;
    let shown = std::io::stderr().is_terminal() && !order.json;
    let carried = custody::objects_carry(&store, source.as_ref(), to.as_ref(), |carried| {
        if shown {
            progress(carried);
        }
    })
    .await;
    store.close().await;
    if shown {
        drop(writeln!(std::io::stderr()));
    }
    let carried = carried.map_err(|error| match error {
        // A bucket that fails is the system's fault; everything else was asked for wrongly.
        custody::CustodyError::Store(error) if error.is_wrong_use() => WrongUse(error.to_string()).into(),
        error => anyhow::Error::from(error),
    })?;
    if order.json {
        return say_json(&serde_json::json!({
            "objects": carried.done, "bytes": carried.bytes, "copied": carried.copied, "to": to.map(|to| to.to_string()),
        }));
    }
    let (where_to, then) = match &to {
        Some(to) => (to.to_string(), format!("Write objects = \"{to}\" into its configuration")),
        None => ("the folder".to_owned(), "Take objects = … out of its configuration".to_owned()),
    };
    say(&format!(
        "{} objects, {} bytes, lie in {where_to} as they were; {} of them were copied now. {then}, then start the house. \
         Nothing was removed where they lay: keep that until a backup of the house was tried, then destroy it.",
        carried.done, carried.bytes, carried.copied
    ))
}

/// A bar on standard error that is written over and over.
fn progress(carried: &ObjectsCarried) {
    let filled = (carried.done * BAR).checked_div(carried.all).unwrap_or(BAR);
    let bar: String = (0..BAR).map(|at| if at < filled { '#' } else { '.' }).collect();
    let mut out = std::io::stderr();
    drop(write!(out, "\r[{bar}] {} of {} objects, {} MB", carried.done, carried.all, carried.bytes / 1_000_000));
    drop(out.flush());
}
