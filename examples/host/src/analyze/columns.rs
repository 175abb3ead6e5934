//! Which column holds what, in which unit.

use csv::StringRecord;

use super::cli::AnalyzeOptions;
use crate::error::Problem;

/// What a column can hold beside the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Voltage,
    Current,
    Power,
    Energy,
    PowerFactor,
    Frequency,
}

/// Every field with the names it goes by, and the unit it has when nobody says otherwise.
const FIELDS: [(Field, &str, &[&str], Unit); 6] = [
    (
        Field::Voltage,
        "voltage",
        &["voltage", "v", "volt", "volts", "u", "vrms", "urms"],
        Unit(1e3),
    ),
    (
        Field::Current,
        "current",
        &["current", "i", "amp", "amps", "ampere", "irms"],
        Unit(1e3),
    ),
    (
        Field::Power,
        "power",
        &["power", "p", "watt", "watts", "active_power", "activepower"],
        Unit(1e3),
    ),
    (
        Field::Energy,
        "energy",
        &["energy", "e", "pt", "total", "import", "active_energy"],
        Unit(1e6),
    ),
    (
        Field::PowerFactor,
        "power-factor",
        &["power_factor", "powerfactor", "pf", "apf", "cosphi"],
        Unit(1e3),
    ),
    (
        Field::Frequency,
        "frequency",
        &["frequency", "f", "freq"],
        Unit(1e3),
    ),
];

const TIMES: [&str; 9] = [
    "time",
    "timestamp",
    "unix_ts",
    "unix_ms",
    "datetime",
    "date",
    "utc",
    "ts",
    "unix",
];

/// Thousandths of the base unit (V, A, W, Wh, Hz, 1) in one of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Unit(f64);

impl Unit {
    fn parse(text: &str) -> Option<Self> {
        Some(Self(match text.to_lowercase().as_str() {
            "mv" | "ma" | "mw" | "mwh" | "mhz" | "milli" => 1.0,
            "v" | "a" | "w" | "wh" | "hz" | "1" => 1e3,
            "kv" | "ka" | "kw" | "kwh" | "khz" => 1e6,
            "%" | "percent" => 10.0,
            "j" => 1e3 / 3_600.0,
            _ => return None,
        }))
    }

    /// `power=kW`.
    pub(crate) fn parse_assignment(text: &str) -> Result<(Field, Self), String> {
        let wrong = || format!("{text}: give a field and its unit, such as power=kW or energy=Wh");
        let (name, unit) = text.split_once('=').ok_or_else(wrong)?;
        let field = FIELDS
            .iter()
            .find(|(_, known, ..)| *known == name)
            .ok_or_else(wrong)?;
        Ok((field.0, Self::parse(unit).ok_or_else(wrong)?))
    }

    /// A number in this unit as thousandths of the base unit.
    pub(crate) fn thousandths(self, number: f64) -> f64 {
        number * self.0
    }
}

/// Where everything is.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    pub(crate) time: Vec<usize>,
    fields: Vec<(Field, usize, Unit)>,
}

impl Columns {
    /// As the options say, else as the header suggests.
    pub(crate) fn find(
        options: &AnalyzeOptions,
        header: Option<&StringRecord>,
    ) -> Result<Self, Problem> {
        let mut time = Vec::new();
        for name in &options.time {
            time.push(position(name, header)?);
        }
        if time.is_empty() {
            time.extend(header.and_then(|header| {
                header
                    .iter()
                    .position(|name| TIMES.contains(&name.trim().to_lowercase().as_str()))
            }));
        }
        if time.is_empty() {
            return Err(Problem::Usage(
                "no column looks like a time: name it with --time, by its name or number"
                    .to_owned(),
            ));
        }
        let given = [
            &options.voltage,
            &options.current,
            &options.power,
            &options.energy,
            &options.power_factor,
            &options.frequency,
        ];
        let mut fields = Vec::new();
        for ((field, _, names, usual), given) in FIELDS.into_iter().zip(given) {
            let named = header.and_then(|header| guess(header, names));
            let found = match given {
                Some(name) => {
                    let index = position(name, header)?;
                    let unit = header.and_then(|header| split(header.get(index)?).1);
                    Some((index, unit))
                }
                None => named,
            };
            let stated = options.units.iter().find(|(which, _)| *which == field);
            if let Some((index, unit)) = found.filter(|(index, _)| !time.contains(index)) {
                let unit = stated.map(|(_, unit)| *unit).or(unit).unwrap_or(usual);
                fields.push((field, index, unit));
            }
        }
        if !fields
            .iter()
            .any(|(field, ..)| matches!(field, Field::Power | Field::Energy | Field::Voltage))
        {
            return Err(Problem::Usage(
                "no column looks like power, energy or voltage: name one with --power, --energy or --voltage"
                    .to_owned(),
            ));
        }
        Ok(Self { time, fields })
    }

