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
