//! The stages of `meter-core` that a recording goes through.

use meter_core::detect::{FrozenTimes, Limit, Naive};
use meter_core::meter::{Detectors, Limits, Meter, Outputs, Quality, Rules, Settings};
use meter_core::{Config, CounterReading, Demand, Event, Peak, Reading, Registers, Source};

use csv::StringRecord;

use super::cli::AnalyzeOptions;
use super::columns::{Columns, Field};

/// A row as numbers: time in milliseconds, the rest in thousandths.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Row {
    pub(crate) at_ms: i64,
    pub(crate) voltage: Option<i64>,
    pub(crate) current: Option<i64>,
    pub(crate) power: Option<i64>,
    pub(crate) energy: Option<i64>,
    pub(crate) power_factor: Option<i64>,
    pub(crate) frequency: Option<i64>,
}

/// What a recording is looked at by.
type Stages = (Demand<1>, Quality, Detectors);

pub(crate) struct Pipeline {
    settings: Settings<((), Limits, Rules)>,
    meter: Meter<Stages>,
    outputs: Outputs,
    energy_step_mwh: i64,
    pub(crate) events: Vec<Event>,
    /// Whether the recording says anything about energy.
    pub(crate) has_energy: bool,
}

/// Demand is measured over quarters of an hour.
const DEMAND_S: u32 = 900;

impl Pipeline {
    /// Finds out from the first rows what kind of meter it is.
    pub(crate) fn new(
        options: &AnalyzeOptions,
        columns: &Columns,
        rows: &[Row],
        records: &[StringRecord],
    ) -> Self {
        let step = |field, usual| columns.step(field, records).unwrap_or(usual);
        let narrow = |step: i64| u32::try_from(step).unwrap_or(u32::MAX);
        let energy_step_mwh = step(Field::Energy, 1_000);
        let has_counter = rows.iter().any(|row| row.energy.is_some());
        // Ends at which PZEM counters have been seen to start over, in steps of this recording.
        let moduli = [1_i64 << 16, 10_000_000, 1 << 32]
            .map(|wh| (wh * 1_000 / energy_step_mwh).unsigned_abs());
        let source = Source {
            counter_step_uwh: if has_counter {
                narrow(energy_step_mwh.saturating_mul(1_000))
            } else {
                0
            },
            // One allocation for as long as the program runs.
            moduli: Vec::leak(moduli.to_vec()),
            max_power_mw: options.max_power.saturating_mul(1_000),
            power_step_mw: narrow(step(Field::Power, 100)),
            voltage_step_mv: narrow(step(Field::Voltage, 100)),
            current_step_ma: narrow(step(Field::Current, 1)),
            power_factor_step_milli: u16::try_from(step(Field::PowerFactor, 10)).unwrap_or(10),
            is_signed: rows
                .iter()
                .any(|row| row.power.is_some_and(|power| power < 0)),
            is_simultaneous: !options.averaged,
        };
        let interval_ms = median(rows.windows(2).filter_map(|pair| match pair {
            [a, b] => u32::try_from(b.at_ms - a.at_ms).ok(),
            _ => None,
        }))
        .unwrap_or(1_000);
        let config = Config {
            gap_ms: interval_ms.saturating_mul(3).max(10_000),
            bridge_ms: interval_ms.saturating_mul(3).max(300_000),
            ..Config::new(source)
        };
        let nominal_mv = options.nominal.map_or_else(
            || {
                let usual = median(
                    rows.iter()
                        .filter_map(|row| u32::try_from(row.voltage?).ok()),
                );
                let near = |nominal: &u32| nominal.abs_diff(usual.unwrap_or(230_000));
                [230_000, 120_000, 100_000]
                    .into_iter()
                    .min_by_key(near)
                    .unwrap_or(230_000)
            },
            |volts| volts.saturating_mul(1_000),
        );
        let frozen_ms = |seconds: u32| (seconds * 1_000).max(interval_ms.saturating_mul(60));
        let rules = Rules {
            overload: options
                .limit
                .map(|watts| Limit::overload(watts.saturating_mul(1_000))),
            theft: Some(Naive::theft_suspicion(100, !options.naive)),
            high_usage: options.naive.then(|| Naive::high_usage(5_000_000)),
            frozen: FrozenTimes {
                loaded_ms: frozen_ms(60),
                idle_ms: frozen_ms(300).saturating_mul(4),
            },
            ..Rules::new()
        };
        let hertz = median(
            rows.iter()
                .filter_map(|row| u32::try_from(row.frequency?).ok()),
        );
        let limits = Limits {
            nominal_mv,
            ..Limits::new(0, if hertz > Some(55_000) { 60 } else { 50 })
        };
        Self {
            settings: Settings::new(config, ((), limits, rules)),
            meter: Meter::new((Demand::new(DEMAND_S), Quality::new(), Detectors::new())),
            outputs: Outputs::new(),
            energy_step_mwh,
            events: Vec::new(),
            has_energy: has_counter || rows.iter().any(|row| row.power.is_some()),
        }
    }

    pub(crate) fn push(&mut self, row: &Row) {
        let reading = self.reading(row);
        self.meter
            .push(&reading, None, &self.settings, &mut self.outputs);
        self.events.extend_from_slice(&self.outputs.events);
    }

    pub(crate) fn registers(&self) -> &Registers {
        self.meter.registers()
    }

    pub(crate) fn max_demand(&self) -> Option<Peak> {
        self.meter.stages.0.max()
    }

    fn reading(&self, row: &Row) -> Reading {
        let unsigned = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
        let counter = row
            .energy
            .and_then(|mwh| u64::try_from(mwh / self.energy_step_mwh).ok());
        Reading {
            utc_s: Some(row.at_ms.div_euclid(1_000)),
            voltage_mv: unsigned(row.voltage),
            current_ma: unsigned(row.current.map(i64::abs)),
            power_mw: row.power.and_then(|power| i32::try_from(power).ok()),
            frequency_mhz: unsigned(row.frequency),
            power_factor_milli: row
                .power_factor
                .and_then(|factor| i16::try_from(factor).ok()),
            counter: counter.map(|import| CounterReading { import, export: 0 }),
            ..Reading::at(row.at_ms.unsigned_abs())
        }
    }
}

fn median(values: impl Iterator<Item = u32>) -> Option<u32> {
    let mut values: Vec<u32> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}
