//! A house's database carried from the embedded engine to a server: all rows, in one transaction, compared afterwards.
//!
//! What must always hold: the house is not served meanwhile (the caller holds its folder's lock); nothing is there
//! before all of it is; what arrived is read back and is row for row what left; sealed values stay sealed; of keys there
//! arrives what the caller has wrapped anew, and nothing of what the embedded database had.

use crate::binds::{Row, Statement, Value};
use crate::engine::Engine;
use crate::migrations::bring_server;
use crate::{Server, Store, StoreError, server, walls};
use record::Sha256;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, TypeInfo as _, ValueRef as _};
use std::collections::BTreeMap;
use vault::{EpochRow, KeyRow, KeyRows, WrappedKey};

const DOING: &str = "carry the database over";
/// Rows that are read and written at once.
const PAGE: u32 = 500;

/// A table that was carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableMoved {
    /// Its name.
    pub table: String,
    /// How many rows.
    pub rows: u64,
    /// The sum of the rows' SHA-256 digests, modulo 2^256: the same rows in any order have the same one.
    pub digest: Sha256,
}

/// The sum of digests, whatever order they come in.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Sum {
    rows: u64,
    digest: [u8; 32],
}

impl Sum {
    const NOTHING: Self = Self { rows: 0, digest: [0; 32] };

    fn add(&mut self, row: &[Value]) {
        let mut text = Vec::new();
        for value in row {
            let (kind, bytes) = match value {
                Value::Text(text) | Value::Customer(text) | Value::Whose(text) => (b't', text.as_bytes().to_vec()),
                Value::Int(number) => (b'i', number.to_be_bytes().to_vec()),
                Value::Bytes(bytes) => (b'b', bytes.clone()),
                Value::NoText | Value::NoInt | Value::NoBytes => (b'n', Vec::new()),
            };
            text.push(kind);
            text.extend((bytes.len() as u64).to_be_bytes());
            text.extend(bytes);
        }
        let mut carry = 0_u16;
        for (sum, byte) in self.digest.iter_mut().zip(Sha256::of(&text).as_bytes()).rev() {
            let both = u16::from(*sum) + u16::from(*byte) + carry;
            *sum = both.to_le_bytes()[0];
            carry = both >> 8;
        }
        self.rows += 1;
    }
}

/// A table as both engines have it.
struct Table {
    name: String,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    kind: String,
}

impl Table {
    fn has_customer(&self) -> bool {
        self.columns.iter().any(|column| column.name == "customer_id")
    }
    fn names(&self) -> String {
        self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }
    fn insert(&self) -> String {
        let places = (1..=self.columns.len()).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ");
        format!("INSERT INTO {} ({}) VALUES ({places})", self.name, self.names())
    }
    /// A row's values, each of the kind that its column has.
    fn values(&self, row: &Row) -> Result<Vec<Value>, StoreError> {
        self.columns.iter().map(|column| value(row, column)).collect()
    }
}

fn value(row: &Row, column: &Column) -> Result<Value, StoreError> {
    let wrong = |_| StoreError::Column { column: "of a table that is carried over" };
    let name = column.name.as_str();
    macro_rules! read {
        ($row:expr) => {
            match column.kind.as_str() {
                "BIGINT" => $row.try_get::<Option<i64>, _>(name).map_err(wrong)?.map_or(Value::NoInt, Value::Int),
                "BYTEA" => {
                    $row.try_get::<Option<Vec<u8>>, _>(name).map_err(wrong)?.map_or(Value::NoBytes, Value::Bytes)
                }
                _ => $row.try_get::<Option<String>, _>(name).map_err(wrong)?.map_or(Value::NoText, Value::Text),
            }
        };
    }
    Ok(match row {
        Row::Sqlite(row) => {
            // The engine would make a number of a text without a word; a value of another kind than its column's is damage.
            let raw = row.try_get_raw(name).map_err(wrong)?;
            let kinds = (column.kind.as_str(), raw.type_info().name().to_owned());
            let fits = raw.is_null()
                || matches!((kinds.0, kinds.1.as_str()), ("BIGINT", "INTEGER") | ("BYTEA", "BLOB") | ("TEXT", "TEXT"));
            if !fits {
                return Err(StoreError::Column { column: "of another kind than its table says" });
            }
            read!(row)
        }
        Row::Postgres(row) => read!(row),
    })
}

