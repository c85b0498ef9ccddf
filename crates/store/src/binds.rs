//! Values on their way into SQL and out of it. Every text names what it is doing; the count of places and
//! values must agree, because one engine leaves a missing value NULL without a word.

use crate::StoreError;
use record::Timestamp;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, Sqlite};

/// The most places a text may have: SQLite's limit (SQLITE_MAX_VARIABLE_NUMBER), half of PostgreSQL's.
const PLACES_MAX: usize = 32_766;

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
    ObjectId PatientId PersonId RelatedPersonId RequestId ResourceId SessionId UploadId);

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

/// A text with its values, ready for the engine.
pub(crate) fn query(
    doing: &'static str,
    sql: String,
    values: Vec<Value>,
) -> Result<sqlx::query::Query<'static, Sqlite, SqliteArguments>, StoreError> {
    let given = values.len();
    let wanted = places(&sql).ok_or(StoreError::Places { doing })?;
    if wanted != given {
        return Err(StoreError::Binds { doing, wanted, given });
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
    use super::{PLACES_MAX, places, query};
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
                let refused = query("test", wrong.to_owned(), values);
                assert!(matches!(refused, Err(StoreError::Places { doing: "test" })), "{wrong}");
            }
        }
    }

    #[test]
    fn a_missing_or_surplus_value_is_an_error_and_not_null() {
        for (sql, wanted) in [("SELECT 1", 0), ("SELECT $1", 1), ("SELECT $1, $2, $1", 2)] {
            for given in 0..4 {
                let done = query("test", sql.to_owned(), vec![super::Value::Int(1); given]);
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
