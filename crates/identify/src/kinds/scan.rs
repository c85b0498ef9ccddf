//! One pass over a text: lines with what structure says of them, and in them words and codes.
//!
//! What must always hold: each byte is looked at once, apart from the words of a phrase and what a guard looks at.
//!
//! What it refuses to know: lists; they are in `lexicon`, `codes` and `structure`.

use super::codes::{self, Says};
use super::lexicon::{Counts, FAMILY_HEADINGS};
use super::said::{Said, denied_after};
use super::words::{LEXICON, Term, Word, is_operation, lets_through};
use super::{Sign, Topic, structure};
use crate::phi::HealthData::{Lab, Procedure};
use crate::read::Part;

/// The longest heading, in bytes.
const HEADING_BYTES_MAX: usize = 40;
/// "ICD" and "CPT" say what the next few tokens are.
const SAID_TOKENS: u8 = 6;
/// Lines of a resource behind one that says which codes stand there.
const SYSTEM_LINES: u8 = 4;

/// Which codes the place holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Context {
    /// Diagnoses, with or without their dot.
    pub(super) icd: bool,
    /// Services.
    pub(super) cpt: bool,
    /// Drugs.
    pub(super) ndc: bool,
    /// Tests. Elsewhere a code of this shape may be one of another list: 2106-3 is a pregnancy test and, in the list of races of
    /// the Centers for Disease Control and Prevention, "White".
    pub(super) loinc: bool,
}

/// Reads one portion line by line.
pub(super) fn scan_lines(part: &Part, seen: &mut dyn FnMut(u32, Sign)) {
    let mut records = part.records.iter().peekable();
    let mut record = 0;
    let mut scanner = Scanner::new(&part.text, Context::default());
    scanner.run(&mut |at, sign| {
        while let Some((_, next)) = records.next_if(|(start, _)| *start as usize <= at) {
            record = *next;
        }
        seen(record, sign);
    });
}

