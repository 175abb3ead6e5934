//! What the page says in words and numbers.

use maud::{Markup, html};

use super::super::facts::Facts;
use crate::report::fixed;

/// Events and disturbances that are listed; a page is for reading.
const LISTED: usize = 300;

fn row(name: &str, path: &str, value: impl std::fmt::Display, shown: &str) -> Markup {
    html! {
        tr { td { (name) } td.number { data value=(value) data-name=(path) { (shown) } } }
    }
}

fn kwh(mwh: u64) -> String {
    format!("{} kWh", fixed(mwh, 1_000_000, 3))
}

/// Registers and what the counter did.
pub(crate) fn energy(facts: &Facts) -> Markup {
    let Some(energy) = &facts.energy else {
        return html! {};
    };
    html! {
        section #registers {
            h2 { "Registers" }
            p { "The energy is that of the counter where there is one; the integral of the power stands beside it." }
            div.columns {
                table {
                    (row("imported", "energy.register_mwh", energy.register_mwh, &kwh(energy.register_mwh)))
                    (row("exported", "energy.export_mwh", energy.export_mwh, &kwh(energy.export_mwh)))
                    (row("integral of the power", "energy.integrated_mwh", energy.integrated_mwh, &kwh(energy.integrated_mwh)))
                    (row("estimated part", "energy.estimated_mwh", energy.estimated_mwh, &kwh(energy.estimated_mwh)))
                }
                table {
                    (row("counter set to zero", "energy.resets", energy.resets, &energy.resets.to_string()))
                    (row("counter started over", "energy.wraps", energy.wraps, &energy.wraps.to_string()))
                    (row("counter talked nonsense", "energy.glitches", energy.glitches, &energy.glitches.to_string()))
                    (row("without readings", "energy.gap_ms", energy.gap_ms, &format!("{} s", energy.gap_ms / 1_000)))
                    @if let Some(demand) = &facts.max_demand {
                        tr { td { "largest demand, to" } td.number { (demand.at) } }
                    }
                }
            }
        }
    }
}

/// What voltage and frequency were like.
pub(crate) fn supply(facts: &Facts) -> Markup {
    if facts.voltage.is_none() && facts.frequency.is_none() {
        return html! {};
    }
    let volts = |mv: i64| format!("{} V", fixed(mv.unsigned_abs(), 1_000, 1));
    let hertz = |mhz: i64| format!("{} Hz", fixed(mhz.unsigned_abs(), 1_000, 2));
    html! {
        section #supply {
            h2 { "Supply" }
            div.columns {
                @if let Some(voltage) = &facts.voltage {
                    table {
                        (row("nominal voltage", "voltage.nominal_mv", voltage.nominal_mv, &volts(voltage.nominal_mv.into())))
                        (row("least", "voltage.min_mv", voltage.min_mv, &volts(voltage.min_mv)))
                        (row("mean", "voltage.mean_mv", voltage.mean_mv, &volts(voltage.mean_mv)))
                        (row("largest", "voltage.max_mv", voltage.max_mv, &volts(voltage.max_mv)))
                        (row("means of ten minutes", "voltage.means", voltage.means, &voltage.means.to_string()))
                        (row("within 10 % of nominal", "voltage.means_within_10_percent", voltage.means_within_10_percent,
                            &voltage.means_within_10_percent.to_string()))
                    }
                }
                @if let Some(frequency) = &facts.frequency {
                    table {
                        (row("least frequency", "frequency.min_mhz", frequency.min_mhz, &hertz(frequency.min_mhz)))
                        (row("mean", "frequency.mean_mhz", frequency.mean_mhz, &hertz(frequency.mean_mhz)))
                        (row("largest", "frequency.max_mhz", frequency.max_mhz, &hertz(frequency.max_mhz)))
                    }
                }
            }
        }
    }
}

/// The list of events.
pub(crate) fn events(facts: &Facts) -> Markup {
    html! {
        section.long #events {
            h2 { "Events" }
            @if facts.events.is_empty() {
                p { "None." }
            } @else {
                @if facts.events.len() > LISTED {
                    p { "The first " (LISTED) " of " (facts.events.len()) "; all of them with " code { "--json" } "." }
                }
                div.scroll {
                    table {
                        tr { th { "time" } th { "event" } th { "begins or ends" } th.number { "value" } }
                        @for event in facts.events.iter().take(LISTED) {
                            tr {
                                td { (event.at) } td { (event.code) } td { (event.phase) }
                                td.number { (event.shown) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Lines that could not be used.
pub(crate) fn rejected(facts: &Facts) -> Markup {
    if facts.rejected == 0 && facts.duplicates + facts.backward == 0 {
        return html! {};
    }
    html! {
        section.long #rejected {
            h2 { "Lines that were left out" }
            p {
                (facts.rejected) " rejected, " (facts.duplicates) " repeat a time, " (facts.backward) " step back in time."
                @if facts.rejected > facts.rejected_lines.len() as u64 { " The first of them:" }
            }
            table {
                @for line in &facts.rejected_lines {
                    tr { td { "line " (line.line) } td { (line.reason) } }
                }
            }
        }
    }
}
