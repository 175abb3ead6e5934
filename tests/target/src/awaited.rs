//! Futures on QEMU's `virt` machine: a UART, a delay, and the instructions that a future takes while it works.

use core::cell::Cell;
use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_hal_async::delay::DelayNs;
use embedded_io_async::{ErrorType, Read, Write};

use crate::emulated::instructions;

const UART: usize = 0x1000_0000;
/// Machine timer of the CLINT, 10 MHz.
const MTIME: *const u32 = 0x0200_BFF8 as *const u32;

const RECEIVED: u8 = 0x01;
const ALL_SENT: u8 = 0x40;

/// Microseconds since the start; they wrap after seven minutes.
#[must_use]
pub fn now_us() -> u32 {
    unsafe { MTIME.read_volatile() / 10 }
}

fn line_status() -> u8 {
    unsafe { ((UART + 5) as *const u8).read_volatile() }
}

/// What a future waits for, and what it has cost.
pub struct Machine {
    signs: Cell<u8>,
    alarm_us: Cell<Option<u32>>,
    worked: Cell<u32>,
    since: Cell<u32>,
}

impl Machine {
    /// The machine with its UART on; bytes come and go through FIFOs.
    #[must_use]
    pub fn new() -> Self {
        let register = |number: usize| (UART + number) as *mut u8;
        unsafe {
            register(1).write_volatile(0); // no interrupts
            register(3).write_volatile(3); // 8 data bits, no parity, 1 stop bit
            register(2).write_volatile(7); // both FIFOs on and empty
        }
        Self {
            signs: Cell::new(0),
            alarm_us: Cell::new(None),
            worked: Cell::new(0),
            since: Cell::new(0),
        }
    }

    /// Instructions that the future has taken so far; to be asked from within.
    #[must_use]
    pub fn worked(&self) -> u32 {
        let running = instructions().wrapping_sub(self.since.get());
        self.worked.get().wrapping_add(running)
    }

    /// Runs a future until something says that it is enough. As an executor that interrupts wake, it looks at the
    /// future again when what that waits for has happened; looking out for it is not counted.
    pub fn run(&self, future: impl Future, is_enough: impl Fn() -> bool) {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        while !is_enough() {
            self.signs.set(0);
            self.alarm_us.set(None);
            self.since.set(instructions());
            let result = future.as_mut().poll(&mut context);
            self.worked.set(self.worked());
            if result.is_ready() || is_enough() {
                return;
            }
            loop {
                let is_due = |at_us: u32| now_us().wrapping_sub(at_us) < 1 << 31;
                if line_status() & self.signs.get() != 0 || self.alarm_us.get().is_some_and(is_due)
                {
                    break;
                }
                // A look at a device is dear in the emulator.
                for _ in 0..1_000 {
                    core::hint::black_box(());
                }
            }
        }
    }

    async fn sign(&self, sign: u8) {
        poll_fn(|_| {
            if line_status() & sign != 0 {
                return Poll::Ready(());
            }
            self.signs.set(self.signs.get() | sign);
            Poll::Pending
        })
        .await;
    }
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

/// The UART of the machine.
pub struct Port<'m>(pub &'m Machine);

impl ErrorType for Port<'_> {
    type Error = Infallible;
}

impl Read for Port<'_> {
    /// One byte a call, as a port without a FIFO has it: the dearest case.
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let Some(byte) = buffer.first_mut() else {
            return Ok(0);
        };
        self.0.sign(RECEIVED).await;
        *byte = unsafe { (UART as *const u8).read_volatile() };
        Ok(1)
    }
}

impl Write for Port<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        // A request is shorter than the FIFO.
        for byte in bytes {
            unsafe { (UART as *mut u8).write_volatile(*byte) };
        }
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        self.0.sign(ALL_SENT).await;
        Ok(())
    }
}

/// The timer of the machine.
pub struct Wait<'m>(pub &'m Machine);

impl DelayNs for Wait<'_> {
    async fn delay_ns(&mut self, ns: u32) {
        let at_us = now_us().wrapping_add(ns.div_ceil(1_000));
        poll_fn(|_| {
            let left_us = at_us.wrapping_sub(now_us());
            if left_us == 0 || left_us >= 1 << 31 {
                return Poll::Ready(());
            }
            let other = self.0.alarm_us.get();
            if other.is_none_or(|other| other.wrapping_sub(now_us()) > left_us) {
                self.0.alarm_us.set(Some(at_us));
            }
            Poll::Pending
        })
        .await;
    }
}