impl Store {
    /// Carries everything in this embedded database to a server: makes the schema there as its owner, lets `role` work in it,
    /// writes all rows in one transaction, and compares what arrived with what left. `keys` come in place of the key rows
    /// here: a server's log keeps whatever it ever had.
    ///
    /// # Errors
    /// [`StoreError::Server`] when there is a house already, or something arrived otherwise than it left: nothing is
    /// there then.
    pub async fn move_to_server(
        &self,
        owner: &Server,
        role: &str,
        keys: &KeyRows,
    ) -> Result<Vec<TableMoved>, StoreError> {
        let failed = || StoreError::database(DOING);
        let mut connection = owner.owner().await?;
        bring_server(&mut connection).await?;
        server::grant(&mut connection, role).await?;
        let mut tx = connection.begin().await.map_err(failed())?;
        let there = tx.fetch_optional("SELECT name FROM meta LIMIT 1").await.map_err(failed())?;
        if there.is_some() {
            return Err(StoreError::Server("there is a house in this database already".to_owned()));
        }
        let customers = self.customer_list().await?;
        let mut moved = Vec::new();
        for table in self.tables().await? {
            let sum = match key_values(&table, keys)? {
                Some(rows) => keys_move(&mut tx, &table, rows).await?,
                None => {
                    let customers = customers.iter().map(|one| one.id.to_string()).collect::<Vec<_>>();
                    self.table_move(&mut tx, &table, &customers).await?
                }
            };
            moved.push(TableMoved { table: table.name, rows: sum.rows, digest: Sha256::from_bytes(sum.digest) });
        }
        // If we die here: nothing is there.
        tx.commit().await.map_err(StoreError::Unsure)?;
        // All is there; how the connection ends says nothing about it.
        drop(connection.close().await);
        Ok(moved)
    }

    /// All tables, those that others point to first, as they were made.
    async fn tables(&self) -> Result<Vec<Table>, StoreError> {
        if !matches!(self.engine(), Engine::Sqlite { .. }) {
            return Err(StoreError::Server("only an embedded database is carried over".to_owned()));
        }
        let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'migration' AND name NOT LIKE 'sqlite_%' \
                   ORDER BY rowid";
        let mut tables = Vec::new();
        for row in self.rows(DOING, sql, Vec::new()).await? {
            let name = row.text("name")?;
            let sql = "SELECT name, type FROM pragma_table_info($1) ORDER BY cid";
            let mut columns = Vec::new();
            for row in self.rows(DOING, sql, vec![Value::from(name.as_str())]).await? {
                columns.push(Column { name: row.text("name")?, kind: row.text("type")? });
            }
            tables.push(Table { name, columns });
        }
        Ok(tables)
    }

    async fn table_move(&self, tx: &mut PgConnection, table: &Table, customers: &[String]) -> Result<Sum, StoreError> {
        let walled = table.has_customer() && !walls::unscoped().any(|one| one == table.name);
        let places: Vec<Option<&str>> =
            if walled { customers.iter().map(|one| Some(one.as_str())).collect() } else { vec![None] };
        let (mut left, mut arrived) = (Sum::NOTHING, Sum::NOTHING);
        for place in places {
            if let Some(customer) = place {
                let set = sqlx::query("SELECT set_config('strongroom.customer', $1, true)").bind(customer);
                set.execute(&mut *tx).await.map_err(StoreError::database(DOING))?;
            }
            self.rows_move(tx, table, place, &mut left).await?;
            rows_read(tx, table, &mut arrived).await?;
        }
        let all = self.row(DOING, format!("SELECT COUNT(*) AS many FROM {}", table.name), Vec::new()).await?;
        let all = all.map_or(Ok(0), |row| row.count("many"))?;
        if left != arrived || left.rows != all {
            return Err(otherwise(table));
        }
        Ok(left)
    }

