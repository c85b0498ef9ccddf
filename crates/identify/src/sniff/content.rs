//! What the bytes are. Magic numbers first, text by exclusion last.

use super::{Audio, Charset, Kind, Refused, Scan};
use crate::charset::SingleByte;

/// Signatures at the very beginning, in this order.
const SIGNATURES: &[(&[u8], Kind)] = &[
    (b"%PDF-", Kind::Pdf),
    (b"{\\rtf", Kind::Rtf),
    (b"fLaC", Kind::Audio(Audio::Flac)),
    (b"#!AMR\n", Kind::Audio(Audio::Amr)),
    (b"#!AMR-WB\n", Kind::Audio(Audio::Amr)),
    // The first byte counts the header blocks: two in recordings of the first kind, more in later ones.
    (b"\x02dss", Kind::Audio(Audio::Dss)),
    (b"\x03dss", Kind::Audio(Audio::Dss)),
    (b"\x03ds2", Kind::Audio(Audio::Ds2)),
    (b"\x06ds2", Kind::Audio(Audio::Ds2)),
    (b"\x07ds2", Kind::Audio(Audio::Ds2)),
    (b"II*\0", Kind::Scan(Scan::Tiff)),
    (b"MM\0*", Kind::Scan(Scan::Tiff)),
    (b"II+\0\x08\0\0\0", Kind::Scan(Scan::Tiff)),
    (b"MM\0+\0\x08\0\0", Kind::Scan(Scan::Tiff)),
    (b"\x89PNG\r\n\x1a\n", Kind::Scan(Scan::Png)),
    (b"\xFF\xD8\xFF", Kind::Scan(Scan::Jpeg)),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", Kind::Refused(Refused::OldOffice)),
    (b"#!", Kind::Refused(Refused::Script)),
    (b"\x7FELF", Kind::Refused(Refused::Executable)),
    (b"\xFE\xED\xFA\xCE", Kind::Refused(Refused::Executable)),
    (b"\xFE\xED\xFA\xCF", Kind::Refused(Refused::Executable)),
    (b"\xCE\xFA\xED\xFE", Kind::Refused(Refused::Executable)),
    (b"\xCF\xFA\xED\xFE", Kind::Refused(Refused::Executable)),
    (b"\xCA\xFE\xBA\xBE", Kind::Refused(Refused::Executable)),
    (b"\0asm", Kind::Refused(Refused::Executable)),
    (b"L\0\0\0\x01\x14\x02\0", Kind::Refused(Refused::Executable)),
    (b"\x1F\x8B", Kind::Refused(Refused::Archive)),
    (b"BZh", Kind::Refused(Refused::Archive)),
    (b"\xFD7zXZ\0", Kind::Refused(Refused::Archive)),
    (b"7z\xBC\xAF\x27\x1C", Kind::Refused(Refused::Archive)),
    (b"Rar!\x1A\x07", Kind::Refused(Refused::Archive)),
    (b"\x28\xB5\x2F\xFD", Kind::Refused(Refused::Archive)),
    (b"MSCF\0\0\0\0", Kind::Refused(Refused::Archive)),
    (b"PK\x05\x06", Kind::Refused(Refused::Archive)),
    (b"PK\x07\x08", Kind::Refused(Refused::Archive)),
    (b"\x1A\x45\xDF\xA3", Kind::Refused(Refused::Video)),
];

/// Tags by which browsers take a file for HTML (WHATWG MIME Sniffing, 7.1), and what else they would run.
const MARKUP: &[&[u8]] = &[
    b"<!doctype",
    b"<html",
    b"<head",
    b"<script",
    b"<iframe",
    b"<h1",
    b"<div",
    b"<font",
    b"<table",
    b"<a",
    b"<style",
    b"<title",
    b"<b",
    b"<body",
    b"<br",
    b"<p",
    b"<!--",
    b"<?xml",
    b"<?php",
    b"<svg",
    b"<xsl",
    b"<object",
    b"<embed",
    b"<img",
    b"<link",
    b"<meta",
    b"<form",
    b"<frameset",
    b"<math",
    b"<base",
    b"<template",
    b"<%",
];

/// Beginnings that lead into every branch, for tests.
#[cfg(test)]
pub(super) fn beginnings() -> Vec<Vec<u8>> {
    let others: &[&[u8]] =
        &[b"PK\x03\x04", b"OggS", b"\0\0\0\x20ftyp", b"\xFF\xFB", b"ID3", b"\xFF\xFE", b"\xEF\xBB\xBF"];
    SIGNATURES.iter().map(|signature| signature.0.to_vec()).chain(others.iter().map(|other| other.to_vec())).collect()
}

pub(super) fn kind(head: &[u8], is_cut: bool, extension: Option<&str>) -> Kind {
    if head.is_empty() {
        return Kind::Empty;
    }
    signed(head, extension).or_else(|| text(head, is_cut)).unwrap_or(Kind::Unknown)
}

