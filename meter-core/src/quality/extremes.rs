//! Smallest, mean and largest of a value.

/// Smallest, mean and largest of what was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Extremes {
    sum: u64,
    count: u32,
    min: u32,
    max: u32,
}

impl Extremes {
    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sum: 0,
            count: 0,
            min: u32::MAX,
            max: 0,
        }
    }

    /// Takes a value; after four billion of them the mean stays what it is.
    pub const fn push(&mut self, value: u32) {
        if self.count < u32::MAX {
            // Four billion 32-bit numbers fit into 64 bits.
            self.sum += value as u64;
            self.count += 1;
        }
        if value < self.min {
            self.min = value;
        }
        if value > self.max {
            self.max = value;
        }
    }

    /// The smallest value.
    #[must_use]
    pub const fn min(&self) -> Option<u32> {
        if self.count == 0 {
            None
        } else {
            Some(self.min)
        }
    }

    /// The mean, rounded down.
    #[must_use]
    pub const fn mean(&self) -> Option<u32> {
        match self.sum.checked_div(self.count as u64) {
            // A mean of 32-bit numbers is one.
            Some(mean) => Some(mean as u32),
            None => None,
        }
    }

    /// The largest value.
    #[must_use]
    pub const fn max(&self) -> Option<u32> {
        if self.count == 0 {
            None
        } else {
            Some(self.max)
        }
    }

    /// How many values there were.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }
}

impl Default for Extremes {
    fn default() -> Self {
        Self::new()
    }
}
