//! Just enough of Rust's grammar to count lines: comments and literals are blanked out, test modules and
//! functions are found by their braces.
//!
//! What must always hold: [`blanked`] keeps every line break and every byte's place, so that a position in
//! its answer is a position in the file.
//!
//! What it refuses to know: types, macros, anything a compiler is for. A brace inside a macro counts.

use std::ops::Range;

/// The same text with comments, strings and character literals replaced by spaces.
pub(super) fn blanked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = skip(bytes, at);
        if end > at {
            blank(&mut out, at..end);
            at = end;
        } else {
            at += 1;
        }
    }
    // Only whole comments and literals were replaced, so what is left is UTF-8 still.
    String::from_utf8(out).unwrap_or_default()
}

fn blank(out: &mut [u8], range: Range<usize>) {
    for byte in &mut out[range] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

/// Where the comment or literal that begins at `at` ends; `at` itself when none does.
fn skip(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        return at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    }
    if rest.starts_with(b"/*") {
        return block_comment(bytes, at);
    }
    match rest[0] {
        b'"' => quoted(bytes, at + 1),
        b'r' | b'b' | b'c' if at == 0 || !is_word(bytes[at - 1]) => prefixed(bytes, at),
        b'\'' => character(bytes, at),
        _ => at,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn block_comment(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut now) = (0_usize, at);
    while now < bytes.len() {
        if bytes[now..].starts_with(b"/*") {
            depth += 1;
            now += 2;
        } else if bytes[now..].starts_with(b"*/") {
            depth -= 1;
            now += 2;
            if depth == 0 {
                return now;
            }
        } else {
            now += 1;
        }
    }
    bytes.len()
}

/// `at` is the first byte after the opening quote.
fn quoted(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `r"…"`, `r#"…"#`, `b"…"`, `b'…'`, `br#"…"#`, `c"…"`.
fn prefixed(bytes: &[u8], at: usize) -> usize {
    let letters = bytes[at..].iter().take(2).take_while(|byte| matches!(byte, b'r' | b'b' | b'c')).count();
    let raw = bytes[at..at + letters].contains(&b'r');
    let after = at + letters;
    let hashes = if raw { bytes[after..].iter().take_while(|byte| **byte == b'#').count() } else { 0 };
    match bytes.get(after + hashes) {
        Some(b'"') if raw => {
            let close: Vec<u8> = std::iter::once(b'"').chain(std::iter::repeat_n(b'#', hashes)).collect();
            let body = after + hashes + 1;
            let found = bytes[body..].windows(close.len()).position(|window| window == close);
            found.map_or(bytes.len(), |offset| body + offset + close.len())
        }
        Some(b'"') => quoted(bytes, after + 1),
        Some(b'\'') if bytes[at] == b'b' && hashes == 0 => character(bytes, after),
        _ => at,
    }
}

/// A character literal; a lifetime is left standing.
fn character(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at + 1..];
    if rest.first() == Some(&b'\\') {
        // Skip what is escaped: '\'' and '\\' hold a quote or a backslash themselves.
        let close = rest.iter().skip(2).position(|byte| *byte == b'\'');
        return close.map_or(at, |offset| at + 1 + 2 + offset + 1);
    }
    let width = match rest.first() {
        Some(0..=0x7f) => 1,
        Some(0xc0..=0xdf) => 2,
        Some(0xe0..=0xef) => 3,
        Some(_) => 4,
        None => return at,
    };
    if rest.get(width) == Some(&b'\'') { at + 1 + width + 1 } else { at }
}

/// A function, where it stands and how many lines of code it has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub name: String,
    /// Counted from 1.
    pub line: usize,
    /// Lines that hold code, from the signature's first to the closing brace's: neither empty nor comment only.
    pub lines_of_code: usize,
}

/// Byte ranges of the `#[cfg(test)]` modules of a blanked text.
pub(super) fn test_modules(code: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(offset) = code[from..].find("#[cfg(test)]") {
        let start = from + offset;
        from = start + "#[cfg(test)]".len();
        let after = code[from..].trim_start();
        let is_module = after.starts_with("mod ") || after.starts_with("pub(crate) mod ") || after.starts_with("#[");
        if is_module && let Some(body) = body_after(code, from) {
            found.push(start..body.end);
            from = body.end;
        }
    }
    found
}

