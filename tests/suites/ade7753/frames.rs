//! Exact bytes and pauses, against the mocks of embedded-hal-mock.

use ade7753::Config;
use ade7753::blocking::Ade7753;
use ade7753::register::{
    APOS, CH1OS, CHKSUM, Events, IRQEN, LAENERGY, LINECYC, OffsetCh1, PERIOD, PHCAL, RSTSTATUS,
    SAGCYC, Signed, Unsigned, VAENERGY, WAVEFORM, WGAIN,
};
use embedded_hal_mock::eh1::delay::NoopDelay;
use embedded_hal_mock::eh1::spi::{Mock, Transaction};

const T9_NS: u32 = 4_000;

fn read(command: u8, pause_ns: u32, data: &[u8]) -> Vec<Transaction<u8>> {
    vec![
        Transaction::transaction_start(),
        Transaction::write_vec(vec![command]),
        Transaction::delay(pause_ns),
        Transaction::read_vec(data.to_vec()),
        Transaction::transaction_end(),
    ]
}

fn write(frame: &[u8]) -> Vec<Transaction<u8>> {
    vec![
        Transaction::transaction_start(),
        Transaction::write_vec(frame.to_vec()),
        Transaction::delay(4_000),
        Transaction::transaction_end(),
    ]
}

fn split(frame: &[u8], gap_ns: u32) -> Vec<Transaction<u8>> {
    let (head, tail) = frame.split_at(frame.len() - 1);
    vec![
        Transaction::transaction_start(),
        Transaction::write_vec(head.to_vec()),
        Transaction::delay(gap_ns),
        Transaction::write_vec(tail.to_vec()),
        Transaction::delay(4_000),
        Transaction::transaction_end(),
    ]
}

fn run<T>(
    config: Config,
    expected: &[Transaction<u8>],
    act: impl FnOnce(&mut Ade7753<Mock<u8>, NoopDelay>) -> T,
) -> T {
    let mut driver = Ade7753::new(Mock::new(expected), NoopDelay::new(), config);
    let result = act(&mut driver);
    driver.release().0.done();
    result
}

fn plain() -> Config {
    super::config().with_verify(false)
}

#[test]
fn a_read_is_a_command_a_pause_and_the_bytes() {
    let energy = run(plain(), &read(0x04, T9_NS, &[0xE1, 0x08, 0xC4]), |driver| {
        driver.read(LAENERGY)
    });
    assert_eq!(energy.map(Signed::get), Ok(-2_029_372));
    let apparent = run(plain(), &read(0x05, T9_NS, &[0x80, 0, 0]), |driver| {
        driver.read(VAENERGY)
    });
    assert_eq!(apparent.map(Unsigned::get), Ok(0x80_0000));
    let period = run(plain(), &read(0x27, T9_NS, &[0x22, 0xF5]), |driver| {
        driver.read(PERIOD)
    });
    assert_eq!(period.map(Unsigned::get), Ok(8_949));
    let cycles = run(plain(), &read(0x1E, T9_NS, &[0xFF]), |driver| {
        driver.read(SAGCYC)
    });
    assert_eq!(cycles.map(Unsigned::get), Ok(255));
}

#[test]
fn a_sample_of_the_waveform_needs_half_a_microsecond_only() {
    let sample = run(plain(), &read(0x01, 500, &[0xE6, 0x31, 0xF8]), |driver| {
        driver.read(WAVEFORM)
    });
    assert_eq!(sample.map(Signed::get), Ok(-1_691_144));
}

#[test]
fn writes_carry_signs_of_their_kind() {
    type Act = fn(&mut Ade7753<Mock<u8>, NoopDelay>);
    let cases: [(&[u8], Act); 7] = [
        (&[0x9C, 0x07, 0xD0], |d| {
            d.write(LINECYC, Unsigned::new(2_000).unwrap()).unwrap()
        }),
        (&[0x92, 0x0F, 0x9C], |d| {
            d.write(WGAIN, Signed::new(-100).unwrap()).unwrap()
        }),
        (&[0x91, 0xFD, 0xF6], |d| {
            d.write(APOS, Signed::new(-522).unwrap()).unwrap()
        }),
        (&[0x90, 0x21], |d| {
            d.write(PHCAL, Signed::new(-31).unwrap()).unwrap()
        }),
        (&[0x8D, 0xA5], |d| {
            d.write(CH1OS, OffsetCh1::new(-5, true).unwrap()).unwrap()
        }),
        (&[0x8D, 0x1F], |d| {
            d.write(CH1OS, OffsetCh1::new(31, false).unwrap()).unwrap()
        }),
        (&[0x8A, 0x00, 0x04], |d| {
            d.write(IRQEN, Events::CYCEND).unwrap()
        }),
    ];
    for (frame, act) in cases {
        run(plain(), &write(frame), act);
    }
}

