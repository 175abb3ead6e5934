//! Sockets of the PC, and its clock as a time server.

use std::io::ErrorKind;
use std::time::{SystemTime, UNIX_EPOCH};

use embedded_io_adapters::tokio_1::FromTokio;
use smart_meter::platform::{Clock, ConnectError, Endpoint, Network, TimeServer};
use tokio::net::{TcpStream, lookup_host};

use super::clock::StationClock;

/// The network of the PC.
pub(super) struct Sockets;

impl Network for Sockets {
    type Stream<'a> = FromTokio<TcpStream>;

    fn is_up(&self) -> bool {
        true
    }

    async fn connect(&mut self, to: &Endpoint<'_>) -> Result<Self::Stream<'_>, ConnectError> {
        if to.is_tls {
            // Refused when the station starts; the settings may change while it runs.
            return Err(ConnectError::NoAuthority);
        }
        let addresses = lookup_host((to.host, to.port)).await;
        let addresses: Vec<_> = addresses.map_err(|_| ConnectError::Name)?.collect();
        let stream = TcpStream::connect(addresses.as_slice()).await;
        let stream = stream.map_err(|error| match error.kind() {
            ErrorKind::TimedOut => ConnectError::Timeout,
            ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => ConnectError::Offline,
            _ => ConnectError::Refused,
        })?;
        // Requests are whole when they are written.
        let _ = stream.set_nodelay(true);
        Ok(FromTokio::new(stream))
    }
}

/// The clock of the PC; with a time of its own the station has the date of its start, and goes on from there.
pub(super) struct PcTime {
    clock: StationClock,
    start_ms: i64,
}

impl PcTime {
    pub(super) fn new(clock: StationClock) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_ms = since.map_or(0, |since| since.as_millis());
        Self {
            clock,
            start_ms: i64::try_from(now_ms).unwrap_or_default(),
        }
    }
}

impl TimeServer for PcTime {
    async fn query(&mut self, _: &str) -> Result<i64, ConnectError> {
        Ok(self.start_ms.saturating_add_unsigned(self.clock.now_ms()))
    }
}
