//! Addresses of the net: e-mail, web, internet and hardware addresses; also spoken ones.
//!
//! What must always hold: a bare domain ends in a top-level domain of the list of IANA; a version, an outline's number
//! and a time of day are no internet addresses.

use super::label::{self, Noun};
use super::lexicon::{SPOKEN, USUAL_TLD};
use super::number::Run;
use super::sift::{Sift, found};
use super::view::{ALNUM, DIGIT, HEX, HOST, LETTER, LOCAL, Token, View, Words, is};
use crate::phi::{Finding, Identifier};

/// Top-level domains, one a line, in lower case and sorted by bytes (IANA, version 2024082500).
static TLDS: &str = include_str!("../../data/find/tlds.txt");

/// Longest local part of an e-mail address (RFC 5321 4.5.3.1.1).
const LOCAL_MAX: usize = 64;
/// Longest name of a host (RFC 1035 2.3.4).
const HOST_MAX: usize = 253;
/// Longest web address that is followed.
const URL_MAX: usize = 1_900;

/// Is it a top-level domain.
pub(super) fn is_tld(label: &[u8]) -> bool {
    // Reserved for documentation (RFC 2606): nobody's, and what stands for somebody's.
    if label.eq_ignore_ascii_case(b"example") {
        return true;
    }
    let list = TLDS.as_bytes();
    let (mut low, mut high) = (0, list.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let start = list[low..middle].iter().rposition(|byte| *byte == b'\n').map_or(low, |at| low + at + 1);
        let end = list[middle..high].iter().position(|byte| *byte == b'\n').map_or(high, |at| middle + at);
        let here = list[start..end].iter().copied();
        match here.cmp(label.iter().map(u8::to_ascii_lowercase)) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start.saturating_sub(1).max(low),
        }
        if low > list.len() {
            return false;
        }
    }
    false
}

/// Where the host that begins here ends, without marks at its end.
fn host_end(view: View<'_>, from: usize) -> usize {
    let mut end = from;
    while end < from + HOST_MAX && (is(view.at(end), HOST) || view.at(end) == b'.' && is(view.at(end + 1), ALNUM)) {
        end += 1;
    }
    while end > from && !is(view.at(end - 1), ALNUM) {
        end -= 1;
    }
    end
}

/// The last part of a host, and where the dot before it stands.
fn last_label(view: View<'_>, from: usize, to: usize) -> Option<(usize, &[u8])> {
    let dot = view.bytes[from..to].iter().rposition(|byte| *byte == b'.')?;
    Some((from + dot, &view.bytes[from + dot + 1..to]))
}

/// An e-mail address around an at-sign.
pub(super) fn at_sign(view: View<'_>, anchor: usize, sift: &mut Sift<'_>) -> usize {
    let spaced = |place: usize| if view.at(place) == b' ' { 1 } else { 0 };
    let left = anchor - usize::from(view.before(anchor) == b' ');
    let right = anchor + 1 + spaced(anchor + 1);
    let is_spaced = left < anchor || right > anchor + 1;
    let mut start = view.run_start(left, LOCAL, LOCAL_MAX);
    while start < left && !is(view.at(start), ALNUM) {
        start += 1;
    }
    let mut end = host_end(view, right);
    if start == left && right == anchor + 1 {
        return handle(view, anchor, sift);
    }
    if start == left || end == right || !is(view.at(right), ALNUM) {
        return anchor + 1;
    }
    let Some((dot, last)) = last_label(view, right, end) else {
        return if is_spaced && right == anchor + 1 { handle(view, anchor, sift) } else { anchor + 1 };
    };
    let mut known = is_tld(last);
    // "mail.com.The": the dot of a sentence without its blank.
    if !known
        && let Some((_, before)) = last_label(view, right, dot)
        && is_tld(before)
    {
        (known, end) = (true, dot);
    }
    if is_spaced && !known && right == anchor + 1 {
        return handle(view, anchor, sift);
    }
    if (is_spaced && !known) || !view.bytes[right..end].iter().any(|byte| is(*byte, LETTER)) {
        return anchor + 1;
    }
    let sure = if known { 97 } else { 72 } - if is_spaced { 12 } else { 0 };
    sift.push(found((start, end), Identifier::Email, sure, "email.address"));
    end
}

