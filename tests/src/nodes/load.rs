//! What people ask for, by many at once over connections that are kept: as fast as they are answered, or so many a second
//! whatever the house does meanwhile. Who is in front of the nodes is played, too: who has not said within half a second that it
//! is ready gets little.

use super::{CANARY, NodesHouse};
use crate::binary::{Answer, Browser, read_answer};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a node is asked whether it is ready, and how long it may take to say so.
const LOOK: Duration = Duration::from_millis(250);
/// No two documents of this process are the same, whichever load sends them.
static NUMBER: AtomicU64 = AtomicU64::new(0);
/// One request of so many goes to any node, ready or not.
const ANYWHERE: u64 = 20;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// One's own document as a file.
    Files,
    /// Of ten requests four are for one's own document as a file and one as a page, three are for what is another practice's, and
    /// two send a document.
    Everything,
}

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// The next as soon as one is answered.
    Answered,
    /// So many a second.
    Steady(f64),
}

/// What the load has seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Address and bytes of each document whose arrival was acknowledged.
    pub acknowledged: Mutex<Vec<(String, Vec<u8>)>>,
    /// How often what was answered how; 0 stands for no answer.
    pub answers: Mutex<BTreeMap<(&'static str, u16), u64>>,
    /// What must never be.
    pub wrong: Mutex<Vec<String>>,
    /// How long each answer took from the moment at which it was due, milliseconds.
    pub times: Mutex<Vec<f64>>,
    over: AtomicBool,
}

/// Ends the load, also when what is done meanwhile fails.
#[derive(Debug)]
pub struct Over<'s>(pub &'s Seen);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::SeqCst);
    }
}

impl Seen {
    fn count(&self, what: &'static str, status: u16) {
        *self.answers.lock().expect("no panic").entry((what, status)).or_default() += 1;
    }

    fn wrong(&self, what: String) {
        self.wrong.lock().expect("no panic").push(what);
    }

    /// How often this was answered so.
    ///
    /// # Panics
    /// When a thread panicked that had it.
    #[must_use]
    pub fn many(&self, what: &'static str, status: u16) -> u64 {
        self.answers.lock().expect("no panic").get(&(what, status)).copied().unwrap_or_default()
    }

    /// Holds that nothing went wrong, and that there was a load.
    ///
    /// # Panics
    /// When something did.
    pub fn check(&self) {
        let wrong = self.wrong.lock().expect("no panic");
        assert!(wrong.is_empty(), "{} things went wrong, first: {:#?}", wrong.len(), &wrong[..wrong.len().min(3)]);
        let sent = self.acknowledged.lock().expect("no panic").len();
        let (own, foreign) = (self.many("own", 200), self.many("foreign", 404));
        assert!(sent > 5 && own > 10 && foreign > 10, "{sent} sent, {own} own, {foreign} foreign");
    }
}

/// One connection to each node, kept.
struct Lanes(Vec<Option<TcpStream>>);

impl Lanes {
    fn send(
        &mut self,
        (browser, place): (&Browser, usize),
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<Answer> {
        let mut text = browser.head(method, path).replace("Connection: close\r\n", "");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if method == "POST" {
            text.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        let mut bytes = (text + "\r\n").into_bytes();
        bytes.extend_from_slice(body);
        let kept = self.0[place].take();
        let was_kept = kept.is_some();
        let first = match kept {
            Some(stream) => ask(stream, &bytes),
            None => ask(open(browser)?, &bytes),
        };
        let (stream, answer) = match first {
            // A connection that the server had closed meanwhile; what is read may be asked again, what is sent may not.
            Err(_) if was_kept && method == "GET" => ask(open(browser)?, &bytes)?,
            done => done?,
        };
        if answer.header("connection") != Some("close") {
            self.0[place] = Some(stream);
        }
        Ok(answer)
    }
}

fn open(browser: &Browser) -> std::io::Result<TcpStream> {
    let stream = browser.connect()?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn ask(mut stream: TcpStream, bytes: &[u8]) -> std::io::Result<(TcpStream, Answer)> {
    stream.write_all(bytes)?;
    let answer = read_answer(&mut stream, false)?;
    Ok((stream, answer))
}

/// Who is asked, and what has been seen.
#[derive(Debug)]
pub struct Load<'h> {
    house: &'h NodesHouse,
    seen: &'h Seen,
    mix: Mix,
    /// Only the first so many nodes.
    nodes: usize,
    ready: Vec<AtomicBool>,
    turn: AtomicUsize,
    tickets: AtomicU64,
}

impl<'h> Load<'h> {
    /// On the first so many nodes of a house.
    #[must_use]
    pub fn new(house: &'h NodesHouse, seen: &'h Seen, mix: Mix, nodes: usize) -> Self {
        let ready = (0..nodes).map(|_| AtomicBool::new(true)).collect();
        Self { house, seen, mix, nodes, ready, turn: AtomicUsize::new(0), tickets: AtomicU64::new(0) }
    }

    fn is_over(&self) -> bool {
        self.seen.over.load(Ordering::SeqCst)
    }

    /// Asks by so many at once until it is over; it returns then.
    pub fn run(&self, clients: usize, pace: Pace) {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for place in 0..self.nodes {
                scope.spawn(move || self.look(place));
            }
            for _ in 0..clients {
                scope.spawn(move || self.client(start, pace));
            }
        });
    }

