//! Times as people write them.

mod written;

use jiff::Timestamp;
use jiff::civil::{DateTime, Time};
use jiff::fmt::strtime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use written::{Written, fixed_offset, unix_ms};

/// A moment, and what its wall clock was ahead of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Milliseconds since 1970.
    pub(crate) at_ms: i64,
    pub(crate) offset_s: i32,
}

/// What the times of a recording refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// Nobody says: days are those of the recording as it is written.
    AsWritten,
    /// Unix seconds, or times with `Z`.
    Utc,
    /// Each time has its own offset.
    Offsets,
    /// A zone that was asked for.
    Zone,
}

/// Whether 03/04 is in April or in March.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    DayFirst,
    MonthFirst,
}

/// Reads the times of a recording.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    zone: Option<TimeZone>,
    format: Option<String>,
    pub(crate) order: Option<Order>,
    /// The last moment, which tells the two passes of an hour apart that is there twice.
    last_ms: i64,
    pub(crate) reference: Reference,
}

impl Clock {
    pub(crate) const fn new(zone: Option<TimeZone>, format: Option<String>) -> Self {
        Self {
            zone,
            format,
            order: None,
            last_ms: i64::MIN,
            reference: Reference::AsWritten,
        }
    }

    /// Reads a time.
    pub(crate) fn read(&mut self, text: &str) -> Result<Stamp, String> {
        let text = text.trim();
        let stamp = match &self.format {
            Some(format) => self.by_format(text, format)?,
            None => match text.strip_prefix('+').unwrap_or(text).as_bytes() {
                [] => return Err("it has no time".to_owned()),
                bytes
                    if bytes
                        .iter()
                        .all(|byte| byte.is_ascii_digit() || *byte == b'.')
                        && bytes.iter().filter(|byte| **byte == b'.').count() < 2 =>
                {
                    let at_ms = unix_ms(text.trim_start_matches('+'))?;
                    self.note(Reference::Utc);
                    self.at(at_ms, 0)
                }
                _ => {
                    let written = Written::parse(text).ok_or_else(|| unknown(text))?;
                    let time = written.datetime(self.order).ok_or_else(|| unknown(text))?;
                    self.place(text, time, written.offset)?
                }
            },
        };
        if stamp.at_ms < 0 {
            return Err(format!("{text:?} is before 1970"));
        }
        self.last_ms = stamp.at_ms;
        Ok(stamp)
    }

    fn by_format(&self, text: &str, format: &str) -> Result<Stamp, String> {
        let wrong = |error: jiff::Error| format!("{text:?} is not as --time-format says: {error}");
        let parsed = strtime::parse(format, text).map_err(wrong)?;
        if let Ok(timestamp) = parsed.to_timestamp() {
            let offset_s = parsed.offset().map_or(0, Offset::seconds);
            return Ok(self.at(timestamp.as_millisecond(), offset_s));
        }
        let time = match (parsed.to_datetime(), parsed.to_date()) {
            (Ok(time), _) => time,
            (Err(_), Ok(date)) => date.to_datetime(Time::midnight()),
            (Err(error), _) => return Err(wrong(error)),
        };
        self.local(text, time)
    }

    /// A time on the wall clock of its own offset, or of the zone.
    fn place(
        &mut self,
        text: &str,
        time: DateTime,
        offset: Option<Offset>,
    ) -> Result<Stamp, String> {
        let Some(offset) = offset else {
            return self.local(text, time);
        };
        self.note(if offset == Offset::UTC {
            Reference::Utc
        } else {
            Reference::Offsets
        });
        let timestamp = offset.to_timestamp(time).map_err(|_| unknown(text))?;
        Ok(self.at(timestamp.as_millisecond(), offset.seconds()))
    }

