//! The stages of `meter-core` that a recording goes through.

use meter_core::detect::{ClockWatch, DropLimits, FrozenTimes, Limit, Naive};
use meter_core::meter::{Detectors, History, Limits, Meter, Outputs, Quality, Rules, Settings};
use meter_core::quality::Supply;
use meter_core::{Config, CounterReading, Demand, EventCode, Freeze, LocalTime, Profile, Reading};

use super::cli::AnalyzeOptions;
use super::columns::Row;
use super::findings::Findings;
use super::kind::{Kind, Learnt};
use super::time::Stamp;

/// What a recording is looked at by.
pub(crate) type Stages = (
    (Demand<1>, Profile, Freeze),
    (Quality, Supply),
    Detectors,
    History,
);
type StageSettings = (((), (), ()), (Limits, Limits), Rules, DropLimits);

pub(crate) struct Pipeline {
    kind: Kind,
    settings: Settings<StageSettings>,
    meter: Meter<Stages>,
    outputs: Outputs,
    /// Looks at the time of the recording beside one that never steps back.
    clock: ClockWatch,
    steady_ms: u64,
    last_ms: Option<i64>,
    has_counter_value: bool,
    learnt: Learnt,
    pub(crate) findings: Findings,
}

/// The first reading's place on the clock that never steps back.
const STEADY_BEGIN_MS: u64 = 1 << 40;

impl Pipeline {
    pub(crate) fn new(options: &AnalyzeOptions, kind: Kind, learnt: Learnt, first: Stamp) -> Self {
        let config = Config {
            gap_ms: kind.gap_ms(),
            bridge_ms: kind.bridge_ms(),
            ..Config::new(kind.source)
        };
        let rows_ms = kind.interval_ms.saturating_mul(60);
        let frozen = match options.frozen {
            Some(seconds) => FrozenTimes {
                loaded_ms: seconds * 1_000,
                idle_ms: seconds * 1_000,
            },
            None => FrozenTimes {
                loaded_ms: rows_ms.max(60_000),
                idle_ms: rows_ms.max(300_000).saturating_mul(4),
            },
        };
        let rules = Rules {
            overload: options
                .limit
                .map(|watts| Limit::overload(watts.saturating_mul(1_000))),
            theft: Some(Naive::theft_suspicion(100, !options.naive)),
            high_usage: options.naive.then(|| Naive::high_usage(5_000_000)),
            frozen,
            ..Rules::new()
        };
        let nominal_mv = options
            .nominal
            .map_or_else(|| kind.nominal_mv(), |volts| volts.saturating_mul(1_000));
        let limits = Limits {
            nominal_mv,
            ..Limits::new(0, kind.nominal_hz)
        };
        let stages = (
            (
                Demand::new(options.interval),
                Profile::new(options.interval),
                Freeze::new(1),
            ),
            (Quality::new(), Supply::new()),
            Detectors::new(),
            History::new(),
        );
        let stage_settings = (((), (), ()), (limits, limits), rules, DropLimits::new());
        Self {
            kind,
            settings: Settings::new(config, stage_settings),
            meter: Meter::new(stages),
            outputs: Outputs::new(),
            clock: ClockWatch::new(),
            steady_ms: STEADY_BEGIN_MS,
            last_ms: None,
            has_counter_value: false,
            learnt,
            findings: Findings::new(kind, nominal_mv, options.interval, first),
        }
    }

    /// Takes a row; gives what was learnt when the recording has to be gone through again with that.
    pub(crate) fn push(&mut self, stamp: Stamp, row: &Row) -> Option<Learnt> {
        self.has_counter_value |= row.energy_mwh.is_some();
        if let Some(learnt) = self.kind.finer(row, self.learnt) {
            return Some(learnt);
        }
        self.look_at_silence(stamp);
        let reading = self.reading(stamp, row);
        let local = LocalTime::from_unix(stamp.at_ms.div_euclid(1_000), stamp.offset_s);
        self.meter
            .push(&reading, local, &self.settings, &mut self.outputs);
        if !self.kind.has_power {
            // Without a power there is no integral to compare the counter with.
            self.outputs
                .events
                .retain(|event| event.code != EventCode::EnergyMismatch);
        }
        self.findings.take(stamp, row, &self.outputs);
        self.look_at_clock(stamp);
        self.last_ms = Some(stamp.at_ms);
        None
    }

    /// A line that has a time and nothing else.
    pub(crate) fn miss(&mut self, stamp: Stamp) {
        if self.last_ms.is_some_and(|last_ms| last_ms < stamp.at_ms) {
            self.meter
                .miss(stamp.at_ms.unsigned_abs(), &mut self.outputs);
            self.findings.note(&self.outputs.events);
        }
    }

    /// What there is in the end; `Err` when the recording has to be gone through again.
    pub(crate) fn finish(mut self) -> Result<Findings, Learnt> {
        if self.kind.source.counter_step_uwh > 0 && !self.has_counter_value {
            return Err(Learnt {
                has_no_counter: true,
                ..self.learnt
            });
        }
        let ((demand, _, freeze), (_, supply), _, _) = &self.meter.stages;
        self.findings.finish(
            self.meter.registers(),
            demand.max(),
            freeze,
            supply.counts(),
        );
        Ok(self.findings)
    }

    /// Readings that stay away for longer than is bridged are a lost link.
    fn look_at_silence(&mut self, stamp: Stamp) {
        let Some(last_ms) = self.last_ms else {
            return;
        };
        let bridge_ms = i64::from(self.kind.bridge_ms());
        if stamp.at_ms - last_ms > bridge_ms {
            let at_ms = (last_ms + bridge_ms).unsigned_abs();
            self.meter.miss(at_ms, &mut self.outputs);
            self.findings.note(&self.outputs.events);
        }
    }

    /// Time that steps back can not be: the clock was set.
    fn look_at_clock(&mut self, stamp: Stamp) {
        let passed_ms = self.last_ms.map_or(0, |last_ms| stamp.at_ms - last_ms);
        let passed_ms = u64::try_from(passed_ms).unwrap_or_else(|_| self.kind.interval_ms.into());
        self.steady_ms = self.steady_ms.saturating_add(passed_ms);
        let reading = Reading {
            utc_s: Some(stamp.at_ms.div_euclid(1_000)),
            ..Reading::at(self.steady_ms)
        };
        for mut event in self.clock.push(&reading).into_iter().flatten() {
            event.at_ms = stamp.at_ms.unsigned_abs();
            self.findings.note(&[event]);
        }
    }

    fn reading(&self, stamp: Stamp, row: &Row) -> Reading {
        let steps = |mwh: u64| mwh / self.kind.energy_step_mwh;
        Reading {
            utc_s: Some(stamp.at_ms.div_euclid(1_000)),
            voltage_mv: row.voltage_mv,
            current_ma: row.current_ma,
            power_mw: row.power_mw,
            frequency_mhz: row.frequency_mhz,
            power_factor_milli: row.power_factor_milli,
            counter: row.energy_mwh.map(|mwh| CounterReading {
                import: steps(mwh),
                export: steps(row.export_mwh.unwrap_or_default()),
            }),
            ..Reading::at(stamp.at_ms.unsigned_abs())
        }
    }
}
