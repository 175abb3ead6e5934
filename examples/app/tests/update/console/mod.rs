//! What a person types at the console, and what comes back.

mod calibration;
mod secrets;
mod setup;
mod status;
mod typing;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use embassy_futures::block_on;
use embassy_futures::select::select;
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use meter_core::detect::{Event, Latch, Method};
use meter_core::{EventCode, Phase};
use proptest::prelude::*;
use smart_meter::blobs::{Blobs, FlashBlobs, Key};
use smart_meter::console::{BUFFER, console};
use smart_meter::live::{Channel, Live, NetworkState, TimeSource, TimeState};
use smart_meter::ota::Version;
use smart_meter::platform::Clock;
use smart_meter::record::Values;
use smart_meter::settings::Settings;
use smart_meter::settings::stored::{MAX_STORED, load};

use crate::authority::CA;
use crate::clock::StepClock;
use crate::flash::{Chip, Region};

/// A serial line, with a person at its other end.
#[derive(Clone, Default)]
struct Serial {
    typed: Rc<RefCell<VecDeque<u8>>>,
    shown: Rc<RefCell<Vec<u8>>>,
}

impl ErrorType for Serial {
    type Error = ErrorKind;
}

impl Read for Serial {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        loop {
            if let Some(byte) = self.typed.borrow_mut().pop_front() {
                buffer[0] = byte;
                return Ok(1);
            }
            embassy_futures::yield_now().await;
        }
    }
}

impl Write for Serial {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.shown.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

type Store = FlashBlobs<Region, 3_200>;

/// A device with its console.
struct Desk {
    chip: Rc<RefCell<Chip>>,
    live: Live,
    clock: StepClock,
    serial: Serial,
}

impl Desk {
    fn new() -> Self {
        let chip = Chip::new(2);
        let desk = Self {
            chip,
            live: Live::new(Settings::default()),
            clock: StepClock::default(),
            serial: Serial::default(),
        };
        *desk.live.settings.borrow_mut() = desk.stored();
        desk
    }

    fn blobs(&self) -> Store {
        Store::new(Region::whole(&self.chip)).unwrap()
    }

    fn stored(&self) -> Settings {
        block_on(load(&mut self.blobs(), &mut [0; MAX_STORED])).settings
    }

    /// Runs the console while somebody acts.
    fn with(&self, act: impl AsyncFnOnce(&Self)) {
        let (mut blobs, mut buffer) = (self.blobs(), [0; BUFFER]);
        let console = console(
            self.serial.clone(),
            Passing(&self.clock),
            &mut blobs,
            &self.live,
            &mut buffer,
        );
        block_on(select(console, act(self)));
    }

    /// Types something and returns everything that is shown then.
    async fn types(&self, text: impl AsRef<[u8]>) -> String {
        self.serial.shown.borrow_mut().clear();
        self.serial.typed.borrow_mut().extend(text.as_ref());
        while !self.serial.typed.borrow().is_empty() {
            embassy_futures::yield_now().await;
        }
        for _ in 0..20 {
            embassy_futures::yield_now().await;
        }
        String::from_utf8_lossy(&self.serial.shown.borrow()).into_owned()
    }

    /// Enters a line; what is answered, without the echo and the next prompt.
    async fn enters(&self, line: &str) -> String {
        let shown = self.types(format!("{line}\r")).await;
        let (_, answer) = shown.split_once("\r\n").expect("the line is ended");
        answer
            .trim_end_matches("> ")
            .trim_end()
            .replace("\r\n", "\n")
    }
}

struct Passing<'a>(&'a StepClock);

impl Clock for Passing<'_> {
    fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }

    async fn sleep_until(&self, at_ms: u64) {
        self.0.sleep_until(at_ms).await;
    }
}

/// Runs a console against a script of lines and parts of their answers.
fn talk(script: &[(&str, &[&str])]) -> Desk {
    let desk = Desk::new();
    desk.with(async |desk| {
        for (line, parts) in script {
            let answer = desk.enters(line).await;
            for part in *parts {
                assert!(
                    answer.contains(part),
                    "`{line}`: no \"{part}\" in:\n{answer}"
                );
            }
        }
    });
    desk
}

fn values(power_mw: i32) -> Values {
    Values {
        voltage_mv: Some(230_000),
        current_ma: Some(400),
        power_mw: Some(power_mw),
        frequency_mhz: Some(50_000),
        power_factor_milli: Some(1_000),
        import_mwh: 54_325_000,
        ..Values::default()
    }
}
