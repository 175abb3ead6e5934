//! Addresses of servers.

use core::fmt;

/// What is spoken there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Scheme {
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// MQTT.
    Mqtt,
    /// MQTT over TLS.
    Mqtts,
}

impl Scheme {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Http, "http"),
        (Self::Https, "https"),
        (Self::Mqtt, "mqtt"),
        (Self::Mqtts, "mqtts"),
    ];

    /// Whether it is spoken over TLS.
    #[must_use]
    pub const fn is_tls(self) -> bool {
        matches!(self, Self::Https | Self::Mqtts)
    }

    /// The port it is spoken at where none is written.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Mqtt => 1883,
            Self::Mqtts => 8883,
        }
    }
}

/// An address taken apart: `scheme://host:port/path`. There is no user in it, since a password in an address would be
/// shown with it, and no IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Url<'a> {
    /// What is spoken there.
    pub scheme: Scheme,
    /// Host name or IPv4 address.
    pub host: &'a str,
    /// TCP port.
    pub port: u16,
    /// From the first `/` on; empty if there is none.
    pub path: &'a str,
}

/// Why an address is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum UrlError {
    /// It does not begin with a known scheme.
    Scheme,
    /// There is a user or a password in it.
    User,
    /// The host is missing, or not a name.
    Host,
    /// The port is not a number from 1 to 65535.
    Port,
    /// There is a character in the path that has to be written as `%XX`.
    Path,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "does not begin with a scheme, as in https://example.org",
            Self::User => "has a user or a password in it: set those apart",
            Self::Host => "has no host name such as example.org or 192.168.1.10",
            Self::Port => "has a port that is not a number from 1 to 65535",
            Self::Path => {
                "has a space or another character in its path that has to be written as %XX"
            }
        })
    }
}

impl core::error::Error for UrlError {}

impl<'a> Url<'a> {
    /// Takes an address apart.
    ///
    /// # Errors
    /// [`UrlError`] says what is wrong with it.
    pub fn parse(text: &'a str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let (scheme, _) = Scheme::ALL
            .into_iter()
            .find(|(_, word)| word.eq_ignore_ascii_case(scheme))
            .ok_or(UrlError::Scheme)?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(UrlError::Host)?;
        if authority.contains('@') {
            return Err(UrlError::User);
        }
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, decimal_port(port)?),
            None => (authority, scheme.port()),
        };
        if !is_host(host) {
            return Err(UrlError::Host);
        }
        // A fragment is never sent.
        let is_path = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        if !(path.is_empty() || path.starts_with('/')) || !path.bytes().all(is_path) {
            return Err(UrlError::Path);
        }
        Ok(Self {
            scheme,
            host,
            port,
            path,
        })
    }

    /// Where that is.
    #[must_use]
    pub const fn endpoint(&self) -> crate::platform::Endpoint<'a> {
        crate::platform::Endpoint {
            host: self.host,
            port: self.port,
            is_tls: self.scheme.is_tls(),
        }
    }
}

fn decimal_port(text: &str) -> Result<u16, UrlError> {
    match text.parse() {
        // `parse` takes a sign too.
        Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err(UrlError::Port),
    }
}

/// Whether it can be the name of a host or an IPv4 address.
pub(super) fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    text.split('.').all(is_label)
}
