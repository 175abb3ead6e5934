//! Energy that was paid before.

use super::money::Money;
use super::plan::Plan;

/// What a customer has to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Notice {
    /// Little is left.
    Low,
    /// Nothing is left but what is lent.
    Emergency,
    /// Nothing is left.
    Exhausted,
    /// There is enough again.
    Restored,
}

/// Credit that energy is taken from by the slabs of a plan.
///
/// The deductions of a period are the difference of two costs, each rounded once: however often it is looked at, they add
/// up to what the energy of the period costs, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Prepaid {
    credit: Money,
    low: Money,
    emergency: Money,
    used_mwh: u64,
    told: Option<Notice>,
}

impl Prepaid {
    /// No credit yet; little is below `low`, and `emergency` is lent when nothing is left.
    #[must_use]
    pub const fn new(low: Money, emergency: Money) -> Self {
        Self {
            credit: Money::ZERO,
            low,
            emergency,
            used_mwh: 0,
            told: Some(Notice::Exhausted),
        }
    }

    /// Goes on after a restart with the [credit](Self::credit) and the [energy of the period](Self::used_mwh) of before.
    #[must_use]
    pub fn resume(low: Money, emergency: Money, credit: Money, used_mwh: u64) -> Self {
        let mut prepaid = Self {
            credit,
            used_mwh,
            ..Self::new(low, emergency)
        };
        prepaid.told = prepaid.state();
        prepaid
    }

    /// Energy of the period so far, in milliwatt-hours.
    #[must_use]
    pub const fn used_mwh(&self) -> u64 {
        self.used_mwh
    }

    /// What is left; negative while it is lent.
    #[must_use]
    pub const fn credit(&self) -> Money {
        self.credit
    }

    /// Whether energy may flow.
    #[must_use]
    pub fn is_supplied(&self) -> bool {
        self.credit.plus(self.emergency) > Money::ZERO
    }

    /// Somebody has paid.
    pub fn top_up(&mut self, amount: Money) -> Option<Notice> {
        self.credit = self.credit.plus(amount);
        self.look()
    }

    /// Energy was used, as [`Step::import_mwh`](crate::Step::import_mwh) tells it. It is paid by the slabs of the plan
    /// alone, which has to be one that [makes sense](Plan::check).
    pub fn consume(&mut self, import_mwh: u64, plan: &Plan<'_>) -> Option<Notice> {
        let before = plan.energy_cost(self.used_mwh);
        self.used_mwh = self.used_mwh.saturating_add(import_mwh);
        let now = plan.energy_cost(self.used_mwh);
        let micro = now / 1_000_000 - before / 1_000_000;
        self.credit = self.credit.minus(Money::nearest(micro, 1));
        self.look()
    }

    /// A new period begins: slabs count from zero again.
    pub const fn begin_period(&mut self) {
        self.used_mwh = 0;
    }

    fn state(&self) -> Option<Notice> {
        if self.credit > self.low {
            None
        } else if self.credit > Money::ZERO {
            Some(Notice::Low)
        } else if self.is_supplied() {
            Some(Notice::Emergency)
        } else {
            Some(Notice::Exhausted)
        }
    }

    /// What has to be told, once each.
    fn look(&mut self) -> Option<Notice> {
        let state = self.state();
        if state == self.told {
            return None;
        }
        self.told = state;
        Some(state.unwrap_or(Notice::Restored))
    }
}
