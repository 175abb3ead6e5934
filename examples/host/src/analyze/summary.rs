//! What is said in the end.

use meter_core::{Event, Phase, Registers};
use serde::Serialize;

use super::pipeline::Pipeline;
use super::time::show;
use crate::commands::{print, print_json};
use crate::error::Problem;
use crate::report::fixed;

/// Lines that are named when they could not be used, and events that are shown to people.
const NAMED: usize = 10;
const SHOWN: usize = 20;

#[derive(Debug, Default)]
pub(crate) struct Summary {
    rows: u64,
    rejected: u64,
    named: Vec<(u64, String)>,
    first_ms: Option<i64>,
    last_ms: i64,
}

#[derive(Debug, Serialize)]
struct Rejected<'a> {
    line: u64,
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct Energy {
    register_mwh: u64,
    export_mwh: u64,
    integrated_mwh: u64,
    estimated_mwh: u64,
    resets: u16,
    wraps: u16,
    glitches: u16,
    gap_ms: u64,
}

#[derive(Debug, Serialize)]
struct MaxDemand {
    mw: u64,
    at: String,
}

#[derive(Debug, Serialize)]
struct EventRow {
    at: String,
    code: &'static str,
    phase: &'static str,
    value: i64,
}

#[derive(Debug, Serialize)]
struct Json<'a> {
    rows: u64,
    rejected: u64,
    rejected_lines: Vec<Rejected<'a>>,
    first: String,
    last: String,
    energy: Option<Energy>,
    max_demand: Option<MaxDemand>,
    events: Vec<EventRow>,
}

impl From<&Event> for EventRow {
    fn from(event: &Event) -> Self {
        Self {
            at: show(i64::try_from(event.at_ms).unwrap_or(i64::MAX)),
            code: event.code.name(),
            phase: match event.phase {
                Phase::Occurrence => "occurrence",
                Phase::Restoration => "restoration",
            },
            value: event.value,
        }
    }
}

impl Summary {
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    pub(crate) fn row(&mut self, at_ms: i64) {
        self.rows += 1;
        self.first_ms.get_or_insert(at_ms);
        self.last_ms = at_ms;
    }

    pub(crate) fn reject(&mut self, line: u64, reason: String) {
        self.rejected += 1;
        if self.named.len() < NAMED {
            self.named.push((line, reason));
        }
    }

    pub(crate) fn first_rejected(&self) -> Option<&(u64, String)> {
        self.named.first()
    }

    pub(crate) fn print(&self, pipeline: &Pipeline, json: bool) -> Result<(), Problem> {
        let r = pipeline.registers();
        let demand = pipeline.max_demand().filter(|_| pipeline.has_energy);
        let (first, last) = (show(self.first_ms.unwrap_or_default()), show(self.last_ms));
        if json {
            return print_json(&Json {
                rows: self.rows,
                rejected: self.rejected,
                rejected_lines: self
                    .named
                    .iter()
                    .map(|(line, reason)| Rejected {
                        line: *line,
                        reason,
                    })
                    .collect(),
                first,
                last,
                energy: pipeline.has_energy.then(|| Energy {
                    register_mwh: r.import.mwh(),
                    export_mwh: r.export.mwh(),
                    integrated_mwh: r.integrated.mwh(),
                    estimated_mwh: r.estimated.mwh(),
                    resets: r.resets,
                    wraps: r.wraps,
                    glitches: r.glitches,
                    gap_ms: r.gap_ms,
                }),
                max_demand: demand.map(|peak| MaxDemand {
                    mw: peak.mw,
                    at: show(peak.end_s.saturating_mul(1_000)),
                }),
                events: pipeline.events.iter().map(EventRow::from).collect(),
            });
        }
        print(&format!(
            "{} rows from {first} to {last}, {} rejected",
            self.rows, self.rejected
        ))?;
        for (line, reason) in &self.named {
            print(&format!("  line {line}: {reason}"))?;
        }
        if pipeline.has_energy {
            print_energy(r)?;
        }
        if let Some(peak) = demand {
            print(&format!(
                "max demand    {:>12} W in the quarter of an hour to {}",
                fixed(peak.mw, 1_000, 1),
                show(peak.end_s.saturating_mul(1_000))
            ))?;
        }
        print(&format!("events        {}", pipeline.events.len()))?;
        for event in pipeline.events.iter().take(SHOWN).map(EventRow::from) {
            print(&format!(
                "  {}  {} {}, {}",
                event.at, event.code, event.phase, event.value
            ))?;
        }
        match pipeline.events.len().checked_sub(SHOWN + 1) {
            Some(_) => print("  ... all of them with --json"),
            None => Ok(()),
        }
    }
}

fn print_energy(r: &Registers) -> Result<(), Problem> {
    let kwh = |mwh: u64| fixed(mwh, 1_000_000, 3);
    print(&format!("energy        {:>12} kWh", kwh(r.import.mwh())))?;
    if r.export.mwh() > 0 {
        print(&format!("exported      {:>12} kWh", kwh(r.export.mwh())))?;
    }
    print(&format!(
        "from power    {:>12} kWh",
        kwh(r.integrated.mwh())
    ))?;
    print(&format!("estimated     {:>12} kWh", kwh(r.estimated.mwh())))?;
    print(&format!(
        "counter       {} resets, {} wraps, {} glitches; {} s without readings",
        r.resets,
        r.wraps,
        r.glitches,
        r.gap_ms / 1_000
    ))?;
    Ok(())
}
