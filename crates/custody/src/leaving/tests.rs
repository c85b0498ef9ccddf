//! A practice leaves: who may, what goes with it, what is refused when anything of it was changed, and when what is left
//! may be destroyed.

use super::folder::ExportFolder;
use super::frames::{FrameWriter, Table};
use super::rows::part_name;
use super::sealed::{ExportSecret, SealedWriter};
use super::{ExportOpen, LeavingError, PracticeExport, export_open, history_verify};
use crate::filled::{Filled, PLANTED_NAME, PLANTED_TEXT, files, filled, holds, root};
use crate::testing::{HOUR_MILLIS, Someone};
use crate::{Approved, CustodyError, RelatedBody, SameBytes, UploadCut};
use bytes::Bytes;
use record::{Outcome, RelatedKind, Sha256, act};
use std::path::{Path, PathBuf};
use store::{EntryFilter, LeavingState};

pub(crate) async fn leaves(filled: &Filled) {
    filled.house.step_up(&filled.manager).await.unwrap();
    filled.house.desk::<act::CustomerLeave>(&filled.manager).await.leave_begin(filled.clinic).await.unwrap();
}

/// Writes parts until the how-manieth, or until all is there.
async fn exporting(filled: &Filled, by: &Someone, steps: usize) -> Result<PracticeExport, CustodyError> {
    let out = filled.outside.path().join("export");
    let mut export = filled.house.desk::<act::CustomerExport>(by).await.export_begin(filled.clinic, &out).await?;
    for _ in 0..steps {
        if !filled.house.desk::<act::CustomerExport>(by).await.export_next(&mut export).await? {
            break;
        }
    }
    Ok(export)
}

pub(crate) async fn exported(filled: &Filled) -> (PathBuf, PracticeExport) {
    let export = exporting(filled, &filled.manager, usize::MAX).await.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(export.done().is_some());
    (filled.outside.path().join("export"), export)
}

pub(crate) async fn secret(filled: &Filled) -> String {
    filled.house.step_up(&filled.manager).await.unwrap();
    let desk = filled.house.desk::<act::CustomerLeave>(&filled.manager).await;
    desk.leave_secret(filled.clinic).await.unwrap().0.to_string()
}

fn open(from: &Path, secret: &str, out: Option<&Path>) -> Result<super::ExportOpened, LeavingError> {
    let secret = ExportSecret::read(secret)?;
    export_open(ExportOpen { from: from.to_owned(), secret, key: None, digest: None }, out)
}

/// A second version, a guardian, and a document about the patient.
pub(crate) async fn furnished(filled: &Filled) {
    let store = filled.custody().store();
    let patients = store.patient_page_of(filled.clinic, None, 10).await.unwrap();
    let mother = RelatedBody { last: "Quill".to_owned(), first: "Ines".to_owned(), ..RelatedBody::default() };
    let desk = filled.house.desk::<act::RelatedCreate>(&filled.records).await;
    desk.related_create(patients[0].id, RelatedKind::Guardian, &mother).await.unwrap();
    let new = crate::NewUpload {
        customer: Some(filled.clinic),
        file_name: "=second.txt".to_owned(),
        version_of: Some(filled.documents[0]),
        same: SameBytes::Keep,
        ..crate::NewUpload::default()
    };
    let long = vec![b'x'; 200_000];
    let bytes = futures_util::stream::iter([Ok::<Bytes, UploadCut>(Bytes::from(long))]);
    filled.house.desk::<act::DocumentUpload>(&filled.typist).await.document_upload(new, bytes).await.unwrap();
}

/// A clinic with everything exported: the house, the export's folder and its secret.
async fn sealed() -> (Filled, PathBuf, String) {
    let filled = filled().await;
    furnished(&filled).await;
    leaves(&filled).await;
    let (from, _) = exported(&filled).await;
    let secret = secret(&filled).await;
    (filled, from, secret)
}

