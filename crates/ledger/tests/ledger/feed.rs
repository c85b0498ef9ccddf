//! The lines for a log collector: the written vectors of docs/FORMATS-export.md, and that nothing forges a line.

use proptest::prelude::*;
use record::{
    Action, CustomerId, DocumentId, Entry, IntentId, Outcome, PersonId, Principal, ProgramId, Purpose, Resources,
    SessionId, Sha256, Timestamp,
};
use std::collections::BTreeMap;
use strongroom_ledger::leaf::{bundle, encode};
use strongroom_ledger::tree::{Head, leaf_hash};
use strongroom_ledger::{Feed, Format};

fn entry() -> Entry {
    Entry {
        v: 1,
        at: Timestamp::from_unix_millis(1_700_000_000_000),
        intent: IntentId::from_bytes([1; 16]),
        intent_digest: Sha256::of(b"intent"),
        principal: Principal::Person(PersonId::from_bytes([2; 16])),
        session: Some(SessionId::from_bytes([5; 16])),
        action: Action::DocumentDownload,
        outcome: Outcome::Done,
        customer: Some(CustomerId::from_bytes([3; 16])),
        resources: Resources::of([DocumentId::from_bytes([4; 16]).into()]),
        purpose: Purpose::Treatment,
        why: String::new(),
        bytes_out: Some(18_442),
    }
}

fn leaf(entry: &Entry) -> Vec<u8> {
    let salt = std::array::from_fn(|place| u8::try_from(place).unwrap());
    encode(entry, b"sealed", &salt).unwrap()
}

fn feed(format: Format) -> Feed {
    Feed {
        format,
        origin: "records.example.com/ledger".to_owned(),
        host: "portal.example.com".to_owned(),
        version: "0.1.0".to_owned(),
        head: Head { size: 48_214, root: Sha256::of(b"root") },
    }
}

/// The lines of the document's code block.
fn written(name: &str) -> String {
    let document = include_str!("../../../../docs/FORMATS-export.md");
    let start = format!("```text {name}\n");
    let from = document.find(&start).unwrap_or_else(|| panic!("no vector {name}")) + start.len();
    document[from..].split("```").next().unwrap().to_owned()
}

