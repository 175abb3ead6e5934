//! What new firmware has to show before it stays.

use super::guard::Expects;
use crate::live::Live;

/// When firmware that could not show everything has failed, in milliseconds after its start.
pub const DEADLINE_MS: u64 = 600_000;
/// How long everything has to have gone well.
const STEADY_MS: u64 = 30_000;
/// A task that was silent longer is stuck.
const SILENT_MS: u64 = 60_000;

/// What is seen of the firmware that runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Seen {
    /// The store of records was opened.
    pub store: bool,
    /// All tasks live.
    pub tasks: bool,
    /// A meter was read.
    pub meter: bool,
    /// The server was reached; the network alone where there is no server.
    pub network: bool,
}

impl Seen {
    /// What there is to be seen now.
    #[must_use]
    pub fn now(live: &Live, is_store_open: bool, now_ms: u64) -> Self {
        let has_server = live.settings.borrow().uplink != crate::settings::Uplink::None;
        Self {
            store: is_store_open,
            tasks: now_ms.saturating_sub(live.oldest_sign_ms()) < SILENT_MS,
            meter: live
                .channels
                .borrow()
                .iter()
                .any(|channel| channel.last.is_some()),
            network: if has_server {
                live.uplink.borrow().last_ok_ms.is_some()
            } else {
                live.network.get().is_up
            },
        }
    }

    /// What the firmware before could do: what the next one is measured by.
    #[must_use]
    pub const fn expects(self) -> Expects {
        Expects {
            meter: self.meter,
            network: self.network,
        }
    }

    /// The first thing that is missing.
    #[must_use]
    const fn missing(self, expects: Expects) -> Option<&'static str> {
        if !self.store {
            Some("the store can not be opened")
        } else if !self.tasks {
            Some("a task is stuck")
        } else if expects.meter && !self.meter {
            Some("the meter is not read, and was before")
        } else if expects.network && !self.network {
            Some("the server is not reached, and was before")
        } else {
            None
        }
    }
}

/// What becomes of firmware on trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Verdict {
    /// It is too early to say.
    Wait,
    /// It stays.
    Stays,
    /// It goes, for this reason.
    Goes(&'static str),
}

/// Watches firmware on trial. A network that has gone at the same time fails it too: it can be sent again, while
/// firmware that stays without a network can be repaired only with a cable.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    expects: Expects,
    good_since_ms: Option<u64>,
}

impl Proof {
    /// Nothing was seen yet.
    #[must_use]
    pub const fn new(expects: Expects) -> Self {
        Self {
            expects,
            good_since_ms: None,
        }
    }

    /// Looks at what is seen `now_ms` after the start.
    #[must_use]
    pub fn judge(&mut self, seen: Seen, now_ms: u64) -> Verdict {
        let Some(missing) = seen.missing(self.expects) else {
            let since_ms = *self.good_since_ms.get_or_insert(now_ms);
            return if now_ms.saturating_sub(since_ms) >= STEADY_MS {
                Verdict::Stays
            } else {
                Verdict::Wait
            };
        };
        self.good_since_ms = None;
        if now_ms >= DEADLINE_MS {
            Verdict::Goes(missing)
        } else {
            Verdict::Wait
        }
    }
}
