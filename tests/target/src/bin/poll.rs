//! Polls a module over the UART of QEMU's `virt` machine and counts the instructions of the driver.
//!
//! Run with `-icount shift=0`, so that `minstret` counts exactly. What the port and the delay spend
//! waiting for the line is counted apart and left out.
#![no_std]
#![no_main]

use core::convert::Infallible;
use core::fmt::Write as _;

use embedded_hal::delay::DelayNs;
use embedded_io::{ErrorType, Read, ReadReady, Write};
use on_target::emulated::{Host, end, instructions};
use pzem::{Config, Target, blocking::Pzem};
use riscv_rt::entry;

const UART: usize = 0x1000_0000;
/// Machine timer of the CLINT, 10 MHz.
const MTIME: *const u32 = 0x0200_BFF8 as *const u32;
const POLLS: usize = 8;

/// Instructions spent waiting, and how often.
static mut WAITED: (u32, u32) = (0, 0);

/// Runs `wait` and books what it takes as waiting.
#[inline(never)]
fn waiting(wait: &mut dyn FnMut()) {
    let before = instructions();
    wait();
    // One hart and no interrupts: nobody else touches the counter.
    unsafe {
        WAITED.0 = WAITED.0.wrapping_add(instructions().wrapping_sub(before));
        WAITED.1 = WAITED.1.wrapping_add(1);
    }
}

/// Runs `work`; the instructions it took without those spent waiting.
fn count(work: impl FnOnce()) -> (u32, u32) {
    unsafe { WAITED = (0, 0) };
    let before = instructions();
    work();
    let total = instructions().wrapping_sub(before);
    let (waited, times) = unsafe { WAITED };
    (total.wrapping_sub(waited), times)
}

/// What the bookkeeping of one wait costs by itself.
fn cost_of_booking() -> u32 {
    let (none, _) = count(|| {});
    let (ten, times) = count(|| {
        for _ in 0..10 {
            wait_for(core::hint::black_box(RECEIVED), 0);
        }
    });
    // Rounded down: what is in doubt counts as work.
    ten.wrapping_sub(none) / times
}

fn line_status() -> u8 {
    unsafe { ((UART + 5) as *const u8).read_volatile() }
}

const RECEIVED: u8 = 0x01;
const ROOM_TO_SEND: u8 = 0x20;
const ALL_SENT: u8 = 0x40;

/// The 16550 of the machine.
struct Port;

impl Port {
    fn new() -> Self {
        let register = |number: usize| (UART + number) as *mut u8;
        unsafe {
            register(1).write_volatile(0); // no interrupts
            register(3).write_volatile(3); // 8 data bits, no parity, 1 stop bit
            register(2).write_volatile(7); // both FIFOs on and empty
        }
        Self
    }
}

impl ErrorType for Port {
    type Error = Infallible;
}

impl ReadReady for Port {
    /// Waits a little for the next byte: looking in vain between two bytes is waiting, not work.
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        wait_for(RECEIVED, 2_000);
        Ok(line_status() & RECEIVED != 0)
    }
}

impl Read for Port {
    /// One byte a call, as a port without a FIFO has it: the dearest case. It is only called when
    /// [`read_ready`](ReadReady::read_ready) has seen a byte.
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let Some(byte) = buffer.first_mut() else {
            return Ok(0);
        };
        *byte = unsafe { (UART as *const u8).read_volatile() };
        Ok(1)
    }
}

impl Write for Port {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        for byte in bytes {
            wait_for(ROOM_TO_SEND, 100_000);
            unsafe { (UART as *mut u8).write_volatile(*byte) };
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        wait_for(ALL_SENT, 100_000);
        Ok(())
    }
}

/// Waits for the time, or until the next byte is there: as a sleeping core would be woken.
struct Wait;

impl DelayNs for Wait {
    fn delay_ns(&mut self, ns: u32) {
        self.delay_us(ns.div_ceil(1_000));
    }

    fn delay_us(&mut self, us: u32) {
        wait_for(RECEIVED, us);
    }
}

/// Waits until the line status shows `sign`, `us` microseconds at most.
#[inline(never)]
fn wait_for(sign: u8, us: u32) {
    waiting(&mut || {
        let ticks = us * 10;
        let start = unsafe { MTIME.read_volatile() };
        while line_status() & sign == 0
            && unsafe { MTIME.read_volatile() }.wrapping_sub(start) < ticks
        {}
    });
}

/// Bytes below the stack pointer that are painted before a poll, to see how far it reaches.
const PAINTED: usize = 4096;
const PAINT: u8 = 0xA5;
/// What the painting itself may need below its own variables.
const MARGIN: usize = 128;

/// Runs `work`; the bytes of stack it used.
#[inline(never)]
fn stack_of(work: &mut dyn FnMut()) -> usize {
    let here = 0_u8;
    let top = &raw const here as usize - MARGIN;
    let bottom = top - PAINTED;
    for address in bottom..top {
        unsafe { (address as *mut u8).write_volatile(PAINT) };
    }
    work();
    let untouched =
        (bottom..top).take_while(|a| unsafe { (*a as *const u8).read_volatile() } == PAINT);
    PAINTED + MARGIN - untouched.count()
}

#[entry]
fn main() -> ! {
    // A long step, since the delay ends with the next byte anyway: looking in vain is not work.
    let config = Config::new().with_poll_step_us(4_000);
    let mut pzem = Pzem::with_config(Port::new(), Wait, config);
    let booking = cost_of_booking();
    let (mut polls, mut stack) = ([(0, 0); POLLS], 0);
    for poll in &mut polls {
        let mut result = None;
        let (mut work, mut waits) = (0, 0);
        // One place where the driver is called, as firmware has it.
        let used = stack_of(&mut || {
            (work, waits) = count(|| {
                result = Some(core::hint::black_box(pzem.read(Target::General)));
            });
        });
        stack = stack.max(used);
        let work = work - waits * booking;
        match result {
            Some(Ok(measurement)) => {
                let _ = writeln!(Host, "{measurement}  {work} instructions, {waits} waits");
            }
            Some(Err(error)) => {
                let _ = writeln!(Host, "poll failed: {error}");
                end(1);
            }
            None => end(2),
        }
        *poll = (waits, work);
    }
    // A host with much else to do sends a reply late, and looking for it in vain is not what is measured.
    let fewest = polls.iter().map(|(waits, _)| *waits).min().unwrap_or(0);
    let prompt = || {
        let prompt = polls.iter().filter(|(waits, _)| *waits == fewest);
        prompt.map(|(_, work)| *work)
    };
    let (least, most) = (prompt().min().unwrap_or(0), prompt().max().unwrap_or(0));
    let late = POLLS - prompt().count();
    let state = size_of_val(&pzem);
    let _ = writeln!(Host, "RAM: {state} bytes of state, {stack} bytes of stack");
    let _ = writeln!(
        Host,
        "{booking} instructions of bookkeeping for each wait left out"
    );
    let _ = writeln!(
        Host,
        "instructions per poll: {least} to {most}, {late} with a late reply left out"
    );
    end(0)
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = writeln!(Host, "{info}");
    end(101)
}
