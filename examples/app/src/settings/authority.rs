//! The certificates of those who say which servers are trusted, as text that somebody pastes.

use core::ffi::CStr;
use core::fmt;

use crate::blobs::{BlobError, Blobs, Key};

/// Room for the text of all of them, with the zero behind it: one or two certificates.
pub const MAX_AUTHORITY: usize = 3_000;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// What every certificate begins with: a sequence whose length has two bytes.
const DER: [u8; 2] = [0x30, 0x82];

/// Why a line is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PemError {
    /// It is a private key, which does not belong here.
    PrivateKey,
    /// It is no base64.
    Base64,
    /// The certificate is not as long as it says: lines are missing or damaged.
    Length,
    /// A certificate begins within another.
    Nested,
    /// It ends without a beginning.
    End,
    /// There is no room for more.
    TooLong,
    /// There is none.
    None,
    /// The last one has no end.
    Open,
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrivateKey => {
                f.write_str("that is a private key: keep it, and paste the certificate of the CA")
            }
            Self::Base64 => {
                f.write_str("a line is damaged: paste the certificate again, perhaps more slowly")
            }
            Self::Length => f.write_str(
                "lines are missing or damaged: paste the certificate again, perhaps more slowly",
            ),
            Self::Nested => {
                f.write_str("a certificate begins before the one above it ends: paste again")
            }
            Self::End => f.write_str(
                "a certificate ends that never began: paste from -----BEGIN CERTIFICATE----- on",
            ),
            Self::TooLong => write!(
                f,
                "more than {} bytes: paste the root certificates alone",
                MAX_AUTHORITY - 1
            ),
            Self::None => {
                f.write_str("no certificate was pasted: it begins with -----BEGIN CERTIFICATE-----")
            }
            Self::Open => f.write_str(
                "the last certificate has no end: paste up to -----END CERTIFICATE-----",
            ),
        }
    }
}

impl core::error::Error for PemError {}

/// Takes certificates line by line. What stands between them is left out.
pub struct Pem<'b> {
    buffer: &'b mut [u8],
    length: usize,
    count: u8,
    within: Option<Within>,
}

/// A certificate that is being pasted.
#[derive(Clone, Copy, Default)]
struct Within {
    digits: u32,
    padding: u32,
    /// The first six digits, in which the first four bytes are, and four bits of the fifth.
    first: u64,
}

impl<'b> Pem<'b> {
    /// None yet. `buffer` has at least [`MAX_AUTHORITY`] bytes.
    pub fn new(buffer: &'b mut [u8]) -> Self {
        let room = buffer.len().min(MAX_AUTHORITY);
        Self {
            buffer: buffer.get_mut(..room).unwrap_or_default(),
            length: 0,
            count: 0,
            within: None,
        }
    }

    /// How many are there.
    #[must_use]
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// Takes a line.
    ///
    /// # Errors
    /// [`PemError`]: nothing of what was pasted is to be used.
    pub fn line(&mut self, line: &str) -> Result<(), PemError> {
        let line = line.trim();
        match self.within {
            None if line == BEGIN => self.within = Some(Within::default()),
            None if line == END => return Err(PemError::End),
            None if line.contains("PRIVATE KEY") => return Err(PemError::PrivateKey),
            None => return Ok(()),
            Some(_) if line == BEGIN => return Err(PemError::Nested),
            Some(within) if line == END => {
                within.check()?;
                self.within = None;
                self.count = self.count.saturating_add(1);
            }
            Some(mut within) => {
                line.bytes().try_for_each(|byte| within.digit(byte))?;
                self.within = Some(within);
            }
        }
        self.put(line.as_bytes())?;
        self.put(b"\n")
    }

    /// All of them are there: the text, with a zero behind it.
    ///
    /// # Errors
    /// [`PemError::None`] or [`PemError::Open`].
    pub fn finish(mut self) -> Result<&'b [u8], PemError> {
        if self.within.is_some() {
            return Err(PemError::Open);
        }
        if self.count == 0 {
            return Err(PemError::None);
        }
        self.put(&[0])?;
        Ok(self.buffer.get(..self.length).unwrap_or_default())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), PemError> {
        let end = self.length + bytes.len();
        let place = self
            .buffer
            .get_mut(self.length..end)
            .ok_or(PemError::TooLong)?;
        place.copy_from_slice(bytes);
        self.length = end;
        Ok(())
    }
}

impl Within {
    fn digit(&mut self, byte: u8) -> Result<(), PemError> {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' if self.padding < 2 => {
                self.padding += 1;
                return Ok(());
            }
            _ => return Err(PemError::Base64),
        };
        if self.padding > 0 {
            return Err(PemError::Base64);
        }
        if self.digits < 6 {
            self.first = self.first << 6 | u64::from(value);
        }
        self.digits += 1;
        Ok(())
    }

    /// Whether it is as long as it says.
    fn check(self) -> Result<(), PemError> {
        if !(self.digits + self.padding).is_multiple_of(4) {
            return Err(PemError::Length);
        }
        let bytes = self.digits * 6 / 8;
        let [.., a, b, high, low] = (self.first >> 4).to_be_bytes();
        let said = u32::from(u16::from_be_bytes([high, low])) + 4;
        if [a, b] == DER && bytes == said {
            Ok(())
        } else {
            Err(PemError::Length)
        }
    }
}

/// Stores what [`Pem::finish`] gave. The future has to be run to its end.
///
/// # Errors
/// [`BlobError`] when the flash does not take it.
pub async fn store(blobs: &mut impl Blobs, pem: &[u8]) -> Result<(), BlobError> {
    blobs.write(Key::Authority, pem).await
}

/// Forgets all authorities: no server with TLS is trusted then. The future has to be run to its end.
///
/// # Errors
/// [`BlobError`] when the flash does not take it.
pub async fn forget(blobs: &mut impl Blobs) -> Result<(), BlobError> {
    blobs.write(Key::Authority, &[]).await
}

/// The stored certificates, if there are any. `buffer` has at least [`MAX_AUTHORITY`] bytes.
///
/// # Errors
/// [`BlobError`] when they can not be read.
pub async fn load<'b>(
    blobs: &mut impl Blobs,
    buffer: &'b mut [u8],
) -> Result<Option<&'b CStr>, BlobError> {
    let bytes = blobs.read(Key::Authority, buffer).await?;
    match bytes {
        None | Some([]) => Ok(None),
        Some(bytes) => CStr::from_bytes_with_nul(bytes)
            .map(Some)
            .map_err(|_| BlobError::Corrupted),
    }
}
