//! Many rows on their way into a table of either engine, past everything that the store does for one.

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};
use std::path::Path;

/// Rows in one text: an engine has places for so many values only.
const SQLITE_AT_ONCE: usize = 200;
/// Rows in one copy.
const POSTGRES_AT_ONCE: usize = 5000;

/// One value.
pub(crate) enum Cell {
    Text(String),
    Int(i64),
    Bytes(Vec<u8>),
    Null,
}

/// Where rows go: a connection that nobody else's work depends on.
pub(crate) enum Sink {
    Sqlite(SqliteConnection),
    /// As the one who runs the server, whom no wall and no reference stops, and the indexes that were put away.
    Postgres(PgConnection, Vec<String>),
}

impl Sink {
    /// The embedded engine's file, which nobody else has open.
    pub(crate) async fn file(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Off)
            .pragma("cache_size", "-500000");
        let mut connection = SqliteConnection::connect_with(&options).await.expect("the file opens");
        connection.execute("BEGIN").await.expect("it begins");
        Self::Sqlite(connection)
    }

    /// A database on a server, with indexes put away until [`Self::done`].
    pub(crate) async fn server(address: &str) -> Self {
        let mut connection = PgConnection::connect(address).await.expect("the server for tests answers");
        for setting in [
            "session_replication_role = replica",
            "synchronous_commit = off",
            "work_mem = '256MB'",
            "maintenance_work_mem = '512MB'",
        ] {
            let sql = format!("SET {setting}");
            connection.execute(AssertSqlSafe(sql)).await.expect("the one who runs the server may set it");
        }
        let sql = "SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index \
                   JOIN pg_class ON pg_class.oid = indrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace \
                   WHERE nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)";
        let mut away = Vec::new();
        for row in connection.fetch_all(sql).await.expect("indexes can be listed") {
            let drop = format!("DROP INDEX {}", row.get::<String, _>("name"));
            connection.execute(AssertSqlSafe(drop)).await.expect("an index can be put away");
            away.push(row.get("made"));
        }
        Self::Postgres(connection, away)
    }

    /// A text without values.
    pub(crate) async fn say(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(connection) => connection.execute(sql).await.map(|_| ()),
            Self::Postgres(connection, _) => connection.execute(sql).await.map(|_| ()),
        }
        .expect("the text runs");
    }

    /// Everything is there: indexes come back, and the server looks at what it has, as it does by itself after a while.
    pub(crate) async fn done(self) {
        match self {
            Self::Sqlite(mut connection) => {
                connection.execute("COMMIT").await.expect("it ends");
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await.expect("the log is emptied");
                connection.close().await.expect("the file closes");
            }
            Self::Postgres(mut connection, away) => {
                for sql in away {
                    connection.execute(AssertSqlSafe(sql)).await.expect("an index comes back");
                }
                connection.execute("VACUUM ANALYZE").await.expect("the server looks at its rows");
                connection.execute("CHECKPOINT").await.expect("the server writes what it has");
                connection.close().await.expect("the connection closes");
            }
        }
    }
}

/// Rows on their way into one table.
pub(crate) struct Rows {
    /// The table and, in brackets, its columns.
    into: &'static str,
    rows: Vec<Vec<Cell>>,
}

impl Rows {
    pub(crate) const fn of(into: &'static str) -> Self {
        Self { into, rows: Vec::new() }
    }

    pub(crate) async fn add(&mut self, sink: &mut Sink, row: Vec<Cell>) {
        self.rows.push(row);
        let most = match sink {
            Sink::Sqlite(_) => SQLITE_AT_ONCE,
            Sink::Postgres(..) => POSTGRES_AT_ONCE,
        };
        if self.rows.len() >= most {
            self.flush(sink).await;
        }
    }

    pub(crate) async fn flush(&mut self, sink: &mut Sink) {
        if self.rows.is_empty() {
            return;
        }
        match sink {
            Sink::Sqlite(connection) => self.insert(connection).await,
            Sink::Postgres(connection, _) => self.copy(connection).await,
        }
    }

    async fn insert(&mut self, connection: &mut SqliteConnection) {
        let columns = self.rows.first().map_or(0, Vec::len);
        let row = |at: usize| {
            let list: Vec<String> = (1..=columns).map(|column| format!("${}", at * columns + column)).collect();
            format!("({})", list.join(", "))
        };
        let places: Vec<String> = (0..self.rows.len()).map(row).collect();
        let sql = format!("INSERT INTO {} VALUES {}", self.into, places.join(", "));
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for cell in self.rows.drain(..).flatten() {
            query = match cell {
                Cell::Text(text) => query.bind(text),
                Cell::Int(number) => query.bind(number),
                Cell::Bytes(bytes) => query.bind(bytes),
                Cell::Null => query.bind(None::<String>),
            };
        }
        query.execute(connection).await.expect("rows are taken");
    }

    async fn copy(&mut self, connection: &mut PgConnection) {
        let mut lines = String::new();
        for row in self.rows.drain(..) {
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    lines.push('\t');
                }
                match cell {
                    Cell::Text(text) => {
                        lines.push_str(&text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n"));
                    }
                    Cell::Int(number) => lines.push_str(&number.to_string()),
                    Cell::Bytes(bytes) => {
                        lines.push_str("\\\\x");
                        lines.push_str(&data_encoding::HEXLOWER.encode(bytes));
                    }
                    Cell::Null => lines.push_str("\\N"),
                }
            }
            lines.push('\n');
        }
        let mut copy = connection.copy_in_raw(&format!("COPY {} FROM STDIN", self.into)).await.expect("a copy begins");
        copy.send(lines.into_bytes()).await.expect("rows are sent");
        copy.finish().await.expect("rows are taken");
    }
}
