//! Readings of a meter as somebody recorded them, and what is known of the meter.

use meter_core::meter::{Limits, Rules};
use meter_core::{Config, EventCode, Reading, Source};

/// A month in milliseconds: a twelfth of a year.
pub const MONTH_MS: f64 = 365.25 / 12.0 * 86_400_000.0;

/// What one meter said, in the order of time.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Which meter, and which part of it.
    pub meter: String,
    /// Its steps and how it was polled.
    pub config: Config,
    /// Limits that belong to the place.
    pub rules: Rules,
    /// Nominal voltage and frequency.
    pub limits: Limits,
    /// Local time less UTC, in seconds.
    pub offset_s: i32,
    /// Milliseconds between readings, mostly.
    pub period_ms: u64,
    /// What it said.
    pub readings: Vec<Reading>,
}

/// Recordings of one origin.
#[derive(Clone, Debug)]
pub struct Set {
    /// What it is called in tables.
    pub name: &'static str,
    /// What it is.
    pub what: &'static str,
    /// The recordings.
    pub recordings: Vec<Recording>,
}

impl Recording {
    /// A recording of a meter with these steps, polled every so many milliseconds. Values that stay the same are
    /// suspicious after 60 polls under load and 300 idle, as the defaults have it for a poll a second; three polls
    /// that stay away are a gap.
    pub fn new(meter: impl Into<String>, source: Source, period_ms: u32, limits: Limits) -> Self {
        let mut rules = Rules::new();
        rules.frozen.loaded_ms = 60 * period_ms.max(1_000);
        rules.frozen.idle_ms = 300 * period_ms.max(1_000);
        let mut config = Config::new(source);
        config.gap_ms = config.gap_ms.max(period_ms * 5 / 2);
        Self {
            meter: meter.into(),
            config,
            rules,
            limits,
            offset_s: 0,
            period_ms: period_ms.into(),
            readings: Vec::new(),
        }
    }

    /// The same meter with other readings.
    pub fn with_readings(&self, readings: Vec<Reading>) -> Self {
        Self {
            meter: self.meter.clone(),
            readings,
            ..*self
        }
    }

    /// Time that was watched: pauses of more than ten minutes are left out.
    pub fn observed_ms(&self) -> u64 {
        let pairs = self.readings.windows(2);
        let steps = pairs.map(|pair| pair[1].at_ms.saturating_sub(pair[0].at_ms));
        steps.filter(|step| *step <= 600_000).sum()
    }

    /// The same in months.
    pub fn months(&self) -> f64 {
        self.observed_ms() as f64 / MONTH_MS
    }

    /// Whether any reading has what a detector looks at.
    pub fn shows(&self, code: EventCode) -> bool {
        let any = |has: fn(&Reading) -> bool| self.readings.iter().any(has);
        let power = || any(|r| r.power_mw.is_some());
        let volts_and_amperes = || any(|r| r.voltage_mv.is_some() && r.current_ma.is_some());
        let factor = || any(|r| r.power_factor_milli.is_some());
        let of_one_moment = self.config.source.is_simultaneous;
        match code {
            EventCode::Sag | EventCode::Swell | EventCode::Interruption => {
                any(|r| r.voltage_mv.is_some())
            }
            EventCode::Frequency | EventCode::FrequencyExtreme => {
                any(|r| r.frequency_mhz.is_some())
            }
            EventCode::Overload | EventCode::HighUsage => power(),
            EventCode::OverCurrent => any(|r| r.current_ma.is_some()),
            EventCode::LowPowerFactor => factor() && any(|r| r.current_ma.is_some()),
            EventCode::Residual => {
                of_one_moment && volts_and_amperes() && factor() && self.is_loaded()
            }
            EventCode::ImpossiblePower => {
                of_one_moment && volts_and_amperes() && power() && self.is_loaded()
            }
            EventCode::TheftSuspicion | EventCode::FrozenSource => volts_and_amperes() && power(),
            EventCode::EnergyMismatch | EventCode::CounterReset | EventCode::CounterGlitch => {
                any(|r| r.counter.is_some())
            }
            EventCode::ConsumptionDrop | EventCode::BaseLoadShift => {
                // They learn for two weeks first.
                power() && self.is_loaded() && self.observed_ms() > 15 * 86_400_000
            }
            // Recordings have one clock, and no polls that failed.
            _ => false,
        }
    }

    fn is_loaded(&self) -> bool {
        let mut readings = self.readings.iter();
        readings.any(|reading| reading.power_mw.is_some_and(|mw| mw != 0))
    }

    /// Gives the meter a counter of watt-hours, as one that integrates its own power exactly would show it, from so
    /// many watt-hours on.
    pub fn with_counter(mut self, from_wh: u64) -> Self {
        let mut halves = 0_u128;
        let mut before: Option<(u64, u64)> = None;
        for reading in &mut self.readings {
            let mw = u64::from(reading.power_mw.unwrap_or_default().unsigned_abs());
            if let Some((at_ms, before_mw)) = before {
                let elapsed = reading.at_ms.saturating_sub(at_ms);
                halves += u128::from(before_mw + mw) * u128::from(elapsed);
            }
            before = Some((reading.at_ms, mw));
            let wh = (halves / 7_200_000_000) as u64;
            reading.counter = Some(meter_core::CounterReading {
                import: from_wh + wh,
                export: 0,
            });
        }
        self.config.source.counter_step_uwh = 1_000_000;
        self.config.source.moduli = &[1 << 16, 10_000_000, 1 << 32];
        self
    }
}

impl Set {
    /// Time that was watched, in months of one meter.
    pub fn months(&self) -> f64 {
        self.recordings.iter().map(Recording::months).sum()
    }

    /// Readings in all.
    pub fn readings(&self) -> usize {
        self.recordings.iter().map(|r| r.readings.len()).sum()
    }
}
