//! Markup in pieces, and web pages as text.
//!
//! One reading for XML and HTML: tags, attributes, texts, comments, each with its place. No declaration is obeyed, no
//! entity but the known ones is resolved, nothing is fetched.
//!
//! What must always hold: every byte belongs to some piece; what is no tag is text; one pass, whatever does not close.
//!
//! What it refuses to know: what elements mean, but for which of them begin a line.

mod attributes;

use super::encoded::{self, Encoded};
use super::escape::Escape;
use super::grid::Grid;
use super::weave::Weaver;
use super::{Meaning, NO_COLUMN, Opaque, Place, Reading, json};
use std::ops::Range;

/// The longest name of an entity that is looked for, in bytes.
const ENTITY_BYTES_MAX: usize = 12;

/// An attribute: its name, its value, and the quote around it (0: none).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
    pub(super) quote: u8,
}

/// A piece of markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Tag {
    Text(Range<usize>),
    /// Its name; the attributes are in [`Tags::attributes`]. Whether it closes itself.
    Open(Range<usize>, bool),
    Close(Range<usize>),
    Cdata(Range<usize>),
    /// A comment, an instruction: what is inside.
    Aside(Range<usize>),
    Doctype(Range<usize>),
}

/// Markup, piece by piece.
pub(super) struct Tags<'t> {
    text: &'t str,
    at: usize,
    /// All of the piece that came last.
    pub(super) range: Range<usize>,
    pub(super) attributes: Vec<Attribute>,
    /// Something did not close: where it began.
    pub(super) broken: Option<usize>,
    /// What addresses carry within themselves as base64, and scripts that are data; none where nobody reads them afterwards.
    packed: Option<Vec<Range<usize>>>,
    data: Vec<Range<usize>>,
}

