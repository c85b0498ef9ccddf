//! Runs the operators of a page and writes what they show, in the order in which they show it.
//!
//! Where a run stands relative to the one before decides what is put between them: nothing, a space, a tab
//! (a column), a line end or an empty line. Distances are measured in the font size along and across the
//! direction of writing, so that turned and mirrored pages read like straight ones.

use super::budget::Budget;
use super::font::Font;
use super::lexer::{Lexer, Token};
use super::{dictionary, resolve};
use crate::Limits;
use crate::extract::sink::Sink;
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};
use std::collections::HashMap;
use std::rc::Rc;

/// Forms within forms; honest files have two or three.
const FORM_DEPTH_MAX: usize = 12;
/// Saved graphics states; more are not restored.
const STATES_MAX: usize = 256;
/// Fonts kept from page to page.
const FONTS_MAX: usize = 256;
/// Operands before an operator; the longest text operator takes six.
const OPERANDS_MAX: usize = 16;
/// Annotations of a page that are shown.
const ANNOTATIONS_MAX: usize = 1_000;

/// Gaps along the line, in ems: a word space is 0.25 in most fonts and 0.15 when squeezed.
const SPACE_EM: f64 = 0.15;
const COLUMN_EM: f64 = 2.0;
/// Moves across the line, in ems: superscripts stay below a half; line pitch is 1 to 1.5.
const LINE_EM: f64 = 0.5;
const PARAGRAPH_EM: f64 = 1.95;

type Matrix = [f64; 6];
const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// `a` then `b`.
fn times(a: Matrix, b: Matrix) -> Matrix {
    [
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    ]
}

#[derive(Clone)]
struct State {
    ctm: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    char_space: f64,
    word_space: f64,
    scale: f64,
    leading: f64,
}

impl State {
    const fn new() -> Self {
        Self { ctm: IDENTITY, font: None, size: 12.0, char_space: 0.0, word_space: 0.0, scale: 1.0, leading: 0.0 }
    }
}

/// Where the last run ended.
#[derive(Clone, Copy)]
struct Pen {
    x: f64,
    y: f64,
    /// Direction of writing, of length 1.
    direction: (f64, f64),
    em: f64,
}

pub(super) struct Interpreter<'a> {
    document: &'a Document,
    depth_max: usize,
    fonts: HashMap<ObjectId, Rc<Font>>,
    pen: Option<Pen>,
    /// Glyphs with and without a meaning, over all pages.
    pub(super) glyphs_known: u64,
    pub(super) glyphs_unknown: u64,
}

/// What one content stream is run with.
struct Run<'a, 'r> {
    resources: Option<&'a Dictionary>,
    /// Fonts written directly into the resources, by name.
    direct_fonts: HashMap<Vec<u8>, Rc<Font>>,
    state: State,
    saved: Vec<State>,
    text: Matrix,
    line: Matrix,
    depth: usize,
    sink: &'r mut Sink,
    budget: &'r mut Budget,
}

impl<'a> Interpreter<'a> {
    pub(super) fn new(document: &'a Document, limits: &Limits) -> Self {
        Self {
            document,
            depth_max: limits.depth_max.min(FORM_DEPTH_MAX),
            fonts: HashMap::new(),
            pen: None,
            glyphs_known: 0,
            glyphs_unknown: 0,
        }
    }

    /// Writes the text of a page: its content, then what form fields and notes show on it.
    pub(super) fn page(&mut self, page: &'a Dictionary, sink: &mut Sink, budget: &mut Budget) {
        self.pen = None;
        let mut content = Vec::new();
        if let Some(object) = page.get(b"Contents").ok().and_then(|object| resolve(self.document, object)) {
            let parts = match object {
                Object::Array(parts) => parts.as_slice(),
                other => std::slice::from_ref(other),
            };
            for part in parts {
                let Some(Object::Stream(stream)) = resolve(self.document, part) else { continue };
                match budget.content(self.document, stream) {
                    Some(bytes) => content.extend_from_slice(&bytes),
                    None => sink.mark_incomplete(),
                }
                // Tokens do not go on from one part into the next.
                content.push(b'\n');
            }
        }
        let resources = inherited_resources(self.document, page);
        self.run(&content, resources, State::new(), 0, sink, budget);
        for form in self.annotation_forms(page) {
            self.pen = None;
            sink.fresh_line();
            self.form(form, State::new(), 1, None, sink, budget);
        }
        if budget.is_spent() {
            sink.mark_truncated();
        }
    }

