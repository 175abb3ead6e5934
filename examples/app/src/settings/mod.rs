//! Everything that can be set, as one value.

pub mod authority;
mod check;
pub mod form;
mod invalid;
pub mod keep;
mod names;
mod rules;
pub(crate) mod scale;
pub mod stored;
mod table;
pub mod url;

use core::fmt;

use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

pub use invalid::{Invalid, SetError};
pub use names::{Allowed, Setting, Shown};

/// Text that is never shown: printing it gives stars.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret<const N: usize>(String<N>);

impl<const N: usize> Secret<N> {
    /// A secret, if it fits.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        String::try_from(text).ok().map(Self)
    }

    /// What it is: for the one who needs it, not for a log.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(none)" } else { "***" })
    }
}

/// How readings leave the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Uplink {
    /// Not at all: they are kept.
    #[default]
    None,
    /// `POST` to a server.
    Http,
    /// To an MQTT broker.
    Mqtt,
}

/// Daylight saving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DaylightSaving {
    /// None.
    #[default]
    None,
    /// From the last Sunday of March to that of October, at 1:00 UTC.
    Europe,
    /// From the second Sunday of March to the first of November, at 2:00 local time.
    America,
}

/// Where the device is in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Minutes ahead of UTC in winter.
    pub offset_min: i16,
    /// Daylight saving.
    pub daylight_saving: DaylightSaving,
}

/// Most meters on one line.
pub const CHANNELS: usize = 4;

/// Everything that can be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Name of the meter, as the server knows it. Further meters on the line get `-2`, `-3` ... behind it.
    pub meter_id: String<32>,
    /// Whose it is; for registration.
    pub owner: String<48>,
    /// Where it is; for registration.
    pub place: String<64>,

    /// Name of the wireless network.
    pub wifi_ssid: String<32>,
    /// Its password.
    pub wifi_password: Secret<64>,

    /// How readings leave the device.
    pub uplink: Uplink,
    /// Base of the HTTP interface, such as `https://example.org/api`.
    pub http_base: String<96>,
    /// Sent as `X-API-Key`.
    pub http_api_key: Secret<64>,
    /// The broker, such as `mqtts://example.org:8883`.
    pub mqtt_broker: String<96>,
    /// User at the broker.
    pub mqtt_user: String<32>,
    /// Password at the broker.
    pub mqtt_password: Secret<64>,
    /// Whether Home Assistant is told what the topics mean.
    pub mqtt_home_assistant: bool,
    /// Whether readings are published as Tasmota does too.
    pub mqtt_tasmota: bool,
    /// Whether passwords, keys and readings may go over connections without TLS.
    pub allow_plain: bool,

    /// Where new firmware is looked for; nowhere if empty. Its signature is checked, whatever way it comes.
    pub update_url: String<128>,

    /// Time servers, asked in turn.
    pub ntp_servers: [String<48>; 2],
    /// Local time.
    pub zone: Zone,

    /// Time between readings in milliseconds: 1000 to 60 000.
    pub interval_ms: u32,
    /// Addresses of the modules on the line; none for the only one, whatever address it has.
    pub addresses: Vec<u8, CHANNELS>,
    /// Corrections of voltage, current and power in millionths.
    pub gains_ppm: [i32; 3],
    /// Nominal voltage in volts.
    pub nominal_v: u16,
    /// Nominal frequency in hertz.
    pub nominal_hz: u8,
    /// Alarm above so many watts; 0 for none.
    pub overload_w: u32,
    /// Alarm above so many milliamperes; 0 for none.
    pub over_current_ma: u32,
    /// Whether the classical rules speak too, unguarded: no power at more than 0.1 A, more than 5 kW.
    pub naive_rules: bool,
    /// The day of the month a billing period begins with, 1 to 28.
    pub billing_day: u8,
    /// Seconds of an interval of load profile and demand.
    pub profile_s: u32,

    /// Seconds after which readings that could not be sent are written to flash: what a power cut can take.
    pub flush_s: u16,
    /// Seconds between stored states of the registers. A meter with a counter of its own loses nothing between them.
    pub checkpoint_s: u16,
    /// Seconds each page of the display is shown.
    pub page_s: u8,
}

/// Name of a meter, as the server knows it: further ones on the line have a number behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// Name of the device.
    pub id: &'a str,
    /// Which meter, from 0.
    pub channel: u8,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)?;
        if self.channel > 0 {
            write!(f, "-{}", u16::from(self.channel) + 1)?;
        }
        Ok(())
    }
}

impl Settings {
    /// Name of one of its meters.
    #[must_use]
    pub fn name(&self, channel: u8) -> Name<'_> {
        Name {
            id: &self.meter_id,
            channel,
        }
    }
}

/// A default that fits its place.
fn text<const N: usize>(text: &str) -> String<N> {
    String::try_from(text).unwrap_or_default()
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            meter_id: text("MTR-1001"),
            owner: String::new(),
            place: String::new(),
            wifi_ssid: String::new(),
            wifi_password: Secret::default(),
            uplink: Uplink::None,
            http_base: String::new(),
            http_api_key: Secret::default(),
            mqtt_broker: String::new(),
            mqtt_user: String::new(),
            mqtt_password: Secret::default(),
            mqtt_home_assistant: true,
            mqtt_tasmota: false,
            allow_plain: false,
            update_url: String::new(),
            ntp_servers: [text("0.pool.ntp.org"), text("1.pool.ntp.org")],
            zone: Zone::default(),
            interval_ms: 5_000,
            addresses: Vec::new(),
            gains_ppm: [0; 3],
            nominal_v: 230,
            nominal_hz: 50,
            overload_w: 0,
            over_current_ma: 0,
            naive_rules: false,
            billing_day: 1,
            profile_s: 900,
            flush_s: 60,
            checkpoint_s: 900,
            page_s: 5,
        }
    }
}
