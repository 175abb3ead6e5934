//! Settings in flash: a version byte, what postcard makes of them, a check value.
//!
//! A later version of this firmware reads what earlier ones wrote. Nothing that can not be read is ever written over
//! unless a person says so. Settings of the version before are kept when those of a new one are written, so that a
//! firmware that is taken back finds its own again.

use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use heapless::String;
use serde::{Deserialize, Serialize};

use super::invalid::Invalid;
use super::{Secret, Settings, Uplink};
use crate::blobs::{BlobError, Blobs, Key};

/// The version that is written.
pub const VERSION: u8 = 1;

/// Room for the stored form of any settings.
pub const MAX_STORED: usize = 1_152;

const CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// Why stored bytes are no settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum StoredError {
    /// The check value does not fit, or what it protects is no settings.
    Damaged,
    /// A newer firmware wrote them.
    Newer(u8),
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged => f.write_str("the stored settings are damaged"),
            Self::Newer(version) => write!(
                f,
                "the stored settings have format {version}, this firmware reads up to {VERSION}"
            ),
        }
    }
}

impl core::error::Error for StoredError {}

/// What the sketch this meter descends from had compiled in: version 0, as a tool may write it.
#[derive(Serialize, Deserialize)]
struct Version0 {
    meter_id: String<32>,
    wifi_ssid: String<32>,
    wifi_password: Secret<64>,
    api_base: String<96>,
    api_key: Secret<64>,
    interval_s: u16,
}

impl From<Version0> for Settings {
    fn from(old: Version0) -> Self {
        let is_plain = old.api_base.starts_with("http://");
        let uplink = if old.api_base.is_empty() {
            Uplink::None
        } else {
            Uplink::Http
        };
        Self {
            meter_id: old.meter_id,
            wifi_ssid: old.wifi_ssid,
            wifi_password: old.wifi_password,
            uplink,
            http_base: old.api_base,
            http_api_key: old.api_key,
            // It sent without TLS, and goes on to.
            allow_plain: is_plain,
            interval_ms: u32::from(old.interval_s) * 1_000,
            ..Self::default()
        }
    }
}

/// Writes settings into `buffer`; the bytes that are to be stored. `None` if it is shorter than [`MAX_STORED`] and
/// they do not fit.
#[must_use]
pub fn encode<'b>(settings: &Settings, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let (version, rest) = buffer.split_first_mut()?;
    *version = VERSION;
    let end = 1 + postcard::to_slice(settings, rest).ok()?.len();
    let check = CRC.checksum(buffer.get(..end)?).to_le_bytes();
    buffer
        .get_mut(end..end + check.len())?
        .copy_from_slice(&check);
    buffer.get(..end + check.len())
}

/// Reads settings of this version or an earlier one; which one is returned with them. They are not
/// [checked](Settings::check).
///
/// # Errors
/// [`StoredError`] when they are none.
pub fn decode(bytes: &[u8]) -> Result<(Settings, u8), StoredError> {
    let (protected, check) = bytes.split_last_chunk().ok_or(StoredError::Damaged)?;
    if CRC.checksum(protected).to_le_bytes() != *check {
        return Err(StoredError::Damaged);
    }
    let (version, body) = protected.split_first().ok_or(StoredError::Damaged)?;
    let settings = match *version {
        0 => whole::<Version0>(body).map(Settings::from),
        VERSION => whole(body),
        newer => return Err(StoredError::Newer(newer)),
    };
    settings
        .map(|settings| (settings, *version))
        .ok_or(StoredError::Damaged)
}

/// A value that takes all of the bytes.
fn whole<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Option<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Some(value),
        _ => None,
    }
}

/// What is wrong with settings that were loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadProblem {
    /// The flash could not be read: defaults are in force.
    Flash(BlobError),
    /// Defaults are in force.
    Stored(StoredError),
    /// They are of a newer firmware; those from before it are in force.
    Before(StoredError),
    /// One of them can not be used and has its default, or can not be used together with another.
    Invalid(Invalid),
}

