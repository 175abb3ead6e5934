//! Events, limits, temperature, pulses, brown-outs.

use ade7753::level::{PeakLevels, PulseOutput, Sag, zero_cross_timeout};
use ade7753::register::{Events, Mode};
use ade7753::{Failure, LineCycles, asynch};
use meter_sim::ade7753::Inputs;

fn failure<T: core::fmt::Debug, E: core::fmt::Debug>(
    result: Result<T, ade7753::Error<E>>,
) -> Failure {
    result
        .expect_err("a failure")
        .failure()
        .expect("a bus that works")
}

#[test]
fn events_that_nobody_asked_for_stay() {
    let board = super::board();
    let mut driver = super::driver(&board);
    driver.take_events(Events::ZX).unwrap();
    board.advance_us(50_000);
    board.apply(Inputs {
        lag_deg: 180.0,
        ..super::half_scale()
    });
    board.advance_us(50_000);
    assert_eq!(driver.take_events(Events::ZX), Ok(Events::ZX));
    // RSTSTATUS was read and is 0 now; the driver still has the other one.
    assert_eq!(board.register(0x0B) & 0x4000, 0);
    assert_eq!(
        driver.take_events(Events::PNEG | Events::PPOS),
        Ok(Events::PNEG)
    );
    assert_eq!(driver.take_events(Events::PNEG), Ok(Events::NONE));
}

#[test]
fn the_interrupt_pin_follows_enabled_events() {
    use embedded_hal::digital::InputPin;
    let board = super::board();
    let mut driver = super::driver(&board);
    board.advance_us(50_000);
    assert!(board.irq().is_high().unwrap());
    driver.enable_events(Events::ZX).unwrap();
    assert!(board.wait_for_interrupt(20_000));
    driver.take_events(Events::ZX).unwrap();
    assert!(board.irq().is_high().unwrap());

    let mut driver = asynch::Ade7753::new(board.spi(1_000_000), board.delay(), super::config());
    let seen = board.block_on(async {
        driver.init().await.unwrap();
        driver.enable_events(Events::ZX).await.unwrap();
        driver.wait_events(&mut board.irq(), Events::ZX).await
    });
    assert_eq!(seen, Ok(Events::ZX));
}

#[test]
fn a_sag_of_a_tenth_is_seen_after_its_cycles() {
    let board = super::board();
    let mut driver = super::driver(&board);
    // Half of 471 V is there; 0.9 of it for 3 cycles.
    let sag = Sag::new(212_000, 3, &driver.config().calibration().scale).unwrap();
    assert_eq!((sag.level.get(), sag.cycles.get()), (33, 4));
    driver.set_sag(sag).unwrap();
    driver.take_events(Events::SAG).unwrap();
    board.advance_us(200_000);
    assert_eq!(driver.take_events(Events::SAG), Ok(Events::NONE));
    board.apply(Inputs {
        ch2_v: super::half_scale().ch2_v * 0.8,
        ..super::half_scale()
    });
    board.advance_us(40_000);
    assert_eq!(driver.take_events(Events::SAG), Ok(Events::NONE));
    board.advance_us(40_000);
    assert_eq!(driver.take_events(Events::SAG), Ok(Events::SAG));

    let scale = driver.config().calibration().scale;
    assert!(Sag::new(1_000, 3, &scale).is_err());
    assert!(Sag::new(2_000_000, 3, &scale).is_err());
    assert!(Sag::new(200_000, 0, &scale).is_err());
    assert!(Sag::new(200_000, 255, &scale).is_err());
}

#[test]
fn peaks_raise_events_and_are_taken_once() {
    let board = super::board();
    let mut driver = super::driver(&board);
    let levels = PeakLevels::new(300_000, 60_000, &driver.config().calibration().scale).unwrap();
    driver.set_peak_levels(levels).unwrap();
    board.advance_us(100_000);
    assert_eq!(
        driver.take_events(Events::PKI | Events::PKV),
        Ok(Events::NONE)
    );
    board.apply(Inputs {
        ch1_v: super::half_scale().ch1_v * 1.3,
        ..super::half_scale()
    });
    board.advance_us(30_000);
    assert_eq!(
        driver.take_events(Events::PKI | Events::PKV),
        Ok(Events::PKI)
    );
    let (current, voltage) = driver.take_peaks().unwrap();
    // 1.3 / 2 of full scale; the voltage counts double, behind a filter that leaves 0.9417.
    assert_eq!(current.get(), (2_642_412.0f64 * 0.65) as u32);
    assert_eq!(voltage.get() / 10, (10_322.0f64 * 0.9417) as u32 / 10);
    assert_eq!(driver.take_peaks().unwrap().0.get(), 0);
}

#[test]
fn missing_zero_crossings_raise_an_event() {
    let board = super::board();
    let mut driver = super::driver(&board);
    driver.set_zero_cross_timeout(50_000).unwrap();
    board.advance_us(100_000);
    assert_eq!(driver.take_events(Events::ZXTO), Ok(Events::NONE));
    board.apply(Inputs::NONE);
    board.advance_us(100_000);
    assert_eq!(driver.take_events(Events::ZXTO), Ok(Events::ZXTO));
    assert!(zero_cross_timeout(150_000, 3_579_545).is_err());
    assert!(zero_cross_timeout(10, 3_579_545).is_err());
    assert_eq!(
        failure(driver.set_zero_cross_timeout(0)),
        Failure::OutOfRange { register: 0x1D }
    );
}

