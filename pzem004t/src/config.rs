//! How an exchange is timed and checked.

use crate::plausibility::{DcPlausibility, Plausibility};

/// Whether the line returns what is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum EchoMode {
    /// No echo. Should a read come back anyway it is skipped and counted; a write that comes back
    /// can not be told from the module's good reply.
    #[default]
    Off,
    /// Every request comes back before its reply, as on RS485 adapters whose receiver stays on.
    /// A write counts as answered only when it was seen twice.
    On,
}

/// Settings of a shell; the defaults suit every module of the family at 9600 baud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    pub(crate) reply_timeout_us: u32,
    pub(crate) quiet_us: u32,
    pub(crate) late_us: u32,
    pub(crate) byte_time_us: u16,
    pub(crate) poll_step_us: u16,
    pub(crate) read_retries: u8,
    pub(crate) echo: EchoMode,
    pub(crate) plausibility: Option<Plausibility>,
    pub(crate) dc_plausibility: Option<DcPlausibility>,
}

impl Config {
    /// 200 ms reply timeout, 4 ms silence, 300 ms for late replies, one retry of reads, no echo,
    /// default plausibility.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            reply_timeout_us: 200_000,
            quiet_us: 4_000,
            late_us: 300_000,
            byte_time_us: 1042,
            poll_step_us: 250,
            read_retries: 1,
            echo: EchoMode::Off,
            plausibility: Some(Plausibility::new()),
            dc_plausibility: Some(DcPlausibility::new()),
        }
    }

    /// How long a module may think before its reply starts; the time the reply itself takes on
    /// the wire is added. Modules think 25 to 35 ms; use 500 ms or more behind a USB or network
    /// serial port. Calibration and the legacy protocol wait longer by themselves.
    #[must_use]
    pub const fn with_reply_timeout_ms(mut self, reply_timeout_ms: u16) -> Self {
        self.reply_timeout_us = reply_timeout_ms as u32 * 1_000;
        self
    }

    /// Silence kept before a request, in which everything that arrives is discarded. 4 ms is the
    /// 3.5 characters that separate frames (Modbus over serial line V1.02, section 2.5.1.1).
    #[must_use]
    pub const fn with_quiet_ms(mut self, quiet_ms: u16) -> Self {
        self.quiet_us = quiet_ms as u32 * 1_000;
        self
    }

    /// Silence kept before a request is sent *again* that was not answered properly: a late reply
    /// to the first would be taken for the answer to the second, and every value be one poll old.
    #[must_use]
    pub const fn with_late_reply_ms(mut self, late_ms: u16) -> Self {
        self.late_us = late_ms as u32 * 1_000;
        self
    }

    /// The baud rate and stop bits of the line, from which the wire time of a reply follows:
    /// 10 bits per byte with one stop bit, 11 with two.
    #[must_use]
    pub const fn with_line(mut self, baud: u32, bits_per_byte: u8) -> Self {
        let baud = if baud == 0 { 1 } else { baud };
        let us = (bits_per_byte as u32 * 1_000_000).div_ceil(baud);
        self.byte_time_us = if us > u16::MAX as u32 {
            u16::MAX
        } else {
            us as u16
        };
        self
    }

    /// How long the blocking shell sleeps between two looks at an empty receiver. Below the time
    /// of one byte, so that a UART without a FIFO does not overrun; at least 1 us.
    #[must_use]
    pub const fn with_poll_step_us(mut self, poll_step_us: u16) -> Self {
        self.poll_step_us = if poll_step_us == 0 { 1 } else { poll_step_us };
        self
    }

    /// How often a failed *read* is repeated. Writes are never repeated.
    #[must_use]
    pub const fn with_read_retries(mut self, read_retries: u8) -> Self {
        self.read_retries = read_retries;
        self
    }

    /// Whether the line returns what is sent.
    #[must_use]
    pub const fn with_echo(mut self, echo: EchoMode) -> Self {
        self.echo = echo;
        self
    }

    /// Limits for AC measurements; `None` accepts whatever a right CRC covers.
    #[must_use]
    pub const fn with_plausibility(mut self, plausibility: Option<Plausibility>) -> Self {
        self.plausibility = plausibility;
        self
    }

    /// Limits for DC measurements; `None` accepts whatever a right CRC covers.
    #[must_use]
    pub const fn with_dc_plausibility(mut self, plausibility: Option<DcPlausibility>) -> Self {
        self.dc_plausibility = plausibility;
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
