//! The schema: migrations that only go forward, comments on everything, words that are the record's own.

use super::{TempDir, store};
use crate::{Store, StoreError, StoreOptions};
use record::document::{DocumentKind, DocumentState};
use record::merge::{MergeCause, MergeState};
use record::{Outcome, RelatedKind, Role};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, Row as _, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};

async fn text(connection: &mut SqliteConnection, sql: &'static str) -> Vec<Vec<String>> {
    let rows = connection.fetch_all(sql).await.unwrap();
    rows.iter().map(|row| (0..row.len()).map(|at| row.try_get::<String, _>(at).unwrap()).collect()).collect()
}

async fn schema_of(connection: &mut SqliteConnection) -> Vec<Vec<String>> {
    text(connection, "SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_master ORDER BY type, name").await
}

#[tokio::test]
async fn a_fresh_schema_is_a_migrated_one() {
    let (_dir, fresh) = store().await;
    let numbers: Vec<i64> = Store::migrations().iter().map(|(number, _)| *number).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next) && numbers[0] == 1, "they only go forward: {numbers:?}");
    for (from, _) in Store::migrations() {
        // As an older program left it, then opened by this one, twice.
        let dir = TempDir::new();
        std::fs::create_dir(&dir.0).unwrap();
        let options = crate::dialect::sqlite(&dir.0.join("strongroom.db"));
        let mut old = options.connect().await.unwrap();
        Store::migrate_to(&mut old, *from).await.unwrap();
        old.close().await.unwrap();
        std::fs::set_permissions(&dir.0, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        for _ in 0..2 {
            let store = dir.open().await;
            let (migrated, made) =
                (schema_of(&mut *store.writer().await).await, schema_of(&mut *fresh.writer().await).await);
            assert_eq!(migrated, made, "from {from}");
            store.close().await;
        }
    }
}

#[tokio::test]
async fn a_folder_of_a_newer_program_is_refused() {
    let (dir, store) = store().await;
    store.writer().await.execute("INSERT INTO migration (number) VALUES (1000)").await.unwrap();
    store.close().await;
    drop(store);
    let opened = Store::open(StoreOptions { dir: dir.0.clone(), create: false }).await;
    assert!(matches!(opened, Err(StoreError::Folder(_))));
}

/// Table → (has it a sentence, column → has it a comment), read from the text of the migrations.
fn commented() -> BTreeMap<String, (bool, BTreeMap<String, bool>)> {
    let mut tables = BTreeMap::new();
    for (_, sql) in Store::migrations() {
        let mut before = "";
        let mut table: Option<(String, bool, BTreeMap<String, bool>)> = None;
        let mut column: Option<String> = None;
        for line in sql.lines() {
            if let Some(name) = line.strip_prefix("DROP TABLE ") {
                tables.remove(name.trim_end_matches(';')).unwrap();
            } else if let Some((from, to)) =
                line.strip_prefix("ALTER TABLE ").and_then(|rest| rest.split_once(" RENAME TO "))
            {
                let known: (bool, BTreeMap<String, bool>) = tables.remove(from).unwrap();
                tables.insert(to.trim_end_matches(';').to_owned(), known);
            } else if let Some(rest) = line.strip_prefix("ALTER TABLE ") {
                // A column that came later stands on one line, with its comment.
                let (name, rest) = rest.split_once(" ADD COLUMN ").unwrap();
                let added = rest.split_whitespace().next().unwrap().to_owned();
                let known: &mut (bool, BTreeMap<String, bool>) = tables.get_mut(name).unwrap();
                known.1.insert(added, rest.split_once("; -- ").is_some_and(|(_, comment)| !comment.is_empty()));
            } else if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
                let name = rest.split_whitespace().next().unwrap().to_owned();
                table = Some((name, before.starts_with("-- "), BTreeMap::new()));
            } else if line.starts_with(");") {
                let (name, sentence, columns) = table.take().unwrap();
                tables.insert(name, (sentence, columns));
            } else if let Some((_, _, columns)) = &mut table {
                let text = line.trim();
                let word: String = text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                // A column begins with its name and its type; what follows on further lines belongs to it.
                let types = ["TEXT", "BIGINT", "BYTEA"];
                let rest = text[word.len()..].trim_start();
                if !word.is_empty() && types.iter().any(|kind| rest.starts_with(kind)) {
                    columns.insert(word.clone(), false);
                    column = Some(word);
                } else if text.starts_with(|c: char| c.is_ascii_uppercase()) && !text.starts_with("CHECK") {
                    column = None;
                }
                if let (Some(name), Some(at)) = (&column, text.find("-- ")) {
                    columns.insert(name.clone(), text.len() > at + 4);
                }
            }
            before = line;
        }
    }
    tables
}

