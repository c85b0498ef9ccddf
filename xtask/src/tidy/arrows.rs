//! Which crate may know which, from `cargo metadata`.
//!
//! What must always hold: an arrow that is not in [`ALLOWED`] is a finding, and so is a crate without a row;
//! a library that belongs behind one crate is found anywhere else, tests included.
//!
//! A new arrow needs a decision note in `docs/decisions/` and then a line here.

use super::{Finding, Report};
use cargo_metadata::{DependencyKind, Metadata, Package, PackageId};
use std::collections::{BTreeMap, BTreeSet};

/// What all packages of ours are called, before the crate's own name; the binary and xtask have no such prefix.
const PREFIX: &str = "strongroom-";

/// Crate → the crates of ours that it may name. Crates that are still to come have their row already.
const ALLOWED: &[(&str, &[&str])] = &[
    ("record", &[]),
    ("policy", &["record"]),
    ("ledger", &["record"]),
    ("vault", &["record", "policy", "ledger"]),
    ("standin", &["record"]),
    // standin: for tests, docs/decisions/0030-a-manifest-says-what-and-whose.md
    ("identify", &["record", "standin"]),
    ("breach", &["record"]),
    ("watch", &["record"]),
    ("convert", &["record", "identify"]),
    // fake-bucket: for tests, docs/decisions/0016-sealed-objects-in-a-bucket.md
    ("fake-bucket", &[]),
    ("store", &["record", "policy", "ledger", "vault", "fake-bucket"]),
    (
        "custody",
        &[
            "record",
            "policy",
            "ledger",
            "vault",
            "identify",
            "standin",
            "breach",
            "watch",
            "convert",
            "store",
            "fake-bucket",
        ],
    ),
    ("portal", &["custody", "record"]),
    // record: docs/decisions/0003-the-binary-speaks-the-words.md
    // breach: without a server, docs/decisions/0035-who-must-be-told-is-computed-without-a-server.md
    ("strongroom", &["portal", "custody", "identify", "standin", "breach", "ledger", "record"]),
    (
        "tests",
        &[
            "record",
            "policy",
            "ledger",
            "vault",
            "identify",
            "standin",
            "breach",
            "watch",
            "convert",
            "store",
            "custody",
            "portal",
            "fake-bucket",
        ],
    ),
    ("xtask", &[]),
];

/// Library → the only crates that may name it, tests included. A name ending in `*` stands for all that begin so.
const CONFINED: &[(&str, &[&str])] = &[
    ("sqlx*", &["store"]),
    ("libsqlite3-sys", &["store"]),
    ("rusqlite", &["store"]),
    ("object_store", &["store"]),
    ("axum*", &["portal"]),
    ("askama*", &["portal"]),
    ("clap*", &["strongroom", "xtask"]),
    ("anyhow", &["strongroom", "xtask", "tests"]),
    ("cedar-policy*", &["policy"]),
];

/// Crates that stand below the runtime: they compute, and wait for nothing.
const WITHOUT_RUNTIME: &[&str] =
    &["record", "policy", "ledger", "vault", "identify", "standin", "breach", "watch", "convert"];

/// What a runtime is called.
const RUNTIMES: &[&str] = &["tokio*", "async-std", "smol", "hyper*"];

/// One direct dependency, as `Cargo.toml` names it.
struct Arrow {
    from: String,
    to: String,
    kind: DependencyKind,
}

/// Checks every direct dependency of ours, and whatever lies below the rooms that wait for nothing.
pub(super) fn check(metadata: &Metadata, report: &mut Report) {
    let mut arrows = Vec::new();
    for package in metadata.workspace_packages() {
        let from = short(package.name.as_ref());
        if !ALLOWED.iter().any(|(name, _)| *name == from) {
            let what =
                "has no row in the table of arrows (xtask/src/tidy/arrows.rs); a new crate needs a decision note";
            report.findings.push(Finding::whole(&from, "arrows", what));
        }
        if WITHOUT_RUNTIME.contains(&from.as_str()) {
            report.findings.extend(runtime_below(metadata, &package.id, &from));
        }
        arrows.extend(arrows_of(package, &from));
    }
    report.looked_at.push(format!("{} arrows between crates and to libraries", arrows.len()));
    report.findings.extend(arrows.iter().flat_map(judge));
}

