//! `meter watch`: readings as they come.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use pzem::bus::{Bus, Event, Link as State};
use pzem::operation::{Family as Map, ReadAddress};
use pzem::{Address, Failure, Reason, Target};

use super::{print, print_json};
use crate::cli::{Family, WatchOptions};
use crate::error::{Problem, code, explain};
use crate::link::Link;
use crate::port::PortError;
use crate::report::{Reading, Values};
use crate::tui::View;

/// More modules than a line refreshes in one period are no use: 16 at 9600 baud.
pub(crate) const MODULES: usize = 32;

pub(crate) fn run(options: &WatchOptions) -> Result<(), Problem> {
    let map = match options.family {
        Family::Ac => Map::Ac,
        Family::Dc => Map::Dc,
        Family::Legacy => {
            return Err(Problem::Usage(
                "watch knows AC and DC modules; read v1/v2 modules with `meter read --family legacy`"
                    .to_owned(),
            ));
        }
    };
    let interval_ms = u32::try_from(options.interval.as_millis()).unwrap_or(u32::MAX);
    let mut link = Link::open(&options.link, options.family)?;
    let mut bus: Bus<MODULES> = Bus::new();
    for address in addresses(&mut link, options)? {
        bus.add(address, map, interval_ms, 0)
            .map_err(|error| Problem::Usage(format!("--address {address}: {error}")))?;
    }
    let mut output = Output::choose(options, &link)?;
    let mut record = options.csv.as_deref().map(Record::create).transpose()?;
    let started = Instant::now();
    let now_ms = || started.elapsed().as_millis() as u32;
    let (mut seen, mut good) = (0, 0);
    while options.count.is_none_or(|count| seen < count) {
        let Some(poll) = bus.due(now_ms()) else {
            let wait = bus.wait_ms(now_ms()).unwrap_or(interval_ms);
            let wait = Duration::from_millis(u64::from(wait));
            if output.idle(&bus, &link, wait)? {
                break;
            }
            continue;
        };
        let result = link.run(poll);
        let event = bus.record(poll, result, now_ms());
        if is_held_back(&event) {
            continue;
        }
        seen += 1;
        let reading = reading(&event);
        good += u64::from(reading.ok);
        if let Some(record) = &mut record {
            record.write(&reading)?;
        }
        output.show(&event, &reading)?;
    }
    drop(output);
    if seen > 0 && good == 0 {
        return Err(Problem::Refused(format!(
            "not one of {seen} readings on {} succeeded",
            link.name
        )));
    }
    Ok(())
}

/// The modules to watch. The only one on a port is asked for its address first, since a schedule
/// is kept by address.
fn addresses(link: &mut Link, options: &WatchOptions) -> Result<Vec<Address>, Problem> {
    let targets = match options.link.address.as_slice() {
        [] => vec![link.one_target(&options.link)?],
        given => given.to_vec(),
    };
    let mut addresses = Vec::new();
    for target in targets {
        addresses.push(match target {
            Target::Unit(address) => address,
            Target::General => link.run(ReadAddress::new(Target::General))?,
        });
    }
    Ok(addresses)
}

/// The first frame after power-up waits for a second; it is neither a reading nor a failure.
fn is_held_back(event: &Event<PortError>) -> bool {
    let failure = event.result.as_ref().err().and_then(pzem::Error::failure);
    matches!(failure, Some(Failure::Implausible(i)) if i.reason == Reason::FirstFrame)
}

fn reading(event: &Event<PortError>) -> Reading {
    let address = event.address.get();
    match &event.result {
        Ok(sample) => Reading::good(Values::of(address, sample)),
        Err(error) => Reading::failed(Some(address), code(error), explain(error)),
    }
}

/// Where readings go.
enum Output {
    Json,
    Lines { several: bool },
    Screen(Box<View>),
}

impl Output {
    fn choose(options: &WatchOptions, link: &Link) -> Result<Self, Problem> {
        if options.link.json {
            return Ok(Self::Json);
        }
        if !io::stdout().is_terminal() {
            return Ok(Self::Lines {
                several: options.link.address.len() > 1,
            });
        }
        Ok(Self::Screen(Box::new(View::open(
            &link.name,
            options.interval,
        )?)))
    }

    fn show(&mut self, event: &Event<PortError>, reading: &Reading) -> Result<(), Problem> {
        match self {
            Self::Json => print_json(reading),
            Self::Screen(view) => {
                view.take(event.address, reading);
                Ok(())
            }
            Self::Lines { several } => {
                let who = match several {
                    true => format!("{:>3}  ", event.address.get()),
                    false => String::new(),
                };
                if event.change == Some(State::Offline) {
                    eprintln!("meter: {who}offline; looked for again from time to time");
                }
                match &reading.message {
                    None => print(&format!("{who}{}", reading.values.line())),
                    Some(message) => {
                        eprintln!("meter: {who}{message}");
                        Ok(())
                    }
                }
            }
        }
    }

    /// Waits until the next turn; whether the user wants to leave.
    fn idle(&mut self, bus: &Bus<MODULES>, link: &Link, wait: Duration) -> Result<bool, Problem> {
        match self {
            Self::Screen(view) => view.idle(bus.modules(), link.pzem.stats(), wait),
            Self::Json | Self::Lines { .. } => {
                std::thread::sleep(wait);
                Ok(false)
            }
        }
    }
}

/// A CSV file that grows with every reading.
struct Record(csv::Writer<std::fs::File>);

impl Record {
    fn create(path: &std::path::Path) -> Result<Self, Problem> {
        let mut writer = csv::Writer::from_path(path)
            .map_err(|error| Problem::Usage(format!("{}: {error}", path.display())))?;
        writer
            .write_record([
                "unix_ms",
                "address",
                "voltage_mv",
                "current_ma",
                "power_mw",
                "energy_mwh",
                "frequency_mhz",
                "power_factor_milli",
                "alarm",
                "error",
            ])
            .map_err(Self::failed)?;
        Ok(Self(writer))
    }

    fn write(&mut self, reading: &Reading) -> Result<(), Problem> {
        fn text(value: Option<impl ToString>) -> String {
            value.map(|value| value.to_string()).unwrap_or_default()
        }
        let values = &reading.values;
        self.0
            .write_record([
                reading.unix_ms.to_string(),
                text(values.address),
                text(values.voltage_mv),
                text(values.current_ma),
                text(values.power_mw),
                text(values.energy_mwh),
                text(values.frequency_mhz),
                text(values.power_factor_milli),
                text(values.alarm),
                text(reading.error),
            ])
            .map_err(Self::failed)?;
        self.0.flush()?;
        Ok(())
    }

    fn failed(error: csv::Error) -> Problem {
        Problem::Refused(format!("the CSV file can not be written: {error}"))
    }
}
