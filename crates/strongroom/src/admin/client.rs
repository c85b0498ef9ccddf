//! The command's side: through the server's socket if there is one, else with the root key in hand.

use super::perform::{Caller, Who};
use super::progress::Progress;
use super::wire::{self, FILE_BYTES_MAX, News, PIECE_BYTES, Piece, Request, Said, VERSION, WireError};
use super::{Order, SOCKET, show};
use crate::cli::At;
use crate::commands::house::{config_at, open_with, root_of};
use crate::config::Config;
use crate::outcome::{Refused, Told, WrongUse, say, say_json};
use custody::CustodyError;
use data_encoding::BASE64;
use serde_json::Value;
use std::path::Path;
use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::sync::mpsc;

/// Carries an order out and reports what came of it.
pub(crate) async fn carry_out(at: &At, order: Order, file: Option<&Path>) -> anyhow::Result<()> {
    let bytes = match file {
        Some(file) => read(file)?,
        None => Vec::new(),
    };
    carry_out_with(at, order, &bytes).await
}

/// The same with what comes along in hand: a secret, which lies in no file that is named here.
pub(crate) async fn carry_out_with(at: &At, order: Order, file: &[u8]) -> anyhow::Result<()> {
    let config = config_at(at)?;
    let name = order.clone();
    let out = ask_with(&config, at.root_key.as_deref(), order, file).await?;
    if at.json {
        say_json(&out)?;
    } else {
        for line in show::lines(&name, &out) {
            say(&line)?;
        }
    }
    show::finding(&name, &out).map_or(Ok(()), |what| Err(crate::outcome::Finding(what).into()))
}

/// The same without reporting, for commands that have more to do.
pub(crate) async fn ask(
    config: &Config,
    root_key: Option<&Path>,
    order: Order,
    file: Option<&Path>,
) -> anyhow::Result<Value> {
    let bytes = match file {
        Some(file) => read(file)?,
        None => Vec::new(),
    };
    ask_with(config, root_key, order, &bytes).await
}

async fn ask_with(config: &Config, root_key: Option<&Path>, order: Order, bytes: &[u8]) -> anyhow::Result<Value> {
    match UnixStream::connect(config.dir.join(SOCKET)).await {
        Ok(stream) => through(stream, order, bytes).await,
        Err(error) if is_no_server(&error) => offline(config, root_key, order, bytes).await,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(Refused("the server runs as another user of this machine: run this as that user".to_owned()).into())
        }
        Err(error) => Err(error.into()),
    }
}

fn is_no_server(error: &std::io::Error) -> bool {
    // A path that is too long for a socket has none.
    use std::io::ErrorKind::{ConnectionRefused, InvalidInput, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | InvalidInput)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = |error: std::io::Error| WrongUse(format!("cannot read {}: {}", file.display(), error.kind()));
    let length = std::fs::metadata(file).map_err(cannot)?.len();
    if length == 0 || length > FILE_BYTES_MAX as u64 {
        return Err(WrongUse(format!("{} is empty or larger than 32 MiB", file.display())).into());
    }
    Ok(std::fs::read(file).map_err(cannot)?)
}

/// With no server running: by the system's own job, with the root key in hand and the folder's lock held.
async fn offline(config: &Config, root_key: Option<&Path>, order: Order, file: &[u8]) -> anyhow::Result<Value> {
    let root = root_of(config, root_key, None).await?;
    let custody = open_with(config, root_of(config, root_key, None).await?).await?;
    let (told, mut said) = mpsc::unbounded_channel();
    let caller = Caller { custody: custody.clone(), who: Who::Job(root), gate: None, told, stopped: None };
    let telling = tokio::spawn(async move {
        let mut progress = Progress::default();
        while let Some(news) = said.recv().await {
            match news {
                News::Text(text) => progress.say(&text),
                News::Measure(measure) => progress.measure(measure),
            }
        }
    });
    let done = caller.perform(order, file).await;
    drop(caller);
    drop(telling.await);
    custody.close().await;
    match done {
        Err(error) if is_refusal(&error) => Err(Refused(
            "this needs a person: start the server, run it again, and somebody who may confirms it in the portal"
                .to_owned(),
        )
        .into()),
        done => done,
    }
}

fn is_refusal(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<CustodyError>(), Some(CustodyError::Refused(_)))
}

/// Through the running server.
async fn through(stream: UnixStream, order: Order, file: &[u8]) -> anyhow::Result<Value> {
    let (from, mut to) = stream.into_split();
    let mut from = BufReader::new(from);
    let sent = send(&mut to, order, file).await;
    let mut progress = Progress::default();
    loop {
        // What the server has to say goes before what went wrong while it was sent.
        let said: Said = match wire::read_answer(&mut from).await {
            Ok(said) => said,
            Err(WireError::TooLong) => return Err(anyhow::anyhow!("the server's answer is too long to be shown here")),
            Err(error) => return Err(sent.err().unwrap_or(error).into()),
        };
        match said {
            Said::Confirm { code, url, words } => {
                progress.say(&format!(
                    "To {words}: sign in to the portal, open\n  {url}\nand type this code there, within five minutes:\n  {code}"
                ));
            }
            Said::Confirmed {} => progress.say("Confirmed."),
            Said::Progress { text } => progress.say(&text),
            Said::Measure(measure) => progress.measure(measure),
            Said::Done { out } => {
                progress.end();
                return Ok(out);
            }
            Said::Failed { code, sentence } => {
                progress.end();
                return Err(Told { code, sentence }.into());
            }
        }
    }
}

async fn send(to: &mut tokio::net::unix::OwnedWriteHalf, order: Order, file: &[u8]) -> Result<(), WireError> {
    let takes_file = order.takes_file();
    wire::write(to, &Request { v: VERSION, order }).await?;
    if takes_file {
        for piece in file.chunks(PIECE_BYTES) {
            wire::write(to, &Piece::Piece(BASE64.encode(piece))).await?;
        }
        wire::write(to, &Piece::End(file.len() as u64)).await?;
    }
    Ok(())
}
