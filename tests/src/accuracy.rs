//! How right a calibrated ADE7753 is: guided calibration of a simulated meter, then loads it has not
//! seen.

use ade7753::blocking::Ade7753;
use ade7753::calibration::{Average, Procedure, Step};
use ade7753::{Calibration, Config, CurrentSensor, Filter, FrontEnd, LineCycles, VoltageSensor};
use meter_sim::ade7753::{Bench, Board, Delay, Imperfections, Load, Sensor, Spi};
use meter_sim::random::Random;

/// Mains voltage of every point.
pub const VOLTS: f64 = 230.0;
/// SPI clock of every meter.
const SCLK_HZ: u32 = 4_000_000;

/// The parts of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// A current transformer and a voltage transformer without errors of their own beyond a gain and a
    /// phase that calibration can take away.
    Good,
    /// An SCT-013-000 at 22 ohm as measured on specimens, a ZMPT101B, unequal filters.
    Sct013,
}

impl Parts {
    /// What the driver is told.
    pub fn front_end(self) -> FrontEnd {
        match self {
            Self::Good => FrontEnd::new(
                CurrentSensor::Transformer {
                    ratio: 2_000,
                    burden_mohm: 6_800,
                    turns: 1,
                    lead_mdeg: 0,
                },
                VoltageSensor::zmpt101b(200_000, 150),
            ),
            Self::Sct013 => FrontEnd::new(
                CurrentSensor::sct_013_000(22_000, 1),
                VoltageSensor::zmpt101b(200_000, 150),
            )
            .map(|front_end| {
                let slow = Filter {
                    ohm: 1_000,
                    nf: 150,
                };
                front_end.with_filters(slow, Filter::USUAL)
            }),
        }
        .expect("parts that make a meter")
    }

    fn bench(self, board: Board, seed: u64) -> Bench {
        let mut random = Random::new(seed ^ 0x5EED);
        let mut within = |limit: f64| (random.unit() * 2.0 - 1.0) * limit;
        match self {
            Self::Good => {
                let current = Sensor::ideal(6.8 / 2_000.0).with_errors(within(0.01), within(0.2));
                let voltage =
                    Sensor::ideal(150.0 / 200_000.0).with_errors(within(0.01), within(0.1));
                Bench::new(
                    board,
                    current.with_filter(1_000.0, 33.0),
                    voltage.with_filter(1_000.0, 33.0),
                )
            }
            Self::Sct013 => Bench::new(
                board,
                Sensor::sct_013_000().with_filter(1_000.0, 150.0),
                Sensor::zmpt101b(200_000.0, 150.0).with_filter(1_000.0, 33.0),
            ),
        }
    }
}

/// A simulated meter with its driver.
pub struct Meter {
    bench: Bench,
    driver: Ade7753<Spi, Delay>,
    front_end: FrontEnd,
}

/// Errors of a calibrated meter at one load, in percent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Errors {
    /// Active power.
    pub active: f64,
    /// Reactive power; 0 where there is next to none.
    pub reactive: f64,
    /// Voltage.
    pub voltage: f64,
    /// Current.
    pub current: f64,
    /// What is uncertain about the active power: one step of energy in each window.
    pub uncertainty: f64,
}

impl Errors {
    /// The larger of each.
    pub fn worst(self, other: Self) -> Self {
        let larger = |a: f64, b: f64| if a.abs() >= b.abs() { a } else { b };
        Self {
            active: larger(self.active, other.active),
            reactive: larger(self.reactive, other.reactive),
            voltage: larger(self.voltage, other.voltage),
            current: larger(self.current, other.current),
            uncertainty: larger(self.uncertainty, other.uncertainty),
        }
    }
}

/// A load as the tables have it.
pub fn load(amperes: f64, lag_deg: f64, hz: f64) -> Load {
    Load {
        volts: VOLTS,
        amperes,
        lag_deg,
        hz,
    }
}

/// Angle of a power factor of 0.5 that lags, and of 0.8 that leads.
pub const LAG_0_5: f64 = 60.0;
/// See [`LAG_0_5`].
pub const LEAD_0_8: f64 = -36.869_897_645_844;

/// A point of IEC 62053-21 for class 1: current in basic currents, angle, limit in percent.
pub struct ClassPoint {
    /// How the standard has it.
    pub name: &'static str,
    /// Current as a multiple of the basic current.
    pub currents: f64,
    /// Lag in degrees.
    pub lag_deg: f64,
    /// Limit of the error in percent.
    pub limit: f64,
}

/// Direct connected meters of class 1 (IEC 62053-21, table 6), with Imax of 10 Ib.
pub const CLASS_1: [ClassPoint; 13] = [
    point("0.05 Ib, pf 1", 0.05, 0.0, 1.5),
    point("0.1 Ib, pf 1", 0.1, 0.0, 1.0),
    point("Ib, pf 1", 1.0, 0.0, 1.0),
    point("Imax, pf 1", 10.0, 0.0, 1.0),
    point("0.1 Ib, pf 0.5 ind", 0.1, LAG_0_5, 1.5),
    point("0.1 Ib, pf 0.8 cap", 0.1, LEAD_0_8, 1.5),
    point("0.2 Ib, pf 0.5 ind", 0.2, LAG_0_5, 1.0),
    point("0.2 Ib, pf 0.8 cap", 0.2, LEAD_0_8, 1.0),
    point("Ib, pf 0.5 ind", 1.0, LAG_0_5, 1.0),
    point("Ib, pf 0.8 cap", 1.0, LEAD_0_8, 1.0),
    point("Imax, pf 0.5 ind", 10.0, LAG_0_5, 1.0),
    point("Imax, pf 0.8 cap", 10.0, LEAD_0_8, 1.0),
    point("Ib, pf 1, reversed", 1.0, 180.0, 1.0),
];

