//! The load profile: what flowed in each quarter of an hour, or whatever the interval is.
//!
//! Energies are differences of registers, so that the records of a time add up to what the registers moved
//! in it, exactly.

use crate::energy::{Flags, Registers, Step};
use crate::interval::{Crossing, Intervals};
use crate::quality::Extremes;
use crate::reading::Reading;

/// What is to be known about a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Status(u16);

impl Status {
    /// The interval was not there from its beginning: the first one, or after a restart.
    pub const PARTIAL: Self = Self(1);
    /// Readings were missing in it.
    pub const GAP: Self = Self(1 << 1);
    /// Part of its energy was estimated.
    pub const ESTIMATED: Self = Self(1 << 2);
    /// Whole intervals before this one went by without a reading: its energy is theirs too.
    pub const CATCHES_UP: Self = Self(1 << 3);
    /// The clock was set in it.
    pub const CLOCK_SET: Self = Self(1 << 4);
    /// The counter of the meter was reset, started over or talked nonsense in it.
    pub const COUNTER: Self = Self(1 << 5);
    /// Energy flowed in it that nobody knows and that is in no register.
    pub const OPEN: Self = Self(1 << 6);

    /// Whether all of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The bits, to be stored.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    const fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// One interval of the load profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Record {
    /// When the interval ended, in seconds.
    pub end_s: i64,
    /// Imported energy in milliwatt-hours.
    pub import_mwh: u64,
    /// Exported energy in milliwatt-hours.
    pub export_mwh: u64,
    /// Smallest voltage in millivolts; `None` without one.
    pub voltage_min_mv: Option<u32>,
    /// Mean voltage in millivolts, over the readings.
    pub voltage_mean_mv: Option<u32>,
    /// Largest voltage in millivolts.
    pub voltage_max_mv: Option<u32>,
    /// Largest current in milliamperes.
    pub current_max_ma: Option<u32>,
    /// Readings in the interval.
    pub readings: u16,
    /// What is to be known about it.
    pub status: Status,
}

/// Makes the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Profile {
    pub(crate) intervals: Intervals,
    /// Import and export in milliwatt-hours when the interval began.
    pub(crate) base_mwh: [u64; 2],
    voltage: Extremes,
    /// One more than the largest current, 0 for none.
    current_max: u32,
    readings: u16,
    status: Status,
}

impl Profile {
    /// Intervals of so many seconds, which begin at multiples of that: 900 for quarters of an hour.
    #[must_use]
    pub const fn new(interval_s: u32) -> Self {
        Self {
            intervals: Intervals::new(interval_s),
            base_mwh: [0; 2],
            voltage: Extremes::new(),
            current_max: 0,
            readings: 0,
            status: Status(0),
        }
    }

    /// Goes on after a restart in an interval that began with these registers: its record will be marked as
    /// partial, and its energy is whole.
    pub(crate) const fn resume(&mut self, end_s: i64, base_mwh: [u64; 2]) {
        self.intervals.resume(end_s);
        self.base_mwh = base_mwh;
        self.status.set(Status::PARTIAL);
    }

    /// Takes a reading at a time in seconds, with what it did to the registers. Gives the record of the
    /// interval that has ended with it.
    ///
    /// The energy since the reading before counts to the interval that has ended: that is where most
    /// of it flowed, at a reading a second all but a second's.
    pub fn push(
        &mut self,
        time_s: i64,
        reading: &Reading,
        step: &Step,
        registers: &Registers,
    ) -> Option<Record> {
        let mwh = [registers.import.mwh(), registers.export.mwh()];
        let crossing = self.intervals.advance(time_s);
        // What the step says belongs to the time before the reading.
        self.note(step.flags);
        let record = match crossing {
            Crossing::First => {
                self.begin(mwh);
                self.status.set(Status::PARTIAL);
                None
            }
            Crossing::Same => None,
            Crossing::Ended { end_s, skipped } => {
                if skipped > 0 {
                    self.status.set(Status::CATCHES_UP);
                }
                let length_s = i64::from(self.intervals.length_s());
                let end_s = end_s.saturating_add(i64::from(skipped).saturating_mul(length_s));
                let record = self.close(end_s, mwh);
                self.begin(mwh);
                // What of a gap lies in the new interval is missing there.
                if time_s > end_s {
                    let missing = Flags::GAP.and(Flags::OPEN).and(Flags::CLOCK_SET);
                    self.note(step.flags.only(missing));
                    if skipped > 0 {
                        self.status.set(Status::PARTIAL);
                    }
                }
                Some(record)
            }
            Crossing::Backward { end_s } => {
                self.status.set(Status::CLOCK_SET);
                let record = self.close(end_s, mwh);
                self.begin(mwh);
                self.status.set(Status::PARTIAL);
                Some(record)
            }
        };
        self.readings = self.readings.saturating_add(1);
        if let Some(mv) = reading.voltage_mv {
            self.voltage.push(mv);
        }
        if let Some(ma) = reading.current_ma {
            self.current_max = self.current_max.max(ma.saturating_add(1));
        }
        record
    }

    const fn note(&mut self, flags: Flags) {
        if flags.contains(Flags::GAP) {
            self.status.set(Status::GAP);
        }
        if flags.contains(Flags::ESTIMATED) {
            self.status.set(Status::ESTIMATED);
        }
        if flags.contains(Flags::OPEN) {
            self.status.set(Status::OPEN);
        }
        if flags.contains(Flags::CLOCK_SET) {
            self.status.set(Status::CLOCK_SET);
        }
        if flags.has_any(Flags::WRAP.and(Flags::RESET).and(Flags::GLITCH)) {
            self.status.set(Status::COUNTER);
        }
    }

    const fn begin(&mut self, mwh: [u64; 2]) {
        *self = Self {
            intervals: self.intervals,
            base_mwh: mwh,
            ..Self::new(1)
        };
    }

    fn close(&self, end_s: i64, [import, export]: [u64; 2]) -> Record {
        let [import_base, export_base] = self.base_mwh;
        Record {
            end_s,
            import_mwh: import.saturating_sub(import_base),
            export_mwh: export.saturating_sub(export_base),
            voltage_min_mv: self.voltage.min(),
            voltage_mean_mv: self.voltage.mean(),
            voltage_max_mv: self.voltage.max(),
            current_max_ma: self.current_max.checked_sub(1),
            readings: self.readings,
            status: self.status,
        }
    }
}
