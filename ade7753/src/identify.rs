//! Whether what answers is a working chip, and if not, what it looks like.

use crate::error::Symptom;
use crate::register::{CFDEN, CFNUM, Description, LINECYC, MODE, PHCAL, Register, WDIV, ZXTOUT};

/// Registers with known contents after a reset, in an order in which neighbours differ: a read that
/// brings the one before is seen (data sheet Rev. C, table 12).
pub(crate) const DEFAULTS: [Description; 6] = [
    MODE::DESCRIPTION,
    LINECYC::DESCRIPTION,
    CFNUM::DESCRIPTION,
    ZXTOUT::DESCRIPTION,
    CFDEN::DESCRIPTION,
    PHCAL::DESCRIPTION,
];

/// Written and read back: each bit of a register is 0 once and 1 once, and no pattern is another one
/// shifted by a bit.
pub(crate) const PATTERNS: [(Description, u16); 4] = [
    (LINECYC::DESCRIPTION, 0xA1C3),
    (WDIV::DESCRIPTION, 0x5A),
    (LINECYC::DESCRIPTION, 0x5E3C),
    (WDIV::DESCRIPTION, 0xA5),
];

/// Judges what [`DEFAULTS`] read after a reset.
pub(crate) fn judge_defaults(read: &[u16; DEFAULTS.len()]) -> Result<(), Symptom> {
    if read.iter().all(|value| *value == 0) {
        return Err(Symptom::AllZeros);
    }
    if DEFAULTS
        .iter()
        .zip(read)
        .all(|(register, value)| u32::from(*value) == ones(register))
    {
        return Err(Symptom::AllOnes);
    }
    let Some((register, value)) = DEFAULTS
        .iter()
        .zip(read)
        .find(|(register, value)| (u32::from(**value) ^ register.reset) & register.stable != 0)
    else {
        return Ok(());
    };
    let before = DEFAULTS.iter().map(|register| register.reset);
    let stale = read
        .iter()
        .skip(1)
        .zip(before)
        .filter(|(value, before)| u32::from(**value) == *before);
    if stale.count() + 1 == DEFAULTS.len() {
        return Err(Symptom::Stale);
    }
    for bits in [1, -1, 2, -2] {
        let matching = DEFAULTS
            .iter()
            .zip(read)
            .filter(|(register, value)| is_shifted(register, register.reset, **value, bits));
        if matching.count() == DEFAULTS.len() {
            return Err(Symptom::Shifted(bits));
        }
    }
    Err(Symptom::UnexpectedDefault {
        register: register.address,
        expected: register.reset as u16,
        read: *value,
    })
}

/// Judges what came back, and how many ones CHKSUM counted in it, after `wrote` went to `register`, which
/// held `before`.
pub(crate) fn judge_pattern(
    register: &Description,
    before: u16,
    wrote: u16,
    read: u16,
    ones: u32,
) -> Result<(), Symptom> {
    if read == wrote {
        return if ones == read.count_ones() {
            Ok(())
        } else {
            Err(Symptom::NoCheckSum)
        };
    }
    if read == before {
        return Err(Symptom::WritesIgnored);
    }
    for bits in [1, -1] {
        if is_shifted(register, wrote.into(), read, bits) {
            return Err(Symptom::Shifted(bits));
        }
    }
    Err(Symptom::WritesLost)
}

/// All ones in the bytes of a register, which a floating line brings, unused bits included.
const fn ones(register: &Description) -> u32 {
    if register.bytes() > 1 { 0xFFFF } else { 0xFF }
}

/// Whether `read` is `expected` moved by `bits` places, whatever came in at the end.
const fn is_shifted(register: &Description, expected: u32, read: u16, bits: i8) -> bool {
    let ones = ones(register);
    let count = bits.unsigned_abs() as u32;
    let (shifted, entered) = if bits > 0 {
        (expected >> count, ones & !(ones >> count))
    } else {
        (expected << count & ones, ones & !(ones << count))
    };
    (read as u32 ^ shifted) & !entered & ones == 0
}
