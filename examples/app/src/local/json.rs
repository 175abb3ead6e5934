//! `/api/v1/now`: the present in integers whose names have the unit.

use core::fmt::{self, Write};

use meter_core::{EventCode, Registers};

use super::part::{Part, Parts};
use crate::live::{Channel, Live, TimeSource};
use crate::text::Iso;
use crate::uplink::json::{Object, Text};
use crate::uplink::payload;

pub(super) struct Now<'a> {
    pub(super) live: &'a Live,
    pub(super) now_ms: u64,
}

/// Parts of a meter.
const OF_METER: usize = 3;

impl Parts for Now<'_> {
    const TYPE: &'static str = "application/json";

    fn part(&self, n: usize, out: &mut Text<'_>) -> Part {
        let channels = self.live.channels.borrow();
        let meters = channels.len() * OF_METER;
        // The device, then its meters, then what is around them.
        let result = match n {
            0 => self.device(out),
            n if n <= meters => {
                let (nth, of_meter) = ((n - 1) / OF_METER, (n - 1) % OF_METER);
                let is_last = nth + 1 == channels.len();
                channels.get(nth).map_or(Ok(()), |channel| match of_meter {
                    0 => self.values(out, nth, channel),
                    1 => registers(out, channel),
                    _ => alarms(out, channel, is_last),
                })
            }
            n if n == meters + 1 => self.health(out),
            n if n == meters + 2 => self.around(out),
            _ => return Part::End,
        };
        Part::Written(result)
    }
}

impl Now<'_> {
    fn device(&self, out: &mut Text<'_>) -> fmt::Result {
        let settings = self.live.settings.borrow();
        let time = self.live.time.get();
        out.write_char('{')?;
        members(out, |object| {
            object.text("meter_id", &settings.meter_id);
            object.text("version", self.live.firmware.version.get());
            object.number("uptime_ms", self.now_ms);
            maybe_text(object, "time", time.utc_ms(self.now_ms).and_then(Iso::new));
            object.text(
                "time_source",
                match time.source {
                    TimeSource::None => "none",
                    TimeSource::Rtc => "rtc",
                    TimeSource::Server => "server",
                },
            );
            object.number("interval_ms", settings.interval_ms);
        })?;
        out.write_str(",\"meters\":[")?;
        // Without a meter nobody else closes the list.
        out.write_str(if self.live.channels.borrow().is_empty() {
            "]"
        } else {
            ""
        })
    }

    fn values(&self, out: &mut Text<'_>, nth: usize, channel: &Channel) -> fmt::Result {
        let settings = self.live.settings.borrow();
        let fresh = channel.fresh(self.now_ms, settings.interval_ms);
        let name = settings.name(u8::try_from(nth).unwrap_or(u8::MAX));
        out.write_char('{')?;
        members(out, |object| {
            object.text("meter_id", name);
            object.number("channel", nth);
            object.flag("is_fresh", fresh.is_some());
            maybe(object, "age_ms", channel.age_ms(self.now_ms));
            object.text("quality", channel.quality.word());
            maybe_text(object, "error", channel.error.as_deref());
            // What is old is not told as the present.
            maybe(object, "voltage_mv", fresh.and_then(|v| v.voltage_mv));
            maybe(object, "current_ma", fresh.and_then(|v| v.current_ma));
            maybe(object, "power_mw", fresh.and_then(|v| v.power_mw));
            maybe(object, "reactive_mvar", fresh.and_then(|v| v.reactive_mvar));
            maybe(object, "frequency_mhz", fresh.and_then(|v| v.frequency_mhz));
            maybe(
                object,
                "power_factor_milli",
                fresh.and_then(|v| v.power_factor_milli),
            );
            let registers = channel.known();
            maybe(object, "energy_mwh", registers.map(|r| r.import.mwh()));
            maybe(object, "today_mwh", channel.today_mwh);
            maybe(object, "month_mwh", channel.month_mwh);
        })
    }

    fn health(&self, out: &mut Text<'_>) -> fmt::Result {
        let health = self.live.health.get();
        out.write_char(',')?;
        members(out, |object| {
            object.object("health", |object| {
                object.number("uptime_s", health.uptime_s);
                object.number("boots", health.boots);
                object.text("reset_cause", payload::cause(health.reset_cause));
                object.number("polls_good", health.polls.good);
                object.number("polls_failed", health.polls.failed);
                object.number("no_reply", health.poll_errors.no_reply);
                object.number("garbled", health.poll_errors.garbled);
                object.number("refused", health.poll_errors.refused);
                object.number("implausible", health.poll_errors.implausible);
                object.number("uploads_good", health.uploads.good);
                object.number("uploads_failed", health.uploads.failed);
                object.number("queue_depth", health.queue_depth);
                object.number("flash_erases", health.flash_erases);
                maybe(object, "heap_free_bytes", health.heap_free);
                maybe(object, "heap_least_bytes", health.heap_least);
                maybe(object, "stack_most_bytes", health.stack_most);
                maybe(object, "clock_offset_ms", health.clock_offset_ms);
                maybe(object, "battery_mv", health.battery_mv);
                maybe(object, "temperature_centi_c", health.temperature_centi_c);
                maybe(object, "rssi_dbm", health.rssi_dbm);
            });
        })
    }

    fn around(&self, out: &mut Text<'_>) -> fmt::Result {
        let (network, archive) = (self.live.network.get(), self.live.archive.get());
        let uplink = self.live.uplink.borrow();
        out.write_char(',')?;
        members(out, |object| {
            object.object("network", |object| {
                object.flag("is_up", network.is_up);
                let address = network.address.map(core::net::Ipv4Addr::from);
                maybe_text(object, "address", address);
            });
            object.object("uplink", |object| {
                object.flag("is_up", uplink.is_up);
                let age_ms = uplink.last_ok_ms.map(|ms| self.now_ms.saturating_sub(ms));
                maybe(object, "last_ok_age_ms", age_ms);
                maybe_text(object, "error", uplink.error.as_deref());
            });
            object.object("archive", |object| {
                object.text("card", archive.card.word());
                object.number("waiting", archive.waiting);
                object.number("written", archive.written);
                object.number("dropped", archive.dropped);
            });
            maybe(object, "update_percent", self.live.update_percent.get());
        })?;
        out.write_str("}\n")
    }
}

