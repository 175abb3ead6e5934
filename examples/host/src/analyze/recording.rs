//! A recording, row by row.

use std::collections::VecDeque;
use std::path::Path;

use super::cli::ColumnOptions;
use super::columns::{Columns, Reject, Row};
use super::lines::{Fields, Lines, delimiter, last};
use super::time::{Clock, Stamp, order};
use crate::error::Problem;

/// Lines by which the form of a recording and the kind of meter are found out.
const PREVIEW: usize = 500;

/// Lines whose form is known.
pub(crate) struct Recording {
    shown: String,
    lines: Lines,
    /// Lines that were looked at in advance.
    preview: VecDeque<(u64, Vec<u8>)>,
    line: Vec<u8>,
    fields: Fields,
    pub(crate) columns: Columns,
    pub(crate) clock: Clock,
    pub(crate) length: u64,
}

/// What a line says, with its number.
pub(crate) type Line = (u64, Result<(Stamp, Row), Reject>);

impl Recording {
    pub(crate) fn open(path: &Path, options: &ColumnOptions) -> Result<Self, Problem> {
        let shown = path.display().to_string();
        let failed = |error: String| Problem::Refused(format!("{shown} can not be read: {error}"));
        let (mut lines, length) = Lines::open(path).map_err(failed)?;
        let mut preview = VecDeque::new();
        let mut line = Vec::new();
        while preview.len() < PREVIEW
            && let Some(number) = lines
                .next(&mut line)
                .map_err(|error| failed(error.to_string()))?
        {
            preview.push_back((number, line.clone()));
        }
        let start = preview.iter().take(50).map(|(_, line)| line.as_slice());
        let delimiter = match options.delimiter {
            Some(character) => u8::try_from(character)
                .map_err(|_| Problem::Usage("--delimiter is one plain character".to_owned()))?,
            None => delimiter(start),
        };
        let mut fields = Fields::new(delimiter);
        let Some((_, first)) = preview.front() else {
            return Err(Problem::Refused(format!("{shown} holds no line of values")));
        };
        fields.cut(first);
        let header = (!options.no_header).then(|| fields.texts());
        let mut columns = Columns::find(options, header.as_deref())?;
        let mut clock = Clock::new(options.time_zone.clone(), options.time_format.clone());
        // Columns by number, and a first line of values that nobody has called so.
        let holds_values = columns.clone().row(&fields, &mut clock.clone()).is_ok();
        if header.is_some() && !holds_values {
            preview.pop_front();
        }
        if let Some(meter) = several(&columns, header.as_deref(), &mut fields, &preview) {
            return Err(Problem::Usage(format!(
                "{shown} holds several meters: choose one with --only {meter}"
            )));
        }
        preview.retain(|(_, line)| {
            fields.cut(line);
            columns.is_meant(&fields)
        });
        if options.time_format.is_none() {
            // Whatever this file is, pipes can not be looked at from behind.
            let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
            let ends = if is_file { last(path) } else { Vec::new() };
            clock.order = day_or_month(&columns, &mut fields, &preview, &ends)?;
        }
        // The decimal mark is that of the recording, not of its first odd line.
        for (_, line) in preview.iter().take(3) {
            fields.cut(line);
            let _ = columns.row(&fields, &mut clock.clone());
        }
        Ok(Self {
            shown,
            lines,
            preview,
            line,
            fields,
            columns,
            clock,
            length,
        })
    }

    /// The next line.
    pub(crate) fn next(&mut self) -> Result<Option<Line>, Problem> {
        loop {
            let number = match self.preview.pop_front() {
                Some((number, line)) => {
                    self.line = line;
                    number
                }
                None => match self.lines.next(&mut self.line) {
                    Ok(Some(number)) => number,
                    Ok(None) => return Ok(None),
                    Err(error) => {
                        let shown = &self.shown;
                        return Err(Problem::Refused(format!(
                            "{shown} can not be read: {error}"
                        )));
                    }
                },
            };
            self.fields.cut(&self.line);
            if self.columns.is_meant(&self.fields) {
                let row = self.columns.row(&self.fields, &mut self.clock);
                return Ok(Some((number, row)));
            }
        }
    }

    /// The rows of the first lines, without taking them.
    pub(crate) fn first_rows(&mut self) -> Vec<(Stamp, Row)> {
        let (mut columns, mut clock) = (self.columns.clone(), self.clock.clone());
        let lines = self.preview.iter();
        lines
            .filter_map(|(_, line)| {
                self.fields.cut(line);
                columns.row(&self.fields, &mut clock).ok()
            })
            .collect()
    }

    /// See [`Columns::step`].
    pub(crate) fn step(&mut self, field: super::unit::Field) -> Option<i64> {
        let lines = self.preview.iter().map(|(_, line)| line.as_slice());
        self.columns.step(field, lines, &mut self.fields)
    }

    /// How far it has been read.
    pub(crate) const fn bytes(&self) -> u64 {
        self.lines.bytes()
    }
}

/// Whether lines are of more than one meter, told by one of them, such as `address=2`.
fn several(
    columns: &Columns,
    header: Option<&[String]>,
    fields: &mut Fields,
    preview: &VecDeque<(u64, Vec<u8>)>,
) -> Option<String> {
    let name = header?.get(columns.meter?)?;
    let mut first: Option<Vec<u8>> = None;
    for (_, line) in preview {
        fields.cut(line);
        let meter = columns.meter(fields).filter(|meter| !meter.is_empty())?;
        match &first {
            None => first = Some(meter.to_vec()),
            Some(first) if first == meter => {}
            Some(first) => return Some(format!("{name}={}", String::from_utf8_lossy(first))),
        }
    }
    None
}

fn day_or_month(
    columns: &Columns,
    fields: &mut Fields,
    preview: &VecDeque<(u64, Vec<u8>)>,
    ends: &[Vec<u8>],
) -> Result<Option<super::time::Order>, Problem> {
    let mut texts = Vec::new();
    for line in preview.iter().map(|(_, line)| line).chain(ends) {
        fields.cut(line);
        let mut joined = String::new();
        texts.extend(columns.time_text(fields, &mut joined).map(str::to_owned));
    }
    order(texts.iter().map(String::as_str)).map_err(|text| {
        Problem::Usage(format!(
            "{text:?} can be read with the day or the month first: say which with --time-format, such as \
             \"%d/%m/%Y %H:%M:%S\""
        ))
    })
}
