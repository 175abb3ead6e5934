//! Every setting with its name: a table and nothing else. Its order is the order they are listed in.

use heapless::String;

use super::invalid::Fault;
use super::rules::{
    broker, free_text, host, http_base, meter_id, update_url, visible, wifi_password,
};
use super::scale::Scale;
use super::{DaylightSaving, Secret, Settings, Uplink};

/// A setting.
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) kind: Kind,
}

pub(super) type Rule = fn(&str) -> Result<(), Fault>;
type GetText = fn(&Settings) -> &str;
/// Whether it fitted.
type SetText = fn(&mut Settings, &str) -> bool;

/// What kind of value it has, and where that is.
pub(super) enum Kind {
    Text(Text),
    /// Text that is set and never shown.
    Secret(Text),
    Number {
        get: fn(&Settings) -> i64,
        set: fn(&mut Settings, i64),
        scale: &'static Scale,
    },
    Choice {
        /// Index of the word; past the end for a value that has none.
        get: fn(&Settings) -> usize,
        set: fn(&mut Settings, usize),
        words: &'static [&'static str],
    },
    Offset,
    Addresses,
}

pub(super) struct Text {
    pub(super) get: GetText,
    pub(super) set: SetText,
    pub(super) most: usize,
    pub(super) rule: Rule,
}

const fn entry(name: &'static str, what: &'static str, kind: Kind) -> Entry {
    Entry { name, what, kind }
}

const fn text(most: usize, rule: Rule, get: GetText, set: SetText) -> Kind {
    Kind::Text(Text {
        get,
        set,
        most,
        rule,
    })
}

const fn secret(most: usize, rule: Rule, get: GetText, set: SetText) -> Kind {
    Kind::Secret(Text {
        get,
        set,
        most,
        rule,
    })
}

const fn number(
    scale: &'static Scale,
    get: fn(&Settings) -> i64,
    set: fn(&mut Settings, i64),
) -> Kind {
    Kind::Number { get, set, scale }
}

const fn choice(
    words: &'static [&'static str],
    get: fn(&Settings) -> usize,
    set: fn(&mut Settings, usize),
) -> Kind {
    Kind::Choice { get, set, words }
}

fn put<const N: usize>(place: &mut String<N>, text: &str) -> bool {
    String::try_from(text).map(|text| *place = text).is_ok()
}

fn hide<const N: usize>(place: &mut Secret<N>, text: &str) -> bool {
    Secret::new(text).map(|text| *place = text).is_some()
}

fn index_of<T: PartialEq>(all: &[T], value: &T) -> usize {
    all.iter().position(|one| one == value).unwrap_or(all.len())
}

fn pick<T: Copy>(place: &mut T, all: &[T], index: usize) {
    if let Some(value) = all.get(index) {
        *place = *value;
    }
}

const YES_NO: &[&str] = &["no", "yes"];
const UPLINKS: [Uplink; 3] = [Uplink::None, Uplink::Http, Uplink::Mqtt];
const SAVINGS: [DaylightSaving; 3] = [
    DaylightSaving::None,
    DaylightSaving::Europe,
    DaylightSaving::America,
];
const PROFILES_S: [u32; 6] = [60, 300, 600, 900, 1_800, 3_600];
const FREQUENCIES_HZ: [u8; 2] = [50, 60];

const fn scale(least: i64, most: i64, units: &'static [super::scale::Unit]) -> Scale {
    Scale {
        least,
        most,
        units,
        zero_is_none: false,
    }
}
const fn limit(most: i64, units: &'static [super::scale::Unit]) -> Scale {
    Scale {
        least: 0,
        most,
        units,
        zero_is_none: true,
    }
}
static INTERVAL: Scale = scale(1_000, 60_000, &[("s", 1_000), ("ms", 1)]);
static GAIN: Scale = scale(-200_000, 200_000, &[("%", 10_000), ("ppm", 1)]);
static VOLTAGE: Scale = scale(100, 277, &[("V", 1)]);
static POWER: Scale = limit(1_000_000, &[("W", 1), ("kW", 1_000)]);
static CURRENT: Scale = limit(1_000_000, &[("A", 1_000), ("mA", 1)]);
static DAY: Scale = scale(1, 28, &[("", 1)]);
static FLUSH: Scale = scale(5, 3_600, &[("s", 1), ("min", 60)]);
static CHECKPOINT: Scale = scale(60, 43_200, &[("s", 1), ("min", 60), ("h", 3_600)]);
static PAGE: Scale = scale(1, 60, &[("s", 1)]);

/// A number that is never out of its type, since its scale ends before.
fn narrow<T: TryFrom<i64>>(place: &mut T, value: i64) {
    if let Ok(value) = T::try_from(value) {
        *place = value;
    }
}

