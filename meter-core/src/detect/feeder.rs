//! What a feeder delivers against what its meters count.

use super::alarm::{Level, Toggle};
use super::{Event, EventCode, Method};

/// Compares the energy of a feeder with the sum of its meters over a day: the one check that proves a loss. It is
/// for a gateway, which hears them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FeederBalance {
    /// Losses of the lines, in thousandths of what the feeder delivers.
    pub losses_milli: u16,
    /// Largest error of the feeder's meter in thousandths: 10 for class 1.
    pub feeder_error_milli: u16,
    /// Largest error of the other meters in thousandths.
    pub meter_error_milli: u16,
    alarm: Toggle,
}

impl FeederBalance {
    /// No losses, meters of class 1.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            losses_milli: 0,
            feeder_error_milli: 10,
            meter_error_milli: 10,
            alarm: Toggle::new(),
        }
    }

    /// Takes the energies of the same day in milliwatt-hours. The alarm begins when more is missing than the losses,
    /// and 3 % or what the errors of all meters can make of it, whichever is more. The event's value is
    /// what is missing beyond the losses.
    pub fn push(
        &mut self,
        at_ms: u64,
        feeder_mwh: u64,
        meters_mwh: impl IntoIterator<Item = u64>,
    ) -> Option<Event> {
        let sum = meters_mwh.into_iter().fold(0, u64::saturating_add);
        let milli = |energy: u64, share: u16| u128::from(energy) * u128::from(share) / 1_000;
        let losses = milli(feeder_mwh, self.losses_milli);
        let missing = i128::from(feeder_mwh) - i128::from(sum) - losses.cast_signed();
        let errors =
            milli(feeder_mwh, self.feeder_error_milli) + milli(sum, self.meter_error_milli);
        let allowed = errors.max(milli(feeder_mwh, 30)).cast_signed();
        let value = i64::try_from(missing).unwrap_or(i64::MAX);
        let level = Level::of(missing > allowed);
        let code = EventCode::FeederImbalance;
        let event = self.alarm.update(code, at_ms, level, value)?;
        Some(Event {
            method: Method::Days,
            ..event
        })
    }
}

impl Default for FeederBalance {
    fn default() -> Self {
        Self::new()
    }
}
