//! A manifest as JSON. All words in it are names of ours, so nothing has to be escaped.
//!
//! What must always hold: the fields and their order are those of docs/FORMATS.md; the same manifest is the same bytes.
//!
//! What it refuses to know: how to read it back; whoever keeps it does.

use super::{Counted, Manifest};
use crate::read::Format;
use std::fmt::Write as _;

pub(super) fn written(manifest: &Manifest) -> String {
    let mut out = String::with_capacity(256 + manifest.people.len() * 160);
    let put = |out: &mut String, more: std::fmt::Arguments<'_>| {
        // A string takes whatever is written to it.
        let _ = out.write_fmt(more);
    };
    put(
        &mut out,
        format_args!("{{\"manifest\":1,\"rules\":{},\"format\":\"{}\"", manifest.rules, name_of(manifest.format)),
    );
    put(&mut out, format_args!(",\"text_bytes\":{},\"truncated\":{}", manifest.text_bytes, manifest.truncated));
    out.push_str(",\"opaque\":{");
    for (at, (why, count)) in manifest.opaque.iter().enumerate() {
        put(&mut out, format_args!("{}\"{why}\":{count}", comma(at)));
    }
    out.push_str("},\"people\":[");
    for (at, person) in manifest.people.iter().enumerate() {
        put(&mut out, format_args!("{}{{\"ordinal\":{},\"records\":{},", comma(at), person.ordinal, person.records));
        counted(&mut out, &person.counted);
        out.push('}');
    }
    out.push_str("],\"unassigned\":{");
    counted(&mut out, &manifest.unassigned);
    out.push_str("}}");
    out
}

const fn comma(at: usize) -> &'static str {
    if at == 0 { "" } else { "," }
}

fn counted(out: &mut String, counted: &Counted) {
    out.push_str("\"identifiers\":{");
    for (at, (kind, count)) in counted.identifiers.iter().enumerate() {
        let _ = write!(out, "{}\"{kind}\":{count}", comma(at));
    }
    out.push_str("},\"health_data\":{");
    for (at, kind) in counted.kinds.kinds().enumerate() {
        let _ = write!(out, "{}\"{kind}\":{{", comma(at));
        let evidence = counted.kinds.evidence().iter().filter(|one| one.kind == kind);
        for (at, one) in evidence.enumerate() {
            let _ = write!(out, "{}\"{}\":{}", comma(at), one.why, one.count);
        }
        out.push('}');
    }
    out.push('}');
}

const fn name_of(format: Format) -> &'static str {
    match format {
        Format::Empty => "empty",
        Format::Text => "text",
        Format::Delimited => "delimited",
        Format::Hl7 => "hl7v2",
        Format::Json => "json",
        Format::Fhir => "fhir",
        Format::NdJson => "ndjson",
        Format::Xml => "xml",
        Format::Cda => "cda",
        Format::Html => "html",
        Format::Mail => "mail",
        Format::Rtf => "rtf",
        Format::Sql => "sql",
        Format::Zip => "zip",
        Format::Gzip => "gzip",
        Format::Tar => "tar",
        Format::Pdf => "pdf",
        Format::Dicom => "dicom",
        Format::Binary(_) => "binary",
    }
}
