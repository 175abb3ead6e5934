//! Time-of-use tariffs: which rate is in force when, and a register for each.
//!
//! Times are local ones, which somebody else makes of UTC: daylight saving is theirs. On the day it begins an hour is
//! missing, on the day it ends one is there twice, and either way each milliwatt-hour goes to one rate.

use crate::energy::Registers;

/// A moment on the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LocalTime {
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 for Monday to 6 for Sunday.
    pub weekday: u8,
    /// Minutes since midnight, 0 to 1439. What is written as 24:00 is minute 0 of the next day.
    pub minute: u16,
}

impl LocalTime {
    /// Whether all of it is within its range; days up to 31 in each month.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        matches!(self.month, 1..=12)
            && matches!(self.day, 1..=31)
            && self.weekday < 7
            && self.minute < 1_440
    }

    /// The wall clock so many seconds ahead of UTC, of seconds since 1970: what time zone and season make of UTC is the
    /// caller's. `None` beyond the years -10 000 and 10 000 or so.
    #[must_use]
    pub fn from_unix(utc_s: i64, offset_s: i32) -> Option<Self> {
        let local_s = utc_s.checked_add(offset_s.into())?;
        let days = i32::try_from(local_s.div_euclid(86_400)).ok()?;
        if days.unsigned_abs() > 4_000_000 {
            return None;
        }
        let minute = local_s.rem_euclid(86_400) / 60;
        // Days of years that begin in March, so that the odd day of February is the last: 400 of them have
        // 146 097 days, and five of its months 153.
        let of_era = (days + 719_468).rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        // 1 January 1970 was a Thursday.
        let weekday = (days + 3).rem_euclid(7);
        Some(Self {
            month: u8::try_from(if month < 10 { month + 3 } else { month - 9 }).ok()?,
            day: u8::try_from(day).ok()?,
            weekday: u8::try_from(weekday).ok()?,
            minute: u16::try_from(minute).ok()?,
        })
    }
}

/// From a minute of the day on, a rate is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Switch {
    /// Minutes since midnight.
    pub minute: u16,
    /// Number of the rate, from 0.
    pub rate: u8,
}

/// From a date on, days look like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Season<'a> {
    /// Month and day it begins with, every year.
    pub from: (u8, u8),
    /// Monday to Friday.
    pub workday: &'a [Switch],
    /// Saturday.
    pub saturday: &'a [Switch],
    /// Sunday and holidays.
    pub sunday: &'a [Switch],
}

/// Rates over the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tariff<'a> {
    seasons: &'a [Season<'a>],
    holidays: &'a [(u8, u8)],
}

/// What is wrong with a tariff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TariffError {
    /// There is no season.
    NoSeason,
    /// Seasons are not in the order of their dates, or a date is none.
    Seasons,
    /// A day does not begin with a switch at minute 0, or its switches are not in order.
    Switches,
    /// A switch names a rate that there is no register for.
    Rate(u8),
}

impl core::fmt::Display for TariffError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoSeason => f.write_str("a tariff needs a season, if only one from 1 January"),
            Self::Seasons => f.write_str("the seasons of a tariff begin at dates that ascend"),
            Self::Switches => {
                f.write_str("each day of a tariff begins with a switch at 0:00, the others ascend")
            }
            Self::Rate(rate) => write!(f, "rate {rate} has no register"),
        }
    }
}

impl core::error::Error for TariffError {}

impl Tariff<'static> {
    /// One rate, the first, at any time.
    pub const FLAT: Self = Self {
        seasons: &[],
        holidays: &[],
    };
}

impl<'a> Tariff<'a> {
    /// A tariff with `rates` rates, of seasons in the order of their dates and holidays as month and day.
    ///
    /// # Errors
    /// [`TariffError`] says what does not fit.
    pub fn new(
        seasons: &'a [Season<'a>],
        holidays: &'a [(u8, u8)],
        rates: u8,
    ) -> Result<Self, TariffError> {
        if seasons.is_empty() {
            return Err(TariffError::NoSeason);
        }
        let is_date = |(month, day): (u8, u8)| (1..=12).contains(&month) && (1..=31).contains(&day);
        let dates = || seasons.iter().map(|season| season.from);
        let ascends = dates().zip(dates().skip(1)).all(|(a, b)| a < b);
        if !ascends || !dates().chain(holidays.iter().copied()).all(is_date) {
            return Err(TariffError::Seasons);
        }
        for season in seasons {
            for day in [season.workday, season.saturday, season.sunday] {
                let minutes = || day.iter().map(|switch| switch.minute);
                let ascends = minutes().zip(minutes().skip(1)).all(|(a, b)| a < b);
                if minutes().next() != Some(0)
                    || !ascends
                    || minutes().any(|minute| minute >= 1_440)
                {
                    return Err(TariffError::Switches);
                }
                if let Some(switch) = day.iter().find(|switch| switch.rate >= rates) {
                    return Err(TariffError::Rate(switch.rate));
                }
            }
        }
        Ok(Self { seasons, holidays })
    }

    /// The rate in force.
    #[must_use]
    pub fn rate_at(&self, time: LocalTime) -> u8 {
        let date = (time.month, time.day);
        // Before the first season of a year the last one of the year before goes on.
        let begun = self.seasons.iter().rev().find(|season| season.from <= date);
        let Some(season) = begun.or(self.seasons.last()) else {
            return 0;
        };
        let day = if self.holidays.contains(&date) || time.weekday >= 6 {
            season.sunday
        } else if time.weekday == 5 {
            season.saturday
        } else {
            season.workday
        };
        let switch = day.iter().rev().find(|switch| switch.minute <= time.minute);
        switch.map_or(0, |switch| switch.rate)
    }
}

/// Imported energy by rate. The rates and what is [unassigned](Self::unassigned_mwh) add up to the register of all of it,
/// to the milliwatt-hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct RateRegisters<const R: usize> {
    pub(crate) rates_mwh: [u64; R],
    /// The register of all energy as it was last.
    pub(crate) before_mwh: u64,
    /// The rate since; [`NO_RATE`] before the first one.
    pub(crate) rate: u8,
}

const NO_RATE: u8 = u8::MAX;

impl<const R: usize> RateRegisters<R> {
    /// All at zero.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            rates_mwh: [0; R],
            before_mwh: 0,
            rate: NO_RATE,
        }
    }

    /// Takes the registers at a time with this rate. What came in since the last call counts to the rate that was in
    /// force until now.
    pub fn push(&mut self, rate: u8, registers: &Registers) {
        let now_mwh = registers.import.mwh();
        if let Some(register) = self.rates_mwh.get_mut(usize::from(self.rate)) {
            *register = register.saturating_add(now_mwh.saturating_sub(self.before_mwh));
        }
        self.before_mwh = now_mwh;
        self.rate = rate;
    }

    /// Imported energy in milliwatt-hours that is in none of the rates: from before the first time that was known, and
    /// of rates that there is no register for. `registers` are those of the last [`push`](Self::push).
    #[must_use]
    pub fn unassigned_mwh(&self, registers: &Registers) -> u64 {
        let sum = self.mwh().fold(0, u64::saturating_add);
        registers.import.mwh().saturating_sub(sum)
    }

    /// Energy of each rate in milliwatt-hours.
    pub fn mwh(&self) -> impl Iterator<Item = u64> {
        self.rates_mwh.iter().copied()
    }
}

impl<const R: usize> Default for RateRegisters<R> {
    fn default() -> Self {
        Self::new()
    }
}
