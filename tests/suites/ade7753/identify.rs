//! What `init` makes of a chip that is none, or not rightly connected.

use ade7753::blocking::Ade7753;
use ade7753::{Failure, Symptom};
use meter_sim::ade7753::{Board, BusFaults, Delay, Spi};

fn failure(spi: Spi, board: &Board) -> Failure {
    let mut driver = Ade7753::new(spi, board.delay(), super::config());
    let error = driver.init().expect_err("no chip that works");
    error.failure().expect("a bus that works")
}

fn symptom(spi: Spi, board: &Board) -> Symptom {
    match failure(spi, board) {
        Failure::NotIdentified(symptom) => symptom,
        other => panic!("{other}"),
    }
}

#[test]
fn a_good_chip_is_found_at_every_clock() {
    for sclk_hz in [100_000, 1_000_000, 2_000_000, 4_000_000, 10_000_000] {
        let board = super::board();
        let config = super::config().with_sclk_hz(sclk_hz).unwrap();
        let mut driver = Ade7753::new(board.spi(sclk_hz), board.delay(), config);
        driver.init().unwrap();
        assert_eq!(board.violations(), [], "{sclk_hz} Hz");
        // Scratch patterns are gone, the configuration is there.
        assert_eq!((board.register(0x1C), board.register(0x13)), (0xFFFF, 0));
        assert_eq!(board.register(0x09), 0x000C);
    }
}

#[test]
fn a_floating_bus_is_told_apart_by_its_level() {
    for (level, expected) in [(false, Symptom::AllZeros), (true, Symptom::AllOnes)] {
        let board = super::board();
        board.set_faults(BusFaults {
            stuck: Some(level),
            ..BusFaults::default()
        });
        assert_eq!(symptom(board.spi(1_000_000), &board), expected);
    }
    let board = super::board();
    board.set_powered(false);
    assert_eq!(symptom(board.spi(1_000_000), &board), Symptom::AllZeros);
}

#[test]
fn wrong_spi_modes_are_named() {
    for (mode, expected) in [(0, Symptom::Shifted(1)), (2, Symptom::Stale)] {
        let board = super::board();
        let spi = board.spi(1_000_000).with_mode(mode);
        assert_eq!(symptom(spi, &board), expected, "mode {mode}");
    }
    // In mode 3 commands are shifted too, and other registers answer.
    let board = super::board();
    let symptom = symptom(board.spi(1_000_000).with_mode(3), &board);
    assert!(symptom.to_string().contains("SPI mode 1"), "{symptom}");
}

#[test]
fn a_bus_device_that_drops_delays_is_named() {
    let board = super::board();
    let spi = board.spi(1_000_000).ignoring_delays();
    assert_eq!(symptom(spi, &board), Symptom::Stale);
}

#[test]
fn a_bus_that_runs_faster_than_configured_loses_bytes() {
    // At 8 MHz the bytes of a write need a pause that 1 MHz does not.
    let board = super::board();
    assert_eq!(symptom(board.spi(8_000_000), &board), Symptom::WritesLost);
}

#[test]
fn another_chip_is_not_taken_for_this_one() {
    // A device that answers every read with the same value.
    struct Other;
    impl embedded_hal::spi::ErrorType for Other {
        type Error = core::convert::Infallible;
    }
    impl embedded_hal::spi::SpiDevice for Other {
        fn transaction(
            &mut self,
            operations: &mut [embedded_hal::spi::Operation<'_, u8>],
        ) -> Result<(), Self::Error> {
            for operation in operations {
                if let embedded_hal::spi::Operation::Read(bytes) = operation {
                    bytes.fill(0x42);
                }
            }
            Ok(())
        }
    }
    let board = super::board();
    let mut driver: Ade7753<Other, Delay> = Ade7753::new(Other, board.delay(), super::config());
    let failure = driver.init().expect_err("another chip").failure();
    let expected = Symptom::UnexpectedDefault {
        register: 0x09,
        expected: 0x000C,
        read: 0x4242,
    };
    assert_eq!(failure, Some(Failure::NotIdentified(expected)));
}

#[test]
fn a_few_disturbed_bits_are_no_other_chip() {
    for seed in 0..50 {
        let board = Board::fast(meter_sim::ade7753::Imperfections::NONE, seed);
        board.set_faults(BusFaults {
            miso_ppm: 500,
            ..BusFaults::default()
        });
        let mut driver = Ade7753::new(board.spi(1_000_000), board.delay(), super::config());
        if let Err(error) = driver.init() {
            panic!("seed {seed}: {error}");
        }
    }
}

#[test]
fn messages_say_what_to_check() {
    for (symptom, word) in [
        (Symptom::AllZeros, "supply"),
        (Symptom::Shifted(1), "mode 1"),
        (Symptom::Stale, "pause"),
        (Symptom::WritesLost, "pauses"),
        (Symptom::NoCheckSum, "ADE7763"),
    ] {
        let message = Failure::NotIdentified(symptom).to_string();
        assert!(message.contains(word), "{message}");
    }
    let message = Failure::ReadBack {
        register: 0x1C,
        wrote: 1,
        read: 2,
    }
    .to_string();
    assert!(message.contains("LINECYC"), "{message}");
}
