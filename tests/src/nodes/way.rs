//! The way from one node to what it stands on (the database's socket, the bucket's port), on which a test can stand: it can be
//! cut, so that nothing arrives and nothing is refused, and it can be slow.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How often a way that is cut is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What is done to whatever comes along.
#[derive(Debug, Default)]
struct Toll {
    cut: AtomicBool,
    slow_millis: AtomicU64,
}

/// One node's way.
#[derive(Debug)]
pub struct Way {
    toll: Arc<Toll>,
    /// Where it begins: the socket's folder, or an address.
    pub begins: PathBuf,
}

/// A connection of either kind.
trait Line: Read + Write + Send + Sized + 'static {
    fn copy(&self) -> std::io::Result<Self>;
    fn shut(&self);
}

impl Line for UnixStream {
    fn copy(&self) -> std::io::Result<Self> {
        self.try_clone()
    }
    fn shut(&self) {
        drop(self.shutdown(Shutdown::Both));
    }
}

impl Line for TcpStream {
    fn copy(&self) -> std::io::Result<Self> {
        self.set_nodelay(true)?;
        self.try_clone()
    }
    fn shut(&self) {
        drop(self.shutdown(Shutdown::Both));
    }
}

impl Way {
    /// To the database whose socket lies in `place`; this end lies in a folder below `all`.
    ///
    /// # Panics
    /// When the socket cannot be made.
    #[must_use]
    pub fn to_database(all: &Path, number: usize, place: &str) -> Self {
        let dir = all.join(format!("w{number}"));
        std::fs::create_dir(&dir).expect("a folder can be made");
        let listener = UnixListener::bind(dir.join(".s.PGSQL.5432")).expect("a socket can be bound");
        let (toll, to) = (Arc::new(Toll::default()), Path::new(place).join(".s.PGSQL.5432"));
        let told = Arc::clone(&toll);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                join(near, UnixStream::connect(&to), &told);
            }
        });
        Self { toll, begins: dir }
    }

    /// To a port of this machine; it begins at an address of its own.
    ///
    /// # Panics
    /// When no port can be had.
    #[must_use]
    pub fn to_port(port: u16) -> Self {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("there is a free port");
        let begins = listener.local_addr().expect("it has an address").to_string().into();
        let toll = Arc::new(Toll::default());
        let told = Arc::clone(&toll);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                join(near, TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))), &told);
            }
        });
        Self { toll, begins }
    }

    /// Nothing arrives from now on.
    pub fn cut(&self) {
        self.toll.cut.store(true, Ordering::SeqCst);
    }

    /// Everything arrives again, also what was on its way.
    pub fn mend(&self) {
        self.toll.cut.store(false, Ordering::SeqCst);
        self.slow(Duration::ZERO);
    }

    /// Each piece takes so much longer from now on.
    pub fn slow(&self, by: Duration) {
        self.toll.slow_millis.store(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}

fn join<L: Line>(near: L, far: std::io::Result<L>, toll: &Arc<Toll>) {
    let Ok(far) = far else { return };
    let (Ok(near_too), Ok(far_too)) = (near.copy(), far.copy()) else { return };
    let (there, back) = (Arc::clone(toll), Arc::clone(toll));
    std::thread::spawn(move || carry(near, far, &there));
    std::thread::spawn(move || carry(far_too, near_too, &back));
}

fn carry<L: Line>(mut from: L, mut to: L, toll: &Toll) {
    let mut bytes = [0; 16 << 10];
    while let Ok(many @ 1..) = from.read(&mut bytes) {
        let slow = toll.slow_millis.load(Ordering::SeqCst);
        if slow > 0 {
            std::thread::sleep(Duration::from_millis(slow));
        }
        while toll.cut.load(Ordering::SeqCst) {
            std::thread::sleep(LOOK);
        }
        if to.write_all(&bytes[..many]).is_err() {
            break;
        }
    }
    to.shut();
    from.shut();
}
