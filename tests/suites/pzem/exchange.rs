//! One exchange on a line that does what lines do: noise, echoes, late and foreign replies.

use metering_tests::script::{PortError, Script, hex, with_crc};
use pzem::rs485::Rs485;
use pzem::{
    Address, Config, EchoMode, Error, Exception, Failure, Field, Presence, Quantity, Reason,
    Target, Verdict, blocking,
};

/// Ten registers of module 1 (PZEM-004T V3.0 datasheet, section 2.3).
const READ_1: &str = "01 04 00 00 00 0A 70 0D";
/// Captured from a PZEM-016: 239.3 V, 0.516 A, 90.1 W, 4649 Wh, 49.9 Hz, 0.73.
const REPLY_1: &str = "01 04 14 09 59 02 04 00 00 03 85 00 00 12 29 00 00 01 F3 00 49 00 00 D3 EA";
/// Captured from module 2 of three on one line.
const REPLY_2: &str = "02 04 14 08 9A 00 27 00 00 00 06 00 00 00 01 00 00 02 57 00 07 00 00 3C AB";

type Line = blocking::Pzem<metering_tests::script::Port, metering_tests::script::Delay>;

fn one() -> Address {
    Address::new(1).expect("1 is an address")
}

fn line(script: &Script) -> Line {
    line_with(script, Config::new().with_read_retries(0))
}

fn line_with(script: &Script, config: Config) -> Line {
    blocking::Pzem::with_config(script.port(), script.delay(), config)
}

fn failure<T: core::fmt::Debug>(result: Result<T, Error<PortError>>) -> Failure {
    result
        .expect_err("a failure")
        .failure()
        .expect("not of the port")
}

fn good(script: &Script) {
    let m = line(script).read(one()).expect("a good reply");
    assert_eq!(
        (m.voltage_dv, m.current_ma, m.power_dw, m.energy_wh),
        (2393, 516, 901, 4649)
    );
    assert_eq!((m.frequency_dhz, m.power_factor_percent), (499, 73));
    script.done();
}

#[test]
fn golden_requests() {
    let read = |target: Target, request: &str| {
        let script = Script::new().expect(&hex(request));
        assert_eq!(failure(line(&script).read(target)), Failure::NoReply);
        script.done();
    };
    read(Target::Unit(one()), READ_1);
    read(Target::General, "F8 04 00 00 00 0A 64 64");
    read(
        Address::new(2).expect("2").into(),
        "02 04 00 00 00 0A 70 3E",
    );
    let script = Script::new().expect(&hex("01 04 00 00 00 08 F1 CC"));
    assert_eq!(failure(line(&script).read_dc(one())), Failure::NoReply);
    script.done();
    let script = Script::new().expect(&hex("01 04 00 00 00 09 30 0C"));
    let result = line(&script).read_without_alarm(one());
    assert_eq!(failure(result), Failure::NoReply);
    script.done();
    let script = Script::new().expect(&hex("F8 04 00 00 00 01 25 A3"));
    let result = line(&script).read_value(Target::General, Quantity::Voltage);
    assert_eq!(failure(result), Failure::NoReply);
    script.done();
}

#[test]
fn a_good_reply_however_it_arrives() {
    let whole = hex(REPLY_1);
    good(&Script::new().expect(&hex(READ_1)).reply(30, &whole));
    good(
        &Script::new()
            .expect(&hex(READ_1))
            .reply(30, &whole)
            .chunk(1),
    );
    for split in 1..whole.len() {
        let (head, tail) = whole.split_at(split);
        // A pause of three characters in the middle of the reply.
        let resume = 30 + split as u64 + 4;
        good(
            &Script::new()
                .expect(&hex(READ_1))
                .reply(30, head)
                .reply(resume, tail),
        );
    }
}

#[test]
fn noise_before_and_after_the_reply_is_skipped() {
    let reply = hex(REPLY_1);
    for noise in [
        "00",
        "FF FF FF",
        // The start of another reply of the same module, cut off.
        "01 04 14 09 59 02",
        // Starts that claim a longer frame than ever comes.
        "01",
        "01 04",
        "01 04 14",
        "F8 04 14",
        "01 06",
        "01 84",
        "01 01 01 04 01 04 14 01 04",
    ] {
        let mut bytes = hex(noise);
        bytes.extend(&reply);
        bytes.extend(hex("00 FF 01"));
        good(&Script::new().expect(&hex(READ_1)).reply(30, &bytes));
        good(
            &Script::new()
                .expect(&hex(READ_1))
                .reply(30, &bytes)
                .chunk(1),
        );
    }
}

