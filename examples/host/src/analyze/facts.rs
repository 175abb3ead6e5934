//! What is said in the end: the same figures for programs, for people and for the page.

use meter_core::{Event, Phase};
use serde::Serialize;

use super::findings::{Findings, Span};
use super::rejected::Rejected;
use super::time::Clock;
use crate::report::measured;

#[derive(Debug, Serialize)]
pub(crate) struct Energy {
    pub(crate) register_mwh: u64,
    pub(crate) export_mwh: u64,
    pub(crate) integrated_mwh: u64,
    pub(crate) estimated_mwh: u64,
    pub(crate) resets: u16,
    pub(crate) wraps: u16,
    pub(crate) glitches: u16,
    pub(crate) gap_ms: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct MaxDemand {
    pub(crate) mw: u64,
    pub(crate) at: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Voltage {
    pub(crate) min_mv: i64,
    pub(crate) mean_mv: i64,
    pub(crate) max_mv: i64,
    pub(crate) nominal_mv: u32,
    /// Ten-minute means, and those within 10 % of nominal.
    pub(crate) means: u32,
    pub(crate) means_within_10_percent: u32,
}

#[derive(Debug, Serialize)]
pub(crate) struct Frequency {
    pub(crate) min_mhz: i64,
    pub(crate) mean_mhz: i64,
    pub(crate) max_mhz: i64,
}

#[derive(Debug, Serialize)]
pub(crate) struct SpanRow {
    pub(crate) date: String,
    pub(crate) import_mwh: u64,
    pub(crate) export_mwh: u64,
    pub(crate) complete: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct LoadRow {
    pub(crate) power_mw: u64,
    pub(crate) switched_on: u64,
    pub(crate) on_ms: u64,
    pub(crate) energy_mwh: u64,
}

#[derive(Debug, Serialize)]
pub(crate) struct DisturbanceRow {
    pub(crate) at: String,
    pub(crate) code: &'static str,
    pub(crate) duration_ms: u64,
    pub(crate) extreme_mv: u32,
}

#[derive(Debug, Serialize)]
pub(crate) struct EventRow {
    pub(crate) at: String,
    pub(crate) code: &'static str,
    pub(crate) phase: &'static str,
    pub(crate) value: i64,
    pub(crate) unit: &'static str,
    /// The value as people read it.
    #[serde(skip)]
    pub(crate) shown: String,
}

/// The JSON object of `meter analyze --json`.
#[derive(Debug, Serialize)]
pub(crate) struct Facts {
    pub(crate) rows: u64,
    pub(crate) rejected: u64,
    pub(crate) rejected_lines: Vec<Rejected>,
    pub(crate) duplicates: u64,
    pub(crate) backward: u64,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) time_zone: String,
    pub(crate) energy: Option<Energy>,
    pub(crate) max_demand: Option<MaxDemand>,
    pub(crate) voltage: Option<Voltage>,
    pub(crate) frequency: Option<Frequency>,
    pub(crate) days: Vec<SpanRow>,
    pub(crate) months: Vec<SpanRow>,
    pub(crate) loads: Vec<LoadRow>,
    pub(crate) disturbances: Vec<DisturbanceRow>,
    pub(crate) events: Vec<EventRow>,
    pub(crate) events_left_out: u64,
    pub(crate) warnings: Vec<String>,
}

/// Loads that are listed.
const LOADS: usize = 10;

impl Facts {
    pub(crate) fn new(
        findings: &Findings,
        clock: &Clock,
        rejected: u64,
        lines: Vec<Rejected>,
    ) -> Self {
        let r = &findings.registers;
        let show = |at_ms: i64| clock.show(clock.stamp(at_ms, findings.last));
        let event = |event: &Event| EventRow {
            at: show(i64::try_from(event.at_ms).unwrap_or(i64::MAX)),
            code: event.code.name(),
            phase: match event.phase {
                Phase::Occurrence => "occurrence",
                Phase::Restoration => "restoration",
            },
            value: event.value,
            unit: event.code.unit(),
            shown: match event.code.unit() {
                "ms since 1970" => show(event.value),
                unit => measured(event.value, unit),
            },
        };
        let spans = |spans: &[Span], format: &str| -> Vec<SpanRow> {
            let row = |span: &Span| SpanRow {
                date: span.date.strftime(format).to_string(),
                import_mwh: span.import_mwh,
                export_mwh: span.export_mwh,
                complete: span.is_complete,
            };
            spans
                .iter()
                .filter(|_| findings.kind.has_energy)
                .map(row)
                .collect()
        };
        let loads = findings
            .loads
            .top()
            .into_iter()
            .take(LOADS)
            .map(|load| LoadRow {
                power_mw: load.power_mw,
                switched_on: load.count,
                on_ms: load.on_ms,
                energy_mwh: load.energy_mwh,
            });
        let disturbances = findings
            .disturbances
            .iter()
            .map(|disturbance| DisturbanceRow {
                at: show(i64::try_from(disturbance.begin_ms).unwrap_or(i64::MAX)),
                code: disturbance.code.name(),
                duration_ms: disturbance.duration_ms,
                extreme_mv: disturbance.extreme_mv,
            });
        Self {
            rows: findings.rows,
            rejected,
            rejected_lines: lines,
            duplicates: findings.duplicates,
            backward: findings.backward,
            first: clock.show(findings.first),
            last: clock.show(findings.last),
            time_zone: clock.name(),
            energy: findings.kind.has_energy.then(|| Energy {
                register_mwh: r.import.mwh(),
                export_mwh: r.export.mwh(),
                integrated_mwh: r.integrated.mwh(),
                estimated_mwh: r.estimated.mwh(),
                resets: r.resets,
                wraps: r.wraps,
                glitches: r.glitches,
                gap_ms: r.gap_ms,
            }),
            max_demand: findings.max_demand.map(|peak| MaxDemand {
                mw: peak.mw,
                at: show(peak.end_s.saturating_mul(1_000)),
            }),
            voltage: findings.voltage_all.map(|band| Voltage {
                min_mv: band.min,
                mean_mv: band.mean(),
                max_mv: band.max,
                nominal_mv: findings.nominal_mv,
                means: findings.supply.voltages,
                means_within_10_percent: findings.supply.voltages_within_10,
            }),
            frequency: findings.frequency_all.map(|band| Frequency {
                min_mhz: band.min,
                mean_mhz: band.mean(),
                max_mhz: band.max,
            }),
            days: spans(&findings.days, "%Y-%m-%d"),
            months: spans(&findings.months, "%Y-%m"),
            loads: loads.collect(),
            disturbances: disturbances.collect(),
            events: findings.events.iter().map(event).collect(),
            events_left_out: findings.events_left_out,
            warnings: warnings(findings),
        }
    }
}

/// What looks like a misunderstanding between the user and the tool.
fn warnings(findings: &Findings) -> Vec<String> {
    let r = &findings.registers;
    let mut warnings = Vec::new();
    let (counted, integrated) = (r.import.mwh() + r.export.mwh(), r.integrated.mwh());
    let is_thousandfold = |large: u64, small: u64| {
        small >= 1_000 && (700..1_400).contains(&large.checked_div(small).unwrap_or_default())
    };
    if findings.kind.source.counter_step_uwh > 0 {
        if is_thousandfold(counted, integrated) {
            warnings.push("the counter says a thousand times what the power says: is it --unit energy=Wh, or --unit power=kW?".to_owned());
        }
        if is_thousandfold(integrated, counted) {
            warnings.push("the power says a thousand times what the counter says: is it --unit energy=kWh, or --unit power=mW?".to_owned());
        }
        if r.glitches > 0 && counted == 0 && integrated > 0 {
            warnings.push("the counter moves faster than a meter can: is it --unit energy=Wh, or is --max-power too small?".to_owned());
        }
    }
    let apparent = r.apparent.mwh();
    if is_thousandfold(apparent, integrated) {
        warnings.push(
            "the power is a thousandth of voltage times current: is it --unit power=kW?".to_owned(),
        );
    }
    if findings.backward > 0 {
        warnings.push(format!(
            "time steps back {} times; what was recorded in such hours is counted again{}",
            findings.backward, " (the end of daylight saving needs --time-zone)"
        ));
    }
    if findings.events_left_out > 0 {
        warnings.push(format!(
            "{} more events are not listed",
            findings.events_left_out
        ));
    }
    warnings
}
