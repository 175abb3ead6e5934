//! What people get to read.

use super::facts::{Energy, Facts};
use crate::commands::print;
use crate::error::Problem;
use crate::report::fixed;

/// Events and loads that are shown to people.
const SHOWN: usize = 20;
const LOADS: usize = 5;

pub(crate) fn print_facts(facts: &Facts, interval_s: u32) -> Result<(), Problem> {
    print(&format!(
        "{} rows from {} to {}, {} rejected",
        facts.rows, facts.first, facts.last, facts.rejected
    ))?;
    for line in &facts.rejected_lines {
        print(&format!("  line {}: {}", line.line, line.reason))?;
    }
    if facts.duplicates + facts.backward > 0 {
        print(&format!(
            "  {} rows repeat a time, {} step back",
            facts.duplicates, facts.backward
        ))?;
    }
    if let Some(energy) = &facts.energy {
        print_energy(energy)?;
    }
    if let Some(demand) = &facts.max_demand {
        print(&format!(
            "max demand    {:>12} W over the {} min to {}",
            fixed(demand.mw, 1_000, 1),
            interval_s / 60,
            demand.at
        ))?;
    }
    if let Some(voltage) = &facts.voltage {
        print(&format!(
            "voltage       {:>12} V, {} to {}",
            volts(voltage.mean_mv),
            volts(voltage.min_mv),
            volts(voltage.max_mv)
        ))?;
    }
    let complete: Vec<_> = facts.days.iter().filter(|day| day.complete).collect();
    if let Some(mean) = complete
        .iter()
        .map(|day| day.import_mwh)
        .sum::<u64>()
        .checked_div(complete.len() as u64)
    {
        print(&format!(
            "a day         {:>12} kWh, the mean of {} whole ones",
            fixed(mean, 1_000_000, 3),
            complete.len()
        ))?;
    }
    for load in facts.loads.iter().take(LOADS) {
        print(&format!(
            "load          {:>12} W, switched on {} times, {} h in all",
            fixed(load.power_mw, 1_000, 1),
            load.switched_on,
            fixed(load.on_ms, 3_600_000, 1)
        ))?;
    }
    print(&format!("events        {:>12}", facts.events.len()))?;
    for event in facts.events.iter().take(SHOWN) {
        print(&format!(
            "  {}  {} {}, {}",
            event.at, event.code, event.phase, event.shown
        ))?;
    }
    if facts.events.len() > SHOWN {
        print("  ... all of them with --json")?;
    }
    for warning in &facts.warnings {
        eprintln!("meter: {warning}");
    }
    Ok(())
}

fn volts(mv: i64) -> String {
    fixed(mv.unsigned_abs(), 1_000, 1)
}

fn print_energy(energy: &Energy) -> Result<(), Problem> {
    let kwh = |mwh: u64| fixed(mwh, 1_000_000, 3);
    print(&format!(
        "energy        {:>12} kWh",
        kwh(energy.register_mwh)
    ))?;
    if energy.export_mwh > 0 {
        print(&format!("exported      {:>12} kWh", kwh(energy.export_mwh)))?;
    }
    print(&format!(
        "from power    {:>12} kWh",
        kwh(energy.integrated_mwh)
    ))?;
    print(&format!(
        "estimated     {:>12} kWh",
        kwh(energy.estimated_mwh)
    ))?;
    print(&format!(
        "counter       {} resets, {} wraps, {} glitches; {} s without readings",
        energy.resets,
        energy.wraps,
        energy.glitches,
        energy.gap_ms / 1_000
    ))
}