/// Where a web address ends that is good up to `from`.
fn url_end(view: View<'_>, from: usize) -> usize {
    let mut end = from;
    while end < from + URL_MAX {
        let byte = view.at(end);
        if byte <= b' ' || byte == 0x7f || matches!(byte, b'"' | b'<' | b'>' | b'`' | b'|' | b'\\' | b'^') {
            break;
        }
        // Blanks and quotation marks of typography.
        if byte == 0xc2 && view.at(end + 1) == 0xa0 || byte == 0xe2 && view.at(end + 1) == 0x80 {
            break;
        }
        end += 1;
    }
    while end > from && matches!(view.at(end), 0x80..0xc0) {
        end -= 1;
    }
    while end > from
        && matches!(view.at(end - 1), b'.' | b',' | b';' | b':' | b'!' | b'?' | b')' | b']' | b'}' | b'\'' | b'*')
    {
        end -= 1;
    }
    end
}

/// An address with its scheme; the anchor is the colon.
pub(super) fn scheme(view: View<'_>, anchor: usize, sift: &mut Sift<'_>) -> usize {
    let start = view.run_start(anchor, LETTER, 12);
    let end = url_end(view, anchor + 3);
    if anchor - start < 2 || end <= anchor + 3 || !is(view.at(anchor + 3), ALNUM | HOST) && view.at(anchor + 3) < 0x80 {
        return anchor + 3;
    }
    sift.push(found((start, end), Identifier::Url, 97, "url.scheme"));
    end
}

/// A web address without scheme; the anchor is a dot inside a word.
pub(super) fn dot(view: View<'_>, anchor: usize, sift: &mut Sift<'_>) -> usize {
    let start = view.run_start(anchor, HOST, 63);
    let start = start + view.bytes[start..anchor].iter().take_while(|byte| **byte == b'-').count();
    let end = host_end(view, anchor);
    let before = view.before(start);
    if end <= anchor + 1 || start == anchor || matches!(before, b'@' | b'.' | b'_') || view.at(end) == b'@' {
        return if view.at(end) == b'@' { end } else { anchor + 1 };
    }
    // The local part of an e-mail address may hold marks that hosts do not.
    if view.at(view.run_end(end, LOCAL, LOCAL_MAX)) == b'@' {
        return view.run_end(end, LOCAL, LOCAL_MAX);
    }
    let Some((last_dot, last)) = last_label(view, start, end) else { return anchor + 1 };
    let www = view.starts(start, b"www.") && last_dot > start + 3;
    let known = is_tld(last);
    let path = matches!(view.at(end), b'/' | b'?') && is(view.at(end + 1), ALNUM)
        || view.at(end) == b':' && is(view.at(end + 1), DIGIT);
    let title = last[0].is_ascii_uppercase() && last[1..].iter().any(u8::is_ascii_lowercase);
    let usual = view.word_at(last_dot + 1).is_some_and(|word| word.end == end && word.has(USUAL_TLD));
    let long = last_dot - start >= 2 && view.bytes[start..last_dot].iter().any(|byte| is(*byte, LETTER));
    let sure = match (www, known && long && !title) {
        (true, _) => 92,
        (_, true) if path && last.len() >= 2 => 82,
        (_, true) if usual || country(view, start, last_dot) => 76,
        _ => return end,
    };
    let end = if path || view.at(end) == b'/' { url_end(view, end) } else { end };
    if let Some(local) = local_before_word(view, start) {
        sift.push(found((local, end), Identifier::Email, 80, "email.spoken"));
        return end;
    }
    sift.push(found((start, end), Identifier::Url, sure, "url.bare"));
    end
}

