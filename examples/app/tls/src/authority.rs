//! Who says which servers are trusted.

use core::ffi::CStr;
use core::fmt;

use mbedtls_rs::{Certificate, X509};

/// Certificates of authorities, taken apart once: on the heap, about twice their DER form.
#[derive(Clone, Debug)]
pub struct Authority(Certificate<'static>);

/// Why there is no authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthorityError {
    /// What is there is no certificate, or there is no heap for it.
    NotACertificate,
}

impl fmt::Display for AuthorityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotACertificate => {
                "what is stored as CA is no certificate: paste one, from -----BEGIN CERTIFICATE----- on"
            }
        })
    }
}

impl core::error::Error for AuthorityError {}

impl Authority {
    /// From one certificate or several, one behind the other, as PEM.
    ///
    /// # Errors
    /// [`AuthorityError::NotACertificate`] when there is none.
    pub fn from_pem(pem: &CStr) -> Result<Self, AuthorityError> {
        Self::new(X509::PEM(pem))
    }

    /// From one certificate as DER.
    ///
    /// # Errors
    /// [`AuthorityError::NotACertificate`] when it is none.
    pub fn from_der(der: &[u8]) -> Result<Self, AuthorityError> {
        Self::new(X509::DER(der))
    }

    fn new(form: X509<'_>) -> Result<Self, AuthorityError> {
        Certificate::new(form)
            .map(Self)
            .map_err(|_| AuthorityError::NotACertificate)
    }

    pub(crate) fn chain(&self) -> Certificate<'static> {
        self.0.clone()
    }
}