fn state_of<T>(done: Result<T, CustodyError>) -> String {
    match done {
        Err(CustodyError::State(said)) => said.to_owned(),
        Err(other) => panic!("refused otherwise: {other:?}"),
        Ok(_) => panic!("nothing stood in the way"),
    }
}

#[tokio::test]
async fn everything_goes_with_a_practice_that_leaves_and_opens_for_whoever_has_the_secret() {
    let filled = filled().await;
    furnished(&filled).await;
    leaves(&filled).await;
    let (from, export) = exported(&filled).await;
    let (digest, counts) = export.done().unwrap();
    assert_eq!((counts.documents, counts.versions, counts.patients, counts.related), (3, 4, 1, 1), "{counts:?}");
    assert_eq!(counts.people, 2);
    for (path, bytes) in files(&from) {
        assert!(!holds(&bytes, PLANTED_NAME.as_bytes()) && !holds(&bytes, PLANTED_TEXT.as_bytes()), "{path:?}");
        assert!(!path.display().to_string().contains(PLANTED_NAME));
    }
    let readme = std::fs::read_to_string(from.join("README.txt")).unwrap();
    assert!(readme.starts_with("PHI – Lakeside Pediatrics\n"));
    let secret = secret(&filled).await;
    let out = filled.outside.path().join("opened");
    let opened = open(&from, &secret.to_lowercase(), Some(&out)).unwrap();
    assert_eq!((opened.digest, opened.counts), (digest, counts));
    let text = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    assert!(text("patients.ndjson").contains(PLANTED_NAME) && text("related.ndjson").contains("Ines"));
    assert_eq!(text("documents.ndjson").lines().count(), 3);
    assert!(text("people.ndjson").contains("Mona Manager"));
    let index = text("index.csv");
    assert!(index.ends_with("\r\n") && index.lines().count() == 5 && index.contains(",'=second.txt\r\n"), "{index}");
    let original = out.join(format!("originals/{}/2.txt", filled.documents[0]));
    assert_eq!(std::fs::read(&original).unwrap(), vec![b'x'; 200_000]);
    assert!(holds(&std::fs::read(original.with_file_name("1.txt")).unwrap(), PLANTED_TEXT.as_bytes()));
    // The same as FHIR: a patient, a document and an event each for what the tables hold, and bytes where they say.
    let resources = |kind: &str| -> Vec<serde_json::Value> {
        text(&format!("fhir/{kind}.ndjson")).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    assert_eq!(resources("Patient")[0]["name"][0]["family"], PLANTED_NAME);
    let told = ["Patient", "DocumentReference", "AuditEvent"].map(|kind| resources(kind).len() as u64);
    assert_eq!(told, [counts.patients, counts.versions, counts.entries]);
    for one in resources("DocumentReference") {
        assert_eq!(one["securityLabel"][0]["coding"][0]["code"], "N", "{one}");
        let path = out.join(one["content"][0]["attachment"]["url"].as_str().unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), one["content"][0]["attachment"]["size"].as_u64().unwrap());
    }
    let superseded = resources("DocumentReference").into_iter().filter(|one| one["status"] == "superseded").count();
    assert_eq!(superseded as u64, counts.versions - counts.documents);
    // The practice's own ledger verifies alone, by the house's key, and by no other.
    let verified = history_verify(&out.join("ledger.ndjson"), Some(&filled.custody().ledger_verifier())).unwrap();
    assert_eq!((verified.entries, verified.customer), (counts.entries, filled.clinic));
    let key: ledger::Verifier =
        "other+3ab28d38+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs".parse().unwrap_or_else(|_| {
            "records.example.com/ledger+3ab28d38+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs".parse().unwrap()
        });
    assert!(matches!(history_verify(&out.join("ledger.ndjson"), Some(&key)), Err(LeavingError::OtherLedger)));
}