/// "anna.beck at example.com", "anna.beck (at) example.com": a local part that no word is, before "at".
fn local_before_word(view: View<'_>, host: usize) -> Option<usize> {
    let mut place = host;
    while host - place < 3 && matches!(view.before(place), b' ' | b')' | b']' | b'}') {
        place -= 1;
    }
    let at = view.word_to(place).filter(|word| word.is("at") && place < host)?;
    let mut to = at.start;
    while at.start - to < 3 && matches!(view.before(to), b' ' | b'(' | b'[' | b'{') {
        to -= 1;
    }
    let start = view.run_start(to, LOCAL, LOCAL_MAX);
    let text = view.bytes.get(start..to)?;
    let inner = text.iter().any(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'.'));
    let ends = text.first().zip(text.last()).is_some_and(|(first, last)| is(*first, ALNUM) && is(*last, ALNUM));
    (inner && ends && text.iter().any(|byte| is(*byte, LETTER)) && to < at.start).then_some(start)
}

/// "example.co.uk": a second level that countries use.
fn country(view: View<'_>, start: usize, last_dot: usize) -> bool {
    last_label(view, start, last_dot)
        .is_some_and(|(_, label)| matches!(label, b"co" | b"ac" | b"org" | b"gov" | b"nhs" | b"com"))
}

/// An internet address of version 6 that begins without a digit; the anchor is the first of two colons.
pub(super) fn colons(view: View<'_>, anchor: usize, sift: &mut Sift<'_>) -> usize {
    if let Some(finding) = version_six(view, anchor) {
        sift.push(finding);
        return finding.end;
    }
    anchor + 2
}

/// An internet or hardware address that holds this run.
pub(super) fn address(view: View<'_>, run: Run) -> Option<Finding> {
    let (before, after) = (view.before(run.word_start), view.at(run.word_end));
    let colon = before == b':' || after == b':';
    if run.is_plain() && after == b'.' && run.len() <= 3 {
        return version_four(view, run);
    }
    if !colon && !matches!(after, b'-' | b'.') && before != b'-' {
        return None;
    }
    hardware(view, run).or_else(|| if colon { version_six(view, run.start) } else { None })
}

fn version_four(view: View<'_>, run: Run) -> Option<Finding> {
    let mut octets = [0_u32; 4];
    let mut place = run.start;
    for (index, octet) in octets.iter_mut().enumerate() {
        let end = view.run_end(place, DIGIT, 4);
        let leading = view.at(place) == b'0' && end > place + 1;
        if end == place || end > place + 3 || leading || (index < 3 && view.at(end) != b'.') {
            return None;
        }
        *octet = view.number(place, end);
        place = if index < 3 { end + 1 } else { end };
    }
    let alone = view.stands_alone(run.start, place)
        && !(run.start >= 2 && view.before(run.start) == b'.')
        && !(view.at(place) == b'.' && is(view.at(place + 1), DIGIT));
    if !alone || octets.iter().any(|octet| *octet > 255) || view.before(run.start) == b'-' {
        return None;
    }
    let labelled = || label::before(view, run.start).is_some_and(|label| label.noun == Noun::Ip);
    // Small numbers without a nought count chapters.
    let outline = octets.iter().all(|octet| (1..=20).contains(octet));
    if (outline && !labelled()) || label::is_code(view, run.start) {
        return None;
    }
    Some(found((run.start, place), Identifier::Ip, 88, "ip.v4"))
}