impl<'t> Tags<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, at: 0, range: 0..0, attributes: Vec::new(), broken: None, packed: None, data: Vec::new() }
    }

    /// The value of an attribute of the element that opened last, as it is written; empty where there is none.
    pub(super) fn value(&self, wanted: &str) -> &'t str {
        let found = self.attributes.iter().find(|one| &self.text[one.name.clone()] == wanted);
        found.map_or("", |one| &self.text[one.value.clone()])
    }

    pub(super) fn next(&mut self) -> Option<Tag> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        if start >= bytes.len() {
            return None;
        }
        let tag = match bytes[start] {
            b'<' => self.tag(start),
            _ => None,
        };
        let (tag, end) = tag.unwrap_or_else(|| {
            let far = bytes[start + 1..].iter().position(|byte| *byte == b'<');
            let end = far.map_or(bytes.len(), |far| start + 1 + far);
            (Tag::Text(start..end), end)
        });
        self.at = end;
        self.range = start..end;
        Some(tag)
    }

    /// Goes on behind the end of an element whose text is no markup.
    pub(super) fn raw_until(&mut self, name: &str) -> Range<usize> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut at = start;
        while let Some(far) = bytes[at..].iter().position(|byte| *byte == b'<') {
            at += far;
            let closes = bytes.get(at + 1) == Some(&b'/')
                && bytes
                    .get(at + 2..at + 2 + name.len())
                    .is_some_and(|here| here.eq_ignore_ascii_case(name.as_bytes()));
            if closes {
                self.at = at;
                return start..at;
            }
            at += 1;
        }
        self.at = bytes.len();
        start..bytes.len()
    }

    fn tag(&mut self, start: usize) -> Option<(Tag, usize)> {
        let bytes = self.text.as_bytes();
        let rest = &bytes[start + 1..];
        if rest.starts_with(b"!--") {
            return Some(self.until(start, start + 4, "-->", Tag::Aside));
        }
        if rest.starts_with(b"![CDATA[") {
            return Some(self.until(start, start + 9, "]]>", Tag::Cdata));
        }
        match rest.first()? {
            b'?' => Some(self.until(start, start + 2, "?>", Tag::Aside)),
            b'!' => Some(self.declaration(start)),
            b'/' => {
                let name = name_at(bytes, start + 2);
                if name.is_empty() {
                    return None;
                }
                let Some(far) = bytes[name.end..].iter().position(|byte| *byte == b'>') else {
                    self.broken.get_or_insert(start);
                    return Some((Tag::Close(name), bytes.len()));
                };
                let end = name.end + far + 1;
                Some((Tag::Close(name), end))
            }
            _ => self.open(start),
        }
    }

    fn until(&mut self, start: usize, from: usize, end: &str, tag: fn(Range<usize>) -> Tag) -> (Tag, usize) {
        let from = from.min(self.text.len());
        let Some(far) = self.text.as_bytes()[from..].windows(end.len()).position(|here| here == end.as_bytes()) else {
            self.broken.get_or_insert(start);
            return (tag(from..self.text.len()), self.text.len());
        };
        (tag(from..from + far), from + far + end.len())
    }

    /// `<!DOCTYPE …>`, with what stands in its brackets.
    fn declaration(&mut self, start: usize) -> (Tag, usize) {
        let bytes = self.text.as_bytes();
        let (mut depth, mut quote) = (0_usize, 0_u8);
        for (at, byte) in bytes.iter().enumerate().skip(start + 2) {
            match byte {
                _ if quote != 0 => quote = if *byte == quote { 0 } else { quote },
                b'"' | b'\'' => quote = *byte,
                b'[' => depth += 1,
                b']' => depth = depth.saturating_sub(1),
                b'>' if depth == 0 => return (Tag::Doctype(start + 2..at), at + 1),
                _ => {}
            }
        }
        self.broken.get_or_insert(start);
        (Tag::Doctype(start + 2..bytes.len()), bytes.len())
    }

    fn open(&mut self, start: usize) -> Option<(Tag, usize)> {
        let bytes = self.text.as_bytes();
        let name = name_at(bytes, start + 1);
        if name.is_empty() {
            return None;
        }
        self.attributes.clear();
        let mut at = name.end;
        loop {
            at += bytes[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            match bytes.get(at) {
                None => {
                    // The file breaks off within a tag.
                    self.broken.get_or_insert(start);
                    return Some((Tag::Open(name, true), bytes.len()));
                }
                Some(b'>') => return Some((Tag::Open(name, false), at + 1)),
                Some(b'/') if bytes.get(at + 1) == Some(&b'>') => return Some((Tag::Open(name, true), at + 2)),
                Some(b'/') => at += 1,
                Some(_) => at = self.attribute(at),
            }
        }
    }

    fn attribute(&mut self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'>' | b'/');
        let end = |from: usize, ends: &dyn Fn(&u8) -> bool| {
            bytes[from..].iter().position(ends).map_or(bytes.len(), |far| from + far)
        };
        let name = start..end(start + 1, &ends);
        let space = |from: usize| from + bytes[from..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let equals = space(name.end);
        if bytes.get(equals) != Some(&b'=') {
            self.attributes.push(Attribute { value: name.end..name.end, name: name.clone(), quote: 0 });
            return name.end;
        }
        let begin = space(equals + 1);
        match bytes.get(begin) {
            Some(quote @ (b'"' | b'\'')) => {
                let value = begin + 1..end(begin + 1, &|byte| byte == quote);
                let next = (value.end + 1).min(bytes.len());
                self.attributes.push(Attribute { name, value, quote: *quote });
                next
            }
            _ => {
                let value = begin..end(begin, &|byte| byte.is_ascii_whitespace() || *byte == b'>');
                let next = value.end;
                self.attributes.push(Attribute { name, value, quote: 0 });
                next
            }
        }
    }
}

/// A name of an element: a letter first.
fn name_at(bytes: &[u8], start: usize) -> Range<usize> {
    let begins = bytes.get(start).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_' || *byte >= 0x80);
    if !begins {
        return start..start;
    }
    let is_name =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':') || **byte >= 0x80;
    start..start + bytes[start..].iter().take_while(is_name).count()
}

/// A name without the prefix of its namespace.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Copies text, with the entities in it as what they stand for.
pub(super) fn copy_text(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>, escape: Escape) {
    let bytes = text.as_bytes();
    let mut at = range.start;
    let mut from = at;
    while let Some(far) = bytes[from..range.end].iter().position(|byte| *byte == b'&') {
        let sign = from + far;
        let near =
            &text[sign + 1..text.floor_char_boundary((sign + 1 + ENTITY_BYTES_MAX).min(range.end)).max(sign + 1)];
        let said = near.find(';').and_then(|end| Some((sign + end + 2, entity(&near[..end])?)));
        let Some((end, letter)) = said else {
            from = sign + 1;
            continue;
        };
        weaver.copy(text, at..sign, escape);
        weaver.atom(letter.encode_utf8(&mut [0; 4]), sign..end, escape);
        (at, from) = (end, end);
    }
    weaver.copy(text, at..range.end, escape);
}

