//! Dates as people write them: birth dates and visit dates, without a clock or a zone.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A day of the calendar. Text form: `2017-03-09`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(jiff::civil::Date);

/// The text is no day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date; write year-month-day or month/day/year")]
pub struct DayError;

impl Day {
    /// From year, month (1–12) and day (1–31); `None` when the calendar has no such day or it is not between 1800 and 2200.
    #[must_use]
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        if !(1800..=2200).contains(&year) {
            return None;
        }
        jiff::civil::Date::new(year, month, day).ok().map(Self)
    }
    /// The year.
    #[must_use]
    pub fn year(self) -> i16 {
        self.0.year()
    }
    /// The month, 1–12.
    #[must_use]
    pub fn month(self) -> i8 {
        self.0.month()
    }
    /// The day of the month, 1–31.
    #[must_use]
    pub fn day(self) -> i8 {
        self.0.day()
    }
    /// The day after; `None` at the end of the calendar.
    #[must_use]
    pub fn tomorrow(self) -> Option<Self> {
        self.0.tomorrow().ok().and_then(|date| Self::new(date.year(), date.month(), date.day()))
    }
    /// So many days later, or earlier if `days` is negative; `None` outside of the years that [`Day::new`] knows.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Option<Self> {
        let span = jiff::Span::new().try_days(days).ok()?;
        self.0.checked_add(span).ok().and_then(|date| Self::new(date.year(), date.month(), date.day()))
    }
    /// The day of the week, 1 (Monday) to 7 (Sunday), as ISO 8601 counts.
    #[must_use]
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }
    /// As American practices write it: `03/09/2017`.
    #[must_use]
    pub fn us(self) -> String {
        format!("{:02}/{:02}/{:04}", self.month(), self.day(), self.year())
    }
    /// Reads the usual written forms: `2017-03-09`, `20170309`, `3/9/2017`, `03-09-2017`.
    ///
    /// # Errors
    /// [`DayError`] when it is none of them or the calendar has no such day.
    pub fn read(text: &str) -> Result<Self, DayError> {
        let text = text.trim();
        let parts: Vec<&str> = text.split(['-', '/', '.']).collect();
        let number = |part: &str| -> Result<i16, DayError> {
            if part.is_empty() || part.len() > 4 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(DayError);
            }
            part.parse().map_err(|_| DayError)
        };
        let (year, month, day) = match parts.as_slice() {
            [all] if all.len() == 8 && all.is_ascii() => (number(&all[..4])?, number(&all[4..6])?, number(&all[6..])?),
            [year, month, day] if year.len() == 4 => (number(year)?, number(month)?, number(day)?),
            [month, day, year] if year.len() == 4 => (number(year)?, number(month)?, number(day)?),
            _ => return Err(DayError),
        };
        let small = |value: i16| i8::try_from(value).map_err(|_| DayError);
        Self::new(year, small(month)?, small(day)?).ok_or(DayError)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Day {
    /// A birth date is PHI: it does not reach a log by way of `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Day(..)")
    }
}

impl FromStr for Day {
    type Err = DayError;
    fn from_str(text: &str) -> Result<Self, DayError> {
        Self::read(text)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::read(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    #[test]
    fn days_are_counted_over_leap_days_and_ends_of_years() {
        let day = |text| Day::read(text).unwrap();
        assert_eq!(day("2019-12-31").plus_days(60), Some(day("2020-02-29")));
        assert_eq!(day("2020-03-01").plus_days(-1), Some(day("2020-02-29")));
        assert_eq!(day("2200-12-31").plus_days(1), None);
        assert_eq!(day("2200-12-31").plus_days(i32::MAX), None);
        assert_eq!((day("2026-11-23").weekday(), day("2026-11-29").weekday()), (1, 7));
    }

    #[test]
    fn the_usual_forms_are_one_day() {
        let day = Day::new(2017, 3, 9);
        for text in ["2017-03-09", "20170309", "3/9/2017", "03/09/2017", "03-09-2017", " 2017-3-9 "] {
            assert_eq!(Day::read(text).ok(), day, "{text}");
        }
        for text in ["", "2017-02-30", "31/12/2017", "3/9/17", "2017", "a-b-c", "０３/09/2017", "1/1/0001"] {
            assert!(Day::read(text).is_err(), "{text}");
        }
    }
}
