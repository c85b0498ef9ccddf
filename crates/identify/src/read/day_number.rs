//! Days that a workbook writes as numbers, counted from 1900 or from 1904 (ECMA-376, part 1, 18.17.4.1), and other forms of days
//! that only a whole day can take the place of.
//!
//! What must always hold: a number that is told as a day is written back as the same day; 29 February 1900, which the count has and
//! the calendar has not, is no day.
//!
//! What it refuses to know: which cells hold days.

/// Which day a workbook counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Epoch {
    /// 1 is 1 January 1900.
    #[default]
    Y1900,
    /// 0 is 1 January 1904.
    Y1904,
}

/// Days from 1 March of year 0 to 31 December 1899 and to 1 January 1904.
const BEFORE_1900: i64 = days(1899, 12, 31);
const BEFORE_1904: i64 = days(1904, 1, 1);
/// The day that the calendar does not have, counted from 1900.
const NO_DAY: i64 = 60;
/// The last day that is believed: 31 December 2099.
const LAST: i64 = days(2099, 12, 31);
/// The longest number, in bytes: five digits and a time of day.
const NUMBER_BYTES_MAX: usize = 32;

/// The day of a number, `YYYY-MM-DD`; its time of day is passed by.
pub(super) fn day_of(number: &str, epoch: Epoch) -> Option<String> {
    let (whole, rest) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if number.len() > NUMBER_BYTES_MAX || !is_digits(whole) || !is_digits(rest) {
        return None;
    }
    let count: i64 = whole.parse().ok()?;
    let day = match epoch {
        Epoch::Y1900 if count == 0 || count == NO_DAY => return None,
        Epoch::Y1900 => BEFORE_1900 + count - i64::from(count > NO_DAY),
        Epoch::Y1904 => BEFORE_1904 + count,
    };
    (day <= LAST).then(|| {
        let (year, month, day) = civil(day);
        format!("{year:04}-{month:02}-{day:02}")
    })
}

/// The number of a day that is written as [`day_of`] writes it.
pub(super) fn number_of(day: &str, epoch: Epoch) -> Option<String> {
    let mut parts = day.split('-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let is_some_day = parts.next().is_none() && (1..=12).contains(&month) && (1..=31).contains(&day);
    let all = days(year, month, day);
    if !is_some_day || civil(all) != (year, month, day) || all > LAST {
        return None;
    }
    let count = match epoch {
        Epoch::Y1900 => all - BEFORE_1900 + i64::from(all - BEFORE_1900 >= NO_DAY),
        Epoch::Y1904 => all - BEFORE_1904,
    };
    let first = i64::from(epoch == Epoch::Y1900);
    (count >= first).then(|| count.to_string())
}

/// The attributes of a day of a filter (ECMA-376, part 1, 18.3.2.4), from within the value of the first one to the end of the last.
pub(super) fn attributes_of(day: &str, has_day: bool, quote: u8) -> Option<String> {
    let mut parts = day.split('-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let all = days(year, month, day);
    if parts.next().is_some() || civil(all) != (year, month, day) || all > LAST {
        return None;
    }
    let quote = char::from(quote);
    let day = if has_day { format!("{quote} day={quote}{day}") } else { String::new() };
    Some(format!("{year}{quote} month={quote}{month}{day}"))
}

/// The control words of a day of Rich Text, from within the number of the first one to the end of the last.
pub(super) fn words_of(day: &str) -> Option<String> {
    attributes_of(day, true, b'"').map(|all| all.replace("\" month=\"", "\\mo").replace("\" day=\"", "\\dy"))
}

/// The day in a number that Word packs a moment into (MS-DOC, 2.9.57: DTTM), and the number of a day, without its time.
pub(super) fn day_of_packed(number: i64) -> Option<String> {
    let number = number.rem_euclid(1 << 32);
    let (year, month, day) = (1_900 + (number >> 20 & 0x1FF), number >> 16 & 0xF, number >> 11 & 0x1F);
    (civil(days(year, month.max(1), day.max(1))) == (year, month, day))
        .then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// The number that Word packs such a day into.
pub(super) fn packed_of(day: &str) -> Option<String> {
    let mut parts = day.split('-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let number = (year - 1_900) << 20 | month << 16 | day << 11;
    let fits = parts.next().is_none() && (1_900..2_412).contains(&year) && day_of_packed(number).is_some();
    // The specification writes it as a signed number of 32 bits.
    fits.then(|| i32::try_from(number).map_or_else(|_| (number - (1 << 32)).to_string(), |number| number.to_string()))
}

/// Is it a moment as XML Schema writes it: `2018-03-04T10:15:00`, with a fraction and a zone or without.
pub(super) fn is_moment(text: &str) -> bool {
    let Some((moment, rest)) = text.split_at_checked("2018-03-04T10:15:00".len()) else { return false };
    let fits = moment.bytes().zip("0000-00-00T00:00:00".bytes()).all(|(here, form)| match form {
        b'0' => here.is_ascii_digit(),
        _ => here == form,
    });
    fits && rest.len() <= NUMBER_BYTES_MAX
        && rest.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':' | b'+' | b'-' | b'Z'))
}

/// Days from 1 March of year 0: years begin in March, so that the odd day is the last one.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1
}

/// Year, month and day of such a number.
fn civil(number: i64) -> (i64, i64, i64) {
    let mut year = number * 400 / 146_097;
    while days(year + 1, 3, 1) <= number {
        year += 1;
    }
    while days(year, 3, 1) > number {
        year -= 1;
    }
    let rest = number - days(year, 3, 1);
    let month = (rest * 5 + 2) / 153;
    let day = rest - (month * 153 + 2) / 5 + 1;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

#[cfg(test)]
mod tests {
    use super::{Epoch, day_of, number_of};

    #[test]
    fn numbers_are_the_days_that_workbooks_show() {
        let cases = [
            (Epoch::Y1900, "1", "1900-01-01"),
            (Epoch::Y1900, "59", "1900-02-28"),
            (Epoch::Y1900, "61", "1900-03-01"),
            (Epoch::Y1900, "9133", "1925-01-01"),
            (Epoch::Y1900, "36526", "2000-01-01"),
            (Epoch::Y1900, "42062", "2015-02-27"),
            (Epoch::Y1900, "45351", "2024-02-29"),
            (Epoch::Y1904, "0", "1904-01-01"),
            (Epoch::Y1904, "40600", "2015-02-27"),
        ];
        for (epoch, number, day) in cases {
            assert_eq!(day_of(number, epoch).as_deref(), Some(day), "{number}");
            assert_eq!(number_of(day, epoch).as_deref(), Some(number), "{day}");
        }
        assert_eq!(day_of("45300.4375", Epoch::Y1900).as_deref(), Some("2024-01-09"));
    }

    #[test]
    fn every_day_comes_back_and_what_is_none_is_none() {
        for number in (1..73_051_i64).filter(|number| *number != 60) {
            let day = day_of(&number.to_string(), Epoch::Y1900).unwrap();
            assert_eq!(number_of(&day, Epoch::Y1900), Some(number.to_string()), "{day}");
        }
        for number in ["", "0", "60", "73051", "-1", "1e4", "4 2", "42062.", ".5", "99999999999999999999"] {
            assert_eq!(day_of(number, Epoch::Y1900), None, "{number}");
        }
        for day in ["2015", "2015-02-30", "2015-13-01", "1899-12-31", "[DATE]", "2015-02-27T10:00", "2100-01-01"] {
            assert_eq!(number_of(day, Epoch::Y1900), None, "{day}");
        }
    }
}
