//! A checked view over the bytes of one Modbus frame, request or reply.
//!
//! The drivers match replies against the request they sent; this view is for tools that look at
//! frames without knowing what was asked.

use core::fmt;

use crate::crc;
use crate::error::Exception;
use crate::request::function;

/// Most data bytes a reply carries: ten registers.
const MAX_DATA: u8 = 20;

/// Bytes that tell the length of a frame: address, function, byte count.
pub(crate) const SHORTEST_START: usize = 3;

/// Length of the frame at the front of `bytes`, by function code: 0 when no frame of this family
/// starts like this. While the length is more than the bytes there are, it may still grow.
///
/// `0x42` and `0x41` are not Modbus functions; their echoes have four and six bytes, which is why
/// general Modbus parsers fail on them. A read with a zero in third place is a request: no reply
/// has zero data bytes, and no register address has a high byte.
#[inline]
pub(crate) fn length(bytes: &[u8]) -> usize {
    let [address, function, third, ..] = bytes else {
        return SHORTEST_START;
    };
    if *address == 0 || *address > 0xF8 {
        return 0;
    }
    if is_exception(*function) {
        return 5;
    }
    match *function {
        function::READ_HOLDING | function::READ_INPUT => match *third {
            0 => 8,
            count if count <= MAX_DATA && count % 2 == 0 => usize::from(count) + 5,
            _ => 0,
        },
        function::WRITE_SINGLE => 8,
        function::CALIBRATE => 6,
        function::RESET_ENERGY => 4,
        _ => 0,
    }
}

const fn is_exception(function: u8) -> bool {
    function & function::EXCEPTION != 0
}

/// Whether `data` is as long as `count` says, and made of whole registers.
fn is_register_data(count: u8, data: &[u8]) -> bool {
    usize::from(count) == data.len() && !data.is_empty() && data.len().is_multiple_of(2)
}

/// Whether the last two of `bytes` are the CRC of those before them.
pub(crate) fn crc_fits(bytes: &[u8]) -> bool {
    // The CRC over a frame with its own CRC, low byte first, is zero.
    crc::modbus(bytes) == [0, 0]
}

/// Register contents, in the order of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Registers<'a>(&'a [[u8; 2]]);

impl<'a> Registers<'a> {
    /// Views `data`, two bytes per register; a last odd byte is not a register.
    #[must_use]
    pub const fn new(data: &'a [u8]) -> Self {
        Self(data.as_chunks().0)
    }

    /// Number of registers.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Register `index`, counted from the first one read; high byte first on the wire.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<u16> {
        self.0.get(index).copied().map(u16::from_be_bytes)
    }

    /// The 32-bit value in registers `index` (low word) and `index + 1` (high word).
    ///
    /// Low word first: the datasheet names them "low 16 bits" and "high 16 bits", and captured
    /// frames above 65.535 A and 6553.5 W confirm it.
    #[must_use]
    pub fn get_u32(&self, index: usize) -> Option<u32> {
        let low = self.get(index)?;
        let high = self.get(index + 1)?;
        Some(u32::from(high) << 16 | u32::from(low))
    }

    /// All registers in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = u16> + 'a {
        self.0.iter().copied().map(u16::from_be_bytes)
    }
}

/// One whole frame with a right CRC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Frame<'a> {
    /// A request to read registers, or its echo.
    Read {
        /// First byte of the frame.
        address: u8,
        /// `0x03` holding or `0x04` input registers.
        function: u8,
        /// First register.
        start: u16,
        /// Number of registers.
        count: u16,
    },
    /// The reply to a read.
    Registers {
        /// First byte of the frame.
        address: u8,
        /// `0x03` holding or `0x04` input registers.
        function: u8,
        /// The contents.
        registers: Registers<'a>,
    },
    /// A write of one holding register: the request and its good reply are the same bytes.
    Write {
        /// First byte of the frame; `0` for all modules.
        address: u8,
        /// The register.
        register: u16,
        /// Its new contents.
        value: u16,
    },
    /// A reset of the energy counter, request or reply.
    ResetEnergy {
        /// First byte of the frame; `0` for all modules.
        address: u8,
    },
    /// A calibration, request or reply.
    Calibrate {
        /// First byte of the frame.
        address: u8,
        /// The password, `0x3721`.
        password: u16,
    },
    /// A module refused a request.
    Exception {
        /// First byte of the frame.
        address: u8,
        /// The function that was refused, without the exception bit.
        function: u8,
        /// Why.
        exception: Exception,
    },
}

