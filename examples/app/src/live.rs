//! What the tasks of the device know of each other: the present, never a queue.

use core::cell::{Cell, RefCell};

use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::channel::Channel as Queue;
use embassy_sync::signal::Signal;
use heapless::{String, Vec};
use meter_core::detect::Latch;
use meter_core::health::Health;
use meter_core::{EventCode, Peak, Registers};

use crate::ota::Version;
use crate::record::{EventRecord, Quality, Record, Values};
use crate::settings::{CHANNELS, Settings};
use crate::store::StoreError;

/// One meter as it is now.
#[derive(Clone, Debug, Default)]
pub struct Channel {
    /// The last good reading, and when it was made in milliseconds since the start.
    pub last: Option<(Values, u64)>,
    /// What is to be known about the last good reading.
    pub quality: Quality,
    /// Why the last poll failed, if it did.
    pub error: Option<String<96>>,
    /// All registers, of the last good reading: see [`known`](Self::known).
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

impl Channel {
    /// All registers. After a start they are not known until a reading shows that the meter goes on from where they were
    /// stored: what is stored is older than what was told, and nobody sees a counter go back.
    #[must_use]
    pub fn known(&self) -> Option<&Registers> {
        self.last.as_ref().map(|_| &self.registers)
    }

    /// How long ago the last good reading was made, in milliseconds.
    #[must_use]
    pub fn age_ms(&self, now_ms: u64) -> Option<u64> {
        self.last
            .as_ref()
            .map(|(_, at_ms)| now_ms.saturating_sub(*at_ms))
    }

    /// The last good reading, if it may be shown as the present: it is no older than three intervals.
    #[must_use]
    pub fn fresh(&self, now_ms: u64, interval_ms: u32) -> Option<&Values> {
        let (values, at_ms) = self.last.as_ref()?;
        let limit_ms = u64::from(interval_ms) * 3;
        (now_ms.saturating_sub(*at_ms) <= limit_ms).then_some(values)
    }

    /// Whether any alarm is on that somebody should do something about. A low power factor is none.
    #[must_use]
    pub fn has_alarm(&self) -> bool {
        EventCode::ALL
            .iter()
            .any(|code| *code != EventCode::LowPowerFactor && self.alarms.is_present(*code))
    }
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

/// The network as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NetworkState {
    /// Whether there is a link and an address.
    pub is_up: bool,
    /// The IPv4 address.
    pub address: Option<[u8; 4]>,
}

/// How the archive on the card is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum CardState {
    /// The device has no slot for one, or has not looked yet.
    #[default]
    Unknown,
    /// Records are written to it.
    Ready,
    /// There is none, or it does not answer.
    Absent,
    /// It has no FAT file system.
    WrongFormat,
    /// Nothing more fits.
    Full,
    /// It has a fault: reading or writing fails.
    Faulty,
}

impl CardState {
    /// What it is, for people, in no more than the 21 characters of a display.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Unknown => "no card slot",
            Self::Ready => "card in use",
            Self::Absent => "no card",
            Self::WrongFormat => "format card as FAT",
            Self::Full => "card is full",
            Self::Faulty => "card fails",
        }
    }

    /// The one word for it in payloads.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Ready => "ready",
            Self::Absent => "absent",
            Self::WrongFormat => "wrong_format",
            Self::Full => "full",
            Self::Faulty => "faulty",
        }
    }
}

/// The archive on the card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ArchiveState {
    /// The card.
    pub card: CardState,
    /// Records that wait to be written.
    pub waiting: u16,
    /// Records written since the start.
    pub written: u32,
    /// Records that were lost to the archive since the start: they came while there was no card, and no room.
    pub dropped: u32,
}

/// What the device keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StoreState {
    /// Records that wait in RAM.
    pub in_ram: u32,
    /// Records that wait in flash.
    pub in_flash: u32,
    /// Records that had to make room for younger ones, since the start.
    pub dropped: u32,
    /// Intervals of the start before that nobody has seen and that are made once more, under another name.
    pub repeated: u32,
    /// How often the flash failed since the start.
    pub failures: u32,
    /// How it failed the last time.
    pub failure: Option<StoreError>,
}

