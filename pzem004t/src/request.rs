//! A request as a value: its bytes, and what a good reply to it looks like.

use crate::address::Target;
use crate::crc;

/// Function codes a module knows (PZEM-004T V3.0 datasheet, section 2.2).
pub(crate) mod function {
    pub(crate) const READ_HOLDING: u8 = 0x03;
    pub(crate) const READ_INPUT: u8 = 0x04;
    pub(crate) const WRITE_SINGLE: u8 = 0x06;
    pub(crate) const CALIBRATE: u8 = 0x41;
    pub(crate) const RESET_ENERGY: u8 = 0x42;
    /// Set in the function code of an exception reply.
    pub(crate) const EXCEPTION: u8 = 0x80;
}

/// What answers a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) enum Answer {
    /// So many data bytes, two per register.
    Registers { bytes: u8 },
    /// The request itself, byte for byte.
    Echo,
    /// Nothing: a broadcast.
    Nothing,
    /// A seven-byte frame that starts with this opcode.
    #[cfg(feature = "legacy")]
    Legacy { opcode: u8 },
}

/// One request: what is sent and how long to wait for what.
///
/// Built by the operations in [`operation`](crate::operation); public so that an operation of
/// your own can be run by the same shells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Request {
    bytes: [u8; 8],
    len: u8,
    pub(crate) answer: Answer,
    /// Replaces the configured reply timeout when longer.
    pub(crate) timeout_us: u32,
    /// Replaces the configured silence before the request when longer.
    pub(crate) quiet_us: u32,
}

impl Request {
    /// No bytes, no answer.
    pub(crate) const NONE: Self = Self::new([0; 8], 0, Answer::Nothing);

    /// Reads `count` input registers from `start` on (function `0x04`); ten at most, since no module
    /// has more and longer replies are not waited for.
    #[must_use]
    pub fn read_input(target: Target, start: u8, count: u8) -> Self {
        Self::read(target, function::READ_INPUT, start, count)
    }

    /// Reads `count` holding registers from `start` on (function `0x03`); ten at most.
    #[must_use]
    pub fn read_holding(target: Target, start: u8, count: u8) -> Self {
        Self::read(target, function::READ_HOLDING, start, count)
    }

    fn read(target: Target, function: u8, start: u8, count: u8) -> Self {
        let body = [target.byte(), function, 0, start, 0, count];
        let bytes = count.saturating_mul(2);
        Self::six(body, Answer::Registers { bytes })
    }

    /// Writes one holding register (function `0x06`); the good reply equals the request.
    #[must_use]
    pub fn write_single(target: Target, register: u8, value: u16) -> Self {
        Self::write(target.byte(), register, value, Answer::Echo)
    }

    /// Writes one holding register of every module on the line; nothing answers.
    #[must_use]
    pub fn write_broadcast(register: u8, value: u16) -> Self {
        Self::write(0x00, register, value, Answer::Nothing)
    }

    fn write(address: u8, register: u8, value: u16, answer: Answer) -> Self {
        let [high, low] = value.to_be_bytes();
        let body = [address, function::WRITE_SINGLE, 0, register, high, low];
        Self::six(body, answer)
    }

    /// Sets the energy counter to zero (function `0x42`); the good reply equals the request.
    #[must_use]
    pub fn reset_energy(target: Target) -> Self {
        Self::reset(target.byte(), Answer::Echo)
    }

    /// Sets the energy counter of every module on the line to zero; nothing answers.
    #[must_use]
    pub fn reset_energy_broadcast() -> Self {
        Self::reset(0x00, Answer::Nothing)
    }

    fn reset(address: u8, answer: Answer) -> Self {
        let function = function::RESET_ENERGY;
        let [low, high] = crc::modbus(&[address, function]);
        Self::new([address, function, low, high, 0, 0, 0, 0], 4, answer)
    }

    /// Starts the factory calibration: function `0x41`, password `0x3721`, general address only.
    pub(crate) fn calibrate() -> Self {
        let [a, f, p, q] = [0xF8, function::CALIBRATE, 0x37, 0x21];
        let [low, high] = crc::modbus(&[a, f, p, q]);
        // The module answers after 3 to 4 s.
        Self::new([a, f, p, q, low, high, 0, 0], 6, Answer::Echo).with_timeout_ms(5_000)
    }

    #[cfg(feature = "legacy")]
    pub(crate) const fn legacy(bytes: [u8; 7], opcode: u8) -> Self {
        let [a, b, c, d, e, f, g] = bytes;
        Self::new([a, b, c, d, e, f, g, 0], 7, Answer::Legacy { opcode }).with_timeout_ms(1_000)
    }

    fn six(body: [u8; 6], answer: Answer) -> Self {
        let [low, high] = crc::modbus(&body);
        let [a, b, c, d, e, f] = body;
        Self::new([a, b, c, d, e, f, low, high], 8, answer)
    }

    const fn new(bytes: [u8; 8], len: u8, answer: Answer) -> Self {
        Self {
            bytes,
            len,
            answer,
            timeout_us: 0,
            quiet_us: 0,
        }
    }

    /// Waits at least `timeout_ms` for the reply, however short the configured timeout is.
    #[must_use]
    pub const fn with_timeout_ms(mut self, timeout_ms: u16) -> Self {
        self.timeout_us = timeout_ms as u32 * 1_000;
        self
    }

    /// Keeps the line silent for at least `quiet_ms` before the request goes out.
    #[must_use]
    pub const fn with_quiet_ms(mut self, quiet_ms: u16) -> Self {
        self.quiet_us = quiet_ms as u32 * 1_000;
        self
    }

    /// The bytes that go over the wire, check value included: 4, 6, 7 or 8 of them.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    pub(crate) fn same_bytes(&self, other: &Self) -> bool {
        u64::from_le_bytes(self.bytes) == u64::from_le_bytes(other.bytes)
    }

    pub(crate) const fn len(&self) -> u8 {
        self.len
    }

    /// Bytes of a good reply on the wire.
    pub(crate) const fn reply_len(&self) -> u8 {
        match self.answer {
            // Address, function, byte count, data, CRC.
            Answer::Registers { bytes } => bytes.saturating_add(5),
            Answer::Echo => self.len,
            Answer::Nothing => 0,
            #[cfg(feature = "legacy")]
            Answer::Legacy { .. } => 7,
        }
    }
}
