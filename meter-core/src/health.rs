//! How the meter itself is: what a device sends along so that somebody can look after it.

/// Why the device started last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ResetCause {
    /// It does not tell.
    #[default]
    Unknown,
    /// The supply came.
    PowerOn,
    /// The supply was too low.
    BrownOut,
    /// The watchdog was not fed.
    Watchdog,
    /// The program asked for it.
    Software,
    /// The program failed.
    Panic,
    /// From sleep.
    Wake,
}

/// Counts of something that is tried again and again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Tries {
    /// How often it went well.
    pub good: u32,
    /// How often it did not.
    pub failed: u32,
}

impl Tries {
    /// Counts one more.
    pub const fn count(&mut self, is_good: bool) {
        if is_good {
            self.good = self.good.saturating_add(1);
        } else {
            self.failed = self.failed.saturating_add(1);
        }
    }

    /// Share of good ones in thousandths, rounded down; `None` before the first.
    #[must_use]
    pub const fn success_milli(self) -> Option<u16> {
        let all = self.good as u64 + self.failed as u64;
        match (self.good as u64 * 1_000).checked_div(all) {
            // No more than a thousand.
            Some(milli) => Some(milli as u16),
            None => None,
        }
    }
}

/// Why polls of the meter failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PollErrors {
    /// Nothing came back.
    pub no_reply: u32,
    /// What came back was damaged.
    pub garbled: u32,
    /// The meter refused.
    pub refused: u32,
    /// What it said can not be.
    pub implausible: u32,
}

/// Everything a device knows of itself. What it can not measure is `None`, never 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Health {
    /// Seconds since the device started.
    pub uptime_s: u32,
    /// How often it has started.
    pub boots: u32,
    /// Why it started last.
    pub reset_cause: ResetCause,
    /// Polls of the meter.
    pub polls: Tries,
    /// Why some failed.
    pub poll_errors: PollErrors,
    /// Uploads.
    pub uploads: Tries,
    /// Records that wait to be uploaded.
    pub queue_depth: u32,
    /// Pages of flash that were erased since the device was made.
    pub flash_erases: u32,
    /// Free heap in bytes.
    pub heap_free: Option<u32>,
    /// The least there was since the start.
    pub heap_least: Option<u32>,
    /// Bytes of stack that were used at most.
    pub stack_most: Option<u32>,
    /// What the clock was off when it was set last, in milliseconds.
    pub clock_offset_ms: Option<i32>,
    /// Voltage of the battery in millivolts.
    pub battery_mv: Option<u16>,
    /// Temperature in hundredths of a degree Celsius.
    pub temperature_centi_c: Option<i16>,
    /// Strength of the radio signal in dBm.
    pub rssi_dbm: Option<i8>,
}
