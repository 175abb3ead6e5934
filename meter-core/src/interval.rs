//! Time cut into intervals that begin at multiples of their length.

/// How a time lies to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crossing {
    /// There was none before.
    First,
    /// In the same interval.
    Same,
    /// The interval has ended, and so many after it went by without a reading.
    Ended {
        /// When it ended, in seconds.
        end_s: i64,
        /// Intervals without a reading.
        skipped: u32,
    },
    /// The clock was set back to an interval before.
    Backward {
        /// When the interval would have ended.
        end_s: i64,
    },
}

/// Follows intervals through time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Intervals {
    length_s: u32,
    present: i64,
}

/// An interval that no time is in.
const NONE: i64 = i64::MIN;

impl Intervals {
    pub(crate) const fn new(length_s: u32) -> Self {
        Self {
            length_s: if length_s == 0 { 1 } else { length_s },
            present: NONE,
        }
    }

    /// Goes on in an interval, as [`present`](Self::present) gave it.
    pub(crate) const fn resume(&mut self, present: i64) {
        self.present = present;
    }

    /// The number of the interval that is going on.
    pub(crate) const fn present(&self) -> i64 {
        self.present
    }

    pub(crate) const fn length_s(&self) -> u32 {
        self.length_s
    }

    /// Goes on to a time in seconds.
    pub(crate) const fn advance(&mut self, time_s: i64) -> Crossing {
        let length = self.length_s as i64;
        // A length of 0 is not let in; the compiler does not know that.
        let Some(now) = time_s.checked_div_euclid(length) else {
            return Crossing::Same;
        };
        let before = self.present;
        self.present = now;
        if before == NONE {
            return Crossing::First;
        }
        let end_s = before.saturating_add(1).saturating_mul(length);
        if now == before {
            Crossing::Same
        } else if now < before {
            Crossing::Backward { end_s }
        } else {
            let skipped = now.abs_diff(before) - 1;
            Crossing::Ended {
                end_s,
                skipped: if skipped > u32::MAX as u64 {
                    u32::MAX
                } else {
                    skipped as u32
                },
            }
        }
    }
}