/// A pass over a text.
pub(super) struct Scanner<'t> {
    text: &'t str,
    /// What holds for the whole text.
    outer: Context,
    /// What holds for this line.
    context: Context,
    said: Said,
    /// Where the word before stands.
    before: (usize, usize),
    icd_said: u8,
    cpt_said: u8,
    loinc_said: u8,
    system_lines: u8,
    system: Context,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str, context: Context) -> Self {
        Self {
            text,
            outer: context,
            context,
            said: Said::default(),
            before: (0, 0),
            icd_said: 0,
            cpt_said: 0,
            loinc_said: 0,
            system_lines: 0,
            system: Context::default(),
        }
    }

    /// Tells what is seen, each with its place.
    pub(super) fn run(&mut self, sink: &mut dyn FnMut(usize, Sign)) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let line = bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let end = line.map_or(bytes.len(), |far| at + far);
            if end > at {
                let from = self.line(at, end, sink);
                self.tokens(from, end, sink);
            }
            let blank = bytes.get(end + 1).is_none_or(|byte| matches!(byte, b'\n' | b'\r'));
            if blank || end - at < HEADING_BYTES_MAX {
                self.said.end_sentence();
            }
            at = end + 1;
        }
    }

    /// What a line says as such; returns where its words begin.
    fn line(&mut self, start: usize, end: usize, sink: &mut dyn FnMut(usize, Sign)) -> usize {
        let line = &self.text[start..end];
        self.context = self.outer;
        if self.system_lines > 0 {
            self.system_lines -= 1;
            self.context = self.system;
        }
        if line.as_bytes().get(3) == Some(&b'|') && line.as_bytes()[..2].iter().all(u8::is_ascii_uppercase) {
            self.segment(start, line, sink);
            return start + 3;
        }
        let trimmed = line.trim_start_matches([' ', '\t', '-', '*', '#', '>', '.', ')', '•']);
        let trimmed = if trimmed.starts_with(|one: char| one.is_ascii_digit()) {
            trimmed.trim_start_matches(|one: char| one.is_ascii_digit()).trim_start_matches(['.', ')', ' '])
        } else {
            trimmed
        };
        let head = &trimmed.as_bytes()[..trimmed.len().min(HEADING_BYTES_MAX)];
        if !head.first().is_some_and(u8::is_ascii_alphabetic) {
            return start;
        }
        match head.iter().position(|byte| *byte == b':') {
            Some(colon) => {
                let rest = trimmed[colon + 1..].trim();
                self.labelled(start, &trimmed[..colon], rest, sink);
            }
            None if trimmed.len() < HEADING_BYTES_MAX => self.title(start, trimmed.trim_end(), false, sink),
            None => {}
        }
        start
    }

    fn segment(&mut self, start: usize, line: &str, sink: &mut dyn FnMut(usize, Sign)) {
        self.said.end_sentence();
        let name = &line.as_bytes()[..3];
        if name == b"OBX" {
            let mut fields = line.split('|');
            let value_type = fields.nth(2).unwrap_or_default();
            let code = fields.next().unwrap_or_default().split('^').next().unwrap_or_default();
            if structure::is_result(value_type) && !codes::NO_RESULTS.contains(&code) {
                sink(start, Sign::Says(Topic::Health(Lab), "lab.structure"));
            }
        } else if let Some(kind) = structure::segment(name) {
            sink(start, Sign::Says(Topic::Health(kind), structure::why(kind)));
        }
        self.context = Context {
            icd: matches!(name, b"DG1" | b"FT1" | b"PRB"),
            cpt: matches!(name, b"PR1" | b"FT1"),
            ndc: matches!(name, b"RXE" | b"RXO" | b"RXD"),
            loinc: matches!(name, b"OBX" | b"OBR"),
        };
    }

    /// A line that begins with a label: a key of a resource, an element of a document, a heading.
    fn labelled(&mut self, start: usize, label: &str, rest: &str, sink: &mut dyn FnMut(usize, Sign)) {
        let kind = match label {
            "resourceType" => structure::resource(rest),
            "system" => {
                self.system(rest);
                None
            }
            "code" | "value" | "translation" if rest.contains("codeSystem=2.16.840.1.113883.6.") => {
                self.context.icd = rest.contains(".6.90") || rest.contains(".6.103");
                self.context.cpt = rest.contains(".6.12") || rest.contains(".6.285");
                self.context.ndc = rest.contains(".6.69") || rest.contains(".6.88");
                self.context.loinc = rest.contains("2.16.840.1.113883.6.1 ") || rest.ends_with("2.16.840.1.113883.6.1");
                let code = rest.split_once("code=").map_or("", |(_, code)| code);
                structure::section(code.split(' ').next().unwrap_or_default())
            }
            "guarantor" if rest.is_empty() => Some(crate::phi::HealthData::Guarantor),
            _ => structure::element(label),
        };
        if let Some(kind) = kind {
            sink(start, Sign::Says(Topic::Health(kind), structure::why(kind)));
        }
        self.title(start, label.trim_end(), true, sink);
    }

    /// Which codes stand in the lines that follow.
    fn system(&mut self, system: &str) {
        self.system = Context {
            icd: system.contains("icd-10") || system.contains("icd10") || system.ends_with("6.90"),
            cpt: system.contains("ama-assn.org") || system.contains("hcpcs") || system.ends_with("6.12"),
            ndc: system.ends_with("ndc") || system.contains("rxnorm"),
            loinc: system.contains("loinc") || system.ends_with("2.16.840.1.113883.6.1"),
        };
        self.system_lines = SYSTEM_LINES;
        self.context = self.system;
    }

    fn title(&mut self, start: usize, title: &str, is_label: bool, sink: &mut dyn FnMut(usize, Sign)) {
        let Some(&first) = title.as_bytes().first() else { return };
        if !first.is_ascii_alphabetic() || title.len() > HEADING_BYTES_MAX {
            return;
        }
        let small = title.to_ascii_lowercase();
        let Some(topic) = LEXICON.heading(&small) else { return };
        // A word alone on a line may be a page's head; with a colon it is a label.
        if topic == Some(Topic::Confidential) && !is_label {
            return;
        }
        self.said.heading(FAMILY_HEADINGS.contains(&small.as_str()));
        if let Some(topic) = topic {
            sink(start, Sign::Says(topic, why_of(topic)));
        }
    }

    /// The words and codes of a line.
    fn tokens(&mut self, start: usize, end: usize, sink: &mut dyn FnMut(usize, Sign)) {
        let bytes = self.text.as_bytes();
        let mut at = start;
        while at < end {
            let byte = bytes[at];
            if !byte.is_ascii_alphanumeric() {
                if matches!(byte, b';' | b'|' | b'^')
                    || matches!(byte, b'.' | b'!' | b'?')
                        && bytes.get(at + 1).is_none_or(|next| next.is_ascii_whitespace())
                {
                    self.said.end_sentence();
                }
                at += 1;
                continue;
            }
            let long = bytes[at..end].iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(end - at);
            let stop = at + long;
            let next = if byte.is_ascii_digit() {
                self.number(at, stop, end, sink)
            } else {
                self.word(at, stop, sink).unwrap_or(stop)
            };
            self.before = (at, stop);
            self.icd_said = self.icd_said.saturating_sub(1);
            self.cpt_said = self.cpt_said.saturating_sub(1);
            self.loinc_said = self.loinc_said.saturating_sub(1);
            at = next.max(stop);
        }
    }

    /// A token that begins with a letter; where it ends, if a code goes on behind the word.
    fn word(&mut self, at: usize, stop: usize, sink: &mut dyn FnMut(usize, Sign)) -> Option<usize> {
        let bytes = self.text.as_bytes();
        if bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
            && let Some(end) = self.code(at, stop, sink)
        {
            return Some(end);
        }
        let word = Word::of(&bytes[at..stop])?;
        match word.letters() {
            b"icd" | b"icd10" | b"dx" => self.icd_said = SAID_TOKENS,
            b"cpt" | b"hcpcs" => self.cpt_said = SAID_TOKENS,
            b"loinc" => self.loinc_said = SAID_TOKENS,
            b"family" => self
                .said
                .family_if(self.text[stop..].starts_with(" history") || self.text[stop..].starts_with(" HISTORY")),
            letters if is_operation(letters) && !self.said.is_denied() => {
                sink(at, Sign::Says(Topic::Health(Procedure), "procedure.word"));
            }
            letters => {
                if let Some(age) = age_in_words(letters).filter(|_| is_years(&self.text[stop..])) {
                    sink(at, Sign::Age(age));
                }
            }
        }
        let (text, said, before) = (self.text, self.said, self.before);
        let control = LEXICON.look(&word, text, stop, &mut |term, end| {
            let place = at..end;
            if counts(term, said, &text[end..]) && lets_through(term.guard, text, place, &bytes[before.0..before.1]) {
                sink(at, Sign::Says(term.topic, term.why));
            }
        });
        self.said.word(control);
        None
    }

    /// A code of letters and digits; where it ends.
    fn code(&self, at: usize, stop: usize, sink: &mut dyn FnMut(usize, Sign)) -> Option<usize> {
        let bytes = self.text.as_bytes();
        if stop - at == 5 && (self.context.cpt || self.cpt_said > 0) {
            let mut code = [0; 5];
            code.copy_from_slice(&bytes[at..stop]);
            code.make_ascii_uppercase();
            if let Some((topic, why)) = std::str::from_utf8(&code).ok().and_then(codes::cpt) {
                sink(at, Sign::Says(topic, why));
                return Some(stop);
            }
        }
        let (code, long, has_dot) = codes::icd_at(bytes, at)?;
        let end = at + long;
        if bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        let in_brackets = at > 0 && bytes[at - 1] == b'(' && bytes.get(end) == Some(&b')');
        let here = self.context.icd || self.icd_said > 0;
        // The letter is written small only where somebody typed the code into its own place.
        if !(here || (has_dot || in_brackets) && bytes[at].is_ascii_uppercase()) {
            return None;
        }
        tell(at, codes::DIAGNOSIS, sink);
        if let Some(says) = codes::icd(&code) {
            tell(at, says, sink);
        }
        if codes::is_for_vaccine(&code) {
            tell(at, codes::VACCINE, sink);
        }
        Some(end)
    }

    /// A token that begins with a digit: a code or an age; where it ends.
    fn number(&mut self, at: usize, stop: usize, line_end: usize, sink: &mut dyn FnMut(usize, Sign)) -> usize {
        let bytes = self.text.as_bytes();
        let token = &self.text[at..stop];
        let goes_on = bytes.get(stop) == Some(&b'-') && bytes.get(stop + 1).is_some_and(u8::is_ascii_digit);
        if goes_on && at.checked_sub(1).is_none_or(|before| bytes[before] != b'-') {
            let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'-';
            let long = bytes[at..line_end].iter().position(|byte| !is_part(byte)).unwrap_or(line_end - at);
            let whole = &self.text[at..at + long];
            if codes::is_loinc(whole.as_bytes()) {
                if let Some(says) = codes::loinc(whole).filter(|_| self.context.loinc || self.loinc_said > 0) {
                    tell(at, says, sink);
                }
                return at + long;
            }
            if codes::is_ndc(whole.as_bytes()) {
                tell(at, codes::DRUG, sink);
            }
            return at + long;
        }
        if token.len() == 5 && (self.context.cpt || self.cpt_said > 0) {
            if let Some(says) = codes::cpt(token) {
                tell(at, says, sink);
            }
            return stop;
        }
        if token.len() <= 3
            && let Ok(age) = token.parse::<u8>()
        {
            let before = &self.text[self.before.0..self.before.1];
            let labelled = before.eq_ignore_ascii_case("age") || before.eq_ignore_ascii_case("aged");
            let near = self.before.1 + 3 >= at;
            if labelled && near || is_years(&self.text[stop..]) {
                sink(at, Sign::Age(age));
            }
        } else if let Some(age) =
            token.strip_suffix("yo").or_else(|| token.strip_suffix("yr")).and_then(|age| age.parse().ok())
        {
            sink(at, Sign::Age(age));
        }
        if self.context.ndc && token.len() == 11 {
            tell(at, codes::DRUG, sink);
        }
        stop
    }
}

