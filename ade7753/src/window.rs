//! Line-cycle windows: everything the chip has measured over the same half cycles.

use crate::error::Failure;

/// Length of a line-cycle window in half cycles.
///
/// The register that takes the energy of a window overflows without notice, so the length is bounded:
/// with both inputs clipping, the current a square wave and WGAIN at its largest (6 290 571 LPF2
/// codes), [`MAX`](Self::MAX) half cycles stay below half of 2^24 down to a mains frequency of 40 Hz.
/// Below that, [`Failure::EnergyOverflow`] is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LineCycles(u16);

impl LineCycles {
    /// The longest window, 40 s at 50 Hz.
    pub const MAX: Self = Self(4_000);

    /// A window of so many half cycles; `None` for 0 and beyond [`MAX`](Self::MAX).
    #[must_use]
    pub const fn new(half_cycles: u16) -> Option<Self> {
        if half_cycles == 0 || half_cycles > Self::MAX.0 {
            return None;
        }
        Some(Self(half_cycles))
    }

    /// The window nearest to `ms` milliseconds at mains of `mains_hz`, within 1 and
    /// [`MAX`](Self::MAX) half cycles.
    #[must_use]
    pub const fn from_ms(ms: u32, mains_hz: u8) -> Self {
        let half_cycles = (ms as u64 * mains_hz as u64 * 2 + 500) / 1_000;
        if half_cycles == 0 {
            Self(1)
        } else if half_cycles > Self::MAX.0 as u64 {
            Self::MAX
        } else {
            Self(half_cycles as u16)
        }
    }

    /// Half cycles.
    #[must_use]
    pub const fn half_cycles(self) -> u16 {
        self.0
    }
}

/// Additions of the largest code the chip can make (2^22 times the largest WGAIN and APOS) that stay
/// within 23 bits of LAENERGY, of which one is 2^25.
const MAX_ADDITIONS: u32 = ((1u64 << 48) / 6_290_571) as u32;

/// What the chip measured in one window, in its own units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Window {
    /// LAENERGY.
    pub active: i32,
    /// LVAENERGY.
    pub apparent: u32,
    /// LVARENERGY; an ADE7763 has none.
    pub reactive: Option<i32>,
    /// Rms values around the zero crossing that ended the window; `None` when the end was noticed
    /// too late for that.
    pub rms: Option<Rms>,
    /// PERIOD: length of a line cycle, 8/CLKIN a step.
    pub period: u16,
    /// Length of the window.
    pub half_cycles: u16,
}

impl Window {
    /// Additions in the window, one in 4/CLKIN: the half cycles times PERIOD.
    #[must_use]
    pub const fn additions(&self) -> u32 {
        self.half_cycles as u32 * self.period as u32
    }

    /// Length of the window in microseconds.
    #[must_use]
    pub const fn duration_us(&self, clkin_hz: u32) -> u32 {
        match (self.additions() as u64 * 4_000_000).checked_div(clkin_hz as u64) {
            Some(us) if us <= u32::MAX as u64 => us as u32,
            _ => u32::MAX,
        }
    }
}

/// IRMS and VRMS: the mean of what they read at a zero crossing and a quarter of a cycle later.
///
/// Both registers ripple at twice the mains frequency by about 1 %. At the zero crossing alone they
/// would be steady, but off by an amount that goes with the power factor; a quarter of a cycle later
/// the ripple is as large the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rms {
    /// IRMS.
    pub current: u32,
    /// VRMS.
    pub voltage: u32,
}

impl Rms {
    /// The mean of two.
    #[must_use]
    pub const fn mean(self, other: Self) -> Self {
        Self {
            current: self.current.midpoint(other.current),
            voltage: self.voltage.midpoint(other.voltage),
        }
    }
}

/// A quarter of a cycle in microseconds.
pub(crate) const fn quarter_us(period: u16, clkin_hz: u32) -> u32 {
    match (period as u64 * 2_000_000).checked_div(clkin_hz as u64) {
        Some(us) => us as u32,
        None => 0,
    }
}

/// Rms registers are read so soon after they are due, or not at all: their ripple has moved on by 0.2 %
/// then.
const FRESH_US: u32 = 500;
/// Half a cycle of the slowest mains there is, 40 Hz.
const LONGEST_HALF_CYCLE_US: u32 = 12_500;
/// Time in which the chip finds its zero crossings.
const SETTLING_US: u32 = 2_000_000;

/// What a poll for the end of a window has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poll {
    /// Nothing: time has to go by.
    Nothing,
    /// Look whether a window has ended.
    Look,
    /// The window is complete but for its rms values, which are due now.
    ReadRms(Window, Rms),
    /// Nothing is missing.
    Ready(Window),
}

