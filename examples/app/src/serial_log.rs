//! What a person sees on the serial console: each reading as a box, everything else as a line.

use core::cell::RefCell;
use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use heapless::String;

use crate::live::Live;
use crate::platform::Clock;

use crate::record::{Body, EventRecord, Interval, Quality, Record, Values};
use crate::settings::{CHANNELS, Name};
use crate::text::{Decimal, Iso, Span};

const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// Characters between the two bars of a box.
const WIDTH: usize = 30;

/// A record as text, with the name of its meter.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Name of the meter.
    pub meter: Name<'a>,
    /// What is shown.
    pub record: &'a Record,
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.record.body {
            Body::Reading(values) => self.reading(f, values),
            Body::Event(event) => self.event(f, event),
            Body::Interval(interval) => self.interval(f, interval),
        }
    }
}

impl Entry<'_> {
    fn reading(&self, f: &mut fmt::Formatter<'_>, values: &Values) -> fmt::Result {
        let rule = |f: &mut fmt::Formatter<'_>| writeln!(f, "+{:-<WIDTH$}+", "");
        rule(f)?;
        title(f, format_args!("{}", self.meter))?;
        title(f, format_args!("{}", When(self.record)))?;
        row(
            f,
            "Voltage",
            values.voltage_mv.map(|mv| Decimal::milli(mv.into(), 2)),
            "V",
        )?;
        row(
            f,
            "Current",
            values.current_ma.map(|ma| Decimal::milli(ma.into(), 2)),
            "A",
        )?;
        row(
            f,
            "Power",
            values.power_mw.map(|mw| Decimal::milli(mw.into(), 2)),
            "W",
        )?;
        if let Some(mvar) = values.reactive_mvar {
            row(f, "Reactive", Some(Decimal::milli(mvar.into(), 2)), "var")?;
        }
        row(f, "Energy", Some(Decimal::kwh(values.import_mwh, 2)), "kWh")?;
        if values.export_mwh > 0 {
            row(f, "Export", Some(Decimal::kwh(values.export_mwh, 2)), "kWh")?;
        }
        row(
            f,
            "Frequency",
            values
                .frequency_mhz
                .map(|mhz| Decimal::milli(mhz.into(), 2)),
            "Hz",
        )?;
        let factor = values.power_factor_milli;
        row(
            f,
            "Power factor",
            factor.map(|milli| Decimal::milli(milli.into(), 2)),
            "",
        )?;
        if self.record.quality != Quality::GOOD {
            writeln!(
                f,
                "| {:<12} {:<15} |",
                "Quality",
                self.record.quality.word()
            )?;
        }
        rule(f)
    }

    fn event(&self, f: &mut fmt::Formatter<'_>, event: &EventRecord) -> fmt::Result {
        write!(f, "{} {} ", When(self.record), self.meter)?;
        match event.name() {
            Some(name) => f.write_str(name)?,
            None => write!(f, "event {}", event.code)?,
        }
        f.write_str(if event.is_occurrence {
            " begins"
        } else {
            " ends"
        })?;
        let unit = meter_core::EventCode::from_number(event.code).map_or("", |code| code.unit());
        let space = if unit.is_empty() { "" } else { " " };
        writeln!(f, ": {}{space}{unit}", event.value)
    }

    fn interval(&self, f: &mut fmt::Formatter<'_>, interval: &Interval) -> fmt::Result {
        writeln!(
            f,
            "{} {} interval: {} kWh in, {} kWh out, {} readings",
            When(self.record),
            self.meter,
            Decimal::kwh(interval.import_mwh, 3),
            Decimal::kwh(interval.export_mwh, 3),
            interval.readings
        )
    }
}

/// The time of a record; not a date when nobody knew it.
struct When<'a>(&'a Record);

impl fmt::Display for When<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.utc_ms.and_then(Iso::new) {
            Some(iso) => write!(f, "{iso:.0}"),
            None => {
                let seconds = self.0.at_ms / 1_000;
                write!(f, "{} after start", Span { seconds })
            }
        }
    }
}

/// A line of the box for itself; what is too long is cut.
fn title(f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>) -> fmt::Result {
    let mut line = String::<64>::new();
    let _ = fmt::write(&mut line, text);
    writeln!(f, "| {line:<width$.width$} |", width = WIDTH - 2)
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, value: Option<Decimal>, unit: &str) -> fmt::Result {
    match value {
        Some(value) => writeln!(f, "| {name:<12} {value:>11} {unit:<3} |"),
        // Not measured is not zero.
        None => writeln!(f, "| {name:<12} {:>11} {unit:<3} |", "--"),
    }
}

/// The console: everything that happens, as text, and with the feature `defmt` as frames too.
#[derive(Debug)]
pub struct SerialLog<W> {
    out: RefCell<W>,
}

/// A failure that goes on is said again after this.
const AGAIN_MS: u64 = 60_000;

impl<W: fmt::Write> SerialLog<W> {
    /// On anything that takes text.
    pub const fn new(out: W) -> Self {
        Self {
            out: RefCell::new(out),
        }
    }

    /// Shows a record. A console that does not take it is no reason to stop.
    pub fn record(&self, meter: Name<'_>, record: &Record) {
        let _ = write!(self.out.borrow_mut(), "{}", Entry { meter, record });
        #[cfg(feature = "defmt")]
        defmt::info!("{} {}", defmt::Display2Format(&meter), record);
    }

    /// Shows that there is no reading, and why: never a box of zeros.
    pub fn failure(&self, meter: Name<'_>, message: &str) {
        let _ = writeln!(self.out.borrow_mut(), "no reading from {meter}: {message}");
        #[cfg(feature = "defmt")]
        defmt::warn!(
            "no reading from {}: {=str}",
            defmt::Display2Format(&meter),
            message
        );
    }

    /// Shows failures of the meters when they begin, when they become others, and each minute while they last. Records
    /// come by the [witness](crate::live::Live::witness).
    pub async fn watch(&self, clock: impl Clock, live: &Live) -> ! {
        let mut said = [(None, 0); CHANNELS];
        loop {
            let now_ms = clock.now_ms();
            self.look(live, &mut said, now_ms);
            let interval_ms = live.settings.borrow().interval_ms;
            clock.sleep_ms((interval_ms / 2).into()).await;
        }
    }

    fn look(&self, live: &Live, said: &mut [(Option<u32>, u64); CHANNELS], now_ms: u64) {
        if live.panel.is_console_in_use(now_ms) {
            return;
        }
        let settings = live.settings.borrow();
        let channels = live.channels.borrow();
        for ((nth, channel), (last, said_ms)) in (0..).zip(channels.iter()).zip(said) {
            // The text would take more room than a number that tells it from others.
            let text = channel.error.as_deref();
            let sum = text.map(|text| CRC.checksum(text.as_bytes()));
            let is_due = sum != *last || now_ms.saturating_sub(*said_ms) >= AGAIN_MS;
            if let (Some(text), true) = (text, is_due) {
                self.failure(settings.name(nth), text);
                *said_ms = now_ms;
            }
            *last = sum;
        }
    }

    /// Gives the console back.
    pub fn release(self) -> W {
        self.out.into_inner()
    }
}
