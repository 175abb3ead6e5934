//! What the targets share.

/// CRC-16/MODBUS, bit by bit.
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| match crc & 1 {
            1 => crc >> 1 ^ 0xA001,
            _ => crc >> 1,
        })
    })
}
