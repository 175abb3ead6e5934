//! Each fault as a change of readings.

use meter_core::{CounterReading, Reading};
use meter_sim::random::Random;

use crate::evaluation::recording::Recording;

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The counter starts over at this value.
    Wrap(u64),
    /// The counter is set to zero and counts on.
    Reset,
    /// One reading shows a counter that is far ahead.
    GlitchUp,
    /// One reading shows a counter of zero.
    GlitchToZero,
    /// In one reading the bytes of the counter's low word are swapped, or its words.
    SwappedBytes,
    /// Nobody reads for so many seconds; the counter goes on.
    Gap(u64),
    /// The same, of a meter that has none.
    GapWithoutCounter(u64),
    /// Readings repeat for twice the time that is tolerated.
    Frozen,
    /// The counter counts every second watt-hour.
    HalfCounted,
    /// The power is shown 25 % too low for two minutes, or ten readings.
    PowerLow,
    /// The current is that of another phase, half of what it is.
    WrongPhase,
    /// The clock is set, by seconds to a day.
    ClockStep,
}

/// A recording with a fault in it.
#[derive(Clone, Debug)]
pub struct Injected {
    /// The readings, wrong ones among them.
    pub recording: Recording,
    /// When the fault can be seen first.
    pub onset_ms: u64,
    /// When it is over.
    pub end_ms: u64,
    /// What flowed from the first to the last reading, in watt-hours.
    pub true_wh: f64,
}

/// Readings before and after the onset.
const BEFORE: usize = 200;
const AFTER: usize = 200;
/// Below this many voltamperes there is nothing to be wrong.
const LOADED_MVA: u32 = 100_000;

impl Fault {
    /// What it is called in tables.
    pub fn name(self) -> String {
        let span = |s: u64| match s {
            0..60 => format!("{s} s"),
            60..3_600 => format!("{} min", s / 60),
            3_600..86_400 => format!("{} h", s / 3_600),
            _ => format!("{} d", s / 86_400),
        };
        match self {
            Self::Wrap(modulus) => format!("counter starts over at {modulus}"),
            Self::Reset => "counter set to zero".into(),
            Self::GlitchUp => "counter jumps ahead once".into(),
            Self::GlitchToZero => "counter says zero once".into(),
            Self::SwappedBytes => "bytes of the counter swapped once".into(),
            Self::Gap(s) => format!("gap of {}", span(s)),
            Self::GapWithoutCounter(s) => format!("gap of {}, no counter", span(s)),
            Self::Frozen => "readings repeat".into(),
            Self::HalfCounted => "counter counts half".into(),
            Self::PowerLow => "power shown 25 % low".into(),
            Self::WrongPhase => "current of another phase".into(),
            Self::ClockStep => "clock set".into(),
        }
    }

