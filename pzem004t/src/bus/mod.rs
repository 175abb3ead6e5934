//! Many modules on one line: whose turn it is, and who has gone missing.
//!
//! [`Bus`] keeps the schedule and the state of each module; a shell does the exchange. One dead
//! module costs the others its timeout three times and then once a minute.

mod module;
mod policy;
mod poll;

pub use module::{Link, Module};
pub use policy::Policy;
pub use poll::{Event, Poll, Sample};

use heapless::Vec;

use crate::address::Address;
use crate::error::{Error, Failure};
use crate::operation::Family;

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
            .map(|(index, module)| (index, module, module.overdue_ms(now_ms)))
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
            .map(|module| module.overdue_ms(now_ms))
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
                module.plan(now_ms);
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
