//! Records as they come: JSON of either protocol.

use serde_json::Value;
use smart_meter::record::Id;

/// What a record says, as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Which meter, from 0.
    pub channel: u8,
    /// When, in milliseconds since 1970.
    pub utc_ms: Option<i64>,
    /// Whether its time was found later.
    pub is_restamped: bool,
    /// What kind, and what of it is to be compared.
    pub kind: Kind,
    /// When it came, in microseconds of the world.
    pub came_us: u64,
}

/// A record's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The register in milliwatt-hours.
    Reading {
        /// Import.
        import_mwh: u64,
    },
    /// Code and value.
    Event {
        /// Number of the code.
        code: u8,
        /// Whether it begins.
        begins: bool,
        /// Value.
        value: i64,
    },
    /// The energy of an interval in milliwatt-hours.
    Interval {
        /// Import.
        import_mwh: u64,
    },
}

/// Kilowatt-hours with six decimals as milliwatt-hours.
fn mwh(value: &Value) -> Option<u64> {
    let text = value.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part: u64 = format!("{part:0<6}").parse().ok()?;
    Some(whole.parse::<u64>().ok()? * 1_000_000 + part)
}

/// The first meter has the name of the device, the second one `-2` behind it.
fn channel(name: &str) -> Option<u8> {
    match name.rsplit_once('-')? {
        ("MTR", _) => Some(0),
        (_, number) => number.parse::<u8>().ok()?.checked_sub(1),
    }
}

/// `2026-10-25T01:02:03.456Z` as milliseconds since 1970.
fn utc_ms(iso: &str) -> Option<i64> {
    let iso = iso.strip_suffix('Z')?;
    let (date, time) = iso.split_once('T')?;
    let mut date = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (
        time.next()?.parse::<i64>().ok()?,
        time.next()?.parse::<i64>().ok()?,
    );
    let (second, ms) = time.next()?.split_once('.')?;
    let (second, ms) = (second.parse::<i64>().ok()?, ms.parse::<i64>().ok()?);
    // Years that begin in March, 365.2425 days each.
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000 + ms)
}

/// What a record in JSON says; `None` when it is none.
pub(super) fn parse(record: &Value, now_us: u64) -> Option<(Id, Stored)> {
    let number = |name: &str| record.get(name).and_then(Value::as_u64);
    let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = Id {
        boot: number("boot_id")?.try_into().ok()?,
        seq: number("seq")?.try_into().ok()?,
    };
    let kind = if let Some(code) = number("code") {
        Kind::Event {
            code: code.try_into().ok()?,
            begins: text("phase")? == "occurrence",
            value: record.get("value")?.as_i64()?,
        }
    } else if let Some(energy) = record.get("import_kwh") {
        Kind::Interval {
            import_mwh: mwh(energy)?,
        }
    } else {
        Kind::Reading {
            import_mwh: mwh(record.get("energy_kwh")?)?,
        }
    };
    let stored = Stored {
        channel: channel(&text("meterId")?)?,
        utc_ms: match text("timestamp") {
            Some(iso) => Some(utc_ms(&iso)?),
            None => None,
        },
        is_restamped: text("quality")? == "restamped",
        kind,
        came_us: now_us,
    };
    Some((id, stored))
}
