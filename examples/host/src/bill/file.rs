//! The tariff file as it is written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::amount::{Amount, KilowattHours, Percent};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TariffFile {
    pub(crate) name: Option<String>,
    pub(crate) currency: String,
    #[serde(default = "two")]
    pub(crate) decimals: Spanned<u8>,
    #[serde(default = "one")]
    pub(crate) billing_day: Spanned<u8>,
    #[serde(default)]
    pub(crate) slabs: Vec<SlabRow>,
    #[serde(default)]
    pub(crate) rates: Vec<RateRow>,
    #[serde(default)]
    pub(crate) seasons: Vec<SeasonRow>,
    #[serde(default)]
    pub(crate) holidays: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) charges: Charges,
    #[serde(default)]
    pub(crate) taxes: Vec<Spanned<TaxRow>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlabRow {
    /// Left out in the last one.
    pub(crate) up_to_kwh: Option<Spanned<KilowattHours>>,
    pub(crate) price: Spanned<Amount>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateRow {
    pub(crate) name: Spanned<String>,
    pub(crate) price: Spanned<Amount>,
}

/// Days by when which rate begins; those left out are like the ones before.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeasonRow {
    pub(crate) from: Spanned<String>,
    pub(crate) workday: Spanned<Day>,
    pub(crate) saturday: Option<Spanned<Day>>,
    pub(crate) sunday: Option<Spanned<Day>>,
}

/// Times of the day and the rates that begin then.
pub(crate) type Day = BTreeMap<Spanned<String>, Spanned<String>>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Charges {
    pub(crate) fixed: Option<Spanned<Amount>>,
    pub(crate) daily: Option<Spanned<Amount>>,
    pub(crate) demand: Option<Spanned<Amount>>,
    pub(crate) demand_minutes: Option<Spanned<u32>>,
    pub(crate) export: Option<Spanned<Amount>>,
    pub(crate) minimum: Option<Spanned<Amount>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaxRow {
    pub(crate) name: String,
    pub(crate) percent: Percent,
}

fn two() -> Spanned<u8> {
    Spanned::new(0..0, 2)
}

fn one() -> Spanned<u8> {
    Spanned::new(0..0, 1)
}

/// What is wrong with a file, and where.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) at: Option<usize>,
    pub(crate) what: String,
}

impl Wrong {
    pub(crate) fn at<T>(place: &Spanned<T>, what: impl Into<String>) -> Self {
        Self {
            at: Some(place.span().start),
            what: what.into(),
        }
    }

    /// With the line and what stands there.
    pub(crate) fn explain(&self, text: &str) -> String {
        // What is missing is missing in the whole file, which begins at 0.
        let place = self.at.filter(|at| *at > 0);
        let Some((before, rest)) = place.and_then(|at| text.split_at_checked(at)) else {
            return self.what.clone();
        };
        let number = before.matches('\n').count() + 1;
        let line = before.rsplit('\n').next().unwrap_or_default().to_owned()
            + rest.split('\n').next().unwrap_or_default();
        format!("line {number}, {}: {}", line.trim(), self.what)
    }
}

impl TariffFile {
    pub(crate) fn parse(text: &str) -> Result<Self, Wrong> {
        let wrong = |error: toml::de::Error| Wrong {
            at: error.span().map(|span| span.start),
            what: error.message().replace('\n', ", "),
        };
        let mut table = DeTable::parse(text).map_err(wrong)?;
        keep_digits(table.get_mut());
        Self::deserialize(Deserializer::from(table)).map_err(wrong)
    }
}

/// Prices stay the digits that were written: a float is none of them.
fn keep_digits(table: &mut DeTable<'_>) {
    for (_, value) in table.iter_mut() {
        keep_digits_of(value.get_mut());
    }
}

fn keep_digits_of(value: &mut DeValue<'_>) {
    match value {
        DeValue::Float(float) => *value = DeValue::String(float.as_str().to_owned().into()),
        // Dates need no quotes, though none of them is a moment.
        DeValue::Datetime(date) => *value = DeValue::String(date.to_string().into()),
        DeValue::Array(array) => array
            .iter_mut()
            .for_each(|value| keep_digits_of(value.get_mut())),
        DeValue::Table(table) => keep_digits(table),
        _ => {}
    }
}
