//! Writes are sent once, and what counts is what the module says afterwards.

use metering_tests::script::{Delay, Port, PortError, Script, hex, with_crc};
use pzem::operation::Broadcast;
use pzem::{
    Address, CalibrationToken, Config, CurrentRange, EchoMode, Error, Exception, Failure, Target,
    blocking,
};

fn line(script: &Script) -> blocking::Pzem<Port, Delay> {
    let config = Config::new().with_read_retries(0);
    blocking::Pzem::with_config(script.port(), script.delay(), config)
}

fn unit(value: u8) -> Address {
    Address::new(value).expect("an address")
}

fn failed<T: core::fmt::Debug>(result: Result<T, Error<PortError>>) -> Failure {
    result
        .expect_err("a failure")
        .failure()
        .expect("no port error")
}

/// Threshold and address of an AC module: registers 1 and 2.
fn settings(script: Script, address: u8, reply: Option<(u16, u16)>) -> Script {
    let script = script.expect(&with_crc(vec![address, 3, 0, 1, 0, 2]));
    match reply {
        None => script,
        Some((threshold, stored)) => {
            let mut body = vec![address, 3, 4];
            body.extend(threshold.to_be_bytes());
            body.extend(stored.to_be_bytes());
            script.reply(30, &with_crc(body))
        }
    }
}

const SET_2300: &str = "01 06 00 01 08 FC";

#[test]
fn a_threshold_is_read_back() {
    let set = with_crc(hex(SET_2300));
    let script = settings(
        Script::new().expect(&set).reply(30, &set),
        1,
        Some((2300, 1)),
    );
    assert_eq!(line(&script).set_alarm_threshold(unit(1), 2300), Ok(()));
    script.done();

    let script = settings(Script::new(), 1, Some((2300, 1)));
    assert_eq!(line(&script).alarm_threshold(unit(1)), Ok(2300));
}

#[test]
fn a_write_whose_reply_is_lost_is_not_repeated_but_read_back() {
    let set = with_crc(hex(SET_2300));
    let script = settings(Script::new().expect(&set), 1, Some((2300, 1)));
    assert_eq!(line(&script).set_alarm_threshold(unit(1), 2300), Ok(()));
    script.done();

    let script = settings(Script::new().expect(&set), 1, Some((1000, 1)));
    let result = line(&script).set_alarm_threshold(unit(1), 2300);
    assert_eq!(failed(result), Failure::NotApplied);

    let script = settings(Script::new().expect(&set), 1, None);
    let result = line(&script).set_alarm_threshold(unit(1), 2300);
    assert_eq!(failed(result), Failure::Unconfirmed);
}

#[test]
fn an_echo_taken_for_the_reply_is_found_out() {
    // EchoMode::Off on a line that echoes: the module never saw the write.
    let set = with_crc(hex(SET_2300));
    let script = settings(
        Script::new().expect(&set).reply(0, &set),
        1,
        Some((1000, 1)),
    );
    let result = line(&script).set_alarm_threshold(unit(1), 2300);
    assert_eq!(failed(result), Failure::NotApplied);
}

#[test]
fn with_echo_on_a_write_has_to_be_seen_twice() {
    let set = with_crc(hex(SET_2300));
    let read = with_crc(vec![1, 3, 0, 1, 0, 2]);
    let twice = Script::new().expect(&set).reply(0, &set).reply(40, &set);
    let script = twice
        .expect(&read)
        .reply(0, &read)
        .reply(40, &with_crc(hex("01 03 04 08 FC 00 01")));
    let config = Config::new().with_echo(EchoMode::On).with_read_retries(0);
    let mut pzem = blocking::Pzem::with_config(script.port(), script.delay(), config);
    assert_eq!(pzem.set_alarm_threshold(unit(1), 2300), Ok(()));
    assert_eq!((pzem.stats().ok, pzem.stats().echoes), (2, 2));
    script.done();
}

#[test]
fn the_address_is_changed_and_verified_at_the_new_one() {
    let set = with_crc(hex("01 06 00 02 00 05"));
    let at_5 = with_crc(vec![5, 3, 0, 2, 0, 1]);
    let script = Script::new()
        .expect(&at_5)
        .expect(&set)
        .reply(30, &set)
        .expect(&at_5)
        .reply(30, &with_crc(hex("05 03 02 00 05")));
    assert_eq!(line(&script).set_address(unit(1), unit(5)), Ok(()));
    script.done();
}

