//! What is the same for all readings of a meter.

use crate::reading::Source;

/// What is the same for all readings of a meter, and for all meters of a kind: it is kept once and lent to each
/// [`push`](super::EnergyMeter::push).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    /// The meter the readings come from.
    pub source: Source,
    /// Readings further apart than this leave a gap, in milliseconds. A day at most.
    pub gap_ms: u32,
    /// Gaps up to this are bridged by the mean of the powers at their ends where there is no counter;
    /// longer ones stay open. 24 days at most.
    pub bridge_ms: u32,
    /// The longest time the meter can have counted while this program did not run, when no clock
    /// tells: a bound for what is believed of its counter after a restart.
    pub outage_ms: u64,
}

/// A day without readings is a gap, whatever the configuration says.
const MOST_GAP_MS: u32 = 86_400_000;
/// Nothing is bridged over 24 days, so that a power over it fits into 63 bits.
const MOST_BRIDGE_MS: u32 = i32::MAX.unsigned_abs();

impl Config {
    /// Gaps from 10 s on, bridged up to 5 minutes; a month of outage.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        Self {
            source,
            gap_ms: 10_000,
            bridge_ms: 300_000,
            outage_ms: 31 * 86_400_000,
        }
    }

    /// Whether the meter counts energy by itself.
    pub(super) const fn is_counting(&self) -> bool {
        self.source.counter_step_uwh > 0
    }

    pub(super) fn is_gap(&self, elapsed_ms: u32) -> bool {
        elapsed_ms > self.gap_ms.min(MOST_GAP_MS)
    }

    /// Whether a gap of that length is bridged.
    pub(super) fn is_bridged(&self, elapsed_ms: u32) -> bool {
        elapsed_ms <= self.bridge_ms.min(MOST_BRIDGE_MS)
    }
}
