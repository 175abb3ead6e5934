//! What kind of meter a recording is of.

use meter_core::Source;

use super::cli::MeterOptions;
use super::columns::Row;
use super::recording::Recording;
use super::unit::Field;

/// What the first rows, and an earlier pass, tell of the meter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) source: Source,
    /// A step of the energy counter in milliwatt-hours.
    pub(crate) energy_step_mwh: u64,
    /// Time between two rows, and what it can be before something is missing: a logger that writes changes only is quiet
    /// for longer now and then.
    pub(crate) interval_ms: u32,
    quiet_ms: u32,
    /// The usual voltage, if there is one.
    pub(crate) voltage_mv: Option<u32>,
    pub(crate) nominal_hz: u32,
    /// Whether there is anything to tell energy from.
    pub(crate) has_energy: bool,
    /// Whether there is a column of power.
    pub(crate) has_power: bool,
}

/// What only a whole pass shows; the recording is gone through again then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Learnt {
    /// The counter has finer steps than its first rows show.
    pub(crate) energy_step_mwh: Option<u64>,
    /// The counter's column is empty from beginning to end.
    pub(crate) has_no_counter: bool,
}

/// Ends at which PZEM counters have been seen to start over, in watt-hours.
const ENDS_WH: [u64; 3] = [1 << 16, 10_000_000, 1 << 32];

impl Kind {
    pub(crate) fn of(recording: &mut Recording, options: MeterOptions, learnt: Learnt) -> Self {
        let rows = recording.first_rows();
        let mut step = |field, usual| recording.step(field).unwrap_or(usual);
        let narrow = |step: i64| u32::try_from(step).unwrap_or(u32::MAX);
        let steps = [
            step(Field::Power, 100),
            step(Field::Voltage, 100),
            step(Field::Current, 1),
            step(Field::PowerFactor, 10),
        ];
        let [power, voltage, current, factor] = steps;
        let first_step = step(Field::Energy, 1_000).unsigned_abs();
        let energy_step_mwh = learnt.energy_step_mwh.unwrap_or(first_step);
        let has_counter = recording.columns.has(Field::Energy) && !learnt.has_no_counter;
        let moduli = ENDS_WH.map(|wh| wh * 1_000 / energy_step_mwh.max(1));
        let counter_step_uwh =
            u32::try_from(energy_step_mwh.saturating_mul(1_000)).unwrap_or(u32::MAX);
        let intervals: Vec<u32> = rows
            .iter()
            .zip(rows.iter().skip(1))
            .filter_map(|((a, _), (b, _))| {
                u32::try_from(b.at_ms.saturating_sub(a.at_ms))
                    .ok()
                    .filter(|ms| *ms > 0)
            })
            .collect();
        let hertz = at_share(rows.iter().filter_map(|(_, row)| row.frequency_mhz), 50);
        Self {
            source: Source {
                counter_step_uwh: if has_counter { counter_step_uwh } else { 0 },
                // One allocation for as long as the program runs.
                moduli: Vec::leak(moduli.to_vec()),
                max_power_mw: options.max_power.saturating_mul(1_000),
                power_step_mw: narrow(power),
                voltage_step_mv: narrow(voltage),
                current_step_ma: narrow(current),
                power_factor_step_milli: u16::try_from(factor).unwrap_or(10),
                is_signed: rows
                    .iter()
                    .any(|(_, row)| row.power_mw < Some(0) && row.power_mw.is_some()),
                is_simultaneous: !options.averaged,
            },
            energy_step_mwh,
            interval_ms: at_share(intervals.iter().copied(), 50).unwrap_or(1_000),
            // A gap or two among a few rows are no habit.
            quiet_ms: at_share(
                intervals.iter().copied(),
                if intervals.len() < 200 { 50 } else { 98 },
            )
            .unwrap_or(1_000),
            voltage_mv: at_share(rows.iter().filter_map(|(_, row)| row.voltage_mv), 50),
            nominal_hz: if hertz > Some(55_000) { 60 } else { 50 },
            has_energy: has_counter || recording.columns.has(Field::Power),
            has_power: recording.columns.has(Field::Power),
        }
    }

    /// What is learnt from a row whose counters have finer steps than were known.
    pub(crate) fn finer(&self, row: &Row, learnt: Learnt) -> Option<Learnt> {
        let step_mwh = self.energy_step_mwh;
        let counters = [row.energy_mwh, row.export_mwh].into_iter().flatten();
        let odd = counters
            .into_iter()
            .find(|mwh| !mwh.is_multiple_of(step_mwh))?;
        // The largest power of ten that both are multiples of.
        let mut finer = 1;
        while finer < step_mwh && odd.is_multiple_of(finer * 10) {
            finer *= 10;
        }
        Some(Learnt {
            energy_step_mwh: Some(finer),
            ..learnt
        })
    }

    /// Time from which on readings are missing.
    pub(crate) fn gap_ms(&self) -> u32 {
        self.interval_ms
            .saturating_mul(3)
            .max(self.quiet_ms.saturating_mul(2))
            .max(10_000)
    }

    /// Time from which on nothing is bridged, and the link was lost.
    pub(crate) fn bridge_ms(&self) -> u32 {
        self.gap_ms().max(300_000)
    }

    /// The nominal voltage that is nearest.
    pub(crate) fn nominal_mv(&self) -> u32 {
        let usual = self.voltage_mv.unwrap_or(230_000);
        let near = |nominal: &u32| nominal.abs_diff(usual);
        [230_000, 120_000, 100_000]
            .into_iter()
            .min_by_key(near)
            .unwrap_or(230_000)
    }
}

/// The value that so many percent are not above.
fn at_share(values: impl Iterator<Item = u32>, percent: usize) -> Option<u32> {
    let mut values: Vec<u32> = values.collect();
    values.sort_unstable();
    values.get(values.len() * percent / 100).copied()
}