#[test]
fn an_address_that_is_taken_is_left_alone() {
    let at_5 = with_crc(vec![5, 3, 0, 2, 0, 1]);
    let script = Script::new()
        .expect(&at_5)
        .reply(30, &with_crc(hex("05 03 02 00 05")));
    let result = line(&script).set_address(unit(1), unit(5));
    assert_eq!(failed(result), Failure::AddressInUse);
    script.done();
}

#[test]
fn an_address_write_that_is_refused_or_ignored_is_told() {
    let at_5 = with_crc(vec![5, 3, 0, 2, 0, 1]);
    let at_1 = with_crc(vec![1, 3, 0, 2, 0, 1]);
    let set = with_crc(hex("01 06 00 02 00 05"));
    // Captured shape: 01 86 03 02 61 (espurna pull request 2283).
    let script = Script::new()
        .expect(&at_5)
        .expect(&set)
        .reply(30, &hex("01 86 03 02 61"));
    let result = line(&script).set_address(unit(1), unit(5));
    assert_eq!(failed(result), Failure::Exception(Exception::ILLEGAL_DATA));

    let ignored = Script::new()
        .expect(&at_5)
        .expect(&set)
        .expect(&at_5)
        .expect(&at_1)
        .reply(30, &with_crc(hex("01 03 02 00 01")));
    let result = line(&ignored).set_address(unit(1), unit(5));
    assert_eq!(failed(result), Failure::NotApplied);
    ignored.done();

    let gone = Script::new()
        .expect(&at_5)
        .expect(&set)
        .expect(&at_5)
        .expect(&at_1);
    let result = line(&gone).set_address(unit(1), unit(5));
    assert_eq!(failed(result), Failure::Unconfirmed);
}

#[test]
fn the_only_module_gets_an_address_through_the_general_one() {
    let at_1 = with_crc(vec![1, 3, 0, 2, 0, 1]);
    // Captured: set address to 1 through the general address.
    let set = hex("F8 06 00 02 00 01 FD A3");
    let script = Script::new()
        .expect(&at_1)
        .expect(&set)
        .reply(30, &set)
        .expect(&at_1)
        .reply(30, &with_crc(hex("01 03 02 00 01")));
    assert_eq!(line(&script).set_address_of_only_module(unit(1)), Ok(()));
    script.done();

    let ask = with_crc(vec![0xF8, 3, 0, 2, 0, 1]);
    let script = Script::new()
        .expect(&ask)
        .reply(30, &with_crc(hex("F8 03 02 00 07")));
    assert_eq!(line(&script).address(Target::General), Ok(unit(7)));
}

/// Seven input registers of module 1, energy last.
fn energy(script: Script, wh: Option<u32>) -> Script {
    let script = script.expect(&with_crc(hex("01 04 00 00 00 07")));
    match wh {
        None => script,
        Some(wh) => {
            let mut body = hex("01 04 0E 09 59 02 04 00 00 03 85 00 00");
            body.extend((wh as u16).to_be_bytes());
            body.extend(((wh >> 16) as u16).to_be_bytes());
            script.reply(30, &with_crc(body))
        }
    }
}

/// Captured: reset of module 1.
const RESET_1: &str = "01 42 80 11";

#[test]
fn energy_is_reset_once_and_seen_to_drop() {
    let script = energy(Script::new(), Some(0x0003_1DB0));
    let script = energy(
        script.expect(&hex(RESET_1)).reply(30, &hex(RESET_1)),
        Some(0),
    );
    assert_eq!(line(&script).reset_energy(unit(1)), Ok(0x0003_1DB0));
    script.done();
}

#[test]
fn a_reset_without_answer_is_looked_into_not_repeated() {
    let script = energy(Script::new(), Some(4649)).expect(&hex(RESET_1));
    let script = energy(script, Some(0));
    assert_eq!(line(&script).reset_energy(unit(1)), Ok(4649));
    script.done();
}

#[test]
fn a_counter_that_is_refreshed_late_is_waited_for() {
    let script = energy(Script::new(), Some(4649))
        .expect(&hex(RESET_1))
        .reply(30, &hex(RESET_1));
    let script = energy(energy(energy(script, Some(4649)), Some(4649)), Some(0));
    assert_eq!(line(&script).reset_energy(unit(1)), Ok(4649));
    script.done();
}

