//! Addresses for those who join: DHCP, by `edge-dhcp`.

use core::net::Ipv4Addr;

use edge_dhcp::server::{Server, ServerOptions};
use edge_dhcp::{Options, Packet};

use super::ADDRESS;

/// The UDP port that requests come to.
pub const SERVER_PORT: u16 = 67;
/// The UDP port that replies go to.
pub const CLIENT_PORT: u16 = 68;

/// Devices that have an address at a time.
const LEASES: usize = 4;
const LEASE_S: u32 = 3_600;

/// An answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its bytes.
    pub len: usize,
    /// Who gets it: the one who asked, if it has an address already, else everybody.
    pub to: [u8; 4],
}

/// Who has which address.
pub struct Addresses {
    server: Server<fn() -> u64, LEASES>,
}

impl Addresses {
    /// Nobody has one. `now_s` is the time since the start in seconds.
    #[must_use]
    pub fn new(now_s: fn() -> u64) -> Self {
        let mut server = Server::new(now_s, Ipv4Addr::from(ADDRESS));
        let [a, b, c, _] = ADDRESS;
        // No more than there are leases: the last one to come finds none, instead of being promised one.
        server.range_start = Ipv4Addr::new(a, b, c, 2);
        server.range_end = Ipv4Addr::new(a, b, c, 1 + LEASES as u8);
        Self { server }
    }

    /// Answers a request, if it is one that has an answer. `out` has room for 576 bytes.
    pub fn answer(&mut self, request: &[u8], out: &mut [u8]) -> Option<Reply> {
        let request = Packet::decode(request).ok()?;
        // No gateway and no name server: a telephone then keeps its other way to the Internet.
        let mut options = ServerOptions::new(Ipv4Addr::from(ADDRESS), None);
        options.lease_duration_secs = LEASE_S;
        let mut room = Options::buf();
        let reply = self.server.handle_request(&mut room, &options, &request)?;
        let has_address = !request.ciaddr.is_unspecified() && !request.broadcast;
        let to = if has_address {
            request.ciaddr
        } else {
            Ipv4Addr::BROADCAST
        };
        let len = reply.encode(out).ok()?.len();
        Some(Reply {
            len,
            to: to.octets(),
        })
    }
}
