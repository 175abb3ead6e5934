//! What the device does and how it is, for whoever asks at the console.

use embedded_io_async::{Read, Write};
use meter_core::EventCode;
use meter_core::health::ResetCause;

use super::Console;
use super::terminal::say;
use crate::blobs::Blobs;
use crate::live::TimeSource;
use crate::platform::Clock;
use crate::record::Values;
use crate::settings::{CHANNELS, Uplink};
use crate::text::{Decimal, Iso, Span};

impl<S: Read + Write, C: Clock, B: Blobs> Console<'_, S, C, B> {
    pub(super) async fn status(&mut self) {
        let (live, now_ms) = (self.live, self.terminal.clock().now_ms());
        let health = live.health.get();
        let trial = if live.firmware.is_on_trial.get() {
            ", on trial"
        } else {
            ""
        };
        say!(
            self.terminal,
            "firmware    {}{trial}",
            live.firmware.version.get()
        );
        say!(
            self.terminal,
            "running     {}, start {}, after {}",
            Span {
                seconds: now_ms / 1_000
            },
            health.boots,
            cause(health.reset_cause)
        );
        self.meters(now_ms).await;
        self.time(now_ms).await;
        self.network(now_ms).await;
        let store = live.store.get();
        say!(
            self.terminal,
            "store       {} in RAM, {} in flash, {} dropped, {} failures",
            store.in_ram,
            store.in_flash,
            store.dropped,
            store.failures
        );
        say!(
            self.terminal,
            "card        {}",
            live.archive.get().card.message()
        );
        if let (Some(free), Some(least)) = (health.heap_free, health.heap_least) {
            say!(
                self.terminal,
                "heap        {free} bytes free, {least} at least so far"
            );
        }
        if let Some(percent) = live.update_percent.get() {
            say!(
                self.terminal,
                "update      {percent} % loaded: leave the supply on"
            );
        } else if !live.firmware.said.borrow().is_empty() {
            let line = {
                let said = live.firmware.said.borrow();
                self.terminal.put(format_args!("update      {said}"))
            };
            line.end().await;
        }
        if self.has_changes() {
            say!(self.terminal, "settings    changed and not saved");
        }
    }

    async fn meters(&mut self, now_ms: u64) {
        let interval_ms = self.live.settings.borrow().interval_ms;
        for nth in 0..CHANNELS {
            let line = {
                let channels = self.live.channels.borrow();
                let Some(channel) = channels.get(nth) else {
                    break;
                };
                match (channel.fresh(now_ms, interval_ms), &channel.error) {
                    (_, Some(error)) => self
                        .terminal
                        .put(format_args!("meter {}     no reading: {error}", nth + 1)),
                    (Some(values), None) => {
                        self.terminal
                            .put(format_args!("meter {}     {}", nth + 1, Line(values)))
                    }
                    (None, None) => self
                        .terminal
                        .put(format_args!("meter {}     no reading yet", nth + 1)),
                }
            };
            line.end().await;
        }
    }

    async fn time(&mut self, now_ms: u64) {
        let time = self.live.time.get();
        let source = match time.source {
            TimeSource::None => "nobody",
            TimeSource::Rtc => "the clock with a battery",
            TimeSource::Server => "a time server",
        };
        match time.utc_ms(now_ms).and_then(Iso::new) {
            Some(now) => say!(self.terminal, "time        {now:.0} by {source}"),
            None => say!(self.terminal, "time        not known yet"),
        }
    }

    /// Tells how to join the network that the device has opened, if it has.
    #[cfg(feature = "local-page")]
    async fn own_network(&mut self) -> bool {
        let access = self.live.access.get();
        if let Some(access) = access {
            say!(self.terminal, "network     {access}");
        }
        access.is_some()
    }

    /// There is none.
    #[cfg(not(feature = "local-page"))]
    async fn own_network(&mut self) -> bool {
        false
    }

    async fn network(&mut self, now_ms: u64) {
        let network = self.live.network.get();
        let health = self.live.health.get();
        match network.address {
            _ if self.own_network().await => {}
            Some([a, b, c, d]) if network.is_up => {
                say!(
                    self.terminal,
                    "network     {a}.{b}.{c}.{d}, signal {} dBm",
                    OrNone(health.rssi_dbm)
                );
            }
            _ if network.is_up => say!(
                self.terminal,
                "network     up, signal {} dBm",
                OrNone(health.rssi_dbm)
            ),
            _ => say!(
                self.terminal,
                "network     down: check wifi.ssid, wifi.password and the signal"
            ),
        }
        let kind = match self.live.settings.borrow().uplink {
            Uplink::None => "none: readings are kept",
            Uplink::Http => "http",
            Uplink::Mqtt => "mqtt",
        };
        let line = {
            let uplink = self.live.uplink.borrow();
            let ago = uplink.last_ok_ms.map(|ms| Span {
                seconds: now_ms.saturating_sub(ms) / 1_000,
            });
            let waiting = health.queue_depth;
            match (&uplink.error, ago) {
                (Some(error), _) => self.terminal.put(format_args!(
                    "uplink      {kind}, {waiting} waiting: {error}"
                )),
                (None, Some(ago)) => self.terminal.put(format_args!(
                    "uplink      {kind}, {waiting} waiting, last sent {ago} ago"
                )),
                (None, None) => self
                    .terminal
                    .put(format_args!("uplink      {kind}, {waiting} waiting")),
            }
        };
        line.end().await;
    }

    pub(super) async fn events(&mut self) {
        let mut is_quiet = true;
        for nth in 0..CHANNELS {
            let Some(alarms) = self
                .live
                .channels
                .borrow()
                .get(nth)
                .map(|channel| channel.alarms)
            else {
                break;
            };
            for code in EventCode::ALL.iter().filter(|code| alarms.is_set(**code)) {
                let state = if alarms.is_present(*code) {
                    "on"
                } else {
                    "was on"
                };
                say!(
                    self.terminal,
                    "meter {}     {} {state}",
                    nth + 1,
                    code.name()
                );
                is_quiet = false;
            }
        }
        if is_quiet {
            say!(self.terminal, "no alarm is on, and none was");
        }
    }
}

/// Values in a line.
struct Line<'a>(&'a Values);

impl core::fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let values = self.0;
        let milli =
            |value: Option<i64>, places| OrNone(value.map(|value| Decimal::milli(value, places)));
        write!(
            f,
            "{} V, {} A, {} W, {} Hz, power factor {}, {} kWh",
            milli(values.voltage_mv.map(Into::into), 1),
            milli(values.current_ma.map(Into::into), 3),
            milli(values.power_mw.map(Into::into), 1),
            milli(values.frequency_mhz.map(Into::into), 1),
            milli(values.power_factor_milli.map(Into::into), 2),
            Decimal::kwh(values.import_mwh, 3),
        )
    }
}

/// A value, or that there is none.
struct OrNone<T>(Option<T>);

impl<T: core::fmt::Display> core::fmt::Display for OrNone<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(f),
            None => f.write_str("-"),
        }
    }
}

const fn cause(cause: ResetCause) -> &'static str {
    match cause {
        ResetCause::PowerOn => "the supply came",
        ResetCause::BrownOut => "a brown-out: check the supply",
        ResetCause::Watchdog => "a task was stuck",
        ResetCause::Software => "a restart that was asked for",
        ResetCause::Panic => "a failure of the program",
        ResetCause::Wake => "sleep",
        _ => "an unknown cause",
    }
}
