//! Demand: the mean power over a period, and the largest one with its time.

use crate::energy::{Flags, Registers};
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
    /// Time and register of the last reading.
    last: (i64, u64),
}

/// Stands for no peak: no period ends then.
const NO_PEAK: Peak = Peak {
    mw: 0,
    end_s: i64::MIN,
};

/// Clocks that are followed step back by as much now and then.
const JITTER_S: i64 = 2;

/// The register at a time between two readings; `None` when they are too far apart to tell.
fn between(before: (i64, u64), now: (i64, u64), time_s: i64, most_s: i64) -> Option<u64> {
    if time_s == now.0 {
        return Some(now.1);
    }
    let elapsed_s = now.0.checked_sub(before.0)?;
    if elapsed_s > most_s {
        return None;
    }
    let part_s = u64::try_from(time_s.checked_sub(before.0)?).ok()?;
    let energy = now.1.saturating_sub(before.1).saturating_mul(part_s);
    let moved = energy.checked_div(u64::try_from(elapsed_s).ok()?)?;
    Some(before.1.saturating_add(moved))
}

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
            last: (i64::MIN, 0),
        }
    }

    /// Goes on after a restart with the largest demand of before.
    pub(crate) const fn resume(&mut self, max: Option<Peak>) {
        if let Some(max) = max {
            self.max = max;
        }
    }

    /// Takes the registers at a time in seconds, and what the reading did. Gives the demand of the period that has
    /// ended, if all of it is known: if it was there from its beginning, and no gap stayed open and no clock was set in
    /// it.
    ///
    /// Where no reading falls on the end of a part, the register is taken to have moved evenly between the two
    /// around it, which are no further apart than half of a period.
    pub fn push(&mut self, time_s: i64, registers: &Registers, flags: Flags) -> Option<Peak> {
        let now = (time_s, registers.import.mwh());
        let before = core::mem::replace(&mut self.last, now);
        let is_broken = flags.has_any(Flags::OPEN.and(Flags::CLOCK_SET))
            || time_s.saturating_add(JITTER_S) < before.0;
        if is_broken {
            self.filled = 0;
        }
        let (end_s, skipped) = match self.intervals.advance(time_s) {
            Crossing::Same => return None,
            // The first part began before anybody looked: periods begin at the next end.
            Crossing::First | Crossing::Backward { .. } => {
                self.filled = 0;
                return None;
            }
            Crossing::Ended { end_s, skipped } => (end_s, skipped),
        };
        let length_s = i64::from(self.intervals.length_s());
        // What flowed in parts that nobody saw can not be told apart.
        if skipped > 0 {
            self.filled = 0;
        }
        let end_s = end_s.saturating_add(i64::from(skipped).saturating_mul(length_s));
        let most_s = length_s.saturating_mul(N as i64) / 2;
        let is_known = !is_broken || end_s == time_s;
        let Some(end_mwh) = between(before, now, end_s, most_s).filter(|_| is_known) else {
            self.filled = 0;
            return None;
        };
        let demand = (usize::from(self.filled) == N).then(|| {
            // The oldest end is where the next one goes.
            let oldest = self.ends_mwh.get(usize::from(self.next));
            let begin_mwh = oldest.copied().unwrap_or(end_mwh);
            let period_s = u64::from(self.intervals.length_s()) * N as u64;
            let energy_mws = end_mwh.saturating_sub(begin_mwh).saturating_mul(3_600);
            Peak {
                mw: energy_mws.checked_div(period_s).unwrap_or_default(),
                end_s,
            }
        });
        self.mark(end_mwh);
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
