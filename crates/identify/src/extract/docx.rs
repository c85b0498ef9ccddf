//! Word 2007 and later (ECMA-376): a ZIP container with XML inside.
//!
//! Only the body, headers, footers, notes and the title are inflated, each against one shared budget and a
//! ratio. A document type declaration refuses the file, so there are no entities but the five of XML; links
//! to outside parts are never followed because relationships are never read.

use super::sink::Sink;
use super::{ExtractError, Extracted};
use crate::Limits;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::{Cursor, Read};

/// Below this size of a part the ratio says nothing: short XML packs very well.
const RATIO_FROM_BYTES: usize = 1 << 20;
/// Headers and footers beyond this many are repetitions.
const SIDE_PARTS_MAX: usize = 64;

type Archive<'a> = zip::ZipArchive<Cursor<&'a [u8]>>;

struct Container<'a> {
    archive: Archive<'a>,
    inflated_left: usize,
    ratio_max: usize,
}

/// Reads the document.
///
/// Order of the text: headers, body, footnotes, endnotes, footers. Repeated headers come once.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Extracted, ExtractError> {
    let mut container = Container::open(bytes, limits)?;
    if container.names().any(|name| name.eq_ignore_ascii_case("word/vbaProject.bin")) {
        return Err(ExtractError::Malformed("it holds macros"));
    }
    let mut sink = Sink::new(limits.text_bytes_max);
    let title = match container.part("docProps/core.xml")? {
        Some(xml) => title_of(&xml, limits)?,
        None => None,
    };
    let side = |stem: &str, names: &mut Vec<String>, container: &Container<'_>| {
        names.extend(container.names().filter(|name| is_side_part(name, stem)).take(SIDE_PARTS_MAX).map(str::to_owned));
        names.sort_unstable();
    };
    let (mut headers, mut footers) = (Vec::new(), Vec::new());
    side("header", &mut headers, &container);
    side("footer", &mut footers, &container);
    let mut seen: Vec<String> = Vec::new();
    container.side_parts(&headers, &mut seen, &mut sink, limits)?;
    let body = container.part("word/document.xml")?.ok_or(ExtractError::Malformed("no Word document inside"))?;
    write_text(&body, &mut sink, limits)?;
    drop(body);
    let notes = ["word/footnotes.xml".to_owned(), "word/endnotes.xml".to_owned()];
    container.side_parts(&notes, &mut seen, &mut sink, limits)?;
    container.side_parts(&footers, &mut seen, &mut sink, limits)?;
    Ok(sink.finish(title))
}

