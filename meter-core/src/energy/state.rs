//! What is kept of a meter, and what a reading did to it.

use super::register::Register;
use crate::reading::Source;

/// What is the same for all readings of a meter, and for all meters of a kind: it is kept once and lent to each
/// [`push`](super::EnergyMeter::push).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    /// The meter the readings come from.
    pub source: Source,
    /// Readings further apart than this leave a gap, in milliseconds.
    pub gap_ms: u32,
    /// Gaps up to this are bridged by the mean of the powers at their ends where there is no counter;
    /// longer ones stay open.
    pub bridge_ms: u32,
    /// The longest time the meter can have counted while this program did not run, when no clock
    /// tells: a bound for what is believed of its counter after a restart.
    pub outage_ms: u64,
}

impl Config {
    /// Gaps from 10 s on, bridged up to 5 minutes; a month of outage.
    #[must_use]
    pub const fn new(source: Source) -> Self {
        Self {
            source,
            gap_ms: 10_000,
            bridge_ms: 300_000,
            outage_ms: 31 * 86_400_000,
        }
    }
}

/// The registers. None of them ever decreases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Registers {
    /// Active energy taken in.
    pub import: Register,
    /// Active energy that flowed back.
    pub export: Register,
    /// The part of both that was estimated: gaps that were bridged, counters that were lost.
    pub estimated: Register,
    /// Integral of the active power in either direction, as a check.
    pub integrated: Register,
    /// Apparent energy, V times I, in milliwatt-hours' place.
    pub apparent: Register,
    /// Non-active energy of a meter without reactive power: the root of S^2 - P^2 (IEEE 1459), without
    /// sign.
    pub nonactive: Register,
    /// Reactive energy by quadrant: import lagging, export lagging, export leading, import leading (IEC
    /// 62053-23, annex C).
    pub quadrants: [Register; 4],
    /// Time without readings in milliseconds.
    pub gap_ms: u64,
    /// How often the counter was set to zero.
    pub resets: u16,
    /// How often it started over at its end.
    pub wraps: u16,
    /// How often it said nonsense.
    pub glitches: u16,
}

impl Registers {
    /// All at zero.
    pub const ZERO: Self = Self {
        import: Register::ZERO,
        export: Register::ZERO,
        estimated: Register::ZERO,
        integrated: Register::ZERO,
        apparent: Register::ZERO,
        nonactive: Register::ZERO,
        quadrants: [Register::ZERO; 4],
        gap_ms: 0,
        resets: 0,
        wraps: 0,
        glitches: 0,
    };
}

/// What happened at a reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Flags(u16);

impl Flags {
    /// The first reading, or the first one after a restart without a counter.
    pub const FIRST: Self = Self(1);
    /// Readings were missing before this one.
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

    /// Whether all of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
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
        flags: Flags(0),
    };
}
