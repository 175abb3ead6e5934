//! The sine, from a table.

/// 1 with 20 bits behind the point.
pub(super) const ONE: i64 = 1 << BITS;
pub(super) const BITS: u32 = 20;
const STEPS: usize = 256;

/// A quarter of a turn.
const TABLE: [i32; STEPS + 2] = table();

const fn table() -> [i32; STEPS + 2] {
    // A quarter of a turn with 40 bits behind the point: pi/2.
    const QUARTER: i128 = 1_727_108_826_179;
    let mut table = [0; STEPS + 2];
    let mut index = 0;
    while index < table.len() {
        let x = QUARTER * index as i128 / STEPS as i128;
        let square = (x * x) >> 40;
        // The series of the sine.
        let (mut term, mut sum, mut n) = (x, x, 1);
        while n < 20 {
            term = -((term * square) >> 40) / ((n + 1) * (n + 2));
            sum += term;
            n += 2;
        }
        let rounded = (sum + (1 << 19)) >> 20;
        #[expect(
            clippy::indexing_slicing,
            reason = "done by the compiler, which would stop"
        )]
        {
            table[index] = rounded as i32;
        }
        index += 1;
    }
    table
}

/// The sine of a phase in 2^-32 turns, with 20 bits behind the point; off by 5 millionths at most.
pub(super) fn sine(phase: u32) -> i32 {
    let within = phase & 0x3FFF_FFFF;
    let is_falling = phase & 0x4000_0000 != 0;
    let within = if is_falling {
        0x4000_0000 - within
    } else {
        within
    };
    let (index, part) = ((within >> 22) as usize, i64::from(within & 0x3F_FFFF));
    let at = |index: usize| TABLE.get(index).copied().map_or(ONE, i64::from);
    let (a, b) = (at(index), at(index + 1));
    let value = (a + (((b - a) * part) >> 22)) as i32;
    if phase & 0x8000_0000 != 0 {
        -value
    } else {
        value
    }
}

pub(super) fn cosine(phase: u32) -> i32 {
    sine(phase.wrapping_add(0x4000_0000))
}
