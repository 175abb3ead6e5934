//! How long to wait before the next try.

/// Waits that double from one second to five minutes, each shortened at random by up to half, so that thousands of
/// devices do not come back in step after an outage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u8,
}

impl Backoff {
    /// The first wait at most, in milliseconds.
    pub const FIRST_MS: u64 = 1_000;
    /// No wait is longer, in milliseconds.
    pub const LONGEST_MS: u64 = 300_000;

    /// Nothing has failed.
    #[must_use]
    pub const fn new() -> Self {
        Self { failures: 0 }
    }

    /// One more failure; gives how long to wait in milliseconds, with 32 random bits.
    #[must_use]
    pub const fn failed(&mut self, random: u32) -> u64 {
        let doubled = Self::FIRST_MS << if self.failures > 9 { 9 } else { self.failures };
        let most = if doubled > Self::LONGEST_MS {
            Self::LONGEST_MS
        } else {
            doubled
        };
        self.failures = self.failures.saturating_add(1);
        // A share of the half, from none to nearly all of it.
        most - ((most / 2 * random as u64) >> 32)
    }

    /// Failures since it last went well.
    #[must_use]
    pub const fn failures(&self) -> u8 {
        self.failures
    }

    /// It went well: the next failure waits the shortest time.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
    }
}
