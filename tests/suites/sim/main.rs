//! The simulator against captured frames and the datasheets: it has to be right by itself before
//! it can judge a driver.

use embedded_io::{Read, ReadReady, Write};
use meter_sim::pzem::{
    AcModule, DcModule, Fault, Faults, LegacyModule, Line, Load, ModuleId, UartError,
};
use metering_tests::fixture::lines;
use metering_tests::script::{hex, with_crc};

const NOTHING: [u8; 0] = [];

/// Sends `request` and returns what came within 300 ms, with the time of the last byte in us.
fn ask(line: &Line, request: &[u8]) -> (Vec<u8>, u64) {
    line.transmit(request);
    let mut bytes = Vec::new();
    let mut last_us = 0;
    let start = line.now_us();
    while line.now_us() < start + 300_000 {
        line.advance_us(10);
        let more = line.take_received();
        if !more.is_empty() {
            last_us = line.now_us();
            bytes.extend(more);
        }
    }
    (bytes, last_us)
}

fn reply(line: &Line, request: &str) -> Vec<u8> {
    ask(line, &with_crc(hex(request))).0
}

fn with_module(module: AcModule) -> (Line, ModuleId) {
    let line = Line::new();
    let id = line.attach(module);
    (line, id)
}

#[test]
fn replies_equal_captured_ones_to_the_byte() {
    let mut seen = 0;
    for captured in lines() {
        let is_ac = captured.proto == "rtu" && captured.has("frequency_dHz");
        if !is_ac || captured.crc_ok != Some(true) {
            continue;
        }
        let registers: Vec<u16> = captured.bytes[3..captured.bytes.len() - 2]
            .chunks(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect();
        let mut all = [0; 10];
        all[..registers.len()].copy_from_slice(&registers);
        let address = captured.bytes[0];
        let mut module = AcModule::new(if address == 0xF8 { 1 } else { address });
        module.set_registers(all);
        let (line, _) = with_module(module);
        let count = registers.len() as u8;
        let request = with_crc(vec![address, 4, 0, 0, 0, count]);
        assert_eq!(
            ask(&line, &request).0,
            captured.bytes,
            "frame {}",
            captured.id
        );
        seen += 1;
    }
    assert_eq!(seen, 60);
}

#[test]
fn measured_values_fit_together_as_in_captured_frames() {
    // Loads whose registers were captured; power and power factor have to come out by themselves.
    for (voltage_dv, current_ma, percent, power_dw, factor) in [
        (2393, 516, 73, 901, 73),
        (2257, 108, 100, 244, 100),
        (2244, 23, 60, 31, 60),
        (1234, 90_890, 34, 38_134, 34),
    ] {
        let load = Load {
            voltage_dv,
            current_ma,
            power_factor_percent: percent,
            frequency_dhz: 500,
        };
        assert_eq!(
            (load.power_dw(), load.power_factor_register()),
            (power_dw, factor)
        );
    }
}

#[test]
fn a_reply_ends_when_its_bytes_are_through() {
    let (line, _) = with_module(AcModule::new(1).with_turnaround_us(30_000));
    let (bytes, last_us) = ask(&line, &hex("01 04 00 00 00 0A 70 0D"));
    assert_eq!(bytes.len(), 25);
    // 8 bytes, 30 ms, 25 bytes of ten bits at 9600 baud; looked at every 10 us.
    let expected = (8 + 25) * 10_000_000 / 9_600 + 30_000;
    assert!(last_us - expected <= 10, "{last_us} instead of {expected}");
}

#[test]
fn the_three_faces_deliver_the_same_bytes() {
    let request = hex("01 04 00 00 00 0A 70 0D");
    let module = || AcModule::new(1).with_household(3).with_energy_wh(77);
    let (line, _) = with_module(module());
    let raw = ask(&line, &request).0;

    let (line, _) = with_module(module());
    let mut uart = line.uart();
    uart.write_all(&request).unwrap();
    uart.flush().unwrap();
    assert_eq!(uart.read_ready(), Ok(false));
    let mut blocking = vec![0; 25];
    uart.read_exact(&mut blocking).unwrap();
    assert_eq!(uart.read(&mut [0]), Err(UartError::WouldBlockForever));

    let (line, _) = with_module(module());
    let mut port = line.uart();
    let asynch = line.block_on(async {
        use embedded_io_async::{Read, Write};
        Write::write_all(&mut port, &request).await.unwrap();
        Write::flush(&mut port).await.unwrap();
        let mut bytes = vec![0; 25];
        Read::read_exact(&mut port, &mut bytes).await.unwrap();
        bytes
    });

    let (line, _) = with_module(module());
    let mut port = line.uart();
    let mut nonblocking = Vec::new();
    for byte in &request {
        embedded_hal_nb::serial::Write::write(&mut port, *byte).unwrap();
    }
    while nonblocking.len() < 25 {
        match embedded_hal_nb::serial::Read::read(&mut port) {
            Ok(byte) => nonblocking.push(byte),
            Err(nb::Error::WouldBlock) => line.advance_us(100),
            Err(nb::Error::Other(error)) => panic!("{error}"),
        }
    }
    assert_eq!(raw.len(), 25);
    assert_eq!((&raw, &raw, &raw), (&blocking, &asynch, &nonblocking));
}

#[test]
fn settings_and_exceptions() {
    let (line, id) = with_module(AcModule::new(1));
    // Captured: one register too many is exception 2; address 0 or 248 is exception 3.
    assert_eq!(reply(&line, "01 04 00 00 00 0B"), hex("01 84 02 C2 C1"));
    for refused in ["00 00", "00 F8", "00 FF", "01 00"] {
        let answer = reply(&line, &format!("01 06 00 02 {refused}"));
        assert_eq!(answer, hex("01 86 03 02 61"), "{refused}");
    }
    assert_eq!(reply(&line, "01 06 00 00 00 01"), with_crc(hex("01 86 02")));
    assert_eq!(reply(&line, "01 10 00 00 00 01"), with_crc(hex("01 90 01")));
    // The echo carries the old address; the new one counts at once.
    assert_eq!(
        reply(&line, "01 06 00 02 00 05"),
        with_crc(hex("01 06 00 02 00 05"))
    );
    assert_eq!(reply(&line, "01 03 00 02 00 01"), NOTHING);
    assert_eq!(
        reply(&line, "05 03 00 02 00 01"),
        with_crc(hex("05 03 02 00 05"))
    );
    assert_eq!(
        reply(&line, "F8 03 00 02 00 01"),
        with_crc(hex("F8 03 02 00 05"))
    );
    assert_eq!(
        reply(&line, "05 06 00 01 08 FC"),
        with_crc(hex("05 06 00 01 08 FC"))
    );
    assert_eq!(line.ac(id, |m| m.threshold_w()), Some(2300));
    // A request with a wrong check value, and one for another module, are not answered.
    assert_eq!(ask(&line, &hex("05 03 00 02 00 01 00 00")).0, NOTHING);
    assert_eq!(reply(&line, "06 03 00 02 00 01"), NOTHING);
}

#[test]
fn energy_is_counted_exactly_and_reset() {
    let load = Load {
        voltage_dv: 2300,
        current_ma: 10_000,
        power_factor_percent: 100,
        frequency_dhz: 500,
    };
    let (line, id) = with_module(AcModule::new(1).with_load(load));
    // 2300 W for one hour less 300 ms, then over the step.
    line.advance_us(3_599_700_000);
    assert_eq!(
        line.ac(id, |m| (m.registers(3_599_700_000)[5], m.energy_wh())),
        Some((2299, 2299))
    );
    line.advance_us(300_000);
    let now = line.now_us();
    assert_eq!(line.ac(id, |m| m.registers(now)[5]), Some(2300));
    assert_eq!(reply(&line, "01 42"), hex("01 42 80 11"));
    let now = line.now_us();
    assert_eq!(line.ac(id, |m| m.registers(now)[5]), Some(0));
}

#[test]
fn alarm_power_and_garbage() {
    let load = Load {
        voltage_dv: 2300,
        current_ma: 11_000,
        power_factor_percent: 100,
        frequency_dhz: 500,
    };
    let (line, id) = with_module(AcModule::new(1).with_load(load).with_power_up_garbage(true));
    let garbage = reply(&line, "01 04 00 00 00 0A");
    assert_eq!(garbage[3..5], 42_810_u16.to_be_bytes());
    reply(&line, "01 06 00 01 08 FC");
    assert_eq!(reply(&line, "01 04 00 00 00 0A")[21..23], [0xFF, 0xFF]);
    line.ac(id, |m| m.set_powered(false));
    assert_eq!(reply(&line, "01 04 00 00 00 0A"), NOTHING);
    line.ac(id, |m| m.set_powered(true));
    assert_eq!(reply(&line, "01 04 00 00 00 0A"), garbage);
}

#[test]
fn two_modules_at_the_general_address_collide_and_push_pull_blocks() {
    let line = Line::new();
    line.attach(AcModule::new(1).with_load(Load {
        voltage_dv: 2301,
        ..Load::NONE
    }));
    let second = line.attach(AcModule::new(2).with_load(Load {
        voltage_dv: 2298,
        ..Load::NONE
    }));
    let alone = reply(&line, "02 04 00 00 00 01");
    assert_eq!(alone, with_crc(vec![2, 4, 2, 0x08, 0xFA]));
    let both = reply(&line, "F8 04 00 00 00 01");
    assert_ne!(both, with_crc(both[..both.len() - 2].to_vec()), "garbled");

    line.ac(second, |m| *m = AcModule::new(2).with_push_pull(true));
    assert_eq!(reply(&line, "01 04 00 00 00 01"), NOTHING);
    assert_eq!(reply(&line, "02 04 00 00 00 01").len(), 7);
}

#[test]
fn dc_modules_have_eight_registers() {
    let line = Line::new();
    line.attach(DcModule::new(1).with_load(10_000, 100));
    // The example of the manual: 100 V, 1 A, 100 W.
    let expected = with_crc(hex(
        "01 04 10 27 10 00 64 03 E8 00 00 00 00 00 00 00 00 00 00",
    ));
    assert_eq!(reply(&line, "01 04 00 00 00 08"), expected);
    assert_eq!(reply(&line, "01 04 00 00 00 0A"), hex("01 84 02 C2 C1"));
    reply(&line, "01 06 00 03 00 01");
    assert_eq!(reply(&line, "01 04 00 00 00 08")[5..7], [0, 50]);
}

#[test]
fn legacy_modules_answer_once_they_have_an_address() {
    let load = Load {
        voltage_dv: 2302,
        current_ma: 17_320,
        power_factor_percent: 55,
        frequency_dhz: 500,
    };
    let line = Line::new();
    line.attach(LegacyModule::new().with_load(load).with_energy_wh(99_999));
    assert_eq!(ask(&line, &hex("B0 C0 A8 01 01 00 1A")).0, NOTHING);
    // Requests and replies of the manual.
    assert_eq!(
        ask(&line, &hex("B4 C0 A8 01 01 00 1E")).0,
        hex("A4 00 00 00 00 00 A4")
    );
    assert_eq!(
        ask(&line, &hex("B0 C0 A8 01 01 00 1A")).0,
        hex("A0 00 E6 02 00 00 88")
    );
    assert_eq!(
        ask(&line, &hex("B1 C0 A8 01 01 00 1B")).0,
        hex("A1 00 11 20 00 00 D2")
    );
    assert_eq!(
        ask(&line, &hex("B3 C0 A8 01 01 00 1D")).0,
        hex("A3 01 86 9F 00 00 C9")
    );
}

#[test]
fn every_fault_does_something_and_the_same_each_time() {
    for (name, fault) in Fault::ALL {
        assert_eq!(Fault::by_name(name), Some(fault));
        assert_eq!(fault.name(), name);
        let run = || {
            let (line, _) = with_module(AcModule::new(1));
            line.set_faults(Faults::seeded(11));
            line.inject(fault);
            ask(&line, &hex("01 04 00 00 00 0A 70 0D"))
        };
        let (line, _) = with_module(AcModule::new(1));
        let good = ask(&line, &hex("01 04 00 00 00 0A 70 0D"));
        assert_ne!(run(), good, "{name}");
        assert_eq!(run(), run(), "{name}");
    }
    assert_eq!(Fault::by_name("gremlin"), None);
}

#[test]
fn faults_strike_at_their_rate() {
    let (line, _) = with_module(AcModule::new(1));
    line.set_faults(Faults::seeded(5).with(Fault::Silence, 250_000));
    let answered = (0..1_000)
        .filter(|_| {
            line.transmit(&hex("01 04 00 00 00 0A 70 0D"));
            line.advance_us(100_000);
            !line.take_received().is_empty()
        })
        .count();
    assert!((700..800).contains(&answered), "{answered}");
    let counters = line.counters();
    assert_eq!(counters.replies, 1_000);
    assert_eq!(counters.faulty_replies, 1_000 - answered as u64);
}

#[test]
fn a_receiver_that_is_not_read_overruns() {
    let (line, _) = with_module(AcModule::new(1));
    line.set_rx_capacity(16);
    line.transmit(&hex("01 04 00 00 00 0A 70 0D"));
    line.advance_us(100_000);
    let mut uart = line.uart();
    let mut bytes = [0; 32];
    assert_eq!(uart.read(&mut bytes), Err(UartError::Overrun));
    assert_eq!(uart.read(&mut bytes), Ok(16));
}
