//! `/metrics`: OpenMetrics 1.0. Each family is one run of samples, whatever meters there are.

use core::fmt::{self, Write};

use meter_core::health::Tries;
use meter_core::{EventCode, Register, Registers};

use super::part::{Part, Parts};
use crate::live::{Channel, Live};
use crate::record::Values;
use crate::text::Decimal;
use crate::uplink::json::Text;
use crate::uplink::payload;

pub(super) struct Metrics<'a> {
    pub(super) live: &'a Live,
    pub(super) now_ms: u64,
}

/// What a family is.
struct Family {
    name: &'static str,
    /// `gauge`, `counter` or `info`.
    kind: &'static str,
    /// The name has to end with it.
    unit: &'static str,
    help: &'static str,
}

const fn gauge(name: &'static str, unit: &'static str, help: &'static str) -> Family {
    Family {
        name,
        kind: "gauge",
        unit,
        help,
    }
}

const fn counter(name: &'static str, unit: &'static str, help: &'static str) -> Family {
    Family {
        name,
        kind: "counter",
        unit,
        help,
    }
}

/// A sample of a meter; `None` leaves it out.
type OfMeter = fn(&Metrics<'_>, &Channel, Option<&Values>) -> Option<Decimal>;

fn milli(value: Option<impl Into<i64>>) -> Option<Decimal> {
    value.map(|value| Decimal::milli(value.into(), 3))
}

const fn whole(value: u64) -> Decimal {
    Decimal::unsigned(value, 0, 0)
}

/// Milliwatt-hours as watt-hours, to the last digit.
/// A register; absent until the registers are known, since a counter that goes back counts as one that began anew.
fn watt_hours(channel: &Channel, register: impl Fn(&Registers) -> Register) -> Option<Decimal> {
    let registers = channel.known()?;
    Some(Decimal::unsigned(register(registers).mwh(), 3, 3))
}

#[rustfmt::skip]
static OF_METERS: [(Family, OfMeter); 14] = [
    (gauge("meter_fresh", "", "1 while the last reading is no older than three intervals."),
        |_, _, fresh| Some(whole(fresh.is_some().into()))),
    (gauge("meter_reading_age_seconds", "seconds", "Age of the last good reading."),
        |metrics, channel, _| channel.age_ms(metrics.now_ms).map(|ms| Decimal::unsigned(ms, 3, 3))),
    (gauge("meter_voltage_volts", "volts", "Voltage; absent, as all values of the moment, without a fresh reading."),
        |_, _, fresh| milli(fresh?.voltage_mv)),
    (gauge("meter_current_amperes", "amperes", "Current."),
        |_, _, fresh| milli(fresh?.current_ma)),
    (gauge("meter_power_watts", "watts", "Active power; negative when fed back."),
        |_, _, fresh| milli(fresh?.power_mw)),
    (gauge("meter_reactive_power_vars", "vars", "Reactive power."),
        |_, _, fresh| milli(fresh?.reactive_mvar)),
    (gauge("meter_frequency_hertz", "hertz", "Frequency."),
        |_, _, fresh| milli(fresh?.frequency_mhz)),
    (gauge("meter_power_factor_ratio", "ratio", "Power factor."),
        |_, _, fresh| milli(fresh?.power_factor_milli)),
    (counter("meter_energy_import_watt_hours", "watt_hours", "Energy taken from the mains."),
        |_, channel, _| watt_hours(channel, |r| r.import)),
    (counter("meter_energy_export_watt_hours", "watt_hours", "Energy fed back to the mains."),
        |_, channel, _| watt_hours(channel, |r| r.export)),
    (counter("meter_energy_estimated_watt_hours", "watt_hours", "Part of the energy that was estimated over gaps."),
        |_, channel, _| watt_hours(channel, |r| r.estimated)),
    (counter("meter_energy_apparent_volt_ampere_hours", "volt_ampere_hours", "Apparent energy."),
        |_, channel, _| watt_hours(channel, |r| r.apparent)),
    (counter("meter_gap_seconds", "seconds", "Time without readings."),
        |_, channel, _| Some(Decimal::unsigned(channel.known()?.gap_ms, 3, 3))),
    (gauge("meter_max_demand_watts", "watts", "Largest demand of the billing period."),
        |_, channel, _| channel.max_demand.map(|peak| Decimal::unsigned(peak.mw, 3, 3))),
];

/// A sample of the device.
type OfDevice = fn(&Metrics<'_>) -> Option<Decimal>;

#[rustfmt::skip]
static OF_DEVICE: [(Family, OfDevice); 18] = [
    (gauge("meter_uptime_seconds", "seconds", "Time since the device started."),
        |metrics| Some(Decimal::unsigned(metrics.now_ms, 3, 3))),
    (counter("meter_boots", "", "Starts of the device."),
        |metrics| Some(whole(metrics.live.health.get().boots.into()))),
    (gauge("meter_uplink_up", "", "1 while records are accepted where they are sent."),
        |metrics| Some(whole(metrics.live.uplink.borrow().is_up.into()))),
    (gauge("meter_network_up", "", "1 while there is a link and an address."),
        |metrics| Some(whole(metrics.live.network.get().is_up.into()))),
    (gauge("meter_queue_records", "records", "Records that wait to be sent."),
        |metrics| Some(whole(metrics.live.health.get().queue_depth.into()))),
    (gauge("meter_signal_dbm", "dbm", "Strength of the radio signal."),
        |metrics| metrics.live.health.get().rssi_dbm.map(|dbm| Decimal::new(dbm.into(), 0, 0))),
    (counter("meter_flash_erases", "", "Pages of flash that were erased since the device was made."),
        |metrics| Some(whole(metrics.live.health.get().flash_erases.into()))),
    (gauge("meter_heap_free_bytes", "bytes", "Free heap."),
        |metrics| metrics.live.health.get().heap_free.map(|bytes| whole(bytes.into()))),
    (gauge("meter_heap_least_bytes", "bytes", "The least free heap since the start."),
        |metrics| metrics.live.health.get().heap_least.map(|bytes| whole(bytes.into()))),
    (gauge("meter_stack_most_bytes", "bytes", "The most stack used since the start."),
        |metrics| metrics.live.health.get().stack_most.map(|bytes| whole(bytes.into()))),
    (gauge("meter_clock_offset_seconds", "seconds", "What the clock was off when it was set last."),
        |metrics| milli(metrics.live.health.get().clock_offset_ms)),
    (gauge("meter_clock_known", "", "1 while the time of the day is known."),
        |metrics| Some(whole(metrics.live.time.get().offset_ms.is_some().into()))),
    (gauge("meter_battery_volts", "volts", "Voltage of the battery."),
        |metrics| milli(metrics.live.health.get().battery_mv)),
    (gauge("meter_temperature_celsius", "celsius", "Temperature of the device."),
        |metrics| metrics.live.health.get().temperature_centi_c.map(|centi| Decimal::new(centi.into(), 2, 2))),
    (gauge("meter_archive_ready", "", "1 while records are written to the card."),
        |metrics| Some(whole((metrics.live.archive.get().card == crate::live::CardState::Ready).into()))),
    (gauge("meter_archive_waiting_records", "records", "Records that wait for the card."),
        |metrics| Some(whole(metrics.live.archive.get().waiting.into()))),
    (counter("meter_archive_written_records", "records", "Records written to the card since the start."),
        |metrics| Some(whole(metrics.live.archive.get().written.into()))),
    (counter("meter_archive_dropped_records", "records", "Records the archive had no room for since the start."),
        |metrics| Some(whole(metrics.live.archive.get().dropped.into()))),
];

const ALARM: Family = gauge("meter_alarm", "", "1 while the alarm is on.");
const POLLS: Family = counter("meter_polls", "", "Polls of the meters since the start.");
const FAILURES: Family = counter(
    "meter_poll_failures",
    "",
    "Why polls failed since the start.",
);
const UPLOADS: Family = counter("meter_uploads", "", "Uploads since the start.");

/// Where the parts of the alarms and of the device begin.
const ALARMS: usize = OF_METERS.len();
const DEVICE: usize = ALARMS + EventCode::ALL.len();
const TOLD_APART: usize = DEVICE + OF_DEVICE.len();

impl Parts for Metrics<'_> {
    const TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    fn part(&self, n: usize, out: &mut Text<'_>) -> Part {
        let result = if let Some((family, sample)) = OF_METERS.get(n) {
            self.of_meters(out, family, *sample)
        } else if let Some(code) = n.checked_sub(ALARMS).and_then(|n| EventCode::ALL.get(n)) {
            self.alarm(out, *code, n == ALARMS)
        } else if let Some((family, sample)) = n.checked_sub(DEVICE).and_then(|n| OF_DEVICE.get(n))
        {
            self.of_device(out, family, *sample)
        } else if n == TOLD_APART {
            self.told_apart(out)
        } else if n == TOLD_APART + 1 {
            self.info(out)
        } else {
            return Part::End;
        };
        Part::Written(result)
    }
}

impl Metrics<'_> {
    fn of_meters(&self, out: &mut Text<'_>, family: &Family, sample: OfMeter) -> fmt::Result {
        let settings = self.live.settings.borrow();
        family.head(out)?;
        for (nth, channel) in (0..).zip(self.live.channels.borrow().iter()) {
            let fresh = channel.fresh(self.now_ms, settings.interval_ms);
            if let Some(value) = sample(self, channel, fresh) {
                let name = Label(settings.name(nth));
                let (family, suffix) = (family.name, family.suffix());
                writeln!(out, "{family}{suffix}{{meter=\"{name}\"}} {value}")?;
            }
        }
        Ok(())
    }

    fn alarm(&self, out: &mut Text<'_>, code: EventCode, is_first: bool) -> fmt::Result {
        let settings = self.live.settings.borrow();
        if is_first {
            ALARM.head(out)?;
        }
        for (nth, channel) in (0..).zip(self.live.channels.borrow().iter()) {
            let (family, alarm, meter) = (ALARM.name, code.name(), Label(settings.name(nth)));
            let is_present = u8::from(channel.alarms.is_present(code));
            writeln!(
                out,
                "{family}{{meter=\"{meter}\",alarm=\"{alarm}\"}} {is_present}"
            )?;
        }
        Ok(())
    }

    fn of_device(&self, out: &mut Text<'_>, family: &Family, sample: OfDevice) -> fmt::Result {
        family.head(out)?;
        match sample(self) {
            Some(value) => writeln!(out, "{}{} {value}", family.name, family.suffix()),
            None => Ok(()),
        }
    }

    /// Counters whose label says what of it.
    fn told_apart(&self, out: &mut Text<'_>) -> fmt::Result {
        let health = self.live.health.get();
        polls_or_uploads(out, &POLLS, health.polls)?;
        let errors = health.poll_errors;
        let causes = [
            ("no_reply", errors.no_reply),
            ("garbled", errors.garbled),
            ("refused", errors.refused),
            ("implausible", errors.implausible),
        ];
        labelled(out, &FAILURES, "cause", causes)?;
        polls_or_uploads(out, &UPLOADS, health.uploads)
    }

    fn info(&self, out: &mut Text<'_>) -> fmt::Result {
        let family = Family {
            name: "meter_device",
            kind: "info",
            unit: "",
            help: "The device.",
        };
        family.head(out)?;
        writeln!(
            out,
            "meter_device_info{{meter=\"{}\",version=\"{}\",reset_cause=\"{}\"}} 1\n# EOF",
            Label(&self.live.settings.borrow().meter_id),
            self.live.firmware.version.get(),
            payload::cause(self.live.health.get().reset_cause)
        )
    }
}