    /// Appearances of filled fields and typed notes that are not hidden (12.5.5).
    fn annotation_forms(&self, page: &'a Dictionary) -> Vec<&'a Stream> {
        let array = page.get(b"Annots").ok().and_then(|object| resolve(self.document, object)?.as_array().ok());
        let annotations = array.into_iter().flatten().take(ANNOTATIONS_MAX);
        annotations.filter_map(|object| self.appearance(resolve(self.document, object)?.as_dict().ok()?)).collect()
    }

    fn appearance(&self, annotation: &'a Dictionary) -> Option<&'a Stream> {
        let subtype = annotation.get(b"Subtype").and_then(Object::as_name).ok()?;
        let flags = annotation.get(b"F").and_then(Object::as_i64).unwrap_or(0);
        // Bit 2 hidden, bit 6 no view (12.5.3).
        if !matches!(subtype, b"Widget" | b"FreeText" | b"Stamp") || flags & 0b10_0010 != 0 {
            return None;
        }
        let normal = resolve(self.document, dictionary(self.document, annotation, b"AP")?.get(b"N").ok()?)?;
        match normal {
            Object::Stream(stream) => Some(stream),
            Object::Dictionary(states) => {
                let state = annotation.get(b"AS").and_then(Object::as_name).ok()?;
                resolve(self.document, states.get(state).ok()?)?.as_stream().ok()
            }
            _ => None,
        }
    }

    fn form(
        &mut self,
        form: &'a Stream,
        mut state: State,
        depth: usize,
        outer: Option<&'a Dictionary>,
        sink: &mut Sink,
        budget: &mut Budget,
    ) {
        if depth > self.depth_max {
            sink.mark_incomplete();
            return;
        }
        let Some(content) = budget.content(self.document, form) else {
            sink.mark_incomplete();
            return;
        };
        if let Some(matrix) = form.dict.get(b"Matrix").ok().and_then(|object| matrix_of(self.document, object)) {
            state.ctm = times(matrix, state.ctm);
        }
        let resources = dictionary(self.document, &form.dict, b"Resources").or(outer);
        self.run(&content, resources, state, depth, sink, budget);
    }

    fn run(
        &mut self,
        content: &[u8],
        resources: Option<&'a Dictionary>,
        state: State,
        depth: usize,
        sink: &mut Sink,
        budget: &mut Budget,
    ) {
        let mut run = Run {
            resources,
            direct_fonts: HashMap::new(),
            state,
            saved: Vec::new(),
            text: IDENTITY,
            line: IDENTITY,
            depth,
            sink,
            budget,
        };
        let mut lexer = Lexer::new(content);
        let mut operands: Vec<Token<'_>> = Vec::new();
        while let Some(token) = lexer.next() {
            let Token::Operator(operator) = token else {
                if operands.len() >= OPERANDS_MAX {
                    operands.remove(0);
                }
                operands.push(token);
                continue;
            };
            if !run.budget.operator() || run.sink.is_full() {
                run.sink.mark_truncated();
                return;
            }
            if operator == b"BI" {
                lexer.skip_inline_image();
            } else {
                self.operator(operator, &operands, &mut run);
            }
            operands.clear();
        }
    }

    fn operator(&mut self, operator: &[u8], operands: &[Token<'_>], run: &mut Run<'a, '_>) {
        let number = |index: usize| match operands.get(index) {
            Some(Token::Number(number)) => *number,
            _ => 0.0,
        };
        match operator {
            b"q" if run.saved.len() < STATES_MAX => run.saved.push(run.state.clone()),
            b"Q" => {
                if let Some(state) = run.saved.pop() {
                    run.state = state;
                }
            }
            b"cm" => run.state.ctm = times(std::array::from_fn(number), run.state.ctm),
            b"BT" => (run.text, run.line) = (IDENTITY, IDENTITY),
            b"Tf" => {
                if let Some(Token::Name(name)) = operands.first() {
                    run.state.font = self.font(name, run);
                }
                run.state.size = number(1);
            }
            b"Tc" => run.state.char_space = number(0),
            b"Tw" => run.state.word_space = number(0),
            b"Tz" => run.state.scale = number(0) / 100.0,
            b"TL" => run.state.leading = number(0),
            b"Td" => run.next_line(number(0), number(1)),
            b"TD" => {
                run.state.leading = -number(1);
                run.next_line(number(0), number(1));
            }
            b"Tm" => {
                run.line = std::array::from_fn(number);
                run.text = run.line;
            }
            b"T*" => run.next_line(0.0, -run.state.leading),
            b"Tj" => self.show_operand(operands.first(), run),
            b"'" => {
                run.next_line(0.0, -run.state.leading);
                self.show_operand(operands.first(), run);
            }
            b"\"" => {
                (run.state.word_space, run.state.char_space) = (number(0), number(1));
                run.next_line(0.0, -run.state.leading);
                self.show_operand(operands.get(2), run);
            }
            b"TJ" => {
                let Some(Token::Array(items)) = operands.first() else { return };
                for item in items {
                    match item {
                        Token::Number(shift) => {
                            let shift = -shift / 1_000.0 * run.state.size * run.state.scale;
                            run.text = times([1.0, 0.0, 0.0, 1.0, shift, 0.0], run.text);
                        }
                        item => self.show_operand(Some(item), run),
                    }
                }
            }
            b"Do" => {
                if let Some(Token::Name(name)) = operands.first() {
                    self.draw(name, run);
                }
            }
            _ => {}
        }
    }

    fn draw(&mut self, name: &[u8], run: &mut Run<'a, '_>) {
        let object = run
            .resources
            .and_then(|resources| dictionary(self.document, resources, b"XObject"))
            .and_then(|objects| resolve(self.document, objects.get(name).ok()?));
        let Some(Object::Stream(stream)) = object else { return };
        if stream.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|subtype| subtype == b"Form") {
            self.form(stream, run.state.clone(), run.depth + 1, run.resources, run.sink, run.budget);
        }
    }

    fn font(&mut self, name: &[u8], run: &mut Run<'a, '_>) -> Option<Rc<Font>> {
        if let Some(font) = run.direct_fonts.get(name) {
            return Some(Rc::clone(font));
        }
        let fonts = dictionary(self.document, run.resources?, b"Font")?;
        let object = fonts.get(name).ok()?;
        let id = object.as_reference().ok();
        if let Some(font) = id.and_then(|id| self.fonts.get(&id)) {
            return Some(Rc::clone(font));
        }
        let found = resolve(self.document, object)?.as_dict().ok()?;
        let font = Rc::new(Font::of(self.document, found, run.budget));
        match id {
            Some(id) => {
                if self.fonts.len() >= FONTS_MAX {
                    self.fonts.clear();
                }
                self.fonts.insert(id, Rc::clone(&font));
            }
            None => {
                run.direct_fonts.insert(name.to_vec(), Rc::clone(&font));
            }
        }
        Some(font)
    }

    fn show_operand(&mut self, operand: Option<&Token<'_>>, run: &mut Run<'a, '_>) {
        let (Some(Token::Text(bytes)), Some(font)) = (operand, run.state.font.clone()) else { return };
        for glyph in font.glyphs(bytes) {
            if run.sink.is_full() {
                return;
            }
            match glyph.meaning {
                Some(meaning) => {
                    self.glyphs_known += 1;
                    self.move_pen(run);
                    write(&meaning, run.sink);
                }
                None => {
                    self.glyphs_unknown += 1;
                    self.move_pen(run);
                    run.sink.push(char::REPLACEMENT_CHARACTER);
                }
            }
            let space = run.state.char_space + if glyph.is_word_space { run.state.word_space } else { 0.0 };
            let advance = (glyph.width / 1_000.0 * run.state.size + space) * run.state.scale;
            run.text = times([1.0, 0.0, 0.0, 1.0, advance, 0.0], run.text);
            if let Some(pen) = &mut self.pen {
                (pen.x, pen.y) = run.origin();
            }
        }
    }

    /// Puts between the last glyph and this one what their places ask for.
    fn move_pen(&mut self, run: &mut Run<'a, '_>) {
        let now = run.pen();
        let before = self.pen.replace(now);
        let Some(before) = before else { return };
        let (dx, dy) = (now.x - before.x, now.y - before.y);
        let em = before.em.max(now.em).max(f64::MIN_POSITIVE);
        let along = (dx * now.direction.0 + dy * now.direction.1) / em;
        let across = (dx * now.direction.1 - dy * now.direction.0).abs() / em;
        let turned = before.direction.0 * now.direction.0 + before.direction.1 * now.direction.1 < 0.9;
        if across > PARAGRAPH_EM || turned {
            run.sink.fresh_line();
            run.sink.new_line();
        } else if across > LINE_EM || along < -1.0 {
            run.sink.fresh_line();
        } else if along > COLUMN_EM {
            run.sink.push('\t');
        } else if along > SPACE_EM && run.sink.last().is_some_and(|last| !last.is_whitespace()) {
            run.sink.push(' ');
        }
    }
}

impl Run<'_, '_> {
    fn next_line(&mut self, x: f64, y: f64) {
        self.line = times([1.0, 0.0, 0.0, 1.0, x, y], self.line);
        self.text = self.line;
    }

    /// Where the next glyph stands on the page. Rise (`Ts`) is left out: a superscript keeps its line's place.
    fn origin(&self) -> (f64, f64) {
        let place = times(self.text, self.state.ctm);
        (place[4], place[5])
    }

    fn pen(&self) -> Pen {
        let to_page = times(self.text, self.state.ctm);
        let (x, y) = (to_page[4], to_page[5]);
        let along = to_page[0].hypot(to_page[1]);
        let direction = if along > 0.0 { (to_page[0] / along, to_page[1] / along) } else { (1.0, 0.0) };
        let em = (self.state.size * to_page[2].hypot(to_page[3])).abs();
        Pen { x, y, direction, em }
    }
}

/// Ligatures are taken apart, so that a search for "office" finds it; unusual spaces become plain ones.
fn write(meaning: &str, sink: &mut Sink) {
    for character in meaning.chars() {
        match character {
            'ﬀ' => sink.push_str("ff"),
            'ﬁ' => sink.push_str("fi"),
            'ﬂ' => sink.push_str("fl"),
            'ﬃ' => sink.push_str("ffi"),
            'ﬄ' => sink.push_str("ffl"),
            'ﬅ' | 'ﬆ' => sink.push_str("st"),
            '\n' | '\r' | '\t' | '\u{c}' | '\u{a0}' | '\u{2000}'..='\u{200a}' => sink.push(' '),
            other => sink.push(other),
        }
    }
}

fn matrix_of(document: &Document, object: &Object) -> Option<Matrix> {
    let array = resolve(document, object)?.as_array().ok()?;
    let mut matrix = IDENTITY;
    for (place, item) in matrix.iter_mut().zip(array) {
        *place = f64::from(resolve(document, item)?.as_float().ok()?);
    }
    Some(matrix)
}

/// A page takes its resources from the nearest node above it that has some (7.7.3.4).
fn inherited_resources<'a>(document: &'a Document, page: &'a Dictionary) -> Option<&'a Dictionary> {
    let mut node = page;
    for _ in 0..64 {
        if let Some(resources) = dictionary(document, node, b"Resources") {
            return Some(resources);
        }
        node = dictionary(document, node, b"Parent")?;
    }
    None
}
