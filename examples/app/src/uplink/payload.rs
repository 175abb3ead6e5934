//! What is sent: readings, events, intervals, health, the present.

use core::fmt::{self, Write};

use meter_core::EventCode;
use meter_core::health::{Health, ResetCause};

use super::json::Object;
use crate::live::{Channel, TimeState};
use crate::record::{Body, EventRecord, Interval, Record, Values};
use crate::settings::Name;
use crate::text::{Decimal, Iso};

/// What a payload is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The names of the HTTP interface.
    Http,
    /// The same, and `power`, which is what subscribers of the MQTT topic know.
    Mqtt,
}

/// Writes a record.
///
/// # Errors
/// When it does not fit.
pub fn record(
    out: &mut dyn Write,
    name: Name<'_>,
    dialect: Dialect,
    record: &Record,
) -> fmt::Result {
    let mut object = Object::new(out);
    object.text("meterId", name);
    if let Some(moment) = record.utc_ms.and_then(Iso::new) {
        object.text("timestamp", moment);
    }
    match &record.body {
        Body::Reading(reading) => {
            values(&mut object, reading);
            if let (Dialect::Mqtt, Some(power_mw)) = (dialect, reading.power_mw) {
                object.number("power", Decimal::milli(power_mw.into(), 3));
            }
        }
        Body::Event(occurrence) => event(&mut object, occurrence),
        Body::Interval(passed) => interval(&mut object, passed),
    }
    object.number("seq", record.id.seq);
    object.number("boot_id", record.id.boot);
    object.text("quality", record.quality.word());
    if record.utc_ms.is_none() {
        // Nobody knows when that was, but for the order and the distances within a start of the device.
        object.number("uptime_ms", record.at_ms);
    }
    object.end()
}

fn milli(value: Option<impl Into<i64>>) -> Option<Decimal> {
    value.map(|value| Decimal::milli(value.into(), 3))
}

fn values(object: &mut Object<'_>, values: &Values) {
    object.number_if("voltage", milli(values.voltage_mv));
    object.number_if("current", milli(values.current_ma));
    object.number_if("power_watts", milli(values.power_mw));
    object.number_if("reactive_var", milli(values.reactive_mvar));
    object.number("energy_kwh", Decimal::kwh(values.import_mwh, 6));
    if values.export_mwh > 0 {
        object.number("export_kwh", Decimal::kwh(values.export_mwh, 6));
    }
    object.number_if("frequency", milli(values.frequency_mhz));
    object.number_if("power_factor", milli(values.power_factor_milli));
}

fn event(object: &mut Object<'_>, event: &EventRecord) {
    object.text("event", event.name().unwrap_or("UNKNOWN"));
    object.number("code", event.code);
    object.text("phase", phase(event.is_occurrence));
    object.number("value", event.value);
    if let Some(unit) = event.unit() {
        object.text("unit", unit);
    }
}

const fn phase(is_occurrence: bool) -> &'static str {
    if is_occurrence {
        "occurrence"
    } else {
        "restoration"
    }
}

fn interval(object: &mut Object<'_>, interval: &Interval) {
    if let Some(end) = Iso::new(interval.end_s.saturating_mul(1_000)) {
        object.text("interval_end", format_args!("{end:.0}"));
    }
    object.number("import_kwh", Decimal::kwh(interval.import_mwh, 6));
    object.number("export_kwh", Decimal::kwh(interval.export_mwh, 6));
    object.number_if("voltage_min", milli(interval.voltage_min_mv));
    object.number_if("voltage_mean", milli(interval.voltage_mean_mv));
    object.number_if("voltage_max", milli(interval.voltage_max_mv));
    object.number_if("current_max", milli(interval.current_max_ma));
    object.number("readings", interval.readings);
    object.number("status", interval.status);
}

