//! The built `meter station` against a small HTTP receiver.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that can not go on fails"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

fn station(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_meter"))
        .arg("station")
        .args(arguments)
        .output()
        .expect("the program runs")
}

/// A folder of its own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("meter-station-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a name in UTF-8")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What came, by start and number of the record.
#[derive(Clone, Default)]
struct Received {
    records: Arc<Mutex<BTreeMap<(u64, u64), Value>>>,
    again: Arc<Mutex<u32>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Received {
    fn of(&self, boot: u64) -> Vec<Value> {
        let records = self.records.lock().unwrap();
        let of_boot = records.iter().filter(|((start, _), _)| *start == boot);
        of_boot.map(|(_, record)| record.clone()).collect()
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut stream = stream;
        loop {
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                if reader.read_line(&mut head).ok()? == 0 {
                    return None;
                }
            }
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: "))?;
            let mut body = vec![0; length.parse().ok()?];
            reader.read_exact(&mut body).ok()?;
            let body: Value = serde_json::from_slice(&body).expect("JSON");
            let records = body.as_array().cloned().unwrap_or_else(|| vec![body]);
            for record in &records {
                if let (Some(boot), Some(seq)) =
                    (record["boot_id"].as_u64(), record["seq"].as_u64())
                {
                    let before = self
                        .records
                        .lock()
                        .unwrap()
                        .insert((boot, seq), record.clone());
                    *self.again.lock().unwrap() += u32::from(before.is_some());
                }
            }
            self.heads.lock().unwrap().push(head);
            let answer = format!("{{\"success\":true,\"stored\":{}}}", records.len());
            write!(
                stream,
                "HTTP/1.1 201 Created\r\nContent-Length: {}\r\n\r\n{answer}",
                answer.len()
            )
            .ok()?;
        }
    }
}

/// A receiver, and the base of its interface.
fn receiver() -> (Received, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base = format!("http://{}/api", listener.local_addr().expect("an address"));
    let received = Received::default();
    let serving = received.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serving = serving.clone();
            thread::spawn(move || serving.serve(stream));
        }
    });
    (received, base)
}

#[test]
fn readings_are_shown_and_sent() {
    let (received, base) = receiver();
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
    let heads = received.heads.lock().unwrap();
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

    let (received, base) = receiver();
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
    assert_eq!(*received.again.lock().unwrap(), 0);
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
        &["--sim", "--http", "https://example.org/api"],
        "speaks no TLS",
    );
    refused(
        &["--sim", "--set", "sampling.interval=10ms"],
        "sampling.interval",
    );
    refused(&["--sim", "--set", "nothing"], "NAME=VALUE");
    refused(&["--sim", "--set", "colour=red"], "colour");
    refused(&["--sim", "--speed", "0"], "--speed");
}
