//! How a text is put on paper: written, in capitals, or as spoken, with its punctuation said or left out.
//!
//! What must always hold: spans stand in order, do not overlap, and begin and end at letters of the text.
//!
//! What it refuses to know: what the text is about.

/// Where an identifier stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: &'static str,
}

/// How words become letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Voice {
    Written,
    /// As older systems printed.
    Capitals,
    /// Lower case, punctuation said: "comma", "period", "new paragraph".
    Spoken,
    /// Lower case, no punctuation at all.
    Bare,
}

impl Voice {
    pub(crate) const fn is_spoken(self) -> bool {
        matches!(self, Self::Spoken | Self::Bare)
    }
}

/// A text that grows, and what in it is PHI.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    pub(crate) text: String,
    pub(crate) spans: Vec<Span>,
    pub(crate) voice: Voice,
}

impl Note {
    pub(crate) fn new(voice: Voice) -> Self {
        Self { text: String::with_capacity(2_048), spans: Vec::new(), voice }
    }

    /// Words that are nobody's.
    pub(crate) fn say(&mut self, words: &str) {
        match self.voice {
            Voice::Written => self.text.push_str(words),
            Voice::Capitals => self.text.extend(words.chars().flat_map(char::to_uppercase)),
            Voice::Spoken | Voice::Bare => self.speak(words),
        }
    }

    /// An identifier of this kind.
    pub(crate) fn phi(&mut self, kind: &'static str, value: &str) {
        if self.voice.is_spoken() && !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
        let start = self.text.len();
        match self.voice {
            Voice::Written => self.text.push_str(value),
            Voice::Capitals => self.text.extend(value.chars().flat_map(char::to_uppercase)),
            Voice::Spoken | Voice::Bare => {
                let letters = value.chars().filter(|letter| !matches!(letter, '.' | ',' | ';' | ':' | '(' | ')'));
                self.text.extend(letters.flat_map(char::to_lowercase));
            }
        }
        // A value may end in a blank when its mark at the end was left out.
        let end = start + self.text[start..].trim_end().len();
        if end > start {
            self.spans.push(Span { start, end, kind });
        }
    }

    /// The first letter of what was written since `from` large, when that keeps its length.
    pub(crate) fn capital_at(&mut self, from: usize) {
        if self.voice == Voice::Written && self.text.as_bytes().get(from).is_some_and(u8::is_ascii_lowercase) {
            let large = self.text[from..=from].to_ascii_uppercase();
            self.text.replace_range(from..=from, &large);
        }
    }

    /// Breaks lines at blanks, as systems with eighty columns did: lengths stay, so spans do.
    pub(crate) fn wrap(&mut self, columns: usize) {
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        let (mut line, mut blank) = (0, None);
        for at in 0..bytes.len() {
            match bytes[at] {
                b'\n' => (line, blank) = (at + 1, None),
                b' ' => blank = Some(at),
                _ => {}
            }
            if at.saturating_sub(line) >= columns
                && let Some(end) = blank.take()
            {
                bytes[end] = b'\n';
                line = end + 1;
            }
        }
        self.text = String::from_utf8(bytes).expect("only blanks became line ends");
    }

    fn speak(&mut self, words: &str) {
        let words = words.replace("Dr. ", "doctor ").replace("Mr. ", "mister ").replace("Ms. ", "miss ");
        let mut letters = words.chars().peekable();
        while let Some(letter) = letters.next() {
            let next_is_digit = letters.peek().is_some_and(char::is_ascii_digit);
            let said = match letter {
                '.' if next_is_digit => "point",
                '.' => "period",
                ',' => "comma",
                ':' => "colon",
                ';' => "semicolon",
                '?' => "question mark",
                '%' => "percent",
                '\n' if letters.next_if_eq(&'\n').is_some() => "new paragraph",
                '\n' => "next line",
                '(' | ')' | '"' | '#' | '|' => "",
                '/' | ' ' => {
                    self.blank();
                    continue;
                }
                _ => {
                    self.text.extend(letter.to_lowercase());
                    continue;
                }
            };
            if self.voice == Voice::Spoken || said == "point" {
                self.blank();
                self.text.push_str(said);
            }
            self.blank();
        }
    }

    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Note, Voice};

    #[test]
    fn a_dictation_says_its_punctuation_and_a_bare_one_leaves_it_out() {
        let said = |voice| {
            let mut note = Note::new(voice);
            note.say("Dr. ");
            note.phi("name", "O'Neil");
            note.say(", temp 98.6.\n\nStable.");
            assert_eq!(&note.text[note.spans[0].start..note.spans[0].end], "o'neil");
            note.text
        };
        assert_eq!(said(Voice::Spoken), "doctor o'neil comma temp 98 point 6 period new paragraph stable period ");
        assert_eq!(said(Voice::Bare), "doctor o'neil temp 98 point 6 stable ");
    }

    #[test]
    fn wrapping_keeps_lengths_and_breaks_at_blanks() {
        let mut note = Note::new(Voice::Written);
        note.say("one two three four five six\nseven");
        note.wrap(10);
        assert_eq!(note.text, "one two\nthree four\nfive six\nseven");
    }
}