    /// As a balancer does.
    fn look(&self, place: usize) {
        let stranger = self.house.stranger(&self.house.nodes[place]);
        while !self.is_over() {
            let said = stranger.connect().and_then(|mut stream| {
                stream.set_read_timeout(Some(LOOK))?;
                stream.write_all((stranger.head("GET", "/readyz") + "\r\n").as_bytes())?;
                read_answer(&mut stream, false)
            });
            self.ready[place].store(said.is_ok_and(|answer| answer.status == 200), Ordering::SeqCst);
            std::thread::sleep(LOOK);
        }
    }

    fn place(&self, ticket: u64) -> usize {
        for _ in 0..self.nodes {
            let place = self.turn.fetch_add(1, Ordering::SeqCst) % self.nodes;
            if ticket.is_multiple_of(ANYWHERE) || self.ready[place].load(Ordering::SeqCst) {
                return place;
            }
        }
        self.turn.load(Ordering::SeqCst) % self.nodes
    }

    fn client(&self, start: Instant, pace: Pace) {
        let mut lanes = Lanes((0..self.nodes).map(|_| None).collect());
        let mut times = Vec::new();
        while !self.is_over() {
            let ticket = self.tickets.fetch_add(1, Ordering::SeqCst);
            let due = match pace {
                Pace::Answered => Instant::now(),
                Pace::Steady(rate) => start + Duration::from_secs_f64(ticket as f64 / rate),
            };
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if self.one(&mut lanes, ticket) {
                times.push(due.elapsed().as_secs_f64() * 1e3);
            }
        }
        self.seen.times.lock().expect("no panic").extend(times);
    }

    /// One request; was it answered.
    fn one(&self, lanes: &mut Lanes, ticket: u64) -> bool {
        let place = self.place(ticket);
        let port = self.house.nodes[place].port;
        match (self.mix, ticket % 10) {
            (Mix::Files, _) | (_, 0..=3) => self.own(lanes, (place, port), &format!("{}/file", self.house.read)),
            (_, 4) => self.own(lanes, (place, port), &self.house.read),
            (_, 5..=7) => self.foreign(lanes, (place, port)),
            _ => self.sent(lanes, (place, port)),
        }
    }

    fn own(&self, lanes: &mut Lanes, (place, port): (usize, u16), path: &str) -> bool {
        let browser = self.house.ana.led_to(port);
        let Ok(answer) = lanes.send((&browser, place), ("GET", path), &[], &[]) else { return self.unanswered("own") };
        self.seen.count("own", answer.status);
        if answer.status == 200 && !answer.text().contains(CANARY) || !matches!(answer.status, 200 | 503) {
            self.seen.wrong(format!("own document: {} {}", answer.status, answer.text()));
        }
        true
    }

    fn foreign(&self, lanes: &mut Lanes, (place, port): (usize, u16)) -> bool {
        let browser = self.house.dina.led_to(port);
        let asked = lanes.send((&browser, place), ("GET", &self.house.read), &[], &[]);
        let Ok(answer) = asked else { return self.unanswered("foreign") };
        self.seen.count("foreign", answer.status);
        if answer.text().contains(CANARY) || !matches!(answer.status, 404 | 503) {
            self.seen.wrong(format!("foreign document: {}", answer.status));
        }
        true
    }

    fn sent(&self, lanes: &mut Lanes, (place, port): (usize, u16)) -> bool {
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let text = format!("Patient: Nobody, Known\nLine {number} of what came in under load.\n").into_bytes();
        let browser = self.house.tess.led_to(port);
        let name = format!("load-{number}.txt");
        let headers = [
            ("X-Csrf", browser.csrf()),
            ("X-File-Name", &name),
            ("X-Fields", ""),
            ("Content-Type", "application/octet-stream"),
        ];
        let path = format!("/upload/file?{}", self.house.query);
        let asked = lanes.send((&browser, place), ("POST", &path), &headers, &text);
        let Ok(answer) = asked else { return self.unanswered("sent") };
        self.seen.count("sent", answer.status);
        match answer.status {
            201 => {
                let href = answer.json()["href"].as_str().unwrap_or_default().to_owned();
                self.seen.acknowledged.lock().expect("no panic").push((href, text));
            }
            503 => {}
            status => self.seen.wrong(format!("an upload: {status} {}", answer.text())),
        }
        true
    }

    fn unanswered(&self, what: &'static str) -> bool {
        self.seen.count(what, 0);
        false
    }
}
