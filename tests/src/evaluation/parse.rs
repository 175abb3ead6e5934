//! Rows of text into readings.

use meter_core::Reading;

/// Seconds since 1970 of a date and a time of the day, as if it were UTC (days of the civil calendar, counted from
/// 1 March).
pub fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> i64 {
    let years = year - i64::from(month <= 2);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let era = years.div_euclid(400);
    let of_era = years.rem_euclid(400);
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    days * 86_400 + hour * 3_600 + minute * 60 + second
}

/// The numbers in a time stamp, in their order: whatever is between them does not matter.
pub fn numbers(stamp: &str) -> Vec<i64> {
    stamp
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect()
}

/// Year, month, day, hour, minute and perhaps second.
pub fn iso(stamp: &str) -> Option<i64> {
    match numbers(stamp)[..] {
        [year, month, day, hour, minute, second] => {
            Some(seconds(year, month, day, hour, minute, second))
        }
        [year, month, day, hour, minute] => Some(seconds(year, month, day, hour, minute, 0)),
        _ => None,
    }
}

/// A decimal number in thousandths, rounded.
pub fn milli(text: &str) -> Option<i64> {
    let value: f64 = text.trim().parse().ok()?;
    Some((value * 1e3).round() as i64)
}

/// A reading at seconds since 1970, which are its monotonic time too.
pub fn at(utc_s: i64) -> Reading {
    Reading {
        utc_s: Some(utc_s),
        ..Reading::at(utc_s.unsigned_abs() * 1_000)
    }
}
