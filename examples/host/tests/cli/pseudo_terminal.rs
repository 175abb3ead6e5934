//! `meter simulate --pty` and what reads from it.

use std::io::{BufRead, BufReader};

use super::*;

/// `meter simulate --pty` while a test lasts.
struct Simulation {
    child: std::process::Child,
    path: String,
}

impl Simulation {
    fn start(arguments: &[&str]) -> Self {
        let mut child = meter(&["simulate", "--pty"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("meter runs");
        let mut path = String::new();
        BufReader::new(child.stdout.take().expect("a pipe"))
            .read_line(&mut path)
            .expect("a path");
        Self {
            child,
            path: path.trim().to_owned(),
        }
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_simulated_module_is_read_like_a_real_one() {
    let simulation = Simulation::start(&[]);
    let read = run(&["read", "--port", &simulation.path, "--json"]);
    assert!(read.status.success(), "{}", stderr(&read));
    assert_eq!(json_lines(&read)[0]["energy_mwh"], 101_000_000);
    let set = run(&[
        "set-address",
        "--port",
        &simulation.path,
        "--new",
        "44",
        "--yes",
    ]);
    assert!(set.status.success(), "{}", stderr(&set));
    let watch = run(&[
        "watch",
        "--port",
        &simulation.path,
        "--json",
        "--count",
        "2",
    ]);
    assert!(watch.status.success(), "{}", stderr(&watch));
    assert_eq!(json_lines(&watch)[0]["address"], 44);
}

#[test]
fn several_modules_answer_each_and_garble_together() {
    let simulation = Simulation::start(&["--modules", "3"]);
    let port = simulation.path.as_str();
    let scan = run(&[
        "scan",
        "--port",
        port,
        "--to",
        "4",
        "--timeout",
        "100ms",
        "--json",
    ]);
    assert_eq!(json_lines(&scan).len(), 3);
    let (exit, text) = refusal(&run(&["read", "--port", port]));
    assert_eq!(exit, Some(1));
    assert!(text.contains("no whole frame"), "{text}");
}

#[test]
fn dc_and_legacy_modules_answer() {
    let dc = Simulation::start(&["--family", "dc"]);
    let read = run(&["read", "--port", &dc.path, "--family", "dc", "--json"]);
    assert_eq!(
        json_lines(&read)[0]["voltage_mv"],
        48_120,
        "{}",
        stderr(&read)
    );
    // As from the factory: silent until an address is set.
    let legacy = Simulation::start(&["--family", "legacy"]);
    let (exit, text) = refusal(&run(&[
        "read",
        "--port",
        &legacy.path,
        "--family",
        "legacy",
    ]));
    assert_eq!(exit, Some(1), "{text}");
    assert!(text.contains("no reply"), "{text}");
}

#[test]
fn faults_are_told_apart() {
    for (fault, part) in [
        ("silence=100", "no reply"),
        ("truncate=100", "no whole frame"),
        ("wrong-address=100", "but a frame of address 2"),
        ("valid-crc-garbage=100", "implausible"),
    ] {
        let simulation = Simulation::start(&["--fault", fault]);
        let (exit, text) = refusal(&run(&[
            "read",
            "--port",
            &simulation.path,
            "--address",
            "1",
        ]));
        assert_eq!(exit, Some(1), "{fault}");
        assert!(text.contains(part), "{fault}: {text}");
    }
    let echoing = Simulation::start(&["--echo"]);
    let diagnose = run(&["diagnose", "--port", &echoing.path]);
    let text = String::from_utf8_lossy(&diagnose.stdout).into_owned();
    assert!(
        diagnose.status.success() && text.contains("--echo"),
        "{text}"
    );
    let set = run(&[
        "alarm",
        "--port",
        &echoing.path,
        "--echo",
        "--set",
        "900",
        "--yes",
    ]);
    assert!(set.status.success(), "{}", stderr(&set));
}

#[test]
fn a_port_that_goes_away_is_told() {
    let mut simulation = Simulation::start(&[]);
    let mut watch = meter(&["watch", "--port", &simulation.path, "--address", "1"])
        .args(["--interval", "100ms"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("meter runs");
    let first_line = |pipe: &mut dyn std::io::Read| {
        let mut line = String::new();
        BufReader::new(pipe).read_line(&mut line).expect("a line");
        line
    };
    let reading = first_line(watch.stdout.as_mut().expect("a pipe"));
    assert!(reading.contains(" V "), "{reading}");
    simulation.child.kill().expect("killed");
    let error = first_line(watch.stderr.as_mut().expect("a pipe"));
    assert!(error.contains("serial port"), "{error}");
    watch.kill().expect("killed");
    watch.wait().expect("an end");
}
