//! The built program, as a user runs it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod chip;
mod decode;
mod failures;
mod module;
#[cfg(unix)]
mod pseudo_terminal;

use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn meter(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meter"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    meter(arguments).output().expect("meter runs")
}

fn json_lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Exit code, and that the error is one line.
fn refusal(output: &Output) -> (Option<i32>, String) {
    let text = stderr(output);
    let lines: Vec<&str> = text
        .lines()
        .filter(|l| !l.contains("simulated modules"))
        .collect();
    (output.status.code(), lines.join("\n"))
}
