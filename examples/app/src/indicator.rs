//! The light: one code at a time, the most urgent there is.

use crate::live::Live;
use crate::platform::{Clock, Led};
use crate::settings::Uplink;

/// What the light says, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Code {
    /// The button is held: let go, or everything is erased.
    Reset,
    /// New firmware is being loaded: leave the supply on.
    Update,
    /// No reading yet since the start.
    Starting,
    /// A meter does not answer.
    NoMeter,
    /// An alarm is on.
    Alarm,
    /// Readings do not get to where they should; they are kept.
    NoNetwork,
    /// All is well.
    Ok,
}

/// So long after the start a meter may take for its first reading.
pub const STARTING_MS: u64 = 20_000;

impl Code {
    /// Of what is known now.
    #[must_use]
    pub fn of(live: &Live, now_ms: u64) -> Self {
        if live.panel.countdown_s.get().is_some() {
            return Self::Reset;
        }
        if live.update_percent.get().is_some() {
            return Self::Update;
        }
        let settings = live.settings.borrow();
        let channels = live.channels.borrow();
        let is_missing = channels
            .iter()
            .any(|channel| channel.fresh(now_ms, settings.interval_ms).is_none());
        if is_missing || channels.is_empty() {
            let is_new = channels.iter().all(|channel| channel.last.is_none());
            return if is_new && now_ms < STARTING_MS {
                Self::Starting
            } else {
                Self::NoMeter
            };
        }
        let is_alarmed = channels.iter().any(|channel| channel.has_alarm());
        if is_alarmed {
            Self::Alarm
        } else if settings.uplink != Uplink::None && !live.uplink.borrow().is_up {
            Self::NoNetwork
        } else {
            Self::Ok
        }
    }

    /// Lengths of its light and dark parts in milliseconds, light first, over and over.
    #[must_use]
    pub const fn pattern(self) -> &'static [u16] {
        match self {
            Self::Reset => &[50, 50],
            Self::Update => &[500, 500],
            Self::Starting => &[1_000, 0],
            Self::NoMeter => &[150, 250, 150, 1_450],
            Self::Alarm => &[125, 125],
            Self::NoNetwork => &[150, 250, 150, 250, 150, 1_050],
            Self::Ok => &[50, 4_950],
        }
    }

    /// Whether the light is on at a time.
    #[must_use]
    pub fn is_on(self, now_ms: u64) -> bool {
        let pattern = self.pattern();
        let period: u64 = pattern.iter().copied().map(u64::from).sum();
        let mut left = now_ms.checked_rem(period).unwrap_or(0);
        let mut is_on = true;
        for part in pattern {
            let part = u64::from(*part);
            if left < part {
                return is_on;
            }
            left -= part;
            is_on = !is_on;
        }
        false
    }
}

/// Shows the present on a light.
pub async fn run(mut led: impl Led, clock: impl Clock, live: &Live) -> ! {
    loop {
        let now_ms = clock.now_ms();
        led.set(Code::of(live, now_ms).is_on(now_ms));
        // All parts of all patterns are multiples of this.
        clock.sleep_until((now_ms / 25 + 1) * 25).await;
    }
}
