//! When modules count as gone, and how they are looked for.

use crate::plausibility::FirstFrame;

/// When modules count as gone, and how they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Policy {
    pub(super) offline_after: u8,
    pub(super) retry_ms: u32,
    max_back_off_ms: u32,
    hold_first_frame: bool,
}

impl Policy {
    /// Offline after three misses in a row; asked again after 1, 2, 4 ... 60 s; the first frame
    /// after power-up is held back.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            offline_after: 3,
            retry_ms: 1_000,
            max_back_off_ms: 60_000,
            hold_first_frame: true,
        }
    }

    /// Misses in a row after which a module is [`Offline`](super::Link::Offline); at least one.
    #[must_use]
    pub const fn with_offline_after(mut self, misses: u8) -> Self {
        self.offline_after = if misses == 0 { 1 } else { misses };
        self
    }

    /// Pause after the first miss, doubled with every further one up to `max_ms`.
    #[must_use]
    pub const fn with_back_off_ms(mut self, first_ms: u32, max_ms: u32) -> Self {
        self.retry_ms = first_ms;
        self.max_back_off_ms = max_ms;
        self
    }

    /// Whether a module's first frame waits for a second one that bears it out.
    #[must_use]
    pub const fn with_hold_first_frame(mut self, hold: bool) -> Self {
        self.hold_first_frame = hold;
        self
    }

    pub(super) fn back_off_ms(&self, misses: u16) -> u32 {
        let doublings = u32::from(misses.saturating_sub(1)).min(31);
        self.retry_ms
            .saturating_mul(1 << doublings)
            .min(self.max_back_off_ms)
    }

    pub(super) const fn first_frame(&self) -> FirstFrame {
        if self.hold_first_frame {
            FirstFrame::new()
        } else {
            FirstFrame::open()
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}
