//! The progress bar: on a terminal, for what takes longer than a second, and nowhere else.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::Scratch;
use support::pty::Terminal;

fn recording(rows: u64) -> Scratch {
    let mut text = String::from("time,power\n");
    for row in 0..rows {
        text += &format!("{},100.0\n", 1_700_000_000 + row);
    }
    Scratch::new(&format!("progress-{rows}.csv"), text)
}

/// What is shown on standard error, and how long it took.
fn analyze(file: &Scratch, terminal: &mut Terminal) -> Duration {
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_meter"))
        .args(["analyze", file.path(), "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(terminal.stdio())
        .spawn()
        .expect("meter runs");
    let status = loop {
        terminal.read();
        if let Some(status) = child.try_wait().expect("a state") {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    terminal.read();
    assert!(status.success(), "{}", terminal.written);
    started.elapsed()
}

#[test]
fn a_bar_is_shown_on_a_terminal_for_long_work_only() {
    // How long this machine takes, and that short work shows nothing.
    let rows = 200_000;
    let mut terminal = Terminal::new(100, 30);
    let mut took = analyze(&recording(rows), &mut terminal);
    if took < Duration::from_millis(900) {
        assert_eq!(terminal.written, "", "short work");
    }
    let mut factor = 1;
    while took < Duration::from_secs(4) && factor < 256 {
        factor = (factor * 2)
            .max(u64::try_from(4_500 * factor as u128 / took.as_millis().max(1)).expect("small"));
        let long = recording(rows * factor.min(256));
        let mut terminal = Terminal::new(100, 30);
        took = analyze(&long, &mut terminal);
        if took > Duration::from_secs(4) {
            assert!(
                terminal.written.contains('%') && terminal.written.contains("left"),
                "{:?}",
                terminal.written
            );
            // It is taken away in the end.
            assert_eq!(terminal.screen().trim(), "");
            // The same work with a pipe shows nothing.
            let output = support::meter(&["analyze", long.path(), "--json"]);
            assert_eq!(support::message(&output), "");
        }
    }
    assert!(
        took > Duration::from_secs(4),
        "this machine is too fast for the test: {took:?}"
    );
}
