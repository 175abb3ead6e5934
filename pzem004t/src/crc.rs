//! The check value of every Modbus frame.

use crc::{CRC_16_MODBUS, Crc};

static MODBUS: Crc<u16> = Crc::<u16>::new(&CRC_16_MODBUS);

/// CRC-16/MODBUS of `bytes`, in the order it goes over the wire: low byte first.
///
/// The datasheet's text says high byte first; every captured frame says low byte first.
// One copy of the loop: requests and replies both need it.
#[inline(never)]
pub(crate) fn modbus(bytes: &[u8]) -> [u8; 2] {
    MODBUS.checksum(bytes).to_le_bytes()
}
