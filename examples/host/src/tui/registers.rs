//! What the core says of a module, as text.

use ratatui::text::Line;
use ratatui::widgets::{Block, List};

use crate::commands::watch::watched::{Watched, phase};
use crate::report::{fixed, measured, unix_ms};

/// Energy, demand and what the counter did, since the watch began.
pub(super) fn lines(watched: &Watched) -> Vec<Line<'static>> {
    let r = watched.registers();
    let row = |name: &str, value: String, unit: &str| {
        Line::from(format!(" {name:<13}{value:>12} {unit}"))
    };
    let watts = |mw: u64| fixed(mw, 1_000, 1);
    let demand = watched
        .max_demand()
        .map_or_else(|| "-".to_owned(), |peak| watts(peak.mw));
    vec![
        row("energy", fixed(r.import.mwh(), 1_000_000, 3), "kWh"),
        row("from power", fixed(r.integrated.mwh(), 1_000_000, 6), "kWh"),
        row("most power", watts(watched.max_power_mw()), "W"),
        row("max 15 min", demand, "W"),
        row("wraps", r.wraps.to_string(), ""),
        row("resets", r.resets.to_string(), ""),
    ]
}

/// The last events, the newest first.
pub(super) fn events(watched: &Watched) -> List<'static> {
    let now_ms = unix_ms();
    let rows: Vec<String> = watched
        .recent()
        .map(|(at_ms, event)| {
            let ago_s = now_ms.saturating_sub(*at_ms) / 1_000;
            format!(
                " {ago_s:>5} s ago  {} {}, {}",
                event.code.name(),
                phase(event),
                measured(event.value, event.code.unit())
            )
        })
        .collect();
    let title = if rows.is_empty() {
        " no events"
    } else {
        " events"
    };
    List::new(rows).block(Block::new().title(title))
}