impl<'a> Frame<'a> {
    /// Checks `bytes` as exactly one frame.
    ///
    /// # Errors
    /// [`FrameError::Length`] when the function code and byte count ask for another length,
    /// [`FrameError::Crc`] when the check value does not fit, [`FrameError::UnknownFunction`] when
    /// it does but no module of this family sends or takes such a frame.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FrameError> {
        let [address, function, body @ .., _, _] = bytes else {
            return Err(FrameError::Length {
                expected: 4,
                received: bytes.len(),
            });
        };
        let (address, function) = (*address, *function);
        let is_read = matches!(function, function::READ_HOLDING | function::READ_INPUT);
        let expected = match length(bytes) {
            // Broadcasts exist as requests only.
            0 if address == 0 && function == function::WRITE_SINGLE => 8,
            0 => bytes.len(),
            length => length,
        };
        if bytes.len() != expected {
            return Err(FrameError::Length {
                expected,
                received: bytes.len(),
            });
        }
        if !crc_fits(bytes) {
            return Err(FrameError::Crc);
        }
        let word = |index| Registers::new(body).get(index).unwrap_or_default();
        match (function, body) {
            (_, &[_, _, _, _]) if is_read => Ok(Self::Read {
                address,
                function,
                start: word(0),
                count: word(1),
            }),
            (_, [count, data @ ..]) if is_read && is_register_data(*count, data) => {
                Ok(Self::Registers {
                    address,
                    function,
                    registers: Registers::new(data),
                })
            }
            (function::WRITE_SINGLE, &[_, _, _, _]) => Ok(Self::Write {
                address,
                register: word(0),
                value: word(1),
            }),
            (function::RESET_ENERGY, []) => Ok(Self::ResetEnergy { address }),
            (function::CALIBRATE, &[_, _]) => Ok(Self::Calibrate {
                address,
                password: word(0),
            }),
            (_, &[code]) if is_exception(function) => Ok(Self::Exception {
                address,
                function: function & !function::EXCEPTION,
                exception: Exception(code),
            }),
            _ => Err(FrameError::UnknownFunction(function)),
        }
    }

    /// First byte of the frame.
    #[must_use]
    pub const fn address(&self) -> u8 {
        match *self {
            Self::Read { address, .. }
            | Self::Registers { address, .. }
            | Self::Write { address, .. }
            | Self::ResetEnergy { address }
            | Self::Calibrate { address, .. }
            | Self::Exception { address, .. } => address,
        }
    }
}

/// Why bytes are not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum FrameError {
    /// The function code and byte count ask for another length.
    Length {
        /// Bytes such a frame has.
        expected: usize,
        /// Bytes there are.
        received: usize,
    },
    /// The check value does not fit.
    Crc,
    /// The check value fits, but no module of this family sends or takes such a frame; its
    /// function code.
    UnknownFunction(u8),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { expected, received } => {
                write!(
                    f,
                    "{received} bytes, but such a frame has {expected}: cut or run together"
                )
            }
            Self::Crc => f.write_str("the check value does not fit: bytes were lost or changed"),
            Self::UnknownFunction(function) => {
                write!(
                    f,
                    "whole, but no frame of a PZEM (function 0x{function:02X}): is it of another device?"
                )
            }
        }
    }
}

impl core::error::Error for FrameError {}
