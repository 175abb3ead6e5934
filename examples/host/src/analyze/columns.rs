//! Which column holds what, and what a row says.

use super::cli::ColumnOptions;
use super::lines::Fields;
use super::number::{Number, is_missing};
use super::time::{Clock, Stamp};
use super::unit::{FIELDS, Field, TIMES, Unit, split};
use crate::error::Problem;

/// A row as numbers: thousandths of the base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) voltage_mv: Option<u32>,
    pub(crate) current_ma: Option<u32>,
    pub(crate) power_mw: Option<i32>,
    pub(crate) energy_mwh: Option<u64>,
    pub(crate) export_mwh: Option<u64>,
    pub(crate) power_factor_milli: Option<i16>,
    pub(crate) frequency_mhz: Option<u32>,
}

/// Where everything is.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    pub(crate) time: Vec<usize>,
    fields: Vec<(Field, usize, Unit)>,
    /// The column and the value that lines have to have in it.
    only: Option<(usize, String)>,
    /// A column that tells meters apart, when nobody has said which one is meant.
    pub(crate) meter: Option<usize>,
    /// The decimal mark, once one has been seen: the other one is no number then.
    mark: Option<u8>,
}

/// Names of columns that tell meters apart.
const METERS: [&str; 5] = ["address", "meter", "meter_id", "device", "device_id"];

/// Why a line can not be used.
#[derive(Debug)]
pub(crate) enum Reject {
    /// It says nothing.
    Line(String),
    /// It has a time and no value: a poll that failed.
    Empty(Stamp),
}

impl Columns {
    /// As the options say, else as the header suggests.
    pub(crate) fn find(
        options: &ColumnOptions,
        header: Option<&[String]>,
    ) -> Result<Self, Problem> {
        let mut time = Vec::new();
        for name in &options.time {
            time.push(position(name, header)?);
        }
        if time.is_empty() {
            time = header.map(times).unwrap_or_default();
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
            &options.energy_export,
            &options.power_factor,
            &options.frequency,
        ];
        let mut fields = Vec::new();
        for (known, given) in FIELDS.iter().zip(given) {
            let found = match given {
                Some(name) => {
                    let index = position(name, header)?;
                    let unit = header.and_then(|header| split(header.get(index)?).1);
                    Some((index, unit))
                }
                None => header.and_then(|header| guess(header, known.names)),
            };
            let stated = options
                .units
                .iter()
                .rev()
                .find(|(which, _)| *which == known.field);
            if let Some((index, unit)) = found.filter(|(index, _)| !time.contains(index)) {
                let unit = stated
                    .map(|(_, unit)| *unit)
                    .or(unit)
                    .unwrap_or(known.usual);
                fields.push((known.field, index, unit));
            }
        }
        let says_something = |(field, ..): &(Field, usize, Unit)| {
            matches!(field, Field::Power | Field::Energy | Field::Voltage)
        };
        if !fields.iter().any(says_something) {
            return Err(Problem::Usage(
                "no column looks like power, energy or voltage: name one with --power, --energy or --voltage"
                    .to_owned(),
            ));
        }
        let only = match &options.only {
            Some((column, value)) => Some((position(column, header)?, value.clone())),
            None => None,
        };
        let is_meter = |column: &String| METERS.contains(&column.to_lowercase().as_str());
        let meter = header.and_then(|header| header.iter().position(is_meter));
        Ok(Self {
            time,
            fields,
            meter: meter.filter(|_| only.is_none()),
            only,
            mark: None,
        })
    }

    /// Whether a line is of the meter that is meant.
    pub(crate) fn is_meant(&self, line: &Fields) -> bool {
        match &self.only {
            Some((index, value)) => line.get(*index) == Some(value.as_bytes()),
            None => true,
        }
    }

