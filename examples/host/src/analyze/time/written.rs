//! Times as they stand in a file, before anybody knows where they were written.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use super::{Order, unknown};

/// A time as it is written, before anybody knows where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) date: [i16; 3],
    pub(super) separator: u8,
    pub(super) is_year_first: bool,
    time: Time,
    is_midnight_after: bool,
    pub(super) offset: Option<Offset>,
}

impl Written {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (date, rest) = match text.find([' ', 'T', 't', ';']) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)?.trim()),
            None => (text, "00:00"),
        };
        let separator = *date.as_bytes().iter().find(|byte| !byte.is_ascii_digit())?;
        if !b"-/.".contains(&separator) {
            return None;
        }
        let mut parts = date.split(char::from(separator));
        let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || [a, b, c].iter().any(|part| part.is_empty()) {
            return None;
        }
        let is_year_first = a.len() == 4;
        if !is_year_first && c.len() != 4 && c.len() != 2 {
            return None;
        }
        let number = |part: &str| -> Option<i16> {
            part.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then_some(())?;
            part.parse().ok()
        };
        let year = |part: &str| Some(number(part)? + if part.len() == 2 { 2_000 } else { 0 });
        let date = if is_year_first {
            [number(a)?, number(b)?, number(c)?]
        } else {
            [number(a)?, number(b)?, year(c)?]
        };
        let (clock, offset) = split_offset(rest)?;
        let (clock, is_midnight_after) = match clock.strip_prefix("24:00") {
            Some(end) if end.bytes().all(|byte| b":.0".contains(&byte)) => ("00:00", true),
            _ => (clock, false),
        };
        Some(Self {
            date,
            separator,
            is_year_first,
            time: time_of_day(clock)?,
            is_midnight_after,
            offset,
        })
    }

    pub(super) fn datetime(&self, order: Option<Order>) -> Option<DateTime> {
        let [a, b, c] = self.date;
        let (year, month, day) = match (self.is_year_first, self.separator, order) {
            (true, ..) => (a, b, c),
            (false, b'.', _) | (false, _, Some(Order::DayFirst)) => (c, b, a),
            (false, _, Some(Order::MonthFirst)) => (c, a, b),
            (false, _, None) if a > 12 => (c, b, a),
            (false, _, None) if b > 12 => (c, a, b),
            (false, _, None) => return None,
        };
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        let date = Date::new(year, month, day).ok()?;
        let date = if self.is_midnight_after {
            date.tomorrow().ok()?
        } else {
            date
        };
        Some(date.to_datetime(self.time))
    }
}

/// `10:00:00+05:30`, `10:00 Z`.
fn split_offset(text: &str) -> Option<(&str, Option<Offset>)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock.trim_end(), Some(Offset::UTC)));
    }
    let Some(at) = text.find(['+', '-']) else {
        return Some((text, None));
    };
    let (clock, offset) = (text.get(..at)?, text.get(at..)?);
    Some((clock.trim_end(), Some(fixed_offset(offset)?)))
}

/// `+05:30`, `+0530`, `-08`.
pub(super) fn fixed_offset(text: &str) -> Option<Offset> {
    let sign = match text.as_bytes().first()? {
        b'-' => -1,
        b'+' => 1,
        _ => return None,
    };
    let digits = text.get(1..)?.replace(':', "");
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits
        .get(2..)
        .filter(|m| !m.is_empty())
        .unwrap_or("0")
        .parse()
        .ok()?;
    if hours > 15 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

/// `10:05`, `10:05:06.789`, `1:05 PM`.
fn time_of_day(text: &str) -> Option<Time> {
    let lower = text.to_ascii_lowercase();
    let (clock, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim_end(), Some(0)),
        (_, Some(clock)) => (clock.trim_end(), Some(12)),
        _ => (lower.as_str(), None),
    };
    let mut parts = clock.split(':');
    let (hour, minute) = (parts.next()?, parts.next()?);
    let seconds = parts.next().unwrap_or("0");
    if parts.next().is_some() {
        return None;
    }
    let (second, fraction) = seconds.split_once(['.', ',']).unwrap_or((seconds, "0"));
    let number = |part: &str| -> Option<i8> {
        let is_number = matches!(part.len(), 1 | 2) && part.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| part.parse().ok())?
    };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis: i32 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let hour = match (number(hour)?, half) {
        (hour, None) => hour,
        (hour @ 1..=12, Some(half)) => hour % 12 + half,
        _ => return None,
    };
    Time::new(hour, number(minute)?, number(second)?, millis * 1_000_000).ok()
}

/// Seconds of our days have ten digits, milliseconds thirteen, and so on.
pub(super) fn unix_ms(text: &str) -> Result<i64, String> {
    let wrong = || unknown(text);
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = if whole.is_empty() { "0" } else { whole }
        .parse()
        .map_err(|_| wrong())?;
    let ms = match number {
        0..100_000_000_000 => {
            let millis: i64 = format!("{part:0<3}")
                .get(..3)
                .unwrap_or("0")
                .parse()
                .map_err(|_| wrong())?;
            number * 1_000 + millis
        }
        100_000_000_000..100_000_000_000_000 => number,
        100_000_000_000_000..100_000_000_000_000_000 => number / 1_000,
        _ => number / 1_000_000,
    };
    if (20_000..100_000).contains(&number) && part.len() > 3 {
        return Err(format!(
            "{text:?} looks like the days of a spreadsheet: export the times as text"
        ));
    }
    Ok(ms)
}
