//! The network that a device opens which knows no other: who joins it gets an address.

use embassy_net::udp::{PacketMetadata, UdpSocket};
use embassy_net::{IpEndpoint, Ipv4Address, Stack};
use embassy_time::Instant;
use esp_println::println;
use smart_meter::access::{Access, Addresses, CLIENT_PORT, SERVER_PORT};
use smart_meter::live::Live;
use static_cell::StaticCell;

/// Requests have no more, and nobody has to take longer replies.
const PACKET: usize = 576;
/// Bytes that are needed to give addresses: a request, a reply that is made, and one on its way.
pub const ROOM: usize = 3 * PACKET;

/// Shows how to join, on console and display.
///
/// # Panics
/// When it was shown before.
pub fn tell(access: Access, live: &Live) {
    static ACCESS: StaticCell<Access> = StaticCell::new();
    println!("{access}");
    live.access.set(Some(ACCESS.init(access)));
}

/// Gives addresses, for ever. `room` has at least [`ROOM`] bytes.
pub async fn give_addresses(stack: Stack<'static>, room: &mut [u8]) -> ! {
    let (mut rx_meta, mut tx_meta) = ([PacketMetadata::EMPTY; 2], [PacketMetadata::EMPTY; 2]);
    let (rx, room) = room.split_at_mut(PACKET);
    let (tx, reply) = room.split_at_mut(PACKET);
    let mut socket = UdpSocket::new(stack, &mut rx_meta, rx, &mut tx_meta, tx);
    let mut addresses = Addresses::new(|| Instant::now().as_secs());
    if let Err(error) = socket.bind(SERVER_PORT) {
        println!("no addresses for others: {error:?}");
    }
    loop {
        let answer = socket
            .recv_from_with(|request, _| addresses.answer(request, reply))
            .await;
        let Some(answer) = answer else {
            continue;
        };
        let [a, b, c, d] = answer.to;
        let to = IpEndpoint::new(Ipv4Address::new(a, b, c, d).into(), CLIENT_PORT);
        if let Some(bytes) = reply.get(..answer.len) {
            // Who does not get it asks again.
            let _ = socket.send_to(bytes, to).await;
        }
    }
}
