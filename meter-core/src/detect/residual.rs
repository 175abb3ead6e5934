//! What no meter can measure: sensor faults, wrong wiring, bytes that were swapped.

use super::alarm::{Level, Toggle};
use super::{Event, EventCode};
use crate::reading::{Reading, Source};

/// In a row, before it is believed.
const IN_A_ROW: u8 = 3;
/// Below this the steps of a meter are larger than anything that could be wrong.
const LEAST_MVA: u32 = 10_000;

/// What may be off of the apparent power, in thousandths.
const SHARE_MILLI: u16 = 20;

/// What may be off between voltage times current and power, in microwatts: 2 % and two steps of each value (their
/// measured spread on healthy meters is below 0.73 %).
fn slack_uw(mv: u32, ma: u32, mva: u32, source: &Source) -> u64 {
    let of = |value: u32, step: u32| u64::from(value) * u64::from(step.min(MOST_STEP));
    let steps = of(mv, source.current_step_ma) + of(ma, source.voltage_step_mv);
    of(mva, SHARE_MILLI.into()) + 2 * (steps + of(1_000, source.power_step_mw))
}

/// A kilovolt, a kiloampere: larger steps are no meter's, and sums of their products fit into 64 bits.
const MOST_STEP: u32 = 1_000_000;

/// Counts readings that can not be, and turns a row of them into an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
struct Row {
    alarm: Toggle,
    count: u8,
}

impl Row {
    const fn new() -> Self {
        Self {
            alarm: Toggle::new(),
            count: 0,
        }
    }

    fn push(
        &mut self,
        code: EventCode,
        at_ms: u64,
        is_wrong: bool,
        value: impl Fn() -> u64,
    ) -> Option<Event> {
        if !is_wrong && !self.alarm.is_on() {
            self.count = 0;
            return None;
        }
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
        let value = i64::try_from(value()).unwrap_or(i64::MAX);
        self.alarm.update(code, at_ms, level, value)
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
        let (mv, ma) = (reading.voltage_mv?, reading.current_ma?);
        let (power, factor) = (reading.power_mw?, reading.power_factor_milli?);
        let moved = self.before_ma.abs_diff(ma) > ma / 5;
        self.before_ma = ma;
        let mva = reading.apparent_mva()?;
        if !source.is_simultaneous || moved || mva < LEAST_MVA {
            return None;
        }
        // In microwatts, which needs no division.
        let share = |milli: u16| u64::from(mva) * u64::from(milli);
        let power_uw = u64::from(power.unsigned_abs()) * 1_000;
        let off_uw = share(factor.unsigned_abs()).abs_diff(power_uw);
        let of_factor = 2 * share(source.power_factor_step_milli);
        // Nearly all are within the share alone, which is less work.
        let is_wrong =
            off_uw > share(SHARE_MILLI) && off_uw > slack_uw(mv, ma, mva, source) + of_factor;
        let value = || off_uw / 1_000;
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
        let (mv, ma) = (reading.voltage_mv?, reading.current_ma?);
        let power = reading.power_mw?.unsigned_abs();
        let mva = reading.apparent_mva()?;
        if !source.is_simultaneous {
            return None;
        }
        let beyond_uw = u64::from(power.saturating_sub(mva)) * 1_000;
        let is_wrong = beyond_uw > 0 && beyond_uw > slack_uw(mv, ma, mva, source);
        let value = || power.into();
        let code = EventCode::ImpossiblePower;
        self.row.push(code, reading.at_ms, is_wrong, value)
    }
}

impl Default for ImpossiblePower {
    fn default() -> Self {
        Self::new()
    }
}
