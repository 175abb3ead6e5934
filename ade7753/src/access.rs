//! One access to a register as bytes and pauses: what goes over the bus between the fall and the rise
//! of chip select (data sheet Rev. C, serial interface, pages 6 and 49 to 51).
//!
//! Both kinds of bus take the same list of operations, so every pause is written here and nowhere
//! else.

use embedded_hal::spi::Operation;

/// From the command to the first data bit of a read, and from the end of a write to the next
/// command (t9).
const PAUSE_NS: u32 = 4_000;
/// The same in front of a WAVEFORM sample (footnote to t9).
const PAUSE_WAVEFORM_NS: u32 = 500;
/// No transfer after a software reset for so long (page 55); the rest is margin for a slow crystal.
const PAUSE_RESET_NS: u32 = 50_000;
/// From the end of one data byte of a write to the end of the next (t6).
const BYTE_SPACING_NS: u32 = 4_000;

const WAVEFORM: u8 = 0x01;
const WRITE: u8 = 0x80;
const ADDRESS: u8 = 0x3F;

/// A read of one register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    command: [u8; 1],
    data: [u8; 3],
    bytes: usize,
    pause_ns: u32,
}

impl Read {
    pub(crate) const fn new(address: u8, bytes: usize) -> Self {
        Self {
            command: [address & ADDRESS],
            data: [0; 3],
            bytes,
            pause_ns: if address == WAVEFORM {
                PAUSE_WAVEFORM_NS
            } else {
                PAUSE_NS
            },
        }
    }

    pub(crate) fn operations(&mut self) -> [Operation<'_, u8>; 3] {
        let data = self.data.get_mut(..self.bytes).unwrap_or_default();
        [
            Operation::Write(&self.command),
            Operation::DelayNs(self.pause_ns),
            Operation::Read(data),
        ]
    }

    /// What came, most significant byte first.
    pub(crate) fn raw(&self) -> u32 {
        let data = self.data.iter().take(self.bytes);
        data.fold(0, |raw, byte| raw << 8 | u32::from(*byte))
    }
}

/// A write to one register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Write {
    frame: [u8; 3],
    bytes: usize,
    gap_ns: u32,
    pause_ns: u32,
}

impl Write {
    /// `gap_ns` is what has to pass between two data bytes on this bus.
    pub(crate) const fn new(address: u8, bytes: usize, raw: u32, gap_ns: u32) -> Self {
        let [_, _, high, low] = raw.to_be_bytes();
        let command = WRITE | address & ADDRESS;
        let frame = match bytes {
            1 => [command, low, 0],
            _ => [command, high, low],
        };
        Self {
            frame,
            bytes,
            gap_ns: if bytes > 1 { gap_ns } else { 0 },
            pause_ns: PAUSE_NS,
        }
    }

    /// The same with the pause that follows a software reset.
    pub(crate) const fn resetting(self) -> Self {
        Self {
            pause_ns: PAUSE_RESET_NS,
            ..self
        }
    }

    /// Whether the data bytes need a pause between them.
    pub(crate) const fn is_split(&self) -> bool {
        self.gap_ns > 0
    }

    pub(crate) fn operations(&self) -> [Operation<'_, u8>; 2] {
        let frame = self.frame.get(..=self.bytes).unwrap_or_default();
        [Operation::Write(frame), Operation::DelayNs(self.pause_ns)]
    }

    pub(crate) fn split_operations(&self) -> [Operation<'_, u8>; 4] {
        let frame = self.frame.get(..=self.bytes).unwrap_or_default();
        let (head, tail) = frame.split_at_checked(self.bytes).unwrap_or_default();
        [
            Operation::Write(head),
            Operation::DelayNs(self.gap_ns),
            Operation::Write(tail),
            Operation::DelayNs(self.pause_ns),
        ]
    }
}

/// The pause between two data bytes of a write on a bus of `sclk_hz`, nothing up to 2 MHz, where a
/// byte alone takes 4 us.
pub(crate) const fn gap_ns(sclk_hz: u32) -> u32 {
    // Rounded down, so that the pause is never too short.
    let byte_ns = match 8_000_000_000u64.checked_div(sclk_hz as u64) {
        Some(ns) if ns < BYTE_SPACING_NS as u64 => ns as u32,
        _ => BYTE_SPACING_NS,
    };
    BYTE_SPACING_NS - byte_ns
}
