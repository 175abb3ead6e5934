//! Modules on a port that go and come back.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::failures::is_whole;
use super::process::{Folder, Running};
use super::receiver::Receiver;

/// A simulated module in a process of its own.
struct Module {
    child: Child,
    port: String,
}

impl Module {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_meter"))
            .args(["simulate", "--pty"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let mut port = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("its output"));
        said.read_line(&mut port).expect("the name of a port");
        let port = port.trim().to_owned();
        Self { child, port }
    }

    fn signal(&self, name: &str) {
        let number = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &number]).status();
        assert!(sent.expect("kill").success());
    }

    /// The energy that it tells, in Wh.
    fn counted(&self) -> i64 {
        let out = Command::new(env!("CARGO_BIN_EXE_meter"))
            .args(["read", "--port", &self.port, "--address", "1", "--json"])
            .output()
            .unwrap();
        let reading: Value = serde_json::from_slice(&out.stdout).expect("JSON");
        reading["energy_mwh"].as_i64().expect("a number") / 1_000
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(port: &str, base: &str) -> Running {
    let interval = ["--set", "sampling.interval=1s"];
    let way = ["--port", port, "--address", "1", "--http", base];
    Running::start(&[&way[..], &interval].concat())
}

fn readings(records: &[Value]) -> usize {
    let readings = records
        .iter()
        .filter(|record| record["voltage"].is_number());
    readings.count()
}

#[test]
fn a_module_without_mains_is_missed_and_found_again() {
    let (module, received) = (Module::start(), Receiver::start([]));
    let before = module.counted();
    let mut running = start(&module.port, &received.base());
    running.shows("| Power factor ");
    sleep(Duration::from_secs(2));
    // A process that stands still does not answer, and finds old requests when it goes on.
    module.signal("-STOP");
    sleep(Duration::from_secs(5));
    let silent = readings(&received.of(1));
    module.signal("-CONT");
    sleep(Duration::from_secs(5));
    running.end();
    let counted = (module.counted() - before) as f64;

    let records = received.of(1);
    assert!(
        readings(&records) >= silent + 3,
        "{silent}, then {records:?}"
    );
    assert_eq!(readings(&records), is_whole(&received.records()));
    let kwh = |record: &Value| record["energy_kwh"].as_f64();
    let register = records
        .iter()
        .filter_map(kwh)
        .next_back()
        .expect("a reading")
        * 1_000.0;
    assert!(
        register <= counted && register >= counted - 2.0,
        "{register} Wh of {counted}"
    );
    // Nothing was made up while it was away.
    let mut voltages = records
        .iter()
        .filter_map(|record| record["voltage"].as_f64());
    assert!(voltages.all(|volt| volt > 200.0), "{records:?}");
}

#[test]
fn an_adapter_that_is_plugged_in_again_is_found() {
    let (folder, received) = (Folder::new("adapter"), Receiver::start([]));
    std::fs::create_dir_all(folder.path()).unwrap();
    // The name that adapters have, whichever is plugged in.
    let name = folder.join("ttyUSB0");
    let module = Module::start();
    symlink(&module.port, &name).unwrap();
    let mut running = start(name.to_str().unwrap(), &received.base());
    running.shows("| Power factor ");
    drop(module);
    sleep(Duration::from_secs(3));
    let before = readings(&received.of(1));
    let module = Module::start();
    std::fs::remove_file(&name).unwrap();
    symlink(&module.port, &name).unwrap();
    sleep(Duration::from_secs(4));
    running.end();
    let after = readings(&received.of(1));
    assert!(after >= before + 2, "{before}, then {after}");
    is_whole(&received.records());
}
