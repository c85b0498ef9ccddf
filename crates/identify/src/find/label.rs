//! What a number is said to be: the label before it.
//!
//! From a number one looks back over punctuation and small words for a noun: "MRN:", "acct #", "social security number
//! is". The look is bounded by bytes and by words, never crosses an empty line, and ends at the first word that is
//! neither noun nor filler.
//!
//! What must always hold: no more than [`BACK_MAX`] bytes are looked at.

use super::lexicon::{self, FILLER, LABEL, MARK, UNIT};
use super::view::{ALNUM, DIGIT, LETTER, Token, View, is};

/// How far before a number its label may begin.
const BACK_MAX: usize = 96;
/// How many small words may stand between label and number.
const FILLERS_MAX: usize = 7;

/// What a label says the number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Noun {
    /// Nothing.
    None = 0,
    /// Medical record number, said in one word.
    Mrn,
    /// "MR", which needs a mark, since it also is a title.
    MrWeak,
    /// "record", "chart", "patient": a record number if there is a mark.
    Record,
    /// A visit.
    Visit,
    /// An order, a specimen, an accession.
    Order,
    /// Social security number.
    Ssn,
    /// "social": a social security number if it has the shape.
    Social,
    /// The second word of "social security".
    Security,
    /// Taxpayer number.
    Taxpayer,
    /// An employer's number.
    Employer,
    /// National provider identifier.
    Npi,
    /// Drug Enforcement Administration number.
    Dea,
    /// Medicare number.
    Medicare,
    /// Policy, member, group.
    Plan,
    /// BIN and PCN of a drug plan.
    Pharmacy,
    /// Account.
    Account,
    /// Claim, invoice, authorisation.
    Claim,
    /// Card.
    Card,
    /// Bank routing number.
    Routing,
    /// International bank account number.
    Iban,
    /// Licence or certificate.
    License,
    /// Passport.
    Passport,
    /// Some other number of a person.
    Other,
    /// A country's number for a person.
    National,
    /// Licence plate.
    Plate,
    /// Vehicle identification number.
    Vin,
    /// Serial, lot, model of a device.
    Serial,
    /// Unique device identifier.
    Udi,
    /// Mobile equipment identity.
    Imei,
    /// Telephone.
    Phone,
    /// Fax.
    Fax,
    /// A date.
    Date,
    /// ZIP code.
    Zip,
    /// Internet address.
    Ip,
    /// Biometric.
    Biometric,
    /// Photograph.
    Photo,
    /// Serial number, by these words.
    SerialNumber,
    /// A badge, a bracelet, a barcode: numbered each.
    Badge,
    /// "ID" without a noun.
    AnyId,
    /// "number" without a noun.
    AnyNumber,
}

impl Noun {
    const ALL: &'static [Self] = &[
        Self::None,
        Self::Mrn,
        Self::MrWeak,
        Self::Record,
        Self::Visit,
        Self::Order,
        Self::Ssn,
        Self::Social,
        Self::Security,
        Self::Taxpayer,
        Self::Employer,
        Self::Npi,
        Self::Dea,
        Self::Medicare,
        Self::Plan,
        Self::Pharmacy,
        Self::Account,
        Self::Claim,
        Self::Card,
        Self::Routing,
        Self::Iban,
        Self::License,
        Self::Passport,
        Self::Other,
        Self::National,
        Self::Plate,
        Self::Vin,
        Self::Serial,
        Self::Udi,
        Self::Imei,
        Self::Phone,
        Self::Fax,
        Self::Date,
        Self::Zip,
        Self::Ip,
        Self::Biometric,
        Self::Photo,
        Self::SerialNumber,
        Self::Badge,
        Self::AnyId,
        Self::AnyNumber,
    ];

    /// The noun of a word of the lexicon.
    fn of(value: u8) -> Self {
        Self::ALL.get(value as usize).copied().unwrap_or(Self::None)
    }
}

/// How plainly the label says that a number follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// The noun stands right before it.
    None,
    /// A copula: "is".
    Is,
    /// A colon, an equals sign, a bar of a table.
    Colon,
    /// "number", "no.", "#", "id".
    Number,
}

/// A label found before a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    /// What it says.
    pub(super) noun: Noun,
    /// How plainly.
    pub(super) mark: Mark,
    /// It speaks of the last digits only.
    pub(super) last: bool,
    /// Words between noun and number.
    pub(super) fillers: usize,
}

impl Label {
    /// Is it one of these.
    pub(super) fn is(self, nouns: &[Noun]) -> bool {
        nouns.contains(&self.noun)
    }
}

/// The look back.
struct Back<'a> {
    view: View<'a>,
    /// Where the number begins.
    value: usize,
    place: usize,
    limit: usize,
    mark: Mark,
    last: bool,
    fillers: usize,
    newlines: usize,
    stopped: bool,
    id: bool,
    number: bool,
    /// The word taken last was "number" or the like.
    after_mark: bool,
}

/// The label before this place.
#[inline]
pub(super) fn before(view: View<'_>, place: usize) -> Option<Label> {
    view.asked.labels.ask(place, || look(view, place))
}

