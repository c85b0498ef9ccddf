//! Base64, hexadecimal and quoted-printable, with the place of each byte.
//!
//! What must always hold: what is no such encoding is passed over (base64) or stays as it stands (quoted-printable),
//! as RFC 2045 asks; a line's end that says nothing leaves nothing.
//!
//! What it refuses to know: what the bytes mean.

use super::escape::Escape;
use super::map::{How, OffsetMap};

/// How long a line of base64 is where nothing says it, in letters (RFC 2045, 6.8).
const LINE: usize = 76;

fn value_of(letter: u8) -> Option<u32> {
    Some(u32::from(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}

/// Is a text base64 and nothing else: letters in fours, on lines if there are several.
pub(super) fn is_base64(text: &str) -> bool {
    let letters = text.trim_end_matches(['=', '\r', '\n']);
    let many = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).count();
    !letters.is_empty()
        && many.is_multiple_of(4)
        && letters.bytes().all(|byte| value_of(byte).is_some() || matches!(byte, b'\r' | b'\n'))
}

/// Is a text, of which nobody says that it is base64, sure to be some: no words of anybody's look like that.
pub(super) fn is_surely_base64(text: &str) -> bool {
    let has = |fits: fn(&u8) -> bool| text.as_bytes().iter().any(fits);
    let lines_are_long = text.lines().all(|line| line.len() >= 60 || text.ends_with(line));
    lines_are_long
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && is_base64(text)
}

/// The bytes of a base64 text, and their places.
pub(super) fn base64(text: &[u8]) -> (Vec<u8>, OffsetMap) {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut map = OffsetMap::default();
    let (mut bits, mut many, mut start) = (0_u32, 0_u32, 0);
    // A run of groups of four letters that follow each other.
    let (mut run_from, mut run_to, mut run_bytes) = (0, 0, 0);
    let mut flush = |from: usize, to: usize, bytes: usize| map.push(bytes, from..to, How::Base64, Escape::Plain);
    for (at, letter) in text.iter().enumerate() {
        if *letter == b'=' {
            break;
        }
        let Some(value) = value_of(*letter) else { continue };
        if many == 0 {
            start = at;
        }
        bits = bits << 6 | value;
        many += 1;
        if many < 4 {
            continue;
        }
        out.extend_from_slice(&bits.to_be_bytes()[1..]);
        let whole = at + 1 - start == 4;
        if start != run_to || !whole || run_bytes == 0 {
            flush(run_from, run_to, run_bytes);
            (run_from, run_bytes) = (start, 0);
        }
        (run_to, run_bytes) = (at + 1, run_bytes + 3);
        if !whole {
            flush(run_from, run_to, run_bytes);
            (run_from, run_to, run_bytes) = (at + 1, at + 1, 0);
        }
        (bits, many) = (0, 0);
    }
    flush(run_from, run_to, run_bytes);
    if many >= 2 {
        bits <<= 6 * (4 - many);
        let bytes = many as usize - 1;
        out.extend_from_slice(&bits.to_be_bytes()[1..=bytes]);
        let end = text.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(text.len(), |last| last + 1);
        map.push(bytes, start..end.max(start), How::Atom, Escape::Plain);
    }
    (out, map)
}

/// The bytes of digits in pairs, and their places; a last one without a pair is left out.
pub(super) fn hex(digits: &[u8]) -> (Vec<u8>, OffsetMap) {
    let value = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pair = |pair: &[u8]| Some(value(pair[0])? << 4 | value(pair[1])?);
    let out: Vec<u8> = digits.chunks_exact(2).map_while(pair).collect();
    let mut map = OffsetMap::default();
    map.push(out.len(), 0..out.len() * 2, How::Wide, Escape::Plain);
    (out, map)
}

/// Bytes as digits in pairs, with letters as large as `old` has them.
pub(super) fn to_hex(bytes: &[u8], old: &[u8]) -> Vec<u8> {
    let digits: &[u8; 16] =
        if old.iter().any(u8::is_ascii_uppercase) { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    bytes.iter().flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]).collect()
}

/// The map of something that begins later in the source.
pub(super) fn shifted(mut map: OffsetMap, by: usize) -> OffsetMap {
    map.runs.iter_mut().for_each(|run| run.source += by);
    map
}

