//! What no meter can measure: sensor faults, wrong wiring, bytes that were swapped.

use super::alarm::{Alarm, Level, Rule};
use super::{Event, EventCode};
use crate::reading::{Reading, Source};

/// In a row, before it is believed.
const IN_A_ROW: u8 = 3;
/// Below this the steps of a meter are larger than anything that could be wrong.
const LEAST_MVA: u64 = 10_000;

/// What may be off between voltage times current and power: 2 % and two steps of each value (their
/// measured spread on healthy meters is below 0.73 %).
fn slack_mw(mv: u64, ma: u64, mva: u64, source: &Source) -> u64 {
    let steps = mv * u64::from(source.current_step_ma) / 1_000
        + ma * u64::from(source.voltage_step_mv) / 1_000
        + u64::from(source.power_step_mw);
    mva / 50 + 2 * steps
}

/// Counts readings that can not be, and turns a row of them into an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Row {
    alarm: Alarm,
    count: u8,
}

impl Row {
    const fn new() -> Self {
        Self {
            alarm: Alarm::new(),
            count: 0,
        }
    }

    const fn push(
        &mut self,
        code: EventCode,
        at_ms: u64,
        is_wrong: bool,
        value: i64,
    ) -> Option<Event> {
        self.count = if is_wrong {
            self.count.saturating_add(1)
        } else {
            0
        };
        let level = match (is_wrong, self.count >= IN_A_ROW) {
            (true, true) => Level::Beyond,
            (true, false) => Level::Between,
            (false, _) => Level::Back,
        };
        self.alarm.update(&Rule::at_once(code), at_ms, level, value)
    }
}

/// Active power that is not voltage times current times power factor, three readings in a row. Only for meters
/// whose values are of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Residual {
    row: Row,
    /// The current of the reading before; the largest number for none.
    before_ma: u32,
}

impl Residual {
    /// Quiet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            row: Row::new(),
            before_ma: u32::MAX,
        }
    }

    /// Takes a reading. One across a switch (the current moved by more than a fifth) is left out: its values may
    /// be of both sides.
    pub fn push(&mut self, reading: &Reading, source: &Source) -> Option<Event> {
        let (mv, ma) = (
            u64::from(reading.voltage_mv?),
            u64::from(reading.current_ma?),
        );
        let (power, factor) = (reading.power_mw?, reading.power_factor_milli?);
        let before_ma = u64::from(self.before_ma);
        self.before_ma = reading.current_ma?;
        let moved = before_ma.abs_diff(ma) > ma / 5;
        let mva = reading.apparent_mva()?;
        if !source.is_simultaneous || moved || mva < LEAST_MVA {
            return None;
        }
        let expected = mva.saturating_mul(factor.unsigned_abs().into()) / 1_000;
        let off = expected.abs_diff(power.unsigned_abs().into());
        let of_factor = mva.saturating_mul(2 * u64::from(source.power_factor_step_milli)) / 1_000;
        let slack = slack_mw(mv, ma, mva, source).saturating_add(of_factor);
        let is_wrong = off > slack;
        let value = i64::try_from(off).unwrap_or(i64::MAX);
        let code = EventCode::Residual;
        self.row.push(code, reading.at_ms, is_wrong, value)
    }
}

impl Default for Residual {
    fn default() -> Self {
        Self::new()
    }
}

/// More active than apparent power, three readings in a row. Only for meters whose values are of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ImpossiblePower {
    row: Row,
}

impl ImpossiblePower {
    /// Quiet.
    #[must_use]
    pub const fn new() -> Self {
        Self { row: Row::new() }
    }

    /// Takes a reading.
    pub fn push(&mut self, reading: &Reading, source: &Source) -> Option<Event> {
        let (mv, ma) = (
            u64::from(reading.voltage_mv?),
            u64::from(reading.current_ma?),
        );
        let power = u64::from(reading.power_mw?.unsigned_abs());
        let mva = reading.apparent_mva()?;
        if !source.is_simultaneous {
            return None;
        }
        let is_wrong = power > mva + slack_mw(mv, ma, mva, source);
        let value = i64::try_from(power).unwrap_or(i64::MAX);
        let code = EventCode::ImpossiblePower;
        self.row.push(code, reading.at_ms, is_wrong, value)
    }
}

impl Default for ImpossiblePower {
    fn default() -> Self {
        Self::new()
    }
}
