//! Values on their way into SQL and out of it. Every text names what it is doing; the count of places and
//! values must agree, because one engine leaves a missing value NULL without a word.

use crate::StoreError;
use record::Timestamp;
use sqlx::database::HasStatementCache;
use sqlx::postgres::PgRow;
use sqlx::query::Query;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Database, Encode, Row as _, Type};

/// The most places a text may have: SQLite's limit (SQLITE_MAX_VARIABLE_NUMBER), half of PostgreSQL's.
const PLACES_MAX: usize = 32_766;

/// One value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    /// Whose rows the text is about: also what the database is told before it runs (`walls.rs`).
    Customer(String),
    /// A thing that belongs to one customer, whom the text does not name: the database is told whose it is, and nothing
    /// else of it, before the text runs (`walls.rs`).
    Whose(String),
    Int(i64),
    Bytes(Vec<u8>),
    NoText,
    NoInt,
    NoBytes,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}
impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}
impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Int(i64::from(yes))
    }
}
impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Self {
        Self::Int(at.unix_millis())
    }
}
impl From<Option<Timestamp>> for Value {
    fn from(at: Option<Timestamp>) -> Self {
        at.map_or(Self::NoInt, Self::from)
    }
}
impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}
impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}
impl From<Option<Vec<u8>>> for Value {
    fn from(bytes: Option<Vec<u8>>) -> Self {
        bytes.map_or(Self::NoBytes, Self::Bytes)
    }
}
impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::NoText, Self::Text)
    }
}

macro_rules! ids_are_text {
    ($($id:ident)*) => { $(
        impl From<record::$id> for Value { fn from(id: record::$id) -> Self { Self::Text(id.to_string()) } }
        impl From<Option<record::$id>> for Value {
            fn from(id: Option<record::$id>) -> Self { id.map_or(Self::NoText, Self::from) }
        }
    )* };
}
impl From<record::CustomerId> for Value {
    fn from(id: record::CustomerId) -> Self {
        Self::Customer(id.to_string())
    }
}
impl From<Option<record::CustomerId>> for Value {
    fn from(id: Option<record::CustomerId>) -> Self {
        id.map_or(Self::NoText, Self::from)
    }
}
macro_rules! ids_say_whose {
    ($($id:ident)*) => { $(
        impl From<record::$id> for Value { fn from(id: record::$id) -> Self { Self::Whose(id.to_string()) } }
        impl From<Option<record::$id>> for Value {
            fn from(id: Option<record::$id>) -> Self { id.map_or(Self::NoText, Self::from) }
        }
    )* };
}
ids_are_text!(AgreementId AlertId BreakGlassId CredentialId InvitationId MembershipId NodeId ObjectId PersonId ProgramId RequestId
    ResourceId SessionId UploadId);
ids_say_whose!(DocumentId PatientId RelatedPersonId MergeId);

/// `binds![a, b]`: the values of a text, in order.
macro_rules! binds {
    ($($value:expr),* $(,)?) => { vec![$($crate::binds::Value::from($value)),*] };
}
pub(crate) use binds;

/// How many places (`$1` … `$n`) a text has. `None` when it leaves a number out, or has a place of any other
/// spelling (`?`, `:name`, `@name`, `$0`), which an engine might fill with NULL.
fn places(sql: &str) -> Option<usize> {
    let bytes = sql.as_bytes();
    let mut used: Vec<bool> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'$' => {
                let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                let place =
                    sql[at + 1..=at + digits].parse::<usize>().ok().filter(|place| (1..=PLACES_MAX).contains(place))?;
                if used.len() < place {
                    used.resize(place, false);
                }
                used[place - 1] = true;
                at += digits;
            }
            // None of our texts has these anywhere, not even between quotes.
            b'?' | b':' | b'@' => return None,
            _ => {}
        }
        at += 1;
    }
    used.iter().all(|used| *used).then_some(used.len())
}

/// The values that our columns have, as an engine takes them.
pub(crate) trait Values: Database + HasStatementCache + Sized {
    /// Puts the values into the places, in order.
    fn bind<'q>(query: Query<'q, Self, Self::Arguments>, value: Value) -> Query<'q, Self, Self::Arguments>;
}

impl<DB> Values for DB
where
    DB: Database + HasStatementCache,
    String: for<'q> Encode<'q, DB> + Type<DB>,
    i64: for<'q> Encode<'q, DB> + Type<DB>,
    Vec<u8>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<String>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<i64>: for<'q> Encode<'q, DB> + Type<DB>,
    Option<Vec<u8>>: for<'q> Encode<'q, DB> + Type<DB>,
{
    fn bind<'q>(query: Query<'q, Self, Self::Arguments>, value: Value) -> Query<'q, Self, Self::Arguments> {
        match value {
            Value::Text(text) | Value::Customer(text) | Value::Whose(text) => query.bind(text),
            Value::Int(number) => query.bind(number),
            Value::Bytes(bytes) => query.bind(bytes),
            Value::NoText => query.bind(None::<String>),
            Value::NoInt => query.bind(None::<i64>),
            Value::NoBytes => query.bind(None::<Vec<u8>>),
        }
    }
}

/// Whose rows a text may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wall<'a> {
    /// This customer's.
    Of(&'a str),
    /// Those of the customer to whom this thing belongs.
    Whose(&'a str),
    /// Nobody's.
    Nobody,
}

/// The first of some texts, and whether all are the same; none of none.
fn only<'a>(mut texts: impl Iterator<Item = &'a String>) -> Option<(&'a str, bool)> {
    let first = texts.next()?;
    Some((first, texts.all(|one| one == first)))
}

