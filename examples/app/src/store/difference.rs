//! A record as its difference to those before it in its block: of a reading, to the last of the same channel, or to
//! nothing but zeros. It takes about thirteen bytes.

use super::varint::{Reader, Writer};
use crate::record::{Body, EventRecord, Id, Interval, Quality, Record, Values};
use crate::settings::CHANNELS;

// The first byte of a record.
const READING: u8 = 0;
const EVENT: u8 = 1;
const INTERVAL: u8 = 2;
const KIND: u8 = 0b11;
/// The next two bits are the channel.
const CHANNEL: u32 = 2;
/// The quality follows: it is not that of the record before.
const QUALITY: u8 = 1 << 4;
/// The clock follows: it was set since the record before.
const CLOCK: u8 = 1 << 5;
/// The number follows: it is not the next one.
const NUMBER: u8 = 1 << 6;

/// What the next record is the difference to.
#[derive(Clone, Copy)]
pub(super) struct State {
    pub(super) seq: u32,
    at_ms: u64,
    /// Milliseconds since 1970 less those since the start.
    offset_ms: Option<i64>,
    quality: Quality,
    values: [Values; CHANNELS],
}

impl State {
    pub(super) const fn new() -> Self {
        Self {
            seq: 0,
            at_ms: 0,
            offset_ms: None,
            quality: Quality::GOOD,
            values: [Values {
                voltage_mv: None,
                current_ma: None,
                power_mw: None,
                reactive_mvar: None,
                frequency_mhz: None,
                power_factor_milli: None,
                import_mwh: 0,
                export_mwh: 0,
            }; CHANNELS],
        }
    }

    fn values(&mut self, channel: u8) -> Option<&mut Values> {
        self.values.get_mut(usize::from(channel))
    }

    pub(super) fn write(&mut self, record: &Record, writer: &mut Writer<'_>) {
        let offset_ms = record
            .utc_ms
            .map(|utc_ms| utc_ms.wrapping_sub_unsigned(record.at_ms));
        let kind = match record.body {
            Body::Reading(_) => READING,
            Body::Event(_) => EVENT,
            Body::Interval(_) => INTERVAL,
        };
        let next = self.seq.wrapping_add(1);
        let flag = |is: bool, bit: u8| if is { bit } else { 0 };
        writer.byte(
            kind | (record.channel & 0b11) << CHANNEL
                | flag(record.quality != self.quality, QUALITY)
                | flag(offset_ms != self.offset_ms, CLOCK)
                | flag(record.id.seq != next, NUMBER),
        );
        if record.id.seq != next {
            writer.unsigned(record.id.seq.into());
        }
        writer.signed(record.at_ms.wrapping_sub(self.at_ms).cast_signed());
        if offset_ms != self.offset_ms {
            writer.byte(offset_ms.is_some().into());
            if let Some(offset_ms) = offset_ms {
                writer.signed(offset_ms);
            }
        }
        if record.quality != self.quality {
            writer.byte(record.quality.bits());
        }
        self.seq = record.id.seq;
        self.at_ms = record.at_ms;
        self.offset_ms = offset_ms;
        self.quality = record.quality;
        match &record.body {
            Body::Reading(values) => {
                if let Some(before) = self.values(record.channel) {
                    write_values(values, before, writer);
                    *before = *values;
                }
            }
            Body::Event(event) => {
                writer.byte(event.code);
                writer.byte(event.is_occurrence.into());
                writer.signed(event.value);
            }
            Body::Interval(interval) => write_interval(interval, writer),
        }
    }

    pub(super) fn read(&mut self, boot: u32, reader: &mut Reader<'_>) -> Option<Record> {
        let head = reader.byte()?;
        let seq = if head & NUMBER != 0 {
            u32::try_from(reader.unsigned()?).ok()?
        } else {
            self.seq.wrapping_add(1)
        };
        let at_ms = self.at_ms.wrapping_add_signed(reader.signed()?);
        if head & CLOCK != 0 {
            self.offset_ms = match reader.byte()? {
                0 => None,
                _ => Some(reader.signed()?),
            };
        }
        if head & QUALITY != 0 {
            self.quality = Quality::from_bits(reader.byte()?);
        }
        self.seq = seq;
        self.at_ms = at_ms;
        let channel = head >> CHANNEL & 0b11;
        let body = match head & KIND {
            READING => {
                let before = self.values(channel)?;
                *before = read_values(before, reader)?;
                Body::Reading(*before)
            }
            EVENT => Body::Event(EventRecord {
                code: reader.byte()?,
                is_occurrence: reader.byte()? != 0,
                value: reader.signed()?,
            }),
            INTERVAL => Body::Interval(read_interval(reader)?),
            _ => return None,
        };
        Some(Record {
            id: Id { boot, seq },
            channel,
            at_ms,
            utc_ms: self
                .offset_ms
                .map(|offset_ms| offset_ms.wrapping_add_unsigned(at_ms)),
            quality: self.quality,
            body,
        })
    }
}