/// `word/header1.xml` and the like.
fn is_side_part(name: &str, stem: &str) -> bool {
    name.strip_prefix("word/")
        .and_then(|rest| rest.strip_prefix(stem))
        .and_then(|rest| rest.strip_suffix(".xml"))
        .is_some_and(|number| number.len() <= 4 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

impl<'a> Container<'a> {
    fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, ExtractError> {
        // Counted before the library allocates for each entry.
        let entries = memchr_count(bytes, b"PK\x01\x02");
        if entries > limits.container_entries_max {
            return Err(ExtractError::Bomb("too many parts"));
        }
        let archive =
            zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| ExtractError::Malformed("no whole ZIP container"))?;
        if archive.len() > limits.container_entries_max {
            return Err(ExtractError::Bomb("too many parts"));
        }
        // Two parts of one name: programs disagree which one is meant, and so might we and the reader's Word.
        if archive.has_duplicate_names() {
            return Err(ExtractError::Malformed("two parts have the same name"));
        }
        Ok(Self { archive, inflated_left: limits.inflated_bytes_max, ratio_max: limits.inflate_ratio_max })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.archive.file_names_raw().filter_map(|name| std::str::from_utf8(name).ok())
    }

    /// One part as text, or `None` when it is not there.
    fn part(&mut self, name: &str) -> Result<Option<String>, ExtractError> {
        let Some(index) = self.archive.index_for_name(name) else { return Ok(None) };
        let file = self.archive.by_index(index).map_err(|_| ExtractError::Malformed("a part cannot be unpacked"))?;
        if file.encrypted() {
            return Err(ExtractError::Malformed("a part is encrypted"));
        }
        let packed = usize::try_from(file.compressed_size()).unwrap_or(usize::MAX);
        let ratio_bytes = packed.saturating_mul(self.ratio_max).max(RATIO_FROM_BYTES);
        let allowed = self.inflated_left.min(ratio_bytes);
        let mut bytes = Vec::new();
        // The declared size is not believed: the stream itself is cut one byte after what is allowed.
        let limit = u64::try_from(allowed).unwrap_or(u64::MAX).saturating_add(1);
        file.take(limit).read_to_end(&mut bytes).map_err(|_| ExtractError::Malformed("a part cannot be unpacked"))?;
        if bytes.len() > allowed {
            return Err(ExtractError::Bomb("a part is far larger unpacked"));
        }
        self.inflated_left -= bytes.len();
        crate::charset::decode_xml(bytes).map(Some).ok_or(ExtractError::Malformed("a part is not UTF-8 or UTF-16"))
    }

    /// Writes parts that may say the same thing several times; each text once.
    fn side_parts(
        &mut self,
        names: &[String],
        seen: &mut Vec<String>,
        sink: &mut Sink,
        limits: &Limits,
    ) -> Result<(), ExtractError> {
        for name in names {
            let Some(xml) = self.part(name)? else { continue };
            let mut alone = Sink::new(limits.text_bytes_max);
            write_text(&xml, &mut alone, limits)?;
            let text = alone.finish(None).text;
            if text.trim().is_empty() || seen.contains(&text) {
                continue;
            }
            sink.fresh_line();
            sink.push_str(&text);
            sink.fresh_line();
            seen.push(text);
        }
        Ok(())
    }
}

fn memchr_count(bytes: &[u8], signature: &[u8; 4]) -> usize {
    bytes.windows(4).filter(|window| window == signature).count()
}

/// What of the XML around us decides about the text inside.
#[derive(Default)]
struct Place {
    depth: usize,
    /// Depth at which a part that is not shown began (deleted text, field codes, the fallback of a drawing).
    skipped_from: Option<usize>,
    in_text: bool,
    /// Depth of tables, to write rows as lines.
    tables: usize,
    /// Something was already written in this row: the next cell is set off by a tab.
    cells_in_row: usize,
}

fn write_text(xml: &str, sink: &mut Sink, limits: &Limits) -> Result<(), ExtractError> {
    let mut reader = Reader::from_str(xml);
    let mut place = Place::default();
    loop {
        if sink.is_full() {
            return Ok(());
        }
        match reader.read_event().map_err(|_| ExtractError::Malformed("the XML inside is broken"))? {
            Event::Start(start) => {
                place.depth += 1;
                if place.depth > limits.depth_max {
                    return Err(ExtractError::Bomb("elements are nested too deeply"));
                }
                place.open(&start, sink);
            }
            Event::Empty(start) => place.empty(&start, sink),
            Event::End(end) => {
                place.close(end.local_name().as_ref(), sink);
                place.depth = place.depth.saturating_sub(1);
            }
            Event::Text(text) if place.shows_text() => push_xml(sink, &text.into_inner()),
            Event::CData(text) if place.shows_text() => push_xml(sink, &text.into_inner()),
            Event::GeneralRef(reference) if place.shows_text() => sink.push(entity(&reference)?),
            Event::DocType(_) => return Err(ExtractError::Malformed("the XML inside declares a document type")),
            Event::Eof if place.depth == 0 => return Ok(()),
            Event::Eof => return Err(ExtractError::Malformed("the XML inside ends early")),
            _ => {}
        }
    }
}

/// A line end inside `w:t` is a space to Word.
fn push_xml(sink: &mut Sink, text: &str) {
    for character in text.chars() {
        sink.push(if matches!(character, '\n' | '\r') { ' ' } else { character });
    }
}

fn entity(reference: &quick_xml::events::BytesRef<'_>) -> Result<char, ExtractError> {
    let broken = ExtractError::Malformed("the XML inside uses an entity of its own");
    if let Some(character) = reference.resolve_char_ref().map_err(|_| broken)? {
        return Ok(character);
    }
    match reference.xml10_content().as_ref() {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => Err(broken),
    }
}

impl Place {
    const fn shows_text(&self) -> bool {
        self.in_text && self.skipped_from.is_none()
    }

    fn open(&mut self, start: &BytesStart<'_>, sink: &mut Sink) {
        if self.skipped_from.is_some() {
            return;
        }
        let local = start.local_name();
        let name: &str = local.as_ref();
        match name {
            // Text taken out with changes tracked, field codes, the second rendering of a drawing.
            "del" | "moveFrom" | "instrText" | "delText" | "Fallback" | "pPr" | "rPr" | "sectPr" | "tblPr" => {
                self.skipped_from = Some(self.depth);
            }
            "t" => self.in_text = true,
            "tbl" => {
                self.tables += 1;
                sink.fresh_line();
            }
            "tr" => {
                sink.fresh_line();
                self.cells_in_row = 0;
            }
            "tc" => {
                if self.cells_in_row > 0 {
                    sink.push('\t');
                }
                self.cells_in_row += 1;
            }
            "br" | "cr" | "tab" | "noBreakHyphen" => self.empty(start, sink),
            _ => {}
        }
    }

    fn empty(&self, start: &BytesStart<'_>, sink: &mut Sink) {
        if self.skipped_from.is_some() {
            return;
        }
        let local = start.local_name();
        let name: &str = local.as_ref();
        match name {
            "br" => {
                if attribute_is(start, "type", "page") {
                    sink.page_break();
                } else {
                    sink.new_line();
                }
            }
            "cr" => sink.new_line(),
            "tab" => sink.push('\t'),
            "noBreakHyphen" => sink.push('\u{2011}'),
            // An empty paragraph is an empty line; in a table cell it is nothing.
            "p" if self.tables == 0 => sink.new_line(),
            _ => {}
        }
    }

    fn close(&mut self, name: &str, sink: &mut Sink) {
        if let Some(depth) = self.skipped_from {
            if depth == self.depth {
                self.skipped_from = None;
            }
            return;
        }
        match name {
            "t" => self.in_text = false,
            // Paragraphs of one cell stay on the row's line.
            "p" if self.tables > 0 && sink.last().is_none_or(char::is_whitespace) => {}
            "p" if self.tables > 0 => sink.push(' '),
            "p" => sink.new_line(),
            "tr" => sink.fresh_line(),
            "tbl" => {
                self.tables = self.tables.saturating_sub(1);
                sink.fresh_line();
            }
            _ => {}
        }
    }
}

fn attribute_is(start: &BytesStart<'_>, name: &str, value: &str) -> bool {
    start.attributes().with_checks(false).take(64).filter_map(Result::ok).any(|attribute| {
        let local = attribute.key.local_name();
        let key: &str = local.as_ref();
        key == name && &*attribute.value == value
    })
}

/// The title in `docProps/core.xml`.
fn title_of(xml: &str, limits: &Limits) -> Result<Option<String>, ExtractError> {
    let mut reader = Reader::from_str(xml);
    let (mut depth, mut inside) = (0_usize, false);
    let mut title = String::new();
    loop {
        match reader.read_event().map_err(|_| ExtractError::Malformed("the XML inside is broken"))? {
            Event::Start(start) => {
                depth += 1;
                if depth > limits.depth_max {
                    return Err(ExtractError::Bomb("elements are nested too deeply"));
                }
                let local = start.local_name();
                let name: &str = local.as_ref();
                inside = name == "title";
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                inside = false;
            }
            Event::Text(text) if inside && title.len() < 1_024 => title.push_str(&text.into_inner()),
            Event::GeneralRef(reference) if inside && title.len() < 1_024 => title.push(entity(&reference)?),
            Event::DocType(_) => return Err(ExtractError::Malformed("the XML inside declares a document type")),
            Event::Eof => return Ok(Some(title)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
