//! A network interface that exists in an emulator only: frames go in and out of memory at an address where no chip has
//! anything. It is for the checks of this project. Without the interface, its link is down for ever.

use core::cell::UnsafeCell;
use core::task::Context;

use embassy_net::Runner;
use embassy_net::driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
use embassy_sync::waitqueue::AtomicWaker;
use esp_hal::interrupt;
use esp_hal::peripherals::Interrupt;

const BASE: usize = 0x600F_0000;
/// Reads as "EMNI" when the interface is there.
const MAGIC: usize = 0x00;
/// Bit 0: a frame has come; the upper half: its length.
const STATUS: usize = 0x04;
/// Written with an address: the frame that has come goes there.
const RECEIVE: usize = 0x08;
/// Written with an address and then a length: a frame is sent from there.
const SEND_FROM: usize = 0x0C;
const SEND: usize = 0x10;
/// Whether a frame that comes interrupts.
const INTERRUPT: usize = 0x14;

const LARGEST: usize = 1_536;

fn get(register: usize) -> u32 {
    unsafe { ((BASE + register) as *const u32).read_volatile() }
}

fn set(register: usize, value: u32) {
    unsafe { ((BASE + register) as *mut u32).write_volatile(value) }
}

static WAKER: AtomicWaker = AtomicWaker::new();

#[esp_hal::handler]
fn on_frame() {
    set(INTERRUPT, 0);
    WAKER.wake();
}

/// Memory of a frame, which one token at a time uses.
struct Frame(UnsafeCell<[u8; LARGEST]>);

// There is one executor, and neither token outlives the call that it is consumed in.
unsafe impl Sync for Frame {}

static RECEIVED: Frame = Frame(UnsafeCell::new([0; LARGEST]));
static SENT: Frame = Frame(UnsafeCell::new([0; LARGEST]));

/// The interface.
pub struct Device {
    mac: [u8; 6],
    is_there: bool,
}

impl Device {
    /// The interface, if the emulator was told to have one.
    #[must_use]
    pub fn new(mac: [u8; 6]) -> Self {
        let is_there = get(MAGIC) == 0x454D_4E49;
        if is_there {
            // An interrupt that no other unit needs here.
            interrupt::bind_handler(Interrupt::WIFI_MAC, on_frame);
        }
        Self { mac, is_there }
    }
}

/// A frame that has come.
pub struct Received(usize);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, read: F) -> R {
        let memory = unsafe { &mut *RECEIVED.0.get() };
        read(&mut memory[..self.0])
    }
}

/// Room for a frame to send.
pub struct Room;

impl TxToken for Room {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let memory = unsafe { &mut *SENT.0.get() };
        let result = write(&mut memory[..length]);
        set(SEND_FROM, memory.as_ptr() as u32);
        set(SEND, length as u32);
        result
    }
}

impl Driver for Device {
    type RxToken<'a> = Received;
    type TxToken<'a> = Room;

    fn receive(&mut self, context: &mut Context<'_>) -> Option<(Received, Room)> {
        WAKER.register(context.waker());
        if !self.is_there {
            return None;
        }
        let status = get(STATUS);
        if status & 1 == 0 {
            set(INTERRUPT, 1);
            return None;
        }
        set(RECEIVE, RECEIVED.0.get() as u32);
        Some((Received(((status >> 16) as usize).min(LARGEST)), Room))
    }

    fn transmit(&mut self, _: &mut Context<'_>) -> Option<Room> {
        self.is_there.then_some(Room)
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        if self.is_there {
            LinkState::Up
        } else {
            LinkState::Down
        }
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = 1_514;
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.mac)
    }
}

/// Moves frames, for ever.
#[embassy_executor::task]
pub async fn run(mut runner: Runner<'static, Device>) -> ! {
    runner.run().await
}