/// A text with the entities in it as what they stand for.
pub(super) fn copied(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let near = &behind[..behind.floor_char_boundary(ENTITY_BYTES_MAX)];
        match near.find(';').and_then(|end| Some((end, entity(&near[..end])?))) {
            Some((end, letter)) => {
                out.push(letter);
                rest = &behind[end + 1..];
            }
            None => {
                out.push('&');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The five of XML, letters by number, and the names of HTML that letters of people are written with.
fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse::<u32>(),
        };
        return number.ok().and_then(char::from_u32);
    }
    const NAMES: &[(&str, char)] = &[
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", '\u{a0}'),
        ("copy", '©'),
        ("reg", '®'),
        ("trade", '™'),
        ("deg", '°'),
        ("plusmn", '±'),
        ("micro", 'µ'),
        ("middot", '·'),
        ("bull", '•'),
        ("hellip", '…'),
        ("ndash", '–'),
        ("mdash", '—'),
        ("lsquo", '‘'),
        ("rsquo", '’'),
        ("ldquo", '“'),
        ("rdquo", '”'),
        ("frac12", '½'),
        ("frac14", '¼'),
        ("aacute", 'á'),
        ("eacute", 'é'),
        ("iacute", 'í'),
        ("oacute", 'ó'),
        ("uacute", 'ú'),
        ("ntilde", 'ñ'),
        ("Aacute", 'Á'),
        ("Eacute", 'É'),
        ("Iacute", 'Í'),
        ("Oacute", 'Ó'),
        ("Uacute", 'Ú'),
        ("Ntilde", 'Ñ'),
        ("agrave", 'à'),
        ("egrave", 'è'),
        ("ecirc", 'ê'),
        ("ccedil", 'ç'),
        ("auml", 'ä'),
        ("euml", 'ë'),
        ("ouml", 'ö'),
        ("uuml", 'ü'),
        ("Auml", 'Ä'),
        ("Ouml", 'Ö'),
        ("Uuml", 'Ü'),
        ("szlig", 'ß'),
        ("oslash", 'ø'),
        ("aring", 'å'),
    ];
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, letter)| *letter)
}

/// Elements of HTML and of CDA's narrative within a line; all others begin one.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "content", "del", "em", "font", "i", "ins", "kbd", "label",
    "linkhtml", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var",
    "wbr",
];

/// Reads a web page.
pub(super) fn read_html(reading: &mut Reading<'_>, text: &str, place: &Place) {
    let mut weaver = Weaver::new(reading, place);
    let mut tags = Tags { packed: Some(Vec::new()), ..Tags::new(text) };
    all(&mut weaver, text, &mut tags);
    if let Some(at) = tags.broken {
        weaver.opaque(Opaque::Damaged(at as u64));
    }
    weaver.finish();
    for range in tags.data {
        json::read(reading, &text[range.clone()], &place.slice(range));
    }
    for (number, range) in tags.packed.into_iter().flatten().enumerate() {
        encoded::read(reading, text, Encoded::base64(range), number, place);
    }
}

/// Reads markup as text; says where something did not close.
pub(super) fn html_into(weaver: &mut Weaver<'_, '_>, text: &str) -> Option<usize> {
    let mut tags = Tags::new(text);
    all(weaver, text, &mut tags);
    tags.broken
}

fn all(weaver: &mut Weaver<'_, '_>, text: &str, tags: &mut Tags<'_>) {
    let mut grid = Grid::default();
    while let Some(tag) = tags.next() {
        html_piece(weaver, text, tags, tag, &mut grid);
        weaver.rest_late();
    }
}

/// One piece of a web page or of a narrative.
pub(super) fn html_piece(weaver: &mut Weaver<'_, '_>, text: &str, tags: &mut Tags<'_>, tag: Tag, grid: &mut Grid) {
    match tag {
        Tag::Text(range) => words(weaver, text, range, grid),
        Tag::Cdata(range) => weaver.copy(text, range, Escape::Cdata),
        Tag::Aside(range) | Tag::Doctype(range) => aside(weaver, text, range),
        Tag::Open(name, _) => {
            let name = text[name].to_ascii_lowercase();
            divide(weaver, local(&name), tags.range.clone());
            grid.open(local(&name), span(text, tags));
            attributes::read(weaver, text, tags);
            if matches!(name.as_str(), "script" | "style") {
                let is_data = tags.value("type").to_ascii_lowercase().contains("json");
                let inside = tags.raw_until(&name);
                if is_data && tags.packed.is_some() && text[inside.clone()].trim_start().starts_with(['{', '[']) {
                    weaver.gap("[...]\n", inside.clone());
                    tags.data.push(inside);
                } else if name == "style" {
                    weaver.value(text, inside, Escape::Comment, Meaning::CODE);
                } else {
                    weaver.copy(text, inside, Escape::Comment);
                }
            }
        }
        Tag::Close(name) => {
            let name = text[name].to_ascii_lowercase();
            grid.close(local(&name));
            divide(weaver, local(&name), tags.range.clone());
        }
    }
}

