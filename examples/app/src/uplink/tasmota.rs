//! Readings as devices with Tasmota publish them (<https://tasmota.github.io/docs/Commands/#energy-monitoring>), for
//! whoever reads those already.

use core::fmt::{self, Write};

use meter_core::Health;

use super::json::Object;
use super::mqtt::topic::{self, Topic};
use crate::record::Values;
use crate::settings::{Name, Zone};
use crate::text::{Decimal, Iso};
use crate::time::zone;

/// A topic of telemetry.
#[must_use]
pub fn topic(meter: Name<'_>, kind: &str) -> Topic {
    topic::topic(format_args!("tele/{meter}/{kind}"))
}

/// The local time, which these messages have; `None` far beyond any year that matters.
#[must_use]
pub fn local(zone: Zone, utc_ms: i64) -> Option<Iso> {
    let offset_s = zone::offset_s(zone, utc_ms.div_euclid(1_000));
    Iso::new(utc_ms.saturating_add(i64::from(offset_s) * 1_000))
}

fn time(object: &mut Object<'_>, local: Option<Iso>) {
    if let Some(local) = local {
        let ((year, month, day), (hour, minute, second)) = (local.date(), local.time());
        object.text(
            "Time",
            format_args!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"),
        );
    }
}

/// Writes `SENSOR`. What is not measured is left out; so is yesterday, which the device does not keep.
///
/// # Errors
/// When it does not fit.
pub fn sensor(
    out: &mut dyn Write,
    local: Option<Iso>,
    values: &Values,
    today_mwh: Option<u64>,
    before_mwh: Option<u64>,
) -> fmt::Result {
    let mut object = Object::new(out);
    time(&mut object, local);
    object.object("ENERGY", |energy| {
        energy.number("Total", Decimal::kwh(values.import_mwh, 3));
        energy.number_if("Today", today_mwh.map(|mwh| Decimal::kwh(mwh, 3)));
        // Whole watt-hours since the message before: differences of whole ones, so that nothing gets lost.
        let period =
            before_mwh.map(|before| (values.import_mwh / 1_000).saturating_sub(before / 1_000));
        energy.number_if("Period", period);
        energy.number_if(
            "Power",
            values.power_mw.map(|mw| Decimal::milli(mw.into(), 1)),
        );
        energy.number_if("ApparentPower", apparent(values));
        let reactive = values.reactive_mvar;
        energy.number_if(
            "ReactivePower",
            reactive.map(|mvar| Decimal::milli(mvar.into(), 1)),
        );
        let factor = values.power_factor_milli;
        energy.number_if(
            "Factor",
            factor.map(|milli| Decimal::milli(milli.into(), 2)),
        );
        energy.number_if(
            "Frequency",
            values
                .frequency_mhz
                .map(|mhz| Decimal::milli(mhz.into(), 2)),
        );
        energy.number_if(
            "Voltage",
            values.voltage_mv.map(|mv| Decimal::milli(mv.into(), 1)),
        );
        energy.number_if(
            "Current",
            values.current_ma.map(|ma| Decimal::milli(ma.into(), 3)),
        );
    });
    object.end()
}

/// Volts times amperes.
fn apparent(values: &Values) -> Option<Decimal> {
    let uva = u64::from(values.voltage_mv?) * u64::from(values.current_ma?);
    Some(Decimal::unsigned(uva, 6, 1))
}

/// Writes `STATE`.
///
/// # Errors
/// When it does not fit.
pub fn state(out: &mut dyn Write, local: Option<Iso>, health: &Health) -> fmt::Result {
    let mut object = Object::new(out);
    time(&mut object, local);
    let s = health.uptime_s;
    object.text(
        "Uptime",
        format_args!(
            "{}T{:02}:{:02}:{:02}",
            s / 86_400,
            s / 3_600 % 24,
            s / 60 % 60,
            s % 60
        ),
    );
    object.number("UptimeSec", s);
    object.number_if("Heap", health.heap_free.map(|bytes| bytes / 1_024));
    if let Some(dbm) = health.rssi_dbm {
        object.object("Wifi", |wifi| {
            // In percent, as Tasmota has it: -100 dBm is none, -50 dBm all.
            wifi.number("RSSI", (i16::from(dbm) + 100).clamp(0, 50) * 2);
            wifi.number("Signal", dbm);
        });
    }
    object.end()
}
