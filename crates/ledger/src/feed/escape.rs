//! Text into lines: whatever it is, what comes out is printable ASCII.

use serde::Serialize;
use std::fmt::Write as _;

/// Canonical enough JSON: everything beyond printable ASCII as `\u….`, so that neither U+2028 nor DEL nor a turned
/// reading order reaches whoever reads the line.
pub(super) fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("objects made here have texts as keys and no numbers beyond JSON's");
    let mut line = String::with_capacity(text.len());
    for letter in text.chars() {
        // serde_json has escaped what is below the space already.
        if letter.is_ascii() && letter != '\u{7f}' {
            line.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            let _ = write!(line, "\\u{unit:04x}");
        }
    }
    line
}

/// The value of a parameter (RFC 5424, 6.3.3): `"`, `\` and `]` behind a backslash; what is not printable ASCII is a
/// question mark.
pub(super) fn param(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\\' | ']' => {
                value.push('\\');
                value.push(letter);
            }
            ' '..='~' => value.push(letter),
            _ => value.push('?'),
        }
    }
    value
}

/// A field of the header (RFC 5424, 6): printable ASCII without the space, at most so long; `-` for nothing.
pub(super) fn field(text: &str, most: usize) -> String {
    let kept: String = text.chars().map(|one| if one.is_ascii_graphic() { one } else { '?' }).take(most).collect();
    if kept.is_empty() { "-".to_owned() } else { kept }
}
