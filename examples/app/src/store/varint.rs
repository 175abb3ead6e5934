//! Numbers in as few bytes as they need: seven bits a byte, the lowest first.

/// Appends to a buffer as long as there is room.
pub(super) struct Writer<'a> {
    buffer: &'a mut [u8],
    length: usize,
    is_whole: bool,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(buffer: &'a mut [u8]) -> Self {
        Self {
            buffer,
            length: 0,
            is_whole: true,
        }
    }

    /// The length of what was written, if all of it found room.
    pub(super) fn finish(self) -> Option<usize> {
        self.is_whole.then_some(self.length)
    }

    pub(super) fn byte(&mut self, byte: u8) {
        match self.buffer.get_mut(self.length) {
            Some(slot) => {
                *slot = byte;
                self.length += 1;
            }
            None => self.is_whole = false,
        }
    }

    pub(super) fn unsigned(&mut self, mut value: u64) {
        while value >= 0x80 {
            // Seven bits, and one that says that more follow.
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    /// Small ones of either sign are short: 0, -1, 1, -2 become 0, 1, 2, 3.
    pub(super) fn signed(&mut self, value: i64) {
        self.unsigned((value << 1 ^ value >> 63).cast_unsigned());
    }
}

/// Reads what a [`Writer`] wrote; `None` where there is no more, or a number that no writer writes.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl Reader<'_> {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub(super) fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            if bits << shift >> shift != bits {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let value = self.unsigned()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }
}
