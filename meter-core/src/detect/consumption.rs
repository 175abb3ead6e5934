//! Far less is used per day than before: the trace a bypass leaves in front of the sensor.

use super::alarm::{Level, Toggle};
use super::{Event, EventCode, Method};
use crate::arithmetic::divide;
use crate::snapshot::{Reader, Writer};

/// How patient the detector is, in hundredths of the usual spread of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DropLimits {
    /// What a day may be below the usual before it counts.
    pub slack_centi: u16,
    /// The sum of what counts at which the alarm begins.
    pub sum_centi: u16,
    /// The most that a single day says, either way.
    pub most_centi: u16,
    /// The least spread that is believed, in thousandths of the usual day: two weeks can look more alike than
    /// the next ones.
    pub least_spread_milli: u16,
}

impl DropLimits {
    /// Half of the spread, 1.75 times the spread, the spread, 35 % of the usual day: four low days in a row, or some more
    /// with others between them.
    ///
    /// The textbook's half and five, with days that may say four times the spread, misfire every other month on a
    /// household with a water heater that is hardly used now and then, and miss a third of the bypasses of 50 %.
    /// Of the settings that keep below one false alarm in ten months in each of seven households of measured days, these
    /// find most of them within a week in the worst (example `detection` of the package `metering-tests`, with
    /// `--tune`).
    #[must_use]
    pub const fn new() -> Self {
        Self {
            slack_centi: 50,
            sum_centi: 175,
            most_centi: 100,
            least_spread_milli: 350,
        }
    }
}

impl Default for DropLimits {
    fn default() -> Self {
        Self::new()
    }
}

const DAYS: usize = 14;
/// Days with less are of an empty circuit, in milliwatt-hours: nothing can be told from them.
const LEAST_DAY_MWH: u64 = 50_000;

/// Sums what days lack against the mean of the last fourteen (a lower CUSUM, Page 1954). Speaks no earlier than
/// after these. A holiday looks the same: [`BaseLoad`](super::BaseLoad) tells the two apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConsumptionDrop {
    /// The last days in watt-hours, in a ring.
    days_wh: [u32; DAYS],
    next: u8,
    filled: u8,
    /// What was lacking so far, in hundredths of the spread.
    sum_centi: u16,
    alarm: Toggle,
}

impl ConsumptionDrop {
    /// Knows no day yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            days_wh: [0; DAYS],
            next: 0,
            filled: 0,
            sum_centi: 0,
            alarm: Toggle::new(),
        }
    }

    /// Whether the alarm is on.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.alarm.is_on()
    }

    /// Takes the energy of a whole day; leave out days with gaps. The event's value is what the day lacked against
    /// the usual one, in milliwatt-hours.
    ///
    /// What is usual is learnt from all days until the alarm begins, low ones as no lower than one spread below the
    /// usual: a drop does not become the usual while it is looked at, and a household's own low days are not
    /// forgotten, which would make the next one an alarm.
    pub fn push(&mut self, at_ms: u64, day_mwh: u64, limits: &DropLimits) -> Option<Event> {
        let day_wh = u32::try_from(day_mwh / 1_000).unwrap_or(u32::MAX);
        if usize::from(self.filled) < DAYS {
            self.learn(day_wh);
            return None;
        }
        let usual = mean(self.days_wh);
        if u64::from(usual) * 1_000 < LEAST_DAY_MWH {
            self.learn(day_wh);
            return None;
        }
        // 1.2533 times the mean deviation is the standard deviation of a normal distribution.
        let deviation = mean(self.days_wh.map(|day| day.abs_diff(usual)));
        let least = u64::from(usual) * u64::from(limits.least_spread_milli) / 1_000;
        let spread = (u64::from(deviation) * 12_533 / 10_000).max(least).max(1);
        let lacks = i64::from(usual) - i64::from(day_wh);
        let most = i64::from(limits.most_centi);
        let centi = (lacks * 100)
            .checked_div(spread.cast_signed())
            .unwrap_or_default()
            .clamp(-most, most);
        let sum = i64::from(self.sum_centi) + centi - i64::from(limits.slack_centi);
        // A suspicion that is far beyond its limit shall still end within days.
        let end = 2 * i64::from(limits.sum_centi);
        self.sum_centi = u16::try_from(sum.clamp(0, end)).unwrap_or(u16::MAX);
        let level = Level::above(
            self.sum_centi.into(),
            limits.sum_centi.into(),
            u64::from(limits.sum_centi / 2),
        );
        let event = self
            .alarm
            .update(EventCode::ConsumptionDrop, at_ms, level, lacks * 1_000);
        if !self.alarm.is_on() {
            let lowest = u64::from(usual).saturating_sub(spread);
            self.learn(day_wh.max(u32::try_from(lowest).unwrap_or_default()));
        }
        event.map(|event| Event {
            method: Method::Days,
            ..event
        })
    }

    /// Takes the present for the usual, as after somebody has moved out.
    pub const fn relearn(&mut self) {
        *self = Self::new();
    }

    /// What has to survive a restart.
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        for day in self.days_wh {
            writer.put(&day.to_le_bytes());
        }
        writer.put(&[self.next, self.filled, self.alarm.is_on().into()]);
        writer.put(&self.sum_centi.to_le_bytes());
    }

    /// From bytes that were checked; numbers that are none are harmless here.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let mut days_wh = [0; DAYS];
        for slot in &mut days_wh {
            *slot = u32::from_le_bytes(reader.take());
        }
        let [next, filled, is_on] = reader.take();
        Self {
            days_wh,
            next: if usize::from(next) < DAYS { next } else { 0 },
            filled: filled.min(DAYS as u8),
            sum_centi: u16::from_le_bytes(reader.take()),
            alarm: Toggle::stored(is_on != 0),
        }
    }

    fn learn(&mut self, day_wh: u32) {
        if let Some(slot) = self.days_wh.get_mut(usize::from(self.next)) {
            *slot = day_wh;
        }
        self.next = if usize::from(self.next) + 1 < DAYS {
            self.next + 1
        } else {
            0
        };
        self.filled = (self.filled + 1).min(DAYS as u8);
    }
}

fn mean(days: [u32; DAYS]) -> u32 {
    let sum: u64 = days.iter().copied().map(u64::from).sum();
    let (mean, _) = divide(sum, DAYS as u16);
    u32::try_from(mean).unwrap_or(u32::MAX)
}
