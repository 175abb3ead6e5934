//! Line-cycle windows: which ones are delivered, with what, and what is said about the others.

use ade7753::blocking::Ade7753;
use ade7753::{Failure, LineCycles, Variant, Window, asynch};
use meter_sim::ade7753::{Board, Imperfections, Inputs, Load};

fn length(half_cycles: u16) -> LineCycles {
    LineCycles::new(half_cycles).expect("a length")
}

/// Polls every 200 us until there is a window.
fn next(
    driver: &mut Ade7753<meter_sim::ade7753::Spi, meter_sim::ade7753::Delay>,
    board: &Board,
) -> Result<Window, Failure> {
    driver
        .window(|| board.now_us())
        .map_err(|error| error.failure().expect("a bus that works"))
}

#[test]
fn the_first_window_is_dropped_and_the_others_are_whole() {
    let board = super::board();
    let mut driver = super::driver(&board);
    driver.start_windows(length(100)).unwrap();
    let first = next(&mut driver, &board).unwrap();
    // The model's first window is half as long as it should be: 1 s at 50 Hz would be cut to 0.5.
    assert!(board.now_ns() > 1_450_000_000, "{}", board.now_ns());
    // Half of both full scales: 832 366 / 4 codes in 894 900 additions of 2^-25.
    assert!((first.active - 5_549).abs() <= 2, "{first:?}");
    for _ in 0..3 {
        let window = next(&mut driver, &board).unwrap();
        assert!((window.active - first.active).abs() <= 1, "{window:?}");
        assert_eq!((window.period, window.half_cycles), (8_949, 100));
    }
    assert_eq!(board.violations(), []);
}

#[test]
fn a_window_speaks_volts_and_watts() {
    let board = super::board();
    let mut driver = super::driver(&board);
    driver.start_windows(length(100)).unwrap();
    let window = next(&mut driver, &board).unwrap();
    let m = driver.config().calibration().scale.measure(&window);
    // Nominal scales are good to 2 %: half of 471.4 V and 104 A.
    let near =
        |got: f64, right: f64| assert!((got / right - 1.0).abs() < 0.02, "{got} {right}: {m:?}");
    near(m.voltage_mv.unwrap().into(), 235_700.0);
    near(m.current_ua.unwrap().into(), 51.99e6);
    near(m.active_mw.into(), 12.254e6);
    near(m.apparent_mva.into(), 12.254e6);
    near(m.active_uwh as f64, 12.254e9 / 3_600.0);
    assert!((49_999..=50_001).contains(&m.frequency_mhz), "{m:?}");
    assert!(m.power_factor_milli >= 980, "{m:?}");
    assert!((999_000..1_001_000).contains(&m.duration_us), "{m:?}");
    // One step in a second is 2.2 W at this scale.
    assert!((2_100..2_300).contains(&m.resolution_mw), "{m:?}");
}

#[test]
fn power_that_flows_back_keeps_its_sign() {
    for (lag, active, reactive) in [
        (0.0, 1, 0),
        (60.0, 1, 1),
        (-60.0, 1, -1),
        (180.0, -1, 0),
        (120.0, -1, 1),
    ] {
        let board = super::board();
        board.apply(Inputs {
            lag_deg: lag,
            ..super::half_scale()
        });
        let mut driver = super::driver(&board);
        driver.start_windows(length(50)).unwrap();
        let window = next(&mut driver, &board).unwrap();
        let m = driver.config().calibration().scale.measure(&window);
        assert_eq!(m.active_mw.signum(), active, "{lag}: {m:?}");
        let var = m.reactive_mvar.unwrap();
        if reactive == 0 {
            assert!(var.abs() < 30_000, "{lag}: {m:?}");
        } else {
            assert_eq!(var.signum(), reactive, "{lag}: {m:?}");
        }
        assert_eq!(i32::from(m.power_factor_milli.signum()), active);
        let turned = driver
            .config()
            .calibration()
            .scale
            .with_reversed(true)
            .measure(&window);
        assert_eq!(turned.active_mw, -m.active_mw);
    }
}

#[test]
fn windows_that_went_by_are_reported_once_and_the_present_one_follows() {
    let board = super::board();
    let mut driver = super::driver(&board);
    driver.start_windows(length(20)).unwrap();
    next(&mut driver, &board).unwrap();
    // Three windows of 0.2 s go by.
    board.advance_us(700_000);
    let error = driver.poll_window(board.now_us()).unwrap_err();
    assert_eq!(error.failure(), Some(Failure::WindowsLost { missed: 2 }));
    let late = loop {
        if let Some(window) = driver.poll_window(board.now_us()).unwrap() {
            break window;
        }
    };
    // Nobody knows when it ended: no rms values.
    assert_eq!(late.rms, None);
    assert!(next(&mut driver, &board).unwrap().rms.is_some());
}

