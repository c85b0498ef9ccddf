//! Telephone and fax numbers: of the North American plan in all written forms, international ones with a plus, any
//! under a label, each with its extension.
//!
//! What must always hold: digits without marks between them, and seven digits, need a label or a word such as "call".

use super::label::{self, Label, Noun};
use super::number::{self, Run};
use super::sift::found;
use super::view::{ALNUM, DIGIT, LETTER, Token, View, is};
use crate::phi::{Finding, Identifier};

/// International numbers have at most 15 digits (ITU-T E.164) and are written in at most this many groups.
const GROUPS_MAX: usize = 8;

/// Groups of digits in a row.
#[derive(Default)]
struct Groups {
    count: usize,
    starts: [usize; GROUPS_MAX],
    ends: [usize; GROUPS_MAX],
    /// The strongest mark before each group: `(`, `)`, `-`, `.`, `/` or a blank.
    marks: [u8; GROUPS_MAX],
}

impl Groups {
    fn length(&self, index: usize) -> usize {
        self.ends[index] - self.starts[index]
    }

    fn lengths(&self) -> [u8; 4] {
        std::array::from_fn(|index| if index < self.count { self.length(index).min(255) as u8 } else { 0 })
    }
}

fn groups(view: View<'_>, run: Run) -> Groups {
    let mut groups = Groups { count: 1, ..Groups::default() };
    (groups.starts[0], groups.ends[0]) = (run.start, run.end);
    while groups.count < GROUPS_MAX {
        let from = groups.ends[groups.count - 1];
        let (mut place, mut mark) = (from, b' ');
        for _ in 0..5 {
            let byte = view.at(place);
            let dash = view.dash(place);
            match byte {
                b' ' => place += 1,
                // A line may end after the area code in parentheses.
                b'\n' if mark == b')' => place += 1,
                // Or after a bare one, where exchange and number follow.
                b'\n'
                    if groups.count == 1 && from - run.start == 3 && view.run_end(place + 1, DIGIT, 4) == place + 4 =>
                {
                    place += 1;
                }
                b'(' | b')' | b'.' | b'/' | b'*' if mark == b' ' || mark == b')' => (place, mark) = (place + 1, byte),
                0xc2 if view.at(place + 1) == 0xa0 => place += 2,
                _ if dash > 0 && mark != b'-' => (place, mark) = (place + dash, b'-'),
                _ => break,
            }
        }
        let end = view.run_end(place, DIGIT, 16);
        if place == from || end == place {
            break;
        }
        let index = groups.count;
        (groups.starts[index], groups.ends[index], groups.marks[index]) = (place, end, mark);
        groups.count += 1;
    }
    groups
}

/// Does no further group of digits follow: what [`groups`] would find out, at a glance.
fn stands_alone(view: View<'_>, run: Run) -> bool {
    match view.at(run.end) {
        b' ' => is(view.at(run.end + 1), LETTER),
        byte => is(byte, LETTER) || matches!(byte, b',' | b'%' | b';' | b':'),
    }
}

/// A number that might be a telephone: from where to where, and how sure without a label and with one; 0 is never.
struct Shape {
    end: usize,
    alone: u8,
    labelled: u8,
    rule: &'static str,
}

/// Area and exchange of the North American plan: neither begins with 0 or 1.
fn is_nanp(view: View<'_>, area: usize, exchange: usize) -> bool {
    let good = |place: usize| (b'2'..=b'9').contains(&view.at(place));
    good(area) && good(exchange)
}

