//! Meters behind the one trait: what they deliver, and what they say when they do not.
#![allow(clippy::expect_used, reason = "a test that can not go on fails")]

use ade7753::asynch::Ade7753;
use ade7753::{Config, CurrentSensor, FrontEnd, LineCycles, VoltageSensor};
use meter_core::Reading;
use meter_sim::ade7753::{Bench, Board, Delay, Imperfections, Load as ChipLoad, Sensor, Spi};
use meter_sim::pzem::{AcModule, Fault, Line, Load};
use pzem::asynch::Pzem;
use smart_meter::platform::{Cause, MeterSource, SourceError};
use smart_meter::source::{Ade7753Source, PzemLine};

const LOAD: Load = Load {
    voltage_dv: 2_301,
    current_ma: 1_000,
    power_factor_percent: 95,
    frequency_dhz: 500,
};

fn line_of(addresses: &[u8]) -> (Line, Vec<meter_sim::pzem::ModuleId>) {
    let line = Line::new();
    let ids = addresses
        .iter()
        .map(|address| line.attach(AcModule::new(*address).with_load(LOAD)))
        .collect();
    (line, ids)
}

#[test]
fn four_modules_by_address() {
    let (line, ids) = line_of(&[1, 2, 3, 4]);
    let mut source = PzemLine::new(Pzem::new(line.uart(), line.delay()), &[4, 3, 2, 1]);
    assert_eq!(source.channels(), 4);
    // Addresses in the order they were given: channel 1 is the third module.
    line.ac(ids[2], |module| {
        module.set_load(Load {
            current_ma: 2_000,
            ..LOAD
        })
    });
    for (channel, current_ma) in [(0, 1_000), (1, 2_000), (2, 1_000), (3, 1_000)] {
        let reading = line.block_on(source.read(channel)).expect("a reading");
        assert_eq!(reading.voltage_mv, Some(230_100));
        assert_eq!(reading.current_ma, Some(current_ma));
        assert!(!reading.is_calibrated);
    }
    let error = line
        .block_on(source.read(4))
        .expect_err("there is no fifth");
    assert_eq!(error.cause, Cause::Bus);
}

#[test]
fn the_only_module_whatever_its_address() {
    let (line, _) = line_of(&[0x42]);
    let mut source = PzemLine::new(Pzem::new(line.uart(), line.delay()), &[]);
    let reading = line.block_on(source.read(0)).expect("a reading");
    assert_eq!(reading.power_mw, Some(218_600));
    assert_eq!(reading.counter.map(|counter| counter.export), Some(0));
}

#[test]
fn causes_and_their_words() {
    let (line, ids) = line_of(&[1]);
    let mut source = PzemLine::new(Pzem::new(line.uart(), line.delay()), &[1]);
    line.block_on(source.read(0)).expect("a reading");
    let mut strike = |faults: &[Fault]| {
        // Both attempts of a read are struck.
        let error = faults.iter().find_map(|fault| {
            line.set_faults(meter_sim::pzem::Faults::seeded(1).with(*fault, 1_000_000));
            line.block_on(source.read(0)).err()
        });
        line.set_faults(meter_sim::pzem::Faults::seeded(0));
        error.expect("an error")
    };
    let silent = strike(&[Fault::Silence]);
    assert_eq!(silent.cause, Cause::NoReply);
    assert!(
        silent.message.starts_with("no reply: check mains"),
        "{silent}"
    );
    assert_eq!(strike(&[Fault::Truncate]).cause, Cause::Garbled);
    assert_eq!(strike(&[Fault::ValidCrcGarbage]).cause, Cause::Implausible);
    line.ac(ids[0], |module| module.set_powered(false));
    let gone = line.block_on(source.read(0)).expect_err("no power");
    assert_eq!(gone.cause, Cause::NoReply);
}

#[test]
fn a_module_that_is_gone_costs_one_timeout() {
    let (line, ids) = line_of(&[1]);
    let mut source = PzemLine::new(Pzem::new(line.uart(), line.delay()), &[1]);
    line.ac(ids[0], |module| module.set_powered(false));
    let mut time_ms = || {
        let before_us = line.now_us();
        line.block_on(source.read(0)).expect_err("no power");
        (line.now_us() - before_us) / 1_000
    };
    // Two attempts of 240 ms, each after the 300 ms that a late reply may take; then one.
    let times_ms: Vec<u64> = (0..5).map(|_| time_ms()).collect();
    assert!(
        times_ms[..3].iter().all(|ms| (700..1_100).contains(ms)),
        "{times_ms:?}"
    );
    assert!(times_ms[3..].iter().all(|ms| *ms < 550), "{times_ms:?}");
}

#[test]
fn the_first_frame_after_a_pause_has_to_be_borne_out() {
    let (line, ids) = line_of(&[1]);
    let mut source = PzemLine::new(Pzem::new(line.uart(), line.delay()), &[1]);
    let replies = |line: &Line| line.counters().replies;
    line.block_on(source.read(0)).expect("a reading");
    assert_eq!(replies(&line), 2, "the first frame is read twice");
    line.block_on(source.read(0)).expect("a reading");
    assert_eq!(replies(&line), 3);
    line.ac(ids[0], |module| module.set_powered(false));
    for _ in 0..3 {
        line.block_on(source.read(0)).expect_err("no power");
    }
    line.ac(ids[0], |module| module.set_powered(true));
    line.block_on(source.read(0)).expect("a reading");
    assert_eq!(replies(&line), 5);
}

