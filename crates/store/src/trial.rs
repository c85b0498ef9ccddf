//! An empty store for a test: in a folder, or on a PostgreSQL that the environment names. Never in the program that people run.

pub mod city;
pub mod crowd;
mod names;
mod rows;
pub mod watching;

pub use names::name;

use crate::{BucketOptions, BucketPlace, Server, Store, StoreOptions};
use rows::Sink;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};
use std::path::Path;

/// The socket folder of a PostgreSQL for tests, when they are to run there instead of on SQLite.
#[must_use]
pub fn server_place() -> Option<String> {
    std::env::var("STRONGROOM_TEST_POSTGRES").ok().filter(|place| !place.is_empty())
}

/// How a role reaches a database there.
pub(crate) fn address(place: &str, role: &str, name: &str) -> String {
    format!("postgres:///{name}?host={place}&user={role}")
}

/// The database that belongs to a test's folder.
pub(crate) fn name_of(dir: &Path) -> String {
    let name = dir.file_name().and_then(std::ffi::OsStr::to_str).expect("a test's folder has a plain name");
    name.to_lowercase().replace('-', "_")
}

/// Makes the store of this folder, or opens it again.
///
/// # Panics
/// When it cannot: this is for tests.
pub async fn open(dir: &Path) -> Store {
    let options = StoreOptions { dir: dir.to_owned(), create: true };
    let opened = match server_place() {
        None => Store::open(options).await,
        Some(place) => Store::open_server(&database(&place, dir).await, options).await,
    };
    opened.expect("a store for a test")
}

/// The address of an S3 server for tests, when objects are to lie there instead of in a folder.
#[must_use]
pub fn bucket_server() -> Option<String> {
    std::env::var("STRONGROOM_TEST_S3").ok().filter(|endpoint| !endpoint.is_empty())
}

/// A place in this bucket on this server, for the house in this folder alone; with the key's id and secret.
///
/// # Panics
/// When the file with the key cannot be written: this is for tests.
#[must_use]
pub fn bucket_at(endpoint: String, dir: &Path, (bucket, id, secret): (&str, &str, &str)) -> BucketPlace {
    use std::os::unix::fs::OpenOptionsExt as _;
    let keys = dir.with_extension("keys");
    let opened = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&keys);
    let mut file = opened.expect("a file with a key");
    let lines = format!("aws_access_key_id={id}\naws_secret_access_key={secret}\n");
    std::io::Write::write_all(&mut file, lines.as_bytes()).expect("a file with a key");
    let prefix = dir.file_name().and_then(std::ffi::OsStr::to_str).expect("a test's folder has a plain name");
    let options = BucketOptions { endpoint: Some(endpoint), key_file: Some(keys), ..BucketOptions::default() };
    BucketPlace::parse(&format!("s3://{bucket}/{prefix}"), &options).expect("a place in a bucket")
}

/// Another node's store on the database that the test of the folder `of` has on a server.
///
/// # Panics
/// When it cannot: this is for tests.
pub async fn open_beside(of: &Path, dir: &Path) -> Store {
    let place = server_place().expect("a database server for tests");
    let server = Server::parse(&address(&place, "strongroom_node", &name_of(of))).expect("an address of ours");
    let options = StoreOptions { dir: dir.to_owned(), create: true };
    Store::open_server(&server, options).await.expect("a store for a test")
}

/// The database of this folder, with its schema, as a node reaches it.
///
/// # Panics
/// When it cannot be made: this is for tests.
pub async fn database(place: &str, dir: &Path) -> Server {
    let name = name_of(dir);
    if let Some(owner) = empty(place, &name).await {
        Store::server_migrate(&owner, "strongroom_node").await.expect("the schema is made");
    }
    Server::parse(&address(place, "strongroom_node", &name)).expect("an address of ours")
}

/// An empty database, as its owner reaches it; none when it is there already.
pub(crate) async fn empty(place: &str, name: &str) -> Option<Server> {
    let address_of_all = address(place, "postgres", "postgres");
    let mut mighty = PgConnection::connect(&address_of_all).await.expect("the server for tests answers");
    for role in ["strongroom_owner", "strongroom_node"] {
        // Another test may make it at the same moment.
        drop(mighty.execute(AssertSqlSafe(format!("CREATE ROLE {role} LOGIN"))).await);
    }
    let made = mighty.execute(AssertSqlSafe(format!("CREATE DATABASE {name} OWNER strongroom_owner"))).await;
    made.is_ok().then(|| Server::parse(&address(place, "strongroom_owner", name)).expect("an address of ours"))
}

/// A connection of whoever runs the server to the database of this folder.
async fn mighty(dir: &Path) -> PgConnection {
    let place = server_place().expect("a database server for tests");
    PgConnection::connect(&address(&place, "postgres", &name_of(dir))).await.expect("the server for tests answers")
}

/// Where many rows go that are laid into the database of this folder.
async fn sink(dir: &Path) -> Sink {
    match server_place() {
        None => Sink::file(&dir.join("strongroom.db")).await,
        Some(place) => Sink::server(&address(&place, "postgres", &name_of(dir))).await,
    }
}

/// Asks the database for nothing, in the way in which it is asked for everything: what a question takes at least.
///
/// # Panics
/// When it cannot: this is for tests.
pub async fn ask_nothing(store: &Store) {
    let row = store.row("ask for nothing", "SELECT 1 AS one", Vec::new()).await.expect("the database answers");
    assert_eq!(row.expect("a row").int("one").expect("a number"), 1);
}

/// Whether the walls of a database stand: row-level security on its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walls {
    /// As they always do.
    Up,
    /// For a benchmark that measures what they cost.
    Down,
}

/// Takes the walls of this folder's database down, or puts them up again, while nodes work on it.
///
/// # Panics
/// When it cannot: this is for benchmarks.
pub async fn walls_set(dir: &Path, walls: Walls) {
    let mut connection = mighty(dir).await;
    let word = match walls {
        Walls::Up => "ENABLE",
        Walls::Down => "DISABLE",
    };
    let sql = "SELECT quote_ident(relname) AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
               WHERE nspname = 'public' AND EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid)";
    let tables = connection.fetch_all(sql).await.expect("tables can be listed");
    assert!(tables.len() > 10, "there are walls");
    for row in tables {
        let sql = format!("ALTER TABLE {} {word} ROW LEVEL SECURITY", row.get::<String, _>("name"));
        connection.execute(AssertSqlSafe(sql)).await.expect("a wall can be changed");
    }
    connection.close().await.expect("the connection closes");
}

/// Lets a database go that is not needed any more.
///
/// # Panics
/// When somebody still has it.
pub async fn database_drop(dir: &Path) {
    let place = server_place().expect("a database server for tests");
    let mut connection =
        PgConnection::connect(&address(&place, "postgres", "postgres")).await.expect("the server for tests answers");
    let sql = format!("DROP DATABASE {} WITH (FORCE)", name_of(dir));
    connection.execute(AssertSqlSafe(sql)).await.expect("the database goes");
}
