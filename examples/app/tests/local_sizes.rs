//! RAM that the tasks around the meter take: their futures and what they keep. Printed, and held below limits: on a
//! chip each byte of a future is one of RAM. On a 32-bit chip they are smaller than here, where pointers have 8 bytes.
#![cfg(all(feature = "sd", feature = "local-page"))]
#![allow(clippy::panic, reason = "a test may fail")]

use core::mem::size_of_val;

use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use embedded_sdmmc::{Block, BlockCount, BlockDevice, BlockIdx};
use smart_meter::archive::{self, Card, Inbox};
use smart_meter::display::{self, Picture};
use smart_meter::live::Live;
use smart_meter::local::{self, REQUEST, Site};
use smart_meter::platform::{Accepted, Button, Clock, ConnectError, Led, Listener};
use smart_meter::record::Record;
use smart_meter::serial_log::SerialLog;
use smart_meter::settings::Settings;
use smart_meter::{button, calibrate, indicator};

/// A part of a device that does nothing and has no size.
#[derive(Clone, Copy)]
struct Nothing;

impl Clock for Nothing {
    fn now_ms(&self) -> u64 {
        0
    }

    async fn sleep_until(&self, _: u64) {}
}

impl Led for Nothing {
    fn set(&mut self, _: bool) {}
}

impl Button for Nothing {
    fn is_pressed(&mut self) -> bool {
        false
    }
}

impl BlockDevice for Nothing {
    type Error = core::convert::Infallible;

    fn read(&self, _: &mut [Block], _: BlockIdx) -> Result<(), Self::Error> {
        Ok(())
    }

    fn write(&self, _: &[Block], _: BlockIdx) -> Result<(), Self::Error> {
        Ok(())
    }

    fn num_blocks(&self) -> Result<BlockCount, Self::Error> {
        Ok(BlockCount(0))
    }
}

impl Card for Nothing {}

impl ErrorType for Nothing {
    type Error = ErrorKind;
}

impl Read for Nothing {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, ErrorKind> {
        Ok(0)
    }
}

impl Write for Nothing {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl Accepted for Nothing {
    async fn finish(&mut self) {}
}

impl Listener for Nothing {
    type Stream<'a> = Self;

    async fn accept(&mut self) -> Result<Self, ConnectError> {
        Ok(Self)
    }
}

#[test]
fn tasks_are_small() {
    let live = Live::new(Settings::default());
    let random = || 0;
    let site = Site::new(&live, &random);
    let inbox = Inbox::<24>::new();
    let mut picture = Picture::new();
    let mut request = [0; REQUEST];
    let log = SerialLog::new(String::new());
    let rows = [
        ("the present, settings included", size_of_val(&live), 4_500),
        ("a record", size_of::<Record>(), 128),
        ("archive: inbox of 24 records", size_of_val(&inbox), 3_000),
        (
            "archive: task",
            size_of_val(&archive::run(Nothing, &inbox, Nothing, &live)),
            3_000,
        ),
        (
            "display: task, without its picture",
            size_of_val(&display::run(&mut picture, Nothing, &live)),
            300,
        ),
        (
            "indicator: task",
            size_of_val(&indicator::run(Nothing, Nothing, &live)),
            100,
        ),
        (
            "button: task",
            size_of_val(&button::run(Nothing, Nothing, &live)),
            200,
        ),
        (
            "console: task",
            size_of_val(&log.watch(Nothing, &live)),
            300,
        ),
        (
            "local page: what connections share",
            size_of_val(&site),
            400,
        ),
        (
            "local page: readings for the calibration",
            size_of::<calibrate::Calibrator>(),
            100,
        ),
        (
            "local page: a connection",
            size_of_val(&local::serve(Nothing, &Nothing, &site, &mut request)),
            6_000,
        ),
        ("local page: request of a connection", REQUEST, 2_048),
    ];
    let mut too_large = Vec::new();
    for (what, bytes, limit) in rows {
        println!("{bytes:>6} bytes  {what}");
        if bytes > limit {
            too_large.push(what);
        }
    }
    assert!(too_large.is_empty(), "too large: {too_large:?}");
}