/// Which of up to eight values there are, and the differences of those.
fn write_values(values: &Values, before: &Values, writer: &mut Writer<'_>) {
    let pairs = pairs_of(values).into_iter().zip(pairs_of(before));
    let mut mask = pairs.clone().enumerate().fold(0, |mask, (bit, (now, _))| {
        mask | u8::from(now.is_some()) << bit
    });
    let export = values.export_mwh.wrapping_sub(before.export_mwh);
    mask |= u8::from(export != 0) << 7;
    writer.byte(mask);
    for (now, before) in pairs {
        if let Some(now) = now {
            writer.signed(now - before.unwrap_or_default());
        }
    }
    let import = values.import_mwh.wrapping_sub(before.import_mwh);
    writer.signed(import.cast_signed());
    if export != 0 {
        writer.signed(export.cast_signed());
    }
}

fn read_values(before: &Values, reader: &mut Reader<'_>) -> Option<Values> {
    let mask = reader.byte()?;
    let mut now = [None; 6];
    for (bit, (slot, before)) in now.iter_mut().zip(pairs_of(before)).enumerate() {
        if mask & 1 << bit != 0 {
            *slot = Some(reader.signed()?.checked_add(before.unwrap_or_default())?);
        }
    }
    let [voltage, current, power, reactive, frequency, power_factor] = now;
    let import = reader.signed()?;
    let export = if mask & 1 << 7 != 0 {
        reader.signed()?
    } else {
        0
    };
    Some(Values {
        voltage_mv: fitting(voltage)?,
        current_ma: fitting(current)?,
        power_mw: fitting(power)?,
        reactive_mvar: fitting(reactive)?,
        frequency_mhz: fitting(frequency)?,
        power_factor_milli: fitting(power_factor)?,
        import_mwh: before.import_mwh.wrapping_add_signed(import),
        export_mwh: before.export_mwh.wrapping_add_signed(export),
    })
}

/// What may be missing, in the order in which it is stored.
fn pairs_of(values: &Values) -> [Option<i64>; 6] {
    [
        values.voltage_mv.map(i64::from),
        values.current_ma.map(i64::from),
        values.power_mw.map(i64::from),
        values.reactive_mvar.map(i64::from),
        values.frequency_mhz.map(i64::from),
        values.power_factor_milli.map(i64::from),
    ]
}

/// A value in its type; `None` when it does not fit, which nothing that was written does.
fn fitting<T: TryFrom<i64>>(value: Option<i64>) -> Option<Option<T>> {
    value.map(T::try_from).transpose().ok()
}

fn write_interval(interval: &Interval, writer: &mut Writer<'_>) {
    let values = [
        interval.voltage_min_mv,
        interval.voltage_mean_mv,
        interval.voltage_max_mv,
        interval.current_max_ma,
    ];
    writer.signed(interval.end_s);
    writer.unsigned(interval.import_mwh);
    writer.unsigned(interval.export_mwh);
    let present = values.iter().enumerate();
    writer.byte(present.fold(0, |mask, (bit, value)| {
        mask | u8::from(value.is_some()) << bit
    }));
    for value in values.into_iter().flatten() {
        writer.unsigned(value.into());
    }
    writer.unsigned(interval.readings.into());
    writer.unsigned(interval.status.into());
}

fn read_interval(reader: &mut Reader<'_>) -> Option<Interval> {
    let end_s = reader.signed()?;
    let import_mwh = reader.unsigned()?;
    let export_mwh = reader.unsigned()?;
    let mask = reader.byte()?;
    let mut values = [None; 4];
    for (bit, slot) in values.iter_mut().enumerate() {
        if mask & 1 << bit != 0 {
            *slot = Some(u32::try_from(reader.unsigned()?).ok()?);
        }
    }
    let [
        voltage_min_mv,
        voltage_mean_mv,
        voltage_max_mv,
        current_max_ma,
    ] = values;
    Some(Interval {
        end_s,
        import_mwh,
        export_mwh,
        voltage_min_mv,
        voltage_mean_mv,
        voltage_max_mv,
        current_max_ma,
        readings: u16::try_from(reader.unsigned()?).ok()?,
        status: u16::try_from(reader.unsigned()?).ok()?,
    })
}
