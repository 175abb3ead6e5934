//! A recording through `meter_core::Meter` with all of its stages.

use meter_core::detect::DropLimits;
use meter_core::meter::{Outputs, Standard, StandardSettings};
use meter_core::{
    Event, Flags, LocalTime, Meter, Phase, Reading, Registers, Season, Settings, Switch, Tariff,
};

use super::alarms::{Alarm, merge};
use super::recording::Recording;

const ALL_DAY: &[Switch] = &[Switch { minute: 0, rate: 0 }];
const SEASON: Season<'static> = Season {
    from: (1, 1),
    workday: ALL_DAY,
    saturday: ALL_DAY,
    sunday: ALL_DAY,
};
const SEASONS: &[Season<'static>] = &[SEASON];

/// What a meter made of a recording.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its alarms, merged.
    pub alarms: Vec<Alarm>,
    /// Its events as they came.
    pub events: Vec<Event>,
    /// Its registers at the end.
    pub registers: Registers,
    /// When readings did something out of the ordinary, and what.
    pub flags: Vec<(u64, Flags)>,
}

impl Run {
    /// Alarms of one detector.
    pub fn count(&self, name: &str) -> usize {
        self.alarms
            .iter()
            .filter(|alarm| alarm.name == name)
            .count()
    }
}

/// Settings of a meter for a recording, with these limits for days.
pub fn settings(recording: &Recording, drop: DropLimits) -> Settings<StandardSettings<'static>> {
    let tariff = Tariff::new(SEASONS, &[], 1).expect("a tariff of one rate");
    Settings::new(
        recording.config,
        StandardSettings {
            tariff,
            limits: recording.limits,
            rules: recording.rules,
            drop,
        },
    )
}

/// Runs a recording through a new meter with the defaults for days.
pub fn replay(recording: &Recording) -> Run {
    replay_with(recording, &recording.readings, DropLimits::new())
}

/// Runs readings in a recording's place through a new meter.
pub fn replay_with<'a>(
    recording: &Recording,
    readings: impl IntoIterator<Item = &'a Reading>,
    drop: DropLimits,
) -> Run {
    let settings = settings(recording, drop);
    let mut meter = Meter::new(Standard::<4>::new(900, 1));
    let mut outputs = Outputs::new();
    let (mut events, mut flags, mut last_ms) = (Vec::new(), Vec::new(), 0);
    for reading in readings {
        let utc_s = reading.utc_s;
        let local = utc_s.and_then(|utc_s| LocalTime::from_unix(utc_s, recording.offset_s));
        meter.push(reading, local, &settings, &mut outputs);
        if !outputs.step.flags.is_empty() {
            flags.push((reading.at_ms, outputs.step.flags));
        }
        events.extend(outputs.events.iter().copied());
        assert_eq!(outputs.lost_events, 0, "{reading:?}");
        last_ms = reading.at_ms;
    }
    Run {
        alarms: merge(spans(&events, last_ms)),
        events,
        registers: *meter.registers(),
        flags,
    }
}

/// Spans from occurrence to restoration.
pub fn spans(events: &[Event], last_ms: u64) -> Vec<Alarm> {
    let mut alarms: Vec<Alarm> = Vec::new();
    for event in events {
        let name = event.code.name();
        let open = alarms
            .iter_mut()
            .rev()
            .find(|alarm| alarm.name == name && alarm.end_ms == u64::MAX);
        match (event.phase, open) {
            (Phase::Occurrence, None) => alarms.push(Alarm {
                name,
                begin_ms: event.at_ms,
                end_ms: u64::MAX,
            }),
            (Phase::Restoration, Some(alarm)) => alarm.end_ms = event.at_ms,
            (phase, _) => panic!("{name} has two events of {phase:?} in a row"),
        }
    }
    for alarm in &mut alarms {
        alarm.end_ms = alarm.end_ms.min(last_ms.max(alarm.begin_ms));
    }
    alarms
}
