//! What is uploaded, sniffed and imported, as the door takes it.

use identify::{
    FileNameTemplate, Kind, Limits, header_fields, patients_from_adt, patients_from_csv, people_from_csv, read_hl7,
    sniff, text_of,
};
use std::io::{Cursor, Write as _};

/// A parser by its name, which is that of its folder of seeds.
pub(crate) type Parser = (&'static str, fn(&[u8]));

/// Every target of this file.
pub(crate) const TARGETS: &[Parser] = &[
    ("sniff", sniffed),
    ("rtf", rtf),
    ("pdf", pdf),
    ("docx", docx),
    ("table", table),
    ("header", header),
    ("template", template),
    ("hl7", hl7),
];

/// Small limits, so that every limit is met.
fn limits() -> Limits {
    Limits { text_bytes_max: 20_000, inflated_bytes_max: 1 << 20, operators_max: 20_000, ..Limits::default() }
}

fn read(kind: Kind, bytes: &[u8]) {
    if let Ok(read) = text_of(kind, bytes, &limits()) {
        assert!(read.text.len() <= 20_000);
    }
}

fn sniffed(bytes: &[u8]) {
    for name in ["x.docx", "x.pdf", "x", "x.exe", "x.txt"] {
        if let Ok(kind) = sniff(bytes, name).accept() {
            assert!(Kind::ACCEPTED.contains(&kind) && name != "x.exe");
        }
    }
}

fn rtf(bytes: &[u8]) {
    read(Kind::Rtf, bytes);
}

fn pdf(bytes: &[u8]) {
    read(Kind::Pdf, bytes);
}

/// The bytes as the XML within a container, and as the container.
fn docx(bytes: &[u8]) {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("word/document.xml", stored).expect("a part begins");
    writer.write_all(bytes).expect("a part is written");
    read(Kind::Docx, &writer.finish().expect("the archive ends").into_inner());
    read(Kind::Docx, bytes);
}

fn table(bytes: &[u8]) {
    let _ = patients_from_csv(bytes, &limits());
    let _ = people_from_csv(bytes, &limits());
}

fn header(bytes: &[u8]) {
    let fields = header_fields(&String::from_utf8_lossy(bytes));
    for value in
        [&fields.patient_name, &fields.record_number, &fields.author, &fields.document_type].into_iter().flatten()
    {
        assert!(!value.is_empty() && value.chars().count() <= 100 && !value.contains(['\n', '\u{202e}', '\0']));
    }
}

/// First line the template, the rest a name.
fn template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (template, name) = text.split_once('\n').unwrap_or((&text, ""));
    if let Ok(template) = FileNameTemplate::parse(template) {
        let _ = template.fields(name);
    }
    let safe = identify::safe_file_name(name);
    assert!(!safe.is_empty() && safe.len() <= 150 && identify::safe_file_name(&safe) == safe);
}

/// What is read is written back as the same bytes.
fn hl7(bytes: &[u8]) {
    let Ok(exchange) = read_hl7(bytes, &limits()) else { return };
    assert_eq!(exchange.write_back(), bytes);
    assert!(patients_from_adt(&exchange, None).len() <= exchange.items.len());
    let _ = identify::adt::authorities_of(&exchange);
}