/// What a person does at the device, and what it shows them of that.
#[derive(Default)]
pub struct Panel {
    /// The button was pressed shortly: the next page.
    pub next_page: Signal<NoopRawMutex, ()>,
    /// When it was pressed shortly last, in milliseconds since the start: somebody stands before the device.
    pub pressed_ms: Cell<Option<u64>>,
    /// Until when the console is in use by somebody who types, in seconds since the start.
    pub console_until_s: Cell<u32>,
    /// Seconds until the factory reset, while the button is held.
    pub countdown_s: Cell<Option<u8>>,
    /// The button was held long enough: everything is to be as it came from the factory.
    pub factory_reset: Signal<NoopRawMutex, ()>,
}

impl Panel {
    /// Whether somebody types at the console, or reads what it answered: nothing else is shown there meanwhile.
    #[must_use]
    pub fn is_console_in_use(&self, now_ms: u64) -> bool {
        now_ms < u64::from(self.console_until_s.get()) * 1_000
    }
}

/// The firmware, and what becomes of it.
#[derive(Default)]
pub struct Firmware {
    /// The version that runs.
    pub version: Cell<Version>,
    /// Whether it is new and has not confirmed itself yet: it is taken back unless it does.
    pub is_on_trial: Cell<bool>,
    /// Somebody wants newer firmware to be looked for now.
    pub look: Signal<NoopRawMutex, ()>,
    /// What the last look came to, for people.
    pub said: RefCell<String<160>>,
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

/// Events of the device itself that can wait to become records.
pub const TOLD: usize = 8;

/// Sees records.
pub type Witness = &'static dyn Fn(&Record);

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
    /// The network.
    pub network: Cell<NetworkState>,
    /// The archive on the card.
    pub archive: Cell<ArchiveState>,
    /// What is kept in RAM and flash.
    pub store: Cell<StoreState>,
    /// Times at which the meters were to be read and were not: the line was too slow.
    pub missed_slots: Cell<u32>,
    /// How much of new firmware is there in percent, while it is loaded.
    pub update_percent: Cell<Option<u8>>,
    /// The firmware.
    pub firmware: Firmware,
    /// Button and display.
    pub panel: Panel,
    /// Somebody at the device wants these corrections of voltage, current and power in millionths: the keeper of the
    /// settings stores them and puts them in force.
    pub gains_ppm: Signal<NoopRawMutex, [i32; 3]>,
    /// Somebody wants these settings: the keeper of the settings stores them, puts them in force and says in
    /// [`kept`](Self::kept) what became of it.
    pub wished: Signal<NoopRawMutex, Settings>,
    /// Whether what was [`wished`](Self::wished) is stored, and if not, why.
    pub kept: Signal<NoopRawMutex, Result<(), &'static str>>,
    /// The access point that the device has opened, while it is open.
    #[cfg(feature = "local-page")]
    pub access: Cell<Option<&'static crate::access::Access>>,
    /// The device is to start anew: whoever keeps records writes them first.
    pub restart: Signal<NoopRawMutex, ()>,
    /// Records have come that the uplink may send.
    pub news: Signal<NoopRawMutex, ()>,
    /// What happened to the device itself and is still to become a record. Who has something to tell uses
    /// [`tell`](Self::tell); the store takes it out.
    pub told: Queue<NoopRawMutex, EventRecord, TOLD>,
    /// Sees every record when it is made: the archive takes it, the console shows it. Nobody waits for this.
    pub witness: Cell<Option<Witness>>,
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
            network: Cell::new(NetworkState::default()),
            archive: Cell::new(ArchiveState::default()),
            store: Cell::new(StoreState::default()),
            missed_slots: Cell::new(0),
            update_percent: Cell::new(None),
            firmware: Firmware::default(),
            gains_ppm: Signal::new(),
            wished: Signal::new(),
            kept: Signal::new(),
            #[cfg(feature = "local-page")]
            access: Cell::new(None),
            restart: Signal::new(),
            panel: Panel::default(),
            news: Signal::new(),
            told: Queue::new(),
            witness: Cell::new(None),
            alive_ms: [const { Cell::new(0) }; TASKS],
        }
    }

    /// Something happened to the device itself: it becomes a record soon. With [`TOLD`] untold ones waiting it is
    /// dropped, since nobody may wait for flash here.
    pub fn tell(&self, event: EventRecord) {
        let _ = self.told.try_send(event);
    }

    /// A task says that it lives.
    pub fn is_alive(&self, task: Task, now_ms: u64) {
        if let Some(cell) = self.alive_ms.get(task as usize) {
            cell.set(now_ms);
        }
    }

    /// When a task was alive last.
    #[must_use]
    pub fn sign_ms(&self, task: Task) -> u64 {
        self.alive_ms.get(task as usize).map_or(0, Cell::get)
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