#[test]
fn above_two_megahertz_the_bytes_of_a_write_are_spaced() {
    // The ends of two bytes are 4 us apart: 8 bits and what is missing.
    for (sclk_hz, gap_ns) in [(4_000_000, 2_000), (8_000_000, 3_000), (10_000_000, 3_200)] {
        let config = plain().with_sclk_hz(sclk_hz).unwrap();
        run(config, &split(&[0x9C, 0x07, 0xD0], gap_ns), |driver| {
            driver
                .write(LINECYC, Unsigned::new(2_000).unwrap())
                .unwrap();
        });
        // One byte has no second one to wait for.
        run(config, &write(&[0x90, 0x21]), |driver| {
            driver.write(PHCAL, Signed::new(-31).unwrap()).unwrap();
        });
    }
    let config = plain().with_sclk_hz(2_000_000).unwrap();
    run(config, &write(&[0x9C, 0x07, 0xD0]), |driver| {
        driver
            .write(LINECYC, Unsigned::new(2_000).unwrap())
            .unwrap();
    });
}

#[test]
fn verified_reads_ask_for_the_number_of_ones_and_repeat() {
    let good = [read(0x27, T9_NS, &[0x22, 0xF5]), read(0x3E, T9_NS, &[8])].concat();
    let bad = [read(0x27, T9_NS, &[0x22, 0xF4]), read(0x3E, T9_NS, &[8])].concat();
    let both = [bad.clone(), good].concat();
    let period = run(super::config(), &both, |driver| driver.read(PERIOD));
    assert_eq!(period.map(Unsigned::get), Ok(8_949));

    let all = [bad.clone(), bad.clone(), bad.clone(), bad].concat();
    let error = run(super::config(), &all, |driver| driver.read(PERIOD)).unwrap_err();
    assert_eq!(
        error.failure(),
        Some(ade7753::Failure::Checksum { register: 0x27 })
    );
}

#[test]
fn what_a_read_clears_is_not_read_twice() {
    let bad = [read(0x0C, T9_NS, &[0x00, 0x04]), read(0x3E, T9_NS, &[2])].concat();
    let error = run(super::config(), &bad, |driver| driver.read(RSTSTATUS)).unwrap_err();
    assert_eq!(
        error.failure(),
        Some(ade7753::Failure::Lost { register: 0x0C })
    );
}

#[test]
fn verified_writes_are_read_back_and_not_repeated() {
    let wrong = [
        write(&[0x9C, 0x07, 0xD0]),
        read(0x1C, T9_NS, &[0x07, 0xFF]),
        read(0x3E, T9_NS, &[11]),
    ]
    .concat();
    let error = run(super::config(), &wrong, |driver| {
        driver.write(LINECYC, Unsigned::new(2_000).unwrap())
    })
    .unwrap_err();
    let expected = ade7753::Failure::ReadBack {
        register: 0x1C,
        wrote: 2_000,
        read: 0x07FF,
    };
    assert_eq!(error.failure(), Some(expected));
}

#[test]
fn unused_bits_that_read_back_as_ones_are_no_error() {
    // WGAIN has 12 bits; IRQEN's RESET bit has no function and reads 1.
    let frames = [
        write(&[0x92, 0x00, 0x01]),
        read(0x12, T9_NS, &[0xF0, 0x01]),
        read(0x3E, T9_NS, &[5]),
        write(&[0x8A, 0x00, 0x04]),
        read(0x0A, T9_NS, &[0x80, 0x44]),
        read(0x3E, T9_NS, &[3]),
    ]
    .concat();
    run(super::config(), &frames, |driver| {
        driver.write(WGAIN, Signed::new(1).unwrap()).unwrap();
        driver.write(IRQEN, Events::CYCEND).unwrap();
    });
}

#[test]
fn the_check_sum_itself_can_be_read() {
    let ones = run(plain(), &read(0x3E, T9_NS, &[24]), |driver| {
        driver.read(CHKSUM)
    });
    assert_eq!(ones.map(Unsigned::get), Ok(24));
}
