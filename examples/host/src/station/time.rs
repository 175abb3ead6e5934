//! What time it is.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use smart_meter::platform::{Clock, ConnectError, TimeServer};
use sntpc::{NtpContext, NtpTimestampGenerator, get_time};
use sntpc_net_tokio::UdpSocketWrapper;
use tokio::net::{UdpSocket, lookup_host};
use tokio::time::timeout;

use super::clock::StationClock;

/// Name and answer together.
const PATIENCE: Duration = Duration::from_secs(5);
/// 2026-01-01T00:00:00Z. Times are told to the server as if the start had been then, so that its answer, which only
/// counts 136 years, is taken for the right ones.
const BASE_S: u64 = 1_767_225_600;

/// Tells the station the time.
pub(super) enum PcTime {
    /// The clock of the PC; with a time of its own the station has the date of its start, and goes on from there.
    Own { clock: StationClock, start_ms: i64 },
    /// Time servers at this port.
    Servers { port: u16, start: Instant },
}

impl PcTime {
    pub(super) fn own(clock: StationClock) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_ms = since.map_or(0, |since| since.as_millis());
        let now_ms = i64::try_from(now_ms).unwrap_or_default();
        let start_ms = now_ms.saturating_sub_unsigned(clock.now_ms());
        Self::Own { clock, start_ms }
    }

    pub(super) fn servers(port: u16) -> Self {
        let start = Instant::now();
        Self::Servers { port, start }
    }
}

impl TimeServer for PcTime {
    async fn query(&mut self, server: &str) -> Result<i64, ConnectError> {
        match self {
            Self::Own { clock, start_ms } => Ok(start_ms.saturating_add_unsigned(clock.now_ms())),
            Self::Servers { port, start } => timeout(PATIENCE, ask(server, *port, *start))
                .await
                .unwrap_or(Err(ConnectError::Timeout)),
        }
    }
}

async fn ask(server: &str, port: u16, start: Instant) -> Result<i64, ConnectError> {
    let addresses = lookup_host((server, port)).await;
    let mut addresses = addresses.map_err(|_| ConnectError::Name)?;
    let to = addresses.next().ok_or(ConnectError::Name)?;
    let any = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).await;
    let socket = UdpSocketWrapper::new(socket.map_err(|_| ConnectError::Offline)?);
    let context = NtpContext::new(SinceStart { start, us: 0 });
    // What is no answer of a server that knows the time is none.
    let answer = get_time(to, &socket, context).await;
    let answer = answer.map_err(|_| ConnectError::Refused)?;
    let now_us = start.elapsed().as_micros() as i64 + BASE_S as i64 * 1_000_000;
    Ok((now_us + answer.offset()) / 1_000)
}

/// The moment of a packet.
#[derive(Clone, Copy)]
struct SinceStart {
    start: Instant,
    us: u64,
}

impl NtpTimestampGenerator for SinceStart {
    fn init(&mut self) {
        self.us = self.start.elapsed().as_micros() as u64;
    }

    fn timestamp_sec(&self) -> u64 {
        BASE_S + self.us / 1_000_000
    }

    fn timestamp_subsec_micros(&self) -> u32 {
        (self.us % 1_000_000) as u32
    }
}