/// What has a signature, at the beginning or where its kind has it.
pub(super) fn signed(head: &[u8], extension: Option<&str>) -> Option<Kind> {
    if let Some((_, kind)) = SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature)) {
        return Some(*kind);
    }
    if head.starts_with(b"PK\x03\x04") {
        return Some(container(head, extension));
    }
    if head.starts_with(b"MZ") && head.contains(&0) {
        return Some(Kind::Refused(Refused::Executable));
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some(Kind::Refused(Refused::Archive));
    }
    recording(head)
}

/// A ZIP container: a Word document if its parts say so, as far as the head shows them.
fn container(head: &[u8], extension: Option<&str>) -> Kind {
    let archive = Kind::Refused(Refused::Archive);
    let (mut word, mut first) = (false, true);
    let mut office = false;
    for at in 0..head.len().saturating_sub(30) {
        if !head[at..].starts_with(b"PK\x03\x04") {
            continue;
        }
        let length = usize::from(u16::from_le_bytes([head[at + 26], head[at + 27]]));
        let name = head.get(at + 30..at + 30 + length).unwrap_or_default();
        if std::mem::take(&mut first) {
            office = [&b"[Content_Types].xml"[..], b"_rels/.rels", b"docProps/", b"word/", b"customXml/"]
                .iter()
                .any(|start| name.starts_with(start));
        }
        if name.eq_ignore_ascii_case(b"word/vbaProject.bin") {
            return Kind::Refused(Refused::Macros);
        }
        if name.starts_with(b"xl/")
            || name.starts_with(b"ppt/")
            || name.starts_with(b"META-INF/")
            || name == b"mimetype"
        {
            return archive;
        }
        word |= name.starts_with(b"word/");
    }
    match (office, word, extension) {
        (true, true, _) => Kind::Docx,
        // The head may end inside the first parts; then the name helps, and reading the text decides.
        (true, false, Some("docx")) => Kind::Docx,
        _ => archive,
    }
}

fn recording(head: &[u8]) -> Option<Kind> {
    let kind = match head {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..]
        | [b'R', b'F', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Kind::Audio(Audio::Wav),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => Kind::Refused(Refused::Video),
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] if brand.len() >= 4 => mp4(&brand[..4], head),
        [b'O', b'g', b'g', b'S', ..] => ogg(head),
        [b'I', b'D', b'3', major, minor, flags, a, b, c, d, ..]
            if *major < 0x0A && *minor < 0xFF && flags & 0x0F == 0 && [a, b, c, d].iter().all(|byte| **byte < 0x80) =>
        {
            Kind::Audio(Audio::Mp3)
        }
        [0xFF, ..] if is_mpeg_audio(head) => Kind::Audio(Audio::Mp3),
        _ => return None,
    };
    Some(kind)
}

fn mp4(brand: &[u8], head: &[u8]) -> Kind {
    let known =
        [&b"M4A "[..], b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"dash", b"qt  "];
    // A handler of type `vide` is a picture track; what follows the head is the caller's risk.
    if head.windows(8).any(|window| window == b"\0\0\0\0vide") || brand == b"M4V " {
        Kind::Refused(Refused::Video)
    } else if known.contains(&brand) || brand.starts_with(b"3g") {
        Kind::Audio(Audio::M4a)
    } else {
        Kind::Unknown
    }
}

fn ogg(head: &[u8]) -> Kind {
    // The first page holds one packet; its segment table says where the packet begins (RFC 3533).
    let start = 27 + usize::from(head.get(26).copied().unwrap_or(0));
    let packet = head.get(start..).unwrap_or_default();
    let audio = [&b"OpusHead"[..], b"\x01vorbis", b"Speex   ", b"\x7FFLAC"];
    if audio.iter().any(|signature| packet.starts_with(signature)) {
        Kind::Audio(Audio::Ogg)
    } else if packet.starts_with(b"\x80theora") || packet.starts_with(b"fishead") {
        Kind::Refused(Refused::Video)
    } else {
        Kind::Unknown
    }
}

/// Two frame headers in a row at the computed distance; one alone is a coincidence in any random file.
fn is_mpeg_audio(head: &[u8]) -> bool {
    frame_bytes(head).is_some_and(|length| {
        let next = head.get(length..).unwrap_or_default();
        // A recording shorter than two frames is no dictation.
        frame_bytes(next).is_some()
    })
}

