//! The second wall on PostgreSQL: row-level security, and how a transaction says whose rows it may see.
//!
//! What must always hold: every table whose rows belong to a customer has a policy that compares its customer with the
//! one that was set for this transaction; nothing set is an error and not an empty answer; the setting never outlives
//! its transaction, because the next one on this connection is somebody else's.

use crate::StoreError;
use crate::binds::{Statement, Wall};
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, PgPool, Postgres, Row as _, Transaction};

/// Tables that name a customer and have no wall, each with its reason: `unscoped.txt`.
const UNSCOPED: &str = include_str!("../unscoped.txt");

/// Who may be seen: the customer of this transaction, and an error when there is none. A setting that was made in an
/// earlier transaction of the connection is '' afterwards and not NULL.
const WHO: &str = "CREATE OR REPLACE FUNCTION strongroom_customer() RETURNS text LANGUAGE plpgsql STABLE AS $wall$
DECLARE it text := current_setting('strongroom.customer', true);
BEGIN
    IF it IS NULL OR it = '' THEN
        RAISE EXCEPTION 'no customer is set' USING ERRCODE = '42501';
    END IF;
    RETURN it;
END $wall$";

/// Tables whose things are looked up by their id alone, by the first letters of the id.
const BY_ID: &[(&str, &str, &str)] = &[
    ("doc_", "document", "document_id"),
    ("pat_", "patient", "patient_id"),
    ("rel_", "related_person", "related_id"),
    ("mrg_", "patient_merge", "merge_id"),
];
/// Nobody's: what a thing that is not there belongs to.
const NOBODY: &str = "-";

/// The text that shows one customer's rows until the end of the transaction. It is said without places, together with
/// the beginning, so that both take one way to the server and back; so the id in it has letters that need no quotes.
fn shows(wall: Wall<'_>) -> Result<String, sqlx::Error> {
    let id = match wall {
        Wall::Of(id) | Wall::Whose(id) => id,
        Wall::Nobody => return Ok(format!("SELECT set_config('strongroom.customer', '{NOBODY}', true)")),
    };
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(sqlx::Error::InvalidArgument("an id has letters, digits and _ only".to_owned()));
    }
    Ok(match wall {
        Wall::Nobody | Wall::Of(_) => format!("SELECT set_config('strongroom.customer', '{id}', true)"),
        Wall::Whose(_) => {
            format!("SELECT set_config('strongroom.customer', COALESCE(strongroom_whose('{id}'), '{NOBODY}'), true)")
        }
    })
}

/// A transaction for one text that reads one customer's rows; none when it is about no customer's.
pub(crate) async fn reading(
    pool: &PgPool,
    statement: &Statement,
) -> Result<Option<Transaction<'static, Postgres>>, sqlx::Error> {
    let Some(wall) = statement.wall() else { return Ok(None) };
    let begin = format!("BEGIN READ ONLY; {}", shows(wall)?);
    pool.begin_with(AssertSqlSafe(begin)).await.map(Some)
}

/// From here on this transaction sees this customer's rows only.
pub(crate) async fn set(tx: &mut Transaction<'static, Postgres>, wall: Wall<'_>) -> Result<(), sqlx::Error> {
    let text = shows(wall)?;
    tx.execute(AssertSqlSafe(text)).await.map(|_| ())
}

/// To whom a thing belongs, and nothing else of it: the one question that may look over every wall. It runs with the
/// owner's rights, whom a policy of its own lets read.
fn whose(place: &str) -> String {
    let branch = |(prefix, table, id): &(&str, &str, &str)| {
        format!("WHEN '{prefix}' THEN RETURN (SELECT customer_id FROM {place}.{table} WHERE {id} = thing);")
    };
    let branches: Vec<String> = BY_ID.iter().map(branch).collect();
    format!(
        "CREATE OR REPLACE FUNCTION strongroom_whose(thing text) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER \
         SET search_path = {place}, pg_temp AS $wall$\nBEGIN CASE left(thing, 4) {} ELSE RETURN NULL; END CASE; END $wall$",
        branches.join(" ")
    )
}

/// Tables without a wall.
pub(crate) fn unscoped() -> impl Iterator<Item = &'static str> {
    UNSCOPED.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_whitespace().next())
}

