//! A bounded number of bins for a time of any length.

use std::collections::BTreeMap;

/// What a bin holds.
pub(crate) trait Bin: Copy {
    /// Takes in a neighbour.
    fn absorb(&mut self, other: &Self);
}

/// Bins of equal width that become wider when there are too many: what a recording of any size leaves in memory.
#[derive(Clone, Debug)]
pub(crate) struct Timeline<B> {
    width_s: i64,
    /// What is added to times, so that days begin at local midnight.
    shift_ms: i64,
    most: usize,
    bins: BTreeMap<i64, B>,
    /// The bin of the last times, apart from the others, since most times belong to it.
    present: Option<(i64, B)>,
}

/// Widths in seconds; each is a multiple of the one before.
const WIDTHS_S: [i64; 15] = [
    1, 5, 15, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_419_200,
    31_449_600,
];

impl<B: Bin> Timeline<B> {
    pub(crate) const fn new(width_s: i64, most: usize, shift_ms: i64) -> Self {
        Self {
            width_s,
            shift_ms,
            most,
            bins: BTreeMap::new(),
            present: None,
        }
    }

    pub(crate) fn add(&mut self, at_ms: i64, bin: &B) {
        let key = self.key(at_ms);
        match &mut self.present {
            Some((present, sum)) if *present == key => sum.absorb(bin),
            _ => {
                self.settle();
                self.present = Some((key, *bin));
                while self.bins.len() >= self.most {
                    self.widen();
                }
            }
        }
    }

    /// Begin and end in milliseconds of each bin that holds something.
    pub(crate) fn iter(&mut self) -> impl Iterator<Item = (i64, i64, &B)> {
        self.settle();
        let (width_ms, shift_ms) = (self.width_s * 1_000, self.shift_ms);
        self.bins.iter().map(move |(key, bin)| {
            let begin_ms = key * width_ms - shift_ms;
            (begin_ms, begin_ms + width_ms, bin)
        })
    }

    pub(crate) const fn width_s(&self) -> i64 {
        self.width_s
    }

    /// Where the bin of a time ends.
    pub(crate) fn end_of(&self, at_ms: i64) -> i64 {
        (self.key(at_ms) + 1) * self.width_s * 1_000 - self.shift_ms
    }

    fn key(&self, at_ms: i64) -> i64 {
        (at_ms + self.shift_ms).div_euclid(self.width_s * 1_000)
    }

    fn settle(&mut self) {
        if let Some((key, bin)) = self.present.take() {
            Self::put(&mut self.bins, key, &bin);
        }
    }

    fn put(bins: &mut BTreeMap<i64, B>, key: i64, bin: &B) {
        bins.entry(key)
            .and_modify(|sum| sum.absorb(bin))
            .or_insert(*bin);
    }

    fn widen(&mut self) {
        self.settle();
        let wider = WIDTHS_S.into_iter().find(|width| *width > self.width_s);
        let wider = wider.unwrap_or(self.width_s * 4);
        let factor = wider / self.width_s;
        let narrow = std::mem::take(&mut self.bins);
        for (key, bin) in &narrow {
            Self::put(&mut self.bins, key.div_euclid(factor), bin);
        }
        self.width_s = wider;
    }
}