#[tokio::test]
async fn each_part_is_an_act_of_the_managers_that_names_what_it_opened() {
    let filled = filled().await;
    leaves(&filled).await;
    exported(&filled).await;
    let filter = EntryFilter { customer: Some(filled.clinic), ..EntryFilter::default() };
    let entries = filled.custody().store().entry_list(&filter, 100).await.unwrap();
    let entries: Vec<_> = entries.iter().map(|one| ledger::leaf::decode(&one.leaf).unwrap().entry).collect();
    let acts =
        |outcome| entries.iter().filter(move |one| one.action.as_str() == "customer.export" && one.outcome == outcome);
    // Begun, people, patients, documents, ledger.
    assert_eq!((acts(Outcome::Permitted).count(), acts(Outcome::Done).count()), (5, 5));
    for id in &filled.documents {
        assert_eq!(acts(Outcome::Permitted).filter(|one| one.names(&(*id).into())).count(), 1);
    }
    assert!(acts(Outcome::Permitted).all(|one| one.principal == record::Principal::Person(filled.manager.person)));
    assert!(acts(Outcome::Done).any(|one| one.bytes_out.is_some_and(|bytes| bytes > 100)));
}

#[tokio::test]
async fn nobody_but_the_manager_lets_a_practice_leave_or_exports_it() {
    let filled = filled().await;
    filled.house.step_up(&filled.first).await.unwrap();
    filled.house.step_up(&filled.second).await.unwrap();
    for one in [&filled.first, &filled.second, &filled.records, &filled.typist] {
        let begun = filled.house.desk::<act::CustomerLeave>(one).await.leave_begin(filled.clinic).await;
        assert!(matches!(begun, Err(CustodyError::Refused(_))));
    }
    // Not begun: not even the manager exports.
    let said = state_of(exporting(&filled, &filled.manager, 1).await);
    assert!(said.contains("has not said that it leaves"), "{said}");
    leaves(&filled).await;
    for one in [&filled.first, &filled.second, &filled.records, &filled.typist] {
        assert!(matches!(exporting(&filled, one, 1).await, Err(CustodyError::Refused(_))));
    }
    // Another practice's manager neither.
    let (first, second) = (&filled.first, &filled.second);
    let other = filled.house.manager((first, second), filled.other, "Olaf Other").await;
    assert!(matches!(exporting(&filled, &other, 1).await, Err(CustodyError::Refused(_))));
    // Beginning needs a touch.
    filled.house.later(HOUR_MILLIS / 4);
    let begun = filled.house.desk::<act::CustomerLeave>(&filled.manager).await.leave_begin(filled.clinic).await;
    assert!(matches!(begun, Err(CustodyError::Refused(_))));
}

#[tokio::test]
async fn an_export_that_was_stopped_goes_on_behind_its_last_whole_part() {
    let filled = filled().await;
    furnished(&filled).await;
    leaves(&filled).await;
    let stopped = exporting(&filled, &filled.manager, 2).await.unwrap();
    let id = stopped.id();
    stopped.stop().await;
    let out = filled.outside.path().join("export");
    std::fs::write(out.join("part-00003.sealed.new"), b"half").unwrap();
    let first = std::fs::read(out.join(part_name(1))).unwrap();
    let (_, export) = exported(&filled).await;
    assert_eq!((export.id(), std::fs::read(out.join(part_name(1))).unwrap()), (id, first), "the same export");
    assert!(open(&out, &secret(&filled).await, None).is_ok());
    // Records that changed meanwhile make it no export.
    std::fs::rename(&out, filled.outside.path().join("first")).unwrap();
    let stopped = exporting(&filled, &filled.manager, 2).await.unwrap();
    stopped.stop().await;
    crate::filled::upload(&filled.house, &filled.typist, filled.clinic, 77).await;
    assert!(state_of(exporting(&filled, &filled.manager, 9).await).contains("have changed"));
}