#[test]
fn what_was_on_the_line_before_the_request_is_discarded() {
    let mut stale = hex(REPLY_1);
    stale[4] = 0x11;
    let body = stale[..23].to_vec();
    good(
        &Script::new()
            .noise(&with_crc(body))
            .expect(&hex(READ_1))
            .reply(30, &hex(REPLY_1)),
    );
}

#[test]
fn a_foreign_reply_is_never_taken_but_named() {
    let script = Script::new().expect(&hex(READ_1)).reply(30, &hex(REPLY_2));
    let found = failure(line(&script).read(one()));
    assert_eq!(
        found,
        Failure::Stray {
            address: 2,
            function: 4
        }
    );
    // Followed by the real one it is passed over.
    let mut both = hex(REPLY_2);
    both.extend(hex(REPLY_1));
    good(&Script::new().expect(&hex(READ_1)).reply(30, &both));
}

#[test]
fn a_reply_to_another_function_or_of_another_length_is_never_taken() {
    let holding = with_crc(hex("01 03 04 08 FC 00 01"));
    let script = Script::new().expect(&hex(READ_1)).reply(30, &holding);
    let found = failure(line(&script).read(one()));
    assert_eq!(
        found,
        Failure::Stray {
            address: 1,
            function: 3
        }
    );

    let mut nine = hex(REPLY_1)[..21].to_vec();
    nine[2] = 0x12;
    let script = Script::new()
        .expect(&hex(READ_1))
        .reply(30, &with_crc(nine));
    let found = failure(line(&script).read(one()));
    assert_eq!(
        found,
        Failure::Stray {
            address: 1,
            function: 4
        }
    );
}

#[test]
fn the_late_reply_to_one_value_is_not_taken_for_another() {
    // Voltage was asked for and came late; frequency is asked for meanwhile.
    let late_voltage = with_crc(hex("01 04 02 09 59"));
    let script = Script::new()
        .expect(&with_crc(hex("01 04 00 00 00 08")))
        .reply(5, &late_voltage);
    let result = line(&script).read_value(one(), Quantity::Frequency);
    assert_eq!(
        failure(result),
        Failure::Stray {
            address: 1,
            function: 4
        }
    );
}

#[test]
fn one_value_is_the_last_of_what_was_read() {
    for (quantity, registers, expected) in [
        (Quantity::Voltage, 1, 2393),
        (Quantity::Current, 3, 516),
        (Quantity::Power, 5, 901),
        (Quantity::Energy, 7, 4649),
        (Quantity::Frequency, 8, 499),
        (Quantity::PowerFactor, 9, 73),
    ] {
        let bytes = 2 * usize::from(registers);
        let mut reply = vec![1, 4, 2 * registers];
        reply.extend(&hex(REPLY_1)[3..3 + bytes]);
        let script = Script::new()
            .expect(&with_crc(vec![1, 4, 0, 0, 0, registers]))
            .reply(30, &with_crc(reply));
        assert_eq!(line(&script).read_value(one(), quantity), Ok(expected));
        script.done();
    }
}

#[test]
fn exceptions_end_the_wait_at_once() {
    for (code, exception) in [
        (1, Exception::ILLEGAL_FUNCTION),
        (2, Exception::ILLEGAL_ADDRESS),
        (3, Exception::ILLEGAL_DATA),
        (4, Exception::SLAVE_ERROR),
        (9, Exception(9)),
    ] {
        let script = Script::new()
            .expect(&hex(READ_1))
            .reply(30, &with_crc(vec![0x01, 0x84, code]));
        let before = script.now_us();
        let found = failure(line(&script).read(one()));
        assert_eq!(found, Failure::Exception(exception));
        assert_eq!(exception.0, code);
        // 4 ms silence, 8 bytes, 30 ms, 5 bytes: far below the timeout of 200 ms.
        assert!(script.now_us() - before < 50_000);
    }
}

#[test]
fn an_exception_with_a_wrong_check_value_or_to_another_function_is_none() {
    let mut bad = with_crc(vec![0x01, 0x84, 2]);
    bad[4] ^= 1;
    let script = Script::new().expect(&hex(READ_1)).reply(30, &bad);
    let found = failure(line(&script).read(one()));
    assert_eq!(found, Failure::Garbled { received: 5 });

    for function in [0x83, 0x86, 0xC1, 0xC2] {
        let other = with_crc(vec![0x01, function, 2]);
        let script = Script::new().expect(&hex(READ_1)).reply(30, &other);
        let found = failure(line(&script).read(one()));
        assert_eq!(
            found,
            Failure::Stray {
                address: 1,
                function
            }
        );
    }
}

