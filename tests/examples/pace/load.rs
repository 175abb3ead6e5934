//! What the meters are fed with.

use meter_core::detect::{Limit, Naive};
use meter_core::meter::{Limits, Rules};
use meter_core::{Calibration, Config, CounterReading, Reading, Source};
use meter_sim::random::Random;

pub const SOURCE: Source = Source {
    counter_step_uwh: 1_000_000,
    moduli: &[1 << 16, 10_000_000, 1 << 32],
    max_power_mw: 27_600_000,
    power_step_mw: 100,
    voltage_step_mv: 100,
    current_step_ma: 1,
    power_factor_step_milli: 10,
    is_signed: false,
    is_simultaneous: true,
};
/// Gains in millionths.
pub const CALIBRATION: Calibration = Calibration::gains(1_200, -3_400, -2_200);
pub const LIMITS: Limits = Limits::new(230, 50);
pub const OVERLOAD_W: u32 = 4_000;
pub const OVER_CURRENT_A: u32 = 20;
pub const HIGH_USAGE_W: u32 = 5_000;
const BEGIN_S: i64 = 1_700_000_000;

pub const fn config() -> Config {
    Config::new(SOURCE)
}

pub const fn rules() -> Rules {
    let mut rules = Rules::new();
    rules.overload = Some(Limit::overload(OVERLOAD_W * 1_000));
    rules.over_current = Some(Limit::over_current(OVER_CURRENT_A * 1_000));
    rules.high_usage = Some(Naive::high_usage(HIGH_USAGE_W * 1_000));
    rules
}

/// A house at a second: what a PZEM-004T shows, in its steps, and what has flowed in milliwatt-seconds.
struct House {
    random: Random,
    energy: u64,
}

impl House {
    fn at(&mut self, second: u64, volts: f64, amperes: f64, factor: f64) -> Reading {
        let volts = (volts + self.random.unit() * 2.0).max(0.0);
        let amperes = amperes * (1.0 + self.random.unit() * 0.02);
        let watts = volts * amperes * factor;
        self.energy += (watts * 1e3) as u64;
        let step = |value: f64, step: f64| (value / step).round() * step;
        Reading {
            utc_s: Some(BEGIN_S + second.cast_signed()),
            voltage_mv: Some((step(volts, 0.1) * 1e3).round() as u32),
            current_ma: Some((amperes * 1e3).round() as u32),
            power_mw: Some((step(watts, 0.1) * 1e3).round() as i32),
            power_factor_milli: Some((step(factor, 0.01) * 1e3).round() as i16),
            frequency_mhz: Some(50_000 + 100 * (self.random.below(3) as u32) - 100),
            counter: Some(CounterReading {
                import: 40_000 + self.energy / 3_600_000,
                export: 0,
            }),
            ..Reading::at(second * 1_000)
        }
    }
}

/// A house in which nothing is wrong: loads come and go.
pub fn quiet(seconds: u64) -> Vec<Reading> {
    let mut house = House {
        random: Random::new(1),
        energy: 0,
    };
    let mut amperes = 2.0;
    (0..seconds)
        .map(|second| {
            if second % 120 == 0 {
                amperes = 0.4 + house.random.unit() * 9.0;
            }
            house.at(second, 229.0, amperes, 0.92)
        })
        .collect()
}

/// Four hours in which everything happens that the stages look for.
pub fn eventful() -> Vec<Reading> {
    let mut house = House {
        random: Random::new(2),
        energy: 0,
    };
    let mut readings: Vec<Reading> = Vec::new();
    let (mut half_from, mut wraps_from, mut zero_from) = (None, None, None);
    for second in 0..4 * 3_600_u64 {
        let minute = second / 60;
        let (volts, amperes, factor) = match minute {
            5..8 => (200.0, 4.0, 0.9),
            12..14 => (256.0, 4.0, 0.9),
            16..17 => (0.0, 0.0, 0.0),
            20..24 => (229.0, 19.0, 0.98),
            26..30 => (229.0, 24.0, 0.98),
            70..110 => (229.0, 2.0, 0.22),
            _ if minute % 3 == 0 => (229.0, 8.0, 0.95),
            _ => (229.0, 1.5, 0.9),
        };
        let mut reading = house.at(second, volts, amperes, factor);
        let mut wh = reading.counter.map_or(0, |counter| counter.import);
        match minute {
            // Power and current that do not belong together.
            33 => reading.power_mw = reading.power_mw.map(|mw| mw / 2),
            36 => reading.current_ma = reading.current_ma.map(|ma| ma / 2),
            // Much current and no power.
            39 => {
                reading.current_ma = Some(6_000);
                reading.power_mw = Some(0);
                reading.power_factor_milli = Some(0);
            }
            // Another frequency, and a far one.
            42 => reading.frequency_mhz = Some(50_700),
            45 => reading.frequency_mhz = Some(46_500),
            // Nonsense of the counter, once and again.
            48 if second % 20 == 7 => wh = 3_000_000_000,
            50 if second % 20 == 7 => wh = 0,
            // Nobody reads.
            58..62 => continue,
            // It counts half of what flows.
            120..150 => {
                let from = *half_from.get_or_insert(wh);
                wh = from + (wh - from) / 2;
            }
            // It starts over at 65 536, and is set to zero an hour later.
            150.. => {
                wh = 65_000 + (wh - *wraps_from.get_or_insert(wh)) * 8;
                wh -= if minute < 210 {
                    0
                } else {
                    *zero_from.get_or_insert(wh)
                };
                wh %= 65_536;
            }
            _ => {}
        }
        reading.counter = Some(CounterReading {
            import: wh,
            export: 0,
        });
        if (53..56).contains(&minute) {
            // It repeats itself.
            let before = readings.last().expect("a reading before");
            reading = Reading {
                at_ms: reading.at_ms,
                utc_s: reading.utc_s,
                ..*before
            };
        }
        // The clock is set.
        if minute >= 64 {
            reading.utc_s = reading.utc_s.map(|utc_s| utc_s + 90);
        }
        readings.push(reading);
    }
    readings
}