fn polls_or_uploads(out: &mut Text<'_>, family: &Family, tries: Tries) -> fmt::Result {
    let results = [("good", tries.good), ("failed", tries.failed)];
    labelled(out, family, "result", results)
}

/// A counter of which a label tells the parts.
fn labelled<const N: usize>(
    out: &mut Text<'_>,
    family: &Family,
    label: &str,
    samples: [(&str, u32); N],
) -> fmt::Result {
    family.head(out)?;
    for (what, count) in samples {
        writeln!(out, "{}_total{{{label}=\"{what}\"}} {count}", family.name)?;
    }
    Ok(())
}

impl Family {
    fn head(&self, out: &mut Text<'_>) -> fmt::Result {
        writeln!(out, "# TYPE {} {}", self.name, self.kind)?;
        if !self.unit.is_empty() {
            writeln!(out, "# UNIT {} {}", self.name, self.unit)?;
        }
        writeln!(out, "# HELP {} {}", self.name, self.help)
    }

    const fn suffix(&self) -> &'static str {
        match self.kind.as_bytes() {
            b"counter" => "_total",
            _ => "",
        }
    }
}

/// A value of a label: quotes, backslashes and line feeds are escaped.
struct Label<T>(T);

impl<T: fmt::Display> fmt::Display for Label<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaper(f), "{}", self.0)
    }
}

struct Escaper<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '"' => self.0.write_str("\\\"")?,
                '\\' => self.0.write_str("\\\\")?,
                '\n' => self.0.write_str("\\n")?,
                _ => self.0.write_char(character)?,
            }
        }
        Ok(())
    }
}
