//! Serving: open the house, take the address, walk the table as a stranger, then let people in; drain at the end.

use super::house::{config_at, open_alone, root_of};
use crate::admin::AdminServer;
use crate::cli;
use crate::config::TracesTo;
use crate::outcome::{Finding, say};
use custody::{Custody, CustodyError, NodeHandle};
use portal::serve::{Portal, ServeOptions};
use std::path::Path;
use std::time::Duration;

/// How often a start tries to write its first entries, and how long it waits in between: a database that is busy or has just come
/// back is no reason to end.
const SETTLE_TRIES: u32 = 6;
const SETTLE_WAIT: Duration = Duration::from_secs(2);

pub(crate) async fn run(args: cli::Serve) -> anyhow::Result<()> {
    let mut config = config_at(&args.at)?;
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    if let Some(database) = args.database {
        config.database = Some(database);
        config.database_file = None;
    }
    if let Some(objects) = args.objects {
        config.objects = Some(objects);
    }
    // The destruction of keys reads it again from where it was given.
    if args.at.root_key.is_some() {
        config.root_key_file.clone_from(&args.at.root_key);
        config.passphrase_file = None;
        config.root_key = None;
    }
    config.check()?;
    tracing::info!(module = crate::module::words(), "the cryptographic module");
    let custody = open_alone(&config, root_of(&config, args.at.root_key.as_deref(), None).await?).await?;
    let node = custody.node_join().await?;
    // What the last process left open is closed before anybody is served; when that cannot be done, nobody is.
    settle(&custody).await?;
    let options = ServeOptions {
        listen: config.listen,
        tls: config.served_by()?,
        trusted_proxies: config.trusted_proxies.clone(),
        extra_hosts: config.extra_hosts.clone(),
        probe_public: config.probe_public,
        demo: false,
        traces: config.traces.as_ref().map(TracesTo::collector).transpose()?,
    };
    let portal = Portal::bind(custody.clone(), options).await?;
    say(&format!(
        "Serving {} on {}. The gate opens once the outside probe has passed.",
        config.public_url,
        portal.local_addr()
    ))?;
    until_stopped((custody, node), portal, &config.dir).await
}

async fn settle(custody: &Custody) -> Result<(), CustodyError> {
    for _ in 1..SETTLE_TRIES {
        match custody.start_settle().await {
            Err(error @ (CustodyError::Unwitnessed | CustodyError::Store(_))) => {
                tracing::warn!(%error, "the start waits for the ledger");
            }
            done => return done.map(drop),
        }
        tokio::time::sleep(SETTLE_WAIT).await;
    }
    custody.start_settle().await.map(drop)
}

/// Asks the running portal whether visitors may be sent to it.
pub(crate) async fn ready(at: cli::At) -> anyhow::Result<()> {
    let config = config_at(&at)?;
    let certificate = config.served_by()?.as_ref().map(portal::serve::certificate_file);
    match portal::serve::is_ready(&config.public_url, config.listen, certificate.as_deref()).await {
        Ok(true) => say("ready"),
        Ok(false) => Err(Finding("the portal answers, and its gate is closed".to_owned()).into()),
        Err(error) => Err(Finding(format!("the portal does not answer: {error}")).into()),
    }
}

/// Serves until the process is told to stop, and takes everything apart in order.
pub(super) async fn until_stopped(
    (custody, node): (Custody, NodeHandle),
    portal: Portal,
    dir: &Path,
) -> anyhow::Result<()> {
    let admin = AdminServer::start(dir, custody.clone(), portal.door().gate().clone())?;
    let jobs = custody.clone().jobs_start();
    portal.run(told_to_stop()).await;
    admin.stop().await;
    jobs.stop().await;
    // First, and with the lease: what was written last stands under a checkpoint before this node is gone.
    custody.close().await;
    node.leave().await;
    Ok(())
}

/// SIGTERM or Ctrl-C.
async fn told_to_stop() {
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    match terminate {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
