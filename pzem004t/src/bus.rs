//! Many modules on one line: whose turn it is, and who has gone missing.
//!
//! [`Bus`] keeps the schedule and the state of each module; a shell does the exchange. One dead
//! module costs the others its timeout three times and then once a minute.

use heapless::Vec;

use crate::address::{Address, Target};
use crate::config::Config;
use crate::dc::DcMeasurement;
use crate::error::{Error, Failure};
use crate::measurement::Measurement;
use crate::operation::{DcBlock, Family, FullBlock, Operation, Progress, RegisterBlock};
use crate::plausibility::FirstFrame;
use crate::request::Request;
use crate::transaction::Exchange;

/// When modules count as gone, and how they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Policy {
    offline_after: u8,
    retry_ms: u32,
    max_back_off_ms: u32,
    hold_first_frame: bool,
}

impl Policy {
    /// Offline after three misses in a row; asked again after 1, 2, 4 ... 60 s; the first frame
    /// after power-up is held back.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            offline_after: 3,
            retry_ms: 1_000,
            max_back_off_ms: 60_000,
            hold_first_frame: true,
        }
    }

    /// Misses in a row after which a module is [`Link::Offline`]; at least one.
    #[must_use]
    pub const fn with_offline_after(mut self, misses: u8) -> Self {
        self.offline_after = if misses == 0 { 1 } else { misses };
        self
    }

    /// Pause after the first miss, doubled with every further one up to `max_ms`.
    #[must_use]
    pub const fn with_back_off_ms(mut self, first_ms: u32, max_ms: u32) -> Self {
        self.retry_ms = first_ms;
        self.max_back_off_ms = max_ms;
        self
    }

    /// Whether a module's first frame waits for a second one that bears it out.
    #[must_use]
    pub const fn with_hold_first_frame(mut self, hold: bool) -> Self {
        self.hold_first_frame = hold;
        self
    }

    fn back_off_ms(&self, misses: u16) -> u32 {
        let doublings = u32::from(misses.saturating_sub(1)).min(31);
        self.retry_ms
            .saturating_mul(1 << doublings)
            .min(self.max_back_off_ms)
    }

    const fn first_frame(&self) -> FirstFrame {
        if self.hold_first_frame {
            FirstFrame::new()
        } else {
            FirstFrame::open()
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

/// How a module is reached at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Link {
    /// Not yet heard of.
    Unknown,
    /// The last poll succeeded.
    Online,
    /// The last poll or polls failed.
    Degraded,
    /// So many polls failed in a row that the module is only looked for now and then.
    Offline,
}

/// The state of one module; a plain struct to read and to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Module {
    /// Its address.
    pub address: Address,
    /// Its register map.
    pub family: Family,
    /// Time between two polls in ms; 0 polls as fast as the line allows.
    pub interval_ms: u32,
    /// How it is reached.
    pub link: Link,
    /// Good polls.
    pub ok: u32,
    /// Failed polls.
    pub missed: u32,
    /// Failed polls since the last good one.
    pub missed_in_row: u16,
    /// Frames refused as implausible, the held-back first ones included.
    pub implausible: u32,
    /// When the last good poll ended, on the caller's clock.
    pub last_ok_ms: Option<u32>,
    /// Duration of the last good poll in ms.
    pub round_trip_ms: u32,
    due_ms: u32,
    first_frame: FirstFrame,
}

/// A schedule for up to `N` modules on one line.
///
/// Time is a millisecond counter of the caller's that may start anywhere and wrap.
#[derive(Clone, Debug, Default)]
pub struct Bus<const N: usize> {
    modules: Vec<Module, N>,
    policy: Policy,
}

