//! `meter alarm`: the power alarm threshold.

use pzem::operation::{AlarmThreshold, ReadRegisters, WriteSetting};
use serde::Serialize;

use super::{confirm, print, print_json};
use crate::cli::{AlarmOptions, Family};
use crate::error::Problem;
use crate::link::Link;

#[derive(Serialize)]
struct Threshold {
    ok: bool,
    threshold_w: u16,
}

pub(crate) fn run(options: &AlarmOptions) -> Result<(), Problem> {
    let mut link = Link::open(&options.link, Family::Ac)?;
    let target = link.one_target(&options.link)?;
    let threshold_w = match options.set {
        None => link.run(ReadRegisters::new(target, AlarmThreshold))?,
        Some(watts) => {
            let question = format!("the module at {target} gets the alarm threshold {watts} W");
            confirm(&question, options.yes)?;
            link.run(WriteSetting::alarm_threshold(target, watts))?;
            watts
        }
    };
    if options.link.json {
        return print_json(&Threshold {
            ok: true,
            threshold_w,
        });
    }
    print(&format!("alarm above {threshold_w} W"))
}