fn look(view: View<'_>, place: usize) -> Option<Label> {
    let mut back = Back {
        view,
        value: place,
        place,
        limit: place.saturating_sub(BACK_MAX),
        mark: Mark::None,
        last: false,
        fillers: 0,
        newlines: 0,
        stopped: false,
        id: false,
        number: false,
        after_mark: false,
    };
    while let Some(token) = back.next_word() {
        if back.fillers > FILLERS_MAX || (back.stopped && token.end - token.start > 5) {
            break;
        }
        back.stopped = false;
        if let Some(label) = back.take(token) {
            return (label.noun != Noun::None).then_some(label);
        }
    }
    back.rest()
}

impl Back<'_> {
    fn label(&self, noun: Noun) -> Label {
        Label { noun, mark: self.mark, last: self.last, fillers: self.fillers }
    }

    /// What remains when no noun was met.
    fn rest(&self) -> Option<Label> {
        if self.id {
            return Some(self.label(Noun::AnyId));
        }
        self.number.then(|| self.label(Noun::AnyNumber))
    }

    /// The word before, past punctuation; none where the look ends.
    fn next_word(&mut self) -> Option<Token> {
        loop {
            if self.place <= self.limit {
                return None;
            }
            let byte = self.view.before(self.place);
            if is(byte, LETTER) {
                break;
            }
            match byte {
                b' ' | b'\t' | b'-' | b'(' | b')' | b'[' | b']' | b'"' | b'\'' | b'*' | b',' | b'_' | b'/' | b'>'
                | b'`' | b'~' | b'<' => {}
                b'\r' => {}
                b'\n' if self.newlines == 0 => self.newlines = 1,
                b':' | b'=' | b'|' => self.mark = self.mark.max(Mark::Colon),
                b'#' => self.mark = Mark::Number,
                b'.' => self.stopped = true,
                0xa0 | 0xc2 | 0xe2 | 0x80..=0x9d => {}
                b'4' if self.view.starts(self.place.saturating_sub(6), b"last 4") => {}
                _ => break,
            }
            self.place -= 1;
        }
        let token = self.view.word_to(self.place)?;
        self.place = token.start;
        Some(token)
    }

    /// What this word means here: a label, an end (noun none), or nothing yet.
    fn take(&mut self, token: Token) -> Option<Label> {
        let token = if token.end - token.start == 1 { self.acronym(token) } else { token };
        // A label on the line above is marked, or is alone there.
        let alone = matches!(self.view.before(token.start), b'\n' | 0);
        // "(born 1983, MRN" at a line's end says what the next line begins with, since it means nothing else.
        let plain = token.has(LABEL) && self.means_a_number(Noun::of(token.word.value)) && self.fillers == 0;
        if self.newlines > 0 && self.mark == Mark::None && !token.has(MARK) && !alone && !plain {
            return Some(self.label(Noun::None));
        }
        if token.is("last") || token.is("ending") || token.is("ends") {
            self.last = true;
        }
        if let Some(label) = self.noun(token) {
            return Some(label);
        }
        // "Patient: No. 200 steps" denies; "policy no. 200" counts.
        let place = self.view.skip_wrap_back(token.start);
        let dot = usize::from(self.view.before(place) == b'.');
        let word = self.view.word_to(place - dot);
        let follows_a_word = word.is_some_and(|word| dot == 0 || (word.has(LABEL) && word.end - word.start <= 5));
        if token.is("no") && (self.newlines > 0 && self.mark < Mark::Colon || !follows_a_word) {
            return self.end();
        }
        if token.has(MARK) {
            self.mark = Mark::Number;
            self.after_mark = true;
            if token.is("id") || token.is("ids") || token.is("identifier") || token.is("identification") {
                self.id = true;
            } else {
                self.number = true;
            }
            return None;
        }
        if token.has(FILLER) || token.is("four") || token.is("code") || token.is("area") || token.is("contact") {
            if token.is("is") || token.is("was") {
                self.mark = self.mark.max(Mark::Is);
            }
            self.fillers += 1;
            self.after_mark = false;
            return None;
        }
        // "Agency #: 20931": a number sign and a colon after a word of no other meaning.
        if self.mark == Mark::Number && token.word.roles == 0 {
            let between = &self.view.bytes[token.end..self.value];
            if between.iter().filter(|byte| !byte.is_ascii_whitespace()).eq(b"#:") {
                return Some(self.label(Noun::AnyId));
            }
        }
        self.end()
    }

    /// Does a noun at a line's end say what the next line begins with, without any mark.
    fn means_a_number(&self, noun: Noun) -> bool {
        let capitals = |at: usize| self.view.at(at).is_ascii_uppercase();
        // "member", and then two capitals and many digits.
        let long = || capitals(self.value) && self.view.run_end(self.value, ALNUM, 16) >= self.value + 8;
        matches!(noun, Noun::Mrn | Noun::Ssn) || matches!(noun, Noun::Plan | Noun::Account) && long()
    }

    /// The look ends at a word that means nothing here.
    fn end(&self) -> Option<Label> {
        // "archive number": a number of something that is not known here, and nobody's telephone.
        let known = self.rest().filter(|label| label.noun != Noun::AnyNumber || !self.after_mark);
        Some(known.unwrap_or(Label { noun: Noun::None, mark: self.mark, last: false, fillers: 0 }))
    }

    /// The noun that this word is.
    fn noun(&mut self, token: Token) -> Option<Label> {
        if !token.has(LABEL) {
            return None;
        }
        let noun = Noun::of(token.word.value);
        let open = usize::from(matches!(self.view.before(token.start), b'(' | b'['));
        let previous = self.view.word_before(token.start - open);
        let after = |words: &[&str]| previous.is_some_and(|word| words.iter().any(|text| word.is(text)));
        let is_person = token.is("patient") && token.has(FILLER);
        match noun {
            Noun::Security if after(&["social", "soc"]) => Some(self.label_with_last(Noun::Ssn, token.start)),
            Noun::Security => None,
            Noun::Ssn | Noun::Social => Some(self.label_with_last(noun, token.start)),
            // "for the patient 12345" is no record number; "patient number" and "patient:" are.
            _ if is_person && self.mark < Mark::Colon => None,
            // "home" and "work" are telephones only under a colon; "fax (home):" is none.
            Noun::Phone if token.has(FILLER) => {
                let noun = if after(&["fax", "facsimile"]) { Noun::Fax } else { Noun::Phone };
                (self.mark >= Mark::Colon && self.fillers == 0).then(|| self.label(noun))
            }
            Noun::Record
                if (token.is("record") || token.is("rec")) && after(&["medical", "health", "hospital", "med"]) =>
            {
                Some(self.label(Noun::Mrn))
            }
            Noun::Plate | Noun::License if after(&["vehicle", "car", "truck"]) => Some(self.label(Noun::Plate)),
            Noun::Plate if token.is("tag") => None,
            _ => Some(self.label(noun)),
        }
    }

    /// The label of a social security number, with what stands before it: "last four of".
    fn label_with_last(&self, noun: Noun, start: usize) -> Label {
        let mut label = self.label(noun);
        let from = start.saturating_sub(32);
        let here = &self.view.bytes[from..start];
        label.last |= here.windows(4).any(|window| window.eq_ignore_ascii_case(b"last"));
        label
    }

    /// Letters that stand alone are one word: "m r n", "S.S.N.", "s/s".
    fn acronym(&mut self, token: Token) -> Token {
        let mut key = token.key;
        let mut start = token.start;
        let mut letters = 1;
        while letters < 4 {
            let mut place = start;
            while place > 0 && start - place < 3 && matches!(self.view.at(place - 1), b' ' | b'.' | b'/') {
                place -= 1;
            }
            let Some(letter) = self.view.word_to(place).filter(|word| word.end - word.start == 1 && place < start)
            else {
                break;
            };
            key |= letter.key << (8 * letters);
            start = letter.start;
            letters += 1;
        }
        if letters == 1 {
            return self.initial(token);
        }
        self.place = start;
        Token { start, end: token.end, key, word: lexicon::look_up(key) }
    }

    /// One letter with a colon: how letterheads write telephone, fax, cell.
    fn initial(&mut self, token: Token) -> Token {
        if self.mark != Mark::Colon {
            return token;
        }
        let word = match self.view.at(token.start).to_ascii_lowercase() {
            b'f' => "fax",
            b'p' | b't' | b'c' | b'h' | b'w' | b'o' | b'm' => "telephone",
            _ => return token,
        };
        let key = lexicon::key(word);
        Token { key, word: lexicon::look_up(key), ..token }
    }
}

