//! The built program, as a user runs it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead, BufReader, Write};
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

fn decode(input: &[u8]) -> Vec<Value> {
    let mut child = meter(&["decode", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("meter runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("an end");
    writer.join().expect("a writer").expect("written");
    json_lines(&output)
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

#[test]
fn decode_agrees_with_every_captured_frame() {
    let fixture: Vec<Value> = include_str!("../../../tests/fixtures/pzem_frames.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let spaced = |line: &Value| line["hex"].as_str().expect("hex").to_owned();
    let packed = |line: &Value| spaced(line).replace(' ', "").to_lowercase();
    let input: Vec<String> = fixture
        .iter()
        .map(spaced)
        .chain(fixture.iter().map(packed))
        .collect();
    let output = decode(input.join("\n").as_bytes());
    assert_eq!(output.len(), 2 * fixture.len());
    for (index, (expected, got)) in fixture.iter().cycle().zip(&output).enumerate() {
        let id = &expected["id"];
        assert_eq!(got["line"], index as u64 + 1);
        assert_eq!(got["ok"], expected["crc_ok"] == true, "frame {id}");
        if got["ok"] == false {
            assert!(
                got["error"].is_string() && got["message"].is_string(),
                "frame {id}"
            );
            continue;
        }
        let decoded = &expected["decoded"];
        // What the fixture names, its field here, and the factor between the units.
        for (from, to, factor) in [
            ("voltage_dV", "voltage_mv", 100),
            ("voltage_cV", "voltage_mv", 10),
            ("current_mA", "current_ma", 1),
            ("current_cA", "current_ma", 10),
            ("power_dW", "power_mw", 100),
            ("power_W", "power_mw", 1_000),
            ("energy_Wh", "energy_mwh", 1_000),
            ("frequency_dHz", "frequency_mhz", 100),
            ("pf_centi", "power_factor_milli", 10),
            ("addr", "address", 1),
        ] {
            if let Some(value) = decoded[from].as_u64() {
                assert_eq!(got[to], value * factor, "frame {id}: {to}");
            }
        }
        let kind = match (expected["dir"].as_str(), expected["proto"].as_str()) {
            (Some("req"), _) => "request",
            // A request that came back.
            _ if id == 138 => "request",
            (_, Some("legacy")) => "legacy",
            _ if decoded["voltage_cV"].is_u64() => "dc_measurement",
            _ if decoded["voltage_dV"].is_u64() => "measurement",
            _ => "exception",
        };
        assert_eq!(got["kind"], kind, "frame {id}");
        if kind == "measurement" {
            let with_alarm = decoded["alarm"].is_boolean();
            assert_eq!(got["alarm"].is_boolean(), with_alarm, "frame {id}");
            assert_eq!(got["plausible"], true, "frame {id}");
        }
        if kind == "exception" {
            assert!(
                got["function"].is_u64() && got["code"].is_u64(),
                "frame {id}"
            );
        }
    }
}

#[test]
fn decode_gives_one_line_for_each_whatever_it_is() {
    let input = b"zz\n\n01 04\n01 04 1\n0x01,0x04,0x00,0x00,0x00,0x0A,0x70,0x0D\n\xFF\xFE\n\
        01 99 00 00\n01 84 02 C2 C1\r\n01 04 02 09 59 7F 5B";
    let output = decode(input);
    let errors: Vec<_> = output.iter().map(|line| line["error"].as_str()).collect();
    assert_eq!(
        errors,
        [
            Some("hex"),
            Some("length"),
            Some("length"),
            Some("hex"),
            None,
            Some("hex"),
            Some("length"),
            None,
            Some("crc"),
        ]
    );
    assert_eq!(output[7]["kind"], "exception");
    assert_eq!(
        (&output[7]["function"], &output[7]["code"]),
        (&4.into(), &2.into())
    );
}

#[test]
fn implausible_frames_are_decoded_and_marked() {
    // Frame 15 of the fixture with another power factor (CRC computed over the change), and the
    // power-up nonsense of Tasmota issue 5875: 4281 V.
    let output = decode(
        b"01 04 14 09 59 02 04 00 00 03 85 00 00 12 29 00 00 01 F3 00 4B 00 00 72 2A\n\
          01 04 14 A7 3A 21 33 16 21 8F 60 4F 8D 00 00 00 00 55 B4 29 35 00 00 91 0A\n",
    );
    for (line, field) in output.iter().zip(["power_factor", "voltage"]) {
        if line["ok"] == true {
            assert_eq!(
                (&line["plausible"], &line["implausible"]),
                (&false.into(), &field.into())
            );
        } else {
            panic!("{line}");
        }
    }
}

#[test]
fn read_and_watch_work_without_hardware() {
    let read = run(&["read", "--json"]);
    assert!(read.status.success());
    assert!(stderr(&read).contains("using simulated modules"));
    let reading = &json_lines(&read)[0];
    assert_eq!(
        (&reading["ok"], &reading["address"]),
        (&true.into(), &1.into())
    );
    assert!(
        reading["voltage_mv"]
            .as_u64()
            .is_some_and(|v| (200_000..260_000).contains(&v))
    );

    let asked = run(&["read", "--sim"]);
    assert_eq!(
        stderr(&asked),
        "",
        "who asks for a simulation needs no notice"
    );
    let text = String::from_utf8_lossy(&asked.stdout).into_owned();
    assert!(text.contains(" V\n") && text.contains(" kWh\n"), "{text}");

    let watch = run(&[
        "watch",
        "--sim",
        "--json",
        "--count",
        "3",
        "--interval",
        "20ms",
    ]);
    assert!(watch.status.success(), "{}", stderr(&watch));
    assert_eq!(json_lines(&watch).len(), 3);
}

#[test]
fn a_watch_can_be_recorded() {
    let path = std::env::temp_dir().join(format!("meter-watch-{}.csv", std::process::id()));
    let file = path.to_str().expect("a path");
    let watch = run(&[
        "watch",
        "--sim",
        "--count",
        "2",
        "--interval",
        "20ms",
        "--csv",
        file,
    ]);
    assert!(watch.status.success(), "{}", stderr(&watch));
    let text = std::fs::read_to_string(&path).expect("a file");
    std::fs::remove_file(&path).expect("removed");
    assert!(text.starts_with("unix_ms,address,voltage_mv,"));
    assert_eq!(text.lines().count(), 3);
}

#[test]
fn modules_are_found_and_configured() {
    let scan = run(&["scan", "--sim", "--json", "--to", "6"]);
    let found: Vec<_> = json_lines(&scan)
        .iter()
        .map(|m| {
            (
                m["address"].as_u64(),
                m["family"].as_str().map(str::to_owned),
            )
        })
        .collect();
    let module = |address, family: &str| (Some(address), Some(family.to_owned()));
    assert_eq!(found, [module(1, "ac"), module(2, "ac"), module(3, "dc")]);

    assert!(run(&["diagnose", "--sim"]).status.success());
    let set = run(&["set-address", "--sim", "--new", "9", "--yes", "--json"]);
    assert_eq!(json_lines(&set)[0]["address"], 9);
    let alarm = run(&["alarm", "--sim", "--set", "2300", "--yes", "--json"]);
    assert_eq!(json_lines(&alarm)[0]["threshold_w"], 2300);
    let reset = run(&["reset-energy", "--sim", "--yes", "--json"]);
    assert_eq!(json_lines(&reset)[0]["before_mwh"], 1_284_350_000_u64);
}

#[test]
fn every_failure_has_its_line_and_exit_code() {
    for (arguments, code, part) in [
        (
            &["read", "--sim", "--address", "77"][..],
            1,
            "check mains on the module",
        ),
        (&["read", "--port", "/dev/no-such-port"], 1, "no such port"),
        (
            &["read", "--sim", "--address", "1", "--address", "2"],
            2,
            "one --address",
        ),
        (&["set-address", "--sim", "--new", "9"], 2, "--yes"),
        (&["reset-energy", "--sim"], 2, "--yes"),
        (&["alarm", "--sim", "--set", "1"], 2, "--yes"),
        (
            &["set-address", "--sim", "--new", "2", "--yes"],
            1,
            "another module answers",
        ),
        (
            &["reset-energy", "--sim", "--yes", "--family", "legacy"],
            2,
            "button",
        ),
        (
            &["watch", "--sim", "--family", "legacy"],
            2,
            "meter read --family legacy",
        ),
        (
            &["scan", "--sim", "--from", "9", "--to", "3"],
            2,
            "--from is behind --to",
        ),
        (
            &["scan", "--sim", "--from", "40", "--to", "42"],
            1,
            "nothing answered",
        ),
        (&["diagnose", "--sim", "--address", "50"], 1, "silent"),
    ] {
        let (exit, text) = refusal(&run(arguments));
        assert_eq!(exit, Some(code), "{arguments:?}: {text}");
        assert!(text.contains(part), "{arguments:?}: {text}");
        assert_eq!(text.lines().count(), 1, "{arguments:?}: {text}");
    }
    // Wrong usage is explained by the parser, in a few lines.
    for (arguments, part) in [
        (&["read", "--address", "0"][..], "broadcast"),
        (&["read", "--address", "248"], "general address"),
        (&["read", "--address", "300"], "1 to 247"),
        (&["read", "--timeout", "soon"], "200ms"),
        (&["simulate", "--pty", "--fault", "gremlin"], "truncate"),
        (&["read", "--sim", "--port", "x"], "cannot be used with"),
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            stderr(&output).contains(part),
            "{arguments:?}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let mut child = meter(&["watch", "--sim", "--interval", "5ms"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("meter runs");
    let mut first = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    out.read_line(&mut first).expect("a line");
    assert!(first.contains(" V "), "{first}");
    drop(out);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(
        (output.status.code(), stderr(&output).as_str()),
        (Some(0), "")
    );
}

#[cfg(unix)]
mod pseudo_terminal {
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
}

#[test]
fn a_simulated_chip_is_read_and_calibrated() {
    let folder = std::env::temp_dir().join(format!("meter-chip-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let stored = folder.join("calibration");
    let stored = stored.to_str().expect("a path");

    let output = run(&[
        "ade7753",
        "--sim",
        "--json",
        "calibrate",
        "--output",
        stored,
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report = &json_lines(&output)[0];
    let worst = |rows: &Value, field: &str| {
        let rows = rows.as_array().expect("rows").iter();
        rows.map(|row| row[field].as_i64().expect("a number").abs())
            .max()
    };
    // More than a percent before, less than a tenth after.
    assert!(worst(&report["before"], "power_error_millipercent") > Some(1_000));
    assert!(worst(&report["after"], "power_error_millipercent") < Some(100));
    assert!(worst(&report["after"], "voltage_error_millipercent") < Some(500));

    let arguments = [
        "ade7753",
        "--sim",
        "--json",
        "read",
        "--window",
        "10s",
        "--calibration",
        stored,
    ];
    let reading = &json_lines(&run(&arguments))[0];
    // 231.4 V and 4.72 A, 18 degrees lagging, at 49.98 Hz.
    let near = |field: &str, right: f64, share: f64| {
        let got = reading[field].as_f64().expect(field);
        assert!((got / right - 1.0).abs() < share, "{field}: {got}");
    };
    near("voltage_mv", 231_400.0, 2e-3);
    near("current_ma", 4_720.0, 2e-3);
    near(
        "power_mw",
        231.4 * 4.72 * 1e3 * 18f64.to_radians().cos(),
        1e-3,
    );
    near(
        "reactive_mvar",
        231.4 * 4.72 * 1e3 * 18f64.to_radians().sin(),
        5e-3,
    );
    near("frequency_mhz", 49_980.0, 3e-4);

    // A damaged file is no calibration.
    let mut bytes = std::fs::read(stored).expect("a file");
    bytes[20] ^= 1;
    std::fs::write(stored, bytes).expect("written");
    let (code, message) = refusal(&run(&arguments));
    assert_eq!(code, Some(1));
    assert!(message.contains("damaged"), "{message}");
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn a_chip_that_is_not_there_and_parts_that_make_no_meter_are_told() {
    let (code, message) = refusal(&run(&["ade7753", "--spi", "/dev/spidev99.9", "read"]));
    assert!(code == Some(1) || code == Some(2), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    for arguments in [
        ["--burden", "0"],
        ["--sclk", "20000000"],
        ["--mains", "16"],
        ["--resistor", "0"],
    ] {
        let (code, message) = refusal(&run(
            &[&["ade7753", "--sim", "read"], &arguments[..]].concat()
        ));
        assert_eq!(code, Some(2), "{arguments:?}: {message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

#[test]
fn registers_are_shown_with_names() {
    let output = run(&["ade7753", "--sim", "--json", "registers"]);
    let rows = json_lines(&output);
    let find = |name: &str| rows.iter().find(|row| row["name"] == name).expect("a row");
    assert_eq!(find("LINECYC")["value"], 0xFFFF);
    assert_eq!(find("MODE")["meaning"], "DISCF DISSAG");
    assert_eq!(find("PHCAL")["address"], 0x10);
    assert!(rows.iter().all(|row| row["name"] != "RSTSTATUS"));
}