impl<const N: usize> Bus<N> {
    /// An empty schedule.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_policy(Policy::new())
    }

    /// An empty schedule with another policy.
    #[must_use]
    pub const fn with_policy(policy: Policy) -> Self {
        Self {
            modules: Vec::new(),
            policy,
        }
    }

    /// Adds a module, to be polled from `now_ms` on every `interval_ms`.
    ///
    /// # Errors
    /// [`AddError`] when there is no room or the address is taken.
    pub fn add(
        &mut self,
        address: Address,
        family: Family,
        interval_ms: u32,
        now_ms: u32,
    ) -> Result<(), AddError> {
        if self.modules.iter().any(|m| m.address == address) {
            return Err(AddError::Duplicate);
        }
        let module = Module {
            address,
            family,
            interval_ms,
            link: Link::Unknown,
            ok: 0,
            missed: 0,
            missed_in_row: 0,
            implausible: 0,
            last_ok_ms: None,
            round_trip_ms: 0,
            due_ms: now_ms,
            first_frame: self.policy.first_frame(),
        };
        self.modules.push(module).map_err(|_| AddError::Full)
    }

    /// The modules in the order they were added.
    #[must_use]
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// Whether every module misses its polls at once: the line, the adapter or the supply is then
    /// a better suspect than the modules.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        !self.modules.is_empty() && self.modules.iter().all(|m| m.missed_in_row > 0)
    }

    /// The poll that is most overdue at `now_ms`, if any is due.
    ///
    /// Run it with any shell, then hand what came of it to [`record`](Self::record).
    #[must_use]
    pub fn due(&self, now_ms: u32) -> Option<Poll> {
        self.modules
            .iter()
            .enumerate()
            .map(|(index, module)| (index, module, overdue_ms(module, now_ms)))
            .filter(|(_, _, overdue)| *overdue >= 0)
            // The first of equals: strictly later entries do not replace it.
            .reduce(|best, next| if next.2 > best.2 { next } else { best })
            .map(|(index, module, _)| Poll {
                index,
                address: module.address,
                family: module.family,
                started_ms: now_ms,
            })
    }

    /// How long until the next poll is due, in ms; `None` without modules.
    #[must_use]
    pub fn wait_ms(&self, now_ms: u32) -> Option<u32> {
        self.modules
            .iter()
            .map(|module| overdue_ms(module, now_ms))
            .max()
            .map(|overdue| {
                if overdue < 0 {
                    overdue.unsigned_abs()
                } else {
                    0
                }
            })
    }

    /// Takes what came of a poll at `now_ms` and sets the module's next turn.
    pub fn record<E>(
        &mut self,
        poll: Poll,
        result: Result<Sample, Error<E>>,
        now_ms: u32,
    ) -> Event<E> {
        let policy = self.policy;
        let Some(module) = self.modules.get_mut(poll.index) else {
            return Event {
                address: poll.address,
                result,
                change: None,
            };
        };
        let before = module.link;
        let result = result.and_then(|sample| {
            module
                .first_frame
                .admit(sample.energy_wh())
                .map(|()| sample)
                .map_err(|held| Error::Exchange(Failure::Implausible(held)))
        });
        match &result {
            Ok(_) => {
                module.ok = module.ok.saturating_add(1);
                module.missed_in_row = 0;
                module.link = Link::Online;
                module.last_ok_ms = Some(now_ms);
                module.round_trip_ms = now_ms.wrapping_sub(poll.started_ms);
                module.due_ms = next_turn(module, now_ms);
            }
            Err(Error::Exchange(Failure::Implausible(_))) => {
                // It answers, so it is there; only its word is not taken yet.
                module.implausible = module.implausible.saturating_add(1);
                module.link = Link::Degraded;
                module.due_ms = now_ms.wrapping_add(policy.retry_ms);
            }
            Err(_) => {
                module.missed = module.missed.saturating_add(1);
                module.missed_in_row = module.missed_in_row.saturating_add(1);
                module.link = if module.missed_in_row >= u16::from(policy.offline_after) {
                    module.first_frame = policy.first_frame();
                    Link::Offline
                } else {
                    Link::Degraded
                };
                let pause = policy.back_off_ms(module.missed_in_row);
                module.due_ms = now_ms.wrapping_add(pause);
            }
        }
        Event {
            address: module.address,
            change: (module.link != before).then_some(module.link),
            result,
        }
    }
}

/// How long a module's turn has been due; negative before it is.
fn overdue_ms(module: &Module, now_ms: u32) -> i32 {
    now_ms.wrapping_sub(module.due_ms).cast_signed()
}

/// The next turn: one interval after the last one was due, so that the cadence does not drift; a
/// line that is too slow for it starts anew from now.
fn next_turn(module: &Module, now_ms: u32) -> u32 {
    let planned = module.due_ms.wrapping_add(module.interval_ms);
    if now_ms.wrapping_sub(planned).cast_signed() > 0 {
        now_ms
    } else {
        planned
    }
}

/// Why a module was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum AddError {
    /// The schedule already holds its `N` modules.
    Full,
    /// A module with this address is already in it.
    Duplicate,
}

impl core::fmt::Display for AddError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Full => "the schedule is full: make the N of Bus<N> larger",
            Self::Duplicate => "a module with this address is already polled",
        })
    }
}

impl core::error::Error for AddError {}

/// The measurements of a module of either family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Sample {
    /// Of an AC module.
    Ac(Measurement),
    /// Of a DC module.
    Dc(DcMeasurement),
}

impl Sample {
    /// The energy counter in Wh.
    #[must_use]
    pub const fn energy_wh(&self) -> u32 {
        match self {
            Self::Ac(measurement) => measurement.energy_wh,
            Self::Dc(measurement) => measurement.energy_wh,
        }
    }
}

/// One module's turn: an [`Operation`] that reads its measurements once.
///
/// A poll is never repeated by itself; the schedule comes back to the module soon enough, and the
/// others are not kept waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    index: usize,
    address: Address,
    family: Family,
    started_ms: u32,
}

impl Poll {
    /// The module whose turn it is.
    #[must_use]
    pub const fn address(&self) -> Address {
        self.address
    }
}

impl Operation for Poll {
    type Output = Sample;

    fn request(&self) -> Request {
        let target = Target::Unit(self.address);
        match self.family {
            Family::Ac => FullBlock.request(target),
            Family::Dc => DcBlock.request(target),
        }
    }

    fn conclude(&mut self, exchange: Exchange<'_>, config: &Config) -> Progress<Sample> {
        let family = self.family;
        Progress::Done(exchange.result.and_then(|reply| {
            match family {
                Family::Ac => FullBlock
                    .interpret(reply.registers(), config)
                    .map(Sample::Ac),
                Family::Dc => DcBlock.interpret(reply.registers(), config).map(Sample::Dc),
            }
        }))
    }
}

/// What came of a module's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Event<E> {
    /// The module.
    pub address: Address,
    /// Its measurements, or why there are none.
    pub result: Result<Sample, Error<E>>,
    /// The state it changed to, when it did.
    pub change: Option<Link>,
}
