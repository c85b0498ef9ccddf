//! Any bytes as a container, and any text as the document inside a whole one.
#![no_main]

use identify::{Kind, Limits, text_of};
use libfuzzer_sys::fuzz_target;
use std::io::{Cursor, Write};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { text_bytes_max: 20_000, inflated_bytes_max: 4 << 20, ..Limits::default() };
    let _ = text_of(Kind::Docx, bytes, &limits);
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("word/document.xml", stored).expect("writing to memory");
    writer.write_all(bytes).expect("writing to memory");
    let container = writer.finish().expect("writing to memory").into_inner();
    if let Ok(read) = text_of(Kind::Docx, &container, &limits) {
        assert!(read.text.len() <= limits.text_bytes_max);
    }
});
