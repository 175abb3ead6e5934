//! What a station shows, sends and keeps when all is well, and what it says when it can not run.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;

use super::process::{Folder, station};
use super::receiver::Receiver;

#[test]
fn readings_are_shown_and_sent() {
    let received = Receiver::start([]);
    let base = received.base();
    let out = station(&[
        "--sim",
        "--count",
        "5",
        "--speed",
        "40",
        "--http",
        &base,
        "--set",
        "meter.id=MTR-7",
        "--set",
        "http.api-key=a-secret-key",
    ]);
    let text = String::from_utf8_lossy(&out.stdout);
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    assert_eq!(text.matches("| MTR-7 ").count(), 5, "{text}");
    assert!(text.contains("| Voltage           231."), "{text}");
    assert!(
        said.contains("5 readings, 0 records wait to be sent"),
        "{said}"
    );
    assert!(
        !text.contains("a-secret-key") && !said.contains("a-secret-key"),
        "a key is never shown"
    );
    let records = received.of(1);
    let readings: Vec<&Value> = records
        .iter()
        .filter(|record| record["voltage"].is_number())
        .collect();
    assert_eq!(readings.len(), 5);
    for reading in readings {
        assert_eq!(reading["meterId"], "MTR-7");
        assert!(
            reading["timestamp"]
                .as_str()
                .expect("a time")
                .ends_with('Z')
        );
        for name in [
            "current",
            "power_watts",
            "energy_kwh",
            "frequency",
            "power_factor",
        ] {
            assert!(reading[name].is_number(), "{reading}");
        }
    }
    let heads = received.heads();
    assert!(
        heads
            .iter()
            .all(|head| head.contains("X-API-Key: a-secret-key\r\n")),
        "{heads:?}"
    );
    assert!(
        heads
            .iter()
            .any(|head| head.starts_with("POST /api/meters/register ")),
        "{heads:?}"
    );
}

#[test]
fn what_could_not_be_sent_is_sent_by_the_next_start() {
    let folder = Folder::new("offline");
    // Nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let nobody = format!("http://{}/api", free.local_addr().expect("an address"));
    drop(free);
    let common = ["--sim", "--speed", "40", "--data", folder.path(), "--count"];
    let out = station(&[&common[..], &["12", "--http", &nobody]].concat());
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(
        said.contains("nobody answers there: check the server's address and port"),
        "{said}"
    );

    let received = Receiver::start([]);
    let base = received.base();
    let out = station(&[&common[..], &["3", "--http", &base]].concat());
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    assert!(said.contains("start 2 of this station"), "{said}");
    let of_first = received.of(1);
    let numbers: Vec<u64> = of_first
        .iter()
        .filter_map(|record| record["seq"].as_u64())
        .collect();
    assert_eq!(
        numbers,
        (0..numbers.len() as u64).collect::<Vec<_>>(),
        "without a hole"
    );
    let readings = of_first
        .iter()
        .filter(|record| record["voltage"].is_number());
    assert!(readings.count() >= 12);
    assert_eq!(received.again(), 0);
    // The register goes on from where it was.
    let kwh = |records: &[Value]| -> Vec<f64> {
        records
            .iter()
            .filter_map(|record| record["energy_kwh"].as_f64())
            .collect()
    };
    let (first, second) = (kwh(&of_first), kwh(&received.of(2)));
    assert!(
        second[0] >= *first.last().expect("a reading"),
        "{first:?} {second:?}"
    );
}

#[test]
#[cfg(unix)]
fn a_module_on_a_serial_port_is_read() {
    let mut module = Command::new(env!("CARGO_BIN_EXE_meter"))
        .args(["simulate", "--pty"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program runs");
    let mut path = String::new();
    let said = module.stdout.take().expect("its output");
    BufReader::new(said)
        .read_line(&mut path)
        .expect("the name of a port");
    let out = station(&[
        "--port",
        path.trim(),
        "--address",
        "1",
        "--count",
        "2",
        "--set",
        "sampling.interval=1s",
    ]);
    module.kill().expect("it runs");
    module.wait().expect("it ends");
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert_eq!(text.matches("| Power factor ").count(), 2, "{text}");
}

#[test]
fn wrong_usage_is_explained() {
    let refused = |arguments: &[&str], why: &str| {
        let out = station(arguments);
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(why), "{arguments:?}: {said}");
    };
    refused(
        &["--sim", "--set", "sampling.interval=10ms"],
        "sampling.interval",
    );
    refused(&["--sim", "--set", "nothing"], "NAME=VALUE");
    refused(&["--sim", "--set", "colour=red"], "colour");
    refused(&["--sim", "--speed", "0"], "--speed");
}