/// Byte ranges of the `macro_rules!` bodies of a blanked text.
pub(super) fn macros(code: &str) -> Vec<Range<usize>> {
    code.match_indices("macro_rules!").filter_map(|(at, _)| body_after(code, at)).collect()
}

/// Every function outside `skip`, with its length.
pub(super) fn functions(code: &str, skip: &[Range<usize>]) -> Vec<Function> {
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    for (start, _) in code.match_indices("fn ") {
        let inside_word = start > 0 && is_word(bytes[start - 1]);
        if inside_word || skip.iter().any(|range| range.contains(&start)) {
            continue;
        }
        let name: String =
            code[start + 3..].trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if name.is_empty() {
            continue;
        }
        if let Some(body) = body_after(code, start) {
            let lines_of_code = code[start..body.end].lines().filter(|line| !line.trim().is_empty()).count();
            found.push(Function { name, line: line_of(code, start), lines_of_code });
        }
    }
    found
}

/// The next `{ … }` at the same depth of parentheses; `None` when a `;` comes first.
fn body_after(code: &str, from: usize) -> Option<Range<usize>> {
    let bytes = code.as_bytes();
    let mut parentheses = 0_i32;
    for (offset, byte) in bytes[from..].iter().enumerate() {
        match byte {
            b'(' | b'[' => parentheses += 1,
            b')' | b']' => parentheses -= 1,
            b';' if parentheses == 0 => return None,
            b'{' if parentheses == 0 => return Some(from + offset..closing(bytes, from + offset)),
            _ => {}
        }
    }
    None
}

fn closing(bytes: &[u8], open: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in bytes[open..].iter().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return open + offset + 1;
                }
            }
            _ => {}
        }
    }
    bytes.len()
}

/// The line of a byte position, counted from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// How many lines stand outside `skip`.
pub(super) fn lines_outside(code: &str, skip: &[Range<usize>]) -> usize {
    let inside: usize = skip.iter().map(|range| code[range.clone()].lines().count()).sum();
    code.lines().count().saturating_sub(inside)
}

#[cfg(test)]
mod tests {
    use super::{blanked, functions, lines_outside, test_modules};

    #[test]
    fn comments_and_literals_are_blanked_and_places_kept() {
        let text =
            "let a = \"{ todo!()\"; // {\nlet b = '{'; /* { /* } */ */ let c = r#\"\"}\"#; let d: &'a str = b'\\'';";
        let code = blanked(text);
        assert_eq!(code.len(), text.len());
        assert!(!code.contains(['{', '}', '"']), "{code}");
        assert!(!code.contains("todo"));
        assert!(code.contains("let d: &'a str"), "{code}");
        assert_eq!(code.lines().count(), 2);
    }

    #[test]
    fn letters_beyond_ascii_do_not_shift_places() {
        let text = "let a = 'é'; let b = \"– { –\"; fn x() {}";
        assert_eq!(blanked(text).len(), text.len());
        assert_eq!(functions(&blanked(text), &[]).len(), 1);
    }

    #[test]
    fn an_escaped_backslash_ends_its_literal() {
        assert_eq!(functions(&blanked("fn a() { let x = '\\\\'; }\nfn b() {}"), &[]).len(), 2);
    }

    #[test]
    fn a_function_is_as_long_as_its_lines_of_code() {
        let code =
            blanked("fn long(\n    a: [u8; 3],\n) -> u8 {\n    // why\n\n    a[0]\n}\ntrait T { fn short(&self); }\n");
        let found = functions(&code, &[]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].name.as_str(), found[0].line, found[0].lines_of_code), ("long", 1, 5));
    }

    #[test]
    fn test_modules_do_not_count() {
        let code = blanked("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\nfn c() {}\n");
        let skip = test_modules(&code);
        let names: Vec<String> = functions(&code, &skip).into_iter().map(|function| function.name).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(lines_outside(&code, &skip), 2);
    }
}
