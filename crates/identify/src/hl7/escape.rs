//! Escapes of HL7 version 2 (chapter 2.7): separators, bytes as hexadecimal digits, and the few of formatting.
//!
//! What is no escape stays as it stands: a lone escape sign, one that does not close, one of a sender's own.

use super::Rules;

/// Lines or spaces that one escape makes at most: a hostile number makes no long text.
const REPEATS_MAX: usize = 8;
/// The longest escape that is looked for, bytes between its signs.
const ESCAPE_BYTES_MAX: usize = 1_024;

/// The bytes with every escape undone.
pub(super) fn undone(bytes: &[u8], rules: &Rules) -> Vec<u8> {
    let Some(sign) = rules.escape else { return bytes.to_vec() };
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != sign {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        let rest = &bytes[at + 1..bytes.len().min(at + 2 + ESCAPE_BYTES_MAX)];
        let closes = rest.iter().position(|byte| *byte == sign);
        match closes.and_then(|far| Some((far, meaning(&rest[..far], rules)?))) {
            Some((far, plain)) => {
                out.extend(plain);
                at += far + 2;
            }
            None => {
                out.push(sign);
                at += 1;
            }
        }
    }
    out
}

/// What stands for `\escape\`; `None` when it is none.
fn meaning(escape: &[u8], rules: &Rules) -> Option<Vec<u8>> {
    let one = |byte: Option<u8>| byte.map(|byte| vec![byte]);
    match escape {
        b"F" => Some(vec![rules.field]),
        b"S" => Some(vec![rules.component]),
        b"T" => one(rules.sub_component),
        b"R" => one(rules.repetition),
        b"E" => one(rules.escape),
        b"P" => one(rules.truncation),
        // Highlighting begins and ends: no letters.
        b"H" | b"N" => Some(Vec::new()),
        [b'X', digits @ ..] => hexadecimal(digits),
        [b'.', command @ ..] => formatting(command),
        _ => None,
    }
}

fn hexadecimal(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

fn formatting(command: &[u8]) -> Option<Vec<u8>> {
    let many = |digits: &[u8]| -> Option<usize> {
        let text = str::from_utf8(digits).ok()?.trim().trim_start_matches('+');
        if text.is_empty() { Some(1) } else { text.parse::<usize>().ok() }.map(|many| many.min(REPEATS_MAX))
    };
    match command {
        b"br" | b"ce" => Some(b"\n".to_vec()),
        b"fi" | b"nf" => Some(Vec::new()),
        [b's', b'p', digits @ ..] => many(digits).map(|many| b"\n".repeat(many)),
        [b's', b'k', digits @ ..] => many(digits).map(|many| b" ".repeat(many)),
        [b'i', b'n', ..] | [b't', b'i', ..] => Some(Vec::new()),
        _ => None,
    }
}