/// A text whose places and values agree; of no engine yet, so that it can be run again after a conflict.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    sql: String,
    values: Vec<Value>,
    planned: Planned,
}

/// When an engine makes up its mind how to go about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Planned {
    /// Once for all values: what nearly every text wants, which finds a few rows by their keys.
    #[default]
    Once,
    /// Each time, with the values before it: a server's guess of how many rows a common name has is off by thousands without.
    /// Costs it half a millisecond.
    EachTime,
}

impl Statement {
    pub(crate) fn new(doing: &'static str, sql: String, values: Vec<Value>) -> Result<Self, StoreError> {
        let given = values.len();
        let wanted = places(&sql).ok_or(StoreError::Places { doing })?;
        if wanted != given {
            return Err(StoreError::Binds { doing, wanted, given });
        }
        Ok(Self { sql, values, planned: Planned::Once })
    }

    pub(crate) fn planned(self, planned: Planned) -> Self {
        Self { planned, ..self }
    }

    /// Whose rows the engine is to show while this runs; none when it names nobody's. A text that is about several customers, or
    /// about several things and names no customer, is shown nobody's.
    pub(crate) fn wall(&self) -> Option<Wall<'_>> {
        let customers =
            self.values.iter().filter_map(|value| if let Value::Customer(id) = value { Some(id) } else { None });
        let things = self.values.iter().filter_map(|value| if let Value::Whose(id) = value { Some(id) } else { None });
        match (only(customers), only(things)) {
            (Some((customer, true)), _) => Some(Wall::Of(customer)),
            (None, Some((thing, true))) => Some(Wall::Whose(thing)),
            (None, None) => None,
            _ => Some(Wall::Nobody),
        }
    }

    /// Ready for an engine.
    pub(crate) fn query<DB: Values>(self) -> Query<'static, DB, DB::Arguments> {
        let query = self.values.into_iter().fold(sqlx::query(AssertSqlSafe(self.sql)), DB::bind);
        query.persistent(self.planned == Planned::Once)
    }
}

/// One row that came back.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! column {
    ($row:expr, $column:expr) => {
        match $row {
            Row::Sqlite(row) => row.try_get($column),
            Row::Postgres(row) => row.try_get($column),
        }
        .map_err(|_| StoreError::Column { column: $column })
    };
}

impl Row {
    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        column!(self, column)
    }
    pub(crate) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.maybe_int(column)?.ok_or(StoreError::Column { column })
    }
    pub(crate) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        column!(self, column)
    }
    pub(crate) fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        column!(self, column)
    }
    pub(crate) fn maybe_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            // Our columns are BIGINT; a number that stands in the text itself is an INTEGER.
            Self::Postgres(row) => row.try_get(column).or_else(|_| {
                let short: Result<Option<i32>, sqlx::Error> = row.try_get(column);
                short.map(|number| number.map(i64::from))
            }),
        }
        .map_err(|_| StoreError::Column { column })
    }
    pub(crate) fn maybe_bytes(&self, column: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        column!(self, column)
    }
    pub(crate) fn at(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.int(column).map(Timestamp::from_unix_millis)
    }
    pub(crate) fn maybe_at(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.maybe_int(column)?.map(Timestamp::from_unix_millis))
    }
    pub(crate) fn yes(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.int(column)? == 1)
    }
    /// A word or an id, read back into its type.
    pub(crate) fn word<T: std::str::FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.text(column)?.parse().map_err(|_| StoreError::Column { column })
    }
    pub(crate) fn maybe_word<T: std::str::FromStr>(&self, column: &'static str) -> Result<Option<T>, StoreError> {
        self.maybe_text(column)?.map(|text| text.parse().map_err(|_| StoreError::Column { column })).transpose()
    }
    pub(crate) fn count(&self, column: &'static str) -> Result<u64, StoreError> {
        u64::try_from(self.int(column)?).map_err(|_| StoreError::Column { column })
    }
}

#[cfg(test)]
mod tests {
    use super::{PLACES_MAX, Statement, places};
    use crate::StoreError;

    #[test]
    fn places_are_counted_each_once() {
        assert_eq!(places("SELECT 1"), Some(0));
        assert_eq!(places("a = $1 AND b = $2 OR c = $1"), Some(2));
        let many: Vec<String> = (1..=11).map(|n| format!("${n}")).collect();
        assert_eq!(places(&format!("x IN ({})", many.join(", "))), Some(11));
    }

    #[test]
    fn a_place_left_out_or_spelt_otherwise_is_an_error() {
        let beyond = format!("${}", PLACES_MAX + 1);
        for wrong in
            ["$2", "a = $1 AND b = $3", "$0", "$", "$x", "?", "?1", "a = ?", ":name", "@name", "$1 :n", &beyond]
        {
            assert_eq!(places(wrong), None, "{wrong}");
            for given in 0..4 {
                let values = vec![super::Value::Int(1); given];
                let refused = Statement::new("test", wrong.to_owned(), values);
                assert!(matches!(refused, Err(StoreError::Places { doing: "test" })), "{wrong}");
            }
        }
    }

    #[test]
    fn a_missing_or_surplus_value_is_an_error_and_not_null() {
        for (sql, wanted) in [("SELECT 1", 0), ("SELECT $1", 1), ("SELECT $1, $2, $1", 2)] {
            for given in 0..4 {
                let done = Statement::new("test", sql.to_owned(), vec![super::Value::Int(1); given]);
                match done {
                    Ok(_) => assert_eq!(given, wanted, "{sql}"),
                    Err(StoreError::Binds { wanted: said, given: counted, .. }) => {
                        assert_eq!((said, counted), (wanted, given), "{sql}");
                        assert_ne!(given, wanted, "{sql}");
                    }
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }
}
