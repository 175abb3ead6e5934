//! How much of the time the supply was as EN 50160 wants it.

use super::Extremes;
use crate::reading::Reading;

/// Ten-minute means of the voltage and ten-second means of the frequency, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SupplyCounts {
    /// Ten-minute means of the voltage.
    pub voltages: u32,
    /// Those within ±10 % of nominal: 95 % of a week should be.
    pub voltages_within_10: u32,
    /// Those within +10/−15 %: all should be.
    pub voltages_within_15: u32,
    /// Ten-second means of the frequency.
    pub frequencies: u32,
    /// Those within ±1 %: 99.5 % of a year should be.
    pub frequencies_within_1: u32,
    /// Those within +4/−6 %: all should be.
    pub frequencies_within_6: u32,
}

/// Makes the counts. Ten minutes with an interruption are left out, as the standard has it, and those whose end nobody
/// saw within a minute. A restart begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Supply {
    voltage: Extremes,
    /// When the ten minutes began, in milliseconds modulo 49 days.
    begin_ms: u32,
    counts: SupplyCounts,
}

const WINDOW_MS: u32 = 600_000;

impl SupplyCounts {
    /// Nothing counted.
    pub const ZERO: Self = Self {
        voltages: 0,
        voltages_within_10: 0,
        voltages_within_15: 0,
        frequencies: 0,
        frequencies_within_1: 0,
        frequencies_within_6: 0,
    };

    /// Whether the voltage was as EN 50160 wants it; `None` before a week (1008 means) has been seen.
    #[must_use]
    pub const fn is_voltage_compliant(&self) -> Option<bool> {
        if self.voltages < 1_008 {
            return None;
        }
        let within = self.voltages_within_10 as u64 * 100 >= self.voltages as u64 * 95;
        Some(within && self.voltages_within_15 == self.voltages)
    }
}

impl Supply {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            voltage: Extremes::new(),
            begin_ms: 0,
            counts: SupplyCounts::ZERO,
        }
    }

    /// What was counted since the last [`reset`](Self::reset).
    #[must_use]
    pub const fn counts(&self) -> &SupplyCounts {
        &self.counts
    }

    /// Begins anew, as at the end of a week, and gives what was counted.
    pub const fn reset(&mut self) -> SupplyCounts {
        let counts = self.counts;
        self.counts = SupplyCounts::ZERO;
        counts
    }

    /// Takes a reading, and the mean of ten seconds that [`Frequency`](super::Frequency) has given with it.
    pub fn push(
        &mut self,
        reading: &Reading,
        nominal_mv: u32,
        mean_mhz: Option<u32>,
        nominal_mhz: u32,
    ) {
        if let Some(mhz) = mean_mhz {
            let is_within = |below, above| within(mhz, nominal_mhz, below, above);
            let counts = &mut self.counts;
            count(&mut counts.frequencies, true);
            count(&mut counts.frequencies_within_1, is_within(1, 1));
            count(&mut counts.frequencies_within_6, is_within(6, 4));
        }
        let Some(mv) = reading.voltage_mv else {
            return;
        };
        let now_ms = reading.at_ms as u32;
        if self.voltage.count() == 0 {
            self.begin_ms = now_ms;
        }
        let elapsed_ms = now_ms.wrapping_sub(self.begin_ms);
        if elapsed_ms >= WINDOW_MS {
            let (mean, min) = (self.voltage.mean(), self.voltage.min());
            self.begin_ms = now_ms;
            self.voltage = Extremes::new();
            if let (Some(mean), Some(min)) = (mean, min)
                && elapsed_ms <= WINDOW_MS + WINDOW_MS / 10
                && u64::from(min) * 20 >= u64::from(nominal_mv)
            {
                let counts = &mut self.counts;
                count(&mut counts.voltages, true);
                count(
                    &mut counts.voltages_within_10,
                    within(mean, nominal_mv, 10, 10),
                );
                count(
                    &mut counts.voltages_within_15,
                    within(mean, nominal_mv, 15, 10),
                );
            }
        }
        self.voltage.push(mv);
    }
}

impl Default for Supply {
    fn default() -> Self {
        Self::new()
    }
}

const fn count(counter: &mut u32, is_one: bool) {
    if is_one {
        *counter = counter.saturating_add(1);
    }
}

/// Whether a value is no more than so many percent below or above nominal.
const fn within(value: u32, nominal: u32, below: u64, above: u64) -> bool {
    let (value, nominal) = (value as u64 * 100, nominal as u64);
    value >= nominal * (100 - below) && value <= nominal * (100 + above)
}
