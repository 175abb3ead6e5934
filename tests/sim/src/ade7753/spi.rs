//! The board's bus, delay and pins as embedded-hal has them, blocking and async.

use core::convert::Infallible;
use core::future::poll_fn;
use core::task::Poll;

use embedded_hal::digital::InputPin;
use embedded_hal::spi::Operation;

use super::board::Board;
use super::serial::Violation;
use super::state::State;

/// From the fall of chip select to the first clock edge and from the last one to its rise (t1, t8).
const SELECT_NS: u64 = 50;
const DESELECT_NS: u64 = 100;

/// The chip as an SPI device with its chip select.
#[derive(Clone, Debug)]
pub struct Spi {
    board: Board,
    sclk_hz: u32,
    mode: u8,
    ignores_delays: bool,
}

impl Spi {
    pub(crate) const fn new(board: Board, sclk_hz: u32) -> Self {
        Self {
            board,
            sclk_hz,
            mode: 1,
            ignores_delays: false,
        }
    }

    /// A bus that is set to another mode, 0 to 3.
    ///
    /// In mode 0 the bus samples at the edge at which the chip changes its output: what it reads is
    /// shifted by a bit. In mode 3 the chip takes over at the edge at which the bus changes, too: commands
    /// are shifted as well. In mode 2 the last edge of the command clocks out the first data bit already.
    #[must_use]
    pub const fn with_mode(mut self, mode: u8) -> Self {
        self.mode = mode & 3;
        self
    }

    /// A bus device that drops the delays inside a transaction, as some do.
    #[must_use]
    pub const fn ignoring_delays(mut self) -> Self {
        self.ignores_delays = true;
        self
    }

    fn run(&self, operations: &mut [Operation<'_, u8>]) {
        let mut state = self.board.state();
        state.select();
        state.advance_ns(SELECT_NS);
        state.set_early(self.mode == 2);
        if self.mode != 1 {
            state.violate(Violation::WrongMode);
        }
        if self.sclk_hz > 10_000_000 {
            state.violate(Violation::ClockTooFast);
        }
        let mut wire = Wire {
            state: &mut state,
            device: self,
            late: [false; 2],
        };
        for operation in operations {
            match operation {
                Operation::Read(bytes) => bytes.iter_mut().for_each(|byte| *byte = wire.byte(0)),
                Operation::Write(bytes) => bytes.iter().for_each(|byte| {
                    wire.byte(*byte);
                }),
                Operation::Transfer(read, write) => {
                    let length = read.len().max(write.len());
                    let mut read = read.iter_mut();
                    let mut write = write.iter();
                    for _ in 0..length {
                        let byte = wire.byte(write.next().copied().unwrap_or(0));
                        if let Some(slot) = read.next() {
                            *slot = byte;
                        }
                    }
                }
                Operation::TransferInPlace(bytes) => {
                    bytes.iter_mut().for_each(|byte| *byte = wire.byte(*byte));
                }
                Operation::DelayNs(_) if self.ignores_delays => {}
                Operation::DelayNs(ns) => wire.state.advance_ns(u64::from(*ns)),
            }
        }
        state.advance_ns(DESELECT_NS);
        state.select();
    }
}

/// The lines during one transaction.
struct Wire<'a> {
    state: &'a mut State,
    device: &'a Spi,
    /// The bit that is late in each direction.
    late: [bool; 2],
}

impl Wire<'_> {
    fn byte(&mut self, out: u8) -> u8 {
        let [mosi_late, miso_late] = &mut self.late;
        let mosi = match self.device.mode {
            3 => shift(out, mosi_late),
            _ => out,
        };
        let miso = self.state.transfer(mosi, self.device.sclk_hz);
        let miso = match self.device.mode {
            0 | 3 => shift(miso, miso_late),
            _ => miso,
        };
        if self.device.sclk_hz > 10_000_000 {
            self.state.garble(miso)
        } else {
            miso
        }
    }
}

/// A byte of which each bit comes one place later.
fn shift(byte: u8, late: &mut bool) -> u8 {
    let shifted = byte >> 1 | u8::from(*late) << 7;
    *late = byte & 1 != 0;
    shifted
}

impl embedded_hal::spi::ErrorType for Spi {
    type Error = Infallible;
}

impl embedded_hal::spi::SpiDevice for Spi {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        self.run(operations);
        Ok(())
    }
}

impl embedded_hal_async::spi::SpiDevice for Spi {
    async fn transaction(
        &mut self,
        operations: &mut [Operation<'_, u8>],
    ) -> Result<(), Infallible> {
        self.run(operations);
        Ok(())
    }
}

/// A delay in the board's time.
#[derive(Clone, Debug)]
pub struct Delay {
    board: Board,
}

impl Delay {
    pub(crate) const fn new(board: Board) -> Self {
        Self { board }
    }
}

impl embedded_hal::delay::DelayNs for Delay {
    fn delay_ns(&mut self, ns: u32) {
        self.board.state().advance_ns(ns.into());
    }
}

impl embedded_hal_async::delay::DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        self.board.state().advance_ns(ns.into());
    }
}

/// An output pin of the chip, as an input of the firmware.
#[derive(Clone, Debug)]
pub struct Pin {
    board: Board,
    level: fn(&Board) -> bool,
}

/// How long a future may wait for a pin.
const PATIENCE_NS: u64 = 100_000_000_000;

impl Pin {
    pub(crate) fn irq(board: Board) -> Self {
        Self {
            board,
            level: |board| !board.irq_is_low(),
        }
    }

    pub(crate) fn zx(board: Board) -> Self {
        Self {
            board,
            level: Board::zero_crossings,
        }
    }

    fn level(&self) -> bool {
        (self.level)(&self.board)
    }

    /// Lets time go by until `done`. There is nothing else in this time that could make it happen.
    #[allow(clippy::panic, reason = "a test that would hang has to fail instead")]
    async fn wait(&self, mut done: impl FnMut(bool) -> bool) {
        let end_ns = self.board.now_ns() + PATIENCE_NS;
        poll_fn(|_| {
            while !done(self.level()) {
                if self.board.now_ns() >= end_ns {
                    panic!("the future waits for a pin that never moves");
                }
                self.board.state().step(end_ns);
            }
            Poll::Ready(())
        })
        .await;
    }
}

impl embedded_hal::digital::ErrorType for Pin {
    type Error = Infallible;
}

impl InputPin for Pin {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.level())
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.level())
    }
}

impl embedded_hal_async::digital::Wait for Pin {
    async fn wait_for_high(&mut self) -> Result<(), Infallible> {
        self.wait(|level| level).await;
        Ok(())
    }

    async fn wait_for_low(&mut self) -> Result<(), Infallible> {
        self.wait(|level| !level).await;
        Ok(())
    }

    async fn wait_for_rising_edge(&mut self) -> Result<(), Infallible> {
        let mut before = true;
        self.wait(|level| core::mem::replace(&mut before, level) != level && level)
            .await;
        Ok(())
    }

    async fn wait_for_falling_edge(&mut self) -> Result<(), Infallible> {
        let mut before = false;
        self.wait(|level| core::mem::replace(&mut before, level) != level && !level)
            .await;
        Ok(())
    }

    async fn wait_for_any_edge(&mut self) -> Result<(), Infallible> {
        let before = self.level();
        self.wait(|level| level != before).await;
        Ok(())
    }
}
