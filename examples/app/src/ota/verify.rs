//! Whether an image may be run: its signature, its version, every byte of it, looked at as it comes.

use core::fmt;

use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest, Sha256};

use super::image::{HEADER, Header, HeaderError, KeyId, SIGNED};
use super::{Chip, Version};

/// What an image is measured by.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// Public keys, one of which it has to be signed with. Two are there while one is being replaced.
    pub keys: &'a [[u8; 32]],
    /// The chip that is to run it.
    pub chip: Chip,
    /// The version that runs now.
    pub running: Version,
    /// A version that was tried and taken back.
    pub failed: Option<Version>,
    /// Bytes there are for the body.
    pub room: u32,
}

/// Why an image is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// It does not begin as a signed image does.
    NotAnImage,
    /// Its header has a form this firmware does not know.
    Format(u8),
    /// It is signed with a key this device does not trust.
    UnknownKey(KeyId),
    /// The signature does not fit the header.
    Signature,
    /// It is for something else.
    Chip(u8, Chip),
    /// Not newer than what runs; both versions.
    NotNewer(Version, Version),
    /// It was tried before and taken back.
    FailedBefore(Version),
    /// It has no body.
    Empty,
    /// Longer than there is room for; both in bytes.
    TooLong(u32, u32),
    /// It ends early: bytes that came, and that should.
    Truncated(u32, u32),
    /// It goes on behind its end.
    Surplus,
    /// The body is not the one that was signed.
    Body,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnImage => {
                f.write_str("this is no signed image: make one with `meter firmware sign`")
            }
            Self::Format(format) => write!(
                f,
                "the image has format {format}, which this firmware does not know"
            ),
            Self::UnknownKey(key) => write!(
                f,
                "the image is signed with key {key}, which this device does not trust"
            ),
            Self::Signature => f.write_str(
                "the signature does not fit: the image was damaged, changed, or never signed",
            ),
            Self::Chip(number, device) => {
                let name = Chip::ALL.into_iter().find(|chip| *chip as u8 == *number);
                let name = name.map_or("another chip", Chip::name);
                write!(f, "the image is for {name}, this is {device}")
            }
            Self::NotNewer(image, running) => {
                write!(
                    f,
                    "version {image} is not newer than {running}, which runs: sign with a higher version"
                )
            }
            Self::FailedBefore(version) => {
                write!(
                    f,
                    "version {version} was tried and taken back: sign what is repaired with a higher version"
                )
            }
            Self::Empty => f.write_str("the image has no body"),
            Self::TooLong(length, room) => {
                write!(f, "the image has {length} bytes, there is room for {room}")
            }
            Self::Truncated(have, want) => write!(f, "the image ends after {have} of {want} bytes"),
            Self::Surplus => f.write_str("the image goes on behind its end"),
            Self::Body => f.write_str(
                "the image was damaged on its way: its bytes are not those that were signed",
            ),
        }
    }
}

impl core::error::Error for Refusal {}

/// Looks at an image piece by piece. Nothing of the body is given out before the header is known to be signed.
pub struct Verifier<'a> {
    policy: Policy<'a>,
    head: heapless::Vec<u8, HEADER>,
    header: Option<Header>,
    hash: Sha256,
    body: u32,
}

impl<'a> Verifier<'a> {
    /// Nothing has come yet.
    #[must_use]
    pub fn new(policy: Policy<'a>) -> Self {
        Self {
            policy,
            head: heapless::Vec::new(),
            header: None,
            hash: Sha256::new(),
            body: 0,
        }
    }

    /// The header, once it is verified.
    #[must_use]
    pub const fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Bytes of the image that have come, those of the header among them.
    #[must_use]
    pub fn received(&self) -> u32 {
        self.body
            .saturating_add(u32::try_from(self.head.len()).unwrap_or(u32::MAX))
    }

    /// Takes a piece; returns what of it is body. That is to be stored and must not run before
    /// [`finish`](Self::finish) has said so.
    ///
    /// # Errors
    /// [`Refusal`]: nothing of this image is to be used.
    pub fn push<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Refusal> {
        let missing = HEADER - self.head.len();
        let (head, body) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
        // No more than is missing.
        let _ = self.head.extend_from_slice(head);
        let header = match self.header {
            Some(header) => header,
            None => match self.head.as_array() {
                Some(head) => *self.header.insert(self.policy.check(head)?),
                None => return Ok(&[]),
            },
        };
        let room = header.length.saturating_sub(self.body);
        match u32::try_from(body.len()) {
            Ok(length) if length <= room => self.body += length,
            _ => return Err(Refusal::Surplus),
        }
        self.hash.update(body);
        Ok(body)
    }

    /// Nothing more comes: the header of an image that may be run.
    ///
    /// # Errors
    /// [`Refusal`] when the image is not whole or not the one that was signed.
    pub fn finish(self) -> Result<Header, Refusal> {
        let header_length = u32::try_from(HEADER).unwrap_or(u32::MAX);
        let received = self.received();
        let Some(header) = self.header else {
            return Err(Refusal::Truncated(received, header_length));
        };
        if self.body != header.length {
            let want = header_length.saturating_add(header.length);
            return Err(Refusal::Truncated(received, want));
        }
        if *self.hash.finalize() != header.sha256 {
            return Err(Refusal::Body);
        }
        Ok(header)
    }
}

impl Policy<'_> {
    /// Whether an image with such a header may be loaded.
    fn check(&self, head: &[u8; HEADER]) -> Result<Header, Refusal> {
        let (Some(signed), Some(signature)) = (head.first_chunk::<SIGNED>(), head.last_chunk())
        else {
            return Err(Refusal::NotAnImage);
        };
        let header = Header::from_bytes(signed).map_err(|error| match error {
            HeaderError::Magic => Refusal::NotAnImage,
            HeaderError::Format(format) => Refusal::Format(format),
            HeaderError::Reserved => Refusal::Signature,
        })?;
        let key = self.keys.iter().find(|key| KeyId::of(key) == header.key);
        let key = key.ok_or(Refusal::UnknownKey(header.key))?;
        let is_signed = VerifyingKey::from_bytes(key)
            .and_then(|key| key.verify_strict(signed, &Signature::from_bytes(signature)));
        is_signed.map_err(|_| Refusal::Signature)?;
        // From here on everything was said by who has the key.
        if header.chip != self.chip as u8 {
            return Err(Refusal::Chip(header.chip, self.chip));
        }
        if header.length == 0 {
            return Err(Refusal::Empty);
        }
        if header.length > self.room {
            return Err(Refusal::TooLong(header.length, self.room));
        }
        if !header.replaces_any {
            if header.version <= self.running {
                return Err(Refusal::NotNewer(header.version, self.running));
            }
            if self.failed == Some(header.version) {
                return Err(Refusal::FailedBefore(header.version));
            }
        }
        Ok(header)
    }
}