#[test]
fn silence_costs_the_timeout_and_the_time_on_the_wire() {
    let script = Script::new().expect(&hex(READ_1));
    assert_eq!(failure(line(&script).read(one())), Failure::NoReply);
    // 4 ms silence, 8 bytes out, 200 ms, 25 bytes that never came and the 8 of an echo.
    let expected = 4_000 + 8 * 1_042 + 200_000 + (25 + 8) * 1_042;
    let spent = script.now_us();
    assert!(spent.abs_diff(expected) <= 250, "{spent} us");
}

#[test]
fn reads_are_repeated_and_stop_at_the_first_good_reply() {
    let mut broken = hex(REPLY_1);
    broken[10] ^= 0x40;
    let script = Script::new()
        .expect(&hex(READ_1))
        .reply(30, &broken)
        .expect(&hex(READ_1))
        .expect(&hex(READ_1))
        .reply(30, &hex(REPLY_1));
    let mut pzem = line_with(&script, Config::new().with_read_retries(2));
    assert!(pzem.read(one()).is_ok());
    let stats = *pzem.stats();
    assert_eq!((stats.ok, stats.garbled, stats.no_reply), (1, 1, 1));
    assert_eq!(stats.exchanges(), 3);
    script.done();
}

#[test]
fn a_refusal_is_not_repeated() {
    let script = Script::new()
        .expect(&hex(READ_1))
        .reply(30, &hex("01 84 02 C2 C1"));
    let mut pzem = line_with(&script, Config::new().with_read_retries(5));
    let found = failure(pzem.read(one()));
    assert_eq!(found, Failure::Exception(Exception::ILLEGAL_ADDRESS));
    script.done();
}

#[test]
fn the_request_come_back_is_skipped_and_counted() {
    for mode in [EchoMode::Off, EchoMode::On] {
        let script = Script::new()
            .expect(&hex(READ_1))
            .reply(0, &hex(READ_1))
            .reply(35, &hex(REPLY_1));
        let mut pzem = line_with(&script, Config::new().with_echo(mode));
        assert!(pzem.read(one()).is_ok(), "{mode:?}");
        assert_eq!((pzem.stats().echoes, pzem.stats().discarded_bytes), (1, 0));
    }
    // Nothing but the echo is no reply.
    let script = Script::new().expect(&hex(READ_1)).reply(0, &hex(READ_1));
    assert_eq!(failure(line(&script).read(one())), Failure::NoReply);
}

#[test]
fn garbage_with_a_right_check_value_is_refused_with_the_field() {
    // Logged from a module that was powered up (Tasmota issue 5875): 4281 V.
    let power_up = with_crc(hex(
        "01 04 14 A7 3A 21 33 16 21 8F 60 4F 8D 00 00 00 00 55 B4 29 35 00 00",
    ));
    let script = Script::new().expect(&hex(READ_1)).reply(30, &power_up);
    let found = failure(line(&script).read(one()));
    let Failure::Implausible(implausible) = found else {
        panic!("{found:?}");
    };
    assert_eq!(
        (implausible.field, implausible.reason),
        (Field::Voltage, Reason::OutOfRange)
    );
    let mut wrong_factor = hex(REPLY_1)[..23].to_vec();
    wrong_factor[20] = 0x4B;
    let script = Script::new()
        .expect(&hex(READ_1))
        .reply(30, &with_crc(wrong_factor));
    let found = failure(line(&script).read(one()));
    let Failure::Implausible(implausible) = found else {
        panic!("{found:?}");
    };
    assert_eq!(
        (implausible.field, implausible.reason),
        (Field::PowerFactor, Reason::Contradicts)
    );
}

#[test]
fn receiver_errors_are_counted_and_passed_over() {
    let script = Script::new()
        .expect(&hex(READ_1))
        .fail(10, PortError::Overrun)
        .reply(30, &hex(REPLY_1));
    let mut pzem = line(&script);
    assert!(pzem.read(one()).is_ok());
    assert_eq!(pzem.stats().uart_errors, 1);

    // When no reply comes through, the port is to blame, with its first error.
    let script = Script::new()
        .expect(&hex(READ_1))
        .fail(10, PortError::Overrun)
        .fail(20, PortError::Unplugged);
    let result = line(&script).read(one());
    assert_eq!(result, Err(Error::Uart(PortError::Overrun)));
}

