//! The running server's side of the socket.
//!
//! What must always hold: the socket is its owner's alone (mode 0600, and the peer's user id is asked of the kernel all
//! the same); at most a few speak at once; a line has a length and a time; one connection is one order; nothing is done
//! before a person has confirmed it, and then in that person's name.

use super::perform::{Caller, Who};
use super::wire::{self, FILE_BYTES_MAX, LINE_TIME, News, Piece, Request, Said, VERSION, WireError};
use super::{Order, SOCKET};
use crate::outcome::{WrongUse, told};
use anyhow::Context as _;
use custody::{Custody, TerminalSession};
use data_encoding::BASE64;
use portal::door::Gate;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::BufReader;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

/// Conversations at once.
const AT_ONCE: usize = 8;
/// How long somebody may take to confirm.
const CONFIRM_TIME: Duration = Duration::from_secs(5 * 60);

/// The listening socket; it goes when this is stopped.
pub(crate) struct AdminServer {
    path: PathBuf,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl AdminServer {
    /// Listens in the data folder. Only called with the folder's lock held, so that a socket that is there is a dead one's.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub(crate) fn start(dir: &Path, custody: Custody, gate: Gate) -> anyhow::Result<Self> {
        let path = dir.join(SOCKET);
        let listener = bind(&path)?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(listen(listener, custody, gate, stopped));
        Ok(Self { path, stop, task })
    }

    /// Takes no more orders, and waits for those that are being done.
    pub(crate) async fn stop(self) {
        // Removed first: whoever comes now is told that there is no server.
        drop(std::fs::remove_file(&self.path));
        let _ = self.stop.send(true);
        drop(self.task.await);
    }
}

/// Made under another name and given its own when nobody else can open it.
fn bind(path: &Path) -> anyhow::Result<UnixListener> {
    let making = path.with_extension("new");
    for stale in [&making, &path.to_path_buf()] {
        match std::fs::remove_file(stale) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    let listener = UnixListener::bind(&making).context("the socket for administration cannot be made")?;
    std::fs::set_permissions(&making, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&making, path)?;
    Ok(listener)
}

async fn listen(listener: UnixListener, custody: Custody, gate: Gate, mut stopped: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let mut speaking = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        while speaking.try_join_next().is_some() {}
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Whoever finds it full is hung up on; who is not the owner of this process, too.
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
        if !is_own(&stream) {
            tracing::warn!("somebody else on this machine tried the socket for administration");
            continue;
        }
        let (custody, gate, stopped) = (custody.clone(), gate.clone(), stopped.clone());
        speaking.spawn(async move {
            let _place = place;
            speak(stream, custody, gate, stopped).await;
        });
    }
    while speaking.join_next().await.is_some() {}
}

/// Is the other side the same user as this process, as the kernel says.
fn is_own(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}

async fn speak(stream: UnixStream, custody: Custody, gate: Gate, stopped: watch::Receiver<bool>) {
    let (from, mut to) = stream.into_split();
    let mut from = BufReader::new(from);
    let last = match order(&mut from, &mut to, custody, gate, stopped).await {
        Ok(out) => Said::Done { out },
        Err(error) => {
            let (code, sentence) = told(&error);
            Said::Failed { code, sentence }
        }
    };
    // Nobody is left to tell it to if the other side has gone.
    let _ = wire::write(&mut to, &last).await;
}

async fn order(
    from: &mut BufReader<OwnedReadHalf>,
    to: &mut OwnedWriteHalf,
    custody: Custody,
    gate: Gate,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<serde_json::Value> {
    let request: Request = wire::read(from, Some(LINE_TIME)).await.map_err(wrong)?;
    if request.v != VERSION {
        return Err(WrongUse("this is another version of strongroom than the running server's".to_owned()).into());
    }
    let file = if request.order.takes_file() { file(from).await? } else { Vec::new() };
    let who = confirmed(from, to, (&custody, &request.order, file.len()), stopped.clone()).await?;
    wire::write(to, &Said::Confirmed {}).await.map_err(wrong)?;
    let (progress, mut said) = mpsc::unbounded_channel();
    let caller = Caller { custody, who: Who::Person(who), gate: Some(gate), told: progress, stopped: Some(stopped) };
    // On a task of its own: an order that has begun is finished, whether or not anybody still listens. One that can be
    // begun again where it was (an import) sees that nobody does, and stops.
    let work = tokio::spawn(async move { caller.perform(request.order, &file).await });
    while let Some(news) = said.recv().await {
        let line = match news {
            News::Text(text) => Said::Progress { text },
            News::Measure(measure) => Said::Measure(measure),
        };
        if wire::write(to, &line).await.is_err() {
            said.close();
        }
    }
    work.await.map_err(|_| anyhow::anyhow!("the order was stopped"))?
}

fn wrong(error: WireError) -> anyhow::Error {
    WrongUse(error.to_string()).into()
}

/// The file that comes with an order, within its limit.
async fn file(from: &mut BufReader<OwnedReadHalf>) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        match wire::read(from, Some(LINE_TIME)).await.map_err(wrong)? {
            Piece::Piece(text) => {
                let piece = BASE64.decode(text.as_bytes()).map_err(|_| wrong(WireError::Form))?;
                if piece.is_empty() || bytes.len() + piece.len() > FILE_BYTES_MAX {
                    return Err(WrongUse("the file is empty or larger than 32 MiB".to_owned()).into());
                }
                bytes.extend(piece);
            }
            Piece::End(length) if length == bytes.len() as u64 => return Ok(bytes),
            Piece::End(_) => return Err(wrong(WireError::Gone)),
        }
    }
}

/// Prints the code at the other side, and waits until somebody has typed it into the portal and touched.
async fn confirmed(
    from: &mut BufReader<OwnedReadHalf>,
    to: &mut OwnedWriteHalf,
    (custody, order, file_bytes): (&Custody, &Order, usize),
    mut stopped: watch::Receiver<bool>,
) -> anyhow::Result<TerminalSession> {
    let words = order.words(file_bytes);
    let asked = custody.terminal_ask(&words)?;
    let home = custody.settings().public_url.as_str().trim_end_matches('/');
    let code = asked.code.clone();
    let ask = Said::Confirm { code, url: format!("{home}/terminal"), words };
    wire::write(to, &ask).await.map_err(wrong)?;
    let mut nothing = [0_u8; 1];
    tokio::select! {
        found = asked.confirmed() => {
            found.ok_or_else(|| WrongUse("the code was given up".to_owned()).into())
        }
        // Nothing more is to come: whatever does, or the end of the line, ends the wait and the code with it.
        _ = tokio::io::AsyncReadExt::read(from, &mut nothing) => Err(wrong(WireError::Gone)),
        () = tokio::time::sleep(CONFIRM_TIME) => {
            Err(WrongUse("nobody confirmed it in five minutes; nothing was done".to_owned()).into())
        }
        _ = stopped.wait_for(|stopped| *stopped) => {
            Err(WrongUse("the server is being stopped; nothing was done".to_owned()).into())
        }
    }
}
