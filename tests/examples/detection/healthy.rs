//! False alarms on healthy recordings.

use meter_core::EventCode;
use metering_tests::evaluation::faults::meters;
use metering_tests::evaluation::{Alarm, Recording, Set, baselines, replay};

/// Detectors in the order of the table, by what they are about.
const GROUPS: [(&str, &[EventCode]); 4] = [
    (
        "detectors 4 to 8",
        &[
            EventCode::Residual,
            EventCode::ImpossiblePower,
            EventCode::EnergyMismatch,
            EventCode::CounterReset,
            EventCode::CounterGlitch,
            EventCode::FrozenSource,
        ],
    ),
    (
        "theft",
        &[
            EventCode::ConsumptionDrop,
            EventCode::BaseLoadShift,
            EventCode::TheftSuspicion,
        ],
    ),
    (
        "limits",
        &[
            EventCode::Overload,
            EventCode::OverCurrent,
            EventCode::LowPowerFactor,
        ],
    ),
    (
        "supply",
        &[
            EventCode::Sag,
            EventCode::Swell,
            EventCode::Interruption,
            EventCode::Frequency,
            EventCode::FrequencyExtreme,
        ],
    ),
];

/// A set with what is said of it.
struct Column<'a> {
    set: &'a Set,
    core: Vec<Alarm>,
    baselines: Vec<Alarm>,
}

/// Prints a table of false alarms per meter-month.
pub fn print(sets: &[Set]) {
    let mut sets = sets.to_vec();
    sets.push(counting(&sets));
    let columns: Vec<Column<'_>> = sets.iter().map(Column::new).collect();
    for set in &sets {
        println!("* {}: {}, {} readings", set.name, set.what, set.readings());
    }
    println!();
    row(
        "false alarms per meter-month",
        columns.iter().map(|c| c.set.name.into()),
    );
    println!("|---|{}", "---|".repeat(columns.len()));
    row(
        "meter-months",
        columns.iter().map(|c| format!("{:.3}", c.set.months())),
    );
    for (group, codes) in GROUPS {
        row(
            &format!("**{group}**"),
            columns.iter().map(|c| c.core(codes)),
        );
        for code in codes {
            row(code.name(), columns.iter().map(|c| c.core(&[*code])));
        }
    }
    for name in baselines::NAMES {
        row(
            &format!("baseline {name}"),
            columns.iter().map(|c| c.baseline(name)),
        );
    }
    summary(&columns);
}

/// The recordings that have a load and no counter, with one made of their power.
fn counting(sets: &[Set]) -> Set {
    let without: Vec<Set> = sets
        .iter()
        .filter(|set| set.name != "ampds2_b1e")
        .cloned()
        .collect();
    Set {
        name: "with counters",
        what: "all others that have a load, with a counter of watt-hours made of their power",
        recordings: meters(&without),
    }
}

impl<'a> Column<'a> {
    fn new(set: &'a Set) -> Self {
        let recordings = || set.recordings.iter();
        Self {
            set,
            core: recordings()
                .flat_map(|recording| replay(recording).alarms)
                .collect(),
            baselines: recordings().flat_map(baselines::run).collect(),
        }
    }

    /// Alarms a month, and how many there were; nothing where no recording has what is looked at.
    fn core(&self, codes: &[EventCode]) -> String {
        let shows = |recording: &Recording| codes.iter().any(|code| recording.shows(*code));
        if !self.set.recordings.iter().any(shows) {
            return "-".into();
        }
        rate(self.alarms(codes), self.set.months())
    }

    fn alarms(&self, codes: &[EventCode]) -> usize {
        let named = |alarm: &&Alarm| codes.iter().any(|code| code.name() == alarm.name);
        self.core.iter().filter(named).count()
    }

    fn baseline(&self, name: &str) -> String {
        let alarms = self.baselines.iter().filter(|alarm| alarm.name == name);
        let needs = match name {
            baselines::THEFT => EventCode::OverCurrent,
            _ => EventCode::Overload,
        };
        if !self
            .set
            .recordings
            .iter()
            .any(|recording| recording.shows(needs))
        {
            return "-".into();
        }
        rate(alarms.count(), self.set.months())
    }
}

/// All sets together. What has a counter made of it is a recording that is there already.
fn summary(columns: &[Column<'_>]) {
    println!();
    for (group, codes) in &GROUPS[..2] {
        let (mut months, mut alarms) = (0.0, 0);
        for column in &columns[..columns.len() - 1] {
            let shows = |r: &&Recording| codes.iter().any(|code| r.shows(*code));
            let looked = column.set.recordings.iter().filter(shows);
            months += looked.map(Recording::months).sum::<f64>();
            alarms += column.alarms(codes);
        }
        // Of none in a time, three in it are what chance hides from one in twenty.
        let most = if alarms == 0 {
            format!(", with 95 % confidence at most {:.1} a month", 3.0 / months)
        } else {
            String::new()
        };
        println!("{group}: {alarms} alarms in {months:.2} meter-months of recordings{most}");
    }
}

fn rate(alarms: usize, months: f64) -> String {
    if alarms == 0 {
        return "0".into();
    }
    let rate = alarms as f64 / months;
    format!("{rate:.*} ({alarms})", if rate < 10.0 { 1 } else { 0 })
}

fn row(name: &str, cells: impl Iterator<Item = String>) {
    println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
}
