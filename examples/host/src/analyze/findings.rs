//! What is found in a recording, in bounded memory.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::Offset;
use meter_core::freeze::Frozen;
use meter_core::meter::Outputs;
use meter_core::profile::Status;
use meter_core::quality::{Disturbance, SupplyCounts};
use meter_core::{Event, Flags, Freeze, Peak, Phase, Record, Registers};

use super::band::{Band, Flow};
use super::columns::Row;
use super::kind::Kind;
use super::loads::Loads;
use super::time::Stamp;
use super::timeline::{Bin, Timeline};

/// Bins of a plot: about one for each pixel that it is wide.
const BINS: usize = 1_500;
/// Events, days and disturbances that are kept one by one; what is beyond is counted.
const EVENTS: usize = 100_000;
const DAYS: usize = 4_096;
const DISTURBANCES: usize = 4_096;
/// Times without readings that are shown: the longest.
const GAPS: usize = 256;

/// A day or a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// The day, or the first of the month.
    pub(crate) date: Date,
    pub(crate) import_mwh: u64,
    pub(crate) export_mwh: u64,
    /// Whether it was seen from beginning to end without a gap.
    pub(crate) is_complete: bool,
}

/// Everything that is said in the end.
pub(crate) struct Findings {
    pub(crate) kind: Kind,
    pub(crate) nominal_mv: u32,
    pub(crate) interval_s: u32,
    pub(crate) rows: u64,
    pub(crate) duplicates: u64,
    pub(crate) backward: u64,
    pub(crate) first: Stamp,
    pub(crate) last: Stamp,
    pub(crate) power: Timeline<Band>,
    pub(crate) voltage: Timeline<Band>,
    pub(crate) profile: Timeline<Flow>,
    pub(crate) power_all: Option<Band>,
    pub(crate) voltage_all: Option<Band>,
    pub(crate) frequency_all: Option<Band>,
    pub(crate) days: Vec<Span>,
    pub(crate) days_left_out: u64,
    pub(crate) months: Vec<Span>,
    pub(crate) loads: Loads,
    pub(crate) events: Vec<Event>,
    pub(crate) event_counts: BTreeMap<&'static str, u64>,
    pub(crate) events_left_out: u64,
    pub(crate) disturbances: Vec<Disturbance>,
    pub(crate) gaps: Vec<(i64, i64)>,
    pub(crate) gap_count: u64,
    pub(crate) registers: Registers,
    pub(crate) max_demand: Option<Peak>,
    pub(crate) supply: SupplyCounts,
    last_power_mw: Option<i32>,
    /// End of the last record of the load profile, and what all of them hold.
    profile_end_ms: i64,
    profiled_mwh: [u64; 2],
}

impl Findings {
    pub(crate) fn new(kind: Kind, nominal_mv: u32, interval_s: u32, first: Stamp) -> Self {
        let shift_ms = i64::from(first.offset_s) * 1_000;
        Self {
            kind,
            nominal_mv,
            interval_s,
            rows: 0,
            duplicates: 0,
            backward: 0,
            first,
            last: first,
            power: Timeline::new(1, BINS, shift_ms),
            voltage: Timeline::new(1, BINS, shift_ms),
            profile: Timeline::new(interval_s.into(), BINS, shift_ms),
            power_all: None,
            voltage_all: None,
            frequency_all: None,
            days: Vec::new(),
            days_left_out: 0,
            months: Vec::new(),
            loads: Loads::default(),
            events: Vec::new(),
            event_counts: BTreeMap::new(),
            events_left_out: 0,
            disturbances: Vec::new(),
            gaps: Vec::new(),
            gap_count: 0,
            registers: Registers::ZERO,
            max_demand: None,
            supply: SupplyCounts::ZERO,
            last_power_mw: None,
            profile_end_ms: first.at_ms,
            profiled_mwh: [0; 2],
        }
    }

    /// Takes a row and what it led to.
    pub(crate) fn take(&mut self, stamp: Stamp, row: &Row, outputs: &Outputs) {
        self.rows += 1;
        let flags = outputs.step.flags;
        if flags.contains(Flags::DUPLICATE) {
            self.duplicates += 1;
            return;
        }
        self.backward += u64::from(flags.contains(Flags::BACKWARD));
        let is_gap = flags.contains(Flags::GAP);
        if is_gap {
            self.gap(self.last.at_ms, stamp.at_ms);
            self.loads.interrupt();
        }
        let passed_ms = u64::try_from(stamp.at_ms - self.last.at_ms).unwrap_or_default();
        let ms = if is_gap || passed_ms == 0 {
            u64::from(self.kind.interval_ms)
        } else {
            passed_ms
        };
        if let Some(power_mw) = row.power_mw {
            // The mean over time is that of the two ends.
            let before = self.last_power_mw.filter(|_| !is_gap).unwrap_or(power_mw);
            let mut band = Band::of(i64::from(before.midpoint(power_mw)), ms);
            (band.min, band.max) = (power_mw.into(), power_mw.into());
            self.power.add(stamp.at_ms, &band);
            join(&mut self.power_all, &band);
        }
        self.last_power_mw = row.power_mw;
        if let Some(voltage_mv) = row.voltage_mv {
            let band = Band::of(voltage_mv.into(), ms);
            self.voltage.add(stamp.at_ms, &band);
            join(&mut self.voltage_all, &band);
        }
        if let Some(mhz) = row.frequency_mhz {
            join(&mut self.frequency_all, &Band::of(mhz.into(), ms));
        }
        if let Some(record) = &outputs.record {
            self.record(record);
        }
        if let Some(ended) = &outputs.ended {
            let date = date_of(self.last);
            self.day(date, &ended.day);
            if let Some(month) = ended.month
                && self.months.len() < DAYS
            {
                self.months.push(span(date.first_of_month(), &month));
            }
        }
        if let Some(edge) = &outputs.edge {
            self.loads.push(edge);
        }
        if let Some(disturbance) = outputs.disturbance
            && self.disturbances.len() < DISTURBANCES
        {
            self.disturbances.push(disturbance);
        }
        self.note(&outputs.events);
        if self.rows == 1 {
            self.first = stamp;
        }
        self.last = stamp;
    }

