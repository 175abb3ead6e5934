//! Things that go wrong in the simulated house, so that alarms can be seen.

use std::time::Duration;

use meter_sim::pzem::{Line, Load, ModuleId};

use crate::cli::duration;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// 180 V.
    Sag,
    /// 265 V.
    Swell,
    /// 9.2 kW.
    Overload,
    /// Current flows and no power.
    Theft,
    /// The module has no supply.
    Outage,
    /// The energy counter is set to zero.
    Reset,
    /// The energy counter starts over at 65 536 Wh.
    Wrap,
}

/// A trouble, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Disturbance {
    trouble: Trouble,
    begin: Duration,
    length: Duration,
}

/// Names, and how long each has to last to be seen.
const TROUBLES: [(&str, Trouble, u64); 7] = [
    ("sag", Trouble::Sag, 5),
    ("swell", Trouble::Swell, 5),
    ("overload", Trouble::Overload, 20),
    ("theft", Trouble::Theft, 20),
    ("outage", Trouble::Outage, 40),
    ("reset", Trouble::Reset, 0),
    ("wrap", Trouble::Wrap, 0),
];

impl Disturbance {
    /// `sag`, `sag@10s`, `sag@10s+3s`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, times) = text.split_once('@').unwrap_or((text, "5s"));
        let (begin, length) = match times.split_once('+') {
            Some((begin, length)) => (begin, Some(length)),
            None => (times, None),
        };
        let known = TROUBLES
            .iter()
            .find(|(known, ..)| *known == name)
            .ok_or_else(|| {
                let names: Vec<&str> = TROUBLES.iter().map(|(name, ..)| *name).collect();
                format!("no such trouble; there are {}", names.join(", "))
            })?;
        Ok(Self {
            trouble: known.1,
            begin: duration(begin)?,
            length: length.map_or(Ok(Duration::from_secs(known.2)), duration)?,
        })
    }
}

/// Brings troubles over a simulated module at their times.
pub(crate) struct Troublemaker {
    module: ModuleId,
    troubles: Vec<(Disturbance, State)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Present,
    Over,
}

/// One below where the counter starts over.
const LAST_WH: u32 = (1 << 16) - 1;

impl Troublemaker {
    pub(crate) fn new(line: &Line, module: ModuleId, disturbances: &[Disturbance]) -> Self {
        if disturbances
            .iter()
            .any(|disturbance| disturbance.trouble == Trouble::Wrap)
        {
            line.ac(module, |module| module.set_energy_wh(LAST_WH));
        }
        let troubles = disturbances
            .iter()
            .map(|disturbance| (*disturbance, State::Waiting));
        Self {
            module,
            troubles: troubles.collect(),
        }
    }

    /// Does what is due after so long.
    pub(crate) fn act(&mut self, line: &Line, elapsed: Duration) {
        for (disturbance, state) in &mut self.troubles {
            let (begin, end) = (disturbance.begin, disturbance.begin + disturbance.length);
            if *state == State::Waiting && disturbance.trouble == Trouble::Wrap {
                // It does not get there by itself before its time.
                line.ac(self.module, |module| {
                    module.set_energy_wh(module.energy_wh().min(LAST_WH))
                });
            }
            if *state == State::Waiting && elapsed >= begin {
                *state = State::Present;
                start(line, self.module, disturbance.trouble);
            }
            if *state == State::Present && elapsed >= end {
                *state = State::Over;
                line.ac(self.module, |module| {
                    module.hold_load(None);
                    module.set_powered(true);
                });
            }
        }
    }
}

fn start(line: &Line, id: ModuleId, trouble: Trouble) {
    let now_us = line.now_us();
    line.ac(id, |module| {
        let [voltage_dv, current, ..] = module.registers(now_us);
        let usual = Load {
            voltage_dv,
            current_ma: current.into(),
            power_factor_percent: 87,
            frequency_dhz: 500,
        };
        match trouble {
            Trouble::Sag => module.hold_load(Some(Load {
                voltage_dv: 1_800,
                ..usual
            })),
            Trouble::Swell => module.hold_load(Some(Load {
                voltage_dv: 2_650,
                ..usual
            })),
            Trouble::Overload => module.hold_load(Some(Load {
                current_ma: 40_000,
                power_factor_percent: 100,
                ..usual
            })),
            Trouble::Theft => module.hold_load(Some(Load {
                current_ma: 5_000,
                power_factor_percent: 0,
                ..usual
            })),
            Trouble::Outage => module.set_powered(false),
            Trouble::Reset | Trouble::Wrap => module.set_energy_wh(0),
        }
    });
}