    /// The smallest step of a column in thousandths of its base unit: the decimals it is written with, and the
    /// power of ten, up to a thousand, that all its values are multiples of.
    pub(crate) fn step(&self, field: Field, rows: &[StringRecord]) -> Option<i64> {
        let (_, index, unit) = self.fields.iter().find(|(known, ..)| *known == field)?;
        let texts = || rows.iter().filter_map(|row| row.get(*index)).map(str::trim);
        let decimals =
            texts().map(|text| text.split_once('.').map_or(0, |(_, digits)| digits.len()));
        let digits = i32::try_from(decimals.max()?).ok()?;
        let written = unit.thousandths(10f64.powi(-digits)).round().max(1.0) as i64;
        let values = || {
            rows.iter()
                .filter_map(|row| self.value(field, row).ok().flatten())
        };
        let is_multiple = |step: &i64| {
            values().any(|value| value != 0) && values().all(|value| value % step == 0)
        };
        let common = [1_000, 100, 10].into_iter().find(is_multiple).unwrap_or(1);
        Some(written.max(common.min(1_000)))
    }

    /// A value of a row in thousandths of its base unit; `None` where it is empty.
    pub(crate) fn value(&self, field: Field, row: &StringRecord) -> Result<Option<i64>, String> {
        let Some((_, index, unit)) = self.fields.iter().find(|(known, ..)| *known == field) else {
            return Ok(None);
        };
        let text = row
            .get(*index)
            .ok_or_else(|| format!("it has no column {}", index + 1))?
            .trim();
        if text.is_empty() {
            return Ok(None);
        }
        let number: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
        let value = unit.thousandths(number).round();
        if !value.is_finite() || value.abs() > 9e15 {
            return Err(format!("{text:?} is too large"));
        }
        Ok(Some(value as i64))
    }
}

/// A column by name or number from 1.
fn position(name: &str, header: Option<&StringRecord>) -> Result<usize, Problem> {
    let named = header.and_then(|header| {
        header
            .iter()
            .position(|column| column.trim().eq_ignore_ascii_case(name))
    });
    let numbered = || {
        name.parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1))
    };
    named.or_else(numbered).ok_or_else(|| {
        let known = match header {
            Some(header) => format!("there are {}", header.iter().collect::<Vec<_>>().join(", ")),
            None => "without a header columns have numbers from 1".to_owned(),
        };
        Problem::Usage(format!("no column {name}: {known}"))
    })
}

/// A column with one of these names, with the unit its name ends in.
fn guess(header: &StringRecord, names: &[&str]) -> Option<(usize, Option<Unit>)> {
    // In the order of the names: the first ones say more than single letters.
    names.iter().find_map(|wanted| {
        header.iter().enumerate().find_map(|(index, column)| {
            let (name, unit) = split(column);
            (name == *wanted).then_some((index, unit))
        })
    })
}

/// `power_kW`, `Power (kW)` or `power [kW]` as name and unit.
fn split(column: &str) -> (String, Option<Unit>) {
    let plain = column
        .trim()
        .to_lowercase()
        .replace(['(', '[', ' ', '-'], "_")
        .replace([')', ']'], "");
    let plain = plain.replace("__", "_");
    if let Some((name, unit)) = plain.rsplit_once('_')
        && let Some(unit) = Unit::parse(unit)
    {
        return (name.to_owned(), Some(unit));
    }
    (plain, None)
}
