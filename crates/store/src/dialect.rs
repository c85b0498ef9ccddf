//! What must differ between engines, and nothing else does.

use crate::StoreError;
use crate::engine::Engine;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::path::Path;
use std::time::Duration;

/// How long one connection waits for another before it says that the database is busy.
const BUSY: Duration = Duration::from_secs(5);

/// Pages that a connection keeps, at most 32 MiB (a negative number counts KiB). With the engine's own 2 MiB, looking
/// names up in a large practice reads the same pages from the system again and again.
const CACHE_SIZE: &str = "-32768";

/// Pages in the write-ahead log before they are carried into the database, 32 MiB. A page of names touches a hundred
/// places of the ledger's index; with the engine's own 1,000 pages every third such act waited for a checkpoint.
const CHECKPOINT_PAGES: &str = "8192";

/// How the embedded database is opened: every commit is on the disk before it is acknowledged
/// (synchronous=FULL), deleted rows are overwritten (`secure_delete` is off by default).
pub(crate) fn sqlite(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("cache_size", CACHE_SIZE)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .statement_cache_capacity(256)
}

/// How a writing transaction begins: the lock is taken at once, so that a reader never turns into a writer half way.
pub(crate) const BEGIN_WRITE: &str = "BEGIN IMMEDIATE";

/// Empties the write-ahead log into the database, so that a deleted key row is not left there.
pub(crate) const CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// How a copy of the database is opened before it is sealed into a backup: alone, with nothing written beside it.
pub(crate) fn sqlite_copy(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Memory)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .pragma("secure_delete", "ON")
        .pragma("trusted_schema", "OFF")
}

/// To which customers these documents belong: `customer_id`, `document_id`. The server's walls let no text look at the rows
/// of several customers, so there it is asked of the one function that may say whose a thing is.
pub(crate) fn whose_documents(engine: &Engine, places: &[String]) -> String {
    match engine {
        Engine::Sqlite { .. } => {
            format!("SELECT customer_id, document_id FROM document WHERE document_id IN ({})", places.join(", "))
        }
        Engine::Postgres { .. } => format!(
            "SELECT customer_id, document_id FROM (SELECT strongroom_whose(thing) AS customer_id, thing AS document_id \
             FROM unnest(ARRAY[{}]) AS thing) AS things WHERE customer_id IS NOT NULL",
            places.join(", ")
        ),
    }
}

/// Are deleted rows overwritten: column `secure_delete`, 1 for yes.
pub(crate) const SECURE_DELETE: &str = "PRAGMA secure_delete";

/// Did SQLite say that there is no room left. Nothing was written then, and no flush was tried; the same may go
/// well later.
pub(crate) fn is_full(error: &StoreError) -> bool {
    let StoreError::Database { source, .. } = error else { return false };
    // SQLITE_FULL is 13; an extended code has its primary one in the lowest byte.
    let code = source.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 13)
}
