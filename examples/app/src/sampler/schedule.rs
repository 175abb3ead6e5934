//! When to read.

/// Shortest and longest time between readings in milliseconds.
const INTERVALS_MS: (u32, u32) = (1_000, 60_000);

/// Times at multiples of an interval since the start: nothing that happens in between moves them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Schedule {
    start_ms: u64,
    interval_ms: u32,
    next: u64,
    missed: u32,
}

impl Schedule {
    /// From a time on, every so many milliseconds, of which there are 1000 to 60 000.
    #[must_use]
    pub const fn new(start_ms: u64, interval_ms: u32) -> Self {
        Self {
            start_ms,
            interval_ms: allowed(interval_ms),
            next: 0,
            missed: 0,
        }
    }

    /// The next time to read.
    #[must_use]
    pub const fn due_ms(&self) -> u64 {
        let since = self.next.saturating_mul(self.interval_ms as u64);
        self.start_ms.saturating_add(since)
    }

    /// Reading is over at a time: the next one is the next that is not past. Gives how many went by unused since the
    /// start; they are not made up for.
    pub const fn advance(&mut self, now_ms: u64) -> u32 {
        let since = now_ms.saturating_sub(self.start_ms);
        let present = match since.checked_div(self.interval_ms as u64) {
            Some(present) => present,
            None => 0,
        };
        let next = self.next.saturating_add(1);
        self.next = next;
        // One that begins right now is not past.
        let begins_now = self.due_ms() == now_ms;
        if present >= next && !begins_now {
            self.next = present.saturating_add(1);
            let missed = self.next.saturating_sub(next);
            let missed = if missed > u32::MAX as u64 {
                u32::MAX
            } else {
                missed as u32
            };
            self.missed = self.missed.saturating_add(missed);
        }
        self.missed
    }

    /// Another interval: times are counted anew from the last one.
    pub const fn set_interval(&mut self, interval_ms: u32, now_ms: u64) {
        let interval_ms = allowed(interval_ms);
        if interval_ms == self.interval_ms {
            return;
        }
        self.start_ms = now_ms;
        self.interval_ms = interval_ms;
        self.next = 1;
    }
}

const fn allowed(interval_ms: u32) -> u32 {
    let (least, most) = INTERVALS_MS;
    if interval_ms < least {
        least
    } else if interval_ms > most {
        most
    } else {
        interval_ms
    }
}
