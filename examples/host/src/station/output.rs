//! What the station shows on standard output.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write as _};

use smart_meter::live::Live;
use smart_meter::record::{Body, Record};
use smart_meter::serial_log::Entry;

/// What became of it.
#[derive(Debug, Default)]
pub(super) struct Output {
    readings: Cell<u64>,
    is_closed: Cell<bool>,
}

impl Output {
    /// Readings so far.
    pub(super) fn readings(&self) -> u64 {
        self.readings.get()
    }

    /// Whether somebody reads it still.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.get()
    }

    /// Takes notice of what became of some output.
    pub(super) fn look(&self, written: &io::Result<()>) {
        if matches!(written, Err(error) if error.kind() == io::ErrorKind::BrokenPipe) {
            self.is_closed.set(true);
        }
    }

    /// A record was made.
    pub(super) fn record(&self, record: &Record, live: &Live, is_shown: bool) {
        if matches!(record.body, Body::Reading(_)) {
            self.readings.set(self.readings.get() + 1);
        }
        if is_shown {
            let settings = live.settings.borrow();
            let meter = settings.name(record.channel);
            self.look(&write!(io::stdout(), "{}", Entry { meter, record }));
        }
    }
}

/// Tells people how the station is. Whether anybody hears it does not matter to it.
pub(super) fn say(text: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "meter: {text}");
}
