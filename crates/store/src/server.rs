//! A PostgreSQL that somebody else runs: how it is reached, who we may be there, and how its schema is made.
//!
//! What must always hold: a server on another machine is spoken to over TLS whose certificate is checked; `serve` works
//! as a role that owns nothing, is no superuser and cannot bypass row-level security, and refuses to start otherwise;
//! only the owner changes the schema, by a command of its own.

use crate::StoreError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};
use std::str::FromStr as _;
use std::time::Duration;

/// Connections of one node. PostgreSQL's own default is a hundred for all.
const CONNECTIONS: u32 = 16;
/// How long somebody waits for a connection before the door says 503.
const WAIT: Duration = Duration::from_secs(5);
/// Texts that a connection keeps prepared. A house has some hundreds; the library keeps a hundred when nothing is said.
const TEXTS: usize = 256;
/// A connection that was let go of so lately is not asked whether it is still there.
const TRUSTED: Duration = Duration::from_secs(1);
/// The database's own limits for each of our connections. A transaction that its node forgot, because it was stopped
/// or cut off, must not hold locks for ever.
const LIMITS: [(&str, &str); 6] = [
    // Our texts are short; compiling one takes a second where running it takes milliseconds.
    ("jit", "off"),
    // Letting go of a connection says ROLLBACK, mostly where there is nothing to take back.
    ("client_min_messages", "error"),
    ("statement_timeout", "30s"),
    ("lock_timeout", "5s"),
    // Shorter than anybody waits for a lock: a node that stands still with the ledger's head in its hand delays the others and
    // fails none of them.
    ("idle_in_transaction_session_timeout", "4s"),
    ("synchronous_commit", "on"),
];

/// Where a PostgreSQL is and who we are there. The address may hold a password, so it is never shown.
#[derive(Clone)]
pub struct Server {
    options: PgConnectOptions,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server(..)")
    }
}

