//! `meter simulate --pty`: simulated modules for any Modbus master.

use meter_sim::pzem::{AcModule, DcModule, Faults, LegacyModule, Line, Load, ModuleId};

use crate::cli::{Family, SimulateOptions};
#[cfg(unix)]
use crate::disturb::Troublemaker;
use crate::error::Problem;

#[cfg(unix)]
pub(crate) fn run(options: &SimulateOptions) -> Result<(), Problem> {
    use std::time::{Duration, Instant};

    let mut terminal = pty::Pty::open()
        .map_err(|error| Problem::Refused(format!("no pseudo-terminal to be had ({error})")))?;
    let (line, first) = line(options);
    let mut troubles = first.map(|first| Troublemaker::new(&line, first, &options.disturb));
    super::print(terminal.path())?;
    eprintln!(
        "meter: {} simulated; connect to the path above, end with Ctrl-C",
        match options.modules {
            1 => "1 module".to_owned(),
            more => format!("{more} modules at 1 to {more}"),
        }
    );
    let started = Instant::now();
    loop {
        // The line keeps step with real time, byte by byte at 9600 baud.
        let request = terminal.read()?;
        let now_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        line.advance_to_us(now_us);
        if let Some(troubles) = &mut troubles {
            troubles.act(&line, started.elapsed());
        }
        line.transmit(&request);
        let reply = line.take_received();
        terminal.write(&reply)?;
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(not(unix))]
pub(crate) fn run(_: &SimulateOptions) -> Result<(), Problem> {
    Err(Problem::Usage(
        "pseudo-terminals exist on Unix only; use --sim with the other commands".to_owned(),
    ))
}

#[cfg_attr(
    not(unix),
    allow(dead_code, reason = "used with pseudo-terminals only")
)]
fn line(options: &SimulateOptions) -> (Line, Option<ModuleId>) {
    // DC modules send two stop bits: eleven bits a byte.
    let line = match options.family {
        Family::Dc => Line::with_frame(9_600, 11),
        Family::Ac | Family::Legacy => Line::new(),
    };
    line.set_echo(options.echo);
    let mut first = None;
    for address in 1..=options.modules {
        let seed = options.seed.wrapping_add(u64::from(address));
        let module = match options.family {
            Family::Ac => line.attach(
                AcModule::new(address)
                    .with_household(seed)
                    .with_energy_wh(100_000 + u32::from(address) * 1_000)
                    .with_refresh_ms(1_250),
            ),
            Family::Dc => line.attach(DcModule::new(address).with_load(4_812, 730)),
            Family::Legacy => line.attach(LegacyModule::new().with_load(Load {
                current_ma: 1_730,
                power_factor_percent: 94,
                ..Load::NONE
            })),
        };
        first.get_or_insert(module);
    }
    let faults = options
        .faults
        .iter()
        .fold(Faults::seeded(options.seed), |faults, (fault, ppm)| {
            faults.with(*fault, *ppm)
        });
    line.set_faults(faults);
    (line, first)
}

#[cfg(unix)]
mod pty {
    use std::fs::File;
    use std::io::{self, Read, Write};
    use std::os::fd::OwnedFd;

    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

    /// The master side, and the other side kept open so that masters may come and go.
    pub(super) struct Pty {
        master: File,
        _other_side: OwnedFd,
        path: String,
    }

    impl Pty {
        pub(super) fn open() -> io::Result<Self> {
            let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
            grantpt(&master)?;
            unlockpt(&master)?;
            let path = ptsname(&master, Vec::new())?;
            let flags = OFlags::RDWR | OFlags::NOCTTY;
            let other_side = rustix::fs::open(path.as_c_str(), flags, Mode::empty())?;
            let mut settings = tcgetattr(&other_side)?;
            settings.make_raw();
            tcsetattr(&other_side, OptionalActions::Now, &settings)?;
            rustix::fs::fcntl_setfl(&master, OFlags::RDWR | OFlags::NONBLOCK)?;
            Ok(Self {
                master: File::from(master),
                _other_side: other_side,
                path: path.to_string_lossy().into_owned(),
            })
        }

        pub(super) fn path(&self) -> &str {
            &self.path
        }

        /// What the master has sent since the last call.
        pub(super) fn read(&mut self) -> io::Result<Vec<u8>> {
            let mut buffer = [0; 256];
            match self.master.read(&mut buffer) {
                Ok(count) => Ok(buffer.get(..count).unwrap_or_default().to_vec()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Vec::new()),
                Err(error) => Err(error),
            }
        }

        /// Sends to the master; what nobody reads is lost, as on a wire.
        pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
            match self.master.write_all(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
                result => result,
            }
        }
    }
}
