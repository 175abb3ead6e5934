//! What the driver knows about the chip, without the bus.

use crate::config::Config;
use crate::energy::EnergyTotals;
use crate::error::{Failure, Symptom};
use crate::register::{Events, LINECYC, MODE, Register, Value};
use crate::shadow::Shadow;
use crate::window::Tracker;

/// What happened on the bus so far. The counters wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stats {
    /// Reads of registers.
    pub reads: u32,
    /// Writes of registers.
    pub writes: u32,
    /// Reads whose check sum was wrong, each repeat counted.
    pub checksum_errors: u32,
    /// Writes that did not read back.
    pub read_back_errors: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) shadow: Shadow,
    /// Events that were read and not yet taken.
    pub(crate) pending: Events,
    pub(crate) windows: Option<Tracker>,
    pub(crate) totals: EnergyTotals,
    pub(crate) stats: Stats,
}

/// What MODE reads on a line that hangs at 1.
const ALL_ONES: u16 = <MODE as Register>::Value::STABLE as u16;
/// A reserved bit of STATUS, which no chip sets.
const RESERVED: u32 = 1 << 15;

impl State {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            config,
            shadow: Shadow::new(),
            pending: Events::NONE,
            windows: None,
            totals: EnergyTotals::default(),
            stats: Stats::default(),
        }
    }

    /// Forgets what a reset of the chip makes untrue.
    pub(crate) fn reset(&mut self) {
        self.shadow = Shadow::new();
        self.pending = Events::NONE;
        self.windows = None;
    }

    /// Latches what RSTSTATUS held.
    pub(crate) fn collect(&mut self, raw: u32) -> Result<(), Failure> {
        if raw & RESERVED != 0 {
            return Err(Failure::NotIdentified(Symptom::AllOnes));
        }
        self.pending = self.pending.with(Events::from_raw(raw));
        self.judge_restart()
    }

    /// A chip that has started anew by itself has lost its configuration.
    pub(crate) const fn judge_restart(&self) -> Result<(), Failure> {
        if self.pending.contains(Events::RESET) {
            return Err(Failure::Restarted);
        }
        Ok(())
    }

    /// Takes events out of the latch.
    pub(crate) const fn take(&mut self, which: Events) -> Events {
        let taken = self.pending.common(which);
        self.pending = self.pending.without(taken);
        taken
    }

    /// A register that holds neither all zeros nor all ones: what it reads tells whether the chip is
    /// there and as it was configured.
    pub(crate) fn witness(&self) -> (u8, u16) {
        let mode = self.shadow.get(MODE::ADDRESS);
        let stable = <MODE as Register>::Value::STABLE as u16;
        if mode & stable != 0 {
            (MODE::ADDRESS, mode & stable)
        } else {
            (LINECYC::ADDRESS, self.shadow.get(LINECYC::ADDRESS))
        }
    }

    /// Judges what the witness read.
    pub(crate) fn judge_witness(&self, expected: u16, read: u16) -> Result<(), Failure> {
        match read {
            _ if read == expected => Ok(()),
            0 => Err(Failure::NotIdentified(Symptom::AllZeros)),
            // No MODE that this driver writes has every bit set.
            ALL_ONES => Err(Failure::NotIdentified(Symptom::AllOnes)),
            _ => Err(Failure::Restarted),
        }
    }

    /// What is being measured is not to be used.
    pub(crate) const fn disturb_windows(&mut self) {
        if let Some(tracker) = &mut self.windows {
            tracker.restart();
        }
    }
}