/// What the end of a window asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// There is none yet.
    Waiting,
    /// No zero crossing for far too long.
    Late,
    /// It is not to be used.
    Dropped,
    /// Read it.
    Read {
        /// Whether the zero crossing is near enough for rms values.
        fresh: bool,
        /// Time since the end of the window before.
        elapsed_us: u32,
    },
}

/// A window that was read, and when the second half of its rms values is due.
#[derive(Clone, Copy, Debug)]
struct Open {
    window: Window,
    due_us: u32,
}

/// Follows the windows of a chip through time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tracker {
    length: LineCycles,
    /// The first window after a start has begun at no zero crossing.
    drops_next: bool,
    ended_us: Option<u32>,
    polled_us: Option<u32>,
    open: Option<Open>,
}

impl Tracker {
    pub(crate) const fn new(length: LineCycles) -> Self {
        Self {
            length,
            drops_next: true,
            ended_us: None,
            polled_us: None,
            open: None,
        }
    }

    pub(crate) const fn length(&self) -> LineCycles {
        self.length
    }

    /// The present window is not to be used.
    pub(crate) const fn restart(&mut self) {
        *self = Self::new(self.length);
    }

    /// The IRQ pin fell at this time.
    pub(crate) const fn interrupted(&mut self, now_us: u32) {
        self.polled_us = Some(now_us);
    }

    /// Time until the window that was read is complete.
    #[cfg(feature = "async")]
    pub(crate) const fn due_in_us(&self, now_us: u32) -> Option<u32> {
        match &self.open {
            Some(open) => Some(match open.due_us.wrapping_sub(now_us) {
                us if us < 1 << 31 => us,
                _ => 0,
            }),
            None => None,
        }
    }

    /// What to do at this time.
    pub(crate) fn poll(&mut self, now_us: u32) -> Poll {
        let Some(Open { mut window, due_us }) = self.open else {
            return Poll::Look;
        };
        let late_us = now_us.wrapping_sub(due_us);
        match window.rms {
            Some(_) if late_us > u32::MAX / 2 => return Poll::Nothing,
            Some(rms) if late_us <= FRESH_US => {
                self.open = None;
                return Poll::ReadRms(window, rms);
            }
            _ => window.rms = None,
        }
        self.open = None;
        Poll::Ready(window)
    }

    /// Takes the time of a look, and whether it found the end of a window.
    pub(crate) fn look(&mut self, ended: bool, now_us: u32) -> End {
        let before_us = self.polled_us.replace(now_us);
        let since_us = *self.ended_us.get_or_insert(now_us);
        let elapsed_us = now_us.wrapping_sub(since_us);
        if !ended {
            let longest = u32::from(self.length.0) * LONGEST_HALF_CYCLE_US + SETTLING_US;
            return if elapsed_us > longest {
                End::Late
            } else {
                End::Waiting
            };
        }
        let unwatched_us = before_us.map_or(u32::MAX, |before| now_us.wrapping_sub(before));
        if core::mem::take(&mut self.drops_next) {
            // It ended at some time since the poll before.
            self.ended_us = Some(now_us.wrapping_sub(unwatched_us.min(elapsed_us) / 2));
            return End::Dropped;
        }
        let fresh = unwatched_us <= FRESH_US;
        End::Read { fresh, elapsed_us }
    }

    /// Takes a window that was read, which the next poll may deliver; `again` tells that the next one
    /// ended meanwhile.
    pub(crate) fn take(
        &mut self,
        window: Window,
        elapsed_us: u32,
        again: bool,
        clkin_hz: u32,
    ) -> Result<(), Failure> {
        if again {
            self.ended_us = self.polled_us;
            // Some registers are of this window, some of the next, which the next poll finds whole.
            return Err(Failure::WindowsLost { missed: 1 });
        }
        if window.period == 0 {
            return Err(Failure::NoMains);
        }
        if window.additions() > MAX_ADDITIONS {
            return Err(Failure::EnergyOverflow);
        }
        let length_us = window.duration_us(clkin_hz).max(1);
        // The registers are of the last window that ended. Mains that are a little slow must not make
        // a window out of nothing.
        let ended = (elapsed_us.saturating_add(length_us / 16) / length_us).max(1);
        let since_us = self.ended_us.unwrap_or_default();
        let end_us = if window.rms.is_some() {
            since_us.wrapping_add(elapsed_us)
        } else {
            // Noticed late: where it must have been.
            since_us.wrapping_add(length_us.saturating_mul(ended).min(elapsed_us))
        };
        self.ended_us = Some(end_us);
        self.open = Some(Open {
            window,
            due_us: end_us.wrapping_add(quarter_us(window.period, clkin_hz)),
        });
        match ended - 1 {
            0 => Ok(()),
            missed => Err(Failure::WindowsLost {
                missed: u16::try_from(missed).unwrap_or(u16::MAX),
            }),
        }
    }
}