#[tokio::test]
async fn records_that_change_while_they_are_exported_make_no_export() {
    let filled = filled().await;
    leaves(&filled).await;
    let mut export = exporting(&filled, &filled.manager, 5).await.unwrap();
    crate::filled::upload(&filled.house, &filled.typist, filled.clinic, 78).await;
    let desk = filled.house.desk::<act::CustomerExport>(&filled.manager).await;
    let mut last = Ok(true);
    while matches!(last, Ok(true)) {
        last = desk.export_next(&mut export).await;
    }
    assert!(state_of(last).contains("have changed"));
}

#[tokio::test]
async fn whatever_was_changed_taken_out_or_put_in_is_refused_with_a_word_for_it() {
    let (filled, from, secret) = sealed().await;
    let good = files(&from);
    let restore = || good.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    let other = "ABCD-".repeat(13);
    assert!(matches!(open(&from, other.trim_end_matches('-'), None), Err(LeavingError::WrongSecret)));
    assert!(matches!(open(&from, "ABCD", None), Err(LeavingError::SecretForm)));
    for (path, bytes) in good.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "sealed")) {
        let mut changed = bytes.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        std::fs::write(path, &changed).unwrap();
        assert!(open(&from, &secret, None).is_err(), "{path:?}");
        std::fs::remove_file(path).unwrap();
        assert!(matches!(open(&from, &secret, None), Err(LeavingError::Missing(_) | LeavingError::Unfinished)));
        restore();
    }
    // One part in the place of another.
    std::fs::copy(from.join(part_name(1)), from.join(part_name(2))).unwrap();
    assert!(matches!(open(&from, &secret, None), Err(LeavingError::Changed(_))));
    restore();
    assert!(open(&from, &secret, None).is_ok());
    // A part of another customer's export.
    let mut foreign = std::fs::read(from.join(part_name(3))).unwrap();
    foreign[8] ^= 1;
    std::fs::write(from.join(part_name(3)), foreign).unwrap();
    assert!(matches!(open(&from, &secret, None), Err(LeavingError::OtherExport(name)) if name == part_name(3)));
    restore();
    let digest = Some(Sha256::of(b"another"));
    let order = ExportOpen { from: from.clone(), secret: ExportSecret::read(&secret).unwrap(), key: None, digest };
    assert!(matches!(export_open(order, None), Err(LeavingError::Digest)));
    // Nothing is written in clear of what does not verify.
    let out = filled.outside.path().join("opened");
    std::fs::remove_file(from.join(part_name(3))).unwrap();
    assert!(open(&from, &secret, Some(&out)).is_err() && !out.exists());
}

/// Frames as they lie in a part: tables' rows and files' bytes.
type Rows = Vec<(Option<Table>, Vec<u8>)>;

/// Whoever has the secret makes an export anew, with some rows changed: the parts are sealed again, the manifest says what they hold.
fn forged(from: &Path, secret: &str, change: impl Fn(usize, &mut Rows)) -> Result<(), LeavingError> {
    use super::folder::Event;
    let folder = ExportFolder::open(from, ExportSecret::read(secret)?)?;
    let mut parts: Vec<Rows> = vec![Vec::new()];
    folder.walk(&mut |event| {
        let rows = parts.last_mut().unwrap();
        match event {
            Event::Row(table, row, _) => rows.push((Some(table), row.to_vec())),
            Event::File { path, .. } => rows.push((None, path.into_bytes())),
            Event::Piece(piece) => rows.push((None, piece.to_vec())),
            Event::FileEnd => rows.push((None, Vec::new())),
            Event::PartEnd => parts.push(Vec::new()),
        }
        Ok(())
    })?;
    let mut manifest = folder.manifest.clone();
    let key = ExportSecret::read(secret)?;
    for (at, rows) in parts.iter_mut().enumerate().filter(|(_, rows)| !rows.is_empty()) {
        change(at, rows);
        let name = part_name(at + 1);
        let mut frames = FrameWriter::new(SealedWriter::new(Vec::new(), &key, manifest.export, &name)?);
        let mut rows = rows.iter();
        while let Some((table, bytes)) = rows.next() {
            if let Some(table) = table {
                frames.row(*table, bytes)?;
                continue;
            }
            let pieces: Vec<&Vec<u8>> =
                rows.by_ref().map(|(_, piece)| piece).take_while(|piece| !piece.is_empty()).collect();
            let size = pieces.iter().map(|piece| piece.len() as u64).sum();
            frames.file(str::from_utf8(bytes).unwrap(), size)?;
            pieces.iter().try_for_each(|piece| frames.piece(piece))?;
        }
        let (sealed, bytes, sha256) = frames.finish()?.finish()?;
        std::fs::write(from.join(&name), sealed).unwrap();
        (manifest.parts[at].bytes, manifest.parts[at].sha256) = (bytes, sha256);
    }
    let mut sealed = SealedWriter::new(Vec::new(), &key, manifest.export, super::MANIFEST)?;
    sealed.push(&serde_json::to_vec(&manifest).unwrap())?;
    std::fs::write(from.join(super::MANIFEST), sealed.finish()?.0).unwrap();
    Ok(())
}

