//! Names of files that leave us.

use crate::extract::shown;

/// Longest name given out, in bytes of UTF-8. Every file system in use takes 255; the rest is room for " (1)".
const NAME_BYTES_MAX: usize = 150;
/// Longest extension that is kept whole when a name is cut.
const EXTENSION_BYTES_MAX: usize = 16;

/// A name that is safe to give to a browser or a disk: no path, no control, bidi or invisible characters,
/// none of the characters that Windows or a shell reads as something else, no name that Windows reserves, no
/// dot or space at either end, at most 150 bytes with its extension kept, never empty (then `document`).
///
/// Applying it twice changes nothing. How the name is put into a header (RFC 6266) is the portal's.
#[must_use]
pub fn safe_file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let cleaned: String = last.chars().filter_map(safe).collect();
    let words = cleaned.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    // Cutting can bare a reserved name and a prefix can make it too long: done in turn until nothing changes.
    let mut name = words;
    loop {
        let mut next = cut(&name).trim_matches(['.', ' ']).to_owned();
        if is_reserved(&next) {
            next.insert(0, '_');
        }
        if next == name {
            break;
        }
        name = next;
    }
    if name.is_empty() { "document".to_owned() } else { name }
}

/// The character to write, or nothing for one that is not seen.
fn safe(character: char) -> Option<char> {
    match character {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' | '%' | '\'' | '`' | '$' | ';' | '&' => Some('_'),
        c if c.is_whitespace() => Some(' '),
        // `shown` gives U+FFFD for what reorders the line; in a name it is better gone.
        c => shown(c).filter(|&seen| seen == c && c != char::REPLACEMENT_CHARACTER),
    }
}

/// Shortens the stem, so that the extension still says what the file is.
fn cut(name: &str) -> String {
    if name.len() <= NAME_BYTES_MAX {
        return name.to_owned();
    }
    let end_trimmed = |text: &str| text.trim_end_matches(['.', ' ']).to_owned();
    match name.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= EXTENSION_BYTES_MAX && !extension.contains(' ') => {
            let stem = end_trimmed(cut_to(stem, NAME_BYTES_MAX - extension.len() - 1));
            format!("{stem}.{extension}")
        }
        _ => end_trimmed(cut_to(name, NAME_BYTES_MAX)),
    }
}

/// At most so many bytes, ending at a character.
fn cut_to(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// Device names of DOS are devices with any extension ("Naming Files, Paths, and Namespaces", Windows documentation).
fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    if matches!(stem.as_str(), "con" | "prn" | "aux" | "nul" | "conin$" | "conout$" | "clock_") {
        return true;
    }
    let number = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    let mut rest = number.unwrap_or_default().chars();
    matches!((rest.next(), rest.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
}

#[cfg(test)]
mod tests {
    use super::{is_reserved, safe_file_name};
    use proptest::prelude::*;

    #[test]
    fn names_are_stripped_of_paths_and_tricks() {
        let cases = [
            ("Smith_Jane 2017.pdf", "Smith_Jane 2017.pdf"),
            ("../../etc/passwd", "passwd"),
            (&format!("con{}.txt", " .".repeat(100)), "_con.txt"),
            (&format!("a{}.txt", ".".repeat(200)), "a.txt"),
            ("C:\\Windows\\x.txt", "x.txt"),
            ("a\r\nSet-Cookie: b.txt", "a Set-Cookie_ b.txt"),
            ("inv\u{202e}fdp.exe", "invfdp.exe"),
            ("a\u{0}b.txt", "ab.txt"),
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("com1.tar.gz", "_com1.tar.gz"),
            ("COM¹", "_COM¹"),
            ("comb.txt", "comb.txt"),
            (".htaccess", "htaccess"),
            ("name. . .", "name"),
            ("", "document"),
            ("...", "document"),
            ("a/", "document"),
            ("\u{200b}\u{feff}", "document"),
            ("x.txt::$DATA", "x.txt___DATA"),
            ("Zoë 好.pdf", "Zoë 好.pdf"),
        ];
        for (name, expected) in cases {
            assert_eq!(safe_file_name(name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = safe_file_name(&format!("{}.docx", "é".repeat(500)));
        assert!(name.len() <= 150 && name.len() >= 148 && name.ends_with("é.docx"), "{}", name.len());
        assert_eq!(safe_file_name(&"a".repeat(500)).len(), 150);
    }

    proptest! {
        #[test]
        fn any_name_becomes_safe_and_stays_as_it_is(name in "\\PC{0,300}|(.|\n){0,60}|(con|aux|nul|lpt1|\\.| |/){0,6}") {
            let safe = safe_file_name(&name);
            prop_assert!(!safe.is_empty() && safe.len() <= 150);
            let bad = ['/', '\\', ':', '"', '\n', '\r', '\0', '\u{202e}'];
            prop_assert!(!safe.contains(bad));
            prop_assert!(!safe.starts_with(['.', ' ']) && !safe.ends_with(['.', ' ']));
            prop_assert!(!is_reserved(&safe));
            prop_assert_eq!(safe_file_name(&safe), safe);
        }
    }
}
