//! The stages as one writes them first: in volts, amperes, watts and seconds of 64-bit floats. All values are taken for
//! granted, and what a meter is like is known when it is compiled, which is less than `meter-core` has to ask.

use meter_core::{EventCode, Phase, Reading};

use crate::energy::FloatEnergy;
use crate::load::LIMITS;
use crate::watch::Watches;

/// A reading, converted before it is timed.
#[derive(Clone, Copy, Debug)]
pub struct FloatReading {
    pub at_s: f64,
    pub utc_s: f64,
    pub volts: f64,
    pub amperes: f64,
    pub watts: f64,
    pub factor: f64,
    pub hertz: f64,
    pub counter: f64,
}

impl FloatReading {
    pub fn of(reading: &Reading) -> Self {
        let milli = |value: Option<u32>| f64::from(value.expect("a value")) / 1e3;
        Self {
            at_s: reading.at_ms as f64 / 1e3,
            utc_s: reading.utc_s.expect("a clock") as f64,
            volts: milli(reading.voltage_mv),
            amperes: milli(reading.current_ma),
            watts: f64::from(reading.power_mw.expect("a power")) / 1e3,
            factor: f64::from(reading.power_factor_milli.expect("a factor")) / 1e3,
            hertz: milli(reading.frequency_mhz),
            counter: reading.counter.expect("a counter").import as f64,
        }
    }
}

/// What was said, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    pub code: EventCode,
    pub phase: Phase,
    pub at_s: f64,
}

/// Adds what has begun or ended.
pub fn toggle(
    is_on: &mut bool,
    code: EventCode,
    begins: bool,
    ends: bool,
    at_s: f64,
    said: &mut Vec<Said>,
) {
    let phase = match (*is_on, begins, ends) {
        (false, true, _) => Phase::Occurrence,
        (true, _, true) => Phase::Restoration,
        _ => return,
    };
    *is_on = !*is_on;
    said.push(Said { code, phase, at_s });
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct FloatMeter {
    pub energy: FloatEnergy,
    supply: Supply,
    watches: Watches,
}

impl FloatMeter {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a reading; gives what a load added when it was switched.
    pub fn push(&mut self, reading: &FloatReading, said: &mut Vec<Said>) -> Option<f64> {
        let reading = &calibrated(reading);
        let step = self.energy.push(reading);
        self.supply.push(reading, said);
        self.watches.push(reading, &step, &self.energy, said)
    }
}

/// The gains of [`CALIBRATION`](crate::load::CALIBRATION).
fn calibrated(reading: &FloatReading) -> FloatReading {
    FloatReading {
        volts: reading.volts * (1.0 + 1_200e-6),
        amperes: reading.amperes * (1.0 - 3_400e-6),
        watts: reading.watts * (1.0 - 2_200e-6),
        factor: (reading.factor * (1.0 - 2_200e-6 - 1_200e-6 + 3_400e-6)).min(1.0),
        ..*reading
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Normal,
    Sag,
    Swell,
    Interruption,
}

/// Voltage and frequency.
#[derive(Clone, Debug, Default)]
struct Supply {
    state: State,
    extreme: f64,
    begin_s: f64,
    sum_hz: f64,
    count: f64,
    window_s: f64,
    warning: bool,
    extreme_hz: bool,
}

impl Supply {
    fn push(&mut self, reading: &FloatReading, said: &mut Vec<Said>) {
        let share = reading.volts / (f64::from(LIMITS.nominal_mv) / 1e3);
        let state = if share < 0.05 || (self.state == State::Interruption && share < 0.07) {
            State::Interruption
        } else if share < 0.9 || (self.state == State::Sag && share < 0.92) {
            State::Sag
        } else if share > 1.1 || (self.state == State::Swell && share >= 1.08) {
            State::Swell
        } else {
            State::Normal
        };
        if state == self.state {
            self.extreme = if state == State::Swell {
                self.extreme.max(reading.volts)
            } else {
                self.extreme.min(reading.volts)
            };
        } else {
            let code = |state| match state {
                State::Sag => Some(EventCode::Sag),
                State::Swell => Some(EventCode::Swell),
                State::Interruption => Some(EventCode::Interruption),
                State::Normal => None,
            };
            let at_s = reading.at_s;
            for (state, phase) in [(self.state, Phase::Restoration), (state, Phase::Occurrence)] {
                said.extend(code(state).map(|code| Said { code, phase, at_s }));
            }
            self.state = state;
            self.extreme = reading.volts;
            self.begin_s = at_s;
        }
        self.frequency(reading, said);
    }

    fn frequency(&mut self, reading: &FloatReading, said: &mut Vec<Said>) {
        if reading.at_s - self.window_s >= 10.0 {
            let off = self.sum_hz / self.count / 50.0 - 1.0;
            if self.count > 0.0 {
                let warns = off.abs() > 0.01;
                toggle(
                    &mut self.warning,
                    EventCode::Frequency,
                    warns,
                    !warns,
                    reading.at_s,
                    said,
                );
                let is_extreme = !(-0.06..=0.04).contains(&off);
                let code = EventCode::FrequencyExtreme;
                toggle(
                    &mut self.extreme_hz,
                    code,
                    is_extreme,
                    !is_extreme,
                    reading.at_s,
                    said,
                );
            }
            self.window_s = reading.at_s;
            self.sum_hz = 0.0;
            self.count = 0.0;
        }
        self.sum_hz += reading.hertz;
        self.count += 1.0;
    }
}
