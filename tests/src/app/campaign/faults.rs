//! What happens to a device.

use meter_sim::pzem::{Fault, Faults};

use super::super::parts::TimeMood;
use super::super::server::Mood;
use super::{Campaign, HOUR_US};

/// How a phase ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It just does.
    Quiet(u64),
    /// The supply goes at that moment, if not before.
    Dark(u64),
}

impl End {
    pub(super) const fn at_us(self) -> u64 {
        match self {
            Self::Quiet(at_us) | Self::Dark(at_us) => at_us,
        }
    }
}

impl Campaign {
    /// The next phase: how everything is, and until when.
    pub(super) fn next_phase(&mut self) -> End {
        let now_us = self.time.now_us();
        let length_us = 300_000_000 + self.random.below(2 * HOUR_US);
        self.network(now_us);
        self.trouble_on_the_line();
        self.clocks();
        self.flash.cut_after(None);
        match self.random.below(5) {
            0 => {
                let words = 1 + self.random.below(4_000);
                self.flash.cut_after(Some(words));
                End::Quiet(now_us + length_us)
            }
            1 => End::Dark(now_us + self.random.below(length_us)),
            _ => End::Quiet(now_us + length_us),
        }
    }

    fn network(&mut self, now_us: u64) {
        let pick = self.random.below(24) as usize;
        let mood = match pick {
            0..9 => Mood::Good,
            9..12 => Mood::Offline,
            12..16 => Mood::Moody,
            other => Mood::ALL.get(other - 15).copied().unwrap_or(Mood::Good),
        };
        if now_us > self.offline_until_us && self.random.below(150) == 0 {
            // Gone for a day, or half of one where two meters fill the flash.
            let hours = if self.modules.len() == 1 { 24 } else { 12 };
            self.offline_until_us = now_us + hours * HOUR_US;
        }
        let is_offline = now_us < self.offline_until_us;
        self.server
            .set_mood(if is_offline { Mood::Offline } else { mood });
    }

    pub(super) fn be_kind_to_the_line(&self) {
        self.line.set_faults(Faults::seeded(0));
        for id in &self.modules {
            self.line.ac(*id, |module| module.set_powered(true));
        }
    }

    fn trouble_on_the_line(&mut self) {
        self.be_kind_to_the_line();
        let seed = self.random.below(u64::MAX);
        match self.random.below(12) {
            0 => self.line.set_faults(
                Faults::seeded(seed)
                    .with(Fault::Flip, 2_000)
                    .with(Fault::Drop, 1_000)
                    .with(Fault::Insert, 1_000),
            ),
            1 => self.line.set_faults(
                Faults::seeded(seed)
                    .with(Fault::Silence, 100_000)
                    .with(Fault::Truncate, 50_000)
                    .with(Fault::Late { ms: 260 }, 50_000)
                    .with(Fault::Duplicate, 20_000)
                    .with(Fault::WrongAddress, 20_000),
            ),
            2 => self
                .line
                .set_faults(Faults::seeded(seed).with(Fault::ValidCrcGarbage, 20_000)),
            3 => self
                .line
                .set_faults(Faults::seeded(seed).with(Fault::BrownOut { ms: 20_000 }, 5_000)),
            4 | 5 => {
                let which = self.random.below(self.modules.len() as u64) as usize;
                if let Some(id) = self.modules.get(which) {
                    self.line.ac(*id, |module| module.set_powered(false));
                }
            }
            _ => {}
        }
    }

    fn clocks(&mut self) {
        let off_ms = match self.random.below(40) {
            0 => 7_200_000,
            1 => -7_200_000,
            2 => 1_500,
            3 => -40_000_000_000_000,
            _ => self.random.below(200) as i64 - 100,
        };
        self.time_servers.mood.set(TimeMood {
            is_up: self.random.below(4) > 0,
            off_ms,
        });
    }
}
