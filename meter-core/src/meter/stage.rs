//! What a stage is.

use heapless::Vec;

use crate::demand::Peak;
use crate::detect::{Edge, Event};
use crate::energy::{Registers, Step};
use crate::freeze::Ended;
use crate::profile::Record;
use crate::quality::Disturbance;
use crate::reading::{Reading, Source};
use crate::snapshot::Snapshot;
use crate::tariff::LocalTime;

/// What a stage gets to see.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The reading, calibrated.
    pub reading: &'a Reading,
    /// The local time, if it is known.
    pub local: Option<LocalTime>,
    /// What the reading did to the registers.
    pub step: Step,
    /// The registers after it.
    pub registers: &'a Registers,
    /// The meter it comes from.
    pub source: &'a Source,
}

/// More events than all stages of this crate can have at one reading.
const EVENTS: usize = 24;

/// What a reading led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Outputs {
    /// What it did to the registers.
    pub step: Step,
    /// Alarms that began or ended.
    pub events: Vec<Event, EVENTS>,
    /// Events that found no place: never one of this crate's own stages.
    pub lost_events: u16,
    /// A load was switched.
    pub edge: Option<Edge>,
    /// A sag, swell or interruption is over.
    pub disturbance: Option<Disturbance>,
    /// The mean frequency of ten seconds that are over, in millihertz.
    pub mean_mhz: Option<u32>,
    /// A demand period is over.
    pub demand: Option<Peak>,
    /// An interval of the load profile is over.
    pub record: Option<Record>,
    /// A day is over.
    pub ended: Option<Ended>,
}

impl Outputs {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            step: Step::NONE,
            events: Vec::new(),
            lost_events: 0,
            edge: None,
            disturbance: None,
            mean_mhz: None,
            demand: None,
            record: None,
            ended: None,
        }
    }

    /// Whether something has ended that is counted once: store the [snapshot](crate::Meter::snapshot) before it is told to
    /// anybody, so that a power cut does not make it end again.
    #[must_use]
    pub const fn asks_for_storing(&self) -> bool {
        self.record.is_some() || self.ended.is_some() || self.demand.is_some()
    }

    /// Nothing again.
    pub(super) fn clear(&mut self) {
        self.step = Step::NONE;
        self.events.clear();
        self.lost_events = 0;
        self.edge = None;
        self.disturbance = None;
        self.mean_mhz = None;
        self.demand = None;
        self.record = None;
        self.ended = None;
    }

    /// Adds an event, if there is one.
    #[inline]
    pub fn note(&mut self, event: &Option<Event>) {
        if let Some(event) = event {
            self.add(event);
        }
    }

    /// Rarely called, and never inlined: what looks at each reading stays small.
    #[cold]
    #[inline(never)]
    fn add(&mut self, event: &Event) {
        if self.events.push(*event).is_err() {
            self.lost_events = self.lost_events.saturating_add(1);
        }
    }
}

/// Something that follows readings behind the registers. Stages are joined in tuples, or in a struct of one's own.
pub trait Stage {
    /// What it is to do.
    type Config<'a>;

    /// Takes a reading and adds what it has to say.
    fn push(&mut self, input: &Input<'_>, config: &Self::Config<'_>, outputs: &mut Outputs);

    /// A poll that gave no reading.
    fn miss(&mut self, at_ms: u64, outputs: &mut Outputs) {
        let _ = (at_ms, outputs);
    }

    /// Puts what it needs after a restart into the state to be stored.
    fn save(&self, snapshot: &mut Snapshot) {
        let _ = snapshot;
    }

    /// Takes it from there.
    fn load(&mut self, snapshot: &Snapshot) {
        let _ = snapshot;
    }
}

impl Stage for () {
    type Config<'a> = ();

    fn push(&mut self, _: &Input<'_>, (): &Self::Config<'_>, _: &mut Outputs) {}
}

macro_rules! join {
    ($($stage:ident)+) => {
        impl<$($stage: Stage),+> Stage for ($($stage,)+) {
            type Config<'a> = ($($stage::Config<'a>,)+);

            #[expect(non_snake_case, reason = "stages are told apart by their types")]
            fn push(&mut self, input: &Input<'_>, config: &Self::Config<'_>, outputs: &mut Outputs) {
                let ($($stage,)+) = self;
                join!(@zip config, input, outputs, $($stage)+);
            }

            #[expect(non_snake_case, reason = "stages are told apart by their types")]
            fn miss(&mut self, at_ms: u64, outputs: &mut Outputs) {
                let ($($stage,)+) = self;
                $($stage.miss(at_ms, outputs);)+
            }

            #[expect(non_snake_case, reason = "stages are told apart by their types")]
            fn save(&self, snapshot: &mut Snapshot) {
                let ($($stage,)+) = self;
                $($stage.save(snapshot);)+
            }

            #[expect(non_snake_case, reason = "stages are told apart by their types")]
            fn load(&mut self, snapshot: &Snapshot) {
                let ($($stage,)+) = self;
                $($stage.load(snapshot);)+
            }
        }
    };
    (@zip $config:ident, $input:ident, $outputs:ident, $a:ident) => {
        $a.push($input, &$config.0, $outputs);
    };
    (@zip $config:ident, $input:ident, $outputs:ident, $a:ident $b:ident) => {
        join!(@zip $config, $input, $outputs, $a);
        $b.push($input, &$config.1, $outputs);
    };
    (@zip $config:ident, $input:ident, $outputs:ident, $a:ident $b:ident $c:ident) => {
        join!(@zip $config, $input, $outputs, $a $b);
        $c.push($input, &$config.2, $outputs);
    };
    (@zip $config:ident, $input:ident, $outputs:ident, $a:ident $b:ident $c:ident $d:ident) => {
        join!(@zip $config, $input, $outputs, $a $b $c);
        $d.push($input, &$config.3, $outputs);
    };
}

join!(A);
join!(A B);
join!(A B C);
join!(A B C D);