#[test]
fn the_lines_are_the_written_ones() {
    let refused = Entry {
        action: Action::SessionStart,
        outcome: Outcome::Refused,
        principal: Principal::Stranger,
        session: None,
        customer: None,
        resources: Resources::none(),
        purpose: Purpose::Administration,
        why: "a \"quote\", a \\, a ], \u{2028}<13>1 and an end\n".to_owned(),
        bytes_out: None,
        ..entry()
    };
    let keys = Entry {
        action: Action::KeyRotate,
        outcome: Outcome::Permitted,
        principal: Principal::Program(ProgramId::from_bytes([6; 16])),
        session: None,
        resources: Resources::none(),
        purpose: Purpose::Administration,
        bytes_out: None,
        ..entry()
    };
    for format in Format::ALL {
        let feed = feed(*format);
        let lines: String =
            [(48_211, leaf(&entry())), (48_212, leaf(&refused)), (48_213, leaf(&keys)), (48_214, vec![9])]
                .iter()
                .map(|(index, leaf)| feed.line(*index, leaf))
                .collect();
        let written = written(format.as_str());
        if *format == Format::Syslog {
            assert_eq!(lines, written);
            continue;
        }
        // Objects are what they hold, in whatever order.
        let read = |text: &str| -> Vec<serde_json::Value> {
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        assert_eq!(read(&lines), read(&written), "{format}");
    }
}

/// Reads RFC 5424 as its ABNF has it: priority, header fields, parameters by element and name, message.
#[derive(Debug)]
struct Read {
    priority: u32,
    header: Vec<String>,
    params: BTreeMap<String, Vec<String>>,
    message: String,
}

fn read(line: &str) -> Option<Read> {
    let (priority, rest) = line.strip_prefix('<')?.split_once(">1 ")?;
    let mut fields = rest.splitn(6, ' ');
    let header: Vec<String> = fields.by_ref().take(5).map(ToOwned::to_owned).collect();
    let mut rest = fields.next()?;
    let mut params = BTreeMap::<String, Vec<String>>::new();
    while let Some(inside) = rest.strip_prefix('[') {
        let end = inside.find([' ', ']'])?;
        let element = &inside[..end];
        let (id, number) = element.split_once('@')?;
        assert!(id.chars().all(|one| one.is_ascii_alphanumeric()) && number.parse::<u32>().is_ok());
        rest = &inside[end..];
        while let Some(param) = rest.strip_prefix(' ') {
            let (name, value) = param.split_once("=\"")?;
            assert!(name.len() <= 32 && name.chars().all(|one| one.is_ascii_alphanumeric()), "{name:?}");
            let mut text = String::new();
            let mut letters = value.char_indices();
            let end = loop {
                match letters.next()? {
                    (_, '\\') => text.push(letters.next().filter(|(_, one)| "\"\\]".contains(*one))?.1),
                    (at, '"') => break at + 1,
                    (_, ']') => return None,
                    (_, letter) => text.push(letter),
                }
            };
            params.entry(format!("{id}.{name}")).or_default().push(text);
            rest = &value[end..];
        }
        rest = rest.strip_prefix(']')?;
    }
    Some(Read { priority: priority.parse().ok()?, header, params, message: rest.strip_prefix(' ')?.to_owned() })
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let action = proptest::sample::select(Action::ALL.to_vec());
    let outcome = proptest::sample::select(Outcome::ALL.to_vec());
    let hostile = prop_oneof![
        any::<String>(),
        "[\"\\\\\\]\\[ \n\r\u{0}\u{1b}\u{7f}\u{85}\u{2028}\u{202e}<>{}a]{0,80}",
        Just("\"] \n<104>1 2026-01-01T00:00:00Z h a - - [x y=\"".to_owned()),
    ];
    (action, outcome, hostile, any::<i64>(), 0_u128..700, any::<Option<u64>>()).prop_map(
        |(action, outcome, why, at, many, bytes_out)| Entry {
            at: Timestamp::from_unix_millis(at),
            action,
            outcome,
            why,
            bytes_out,
            resources: Resources::of((0..many).map(|one| DocumentId::from_bytes(one.to_be_bytes()).into())),
            ..entry()
        },
    )
}

proptest! {
    #[test]
    fn whatever_stands_in_an_entry_it_is_one_line_of_printable_ascii(
        entry in any_entry(), origin in any::<String>(), host in any::<String>(),
    ) {
        for format in Format::ALL {
            let feed = Feed { origin: origin.clone(), host: host.clone(), ..feed(*format) };
            let line = feed.line(7, &leaf(&entry));
            let inside = line.strip_suffix('\n').expect("a line ends");
            prop_assert!(inside.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{inside:?}");
        }
    }

    #[test]
    fn a_strict_reader_of_rfc_5424_finds_what_was_written_and_nothing_more(
        entry in any_entry(), origin in any::<String>(), host in any::<String>(),
    ) {
        let feed = Feed { origin, host, ..feed(Format::Syslog) };
        let leaf = leaf(&entry);
        let line = feed.line(7, &leaf);
        let line = line.trim_end_matches('\n');
        prop_assert!(line.len() <= 2048, "{}", line.len());
        let read = read(line).expect("a message of RFC 5424");
        prop_assert!((104..112).contains(&read.priority), "log audit, and a severity");
        let limits = [30, 255, 48, 128, 32];
        for (field, most) in read.header.iter().zip(limits) {
            prop_assert!(!field.is_empty() && field.len() <= most && field.bytes().all(|one| one.is_ascii_graphic()));
        }
        prop_assert_eq!(&read.header[4], entry.action.as_str());
        let one = |name: &str| read.params[name].clone();
        prop_assert_eq!(one("entry.index"), ["7"]);
        prop_assert_eq!(one("entry.leaf"), [leaf_hash(&leaf).to_string()]);
        prop_assert_eq!(one("entry.root"), [feed.head.root.to_string()]);
        prop_assert_eq!(one("act.outcome"), [entry.outcome.as_str()]);
        prop_assert!(read.params.get("act.resource").map_or(0, Vec::len) <= 500);
        let known = [
            "entry.index", "entry.leaf", "entry.origin", "entry.size", "entry.root", "act.intent", "act.principal",
            "act.outcome", "act.purpose", "act.session", "act.customer", "act.why", "act.bytesOut", "act.resources",
            "act.resourcesDigest", "act.resource",
        ];
        prop_assert!(read.params.keys().all(|name| known.contains(&name.as_str())), "{:?}", read.params);
        prop_assert!(read.message.starts_with("per_"));
    }

    #[test]
    fn the_json_forms_read_back_as_the_entry_that_was_written(entry in any_entry(), origin in any::<String>()) {
        let leaf = leaf(&entry);
        let feed = Feed { origin: origin.clone(), ..feed(Format::Json) };
        let plain: serde_json::Value = serde_json::from_str(&feed.line(7, &leaf)).unwrap();
        let header = leaf.len() - 35 - b"sealed".len();
        let stored: serde_json::Value = serde_json::from_slice(&leaf[35..35 + header]).unwrap();
        prop_assert_eq!(&plain["entry"], &stored);
        prop_assert_eq!(plain["checkpoint"]["origin"].as_str(), Some(origin.as_str()));
        let feed = Feed { format: Format::Ocsf, ..feed };
        let ocsf: serde_json::Value = serde_json::from_str(&feed.line(7, &leaf)).unwrap();
        let fault = fault(&ocsf);
        prop_assert!(fault.is_none(), "{fault:?}: {ocsf}");
        prop_assert_eq!(ocsf["metadata"]["event_code"].as_str(), Some(entry.action.as_str()));
        if !entry.why.is_empty() {
            prop_assert_eq!(ocsf["status_detail"].as_str(), Some(entry.why.as_str()));
        }
    }

    #[test]
    fn a_leaf_of_any_bytes_has_one_line(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for format in Format::ALL {
            let line = feed(*format).line(3, &bytes);
            prop_assert_eq!(line.matches('\n').count(), 1);
            prop_assert!(line.contains(&leaf_hash(&bytes).to_string()));
        }
    }
}

/// What OCSF 1.5.0 requires of an event of its class and this one lacks (schema/events, schema/objects).
fn fault(event: &serde_json::Value) -> Option<String> {
    let class = event["class_uid"].as_u64()?;
    let (category, activities, required): (u64, &[u64], &[&str]) = match class {
        6003 => (6, &[1, 2, 3, 4], &["/actor", "/api/operation", "/src_endpoint/name"]),
        3002 => (3, &[1, 2, 99], &["/user", "/service/name"]),
        3004 => (3, &[1, 2, 3, 4, 6, 7], &["/entity/uid"]),
        other => return Some(format!("class {other}")),
    };
    let base = [
        "/activity_id",
        "/category_uid",
        "/class_uid",
        "/metadata/version",
        "/metadata/product/vendor_name",
        "/metadata/product/name",
        "/severity_id",
        "/time",
        "/type_uid",
    ];
    let missing = base.iter().chain(required).find(|path| event.pointer(path).is_none_or(serde_json::Value::is_null));
    if let Some(missing) = missing {
        return Some(format!("{missing} is missing"));
    }
    let activity = event["activity_id"].as_u64()?;
    let type_uid = event["type_uid"].as_u64()?;
    let sound =
        event["category_uid"] == category && activities.contains(&activity) && type_uid == class * 100 + activity;
    (!sound).then(|| "numbers that do not belong together".to_owned())
}

#[test]
fn what_is_sealed_into_an_entry_is_in_no_line() {
    let sealed = b"Quillfeather, Nora, born 2016";
    let leaf = encode(&entry(), sealed, &[0; 32]).unwrap();
    assert!(bundle([leaf.as_slice()]).unwrap().windows(12).any(|part| part == b"Quillfeather"), "it is in the leaf");
    for format in Format::ALL {
        assert!(!feed(*format).line(0, &leaf).contains("Quillfeather"), "{format}");
    }
}