fn shape(view: View<'_>, groups: &Groups, opened: Opened) -> Option<Shape> {
    let (first, lengths) = (groups.starts[0], groups.lengths());
    let make = |end, alone, labelled, rule| Some(Shape { end, alone, labelled, rule });
    if opened == Opened::Plus {
        let count = (0..groups.count).take_while(|index| groups.marks[*index] != b'/').count();
        let total = |count: usize| (0..count).map(|index| groups.length(index)).sum::<usize>();
        let count = (1..=count).rev().find(|count| (8..=15).contains(&total(*count)))?;
        return make(groups.ends[count - 1], 90, 97, "phone.international");
    }
    match lengths {
        [3, 3, 4, _] => {
            let marked =
                opened == Opened::Paren || groups.marks[1..3].iter().any(|mark| matches!(mark, b'-' | b'.' | b')'));
            let alone = match (is_nanp(view, first, groups.starts[1]), marked) {
                (true, true) => 88,
                (true, false) => 60,
                (false, true) => 60,
                (false, false) => 0,
            };
            make(groups.ends[2], alone, 97, "phone.nanp")
        }
        [1, 3, 3, 4] if view.at(first) == b'1' && is_nanp(view, groups.starts[1], groups.starts[2]) => {
            make(groups.ends[3], 88, 97, "phone.nanp")
        }
        // 001 and 011 dial abroad, from abroad and from the United States.
        [3, 1..=3, 1..=255, 1..=255] if view.starts(first, b"001") || view.starts(first, b"011") => {
            let total: usize = (0..groups.count).map(|index| groups.length(index)).sum();
            if (11..=18).contains(&total) {
                make(groups.ends[groups.count - 1], 70, 92, "phone.international")
            } else {
                None
            }
        }
        [3, 7, ..] if is_nanp(view, first, groups.starts[1]) => {
            make(groups.ends[1], if opened == Opened::Paren { 80 } else { 0 }, 92, "phone.nanp")
        }
        [6, 4, ..] if is_nanp(view, first, first + 3) => make(groups.ends[1], 0, 88, "phone.nanp"),
        // "she is at 8645550121": no other number is where somebody is.
        [10, ..] if is_nanp(view, first, first + 3) => {
            let said = ["at", "its", "cell", "mobile", "home", "work", "text", "txt", "vm", "lm"];
            let is_there = view.word_before(first).is_some_and(|word| said.iter().any(|text| word.is(text)));
            let comma = view.skip_blanks_back(first);
            let listed = view.before(comma) == b',' && comma < first;
            let cell = view.word_to(comma.saturating_sub(1)).filter(|_| listed);
            let is_there = is_there || cell.is_some_and(|word| said.iter().any(|text| word.is(text)));
            let is_there = is_there || view.before(first) == b')' || view.before(first) == b'#';
            // "her son Hyun, 2135550176": nothing else is told of somebody in ten figures after a comma.
            let comma = view.skip_blanks_back(first);
            let is_there = is_there || view.before(comma) == b',' && comma < first && is_named(view, comma - 1);
            make(groups.ends[0], if is_there { 60 } else { 0 }, 92, "phone.solid")
        }
        [11, ..] if view.at(first) == b'1' => make(groups.ends[0], 0, 92, "phone.solid"),
        [1, 10, ..] if view.at(first) == b'1' => make(groups.ends[1], 0, 92, "phone.solid"),
        [3, 4, ..] if (b'2'..=b'9').contains(&view.at(first)) => {
            let reserved = view.starts(first, b"555") && groups.marks[1] != b' ' && groups.marks[1] != b'/';
            make(groups.ends[1], if reserved { 62 } else { 0 }, 88, "phone.local")
        }
        _ => any_shape(groups),
    }
}

/// A capital word that is no label ends here.
fn is_named(view: View<'_>, to: usize) -> bool {
    view.word_to(to).is_some_and(|word| word.word.roles == 0 && word.end - word.start > 2 && is_title(view, word))
}

/// Its first letter is capital, of this piece or of the one before its hyphen.
fn is_title(view: View<'_>, word: Token) -> bool {
    let first = view.run_start(word.start.saturating_sub(1), LETTER, 24);
    view.is_capital(word.start) || view.before(word.start) == b'-' && view.is_capital(first)
}

/// Numbers of other countries under a label: seven to fifteen digits.
fn any_shape(groups: &Groups) -> Option<Shape> {
    let fits = |index: &usize| !matches!(groups.marks[*index], b'/' | b'.') && groups.length(*index) >= 2;
    let count = 1 + (1..groups.count).take_while(fits).count();
    let total: usize = (0..count).map(|index| groups.length(index)).sum();
    (7..=15).contains(&total).then(|| Shape {
        end: groups.ends[count - 1],
        alone: 0,
        labelled: 78,
        rule: "phone.other",
    })
}

