//! A task's future is RAM on a chip.

use std::convert::Infallible;

use embedded_io_async::{ErrorType, Read, Write};
use smart_meter::live::Live;
use smart_meter::platform::{ConnectError, Endpoint, Network};
use smart_meter::settings::Settings;
use smart_meter::uplink::{self, Forgetful, Parts};

use super::device::MemoryOutbox;
use super::time::VirtualClock;

/// A connection that takes no room itself.
struct Nothing;

impl ErrorType for Nothing {
    type Error = Infallible;
}

impl Read for Nothing {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        Ok(0)
    }
}

impl Write for Nothing {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Network for Nothing {
    type Stream<'a> = Nothing;

    fn is_up(&self) -> bool {
        true
    }

    async fn connect(&mut self, _: &Endpoint<'_>) -> Result<Nothing, ConnectError> {
        Ok(Nothing)
    }
}

#[test]
fn the_task_fits_8_kb() {
    let (clock, live) = (VirtualClock::default(), Live::new(Settings::default()));
    let parts = Parts {
        network: Nothing,
        outbox: MemoryOutbox::default(),
        enrolment: Forgetful::default(),
        random: || 0,
        mac: [0; 6],
    };
    let task = uplink::run(parts, &clock, &live);
    let size = size_of_val(&task);
    println!(
        "the uplink's task is {size} bytes, a record {}",
        size_of::<smart_meter::record::Record>()
    );
    assert!(size < 8_192, "{size}");
}
