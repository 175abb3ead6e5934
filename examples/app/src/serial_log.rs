//! What a person sees on the serial console: each reading as a box, everything else as a line.

use core::fmt;

use heapless::String;

use crate::record::{Body, EventRecord, Interval, Quality, Record, Values};
use crate::settings::Name;
use crate::text::{Decimal, Iso, Span};

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
    out: W,
}

impl<W: fmt::Write> SerialLog<W> {
    /// On anything that takes text.
    pub const fn new(out: W) -> Self {
        Self { out }
    }

    /// Shows a record. A console that does not take it is no reason to stop.
    pub fn record(&mut self, meter: Name<'_>, record: &Record) {
        let _ = write!(self.out, "{}", Entry { meter, record });
        #[cfg(feature = "defmt")]
        defmt::info!("{} {}", defmt::Display2Format(&meter), record);
    }

    /// Shows that there is no reading, and why: never a box of zeros.
    pub fn failure(&mut self, meter: Name<'_>, message: &str) {
        let _ = writeln!(self.out, "no reading from {meter}: {message}");
        #[cfg(feature = "defmt")]
        defmt::warn!(
            "no reading from {}: {=str}",
            defmt::Display2Format(&meter),
            message
        );
    }

    /// Gives the console back.
    pub fn release(self) -> W {
        self.out
    }
}