fn registers(out: &mut Text<'_>, channel: &Channel) -> fmt::Result {
    out.write_char(',')?;
    members(out, |object| {
        match channel.known() {
            Some(registers) => object.object("registers", |object| all(object, registers)),
            None => object.number("registers", "null"),
        }
        maybe(
            object,
            "max_demand_mw",
            channel.max_demand.map(|peak| peak.mw),
        );
        let end = channel
            .max_demand
            .and_then(|peak| Iso::new(peak.end_s.saturating_mul(1_000)));
        maybe_text(object, "max_demand_end", end);
    })
}

fn all(object: &mut Object<'_>, registers: &Registers) {
    let Registers {
        import,
        export,
        estimated,
        integrated,
        apparent,
        nonactive,
        quadrants: [q1, q2, q3, q4],
        gap_ms,
        resets,
        wraps,
        glitches,
    } = registers;
    for (name, register) in [
        ("import_mwh", import),
        ("export_mwh", export),
        ("estimated_mwh", estimated),
        ("integrated_mwh", integrated),
        ("apparent_mvah", apparent),
        ("nonactive_mvarh", nonactive),
        ("q1_mvarh", q1),
        ("q2_mvarh", q2),
        ("q3_mvarh", q3),
        ("q4_mvarh", q4),
    ] {
        object.number(name, register.mwh());
    }
    object.number("gap_ms", gap_ms);
    object.number("resets", resets);
    object.number("wraps", wraps);
    object.number("glitches", glitches);
}

/// Alarms that are on, and those that were and nobody has seen.
fn alarms(out: &mut Text<'_>, channel: &Channel, is_last: bool) -> fmt::Result {
    let names = |is_present: bool| {
        let codes = EventCode::ALL.iter().filter(move |code| {
            channel.alarms.is_set(**code) && channel.alarms.is_present(**code) == is_present
        });
        codes.map(|code| code.name())
    };
    out.write_char(',')?;
    members(out, |object| {
        object.texts("alarms", names(true));
        object.texts("alarms_over", names(false));
    })?;
    out.write_str(if is_last { "}]" } else { "}," })
}

/// Members of an object that is open, and stays so.
fn members(out: &mut Text<'_>, fill: impl FnOnce(&mut Object<'_>)) -> fmt::Result {
    let mut room = [0; super::part::ROOM];
    let mut text = Text::new(&mut room);
    let mut object = Object::new(&mut text);
    fill(&mut object);
    object.end()?;
    let inner = text.as_bytes().get(1..text.len() - 1).unwrap_or_default();
    out.write_str(core::str::from_utf8(inner).map_err(|_| fmt::Error)?)
}

/// A member that is `null` while it is not known.
fn maybe(object: &mut Object<'_>, name: &str, value: Option<impl fmt::Display>) {
    match value {
        Some(value) => object.number(name, value),
        None => object.number(name, "null"),
    }
}

fn maybe_text(object: &mut Object<'_>, name: &str, value: Option<impl fmt::Display>) {
    match value {
        Some(value) => object.text(name, value),
        None => object.number(name, "null"),
    }
}
