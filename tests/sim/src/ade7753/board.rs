//! A chip with its bus and pins in virtual time.

use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::cell::{RefCell, RefMut};
use std::rc::Rc;

use super::fast::Fast;
use super::input::{Imperfections, Inputs};
use super::serial::Violation;
use super::spi::{Delay, Pin, Spi};
use super::state::{Engine, State};
use super::waveform::Waveform;

/// Errors on the lines between chip and bus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusFaults {
    /// Millionths of the bits from the chip that flip.
    pub miso_ppm: u32,
    /// Millionths of the bits to the chip that flip.
    pub mosi_ppm: u32,
    /// The line from the chip hangs at this level, as one that is not connected.
    pub stuck: Option<bool>,
}

/// A chip on a board; clones are handles to the same one.
///
/// Time stands still except when a transfer, a delay or [`advance_us`](Self::advance_us) moves it.
#[derive(Clone, Debug)]
pub struct Board {
    state: Rc<RefCell<State>>,
}

impl Board {
    /// A chip whose signal path is computed in closed form, half cycle by half cycle.
    #[must_use]
    pub fn fast(imperfections: Imperfections, seed: u64) -> Self {
        Self::with_engine(Engine::Fast(Fast::default()), imperfections, seed)
    }

    /// A chip whose signal path is computed sample by sample.
    #[must_use]
    pub fn waveform(imperfections: Imperfections, seed: u64) -> Self {
        Self::with_engine(Engine::Waveform(Waveform::new()), imperfections, seed)
    }

    fn with_engine(engine: Engine, imperfections: Imperfections, seed: u64) -> Self {
        Self {
            state: Rc::new(RefCell::new(State::new(engine, imperfections, seed))),
        }
    }

    pub(crate) fn state(&self) -> RefMut<'_, State> {
        self.state.borrow_mut()
    }

    /// The bus device at an SPI clock, in mode 1.
    #[must_use]
    pub fn spi(&self, sclk_hz: u32) -> Spi {
        Spi::new(self.clone(), sclk_hz)
    }

    /// A delay in the board's time.
    #[must_use]
    pub fn delay(&self) -> Delay {
        Delay::new(self.clone())
    }

    /// The interrupt pin: low while an enabled event has happened.
    #[must_use]
    pub fn irq(&self) -> Pin {
        Pin::irq(self.clone())
    }

    /// The pin that changes with each zero crossing.
    #[must_use]
    pub fn zx(&self) -> Pin {
        Pin::zx(self.clone())
    }

    /// Time since the board was made.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.state().now_ns
    }

    /// The same in microseconds, which wraps.
    #[must_use]
    pub fn now_us(&self) -> u32 {
        (self.now_ns() / 1_000) as u32
    }

    /// Lets time go by.
    pub fn advance_us(&self, us: u64) {
        self.state().advance_ns(us * 1_000);
    }

    /// Lets time go by until the interrupt pin is low, up to a limit; tells whether it is.
    pub fn wait_for_interrupt(&self, limit_us: u64) -> bool {
        let end_ns = self.now_ns() + limit_us * 1_000;
        while !self.irq_is_low() && self.now_ns() < end_ns {
            let mut state = self.state();
            state.step(end_ns);
        }
        self.irq_is_low()
    }

    /// Chip select falls or rises at a time that another clock tells, for buses that are not
    /// embedded-hal's.
    pub fn select_at(&self, now_ns: u64) {
        let mut state = self.state();
        state.advance_to(now_ns);
        state.select();
    }

    /// A byte over the bus between two times that another clock tells: takes what the bus sends, gives
    /// what the chip does.
    pub fn byte_at(&self, mosi: u8, start_ns: u64, end_ns: u64) -> u8 {
        let mut state = self.state();
        state.advance_to(start_ns);
        state.advance_to(end_ns);
        state.exchange(mosi, start_ns)
    }

    /// Changes what is at the inputs.
    pub fn apply(&self, inputs: Inputs) {
        self.state().chip.inputs = inputs;
    }

    /// The chip's own temperature in degrees Celsius.
    pub fn set_celsius(&self, celsius: f64) {
        self.state().chip.celsius = celsius;
    }

    /// Errors on the bus from now on.
    pub fn set_faults(&self, faults: BusFaults) {
        self.state().faults = faults;
    }

    /// Takes the supply away or brings it back, which resets the chip. Without, it answers with zeros.
    pub fn set_powered(&self, powered: bool) {
        let mut state = self.state();
        if powered && !state.powered {
            let now = state.now_ns as f64 * 1e-9;
            state.chip.reset(now);
        }
        state.powered = powered;
    }

    /// A dip of the supply: registers are as after a reset.
    pub fn brown_out(&self) {
        self.set_powered(false);
        self.set_powered(true);
    }

    /// Rules of the serial interface that were broken so far.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.state().serial.violations.clone()
    }

    /// What a register holds, without the bus.
    #[must_use]
    pub fn register(&self, address: u8) -> u32 {
        self.state().chip.get(address)
    }

    /// Changes a register without the bus, as radiation or a test would.
    pub fn set_register(&self, address: u8, raw: u32) {
        self.state().chip.set(address, raw);
    }

    /// Pulses on the CF pin so far.
    #[must_use]
    pub fn pulses(&self) -> u64 {
        self.state().chip.pulses as u64
    }

    /// Bits that went over the bus so far.
    #[must_use]
    pub fn bits(&self) -> u64 {
        self.state().bits
    }

    /// Runs a future that waits for nothing but this board.
    ///
    /// # Panics
    /// When it waits for something else.
    #[allow(clippy::panic, reason = "a test that would hang has to fail instead")]
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut context = Context::from_waker(Waker::noop());
        match pin!(future).as_mut().poll(&mut context) {
            Poll::Ready(value) => value,
            Poll::Pending => panic!("the future waits for something that is not on this board"),
        }
    }

    pub(crate) fn irq_is_low(&self) -> bool {
        let state = self.state();
        state.powered && state.chip.irq()
    }

    pub(crate) fn zero_crossings(&self) -> bool {
        // ZX is set at every crossing; the pin's level tells the half wave.
        self.state().chip.half_wave
    }
}
