//! What the tasks of the device know of each other: the present, never a queue.

use core::cell::{Cell, RefCell};

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::signal::Signal;
use heapless::{String, Vec};
use meter_core::detect::Latch;
use meter_core::health::Health;
use meter_core::{Peak, Registers};

use crate::record::Values;
use crate::settings::{CHANNELS, Settings};

/// One meter as it is now.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    /// The last good reading, and when it was made in milliseconds since the start.
    pub last: Option<(Values, u64)>,
    /// Why the last poll failed, if it did.
    pub error: Option<String<96>>,
    /// All registers.
    pub registers: Registers,
    /// Import since midnight and since the month began, in milliwatt-hours, once the local time is known.
    pub today_mwh: Option<u64>,
    /// Import since the month began.
    pub month_mwh: Option<u64>,
    /// The largest demand of this billing period.
    pub max_demand: Option<Peak>,
    /// Alarms that are on, or were and nobody has looked.
    pub alarms: Latch,
}

/// Where the time comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum TimeSource {
    /// Nobody knows it.
    #[default]
    None,
    /// From the clock with a battery.
    Rtc,
    /// From a time server.
    Server,
}

/// What is known of the time of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TimeState {
    /// Milliseconds since 1970 less the milliseconds since the start; `None` while nobody knows.
    pub offset_ms: Option<i64>,
    /// Who says so.
    pub source: TimeSource,
}

impl TimeState {
    /// The time of the day at a time since the start.
    #[must_use]
    pub const fn utc_ms(&self, at_ms: u64) -> Option<i64> {
        match self.offset_ms {
            Some(offset_ms) => Some(offset_ms.saturating_add_unsigned(at_ms)),
            None => None,
        }
    }
}

/// How the uplink is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UplinkState {
    /// Whether the last exchange went well.
    pub is_up: bool,
    /// When something was accepted last, in milliseconds since the start.
    pub last_ok_ms: Option<u64>,
    /// What is wrong, for people.
    pub error: Option<String<96>>,
}

/// What has to be alive for the watchdog to be fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Task {
    /// Reads the meters.
    Sampler = 0,
    /// Sends records.
    Uplink = 1,
    /// Writes flash.
    Keeper = 2,
}

/// Tasks in [`Task`].
pub const TASKS: usize = 3;

/// The present of the device, shared by all tasks of one executor.
pub struct Live {
    /// Settings in force.
    pub settings: RefCell<Settings>,
    /// The meters.
    pub channels: RefCell<Vec<Channel, CHANNELS>>,
    /// The time.
    pub time: Cell<TimeState>,
    /// The uplink.
    pub uplink: RefCell<UplinkState>,
    /// The device itself.
    pub health: Cell<Health>,
    /// Records have come that the uplink may send.
    pub news: Signal<NoopRawMutex, ()>,
    /// When each task was alive last, in milliseconds since the start.
    alive_ms: [Cell<u64>; TASKS],
}

impl Live {
    /// Nothing known yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings: RefCell::new(settings),
            channels: RefCell::new(Vec::new()),
            time: Cell::new(TimeState::default()),
            uplink: RefCell::new(UplinkState::default()),
            health: Cell::new(Health::default()),
            news: Signal::new(),
            alive_ms: [const { Cell::new(0) }; TASKS],
        }
    }

    /// A task says that it lives.
    pub fn is_alive(&self, task: Task, now_ms: u64) {
        if let Some(cell) = self.alive_ms.get(task as usize) {
            cell.set(now_ms);
        }
    }

    /// When the task that was silent longest was alive last.
    #[must_use]
    pub fn oldest_sign_ms(&self) -> u64 {
        self.alive_ms.iter().map(Cell::get).min().unwrap_or(0)
    }

    /// Changes the health record.
    pub fn with_health(&self, change: impl FnOnce(&mut Health)) {
        let mut health = self.health.get();
        change(&mut health);
        self.health.set(health);
    }
}
