//! Loads that are switched again and again, from their edges.

use meter_core::detect::Edge;

/// Loads of about one power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    /// Mean of what was added when it was switched on.
    pub(crate) power_mw: u64,
    /// How often it was switched on.
    pub(crate) count: u64,
    /// How long it ran, as far as it was seen to be switched off again.
    pub(crate) on_ms: u64,
    /// What it used in that time, estimated.
    pub(crate) energy_mwh: u64,
}

/// Groups edges by power.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loads {
    loads: Vec<Load>,
    /// What is on: when it was switched on, and by what power.
    on: Vec<(u64, u64)>,
}

/// Groups that are kept, and loads that can be on at once.
const GROUPS: usize = 64;
const ON: usize = 16;
/// What two edges of one load may differ by, and what is no load.
const SLACK_MW: u64 = 15_000;

fn is_near(a_mw: u64, b_mw: u64) -> bool {
    a_mw.abs_diff(b_mw) <= SLACK_MW.max(a_mw.max(b_mw) / 10)
}

impl Loads {
    pub(crate) fn push(&mut self, edge: &Edge) {
        let power_mw = u64::from(edge.power_mw.unsigned_abs());
        if power_mw < SLACK_MW {
            return;
        }
        if edge.power_mw > 0 {
            if self.on.len() == ON {
                self.on.remove(0);
            }
            self.on.push((edge.at_ms, power_mw));
            self.group(power_mw, |load| {
                let sum_mw = load
                    .power_mw
                    .saturating_mul(load.count)
                    .saturating_add(power_mw);
                load.count += 1;
                load.power_mw = sum_mw / load.count;
            });
            return;
        }
        // The last one of that power was switched off.
        let Some(index) = self
            .on
            .iter()
            .rposition(|(_, on_mw)| is_near(*on_mw, power_mw))
        else {
            return;
        };
        let (since_ms, on_mw) = self.on.remove(index);
        let ran_ms = edge.at_ms.saturating_sub(since_ms);
        let mean_mw = u128::from(on_mw.midpoint(power_mw));
        let energy_mwh =
            u64::try_from(mean_mw * u128::from(ran_ms) / 3_600_000).unwrap_or(u64::MAX);
        self.group(on_mw, |load| {
            load.on_ms += ran_ms;
            load.energy_mwh = load.energy_mwh.saturating_add(energy_mwh);
        });
    }

    /// What is on is forgotten: readings were missing.
    pub(crate) fn interrupt(&mut self) {
        self.on.clear();
    }

    /// By energy, the largest first.
    pub(crate) fn top(&self) -> Vec<Load> {
        let mut loads = self.loads.clone();
        loads.sort_by_key(|load| std::cmp::Reverse((load.energy_mwh, load.count)));
        loads
    }

    /// Changes the group that a power belongs to.
    fn group(&mut self, power_mw: u64, change: impl FnOnce(&mut Load)) {
        if let Some(load) = self
            .loads
            .iter_mut()
            .find(|load| is_near(load.power_mw, power_mw))
        {
            return change(load);
        }
        if self.loads.len() == GROUPS {
            // The smallest gives way.
            let least = self
                .loads
                .iter()
                .enumerate()
                .min_by_key(|(_, load)| load.energy_mwh);
            let least = least.map_or(0, |(index, _)| index);
            self.loads.swap_remove(least);
        }
        let mut load = Load {
            power_mw,
            count: 0,
            on_ms: 0,
            energy_mwh: 0,
        };
        change(&mut load);
        self.loads.push(load);
    }
}
