//! A download that is no longer permitted is cut; the operator's own people open a number of documents an hour.

use crate::filled::{Filled, filled, filled_with};
use crate::testing::HOUR_MILLIS;
use crate::{CustodyError, NewUpload, UploadCut, Wanted};
use bytes::Bytes;
use record::{Action, DocumentId, Outcome, act};

/// More than what waits between stream and reader.
const LARGE_BYTES: usize = 4 << 20;

async fn large(filled: &Filled) -> DocumentId {
    let text = format!("Patient: Doe, Jane\n{}", "One more line of a long dictation.\n".repeat(LARGE_BYTES / 35));
    let new = NewUpload { customer: Some(filled.clinic), file_name: "large.txt".to_owned(), ..NewUpload::default() };
    let pieces: Vec<_> =
        text.as_bytes().chunks(64 << 10).map(|piece| Ok::<_, UploadCut>(Bytes::copy_from_slice(piece))).collect();
    let desk = filled.house.desk::<act::DocumentUpload>(&filled.typist).await;
    desk.document_upload(new, futures_util::stream::iter(pieces)).await.unwrap().id
}

/// Reads a download to its end: how many bytes came, and how it ended.
async fn rest(download: &mut crate::Download) -> (u64, Result<(), CustodyError>) {
    let mut came = 0;
    while let Some(piece) = download.bytes.recv().await {
        match piece {
            Ok(bytes) => came += bytes.len() as u64,
            Err(error) => return (came, Err(error)),
        }
    }
    (came, Ok(()))
}

async fn last_word(filled: &Filled, id: DocumentId) -> (Outcome, String, Option<u64>) {
    let filter = store::EntryFilter { resource: Some(id.into()), ..store::EntryFilter::default() };
    for _ in 0..500 {
        let newest = filled.custody().store().entry_list(&filter, 1).await.unwrap().remove(0);
        let entry = ledger::leaf::decode(&newest.leaf).unwrap().entry;
        if entry.action == Action::DocumentDownload && entry.outcome != Outcome::Permitted {
            return (entry.outcome, entry.why, entry.bytes_out);
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("a download without a last word");
}

#[tokio::test]
async fn a_download_is_cut_within_half_a_minute_of_losing_the_right_to_it() {
    let filled = filled().await;
    let id = large(&filled).await;
    let desk = filled.house.desk::<act::DocumentDownload>(&filled.typist).await;
    let mut download = desk.document_download(id, None, Wanted::Whole).await.unwrap();
    let first = download.bytes.recv().await.unwrap().unwrap().len() as u64;
    let end = filled.house.desk::<act::AssignmentEnd>(&filled.first).await;
    end.assignment_end(filled.clinic, filled.typist.person).await.unwrap();
    // Until half a minute is over it goes on; then policy is asked again.
    filled.house.later(30_000);
    let (came, ended) = rest(&mut download).await;
    assert!(matches!(ended, Err(CustodyError::Refused(_) | CustodyError::Absent)), "{ended:?}");
    assert!(first + came < download.size_bytes, "{} of {} came", first + came, download.size_bytes);
    let (outcome, _, left) = last_word(&filled, id).await;
    assert_eq!((outcome, left), (Outcome::Failed, Some(first + came)), "the last word says what left");
}

#[tokio::test]
async fn a_download_is_cut_when_its_session_ended_and_goes_on_while_all_is_as_it_was() {
    let filled = filled().await;
    let id = large(&filled).await;
    let desk = filled.house.desk::<act::DocumentDownload>(&filled.typist).await;
    let mut download = desk.document_download(id, None, Wanted::Whole).await.unwrap();
    filled.house.later(30_000);
    let (came, ended) = rest(&mut download).await;
    assert!(ended.is_ok() && came == download.size_bytes, "nothing has changed: {came} {ended:?}");

    let mut download = desk.document_download(id, None, Wanted::Whole).await.unwrap();
    drop(download.bytes.recv().await.unwrap().unwrap());
    filled.house.desk::<act::SessionEnd>(&filled.typist).await.sign_out().await.unwrap();
    filled.house.later(30_000);
    let (_, ended) = rest(&mut download).await;
    assert!(matches!(ended, Err(CustodyError::Refused(_))), "{ended:?}");
}

#[tokio::test]
async fn the_operators_people_open_a_number_of_documents_an_hour() {
    let filled = filled_with(|settings| settings.opens_per_hour_max = 2).await;
    let read = async |id| filled.house.desk::<act::DocumentRead>(&filled.typist).await.document_read(id, None).await;
    for id in &filled.documents[..2] {
        assert!(read(*id).await.is_ok());
    }
    assert!(matches!(read(filled.documents[2]).await.map(drop), Err(CustodyError::TooOften)));
    let desk = filled.house.desk::<act::DocumentDownload>(&filled.typist).await;
    let taken = desk.document_download(filled.documents[0], None, Wanted::Whole).await;
    assert!(matches!(taken.map(drop), Err(CustodyError::TooOften)), "another way to the same text counts alike");
    filled.house.later(HOUR_MILLIS);
    let again = filled.house.sign_in(&filled.typist.key, crate::Device::Own).await.unwrap();
    let desk = crate::Desk::<act::DocumentRead>::at(filled.custody().clone(), filled.house.session(&again).await);
    assert!(desk.document_read(filled.documents[2], None).await.is_ok(), "the next hour is another one");
}
