//! 256 MB into a bucket in the process and back, beside one put of the same bytes by hand: what parts, signatures and
//! copies cost.
//!
//!     cargo bench --offline -p strongroom-store --bench objects

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark measures and says")]

use bytes::Bytes;
use fake_bucket::FakeBucket;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use record::ObjectId;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::time::Instant;
use strongroom_store::{BucketOptions, BucketPlace, Objects};

const BYTES: usize = 256 * 1024 * 1024;
const ROUNDS: u8 = 5;
/// As custody hands it over: eight sealed segments at once.
const PIECE_BYTES: usize = 8 * 65_536;

fn place(fake: &FakeBucket) -> BucketPlace {
    let keys = std::env::temp_dir().join(format!("strongroom-bench-keys-{}", std::process::id()));
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&keys);
    let text = format!("aws_access_key_id={}\naws_secret_access_key={}\n", fake_bucket::KEY_ID, fake_bucket::SECRET);
    file.and_then(|mut file| file.write_all(text.as_bytes())).expect("a file of keys");
    let options = BucketOptions { endpoint: Some(fake.endpoint()), key_file: Some(keys), ..BucketOptions::default() };
    BucketPlace::parse("s3://records/bench", &options).expect("an address")
}

/// What the least would be: one connection, one digest of all, one put.
async fn by_hand(fake: &FakeBucket, bytes: &Bytes) {
    let host = fake.endpoint().trim_start_matches("http://").to_owned();
    let stream = tokio::net::TcpStream::connect(&host).await.expect("a connection");
    let (mut send, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
    tokio::spawn(connection);
    let request = hyper::Request::put("/records/by-hand")
        .header("host", host)
        .header("authorization", format!("Credential={}/", fake_bucket::KEY_ID))
        .header("x-amz-content-sha256", record::Sha256::of(bytes).to_string())
        .body(Full::new(bytes.clone()))
        .expect("a request");
    let answer = send.send_request(request).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    drop(answer.into_body().collect().await);
}

async fn write(objects: &Objects, id: ObjectId, bytes: &Bytes) {
    let mut writer = objects.create(id).await.expect("an object begins");
    let bytes = bytes.clone();
    let written = tokio::task::spawn_blocking(move || {
        for piece in bytes.chunks(PIECE_BYTES) {
            writer.write_here(piece).expect("a piece is written");
        }
        writer
    });
    written.await.expect("no panic").finish().await.expect("an object ends");
}

async fn read(objects: &Objects, id: ObjectId) -> usize {
    let (head, mut pieces) = objects.pieces(id, 40, 65_536).await.expect("an object is read");
    let mut came = head.len();
    while let Some(piece) = pieces.next().await.expect("a piece") {
        came += piece.len();
    }
    came
}

#[tokio::main]
async fn main() {
    let fake = FakeBucket::start();
    let objects = Objects::bucket(&place(&fake)).expect("a bucket");
    let bytes = Bytes::from(vec![7_u8; BYTES]);
    let folder = std::env::temp_dir().join(format!("strongroom-bench-objects-{}", std::process::id()));
    let on_disk = Objects::open(folder.clone()).expect("a folder");
    let megabytes = BYTES as f64 / 1e6;
    for round in 0..ROUNDS {
        let id = ObjectId::from_bytes([round; 16]);
        let mut rates = Vec::new();
        let began = Instant::now();
        by_hand(&fake, &bytes).await;
        rates.push(("one put by hand", began.elapsed()));
        let began = Instant::now();
        write(&objects, id, &bytes).await;
        rates.push(("into the bucket", began.elapsed()));
        let began = Instant::now();
        assert_eq!(read(&objects, id).await, BYTES);
        rates.push(("out of the bucket", began.elapsed()));
        let began = Instant::now();
        write(&on_disk, id, &bytes).await;
        rates.push(("into the folder", began.elapsed()));
        objects.remove_orphan(id).await.expect("it goes");
        on_disk.remove_orphan(id).await.expect("it goes");
        let said: Vec<String> =
            rates.iter().map(|(what, took)| format!("{what} {:.0} MB/s", megabytes / took.as_secs_f64())).collect();
        println!("{}", said.join(", "));
    }
    drop(std::fs::remove_dir_all(folder));
}
