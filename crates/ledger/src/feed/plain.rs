//! The header as it stands in the ledger.

use super::Line;
use serde::Serialize;
use serde_json::{Value, json};

pub(super) fn object(line: &Line<'_>) -> impl Serialize + use<> {
    json!({
        "v": 1,
        "index": line.index,
        "leaf_hash": line.leaf_hash,
        "checkpoint": {
            "origin": line.feed.origin,
            "size": line.feed.head.size,
            "root": line.feed.head.root,
        },
        // An entry's own writing cannot fail; were it to, the line says that there is none.
        "entry": line.entry.as_ref().map_or(Value::Null, |entry| json!(entry)),
    })
}
