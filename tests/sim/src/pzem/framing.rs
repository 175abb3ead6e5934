//! How a module finds requests in the bytes it hears.

/// CRC-16/MODBUS, bit by bit: start 0xFFFF, polynomial 0xA001 reflected (Modbus over serial line
/// V1.02, section 6.2.2).
pub(crate) fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| match crc & 1 {
            1 => (crc >> 1) ^ 0xA001,
            _ => crc >> 1,
        })
    })
}

/// `body` with its CRC, low byte first as captured frames have it.
pub(crate) fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    body.extend(crc(&body).to_le_bytes());
    body
}

/// Collects the bytes of one Modbus request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receiver {
    bytes: Vec<u8>,
    last_ns: u64,
    /// Too much came without a pause: deaf until the line falls silent.
    deaf: bool,
}

impl Receiver {
    /// Takes a byte that ended at `at_ns`; the request, once it is whole and its CRC is right.
    ///
    /// A pause of 3.5 characters starts a new frame (Modbus over serial line V1.02, section
    /// 2.5.1.1). Requests to functions a module does not know are taken to have eight bytes.
    pub(crate) fn push(&mut self, byte: u8, at_ns: u64, byte_ns: u64) -> Option<Vec<u8>> {
        let gap_ns = at_ns.saturating_sub(self.last_ns);
        // The byte itself takes one character time.
        if gap_ns > byte_ns + byte_ns * 7 / 2 {
            self.bytes.clear();
            self.deaf = false;
        }
        self.last_ns = at_ns;
        if self.deaf {
            return None;
        }
        self.bytes.push(byte);
        let length = match self.bytes.get(1) {
            Some(0x42) => 4,
            Some(0x41) => 6,
            _ => 8,
        };
        if self.bytes.len() < length {
            return None;
        }
        let request = core::mem::take(&mut self.bytes);
        if crc(&request) == 0 {
            Some(request)
        } else {
            self.deaf = true;
            None
        }
    }
}

/// An exception reply (PZEM-004T V3.0 datasheet, section 2.3).
pub(crate) fn exception(address: u8, function: u8, code: u8) -> Vec<u8> {
    sealed(vec![address, function | 0x80, code])
}

/// The reply to a read of `count` registers from `start` on, out of `registers`, the first of
/// which has the number `first`.
pub(crate) fn read(
    address: u8,
    function: u8,
    start: u16,
    count: u16,
    first: u16,
    registers: &[u16],
) -> Vec<u8> {
    let from = start.checked_sub(first).map(usize::from);
    let wanted = from.and_then(|from| registers.get(from..from + usize::from(count)));
    match wanted {
        Some(wanted) if !wanted.is_empty() => {
            let mut body = vec![address, function, wanted.len() as u8 * 2];
            body.extend(wanted.iter().flat_map(|register| register.to_be_bytes()));
            sealed(body)
        }
        _ => exception(address, function, 2),
    }
}

/// The two 16-bit words of a request's body.
pub(crate) fn words(request: &[u8]) -> (u16, u16) {
    match request {
        [_, _, a, b, c, d, ..] => (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d])),
        _ => (0, 0),
    }
}

/// A 32-bit value as two registers, low word first (PZEM-004T V3.0 datasheet, section 2.4).
pub(crate) fn low_first(value: u32) -> [u16; 2] {
    [value as u16, (value >> 16) as u16]
}
