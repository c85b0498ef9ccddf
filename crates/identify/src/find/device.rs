//! Device identifiers that are marked by themselves: UDI of GS1, HIBCC and ICCBBA.
//!
//! What must always hold: a UDI is taken whole, with lot, serial number and dates, since each of them names the device.

use super::number::Run;
use super::sift::found;
use super::view::{ALNUM, DIGIT, LETTER, View, is};
use crate::phi::{Finding, Identifier};

/// Longest UDI that is followed.
const UDI_MAX: usize = 120;

/// GS1 (General Specifications, application identifiers in brackets): `(01)` and fourteen digits, then more.
pub(super) fn bracketed(view: View<'_>, run: Run) -> Option<Finding> {
    if view.at(run.end) == b'/' || view.before(run.start) == b'=' {
        return marked(view, run);
    }
    let identifier = &view.bytes[run.start..run.end];
    let first = view.before(run.start) == b'('
        && view.at(run.end) == b')'
        && matches!(identifier, b"01" | b"00" | b"8003" | b"8004");
    if !first {
        return solid(view, run);
    }
    let item = view.run_end(run.end + 1, ALNUM, 20);
    if item - run.end - 1 < 13 {
        return None;
    }
    let mut end = item;
    while end - run.start < UDI_MAX && view.at(end) == b'(' {
        let close = view.run_end(end + 1, DIGIT, 4);
        if !(2..=4).contains(&(close - end - 1)) || view.at(close) != b')' {
            break;
        }
        end = value_end(view, close + 1);
    }
    Some(found((run.start - 1, end), Identifier::Device, 97, "udi.gs1"))
}

/// GS1 without brackets, as a scanner gives it: 01, fourteen digits, 11 or 17 with a date, and more.
fn solid(view: View<'_>, run: Run) -> Option<Finding> {
    let text = &view.bytes[run.start..run.end];
    let item =
        text.len() >= 24 && text.starts_with(b"01") && (text[16..].starts_with(b"17") || text[16..].starts_with(b"11"));
    item.then(|| found((run.start, run.word_end), Identifier::Device, 85, "udi.gs1"))
}

fn value_end(view: View<'_>, from: usize) -> usize {
    let mut end = from;
    while end < from + 40
        && (is(view.at(end), ALNUM) || matches!(view.at(end), b'-' | b'/' | b'.' | b'_') && is(view.at(end + 1), ALNUM))
    {
        end += 1;
    }
    end
}

/// HIBCC (`+H123...`) and ICCBBA (`=/A9999...`).
pub(super) fn marked(view: View<'_>, run: Run) -> Option<Finding> {
    let start = run.word_start;
    if start == run.start && run.len() >= 24 {
        return solid(view, run);
    }
    let mark = view.before(start);
    let hibcc = mark == b'+' && is(view.at(start), LETTER) && is(view.at(start + 1), DIGIT);
    let iccbba = mark == b'/' && start >= 2 && view.at(start - 2) == b'=' || mark == b'=' && run.len() >= 6;
    let mut end = start;
    let inner = |byte: u8| is(byte, ALNUM) || matches!(byte, b'/' | b'$' | b'+' | b'=' | b',' | b'-' | b'.' | b'%');
    while end < start + UDI_MAX && inner(view.at(end)) {
        end += 1;
    }
    while end > start && !is(view.at(end - 1), ALNUM) {
        end -= 1;
    }
    let digits = view.bytes[start..end].iter().filter(|byte| byte.is_ascii_digit()).count();
    let begin = start.saturating_sub(if mark == b'/' { 2 } else { 1 });
    let is_long = end - start >= 8 && digits >= 4;
    if is_long && hibcc && (begin == 0 || !is(view.before(begin), ALNUM)) {
        return Some(found((begin, end), Identifier::Device, 90, "udi.hibcc"));
    }
    let blood = iccbba && mark == b'/' && end - start >= 12 && digits >= 6;
    (blood).then(|| found((begin, end), Identifier::Device, 92, "udi.iccbba"))
}
