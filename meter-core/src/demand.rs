//! Demand: the mean power over a period, and the largest one with its time.

use crate::energy::Registers;
use crate::interval::{Crossing, Intervals};

/// A demand and when its period ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Peak {
    /// Mean imported power in milliwatts.
    pub mw: u64,
    /// End of the period in seconds.
    pub end_s: i64,
}

/// Mean imported power over a period that moves on by one of `N` parts at a time: with `N` of 1 in blocks, else
/// sliding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Demand<const N: usize> {
    intervals: Intervals,
    /// The register at the ends of the last parts, in a ring: where the next one goes, and how many are
    /// there.
    ends_mwh: [u64; N],
    next: u8,
    filled: u8,
    max: Peak,
}

/// Stands for no peak: no period ends then.
const NO_PEAK: Peak = Peak {
    mw: 0,
    end_s: i64::MIN,
};

impl<const N: usize> Demand<N> {
    /// A period of so many seconds: 900 or 1800 as contracts have it. It should be a multiple of `N`.
    #[must_use]
    pub const fn new(period_s: u32) -> Self {
        const { assert!(N > 0 && N < 256, "a period has 1 to 255 parts") };
        Self {
            intervals: Intervals::new(period_s / N as u32),
            ends_mwh: [0; N],
            next: 0,
            filled: 0,
            max: NO_PEAK,
        }
    }

    /// Goes on after a restart with the largest demand of before.
    pub(crate) const fn resume(&mut self, max: Option<Peak>) {
        if let Some(max) = max {
            self.max = max;
        }
    }

    /// Takes the registers at a time in seconds. Gives the demand of the period that has ended, if it was there
    /// from its beginning.
    pub fn push(&mut self, time_s: i64, registers: &Registers) -> Option<Peak> {
        let now_mwh = registers.import.mwh();
        let end_s = match self.intervals.advance(time_s) {
            Crossing::Same => return None,
            // The first part began before anybody looked: periods begin at the next end.
            Crossing::First => {
                self.filled = 0;
                return None;
            }
            // What flowed in parts that nobody saw can not be told apart.
            Crossing::Ended { skipped, .. } if skipped > 0 => {
                self.filled = 0;
                self.mark(now_mwh);
                return None;
            }
            Crossing::Backward { .. } => {
                self.filled = 0;
                return None;
            }
            Crossing::Ended { end_s, .. } => end_s,
        };
        let demand = (usize::from(self.filled) == N).then(|| {
            // The oldest end is where the next one goes.
            let begin_mwh = self
                .ends_mwh
                .get(usize::from(self.next))
                .copied()
                .unwrap_or(now_mwh);
            let period_s = u64::from(self.intervals.length_s()) * N as u64;
            let energy_mws = now_mwh.saturating_sub(begin_mwh).saturating_mul(3_600);
            Peak {
                mw: energy_mws.checked_div(period_s).unwrap_or_default(),
                end_s,
            }
        });
        self.mark(now_mwh);
        if let Some(peak) = demand
            && self.max().is_none_or(|max| peak.mw > max.mw)
        {
            self.max = peak;
        }
        demand
    }

    /// The largest demand since the last [`reset`](Self::reset).
    #[must_use]
    pub const fn max(&self) -> Option<Peak> {
        if self.max.end_s == NO_PEAK.end_s {
            None
        } else {
            Some(self.max)
        }
    }

    /// Forgets the largest demand and gives it, as at the end of a billing period.
    pub const fn reset(&mut self) -> Option<Peak> {
        let max = self.max();
        self.max = NO_PEAK;
        max
    }

    /// Remembers the register at the end of a part.
    fn mark(&mut self, now_mwh: u64) {
        if let Some(slot) = self.ends_mwh.get_mut(usize::from(self.next)) {
            *slot = now_mwh;
        }
        let parts = N as u8;
        self.next = if self.next + 1 < parts {
            self.next + 1
        } else {
            0
        };
        self.filled = self.filled.saturating_add(1).min(parts);
    }
}
