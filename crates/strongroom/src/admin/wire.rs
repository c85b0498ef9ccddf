//! Lines on the socket: JSON, one object each, limited in length and time (docs/FORMATS-admin.md).

use super::Order;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Version of the conversation.
pub(super) const VERSION: u8 = 1;
/// Longest line that comes in, bytes, its end included.
pub(super) const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Longest line that the server says, bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Bytes of a file in one line, before they are written as text.
pub(super) const PIECE_BYTES: usize = 32 * 1024;
/// Largest file that comes with an order, bytes: a table of some hundred thousand lines.
pub(super) const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long is waited for one line of the order.
pub(super) const LINE_TIME: Duration = Duration::from_secs(10);

/// The first line: what is ordered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// [`VERSION`].
    pub(super) v: u8,
    /// What.
    pub(super) order: Order,
}

/// A line of the file that comes with an order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Piece {
    /// Bytes, base64.
    Piece(String),
    /// That was all; how many bytes there were.
    End(u64),
}

/// How far an import is: nothing in it names a file.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Measure {
    /// Files that were gone through.
    pub(super) files: u64,
    /// Of how many.
    pub(super) files_all: u64,
    /// Bytes that were gone through.
    pub(super) bytes: u64,
    /// Of how many.
    pub(super) bytes_all: u64,
}

/// What is told while an order is carried out.
#[derive(Debug)]
pub(super) enum News {
    /// In words.
    Text(String),
    /// In numbers.
    Measure(Measure),
}

/// What the server says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub(super) enum Said {
    /// Somebody has to type this code into the portal.
    Confirm {
        /// The code.
        code: String,
        /// Where.
        url: String,
        /// What they will be shown.
        words: String,
    },
    /// Somebody has; it is being done.
    Confirmed {},
    /// How far it is.
    Progress {
        /// In words.
        text: String,
    },
    /// How far a long work is, in numbers.
    Measure(Measure),
    /// It is done.
    Done {
        /// What came of it.
        out: Value,
    },
    /// It is not done.
    Failed {
        /// The exit code.
        code: u8,
        /// One clear sentence.
        sentence: String,
    },
}

/// A line is no line of this conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum WireError {
    /// The other side is gone.
    #[error("the other side has gone away")]
    Gone,
    /// Longer than is allowed.
    #[error("a line is longer than is allowed")]
    TooLong,
    /// Too slow.
    #[error("the order did not come in time")]
    Late,
    /// Not of the form it should have.
    #[error("this is no order that is known here")]
    Form,
}

/// Reads one line into a type.
pub(super) async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
    within: Option<Duration>,
) -> Result<T, WireError> {
    read_limited(from, within, LINE_BYTES_MAX).await
}

/// Reads what the server says: lists may be long.
pub(super) async fn read_answer(from: &mut (impl AsyncBufRead + Unpin)) -> Result<Said, WireError> {
    read_limited(from, None, ANSWER_BYTES_MAX).await
}

async fn read_limited<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
    within: Option<Duration>,
    most: u64,
) -> Result<T, WireError> {
    let mut line = Vec::new();
    let mut limited = from.take(most);
    let reading = limited.read_until(b'\n', &mut line);
    let read = match within {
        Some(within) => tokio::time::timeout(within, reading).await.map_err(|_| WireError::Late)?,
        None => reading.await,
    };
    match read {
        Ok(_) if line.last() == Some(&b'\n') => serde_json::from_slice(&line).map_err(|_| WireError::Form),
        Ok(_) if line.len() as u64 >= most => Err(WireError::TooLong),
        _ => Err(WireError::Gone),
    }
}

/// Writes one line.
pub(super) async fn write(to: &mut (impl AsyncWrite + Unpin), what: &impl Serialize) -> Result<(), WireError> {
    let mut line = serde_json::to_vec(what).map_err(|_| WireError::Form)?;
    line.push(b'\n');
    // Whoever is suspended reads nothing; it must not hold up a server that is to stop.
    let writing = async {
        to.write_all(&line).await?;
        to.flush().await
    };
    tokio::time::timeout(LINE_TIME, writing).await.map_err(|_| WireError::Late)?.map_err(|_| WireError::Gone)
}

#[cfg(test)]
mod tests {
    use super::{LINE_BYTES_MAX, Piece, Request, WireError, read};

    async fn said(bytes: &[u8]) -> Result<Request, WireError> {
        read(&mut std::io::Cursor::new(bytes.to_vec()), None).await
    }

    #[tokio::test]
    async fn hostile_lines_are_refused_one_by_one() {
        let good = br#"{"v":1,"order":{"do":"customer.list","with":{}}}"#;
        let with_end = |text: &[u8]| [text, b"\n"].concat();
        assert!(said(&with_end(good)).await.is_ok());
        assert_eq!(said(good).await.unwrap_err(), WireError::Gone, "cut off");
        assert_eq!(said(b"").await.unwrap_err(), WireError::Gone);
        let long = vec![b' '; usize::try_from(LINE_BYTES_MAX).unwrap() + 10];
        assert_eq!(said(&long).await.unwrap_err(), WireError::TooLong);
        let deep = with_end(&[b"[".repeat(30_000), b"]".repeat(30_000)].concat());
        for wrong in [
            &with_end(b"GET / HTTP/1.1\r")[..],
            &with_end(b"\xff\xfe\x00"),
            &with_end(br#"{"v":1,"order":{"do":"customer.list","with":{}},"as":"root"}"#),
            &with_end(br#"{"v":300,"order":{"do":"customer.list","with":{}}}"#),
            &deep,
            &with_end(b""),
        ] {
            assert_eq!(said(wrong).await.unwrap_err(), WireError::Form);
        }
        let piece: Result<Piece, _> =
            read(&mut std::io::Cursor::new(b"{\"piece\":\"AA==\",\"end\":3}\n".to_vec()), None).await;
        assert!(piece.is_err());
    }
}