#[test]
fn rms_values_come_only_from_a_window_that_is_noticed_at_once() {
    let board = super::board();
    let mut driver = super::driver(&board);
    driver.start_windows(length(100)).unwrap();
    let mut polled = Vec::new();
    for _ in 0..600 {
        board.advance_us(7_000);
        polled.extend(driver.poll_window(board.now_us()).unwrap());
    }
    assert!(polled.len() >= 3 && polled.iter().all(|window| window.rms.is_none()));

    // An interrupt handler that has noted the time makes up for it.
    assert!(board.wait_for_interrupt(2_000_000));
    driver.interrupted(board.now_us());
    assert_eq!(driver.poll_window(board.now_us()), Ok(None));
    let window = loop {
        board.advance_us(100);
        if let Some(window) = driver.poll_window(board.now_us()).unwrap() {
            break window;
        }
    };
    assert!(window.rms.is_some());
}

#[test]
fn rms_values_do_not_depend_on_the_power_factor() {
    // The ripple of IRMS stands at another place for each angle.
    for waveform in [false, true] {
        let currents = [0.0, 45.0, 90.0, -60.0].map(|lag_deg| {
            let board = if waveform {
                Board::waveform(Imperfections::NONE, 1)
            } else {
                Board::fast(Imperfections::NONE, 1)
            };
            board.apply(Inputs {
                lag_deg,
                ..super::half_scale()
            });
            let mut driver = super::driver(&board);
            board.advance_us(1_500_000);
            driver.start_windows(length(20)).unwrap();
            f64::from(next(&mut driver, &board).unwrap().rms.unwrap().current)
        });
        for current in currents {
            assert!(
                (current / currents[0] - 1.0).abs() < 1.5e-3,
                "{waveform}: {currents:?}"
            );
        }
    }
}

#[test]
fn no_mains_is_said_and_not_a_zero() {
    let board = super::board();
    let mut driver = super::driver(&board);
    driver.start_windows(length(10)).unwrap();
    next(&mut driver, &board).unwrap();
    board.apply(Inputs::NONE);
    assert_eq!(next(&mut driver, &board), Err(Failure::NoMains));
    assert_eq!(
        driver.rms_at_zero_crossing().unwrap_err().failure(),
        Some(Failure::NoMains)
    );
    board.apply(super::half_scale());
    board.advance_us(2_000_000);
    assert!(next(&mut driver, &board).is_ok());
}

#[test]
fn windows_must_be_started() {
    let board = super::board();
    let mut driver = super::driver(&board);
    let error = driver.poll_window(0).unwrap_err();
    assert_eq!(error.failure(), Some(Failure::WindowsOff));
}

#[test]
fn lengths_are_bounded_so_that_energy_can_not_overflow() {
    assert_eq!(LineCycles::new(0), None);
    assert_eq!(LineCycles::new(4_001), None);
    assert_eq!(LineCycles::from_ms(1_000, 50).half_cycles(), 100);
    assert_eq!(LineCycles::from_ms(1_000, 60).half_cycles(), 120);
    assert_eq!(LineCycles::from_ms(u32::MAX, 60), LineCycles::MAX);
    assert_eq!(LineCycles::from_ms(0, 60).half_cycles(), 1);
    // The worst there is: both inputs clip, the current is in phase, WGAIN is at its largest, 40 Hz.
    let board = Board::fast(Imperfections::NONE, 1);
    board.apply(Inputs {
        ch1_v: 2.0,
        ch2_v: 2.0,
        lag_deg: 0.0,
        hz: 40.0,
    });
    let mut driver = super::driver(&board);
    driver
        .write(ade7753::register::WGAIN, ade7753::register::Signed::MAX)
        .unwrap();
    driver.start_windows(LineCycles::MAX).unwrap();
    loop {
        board.wait_for_interrupt(60_000_000);
        if let Some(window) = driver.poll_window(board.now_us()).unwrap() {
            // 832 366 * 1.587^2 * 1.5 codes, 4000 * 11 186 additions.
            assert!(
                (4_000_000..4_400_000).contains(&window.active),
                "{window:?}"
            );
            break;
        }
    }
}

