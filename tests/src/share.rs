//! A share as a transcription company has one: how each kind of file in it is made.

use std::io::Write as _;
use std::path::Path;

/// A document of one paragraph a line.
///
/// # Panics
/// When it cannot be packed.
#[must_use]
pub fn docx(text: &str) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let packed = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let types =
        "<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\">\
         <w:body>{}</w:body></w:document>",
        text.lines().map(|line| format!("<w:p><w:r><w:t>{line}</w:t></w:r></w:p>")).collect::<String>()
    );
    for (name, text) in [("[Content_Types].xml", types), ("word/document.xml", body.as_str())] {
        archive.start_file(name, packed).expect("a part begins");
        archive.write_all(text.as_bytes()).expect("a part is written");
    }
    archive.finish().expect("the archive ends").into_inner()
}

/// Text with the marks around it that editors of the nineties wrote.
#[must_use]
pub fn rtf(text: &str) -> Vec<u8> {
    format!("{{\\rtf1\\ansi {}}}", text.replace('\n', "\\par\n")).into_bytes()
}

/// A page of text, as small as a PDF can be.
#[must_use]
pub fn pdf(text: &str) -> Vec<u8> {
    let lines: String = text.lines().map(|line| format!("({line}) Tj T*\n")).collect();
    let content = format!("BT /F1 10 Tf 12 TL 50 700 Td\n{lines}ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    }
    let table = file.len();
    file.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    places.iter().for_each(|place| file.push_str(&format!("{place:010} 00000 n \n")));
    file.push_str(&format!("trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", objects.len() + 1));
    file.into_bytes()
}

/// Puts a file into a share, with the folders above it.
///
/// # Panics
/// When it cannot be written.
pub fn lay(share: &Path, path: &str, bytes: &[u8]) {
    let path = share.join(path);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, bytes).expect("written");
}
