//! The registers of a meter.

use super::register::Register;

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
    /// Apparent energy, V times I, in milliwatt-hours' place. What flows between readings without voltage or current
    /// is not in it.
    pub apparent: Register,
    /// Non-active energy of a meter without reactive power: the root of S^2 - P^2 (IEEE 1459), without
    /// sign.
    pub nonactive: Register,
    /// Reactive energy by quadrant: import lagging, export lagging, export leading, import leading (IEC
    /// 62053-23, annex C).
    pub quadrants: [Register; 4],
    /// Time in gaps, without readings or without power in them, and of readings that turned out to be repeated, in
    /// milliseconds.
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
