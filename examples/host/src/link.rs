//! The line a command works on: a real port, or simulated modules that live in real time.

use std::time::{Duration, Instant};

use meter_sim::pzem::{AcModule, DcModule, LegacyModule, Line, Load, ModuleId};
use pzem::blocking::Pzem;
use pzem::operation::Operation;
use pzem::{Address, Config, EchoMode, Error, Target};
use serialport::StopBits;

use crate::cli::{Family, LinkOptions};
use crate::disturb::{Disturbance, Troublemaker};
use crate::error::Problem;
use crate::port::{self, Port, PortError, Wait};

/// The address of the simulated v1/v2 module.
const LEGACY: [u8; 4] = [192, 168, 1, 1];

/// A line, ready for exchanges.
pub(crate) struct Link {
    pub(crate) pzem: Pzem<Port, Wait>,
    pub(crate) name: String,
    simulated: Option<Simulated>,
    started: Instant,
}

/// Modules that are none, and what goes wrong with them.
struct Simulated {
    line: Line,
    /// The first one.
    house: ModuleId,
    troubles: Option<Troublemaker>,
    /// When the times of these begin.
    since: Option<Instant>,
}

impl Link {
    /// Opens what the options name; says so when that is a simulation nobody asked for.
    pub(crate) fn open(options: &LinkOptions, family: Family) -> Result<Self, Problem> {
        let default_timeout = Duration::from_millis(if options.port.is_some() { 500 } else { 200 });
        let timeout = options.timeout.unwrap_or(default_timeout);
        let timeout_ms = u16::try_from(timeout.as_millis())
            .map_err(|_| Problem::Usage("--timeout can be 65 s at most".to_owned()))?;
        let echo = if options.echo {
            EchoMode::On
        } else {
            EchoMode::Off
        };
        let config = Config::new()
            .with_reply_timeout_ms(timeout_ms)
            // Below a byte's time a PC can not sleep anyway.
            .with_poll_step_us(1_000)
            .with_echo(echo);
        let (port, wait, name, simulated) = match &options.port {
            Some(path) => {
                let stop_bits = match family {
                    Family::Dc => StopBits::Two,
                    Family::Ac | Family::Legacy => StopBits::One,
                };
                let port = port::open(path, stop_bits)?;
                (port, Wait::Real, path.clone(), None)
            }
            None => {
                if !options.sim {
                    eprintln!("meter: no --port given: using simulated modules");
                }
                let (line, house) = simulated_line(family);
                line.set_echo(options.echo);
                let port = Port::Simulated(line.uart());
                let wait = Wait::Simulated(line.delay());
                (
                    port,
                    wait,
                    "simulation".to_owned(),
                    Some(Simulated {
                        line,
                        house,
                        troubles: None,
                        since: None,
                    }),
                )
            }
        };
        Ok(Self {
            pzem: Pzem::with_config(port, wait, config),
            name,
            simulated,
            started: Instant::now(),
        })
    }

    /// Lets simulated modules catch up with real time.
    pub(crate) fn catch_up(&mut self) {
        if let Some(simulated) = &mut self.simulated {
            let elapsed = self.started.elapsed();
            let elapsed_us = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
            simulated.line.advance_to_us(elapsed_us);
            if let Some(troubles) = &mut simulated.troubles {
                let since = simulated
                    .since
                    .map_or(Duration::ZERO, |since| since.elapsed());
                troubles.act(&simulated.line, since);
            }
        }
    }

    /// Lets things go wrong with the first of the simulated modules.
    pub(crate) fn disturb(&mut self, disturbances: &[Disturbance]) {
        if let Some(simulated) = &mut self.simulated {
            let troubles = Troublemaker::new(&simulated.line, simulated.house, disturbances);
            simulated.troubles = Some(troubles);
        }
    }

    /// There is a first reading: what goes wrong does so after its time from here on.
    pub(crate) fn begin_troubles(&mut self) {
        if let Some(simulated) = &mut self.simulated {
            simulated.since.get_or_insert_with(Instant::now);
        }
    }

    /// Runs an operation on the line.
    pub(crate) fn run<O: Operation>(
        &mut self,
        operation: O,
    ) -> Result<O::Output, Error<PortError>> {
        self.catch_up();
        self.pzem.run(operation)
    }

    /// The one module a command is about: as given, else the only one on a port, or number 1 of
    /// the simulated ones.
    pub(crate) fn one_target(&self, options: &LinkOptions) -> Result<Target, Problem> {
        match options.address.as_slice() {
            [] if self.simulated.is_some() => Ok(Target::Unit(Address::FIRST)),
            [] => Ok(Target::General),
            [target] => Ok(*target),
            _ => Err(Problem::Usage(
                "this command takes one --address".to_owned(),
            )),
        }
    }
}

/// Two AC modules and a DC module, or a v1/v2 module alone; and the first of them.
fn simulated_line(family: Family) -> (Line, ModuleId) {
    let line = Line::new();
    if family == Family::Legacy {
        let load = Load {
            current_ma: 1_730,
            power_factor_percent: 94,
            ..Load::NONE
        };
        let module = LegacyModule::new().with_address(LEGACY).with_load(load);
        let module = line.attach(module.with_energy_wh(99_999));
        return (line, module);
    }
    let house = line.attach(AcModule::new(1).with_household(1).with_energy_wh(1_284_350));
    line.attach(AcModule::new(2).with_household(2).with_energy_wh(97_400));
    line.attach(DcModule::new(3).with_load(4_812, 730).with_energy_wh(5_120));
    (line, house)
}
