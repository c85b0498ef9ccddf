//! Makes small sets and reads them back in the simplest ways.

use record::civil::Day;
use serde_json::Value;
use standin::{Dirt, Formats, InMemory, Plan, make};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Patients of that plan.
pub(crate) const PATIENTS: u32 = 90;

/// The plan of most tests: every kind of practice, a little of everything.
pub(crate) fn plan() -> Plan {
    Plan::new(3, PATIENTS, 11, Day::new(2026, 6, 1).expect("a day"))
}

/// Files of a plan, by path.
pub(crate) fn made(plan: &Plan) -> BTreeMap<String, Vec<u8>> {
    let mut out = InMemory::default();
    make(plan, &mut out).expect("memory takes everything");
    out.files
}

/// That plan in all formats, made once.
pub(crate) fn whole() -> &'static BTreeMap<String, Vec<u8>> {
    static WHOLE: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    WHOLE.get_or_init(|| made(&plan()))
}

/// Many more people, as tables, messages and truth, made once.
pub(crate) fn many() -> &'static BTreeMap<String, Vec<u8>> {
    static MANY: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    MANY.get_or_init(|| some(Plan { patients: 450, ..plan() }, "csv,hl7v2,text,truth"))
}

/// Files of a plan in some formats.
pub(crate) fn some(plan: Plan, formats: &str) -> BTreeMap<String, Vec<u8>> {
    let formats = formats.parse::<Formats>().expect("formats");
    made(&Plan { formats, dirt: Dirt::NONE, ..plan })
}

/// Each file whose path has this part, as text.
pub(crate) fn texts<'a>(
    files: &'a BTreeMap<String, Vec<u8>>,
    part: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    files
        .iter()
        .filter(move |(path, _)| path.contains(part))
        .map(|(path, bytes)| (path.as_str(), str::from_utf8(bytes).expect("text is UTF-8")))
}

/// Lines of JSON in each file whose path has this part, with the practice's folder.
pub(crate) fn json(files: &BTreeMap<String, Vec<u8>>, part: &str) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (path, text) in texts(files, part) {
        let folder = path.split('/').next().unwrap_or_default().to_owned();
        for line in text.lines() {
            all.push((folder.clone(), serde_json::from_str(line).expect("a line is JSON")));
        }
    }
    all
}

/// One value as text.
pub(crate) fn said<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Rows of a table as maps from column to cell, by RFC 4180.
pub(crate) fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut records: Vec<Vec<String>> = vec![vec![String::new()]];
    let (mut quoted, mut letters) = (false, text.chars().peekable());
    while let Some(letter) = letters.next() {
        let record = records.last_mut().expect("there is one");
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => record.last_mut().expect("a cell").push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(String::new()),
            '\r' if !quoted => {}
            '\n' if !quoted => records.push(vec![String::new()]),
            _ => record.last_mut().expect("a cell").push(letter),
        }
    }
    records.pop();
    let header = records.remove(0);
    let row = |cells: Vec<String>| {
        assert_eq!(cells.len(), header.len(), "columns never move");
        header.iter().cloned().zip(cells).collect()
    };
    records.into_iter().map(row).collect()
}

/// `03/09/2017` → `2017-03-09`
pub(crate) fn iso(us: &str) -> String {
    format!("{}-{}-{}", &us[6..], &us[..2], &us[3..5])
}