/// A runtime that comes in by way of a library, tests aside.
fn runtime_below(metadata: &Metadata, id: &PackageId, from: &str) -> Vec<Finding> {
    let Some(resolve) = &metadata.resolve else {
        return vec![Finding::whole(from, "arrows", "cargo metadata told nothing of what lies below")];
    };
    let below: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, &node.deps)).collect();
    let mut found = Vec::new();
    let (mut seen, mut open) = (BTreeSet::from([id]), vec![id]);
    while let Some(next) = open.pop() {
        let shipped = below.get(next).into_iter().flat_map(|deps| deps.iter());
        for dependency in shipped.filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)) {
            if seen.insert(&dependency.pkg) {
                open.push(&dependency.pkg);
                // A direct one is named by `judge` already.
                let direct = next == id;
                if !direct && RUNTIMES.iter().any(|pattern| matches(pattern, &dependency.name)) {
                    let what = format!("no runtime below store, and {} comes in through a library", dependency.name);
                    found.push(Finding::whole(from, "arrows", what));
                }
            }
        }
    }
    found
}

fn arrows_of(package: &Package, from: &str) -> Vec<Arrow> {
    let arrow = |name: &str, kind| Arrow { from: from.to_owned(), to: short(name), kind };
    package.dependencies.iter().map(|dependency| arrow(&dependency.name, dependency.kind)).collect()
}

/// The crate's own name: `strongroom-policy` is `policy`.
fn short(name: &str) -> String {
    name.strip_prefix(PREFIX).unwrap_or(name).to_owned()
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

/// Every law that one arrow breaks.
fn judge(arrow: &Arrow) -> Vec<Finding> {
    let mut found = Vec::new();
    let (from, to) = (arrow.from.as_str(), arrow.to.as_str());
    let ours = ALLOWED.iter().any(|(name, _)| *name == to);
    let allowed = ALLOWED.iter().find(|(name, _)| *name == from).map_or(&[][..], |(_, targets)| targets);
    if ours && !allowed.contains(&to) {
        let may = if allowed.is_empty() { "none of ours".to_owned() } else { allowed.join(", ") };
        found.push(Finding::whole(from, "arrows", format!("must not know {to}; it may know {may}")));
    }
    if let Some((library, rooms)) = CONFINED.iter().find(|(pattern, _)| matches(pattern, to))
        && !rooms.contains(&from)
    {
        found.push(Finding::whole(from, "arrows", format!("{library} belongs in {} only", rooms.join(", "))));
    }
    let waits = RUNTIMES.iter().any(|pattern| matches(pattern, to));
    // A test below store may drive a future on a runtime; what is shipped may not.
    if waits && WITHOUT_RUNTIME.contains(&from) && arrow.kind != DependencyKind::Development {
        found.push(Finding::whole(from, "arrows", format!("no runtime below store, and {to} is one")));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{ALLOWED, Arrow, CONFINED, judge};
    use cargo_metadata::DependencyKind;

    fn findings(from: &str, to: &str, kind: DependencyKind) -> usize {
        judge(&Arrow { from: from.to_owned(), to: to.to_owned(), kind }).len()
    }

    #[test]
    fn every_arrow_outside_the_table_is_found_and_every_one_inside_is_not() {
        for (from, allowed) in ALLOWED {
            for (to, _) in ALLOWED {
                let expected = usize::from(!allowed.contains(to));
                assert_eq!(findings(from, to, DependencyKind::Normal), expected, "{from} -> {to}");
                assert_eq!(findings(from, to, DependencyKind::Development), expected, "{from} -> {to} in tests");
            }
        }
    }

    #[test]
    fn the_table_has_no_circles() {
        for (index, (from, allowed)) in ALLOWED.iter().enumerate() {
            for to in *allowed {
                let above = ALLOWED.iter().position(|(name, _)| name == to);
                let down = above.is_some_and(|position| position < index);
                assert!(down, "{from} -> {to} points up the table");
            }
        }
    }

    #[test]
    fn a_runtime_that_comes_in_through_a_library_is_found() {
        let metadata = crate::tidy::packages(&crate::tree::top().expect("a checkout")).expect("metadata");
        let room = |name: &str| {
            let package = metadata.workspace_packages().into_iter().find(|package| package.name.as_ref() == name);
            super::runtime_below(&metadata, &package.expect("the room exists").id, name).len()
        };
        assert_eq!(room("strongroom-record"), 0);
        // store waits for disks: what is forbidden below it is found in it.
        assert!(room("strongroom-custody") > 0);
    }

    #[test]
    fn a_confined_library_is_found_outside_its_room() {
        for (library, rooms) in CONFINED {
            let name = library.trim_end_matches('*');
            for (from, _) in ALLOWED {
                let expected = usize::from(!rooms.contains(from));
                assert_eq!(findings(from, name, DependencyKind::Development), expected, "{from} -> {name}");
            }
        }
        assert_eq!(findings("custody", "sqlx-core", DependencyKind::Normal), 1);
    }

    #[test]
    fn a_runtime_below_store_is_found() {
        assert_eq!(findings("ledger", "tokio", DependencyKind::Normal), 1);
        assert_eq!(findings("vault", "tokio-util", DependencyKind::Build), 1);
        assert_eq!(findings("store", "tokio", DependencyKind::Normal), 0);
    }
}
