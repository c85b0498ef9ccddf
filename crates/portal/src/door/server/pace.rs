//! Patience with limits: who sends a body, or reads an answer, more slowly than a floor is cut off.
//!
//! A peer begins with some patience. Waiting for it uses patience up, bytes that move give it back, never more
//! than it began with. So a short stall is forgiven, and a trickle below the floor ends in finite time however
//! it is timed.

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How slow is too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    /// How long a peer may stall in one go.
    pub stall_max: Duration,
    /// How many bytes a second, in the long run.
    pub bytes_per_sec_min: u32,
}

struct Patience {
    floor: Floor,
    left: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Patience {
    const fn new(floor: Floor) -> Self {
        Self { floor, left: floor.stall_max, waiting: None }
    }

    /// The peer does not move. Ready when patience is at its end.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let left = self.left;
        let (_, sleep) = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(tokio::time::sleep_until(now + left)))
        });
        sleep.as_mut().poll(cx)
    }

    /// So many bytes moved.
    fn moved(&mut self, bytes: usize) {
        let waited = self.waiting.take().map_or(Duration::ZERO, |(since, _)| since.elapsed());
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = Duration::from_secs(1).mul_f64(f64::from(bytes) / f64::from(self.floor.bytes_per_sec_min.max(1)));
        self.left = (self.left.saturating_sub(waited) + earned).min(self.floor.stall_max);
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the peer is too slow")
}

/// A request's body that may not come too slowly.
pub(crate) struct PacedBody<B> {
    inner: B,
    patience: Patience,
}

impl<B> PacedBody<B> {
    pub(crate) const fn new(inner: B, floor: Floor) -> Self {
        Self { inner, patience: Patience::new(floor) }
    }
}

impl<B> Body for PacedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(frame) => {
                let bytes = match &frame {
                    Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
                    _ => 0,
                };
                self.patience.moved(bytes);
                Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
            }
            Poll::Pending => self.patience.wait(cx).map(|()| Some(Err(too_slow().into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A connection whose peer may not read too slowly. What it sends is paced elsewhere: heads by the HTTP
/// server's own time limit, bodies by [`PacedBody`], silence by the connection's idle limit.
pub(crate) struct PacedIo<T> {
    inner: T,
    patience: Patience,
}

impl<T> PacedIo<T> {
    pub(crate) const fn new(inner: T, floor: Floor) -> Self {
        Self { inner, patience: Patience::new(floor) }
    }

    fn paced(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) => {
                self.patience.moved(bytes);
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.patience.wait(cx).map(|()| Err(too_slow())),
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for PacedIo<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for PacedIo<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.paced(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bytes);
        self.paced(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // TLS may hold back what the socket does not take, so a flush that hangs is waiting too.
        let flushed = Pin::new(&mut self.inner).poll_flush(cx).map_ok(|()| 0);
        self.paced(flushed, cx).map_ok(|_| ())
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let down = Pin::new(&mut self.inner).poll_shutdown(cx).map_ok(|()| 0);
        self.paced(down, cx).map_ok(|_| ())
    }
}