    fn local(&self, text: &str, time: DateTime) -> Result<Stamp, String> {
        let ms = |offset: Offset| {
            let timestamp = offset.to_timestamp(time);
            timestamp
                .map(Timestamp::as_millisecond)
                .map_err(|_| unknown(text))
        };
        let Some(zone) = &self.zone else {
            return Ok(Stamp {
                at_ms: ms(Offset::UTC)?,
                offset_s: 0,
            });
        };
        let offset = match zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            // The hour that is there twice: the second pass begins where time would step back.
            AmbiguousOffset::Fold { before, after } => {
                if ms(before)? < self.last_ms {
                    after
                } else {
                    before
                }
            }
            AmbiguousOffset::Gap { .. } => {
                return Err(format!(
                    "{text:?} does not exist in {}: clocks were set forward there; was the recording made in \
                     another zone?",
                    zone.iana_name().unwrap_or("this zone")
                ));
            }
        };
        Ok(Stamp {
            at_ms: ms(offset)?,
            offset_s: offset.seconds(),
        })
    }

    /// A moment that is known; its wall clock is that of the zone, if one was asked for.
    fn at(&self, at_ms: i64, own_offset_s: i32) -> Stamp {
        let offset_s = match (&self.zone, Timestamp::from_millisecond(at_ms)) {
            (Some(zone), Ok(timestamp)) => zone.to_offset(timestamp).seconds(),
            _ => own_offset_s,
        };
        Stamp { at_ms, offset_s }
    }

    fn note(&mut self, reference: Reference) {
        if self.reference == Reference::AsWritten || reference == Reference::Offsets {
            self.reference = reference;
        }
    }

    /// What the times refer to.
    pub(crate) const fn reference(&self) -> Reference {
        if self.zone.is_some() {
            Reference::Zone
        } else {
            self.reference
        }
    }

    /// The zone that was asked for, or what is known of it, for people.
    pub(crate) fn name(&self) -> String {
        match (&self.zone, self.reference) {
            (Some(zone), _) => zone.iana_name().map_or_else(
                || {
                    zone.to_fixed_offset()
                        .map_or_else(|_| "a zone".to_owned(), |offset| offset.to_string())
                },
                str::to_owned,
            ),
            (None, Reference::Utc) => "UTC".to_owned(),
            (None, Reference::Offsets) => "as each time says".to_owned(),
            (None, _) => "as written".to_owned(),
        }
    }

    /// For people and for JSON: with its offset where that is known.
    pub(crate) fn show(&self, stamp: Stamp) -> String {
        let offset = Offset::from_seconds(stamp.offset_s).unwrap_or(Offset::UTC);
        let Ok(timestamp) = Timestamp::from_millisecond(stamp.at_ms) else {
            return "?".to_owned();
        };
        let time = offset.to_datetime(timestamp);
        let text = time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        match self.reference() {
            Reference::AsWritten => text,
            _ if offset == Offset::UTC && self.zone.is_none() => format!("{text}Z"),
            _ => {
                let minutes = stamp.offset_s.abs() / 60;
                let sign = if stamp.offset_s < 0 { '-' } else { '+' };
                format!("{text}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }

    /// The wall clock of another moment of the recording, as the moment nearest to it had it.
    pub(crate) fn stamp(&self, at_ms: i64, near: Stamp) -> Stamp {
        self.at(at_ms, near.offset_s)
    }

    /// What the wall clock shows at a moment.
    pub(crate) fn civil(&self, at_ms: i64, near: Stamp) -> DateTime {
        let stamp = self.stamp(at_ms, near);
        let offset = Offset::from_seconds(stamp.offset_s).unwrap_or(Offset::UTC);
        offset.to_datetime(Timestamp::from_millisecond(at_ms).unwrap_or_default())
    }

    /// When the wall clock shows a time, the first of two and the next if there is none.
    pub(crate) fn moment(&self, time: DateTime, near: Stamp) -> Option<i64> {
        let timestamp = match &self.zone {
            Some(zone) => zone.to_timestamp(time),
            None => Offset::from_seconds(near.offset_s).ok()?.to_timestamp(time),
        };
        timestamp.ok().map(Timestamp::as_millisecond)
    }
}

fn unknown(text: &str) -> String {
    format!("{text:?} is no time that is known; see --time-format")
}

/// Which of day and month comes first in dates like 03/04/2024, by all that are at hand. `Err` holds one of those that
/// fit both.
pub(crate) fn order<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Option<Order>, String> {
    let mut open = None;
    for text in texts {
        let Some(written) = Written::parse(text.trim()) else {
            continue;
        };
        let [a, b, _] = written.date;
        match (
            written.is_year_first || written.separator == b'.',
            a > 12,
            b > 12,
        ) {
            (true, ..) => {}
            (false, true, _) => return Ok(Some(Order::DayFirst)),
            (false, _, true) => return Ok(Some(Order::MonthFirst)),
            // 04/04 is the same day either way.
            (false, false, false) if a == b => {
                open.get_or_insert(Ok(Some(Order::DayFirst)));
            }
            (false, false, false) => open = Some(Err(text.to_owned())),
        }
    }
    open.unwrap_or(Ok(None))
}

/// An IANA name or an offset such as +05:30.
pub(crate) fn zone(text: &str) -> Result<TimeZone, String> {
    if text.starts_with(['+', '-']) {
        let wrong = || format!("{text}: an offset is written +05:30");
        return fixed_offset(text).map(TimeZone::fixed).ok_or_else(wrong);
    }
    TimeZone::get(text).map_err(|_| {
        format!("{text}: no such time zone; name it as Europe/Berlin, Asia/Kolkata, UTC, or give an offset as +05:30")
    })
}
