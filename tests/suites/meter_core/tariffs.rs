//! Time-of-use tariffs: the right rate at the right minute, and no milliwatt-hour lost between rates.

use meter_core::{LocalTime, RateRegisters, Season, Switch, Tariff, TariffError};

use super::{Fed, POWER_ONLY, power};

const NIGHT: u8 = 0;
const DAY: u8 = 1;
const PEAK: u8 = 2;

const fn at(minute: u16, rate: u8) -> Switch {
    Switch { minute, rate }
}

const ALL_NIGHT: &[Switch] = &[at(0, NIGHT)];
const WORK: &[Switch] = &[
    at(0, NIGHT),
    at(360, DAY),
    at(1_020, PEAK),
    at(1_200, DAY),
    at(1_320, NIGHT),
];
const SUMMER: &[Switch] = &[at(0, NIGHT), at(420, DAY), at(1_320, NIGHT)];
const SATURDAY: &[Switch] = &[at(0, NIGHT), at(480, DAY), at(840, NIGHT)];
const SEASONS: &[Season<'static>] = &[
    Season {
        from: (4, 1),
        workday: SUMMER,
        saturday: SATURDAY,
        sunday: ALL_NIGHT,
    },
    Season {
        from: (10, 1),
        workday: WORK,
        saturday: SATURDAY,
        sunday: ALL_NIGHT,
    },
];
const HOLIDAYS: &[(u8, u8)] = &[(1, 1), (12, 25)];

fn tariff() -> Tariff<'static> {
    Tariff::new(SEASONS, HOLIDAYS, 3).expect("a tariff")
}

fn time(month: u8, day: u8, weekday: u8, hour: u16, minute: u16) -> LocalTime {
    LocalTime {
        month,
        day,
        weekday,
        minute: hour * 60 + minute,
    }
}

#[test]
fn rates_change_at_their_minutes_seasons_and_days() {
    let tariff = tariff();
    for (time, rate) in [
        (time(1, 2, 0, 5, 59), NIGHT),
        (time(1, 2, 0, 6, 0), DAY),
        (time(1, 2, 0, 16, 59), DAY),
        (time(1, 2, 0, 17, 0), PEAK),
        (time(1, 2, 0, 19, 59), PEAK),
        (time(1, 2, 0, 22, 0), NIGHT),
        (time(1, 2, 0, 23, 59), NIGHT),
        // The winter that began in October goes on to the last of March.
        (time(3, 31, 1, 18, 0), PEAK),
        (time(4, 1, 2, 18, 0), DAY),
        (time(9, 30, 2, 18, 0), DAY),
        (time(10, 1, 3, 18, 0), PEAK),
        // Saturday, Sunday, a holiday on a Monday.
        (time(10, 7, 5, 9, 0), DAY),
        (time(10, 7, 5, 18, 0), NIGHT),
        (time(10, 8, 6, 18, 0), NIGHT),
        (time(12, 25, 0, 18, 0), NIGHT),
        (time(12, 26, 1, 18, 0), PEAK),
    ] {
        assert_eq!(tariff.rate_at(time), rate, "{time:?}");
    }
}

#[test]
fn tariffs_that_can_not_be_are_refused() {
    assert_eq!(Tariff::new(&[], &[], 3), Err(TariffError::NoSeason));
    let workdays: [(&[Switch], TariffError); 5] = [
        (&[], TariffError::Switches),
        (&[at(1, 0)], TariffError::Switches),
        (&[at(0, 0), at(600, 1), at(600, 2)], TariffError::Switches),
        (&[at(0, 0), at(1_440, 1)], TariffError::Switches),
        (&[at(0, 3)], TariffError::Rate(3)),
    ];
    for (workday, error) in workdays {
        let season = Season {
            from: (1, 1),
            workday,
            saturday: ALL_NIGHT,
            sunday: ALL_NIGHT,
        };
        assert_eq!(Tariff::new(&[season], &[], 3), Err(error));
    }
    let [a, b] = [SEASONS[1], SEASONS[0]];
    assert_eq!(Tariff::new(&[a, b], &[], 3), Err(TariffError::Seasons));
    assert_eq!(
        Tariff::new(SEASONS, &[(13, 1)], 3).err(),
        Some(TariffError::Seasons)
    );
}