#[test]
fn an_ade7763_has_no_reactive_energy() {
    let board = super::board();
    let config = super::config().with_variant(Variant::Ade7763);
    let mut driver = Ade7753::new(board.spi(1_000_000), board.delay(), config);
    driver.init().unwrap();
    driver.start_windows(length(10)).unwrap();
    let window = driver.window(|| board.now_us()).unwrap();
    assert_eq!(window.reactive, None);
    assert_eq!(
        driver
            .config()
            .calibration()
            .scale
            .measure(&window)
            .reactive_mvar,
        None
    );
}

#[test]
fn three_shells_see_the_same_windows() {
    let blocking = {
        let board = super::board();
        let mut driver = super::driver(&board);
        driver.start_windows(length(10)).unwrap();
        [(); 3].map(|()| driver.window(|| board.now_us()).unwrap())
    };
    let asynch = {
        let board = super::board();
        let mut driver = asynch::Ade7753::new(board.spi(1_000_000), board.delay(), super::config());
        board.block_on(async {
            driver.init().await.unwrap();
            driver.start_windows(length(10)).await.unwrap();
            let mut windows = Vec::new();
            for _ in 0..3 {
                windows.push(driver.window(|| board.now_us()).await.unwrap());
            }
            windows
        })
    };
    let polled = {
        let board = super::board();
        let mut driver = super::driver(&board);
        driver.start_windows(length(10)).unwrap();
        let mut windows = Vec::new();
        while windows.len() < 3 {
            match driver.nb_window(board.now_us()) {
                Ok(window) => windows.push(window),
                Err(nb::Error::WouldBlock) => board.advance_us(200),
                Err(nb::Error::Other(error)) => panic!("{error}"),
            }
        }
        windows
    };
    assert_eq!(asynch, blocking);
    assert_eq!(polled, blocking);
}

#[test]
fn an_async_task_sleeps_at_the_interrupt_pin() {
    let board = super::board();
    let mut driver = asynch::Ade7753::new(board.spi(1_000_000), board.delay(), super::config());
    let reads = board.block_on(async {
        driver.init().await.unwrap();
        driver.start_windows(length(200)).await.unwrap();
        let before = driver.stats().reads;
        for _ in 0..2 {
            let window = driver
                .window_at(&mut board.irq(), || board.now_us())
                .await
                .unwrap();
            assert!(window.rms.is_some());
        }
        driver.stats().reads - before
    });
    // Three windows, one of them dropped: a look each, what they hold, and a check sum each.
    assert!(reads < 80, "{reads}");
    let (rms, period) = board.block_on(driver.rms_at(&mut board.zx())).unwrap();
    assert!(rms.current > 0 && period == 8_949);
}

#[test]
fn a_rogowski_coil_reads_like_a_transformer() {
    use ade7753::{Config, CurrentSensor, FrontEnd, VoltageSensor};
    use meter_sim::ade7753::{Bench, Sensor};
    // 3 mV an ampere at 50 Hz.
    let front_end = FrontEnd::new(
        CurrentSensor::Rogowski { uv_per_a: 3_000 },
        VoltageSensor::Divider {
            upper_ohm: 999_000,
            lower_ohm: 1_000,
        },
    )
    .unwrap();
    let board = Board::fast(Imperfections::NONE, 1);
    let bench = Bench::new(
        board.clone(),
        Sensor::rogowski(3e-3, 50.0),
        Sensor::ideal(1e-3),
    );
    let mut driver = Ade7753::new(board.spi(1_000_000), board.delay(), Config::new(&front_end));
    driver.init().unwrap();
    driver.start_windows(length(100)).unwrap();
    for hz in [50.0, 60.0] {
        bench.apply(Load {
            volts: 230.0,
            amperes: 20.0,
            lag_deg: 30.0,
            hz,
        });
        board.advance_us(3_000_000);
        let _ = driver.poll_window(board.now_us());
        let _ = next(&mut driver, &board);
        let scale = driver.config().calibration().scale;
        let m = scale.measure(&next(&mut driver, &board).unwrap());
        let near = |got: f64, right: f64| {
            assert!((got / right - 1.0).abs() < 0.025, "{got} {right}: {m:?}")
        };
        near(m.active_mw.into(), 4_600e3 * 30f64.to_radians().cos());
        near(m.reactive_mvar.unwrap().into(), 2_300e3);
        near(m.current_ua.unwrap().into(), 20e6);
        near(m.voltage_mv.unwrap().into(), 230e3);
    }
}
