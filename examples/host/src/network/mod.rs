//! The network of the PC as the smart meter sees it: sockets of tokio, with TLS that trusts one CA and no other.

mod tls;
mod wire;

use std::io;
use std::time::Duration;

use embedded_io_adapters::tokio_1::FromTokio;
use smart_meter::platform::{Clock, ConnectError, Endpoint, Network};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep_until, timeout};

pub(crate) use tls::Authority;
use wire::Wire;

/// How long a connection may take to be there.
const CONNECT: Duration = Duration::from_secs(10);

/// What sockets and timers live in.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Time since it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PcClock(Instant);

impl PcClock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for PcClock {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    async fn sleep_until(&self, at_ms: u64) {
        sleep_until(self.0 + Duration::from_millis(at_ms)).await;
    }
}

/// Opens sockets. Needs a runtime of tokio around it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sockets {
    authority: Option<Authority>,
}

impl Sockets {
    /// With TLS for servers this CA has signed; without one, TLS is refused.
    pub(crate) const fn new(authority: Option<Authority>) -> Self {
        Self { authority }
    }
}

impl Network for Sockets {
    type Stream<'a> = FromTokio<Wire>;

    fn is_up(&self) -> bool {
        true
    }

    async fn connect(&mut self, to: &Endpoint<'_>) -> Result<Self::Stream<'_>, ConnectError> {
        let authority = match (to.is_tls, &self.authority) {
            (true, None) => return Err(ConnectError::NoAuthority),
            (true, Some(authority)) => Some(authority),
            (false, _) => None,
        };
        let opening = async {
            let address = tokio::net::lookup_host((to.host, to.port)).await;
            let addresses: Vec<_> = address.map_err(|_| ConnectError::Name)?.collect();
            let stream = TcpStream::connect(addresses.as_slice())
                .await
                .map_err(|error| why(&error))?;
            // Requests are written whole.
            let _ = stream.set_nodelay(true);
            Ok(match authority {
                Some(authority) => Wire::Tls(Box::new(authority.open(stream, to.host).await?)),
                None => Wire::Plain(stream),
            })
        };
        match timeout(CONNECT, opening).await {
            Ok(wire) => wire.map(FromTokio::new),
            Err(_) => Err(ConnectError::Timeout),
        }
    }
}

fn why(error: &io::Error) -> ConnectError {
    match error.kind() {
        io::ErrorKind::TimedOut => ConnectError::Timeout,
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkDown => ConnectError::Offline,
        _ => ConnectError::Refused,
    }
}
