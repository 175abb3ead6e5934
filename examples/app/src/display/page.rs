//! Which page is shown.

/// A page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Page {
    /// Voltage, current, power of a meter.
    Values(u8),
    /// Energy of a meter.
    Energy(u8),
    /// Alarms of all meters.
    Alarms,
    /// Network and uplink.
    Network,
    /// The device itself.
    Device,
}

impl Page {
    /// The pages of a device with so many meters, in order and over and over.
    const fn nth(n: usize, channels: usize) -> Self {
        // A device that does not know its meters yet has a page that says so.
        let channels = if channels == 0 { 1 } else { channels };
        let n = n % (2 * channels + 3);
        if n < 2 * channels {
            let channel = (n / 2) as u8;
            if n.is_multiple_of(2) {
                Self::Values(channel)
            } else {
                Self::Energy(channel)
            }
        } else if n == 2 * channels {
            Self::Alarms
        } else if n == 2 * channels + 1 {
            Self::Network
        } else {
            Self::Device
        }
    }
}

/// Turns pages, by time and by hand.
#[derive(Clone, Copy, Debug)]
pub struct Pager {
    turned: usize,
    since_ms: u64,
}

impl Pager {
    /// At the first page.
    #[must_use]
    pub const fn new(now_ms: u64) -> Self {
        Self {
            turned: 0,
            since_ms: now_ms,
        }
    }

    /// The page for now; each stays for `page_ms`, for ever with 0.
    pub const fn page(&mut self, channels: usize, page_ms: u64, now_ms: u64) -> Page {
        if page_ms > 0 && now_ms.saturating_sub(self.since_ms) >= page_ms {
            self.turn(now_ms);
        }
        Page::nth(self.turned, channels)
    }

    /// Goes to the next page, which then has its whole time.
    pub const fn turn(&mut self, now_ms: u64) {
        self.turned = self.turned.wrapping_add(1);
        self.since_ms = now_ms;
    }
}
