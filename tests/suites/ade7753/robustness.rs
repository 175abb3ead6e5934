//! Bit errors, brown-outs and stuck lines at any time: never a wrong value that is returned as good,
//! except what a count of ones can not see.

use ade7753::blocking::Ade7753;
use ade7753::register::{IPEAK, LINECYC, Unsigned};
use ade7753::{Error, Failure, LineCycles};
use meter_sim::ade7753::{BusFaults, Imperfections};
use meter_sim::random::Random;

#[test]
fn bit_errors_are_found_but_for_those_that_keep_the_number_of_ones() {
    // A thousandth of all bits flips: far beyond any wiring that works at all.
    let board = super::board();
    board.apply(meter_sim::ade7753::Inputs::NONE);
    let mut driver = super::driver(&board);
    board.set_faults(BusFaults {
        miso_ppm: 1_000,
        ..BusFaults::default()
    });
    let mut random = Random::new(9);
    let (mut wrong, mut errors) = (0u32, 0u32);
    const READS: u32 = 1_000_000;
    for _ in 0..READS {
        let value = random.below(1 << 24) as u32;
        board.set_register(0x22, value);
        match driver.read(IPEAK) {
            Ok(read) => wrong += u32::from(read.get() != value),
            Err(Error::Chip(Failure::Checksum { register: 0x22 })) => errors += 1,
            Err(error) => panic!("{error}"),
        }
    }
    let disturbed = driver.stats().checksum_errors;
    println!(
        "{READS} reads of 24 bits, one bit in a thousand flipped: {disturbed} transfers refused, \
         {errors} reads given up, {wrong} wrong values taken"
    );
    // Two flips that make up for each other: 24 * 23 / 4 pairs at 10^-6, and one that the check sum's own
    // flip hides: 24 and 6 bits at 10^-6, a fraction of which fits.
    let rate = f64::from(wrong) / f64::from(READS);
    assert!(disturbed > 25_000, "{disturbed}");
    assert!(rate < 3e-4, "{rate}");
    assert!(wrong > 0, "the rate was not measured");
}

#[test]
fn single_flips_are_never_taken() {
    // One bit in a hundred thousand: two in one transfer are rare, and none is seen here.
    let board = super::board();
    board.apply(meter_sim::ade7753::Inputs::NONE);
    let mut driver = super::driver(&board);
    board.set_faults(BusFaults {
        miso_ppm: 10,
        ..BusFaults::default()
    });
    for value in (0..200_000u32).map(|n| n.wrapping_mul(0x9E37_79B9) >> 8) {
        board.set_register(0x22, value);
        assert_eq!(driver.read(IPEAK).map(Unsigned::get), Ok(value));
    }
    assert!(driver.stats().checksum_errors > 10);
}

#[test]
fn disturbed_writes_are_reported_or_right() {
    let board = super::board();
    let mut driver = super::driver(&board);
    board.set_faults(BusFaults {
        mosi_ppm: 3_000,
        ..BusFaults::default()
    });
    let (mut reported, mut right) = (0, 0);
    for value in 1..20_000u16 {
        match driver.write(LINECYC, Unsigned::new(value.into()).unwrap()) {
            Ok(()) => {
                assert_eq!(board.register(0x1C), u32::from(value));
                right += 1;
            }
            Err(Error::Chip(_)) => reported += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(reported > 100 && right > 10_000, "{reported} {right}");
    // Bits that flipped in an address have changed other registers, which a check finds.
    board.set_faults(BusFaults::default());
    driver.check_config().unwrap();
    assert_eq!(driver.check_config(), Ok(0));
    assert_eq!((board.register(0x12), board.register(0x11)), (0, 0));
}

#[test]
fn a_brown_out_at_any_moment_never_makes_a_wrong_window() {
    let expected = {
        let board = super::board();
        let mut driver = super::driver(&board);
        driver.start_windows(LineCycles::new(4).unwrap()).unwrap();
        driver.window(|| board.now_us()).unwrap()
    };
    let (mut good, mut refused) = (0, 0);
    for seed in 0..400u64 {
        let board = super::board();
        let mut driver = Ade7753::new(
            Cut::new(board.clone(), seed),
            board.delay(),
            super::config(),
        );
        if driver.init().is_err() || driver.start_windows(LineCycles::new(4).unwrap()).is_err() {
            refused += 1;
            continue;
        }
        for _ in 0..10 {
            match driver.window(|| board.now_us()) {
                Ok(window) => {
                    good += 1;
                    assert!(
                        (window.active - expected.active).abs() <= 1,
                        "seed {seed}: {window:?}"
                    );
                    assert!(
                        window.apparent.abs_diff(expected.apparent) <= 1,
                        "seed {seed}: {window:?}"
                    );
                    assert_eq!(window.period, expected.period, "seed {seed}");
                }
                Err(_) => {
                    refused += 1;
                    break;
                }
            }
        }
    }
    assert!(good > 300 && refused > 100, "{good} {refused}");
}

/// A bus on which the chip's supply fails once, for a few hundred transfers or for good.
struct Cut {
    spi: meter_sim::ade7753::Spi,
    board: meter_sim::ade7753::Board,
    off: u64,
    on: u64,
    count: u64,
}

impl Cut {
    fn new(board: meter_sim::ade7753::Board, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let off = 60 + random.below(1_500);
        let length = match random.below(3) {
            0 => 1,
            1 => random.below(300),
            _ => u64::MAX / 2,
        };
        let spi = board.spi(1_000_000);
        Self {
            spi,
            board,
            off,
            on: off + length,
            count: 0,
        }
    }
}

impl embedded_hal::spi::ErrorType for Cut {
    type Error = core::convert::Infallible;
}

impl embedded_hal::spi::SpiDevice for Cut {
    fn transaction(
        &mut self,
        operations: &mut [embedded_hal::spi::Operation<'_, u8>],
    ) -> Result<(), Self::Error> {
        self.count += 1;
        if self.count == self.off {
            self.board.set_powered(false);
        }
        if self.count == self.on {
            self.board.set_powered(true);
        }
        self.spi.transaction(operations)
    }
}

#[test]
fn timing_is_kept_at_every_clock() {
    for sclk_hz in [
        200_000, 1_000_000, 2_000_000, 3_000_000, 5_000_000, 10_000_000,
    ] {
        let board = meter_sim::ade7753::Board::fast(Imperfections::NONE, 1);
        board.apply(super::half_scale());
        let config = super::config().with_sclk_hz(sclk_hz).unwrap();
        let mut driver = Ade7753::new(board.spi(sclk_hz), board.delay(), config);
        driver.init().unwrap();
        driver.start_windows(LineCycles::new(4).unwrap()).unwrap();
        for _ in 0..3 {
            driver.window(|| board.now_us()).unwrap();
        }
        driver.take_energy().unwrap();
        driver.temperature().unwrap();
        driver.self_test().unwrap();
        assert_eq!(board.violations(), [], "{sclk_hz} Hz");
    }
}
