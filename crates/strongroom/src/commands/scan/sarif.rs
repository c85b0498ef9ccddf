//! Findings as SARIF 2.1.0 (OASIS), which code hosts show beside the lines of a change.
//!
//! What must always hold: it is one document, so it is written when all files are read; it holds no text that was found.

use super::report::{File, confidence, plain};
use identify::Confidence;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The whole document.
pub(super) fn document(files: &[File], explained: impl Fn(&str) -> &'static str) -> Value {
    let mut rules = BTreeMap::new();
    for told in files.iter().flat_map(|file| &file.told) {
        rules.insert(told.finding.rule, told.finding.kind);
    }
    let rules: Vec<Value> = rules
        .into_iter()
        .map(|(rule, kind)| {
            json!({
                "id": rule,
                "shortDescription": {"text": format!("A {} that may be somebody's", kind.as_str().replace('_', " "))},
                "fullDescription": {"text": explained(rule)},
                "defaultConfiguration": {"level": "warning"},
            })
        })
        .collect();
    let results: Vec<Value> = files.iter().flat_map(results).collect();
    let notes: Vec<Value> = files.iter().flat_map(notes).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "strongroom scan", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "utf16CodeUnits",
            "results": results,
            "invocations": [{"executionSuccessful": files.iter().all(|file| file.broken.is_none()), "toolExecutionNotifications": notes}],
        }],
    })
}

fn results(file: &File) -> Vec<Value> {
    let result = |told: &super::report::Told| {
        let finding = &told.finding;
        let level = if finding.confidence >= Confidence::HIGH { "error" } else { "warning" };
        let mut place = json!({"artifactLocation": {"uri": uri(&file.path)}});
        match &told.part {
            // Offsets in a packed file's part are none in the file.
            Some(part) => place["artifactLocation"]["description"] = json!({"text": plain(part)}),
            None => {
                place["region"] = json!({
                    "startLine": told.line, "byteOffset": finding.start, "byteLength": finding.end - finding.start,
                });
            }
        }
        json!({
            "ruleId": finding.rule,
            "level": level,
            "message": {"text": format!("{} ({:.2})", finding.kind, confidence(finding))},
            "locations": [{"physicalLocation": place}],
        })
    };
    file.told.iter().map(result).collect()
}

fn notes(file: &File) -> Vec<Value> {
    let said = |text: String, level: &str| {
        let place = json!([{"physicalLocation": {"artifactLocation": {"uri": uri(&file.path)}}}]);
        json!({"level": level, "message": {"text": text}, "locations": place})
    };
    let opaque = file.opaque.iter().map(|(part, why)| {
        let part = part.as_ref().map_or_else(String::new, |part| format!("{}: ", plain(part)));
        said(format!("{part}not read: {why}"), "note")
    });
    opaque.chain(file.broken.iter().map(|why| said(format!("not read to its end: {why}"), "error"))).collect()
}

/// A relative reference (RFC 3986): what is neither unreserved nor a slash is escaped.
fn uri(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn a_path_becomes_a_reference_that_a_viewer_can_follow() {
        assert_eq!(uri("./a b/ü#1.txt"), "a%20b/%C3%BC%231.txt");
    }
}
