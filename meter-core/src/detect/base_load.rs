//! What is always on has become less.

use super::alarm::{Level, Toggle};
use super::{Event, EventCode, Method};
use crate::energy::Registers;
use crate::snapshot::{Reader, Writer};
use crate::tariff::LocalTime;

/// Watches the mean power of the least hour between two and five at night. Refrigerators and standby go on
/// while people are away: what makes these less is a wire past the meter, or a load that has left. An hour, since
/// a refrigerator rests for a quarter of one.
///
/// The usual level and its spread are learnt over two weeks; the alarm begins when a night is below the usual by four
/// times its mean deviation and by a fifth, twice in a row. Five times would miss half of the bypasses of 50 % where a
/// water heater runs in some nights (example `detection` of the package `metering-tests`, with `--tune`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BaseLoad {
    /// The integral of power when the hour began.
    hour_mwh: u64,
    /// When it began, in milliseconds modulo 49 days.
    hour_ms: u32,
    /// The time without readings up to then, modulo the same.
    gap_ms: u32,
    /// The least of this night in milliwatts; the largest number for none yet.
    least_mw: u32,
    usual_mw: u32,
    spread_mw: u32,
    /// The hour of the day that is going on; [`NO_HOUR`] outside the night.
    hour: u8,
    nights: u8,
    low_nights: u8,
    alarm: Toggle,
}

const BEGIN_MINUTE: u16 = 2 * 60;
const END_MINUTE: u16 = 5 * 60;
const HOUR_MS: u32 = 3_600_000;
const NO_HOUR: u8 = u8::MAX;
const LEARNING: u8 = 14;
/// A new night moves the usual by a tenth.
const MEMORY: i64 = 10;
/// Below this there is no base load to speak of.
const LEAST_MW: u32 = 5_000;

impl BaseLoad {
    /// Knows no night yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            hour_mwh: 0,
            hour_ms: 0,
            gap_ms: 0,
            least_mw: u32::MAX,
            usual_mw: 0,
            spread_mw: 0,
            hour: NO_HOUR,
            nights: 0,
            low_nights: 0,
            alarm: Toggle::new(),
        }
    }

    /// The usual level in milliwatts, once two weeks have been seen.
    #[must_use]
    pub const fn usual_mw(&self) -> Option<u32> {
        if self.nights < LEARNING {
            None
        } else {
            Some(self.usual_mw)
        }
    }

    /// Whether the alarm is on.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.alarm.is_on()
    }

    /// Takes the registers at a time. The event's value is what the night's level lacks, in milliwatts.
    pub fn push(&mut self, at_ms: u64, time: LocalTime, registers: &Registers) -> Option<Event> {
        let is_night = (BEGIN_MINUTE..END_MINUTE).contains(&time.minute);
        let hour = if is_night {
            (time.minute / 60) as u8
        } else {
            NO_HOUR
        };
        if hour == self.hour {
            return None;
        }
        let (before, mwh) = (self.hour, registers.integrated.mwh());
        let (now_ms, gap_ms) = (at_ms as u32, registers.gap_ms as u32);
        let elapsed_ms = now_ms.wrapping_sub(self.hour_ms);
        let has_gap = gap_ms != self.gap_ms;
        let energy_mwh = mwh.saturating_sub(self.hour_mwh);
        self.hour = hour;
        self.hour_mwh = mwh;
        self.hour_ms = now_ms;
        self.gap_ms = gap_ms;
        if before == NO_HOUR {
            return None;
        }
        // An hour that was cut short or had a gap says nothing.
        if !has_gap && elapsed_ms.abs_diff(HOUR_MS) <= HOUR_MS / 10 {
            let energy = energy_mwh.saturating_mul(HOUR_MS.into());
            let mw = energy.checked_div(elapsed_ms.into()).unwrap_or_default();
            self.least_mw = self.least_mw.min(u32::try_from(mw).unwrap_or(u32::MAX));
        }
        if is_night {
            return None;
        }
        let night_mw = core::mem::replace(&mut self.least_mw, u32::MAX);
        (night_mw != u32::MAX).then(|| self.night(at_ms, night_mw))?
    }

    /// Takes the least power of a night.
    pub fn night(&mut self, at_ms: u64, night_mw: u32) -> Option<Event> {
        let off = i64::from(night_mw) - i64::from(self.usual_mw);
        let lacks = -off;
        let fifth = i64::from(self.usual_mw / 5);
        // A mean deviation is 0.8 of a standard deviation.
        let spreads = i64::from(self.spread_mw) * 4;
        let is_known = self.nights >= LEARNING && self.usual_mw >= LEAST_MW;
        let is_low = is_known && lacks > fifth.max(spreads);
        self.low_nights = if is_low {
            self.low_nights.saturating_add(1)
        } else {
            0
        };
        if !is_low {
            // The mean of all nights at first, then of the last ones.
            let weight = (i64::from(self.nights) + 1).min(MEMORY);
            let moved = |value: u32, by: i64| {
                let moved = i64::from(value) + by.checked_div(weight).unwrap_or_default();
                u32::try_from(moved).unwrap_or_default()
            };
            if self.nights == 0 {
                self.usual_mw = night_mw;
            } else {
                self.spread_mw = moved(self.spread_mw, off.abs() - i64::from(self.spread_mw));
                self.usual_mw = moved(self.usual_mw, off);
            }
            self.nights = self.nights.saturating_add(1);
        }
        let level = match self.low_nights {
            0 => Level::Back,
            1 => Level::Between,
            _ => Level::Beyond,
        };
        let event = self
            .alarm
            .update(EventCode::BaseLoadShift, at_ms, level, lacks)?;
        Some(Event {
            method: Method::Days,
            ..event
        })
    }

    /// Without the night that is going on.
    pub(crate) const fn at_rest(&self) -> Self {
        Self {
            usual_mw: self.usual_mw,
            spread_mw: self.spread_mw,
            nights: self.nights,
            low_nights: self.low_nights,
            alarm: self.alarm,
            ..Self::new()
        }
    }

    /// What has to survive a restart; the night that is going on is left out.
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        writer.put(&self.usual_mw.to_le_bytes());
        writer.put(&self.spread_mw.to_le_bytes());
        writer.put(&[self.nights, self.low_nights, self.alarm.is_on().into()]);
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let usual_mw = u32::from_le_bytes(reader.take());
        let spread_mw = u32::from_le_bytes(reader.take());
        let [nights, low_nights, is_on] = reader.take();
        Self {
            usual_mw,
            spread_mw,
            nights,
            low_nights,
            alarm: Toggle::stored(is_on != 0),
            ..Self::new()
        }
    }

    /// Takes the present for the usual, as after a refrigerator has gone.
    pub const fn relearn(&mut self) {
        *self = Self::new();
    }
}

impl Default for BaseLoad {
    fn default() -> Self {
        Self::new()
    }
}
