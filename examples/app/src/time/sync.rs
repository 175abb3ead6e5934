//! When to ask which server, and what to believe.

use crate::live::{TimeSource, TimeState};

/// Before 2024 nobody has this program, and from 2100 on the calendar of a DS3231 is wrong.
const PLAUSIBLE_MS: core::ops::Range<i64> = 1_704_067_200_000..4_102_444_800_000;
/// The time between two good answers.
const PERIOD_MS: u64 = 3_600_000;
/// The first pause after an answer that did not come, doubled with each further one (RFC 4330, section 10: no
/// server is asked more often than every 15 seconds).
const FIRST_PAUSE_MS: u64 = 15_000;
const LONGEST_PAUSE_MS: u64 = 900_000;
/// The other server is asked after this, where there is one.
const TURN_MS: u64 = 2_000;
/// Without a network nobody is asked.
const OFFLINE_MS: u64 = 5_000;
/// A server that contradicts one before by more than this needs a second one that agrees with it.
const DOUBT_MS: u64 = 600_000;
/// Two servers agree within this.
const AGREE_MS: u64 = 5_000;
/// A change of less is none that anybody has to know of.
const STEP_MS: u64 = 1_000;

/// Whether a time in milliseconds since 1970 can be now.
#[must_use]
pub fn is_plausible(utc_ms: i64) -> bool {
    PLAUSIBLE_MS.contains(&utc_ms)
}

/// What comes of a time somebody told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Change {
    /// The time as it is now.
    pub time: TimeState,
    /// By how much it was moved, in milliseconds; 0 when nobody knew it before.
    pub step_ms: i64,
    /// Whether somebody has to know of it.
    pub is_step: bool,
}

/// Moves the time to what a source tells at a time since the start.
#[must_use]
pub fn change(before: TimeState, source: TimeSource, utc_ms: i64, now_ms: u64) -> Change {
    let offset_ms = utc_ms.saturating_sub_unsigned(now_ms);
    let step_ms = before
        .offset_ms
        .map_or(0, |before_ms| offset_ms.saturating_sub(before_ms));
    Change {
        time: TimeState {
            offset_ms: Some(offset_ms),
            source,
        },
        step_ms,
        is_step: before.offset_ms.is_none() || step_ms.unsigned_abs() >= STEP_MS,
    }
}

/// Follows the servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sync {
    /// Whose turn it is.
    server: u8,
    /// Answers that did not come since the last one that did.
    failures: u8,
    /// A time that contradicts what was known, less the time since the start.
    doubt_ms: Option<i64>,
}

impl Sync {
    /// Nobody was asked yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            server: 0,
            failures: 0,
            doubt_ms: None,
        }
    }

    /// Whose turn it is.
    #[must_use]
    pub const fn server(&self) -> u8 {
        self.server
    }

    const fn turn(&mut self) {
        self.server ^= 1;
    }

    /// A server told a time. Gives what comes of it, and when to ask again.
    pub fn answered(
        &mut self,
        before: TimeState,
        utc_ms: i64,
        now_ms: u64,
    ) -> (Option<Change>, u64) {
        if !is_plausible(utc_ms) {
            return (None, self.failed(now_ms));
        }
        let change = change(before, TimeSource::Server, utc_ms, now_ms);
        let offset_ms = utc_ms.saturating_sub_unsigned(now_ms);
        let contradicts =
            before.source == TimeSource::Server && change.step_ms.unsigned_abs() > DOUBT_MS;
        let is_borne_out = self
            .doubt_ms
            .is_some_and(|doubt_ms| doubt_ms.abs_diff(offset_ms) <= AGREE_MS);
        if contradicts && !is_borne_out {
            self.doubt_ms = Some(offset_ms);
            self.turn();
            return (None, now_ms.saturating_add(FIRST_PAUSE_MS));
        }
        *self = Self {
            server: self.server,
            ..Self::new()
        };
        (Some(change), now_ms.saturating_add(PERIOD_MS))
    }

    /// A server told nothing, or nonsense. Gives when to ask again, the other one then.
    pub const fn failed(&mut self, now_ms: u64) -> u64 {
        self.turn();
        let round = self.failures / 2;
        let is_second = self.failures % 2 == 1;
        self.failures = self.failures.saturating_add(1);
        if !is_second {
            return now_ms.saturating_add(TURN_MS);
        }
        let doublings = if round > 6 { 6 } else { round };
        let pause_ms = FIRST_PAUSE_MS << doublings;
        let pause_ms = if pause_ms > LONGEST_PAUSE_MS {
            LONGEST_PAUSE_MS
        } else {
            pause_ms
        };
        now_ms.saturating_add(pause_ms)
    }

    /// There is no network. Gives when to try again.
    #[must_use]
    pub const fn offline(&self, now_ms: u64) -> u64 {
        now_ms.saturating_add(OFFLINE_MS)
    }
}
