//! Time servers, asked over UDP.

use core::net::{IpAddr, SocketAddr};

use embassy_net::Stack;
use embassy_net::dns::DnsQueryType;
use embassy_net::udp::{PacketMetadata, UdpSocket};
use embassy_time::{Duration, Instant, with_timeout};
use smart_meter::platform::{ConnectError, TimeServer};
use sntpc::{NtpContext, NtpTimestampGenerator, get_time};
use sntpc_net_embassy::UdpSocketWrapper;

const PORT: u16 = 123;
/// Name and answer together.
const PATIENCE: Duration = Duration::from_secs(5);
/// 2026-01-01T00:00:00Z. Times are told to the server as if the start had been then, so that its answer, which only
/// counts 136 years, is taken for the right ones.
const BASE_S: u64 = 1_767_225_600;

/// Asks with the network of the application.
#[derive(Clone, Copy)]
pub struct Sntp {
    stack: Stack<'static>,
}

impl Sntp {
    /// Over this network.
    #[must_use]
    pub const fn new(stack: Stack<'static>) -> Self {
        Self { stack }
    }

    async fn ask(&self, server: &str) -> Result<i64, ConnectError> {
        let addresses = self.stack.dns_query(server, DnsQueryType::A).await;
        let address = addresses
            .ok()
            .and_then(|addresses| addresses.first().copied())
            .ok_or(ConnectError::Name)?;
        let (mut rx_meta, mut tx_meta) = ([PacketMetadata::EMPTY; 2], [PacketMetadata::EMPTY; 2]);
        let (mut rx, mut tx) = ([0; 128], [0; 128]);
        let mut socket = UdpSocket::new(self.stack, &mut rx_meta, &mut rx, &mut tx_meta, &mut tx);
        socket.bind(0).map_err(|_| ConnectError::Offline)?;
        let socket = UdpSocketWrapper::new(socket);
        let to = SocketAddr::new(IpAddr::from(address), PORT);
        let answer = get_time(to, &socket, NtpContext::new(SinceStart::default())).await;
        // What is no answer of a server that knows the time is none.
        let answer = answer.map_err(|_| ConnectError::Refused)?;
        let now_us = BASE_S as i64 * 1_000_000 + Instant::now().as_micros() as i64;
        Ok((now_us + answer.offset()) / 1_000)
    }
}

impl TimeServer for Sntp {
    async fn query(&mut self, server: &str) -> Result<i64, ConnectError> {
        if !self.stack.is_config_up() {
            return Err(ConnectError::Offline);
        }
        with_timeout(PATIENCE, self.ask(server))
            .await
            .unwrap_or(Err(ConnectError::Timeout))
    }
}

/// The moment of a packet.
#[derive(Clone, Copy, Default)]
struct SinceStart(u64);

impl NtpTimestampGenerator for SinceStart {
    fn init(&mut self) {
        self.0 = Instant::now().as_micros();
    }

    fn timestamp_sec(&self) -> u64 {
        BASE_S + self.0 / 1_000_000
    }

    fn timestamp_subsec_micros(&self) -> u32 {
        (self.0 % 1_000_000) as u32
    }
}
