//! `/`: the meter as a page that needs nothing else and refreshes itself.

use core::fmt::{self, Write};

use meter_core::EventCode;

use super::html::{Escaped, HEAD};
use super::part::{Part, Parts};
use crate::live::{CardState, Channel, Live, TimeSource};
use crate::settings::Uplink;
use crate::text::{Decimal, Iso, Span};
use crate::uplink::json::Text;

pub(super) struct Page<'a> {
    pub(super) live: &'a Live,
    pub(super) now_ms: u64,
}

/// Parts of a meter.
const OF_METER: usize = 3;

impl Parts for Page<'_> {
    const TYPE: &'static str = "text/html; charset=utf-8";

    fn part(&self, n: usize, out: &mut Text<'_>) -> Part {
        let channels = self.live.channels.borrow();
        let Some(n) = n.checked_sub(2) else {
            return match n {
                0 => Part::Fixed(HEAD),
                _ => Part::Written(self.title(out)),
            };
        };
        let (nth, of_meter) = (n / OF_METER, n % OF_METER);
        if let Some(channel) = channels.get(nth) {
            return Part::Written(match of_meter {
                0 => self.values(out, nth, channel),
                1 => energy(out, channel),
                _ => alarms(out, channel),
            });
        }
        match n - channels.len() * OF_METER {
            0 => Part::Written(self.network(out)),
            1 => Part::Written(self.device(out)),
            2 => Part::Fixed(
                "<p class=dim><a href=/api/v1/now>JSON</a> &middot; <a href=/metrics>Metrics</a> &middot; \
                 <a href=/calibrate>Calibration</a></p></html>\n",
            ),
            _ => Part::End,
        }
    }
}

/// A row of a table.
fn row(out: &mut Text<'_>, name: &str, value: impl fmt::Display) -> fmt::Result {
    write!(out, "<tr><td>{name}<td>{}", Escaped(value))
}

/// A number with its unit, or a dash.
fn big(out: &mut Text<'_>, value: Option<i64>, places: u8, unit: &str) -> fmt::Result {
    match value {
        Some(milli) => write!(
            out,
            "<span>{} <small>{unit}</small></span>",
            Decimal::milli(milli, places)
        ),
        None => write!(out, "<span>&ndash; <small>{unit}</small></span>"),
    }
}