#[tokio::test]
async fn an_export_that_was_made_anew_by_somebody_with_the_secret_has_to_agree_with_itself() {
    let (filled, from, secret) = sealed().await;
    let good = files(&from);
    let of = |rows: &Rows, table: Table| rows.iter().position(|(one, _)| *one == Some(table));
    let replace = |rows: &mut Rows, table: Table, from: &str, to: &str| {
        for (_, row) in rows.iter_mut().filter(|(one, _)| *one == Some(table)) {
            *row = String::from_utf8(row.clone()).unwrap().replacen(from, to, 1).into_bytes();
        }
    };
    forged(&from, &secret, |_, _| ()).unwrap();
    assert!(open(&from, &secret, None).is_ok(), "made anew as it was");
    let (clinic, other) = (filled.clinic.to_string(), filled.other.to_string());
    let document = filled.documents[0].to_string();
    type Change<'c> = Box<dyn Fn(usize, &mut Rows) + 'c>;
    let changes: Vec<(&str, Change<'_>)> = vec![
        (
            "bytes were changed",
            Box::new(|_, rows| {
                if let Some(at) = rows.iter().position(|(table, row)| table.is_none() && row.starts_with(b"Patient")) {
                    rows[at].1[0] ^= 1;
                }
            }),
        ),
        (
            "missing",
            Box::new(|_, rows| {
                // A line of index.csv is taken out, and not its heading.
                if let Some(at) = of(rows, Table::Index).filter(|_| of(rows, Table::Documents).is_some()) {
                    rows.remove(at);
                }
            }),
        ),
        (
            "was changed",
            Box::new(|_, rows| {
                let at = rows.iter().rposition(|(table, _)| *table == Some(Table::Ledger));
                if let Some(at) = at {
                    let text = String::from_utf8(rows[at].1.clone()).unwrap();
                    rows[at].1 = text.replacen("\"leaf\":\"A", "\"leaf\":\"B", 1).into_bytes();
                }
            }),
        ),
        ("another customer", Box::new(|_, rows| replace(rows, Table::Documents, &clinic, &other))),
        ("another customer", Box::new(|_, rows| replace(rows, Table::Patients, &clinic, &other))),
        ("patient who is not there", Box::new(|_, rows| rows.retain(|(table, _)| *table != Some(Table::Patients)))),
        ("not as much in it", Box::new(|_, rows| rows.retain(|(table, _)| *table != Some(Table::People)))),
        (
            "no row names",
            Box::new(|_, rows| {
                let path = format!("originals/{document}/1.txt");
                for (table, row) in rows.iter_mut().filter(|(table, row)| table.is_none() && *row == path.as_bytes()) {
                    assert!(table.is_none());
                    *row = b"../../../tmp/escaped.txt".to_vec();
                }
            }),
        ),
        ("checkpoint", Box::new(|_, rows| replace(rows, Table::Ledger, "\"key\":\"", "\"key\":\"x"))),
        ("key is none", Box::new(|_, rows| replace(rows, Table::Ledger, "+", "-"))),
    ];
    for (says, change) in changes {
        forged(&from, &secret, change).unwrap();
        let refused = open(&from, &secret, None).unwrap_err();
        let said = refused.to_string();
        assert!(refused.is_finding() && (said.contains(says) || says == "checkpoint"), "{says}: {said}");
        good.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
    }
}