#[rustfmt::skip]
pub(super) static TABLE: [Entry; 34] = [
    entry("meter.id", "name of the meter at the server",
        text(32, meter_id, |s| &s.meter_id, |s, t| put(&mut s.meter_id, t))),
    entry("meter.owner", "whose it is, for registration",
        text(48, free_text, |s| &s.owner, |s, t| put(&mut s.owner, t))),
    entry("meter.place", "where it is, for registration",
        text(64, free_text, |s| &s.place, |s, t| put(&mut s.place, t))),
    entry("wifi.ssid", "name of the wireless network",
        text(32, free_text, |s| &s.wifi_ssid, |s, t| put(&mut s.wifi_ssid, t))),
    entry("wifi.password", "its password",
        secret(64, wifi_password, |s| s.wifi_password.reveal(), |s, t| hide(&mut s.wifi_password, t))),
    entry("uplink.kind", "how readings leave the device",
        choice(&["none", "http", "mqtt"],
            |s| index_of(&UPLINKS, &s.uplink), |s, at| pick(&mut s.uplink, &UPLINKS, at))),
    entry("uplink.allow-plain", "whether keys and readings may be sent without TLS",
        choice(YES_NO, |s| s.allow_plain.into(), |s, at| s.allow_plain = at == 1)),
    entry("http.base", "base of the HTTP interface, such as https://example.org/api",
        text(96, http_base, |s| &s.http_base, |s, t| put(&mut s.http_base, t.trim_end_matches('/')))),
    entry("http.api-key", "sent as X-API-Key",
        secret(64, visible, |s| s.http_api_key.reveal(), |s, t| hide(&mut s.http_api_key, t))),
    entry("mqtt.broker", "the broker, such as mqtts://example.org:8883",
        text(96, broker, |s| &s.mqtt_broker, |s, t| put(&mut s.mqtt_broker, t.trim_end_matches('/')))),
    entry("mqtt.user", "user at the broker",
        text(32, free_text, |s| &s.mqtt_user, |s, t| put(&mut s.mqtt_user, t))),
    entry("mqtt.password", "password at the broker",
        secret(64, free_text, |s| s.mqtt_password.reveal(), |s, t| hide(&mut s.mqtt_password, t))),
    entry("mqtt.home-assistant", "whether Home Assistant is told what the topics mean",
        choice(YES_NO, |s| s.mqtt_home_assistant.into(), |s, at| s.mqtt_home_assistant = at == 1)),
    entry("mqtt.tasmota", "whether readings are published as Tasmota does too",
        choice(YES_NO, |s| s.mqtt_tasmota.into(), |s, at| s.mqtt_tasmota = at == 1)),
    entry("update.url", "where new firmware is looked for; nowhere if empty",
        text(128, update_url, |s| &s.update_url, |s, t| put(&mut s.update_url, t))),
    entry("time.server-1", "time server",
        text(48, host, |s| &s.ntp_servers[0], |s, t| put(&mut s.ntp_servers[0], t))),
    entry("time.server-2", "asked when the first does not answer",
        text(48, host, |s| &s.ntp_servers[1], |s, t| put(&mut s.ntp_servers[1], t))),
    entry("time.offset", "how far local time is ahead of UTC in winter", Kind::Offset),
    entry("time.daylight-saving", "rule for the summer",
        choice(&["none", "europe", "america"],
            |s| index_of(&SAVINGS, &s.zone.daylight_saving), |s, at| pick(&mut s.zone.daylight_saving, &SAVINGS, at))),
    entry("sampling.interval", "time between readings",
        number(&INTERVAL, |s| s.interval_ms.into(), |s, v| narrow(&mut s.interval_ms, v))),
    entry("sampling.addresses", "of the modules on the line; any for a single one", Kind::Addresses),
    entry("calibration.voltage", "what is added to the voltage",
        number(&GAIN, |s| s.gains_ppm[0].into(), |s, v| narrow(&mut s.gains_ppm[0], v))),
    entry("calibration.current", "what is added to the current",
        number(&GAIN, |s| s.gains_ppm[1].into(), |s, v| narrow(&mut s.gains_ppm[1], v))),
    entry("calibration.power", "what is added to power and energy",
        number(&GAIN, |s| s.gains_ppm[2].into(), |s, v| narrow(&mut s.gains_ppm[2], v))),
    entry("mains.voltage", "nominal voltage",
        number(&VOLTAGE, |s| s.nominal_v.into(), |s, v| narrow(&mut s.nominal_v, v))),
    entry("mains.frequency", "nominal frequency",
        choice(&["50 Hz", "60 Hz"],
            |s| index_of(&FREQUENCIES_HZ, &s.nominal_hz), |s, at| pick(&mut s.nominal_hz, &FREQUENCIES_HZ, at))),
    entry("alarm.power", "alarm above so much power",
        number(&POWER, |s| s.overload_w.into(), |s, v| narrow(&mut s.overload_w, v))),
    entry("alarm.current", "alarm above so much current",
        number(&CURRENT, |s| s.over_current_ma.into(), |s, v| narrow(&mut s.over_current_ma, v))),
    entry("alarm.naive-rules", "whether the classical rules speak too: no power at over 0.1 A, over 5 kW",
        choice(YES_NO, |s| s.naive_rules.into(), |s, at| s.naive_rules = at == 1)),
    entry("billing.day", "day of the month a billing period begins with",
        number(&DAY, |s| s.billing_day.into(), |s, v| narrow(&mut s.billing_day, v))),
    entry("profile.interval", "interval of load profile and demand",
        choice(&["1 min", "5 min", "10 min", "15 min", "30 min", "60 min"],
            |s| index_of(&PROFILES_S, &s.profile_s), |s, at| pick(&mut s.profile_s, &PROFILES_S, at))),
    entry("storage.flush", "after how long unsent readings are written to flash: what a power cut can take",
        number(&FLUSH, |s| s.flush_s.into(), |s, v| narrow(&mut s.flush_s, v))),
    entry("storage.checkpoint", "time between stored states of the registers",
        number(&CHECKPOINT, |s| s.checkpoint_s.into(), |s, v| narrow(&mut s.checkpoint_s, v))),
    entry("display.page", "how long each page of the display is shown",
        number(&PAGE, |s| s.page_s.into(), |s, v| narrow(&mut s.page_s, v))),
];
