//! The access point: its name and password, and the addresses it gives. Packets are those of RFC 2131, made and read here.
#![cfg(feature = "local-page")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use std::collections::BTreeSet;

use smart_meter::access::{Access, Addresses, OPEN_MS, Reply};

#[test]
fn the_name_is_of_the_device_and_the_password_of_this_start() {
    let mut state = 1_u64;
    let mut random = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 32) as u32
    };
    let mut seen = BTreeSet::new();
    let mut signs = BTreeSet::new();
    for _ in 0..1_000 {
        let access = Access::new([0x60, 0x55, 0xF9, 0x0A, 0xBC, 0x0D], &mut random);
        assert_eq!(access.name, "meter-0ABC0D");
        // WPA2 wants 8 to 63 characters.
        assert_eq!(access.password.len(), 12);
        assert!(
            access
                .password
                .bytes()
                .all(|sign| sign.is_ascii_lowercase() || sign.is_ascii_digit())
        );
        assert!(
            !access.password.contains(['l', 'o', '0', '1']),
            "{}",
            access.password
        );
        signs.extend(access.password.bytes());
        seen.insert(access.password.clone());
    }
    assert_eq!((seen.len(), signs.len()), (1_000, 32));
    assert_eq!(OPEN_MS, 900_000);
}

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const NAK: u8 = 6;
const RELEASE: u8 = 7;

/// A message of a client: fixed part, cookie, options.
fn message(kind: u8, mac: u8, ciaddr: [u8; 4], options: &[u8]) -> Vec<u8> {
    let mut packet = vec![0; 236];
    packet[..4].copy_from_slice(&[1, 1, 6, 0]);
    packet[4..8].copy_from_slice(&[0xDE, 0xAD, 0xBE, mac]);
    packet[12..16].copy_from_slice(&ciaddr);
    packet[28..34].copy_from_slice(&[2, 0, 0, 0, 0, mac]);
    packet.extend([99, 130, 83, 99, 53, 1, kind]);
    packet.extend(options);
    packet.push(255);
    packet
}

/// The value of an option.
fn option(packet: &[u8], number: u8) -> Option<&[u8]> {
    assert_eq!(&packet[236..240], &[99, 130, 83, 99]);
    let mut rest = &packet[240..];
    while let [kind, tail @ ..] = rest {
        match *kind {
            0 => rest = tail,
            255 => return None,
            _ => {
                let len = usize::from(tail[0]);
                if *kind == number {
                    return Some(&tail[1..=len]);
                }
                rest = &tail[1 + len..];
            }
        }
    }
    None
}

struct Network {
    addresses: Addresses,
    out: [u8; 576],
}

impl Network {
    fn new() -> Self {
        Self {
            addresses: Addresses::new(|| 100),
            out: [0; 576],
        }
    }

    fn ask(&mut self, packet: &[u8]) -> Option<(Reply, Vec<u8>)> {
        let reply = self.addresses.answer(packet, &mut self.out)?;
        Some((reply, self.out[..reply.len].to_vec()))
    }

    /// The address a client gets by the usual two steps, if any.
    fn join(&mut self, mac: u8) -> Option<[u8; 4]> {
        let (_, offer) = self.ask(&message(DISCOVER, mac, [0; 4], &[]))?;
        assert_eq!(option(&offer, 53), Some(&[OFFER][..]));
        let address: [u8; 4] = offer[16..20].try_into().unwrap();
        let [a, b, c, d] = address;
        let wish = [50, 4, a, b, c, d, 54, 4, 192, 168, 4, 1];
        let (_, ack) = self.ask(&message(REQUEST, mac, [0; 4], &wish))?;
        assert_eq!(option(&ack, 53), Some(&[ACK][..]));
        assert_eq!(ack[16..20], address);
        Some(address)
    }
}

#[test]
fn a_client_gets_an_address_in_two_steps() {
    let mut network = Network::new();
    // Mask, gateway and name servers are wanted.
    let wanted = message(DISCOVER, 1, [0; 4], &[55, 3, 1, 3, 6]);
    let (to, offer) = network.ask(&wanted).unwrap();
    assert_eq!(to.to, [255; 4]);
    // A reply, with the number and the address of the request.
    assert_eq!(
        (offer[0], &offer[4..8], &offer[28..34]),
        (2, &[0xDE, 0xAD, 0xBE, 1][..], &[2, 0, 0, 0, 0, 1][..])
    );
    assert_eq!(option(&offer, 54), Some(&[192, 168, 4, 1][..]));
    assert_eq!(option(&offer, 1), Some(&[255, 255, 255, 0][..]));
    assert_eq!(option(&offer, 51), Some(&3_600_u32.to_be_bytes()[..]));
    // Neither a way to the Internet nor names.
    assert_eq!((option(&offer, 3), option(&offer, 6)), (None, None));
    let address = network.join(1).unwrap();
    assert_eq!(address[..3], [192, 168, 4]);
    assert!(address[3] > 1);
    // The same one again.
    assert_eq!(network.join(1), Some(address));
}

#[test]
fn no_two_clients_have_one_address_and_the_fifth_gets_none() {
    let mut network = Network::new();
    let given: BTreeSet<_> = (1..=4).map(|mac| network.join(mac).unwrap()).collect();
    assert_eq!(given.len(), 4);
    assert_eq!(network.join(5), None);
    let release = message(
        RELEASE,
        2,
        *given.first().unwrap(),
        &[54, 4, 192, 168, 4, 1],
    );
    assert!(network.ask(&release).is_none());
    assert!(network.join(5).is_some());
}

#[test]
fn who_asks_for_what_is_taken_or_elsewhere_is_refused() {
    let mut network = Network::new();
    let [a, b, c, d] = network.join(1).unwrap();
    for wish in [[a, b, c, d], [10, 0, 0, 7], [192, 168, 4, 1]] {
        let [w, x, y, z] = wish;
        let options = [50, 4, w, x, y, z];
        let (_, reply) = network.ask(&message(REQUEST, 2, [0; 4], &options)).unwrap();
        assert_eq!(option(&reply, 53), Some(&[NAK][..]), "{wish:?}");
    }
    // Meant for another server.
    let options = [50, 4, a, b, c, d, 54, 4, 10, 0, 0, 1];
    assert!(
        network
            .ask(&message(REQUEST, 1, [0; 4], &options))
            .is_none()
    );
}

#[test]
fn a_client_that_has_its_address_is_answered_there() {
    let mut network = Network::new();
    let address = network.join(1).unwrap();
    let (reply, ack) = network.ask(&message(REQUEST, 1, address, &[])).unwrap();
    assert_eq!((reply.to, option(&ack, 53)), (address, Some(&[ACK][..])));
}

#[test]
fn nonsense_gets_no_answer_and_stops_nothing() {
    let mut network = Network::new();
    let good = message(
        DISCOVER,
        1,
        [0; 4],
        &[50, 4, 192, 168, 4, 3, 55, 2, 1, 3, 12, 2, 65, 66],
    );
    for len in 0..good.len() - 1 {
        network.ask(&good[..len]);
    }
    // Every byte with every value.
    for at in 0..good.len() {
        for value in 0..=255 {
            let mut packet = good.clone();
            packet[at] = value;
            network.ask(&packet);
        }
    }
    assert!(network.ask(&[]).is_none());
    assert!(network.ask(&[0xFF; 576]).is_none());
    assert!(network.addresses.answer(&good, &mut [0; 10]).is_none());
    assert!(network.join(9).is_some());
}
