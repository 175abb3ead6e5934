//! What energy costs.

/// Energy up to a limit at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Slab {
    /// Up to so many milliwatt-hours of the period; `None` for the last one, which has no end.
    pub up_to_mwh: Option<u64>,
    /// Price of a kilowatt-hour in millionths of the currency.
    pub micro_per_kwh: i64,
}

/// What a period costs. Everything is optional: what is left empty or 0 costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Plan<'a> {
    /// Prices by the energy of the period, in ascending order; all of it goes through them.
    pub slabs: &'a [Slab],
    /// Prices of a kilowatt-hour by the rate of a tariff, beside the slabs.
    pub rates: &'a [i64],
    /// For the period.
    pub fixed_micro: i64,
    /// For each day of it.
    pub daily_micro: i64,
    /// For each kilowatt of the largest demand.
    pub demand_micro_per_kw: i64,
    /// For each kilowatt-hour that was exported, to the customer's credit.
    pub export_micro_per_kwh: i64,
    /// The least that is charged before taxes; with 0 there is none, and export can make a bill negative.
    pub minimum_micro: i64,
    /// Taxes in millionths, each of the whole before taxes.
    pub taxes_ppm: [u32; 2],
}

/// What is wrong with a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PlanError {
    /// The limits of the slabs do not ascend.
    Order {
        /// Which slab, from 0.
        slab: usize,
    },
    /// The last slab has an end, so that more energy would cost nothing.
    Ends,
    /// More slabs or rates than a bill has lines for.
    TooMany {
        /// So many.
        most: usize,
    },
    /// A price is negative.
    Negative,
    /// There are not as many rates of energy as prices for them.
    Rates {
        /// Prices of the plan.
        prices: usize,
        /// Rates of the usage.
        rates: usize,
    },
    /// The energies of the rates are not what was imported: the rest would have no price.
    Unassigned {
        /// What is in the rates, in milliwatt-hours.
        rates_mwh: u64,
        /// What was imported.
        import_mwh: u64,
    },
}

impl core::fmt::Display for PlanError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Order { slab } => write!(
                f,
                "slab {} ends at or before the one before it: slabs are in ascending order",
                slab + 1
            ),
            Self::Ends => f.write_str("the last slab must have no end: leave out its limit"),
            Self::TooMany { most } => write!(f, "a plan has up to {most} slabs and as many rates"),
            Self::Negative => {
                f.write_str("a price is negative: what is paid for export has its own place")
            }
            Self::Rates { prices, rates } => write!(
                f,
                "the plan has prices for {prices} rates, the usage has {rates} of them"
            ),
            Self::Unassigned {
                rates_mwh,
                import_mwh,
            } => write!(
                f,
                "the rates have {rates_mwh} of {import_mwh} mWh: decide which rate the others count to"
            ),
        }
    }
}

impl core::error::Error for PlanError {}

/// Slabs, and rates, of a plan.
pub(super) const LINES: usize = 8;

impl Plan<'_> {
    /// Whether the plan makes sense.
    ///
    /// # Errors
    /// [`PlanError`] says what does not.
    pub fn check(&self) -> Result<(), PlanError> {
        if self.slabs.len() > LINES || self.rates.len() > LINES {
            return Err(PlanError::TooMany { most: LINES });
        }
        let mut before = 0;
        for (slab, limit) in self.slabs.iter().map(|slab| slab.up_to_mwh).enumerate() {
            match limit {
                Some(limit) if limit > before => before = limit,
                None if slab + 1 == self.slabs.len() => {}
                _ => return Err(PlanError::Order { slab }),
            }
        }
        if self
            .slabs
            .last()
            .is_some_and(|slab| slab.up_to_mwh.is_some())
        {
            return Err(PlanError::Ends);
        }
        let charges = [
            self.fixed_micro,
            self.daily_micro,
            self.demand_micro_per_kw,
            self.export_micro_per_kwh,
            self.minimum_micro,
        ];
        let slabs = self.slabs.iter().map(|slab| slab.micro_per_kwh);
        let mut prices = slabs.chain(self.rates.iter().copied()).chain(charges);
        if prices.any(|price| price < 0) {
            return Err(PlanError::Negative);
        }
        Ok(())
    }
}