/// Writes a meter as it is now, for those who want the present and no history. Without a fresh reading there are no
/// values in it.
///
/// # Errors
/// When it does not fit.
pub fn present(
    out: &mut dyn Write,
    name: Name<'_>,
    channel: &Channel,
    now_ms: u64,
    interval_ms: u32,
    time: TimeState,
) -> fmt::Result {
    let mut object = Object::new(out);
    object.text("meterId", name);
    if let (Some(reading), Some((_, at_ms))) = (channel.fresh(now_ms, interval_ms), channel.last) {
        if let Some(moment) = time.utc_ms(at_ms).and_then(Iso::new) {
            object.text("timestamp", moment);
        }
        values(&mut object, reading);
        object.text("quality", channel.quality.word());
    }
    if let Some(today_mwh) = channel.today_mwh {
        object.number("today_kwh", Decimal::kwh(today_mwh, 6));
    }
    object.texts(
        "alarms",
        EventCode::ALL
            .iter()
            .filter(|code| channel.alarms.is_present(**code))
            .map(|code| code.name()),
    );
    object.end()
}

/// Writes the health of the device. What it can not measure is left out.
///
/// # Errors
/// When it does not fit.
pub fn health(
    out: &mut dyn Write,
    name: Name<'_>,
    utc_ms: Option<i64>,
    health: &Health,
) -> fmt::Result {
    let mut object = Object::new(out);
    object.text("meterId", name);
    if let Some(moment) = utc_ms.and_then(Iso::new) {
        object.text("timestamp", moment);
    }
    object.text("firmware", env!("CARGO_PKG_VERSION"));
    object.number("uptime_s", health.uptime_s);
    object.number("boots", health.boots);
    object.text("reset_cause", cause(health.reset_cause));
    object.number("polls_good", health.polls.good);
    object.number("polls_failed", health.polls.failed);
    object.number("no_reply", health.poll_errors.no_reply);
    object.number("garbled", health.poll_errors.garbled);
    object.number("refused", health.poll_errors.refused);
    object.number("implausible", health.poll_errors.implausible);
    object.number("uploads_good", health.uploads.good);
    object.number("uploads_failed", health.uploads.failed);
    object.number_if("upload_success", milli(health.uploads.success_milli()));
    object.number("queue_depth", health.queue_depth);
    object.number("flash_erases", health.flash_erases);
    object.number_if("heap_free", health.heap_free);
    object.number_if("heap_least", health.heap_least);
    object.number_if("stack_most", health.stack_most);
    object.number_if("clock_offset_ms", health.clock_offset_ms);
    object.number_if("battery", milli(health.battery_mv));
    let temperature = health.temperature_centi_c;
    object.number_if(
        "temperature",
        temperature.map(|centi| Decimal::new(centi.into(), 2, 2)),
    );
    object.number_if("rssi_dbm", health.rssi_dbm);
    object.end()
}

pub(crate) const fn cause(cause: ResetCause) -> &'static str {
    match cause {
        ResetCause::PowerOn => "power_on",
        ResetCause::BrownOut => "brown_out",
        ResetCause::Watchdog => "watchdog",
        ResetCause::Software => "software",
        ResetCause::Panic => "panic",
        ResetCause::Wake => "wake",
        _ => "unknown",
    }
}

/// What a server is told of a meter once.
#[derive(Clone, Copy, Debug)]
pub struct Registration<'a> {
    /// The meter.
    pub name: Name<'a>,
    /// Whose it is.
    pub owner: &'a str,
    /// Where it is.
    pub place: &'a str,
    /// Hardware address of the device.
    pub mac: [u8; 6],
}

/// Writes a registration.
///
/// # Errors
/// When it does not fit.
pub fn registration(out: &mut dyn Write, meter: &Registration<'_>) -> fmt::Result {
    let mut object = Object::new(out);
    object.text("meterId", meter.name);
    object.text("ownerName", meter.owner);
    object.text("address", meter.place);
    let [a, b, c, d, e, f] = meter.mac;
    object.text(
        "espMacAddress",
        format_args!("{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{f:02X}"),
    );
    object.end()
}