/// Six pairs of hexadecimal digits, or three groups of four.
fn hardware(view: View<'_>, run: Run) -> Option<Finding> {
    let hex = |from: usize, count: usize| view.run_end(from, HEX, count + 1) == from + count;
    let mut start = run.word_start;
    let mark = if run.word_end - run.word_start == 2 { view.at(run.word_end) } else { b'.' };
    let mark = if matches!(mark, b':' | b'-') { mark } else { view.before(start) };
    for _ in 0..5 {
        if view.before(start) == mark && start >= 3 && hex(start - 3, 2) {
            start -= 3;
        }
    }
    let pairs = matches!(mark, b':' | b'-')
        && (0..6).all(|index| hex(start + index * 3, 2) && (index == 5 || view.at(start + index * 3 + 2) == mark));
    if pairs && view.stands_alone(start, start + 17) && view.at(start + 17) != mark && view.before(start) != mark {
        let letters = view.bytes[start..start + 17].iter().any(|byte| is(*byte, LETTER));
        let sure = if letters || mark == b':' { 92 } else { 55 };
        return Some(found((start, start + 17), Identifier::Device, sure, "device.mac"));
    }
    let start = run.word_start;
    let dotted = hex(start, 4)
        && hex(start + 5, 4)
        && hex(start + 10, 4)
        && view.at(start + 4) == b'.'
        && view.at(start + 9) == b'.';
    let letters = dotted && view.bytes[start..start + 14].iter().any(|byte| is(*byte, LETTER));
    (letters && view.stands_alone(start, start + 14))
        .then(|| found((start, start + 14), Identifier::Device, 85, "device.mac"))
}

/// Version 6 around this place (RFC 4291 2.2).
fn version_six(view: View<'_>, place: usize) -> Option<Finding> {
    let part = |byte: u8| is(byte, HEX) || byte == b':';
    let mut start = place;
    while start > 0 && place - start < 40 && part(view.at(start - 1)) {
        start -= 1;
    }
    let mut end = place;
    while end < start + 46 && part(view.at(end)) {
        end += 1;
    }
    while end > start && view.at(end - 1) == b':' && (end < start + 2 || view.at(end - 2) != b':') {
        end -= 1;
    }
    while start < end && view.at(start) == b':' && view.at(start + 1) != b':' {
        start += 1;
    }
    if !view.stands_alone(start, end) {
        return None;
    }
    let text = view.bytes.get(start..end)?;
    let doubles = text.windows(2).filter(|pair| *pair == b"::").count();
    let groups = text.split(|byte| *byte == b':').filter(|group| !group.is_empty());
    if groups.clone().any(|group| group.len() > 4) {
        return None;
    }
    let count = groups.count();
    let letters = text.iter().any(|byte| is(*byte, LETTER));
    let fits = (doubles == 0 && count == 8)
        || (doubles == 1 && (2..=7).contains(&count) && (text.len() >= 6 && letters || count >= 3));
    fits.then(|| found((start, end), Identifier::Ip, 90, "ip.v6"))
}

/// "john dot smith at example dot com": the anchor is the word "dot".
pub(super) fn spoken_dot(view: View<'_>, token: Token, sift: &mut Sift<'_>) -> usize {
    if matches!(view.before(token.start), b'(' | b'[' | b'{') {
        return bracketed_dot(view, token, sift);
    }
    let Some(tld) = view.word_after(token.end).filter(|word| word.has(USUAL_TLD)) else { return token.end };
    let mut end = tld.end;
    if let Some(next) = view.word_after(end).filter(|word| word.is("dot"))
        && let Some(country) = view.word_after(next.end).filter(|word| word.end - word.start == 2)
    {
        end = country.end;
    }
    let Some(mut start) = chunk_before(view, token.start) else { return end };
    while let Some(name) = joined_before(view, start) {
        start = name;
    }
    let at = view.word_before(start).filter(|word| word.is("at"));
    let local = at.and_then(|at| local_before(view, at.start));
    match local {
        Some(local) => sift.push(found((local, end), Identifier::Email, 88, "email.spoken")),
        None => sift.push(found((start, end), Identifier::Url, 74, "url.spoken")),
    }
    end
}