#[tokio::test]
async fn every_table_has_a_sentence_and_every_column_a_comment() {
    let (_dir, store) = store().await;
    let known = commented();
    let sql =
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migration' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> =
        text(&mut *store.writer().await, sql).await.into_iter().map(|mut row| row.remove(0)).collect();
    assert!(tables.len() > 20);
    assert_eq!(tables.iter().cloned().collect::<BTreeSet<_>>(), known.keys().cloned().collect());
    for table in tables {
        let (sentence, columns) = &known[&table];
        assert!(sentence, "{table} has no sentence before it");
        let sql = sqlx::AssertSqlSafe(format!("SELECT name FROM pragma_table_info('{table}')"));
        let rows = store.writer().await.fetch_all(sql).await.unwrap();
        let there: BTreeSet<String> = rows.iter().map(|row| row.try_get(0).unwrap()).collect();
        assert_eq!(there, columns.keys().cloned().collect(), "the columns of {table}");
        for (column, comment) in columns {
            assert!(comment, "{table}.{column} has no comment");
        }
    }
}

/// The words that a CHECK allows in a column.
fn words_of(sql: &str, column: &str) -> BTreeSet<String> {
    let start = format!("CHECK ({column} IN (");
    let at = sql.find(&start).unwrap_or_else(|| panic!("no CHECK on {column}")) + start.len();
    let list = &sql[at..at + sql[at..].find(')').unwrap()];
    list.split(',').map(|word| word.trim().trim_matches('\'').to_owned()).collect()
}

#[tokio::test]
async fn what_a_check_allows_is_what_the_record_knows() {
    let (_dir, store) = store().await;
    let sql = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: BTreeMap<String, String> =
        text(&mut *store.writer().await, sql).await.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    let strings = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<String>>();
    let states: Vec<&str> = DocumentState::ALL.iter().map(|word| word.as_str()).collect();
    let kinds: Vec<&str> = DocumentKind::ALL.iter().map(|word| word.as_str()).collect();
    let related: Vec<&str> = RelatedKind::ALL.iter().map(|word| word.as_str()).collect();
    let causes: Vec<&str> = MergeCause::ALL.iter().map(|word| word.as_str()).collect();
    let merged: Vec<&str> = MergeState::ALL.iter().map(|word| word.as_str()).collect();
    let roles: Vec<&str> = Role::ALL.iter().map(|word| word.as_str()).collect();
    let outcomes: Vec<&str> = Outcome::ALL.iter().map(|word| word.as_str()).collect();
    for (table, column, words) in [
        ("document", "state", &states[..]),
        ("document", "kind", &kinds),
        ("related_person", "kind", &related),
        ("membership", "role", &roles),
        ("patient_merge", "cause", &causes),
        ("patient_merge", "state", &merged),
        ("ledger_entry", "outcome", &outcomes),
        ("person", "state", &["invited", "active", "suspended"]),
        ("invitation", "kind", &["enrol", "re_enrol"]),
        ("recipient", "why", &["author", "copy"]),
        ("upload", "state", &["open", "committed", "abandoned"]),
        ("key_shred", "state", &["asked", "approved", "destroyed"]),
        ("house_check", "kind", &["probe", "backup", "restore_drill", "restore"]),
    ] {
        assert_eq!(words_of(&tables[table], column), strings(words), "{table}.{column}");
    }
    for word in ["invited", "active", "suspended"] {
        assert_eq!(word.parse::<crate::PersonState>().unwrap().as_str(), word);
    }
}

#[test]
fn no_statement_takes_whatever_columns_there_are() {
    let sources = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut read = 0;
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap().replace("COUNT(*)", "");
            for wrong in ["SELECT *", "RETURNING *", ".* FROM", ", *"] {
                let found = text.lines().find(|line| line.contains(wrong) && line.contains('"'));
                assert_eq!(found, None, "{} in {}", wrong, path.display());
            }
            read += 1;
        }
    }
    assert!(read > 15);
}
