//! Where records go, as the settings say, checked before anything is sent there.

use core::fmt;

use heapless::String;

use crate::settings::url::{Scheme, Url, UrlError};
use crate::settings::{Name, Secret, Settings, Uplink};

/// What is wrong with where records are to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TargetError {
    /// There is no address.
    None,
    /// The address is none.
    Url(UrlError),
    /// Something else is spoken at that address.
    Scheme,
    /// The connection would not be encrypted, and that is not allowed.
    Plain,
    /// The API key has characters that can not be in a header.
    Key,
    /// The meter's name is empty, or has characters that can not be in a topic.
    Name,
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no server is set: set its address"),
            Self::Url(error) => write!(f, "the address {error}"),
            Self::Scheme => {
                f.write_str("the address is of another kind: HTTP and MQTT have one each")
            }
            Self::Plain => f.write_str(
                "the address has no TLS: use https:// or mqtts://, or allow plain connections",
            ),
            Self::Key => {
                f.write_str("the API key has characters that can not be sent: set it anew")
            }
            Self::Name => {
                f.write_str("the meter's name is empty, or has one of / + # or a space in it")
            }
        }
    }
}

impl core::error::Error for TargetError {}

/// What of the settings a connection is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The kind.
    pub uplink: Uplink,
    /// Base or broker.
    pub address: String<96>,
    /// User at the broker.
    pub user: String<32>,
    /// API key or password.
    pub secret: Secret<64>,
    /// Name of the device's first meter.
    pub meter_id: String<32>,
    allow_plain: bool,
    has_home_assistant: bool,
    has_tasmota: bool,
}

impl Target {
    /// What the settings say now.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let (address, user, secret) = match settings.uplink {
            Uplink::Mqtt => (
                settings.mqtt_broker.clone(),
                settings.mqtt_user.clone(),
                settings.mqtt_password.clone(),
            ),
            _ => (
                settings.http_base.clone(),
                String::new(),
                settings.http_api_key.clone(),
            ),
        };
        Self {
            uplink: settings.uplink,
            address,
            user,
            secret,
            meter_id: settings.meter_id.clone(),
            allow_plain: settings.allow_plain,
            has_home_assistant: settings.mqtt_home_assistant,
            has_tasmota: settings.mqtt_tasmota,
        }
    }

    /// The address, taken apart, if records may go there.
    ///
    /// # Errors
    /// [`TargetError`] says what to set.
    pub fn url(&self) -> Result<Url<'_>, TargetError> {
        if self.address.is_empty() {
            return Err(TargetError::None);
        }
        let url = Url::parse(&self.address).map_err(TargetError::Url)?;
        match (self.uplink, url.scheme) {
            (Uplink::Mqtt, Scheme::Mqtt | Scheme::Mqtts) => {}
            (Uplink::Http, Scheme::Http | Scheme::Https) => {}
            _ => return Err(TargetError::Scheme),
        }
        if !url.scheme.is_tls() && !self.allow_plain {
            return Err(TargetError::Plain);
        }
        if self.uplink == Uplink::Http
            && !self
                .secret
                .reveal()
                .bytes()
                .all(|byte| (0x20..0x7f).contains(&byte))
        {
            return Err(TargetError::Key);
        }
        let is_bad =
            |character: char| matches!(character, '/' | '+' | '#' | ' ') || character.is_control();
        if self.meter_id.is_empty() || self.meter_id.contains(is_bad) {
            return Err(TargetError::Name);
        }
        Ok(url)
    }

    /// Name of one of the meters.
    #[must_use]
    pub fn name(&self, channel: u8) -> Name<'_> {
        Name {
            id: &self.meter_id,
            channel,
        }
    }

    /// Whether Home Assistant is told what the topics mean.
    #[must_use]
    pub const fn has_home_assistant(&self) -> bool {
        self.has_home_assistant
    }

    /// Whether readings are published as Tasmota does too.
    #[must_use]
    pub const fn has_tasmota(&self) -> bool {
        self.has_tasmota
    }
}
