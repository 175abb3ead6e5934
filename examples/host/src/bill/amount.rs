//! Money and quantities as they are written. Digits are never lost: what does not fit is refused.

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// A decimal number as a whole number of `10^-decimals`; `None` for what is none, or has more decimals.
fn decimal(text: &str, decimals: u32) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) || digits.ends_with('.') {
        return None;
    }
    let part = part.trim_end_matches('0');
    let missing = decimals.checked_sub(u32::try_from(part.len()).ok()?)?;
    let part: i64 = if part.is_empty() {
        0
    } else {
        part.parse().ok()?
    };
    let value = whole
        .parse::<i64>()
        .ok()?
        .checked_mul(10_i64.checked_pow(decimals)?)?
        .checked_add(part.checked_mul(10_i64.checked_pow(missing)?)?)?;
    Some(if is_negative { -value } else { value })
}

/// A price or charge in millionths of the currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) i64);

/// A share in millionths, written in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Percent(pub(crate) u32);

/// An energy in milliwatt-hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct KilowattHours(pub(crate) u64);

/// What a number of a tariff file is made of.
trait FromDecimal: Sized {
    const EXPECTED: &'static str;

    fn parse(text: &str) -> Option<Self>;
}

impl FromDecimal for Amount {
    const EXPECTED: &'static str = "an amount with up to six decimals, such as 0.3127";

    fn parse(text: &str) -> Option<Self> {
        decimal(text, 6).map(Self)
    }
}

impl FromDecimal for Percent {
    const EXPECTED: &'static str =
        "a percentage from 0 to 1000 with up to four decimals, such as 19 or 5.5";

    fn parse(text: &str) -> Option<Self> {
        let ppm = u32::try_from(decimal(text, 4)?).ok()?;
        (ppm <= 10_000_000).then_some(Self(ppm))
    }
}

impl FromDecimal for KilowattHours {
    const EXPECTED: &'static str = "kilowatt-hours with up to six decimals, such as 100";

    fn parse(text: &str) -> Option<Self> {
        u64::try_from(decimal(text, 6)?).ok().map(Self)
    }
}

struct DecimalVisitor<T>(std::marker::PhantomData<T>);

impl<T: FromDecimal> Visitor<'_> for DecimalVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::parse(text.trim()).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        T::parse(&number.to_string())
            .ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }
}

macro_rules! deserialize_decimal {
    ($($name:ty),*) => {
        $(
            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    deserializer.deserialize_any(DecimalVisitor(std::marker::PhantomData))
                }
            }
        )*
    };
}

deserialize_decimal!(Amount, Percent, KilowattHours);

/// Energies and powers of the command line.
pub(crate) struct Quantity;

impl Quantity {
    /// `342kWh`, `1.5 MWh`, `800Wh`, or kilowatt-hours without a unit, in milliwatt-hours.
    pub(crate) fn energy(text: &str) -> Result<u64, String> {
        Self::parse(text, &[("mwh", 9), ("kwh", 6), ("wh", 3), ("", 6)])
            .ok_or_else(|| format!("{text}: an energy is written 342kWh, 0.5MWh or 800Wh"))
    }

    /// `4.2kW` or `4200W`, or kilowatts without a unit, in milliwatts.
    pub(crate) fn power(text: &str) -> Result<u64, String> {
        Self::parse(text, &[("kw", 6), ("w", 3), ("", 6)])
            .ok_or_else(|| format!("{text}: a power is written 4.2kW or 4200W"))
    }

    /// `night=120kWh`.
    pub(crate) fn at_rate(text: &str) -> Result<(String, u64), String> {
        let (name, energy) = text
            .split_once('=')
            .ok_or_else(|| format!("{text}: give a rate and its energy, such as night=120kWh"))?;
        Ok((name.trim().to_owned(), Self::energy(energy)?))
    }

    fn parse(text: &str, units: &[(&str, u32)]) -> Option<u64> {
        let lower = text.trim().to_ascii_lowercase();
        // The longest unit that fits comes first.
        let (number, decimals) = units
            .iter()
            .find_map(|(unit, decimals)| Some((lower.strip_suffix(unit)?, *decimals)))?;
        u64::try_from(decimal(number.trim(), decimals)?).ok()
    }
}

/// An amount with no more decimals than it has, at least so many.
pub(crate) fn show(micro: i64, decimals: u8) -> String {
    let sign = if micro < 0 { "-" } else { "" };
    let (whole, part) = (
        micro.unsigned_abs() / 1_000_000,
        micro.unsigned_abs() % 1_000_000,
    );
    let mut part = format!("{part:06}");
    while part.len() > usize::from(decimals) && part.ends_with('0') {
        part.pop();
    }
    if part.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{part}")
    }
}