/// What stands right before the first digit.
#[derive(Clone, Copy, PartialEq)]
enum Opened {
    Plus,
    Paren,
    Bare,
}

/// A telephone or fax number that begins with this run.
pub(super) fn find(view: View<'_>, run: Run) -> Option<Finding> {
    if run.word_start != run.start {
        return damaged(view, run);
    }
    let mut start = run.start;
    let opened = match view.before(start) {
        b'+' => Opened::Plus,
        b'(' => Opened::Paren,
        _ => Opened::Bare,
    };
    start -= usize::from(opened != Opened::Bare);
    if opened == Opened::Paren && view.before(start) == b'+' {
        start -= 1;
    }
    if is(view.before(start), ALNUM) || (opened == Opened::Bare && view.goes_on(start, start)) {
        return None;
    }
    if run.len() < 7 && stands_alone(view, run) {
        return damaged(view, run);
    }
    let groups = groups(view, run);
    let total: usize = (0..groups.count).map(|index| groups.length(index)).sum();
    if total < 7 || run.len() > 15 {
        return damaged(view, run);
    }
    let shape = shape(view, &groups, opened)?;
    let end = with_extension(view, shape.end);
    let cut =
        end == shape.end && (is(view.at(end), ALNUM) || view.dash(end) > 0 && is(view.at(end + view.dash(end)), DIGIT));
    if cut || (view.at(end) == b'.' && is(view.at(end + 1), DIGIT)) {
        return None;
    }
    let label = label::before(view, start).or_else(|| label_of_row(view, start));
    judge(view, (start, end), &shape, label)
}

/// The label of the number before, if this one is joined to it: "call 555-0100 or 555-0199".
fn label_of_row(view: View<'_>, start: usize) -> Option<Label> {
    let mut place = view.skip_blanks_back(start);
    let joined = view.word_to(place).filter(|word| word.is("or") || word.is("and"));
    match (joined, view.before(place)) {
        (Some(word), _) => place = view.skip_blanks_back(word.start),
        (None, b',' | b'/' | b';') => place = view.skip_blanks_back(place - 1),
        _ => return None,
    }
    let end = place;
    while place > 0
        && end - place < 24
        && matches!(view.at(place - 1), b'0'..=b'9' | b' ' | b'-' | b'.' | b'(' | b')' | b'+')
    {
        place -= 1;
    }
    let digits = view.bytes[place..end].iter().filter(|byte| byte.is_ascii_digit()).count();
    let label = label::before(view, place + usize::from(view.at(place) == b' '))?;
    (digits >= 7 && label.is(&[Noun::Phone, Noun::Fax])).then_some(label)
}

fn judge(view: View<'_>, span: (usize, usize), shape: &Shape, label: Option<Label>) -> Option<Finding> {
    let after = is_fax_after(view, span.1);
    let named_after = is_phone_after(view, span.1);
    let (sure, kind) = match label {
        _ if after && shape.alone > 0 => (90, Identifier::Fax),
        None if after => (shape.labelled.saturating_sub(8), Identifier::Fax),
        None if is_line(view, span.0) => (shape.labelled.saturating_sub(20), Identifier::Phone),
        None if named_after => (shape.labelled.saturating_sub(8), Identifier::Phone),
        Some(label) if label.noun == Noun::Fax => (shape.labelled, Identifier::Fax),
        Some(label) if label.noun == Noun::AnyNumber && shape.rule == "phone.other" => return None,
        Some(label) if label.is(&[Noun::Phone, Noun::AnyNumber]) => {
            let sure = if label.noun == Noun::Phone { shape.labelled } else { shape.labelled.saturating_sub(10) };
            (sure, if after { Identifier::Fax } else { Identifier::Phone })
        }
        // Another label says that it is another number.
        Some(label) if !label.is(&[Noun::Date, Noun::Record, Noun::AnyId]) => (shape.alone.min(60), Identifier::Phone),
        _ => (shape.alone, Identifier::Phone),
    };
    let is_labelled = label.is_some_and(|label| label.is(&[Noun::Phone, Noun::Fax]));
    let doubtful = !named_after
        && !after
        && sure <= 62
        && !is_line(view, span.0)
        && (label::counts(view, span.1) || label::is_code(view, span.0));
    (sure > 0 && (is_labelled || !doubtful)).then(|| found(span, kind, sure, shape.rule))
}