    /// Which meter a line is of, when nobody has said which one is meant.
    pub(crate) fn meter<'a>(&self, line: &'a Fields) -> Option<&'a [u8]> {
        line.get(self.meter?)
    }

    pub(crate) fn has(&self, field: Field) -> bool {
        self.fields.iter().any(|(known, ..)| *known == field)
    }

    /// What the time columns of a line say.
    pub(crate) fn time_text<'a>(
        &self,
        line: &'a Fields,
        joined: &'a mut String,
    ) -> Result<&'a str, String> {
        let text = |index: &usize| {
            let field = line
                .get(*index)
                .ok_or_else(|| format!("it has no column {}", index + 1))?;
            std::str::from_utf8(field).map_err(|_| "its time is no text".to_owned())
        };
        if let [only] = self.time.as_slice() {
            return text(only);
        }
        joined.clear();
        for index in &self.time {
            joined.push_str(text(index)?);
            joined.push(' ');
        }
        Ok(joined.trim_end())
    }

    /// A line as time and values.
    pub(crate) fn row(&mut self, line: &Fields, clock: &mut Clock) -> Result<(Stamp, Row), Reject> {
        let mut joined = String::new();
        let stamp = self
            .time_text(line, &mut joined)
            .and_then(|text| clock.read(text))
            .map_err(Reject::Line)?;
        let row = self.values(line).map_err(Reject::Line)?;
        let says = row.voltage_mv.is_some() || row.power_mw.is_some() || row.energy_mwh.is_some();
        if says {
            Ok((stamp, row))
        } else {
            Err(Reject::Empty(stamp))
        }
    }

    fn values(&mut self, line: &Fields) -> Result<Row, String> {
        let mut row = Row::default();
        for (field, index, unit) in &self.fields {
            let text = line
                .get(*index)
                .ok_or_else(|| format!("it has no column {}", index + 1))?;
            if is_missing(text) {
                continue;
            }
            let shown = || String::from_utf8_lossy(text).into_owned();
            let number =
                Number::parse(text).ok_or_else(|| format!("{:?} is no number", shown()))?;
            if number.mark.is_some()
                && *self.mark.get_or_insert(number.mark.unwrap_or_default())
                    != number.mark.unwrap_or_default()
            {
                return Err(format!(
                    "{:?} has another decimal mark than the lines before",
                    shown()
                ));
            }
            let beyond = || format!("{:?} is beyond what a meter can say", shown());
            let value = number.scaled(unit.mul, unit.div).ok_or_else(beyond)?;
            let unsigned = || u32::try_from(value).map_err(|_| beyond());
            match field {
                Field::Voltage => row.voltage_mv = Some(unsigned()?),
                // Some loggers sign it by the direction of the power.
                Field::Current => {
                    row.current_ma =
                        Some(u32::try_from(value.unsigned_abs()).map_err(|_| beyond())?)
                }
                Field::Power => row.power_mw = Some(i32::try_from(value).map_err(|_| beyond())?),
                Field::Energy => row.energy_mwh = Some(u64::try_from(value).map_err(|_| beyond())?),
                Field::Export => row.export_mwh = Some(u64::try_from(value).map_err(|_| beyond())?),
                Field::PowerFactor => {
                    let factor = i16::try_from(value)
                        .ok()
                        .filter(|factor| factor.unsigned_abs() <= 1_050);
                    row.power_factor_milli = Some(factor.ok_or_else(beyond)?);
                }
                Field::Frequency => row.frequency_mhz = Some(unsigned()?),
            }
        }
        Ok(row)
    }

    /// The smallest step of a column in thousandths of its base unit: the decimals it is written with, and the
    /// power of ten, up to a thousand, that all its values are multiples of.
    pub(crate) fn step<'a>(
        &self,
        field: Field,
        lines: impl Iterator<Item = &'a [u8]>,
        cutter: &mut Fields,
    ) -> Option<i64> {
        let (_, index, unit) = self.fields.iter().find(|(known, ..)| *known == field)?;
        let (mut decimals, mut common, mut has_value) = (0, 1_000, false);
        for line in lines {
            cutter.cut(line);
            let Some(number) = cutter.get(*index).and_then(Number::parse) else {
                continue;
            };
            let Some(value) = number.scaled(unit.mul, unit.div) else {
                continue;
            };
            decimals = decimals.max(-number.exponent);
            has_value |= value != 0;
            while common > 1 && value % common != 0 {
                common /= 10;
            }
        }
        let one = Number {
            digits: 1,
            exponent: -decimals,
            mark: None,
        };
        let written = one.scaled(unit.mul, unit.div).unwrap_or(1).max(1);
        Some(if has_value {
            written.max(common)
        } else {
            written
        })
    }
}

/// A column by name or number from 1.
fn position(name: &str, header: Option<&[String]>) -> Result<usize, Problem> {
    let named = header.and_then(|header| {
        header
            .iter()
            .position(|column| column.eq_ignore_ascii_case(name.trim()))
    });
    let numbered = || {
        name.parse::<usize>()
            .ok()
            .and_then(|number| number.checked_sub(1))
    };
    named.or_else(numbered).ok_or_else(|| {
        let known = match header {
            Some(header) => format!("there are {}", header.join(", ")),
            None => "without a header columns have numbers from 1".to_owned(),
        };
        Problem::Usage(format!("no column {name}: {known}"))
    })
}

/// The columns that look like a time.
fn times(header: &[String]) -> Vec<usize> {
    let place = |name: &str| {
        header
            .iter()
            .position(|column| column.trim().eq_ignore_ascii_case(name))
    };
    if let (Some(date), Some(time)) = (place("date"), place("time")) {
        return vec![date, time];
    }
    let is_time =
        |column: &String| TIMES.contains(&column.trim().to_lowercase().replace(' ', "_").as_str());
    header.iter().position(is_time).into_iter().collect()
}

/// A column with one of these names, with the unit its name ends in.
fn guess(header: &[String], names: &[&str]) -> Option<(usize, Option<Unit>)> {
    // In the order of the names: the first ones say more than single letters.
    names.iter().find_map(|wanted| {
        header.iter().enumerate().find_map(|(index, column)| {
            let (name, unit) = split(column);
            (name == *wanted).then_some((index, unit))
        })
    })
}