/// A day of 1 kW with its hours as the wall clock shows them; gives the energy of each rate and of all.
fn day(hours: impl Iterator<Item = u16>, weekday: u8) -> (Vec<u64>, u64) {
    let (tariff, mut rates) = (tariff(), RateRegisters::<3>::new());
    let mut meter = Fed::new(POWER_ONLY);
    let mut second = 0u64;
    for hour in hours {
        for minute in 0..60 {
            for _ in 0..60 {
                meter.push(&power(second * 1_000, 1_000_000));
                rates.push(
                    tariff.rate_at(time(3, 30, weekday, hour, minute)),
                    meter.registers(),
                );
                second += 1;
            }
        }
    }
    (rates.mwh().collect(), meter.registers().import.mwh())
}

#[test]
fn both_days_of_daylight_saving_conserve_energy() {
    // As on any workday: 6 + 2 hours of night, 11 + 2 of day, 3 of peak, less the last second.
    let (usual, all) = day(0..24, 0);
    assert_eq!(usual.iter().sum::<u64>(), all);
    assert_eq!(
        usual
            .iter()
            .map(|mwh| (mwh + 500_000) / 1_000_000)
            .collect::<Vec<_>>(),
        [8, 13, 3]
    );
    // 2:00 to 3:00 is missing, or there twice; both fall into the night.
    let (short, all) = day((0..24).filter(|hour| *hour != 2), 0);
    assert_eq!(short.iter().sum::<u64>(), all);
    assert_eq!(short[0] + 1_000_000, usual[0]);
    let (long, all) = day(
        (0..24).flat_map(|hour| core::iter::repeat_n(hour, if hour == 2 { 2 } else { 1 })),
        0,
    );
    assert_eq!(long.iter().sum::<u64>(), all);
    assert_eq!(long[0] - 1_000_000, usual[0]);
    assert_eq!((&short[1..], &long[1..]), (&usual[1..], &usual[1..]));
}

/// The civil calendar day by day, as people count it.
#[test]
fn dates_and_weekdays_are_those_of_the_calendar_for_centuries() {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut days = -719_162_i64; // 1 January of the year 1, a Monday.
    for year in 1..2_500 {
        let february = if is_leap(year) { 29 } else { 28 };
        let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        for (month, length) in (1..).zip(lengths) {
            for day in 1..=length {
                let weekday = (days + 719_162).rem_euclid(7) as u8;
                for second in [0, 59, 60, 86_399] {
                    let time = LocalTime::from_unix(days * 86_400 + second, 0).unwrap();
                    let minute = (second / 60) as u16;
                    assert_eq!(
                        time,
                        LocalTime {
                            month,
                            day,
                            weekday,
                            minute
                        }
                    );
                    assert!(time.is_valid());
                }
                days += 1;
            }
        }
    }
    // 1 January 2000 was a Saturday.
    assert_eq!(
        LocalTime::from_unix(946_684_800, 0),
        Some(time(1, 1, 5, 0, 0))
    );
    assert_eq!(
        LocalTime::from_unix(946_684_800, -1),
        Some(time(12, 31, 4, 23, 59))
    );
    assert_eq!(LocalTime::from_unix(i64::MAX, 1), None);
    assert_eq!(LocalTime::from_unix(i64::MIN, -1), None);
}

/// Seconds ahead of UTC in Berlin, where the clock is changed at 1:00 UTC on the last Sundays of March and October.
fn berlin(utc_s: i64) -> i32 {
    // 31 March and 27 October 2024.
    let summer = 1_711_846_800..1_729_990_800;
    if summer.contains(&utc_s) {
        7_200
    } else {
        3_600
    }
}

