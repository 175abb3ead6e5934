//! `meter watch`: readings as they come, and what the core makes of them.

mod output;
mod record;
pub(crate) mod watched;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pzem::bus::{Bus, Event};
use pzem::operation::{Family as Map, ReadAddress};
use pzem::{Address, Failure, Reason, Target};

use output::Output;
use record::Record;
use watched::Watched;

use crate::cli::{Family, WatchOptions};
use crate::error::{Problem, code, explain};
use crate::link::Link;
use crate::port::PortError;
use crate::report::{Reading, Values};

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
    link.disturb(&options.disturb);
    let mut bus: Bus<MODULES> = Bus::new();
    let mut watched = BTreeMap::new();
    for address in addresses(&mut link, options)? {
        watched.insert(address, Watched::new(map, options, interval_ms));
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
            if output.idle(&bus, &link, &watched, wait)? {
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
        if reading.ok {
            good += 1;
            link.begin_troubles();
        }
        if let Some(record) = &mut record {
            record.write(&reading)?;
        }
        let Some(watched) = watched.get_mut(&event.address) else {
            continue;
        };
        let at_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let events = match &event.result {
            Ok(sample) => watched.push(sample, at_ms, reading.unix_ms),
            Err(_) => watched.miss(at_ms, reading.unix_ms),
        };
        let events = events.to_vec();
        output.show(&event, &reading, watched, &events)?;
    }
    output.finish(&watched);
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
