//! Small turns of words: plain letters, capitals, numbers as they are spoken.
//!
//! What must always hold: what goes in as text comes out as text; nothing here rolls dice.
//!
//! What it refuses to know: what is said.

use crate::calendar::{Date, MONTHS};

/// Lower-case ASCII letters and digits only, with marks taken off, for addresses.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        let bare = bare(letter);
        if bare.is_ascii_alphanumeric() {
            out.push(bare.to_ascii_lowercase());
        }
    }
    if out.is_empty() { "someone".to_owned() } else { out }
}

/// With marks taken off and letters kept, as older systems keep names.
pub(crate) fn without_marks(text: &str) -> String {
    text.chars().map(bare).filter(|letter| *letter != 'ʻ').collect()
}

/// Letters as they are → the same letters without their marks.
const MARKED: [(&str, char); 13] = [
    ("áàảãạâấầẩẫậăắằẳẵặäåāą", 'a'),
    ("éèẻẽẹêếềểễệëēęě", 'e'),
    ("íìỉĩịîïī", 'i'),
    ("óòỏõọôốồổỗộơớờởỡợöøō", 'o'),
    ("úùủũụưứừửữựüūů", 'u'),
    ("ýỳỷỹỵÿ", 'y'),
    ("çćč", 'c'),
    ("đď", 'd'),
    ("ñńň", 'n'),
    ("śšş", 's'),
    ("źżž", 'z'),
    ("łĺľ", 'l'),
    ("řŕ", 'r'),
];

fn bare(letter: char) -> char {
    if letter.is_ascii() {
        return letter;
    }
    let lower = letter.to_lowercase().next().unwrap_or(letter);
    let found = MARKED.iter().find(|(all, _)| all.contains(lower)).map(|(_, bare)| *bare);
    match found {
        Some(bare) if letter == lower => bare,
        Some(bare) => bare.to_ascii_uppercase(),
        None => letter,
    }
}

/// The first letter large.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

const ONES: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const ORDINALS: [&str; 20] = [
    "",
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
    "eighteenth",
    "nineteenth",
];

/// 0–99 in words.
pub(crate) fn spoken(number: i32) -> String {
    let number = number.rem_euclid(100) as usize;
    match (number / 10, number % 10) {
        (0 | 1, _) => ONES[number].to_owned(),
        (ten, 0) => TENS[ten].to_owned(),
        (ten, one) => format!("{} {}", TENS[ten], ONES[one]),
    }
}

/// 1–31 as days are spoken.
fn spoken_day(day: i32) -> String {
    match day {
        1..=19 => ORDINALS[day as usize].to_owned(),
        20 => "twentieth".to_owned(),
        30 => "thirtieth".to_owned(),
        _ => format!("{} {}", TENS[(day / 10) as usize], ORDINALS[(day % 10) as usize]),
    }
}

/// `1st`, `12th`, `23rd`
pub(crate) fn ordinal(number: i32) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// `march ninth twenty seventeen`
pub(crate) fn spoken_date(date: Date) -> String {
    let (year, month, day) = date.parts();
    let name = MONTHS[(month - 1) as usize].to_lowercase();
    let century = year / 100;
    let said = match year % 100 {
        0 if century == 20 => "two thousand".to_owned(),
        rest @ 1..=9 if century == 20 => format!("two thousand {}", spoken(rest)),
        0 => format!("{} hundred", spoken(century)),
        rest @ 1..=9 => format!("{} oh {}", spoken(century), spoken(rest)),
        rest => format!("{} {}", spoken(century), spoken(rest)),
    };
    format!("{name} {} {said}", spoken_day(day))
}

/// Digits one by one; letters stay, marks between them go.
pub(crate) fn spoken_digits(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for letter in text.chars() {
        if let Some(digit) = letter.to_digit(10) {
            words.push(ONES[digit as usize].to_owned());
        } else if letter.is_alphabetic() {
            words.push(letter.to_lowercase().collect());
        }
    }
    words.join(" ")
}

/// `john dot smith at example dot com`
pub(crate) fn spoken_address(text: &str) -> String {
    text.replace('@', " at ").replace('.', " dot ").replace('_', " underscore ")
}

#[cfg(test)]
mod tests {
    use super::{capital, ordinal, plain, spoken_address, spoken_date, spoken_digits, without_marks};
    use crate::calendar::Date;

    #[test]
    fn numbers_and_days_are_spoken_as_people_speak_them() {
        assert_eq!(spoken_date(Date::new(2017, 3, 9)), "march ninth twenty seventeen");
        assert_eq!(spoken_date(Date::new(2004, 11, 21)), "november twenty first two thousand four");
        assert_eq!(spoken_date(Date::new(1905, 12, 30)), "december thirtieth nineteen oh five");
        assert_eq!(spoken_digits("(541) 555-0142"), "five four one five five five zero one four two");
        assert_eq!(spoken_address("j.d@example.com"), "j dot d at example dot com");
    }

    #[test]
    fn ordinals_end_as_they_are_said() {
        assert_eq!([1, 2, 3, 4, 11, 22, 93].map(ordinal).join(" "), "1st 2nd 3rd 4th 11th 22nd 93rd");
    }

    #[test]
    fn marks_come_off_and_letters_stay() {
        assert_eq!(plain("Kaʻahanui"), "kaahanui");
        assert_eq!(plain("María José"), "mariajose");
        assert_eq!(without_marks("Nguyễn Đặng"), "Nguyen Dang");
        assert_eq!(capital("ivy"), "Ivy");
    }
}
