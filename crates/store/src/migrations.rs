//! The schema's steps, one text for both engines, and what PostgreSQL has beside them: row-level security.
//!
//! What must always hold: steps go forward only and each is whole or not there; a program never works on a schema that
//! a newer one has changed; on PostgreSQL every table that names a customer in each row is walled.

use crate::{StoreError, dialect, walls};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, Row as _};

/// Migrations go forward only; each has one purpose and says why in its first line. Their numbers count up from 1.
pub(crate) const MIGRATIONS: &[(i64, &str)] = &[
    (1, include_str!("../migrations/0001_initial.sql")),
    (2, include_str!("../migrations/0002_kept_lists.sql")),
    (3, include_str!("../migrations/0003_key_shred.sql")),
    (5, include_str!("../migrations/0005_family.sql")),
    (6, include_str!("../migrations/0006_requests_and_equal_files.sql")),
    (7, include_str!("../migrations/0007_whose_versions.sql")),
    (8, include_str!("../migrations/0008_nodes.sql")),
    (9, include_str!("../migrations/0009_imported_files.sql")),
    (10, include_str!("../migrations/0010_programs.sql")),
    (11, include_str!("../migrations/0011_patient_merges.sql")),
    (12, include_str!("../migrations/0012_leaving.sql")),
    (13, include_str!("../migrations/0013_found_by_an_index.sql")),
    (14, include_str!("../migrations/0014_spent.sql")),
    (15, include_str!("../migrations/0015_joining.sql")),
    (16, include_str!("../migrations/0016_halves.sql")),
    (17, include_str!("../migrations/0017_splitting.sql")),
    (18, include_str!("../migrations/0018_manifests.sql")),
    (19, include_str!("../migrations/0019_confidentiality.sql")),
];

/// The oldest program, by its newest migration, whose nodes may go on working on this program's schema. The schema is
/// upgraded first and one node after another follows, so a step that an older program cannot live with raises this number,
/// and then all nodes are stopped for the upgrade. Said as the comment on the table of migrations, which only the owner can change.
const NODES_FROM: i64 = 19;

const DOING: &str = "bring the schema up to date";
const TABLE: &str = "CREATE TABLE IF NOT EXISTS migration (number BIGINT NOT NULL PRIMARY KEY)";
const NEWEST: &str = "SELECT COALESCE(MAX(number), 0) AS number FROM migration";
const KEEP: &str = "INSERT INTO migration (number) VALUES ($1)";
const COLLATION: &str = "SELECT datcollate::text AS collation FROM pg_database WHERE datname = current_database()";
/// Two owners at once would each see the other's half: the second waits (any number, the same for all of us).
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(7263017702934521)";

fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |(number, _)| *number)
}

fn newer() -> StoreError {
    // An older program would leave out what a newer one relies upon, without a word.
    StoreError::Folder("this was written by a newer strongroom; use that one".to_owned())
}

/// Brings an embedded database up to date.
pub(crate) async fn bring(
    connection: &mut SqliteConnection,
    migrations: &[(i64, &'static str)],
) -> Result<(), StoreError> {
    let failed = || StoreError::database(DOING);
    connection.execute(TABLE).await.map_err(failed())?;
    let there: i64 = connection.fetch_one(NEWEST).await.map_err(failed())?.get("number");
    if there > newest() {
        return Err(newer());
    }
    for (number, sql) in migrations {
        let mut tx = connection.begin_with(dialect::BEGIN_WRITE).await.map_err(failed())?;
        let there = sqlx::query("SELECT number FROM migration WHERE number = $1").bind(number);
        if there.fetch_optional(&mut *tx).await.map_err(failed())?.is_none() {
            sqlx::raw_sql(*sql).execute(&mut *tx).await.map_err(failed())?;
            sqlx::query(KEEP).bind(number).execute(&mut *tx).await.map_err(failed())?;
        }
        tx.commit().await.map_err(failed())?;
    }
    Ok(())
}

/// Brings a server's database up to date, as its owner, and walls what is new: all of it or nothing.
pub(crate) async fn bring_server(owner: &mut PgConnection) -> Result<(), StoreError> {
    let failed = || StoreError::database(DOING);
    let mut tx = owner.begin().await.map_err(failed())?;
    tx.execute(ONE_AT_A_TIME).await.map_err(failed())?;
    let collation: String = tx.fetch_one(COLLATION).await.map_err(failed())?.get("collation");
    if collation != "C" && collation != "POSIX" {
        // Ids are compared byte by byte, and pages begin after an id.
        let why = format!("the database's collation is {collation} and has to be C; see docs/operating/postgresql.md");
        return Err(StoreError::Server(why));
    }
    tx.execute(TABLE).await.map_err(failed())?;
    let there: i64 = tx.fetch_one(NEWEST).await.map_err(failed())?.get("number");
    if there > newest() {
        return Err(newer());
    }
    for (number, sql) in MIGRATIONS.iter().filter(|(number, _)| *number > there) {
        sqlx::raw_sql(*sql).execute(&mut *tx).await.map_err(failed())?;
        sqlx::query(KEEP).bind(number).execute(&mut *tx).await.map_err(failed())?;
    }
    let said = format!("COMMENT ON TABLE migration IS '{NODES_FROM}'");
    tx.execute(sqlx::AssertSqlSafe(said)).await.map_err(failed())?;
    walls::build(&mut tx).await?;
    walls::keys(&mut tx).await?;
    walls::statistics(&mut tx).await?;
    tx.commit().await.map_err(failed())
}

/// A node works only on exactly its own program's schema, or on a newer one whose program said that older nodes may go
/// on (a rolling upgrade changes the schema first).
pub(crate) async fn check(pool: &PgPool) -> Result<(), StoreError> {
    let there = pool.fetch_one(NEWEST).await.map_err(|_| {
        StoreError::Server("this database has no strongroom in it yet; run strongroom migrate as its owner".to_owned())
    })?;
    let number = there.get::<i64, _>("number");
    if number < newest() {
        return Err(StoreError::Server("the database is older than this program; run strongroom migrate".to_owned()));
    }
    if number > newest() {
        let sql = "SELECT obj_description('migration'::regclass, 'pg_class') AS said";
        let said = pool.fetch_one(sql).await.map_err(StoreError::database(DOING))?;
        let from = said.get::<Option<String>, _>("said").and_then(|said| said.parse().ok());
        // What does not say that older nodes may go on says that they may not.
        if from.is_none_or(|from: i64| newest() < from) {
            return Err(newer());
        }
        tracing::warn!("the database was upgraded by a newer strongroom; upgrade this node soon");
    }
    Ok(())
}