    async fn rows_move(
        &self,
        tx: &mut PgConnection,
        table: &Table,
        customer: Option<&str>,
        left: &mut Sum,
    ) -> Result<(), StoreError> {
        // A patient may be linked to one who comes later: the links are written when all are there.
        let later = if table.name == "patient" { "linked_to" } else { "" };
        let insert = table.insert();
        let (names, whose) = (table.names(), if customer.is_some() { " AND customer_id = $2" } else { "" });
        let mut links = Vec::new();
        let mut after = 0_i64;
        loop {
            let sql = format!(
                "SELECT rowid AS at, {names} FROM {} WHERE rowid > $1{whose} ORDER BY rowid LIMIT {PAGE}",
                table.name
            );
            let values = [Some(Value::Int(after)), customer.map(Value::from)].into_iter().flatten().collect();
            let rows = self.rows(DOING, sql, values).await?;
            let Some(last) = rows.last() else { break };
            after = last.int("at")?;
            for row in &rows {
                let mut values = table.values(row)?;
                left.add(&values);
                if let Some(at) = table.columns.iter().position(|column| column.name == later)
                    && let linked @ Value::Text(_) = std::mem::replace(&mut values[at], Value::NoText)
                {
                    links.push((values[0].clone(), linked));
                }
                let statement = Statement::new(DOING, insert.clone(), values)?;
                statement.query().execute(&mut *tx).await.map_err(StoreError::database(DOING))?;
            }
        }
        for (id, linked) in links {
            let sql = "UPDATE patient SET linked_to = $2 WHERE patient_id = $1".to_owned();
            let statement = Statement::new(DOING, sql, vec![id, linked])?;
            statement.query().execute(&mut *tx).await.map_err(StoreError::database(DOING))?;
        }
        Ok(())
    }
}

fn otherwise(table: &Table) -> StoreError {
    StoreError::Server(format!("the table {} arrived otherwise than it left; nothing was kept", table.name))
}

/// The rows that one of the two tables of keys gets, in the order of its columns; `None` of any other table.
fn key_values(table: &Table, keys: &KeyRows) -> Result<Option<Vec<Vec<Value>>>, StoreError> {
    let bytes = |wrapped: Option<&WrappedKey>| Value::from(wrapped.map(WrappedKey::to_bytes));
    let rows: Vec<BTreeMap<&str, Value>> = match table.name.as_str() {
        "epoch_key" => {
            let row = |row: &EpochRow| {
                BTreeMap::from([
                    ("number", Value::from(row.number)),
                    ("wrapped", bytes(row.wrapped.as_ref())),
                    ("half", Value::from(row.half.map(|half| half.to_string()))),
                    ("created_at", Value::from(row.created_at)),
                    ("destroyed_at", Value::from(row.destroyed_at)),
                ])
            };
            keys.epochs.iter().map(row).collect()
        }
        "owner_key" => {
            let row = |row: &KeyRow| {
                BTreeMap::from([
                    ("name", Value::from(row.name.to_string())),
                    ("wrapped", bytes(row.wrapped.as_ref())),
                    ("created_at", Value::from(row.created_at)),
                    ("destroyed_at", Value::from(row.destroyed_at)),
                ])
            };
            keys.keys.iter().map(row).collect()
        }
        _ => return Ok(None),
    };
    let of = |row: BTreeMap<&str, Value>| {
        let value = |column: &Column| row.get(column.name.as_str()).cloned();
        let values: Option<Vec<Value>> = table.columns.iter().map(value).collect();
        values.ok_or(StoreError::Column { column: "of a table of keys" })
    };
    rows.into_iter().map(of).collect::<Result<Vec<_>, _>>().map(Some)
}

/// Writes keys, and reads back what arrived.
async fn keys_move(tx: &mut PgConnection, table: &Table, rows: Vec<Vec<Value>>) -> Result<Sum, StoreError> {
    let (mut left, mut arrived) = (Sum::NOTHING, Sum::NOTHING);
    for values in rows {
        left.add(&values);
        let statement = Statement::new(DOING, table.insert(), values)?;
        statement.query().execute(&mut *tx).await.map_err(StoreError::database(DOING))?;
    }
    rows_read(tx, table, &mut arrived).await?;
    if left == arrived { Ok(left) } else { Err(otherwise(table)) }
}

/// Reads back what the walls show now.
async fn rows_read(tx: &mut PgConnection, table: &Table, sum: &mut Sum) -> Result<(), StoreError> {
    use futures_util::TryStreamExt as _;
    // The owner may look over every wall, so whose rows are meant is said here as well.
    let walled = table.has_customer() && !walls::unscoped().any(|one| one == table.name);
    let whose = if walled { " WHERE customer_id = strongroom_customer()" } else { "" };
    let sql = AssertSqlSafe(format!("SELECT {} FROM {}{whose}", table.names(), table.name));
    let mut rows = tx.fetch(sql);
    while let Some(row) = rows.try_next().await.map_err(StoreError::database(DOING))? {
        sum.add(&table.values(&Row::Postgres(row))?);
    }
    Ok(())
}