impl fmt::Display for LoadProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(error) => write!(f, "{error}; defaults are in force"),
            Self::Stored(error) => write!(f, "{error}; defaults are in force"),
            Self::Before(error) => write!(f, "{error}; those from before the update are in force"),
            Self::Invalid(invalid) => write!(
                f,
                "{invalid}; stored that way, so its default may be in force"
            ),
        }
    }
}

impl core::error::Error for LoadProblem {}

/// Settings to start with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// What is to be in force: always usable, if not always what somebody wanted.
    pub settings: Settings,
    /// What is to be said about them.
    pub problem: Option<LoadProblem>,
    /// Whether anything was stored: a device without settings is to be provisioned.
    pub is_provisioned: bool,
}

/// Loads settings. Nothing is written. `buffer` has at least [`MAX_STORED`] bytes.
pub async fn load(blobs: &mut impl Blobs, buffer: &mut [u8]) -> Loaded {
    let (mut settings, mut problem, is_provisioned) = match blobs.read(Key::Settings, buffer).await
    {
        Err(error) => (None, Some(LoadProblem::Flash(error)), true),
        Ok(None) => (None, None, false),
        Ok(Some(bytes)) => match decode(bytes) {
            Ok((settings, _)) => (Some(settings), None, true),
            Err(error) => (None, Some(LoadProblem::Stored(error)), true),
        },
    };
    if let Some(LoadProblem::Stored(error @ StoredError::Newer(_))) = problem
        && let Ok(Some(bytes)) = blobs.read(Key::SettingsBefore, buffer).await
        && let Ok((before, _)) = decode(bytes)
    {
        settings = Some(before);
        problem = Some(LoadProblem::Before(error));
    }
    let mut settings = settings.unwrap_or_default();
    let invalid = settings.repair().map(LoadProblem::Invalid);
    Loaded {
        settings,
        problem: problem.or(invalid),
        is_provisioned,
    }
}

/// Why settings were not saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaveError {
    /// They can not be used.
    Invalid(Invalid),
    /// What is there can not be read and would be lost.
    WouldReplace(StoredError),
    /// The flash does not take them.
    Flash(BlobError),
}

impl SaveError {
    /// What to do, without the particulars: for who is not at the console.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "they can not be used together",
            Self::WouldReplace(_) => {
                "what is stored can not be read: `save replace` at the console writes over it"
            }
            Self::Flash(_) => "the flash does not take them",
        }
    }
}

impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => write!(f, "{invalid}"),
            Self::WouldReplace(error) => write!(
                f,
                "{error} and would be lost: `save replace` writes over them"
            ),
            Self::Flash(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for SaveError {}

/// Saves settings that can be used. What is there and can not be read is written over only if `replace` says so.
/// The future has to be run to its end. `buffer` has at least [`MAX_STORED`] bytes.
///
/// # Errors
/// [`SaveError`]; what was there before is still there.
pub async fn save(
    blobs: &mut impl Blobs,
    settings: &Settings,
    replace: bool,
    buffer: &mut [u8],
) -> Result<(), SaveError> {
    settings.check().map_err(SaveError::Invalid)?;
    match blobs.read(Key::Settings, buffer).await {
        Ok(None) => {}
        Ok(Some(bytes)) => match decode(bytes) {
            Ok((_, VERSION)) => {}
            Ok(_) => {
                let kept = blobs.write(Key::SettingsBefore, bytes).await;
                kept.map_err(SaveError::Flash)?;
            }
            Err(error) if !replace => return Err(SaveError::WouldReplace(error)),
            Err(_) => {}
        },
        Err(error) if !replace => return Err(SaveError::Flash(error)),
        Err(_) => {}
    }
    let bytes = encode(settings, buffer).ok_or(SaveError::Flash(BlobError::TooLarge))?;
    blobs
        .write(Key::Settings, bytes)
        .await
        .map_err(SaveError::Flash)
}