/// Bytes as base64, with lines as `old` has them.
pub(super) fn to_base64(bytes: &[u8], old: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let end: &[u8] = if old.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
    let line = old.iter().position(|byte| matches!(byte, b'\r' | b'\n')).map(|far| far.max(4) / 4 * 4);
    let line = line.map(|line| if line == 0 { LINE } else { line });
    let mut out = Vec::with_capacity(bytes.len() / 3 * 4 + 8);
    let mut in_line = 0;
    for chunk in bytes.chunks(3) {
        if line.is_some_and(|line| in_line >= line) {
            out.extend_from_slice(end);
            in_line = 0;
        }
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { letter } else { b'=' });
        }
        in_line += 4;
    }
    if old.ends_with(b"\n") {
        out.extend_from_slice(end);
    }
    out
}

/// The bytes of a quoted-printable text, and their places.
pub(super) fn quoted_printable(text: &[u8]) -> (Vec<u8>, OffsetMap) {
    let mut out = Vec::with_capacity(text.len());
    let mut map = OffsetMap::default();
    let mut at = 0;
    while at < text.len() {
        let plain = text[at..].iter().position(|byte| *byte == b'=').map_or(text.len(), |far| at + far);
        out.extend_from_slice(&text[at..plain]);
        map.push(plain - at, at..plain, How::Same, Escape::Plain);
        at = plain;
        if at >= text.len() {
            break;
        }
        let rest = &text[at + 1..];
        let digit = |place: usize| rest.get(place).and_then(|byte| char::from(*byte).to_digit(16));
        if let (Some(high), Some(low)) = (digit(0), digit(1)) {
            out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            map.push(1, at..at + 3, How::Atom, Escape::Plain);
            at += 3;
            continue;
        }
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).take(LINE).count();
        match &rest[blanks..] {
            [b'\r', b'\n', ..] => at += blanks + 3,
            [b'\n' | b'\r', ..] => at += blanks + 2,
            _ => {
                out.push(b'=');
                map.push(1, at..at + 1, How::Same, Escape::Plain);
                at += 1;
            }
        }
    }
    (out, map)
}

/// Bytes as quoted-printable, in short pieces.
pub(super) fn to_quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    let mut in_line = 0;
    for byte in bytes {
        // A line of the text around it may be nearly full; a break costs nothing.
        if in_line > LINE - 20 {
            out.extend_from_slice(b"=\r\n");
            in_line = 0;
        }
        match byte {
            b'\n' | b'\r' => {
                out.push(*byte);
                in_line = 0;
            }
            b' '..=b'~' if *byte != b'=' => {
                out.push(*byte);
                in_line += 1;
            }
            _ => {
                out.extend_from_slice(format!("={byte:02X}").as_bytes());
                in_line += 3;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{base64, hex, is_base64, is_surely_base64, quoted_printable, to_base64, to_hex, to_quoted_printable};
    use proptest::prelude::*;

    #[test]
    fn a_byte_of_base64_knows_its_letters() {
        let (bytes, map) = base64(b"aGVs\r\nbG8gd29ybGQ=");
        assert_eq!(bytes, b"hello world");
        assert_eq!(map.source(0..1), 0..4);
        assert_eq!(map.source(3..4), 6..10);
        assert_eq!(map.source(9..11), 14..18);
        assert!(is_base64("aGVsbG8gd29ybGQ="));
        assert!(!is_base64("John Smith") && !is_surely_base64(&"johnsmith".repeat(64)));
    }

    #[test]
    fn a_soft_line_end_leaves_nothing() {
        let (bytes, map) = quoted_printable(b"Zo=C3=AB L=\r\nee=");
        assert_eq!(bytes, "Zoë Lee=".as_bytes());
        assert_eq!(map.source(2..3), 2..5);
        assert_eq!(map.source(5..7), 9..14);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for old in [&b""[..], b"QUJD\r\n", b"QUJDQUJD\nQUJD"] {
                prop_assert_eq!(base64(&to_base64(&bytes, old)).0, bytes.clone());
            }
            for old in [&b"ff"[..], b"FF"] {
                prop_assert_eq!(hex(&to_hex(&bytes, old)).0, bytes.clone());
            }
            let lines: Vec<u8> = bytes.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
            prop_assert_eq!(quoted_printable(&to_quoted_printable(&lines)).0, lines);
        }

        #[test]
        fn anything_is_decoded_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let (out, map) = base64(&bytes);
            prop_assert_eq!(out.len(), map.text_bytes);
            let (out, map) = quoted_printable(&bytes);
            prop_assert_eq!(out.len(), map.text_bytes);
            let (out, map) = hex(&bytes);
            prop_assert_eq!(out.len(), map.text_bytes);
        }
    }
}
