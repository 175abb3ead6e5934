//! The polled shell and the driver-enable pin against the mocks of embedded-hal-mock: exact bytes in
//! exact order, and nothing left over.

use embedded_hal_mock::eh1::digital::{Mock as PinMock, State, Transaction as Pin};
use embedded_hal_mock::eh1::serial::{Mock as SerialMock, Transaction as Serial};
use metering_tests::script::hex;
use pzem::operation::{FullBlock, Operation, ReadRegisters, WriteSetting};
use pzem::rs485::Rs485;
use pzem::{Address, Config, nonblocking};

/// Captured from a PZEM-016: 239.3 V, 0.516 A, 90.1 W, 4649 Wh, 49.9 Hz, 0.73.
const REPLY: &str = "01 04 14 09 59 02 04 00 00 03 85 00 00 12 29 00 00 01 F3 00 49 00 00 D3 EA";
const REQUEST: &str = "01 04 00 00 00 0A 70 0D";

fn config() -> Config {
    Config::new().with_quiet_ms(0).with_read_retries(0)
}

/// Polls until the end, 100 us apart.
fn finish<U, O>(pzem: &mut nonblocking::Pzem<U>, operation: O) -> O::Output
where
    U: embedded_hal_nb::serial::Read + embedded_hal_nb::serial::Write,
    O: Operation,
{
    let mut now_us = 0;
    let mut job = pzem.start(operation, now_us);
    loop {
        match pzem.poll(&mut job, now_us) {
            Ok(output) => return output,
            Err(nb::Error::WouldBlock) => now_us += 100,
            Err(nb::Error::Other(error)) => panic!("{error}"),
        }
    }
}

#[test]
fn a_read_sends_eight_bytes_and_takes_twenty_five() {
    let mut serial = SerialMock::new(&[
        Serial::write_many(hex(REQUEST)),
        Serial::flush(),
        Serial::read_error(nb::Error::WouldBlock),
        Serial::read_many(hex(REPLY)),
    ]);
    let mut pzem = nonblocking::Pzem::with_config(serial.clone(), config());
    let m = finish(&mut pzem, ReadRegisters::new(Address::FIRST, FullBlock));
    assert_eq!((m.voltage_dv, m.current_ma, m.energy_wh), (2393, 516, 4649));
    serial.done();
}

#[test]
fn a_write_is_sent_once_and_read_back() {
    // Threshold 2300 W at module 1.
    let set = metering_tests::script::with_crc(hex("01 06 00 01 08 FC"));
    let mut serial = SerialMock::new(&[
        Serial::write_many(set.clone()),
        Serial::flush(),
        Serial::read_many(set),
        Serial::write_many(metering_tests::script::with_crc(hex("01 03 00 01 00 02"))),
        Serial::flush(),
        Serial::read_many(metering_tests::script::with_crc(hex(
            "01 03 04 08 FC 00 01",
        ))),
    ]);
    let mut pzem = nonblocking::Pzem::with_config(serial.clone(), config());
    finish(
        &mut pzem,
        WriteSetting::alarm_threshold(Address::FIRST, 2300),
    );
    serial.done();
}

#[test]
fn the_driver_enable_pin_is_up_from_the_first_byte_to_the_flush() {
    let mut expected = vec![Pin::set(State::Low)];
    expected.extend(vec![Pin::set(State::High); 8]);
    // After the flush, and with every read.
    expected.extend(vec![Pin::set(State::Low); 1 + 25]);
    let mut pin = PinMock::new(&expected);
    let mut serial = SerialMock::new(&[
        Serial::write_many(hex(REQUEST)),
        Serial::flush(),
        Serial::read_many(hex(REPLY)),
    ]);
    let port = Rs485::new(serial.clone(), pin.clone()).expect("a pin that works");
    let mut pzem = nonblocking::Pzem::with_config(port, config());
    let m = finish(&mut pzem, ReadRegisters::new(Address::FIRST, FullBlock));
    assert_eq!(m.power_dw, 901);
    serial.done();
    pin.done();
}