/// Length of the MPEG audio frame that begins here (ISO 11172-3, 2.4.1.3).
fn frame_bytes(bytes: &[u8]) -> Option<usize> {
    const RATES: [usize; 3] = [44_100, 48_000, 32_000];
    const LAYER3_V1: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const LAYER3_V2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    const LAYER2_V1: [usize; 15] = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
    let &[0xFF, second, third, ..] = bytes else { return None };
    let (version, layer) = ((second >> 3) & 3, (second >> 1) & 3);
    if second & 0xE0 != 0xE0 || version == 1 {
        return None;
    }
    let rate = *RATES.get(usize::from((third >> 2) & 3))?
        >> match version {
            3 => 0,
            2 => 1,
            _ => 2,
        };
    let bits = usize::from(third >> 4);
    let padding = usize::from((third >> 1) & 1);
    let (kilobits, samples) = match (layer, version) {
        (1, 3) => (*LAYER3_V1.get(bits)?, 144),
        (1, _) => (*LAYER3_V2.get(bits)?, 72),
        (2, 3) => (*LAYER2_V1.get(bits)?, 144),
        (2, _) => (*LAYER3_V2.get(bits)?, 144),
        _ => return None,
    };
    (kilobits > 0).then(|| samples * kilobits * 1_000 / rate + padding)
}

fn text(head: &[u8], is_cut: bool) -> Option<Kind> {
    let charset = charset(head, is_cut)?;
    let ascii: Vec<u8> = match charset {
        Charset::Utf16Le => head.iter().skip(2).step_by(2).copied().collect(),
        Charset::Utf16Be => head.iter().skip(3).step_by(2).copied().collect(),
        Charset::Utf8Bom => head[3..].to_vec(),
        Charset::Utf8 | Charset::Windows1252 => head.to_vec(),
    };
    if is_markup(&ascii) {
        return Some(Kind::Refused(Refused::Markup));
    }
    if ascii.trim_ascii_start().starts_with(b"#!") {
        return Some(Kind::Refused(Refused::Script));
    }
    // PDF readers and Word look behind white space and junk for their signature; a text that begins so is no text.
    if ascii.trim_ascii_start().starts_with(b"{\\rtf") && charset != Charset::Utf16Le && charset != Charset::Utf16Be {
        return Some(Kind::Rtf);
    }
    Some(Kind::Text(charset))
}

/// Would a browser that sniffs take it for markup? Also after an unfinished comment or declaration.
fn is_markup(text: &[u8]) -> bool {
    let start = text.trim_ascii_start();
    MARKUP.iter().any(|tag| {
        let Some(begin) = start.get(..tag.len()) else { return false };
        let next = start.get(tag.len()).copied();
        // `<b` is a tag only if its name ends there: `<bp 120/80` is a nurse's shorthand.
        let name_ends =
            tag.len() > 4 || next.is_none_or(|byte| matches!(byte, b' ' | b'>' | b'/' | b'\t' | b'\r' | b'\n'));
        begin.eq_ignore_ascii_case(tag) && (name_ends || tag.starts_with(b"<!") || tag.starts_with(b"<%"))
    })
}

fn charset(head: &[u8], is_cut: bool) -> Option<Charset> {
    match head {
        [0xEF, 0xBB, 0xBF, rest @ ..] => (is_utf8(rest, is_cut) && has_no_controls(rest)).then_some(Charset::Utf8Bom),
        [0xFF, 0xFE, rest @ ..] => is_utf16(rest, is_cut, u16::from_le_bytes).then_some(Charset::Utf16Le),
        [0xFE, 0xFF, rest @ ..] => is_utf16(rest, is_cut, u16::from_be_bytes).then_some(Charset::Utf16Be),
        _ if !has_no_controls(head) => None,
        _ if is_utf8(head, is_cut) => Some(Charset::Utf8),
        _ => is_windows_1252(head).then_some(Charset::Windows1252),
    }
}

/// C0 controls do not occur in text, but for white space, form feed, and the end-of-file mark of old editors.
fn has_no_controls(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_suffix(b"\x1A").unwrap_or(bytes);
    !bytes.iter().any(|byte| matches!(byte, 0..=8 | 0x0E..=0x1F | 0x7F))
}

fn is_utf8(bytes: &[u8], is_cut: bool) -> bool {
    match std::str::from_utf8(bytes) {
        Ok(_) => true,
        // The cut may go through a character.
        Err(error) => is_cut && error.error_len().is_none(),
    }
}

fn is_utf16(bytes: &[u8], is_cut: bool, unit: fn([u8; 2]) -> u16) -> bool {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() && !is_cut {
        return false;
    }
    let mut decoded = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).peekable();
    while let Some(character) = decoded.next() {
        match character {
            Ok('\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}') => return false,
            Ok(_) => {}
            Err(_) => return is_cut && decoded.peek().is_none(),
        }
    }
    true
}

/// No holes of the charset, and mostly ASCII: at most three bytes of ten from the upper half.
fn is_windows_1252(bytes: &[u8]) -> bool {
    let high = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    high * 10 <= bytes.len() * 3 && bytes.iter().all(|&byte| SingleByte::Windows1252.char_of(byte).is_some())
}
