//! Where every reader writes: one place that bounds the text and takes the sting out of characters.

use super::Extracted;

/// Collects text up to a limit and neutralises what could deceive a reader or a terminal.
pub(super) struct Sink {
    text: String,
    text_bytes_max: usize,
    truncated: bool,
    /// Something in the middle could not be read; the rest goes on.
    incomplete: bool,
    /// A CR was just written as a newline; the LF that may follow belongs to it.
    after_carriage_return: bool,
    /// High half of a UTF-16 pair that came alone so far.
    high_surrogate: Option<u16>,
}

impl Sink {
    pub(super) fn new(text_bytes_max: usize) -> Self {
        Self {
            text: String::new(),
            text_bytes_max,
            truncated: false,
            incomplete: false,
            after_carriage_return: false,
            high_surrogate: None,
        }
    }

    /// No more text fits: readers stop when they see it.
    pub(super) const fn is_full(&self) -> bool {
        self.truncated
    }

    /// Says that the file held more than was read.
    pub(super) const fn mark_truncated(&mut self) {
        self.truncated = true;
    }

    /// Says that a part in the middle could not be read, and goes on.
    pub(super) const fn mark_incomplete(&mut self) {
        self.incomplete = true;
    }

    /// One character of the file.
    pub(super) fn push(&mut self, character: char) {
        let follows_carriage_return = std::mem::take(&mut self.after_carriage_return);
        match character {
            '\n' if follows_carriage_return => {}
            '\r' => {
                self.after_carriage_return = true;
                self.put('\n');
            }
            '\n' | '\u{b}' | '\u{85}' | '\u{2028}' | '\u{2029}' => self.put('\n'),
            '\u{c}' => self.page_break(),
            '\t' => self.put('\t'),
            other => {
                if let Some(shown) = shown(other) {
                    self.put(shown);
                }
            }
        }
    }

    /// A run of characters.
    pub(super) fn push_str(&mut self, text: &str) {
        for character in text.chars() {
            if self.truncated {
                return;
            }
            self.push(character);
        }
    }

    /// One UTF-16 code unit; pairs are put together, a half without its other half becomes U+FFFD.
    pub(super) fn push_utf16(&mut self, unit: u16) {
        match (self.high_surrogate.take(), unit) {
            (Some(high), 0xDC00..=0xDFFF) => {
                let decoded = char::decode_utf16([high, unit]).next().and_then(Result::ok);
                self.push(decoded.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (pending, unit) => {
                if pending.is_some() {
                    self.push(char::REPLACEMENT_CHARACTER);
                }
                match unit {
                    0xD800..=0xDBFF => self.high_surrogate = Some(unit),
                    unit => self.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)),
                }
            }
        }
    }

    /// Ends the line.
    pub(super) fn new_line(&mut self) {
        self.after_carriage_return = false;
        self.put('\n');
    }

    /// Ends the line unless nothing stands on it.
    pub(super) fn fresh_line(&mut self) {
        if !self.at_line_start() {
            self.new_line();
        }
    }

    /// Nothing stands on the present line.
    pub(super) fn at_line_start(&self) -> bool {
        self.text.is_empty() || self.text.ends_with(['\n', '\u{c}'])
    }

    /// Begins a page; the line that was open ends.
    pub(super) fn page_break(&mut self) {
        self.after_carriage_return = false;
        self.put('\u{c}');
    }

    /// The last character written.
    pub(super) fn last(&self) -> Option<char> {
        self.text.chars().next_back()
    }

    /// Is there anything but white space?
    pub(super) fn has_ink(&self) -> bool {
        self.text.contains(|character: char| !character.is_whitespace())
    }

    fn put(&mut self, character: char) {
        if self.text.len() + character.len_utf8() > self.text_bytes_max {
            self.truncated = true;
        }
        if !self.truncated {
            self.text.push(character);
        }
    }

    /// What was collected.
    pub(super) fn finish(mut self, title: Option<String>) -> Extracted {
        if self.high_surrogate.take().is_some() {
            self.put(char::REPLACEMENT_CHARACTER);
        }
        let title = title.and_then(|title| title_of(&title));
        Extracted { text: self.text, title, opaque: None, truncated: self.truncated || self.incomplete }
    }
}

/// What is shown for a character: itself, U+FFFD for those that reorder the line, nothing for invisible ones.
///
/// The set: Unicode 16 `Cc` apart from tab and line ends, `Bidi_Control`, zero-width and tag characters,
/// noncharacters. ZWJ and ZWNJ stay, some scripts need them.
pub(crate) const fn shown(character: char) -> Option<char> {
    match character {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some('\u{fffd}'),
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => None,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' => None,
        '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' => None,
        '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e0fff}' => None,
        other if (other as u32) & 0xFFFE == 0xFFFE => None,
        other => Some(other),
    }
}

/// A title on one line, at most 200 characters; `None` when nothing is left.
fn title_of(raw: &str) -> Option<String> {
    let line: String =
        raw.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter_map(shown).take(200).collect();
    let line = line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::Sink;

    fn through(text: &str) -> String {
        let mut sink = Sink::new(1 << 20);
        sink.push_str(text);
        sink.finish(None).text
    }

    #[test]
    fn line_ends_of_every_kind_become_one() {
        assert_eq!(through("a\r\nb\rc\nd\u{85}e\u{2028}f\r\r\ng"), "a\nb\nc\nd\ne\nf\n\ng");
    }

    #[test]
    fn what_reorders_the_line_is_shown_and_what_is_invisible_goes() {
        assert_eq!(through("a\u{202e}b\u{0}c\u{1b}[31m\u{200b}d\u{7f}\u{9b}e\u{feff}"), "a\u{fffd}bc[31mde");
        assert_eq!(through("x\u{e0041}\u{ffff}\u{10ffff}y\tz"), "xy\tz");
    }

    #[test]
    fn the_limit_holds_at_a_character_boundary() {
        let mut sink = Sink::new(4);
        sink.push_str("aééé");
        assert!(sink.is_full());
        let extracted = sink.finish(None);
        assert_eq!((extracted.text.as_str(), extracted.truncated), ("aé", true));
    }

    #[test]
    fn half_a_pair_is_a_replacement_character() {
        let mut sink = Sink::new(64);
        for unit in [0xD83D, 0xDE00, 0xD83D, 0x41, 0xDE00, 0xD83D] {
            sink.push_utf16(unit);
        }
        assert_eq!(sink.finish(None).text, "😀\u{fffd}A\u{fffd}\u{fffd}");
    }
}
