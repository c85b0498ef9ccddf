//! Values on their way into SQL and out of it. Every text names what it is doing; the count of places and
//! values must agree, because one engine leaves a missing value NULL without a word.

use crate::StoreError;
use record::Timestamp;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, Sqlite};

/// One value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
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
ids_are_text!(AgreementId AlertId BreakGlassId CredentialId CustomerId DocumentId InvitationId MembershipId
    ObjectId PatientId PersonId ResourceId SessionId UploadId);

/// `binds![a, b]`: the values of a text, in order.
macro_rules! binds {
    ($($value:expr),* $(,)?) => { vec![$($crate::binds::Value::from($value)),*] };
}
pub(crate) use binds;

/// How many places (`$1` … `$n`) a text has.
fn places(sql: &str) -> usize {
    let bytes = sql.as_bytes();
    let mut highest = 0;
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'$' {
            let digits = bytes[at + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            highest = sql[at + 1..=at + digits].parse::<usize>().unwrap_or(0).max(highest);
            at += digits;
        }
        at += 1;
    }
    highest
}

/// A text with its values, ready for the engine.
pub(crate) fn query(
    doing: &'static str,
    sql: String,
    values: Vec<Value>,
) -> Result<sqlx::query::Query<'static, Sqlite, SqliteArguments>, StoreError> {
    let wanted = places(&sql);
    if wanted != values.len() {
        return Err(StoreError::Binds { doing, wanted, given: values.len() });
    }
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for value in values {
        query = match value {
            Value::Text(text) => query.bind(text),
            Value::Int(number) => query.bind(number),
            Value::Bytes(bytes) => query.bind(bytes),
            Value::NoText => query.bind(None::<String>),
            Value::NoInt => query.bind(None::<i64>),
            Value::NoBytes => query.bind(None::<Vec<u8>>),
        };
    }
    Ok(query)
}

/// One row that came back.
pub(crate) struct Row(pub(crate) SqliteRow);

impl Row {
    pub(crate) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.0.try_get(column).map_err(|_| StoreError::Column { column })
    }
    pub(crate) fn int(&self, column: &'static str) -> Result<i64, StoreError> {
        self.0.try_get(column).map_err(|_| StoreError::Column { column })
    }
    pub(crate) fn bytes(&self, column: &'static str) -> Result<Vec<u8>, StoreError> {
        self.0.try_get(column).map_err(|_| StoreError::Column { column })
    }
    pub(crate) fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.0.try_get(column).map_err(|_| StoreError::Column { column })
    }
    pub(crate) fn maybe_int(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.0.try_get(column).map_err(|_| StoreError::Column { column })
    }
    pub(crate) fn maybe_bytes(&self, column: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.try_get(column).map_err(|_| StoreError::Column { column })
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
    use super::{places, query};

    #[test]
    fn places_are_counted_by_the_highest_number() {
        assert_eq!(places("SELECT 1"), 0);
        assert_eq!(places("a = $1 AND b = $2 OR c = $1"), 2);
        assert_eq!(places("x IN ($10, $11)"), 11);
    }

    #[test]
    fn a_missing_value_is_an_error_and_not_null() {
        assert!(query("test", "SELECT $1, $2".to_owned(), binds!["one"]).is_err());
    }
}