    /// Puts the fault into a part of a recording; `None` where it does not fit.
    pub fn inject(self, meter: &Recording, random: &mut Random) -> Option<Injected> {
        let after = match self {
            Self::Frozen => {
                let most = meter.rules.frozen.idle_ms.max(meter.rules.frozen.loaded_ms);
                2 * usize::try_from(u64::from(most) / meter.period_ms).ok()? + BEFORE
            }
            Self::HalfCounted => 20 * AFTER,
            _ => AFTER,
        };
        let places = meter.readings.len().checked_sub(BEFORE + after)?;
        let first = random.below(places as u64 + 1) as usize;
        let mut readings = meter.readings[first..first + BEFORE + after].to_vec();
        // Nothing else shall be wrong in this part, and a second reading of the same second, which is not taken from,
        // is no place for a fault.
        let gap_ms = u64::from(meter.config.gap_ms);
        let step = |pair: &[Reading]| pair[1].at_ms.saturating_sub(pair[0].at_ms);
        let is_whole = readings.windows(2).all(|pair| step(pair) <= gap_ms);
        let is_place = readings[BEFORE - 1..BEFORE + 3]
            .windows(2)
            .all(|pair| step(pair) > 0);
        if !is_whole || !is_place {
            return None;
        }
        let start = 1_000 + random.below(59_000);
        rebase(&mut readings, start)?;
        let mut true_wh = energy_wh(&readings)?;
        let onset_ms = readings[BEFORE].at_ms;
        let mut end_ms = onset_ms;
        match self {
            Self::Wrap(modulus) => {
                let (before, now) = (readings[BEFORE - 1].counter?, readings[BEFORE].counter?);
                let can_wrap = meter.config.source.moduli.contains(&modulus);
                if before.import == now.import || !can_wrap {
                    return None;
                }
                rebase(&mut readings, 2 * modulus - (now.import - start))?;
                each(&mut readings, |_, wh| wh % modulus);
            }
            Self::Reset => {
                let zero = readings[BEFORE].counter?.import;
                each(
                    &mut readings,
                    |at, wh| if at < BEFORE { wh } else { wh - zero },
                );
            }
            Self::GlitchUp => {
                let by = 70_000 + random.below(1 << 31);
                once(&mut readings, |wh| wh + by)?;
            }
            Self::GlitchToZero => once(&mut readings, |_| 0)?,
            Self::SwappedBytes => {
                let swaps_words = random.below(2) == 0;
                once(&mut readings, |wh| {
                    let (high, low) = ((wh >> 16) as u16, wh as u16);
                    if swaps_words {
                        u64::from(low) << 16 | u64::from(high)
                    } else {
                        u64::from(high) << 16 | u64::from(low.swap_bytes())
                    }
                })?;
            }
            Self::Gap(s) | Self::GapWithoutCounter(s) => {
                if s * 1_000 + meter.period_ms <= gap_ms {
                    return None;
                }
                true_wh += pause(&mut readings, s)?;
                end_ms = readings[BEFORE].at_ms;
            }
            Self::Frozen => {
                let frozen = readings[BEFORE - 1];
                let end = readings.len() - BEFORE;
                if frozen.voltage_mv.is_none() || frozen.current_ma.is_none() {
                    return None;
                }
                for reading in &mut readings[BEFORE..end] {
                    *reading = Reading {
                        at_ms: reading.at_ms,
                        utc_s: reading.utc_s,
                        ..frozen
                    };
                }
                // What it says then is a part of it: the counter has gone on meanwhile.
                end_ms = readings[end].at_ms;
            }
            Self::HalfCounted => {
                let from = readings[BEFORE].counter?.import;
                each(&mut readings, |at, wh| {
                    if at < BEFORE {
                        wh
                    } else {
                        from + (wh - from) / 2
                    }
                });
                end_ms = readings.last()?.at_ms;
                let (first, last) = (readings[BEFORE].counter?, readings.last()?.counter?);
                // It is looked at each 50 Wh.
                if last.import - first.import < 100 {
                    return None;
                }
            }
            Self::PowerLow | Self::WrongPhase => {
                if !meter.config.source.is_simultaneous {
                    return None;
                }
                let wrong = &mut readings
                    [BEFORE..BEFORE + 120_000_usize.div_ceil(meter.period_ms as usize).max(10)];
                for reading in wrong.iter_mut() {
                    if reading.apparent_mva()? < LOADED_MVA || reading.power_factor_milli.is_none()
                    {
                        return None;
                    }
                    if self == Self::PowerLow {
                        reading.power_mw = reading.power_mw.map(|mw| mw / 4 * 3);
                    } else {
                        reading.current_ma = reading.current_ma.map(|ma| ma / 2);
                    }
                }
                end_ms = wrong.last()?.at_ms;
            }
            Self::ClockStep => {
                let by = [3, -3, 60, -60, 3_600, -3_600, 86_400][random.below(7) as usize];
                for reading in &mut readings[BEFORE..] {
                    reading.utc_s = reading.utc_s.map(|utc_s| utc_s + by);
                }
            }
        }
        let mut recording = meter.with_readings(readings);
        if matches!(self, Self::GapWithoutCounter(_)) {
            recording.config.source.counter_step_uwh = 0;
            recording
                .readings
                .iter_mut()
                .for_each(|reading| reading.counter = None);
        }
        Some(Injected {
            recording,
            onset_ms: onset_ms.min(end_ms),
            end_ms,
            true_wh,
        })
    }
}

/// Changes what the counter shows, by the place of the reading.
fn each(readings: &mut [Reading], mut shown: impl FnMut(usize, u64) -> u64) {
    for (at, reading) in readings.iter_mut().enumerate() {
        if let Some(counter) = &mut reading.counter {
            counter.import = shown(at, counter.import);
        }
    }
}

/// Changes what the counter shows at the onset; `None` when that changes nothing.
fn once(readings: &mut [Reading], shown: impl FnOnce(u64) -> u64) -> Option<()> {
    let counter = readings[BEFORE].counter.as_mut()?;
    let before = counter.import;
    counter.import = shown(before);
    (counter.import != before).then_some(())
}

/// The counter begins at this value.
fn rebase(readings: &mut [Reading], start: u64) -> Option<()> {
    let CounterReading { import, .. } = readings.first()?.counter?;
    each(readings, |_, wh| wh - import + start);
    Some(())
}

fn energy_wh(readings: &[Reading]) -> Option<f64> {
    let (first, last) = (readings.first()?.counter?, readings.last()?.counter?);
    Some((last.import - first.import) as f64)
}

/// Readings from the onset on come later, and what flows at the mean power meanwhile is counted; in watt-hours.
fn pause(readings: &mut [Reading], s: u64) -> Option<f64> {
    let powers = readings.iter().flat_map(|reading| reading.power_mw);
    let mean_mw = powers.map(i64::from).sum::<i64>() / readings.len() as i64;
    let wh = mean_mw.unsigned_abs() * s / 3_600_000;
    for reading in &mut readings[BEFORE..] {
        reading.at_ms += s * 1_000;
        reading.utc_s = reading.utc_s.map(|utc_s| utc_s + s.cast_signed());
        reading.counter.as_mut()?.import += wh;
    }
    Some(wh as f64)
}
