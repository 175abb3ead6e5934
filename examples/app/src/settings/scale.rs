//! Numbers with units, as people write them.

use core::fmt;

/// A unit and how much it is in the smallest steps of the setting.
pub(crate) type Unit = (&'static str, i64);

/// What numbers a setting takes. The first unit is the one it is shown in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scale {
    pub(crate) least: i64,
    pub(crate) most: i64,
    pub(crate) units: &'static [Unit],
    /// Whether 0 stands for none.
    pub(crate) zero_is_none: bool,
}

/// Why a text is no such number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberFault {
    NotANumber,
    Unit,
    NoUnit,
    Fine,
    Range,
}

impl Scale {
    pub(crate) const fn contains(&self, value: i64) -> bool {
        self.least <= value && value <= self.most
    }

    /// Reads `1.5 s` or `1500ms`. Where there is more than one unit, one has to be written: 5 could be either.
    pub(crate) fn parse(&self, text: &str) -> Result<i64, NumberFault> {
        let text = text.trim();
        let is_number = |c: char| c.is_ascii_digit() || c == '.' || c == '-' || c == '+';
        let end = text.find(|c| !is_number(c)).unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(end).ok_or(NumberFault::NotANumber)?;
        let (thousands, unit) = (decimal(number)?, unit.trim());
        let factor = match (unit, self.units) {
            ("", [(_, only)]) => *only,
            ("", _) if thousands == 0 => 1,
            ("", _) => return Err(NumberFault::NoUnit),
            (_, units) => units
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(unit))
                .map(|(_, factor)| *factor)
                .ok_or(NumberFault::Unit)?,
        };
        let scaled = thousands.checked_mul(factor).ok_or(NumberFault::Range)?;
        if scaled % MILLION != 0 {
            return Err(NumberFault::Fine);
        }
        let value = scaled / MILLION;
        if self.contains(value) {
            Ok(value)
        } else {
            Err(NumberFault::Range)
        }
    }

    /// As it is read again.
    pub(crate) fn show(&self, value: i64, f: &mut dyn fmt::Write) -> fmt::Result {
        let (unit, factor) = self.units.first().copied().unwrap_or(("", 1));
        let (whole, rest) = (value / factor, (value % factor).abs());
        let sign = if value < 0 && whole == 0 { "-" } else { "" };
        write!(f, "{sign}{whole}")?;
        if rest != 0 {
            let mut digits = rest * MILLION / factor;
            let mut width = 6;
            while digits % 10 == 0 {
                digits /= 10;
                width -= 1;
            }
            write!(f, ".{digits:0width$}")?;
        }
        if unit.is_empty() {
            Ok(())
        } else {
            write!(f, " {unit}")
        }
    }
}

const MILLION: i64 = 1_000_000;

/// A decimal number in millionths.
fn decimal(text: &str) -> Result<i64, NumberFault> {
    let wrong = NumberFault::NotANumber;
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return Err(wrong);
    }
    if fraction.len() > 6 {
        return Err(NumberFault::Fine);
    }
    let whole: u32 = whole.parse().map_err(|_| NumberFault::Range)?;
    let mut millionths: i64 = fraction.parse().map_err(|_| wrong)?;
    for _ in fraction.len()..6 {
        millionths *= 10;
    }
    let value = i64::from(whole) * MILLION + millionths;
    Ok(if is_negative { -value } else { value })
}
