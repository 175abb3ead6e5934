//! The frequency and its bands.

use crate::detect::{Event, EventCode, Level, Method, Toggle};
use crate::reading::Reading;

/// Means of ten seconds, against ±1 % and +4/−6 % of nominal (EN 50160, interconnected supplies).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Frequency {
    sum_mhz: u32,
    count: u16,
    /// When the ten seconds began, in milliseconds modulo 49 days.
    begin_ms: u32,
    warning: Toggle,
    extreme: Toggle,
}

const WINDOW_MS: u32 = 10_000;

impl Frequency {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sum_mhz: 0,
            count: 0,
            begin_ms: 0,
            warning: Toggle::new(),
            extreme: Toggle::new(),
        }
    }

    /// Takes a reading. Gives the mean of the ten seconds that have ended with it, in millihertz, and what is to be
    /// said about it.
    pub fn push(
        &mut self,
        reading: &Reading,
        nominal_mhz: u32,
    ) -> (Option<u32>, [Option<Event>; 2]) {
        let Some(mhz) = reading.frequency_mhz else {
            return (None, [None; 2]);
        };
        let now_ms = reading.at_ms as u32;
        if self.count == 0 {
            self.begin_ms = now_ms;
        }
        let is_over = now_ms.wrapping_sub(self.begin_ms) >= WINDOW_MS;
        let ended = self.sum_mhz.checked_div(self.count.into());
        let ended = ended.filter(|_| is_over);
        if is_over {
            self.begin_ms = now_ms;
            self.sum_mhz = 0;
            self.count = 0;
        }
        // Of more readings than fit the first ones are the mean.
        if let Some(sum) = self.sum_mhz.checked_add(mhz)
            && self.count < u16::MAX
        {
            self.sum_mhz = sum;
            self.count += 1;
        }
        let Some(mean) = ended else {
            return (None, [None; 2]);
        };
        let (nominal, value) = (u64::from(nominal_mhz), u64::from(mean));
        let is_outside = |below: u64, above: u64| {
            value * 100 < nominal * (100 - below) || value * 100 > nominal * (100 + above)
        };
        let update = |alarm: &mut Toggle, code, is_beyond| {
            let level = Level::of(is_beyond);
            let event = alarm.update(code, reading.at_ms, level, mean.into());
            event.map(|event| Event {
                method: Method::TenSeconds,
                ..event
            })
        };
        let events = [
            update(&mut self.warning, EventCode::Frequency, is_outside(1, 1)),
            update(
                &mut self.extreme,
                EventCode::FrequencyExtreme,
                is_outside(6, 4),
            ),
        ];
        (Some(mean), events)
    }
}
