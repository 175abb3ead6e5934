//! Local time against the time zone database.
#![allow(clippy::expect_used, reason = "a test that can not go on fails")]

use chrono::{Datelike, Offset, TimeZone, Timelike};
use chrono_tz::Tz;
use smart_meter::settings::{DaylightSaving, Zone};
use smart_meter::time::zone;

/// Every quarter of an hour from 2024 to 2045, and each second around every change of the clock.
fn compare(tz: Tz, zone: Zone) {
    let begin = 1_704_067_200;
    let end = begin + 21 * 365 * 86_400;
    let mut before = None;
    for utc_s in (begin..end).step_by(900) {
        let offset_s = check(tz, zone, utc_s);
        if before.is_some_and(|before| before != offset_s) {
            for utc_s in utc_s - 900..utc_s {
                check(tz, zone, utc_s);
            }
        }
        before = Some(offset_s);
    }
}

fn check(tz: Tz, zone: Zone, utc_s: i64) -> i32 {
    let there = tz
        .timestamp_opt(utc_s, 0)
        .single()
        .expect("UTC is unambiguous");
    let offset_s = there.offset().fix().local_minus_utc();
    assert_eq!(zone::offset_s(zone, utc_s), offset_s, "{there}");
    let local = zone::local(zone, utc_s).expect("a time in this century");
    let date = (u32::from(local.month), u32::from(local.day));
    assert_eq!(date, (there.month(), there.day()), "{there}");
    let minute = there.hour() * 60 + there.minute();
    assert_eq!(u32::from(local.minute), minute, "{there}");
    let weekday = there.weekday().num_days_from_monday();
    assert_eq!(u32::from(local.weekday), weekday, "{there}");
    offset_s
}

fn zone_of(offset_min: i16, daylight_saving: DaylightSaving) -> Zone {
    Zone {
        offset_min,
        daylight_saving,
    }
}

#[test]
fn europe() {
    compare(Tz::Europe__Berlin, zone_of(60, DaylightSaving::Europe));
    compare(Tz::Europe__Lisbon, zone_of(0, DaylightSaving::Europe));
    compare(Tz::Europe__Helsinki, zone_of(120, DaylightSaving::Europe));
}

#[test]
fn america() {
    compare(
        Tz::America__New_York,
        zone_of(-300, DaylightSaving::America),
    );
    compare(
        Tz::America__St_Johns,
        zone_of(-210, DaylightSaving::America),
    );
    compare(
        Tz::America__Anchorage,
        zone_of(-540, DaylightSaving::America),
    );
}

#[test]
fn without_daylight_saving() {
    compare(Tz::Asia__Kolkata, zone_of(330, DaylightSaving::None));
    compare(Tz::Asia__Kathmandu, zone_of(345, DaylightSaving::None));
}
