//! What a step of the meter's own counter means.

use super::register::PER_UWH;
use crate::reading::Source;

/// Steps that can be counted in no time, for where its ends fell.
const ALWAYS: u64 = 2;

/// How a counter got from one value to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Change {
    /// It counted so many steps.
    Counted(u64),
    /// It counted so many steps and started over at its end.
    Wrapped(u64),
    /// It was set to zero, and has counted so many steps since.
    Reset(u64),
    /// It can not have got there.
    Impossible,
}

/// Judges `now` after `before`, when at most `most` steps can have been counted meanwhile, two at least. How many is
/// only asked when it matters.
///
/// A value below the one before is a wrap when both are as near to an end of the counter as `most` allows,
/// a reset when the counter can have got from zero to it, else nonsense. After a long silence `most` allows nearly
/// anything, and a reset in the middle of the range must not become a wrap: only the last sixteenth of a
/// counter is near its end.
#[inline]
pub(crate) fn judge(before: u64, now: u64, most: impl Fn() -> u64, moduli: &[u64]) -> Change {
    match now.checked_sub(before) {
        Some(steps) if steps <= ALWAYS => Change::Counted(steps),
        _ => weigh(before, now, most(), moduli),
    }
}

/// What is more than two steps, or less.
#[inline(never)]
fn weigh(before: u64, now: u64, most: u64, moduli: &[u64]) -> Change {
    if let Some(steps) = now.checked_sub(before) {
        return if steps <= most {
            Change::Counted(steps)
        } else {
            Change::Impossible
        };
    }
    let wrapped = moduli.iter().find_map(|modulus| {
        let to_end = modulus.checked_sub(before)?;
        let steps = to_end.saturating_add(now);
        (steps <= most && to_end <= modulus / 16).then_some(steps)
    });
    match wrapped {
        Some(steps) => Change::Wrapped(steps),
        None if now <= most => Change::Reset(now),
        None => Change::Impossible,
    }
}

/// The steps that an integral of power in half milliwatt-milliseconds gives reason for, half as many more, and two: meters
/// that bring their counter up to date every few minutes are far ahead at once.
#[inline(never)]
pub(crate) fn steps_of(source: &Source, integral: u64) -> u64 {
    let step = u64::from(source.counter_step_uwh.max(1)).saturating_mul(PER_UWH);
    let steps = integral.saturating_add(integral / 2).checked_div(step);
    steps.unwrap_or_default().saturating_add(ALWAYS)
}

/// The most steps a counter can have made in a time: the largest power over it, and two steps for where
/// the ends fell.
#[inline(never)]
pub(crate) fn most_steps(source: &Source, elapsed_ms: u64) -> u64 {
    let power = u64::from(source.max_power_mw);
    let step = 3_600 * u64::from(source.counter_step_uwh.max(1));
    // Products that do not fit are of years at megawatts: anything can have been counted.
    let steps = power
        .checked_mul(elapsed_ms)
        .map_or(u64::MAX, |energy| energy / step);
    steps.saturating_add(ALWAYS)
}
