//! Waveform samples and the self-test.

use ade7753::blocking::Ade7753;
use ade7753::{Failure, SampleRate, WaveformSource};
use meter_sim::ade7753::{Board, Imperfections};

fn capture(sclk_hz: u32, verify: bool, rate: SampleRate) -> (Result<(), Failure>, Vec<i32>) {
    let board = Board::waveform(Imperfections::NONE, 1);
    board.apply(super::half_scale());
    let config = super::config()
        .with_verify(verify)
        .with_sclk_hz(sclk_hz)
        .unwrap();
    let mut driver = Ade7753::new(board.spi(sclk_hz), board.delay(), config);
    driver.init().unwrap();
    board.advance_us(500_000);
    let mut samples = vec![0; 1_120];
    let result = driver
        .capture(WaveformSource::Channel1, rate, &mut samples, || {
            board.now_us()
        })
        .map_err(|error| error.failure().expect("a bus that works"));
    assert_eq!(board.violations(), []);
    (result, samples)
}

#[test]
fn capture_keeps_up_with_every_rate_at_four_megahertz() {
    for verify in [false, true] {
        for (rate, hz) in [
            (SampleRate::Full, 27_965.2),
            (SampleRate::Half, 13_982.6),
            (SampleRate::Quarter, 6_991.3),
            (SampleRate::Eighth, 3_495.65),
        ] {
            let (result, samples) = capture(4_000_000, verify, rate);
            assert_eq!(result, Ok(()), "{rate:?}, verify {verify}");
            // Consecutive samples of a sine: each pair of neighbours tells the next.
            let twice_cos = 2.0 * (core::f64::consts::TAU * 50.0 / hz).cos();
            for three in samples.windows(3) {
                let expected = twice_cos * f64::from(three[1]) - f64::from(three[0]);
                assert!(
                    (f64::from(three[2]) - expected).abs() < 4.0,
                    "{rate:?}: {three:?}"
                );
            }
            let peak = samples
                .iter()
                .map(|sample| sample.unsigned_abs())
                .max()
                .unwrap();
            assert!(peak.abs_diff(1_321_206) < 200, "{rate:?}: {peak}");
        }
    }
}

#[test]
fn a_bus_that_is_too_slow_is_told() {
    let (result, _) = capture(500_000, true, SampleRate::Full);
    assert!(
        matches!(result, Err(Failure::SamplesLost { missed }) if missed > 100),
        "{result:?}"
    );
}

#[test]
fn sources_are_told_apart() {
    let board = Board::waveform(Imperfections::NONE, 1);
    board.apply(super::half_scale());
    let mut driver = Ade7753::new(board.spi(1_000_000), board.delay(), super::config());
    driver.init().unwrap();
    board.advance_us(1_000_000);
    let mut largest = |source| {
        let mut samples = [0; 200];
        driver
            .capture(source, SampleRate::Eighth, &mut samples, || board.now_us())
            .unwrap();
        samples.map(i32::unsigned_abs).into_iter().max().unwrap()
    };
    assert!(largest(WaveformSource::Channel1).abs_diff(1_321_206) < 3_000);
    assert!(largest(WaveformSource::Channel2).abs_diff(4_860) < 20);
    // A quarter of 832 366, and the ripple that LPF2 leaves.
    assert!(largest(WaveformSource::ActivePower).abs_diff(208_091) < 25_000);
}

#[test]
fn a_chip_that_works_passes_and_one_with_a_large_offset_does_not() {
    let board = Board::waveform(Imperfections::random(5), 1);
    board.apply(super::half_scale());
    let mut driver = Ade7753::new(board.spi(1_000_000), board.delay(), super::config());
    driver.init().unwrap();
    let test = driver.self_test().unwrap();
    assert!(test.passed(), "{test:?}");
    assert_eq!(
        (board.register(0x09), board.register(0x0A) & 0x0008),
        (0x000C, 0)
    );

    let broken = Imperfections {
        offset_ch2_v: 0.1,
        ..Imperfections::NONE
    };
    let board = Board::waveform(broken, 1);
    let mut driver = Ade7753::new(board.spi(1_000_000), board.delay(), super::config());
    driver.init().unwrap();
    assert!(!driver.self_test().unwrap().passed());
}
