//! A share that is imported again after some of what came from it has gone with its patients.

use super::{Scene, numbers, scene};
use crate::testing::Someone;
use crate::{ArrivesAs, ImportMap, ImportMode, ImportReject, ImportRule, ImportTally, Otherwise, ShareOrder};
use record::{Role, act};
use std::collections::BTreeMap;
use std::path::Path;

async fn imported(scene: &Scene, who: &Someone, share: &Path) -> ImportTally {
    let rule = ImportRule {
        path: "{record_number}_{patient_last}_{job}.{ext}".to_owned(),
        author: None,
        kind: None,
        title: None,
    };
    let map = ImportMap {
        customer: scene.filled.clinic,
        customer_name: "Lakeside Pediatrics".to_owned(),
        state: ArrivesAs::Delivered,
        unmatched: Otherwise::Keep,
        unknown_author: Otherwise::Keep,
        file_bytes_max: None,
        rule: vec![rule],
        authors: BTreeMap::new(),
        types: BTreeMap::new(),
        header: BTreeMap::new(),
    };
    let desk = scene.filled.house.desk::<act::DocumentUpload>(who).await;
    let order = ShareOrder { share: share.to_owned(), map, mode: ImportMode::Take, rejects: None };
    let mut import = desk.share_begin(order).await.unwrap();
    while desk.share_next(&mut import).await.unwrap() {}
    import.finish().await
}

#[tokio::test]
async fn a_share_that_is_imported_again_brings_nobody_back_who_has_gone() {
    let scene = scene().await;
    let filled = &scene.filled;
    let quinn = filled.house.staff(&filled.first, Role::QaEditor, "Quinn Ferrara").await;
    let desk = filled.house.desk::<act::AssignmentGrant>(&filled.first).await;
    desk.assignment_grant(filled.clinic, quinn.person).await.unwrap();
    let share = filled.outside.path().join("share");
    std::fs::create_dir_all(&share).unwrap();
    let lay = |name: &str, words: &str| std::fs::write(share.join(name), words).unwrap();
    lay("A-1_Quillfeather_1.txt", "Seen today, the first time.\n");
    lay("A-1_Quillfeather_2.txt", "Seen today, the second time.\n");
    lay("C-3_Quillfeather_3.txt", "Seen today, and stays.\n");
    let first = imported(&scene, &quinn, &share).await;
    assert_eq!((first.taken, first.matched, first.went), (3, 3, 0), "{first:?}");
    scene.agreed(numbers(&["A-1"])).await;
    let moved = scene.run(usize::MAX).await.unwrap();
    assert!(moved.finished && moved.documents == 4, "{moved:?}");
    let count = async || filled.custody().store().joining_counts(filled.clinic).await.unwrap().documents;
    let before = count().await;
    // Nothing new, under the same names or others; and another file in such a place is a question.
    lay("A-1_Quillfeather_4.txt", "Seen today, the second time.\n");
    lay("A-1_Quillfeather_1.txt", "Somebody else altogether.\n");
    let again = imported(&scene, &quinn, &share).await;
    assert_eq!((again.taken, again.came_before, again.went), (0, 1, 1), "{again:?}");
    assert_eq!(again.rejected, BTreeMap::from([(ImportReject::Replaced, 1), (ImportReject::Same, 1)]));
    assert_eq!(count().await, before);
    // What they are known by is known by the clinic's own key, and goes with it.
    if filled.custody().store().is_on_server() {
        return;
    }
    assert!(filled.custody().ring().blind_file(filled.clinic).is_ok());
    filled.shredded().await;
    assert!(filled.custody().ring().blind_file(filled.clinic).is_err());
}