    pub(crate) fn note(&mut self, events: &[Event]) {
        for event in events {
            if event.phase == Phase::Occurrence {
                *self.event_counts.entry(event.code.name()).or_default() += 1;
            }
            if self.events.len() < EVENTS {
                self.events.push(*event);
            } else {
                self.events_left_out += 1;
            }
        }
    }

    /// What the stages know in the end.
    pub(crate) fn finish(
        &mut self,
        registers: &Registers,
        max_demand: Option<Peak>,
        freeze: &Freeze,
        supply: &SupplyCounts,
    ) {
        self.registers = *registers;
        self.max_demand = max_demand.filter(|_| self.kind.has_energy);
        self.supply = *supply;
        let unfinished = |[import, export]: [u64; 2]| Frozen {
            import_mwh: registers.import.mwh(),
            export_mwh: registers.export.mwh(),
            used_mwh: import,
            returned_mwh: export,
            is_complete: false,
        };
        if self.rows > 0 {
            let date = date_of(self.last);
            self.day(date, &unfinished(freeze.today(registers)));
            self.months.push(span(
                date.first_of_month(),
                &unfinished(freeze.this_month(registers)),
            ));
        }
        let [import, export] = self.profiled_mwh;
        let rest = [
            registers.import.mwh().saturating_sub(import),
            registers.export.mwh().saturating_sub(export),
        ];
        self.flow(self.last.at_ms, rest, false);
    }

    fn day(&mut self, date: Date, day: &Frozen) {
        if self.days.len() < DAYS {
            self.days.push(span(date, day));
        } else {
            self.days_left_out += 1;
        }
    }

    fn record(&mut self, record: &Record) {
        let is_estimated =
            record.status.contains(Status::ESTIMATED) || record.status.contains(Status::CATCHES_UP);
        self.flow(
            record.end_s.saturating_mul(1_000),
            [record.import_mwh, record.export_mwh],
            is_estimated,
        );
    }

    /// Energy from the end of the last record to that of this one; what whole intervals without readings share is
    /// spread over them.
    fn flow(&mut self, end_ms: i64, [import, export]: [u64; 2], is_estimated: bool) {
        let [imports, exports] = self.profiled_mwh;
        self.profiled_mwh = [
            imports.saturating_add(import),
            exports.saturating_add(export),
        ];
        let begin_ms = std::mem::replace(&mut self.profile_end_ms, end_ms);
        let length_ms = end_ms - begin_ms;
        if length_ms <= 0 {
            // The clock was set back: energy without a time of its own.
            let flow = Flow {
                import_mwh: import,
                export_mwh: export,
                ms: 0,
                is_estimated: true,
            };
            self.profile.add(end_ms, &flow);
            return;
        }
        let share = |energy: u64, until_ms: i64| {
            let part = u128::from(energy) * (until_ms - begin_ms).unsigned_abs() as u128;
            u64::try_from(part / length_ms.unsigned_abs() as u128).unwrap_or_default()
        };
        let mut from_ms = begin_ms;
        while from_ms < end_ms {
            let until_ms = self.profile.end_of(from_ms).min(end_ms);
            let flow = Flow {
                import_mwh: share(import, until_ms) - share(import, from_ms),
                export_mwh: share(export, until_ms) - share(export, from_ms),
                ms: (until_ms - from_ms).unsigned_abs(),
                is_estimated,
            };
            self.profile.add(from_ms, &flow);
            from_ms = until_ms;
        }
    }

    fn gap(&mut self, begin_ms: i64, end_ms: i64) {
        self.gap_count += 1;
        self.gaps.push((begin_ms, end_ms));
        if self.gaps.len() > 2 * GAPS {
            self.gaps.sort_unstable_by_key(|(begin, end)| begin - end);
            self.gaps.truncate(GAPS);
        }
    }
}

fn join(all: &mut Option<Band>, band: &Band) {
    match all {
        Some(all) => all.absorb(band),
        None => *all = Some(*band),
    }
}

fn span(date: Date, frozen: &Frozen) -> Span {
    Span {
        date,
        import_mwh: frozen.used_mwh,
        export_mwh: frozen.returned_mwh,
        is_complete: frozen.is_complete,
    }
}

/// The date on the wall clock.
pub(crate) fn date_of(stamp: Stamp) -> Date {
    let offset = Offset::from_seconds(stamp.offset_s).unwrap_or(Offset::UTC);
    let timestamp = jiff::Timestamp::from_millisecond(stamp.at_ms).unwrap_or_default();
    offset.to_datetime(timestamp).date()
}
