//! Readings of both drivers.

use ade7753::blocking::Ade7753;
use ade7753::{CurrentSensor, FrontEnd, LineCycles, VoltageSensor};
use meter_core::ReadingSource;
use meter_core::meter::{Detectors, Meter, Quality, Standard};

use super::Fed;
use meter_sim::ade7753::{Bench, Board, Imperfections, Load, Sensor};
use meter_sim::pzem::{AcModule, Line};
use pzem::Address;
use pzem::operation::Family;

#[test]
fn a_day_of_a_pzem_fills_the_register_that_the_module_counts() {
    let line = Line::new();
    line.attach(AcModule::new(1).with_household(5).with_energy_wh(65_400));
    let mut pzem = pzem::blocking::Pzem::new(line.uart(), line.delay());
    let mut meter = Fed::new(Family::Ac.describe());
    let first = pzem.read(Address::FIRST).unwrap();
    let mut last = first;
    meter.push(&first.reading(line.now_us() / 1_000));
    for _ in 0..4 * 3_600 {
        line.advance_us(930_000);
        last = pzem.read(Address::FIRST).unwrap();
        meter.push(&last.reading(line.now_us() / 1_000));
    }
    let r = meter.registers();
    assert_eq!(
        r.import.mwh(),
        u64::from(last.energy_wh - first.energy_wh) * 1_000
    );
    assert!(r.import.mwh() > 100_000, "{r:?}");
    // The integral agrees within 1 % and a watt-hour.
    let off = r.integrated.mwh().abs_diff(r.import.mwh());
    assert!(off <= r.import.mwh() / 100 + 1_000, "{r:?}");
    assert_eq!((r.resets, r.wraps, r.glitches), (0, 0, 0));
}

#[test]
fn an_ade7753_fills_import_and_export() {
    let current = CurrentSensor::Transformer {
        ratio: 2_000,
        burden_mohm: 6_800,
        turns: 1,
        lead_mdeg: 0,
    };
    let voltage = VoltageSensor::Divider {
        upper_ohm: 1_332_333,
        lower_ohm: 1_000,
    };
    let front_end = FrontEnd::new(current, voltage).unwrap();
    let board = Board::fast(Imperfections::NONE, 1);
    let bench = Bench::new(board.clone(), Sensor::ideal(0.0034), Sensor::ideal(0.00075));
    let mut driver = Ade7753::new(
        board.spi(1_000_000),
        board.delay(),
        ade7753::Config::new(&front_end),
    );
    driver.init().unwrap();
    let scale = driver.config().calibration().scale;
    let mut meter = Fed::new(scale.describe());
    driver
        .start_windows(LineCycles::from_ms(1_000, 50))
        .unwrap();
    for lag_deg in [0.0, 180.0] {
        bench.apply(Load {
            volts: 230.0,
            amperes: 10.0,
            lag_deg,
            hz: 50.0,
        });
        for _ in 0..600 {
            board.wait_for_interrupt(2_000_000);
            driver.interrupted(board.now_us());
            let m = scale.measure(&driver.window(|| board.now_us()).unwrap());
            driver.take_energy().unwrap();
            let mut reading = m.reading(board.now_ns() / 1_000_000);
            reading.counter = Some(scale.counter(&driver.energy_totals()));
            meter.push(&reading);
        }
    }
    let r = meter.registers();
    // 2.3 kW for ten minutes each way, on a nominal scale.
    for register in [r.import, r.export] {
        let kwh = register.mwh() as f64 / 1e6;
        assert!((kwh / 0.383_3 - 1.0).abs() < 0.02, "{r:?}");
    }
    let both = (r.import.mwh() + r.export.mwh()) as f64;
    assert!(
        (r.integrated.mwh() as f64 / both - 1.0).abs() < 0.01,
        "{r:?}"
    );
    assert_eq!((r.resets, r.wraps, r.glitches), (0, 0, 0));
}

#[test]
fn a_meter_fits_into_384_bytes() {
    let each_reading = core::mem::size_of::<Meter<(Quality, Detectors)>>();
    println!(
        "registers {} bytes, with all that looks at each reading {each_reading}, with all stages {}, stored {}",
        core::mem::size_of::<Meter>(),
        core::mem::size_of::<Meter<Standard<4>>>(),
        meter_core::Snapshot::BYTES
    );
    assert!(each_reading <= 384, "{each_reading}");
}
