//! Sees every record when it is made: shows it on the console, gives it to the archive.

use core::cell::Cell;

use esp_println::Printer;
use smart_meter::archive::Inbox;
use smart_meter::live::Live;
use smart_meter::platform::Clock;
use smart_meter::record::Record;
use smart_meter::serial_log::SerialLog;

use crate::clock::ChipClock;

/// Records that wait for the card: four minutes of readings.
const ROOM: usize = 48;

/// What records are shown to.
pub struct Witness {
    live: &'static Live,
    /// The archive.
    pub inbox: Inbox<ROOM>,
    /// The console.
    pub log: SerialLog<Printer>,
}

/// The one there is. It has to be a static, since the application takes a function that lives for ever.
struct Only(Cell<Option<&'static Witness>>);

// SAFETY: everything here runs on one executor, of one core; no interrupt looks at it.
unsafe impl Sync for Only {}

static ONLY: Only = Only(Cell::new(None));

impl Witness {
    /// To be put into a static and [started](Self::start).
    #[must_use]
    pub const fn new(live: &'static Live) -> Self {
        Self {
            live,
            inbox: Inbox::new(),
            log: SerialLog::new(Printer),
        }
    }

    /// From now on it sees records.
    pub fn start(&'static self) {
        ONLY.0.set(Some(self));
        self.live.witness.set(Some(&see));
    }
}

fn see(record: &Record) {
    if let Some(witness) = ONLY.0.get() {
        witness.inbox.offer(record);
        if witness.live.panel.is_console_in_use(ChipClock.now_ms()) {
            return;
        }
        let settings = witness.live.settings.borrow();
        witness.log.record(settings.name(record.channel), record);
    }
}
