//! Faults put into healthy recordings with fixed seeds, and what is said of them.

mod inject;
mod meters;

use meter_core::{EventCode, Flags};
use meter_sim::random::Random;

use super::alarms::{Match, score};
use super::baselines;
use super::recording::Recording;
use super::replay::{Run, replay};

pub use inject::{Fault, Injected};
pub use meters::{meters, simulated};

/// What the scoring allows a fast fault.
const TOLERANCE_MS: u64 = 60_000;

/// How often each says what it should, and what else it says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Faults found.
    pub found: usize,
    /// Alarms that belong to a fault.
    pub matched: usize,
    /// Alarms that belong to none.
    pub false_alarms: usize,
}

impl Tally {
    fn add(&mut self, of: &Match) {
        self.found += usize::from(of.delay_ms.is_some());
        self.matched += of.matched;
        self.false_alarms += of.false_alarms;
    }

    /// Adds those of another fault.
    pub fn merge(&mut self, other: &Self) {
        self.found += other.found;
        self.matched += other.matched;
        self.false_alarms += other.false_alarms;
    }

    /// Alarms that belong to a fault, of all; `None` without alarms.
    pub fn precision(&self) -> Option<f64> {
        let all = self.matched + self.false_alarms;
        (all > 0).then(|| self.matched as f64 / all as f64)
    }

    /// Twice precision times recall over their sum.
    pub fn f1(&self, trials: usize) -> Option<f64> {
        let (precision, recall) = (self.precision()?, self.found as f64 / trials as f64);
        Some(2.0 * precision * recall / (precision + recall).max(f64::MIN_POSITIVE))
    }
}

/// What came of the trials of a fault.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The fault.
    pub fault: Fault,
    /// Faults that were put in.
    pub trials: usize,
    /// How many of them were called what they are, with all counts of wraps, resets and nonsense right.
    pub named: usize,
    /// Seconds until that was said.
    pub delays_s: Vec<f64>,
    /// What the import register is off what flowed by, in watt-hours; of a counter that counts too little, by then.
    pub off_wh: Vec<f64>,
    /// What `meter-core` said.
    pub core: Tally,
    /// What a z-score said.
    pub z_score: Tally,
    /// What a Hampel filter said.
    pub hampel: Tally,
    /// What the two naive rules said.
    pub naive: Tally,
    /// The first that was not called what it is.
    pub missed: Option<String>,
}

/// Puts a fault into recordings, so many times in all.
pub fn trials(fault: Fault, meters: &[Recording], trials: usize, seed: u64) -> Outcome {
    let mut random = Random::new(seed);
    let mut outcome = Outcome {
        fault,
        trials: 0,
        named: 0,
        delays_s: Vec::new(),
        off_wh: Vec::new(),
        core: Tally::default(),
        z_score: Tally::default(),
        hampel: Tally::default(),
        naive: Tally::default(),
        missed: None,
    };
    // A place in a recording may not do: a counter that stands still does not wrap.
    for _ in 0..trials * 50 {
        if outcome.trials == trials {
            break;
        }
        let meter = &meters[random.below(meters.len() as u64) as usize];
        if let Some(injected) = fault.inject(meter, &mut random) {
            outcome.push(&injected);
        }
    }
    outcome
}

impl Outcome {
    fn push(&mut self, injected: &Injected) {
        let Injected {
            recording,
            onset_ms,
            end_ms,
            ..
        } = injected;
        self.trials += 1;
        let run = replay(recording);
        match named_ms(self.fault, injected, &run) {
            Some(at_ms) => {
                self.named += 1;
                self.delays_s.push((at_ms - onset_ms) as f64 / 1e3);
            }
            None if self.missed.is_none() => {
                let said: Vec<_> = run
                    .events
                    .iter()
                    .map(|event| (event.code, event.at_ms))
                    .collect();
                self.missed = Some(format!("{} at {onset_ms}: {said:?}", recording.meter));
            }
            None => {}
        }
        let import_wh = run.registers.import.mwh() as f64 / 1e3;
        let off_wh = if self.fault == Fault::HalfCounted {
            // What was not counted until that was said.
            let at_ms = named_ms(self.fault, injected, &run).unwrap_or(*end_ms);
            counted_wh(recording, *onset_ms, at_ms)
        } else {
            (import_wh - injected.true_wh).abs()
        };
        self.off_wh.push(off_wh);
        let score = |alarms: &[_]| score(alarms, *onset_ms, *end_ms, TOLERANCE_MS);
        let mut core = score(&run.alarms);
        // Wraps and gaps are said of readings and are no alarms; what was named was found.
        core.delay_ms = core.delay_ms.or(named_ms(self.fault, injected, &run));
        self.core.add(&core);
        let alarms = baselines::run(recording);
        let of = |names: &[&str]| {
            let alarms = alarms.iter().filter(|alarm| names.contains(&alarm.name));
            score(&alarms.copied().collect::<Vec<_>>())
        };
        self.z_score.add(&of(&[baselines::Z_SCORE]));
        self.hampel.add(&of(&[baselines::HAMPEL]));
        self.naive
            .add(&of(&[baselines::THEFT, baselines::HIGH_USAGE]));
    }
}

/// What the counter moved between two times, in watt-hours.
fn counted_wh(recording: &Recording, from_ms: u64, to_ms: u64) -> f64 {
    let within = recording
        .readings
        .iter()
        .filter(|r| (from_ms..=to_ms).contains(&r.at_ms));
    let mut counters = within
        .flat_map(|reading| reading.counter)
        .map(|counter| counter.import);
    let first = counters.next().unwrap_or_default();
    (counters.next_back().unwrap_or(first) - first) as f64
}

/// When a fault was called what it is, if all that was said of the counter is right.
fn named_ms(fault: Fault, injected: &Injected, run: &Run) -> Option<u64> {
    let r = &run.registers;
    let counts = (r.wraps, r.resets, r.glitches);
    let flagged = |flag: Flags| {
        let at = run.flags.iter().find(|(_, flags)| flags.contains(flag));
        at.map(|(at_ms, _)| *at_ms)
    };
    let alarmed = |codes: &[EventCode]| {
        let matching = run.alarms.iter().filter(|alarm| {
            codes.iter().any(|code| code.name() == alarm.name)
                && alarm.begin_ms >= injected.onset_ms
        });
        matching.map(|alarm| alarm.begin_ms).min()
    };
    let only = |right: (u16, u16, u16), at: Option<u64>| at.filter(|_| counts == right);
    match fault {
        Fault::Wrap(_) => only((1, 0, 0), flagged(Flags::WRAP)),
        Fault::Reset => only((0, 1, 0), alarmed(&[EventCode::CounterReset])),
        Fault::GlitchUp | Fault::GlitchToZero | Fault::SwappedBytes => {
            only((0, 0, 1), alarmed(&[EventCode::CounterGlitch]))
        }
        Fault::Gap(_) => only((0, 0, 0), flagged(Flags::GAP)),
        Fault::GapWithoutCounter(_) => flagged(Flags::GAP.and(Flags::OPEN)),
        Fault::Frozen => alarmed(&[EventCode::FrozenSource]),
        Fault::HalfCounted => alarmed(&[EventCode::EnergyMismatch]),
        Fault::PowerLow | Fault::WrongPhase => {
            alarmed(&[EventCode::Residual, EventCode::ImpossiblePower])
        }
        Fault::ClockStep => only((0, 0, 0), alarmed(&[EventCode::ClockStep])),
    }
}
