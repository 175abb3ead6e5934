//! Registers at the ends of days, months and billing periods.

use meter_core::freeze::{Ended, Freeze, Frozen};
use meter_core::{Flags, LocalTime, Reading};
use proptest::prelude::*;

use super::{COUNTING, Fed, POWER_ONLY, counted, power};

const HOUR_MS: u64 = 3_600_000;

fn at(month: u8, day: u8, minute: u16) -> LocalTime {
    LocalTime {
        month,
        day,
        weekday: 0,
        minute,
    }
}

/// Months of a year and their lengths.
fn dates(is_leap: bool) -> impl Iterator<Item = (u8, u8)> + Clone {
    let february = if is_leap { 29 } else { 28 };
    [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        .into_iter()
        .zip(1..)
        .flat_map(|(days, month)| (1..=days).map(move |day| (month, day)))
}

/// A kilowatt around the clock, read every hour; gives what ended.
fn year(billing_day: u8, is_leap: bool) -> Vec<Ended> {
    let mut meter = Fed::new(COUNTING);
    meter.config.gap_ms = 2 * 3_600_000;
    let mut freeze = Freeze::new(billing_day);
    let hours = dates(is_leap)
        .cycle()
        .take(800)
        .flat_map(|(month, day)| (0..24).map(move |hour| at(month, day, hour * 60)));
    hours
        .zip(0..)
        .filter_map(|(time, hour)| {
            let step = meter.push(&counted(hour * HOUR_MS, 1_000_000, hour * 1_000));
            freeze.push(time, meter.registers(), step.flags)
        })
        .collect()
}

fn kwh(frozen: Option<Frozen>) -> Option<(u64, bool)> {
    frozen.map(|frozen| (frozen.used_mwh / 1_000_000, frozen.is_complete))
}

#[test]
fn days_months_and_billing_periods_end_where_the_calendar_says() {
    for is_leap in [false, true] {
        let ended = year(15, is_leap);
        assert_eq!(ended.len(), 799);
        let all = dates(is_leap).cycle();
        for ((ended, date), next) in ended.iter().zip(all.clone()).zip(all.skip(1)) {
            assert_eq!(ended.date, date);
            assert_eq!(kwh(Some(ended.day)).unwrap().0, 24, "{date:?}");
            assert_eq!(ended.month.is_some(), date.0 != next.0, "{date:?}");
            assert_eq!(ended.billing.is_some(), next.1 == 15, "{date:?}");
            let r = ended.day.import_mwh;
            for frozen in [ended.month, ended.billing].into_iter().flatten() {
                assert_eq!(frozen.import_mwh, r);
            }
        }
        // The first of each was not seen from its beginning; nothing else is missing.
        let days: Vec<_> = ended.iter().map(|ended| ended.day.is_complete).collect();
        assert!(!days[0] && days[1..].iter().all(|is| *is));
        let months: Vec<_> = ended.iter().filter_map(|ended| kwh(ended.month)).collect();
        let february = if is_leap { 29 } else { 28 };
        assert_eq!(
            months[..4],
            [
                (31 * 24, false),
                (february * 24, true),
                (31 * 24, true),
                (30 * 24, true)
            ]
        );
        let billing: Vec<_> = ended
            .iter()
            .filter_map(|ended| kwh(ended.billing))
            .collect();
        assert_eq!(
            billing[..3],
            [(14 * 24, false), (31 * 24, true), (february * 24, true)]
        );
    }
}

#[test]
fn a_billing_period_that_begins_on_the_first_is_a_month() {
    for ended in year(1, false) {
        assert_eq!(ended.month, ended.billing);
    }
}

/// What a day's end says after these readings: hour, watt-hours.
fn day_with(hours: &[(u64, u64)]) -> Frozen {
    let mut meter = Fed::new(COUNTING);
    meter.config.gap_ms = 2 * 3_600_000;
    let mut freeze = Freeze::new(1);
    let mut last = None;
    for (hour, wh) in [(0, 0), (1, 100)].iter().chain(hours) {
        let step = meter.push(&counted(hour * HOUR_MS, 0, *wh));
        let day = 4 + hour.div_ceil(24);
        let time = at(6, day as u8, (hour + 23) as u16 % 24 * 60);
        last = freeze.push(time, meter.registers(), step.flags).or(last);
    }
    last.unwrap().day
}

#[test]
fn a_gap_spoils_a_day_at_its_ends_and_not_in_between() {
    // Hour 1 is midnight of the fifth, hour 25 of the sixth.
    let each_hour: Vec<(u64, u64)> = (2..=25).map(|hour| (hour, hour * 100)).collect();
    assert_eq!(
        day_with(&each_hour),
        Frozen {
            import_mwh: 2_500_000,
            export_mwh: 0,
            used_mwh: 2_400_000,
            returned_mwh: 0,
            is_complete: true,
        }
    );
    // The counter knows what flowed while nobody read it.
    let gap = day_with(&[(2, 200), (20, 2_000), (24, 2_400), (25, 2_500)]);
    assert_eq!((gap.used_mwh, gap.is_complete), (2_400_000, true));
    // Over midnight nobody knows on which side.
    let gap = day_with(&[(2, 200), (20, 2_000), (27, 2_700)]);
    assert_eq!((gap.used_mwh, gap.is_complete), (2_600_000, false));
}

#[test]
fn without_a_counter_an_open_gap_spoils_a_day_and_a_bridged_one_does_not() {
    for (pause_s, is_complete) in [(1, true), (200, true), (400, false)] {
        let mut meter = Fed::new(POWER_ONLY);
        let mut freeze = Freeze::new(1);
        let mut days = Vec::new();
        let mut second = 0;
        while second < 3 * 86_400 {
            let step = meter.push(&power(second * 1_000, 100_000));
            let time = at(
                6,
                1 + (second / 86_400) as u8,
                (second % 86_400 / 60) as u16,
            );
            days.extend(freeze.push(time, meter.registers(), step.flags));
            second += if second == 100_000 { pause_s } else { 1 };
        }
        let complete: Vec<bool> = days.iter().map(|ended| ended.day.is_complete).collect();
        assert_eq!(complete, [false, is_complete], "{pause_s}");
    }
}

#[test]
fn a_clock_that_is_set_spoils_what_goes_on_and_loses_nothing() {
    let mut meter = Fed::new(COUNTING);
    let mut freeze = Freeze::new(1);
    let mut ended = Vec::new();
    let mut hour = 0;
    let mut push = |month, day, minute| {
        hour += 1;
        let step = meter.push(&counted(hour * 1_000, 0, hour));
        ended.extend(freeze.push(at(month, day, minute), meter.registers(), step.flags));
    };
    push(3, 29, 0);
    push(3, 30, 0);
    push(3, 31, 0);
    // Half an hour into April the clock is set back by an hour, and midnight comes again.
    push(4, 1, 30);
    push(3, 31, 1_410);
    push(4, 1, 0);
    push(4, 2, 0);
    // Days are left out.
    push(4, 5, 0);
    push(4, 6, 0);
    // A date that is none, and 24:00, end nothing.
    push(0, 7, 0);
    push(4, 40, 0);
    push(4, 6, 1_440);
    push(4, 7, 0);
    push(4, 8, 0);
    let seen: Vec<_> = ended
        .iter()
        .map(|ended| {
            (
                ended.date,
                ended.day.used_mwh / 1_000,
                ended.day.is_complete,
                ended.month.is_some(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ((3, 29), 1, false, false),
            ((3, 30), 1, true, false),
            ((3, 31), 1, true, true),
            ((4, 1), 1, false, true),
            ((3, 31), 1, false, true),
            ((4, 1), 1, true, false),
            ((4, 2), 1, false, false),
            ((4, 5), 1, false, false),
            ((4, 6), 4, false, false),
            ((4, 7), 1, true, false),
        ]
    );
}

#[test]
fn the_end_of_february_is_either_day() {
    for (first, next, is_complete) in [
        ((2, 28), (3, 1), true),
        ((2, 28), (2, 29), true),
        ((2, 29), (3, 1), true),
        ((2, 27), (3, 1), false),
        ((4, 30), (5, 1), true),
        ((4, 29), (5, 1), false),
        ((12, 31), (1, 1), true),
        ((12, 30), (1, 1), false),
        ((1, 31), (2, 1), true),
        ((1, 31), (3, 1), false),
    ] {
        let meter = Fed::new(COUNTING);
        let mut freeze = Freeze::new(28);
        let mut push =
            |date: (u8, u8)| freeze.push(at(date.0, date.1, 0), meter.registers(), Flags::NONE);
        let before = if first.1 > 1 {
            (first.0, first.1 - 1)
        } else {
            (first.0, 1)
        };
        push(before);
        push(first);
        assert_eq!(
            push(next).unwrap().day.is_complete,
            is_complete,
            "{first:?} {next:?}"
        );
    }
}

#[test]
fn today_and_this_month_are_what_has_flowed_since() {
    let mut meter = Fed::new(COUNTING);
    let mut freeze = Freeze::new(20);
    let both = |wh: u64, back: u64| Reading {
        counter: Some(meter_core::CounterReading {
            import: wh,
            export: back,
        }),
        ..Reading::at(wh * 1_000)
    };
    assert_eq!(freeze.today(meter.registers()), [0, 0]);
    for (day, wh) in [(18, 10), (19, 12), (20, 15), (21, 19)] {
        let step = meter.push(&both(wh, wh / 2));
        freeze.push(at(9, day, 0), meter.registers(), step.flags);
    }
    meter.push(&both(24, 12));
    assert_eq!(freeze.today(meter.registers()), [5_000, 3_000]);
    assert_eq!(freeze.this_month(meter.registers()), [14_000, 7_000]);
    assert_eq!(freeze.this_billing(meter.registers()), [9_000, 5_000]);
}

proptest! {
    #[test]
    fn days_months_and_periods_add_up_whatever_the_calendar_does(
        steps in prop::collection::vec((0u8..14, 0u8..34, 0u16..1_500, 0u64..3), 1..200),
        billing_day in any::<u8>(),
    ) {
        let mut meter = Fed::new(COUNTING);
        let mut freeze = Freeze::new(billing_day);
        let (mut wh, mut begun) = (0, None);
        let mut sums = [0; 3];
        for (number, (month, day, minute, more)) in steps.into_iter().enumerate() {
            wh += more;
            let step = meter.push(&counted(number as u64 * 1_000, 0, wh));
            let time = at(month, day, minute);
            let ended = freeze.push(time, meter.registers(), step.flags);
            let now = meter.registers().import.mwh();
            if time.is_valid() {
                begun.get_or_insert(now);
            }
            if let Some(ended) = ended {
                let periods = [Some(ended.day), ended.month, ended.billing];
                for (sum, period) in sums.iter_mut().zip(periods) {
                    *sum += period.map_or(0, |period| period.used_mwh);
                }
            }
            let going_on = [freeze.today(meter.registers()), freeze.this_month(meter.registers()), freeze.this_billing(meter.registers())];
            for (sum, [import, _]) in sums.into_iter().zip(going_on) {
                prop_assert_eq!(sum + import, now - begun.unwrap_or(now));
            }
        }
    }
}
