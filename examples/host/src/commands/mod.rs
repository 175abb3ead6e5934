//! The commands, one file each.

pub(crate) mod alarm;
pub(crate) mod decode;
pub(crate) mod diagnose;
pub(crate) mod read;
pub(crate) mod reset_energy;
pub(crate) mod scan;
pub(crate) mod set_address;
pub(crate) mod simulate;
pub(crate) mod watch;

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::error::Problem;

/// Prints one JSON object on a line of its own.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

/// Prints a line.
pub(crate) fn print(text: &str) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

/// Asks before something that can not be undone; `--yes` answers in advance.
fn confirm(what: &str, yes: bool) -> Result<(), Problem> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Problem::Usage(format!(
            "{what}: nobody to ask; give --yes if that is wanted"
        )));
    }
    let mut err = io::stderr();
    write!(err, "{what}. Go on? [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Problem::Refused("nothing was changed".to_owned())),
    }
}