#[test]
fn a_reset_that_does_nothing_is_told() {
    let script = energy(Script::new(), Some(4649))
        .expect(&hex(RESET_1))
        .reply(30, &hex(RESET_1));
    let script = (0..4).fold(script, |script, _| energy(script, Some(4649)));
    assert_eq!(
        failed(line(&script).reset_energy(unit(1))),
        Failure::NotApplied
    );
    assert!(
        script.now_us() > 1_500_000,
        "the counter is refreshed every 1.25 s"
    );
    script.done();

    let script = energy(Script::new(), Some(4649)).expect(&hex(RESET_1));
    let script = (0..4).fold(script, |script, _| energy(script, None));
    assert_eq!(
        failed(line(&script).reset_energy(unit(1))),
        Failure::Unconfirmed
    );

    // A module that can not be read is not reset at all.
    let script = energy(Script::new(), None);
    assert_eq!(
        failed(line(&script).reset_energy(unit(1))),
        Failure::NoReply
    );
    script.done();
}

#[test]
fn calibration_goes_to_the_general_address_with_the_password_and_waits() {
    let calibrate = with_crc(hex("F8 41 37 21"));
    let token =
        CalibrationToken::overwrite_factory_calibration_with_the_reference_source_connected();
    let script = Script::new().expect(&calibrate).reply(3_900, &calibrate);
    assert_eq!(line(&script).calibrate(token), Ok(()));
    script.done();

    let script = Script::new()
        .expect(&calibrate)
        .reply(100, &with_crc(hex("F8 C1 04")));
    let result = line(&script).calibrate(token);
    assert_eq!(failed(result), Failure::Exception(Exception::SLAVE_ERROR));
}

#[test]
fn a_broadcast_waits_for_nothing() {
    let script = Script::new().expect(&with_crc(hex("00 42")));
    assert_eq!(line(&script).broadcast(Broadcast::ResetEnergy), Ok(()));
    script.done();
    assert!(script.now_us() < 10_000);

    let script = Script::new().expect(&with_crc(hex("00 06 00 01 08 FC")));
    let request = Broadcast::AlarmThreshold { watts: 2300 };
    assert_eq!(line(&script).broadcast(request), Ok(()));
    script.done();
}

#[test]
fn dc_settings_are_checked_before_anything_is_sent() {
    let script = Script::new();
    let mut pzem = line(&script);
    assert_eq!(
        failed(pzem.set_dc_high_voltage(unit(1), 499)),
        Failure::InvalidArgument
    );
    assert_eq!(
        failed(pzem.set_dc_high_voltage(unit(1), 35_001)),
        Failure::InvalidArgument
    );
    assert_eq!(
        failed(pzem.set_dc_low_voltage(unit(1), 99)),
        Failure::InvalidArgument
    );
    let unknown = CurrentRange::Unknown(4);
    assert_eq!(
        failed(pzem.set_dc_current_range(unit(1), unknown)),
        Failure::InvalidArgument
    );
    assert_eq!(script.now_us(), 0);
}

#[test]
fn dc_settings_are_written_and_read_back() {
    // PZEM-003/017 manual: 0 high, 1 low threshold in 0.01 V, 2 address, 3 range (1 = 50 A).
    let back = with_crc(hex("01 03 08 75 30 02 BC 00 01 00 01"));
    let set_and_read = |body: &str| {
        let set = with_crc(hex(body));
        Script::new()
            .expect(&set)
            .reply(30, &set)
            .expect(&with_crc(hex("01 03 00 00 00 04")))
            .reply(30, &back)
    };
    let script = set_and_read("01 06 00 00 75 30");
    assert_eq!(line(&script).set_dc_high_voltage(unit(1), 30_000), Ok(()));
    let script = set_and_read("01 06 00 01 02 BC");
    assert_eq!(line(&script).set_dc_low_voltage(unit(1), 700), Ok(()));
    let script = set_and_read("01 06 00 03 00 01");
    assert_eq!(
        line(&script).set_dc_current_range(unit(1), CurrentRange::A50),
        Ok(())
    );
    let script = set_and_read("01 06 00 03 00 02");
    let result = line(&script).set_dc_current_range(unit(1), CurrentRange::A200);
    assert_eq!(failed(result), Failure::NotApplied);
}
