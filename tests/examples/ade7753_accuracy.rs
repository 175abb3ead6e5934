//! Prints how right calibrated ADE7753 meters are: tables for README.md.

use meter_sim::ade7753::Load;
use metering_tests::accuracy::{CLASS_1, Errors, LAG_0_5, LEAD_0_8, Meter, Parts, load};

/// Meters, each with errors of its own.
const METERS: u64 = 20;

fn worst(meters: &mut [(Meter, ade7753::Calibration)], load: Load) -> Errors {
    meters
        .iter_mut()
        .map(|(meter, calibration)| meter.errors(calibration, load))
        .reduce(Errors::worst)
        .unwrap_or_default()
}

fn main() {
    for (parts, name, basic_a) in [
        (Parts::Good, "good sensors, full scale 104 A", 10.0),
        (
            Parts::Sct013,
            "SCT-013-000 at 22 ohm, ZMPT101B, full scale 32 A",
            3.0,
        ),
    ] {
        let mut meters: Vec<_> = (1..=METERS)
            .map(|seed| {
                let mut meter = Meter::new(parts, seed);
                let calibration = meter.calibrate((basic_a * 1_000.0) as u32);
                (meter, calibration)
            })
            .collect();
        let full_scale = meters.first().map_or(0.0, |(meter, _)| meter.full_scale());
        println!("\n{name}: largest error of {METERS} meters in percent\n");
        println!("| current | W, pf 1 | W, pf 0.5 lagging | W, pf 0.8 leading | V | A |");
        println!("|---|---|---|---|---|---|");
        for share in [1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01] {
            // At the limits of mains voltage too.
            let [unity, lagging, leading] = [(0.0, 230.0), (LAG_0_5, 207.0), (LEAD_0_8, 253.0)]
                .map(|(lag, volts)| {
                    let load = load(full_scale * share, lag, 50.0);
                    worst(&mut meters, Load { volts, ..load })
                });
            let all = unity.worst(lagging).worst(leading);
            println!(
                "| {} % | {:+.3} | {:+.3} | {:+.3} | {:+.3} | {:+.3} |",
                share * 100.0,
                unity.active,
                lagging.active,
                leading.active,
                all.voltage,
                all.current
            );
        }
        println!("\n| mains | var, pf 0.5 lagging | var, pf 0 | V |\n|---|---|---|---|");
        for hz in [45.0, 50.0, 55.0, 60.0, 65.0] {
            let [half, zero] =
                [LAG_0_5, 90.0].map(|lag| worst(&mut meters, load(full_scale * 0.1, lag, hz)));
            println!(
                "| {hz} Hz | {:+.3} | {:+.3} | {:+.3} |",
                half.reactive,
                zero.reactive,
                half.worst(zero).voltage
            );
        }
        println!(
            "\nIEC 62053-21 class 1, Ib {basic_a} A, Imax {} A\n",
            basic_a * 10.0
        );
        println!("| point | limit | error | uncertainty | verdict |\n|---|---|---|---|---|");
        for point in &CLASS_1 {
            let errors = worst(
                &mut meters,
                load(basic_a * point.currents, point.lag_deg, 50.0),
            );
            println!(
                "| {} | {} % | {:+.3} % | {:.3} % | {:?} |",
                point.name,
                point.limit,
                errors.active,
                errors.uncertainty,
                point.judge(&errors)
            );
        }
    }
}
