//! Lines of the archive.

use core::fmt::Write as _;

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use heapless::String;

use crate::record::{Body, EventRecord, Id, Quality, Record, Values};
use crate::text::{Decimal, Iso};

/// Bytes of each line, its end included. Two lines are a sector of a card.
pub const LENGTH: usize = 256;

/// Names of the columns.
pub const COLUMNS: &str = "timestamp,voltage,current,power,energy_kwh,export_kwh,reactive_var,frequency,\
                           power_factor,channel,boot,seq,uptime_s,quality,event,event_value,check";

/// Which columns those are that name a record, counted from 0.
const BOOT: usize = 10;

/// The check of `zlib`, PNG and Ethernet, without a table: a line takes some microseconds more, and a kilobyte of
/// flash less.
const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// Text of a line.
type Text = String<LENGTH>;

/// Fills up to the length of a line. The longest line there is has 206 bytes.
fn pad(mut text: Text) -> [u8; LENGTH] {
    while text.len() < LENGTH - 1 && text.push(' ').is_ok() {}
    let mut line = [b'\n'; LENGTH];
    for (to, from) in line.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    line
}

/// The first line of a file.
#[must_use]
pub fn header() -> [u8; LENGTH] {
    pad(Text::try_from(COLUMNS).unwrap_or_default())
}

/// A record as a line. What was not measured is empty, and so is the time while nobody knows it.
///
/// The last column is the CRC-32 of everything before it, its comma included, as eight hexadecimal digits. Spaces
/// follow up to the end of the line.
#[must_use]
pub fn of(record: &Record) -> [u8; LENGTH] {
    let mut text = Text::new();
    // There is room for the longest values.
    let _ = write(&mut text, record);
    let check = CRC.checksum(text.as_bytes());
    let _ = write!(text, "{check:08x}");
    pad(text)
}

fn write(text: &mut Text, record: &Record) -> core::fmt::Result {
    if let Some(iso) = record.utc_ms.and_then(Iso::new) {
        write!(text, "{iso}")?;
    }
    match &record.body {
        Body::Reading(values) => write_values(text, values)?,
        Body::Event(_) | Body::Interval(_) => text.write_str(",,,,,,,,")?,
    }
    let Id { boot, seq } = record.id;
    let uptime = Decimal::unsigned(record.at_ms, 3, 3);
    let quality = record.quality.word();
    write!(text, ",{},{boot},{seq},{uptime},{quality},", record.channel)?;
    if let Body::Event(event) = &record.body {
        write_event(text, event)?;
    } else {
        text.write_str(",")?;
    }
    text.write_str(",")
}

fn write_values(text: &mut Text, values: &Values) -> core::fmt::Result {
    let cell = |text: &mut Text, milli: Option<i64>, places| match milli {
        Some(milli) => write!(text, ",{}", Decimal::milli(milli, places)),
        None => text.write_str(","),
    };
    cell(text, values.voltage_mv.map(i64::from), 2)?;
    cell(text, values.current_ma.map(i64::from), 2)?;
    cell(text, values.power_mw.map(i64::from), 2)?;
    write!(text, ",{}", Decimal::kwh(values.import_mwh, 6))?;
    write!(text, ",{}", Decimal::kwh(values.export_mwh, 6))?;
    cell(text, values.reactive_mvar.map(i64::from), 2)?;
    cell(text, values.frequency_mhz.map(i64::from), 2)?;
    cell(text, values.power_factor_milli.map(i64::from), 3)
}

/// `SAG+` begins, `SAG-` ends.
fn write_event(text: &mut Text, event: &EventRecord) -> core::fmt::Result {
    match event.name() {
        Some(name) => text.write_str(name)?,
        None => write!(text, "EVENT_{}", event.code)?,
    }
    let end = if event.is_occurrence { '+' } else { '-' };
    write!(text, "{end},{}", event.value)
}

/// The same record with the time that came to be known after it was made, if it did.
#[must_use]
pub fn stamped(mut record: Record, offset_ms: Option<i64>) -> Record {
    if let (None, Some(offset_ms)) = (record.utc_ms, offset_ms) {
        record.utc_ms = Some(offset_ms.saturating_add_unsigned(record.at_ms));
        record.quality = record
            .quality
            .without(Quality::CLOCK_INVALID)
            .with(Quality::RESTAMPED);
    }
    record
}

/// Whether this is a whole line that says what was written: its length, its end and its check are right.
#[must_use]
pub fn is_whole(line: &[u8]) -> bool {
    let Some((text, check)) = parts(line) else {
        return false;
    };
    let mut expected = String::<8>::new();
    let _ = write!(expected, "{:08x}", CRC.checksum(text));
    check == expected.as_bytes()
}

/// What is checked, and the check.
fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_suffix(b"\n")?;
    if line.len() != LENGTH - 1 {
        return None;
    }
    let end = line.iter().rposition(|byte| *byte != b' ')? + 1;
    let line = line.get(..end)?;
    line.split_at_checked(line.len().checked_sub(8)?)
}

/// Name of the record of a whole line.
#[must_use]
pub fn id(line: &[u8]) -> Option<Id> {
    let mut columns = core::str::from_utf8(line).ok()?.split(',').skip(BOOT);
    Some(Id {
        boot: columns.next()?.parse().ok()?,
        seq: columns.next()?.parse().ok()?,
    })
}
