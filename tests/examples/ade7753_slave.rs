//! The model of an ADE7753 as a process that an emulator asks, line by line on its standard streams.
//!
//! `C TIME LEVEL` is chip select, `X TIME BYTE` a byte whose last bit is over at TIME (picoseconds); the answer
//! is a line, with the byte of the chip in hexadecimal. The first argument is the SPI clock in hertz, the second may be
//! `silent` (a chip without supply) or `noisy` (flipped bits).

use std::io::{self, BufRead, Write};

use meter_sim::ade7753::{Bench, Board, BusFaults, Imperfections, Load, Sensor};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let sclk_hz: u64 = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);
    let kind = arguments.next().unwrap_or_default();
    let board = Board::fast(Imperfections::NONE, 1);
    let current = Sensor::sct_013_000().with_filter(1_000.0, 150.0);
    let voltage = Sensor::zmpt101b(200_000.0, 150.0).with_filter(1_000.0, 33.0);
    let bench = Bench::new(board.clone(), current, voltage);
    bench.apply(Load {
        volts: 230.0,
        amperes: 5.0,
        lag_deg: 30.0,
        hz: 50.0,
    });
    board.set_powered(kind != "silent");
    if kind == "noisy" {
        board.set_faults(BusFaults {
            miso_ppm: 300,
            ..BusFaults::default()
        });
    }
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut words = line.split_whitespace();
        let kind = words.next();
        let picoseconds: u64 = words.next().and_then(|text| text.parse().ok()).unwrap_or(0);
        let end_ns = picoseconds / 1_000;
        let mosi = words
            .next()
            .and_then(|text| u8::from_str_radix(text, 16).ok());
        match (kind, mosi) {
            (Some("X"), Some(mosi)) => {
                let start_ns = end_ns.saturating_sub(8_000_000_000 / sclk_hz);
                writeln!(out, "{:02x}", board.byte_at(mosi, start_ns, end_ns))?;
            }
            _ => {
                board.select_at(end_ns);
                writeln!(out)?;
            }
        }
        out.flush()?;
    }
    for violation in board.violations() {
        eprintln!("ade7753_slave: {violation:?}");
    }
    Ok(())
}
