//! Prints how right calibrated meters are.

use meter_sim::ade7753::Load;
use metering_tests::accuracy::{Errors, Meter, Parts, VOLTS};

fn main() {
    let mut meter = Meter::new(Parts::Good, 1);
    let calibration = meter.calibrate(10_000);
    println!("{calibration:?}");
    let fs = meter.full_scale();
    for share in [1.0, 0.1, 0.01] {
        for (lag, hz) in [(0.0, 50.0), (60.0, 50.0), (-36.87, 50.0), (60.0, 45.0), (60.0, 65.0)] {
            let load = Load { volts: VOLTS, amperes: fs * share, lag_deg: lag, hz };
            let e: Errors = meter.errors(&calibration, load);
            println!("{share} {lag} {hz} {e:.4?}");
        }
    }
}
