//! What bins of a timeline hold.

use super::timeline::Bin;

/// Least, mean and largest of a value; the mean is over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Band {
    pub(crate) min: i64,
    pub(crate) max: i64,
    sum: i128,
    weight: u64,
}

impl Band {
    pub(crate) const fn of(value: i64, ms: u64) -> Self {
        let weight = if ms == 0 { 1 } else { ms };
        Self {
            min: value,
            max: value,
            sum: value as i128 * weight as i128,
            weight,
        }
    }

    pub(crate) fn mean(&self) -> i64 {
        let mean = self.sum.checked_div(self.weight.into());
        i64::try_from(mean.unwrap_or_default()).unwrap_or_default()
    }
}

impl Bin for Band {
    fn absorb(&mut self, other: &Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.weight = self.weight.saturating_add(other.weight);
    }
}

/// Energy that flowed in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) import_mwh: u64,
    pub(crate) export_mwh: u64,
    pub(crate) ms: u64,
    /// Whether part of it was estimated, or spread over a time without readings.
    pub(crate) is_estimated: bool,
}

impl Flow {
    /// Mean power in milliwatts, export negative.
    pub(crate) fn mean_mw(&self) -> i64 {
        let mwh = i128::from(self.import_mwh) - i128::from(self.export_mwh);
        let mw = (mwh * 3_600_000)
            .checked_div(self.ms.into())
            .unwrap_or_default();
        i64::try_from(mw).unwrap_or_default()
    }
}

impl Bin for Flow {
    fn absorb(&mut self, other: &Self) {
        self.import_mwh = self.import_mwh.saturating_add(other.import_mwh);
        self.export_mwh = self.export_mwh.saturating_add(other.export_mwh);
        self.ms = self.ms.saturating_add(other.ms);
        self.is_estimated |= other.is_estimated;
    }
}
