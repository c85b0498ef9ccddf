//! An empty store for a test: in a folder, or on a PostgreSQL that the environment names. Never in the program that people run.

use crate::{BucketOptions, BucketPlace, Server, Store, StoreOptions};
use sqlx::{Connection as _, Executor as _, PgConnection};
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
        drop(mighty.execute(sqlx::AssertSqlSafe(format!("CREATE ROLE {role} LOGIN"))).await);
    }
    let made = mighty.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} OWNER strongroom_owner"))).await;
    made.is_ok().then(|| Server::parse(&address(place, "strongroom_owner", name)).expect("an address of ours"))
}