/// A chip behind 104 A and 471 V full scale, and a bench that loads it.
struct Chip {
    board: Board,
    bench: Bench,
}

const CHIP_LOAD: ChipLoad = ChipLoad {
    volts: 230.0,
    amperes: 10.0,
    lag_deg: 30.0,
    hz: 50.0,
};

impl Chip {
    fn new() -> Self {
        let board = Board::fast(Imperfections::NONE, 7);
        let bench = Bench::new(board.clone(), Sensor::ideal(0.0034), Sensor::ideal(0.00075));
        bench.apply(CHIP_LOAD);
        Self { board, bench }
    }

    fn source(&self) -> Ade7753Source<Spi, Delay, impl FnMut() -> u32> {
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
        let front_end = FrontEnd::new(current, voltage).expect("parts that make a meter");
        let chip = Ade7753::new(
            self.board.spi(1_000_000),
            self.board.delay(),
            Config::new(&front_end),
        );
        let clock = self.board.clone();
        Ade7753Source::new(chip, move || clock.now_us(), LineCycles::from_ms(200, 50))
    }

    fn read(&self, source: &mut impl MeterSource) -> Result<Reading, SourceError> {
        self.board.block_on(source.read(0))
    }
}

fn assert_near(value: f64, expected: f64, share: f64) {
    assert!(
        (value / expected - 1.0).abs() < share,
        "{value} instead of {expected}"
    );
}

#[test]
fn nothing_between_two_readings_of_the_chip_is_lost() {
    let chip = Chip::new();
    let mut source = chip.source();
    let first = chip.read(&mut source).expect("a reading");
    // A quarter of an hour of readings five seconds apart, with a load that is only there between them.
    for _ in 0..180 {
        chip.bench.apply(ChipLoad {
            amperes: 20.0,
            ..CHIP_LOAD
        });
        chip.board.advance_us(4_000_000);
        chip.bench.apply(CHIP_LOAD);
        chip.board.advance_us(500_000);
        let before_us = chip.board.now_ns() / 1_000;
        let reading = chip.read(&mut source).expect("a reading");
        let took_us = chip.board.now_ns() / 1_000 - before_us;
        assert!(
            took_us < 450_000,
            "a reading takes no longer than two windows"
        );
        assert!(reading.is_calibrated);
        // cos 30 degrees; the nominal scale is good to 1.5 %.
        let mw = f64::from(reading.power_mw.expect("a power"));
        assert_near(mw, 230_000.0 * 10.0 * 0.866, 0.015);
        assert_near(
            f64::from(reading.voltage_mv.expect("a voltage")),
            230_000.0,
            0.015,
        );
        assert_near(
            f64::from(reading.current_ma.expect("a current")),
            10_000.0,
            0.015,
        );
        assert_near(
            f64::from(reading.frequency_mhz.expect("a frequency")),
            50_000.0,
            0.001,
        );
    }
    let uwh = |reading: &Reading| reading.counter.expect("a counter").import;
    let last = chip.read(&mut source).expect("a reading");
    let counted_wh = (uwh(&last) - uwh(&first)) as f64 / 1e6;
    // 4 s at twice the power of the rest of each round, which the windows never saw.
    let expected_wh = 230.0 * 0.866 * (20.0 * 4.0 + 10.0 * 0.75) * 180.0 / 3_600.0;
    assert_near(counted_wh, expected_wh, 0.04);
    assert!(chip.board.violations().is_empty());
}

#[test]
fn a_chip_that_browned_out_is_set_up_anew_and_its_counter_goes_on() {
    let chip = Chip::new();
    let mut source = chip.source();
    chip.read(&mut source).expect("a reading");
    chip.board.advance_us(60_000_000);
    let before = chip.read(&mut source).expect("a reading");
    chip.board.brown_out();
    chip.board.advance_us(5_000_000);
    let after = chip
        .read(&mut source)
        .expect("set up anew within one reading");
    let uwh = |reading: &Reading| reading.counter.expect("a counter").import;
    assert!(uwh(&after) >= uwh(&before));
    assert_near(
        f64::from(after.voltage_mv.expect("a voltage")),
        230_000.0,
        0.015,
    );
}

#[test]
fn a_chip_without_supply_and_one_without_mains() {
    let chip = Chip::new();
    let mut source = chip.source();
    chip.read(&mut source).expect("a reading");
    chip.board.set_powered(false);
    let error = chip.read(&mut source).expect_err("no supply");
    assert_eq!(error.cause, Cause::NoReply);
    assert!(error.message.contains("check its supply"), "{error}");
    chip.board.set_powered(true);
    chip.read(&mut source).expect("set up anew");
    // The supply goes on, the line is dead: a reading of no voltage, without what can not be known.
    chip.bench.apply(ChipLoad {
        volts: 0.0,
        amperes: 0.0,
        ..CHIP_LOAD
    });
    for _ in 0..3 {
        let dead = chip.read(&mut source).expect("a reading");
        assert!(dead.voltage_mv.expect("a voltage") < 1_000);
        assert_eq!((dead.power_mw, dead.frequency_mhz), (None, None));
        assert!(dead.counter.is_some());
        chip.board.advance_us(5_000_000);
    }
    chip.bench.apply(CHIP_LOAD);
    chip.board.advance_us(5_000_000);
    let back = chip.read(&mut source).expect("a reading");
    assert!(back.power_mw.is_some());
}
