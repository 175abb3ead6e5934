//! Loads that are switched.

use crate::reading::Reading;

/// A step of power between two times of quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Edge {
    /// Time of the first reading after the step, in milliseconds.
    pub at_ms: u64,
    /// What was added in milliwatts, negative when it was switched off.
    pub power_mw: i32,
    /// What was added in millivars, of a meter that measures them. Active and reactive power of loads add up;
    /// apparent and non-active power do not (IEEE 1459).
    pub reactive_mvar: Option<i32>,
}

/// Finds loads that are switched on and off: power that is quiet for three readings, moves by more than 15 W and
/// 5 %, and is quiet again. Inrush and ramps between are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Edges {
    /// The level that was quiet last.
    steady_mw: i32,
    steady_mvar: i32,
    /// The level that may become the next.
    candidate_mw: i32,
    candidate_mvar: i32,
    /// When it began, modulo 49 days.
    since_ms: u32,
    /// Readings at the candidate; [`STEADY`] are enough.
    count: u8,
    has_steady: bool,
}

const STEADY: u8 = 3;
const LEAST_MW: u32 = 15_000;

/// Whether two powers are one level.
const fn is_near(a_mw: i32, b_mw: i32) -> bool {
    let a = a_mw.unsigned_abs();
    let b = b_mw.unsigned_abs();
    let percent5 = if a > b { a / 20 } else { b / 20 };
    let slack = if percent5 > LEAST_MW {
        percent5
    } else {
        LEAST_MW
    };
    a_mw.abs_diff(b_mw) <= slack
}

impl Edges {
    /// Nothing known yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            steady_mw: 0,
            steady_mvar: 0,
            candidate_mw: 0,
            candidate_mvar: 0,
            since_ms: 0,
            count: 0,
            has_steady: false,
        }
    }

    /// Takes a reading; gives the edge once the level after it has been there for three readings.
    pub fn push(&mut self, reading: &Reading) -> Option<Edge> {
        let power_mw = reading.power_mw?;
        let mvar = reading.reactive_mvar.unwrap_or_default();
        if self.count == 0 || !is_near(power_mw, self.candidate_mw) {
            self.candidate_mw = power_mw;
            self.candidate_mvar = mvar;
            self.since_ms = reading.at_ms as u32;
            self.count = 1;
            return None;
        }
        if self.count < STEADY {
            self.count += 1;
        }
        if self.count < STEADY {
            return None;
        }
        let (before_mw, before_mvar) = (self.steady_mw, self.steady_mvar);
        // A level follows its slow drift, so that this does not add up to a step.
        let is_step = self.has_steady && !is_near(self.candidate_mw, before_mw);
        self.candidate_mw = power_mw;
        self.candidate_mvar = mvar;
        self.steady_mw = power_mw;
        self.steady_mvar = mvar;
        self.has_steady = true;
        if !is_step {
            return None;
        }
        let ago_ms = (reading.at_ms as u32).wrapping_sub(self.since_ms);
        // A time far ahead is one that stepped back.
        let ago_ms = if ago_ms < 1 << 31 { ago_ms } else { 0 };
        Some(Edge {
            at_ms: reading.at_ms.saturating_sub(ago_ms.into()),
            power_mw: power_mw.saturating_sub(before_mw),
            reactive_mvar: reading
                .reactive_mvar
                .map(|_| mvar.saturating_sub(before_mvar)),
        })
    }
}
