//! What was used, and what it costs.

use heapless::Vec;

use super::money::Money;
use super::plan::{LINES, Plan, PlanError};

/// What was used in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Usage<'a> {
    /// Imported energy in milliwatt-hours.
    pub import_mwh: u64,
    /// Exported energy in milliwatt-hours.
    pub export_mwh: u64,
    /// Imported energy by rate, as [`RateRegisters`](crate::RateRegisters) moved in the period: one for each price of the
    /// plan, together what was imported.
    pub rates_mwh: &'a [u64],
    /// Days of the period.
    pub days: u16,
    /// The largest demand in milliwatts.
    pub demand_mw: u64,
}

/// A bill, line by line. The lines add up to the sum, and sum and taxes to the total, exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Bill {
    /// Energy and amount of each slab that was reached.
    pub slabs: Vec<(u64, Money), LINES>,
    /// Energy and amount of each rate.
    pub rates: Vec<(u64, Money), LINES>,
    /// Fixed and daily charges.
    pub fixed: Money,
    /// For the largest demand.
    pub demand: Money,
    /// For what was exported; it is subtracted.
    pub export: Money,
    /// What is missing to the least that is charged.
    pub to_minimum: Money,
    /// All of this.
    pub sum: Money,
    /// Each tax of it.
    pub taxes: [Money; 2],
    /// Sum and taxes.
    pub total: Money,
}

impl Plan<'_> {
    /// The bill of a period.
    ///
    /// # Errors
    /// [`PlanError`] when the [plan](Plan::check) makes no sense, or the usage has not the rates that it has prices for.
    pub fn bill(&self, usage: &Usage<'_>) -> Result<Bill, PlanError> {
        self.check()?;
        self.check_rates(usage)?;
        let most = PlanError::TooMany { most: LINES };
        let mut bill = Bill {
            fixed: Money::nearest(
                i128::from(self.fixed_micro)
                    + i128::from(self.daily_micro) * i128::from(usage.days),
                1,
            ),
            demand: Money::of_energy(usage.demand_mw, self.demand_micro_per_kw),
            export: Money::of_energy(usage.export_mwh, self.export_micro_per_kwh),
            ..Bill::default()
        };
        let mut begin_mwh = 0;
        for slab in self.slabs {
            let end_mwh = slab.up_to_mwh.unwrap_or(u64::MAX).min(usage.import_mwh);
            let mwh = end_mwh.saturating_sub(begin_mwh);
            if mwh == 0 {
                break;
            }
            let line = (mwh, Money::of_energy(mwh, slab.micro_per_kwh));
            bill.slabs.push(line).map_err(|_| most)?;
            begin_mwh = end_mwh;
        }
        for (mwh, price) in usage.rates_mwh.iter().zip(self.rates) {
            let line = (*mwh, Money::of_energy(*mwh, *price));
            bill.rates.push(line).map_err(|_| most)?;
        }
        let lines = bill
            .slabs
            .iter()
            .chain(&bill.rates)
            .map(|(_, amount)| *amount);
        let sum = lines.fold(bill.fixed.plus(bill.demand), Money::plus);
        let sum = sum.minus(bill.export);
        // Without a least charge a bill may be negative: export that is worth more than all that was used.
        if self.minimum_micro > 0 {
            bill.to_minimum = Money(self.minimum_micro).minus(sum).max(Money::ZERO);
        }
        bill.sum = sum.plus(bill.to_minimum);
        // A credit is not taxed.
        let taxed = bill.sum.max(Money::ZERO);
        bill.taxes = self.taxes_ppm.map(|ppm| taxed.share(ppm));
        bill.total = bill.taxes.into_iter().fold(bill.sum, Money::plus);
        Ok(bill)
    }

    /// Energy without a price would be free.
    fn check_rates(&self, usage: &Usage<'_>) -> Result<(), PlanError> {
        let (prices, rates) = (self.rates.len(), usage.rates_mwh.len());
        if prices == 0 {
            return Ok(());
        }
        if prices != rates {
            return Err(PlanError::Rates { prices, rates });
        }
        let rates_mwh = usage
            .rates_mwh
            .iter()
            .fold(0_u64, |sum, mwh| sum.saturating_add(*mwh));
        if rates_mwh != usage.import_mwh {
            return Err(PlanError::Unassigned {
                rates_mwh,
                import_mwh: usage.import_mwh,
            });
        }
        Ok(())
    }

    /// What all energy of a period up to a register costs by its slabs, unrounded: millionths times a million.
    pub(super) fn energy_cost(&self, import_mwh: u64) -> i128 {
        let (mut begin_mwh, mut cost) = (0, 0_i128);
        for slab in self.slabs {
            let end_mwh = slab.up_to_mwh.unwrap_or(u64::MAX).min(import_mwh);
            let mwh = end_mwh.saturating_sub(begin_mwh);
            cost = cost.saturating_add(i128::from(mwh) * i128::from(slab.micro_per_kwh));
            begin_mwh = begin_mwh.max(end_mwh);
        }
        cost
    }
}
