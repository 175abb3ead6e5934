//! Energy by the textbook in 128 bits: what registers have to agree with.

/// Sums of products of milliwatts and milliseconds, halved nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oracle {
    import: u128,
    export: u128,
    last: Option<(u64, i32)>,
}

impl Oracle {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a power at a time.
    pub fn push(&mut self, at_ms: u64, power_mw: i32) {
        if let Some((before_ms, before_mw)) = self.last {
            let elapsed = u128::from(at_ms - before_ms);
            for mw in [before_mw, power_mw] {
                let energy = u128::from(mw.unsigned_abs()) * elapsed;
                if mw > 0 {
                    self.import += energy;
                } else {
                    self.export += energy;
                }
            }
        }
        self.last = Some((at_ms, power_mw));
    }

    /// Forgets where it was: what follows does not connect to what was before.
    pub fn interrupt(&mut self) {
        self.last = None;
    }

    /// Milliwatt-hours and half milliwatt-milliseconds of import and export: an hour has 3.6 million
    /// milliseconds.
    pub fn parts(&self) -> [(u128, u128); 2] {
        [self.import, self.export].map(|sum| (sum / 7_200_000, sum % 7_200_000))
    }
}
