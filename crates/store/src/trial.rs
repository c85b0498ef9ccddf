//! An empty store for a test: in a folder, or on a PostgreSQL that the environment names. Never in the program that people run.

use crate::{Server, Store, StoreOptions};
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
