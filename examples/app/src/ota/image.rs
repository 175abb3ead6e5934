//! The form firmware travels in: a header of fixed size, a signature of it, the body.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `SMARTMTR` |
//! | 8 | format: 1 |
//! | 9 | chip |
//! | 10 | flags: bit 0 allows any version to be replaced |
//! | 11 | 0 |
//! | 12..18 | version: major, minor, patch |
//! | 18..20 | 0 |
//! | 20..24 | length of the body in bytes |
//! | 24..56 | SHA-256 of the body |
//! | 56..64 | key: the first bytes of the SHA-256 of the public key |
//! | 64..128 | ed25519 signature of the bytes 0..64 |
//!
//! Numbers are little endian.

use core::fmt;

use sha2::{Digest, Sha256};

use super::Version;

/// Bytes that are signed.
pub const SIGNED: usize = 64;
/// Bytes before the body.
pub const HEADER: usize = 128;

const MAGIC: [u8; 8] = *b"SMARTMTR";
const FORMAT: u8 = 1;
const ANY_VERSION: u8 = 1;

/// What a firmware runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum Chip {
    /// A PC: for tests.
    Host = 0,
    /// ESP32.
    Esp32 = 1,
    /// ESP32-C3.
    Esp32c3 = 2,
    /// ESP32-C6.
    Esp32c6 = 3,
    /// ESP32-S3.
    Esp32s3 = 4,
}

impl Chip {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Host,
        Self::Esp32,
        Self::Esp32c3,
        Self::Esp32c6,
        Self::Esp32s3,
    ];

    /// As cargo features and tools write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Esp32 => "esp32",
            Self::Esp32c3 => "esp32c3",
            Self::Esp32c6 => "esp32c6",
            Self::Esp32s3 => "esp32s3",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|chip| chip.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Chip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name of a public key.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct KeyId(pub [u8; 8]);

impl KeyId {
    /// That of a key.
    #[must_use]
    pub fn of(public: &[u8; 32]) -> Self {
        let mut id = [0; 8];
        for (place, byte) in id.iter_mut().zip(Sha256::digest(public)) {
            *place = byte;
        }
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Header {
    /// Number of the [`Chip`] it is for.
    pub chip: u8,
    /// Its version.
    pub version: Version,
    /// Whether it may replace a later version too: the signer says so.
    pub replaces_any: bool,
    /// Bytes of the body.
    pub length: u32,
    /// SHA-256 of the body.
    pub sha256: [u8; 32],
    /// Key it is signed with.
    pub key: KeyId,
}

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderError {
    Magic,
    Format(u8),
    Reserved,
}

impl Header {
    /// The bytes to be signed.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; SIGNED] {
        let mut bytes = [0; SIGNED];
        let version = self.version;
        let fields: [&[u8]; 11] = [
            &MAGIC,
            &[FORMAT, self.chip],
            &[if self.replaces_any { ANY_VERSION } else { 0 }, 0],
            &version.major.to_le_bytes(),
            &version.minor.to_le_bytes(),
            &version.patch.to_le_bytes(),
            &[0, 0],
            &self.length.to_le_bytes(),
            &self.sha256,
            &self.key.0,
            &[],
        ];
        let mut places = bytes.iter_mut();
        for byte in fields.into_iter().flatten() {
            if let Some(place) = places.next() {
                *place = *byte;
            }
        }
        bytes
    }

    /// Reads them, without looking at the signature.
    pub(super) fn from_bytes(bytes: &[u8; SIGNED]) -> Result<Self, HeaderError> {
        let mut reader = Reader(bytes);
        if reader.take() != MAGIC {
            return Err(HeaderError::Magic);
        }
        let [format, chip, flags, zero] = reader.take();
        if format != FORMAT {
            return Err(HeaderError::Format(format));
        }
        let version = Version {
            major: u16::from_le_bytes(reader.take()),
            minor: u16::from_le_bytes(reader.take()),
            patch: u16::from_le_bytes(reader.take()),
        };
        let zeros: [u8; 2] = reader.take();
        if flags & !ANY_VERSION != 0 || zero != 0 || zeros != [0; 2] {
            return Err(HeaderError::Reserved);
        }
        Ok(Self {
            chip,
            version,
            replaces_any: flags & ANY_VERSION != 0,
            length: u32::from_le_bytes(reader.take()),
            sha256: reader.take(),
            key: KeyId(reader.take()),
        })
    }
}

/// Reads fields of known size from bytes that are long enough.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let Some((head, rest)) = self.0.split_first_chunk() else {
            return [0; N];
        };
        self.0 = rest;
        *head
    }
}
