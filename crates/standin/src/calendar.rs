//! Days as one number, so that a schedule can be reckoned quickly, and all the ways in which people write them.
//!
//! What must always hold: arithmetic never leaves the calendar that [`record::civil::Day`] knows.
//!
//! What it refuses to know: today. The reference date is part of the plan.

use record::civil::Day;
use std::fmt;

/// A day: how many days after 1970-01-01, by the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date(i32);

/// Names of the months.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const fn is_leap(year: i32) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

/// Days of a month (1–12).
pub(crate) const fn days_in(year: i32, month: i32) -> i32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Date {
    /// From year, month and day that the caller knows to exist (the civil-from-days reckoning in eras of 400 years).
    pub(crate) const fn new(year: i32, month: i32, day: i32) -> Self {
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let of_era = shifted.rem_euclid(400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let of_era_days = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
        Self(era * 146_097 + of_era_days - 719_468)
    }

    /// Year, month (1–12) and day (1–31).
    pub(crate) const fn parts(self) -> (i32, i32, i32) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        (year + era * 400 + if month <= 2 { 1 } else { 0 }, month, day)
    }

    pub(crate) const fn year(self) -> i32 {
        self.parts().0
    }
    pub(crate) const fn plus_days(self, days: i32) -> Self {
        Self(self.0 + days)
    }
    /// The same day so many months later, or the last of that month.
    pub(crate) const fn plus_months(self, months: i32) -> Self {
        let (year, month, day) = self.parts();
        let counted = year * 12 + month - 1 + months;
        let (year, month) = (counted.div_euclid(12), counted.rem_euclid(12) + 1);
        let last = days_in(year, month);
        Self::new(year, month, if day > last { last } else { day })
    }
    pub(crate) const fn plus_years(self, years: i32) -> Self {
        self.plus_months(years * 12)
    }
    /// Days from here to there.
    pub(crate) const fn days_to(self, there: Self) -> i32 {
        there.0 - self.0
    }
    /// Whole months from here to there; negative when it lies before.
    pub(crate) const fn months_to(self, there: Self) -> i32 {
        let ((year, month, day), (there_year, there_month, there_day)) = (self.parts(), there.parts());
        (there_year - year) * 12 + there_month - month - if there_day < day { 1 } else { 0 }
    }
    /// Whole years from here to there.
    pub(crate) const fn years_to(self, there: Self) -> i32 {
        self.months_to(there).div_euclid(12)
    }
    /// 0 is Sunday. 1970-01-01 was a Thursday.
    pub(crate) const fn weekday(self) -> i32 {
        (self.0 + 4).rem_euclid(7)
    }
    /// The nearest day, this one or a later one, on which a practice is open.
    pub(crate) const fn open_day(self) -> Self {
        match self.weekday() {
            0 => self.plus_days(1),
            6 => self.plus_days(2),
            _ => self,
        }
    }
    pub(crate) const fn iso(self) -> Iso {
        Iso(self)
    }
    pub(crate) const fn compact(self) -> Compact {
        Compact(self)
    }
    pub(crate) const fn us(self) -> Us {
        Us(self)
    }
}

impl From<Day> for Date {
    fn from(day: Day) -> Self {
        Self::new(i32::from(day.year()), i32::from(day.month()), i32::from(day.day()))
    }
}

/// `2017-03-09`
pub(crate) struct Iso(Date);
/// `20170309`
pub(crate) struct Compact(Date);
/// `03/09/2017`
pub(crate) struct Us(Date);

impl fmt::Display for Iso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for Compact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.parts();
        write!(f, "{year:04}{month:02}{day:02}")
    }
}

impl fmt::Display for Us {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.parts();
        write!(f, "{month:02}/{day:02}/{year:04}")
    }
}

#[cfg(test)]
mod tests {
    use super::Date;
    use record::civil::Day;

    #[test]
    fn every_day_of_three_centuries_comes_back_as_it_went_in() {
        let mut day = Day::new(1900, 1, 1).expect("a day");
        let mut date = Date::from(day);
        while day.year() < 2199 {
            assert_eq!(date.iso().to_string(), day.to_string());
            assert_eq!(Date::from(day), date);
            day = day.tomorrow().expect("a day");
            date = date.plus_days(1);
        }
    }

    #[test]
    fn months_and_years_are_reckoned_as_birthdays_are() {
        let born = Date::new(2020, 2, 29);
        assert_eq!(born.plus_years(1), Date::new(2021, 2, 28));
        assert_eq!(born.years_to(Date::new(2024, 2, 28)), 3);
        assert_eq!(born.years_to(Date::new(2024, 2, 29)), 4);
        assert_eq!(born.months_to(Date::new(2020, 3, 28)), 0);
        assert_eq!(Date::new(1970, 1, 1).weekday(), 4);
        assert_eq!(Date::new(2026, 11, 22).open_day(), Date::new(2026, 11, 23));
    }
}
