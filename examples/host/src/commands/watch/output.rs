//! Where readings and events go.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::time::Duration;

use meter_core::Event as Alarm;
use pzem::Address;
use pzem::bus::{Bus, Event, Link as State};
use serde::Serialize;

use super::MODULES;
use super::watched::{EventRow, RegistersRow, Watched, phase};
use crate::cli::WatchOptions;
use crate::commands::{print, print_json};
use crate::error::Problem;
use crate::link::Link;
use crate::port::PortError;
use crate::report::{Reading, fixed, measured};
use crate::tui::View;

/// A reading with what the core makes of it.
#[derive(Debug, Serialize)]
struct ReadingRow<'a> {
    #[serde(flatten)]
    reading: &'a Reading,
    registers: RegistersRow,
    alarms: Vec<&'static str>,
}

/// Where readings go.
pub(crate) enum Output {
    Json,
    Lines { several: bool },
    Screen(Box<View>),
}

impl Output {
    pub(crate) fn choose(options: &WatchOptions, link: &Link) -> Result<Self, Problem> {
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

    pub(crate) fn show(
        &mut self,
        event: &Event<PortError>,
        reading: &Reading,
        watched: &Watched,
        alarms: &[Alarm],
    ) -> Result<(), Problem> {
        let address = event.address.get();
        match self {
            Self::Json => {
                print_json(&ReadingRow {
                    reading,
                    registers: watched.row(),
                    alarms: watched.alarms(),
                })?;
                for alarm in alarms {
                    print_json(&EventRow::of(reading.unix_ms, address, alarm))?;
                }
                Ok(())
            }
            Self::Screen(view) => {
                view.take(event.address, reading);
                Ok(())
            }
            Self::Lines { several } => {
                let who = match several {
                    true => format!("{address:>3}  "),
                    false => String::new(),
                };
                if event.change == Some(State::Offline) {
                    eprintln!("meter: {who}offline; looked for again from time to time");
                }
                match &reading.message {
                    None => print(&format!("{who}{}", reading.values.line()))?,
                    Some(message) => eprintln!("meter: {who}{message}"),
                }
                for alarm in alarms {
                    print(&format!(
                        "{who}{} {}, {}",
                        alarm.code.name(),
                        phase(alarm),
                        measured(alarm.value, alarm.code.unit())
                    ))?;
                }
                Ok(())
            }
        }
    }

    /// Waits until the next turn; whether the user wants to leave.
    pub(crate) fn idle(
        &mut self,
        bus: &Bus<MODULES>,
        link: &Link,
        watched: &BTreeMap<Address, Watched>,
        wait: Duration,
    ) -> Result<bool, Problem> {
        match self {
            Self::Screen(view) => view.idle(bus.modules(), watched, link.pzem.stats(), wait),
            Self::Json | Self::Lines { .. } => {
                std::thread::sleep(wait);
                Ok(false)
            }
        }
    }

    /// Gives the terminal back, and tells people what the watch has added up.
    pub(crate) fn finish(self, watched: &BTreeMap<Address, Watched>) {
        let (is_json, several) = (matches!(self, Self::Json), watched.len() > 1);
        drop(self);
        if is_json {
            return;
        }
        for (address, watched) in watched {
            let r = watched.registers();
            let who = if several {
                format!("module {address}: ")
            } else {
                String::new()
            };
            eprintln!(
                "meter: {who}{} kWh in this watch; {} resets, {} wraps of the counter; {} W at most",
                fixed(r.import.mwh(), 1_000_000, 3),
                r.resets,
                r.wraps,
                fixed(watched.max_power_mw(), 1_000, 1)
            );
        }
    }
}
