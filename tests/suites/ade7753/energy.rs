//! Energy from the registers that a read sets to zero.

use ade7753::Failure;
use ade7753::blocking::Ade7753;
use meter_sim::ade7753::{Board, BusFaults, Imperfections, Inputs};

/// Steps a second of the perfect chip at half of both full scales.
const RATE: f64 = 2_642_412.0 * 10_322.0 / 2.0 / 16_384.0 / 4.0 * 3_579_545.0 / 4.0 / 33_554_432.0;

#[test]
fn totals_lose_no_step_in_a_day() {
    let board = super::board();
    let mut driver = super::driver(&board);
    driver.take_energy().unwrap();
    let (start_ns, start) = (board.now_ns(), driver.energy_totals());
    for minute in 0..1_440_u64 {
        board.advance_us(60_000_000 + minute * 17);
        let delta = driver.take_energy().unwrap();
        assert!(!delta.half_full && !delta.salvaged);
    }
    let seconds = (board.now_ns() - start_ns) as f64 / 1e9;
    let steps = driver.energy_totals().imported - start.imported;
    assert!(
        (steps as f64 - RATE * seconds).abs() < 3.0,
        "{steps} {}",
        RATE * seconds
    );
    assert_eq!(driver.energy_totals().exported, 0);
    assert!(driver.energy_totals().apparent > 0);
}

#[test]
fn both_directions_are_counted_apart() {
    let board = super::board();
    let mut driver = super::driver(&board);
    driver.take_energy().unwrap();
    let before = driver.energy_totals();
    board.advance_us(10_000_000);
    driver.take_energy().unwrap();
    board.apply(Inputs {
        lag_deg: 180.0,
        ..super::half_scale()
    });
    board.advance_us(5_000_000);
    let delta = driver.take_energy().unwrap();
    assert!(delta.active < 0);
    let after = driver.energy_totals();
    assert!((after.imported - before.imported) as f64 - 10.0 * RATE < 2.0);
    assert!((after.exported as f64 - 5.0 * RATE).abs() < 2.0);
    assert!(after.net() < after.imported as i64);
}

#[test]
fn a_register_that_wrapped_is_an_error_and_one_more_than_half_full_a_hint() {
    let board = Board::fast(Imperfections::NONE, 1);
    let full = 0.5 / f64::sqrt(2.0);
    board.apply(Inputs {
        ch1_v: full,
        ch2_v: full,
        ..super::half_scale()
    });
    let mut driver = super::driver(&board);
    driver.take_energy().unwrap();
    // 22 199 steps a second: half of 2^23 after 189 s, all of it after 378 s.
    board.advance_us(200_000_000);
    assert!(driver.take_energy().unwrap().half_full);
    board.advance_us(100_000_000);
    assert!(!driver.take_energy().unwrap().half_full);
    let before = driver.energy_totals();
    board.advance_us(400_000_000);
    assert_eq!(
        driver.take_energy().unwrap_err().failure(),
        Some(Failure::EnergyOverflow)
    );
    assert_eq!(driver.energy_totals(), before);
    board.advance_us(1_000_000);
    let delta = driver.take_energy().unwrap();
    // One second and the time of the transfers.
    assert!((22_199..22_220).contains(&delta.active), "{delta:?}");
}

#[test]
fn a_disturbed_read_with_reset_loses_next_to_nothing() {
    let (mut salvaged, mut errors) = (0, 0);
    let board = super::board();
    let mut driver = super::driver(&board);
    driver.take_energy().unwrap();
    let (start_ns, start) = (board.now_ns(), driver.energy_totals().imported);
    board.set_faults(BusFaults {
        miso_ppm: 2_000,
        ..BusFaults::default()
    });
    for _ in 0..2_000 {
        board.advance_us(1_000_000);
        match driver.take_energy() {
            Ok(delta) => salvaged += u32::from(delta.salvaged),
            Err(_) => errors += 1,
        }
    }
    board.set_faults(BusFaults::default());
    driver.take_energy().unwrap();
    let seconds = (board.now_ns() - start_ns) as f64 / 1e9;
    let steps = (driver.energy_totals().imported - start) as f64;
    assert!(salvaged > 100, "{salvaged}");
    // An error after the active register was read leaves that delta out, and says so.
    let lost = RATE * seconds - steps;
    assert!(
        lost >= -3.0 && lost <= f64::from(errors) * RATE * 1.01 + 3.0 * f64::from(salvaged),
        "{lost} {errors}"
    );
}

#[test]
fn a_dead_bus_is_no_house_without_load() {
    for stuck in [false, true] {
        let board = super::board();
        let mut driver = super::driver(&board);
        board.set_faults(BusFaults {
            stuck: Some(stuck),
            ..BusFaults::default()
        });
        assert!(driver.take_energy().is_err());
        assert!(driver.take_peaks().is_err());
        assert!(driver.rms_at_zero_crossing().is_err());
        assert!(driver.temperature().is_err());
    }
    let board = super::board();
    let mut driver: Ade7753<_, _> = super::driver(&board);
    board.set_powered(false);
    assert!(driver.take_energy().is_err());
}
