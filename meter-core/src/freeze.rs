//! Registers as they stood at the end of days, months and billing periods.

use crate::energy::{Flags, Registers};
use crate::tariff::LocalTime;

/// A period that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Frozen {
    /// The import register at its end, in milliwatt-hours.
    pub import_mwh: u64,
    /// The export register at its end.
    pub export_mwh: u64,
    /// What was imported in it: the periods add up to the register.
    pub used_mwh: u64,
    /// What was exported in it.
    pub returned_mwh: u64,
    /// Whether all that flowed in it is in it and nothing else: readings around both of its ends, no gap in between that
    /// the counter or the power did not bridge, no day left out, no clock that was set.
    pub is_complete: bool,
}

/// What has ended at midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Ended {
    /// Month and day of the day that ended.
    pub date: (u8, u8),
    /// The day.
    pub day: Frozen,
    /// The month, on its last day.
    pub month: Option<Frozen>,
    /// The billing period, on its last day.
    pub billing: Option<Frozen>,
}

/// Freezes registers at local midnights. Energy since the reading before midnight counts to the day that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Freeze {
    begun: Begun,
    billing_day: u8,
}

/// The periods that are going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct Begun {
    /// Import and export at the beginning of the day, the month and the billing period.
    pub(crate) bases_mwh: [[u64; 2]; 3],
    /// Month and day; month 0 before the first reading.
    pub(crate) date: (u8, u8),
    /// What of the three was seen from its beginning, by bit.
    pub(crate) complete: u8,
}

impl Begun {
    pub(crate) const NONE: Self = Self {
        bases_mwh: [[0; 2]; 3],
        date: (0, 0),
        complete: 0,
    };
}

const DAY: u8 = 0;
const MONTH: u8 = 1;
const BILLING: u8 = 2;

impl Freeze {
    /// Billing periods begin with this day of the month, 1 to 28, which every month has; what is above is taken for 28.
    #[must_use]
    pub const fn new(billing_day: u8) -> Self {
        Self {
            begun: Begun::NONE,
            billing_day: match billing_day {
                0 => 1,
                29.. => 28,
                day => day,
            },
        }
    }

    /// Goes on after a restart. Periods end by the billing day there is now.
    pub(crate) const fn resume(&mut self, begun: Begun) {
        self.begun = begun;
    }

    pub(crate) const fn begun(&self) -> Begun {
        self.begun
    }

    /// Takes the registers at a local time, and what the reading did. Gives what has ended with it. A time that is
    /// [none](LocalTime::is_valid) ends nothing: 24:00 is 0:00 of the next day.
    pub fn push(&mut self, time: LocalTime, registers: &Registers, flags: Flags) -> Option<Ended> {
        if !time.is_valid() {
            self.begun.complete = 0;
            return None;
        }
        let now = [registers.import.mwh(), registers.export.mwh()];
        let (date, before) = ((time.month, time.day), self.begun.date);
        let ends = date != before;
        // Energy that is in no register breaks what goes on; at its end so do a gap, which may hide on which side of
        // midnight energy flowed, and days that were left out.
        let is_broken = flags.has_any(Flags::OPEN.and(Flags::CLOCK_SET))
            || ends && (flags.has_any(Flags::GAP.and(Flags::FIRST)) || !follows(before, date));
        if is_broken {
            self.begun.complete = 0;
        }
        if !ends {
            return None;
        }
        self.begun.date = date;
        if before.0 == 0 {
            self.begun.bases_mwh = [now; 3];
            self.begun.complete = 0;
            return None;
        }
        let day = self.close(DAY, now);
        let month = (date.0 != before.0).then(|| self.close(MONTH, now));
        let billing = passes(before, date, self.billing_day).then(|| self.close(BILLING, now));
        if is_broken {
            self.begun.complete = 0;
        }
        Some(Ended {
            date: before,
            day,
            month,
            billing,
        })
    }

    /// Import and export in milliwatt-hours since midnight.
    #[must_use]
    pub fn today(&self, registers: &Registers) -> [u64; 2] {
        self.since(DAY, registers)
    }

    /// Import and export in milliwatt-hours since the month began.
    #[must_use]
    pub fn this_month(&self, registers: &Registers) -> [u64; 2] {
        self.since(MONTH, registers)
    }

    /// Import and export in milliwatt-hours since the billing period began.
    #[must_use]
    pub fn this_billing(&self, registers: &Registers) -> [u64; 2] {
        self.since(BILLING, registers)
    }

    fn since(&self, which: u8, registers: &Registers) -> [u64; 2] {
        if self.begun.date.0 == 0 {
            return [0; 2];
        }
        let [import, export] = self.base(which);
        [
            registers.import.mwh().saturating_sub(import),
            registers.export.mwh().saturating_sub(export),
        ]
    }

    fn base(&self, which: u8) -> [u64; 2] {
        let base = self.begun.bases_mwh.get(usize::from(which));
        base.copied().unwrap_or_default()
    }

    fn close(&mut self, which: u8, now: [u64; 2]) -> Frozen {
        let ([import, export], [import_base, export_base]) = (now, self.base(which));
        let frozen = Frozen {
            import_mwh: import,
            export_mwh: export,
            used_mwh: import.saturating_sub(import_base),
            returned_mwh: export.saturating_sub(export_base),
            is_complete: self.begun.complete & 1 << which != 0,
        };
        if let Some(base) = self.begun.bases_mwh.get_mut(usize::from(which)) {
            *base = now;
        }
        self.begun.complete |= 1 << which;
        frozen
    }
}

const fn after(month: u8) -> u8 {
    if month >= 12 { 1 } else { month + 1 }
}

/// Whether a date is the day after another; the years are not known, so that February may have either length.
const fn follows((month, day): (u8, u8), next: (u8, u8)) -> bool {
    let last = match month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if next.0 == month {
        return next.1 == day.saturating_add(1);
    }
    let next_month = after(month);
    next.0 == next_month && next.1 == 1 && (day == last || month == 2 && day == 29)
}

/// Whether a billing period begins after one date and no later than the next.
const fn passes((month, day): (u8, u8), next: (u8, u8), billing_day: u8) -> bool {
    if next.0 == month {
        // A clock that was set back passes nothing, and a year without readings is told by the month.
        day < billing_day && billing_day <= next.1
    } else {
        let next_month = after(month);
        next.0 != next_month || day < billing_day || billing_day <= next.1
    }
}