#[test]
fn a_port_that_can_not_send_is_an_error_at_once() {
    let script = Script::new().fail_write(PortError::Unplugged);
    let result = line(&script).read(one());
    assert_eq!(result, Err(Error::Uart(PortError::Unplugged)));
    assert!(script.now_us() < 10_000);
}

#[test]
fn a_line_that_never_falls_silent_is_told() {
    let script = Script::new().noise(&[0x55; 300]);
    assert_eq!(failure(line(&script).read(one())), Failure::Babble);
    // Noise that begins after the request ends with the timeout; the next read sees the rest.
    let script = Script::new().expect(&hex(READ_1)).reply(1, &[0x55; 600]);
    let mut pzem = line(&script);
    assert!(matches!(failure(pzem.read(one())), Failure::Garbled { .. }));
    assert_eq!(failure(pzem.read(one())), Failure::Babble);
}

#[test]
fn probes_tell_families_and_silence() {
    let probe = |reply: Option<&str>| {
        let script = Script::new().expect(&hex(READ_1));
        let script = match reply {
            Some(reply) => script.reply(30, &hex(reply)),
            None => script,
        };
        line(&script).probe(one()).expect("the port works")
    };
    assert_eq!(probe(Some(REPLY_1)), Presence::Module(pzem::Family::Ac));
    // Captured from a PZEM-017 that was asked for too many registers.
    assert_eq!(
        probe(Some("01 84 02 C2 C1")),
        Presence::Module(pzem::Family::Dc)
    );
    assert_eq!(probe(None), Presence::Silent);
    assert_eq!(probe(Some("01 04 14 09")), Presence::Garbled);
}

#[test]
fn a_scan_steps_through_the_addresses() {
    let mut script = Script::new();
    for address in 1..=3 {
        script = script.expect(&with_crc(vec![address, 4, 0, 0, 0, 10]));
        if address == 2 {
            script = script.reply(30, &hex(REPLY_2));
        }
    }
    let last = Address::new(3).expect("3");
    let found: Vec<_> = line(&script)
        .scan(Address::FIRST..=last)
        .map(|(address, result)| (address.get(), result.expect("the port works")))
        .collect();
    assert_eq!(
        found,
        [
            (1, Presence::Silent),
            (2, Presence::Module(pzem::Family::Ac)),
            (3, Presence::Silent)
        ]
    );
    script.done();
}

#[test]
fn a_diagnosis_names_what_the_line_does() {
    let diagnose = |reply: Option<&[u8]>| {
        let mut script = Script::new();
        for _ in 0..5 {
            script = script.expect(&hex(READ_1));
            if let Some(reply) = reply {
                script = script.reply(20, reply);
            }
        }
        let diagnosis = line(&script).diagnose(one()).expect("the port works");
        script.done();
        (diagnosis.verdict(), diagnosis.echoing())
    };
    let mut echo_and_reply = hex(READ_1);
    echo_and_reply.extend(hex(REPLY_1));
    assert_eq!(diagnose(Some(&hex(REPLY_1))), (Verdict::Answering, false));
    assert_eq!(diagnose(Some(&echo_and_reply)), (Verdict::Answering, true));
    assert_eq!(diagnose(Some(&hex(READ_1))), (Verdict::OnlyEcho, true));
    assert_eq!(diagnose(Some(&hex("01 04 14"))), (Verdict::Garbled, false));
    assert_eq!(
        diagnose(Some(&hex(REPLY_2))),
        (Verdict::OtherModule(2), false)
    );
    assert_eq!(diagnose(None), (Verdict::Silent, false));
}

#[test]
fn the_driver_enable_pin_is_up_while_sending_only() {
    use std::cell::RefCell;
    use std::rc::Rc;

    #[derive(Clone, Default)]
    struct Pin(Rc<RefCell<Vec<bool>>>);
    impl embedded_hal::digital::ErrorType for Pin {
        type Error = core::convert::Infallible;
    }
    impl embedded_hal::digital::OutputPin for Pin {
        fn set_low(&mut self) -> Result<(), Self::Error> {
            self.0.borrow_mut().push(false);
            Ok(())
        }
        fn set_high(&mut self) -> Result<(), Self::Error> {
            self.0.borrow_mut().push(true);
            Ok(())
        }
    }

    let pin = Pin::default();
    let script = Script::new().expect(&hex(READ_1)).reply(30, &hex(REPLY_1));
    let port = Rs485::new(script.port(), pin.clone()).expect("a pin that works");
    let mut pzem = blocking::Pzem::new(port, script.delay());
    assert!(pzem.read(one()).is_ok());
    let mut levels = pin.0.borrow().clone();
    levels.dedup();
    assert_eq!(levels, [false, true, false]);
}
