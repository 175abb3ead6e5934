//! A network whose connections can be secure.

use embassy_futures::select::{Either, select};
use embedded_io_async::{Error as _, ErrorKind, ErrorType, Read, Write};
use mbedtls_rs::Session;
use smart_meter::platform::{Clock, ConnectError, Endpoint, Network};

use crate::{Authority, Secure};

/// How long a handshake may take.
const HANDSHAKE_MS: u64 = 30_000;

/// Any network, with TLS where an endpoint wants it.
pub struct SecureNetwork<'s, N, C, U> {
    inner: N,
    clock: C,
    secure: &'s Secure,
    authority: Option<Authority>,
    utc_s: U,
}

impl<'s, N: Network, C: Clock, U: Fn() -> Option<i64>> SecureNetwork<'s, N, C, U> {
    /// A network over another one. `utc_s` gives the seconds since 1970 as soon as they are known.
    pub const fn new(inner: N, clock: C, secure: &'s Secure, utc_s: U) -> Self {
        Self {
            inner,
            clock,
            secure,
            authority: None,
            utc_s,
        }
    }

    /// Who is trusted from now on; with nobody, no secure connection is opened.
    pub fn trust(&mut self, authority: Option<Authority>) {
        self.authority = authority;
    }
}

impl<N: Network, C: Clock, U: Fn() -> Option<i64>> Network for SecureNetwork<'_, N, C, U> {
    type Stream<'a>
        = Stream<'a, N::Stream<'a>>
    where
        Self: 'a;

    fn is_up(&self) -> bool {
        self.inner.is_up()
    }

    fn rssi_dbm(&self) -> Option<i8> {
        self.inner.rssi_dbm()
    }

    async fn connect(&mut self, to: &Endpoint<'_>) -> Result<Self::Stream<'_>, ConnectError> {
        if to.is_tls {
            // Before anybody is asked in vain.
            if self.authority.is_none() {
                return Err(ConnectError::NoAuthority);
            }
            if (self.utc_s)().is_none() {
                return Err(ConnectError::NoTime);
            }
        }
        let plain = Endpoint {
            is_tls: false,
            ..*to
        };
        let stream = self.inner.connect(&plain).await?;
        if !to.is_tls {
            return Ok(Stream::Plain(stream));
        }
        let authority = self.authority.as_ref();
        let opening = self.secure.open(stream, authority, to.host, (self.utc_s)());
        match select(opening, self.clock.sleep_ms(HANDSHAKE_MS)).await {
            Either::First(session) => session.map(Stream::Secure),
            Either::Second(()) => Err(ConnectError::Timeout),
        }
    }
}

/// A connection of a [`SecureNetwork`].
pub enum Stream<'a, S: Read + Write> {
    /// As it is.
    Plain(S),
    /// Encrypted.
    Secure(Session<'a, S>),
}

impl<S: Read + Write> ErrorType for Stream<'_, S> {
    type Error = ErrorKind;
}

impl<S: Read + Write> Read for Stream<'_, S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        match self {
            Self::Plain(stream) => stream.read(buffer).await.map_err(|error| error.kind()),
            Self::Secure(session) => session.read(buffer).await.map_err(|error| error.kind()),
        }
    }
}

impl<S: Read + Write> Write for Stream<'_, S> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        match self {
            Self::Plain(stream) => stream.write(bytes).await.map_err(|error| error.kind()),
            Self::Secure(session) => session.write(bytes).await.map_err(|error| error.kind()),
        }
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        match self {
            Self::Plain(stream) => stream.flush().await.map_err(|error| error.kind()),
            Self::Secure(session) => session.flush().await.map_err(|error| error.kind()),
        }
    }
}