/// Is this a place that no network lies before.
fn here(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Server {
    /// Reads `postgres://role:password@host/database?…`.
    ///
    /// # Errors
    /// [`StoreError::Server`] when it is no such address, or names another machine without a checked certificate
    /// (`sslmode=verify-full`, which is what it is when nothing is said).
    pub fn parse(url: &str) -> Result<Self, StoreError> {
        let wrong = |why: &str| StoreError::Server(why.to_owned());
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(wrong("a database is named by postgres://role@host/name"));
        }
        // The text of the error might repeat the password.
        let options = PgConnectOptions::from_str(url).map_err(|_| wrong("the database's address cannot be read"))?;
        if options.get_database().is_none() {
            return Err(wrong("the database's address names no database"));
        }
        let options = match options.get_ssl_mode() {
            _ if here(&options) => options,
            PgSslMode::VerifyFull => options,
            PgSslMode::Prefer if !url.contains("sslmode") => options.ssl_mode(PgSslMode::VerifyFull),
            _ => return Err(wrong("a database on another machine needs sslmode=verify-full")),
        };
        // As many texts are kept prepared on each connection as on the embedded engine's.
        let options = options.application_name("strongroom").statement_cache_capacity(TEXTS).options(LIMITS);
        Ok(Self { options })
    }

    /// The role we come as.
    #[must_use]
    pub fn role(&self) -> &str {
        self.options.get_username()
    }

    /// Connects as a node: with a role that can neither change the schema nor look past row-level security.
    pub(crate) async fn connect(&self) -> Result<PgPool, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(WAIT)
            // Whoever gives up while a transaction begins leaves it open without the library's knowing: what it shows would be
            // shown to the next one. Begun first, so that there is always one to take back, and no warning in the server's log
            // for each question; where it fails the connection is closed.
            .after_release(|connection, _| {
                Box::pin(async move { connection.execute("BEGIN; ROLLBACK").await.map(|_| true) })
            })
            // That it is still there was seen when it was let go of, unless that is a while ago.
            .test_before_acquire(false)
            .before_acquire(|connection, kept| {
                Box::pin(async move {
                    if kept.idle_for >= TRUSTED {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(self.options.clone())
            .await
            .map_err(StoreError::database("reach the database"))?;
        lowly(&pool).await?;
        Ok(pool)
    }

    /// A connection for the pulse of a node: it waits for nobody and keeps nothing that must outlast a crash.
    pub(crate) async fn pulse(&self) -> Result<PgConnection, StoreError> {
        let options = self.options.clone().options([("statement_timeout", "1500"), ("synchronous_commit", "off")]);
        PgConnection::connect_with(&options).await.map_err(StoreError::database("reach the database"))
    }

    /// Connects as the schema's owner, for as long as it takes to change it.
    pub(crate) async fn owner(&self) -> Result<PgConnection, StoreError> {
        let options =
            self.options.clone().options([("statement_timeout", "0"), ("idle_in_transaction_session_timeout", "0")]);
        PgConnection::connect_with(&options).await.map_err(StoreError::database("reach the database as its owner"))
    }
}

/// Refuses a role that the second wall would not stop.
async fn lowly(pool: &PgPool) -> Result<(), StoreError> {
    let doing = "ask what our role may do";
    let sql = "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication AS mighty, \
               EXISTS (SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
                       WHERE nspname = current_schema() AND pg_has_role(current_user, relowner, 'MEMBER')) AS owner \
               FROM pg_roles WHERE rolname = current_user";
    let row = sqlx::query(sql).fetch_one(pool).await.map_err(StoreError::database(doing))?;
    let yes = |column: &'static str| row.try_get::<bool, _>(column).map_err(|_| StoreError::Column { column });
    if yes("mighty")? || yes("owner")? {
        let why = "the database role must own nothing and must not bypass row-level security; see docs/operating";
        return Err(StoreError::Server(why.to_owned()));
    }
    Ok(())
}

/// What the role of the nodes may do: rows, and nothing else. No TRUNCATE, which asks no row policy.
pub(crate) async fn grant(owner: &mut PgConnection, role: &str) -> Result<(), StoreError> {
    let doing = "grant the nodes' role its rights";
    let name = sqlx::query("SELECT quote_ident($1) AS name, quote_ident(current_schema()) AS place")
        .bind(role)
        .fetch_one(&mut *owner)
        .await
        .map_err(StoreError::database(doing))?;
    let text = |column: &'static str| name.try_get::<String, _>(column).map_err(|_| StoreError::Column { column });
    let (role, place) = (text("name")?, text("place")?);
    for sql in [
        format!("GRANT USAGE ON SCHEMA {place} TO {role}"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {place} TO {role}"),
        format!("REVOKE INSERT, UPDATE, DELETE ON migration FROM {role}"),
        format!("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {place} TO {role}"),
    ] {
        owner.execute(sqlx::AssertSqlSafe(sql)).await.map_err(StoreError::database(doing))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{LIMITS, Server, WAIT};

    #[test]
    fn a_node_that_stands_still_is_let_go_of_before_the_others_give_up() {
        let limit = |name: &str| {
            let (_, text) = LIMITS.iter().find(|(limit, _)| *limit == name).expect("it is limited");
            text.strip_suffix('s').and_then(|number| number.parse::<u64>().ok()).expect("in seconds")
        };
        let idle = limit("idle_in_transaction_session_timeout");
        assert!(0 < idle && idle < limit("lock_timeout") && idle < WAIT.as_secs(), "{idle} s");
    }

    #[test]
    fn another_machine_needs_a_checked_certificate() {
        for refused in [
            "postgres://a:b@db.example/x?sslmode=disable",
            "postgres://a:b@db.example/x?sslmode=prefer",
            "postgres://a:b@db.example/x?sslmode=require",
            "postgres://a:b@db.example/x?sslmode=verify-ca",
            "postgres://a:b@10.0.0.7/x?sslmode=allow",
            "postgres://a:b@db.example",
            "mysql://a:b@db.example/x",
            "db.example",
            "",
        ] {
            assert!(Server::parse(refused).is_err(), "{refused}");
        }
        for taken in [
            "postgres://a:b@db.example/x",
            "postgresql://a:b@db.example/x?sslmode=verify-full",
            "postgres://a:b@localhost/x",
            "postgres://a@127.0.0.1/x?sslmode=disable",
            "postgres:///x?host=/run/postgresql&user=a",
        ] {
            assert!(Server::parse(taken).is_ok(), "{taken}");
        }
    }

    #[test]
    fn an_address_is_never_shown_with_its_password() {
        let server = Server::parse("postgres://node:hunter2@db.example/x").unwrap();
        assert_eq!(format!("{server:?}"), "Server(..)");
        assert_eq!(server.role(), "node");
        let error = Server::parse("postgres://node:hunter2@db.example:notaport/x").unwrap_err();
        assert!(!format!("{error:?} {error}").contains("hunter2"));
    }
}