/// How many columns a cell takes.
fn span(text: &str, tags: &Tags<'_>) -> usize {
    let said = tags.attributes.iter().find(|one| text[one.name.clone()].eq_ignore_ascii_case("colspan"));
    said.and_then(|one| text[one.value.clone()].trim().parse().ok()).unwrap_or(1)
}

/// White space between tags is none of the text, but for one blank between words.
fn words(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>, grid: &mut Grid) {
    let here = &text[range.clone()];
    let begin = range.start + (here.len() - here.trim_ascii_start().len());
    let end = begin + here.trim_ascii().len();
    if begin > range.start && !weaver.at_word_start() {
        weaver.gap(" ", range.start..begin.min(range.end));
    }
    if begin >= end {
        return;
    }
    let meaning = grid.text(&text[begin..end]);
    if meaning != Meaning::UNKNOWN {
        weaver.begin(meaning, NO_COLUMN);
    }
    copy_text(weaver, text, begin..end, Escape::Markup);
    weaver.end();
    if end < range.end {
        weaver.gap(" ", end..range.end);
    }
}

/// A comment, a declaration: on a line of its own.
pub(super) fn aside(weaver: &mut Weaver<'_, '_>, text: &str, range: Range<usize>) {
    let here = &text[range.clone()];
    let begin = range.start + (here.len() - here.trim_ascii_start().len());
    let end = begin + here.trim_ascii().len();
    if begin >= end {
        return;
    }
    if !weaver.at_line_start() {
        weaver.gap("\n", range.start..begin);
    }
    weaver.copy(text, begin..end, Escape::Comment);
    weaver.gap("\n", end..range.end.max(end));
}

fn divide(weaver: &mut Weaver<'_, '_>, name: &str, range: Range<usize>) {
    let range = range.start..range.end;
    if INLINE.contains(&name) {
        return;
    }
    if matches!(name, "td" | "th") {
        if !weaver.at_line_start() && !weaver.ends_with_tab() {
            weaver.gap("\t", range);
        }
    } else if !weaver.at_line_start() {
        weaver.gap("\n", range);
    }
}

#[cfg(test)]
mod tests {
    use super::{Tag, Tags};

    fn pieces(text: &str) -> Vec<String> {
        let mut tags = Tags::new(text);
        let mut out = Vec::new();
        let mut at = 0;
        while let Some(tag) = tags.next() {
            assert_eq!(tags.range.start, at, "every byte belongs to a piece");
            at = tags.range.end;
            out.push(match tag {
                Tag::Text(range) => format!("t:{}", &text[range]),
                Tag::Open(range, empty) => {
                    let values: Vec<&str> = tags.attributes.iter().map(|one| &text[one.value.clone()]).collect();
                    format!("o:{}{}{}", &text[range], if empty { "/" } else { "" }, values.join(","))
                }
                Tag::Close(range) => format!("c:{}", &text[range]),
                Tag::Cdata(range) => format!("d:{}", &text[range]),
                Tag::Aside(range) => format!("a:{}", &text[range]),
                Tag::Doctype(range) => format!("y:{}", &text[range]),
            });
        }
        assert_eq!(at, text.len());
        out
    }

    #[test]
    fn markup_is_divided_as_it_stands() {
        let text =
            "<?xml v?><!DOCTYPE a [<!ENTITY b 'c>'>]><a x=\"1>\" y='2' z=3 w>t &lt; 5<b/><![CDATA[<x>]]><!--n--></a>";
        let expected =
            ["a:xml v", "y:DOCTYPE a [<!ENTITY b 'c>'>]", "o:a1>,2,3,", "t:t &lt; 5", "o:b/", "d:<x>", "a:n", "c:a"];
        assert_eq!(pieces(text), expected);
    }

    #[test]
    fn what_is_no_tag_is_text_and_what_breaks_off_is_read_to_the_end() {
        assert_eq!(pieces("a < b <5 c"), ["t:a ", "t:< b ", "t:<5 c"]);
        for text in ["<a", "<a b=\"c", "<!--x", "<![CDATA[x", "</a", "<!DOCTYPE", "<", "<?"] {
            pieces(text);
        }
    }
}
