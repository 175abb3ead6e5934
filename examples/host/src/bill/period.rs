//! What was used in each billing period of a recording.

use std::path::Path;

use jiff::civil::Date;
use meter_core::freeze::Frozen;
use meter_core::meter::{Meter, Outputs, Settings};
use meter_core::{Config, CounterReading, Demand, Freeze, LocalTime, RateRegisters, Reading};

use super::cli::BillOptions;
use super::tariff::Prices;
use crate::analyze::columns::{Reject, Row};
use crate::analyze::date_of;
use crate::analyze::kind::{Kind, Learnt};
use crate::analyze::progress::Progress;
use crate::analyze::recording::Recording;
use crate::analyze::rejected::RejectedLines;
use crate::analyze::time::Stamp;
use crate::error::Problem;

/// Rates that have a register.
pub(crate) const RATES: usize = 8;

/// A billing period and what was used in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    /// The first day, and the first one after it; without a recording nobody knows.
    pub(crate) dates: Option<(Date, Date)>,
    pub(crate) days: u16,
    pub(crate) import_mwh: u64,
    pub(crate) export_mwh: u64,
    pub(crate) rates_mwh: Vec<u64>,
    pub(crate) demand_mw: u64,
    /// Whether it was seen from beginning to end without a gap.
    pub(crate) is_complete: bool,
}

/// The periods of a recording, and how many of its lines could not be used.
pub(crate) fn of_recording(
    path: &Path,
    options: &BillOptions,
    prices: &Prices,
) -> Result<(Vec<Period>, RejectedLines), Problem> {
    let mut learnt = Learnt::default();
    loop {
        match pass(path, options, prices, learnt)? {
            Ok(done) => return Ok(done),
            Err(more) if more == learnt => {
                let shown = path.display();
                return Err(Problem::Refused(format!(
                    "{shown}: its counter can not be made sense of"
                )));
            }
            Err(more) => learnt = more,
        }
    }
}

type Done = (Vec<Period>, RejectedLines);

fn pass(
    path: &Path,
    options: &BillOptions,
    prices: &Prices,
    learnt: Learnt,
) -> Result<Result<Done, Learnt>, Problem> {
    let shown = path.display();
    let mut recording = Recording::open(path, &options.columns)?;
    let kind = Kind::of(&mut recording, options.meter, learnt);
    if !kind.has_energy {
        return Err(Problem::Refused(format!(
            "{shown} has neither a counter nor a power: nothing can be billed"
        )));
    }
    let mut progress = Progress::new(recording.length);
    let mut rejected = RejectedLines::default();
    let mut ledger: Option<Ledger<'_>> = None;
    while let Some((number, line)) = recording.next()? {
        match line {
            Ok((stamp, row)) => {
                if let Some(learnt) = kind.finer(&row, learnt) {
                    return Ok(Err(learnt));
                }
                let ledger =
                    ledger.get_or_insert_with(|| Ledger::new(prices, kind, options.whole, stamp));
                ledger.push(stamp, &row);
            }
            Err(Reject::Line(reason)) => rejected.push(number, reason),
            Err(Reject::Empty(_)) => rejected.push(number, "it has no value".to_owned()),
        }
        progress.row(recording.bytes());
    }
    drop(progress);
    let Some(ledger) = ledger else {
        let reason = rejected
            .named
            .first()
            .map(|first| format!("; line {}: {}", first.line, first.reason));
        let reason = reason.unwrap_or_default();
        return Err(Problem::Refused(format!(
            "{shown}: no line could be used{reason}"
        )));
    };
    if kind.source.counter_step_uwh > 0 && !ledger.has_counter_value {
        return Ok(Err(Learnt {
            has_no_counter: true,
            ..learnt
        }));
    }
    Ok(Ok((ledger.finish(), rejected)))
}

/// Registers that are read at the end of each period.
struct Ledger<'a> {
    prices: &'a Prices,
    kind: Kind,
    is_whole: bool,
    settings: Settings<((), ())>,
    meter: Meter<(Demand<1>, Freeze)>,
    outputs: Outputs,
    rates: RateRegisters<RATES>,
    /// The rates when the period began.
    base_mwh: Vec<u64>,
    periods: Vec<Period>,
    begin: Date,
    last: Stamp,
    /// The rate of the present minute, which is asked for once.
    minute: i64,
    rate: Option<u8>,
    has_counter_value: bool,
}

