//! Bytes to characters for the charsets that are met in practice.

/// Windows-1252 from 0x80 to 0x9F as the WHATWG Encoding Standard has it; the five holes are `None`.
const WINDOWS_1252_HIGH: [Option<char>; 32] = [
    Some('€'),
    None,
    Some('‚'),
    Some('ƒ'),
    Some('„'),
    Some('…'),
    Some('†'),
    Some('‡'),
    Some('ˆ'),
    Some('‰'),
    Some('Š'),
    Some('‹'),
    Some('Œ'),
    None,
    Some('Ž'),
    None,
    None,
    Some('‘'),
    Some('’'),
    Some('“'),
    Some('”'),
    Some('•'),
    Some('–'),
    Some('—'),
    Some('˜'),
    Some('™'),
    Some('š'),
    Some('›'),
    Some('œ'),
    None,
    Some('ž'),
    Some('Ÿ'),
];

/// Mac OS Roman from 0x80 to 0xFF (Apple's table of 1998, with the euro sign).
const MAC_ROMAN_HIGH: &str = "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\u{f8ff}ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";

/// IBM code page 437 from 0x80 to 0xFF (files that come from DOS, RTF's `\pc`).
const CP437_HIGH: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// A charset of single bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SingleByte {
    /// Code page 1252.
    Windows1252,
    /// Code page 10000.
    MacRoman,
    /// Code page 437.
    Cp437,
}

impl SingleByte {
    /// The character of a byte; `None` where the charset has a hole.
    pub(crate) fn char_of(self, byte: u8) -> Option<char> {
        match (self, byte) {
            (_, 0..=0x7F) | (Self::Windows1252, 0xA0..) => Some(char::from(byte)),
            (Self::Windows1252, _) => WINDOWS_1252_HIGH[usize::from(byte - 0x80)],
            (Self::MacRoman, _) => MAC_ROMAN_HIGH.chars().nth(usize::from(byte - 0x80)),
            (Self::Cp437, _) => CP437_HIGH.chars().nth(usize::from(byte - 0x80)),
        }
    }
}

/// UTF-8 when it is valid, else Windows-1252; a byte-order mark is taken off. `None` when NULs say that it is no text.
pub(crate) fn decode_guessed(bytes: &[u8]) -> Option<String> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => std::str::from_utf8(rest).ok().map(str::to_owned),
        [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
        _ if bytes.contains(&0) => None,
        _ => Some(std::str::from_utf8(bytes).map_or_else(|_| decode_windows_1252(bytes), str::to_owned)),
    }
}

/// XML without outside help: UTF-8, or UTF-16 with its mark. Takes the bytes, so that UTF-8 costs no copy.
pub(crate) fn decode_xml(bytes: Vec<u8>) -> Option<String> {
    match bytes.as_slice() {
        [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => std::str::from_utf8(rest).ok().map(str::to_owned),
        _ => String::from_utf8(bytes).ok(),
    }
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>().ok()
}

fn decode_windows_1252(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| SingleByte::Windows1252.char_of(byte).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::{CP437_HIGH, MAC_ROMAN_HIGH, SingleByte, decode_guessed};

    #[test]
    fn every_high_byte_has_its_place() {
        assert_eq!(MAC_ROMAN_HIGH.chars().count(), 128);
        assert_eq!(CP437_HIGH.chars().count(), 128);
        assert_eq!(SingleByte::Windows1252.char_of(0x92), Some('’'));
        assert_eq!(SingleByte::MacRoman.char_of(0x8E), Some('é'));
        assert_eq!(SingleByte::Cp437.char_of(0x82), Some('é'));
        assert_eq!(SingleByte::Windows1252.char_of(0x81), None);
    }

    #[test]
    fn guessing_prefers_utf8_and_knows_marks() {
        assert_eq!(decode_guessed("Zoë".as_bytes()).as_deref(), Some("Zoë"));
        assert_eq!(decode_guessed(b"Zo\xEB").as_deref(), Some("Zoë"));
        assert_eq!(decode_guessed(b"\xFF\xFEZ\0o\0").as_deref(), Some("Zo"));
        assert_eq!(decode_guessed(b"\xFE\xFF\0Z\0o").as_deref(), Some("Zo"));
        assert_eq!(decode_guessed(b"\xEF\xBB\xBFa").as_deref(), Some("a"));
        assert_eq!(decode_guessed(b"a\0b"), None);
    }
}
