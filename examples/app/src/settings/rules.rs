//! What a text has to be like, one rule for each kind.

use super::invalid::Fault;
use super::url::{Scheme, Url, is_host};

/// Stands in MQTT topics and file names.
pub(super) fn meter_id(text: &str) -> Result<(), Fault> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if text.is_empty() {
        Err(Fault::Missing)
    } else if text.bytes().all(is_allowed) {
        Ok(())
    } else {
        Err(Fault::Name)
    }
}

pub(super) fn free_text(text: &str) -> Result<(), Fault> {
    if text.chars().any(char::is_control) {
        Err(Fault::Control)
    } else {
        Ok(())
    }
}

/// Goes into a header of HTTP: a line break in it would begin another.
pub(super) fn visible(text: &str) -> Result<(), Fault> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Fault::Visible)
    }
}

/// As IEEE 802.11 has it: a passphrase of 8 to 63 characters from space to `~`, or the key itself in hexadecimal.
pub(super) fn wifi_password(text: &str) -> Result<(), Fault> {
    let is_phrase =
        (8..=63).contains(&text.len()) && text.bytes().all(|b| (b' '..=b'~').contains(&b));
    let is_key = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if text.is_empty() || is_phrase || is_key {
        Ok(())
    } else {
        Err(Fault::WifiPassword { length: text.len() })
    }
}

pub(super) fn host(text: &str) -> Result<(), Fault> {
    if text.is_empty() || is_host(text) {
        Ok(())
    } else {
        Err(Fault::Host)
    }
}

fn web(text: &str) -> Result<&str, Fault> {
    let url = Url::parse(text).map_err(Fault::Url)?;
    match url.scheme {
        Scheme::Http | Scheme::Https => Ok(url.path),
        Scheme::Mqtt | Scheme::Mqtts => Err(Fault::Scheme("https:// or http://")),
    }
}

pub(super) fn http_base(text: &str) -> Result<(), Fault> {
    if !text.is_empty() && web(text)?.contains('?') {
        return Err(Fault::NoQuery);
    }
    Ok(())
}

pub(super) fn update_url(text: &str) -> Result<(), Fault> {
    if !text.is_empty() {
        web(text)?;
    }
    Ok(())
}

pub(super) fn broker(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Ok(());
    }
    let url = Url::parse(text).map_err(Fault::Url)?;
    match url.scheme {
        Scheme::Mqtt | Scheme::Mqtts if url.path.is_empty() || url.path == "/" => Ok(()),
        Scheme::Mqtt | Scheme::Mqtts => Err(Fault::NoPath),
        Scheme::Http | Scheme::Https => Err(Fault::Scheme("mqtts:// or mqtt://")),
    }
}
