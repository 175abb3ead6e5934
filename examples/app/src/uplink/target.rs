//! Where records go, as the settings say, checked before anything is sent there.

use core::fmt;

use heapless::String;

use crate::platform::Endpoint;
use crate::settings::{Name, Secret, Settings, Uplink};

/// An address of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Url<'a> {
    /// Whether the connection is to be encrypted.
    pub is_tls: bool,
    /// Host name or address; an IPv6 address without its brackets.
    pub host: &'a str,
    /// Port, the scheme's own where none is written.
    pub port: u16,
    /// What follows, without a slash at the end: empty, or with one at the beginning.
    pub path: &'a str,
    has_usual_port: bool,
}

impl<'a> Url<'a> {
    /// Takes an address apart whose scheme is one of the two, the second with TLS, each with its usual port.
    ///
    /// # Errors
    /// [`TargetError`] says what is wrong with it.
    pub fn parse(text: &'a str, plain: (&str, u16), tls: (&str, u16)) -> Result<Self, TargetError> {
        if text.is_empty() {
            return Err(TargetError::None);
        }
        let (scheme, rest) = text.split_once("://").ok_or(TargetError::Scheme)?;
        let (is_tls, usual_port) = match scheme {
            _ if scheme.eq_ignore_ascii_case(tls.0) => (true, tls.1),
            _ if scheme.eq_ignore_ascii_case(plain.0) => (false, plain.1),
            _ => return Err(TargetError::Scheme),
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        // A password in an address would be shown wherever the address is.
        if authority.contains('@') {
            return Err(TargetError::Credentials);
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(six) => six.split_once(']').ok_or(TargetError::Host)?,
            None => match authority.find(':') {
                Some(colon) => authority.split_at(colon),
                None => (authority, ""),
            },
        };
        let port = match port.strip_prefix(':') {
            Some(digits) => digits.parse().map_err(|_| TargetError::Port)?,
            None if port.is_empty() => usual_port,
            None => return Err(TargetError::Port),
        };
        if host.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TargetError::Host);
        }
        Ok(Self {
            is_tls,
            host,
            port,
            path: path.trim_end_matches('/'),
            has_usual_port: port == usual_port,
        })
    }

    /// Where to connect.
    #[must_use]
    pub const fn endpoint(&self) -> Endpoint<'a> {
        Endpoint {
            host: self.host,
            port: self.port,
            is_tls: self.is_tls,
        }
    }
}

/// As the `Host` header of HTTP has it.
impl fmt::Display for Url<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]", self.host)?;
        } else {
            f.write_str(self.host)?;
        }
        if !self.has_usual_port {
            write!(f, ":{}", self.port)?;
        }
        Ok(())
    }
}

/// What is wrong with where records are to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum TargetError {
    /// There is no address.
    None,
    /// The scheme is none that can be spoken.
    Scheme,
    /// There is a user or a password in the address.
    Credentials,
    /// The host is missing, or has characters that can not be in an address.
    Host,
    /// The port is no number up to 65 535.
    Port,
    /// The connection would not be encrypted, and that is not allowed.
    Plain,
    /// The API key has characters that can not be in a header.
    Key,
    /// The meter's name is empty, or has characters that can not be in a topic.
    Name,
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "no server is set: set its address",
            Self::Scheme => {
                "the server's address must begin with https://, http://, mqtts:// or mqtt://"
            }
            Self::Credentials => {
                "no user or password in the address: they have settings of their own"
            }
            Self::Host => "the server's address has no host, or spaces in it",
            Self::Port => "the port in the server's address is not a number up to 65535",
            Self::Plain => {
                "the address has no TLS: use https:// or mqtts://, or allow plain connections"
            }
            Self::Key => "the API key has characters that can not be sent: set it anew",
            Self::Name => "the meter's name is empty, or has one of / + # or a space in it",
        })
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
        let url = match self.uplink {
            Uplink::Mqtt => Url::parse(&self.address, ("mqtt", 1883), ("mqtts", 8883))?,
            _ => Url::parse(&self.address, ("http", 80), ("https", 443))?,
        };
        if !url.is_tls && !self.allow_plain {
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
