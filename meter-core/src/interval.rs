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
    /// When the present interval ends.
    end_s: i64,
}

/// No interval has begun.
const NONE: i64 = i64::MIN;

impl Intervals {
    pub(crate) const fn new(length_s: u32) -> Self {
        Self {
            length_s: if length_s == 0 { 1 } else { length_s },
            end_s: NONE,
        }
    }

    /// Goes on in the interval that ends then, as [`end_s`](Self::end_s) gave it.
    pub(crate) const fn resume(&mut self, end_s: i64) {
        self.end_s = end_s;
    }

    /// The end of the interval that is going on, if one is.
    pub(crate) const fn end_s(&self) -> Option<i64> {
        match self.end_s {
            NONE => None,
            end_s => Some(end_s),
        }
    }

    pub(crate) const fn length_s(&self) -> u32 {
        self.length_s
    }

    /// Goes on to a time in seconds.
    pub(crate) const fn advance(&mut self, time_s: i64) -> Crossing {
        let length = self.length_s as i64;
        let before = self.end_s;
        if time_s < before && time_s >= before.saturating_sub(length) {
            return Crossing::Same;
        }
        // A length of 0 is not let in; the compiler does not know that.
        let Some(now) = time_s.checked_div_euclid(length) else {
            return Crossing::Same;
        };
        self.end_s = now.saturating_add(1).saturating_mul(length);
        if before == NONE {
            Crossing::First
        } else if self.end_s <= before {
            Crossing::Backward { end_s: before }
        } else {
            let skipped = match self.end_s.abs_diff(before).checked_div(length as u64) {
                Some(intervals) => intervals.saturating_sub(1),
                None => 0,
            };
            Crossing::Ended {
                end_s: before,
                skipped: if skipped > u32::MAX as u64 {
                    u32::MAX
                } else {
                    skipped as u32
                },
            }
        }
    }
}