fn tell(at: usize, (topic, why): Says, sink: &mut dyn FnMut(usize, Sign)) {
    sink(at, Sign::Says(topic, why));
}

/// Does a phrase count that is said so.
fn counts(term: &Term, said: Said, rest: &str) -> bool {
    match term.counts {
        Counts::Always => true,
        Counts::Denied => !said.of_relative(),
        Counts::Present => !said.of_relative() && !said.is_denied() && !denied_after(rest),
    }
}

/// " year old", "-year-old", " y/o", " yo".
fn is_years(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '-']);
    let years = ["year", "Year", "YEAR", "yr"].iter().find_map(|word| rest.strip_prefix(word));
    match years {
        Some(rest) => {
            let rest = rest.trim_start_matches(['s', 'S', '.', ' ', '-']);
            rest.get(..3).is_some_and(|old| old.eq_ignore_ascii_case("old"))
        }
        None => ["y/o", "yo ", "y.o", "Y/O", "YO "].iter().any(|word| rest.starts_with(word)),
    }
}

/// Ages of adolescents as they are dictated.
fn age_in_words(word: &[u8]) -> Option<u8> {
    const TEENS: [&[u8]; 6] = [b"twelve", b"thirteen", b"fourteen", b"fifteen", b"sixteen", b"seventeen"];
    if word.len() < 6 {
        return None;
    }
    TEENS.iter().position(|teen| *teen == word).and_then(|at| u8::try_from(at + 12).ok())
}

/// The rule's name for what a heading says.
fn why_of(topic: Topic) -> &'static str {
    use crate::phi::HealthData::{
        Diagnosis, Guarantor, Guardian, Immunization, Insurance, Medication, MentalHealth, Provider, SubstanceUse,
    };
    match topic {
        Topic::Health(Diagnosis) => "diagnosis.heading",
        Topic::Health(Procedure) => "procedure.heading",
        Topic::Health(Medication) => "medication.heading",
        Topic::Health(Lab) => "lab.heading",
        Topic::Health(Immunization) => "immunization.heading",
        Topic::Health(Insurance) => "insurance.heading",
        Topic::Health(Guarantor) => "guarantor.heading",
        Topic::Health(Guardian) => "guardian.heading",
        Topic::Health(Provider) => "provider.heading",
        Topic::Health(MentalHealth) => "mental_health.heading",
        Topic::Health(SubstanceUse) => "substance_use.heading",
        Topic::ReproductiveWord => "reproductive.heading",
        Topic::Confidential => "adolescent.marked",
        Topic::Health(kind) => structure::why(kind),
        Topic::Sexual | Topic::Use => "use.heading",
    }
}
