//! A session over a stream.

use core::ffi::CStr;

use embedded_io_async::{ErrorKind, Read, Write};
use mbedtls_rs::sys::{MBEDTLS_ERR_X509_CERT_VERIFY_FAILED, MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE};
use mbedtls_rs::{AuthMode, ClientSessionConfig, Session, SessionConfig, SessionError, Tls};
use rand_core::CryptoRng;
use smart_meter::platform::ConnectError;

use crate::{Authority, clock};

/// Bytes of the longest name of a host, with the zero behind it.
const HOST: usize = 256;

/// MbedTLS, of which a program has one.
pub struct Secure(Tls<'static>);

impl Secure {
    /// Takes a source of random numbers that nobody can guess. `None` if there is one already.
    pub fn new(random: &'static mut (dyn CryptoRng + Send)) -> Option<Self> {
        clock::install();
        Tls::new(random).ok().map(Self)
    }

    /// Opens a session, with the server verified: its certificate was signed by the authority, directly or over
    /// others that may sign; names the host; and `utc_s`, in seconds since 1970, is within its dates.
    ///
    /// A future that is dropped closes the stream: half a handshake is of no use.
    ///
    /// # Errors
    /// [`ConnectError::NoAuthority`] and [`ConnectError::NoTime`] before a byte is sent, [`ConnectError::Name`] for a
    /// host that can not be, [`ConnectError::Certificate`] when the server is not who it should be,
    /// [`ConnectError::Handshake`] when it can not be found out.
    pub async fn open<'s, S: Read + Write>(
        &'s self,
        stream: S,
        authority: Option<&Authority>,
        host: &str,
        utc_s: Option<i64>,
    ) -> Result<Session<'s, S>, ConnectError> {
        let authority = authority.ok_or(ConnectError::NoAuthority)?;
        if !utc_s.is_some_and(clock::set) {
            return Err(ConnectError::NoTime);
        }
        let mut name = heapless::Vec::<u8, HOST>::new();
        let fits = name.extend_from_slice(host.as_bytes()).is_ok() && name.push(0).is_ok();
        let name = match CStr::from_bytes_with_nul(&name) {
            Ok(name) if fits && !host.is_empty() => name,
            _ => return Err(ConnectError::Name),
        };
        let config = SessionConfig::Client(ClientSessionConfig {
            ca_chain: Some(authority.chain()),
            auth_mode: AuthMode::Required,
            ..ClientSessionConfig::new()
        });
        let mut session = Session::new(self.0.reference(), stream, &config)
            .map_err(|_| ConnectError::Handshake)?;
        // Copies the name; a session without one would not be connected at all.
        session.set_server_name(name).map_err(explain)?;
        session.connect().await.map_err(explain)?;
        // What MbedTLS was asked to require, looked at once more.
        if session.tls_verification_details() != 0 {
            return Err(ConnectError::Certificate);
        }
        Ok(session)
    }
}

fn explain(error: SessionError) -> ConnectError {
    match error {
        SessionError::Io(ErrorKind::TimedOut) => ConnectError::Timeout,
        SessionError::MbedTls(error) if is_about_certificate(error.code()) => {
            ConnectError::Certificate
        }
        _ => ConnectError::Handshake,
    }
}

/// MbedTLS numbers its errors downwards; those about certificates are together, with lower ones mixed in.
const fn is_about_certificate(code: i32) -> bool {
    let x509 = MBEDTLS_ERR_X509_CERT_VERIFY_FAILED..=MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE;
    *x509.start() <= code && code <= *x509.end()
}