/// "the nurse line 555-0100": a line that is called, and none of a page.
fn is_line(view: View<'_>, start: usize) -> bool {
    let before = view.word_before(start);
    let before = before.and_then(|word| if word.is("is") { view.word_before(word.start) } else { Some(word) });
    before.is_some_and(|word| word.is("line") || word.is("hotline"))
}

/// "x123", "ext. 123", "extension 123", "#123" after the number.
fn with_extension(view: View<'_>, end: usize) -> usize {
    // "413-555-0144/0145": the last digits of the line beside it.
    let beside = view.run_end(end + 1, DIGIT, 5);
    if view.at(end) == b'/' && (end + 3..=end + 5).contains(&beside) && !matches!(view.at(beside), b'/' | b'-') {
        return beside;
    }
    let mut place = end;
    while place < end + 3 && matches!(view.at(place), b' ' | b',' | b';' | b'(') {
        place += 1;
    }
    const MARKS: &[&[u8]] = &[b"extension", b"ext", b"option", b"opt", b"x", b"#"];
    let Some(mark) = MARKS.iter().find(|mark| view.starts(place, mark)) else { return end };
    let from = place + mark.len();
    let mut digits = from;
    while digits < from + 3 && matches!(view.at(digits), b' ' | b'.' | b':' | b'#') {
        digits += 1;
    }
    let last = view.run_end(digits, DIGIT, 7);
    if last > digits && last - digits <= 6 && !is(view.at(last), ALNUM) { last } else { end }
}

/// "office", "-Mobile", "(cell)" after the number.
fn is_phone_after(view: View<'_>, end: usize) -> bool {
    let place = view.skip_blanks(end);
    let inside = place + usize::from(matches!(view.at(place), b'(' | b'[' | b'-'));
    let says = |word: &super::view::Token| {
        ["office", "mobile", "cell", "home", "work", "phone", "tel"].iter().any(|text| word.is(text))
    };
    view.word_at(inside).filter(says).is_some_and(|word| !matches!(view.at(word.end), b':' | b'.'))
}

/// "(fax)", "-Fax" and "(F)" after the number.
fn is_fax_after(view: View<'_>, end: usize) -> bool {
    let place = view.skip_blanks(end);
    let place = place + usize::from(view.at(place) == b'-');
    let inside = place + usize::from(matches!(view.at(place), b'(' | b'['));
    let Some(word) = view.word_at(inside) else { return false };
    // A colon after it makes it the label of the next number.
    let closes = view.at(word.end) != b':' && view.at(word.end) != b'.';
    closes && (word.is("fax") || word.is("facsimile") || (inside > place && word.is("f")))
}

/// A labelled number that an optical reader damaged: `(55S) l23-4567`.
fn damaged(view: View<'_>, run: Run) -> Option<Finding> {
    if run.len() < 10 && !number::may_be_damaged(view, run) {
        return None;
    }
    let looks = |byte: u8| is(byte, LETTER) && number::damaged_digit(byte).is_some();
    let near = looks(view.at(run.end)) || run.word_start < run.start;
    let next = run.word_end + usize::from(view.at(run.word_end) == b')');
    let later = view.run_end(next + 1, ALNUM, 9);
    let mixed = near || view.bytes.get(next + 1..later).is_some_and(|text| text.iter().copied().any(looks));
    if !mixed {
        return None;
    }
    let (mut start, _) = number::value(view, run);
    let end = number::damaged(view, start, 10)?;
    if view.before(start) == b'(' {
        start -= 1;
    }
    let label = label::before(view, start).filter(|label| label.is(&[Noun::Phone, Noun::Fax]))?;
    let kind = if label.noun == Noun::Fax { Identifier::Fax } else { Identifier::Phone };
    Some(found((start, end), kind, 80, "phone.damaged"))
}
