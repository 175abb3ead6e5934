//! The check value of every Modbus frame.

use crc::{CRC_16_MODBUS, Crc};

/// The table of the `crc` crate alone: its digest carries the description of the algorithm along,
/// which a driver that must fit anywhere has no use for.
static TABLE: [[u16; 256]; 1] = *Crc::<u16>::new(&CRC_16_MODBUS).table();

/// CRC-16/MODBUS of `bytes`, in the order it goes over the wire: low byte first.
///
/// The datasheet's text says high byte first; every captured frame says low byte first.
// One copy of the loop: requests and replies both need it.
#[inline(never)]
pub(crate) fn modbus(bytes: &[u8]) -> [u8; 2] {
    let [table] = &TABLE;
    // Wider than the value, which saves cutting it to 16 bits at each step.
    let mut crc = u32::from(CRC_16_MODBUS.init);
    for byte in bytes {
        let index = (crc ^ u32::from(*byte)) & 0xFF;
        let step = table.get(index as usize).copied().unwrap_or_default();
        crc = u32::from(step) ^ crc >> 8;
    }
    let [low, high, ..] = crc.to_le_bytes();
    [low, high]
}
