//! A chip with its front end, ready to measure.

use std::time::Instant;

use ade7753::blocking::Ade7753;
use ade7753::calibration::Average;
use ade7753::{
    Calibration, Config, CurrentSensor, Error, FrontEnd, LineCycles, Variant, VoltageSensor, Window,
};
use meter_sim::ade7753::{Bench, Board, Imperfections, Load, Sensor};

use super::cli::{ChipOptions, VariantOption};
use super::device::{self, Clock, Device, DeviceError, Wait};
use crate::error::Problem;

/// The load of the simulated house.
pub(crate) const HOUSE: Load = Load {
    volts: 231.4,
    amperes: 4.72,
    lag_deg: 18.0,
    hz: 49.98,
};

pub(crate) struct Meter {
    pub(crate) driver: Ade7753<Device, Wait>,
    pub(crate) clock: Clock,
    pub(crate) front_end: FrontEnd,
    /// The load bench of a simulated chip.
    pub(crate) bench: Option<Bench>,
}

impl From<Error<DeviceError>> for Problem {
    fn from(error: Error<DeviceError>) -> Self {
        Self::Refused(match error {
            Error::Spi(error) => format!("the SPI device failed: {error}"),
            other => other.to_string(),
        })
    }
}

impl Meter {
    /// Opens and initialises what the options name.
    pub(crate) fn open(options: &ChipOptions) -> Result<Self, Problem> {
        let mut meter = Self::open_as_it_is(options)?;
        meter.driver.init()?;
        Ok(meter)
    }

    /// Opens what the options name without touching the chip; says so when that is a simulation nobody
    /// asked for.
    pub(crate) fn open_as_it_is(options: &ChipOptions) -> Result<Self, Problem> {
        let front_end = front_end(options)?;
        let mut config = Config::new(&front_end)
            .with_variant(match options.variant {
                VariantOption::Ade7753 => Variant::Ade7753,
                VariantOption::Ade7763 => Variant::Ade7763,
            })
            .with_sclk_hz(options.sclk)
            .map_err(|error| Problem::Usage(format!("--sclk: {error}")))?;
        if let Some(path) = &options.calibration {
            config = config.with_calibration(load_calibration(path)?);
        }
        let (device, wait, clock, bench) = match &options.spi {
            Some(path) => {
                let device = device::open(path, options.sclk)?;
                (device, Wait::Real, Clock::Real(Instant::now()), None)
            }
            None => {
                if !options.sim {
                    eprintln!("meter: no --spi given: using a simulated chip");
                }
                let board = Board::fast(Imperfections::random(options.seed), options.seed);
                let bench = bench(options, &board);
                bench.apply(Load {
                    hz: HOUSE.hz * f64::from(options.mains) / 50.0,
                    ..HOUSE
                });
                let device = Device::Simulated(board.spi(options.sclk));
                let wait = Wait::Simulated(board.delay());
                board.advance_us(2_000_000);
                (device, wait, Clock::Simulated(board), Some(bench))
            }
        };
        Ok(Self {
            driver: Ade7753::new(device, wait, config),
            clock,
            front_end,
            bench,
        })
    }

    /// The next window.
    pub(crate) fn window(&mut self) -> Result<Window, Problem> {
        let clock = self.clock.clone();
        if let Clock::Simulated(board) = &clock
            && board.wait_for_interrupt(90_000_000)
        {
            self.driver.interrupted(board.now_us());
        }
        Ok(self.driver.window(|| clock.now_us())?)
    }

    /// Measures so many windows; `progress` is called after each.
    pub(crate) fn average(
        &mut self,
        length: LineCycles,
        windows: u16,
        mut progress: impl FnMut(),
    ) -> Result<Average, Problem> {
        self.driver.start_windows(length)?;
        let mut average = Average::new();
        while average.windows() < u32::from(windows) {
            average.add(&self.window()?);
            progress();
        }
        Ok(average)
    }
}

fn front_end(options: &ChipOptions) -> Result<FrontEnd, Problem> {
    let current = match options.shunt {
        Some(uohm) => CurrentSensor::Shunt { uohm },
        None => CurrentSensor::Transformer {
            ratio: options.ct_ratio,
            burden_mohm: options.burden,
            turns: options.turns,
            lead_mdeg: 0,
        },
    };
    let voltage = if options.divider {
        VoltageSensor::Divider {
            upper_ohm: options.resistor,
            lower_ohm: options.lower,
        }
    } else {
        VoltageSensor::zmpt101b(options.resistor, options.lower)
    };
    FrontEnd::with(
        current,
        voltage,
        ade7753::register::Gain::default(),
        options.mains,
        ade7753::CLKIN_HZ,
    )
    .map_err(|error| Problem::Usage(error.to_string()))
}

/// The same parts as a bench, each with an error of its own.
fn bench(options: &ChipOptions, board: &Board) -> Bench {
    let volts_per_ampere = match options.shunt {
        Some(uohm) => f64::from(uohm) * 1e-6,
        None => {
            f64::from(options.burden) * 1e-3 * f64::from(options.turns)
                / f64::from(options.ct_ratio)
        }
    };
    let share = f64::from(options.lower) / f64::from(options.resistor);
    let current = Sensor::ideal(volts_per_ampere).with_errors(0.006, 0.12);
    let voltage = Sensor::ideal(share).with_errors(-0.004, 0.2);
    Bench::new(board.clone(), current, voltage)
}

fn load_calibration(path: &std::path::Path) -> Result<Calibration, Problem> {
    let shown = path.display();
    let bytes = std::fs::read(path)
        .map_err(|error| Problem::Refused(format!("{shown} can not be read: {error}")))?;
    let bytes = bytes.try_into().map_err(|_| {
        Problem::Refused(format!(
            "{shown} is not a calibration: it has another length"
        ))
    })?;
    Calibration::from_bytes(&bytes).map_err(|error| Problem::Refused(format!("{shown}: {error}")))
}
