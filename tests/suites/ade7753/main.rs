//! The `ade7753` driver against the data sheet's examples, scripts of exact bytes and a model of the
//! chip.
//!
//! Addresses, masks and expected bytes are written down here again, from the data sheet, so that the
//! driver can not vouch for itself.

mod accuracy;
mod calibration;
mod energy;
mod events;
mod frames;
mod identify;
mod map;
mod model;
mod properties;
mod robustness;
mod timing;
mod vectors;
mod waveform;
mod windows;

use ade7753::blocking::Ade7753;
use ade7753::{Config, CurrentSensor, FrontEnd, VoltageSensor};
use meter_sim::ade7753::{Board, Delay, Imperfections, Inputs, Spi};

/// 104 A and 471 V full scale.
fn front_end() -> FrontEnd {
    let current = CurrentSensor::Transformer {
        ratio: 2_000,
        burden_mohm: 6_800,
        turns: 1,
        lead_mdeg: 0,
    };
    let voltage = VoltageSensor::Transformer {
        resistor_ohm: 200_000,
        burden_mohm: 150_000,
        lead_mdeg: 0,
    };
    FrontEnd::new(current, voltage).expect("parts that make a meter")
}

fn config() -> Config {
    Config::new(&front_end())
}

/// A perfect chip with half of full scale at both inputs, in phase, at 50 Hz.
fn board() -> Board {
    let board = Board::fast(Imperfections::NONE, 1);
    board.apply(half_scale());
    board
}

fn half_scale() -> Inputs {
    let half = 0.5 / 2.0 / f64::sqrt(2.0);
    Inputs {
        ch1_v: half,
        ch2_v: half,
        lag_deg: 0.0,
        hz: 50.0,
    }
}

/// A driver on it at 1 MHz, initialised.
fn driver(board: &Board) -> Ade7753<Spi, Delay> {
    let mut driver = Ade7753::new(board.spi(1_000_000), board.delay(), config());
    driver.init().expect("a chip that works");
    driver
}
