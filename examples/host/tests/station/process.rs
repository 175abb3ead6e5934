//! The station as a process.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meter"));
    command.arg("station").args(arguments);
    command
}

/// Runs it to its end.
pub(crate) fn station(arguments: &[&str]) -> Output {
    command(arguments).output().expect("the program runs")
}

/// Its exit code, and what it says of itself.
pub(crate) fn outcome(arguments: &[&str]) -> (Option<i32>, String) {
    let out = station(arguments);
    (
        out.status.code(),
        String::from_utf8_lossy(&out.stderr).into_owned(),
    )
}

/// A folder of its own that is not there yet, gone at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let name = format!("meter-station-{process}-{number}-{name}");
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder)
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("a name in UTF-8")
    }

    /// Writes a file in it, and gives its path.
    pub(crate) fn file(&self, name: &str, content: &str) -> String {
        std::fs::create_dir_all(&self.0).expect("a folder");
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("written");
        path.to_str().expect("a name in UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
