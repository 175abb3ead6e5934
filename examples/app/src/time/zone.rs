//! Local time: what a zone and its daylight saving make of UTC.

use meter_core::LocalTime;

use crate::settings::{DaylightSaving, Zone};

const DAY_S: i64 = 86_400;
const HOUR_S: i64 = 3_600;

/// Seconds that local time is ahead of UTC at a time.
#[must_use]
pub fn offset_s(zone: Zone, utc_s: i64) -> i32 {
    let standard_s = i32::from(zone.offset_min) * 60;
    if is_summer(zone, utc_s) {
        standard_s + 3_600
    } else {
        standard_s
    }
}

/// The local time at a time; `None` far beyond any year that matters.
#[must_use]
pub fn local(zone: Zone, utc_s: i64) -> Option<LocalTime> {
    LocalTime::from_unix(utc_s, offset_s(zone, utc_s))
}

/// Whether daylight saving is in force.
fn is_summer(zone: Zone, utc_s: i64) -> bool {
    let standard_s = i64::from(zone.offset_min) * 60;
    match zone.daylight_saving {
        DaylightSaving::None => false,
        // Directive 2000/84/EC: from 1:00 UTC on the last Sunday of March to 1:00 UTC on that of October, everywhere at
        // once.
        DaylightSaving::Europe => {
            let year = year(utc_s);
            let begin = last_sunday_before(year, 4, 1) * DAY_S + HOUR_S;
            let end = last_sunday_before(year, 11, 1) * DAY_S + HOUR_S;
            (begin..end).contains(&utc_s)
        }
        // Energy Policy Act of 2005: from 2:00 standard time on the second Sunday of March to 2:00 daylight time,
        // which is 1:00 standard time, on the first one of November.
        DaylightSaving::America => {
            let standard = utc_s.saturating_add(standard_s);
            let year = year(standard);
            let begin = last_sunday_before(year, 3, 15) * DAY_S + 2 * HOUR_S;
            let end = last_sunday_before(year, 11, 8) * DAY_S + HOUR_S;
            (begin..end).contains(&standard)
        }
    }
}

/// The last Sunday before a date, in days since 1970.
const fn last_sunday_before(year: i64, month: i64, day: i64) -> i64 {
    let days = days_from_civil(year, month, day);
    // 1 January 1970 was a Thursday: day 3 was a Sunday.
    days - 1 - (days - 1 - 3).rem_euclid(7)
}

/// Days since 1970 of a date in the Gregorian calendar. Years begin in March here, so that the odd day of February is
/// their last.
pub(crate) const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year of a time in seconds since 1970.
const fn year(s: i64) -> i64 {
    let days = s.div_euclid(DAY_S) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // January and February, from day 306 on, belong to the next one.
    era * 400 + year + (of_year >= 306) as i64
}