/// Puts the customer first into the key of every walled table, so that a distributed PostgreSQL can keep each customer's rows
/// together: no unique rule reaches over customers. What is looked up by its id alone keeps an index for that.
pub(crate) async fn keys(owner: &mut PgConnection) -> Result<(), StoreError> {
    let failed = || StoreError::database("put the customer first into the keys");
    let sql = "SELECT quote_ident(pg_class.relname) AS name, quote_ident(conname) AS key, \
               (SELECT string_agg(quote_ident(attname), ', ' ORDER BY place) FROM unnest(conkey) WITH ORDINALITY AS one (number, place) \
                JOIN pg_attribute ON attrelid = conrelid AND attnum = number) AS columns, \
               EXISTS (SELECT 1 FROM pg_constraint other WHERE other.conrelid = pg_class.oid AND other.contype = 'u' \
                       AND cardinality(other.conkey) = cardinality(pg_constraint.conkey) + 1 \
                       AND other.conkey @> pg_constraint.conkey) AS unique_there \
               FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace \
               WHERE nspname = current_schema() AND contype = 'p' AND relrowsecurity AND NOT EXISTS \
               (SELECT 1 FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1] AND attname = 'customer_id')";
    for row in owner.fetch_all(sql).await.map_err(failed())? {
        let (name, key, columns): (String, String, String) = (row.get("name"), row.get("key"), row.get("columns"));
        let rest = columns.split(", ").filter(|one| *one != "customer_id").collect::<Vec<_>>().join(", ");
        let mut steps = vec![format!("ALTER TABLE {name} DROP CONSTRAINT {key}")];
        if !row.get::<bool, _>("unique_there") {
            steps.push(format!("ALTER TABLE {name} ADD PRIMARY KEY (customer_id, {rest})"));
        }
        steps.push(format!("CREATE INDEX {name}_by_id ON {name} ({rest})"));
        for sql in steps {
            owner.execute(AssertSqlSafe(sql)).await.map_err(failed())?;
        }
    }
    Ok(())
}

/// Columns that stand in our texts behind `|| ''`, so that the embedded engine takes no index for their sake. The server goes by
/// what it knows of a column's values, and of an expression it knows nothing until it is told to look at it.
const UNINDEXED: &[(&str, &[&str])] =
    &[("document", &["customer_id", "state", "author_id", "uploader_id", "patient_id", "moved_from"])];

/// Lets the server look at what stands in our texts instead of bare columns.
pub(crate) async fn statistics(owner: &mut PgConnection) -> Result<(), StoreError> {
    for (table, columns) in UNINDEXED {
        for column in *columns {
            let sql = format!("CREATE STATISTICS IF NOT EXISTS {table}_{column}_said ON ({column} || '') FROM {table}");
            owner.execute(AssertSqlSafe(sql)).await.map_err(StoreError::database("let the server look at its rows"))?;
        }
    }
    Ok(())
}

/// Walls every table that is not in `unscoped.txt`.
pub(crate) async fn build(owner: &mut PgConnection) -> Result<(), StoreError> {
    let failed = || StoreError::database("wall the customers' tables");
    owner.execute(WHO).await.map_err(failed())?;
    let place = owner.fetch_one("SELECT quote_ident(current_schema()) AS place").await.map_err(failed())?;
    owner.execute(AssertSqlSafe(whose(place.get("place")))).await.map_err(failed())?;
    let sql = "SELECT quote_ident(pg_class.relname) AS name, pg_class.relname::text AS bare, \
               EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid) AS walled \
               FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
               WHERE nspname = current_schema() AND relkind IN ('r', 'p') ORDER BY relname";
    for row in owner.fetch_all(sql).await.map_err(failed())? {
        let (name, bare, walled): (String, String, bool) = (row.get("name"), row.get("bare"), row.get("walled"));
        if walled || unscoped().any(|one| one == bare) {
            continue;
        }
        // A table without the column fails here: it belongs into unscoped.txt with a reason, or needs a customer.
        for sql in [
            format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"),
            format!("ALTER TABLE {name} FORCE ROW LEVEL SECURITY"),
            // The subquery is asked once for each text and not for each row.
            format!(
                "CREATE POLICY own_customer ON {name} USING (customer_id = (SELECT strongroom_customer())) \
                 WITH CHECK (customer_id = (SELECT strongroom_customer()))"
            ),
            // For `strongroom_whose`, which runs as the owner; nobody else is the owner, and no node may become it.
            format!("CREATE POLICY whose ON {name} FOR SELECT TO CURRENT_USER USING (true)"),
        ] {
            owner.execute(AssertSqlSafe(sql)).await.map_err(failed())?;
        }
    }
    Ok(())
}
