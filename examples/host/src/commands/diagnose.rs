//! `meter diagnose`: what is wrong with a line.

use pzem::operation::{Diagnose, Verdict};
use serde::Serialize;

use super::{print, print_json};
use crate::cli::{Family, LinkOptions};
use crate::error::Problem;
use crate::link::Link;

#[derive(Serialize)]
struct Report {
    verdict: &'static str,
    reads: u8,
    answered: u8,
    silent: u8,
    garbled: u8,
    echoes: u8,
    other_address: Option<u8>,
    uart_errors: u32,
    discarded_bytes: u32,
}

pub(crate) fn run(options: &LinkOptions) -> Result<(), Problem> {
    let mut link = Link::open(options, Family::Ac)?;
    let target = link.one_target(options)?;
    let diagnosis = link.run(Diagnose::new(target))?;
    let verdict = diagnosis.verdict();
    let stats = *link.pzem.stats();
    if options.json {
        print_json(&Report {
            verdict: match verdict {
                Verdict::Answering => "answering",
                Verdict::Unreliable => "unreliable",
                Verdict::Garbled => "garbled",
                Verdict::OtherModule(_) => "other_module",
                Verdict::OnlyEcho => "echoing",
                _ => "silent",
            },
            reads: diagnosis.reads,
            answered: diagnosis.answered,
            silent: diagnosis.silent,
            garbled: diagnosis.garbled,
            echoes: diagnosis.echoes,
            other_address: diagnosis.other_address,
            uart_errors: stats.uart_errors,
            discarded_bytes: stats.discarded_bytes,
        })?;
    } else {
        print(&format!("{}, address {target}: {verdict}", link.name))?;
        print(&format!(
            "{} reads: {} answered, {} silent, {} garbled; {} stray bytes, {} receiver errors",
            diagnosis.reads,
            diagnosis.answered,
            diagnosis.silent,
            diagnosis.garbled,
            stats.discarded_bytes,
            stats.uart_errors,
        ))?;
        if diagnosis.echoing() {
            print("the line returns what is sent: give --echo, or changes can not be confirmed")?;
        }
    }
    match verdict {
        Verdict::Answering => Ok(()),
        _ => Err(Problem::Refused(format!(
            "the line is not in order: {verdict}"
        ))),
    }
}
