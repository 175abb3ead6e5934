//! The display on its bus: an SSD1306 from its data sheet (Solomon Systech, rev. 1.1) that keeps what it is sent.
#![cfg(feature = "ssd1306")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may fail"
)]

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use embedded_hal::i2c::{ErrorKind, ErrorType, I2c, NoAcknowledgeSource, Operation};
use smart_meter::display::{Page, Picture, View, run};
use smart_meter::live::{Channel, Live};
use smart_meter::platform::Clock;
use smart_meter::record::Values;
use smart_meter::settings::Settings;
use ssd1306::prelude::{DisplayRotation, DisplaySize128x64};
use ssd1306::{I2CDisplayInterface, Ssd1306, Ssd1306Async};

/// What the chip holds.
struct Chip {
    ram: [[u8; 128]; 8],
    columns: (u8, u8),
    pages: (u8, u8),
    at: (u8, u8),
    is_horizontal: bool,
    is_on: bool,
    is_there: bool,
    bytes: usize,
}

impl Chip {
    /// A command with its arguments, of the lengths of table 9-1.
    fn command(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((command, after)) = rest.split_first() {
            let count = match command {
                0x20 | 0x81 | 0x8d | 0xa8 | 0xd3 | 0xd5 | 0xd9 | 0xda | 0xdb => 1,
                0x21 | 0x22 => 2,
                _ => 0,
            };
            let (arguments, after) = after.split_at(count);
            match (command, arguments) {
                (0x20, [mode]) => self.is_horizontal = *mode == 0,
                (0x21, [first, last]) => (self.columns, self.at.0) = ((*first, *last), *first),
                (0x22, [first, last]) => (self.pages, self.at.1) = ((*first, *last), *first),
                (0xae | 0xaf, _) => self.is_on = *command == 0xaf,
                _ => {}
            }
            rest = after;
        }
    }

    /// Section 10.1.3: columns first, then pages, around in the window.
    fn data(&mut self, bytes: &[u8]) {
        assert!(self.is_horizontal);
        for byte in bytes {
            let (column, page) = self.at;
            self.ram[usize::from(page)][usize::from(column)] = *byte;
            self.at = if column < self.columns.1 {
                (column + 1, page)
            } else if page < self.pages.1 {
                (self.columns.0, page + 1)
            } else {
                (self.columns.0, self.pages.0)
            };
        }
    }

    /// Whether this is what a person sees; segments and rows are turned around on the modules there are, which the
    /// driver knows and turns back.
    fn shows(&self, picture: &Picture) -> bool {
        let is_lit =
            |x: u8, y: u8| self.ram[usize::from(y / 8)][usize::from(x)] >> (y % 8) & 1 == 1;
        (0..64).all(|y| (0..128).all(|x| is_lit(x, y) == picture.is_lit(x, y)))
    }
}

/// The bus; its copies are the same bus.
#[derive(Clone)]
struct Bus(Rc<RefCell<Chip>>);

impl Bus {
    fn new() -> Self {
        Self(Rc::new(RefCell::new(Chip {
            // As it is after power-up: anything.
            ram: [[0x5a; 128]; 8],
            columns: (0, 127),
            pages: (0, 7),
            at: (0, 0),
            is_horizontal: false,
            is_on: false,
            is_there: true,
            bytes: 0,
        })))
    }

    fn transfer(&self, address: u8, operations: &[Operation<'_>]) -> Result<(), ErrorKind> {
        let mut chip = self.0.borrow_mut();
        if !chip.is_there || address != 0x3c {
            return Err(ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address));
        }
        for operation in operations {
            let Operation::Write(bytes) = operation else {
                panic!("nothing is read");
            };
            chip.bytes += bytes.len();
            match bytes.split_first() {
                Some((0x00, commands)) => chip.command(commands),
                Some((0x40, data)) => chip.data(data),
                other => panic!("{other:?}"),
            }
        }
        Ok(())
    }
}

