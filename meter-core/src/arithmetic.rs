//! Divisions of 64-bit numbers for processors of 32 bits, which spend hundreds of instructions on the general one.

/// Quotient and remainder by a number of 16 bits.
#[inline]
pub(crate) const fn divide(number: u64, by: u16) -> (u64, u16) {
    if cfg!(target_pointer_width = "64") {
        (number / by as u64, (number % by as u64) as u16)
    } else if number >> 32 == 0 {
        let (number, by) = (number as u32, by as u32);
        ((number / by) as u64, (number % by) as u16)
    } else {
        by_digits(number, by)
    }
}

/// Digits of 16 bits, the way it is done on paper: a remainder and the next digit fit into 32 bits.
#[inline(never)]
const fn by_digits(number: u64, by: u16) -> (u64, u16) {
    let (by, high, low) = (by as u32, (number >> 32) as u32, number as u32);
    let (quotient_high, rest) = (high / by, high % by);
    let middle = (rest << 16) | (low >> 16);
    let (quotient_middle, rest) = (middle / by, middle % by);
    let last = (rest << 16) | (low & 0xFFFF);
    let quotient_low = (quotient_middle << 16) | (last / by);
    (
        ((quotient_high as u64) << 32) | quotient_low as u64,
        (last % by) as u16,
    )
}

/// A value and so many millionths of it more or less, rounded to nearest, within 32 bits.
pub(crate) const fn scaled(value: u32, ppm: i32) -> u32 {
    let product = value as u64 * ppm.unsigned_abs() as u64 + 500_000;
    // A million is 15 625 times 64.
    let (by, _) = divide(product >> 6, 15_625);
    let by = if by > u32::MAX as u64 {
        u32::MAX
    } else {
        by as u32
    };
    if ppm < 0 {
        value.saturating_sub(by)
    } else {
        value.saturating_add(by)
    }
}

#[cfg(test)]
mod tests {
    use super::by_digits;

    #[test]
    fn digits_divide_as_the_processor_does() {
        let mut number: u64 = 0x9E37_79B9_7F4A_7C15;
        for by in (1..=u16::MAX).step_by(7) {
            for shift in 0..64 {
                let number = number >> shift;
                let by_processor = (number / u64::from(by), (number % u64::from(by)) as u16);
                assert_eq!(by_digits(number, by), by_processor, "{number} / {by}");
            }
            number = number.wrapping_mul(0xD129_0123_4567_89AB).wrapping_add(1);
        }
        assert_eq!(by_digits(u64::MAX, 1), (u64::MAX, 0));
        assert_eq!(by_digits(0, 7), (0, 0));
    }
}
