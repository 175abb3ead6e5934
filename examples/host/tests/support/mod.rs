//! What the tests of recordings share.

#![allow(dead_code, reason = "each test needs its own part")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[cfg(unix)]
pub(crate) mod pty;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// Two days of a real sub-meter.
pub(crate) const TWO_DAYS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/fixtures/ampds2_b1e_two_days.csv"
);

/// A file of its own, gone with the value.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("meter-{}-{number}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).expect("a file");
        Self(path)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("a path")
    }

    pub(crate) fn read(&self) -> String {
        std::fs::read_to_string(&self.0).expect("text")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(crate) fn meter(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meter"));
    command.args(arguments).output().expect("meter runs")
}

pub(crate) fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What `meter analyze --json` says of a file.
pub(crate) fn analyze_file(path: &Path, arguments: &[&str]) -> Value {
    let path = path.to_str().expect("a path");
    let output = meter(&[&["analyze", path, "--json"], arguments].concat());
    assert!(output.status.success(), "{}", message(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// What it says of a text.
pub(crate) fn analyze(name: &str, content: impl AsRef<[u8]>, arguments: &[&str]) -> Value {
    let file = Scratch::new(name, content);
    analyze_file(&file.0, arguments)
}

/// Exit code and message of what is refused.
pub(crate) fn refused(
    name: &str,
    content: impl AsRef<[u8]>,
    arguments: &[&str],
) -> (Option<i32>, String) {
    let file = Scratch::new(name, content);
    let output = meter(&[&["analyze", file.path()], arguments].concat());
    (output.status.code(), message(&output))
}
