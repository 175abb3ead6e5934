//! The stages of `meter-core` that a recording goes through.

use meter_core::detect::{
    EnergyMismatch, FrozenSource, ImpossiblePower, Limit, Naive, Residual, Voltage,
};
use meter_core::{Config, CounterReading, Demand, EnergyMeter, Event, Reading, Source};

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

pub(crate) struct Pipeline {
    source: Source,
    energy_step_mwh: i64,
    pub(crate) meter: EnergyMeter,
    pub(crate) demand: Demand<1>,
    voltage: Voltage,
    residual: Residual,
    impossible: ImpossiblePower,
    frozen: FrozenSource,
    mismatch: EnergyMismatch,
    low_power_factor: Limit,
    limit: Option<Limit>,
    naive: Option<(Naive, Naive)>,
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
            ..Config::new()
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
        Self {
            source,
            energy_step_mwh,
            meter: EnergyMeter::new(source, config),
            demand: Demand::new(DEMAND_S),
            voltage: Voltage::new(nominal_mv),
            residual: Residual::new(),
            impossible: ImpossiblePower::new(),
            frozen: FrozenSource::with_times(frozen_ms(60), frozen_ms(300).saturating_mul(4)),
            mismatch: EnergyMismatch::new(),
            low_power_factor: Limit::low_power_factor(),
            limit: options
                .limit
                .map(|watts| Limit::overload(watts.saturating_mul(1_000))),
            naive: options.naive.then(|| {
                (
                    Naive::theft_suspicion(100, false),
                    Naive::high_usage(5_000_000),
                )
            }),
            events: Vec::new(),
            has_energy: has_counter || rows.iter().any(|row| row.power.is_some()),
        }
    }

    pub(crate) fn push(&mut self, row: &Row) {
        let reading = self.reading(row);
        self.meter.push(&reading);
        let registers = self.meter.registers();
        self.demand.push(row.at_ms.div_euclid(1_000), registers);
        self.events
            .extend(self.voltage.push(&reading).into_iter().flatten());
        let source = &self.source;
        self.events.extend(self.residual.push(&reading, source));
        self.events.extend(self.impossible.push(&reading, source));
        self.events.extend(self.frozen.push(&reading));
        self.events
            .extend(self.mismatch.push(reading.at_ms, registers, source));
        self.events.extend(self.low_power_factor.push(&reading));
        self.events
            .extend(self.limit.as_mut().and_then(|limit| limit.push(&reading)));
        if let Some((theft, usage)) = &mut self.naive {
            self.events.extend(theft.push(&reading, source));
            self.events.extend(usage.push(&reading, source));
        }
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
