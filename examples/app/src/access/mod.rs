//! The access point of a device that knows no wireless network: its name and password, addresses for who joins it. The
//! form at `/` of the [local page](crate::local) sets the device up then.

mod addresses;

use core::fmt::{self, Write as _};

use heapless::String;

pub use addresses::{Addresses, CLIENT_PORT, Reply, SERVER_PORT};

/// The address of the device on the network it opens; its mask has 24 bits.
pub const ADDRESS: [u8; 4] = [192, 168, 4, 1];
/// So long the network is open after a start.
pub const OPEN_MS: u64 = 15 * 60_000;

/// Signs of a password: nothing that is taken for something else when it is read from a display.
const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Signs in a password, of five bits each.
const LENGTH: usize = 12;

/// How to join the device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The name of its network.
    pub name: String<16>,
    /// The password, for WPA2: another one at each start.
    pub password: String<LENGTH>,
}

impl Access {
    /// With the last half of the MAC address in the name, and a password of 60 random bits.
    #[must_use]
    pub fn new(mac: [u8; 6], mut random: impl FnMut() -> u32) -> Self {
        let [.., a, b, c] = mac;
        let mut access = Self {
            name: String::new(),
            password: String::new(),
        };
        // Both have the room.
        let _ = write!(access.name, "meter-{a:02X}{b:02X}{c:02X}");
        for _ in 0..LENGTH {
            let sign = SIGNS.get((random() >> 27) as usize).copied();
            let _ = access.password.push(char::from(sign.unwrap_or(b'a')));
        }
        access
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = ADDRESS;
        let (name, password) = (&self.name, &self.password);
        write!(
            f,
            "to set it up without a cable, join the network {name} with the password {password} and open \
             http://{a}.{b}.{c}.{d} within {} minutes",
            OPEN_MS / 60_000
        )
    }
}