#[tokio::test]
async fn the_secret_is_shown_once_and_only_what_was_taken_and_stands_as_it_was_is_confirmed() {
    let filled = filled().await;
    leaves(&filled).await;
    filled.house.step_up(&filled.manager).await.unwrap();
    let desk = filled.house.desk::<act::CustomerLeave>(&filled.manager).await;
    assert!(state_of(desk.leave_secret(filled.clinic).await).contains("no whole export"));
    let (out, export) = exported(&filled).await;
    let seen = export.id();
    assert!(state_of(desk.leave_confirm(filled.clinic, seen).await).contains("Take the secret first"));
    assert!(desk.leave_secret(filled.clinic).await.is_ok());
    assert!(state_of(desk.leave_secret(filled.clinic).await).contains("taken before"));
    let row = filled.custody().store().leaving_fetch(filled.clinic).await.unwrap().unwrap();
    assert!(row.secret.is_none() && row.secret_taken_at.is_some());
    // A document came in since: it is in no export.
    crate::filled::upload(&filled.house, &filled.typist, filled.clinic, 79).await;
    assert!(state_of(desk.leave_confirm(filled.clinic, seen).await).contains("have changed"));
    std::fs::rename(&out, filled.outside.path().join("first")).unwrap();
    let (_, export) = exported(&filled).await;
    secret(&filled).await;
    let desk = filled.house.desk::<act::CustomerLeave>(&filled.manager).await;
    // What was looked at is another export by now.
    assert!(matches!(desk.leave_confirm(filled.clinic, seen).await, Err(CustodyError::Changed)));
    desk.leave_confirm(filled.clinic, export.id()).await.unwrap();
    let shown = filled.house.desk::<act::CustomerLeaveShow>(&filled.first).await.leaving_show(filled.clinic).await;
    let shown = shown.unwrap();
    assert_eq!(shown.state, Some(LeavingState::Confirmed));
    assert_eq!(shown.confirmed.unwrap().0, "Mona Manager");
    // Taken back: nothing of it stands, and it can begin anew.
    filled.house.desk::<act::CustomerLeave>(&filled.manager).await.leave_withdraw(filled.clinic).await.unwrap();
    let shown = filled.house.desk::<act::CustomerLeaveShow>(&filled.manager).await.leaving_show(filled.clinic).await;
    assert_eq!(shown.unwrap().state, None);
}

#[tokio::test]
async fn the_keys_of_a_practice_that_leaves_go_only_after_its_confirmation_and_its_hold_and_the_certificate_says_what_went_before()
 {
    let filled = filled().await;
    leaves(&filled).await;
    filled.left().await;
    let ask = async || filled.house.desk::<act::KeyShredAsk>(&filled.first).await.key_shred_ask(&filled.order()).await;
    assert!(state_of(ask().await).contains("has not confirmed"));
    let (_, export) = exported(&filled).await;
    assert!(state_of(ask().await).contains("has not confirmed"));
    secret(&filled).await;
    let desk = filled.house.desk::<act::CustomerLeave>(&filled.manager).await;
    desk.leave_confirm(filled.clinic, export.id()).await.unwrap();
    assert!(state_of(ask().await).contains("hold"));
    // The practice reads meanwhile.
    assert!(filled.reads(filled.documents[0]).await);
    let store = filled.custody().store();
    filled.house.later(30 * 24 * HOUR_MILLIS);
    let sign_in = async |one: &Someone| {
        let secret = filled.house.sign_in(&one.key, crate::Device::Own).await.unwrap();
        filled.house.session(&secret).await
    };
    let first = sign_in(&filled.first).await;
    let second = sign_in(&filled.second).await;
    let desk = crate::Desk::<act::KeyShredAsk>::at(filled.custody().clone(), first);
    desk.key_shred_ask(&filled.order()).await.unwrap();
    let desk = crate::Desk::<act::KeyShred>::at(filled.custody().clone(), second);
    let done = match desk.key_shred_approve(&filled.decided(), Some(root())).await.unwrap() {
        Approved::Shredded(done) => done,
        Approved::NeedsRootKey => panic!("the root key was given"),
    };
    let (digest, counts) = export.done().unwrap();
    for said in
        [format!("sha256:{digest}"), format!("{} documents", counts.documents), filled.manager.person.to_string()]
    {
        assert!(done.text.contains(&said), "{said}: {}", done.text);
    }
    let kept = store.key_shred_fetch(filled.clinic).await.unwrap().unwrap();
    assert_eq!(kept.certificate, Some(done.text));
}

