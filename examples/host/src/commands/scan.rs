//! `meter scan`: which addresses answer.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pzem::Address;
use pzem::operation::{Family as Map, Presence, Probe};
use serde::Serialize;

use super::{print, print_json};
use crate::cli::{Family, ScanOptions};
use crate::error::Problem;
use crate::link::Link;

#[derive(Serialize)]
struct Found {
    address: u8,
    /// `ac`, `dc`, or `garbled` where no single module answers.
    family: &'static str,
}

pub(crate) fn run(options: &ScanOptions) -> Result<(), Problem> {
    if options.from > options.to {
        return Err(Problem::Usage("--from is behind --to".to_owned()));
    }
    if !options.link.address.is_empty() {
        return Err(Problem::Usage(
            "scan looks at all addresses: limit it with --from and --to".to_owned(),
        ));
    }
    let mut link = Link::open(&options.link, Family::Ac)?;
    let count = u64::from(options.to.get() - options.from.get()) + 1;
    let progress = progress(count);
    let mut modules = 0;
    for address in Address::all().filter(|a| (options.from..=options.to).contains(a)) {
        progress.set_message(format!("address {address}, {modules} found"));
        let presence = link.run(Probe::new(address))?;
        progress.inc(1);
        let (family, text) = match presence {
            Presence::Module(Map::Ac) => ("ac", "AC module (PZEM-004T, 014, 016)"),
            Presence::Module(Map::Dc) => ("dc", "DC module (PZEM-003, 017)"),
            Presence::Silent => continue,
            _ => (
                "garbled",
                "garbled: two modules with one address, or a bad line",
            ),
        };
        modules += 1;
        if options.link.json {
            let found = Found {
                address: address.get(),
                family,
            };
            progress.suspend(|| print_json(&found))?;
        } else {
            progress.suspend(|| print(&format!("{:>3}  {text}", address.get())))?;
        }
    }
    progress.finish_and_clear();
    if modules == 0 {
        return Err(Problem::Refused(format!(
            "nothing answered on {}: check mains on the modules, their 5 V, RX and TX swapped; with one module try `meter read --address general`",
            link.name
        )));
    }
    Ok(())
}

/// A bar on the terminal; nothing where the output is not watched.
fn progress(count: u64) -> ProgressBar {
    let bar = ProgressBar::new(count);
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len}  {msg}  {eta} left") {
        bar.set_style(style);
    }
    bar
}
