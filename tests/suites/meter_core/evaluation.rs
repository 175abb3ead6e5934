//! The core of the scoring program on the committed extracts: what its tables claim is guarded here.

use meter_core::detect::{ConsumptionDrop, DropLimits};
use meter_core::{EventCode, Phase};
use metering_tests::evaluation::faults::{self, Fault};
use metering_tests::evaluation::household::{Days, energy_mwh, households};
use metering_tests::evaluation::sets::{self, Data};
use metering_tests::evaluation::theft::{
    Found, Quiet, Watch, alarms, find, healthy_lives, quiet, trials,
};
use metering_tests::evaluation::{Alarm, replay};

/// Residual, impossible power, mismatch, counter and frozen source.
const FAULTS: [EventCode; 6] = [
    EventCode::Residual,
    EventCode::ImpossiblePower,
    EventCode::EnergyMismatch,
    EventCode::CounterReset,
    EventCode::CounterGlitch,
    EventCode::FrozenSource,
];

#[test]
fn no_fault_and_no_theft_is_seen_in_healthy_recordings() {
    let mut readings = 0;
    for set in sets::healthy(&Data::extracts()) {
        for recording in &set.recordings {
            let run = replay(recording);
            let theft = [
                EventCode::ConsumptionDrop,
                EventCode::BaseLoadShift,
                EventCode::TheftSuspicion,
            ];
            for code in FAULTS.into_iter().chain(theft) {
                let count = run.count(code.name());
                assert_eq!(count, 0, "{}, {}: {code:?}", set.name, recording.meter);
            }
            assert!(!recording.readings.is_empty(), "{}", recording.meter);
            readings += recording.readings.len();
        }
    }
    assert!(readings > 13_000, "{readings} readings");
}

/// Of the rule as its documentation has it, in floating point.
struct Restated {
    days: Vec<f64>,
    sum: f64,
    is_on: bool,
}

impl Restated {
    fn push(&mut self, day: f64) -> bool {
        let was_on = self.is_on;
        let mut learnt = day;
        if self.days.len() == 14 {
            let usual = self.days.iter().sum::<f64>() / 14.0;
            let off: f64 = self.days.iter().map(|day| (day - usual).abs()).sum();
            let spread = f64::max(off / 14.0 * 1.2533, 0.35 * usual);
            let lacks = ((usual - day) / spread).clamp(-1.0, 1.0);
            self.sum = (self.sum + lacks - 0.5).clamp(0.0, 3.5);
            if self.sum > 1.75 {
                self.is_on = true;
            } else if self.sum < 0.875 {
                self.is_on = false;
            }
            learnt = day.max(usual - spread);
            if !self.is_on {
                self.days.remove(0);
            }
        }
        if !self.is_on {
            self.days.push(learnt);
        }
        self.is_on && !was_on
    }
}

#[test]
fn the_rule_for_days_is_what_its_documentation_says() {
    let data = Data::extracts();
    let (mut begun, mut begun_restated, mut days) = (0, 0, 0);
    for household in households(&data, Days::Tuning) {
        for trial in trials(&household, 50, 30) {
            let mut restated = Restated {
                days: Vec::new(),
                sum: 0.0,
                is_on: false,
            };
            let mut drop = ConsumptionDrop::new();
            for day in &trial.seen {
                let mwh = energy_mwh(day);
                let event = drop.push(0, mwh, &DropLimits::new());
                let begins = event.is_some_and(|event| event.phase == Phase::Occurrence);
                begun += usize::from(begins);
                begun_restated += usize::from(restated.push(mwh as f64 / 1e3));
                days += 1;
            }
        }
    }
    assert!(days > 15_000 && begun > 200, "{begun} in {days}");
    // Rounding to watt-hours and hundredths decides now and then.
    assert!(
        begun.abs_diff(begun_restated) <= 4,
        "{begun}, {begun_restated}"
    );
}

#[test]
fn a_bypass_of_half_is_found_in_a_week_and_none_where_there_is_none() {
    let data = Data::extracts();
    let (mut found, mut quiets) = (Found::default(), Quiet::default());
    for days in [Days::Report, Days::Tuning] {
        for household in households(&data, days) {
            found.add(find(&trials(&household, 50, 20), Watch::Meter));
            quiets.add(&quiet(&healthy_lives(&household, 2), Watch::Meter));
        }
    }
    assert!(found.recall() >= 0.95, "{found:?}");
    assert!(quiets.rate() <= 0.1 && quiets.months > 300.0, "{quiets:?}");
}

#[test]
fn days_and_nights_alone_say_what_the_whole_meter_says() {
    let data = Data::extracts();
    let mut said = 0;
    for household in households(&data, Days::Report) {
        for trial in trials(&household, 60, 4) {
            let whole = alarms(&trial.seen, Watch::Meter);
            let alone = alarms(&trial.seen, Watch::Alone(DropLimits::new()));
            let begins = |alarms: &[Alarm]| -> Vec<_> {
                alarms
                    .iter()
                    .map(|alarm| (alarm.name, alarm.begin_ms / 60_000))
                    .collect()
            };
            assert_eq!(begins(&whole), begins(&alone), "{}", household.name);
            said += whole.len();
        }
    }
    assert!(said > 28, "{said}");
}

#[test]
fn quarters_of_the_extract_are_those_of_the_data_set() {
    let whole = Data::from_environment();
    if !whole.is_whole() {
        println!("skipped: METER_DATA names no folder");
        return;
    }
    for appliance in &sets::APPLIANCES {
        let extract = sets::quarters(&Data::extracts(), appliance);
        assert_eq!(
            extract,
            sets::quarters(&whole, appliance),
            "{}",
            appliance.name
        );
        assert_eq!(extract.len(), 10);
    }
}

#[test]
fn every_fault_of_a_counter_is_called_what_it_is_and_costs_no_energy() {
    let healthy = sets::healthy(&Data::extracts());
    let mut meters = faults::meters(&healthy);
    meters.extend(faults::simulated(1..2, 1));
    let faults = [
        Fault::Wrap(1 << 16),
        Fault::Wrap(10_000_000),
        Fault::Wrap(1 << 32),
        Fault::Reset,
        Fault::GlitchUp,
        Fault::GlitchToZero,
        Fault::SwappedBytes,
        Fault::Gap(300),
        Fault::Gap(86_400),
        Fault::Gap(11 * 86_400),
        Fault::ClockStep,
    ];
    for fault in faults {
        let outcome = faults::trials(fault, &meters, 40, 11);
        let name = fault.name();
        assert_eq!(outcome.trials, 40, "{name}: no place for it");
        assert_eq!(outcome.named, 40, "{name}: {:?}", outcome.missed);
        // A step of the counter: what was counted of it before it was set to zero is estimated.
        let off = outcome.off_wh.iter().copied().fold(0.0, f64::max);
        assert!(off <= 1.0, "{name}: {off} Wh");
        assert_eq!(outcome.core.false_alarms, 0, "{name}");
    }
}

#[test]
fn what_no_meter_can_measure_is_found_within_seconds() {
    let meters = faults::simulated(1..3, 1);
    for (fault, limit_s) in [
        (Fault::PowerLow, 10.0),
        (Fault::WrongPhase, 10.0),
        (Fault::Frozen, 300.0),
    ] {
        let outcome = faults::trials(fault, &meters, 20, 12);
        let slowest = outcome.delays_s.iter().copied().fold(0.0, f64::max);
        assert_eq!(
            (outcome.trials, outcome.named),
            (20, 20),
            "{:?}",
            outcome.missed
        );
        assert!(slowest <= limit_s, "{}: {slowest} s", fault.name());
    }
}
