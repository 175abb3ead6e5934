//! Time on the bus, against the least that the data sheet allows.

use ade7753::LineCycles;
use ade7753::blocking::Ade7753;

/// Reading one register takes at least: its command, t9, its bits, and chip select (t1, t8).
fn least_ns(bytes: u64, sclk_hz: u64) -> u64 {
    50 + (8 + 8 * bytes) * 1_000_000_000 / sclk_hz + 4_000 + 100
}

#[test]
fn a_window_takes_little_more_than_the_least_time() {
    for sclk_hz in [1_000_000, 4_000_000, 10_000_000] {
        for verify in [false, true] {
            let board = super::board();
            let config = super::config()
                .with_verify(verify)
                .with_sclk_hz(sclk_hz)
                .unwrap();
            let mut driver = Ade7753::new(board.spi(sclk_hz), board.delay(), config);
            driver.init().unwrap();
            driver.start_windows(LineCycles::new(10).unwrap()).unwrap();
            board.wait_for_interrupt(1_000_000);
            driver.poll_window(board.now_us()).unwrap();
            assert!(board.wait_for_interrupt(1_000_000));
            let start_ns = board.now_ns();
            driver.interrupted(board.now_us());
            assert_eq!(driver.poll_window(board.now_us()), Ok(None));
            let first_ns = board.now_ns() - start_ns;
            // A quarter of a cycle after the zero crossing.
            board.advance_us(5_050 - first_ns / 1_000);
            let again_ns = board.now_ns();
            assert!(driver.poll_window(board.now_us()).unwrap().is_some());
            let took_ns = first_ns + board.now_ns() - again_ns;
            // RSTSTATUS, IRMS, VRMS, LAENERGY, LVAENERGY, LVARENERGY, PERIOD, STATUS; IRMS, VRMS again;
            // with verification STATUS before RSTSTATUS.
            let mut sizes = vec![2, 3, 3, 3, 3, 3, 2, 2, 3, 3];
            if verify {
                sizes.push(2);
            }
            let checks = if verify {
                sizes.len() as u64 * least_ns(1, u64::from(sclk_hz))
            } else {
                0
            };
            let least: u64 = sizes
                .iter()
                .map(|bytes| least_ns(*bytes, u64::from(sclk_hz)))
                .sum();
            let ratio = took_ns as f64 / (least + checks) as f64;
            println!(
                "window at {} MHz{}: {:.1} us, {ratio:.4} of the least",
                sclk_hz / 1_000_000,
                if verify { ", verified" } else { "" },
                took_ns as f64 / 1e3,
            );
            assert!((0.999..=1.05).contains(&ratio), "{ratio}");
        }
    }
}

#[test]
fn the_driver_fits_into_little_memory() {
    let bytes = core::mem::size_of::<Ade7753<(), ()>>();
    println!("state of the driver: {bytes} bytes");
    assert!(bytes <= 400, "{bytes}");
}