impl Page<'_> {
    fn title(&self, out: &mut Text<'_>) -> fmt::Result {
        let settings = self.live.settings.borrow();
        let id = Escaped(&settings.meter_id);
        let refresh_s = settings.interval_ms.div_ceil(1_000).clamp(2, 60);
        write!(
            out,
            "<title>{id}</title><meta http-equiv=refresh content={refresh_s}><h1>{id}</h1>"
        )?;
        if let Some(percent) = self.live.update_percent.get() {
            write!(
                out,
                "<p class=bad>New firmware is loaded: {percent} %. Do not switch off.</p>"
            )?;
        }
        if self.live.channels.borrow().is_empty() {
            out.write_str("<p class=bad>No meter was asked yet.</p>")?;
        }
        Ok(())
    }

    fn values(&self, out: &mut Text<'_>, nth: usize, channel: &Channel) -> fmt::Result {
        let settings = self.live.settings.borrow();
        if self.live.channels.borrow().len() > 1 {
            let name = settings.name(u8::try_from(nth).unwrap_or(u8::MAX));
            write!(out, "<h2>{}</h2>", Escaped(name))?;
        }
        let Some(values) = channel.fresh(self.now_ms, settings.interval_ms) else {
            return self.old(out, channel);
        };
        out.write_str("<div class=big>")?;
        big(out, values.voltage_mv.map(i64::from), 1, "V")?;
        big(out, values.current_ma.map(i64::from), 2, "A")?;
        big(out, values.power_mw.map(i64::from), 1, "W")?;
        out.write_str("</div><p class=dim>")?;
        if let Some(mhz) = values.frequency_mhz {
            write!(out, "{} Hz &middot; ", Decimal::milli(mhz.into(), 2))?;
        }
        if let Some(milli) = values.power_factor_milli {
            write!(
                out,
                "power factor {} &middot; ",
                Decimal::milli(milli.into(), 2)
            )?;
        }
        if let Some(mvar) = values.reactive_mvar {
            write!(out, "{} var &middot; ", Decimal::milli(mvar.into(), 1))?;
        }
        let age_s = channel.age_ms(self.now_ms).unwrap_or(0) / 1_000;
        write!(out, "{age_s} s ago</p>")
    }

    fn old(&self, out: &mut Text<'_>, channel: &Channel) -> fmt::Result {
        match channel.age_ms(self.now_ms) {
            Some(ms) => write!(
                out,
                "<p class=bad>No reading for {}",
                Span {
                    seconds: ms / 1_000
                }
            )?,
            None => out.write_str("<p class=bad>No reading since the start")?,
        }
        match &channel.error {
            Some(error) => write!(out, ": {}</p>", Escaped(error)),
            None => out.write_str(".</p>"),
        }
    }

    fn network(&self, out: &mut Text<'_>) -> fmt::Result {
        let settings = self.live.settings.borrow();
        let (uplink, health) = (self.live.uplink.borrow(), self.live.health.get());
        out.write_str("<h2>Network</h2><table>")?;
        if !settings.wifi_ssid.is_empty() {
            row(out, "Wi-Fi", &settings.wifi_ssid)?;
        }
        if let Some(dbm) = health.rssi_dbm {
            row(out, "Signal", format_args!("{dbm} dBm"))?;
        }
        let state = match (settings.uplink, uplink.is_up) {
            (Uplink::None, _) => "records are kept here",
            (_, true) => "well",
            (_, false) => "fails",
        };
        row(out, "Uplink", state)?;
        if let (false, Some(error)) = (uplink.is_up, &uplink.error) {
            row(out, "", error)?;
        }
        row(out, "Records that wait", health.queue_depth)?;
        out.write_str("</table>")
    }

    fn device(&self, out: &mut Text<'_>) -> fmt::Result {
        let (time, archive) = (self.live.time.get(), self.live.archive.get());
        out.write_str("<h2>Device</h2><table>")?;
        match time.utc_ms(self.now_ms).and_then(Iso::new) {
            Some(now) => row(out, "Time", format_args!("{now:.0}"))?,
            None => row(out, "Time", "not known")?,
        }
        let source = match time.source {
            TimeSource::None => "nobody",
            TimeSource::Rtc => "the clock chip",
            TimeSource::Server => "a server",
        };
        row(out, "Time by", source)?;
        if archive.card != CardState::Unknown {
            row(out, "SD card", archive.card.message())?;
        }
        if archive.dropped > 0 {
            row(out, "Not archived", archive.dropped)?;
        }
        row(
            out,
            "Running for",
            Span {
                seconds: self.now_ms / 1_000,
            },
        )?;
        row(out, "Version", self.live.firmware.version.get())?;
        out.write_str("</table>")
    }
}

/// Why there is no energy of a day.
const NO_TIME: &str = "not before the time is known";

fn energy(out: &mut Text<'_>, channel: &Channel) -> fmt::Result {
    out.write_str("<table>")?;
    let mut kwh = |name, mwh: Option<u64>, missing| match mwh {
        Some(mwh) => row(out, name, format_args!("{} kWh", Decimal::kwh(mwh, 3))),
        None => row(out, name, missing),
    };
    let registers = channel.known();
    kwh("Today", channel.today_mwh, NO_TIME)?;
    kwh("This month", channel.month_mwh, NO_TIME)?;
    let import_mwh = registers.map(|registers| registers.import.mwh());
    kwh("In all", import_mwh, "not before the meter was read")?;
    if let Some(registers) = registers.filter(|registers| registers.export.mwh() > 0) {
        kwh("Fed back", Some(registers.export.mwh()), "")?;
    }
    if let Some(peak) = channel.max_demand {
        row(
            out,
            "Largest demand",
            format_args!("{} W", Decimal::unsigned(peak.mw, 3, 0)),
        )?;
    }
    out.write_str("</table>")
}

fn alarms(out: &mut Text<'_>, channel: &Channel) -> fmt::Result {
    for (is_present, what) in [
        (true, "<p class=bad>Alarm:"),
        (false, "<p class=dim>Alarms that are over:"),
    ] {
        let codes = || {
            EventCode::ALL.iter().filter(move |code| {
                channel.alarms.is_set(**code) && channel.alarms.is_present(**code) == is_present
            })
        };
        if codes().next().is_some() {
            out.write_str(what)?;
            for code in codes() {
                write!(out, " {}", code.name())?;
            }
            out.write_str("</p>")?;
        }
    }
    Ok(())
}