const fn point(name: &'static str, currents: f64, lag_deg: f64, limit: f64) -> ClassPoint {
    ClassPoint {
        name,
        currents,
        lag_deg,
        limit,
    }
}

/// A verdict on a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Within the limit, uncertainty included.
    Pass,
    /// Beyond it, uncertainty included.
    Fail,
    /// The uncertainty is more than a fifth of the limit, or decides.
    Open,
}

impl ClassPoint {
    /// Judges an error.
    pub fn judge(&self, errors: &Errors) -> Verdict {
        let (error, uncertainty) = (errors.active.abs(), errors.uncertainty);
        if uncertainty > self.limit / 5.0 {
            Verdict::Open
        } else if error + uncertainty <= self.limit {
            Verdict::Pass
        } else if error - uncertainty > self.limit {
            Verdict::Fail
        } else {
            Verdict::Open
        }
    }
}

impl Meter {
    /// A meter fresh from the box.
    pub fn new(parts: Parts, seed: u64) -> Self {
        Self::with(parts, Board::fast(Imperfections::random(seed), seed), seed)
    }

    /// The same on a board of choice.
    pub fn with(parts: Parts, board: Board, seed: u64) -> Self {
        let front_end = parts.front_end();
        let config = Config::new(&front_end)
            .with_sclk_hz(SCLK_HZ)
            .expect("a clock the chip takes");
        let mut driver = Ade7753::new(board.spi(SCLK_HZ), board.delay(), config);
        let bench = parts.bench(board, seed);
        driver.init().expect("a chip that works");
        Self {
            bench,
            driver,
            front_end,
        }
    }

    /// The driver.
    pub fn driver(&mut self) -> &mut Ade7753<Spi, Delay> {
        &mut self.driver
    }

    /// Full scale of the current in amperes.
    pub fn full_scale(&self) -> f64 {
        f64::from(self.front_end.full_scale_ma()) / 1_000.0
    }

    /// Measures a load over so many windows.
    pub fn measure(&mut self, load: Load, length: LineCycles, windows: u32) -> Average {
        let board = self.bench.board().clone();
        self.bench.apply(load);
        // What the filters need to settle.
        board.advance_us(2_000_000);
        let driver = &mut self.driver;
        driver.start_windows(length).expect("windows");
        let mut average = Average::new();
        while average.windows() < windows {
            if board.wait_for_interrupt(1_000_000) {
                driver.interrupted(board.now_us());
            }
            // Until the second half of the rms values is there.
            for _ in 0..40 {
                if let Some(window) = driver.poll_window(board.now_us()).expect("windows") {
                    average.add(&window);
                    break;
                }
                board.advance_us(200);
            }
        }
        average
    }

    /// Goes through the guided procedure with an accurate source.
    pub fn calibrate(&mut self, basic_ma: u32) -> Calibration {
        let nominal = self.front_end.nominal_calibration();
        // With an SCT-013, PHCAL may just not reach.
        let mut procedure =
            Procedure::new(nominal, 230_000, basic_ma, 50).with_tolerated_phase(500_000);
        loop {
            let point = match procedure.step() {
                Step::Gain(point) | Step::Phase(point) => point,
                Step::Offset(point) | Step::VoltageOffset(point) => point,
                Step::Done => break,
            };
            self.driver
                .set_calibration(*procedure.calibration())
                .expect("registers that take their values");
            let load = Load {
                volts: f64::from(point.voltage_mv) / 1e3,
                amperes: f64::from(point.current_ma) / 1e3,
                lag_deg: point.lag_deg.into(),
                hz: 50.0,
            };
            let average = self.measure(load, point.length, point.windows.into());
            procedure
                .record(&average, &point.reference())
                .expect("a reading that fits");
        }
        let calibration = *procedure.calibration();
        self.driver.set_calibration(calibration).expect("registers");
        calibration
    }

    /// Errors at a load, with enough steps of energy for 0.01 %.
    pub fn errors(&mut self, calibration: &Calibration, load: Load) -> Errors {
        let scale = &calibration.scale;
        let step_uwh = scale.energy().times(1_000_000, 0) as f64 / 1e6;
        let wanted = load.watts().abs().max(load.vars().abs()).max(1.0);
        let seconds = (10_000.0 * step_uwh * 3.6e-3 / wanted).clamp(4.0, 400.0);
        let windows = (seconds / 39.0).ceil();
        let window_ms = (seconds / windows * 1e3) as u32;
        let length = LineCycles::from_ms(window_ms, load.hz as u8);
        // Some windows more, so that noise and rms values are means too.
        let windows = windows.max(4.0);
        let average = self.measure(load, length, windows as u32);
        let percent = |measured: f64, right: f64| (measured / right - 1.0) * 100.0;
        let (voltage_mv, current_ua) = scale.measure_rms(average.rms(), average.period());
        let share = |value: f64, right: f64| {
            if right.abs() < 0.05 * load.voltamperes() {
                0.0
            } else {
                percent(value, right)
            }
        };
        Errors {
            active: percent(average.active_uw(scale) as f64 / 1e6, load.watts()),
            reactive: share(average.reactive_uvar(scale) as f64 / 1e6, load.vars()),
            voltage: percent(f64::from(voltage_mv) / 1e3, load.volts),
            current: percent(f64::from(current_ua) / 1e6, load.amperes),
            uncertainty: step_uwh * 3.6e-3 / (load.watts().abs() * seconds / windows) * 100.0,
        }
    }
}