/// `anna(dot)b(at)example(dot)org`: an address that was hidden from machines, the words in brackets.
fn bracketed_dot(view: View<'_>, token: Token, sift: &mut Sift<'_>) -> usize {
    let inner = |byte: u8| {
        is(byte, ALNUM) || matches!(byte, b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'_' | b'-' | b'.' | b'+')
    };
    let (mut start, mut end) = (token.start, token.end);
    while token.start - start < LOCAL_MAX && inner(view.before(start)) {
        start -= 1;
    }
    while end - token.end < LOCAL_MAX && inner(view.at(end)) {
        end += 1;
    }
    let text = view.bytes.get(start..end).unwrap_or_default();
    let at = text
        .windows(4)
        .any(|four| four[1..3].eq_ignore_ascii_case(b"at") && !is(four[0], ALNUM) && !is(four[3], ALNUM));
    while end > token.end && !is(view.at(end - 1), ALNUM) {
        end -= 1;
    }
    while start < token.start && !is(view.at(start), ALNUM) {
        start += 1;
    }
    if !at || end <= token.end + 1 {
        return token.end;
    }
    sift.push(found((start, end), Identifier::Email, 84, "email.spoken"));
    end
}

/// `@anna_b`, "insta @annab": what somebody is called on a network; the at-sign follows a blank.
fn handle(view: View<'_>, anchor: usize, sift: &mut Sift<'_>) -> usize {
    const NETWORKS: Words = Words::new(&[
        "insta",
        "instagram",
        "ig",
        "twitter",
        "tiktok",
        "snap",
        "snapchat",
        "venmo",
        "handle",
        "telegram",
        "discord",
        "grindr",
        "facebook",
        "fb",
        "threads",
        "youtube",
        "cashapp",
        "username",
        "user",
    ]);
    let apart = matches!(view.before(anchor), 0 | b' ' | b'\n' | b'\t' | b'(' | b':');
    let mut end = view.run_end(anchor + 1, LOCAL, 31);
    while end > anchor && !is(view.at(end - 1), ALNUM | HOST) {
        end -= 1;
    }
    let text = view.bytes.get(anchor + 1..end).unwrap_or_default();
    let letters = text.iter().filter(|byte| is(**byte, LETTER)).count();
    let place = view.skip_blanks_back(anchor);
    let place = place - usize::from(view.before(place) == b':');
    let said = view.word_to(place).is_some_and(|word| NETWORKS.has(word));
    let joined = text.iter().any(|byte| matches!(byte, b'_')) && !text.contains(&b'/');
    if !apart || letters < 3 || text.len() > 30 || !(said || joined && view.at(end) != b'(') {
        return anchor + 1;
    }
    sift.push(found((anchor, end), Identifier::Url, if said { 76 } else { 56 }, "url.handle"));
    end
}

/// The beginning of the letters and digits before blanks.
fn chunk_before(view: View<'_>, place: usize) -> Option<usize> {
    let to = view.skip_wrap_back(place);
    let start = view.run_start(to, ALNUM, 40);
    (start < to && to < place).then_some(start)
}

/// The name before "dot", "dash", "underscore" or "hyphen" that ends before this place.
fn joined_before(view: View<'_>, place: usize) -> Option<usize> {
    let mark = view.word_before(place)?;
    let joins = ["dot", "dash", "underscore", "hyphen", "period", "point"].iter().any(|text| mark.is(text));
    if !joins { None } else { chunk_before(view, mark.start) }
}

/// Where the local part begins that ends before "at".
fn local_before(view: View<'_>, at: usize) -> Option<usize> {
    let mut start = chunk_before(view, at)?;
    for _ in 0..10 {
        let spoken = view.word_at(start).is_some_and(|word| word.has(SPOKEN)) || is(view.at(start), DIGIT);
        if let Some(name) = joined_before(view, start) {
            start = name;
        } else if let Some(name) = chunk_before(view, start).filter(|_| spoken) {
            start = name;
        } else {
            break;
        }
    }
    Some(start)
}
