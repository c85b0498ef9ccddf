//! A PostgreSQL for tests: each test a database of its own, made by an owner, worked in by a role that owns nothing.

use crate::trial::{address, empty, name_of};
use crate::{Server, Store};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

/// Whether these tests run on PostgreSQL; the store of two customers there, and a way in as the nodes' role.
async fn two_houses() -> Option<(super::TempDir, Store, PgConnection)> {
    let place = crate::trial::server_place()?;
    let dir = super::TempDir::new();
    let store = dir.open().await;
    super::customers::two_customers(&store).await;
    let name = name_of(&dir.0);
    let node = PgConnection::connect(&address(&place, "strongroom_node", &name)).await.unwrap();
    Some((dir, store, node))
}

async fn walled(node: &mut PgConnection) -> Vec<String> {
    let sql = "SELECT relname::text AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
               WHERE nspname = current_schema() AND relkind = 'r' AND relrowsecurity AND relforcerowsecurity ORDER BY 1";
    node.fetch_all(sql).await.unwrap().iter().map(|row| row.get("name")).collect()
}

fn code(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(|error| error.code()).map(|code| code.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn a_text_that_omits_the_customer_gets_an_error_and_one_that_omits_the_condition_gets_nobody_elses() {
    let Some((_dir, _store, mut node)) = two_houses().await else { return };
    let tables = walled(&mut node).await;
    assert!(tables.len() >= 9 && tables.iter().any(|one| one == "recipient"), "{tables:?}");
    let mut seen = 0;
    for table in &tables {
        let all = || sqlx::AssertSqlSafe(format!("SELECT customer_id FROM {table}"));
        // Nothing was set.
        assert_eq!(code(&node.fetch_all(all()).await.unwrap_err()), "42501", "{table}");
        for n in [1, 2] {
            let here = super::customer(n).to_string();
            let mut tx = node.begin().await.unwrap();
            let set = sqlx::query("SELECT set_config('strongroom.customer', $1, true)").bind(&here);
            set.execute(&mut *tx).await.unwrap();
            let rows = tx.fetch_all(all()).await.unwrap();
            assert!(rows.iter().all(|row| row.get::<String, _>("customer_id") == here), "{table}");
            seen += rows.len();
            let there = super::customer(3 - n);
            let write = sqlx::AssertSqlSafe(format!("UPDATE {table} SET customer_id = '{there}'"));
            if !rows.is_empty() {
                assert!(tx.execute(write).await.is_err(), "{table}: a row given away");
            }
            drop(tx);
        }
        // What was set for one transaction is not there for the next.
        assert_eq!(code(&node.fetch_all(all()).await.unwrap_err()), "42501", "{table}");
    }
    assert!(seen > 10, "there was something to be seen: {seen}");
}

#[tokio::test]
async fn a_node_owns_nothing_and_looks_past_no_wall() {
    let Some((_dir, _store, mut node)) = two_houses().await else { return };
    for refused in [
        "ALTER TABLE patient DISABLE ROW LEVEL SECURITY",
        "DROP POLICY own_customer ON patient",
        "TRUNCATE patient CASCADE",
        "CREATE TABLE mine (x text)",
        "SET ROLE strongroom_owner",
        "SET ROLE postgres",
        "DELETE FROM migration",
        "CREATE OR REPLACE FUNCTION strongroom_customer() RETURNS text LANGUAGE sql AS 'SELECT NULL::text'",
    ] {
        let code = code(&node.execute(refused).await.unwrap_err());
        assert!(["42501", "42P01"].contains(&code.as_str()), "{refused}: {code}");
    }
    // Whose a thing is, is all that may be learnt over the wall.
    let row = node
        .fetch_one(sqlx::AssertSqlSafe(format!("SELECT strongroom_whose('{}') AS whose", super::document_id(2))))
        .await;
    assert_eq!(row.unwrap().get::<String, _>("whose"), super::customer(2).to_string());
    let nobody = node.fetch_one("SELECT strongroom_whose('doc_x') AS whose").await.unwrap();
    assert_eq!(nobody.get::<Option<String>, _>("whose"), None);
}

#[tokio::test]
async fn every_table_is_walled_or_stands_in_the_list_with_a_reason() {
    let Some((_dir, _store, mut node)) = two_houses().await else { return };
    let walled = walled(&mut node).await;
    let listed: Vec<(&str, &str)> = include_str!("../../unscoped.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once("  ").expect("a table, two spaces, a reason"))
        .collect();
    let sql = "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1";
    let all: Vec<String> = node.fetch_all(sql).await.unwrap().iter().map(|row| row.get("name")).collect();
    for table in &all {
        let stands = listed.iter().any(|(name, reason)| name == table && reason.len() > 10);
        assert!(walled.contains(table) != stands, "{table}");
    }
    assert!(listed.iter().all(|(name, _)| all.iter().any(|table| table == name)), "a table that is gone");
}

#[tokio::test]
async fn two_transactions_that_read_and_write_the_same_leave_what_one_after_the_other_would() {
    let Some((_dir, store, _node)) = two_houses().await else { return };
    // Each takes the newest number and writes the next one: side by side both would write the same.
    let next = async |store: Store| {
        for _ in 0..20 {
            let mut tx = store.begin("count").await.unwrap();
            let row =
                tx.row("SELECT COALESCE(MAX(value), '0') AS newest FROM meta WHERE name LIKE 'n%'", Vec::new()).await;
            let Ok(row) = row else { continue };
            let newest: u64 = row.unwrap().text("newest").unwrap().parse().unwrap();
            let (name, value) = (format!("n{:03}", newest + 1), format!("{:03}", newest + 1));
            let written =
                tx.run("INSERT INTO meta (name, value) VALUES ($1, $2)", crate::binds::binds![name, value]).await;
            if written.is_ok() && tx.commit().await.is_ok() {
                return true;
            }
        }
        false
    };
    let (one, two, three) = tokio::join!(next(store.clone()), next(store.clone()), next(store.clone()));
    assert!(one && two && three);
    for n in 1..=3 {
        assert_eq!(store.meta_fetch(&format!("n{n:03}")).await.unwrap(), Some(format!("{n:03}")));
    }
}

#[tokio::test]
async fn no_unique_rule_of_a_walled_table_reaches_over_customers() {
    let Some((_dir, _store, mut node)) = two_houses().await else { return };
    let sql = "SELECT pg_class.relname::text AS name FROM pg_index JOIN pg_class ON pg_class.oid = indrelid \
               JOIN pg_namespace ON pg_namespace.oid = relnamespace \
               WHERE nspname = current_schema() AND indisunique AND relrowsecurity AND NOT EXISTS \
               (SELECT 1 FROM pg_attribute WHERE attrelid = indrelid AND attnum = ANY (indkey) AND attname = 'customer_id')";
    let found: Vec<String> = node.fetch_all(sql).await.unwrap().iter().map(|row| row.get("name")).collect();
    assert!(found.is_empty(), "a duplicate there would tell of another customer's rows: {found:?}");
}

#[tokio::test]
async fn a_house_is_carried_over_row_for_row_or_not_at_all() {
    let Some(place) = crate::trial::server_place() else { return };
    let dir = super::TempDir::new();
    let here = Store::open(crate::StoreOptions { dir: dir.0.clone(), create: true }).await.unwrap();
    super::customers::two_customers(&here).await;
    let mut tx = here.begin("a link to one who comes later").await.unwrap();
    let sql = "UPDATE patient SET linked_to = (SELECT MAX(patient_id) FROM patient WHERE customer_id = $1 AND linked_to IS NULL) \
               WHERE customer_id = $1 AND patient_id = (SELECT MIN(patient_id) FROM patient WHERE customer_id = $1)";
    assert_eq!(tx.run(sql, crate::binds::binds![super::customer(1)]).await.unwrap(), 1);
    tx.meta_set("made_for", "work").await.unwrap();
    tx.commit().await.unwrap();
    let name = name_of(&dir.0);
    let owner = empty(&place, &name).await.unwrap();
    let keys = vault::KeyRows::default();
    let moved = here.move_to_server(&owner, "strongroom_node", &keys).await.unwrap();
    let many = |table: &str| moved.iter().find(|one| one.table == table).unwrap().rows;
    assert!(many("patient") >= 4 && many("document") >= 2 && many("recipient") >= 2 && many("meta") == 1, "{moved:?}");
    let twice = here.move_to_server(&owner, "strongroom_node", &keys).await;
    assert!(matches!(twice, Err(crate::StoreError::Server(_))), "twice");
    let elsewhere = super::TempDir::new();
    let options = crate::StoreOptions { dir: elsewhere.0.clone(), create: true };
    let server = Server::parse(&address(&place, "strongroom_node", &name)).unwrap();
    let there = Store::open_server(&server, options).await.unwrap();
    for n in [1, 2] {
        let document = super::document_id(n);
        let (one, other) =
            (here.document_fetch(document).await.unwrap(), there.document_fetch(document).await.unwrap());
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        assert_eq!(
            format!("{:?}", here.recipient_list(document).await.unwrap()),
            format!("{:?}", there.recipient_list(document).await.unwrap())
        );
    }
    there.close().await;
    here.close().await;
}

#[tokio::test]
async fn an_older_node_goes_on_beside_newer_ones_where_these_say_that_it_may() {
    let Some((dir, store, _node)) = two_houses().await else { return };
    store.close().await;
    drop(store);
    let place = crate::trial::server_place().unwrap();
    let name = name_of(&dir.0);
    let mut owner = PgConnection::connect(&address(&place, "strongroom_owner", &name)).await.unwrap();
    owner.execute("INSERT INTO migration (number) VALUES (1000)").await.unwrap();
    let open = async || {
        let server = Server::parse(&address(&place, "strongroom_node", &name)).unwrap();
        let options = crate::StoreOptions { dir: dir.0.clone(), create: true };
        Store::open_server(&server, options).await
    };
    let newest = Store::migrations().last().unwrap().0;
    owner.execute(sqlx::AssertSqlSafe(format!("COMMENT ON TABLE migration IS '{newest}'"))).await.unwrap();
    open().await.expect("the newer one can live with it").close().await;
    for no in ["1000", "", "anything"] {
        owner.execute(sqlx::AssertSqlSafe(format!("COMMENT ON TABLE migration IS '{no}'"))).await.unwrap();
        assert!(open().await.is_err(), "{no:?}");
    }
}
