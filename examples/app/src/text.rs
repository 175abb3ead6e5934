//! Numbers and times as people and programs read them, without floats.

use core::fmt::{self, Write as _};

use heapless::String;

/// A whole number of small units written in large ones: 230 100 mV as `230.1`.
///
/// Rounded half away from zero; what rounds to zero has no sign. Width and alignment of the format apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    is_negative: bool,
    magnitude: u64,
    one: u64,
    places: u8,
}

impl Decimal {
    /// `value` of which 10^`digits` are one, with so many decimal places, no more than `digits`.
    #[must_use]
    pub const fn new(value: i64, digits: u8, places: u8) -> Self {
        let mut this = Self::unsigned(value.unsigned_abs(), digits, places);
        this.is_negative = value < 0;
        this
    }

    /// The same for what is never negative.
    #[must_use]
    pub const fn unsigned(magnitude: u64, digits: u8, places: u8) -> Self {
        // 10^19 is the largest power of ten there is.
        let digits = if digits > 19 { 19 } else { digits };
        Self {
            is_negative: false,
            magnitude,
            one: 10_u64.pow(digits as u32),
            places: if places > digits { digits } else { places },
        }
    }

    /// Thousandths with so many decimal places: millivolts as volts.
    #[must_use]
    pub const fn milli(value: i64, places: u8) -> Self {
        Self::new(value, 3, places)
    }

    /// Milliwatt-hours as kilowatt-hours with so many decimal places.
    #[must_use]
    pub const fn kwh(mwh: u64, places: u8) -> Self {
        Self::unsigned(mwh, 6, places)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 20 digits, a sign, a point.
        let mut text = String::<22>::new();
        let step = self.one / 10_u64.pow(self.places.into());
        let steps = self.magnitude / step + u64::from(self.magnitude % step >= step.div_ceil(2));
        let scale = 10_u64.pow(self.places.into());
        let sign = if self.is_negative && steps != 0 {
            "-"
        } else {
            ""
        };
        write!(text, "{sign}{}", steps / scale)?;
        if self.places > 0 {
            let width = usize::from(self.places);
            write!(text, ".{:0width$}", steps % scale)?;
        }
        f.pad_number(&text)
    }
}

/// `pad` aligns to the left by default; numbers go to the right.
trait PadNumber {
    fn pad_number(&mut self, text: &str) -> fmt::Result;
}

impl PadNumber for fmt::Formatter<'_> {
    fn pad_number(&mut self, text: &str) -> fmt::Result {
        let missing = self.width().unwrap_or(0).saturating_sub(text.len());
        let before = match self.align() {
            Some(fmt::Alignment::Left) => 0,
            Some(fmt::Alignment::Center) => missing / 2,
            Some(fmt::Alignment::Right) | None => missing,
        };
        for _ in 0..before {
            self.write_char(' ')?;
        }
        self.write_str(text)?;
        for _ in before..missing {
            self.write_char(' ')?;
        }
        Ok(())
    }
}

/// A moment as ISO 8601 in UTC: `2026-11-26T10:45:36.123Z`, with precision `.0` without milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Iso {
    year: u16,
    month: u8,
    day: u8,
    ms: u32,
}

impl Iso {
    /// Of milliseconds since 1970; `None` outside of the years 0 to 9999, which four digits can not tell.
    #[must_use]
    pub fn new(utc_ms: i64) -> Option<Self> {
        let days = i32::try_from(utc_ms.div_euclid(86_400_000)).ok()?;
        if !(-719_528..2_932_897).contains(&days) {
            return None;
        }
        // Days of years that begin in March, so that the odd day of February is the last: 400 of them have
        // 146 097 days, and five of its months 153.
        let since_march = days + 719_468;
        let era = since_march.div_euclid(146_097);
        let of_era = since_march.rem_euclid(146_097);
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let year = era * 400 + year + i32::from(month >= 10);
        Some(Self {
            year: u16::try_from(year).ok()?,
            month: u8::try_from(if month < 10 { month + 3 } else { month - 9 }).ok()?,
            day: u8::try_from(day).ok()?,
            ms: u32::try_from(utc_ms.rem_euclid(86_400_000)).ok()?,
        })
    }

    /// Year, month and day.
    #[must_use]
    pub const fn date(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// Hour, minute and second.
    #[must_use]
    pub const fn time(self) -> (u8, u8, u8) {
        let s = self.ms / 1_000;
        ((s / 3_600) as u8, (s / 60 % 60) as u8, (s % 60) as u8)
    }
}

impl fmt::Display for Iso {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.time();
        write!(
            f,
            "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}",
            self.year, self.month, self.day
        )?;
        if f.precision() != Some(0) {
            write!(f, ".{:03}", self.ms % 1_000)?;
        }
        f.write_str("Z")
    }
}

/// A length of time in its two largest units: `3 d 4 h`, `2 h 5 min`, `7 min 10 s`, `42 s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// In seconds.
    pub seconds: u64,
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.seconds;
        match s {
            0..60 => write!(f, "{s} s"),
            60..3_600 => write!(f, "{} min {} s", s / 60, s % 60),
            3_600..86_400 => write!(f, "{} h {} min", s / 3_600, s / 60 % 60),
            _ => write!(f, "{} d {} h", s / 86_400, s / 3_600 % 24),
        }
    }
}
