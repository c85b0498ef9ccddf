//! The original of a document as a file to keep, whole or a range of it.

use crate::door::take::{Headers, Path, Path2};
use crate::door::{Answer, Locked, Opts, Reply};
use axum::http::Method;
use custody::{Desk, Download, Span, Wanted};
use record::{DocumentId, act};

/// More spans than this in one request are no request of a browser.
const SPANS_MAX: usize = 32;

pub(super) fn routes(locked: Locked) -> Locked {
    locked.route(Method::GET, "/documents/{doc}/file", Opts::stream("Original file"), download).route(
        Method::GET,
        "/documents/{doc}/versions/{version}/file",
        Opts::stream("Original file of a version"),
        download_version,
    )
}

async fn download(
    desk: Desk<act::DocumentDownload>,
    Path(id): Path<DocumentId>,
    method: Method,
    headers: Headers,
) -> Answer {
    take(desk, id, None, wanted(&method, &headers)).await
}

async fn download_version(
    desk: Desk<act::DocumentDownload>,
    Path2(id, version): Path2<DocumentId, u32>,
    method: Method,
    headers: Headers,
) -> Answer {
    take(desk, id, Some(version), wanted(&method, &headers)).await
}

async fn take(desk: Desk<act::DocumentDownload>, id: DocumentId, version: Option<u32>, wanted: Wanted) -> Answer {
    let file = desk.document_download(id, version, wanted).await?;
    Ok(reply(file))
}

/// A file that was permitted, on its way.
pub(super) fn reply(file: Download) -> Reply {
    let length = file.range.as_ref().map_or(file.size_bytes, |range| range.end - range.start);
    let bytes =
        futures_util::stream::unfold(
            file.bytes,
            |mut bytes| async move { bytes.recv().await.map(|piece| (piece, bytes)) },
        );
    let reply = Reply::attachment(&file.file_name, Some(length), bytes).accepts_ranges();
    match &file.range {
        Some(range) => reply.partial(range, file.size_bytes),
        None => reply,
    }
}

/// What a request wants. A range is defined for GET alone; one that holds only if a file is unchanged cannot be
/// told to hold, since files here have no validators (RFC 9110, 13.1.5 and 14.2).
pub(super) fn wanted(method: &Method, headers: &Headers) -> Wanted {
    if *method != Method::GET || headers.get("if-range").is_some() {
        return Wanted::Whole;
    }
    headers.get("range").and_then(spans).map_or(Wanted::Whole, Wanted::Spans)
}

/// `bytes=0-499, -500`; what is not well formed is as if it were not there.
fn spans(text: &str) -> Option<Vec<Span>> {
    let (unit, set) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let pieces = set.split(',').map(|piece| piece.trim_matches([' ', '\t'])).filter(|piece| !piece.is_empty());
    let spans: Vec<Span> = pieces.map(span).collect::<Option<_>>()?;
    (!spans.is_empty() && spans.len() <= SPANS_MAX).then_some(spans)
}

fn span(piece: &str) -> Option<Span> {
    let (first, last) = piece.split_once('-')?;
    match (first, last) {
        ("", last) => Some(Span::Last(number(last)?)),
        (first, "") => Some(Span::From(number(first)?, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Span::From(first, Some(last)))
        }
    }
}

/// Tags in a header: a list of quoted words; weak ones are compared as if they were strong (RFC 9110, 13.1.2).
pub(super) fn tags(headers: &Headers) -> Vec<String> {
    let listed = headers.get("if-none-match").unwrap_or_default().split(',');
    listed.map(|one| one.trim().trim_start_matches("W/").trim_matches('"').to_owned()).collect()
}

/// Digits; a number that is too large for us is larger than any file.
fn number(digits: &str) -> Option<u64> {
    let are_digits = !digits.is_empty() && digits.bytes().all(|one| one.is_ascii_digit());
    are_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::spans;
    use custody::Span;

    #[test]
    fn ranges_are_read_as_they_are_written_down() {
        assert_eq!(spans("bytes=0-499"), Some(vec![Span::From(0, Some(499))]));
        assert_eq!(spans("Bytes=500-"), Some(vec![Span::From(500, None)]));
        assert_eq!(spans("bytes=-5"), Some(vec![Span::Last(5)]));
        assert_eq!(spans("bytes=0-0, -1"), Some(vec![Span::From(0, Some(0)), Span::Last(1)]));
        assert_eq!(spans("bytes=0-99999999999999999999999"), Some(vec![Span::From(0, Some(u64::MAX))]));
        assert_eq!(spans("bytes=-99999999999999999999999"), Some(vec![Span::Last(u64::MAX)]));
    }

    #[test]
    fn what_is_no_range_is_as_if_it_were_not_there() {
        for text in [
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=a-b",
            "bytes=5-4",
            "bytes=0x1-2",
            "bytes=+1-2",
            "bytes=1-2-3",
            "bytes=0-1,b",
            "items=0-1",
            "bytes 0-1",
            "",
            "=0-1",
            "bytes=0 -1",
        ] {
            assert_eq!(spans(text), None, "{text:?}");
        }
        assert_eq!(spans(&format!("bytes={}", vec!["0-1"; 33].join(","))), None);
    }

    #[test]
    fn no_range_however_it_is_written_asks_for_more_than_a_few_spans_or_backwards() {
        let seeds = ["bytes=0-499", "bytes=500-", "bytes=-500", "bytes=0-0, -1", "bytes = 1-2,\t3-4,,5-", "lines=1-2"];
        let seeds: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
        crate::mutations::replay("range", &seeds, |bytes| {
            let Ok(text) = str::from_utf8(bytes) else { return };
            for span in spans(text).into_iter().flatten() {
                assert!(!matches!(span, Span::From(first, Some(last)) if last < first));
            }
            assert!(spans(text).is_none_or(|spans| (1..=super::SPANS_MAX).contains(&spans.len())));
        });
    }
}
