//! The serial interface, byte by byte, with the times it insists on (data sheet Rev. C, pages 6 and 49 to
//! 51).

use super::chip::Chip;
use super::flags::mode;
use super::map;
use super::path::Path;

/// A rule that a transfer broke. What breaks one is corrupted as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Violation {
    /// Data of a read less than 4 us (WAVEFORM: 0.5 us) after its command (t9).
    ReadTooEarly,
    /// Data bytes of a write that end less than 4 us apart (t6).
    WriteTooFast,
    /// A command less than 4 us after a write.
    CommandTooEarly,
    /// A transfer less than 18 us after a software reset.
    DuringReset,
    /// A clock beyond 10 MHz.
    ClockTooFast,
    /// An SPI mode other than 1.
    WrongMode,
    /// Chip select rose in the middle of a transfer.
    Aborted,
}

const T9_NS: u64 = 4_000;
const T9_WAVEFORM_NS: u64 = 500;
const T6_NS: u64 = 4_000;
const RESET_NS: u64 = 18_000;

#[derive(Clone, Copy, Debug)]
enum State {
    Command,
    Write {
        entry: map::Entry,
        value: u32,
        left: usize,
    },
    Read {
        entry: map::Entry,
        left: usize,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Serial {
    state: State,
    /// End of the last byte.
    last_ns: u64,
    /// End of the last write, and what the register held before it.
    written: Option<(u64, u8, u32)>,
    reset_ns: Option<u64>,
    /// What is shifted out, and what was at the read before.
    output: u32,
    previous: u32,
    pub(crate) violations: Vec<Violation>,
    /// The bus clocks out data with the end of the command already.
    pub(crate) early: bool,
}

impl Serial {
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Command,
            last_ns: 0,
            written: None,
            reset_ns: None,
            output: 0,
            previous: 0,
            violations: Vec::new(),
            early: false,
        }
    }

    /// Chip select falls or rises.
    pub(crate) fn select(&mut self) {
        if !matches!(self.state, State::Command) {
            self.violations.push(Violation::Aborted);
        }
        self.state = State::Command;
    }

    /// A byte goes in and one comes out.
    pub(crate) fn byte(
        &mut self,
        chip: &mut Chip,
        path: &dyn Path,
        mosi: u8,
        start_ns: u64,
        end_ns: u64,
    ) -> u8 {
        let now = end_ns as f64 * 1e-9;
        if let Some(reset_ns) = self.reset_ns {
            if start_ns < reset_ns + RESET_NS {
                self.violations.push(Violation::DuringReset);
                return 0;
            }
            self.reset_ns = None;
        }
        let gap_ns = start_ns.saturating_sub(self.last_ns);
        let spacing_ns = end_ns.saturating_sub(self.last_ns);
        self.last_ns = end_ns;
        match self.state {
            State::Command => {
                self.command(chip, path, mosi, start_ns, now);
                0
            }
            State::Write { entry, value, left } => {
                let first = left == entry.bytes();
                let mut byte = u32::from(mosi);
                if !first && spacing_ns < T6_NS {
                    self.violations.push(Violation::WriteTooFast);
                    byte = chip.get(entry.address) & 0xFF;
                }
                let value = value << 8 | byte;
                if left > 1 {
                    self.state = State::Write {
                        entry,
                        value,
                        left: left - 1,
                    };
                    return 0;
                }
                self.state = State::Command;
                self.written = Some((end_ns, entry.address, chip.get(entry.address)));
                chip.write(entry.address, value, now);
                if entry.address == map::MODE && value & mode::SWRST != 0 {
                    self.reset_ns = Some(end_ns);
                    self.written = None;
                }
                0
            }
            State::Read { entry, left } => {
                let t9_ns = match entry.address {
                    map::WAVEFORM => T9_WAVEFORM_NS,
                    _ => T9_NS,
                };
                if left < entry.bytes() {
                    // It goes on.
                } else if self.early || gap_ns < t9_ns {
                    self.violations.push(Violation::ReadTooEarly);
                    // The register has not been fetched yet: what is shifted out is the one before.
                    core::mem::swap(&mut self.output, &mut self.previous);
                } else {
                    self.previous = self.output;
                }
                let byte = (self.output >> (8 * (left - 1))) as u8;
                if left > 1 {
                    self.state = State::Read {
                        entry,
                        left: left - 1,
                    };
                } else {
                    self.state = State::Command;
                }
                byte
            }
        }
    }

    fn command(&mut self, chip: &mut Chip, path: &dyn Path, mosi: u8, start_ns: u64, now: f64) {
        if let Some((end_ns, address, before)) = self.written.take()
            && start_ns.saturating_sub(end_ns) < T9_NS
        {
            // The last byte of the write may be lost (page 50).
            self.violations.push(Violation::CommandTooEarly);
            let kept = chip.get(address) & !0xFF | before & 0xFF;
            chip.write(address, kept, now);
        }
        let Some(entry) = map::at(mosi & 0x3F) else {
            return;
        };
        let left = entry.bytes();
        if mosi & 0x80 != 0 {
            self.state = State::Write {
                entry,
                value: 0,
                left,
            };
            return;
        }
        self.output = chip.read(entry.address, path);
        if entry.address != map::CHKSUM {
            chip.set(map::CHKSUM, self.output.count_ones());
        }
        self.state = State::Read { entry, left };
    }
}
