//! What a reading did.

/// What happened at a reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Flags(u16);

impl Flags {
    /// The first reading since the program started.
    pub const FIRST: Self = Self(1);
    /// Readings, or the power in them, were missing before this one.
    pub const GAP: Self = Self(1 << 1);
    /// Energy was estimated.
    pub const ESTIMATED: Self = Self(1 << 2);
    /// The counter started over at its end.
    pub const WRAP: Self = Self(1 << 3);
    /// The counter was set to zero.
    pub const RESET: Self = Self(1 << 4);
    /// The counter says nonsense, or has been found to have done so.
    pub const GLITCH: Self = Self(1 << 5);
    /// A reading of a time that was there already; nothing was taken from it.
    pub const DUPLICATE: Self = Self(1 << 6);
    /// Time stepped back; counting goes on from there.
    pub const BACKWARD: Self = Self(1 << 7);
    /// The time of the day moved otherwise than the time of the readings, by more than two seconds.
    pub const CLOCK_SET: Self = Self(1 << 8);
    /// Nobody knows what flowed before this reading, and it is in no register: a gap that was not bridged, a power that
    /// is not known, a start without the counter of before.
    pub const OPEN: Self = Self(1 << 9);

    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Whether all of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether one of `other` is set.
    #[must_use]
    pub const fn has_any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What of these is in `other`.
    #[must_use]
    pub const fn only(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether nothing happened.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn set(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What a reading added to the registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Step {
    /// Whole milliwatt-hours by which the import register has moved: all steps add up to the register.
    pub import_mwh: u64,
    /// The same of the export register.
    pub export_mwh: u64,
    /// What happened.
    pub flags: Flags,
}

impl Step {
    /// Nothing was added, nothing happened.
    pub const NONE: Self = Self {
        import_mwh: 0,
        export_mwh: 0,
        flags: Flags::NONE,
    };
}