#[test]
fn rates_and_days_of_berlin_conserve_energy_when_the_clock_is_changed() {
    use meter_core::meter::{Meter, Outputs, Rates, Settings};
    use meter_core::{Config, Freeze, Reading};
    // The rate of each hour is its own, 1:00 to 4:00; day begins are at 23:00 and 22:00 UTC.
    let hours: Vec<Switch> = (0..5)
        .map(|hour| at(hour * 60, hour.min(4) as u8))
        .collect();
    let season = [Season {
        from: (1, 1),
        workday: &hours,
        saturday: &hours,
        sunday: &hours,
    }];
    let tariff = Tariff::new(&season, &[], 5).unwrap();
    for (begin_s, day_hours, rates) in [
        // 2:00 to 3:00 is missing.
        (1_711_839_600, 23, [1_000, 1_000, 0, 1_000, 20_000]),
        // 2:00 to 3:00 is there twice.
        (1_729_980_000, 25, [1_000, 1_000, 2_000, 1_000, 20_000]),
    ] {
        let mut meter = Meter::new((Rates::<5>::new(), Freeze::new(1)));
        let settings = Settings::new(Config::new(POWER_ONLY), (tariff, ()));
        let mut outputs = Outputs::new();
        let mut days = Vec::new();
        let mut at_midnight = Vec::new();
        for second in 0..=(day_hours * 3_600 + 10) {
            let utc_s = begin_s + second;
            let reading = Reading {
                utc_s: Some(utc_s),
                ..power(second as u64 * 1_000, 1_000_000)
            };
            let local = LocalTime::from_unix(utc_s, berlin(utc_s));
            if second == 0 {
                // The last second of the day before.
                let before = LocalTime::from_unix(utc_s - 1, berlin(utc_s - 1));
                meter.push(&reading, before, &settings, &mut outputs);
                continue;
            }
            meter.push(&reading, local, &settings, &mut outputs);
            days.extend(outputs.ended);
            if second == day_hours * 3_600 {
                at_midnight = meter.stages.0.mwh().collect();
            }
            let registers = meter.registers();
            let sum: u64 = meter.stages.0.mwh().sum();
            assert_eq!(
                sum + meter.stages.0.unassigned_mwh(registers),
                registers.import.mwh()
            );
        }
        // The second between the two readings at midnight counts to the last rate of the day before.
        let wh: Vec<u64> = at_midnight.iter().map(|mwh| (mwh + 500) / 1_000).collect();
        assert_eq!(wh, rates, "{begin_s}");
        let day = days.iter().map(|ended| ended.day).next_back().unwrap();
        assert_eq!((day.used_mwh + 500) / 1_000, day_hours as u64 * 1_000);
        assert_eq!(
            days.iter().map(|ended| ended.day.used_mwh).sum::<u64>(),
            day.import_mwh
        );
    }
}

#[test]
fn energy_of_no_rate_is_told_and_not_lost() {
    let mut meter = Fed::new(POWER_ONLY);
    let mut rates = RateRegisters::<2>::new();
    // A second at 3.6 kW is a watt-hour: two of no known rate, three of rate 0, four of a rate without a register.
    let by_second = [
        None,
        None,
        Some(0),
        Some(0),
        Some(0),
        Some(7),
        Some(7),
        Some(7),
        Some(7),
        Some(1),
    ];
    for (second, rate) in (0..).zip(by_second) {
        meter.push(&power(second * 1_000, 3_600_000));
        if let Some(rate) = rate {
            rates.push(rate, meter.registers());
        }
    }
    assert_eq!(rates.mwh().collect::<Vec<_>>(), [3_000, 0]);
    assert_eq!(rates.unassigned_mwh(meter.registers()), 6_000);
}