/// Does the number before `end` count something: is the next word, also one that touches it, a unit.
pub(super) fn counts(view: View<'_>, end: usize) -> bool {
    let after = view.skip_blanks(end);
    let after = if view.at(after) == b'-' { after + 1 } else { after };
    if matches!(view.at(after), b'%') {
        return true;
    }
    view.word_at(after).is_some_and(|token| token.has(UNIT))
}

/// Is a code, a version or a section what follows here: one of the two words before says so.
pub(super) fn is_code(view: View<'_>, start: usize) -> bool {
    let mut place = start;
    for _ in 0..3 {
        let mut steps = 0;
        while steps < 12 {
            let byte = view.before(place);
            let skipped = matches!(byte, b' ' | b':' | b'-' | b'#' | b'.' | b'(' | b'=' | b'\'' | b'"' | b'/')
                || is(byte, DIGIT)
                || byte >= 0x80;
            if !skipped {
                break;
            }
            place -= 1;
            steps += 1;
        }
        if !is(view.before(place), LETTER) {
            return view.before(place) == b'\xa7';
        }
        let Some(token) = view.word_to(place) else { return false };
        if token.has(lexicon::CODE) {
            return true;
        }
        if !token.has(MARK) && !token.has(FILLER) {
            return false;
        }
        place = token.start;
    }
    false
}