#[tokio::test]
async fn a_folder_with_something_else_in_it_is_left_as_it_is_and_links_and_pipes_are_not_followed() {
    let filled = filled().await;
    leaves(&filled).await;
    let (out, _) = exported(&filled).await;
    let before = files(&out);
    // Whole: nothing of it is touched, and it is no place for another one.
    assert!(state_of(exporting(&filled, &filled.manager, 1).await).contains("is whole"));
    assert_eq!(files(&out), before);
    let other = filled.outside.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("charts.doc"), b"mine").unwrap();
    let desk = filled.house.desk::<act::CustomerExport>(&filled.manager).await;
    let begun = desk.export_begin(filled.clinic, &other).await;
    assert!(matches!(begun, Err(CustodyError::Export(LeavingError::NotEmpty))));
    assert_eq!(std::fs::read(other.join("charts.doc")).unwrap(), b"mine");
    let secret = secret(&filled).await;
    let part = out.join(part_name(2));
    let aside = filled.outside.path().join("aside");
    std::fs::rename(&part, &aside).unwrap();
    std::os::unix::fs::symlink(&aside, &part).unwrap();
    assert!(matches!(open(&out, &secret, None), Err(LeavingError::Changed(_))));
    std::fs::remove_file(&part).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&part).status().unwrap().success());
    assert!(matches!(open(&out, &secret, None), Err(LeavingError::Changed(_))), "nobody waits for a pipe");
}

#[tokio::test]
async fn who_stays_after_all_is_not_destroyed_by_what_was_asked_before() {
    let filled = filled().await;
    filled.asked().await;
    leaves(&filled).await;
    let desk = filled.house.desk::<act::CustomerLeave>(&filled.manager).await;
    desk.leave_withdraw(filled.clinic).await.unwrap();
    assert_eq!(filled.custody().store().key_shred_fetch(filled.clinic).await.unwrap(), None);
    filled.house.step_up(&filled.second).await.unwrap();
    let desk = filled.house.desk::<act::KeyShred>(&filled.second).await;
    assert!(desk.key_shred_approve(&filled.decided(), Some(root())).await.is_err(), "nobody asks for it any more");
    assert!(filled.reads(filled.documents[0]).await);
}

#[tokio::test]
async fn the_secret_of_an_export_does_not_open_as_the_words_of_an_entry() {
    let filled = filled().await;
    leaves(&filled).await;
    exported(&filled).await;
    let custody = filled.custody();
    let row = custody.store().leaving_fetch(filled.clinic).await.unwrap().unwrap();
    let (sealed, export, at) = (row.secret.unwrap(), row.export.unwrap(), row.export_begun_at.unwrap());
    let owner = vault::Owner::Customer(filled.clinic);
    let as_words = custody.ring().audit_open(owner, crate::settings::year_of(at), &export.to_bytes(), &sealed);
    assert!(as_words.is_err(), "carried to an entry, it would stand on a page of the ledger");
}
