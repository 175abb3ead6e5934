//! Numbers as people write them, without a detour over floats.

/// A number as it is written: `digits` times ten to the `exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number {
    pub(crate) digits: i64,
    pub(crate) exponent: i32,
    /// The mark before its decimals, if it has one.
    pub(crate) mark: Option<u8>,
}

impl Number {
    /// `230.5`, `-1,25`, `1.5e3`; `None` for anything else.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let (is_negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let (mut digits, mut exponent, mut mark, mut has_digits) = (0_i64, 0, None, false);
        let mut bytes = text.iter();
        while let Some(byte) = bytes.next() {
            match byte {
                b'0'..=b'9' => {
                    has_digits = true;
                    let more = digits
                        .checked_mul(10)
                        .and_then(|ten| ten.checked_add(i64::from(byte - b'0')));
                    match (more, mark) {
                        (Some(more), _) => {
                            digits = more;
                            exponent -= i32::from(mark.is_some());
                        }
                        // Decimals beyond eighteen digits say nothing that is looked at here.
                        (None, Some(_)) => {}
                        (None, None) => return None,
                    }
                }
                b'.' | b',' if mark.is_none() => mark = Some(*byte),
                b'e' | b'E' if has_digits => {
                    let rest = std::str::from_utf8(bytes.as_slice()).ok()?;
                    let shift: i32 = rest.parse().ok()?;
                    exponent += (-40..=40).contains(&shift).then_some(shift)?;
                    break;
                }
                _ => return None,
            }
        }
        has_digits.then_some(Self {
            digits: if is_negative { -digits } else { digits },
            exponent,
            mark,
        })
    }

    /// The number times `mul / div`, rounded half away from zero; `None` beyond 64 bits.
    pub(crate) fn scaled(self, mul: i64, div: i64) -> Option<i64> {
        let product = i128::from(self.digits) * i128::from(mul);
        let (product, div) = if self.exponent >= 0 {
            // Eighteen digits and forty zeros are beyond 64 bits, unless there are no digits.
            let power = 10_i128.checked_pow(self.exponent.unsigned_abs());
            match power.and_then(|power| product.checked_mul(power)) {
                Some(product) => (product, i128::from(div)),
                None => return (product == 0).then_some(0),
            }
        } else {
            let power = 10_i128.checked_pow(self.exponent.unsigned_abs().min(37))?;
            match power.checked_mul(div.into()) {
                Some(div) => (product, div),
                None => return Some(0),
            }
        };
        let half = if product < 0 { -div / 2 } else { div / 2 };
        i64::try_from(product.checked_add(half)?.checked_div(div)?).ok()
    }
}

/// What loggers write when there is no value.
pub(crate) fn is_missing(text: &[u8]) -> bool {
    const NONE: [&[u8]; 10] = [
        b"",
        b"-",
        b"?",
        b"nan",
        b"null",
        b"none",
        b"n/a",
        b"na",
        b"unavailable",
        b"unknown",
    ];
    NONE.iter().any(|none| text.eq_ignore_ascii_case(none))
}
