//! How the server went about every text that it was given: PostgreSQL's own `auto_explain`, which writes the plan of each
//! text that runs into the server's log. Nothing of ours is asked what it sends, so nothing can be left out.

use super::{mighty, name_of, server_place};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};
use std::collections::BTreeSet;
use std::path::Path;

/// Letters of the log in one question.
const PIECE: i64 = 64 << 20;

/// From now on the server writes down the plan of every text that a new connection to this folder's database runs.
///
/// # Panics
/// When it cannot: this is for tests.
pub async fn begin(dir: &Path) {
    let mut connection = mighty(dir).await;
    for (setting, value) in [
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_nested_statements", "on"),
        ("auto_explain.log_format", "json"),
        ("auto_explain.log_level", "log"),
    ] {
        let sql = format!("ALTER DATABASE {} SET {setting} = '{value}'", name_of(dir));
        connection.execute(AssertSqlSafe(sql)).await.expect("whoever runs the server may set it");
    }
    connection.close().await.expect("the connection closes");
}

/// How long the server's log is by now.
///
/// # Panics
/// When it cannot be looked at: this is for tests.
pub async fn log_bytes(dir: &Path) -> i64 {
    let mut connection = mighty(dir).await;
    let sql = format!("SELECT size FROM pg_stat_file('{}')", log());
    let row = connection.fetch_one(AssertSqlSafe(sql)).await.expect("bin/prepare lets the server write its log there");
    row.get("size")
}

fn log() -> String {
    format!("{}/log", server_place().expect("a database server for tests"))
}

/// What ran.
#[derive(Debug, Default)]
pub struct Watched {
    /// Every text once.
    pub texts: BTreeSet<String>,
    /// How many of the plans found rows by an index.
    pub by_index: usize,
    /// Texts for which a table was read from end to end: table, text, and by what its rows were told apart.
    pub whole: BTreeSet<(String, String, String)>,
}

/// Every text that has run since then.
///
/// # Panics
/// When the log cannot be read: this is for tests.
pub async fn since(dir: &Path, from: i64) -> Watched {
    // Before anything is read: to read is to be written down, too.
    let until = log_bytes(dir).await;
    let mut connection = mighty(dir).await;
    let (mut watched, mut rest, mut at) = (Watched::default(), String::new(), from);
    while at < until {
        let many = PIECE.min(until - at);
        let sql = format!("SELECT pg_read_binary_file('{}', {at}, {many}) AS piece", log());
        let row = connection.fetch_one(AssertSqlSafe(sql)).await.expect("the log can be read");
        let piece: Vec<u8> = row.get("piece");
        at += i64::try_from(piece.len()).expect("a piece is short");
        rest.push_str(&String::from_utf8_lossy(&piece));
        // The last entry may go on in the next piece.
        let whole = if at < until { rest.rfind("\n2").map_or(0, |end| end + 1) } else { rest.len() };
        watched.read(&rest[..whole]);
        rest.drain(..whole);
    }
    watched
}

impl Watched {
    /// What follows a line that says `plan:`, until the next line that begins with a year.
    fn read(&mut self, log: &str) {
        const BEGINS: &str = " plan:\n";
        let mut rest = log;
        while let Some(at) = rest.find(BEGINS) {
            rest = &rest[at + BEGINS.len()..];
            let (entry, after) = rest.split_at(rest.find("\n2").unwrap_or(rest.len()));
            rest = after;
            let query = entry.find("\"Query Text\"").map_or("", |at| entry[at..].lines().next().unwrap_or_default());
            if !self.texts.contains(query) {
                self.texts.insert(query.to_owned());
            }
            self.by_index += usize::from(entry.contains("\"Index Name\""));
            if entry.contains("Seq Scan\"") {
                let plan: Value = serde_json::from_str(entry).expect("the server writes JSON");
                self.look(&plan["Plan"], plan["Query Text"].as_str().unwrap_or_default());
            }
        }
    }

    fn look(&mut self, plan: &Value, query: &str) {
        let text = |key: &str| plan[key].as_str().unwrap_or_default().to_owned();
        if text("Node Type").ends_with("Seq Scan") {
            self.whole.insert((text("Relation Name"), query.to_owned(), text("Filter")));
        }
        for below in plan["Plans"].as_array().into_iter().flatten() {
            self.look(below, query);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Watched;

    #[test]
    fn a_table_that_is_read_whole_is_found_below_other_nodes_and_among_other_lines() {
        let log = "2026-11-22 09:14:09.000 UTC [7] LOG:  duration: 0.1 ms  plan:\n\t{\n\t  \"Query Text\": \"SELECT 1\",\n\t  \
                   \"Plan\": {\n\t    \"Node Type\": \"Limit\",\n\t    \"Plans\": [{\"Node Type\": \"Seq Scan\", \"Relation Name\": \
                   \"document\", \"Filter\": \"(a = b)\"}]\n\t  }\n\t}\n2026-11-22 09:14:09.000 UTC [8] WARNING:  something\n\
                   2026-11-22 09:14:10.000 UTC [7] LOG:  duration: 0.1 ms  plan:\n\t{\n\t  \"Query Text\": \"SELECT 2\",\n\t  \
                   \"Plan\": {\"Node Type\": \"Index Scan\", \"Index Name\": \"x\", \"Relation Name\": \"document\"}\n\t}\n";
        let mut watched = Watched::default();
        watched.read(log);
        assert_eq!((watched.texts.len(), watched.by_index, watched.whole.len()), (2, 1, 1));
        let (table, text, filter) = watched.whole.first().unwrap();
        assert_eq!((table.as_str(), text.as_str(), filter.as_str()), ("document", "SELECT 1", "(a = b)"));
    }
}
