//! What `meter-core` makes of the readings of a module.

use std::collections::VecDeque;

use meter_core::detect::{EventCode, Limit};
use meter_core::meter::{Detectors, Limits, Meter, Outputs, Quality, Rules, Settings};
use meter_core::{Config, Demand, Event, Peak, Phase, ReadingSource, Registers};
use pzem::bus::Sample;
use pzem::operation::Family as Map;
use serde::Serialize;

use crate::cli::WatchOptions;

/// Quarters of an hour that move on by minutes.
type Stages = (Demand<15>, Quality, Detectors);

/// Events that are kept to be shown.
const RECENT: usize = 50;

/// Registers and alarms of one module, since the watch began.
pub(crate) struct Watched {
    map: Map,
    limit_mw: Option<u32>,
    nominal_mv: Option<u32>,
    /// Known once there is a voltage.
    settings: Option<Settings<((), Limits, Rules)>>,
    interval_ms: u32,
    meter: Meter<Stages>,
    outputs: Outputs,
    max_power_mw: u64,
    /// Alarms that are on.
    present: Vec<EventCode>,
    /// The last events with their times since 1970.
    recent: VecDeque<(u64, Event)>,
}

/// What the core says, as `watch --json` has it.
#[derive(Debug, Serialize)]
pub(crate) struct RegistersRow {
    pub(crate) register_mwh: u64,
    pub(crate) integrated_mwh: u64,
    pub(crate) estimated_mwh: u64,
    pub(crate) resets: u16,
    pub(crate) wraps: u16,
    pub(crate) glitches: u16,
    pub(crate) gap_ms: u64,
    pub(crate) max_power_mw: u64,
    pub(crate) max_demand_mw: Option<u64>,
}

/// An event as a JSON line of `watch`.
#[derive(Debug, Serialize)]
pub(crate) struct EventRow {
    pub(crate) unix_ms: u64,
    pub(crate) address: u8,
    pub(crate) event: &'static str,
    pub(crate) phase: &'static str,
    pub(crate) value: i64,
    pub(crate) unit: &'static str,
}

impl EventRow {
    pub(crate) fn of(unix_ms: u64, address: u8, event: &Event) -> Self {
        Self {
            unix_ms,
            address,
            event: event.code.name(),
            phase: phase(event),
            value: event.value,
            unit: event.code.unit(),
        }
    }
}

pub(crate) fn phase(event: &Event) -> &'static str {
    match event.phase {
        Phase::Occurrence => "occurrence",
        Phase::Restoration => "restoration",
    }
}

impl Watched {
    pub(crate) fn new(map: Map, options: &WatchOptions, interval_ms: u32) -> Self {
        Self {
            map,
            limit_mw: options.limit.map(|watts| watts.saturating_mul(1_000)),
            nominal_mv: options.nominal.map(|volts| volts.saturating_mul(1_000)),
            settings: None,
            interval_ms,
            meter: Meter::new((Demand::new(900), Quality::new(), Detectors::new())),
            outputs: Outputs::new(),
            max_power_mw: 0,
            present: Vec::new(),
            recent: VecDeque::new(),
        }
    }

    /// Takes a reading at a time on the clock that does not step, and on that of the day. Gives what began or ended.
    pub(crate) fn push(&mut self, sample: &Sample, at_ms: u64, unix_ms: u64) -> &[Event] {
        let mut reading = match sample {
            Sample::Ac(measurement) => measurement.reading(at_ms),
            Sample::Dc(measurement) => measurement.reading(at_ms),
        };
        reading.utc_s = i64::try_from(unix_ms / 1_000).ok();
        let power_mw = reading.power_mw.map_or(0, i32::unsigned_abs);
        self.max_power_mw = self.max_power_mw.max(power_mw.into());
        let settings = *self.settings.get_or_insert_with(|| {
            settings(
                self.map,
                self.limit_mw,
                self.nominal_mv,
                reading.voltage_mv,
                self.interval_ms,
            )
        });
        self.meter
            .push(&reading, None, &settings, &mut self.outputs);
        if self.map == Map::Dc && self.nominal_mv.is_none() {
            // Nobody knows what a DC voltage should be, and it has no frequency.
            self.outputs.events.retain(|event| {
                !matches!(
                    event.code,
                    EventCode::Sag | EventCode::Swell | EventCode::Interruption
                )
            });
        }
        self.note(unix_ms)
    }

    /// A poll that failed.
    pub(crate) fn miss(&mut self, at_ms: u64, unix_ms: u64) -> &[Event] {
        self.meter.miss(at_ms, &mut self.outputs);
        self.note(unix_ms)
    }

    fn note(&mut self, unix_ms: u64) -> &[Event] {
        for event in &self.outputs.events {
            self.present.retain(|code| *code != event.code);
            if event.phase == Phase::Occurrence {
                self.present.push(event.code);
            }
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back((unix_ms, *event));
        }
        &self.outputs.events
    }

    pub(crate) fn registers(&self) -> &Registers {
        self.meter.registers()
    }

    pub(crate) fn max_demand(&self) -> Option<Peak> {
        let (demand, ..) = &self.meter.stages;
        demand.max()
    }

    pub(crate) const fn max_power_mw(&self) -> u64 {
        self.max_power_mw
    }

    /// Names of the alarms that are on.
    pub(crate) fn alarms(&self) -> Vec<&'static str> {
        self.present.iter().map(|code| code.name()).collect()
    }

    /// The last events, the newest first.
    pub(crate) fn recent(&self) -> impl Iterator<Item = &(u64, Event)> {
        self.recent.iter().rev()
    }

    pub(crate) fn row(&self) -> RegistersRow {
        let r = self.registers();
        RegistersRow {
            register_mwh: r.import.mwh(),
            integrated_mwh: r.integrated.mwh(),
            estimated_mwh: r.estimated.mwh(),
            resets: r.resets,
            wraps: r.wraps,
            glitches: r.glitches,
            gap_ms: r.gap_ms,
            max_power_mw: self.max_power_mw,
            max_demand_mw: self.max_demand().map(|peak| peak.mw),
        }
    }
}

fn settings(
    map: Map,
    limit_mw: Option<u32>,
    nominal_mv: Option<u32>,
    first_mv: Option<u32>,
    interval_ms: u32,
) -> Settings<((), Limits, Rules)> {
    let config = Config {
        gap_ms: interval_ms.saturating_mul(3).max(10_000),
        ..Config::new(map.describe())
    };
    let first_mv = first_mv.unwrap_or(230_000);
    let near = |nominal: &u32| nominal.abs_diff(first_mv);
    let usual = [230_000, 120_000, 100_000].into_iter().min_by_key(near);
    let limits = Limits {
        nominal_mv: nominal_mv.or(usual).unwrap_or(230_000),
        ..Limits::new(0, 50)
    };
    let rules = Rules {
        overload: limit_mw.map(Limit::overload),
        ..Rules::new()
    };
    Settings::new(config, ((), limits, rules))
}
