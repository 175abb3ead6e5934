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
    /// Whether it was seen from its beginning to its end, without a gap, a day left out or the clock set.
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
    /// Import and export at the beginning of the day, the month and the billing period.
    pub(crate) bases_mwh: [[u64; 2]; 3],
    /// Month and day; month 0 before the first reading.
    pub(crate) date: (u8, u8),
    /// What of the three was seen from its beginning, by bit.
    pub(crate) complete: u8,
    pub(crate) billing_day: u8,
}

const DAY: u8 = 0;
const MONTH: u8 = 1;
const BILLING: u8 = 2;

impl Freeze {
    /// Billing periods begin with this day of the month, 1 to 28.
    #[must_use]
    pub const fn new(billing_day: u8) -> Self {
        Self {
            bases_mwh: [[0; 2]; 3],
            date: (0, 0),
            complete: 0,
            billing_day: match billing_day {
                0 => 1,
                29.. => 28,
                day => day,
            },
        }
    }

    /// Takes the registers at a local time, and what the reading did. Gives what has ended with it.
    pub fn push(&mut self, time: LocalTime, registers: &Registers, flags: Flags) -> Option<Ended> {
        let now = [registers.import.mwh(), registers.export.mwh()];
        let (date, before) = ((time.month, time.day), self.date);
        // Days that were left out, or a clock that was set, break what goes on as a gap does.
        let is_broken = flags.contains(Flags::GAP)
            || flags.contains(Flags::FIRST)
            || date != before && !follows(before, date);
        if is_broken {
            self.complete = 0;
        }
        // A date that is none is no midnight either.
        let is_date = (1..=12).contains(&time.month) && (1..=31).contains(&time.day);
        if date == before || !is_date {
            return None;
        }
        self.date = date;
        if before.0 == 0 {
            self.bases_mwh = [now; 3];
            self.complete = 0;
            return None;
        }
        let day = self.close(DAY, now);
        let month = (date.0 != before.0).then(|| self.close(MONTH, now));
        let billing = passes(before, date, self.billing_day).then(|| self.close(BILLING, now));
        if is_broken {
            self.complete = 0;
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
        if self.date.0 == 0 {
            return [0; 2];
        }
        let [import, export] = self.base(which);
        [
            registers.import.mwh().saturating_sub(import),
            registers.export.mwh().saturating_sub(export),
        ]
    }

    fn base(&self, which: u8) -> [u64; 2] {
        let base = self.bases_mwh.get(usize::from(which));
        base.copied().unwrap_or_default()
    }

    fn close(&mut self, which: u8, now: [u64; 2]) -> Frozen {
        let ([import, export], [import_base, export_base]) = (now, self.base(which));
        let frozen = Frozen {
            import_mwh: import,
            export_mwh: export,
            used_mwh: import.saturating_sub(import_base),
            returned_mwh: export.saturating_sub(export_base),
            is_complete: self.complete & 1 << which != 0,
        };
        if let Some(base) = self.bases_mwh.get_mut(usize::from(which)) {
            *base = now;
        }
        self.complete |= 1 << which;
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
