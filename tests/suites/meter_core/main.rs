//! `meter-core` against sums in 128 bits, faults of counters, restarts and power cuts.

mod accuracy;
mod billing;
mod calibration;
mod days;
mod defaults;
mod detectors;
mod edges;
mod energy;
mod evaluation;
mod events;
mod faults;
mod fits;
mod freeze;
mod intervals;
mod log;
mod pipeline;
mod properties;
mod quality;
mod sources;
mod store;
mod tariffs;
mod told;
mod watches;
mod waveform;

use meter_core::{Config, CounterReading, EnergyMeter, Reading, Registers, Source, Step};

/// A meter that counts watt-hours.
const COUNTING: Source = Source {
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

/// A meter of power alone.
const POWER_ONLY: Source = Source {
    counter_step_uwh: 0,
    moduli: &[],
    is_signed: true,
    ..COUNTING
};

fn power(at_ms: u64, power_mw: i32) -> Reading {
    Reading {
        power_mw: Some(power_mw),
        ..Reading::at(at_ms)
    }
}

fn counted(at_ms: u64, power_mw: i32, wh: u64) -> Reading {
    Reading {
        counter: Some(CounterReading {
            import: wh,
            export: 0,
        }),
        ..power(at_ms, power_mw)
    }
}

/// Registers with what they are fed by.
struct Fed {
    meter: EnergyMeter,
    config: Config,
}

impl Fed {
    fn new(source: Source) -> Self {
        Self {
            meter: EnergyMeter::new(),
            config: Config::new(source),
        }
    }

    fn push(&mut self, reading: &Reading) -> Step {
        self.meter.push(reading, &self.config)
    }

    fn registers(&self) -> &Registers {
        self.meter.registers()
    }
}
