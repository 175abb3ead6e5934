//! `meter analyze`: what a recording says about energy, demand and the meter itself.

mod band;
pub(crate) mod cli;
pub(crate) mod columns;
mod facts;
mod findings;
pub(crate) mod kind;
mod lines;
mod loads;
pub(crate) mod number;
mod page;
mod pipeline;
pub(crate) mod progress;
pub(crate) mod recording;
pub(crate) mod rejected;
mod summary;
pub(crate) mod time;
mod timeline;
mod unit;

pub(crate) use findings::date_of;

use cli::AnalyzeOptions;
use columns::Reject;
use facts::Facts;
use kind::{Kind, Learnt};
use pipeline::Pipeline;
use progress::Progress;
use recording::Recording;
use rejected::RejectedLines;
use time::Clock;

use crate::commands::print_json;
use crate::error::Problem;

pub(crate) fn run(options: &AnalyzeOptions) -> Result<(), Problem> {
    let mut learnt = Learnt::default();
    // What a pass learns is finer steps of the counter, of which there are few.
    let (mut findings, facts, clock) = loop {
        match pass(options, learnt)? {
            Pass::Done(done) => break *done,
            Pass::Again(more) if more == learnt => {
                return Err(Problem::Refused(format!(
                    "{}: its counter can not be made sense of",
                    options.file.display()
                )));
            }
            Pass::Again(more) => learnt = more,
        }
    };
    if let Some(path) = &options.report {
        let name = options.file.file_name().unwrap_or(options.file.as_os_str());
        let page = page::render(&name.to_string_lossy(), &mut findings, &facts, &clock)?;
        std::fs::write(path, page).map_err(|error| {
            Problem::Refused(format!("{} can not be written: {error}", path.display()))
        })?;
    }
    if options.json {
        print_json(&facts)?;
    } else {
        summary::print_facts(&facts, findings.interval_s)?;
    }
    Ok(())
}

enum Pass {
    Done(Box<(findings::Findings, Facts, Clock)>),
    Again(Learnt),
}

/// Goes through the recording once.
fn pass(options: &AnalyzeOptions, learnt: Learnt) -> Result<Pass, Problem> {
    let mut recording = Recording::open(&options.file, &options.columns)?;
    let kind = Kind::of(&mut recording, options.meter, learnt);
    let mut progress = Progress::new(recording.length);
    let mut rejected = RejectedLines::default();
    let mut pipeline: Option<Pipeline> = None;
    while let Some((number, line)) = recording.next()? {
        match line {
            Ok((stamp, row)) => {
                let pipeline =
                    pipeline.get_or_insert_with(|| Pipeline::new(options, kind, learnt, stamp));
                if let Some(learnt) = pipeline.push(stamp, &row) {
                    return Ok(Pass::Again(learnt));
                }
            }
            Err(Reject::Line(reason)) => rejected.push(number, reason),
            Err(Reject::Empty(stamp)) => {
                rejected.push(number, "it has no value".to_owned());
                if let Some(pipeline) = &mut pipeline {
                    pipeline.miss(stamp);
                }
            }
        }
        progress.row(recording.bytes());
    }
    drop(progress);
    let Some(pipeline) = pipeline else {
        let shown = options.file.display();
        return Err(Problem::Refused(match rejected.named.first() {
            Some(first) => format!(
                "{shown}: no line could be used; line {}: {}",
                first.line, first.reason
            ),
            None => format!("{shown} holds no line of values"),
        }));
    };
    Ok(match pipeline.finish() {
        Ok(findings) => {
            let facts = Facts::new(&findings, &recording.clock, rejected.count, rejected.named);
            Pass::Done(Box::new((findings, facts, recording.clock)))
        }
        Err(learnt) => Pass::Again(learnt),
    })
}
