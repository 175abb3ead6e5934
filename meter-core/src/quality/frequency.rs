//! The frequency and its bands.

use crate::detect::{Alarm, Event, EventCode, Level, Method, Rule};
use crate::reading::Reading;

/// Means of ten seconds, against ±1 % and +4/−6 % of nominal (EN 50160, interconnected supplies).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Frequency {
    sum_mhz: u32,
    count: u16,
    /// The ten seconds, counted modulo 65 536.
    window: u16,
    warning: Alarm,
    extreme: Alarm,
}

const WINDOW_MS: u64 = 10_000;

impl Frequency {
    /// Nothing seen yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sum_mhz: 0,
            count: 0,
            window: 0,
            warning: Alarm::new(),
            extreme: Alarm::new(),
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
        let window = (reading.at_ms / WINDOW_MS) as u16;
        let ended = if window == self.window {
            None
        } else {
            self.sum_mhz.checked_div(self.count.into())
        };
        if window != self.window {
            self.window = window;
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
        let update = |alarm: &mut Alarm, code, is_beyond| {
            let rule = Rule::at_once(code);
            let level = Level::of(is_beyond);
            let event = alarm.update(&rule, reading.at_ms, level, mean.into());
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
