//! `meter analyze`: what a recording says about energy, demand and the meter itself.

pub(crate) mod cli;
mod columns;
mod pipeline;
mod summary;
mod time;

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal};
use std::time::{Duration, Instant};

use csv::{ReaderBuilder, StringRecord};
use indicatif::{ProgressBar, ProgressDrawTarget};

use cli::AnalyzeOptions;
use columns::{Columns, Field};
use pipeline::{Pipeline, Row};
use summary::Summary;

use crate::error::Problem;

/// Rows by which the kind of meter is found out.
const PREVIEW: usize = 500;

pub(crate) fn run(options: &AnalyzeOptions) -> Result<(), Problem> {
    let shown = options.file.display();
    let failed = |error: &dyn std::fmt::Display| {
        Problem::Refused(format!("{shown} can not be read: {error}"))
    };
    let file = File::open(&options.file).map_err(|error| failed(&error))?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let mut input = BufReader::with_capacity(1 << 16, file);
    let delimiter = match options.delimiter {
        Some(character) => u8::try_from(character)
            .map_err(|_| Problem::Usage("--delimiter is one plain character".to_owned()))?,
        None => delimiter(input.fill_buf().map_err(|error| failed(&error))?),
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(!options.no_header)
        .comment(Some(b'#'))
        .flexible(true)
        .from_reader(input);
    let header = match options.no_header {
        true => None,
        false => Some(reader.headers().map_err(|error| failed(&error))?.clone()),
    };
    let columns = Columns::find(options, header.as_ref())?;
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::hidden());
    let started = Instant::now();

    let mut summary = Summary::default();
    let mut preview = Vec::new();
    let mut pipeline = None;
    let mut record = StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) if error.is_io_error() => return Err(failed(&error)),
            Err(error) => {
                summary.reject(line, error.to_string());
                continue;
            }
        }
        // Where the line ended: it may have begun with empty ones.
        let line = reader.position().line().saturating_sub(1).max(line);
        let row = match row(&record, &columns, options) {
            Ok(row) => row,
            Err(reason) => {
                summary.reject(line, reason);
                continue;
            }
        };
        summary.row(row.at_ms);
        match &mut pipeline {
            Some(pipeline) => Pipeline::push(pipeline, &row),
            None => {
                preview.push((row, record.clone()));
                if preview.len() == PREVIEW {
                    pipeline = Some(begin(options, &columns, &mut preview));
                }
            }
        }
        if summary.rows() % 4_096 == 0 {
            // What is over within a second needs no bar.
            let is_long = started.elapsed() > Duration::from_secs(1);
            if is_long && bar.is_hidden() && std::io::stderr().is_terminal() {
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            bar.set_position(reader.position().byte());
        }
    }
    bar.finish_and_clear();
    let pipeline = pipeline.unwrap_or_else(|| begin(options, &columns, &mut preview));
    if summary.rows() == 0 {
        return Err(Problem::Refused(match summary.first_rejected() {
            Some((line, reason)) => {
                format!("{shown}: no line could be used; line {line}: {reason}")
            }
            None => format!("{shown} holds no line of values"),
        }));
    }
    summary.print(&pipeline, options.json)
}

fn begin(
    options: &AnalyzeOptions,
    columns: &Columns,
    preview: &mut Vec<(Row, StringRecord)>,
) -> Pipeline {
    let (rows, records): (Vec<_>, Vec<_>) = preview.drain(..).unzip();
    let mut pipeline = Pipeline::new(options, columns, &rows, &records);
    for row in &rows {
        pipeline.push(row);
    }
    pipeline
}

fn row(record: &StringRecord, columns: &Columns, options: &AnalyzeOptions) -> Result<Row, String> {
    let parts: Vec<&str> = columns
        .time
        .iter()
        .map(|index| {
            record
                .get(*index)
                .ok_or_else(|| format!("it has no column {}", index + 1))
        })
        .collect::<Result<_, _>>()?;
    let text = parts.join(" ");
    let at_ms = time::parse(&text, options.time_format.as_deref())
        .ok_or_else(|| format!("{text:?} is no time that is known; see --time-format"))?;
    let value = |field| columns.value(field, record);
    let row = Row {
        at_ms,
        voltage: value(Field::Voltage)?,
        current: value(Field::Current)?,
        power: value(Field::Power)?,
        energy: value(Field::Energy)?,
        power_factor: value(Field::PowerFactor)?,
        frequency: value(Field::Frequency)?,
    };
    if row.voltage.or(row.power).or(row.energy).is_none() {
        return Err("it has no value".to_owned());
    }
    Ok(row)
}

/// The most frequent of the usual ones in the first line that is no comment.
fn delimiter(start: &[u8]) -> u8 {
    let line = start
        .split(|byte| *byte == b'\n')
        .find(|line| !line.starts_with(b"#"))
        .unwrap_or_default();
    let count = |delimiter: u8| line.iter().filter(|byte| **byte == delimiter).count();
    [b',', b';', b'\t', b'|']
        .into_iter()
        .rev()
        .max_by_key(|byte| count(*byte))
        .unwrap_or(b',')
}