#[test]
fn temperature_needs_mains() {
    let board = super::board();
    let mut driver = super::driver(&board);
    for (celsius, milli) in [
        (25.0, 25_000),
        (-25.0, -25_000),
        (-35.0, -35_000),
        (59.0, 59_000),
    ] {
        board.set_celsius(celsius);
        assert_eq!(driver.temperature().unwrap().millicelsius(), milli);
    }
    board.apply(Inputs::NONE);
    board.advance_us(100_000);
    assert_eq!(failure(driver.temperature()), Failure::NoMains);
}

#[test]
fn pulses_come_at_the_rate_that_was_asked_for() {
    let board = super::board();
    let mut driver = super::driver(&board);
    let scale = driver.config().calibration().scale;
    // The divider has 4096 steps: at 800 it is 2055 to 1.
    for pulses_per_kwh in [800, 1_000, 1_600, 3_200, 6_400] {
        let output = PulseOutput::new(pulses_per_kwh, &scale).unwrap();
        let real = output.milli_pulses_per_kwh(&scale) as f64 / 1e3;
        assert!(
            (real / f64::from(pulses_per_kwh) - 1.0).abs() < 2.5e-4,
            "{real}"
        );
        driver.set_pulse_output(Some(output)).unwrap();
        let (before, energy) = (board.pulses(), driver.energy_totals().imported);
        driver.take_energy().unwrap();
        for _ in 0..30 {
            board.advance_us(100_000_000);
            driver.take_energy().unwrap();
        }
        let kwh = scale.energy_uwh((driver.energy_totals().imported - energy) as i64) as f64 / 1e9;
        let pulses = (board.pulses() - before) as f64;
        assert!(
            (pulses - kwh * f64::from(pulses_per_kwh)).abs() < 2.0 + pulses * 1e-3,
            "{pulses} {kwh}"
        );
    }
    driver.set_pulse_output(None).unwrap();
    let before = board.pulses();
    board.advance_us(10_000_000);
    assert_eq!(board.pulses(), before);
    assert!(PulseOutput::new(0, &scale).is_err());
    // Fewer pulses than one in 4096 steps.
    assert!(PulseOutput::new(100, &scale).is_err());
    // More pulses than steps of energy there are.
    assert!(PulseOutput::new(3_000_000, &scale).is_err());
}

#[test]
fn a_suspended_chip_counts_nothing() {
    let board = super::board();
    let mut driver = super::driver(&board);
    driver.take_energy().unwrap();
    driver.suspend().unwrap();
    driver.take_energy().unwrap();
    board.advance_us(10_000_000);
    assert_eq!(driver.take_energy().unwrap().active, 0);
    driver.resume().unwrap();
    board.advance_us(1_000_000);
    assert!(driver.take_energy().unwrap().active > 0);
}

#[test]
fn after_a_brown_out_nothing_is_given_until_the_chip_is_mended() {
    let board = super::board();
    let mut driver = super::driver(&board);
    driver
        .write(
            ade7753::register::WGAIN,
            ade7753::register::Signed::new(200).unwrap(),
        )
        .unwrap();
    driver.start_windows(LineCycles::new(10).unwrap()).unwrap();
    driver.window(|| board.now_us()).unwrap();
    board.brown_out();
    assert_eq!(
        failure(driver.window(|| board.now_us())),
        Failure::Restarted
    );
    assert_eq!(
        failure(driver.window(|| board.now_us())),
        Failure::Restarted
    );
    assert_eq!(failure(driver.take_energy()), Failure::Restarted);
    assert!(driver.check_config().unwrap() >= 3);
    assert_eq!((board.register(0x12), board.register(0x1C)), (200, 10));
    assert!(Mode::from_bits(board.register(0x09) as u16).contains(Mode::CYCMODE));
    assert!(driver.window(|| board.now_us()).is_ok());
    assert_eq!(driver.check_config(), Ok(0));
}

#[test]
fn a_register_that_changed_by_itself_is_put_back() {
    let board = super::board();
    let mut driver = super::driver(&board);
    board.set_register(0x12, 0x123);
    board.set_register(0x0F, 0x01);
    assert_eq!(driver.check_config(), Ok(2));
    assert_eq!((board.register(0x12), board.register(0x0F)), (0, 0));
    // The one by which presence is judged counts like any other.
    board.set_register(0x1C, 77);
    assert_eq!(driver.check_config(), Ok(1));
    assert_eq!(board.register(0x1C), 0xFFFF);
    board.set_powered(false);
    assert!(matches!(
        failure(driver.check_config()),
        Failure::NotIdentified(_)
    ));
}

#[test]
fn another_calibration_changes_nothing_but_the_calibration() {
    use ade7753::Calibration;
    use ade7753::calibration::Registers;
    use ade7753::register::{PHCAL, Register, SAGCYC, Signed, Unsigned, WGAIN};
    let board = super::board();
    let mut driver = super::driver(&board);
    let scale = driver.config().calibration().scale;
    driver
        .set_pulse_output(Some(PulseOutput::new(3_200, &scale).unwrap()))
        .unwrap();
    driver.write(SAGCYC, Unsigned::new(9).unwrap()).unwrap();
    driver.start_windows(LineCycles::new(10).unwrap()).unwrap();
    let before: Vec<u32> = (0x09..=0x21)
        .map(|address| board.register(address))
        .collect();
    let registers = Registers {
        wgain: Signed::new(-200).unwrap(),
        phcal: Signed::new(3).unwrap(),
        ..Registers::default()
    };
    driver
        .set_calibration(Calibration { registers, scale })
        .unwrap();
    for (address, before) in (0x09..=0x21).zip(before) {
        let expected = match address {
            0x0B | 0x0C | 0x16 | 0x17 => continue,
            WGAIN::ADDRESS => 0xF38,
            PHCAL::ADDRESS => 3,
            _ => before,
        };
        assert_eq!(board.register(address), expected, "0x{address:02X}");
    }
}
