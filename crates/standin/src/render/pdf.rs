//! A document as pages (ISO 32000-1): Courier, one of the fonts that every reader has, with its text layer.
//!
//! What must always hold: every line of the text stands on a page, broken where a page is too narrow; letters that
//! Windows-1252 lacks stand without their marks, since a standard font has no others.
//!
//! What it refuses to know: pictures and forms.

use super::put;
use crate::dirt::cp1252;

/// Letters of ten points in a line of 7.5 inches: 540 / 6.
const COLUMNS: usize = 90;
/// Lines of twelve points on a page of ten inches.
const LINES: usize = 58;

/// The file's bytes.
pub(super) fn file(text: &str) -> Vec<u8> {
    let lines: Vec<&str> = text.trim_end().split('\n').flat_map(broken).collect();
    let pages: Vec<&[&str]> = lines.chunks(LINES).collect();
    let mut out: Vec<u8> = Vec::with_capacity(text.len() * 2 + 1_024);
    let mut places = Vec::new();
    out.extend_from_slice(b"%PDF-1.4\n%\xE2\xE3\xCF\xD3\n");
    let mut object = |out: &mut Vec<u8>, body: &[u8]| {
        places.push(out.len());
        out.extend_from_slice(format!("{} 0 obj\n", places.len()).as_bytes());
        out.extend_from_slice(body);
        out.extend_from_slice(b"\nendobj\n");
    };
    object(&mut out, b"<< /Type /Catalog /Pages 2 0 R >>");
    let kids: Vec<String> = (0..pages.len()).map(|page| format!("{} 0 R", 4 + page * 2)).collect();
    object(&mut out, format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), pages.len()).as_bytes());
    object(&mut out, b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>");
    for (page, lines) in pages.iter().enumerate() {
        let content = content(lines);
        let head = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents {} 0 R >>",
            5 + page * 2
        );
        object(&mut out, head.as_bytes());
        let mut stream = format!("<< /Length {} >>\nstream\n", content.len()).into_bytes();
        stream.extend_from_slice(&content);
        stream.extend_from_slice(b"\nendstream");
        object(&mut out, &stream);
    }
    let start = out.len();
    let mut tail = format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1);
    for place in &places {
        put!(tail, "{place:010} 00000 n \n");
    }
    put!(tail, "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", places.len() + 1);
    out.extend_from_slice(tail.as_bytes());
    out
}

/// A line in parts that fit, broken at blanks where there are any.
fn broken(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = line;
    while let Some((end, _)) = rest.char_indices().nth(COLUMNS) {
        let at = rest[..end].rfind(' ').filter(|at| *at > 0).unwrap_or(end);
        parts.push(&rest[..at]);
        rest = rest[at..].trim_start_matches(' ');
    }
    parts.push(rest);
    parts
}

/// What is drawn on one page.
fn content(lines: &[&str]) -> Vec<u8> {
    let mut out = b"BT /F1 10 Tf 12 TL 36 744 Td\n".to_vec();
    for line in lines {
        out.push(b'(');
        for byte in cp1252(line) {
            if matches!(byte, b'(' | b')' | b'\\') {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out.extend_from_slice(b") Tj T*\n");
    }
    out.extend_from_slice(b"ET");
    out
}

#[cfg(test)]
mod tests {
    use super::broken;

    #[test]
    fn long_lines_are_broken_at_blanks_and_lose_nothing_but_those() {
        let line = "word ".repeat(60);
        let parts = broken(line.trim_end());
        assert!(parts.len() > 3 && parts.iter().all(|part| part.chars().count() <= 90));
        assert_eq!(parts.join(" "), line.trim_end());
        assert_eq!(broken(&"x".repeat(200)).len(), 3);
        assert_eq!(broken(""), [""]);
    }
}