impl<'a> Ledger<'a> {
    fn new(prices: &'a Prices, kind: Kind, is_whole: bool, first: Stamp) -> Self {
        let config = Config {
            gap_ms: kind.gap_ms(),
            bridge_ms: kind.bridge_ms(),
            ..Config::new(kind.source)
        };
        Self {
            prices,
            kind,
            is_whole,
            settings: Settings::new(config, ((), ())),
            meter: Meter::new((
                Demand::new(prices.demand_s),
                Freeze::new(prices.billing_day),
            )),
            outputs: Outputs::new(),
            rates: RateRegisters::new(),
            base_mwh: vec![0; RATES],
            periods: Vec::new(),
            begin: date_of(first),
            last: first,
            minute: i64::MIN,
            rate: None,
            has_counter_value: false,
        }
    }

    fn push(&mut self, stamp: Stamp, row: &Row) {
        self.has_counter_value |= row.energy_mwh.is_some();
        let local = LocalTime::from_unix(stamp.at_ms.div_euclid(1_000), stamp.offset_s);
        let steps = |mwh: u64| mwh / self.kind.energy_step_mwh;
        let reading = Reading {
            utc_s: Some(stamp.at_ms.div_euclid(1_000)),
            power_mw: row.power_mw,
            counter: row.energy_mwh.map(|mwh| CounterReading {
                import: steps(mwh),
                export: steps(row.export_mwh.unwrap_or_default()),
            }),
            ..Reading::at(stamp.at_ms.unsigned_abs())
        };
        self.meter
            .push(&reading, local, &self.settings, &mut self.outputs);
        if let Some(local) = local {
            let minute = (stamp.at_ms + i64::from(stamp.offset_s) * 1_000).div_euclid(60_000);
            if minute != self.minute {
                self.minute = minute;
                self.rate = self.prices.rate_at(date_of(stamp).year(), local);
            }
            if let Some(rate) = self.rate {
                self.rates.push(rate, self.meter.registers());
            }
        }
        let ended = self.outputs.ended.and_then(|ended| ended.billing);
        if let Some(period) = ended.filter(|_| !self.is_whole) {
            self.close(date_of(stamp), &period);
        }
        self.last = stamp;
    }

    /// The period that goes on in the end, or all of the recording.
    fn finish(mut self) -> Vec<Period> {
        let registers = *self.meter.registers();
        let (_, freeze) = &self.meter.stages;
        let [import, export] = if self.is_whole {
            [registers.import.mwh(), registers.export.mwh()]
        } else {
            freeze.this_billing(&registers)
        };
        let rest = Frozen {
            import_mwh: registers.import.mwh(),
            export_mwh: registers.export.mwh(),
            used_mwh: import,
            returned_mwh: export,
            is_complete: false,
        };
        let last = date_of(self.last);
        // A recording that ends at midnight has nothing of the day that begins then.
        let is_over = self.last.at_ms + i64::from(self.last.offset_s) * 1_000;
        let end = if is_over % 86_400_000 == 0 && last > self.begin {
            last
        } else {
            last.tomorrow().unwrap_or(last)
        };
        if self.begin < last || is_over % 86_400_000 != 0 || self.periods.is_empty() {
            self.close(end, &rest);
        }
        self.periods
    }

    fn close(&mut self, end: Date, frozen: &Frozen) {
        let (demand, _) = &mut self.meter.stages;
        let demand_mw = demand.reset().map_or(0, |peak| peak.mw);
        let now_mwh: Vec<u64> = self.rates.mwh().collect();
        let moved = now_mwh
            .iter()
            .zip(&self.base_mwh)
            .map(|(now, base)| now.saturating_sub(*base));
        let days = self.begin.until(end).map_or(0, |span| span.get_days());
        self.periods.push(Period {
            dates: Some((self.begin, end)),
            days: u16::try_from(days).unwrap_or_default(),
            import_mwh: frozen.used_mwh,
            export_mwh: frozen.returned_mwh,
            rates_mwh: moved.take(self.prices.rate_names.len()).collect(),
            demand_mw,
            is_complete: frozen.is_complete,
        });
        self.base_mwh = now_mwh;
        self.begin = end;
    }
}
