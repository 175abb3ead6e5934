//! The mean of several windows at one load.

use crate::scale::{CODE_BITS, Scale};
use crate::window::{Rms, Window};

/// Windows at one load, added up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Average {
    windows: u32,
    rms_windows: u32,
    active: i64,
    apparent: u64,
    reactive: i64,
    additions: u64,
    periods: u64,
    current: u64,
    voltage: u64,
    pub(super) has_reactive: bool,
}

impl Average {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a window.
    pub fn add(&mut self, window: &Window) {
        self.windows += 1;
        self.active += i64::from(window.active);
        self.apparent += u64::from(window.apparent);
        self.has_reactive |= window.reactive.is_some();
        self.reactive += i64::from(window.reactive.unwrap_or_default());
        self.additions += u64::from(window.additions());
        self.periods += u64::from(window.period);
        if let Some(rms) = window.rms {
            self.rms_windows += 1;
            self.current += u64::from(rms.current);
            self.voltage += u64::from(rms.voltage);
        }
    }

    /// How many windows went in.
    #[must_use]
    pub const fn windows(&self) -> u32 {
        self.windows
    }

    /// Mean active power on this scale in microwatts.
    #[must_use]
    pub fn active_uw(&self, scale: &Scale) -> i64 {
        scale.active_uw(self.code(self.active), CODE_BITS)
    }

    /// Mean reactive power on this scale in microvars.
    #[must_use]
    pub fn reactive_uvar(&self, scale: &Scale) -> i64 {
        scale.reactive_uvar(self.code(self.reactive), CODE_BITS, self.period())
    }

    /// Mean apparent power on this scale in microvoltamperes.
    #[must_use]
    pub fn apparent_uva(&self, scale: &Scale) -> i64 {
        let steps = i64::try_from(self.apparent).unwrap_or(i64::MAX);
        scale.apparent_uva(self.code(steps), CODE_BITS, self.period())
    }

    /// Mean rms values; zeros when no window had any.
    #[must_use]
    pub fn rms(&self) -> Rms {
        let mean = |sum: u64| {
            let half = u64::from(self.rms_windows) / 2;
            let mean = (sum + half).checked_div(self.rms_windows.into());
            mean.and_then(|mean| u32::try_from(mean).ok())
                .unwrap_or_default()
        };
        Rms {
            current: mean(self.current),
            voltage: mean(self.voltage),
        }
    }

    /// Mean line period.
    #[must_use]
    pub fn period(&self) -> u16 {
        let mean = (self.periods + u64::from(self.windows) / 2).checked_div(self.windows.into());
        mean.and_then(|mean| u16::try_from(mean).ok())
            .unwrap_or_default()
    }

    pub(super) const fn active_steps(&self) -> i64 {
        self.active
    }

    pub(super) const fn additions(&self) -> u64 {
        self.additions
    }

    /// The mean code of a sum of steps. A window's steps are cut off, by half of one on average.
    fn code(&self, steps: i64) -> i64 {
        let doubled = i128::from(steps) * 2 + i128::from(self.windows);
        let code = (doubled << (24 + CODE_BITS)).checked_div(i128::from(self.additions));
        code.and_then(|code| i64::try_from(code).ok())
            .unwrap_or_default()
    }
}
