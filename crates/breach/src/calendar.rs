//! Days that count.
//!
//! What must always hold: of two ways of counting, a deadline takes the one that ends earlier. A State need not keep the holidays of the
//! federal government, so for its clocks only those holidays are left out that every State keeps.
//!
//! What it refuses to know: which clock a duty has.

use record::civil::Day;

/// Whose holidays are no business days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holidays {
    /// 5 U.S.C. 6103, with the Friday before a holiday on a Saturday and the Monday after one on a Sunday.
    Federal,
    /// New Year's Day, Memorial Day, Independence Day, Labor Day, Thanksgiving and Christmas, on their own days.
    EveryState,
}

/// The so-manieth business day after `day`; `None` outside of the calendar.
#[must_use]
pub fn plus_business_days(day: Day, count: u32, holidays: Holidays) -> Option<Day> {
    let (mut day, mut left) = (day, count);
    while left > 0 {
        day = day.tomorrow()?;
        left -= u32::from(is_business_day(day, holidays));
    }
    Some(day)
}

fn is_business_day(day: Day, holidays: Holidays) -> bool {
    day.weekday() <= 5
        && match holidays {
            Holidays::EveryState => !is_kept_everywhere(day),
            Holidays::Federal => {
                let moved = |days: i32| day.plus_days(days).is_some_and(is_federal);
                // On a Friday the Saturday after it is observed, on a Monday the Sunday before.
                !(is_federal(day) || day.weekday() == 5 && moved(1) || day.weekday() == 1 && moved(-1))
            }
        }
}

/// The so-manieth day of the week of its month.
fn nth(day: Day) -> i8 {
    (day.day() - 1) / 7 + 1
}

fn is_kept_everywhere(day: Day) -> bool {
    match (day.month(), day.day(), day.weekday()) {
        (1, 1, _) | (7, 4, _) | (12, 25, _) => true,
        (5, date, 1) => date > 24,
        (9, _, 1) => nth(day) == 1,
        (11, _, 4) => nth(day) == 4,
        _ => false,
    }
}

fn is_federal(day: Day) -> bool {
    is_kept_everywhere(day)
        || match (day.month(), day.day(), day.weekday()) {
            // A holiday by the law of 2021.
            (6, 19, _) => day.year() >= 2021,
            (11, 11, _) => true,
            (1 | 2, _, 1) => nth(day) == 3,
            (10, _, 1) => nth(day) == 2,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::{Holidays, plus_business_days};
    use record::civil::Day;

    fn day(text: &str) -> Day {
        Day::read(text).expect("a day")
    }

    #[test]
    fn business_days_pass_over_weekends_and_holidays() {
        for (from, count, federal, state) in [
            // Thanksgiving 2026 is 26 November, a Thursday.
            ("2026-11-24", 2, "2026-11-27", "2026-11-27"),
            // Christmas 2026 is a Friday, New Year's Day 2027 a Friday.
            ("2026-12-24", 1, "2026-12-28", "2026-12-28"),
            ("2026-12-31", 1, "2027-01-04", "2027-01-04"),
            // Independence Day 2026 is a Saturday: Friday is observed by the federal government.
            ("2026-07-02", 1, "2026-07-06", "2026-07-03"),
            // Juneteenth 2027 is a Saturday, Columbus Day 2026 the 12th of October.
            ("2027-06-17", 1, "2027-06-21", "2027-06-18"),
            ("2026-10-09", 1, "2026-10-13", "2026-10-12"),
            // Veterans Day 2029 is a Sunday.
            ("2029-11-09", 1, "2029-11-13", "2029-11-12"),
            ("2026-02-27", 4, "2026-03-05", "2026-03-05"),
            ("2024-02-28", 1, "2024-02-29", "2024-02-29"),
            // Juneteenth was no holiday in 2020.
            ("2020-06-18", 1, "2020-06-19", "2020-06-19"),
        ] {
            assert_eq!(plus_business_days(day(from), count, Holidays::Federal), Some(day(federal)), "{from} + {count}");
            assert_eq!(
                plus_business_days(day(from), count, Holidays::EveryState),
                Some(day(state)),
                "{from} + {count}"
            );
        }
    }

    #[test]
    fn no_days_are_none_and_the_calendar_ends() {
        assert_eq!(plus_business_days(day("2026-11-28"), 0, Holidays::Federal), Some(day("2026-11-28")));
        assert_eq!(plus_business_days(day("2200-12-30"), 9, Holidays::Federal), None);
    }
}