impl ErrorType for Bus {
    type Error = ErrorKind;
}

impl I2c for Bus {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        self.transfer(address, operations)
    }
}

impl embedded_hal_async::i2c::I2c for Bus {
    async fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), ErrorKind> {
        self.transfer(address, operations)
    }
}

#[derive(Clone, Default)]
struct Time(Rc<Cell<u64>>);

impl Clock for Time {
    fn now_ms(&self) -> u64 {
        self.0.get()
    }

    async fn sleep_until(&self, at_ms: u64) {
        poll_fn(|_| {
            if self.0.get() >= at_ms {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

fn live() -> Live {
    let live = Live::new(Settings {
        page_s: 0,
        ..Settings::default()
    });
    show(&live, 118_300, 0);
    live
}

fn show(live: &Live, power_mw: i32, at_ms: u64) {
    let values = Values {
        voltage_mv: Some(230_100),
        current_ma: Some(520),
        power_mw: Some(power_mw),
        ..Values::default()
    };
    let channel = Channel {
        last: Some((values, at_ms)),
        ..Channel::default()
    };
    let mut channels = live.channels.borrow_mut();
    channels.clear();
    let Ok(()) = channels.push(channel) else {
        panic!("there is room");
    };
}

fn picture(live: &Live, now_ms: u64) -> Picture {
    let mut picture = Picture::new();
    let Ok(()) = View { live, now_ms }.draw(&mut picture, Page::Values(0));
    picture
}

/// Runs a display to a time.
macro_rules! run_to {
    ($task:expr, $time:expr, $end_ms:expr) => {
        while $time.now_ms() < $end_ms {
            $time.0.set($time.now_ms() + 100);
            let _ = $task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
    };
}

#[test]
fn the_chip_shows_the_page_and_hears_nothing_while_it_stays() {
    let (bus, time, live) = (Bus::new(), Time::default(), live());
    let interface = I2CDisplayInterface::new(bus.clone());
    let mut screen = Ssd1306::new(interface, DisplaySize128x64, DisplayRotation::Rotate0)
        .into_buffered_graphics_mode();
    let mut task = pin!(run(&mut screen, time.clone(), &live));
    run_to!(task, time, 1_000);
    assert!(bus.0.borrow().is_on);
    assert!(bus.0.borrow().shows(&picture(&live, 1_000)));
    let bytes = bus.0.borrow().bytes;
    run_to!(task, time, 5_000);
    assert_eq!(bus.0.borrow().bytes, bytes, "nothing has changed");
    show(&live, -2_345_600, 5_000);
    run_to!(task, time, 6_100);
    assert!(bus.0.borrow().bytes > bytes);
    assert!(bus.0.borrow().shows(&picture(&live, 6_100)));
}

#[test]
fn a_display_that_is_plugged_in_later_or_again_is_started() {
    let (bus, time, live) = (Bus::new(), Time::default(), live());
    bus.0.borrow_mut().is_there = false;
    let interface = I2CDisplayInterface::new(bus.clone());
    let mut screen = Ssd1306Async::new(interface, DisplaySize128x64, DisplayRotation::Rotate0)
        .into_buffered_graphics_mode();
    let mut task = pin!(run(&mut screen, time.clone(), &live));
    run_to!(task, time, 3_000);
    bus.0.borrow_mut().is_there = true;
    run_to!(task, time, 5_100);
    assert!(bus.0.borrow().is_on && bus.0.borrow().shows(&picture(&live, 5_100)));
    // It loses its supply, and has it again: the next picture goes to a chip that is off.
    bus.0.borrow_mut().is_there = false;
    show(&live, 1_000, 6_000);
    run_to!(task, time, 8_000);
    let fresh = Bus::new();
    bus.0.replace(Rc::into_inner(fresh.0).unwrap().into_inner());
    run_to!(task, time, 10_100);
    assert!(bus.0.borrow().is_on && bus.0.borrow().shows(&picture(&live, 10_100)));
}
